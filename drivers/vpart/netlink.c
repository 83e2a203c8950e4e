// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink family "vpart": Documentation/netlink/specs/vpart.yaml.
 * This file: what requests carry and what they do. netlink_dump.c has the
 * dumps, netlink_msg.c the messages of both.
 *
 * Operations run in parallel: deleting an adapter may wait for its link, and
 * nobody who asks for the state of things waits for that.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "netlink.h"

/* Longer than a name may be, so that its refusal can be a sentence */
#define VPART_NL_STRING		127

/* ---- what requests carry ---- */

static const struct nla_policy vpart_node_get_policy[VPART_A_NODE_MAX + 1] = {
	[VPART_A_NODE_ID]	= { .type = NLA_U32 },
	[VPART_A_NODE_NAME]	= { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
};

static const struct nla_policy vpart_node_new_policy[VPART_A_NODE_MAX + 1] = {
	[VPART_A_NODE_ID]	= { .type = NLA_U32 },
	[VPART_A_NODE_NAME]	= { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_NODE_UUID]	= NLA_POLICY_EXACT_LEN(VPART_UUID_SIZE),
};

static const struct nla_policy vpart_partition_get_policy[VPART_A_PARTITION_MAX + 1] = {
	[VPART_A_PARTITION_ID]	 = { .type = NLA_U32 },
	[VPART_A_PARTITION_NAME] = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
};

static const struct nla_policy vpart_partition_new_policy[VPART_A_PARTITION_MAX + 1] = {
	[VPART_A_PARTITION_ID]	 = { .type = NLA_U32 },
	[VPART_A_PARTITION_NAME] = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_PARTITION_UUID] = NLA_POLICY_EXACT_LEN(VPART_UUID_SIZE),
	[VPART_A_PARTITION_NODE] = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_PARTITION_ROLE] = { .type = NLA_U32 },
	[VPART_A_PARTITION_POOL] = { .type = NLA_U32 },
};

static const struct nla_policy vpart_partition_set_policy[VPART_A_PARTITION_MAX + 1] = {
	[VPART_A_PARTITION_ID]	  = { .type = NLA_U32 },
	[VPART_A_PARTITION_NAME]  = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_PARTITION_STATE] = { .type = NLA_U32 },
};

static const struct nla_policy vpart_adapter_get_policy[VPART_A_ADAPTER_MAX + 1] = {
	[VPART_A_ADAPTER_ID]   = { .type = NLA_U32 },
	[VPART_A_ADAPTER_NAME] = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_ADAPTER_SIDE] = { .type = NLA_U32 },
};

static const struct nla_policy vpart_link_get_policy[VPART_A_LINK_MAX + 1] = {
	[VPART_A_LINK_ID]	= { .type = NLA_U32 },
	[VPART_A_LINK_NAME]	= { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_LINK_SIDE]	= { .type = NLA_U32 },
};

static const struct nla_policy vpart_call_get_policy[VPART_A_CALL_MAX + 1] = {
	[VPART_A_CALL_NAME]	= { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
};

static const struct nla_policy vpart_adapter_new_policy[VPART_A_ADAPTER_MAX + 1] = {
	[VPART_A_ADAPTER_ID]	      = { .type = NLA_U32 },
	[VPART_A_ADAPTER_NAME]	      = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_ADAPTER_CLIENT]      = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_ADAPTER_SERVER]      = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_ADAPTER_CLIENT_SLOT] = { .type = NLA_U32 },
	[VPART_A_ADAPTER_SERVER_SLOT] = { .type = NLA_U32 },
	[VPART_A_ADAPTER_FABRIC]      = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_ADAPTER_PATH_LOSS]   = { .type = NLA_U32 },
	[VPART_A_ADAPTER_SIDE]	      = { .type = NLA_U32 },
	[VPART_A_ADAPTER_ADDRESS]     = { .type = NLA_NUL_STRING,
					  .len = VPART_ADDRESS_SIZE - 1 },
	[VPART_A_ADAPTER_KEY]	      = { .type = NLA_NUL_STRING,
					  .len = VPART_KEY_SIZE - 1 },
	[VPART_A_ADAPTER_DIGEST]      = { .type = NLA_U32 },
	[VPART_A_ADAPTER_COPY]	      = { .type = NLA_U32 },
	[VPART_A_ADAPTER_PARENT]      = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_ADAPTER_PORT_NAME]   = { .type = NLA_U64 },
	[VPART_A_ADAPTER_POLL]	      = { .type = NLA_U32 },
};

