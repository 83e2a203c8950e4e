// SPDX-License-Identifier: GPL-2.0
/* vpart link */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

/* The longest bar of the chart, characters */
#define BAR	40

static const struct column columns[] = {
	{ "name", "NAME" }, { "side", "SIDE" }, { "state", "STATE" }, { "why", "WHY" },
	{ "address", "ADDRESS" }, { "peer", "PEER" }, { "connections", "CONN" },
	{ "commands", "COMMANDS" }, { "tx_bytes", "SENT" }, { "rx_bytes", "RECEIVED" },
	{ "reconnects", "RECONNECTS" }, { "lost", "LOST" }, { "digest_errors", "DIGEST-ERRORS" },
	{ "rtt_last_us", "ROUND-TRIP" }, { "disks", "DISKS" }, { NULL, NULL },
};

static void put_rtt(struct json_object *o, const char *key, const struct vpart_link *l,
		    uint32_t us)
{
	if (l->rtt_valid)
		put_number(o, key, us);
	else
		json_object_object_add(o, key, NULL);
}

static struct json_object *histogram(const struct vpart_link *l)
{
	struct json_object *list = json_object_new_array(), *one;
	int i;

	for (i = 0; i < VPART_RTT_BUCKETS; i++) {
		one = json_object_new_object();
		put_number(one, "from_us", i ? 1ULL << i : 0);
		put_number(one, "count", l->rtt[i]);
		json_object_array_add(list, one);
	}
	return list;
}

static struct json_object *to_json(const struct vpart_link *l)
{
	struct json_object *o = json_object_new_object();
	const char *why = l->why ? vpart_why_name(l->why) : "";
	char (*disks)[VPART_DISK_SIZE], netns[VPART_NETNS_SIZE];
	size_t n;

	vpart_netns_name(l->netns, netns);
	put_text(o, "name", l->name);
	put_number(o, "id", l->id);
	put_text(o, "side", vpart_side_name(l->side));
	put_text(o, "fabric", l->fabric);
	put_text(o, "state", vpart_link_state_name(l->state));
	put_text(o, "why", l->state == VPART_LINK_STATE_UP ? "" : why);
	put_text(o, "last_why", why);
	put_text(o, "problem", l->problem);
	put_number(o, "since_ms", l->since_ms);
	put_text(o, "address", l->address);
	put_text(o, "peer", l->peer);
	put_text(o, "key", l->key);
	put_text(o, "digest", vpart_digest_name(l->digest));
	vpart_link_disks(l, &disks, &n);
	put_disks(o, disks, n);
	put_number(o, "netns", l->netns);
	put_text(o, "netns_name", netns);
	put_number(o, "connections", l->connections);
	put_number(o, "commands", l->commands);
	put_number(o, "tx_bytes", l->tx_bytes);
	put_number(o, "rx_bytes", l->rx_bytes);
	put_number(o, "logins", l->logins);
	put_number(o, "reconnects", l->logins ? l->logins - 1 : 0);
	put_number(o, "refused", l->refused);
	put_number(o, "auth_failures", l->auth_failures);
	put_number(o, "lost", l->lost);
	put_number(o, "digest_errors", l->digest_errors);
	put_number(o, "protocol_errors", l->protocol_errors);
	put_rtt(o, "rtt_min_us", l, l->rtt_min_us);
	put_rtt(o, "rtt_max_us", l, l->rtt_max_us);
	put_rtt(o, "rtt_last_us", l, l->rtt_last_us);
	json_object_object_add(o, "rtt_histogram", histogram(l));
	return o;
}

/* "64 us - 128 us" of a bucket; the first and the last are open. */
static void range(int i, char *buf, size_t size)
{
	char from[32], to[32];

	human_us(from, sizeof(from), 1ULL << i);
	human_us(to, sizeof(to), 2ULL << i);
	if (!i)
		snprintf(buf, size, "below %s", to);
	else if (i == VPART_RTT_BUCKETS - 1)
		snprintf(buf, size, "%s or more", from);
	else
		snprintf(buf, size, "%s - %s", from, to);
}

/* One line for each length of a round trip between the shortest and the longest. */
static void chart(const struct vpart_link *l)
{
	int first = VPART_RTT_BUCKETS, last = -1, i, len;
	uint64_t most = 0;
	char text[80];

	for (i = 0; i < VPART_RTT_BUCKETS; i++) {
		if (!l->rtt[i])
			continue;
		last = i;
		if (first > i)
			first = i;
		if (most < l->rtt[i])
			most = l->rtt[i];
	}
	puts(last < 0 ? "no round trip yet" : "round trips");
	for (i = first; i <= last; i++) {
		range(i, text, sizeof(text));
		/* However few they are, they are to be seen. */
		len = (int)((double)l->rtt[i] * BAR / (double)most);
		if (!len && l->rtt[i])
			len = 1;
		printf("  %-19s %10llu%s%.*s\n", text, (unsigned long long)l->rtt[i],
		       len ? " " : "", len, "########################################");
	}
}

