// SPDX-License-Identifier: GPL-2.0
/*
 * replay SEED OPS STEP SECONDS: one total order over both legs. l0 and l1 are the two
 * halves of one dm-log-writes device, whose log has every write in the order in
 * which it became durable. A load with leg losses and resyncs is recorded, with a
 * mark whenever a flush was acknowledged; then the log is replayed, and at each
 * mark, and at about every STEP-th entry between, the mirror is started as after
 * a crash at that moment.
 *
 * Entries between two flushes were in a cache until the second one: there a
 * crash may have left any of them. Half of the points between marks take some of
 * them only: those of one leg, or a random choice.
 *
 * Two things the log cannot tell, and power has to find: which leg a flush was
 * for (it makes the writes of both durable), and that a FUA write came after one
 * of the same block that was still in the cache. So no data is written with FUA.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash.h"

#define NULLB		"/sys/kernel/config/nullb/"
#define LOG_MIB		192
#define LOG_MAGIC	0x6a736677736872ULL
#define LOG_FLUSH	1u
#define LOG_FUA		2u
#define LOG_MARK	8u
#define MAX_MARKS	4096

/* One sector each; the sectors written follow it. */
struct log_super {
	uint64_t magic, version, entries;
	uint32_t sector_size;
} __attribute__((packed));

struct log_entry {
	uint64_t sector, sectors, flags, length;
	char mark[];
};

struct entry {
	uint64_t sector, sectors, flags;
	const unsigned char *data;
	unsigned int mark;	/* marks up to here, this one included */
};

/* What was promised at a mark; a mark's text is its number. */
struct mark {
	uint32_t durable[BLOCKS];
	bool touched[REGIONS];
};

static struct mark *marks;
static unsigned int nr_marks;
static struct media *image[LEGS], *after[LEGS];
static unsigned char *content, *raw;
static struct entry *entries;
static unsigned long nr_entries;
static struct {
	unsigned long marks, between, partial, losses;
} count;

/* --- devices --- */

static void ram_disk(const char *name, unsigned int mib)
{
	char path[128], size[16];

	snprintf(path, sizeof(path), NULLB "%s", name);
	snprintf(size, sizeof(size), "%u", mib);
	if (mkdir(path, 0755))
		die("%s: %s", path, strerror(errno));
	write_file("1", "%s/memory_backed", path);
	write_file("4096", "%s/blocksize", path);
	write_file("0", "%s/irqmode", path);
	write_file(size, "%s/size", path);
	write_file("1", "%s/power", path);
}

static void make(const char *name, uint64_t sectors, const char *target, const char *params)
{
	int r = dm_create(name);

	if (!r)
		r = dm_load(name, sectors, target, params);
	if (!r)
		r = dm_resume(name);
	if (r)
		die("%s cannot be made: %s %s: %s", name, target, params, strerror(-r));
}

/* The legs as halves of @under. */
static void leg_params(unsigned int i, const char *under, char *params, size_t size)
{
	snprintf(params, size, "%s %llu", under, (unsigned long long)(i * LEG_SECTORS));
}

static void make_legs(const char *under)
{
	char params[96];
	unsigned int i;

	for (i = 0; i < LEGS; i++) {
		leg_params(i, under, params, sizeof(params));
		make(leg_name[i], LEG_SECTORS, "linear", params);
	}
}

static void drop_legs(void)
{
	unsigned int i;

	for (i = 0; i < LEGS; i++)
		if (dm_remove(leg_name[i]))
			die("%s cannot be removed", leg_name[i]);
}

/* --- the recording --- */

static void mark(void)
{
	char text[32];
	struct mark *m = &marks[nr_marks];

	if (nr_marks == MAX_MARKS)
		return;
	memcpy(m->durable, promise.durable, sizeof(m->durable));
	snprintf(text, sizeof(text), "mark %u", nr_marks++);
	if (dm_message("log", text))
		die("the log takes no mark");
}

static void leg_swap(unsigned int i, bool lost)
{
	char under[64], params[96];

	dm_path("log", under, sizeof(under));
	leg_params(i, under, params, sizeof(params));
	if (dm_swap(leg_name[i], LEG_SECTORS, lost ? "error" : "linear", lost ? "" : params))
		die("%s cannot be swapped", leg_name[i]);
}

