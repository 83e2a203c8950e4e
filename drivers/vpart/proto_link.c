// SPDX-License-Identifier: GPL-2.0
/*
 * What the ends of a link say to each other when it comes up and goes down: the
 * same for all fabrics that speak the wire protocol.
 */
#include <linux/export.h>
#include <linux/jiffies.h>

#include "proto.h"
#include "proto_login.h"
#include "vpart.h"

/**
 * vpart_link_bye() - why we leave, for the other end
 * @link: link that goes down
 *
 * Context: Any.
 * Return: enum vpart_bye.
 */
u32 vpart_link_bye(const struct vpart_link *link)
{
	switch (READ_ONCE(link->why)) {
	case VPART_WHY_CLIENT_FAILED:
	case VPART_WHY_SERVER_FAILED:
		return VPART_BYE_FAILED;
	case VPART_WHY_NO_CLIENT:
	case VPART_WHY_NO_SERVER:
		return VPART_BYE_NO_DRIVER;
	case VPART_WHY_RESET:
	case VPART_WHY_RELOGIN:
		return VPART_BYE_RESET;
	case VPART_WHY_REMOVED:
		return VPART_BYE_REMOVED;
	default:
		return VPART_BYE_NONE;
	}
}
EXPORT_SYMBOL_GPL(vpart_link_bye);

/**
 * vpart_link_login_rsp() - the IU of LOGIN_RSP
 * @link: server's link, which comes up
 * @lim: set to the limits of the session
 * @iu: room for VPART_MAX_IU bytes
 *
 * Context: Process context, the link's work.
 * Return: its length.
 */
u16 vpart_link_login_rsp(const struct vpart_link *link, struct vpart_login_limits *lim, u8 *iu)
{
	u16 len;

	*lim = (struct vpart_login_limits) {
		.queues		= link->lim.nr_queues,
		.depth		= link->lim.depth,
		.max_segs	= link->lim.max_segs,
		.max_data	= link->lim.max_data,
	};
	len = vpart_login_rsp_put(iu, lim);
	memcpy(iu + len, link->login_rsp, link->login_rsp_len);
	return len + link->login_rsp_len;
}
EXPORT_SYMBOL_GPL(vpart_link_login_rsp);

/**
 * vpart_link_rejected() - a server has said no
 * @link: client's link; this becomes its problem
 * @who: the server, for the administrator
 * @reason: enum vpart_reject, perhaps from a server that knows others
 * @err: the errno of its driver, for VPART_REJECT_DRIVER
 *
 * Context: Process context, the link's work.
 * Return: -EAGAIN: soon again; -EKEYREJECTED, the driver's errno, or -EACCES.
 */
int vpart_link_rejected(struct vpart_link *link, const char *who, u32 reason, int err)
{
	if (reason == VPART_REJECT_DRIVER && err == EPERM)
		vpart_link_problem(link, "%.40s has granted another port name, or none", who);
	else if (reason == VPART_REJECT_DRIVER)
		vpart_link_problem(link, "%.60s %s %d", who, vpart_reject_text(reason), err);
	else
		vpart_link_problem(link, "%.40s %s", who, vpart_reject_text(reason));
	if (vpart_reject_again(reason))
		return -EAGAIN;
	return reason == VPART_REJECT_AUTH ? -EKEYREJECTED :
	       reason == VPART_REJECT_DRIVER ? -err : -EACCES;
}
EXPORT_SYMBOL_GPL(vpart_link_rejected);

/**
 * vpart_link_heard() - since when the other end is silent, for one that looks for that
 * @heard: when it was heard last, in jiffies
 * @looked: when we looked last
 * @now: now
 * @period: how often we look
 *
 * A machine that stood still has heard nothing either: the time that the look is late
 * by is no silence of the other end's.
 *
 * Context: Any.
 * Return: @heard, or later; not after @now.
 */
unsigned long vpart_link_heard(unsigned long heard, unsigned long looked, unsigned long now,
			       unsigned long period)
{
	unsigned long gap = now - looked;

	if (gap <= 2 * period)
		return heard;
	heard += gap - period;
	return time_after(heard, now) ? now : heard;
}
EXPORT_SYMBOL_GPL(vpart_link_heard);
