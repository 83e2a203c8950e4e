// SPDX-License-Identifier: LGPL-2.1-or-later
/* Adapter pairs: a client's and a server's adapter and the link between them */
#include <errno.h>
#include <limits.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

/* How soon what a host refuses for a moment is said again */
#define AGAIN_MS	200

static const char *name_of(const char *const *names, size_t n, unsigned int i)
{
	return i < n ? names[i] : "unknown";
}

/**
 * vpart_link_state_name - a link's state as a word
 * @state: the state
 *
 * Return: the word.
 */
const char *vpart_link_state_name(enum vpart_link_state state)
{
	static const char *const names[] = {
		[VPART_LINK_STATE_DOWN] = "down",
		[VPART_LINK_STATE_LOGIN] = "login",
		[VPART_LINK_STATE_UP] = "up",
		[VPART_LINK_STATE_DRAINING] = "draining",
	};

	return name_of(names, ARRAY_SIZE(names), state);
}

/**
 * vpart_why_name - why a link is or was down, in words
 * @why: the reason
 *
 * Return: the words.
 */
const char *vpart_why_name(enum vpart_why why)
{
	static const char *const names[] = {
		[VPART_WHY_NONE] = "none",
		[VPART_WHY_CLIENT_FAILED] = "client failed",
		[VPART_WHY_SERVER_FAILED] = "server failed",
		[VPART_WHY_NO_CLIENT] = "no client driver",
		[VPART_WHY_NO_SERVER] = "nothing served",
		[VPART_WHY_REFUSED] = "login refused",
		[VPART_WHY_RESET] = "reset",
		[VPART_WHY_REMOVED] = "removed",
		[VPART_WHY_NO_PEER] = "not connected",
		[VPART_WHY_LOST] = "connection lost",
		[VPART_WHY_RELOGIN] = "client logged in anew",
		[VPART_WHY_CLOSED] = "closed by the client over another path",
	};

	return name_of(names, ARRAY_SIZE(names), why);
}

static void parse_pair(const struct nlmsghdr *nlh, struct vpart_pair *p)
{
	const struct nlattr *a;

	p->ends = VPART_END_BOTH;
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(a)) {
		case VPART_A_ADAPTER_ID:
			p->id = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_NAME:
			vpart_attr_text(a, p->name, sizeof(p->name));
			break;
		case VPART_A_ADAPTER_CLIENT:
			vpart_attr_text(a, p->client, sizeof(p->client));
			break;
		case VPART_A_ADAPTER_SERVER:
			vpart_attr_text(a, p->server, sizeof(p->server));
			break;
		case VPART_A_ADAPTER_CLIENT_SLOT:
			p->client_slot = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_SERVER_SLOT:
			p->server_slot = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_FABRIC:
			vpart_attr_text(a, p->fabric, sizeof(p->fabric));
			break;
		case VPART_A_ADAPTER_PATH_LOSS:
			p->path_loss = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_LINK_STATE:
			p->link = (enum vpart_link_state)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_WHY:
			p->why = (enum vpart_why)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_EPOCH:
			p->epoch = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_QUEUES:
			p->queues = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_DEPTH:
			p->depth = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_INFLIGHT:
			p->inflight = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_OLDEST_MS:
			p->oldest_ms = vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_OLDEST_QUEUE:
			p->oldest_queue = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_OLDEST_TAG:
			p->oldest_tag = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_FREE:
			p->free = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_LAST_ERROR:
			p->last_error = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_SINCE_MS:
			p->since_ms = vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_SIDE:
			p->ends = vpart_attr_u64(a) == VPART_SIDE_CLIENT ? VPART_END_CLIENT :
									   VPART_END_SERVER;
			break;
		case VPART_A_ADAPTER_ADDRESS:
			vpart_attr_text(a, p->address, sizeof(p->address));
			break;
		case VPART_A_ADAPTER_KEY:
			vpart_attr_text(a, p->key, sizeof(p->key));
			break;
		case VPART_A_ADAPTER_DIGEST:
			p->digest = (unsigned int)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_POLL:
			p->poll = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_PROBLEM:
			vpart_attr_text(a, p->problem, sizeof(p->problem));
			break;
		case VPART_A_ADAPTER_COPY:
			p->copy = vpart_attr_u64(a);
			break;
		case VPART_A_ADAPTER_PARENT:
			vpart_attr_text(a, p->parent, sizeof(p->parent));
			break;
		case VPART_A_ADAPTER_PORT_NAME:
			p->port_name = vpart_attr_u64(a);
			break;
		}
	}
}

