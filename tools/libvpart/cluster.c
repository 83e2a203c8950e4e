// SPDX-License-Identifier: LGPL-2.1-or-later
/* Clusters: mounted nodes, and the objects of their databases */
#include <errno.h>
#include <linux/clusterfs.h>
#include <linux/clusterfs_netlink.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "internal.h"

/* The commands of a type; 0: it has none. */
static const struct {
	const char	*name;
	uint8_t		get, add, del;
	uint16_t	usage;
} types[] = {
	[VPART_CLUSTER_NODE] = {
		"node", CLUSTERFS_CMD_NODE_GET, 0, 0, CLUSTERFS_A_NODE,
	},
	[VPART_CLUSTER_CLIENT] = {
		"client", CLUSTERFS_CMD_CLIENT_GET, CLUSTERFS_CMD_CLIENT_NEW,
		CLUSTERFS_CMD_CLIENT_DEL, CLUSTERFS_A_CLIENT,
	},
	[VPART_CLUSTER_ADAPTER] = {
		"adapter", CLUSTERFS_CMD_ADAPTER_GET, CLUSTERFS_CMD_ADAPTER_NEW,
		CLUSTERFS_CMD_ADAPTER_DEL, CLUSTERFS_A_ADAPTER,
	},
	[VPART_CLUSTER_LU] = {
		"lu", CLUSTERFS_CMD_LU_GET, CLUSTERFS_CMD_LU_NEW, CLUSTERFS_CMD_LU_DEL,
		CLUSTERFS_A_LU,
	},
	[VPART_CLUSTER_MAP] = {
		"map", CLUSTERFS_CMD_MAP_GET, CLUSTERFS_CMD_MAP_NEW, CLUSTERFS_CMD_MAP_DEL, 0,
	},
	[VPART_CLUSTER_VOLUME] = {
		"volume", CLUSTERFS_CMD_VOLUME_GET, CLUSTERFS_CMD_VOLUME_NEW,
		CLUSTERFS_CMD_VOLUME_DEL, CLUSTERFS_A_VOLUME,
	},
	[VPART_CLUSTER_RESERVATION] = { "registration", CLUSTERFS_CMD_PR_GET, 0, 0, 0 },
	[VPART_CLUSTER_PRIMARY] = { "primary", CLUSTERFS_CMD_PRIMARY_GET, 0, 0, 0 },
};

_Static_assert((int)VPART_CLUSTER_NODE == CFS_NODE, "numbers of the database");
_Static_assert((int)VPART_CLUSTER_PRIMARY == CFS_PRIMARY, "numbers of the database");
_Static_assert(VPART_CLUSTER_NOBODY == CFS_NOBODY, "numbers of the database");

/**
 * vpart_cluster_type_name - a type of objects as a word
 * @type: the type
 *
 * Return: the word.
 */
const char *vpart_cluster_type_name(enum vpart_cluster_type type)
{
	return type < ARRAY_SIZE(types) && types[type].name ? types[type].name : "unknown";
}

/* Begin a request to a mount; NULL: the error is recorded. */
struct nlmsghdr *vpart_cluster_ask(struct vpart *v, const struct vpart_cluster_at *at, uint8_t cmd,
				   uint16_t flags)
{
	struct nlmsghdr *nlh = vpart_nl_start_cluster(v, cmd, flags);

	if (nlh && at->cluster)
		mnl_attr_put_strz(nlh, CLUSTERFS_A_CLUSTER, at->cluster);
	if (nlh && at->node)
		mnl_attr_put_strz(nlh, CLUSTERFS_A_MOUNT, at->node);
	return nlh;
}

/*
 * A change is answered when it is done, which takes as long as the node waits for locks and
 * disks: the limit is the kernel's.
 */
int vpart_cluster_change(struct vpart *v, struct nlmsghdr *nlh, const char *what, vpart_nl_cb cb,
			 void *arg)
{
	const int fd = mnl_socket_get_fd(v->nl);
	struct timeval limit = {};
	int ret;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ret = vpart_nl_run(v, nlh, what, cb, arg);
	limit.tv_sec = VPART_NL_TIMEOUT_S;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return ret;
}