static const struct nla_policy vpart_adapter_set_policy[VPART_A_ADAPTER_MAX + 1] = {
	[VPART_A_ADAPTER_ID]	    = { .type = NLA_U32 },
	[VPART_A_ADAPTER_NAME]	    = { .type = NLA_NUL_STRING, .len = VPART_NL_STRING },
	[VPART_A_ADAPTER_PATH_LOSS] = { .type = NLA_U32 },
	[VPART_A_ADAPTER_SIDE]	    = { .type = NLA_U32 },
};

static const struct nla_policy vpart_event_get_policy[VPART_A_EVENT_MAX + 1] = {
	[VPART_A_EVENT_SEQ]	= { .type = NLA_U64 },
	[VPART_A_EVENT_BOOT_ID]	= NLA_POLICY_EXACT_LEN(VPART_UUID_SIZE),
};

/* NULL if absent. */
static const char *vpart_nl_text(const struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_data(info->attrs[attr]) : NULL;
}

/*
 * A number from 1 to @max, 0 if absent. @what is at most 20 characters, the
 * whole sentence must fit NETLINK_MAX_FMTMSG_LEN of newer kernels.
 */
static int vpart_nl_number(struct genl_info *info, int attr, u32 max,
			   const char *what, u32 *value)
{
	struct nlattr *a = info->attrs[attr];

	*value = a ? nla_get_u32(a) : 0;
	if (!a || (*value && *value <= max))
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(info->extack, a, "%s %u is not from 1 to %u",
				what, *value, max);
	return -EINVAL;
}

/* The id and the name that say which object is meant, or shall be made. */
static int vpart_nl_key(struct genl_info *info, int id_attr, int name_attr,
			u32 *id, const char **name)
{
	*name = vpart_nl_text(info, name_attr);
	return vpart_nl_number(info, id_attr, VPART_ID_MAX, "id", id);
}

/* A uuid, nil if absent; nil is refused. */
static int vpart_nl_uuid(struct genl_info *info, int attr, uuid_t *uuid)
{
	struct nlattr *a = info->attrs[attr];

	*uuid = uuid_null;
	if (!a)
		return 0;
	import_uuid(uuid, nla_data(a));
	if (!uuid_is_null(uuid))
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, a, "the uuid is all zeroes");
	return -EINVAL;
}

/* An attribute that must be there. */
static int vpart_nl_need(struct genl_info *info, int attr, const char *what)
{
	if (!GENL_REQ_ATTR_CHECK(info, attr))
		return 0;
	NL_SET_ERR_MSG_FMT(info->extack, "the %s is missing", what);
	return -EINVAL;
}

static int vpart_nl_path_loss(struct genl_info *info, u32 *value)
{
	struct nlattr *a = info->attrs[VPART_A_ADAPTER_PATH_LOSS];

	*value = a ? nla_get_u32(a) : 0;
	if (!a || (*value >= VPART_PATH_LOSS_MIN && *value <= VPART_PATH_LOSS_MAX))
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(info->extack, a,
				"a path loss time-out of %u s is not from %d to %d",
				*value, VPART_PATH_LOSS_MIN, VPART_PATH_LOSS_MAX);
	return -EINVAL;
}

static int vpart_nl_copy(struct genl_info *info, u32 *value)
{
	struct nlattr *a = info->attrs[VPART_A_ADAPTER_COPY];

	*value = a ? nla_get_u32(a) : 0;
	if (*value <= 1)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, a, "copy is 0 or 1");
	return -EINVAL;
}

