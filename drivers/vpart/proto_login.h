/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handshake of the wire protocol: INIT, INIT_ACK, AUTH, LOGIN_RSP, REJECT.
 * Pure functions as in proto.h; the shared-memory fabric uses these too.
 *
 * Who asks is bound by what it asked for: an answer is checked against the
 * question, and each further queue against what queue 0 agreed on.
 */
#ifndef _VPART_PROTO_LOGIN_H
#define _VPART_PROTO_LOGIN_H

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/uuid.h>

#include "proto.h"

#define VPART_WIRE_VERSION	1	/* the only one so far */
#define VPART_NONCE_SIZE	32
#define VPART_MAC_SIZE		32	/* HMAC-SHA-256 */
#define VPART_INIT_SIZE		160

/* What a MAC begins with, the closing NUL included. */
#define VPART_AUTH_LABEL	"vpart-1 client"
#define VPART_AUTH_ACK_LABEL	"vpart-1 server"

/* Limits of sanity: what an INIT may ask for at all. */
#define VPART_PDU_DATA_MIN	4096
#define VPART_PDU_DATA_MAX	(1024 * 1024)
#define VPART_PDU_DATA_UNIT	512
#define VPART_IMM_MAX		(64 * 1024)
#define VPART_IMM_DEFAULT	(8 * 1024)
#define VPART_WIRE_DEPTH_MIN	3
#define VPART_WIRE_DEPTH_MAX	1024
#define VPART_WIRE_QUEUES_MAX	64
#define VPART_KEEPALIVE_MIN	500	/* ms */
#define VPART_KEEPALIVE_MAX	60000
#define VPART_KEEPALIVE_DEFAULT	2000
#define VPART_CMD_DATA_MIN	512

static_assert(VPART_WIRE_DEPTH_MIN > VPART_PRIO_TAGS);

/* struct vpart_init.role */
#define VPART_INIT_CLIENT	0
#define VPART_INIT_VIOS		1	/* for forwarded commands */

/* struct vpart_init_ack.auth */
#define VPART_AUTH_NONE		0
#define VPART_AUTH_HMAC_SHA256	1

/* struct vpart_login_limits.caps */
#define VPART_WIRE_CAP_STABLE	BIT(2)	/* data must not change while it is sent */
#define VPART_WIRE_CAPS_KNOWN	VPART_WIRE_CAP_STABLE

struct vpart_wire_init {
	u8	ver_min;
	u8	ver_max;
	u8	role;
	u8	zero1;
	__be16	queue;
	__be16	queues;
	__be64	features;
	__be32	adapter;
	__be32	keepalive;
	__be64	session;
	u8	client[UUID_SIZE];
	u8	server[UUID_SIZE];
	u8	boot[UUID_SIZE];
	u8	nonce[VPART_NONCE_SIZE];
	__be32	max_pdu_data;
	__be32	imm_max;
	__be16	depth;
	u8	zero2[38];
};

struct vpart_wire_init_ack {
	u8	version;
	u8	auth;
	__be16	zero1;
	__be16	queue;
	__be16	queues;
	__be64	features;
	__be32	adapter;
	__be32	keepalive;
	__be64	session;
	u8	zero2[UUID_SIZE];
	u8	server[UUID_SIZE];
	u8	boot[UUID_SIZE];
	u8	nonce[VPART_NONCE_SIZE];
	__be32	max_pdu_data;
	__be32	imm_max;
	__be16	depth;
	u8	zero3[38];
};

struct vpart_wire_login_rsp {
	__be16	queues;
	__be16	depth;
	__be16	max_segs;
	__be16	zero;
	__be32	max_data;
	__be32	caps;
};

static_assert(sizeof(struct vpart_wire_init) == VPART_INIT_SIZE);
static_assert(offsetof(struct vpart_wire_init, client) == 32);
static_assert(offsetof(struct vpart_wire_init, nonce) == 80);
static_assert(offsetof(struct vpart_wire_init, depth) == 120);
static_assert(sizeof(struct vpart_wire_init_ack) == VPART_INIT_SIZE);
static_assert(offsetof(struct vpart_wire_init_ack, server) ==
	      offsetof(struct vpart_wire_init, server));
