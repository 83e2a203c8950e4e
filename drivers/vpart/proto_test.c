// SPDX-License-Identifier: GPL-2.0
/* The header of the wire protocol: the examples of its text, and each refusal. */
#include <kunit/test.h>

#include "proto_examples.h"
#include "proto_login.h"

#define EPOCH	5
#define DEPTH	128
#define CLIENT	VPART_SIDE_CLIENT
#define SERVER	VPART_SIDE_SERVER
#define DIGESTS	(VPART_FEATURE_HDGST | VPART_FEATURE_DDGST)
#define USUAL	(DIGESTS | VPART_FEATURE_CLOSE_SESSION)
#define LATER	(USUAL | VPART_FEATURE_LU_TERM | VPART_FEATURE_FORWARD)

/* What a receiver would have negotiated. */
static void set_rules(struct vpart_wire_rules *r, enum vpart_side side,
		      enum vpart_wire_phase phase, u16 queue, u64 features)
{
	struct vpart_init_ack ack = {
		.features	= features,
		.max_pdu_data	= 0x20000,
		.imm_max	= 8192,
		.queue		= queue,
		.auth		= VPART_AUTH_HMAC_SHA256,
	};
	struct vpart_login_limits lim = { .depth = DEPTH, .max_data = 0x100000 };

	vpart_rules_begin(r, side, queue);
	if (phase >= VPART_PHASE_AUTH)
		vpart_rules_negotiated(r, &ack);
	if (phase == VPART_PHASE_RUN)
		vpart_rules_login(r, EPOCH, &lim);
	else
		vpart_rules_phase(r, phase);
}

/* A PDU of the text, and what it means. */
struct example {
	const char		*name;
	const u8		*pdu;
	size_t			size;
	struct vpart_hdr	h;
	u64			features;
	enum vpart_side		to;
	enum vpart_wire_phase	phase;
};

#define EX(n, side, ph, ep, feat, ...) {				\
	.name = #n, .pdu = ex_##n, .size = sizeof(ex_##n),		\
	.to = side, .phase = VPART_PHASE_##ph, .features = feat,	\
	.h = { .epoch = ep, __VA_ARGS__ } }
#define EARLY(n, side, ph, ...)	EX(n, side, ph, 0, USUAL, __VA_ARGS__)
#define RUN(n, side, ...)	EX(n, side, RUN, EPOCH, USUAL, __VA_ARGS__)

