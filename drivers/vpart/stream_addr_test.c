// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: addresses of the stream fabric as text, each way.
 */
#include <kunit/test.h>
#include <linux/netlink.h>
#include <linux/string.h>
#include <linux/un.h>
#include <linux/vm_sockets.h>
#include <net/net_namespace.h>

#include "stream_sock.h"

#define NAME_107 "12345678901234567890123456789012345678901234567890123456789" \
		 "012345678901234567890123456789012345678901234567"

static const struct {
	const char *text, *canonical;	/* NULL: as @text */
	int family;
	bool listen;
} good[] = {
	{ "tcp:192.0.2.1:3300", NULL, AF_INET },
	{ "tcp:127.0.0.1:1", NULL, AF_INET },
	{ "tcp:255.0.0.1:65535", NULL, AF_INET },
	{ "tcp:192.0.2.1:00080", "tcp:192.0.2.1:80", AF_INET },
	{ "tcp:0.0.0.0:3300", NULL, AF_INET, true },
	{ "tcp:192.0.2.1:3300", NULL, AF_INET, true },
	{ "tcp:[::1]:3300", NULL, AF_INET6 },
	{ "tcp:[2001:DB8:0:0:0:0:0:1]:80", "tcp:[2001:db8::1]:80", AF_INET6 },
	{ "tcp:[2001:db8:1:2:3:4:5:6]:65535", NULL, AF_INET6 },
	{ "tcp:[::]:3300", NULL, AF_INET6, true },
	{ "tcp:[fe80::1%lo]:3300", "tcp:[fe80::1%1]:3300", AF_INET6 },
	{ "tcp:[fe80::1%1]:3300", NULL, AF_INET6, true },
	{ "vsock:3:3300", NULL, AF_VSOCK },
	{ "vsock:2:1", NULL, AF_VSOCK },
	{ "vsock:1:1", "vsock:local:1", AF_VSOCK },
	{ "vsock:local:4294967294", NULL, AF_VSOCK, true },
	{ "vsock:4294967294:1", NULL, AF_VSOCK },
	{ "vsock:any:3300", NULL, AF_VSOCK, true },
	{ "unix:@a", NULL, AF_UNIX },
	{ "unix:@vios1.client2:0/@", NULL, AF_UNIX, true },
	{ "unix:@" NAME_107, NULL, AF_UNIX },
};

static void addr_round_trip(struct kunit *test)
{
	struct netlink_ext_ack ack = {};
	struct stream_addr a, b;
	char text[STREAM_ADDR_TEXT];
	const char *want;
	unsigned int i;
	int len;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		want = good[i].canonical ?: good[i].text;
		KUNIT_EXPECT_EQ_MSG(test, stream_addr_parse(&init_net, &a, good[i].text,
							    good[i].listen, &ack),
				    0, "%s: %s", good[i].text, ack._msg);
		KUNIT_EXPECT_EQ(test, a.ss.ss_family, good[i].family);
		len = stream_addr_print(text, sizeof(text), &a);
		KUNIT_EXPECT_STREQ(test, text, want);
		KUNIT_EXPECT_EQ(test, len, (int)strlen(want));
		KUNIT_EXPECT_EQ(test, stream_addr_parse(&init_net, &b, text, good[i].listen,
							&ack), 0);
		KUNIT_EXPECT_TRUE(test, stream_addr_equal(&a, &b));
	}
}

#define NUMBERS	"no host name, the address in numbers"
#define ONE	"not the address of one machine"
#define ANY	"any address is only for listening"
#define V6	"not an IPv6 address"
#define TPORT	"a TCP port is a number from 1 to 65535"
#define VPORT	"a vsock port is a number from 1 to 4294967294"
#define CID	"a CID is a number from 1, local or any"
#define LENGTH	"a name after @ has 1 to 107 characters"

