// SPDX-License-Identifier: GPL-2.0
/* vpart events */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "cmd.h"

static void when(uint64_t ns, char *buf, size_t size)
{
	time_t s = (time_t)(ns / 1000000000);
	struct tm tm;
	char text[32];

	gmtime_r(&s, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, size, "%s.%03uZ", text, (unsigned int)(ns / 1000000 % 1000));
}

/* One line per event, also as JSON: a reader that follows needs no end. */
static void print(const struct cmd *c, const struct vpart_event *ev)
{
	char time[64];

	if (c->json) {
		struct json_object *o = json_object_new_object();

		put_number(o, "seq", ev->seq);
		if (ev->lost == VPART_EVENT_LOST_UNKNOWN) {
			put_bool(o, "lost", true);
		} else if (ev->lost) {
			put_number(o, "lost", ev->lost);
		} else {
			when(ev->time_ns, time, sizeof(time));
			put_text(o, "time", time);
			put_text(o, "type", vpart_event_type_name(ev->type));
			put_text(o, "object", vpart_object_name(ev->object));
			put_number(o, "id", ev->id);
			put_text(o, "name", ev->name);
			put_text(o, "detail", ev->detail);
		}
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	} else if (ev->lost == VPART_EVENT_LOST_UNKNOWN) {
		printf("lost: events before %lu can no longer be read\n", (unsigned long)ev->seq);
	} else if (ev->lost) {
		printf("lost: %lu events before %lu can no longer be read\n",
		       (unsigned long)ev->lost, (unsigned long)ev->seq);
	} else {
		when(ev->time_ns, time, sizeof(time));
		printf("%lu %s %s %s %s%s%s\n", (unsigned long)ev->seq, time,
		       vpart_event_type_name(ev->type), vpart_object_name(ev->object), ev->name,
		       ev->detail[0] ? ": " : "", ev->detail);
	}
	fflush(stdout);
}

static int run_show(struct cmd *c)
{
	struct vpart_events *e;
	struct vpart_event ev;
	uint64_t from = 0;
	char *end;
	int ret;

	if (word(c, "--from")) {
		const char *text = word(c, "--from");

		errno = 0;
		from = strtoull(text, &end, 10);
		if (text[0] < '0' || text[0] > '9' || *end || errno || !from)
			return usage(c, "'%s' is no number of an event", text);
	}
	e = vpart_events_open(c->v, from, word(c, "--follow"));
	if (!e)
		return failed(c);
	do {
		ret = vpart_events_next(e, &ev, -1);
		if (ret == 1)
			print(c, &ev);
	} while (!ferror(stdout) && (ret == 1 || ret == -EINTR));
	vpart_events_close(e);
	return !ret || ret == 1 || ret == -EINTR ? EXIT_SUCCESS : failed(c);
}

static const struct verb verbs[] = {
	{
		.name = "show", .args = "[--follow] [--from SEQ]", .run = run_show,
		.words = { "--follow", "--from=" },
		.what = "Show what happened: one line, or one JSON object, per event.",
		.more = "  --follow   go on with what happens from now on, until interrupted\n"
			"  --from     begin with this number (the oldest that the kernel keeps)\n\n"
			"Numbers have no gap: what can no longer be read is said to be lost.",
		.example = "vpart events --follow",
	}, { .name = NULL },
};

const struct noun events_noun = { "events", "what happened to all of these", verbs };
