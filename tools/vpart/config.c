// SPDX-License-Identifier: GPL-2.0
/* vpart config */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include "cmd.h"

/* How long the clients' disks are waited for, seconds */
#define DISKS_WAIT	60
#define DISKS_WAIT_MAX	3600

/**
 * struct account - what became of the objects
 * @c: the invocation
 * @dry_run: it only would
 * @count: objects, by result
 * @rows: of JSON
 */
struct account {
	const struct cmd	*c;
	bool			dry_run;
	size_t			count[VPART_CONFIG_RESULTS];
	struct json_object	*rows;
};

static const char *file_of(const struct cmd *c)
{
	return c->npos ? c->pos[0] : VPART_CONFIG_FILE;
}

static int run_save(struct cmd *c)
{
	struct json_object *o;
	size_t n;

	if (vpart_config_save(c->v, file_of(c), &n))
		return failed(c);
	o = json_object_new_object();
	put_text(o, "file", file_of(c));
	put_number(o, "objects", n);
	return done(c, o, "%zu objects are saved in %s", n, file_of(c));
}

/* One line for what was done, none for what was there; failures to stderr. */
static void print_step(const struct account *a, const struct vpart_config_step *s)
{
	static const char *const would[VPART_CONFIG_RESULTS] = {
		[VPART_CONFIG_ADDED] = "would be added",
		[VPART_CONFIG_CHANGED] = "would be changed",
		[VPART_CONFIG_FAILED] = "would fail",
	};
	const char *what = a->dry_run ? would[s->result] : vpart_config_result_name(s->result);

	if (s->result == VPART_CONFIG_KEPT)
		return;
	fflush(stdout);
	fprintf(s->result == VPART_CONFIG_FAILED ? stderr : stdout, "%s %s: %s%s%s\n", s->object,
		s->name, what, s->text[0] ? ": " : "", s->text);
}

static void step(const struct vpart_config_step *s, void *arg)
{
	struct account *a = arg;
	struct json_object *o;

	a->count[s->result]++;
	/* At boot nobody reads what is printed. */
	if (s->result == VPART_CONFIG_FAILED && !a->dry_run)
		syslog(LOG_DAEMON | LOG_ALERT, "%s %s is not restored: %s", s->object, s->name,
		       s->text);
	if (!a->c->json) {
		print_step(a, s);
		return;
	}
	o = json_object_new_object();
	put_text(o, "object", s->object);
	put_text(o, "name", s->name);
	put_text(o, "result", vpart_config_result_name(s->result));
	put_text(o, "text", s->text);
	json_object_array_add(a->rows, o);
}

static void print_sum(const struct account *a)
{
	size_t all = 0, i;

	for (i = 0; i < VPART_CONFIG_RESULTS; i++)
		all += a->count[i];
	if (all == a->count[VPART_CONFIG_KEPT])
		printf("nothing to do: all %zu objects of %s are there\n", all, file_of(a->c));
	else
		printf("%zu objects: %zu %sadded, %zu changed, %zu were there, %zu failed\n", all,
		       a->count[VPART_CONFIG_ADDED], a->dry_run ? "would be " : "",
		       a->count[VPART_CONFIG_CHANGED], a->count[VPART_CONFIG_KEPT],
		       a->count[VPART_CONFIG_FAILED]);
}

static void print_json_sum(const struct account *a)
{
	struct json_object *o = json_object_new_object();
	size_t i;

	put_text(o, "file", file_of(a->c));
	put_bool(o, "dry_run", a->dry_run);
	for (i = 0; i < VPART_CONFIG_RESULTS; i++)
		put_number(o, vpart_config_result_name((enum vpart_config_result)i), a->count[i]);
	json_object_object_add(o, "objects", json_object_get(a->rows));
	print_one(a->c, o);
}

static int run_restore(struct cmd *c)
{
	struct account a = { .c = c, .dry_run = word(c, "--dry-run") };
	struct vpart_config_opts opts = { .dry_run = a.dry_run, .step = step, .arg = &a };
	uint32_t wait_s = DISKS_WAIT;
	size_t objects = 0, i;
	int ret;

	if (word(c, "--timeout")) {
		ret = to_number(c, word(c, "--timeout"), "time-out in seconds", 0, DISKS_WAIT_MAX,
				&wait_s);
		if (ret)
			return ret;
	}
	opts.wait_ms = wait_s * 1000;
	openlog("vpart", LOG_PID, LOG_DAEMON);
	a.rows = json_object_new_array();
	ret = vpart_config_restore(c->v, file_of(c), &opts) ? failed(c) : EXIT_SUCCESS;
	for (i = 0; i < VPART_CONFIG_RESULTS; i++)
		objects += a.count[i];
	/* Refused as a whole, there is nothing to sum up. */
	if (objects || !ret) {
		if (c->json)
			print_json_sum(&a);
		else
			print_sum(&a);
	}
	json_object_put(a.rows);
	return ret;
}

static const struct verb verbs[] = {
	{
		.name = "save", .args = "[FILE]", .max = 1, .run = run_save,
		.what = "Write down nodes, partitions, adapter pairs, LUs and mirrors.",
		.more = "  FILE       (" VPART_CONFIG_FILE "); replaced as a whole\n\n"
			"A device is written down by its identity (WWN, serial number, UUID), where it\n"
			"has one, so that it is found again under another name.",
		.example = "vpart config save",
	}, {
		.name = "restore", .args = "[FILE] [--dry-run] [--timeout SECONDS]", .max = 1,
		.run = run_restore, .words = { "--dry-run", "--timeout=" },
		.what = "Bring back what was saved; what is there already is left as it is.",
		.more = "  FILE       (" VPART_CONFIG_FILE ")\n"
			"  --dry-run  only say what would be done\n"
			"  --timeout  how long to wait for the disks of the clients (60)\n\n"
			"A file that contradicts what exists is refused before anything is done. When\n"
			"one object fails the others still have their turn, the exit code is 1, and the\n"
			"system's log has an alert. What was missing comes with the next restore.",
		.example = "vpart config restore --dry-run",
	}, { .name = NULL },
};

const struct noun config_noun = { "config", "all of it in a file, for the next boot", verbs };
