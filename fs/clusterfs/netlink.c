// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: generic netlink family "clusterfs", Documentation/netlink/specs/clusterfs.yaml.
 * This file: what requests carry and whether that is well-formed, and what is told at once.
 * netlink_work.c does what is asked for, netlink_dump.c has the dumps, netlink_event.c what is
 * told unasked, netlink_msg.c the messages of all.
 *
 * Operations run in parallel, and none waits: netlink holds cb_lock, and whoever loads a
 * module with a family keeps all others out until those that have it are done. What reads
 * takes no lock of a mount; a mount that is asked is not left before the answer is made
 * (cfs_mount_get_by()).
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/blk_types.h>
#include <linux/module.h>
#include "netlink.h"

/* Longer than a name may be, so that its refusal can be a sentence. */
#define CFS_NL_STRING	255
/* What there is room for in the sentence of a refusal at once, with its end. */
#define CFS_NL_SENTENCE	80

/* ---- what requests carry ---- */

#define CFS_NL_TEXT	{ .type = NLA_NUL_STRING, .len = CFS_NL_STRING }
#define CFS_NL_UUID	NLA_POLICY_EXACT_LEN(UUID_SIZE)

static const struct nla_policy cfs_nl_mount_policy[CLUSTERFS_A_MOUNT + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
};

/* Both have the same length: dumps look whether either is given. */
static const struct nla_policy cfs_nl_named_policy[CLUSTERFS_A_NAME + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_ID]	= { .type = NLA_U64 },
	[CLUSTERFS_A_NAME]	= CFS_NL_TEXT,
};

static const struct nla_policy cfs_nl_numbered_policy[CLUSTERFS_A_NAME + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_ID]	= { .type = NLA_U64 },
};

static const struct nla_policy cfs_nl_client_policy[CLUSTERFS_A_MAX + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_NAME]	= CFS_NL_TEXT,
	[CLUSTERFS_A_UUID]	= CFS_NL_UUID,
	[CLUSTERFS_A_INSTANCE]	= CFS_NL_UUID,
};

static const struct nla_policy cfs_nl_adapter_policy[CLUSTERFS_A_MAX + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_UUID]	= CFS_NL_UUID,
	[CLUSTERFS_A_NODE]	= { .type = NLA_U32 },
	[CLUSTERFS_A_CLIENT]	= { .type = NLA_U64 },
	[CLUSTERFS_A_PEER]	= { .type = NLA_U64 },
	[CLUSTERFS_A_SLOT]	= { .type = NLA_U32 },
};

static const struct nla_policy cfs_nl_lu_policy[CLUSTERFS_A_MAX + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_NAME]	= CFS_NL_TEXT,
	[CLUSTERFS_A_UUID]	= CFS_NL_UUID,
	[CLUSTERFS_A_BACKING]	= CFS_NL_TEXT,
	[CLUSTERFS_A_SECTORS]	= { .type = NLA_U64 },
	[CLUSTERFS_A_BLOCK]	= { .type = NLA_U32 },
	[CLUSTERFS_A_VOLUME]	= { .type = NLA_U64 },
	[CLUSTERFS_A_FLAGS]	= { .type = NLA_U32 },
};

static const struct nla_policy cfs_nl_map_policy[CLUSTERFS_A_MAX + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_LU]	= { .type = NLA_U64 },
	[CLUSTERFS_A_CLIENT]	= { .type = NLA_U64 },
	[CLUSTERFS_A_ADAPTER]	= { .type = NLA_U64 },
	[CLUSTERFS_A_LUN]	= { .type = NLA_U32 },
	[CLUSTERFS_A_FLAGS]	= { .type = NLA_U32 },
};

static const struct nla_policy cfs_nl_leg_policy[CLUSTERFS_A_LEG_MAX + 1] = {
	[CLUSTERFS_A_LEG_NODE]	= { .type = NLA_U32 },
	[CLUSTERFS_A_LEG_UUID]	= CFS_NL_UUID,
	[CLUSTERFS_A_LEG_STATE]	= { .type = NLA_U32 },
};

static const struct nla_policy cfs_nl_volume_policy[CLUSTERFS_A_MAX + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_NAME]	= CFS_NL_TEXT,
	[CLUSTERFS_A_UUID]	= CFS_NL_UUID,
	[CLUSTERFS_A_SECTORS]	= { .type = NLA_U64 },
	[CLUSTERFS_A_LEG]	= NLA_POLICY_NESTED(cfs_nl_leg_policy),
};

