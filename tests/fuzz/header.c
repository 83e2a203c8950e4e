// SPDX-License-Identifier: GPL-2.0
/*
 * The header of the wire protocol and the IUs of a running session, under any
 * rules that a connection can have.
 */
#include "fuzz.h"
#include "../../drivers/vpart/proto_iu.h"
#include "../../drivers/vpart/proto_login.h"

/* First byte of the input */
#define FIX_START	BIT(0)	/* magic, epoch and seq are what they should be */
#define FIX_DIGEST	BIT(1)	/* and so is the header digest */

static void take_rules(struct input *in, struct vpart_wire_rules *r)
{
	u8 how = take(in, 1), bits = take(in, 1);
	enum vpart_wire_phase phase = how / 4 % 5;
	struct vpart_init_ack ack = {
		.features	= (bits & 7) | (u64)(bits >> 3 & 3) << 8,
		.queue		= how >> 1 & 1,
		.auth		= bits >> 7,
		.max_pdu_data	= take_range(in, VPART_PDU_DATA_MIN, VPART_PDU_DATA_MAX),
		.imm_max	= take_range(in, 0, VPART_IMM_MAX),
	};
	struct vpart_login_limits lim = {
		.depth		= take_range(in, VPART_WIRE_DEPTH_MIN, VPART_WIRE_DEPTH_MAX),
		.max_data	= take_range(in, VPART_CMD_DATA_MIN, VPART_WIRE_DATA_MAX),
	};

	ack.imm_max = min(ack.imm_max, ack.max_pdu_data);
	vpart_rules_begin(r, how & 1 ? VPART_SIDE_SERVER : VPART_SIDE_CLIENT, ack.queue);
	if (phase != VPART_PHASE_INIT)
		vpart_rules_negotiated(r, &ack);
	if (phase == VPART_PHASE_RUN)
		vpart_rules_login(r, take_range(in, 1, ~0U - 1), &lim);
	else
		vpart_rules_phase(r, phase);
	r->seq = take(in, 4);
}

/* What holds for every header that is let in. */
static void accepted(const struct vpart_hdr *h, const u8 *buf, const struct vpart_wire_rules *r)
{
	const struct vpart_pdu *pdu = &vpart_pdus[h->type];
	struct vpart_wire_rules other = *r;
	struct vpart_hdr again;
	u8 out[VPART_HDR_SIZE];

	vpart_hdr_put(out, h);
	must(!memcmp(out, buf, sizeof(out)));
	must(h->type < VPART_PDU_TYPES && r->types & BIT_ULL(h->type));
	must(!(h->flags & 0x80));
	must(h->iu_len <= VPART_WIRE_IU_MAX);
	must(h->iu_len >= pdu->iu_min && h->iu_len <= pdu->iu_min + pdu->iu_span);
	must(h->data_len <= r->max_pdu_data);
	must(vpart_pdu_size(h) >= VPART_HDR_SIZE + h->iu_len + h->data_len);
	must(vpart_pdu_size(h) <= VPART_HDR_SIZE + VPART_WIRE_IU_MAX + r->max_pdu_data + 7);
	must(!!(h->flags & VPART_HDR_DDGST) == (r->ddgst && h->data_len));
	must(pdu->has & VPART_PDU_TAG ? h->tag < r->depth : !h->tag);
	must(pdu->has & VPART_PDU_ARG || !h->arg);
	must(vpart_hdr_has_digest(h->type, r->hdgst) || !h->hcrc);
	must(h->type < VPART_PDU_REQ || h->type == VPART_PDU_BYE ||
	     h->type == VPART_PDU_ERROR || r->epoch);
	if (h->type == VPART_PDU_REQ || h->type == VPART_PDU_FWD_CMD) {
		must(h->arg <= r->max_data);
		must(h->data_len <= h->arg && h->data_len <= r->imm_max);
		must((h->flags & 3) != 3);
		must(h->tag < r->depth - VPART_PRIO_TAGS || h->flags & VPART_HDR_PRIO);
	}
	if (h->type == VPART_PDU_DATA_IN || h->type == VPART_PDU_DATA_OUT)
		must(h->data_len && (u64)h->arg + h->data_len <= r->max_data);

	other.seq++;
	must(vpart_hdr_get(&again, buf, &other) == VPART_ERR_SEQ);
	other = *r;
	other.epoch++;
	must(vpart_hdr_get(&again, buf, &other) ==
	     (pdu->has & VPART_PDU_ANY_EPOCH ? 0 : VPART_ERR_EPOCH));
}

/* The checks against the state of a tag never let more in than was asked for. */
static void data(const struct vpart_hdr *h, struct input *in)
{
	u32 next = take_range(in, 0, h->arg + 1), end = take(in, 4);

	if (!vpart_data_out_check(h, next, end)) {
		must(h->arg == next && (u64)next + h->data_len <= end);
		must(!!(h->flags & VPART_HDR_LAST) == (next + h->data_len == end));
	}
	if (!vpart_data_in_check(h, next, end)) {
		must(h->arg == next && (u64)next + h->data_len <= end);
		must(next + h->data_len < end || h->flags & VPART_HDR_LAST);
		must(next + h->data_len == end || !(h->flags & VPART_HDR_GOOD));
	}
}

