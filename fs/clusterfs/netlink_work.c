// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: changes that are asked for over netlink, done by workers and answered later.
 *
 * A change waits for locks and disks, and netlink calls the family under cb_lock: one that
 * did its work there would, as soon as any module is loaded that has a family, keep out all
 * requests of all families, and with them the agent's word of quorum. So it is looked at
 * there, copied, and -EINTR says that the answer is not given yet; a worker gives it as
 * netlink_rcv_skb() would have.
 *
 * 1. Changes of a socket at a mount are done, and answered, in the order in which they came;
 *    those of several sockets side by side, as far as the lock of the mount lets them.
 * 2. So many of a socket, and of a mount, are under way, and more are refused. A verdict has
 *    places of its own: all nodes may wait for it, and others' changes may be slow.
 * 3. The asker's socket stays open until its change is answered, though all that had it may be
 *    gone: nobody else gets its number meanwhile, and so no stranger the answer.
 * 4. A mount is not left before its changes are answered. The one that is being done when it is
 *    to be left is waited for, and so are verdicts, which may be known to this node alone; the
 *    others are refused at once: cfs_change_asked().
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/file.h>
#include <linux/net.h>
#include <net/sock.h>
#include "netlink.h"
#include "owner.h"

/* So many changes are under way: of a socket, and of all at a mount. */
#define CFS_NL_SOCKET_MAX	16
#define CFS_NL_MOUNT_MAX	64
/* So many verdicts beside these. */
#define CFS_NL_VERDICTS		8
/* A request of a change has fewer bytes, whatever is in it twice. */
#define CFS_NL_SIZE_MAX		4096

/* A change that was asked for. */
struct cfs_nl_work {
	struct list_head	entry;		/* cfs_mount.asked */
	struct work_struct	work;
	struct cfs_mount	*m;
	struct file		*file;		/* the asker's socket */
	struct sk_buff		*skb;		/* the request alone, from that socket */
	struct sk_buff		*reply;		/* or NULL: none but the acknowledgment */
	bool			counted;	/* has a place */
	char			why[CFS_NL_WHY];
	cfs_nl_change_t		change;
	u64			arg[];
};

/* --- what is done --- */

/* An attribute of the request: the last of its kind, which is the one that counts. */
static struct nlattr *cfs_nl_asked(const struct cfs_nl_work *w, int attr)
{
	struct nlattr *a, *last = NULL;
	int rem;

	nlmsg_for_each_attr(a, nlmsg_hdr(w->skb), GENL_HDRLEN, rem)
		if (nla_type(a) == attr)
			last = a;
	return last;
}

/* Refuse with the sentence in w->why: there it stays until it is sent, and is never cut. */
static int cfs_nl_refuse(const struct cfs_nl_work *w, struct netlink_ext_ack *extack, int err)
{
	extack->_msg = w->why;
	return err;
}

/* Which attribute a refusal is about. */
static void cfs_nl_blame(const struct cfs_nl_work *w, struct netlink_ext_ack *extack,
			 const struct cfs_object *o)
{
	static const u8 attr[] = {
		[CFS_WRONG_ID]		= CLUSTERFS_A_ID,
		[CFS_WRONG_NAME]	= CLUSTERFS_A_NAME,
		[CFS_WRONG_UUID]	= CLUSTERFS_A_UUID,
		[CFS_WRONG_NODE]	= CLUSTERFS_A_NODE,
		[CFS_WRONG_CLIENT]	= CLUSTERFS_A_CLIENT,
		[CFS_WRONG_ADAPTER]	= CLUSTERFS_A_ADAPTER,
		[CFS_WRONG_PEER]	= CLUSTERFS_A_PEER,
		[CFS_WRONG_SLOT]	= CLUSTERFS_A_SLOT,
		[CFS_WRONG_LU]		= CLUSTERFS_A_LU,
		[CFS_WRONG_LUN]		= CLUSTERFS_A_LUN,
		[CFS_WRONG_VOLUME]	= CLUSTERFS_A_VOLUME,
		[CFS_WRONG_FLAGS]	= CLUSTERFS_A_FLAGS,
		[CFS_WRONG_LEG]		= CLUSTERFS_A_LEG,
	};
	struct nlattr *a = o->wrong ? cfs_nl_asked(w, attr[o->wrong]) : NULL;

	if (a)
		NL_SET_BAD_ATTR(extack, a);
}

