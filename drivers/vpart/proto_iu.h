/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IUs of a running session of the wire protocol, but for the driver's own:
 * XFER_RDY and the order of data, EVENT, ERROR, CLOSE_SESSION, and what is laid
 * down for forwarded commands. Pure functions as in proto.h.
 */
#ifndef _VPART_PROTO_IU_H
#define _VPART_PROTO_IU_H

#include <linux/uuid.h>

#include "proto.h"

/* ---- data ---- */

/**
 * vpart_xfer_rdy_put() - write the IU of an XFER_RDY
 * @iu: room for 4 bytes
 * @want: bytes wanted, from header's arg on
 *
 * Return: its length.
 */
static inline u16 vpart_xfer_rdy_put(void *iu, u32 want)
{
	put_unaligned_be32(want, iu);
	return 4;
}

/**
 * vpart_xfer_rdy_get() - validate an XFER_RDY against its command
 * @h: header that vpart_hdr_get() took
 * @iu: IU, 4 bytes
 * @next: bytes of the command's data that were sent so far
 * @total: bytes of the command's data
 * @want: result: bytes wanted from @next on
 *
 * Return: 0, VPART_ERR_OFFSET or VPART_ERR_LENGTH.
 */
static inline int vpart_xfer_rdy_get(const struct vpart_hdr *h, const void *iu, u32 next,
				     u32 total, u32 *want)
{
	*want = get_unaligned_be32(iu);
	if (unlikely(h->arg != next))
		return VPART_ERR_OFFSET;
	if (unlikely(!*want || next > total || *want > total - next))
		return VPART_ERR_LENGTH;
	return 0;
}

/**
 * vpart_data_out_check() - does a DATA_OUT continue what was asked for?
 * @h: header that vpart_hdr_get() took
 * @next: offset of the byte that has to come
 * @end: offset behind the last byte wanted by XFER_RDY
 *
 * Return: 0, VPART_ERR_OFFSET, VPART_ERR_LENGTH, or VPART_ERR_MALFORMED if LAST
 * is where it should not be, or is not where it should.
 */
static inline int vpart_data_out_check(const struct vpart_hdr *h, u32 next, u32 end)
{
	if (unlikely(h->arg != next || next > end))
		return VPART_ERR_OFFSET;
	if (unlikely(h->data_len > end - next))
		return VPART_ERR_LENGTH;
	if (unlikely(!(h->flags & VPART_HDR_LAST) != (h->data_len != end - next)))
		return VPART_ERR_MALFORMED;
	return 0;
}

/**
 * vpart_data_in_check() - does a DATA_IN continue what came before?
 * @h: header that vpart_hdr_get() took
 * @next: offset of the byte that has to come
 * @total: bytes that the command asked for
 *
 * LAST may come early: the server has no more. With GOOD all of it is there.
 * After LAST no DATA_IN may come for this command; that is the caller's.
 *
 * Return: 0, VPART_ERR_OFFSET, VPART_ERR_LENGTH or VPART_ERR_MALFORMED.
 */
static inline int vpart_data_in_check(const struct vpart_hdr *h, u32 next, u32 total)
{
	if (unlikely(h->arg != next || next > total))
		return VPART_ERR_OFFSET;
	if (unlikely(h->data_len > total - next))
		return VPART_ERR_LENGTH;
	if (h->data_len == total - next)
		return unlikely(!(h->flags & VPART_HDR_LAST)) ? VPART_ERR_MALFORMED : 0;
	return unlikely(h->flags & VPART_HDR_GOOD) ? VPART_ERR_MALFORMED : 0;
}

/* ---- events, errors ---- */

#define VPART_EVENT_IU_MAX	(VPART_WIRE_IU_MAX - 8)

/**
 * vpart_event_put() - write the head of an EVENT's IU
 * @iu: room for 8 bytes; the event IU, at most VPART_EVENT_IU_MAX, follows
 * @number: of the event, counted from 1 as long as the server keeps the link
 *
 * Return: length of the head.
 */
static inline u16 vpart_event_put(void *iu, u64 number)
{
	put_unaligned_be64(number, iu);
	return 8;
}

/**
 * vpart_event_get() - take an EVENT's IU apart
 * @iu: from the peer
 * @len: its length
 * @number: result
 * @event: result: the event IU, inside @iu
 * @event_len: result: its length
 *
 * Return: 0, VPART_ERR_LENGTH, or VPART_ERR_MALFORMED for number 0.
 */