static_assert(offsetof(struct vpart_wire_init_ack, depth) ==
	      offsetof(struct vpart_wire_init, depth));
static_assert(sizeof(struct vpart_wire_login_rsp) == 16);

/**
 * struct vpart_init - what a client asks for on a new connection
 * @features: VPART_FEATURE_* it offers
 * @session: 0 on queue 0, else from that queue's INIT_ACK
 * @client: its partition
 * @server: the partition it means to reach
 * @boot: instance of its partition
 * @nonce: random, new for each INIT
 * @adapter: number of the adapter pair
 * @keepalive: ms it offers
 * @max_pdu_data: bytes of data it takes in one PDU
 * @imm_max: bytes of immediate data it would send
 * @queue: number of this connection's queue
 * @queues: how many it would use
 * @depth: credits per queue it would use
 * @ver_min: lowest version it speaks
 * @ver_max: highest version it speaks
 * @role: VPART_INIT_*
 */
struct vpart_init {
	u64	features;
	u64	session;
	uuid_t	client;
	uuid_t	server;
	uuid_t	boot;
	u8	nonce[VPART_NONCE_SIZE];
	u32	adapter;
	u32	keepalive;
	u32	max_pdu_data;
	u32	imm_max;
	u16	queue;
	u16	queues;
	u16	depth;
	u8	ver_min;
	u8	ver_max;
	u8	role;
};

/**
 * struct vpart_init_ack - what the server grants; in force from then on
 * @features: VPART_FEATURE_* both have
 * @session: number of the session, not 0
 * @server: its partition
 * @boot: instance of its partition
 * @nonce: random, new for each INIT_ACK
 * @adapter: number of the adapter pair
 * @keepalive: ms
 * @max_pdu_data: bytes of data in one PDU
 * @imm_max: bytes of immediate data
 * @queue: as asked
 * @queues: how many
 * @depth: credits per queue
 * @version: of the protocol
 * @auth: VPART_AUTH_*
 */
struct vpart_init_ack {
	u64	features;
	u64	session;
	uuid_t	server;
	uuid_t	boot;
	u8	nonce[VPART_NONCE_SIZE];
	u32	adapter;
	u32	keepalive;
	u32	max_pdu_data;
	u32	imm_max;
	u16	queue;
	u16	queues;
	u16	depth;
	u8	version;
	u8	auth;
};

/**
 * struct vpart_wire_own - what one end can do, whoever the peer is
 * @features: VPART_FEATURE_* it has and wants
 * @keepalive: ms
 * @max_pdu_data: bytes of data in one PDU
 * @imm_max: bytes of immediate data
 * @queues: how many
 * @depth: credits per queue
 * @ver_min: lowest version it speaks
 * @ver_max: highest version it speaks
 */
struct vpart_wire_own {
	u64	features;
	u32	keepalive;
	u32	max_pdu_data;
	u32	imm_max;
	u16	queues;
	u16	depth;
	u8	ver_min;
	u8	ver_max;
};

/**
 * struct vpart_login_limits - what the server's driver grants
 * @max_data: bytes of data of one command
 * @caps: VPART_WIRE_CAP_*
 * @queues: queues in use
 * @depth: credits per queue, the VPART_PRIO_TAGS last of them reserved
 * @max_segs: scatterlist entries of one command
 */
struct vpart_login_limits {
	u32	max_data;
	u32	caps;
	u16	queues;
	u16	depth;
	u16	max_segs;
};

/* ---- versions and features ---- */

/**
 * vpart_version_pick() - the highest version that two peers have in common
 * @own_min: lowest of one
 * @own_max: highest of one
 * @ver_min: lowest of the other
 * @ver_max: highest of the other
 *
 * Return: the version, or 0: none.
 */
static inline u8 vpart_version_pick(u8 own_min, u8 own_max, u8 ver_min, u8 ver_max)
{
	u8 best = min(own_max, ver_max);

	return best >= own_min && best >= ver_min ? best : 0;
}

/**
 * vpart_features_pick() - what of a client's offer comes into force
 * @own: what the server has and wants
 * @offered: by the client
 *
 * A bit that the server does not know is one that it does not have.
 */
static inline u64 vpart_features_pick(u64 own, u64 offered)
{
	return own & offered & VPART_FEATURES_KNOWN;
}

