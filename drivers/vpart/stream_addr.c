// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of the stream fabric, as text and as what sockets take:
 *
 *	tcp:192.0.2.1:3300  tcp:[2001:db8::1]:3300  tcp:[fe80::1%eth0]:3300
 *	vsock:3:3300  vsock:local:3300  vsock:any:3300
 *	unix:@name
 *
 * One address has one form, so that two texts for one place are seen to be
 * equal: no host names, no IPv4 in IPv6, no paths (which would need a mount
 * namespace besides the network namespace).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inet.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/string.h>
#include <linux/un.h>
#include <linux/vm_sockets.h>
#include <net/ipv6.h>

#include "stream_sock.h"

/* A sentence has 79 characters: this many of them repeat what was given. */
#define refuse(extack, text, why)					\
	NL_SET_ERR_MSG_FMT(extack, "%.30s: " why, text)

/* Decimal digits and nothing else, which kstrtouint() does not ask for. */
static bool number(const char *text, u32 max, u32 *value)
{
	u64 v = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!isdigit(*text))
			return false;
		v = v * 10 + (*text - '0');
		if (v > max)
			return false;
	}
	*value = v;
	return true;
}

static int parse_ipv4(struct stream_addr *a, const char *text, const char *host, u16 port,
		      bool listen, struct netlink_ext_ack *extack)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&a->ss;
	const char *c, *end;

	if (strchr(host, ':')) {
		refuse(extack, text, "an IPv6 address stands in brackets");
		return -EINVAL;
	}
	if (!in4_pton(host, -1, (u8 *)&sin->sin_addr, -1, &end) || *end) {
		for (c = host; *c && !isalpha(*c); c++)
			;
		if (*c)
			refuse(extack, text, "no host name, the address in numbers");
		else
			refuse(extack, text, "not an IPv4 address");
		return -EINVAL;
	}
	if (sin->sin_addr.s_addr == htonl(INADDR_ANY)) {
		if (!listen) {
			refuse(extack, text, "any address is only for listening");
			return -EINVAL;
		}
	} else if (ipv4_is_multicast(sin->sin_addr.s_addr) ||
		   ipv4_is_lbcast(sin->sin_addr.s_addr)) {
		refuse(extack, text, "not the address of one machine");
		return -EINVAL;
	}
	sin->sin_family = AF_INET;
	sin->sin_port = htons(port);
	a->len = sizeof(*sin);
	return 0;
}

/* An interface by name or number, which has to be there now. */
static u32 find_scope(struct net *net, const char *scope)
{
	struct net_device *dev;
	u32 index;

	rcu_read_lock();
	dev = dev_get_by_name_rcu(net, scope);
	if (!dev && number(scope, S32_MAX, &index))
		dev = dev_get_by_index_rcu(net, index);
	index = dev ? dev->ifindex : 0;
	rcu_read_unlock();
	return index;
}

/* @host: with its brackets. */
static int parse_ipv6(struct net *net, struct stream_addr *a, const char *text,
		      const char *host, u16 port, bool listen,
		      struct netlink_ext_ack *extack)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&a->ss;
	char ip[INET6_ADDRSTRLEN + IFNAMSIZ + 1];
	size_t len = strlen(host);
	const char *end;
	bool linklocal;
	char *scope;

	if (len - 2 >= sizeof(ip)) {
		refuse(extack, text, "not an IPv6 address");
		return -EINVAL;
	}
	memcpy(ip, host + 1, len - 2);
	ip[len - 2] = 0;
	scope = strchr(ip, '%');
	if (scope)
		*scope++ = 0;
	/* It stops at what it does not know, and calls that success. */
	if (!in6_pton(ip, -1, sin6->sin6_addr.s6_addr, -1, &end) || *end) {
		refuse(extack, text, "not an IPv6 address");
		return -EINVAL;
	}
	if (ipv6_addr_any(&sin6->sin6_addr) && !listen) {
		refuse(extack, text, "any address is only for listening");
		return -EINVAL;
	}
	if (ipv6_addr_is_multicast(&sin6->sin6_addr)) {
		refuse(extack, text, "not the address of one machine");
		return -EINVAL;
	}
	if (ipv6_addr_v4mapped(&sin6->sin6_addr)) {
		refuse(extack, text, "write an IPv4 address as one");
		return -EINVAL;
	}
	linklocal = ipv6_addr_type(&sin6->sin6_addr) & IPV6_ADDR_LINKLOCAL;
	if (linklocal && !scope) {
		refuse(extack, text, "a link-local address needs %%INTERFACE");
		return -EINVAL;
	}
	if (!linklocal && scope) {
		refuse(extack, text, "%%INTERFACE is for link-local addresses");
		return -EINVAL;
	}
	if (scope) {
		sin6->sin6_scope_id = find_scope(net, scope);
		if (!sin6->sin6_scope_id) {
			refuse(extack, text, "there is no such interface");
			return -ENODEV;
		}
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	a->len = sizeof(*sin6);
	return 0;
}