static const struct example examples[] = {
	EARLY(init, SERVER, INIT, .type = VPART_PDU_INIT, .iu_len = 160),
	EARLY(init_newer, SERVER, INIT, .type = VPART_PDU_INIT, .iu_len = 160),
	EARLY(init_queue1, SERVER, INIT, .type = VPART_PDU_INIT, .iu_len = 160),
	EARLY(init_ack, CLIENT, INIT, .type = VPART_PDU_INIT_ACK, .iu_len = 160),
	EARLY(auth, SERVER, AUTH, .type = VPART_PDU_AUTH, .iu_len = 32, .seq = 1),
	EARLY(auth_ack, CLIENT, AUTH, .type = VPART_PDU_AUTH_ACK, .iu_len = 32, .seq = 1),
	EARLY(login, SERVER, LOGIN, .type = VPART_PDU_LOGIN, .iu_len = 64, .seq = 2),
	EARLY(login_vport, SERVER, LOGIN, .type = VPART_PDU_LOGIN, .iu_len = 64, .seq = 2),
	EX(login_rsp, CLIENT, LOGIN, EPOCH, USUAL, .type = VPART_PDU_LOGIN_RSP, .iu_len = 68,
	   .seq = 2),
	EARLY(reject, CLIENT, AUTH, .type = VPART_PDU_REJECT, .seq = 1,
	      .arg = VPART_REJECT_AUTH),
	EARLY(reject_driver, CLIENT, LOGIN, .type = VPART_PDU_REJECT, .seq = 2, .iu_len = 4,
	      .arg = VPART_REJECT_DRIVER),
	RUN(req_read, SERVER, .type = VPART_PDU_REQ, .iu_len = 48, .seq = 3, .tag = 3,
	    .arg = 18, .flags = VPART_HDR_READ),
	RUN(data_in_good, CLIENT, .type = VPART_PDU_DATA_IN, .data_len = 18, .seq = 3,
	    .tag = 3, .flags = VPART_HDR_DDGST | VPART_HDR_LAST | VPART_HDR_GOOD),
	RUN(req_write_imm, SERVER, .type = VPART_PDU_REQ, .iu_len = 48, .data_len = 24,
	    .seq = 4, .tag = 4, .arg = 24, .flags = VPART_HDR_WRITE | VPART_HDR_DDGST),
	RUN(rsp_good, CLIENT, .type = VPART_PDU_RSP, .iu_len = 36, .seq = 4, .tag = 4,
	    .flags = VPART_HDR_PUT),
	RUN(req_write, SERVER, .type = VPART_PDU_REQ, .iu_len = 48, .seq = 5, .tag = 5,
	    .arg = 22, .flags = VPART_HDR_WRITE),
	RUN(xfer_rdy, CLIENT, .type = VPART_PDU_XFER_RDY, .iu_len = 4, .seq = 5, .tag = 5),
	RUN(data_out, SERVER, .type = VPART_PDU_DATA_OUT, .data_len = 22, .seq = 6,
	    .tag = 5, .flags = VPART_HDR_DDGST | VPART_HDR_LAST),
	RUN(rsp_sense, CLIENT, .type = VPART_PDU_RSP, .iu_len = 54, .seq = 6, .tag = 5,
	    .flags = VPART_HDR_PUT),
	RUN(req_tmf, SERVER, .type = VPART_PDU_REQ, .iu_len = 48, .seq = 8, .tag = 126,
	    .flags = VPART_HDR_PRIO),
	RUN(rsp_tmf, CLIENT, .type = VPART_PDU_RSP, .iu_len = 40, .seq = 7, .tag = 126,
	    .flags = VPART_HDR_PUT),
	RUN(cancel, SERVER, .type = VPART_PDU_CANCEL, .seq = 9, .tag = 6),
	RUN(put, CLIENT, .type = VPART_PDU_PUT, .seq = 8, .tag = 6),
	RUN(event, CLIENT, .type = VPART_PDU_EVENT, .iu_len = 62, .seq = 9),
	RUN(event_lost, CLIENT, .type = VPART_PDU_EVENT_LOST, .seq = 10),
	RUN(nop, SERVER, .type = VPART_PDU_NOP, .seq = 10, .arg = 0x0badcafe),
	RUN(nop_ack, CLIENT, .type = VPART_PDU_NOP_ACK, .seq = 11, .arg = 0x0badcafe),
	EX(nop_plain, SERVER, RUN, EPOCH, 0, .type = VPART_PDU_NOP, .seq = 10,
	   .arg = 0x0badcafe),
	RUN(close_session, SERVER, .type = VPART_PDU_CLOSE_SESSION, .iu_len = 48, .seq = 11),
	RUN(close_rsp, CLIENT, .type = VPART_PDU_CLOSE_RSP, .seq = 12),
	RUN(bye, SERVER, .type = VPART_PDU_BYE, .seq = 12, .arg = VPART_BYE_REMOVED),
	RUN(error, CLIENT, .type = VPART_PDU_ERROR, .iu_len = 4, .seq = 13,
	    .arg = VPART_ERR_TAG),
	EX(fwd_cmd, SERVER, RUN, 9, LATER, .type = VPART_PDU_FWD_CMD, .iu_len = 112,
	   .seq = 20, .tag = 2, .arg = 36, .flags = VPART_HDR_READ),
	EX(fwd_rsp, CLIENT, RUN, 9, LATER, .type = VPART_PDU_FWD_RSP, .iu_len = 16, .seq = 31,
	   .tag = 2, .flags = VPART_HDR_PUT),
	EX(rsp_lu_term, CLIENT, RUN, 9, LATER, .type = VPART_PDU_RSP, .iu_len = 44, .seq = 32,
	   .tag = 2, .flags = VPART_HDR_PUT),
};

/* The rules of whoever receives an example. */
static void ex_rules(struct vpart_wire_rules *r, const struct example *ex)
{
	set_rules(r, ex->to, ex->phase, 0, ex->features);
	r->seq = ex->h.seq;
	if (ex->phase == VPART_PHASE_RUN)
		r->epoch = ex->h.epoch;
}

static const struct example *ex_find(struct kunit *test, const u8 *pdu)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(examples); i++)
		if (examples[i].pdu == pdu)
			return &examples[i];
	KUNIT_FAIL(test, "no such example");
	return examples;
}

