/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit: nodes that have a repository in memory and the locks of lock_local. What happens is
 * waited for, never slept for.
 */
#ifndef _CLUSTERFS_ROLE_TEST_H
#define _CLUSTERFS_ROLE_TEST_H

#include <kunit/test.h>

#include "lock_engine.h"
#include "lock_local.h"
#include "role_record.h"

#define RT_SPACE	"rt"
#define RT_NODES	3
#define RT_LONG		(20 * HZ)
/* How long a lock may take where it is never granted. */
#define RT_SECONDS	3

/* A LU's role at a node, and what was done with it. */
struct rt_role {
	struct cfs_role		*role;
	const char		*unfit;
	int			fails;		/* activate() does */
	bool			holds;		/* unfit() does not return, but not for ever */
	bool			stuck;		/* drain() is, but not for ever */
	bool			kicks;		/* work() does, once */
	unsigned int		active, drained, lost, worked;
	u64			term;
};

/* The devices of a node: what is wrong with them. */
struct rt_io {
	bool	blind;		/* no snapshot can be read */
	bool	mute;		/* what is written is there, but the write fails */
	bool	mutes;		/* that begins with the next commit about a LU */
};

extern struct cfs_mount *rt_m[RT_NODES];
extern struct rt_role rt_role[RT_NODES];
extern struct rt_io rt_io[RT_NODES];

#define rt_until(test, m, condition)						\
	KUNIT_ASSERT_TRUE_MSG(test, wait_event_timeout((m)->changed, condition, RT_LONG) > 0, \
			      "never: " #condition)

void rt_join(struct kunit *test, unsigned int i);
void rt_leave(unsigned int i);
int rt_init(struct kunit *test);
void rt_exit(struct kunit *test);
int rt_fill_lu(struct cfs_mount *m, struct cfs_txn *t, void *arg);
int rt_fill_later(struct cfs_mount *m, struct cfs_txn *t, void *arg);
bool rt_is(unsigned int i, enum cfs_role_state state);
void rt_open(struct kunit *test, unsigned int i);
void rt_begin_lu(struct kunit *test);
void rt_begin(struct kunit *test);
void rt_owner(struct kunit *test, unsigned int i, u32 owner, u64 term);
int rt_fill_event(struct cfs_mount *m, struct cfs_txn *t, void *arg);
int rt_act(unsigned int i, void (*within)(void));
unsigned int rt_told(unsigned int i, const char *text);
unsigned int rt_acts(unsigned int i, const char *by);
int rt_verdict(unsigned int by, const char *node, bool confirmed);
int rt_compact(struct cfs_mount *m);

#endif /* _CLUSTERFS_ROLE_TEST_H */
