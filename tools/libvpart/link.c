// SPDX-License-Identifier: LGPL-2.1-or-later
/* Links: the ends of adapter pairs whose other end is in another kernel */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

#define DIGEST_ALL	(VPART_DIGEST_HEADER | VPART_DIGEST_DATA)

static const char *const digests[] = {
	[0] = "none",
	[VPART_DIGEST_HEADER] = "header",
	[VPART_DIGEST_DATA] = "data",
	[DIGEST_ALL] = "all",
};

/**
 * vpart_side_name - an end of a pair as a word
 * @side: the end
 *
 * Return: the word.
 */
const char *vpart_side_name(enum vpart_side side)
{
	return side == VPART_SIDE_CLIENT ? "client" : side == VPART_SIDE_SERVER ? "server" :
									"unknown";
}

/**
 * vpart_digest_name - what is protected by a CRC32C, as a word
 * @digest: bits of enum vpart_digest
 *
 * Return: the word.
 */
const char *vpart_digest_name(unsigned int digest)
{
	return digest < ARRAY_SIZE(digests) ? digests[digest] : "unknown";
}

/**
 * vpart_digest_parse - the reverse of vpart_digest_name()
 * @text: the word
 * @digest: where the bits go
 *
 * Return: 0 or -EINVAL.
 */
int vpart_digest_parse(const char *text, unsigned int *digest)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(digests); i++) {
		if (!strcmp(text, digests[i])) {
			*digest = i;
			return 0;
		}
	}
	return -EINVAL;
}

/**
 * vpart_address_fabric - the fabric that an address belongs to
 * @address: "tcp:...", "vsock:...", "unix:..." or "shm:..."
 *
 * The fabric itself looks at the rest of it when a link is made.
 *
 * Return: name of the fabric, or NULL.
 */
const char *vpart_address_fabric(const char *address)
{
	static const char *const forms[][2] = {
		{ "tcp:", "stream" }, { "vsock:", "stream" }, { "unix:", "stream" },
		{ "shm:", "shm" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strncmp(address, forms[i][0], strlen(forms[i][0])))
			return forms[i][1];
	return NULL;
}

static void parse_counter(uint16_t type, const struct nlattr *a, struct vpart_link *l)
{
	switch (type) {
	case VPART_A_LINK_CONNECTIONS:
		l->connections = (uint32_t)vpart_attr_u64(a);
		break;
	case VPART_A_LINK_TX_BYTES:
		l->tx_bytes = vpart_attr_u64(a);
		break;
	case VPART_A_LINK_RX_BYTES:
		l->rx_bytes = vpart_attr_u64(a);
		break;
	case VPART_A_LINK_COMMANDS:
		l->commands = vpart_attr_u64(a);
		break;
	case VPART_A_LINK_LOGINS:
		l->logins = vpart_attr_u64(a);
		break;
	case VPART_A_LINK_REFUSED:
		l->refused = vpart_attr_u64(a);
		break;
	case VPART_A_LINK_AUTH_FAILURES:
		l->auth_failures = vpart_attr_u64(a);
		break;
	case VPART_A_LINK_LOST:
		l->lost = vpart_attr_u64(a);
		break;
	case VPART_A_LINK_DIGEST_ERRORS:
		l->digest_errors = vpart_attr_u64(a);
		break;
	case VPART_A_LINK_PROTOCOL_ERRORS:
		l->protocol_errors = vpart_attr_u64(a);
		break;
	case VPART_A_LINK_RTT:
		if (mnl_attr_get_payload_len(a) == sizeof(l->rtt))
			memcpy(l->rtt, mnl_attr_get_payload(a), sizeof(l->rtt));
		break;
	case VPART_A_LINK_RTT_MIN_US:
		l->rtt_min_us = (uint32_t)vpart_attr_u64(a);
		l->rtt_valid = true;
		break;
	case VPART_A_LINK_RTT_MAX_US:
		l->rtt_max_us = (uint32_t)vpart_attr_u64(a);
		break;
	case VPART_A_LINK_RTT_LAST_US:
		l->rtt_last_us = (uint32_t)vpart_attr_u64(a);
		break;
	}
}

static void parse_link(const struct nlmsghdr *nlh, struct vpart_link *l)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		uint16_t type = mnl_attr_get_type(a);

		switch (type) {
		case VPART_A_LINK_ID:
			l->id = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_LINK_NAME:
			vpart_attr_text(a, l->name, sizeof(l->name));
			break;
		case VPART_A_LINK_SIDE:
			l->side = (enum vpart_side)vpart_attr_u64(a);
			break;
		case VPART_A_LINK_FABRIC:
			vpart_attr_text(a, l->fabric, sizeof(l->fabric));
			break;
		case VPART_A_LINK_STATE:
			l->state = (enum vpart_link_state)vpart_attr_u64(a);
			break;
		case VPART_A_LINK_WHY:
			l->why = (enum vpart_why)vpart_attr_u64(a);
			break;
		case VPART_A_LINK_PROBLEM:
			vpart_attr_text(a, l->problem, sizeof(l->problem));
			break;
		case VPART_A_LINK_SINCE_MS:
			l->since_ms = vpart_attr_u64(a);
			break;
		case VPART_A_LINK_ADDRESS:
			vpart_attr_text(a, l->address, sizeof(l->address));
			break;
		case VPART_A_LINK_PEER:
			vpart_attr_text(a, l->peer, sizeof(l->peer));
			break;
		case VPART_A_LINK_KEY:
			vpart_attr_text(a, l->key, sizeof(l->key));
			break;
		case VPART_A_LINK_DIGEST:
			l->digest = (unsigned int)vpart_attr_u64(a);
			break;
		case VPART_A_LINK_NETNS:
			l->netns = vpart_attr_u64(a);
			break;
		default:
			parse_counter(type, a, l);
		}
	}
}