static void crc(struct kunit *test)
{
	u8 digest[VPART_DIGEST_SIZE];
	u32 whole, parts;

	whole = vpart_wire_crc(VPART_CRC_SEED, "123456789", 9);
	parts = vpart_wire_crc(vpart_wire_crc(VPART_CRC_SEED, "1234", 4), "56789", 5);
	KUNIT_EXPECT_EQ(test, vpart_crc_final(whole), 0xe3069283);
	KUNIT_EXPECT_EQ(test, whole, parts);
	vpart_digest_put(digest, whole);
	KUNIT_EXPECT_EQ(test, memcmp(digest, "\xe3\x06\x92\x83", 4), 0);
	KUNIT_EXPECT_EQ(test, vpart_digest_check(digest, whole), 0);
	KUNIT_EXPECT_EQ(test, vpart_digest_check(digest, whole ^ 1), VPART_ERR_DATA_DIGEST);
}

static void pads(struct kunit *test)
{
	static const u8 pad[3] = { 0, 0, 1 };

	KUNIT_EXPECT_EQ(test, vpart_wire_pad(0), 0U);
	KUNIT_EXPECT_EQ(test, vpart_wire_pad(1), 3U);
	KUNIT_EXPECT_EQ(test, vpart_wire_pad(4), 0U);
	KUNIT_EXPECT_EQ(test, vpart_wire_pad(510), 2U);
	KUNIT_EXPECT_TRUE(test, vpart_pad_is_zero(pad, 0));
	KUNIT_EXPECT_TRUE(test, vpart_pad_is_zero(pad, 2));
	KUNIT_EXPECT_FALSE(test, vpart_pad_is_zero(pad, 3));
	KUNIT_EXPECT_FALSE(test, vpart_pad_is_zero(pad + 1, 2));
	KUNIT_EXPECT_FALSE(test, vpart_pad_is_zero(pad + 2, 1));
	KUNIT_EXPECT_TRUE(test, vpart_pad_is_zero(pad + 1, 1));
}

/* What is wrong with a PDU that arrived, header, digests and pads; 0: nothing. */
static int receive(struct vpart_hdr *h, const u8 *pdu, const struct vpart_wire_rules *r)
{
	const u8 *iu = pdu + VPART_HDR_SIZE, *data;
	u32 crc;
	int err;

	err = vpart_hdr_get(h, pdu, r);
	if (err)
		return err;
	data = iu + ALIGN(h->iu_len, 4);
	if (!vpart_pad_is_zero(iu + h->iu_len, vpart_wire_pad(h->iu_len)))
		return VPART_ERR_MALFORMED;
	if (vpart_hdr_has_digest(h->type, r->hdgst)) {
		crc = vpart_wire_crc(vpart_hdr_crc(pdu), iu, data - iu);
		err = vpart_hdr_sealed(h, crc);
		if (err)
			return err;
	}
	if (!vpart_pad_is_zero(data + h->data_len, vpart_wire_pad(h->data_len)))
		return VPART_ERR_MALFORMED;
	if (!(h->flags & VPART_HDR_DDGST))
		return 0;
	crc = vpart_wire_crc(VPART_CRC_SEED, data, h->data_len);
	return vpart_digest_check(data + ALIGN(h->data_len, 4), crc);
}

static void examples_are_read(struct kunit *test)
{
	struct vpart_wire_rules r;
	const struct example *ex;
	struct vpart_hdr h;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		ex = &examples[i];
		ex_rules(&r, ex);
		KUNIT_EXPECT_EQ_MSG(test, receive(&h, ex->pdu, &r), 0, "%s", ex->name);
		h.hcrc = 0;
		KUNIT_EXPECT_EQ_MSG(test, memcmp(&h, &ex->h, sizeof(h)), 0, "%s", ex->name);
		KUNIT_EXPECT_EQ_MSG(test, (size_t)vpart_pdu_size(&h), ex->size, "%s", ex->name);
	}
}

static void examples_are_written(struct kunit *test)
{
	u8 out[VPART_HDR_SIZE];
	const struct example *ex;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		ex = &examples[i];
		memset(out, 0xff, sizeof(out));
		vpart_hdr_put(out, &ex->h);
		if (vpart_hdr_has_digest(ex->h.type, ex->features & VPART_FEATURE_HDGST))
			vpart_hdr_seal(out, ex->pdu + VPART_HDR_SIZE, ex->h.iu_len);
		KUNIT_EXPECT_EQ_MSG(test, memcmp(out, ex->pdu, sizeof(out)), 0, "%s", ex->name);
	}
}

