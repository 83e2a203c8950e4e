// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>

#include "../vpart/proto_examples.h"
#include "name.h"

static const u8 read10[VSCSI_CDB_SIZE] = { READ_10, 0, 0, 0, 0x12, 0x34, 0, 0, 8, 0 };

/* Byte by byte, as the protocol's text has it. */
static void cmd_bytes(struct kunit *test)
{
	static const u8 want[48] = {
		0x02, 0, 0, 0, 0, 0, 0, 0,			/* opcode, formats */
		0, 0, 0, 7, 0, 3, 0, 21,			/* generation, queue, index */
		0, 0, 0, 0,
		0x41, 0x02, 0, 0, 0, 0, 0, 0,			/* LUN 258, flat */
		0, 0, 0, 0,
		READ_10, 0, 0, 0, 0x12, 0x34, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,
	};
	u8 iu[VSCSI_CMD_IU_SIZE];
	struct scsi_lun lun;

	memset(iu, 0xff, sizeof(iu));
	int_to_scsilun(258, &lun);
	lun.scsi_lun[0] |= 0x40;
	KUNIT_EXPECT_EQ(test, vscsi_put_cmd(iu, vscsi_make_tag(7, 3, 21), &lun, read10, 10), 48);
	KUNIT_EXPECT_EQ(test, memcmp(iu, want, sizeof(want)), 0);
}

/* R11: which LU a command is meant for, and which one has answered. */
static void mark_bytes(struct kunit *test)
{
	static const u8 want[4] = { 0x01, 0x02, 0x03, 0x84 };
	u8 iu[VSCSI_CMD_IU_SIZE];
	struct vscsi_command cmd;
	struct vscsi_response rsp;
	struct scsi_lun lun;
	u16 len;

	int_to_scsilun(5, &lun);
	len = vscsi_put_cmd(iu, 1, &lun, read10, 10);
	KUNIT_ASSERT_EQ(test, vscsi_get_cmd(iu, len, &cmd), 0);
	KUNIT_EXPECT_EQ(test, cmd.mark, 0U);
	vscsi_cmd_mark(iu, 0x01020384);
	KUNIT_EXPECT_EQ(test, memcmp(iu + 16, want, sizeof(want)), 0);
	KUNIT_ASSERT_EQ(test, vscsi_get_cmd(iu, len, &cmd), 0);
	KUNIT_EXPECT_EQ(test, cmd.mark, 0x01020384U);
	KUNIT_EXPECT_EQ(test, cmd.lun, 5ULL);

	len = vscsi_put_rsp(iu, 1, SAM_STAT_GOOD, 0, 0, NULL, 0);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(iu, len, 0, 0, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.mark, 0U);
	vscsi_rsp_mark(iu, 0x01020384);
	KUNIT_EXPECT_EQ(test, memcmp(iu + 4, want, sizeof(want)), 0);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(iu, len, 0, 0, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.mark, 0x01020384U);
	KUNIT_EXPECT_EQ(test, rsp.tag, 1ULL);
}

static void cmd_round_trip(struct kunit *test)
{
	static const u16 lens[] = { 6, 10, 16, 17, 32, 259, VSCSI_MAX_CDB };
	u8 iu[VSCSI_CMD_IU_SIZE], cdb[VSCSI_MAX_CDB];
	struct vscsi_command cmd;
	struct scsi_lun lun;
	unsigned int i, j;
	u16 len;

	int_to_scsilun(5, &lun);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		memset(cdb, 0, sizeof(cdb));
		for (j = 0; j < lens[i]; j++)
			cdb[j] = j + 1;
		if (lens[i] > VSCSI_CDB_SIZE) {
			cdb[0] = VARIABLE_LENGTH_CMD;
			cdb[7] = lens[i] - 8;
		}
		len = vscsi_put_cmd(iu, ~0ULL, &lun, cdb, lens[i]);
		KUNIT_EXPECT_LE(test, len, sizeof(iu));
		KUNIT_ASSERT_EQ(test, vscsi_get_cmd(iu, len, &cmd), 0);
		KUNIT_EXPECT_EQ(test, cmd.tag, ~0ULL);
		KUNIT_EXPECT_EQ(test, cmd.lun, 5ULL);
		KUNIT_EXPECT_EQ(test, memcmp(cmd.cdb, cdb, VSCSI_CDB_SIZE), 0);
		KUNIT_EXPECT_GE(test, cmd.add_len + VSCSI_CDB_SIZE, lens[i]);
		if (lens[i] > VSCSI_CDB_SIZE)
			KUNIT_EXPECT_EQ(test, memcmp(cmd.add_cdb, cdb + 16, lens[i] - 16), 0);
	}
}