/* ---- INIT ---- */

/* Limits of sanity of what INIT and INIT_ACK have in common */
static inline bool vpart_init_sane(u16 queue, u16 queues, u16 depth, u32 keepalive,
				   u32 max_pdu_data, u32 imm_max)
{
	return queues && queues <= VPART_WIRE_QUEUES_MAX && queue < queues &&
	       depth >= VPART_WIRE_DEPTH_MIN && depth <= VPART_WIRE_DEPTH_MAX &&
	       keepalive >= VPART_KEEPALIVE_MIN && keepalive <= VPART_KEEPALIVE_MAX &&
	       max_pdu_data >= VPART_PDU_DATA_MIN && max_pdu_data <= VPART_PDU_DATA_MAX &&
	       !(max_pdu_data % VPART_PDU_DATA_UNIT) &&
	       imm_max <= VPART_IMM_MAX && imm_max <= max_pdu_data;
}

/**
 * vpart_init_put() - write the IU of an INIT
 * @iu: room for VPART_INIT_SIZE bytes
 * @init: what it says
 *
 * Return: its length.
 */
static inline u16 vpart_init_put(void *iu, const struct vpart_init *init)
{
	struct vpart_wire_init w = {
		.ver_min	= init->ver_min,
		.ver_max	= init->ver_max,
		.role		= init->role,
		.queue		= cpu_to_be16(init->queue),
		.queues		= cpu_to_be16(init->queues),
		.features	= cpu_to_be64(init->features),
		.adapter	= cpu_to_be32(init->adapter),
		.keepalive	= cpu_to_be32(init->keepalive),
		.session	= cpu_to_be64(init->session),
		.max_pdu_data	= cpu_to_be32(init->max_pdu_data),
		.imm_max	= cpu_to_be32(init->imm_max),
		.depth		= cpu_to_be16(init->depth),
	};

	export_uuid(w.client, &init->client);
	export_uuid(w.server, &init->server);
	export_uuid(w.boot, &init->boot);
	memcpy(w.nonce, init->nonce, VPART_NONCE_SIZE);
	memcpy(iu, &w, sizeof(w));
	return sizeof(w);
}

/**
 * vpart_init_get() - validate the IU of an INIT
 * @init: result
 * @iu: from the client
 * @len: its length
 * @own: what this server can do
 *
 * A client that knows more than this server may have put something where
 * version 1 has zeroes; nobody else may.
 *
 * Return: 0, VPART_REJECT_VERSION or VPART_REJECT_MALFORMED.
 */
static inline int vpart_init_get(struct vpart_init *init, const void *iu, u16 len,
				 const struct vpart_wire_own *own)
{
	struct vpart_wire_init w;
	bool newer;

	if (len != sizeof(w))
		return VPART_REJECT_MALFORMED;
	memcpy(&w, iu, sizeof(w));
	init->ver_min = w.ver_min;
	init->ver_max = w.ver_max;
	init->role = w.role;
	init->queue = be16_to_cpu(w.queue);
	init->queues = be16_to_cpu(w.queues);
	init->features = be64_to_cpu(w.features);
	init->adapter = be32_to_cpu(w.adapter);
	init->keepalive = be32_to_cpu(w.keepalive);
	init->session = be64_to_cpu(w.session);
	import_uuid(&init->client, w.client);
	import_uuid(&init->server, w.server);
	import_uuid(&init->boot, w.boot);
	memcpy(init->nonce, w.nonce, VPART_NONCE_SIZE);
	init->max_pdu_data = be32_to_cpu(w.max_pdu_data);
	init->imm_max = be32_to_cpu(w.imm_max);
	init->depth = be16_to_cpu(w.depth);

	if (w.ver_min > w.ver_max)
		return VPART_REJECT_MALFORMED;
	if (!vpart_version_pick(own->ver_min, own->ver_max, w.ver_min, w.ver_max))
		return VPART_REJECT_VERSION;
	newer = w.ver_max > own->ver_max || init->features & ~VPART_FEATURES_KNOWN;
	if (!newer && (w.zero1 || memchr_inv(w.zero2, 0, sizeof(w.zero2))))
		return VPART_REJECT_MALFORMED;
	if (w.role > VPART_INIT_VIOS || !init->session != !init->queue ||
	    !vpart_init_sane(init->queue, init->queues, init->depth, init->keepalive,
			     init->max_pdu_data, init->imm_max))
		return VPART_REJECT_MALFORMED;
	return 0;
}

