/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What power and replay share: a small vmirror under load, what its writer was
 * told, and the media of its legs after a crash.
 *
 *	dm.c		device-mapper by ioctl
 *	mirror.c	the mirror m over the legs l0 and l1: start, status, stop
 *	media.c		what is on a leg, outside the mirror
 *	load.c		writes, reads and flushes, and what was promised about them
 *	cut_*.c		disks whose power can be cut
 *	examine.c	two legs after a crash: every start that is allowed, and none else
 *
 * One thread; every wait is bounded. A broken promise ends the program by
 * fail(), with the context (seed, round, plan) that note() was given.
 */
#ifndef CRASH_H
#define CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEGS		2
#define BS		4096u
#define BLOCKS		512u			/* of data: 2 MiB */
#define REGION_BLOCKS	16u			/* 64 KiB, the smallest there is */
#define REGIONS		(BLOCKS / REGION_BLOCKS)
#define META_BLOCKS	17u			/* superblocks, one block of bitmap */
#define BITMAP_BLOCK	16u
#define DATA_BLOCK	256u			/* 1 MiB */
#define SECTORS(blocks)	((uint64_t)(blocks) * (BS / 512))
#define LEG_SECTORS	SECTORS(DATA_BLOCK + BLOCKS)
#define LIMIT_MS	30000u			/* of every wait */

/* --- crash.c: failures, random numbers, time --- */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void seed_random(uint64_t seed);
uint64_t random64(void);
unsigned int below(unsigned int n);		/* 0 .. n - 1 */
bool chance(unsigned int percent);
uint64_t now_us(void);
void pause_us(unsigned int us);
void *aligned(size_t size);
void write_file(const char *value, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- dm.c; each returns 0 or -errno --- */
void dm_open(void);
int dm_create(const char *name);
int dm_load(const char *name, uint64_t sectors, const char *target, const char *params);
int dm_suspend(const char *name, bool flush);
int dm_resume(const char *name);
int dm_remove(const char *name);
int dm_status(const char *name, char *text, size_t size);
int dm_message(const char *name, const char *text);
void dm_path(const char *name, char *path, size_t size);
int dm_swap(const char *name, uint64_t sectors, const char *target, const char *params);

/* --- media.c --- */
struct facts {
	bool valid;
	uint64_t seq, current, bitmap, history[32];
	uint32_t flags;
};

#define F_ALONE_OK	1u
#define F_TARGET	2u
#define F_OUTDATED	4u

struct media {
	unsigned char meta[META_BLOCKS * BS];
	unsigned char data[BLOCKS * BS];
};

struct media *media_new(void);
void media_read(const char *device, struct media *to);
void media_write(const char *device, const struct media *from);
void media_facts(const struct media *m, struct facts *f);
bool media_bit(const struct media *m, unsigned int region);
bool may_serve_alone(const struct facts *f);

/* --- mirror.c --- */
#define LEG_0		1u
#define LEG_1		2u
#define BOTH		3u

struct status {
	char state[16];
	char flag[LEGS];
	unsigned int clean, total, region, hot;
	unsigned long copied_kib;
};

extern const char * const leg_name[LEGS];
extern unsigned int clean_ms;			/* of the next start */
int mirror_create(void);
int mirror_start(unsigned int legs);
void mirror_stop(void);
void mirror_status(struct status *s);
void mirror_message(const char *text);
bool mirror_in(const char *state);
void mirror_wait(const char *state);
void mirror_wait_left(const char *state);
int mirror_open(void);

/* --- load.c --- */
struct promise {
	uint32_t base[BLOCKS];		/* version at the last agreement */
	uint32_t mark[BLOCKS];		/* highest version issued before it */
	uint32_t issued[BLOCKS];
	uint32_t acked[BLOCKS];
	uint32_t seen[BLOCKS];		/* highest that a read has shown */
	uint32_t durable[BLOCKS];
	bool touched[REGIONS];		/* written since the last agreement */
};

struct load_mix {
	unsigned int read, flush, fua;	/* per cent of all, all, writes */
	unsigned int spread;		/* writes stay in so many blocks */
	unsigned int depth;
};

extern struct promise promise;
extern struct load_mix mix;
extern bool may_fail;			/* no leg is left: errors are right */
extern unsigned long writes_done, flushes_done, reads_done, errors_seen;
extern void (*on_durable)(void);	/* after a flush or FUA write ended well */

void fill_block(void *buf, unsigned int block, uint32_t version);
uint32_t block_version(const void *buf, unsigned int block);	/* fails if it is none */
void load_open(void);
void load_run(unsigned int ops);
void load_drain(void);
void load_close(void);
void load_flush(void);
void load_forget(void);
void load_shown(void);
void agree(const unsigned char *data);
void check_kept(const unsigned char *data, const uint32_t *floor, const char *what);
void read_all(int fd, unsigned char *data);

/* --- cut_null.c, cut_nbd.c: what was not flushed is gone after off() --- */
struct disks {
	const char *path;	/* and the number of the leg */
	void (*make)(unsigned int leg);
	void (*on)(unsigned int leg);
	void (*off)(unsigned int leg);
};

extern const struct disks null_disks, nbd_disks;

/* --- examine.c --- */
struct tally {
	unsigned long starts, alone, refused, copied_kib, dirty_kib, from[LEGS], in_sync;
};

extern struct tally tally;
void examine_media(struct media *const leg[LEGS]);
void examine_alone(struct media *const leg[LEGS], const uint32_t *floor);
void examine_both(struct media *const leg[LEGS], const uint32_t *floor, unsigned char *data);
void examine_equal(unsigned char *data);

#endif
