/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wire protocol between partitions that share no kernel: the PDU header,
 * and what may come when. The IUs are in proto_login.h and proto_iu.h; the text
 * is Documentation/protocol/wire.rst.
 *
 * Pure functions over (buffer, length): no allocation, no lock, any context.
 * A buffer that is read is the caller's own: what a peer can still write to is
 * copied first. Nothing here trusts a field that it has not checked.
 */
#ifndef _VPART_PROTO_H
#define _VPART_PROTO_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/crc32c.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/vpart.h>

#define VPART_MAGIC		0x56535231	/* "VSR1" */
#define VPART_HDR_SIZE		32
#define VPART_DIGEST_SIZE	4
#define VPART_WIRE_IU_MAX	512
#define VPART_WIRE_DATA_MAX	BIT(30)		/* of one command */

static_assert(VPART_WIRE_IU_MAX == VPART_MAX_IU);

enum vpart_pdu_type {
	VPART_PDU_INIT		= 0x00,	/* client to server */
	VPART_PDU_INIT_ACK	= 0x01,	/* server to client */
	VPART_PDU_AUTH		= 0x02,	/* client to server */
	VPART_PDU_AUTH_ACK	= 0x03,	/* server to client */
	VPART_PDU_LOGIN		= 0x04,	/* client to server, queue 0 */
	VPART_PDU_LOGIN_RSP	= 0x05,	/* server to client, queue 0 */
	VPART_PDU_REJECT	= 0x06,	/* server to client */
	VPART_PDU_REQ		= 0x10,	/* client to server */
	VPART_PDU_RSP		= 0x11,	/* server to client */
	VPART_PDU_PUT		= 0x12,	/* server to client */
	VPART_PDU_XFER_RDY	= 0x13,	/* server to client */
	VPART_PDU_DATA_OUT	= 0x14,	/* client to server */
	VPART_PDU_DATA_IN	= 0x15,	/* server to client */
	VPART_PDU_CANCEL	= 0x16,	/* client to server */
	VPART_PDU_EVENT		= 0x20,	/* server to client, queue 0 */
	VPART_PDU_EVENT_LOST	= 0x21,	/* server to client, queue 0 */
	VPART_PDU_NOP		= 0x22,	/* both ways */
	VPART_PDU_NOP_ACK	= 0x23,	/* both ways */
	VPART_PDU_BYE		= 0x24,	/* both ways */
	VPART_PDU_ERROR		= 0x25,	/* both ways */
	VPART_PDU_CLOSE_SESSION	= 0x30,	/* client to server, queue 0 */
	VPART_PDU_CLOSE_RSP	= 0x31,	/* server to client, queue 0 */
	VPART_PDU_FWD_CMD	= 0x38,	/* VIOS to VIOS */
	VPART_PDU_FWD_RSP	= 0x39,	/* VIOS to VIOS */
};

#define VPART_PDU_TYPES		64	/* no type is above */
#define VPART_PDU_HANDSHAKE	0x10	/* types below have a header digest always */
#define VPART_PDU_BIT(name)	BIT_ULL(VPART_PDU_##name)

/* struct vpart_hdr.flags */
#define VPART_HDR_WRITE		BIT(0)	/* REQ: data goes to the server */
#define VPART_HDR_READ		BIT(1)	/* REQ: data comes back */
#define VPART_HDR_PUT		BIT(2)	/* RSP: the server has let go of the tag */
#define VPART_HDR_DDGST		BIT(3)	/* a digest follows the data */
#define VPART_HDR_LAST		BIT(4)	/* DATA_*: the last of its transfer */
#define VPART_HDR_GOOD		BIT(5)	/* DATA_IN: answers too, no RSP follows */
#define VPART_HDR_PRIO		BIT(6)	/* REQ: may use a reserved tag */

/* Why a connection ends: arg of ERROR. What a receiver's check returns. */
enum vpart_wire_error {
	VPART_ERR_MALFORMED	= 1,	/* a field has a value that it may not have */
	VPART_ERR_HDR_DIGEST	= 2,
	VPART_ERR_DATA_DIGEST	= 3,
	VPART_ERR_SEQ		= 4,
	VPART_ERR_EPOCH		= 5,
	VPART_ERR_TAG		= 6,	/* beyond depth, not open, or in use */
	VPART_ERR_LENGTH	= 7,
	VPART_ERR_OFFSET	= 8,
	VPART_ERR_STATE		= 9,	/* this type may not come now */
	VPART_ERR_UNSUPPORTED	= 10,	/* unknown, or of a feature not negotiated */
	VPART_ERR_TIMEOUT	= 11,
};

