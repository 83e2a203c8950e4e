/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: who owns a LU or a volume, for the modules that serve it (P4-P6). One node does at
 * a time, in a term that no other owner has or will have; its part in that is made by one
 * worker, whose states are those of Documentation/design/clusterfs-roles.rst:
 *
 *	the owner-to-be is	its user is asked, or told
 *	not eligible, queued	unfit()
 *	taking over		prove(), until that or the database proves the last owner's end
 *	the owner		promote(), then commands are admitted
 *	moving it away		park(), until all that was admitted has ended; demote()
 *	losing it		the same, and nothing that was admitted may be answered GOOD
 */
#ifndef _LINUX_CLUSTERFS_OWNER_H
#define _LINUX_CLUSTERFS_OWNER_H

#include <linux/types.h>
#include <linux/uuid.h>
#include <uapi/linux/clusterfs.h>

struct cfs_owner;

/* Bytes of a sentence. */
#define CFS_OWNER_WHY	200

/**
 * struct cfs_owner_old - whose end is to be proven (P5.3)
 * @slot: id of the node
 * @name: of the node
 * @boot: its life that is registered, which may be a later one
 *
 * It is there during the call.
 */
struct cfs_owner_old {
	u32		slot;
	const char	*name;
	uuid_t		boot;
};

/**
 * struct cfs_owner_ops - what a user does with a LU or a volume
 * @type: CFS_LU or CFS_VOLUME
 * @unfit: why this node may not own it now, in a sentence that stays; or NULL: it may (P4). It
 *	is asked at each step, by cfs_owner_kick(), and when the record of this object or of a
 *	node, or the node's state changes: one that is queued then cancels, one that is the owner
 *	moves it away. What depends on another object is for cfs_owner_kick()
 * @prove: the last owner may still act, says the database. Is it proven otherwise that it
 *	cannot: its key pre-empted on the device and read back, or the gates of all legs closed
 *	to terms below @term, and drained? 0: it is. Else not yet: @why, of CFS_OWNER_WHY bytes,
 *	says what for; it is asked again each second, and by cfs_owner_kick(). A verdict counts
 *	only when it has returned, so it should not wait long. To act is also to answer reads GOOD:
 *	a key that bars writes alone (Write Exclusive) proves nothing of those, so wait as well
 *	until the old node's lease and doubt are over (4 s), or let no read be answered without
 *	the device. @term may be over when this runs: pre-empt only the old owner's key
 * @promote: this node is the owner, in @term; when it returns 0 commands are admitted. If the old
 *	owner may still be reached by somebody that is to be ended before (P5.5, P5.6). An error
 *	gives it back, and it is tried again after a second, perhaps by another node
 * @park: nothing more is admitted: keep what comes, unexecuted, or answer it STALE. What was
 *	admitted is waited for after it returns, so abort or hasten that. @lost: nothing of it may
 *	be answered GOOD any more, which may also come while it is moved away
 * @demote: all that was admitted has ended, and unless it was lost that nobody owns it is
 *	stored: answer STALE what was kept. The next owner may have begun: what is given back on a
 *	device is to be this node's alone
 * @gone: the node was unmounted; demote() has been called. The owner must still be
 *	unregistered, but not in this call
 *
 * All but @type may be missing. They are called in process context, one at a time, with no lock
 * held, and may sleep, though not for what may never end, as I/O that was admitted: the calls of
 * all owners of this machine share their workers. They neither unregister the owner nor wait for
 * somebody who does.
 */
struct cfs_owner_ops {
	u8 type;
	const char *(*unfit)(struct cfs_owner *o);
	int (*prove)(struct cfs_owner *o, u64 term, const struct cfs_owner_old *old, char *why);
	int (*promote)(struct cfs_owner *o, u64 term);
	void (*park)(struct cfs_owner *o, u64 term, bool lost);
	void (*demote)(struct cfs_owner *o, u64 term);
	void (*gone)(struct cfs_owner *o);
};

struct cfs_owner * __must_check cfs_owner_register(const struct cfs_owner_ops *ops,
						   const char *cluster, const char *node,
						   const uuid_t *uuid, void *private, char *why);
void cfs_owner_unregister(struct cfs_owner *o);
void cfs_owner_kick(struct cfs_owner *o);
void *cfs_owner_private(const struct cfs_owner *o);
int cfs_owner_give(struct cfs_owner *o, const char *node, char *why);

int __must_check cfs_owner_enter(struct cfs_owner *o, u64 term, u64 *own);
int __must_check cfs_owner_answers(struct cfs_owner *o);
void cfs_owner_exit(struct cfs_owner *o);

#endif /* _LINUX_CLUSTERFS_OWNER_H */