static int one_link(const struct nlmsghdr *nlh, void *arg)
{
	parse_link(nlh, arg);
	return 0;
}

static int each_link(const struct nlmsghdr *nlh, void *arg)
{
	struct vpart_link *l = vpart_list_add(arg);

	if (l)
		parse_link(nlh, l);
	return 0;
}

/**
 * vpart_links - all links to other kernels
 * @v: the handle
 * @list: where the list goes; free() it
 * @n: its length
 *
 * A link that leaves this kernel and comes back appears once for each end.
 *
 * Return: 0 or a negative errno.
 */
int vpart_links(struct vpart *v, struct vpart_link **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_link) };
	struct nlmsghdr *nlh = vpart_nl_start(v, VPART_CMD_LINK_GET, NLM_F_DUMP);
	int ret = nlh ? vpart_nl_run(v, nlh, "links", each_link, &l) : -v->error.err;

	return vpart_list_done(v, ret, &l, list, n);
}

/**
 * vpart_link_find_end - a link that has a certain end in this kernel
 * @v: the handle
 * @name: name of its adapter pair
 * @side: the end
 * @link: where it goes
 *
 * Return: 0 or a negative errno.
 */
int vpart_link_find_end(struct vpart *v, const char *name, enum vpart_side side,
			struct vpart_link *link)
{
	struct nlmsghdr *nlh;
	char what[64];

	if (vpart_check_name(v, "link", name))
		return -v->error.err;
	nlh = vpart_nl_start(v, VPART_CMD_LINK_GET, NLM_F_ACK);
	if (!nlh)
		return -v->error.err;
	mnl_attr_put_strz(nlh, VPART_A_LINK_NAME, name);
	mnl_attr_put_u32(nlh, VPART_A_LINK_SIDE, side);
	snprintf(what, sizeof(what), "link %s", name);
	memset(link, 0, sizeof(*link));
	return vpart_nl_run(v, nlh, what, one_link, link);
}

/**
 * vpart_link_find - a link by the name of its adapter pair
 * @v: the handle
 * @name: the name
 * @link: where it goes; the client's end, if both are in this kernel
 *
 * Return: 0 or a negative errno.
 */
int vpart_link_find(struct vpart *v, const char *name, struct vpart_link *link)
{
	int ret = vpart_link_find_end(v, name, VPART_SIDE_CLIENT, link);

	return ret == -ENOENT ? vpart_link_find_end(v, name, VPART_SIDE_SERVER, link) : ret;
}

