// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: the place of the one handler that a class of events has at a mount: who has it,
 * what he was given, and until when he answers. Nothing here waits, or asks what time it is.
 *
 *	step		who		what changes
 *	take		a handler	refused if another has it. The first begins with what
 *					comes from then on, or where he says; a later one where
 *					the one before him ended: at least once
 *	begin		the worker	a delivery, and until when it is to be answered
 *	answer		the handler	0 or not is counted, and it is over: next
 *	expire		the clock	it is over, counted as late: next. What is answered after
 *					that is refused, by the number of the delivery
 *	again		the worker	it did not come to the handler: the same is begun again
 *	leave		the handler	what was not answered is given to the next one
 */
#include "mount.h"

/**
 * cfs_class_name() - a class of events in a word
 * @class: CFS_EVENT_*
 *
 * Return: its name.
 */
const char *cfs_class_name(unsigned int class)
{
	static const char *const name[CFS_EVENT_KINDS] = {
		[CFS_EVENT_LIFECYCLE]	= "lifecycle",
		[CFS_EVENT_ALERT]	= "alert",
		[CFS_EVENT_TOPOLOGY]	= "topology",
		[CFS_EVENT_RESERVATION]	= "reservation",
		[CFS_EVENT_PATH]	= "path",
		[CFS_EVENT_CAPACITY]	= "capacity",
		[CFS_EVENT_HEALTH]	= "health",
	};

	return class < CFS_EVENT_KINDS ? name[class] : "unknown";
}

/**
 * cfs_post_take() - be the handler
 * @p: place
 * @h: who
 * @from: the first event that he wants; 0: where the one before him ended
 * @why: room for CFS_EVENT_WHY characters: a sentence, if it is refused
 *
 * Return: 0; -EBUSY: another one is.
 */
int cfs_post_take(struct cfs_post *p, struct cfs_handler *h, u64 from, char *why)
{
	if (p->handler) {
		snprintf(why, CFS_EVENT_WHY, "%s has the %s events", p->holder,
			 cfs_class_name(h->class));
		return -EBUSY;
	}
	p->handler = h;
	p->ms = h->ms;
	strscpy(p->holder, h->name, sizeof(p->holder));
	if (from)
		p->next = from;
	return 0;
}

/**
 * cfs_post_leave() - be the handler no longer
 * @p: place
 * @h: who
 *
 * Return: true if he was.
 */
bool cfs_post_leave(struct cfs_post *p, const struct cfs_handler *h)
{
	if (!h || p->handler != h)
		return false;
	p->handler = NULL;
	p->holder[0] = 0;
	p->deadline = 0;
	return true;
}

/**
 * cfs_post_begin() - the handler gets an event
 * @p: place, where nothing waits for an answer
 * @seq: number of the event
 * @after: the first event that comes next
 * @now: in ms, above 0
 *
 * Return: number of the delivery.
 */
u64 cfs_post_begin(struct cfs_post *p, u64 seq, u64 after, u64 now)
{
	p->seq = seq;
	p->after = after;
	p->deadline = now + p->ms;
	return ++p->delivery;
}

/**
 * cfs_post_again() - a delivery has not come to the handler
 * @p: place
 * @delivery: which
 *
 * Return: true if it was not over: the same event is to be given out again, under a new number.
 */
bool cfs_post_again(struct cfs_post *p, u64 delivery)
{
	if (delivery != p->delivery || !p->deadline)
		return false;
	p->deadline = 0;
	return true;
}

static void cfs_post_over(struct cfs_post *p)
{
	p->deadline = 0;
	p->next = p->after;
}

/**
 * cfs_post_expire() - is it too late for an answer
 * @p: place
 * @now: in ms
 *
 * Return: true, once: the time was over, and the next one may be given out.
 */
bool cfs_post_expire(struct cfs_post *p, u64 now)
{
	if (!p->deadline || now < p->deadline)
		return false;
	p->late++;
	cfs_post_over(p);
	return true;
}

/**
 * cfs_post_answer() - what came of an event
 * @p: place
 * @delivery: which
 * @result: 0: it was handled
 *
 * Return: 0; -ENOENT: there is no such delivery; -ETIME: it is over: answered, or late.
 */
int cfs_post_answer(struct cfs_post *p, u64 delivery, int result)
{
	if (!delivery || delivery > p->delivery)
		return -ENOENT;
	if (delivery < p->delivery || !p->deadline)
		return -ETIME;
	if (result)
		p->failed++;
	else
		p->handled++;
	cfs_post_over(p);
	return 0;
}

/**
 * cfs_fill_level() - is there little left
 * @was: the level before
 * @used: of @max
 * @max: not 0
 *
 * 1 from 80 % on, 2 from 95 %; back 5 % below that, so that nobody is told in turns.
 *
 * Return: the level, 0: there is enough.
 */
unsigned int cfs_fill_level(unsigned int was, u32 used, u32 max)
{
	const unsigned int percent = (u64)used * 100 / max;

	if (percent >= 95 || (was > 1 && percent >= 90))
		return 2;
	return percent >= 80 || (was && percent >= 75);
}
