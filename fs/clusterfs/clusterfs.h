/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: the repository, read and written. The same source is compiled for
 * the kernel and for the tools; a repository is reached by struct cfs_io alone.
 *
 * All calls may sleep and are made under one lock of the caller's for each
 * struct cfs_db. One that fails has left a sentence in db->why.
 */
#ifndef _CLUSTERFS_H
#define _CLUSTERFS_H

#ifdef __KERNEL__
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/crc32c.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uuid.h>
#else
#include "kernel.h"
#endif
#include <uapi/linux/clusterfs.h>

/* A superblock, decoded. */
struct cfs_super {
	u64	generation;
	u64	tag;
	u64	total_blocks;
	u64	first_term;
	u64	first_gen;
	u64	made;
	u32	nodes;
	u32	replicas;
	u32	replica;
	u32	log_blocks;
	u32	snap_blocks;
	u32	objects;
	u32	events;
	uuid_t	uuid;
	uuid_t	replica_uuid;
	char	cluster[CFS_NAME_SIZE];
};

/* What a superblock's block is. The greater forbids more. */
enum cfs_found {
	CFS_VALID,
	CFS_BLANK,
	CFS_CORRUPT,
	CFS_NEWER,
	CFS_RO_ONLY,
	CFS_INCOMPAT,
	CFS_INVALID,
};

extern const char * const cfs_found_text[];

/* How a block reaches the medium. */
#define CFS_FUA		BIT(0)		/* durable when the call returns */
#define CFS_PREFLUSH	BIT(1)		/* and all that ended before it */

/**
 * struct cfs_io - the devices under a repository
 * @read: @blocks blocks from @block of @replica into @buf
 * @write: the same, to the medium; @flags is CFS_FUA, CFS_PREFLUSH
 * @ctx: for them
 *
 * Each returns 0 or -errno. What a failed write has done is unknown.
 */
struct cfs_io {
	int (*read)(void *ctx, unsigned int replica, u64 block, void *buf, unsigned int blocks);
	int (*write)(void *ctx, unsigned int replica, u64 block, const void *buf,
		     unsigned int blocks, unsigned int flags);
	void *ctx;
};

/* An object of the database. */
struct cfs_obj {
	struct hlist_node	by_id;
	struct hlist_node	by_uuid;
	struct hlist_node	of_type;
	struct cfs_disk_record	d;
};

/* Objects by type and id, and by type and uuid; counters; the last events. */
struct cfs_index {
	struct hlist_head	*ids;
	struct hlist_head	*uuids;
	struct hlist_head	types[CFS_TYPES];
	struct cfs_disk_record	*events;	/* ring; an event's place is id % size */
	u64			seed;
	u64			next[CFS_TYPES];	/* first id never given */
	u64			event_first;	/* the oldest kept */
	u64			looked_at;	/* objects compared with, for tests */
	u32			count[CFS_TYPES];
	u32			objects;
	u32			max_objects;
	u32			max_events;
	unsigned int		bits;
};

/* A record found in a log: enough to find the chain. */
struct cfs_entry {
	u64	term;
	u64	gen;
	u32	index;
	u32	count;
	u16	node;
	u8	type;
	u8	copies;			/* replicas that have it */
	u32	sector;			/* of that node's log */
};

/* The logs, read at one time. */
struct cfs_logs {
	u8			*log[CFS_NODES_MAX];	/* NULL: never written */
	struct cfs_entry	*entry;
	u32			entries;
	u32			room;
};

/* What a node may do. */
enum cfs_state {
	CFS_IDLE,			/* it has not claimed, or what it read is old */
	CFS_WRITER,			/* it may commit */
	CFS_LOST,			/* the outcome of its last commit is unknown */
};

/* Steps of a claim: each does one I/O at most. */
enum cfs_step {
	CFS_STEP_NONE,
	CFS_STEP_SLOTS,
	CFS_STEP_CLAIM,
	CFS_STEP_CHECK,
	CFS_STEP_LOG,
	CFS_STEP_ROOT,
	CFS_STEP_COPY,
	CFS_STEP_LOOK,
	CFS_STEP_SNAPSHOT,
	CFS_STEP_CONFIRM,
	CFS_STEP_SETTLE,
	CFS_STEP_APPEND,
	CFS_STEP_ACK,
};