/* @arg: struct vpart_pair, which keeps what the message does not have. */
int vpart_pair_answer(const struct nlmsghdr *nlh, void *arg)
{
	parse_pair(nlh, arg);
	return 0;
}

static int each_pair(const struct nlmsghdr *nlh, void *arg)
{
	struct vpart_pair *p = vpart_list_add(arg);

	if (p)
		parse_pair(nlh, p);
	return 0;
}

/**
 * vpart_pairs - all adapter pairs
 * @v: the handle
 * @list: where the list goes; free() it
 * @n: its length
 *
 * Return: 0 or a negative errno.
 */
int vpart_pairs(struct vpart *v, struct vpart_pair **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_pair) };
	struct nlmsghdr *nlh = vpart_nl_start(v, VPART_CMD_ADAPTER_GET, NLM_F_DUMP);
	int ret = nlh ? vpart_nl_run(v, nlh, "adapter pairs", each_pair, &l) : -v->error.err;

	return vpart_list_done(v, ret, &l, list, n);
}

/* Begin a request about one pair; NULL: the error is recorded. */
struct nlmsghdr *vpart_pair_about(struct vpart *v, uint8_t cmd, const char *name)
{
	struct nlmsghdr *nlh;

	if (vpart_check_name(v, "adapter pair", name))
		return NULL;
	nlh = vpart_nl_start(v, cmd, NLM_F_ACK);
	if (nlh)
		mnl_attr_put_strz(nlh, VPART_A_ADAPTER_NAME, name);
	return nlh;
}

/**
 * vpart_pair_find_end - an adapter pair that has a certain end in this kernel
 * @v: the handle
 * @name: its name
 * @side: the end
 * @pair: where it goes
 *
 * Return: 0 or a negative errno, -ENOENT too if only the other end is here.
 */
int vpart_pair_find_end(struct vpart *v, const char *name, enum vpart_side side,
			struct vpart_pair *pair)
{
	struct nlmsghdr *nlh = vpart_pair_about(v, VPART_CMD_ADAPTER_GET, name);
	char what[64];

	if (!nlh)
		return -v->error.err;
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_SIDE, side);
	snprintf(what, sizeof(what), "adapter pair %s", name);
	memset(pair, 0, sizeof(*pair));
	return vpart_nl_run(v, nlh, what, vpart_pair_answer, pair);
}

/**
 * vpart_pair_find - an adapter pair by its name
 * @v: the handle
 * @name: its name
 * @pair: where it goes; the client's end, if a link leaves this kernel and
 *	comes back, so that the pair has one link for each end
 *
 * Return: 0 or a negative errno.
 */
int vpart_pair_find(struct vpart *v, const char *name, struct vpart_pair *pair)
{
	int ret = vpart_pair_find_end(v, name, VPART_SIDE_CLIENT, pair);

	return ret == -ENOENT ? vpart_pair_find_end(v, name, VPART_SIDE_SERVER, pair) : ret;
}

/**
 * vpart_pair_between - the first adapter pair of two partitions
 * @v: the handle
 * @client: name of the client partition
 * @server: name of the I/O server partition
 * @pair: where it goes
 *
 * One whose server is in this kernel comes before one whose server is not; a
 * virtual port is not meant, it is for who names it.
 *
 * Return: 0 or a negative errno, -ENOENT if there is none.
 */
int vpart_pair_between(struct vpart *v, const char *client, const char *server,
		       struct vpart_pair *pair)
{
	const struct vpart_pair *found = NULL;
	struct vpart_pair *list;
	size_t i, n;
	int ret;

