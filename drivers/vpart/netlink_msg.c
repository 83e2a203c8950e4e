// SPDX-License-Identifier: GPL-2.0
/*
 * Objects and events as messages of the netlink family: one is an entry of a
 * dump, an answer, or sent to the listeners.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "netlink.h"

/* nla_put_u64_64bit() wants an attribute for padding; readers need none. */
static int vpart_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put(skb, attr, sizeof(value), &value);
}

static int vpart_put_uuid(struct sk_buff *skb, int attr, const uuid_t *uuid)
{
	return nla_put(skb, attr, sizeof(*uuid), uuid);
}

static void *vpart_nl_begin(const struct vpart_nl_out *out, u8 cmd)
{
	void *hdr = genlmsg_put(out->skb, out->portid, out->seq, &vpart_family,
				out->flags, cmd);

	if (hdr && out->cb)
		genl_dump_check_consistent(out->cb, hdr);
	return hdr;
}

/**
 * vpart_nl_node() - a node as a message
 * @out: where to
 * @n: node
 *
 * Context: vpart_config_lock() held, as for the other objects.
 * Return: 0, or -EMSGSIZE if there is no room: the message is not there then.
 */
int vpart_nl_node(const struct vpart_nl_out *out, const struct vpart_node *n)
{
	struct sk_buff *skb = out->skb;
	void *hdr = vpart_nl_begin(out, VPART_CMD_NODE_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, VPART_A_NODE_ID, n->id) ||
	    nla_put_string(skb, VPART_A_NODE_NAME, n->name) ||
	    vpart_put_uuid(skb, VPART_A_NODE_UUID, &n->uuid)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * vpart_nl_partition() - a partition as a message
 * @out: where to
 * @p: partition
 *
 * Context: vpart_config_lock() held.
 * Return: 0 or -EMSGSIZE.
 */
int vpart_nl_partition(const struct vpart_nl_out *out,
		       struct vpart_partition *p)
{
	struct vpart_partition *partner = vpart_partner(p);
	struct sk_buff *skb = out->skb;
	void *hdr = vpart_nl_begin(out, VPART_CMD_PARTITION_GET);
	ktime_t since;
	uuid_t boot;

	if (!hdr)
		return -EMSGSIZE;
	boot = vpart_partition_boot(p, &since);
	if (nla_put_u32(skb, VPART_A_PARTITION_ID, p->id) ||
	    nla_put_string(skb, VPART_A_PARTITION_NAME, p->name) ||
	    vpart_put_uuid(skb, VPART_A_PARTITION_UUID, &p->uuid) ||
	    nla_put_string(skb, VPART_A_PARTITION_NODE, p->node->name) ||
	    nla_put_u32(skb, VPART_A_PARTITION_ROLE, p->role) ||
	    nla_put_u32(skb, VPART_A_PARTITION_STATE, p->state) ||
	    nla_put_u32(skb, VPART_A_PARTITION_POOL, p->pool) ||
	    (partner &&
	     nla_put_string(skb, VPART_A_PARTITION_PARTNER, partner->name)) ||
	    vpart_put_uuid(skb, VPART_A_PARTITION_BOOT, &boot) ||
	    vpart_put_u64(skb, VPART_A_PARTITION_SINCE_MS,
			  ktime_ms_delta(ktime_get(), since))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* Credits that the client could use now; none while the link is down. */
static u32 vpart_nl_free(const struct vpart_link_status *st)
{
	u32 all = (u32)st->lim.nr_queues * st->lim.depth;

	if (st->state != VPART_LINK_STATE_UP)
		return 0;
	return all - min(all, st->inflight);
}

/* The end of a link to another kernel that is in this one */
static enum vpart_side vpart_nl_end(const struct vpart_link *link)
{
	return vpart_here(link, VPART_SIDE_CLIENT) ? VPART_SIDE_CLIENT :
						     VPART_SIDE_SERVER;
}

static int vpart_nl_address(struct sk_buff *skb, const struct vpart_link *link,
			    int address, int key)
{
	if (!link->address)
		return 0;
	return nla_put_string(skb, address, link->address) ?:
	       link->key ? nla_put_string(skb, key, link->key) : 0;
}

static int vpart_nl_vport(struct sk_buff *skb, const struct vpart_link *link)
{
	if (!link->parent)
		return 0;
	return nla_put_string(skb, VPART_A_ADAPTER_PARENT, vpart_link_name(link->parent)) ?:
	       vpart_put_u64(skb, VPART_A_ADAPTER_PORT_NAME, link->port_name);
}

/**
 * vpart_nl_adapter() - an adapter pair as a message
 * @out: where to
 * @link: its link
 *
 * Context: vpart_config_lock() held.
 * Return: 0 or -EMSGSIZE.
 */
int vpart_nl_adapter(const struct vpart_nl_out *out, struct vpart_link *link)
{
	struct vpart_adapter *c = &link->adapter[VPART_SIDE_CLIENT];
	struct vpart_adapter *s = &link->adapter[VPART_SIDE_SERVER];
	struct sk_buff *skb = out->skb;
	void *hdr = vpart_nl_begin(out, VPART_CMD_ADAPTER_GET);
	struct vpart_link_status st;

	if (!hdr)
		return -EMSGSIZE;
	vpart_link_status(link, &st);
	if (nla_put_u32(skb, VPART_A_ADAPTER_ID, c->id) ||
	    nla_put_string(skb, VPART_A_ADAPTER_NAME, c->name) ||
	    nla_put_string(skb, VPART_A_ADAPTER_CLIENT,
			   link->part[VPART_SIDE_CLIENT]->name) ||
	    nla_put_string(skb, VPART_A_ADAPTER_SERVER,
			   link->part[VPART_SIDE_SERVER]->name) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_CLIENT_SLOT, c->slot) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_SERVER_SLOT, s->slot) ||
	    nla_put_string(skb, VPART_A_ADAPTER_FABRIC, link->fabric->name) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_PATH_LOSS, vpart_path_loss(c)) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_LINK_STATE, st.state) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_WHY, st.why) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_EPOCH, st.epoch) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_QUEUES, st.lim.nr_queues) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_DEPTH, st.lim.depth) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_INFLIGHT, st.inflight) ||
	    vpart_put_u64(skb, VPART_A_ADAPTER_OLDEST_MS, st.oldest.age_ms) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_LAST_ERROR, st.last_error) ||
	    vpart_put_u64(skb, VPART_A_ADAPTER_SINCE_MS, st.since_ms) ||
	    (st.inflight &&
	     (nla_put_u32(skb, VPART_A_ADAPTER_OLDEST_QUEUE, st.oldest.queue) ||
	      nla_put_u32(skb, VPART_A_ADAPTER_OLDEST_TAG, st.oldest.tag))) ||
	    nla_put_u32(skb, VPART_A_ADAPTER_FREE, vpart_nl_free(&st)) ||
	    (link->fabric->open &&
	     nla_put_u32(skb, VPART_A_ADAPTER_SIDE, vpart_nl_end(link))) ||
	    (!link->fabric->open &&
	     nla_put_u32(skb, VPART_A_ADAPTER_COPY, link->fabric == &vpart_local_copy)) ||
	    (st.problem[0] &&
	     nla_put_string(skb, VPART_A_ADAPTER_PROBLEM, st.problem)) ||
	    vpart_nl_address(skb, link, VPART_A_ADAPTER_ADDRESS,
			     VPART_A_ADAPTER_KEY) ||
	    (link->address &&
	     (nla_put_u32(skb, VPART_A_ADAPTER_DIGEST, link->digest) ||
	      nla_put_u32(skb, VPART_A_ADAPTER_POLL, link->poll))) ||
	    vpart_nl_vport(skb, link)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int vpart_nl_counters(struct sk_buff *skb, const struct vpart_link_stats *s)
{
	unsigned int i;
	bool any = false;

	for (i = 0; i < VPART_RTT_BUCKETS; i++)
		any |= s->rtt[i];
	if (nla_put_u32(skb, VPART_A_LINK_CONNECTIONS, s->connections) ||
	    vpart_put_u64(skb, VPART_A_LINK_TX_BYTES, s->tx_bytes) ||
	    vpart_put_u64(skb, VPART_A_LINK_RX_BYTES, s->rx_bytes) ||
	    vpart_put_u64(skb, VPART_A_LINK_COMMANDS, s->commands) ||
	    vpart_put_u64(skb, VPART_A_LINK_LOGINS, s->logins) ||
	    vpart_put_u64(skb, VPART_A_LINK_REFUSED, s->refused) ||
	    vpart_put_u64(skb, VPART_A_LINK_AUTH_FAILURES, s->auth_failures) ||
	    vpart_put_u64(skb, VPART_A_LINK_LOST, s->lost) ||
	    vpart_put_u64(skb, VPART_A_LINK_DIGEST_ERRORS, s->digest_errors) ||
	    vpart_put_u64(skb, VPART_A_LINK_PROTOCOL_ERRORS, s->protocol_errors) ||
	    nla_put(skb, VPART_A_LINK_RTT, sizeof(s->rtt), s->rtt))
		return -EMSGSIZE;
	if (any && (nla_put_u32(skb, VPART_A_LINK_RTT_MIN_US, s->rtt_min) ||
		    nla_put_u32(skb, VPART_A_LINK_RTT_MAX_US, s->rtt_max) ||
		    nla_put_u32(skb, VPART_A_LINK_RTT_LAST_US, s->rtt_last)))
		return -EMSGSIZE;
	return 0;
}

