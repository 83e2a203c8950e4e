/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The information units of a vSCSI link: T10 SRP as in <scsi/srp.h>, carried
 * by the partition bus. Pure functions over (buffer, length): no allocation, no
 * lock, no driver state. Everything that comes from the far end is checked
 * here, once, before anyone else looks at it.
 *
 * Where a link differs from SRP on a wire: the bus carries the lengths of the
 * data, so a command has no memory descriptors and its buf_fmt is 0; and the
 * 64-bit tag is {generation, queue, index}, each part big-endian in place, so
 * that a task management function never names a later command by accident.
 */
#ifndef _VSCSI_WIRE_H
#define _VSCSI_WIRE_H

#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/vpart.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_proto.h>
#include <scsi/srp.h>

#define VSCSI_CDB_SIZE		16	/* in every command IU */
#define VSCSI_MAX_CDB		260	/* the longest: variable length, 8 + 252 */
#define VSCSI_MAX_SENSE		96
#define VSCSI_CMD_IU_SIZE	(sizeof(struct srp_cmd) + VSCSI_MAX_CDB - VSCSI_CDB_SIZE)
#define VSCSI_RSP_IU_SIZE	(sizeof(struct srp_rsp) + VSCSI_MAX_SENSE)
#define VSCSI_AER_SENSE		18
#define VSCSI_PRE_FETCH_16	0x90	/* <scsi/scsi_proto.h> has the short one alone */
#define VSCSI_AER_IU_SIZE	(sizeof(struct srp_aer_req) + VSCSI_AER_SENSE)
#define VSCSI_MAX_LUN		16384	/* as many, in 14 bits */
#define VSCSI_PORT_ID_SIZE	16
#define VSCSI_PORT_NAME_SIZE	(2 + 2 * VSCSI_PORT_ID_SIZE + 1)

/* Response code of a task management response (SRP, table 24) */
#define VSCSI_TMF_COMPLETE	0x00
#define VSCSI_TMF_NOT_SUPPORTED	0x04
#define VSCSI_TMF_FAILED	0x05

/*
 * Task management function of our own: the client gives the task up. When it is
 * answered COMPLETE, commands that could see or undo what the task may still do
 * wait at the server until it has ended. The answer itself waits for nothing.
 */
#define VSCSI_TSK_DETACH	0x80

static_assert(sizeof(struct srp_cmd) == 48);
static_assert(sizeof(struct srp_rsp) == 36);
static_assert(sizeof(struct srp_tsk_mgmt) == 48);
static_assert(sizeof(struct srp_aer_req) == 36);
static_assert(sizeof(struct srp_login_req) == 64);
static_assert(sizeof(struct srp_login_rsp) == 52);
static_assert(VSCSI_CMD_IU_SIZE <= VPART_MAX_IU);
static_assert(VSCSI_RSP_IU_SIZE <= VPART_MAX_IU);

/**
 * struct vscsi_command - a validated SRP_CMD; points into the IU
 * @tag: the client's tag
 * @lun: logical unit
 * @mark: of the LU that it is meant for, or 0: the client does not say
 * @cdb: the first 16 bytes of the CDB
 * @add_cdb: what follows them
 * @add_len: bytes at @add_cdb
 * @attr: task attribute, SRP encoding (0 simple, 1 head, 2 ordered)
 */
struct vscsi_command {
	u64		tag;
	u64		lun;
	u32		mark;
	const u8	*cdb;
	const u8	*add_cdb;
	u8		add_len;
	u8		attr;
};

/**
 * struct vscsi_response - a validated SRP_RSP; points into the IU
 * @tag: the tag it answers
 * @sense: sense data, or NULL
 * @residual: bytes that were not moved, 0 if it moved all or the far end lied
 * @mark: of the LU that answered an INQUIRY, or 0: the server does not say
 * @sense_len: bytes at @sense, at most VSCSI_MAX_SENSE
 * @status: SCSI status
 * @tmf: VSCSI_TMF_*, or -1 when the response carries none
 */