	ret = vpart_pairs(v, &list, &n);
	if (ret)
		return ret;
	for (i = 0; i < n; i++) {
		if (list[i].parent[0] || strcmp(list[i].client, client) ||
		    strcmp(list[i].server, server))
			continue;
		if (!found || (list[i].ends & ~found->ends & VPART_END_SERVER))
			found = &list[i];
	}
	if (found)
		*pair = *found;
	else
		ret = vpart_fail(v, ENOENT, VPART_CODE_NOT_FOUND,
				 "no adapter pair joins client '%.64s' and server '%.64s'",
				 client, server);
	free(list);
	return ret;
}

/* "<client>-<server>", with a number behind it if that is taken. */
static int default_name(struct vpart *v, struct vpart_pair *pair)
{
	char base[2 * VPART_NAME_SIZE], name[2 * VPART_NAME_SIZE + 16];
	struct vpart_pair *list;
	unsigned int number = 1;
	size_t i, n;
	int ret;

	ret = vpart_pairs(v, &list, &n);
	if (ret)
		return ret;
	snprintf(base, sizeof(base), "%s-%s", pair->client, pair->server);
	snprintf(name, sizeof(name), "%s", base);
	for (i = 0; i < n; i++) {
		if (strcmp(list[i].name, name))
			continue;
		snprintf(name, sizeof(name), "%s.%u", base, ++number);
		i = (size_t)-1;
	}
	free(list);
	if (strlen(name) > VPART_NAME_MAX)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "'%s' is too long for an adapter pair: give it a name", name);
	vpart_copy(pair->name, sizeof(pair->name), name);
	return 0;
}

/* Begin to ask for a pair to be made; NULL: the error is recorded. */
struct nlmsghdr *vpart_pair_request(struct vpart *v, const struct vpart_pair *pair)
{
	struct nlmsghdr *nlh = vpart_pair_about(v, VPART_CMD_ADAPTER_NEW, pair->name);

	if (!nlh)
		return NULL;
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_CLIENT, pair->client);
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_SERVER, pair->server);
	if (pair->id)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_ID, pair->id);
	if (pair->client_slot)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_CLIENT_SLOT, pair->client_slot);
	if (pair->server_slot)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_SERVER_SLOT, pair->server_slot);
	if (pair->fabric[0])
		mnl_attr_put_strz(nlh, VPART_A_ADAPTER_FABRIC, pair->fabric);
	if (pair->path_loss)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_PATH_LOSS, pair->path_loss);
	if (pair->copy)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_COPY, 1);
	return nlh;
}

/**
 * vpart_pair_add - join a client and an I/O server by an adapter pair
 * @v: the handle
 * @pair: client and server, and what else is not zero or empty of name, id,
 *	slots, fabric, copy and path loss; on return what it has become
 *
 * With @pair->address it is one end of a link: see vpart_link_add(); with
 * @pair->parent a virtual port: see vpart_vport_add().
 *
 * Return: 0 or a negative errno.
 */
int vpart_pair_add(struct vpart *v, struct vpart_pair *pair)
{
	struct nlmsghdr *nlh;
	char what[64];

	if (pair->parent[0])
		return vpart_vport_add(v, pair);
	if (pair->address[0])
		return vpart_link_add(v, pair);
	if (vpart_check_name(v, "partition", pair->client) ||
	    vpart_check_name(v, "partition", pair->server))
		return -v->error.err;
	if (!pair->name[0] && default_name(v, pair))
		return -v->error.err;
	nlh = vpart_pair_request(v, pair);
	if (!nlh)
		return -v->error.err;
	snprintf(what, sizeof(what), "add adapter pair %s", pair->name);
	return vpart_nl_run(v, nlh, what, vpart_pair_answer, pair);
}

/**
 * vpart_pair_set_path_loss - how long a client's I/O waits for a lost link
 * @v: the handle
 * @name: name of the pair
 * @seconds: VPART_PATH_LOSS_MIN to VPART_PATH_LOSS_MAX
 *
 * It is the client's end that waits: of a pair with a link for each end in this
 * kernel, that one is set.
 *
 * Return: 0 or a negative errno.
 */
