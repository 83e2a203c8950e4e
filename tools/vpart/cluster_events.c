// SPDX-License-Identifier: GPL-2.0
/* vpart cluster events: what is there, and what happens from then on */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cluster.h"

static const char *const severities[] = { "information", "warning", "error" };

static const char *name_of(const char *const *words, size_t n, uint32_t value)
{
	return value < n ? words[value] : "unknown";
}

static void print_line(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* What an event says, or that some are lost. */
struct json_object *cluster_event(const struct vpart_cluster_event *ev)
{
	struct json_object *o = json_object_new_object();

	put_number(o, "seq", ev->seq);
	if (ev->lost == VPART_EVENT_LOST_UNKNOWN)
		put_bool(o, "lost", true);
	else if (ev->lost)
		put_number(o, "lost", ev->lost);
	/* A handler is told of which class. */
	if (ev->delivery)
		put_text(o, "class", vpart_cluster_class_name(ev->class));
	if (ev->lost)
		return o;
	put_time(o, "time", ev->time);
	put_text(o, "class", vpart_cluster_class_name(ev->class));
	put_text(o, "severity", name_of(severities, ARRAY_SIZE(severities), ev->severity));
	put_number(o, "code", ev->code);
	put_text(o, "object", ev->type ?
		 vpart_cluster_type_name((enum vpart_cluster_type)ev->type) : "");
	put_number(o, "id", ev->object);
	/* 0: of the node itself. */
	if (ev->commit) {
		put_number(o, "term", ev->term);
		put_number(o, "commit", ev->commit);
	}
	put_text(o, "text", ev->text);
	return o;
}

static void print_lost(const struct cmd *c, const struct vpart_cluster_event *ev)
{
	if (c->json) {
		print_line(cluster_event(ev));
	} else if (ev->lost != VPART_EVENT_LOST_UNKNOWN) {
		printf("lost: %llu events before %llu can no longer be read\n",
		       (unsigned long long)ev->lost, (unsigned long long)ev->seq);
	} else {
		printf("lost: events before %llu can no longer be read\n",
		       (unsigned long long)ev->seq);
	}
}

static void print(const struct cmd *c, const struct vpart_cluster_event *ev)
{
	struct json_object *o = cluster_event(ev);

	if (c->json) {
		print_line(o);
		return;
	}
	printf("%llu %s %s: %s\n", (unsigned long long)ev->seq,
	       json_object_get_string(json_object_object_get(o, "time")),
	       vpart_cluster_class_name(ev->class), ev->text);
	json_object_put(o);
}

/* One line for each object that is there, and one behind the last. */
static int snapshot(const struct cmd *c, const struct vpart_cluster_at *at)
{
	struct vpart_cluster_object *list;
	struct json_object *o;
	unsigned int type;
	size_t i, n;

	for (type = VPART_CLUSTER_NODE; type <= VPART_CLUSTER_VOLUME; type++) {
		if (vpart_cluster_objects(c->v, at, (enum vpart_cluster_type)type, &list, &n))
			return failed(c);
		for (i = 0; i < n; i++) {
			if (c->json) {
				o = json_object_new_object();
				put_text(o, "exists", vpart_cluster_type_name(list[i].type));
				json_object_object_add(o, "object", cluster_object(&list[i]));
				print_line(o);
				continue;
			}
			printf("exists %s %llu%s%s\n", vpart_cluster_type_name(list[i].type),
			       (unsigned long long)list[i].id, list[i].name[0] ? " " : "",
			       list[i].name);
		}
		free(list);
	}
	puts(c->json ? "{ \"exists\": null }" : "exists -");
	fflush(stdout);
	return EXIT_SUCCESS;
}

int cluster_events(struct cmd *c)
{
	const char *text = word(c, "--from");
	const bool own = word(c, "--node");
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_events *e;
	struct vpart_cluster_event ev;
	uint64_t from = UINT64_MAX;
	char *end;
	int ret;

	if (text) {
		errno = 0;
		from = strtoull(text, &end, 10);
		if (text[0] < '0' || text[0] > '9' || *end || errno || !from)
			return usage(c, "'%s' is no number of an event", text);
		/* From the first on is all that is kept: nobody has missed the others. */
		if (from == 1)
			from = 0;
	}
	/* It listens before the snapshot is read: what that has not comes as a change. */
	if (own)
		e = vpart_cluster_events_open_node(c->v, &at, text ? from : 0, !word(c, "--kept"));
	else
		e = vpart_cluster_events_open(c->v, &at, from, !word(c, "--kept"));
	if (!e)
		return failed(c);
	ret = text || own ? EXIT_SUCCESS : snapshot(c, &at);
	if (ret)
		goto close;
	do {
		ret = vpart_cluster_events_next(e, &ev, -1);
		if (ret == 1 && ev.lost)
			print_lost(c, &ev);
		else if (ret == 1)
			print(c, &ev);
		fflush(stdout);
	} while (!ferror(stdout) && (ret == 1 || ret == -EINTR));
	ret = !ret || ret == 1 || ret == -EINTR ? EXIT_SUCCESS : failed(c);
close:
	vpart_cluster_events_close(e);
	return ret;
}