struct vscsi_response {
	u64		tag;
	const u8	*sense;
	u32		residual;
	u32		mark;
	u8		sense_len;
	u8		status;
	int		tmf;
};

/**
 * vscsi_make_tag() - tag of a command: what the bus knows, and a generation
 * @gen: changes whenever the same index is used again
 * @queue: queue of the link
 * @index: tag on that queue
 */
static inline u64 vscsi_make_tag(u32 gen, u16 queue, u16 index)
{
	return (u64)gen << 32 | (u32)queue << 16 | index;
}

static inline u16 vscsi_tag_queue(u64 tag)
{
	return tag >> 16;
}

static inline u16 vscsi_tag_index(u64 tag)
{
	return tag;
}

/* <scsi/srp.h> calls tags opaque; here they are big-endian like the rest. */
static inline u64 vscsi_tag_to_wire(u64 tag)
{
	return (__force u64)cpu_to_be64(tag);
}

static inline u64 vscsi_tag_from_wire(u64 tag)
{
	return be64_to_cpu((__force __be64)tag);
}

/**
 * vscsi_port_id() - identity of a client's port
 * @id: result
 * @uuid: the client's partition
 * @adapter: number of the adapter pair, not 0
 * @port_name: of a virtual port, or 0
 *
 * The adapter's number makes it unique among everything that one server sees;
 * the partition's bytes tell a person whose it is. A virtual port is its name,
 * and ends with a number that no adapter has.
 */
static inline void vscsi_port_id(u8 id[VSCSI_PORT_ID_SIZE], const uuid_t *uuid, u32 adapter,
				 u64 port_name)
{
	if (port_name) {
		memset(id, 0, VSCSI_PORT_ID_SIZE);
		put_unaligned_be64(port_name, id);
		return;
	}
	memcpy(id, uuid->b, 12);
	put_unaligned_be32(adapter, id + 12);
}

/**
 * vscsi_port_name() - a port's identity as LIO's initiator name
 * @name: result, "0x" and 32 digits: the only form that SRP TransportIDs take
 * @id: identity
 */
static inline void vscsi_port_name(char name[VSCSI_PORT_NAME_SIZE],
				   const u8 id[VSCSI_PORT_ID_SIZE])
{
	snprintf(name, VSCSI_PORT_NAME_SIZE, "0x%*phN", VSCSI_PORT_ID_SIZE, id);
}

/**
 * vscsi_port_name_valid() - is it a name that vscsi_port_name() could give?
 * @name: from an administrator
 */
static inline bool vscsi_port_name_valid(const char *name)
{
	return strlen(name) == VSCSI_PORT_NAME_SIZE - 1 && name[0] == '0' && name[1] == 'x' &&
	       strspn(name + 2, "0123456789abcdef") == 2 * VSCSI_PORT_ID_SIZE;
}

/**
 * vscsi_put_login() - write a login request
 * @iu: room for it
 * @size: bytes there
 * @adapter: number of the adapter pair
 * @port_name: of a virtual port, or 0
 *
 * The client states which adapter it is, and which virtual port; of which
 * partition is not for it to say but for the bus to attest.
 *
 * Return: its length, or -EMSGSIZE.
 */
static inline int vscsi_put_login(void *iu, u16 size, u32 adapter, u64 port_name)
{
	struct srp_login_req *req = iu;

	if (size < sizeof(*req))
		return -EMSGSIZE;
	memset(req, 0, sizeof(*req));
	req->opcode = SRP_LOGIN_REQ;
	req->req_it_iu_len = cpu_to_be32(VSCSI_CMD_IU_SIZE);
	req->req_flags = SRP_MULTICHAN_MULTI;
	put_unaligned_be64(port_name, req->initiator_port_id);
	put_unaligned_be32(adapter, req->initiator_port_id + 12);
	return sizeof(*req);
}

/**
 * vscsi_login_port_name() - which virtual port a client says it is
 * @iu: a login request of which vscsi_get_login() has seen the length
 *
 * Return: its port name, or 0: none.
 */