/* Whose part of the chain was seen on fewer than a majority of the replicas. */
#define CFS_BEHIND_OWN		BIT(0)
#define CFS_BEHIND_OTHERS	BIT(1)

/* What of the index is in the snapshot already. */
struct cfs_cursor {
	unsigned int		type;
	struct hlist_node	*at;
	u64			event;
};

/* A repository that is open. */
struct cfs_db {
	struct cfs_io		io;
	struct cfs_super	sb;
	struct cfs_index	index;
	enum cfs_state		state;
	enum cfs_step		step;
	unsigned int		me;
	uuid_t			boot;
	u64			term;		/* of the last claim, or what was read */
	u64			gen;		/* last commit that counts */
	u64			root;		/* term that the chain begins with */
	u32			failed;		/* replicas that a write failed on */
	u32			unread;		/* replicas that a read failed on */
	u32			unasked;	/* those of before, not read since */
	u32			returning;	/* the failed one that is being overwritten, or 0 */
	u32			resynced;	/* own blocks that it has */

	/* The history as far as it is known to stay; gen is its last commit. */
	bool			known;
	u64			known_term;
	unsigned int		known_by;	/* whose term that is */
	u32			known_at;	/* block of that one's log to be read next */

	/* The claim slots as last read. */
	u64			slot_term[CFS_NODES_MAX];
	u8			slot_next[CFS_NODES_MAX];	/* block to write next */
	u8			slot_bad[CFS_NODES_MAX];	/* blocks that hold no claim */
	u64			highest;	/* of all slots */

	/* Own log. */
	unsigned long		*live;		/* blocks that the chain needs */
	u32			free;		/* blocks that it does not */
	u32			cursor;		/* block to write next */
	u8			areas;		/* snapshot areas that the chain needs */
	u8			area;		/* the one that is written */

	/* A claim or a commit on its way. */
	struct cfs_logs		logs;
	struct cfs_txn		*txn;
	u8			*block;		/* one to be written, or two superblocks */
	u8			*slots;		/* for all slots */
	u8			*other;		/* what another replica says */
	u32			other_size;
	u32			next_log;
	u32			tries;
	u32			written;	/* records of a snapshot, or blocks of a commit */
	u64			parent;
	u32			root_records;	/* of the first snapshot, if own */
	u8			root_area;
	bool			compact;	/* carry a snapshot in any case */
	u8			behind;		/* CFS_BEHIND_*: what is not on a majority */
	bool			confirmed;	/* the last CONFIRM is */
	bool			overwritten;	/* its snapshot, by a later one there */
	unsigned int		confirmed_by;	/* who wrote that */
	struct cfs_cursor	cur;

	char			why[200];
};

/* Records to be committed together: 33 KiB, too much for a stack. */
struct cfs_txn {
	unsigned int		count;
	struct cfs_disk_record	rec[CFS_TXN_MAX];
	struct cfs_obj		*obj[CFS_TXN_MAX];
};

/* record.c */
u32 cfs_crc(const void *data, size_t size, size_t at);
void cfs_seal(struct cfs_disk_record *r, const struct cfs_super *sb, u64 sector);
bool cfs_sealed(const struct cfs_disk_record *r, const struct cfs_super *sb, u64 sector);
const char *cfs_record_wrong(const struct cfs_disk_record *r, const struct cfs_super *sb);
const char *cfs_type_name(unsigned int type);
bool cfs_is_object(unsigned int type);
size_t cfs_payload_size(unsigned int type);
u64 cfs_id_max(unsigned int type, const struct cfs_super *sb);

/* geometry.c */
void cfs_super_encode(const struct cfs_super *sb, void *block);
enum cfs_found cfs_super_decode(const void *block, struct cfs_super *sb);
enum cfs_found cfs_super_choose(const void *a, const void *b, struct cfs_super *sb);
bool cfs_super_same(const struct cfs_super *a, const struct cfs_super *b);
void cfs_geometry(struct cfs_super *sb);
u64 cfs_slot_block(unsigned int node);
u64 cfs_beat_block(const struct cfs_super *sb, unsigned int node);
u64 cfs_log_block(const struct cfs_super *sb, unsigned int node);
u64 cfs_snap_block(const struct cfs_super *sb, unsigned int node, unsigned int area);