/* @rest: what follows the first colon of @text; so in the next two. */
static int parse_tcp(struct net *net, struct stream_addr *a, const char *text,
		     const char *rest, bool listen, struct netlink_ext_ack *extack)
{
	char host[INET6_ADDRSTRLEN + IFNAMSIZ + 4];
	const char *colon = strrchr(rest, ':'), *bracket;
	u32 port;

	if (*rest == '[') {
		bracket = strchr(rest, ']');
		if (!bracket) {
			refuse(extack, text, "a bracket is not closed");
			return -EINVAL;
		}
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
	}
	if (!colon || colon == rest) {
		refuse(extack, text, "expected tcp:ADDRESS:PORT");
		return -EINVAL;
	}
	if (!number(colon + 1, U16_MAX, &port) || !port) {
		refuse(extack, text, "a TCP port is a number from 1 to 65535");
		return -EINVAL;
	}
	if (colon - rest >= sizeof(host)) {
		refuse(extack, text, "too long for an IP address");
		return -EINVAL;
	}
	memcpy(host, rest, colon - rest);
	host[colon - rest] = 0;
	if (*host == '[')
		return parse_ipv6(net, a, text, host, port, listen, extack);
	return parse_ipv4(a, text, host, port, listen, extack);
}

static int parse_vsock(struct stream_addr *a, const char *text, const char *rest,
		       bool listen, struct netlink_ext_ack *extack)
{
	struct sockaddr_vm *svm = (struct sockaddr_vm *)&a->ss;
	const char *colon = strchr(rest, ':');
	char cid[sizeof("4294967295")];

	if (!colon || colon == rest) {
		refuse(extack, text, "expected vsock:CID:PORT");
		return -EINVAL;
	}
	/* The last number means any port. */
	if (!number(colon + 1, VMADDR_PORT_ANY - 1, &svm->svm_port) || !svm->svm_port) {
		refuse(extack, text, "a vsock port is a number from 1 to 4294967294");
		return -EINVAL;
	}
	strscpy(cid, rest, min_t(size_t, sizeof(cid), colon - rest + 1));
	if (!strncmp(rest, "any:", 4)) {
		if (!listen) {
			refuse(extack, text, "any address is only for listening");
			return -EINVAL;
		}
		svm->svm_cid = VMADDR_CID_ANY;
	} else if (!strncmp(rest, "local:", 6)) {
		svm->svm_cid = VMADDR_CID_LOCAL;
	} else if (colon - rest >= sizeof(cid) ||
		   !number(cid, VMADDR_CID_ANY - 1, &svm->svm_cid) ||
		   svm->svm_cid == VMADDR_CID_HYPERVISOR) {
		refuse(extack, text, "a CID is a number from 1, local or any");
		return -EINVAL;
	}
	svm->svm_family = AF_VSOCK;
	a->len = sizeof(*svm);
	return 0;
}

static int parse_unix(struct stream_addr *a, const char *text, const char *rest,
		      struct netlink_ext_ack *extack)
{
	struct sockaddr_un *sun = (struct sockaddr_un *)&a->ss;
	size_t len = strlen(rest);
	const char *c;

	if (*rest != '@') {
		refuse(extack, text, "only unix:@NAME, a path is not served");
		return -EINVAL;
	}
	if (len < 2 || len > sizeof(sun->sun_path)) {
		refuse(extack, text, "a name after @ has 1 to 107 characters");
		return -EINVAL;
	}
	/* It is shown in one word. */
	for (c = rest; *c; c++) {
		if (!isascii(*c) || !isgraph(*c)) {
			refuse(extack, text, "no spaces and no special characters");
			return -EINVAL;
		}
	}
	sun->sun_family = AF_UNIX;
	sun->sun_path[0] = 0;
	memcpy(sun->sun_path + 1, rest + 1, len - 1);
	a->len = offsetof(struct sockaddr_un, sun_path) + len;
	return 0;
}

/**
 * stream_addr_parse() - read an address
 * @net: namespace whose interfaces a link-local address may name
 * @a: set on success, undefined else
 * @text: "tcp:HOST:PORT", "tcp:[V6]:PORT", "vsock:CID:PORT" or "unix:@NAME"
 * @listen: it is for listening: then it may be a wildcard
 * @extack: gets a sentence of less than 80 characters, with @text, if refused
 *
 * A link-local address is kept with its interface's number: the interface may
 * go and another have the number before the address is used.
 *
 * Context: Any context that may use RCU.
 * Return: 0, -EINVAL, or -ENODEV if there is no interface of that name.
 */