static void xfer_rdy(const struct vpart_hdr *h, const u8 *iu, struct input *in)
{
	u32 next = take_range(in, 0, h->arg + 1), total = take(in, 4), want;
	u8 out[4];

	if (vpart_xfer_rdy_get(h, iu, next, total, &want))
		return;
	must(want && h->arg == next && (u64)next + want <= total);
	vpart_xfer_rdy_put(out, want);
	must(!memcmp(out, iu, 4));
}

static void event(const u8 *iu, u16 len)
{
	const void *ev;
	u16 ev_len;
	u8 head[8];
	u64 number;

	if (vpart_event_get(iu, len, &number, &ev, &ev_len))
		return;
	must(number && ev_len <= VPART_EVENT_IU_MAX && inside(ev, ev_len, iu, len));
	vpart_event_put(head, number);
	must(!memcmp(head, iu, 8));
}

static void close_session(const u8 *iu, u16 len)
{
	struct vpart_close_session c;
	u8 out[48];

	if (vpart_close_get(&c, iu, len))
		return;
	must(vpart_close_put(out, &c) == len && !memcmp(out, iu, len));
}

static void forward(const u8 *iu, u16 len)
{
	struct vpart_fwd_cmd f;
	u32 status;
	u8 out[64];
	u64 term;

	if (!vpart_fwd_cmd_get(&f, iu, len)) {
		must(vpart_fwd_cmd_put(out, &f) < len);
		must(!memcmp(out, iu, 64));
	}
	if (!vpart_fwd_rsp_get(iu, len, &term, &status)) {
		must((vpart_fwd_rsp_put(out, term, status) == len) == !!status);
		must(!memcmp(out, iu, 16));
	}
	must(!vpart_lu_term_get(iu, len, &term) == (len > 8));
}

/* One bit of header, IU or digest that breaks is noticed. */
static void broken(const u8 *hdr, const u8 *iu, const struct vpart_hdr *h,
		   const struct vpart_wire_rules *r, struct input *in)
{
	u32 len = ALIGN(h->iu_len, 4), bit = take_range(in, 0, (VPART_HDR_SIZE + len) * 8 - 1);
	u8 pdu[VPART_HDR_SIZE + VPART_WIRE_IU_MAX];
	struct vpart_hdr got;

	memcpy(pdu, hdr, VPART_HDR_SIZE);
	memcpy(pdu + VPART_HDR_SIZE, iu, len);
	pdu[bit / 8] ^= BIT(bit % 8);
	if (vpart_hdr_get(&got, pdu, r) || got.iu_len != h->iu_len)
		return;
	must(vpart_hdr_sealed(&got, vpart_wire_crc(vpart_hdr_crc(pdu), pdu + VPART_HDR_SIZE, len)));
}

static void body(u8 *hdr, u8 *iu, size_t got, struct vpart_hdr *h,
		 const struct vpart_wire_rules *r, u8 fix, struct input *in)
{
	u32 len = ALIGN(h->iu_len, 4);

	if (got < len || !vpart_pad_is_zero(iu + h->iu_len, len - h->iu_len))
		return;
	if (vpart_hdr_has_digest(h->type, r->hdgst)) {
		if (fix & FIX_DIGEST) {
			vpart_hdr_seal(hdr, iu, h->iu_len);
			must(!vpart_hdr_get(h, hdr, r));
		}
		if (vpart_hdr_sealed(h, vpart_wire_crc(vpart_hdr_crc(hdr), iu, len)))
			return;
		broken(hdr, iu, h, r, in);
	}
	switch (h->type) {
	case VPART_PDU_XFER_RDY:
		xfer_rdy(h, iu, in);
		break;
	case VPART_PDU_DATA_OUT:
	case VPART_PDU_DATA_IN:
		data(h, in);
		break;
	case VPART_PDU_EVENT:
		event(iu, h->iu_len);
		break;
	case VPART_PDU_CLOSE_SESSION:
		close_session(iu, h->iu_len);
		break;
	case VPART_PDU_ERROR:
		vpart_error_get(iu);
		break;
	case VPART_PDU_REJECT:
		must(vpart_reject_get(h, iu) > 0);
		break;
	default:
		forward(iu, h->iu_len);
	}
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	struct input in = { bytes, size };
	struct vpart_wire_rules r;
	u8 fix = take(&in, 1), *hdr, *iu;
	struct vpart_hdr h;
	size_t got;
	int err;

	take_rules(&in, &r);
	hdr = take_copy(&in, VPART_HDR_SIZE, &got);
	if (got < VPART_HDR_SIZE)
		goto out;
	if (fix & FIX_START) {
		put_unaligned_be32(VPART_MAGIC, hdr);
		put_unaligned_be32(r.epoch, hdr + 12);
		put_unaligned_be32(r.seq, hdr + 16);
	}
	err = vpart_hdr_get(&h, hdr, &r);
	must(err >= 0 && err <= VPART_ERR_TIMEOUT && err != VPART_ERR_HDR_DIGEST &&
	     err != VPART_ERR_DATA_DIGEST && err != VPART_ERR_TIMEOUT);
	if (err)
		goto out;
	accepted(&h, hdr, &r);
	iu = take_copy(&in, ALIGN(h.iu_len, 4), &got);
	body(hdr, iu, got, &h, &r, fix, &in);
	free(iu);
out:
	free(hdr);
	return 0;
}
