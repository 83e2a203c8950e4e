// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: handlers of user space, and what it says and hears of a node itself. A socket is
 * the handler of a class at a mount: it is sent one event after the other, and answers each by
 * the number of the delivery. Who has it, the kernel knows by the socket, not by its number,
 * which another one may have as soon as it is closed. While one is being closed, what is sent to
 * it may still come to the next of its number: that one has to look whose it is.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/netlink.h>
#include <linux/sched.h>
#include <net/sock.h>
#include "netlink.h"

/* A handler that is a socket. */
struct cfs_nl_handler {
	struct cfs_handler	h;
	struct list_head	entry;		/* who takes it off that frees it */
	struct sock		*sk;
	u32			portid;
	char			name[CFS_HOLDER_SIZE];
};

static LIST_HEAD(cfs_nl_handlers);
static DEFINE_MUTEX(cfs_nl_handlers_lock);	/* held for no call that waits */

/* --- what a node tells of itself --- */

/**
 * cfs_nl_tell_local() - to the listeners of the family
 * @ev: what, one after the other
 *
 * Context: process.
 */
void cfs_nl_tell_local(const struct cfs_event *ev)
{
	struct cfs_nl_out out = { .cmd = CLUSTERFS_CMD_NODE_EVENT_NTF };

	if (!genl_has_listeners(&cfs_family, &init_net, 0))
		return;
	out.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!out.skb) {
		genl_set_err(&cfs_family, &init_net, 0, 0, -ENOBUFS);
		return;
	}
	if (WARN_ON_ONCE(cfs_nl_put_told(&out, ev))) {
		nlmsg_free(out.skb);
		return;
	}
	genlmsg_multicast(&cfs_family, out.skb, 0, 0, GFP_KERNEL);
}

/**
 * cfs_nl_say_doit() - a program tells of a path, of capacity, or of the local copy
 * @skb: the request
 * @info: the same
 *
 * Return: 0 or -errno.
 */
int cfs_nl_say_doit(struct sk_buff *skb, struct genl_info *info)
{
	const u32 class = cfs_nl_u32(info, CLUSTERFS_A_CLASS);
	const u32 severity = cfs_nl_u32(info, CLUSTERFS_A_SEVERITY);
	const u32 type = cfs_nl_u32(info, CLUSTERFS_A_OBJECT_TYPE);
	struct cfs_disk_event e = {
		.object = cpu_to_le64(cfs_nl_u64(info, CLUSTERFS_A_OBJECT)),
		.code = cpu_to_le32(cfs_nl_u32(info, CLUSTERFS_A_CODE)),
	};
	struct cfs_mount *m;
	int err;

	err = cfs_nl_need(info, CLUSTERFS_A_CLASS, "class") ? :
	      cfs_nl_need(info, CLUSTERFS_A_TEXT, "text") ? :
	      cfs_nl_copy(info, CLUSTERFS_A_TEXT, e.text, sizeof(e.text), "text");
	if (err)
		return err;
	if (class != CFS_EVENT_PATH && class != CFS_EVENT_CAPACITY &&
	    (class != CFS_EVENT_HEALTH || e.code != cpu_to_le32(CFS_CODE_COPY)))
		return cfs_nl_wrong(info, CLUSTERFS_A_CLASS, -EINVAL,
				    "only events of paths, of capacity and of the local copy are told so");
	if (severity > CFS_ERROR)
		return cfs_nl_wrong(info, CLUSTERFS_A_SEVERITY, -EINVAL,
				    "there is no such severity");
	if (type >= CFS_TYPES)
		return cfs_nl_wrong(info, CLUSTERFS_A_OBJECT_TYPE, -EINVAL,
				    "there is no such type of objects");
	if (!e.text[0])
		return cfs_nl_wrong(info, CLUSTERFS_A_TEXT, -EINVAL, "the text is empty");
	e.class = class;
	e.severity = severity;
	e.otype = type;
	m = cfs_nl_mount(info->attrs, info->extack);
	if (IS_ERR(m))
		return PTR_ERR(m);
	cfs_ring_put(m, &e);
	cfs_mount_let_go(m);
	return 0;
}

/* --- a handler's life --- */

static void cfs_nl_handler_free(struct cfs_nl_handler *nh)
{
	sock_put(nh->sk);
	kfree(nh);
}

