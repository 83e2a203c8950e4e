// SPDX-License-Identifier: GPL-2.0
/*
 * A load of writes, FUA writes, flushes and reads on m, and what its user may
 * rely on. Each block of the volume says which version of itself it is. At most
 * one write of a block is out at a time, so its versions have one order.
 *
 *	acked	the write was good: read again as long as a leg serves
 *	durable	and a flush that was sent after that was good too, or it had FUA:
 *		there after any power cut
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "crash.h"

#define MAX_DEPTH	32
#define MAX_RUN		8	/* blocks of one request */
#define MAGIC		0x6d72697672206d76ULL

enum kind { FREE, READ, WRITE, FUA, FLUSH };
static const char * const kind_name[] = { "", "read", "write", "FUA write", "flush" };

struct request {
	struct iocb cb;
	enum kind kind;
	unsigned int block, count;
	unsigned char *buf;
	uint32_t snap[BLOCKS];	/* of a flush: acked; of a read: what it must show */
};

struct promise promise;
struct load_mix mix = { .read = 25, .flush = 5, .fua = 10, .spread = BLOCKS, .depth = 16 };
bool may_fail;
unsigned long writes_done, flushes_done, reads_done, errors_seen;
void (*on_durable)(void);

static struct request requests[MAX_DEPTH];
static bool busy[BLOCKS];
static unsigned int out;
static aio_context_t aio;
static int fd = -1;

static uint64_t word(unsigned int block, uint32_t version, unsigned int i)
{
	return (((uint64_t)block << 32 | version) + i) * 0x9e3779b97f4a7c15ULL;
}

void fill_block(void *buf, unsigned int block, uint32_t version)
{
	uint64_t *w = buf;
	unsigned int i;

	w[0] = MAGIC;
	w[1] = (uint64_t)block << 32 | version;
	for (i = 2; i < BS / sizeof(*w); i++)
		w[i] = word(block, version, i);
}

/* A block that was never written is zero: version 0. */
uint32_t block_version(const void *buf, unsigned int block)
{
	const uint64_t *w = buf;
	uint32_t version = w[1];
	unsigned int i;

	if (!w[0]) {
		for (i = 0; i < BS / sizeof(*w); i++)
			if (w[i])
				fail("V2 block %u: neither blank nor ever written", block);
		return 0;
	}
	if (w[0] != MAGIC || w[1] >> 32 != block)
		fail("V2 block %u holds another block's data, or nobody's: %016llx %016llx", block,
		     (unsigned long long)w[0], (unsigned long long)w[1]);
	for (i = 2; i < BS / sizeof(*w); i++)
		if (w[i] != word(block, version, i))
			fail("V2 block %u, version %u: word %u is of another version", block,
			     version, i);
	return version;
}

/* What may be read now, after nothing older than @floor. */
static void check_version(unsigned int block, uint32_t version, uint32_t floor, const char *what)
{
	const struct promise *p = &promise;

	if (version >= floor && version <= p->issued[block] &&
	    (version == p->base[block] || version > p->mark[block]))
		return;
	fail("%s: block %u (region %u) has version %u; base %u, issued %u, acknowledged %u, seen %u, durable %u, at least %u expected",
	     what, block, block / REGION_BLOCKS, version, p->base[block], p->issued[block],
	     p->acked[block], p->seen[block], p->durable[block], floor);
}

static bool range_free(unsigned int block, unsigned int count)
{
	while (count--)
		if (busy[block + count])
			return false;
	return true;
}

static bool prepare_write(struct request *r)
{
	unsigned int i, b;

	r->count = chance(70) ? 1 : 1 + below(MAX_RUN);
	r->block = below(mix.spread);
	if (r->block + r->count > BLOCKS)
		r->count = BLOCKS - r->block;
	if (!range_free(r->block, r->count))
		return false;
	for (i = 0; i < r->count; i++) {
		b = r->block + i;
		busy[b] = true;
		promise.touched[b / REGION_BLOCKS] = true;
		fill_block(r->buf + i * BS, b, ++promise.issued[b]);
	}
	r->cb.aio_lio_opcode = IOCB_CMD_PWRITE;
	if (r->kind == FUA)
		r->cb.aio_rw_flags = RWF_DSYNC;
	return true;
}

