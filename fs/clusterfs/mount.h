/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: a mounted repository, which is a node of the cluster. Kernel only; the
 * library under it is clusterfs.h.
 *
 * Order of locks: cfs_mount.lock, then the engine's; cfs_mount.owners_lock;
 * cfs_mount.roles_lock; cfs_mount.view_lock, and then cfs_events.lock, are the innermost.
 * Whoever reads the tree takes view_lock alone, for a few instructions; who reads a LU's or a
 * volume's file takes roles_lock, too.
 */
#ifndef _CLUSTERFS_MOUNT_H
#define _CLUSTERFS_MOUNT_H

#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "clusterfs.h"
#include "event.h"
#include "health.h"
#include "lock.h"

#define CFS_SUPER_MAGIC		0x43465331	/* "CFS1" */

/* How often it is looked whether the repository can still be reached. */
#define CFS_PROBE_SECONDS	5

extern struct file_system_type cfs_fs_type;
extern struct workqueue_struct *cfs_queue;
extern struct workqueue_struct *cfs_roles_queue;	/* of LUs and volumes */

/* A block device. It is closed when nothing that was given to it is left. */
struct cfs_dev {
	struct list_head	entry;		/* of all that are open */
	bool			gone;		/* its mount is */
	struct file		*file;
	char			*path;
	u64			bytes;
	refcount_t		ref;
	spinlock_t		lock;		/* left, and of requests: ended, left */
	unsigned int		left;		/* requests that nobody waits for any more */
	struct work_struct	close;
};

/* The devices of a repository, by replica. */
struct cfs_devs {
	struct cfs_dev		*dev[CFS_REPLICAS_MAX];
	unsigned int		limit;		/* seconds that a request may take */
	bool			killable;	/* a fatal signal ends the wait */
};

/* A point in the history of a repository that the node knew, from a mount before (P23). */
struct cfs_expect {
	bool	known;
	uuid_t	uuid;			/* of the repository, and */
	u64	generation;		/* its own */
	u64	term;			/* the last commit that was known */
	u64	gen;
	u64	event;			/* the last event, or 0; and what it came with */
	u64	event_term;
	u64	event_gen;
	u64	event_time;
};

/* What mount was told. */
struct cfs_options {
	char		*path[CFS_REPLICAS_MAX];
	unsigned int	paths;
	char		*node;
	char		*cluster;		/* NULL: whatever it is */
	char		*address;
	char		*lockspace;
	const char	*lock;			/* engine: "local", "dlm"; NULL: not told */
	unsigned int	quorum;			/* CFS_QUORUM_*, 0: as the engine needs it */
	unsigned int	timeout;		/* seconds: of the registration, and of a lock */
	unsigned int	io_timeout;
	struct cfs_expect expect;
};

#define CFS_QUORUM_NONE	 1
#define CFS_QUORUM_LEASE 2

/* An object as it is shown: shared by all views in which it is the same. */
struct cfs_seen {
	refcount_t		ref;
	struct cfs_disk_record	d;
};

/*
 * The database as it was after a commit; nothing of it changes. By type, sorted by what
 * they are of (maps by client, registrations by LU), then by id.
 */
struct cfs_view {
	refcount_t		ref;
	u64			version;	/* of what is published, from 1 */
	u64			term;
	u64			gen;
	u32			count[CFS_TYPES];
	u32			objects;	/* with tombstones */
	struct cfs_seen		**seen[CFS_TYPES];
};

/* How the node is, beside the view. */
struct cfs_status {
	enum cfs_health	health;
	u64		since;		/* seconds since 1970 */
	u32		failed;		/* replicas, as in struct cfs_db */
	u32		unread;
	char		why[200];
};

struct cfs_role;

/* What a mount has done. */
struct cfs_stats {
	atomic64_t	changes;	/* stored */
	atomic64_t	refused;	/* not stored */
	atomic64_t	tries;
	atomic64_t	claims;
	atomic64_t	refreshes;
	atomic64_t	us;		/* of all changes */
	atomic64_t	max_us;		/* of the longest */
};

/* A mounted node. */
struct cfs_mount {
	refcount_t		ref;		/* the mount, and its lock until that is free */
	struct list_head	entry;		/* of all mounts, by their numbers */
	u64			number;		/* of this mount, from 1 */
	bool			joined;		/* can be found by its name */
	bool			leaving;	/* what was asked for is refused */
	unsigned int		users;		/* who has found it */
	spinlock_t		asked_lock;	/* asked, asked_count; beside all others */
	struct list_head	asked;		/* changes, until they are answered */
	unsigned int		asked_count;
	struct workqueue_struct	*asked_queue;
	atomic_t		last_turn;	/* that was given: asked changes have numbers */
	int			turn;		/* whose it is */
	wait_queue_head_t	turns;
	struct cfs_options	opt;
	struct cfs_devs		devs;
	struct cfs_super	sb;		/* the repository's; never changes */
	uuid_t			boot;		/* this life of the node: of its mount */

