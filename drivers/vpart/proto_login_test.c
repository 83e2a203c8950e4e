// SPDX-License-Identifier: GPL-2.0
/* The handshake of the wire protocol: its examples, each refusal, other versions. */
#include <kunit/test.h>

#include "proto_examples.h"
#include "proto_login.h"

#define IU(ex)	((ex) + VPART_HDR_SIZE)

#define CLIENT_UUID UUID_INIT(0x5b0c1d2e, 0x3f40, 0x4152, 0x83, 0x64, 0x75, 0x86, 0x97, \
			      0xa8, 0xb9, 0xca)
#define SERVER_UUID UUID_INIT(0x9a8b7c6d, 0x5e4f, 0x4a3b, 0x8c, 0x2d, 0x1e, 0x0f, 0x10, \
			      0x21, 0x32, 0x43)
#define CLIENT_BOOT UUID_INIT(0x01c0ffee, 0x0001, 0x4000, 0x80, 0, 0, 0, 0, 0, 0xb0, 0x01)
#define SERVER_BOOT UUID_INIT(0x02c0ffee, 0x0002, 0x4000, 0x80, 0, 0, 0, 0, 0, 0xb0, 0x02)
#define SESSION	0x1122334455667788

/* What the server of the examples can do */
static const struct vpart_wire_own own = {
	.features	= VPART_FEATURES_OFFERED,
	.keepalive	= 2000,
	.max_pdu_data	= 0x20000,
	.imm_max	= 8192,
	.queues		= 2,
	.depth		= 256,
	.ver_min	= 1,
	.ver_max	= 1,
};

/* What the examples say */
static void ex_init_says(struct vpart_init *init)
{
	unsigned int i;

	*init = (struct vpart_init) {
		.features	= VPART_FEATURES_OFFERED,
		.client		= CLIENT_UUID,
		.server		= SERVER_UUID,
		.boot		= CLIENT_BOOT,
		.adapter	= 7,
		.keepalive	= 2000,
		.max_pdu_data	= 0x40000,
		.imm_max	= 8192,
		.queues		= 4,
		.depth		= 128,
		.ver_min	= 1,
		.ver_max	= 1,
	};
	for (i = 0; i < VPART_NONCE_SIZE; i++)
		init->nonce[i] = 0xc0 + i;
}

static void ex_ack_says(struct vpart_init_ack *ack)
{
	unsigned int i;

	*ack = (struct vpart_init_ack) {
		.features	= VPART_FEATURES_OFFERED,
		.session	= SESSION,
		.server		= SERVER_UUID,
		.boot		= SERVER_BOOT,
		.adapter	= 7,
		.keepalive	= 2000,
		.max_pdu_data	= 0x20000,
		.imm_max	= 8192,
		.queues		= 2,
		.depth		= 128,
		.version	= 1,
		.auth		= VPART_AUTH_HMAC_SHA256,
	};
	for (i = 0; i < VPART_NONCE_SIZE; i++)
		ack->nonce[i] = 0x50 + i;
}

/* ---- versions and features ---- */