/* Why a server refuses a client: arg of REJECT */
enum vpart_reject {
	VPART_REJECT_NO_ADAPTER	= 1,
	VPART_REJECT_AUTH	= 2,
	VPART_REJECT_VERSION	= 3,	/* none in common */
	VPART_REJECT_DRAIN	= 4,	/* the last session still drains: try again */
	VPART_REJECT_NOT_READY	= 5,	/* no driver yet: try again */
	VPART_REJECT_DRIVER	= 6,	/* IU: the driver's errno */
	VPART_REJECT_TOO_MANY	= 7,
	VPART_REJECT_BUSY	= 8,	/* try again */
	VPART_REJECT_MALFORMED	= 9,
};

/* Why a peer leaves: arg of BYE. A number that is not here counts as 0. */
enum vpart_bye {
	VPART_BYE_NONE		= 0,
	VPART_BYE_FAILED	= 1,	/* the sender's partition failed */
	VPART_BYE_NO_DRIVER	= 2,	/* the sender's driver has stopped */
	VPART_BYE_RESET		= 3,	/* a new session follows */
	VPART_BYE_REMOVED	= 4,	/* the adapter pair is deleted */
	VPART_BYE_AUTH		= 5,	/* the server did not prove itself */
};

/* What came of a CLOSE_SESSION: arg of CLOSE_RSP */
enum vpart_close {
	VPART_CLOSE_DONE	= 0,	/* closed and drained */
	VPART_CLOSE_UNKNOWN	= 1,	/* no such session */
	VPART_CLOSE_TIMEOUT	= 2,	/* closed, not drained in time */
};

#define VPART_FEATURE_HDGST		BIT_ULL(0)	/* header digest on every PDU */
#define VPART_FEATURE_DDGST		BIT_ULL(1)	/* digest on all data */
#define VPART_FEATURE_CLOSE_SESSION	BIT_ULL(2)
#define VPART_FEATURE_LU_TERM		BIT_ULL(8)	/* laid down, not offered */
#define VPART_FEATURE_FORWARD		BIT_ULL(9)	/* laid down, not offered */
#define VPART_FEATURES_KNOWN	(VPART_FEATURE_HDGST | VPART_FEATURE_DDGST | \
				 VPART_FEATURE_CLOSE_SESSION | VPART_FEATURE_LU_TERM | \
				 VPART_FEATURE_FORWARD)
#define VPART_FEATURES_OFFERED	(VPART_FEATURE_HDGST | VPART_FEATURE_DDGST | \
				 VPART_FEATURE_CLOSE_SESSION)

struct vpart_wire_hdr {
	__be32	magic;
	u8	type;
	u8	flags;
	__be16	iu_len;
	__be32	data_len;
	__be32	epoch;
	__be32	seq;
	__be32	tag;
	__be32	arg;
	__be32	hcrc;
};

static_assert(sizeof(struct vpart_wire_hdr) == VPART_HDR_SIZE);
static_assert(offsetof(struct vpart_wire_hdr, hcrc) == 28);

/**
 * struct vpart_hdr - a PDU's header in host order
 * @data_len: bytes of data, without pad
 * @epoch: of the session, 0 before LOGIN_RSP
 * @seq: number of the PDU on its connection in its direction
 * @tag: the bus's tag on this queue, 0 where the type has none
 * @arg: by type, 0 where it has none
 * @hcrc: header digest, 0 without
 * @iu_len: bytes of IU, without pad
 * @type: enum vpart_pdu_type
 * @flags: VPART_HDR_*
 */
struct vpart_hdr {
	u32	data_len;
	u32	epoch;
	u32	seq;
	u32	tag;
	u32	arg;
	u32	hcrc;
	u16	iu_len;
	u8	type;
	u8	flags;
};