static const struct {
	const char *text, *why;
	bool listen;
} bad[] = {
	{ "", "an address begins with tcp:, vsock: or unix:" },
	{ "tcp", "an address begins with tcp:, vsock: or unix:" },
	{ "TCP:192.0.2.1:1", "an address begins with tcp:, vsock: or unix:" },
	{ "udp:192.0.2.1:1", "an address begins with tcp:, vsock: or unix:" },
	{ "shm:0000:00:05.0", "an address begins with tcp:, vsock: or unix:" },
	{ "tcp:", "expected tcp:ADDRESS:PORT" },
	{ "tcp:192.0.2.1", "expected tcp:ADDRESS:PORT" },
	{ "tcp::80", "expected tcp:ADDRESS:PORT" },
	{ "tcp:192.0.2.1:", TPORT },
	{ "tcp:192.0.2.1:0", TPORT },
	{ "tcp:192.0.2.1:65536", TPORT },
	{ "tcp:192.0.2.1:4294967376", TPORT },
	{ "tcp:192.0.2.1:+80", TPORT },
	{ "tcp:192.0.2.1:-80", TPORT },
	{ "tcp:192.0.2.1:80 ", TPORT },
	{ "tcp:192.0.2.1:80\n", TPORT },
	{ "tcp:192.0.2.1:0x50", TPORT },
	{ "tcp:localhost:80", NUMBERS },
	{ "tcp:vios1.example.org:80", NUMBERS },
	{ "tcp:192.0.2:80", "not an IPv4 address" },
	{ "tcp:192.0.2.256:80", "not an IPv4 address" },
	{ "tcp:192.0.2.1.1:80", "not an IPv4 address" },
	{ "tcp: 192.0.2.1:80", "not an IPv4 address" },
	{ "tcp:*:80", "not an IPv4 address", true },
	{ "tcp:0.0.0.0:80", ANY },
	{ "tcp:224.0.0.1:80", ONE, true },
	{ "tcp:255.255.255.255:80", ONE },
	{ "tcp:2001:db8::1:80", "an IPv6 address stands in brackets" },
	{ "tcp:[::1]", "expected tcp:ADDRESS:PORT" },
	{ "tcp:[::1]80", "expected tcp:ADDRESS:PORT" },
	{ "tcp:[::1]]:80", "expected tcp:ADDRESS:PORT" },
	{ "tcp:[::1]:80:80", TPORT },
	{ "tcp:[::1:80", "a bracket is not closed" },
	{ "tcp:[:80", "a bracket is not closed" },
	{ "tcp:[]:80", V6 },
	{ "tcp:[1]:80", V6 },
	{ "tcp:[::1::]:80", V6 },
	{ "tcp:[192.0.2.1]:80", V6 },
	{ "tcp:[2001:db8::g]:80", V6 },
	{ "tcp:[::1 ]:80", V6 },
	{ "tcp:[[::1]:80", V6 },
	{ "tcp:[0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0]:80",
	  "too long for an IP address" },
	{ "tcp:[::]:80", ANY },
	{ "tcp:[ff02::1%lo]:80", ONE },
	{ "tcp:[::ffff:192.0.2.1]:80", "write an IPv4 address as one" },
	{ "tcp:[fe80::1]:80", "a link-local address needs %INTERFACE" },
	{ "tcp:[2001:db8::1%lo]:80", "%INTERFACE is for link-local addresses" },
	{ "tcp:[fe80::1%]:80", "there is no such interface" },
	{ "tcp:[fe80::1%none0]:80", "there is no such interface" },
	{ "tcp:[fe80::1%999999]:80", "there is no such interface" },
	{ "tcp:[fe80::1%0123456789abcdef]:80", "there is no such interface" },
	{ "vsock:", "expected vsock:CID:PORT" },
	{ "vsock:3", "expected vsock:CID:PORT" },
	{ "vsock::1", "expected vsock:CID:PORT" },
	{ "vsock:3:", VPORT },
	{ "vsock:3:0", VPORT },
	{ "vsock:3:4294967295", VPORT },
	{ "vsock:3:1:1", VPORT },
	{ "vsock:0:1", CID },
	{ "vsock:host:1", CID },
	{ "vsock:anyone:1", CID, true },
	{ "vsock:4294967295:1", CID, true },
	{ "vsock:42949672960:1", CID },
	{ "vsock:00000000000000000000001:1", CID },
	{ "vsock:any:1", ANY },
	{ "unix:", "only unix:@NAME, a path is not served" },
	{ "unix:/run/vpart", "only unix:@NAME, a path is not served", true },
	{ "unix:@", LENGTH },
	{ "unix:@" NAME_107 "8", LENGTH },
	{ "unix:@a b", "no spaces and no special characters" },
	{ "unix:@a\n", "no spaces and no special characters" },
	{ "unix:@\xc3\xa4", "no spaces and no special characters" },
};