static void versions(struct kunit *test)
{
	static const struct {
		u8	own_min, own_max, ver_min, ver_max, want;
	} rows[] = {
		{ 1, 1, 1, 1, 1 },
		{ 1, 1, 1, 2, 1 },
		{ 1, 1, 0, 1, 1 },
		{ 1, 1, 2, 3, 0 },
		{ 1, 1, 0, 0, 0 },
		{ 1, 2, 1, 1, 1 },
		{ 1, 2, 1, 2, 2 },
		{ 1, 2, 2, 3, 2 },
		{ 2, 3, 1, 2, 2 },
		{ 2, 3, 1, 1, 0 },
		{ 2, 3, 4, 255, 0 },
		{ 1, 255, 1, 255, 255 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, vpart_version_pick(rows[i].own_min, rows[i].own_max,
							     rows[i].ver_min, rows[i].ver_max),
				    rows[i].want, "row %u", i);
}

static void features(struct kunit *test)
{
	const u64 f = VPART_FEATURES_OFFERED;

	KUNIT_EXPECT_EQ(test, vpart_features_pick(f, f), f);
	KUNIT_EXPECT_EQ(test, vpart_features_pick(f, ~0ULL), f);
	KUNIT_EXPECT_EQ(test, vpart_features_pick(~0ULL, ~0ULL), VPART_FEATURES_KNOWN);
	KUNIT_EXPECT_EQ(test, vpart_features_pick(f, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, vpart_features_pick(0, f), 0ULL);
	KUNIT_EXPECT_EQ(test, vpart_features_pick(f, VPART_FEATURE_DDGST | BIT_ULL(40)),
			VPART_FEATURE_DDGST);
}

/* ---- the examples ---- */

static void init_both_ways(struct kunit *test)
{
	struct vpart_init want, got;
	u8 iu[VPART_INIT_SIZE];

	memset(&got, 0, sizeof(got));
	ex_init_says(&want);
	KUNIT_EXPECT_EQ(test, vpart_init_put(iu, &want), VPART_INIT_SIZE);
	KUNIT_EXPECT_EQ(test, memcmp(iu, IU(ex_init), sizeof(iu)), 0);
	KUNIT_EXPECT_EQ(test, vpart_init_get(&got, IU(ex_init), sizeof(iu), &own), 0);
	vpart_init_put(iu, &got);
	KUNIT_EXPECT_EQ(test, memcmp(iu, IU(ex_init), sizeof(iu)), 0);
	KUNIT_EXPECT_EQ(test, got.features, want.features);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&got.client, &want.client));
	KUNIT_EXPECT_TRUE(test, uuid_equal(&got.server, &want.server));
	KUNIT_EXPECT_TRUE(test, uuid_equal(&got.boot, &want.boot));
	KUNIT_EXPECT_EQ(test, got.depth, want.depth);
}

static void init_ack_both_ways(struct kunit *test)
{
	struct vpart_init_ack want, got;
	struct vpart_init init;
	u8 iu[VPART_INIT_SIZE];

	memset(&got, 0, sizeof(got));
	ex_init_says(&init);
	ex_ack_says(&want);
	KUNIT_EXPECT_EQ(test, vpart_init_ack_put(iu, &want), VPART_INIT_SIZE);
	KUNIT_EXPECT_EQ(test, memcmp(iu, IU(ex_init_ack), sizeof(iu)), 0);
	KUNIT_EXPECT_EQ(test, vpart_init_ack_get(&got, IU(ex_init_ack), sizeof(iu), &init), 0);
	vpart_init_ack_put(iu, &got);
	KUNIT_EXPECT_EQ(test, memcmp(iu, IU(ex_init_ack), sizeof(iu)), 0);
	KUNIT_EXPECT_EQ(test, got.session, want.session);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&got.server, &want.server));
	KUNIT_EXPECT_TRUE(test, uuid_equal(&got.boot, &want.boot));
	KUNIT_EXPECT_EQ(test, got.auth, want.auth);
}

/* The server's answer is the example, whichever of two clients asks. */
static void answers(struct kunit *test)
{
	static const u8 * const asked[] = { ex_init, ex_init_newer };
	struct vpart_init_ack ack;
	struct vpart_init init;
	u8 iu[VPART_INIT_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		KUNIT_ASSERT_EQ(test, vpart_init_get(&init, IU(asked[i]), sizeof(iu), &own), 0);
		ex_ack_says(&ack);	/* for what is not from the question */
		ack.version = 0;
		ack.queue = 9;
		ack.features = 0;
		ack.max_pdu_data = 0;
		ack.queues = 0;
		vpart_init_answer(&ack, &init, &own);
		vpart_init_ack_put(iu, &ack);
		KUNIT_EXPECT_EQ(test, memcmp(iu, IU(ex_init_ack), sizeof(iu)), 0);
		KUNIT_EXPECT_EQ(test, vpart_init_ack_get(&ack, iu, sizeof(iu), &init), 0);
	}
}