	struct mutex		lock;		/* db, seen_*, registered */
	struct cfs_db		db;
	bool			open;		/* db is */
	bool			registered;
	unsigned int		slot;
	u64			seen_term;	/* what the published view shows */
	u64			seen_gen;
	u64			told;		/* first event that was not, 0: no view was shown */
	struct cfs_events	*events;
	struct cfs_stats	stats;

	struct clusterfs_ls	*ls;
	struct clusterfs_lock	db_lock;	/* PR: the view is current; EX: may commit */
	bool			lock_open;

	struct work_struct	refresh;	/* another wants to commit */
	struct delayed_work	probe;
	u32			return_failed;	/* replicas of which that was said */
	unsigned long		settle_after;	/* jiffies: no claim before that */
	struct delayed_work	look;		/* when a state's time is over */

	spinlock_t		roles_lock;
	struct list_head	roles;
	struct cfs_role		*primary;
	struct mutex		owners_lock;
	struct list_head	owners;		/* of LUs and volumes: their users here */

	atomic64_t		serves_until;	/* ms of CLOCK_BOOTTIME, as of @now */
	spinlock_t		view_lock;	/* all below, devs.dev[] changes */
	struct cfs_view		*view;
	u64			version;
	struct cfs_status	status;
	bool			watched;	/* a member: from registration until it leaves */
	struct cfs_health_in	in;
	struct cfs_health_now	now;
	char			repository[200];	/* what is wrong with it */
	wait_queue_head_t	changed;
};

/* Has an agent to renew a lease of quorum (P19)? */
static inline bool cfs_needs_lease(const struct cfs_mount *m)
{
	return m->opt.quorum == CFS_QUORUM_LEASE ||
	       (!m->opt.quorum && strcmp(m->opt.lock, "local"));
}

/* io.c */
struct cfs_dev *cfs_dev_open(const char *path);
void cfs_devs_close(struct cfs_devs *devs);
bool cfs_devs_owe(const struct cfs_devs *devs);
struct cfs_io cfs_devs_io(struct cfs_devs *devs);
int cfs_io_init(void);
void cfs_io_exit(void);

/* replica.c */
int cfs_replicas_open(struct cfs_mount *m, struct fs_context *fc);
bool cfs_replicas_return(struct cfs_mount *m);

/* expect.c */
int cfs_expect_parse(struct cfs_expect *e, char *text);
int cfs_expect_super(struct cfs_mount *m, struct fs_context *fc);
int cfs_expect_history(struct cfs_mount *m, struct fs_context *fc);

/* member.c */
struct cfs_mount *cfs_mount_new(void);
int cfs_join(struct cfs_mount *m, struct fs_context *fc);
int cfs_join_repository(struct cfs_mount *m, struct fs_context *fc);
void cfs_leave(struct cfs_mount *m);
void cfs_mount_put(struct cfs_mount *m);
void cfs_refresh_queue(struct cfs_mount *m);
struct cfs_mount *cfs_mount_get_by(const char *cluster, const char *node);
int cfs_mount_quorum(const char *cluster, const char *node, bool quorate,
		     unsigned int lease_ms, u64 end);
struct cfs_mount *cfs_mount_look(const char *cluster, const char *node);
struct cfs_mount *cfs_mount_next(u64 number);
void cfs_mount_let_go(struct cfs_mount *m);
int cfs_member_init(void);
void cfs_member_exit(void);

/* A commit whose outcome is not known, by its event. */
struct cfs_attempt {
	bool	lost;
	u64	event;
	u64	term;
	u64	gen;
};

typedef int (*cfs_fill_t)(struct cfs_mount *m, struct cfs_txn *t, void *arg);

/* change.c */
int __must_check cfs_lock(struct cfs_mount *m, enum clusterfs_mode mode);
int cfs_unlock(struct cfs_mount *m, enum clusterfs_mode mode);
int __must_check cfs_publish(struct cfs_mount *m);
int __must_check cfs_load_current(struct cfs_mount *m);
void cfs_refresh(struct cfs_mount *m);
int __must_check cfs_writer(struct cfs_mount *m, bool compact);
int __printf(8, 9) cfs_txn_event(struct cfs_db *db, struct cfs_txn *t, u8 class, u8 severity,
				 u32 code, u8 otype, u64 object, const char *fmt, ...);
int __must_check cfs_attempt_settle(struct cfs_mount *m, struct cfs_attempt *attempt);
bool cfs_again(int err, const struct cfs_attempt *attempt);
int __must_check cfs_commit_fill(struct cfs_mount *m, cfs_fill_t fill, void *arg,
				 struct cfs_attempt *attempt);