static inline u64 vscsi_login_port_name(const void *iu)
{
	const struct srp_login_req *req = iu;

	return get_unaligned_be64(req->initiator_port_id);
}

/**
 * vscsi_get_login() - validate a login request
 * @iu: from the far end
 * @len: bytes there
 * @adapter: number of the pair that the bus attests for it
 * @port_name: granted to it, or 0: it is no virtual port
 *
 * Return: 0, -EPROTO, -EACCES if it claims to be another, or -EPERM if it claims
 * a port name that it is not granted.
 */
static inline int vscsi_get_login(const void *iu, u16 len, u32 adapter, u64 port_name)
{
	const struct srp_login_req *req = iu;

	if (len < sizeof(*req) || req->opcode != SRP_LOGIN_REQ)
		return -EPROTO;
	if (be32_to_cpu(req->req_it_iu_len) > VPART_MAX_IU)
		return -EPROTO;
	if (memchr_inv(req->initiator_port_id + 8, 0, 4) ||
	    get_unaligned_be32(req->initiator_port_id + 12) != adapter)
		return -EACCES;
	if (vscsi_login_port_name(req) != port_name)
		return -EPERM;
	return 0;
}

/**
 * vscsi_put_login_rsp() - write a login response
 * @iu: room for it
 * @size: bytes there
 * @credits: requests that the client may have open
 *
 * Return: its length, or -EMSGSIZE.
 */
static inline int vscsi_put_login_rsp(void *iu, u16 size, u32 credits)
{
	struct srp_login_rsp *rsp = iu;

	if (size < sizeof(*rsp))
		return -EMSGSIZE;
	memset(rsp, 0, sizeof(*rsp));
	rsp->opcode = SRP_LOGIN_RSP;
	rsp->req_lim_delta = cpu_to_be32(credits);
	rsp->max_it_iu_len = cpu_to_be32(VSCSI_CMD_IU_SIZE);
	rsp->max_ti_iu_len = cpu_to_be32(VSCSI_RSP_IU_SIZE);
	rsp->rsp_flags = SRP_LOGIN_RSP_MULTICHAN_MAINTAINED;
	return sizeof(*rsp);
}

/**
 * vscsi_get_login_rsp() - validate a login response
 * @iu: from the far end
 * @len: bytes there
 *
 * Return: 0 or -EPROTO.
 */
static inline int vscsi_get_login_rsp(const void *iu, u16 len)
{
	const struct srp_login_rsp *rsp = iu;

	if (len < sizeof(*rsp) || rsp->opcode != SRP_LOGIN_RSP)
		return -EPROTO;
	if (be32_to_cpu(rsp->max_it_iu_len) < VSCSI_CMD_IU_SIZE)
		return -EPROTO;
	return 0;
}

/**
 * vscsi_get_lun() - a LUN as a number
 * @lun: wire form
 *
 * As scsilun_to_int(), which takes a loop where one look is enough.
 */
static inline u64 vscsi_get_lun(const struct scsi_lun *lun)
{
	u64 wire = get_unaligned_be64(lun->scsi_lun);

	return likely(!(wire & ~(0xffffULL << 48))) ? wire >> 48 :
	       scsilun_to_int((struct scsi_lun *)lun);
}

/**
 * vscsi_put_cmd() - write a command
 * @iu: room for VSCSI_CMD_IU_SIZE bytes
 * @tag: see vscsi_make_tag()
 * @lun: logical unit
 * @cdb: at least 16 bytes, zero behind @cdb_len
 * @cdb_len: at most VSCSI_MAX_CDB
 *
 * Return: length of the IU.
 */
