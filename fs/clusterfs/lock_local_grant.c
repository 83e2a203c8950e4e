// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: grants of the engine lock_local on one resource, as DLM's. By rule:
 *
 *  1. A mode is granted if it is compatible with all that others are granted, converting or
 *     not. NL is, always.
 *  2. A conversion down or level is granted at once. One up is granted at once if nobody
 *     else converts, and else queued (QUECVT): the first is granted first.
 *  3. A new request is granted at once if nobody waits for anything, and else queued behind
 *     all conversions and earlier requests: the first is granted first.
 *  4. A conversion that is to be queued, and whose present mode bars one that is queued, is
 *     refused (-EDEADLK). Who began first is granted when the refused one lets go.
 *  5. The value block is read by a request and by a conversion up, or level below PW; it is
 *     written by a release or conversion from PW or EX that says so.
 *  6. Whoever bars the highest mode that is queued is told, once for that grant and mode; who
 *     converts, when that has ended.
 *
 * All is done under the lock of the space.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "lock_local_grant.h"

void clusterfs_local_answer(struct local_lkb *l, int status, const u8 *lvb)
{
	l->owed = false;
	clusterfs_lock_answer(l->lock, status, lvb, l->res->lvb_invalid);
}

static void local_queue(struct local_lkb *l, struct list_head *queue)
{
	if (l->queued)
		list_del(&l->entry);
	list_add_tail(&l->entry, queue);
	l->queued = true;
}

/* The last that holds so much as NL takes the value block with it. */
void clusterfs_local_unqueue(struct local_lkb *l)
{
	struct local_res *res = l->res;

	if (l->queued)
		list_del(&l->entry);
	l->queued = false;
	l->granted = CLUSTERFS_LOCK_NONE;
	l->told = CLUSTERFS_LOCK_NONE;
	if (list_empty(&res->granted) && list_empty(&res->converting) &&
	    list_empty(&res->waiting)) {
		memset(res->lvb, 0, sizeof(res->lvb));
		res->lvb_invalid = false;
	}
}

static bool local_conflict(const struct local_lkb *l, const struct list_head *queue)
{
	const struct local_lkb *other;

	list_for_each_entry(other, queue, entry)
		if (other != l && !clusterfs_modes_compatible(other->granted, l->wanted))
			return true;
	return false;
}

static bool local_first(const struct local_lkb *l, struct list_head *queue)
{
	return list_first_entry_or_null(queue, struct local_lkb, entry) == l;
}

static bool local_goes_up(const struct local_lkb *l)
{
	return l->wanted > l->granted;
}

static bool local_grantable(const struct local_lkb *l, bool now)
{
	struct local_res *res = l->res;

	if (local_conflict(l, &res->granted) || local_conflict(l, &res->converting))
		return false;
	if (l->op == LOCAL_CONVERT) {
		if (!now)
			return local_first(l, &res->converting);
		return !local_goes_up(l) || list_empty(&res->converting);
	}
	if (l->wanted == CLUSTERFS_LOCK_NL)
		return true;
	if (!list_empty(&res->converting))
		return false;
	return now ? list_empty(&res->waiting) : local_first(l, &res->waiting);
}

/* Two conversions each of which bars the other. */
static bool local_deadlock(const struct local_lkb *l)
{
	const struct local_lkb *other;

	list_for_each_entry(other, &l->res->converting, entry)
		if (!clusterfs_modes_compatible(l->granted, other->wanted))
			return true;
	return false;
}

static void local_write_lvb(struct local_lkb *l)
{
	if (l->granted < CLUSTERFS_LOCK_PW || !(l->flags & CLUSTERFS_LOCK_SET_LVB))
		return;
	memcpy(l->res->lvb, l->lock->lvb, sizeof(l->res->lvb));
	l->res->lvb_invalid = false;
}

static void local_grant(struct local_lkb *l)
{
	struct local_res *res = l->res;
	bool reads = local_goes_up(l) ||
		     (l->wanted == l->granted && l->wanted < CLUSTERFS_LOCK_PW);

	if (!reads)
		local_write_lvb(l);
	l->granted = l->wanted;
	l->told = CLUSTERFS_LOCK_NONE;
	local_queue(l, &res->granted);
	clusterfs_local_answer(l, 0, reads ? res->lvb : NULL);
}

/* The highest that somebody waits for. */
static enum clusterfs_mode local_high(const struct local_res *res)
{
	enum clusterfs_mode high = CLUSTERFS_LOCK_NONE;
	const struct local_lkb *l;

	list_for_each_entry(l, &res->converting, entry)
		high = max(high, l->wanted);
	list_for_each_entry(l, &res->waiting, entry)
		high = max(high, l->wanted);
	return high;
}

static void local_tell(struct local_lkb *l, enum clusterfs_mode high)
{
	if (l->told >= high || clusterfs_modes_compatible(l->granted, high))
		return;
	l->told = high;
	clusterfs_lock_blocks(l->lock, high);
}

/* Grants what can be, and tells who bars the rest. */
void clusterfs_local_settle(struct local_res *res)
{
	enum clusterfs_mode high;
	struct local_lkb *l;

	for (;;) {
		l = list_first_entry_or_null(&res->converting, struct local_lkb, entry);
		if (!l)
			l = list_first_entry_or_null(&res->waiting, struct local_lkb, entry);
		if (!l || !local_grantable(l, false))
			break;
		local_grant(l);
	}
	high = local_high(res);
	list_for_each_entry(l, &res->granted, entry)
		local_tell(l, high);
}

void clusterfs_local_do(struct local_lkb *l)
{
	struct local_res *res = l->res;

	if (l->op == LOCAL_RELEASE) {
		local_write_lvb(l);
		clusterfs_local_unqueue(l);
		clusterfs_local_answer(l, 0, NULL);
	} else if (local_grantable(l, true)) {
		local_grant(l);
	} else if (l->flags & CLUSTERFS_LOCK_NOQUEUE) {
		clusterfs_local_answer(l, -EAGAIN, NULL);
	} else if (l->op == LOCAL_CONVERT && local_deadlock(l)) {
		clusterfs_local_answer(l, -EDEADLK, NULL);
	} else {
		local_queue(l, l->op == LOCAL_CONVERT ? &res->converting : &res->waiting);
	}
	clusterfs_local_settle(res);
}

/* What is on its way need not go on. */
void clusterfs_local_withdraw(struct local_lkb *l)
{
	if (l->op == LOCAL_CONVERT)
		local_queue(l, &l->res->granted);
	else
		clusterfs_local_unqueue(l);
	clusterfs_local_answer(l, -ECANCELED, NULL);
}
