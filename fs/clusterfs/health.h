/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: what a node may do, by what it knows of itself and of the cluster. Pure: who
 * feeds it is state.c.
 */
#ifndef _CLUSTERFS_HEALTH_H
#define _CLUSTERFS_HEALTH_H

#include <linux/bits.h>
#include <linux/types.h>

/* The table is in health.c. A greater one forbids no less. */
enum cfs_health {
	CFS_OK,
	CFS_RESTRICTED,		/* the database cannot be reached */
	CFS_SUSPECT,		/* membership or quorum is in doubt */
	CFS_FROZEN,		/* ...for too long, or there is no quorum */
	CFS_OUT,		/* LOST: this mount is no member any more */
	CFS_HEALTHS,
};

/* What a node may do. What is known can be read in every state. */
#define CFS_MAY_COMMIT	BIT(0)		/* change the database, begin a role, grant ids */
#define CFS_MAY_HOLD	BIT(1)		/* keep the roles that it has, and wait for others */
#define CFS_MAY_SERVE	BIT(2)		/* give I/O to what it owns: reads, two-legged writes */

/* Why it is in a state. */
enum cfs_cause {
	CFS_CAUSE_NONE,
	CFS_CAUSE_REPOSITORY,
	CFS_CAUSE_RECOVERING,
	CFS_CAUSE_LEASE,	/* has run out */
	CFS_CAUSE_QUORUM,	/* there is none, says the agent */
	CFS_CAUSE_ENGINE,	/* the lock engine is gone, or has cast this node out */
	CFS_CAUSE_FENCED,	/* the database says so of this life of the node */
	CFS_CAUSES,
};

/* How long, in ms. */
#define CFS_LEASE_MS		2000U	/* of quorum, if the agent does not say */
#define CFS_LEASE_MAX_MS	60000U
#define CFS_JOIN_LEASE_MS	10000U	/* until the agent has to be there */

/**
 * struct cfs_health_limits - how long a doubt may last, in ms
 * @recover: a recovery, before the node is FROZEN
 * @expired: a lease that has run out, before it is FROZEN
 * @frozen: FROZEN, before it is LOST
 */
struct cfs_health_limits {
	u32	recover;
	u32	expired;
	u32	frozen;
};

extern const struct cfs_health_limits cfs_health_limits;

/**
 * struct cfs_health_in - what is known; times are ms of one clock
 * @limits: for doubts
 * @needs_lease: quorum is a lease (P19); else the node is quorate by itself
 * @quorate: what the agent said last
 * @lease_end: that counts until then; if it said no: when it did
 * @recovering: the lockspace is,
 * @recovering_since: since then
 * @dead: the engine has nothing more for this node
 * @fenced: the database has a verdict about this life of the node, or another life of it
 * @unreachable: the database cannot be read, or its lock was not granted
 */
struct cfs_health_in {
	const struct cfs_health_limits	*limits;
	bool				needs_lease;
	bool				quorate;
	u64				lease_end;
	bool				recovering;
	u64				recovering_since;
	bool				dead;
	bool				fenced;
	bool				unreachable;
};

/**
 * struct cfs_health_now - what follows
 * @state: of the node
 * @cause: of that
 * @next: when to look again, 0: when something is told
 */
struct cfs_health_now {
	enum cfs_health	state;
	enum cfs_cause	cause;
	u64		next;
};

bool cfs_health_step(struct cfs_health_now *now, const struct cfs_health_in *in, u64 ms);
unsigned int cfs_health_may(enum cfs_health state);
const char *cfs_health_name(enum cfs_health state);
const char *cfs_cause_text(enum cfs_cause cause);

#endif /* _CLUSTERFS_HEALTH_H */