/* --- mounts --- */

static void parse_mount_number(const struct nlattr *a, struct vpart_cluster_mount *m)
{
	const uint64_t n = vpart_attr_u64(a);

	switch (mnl_attr_get_type(a)) {
	case CLUSTERFS_A_NODE:
		m->id = (uint32_t)n;
		break;
	case CLUSTERFS_A_REPO_GENERATION:
		m->generation = n;
		break;
	case CLUSTERFS_A_MEMBERS:
		m->members = (uint32_t)n;
		break;
	case CLUSTERFS_A_SINCE:
		m->since = n;
		break;
	case CLUSTERFS_A_TERM:
		m->term = n;
		break;
	case CLUSTERFS_A_COMMIT:
		m->commit = n;
		break;
	case CLUSTERFS_A_NODES:
		m->nodes = (uint32_t)n;
		break;
	case CLUSTERFS_A_NODES_MAX:
		m->nodes_max = (uint32_t)n;
		break;
	case CLUSTERFS_A_OBJECTS:
		m->objects = (uint32_t)n;
		break;
	case CLUSTERFS_A_OBJECTS_MAX:
		m->objects_max = (uint32_t)n;
		break;
	case CLUSTERFS_A_REPLICAS:
		m->replicas = (uint32_t)n;
		break;
	case CLUSTERFS_A_REPLICAS_MISSING:
		m->missing = (uint32_t)n;
		break;
	case CLUSTERFS_A_REPLICAS_FAILED:
		m->failed = (uint32_t)n;
		break;
	case CLUSTERFS_A_REPLICAS_UNREAD:
		m->unread = (uint32_t)n;
		break;
	case CLUSTERFS_A_FIRST_EVENT:
		m->first_event = n;
		break;
	case CLUSTERFS_A_LAST_EVENT:
		m->last_event = n;
		break;
	case CLUSTERFS_A_CHANGES:
		m->changes = n;
		break;
	case CLUSTERFS_A_REFUSED:
		m->refused = n;
		break;
	case CLUSTERFS_A_TRIES:
		m->tries = n;
		break;
	case CLUSTERFS_A_CLAIMS:
		m->claims = n;
		break;
	case CLUSTERFS_A_REFRESHES:
		m->refreshes = n;
		break;
	case CLUSTERFS_A_CHANGE_US:
		m->change_us = n;
		break;
	case CLUSTERFS_A_CHANGE_MAX_US:
		m->change_max_us = n;
		break;
	}
}

/* What a message says is added to what is there. */
static void parse_mount(const struct nlmsghdr *nlh, struct vpart_cluster_mount *m)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(a)) {
		case CLUSTERFS_A_CLUSTER:
			vpart_attr_text(a, m->cluster, sizeof(m->cluster));
			break;
		case CLUSTERFS_A_MOUNT:
			vpart_attr_text(a, m->node, sizeof(m->node));
			break;
		case CLUSTERFS_A_REPOSITORY:
			vpart_attr_uuid(a, m->repository);
			break;
		case CLUSTERFS_A_LOCKSPACE:
			vpart_attr_text(a, m->lockspace, sizeof(m->lockspace));
			break;
		case CLUSTERFS_A_LOCKS:
			vpart_attr_text(a, m->locks, sizeof(m->locks));
			break;
		case CLUSTERFS_A_HEALTH:
			vpart_attr_text(a, m->state, sizeof(m->state));
			break;
		case CLUSTERFS_A_REASON:
			vpart_attr_text(a, m->reason, sizeof(m->reason));
			break;
		default:
			parse_mount_number(a, m);
		}
	}
}

static int each_mount(const struct nlmsghdr *nlh, void *arg)
{
	struct vpart_cluster_mount *m = vpart_list_add(arg);

	if (m)
		parse_mount(nlh, m);
	return 0;
}

static int one_mount(const struct nlmsghdr *nlh, void *arg)
{
	parse_mount(nlh, arg);
	return 0;
}

