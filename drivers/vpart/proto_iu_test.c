// SPDX-License-Identifier: GPL-2.0
/* The wire protocol: order of data, and the IUs of a running session. */
#include <kunit/test.h>

#include "proto_examples.h"
#include "proto_iu.h"

static void xfer_rdy(struct kunit *test)
{
	struct vpart_hdr h = { .arg = 100 };
	u8 iu[4];
	u32 want;

	KUNIT_EXPECT_EQ(test, vpart_xfer_rdy_put(iu, 22), 4);
	KUNIT_EXPECT_EQ(test, memcmp(iu, ex_xfer_rdy + VPART_HDR_SIZE, 4), 0);
	KUNIT_EXPECT_EQ(test, vpart_xfer_rdy_get(&h, iu, 100, 122, &want), 0);
	KUNIT_EXPECT_EQ(test, want, 22U);
	KUNIT_EXPECT_EQ(test, vpart_xfer_rdy_get(&h, iu, 100, 121, &want), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_xfer_rdy_get(&h, iu, 100, 99, &want), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_xfer_rdy_get(&h, iu, 99, 122, &want), VPART_ERR_OFFSET);
	vpart_xfer_rdy_put(iu, 0);
	KUNIT_EXPECT_EQ(test, vpart_xfer_rdy_get(&h, iu, 100, 122, &want), VPART_ERR_LENGTH);
	vpart_xfer_rdy_put(iu, ~0U);
	KUNIT_EXPECT_EQ(test, vpart_xfer_rdy_get(&h, iu, 100, 122, &want), VPART_ERR_LENGTH);
}

static void data_out(struct kunit *test)
{
	struct vpart_hdr h = { .arg = 100, .data_len = 22, .flags = VPART_HDR_LAST };

	KUNIT_EXPECT_EQ(test, vpart_data_out_check(&h, 100, 122), 0);
	KUNIT_EXPECT_EQ(test, vpart_data_out_check(&h, 100, 123), VPART_ERR_MALFORMED);
	KUNIT_EXPECT_EQ(test, vpart_data_out_check(&h, 100, 121), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_data_out_check(&h, 99, 122), VPART_ERR_OFFSET);
	KUNIT_EXPECT_EQ(test, vpart_data_out_check(&h, 101, 122), VPART_ERR_OFFSET);
	/* Nothing is wanted. */
	KUNIT_EXPECT_EQ(test, vpart_data_out_check(&h, 100, 100), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_data_out_check(&h, 100, 0), VPART_ERR_OFFSET);
	h.flags = 0;
	KUNIT_EXPECT_EQ(test, vpart_data_out_check(&h, 100, 122), VPART_ERR_MALFORMED);
	KUNIT_EXPECT_EQ(test, vpart_data_out_check(&h, 100, 123), 0);
}

static void data_in(struct kunit *test)
{
	struct vpart_hdr h = { .arg = 100, .data_len = 22, .flags = VPART_HDR_LAST };

	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 100, 122), 0);
	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 100, 4096), 0);	/* no more */
	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 100, 121), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 100, 100), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 100, 0), VPART_ERR_OFFSET);
	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 99, 122), VPART_ERR_OFFSET);
	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 101, 4096), VPART_ERR_OFFSET);
	h.flags = 0;
	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 100, 122), VPART_ERR_MALFORMED);
	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 100, 123), 0);
	h.flags = VPART_HDR_LAST | VPART_HDR_GOOD;
	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 100, 122), 0);
	KUNIT_EXPECT_EQ(test, vpart_data_in_check(&h, 100, 123), VPART_ERR_MALFORMED);
}