static inline u16 vscsi_put_cmd(void *iu, u64 tag, const struct scsi_lun *lun,
				const u8 *cdb, u16 cdb_len)
{
	struct srp_cmd *cmd = iu;
	u16 add = 0;

	memset(cmd, 0, offsetof(struct srp_cmd, cdb));
	cmd->opcode = SRP_CMD;
	cmd->tag = vscsi_tag_to_wire(tag);
	cmd->lun = *lun;
	memcpy(cmd->cdb, cdb, VSCSI_CDB_SIZE);
	if (unlikely(cdb_len > VSCSI_CDB_SIZE)) {
		u16 more = cdb_len - VSCSI_CDB_SIZE;

		add = round_up(more, 4);
		memcpy(cmd->add_data, cdb + VSCSI_CDB_SIZE, more);
		memset(cmd->add_data + more, 0, add - more);
		cmd->add_cdb_len = add;	/* words in the upper 6 bits: bytes */
	}
	return sizeof(*cmd) + add;
}

/**
 * vscsi_cdb_len() - length that a CDB itself claims
 * @cdb: its first 16 bytes
 */
static inline unsigned int vscsi_cdb_len(const u8 *cdb)
{
	return cdb[0] == VARIABLE_LENGTH_CMD ? cdb[7] + 8U : VSCSI_CDB_SIZE;
}

/**
 * vscsi_get_cmd() - validate a command
 * @iu: from the far end
 * @len: bytes there
 * @cmd: result
 *
 * Return: 0 or -EPROTO.
 */
static inline int vscsi_get_cmd(const void *iu, u16 len, struct vscsi_command *cmd)
{
	const struct srp_cmd *srp = iu;
	u8 add;

	if (len < sizeof(*srp) || srp->opcode != SRP_CMD)
		return -EPROTO;
	/* No descriptors, and none of the reserved bits beside the add_cdb_len. */
	if (srp->buf_fmt || srp->add_cdb_len & 3 || srp->task_attr > 2)
		return -EPROTO;
	add = srp->add_cdb_len;
	if (len - sizeof(*srp) < add || add > VSCSI_MAX_CDB - VSCSI_CDB_SIZE)
		return -EPROTO;
	if (vscsi_cdb_len(srp->cdb) > VSCSI_CDB_SIZE + add)
		return -EPROTO;
	cmd->tag = vscsi_tag_from_wire(srp->tag);
	cmd->lun = vscsi_get_lun(&srp->lun);
	cmd->mark = get_unaligned_be32(srp->reserved2);
	cmd->cdb = srp->cdb;
	cmd->add_cdb = srp->add_data;
	cmd->add_len = add;
	cmd->attr = srp->task_attr;
	return 0;
}

/**
 * vscsi_put_rsp() - write a command's response
 * @iu: room for VSCSI_RSP_IU_SIZE bytes
 * @tag: of the command
 * @status: SCSI status
 * @flags: SRP_RSP_FLAG_DO/DI OVER/UNDER
 * @residual: bytes
 * @sense: sense data or NULL
 * @sense_len: bytes there, cut to VSCSI_MAX_SENSE
 *
 * Return: length of the IU.
 */
static inline u16 vscsi_put_rsp(void *iu, u64 tag, u8 status, u8 flags, u32 residual,
				const u8 *sense, u16 sense_len)
{
	struct srp_rsp *rsp = iu;

	memset(rsp, 0, sizeof(*rsp));
	rsp->opcode = SRP_RSP;
	rsp->tag = vscsi_tag_to_wire(tag);
	rsp->status = status;
	if (unlikely(flags)) {
		rsp->flags = flags;
		if (flags & (SRP_RSP_FLAG_DOOVER | SRP_RSP_FLAG_DOUNDER))
			rsp->data_out_res_cnt = cpu_to_be32(residual);
		else
			rsp->data_in_res_cnt = cpu_to_be32(residual);
	}
	if (likely(!sense))
		return sizeof(*rsp);
	sense_len = min_t(u16, sense_len, VSCSI_MAX_SENSE);
	rsp->flags |= SRP_RSP_FLAG_SNSVALID;
	rsp->sense_data_len = cpu_to_be32(sense_len);
	memcpy(rsp->data, sense, sense_len);
	return sizeof(*rsp) + sense_len;
}