/* Where a connection is; what may come depends on it. */
enum vpart_wire_phase {
	VPART_PHASE_INIT,	/* INIT or INIT_ACK is to come */
	VPART_PHASE_AUTH,	/* AUTH or AUTH_ACK is to come */
	VPART_PHASE_LOGIN,	/* queue 0: LOGIN or LOGIN_RSP is to come */
	VPART_PHASE_WAIT,	/* the login goes on elsewhere: nothing is to come */
	VPART_PHASE_RUN,
};

/**
 * struct vpart_wire_rules - what one connection's receiver holds a header to
 * @types: bit n: type n may come now
 * @features: VPART_FEATURE_* negotiated, 0 before INIT_ACK
 * @epoch: of the session, 0 before
 * @seq: of the next PDU; the receiver's to count
 * @max_pdu_data: bytes of data in one DATA_IN or DATA_OUT
 * @imm_max: bytes of immediate data
 * @max_data: bytes of data of one command
 * @depth: credits of this queue, 0 before
 * @queue: number of this queue
 * @side: enum vpart_side of the receiver
 * @hdgst: HDGST was negotiated
 * @ddgst: DDGST was negotiated
 * @auth: INIT_ACK asks for authentication
 * @lu_term: LU_TERM was negotiated
 *
 * Filled by vpart_rules_begin(), vpart_rules_negotiated() and
 * vpart_rules_login(); @types by vpart_rules_phase().
 */
struct vpart_wire_rules {
	u64	types;
	u32	epoch;
	u32	seq;
	u32	max_pdu_data;
	u32	imm_max;
	u32	max_data;
	u16	depth;
	u16	queue;
	bool	hdgst;
	bool	ddgst;
	bool	auth;
	bool	lu_term;
	u8	side;
	u64	features;
};

/* ---- digests and pads ---- */

#define VPART_CRC_SEED	(~0U)

/**
 * vpart_wire_crc() - CRC32C over one more piece
 * @crc: VPART_CRC_SEED, or what this returned for the piece before
 * @p: the piece
 * @len: bytes there
 *
 * Return: the running value; on the wire is its complement, vpart_crc_final().
 */
static inline u32 vpart_wire_crc(u32 crc, const void *p, size_t len)
{
	return crc32c(crc, p, len);
}

static inline u32 vpart_crc_final(u32 crc)
{
	return ~crc;
}

/**
 * vpart_digest_put() - write a data digest
 * @buf: room for VPART_DIGEST_SIZE bytes
 * @crc: running value over the data, without pad
 */
static inline void vpart_digest_put(void *buf, u32 crc)
{
	put_unaligned_be32(vpart_crc_final(crc), buf);
}

/**
 * vpart_digest_check() - is a received data digest right?
 * @buf: VPART_DIGEST_SIZE bytes that arrived
 * @crc: running value over the data, without pad
 *
 * Return: 0 or VPART_ERR_DATA_DIGEST.
 */
static inline int vpart_digest_check(const void *buf, u32 crc)
{
	return likely(get_unaligned_be32(buf) == vpart_crc_final(crc)) ? 0 : VPART_ERR_DATA_DIGEST;
}

/* Bytes of zero that follow @len bytes of IU or of data. */
static inline u32 vpart_wire_pad(u32 len)
{
	return -len & 3;
}

/**
 * vpart_pad_is_zero() - is a received pad what it has to be?
 * @pad: at most 3 bytes
 * @len: how many
 *
 * Else the PDU is VPART_ERR_MALFORMED.
 */
static inline bool vpart_pad_is_zero(const u8 *pad, u32 len)
{
	u8 any = 0;

	if (len > 0)
		any |= pad[0];
	if (len > 1)
		any |= pad[1];
	if (len > 2)
		any |= pad[2];
	return !any;
}

/**
 * vpart_hdr_crc() - the running value behind a header
 * @buf: VPART_HDR_SIZE bytes
 *
 * Go on with vpart_wire_crc() over the IU and its pad.
 */
static inline u32 vpart_hdr_crc(const void *buf)
{
	return vpart_wire_crc(VPART_CRC_SEED, buf, offsetof(struct vpart_wire_hdr, hcrc));
}

/**
 * vpart_hdr_has_digest() - has this PDU a header digest?
 * @type: its type
 * @hdgst: HDGST was negotiated
 */
static inline bool vpart_hdr_has_digest(u8 type, bool hdgst)
{
	return type < VPART_PDU_HANDSHAKE || hdgst;
}

