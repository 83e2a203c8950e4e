// SPDX-License-Identifier: GPL-2.0
/*
 * canned: preloaded into the command vpart, it answers in the kernel's place.
 * Links in states that a test cannot wait for, and what each request carries:
 *
 *	CANNED=both|server|odd LD_PRELOAD=canned.so vpart link show
 *	CANNED_LOG=file		gets a line per request, its attributes as text
 */
#include <ctype.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/vpart.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY	77

static struct nlmsghdr last;
static uint8_t cmd;
static char attrs[1024];
static size_t attrs_len;

static int scene(const char *name)
{
	const char *s = getenv("CANNED");

	return s && !strcmp(s, name);
}

/* The attribute of the request, or NULL. */
static const struct nlattr *asked(int type)
{
	const struct nlattr *a = (const struct nlattr *)attrs;
	size_t left = attrs_len;

	while (left >= sizeof(*a) && a->nla_len >= sizeof(*a)) {
		if (a->nla_type == type)
			return a;
		if ((size_t)MNL_ALIGN(a->nla_len) >= left)
			break;
		left -= MNL_ALIGN(a->nla_len);
		a = (const struct nlattr *)((const char *)a + MNL_ALIGN(a->nla_len));
	}
	return NULL;
}

static void note_request(void)
{
	const char *path = getenv("CANNED_LOG");
	const struct nlattr *a;
	int type;
	FILE *f;

	if (!path || last.nlmsg_type != FAMILY)
		return;
	f = fopen(path, "a");
	if (!f)
		return;
	fprintf(f, "%d:", cmd);
	for (type = 1; type < 64; type++) {
		a = asked(type);
		if (!a)
			continue;
		fprintf(f, " %d=", type);
		/* The numbers of the tests are smaller than any letter. */
		if (mnl_attr_get_payload_len(a) == 4 && !isgraph(*mnl_attr_get_str(a)))
			fprintf(f, "%u", mnl_attr_get_u32(a));
		else
			fprintf(f, "%.*s", mnl_attr_get_payload_len(a), mnl_attr_get_str(a));
	}
	fputc('\n', f);
	fclose(f);
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *buf, size_t len)
{
	const struct genlmsghdr *g;

	(void)nl;
	memcpy(&last, buf, sizeof(last));
	g = mnl_nlmsg_get_payload(buf);
	cmd = g->cmd;
	attrs_len = len - sizeof(last) - sizeof(*g);
	memcpy(attrs, g + 1, attrs_len);
	note_request();
	return (ssize_t)len;
}

static struct nlmsghdr *begin(void *at, uint8_t answer)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(at);
	struct genlmsghdr *g;

	nlh->nlmsg_type = last.nlmsg_type;
	nlh->nlmsg_seq = last.nlmsg_seq;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->cmd = answer;
	g->version = 1;
	return nlh;
}

static struct nlmsghdr *family(void *at)
{
	struct nlmsghdr *nlh = begin(at, CTRL_CMD_NEWFAMILY);

	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAMILY);
	return nlh;
}

static void put_u64(struct nlmsghdr *nlh, uint16_t type, uint64_t value)
{
	mnl_attr_put(nlh, type, sizeof(value), &value);
}

static struct nlmsghdr *adapter(void *at, int side)
{
	struct nlmsghdr *nlh = begin(at, VPART_CMD_ADAPTER_GET);

	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_ID, 7);
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_NAME, "disk7");
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_CLIENT, "client1");
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_SERVER, "vios1");
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_CLIENT_SLOT, side == VPART_SIDE_CLIENT ? 3 : 0);
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_SERVER_SLOT, side == VPART_SIDE_SERVER ? 4 : 0);
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_FABRIC, "stream");
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_PATH_LOSS, 30);
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_LINK_STATE, VPART_LINK_STATE_DOWN);
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_WHY, VPART_WHY_REFUSED);
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_SIDE, side);
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_ADDRESS, "tcp:192.0.2.1:3260");
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_KEY, "k7");
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_DIGEST, VPART_DIGEST_HEADER);
	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_PROBLEM, "the other end has another key");
	return nlh;
}