/**
 * vpart_cluster_mounts - all nodes that are mounted here
 * @v: the handle
 * @list: where the list goes; free() it
 * @n: its length
 *
 * What they have done is told by vpart_cluster_find() alone.
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_mounts(struct vpart *v, struct vpart_cluster_mount **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_cluster_mount) };
	struct nlmsghdr *nlh = vpart_nl_start_cluster(v, CLUSTERFS_CMD_MOUNT_GET, NLM_F_DUMP);
	int ret = nlh ? vpart_nl_run(v, nlh, "mounted nodes", each_mount, &l) : -v->error.err;

	return vpart_list_done(v, ret, &l, list, n);
}

/**
 * vpart_cluster_find - a node that is mounted here, and what it has done
 * @v: the handle
 * @at: which one
 * @mount: where it goes
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_find(struct vpart *v, const struct vpart_cluster_at *at,
		       struct vpart_cluster_mount *mount)
{
	static const uint8_t cmds[] = { CLUSTERFS_CMD_MOUNT_GET, CLUSTERFS_CMD_STATS_GET };
	struct nlmsghdr *nlh;
	size_t i;
	int ret = 0;

	memset(mount, 0, sizeof(*mount));
	for (i = 0; i < ARRAY_SIZE(cmds) && !ret; i++) {
		nlh = vpart_cluster_ask(v, at, cmds[i], NLM_F_ACK);
		ret = nlh ? vpart_nl_run(v, nlh, "mounted node", one_mount, mount) : -v->error.err;
	}
	return ret;
}

/* --- objects --- */

static void parse_leg(const struct nlattr *nest, struct vpart_cluster_leg *leg)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested(a, nest) {
		switch (mnl_attr_get_type(a)) {
		case CLUSTERFS_A_LEG_NODE:
			leg->node = (uint32_t)vpart_attr_u64(a);
			break;
		case CLUSTERFS_A_LEG_UUID:
			vpart_attr_uuid(a, leg->uuid);
			break;
		case CLUSTERFS_A_LEG_STATE:
			leg->state = (uint32_t)vpart_attr_u64(a);
			break;
		}
	}
}

static void parse_number(const struct nlattr *a, struct vpart_cluster_object *o)
{
	const uint64_t n = vpart_attr_u64(a);

	switch (mnl_attr_get_type(a)) {
	case CLUSTERFS_A_ID:
	case CLUSTERFS_A_OBJECT:
		o->id = n;
		break;
	case CLUSTERFS_A_OBJECT_TYPE:
		o->type = (enum vpart_cluster_type)n;
		break;
	case CLUSTERFS_A_STATE:
		o->state = (uint32_t)n;
		break;
	case CLUSTERFS_A_VERSION:
		o->version = (uint32_t)n;
		break;
	case CLUSTERFS_A_TIME:
		o->time = n;
		break;
	case CLUSTERFS_A_NODE:
		o->node = (uint32_t)n;
		break;
	case CLUSTERFS_A_CLIENT:
		o->client = n;
		break;
	case CLUSTERFS_A_LU:
		o->lu = n;
		break;
	case CLUSTERFS_A_ADAPTER:
		o->adapter = n;
		break;
	case CLUSTERFS_A_PEER:
		o->peer = n;
		break;
	case CLUSTERFS_A_SLOT:
		o->slot = (uint32_t)n;
		break;
	case CLUSTERFS_A_SECTORS:
		o->sectors = n;
		break;
	case CLUSTERFS_A_BLOCK:
		o->block = (uint32_t)n;
		break;
	case CLUSTERFS_A_VOLUME:
		o->volume = n;
		break;
	case CLUSTERFS_A_FLAGS:
		o->flags = (uint32_t)n;
		break;
	case CLUSTERFS_A_OWNER:
		o->owner = (uint32_t)n;
		break;
	case CLUSTERFS_A_ROLE_TERM:
		o->term = n;
		break;
	case CLUSTERFS_A_LUN:
		o->lun = (uint32_t)n;
		break;
	case CLUSTERFS_A_KEY:
		o->key = n;
		break;
	case CLUSTERFS_A_GENERATION:
		o->generation = (uint32_t)n;
		break;
	case CLUSTERFS_A_RTPI:
		o->port = (uint32_t)n;
		break;
	case CLUSTERFS_A_TYPE:
		o->reserves = (uint32_t)n;
		break;
	}
}

