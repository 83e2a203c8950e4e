// SPDX-License-Identifier: GPL-2.0
/* The mirror m over the legs l0 and l1. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "crash.h"

#define SET "5f2d7a10-6c1e-4d55-9d0a-2b8f6f7c01e1"

const char * const leg_name[LEGS] = { "l0", "l1" };
unsigned int clean_ms = 50;

/* Return: 0, or -errno of the refusal; then nothing is left of it. */
static int start(unsigned int legs, const char *features, const char *core)
{
	char path[LEGS][64] = { "-", "-" }, params[512];
	unsigned int leg;
	int r;

	for (leg = 0; leg < LEGS; leg++)
		if (legs & 1u << leg)
			dm_path(leg_name[leg], path[leg], sizeof(path[leg]));
	snprintf(params, sizeof(params), SET " %s %s %s %s clean_ms %u", path[0], path[1], features,
		 core, clean_ms);
	r = dm_create("m");
	if (r)
		die("dm: m cannot be created: %s", strerror(-r));
	r = dm_load("m", SECTORS(BLOCKS), "vmirror", params);
	if (!r)
		r = dm_resume("m");
	if (r && dm_remove("m"))
		die("dm: m cannot be removed after a refusal");
	return r;
}

int mirror_create(void)
{
	return start(BOTH, "2 create assume_clean", "4 region_size 128");
}

int mirror_start(unsigned int legs)
{
	return start(legs, "0", "2");
}

/* A request that was answered may still be letting go of the device. */
void mirror_stop(void)
{
	uint64_t end = now_us() + LIMIT_MS * 1000ULL;
	int r;

	while ((r = dm_remove("m")) == -EBUSY && now_us() < end)
		pause_us(1000);
	if (r)
		die("dm: m cannot be removed: %s", strerror(-r));
}

void mirror_status(struct status *s)
{
	char text[512], dev[LEGS][16], *key;
	int r = dm_status("m", text, sizeof(text));

	memset(s, 0, sizeof(*s));
	if (r)
		die("dm: no status of m: %s", strerror(-r));
	if (sscanf(text, "%15s 2 %15s %c %15s %c %u/%u", s->state, dev[0], &s->flag[0], dev[1],
		   &s->flag[1], &s->clean, &s->total) != 7)
		die("status of m: %s", text);
	key = strstr(text, "hot=");
	if (!key || sscanf(key, "hot=%u copied_kib=%lu", &s->hot, &s->copied_kib) != 2)
		die("status of m: %s", text);
}

void mirror_message(const char *text)
{
	int r = dm_message("m", text);

	if (r && r != -EINVAL)
		die("dm: message %s: %s", text, strerror(-r));
}

bool mirror_in(const char *state)
{
	struct status s;

	mirror_status(&s);
	return !strcmp(s.state, state);
}

static void wait_until(const char *state, bool in)
{
	uint64_t end = now_us() + LIMIT_MS * 1000ULL;
	struct status s;

	for (;;) {
		mirror_status(&s);
		if (!strcmp(s.state, state) == in)
			return;
		if (now_us() > end)
			fail("V10 the mirror stays %s, expected %s%s", s.state,
			     in ? "" : "not ", state);
		if (!strcmp(s.state, "degraded"))
			mirror_message("attach");
		pause_us(1000);
	}
}

void mirror_wait(const char *state)
{
	wait_until(state, true);
}

void mirror_wait_left(const char *state)
{
	wait_until(state, false);
}

int mirror_open(void)
{
	char path[64];
	int fd;

	dm_path("m", path, sizeof(path));
	fd = open(path, O_RDWR | O_DIRECT);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}