/**
 * vscsi_put_tmf_rsp() - write the response of a task management function
 * @iu: room for VSCSI_RSP_IU_SIZE bytes
 * @tag: of the function
 * @code: VSCSI_TMF_*
 *
 * Return: length of the IU.
 */
static inline u16 vscsi_put_tmf_rsp(void *iu, u64 tag, u8 code)
{
	struct srp_rsp *rsp = iu;

	memset(rsp, 0, sizeof(*rsp) + 4);
	rsp->opcode = SRP_RSP;
	rsp->tag = vscsi_tag_to_wire(tag);
	rsp->flags = SRP_RSP_FLAG_RSPVALID;
	rsp->resp_data_len = cpu_to_be32(4);
	rsp->data[3] = code;
	return sizeof(*rsp) + 4;
}

/**
 * vscsi_get_rsp() - validate a response
 * @iu: from the far end
 * @len: bytes there
 * @out_len: data that the command offered
 * @in_len: data that it asked for
 * @rsp: result
 *
 * Return: 0 or -EPROTO.
 */
static inline int vscsi_get_rsp(const void *iu, u16 len, u32 out_len, u32 in_len,
				struct vscsi_response *rsp)
{
	const struct srp_rsp *srp = iu;
	u32 room, more;

	if (len < sizeof(*srp) || srp->opcode != SRP_RSP)
		return -EPROTO;
	rsp->tag = vscsi_tag_from_wire(srp->tag);
	rsp->status = srp->status;
	rsp->residual = 0;
	rsp->mark = be32_to_cpu(srp->req_lim_delta);
	rsp->sense = NULL;
	rsp->sense_len = 0;
	rsp->tmf = -1;
	if (likely(!srp->flags))
		return 0;
	room = len - sizeof(*srp);
	more = 0;
	if (srp->flags & SRP_RSP_FLAG_RSPVALID) {
		more = be32_to_cpu(srp->resp_data_len);
		if (more < 4 || more > room)
			return -EPROTO;
		rsp->tmf = srp->data[3];
	}
	if (srp->flags & SRP_RSP_FLAG_SNSVALID) {
		u32 n = be32_to_cpu(srp->sense_data_len);

		if (n > room - more)
			return -EPROTO;
		rsp->sense = srp->data + more;
		rsp->sense_len = min_t(u32, n, VSCSI_MAX_SENSE);
	}
	if (srp->flags & SRP_RSP_FLAG_DIUNDER)
		rsp->residual = min(be32_to_cpu(srp->data_in_res_cnt), in_len);
	else if (srp->flags & SRP_RSP_FLAG_DOUNDER)
		rsp->residual = min(be32_to_cpu(srp->data_out_res_cnt), out_len);
	return 0;
}

/**
 * vscsi_rsp_sane() - can a command end like this?
 * @rsp: response
 * @opcode: of the command
 *
 * The midlayer takes CONDITION MET and some old statuses for success whatever the
 * command, and wakes its error handler for one that it does not know and for a
 * CHECK CONDITION without sense data: no server may have it do either.
 */
static inline bool vscsi_rsp_sane(const struct vscsi_response *rsp, u8 opcode)
{
	switch (rsp->status) {
	case SAM_STAT_GOOD:
	case SAM_STAT_BUSY:
	case SAM_STAT_RESERVATION_CONFLICT:
	case SAM_STAT_TASK_SET_FULL:
	case SAM_STAT_ACA_ACTIVE:
	case SAM_STAT_TASK_ABORTED:
		return true;
	case SAM_STAT_CHECK_CONDITION:
		/* Response codes 0x70 to 0x73 and vendors' (SPC, 4.4.1) */
		return rsp->sense_len && (rsp->sense[0] & 0x70) == 0x70;
	case SAM_STAT_CONDITION_MET:
		return opcode == PRE_FETCH || opcode == VSCSI_PRE_FETCH_16;
	default:
		return false;
	}
}