/* Each single bit that breaks on the way is seen. */
static void bits_flipped(struct kunit *test)
{
	static const u8 * const some[] = { ex_init, ex_req_write_imm, ex_data_in_good, ex_nop };
	struct vpart_wire_rules r;
	const struct example *ex;
	struct vpart_hdr h;
	unsigned int i, bit;
	u8 *pdu;

	/* As long as the longest IU that a header can tell of. */
	pdu = kunit_kzalloc(test, VPART_HDR_SIZE + VPART_WIRE_IU_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pdu);
	for (i = 0; i < ARRAY_SIZE(some); i++) {
		ex = ex_find(test, some[i]);
		ex_rules(&r, ex);
		memcpy(pdu, ex->pdu, ex->size);
		for (bit = 0; bit < ex->size * 8; bit++) {
			pdu[bit / 8] ^= BIT(bit % 8);
			KUNIT_EXPECT_NE_MSG(test, receive(&h, pdu, &r), 0, "%s, bit %u",
					    ex->name, bit);
			pdu[bit / 8] ^= BIT(bit % 8);
		}
		KUNIT_EXPECT_EQ(test, receive(&h, pdu, &r), 0);
	}
}

/* ---- which type may come where ---- */

#define C2S	BIT(SERVER)	/* by who receives it */
#define S2C	BIT(CLIENT)

/* The table of the text; phases are bits, with ONLY0: on queue 0 alone */
#define AT(ph)	BIT(VPART_PHASE_##ph)
#define ANY	(AT(AUTH) | AT(LOGIN) | AT(WAIT) | AT(RUN))
#define ONLY0	BIT(7)
#define NEEDS_CLOSE	BIT(0)
#define NEEDS_FORWARD	BIT(1)

static const struct row {
	u8	type;
	u8	to;
	u8	at;
	u8	needs;
	u8	flags;
	u16	iu_min;
	u16	iu_max;
	bool	data;
	bool	tag;
	bool	arg;
} rows[] = {
	{ 0x00, C2S, AT(INIT), 0, 0, 160, 160 },
	{ 0x01, S2C, AT(INIT), 0, 0, 160, 160 },
	{ 0x02, C2S, AT(AUTH), 0, 0, 32, 32 },
	{ 0x03, S2C, AT(AUTH), 0, 0, 32, 32 },
	{ 0x04, C2S, AT(LOGIN), 0, 0, 1, 512 },
	{ 0x05, S2C, AT(LOGIN), 0, 0, 16, 512 },
	{ 0x06, S2C, AT(INIT) | AT(AUTH) | AT(LOGIN), 0, 0, 0, 4, .arg = true },
	{ 0x10, C2S, AT(RUN), 0, 0x4b, 1, 512, true, true, true },
	{ 0x11, S2C, AT(RUN), 0, 0x04, 0, 512, .tag = true },
	{ 0x12, S2C, AT(RUN), 0, 0, .tag = true },
	{ 0x13, S2C, AT(RUN), 0, 0, 4, 4, .tag = true, .arg = true },
	{ 0x14, C2S, AT(RUN), 0, 0x18, 0, 0, true, true, true },
	{ 0x15, S2C, AT(RUN), 0, 0x38, 0, 0, true, true, true },
	{ 0x16, C2S, AT(RUN), 0, 0, .tag = true },
	{ 0x20, S2C, AT(RUN) | ONLY0, 0, 0, 8, 512 },
	{ 0x21, S2C, AT(RUN) | ONLY0 },
	{ 0x22, C2S | S2C, AT(RUN), .arg = true },
	{ 0x23, C2S | S2C, AT(RUN), .arg = true },
	{ 0x24, C2S | S2C, ANY, .arg = true },
	{ 0x25, C2S | S2C, ANY, 0, 0, 4, 4, .arg = true },
	{ 0x30, C2S, AT(RUN) | ONLY0, NEEDS_CLOSE, 0, 48, 48 },
	{ 0x31, S2C, AT(RUN) | ONLY0, NEEDS_CLOSE, .arg = true },
	{ 0x38, C2S, AT(RUN), NEEDS_FORWARD, 0x4b, 65, 512, true, true, true },
	{ 0x39, S2C, AT(RUN), NEEDS_FORWARD, 0x04, 16, 512, .tag = true },
};