static const struct nla_policy cfs_nl_usage_policy[CLUSTERFS_A_VOLUME + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_LU]	= { .type = NLA_U64 },
	[CLUSTERFS_A_CLIENT]	= { .type = NLA_U64 },
	[CLUSTERFS_A_ADAPTER]	= { .type = NLA_U64 },
	[CLUSTERFS_A_NODE]	= { .type = NLA_U32 },
	[CLUSTERFS_A_VOLUME]	= { .type = NLA_U64 },
};

static const struct nla_policy cfs_nl_event_policy[CLUSTERFS_A_REPOSITORY + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_SEQ]	 = { .type = NLA_U64 },
	[CLUSTERFS_A_REPOSITORY] = CFS_NL_UUID,
};

static const struct nla_policy cfs_nl_local_policy[CLUSTERFS_A_SEQ + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_BOOT]	= CFS_NL_UUID,
	[CLUSTERFS_A_SEQ]	= { .type = NLA_U64 },
};

static const struct nla_policy cfs_nl_say_policy[CLUSTERFS_A_TEXT + 1] = {
	[CLUSTERFS_A_CLUSTER]	  = CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	  = CFS_NL_TEXT,
	[CLUSTERFS_A_OBJECT_TYPE] = { .type = NLA_U32 },
	[CLUSTERFS_A_OBJECT]	  = { .type = NLA_U64 },
	[CLUSTERFS_A_CLASS]	  = { .type = NLA_U32 },
	[CLUSTERFS_A_SEVERITY]	  = { .type = NLA_U32 },
	[CLUSTERFS_A_CODE]	  = { .type = NLA_U32 },
	/* Longer than it may be, so that its refusal can be a sentence. */
	[CLUSTERFS_A_TEXT]	  = { .type = NLA_NUL_STRING, .len = 2 * CFS_NL_STRING },
};

static const struct nla_policy cfs_nl_handler_policy[CLUSTERFS_A_RESULT + 1] = {
	[CLUSTERFS_A_CLUSTER]	 = CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	 = CFS_NL_TEXT,
	[CLUSTERFS_A_SEQ]	 = { .type = NLA_U64 },
	[CLUSTERFS_A_CLASS]	 = { .type = NLA_U32 },
	[CLUSTERFS_A_TIMEOUT_MS] = { .type = NLA_U32 },
	[CLUSTERFS_A_DELIVERY]	 = { .type = NLA_U64 },
	[CLUSTERFS_A_RESULT]	 = { .type = NLA_U32 },
};

static const struct nla_policy cfs_nl_move_policy[CLUSTERFS_A_OBJECT + 1] = {
	[CLUSTERFS_A_CLUSTER]	  = CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	  = CFS_NL_TEXT,
	[CLUSTERFS_A_NODE]	  = { .type = NLA_U32 },
	[CLUSTERFS_A_OBJECT_TYPE] = { .type = NLA_U32 },
	[CLUSTERFS_A_OBJECT]	  = { .type = NLA_U64 },
};

static const struct nla_policy cfs_nl_quorum_policy[CLUSTERFS_A_LEASE_END + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_QUORATE]	= { .type = NLA_U32 },
	[CLUSTERFS_A_LEASE_MS]	= { .type = NLA_U32 },
	[CLUSTERFS_A_LEASE_END]	= { .type = NLA_U64 },
};

static const struct nla_policy cfs_nl_fence_policy[CLUSTERFS_A_CONFIRMED + 1] = {
	[CLUSTERFS_A_CLUSTER]	= CFS_NL_TEXT,
	[CLUSTERFS_A_MOUNT]	= CFS_NL_TEXT,
	[CLUSTERFS_A_NAME]	= CFS_NL_TEXT,
	[CLUSTERFS_A_BOOT]	= CFS_NL_UUID,
	[CLUSTERFS_A_METHOD]	= CFS_NL_TEXT,
	[CLUSTERFS_A_CONFIRMED]	= { .type = NLA_U32 },
};

/**
 * cfs_nl_say() - refuse with a sentence
 * @extack: it goes there
 * @err: -errno
 * @why: sentence; there is room for all of them, see tests/static/sentences
 *
 * Return: @err.
 */
int cfs_nl_say(struct netlink_ext_ack *extack, int err, const char *why)
{
	if (strlen(why) >= CFS_NL_SENTENCE)
		pr_notice_ratelimited("a request is refused: %s\n", why);
	NL_SET_ERR_MSG_FMT(extack, "%.*s", CFS_NL_SENTENCE - 1, why);
	return err;
}

/**
 * cfs_nl_wrong() - refuse an attribute with a sentence
 * @info: the request
 * @attr: CLUSTERFS_A_*
 * @err: -errno
 * @why: sentence
 *
 * Return: @err.
 */