/* The smaller of both; immediate data fits into a PDU. */
static void smaller_of_both(struct kunit *test)
{
	struct vpart_wire_own big = own, small = own;
	struct vpart_init_ack ack = {};
	struct vpart_init init, next;

	ex_init_says(&init);
	big.keepalive = 60000;
	big.max_pdu_data = VPART_PDU_DATA_MAX;
	big.imm_max = VPART_IMM_MAX;
	big.queues = 64;
	big.depth = 1024;
	vpart_init_answer(&ack, &init, &big);
	KUNIT_EXPECT_EQ(test, ack.keepalive, init.keepalive);
	KUNIT_EXPECT_EQ(test, ack.max_pdu_data, init.max_pdu_data);
	KUNIT_EXPECT_EQ(test, ack.imm_max, init.imm_max);
	KUNIT_EXPECT_EQ(test, ack.queues, init.queues);
	KUNIT_EXPECT_EQ(test, ack.depth, init.depth);

	small.keepalive = 500;
	small.max_pdu_data = VPART_PDU_DATA_MIN;
	small.queues = 1;
	small.depth = 3;
	vpart_init_answer(&ack, &init, &small);
	KUNIT_EXPECT_EQ(test, ack.keepalive, 500U);
	KUNIT_EXPECT_EQ(test, ack.max_pdu_data, 4096U);
	KUNIT_EXPECT_EQ(test, ack.imm_max, 4096U);
	KUNIT_EXPECT_EQ(test, ack.queues, 1);
	KUNIT_EXPECT_EQ(test, ack.depth, 3);

	/* A further queue then asks for just this. */
	ack.session = SESSION;
	next = init;
	next.ver_max = 2;
	next.features = ~0ULL;
	vpart_init_next(&next, &ack, 0);
	KUNIT_EXPECT_TRUE(test, vpart_init_joins(&next, &init, &ack));
	next = init;
	next.ver_min = 0;
	next.ver_max = 2;
	vpart_init_next(&next, &ack, 0);
	KUNIT_EXPECT_EQ(test, next.ver_min, ack.version);
}

/* ---- refusals ---- */

struct change {
	u16	at;
	u16	width;
	u64	value;
	int	code;
};

static void put_change(u8 *iu, const struct change *c)
{
	unsigned int i;

	for (i = 0; i < c->width; i++)
		iu[c->at + i] = c->value >> 8 * (c->width - 1 - i);
}

static void init_refused(struct kunit *test)
{
	static const struct change changes[] = {
		{ 0, 2, 0x0201, VPART_REJECT_MALFORMED },
		{ 0, 2, 0x0102, 0 },
		{ 0, 2, 0x0203, VPART_REJECT_VERSION },
		{ 0, 2, 0x0000, VPART_REJECT_VERSION },
		{ 0, 2, 0x0001, 0 },
		{ 2, 1, 1, 0 },
		{ 2, 1, 2, VPART_REJECT_MALFORMED },
		{ 3, 1, 1, VPART_REJECT_MALFORMED },
		{ 4, 2, 1, VPART_REJECT_MALFORMED },		/* without session */
		{ 6, 2, 0, VPART_REJECT_MALFORMED },
		{ 6, 2, 1, 0 },
		{ 6, 2, 64, 0 },
		{ 6, 2, 65, VPART_REJECT_MALFORMED },
		{ 8, 8, ~0ULL, 0 },
		{ 8, 8, 0, 0 },
		{ 20, 4, 499, VPART_REJECT_MALFORMED },
		{ 20, 4, 500, 0 },
		{ 20, 4, 60000, 0 },
		{ 20, 4, 60001, VPART_REJECT_MALFORMED },
		{ 24, 8, SESSION, VPART_REJECT_MALFORMED },	/* on queue 0 */
		{ 112, 4, 0, VPART_REJECT_MALFORMED },
		{ 112, 4, 4096, VPART_REJECT_MALFORMED },	/* less than imm_max */
		{ 112, 4, 8192, 0 },
		{ 112, 4, 0x20001, VPART_REJECT_MALFORMED },
		{ 112, 4, 0x20200, 0 },
		{ 112, 4, 0x100000, 0 },
		{ 112, 4, 0x100200, VPART_REJECT_MALFORMED },
		{ 112, 4, ~0U, VPART_REJECT_MALFORMED },
		{ 116, 4, 0, 0 },
		{ 116, 4, 0x10000, 0 },
		{ 116, 4, 0x10001, VPART_REJECT_MALFORMED },
		{ 120, 2, 2, VPART_REJECT_MALFORMED },
		{ 120, 2, 3, 0 },
		{ 120, 2, 1024, 0 },
		{ 120, 2, 1025, VPART_REJECT_MALFORMED },
		{ 122, 1, 1, VPART_REJECT_MALFORMED },
		{ 159, 1, 1, VPART_REJECT_MALFORMED },
	};
	struct vpart_init init;
	u8 iu[VPART_INIT_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		memcpy(iu, IU(ex_init), sizeof(iu));
		put_change(iu, &changes[i]);
		KUNIT_EXPECT_EQ_MSG(test, vpart_init_get(&init, iu, sizeof(iu), &own),
				    changes[i].code, "%llx at %u", changes[i].value,
				    changes[i].at);
	}
	KUNIT_EXPECT_EQ(test, vpart_init_get(&init, iu, 159, &own), VPART_REJECT_MALFORMED);
	memcpy(iu, IU(ex_init), sizeof(iu));
	put_change(iu, &(struct change){ 112, 4, 4096 });
	put_change(iu, &(struct change){ 116, 4, 4096 });
	KUNIT_EXPECT_EQ(test, vpart_init_get(&init, iu, 160, &own), 0);
	KUNIT_EXPECT_EQ(test, vpart_init_get(&init, iu, 161, &own), VPART_REJECT_MALFORMED);
	/* A further queue needs its session, and a number that there is. */
	memcpy(iu, IU(ex_init_queue1), sizeof(iu));
	KUNIT_EXPECT_EQ(test, vpart_init_get(&init, iu, sizeof(iu), &own), 0);
	iu[5] = 2;
	KUNIT_EXPECT_EQ(test, vpart_init_get(&init, iu, sizeof(iu), &own),
			VPART_REJECT_MALFORMED);
	iu[5] = 1;
	memset(iu + 24, 0, 8);
	KUNIT_EXPECT_EQ(test, vpart_init_get(&init, iu, sizeof(iu), &own),
			VPART_REJECT_MALFORMED);
}

