/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The segment of memory that two machines share, byte by byte, and where in it
 * what is. Documentation/protocol/shm.rst is the text.
 *
 * Nothing of the layout is read from the segment: both sides compute it from
 * its size and from what the handshake agreed on. Pure functions; little-endian
 * but for the PDUs of the handshake, which are those of proto.h.
 */
#ifndef _VPART_SHM_LAYOUT_H
#define _VPART_SHM_LAYOUT_H

#include <linux/align.h>
#include <linux/build_bug.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "proto.h"

#define SHM_LAYOUT_MAGIC	0x4d535056	/* "VPSM" */
#define SHM_LAYOUT_VERSION	1
#define SHM_SEGMENT_MIN		SZ_512K
#define SHM_BLOCK_MIN		SZ_4K
#define SHM_BLOCKS_MAX		0xffffU		/* their numbers are of 16 bits */
#define SHM_LIST_MAX		256U		/* blocks of one command */
#define SHM_CMD_DATA		SZ_1M		/* of one command, at most */
#define SHM_EVENT_SLOTS		16U
#define SHM_RING_PER_TAG	4U		/* entries of a ring, at least */
#define SHM_RING_MIN		32U		/* the same: for events and NOPs, too */

/* struct shm_wire_side.state */
enum shm_state {
	SHM_STATE_ABSENT	= 0,	/* nobody uses this side */
	SHM_STATE_IDLE		= 1,	/* somebody does, without a session */
	SHM_STATE_RUN		= 2,	/* in a session */
};

/**
 * struct shm_wire_side - what a side says of itself; nobody else writes it
 * @magic: SHM_LAYOUT_MAGIC
 * @version: SHM_LAYOUT_VERSION
 * @side: enum vpart_side
 * @vectors: interrupts that it takes; queue n is number n % @vectors
 * @position: number of its device, for the other's doorbell
 * @size: bytes of the segment
 * @instance: another each time that a link is made; all above belongs to it
 * @state: enum shm_state
 * @session: low half of the session's number while @state is RUN, else 0
 * @bye: why it left its last session, enum vpart_bye
 * @error: the same, enum vpart_wire_error: what the other side did wrong
 * @beat: changes at least every second
 * @zero1: zero
 * @zero2: zero
 * @zero3: zero
 * @zero4: zero
 * @zero5: zero
 */
struct shm_wire_side {
	__le32	magic;
	__le16	version;
	u8	side;
	u8	zero1;
	__le32	vectors;
	__le32	position;
	__le64	size;
	u8	zero2[8];
	u8	instance[16];
	u8	zero3[16];

	__le32	state;
	__le32	session;
	__le32	bye;
	__le32	error;
	u8	zero4[48];

	__le32	beat;
	u8	zero5[124];
};

static_assert(offsetof(struct shm_wire_side, instance) == 32);
static_assert(offsetof(struct shm_wire_side, state) == 64);
static_assert(offsetof(struct shm_wire_side, beat) == 128);
static_assert(sizeof(struct shm_wire_side) == 256);

#define SHM_PDU_MAX		(VPART_HDR_SIZE + VPART_WIRE_IU_MAX)

/**
 * struct shm_wire_mail - one PDU of the handshake; its sender alone writes it
 * @turn: odd while the rest is being written, else another than before
 * @answers: @turn of the other side's mailbox that this answers; 0: none
 * @len: bytes of @pdu, with the pad of its IU
 * @pdu: header and IU
 * @zero1: zero
 * @zero2: zero
 */
struct shm_wire_mail {
	__le32	turn;
	__le32	answers;
	__le32	len;
	u8	zero1[52];
	u8	pdu[SHM_PDU_MAX];
	u8	zero2[480 + 3008];
};

static_assert(offsetof(struct shm_wire_mail, pdu) == 64);
static_assert(sizeof(struct shm_wire_mail) == 4096);

/**
 * struct shm_wire_queue - where the two rings of a queue are
 * @sq_prod: entries that the client has put into the submission ring
 * @sq_cons: of these, how many the server has taken
 * @sq_event: the client shall ring when it puts entry number @sq_event in
 * @cq_prod: entries that the server has put into the completion ring
 * @cq_cons: of these, how many the client has taken
 * @cq_event: the server shall ring when it puts entry number @cq_event in
 * @zero1: zero
 * @zero2: zero
 * @zero3: zero
 * @zero4: zero
 *
 * Counters that wrap; entry n is at n modulo the ring's size. A line of cache
 * for each that writes.
 */
struct shm_wire_queue {
	__le32	sq_prod;
	u8	zero1[60];
	__le32	sq_cons;
	__le32	sq_event;
	u8	zero2[56];
	__le32	cq_prod;
	u8	zero3[60];
	__le32	cq_cons;
	__le32	cq_event;
	u8	zero4[56];
};

static_assert(offsetof(struct shm_wire_queue, sq_cons) == 64);
static_assert(offsetof(struct shm_wire_queue, cq_prod) == 128);
static_assert(offsetof(struct shm_wire_queue, cq_cons) == 192);
static_assert(sizeof(struct shm_wire_queue) == 256);

/**
 * struct shm_wire_entry - an entry of a ring
 * @type: enum vpart_pdu_type
 * @flags: VPART_HDR_WRITE, READ and PRIO of a REQ, PUT of a RSP
 * @iu_len: bytes of IU, which is with the tag; of an event, in its slot
 * @session: low half of the session's number
 * @tag: of the command; of an event its slot
 * @arg: REQ: bytes of data; RSP: bytes of data that came; NOP: a stamp
 */