static inline int vpart_event_get(const void *iu, u16 len, u64 *number, const void **event,
				  u16 *event_len)
{
	if (len < 8 || len > VPART_WIRE_IU_MAX)
		return VPART_ERR_LENGTH;
	*number = get_unaligned_be64(iu);
	*event = iu + 8;
	*event_len = len - 8;
	return *number ? 0 : VPART_ERR_MALFORMED;
}

/**
 * vpart_error_put() - write the IU of an ERROR
 * @iu: room for 4 bytes
 * @seq: number of the PDU that was wrong; without one, of the next that was due
 *
 * Return: its length.
 */
static inline u16 vpart_error_put(void *iu, u32 seq)
{
	put_unaligned_be32(seq, iu);
	return 4;
}

/* Which of our PDUs the peer complains about; for the log, so without check. */
static inline u32 vpart_error_get(const void *iu)
{
	return get_unaligned_be32(iu);
}

/* ---- CLOSE_SESSION ---- */

struct vpart_wire_close {
	__be32	adapter;
	__be32	zero;
	__be64	session;
	u8	client[UUID_SIZE];
	u8	boot[UUID_SIZE];
};

static_assert(sizeof(struct vpart_wire_close) == 48);

/**
 * struct vpart_close_session - the session that is to end
 * @session: from INIT_ACK
 * @client: the client's partition
 * @boot: its instance at that time
 * @adapter: number of the adapter pair
 */
struct vpart_close_session {
	u64	session;
	uuid_t	client;
	uuid_t	boot;
	u32	adapter;
};

/**
 * vpart_close_put() - write the IU of a CLOSE_SESSION
 * @iu: room for 48 bytes
 * @c: what it says
 *
 * Return: its length.
 */
static inline u16 vpart_close_put(void *iu, const struct vpart_close_session *c)
{
	struct vpart_wire_close w = {
		.adapter	= cpu_to_be32(c->adapter),
		.session	= cpu_to_be64(c->session),
	};

	export_uuid(w.client, &c->client);
	export_uuid(w.boot, &c->boot);
	memcpy(iu, &w, sizeof(w));
	return sizeof(w);
}

/**
 * vpart_close_get() - validate the IU of a CLOSE_SESSION
 * @c: result
 * @iu: from the peer
 * @len: its length
 *
 * That the peer is this client is the caller's to check.
 *
 * Return: 0, VPART_ERR_LENGTH or VPART_ERR_MALFORMED.
 */
static inline int vpart_close_get(struct vpart_close_session *c, const void *iu, u16 len)
{
	struct vpart_wire_close w;

	if (len != sizeof(w))
		return VPART_ERR_LENGTH;
	memcpy(&w, iu, sizeof(w));
	c->adapter = be32_to_cpu(w.adapter);
	c->session = be64_to_cpu(w.session);
	import_uuid(&c->client, w.client);
	import_uuid(&c->boot, w.boot);
	return w.zero || !w.session ? VPART_ERR_MALFORMED : 0;
}

/* ---- LU term, forwarded commands: laid down, not offered ---- */

struct vpart_wire_fwd_cmd {
	u8	origin[UUID_SIZE];
	u8	lu[UUID_SIZE];
	__be64	term;
	__be64	generation;
	__be32	adapter;
	__be32	deadline;
	__be16	port;
	u8	ttl;
	u8	zero1;
	__be32	zero2;
};

struct vpart_wire_fwd_rsp {
	__be64	term;
	__be32	status;
	__be32	zero;
};

static_assert(sizeof(struct vpart_wire_fwd_cmd) == 64);
static_assert(offsetof(struct vpart_wire_fwd_cmd, adapter) == 48);
static_assert(sizeof(struct vpart_wire_fwd_rsp) == 16);

#define VPART_FWD_TTL	1

/* What came of a forwarded command */
enum vpart_fwd_status {
	VPART_FWD_EXECUTED	= 0,	/* a response IU follows */
	VPART_FWD_STALE		= 1,	/* the term is not the owner's: not executed */
	VPART_FWD_BUSY		= 2,	/* not executed */
};

/**
 * struct vpart_fwd_cmd - on whose behalf a command is forwarded
 * @origin: the client's partition
 * @lu: the logical unit
 * @term: of the logical unit, as the sender knows it
 * @generation: of the database, as the sender knows it
 * @adapter: number of the client's adapter pair
 * @deadline: ms after which nobody waits for the answer
 * @port: relative target port through which the client sent it
 */
