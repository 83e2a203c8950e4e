/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: what lock_local.c and lock_local_grant.c share.
 */
#ifndef _CLUSTERFS_LOCK_LOCAL_GRANT_H
#define _CLUSTERFS_LOCK_LOCAL_GRANT_H

#include <linux/completion.h>
#include <linux/hashtable.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <uapi/linux/clusterfs.h>

#include "lock_engine.h"

#define LOCAL_RES_BITS		8

/* All nodes' locks of one name. */
struct local_space {
	struct list_head	entry;		/* of local_spaces, by its mutex */
	struct kref		ref;
	char			name[CLUSTERFS_LS_MAX + 1];
	char			cluster[CLUSTERFS_LS_MAX + 1];
	struct workqueue_struct	*wq;
	struct work_struct	work;
	spinlock_t		lock;		/* all below, and all locks and members */
	struct list_head	members;	/* its mutex, too, to add and to take out */
	DECLARE_HASHTABLE(res, LOCAL_RES_BITS);
	struct list_head	aside;		/* locks: begun while recovering */
	u32			generation;
	bool			changed;
	bool			recovering;
	/* A name keeps its number, here is number 1. */
	char			names[CFS_NODES_MAX][CLUSTERFS_LS_MAX + 1];
};

enum local_state {
	LOCAL_JOINING,
	LOCAL_LIVE,
	LOCAL_STALE,	/* it is no member, and does not know */
	LOCAL_DEAD,
	LOCAL_LEFT,
};

struct local_member {
	struct list_head	entry;
	struct local_space	*space;
	struct clusterfs_ls	*ls;
	struct clusterfs_member	id;
	enum local_state	state;
	refcount_t		ref;		/* the membership, and its locks */
	bool			leaving;
	bool			told;		/* of its end, to the others */
	bool			learns;
	bool			waits;		/* for its change: over is to be completed */
	struct completion	over;
};

struct local_res {
	struct hlist_node	node;
	unsigned int		refs;		/* locks */
	char			name[CLUSTERFS_RES_MAX + 1];
	struct list_head	granted, converting, waiting;
	u8			lvb[CLUSTERFS_LVB_SIZE];
	bool			lvb_invalid;
};

enum local_op {
	LOCAL_REQUEST,
	LOCAL_CONVERT,
	LOCAL_RELEASE,
};

/* A lock as the engine has it. */
struct local_lkb {
	struct clusterfs_lock	*lock;		/* NULL: freed by its node, which is gone */
	struct local_member	*member;
	struct local_space	*space;
	struct local_res	*res;
	struct list_head	entry;		/* of a queue of @res */
	bool			queued;
	struct list_head	aside;
	enum clusterfs_mode	granted, wanted;
	unsigned int		flags;
	enum local_op		op;
	bool			owed;		/* an answer */
	enum clusterfs_mode	told;		/* since the grant: the highest that it bars */
};

/* lock_local_grant.c; all under the space's lock */
void clusterfs_local_answer(struct local_lkb *l, int status, const u8 *lvb);
void clusterfs_local_do(struct local_lkb *l);
void clusterfs_local_withdraw(struct local_lkb *l);
void clusterfs_local_unqueue(struct local_lkb *l);
void clusterfs_local_settle(struct local_res *res);

#endif /* _CLUSTERFS_LOCK_LOCAL_GRANT_H */
