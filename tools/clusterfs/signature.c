// SPDX-License-Identifier: GPL-2.0
/* What a device already holds: signatures of what it would be a pity to overwrite. */
#include <unistd.h>
#include "repo.h"
#include <linux/dm-vmirror.h>

struct signature {
	const char	*what;
	u64		offset;
	const char	*bytes;
	unsigned int	len;
};

#define SIG(what, offset, bytes)	{ what, offset, bytes, sizeof(bytes) - 1 }

static const struct signature signatures[] = {
	SIG("a clusterfs repository", CFS_SUPER_BLOCK * CFS_BLOCK_SIZE, CFS_MAGIC),
	SIG("a clusterfs repository", CFS_SUPER_BLOCK_2 * CFS_BLOCK_SIZE, CFS_MAGIC),
	SIG("a leg of a vmirror", VMIRROR_MEMBER_MAGIC_OFFSET, VMIRROR_MEMBER_MAGIC),
	SIG("a leg of a vmirror", VMIRROR_SUPER_BLOCK * VMIRROR_BLOCK_SIZE, VMIRROR_SUPER_MAGIC),
	SIG("an ext2, ext3 or ext4 file system", 0x438, "\x53\xef"),
	SIG("an xfs file system", 0, "XFSB"),
	SIG("a btrfs file system", 0x10040, "_BHRfS_M"),
	SIG("an f2fs file system", 0x400, "\x10\x20\xf5\xf2"),
	SIG("a gfs2 file system", 0x10000, "\x01\x16\x19\x70\x00\x00\x00\x01"),
	SIG("an ocfs2 file system", 0x2000, "OCFSV2"),
	SIG("a LUKS volume", 0, "LUKS\xba\xbe"),
	SIG("an LVM physical volume", 0, "LABELONE"),
	SIG("an LVM physical volume", 512, "LABELONE"),
	SIG("an LVM physical volume", 1024, "LABELONE"),
	SIG("an LVM physical volume", 1536, "LABELONE"),
	SIG("a member of an md array", 0, "\xfc\x4e\x2b\xa9"),
	SIG("a member of an md array", 4096, "\xfc\x4e\x2b\xa9"),
	SIG("a bcache device", 4096 + 24, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca"),
	SIG("swap space", 4096 - 10, "SWAPSPACE2"),
	SIG("a squashfs file system", 0, "hsqs"),
	SIG("an erofs file system", 1024, "\xe2\xe1\xf5\xe0"),
	SIG("a nilfs2 file system", 1030, "\x34\x34"),
	SIG("an NTFS file system", 3, "NTFS    "),
	SIG("an exFAT file system", 3, "EXFAT   "),
	SIG("a FAT file system", 54, "FAT1"),
	SIG("a FAT file system", 82, "FAT32   "),
	SIG("an ISO 9660 file system", 0x8001, "CD001"),
	SIG("a GPT partition table", 512, "EFI PART"),
	SIG("a GPT partition table", 4096, "EFI PART"),
	SIG("an MBR partition table or a boot sector", 510, "\x55\xaa"),
};

/* Is the sector behind @offset from the end an md superblock, or a second GPT? */
static const char *at_end(int fd, u64 size)
{
	u8 buf[8];

	if (size < 131072)
		return NULL;
	if (!device_read(fd, size - 512, buf, 8) && !memcmp(buf, "EFI PART", 8))
		return "a GPT partition table at its end";
	if (!device_read(fd, (size & ~65535ULL) - 65536, buf, 4) &&
	    !memcmp(buf, "\xfc\x4e\x2b\xa9", 4))
		return "a member of an md array";
	if (!device_read(fd, (size - 8192) & ~4095ULL, buf, 4) &&
	    !memcmp(buf, "\xfc\x4e\x2b\xa9", 4))
		return "a member of an md array";
	return NULL;
}

/* What @fd holds, in words; NULL: nothing that is known. */
const char *signature_of(int fd, u64 size)
{
	const struct signature *s;
	u8 buf[16];

	for (s = signatures; s < signatures + ARRAY_SIZE(signatures); s++)
		if (s->offset + s->len <= size && !device_read(fd, s->offset, buf, s->len) &&
		    !memcmp(buf, s->bytes, s->len))
			return s->what;
	return at_end(fd, size);
}