int cfs_nl_wrong(struct genl_info *info, int attr, int err, const char *why)
{
	if (info->attrs[attr])
		NL_SET_BAD_ATTR(info->extack, info->attrs[attr]);
	return cfs_nl_say(info->extack, err, why);
}

static const char *cfs_nl_text(struct nlattr **attrs, int attr)
{
	return attrs[attr] ? nla_data(attrs[attr]) : NULL;
}

/**
 * cfs_nl_need() - an attribute must be there
 * @info: the request
 * @attr: CLUSTERFS_A_*
 * @what: it, in words
 *
 * Return: 0, or -EINVAL and a sentence.
 */
int cfs_nl_need(struct genl_info *info, int attr, const char *what)
{
	if (!GENL_REQ_ATTR_CHECK(info, attr))
		return 0;
	NL_SET_ERR_MSG_FMT(info->extack, "the %s is missing", what);
	return -EINVAL;
}

/**
 * cfs_nl_copy() - a text for a field of a record
 * @info: the request
 * @attr: CLUSTERFS_A_*; need not be there
 * @field: it goes there; filled with zeroes
 * @size: of the field
 * @what: it, in a word
 *
 * Return: 0, or -EINVAL and a sentence.
 */
int cfs_nl_copy(struct genl_info *info, int attr, u8 *field, size_t size, const char *what)
{
	const char *text = cfs_nl_text(info->attrs, attr) ? : "";
	char why[CFS_NL_WHY];

	if (strlen(text) >= size) {
		snprintf(why, sizeof(why), "the %s is longer than %u characters", what,
			 (unsigned int)size - 1);
		return cfs_nl_wrong(info, attr, -EINVAL, why);
	}
	for (; *text; text++) {
		if (*text >= ' ' && *text < 0x7f) {
			*field++ = *text;
			continue;
		}
		snprintf(why, sizeof(why), "the %s has a character that cannot be printed", what);
		return cfs_nl_wrong(info, attr, -EINVAL, why);
	}
	return 0;
}

/* A name that must be there. */
static int cfs_nl_name(struct genl_info *info, u8 *field, size_t size)
{
	int err = cfs_nl_need(info, CLUSTERFS_A_NAME, "name");

	if (err)
		return err;
	if (!*cfs_nl_text(info->attrs, CLUSTERFS_A_NAME))
		return cfs_nl_wrong(info, CLUSTERFS_A_NAME, -EINVAL, "the name is empty");
	return cfs_nl_copy(info, CLUSTERFS_A_NAME, field, size, "name");
}

/* A uuid, made if it is absent; nil is refused. */
static int cfs_nl_uuid(struct genl_info *info, u8 uuid[UUID_SIZE])
{
	struct nlattr *a = info->attrs[CLUSTERFS_A_UUID];
	uuid_t fresh;

	if (!a) {
		uuid_gen(&fresh);
		export_uuid(uuid, &fresh);
		return 0;
	}
	memcpy(uuid, nla_data(a), UUID_SIZE);
	if (memchr_inv(uuid, 0, UUID_SIZE))
		return 0;
	return cfs_nl_wrong(info, CLUSTERFS_A_UUID, -EINVAL, "the uuid is all zeroes");
}

static const char *cfs_nl_no_mount(int err)
{
	return err == -ENODEV ? "no such node is mounted here" :
	       "several nodes are mounted here: say which, and its cluster";
}

/**
 * cfs_nl_mount() - the mount that a request is for
 * @attrs: of the request
 * @extack: for the sentence
 *
 * Return: it, to be let go by cfs_mount_let_go(); or ERR_PTR.
 */
struct cfs_mount *cfs_nl_mount(struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	struct cfs_mount *m;

	m = cfs_mount_get_by(cfs_nl_text(attrs, CLUSTERFS_A_CLUSTER),
			     cfs_nl_text(attrs, CLUSTERFS_A_MOUNT));
	if (IS_ERR(m))
		cfs_nl_say(extack, 0, cfs_nl_no_mount(PTR_ERR(m)));
	return m;
}

/**
 * cfs_nl_mount_look() - the same, also one that is being left
 * @attrs: of the request
 * @extack: for the sentence
 *
 * Return: it, to be given to cfs_mount_put(), see cfs_mount_look(); or ERR_PTR.
 */
struct cfs_mount *cfs_nl_mount_look(struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	struct cfs_mount *m;

	m = cfs_mount_look(cfs_nl_text(attrs, CLUSTERFS_A_CLUSTER),
			   cfs_nl_text(attrs, CLUSTERFS_A_MOUNT));
	if (IS_ERR(m))
		cfs_nl_say(extack, 0, cfs_nl_no_mount(PTR_ERR(m)));
	return m;
}