/* An end of a pair; VPART_SIDE_ANY if absent. */
static int vpart_nl_side(struct genl_info *info, int attr, int *side)
{
	struct nlattr *a = info->attrs[attr];

	*side = VPART_SIDE_ANY;
	if (!a)
		return 0;
	if (nla_get_u32(a) > VPART_SIDE_SERVER) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, a,
					"there is no side %u: client is %d, server is %d",
					nla_get_u32(a), VPART_SIDE_CLIENT,
					VPART_SIDE_SERVER);
		return -EINVAL;
	}
	*side = nla_get_u32(a);
	return 0;
}

/* Without it 0, which may be given, too: then nothing is polled. */
static int vpart_nl_poll(struct genl_info *info, struct vpart_adapter_args *args)
{
	struct nlattr *a = info->attrs[VPART_A_ADAPTER_POLL];

	args->poll = a ? nla_get_u32(a) : 0;
	if (args->poll > VPART_POLL_MAX) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, a, "%u poll queues are too many: %d may be",
					args->poll, VPART_POLL_MAX);
		return -EINVAL;
	}
	if (args->poll && args->remote && args->side == VPART_SIDE_SERVER) {
		NL_SET_ERR_MSG_ATTR(info->extack, a,
				    "poll queues are for the client's end: it is the client that polls");
		return -EINVAL;
	}
	return 0;
}

/* What only a pair between two kernels has. */
static int vpart_nl_remote(struct genl_info *info, struct vpart_adapter_args *args)
{
	struct nlattr **attrs = info->attrs;
	int side, err;

	err = vpart_nl_side(info, VPART_A_ADAPTER_SIDE, &side);
	if (err)
		return err;
	args->remote = side != VPART_SIDE_ANY;
	args->side = args->remote ? side : VPART_SIDE_CLIENT;
	args->address = vpart_nl_text(info, VPART_A_ADAPTER_ADDRESS);
	args->key = vpart_nl_text(info, VPART_A_ADAPTER_KEY);
	args->digest = attrs[VPART_A_ADAPTER_DIGEST] ?
		       nla_get_u32(attrs[VPART_A_ADAPTER_DIGEST]) : 0;
	args->net = genl_info_net(info);
	if (args->remote != !!args->address) {
		NL_SET_ERR_MSG(info->extack, "side and address go together");
		return -EINVAL;
	}
	if (!args->remote && (args->key || args->digest)) {
		NL_SET_ERR_MSG(info->extack, "key and digest are for links to another kernel");
		return -EINVAL;
	}
	if (args->digest & ~(VPART_DIGEST_HEADER | VPART_DIGEST_DATA)) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack,
					attrs[VPART_A_ADAPTER_DIGEST],
					"there is no digest %#x: header is %d, data is %d",
					args->digest, VPART_DIGEST_HEADER,
					VPART_DIGEST_DATA);
		return -EINVAL;
	}
	return vpart_nl_poll(info, args);
}

/* ---- an object as the answer ---- */

typedef int (*vpart_nl_show)(const struct vpart_nl_out *out, u32 id,
			     const char *name, int side,
			     struct netlink_ext_ack *extack);

static int vpart_nl_show_node(const struct vpart_nl_out *out, u32 id,
			      const char *name, int side,
			      struct netlink_ext_ack *extack)
{
	struct vpart_node *n = vpart_node_find(id, name, extack);

	return IS_ERR(n) ? PTR_ERR(n) : vpart_nl_node(out, n);
}

static int vpart_nl_show_partition(const struct vpart_nl_out *out, u32 id,
				   const char *name, int side,
				   struct netlink_ext_ack *extack)
{
	struct vpart_partition *p = vpart_partition_find(id, name, extack);

	return IS_ERR(p) ? PTR_ERR(p) : vpart_nl_partition(out, p);
}

static int vpart_nl_show_adapter(const struct vpart_nl_out *out, u32 id,
				 const char *name, int side,
				 struct netlink_ext_ack *extack)
{
	struct vpart_link *link = vpart_adapter_lookup(id, name, side, extack);