/**
 * vscsi_put_tmf() - write a task management function
 * @iu: room for it
 * @tag: its own tag
 * @lun: logical unit
 * @func: SRP_TSK_*
 * @task: tag of the command to abort
 *
 * Return: length of the IU.
 */
static inline u16 vscsi_put_tmf(struct srp_tsk_mgmt *iu, u64 tag, const struct scsi_lun *lun,
				u8 func, u64 task)
{
	memset(iu, 0, sizeof(*iu));
	iu->opcode = SRP_TSK_MGMT;
	iu->tag = vscsi_tag_to_wire(tag);
	iu->lun = *lun;
	iu->tsk_mgmt_func = func;
	iu->task_tag = vscsi_tag_to_wire(task);
	return sizeof(*iu);
}

/**
 * vscsi_get_tmf() - validate a task management function
 * @iu: from the far end
 * @len: bytes there
 * @tag: its own tag
 * @lun: logical unit
 * @func: SRP_TSK_*, not yet known to be one that exists
 * @task: tag of the command to abort
 *
 * Return: 0 or -EPROTO.
 */
static inline int vscsi_get_tmf(const void *iu, u16 len, u64 *tag, u64 *lun, u8 *func, u64 *task)
{
	const struct srp_tsk_mgmt *srp = iu;

	if (len < sizeof(*srp) || srp->opcode != SRP_TSK_MGMT)
		return -EPROTO;
	*tag = vscsi_tag_from_wire(srp->tag);
	*lun = vscsi_get_lun(&srp->lun);
	*func = srp->tsk_mgmt_func;
	*task = vscsi_tag_from_wire(srp->task_tag);
	return 0;
}

/* Of an event: it may concern any LUN. The well known one of REPORT LUNS. */
#define VSCSI_ANY_LUN		0xc101

/*
 * What an initiator loses, or may use otherwise, by what another one or an
 * administrator did. Sense 2a/03 to 2a/06, in this order.
 */
enum vscsi_attention {
	VSCSI_RESERVATIONS_PREEMPTED,
	VSCSI_RESERVATIONS_RELEASED,
	VSCSI_REGISTRATIONS_PREEMPTED,
	VSCSI_ACCESS_STATE_CHANGED,
	VSCSI_ATTENTIONS,
};

#define VSCSI_ASC_ATTENTION	0x2a03	/* the first: asc << 8 | ascq */

/**
 * vscsi_attention() - which of these a unit attention is
 * @asc: additional sense code and qualifier, asc << 8 | ascq
 *
 * Return: enum vscsi_attention, or -ENOENT.
 */
static inline int vscsi_attention(u16 asc)
{
	if (asc < VSCSI_ASC_ATTENTION || asc >= VSCSI_ASC_ATTENTION + VSCSI_ATTENTIONS)
		return -ENOENT;
	return asc - VSCSI_ASC_ATTENTION;
}

/**
 * vscsi_put_aer() - write an asynchronous event: a unit attention of a LUN
 * @iu: room for VSCSI_AER_IU_SIZE bytes
 * @lun: logical unit, or VSCSI_ANY_LUN
 * @asc: additional sense code
 * @ascq: its qualifier
 *
 * Return: length of the IU.
 */
static inline u16 vscsi_put_aer(void *iu, u64 lun, u8 asc, u8 ascq)
{
	struct srp_aer_req *aer = iu;

	memset(aer, 0, VSCSI_AER_IU_SIZE);
	aer->opcode = SRP_AER_REQ;
	int_to_scsilun(lun, &aer->lun);
	aer->sense_data_len = cpu_to_be32(VSCSI_AER_SENSE);
	aer->sense_data[0] = 0x70;
	aer->sense_data[2] = UNIT_ATTENTION;
	aer->sense_data[7] = VSCSI_AER_SENSE - 8;
	aer->sense_data[12] = asc;
	aer->sense_data[13] = ascq;
	return VSCSI_AER_IU_SIZE;
}