static void parse_object(const struct nlmsghdr *nlh, struct vpart_cluster_object *o)
{
	const struct genlmsghdr *g = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a;
	size_t legs = 0, i;

	memset(o, 0, sizeof(*o));
	o->node = VPART_CLUSTER_NOBODY;
	o->owner = VPART_CLUSTER_NOBODY;
	o->leg[0].node = VPART_CLUSTER_NOBODY;
	o->leg[1].node = VPART_CLUSTER_NOBODY;
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].get && (g->cmd == types[i].get || g->cmd == types[i].add))
			o->type = (enum vpart_cluster_type)i;
	mnl_attr_for_each(a, nlh, sizeof(*g)) {
		switch (mnl_attr_get_type(a)) {
		case CLUSTERFS_A_NAME:
			vpart_attr_text(a, o->name, sizeof(o->name));
			break;
		case CLUSTERFS_A_UUID:
			vpart_attr_uuid(a, o->uuid);
			break;
		case CLUSTERFS_A_ADDRESS:
			vpart_attr_text(a, o->address, sizeof(o->address));
			break;
		case CLUSTERFS_A_BOOT:
			vpart_attr_uuid(a, o->boot);
			break;
		case CLUSTERFS_A_INSTANCE:
			vpart_attr_uuid(a, o->instance);
			break;
		case CLUSTERFS_A_CLIENT_NAME:
			vpart_attr_text(a, o->client_name, sizeof(o->client_name));
			break;
		case CLUSTERFS_A_LU_NAME:
			vpart_attr_text(a, o->lu_name, sizeof(o->lu_name));
			break;
		case CLUSTERFS_A_BACKING:
			vpart_attr_text(a, o->backing, sizeof(o->backing));
			break;
		case CLUSTERFS_A_LEG:
			if (legs < ARRAY_SIZE(o->leg))
				parse_leg(a, &o->leg[legs++]);
			break;
		default:
			parse_number(a, o);
		}
	}
}

static int one_object(const struct nlmsghdr *nlh, void *arg)
{
	parse_object(nlh, arg);
	return 0;
}

static int each_object(const struct nlmsghdr *nlh, void *arg)
{
	struct vpart_cluster_object *o = vpart_list_add(arg);

	if (o)
		parse_object(nlh, o);
	return 0;
}

/**
 * vpart_cluster_objects - all objects of a type
 * @v: the handle
 * @at: who is asked
 * @type: any but VPART_CLUSTER_PRIMARY
 * @list: where the list goes; free() it
 * @n: its length
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_objects(struct vpart *v, const struct vpart_cluster_at *at,
			  enum vpart_cluster_type type, struct vpart_cluster_object **list,
			  size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_cluster_object) };
	struct nlmsghdr *nlh = vpart_cluster_ask(v, at, types[type].get, NLM_F_DUMP);
	char what[32];
	int ret;

	snprintf(what, sizeof(what), "%ss of the cluster", types[type].name);
	ret = nlh ? vpart_nl_run(v, nlh, what, each_object, &l) : -v->error.err;
	return vpart_list_done(v, ret, &l, list, n);
}

/**
 * vpart_cluster_primary - who is the primary node
 * @v: the handle
 * @at: who is asked
 * @o: where it goes
 *
 * Return: 0 or a negative errno, -ENOENT: nobody has been yet.
 */
int vpart_cluster_primary(struct vpart *v, const struct vpart_cluster_at *at,
			  struct vpart_cluster_object *o)
{
	struct nlmsghdr *nlh = vpart_cluster_ask(v, at, CLUSTERFS_CMD_PRIMARY_GET, NLM_F_ACK);

	return nlh ? vpart_nl_run(v, nlh, "primary node", one_object, o) : -v->error.err;
}

