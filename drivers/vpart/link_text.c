// SPDX-License-Identifier: GPL-2.0
/*
 * What is said of a link, in words.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/ratelimit.h>
#include <linux/string.h>

#include "vpart.h"

static const char * const vpart_why_texts[] = {
	[VPART_WHY_NONE]		= "",
	[VPART_WHY_CLIENT_FAILED]	= "client partition failed",
	[VPART_WHY_SERVER_FAILED]	= "server partition failed",
	[VPART_WHY_NO_CLIENT]		= "no client driver has started",
	[VPART_WHY_NO_SERVER]		= "no server driver has started",
	[VPART_WHY_REFUSED]		= "the server refused the login",
	[VPART_WHY_RESET]		= "a driver asked for a new epoch",
	[VPART_WHY_REMOVED]		= "the adapter pair is being deleted",
	[VPART_WHY_NO_PEER]		= "the other end is not connected",
	[VPART_WHY_LOST]		= "the connection was lost",
	[VPART_WHY_RELOGIN]		= "the client logged in anew",
	[VPART_WHY_CLOSED]		= "the client closed it over another path",
};

static const char * const vpart_link_state_texts[] = {
	[VPART_LINK_STATE_DOWN]		= "down",
	[VPART_LINK_STATE_LOGIN]	= "login",
	[VPART_LINK_STATE_UP]		= "up",
	[VPART_LINK_STATE_DRAINING]	= "draining",
};

/**
 * vpart_why_text() - a reason in words
 * @why: the reason
 *
 * Return: "" for none.
 */
const char *vpart_why_text(enum vpart_why why)
{
	return why < ARRAY_SIZE(vpart_why_texts) ? vpart_why_texts[why] : "";
}

/**
 * vpart_link_state_text() - a link state in words
 * @state: the state
 *
 * Return: one word.
 */
const char *vpart_link_state_text(enum vpart_link_state state)
{
	return vpart_link_state_texts[state];
}

/**
 * vpart_link_say() - a change of a link: on the console, and as an event
 * @link: link
 * @fmt: what became of it
 *
 * A client that comes and goes does not fill the console; events are all told.
 *
 * Context: Process context, the link's work.
 */
void vpart_link_say(struct vpart_link *link, const char *fmt, ...)
{
	char text[VPART_EVENT_DETAIL_SIZE];
	const char *name = vpart_link_name(link);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (__ratelimit(&link->said))
		pr_info("adapter %s: %slink %s\n", name,
			!vpart_here(link, VPART_SIDE_SERVER) ? "client's " :
			!vpart_here(link, VPART_SIDE_CLIENT) ? "server's " : "", text);
	vpart_notify(VPART_OBJECT_ADAPTER, vpart_link_id(link), name,
		     VPART_EVENT_TYPE_CHANGE, "%s", text);
}

static __printf(2, 0)
void vpart_link_set_problem(struct vpart_link *link, const char *fmt, va_list args)
{
	char text[VPART_PROBLEM_SIZE];
	unsigned long flags;

	vsnprintf(text, sizeof(text), fmt, args);
	spin_lock_irqsave(&link->lock, flags);
	strscpy(link->problem, text, sizeof(link->problem));
	spin_unlock_irqrestore(&link->lock, flags);
}

/**
 * vpart_link_problem() - say in words what a login failed of
 * @link: link
 * @fmt: a sentence without a full stop; what does not fit is cut
 *
 * Kept until the next one, or the next login that succeeds.
 *
 * Context: Any, never sleeps.
 */
void vpart_link_problem(struct vpart_link *link, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vpart_link_set_problem(link, fmt, args);
	va_end(args);
}
EXPORT_SYMBOL_GPL(vpart_link_problem);

/**
 * vpart_problem() - say in words why a driver can do nothing with an epoch
 * @a: adapter
 * @fmt: a sentence without a full stop; what does not fit is cut
 *
 * Kept until the next login.
 *
 * Context: Any, never sleeps.
 */
void vpart_problem(struct vpart_adapter *a, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vpart_link_set_problem(a->link, fmt, args);
	va_end(args);
}
EXPORT_SYMBOL_GPL(vpart_problem);