	return IS_ERR(link) ? PTR_ERR(link) : vpart_nl_adapter(out, link);
}

static int vpart_nl_show_link(const struct vpart_nl_out *out, u32 id,
			      const char *name, int side,
			      struct netlink_ext_ack *extack)
{
	struct vpart_link *link = vpart_adapter_lookup(id, name, side, extack);

	if (IS_ERR(link))
		return PTR_ERR(link);
	if (!link->fabric->stats) {
		NL_SET_ERR_MSG_FMT(extack, "adapter %s is no link: both its ends are here",
				   vpart_link_name(link));
		return -EINVAL;
	}
	return vpart_nl_link(out, link);
}

static int vpart_nl_answer(struct genl_info *info, struct sk_buff *skb,
			   vpart_nl_show show, u32 id, const char *name,
			   int side)
{
	struct vpart_nl_out out = {
		.skb	= skb,
		.portid	= info->snd_portid,
		.seq	= info->snd_seq,
	};
	unsigned int noio;
	int err;

	noio = vpart_config_lock();
	err = show(&out, id, name, side, info->extack);
	vpart_config_unlock(noio);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return genlmsg_reply(skb, info);
}

/* @side_attr: 0 if the object has no sides */
static int vpart_nl_get(struct genl_info *info, int id_attr, int name_attr,
			int side_attr, vpart_nl_show show)
{
	int side = VPART_SIDE_ANY, err;
	struct sk_buff *skb;
	const char *name;
	u32 id;

	err = vpart_nl_key(info, id_attr, name_attr, &id, &name);
	if (!err && side_attr)
		err = vpart_nl_side(info, side_attr, &side);
	if (err)
		return err;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	return vpart_nl_answer(info, skb, show, id, name, side);
}

/* ---- operations ---- */

static int vpart_nl_node_get(struct sk_buff *skb, struct genl_info *info)
{
	return vpart_nl_get(info, VPART_A_NODE_ID, VPART_A_NODE_NAME, 0,
			    vpart_nl_show_node);
}

static int vpart_nl_partition_get(struct sk_buff *skb, struct genl_info *info)
{
	return vpart_nl_get(info, VPART_A_PARTITION_ID, VPART_A_PARTITION_NAME, 0,
			    vpart_nl_show_partition);
}

static int vpart_nl_adapter_get(struct sk_buff *skb, struct genl_info *info)
{
	return vpart_nl_get(info, VPART_A_ADAPTER_ID, VPART_A_ADAPTER_NAME,
			    VPART_A_ADAPTER_SIDE, vpart_nl_show_adapter);
}

static int vpart_nl_link_get(struct sk_buff *skb, struct genl_info *info)
{
	return vpart_nl_get(info, VPART_A_LINK_ID, VPART_A_LINK_NAME,
			    VPART_A_LINK_SIDE, vpart_nl_show_link);
}

/*
 * The answer to a NEW is allocated first: what was made is not left behind
 * by a request that failed.
 */
static int vpart_nl_node_new(struct sk_buff *skb, struct genl_info *info)
{
	struct vpart_node_args args;
	struct sk_buff *msg;
	u32 id;
	int err;

	err = vpart_nl_need(info, VPART_A_NODE_NAME, "node's name");
	if (!err)
		err = vpart_nl_key(info, VPART_A_NODE_ID, VPART_A_NODE_NAME,
				   &args.id, &args.name);
	if (!err)
		err = vpart_nl_uuid(info, VPART_A_NODE_UUID, &args.uuid);
	if (err)
		return err;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = vpart_node_new(&args, &id, info->extack);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return vpart_nl_answer(info, msg, vpart_nl_show_node, id, NULL,
			       VPART_SIDE_ANY);
}

static int vpart_nl_node_del(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	u32 id;
	int err;

	err = vpart_nl_key(info, VPART_A_NODE_ID, VPART_A_NODE_NAME, &id, &name);
	return err ?: vpart_node_del(id, name, info->extack);
}

