// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: events are told to the listeners of the netlink family: each mounted node tells
 * each event once, in order, when it has read it, whichever node it is about. What a listener
 * misses is in the view, or is told to be lost (V11).
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include "netlink.h"

static void cfs_nl_tell(const struct cfs_nl_from *from, const struct cfs_disk_record *r, u64 lost,
			u64 seq)
{
	struct cfs_nl_out out = { .cmd = CLUSTERFS_CMD_EVENT_NTF };

	out.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!out.skb) {
		/* Who listens shall read on. */
		genl_set_err(&cfs_family, &init_net, 0, 0, -ENOBUFS);
		return;
	}
	if (WARN_ON_ONCE(cfs_nl_put_event(&out, from, r, lost, seq))) {
		nlmsg_free(out.skb);
		return;
	}
	genlmsg_multicast(&cfs_family, out.skb, 0, 0, GFP_KERNEL);
}

/**
 * cfs_nl_publish() - tell the events that a view has and that were not told
 * @m: mount, locked; the view is shown already
 * @view: view
 *
 * Who begins to listen and then dumps misses none: what was told before it listened is in
 * the view that is dumped. The first view of a mount is history, but for the last event:
 * by that, who has listened to an earlier mount of this node sees that he has missed some.
 *
 * Context: process, sleeps.
 */
void cfs_nl_publish(struct cfs_mount *m, const struct cfs_view *view)
{
	const struct cfs_disk_record *first = cfs_view_at(view, CFS_EVENT, 0);
	u64 told = m->told, id = first ? le64_to_cpu(first->id) : 1;
	const u64 end = id + view->count[CFS_EVENT];
	struct cfs_nl_from from;
	u32 i;

	lockdep_assert_held(&m->lock);
	m->told = end;
	if (!told)
		told = first ? end - 1 : end;
	if (told >= end || !genl_has_listeners(&cfs_family, &init_net, 0))
		return;
	cfs_nl_from(&from, m);
	if (told < id)
		cfs_nl_tell(&from, NULL, id - told, id);
	for (i = told > id ? told - id : 0; i < view->count[CFS_EVENT]; i++)
		cfs_nl_tell(&from, cfs_view_at(view, CFS_EVENT, i), 0, id + i);
}