static uint32_t higher(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void prepare_read(struct request *r)
{
	unsigned int i;

	r->count = 1 + below(MAX_RUN);
	r->block = below(BLOCKS - r->count + 1);
	for (i = 0; i < r->count; i++)
		r->snap[i] = higher(promise.acked[r->block + i], promise.seen[r->block + i]);
	r->cb.aio_lio_opcode = IOCB_CMD_PREAD;
}

/* Return: false if there was nothing to be sent. */
static bool submit(struct request *r, enum kind kind)
{
	struct iocb *cb = &r->cb;

	memset(cb, 0, sizeof(*cb));
	r->kind = kind;
	switch (kind) {
	case READ:
		prepare_read(r);
		break;
	case FLUSH:
		r->count = 0;
		r->block = 0;
		memcpy(r->snap, promise.acked, sizeof(r->snap));
		cb->aio_lio_opcode = IOCB_CMD_FDSYNC;
		break;
	default:
		if (prepare_write(r))
			break;
		r->kind = FREE;
		return false;
	}
	cb->aio_fildes = fd;
	cb->aio_data = r - requests;
	if (r->count) {
		cb->aio_buf = (uintptr_t)r->buf;
		cb->aio_nbytes = r->count * BS;
		cb->aio_offset = (int64_t)r->block * BS;
	}
	if (syscall(SYS_io_submit, aio, 1L, &cb) != 1)
		die("io_submit: %s", strerror(errno));
	out++;
	return true;
}

static void ended_write(struct request *r, bool good)
{
	unsigned int b;

	for (b = r->block; b < r->block + r->count; b++) {
		busy[b] = false;
		if (!good)
			continue;
		promise.acked[b] = promise.issued[b];
		if (r->kind == FUA)
			promise.durable[b] = promise.issued[b];
	}
	writes_done += good;
}

static void ended_flush(struct request *r)
{
	unsigned int b;

	for (b = 0; b < BLOCKS; b++)
		promise.durable[b] = higher(promise.durable[b], r->snap[b]);
	flushes_done++;
}

static void ended_read(struct request *r)
{
	unsigned int i, b;
	uint32_t v;

	for (i = 0; i < r->count; i++) {
		b = r->block + i;
		v = block_version(r->buf + i * BS, b);
		check_version(b, v, r->snap[i], "V2 a read while the mirror serves");
		promise.seen[b] = higher(promise.seen[b], v);
	}
	reads_done++;
}

static void ended(struct request *r, int64_t res)
{
	bool good = res == (int64_t)r->count * BS;
	enum kind kind = r->kind;

	if (!good && !may_fail)
		fail("V1 a %s of blocks %u+%u ended with %lld while a leg serves", kind_name[kind],
		     r->block, r->count, (long long)res);
	errors_seen += !good;
	if (kind == WRITE || kind == FUA)
		ended_write(r, good);
	else if (good && kind == FLUSH)
		ended_flush(r);
	else if (good)
		ended_read(r);
	r->kind = FREE;
	out--;
	if (good && on_durable && (kind == FLUSH || kind == FUA))
		on_durable();
}

static void reap(unsigned int at_least)
{
	struct timespec limit = { LIMIT_MS / 1000, 0 };
	struct io_event events[MAX_DEPTH];
	long i, n = syscall(SYS_io_getevents, aio, (long)at_least, (long)MAX_DEPTH, events, &limit);

	if (n < (long)at_least)
		fail("V10 %u requests did not end within %u ms", out, LIMIT_MS);
	for (i = 0; i < n; i++)
		ended(&requests[events[i].data], events[i].res);
}

static struct request *idle_request(void)
{
	unsigned int i;

	for (i = 0; i < MAX_DEPTH; i++)
		if (requests[i].kind == FREE)
			return &requests[i];
	die("no request is free");
}

static enum kind random_kind(void)
{
	unsigned int n = below(100);

	if (n < mix.read)
		return READ;
	if (n < mix.read + mix.flush)
		return FLUSH;
	return chance(mix.fua) ? FUA : WRITE;
}

void load_open(void)
{
	unsigned int i;

	fd = mirror_open();
	if (!requests[0].buf)
		for (i = 0; i < MAX_DEPTH; i++)
			requests[i].buf = aligned(MAX_RUN * BS);
	if (!aio && syscall(SYS_io_setup, MAX_DEPTH, &aio))
		die("io_setup: %s", strerror(errno));
}

/* Send so many more; up to mix.depth of them are still out when it returns. */
void load_run(unsigned int ops)
{
	while (ops) {
		if (submit(idle_request(), random_kind()))
			ops--;
		else if (out)
			reap(1);
		while (out >= mix.depth)
			reap(1);
		if (out)
			reap(0);
	}
}

void load_drain(void)
{
	while (out)
		reap(1);
}

/* All that was acknowledged so far is durable when it returns. */
void load_flush(void)
{
	load_drain();
	submit(idle_request(), FLUSH);
	load_drain();
}

void load_close(void)
{
	load_drain();
	close(fd);
	fd = -1;
}

/* Everything is on both media, and equal: what counts from here on. */
void agree(const unsigned char *data)
{
	unsigned int b;

	for (b = 0; b < BLOCKS; b++) {
		promise.base[b] = block_version(data + b * BS, b);
		promise.mark[b] = promise.issued[b];
		promise.acked[b] = promise.base[b];
		promise.seen[b] = promise.base[b];
		promise.durable[b] = promise.base[b];
	}
	memset(promise.touched, 0, sizeof(promise.touched));
}

/* After a crash only what is durable has to be there. */
void load_forget(void)
{
	memcpy(promise.acked, promise.durable, sizeof(promise.acked));
	memcpy(promise.seen, promise.durable, sizeof(promise.seen));
}

/* Straight after a start: what can be read rests on a medium, and stays. */
void load_shown(void)
{
	static unsigned char *data;
	unsigned int b;

	if (!data)
		data = aligned(BLOCKS * BS);
	read_all(fd, data);
	check_kept(data, promise.durable, "V1 after a start");
	for (b = 0; b < BLOCKS; b++)
		promise.durable[b] = block_version(data + b * BS, b);
	load_forget();
}

void check_kept(const unsigned char *data, const uint32_t *floor, const char *what)
{
	unsigned int b;

	for (b = 0; b < BLOCKS; b++)
		check_version(b, block_version(data + b * BS, b), floor[b], what);
}

void read_all(int from, unsigned char *data)
{
	if (pread(from, data, BLOCKS * BS, 0) != BLOCKS * BS)
		fail("V1 the mirror cannot be read after the start: %s", strerror(errno));
}
