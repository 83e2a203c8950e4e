// SPDX-License-Identifier: GPL-2.0
/*
 * Disks whose power can be cut: null_blk with a write-back cache. Its switch
 * (configfs "power") ends all requests, drops the cache and keeps what was
 * flushed. But what it holds in its cache are only blocks that are not on the
 * medium yet: a block that was flushed once is overwritten in place, at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "crash.h"

#define NULLB "/sys/kernel/config/nullb/cut"

static void on(unsigned int i)
{
	char nsec[16];

	/* How long a request takes: equal on both legs, or very unequal. */
	snprintf(nsec, sizeof(nsec), "%u", 10000 << below(7));
	write_file(nsec, NULLB "%u/completion_nsec", i);
	/* One that holds all, one that spills half of the volume, or none: nothing is lost. */
	write_file(chance(25) ? "0" : chance(50) ? "1" : "16", NULLB "%u/cache_size", i);
	write_file("1", NULLB "%u/power", i);
}

static void off(unsigned int i)
{
	write_file("0", NULLB "%u/power", i);
}

static void make(unsigned int i)
{
	char path[64];

	snprintf(path, sizeof(path), NULLB "%u", i);
	if (mkdir(path, 0755))
		die("%s: %s", path, strerror(errno));
	write_file("1", NULLB "%u/memory_backed", i);
	write_file("4096", NULLB "%u/blocksize", i);
	write_file("8", NULLB "%u/size", i);
	write_file("2", NULLB "%u/irqmode", i);
}

const struct disks null_disks = { "/dev/cut", make, on, off };