static void events(struct kunit *test)
{
	const u8 *iu = ex_event + VPART_HDR_SIZE;
	u8 head[8] = {};
	const void *event;
	u64 number;
	u16 len;

	KUNIT_EXPECT_EQ(test, vpart_event_put(head, 41), 8);
	KUNIT_EXPECT_EQ(test, memcmp(head, iu, 8), 0);
	KUNIT_EXPECT_EQ(test, vpart_event_get(iu, 62, &number, &event, &len), 0);
	KUNIT_EXPECT_EQ(test, number, 41ULL);
	KUNIT_EXPECT_PTR_EQ(test, event, (const void *)(iu + 8));
	KUNIT_EXPECT_EQ(test, len, 54);
	KUNIT_EXPECT_EQ(test, vpart_event_get(iu, 8, &number, &event, &len), 0);
	KUNIT_EXPECT_EQ(test, len, 0);
	KUNIT_EXPECT_EQ(test, vpart_event_get(iu, 512, &number, &event, &len), 0);
	KUNIT_EXPECT_EQ(test, len, VPART_EVENT_IU_MAX);
	KUNIT_EXPECT_EQ(test, vpart_event_get(iu, 7, &number, &event, &len), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_event_get(iu, 513, &number, &event, &len), VPART_ERR_LENGTH);
	memset(head, 0, 8);
	KUNIT_EXPECT_EQ(test, vpart_event_get(head, 8, &number, &event, &len),
			VPART_ERR_MALFORMED);
}

static void errors(struct kunit *test)
{
	u8 iu[4];

	KUNIT_EXPECT_EQ(test, vpart_error_put(iu, 13), 4);
	KUNIT_EXPECT_EQ(test, memcmp(iu, ex_error + VPART_HDR_SIZE, 4), 0);
	KUNIT_EXPECT_EQ(test, vpart_error_get(iu), 13U);
}

static void close_session(struct kunit *test)
{
	const struct vpart_close_session want = {
		.session	= 0x99aabbccddeeff00,
		.client		= UUID_INIT(0x5b0c1d2e, 0x3f40, 0x4152, 0x83, 0x64, 0x75, 0x86,
					    0x97, 0xa8, 0xb9, 0xca),
		.boot		= UUID_INIT(0x01c0ffee, 0x0001, 0x4000, 0x80, 0x00, 0x00, 0x00,
					    0x00, 0x00, 0xb0, 0x01),
		.adapter	= 8,
	};
	struct vpart_close_session c = {};
	u8 iu[48];

	KUNIT_EXPECT_EQ(test, vpart_close_put(iu, &want), 48);
	KUNIT_EXPECT_EQ(test, memcmp(iu, ex_close_session + VPART_HDR_SIZE, 48), 0);
	KUNIT_EXPECT_EQ(test, vpart_close_get(&c, iu, 48), 0);
	KUNIT_EXPECT_EQ(test, c.session, want.session);
	KUNIT_EXPECT_EQ(test, c.adapter, 8U);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&c.client, &want.client));
	KUNIT_EXPECT_TRUE(test, uuid_equal(&c.boot, &want.boot));
	KUNIT_EXPECT_EQ(test, vpart_close_get(&c, iu, 47), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_close_get(&c, iu, 49), VPART_ERR_LENGTH);
	iu[7] = 1;
	KUNIT_EXPECT_EQ(test, vpart_close_get(&c, iu, 48), VPART_ERR_MALFORMED);
	iu[7] = 0;
	memset(iu + 8, 0, 8);
	KUNIT_EXPECT_EQ(test, vpart_close_get(&c, iu, 48), VPART_ERR_MALFORMED);
}