/* What was made, as it is shown: or its id, where somebody has removed it already. */
static int cfs_nl_made(const struct cfs_nl_work *w, const struct cfs_object *o)
{
	struct cfs_disk_record gone = { .type = o->type, .id = cpu_to_le64(o->id) };
	const struct nlmsghdr *nlh = nlmsg_hdr(w->skb);
	struct cfs_nl_out out = {
		.skb = w->reply, .portid = NETLINK_CB(w->skb).portid, .seq = nlh->nlmsg_seq,
		.cmd = ((const struct genlmsghdr *)nlmsg_data(nlh))->cmd,
	};
	struct cfs_view *view = cfs_view_get(w->m);
	const struct cfs_disk_record *r;
	u32 i;
	int err;

	memcpy(gone.payload, &o->client, cfs_payload_size(o->type));
	memcpy(gone.uuid, o->uuid, sizeof(gone.uuid));
	for (i = 0; (r = cfs_view_at(view, o->type, i)); i++)
		if (le64_to_cpu(r->id) == o->id)
			break;
	err = cfs_nl_put_object(&out, view, r ? : &gone);
	cfs_view_put(view);
	return err;
}

/**
 * cfs_nl_add() - make an object
 * @w: the request, its argument a struct cfs_object
 * @extack: for the sentence
 *
 * Context: as of cfs_change().
 * Return: 0 or -errno.
 */
int cfs_nl_add(struct cfs_nl_work *w, struct netlink_ext_ack *extack)
{
	struct cfs_object *o = (void *)w->arg;
	int err;

	/* The answer is allocated first: what was made is not left by a request that failed. */
	w->reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!w->reply)
		return -ENOMEM;
	err = cfs_object_add(w->m, o, w->why);
	if (!err)
		return cfs_nl_made(w, o);
	cfs_nl_blame(w, extack, o);
	return cfs_nl_refuse(w, extack, err);
}

/**
 * cfs_nl_del() - remove an object
 * @w: the request, its argument a struct cfs_object without a name
 * @extack: for the sentence
 *
 * Context: as of cfs_change().
 * Return: 0 or -errno.
 */
int cfs_nl_del(struct cfs_nl_work *w, struct netlink_ext_ack *extack)
{
	struct nlattr *name = cfs_nl_asked(w, CLUSTERFS_A_NAME);
	struct cfs_object *o = (void *)w->arg;
	int err;

	o->name = name ? nla_data(name) : NULL;
	err = cfs_object_del(w->m, o, w->why);
	if (!err)
		return 0;
	cfs_nl_blame(w, extack, o);
	return cfs_nl_refuse(w, extack, err);
}

/**
 * cfs_nl_fenced() - a node is out
 * @w: the request, its argument a struct cfs_verdict
 * @extack: for the sentence
 *
 * Context: as of cfs_fence_done().
 * Return: 0 or -errno.
 */
int cfs_nl_fenced(struct cfs_nl_work *w, struct netlink_ext_ack *extack)
{
	int err = cfs_fence_done(w->m, (void *)w->arg, w->why);

	return err ? cfs_nl_refuse(w, extack, err) : 0;
}

/**
 * cfs_nl_yield() - the primary node relegates itself
 * @w: the request, without an argument
 * @extack: for the sentence
 *
 * Context: as of cfs_primary_yield().
 * Return: 0 or -errno.
 */
int cfs_nl_yield(struct cfs_nl_work *w, struct netlink_ext_ack *extack)
{
	int err = cfs_primary_yield(w->m, w->why);

	return err ? cfs_nl_refuse(w, extack, err) : 0;
}

/**
 * cfs_nl_move() - the owner moves a LU or a volume away
 * @w: the request, its argument a struct cfs_nl_moved
 * @extack: for the sentence
 *
 * Context: as of cfs_owner_move().
 * Return: 0 or -errno.
 */
int cfs_nl_move(struct cfs_nl_work *w, struct netlink_ext_ack *extack)
{
	const struct cfs_nl_moved *o = (const void *)w->arg;
	char why[CFS_NL_WHY];
	int err = cfs_owner_move(w->m, o->type, o->id, o->to, why);

	return err ? cfs_nl_say(extack, err, why) : 0;
}