/* Who knows more may fill what is zero here; who does not, may not. */
static void newer_clients(struct kunit *test)
{
	static const struct {
		u8	own_max, ver_max;
		u64	features;
		int	code;
	} rows[] = {
		{ 1, 1, VPART_FEATURES_KNOWN, VPART_REJECT_MALFORMED },
		{ 1, 1, VPART_FEATURES_KNOWN | BIT_ULL(40), 0 },
		{ 1, 2, 0, 0 },
		{ 2, 2, 0, VPART_REJECT_MALFORMED },
		{ 2, 1, 0, VPART_REJECT_MALFORMED },
		{ 2, 3, 0, 0 },
	};
	struct vpart_wire_own server = own;
	struct vpart_init init;
	u8 iu[VPART_INIT_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ex_init_says(&init);
		init.ver_max = rows[i].ver_max;
		init.features = rows[i].features;
		server.ver_max = rows[i].own_max;
		vpart_init_put(iu, &init);
		KUNIT_EXPECT_EQ(test, vpart_init_get(&init, iu, sizeof(iu), &server), 0);
		iu[130] = 1;
		KUNIT_EXPECT_EQ_MSG(test, vpart_init_get(&init, iu, sizeof(iu), &server),
				    rows[i].code, "row %u", i);
		/* It may not break what it shares with us. */
		iu[120] = 0xff;
		KUNIT_EXPECT_EQ(test, vpart_init_get(&init, iu, sizeof(iu), &server),
				VPART_REJECT_MALFORMED);
	}
}