/* Each cut and each single wrong byte is refused or harmless. */
static void cmd_hostile(struct kunit *test)
{
	u8 iu[VSCSI_CMD_IU_SIZE], cdb[VSCSI_MAX_CDB] = { VARIABLE_LENGTH_CMD };
	struct vscsi_command cmd;
	struct scsi_lun lun;
	struct srp_cmd *srp = (void *)iu;
	u16 len, i;

	int_to_scsilun(0, &lun);
	cdb[7] = VSCSI_MAX_CDB - 8;
	len = vscsi_put_cmd(iu, 1, &lun, cdb, VSCSI_MAX_CDB);
	for (i = 0; i < len; i++)
		KUNIT_EXPECT_EQ(test, vscsi_get_cmd(iu, i, &cmd), -EPROTO);
	KUNIT_EXPECT_EQ(test, vscsi_get_cmd(iu, len, &cmd), 0);

	srp->cdb[7] = 255;	/* a CDB longer than what was sent */
	KUNIT_EXPECT_EQ(test, vscsi_get_cmd(iu, len, &cmd), -EPROTO);
	srp->cdb[7] = cdb[7];
	srp->add_cdb_len = 252;	/* more than was sent, and more than we take */
	KUNIT_EXPECT_EQ(test, vscsi_get_cmd(iu, len, &cmd), -EPROTO);
	KUNIT_EXPECT_EQ(test, vscsi_get_cmd(iu, VPART_MAX_IU, &cmd), -EPROTO);
	srp->add_cdb_len = 245;
	KUNIT_EXPECT_EQ(test, vscsi_get_cmd(iu, len, &cmd), -EPROTO);

	vscsi_put_cmd(iu, 1, &lun, read10, 10);
	srp->buf_fmt = 0x10;	/* a descriptor, where none can be */
	KUNIT_EXPECT_EQ(test, vscsi_get_cmd(iu, 48, &cmd), -EPROTO);
	srp->buf_fmt = 0;
	srp->task_attr = 4;	/* ACA */
	KUNIT_EXPECT_EQ(test, vscsi_get_cmd(iu, 48, &cmd), -EPROTO);
	srp->task_attr = 0;
	srp->opcode = SRP_RSP;
	KUNIT_EXPECT_EQ(test, vscsi_get_cmd(iu, 48, &cmd), -EPROTO);
}

static void rsp_residual(struct kunit *test)
{
	u8 iu[VSCSI_RSP_IU_SIZE];
	struct vscsi_response rsp;
	u16 len;

	len = vscsi_put_rsp(iu, 9, SAM_STAT_GOOD, 0, 0, NULL, 0);
	KUNIT_EXPECT_EQ(test, len, 36);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(iu, len, 0, 4096, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.residual, 0U);
	KUNIT_EXPECT_EQ(test, rsp.tag, 9ULL);
	KUNIT_EXPECT_EQ(test, rsp.tmf, -1);

	vscsi_put_rsp(iu, 9, SAM_STAT_GOOD, SRP_RSP_FLAG_DIUNDER, 96, NULL, 0);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(iu, len, 0, 4096, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.residual, 96U);
	vscsi_put_rsp(iu, 9, SAM_STAT_GOOD, SRP_RSP_FLAG_DOUNDER, 96, NULL, 0);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(iu, len, 512, 0, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.residual, 96U);
	/* More left over than was asked for: never more than all. */
	vscsi_put_rsp(iu, 9, SAM_STAT_GOOD, SRP_RSP_FLAG_DIUNDER, ~0U, NULL, 0);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(iu, len, 0, 4096, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.residual, 4096U);
	/* More data than room: all room was used. */
	vscsi_put_rsp(iu, 9, SAM_STAT_GOOD, SRP_RSP_FLAG_DIOVER, 100, NULL, 0);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(iu, len, 0, 4096, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.residual, 0U);
}