/**
 * vpart_nl_link() - a link to another kernel as a message
 * @out: where to
 * @link: link, of a fabric that counts
 *
 * Context: vpart_config_lock() held.
 * Return: 0 or -EMSGSIZE.
 */
int vpart_nl_link(const struct vpart_nl_out *out, struct vpart_link *link)
{
	struct vpart_adapter *c = &link->adapter[VPART_SIDE_CLIENT];
	struct vpart_link_stats stats = {};
	struct sk_buff *skb = out->skb;
	struct vpart_link_status st;
	void *hdr = vpart_nl_begin(out, VPART_CMD_LINK_GET);

	if (!hdr)
		return -EMSGSIZE;
	vpart_link_status(link, &st);
	link->fabric->stats(link, &stats);
	if (nla_put_u32(skb, VPART_A_LINK_ID, c->id) ||
	    nla_put_string(skb, VPART_A_LINK_NAME, c->name) ||
	    nla_put_u32(skb, VPART_A_LINK_SIDE, vpart_nl_end(link)) ||
	    nla_put_string(skb, VPART_A_LINK_FABRIC, link->fabric->name) ||
	    nla_put_u32(skb, VPART_A_LINK_STATE, st.state) ||
	    nla_put_u32(skb, VPART_A_LINK_WHY, st.why) ||
	    (st.problem[0] &&
	     nla_put_string(skb, VPART_A_LINK_PROBLEM, st.problem)) ||
	    vpart_put_u64(skb, VPART_A_LINK_SINCE_MS, st.since_ms) ||
	    vpart_nl_address(skb, link, VPART_A_LINK_ADDRESS, VPART_A_LINK_KEY) ||
	    (stats.peer[0] &&
	     nla_put_string(skb, VPART_A_LINK_PEER, stats.peer)) ||
	    nla_put_u32(skb, VPART_A_LINK_DIGEST, stats.digest) ||
	    vpart_put_u64(skb, VPART_A_LINK_NETNS, stats.netns) ||
	    vpart_nl_counters(skb, &stats)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * vpart_nl_call() - a call that the server holds as a message
 * @out: where to
 * @link: link
 * @held: the call
 *
 * Context: vpart_config_lock() held.
 * Return: 0 or -EMSGSIZE.
 */
int vpart_nl_call(const struct vpart_nl_out *out, struct vpart_link *link,
		  const struct vpart_held *held)
{
	const struct vpart_about *about = &held->about;
	struct sk_buff *skb = out->skb;
	void *hdr = vpart_nl_begin(out, VPART_CMD_CALL_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, VPART_A_CALL_NAME, vpart_link_name(link)) ||
	    nla_put_u32(skb, VPART_A_CALL_QUEUE, held->queue) ||
	    nla_put_u32(skb, VPART_A_CALL_TAG, held->tag) ||
	    vpart_put_u64(skb, VPART_A_CALL_AGE_MS, held->age_ms) ||
	    (about->known && vpart_put_u64(skb, VPART_A_CALL_LUN, about->lun)) ||
	    (about->function &&
	     nla_put_u32(skb, VPART_A_CALL_FUNCTION, about->function)) ||
	    (about->cdb_len &&
	     nla_put(skb, VPART_A_CALL_CDB, about->cdb_len, about->cdb))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/**
 * vpart_nl_event() - an event as a message
 * @out: where to
 * @cmd: VPART_CMD_EVENT_GET or VPART_CMD_EVENT_NTF
 * @ev: the event; NULL: tell that events are lost
 * @lost: how many were lost before @seq
 * @seq: number of @ev, or of the event after the lost ones
 *
 * Context: Any.
 * Return: 0 or -EMSGSIZE.
 */
int vpart_nl_event(const struct vpart_nl_out *out, u8 cmd,
		   const struct vpart_event *ev, u64 lost, u64 seq)
{
	struct sk_buff *skb = out->skb;
	void *hdr = vpart_nl_begin(out, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (vpart_put_u64(skb, VPART_A_EVENT_SEQ, seq) ||
	    vpart_put_uuid(skb, VPART_A_EVENT_BOOT_ID, &vpart_boot_id))
		goto cancel;
	if (lost && vpart_put_u64(skb, VPART_A_EVENT_LOST, lost))
		goto cancel;
	if (ev && (vpart_put_u64(skb, VPART_A_EVENT_TIME_NS, ev->time_ns) ||
		   nla_put_u32(skb, VPART_A_EVENT_TYPE, ev->type) ||
		   nla_put_u32(skb, VPART_A_EVENT_OBJECT, ev->object) ||
		   nla_put_u32(skb, VPART_A_EVENT_ID, ev->id) ||
		   nla_put_string(skb, VPART_A_EVENT_NAME, ev->name) ||
		   nla_put_string(skb, VPART_A_EVENT_DETAIL, ev->detail)))
		goto cancel;
	genlmsg_end(skb, hdr);
	return 0;

cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

/* No memory for a message: who listens, in whatever namespace, shall read on. */
static void vpart_netlink_lost(void)
{
	struct net *net;

	rcu_read_lock();
	for_each_net_rcu(net)
		genl_set_err(&vpart_family, net, 0, 0, -ENOBUFS);
	rcu_read_unlock();
}

/**
 * vpart_netlink_event() - send an event to the multicast group
 * @ev: the event; NULL: tell that events are lost
 * @lost: how many
 * @seq: number of @ev, or of the event after the lost ones
 *
 * A listener that cannot get it finds ENOBUFS on its socket.
 *
 * Context: Process context.
 */
void vpart_netlink_event(const struct vpart_event *ev, u64 lost, u64 seq)
{
	struct vpart_nl_out out = {};

	out.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!out.skb) {
		vpart_netlink_lost();
		return;
	}
	if (WARN_ON_ONCE(vpart_nl_event(&out, VPART_CMD_EVENT_NTF, ev, lost,
					seq))) {
		nlmsg_free(out.skb);
		return;
	}
	genlmsg_multicast_allns(&vpart_family, out.skb, 0, 0);
}