/**
 * vpart_cluster_yield - the primary node relegates itself
 * @v: the handle
 * @at: the primary node, mounted here
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_yield(struct vpart *v, const struct vpart_cluster_at *at)
{
	struct nlmsghdr *nlh = vpart_cluster_ask(v, at, CLUSTERFS_CMD_PRIMARY_YIELD, NLM_F_ACK);

	return nlh ? vpart_cluster_change(v, nlh, "yield", NULL, NULL) : -v->error.err;
}

/**
 * vpart_cluster_quorum - tell a node whether its part of the cluster has quorum
 * @v: the handle
 * @at: the node, mounted here
 * @quorate: it has
 * @lease_ms: from now on for so long, unless it is said again
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_quorum(struct vpart *v, const struct vpart_cluster_at *at, bool quorate,
			 uint32_t lease_ms)
{
	return vpart_cluster_quorum_until(v, at, quorate, lease_ms, UINT64_MAX);
}

/**
 * vpart_cluster_quorum_until - the same, of what may be held up on its way to the kernel
 * @v: the handle
 * @at: the node, mounted here
 * @quorate: it has
 * @lease_ms: from now on for so long, unless it is said again
 * @end: but no longer than until then: milliseconds of CLOCK_BOOTTIME
 *
 * Return: 0 or a negative errno; -ETIME: that is over.
 */
int vpart_cluster_quorum_until(struct vpart *v, const struct vpart_cluster_at *at, bool quorate,
			       uint32_t lease_ms, uint64_t end)
{
	struct nlmsghdr *nlh = vpart_cluster_ask(v, at, CLUSTERFS_CMD_QUORUM_SET, NLM_F_ACK);

	if (!nlh)
		return -v->error.err;
	mnl_attr_put_u32(nlh, CLUSTERFS_A_QUORATE, quorate);
	mnl_attr_put_u32(nlh, CLUSTERFS_A_LEASE_MS, lease_ms);
	mnl_attr_put_u64(nlh, CLUSTERFS_A_LEASE_END, end);
	return vpart_nl_run(v, nlh, "quorum", NULL, NULL);
}