/* ---- what only reads ---- */

static int cfs_nl_mount_get(struct sk_buff *skb, struct genl_info *info)
{
	struct cfs_nl_out out = {
		.portid = info->snd_portid, .seq = info->snd_seq, .cmd = info->genlhdr->cmd,
	};
	struct cfs_mount *m = cfs_nl_mount(info->attrs, info->extack);
	int err = -ENOMEM;

	if (IS_ERR(m))
		return PTR_ERR(m);
	out.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (out.skb)
		err = out.cmd == CLUSTERFS_CMD_STATS_GET ? cfs_nl_put_stats(&out, m) :
							   cfs_nl_put_mount(&out, m);
	cfs_mount_let_go(m);
	if (!err)
		return genlmsg_reply(out.skb, info);
	nlmsg_free(out.skb);
	return err;
}

/* The object of an id or a name; both must fit. */
static const struct cfs_disk_record *cfs_nl_find(const struct cfs_view *view, u8 type,
						 struct genl_info *info)
{
	const char *name = cfs_nl_text(info->attrs, CLUSTERFS_A_NAME), *own;
	const bool by_id = info->attrs[CLUSTERFS_A_ID];
	u64 id = cfs_nl_u64(info, CLUSTERFS_A_ID);
	const struct cfs_disk_record *r;
	u32 i;

	for (i = 0; (r = cfs_view_at(view, type, i)); i++) {
		own = cfs_object_name(r);
		if ((!by_id || le64_to_cpu(r->id) == id) &&
		    (!name || (own && !strcmp(own, name))))
			return r;
	}
	return NULL;
}

/* Which object: asked of what is in the request, without a look at the database. */
static int cfs_nl_which(struct genl_info *info, u8 type)
{
	char why[CFS_NL_WHY];

	if (info->attrs[CLUSTERFS_A_ID] || info->attrs[CLUSTERFS_A_NAME])
		return 0;
	snprintf(why, sizeof(why), "which %s: give its id%s", cfs_type_name(type),
		 type == CFS_ADAPTER || type == CFS_MAP || type == CFS_PR ? "" : " or its name");
	return cfs_nl_say(info->extack, -EINVAL, why);
}

static int cfs_nl_object_get(struct sk_buff *skb, struct genl_info *info)
{
	const u8 type = cfs_nl_type(info->genlhdr->cmd);
	struct cfs_nl_out out = {
		.portid = info->snd_portid, .seq = info->snd_seq, .cmd = info->genlhdr->cmd,
	};
	const struct cfs_disk_record *r;
	struct cfs_view *view;
	struct cfs_mount *m;
	char why[CFS_NL_WHY];
	int err;

	err = type == CFS_PRIMARY ? 0 : cfs_nl_which(info, type);
	if (err)
		return err;
	m = cfs_nl_mount(info->attrs, info->extack);
	if (IS_ERR(m))
		return PTR_ERR(m);
	view = cfs_view_get(m);
	cfs_mount_let_go(m);
	r = type == CFS_PRIMARY ? cfs_view_object(view, type, 1) : cfs_nl_find(view, type, info);
	if (!r) {
		snprintf(why, sizeof(why), type == CFS_PRIMARY ? "there is no %s node yet" :
			 "there is no such %s", cfs_type_name(type));
		err = cfs_nl_say(info->extack, -ENOENT, why);
		goto put_view;
	}
	out.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	err = out.skb ? cfs_nl_put_object(&out, view, r) : -ENOMEM;
	if (!err)
		err = genlmsg_reply(out.skb, info);
	else
		nlmsg_free(out.skb);
put_view:
	cfs_view_put(view);
	return err;
}

/* ---- changes ---- */

static int cfs_nl_client(struct genl_info *info, struct cfs_object *o)
{
	struct nlattr *instance = info->attrs[CLUSTERFS_A_INSTANCE];

	if (instance)
		memcpy(o->client.instance, nla_data(instance), UUID_SIZE);
	return cfs_nl_name(info, o->client.name, sizeof(o->client.name));
}

static int cfs_nl_adapter(struct genl_info *info, struct cfs_object *o)
{
	o->adapter.node = cpu_to_le64(cfs_nl_u32(info, CLUSTERFS_A_NODE));
	o->adapter.client = cpu_to_le64(cfs_nl_u64(info, CLUSTERFS_A_CLIENT));
	o->adapter.peer = cpu_to_le64(cfs_nl_u64(info, CLUSTERFS_A_PEER));
	o->adapter.slot = cpu_to_le32(cfs_nl_u32(info, CLUSTERFS_A_SLOT));
	return cfs_nl_need(info, CLUSTERFS_A_NODE, "node's id") ? :
	       cfs_nl_need(info, CLUSTERFS_A_CLIENT, "client's id");
}