/**
 * vpart_hdr_put() - write a header
 * @buf: room for VPART_HDR_SIZE bytes
 * @h: the header; its digest is 0 here, see vpart_hdr_seal()
 */
static inline void vpart_hdr_put(void *buf, const struct vpart_hdr *h)
{
	struct vpart_wire_hdr w = {
		.magic		= cpu_to_be32(VPART_MAGIC),
		.type		= h->type,
		.flags		= h->flags,
		.iu_len		= cpu_to_be16(h->iu_len),
		.data_len	= cpu_to_be32(h->data_len),
		.epoch		= cpu_to_be32(h->epoch),
		.seq		= cpu_to_be32(h->seq),
		.tag		= cpu_to_be32(h->tag),
		.arg		= cpu_to_be32(h->arg),
		.hcrc		= cpu_to_be32(h->hcrc),
	};

	memcpy(buf, &w, sizeof(w));
}

/**
 * vpart_hdr_seal() - give a written header its digest
 * @buf: from vpart_hdr_put()
 * @iu: the IU
 * @iu_len: bytes there, without pad
 */
static inline void vpart_hdr_seal(void *buf, const void *iu, u16 iu_len)
{
	static const u8 zero[4];
	u32 crc = vpart_hdr_crc(buf);

	crc = vpart_wire_crc(crc, iu, iu_len);
	crc = vpart_wire_crc(crc, zero, vpart_wire_pad(iu_len));
	vpart_digest_put(buf + offsetof(struct vpart_wire_hdr, hcrc), crc);
}

/**
 * vpart_hdr_sealed() - is a received header digest right?
 * @h: header that vpart_hdr_get() took, of a PDU that has a digest
 * @crc: running value over the header, the IU and its pad as they came
 *
 * Return: 0 or VPART_ERR_HDR_DIGEST.
 */
static inline int vpart_hdr_sealed(const struct vpart_hdr *h, u32 crc)
{
	return likely(h->hcrc == vpart_crc_final(crc)) ? 0 : VPART_ERR_HDR_DIGEST;
}

/**
 * vpart_pdu_size() - bytes of a PDU on the wire, with pads and data digest
 * @h: its header
 */
static inline u32 vpart_pdu_size(const struct vpart_hdr *h)
{
	return VPART_HDR_SIZE + ALIGN(h->iu_len, 4) + ALIGN(h->data_len, 4) +
	       (h->flags & VPART_HDR_DDGST ? VPART_DIGEST_SIZE : 0);
}

/* ---- what a type may have ---- */

#define VPART_PDU_TAG		BIT(0)	/* a tag */
#define VPART_PDU_ARG		BIT(1)	/* an arg */
#define VPART_PDU_DATA		BIT(2)	/* data */
#define VPART_PDU_ANY_EPOCH	BIT(3)	/* its epoch is not the receiver's */
#define VPART_PDU_RARE		BIT(4)	/* more to check: vpart_hdr_rare() */

/**
 * struct vpart_pdu - what the header of a type may say
 * @iu_min: shortest IU
 * @iu_span: how much longer it may be
 * @flags: VPART_HDR_* allowed
 * @has: VPART_PDU_*
 */
struct vpart_pdu {
	u16	iu_min;
	u16	iu_span;
	u8	flags;
	u8	has;
};

#define VPART_PDU(name, min, max, fl, hs)		\
	[VPART_PDU_##name] = {				\
		.iu_min = (min),			\
		.iu_span = (max) - (min),		\
		.flags = (fl),				\
		.has = (hs),				\
	}