/* --- how it is answered --- */

/* What netlink_rcv_skb() and the operation would have said, had they waited. */
static void cfs_nl_answer(struct cfs_nl_work *w, int err, const struct netlink_ext_ack *extack)
{
	struct nlmsghdr *nlh = nlmsg_hdr(w->skb);

	if (w->reply && !err)
		err = genlmsg_unicast(sock_net(w->skb->sk), w->reply, NETLINK_CB(w->skb).portid);
	else
		nlmsg_free(w->reply);
	if (err || nlh->nlmsg_flags & NLM_F_ACK)
		netlink_ack(w->skb, nlh, err, extack);
}

static struct cfs_nl_work *cfs_nl_first(const struct cfs_mount *m, const struct file *file)
{
	struct cfs_nl_work *w;

	lockdep_assert_held(&m->asked_lock);
	list_for_each_entry(w, &m->asked, entry)
		if (w->file == file)
			return w;
	return NULL;
}

/* Before the answer: who has that may ask for the next. */
static void cfs_nl_give_place(struct cfs_nl_work *w)
{
	struct cfs_mount *m = w->m;

	spin_lock(&m->asked_lock);
	w->counted = false;
	m->asked_count--;
	spin_unlock(&m->asked_lock);
}

/* After the answer, so that the one to the next comes behind it. */
static void cfs_nl_next(struct cfs_nl_work *w)
{
	struct cfs_mount *m = w->m;
	struct cfs_nl_work *next;

	spin_lock(&m->asked_lock);
	list_del(&w->entry);
	next = cfs_nl_first(m, w->file);
	spin_unlock(&m->asked_lock);
	if (next)
		queue_work(m->asked_queue, &next->work);
}

static void cfs_nl_free(struct cfs_nl_work *w)
{
	consume_skb(w->skb);
	fput(w->file);
	kfree(w);
}

static void cfs_nl_work(struct work_struct *work)
{
	struct cfs_nl_work *w = container_of(work, struct cfs_nl_work, work);
	struct netlink_ext_ack extack = {};
	struct cfs_mount *m = w->m;
	int err = w->change(w, &extack);

	cfs_nl_give_place(w);
	cfs_nl_answer(w, err, &extack);
	cfs_nl_next(w);
	cfs_nl_free(w);
	/* Whoever leaves the mount waits for the rest of this, too: cfs_asked_end(). */
	cfs_mount_let_go(m);
}

/* --- how it is asked for --- */

/* A copy of the request that netlink_ack() takes for what came from the socket. */
static struct sk_buff *cfs_nl_copy_of(const struct sk_buff *skb, const struct nlmsghdr *nlh)
{
	struct sk_buff *copy = alloc_skb(nlh->nlmsg_len, GFP_KERNEL);

	if (!copy)
		return NULL;
	skb_put_data(copy, nlh, nlh->nlmsg_len);
	copy->sk = skb->sk;
	NETLINK_CB(copy) = NETLINK_CB(skb);
	return copy;
}

/* Return: 0, or -EBUSY and a sentence: it has no place. */
static int cfs_nl_take_place(struct cfs_nl_work *w, struct netlink_ext_ack *extack)
{
	const unsigned int max = CFS_NL_MOUNT_MAX +
				 (w->change == cfs_nl_fenced ? CFS_NL_VERDICTS : 0);
	struct cfs_mount *m = w->m;
	struct cfs_nl_work *other;
	unsigned int mine = 0;
	char why[CFS_NL_WHY];
	bool first, room;

	spin_lock(&m->asked_lock);
	first = !cfs_nl_first(m, w->file);
	list_for_each_entry(other, &m->asked, entry)
		mine += other->file == w->file && other->counted;
	room = mine < CFS_NL_SOCKET_MAX && m->asked_count < max;
	if (room) {
		w->counted = true;
		m->asked_count++;
		list_add_tail(&w->entry, &m->asked);
	}
	spin_unlock(&m->asked_lock);
	if (room) {
		/* Else the one before it does that: it may be over already. */
		if (first)
			queue_work(m->asked_queue, &w->work);
		return 0;
	}
	if (mine < CFS_NL_SOCKET_MAX)
		snprintf(why, sizeof(why), "%u changes of this node are not answered yet", max);
	else
		snprintf(why, sizeof(why), "%u changes of this socket are not answered yet", mine);
	return cfs_nl_say(extack, -EBUSY, why);
}