int vpart_pair_set_path_loss(struct vpart *v, const char *name, uint32_t seconds)
{
	struct vpart_pair client, server;
	struct nlmsghdr *nlh;
	bool two;
	char what[64];

	two = !vpart_pair_find_end(v, name, VPART_SIDE_CLIENT, &client) &&
	      client.ends != VPART_END_BOTH &&
	      !vpart_pair_find_end(v, name, VPART_SIDE_SERVER, &server);
	nlh = vpart_pair_about(v, VPART_CMD_ADAPTER_SET, name);
	if (!nlh)
		return -v->error.err;
	if (two)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_SIDE, VPART_SIDE_CLIENT);
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_PATH_LOSS, seconds);
	snprintf(what, sizeof(what), "set adapter pair %s", name);
	return vpart_nl_run(v, nlh, what, NULL, NULL);
}

/**
 * vpart_pair_unproven - how many commands a client holds for want of proof
 * @pair: the pair
 *
 * Of a server that was lost: it may still carry them out.
 *
 * Return: how many; 0 if the client's end is not here, or has no disks.
 */
uint32_t vpart_pair_unproven(const struct vpart_pair *pair)
{
	char host[32], path[PATH_MAX], text[32];

	if (!(pair->ends & VPART_END_CLIENT) || vpart_host_of(pair->name, host, sizeof(host)) ||
	    vpart_path(path, sizeof(path), "/sys/class/scsi_host/%s/held_unproven", host) ||
	    vpart_file_read(path, text, sizeof(text)) <= 0)
		return 0;
	return (uint32_t)strtoul(text, NULL, 10);
}

/*
 * The same when the link is down: who is switched off says no good-bye. The event comes a moment
 * before the host takes the word, so it is said again behind it, too.
 */
static int write_when_down(struct vpart *v, const char *path, const char *name, int timeout_ms)
{
	struct vpart_events *e = vpart_events_open(v, 0, true);
	const int64_t end = (int64_t)vpart_now_ms() + timeout_ms;
	struct vpart_event ev;
	int64_t left;
	int ret;

	if (!e)
		return -v->error.err;
	for (;;) {
		left = end - (int64_t)vpart_now_ms();
		ret = vpart_file_write(path, "1");
		if (ret != -EBUSY || left <= 0)
			break;
		do {
			ret = vpart_events_next(e, &ev, (int)(left < AGAIN_MS ? left : AGAIN_MS));
		} while (ret > 0 && strcmp(ev.name, name) && (int64_t)vpart_now_ms() < end);
		if (ret < 0)
			break;
	}
	vpart_events_close(e);
	return ret;
}

/**
 * vpart_pair_fenced - the server of a lost link was switched off
 * @v: the handle
 * @name: name of the pair, whose client's end is here
 * @timeout_ms: how long to wait for the link to be down
 *
 * Who says so knows it: what the client holds goes another way, or fails.
 *
 * Return: 0 or a negative errno.
 */
int vpart_pair_fenced(struct vpart *v, const char *name, int timeout_ms)
{
	char host[32], path[PATH_MAX];
	struct vpart_pair pair;
	int ret;

	ret = vpart_pair_find_end(v, name, VPART_SIDE_CLIENT, &pair);
	if (ret)
		return ret;
	if (pair.ends == VPART_END_BOTH)
		return vpart_fail(v, EINVAL, VPART_CODE_FAILED,
				  "the server of adapter pair %s is in this kernel: nothing can be held for it",
				  name);
	if (vpart_host_of(name, host, sizeof(host)) ||
	    vpart_path(path, sizeof(path), "/sys/class/srp_remote_ports/port-%s:1/fenced",
		       host + strlen("host")))
		return vpart_fail(v, ENOENT, VPART_CODE_FAILED,
				  "adapter pair %s has no SCSI host: nothing is held for it", name);
	ret = write_when_down(v, path, name, timeout_ms);
	if (ret == -EBUSY)
		return vpart_fail(v, EBUSY, VPART_CODE_FAILED,
				  "the link of adapter pair %s is up: its server is not off", name);
	if (ret)
		return vpart_fail(v, -ret, VPART_CODE_FAILED, "cannot write to %s: %s", path,
				  strerror(-ret));
	return 0;
}