static int cfs_nl_sectors(struct genl_info *info, __le64 *sectors)
{
	int err = cfs_nl_need(info, CLUSTERFS_A_SECTORS, "number of sectors");
	u64 n = cfs_nl_u64(info, CLUSTERFS_A_SECTORS);

	*sectors = cpu_to_le64(n);
	if (err || (n && n <= S64_MAX >> SECTOR_SHIFT))
		return err;
	return cfs_nl_wrong(info, CLUSTERFS_A_SECTORS, -EINVAL, "no disk has so many sectors");
}

static int cfs_nl_lu(struct genl_info *info, struct cfs_object *o)
{
	u32 block = info->attrs[CLUSTERFS_A_BLOCK] ? cfs_nl_u32(info, CLUSTERFS_A_BLOCK) : 512;
	u32 flags = cfs_nl_u32(info, CLUSTERFS_A_FLAGS);

	o->lu.owner = cpu_to_le32(CFS_NOBODY);
	o->lu.block = cpu_to_le32(block);
	o->lu.flags = cpu_to_le32(flags);
	o->lu.volume = cpu_to_le64(cfs_nl_u64(info, CLUSTERFS_A_VOLUME));
	if (block != 512 && block != 4096)
		return cfs_nl_wrong(info, CLUSTERFS_A_BLOCK, -EINVAL,
				    "a block has 512 or 4096 bytes");
	if (flags & ~CFS_LU_SHARED)
		return cfs_nl_wrong(info, CLUSTERFS_A_FLAGS, -EINVAL, "a LU has no such flag");
	return cfs_nl_name(info, o->lu.name, sizeof(o->lu.name)) ? :
	       cfs_nl_copy(info, CLUSTERFS_A_BACKING, o->lu.backing, sizeof(o->lu.backing),
			   "backing") ? :
	       cfs_nl_sectors(info, &o->lu.sectors);
}

static int cfs_nl_map(struct genl_info *info, struct cfs_object *o)
{
	u32 flags = cfs_nl_u32(info, CLUSTERFS_A_FLAGS);

	o->map.lu = cpu_to_le64(cfs_nl_u64(info, CLUSTERFS_A_LU));
	o->map.client = cpu_to_le64(cfs_nl_u64(info, CLUSTERFS_A_CLIENT));
	o->map.adapter = cpu_to_le64(cfs_nl_u64(info, CLUSTERFS_A_ADAPTER));
	o->map.lun = cpu_to_le32(cfs_nl_u32(info, CLUSTERFS_A_LUN));
	o->map.flags = cpu_to_le32(flags);
	if (flags & ~CFS_MAP_READ_ONLY)
		return cfs_nl_wrong(info, CLUSTERFS_A_FLAGS, -EINVAL, "a map has no such flag");
	return cfs_nl_need(info, CLUSTERFS_A_LU, "lu's id") ? :
	       cfs_nl_need(info, CLUSTERFS_A_CLIENT, "client's id") ? :
	       cfs_nl_need(info, CLUSTERFS_A_LUN, "lun");
}

static int cfs_nl_leg(struct genl_info *info, struct nlattr *a, struct cfs_disk_leg *leg)
{
	struct nlattr *attrs[CLUSTERFS_A_LEG_MAX + 1];
	int err;

	err = nla_parse_nested(attrs, CLUSTERFS_A_LEG_MAX, a, cfs_nl_leg_policy, info->extack);
	if (err)
		return err;
	NL_SET_BAD_ATTR(info->extack, a);
	if (!attrs[CLUSTERFS_A_LEG_NODE] || !attrs[CLUSTERFS_A_LEG_UUID])
		return cfs_nl_say(info->extack, -EINVAL, "a leg has a node and a uuid");
	leg->node = cpu_to_le32(nla_get_u32(attrs[CLUSTERFS_A_LEG_NODE]));
	memcpy(leg->uuid, nla_data(attrs[CLUSTERFS_A_LEG_UUID]), UUID_SIZE);
	leg->state = cpu_to_le32(attrs[CLUSTERFS_A_LEG_STATE] ?
				 nla_get_u32(attrs[CLUSTERFS_A_LEG_STATE]) : CFS_LEG_UPTODATE);
	if (leg->node == cpu_to_le32(CFS_NOBODY))
		return cfs_nl_say(info->extack, -EINVAL, "a leg has a node and a uuid");
	if (le32_to_cpu(leg->state) >= CFS_LEG_STATES)
		return cfs_nl_say(info->extack, -EINVAL, "a leg has no such state");
	NL_SET_BAD_ATTR(info->extack, NULL);
	return 0;
}