static void rsp_sense(struct kunit *test)
{
	u8 iu[VPART_MAX_IU], sense[VSCSI_MAX_SENSE];
	struct srp_rsp *srp = (void *)iu;
	struct vscsi_response rsp;
	u16 len;

	memset(sense, 0x5a, sizeof(sense));
	len = vscsi_put_rsp(iu, 1, SAM_STAT_CHECK_CONDITION, 0, 0, sense, 200);
	KUNIT_EXPECT_EQ(test, len, (u16)VSCSI_RSP_IU_SIZE);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(iu, len, 0, 0, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.sense_len, VSCSI_MAX_SENSE);
	KUNIT_ASSERT_NOT_NULL(test, rsp.sense);
	KUNIT_EXPECT_EQ(test, memcmp(rsp.sense, sense, sizeof(sense)), 0);

	/* A length beyond the IU, and one that would wrap. */
	srp->sense_data_len = cpu_to_be32(VSCSI_MAX_SENSE + 1);
	KUNIT_EXPECT_EQ(test, vscsi_get_rsp(iu, len, 0, 0, &rsp), -EPROTO);
	srp->sense_data_len = cpu_to_be32(~0U);
	KUNIT_EXPECT_EQ(test, vscsi_get_rsp(iu, len, 0, 0, &rsp), -EPROTO);
	srp->sense_data_len = cpu_to_be32(18);
	srp->flags |= SRP_RSP_FLAG_RSPVALID;
	srp->resp_data_len = cpu_to_be32(~0U - 17);
	KUNIT_EXPECT_EQ(test, vscsi_get_rsp(iu, len, 0, 0, &rsp), -EPROTO);
	srp->resp_data_len = cpu_to_be32(len - sizeof(*srp) - 17);
	KUNIT_EXPECT_EQ(test, vscsi_get_rsp(iu, len, 0, 0, &rsp), -EPROTO);
	/* Longer than we keep, but truly there: cut. */
	srp->flags = SRP_RSP_FLAG_SNSVALID;
	srp->sense_data_len = cpu_to_be32(252);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(iu, sizeof(*srp) + 252, 0, 0, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.sense_len, VSCSI_MAX_SENSE);
	KUNIT_EXPECT_EQ(test, vscsi_get_rsp(iu, 35, 0, 0, &rsp), -EPROTO);
}

/* What the midlayer would take for success, or wake its error handler for. */
static void rsp_sane(struct kunit *test)
{
	static const u8 sense[18] = { 0x70 }, other[18] = { 0x12 };
	struct vscsi_response rsp = {};
	unsigned int status, sane = 0;

	for (status = 0; status < 256; status++) {
		rsp.status = status;
		sane += vscsi_rsp_sane(&rsp, READ_10);
	}
	KUNIT_EXPECT_EQ(test, sane, 6);
	rsp.status = SAM_STAT_GOOD;
	KUNIT_EXPECT_TRUE(test, vscsi_rsp_sane(&rsp, WRITE_10));
	rsp.status = SAM_STAT_CONDITION_MET;
	KUNIT_EXPECT_FALSE(test, vscsi_rsp_sane(&rsp, WRITE_10));
	KUNIT_EXPECT_TRUE(test, vscsi_rsp_sane(&rsp, PRE_FETCH));
	KUNIT_EXPECT_TRUE(test, vscsi_rsp_sane(&rsp, VSCSI_PRE_FETCH_16));
	rsp.status = SAM_STAT_CHECK_CONDITION;
	KUNIT_EXPECT_FALSE(test, vscsi_rsp_sane(&rsp, READ_10));
	rsp.sense = sense;
	KUNIT_EXPECT_FALSE(test, vscsi_rsp_sane(&rsp, READ_10));
	rsp.sense_len = sizeof(sense);
	KUNIT_EXPECT_TRUE(test, vscsi_rsp_sane(&rsp, READ_10));
	rsp.sense = other;
	KUNIT_EXPECT_FALSE(test, vscsi_rsp_sane(&rsp, READ_10));
}