static const struct row *row_of(unsigned int type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

/* The verdict on a type by the table; a client hears BYE and ERROR from the start. */
static int verdict(unsigned int type, enum vpart_side to, unsigned int phase, u16 queue,
		   u64 features)
{
	const struct row *row = row_of(type);
	unsigned int at;

	if (phase == VPART_PHASE_INIT)
		features = 0;
	if (!row || (row->needs & NEEDS_CLOSE && !(features & VPART_FEATURE_CLOSE_SESSION)) ||
	    (row->needs & NEEDS_FORWARD && !(features & VPART_FEATURE_FORWARD)))
		return VPART_ERR_UNSUPPORTED;
	at = row->at;
	if ((at & ANY) == ANY && to == CLIENT)
		at |= AT(INIT);
	return row->to & BIT(to) && at & BIT(phase) && !(at & ONLY0 && queue) ? 0 :
	       VPART_ERR_STATE;
}

/* Every type, at both ends, in every phase, on both kinds of queue. */
static void types_in_their_place(struct kunit *test)
{
	static const u64 features[] = { 0, USUAL, LATER };
	unsigned int type, side, phase, queue, f;
	struct vpart_wire_rules r;
	struct vpart_hdr h;
	u8 buf[VPART_HDR_SIZE];
	int got, want;

	for (f = 0; f < ARRAY_SIZE(features) * 2 * 5 * 2; f++) {
		side = f % 2;
		queue = f / 2 % 2;
		phase = f / 4 % 5;
		set_rules(&r, side, phase, queue, features[f / 20]);
		for (type = 0; type < 256; type++) {
			h = (struct vpart_hdr){ .type = type, .iu_len = 513 };
			vpart_hdr_put(buf, &h);
			want = verdict(type, side, phase, queue, features[f / 20]);
			got = vpart_hdr_get(&h, buf, &r);
			/* Let in, it fails by its length. */
			KUNIT_EXPECT_EQ_MSG(test, got, want ?: VPART_ERR_LENGTH,
					    "type %02x to %u in phase %u, queue %u",
					    type, side, phase, queue);
		}
	}
}

/* ---- one wrong field at a time ---- */

/* Fields of the header: offset and width */
#define FIELD(at, width)	((at) << 4 | (width))
#define FLAGS			FIELD(5, 1)
#define IU_LEN			FIELD(6, 2)
#define DATA_LEN		FIELD(8, 4)
#define EPOCH_OF		FIELD(12, 4)
#define SEQ			FIELD(16, 4)
#define TAG			FIELD(20, 4)
#define ARG			FIELD(24, 4)
#define HCRC			FIELD(28, 4)

static void put_field(u8 *buf, unsigned int field, u32 value)
{
	unsigned int i, at = field >> 4, width = field & 15;

	for (i = 0; i < width; i++)
		buf[at + i] = value >> 8 * (width - 1 - i);
}

/* The code for an example with one field changed. */
static int changed(const struct example *ex, const struct vpart_wire_rules *r,
		   unsigned int field, u32 value)
{
	u8 buf[VPART_HDR_SIZE];
	struct vpart_hdr h;

	memcpy(buf, ex->pdu, sizeof(buf));
	put_field(buf, field, value);
	return vpart_hdr_get(&h, buf, r);
}

#define WRONG(field, value, code)							\
	KUNIT_EXPECT_EQ_MSG(test, changed(ex, &r, field, value), (int)(code),		\
			    "%s: " #field " %#x", ex->name, (u32)(value))

/* What holds for every type: fields that it has not, lengths, epoch, seq, tag. */
static void common_fields(struct kunit *test)
{
	struct vpart_wire_rules r;
	const struct example *ex;
	const struct row *row;
	unsigned int i, bit;
	bool ends;

	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		ex = &examples[i];
		row = row_of(ex->h.type);
		ends = ex->h.type == VPART_PDU_BYE || ex->h.type == VPART_PDU_ERROR;
		ex_rules(&r, ex);
		WRONG(SEQ, ex->h.seq, 0);
		WRONG(SEQ, ex->h.seq + 1, VPART_ERR_SEQ);
		WRONG(SEQ, ex->h.seq - 1, VPART_ERR_SEQ);
		if (ex->h.type == VPART_PDU_LOGIN_RSP)
			WRONG(EPOCH_OF, 0, VPART_ERR_EPOCH);
		else
			WRONG(EPOCH_OF, ex->h.epoch + 1, ends ? 0 : VPART_ERR_EPOCH);
		for (bit = 0; bit < 8; bit++)
			if (!(row->flags & BIT(bit)))
				WRONG(FLAGS, ex->h.flags ^ BIT(bit), VPART_ERR_MALFORMED);
		WRONG(TAG, DEPTH, row->tag ? VPART_ERR_TAG : VPART_ERR_MALFORMED);
		WRONG(TAG, ~0U, row->tag ? VPART_ERR_TAG : VPART_ERR_MALFORMED);
		if (!row->arg)
			WRONG(ARG, 1, VPART_ERR_MALFORMED);
		if (row->iu_min)
			WRONG(IU_LEN, row->iu_min - 1, VPART_ERR_LENGTH);
		WRONG(IU_LEN, row->iu_max + 1, VPART_ERR_LENGTH);
		WRONG(IU_LEN, 0xffff, VPART_ERR_LENGTH);
		WRONG(HCRC, 1, vpart_hdr_has_digest(ex->h.type, r.hdgst) ? 0 :
				VPART_ERR_MALFORMED);
		/* With data a digest would have to be announced. */
		if (!row->data) {
			r.ddgst = false;
			WRONG(DATA_LEN, 1, VPART_ERR_LENGTH);
			WRONG(DATA_LEN, ~0U, VPART_ERR_LENGTH);
		}
	}
}

/* What a session without digests takes, and what it says of one that comes. */
static void no_digests(struct kunit *test)
{
	const struct example *ex = ex_find(test, ex_req_write);
	struct vpart_wire_rules r;

	set_rules(&r, SERVER, VPART_PHASE_RUN, 1, VPART_FEATURE_CLOSE_SESSION);
	r.seq = ex->h.seq;
	KUNIT_EXPECT_EQ(test, r.queue, 1);
	KUNIT_EXPECT_FALSE(test, r.lu_term);
	WRONG(HCRC, 0, 0);
	WRONG(HCRC, 1, VPART_ERR_MALFORMED);
	ex = ex_find(test, ex_data_out);
	r.seq = ex->h.seq;
	WRONG(HCRC, 0, VPART_ERR_MALFORMED);	/* its data has one */
	set_rules(&r, CLIENT, VPART_PHASE_RUN, 0, LATER);
	KUNIT_EXPECT_TRUE(test, r.lu_term);
	vpart_rules_begin(&r, CLIENT, 3);
	KUNIT_EXPECT_EQ(test, r.queue, 3);
}

static void magic(struct kunit *test)
{
	struct vpart_wire_rules r;
	u8 buf[VPART_HDR_SIZE];
	struct vpart_hdr h;
	unsigned int i;

	ex_rules(&r, ex_find(test, ex_nop));
	for (i = 0; i < 4; i++) {
		memcpy(buf, ex_nop, sizeof(buf));
		buf[i] ^= 0x20;
		KUNIT_EXPECT_EQ(test, vpart_hdr_get(&h, buf, &r), VPART_ERR_MALFORMED);
	}
}

static void requests(struct kunit *test)
{
	const struct example *ex = ex_find(test, ex_req_write_imm);
	const u8 good = VPART_HDR_WRITE | VPART_HDR_DDGST;
	struct vpart_wire_rules r;

	ex_rules(&r, ex);
	WRONG(FLAGS, good | VPART_HDR_READ, VPART_ERR_MALFORMED);
	WRONG(FLAGS, VPART_HDR_DDGST, VPART_ERR_MALFORMED);
	WRONG(FLAGS, VPART_HDR_DDGST | VPART_HDR_READ, VPART_ERR_LENGTH);
	WRONG(FLAGS, VPART_HDR_WRITE, VPART_ERR_MALFORMED);
	WRONG(ARG, 0, VPART_ERR_MALFORMED);
	WRONG(ARG, 23, VPART_ERR_LENGTH);	/* more than the command has */
	WRONG(ARG, 25, VPART_ERR_LENGTH);	/* a part of what may be */
	WRONG(ARG, 0x100001, VPART_ERR_LENGTH);
	WRONG(DATA_LEN, 23, VPART_ERR_LENGTH);
	WRONG(DATA_LEN, 0x20001, VPART_ERR_LENGTH);
	WRONG(DATA_LEN, 0, VPART_ERR_MALFORMED);	/* a digest of nothing */
	/* As much as goes with it, of more. */
	r.imm_max = 24;
	WRONG(ARG, 25, 0);
	WRONG(ARG, 0x100000, 0);
	r.imm_max = 23;
	WRONG(ARG, 24, VPART_ERR_LENGTH);
	r.imm_max = 0;
	WRONG(ARG, 24, VPART_ERR_LENGTH);

	/* The last two tags. */
	WRONG(TAG, DEPTH - 3, VPART_ERR_LENGTH);
	WRONG(TAG, DEPTH - 2, VPART_ERR_TAG);
	WRONG(TAG, DEPTH - 1, VPART_ERR_TAG);
	ex = ex_find(test, ex_req_tmf);
	ex_rules(&r, ex);
	WRONG(TAG, 0, 0);
	WRONG(TAG, DEPTH - 1, 0);
	WRONG(TAG, DEPTH, VPART_ERR_TAG);
	WRONG(FLAGS, 0, VPART_ERR_TAG);
	r.depth = VPART_WIRE_DEPTH_MIN;
	WRONG(TAG, 0, 0);
	WRONG(TAG, 3, VPART_ERR_TAG);
}

static void forwarded(struct kunit *test)
{
	const struct example *ex = ex_find(test, ex_fwd_cmd);
	struct vpart_wire_rules r;

	ex_rules(&r, ex);
	WRONG(TAG, DEPTH - 2, VPART_ERR_TAG);
	WRONG(FLAGS, VPART_HDR_READ | VPART_HDR_WRITE, VPART_ERR_MALFORMED);
	WRONG(ARG, 0, VPART_ERR_MALFORMED);
	WRONG(ARG, 0x100001, VPART_ERR_LENGTH);
	r.ddgst = false;
	WRONG(DATA_LEN, 36, VPART_ERR_LENGTH);
}

static void data_headers(struct kunit *test)
{
	const struct example *ex = ex_find(test, ex_data_in_good);
	const u8 good = VPART_HDR_DDGST | VPART_HDR_LAST | VPART_HDR_GOOD;
	struct vpart_wire_rules r;

	ex_rules(&r, ex);
	WRONG(FLAGS, VPART_HDR_DDGST | VPART_HDR_GOOD, VPART_ERR_MALFORMED);
	WRONG(FLAGS, VPART_HDR_DDGST | VPART_HDR_LAST, 0);
	WRONG(FLAGS, VPART_HDR_DDGST, 0);
	WRONG(FLAGS, VPART_HDR_LAST, VPART_ERR_MALFORMED);
	r.lu_term = true;
	WRONG(FLAGS, good, VPART_ERR_MALFORMED);
	WRONG(FLAGS, VPART_HDR_DDGST | VPART_HDR_LAST, 0);
	ex_rules(&r, ex);
	WRONG(DATA_LEN, 0x20000, 0);
	WRONG(DATA_LEN, 0x20001, VPART_ERR_LENGTH);
	WRONG(ARG, 0x100000 - 18, 0);
	WRONG(ARG, 0x100000 - 17, VPART_ERR_OFFSET);
	WRONG(ARG, 0x100001, VPART_ERR_OFFSET);
	WRONG(ARG, ~0U, VPART_ERR_OFFSET);
	r.ddgst = false;
	WRONG(FLAGS, good, VPART_ERR_MALFORMED);

	ex = ex_find(test, ex_data_out);
	ex_rules(&r, ex);
	WRONG(FLAGS, VPART_HDR_DDGST, 0);
	WRONG(FLAGS, good, VPART_ERR_MALFORMED);
	WRONG(ARG, 0x100000, VPART_ERR_OFFSET);

	ex = ex_find(test, ex_xfer_rdy);
	ex_rules(&r, ex);
	WRONG(ARG, 0x100000 - 1, 0);
	WRONG(ARG, 0x100000, VPART_ERR_OFFSET);
}

/* Data that is empty is neither announced by a digest nor sent. */
static void data_is_empty(struct kunit *test)
{
	static const u8 types[] = { VPART_PDU_DATA_IN, VPART_PDU_DATA_OUT };
	u8 buf[VPART_HDR_SIZE];
	struct vpart_wire_rules r;
	struct vpart_hdr h;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		set_rules(&r, i ? SERVER : CLIENT, VPART_PHASE_RUN, 0, USUAL);
		h = (struct vpart_hdr){ .type = types[i], .epoch = EPOCH };
		h.flags = VPART_HDR_LAST;
		vpart_hdr_put(buf, &h);
		KUNIT_EXPECT_EQ(test, vpart_hdr_get(&h, buf, &r), VPART_ERR_LENGTH);
		h.flags |= VPART_HDR_DDGST;
		vpart_hdr_put(buf, &h);
		KUNIT_EXPECT_EQ(test, vpart_hdr_get(&h, buf, &r), VPART_ERR_MALFORMED);
	}
}

