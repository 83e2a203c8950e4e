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
 * @prove: the database knows no end of the old owner, in that slot. Is it proven in another
 *	way that it can no longer act (P5.3)? 0: it is; else not yet, with a sentence, and it
 *	is asked again: every second, and by cfs_role_kick()
 * @activate: it has it. An error gives it back.
 * @drain: give no more. 0: all that was given has ended (P6). -EINPROGRESS: it has not, and
 *	cfs_role_kick() comes when it has: it is asked again then, and at other times. If the role
 *	is lost meanwhile @lost comes, and @drain again
 * @lost: answer nothing more, at once (V12); @drain comes after it
 * @later: a view is shown in which the object has that term. What was given in a lower one is
 *	over. At once, not by the worker, under m->roles_lock
 * @off: the lock is given back, or on its way
 * @work: from time to time while it has it; in how many ms again, 0: when something changes
 *
 * All but @type may be missing. All but @later are called by one worker, one at a time, with no
 * lock held, and may sleep; not for what may never end, for there are only so many workers.
 * @unfit is asked again when a view is published in which the object or a node has changed, when
 * the node's state changes, and by cfs_role_kick().
 */
struct cfs_role_ops {
	u8 type;
	bool commits_only;
	const char *(*unfit)(struct cfs_role *role);
	int (*prove)(struct cfs_role *role, u32 node, char *why);
	int (*activate)(struct cfs_role *role, u64 term);
	int (*drain)(struct cfs_role *role);
	void (*lost)(struct cfs_role *role);
	void (*later)(struct cfs_role *role, u64 term);
	void (*off)(struct cfs_role *role);
	unsigned int (*work)(struct cfs_role *role);
};

/* Room for a sentence of prove(). */
#define CFS_ROLE_WHY	200

/*
 * The value block of a role's lock: whom the last owner wants to have it next. A hint: who is
 * granted the lock before that one lets it pass, so many times; then whoever has it takes it.
 */
struct cfs_role_hint {
	__le64	term;		/* of the owner who says so: with a later one it is over */
	__le32	node;		/* slot */
	__le32	passes;
	__u8	reserved[16];
};

static_assert(sizeof(struct cfs_role_hint) == CLUSTERFS_LVB_SIZE);

/* What status says of a role. */
struct cfs_role_status {
	enum cfs_role_state	state;
	u64			term;		/* PROOF, ACTIVE, DRAINING: its own */
	u64			since;		/* seconds since 1970 */
	u32			waits;		/* for the end of that node, or CFS_NOBODY */
	bool			drains;		/* DRAINING: for what was begun, not the record */
	char			why[CFS_ROLE_WHY];
};

/**
 * struct cfs_role - a node's part in a role
 * @m: mount
 * @ops: what it is
 * @id: of the object
 * @uuid: of the object, which is another one with another uuid; or zero: any
 * @private: the user's
 * @entry: of m->roles, by m->roles_lock
 * @lock: a role lock: it does not let go for others
 * @work: moves it on
 * @closing: it is given up
 * @stopped: it was: its worker is not woken any more
 * @drains: what was given has not all ended
 * @gone: it was lost, not moved
 * @yields: the term that is to be given to another; 0: none
 * @to: to that one, or CFS_NOBODY: whoever is next
 * @not_before: jiffies: another try
 * @pause: ms from when it is given back until it is asked for again
 * @slow: jiffies: what does not end is said then; 0: it was
 * @reason: why it is moved, or was lost
 * @term: of the take-over
 * @proven: the slot of which prove() has said so, in this take-over; or CFS_NOBODY
 * @status: by m->view_lock
 */
struct cfs_role {
	struct cfs_mount		*m;
	const struct cfs_role_ops	*ops;
	u64				id;
	uuid_t				uuid;
	void				*private;
	struct list_head		entry;
	struct clusterfs_lock		lock;
	struct delayed_work		work;
	bool				closing;
	bool				stopped;
	bool				drains;
	bool				gone;
	u64				yields;
	u32				to;
	unsigned long			not_before;
	unsigned int			pause;
	unsigned long			slow;
	char				reason[CFS_ROLE_WHY];
	u64				term;
	u32				proven;
	struct cfs_role_status		status;
};

struct cfs_role *cfs_role_open(struct cfs_mount *m, const struct cfs_role_ops *ops, u64 id,
			       const uuid_t *uuid, void *private);
void cfs_role_leave(struct cfs_role *role);
void cfs_role_stop(struct cfs_role *role);
void cfs_role_close(struct cfs_role *role);
void cfs_role_kick(struct cfs_role *role);
int cfs_role_give(struct cfs_role *role, u32 to, u64 *term, char *why);
int cfs_role_yield(struct cfs_role *role, char *why);
bool cfs_role_gone(struct cfs_role *role);
int __must_check cfs_role_change(struct cfs_role *role, cfs_fill_t fill, void *arg, char *why);
void cfs_role_status(struct cfs_role *role, struct cfs_role_status *status);
const char *cfs_role_state_name(enum cfs_role_state state);

#endif /* _CLUSTERFS_ROLE_H */