/* Only in a call of its own, or in none: else it is not freed. */
static void cfs_nl_handler_drop(struct cfs_nl_handler *nh)
{
	if (!WARN_ON_ONCE(cfs_handler_unregister(&nh->h)))
		cfs_nl_handler_free(nh);
}

/* To its socket. Return: false: it has no room now. */
static bool cfs_nl_handler_send(const struct cfs_nl_handler *nh, struct sk_buff *skb)
{
	/* Closed: its number may be another's. */
	if (!sock_flag(nh->sk, SOCK_DEAD))
		return genlmsg_unicast(&init_net, skb, nh->portid) != -EAGAIN;
	nlmsg_free(skb);
	return true;
}

static int cfs_nl_handler_event(struct cfs_handler *h, const struct cfs_event *ev)
{
	struct cfs_nl_handler *nh = container_of(h, struct cfs_nl_handler, h);
	struct cfs_nl_out out = { .portid = nh->portid, .cmd = CLUSTERFS_CMD_HANDLER_EVENT };

	/* What there is no memory for, here or in the socket, is tried again. */
	out.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!out.skb)
		return -EAGAIN;
	if (WARN_ON_ONCE(cfs_nl_put_told(&out, ev))) {
		nlmsg_free(out.skb);
		return -EMSGSIZE;
	}
	return cfs_nl_handler_send(nh, out.skb) ? -EINPROGRESS : -EAGAIN;
}

/* Whoever takes it off the list has it. */
static bool cfs_nl_handler_take(struct cfs_nl_handler *nh)
{
	bool mine;

	mutex_lock(&cfs_nl_handlers_lock);
	mine = !list_empty(&nh->entry);
	list_del_init(&nh->entry);
	mutex_unlock(&cfs_nl_handlers_lock);
	return mine;
}

static void cfs_nl_handler_gone(struct cfs_handler *h)
{
	struct cfs_nl_handler *nh = container_of(h, struct cfs_nl_handler, h);
	struct cfs_nl_out out = { .portid = nh->portid, .cmd = CLUSTERFS_CMD_HANDLER_GONE };

	/* Else whoever did waits in unregister() for this to return. */
	if (!cfs_nl_handler_take(nh))
		return;
	out.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (out.skb && !cfs_nl_put_gone(&out, h->mount, h->class))
		cfs_nl_handler_send(nh, out.skb);
	else
		nlmsg_free(out.skb);
	cfs_nl_handler_drop(nh);
}

/* A handler whose socket had this number and is closed: off the list; or NULL. */
static struct cfs_nl_handler *cfs_nl_handler_of(u32 portid)
{
	struct cfs_nl_handler *nh, *found = NULL;

	mutex_lock(&cfs_nl_handlers_lock);
	list_for_each_entry(nh, &cfs_nl_handlers, entry) {
		if (nh->portid == portid && sock_flag(nh->sk, SOCK_DEAD)) {
			list_del_init(&nh->entry);
			found = nh;
			break;
		}
	}
	mutex_unlock(&cfs_nl_handlers_lock);
	return found;
}

/* A socket was closed: its handlers go. One of that number may be open again already. */
static int cfs_nl_closed(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *n = data;
	struct cfs_nl_handler *nh;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC || n->net != &init_net)
		return NOTIFY_DONE;
	while ((nh = cfs_nl_handler_of(n->portid)))
		cfs_nl_handler_drop(nh);
	return NOTIFY_DONE;
}

static struct notifier_block cfs_nl_notifier = { .notifier_call = cfs_nl_closed };

/* --- requests --- */

/* "vpart (pid 77)", whatever a program calls itself. */
static void cfs_nl_holder(char name[CFS_HOLDER_SIZE])
{
	char *p;

	snprintf(name, CFS_HOLDER_SIZE, "%s (pid %d)", current->comm, task_tgid_nr(current));
	for (p = name; *p; p++)
		if (*p < ' ' || *p >= 0x7f)
			*p = '?';
}

static int cfs_nl_class(struct genl_info *info, u32 *class)
{
	int err = cfs_nl_need(info, CLUSTERFS_A_CLASS, "class");

	*class = cfs_nl_u32(info, CLUSTERFS_A_CLASS);
	if (err || *class < CFS_EVENT_KINDS)
		return err;
	return cfs_nl_wrong(info, CLUSTERFS_A_CLASS, -EINVAL, "there is no such class of events");
}

