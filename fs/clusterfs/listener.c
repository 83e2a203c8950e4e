// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: listeners of this kernel: any number, told of all events of all mounted nodes,
 * by one call at a time. The lock that keeps their list is held for the call, so that who
 * unregisters waits for it; only a listener that does so itself has it already.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/module.h>
#include "mount.h"

static LIST_HEAD(cfs_listeners);
static DEFINE_MUTEX(cfs_listeners_lock);
static struct task_struct *cfs_listeners_caller;	/* who calls one */
static struct list_head *cfs_listeners_next;		/* whom he calls after that */
static DECLARE_WAIT_QUEUE_HEAD(cfs_listeners_idle);	/* he has called them all */
static DEFINE_SPINLOCK(cfs_listeners_module_lock);
static char cfs_listeners_module[MODULE_NAME_LEN];	/* whose code he calls, empty: nobody's */

static bool cfs_listeners_enter(void)
{
	/* Nobody else sees himself there. */
	if (READ_ONCE(cfs_listeners_caller) == current)
		return false;
	mutex_lock(&cfs_listeners_lock);
	return true;
}

static void cfs_listeners_say(const char *name)
{
	spin_lock(&cfs_listeners_module_lock);
	strscpy(cfs_listeners_module, name, sizeof(cfs_listeners_module));
	spin_unlock(&cfs_listeners_module_lock);
}

/**
 * cfs_listener_register() - be told of all events
 * @l: its owner and event() are set
 *
 * It is told of what happens from now on; of a node that is mounted later, from its mount on.
 *
 * Context: process, also in a call of a listener or handler.
 */
void cfs_listener_register(struct cfs_listener *l)
{
	const bool entered = cfs_listeners_enter();

	/* In a call: before all, so that it is not called for the same event. */
	if (entered)
		list_add_tail(&l->entry, &cfs_listeners);
	else
		list_add(&l->entry, &cfs_listeners);
	if (entered)
		mutex_unlock(&cfs_listeners_lock);
}
EXPORT_SYMBOL_GPL(cfs_listener_register);

/**
 * cfs_listener_unregister() - be told no more
 * @l: it
 *
 * Context: process, with no lock held that a listener takes; also in a call of a listener,
 * whichever. Else it waits for the call that runs.
 */
void cfs_listener_unregister(struct cfs_listener *l)
{
	const bool entered = cfs_listeners_enter();

	if (cfs_listeners_next == &l->entry)
		cfs_listeners_next = l->entry.next;
	list_del(&l->entry);
	if (entered)
		mutex_unlock(&cfs_listeners_lock);
}
EXPORT_SYMBOL_GPL(cfs_listener_unregister);

static void cfs_listeners_call(const struct cfs_event *ev)
{
	struct cfs_listener *l;
	struct cfs_call call;
	struct module *owner;

	mutex_lock(&cfs_listeners_lock);
	WRITE_ONCE(cfs_listeners_caller, current);
	cfs_listeners_next = cfs_listeners.next;
	while (cfs_listeners_next != &cfs_listeners) {
		l = list_entry(cfs_listeners_next, struct cfs_listener, entry);
		cfs_listeners_next = l->entry.next;
		/* One that unregisters itself still returns to its code. */
		owner = l->owner;
		if (!try_module_get(owner))
			continue;
		cfs_listeners_say(owner ? module_name(owner) : "the kernel");
		cfs_call_begin(&call);
		l->event(l, ev);
		cfs_call_end(&call);
		module_put(owner);
	}
	cfs_listeners_next = NULL;
	cfs_listeners_say("");
	WRITE_ONCE(cfs_listeners_caller, NULL);
	mutex_unlock(&cfs_listeners_lock);
	wake_up_all(&cfs_listeners_idle);
}

/**
 * cfs_listen_wait() - until listeners were told what there is
 * @m: mount, whose events have ended
 *
 * Whoever is slow is named: no time ends his call.
 *
 * Context: process.
 */
void cfs_listen_wait(struct cfs_mount *m)
{
	char name[MODULE_NAME_LEN];

	if (!wait_event_timeout(cfs_listeners_idle, !READ_ONCE(cfs_listeners_caller),
				CFS_SLOW_CALL)) {
		spin_lock(&cfs_listeners_module_lock);
		strscpy(name, cfs_listeners_module, sizeof(name));
		spin_unlock(&cfs_listeners_module_lock);
		pr_warn("node %s: unmounting waits for a listener, of %s\n", m->opt.node,
			name[0] ? name : "several modules");
	}
	flush_work(&m->events->listen);
}

/**
 * cfs_listen_from() - there is a first view
 * @m: mount, locked
 *
 * It is history, but for the last event, as in cfs_nl_publish().
 */
void cfs_listen_from(struct cfs_mount *m)
{
	WRITE_ONCE(m->events->heard[0], max_t(u64, cfs_events_end_of(m, false), 2) - 1);
}

/**
 * cfs_listen_work() - tell what was not told
 * @work: of struct cfs_events
 */
void cfs_listen_work(struct work_struct *work)
{
	struct cfs_events *es = container_of(work, struct cfs_events, listen);
	struct cfs_mount *m = es->desk[0].m;
	struct cfs_event *ev = &es->hearing.ev;
	bool local = false;

	do {
		while (READ_ONCE(es->heard[local]) &&
		       cfs_event_next(m, &es->heard[local], local, CFS_EVENT_KINDS,
				      &es->hearing)) {
			cfs_listeners_call(ev);
			if (!ev->lost)
				es->heard[local]++;
		}
		local = !local;
	} while (local);
}