/**
 * cfs_nl_later() - have a change done by a worker
 * @skb: what came from the asker's socket
 * @info: the request, which is well-formed and whose asker may ask for that
 * @change: does it, with a copy of the request and of @arg
 * @arg: for @change
 * @size: of it
 *
 * Context: process, of the asker, who sends: its socket is open. Waits for nobody.
 * Return: -EINTR: the answer comes later, and netlink gives none; or another -errno: it is
 * refused at once.
 */
int cfs_nl_later(struct sk_buff *skb, struct genl_info *info, cfs_nl_change_t change,
		 const void *arg, size_t size)
{
	struct socket *sock = NETLINK_CB(skb).sk->sk_socket;
	struct cfs_nl_work *w;
	int err = -ENOMEM;

	if (info->nlhdr->nlmsg_len > CFS_NL_SIZE_MAX)
		return cfs_nl_say(info->extack, -EMSGSIZE, "no change is such a long request");
	/* A socket of the kernel's own, which could be closed meanwhile. */
	if (!sock || !sock->file)
		return cfs_nl_say(info->extack, -EOPNOTSUPP, "changes are asked for by programs");
	w = kzalloc(sizeof(*w) + size, GFP_KERNEL);
	if (!w)
		return -ENOMEM;
	INIT_WORK(&w->work, cfs_nl_work);
	w->change = change;
	if (size)
		memcpy(w->arg, arg, size);
	w->file = get_file(sock->file);
	w->skb = cfs_nl_copy_of(skb, info->nlhdr);
	if (!w->skb)
		goto free;
	w->m = cfs_nl_mount(info->attrs, info->extack);
	err = PTR_ERR_OR_ZERO(w->m);
	if (err)
		goto free;
	err = cfs_nl_take_place(w, info->extack);
	if (!err)
		return -EINTR;
	cfs_mount_let_go(w->m);
free:
	cfs_nl_free(w);
	return err;
}

/**
 * cfs_asked_say() - name what an unmount waits for
 * @m: mount, hidden
 */
void cfs_asked_say(struct cfs_mount *m)
{
	const char *what = NULL, *type = "";
	struct cfs_nl_work *w;
	unsigned int count;
	u32 portid = 0;

	spin_lock(&m->asked_lock);
	count = m->asked_count;
	w = list_first_entry_or_null(&m->asked, struct cfs_nl_work, entry);
	if (w) {
		portid = NETLINK_CB(w->skb).portid;
		what = w->change == cfs_nl_add ? "a new " :
		       w->change == cfs_nl_del ? "the end of a " :
		       w->change == cfs_nl_fenced ? "a verdict" : "the primary node's yield";
		if (w->change == cfs_nl_add || w->change == cfs_nl_del)
			type = cfs_type_name(((struct cfs_object *)w->arg)->type);
	}
	spin_unlock(&m->asked_lock);
	if (what)
		pr_warn("node %s: unmounting waits for %s%s, asked for by port %u, and %u more\n",
			m->opt.node, what, type, portid, count ? count - 1 : 0);
	else
		pr_warn("node %s: unmounting waits for a request\n", m->opt.node);
}

/**
 * cfs_asked_begin() - a mount can be asked for changes
 * @m: mount, not shown yet
 *
 * Return: 0 or -ENOMEM; cfs_asked_end() undoes either.
 */
int cfs_asked_begin(struct cfs_mount *m)
{
	m->asked_queue = alloc_workqueue("clusterfs_asked", WQ_UNBOUND, 0);
	return m->asked_queue ? 0 : -ENOMEM;
}

/**
 * cfs_asked_end() - a mount is asked for no more
 * @m: mount, hidden; begun or not
 *
 * Context: process; waits for workers that have answered already.
 */
void cfs_asked_end(struct cfs_mount *m)
{
	if (m->asked_queue)
		destroy_workqueue(m->asked_queue);
	m->asked_queue = NULL;
}