static void tmf_round_trip(struct kunit *test)
{
	struct vscsi_response rsp;
	struct srp_tsk_mgmt iu;
	u8 out[VSCSI_RSP_IU_SIZE];
	struct scsi_lun lun;
	u64 tag, l, task;
	u16 len;
	u8 func;

	int_to_scsilun(3, &lun);
	len = vscsi_put_tmf(&iu, 0x10, &lun, SRP_TSK_ABORT_TASK, 0x123456789abcdef0);
	KUNIT_EXPECT_EQ(test, len, 48);
	KUNIT_ASSERT_EQ(test, vscsi_get_tmf(&iu, len, &tag, &l, &func, &task), 0);
	KUNIT_EXPECT_EQ(test, tag, 0x10ULL);
	KUNIT_EXPECT_EQ(test, l, 3ULL);
	KUNIT_EXPECT_EQ(test, func, SRP_TSK_ABORT_TASK);
	KUNIT_EXPECT_EQ(test, task, 0x123456789abcdef0ULL);
	KUNIT_EXPECT_EQ(test, vscsi_get_tmf(&iu, len - 1, &tag, &l, &func, &task), -EPROTO);
	iu.opcode = SRP_CMD;
	KUNIT_EXPECT_EQ(test, vscsi_get_tmf(&iu, len, &tag, &l, &func, &task), -EPROTO);

	len = vscsi_put_tmf_rsp(out, 0x10, VSCSI_TMF_FAILED);
	KUNIT_ASSERT_EQ(test, vscsi_get_rsp(out, len, 0, 0, &rsp), 0);
	KUNIT_EXPECT_EQ(test, rsp.tmf, VSCSI_TMF_FAILED);
	KUNIT_EXPECT_EQ(test, vscsi_get_rsp(out, len - 1, 0, 0, &rsp), -EPROTO);
}

static void login(struct kunit *test)
{
	u8 iu[VPART_MAX_IU];
	int len;

	KUNIT_EXPECT_EQ(test, vscsi_put_login(iu, 63, 7, 0), -EMSGSIZE);
	len = vscsi_put_login(iu, sizeof(iu), 7, 0);
	KUNIT_ASSERT_EQ(test, len, 64);
	KUNIT_EXPECT_EQ(test, vscsi_get_login(iu, len, 7, 0), 0);
	KUNIT_EXPECT_EQ(test, vscsi_get_login(iu, len, 8, 0), -EACCES);
	KUNIT_EXPECT_EQ(test, vscsi_get_login(iu, 63, 7, 0), -EPROTO);
	((struct srp_login_req *)iu)->initiator_port_id[8] = 1;
	KUNIT_EXPECT_EQ(test, vscsi_get_login(iu, len, 7, 0), -EACCES);

	len = vscsi_put_login_rsp(iu, sizeof(iu), 128);
	KUNIT_ASSERT_EQ(test, len, 52);
	KUNIT_EXPECT_EQ(test, vscsi_get_login_rsp(iu, len), 0);
	KUNIT_EXPECT_EQ(test, vscsi_get_login_rsp(iu, len - 1), -EPROTO);
	((struct srp_login_rsp *)iu)->max_it_iu_len = cpu_to_be32(64);
	KUNIT_EXPECT_EQ(test, vscsi_get_login_rsp(iu, len), -EPROTO);
}

