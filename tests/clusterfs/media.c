// SPDX-License-Identifier: GPL-2.0
/* Disks in memory. What is done to them can be recorded, and done again in parts. */
#include "lab.h"

static void touch(struct disks *d, u64 block, unsigned int blocks)
{
	memset(d->dirty + block, 1, blocks);
	d->version++;
}

static int lab_read(void *ctx, unsigned int replica, u64 block, void *buf, unsigned int blocks)
{
	struct disks *d = ctx;

	if (replica >= d->replicas || d->dead[replica])
		return -EIO;
	must(block + blocks <= d->blocks, "block %llu", (unsigned long long)block);
	d->reads++;
	d->read_blocks += blocks;
	memcpy(buf, d->medium[replica] + block * CFS_BLOCK_SIZE, (size_t)blocks * CFS_BLOCK_SIZE);
	return 0;
}

/* Those of a replica's cache from @block on are on the medium, or gone. */
static void cache_drop(struct disks *d, unsigned int replica, u64 block, u64 blocks, bool lost)
{
	struct cached **at = &d->cache[replica], *c;

	while ((c = *at)) {
		if (c->block < block || c->block - block >= blocks) {
			at = &c->next;
			continue;
		}
		if (lost)
			memcpy(d->medium[replica] + c->block * CFS_BLOCK_SIZE, c->data,
			       CFS_BLOCK_SIZE);
		*at = c->next;
		free(c);
	}
}

static void cache_add(struct disks *d, unsigned int replica, u64 block)
{
	struct cached *c;

	for (c = d->cache[replica]; c; c = c->next)
		if (c->block == block)
			return;
	c = malloc(sizeof(*c));
	must(c, "memory");
	c->next = d->cache[replica];
	c->block = block;
	memcpy(c->data, d->medium[replica] + block * CFS_BLOCK_SIZE, CFS_BLOCK_SIZE);
	d->cache[replica] = c;
}

/* A replica loses its power, and has it back at once. */
void disks_power(struct disks *d, unsigned int replica)
{
	cache_drop(d, replica, 0, d->blocks, true);
}

static int lab_write(void *ctx, unsigned int replica, u64 block, const void *buf,
		     unsigned int blocks, unsigned int flags)
{
	struct disks *d = ctx;
	struct write *w;
	unsigned int i;

	if (d->before)
		d->before(d);
	if (replica >= d->replicas || d->dead[replica])
		return -EIO;
	must(block + blocks <= d->blocks, "block %llu", (unsigned long long)block);
	if (d->fail_write >= 0 && d->fail_write-- == 0)
		return -EIO;
	touch(d, block, blocks);
	if (flags & CFS_PREFLUSH)
		cache_drop(d, replica, 0, d->blocks, false);
	if (flags & CFS_FUA)
		cache_drop(d, replica, block, blocks, false);
	for (i = 0; d->caches && !(flags & CFS_FUA) && i < blocks; i++)
		cache_add(d, replica, block + i);
	d->writes++;
	d->written_blocks += blocks;
	memcpy(d->medium[replica] + block * CFS_BLOCK_SIZE, buf, (size_t)blocks * CFS_BLOCK_SIZE);
	if (!d->trace)
		return 0;
	if (d->traced == d->room) {
		d->room *= 2;
		d->trace = realloc(d->trace, d->room * sizeof(*d->trace));
		must(d->trace, "memory");
	}
	w = &d->trace[d->traced++];
	*w = (struct write) { block, replica, blocks, flags, d->acked, NULL };
	w->data = malloc((size_t)blocks * CFS_BLOCK_SIZE);
	must(w->data, "memory");
	memcpy(w->data, buf, (size_t)blocks * CFS_BLOCK_SIZE);
	return 0;
}