static const struct vpart_pdu vpart_pdus[VPART_PDU_TYPES] __maybe_unused = {
	VPART_PDU(INIT, 160, 160, 0, 0),
	VPART_PDU(INIT_ACK, 160, 160, 0, 0),
	VPART_PDU(AUTH, 0, 32, 0, VPART_PDU_RARE),
	VPART_PDU(AUTH_ACK, 0, 32, 0, VPART_PDU_RARE),
	VPART_PDU(LOGIN, 1, 512, 0, 0),
	VPART_PDU(LOGIN_RSP, 16, 512, 0, VPART_PDU_ANY_EPOCH | VPART_PDU_RARE),
	VPART_PDU(REJECT, 0, 4, 0, VPART_PDU_ARG | VPART_PDU_RARE),
	VPART_PDU(REQ, 1, 512, VPART_HDR_WRITE | VPART_HDR_READ | VPART_HDR_DDGST | VPART_HDR_PRIO,
		  VPART_PDU_TAG | VPART_PDU_ARG | VPART_PDU_DATA),
	VPART_PDU(RSP, 0, 512, VPART_HDR_PUT, VPART_PDU_TAG),
	VPART_PDU(PUT, 0, 0, 0, VPART_PDU_TAG),
	VPART_PDU(XFER_RDY, 4, 4, 0, VPART_PDU_TAG | VPART_PDU_ARG | VPART_PDU_RARE),
	VPART_PDU(DATA_OUT, 0, 0, VPART_HDR_DDGST | VPART_HDR_LAST,
		  VPART_PDU_TAG | VPART_PDU_ARG | VPART_PDU_DATA),
	VPART_PDU(DATA_IN, 0, 0, VPART_HDR_DDGST | VPART_HDR_LAST | VPART_HDR_GOOD,
		  VPART_PDU_TAG | VPART_PDU_ARG | VPART_PDU_DATA),
	VPART_PDU(CANCEL, 0, 0, 0, VPART_PDU_TAG),
	VPART_PDU(EVENT, 8, 512, 0, 0),
	VPART_PDU(EVENT_LOST, 0, 0, 0, 0),
	VPART_PDU(NOP, 0, 0, 0, VPART_PDU_ARG),
	VPART_PDU(NOP_ACK, 0, 0, 0, VPART_PDU_ARG),
	VPART_PDU(BYE, 0, 0, 0, VPART_PDU_ARG | VPART_PDU_ANY_EPOCH),
	VPART_PDU(ERROR, 4, 4, 0, VPART_PDU_ARG | VPART_PDU_ANY_EPOCH),
	VPART_PDU(CLOSE_SESSION, 48, 48, 0, 0),
	VPART_PDU(CLOSE_RSP, 0, 0, 0, VPART_PDU_ARG),
	VPART_PDU(FWD_CMD, 65, 512,
		  VPART_HDR_WRITE | VPART_HDR_READ | VPART_HDR_DDGST | VPART_HDR_PRIO,
		  VPART_PDU_TAG | VPART_PDU_ARG | VPART_PDU_DATA | VPART_PDU_RARE),
	VPART_PDU(FWD_RSP, 16, 512, VPART_HDR_PUT, VPART_PDU_TAG),
};

/* Types that exist with these features, in whatever direction and phase. */
static inline u64 vpart_pdus_known(u64 features)
{
	u64 known = VPART_PDU_BIT(INIT) | VPART_PDU_BIT(INIT_ACK) | VPART_PDU_BIT(AUTH) |
		    VPART_PDU_BIT(AUTH_ACK) | VPART_PDU_BIT(LOGIN) | VPART_PDU_BIT(LOGIN_RSP) |
		    VPART_PDU_BIT(REJECT) | VPART_PDU_BIT(REQ) | VPART_PDU_BIT(RSP) |
		    VPART_PDU_BIT(PUT) | VPART_PDU_BIT(XFER_RDY) | VPART_PDU_BIT(DATA_OUT) |
		    VPART_PDU_BIT(DATA_IN) | VPART_PDU_BIT(CANCEL) | VPART_PDU_BIT(EVENT) |
		    VPART_PDU_BIT(EVENT_LOST) | VPART_PDU_BIT(NOP) | VPART_PDU_BIT(NOP_ACK) |
		    VPART_PDU_BIT(BYE) | VPART_PDU_BIT(ERROR);

	if (features & VPART_FEATURE_CLOSE_SESSION)
		known |= VPART_PDU_BIT(CLOSE_SESSION) | VPART_PDU_BIT(CLOSE_RSP);
	if (features & VPART_FEATURE_FORWARD)
		known |= VPART_PDU_BIT(FWD_CMD) | VPART_PDU_BIT(FWD_RSP);
	return known;
}