/* Both ends, for all neighbours: what each offers and takes fits the other. */
static void neighbours(struct kunit *test)
{
	unsigned int n, c_min, c_max, s_min, s_max;
	struct vpart_init_ack ack = { .session = SESSION, .boot = SERVER_BOOT };
	struct vpart_wire_own server = own;
	struct vpart_init init;
	u8 iu[VPART_INIT_SIZE];
	int ret;

	for (n = 0; n < 3 * 3 * 3 * 3; n++) {
		c_min = n % 3 + 1;
		c_max = n / 3 % 3 + 1;
		s_min = n / 9 % 3 + 1;
		s_max = n / 27 + 1;
		if (c_min > c_max || s_min > s_max)
			continue;
		ex_init_says(&init);
		init.ver_min = c_min;
		init.ver_max = c_max;
		server.ver_min = s_min;
		server.ver_max = s_max;
		vpart_init_put(iu, &init);
		ret = vpart_init_get(&init, iu, sizeof(iu), &server);
		if (c_max < s_min || s_max < c_min) {
			KUNIT_EXPECT_EQ(test, ret, VPART_REJECT_VERSION);
			continue;
		}
		KUNIT_EXPECT_EQ(test, ret, 0);
		vpart_init_answer(&ack, &init, &server);
		vpart_init_ack_put(iu, &ack);
		KUNIT_EXPECT_EQ(test, vpart_init_ack_get(&ack, iu, sizeof(iu), &init), 0);
		KUNIT_EXPECT_EQ(test, (unsigned int)ack.version, min(c_max, s_max));
	}
}

static const struct change ack_changes[] = {
	{ 0, 1, 0, VPART_ERR_UNSUPPORTED },
	{ 0, 1, 2, VPART_ERR_UNSUPPORTED },
	{ 1, 1, 0, 0 },
	{ 1, 1, 2, VPART_ERR_UNSUPPORTED },
	{ 2, 2, 1, VPART_ERR_MALFORMED },
	{ 4, 2, 1, VPART_ERR_MALFORMED },
	{ 6, 2, 0, VPART_ERR_MALFORMED },
	{ 6, 2, 4, 0 },
	{ 6, 2, 5, VPART_ERR_MALFORMED },
	{ 8, 8, 0, 0 },
	{ 8, 8, 0xf, VPART_ERR_MALFORMED },
	{ 8, 8, BIT_ULL(40), VPART_ERR_MALFORMED },
	{ 16, 4, 8, VPART_ERR_MALFORMED },
	{ 20, 4, 499, VPART_ERR_MALFORMED },
	{ 20, 4, 500, 0 },
	{ 20, 4, 2001, VPART_ERR_MALFORMED },
	{ 24, 8, 0, VPART_ERR_MALFORMED },
	{ 24, 8, 1, 0 },
	{ 32, 1, 1, VPART_ERR_MALFORMED },
	{ 47, 1, 1, VPART_ERR_MALFORMED },
	{ 63, 1, 0, VPART_ERR_MALFORMED },
	{ 79, 1, 0, 0 },
	{ 112, 4, 4096, VPART_ERR_MALFORMED },
	{ 112, 4, 8192, 0 },
	{ 112, 4, 0x20100, VPART_ERR_MALFORMED },
	{ 112, 4, 0x40000, 0 },
	{ 112, 4, 0x40200, VPART_ERR_MALFORMED },
	{ 116, 4, 0, 0 },
	{ 116, 4, 8193, VPART_ERR_MALFORMED },
	{ 120, 2, 2, VPART_ERR_MALFORMED },
	{ 120, 2, 3, 0 },
	{ 120, 2, 129, VPART_ERR_MALFORMED },
	{ 122, 1, 1, VPART_ERR_MALFORMED },
	{ 159, 1, 1, VPART_ERR_MALFORMED },
};

static void init_ack_refused(struct kunit *test)
{
	struct vpart_init_ack ack;
	struct vpart_init init;
	u8 iu[VPART_INIT_SIZE];
	unsigned int i;

	ex_init_says(&init);
	for (i = 0; i < ARRAY_SIZE(ack_changes); i++) {
		memcpy(iu, IU(ex_init_ack), sizeof(iu));
		put_change(iu, &ack_changes[i]);
		KUNIT_EXPECT_EQ_MSG(test, vpart_init_ack_get(&ack, iu, sizeof(iu), &init),
				    ack_changes[i].code, "%llx at %u", ack_changes[i].value,
				    ack_changes[i].at);
	}
	KUNIT_EXPECT_EQ(test, vpart_init_ack_get(&ack, iu, 159, &init), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_init_ack_get(&ack, iu, 161, &init), VPART_ERR_LENGTH);
}

/* ---- further queues ---- */

