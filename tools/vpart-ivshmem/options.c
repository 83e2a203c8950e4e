// SPDX-License-Identifier: GPL-2.0
/* The words of "serve": segments, and the options of each. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ivshmem.h"

#define MIN_SIZE	(64ULL << 10)
#define MAX_SIZE	(64ULL << 30)

/* What a segment is when nothing else is said. */
static const struct segment defaults = {
	.size = 16ULL << 20, .vectors = 4, .mode = 0600, .gid = (gid_t)-1,
	.lock = -1, .listener = -1, .reporter = -1, .memory = -1,
	.peer = { { .sock = -1 }, { .sock = -1 } },
};

/* A whole number without sign; 0, or -EINVAL */
static int number(const char *text, int base, uint64_t max, uint64_t *value, char **end)
{
	errno = 0;
	*value = strtoull(text, end, base);
	return text[0] < '0' || text[0] > '9' || errno || *value > max ? -EINVAL : 0;
}

static int take_path(struct segment *s, const char *text)
{
	if (!text[0] || strlen(text) > MAX_PATH)
		return usage("serve", "the path '%s' has more than %d characters, or none",
			     text, MAX_PATH);
	s->path = text;
	return 0;
}

static int take_size(struct segment *s, const char *text)
{
	static const char units[] = "KMG";
	uint64_t size;
	const char *unit;
	char *end;

	if (!number(text, 10, MAX_SIZE, &size, &end)) {
		unit = *end ? strchr(units, *end) : NULL;
		if (unit && !end[1]) {
			unsigned int shift = 10 * (unsigned int)(unit - units + 1);

			/* 0 is refused below, as is what would not fit. */
			size = size > (MAX_SIZE >> shift) ? 0 : size << shift;
			end++;
		}
		if (!*end && size >= MIN_SIZE && !(size & (size - 1))) {
			s->size = size;
			return 0;
		}
	}
	return usage("serve", "'%s' is no size: a power of two from 64K to 64G is", text);
}

static int take_vectors(struct segment *s, const char *text)
{
	uint64_t n;
	char *end;

	if (number(text, 10, MAX_VECTORS, &n, &end) || *end || !n)
		return usage("serve", "'%s' is no number of vectors: 1 to %d is", text,
			     MAX_VECTORS);
	s->vectors = (unsigned int)n;
	return 0;
}

static int take_mode(struct segment *s, const char *text)
{
	uint64_t mode;
	char *end;

	if (number(text, 8, 0777, &mode, &end) || *end)
		return usage("serve", "'%s' is no mode: an octal number to 0777 is", text);
	s->mode = (mode_t)mode;
	return 0;
}

static int take_group(struct segment *s, const char *text)
{
	struct group *g = getgrnam(text);
	uint64_t n;
	char *end;

	if (g)
		s->gid = g->gr_gid;
	else if (!number(text, 10, UINT32_MAX - 1, &n, &end) && !*end)
		s->gid = (gid_t)n;
	else
		return usage("serve", "there is no group '%s'", text);
	return 0;
}

static int take_user(struct segment *s, const char *text)
{
	struct passwd *p = getpwnam(text);
	uint64_t n;
	char *end;

	if (s->nallowed == MAX_ALLOWED)
		return usage("serve", "--allow-uid is given more than %d times", MAX_ALLOWED);
	if (p)
		s->allowed[s->nallowed++] = p->pw_uid;
	else if (!number(text, 10, UINT32_MAX - 1, &n, &end) && !*end)
		s->allowed[s->nallowed++] = (uid_t)n;
	else
		return usage("serve", "there is no user '%s'", text);
	return 0;
}

static const struct option {
	const char	*name;
	int		(*take)(struct segment *s, const char *text);
} options[] = {
	{ "--socket", take_path },
	{ "--size", take_size },
	{ "--vectors", take_vectors },
	{ "--mode", take_mode },
	{ "--group", take_group },
	{ "--allow-uid", take_user },
	{ }
};

static int parse_word(struct segment *s, const char *name, const char *value)
{
	const struct option *o;

	for (o = options; o->name; o++)
		if (!strcmp(o->name, name))
			break;
	if (!o->name)
		return usage("serve", "unknown %s '%s'", name[0] == '-' ? "option" : "word", name);
	if (!value)
		return usage("serve", "a value is missing after '%s'", name);
	return o->take(s, value);
}

static int check_paths(const struct segment *s, unsigned int n)
{
	unsigned int i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(s[i].path, s[j].path))
				return usage("serve", "the socket '%s' is given twice", s[i].path);
	return 0;
}

/*
 * The segments that the words ask for; the caller frees them. 0, or an exit code
 * after saying why.
 */
int parse_segments(int argc, char **argv, struct segment **segments, unsigned int *n)
{
	struct segment common = defaults, *all;
	int i, ret = 0;

	*n = 0;
	all = calloc(MAX_SEGMENTS, sizeof(*all));
	if (!all)
		return failed("out of memory");
	for (i = 0; i < argc && !ret; i += 2) {
		if (!strcmp(argv[i], "--socket")) {
			if (*n == MAX_SEGMENTS) {
				ret = usage("serve", "more than %d segments", MAX_SEGMENTS);
				break;
			}
			all[(*n)++] = common;
		}
		ret = parse_word(*n ? &all[*n - 1] : &common, argv[i],
				 i + 1 < argc ? argv[i + 1] : NULL);
	}
	if (!ret && !*n)
		ret = usage("serve", "--socket is missing");
	if (!ret)
		ret = check_paths(all, *n);
	if (ret)
		free(all);
	else
		*segments = all;
	return ret;
}