static void handshake_headers(struct kunit *test)
{
	const struct example *ex = ex_find(test, ex_auth);
	struct vpart_wire_rules r;

	ex_rules(&r, ex);
	WRONG(IU_LEN, 0, VPART_ERR_LENGTH);
	WRONG(IU_LEN, 16, VPART_ERR_LENGTH);
	r.auth = false;
	WRONG(IU_LEN, 32, VPART_ERR_LENGTH);
	WRONG(IU_LEN, 0, 0);
	ex = ex_find(test, ex_auth_ack);
	ex_rules(&r, ex);
	r.auth = false;
	WRONG(IU_LEN, 32, VPART_ERR_LENGTH);

	ex = ex_find(test, ex_reject);
	ex_rules(&r, ex);
	WRONG(ARG, 0, VPART_ERR_MALFORMED);
	WRONG(ARG, 77, 0);
	WRONG(ARG, VPART_REJECT_DRIVER, VPART_ERR_LENGTH);
	WRONG(IU_LEN, 4, VPART_ERR_LENGTH);
	ex = ex_find(test, ex_reject_driver);
	ex_rules(&r, ex);
	WRONG(IU_LEN, 0, VPART_ERR_LENGTH);
	WRONG(IU_LEN, 2, VPART_ERR_LENGTH);
}