/**
 * vpart_init_answer() - what a server grants to a valid INIT of queue 0
 * @ack: result, but for session, server's boot, nonce and auth: left as they are
 * @init: from vpart_init_get()
 * @own: what this server can do, within the limits of sanity
 */
static inline void vpart_init_answer(struct vpart_init_ack *ack, const struct vpart_init *init,
				     const struct vpart_wire_own *own)
{
	ack->version = vpart_version_pick(own->ver_min, own->ver_max, init->ver_min,
					  init->ver_max);
	ack->features = vpart_features_pick(own->features, init->features);
	ack->server = init->server;
	ack->adapter = init->adapter;
	ack->keepalive = min(own->keepalive, init->keepalive);
	ack->max_pdu_data = min(own->max_pdu_data, init->max_pdu_data);
	ack->imm_max = min3(own->imm_max, init->imm_max, ack->max_pdu_data);
	ack->queue = init->queue;
	ack->queues = min(own->queues, init->queues);
	ack->depth = min(own->depth, init->depth);
}

/**
 * vpart_init_next() - what a client asks for on a further queue
 * @init: its INIT of queue 0; the queue, and what was agreed, are changed. The
 *	nonce is the caller's to renew.
 * @ack: the server's answer to that
 * @queue: from 1
 */
static inline void vpart_init_next(struct vpart_init *init, const struct vpart_init_ack *ack,
				   u16 queue)
{
	init->ver_min = ack->version;
	init->ver_max = ack->version;
	init->features = ack->features;
	init->session = ack->session;
	init->keepalive = ack->keepalive;
	init->max_pdu_data = ack->max_pdu_data;
	init->imm_max = ack->imm_max;
	init->queues = ack->queues;
	init->depth = ack->depth;
	init->queue = queue;
}

/**
 * vpart_init_joins() - does an INIT of a further queue belong to its session?
 * @init: from vpart_init_get(), its queue is not 0
 * @first: the INIT of queue 0
 * @ack: the answer that it got
 *
 * That the queue has no connection yet is the caller's to check.
 *
 * Return: true if it asks for what was agreed on queue 0, and no more.
 */
static inline bool vpart_init_joins(const struct vpart_init *init, const struct vpart_init *first,
				    const struct vpart_init_ack *ack)
{
	return init->session == ack->session && init->ver_min == ack->version &&
	       init->ver_max == ack->version && init->role == first->role &&
	       init->features == ack->features && init->adapter == ack->adapter &&
	       init->keepalive == ack->keepalive && init->queues == ack->queues &&
	       init->max_pdu_data == ack->max_pdu_data && init->imm_max == ack->imm_max &&
	       init->depth == ack->depth && uuid_equal(&init->client, &first->client) &&
	       uuid_equal(&init->server, &first->server) && uuid_equal(&init->boot, &first->boot);
}

/* ---- INIT_ACK ---- */

/**
 * vpart_init_ack_put() - write the IU of an INIT_ACK
 * @iu: room for VPART_INIT_SIZE bytes
 * @ack: what it says
 *
 * Return: its length.
 */
static inline u16 vpart_init_ack_put(void *iu, const struct vpart_init_ack *ack)
{
	struct vpart_wire_init_ack w = {
		.version	= ack->version,
		.auth		= ack->auth,
		.queue		= cpu_to_be16(ack->queue),
		.queues		= cpu_to_be16(ack->queues),
		.features	= cpu_to_be64(ack->features),
		.adapter	= cpu_to_be32(ack->adapter),
		.keepalive	= cpu_to_be32(ack->keepalive),
		.session	= cpu_to_be64(ack->session),
		.max_pdu_data	= cpu_to_be32(ack->max_pdu_data),
		.imm_max	= cpu_to_be32(ack->imm_max),
		.depth		= cpu_to_be16(ack->depth),
	};

	export_uuid(w.server, &ack->server);
	export_uuid(w.boot, &ack->boot);
	memcpy(w.nonce, ack->nonce, VPART_NONCE_SIZE);
	memcpy(iu, &w, sizeof(w));
	return sizeof(w);
}