/**
 * vscsi_get_aer() - validate an asynchronous event
 * @iu: from the far end
 * @len: bytes there
 * @lun: logical unit
 * @asc: additional sense code and qualifier, asc << 8 | ascq
 *
 * Return: 0 or -EPROTO.
 */
static inline int vscsi_get_aer(const void *iu, u16 len, u64 *lun, u16 *asc)
{
	const struct srp_aer_req *aer = iu;

	if (len < VSCSI_AER_IU_SIZE || aer->opcode != SRP_AER_REQ)
		return -EPROTO;
	if (be32_to_cpu(aer->sense_data_len) < VSCSI_AER_SENSE ||
	    be32_to_cpu(aer->sense_data_len) > len - sizeof(*aer))
		return -EPROTO;
	if ((aer->sense_data[0] & 0x7f) != 0x70 ||
	    (aer->sense_data[2] & 0xf) != UNIT_ATTENTION)
		return -EPROTO;
	*lun = scsilun_to_int((struct scsi_lun *)&aer->lun);
	*asc = aer->sense_data[12] << 8 | aer->sense_data[13];
	return 0;
}

/**
 * vscsi_may_redrive() - may a command of unknown outcome be sent again?
 * @cdb: its CDB
 *
 * Reads, plain writes, flushes and what changes nothing. Not those whose second
 * run answers differently than the first: COMPARE AND WRITE, EXTENDED COPY,
 * reservations (PROTOCOL P13).
 */
static inline bool vscsi_may_redrive(const u8 *cdb)
{
	switch (cdb[0]) {
	case READ_6:
	case READ_10:
	case READ_12:
	case READ_16:
	case WRITE_6:
	case WRITE_10:
	case WRITE_12:
	case WRITE_16:
	case WRITE_VERIFY:
	case WRITE_VERIFY_12:
	case WRITE_SAME:
	case WRITE_SAME_16:
	case VERIFY:
	case VERIFY_16:
	case UNMAP:
	case SYNCHRONIZE_CACHE:
	case SYNCHRONIZE_CACHE_16:
	case TEST_UNIT_READY:
	case START_STOP:
	case INQUIRY:
	case REPORT_LUNS:
	case READ_CAPACITY:
	case SERVICE_ACTION_IN_16:
	case MODE_SENSE:
	case MODE_SENSE_10:
	case LOG_SENSE:
	case MAINTENANCE_IN:
	case PERSISTENT_RESERVE_IN:
		return true;
	default:
		return false;
	}
}

/* What of a logical unit a command needs, beside its being there */
enum vscsi_touch {
	VSCSI_TOUCH_NONE,	/* what the server knows by itself */
	VSCSI_TOUCH_READ,	/* the medium, as it is */
	VSCSI_TOUCH_CHANGE,	/* the medium, or a reservation, will be another */
};

/**
 * vscsi_touches() - what a command may do to the medium
 * @opcode: of its CDB
 *
 * An opcode that is not known may do anything.
 */
static inline enum vscsi_touch vscsi_touches(u8 opcode)
{
	switch (opcode) {
	case TEST_UNIT_READY:
	case REQUEST_SENSE:
	case INQUIRY:
	case REPORT_LUNS:
	case READ_CAPACITY:
	case SERVICE_ACTION_IN_16:
	case MODE_SENSE:
	case MODE_SENSE_10:
	case LOG_SENSE:
	case MAINTENANCE_IN:
	case PERSISTENT_RESERVE_IN:
		return VSCSI_TOUCH_NONE;
	case READ_6:
	case READ_10:
	case READ_12:
	case READ_16:
	case PRE_FETCH:
	case VSCSI_PRE_FETCH_16:
	case VERIFY:
	case VERIFY_12:
	case VERIFY_16:
	case SYNCHRONIZE_CACHE:
	case SYNCHRONIZE_CACHE_16:
		return VSCSI_TOUCH_READ;
	default:
		return VSCSI_TOUCH_CHANGE;
	}
}

#endif /* _VSCSI_WIRE_H */