/**
 * vpart_cluster_fenced - tell a node that another one is out (P19)
 * @v: the handle
 * @at: the node that is told, mounted here; it stores that for all
 * @name: the other one
 * @boot: the life of it that has ended, as its record says
 * @method: how that is known: a word, for the event
 *
 * Only what is confirmed: by a device that has cut its power, not by silence.
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_fenced(struct vpart *v, const struct vpart_cluster_at *at, const char *name,
			 const uint8_t boot[VPART_UUID_SIZE], const char *method)
{
	struct nlmsghdr *nlh = vpart_cluster_ask(v, at, CLUSTERFS_CMD_FENCE_DONE, NLM_F_ACK);

	if (!nlh)
		return -v->error.err;
	mnl_attr_put_strz(nlh, CLUSTERFS_A_NAME, name);
	mnl_attr_put(nlh, CLUSTERFS_A_BOOT, VPART_UUID_SIZE, boot);
	mnl_attr_put_strz(nlh, CLUSTERFS_A_METHOD, method);
	mnl_attr_put_u32(nlh, CLUSTERFS_A_CONFIRMED, 1);
	return vpart_cluster_change(v, nlh, "fenced", NULL, NULL);
}

/**
 * vpart_cluster_usage - who uses an object
 * @v: the handle
 * @at: who is asked
 * @type: of what is used: a LU, client, adapter, node or volume
 * @id: of what is used
 * @list: where the users go, objects of any type; free() it
 * @n: its length
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_usage(struct vpart *v, const struct vpart_cluster_at *at,
			enum vpart_cluster_type type, uint64_t id,
			struct vpart_cluster_object **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_cluster_object) };
	struct nlmsghdr *nlh;
	char what[64];
	int ret;

	*list = NULL;
	*n = 0;
	if (!types[type].usage)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID, "a %s is not used",
				  types[type].name);
	nlh = vpart_cluster_ask(v, at, CLUSTERFS_CMD_USAGE_GET, NLM_F_DUMP);
	if (!nlh)
		return -v->error.err;
	if (type == VPART_CLUSTER_NODE)
		mnl_attr_put_u32(nlh, types[type].usage, (uint32_t)id);
	else
		mnl_attr_put_u64(nlh, types[type].usage, id);
	snprintf(what, sizeof(what), "users of %s %llu", types[type].name, (unsigned long long)id);
	ret = vpart_nl_run(v, nlh, what, each_object, &l);
	return vpart_list_done(v, ret, &l, list, n);
}

/* What a type takes; 0 and "" are left to the kernel, but in a lun and a node. */
static void put_object(struct nlmsghdr *nlh, const struct vpart_cluster_object *o)
{
	if (o->name[0])
		mnl_attr_put_strz(nlh, CLUSTERFS_A_NAME, o->name);
	if (!vpart_uuid_is_null(o->uuid))
		mnl_attr_put(nlh, CLUSTERFS_A_UUID, sizeof(o->uuid), o->uuid);
	if (!vpart_uuid_is_null(o->instance))
		mnl_attr_put(nlh, CLUSTERFS_A_INSTANCE, sizeof(o->instance), o->instance);
	if (o->type == VPART_CLUSTER_ADAPTER)
		mnl_attr_put_u32(nlh, CLUSTERFS_A_NODE, o->node);
	if (o->client)
		mnl_attr_put_u64(nlh, CLUSTERFS_A_CLIENT, o->client);
	if (o->peer)
		mnl_attr_put_u64(nlh, CLUSTERFS_A_PEER, o->peer);
	if (o->slot)
		mnl_attr_put_u32(nlh, CLUSTERFS_A_SLOT, o->slot);
	if (o->backing[0])
		mnl_attr_put_strz(nlh, CLUSTERFS_A_BACKING, o->backing);
	if (o->sectors)
		mnl_attr_put_u64(nlh, CLUSTERFS_A_SECTORS, o->sectors);
	if (o->block)
		mnl_attr_put_u32(nlh, CLUSTERFS_A_BLOCK, o->block);
	if (o->volume)
		mnl_attr_put_u64(nlh, CLUSTERFS_A_VOLUME, o->volume);
	if (o->lu)
		mnl_attr_put_u64(nlh, CLUSTERFS_A_LU, o->lu);
	if (o->adapter)
		mnl_attr_put_u64(nlh, CLUSTERFS_A_ADAPTER, o->adapter);
	if (o->type == VPART_CLUSTER_MAP)
		mnl_attr_put_u32(nlh, CLUSTERFS_A_LUN, o->lun);
	if (o->flags)
		mnl_attr_put_u32(nlh, CLUSTERFS_A_FLAGS, o->flags);
}

/**
 * vpart_cluster_add - make an object
 * @v: the handle
 * @at: who does it
 * @o: its type, and what it has; on return what it has become
 *
 * It is stored when this returns. A volume is made without legs.
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_add(struct vpart *v, const struct vpart_cluster_at *at,
		      struct vpart_cluster_object *o)
{
	struct nlmsghdr *nlh;
	char what[64];

	if (!types[o->type].add)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID, "a %s is not made so",
				  types[o->type].name);
	nlh = vpart_cluster_ask(v, at, types[o->type].add, NLM_F_ACK);
	if (!nlh)
		return -v->error.err;
	put_object(nlh, o);
	snprintf(what, sizeof(what), "add %s%s%.32s", types[o->type].name, o->name[0] ? " " : "",
		 o->name);
	return vpart_cluster_change(v, nlh, what, one_object, o);
}

/**
 * vpart_cluster_del - remove an object that nobody uses
 * @v: the handle
 * @at: who does it
 * @type: its type
 * @id: its number
 *
 * Return: 0 or a negative errno.
 */
int vpart_cluster_del(struct vpart *v, const struct vpart_cluster_at *at,
		      enum vpart_cluster_type type, uint64_t id)
{
	struct nlmsghdr *nlh;
	char what[64];

	if (!types[type].del)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID, "a %s is not removed so",
				  types[type].name);
	nlh = vpart_cluster_ask(v, at, types[type].del, NLM_F_ACK);
	if (!nlh)
		return -v->error.err;
	mnl_attr_put_u64(nlh, CLUSTERFS_A_ID, id);
	snprintf(what, sizeof(what), "delete %s %llu", types[type].name, (unsigned long long)id);
	return vpart_cluster_change(v, nlh, what, NULL, NULL);
}