struct shm_wire_entry {
	u8	type;
	u8	flags;
	__le16	iu_len;
	__le32	session;
	__le32	tag;
	__le32	arg;
};

static_assert(sizeof(struct shm_wire_entry) == 16);

/**
 * struct shm_wire_tag - what belongs to a tag
 * @iu: request IU, then response IU
 * @block: numbers of the blocks that have its data
 *
 * The client's from PUT to REQ, the server's from REQ to PUT; the server does
 * not write @block.
 */
struct shm_wire_tag {
	u8	iu[VPART_WIRE_IU_MAX];
	__le16	block[SHM_LIST_MAX];
};

static_assert(sizeof(struct shm_wire_tag) == 1024);

/* Where what every segment has begins */
#define SHM_CLIENT_SIDE		0
#define SHM_SERVER_SIDE		2048
#define SHM_CLIENT_MAIL		4096
#define SHM_SERVER_MAIL		8192
#define SHM_QUEUES		12288

/**
 * struct shm_layout - where in a segment what is
 * @size: bytes of the segment
 * @nr_queues: queues
 * @depth: tags of each
 * @entries: of each ring, a power of 2
 * @rings: offset: of each queue its submission ring, then its completion ring
 * @events: offset of the slots of events
 * @tags: offset: of each queue its tags
 * @data: offset of the blocks
 * @block: bytes of a block, a power of 2
 * @nr_blocks: blocks
 * @max_data: bytes of data of one command
 */
struct shm_layout {
	u64	size;
	u32	nr_queues;
	u32	depth;
	u32	entries;
	u64	rings;
	u64	events;
	u64	tags;
	u64	data;
	u32	block;
	u32	nr_blocks;
	u32	max_data;
};

/* Bytes of a block: the least that 16 bits can number a whole segment of. */
static inline u32 shm_block_size(u64 size)
{
	return max_t(u64, SHM_BLOCK_MIN, roundup_pow_of_two(size) >> 16);
}

/**
 * shm_layout_set() - lay a segment out
 * @l: result
 * @size: bytes of the segment
 * @nr_queues: at least 1, at most VPART_WIRE_QUEUES_MAX
 * @depth: tags per queue, within the limits of the protocol
 *
 * Return: whether there is room for at least SHM_BLOCK_MIN bytes of data.
 */
static inline bool shm_layout_set(struct shm_layout *l, u64 size, u32 nr_queues, u32 depth)
{
	l->size = size;
	l->nr_queues = nr_queues;
	l->depth = depth;
	l->entries = roundup_pow_of_two(max(depth * SHM_RING_PER_TAG, SHM_RING_MIN));
	l->block = shm_block_size(size);
	l->rings = SHM_QUEUES + ALIGN(nr_queues * sizeof(struct shm_wire_queue), SZ_4K);
	l->events = l->rings + 2ULL * nr_queues * l->entries * sizeof(struct shm_wire_entry);
	l->tags = l->events + SHM_EVENT_SLOTS * VPART_WIRE_IU_MAX;
	l->data = ALIGN(l->tags + (u64)nr_queues * depth * sizeof(struct shm_wire_tag), l->block);
	l->nr_blocks = 0;
	l->max_data = 0;
	if (size < l->data + l->block)
		return false;
	l->nr_blocks = min_t(u64, (size - l->data) / l->block, SHM_BLOCKS_MAX);
	l->max_data = min3((u64)SHM_CMD_DATA, (u64)l->nr_blocks * l->block,
			   (u64)SHM_LIST_MAX * l->block);
	return true;
}

/**
 * shm_layout_grant() - how many queues and tags a segment has room for
 * @l: result
 * @size: bytes of the segment, at least SHM_SEGMENT_MIN
 * @nr_queues: wanted
 * @depth: wanted
 *
 * As wanted, if a quarter of the segment is left for data; else fewer queues,
 * and at last fewer tags.
 */
static inline void shm_layout_grant(struct shm_layout *l, u64 size, u32 nr_queues, u32 depth)
{
	while (!shm_layout_set(l, size, nr_queues, depth) ||
	       (u64)l->nr_blocks * l->block < size / 4) {
		if (nr_queues > 1)
			nr_queues /= 2;
		else
			depth /= 2;
	}
}

/* ---- where something is; the numbers are checked by the caller ---- */

static inline u64 shm_at_side(unsigned int side)
{
	return side == VPART_SIDE_CLIENT ? SHM_CLIENT_SIDE : SHM_SERVER_SIDE;
}

static inline u64 shm_at_mail(unsigned int side)
{
	return side == VPART_SIDE_CLIENT ? SHM_CLIENT_MAIL : SHM_SERVER_MAIL;
}

static inline u64 shm_at_queue(u32 queue)
{
	return SHM_QUEUES + (u64)queue * sizeof(struct shm_wire_queue);
}

/* @side: who puts entries into the ring */
static inline u64 shm_at_ring(const struct shm_layout *l, u32 queue, unsigned int side)
{
	return l->rings + (2ULL * queue + (side == VPART_SIDE_SERVER)) * l->entries *
			  sizeof(struct shm_wire_entry);
}

static inline u64 shm_at_event(const struct shm_layout *l, u32 slot)
{
	return l->events + (u64)slot * VPART_WIRE_IU_MAX;
}

static inline u64 shm_at_tag(const struct shm_layout *l, u32 queue, u32 tag)
{
	return l->tags + ((u64)queue * l->depth + tag) * sizeof(struct shm_wire_tag);
}

static inline u64 shm_at_block(const struct shm_layout *l, u32 block)
{
	return l->data + (u64)block * l->block;
}

#endif /* _VPART_SHM_LAYOUT_H */