struct vpart_fwd_cmd {
	uuid_t	origin;
	uuid_t	lu;
	u64	term;
	u64	generation;
	u32	adapter;
	u32	deadline;
	u16	port;
};

/**
 * vpart_fwd_cmd_put() - write the prefix of a FWD_CMD's IU
 * @iu: room for 64 bytes; the request IU follows
 * @f: what it says
 *
 * Return: length of the prefix.
 */
static inline u16 vpart_fwd_cmd_put(void *iu, const struct vpart_fwd_cmd *f)
{
	struct vpart_wire_fwd_cmd w = {
		.term		= cpu_to_be64(f->term),
		.generation	= cpu_to_be64(f->generation),
		.adapter	= cpu_to_be32(f->adapter),
		.deadline	= cpu_to_be32(f->deadline),
		.port		= cpu_to_be16(f->port),
		.ttl		= VPART_FWD_TTL,
	};

	export_uuid(w.origin, &f->origin);
	export_uuid(w.lu, &f->lu);
	memcpy(iu, &w, sizeof(w));
	return sizeof(w);
}

/**
 * vpart_fwd_cmd_get() - validate the prefix of a FWD_CMD's IU
 * @f: result
 * @iu: from the peer
 * @len: length of the whole IU
 *
 * Return: 0; the request IU is behind the prefix and not empty. Else
 * VPART_ERR_LENGTH or VPART_ERR_MALFORMED.
 */
static inline int vpart_fwd_cmd_get(struct vpart_fwd_cmd *f, const void *iu, u16 len)
{
	struct vpart_wire_fwd_cmd w;

	if (len <= sizeof(w) || len > VPART_WIRE_IU_MAX)
		return VPART_ERR_LENGTH;
	memcpy(&w, iu, sizeof(w));
	import_uuid(&f->origin, w.origin);
	import_uuid(&f->lu, w.lu);
	f->term = be64_to_cpu(w.term);
	f->generation = be64_to_cpu(w.generation);
	f->adapter = be32_to_cpu(w.adapter);
	f->deadline = be32_to_cpu(w.deadline);
	f->port = be16_to_cpu(w.port);
	return w.ttl != VPART_FWD_TTL || w.zero1 || w.zero2 ? VPART_ERR_MALFORMED : 0;
}

/**
 * vpart_fwd_rsp_put() - write the prefix of a FWD_RSP's IU
 * @iu: room for 16 bytes; the response IU follows if it was executed
 * @term: of the logical unit, as the owner knows it
 * @status: enum vpart_fwd_status
 *
 * Return: length of the prefix.
 */
static inline u16 vpart_fwd_rsp_put(void *iu, u64 term, u32 status)
{
	struct vpart_wire_fwd_rsp w = {
		.term	= cpu_to_be64(term),
		.status	= cpu_to_be32(status),
	};

	memcpy(iu, &w, sizeof(w));
	return sizeof(w);
}

/**
 * vpart_fwd_rsp_get() - validate the prefix of a FWD_RSP's IU
 * @iu: from the peer
 * @len: length of the whole IU
 * @term: result
 * @status: result
 *
 * Return: 0; a response IU is behind the prefix exactly if @status is
 * VPART_FWD_EXECUTED. Else VPART_ERR_LENGTH or VPART_ERR_MALFORMED.
 */
static inline int vpart_fwd_rsp_get(const void *iu, u16 len, u64 *term, u32 *status)
{
	struct vpart_wire_fwd_rsp w;

	if (len < sizeof(w) || len > VPART_WIRE_IU_MAX)
		return VPART_ERR_LENGTH;
	memcpy(&w, iu, sizeof(w));
	*term = be64_to_cpu(w.term);
	*status = be32_to_cpu(w.status);
	if (w.zero || *status > VPART_FWD_BUSY)
		return VPART_ERR_MALFORMED;
	return (*status == VPART_FWD_EXECUTED) == (len > sizeof(w)) ? 0 : VPART_ERR_LENGTH;
}

/**
 * vpart_lu_term_get() - take the LU's term off a RSP, with feature LU_TERM
 * @iu: from the peer
 * @len: its length
 * @term: result
 *
 * Return: 0; the response IU is 8 bytes further and not empty. Else
 * VPART_ERR_LENGTH.
 */
static inline int vpart_lu_term_get(const void *iu, u16 len, u64 *term)
{
	if (len <= 8)
		return VPART_ERR_LENGTH;
	*term = get_unaligned_be64(iu);
	return 0;
}

#endif /* _VPART_PROTO_IU_H */