struct cfs_super small_repo(unsigned int nodes, unsigned int replicas)
{
	struct cfs_super sb = {
		.generation = 1, .tag = 0x1122334455667788, .nodes = nodes, .replicas = replicas,
		.log_blocks = CFS_LOG_BLOCKS_MIN, .objects = CFS_OBJECTS_MIN,
		.events = CFS_EVENTS_MIN, .made = 1700000000, .cluster = "lab",
	};

	memset(&sb.uuid, 0x5a, sizeof(sb.uuid));
	cfs_geometry(&sb);
	return sb;
}

void disks_init(struct disks *d, const struct cfs_super *sb)
{
	struct cfs_super one = *sb;
	unsigned int r;

	memset(d, 0, sizeof(*d));
	d->io = (struct cfs_io) { lab_read, lab_write, d };
	d->replicas = sb->replicas;
	d->blocks = sb->total_blocks;
	d->fail_write = -1;
	d->dirty = calloc(d->blocks, 1);
	must(d->dirty, "memory");
	for (r = 0; r < sb->replicas; r++) {
		d->medium[r] = calloc(d->blocks, CFS_BLOCK_SIZE);
		must(d->medium[r], "memory");
		one.replica = r;
		memset(&one.replica_uuid, 0xa0 + r, sizeof(one.replica_uuid));
		cfs_super_encode(&one, d->medium[r] + CFS_SUPER_BLOCK * CFS_BLOCK_SIZE);
		cfs_super_encode(&one, d->medium[r] + CFS_SUPER_BLOCK_2 * CFS_BLOCK_SIZE);
	}
}

void disks_free(struct disks *d)
{
	unsigned int r;

	for (r = 0; r < d->replicas; r++) {
		cache_drop(d, r, 0, d->blocks, false);
		free(d->medium[r]);
	}
	free(d->dirty);
	trace_free(d);
	memset(d, 0, sizeof(*d));
}

/* The media alone. What is written between two copies from the same is little. */
void disks_copy(struct disks *to, const struct disks *from)
{
	bool all = to->copied != from || to->copied_version != from->version;
	unsigned int r;
	u64 b;

	for (r = 0; r < from->replicas; r++) {
		for (b = 0; b < from->blocks; b++)
			if (all || to->dirty[b])
				memcpy(to->medium[r] + b * CFS_BLOCK_SIZE,
				       from->medium[r] + b * CFS_BLOCK_SIZE, CFS_BLOCK_SIZE);
		cache_drop(to, r, 0, to->blocks, false);
		to->dead[r] = from->dead[r];
	}
	memset(to->dirty, 0, to->blocks);
	to->copied = from;
	to->copied_version = from->version;
	to->fail_write = -1;
}

void disks_trace(struct disks *d)
{
	trace_free(d);
	d->room = 64;
	d->trace = calloc(d->room, sizeof(*d->trace));
	must(d->trace, "memory");
}

void trace_free(struct disks *d)
{
	unsigned int i;

	for (i = 0; i < d->traced; i++)
		free(d->trace[i].data);
	free(d->trace);
	d->trace = NULL;
	d->traced = 0;
	d->room = 0;
}

/* The sectors of a write, up to 64, whose bits are set. */
void put_sectors(struct disks *d, const struct write *w, u64 which)
{
	u8 *at = d->medium[w->replica] + w->block * CFS_BLOCK_SIZE;
	unsigned int s;

	touch(d, w->block, w->blocks);
	for (s = 0; s < w->blocks * CFS_BLOCK_SECTORS && s < 64; s++)
		if (which >> s & 1)
			memcpy(at + s * CFS_SECTOR_SIZE, w->data + s * CFS_SECTOR_SIZE,
			       CFS_SECTOR_SIZE);
}

void put_write(struct disks *d, const struct write *w)
{
	touch(d, w->block, w->blocks);
	memcpy(d->medium[w->replica] + w->block * CFS_BLOCK_SIZE, w->data,
	       (size_t)w->blocks * CFS_BLOCK_SIZE);
}