static void next_queue(struct kunit *test)
{
	struct vpart_init first, init;
	struct vpart_init_ack ack;
	u8 iu[VPART_INIT_SIZE];
	unsigned int i;

	ex_init_says(&first);
	ex_ack_says(&ack);
	init = first;
	vpart_init_next(&init, &ack, 1);
	for (i = 0; i < VPART_NONCE_SIZE; i++)
		init.nonce[i] = 0xe0 + i;
	vpart_init_put(iu, &init);
	KUNIT_EXPECT_EQ(test, memcmp(iu, IU(ex_init_queue1), sizeof(iu)), 0);
	KUNIT_EXPECT_EQ(test, vpart_init_get(&init, iu, sizeof(iu), &own), 0);
	KUNIT_EXPECT_TRUE(test, vpart_init_joins(&init, &first, &ack));
}

/* A further queue asks for what was agreed, to the last field. */
static void queue_does_not_join(struct kunit *test)
{
	static const struct change changes[] = {
		{ 0, 2, 0x0002 }, { 2, 1, 1 }, { 6, 2, 3 }, { 8, 8, 3 }, { 16, 4, 8 },
		{ 20, 4, 1999 }, { 24, 8, SESSION + 1 }, { 32, 1, 0 }, { 48, 1, 0 }, { 64, 1, 0 },
		{ 112, 4, 0x20200 }, { 112, 4, 0x1fe00 }, { 116, 4, 8191 }, { 120, 2, 127 },
	};
	struct vpart_init first, init;
	struct vpart_init_ack ack;
	u8 iu[VPART_INIT_SIZE];
	unsigned int i;

	ex_init_says(&first);
	ex_ack_says(&ack);
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		memcpy(iu, IU(ex_init_queue1), sizeof(iu));
		put_change(iu, &changes[i]);
		vpart_init_get(&init, iu, sizeof(iu), &own);
		KUNIT_EXPECT_FALSE_MSG(test, vpart_init_joins(&init, &first, &ack),
				       "%llx at %u", changes[i].value, changes[i].at);
	}
}

/* Nor does its answer grant anything else. */
static void queue_ack(struct kunit *test)
{
	static const struct change changes[] = {
		{ 4, 2, 0 }, { 6, 2, 3 }, { 8, 8, 3 }, { 16, 4, 8 }, { 20, 4, 1999 },
		{ 24, 8, SESSION + 1 }, { 48, 1, 0 }, { 112, 4, 0x1fe00 }, { 116, 4, 8191 },
		{ 120, 2, 127 },
	};
	struct vpart_init_ack ack;
	struct vpart_init init;
	u8 iu[VPART_INIT_SIZE];
	unsigned int i;

	vpart_init_get(&init, IU(ex_init_queue1), sizeof(iu), &own);
	for (i = 0; i <= ARRAY_SIZE(changes); i++) {
		memcpy(iu, IU(ex_init_ack), sizeof(iu));
		iu[5] = 1;
		if (i < ARRAY_SIZE(changes))
			put_change(iu, &changes[i]);
		KUNIT_EXPECT_EQ_MSG(test, vpart_init_ack_get(&ack, iu, sizeof(iu), &init),
				    i < ARRAY_SIZE(changes) ? VPART_ERR_MALFORMED : 0,
				    "change %u", i);
	}
}

/* ---- LOGIN_RSP, REJECT ---- */