static int cfs_nl_volume(struct genl_info *info, struct cfs_object *o)
{
	struct nlattr *a;
	int rem, err, n = 0;

	o->volume.owner = cpu_to_le32(CFS_NOBODY);
	o->volume.leg[0].node = cpu_to_le32(CFS_NOBODY);
	o->volume.leg[1].node = cpu_to_le32(CFS_NOBODY);
	err = cfs_nl_name(info, o->volume.name, sizeof(o->volume.name)) ? :
	      cfs_nl_sectors(info, &o->volume.sectors);
	if (err)
		return err;
	nlmsg_for_each_attr(a, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(a) != CLUSTERFS_A_LEG)
			continue;
		if (n == ARRAY_SIZE(o->volume.leg)) {
			NL_SET_BAD_ATTR(info->extack, a);
			return cfs_nl_say(info->extack, -EINVAL, "a volume has two legs at most");
		}
		err = cfs_nl_leg(info, a, &o->volume.leg[n++]);
		if (err)
			return err;
	}
	return 0;
}

static int cfs_nl_object_new(struct sk_buff *skb, struct genl_info *info)
{
	struct cfs_object o = { .type = cfs_nl_type(info->genlhdr->cmd) };
	int err;

	err = o.type == CFS_CLIENT ? cfs_nl_client(info, &o) :
	      o.type == CFS_ADAPTER ? cfs_nl_adapter(info, &o) :
	      o.type == CFS_LU ? cfs_nl_lu(info, &o) :
	      o.type == CFS_MAP ? cfs_nl_map(info, &o) : cfs_nl_volume(info, &o);
	if (!err && o.type != CFS_MAP)
		err = cfs_nl_uuid(info, o.uuid);
	return err ? : cfs_nl_later(skb, info, cfs_nl_add, &o, sizeof(o));
}

static int cfs_nl_object_del(struct sk_buff *skb, struct genl_info *info)
{
	struct cfs_object o = {
		.type = cfs_nl_type(info->genlhdr->cmd), .id = cfs_nl_u64(info, CLUSTERFS_A_ID),
	};
	u8 name[CFS_NAME_SIZE] = {};
	/* It is in the sentence if there is none. */
	int err = cfs_nl_which(info, o.type) ? :
		  cfs_nl_copy(info, CLUSTERFS_A_NAME, name, sizeof(name), "name");

	if (err)
		return err;
	if (info->attrs[CLUSTERFS_A_ID] && !o.id)
		return cfs_nl_wrong(info, CLUSTERFS_A_ID, -EINVAL, "ids are numbered from 1");
	return cfs_nl_later(skb, info, cfs_nl_del, &o, sizeof(o));
}

/* ---- what the agent tells ---- */

/* A truth value that must be there. */
static int cfs_nl_bool(struct genl_info *info, int attr, const char *what, bool *value)
{
	int err = cfs_nl_need(info, attr, what);
	u32 n = cfs_nl_u32(info, attr);

	*value = n;
	if (err || n <= 1)
		return err;
	return cfs_nl_wrong(info, attr, -EINVAL, "it is 0 or 1");
}

static int cfs_nl_quorum_set(struct sk_buff *skb, struct genl_info *info)
{
	u32 lease = cfs_nl_u32(info, CLUSTERFS_A_LEASE_MS);
	u64 end = info->attrs[CLUSTERFS_A_LEASE_END] ? cfs_nl_u64(info, CLUSTERFS_A_LEASE_END) :
		  U64_MAX;
	char why[CFS_NL_WHY];
	bool quorate;
	int err;

	err = cfs_nl_bool(info, CLUSTERFS_A_QUORATE, "answer whether there is quorum", &quorate);
	if (err)
		return err;
	if (lease > CFS_LEASE_MAX_MS) {
		snprintf(why, sizeof(why), "a lease is %u ms at most", CFS_LEASE_MAX_MS);
		return cfs_nl_wrong(info, CLUSTERFS_A_LEASE_MS, -EINVAL, why);
	}
	err = cfs_mount_quorum(cfs_nl_text(info->attrs, CLUSTERFS_A_CLUSTER),
			       cfs_nl_text(info->attrs, CLUSTERFS_A_MOUNT), quorate, lease, end);
	switch (err) {
	case 0:
		return 0;
	case -ENOTCONN:
		return cfs_nl_say(info->extack, err, "the node is not registered");
	case -ETIME:
		return cfs_nl_say(info->extack, err, "the lease has ended already");
	case -ESHUTDOWN:
		return cfs_nl_say(info->extack, err, "the node is LOST, and no lease changes that");
	default:
		return cfs_nl_say(info->extack, err, cfs_nl_no_mount(err));
	}
}

