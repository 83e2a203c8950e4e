// SPDX-License-Identifier: GPL-2.0
/*
 * The status of a segment: a JSON object, for who connects to the socket beside
 * the segment's, which has the same mode.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "ivshmem.h"

#define ANSWER_SIZE	4096
#define ANSWER_SECONDS	5

static void put(struct json_object *o, const char *key, int64_t value)
{
	json_object_object_add(o, key, json_object_new_int64(value));
}

static struct json_object *describe(const struct segment *s)
{
	struct json_object *o = json_object_new_object(), *peers = json_object_new_array();
	unsigned int i;

	json_object_object_add(o, "socket", json_object_new_string(s->path));
	put(o, "bytes", (int64_t)s->size);
	put(o, "vectors", s->vectors);
	put(o, "joined", (int64_t)s->joined);
	put(o, "refused", (int64_t)s->refused);
	put(o, "dropped", (int64_t)s->dropped);
	for (i = 0; i < PEERS; i++) {
		const struct peer *p = &s->peer[i];
		struct json_object *one;

		if (p->sock < 0)
			continue;
		one = json_object_new_object();
		put(one, "id", p->id);
		put(one, "pid", p->pid);
		put(one, "uid", p->uid);
		put(one, "gid", p->gid);
		put(one, "seconds", now() - p->since);
		json_object_array_add(peers, one);
	}
	json_object_object_add(o, "peers", peers);
	return o;
}

/* Somebody asks. The answer fits an empty socket, so nobody is waited for. */
void status_answer(struct segment *s)
{
	struct json_object *o;
	const char *text;
	int sock;

	sock = accept4(s->reporter, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			s->retry_at = now() + 1;
		return;
	}
	o = describe(s);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE);
	if (send(sock, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		note(s, "the status is not told: %s", strerror(errno));
	json_object_put(o);
	close(sock);
}

static int64_t get(struct json_object *o, const char *key)
{
	return json_object_get_int64(json_object_object_get(o, key));
}

static void print(struct json_object *o)
{
	struct json_object *peers = json_object_object_get(o, "peers");
	size_t i, n = peers ? json_object_array_length(peers) : 0;

	printf("%s: %lld KiB, %lld vectors, %zu of %d peers; %lld joined, %lld refused, %lld dropped\n",
	       json_object_get_string(json_object_object_get(o, "socket")),
	       (long long)(get(o, "bytes") >> 10), (long long)get(o, "vectors"), n, PEERS,
	       (long long)get(o, "joined"), (long long)get(o, "refused"),
	       (long long)get(o, "dropped"));
	for (i = 0; i < n; i++) {
		struct json_object *p = json_object_array_get_idx(peers, i);

		printf("  peer %lld: pid %lld, user %lld, group %lld, for %lld s\n",
		       (long long)get(p, "id"), (long long)get(p, "pid"),
		       (long long)get(p, "uid"), (long long)get(p, "gid"),
		       (long long)get(p, "seconds"));
	}
}

/* All that is sent until the end of file; its length, or -errno */
static ssize_t read_all(int sock, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while (len < size) {
		got = recv(sock, buf + len, size - len, 0);
		if (!got)
			return (ssize_t)len;
		if (got > 0)
			len += (size_t)got;
		else if (errno != EINTR)
			return -errno;
	}
	return -EMSGSIZE;
}

/* A segment's status, or NULL after saying why; *ret is an exit code then. */
static struct json_object *ask(const char *path, int *ret)
{
	struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct json_object *o = NULL;
	char text[ANSWER_SIZE];
	ssize_t len;
	int sock;

	if (strlen(path) > MAX_PATH) {
		*ret = usage("status", "the path '%s' has more than %d characters", path, MAX_PATH);
		return NULL;
	}
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.status", path);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0) {
		*ret = failed("no socket: %s", strerror(errno));
		return NULL;
	}
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr))) {
		if (errno == ENOENT || errno == ECONNREFUSED) {
			failed("%s is not served", path);
			*ret = EXIT_NOT_FOUND;
		} else {
			*ret = failed("cannot ask about %s: %s", path, strerror(errno));
		}
		goto out;
	}
	len = read_all(sock, text, sizeof(text) - 1);
	if (len >= 0) {
		text[len] = 0;
		o = json_tokener_parse(text);
	}
	if (!o)
		*ret = failed("%s does not answer: %s", path,
			      len < 0 ? strerror((int)-len) : "what it says is no JSON");
out:
	close(sock);
	return o;
}

/* Print the status of segments; an exit code, the last that is not 0. */
int status_ask(int npaths, char **paths, bool json)
{
	struct json_object *all = json_object_new_array(), *o;
	int i, ret = EXIT_SUCCESS;

	for (i = 0; i < npaths; i++) {
		o = ask(paths[i], &ret);
		if (!o)
			continue;
		if (json) {
			json_object_array_add(all, o);
			continue;
		}
		print(o);
		json_object_put(o);
	}
	if (json)
		puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
							 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
	return ret;
}