static void login_rsp(struct kunit *test)
{
	static const struct change changes[] = {
		{ 0, 2, 1, 0 },
		{ 0, 2, 0, VPART_ERR_MALFORMED },
		{ 0, 2, 3, VPART_ERR_MALFORMED },
		{ 2, 2, 2, VPART_ERR_MALFORMED },
		{ 2, 2, 3, 0 },
		{ 2, 2, 129, VPART_ERR_MALFORMED },
		{ 4, 2, 0, VPART_ERR_MALFORMED },
		{ 4, 2, 0xffff, 0 },
		{ 6, 2, 1, VPART_ERR_MALFORMED },
		{ 8, 4, 511, VPART_ERR_MALFORMED },
		{ 8, 4, 512, 0 },
		{ 8, 4, 0x40000000, 0 },
		{ 8, 4, 0x40000001, VPART_ERR_MALFORMED },
		{ 8, 4, ~0U, VPART_ERR_MALFORMED },
		{ 12, 4, ~0U, 0 },
	};
	const struct vpart_login_limits want = {
		.max_data = 0x100000, .queues = 2, .depth = 128, .max_segs = 256,
	};
	struct vpart_login_limits lim;
	struct vpart_init_ack ack;
	unsigned int i;
	u8 iu[512];

	ex_ack_says(&ack);
	KUNIT_EXPECT_EQ(test, vpart_login_rsp_put(iu, &want), 16);
	KUNIT_EXPECT_EQ(test, memcmp(iu, IU(ex_login_rsp), 16), 0);
	KUNIT_EXPECT_EQ(test, vpart_login_rsp_get(&lim, IU(ex_login_rsp), 68, &ack), 0);
	KUNIT_EXPECT_EQ(test, lim.queues, want.queues);
	KUNIT_EXPECT_EQ(test, lim.depth, want.depth);
	KUNIT_EXPECT_EQ(test, lim.max_segs, want.max_segs);
	KUNIT_EXPECT_EQ(test, lim.max_data, want.max_data);
	KUNIT_EXPECT_EQ(test, lim.caps, 0U);
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		memcpy(iu, IU(ex_login_rsp), 68);
		put_change(iu, &changes[i]);
		KUNIT_EXPECT_EQ_MSG(test, vpart_login_rsp_get(&lim, iu, 68, &ack),
				    changes[i].code, "%llx at %u", changes[i].value,
				    changes[i].at);
	}
	KUNIT_EXPECT_EQ(test, lim.caps, (u32)VPART_WIRE_CAP_STABLE);
	KUNIT_EXPECT_EQ(test, vpart_login_rsp_get(&lim, iu, 16, &ack), 0);
	KUNIT_EXPECT_EQ(test, vpart_login_rsp_get(&lim, iu, 512, &ack), 0);
	KUNIT_EXPECT_EQ(test, vpart_login_rsp_get(&lim, iu, 15, &ack), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_login_rsp_get(&lim, iu, 513, &ack), VPART_ERR_LENGTH);
}

static void rejects(struct kunit *test)
{
	struct vpart_hdr h = { .arg = VPART_REJECT_DRIVER };
	u8 iu[4] = {};
	u32 reason;

	KUNIT_EXPECT_EQ(test, vpart_reject_put(iu, VPART_REJECT_BUSY, EACCES), 0);
	KUNIT_EXPECT_EQ(test, vpart_reject_put(iu, VPART_REJECT_DRIVER, EACCES), 4);
	KUNIT_EXPECT_EQ(test, memcmp(iu, IU(ex_reject_driver), 4), 0);
	KUNIT_EXPECT_EQ(test, vpart_reject_get(&h, iu), EACCES);
	put_change(iu, &(struct change){ 0, 4, MAX_ERRNO });
	KUNIT_EXPECT_EQ(test, vpart_reject_get(&h, iu), MAX_ERRNO);
	iu[0] = 1;	/* no errno at all */
	KUNIT_EXPECT_EQ(test, vpart_reject_get(&h, iu), EPROTO);
	memset(iu, 0, 4);
	KUNIT_EXPECT_EQ(test, vpart_reject_get(&h, iu), EPROTO);
	h.arg = VPART_REJECT_BUSY;
	KUNIT_EXPECT_EQ(test, vpart_reject_get(&h, NULL), EPROTO);
	for (reason = 0; reason < 20; reason++)
		KUNIT_EXPECT_EQ(test, vpart_reject_again(reason),
				reason == 4 || reason == 5 || reason == 8);
}

/* ---- the whole of it ---- */

/* Take what comes, in order, as a receiver would; the last may be refused. */
static int take(struct vpart_wire_rules *r, const u8 *pdu)
{
	struct vpart_hdr h;
	int err = vpart_hdr_get(&h, pdu, r);

	r->seq += !err;
	return err;
}