static void rest(void)
{
	load_drain();
	pause_us(clean_ms * 3000);
}

static void lose_and_return(unsigned int lost, unsigned int ops)
{
	leg_swap(lost, true);
	do {
		load_run(4);
	} while (mirror_in("normal") || mirror_in("suspect"));
	load_run(below(ops));
	leg_swap(lost, false);
	mirror_message("attach");
	load_run(below(ops));
	if (chance(50))
		load_flush();
	if (chance(80))
		mirror_wait("normal");
	else	/* resync, or past it */
		mirror_wait_left("degraded");
	count.losses++;
}

static void record(unsigned int ops)
{
	char params[96];
	unsigned int done, n, part = 0, first = below(LEGS);

	snprintf(params, sizeof(params), "/dev/store /dev/log");
	make("log", 2 * LEG_SECTORS, "log-writes", params);
	dm_path("log", params, sizeof(params));
	make_legs(params);
	if (mirror_create())
		die("the mirror cannot be made");
	load_open();
	load_flush();
	on_durable = mark;
	mark();
	for (done = 0; done < ops; done += n) {
		n = 10 + below(40);
		mix.spread = chance(50) ? BLOCKS : 1 + below(BLOCKS);
		mix.flush = below(20);
		load_run(n);
		if (chance(30))
			rest();
		if (part++ % 3 == 1 || chance(10)) {
			mirror_wait("normal");
			lose_and_return((first + count.losses) % LEGS, 30);
		}
	}
	mirror_wait("normal");
	load_flush();
	on_durable = NULL;
	load_close();
	mirror_stop();
	drop_legs();
	if (dm_remove("log"))
		die("log cannot be removed");
}

/* --- the log --- */

static uint64_t read_log(void)
{
	const struct log_super *super;
	const struct log_entry *e;
	size_t at = BS, size = (size_t)LOG_MIB << 20;
	unsigned int marked = 0;
	unsigned long i;
	int fd = open("/dev/log", O_RDONLY | O_DIRECT);

	raw = aligned(size);
	if (fd < 0)
		die("/dev/log: %s", strerror(errno));
	for (i = 0; i < size; i += 1 << 20)
		if (pread(fd, raw + i, 1 << 20, i) != 1 << 20)
			die("/dev/log: %s", strerror(errno));
	close(fd);
	super = (const void *)raw;
	if (le64toh(super->magic) != LOG_MAGIC || le32toh(super->sector_size) != BS)
		die("/dev/log holds no log of 4096 byte sectors");
	nr_entries = le64toh(super->entries);
	entries = calloc(nr_entries, sizeof(*entries));
	for (i = 0; i < nr_entries; i++) {
		if (at >= size)
			die("the log is longer than its device");
		e = (const void *)(raw + at);
		if ((le64toh(e->flags) & LOG_MARK) && isdigit(e->mark[0]))
			marked = atoi(e->mark) + 1;
		entries[i] = (struct entry){
			.sector = le64toh(e->sector), .sectors = le64toh(e->sectors),
			.flags = le64toh(e->flags), .data = raw + at + BS, .mark = marked,
		};
		at += BS + le64toh(e->sectors) * BS;
	}
	if (marked != nr_marks)
		die("%u marks were made, the log has %u", nr_marks, marked);
	return nr_entries;
}

/* Sectors of the log are blocks. */
static void apply(const struct entry *e, struct media *const to[LEGS])
{
	uint64_t b, n, per_leg = DATA_BLOCK + BLOCKS;

	if (e->flags & LOG_MARK)
		return;
	for (n = 0; n < e->sectors; n++) {
		struct media *leg = to[(e->sector + n) / per_leg];

		b = (e->sector + n) % per_leg;
		if (b < META_BLOCKS)
			memcpy(leg->meta + b * BS, e->data + n * BS, BS);
		else if (b >= DATA_BLOCK)
			memcpy(leg->data + (b - DATA_BLOCK) * BS, e->data + n * BS, BS);
		else
			die("a write to block %llu of a leg", (unsigned long long)b);
	}
}