/* Of two things that are wrong the first in the text's order is told. */
static void order_of_checks(struct kunit *test)
{
	static const struct {
		unsigned int	field;
		u32		value;
		int		code;
	} steps[] = {	/* from the last to the first */
		{ ARG, 0x100001, VPART_ERR_LENGTH },
		{ TAG, DEPTH, VPART_ERR_TAG },
		{ SEQ, 99, VPART_ERR_SEQ },
		{ EPOCH_OF, 99, VPART_ERR_EPOCH },
		{ IU_LEN, 0, VPART_ERR_LENGTH },
		{ FLAGS, 0x80, VPART_ERR_MALFORMED },
		{ FIELD(4, 1), VPART_PDU_RSP, VPART_ERR_STATE },
		{ FIELD(4, 1), 0x17, VPART_ERR_UNSUPPORTED },
		{ FIELD(0, 4), 0, VPART_ERR_MALFORMED },
	};
	struct vpart_wire_rules r;
	u8 buf[VPART_HDR_SIZE];
	struct vpart_hdr h;
	unsigned int i;

	ex_rules(&r, ex_find(test, ex_req_read));
	memcpy(buf, ex_req_read, sizeof(buf));
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		put_field(buf, steps[i].field, steps[i].value);
		KUNIT_EXPECT_EQ(test, vpart_hdr_get(&h, buf, &r), steps[i].code);
	}
}

static struct kunit_case vpart_proto_cases[] = {
	KUNIT_CASE(crc),
	KUNIT_CASE(pads),
	KUNIT_CASE(examples_are_read),
	KUNIT_CASE(examples_are_written),
	KUNIT_CASE(bits_flipped),
	KUNIT_CASE(types_in_their_place),
	KUNIT_CASE(common_fields),
	KUNIT_CASE(no_digests),
	KUNIT_CASE(magic),
	KUNIT_CASE(requests),
	KUNIT_CASE(forwarded),
	KUNIT_CASE(data_headers),
	KUNIT_CASE(data_is_empty),
	KUNIT_CASE(handshake_headers),
	KUNIT_CASE(order_of_checks),
	{}
};

static struct kunit_suite vpart_proto_suite = {
	.name		= "vpart-proto",
	.test_cases	= vpart_proto_cases,
};

kunit_test_suite(vpart_proto_suite);
