// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the mailboxes of a segment, two sides in one memory.
 */
#include <kunit/test.h>

#include "shm.h"

struct mail_test {
	struct shm_wire_mail	box[2];
	struct shm_end		end[2];
	struct shm_mail		mail[2];
};

static struct mail_test *mail_new(struct kunit *test)
{
	struct mail_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	unsigned int side;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t);
	for (side = 0; side < 2; side++) {
		t->end[side].side = side;
		t->end[side].out = &t->box[side];
		t->end[side].in = &t->box[!side];
		shm_mail_begin(&t->mail[side], side);
	}
	return t;
}

static void mail_send(struct mail_test *t, enum vpart_side side, u8 type, u16 len)
{
	static const u8 iu[VPART_WIRE_IU_MAX] = { 1, 2, 3, 4, 5, 6, 7 };

	shm_mail_send(&t->end[side], &t->mail[side], type, 0, iu, len, 0);
}

static int mail_get(struct mail_test *t, enum vpart_side side)
{
	return shm_mail_get(&t->end[side], &t->mail[side]);
}

/* INIT there and INIT_ACK back, and what follows allowed. */
static void mail_greet(struct kunit *test, struct mail_test *t)
{
	struct vpart_init_ack ack = { .auth = VPART_AUTH_NONE };

	shm_mail_begin(&t->mail[VPART_SIDE_CLIENT], VPART_SIDE_CLIENT);
	mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_INIT, VPART_INIT_SIZE);
	KUNIT_ASSERT_EQ(test, mail_get(t, VPART_SIDE_SERVER), 0);
	KUNIT_EXPECT_EQ(test, t->mail[VPART_SIDE_SERVER].hdr.type, (u8)VPART_PDU_INIT);
	mail_send(t, VPART_SIDE_SERVER, VPART_PDU_INIT_ACK, VPART_INIT_SIZE);
	KUNIT_ASSERT_EQ(test, mail_get(t, VPART_SIDE_CLIENT), 0);
	KUNIT_EXPECT_EQ(test, t->mail[VPART_SIDE_CLIENT].hdr.type, (u8)VPART_PDU_INIT_ACK);
	vpart_rules_negotiated(&t->mail[VPART_SIDE_CLIENT].rules, &ack);
	vpart_rules_negotiated(&t->mail[VPART_SIDE_SERVER].rules, &ack);
}

static void mail_there_and_back(struct kunit *test)
{
	struct mail_test *t = mail_new(test);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), -EAGAIN);
	/* A turn is never 0, which answers nothing. */
	t->box[VPART_SIDE_CLIENT].turn = cpu_to_le32(U32_MAX - 5);
	for (i = 0; i < 5; i++) {
		mail_greet(test, t);
		KUNIT_EXPECT_NE(test, t->mail[VPART_SIDE_CLIENT].sent, 0U);
		KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), -EAGAIN);
		KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_CLIENT), -EAGAIN);
		mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_AUTH, 0);
		KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), 0);
		mail_send(t, VPART_SIDE_SERVER, VPART_PDU_AUTH_ACK, 0);
		KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_CLIENT), 0);
		vpart_rules_phase(&t->mail[VPART_SIDE_SERVER].rules, VPART_PHASE_LOGIN);
		/* An IU with a pad */
		mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_LOGIN, 7);
		KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), 0);
		KUNIT_EXPECT_EQ(test, t->mail[VPART_SIDE_SERVER].hdr.iu_len, 7);
		KUNIT_EXPECT_EQ(test, t->mail[VPART_SIDE_SERVER].rx[VPART_HDR_SIZE + 6], 7);
	}
}

/* A late answer to a handshake that was given up is none to the next. */
static void mail_late_answer(struct kunit *test)
{
	struct mail_test *t = mail_new(test);

	mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_INIT, VPART_INIT_SIZE);
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), 0);
	shm_mail_begin(&t->mail[VPART_SIDE_CLIENT], VPART_SIDE_CLIENT);
	mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_INIT, VPART_INIT_SIZE);
	mail_send(t, VPART_SIDE_SERVER, VPART_PDU_INIT_ACK, VPART_INIT_SIZE);
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_CLIENT), -EAGAIN);
	/* The server finds the second, and all is well. */
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), 0);
	mail_send(t, VPART_SIDE_SERVER, VPART_PDU_INIT_ACK, VPART_INIT_SIZE);
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_CLIENT), 0);
}