/* Types that a client may get while a connection runs; queue 0 may get more. */
static inline u64 vpart_pdus_to_client(u16 queue)
{
	u64 types = VPART_PDU_BIT(RSP) | VPART_PDU_BIT(PUT) | VPART_PDU_BIT(XFER_RDY) |
		    VPART_PDU_BIT(DATA_IN) | VPART_PDU_BIT(FWD_RSP) |
		    VPART_PDU_BIT(NOP) | VPART_PDU_BIT(NOP_ACK);

	if (!queue)
		types |= VPART_PDU_BIT(EVENT) | VPART_PDU_BIT(EVENT_LOST) |
			 VPART_PDU_BIT(CLOSE_RSP);
	return types;
}

/* The same for a server. */
static inline u64 vpart_pdus_to_server(u16 queue)
{
	u64 types = VPART_PDU_BIT(REQ) | VPART_PDU_BIT(DATA_OUT) | VPART_PDU_BIT(CANCEL) |
		    VPART_PDU_BIT(FWD_CMD) | VPART_PDU_BIT(NOP) | VPART_PDU_BIT(NOP_ACK);

	if (!queue)
		types |= VPART_PDU_BIT(CLOSE_SESSION);
	return types;
}

/**
 * vpart_rules_phase() - a connection enters a phase
 * @r: its rules; features, side and queue are set
 * @phase: the phase
 */
static inline void vpart_rules_phase(struct vpart_wire_rules *r, enum vpart_wire_phase phase)
{
	bool client = r->side == VPART_SIDE_CLIENT;
	u64 types = VPART_PDU_BIT(BYE) | VPART_PDU_BIT(ERROR);

	switch (phase) {
	case VPART_PHASE_INIT:
		if (client)
			types |= VPART_PDU_BIT(INIT_ACK) | VPART_PDU_BIT(REJECT);
		else	/* the client's first word */
			types = VPART_PDU_BIT(INIT);
		break;
	case VPART_PHASE_AUTH:
		types |= client ? VPART_PDU_BIT(AUTH_ACK) | VPART_PDU_BIT(REJECT) :
				  VPART_PDU_BIT(AUTH);
		break;
	case VPART_PHASE_LOGIN:
		types |= client ? VPART_PDU_BIT(LOGIN_RSP) | VPART_PDU_BIT(REJECT) :
				  VPART_PDU_BIT(LOGIN);
		break;
	case VPART_PHASE_WAIT:
		break;
	case VPART_PHASE_RUN:
		types |= client ? vpart_pdus_to_client(r->queue) : vpart_pdus_to_server(r->queue);
		break;
	}
	r->types = types & vpart_pdus_known(r->features);
}

/**
 * vpart_rules_begin() - a connection begins
 * @r: its rules
 * @side: the receiver's
 * @queue: number of the queue; a server sets it with INIT
 */
static inline void vpart_rules_begin(struct vpart_wire_rules *r, enum vpart_side side, u16 queue)
{
	memset(r, 0, sizeof(*r));
	r->side = side;
	r->queue = queue;
	vpart_rules_phase(r, VPART_PHASE_INIT);
}

/* ---- the header of a PDU that arrives ---- */

/* A command's header: which tag, how much data, which way, what of it is here. */
static inline int vpart_hdr_command(const struct vpart_hdr *h, const struct vpart_wire_rules *r)
{
	u8 way = h->flags & (VPART_HDR_WRITE | VPART_HDR_READ);

	if (unlikely(h->tag + VPART_PRIO_TAGS >= r->depth && !(h->flags & VPART_HDR_PRIO)))
		return VPART_ERR_TAG;
	if (unlikely(way == (VPART_HDR_WRITE | VPART_HDR_READ) || !way != !h->arg))
		return VPART_ERR_MALFORMED;
	if (unlikely(h->arg > r->max_data))
		return VPART_ERR_LENGTH;
	/* Immediate data: none, or as much as may be. */
	if (h->data_len && unlikely(!(way & VPART_HDR_WRITE) ||
				    h->data_len != min(h->arg, r->imm_max)))
		return VPART_ERR_LENGTH;
	return 0;
}