static int cfs_nl_fence_done(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *boot = info->attrs[CLUSTERFS_A_BOOT];
	struct cfs_verdict v = {};
	int err;

	err = cfs_nl_name(info, (u8 *)v.node, sizeof(v.node)) ? :
	      cfs_nl_need(info, CLUSTERFS_A_BOOT, "life of the node") ? :
	      cfs_nl_need(info, CLUSTERFS_A_METHOD, "method") ? :
	      cfs_nl_copy(info, CLUSTERFS_A_METHOD, (u8 *)v.method, sizeof(v.method), "method") ? :
	      cfs_nl_bool(info, CLUSTERFS_A_CONFIRMED, "answer whether it is confirmed",
			  &v.confirmed);
	if (err)
		return err;
	import_uuid(&v.boot, nla_data(boot));
	return cfs_nl_later(skb, info, cfs_nl_fenced, &v, sizeof(v));
}

static int cfs_nl_primary_yield(struct sk_buff *skb, struct genl_info *info)
{
	return cfs_nl_later(skb, info, cfs_nl_yield, NULL, 0);
}

/* ---- the family ---- */

#define CFS_NL_POLICY(p)	.policy = (p), .maxattr = ARRAY_SIZE(p) - 1

#define CFS_NL_GET(c, p)						\
	{ .cmd = (c), CFS_NL_POLICY(p), .doit = cfs_nl_object_get,	\
	  .dumpit = cfs_nl_object_dump, .done = cfs_nl_dump_done }
#define CFS_NL_NEW(c, p)						\
	{ .cmd = (c), CFS_NL_POLICY(p), .doit = cfs_nl_object_new, .flags = GENL_ADMIN_PERM }
#define CFS_NL_DEL(c, p)						\
	{ .cmd = (c), CFS_NL_POLICY(p), .doit = cfs_nl_object_del, .flags = GENL_ADMIN_PERM }