static int vpart_nl_partition_new(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct vpart_partition_args args;
	struct sk_buff *msg;
	u32 id;
	int err;

	err = vpart_nl_need(info, VPART_A_PARTITION_NAME, "partition's name") ?:
	      vpart_nl_need(info, VPART_A_PARTITION_NODE, "node's name") ?:
	      vpart_nl_need(info, VPART_A_PARTITION_ROLE, "partition's role") ?:
	      vpart_nl_key(info, VPART_A_PARTITION_ID, VPART_A_PARTITION_NAME,
			   &args.id, &args.name) ?:
	      vpart_nl_number(info, VPART_A_PARTITION_POOL, VPART_POOL_MAX,
			      "pool number", &args.pool) ?:
	      vpart_nl_uuid(info, VPART_A_PARTITION_UUID, &args.uuid);
	if (err)
		return err;
	args.node = nla_data(attrs[VPART_A_PARTITION_NODE]);
	args.role = nla_get_u32(attrs[VPART_A_PARTITION_ROLE]);
	if (args.role != VPART_ROLE_CLIENT && args.role != VPART_ROLE_VIOS) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack,
					attrs[VPART_A_PARTITION_ROLE],
					"there is no role %u: client is %d, VIOS is %d",
					args.role, VPART_ROLE_CLIENT,
					VPART_ROLE_VIOS);
		return -EINVAL;
	}
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = vpart_partition_new(&args, &id, info->extack);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return vpart_nl_answer(info, msg, vpart_nl_show_partition, id, NULL,
			       VPART_SIDE_ANY);
}

static int vpart_nl_partition_set(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *a;
	const char *name;
	u32 id, state;
	int err;

	err = vpart_nl_key(info, VPART_A_PARTITION_ID, VPART_A_PARTITION_NAME,
			   &id, &name) ?:
	      vpart_nl_need(info, VPART_A_PARTITION_STATE, "partition's state");
	if (err)
		return err;
	a = info->attrs[VPART_A_PARTITION_STATE];
	state = nla_get_u32(a);
	if (state != VPART_STATE_RUNNING && state != VPART_STATE_FAILED) {
		NL_SET_ERR_MSG_ATTR_FMT(info->extack, a,
					"there is no state %u: running is %d, failed is %d",
					state, VPART_STATE_RUNNING,
					VPART_STATE_FAILED);
		return -EINVAL;
	}
	return vpart_partition_set(id, name, state, info->extack);
}

static int vpart_nl_partition_del(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	u32 id;
	int err;

	err = vpart_nl_key(info, VPART_A_PARTITION_ID, VPART_A_PARTITION_NAME,
			   &id, &name);
	return err ?: vpart_partition_del(id, name, info->extack);
}

/* What a virtual port cannot have of its own. */
static int vpart_nl_inherits(struct genl_info *info)
{
	static const int inherited[] = {
		VPART_A_ADAPTER_CLIENT, VPART_A_ADAPTER_SERVER, VPART_A_ADAPTER_FABRIC,
		VPART_A_ADAPTER_COPY, VPART_A_ADAPTER_PATH_LOSS, VPART_A_ADAPTER_KEY,
		VPART_A_ADAPTER_DIGEST, VPART_A_ADAPTER_POLL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(inherited); i++) {
		if (!info->attrs[inherited[i]])
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[inherited[i]],
				    "a virtual port has its parent's partitions, fabric, copy, path loss, poll queues, key and digest");
		return -EINVAL;
	}
	return 0;
}

static int vpart_nl_port_name(struct genl_info *info, u64 *port_name)
{
	struct nlattr *a = info->attrs[VPART_A_ADAPTER_PORT_NAME];

	*port_name = a ? nla_get_u64(a) : 0;
	if (!a || vpart_port_name_valid(*port_name))
		return 0;
	NL_SET_ERR_MSG_ATTR_FMT(info->extack, a,
				"%016llx is no 64-bit NAA name: its first digit is 2, 3 or 5",
				*port_name);
	return -EINVAL;
}