/* disk.c */
int __printf(3, 4) cfs_fail(struct cfs_db *db, int err, const char *fmt, ...);
unsigned int cfs_majority(const struct cfs_super *sb);
int cfs_read(struct cfs_db *db, u64 block, void *buf, unsigned int blocks, u8 *copies);
int cfs_write(struct cfs_db *db, u64 block, const void *buf, unsigned int blocks,
	      unsigned int flags);

/* index.c */
int cfs_index_init(struct cfs_index *ix, const struct cfs_super *sb);
void cfs_index_clear(struct cfs_index *ix);
void cfs_index_free(struct cfs_index *ix);
struct cfs_obj *cfs_get(struct cfs_index *ix, unsigned int type, u64 id);
struct cfs_obj *cfs_get_uuid(struct cfs_index *ix, unsigned int type, const u8 *uuid);
const struct cfs_disk_record *cfs_get_event(struct cfs_index *ix, u64 id);
struct cfs_obj *cfs_first(struct cfs_index *ix, unsigned int type);
struct cfs_obj *cfs_next(struct cfs_obj *o);
bool cfs_counted(unsigned int type);
const char *cfs_apply_wrong(struct cfs_index *ix, const struct cfs_disk_record *r, u64 next,
			    bool snapshot);
bool cfs_is_new(struct cfs_index *ix, const struct cfs_disk_record *r);
void cfs_apply(struct cfs_index *ix, const struct cfs_disk_record *r, struct cfs_obj *fresh);

/* txn.c */
void cfs_txn_begin(struct cfs_txn *t);
void cfs_txn_end(struct cfs_txn *t);
int cfs_txn_put(struct cfs_db *db, struct cfs_txn *t, unsigned int type, u64 id, const u8 *uuid,
		u64 role_term, const void *payload);
int cfs_txn_del(struct cfs_db *db, struct cfs_txn *t, unsigned int type, u64 id, u64 now);
int cfs_txn_forget(struct cfs_db *db, struct cfs_txn *t, unsigned int type, u64 id);
int cfs_id_new(struct cfs_db *db, const struct cfs_txn *t, unsigned int type, u64 *id);
int cfs_txn_check(struct cfs_db *db, struct cfs_txn *t);

/* chain.c */
void cfs_logs_free(struct cfs_logs *logs);
int cfs_logs_add(struct cfs_db *db, unsigned int node);
int cfs_logs_add_part(struct cfs_db *db, unsigned int node, u32 first, u32 blocks);
int cfs_chain(struct cfs_db *db);
int cfs_chain_on(struct cfs_db *db, u64 term);
void cfs_mark_live(struct cfs_db *db, bool settled);
void cfs_count_free(struct cfs_db *db);

/* slots.c */
void cfs_replicas_doubt(struct cfs_db *db);
int cfs_slots_read(struct cfs_db *db);
bool cfs_slots_higher(const struct cfs_db *db, u64 term);
int cfs_slot_write(struct cfs_db *db, u64 term);

/* claim.c */
int cfs_claim_begin(struct cfs_db *db, bool compact);
int cfs_claim_step(struct cfs_db *db);
int cfs_claim(struct cfs_db *db, bool compact);

/* follow.c */
void cfs_known(struct cfs_db *db, unsigned int node, u32 at);
int cfs_load(struct cfs_db *db);
int cfs_follow(struct cfs_db *db);

/* commit.c */
int cfs_commit_begin(struct cfs_db *db, struct cfs_txn *t);
int cfs_commit_step(struct cfs_db *db);
int cfs_commit(struct cfs_db *db, struct cfs_txn *t);
bool cfs_wants_compaction(const struct cfs_db *db);

/* resync.c */
int cfs_resync_begin(struct cfs_db *db, unsigned int r);
int cfs_resync_step(struct cfs_db *db);
int cfs_resync(struct cfs_db *db, unsigned int r);

/* open.c */
int cfs_super_read(struct cfs_db *db, unsigned int r, struct cfs_super *sb);
int cfs_open(struct cfs_db *db, const struct cfs_io *io, unsigned int replicas, unsigned int me,
	     const uuid_t *boot);
void cfs_close(struct cfs_db *db);

/* A step that has left more to do. */
#define CFS_MORE	1

#endif /* _CLUSTERFS_H */