static int show_one(struct cmd *c, const struct vpart_link *l)
{
	struct json_object *o = to_json(l);

	if (c->json)
		return print_one(c, o);
	json_object_object_del(o, "rtt_histogram");
	join_disks(o);
	print_one(c, o);
	chart(l);
	return EXIT_SUCCESS;
}

static int run_show(struct cmd *c)
{
	struct vpart_link *list, one;
	struct json_object *rows, *o;
	unsigned int ends;
	size_t i, n;
	int ret;

	ret = ends_of(c, &ends);
	if (ret)
		return ret;
	if (c->npos) {
		ret = !ends ? vpart_link_find(c->v, c->pos[0], &one) :
		      vpart_link_find_end(c->v, c->pos[0], ends == VPART_END_CLIENT ?
					  VPART_SIDE_CLIENT : VPART_SIDE_SERVER, &one);
		return ret ? failed(c) : show_one(c, &one);
	}
	if (vpart_links(c->v, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++) {
		if (ends && !(ends & VPART_END(list[i].side)))
			continue;
		o = to_json(&list[i]);
		if (!c->json)
			join_disks(o);
		json_object_array_add(rows, o);
	}
	ret = print_rows(c, rows, columns);
	/* Too long for a column, and what is wanted most. */
	for (i = 0; i < n; i++)
		if (!c->json && list[i].problem[0] && (!ends || (ends & VPART_END(list[i].side))))
			printf("%s (%s): %s\n", list[i].name, vpart_side_name(list[i].side),
			       list[i].problem);
	free(list);
	return ret;
}

/* connect or listen: which end it is, and where. */
static int where(const struct cmd *c, struct vpart_pair *pair)
{
	const char *connect = word(c, "connect"), *listen = word(c, "listen");
	const char *address = connect ? connect : listen;

	if (!address)
		return usage(c, "connect where (the client's end) or listen where (the server's)?");
	if (connect && listen)
		return usage(c, "connect makes the client's end, listen the server's: one of them");
	if (!vpart_address_fabric(address))
		return usage(c, "'%s' is no address: it begins with tcp:, vsock:, unix: or shm:",
			     address);
	if (strlen(address) >= sizeof(pair->address))
		return usage(c, "'%.40s...' is too long: %zu characters are allowed", address,
			     sizeof(pair->address) - 1);
	strcpy(pair->address, address);
	pair->ends = connect ? VPART_END_CLIENT : VPART_END_SERVER;
	if (listen && word(c, "path-loss"))
		return usage(c, "path-loss is for the client's end: it is the client that waits");
	if (listen && word(c, "poll"))
		return usage(c, "poll is for the client's end: it is the client that polls");
	return 0;
}

/* How the ends know each other: never silently by nothing. */
static int secrets(const struct cmd *c, struct vpart_pair *pair)
{
	const char *key = word(c, "key"), *digest = word(c, "digest");

	if (!key)
		return usage(c, "which key? (key none: whoever reaches the address can be the other end)");
	if (!key[0] || strlen(key) > VPART_NAME_MAX)
		return usage(c, "'%.70s' is no name of a key: 1 to %d characters are", key,
			     VPART_NAME_MAX);
	if (strcmp(key, "none"))
		strcpy(pair->key, key);
	if (digest && vpart_digest_parse(digest, &pair->digest))
		return usage(c, "'%s' is no digest: none, header, data and all are", digest);
	return 0;
}

static int numbers(const struct cmd *c, struct vpart_pair *pair)
{
	uint32_t *slot = pair->ends == VPART_END_CLIENT ? &pair->client_slot : &pair->server_slot;
	int ret;

	if (!word(c, "id"))
		return usage(c, "which id? (a number, the same at both ends)");
	ret = to_number(c, word(c, "id"), "id", 1, INT32_MAX, &pair->id);
	if (!ret && word(c, "slot"))
		ret = to_number(c, word(c, "slot"), "slot", 1, UINT16_MAX, slot);
	if (!ret && word(c, "path-loss"))
		ret = to_number(c, word(c, "path-loss"), "path loss time in seconds",
				VPART_PATH_LOSS_MIN, VPART_PATH_LOSS_MAX, &pair->path_loss);
	if (!ret && word(c, "poll"))
		ret = to_number(c, word(c, "poll"), "number of poll queues", 0, VPART_POLL_MAX,
				&pair->poll);
	return ret;
}

/* What was made: the adapter pair's words, and the link's. */
static struct json_object *made(const struct vpart_pair *p)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "name", p->name);
	put_number(o, "id", p->id);
	put_text(o, "side", p->ends == VPART_END_CLIENT ? "client" : "server");
	put_text(o, "client", p->client);
	put_text(o, "server", p->server);
	put_text(o, "fabric", p->fabric);
	put_text(o, "address", p->address);
	put_text(o, "key", p->key);
	put_text(o, "digest", vpart_digest_name(p->digest));
	put_number(o, "poll", p->poll);
	put_text(o, "state", vpart_link_state_name(p->link));
	return o;
}

