// SPDX-License-Identifier: GPL-2.0
/* What the command prints: a table or a sentence for people, JSON for programs */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

#define JSON_FLAGS	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)
#define MAX_COLUMNS	16
#define STUCK_SHOWN	16	/* for people; a program gets all */

/* An empty text is null: there is none. */
void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text[0] ? json_object_new_string(text) : NULL);
}

void put_number(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

void put_bool(struct json_object *o, const char *key, bool value)
{
	json_object_object_add(o, key, json_object_new_boolean(value));
}

void put_uuid(struct json_object *o, const uint8_t id[VPART_UUID_SIZE])
{
	char text[VPART_UUID_TEXT];

	vpart_uuid_format(id, text);
	put_text(o, "uuid", vpart_uuid_is_null(id) ? "" : text);
}

/* The disks of a client's end, a list for programs; frees @disks, which may be NULL. */
void put_disks(struct json_object *o, char (*disks)[VPART_DISK_SIZE], size_t n)
{
	struct json_object *list = json_object_new_array();
	char path[VPART_DISK_SIZE + 8];
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/dev/%s", disks[i]);
		json_object_array_add(list, json_object_new_string(path));
	}
	free(disks);
	json_object_object_add(o, "disks", list);
}

/* The same in one word after the other, for people. */
void join_disks(struct json_object *o)
{
	struct json_object *list = json_object_object_get(o, "disks");
	size_t i, n = json_object_array_length(list), len = 0;
	char text[256] = "";

	for (i = 0; i < n && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
			json_object_get_string(json_object_array_get_idx(list, i)));
	put_text(o, "disks", text);
}

void human_bytes(char *buf, size_t size, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit < ARRAY_SIZE(units) - 1) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, size, value == (double)(uint64_t)value ? "%.0f %s" : "%.1f %s", value,
		 units[unit]);
}

void human_us(char *buf, size_t size, uint64_t us)
{
	if (us < 1000)
		snprintf(buf, size, "%llu us", (unsigned long long)us);
	else if (us < 1000000)
		snprintf(buf, size, "%.1f ms", (double)us / 1000);
	else
		snprintf(buf, size, "%.1f s", (double)us / 1000000);
}

/* Is it a number of this kind? Its key says so: "bytes", "tx_bytes". */
static bool counts(const char *key, const char *unit)
{
	size_t len = strlen(key), end = strlen(unit);

	return len >= end && !strcmp(key + len - end, unit);
}

/* One value as people read it. */
static void cell(struct json_object *row, const char *key, char *buf, size_t size)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(row, key, &value) || !value)
		snprintf(buf, size, "-");
	else if (counts(key, "bytes"))
		human_bytes(buf, size, json_object_get_uint64(value));
	else if (counts(key, "_us"))
		human_us(buf, size, json_object_get_uint64(value));
	else if (json_object_is_type(value, json_type_boolean))
		snprintf(buf, size, "%s", json_object_get_boolean(value) ? "yes" : "no");
	else
		snprintf(buf, size, "%s", json_object_get_string(value));
}

static void print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_FLAGS));
}

static void print_table(FILE *f, struct json_object *rows, const struct column *cols)
{
	size_t width[MAX_COLUMNS], i, n, r, len;
	char text[1024];

	for (n = 0; cols[n].key && n < MAX_COLUMNS; n++)
		width[n] = strlen(cols[n].title);
	for (r = 0; r < json_object_array_length(rows); r++) {
		for (i = 0; i < n; i++) {
			cell(json_object_array_get_idx(rows, r), cols[i].key, text, sizeof(text));
			len = strlen(text);
			if (len > width[i])
				width[i] = len;
		}
	}
	for (i = 0; i < n; i++)
		fprintf(f, "%-*s%s", i + 1 < n ? (int)width[i] : 0, cols[i].title,
			i + 1 < n ? "  " : "\n");
	for (r = 0; r < json_object_array_length(rows); r++) {
		for (i = 0; i < n; i++) {
			cell(json_object_array_get_idx(rows, r), cols[i].key, text, sizeof(text));
			fprintf(f, "%-*s%s", i + 1 < n ? (int)width[i] : 0, text,
				i + 1 < n ? "  " : "\n");
		}
	}
}

/* Print @rows, an array, as a table or as JSON, and give it back. */
int print_rows(const struct cmd *c, struct json_object *rows, const struct column *cols)
{
	if (c->json)
		print_json(rows);
	else
		print_table(stdout, rows, cols);
	json_object_put(rows);
	return EXIT_SUCCESS;
}

/*
 * If commands that do not end were in the way: which. The sentence was said; for programs it is
 * beside them, since they read this alone.
 */
void print_stuck(const struct cmd *c)
{
	static const struct column columns[] = {
		{ "client", "CLIENT" }, { "adapter", "ADAPTER" }, { "lun", "LUN" },
		{ "tag", "TAG" }, { "command", "COMMAND" }, { "age_ms", "AGE (ms)" },
		{ "lba", "LBA" }, { "blocks", "BLOCKS" }, { NULL, NULL },
	};
	struct json_object *rows, *o;
	const struct vpart_command *list;
	size_t i, n, most;
	char tag[32];

	list = vpart_stuck_commands(c->v, &n);
	if (!n)
		return;
	most = !c->json && n > STUCK_SHOWN ? STUCK_SHOWN : n;
	rows = json_object_new_array();
	for (i = 0; i < most; i++) {
		o = json_object_new_object();
		snprintf(tag, sizeof(tag), "%u.%u", list[i].queue, list[i].tag);
		put_text(o, "client", list[i].client);
		put_text(o, "adapter", list[i].pair);
		put_number(o, "lun", list[i].lun);
		put_text(o, "tag", tag);
		put_text(o, "command", list[i].name);
		put_number(o, "age_ms", list[i].age_ms);
		if (list[i].range) {
			put_number(o, "lba", list[i].lba);
			put_number(o, "blocks", list[i].blocks);
		}
		json_object_array_add(rows, o);
	}
	if (c->json) {
		o = json_object_new_object();
		put_text(o, "error", vpart_last_error(c->v)->text);
		json_object_object_add(o, "commands", rows);
		print_json(o);
		json_object_put(o);
		return;
	}
	print_table(stderr, rows, columns);
	if (most < n)
		fprintf(stderr, "... and %zu more\n", n - most);
	json_object_put(rows);
}

/* Print all that is known of one object, and give it back. */
int print_one(const struct cmd *c, struct json_object *one)
{
	char text[1024];
	int width = 12;

	if (c->json) {
		print_json(one);
	} else {
		json_object_object_foreach(one, name, any) {
			(void)any;
			if (width < (int)strlen(name))
				width = (int)strlen(name);
		}
		json_object_object_foreach(one, key, value) {
			(void)value;
			cell(one, key, text, sizeof(text));
			printf("%-*s %s\n", width, key, text);
		}
	}
	json_object_put(one);
	return EXIT_SUCCESS;
}

/* A verb has done what it should: the object it was about, or a sentence. */
int done(const struct cmd *c, struct json_object *one, const char *fmt, ...)
{
	va_list ap;

	if (c->json) {
		print_json(one);
	} else {
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
		putchar('\n');
	}
	json_object_put(one);
	return EXIT_SUCCESS;
}