/* What only types that are seldom, or carry little, need. */
static inline int vpart_hdr_rare(const struct vpart_hdr *h, const struct vpart_wire_rules *r)
{
	switch (h->type) {
	case VPART_PDU_AUTH:
	case VPART_PDU_AUTH_ACK:
		return h->iu_len == (r->auth ? 32 : 0) ? 0 : VPART_ERR_LENGTH;
	case VPART_PDU_LOGIN_RSP:
		return h->epoch ? 0 : VPART_ERR_EPOCH;
	case VPART_PDU_REJECT:
		if (!h->arg)
			return VPART_ERR_MALFORMED;
		return h->iu_len == (h->arg == VPART_REJECT_DRIVER ? 4 : 0) ? 0 : VPART_ERR_LENGTH;
	case VPART_PDU_XFER_RDY:
		return h->arg < r->max_data ? 0 : VPART_ERR_OFFSET;
	case VPART_PDU_FWD_CMD:
		return vpart_hdr_command(h, r);
	}
	return 0;
}

/**
 * vpart_hdr_get() - validate a header
 * @h: result, whole even if it is refused
 * @buf: VPART_HDR_SIZE bytes that arrived
 * @r: what was negotiated, and what is to come
 *
 * Checks all that the header alone can show. What is left to the receiver: the
 * digests and pads, the state of the tag, and the order of offsets.
 *
 * Context: Any.
 * Return: 0, or the VPART_ERR_* for the peer.
 */
static inline int vpart_hdr_get(struct vpart_hdr *h, const void *buf,
				const struct vpart_wire_rules *r)
{
	const struct vpart_pdu *pdu;
	struct vpart_wire_hdr w;
	u32 wrong;

	memcpy(&w, buf, sizeof(w));
	h->type = w.type;
	h->flags = w.flags;
	h->iu_len = be16_to_cpu(w.iu_len);
	h->data_len = be32_to_cpu(w.data_len);
	h->epoch = be32_to_cpu(w.epoch);
	h->seq = be32_to_cpu(w.seq);
	h->tag = be32_to_cpu(w.tag);
	h->arg = be32_to_cpu(w.arg);
	h->hcrc = be32_to_cpu(w.hcrc);

	if (unlikely(w.magic != cpu_to_be32(VPART_MAGIC)))
		return VPART_ERR_MALFORMED;
	if (unlikely(h->type >= VPART_PDU_TYPES || !(r->types & BIT_ULL(h->type))))
		return h->type < VPART_PDU_TYPES &&
		       vpart_pdus_known(r->features) & BIT_ULL(h->type) ?
		       VPART_ERR_STATE : VPART_ERR_UNSUPPORTED;

	/* Bounded even where the branch above was mispredicted. */
	pdu = &vpart_pdus[h->type & (VPART_PDU_TYPES - 1)];
	wrong = h->flags & ~pdu->flags;
	wrong |= !(h->flags & VPART_HDR_DDGST) != !(r->ddgst && h->data_len);
	wrong |= pdu->has & VPART_PDU_TAG ? 0 : h->tag;
	wrong |= pdu->has & VPART_PDU_ARG ? 0 : h->arg;
	wrong |= vpart_hdr_has_digest(h->type, r->hdgst) ? 0 : h->hcrc;
	if (unlikely(wrong))
		return VPART_ERR_MALFORMED;
	if (unlikely((u32)h->iu_len - pdu->iu_min > pdu->iu_span ||
		     h->data_len > (pdu->has & VPART_PDU_DATA ? r->max_pdu_data : 0)))
		return VPART_ERR_LENGTH;
	if (unlikely(h->epoch != r->epoch && !(pdu->has & VPART_PDU_ANY_EPOCH)))
		return VPART_ERR_EPOCH;
	if (unlikely(h->seq != r->seq))
		return VPART_ERR_SEQ;
	if (unlikely(pdu->has & VPART_PDU_TAG && h->tag >= r->depth))
		return VPART_ERR_TAG;

	if (h->type == VPART_PDU_REQ)
		return vpart_hdr_command(h, r);
	if (h->type == VPART_PDU_DATA_OUT || h->type == VPART_PDU_DATA_IN) {
		if (h->flags & VPART_HDR_GOOD &&
		    unlikely(!(h->flags & VPART_HDR_LAST) || r->lu_term))
			return VPART_ERR_MALFORMED;
		if (unlikely(!h->data_len))
			return VPART_ERR_LENGTH;
		if (unlikely(h->arg > r->max_data || h->data_len > r->max_data - h->arg))
			return VPART_ERR_OFFSET;
		return 0;
	}
	return unlikely(pdu->has & VPART_PDU_RARE) ? vpart_hdr_rare(h, r) : 0;
}

#endif /* _VPART_PROTO_H */