static int run_add(struct cmd *c)
{
	struct vpart_pair pair = { .id = 0 };
	int ret;

	ret = copy_name(c, "name", c->pos[0], pair.name);
	if (!ret)
		ret = copy_name(c, "client", word(c, "client"), pair.client);
	if (!ret)
		ret = copy_name(c, "server", word(c, "server"), pair.server);
	if (!ret)
		ret = where(c, &pair);
	if (!ret)
		ret = numbers(c, &pair);
	if (!ret)
		ret = secrets(c, &pair);
	if (ret)
		return ret;
	if (vpart_link_add(c->v, &pair))
		return failed(c);
	if (pair.ends == VPART_END_CLIENT)
		return done(c, made(&pair), "client %s reaches server %s over link %s, which connects to %s",
			    pair.client, pair.server, pair.name, pair.address);
	return done(c, made(&pair), "server %s serves client %s over link %s, which listens on %s",
		    pair.server, pair.client, pair.name, pair.address);
}

static int run_del(struct cmd *c)
{
	struct json_object *o;
	struct vpart_pair pair;
	unsigned int ends;
	int ret;

	ret = ends_of(c, &ends);
	if (ret)
		return ret;
	if (vpart_pair_find(c->v, c->pos[0], &pair) ||
	    vpart_link_del(c->v, c->pos[0], ends, word(c, "--force")))
		return failed(c);
	o = json_object_new_object();
	put_text(o, "name", pair.name);
	put_number(o, "id", pair.id);
	put_text(o, "side", word(c, "side") ? word(c, "side") : "");
	if (ends)
		return done(c, o, "the %s's end of link %s is gone", word(c, "side"), pair.name);
	return done(c, o, "link %s is gone", pair.name);
}

static const struct verb verbs[] = {
	{
		.name = "show", .args = "[NAME] [side client|server]", .max = 1, .run = run_show,
		.words = { "side=" },
		.what = "Show all links to other kernels, or all that is known of one.",
		.more = "  side       the end that is meant, if both are here (show NAME: the client's)\n\n"
			"Counters count from when the link was made. Of one: problem is what the last\n"
			"login failed of, last_why why the link went down last; at the end the round\n"
			"trips by their length.",
		.example = "vpart link show disk7",
	}, {
		.name = "add",
		.args = "NAME client PARTITION server PARTITION id N connect|listen ADDRESS key KEY|none\n"
			"        [digest none|header|data|all] [path-loss SECONDS] [slot N]\n"
			"        [poll N]",
		.min = 1, .max = 1, .run = run_add,
		.words = { "client=", "server=", "id=", "connect=", "listen=", "key=", "digest=",
			   "path-loss=", "slot=", "poll=" },
		.what = "Make one end of an adapter pair whose other end is in another kernel.",
		.more = "  NAME, id   the same at both ends; both partitions have the same UUIDs there\n"
			"  connect    this is the client's end, and where the server listens\n"
			"  listen     this is the server's end, and where the client finds it:\n"
			"             tcp:HOST:PORT, tcp:[HOST]:PORT (IPv6), HOST in numbers;\n"
			"             vsock:CID:PORT, unix:@NAME, shm:PCI-ADDRESS\n"
			"  key        with which the ends prove who they are: keyctl padd logon\n"
			"             vpart:KEY %:.vpart. none: nobody proves anything, whoever reaches\n"
			"             the address can read and write the disks\n"
			"  digest     what a CRC32C shall protect, if the other end agrees (none)\n"
			"  path-loss  how long the client's I/O waits for a lost link, 5 to 300 (30)\n"
			"  slot       of the adapter in its partition (the next free one)\n"
			"  poll       queues for I/O that is polled for, beside the others; over shm,\n"
			"             0 to 32, no more than there are processors are made (0)",
		.example = "vpart link add disk7 client client1 server vios1 id 7 connect tcp:192.0.2.1:7300 key k7\n"
			   "  vpart link add disk7 client client1 server vios1 id 7 listen tcp:192.0.2.1:7300 key k7",
	}, {
		.name = "del", .args = "NAME [side client|server] [--force]", .min = 1, .max = 1,
		.run = run_del, .words = { "side=", "--force" },
		.what = "Delete a link: its end that is in this kernel, or both.",
		.more = "  side       only this end, if both are here\n"
			"  --force    even if it serves LUs or its disks are used: their I/O fails",
		.example = "vpart link del disk7",
	}, { .name = NULL },
};

const struct noun link_noun = { "link", "adapter pairs with an end in another kernel", verbs };