static void session_at_the_server(struct kunit *test)
{
	struct vpart_login_limits lim = { .depth = 128, .max_data = 0x100000 };
	struct vpart_wire_rules r;
	struct vpart_init_ack ack;

	ex_ack_says(&ack);
	vpart_rules_begin(&r, VPART_SIDE_SERVER, 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_auth), VPART_ERR_STATE);
	KUNIT_EXPECT_EQ(test, take(&r, ex_init), 0);
	vpart_rules_negotiated(&r, &ack);
	KUNIT_EXPECT_EQ(test, take(&r, ex_init), VPART_ERR_STATE);
	KUNIT_EXPECT_EQ(test, take(&r, ex_auth), 0);
	vpart_rules_phase(&r, VPART_PHASE_LOGIN);
	KUNIT_EXPECT_EQ(test, take(&r, ex_req_read), VPART_ERR_STATE);
	KUNIT_EXPECT_EQ(test, take(&r, ex_login), 0);
	vpart_rules_phase(&r, VPART_PHASE_WAIT);
	KUNIT_EXPECT_EQ(test, take(&r, ex_req_read), VPART_ERR_STATE);
	vpart_rules_login(&r, 5, &lim);
	KUNIT_EXPECT_EQ(test, take(&r, ex_req_read), 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_req_read), VPART_ERR_SEQ);
	KUNIT_EXPECT_EQ(test, take(&r, ex_req_write_imm), 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_data_out), VPART_ERR_SEQ);
	KUNIT_EXPECT_EQ(test, take(&r, ex_req_write), 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_data_out), 0);
	r.epoch++;
	KUNIT_EXPECT_EQ(test, take(&r, ex_req_tmf), VPART_ERR_EPOCH);
	/* Which queue it is comes with INIT. */
	vpart_rules_begin(&r, VPART_SIDE_SERVER, 0);
	ack.queue = 1;
	vpart_rules_negotiated(&r, &ack);
	vpart_rules_login(&r, 5, &lim);
	r.seq = 11;
	KUNIT_EXPECT_EQ(test, take(&r, ex_close_session), VPART_ERR_STATE);
}

static void session_at_the_client(struct kunit *test)
{
	struct vpart_login_limits lim = { .depth = 128, .max_data = 0x100000 };
	struct vpart_wire_rules r;
	struct vpart_init_ack ack;

	ex_ack_says(&ack);
	vpart_rules_begin(&r, VPART_SIDE_CLIENT, 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_init_ack), 0);
	vpart_rules_negotiated(&r, &ack);
	KUNIT_EXPECT_EQ(test, take(&r, ex_login_rsp), VPART_ERR_STATE);
	KUNIT_EXPECT_EQ(test, take(&r, ex_auth_ack), 0);
	vpart_rules_phase(&r, VPART_PHASE_WAIT);
	KUNIT_EXPECT_EQ(test, take(&r, ex_login_rsp), VPART_ERR_STATE);
	vpart_rules_phase(&r, VPART_PHASE_LOGIN);
	KUNIT_EXPECT_EQ(test, take(&r, ex_login_rsp), 0);
	vpart_rules_login(&r, 5, &lim);
	KUNIT_EXPECT_EQ(test, take(&r, ex_data_in_good), 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_rsp_good), 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_xfer_rdy), 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_rsp_sense), 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_rsp_tmf), 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_put), 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_event), 0);
	KUNIT_EXPECT_EQ(test, take(&r, ex_fwd_rsp), VPART_ERR_UNSUPPORTED);
}

static struct kunit_case vpart_proto_login_cases[] = {
	KUNIT_CASE(versions),
	KUNIT_CASE(features),
	KUNIT_CASE(init_both_ways),
	KUNIT_CASE(init_ack_both_ways),
	KUNIT_CASE(answers),
	KUNIT_CASE(smaller_of_both),
	KUNIT_CASE(init_refused),
	KUNIT_CASE(newer_clients),
	KUNIT_CASE(neighbours),
	KUNIT_CASE(init_ack_refused),
	KUNIT_CASE(next_queue),
	KUNIT_CASE(queue_does_not_join),
	KUNIT_CASE(queue_ack),
	KUNIT_CASE(login_rsp),
	KUNIT_CASE(rejects),
	KUNIT_CASE(session_at_the_server),
	KUNIT_CASE(session_at_the_client),
	{}
};

static struct kunit_suite vpart_proto_login_suite = {
	.name		= "vpart-proto-login",
	.test_cases	= vpart_proto_login_cases,
};

kunit_test_suite(vpart_proto_login_suite);