static void mail_unfinished(struct kunit *test)
{
	struct mail_test *t = mail_new(test);
	struct shm_wire_mail *box = &t->box[VPART_SIDE_CLIENT];
	__le32 turn;

	mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_INIT, VPART_INIT_SIZE);
	turn = box->turn;
	box->turn = cpu_to_le32(le32_to_cpu(turn) - 1);
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), -EAGAIN);
	box->turn = turn;
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), 0);
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), -EAGAIN);
	/* Whoever wrote there last was ended in the middle of it. */
	box->turn = cpu_to_le32(le32_to_cpu(turn) + 1);
	mail_greet(test, t);
}

/* What is wrong with a PDU is found, and the next one is taken. */
static void mail_wrong(struct kunit *test)
{
	struct mail_test *t = mail_new(test);
	struct shm_wire_mail *box = &t->box[VPART_SIDE_CLIENT];
	static const u32 lens[] = { 0, VPART_HDR_SIZE - 1, SHM_PDU_MAX + 1, U32_MAX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_INIT, VPART_INIT_SIZE);
		box->len = cpu_to_le32(lens[i]);
		KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), VPART_ERR_LENGTH);
		shm_mail_begin(&t->mail[VPART_SIDE_CLIENT], VPART_SIDE_CLIENT);
	}
	/* The right length, but not that of the header */
	mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_INIT, VPART_INIT_SIZE);
	box->len = cpu_to_le32(VPART_HDR_SIZE + VPART_INIT_SIZE + 4);
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), VPART_ERR_LENGTH);

	/* A bit of the IU, a bit of the header */
	for (i = 0; i < 2; i++) {
		shm_mail_begin(&t->mail[VPART_SIDE_CLIENT], VPART_SIDE_CLIENT);
		mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_INIT, VPART_INIT_SIZE);
		box->pdu[i ? 28 : 100] ^= 4;
		KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), VPART_ERR_HDR_DIGEST);
	}
	shm_mail_begin(&t->mail[VPART_SIDE_CLIENT], VPART_SIDE_CLIENT);
	mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_INIT, VPART_INIT_SIZE);
	box->pdu[0] ^= 1;
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), VPART_ERR_MALFORMED);

	/* A pad that is none */
	mail_greet(test, t);
	mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_AUTH, 0);
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), 0);
	mail_send(t, VPART_SIDE_SERVER, VPART_PDU_AUTH_ACK, 0);
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_CLIENT), 0);
	vpart_rules_phase(&t->mail[VPART_SIDE_SERVER].rules, VPART_PHASE_LOGIN);
	mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_LOGIN, 7);
	box->pdu[VPART_HDR_SIZE + 7] = 1;
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), VPART_ERR_MALFORMED);

	/* What may not come now; a PDU that was left out */
	mail_greet(test, t);
	mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_LOGIN, 7);
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), VPART_ERR_STATE);
	mail_greet(test, t);
	t->mail[VPART_SIDE_CLIENT].seq++;
	mail_send(t, VPART_SIDE_CLIENT, VPART_PDU_AUTH, 0);
	KUNIT_EXPECT_EQ(test, mail_get(t, VPART_SIDE_SERVER), VPART_ERR_SEQ);
	mail_greet(test, t);
}

static struct kunit_case shm_mail_cases[] = {
	KUNIT_CASE(mail_there_and_back),
	KUNIT_CASE(mail_late_answer),
	KUNIT_CASE(mail_unfinished),
	KUNIT_CASE(mail_wrong),
	{}
};

static struct kunit_suite shm_mail_suite = {
	.name		= "vpart-shm-mail",
	.test_cases	= shm_mail_cases,
};

kunit_test_suite(shm_mail_suite);