/* Of its own a virtual port has little. */
static int vpart_nl_vport(struct genl_info *info, struct vpart_adapter_args *args, int *side)
{
	args->address = vpart_nl_text(info, VPART_A_ADAPTER_ADDRESS);
	return vpart_nl_need(info, VPART_A_ADAPTER_PARENT, "virtual port's parent") ?:
	       vpart_nl_need(info, VPART_A_ADAPTER_NAME, "virtual port's name") ?:
	       vpart_nl_inherits(info) ?:
	       vpart_nl_side(info, VPART_A_ADAPTER_SIDE, side) ?:
	       vpart_nl_port_name(info, &args->port_name);
}

static int vpart_nl_pair(struct genl_info *info, struct vpart_adapter_args *args)
{
	args->client = vpart_nl_text(info, VPART_A_ADAPTER_CLIENT);
	args->server = vpart_nl_text(info, VPART_A_ADAPTER_SERVER);
	args->fabric = vpart_nl_text(info, VPART_A_ADAPTER_FABRIC);
	return vpart_nl_need(info, VPART_A_ADAPTER_CLIENT, "client's partition") ?:
	       vpart_nl_need(info, VPART_A_ADAPTER_SERVER, "server's partition") ?:
	       vpart_nl_path_loss(info, &args->path_loss) ?:
	       vpart_nl_copy(info, &args->copy) ?:
	       vpart_nl_remote(info, args);
}

static int vpart_nl_adapter_new(struct sk_buff *skb, struct genl_info *info)
{
	bool vport = info->attrs[VPART_A_ADAPTER_PARENT] ||
		     info->attrs[VPART_A_ADAPTER_PORT_NAME];
	struct vpart_adapter_args args = {};
	struct sk_buff *msg;
	int err, side;
	u32 id;

	err = (vport ? vpart_nl_vport(info, &args, &side) : vpart_nl_pair(info, &args)) ?:
	      vpart_nl_key(info, VPART_A_ADAPTER_ID, VPART_A_ADAPTER_NAME,
			   &args.id, &args.name) ?:
	      vpart_nl_number(info, VPART_A_ADAPTER_CLIENT_SLOT, VPART_SLOT_MAX,
			      "client slot", &args.slot[VPART_SIDE_CLIENT]) ?:
	      vpart_nl_number(info, VPART_A_ADAPTER_SERVER_SLOT, VPART_SLOT_MAX,
			      "server slot", &args.slot[VPART_SIDE_SERVER]);
	if (err)
		return err;
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = vport ? vpart_vport_new(&args, vpart_nl_text(info, VPART_A_ADAPTER_PARENT), side,
				      &id, info->extack) :
		      vpart_adapter_new(&args, &id, info->extack);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return vpart_nl_answer(info, msg, vpart_nl_show_adapter, id, NULL,
			       args.remote ? (int)args.side : VPART_SIDE_ANY);
}

static int vpart_nl_adapter_set(struct sk_buff *skb, struct genl_info *info)
{
	u32 id, path_loss;
	const char *name;
	int err, side;

	err = vpart_nl_key(info, VPART_A_ADAPTER_ID, VPART_A_ADAPTER_NAME,
			   &id, &name) ?:
	      vpart_nl_need(info, VPART_A_ADAPTER_PATH_LOSS,
			    "path loss time-out") ?:
	      vpart_nl_side(info, VPART_A_ADAPTER_SIDE, &side) ?:
	      vpart_nl_path_loss(info, &path_loss);
	return err ?: vpart_adapter_set(id, name, side, path_loss, info->extack);
}

static int vpart_nl_adapter_del(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	int err, side;
	u32 id;

	err = vpart_nl_key(info, VPART_A_ADAPTER_ID, VPART_A_ADAPTER_NAME,
			   &id, &name) ?:
	      vpart_nl_side(info, VPART_A_ADAPTER_SIDE, &side);
	return err ?: vpart_adapter_del(id, name, side, info->extack);
}

