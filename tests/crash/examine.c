// SPDX-License-Identifier: GPL-2.0
/*
 * Two legs as a crash left them. What is on them must fit the bits (V9); each
 * start that is allowed must show every write that was promised (V1, V8), each
 * other one is refused (P17); then both legs are equal, and no more was copied
 * than what was dirty.
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "crash.h"

struct tally tally;

static bool region_equal(struct media *const leg[LEGS], unsigned int r)
{
	size_t at = (size_t)r * REGION_BLOCKS * BS;

	return !memcmp(leg[0]->data + at, leg[1]->data + at, REGION_BLOCKS * BS);
}

static unsigned int dirty_bits(struct media *const leg[LEGS])
{
	unsigned int r, n = 0;

	for (r = 0; r < REGIONS; r++)
		n += media_bit(leg[0], r) || media_bit(leg[1], r);
	return n;
}

/* V9, on the media themselves. */
void examine_media(struct media *const leg[LEGS])
{
	unsigned int r;
	bool bit;

	for (r = 0; r < REGIONS; r++) {
		bit = media_bit(leg[0], r) || media_bit(leg[1], r);
		if (!bit && !region_equal(leg, r))
			fail("V9 the legs differ in region %u, and no bit says so", r);
		if (bit && !promise.touched[r])
			fail("V9 region %u is dirty, though nothing wrote it", r);
	}
}

static void restore(struct media *const leg[LEGS])
{
	unsigned int i;

	for (i = 0; i < LEGS; i++)
		media_write(leg_name[i], leg[i]);
}

static void kept(const uint32_t *floor, const char *what, unsigned char *data)
{
	int fd = mirror_open();

	read_all(fd, data);
	close(fd);
	check_kept(data, floor, what);
}

/* Each leg without the other; the legs are as before afterwards. */
void examine_alone(struct media *const leg[LEGS], const uint32_t *floor)
{
	static unsigned char *data;
	struct facts f;
	unsigned int i;
	int r;

	if (!data)
		data = aligned(BLOCKS * BS);
	for (i = 0; i < LEGS; i++) {
		media_facts(leg[i], &f);
		r = mirror_start(1u << i);
		tally.starts++;
		if (r && may_serve_alone(&f))
			fail("P17 leg %u has ALONE_OK, but does not start alone: error %d", i, r);
		if (r) {
			tally.refused++;
			continue;
		}
		if (!may_serve_alone(&f))
			fail("P17 V8 leg %u starts alone with flags %x", i, f.flags);
		tally.alone++;
		kept(floor, i ? "V8 leg 1 alone" : "V8 leg 0 alone", data);
		mirror_stop();
		restore(leg);
	}
}

/*
 * Both legs: the mirror runs afterwards, its legs are equal, and @data is what
 * they hold.
 */
void examine_both(struct media *const leg[LEGS], const uint32_t *floor, unsigned char *data)
{
	unsigned int dirty = dirty_bits(leg);
	static unsigned char *again;
	struct status s;
	int r;

	if (!again)
		again = aligned(BLOCKS * BS);
	r = mirror_start(BOTH);
	tally.starts++;
	if (r)
		fail("V1 the set does not start with both legs: error %d", r);
	mirror_status(&s);
	if (!strcmp(s.state, "normal"))
		tally.in_sync++;
	else
		tally.from[s.flag[0] == 'A' ? 0 : 1]++;
	kept(floor, "V1 after the start with both legs", data);
	mirror_wait("normal");
	mirror_status(&s);
	if (s.copied_kib > dirty * REGION_BLOCKS * BS / 1024)
		fail("V9 %lu KiB were copied, only %u regions were dirty", s.copied_kib, dirty);
	tally.copied_kib += s.copied_kib;
	tally.dirty_kib += dirty * REGION_BLOCKS * BS / 1024;
	examine_equal(again);
	if (memcmp(data, again, BLOCKS * BS))
		fail("V2 what was read after the start is not what the legs hold after the resync");
}

/* The mirror is normal and idle: V9 on both media, @data is what they hold. */
void examine_equal(unsigned char *data)
{
	static struct media *leg[LEGS];
	struct facts f[LEGS];
	unsigned int i;

	for (i = 0; i < LEGS && !leg[i]; i++)
		leg[i] = media_new();
	if (dm_suspend("m", true))
		die("m cannot be suspended");
	for (i = 0; i < LEGS; i++) {
		media_read(leg_name[i], leg[i]);
		media_facts(leg[i], &f[i]);
		if (!f[i].valid || f[i].flags || f[i].bitmap)
			fail("P16 leg %u after the resync: flags %x, bitmap id %llx", i, f[i].flags,
			     (unsigned long long)f[i].bitmap);
	}
	if (f[0].current != f[1].current)
		fail("P16 the legs have two copy ids after the resync");
	for (i = 0; i < REGIONS; i++) {
		if (!region_equal(leg, i))
			fail("V9 region %u differs after the resync", i);
		if (media_bit(leg[0], i) || media_bit(leg[1], i))
			fail("V9 region %u is dirty after the resync", i);
	}
	memcpy(data, leg[0]->data, BLOCKS * BS);
	if (dm_resume("m"))
		die("m cannot be resumed");
}