static const struct genl_ops cfs_nl_ops[] = {
	{
		.cmd	= CLUSTERFS_CMD_MOUNT_GET,
		CFS_NL_POLICY(cfs_nl_mount_policy),
		.doit	= cfs_nl_mount_get,
		.dumpit	= cfs_nl_mount_dump,
	}, {
		.cmd	= CLUSTERFS_CMD_STATS_GET,
		CFS_NL_POLICY(cfs_nl_mount_policy),
		.doit	= cfs_nl_mount_get,
		.dumpit	= cfs_nl_mount_dump,
	},
	CFS_NL_GET(CLUSTERFS_CMD_NODE_GET, cfs_nl_named_policy),
	CFS_NL_GET(CLUSTERFS_CMD_CLIENT_GET, cfs_nl_named_policy),
	CFS_NL_NEW(CLUSTERFS_CMD_CLIENT_NEW, cfs_nl_client_policy),
	CFS_NL_DEL(CLUSTERFS_CMD_CLIENT_DEL, cfs_nl_named_policy),
	CFS_NL_GET(CLUSTERFS_CMD_ADAPTER_GET, cfs_nl_numbered_policy),
	CFS_NL_NEW(CLUSTERFS_CMD_ADAPTER_NEW, cfs_nl_adapter_policy),
	CFS_NL_DEL(CLUSTERFS_CMD_ADAPTER_DEL, cfs_nl_numbered_policy),
	CFS_NL_GET(CLUSTERFS_CMD_LU_GET, cfs_nl_named_policy),
	CFS_NL_NEW(CLUSTERFS_CMD_LU_NEW, cfs_nl_lu_policy),
	CFS_NL_DEL(CLUSTERFS_CMD_LU_DEL, cfs_nl_named_policy),
	CFS_NL_GET(CLUSTERFS_CMD_MAP_GET, cfs_nl_numbered_policy),
	CFS_NL_NEW(CLUSTERFS_CMD_MAP_NEW, cfs_nl_map_policy),
	CFS_NL_DEL(CLUSTERFS_CMD_MAP_DEL, cfs_nl_numbered_policy),
	CFS_NL_GET(CLUSTERFS_CMD_VOLUME_GET, cfs_nl_named_policy),
	CFS_NL_NEW(CLUSTERFS_CMD_VOLUME_NEW, cfs_nl_volume_policy),
	CFS_NL_DEL(CLUSTERFS_CMD_VOLUME_DEL, cfs_nl_named_policy),
	{
		.cmd	= CLUSTERFS_CMD_PR_GET,
		CFS_NL_POLICY(cfs_nl_numbered_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= cfs_nl_object_get,
		.dumpit	= cfs_nl_object_dump,
		.done	= cfs_nl_dump_done,
	}, {
		.cmd	= CLUSTERFS_CMD_PRIMARY_GET,
		CFS_NL_POLICY(cfs_nl_mount_policy),
		.doit	= cfs_nl_object_get,
	}, {
		.cmd	= CLUSTERFS_CMD_USAGE_GET,
		CFS_NL_POLICY(cfs_nl_usage_policy),
		.dumpit	= cfs_nl_usage_dump,
		.done	= cfs_nl_dump_done,
	}, {
		.cmd	= CLUSTERFS_CMD_EVENT_GET,
		CFS_NL_POLICY(cfs_nl_event_policy),
		.dumpit	= cfs_nl_event_dump,
		.done	= cfs_nl_dump_done,
	}, {
		.cmd	= CLUSTERFS_CMD_QUORUM_SET,
		CFS_NL_POLICY(cfs_nl_quorum_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= cfs_nl_quorum_set,
	}, {
		.cmd	= CLUSTERFS_CMD_FENCE_DONE,
		CFS_NL_POLICY(cfs_nl_fence_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= cfs_nl_fence_done,
	}, {
		.cmd	= CLUSTERFS_CMD_PRIMARY_YIELD,
		CFS_NL_POLICY(cfs_nl_mount_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= cfs_nl_primary_yield,
	}, {
		.cmd	= CLUSTERFS_CMD_NODE_EVENT_GET,
		CFS_NL_POLICY(cfs_nl_local_policy),
		.dumpit	= cfs_nl_local_dump,
		.done	= cfs_nl_local_done,
	}, {
		.cmd	= CLUSTERFS_CMD_NODE_EVENT_SAY,
		CFS_NL_POLICY(cfs_nl_say_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= cfs_nl_say_doit,
	}, {
		.cmd	= CLUSTERFS_CMD_HANDLER_GET,
		CFS_NL_POLICY(cfs_nl_mount_policy),
		.dumpit	= cfs_nl_handler_dump,
	}, {
		.cmd	= CLUSTERFS_CMD_HANDLER_NEW,
		CFS_NL_POLICY(cfs_nl_handler_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= cfs_nl_handler_new,
	}, {
		.cmd	= CLUSTERFS_CMD_HANDLER_DEL,
		CFS_NL_POLICY(cfs_nl_handler_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= cfs_nl_handler_del,
	}, {
		.cmd	= CLUSTERFS_CMD_HANDLER_ANSWER,
		CFS_NL_POLICY(cfs_nl_handler_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= cfs_nl_handler_answer,
	}, {
		.cmd	= CLUSTERFS_CMD_OWNER_GET,
		CFS_NL_POLICY(cfs_nl_mount_policy),
		.dumpit	= cfs_nl_owner_dump,
		.done	= cfs_nl_owner_done,
	}, {
		.cmd	= CLUSTERFS_CMD_OWNER_MOVE,
		CFS_NL_POLICY(cfs_nl_move_policy),
		.flags	= GENL_ADMIN_PERM,
		.doit	= cfs_nl_owner_move,
	},
};

static const struct genl_multicast_group cfs_nl_groups[] = {
	{ .name = CLUSTERFS_MCGRP_EVENTS },
};

/* In the initial network namespace alone. */
struct genl_family cfs_family __ro_after_init = {
	.name		= CLUSTERFS_FAMILY_NAME,
	.version	= CLUSTERFS_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.ops		= cfs_nl_ops,
	.n_ops		= ARRAY_SIZE(cfs_nl_ops),
	.resv_start_op	= CLUSTERFS_CMD_MOUNT_GET,
	.mcgrps		= cfs_nl_groups,
	.n_mcgrps	= ARRAY_SIZE(cfs_nl_groups),
};

/**
 * cfs_netlink_init() - register the family
 *
 * Return: 0 or -errno.
 */
int __init cfs_netlink_init(void)
{
	int ret = cfs_nl_handlers_init();

	if (ret)
		return ret;
	ret = genl_register_family(&cfs_family);
	if (ret)
		cfs_nl_handlers_exit();
	return ret;
}

/**
 * cfs_netlink_exit() - unregister the family
 */
void cfs_netlink_exit(void)
{
	genl_unregister_family(&cfs_family);
	cfs_nl_handlers_exit();
}