/* R16: a client has the port name that its server has granted to it, and no other */
static void login_port(struct kunit *test)
{
	u64 name = 0x3123456789abcdefULL;
	u8 iu[VPART_MAX_IU];
	int len;

	len = vscsi_put_login(iu, sizeof(iu), 7, name);
	KUNIT_ASSERT_EQ(test, len, 64);
	KUNIT_EXPECT_EQ(test, vscsi_login_port_name(iu), name);
	KUNIT_EXPECT_EQ(test, vscsi_get_login(iu, len, 7, name), 0);
	KUNIT_EXPECT_EQ(test, vscsi_get_login(iu, len, 7, name + 1), -EPERM);
	KUNIT_EXPECT_EQ(test, vscsi_get_login(iu, len, 7, 0), -EPERM);
	KUNIT_EXPECT_EQ(test, vscsi_get_login(iu, len, 8, name), -EACCES);
	((struct srp_login_req *)iu)->initiator_port_id[11] = 1;
	KUNIT_EXPECT_EQ(test, vscsi_get_login(iu, len, 7, name), -EACCES);

	len = vscsi_put_login(iu, sizeof(iu), 7, 0);
	KUNIT_EXPECT_EQ(test, vscsi_get_login(iu, len, 7, name), -EPERM);
}

static void aer(struct kunit *test)
{
	u8 iu[VSCSI_AER_IU_SIZE];
	struct srp_aer_req *srp = (void *)iu;
	u64 lun;
	u16 asc;

	KUNIT_ASSERT_EQ(test, vscsi_put_aer(iu, 300, 0x3f, 0x0e), (u16)sizeof(iu));
	KUNIT_ASSERT_EQ(test, vscsi_get_aer(iu, sizeof(iu), &lun, &asc), 0);
	KUNIT_EXPECT_EQ(test, lun, 300ULL);
	KUNIT_EXPECT_EQ(test, asc, 0x3f0e);
	KUNIT_EXPECT_EQ(test, vscsi_get_aer(iu, sizeof(iu) - 1, &lun, &asc), -EPROTO);
	srp->sense_data_len = cpu_to_be32(VSCSI_AER_SENSE + 1);
	KUNIT_EXPECT_EQ(test, vscsi_get_aer(iu, sizeof(iu), &lun, &asc), -EPROTO);
	srp->sense_data_len = cpu_to_be32(VSCSI_AER_SENSE);
	srp->sense_data[2] = ILLEGAL_REQUEST;
	KUNIT_EXPECT_EQ(test, vscsi_get_aer(iu, sizeof(iu), &lun, &asc), -EPROTO);
}

/* The bytes are the protocol's: 2a/03 to 2a/06, none beside them. */
static void attention(struct kunit *test)
{
	unsigned int asc, known = 0;

	KUNIT_EXPECT_EQ(test, vscsi_attention(0x2a03), (int)VSCSI_RESERVATIONS_PREEMPTED);
	KUNIT_EXPECT_EQ(test, vscsi_attention(0x2a04), (int)VSCSI_RESERVATIONS_RELEASED);
	KUNIT_EXPECT_EQ(test, vscsi_attention(0x2a05), (int)VSCSI_REGISTRATIONS_PREEMPTED);
	KUNIT_EXPECT_EQ(test, vscsi_attention(0x2a06), (int)VSCSI_ACCESS_STATE_CHANGED);
	for (asc = 0; asc <= U16_MAX; asc++)
		known += vscsi_attention(asc) >= 0;
	KUNIT_EXPECT_EQ(test, known, (unsigned int)VSCSI_ATTENTIONS);
}

static void luns(struct kunit *test)
{
	static const u64 numbers[] = { 0, 1, 255, 256, 16383, 0x4001, 0x10000, 0xc101ULL << 32 };
	struct scsi_lun lun;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		int_to_scsilun(numbers[i], &lun);
		KUNIT_EXPECT_EQ(test, vscsi_get_lun(&lun), scsilun_to_int(&lun));
		KUNIT_EXPECT_EQ(test, vscsi_get_lun(&lun), numbers[i]);
	}
}

