// SPDX-License-Identifier: GPL-2.0
/* What is on a leg, read and written outside the mirror, in whole and by facts. */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../include/uapi/linux/dm-vmirror.h"
#include "crash.h"

struct media *media_new(void)
{
	return aligned(sizeof(struct media));
}

static int leg_open(const char *device, int flags)
{
	char path[64];
	int fd;

	dm_path(device, path, sizeof(path));
	fd = open(path, flags | O_DIRECT);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

void media_read(const char *device, struct media *to)
{
	int fd = leg_open(device, O_RDONLY);

	if (pread(fd, to->meta, sizeof(to->meta), 0) != sizeof(to->meta) ||
	    pread(fd, to->data, sizeof(to->data), DATA_BLOCK * BS) != sizeof(to->data))
		die("%s cannot be read: %s", device, strerror(errno));
	close(fd);
}

/* It is durable afterwards. */
void media_write(const char *device, const struct media *from)
{
	int fd = leg_open(device, O_RDWR);

	if (pwrite(fd, from->meta, sizeof(from->meta), 0) != sizeof(from->meta) ||
	    pwrite(fd, from->data, sizeof(from->data), DATA_BLOCK * BS) != sizeof(from->data) ||
	    fdatasync(fd))
		die("%s cannot be written: %s", device, strerror(errno));
	close(fd);
}

/* The newer superblock. No write is torn here, so no CRC is looked at. */
void media_facts(const struct media *m, struct facts *f)
{
	unsigned int copy, i;

	memset(f, 0, sizeof(*f));
	for (copy = 0; copy < VMIRROR_SUPER_COPIES; copy++) {
		const struct vmirror_disk_super *d =
			(const void *)(m->meta + (VMIRROR_SUPER_BLOCK + copy) * BS);

		if (memcmp(d->magic, VMIRROR_SUPER_MAGIC, VMIRROR_MAGIC_SIZE) ||
		    (f->valid && le64toh(d->seq) < f->seq))
			continue;
		f->valid = true;
		f->seq = le64toh(d->seq);
		f->current = le64toh(d->current_id);
		f->bitmap = le64toh(d->bitmap_id);
		f->flags = le32toh(d->flags);
		for (i = 0; i < VMIRROR_HISTORY; i++)
			f->history[i] = le64toh(d->history[i]);
	}
}

bool media_bit(const struct media *m, unsigned int region)
{
	const struct vmirror_disk_bitmap *b = (const void *)(m->meta + BITMAP_BLOCK * BS);

	return b->bits[region / 8] >> region % 8 & 1;
}

/* P17, as the documents have it. */
bool may_serve_alone(const struct facts *f)
{
	return f->valid && f->current && (f->flags & F_ALONE_OK) &&
	       !(f->flags & (F_TARGET | F_OUTDATED));
}