/**
 * vpart_link_disks - the disks that a link brings to this kernel
 * @link: the link
 * @disks: where their kernel names go; free() it
 * @n: how many; none at a server's end, whose LUs are disks elsewhere
 *
 * Return: 0 or a negative errno.
 */
int vpart_link_disks(const struct vpart_link *link, char (**disks)[VPART_DISK_SIZE], size_t *n)
{
	size_t i, all = 0;
	char **names = NULL;
	char path[64];
	int ret = 0;

	*n = 0;
	*disks = NULL;
	if (link->side != VPART_SIDE_CLIENT || vpart_disks(&names, &all))
		return 0;
	*disks = calloc(all ? all : 1, sizeof(**disks));
	if (!*disks)
		ret = -ENOMEM;
	for (i = 0; !ret && i < all; i++) {
		snprintf(path, sizeof(path), "/sys/class/block/%.31s/partition", names[i]);
		if (vpart_disk_of_pair(names[i], link->name) && !vpart_exists(path))
			vpart_copy((*disks)[(*n)++], VPART_DISK_SIZE, names[i]);
	}
	vpart_dir_free(names, all);
	return ret;
}

/* What a link needs that an adapter pair within a kernel does not have. */
static int check_end(struct vpart *v, struct vpart_pair *pair)
{
	const char *fabric = vpart_address_fabric(pair->address);

	if (vpart_check_name(v, "link", pair->name) ||
	    vpart_check_name(v, "partition", pair->client) ||
	    vpart_check_name(v, "partition", pair->server))
		return -v->error.err;
	if (!fabric && !pair->fabric[0])
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "'%.100s' is no address: it begins with tcp:, vsock:, unix: or shm:",
				  pair->address);
	if (!pair->fabric[0])
		vpart_copy(pair->fabric, sizeof(pair->fabric), fabric);
	if (!pair->id)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "link %s needs an id, the same at both ends", pair->name);
	if (pair->ends != VPART_END_CLIENT && pair->ends != VPART_END_SERVER)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "which end of link %s is to be in this kernel?", pair->name);
	return 0;
}

static int ask_end(struct vpart *v, struct vpart_pair *pair)
{
	enum vpart_side side = pair->ends == VPART_END_CLIENT ? VPART_SIDE_CLIENT :
								VPART_SIDE_SERVER;
	struct nlmsghdr *nlh = vpart_pair_request(v, pair);
	char what[96];

	if (!nlh)
		return -v->error.err;
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_SIDE, side);
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_ADDRESS, pair->address);
	if (pair->key[0])
		mnl_attr_put_strz(nlh, VPART_A_ADAPTER_KEY, pair->key);
	if (pair->digest)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_DIGEST, pair->digest);
	if (pair->poll)
		mnl_attr_put_u32(nlh, VPART_A_ADAPTER_POLL, pair->poll);
	snprintf(what, sizeof(what), "add the %s's end of link %s", vpart_side_name(side),
		 pair->name);
	return vpart_nl_run(v, nlh, what, vpart_pair_answer, pair);
}

/**
 * vpart_link_add - make one end of a link to another kernel
 * @v: the handle
 * @pair: name, id, client, server, the one end that is here, address, and what
 *	else is not zero or empty of key, digest, the end's slot, path loss, poll,
 *	netns and fabric, which the address tells; on return what it has become
 *
 * The other kernel makes the other end: with the same name and id, and with
 * partitions that have the same UUIDs there.
 *
 * Return: 0 or a negative errno.
 */
int vpart_link_add(struct vpart *v, struct vpart_pair *pair)
{
	struct mnl_socket *own;
	int back, ret;

	ret = check_end(v, pair);
	if (ret || !pair->netns[0])
		return ret ? ret : ask_end(v, pair);
	ret = vpart_nl_open(v);
	if (!ret)
		ret = vpart_netns_enter(v, pair->netns, &back);
	if (ret)
		return ret;
	/* The link belongs to the namespace of the socket that asks for it. */
	own = v->nl;
	v->nl = vpart_nl_socket(v);
	ret = vpart_netns_leave(v, back);
	if (!v->nl)
		ret = -v->error.err;
	if (!ret)
		ret = ask_end(v, pair);
	if (v->nl)
		mnl_socket_close(v->nl);
	v->nl = own;
	return ret;
}