static void names(struct kunit *test)
{
	uuid_t uuid = UUID_INIT(0x01234567, 0x89ab, 0xcdef, 0xfe, 0xdc, 0xba, 0x98, 1, 2, 3, 4);
	char name[VSCSI_PORT_NAME_SIZE];
	u8 id[VSCSI_PORT_ID_SIZE];

	vscsi_port_id(id, &uuid, 0x11, 0x3123456789abcdefULL);
	vscsi_port_name(name, id);
	KUNIT_EXPECT_STREQ(test, name, "0x3123456789abcdef0000000000000000");
	vscsi_port_id(id, &uuid, 0x11, 0);
	vscsi_port_name(name, id);
	KUNIT_EXPECT_STREQ(test, name, "0x0123456789abcdeffedcba9800000011");
	KUNIT_EXPECT_TRUE(test, vscsi_port_name_valid(name));
	KUNIT_EXPECT_FALSE(test, vscsi_port_name_valid(name + 1));
	name[5] = 'G';
	KUNIT_EXPECT_FALSE(test, vscsi_port_name_valid(name));
	KUNIT_EXPECT_FALSE(test, vscsi_port_name_valid(""));
}

static void redrive(struct kunit *test)
{
	static const u8 no[] = { COMPARE_AND_WRITE, EXTENDED_COPY, RESERVE, RELEASE,
				 PERSISTENT_RESERVE_OUT, VARIABLE_LENGTH_CMD, MODE_SELECT };
	u8 cdb[VSCSI_CDB_SIZE] = { WRITE_16 };
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, vscsi_may_redrive(cdb));
	for (i = 0; i < ARRAY_SIZE(no); i++) {
		cdb[0] = no[i];
		KUNIT_EXPECT_FALSE(test, vscsi_may_redrive(cdb));
	}
}

static void page83(struct kunit *test)
{
	u8 page[] = {
		0, 0x83, 0, 28,
		2, 0x01, 0, 4, 'a', 'b', 'c', 'd',		/* T10 vendor */
		1, 0x13, 0, 4, 9, 9, 9, 9,			/* NAA of the port */
		1, 0x03, 0, 8, 0x60, 1, 2, 3, 4, 5, 6, 7,	/* NAA of the unit */
	};
	const u8 *naa;
	u8 len = 0;
	size_t i;

	naa = vscsi_page83_naa(page, sizeof(page), &len);
	KUNIT_ASSERT_PTR_EQ(test, naa, (const u8 *)page + 24);
	KUNIT_EXPECT_EQ(test, len, 8);
	for (i = 0; i < sizeof(page); i++)
		KUNIT_EXPECT_NULL(test, vscsi_page83_naa(page, i, &len));
	page[23] = 9;	/* a designator that runs over the end */
	KUNIT_EXPECT_NULL(test, vscsi_page83_naa(page, sizeof(page), &len));
}

/* R11: two LUs are one only if all of their names is the same, or neither has one. */
static void name(struct kunit *test)
{
	u8 page[4 + 4 + 17] = { 0, 0x83, 0, 4 + 8, 1, 0x03, 0, 8, 0x60, 1, 2, 3, 4, 5, 6, 7 };
	struct vscsi_name was, now, none;

	vscsi_get_name(page, sizeof(page), &was);
	KUNIT_EXPECT_EQ(test, was.len, 8);
	KUNIT_EXPECT_EQ(test, was.naa[7], 7);
	vscsi_get_name(page, sizeof(page), &now);
	KUNIT_EXPECT_TRUE(test, vscsi_same_name(&was, &now));
	page[15] = 8;
	vscsi_get_name(page, sizeof(page), &now);
	KUNIT_EXPECT_FALSE(test, vscsi_same_name(&was, &now));
	page[15] = 7;
	page[3] = 4 + 16;
	page[7] = 16;
	vscsi_get_name(page, sizeof(page), &now);
	KUNIT_EXPECT_EQ(test, now.len, 16);
	KUNIT_EXPECT_FALSE(test, vscsi_same_name(&was, &now));
	page[3] = 4 + 17;
	page[7] = 17;	/* no NAA name is that long */
	vscsi_get_name(page, sizeof(page), &none);
	KUNIT_EXPECT_EQ(test, none.len, 0);
	KUNIT_EXPECT_FALSE(test, vscsi_same_name(&was, &none));
	KUNIT_EXPECT_FALSE(test, vscsi_same_name(&none, &now));
	vscsi_get_name(page, 3, &now);
	KUNIT_EXPECT_TRUE(test, vscsi_same_name(&none, &now));
}

