/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: roles. A role is something that one node does at a time: the primary node's
 * work, or the ownership of a LU or a volume. It is an object of the database, whose role
 * term and owner say who has it, and a lock that each node that could have it keeps queued.
 * Documentation/design/clusterfs-roles.rst.
 */
#ifndef _CLUSTERFS_ROLE_H
#define _CLUSTERFS_ROLE_H

#include "mount.h"

/*
 *	state		lock	in the database			left by
 *	OFF		-	-				it is eligible: QUEUED
 *	QUEUED		asked	-				granted: TAKING
 *	TAKING		EX	the next term is committed	committed: PROOF, or ACTIVE
 *	PROOF		EX	that term, the old owner	the old one's end: ACTIVE
 *	ACTIVE		EX	that term, this node		yield, ineligible: DRAINING
 *	DRAINING	EX	that term, then nobody		recorded: OFF
 *
 * DRAINING lasts until the record is stored: without it who is next would wait for the end of
 * a node that lives. The lock is given back without it by a node that is LOST, when the role
 * is given up, and where nobody waits for a proof.
 *
 * From each, OFF when the node is not eligible any more or what it needs has failed; from
 * ACTIVE, with lost(), when the node is LOST or the database has a later term.
 */
enum cfs_role_state {
	CFS_ROLE_OFF,
	CFS_ROLE_QUEUED,
	CFS_ROLE_TAKING,
	CFS_ROLE_PROOF,
	CFS_ROLE_ACTIVE,
	CFS_ROLE_DRAINING,
	CFS_ROLE_STATES,
};

struct cfs_role;

/**
 * struct cfs_role_ops - what a role is
 * @type: of the object: CFS_PRIMARY, CFS_LU, CFS_VOLUME
 * @commits_only: all that its holder does is to commit by cfs_role_change(). What an old
 *	holder does late is refused by the database, so its end needs no proof; and a holder
 *	that cannot write the database lets go.
 * @unfit: why this node may not have it now, or NULL: it may (P4)
 * @activate: it has it. An error gives it back.
 * @drain: give no more, and wait until all that was given has ended (P6)
 * @lost: answer nothing more, at once (V12); @drain comes after it
 * @work: from time to time while it has it; in how many ms again, 0: when something changes
 *
 * All but @type may be missing. They are called by one worker, one at a time, with no lock
 * held, and may sleep. @unfit is asked again when a view is published, when the node's state
 * changes, and by cfs_role_kick().
 */
struct cfs_role_ops {
	u8 type;
	bool commits_only;
	const char *(*unfit)(struct cfs_role *role);
	int (*activate)(struct cfs_role *role, u64 term);
	void (*drain)(struct cfs_role *role);
	void (*lost)(struct cfs_role *role);
	unsigned int (*work)(struct cfs_role *role);
};

/* What status says of a role. */
struct cfs_role_status {
	enum cfs_role_state	state;
	u64			term;		/* PROOF, ACTIVE, DRAINING: its own */
	u64			since;		/* seconds since 1970 */
	u32			waits;		/* for the end of that node, or CFS_NOBODY */
	char			why[200];
};

/**
 * struct cfs_role - a node's part in a role
 * @m: mount
 * @ops: what it is
 * @id: of the object
 * @private: the user's
 * @entry: of m->roles, by m->roles_lock
 * @lock: a role lock: it does not let go for others
 * @work: moves it on
 * @closing: it is given up
 * @yields: it is to be given to another
 * @not_before: jiffies: another try
 * @pause: ms from when it is given back until it is asked for again
 * @term: of the take-over
 * @status: by m->view_lock
 */
struct cfs_role {
	struct cfs_mount		*m;
	const struct cfs_role_ops	*ops;
	u64				id;
	void				*private;
	struct list_head		entry;
	struct clusterfs_lock		lock;
	struct delayed_work		work;
	bool				closing;
	bool				yields;
	unsigned long			not_before;
	unsigned int			pause;
	u64				term;
	struct cfs_role_status		status;
};

struct cfs_role *cfs_role_open(struct cfs_mount *m, const struct cfs_role_ops *ops, u64 id,
			       void *private);
void cfs_role_close(struct cfs_role *role);
void cfs_role_kick(struct cfs_role *role);
int cfs_role_yield(struct cfs_role *role, char *why);
int __must_check cfs_role_change(struct cfs_role *role, cfs_fill_t fill, void *arg, char *why);
void cfs_role_status(struct cfs_role *role, struct cfs_role_status *status);
const char *cfs_role_state_name(enum cfs_role_state state);

#endif /* _CLUSTERFS_ROLE_H */