/* Is this what may be answered to that? Both are sane by themselves. */
static inline bool vpart_init_ack_fits(const struct vpart_init_ack *ack,
				       const struct vpart_init *init)
{
	if (ack->queue != init->queue || ack->adapter != init->adapter ||
	    !uuid_equal(&ack->server, &init->server) || ack->features & ~init->features)
		return false;
	if (init->queue)	/* no more to haggle about */
		return ack->session == init->session && ack->features == init->features &&
		       ack->queues == init->queues && ack->depth == init->depth &&
		       ack->keepalive == init->keepalive && ack->imm_max == init->imm_max &&
		       ack->max_pdu_data == init->max_pdu_data;
	return ack->session && ack->queues <= init->queues && ack->depth <= init->depth &&
	       ack->keepalive <= init->keepalive && ack->imm_max <= init->imm_max &&
	       ack->max_pdu_data <= init->max_pdu_data;
}

/**
 * vpart_init_ack_get() - validate the IU of an INIT_ACK
 * @ack: result
 * @iu: from the server
 * @len: its length
 * @init: what it answers
 *
 * Return: 0, VPART_ERR_LENGTH, VPART_ERR_UNSUPPORTED for a version that was not
 * offered or an unknown authentication, or VPART_ERR_MALFORMED.
 */
static inline int vpart_init_ack_get(struct vpart_init_ack *ack, const void *iu, u16 len,
				     const struct vpart_init *init)
{
	struct vpart_wire_init_ack w;

	if (len != sizeof(w))
		return VPART_ERR_LENGTH;
	memcpy(&w, iu, sizeof(w));
	ack->version = w.version;
	ack->auth = w.auth;
	ack->queue = be16_to_cpu(w.queue);
	ack->queues = be16_to_cpu(w.queues);
	ack->features = be64_to_cpu(w.features);
	ack->adapter = be32_to_cpu(w.adapter);
	ack->keepalive = be32_to_cpu(w.keepalive);
	ack->session = be64_to_cpu(w.session);
	import_uuid(&ack->server, w.server);
	import_uuid(&ack->boot, w.boot);
	memcpy(ack->nonce, w.nonce, VPART_NONCE_SIZE);
	ack->max_pdu_data = be32_to_cpu(w.max_pdu_data);
	ack->imm_max = be32_to_cpu(w.imm_max);
	ack->depth = be16_to_cpu(w.depth);

	if (w.version < init->ver_min || w.version > init->ver_max ||
	    w.auth > VPART_AUTH_HMAC_SHA256)
		return VPART_ERR_UNSUPPORTED;
	if (w.zero1 || memchr_inv(w.zero2, 0, sizeof(w.zero2)) ||
	    memchr_inv(w.zero3, 0, sizeof(w.zero3)))
		return VPART_ERR_MALFORMED;
	if (!vpart_init_sane(ack->queue, ack->queues, ack->depth, ack->keepalive,
			     ack->max_pdu_data, ack->imm_max) ||
	    !vpart_init_ack_fits(ack, init))
		return VPART_ERR_MALFORMED;
	return 0;
}

/**
 * vpart_rules_negotiated() - INIT_ACK was sent, or taken
 * @r: rules of the connection
 * @ack: what is in force from now on
 */
static inline void vpart_rules_negotiated(struct vpart_wire_rules *r,
					  const struct vpart_init_ack *ack)
{
	r->features = ack->features;
	r->hdgst = ack->features & VPART_FEATURE_HDGST;
	r->ddgst = ack->features & VPART_FEATURE_DDGST;
	r->lu_term = ack->features & VPART_FEATURE_LU_TERM;
	r->max_pdu_data = ack->max_pdu_data;
	r->imm_max = ack->imm_max;
	r->queue = ack->queue;
	r->auth = ack->auth != VPART_AUTH_NONE;
	vpart_rules_phase(r, VPART_PHASE_AUTH);
}

/* ---- LOGIN_RSP ---- */

/**
 * vpart_login_rsp_put() - write the head of a LOGIN_RSP's IU
 * @iu: room for 16 bytes; the driver's login response IU follows
 * @lim: what it says
 *
 * Return: length of the head.
 */
