// SPDX-License-Identifier: GPL-2.0
/* Devices that a repository, or a replica of one, is about to be written to. */
#include <sys/stat.h>
#include "repo.h"

/* May it be overwritten by such a repository? If not, a sentence says why. */
bool device_fits(int fd, const char *path, u64 size, const struct cfs_super *sb, bool force,
		 const char *hint)
{
	const u64 needed = sb->total_blocks * CFS_BLOCK_SIZE;
	const char *what;

	if (size < needed) {
		complain("%s has %llu bytes, needed are %llu%s", path, (unsigned long long)size,
			 (unsigned long long)needed, hint);
		return false;
	}
	what = force ? NULL : signature_of(fd, size);
	if (what)
		complain("%s has %s: --force overwrites it", path, what);
	return !what;
}

/* Is none of them named twice, by whatever name? */
bool devices_differ(const int *fd, char **path, unsigned int count)
{
	struct stat st[CFS_REPLICAS_MAX];
	unsigned int r, s;

	for (r = 0; r < count; r++) {
		if (fstat(fd[r], &st[r])) {
			complain("%s: %s", path[r], strerror(errno));
			return false;
		}
		for (s = 0; s < r; s++) {
			if (S_ISBLK(st[s].st_mode) && S_ISBLK(st[r].st_mode) ?
			    st[s].st_rdev != st[r].st_rdev :
			    st[s].st_dev != st[r].st_dev || st[s].st_ino != st[r].st_ino)
				continue;
			complain("%s and %s are the same", path[s], path[r]);
			return false;
		}
	}
	return true;
}

/* What has its signature at the end of a device is not to be found there again. */
int device_wipe_end(int fd, u64 size, const struct cfs_super *sb)
{
	static u8 zero[131072];
	const u64 tail = min_t(u64, sizeof(zero), size - sb->total_blocks * CFS_BLOCK_SIZE);

	return device_write(fd, size - tail, zero, tail);
}

void random_uuid(uuid_t *uuid)
{
	u64 half[2] = { get_random_u64(), get_random_u64() };

	memcpy(uuid, half, sizeof(*uuid));
	uuid->b[6] = (uuid->b[6] & 0x0f) | 0x40;
	uuid->b[8] = (uuid->b[8] & 0x3f) | 0x80;
}