static void addr_refused(struct kunit *test)
{
	struct netlink_ext_ack ack;
	struct stream_addr a;
	char want[128];
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ack = (struct netlink_ext_ack){};
		err = stream_addr_parse(&init_net, &a, bad[i].text, bad[i].listen, &ack);
		KUNIT_EXPECT_EQ_MSG(test, err, strstr(bad[i].why, "no such") ? -ENODEV : -EINVAL,
				    "%s", bad[i].text);
		snprintf(want, sizeof(want), "%.30s: %s", bad[i].text, bad[i].why);
		KUNIT_EXPECT_STREQ(test, ack._msg ?: "none", want);
		KUNIT_EXPECT_LT(test, strlen(want), 80UL);
	}
	/* Nobody has to listen to why. */
	KUNIT_EXPECT_EQ(test, stream_addr_parse(&init_net, &a, "tcp:", false, NULL), -EINVAL);
}

static void addr_equal(struct kunit *test)
{
	static const char * const all[] = {
		"tcp:192.0.2.1:80", "tcp:192.0.2.1:81", "tcp:192.0.2.2:80", "tcp:0.0.0.0:80",
		"tcp:[2001:db8::1]:80", "tcp:[2001:db8::1]:81", "tcp:[2001:db8::2]:80",
		"tcp:[::]:80", "vsock:3:80", "vsock:3:81", "vsock:4:80", "vsock:any:80",
		"unix:@a", "unix:@b", "unix:@ab",
	};
	struct stream_addr a, b, none = {};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		KUNIT_ASSERT_EQ(test, stream_addr_parse(&init_net, &a, all[i], true, NULL), 0);
		for (k = 0; k < ARRAY_SIZE(all); k++) {
			KUNIT_ASSERT_EQ(test, stream_addr_parse(&init_net, &b, all[k], true,
								NULL), 0);
			KUNIT_EXPECT_EQ_MSG(test, stream_addr_equal(&a, &b), i == k, "%s, %s",
					    all[i], all[k]);
		}
		KUNIT_EXPECT_FALSE(test, stream_addr_equal(&a, &none));
	}
	KUNIT_EXPECT_FALSE(test, stream_addr_equal(&none, &none));

	/* The interface counts. */
	KUNIT_ASSERT_EQ(test, stream_addr_parse(&init_net, &a, "tcp:[fe80::1%lo]:80", false,
						NULL), 0);
	b = a;
	((struct sockaddr_in6 *)&b.ss)->sin6_scope_id++;
	KUNIT_EXPECT_FALSE(test, stream_addr_equal(&a, &b));
}

/* What a peer calls itself, and any size of buffer. */
static void addr_foreign(struct kunit *test)
{
	struct stream_addr a = {};
	struct sockaddr_un *sun = (struct sockaddr_un *)&a.ss;
	char text[STREAM_ADDR_TEXT];
	int size, len, full;

	KUNIT_EXPECT_EQ(test, stream_addr_print(text, sizeof(text), &a), 4);
	KUNIT_EXPECT_STREQ(test, text, "none");

	sun->sun_family = AF_UNIX;
	a.len = offsetof(struct sockaddr_un, sun_path);
	stream_addr_print(text, sizeof(text), &a);
	KUNIT_EXPECT_STREQ(test, text, "unix:");

	memcpy(sun->sun_path, "\0a\nb\0\xff", 6);
	a.len += 6;
	stream_addr_print(text, sizeof(text), &a);
	KUNIT_EXPECT_STREQ(test, text, "unix:@a?b??");

	memcpy(sun->sun_path, "/a b\0c", 6);
	stream_addr_print(text, sizeof(text), &a);
	KUNIT_EXPECT_STREQ(test, text, "unix:/a?b");

	memset(sun->sun_path, 'x', sizeof(sun->sun_path));
	a.len = sizeof(*sun);
	full = stream_addr_print(text, sizeof(text), &a);
	KUNIT_EXPECT_EQ(test, full, 5 + (int)sizeof(sun->sun_path));
	for (size = 0; size <= sizeof(text); size++) {
		memset(text, '#', sizeof(text));
		len = stream_addr_print(text, size, &a);
		KUNIT_EXPECT_EQ(test, len, size ? min(size - 1, full) : 0);
		if (size)
			KUNIT_EXPECT_EQ(test, text[len], 0);
		if (size < sizeof(text))
			KUNIT_EXPECT_EQ(test, text[size], '#');
	}
}

static struct kunit_case stream_addr_cases[] = {
	KUNIT_CASE(addr_round_trip),
	KUNIT_CASE(addr_refused),
	KUNIT_CASE(addr_equal),
	KUNIT_CASE(addr_foreign),
	{}
};

static struct kunit_suite stream_addr_suite = {
	.name		= "vpart-stream-addr",
	.test_cases	= stream_addr_cases,
};

kunit_test_suite(stream_addr_suite);