static inline u16 vpart_login_rsp_put(void *iu, const struct vpart_login_limits *lim)
{
	struct vpart_wire_login_rsp w = {
		.queues		= cpu_to_be16(lim->queues),
		.depth		= cpu_to_be16(lim->depth),
		.max_segs	= cpu_to_be16(lim->max_segs),
		.max_data	= cpu_to_be32(lim->max_data),
		.caps		= cpu_to_be32(lim->caps),
	};

	memcpy(iu, &w, sizeof(w));
	return sizeof(w);
}

/**
 * vpart_login_rsp_get() - validate the head of a LOGIN_RSP's IU
 * @lim: result; caps that are not known are cleared
 * @iu: from the server
 * @len: length of the whole IU
 * @ack: what was granted on queue 0
 *
 * Return: 0; the driver's login response IU is 16 bytes further, perhaps empty.
 * Else VPART_ERR_LENGTH or VPART_ERR_MALFORMED.
 */
static inline int vpart_login_rsp_get(struct vpart_login_limits *lim, const void *iu, u16 len,
				      const struct vpart_init_ack *ack)
{
	struct vpart_wire_login_rsp w;

	if (len < sizeof(w) || len > VPART_WIRE_IU_MAX)
		return VPART_ERR_LENGTH;
	memcpy(&w, iu, sizeof(w));
	lim->queues = be16_to_cpu(w.queues);
	lim->depth = be16_to_cpu(w.depth);
	lim->max_segs = be16_to_cpu(w.max_segs);
	lim->max_data = be32_to_cpu(w.max_data);
	lim->caps = be32_to_cpu(w.caps) & VPART_WIRE_CAPS_KNOWN;
	if (w.zero || !lim->queues || lim->queues > ack->queues ||
	    lim->depth < VPART_WIRE_DEPTH_MIN || lim->depth > ack->depth || !lim->max_segs ||
	    lim->max_data < VPART_CMD_DATA_MIN || lim->max_data > VPART_WIRE_DATA_MAX)
		return VPART_ERR_MALFORMED;
	return 0;
}

/**
 * vpart_rules_login() - LOGIN_RSP is sent, or was taken; for each queue in use
 * @r: rules of the connection
 * @epoch: of the session, not 0
 * @lim: what the server's driver granted
 *
 * The server calls it for all queues before LOGIN_RSP leaves.
 */
static inline void vpart_rules_login(struct vpart_wire_rules *r, u32 epoch,
				     const struct vpart_login_limits *lim)
{
	r->epoch = epoch;
	r->depth = lim->depth;
	r->max_data = lim->max_data;
	vpart_rules_phase(r, VPART_PHASE_RUN);
}

/* ---- REJECT ---- */

/**
 * vpart_reject_put() - write the IU of a REJECT
 * @iu: room for 4 bytes
 * @reason: enum vpart_reject
 * @err: the driver's positive errno, with VPART_REJECT_DRIVER
 *
 * Return: its length.
 */
static inline u16 vpart_reject_put(void *iu, u32 reason, u32 err)
{
	if (reason != VPART_REJECT_DRIVER)
		return 0;
	put_unaligned_be32(err, iu);
	return 4;
}

/**
 * vpart_reject_get() - the driver's errno in a REJECT
 * @h: header that vpart_hdr_get() took
 * @iu: its IU
 *
 * Return: a positive errno; EPROTO if there is none or it is no errno.
 */
static inline int vpart_reject_get(const struct vpart_hdr *h, const void *iu)
{
	u32 err = h->arg == VPART_REJECT_DRIVER ? get_unaligned_be32(iu) : 0;

	return err && err <= MAX_ERRNO ? err : EPROTO;
}

/**
 * vpart_reject_again() - is it worth to try again soon?
 * @reason: from REJECT, perhaps one that is not known
 *
 * Return: false: only after a change at either end, or slowly.
 */
static inline bool vpart_reject_again(u32 reason)
{
	return reason == VPART_REJECT_DRAIN || reason == VPART_REJECT_NOT_READY ||
	       reason == VPART_REJECT_BUSY;
}

#endif /* _VPART_PROTO_LOGIN_H */
