// SPDX-License-Identifier: LGPL-2.1-or-later
/* The superblock of a mirror's leg, only read here */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-vmirror.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "crc32c.h"
#include "internal.h"

static_assert(sizeof(struct vmirror_disk_super) == VMIRROR_BLOCK_SIZE, "superblock is a block");

static bool valid(struct vmirror_disk_super *sb)
{
	uint32_t crc = le32toh(sb->crc);
	bool same;

	if (memcmp(sb->magic, VMIRROR_SUPER_MAGIC, VMIRROR_MAGIC_SIZE))
		return false;
	sb->crc = 0;
	same = crc32c(sb, sizeof(*sb)) == crc;
	sb->crc = htole32(crc);
	return same;
}

/*
 * Read the newest valid superblock of @b. 0, -ENOENT: it is no leg of a
 * mirror; another negative errno: it cannot be read, which is recorded.
 */
int vpart_super_read(struct vpart *v, const struct vpart_block *b, struct vpart_super *super)
{
	struct vmirror_disk_super *sb, *best = NULL;
	const size_t size = VMIRROR_SUPER_COPIES * VMIRROR_BLOCK_SIZE;
	int fd, i, ret = -ENOENT;
	ssize_t got;

	if (posix_memalign((void **)&sb, VMIRROR_BLOCK_SIZE, size))
		return vpart_no_memory(v);
	fd = open(b->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	got = fd < 0 ? -1 : pread(fd, sb, size, VMIRROR_SUPER_BLOCK * VMIRROR_BLOCK_SIZE);
	if (got < 0) {
		ret = vpart_fail(v, errno, VPART_CODE_FAILED, "cannot read %s: %s", b->path,
				 strerror(errno));
		goto out;
	}
	for (i = 0; (size_t)got == size && i < VMIRROR_SUPER_COPIES; i++)
		if (valid(&sb[i]) && (!best || le64toh(sb[i].seq) > le64toh(best->seq)))
			best = &sb[i];
	if (!best)
		goto out;
	ret = 0;
	memcpy(super->set_uuid, best->set_uuid, sizeof(super->set_uuid));
	super->leg_index = le32toh(best->leg_index);
	super->data_sectors = le64toh(best->data_sectors);
	super->data_offset = le64toh(best->data_offset);
	if (le32toh(best->version) > VMIRROR_VERSION)
		ret = vpart_fail(v, EPROTO, VPART_CODE_FAILED,
				 "%s is a leg of a newer kind of mirror (version %u, known is %u)",
				 b->path, le32toh(best->version), VMIRROR_VERSION);
	else if (super->leg_index >= VPART_MIRROR_LEGS)
		ret = vpart_fail(v, EPROTO, VPART_CODE_FAILED,
				 "%s has a superblock with leg number %u", b->path,
				 super->leg_index);
out:
	if (fd >= 0)
		close(fd);
	free(sb);
	return ret;
}
