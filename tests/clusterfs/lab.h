/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the repository share: disks in memory whose writes can be cut,
 * torn, reordered and failed, and a model of what the database has to say.
 */
#ifndef _LAB_H
#define _LAB_H

#include "clusterfs.h"

#define must(cond, ...) do {							\
	if (!(cond)) {								\
		fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #cond);	\
		fprintf(stderr, __VA_ARGS__);					\
		fprintf(stderr, "\n");						\
		abort();							\
	}									\
} while (0)

/* media.c */

/* One write of a trace. */
struct write {
	u64		block;
	unsigned int	replica;
	unsigned int	blocks;
	unsigned int	flags;
	unsigned int	acked;		/* commits acknowledged before it */
	u8		*data;
};

/* What a block was on a replica before a write that its cache alone has. */
struct cached {
	struct cached	*next;
	u64		block;
	u8		data[CFS_BLOCK_SIZE];
};

struct disks {
	struct cfs_io	io;
	unsigned int	replicas;
	u64		blocks;
	u8		*medium[CFS_REPLICAS_MAX];
	u8		*dirty;		/* for each block: written since the last copy */
	const struct disks *copied;	/* from there, */
	u64		copied_version;	/* which was this then */
	u64		version;	/* counts all writes */
	bool		dead[CFS_REPLICAS_MAX];		/* no I/O works */
	int		fail_write;	/* the write after so many fails, and is not done; -1 */
	u64		reads, read_blocks, writes, written_blocks;
	bool		caches;		/* each replica has a volatile cache */
	struct cached	*cache[CFS_REPLICAS_MAX];
	void		(*before)(struct disks *d);	/* each write to each replica */
	struct write	*trace;		/* filled while it is there */
	unsigned int	traced, room;
	unsigned int	acked;		/* what the trace notes */
};

void disks_init(struct disks *d, const struct cfs_super *sb);
void disks_free(struct disks *d);
void disks_copy(struct disks *to, const struct disks *from);
void disks_power(struct disks *d, unsigned int replica);
void disks_trace(struct disks *d);
void trace_free(struct disks *d);
void put_sectors(struct disks *d, const struct write *w, u64 which);
void put_write(struct disks *d, const struct write *w);

/* A repository of some size, all of it zero but the superblocks. */
struct cfs_super small_repo(unsigned int nodes, unsigned int replicas);

/* model.c */

struct model_obj {
	u8	type;			/* 0: this place is free */
	bool	dead;			/* a tombstone */
	u64	id, role_term, gen;
	u8	uuid[16];
	u8	payload[CFS_PAYLOAD_SIZE];
};

/* What the database has to say, kept in the plainest way. */
struct model {
	struct model_obj	*obj;
	unsigned int		room;
	u64			next[CFS_TYPES];
	u64			events;		/* kept at most */
	u64			event_hash[CFS_EVENTS_MAX];
	u64			gen;
	u64			sum;		/* of the hashes of all */
	u64			event_sum;
	unsigned int		used;
};

void model_init(struct model *m, const struct cfs_super *sb);
void model_free(struct model *m);
void model_copy(struct model *to, const struct model *from);
u64 model_digest(const struct model *m);
u64 index_digest(struct cfs_index *ix);
void model_apply(struct model *m, const struct cfs_txn *t);
struct model_obj *model_pick(struct model *m, u64 *seed, bool dead);
void random_txn(struct cfs_db *db, struct model *m, struct cfs_txn *t, u64 *seed, unsigned int max);
u64 draw(u64 *seed, u64 below);

/* A commit that tells one event. */
int commit_event(struct cfs_db *db, struct cfs_txn *t);
/* A commit that makes one LU with this uuid; its id is in *id. */
int commit_lu(struct cfs_db *db, struct cfs_txn *t, u64 tag, u64 *id);
void lu_txn(struct cfs_db *db, struct cfs_txn *t, u64 tag, u64 *id);
void uuid_of(u8 *uuid, u64 tag);

#endif /* _LAB_H */