/**
 * cfs_nl_handler_new() - the asker's socket is the handler of a class from now on
 * @skb: what came from it
 * @info: the request
 *
 * Return: 0 or -errno.
 */
int cfs_nl_handler_new(struct sk_buff *skb, struct genl_info *info)
{
	struct sock *sk = NETLINK_CB(skb).sk;
	struct cfs_nl_handler *nh;
	u32 ms = CFS_HANDLER_MS, class;
	char why[CFS_NL_WHY];
	struct cfs_mount *m;
	int err;

	err = cfs_nl_class(info, &class);
	if (err)
		return err;
	if (info->attrs[CLUSTERFS_A_TIMEOUT_MS])
		ms = cfs_nl_u32(info, CLUSTERFS_A_TIMEOUT_MS);
	if (!ms || ms > CFS_HANDLER_MS_MAX) {
		snprintf(why, sizeof(why), "an answer may take 1 to %u ms", CFS_HANDLER_MS_MAX);
		return cfs_nl_wrong(info, CLUSTERFS_A_TIMEOUT_MS, -EINVAL, why);
	}
	if (info->attrs[CLUSTERFS_A_SEQ] && !cfs_nl_u64(info, CLUSTERFS_A_SEQ))
		return cfs_nl_wrong(info, CLUSTERFS_A_SEQ, -EINVAL, "events are numbered from 1");
	/* A socket of the kernel's own, whose closing is not told. */
	if (!sk->sk_socket || !sk->sk_socket->file)
		return cfs_nl_say(info->extack, -EOPNOTSUPP, "handlers are programs");
	m = cfs_nl_mount(info->attrs, info->extack);
	if (IS_ERR(m))
		return PTR_ERR(m);
	nh = kzalloc(sizeof(*nh), GFP_KERNEL);
	if (!nh) {
		err = -ENOMEM;
		goto let_go;
	}
	cfs_nl_holder(nh->name);
	nh->h.owner = THIS_MODULE;
	nh->h.name = nh->name;
	nh->h.class = class;
	nh->h.ms = ms;
	nh->h.event = cfs_nl_handler_event;
	nh->h.gone = cfs_nl_handler_gone;
	nh->portid = info->snd_portid;
	sock_hold(sk);
	nh->sk = sk;
	mutex_lock(&cfs_nl_handlers_lock);
	err = cfs_handler_add(m, &nh->h, cfs_nl_u64(info, CLUSTERFS_A_SEQ), why);
	if (!err)
		list_add(&nh->entry, &cfs_nl_handlers);
	mutex_unlock(&cfs_nl_handlers_lock);
	if (err) {
		cfs_nl_handler_free(nh);
		cfs_nl_wrong(info, err == -ERANGE ? CLUSTERFS_A_SEQ : CLUSTERFS_A_CLASS, err, why);
	}
let_go:
	cfs_mount_let_go(m);
	return err;
}

/* The asker's handler, or NULL and a sentence; the list is locked. */
static struct cfs_nl_handler *cfs_nl_mine(struct sk_buff *skb, struct genl_info *info,
					  struct cfs_mount *m, u32 class)
{
	struct cfs_events *es = m->events;
	struct cfs_nl_handler *nh;
	char holder[CFS_HOLDER_SIZE], why[CFS_NL_WHY];

	lockdep_assert_held(&cfs_nl_handlers_lock);
	list_for_each_entry(nh, &cfs_nl_handlers, entry)
		if (nh->sk == NETLINK_CB(skb).sk && nh->h.mount == m && nh->h.class == class)
			return nh;
	spin_lock(&es->lock);
	strscpy(holder, es->desk[class].post.holder, sizeof(holder));
	spin_unlock(&es->lock);
	if (holder[0])
		snprintf(why, sizeof(why), "not this socket but %s has the %s events", holder,
			 cfs_class_name(class));
	else
		snprintf(why, sizeof(why), "nobody has the %s events", cfs_class_name(class));
	cfs_nl_wrong(info, CLUSTERFS_A_CLASS, 0, why);
	return NULL;
}

/**
 * cfs_nl_handler_del() - the asker's socket is the handler of a class no longer
 * @skb: what came from it
 * @info: the request
 *
 * Return: 0 or -errno.
 */