/* The client's end, up for a while, after some trouble. */
static struct nlmsghdr *busy(void *at)
{
	uint64_t rtt[VPART_RTT_BUCKETS] = { [6] = 1000, [7] = 500, [9] = 3 };
	struct nlmsghdr *nlh = begin(at, VPART_CMD_LINK_GET);

	mnl_attr_put_u32(nlh, VPART_A_LINK_ID, 7);
	mnl_attr_put_strz(nlh, VPART_A_LINK_NAME, "disk7");
	mnl_attr_put_u32(nlh, VPART_A_LINK_SIDE, VPART_SIDE_CLIENT);
	mnl_attr_put_strz(nlh, VPART_A_LINK_FABRIC, "stream");
	mnl_attr_put_u32(nlh, VPART_A_LINK_STATE, VPART_LINK_STATE_UP);
	mnl_attr_put_u32(nlh, VPART_A_LINK_WHY, VPART_WHY_LOST);
	put_u64(nlh, VPART_A_LINK_SINCE_MS, 123456);
	mnl_attr_put_strz(nlh, VPART_A_LINK_ADDRESS, "tcp:192.0.2.1:3260");
	mnl_attr_put_strz(nlh, VPART_A_LINK_PEER, "tcp:192.0.2.1:3260");
	mnl_attr_put_strz(nlh, VPART_A_LINK_KEY, "k7");
	mnl_attr_put_u32(nlh, VPART_A_LINK_DIGEST, VPART_DIGEST_HEADER | VPART_DIGEST_DATA);
	put_u64(nlh, VPART_A_LINK_NETNS, 1);
	mnl_attr_put_u32(nlh, VPART_A_LINK_CONNECTIONS, 2);
	put_u64(nlh, VPART_A_LINK_TX_BYTES, 3ULL << 30);
	put_u64(nlh, VPART_A_LINK_RX_BYTES, 1536);
	put_u64(nlh, VPART_A_LINK_COMMANDS, 18446744073709551615ULL);
	put_u64(nlh, VPART_A_LINK_LOGINS, 5);
	put_u64(nlh, VPART_A_LINK_REFUSED, 2);
	put_u64(nlh, VPART_A_LINK_AUTH_FAILURES, 1);
	put_u64(nlh, VPART_A_LINK_LOST, 4);
	put_u64(nlh, VPART_A_LINK_DIGEST_ERRORS, 6);
	put_u64(nlh, VPART_A_LINK_PROTOCOL_ERRORS, 8);
	mnl_attr_put(nlh, VPART_A_LINK_RTT, sizeof(rtt), rtt);
	mnl_attr_put_u32(nlh, VPART_A_LINK_RTT_MIN_US, 70);
	mnl_attr_put_u32(nlh, VPART_A_LINK_RTT_MAX_US, 600);
	mnl_attr_put_u32(nlh, VPART_A_LINK_RTT_LAST_US, 90);
	return nlh;
}

/* The server's end, to which nobody has ever come. */
static struct nlmsghdr *idle(void *at)
{
	struct nlmsghdr *nlh = begin(at, VPART_CMD_LINK_GET);

	mnl_attr_put_u32(nlh, VPART_A_LINK_ID, 7);
	mnl_attr_put_strz(nlh, VPART_A_LINK_NAME, "disk7");
	mnl_attr_put_u32(nlh, VPART_A_LINK_SIDE, VPART_SIDE_SERVER);
	mnl_attr_put_strz(nlh, VPART_A_LINK_FABRIC, "stream");
	mnl_attr_put_u32(nlh, VPART_A_LINK_STATE, VPART_LINK_STATE_DOWN);
	mnl_attr_put_u32(nlh, VPART_A_LINK_WHY, VPART_WHY_NO_PEER);
	mnl_attr_put_strz(nlh, VPART_A_LINK_PROBLEM, "the other end has another key");
	mnl_attr_put_strz(nlh, VPART_A_LINK_ADDRESS, "tcp:0.0.0.0:3260");
	mnl_attr_put_u32(nlh, VPART_A_LINK_DIGEST, 0);
	put_u64(nlh, VPART_A_LINK_NETNS, 1);
	mnl_attr_put_u32(nlh, VPART_A_LINK_CONNECTIONS, 0);
	return nlh;
}