static bool in_cache(const struct entry *e)
{
	return !(e->flags & (LOG_FLUSH | LOG_FUA | LOG_MARK));
}

/* --- the replay --- */

static void start_here(struct media *const leg[LEGS], unsigned int marked)
{
	const uint32_t *durable = marks[marked - 1].durable;
	unsigned int i;

	examine_media(leg);
	for (i = 0; i < LEGS; i++)
		media_write(leg_name[i], leg[i]);
	examine_alone(leg, durable);
	examine_both(leg, durable, content);
	mirror_stop();
}

/* Some of the writes that the next flush found in the caches. */
static void some_of_the_rest(unsigned long at)
{
	unsigned int choice = below(3);
	unsigned long i;

	for (i = 0; i < LEGS; i++)
		memcpy(after[i], image[i], sizeof(*after[i]));
	for (i = at; i < nr_entries && in_cache(&entries[i]); i++) {
		unsigned int leg = entries[i].sector / (DATA_BLOCK + BLOCKS);

		if (choice == 2 ? chance(50) : choice == leg)
			apply(&entries[i], after);
	}
}

static void replay(unsigned int step, uint64_t end)
{
	unsigned int marked = 0, until = below(step) + 1;
	unsigned long i;

	for (i = 0; i < nr_entries && now_us() < end; i++) {
		apply(&entries[i], image);
		note("entry %lu of %lu, mark %u of %u", i, nr_entries, entries[i].mark, nr_marks);
		if (!entries[i].mark)
			continue;
		if (entries[i].mark != marked) {
			marked = entries[i].mark;
			/* Marks follow each other when requests were answered at once. */
			if (i + 1 < nr_entries && entries[i + 1].mark != marked)
				continue;
			start_here(image, marked);
			count.marks++;
		} else if (!--until) {
			until = below(step) + 1;
			if (chance(50)) {
				some_of_the_rest(i + 1);
				start_here(after, marked);
				count.partial++;
			} else {
				start_here(image, marked);
				count.between++;
			}
		}
	}
	if (i < nr_entries)
		printf("cut short at entry %lu\n", i);
}

int main(int argc, char **argv)
{
	uint64_t seed, begin = now_us(), recorded;
	unsigned int i;

	if (argc != 5) {
		fprintf(stderr, "usage: replay SEED OPS STEP SECONDS\n");
		return 2;
	}
	seed = strtoull(argv[1], NULL, 0);
	seed_random(seed);
	note("seed %llu, recording", (unsigned long long)seed);
	for (i = 0; i < LEGS; i++) {
		image[i] = media_new();
		after[i] = media_new();
	}
	content = aligned(BLOCKS * BS);
	marks = calloc(MAX_MARKS, sizeof(*marks));
	dm_open();
	ram_disk("store", 8);
	ram_disk("log", LOG_MIB);
	ram_disk("copy", 8);
	clean_ms = 10;
	mix.fua = 0;
	record(strtoul(argv[2], NULL, 0));
	read_log();
	recorded = now_us();

	make_legs("/dev/copy");
	/* The log has no time of agreement: everything may be dirty. */
	for (i = 0; i < REGIONS; i++)
		promise.touched[i] = true;
	memset(promise.mark, 0, sizeof(promise.mark));
	replay(strtoul(argv[3], NULL, 0), begin + strtoull(argv[4], NULL, 0) * 1000000);
	printf("seed=%llu entries=%lu at_marks=%lu between=%lu partial=%lu losses=%lu\n"
	       "starts=%lu alone=%lu refused=%lu in_sync=%lu from_0=%lu from_1=%lu copied_kib=%lu dirty_kib=%lu\n"
	       "writes=%lu flushes=%lu reads=%lu recorded=%llu seconds=%llu\n",
	       (unsigned long long)seed, nr_entries, count.marks, count.between, count.partial,
	       count.losses, tally.starts, tally.alone, tally.refused, tally.in_sync,
	       tally.from[0], tally.from[1], tally.copied_kib, tally.dirty_kib, writes_done,
	       flushes_done, reads_done, (unsigned long long)((recorded - begin) / 1000000),
	       (unsigned long long)((now_us() - begin) / 1000000));
	drop_legs();
	return 0;
}