#define VPART_NL_POLICY(p)	.policy = (p), .maxattr = ARRAY_SIZE(p) - 1

static const struct genl_ops vpart_nl_ops[] = {
	{
		.cmd	= VPART_CMD_NODE_GET,
		VPART_NL_POLICY(vpart_node_get_policy),
		.doit	= vpart_nl_node_get,
		.dumpit	= vpart_nl_node_dump,
	}, {
		.cmd	= VPART_CMD_NODE_NEW,
		VPART_NL_POLICY(vpart_node_new_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= vpart_nl_node_new,
	}, {
		.cmd	= VPART_CMD_NODE_DEL,
		VPART_NL_POLICY(vpart_node_get_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= vpart_nl_node_del,
	}, {
		.cmd	= VPART_CMD_PARTITION_GET,
		VPART_NL_POLICY(vpart_partition_get_policy),
		.doit	= vpart_nl_partition_get,
		.dumpit	= vpart_nl_partition_dump,
	}, {
		.cmd	= VPART_CMD_PARTITION_NEW,
		VPART_NL_POLICY(vpart_partition_new_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= vpart_nl_partition_new,
	}, {
		.cmd	= VPART_CMD_PARTITION_SET,
		VPART_NL_POLICY(vpart_partition_set_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= vpart_nl_partition_set,
	}, {
		.cmd	= VPART_CMD_PARTITION_DEL,
		VPART_NL_POLICY(vpart_partition_get_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= vpart_nl_partition_del,
	}, {
		.cmd	= VPART_CMD_ADAPTER_GET,
		VPART_NL_POLICY(vpart_adapter_get_policy),
		.doit	= vpart_nl_adapter_get,
		.dumpit	= vpart_nl_adapter_dump,
	}, {
		.cmd	= VPART_CMD_ADAPTER_NEW,
		VPART_NL_POLICY(vpart_adapter_new_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= vpart_nl_adapter_new,
	}, {
		.cmd	= VPART_CMD_ADAPTER_SET,
		VPART_NL_POLICY(vpart_adapter_set_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= vpart_nl_adapter_set,
	}, {
		.cmd	= VPART_CMD_ADAPTER_DEL,
		VPART_NL_POLICY(vpart_adapter_get_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= vpart_nl_adapter_del,
	}, {
		.cmd	= VPART_CMD_EVENT_GET,
		VPART_NL_POLICY(vpart_event_get_policy),
		.start	= vpart_nl_event_start,
		.dumpit	= vpart_nl_event_dump,
	}, {
		.cmd	= VPART_CMD_LINK_GET,
		VPART_NL_POLICY(vpart_link_get_policy),
		.doit	= vpart_nl_link_get,
		.dumpit	= vpart_nl_link_dump,
	}, {
		.cmd	= VPART_CMD_CALL_GET,
		VPART_NL_POLICY(vpart_call_get_policy),
		.flags	= GENL_ADMIN_PERM,
		.dumpit	= vpart_nl_call_dump,
	},
};

static const struct genl_multicast_group vpart_nl_groups[] = {
	{ .name = VPART_MCGRP_EVENTS },
};

struct genl_family vpart_family __ro_after_init = {
	.name		= VPART_FAMILY_NAME,
	.version	= VPART_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.ops		= vpart_nl_ops,
	.n_ops		= ARRAY_SIZE(vpart_nl_ops),
	.resv_start_op	= VPART_CMD_LINK_GET + 1,
	.netnsok	= true,
	.mcgrps		= vpart_nl_groups,
	.n_mcgrps	= ARRAY_SIZE(vpart_nl_groups),
};

/**
 * vpart_netlink_init() - register the family
 *
 * Return: 0 or an errno.
 */
int vpart_netlink_init(void)
{
	return genl_register_family(&vpart_family);
}

/**
 * vpart_netlink_exit() - unregister the family
 */
void vpart_netlink_exit(void)
{
	genl_unregister_family(&vpart_family);
}