int cfs_nl_handler_del(struct sk_buff *skb, struct genl_info *info)
{
	struct cfs_nl_handler *nh;
	struct cfs_mount *m;
	u32 class;
	int err;

	err = cfs_nl_class(info, &class);
	if (err)
		return err;
	m = cfs_nl_mount(info->attrs, info->extack);
	if (IS_ERR(m))
		return PTR_ERR(m);
	mutex_lock(&cfs_nl_handlers_lock);
	nh = cfs_nl_mine(skb, info, m, class);
	if (nh)
		list_del_init(&nh->entry);
	mutex_unlock(&cfs_nl_handlers_lock);
	/* Waits at most for an event to be put into the socket. */
	if (nh)
		cfs_nl_handler_drop(nh);
	cfs_mount_let_go(m);
	return nh ? 0 : -EPERM;
}

/**
 * cfs_nl_handler_answer() - what came of an event
 * @skb: what came from the handler's socket
 * @info: the request
 *
 * Return: 0 or -errno.
 */
int cfs_nl_handler_answer(struct sk_buff *skb, struct genl_info *info)
{
	const u64 delivery = cfs_nl_u64(info, CLUSTERFS_A_DELIVERY);
	const u32 result = cfs_nl_u32(info, CLUSTERFS_A_RESULT);
	struct cfs_nl_handler *nh;
	char why[CFS_NL_WHY];
	struct cfs_mount *m;
	u32 class;
	int err;

	err = cfs_nl_class(info, &class) ? :
	      cfs_nl_need(info, CLUSTERFS_A_DELIVERY, "number of the delivery") ? :
	      cfs_nl_need(info, CLUSTERFS_A_RESULT, "result");
	if (err)
		return err;
	if (result > MAX_ERRNO)
		return cfs_nl_wrong(info, CLUSTERFS_A_RESULT, -EINVAL,
				    "a result is 0, or the number of an error");
	m = cfs_nl_mount(info->attrs, info->extack);
	if (IS_ERR(m))
		return PTR_ERR(m);
	mutex_lock(&cfs_nl_handlers_lock);
	nh = cfs_nl_mine(skb, info, m, class);
	err = nh ? cfs_handler_answer(&nh->h, delivery, -(int)result) : -EPERM;
	mutex_unlock(&cfs_nl_handlers_lock);
	cfs_mount_let_go(m);
	if (err && err != -EPERM) {
		snprintf(why, sizeof(why), err == -ETIME ?
			 "delivery %llu is over: it was answered, or took too long" :
			 "there is no delivery %llu", delivery);
		cfs_nl_wrong(info, CLUSTERFS_A_DELIVERY, err, why);
	}
	return err;
}

/**
 * cfs_nl_handler_dump() - the handlers at a mount, also those that were
 * @skb: message to fill
 * @cb: the dump
 *
 * Context: process, as netlink calls it.
 * Return: bytes in @skb, 0 at the end, or -errno.
 */
int cfs_nl_handler_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cfs_mount *m = cfs_nl_mount(genl_info_dump(cb)->attrs, cb->extack);
	struct cfs_nl_out out;
	struct cfs_post post;
	int err = 0;

	if (IS_ERR(m))
		return PTR_ERR(m);
	cfs_nl_dump_out(&out, skb, cb, CLUSTERFS_CMD_HANDLER_GET);
	for (; !err && cb->args[0] < CFS_EVENT_KINDS; cb->args[0] += !err) {
		spin_lock(&m->events->lock);
		post = m->events->desk[cb->args[0]].post;
		spin_unlock(&m->events->lock);
		if (post.next)
			err = cfs_nl_put_handler(&out, m, cb->args[0], &post);
	}
	cfs_mount_let_go(m);
	return skb->len ?: err;
}

/**
 * cfs_nl_handlers_init() - handlers of user space can be
 *
 * Return: 0 or -errno.
 */
int __init cfs_nl_handlers_init(void)
{
	return netlink_register_notifier(&cfs_nl_notifier);
}

/**
 * cfs_nl_handlers_exit() - there is no mount any more, and so no handler
 */
void cfs_nl_handlers_exit(void)
{
	netlink_unregister_notifier(&cfs_nl_notifier);
}