static void forward_iu(struct kunit *test)
{
	const struct vpart_fwd_cmd want = {
		.origin		= UUID_INIT(0x5b0c1d2e, 0x3f40, 0x4152, 0x83, 0x64, 0x75, 0x86,
					    0x97, 0xa8, 0xb9, 0xca),
		.lu		= UUID_INIT(0xc3d4e5f6, 0x0718, 0x4293, 0x84, 0xa5, 0xb6, 0xc7,
					    0xd8, 0xe9, 0xfa, 0x0b),
		.term		= 12,
		.generation	= 340,
		.adapter	= 7,
		.deadline	= 10000,
		.port		= 0x101,
	};
	static const u8 zeroes[] = { 58, 59, 60, 63 };	/* or what is always 1 */
	struct vpart_fwd_cmd f = {};
	u8 iu[112] = {};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, vpart_fwd_cmd_put(iu, &want), 64);
	KUNIT_EXPECT_EQ(test, memcmp(iu, ex_fwd_cmd + VPART_HDR_SIZE, 64), 0);
	KUNIT_EXPECT_EQ(test, vpart_fwd_cmd_get(&f, iu, sizeof(iu)), 0);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&f.origin, &want.origin));
	KUNIT_EXPECT_TRUE(test, uuid_equal(&f.lu, &want.lu));
	KUNIT_EXPECT_EQ(test, f.term, want.term);
	KUNIT_EXPECT_EQ(test, f.generation, want.generation);
	KUNIT_EXPECT_EQ(test, f.adapter, want.adapter);
	KUNIT_EXPECT_EQ(test, f.deadline, want.deadline);
	KUNIT_EXPECT_EQ(test, f.port, want.port);
	KUNIT_EXPECT_EQ(test, vpart_fwd_cmd_get(&f, iu, 65), 0);
	KUNIT_EXPECT_EQ(test, vpart_fwd_cmd_get(&f, iu, 512), 0);
	KUNIT_EXPECT_EQ(test, vpart_fwd_cmd_get(&f, iu, 64), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_fwd_cmd_get(&f, iu, 513), VPART_ERR_LENGTH);
	for (i = 0; i < ARRAY_SIZE(zeroes); i++) {
		iu[zeroes[i]] ^= 2;
		KUNIT_EXPECT_EQ(test, vpart_fwd_cmd_get(&f, iu, 65), VPART_ERR_MALFORMED);
		iu[zeroes[i]] ^= 2;
	}
}

static void forward_rsp(struct kunit *test)
{
	u8 iu[16] = {};
	u32 status;
	u64 term;

	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_put(iu, 13, VPART_FWD_STALE), 16);
	KUNIT_EXPECT_EQ(test, memcmp(iu, ex_fwd_rsp + VPART_HDR_SIZE, 16), 0);
	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_get(iu, 16, &term, &status), 0);
	KUNIT_EXPECT_EQ(test, term, 13ULL);
	KUNIT_EXPECT_EQ(test, status, (u32)VPART_FWD_STALE);
	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_get(iu, 15, &term, &status), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_get(iu, 17, &term, &status), VPART_ERR_LENGTH);
	vpart_fwd_rsp_put(iu, 13, VPART_FWD_EXECUTED);
	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_get(iu, 16, &term, &status), VPART_ERR_LENGTH);
	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_get(iu, 17, &term, &status), 0);
	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_get(iu, 512, &term, &status), 0);
	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_get(iu, 513, &term, &status), VPART_ERR_LENGTH);
	iu[15] = 1;
	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_get(iu, 17, &term, &status), VPART_ERR_MALFORMED);
	vpart_fwd_rsp_put(iu, 13, VPART_FWD_BUSY);
	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_get(iu, 16, &term, &status), 0);
	vpart_fwd_rsp_put(iu, 13, VPART_FWD_BUSY + 1);
	KUNIT_EXPECT_EQ(test, vpart_fwd_rsp_get(iu, 16, &term, &status), VPART_ERR_MALFORMED);

	KUNIT_EXPECT_EQ(test, vpart_lu_term_get(ex_rsp_lu_term + VPART_HDR_SIZE, 44, &term), 0);
	KUNIT_EXPECT_EQ(test, term, 12ULL);
	KUNIT_EXPECT_EQ(test, vpart_lu_term_get(iu, 8, &term), VPART_ERR_LENGTH);
}

static struct kunit_case vpart_proto_iu_cases[] = {
	KUNIT_CASE(xfer_rdy),
	KUNIT_CASE(data_out),
	KUNIT_CASE(data_in),
	KUNIT_CASE(events),
	KUNIT_CASE(errors),
	KUNIT_CASE(close_session),
	KUNIT_CASE(forward_iu),
	KUNIT_CASE(forward_rsp),
	{}
};

static struct kunit_suite vpart_proto_iu_suite = {
	.name		= "vpart-proto-iu",
	.test_cases	= vpart_proto_iu_cases,
};

kunit_test_suite(vpart_proto_iu_suite);
