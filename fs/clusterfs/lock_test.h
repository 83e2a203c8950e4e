/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit: nodes and locks to be tried. What happens is waited for, never slept for.
 */
#ifndef _CLUSTERFS_LOCK_TEST_H
#define _CLUSTERFS_LOCK_TEST_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/wait.h>

#include "lock_engine.h"
#include "lock_local.h"

#define LT_SPACE	"lt"
#define LT_NODES	4
#define LT_LOCKS	32
/* Longer than anything takes; and what is to end without its answer. */
#define LT_LONG		20000
#define LT_SHORT	20

/* A node, and all that it was told in order: (p)rep, (s)lot, (d)one, (g)ranted. */
struct lt_node {
	struct clusterfs_ls	*ls;
	char			name[8];
	char			log[64];
	struct clusterfs_member	self, gone;
	unsigned int		members;
	u32			generation;
	struct completion	*hold;		/* recover_prep() waits for it */
	bool			held;		/* ...now */
	void			(*on_done)(struct lt_node *node);
};

struct lt_lock {
	struct clusterfs_lock	lock;
	struct lt_node		*node;
	unsigned int		dones, tolds;
	int			status;
	enum clusterfs_mode	told;
	void			(*on_done)(struct lt_lock *l);
	struct completion	freed;
};

extern wait_queue_head_t lt_wait;
extern struct lt_node lt_nodes[LT_NODES];

#define lt_until(test, condition)						\
	KUNIT_ASSERT_TRUE_MSG(test,						\
		wait_event_timeout(lt_wait, condition, msecs_to_jiffies(LT_LONG)) > 0,	\
		"never: " #condition)

void lt_start(struct kunit *test, const struct clusterfs_lock_ops *ops, unsigned int nodes);
void lt_end(struct kunit *test);
int lt_join(const struct clusterfs_lock_ops *ops, unsigned int node, unsigned int ms, char *why);
void lt_leave(struct kunit *test, unsigned int node);
void lt_note(struct lt_node *node, char what);
bool lt_log_is(const struct lt_node *node, const char *log);
struct lt_lock *lt_open(struct kunit *test, unsigned int node, const char *name);
struct lt_lock *lt_open_role(struct kunit *test, unsigned int node, const char *name);
struct lt_lock *lt_open_untold(struct kunit *test, unsigned int node, const char *name);
void lt_close(struct kunit *test, struct lt_lock *l);
void lt_begin(struct kunit *test, struct lt_lock *l, enum clusterfs_mode mode,
	      unsigned int flags);
void lt_take(struct kunit *test, struct lt_lock *l, enum clusterfs_mode mode);
int lt_try(struct lt_lock *l, enum clusterfs_mode mode);
void lt_lvb(struct lt_lock *l, u8 with);
void lt_set(struct kunit *test, struct lt_lock *l, enum clusterfs_mode mode, u8 with);
bool lt_is(struct lt_lock *l, enum clusterfs_lock_state state, enum clusterfs_mode mode);
bool lt_dones(const struct lt_lock *l, unsigned int dones);
bool lt_tolds(const struct lt_lock *l, unsigned int tolds);

#endif /* _CLUSTERFS_LOCK_TEST_H */