/* The IUs in the examples of the wire protocol are what these functions write. */
static void protocol_examples(struct kunit *test)
{
	static const u8 sense_cdb[VSCSI_CDB_SIZE] = { REQUEST_SENSE, 0, 0, 0, 18 };
	static const u8 sense[18] = { 0x70, 0, ILLEGAL_REQUEST, [7] = 10, [12] = 0x26 };
	u8 iu[VPART_MAX_IU];
	struct scsi_lun lun;
	u16 len;

	int_to_scsilun(1, &lun);
#define SAME(ex, at, size, put) do {							\
	memset(iu, 0xff, sizeof(iu));							\
	len = put;									\
	KUNIT_EXPECT_EQ_MSG(test, len, size, #ex);					\
	KUNIT_EXPECT_EQ_MSG(test, memcmp(iu, ex_##ex + 32 + (at), size), 0, #ex);	\
} while (0)
	SAME(login, 0, 64, vscsi_put_login(iu, sizeof(iu), 7, 0));
	SAME(login_vport, 0, 64,
	     vscsi_put_login(iu, sizeof(iu), 9, 0x3123456789abcdefULL));
	SAME(login_rsp, 16, 52, vscsi_put_login_rsp(iu, sizeof(iu), 256));
	SAME(req_read, 0, 48, vscsi_put_cmd(iu, vscsi_make_tag(1, 0, 3), &lun, sense_cdb, 6));
	SAME(rsp_good, 0, 36, vscsi_put_rsp(iu, vscsi_make_tag(1, 0, 4), 0, 0, 0, NULL, 0));
	SAME(rsp_sense, 0, 54, vscsi_put_rsp(iu, vscsi_make_tag(2, 0, 5),
					     SAM_STAT_CHECK_CONDITION, 0, 0, sense, 18));
	SAME(req_tmf, 0, 48, vscsi_put_tmf((void *)iu, vscsi_make_tag(3, 0, 126), &lun,
					   SRP_TSK_ABORT_TASK, vscsi_make_tag(1, 0, 6)));
	SAME(rsp_tmf, 0, 40, vscsi_put_tmf_rsp(iu, vscsi_make_tag(3, 0, 126),
					       VSCSI_TMF_COMPLETE));
	SAME(event, 8, 54, vscsi_put_aer(iu, 1, 0x2a, 0x09));
}

static struct kunit_case vscsi_wire_cases[] = {
	KUNIT_CASE(cmd_bytes),
	KUNIT_CASE(mark_bytes),
	KUNIT_CASE(cmd_round_trip),
	KUNIT_CASE(cmd_hostile),
	KUNIT_CASE(rsp_residual),
	KUNIT_CASE(rsp_sense),
	KUNIT_CASE(rsp_sane),
	KUNIT_CASE(tmf_round_trip),
	KUNIT_CASE(login),
	KUNIT_CASE(login_port),
	KUNIT_CASE(aer),
	KUNIT_CASE(attention),
	KUNIT_CASE(luns),
	KUNIT_CASE(names),
	KUNIT_CASE(redrive),
	KUNIT_CASE(page83),
	KUNIT_CASE(name),
	KUNIT_CASE(protocol_examples),
	{}
};

static struct kunit_suite vscsi_wire_suite = {
	.name		= "vscsi-wire",
	.test_cases	= vscsi_wire_cases,
};
kunit_test_suite(vscsi_wire_suite);