/* What a newer kernel may say, or one that is mad. */
static struct nlmsghdr *odd(void *at)
{
	uint64_t rtt[VPART_RTT_BUCKETS] = { [0] = 1, [23] = 18446744073709551615ULL };
	struct nlmsghdr *nlh = begin(at, VPART_CMD_LINK_GET);

	mnl_attr_put_strz(nlh, VPART_A_LINK_NAME,
			  "a-name-that-is-much-longer-than-any-name-of-ours");
	mnl_attr_put_u32(nlh, VPART_A_LINK_SIDE, 9);
	mnl_attr_put_u32(nlh, VPART_A_LINK_STATE, 99);
	mnl_attr_put_u32(nlh, VPART_A_LINK_WHY, 99);
	mnl_attr_put_u32(nlh, VPART_A_LINK_DIGEST, 77);
	mnl_attr_put_u32(nlh, 4711, 1);
	mnl_attr_put(nlh, VPART_A_LINK_ADDRESS, 3, "abc");
	mnl_attr_put(nlh, VPART_A_LINK_RTT, asked(VPART_A_LINK_NAME) ? sizeof(rtt) : 8, rtt);
	return nlh;
}

static struct nlmsghdr *message(void *at, int i)
{
	if (last.nlmsg_type == GENL_ID_CTRL)
		return family(at);
	if (cmd == VPART_CMD_ADAPTER_GET || cmd == VPART_CMD_ADAPTER_NEW)
		return adapter(at, i);
	if (cmd != VPART_CMD_LINK_GET)
		return NULL;
	return scene("odd") ? odd(at) : i == VPART_SIDE_CLIENT ? busy(at) : idle(at);
}

/* Is there such an end in this scene, and was it asked for? */
static int there(int side)
{
	const struct nlattr *a = NULL;

	if (cmd == VPART_CMD_ADAPTER_GET || cmd == VPART_CMD_ADAPTER_NEW)
		a = asked(VPART_A_ADAPTER_SIDE);
	else if (cmd == VPART_CMD_LINK_GET)
		a = asked(VPART_A_LINK_SIDE);
	if (last.nlmsg_type == GENL_ID_CTRL)
		return !side;
	if (a && mnl_attr_get_u32(a) != (uint32_t)side)
		return 0;
	return scene("odd") ? !side : scene("server") ? side == VPART_SIDE_SERVER : 1;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size)
{
	int dump = (last.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP, some = 0, side, err;
	struct nlmsghdr *nlh;
	char *at = buf;

	(void)nl;
	memset(buf, 0, size);
	for (side = 0; side < 2; side++) {
		nlh = there(side) ? message(at, side) : NULL;
		if (!nlh)
			continue;
		some = 1;
		at += MNL_ALIGN(nlh->nlmsg_len);
	}
	/* A change is acknowledged, a look for what is not there is refused. */
	err = some || dump || (cmd != VPART_CMD_ADAPTER_GET && cmd != VPART_CMD_LINK_GET) ?
	      0 : -ENOENT;
	nlh = mnl_nlmsg_put_header(at);
	nlh->nlmsg_type = dump ? NLMSG_DONE : NLMSG_ERROR;
	nlh->nlmsg_seq = last.nlmsg_seq;
	memcpy(mnl_nlmsg_put_extra_header(nlh, sizeof(struct nlmsgerr)), &err, sizeof(err));
	return at + MNL_ALIGN(nlh->nlmsg_len) - (char *)buf;
}