int stream_addr_parse(struct net *net, struct stream_addr *a, const char *text,
		      bool listen, struct netlink_ext_ack *extack)
{
	memset(a, 0, sizeof(*a));
	if (!strncmp(text, "tcp:", 4))
		return parse_tcp(net, a, text, text + 4, listen, extack);
	if (!strncmp(text, "vsock:", 6))
		return parse_vsock(a, text, text + 6, listen, extack);
	if (!strncmp(text, "unix:", 5))
		return parse_unix(a, text, text + 5, extack);
	refuse(extack, text, "an address begins with tcp:, vsock: or unix:");
	return -EINVAL;
}

static int print_vsock(char *buf, size_t size, const struct sockaddr_vm *svm)
{
	if (svm->svm_cid == VMADDR_CID_ANY)
		return scnprintf(buf, size, "vsock:any:%u", svm->svm_port);
	if (svm->svm_cid == VMADDR_CID_LOCAL)
		return scnprintf(buf, size, "vsock:local:%u", svm->svm_port);
	return scnprintf(buf, size, "vsock:%u:%u", svm->svm_cid, svm->svm_port);
}

/* A peer may have any bytes in its name, a path, or none. */
static int print_unix(char *buf, size_t size, const struct stream_addr *a)
{
	const struct sockaddr_un *sun = (const struct sockaddr_un *)&a->ss;
	int i, at, len = a->len - (int)offsetof(struct sockaddr_un, sun_path);

	if (len <= 0)
		return scnprintf(buf, size, "unix:");
	at = scnprintf(buf, size, sun->sun_path[0] ? "unix:" : "unix:@");
	for (i = !sun->sun_path[0]; i < len && at + 1 < size; i++) {
		u8 c = sun->sun_path[i];

		if (!c && sun->sun_path[0])	/* the end of a path */
			break;
		buf[at++] = isascii(c) && isgraph(c) ? c : '?';
	}
	if (size)
		buf[at] = 0;
	return at;
}

/**
 * stream_addr_print() - write an address
 * @buf: where to; always ends with a zero
 * @size: its size; STREAM_ADDR_TEXT is enough for any
 * @a: a parsed address, or one from stream_sock_names()
 *
 * The text of a parsed address gives the same address again. The peer of a
 * unix socket has as a rule no name ("unix:"), which is not parsed.
 *
 * Context: Any.
 * Return: the length of the text.
 */
int stream_addr_print(char *buf, size_t size, const struct stream_addr *a)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&a->ss;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&a->ss;

	switch (a->ss.ss_family) {
	case AF_INET:
		return scnprintf(buf, size, "tcp:%pI4:%u", &sin->sin_addr,
				 ntohs(sin->sin_port));
	case AF_INET6:
		if (sin6->sin6_scope_id)
			return scnprintf(buf, size, "tcp:[%pI6c%%%u]:%u", &sin6->sin6_addr,
					 sin6->sin6_scope_id, ntohs(sin6->sin6_port));
		return scnprintf(buf, size, "tcp:[%pI6c]:%u", &sin6->sin6_addr,
				 ntohs(sin6->sin6_port));
	case AF_VSOCK:
		return print_vsock(buf, size, (const struct sockaddr_vm *)&a->ss);
	case AF_UNIX:
		return print_unix(buf, size, a);
	default:
		return scnprintf(buf, size, "none");
	}
}

/**
 * stream_addr_equal() - are these the same address
 * @a: one
 * @b: another
 *
 * Context: Any.
 * Return: true if a socket that listens on one is found by connecting to the
 * other. (A wildcard equals only itself.)
 */
bool stream_addr_equal(const struct stream_addr *a, const struct stream_addr *b)
{
	if (a->ss.ss_family != b->ss.ss_family)
		return false;
	switch (a->ss.ss_family) {
	case AF_INET: {
		const struct sockaddr_in *x = (const void *)&a->ss, *y = (const void *)&b->ss;

		return x->sin_addr.s_addr == y->sin_addr.s_addr && x->sin_port == y->sin_port;
	}
	case AF_INET6: {
		const struct sockaddr_in6 *x = (const void *)&a->ss, *y = (const void *)&b->ss;

		return ipv6_addr_equal(&x->sin6_addr, &y->sin6_addr) &&
		       x->sin6_port == y->sin6_port && x->sin6_scope_id == y->sin6_scope_id;
	}
	case AF_VSOCK: {
		const struct sockaddr_vm *x = (const void *)&a->ss, *y = (const void *)&b->ss;

		return x->svm_cid == y->svm_cid && x->svm_port == y->svm_port;
	}
	case AF_UNIX:
		return a->len == b->len && !memcmp(&a->ss, &b->ss, a->len);
	default:
		return false;
	}
}