int __must_check cfs_change_locked(struct cfs_mount *m, cfs_fill_t fill, void *arg);
int __must_check cfs_change(struct cfs_mount *m, cfs_fill_t fill, void *arg, char *why);
int __must_check cfs_change_asked(struct cfs_mount *m, cfs_fill_t fill, void *arg, char *why);

/* state.c */
void cfs_state_look(struct cfs_mount *m);
void cfs_look_work(struct work_struct *work);
void cfs_state_begin(struct cfs_mount *m);
void cfs_state_stop(struct cfs_mount *m);
bool cfs_may(struct cfs_mount *m, unsigned int what);
bool cfs_serves(const struct cfs_mount *m);
int cfs_state_refuses(struct cfs_mount *m, char *why);
int cfs_leaving_refuses(struct cfs_mount *m, char *why);
int __must_check cfs_may_wait(struct cfs_mount *m, unsigned int what, bool asked, char *why);
void cfs_status_set(struct cfs_mount *m, enum cfs_health health, const char *why);
void cfs_recovering(struct cfs_mount *m, bool recovering);
int cfs_quorum_until(struct cfs_mount *m, bool quorate, unsigned int lease_ms, u64 end);
static inline int cfs_quorum_set(struct cfs_mount *m, bool quorate, unsigned int lease_ms)
{
	return cfs_quorum_until(m, quorate, lease_ms, U64_MAX);
}

/**
 * struct cfs_verdict - a node is out, says who has fenced it (P19)
 * @node: its name
 * @boot: the life of it that has ended
 * @method: how, in a word
 * @confirmed: it is known to be off, and its I/O ended; "unreachable" is not that
 */
struct cfs_verdict {
	char	node[CFS_NAME_SIZE];
	uuid_t	boot;
	char	method[32];
	bool	confirmed;
};

/* fence.c */
int cfs_fence_done(struct cfs_mount *m, const struct cfs_verdict *v, char *why);
bool cfs_life_over(struct cfs_mount *m);
bool cfs_proven_out(const struct cfs_disk_record *node, const struct cfs_disk_record *since);

/* role.c */
void cfs_roles_kick(struct cfs_mount *m);
void cfs_roles_see(struct cfs_mount *m, const struct cfs_view *old, const struct cfs_view *view);
u32 cfs_fencing(struct cfs_mount *m);

/* primary.c */
int cfs_primary_start(struct cfs_mount *m);
void cfs_primary_stop(struct cfs_mount *m);
int cfs_primary_yield(struct cfs_mount *m, char *why);
void cfs_primary_text(struct cfs_mount *m, char *buf, size_t size);

/* owner.c */
void cfs_owners_leave(struct cfs_mount *m);

/* view.c */
int cfs_view_publish(struct cfs_mount *m);
void cfs_view_touch(struct cfs_mount *m);
struct cfs_view *cfs_view_get(struct cfs_mount *m);
void cfs_view_put(struct cfs_view *view);
u64 cfs_seen_key(const struct cfs_disk_record *r);
u32 cfs_view_find(const struct cfs_view *view, unsigned int type, u64 key);
const struct cfs_disk_record *cfs_view_at(const struct cfs_view *view, unsigned int type, u32 i);
const struct cfs_disk_record *cfs_view_object(const struct cfs_view *view, unsigned int type,
					      u64 id);

/* show.c */
struct cfs_text {
	char	*buf;
	size_t	size;
	size_t	len;		/* more than size: it did not fit */
};

/* A file of the tree. */
enum cfs_file {
	CFS_FILE_CONFIG,
	CFS_FILE_PRIMARY,
	CFS_FILE_NODE,
	CFS_FILE_CLIENT,
	CFS_FILE_ADAPTER,
	CFS_FILE_LU,
	CFS_FILE_VOLUME,
	CFS_FILE_RESERVATION,
	CFS_FILE_EVENT,
	CFS_FILES,
};

const char *cfs_node_file(const struct cfs_view *view, unsigned int slot, char buf[CFS_NAME_SIZE]);
bool cfs_file_there(const struct cfs_view *view, enum cfs_file file, u64 id);
void cfs_show(struct cfs_mount *m, const struct cfs_view *view, enum cfs_file file, u64 id,
	      struct cfs_text *t);

/* netlink_event.c */
void cfs_nl_publish(struct cfs_mount *m, const struct cfs_view *view);

/* netlink_work.c */
int cfs_asked_begin(struct cfs_mount *m);
void cfs_asked_say(struct cfs_mount *m);
void cfs_asked_end(struct cfs_mount *m);

/* netlink.c */
int cfs_netlink_init(void);
void cfs_netlink_exit(void);

/* tree.c */
extern const struct super_operations cfs_super_ops;
extern const struct dentry_operations cfs_dentry_ops;
int cfs_tree_fill(struct super_block *sb);
int cfs_tree_init(void);
void cfs_tree_exit(void);

#endif /* _CLUSTERFS_MOUNT_H */
