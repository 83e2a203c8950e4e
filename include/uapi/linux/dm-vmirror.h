/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * dm-vmirror: what is stored on each leg.
 *
 * All integers are little endian; a block is 4096 bytes. Metadata comes first,
 * so that no tool takes a bare leg for a file system:
 *
 *	block 0		zero, but for VMIRROR_MEMBER_MAGIC at byte 512
 *	block 1, 2	two superblocks, written in turn; the newest valid one counts
 *	block 16...	bitmap, one bit per region
 *	sector 2048...	data
 *
 * A set bit says: the two legs may differ in this region. While both legs are
 * in service that is the write intent, which is durable on both before the
 * first write to a region that was clean. While one leg is away the same bits
 * say what that leg lacks; none is cleared until it has been copied.
 */
#ifndef _UAPI_LINUX_DM_VMIRROR_H
#define _UAPI_LINUX_DM_VMIRROR_H

#include <linux/types.h>

#define VMIRROR_LEGS			2
#define VMIRROR_BLOCK_SIZE		4096
#define VMIRROR_BLOCK_SECTORS		8

#define VMIRROR_MEMBER_MAGIC		"VMIRLEG\n"	/* 8 bytes */
#define VMIRROR_MEMBER_MAGIC_OFFSET	512
#define VMIRROR_SUPER_MAGIC		"VMIRSUP\n"	/* 8 bytes */
#define VMIRROR_MAGIC_SIZE		8

#define VMIRROR_VERSION			1
#define VMIRROR_SUPER_BLOCK		1		/* and the next one */
#define VMIRROR_SUPER_COPIES		2
#define VMIRROR_BITMAP_BLOCK		16
#define VMIRROR_DATA_OFFSET		2048		/* sectors: 1 MiB */

/* Feature words: an unknown bit in incompat forbids any use of the leg. */
#define VMIRROR_COMPAT_KNOWN		0ULL
#define VMIRROR_RO_COMPAT_KNOWN		0ULL
#define VMIRROR_INCOMPAT_KNOWN		0ULL

/* Flags of a leg. */
#define VMIRROR_F_ALONE_OK		(1U << 0)	/* may serve without the other */
#define VMIRROR_F_RESYNC_TARGET		(1U << 1)	/* being overwritten: never serves */
#define VMIRROR_F_OUTDATED		(1U << 2)	/* known to be older: never serves */
#define VMIRROR_F_KNOWN			7U

#define VMIRROR_HISTORY			32

/**
 * struct vmirror_disk_super - superblock of one leg
 * @magic: VMIRROR_SUPER_MAGIC
 * @version: VMIRROR_VERSION; a greater one is refused
 * @crc: CRC32C (seed ~0, inverted) of the block with this field zero
 * @seq: grows by one with each write; copy @seq % 2 is written
 * @compat: features that an older driver may ignore
 * @ro_compat: features that an older driver may ignore when it only reads
 * @incompat: features without which the leg must not be touched
 * @set_uuid: the mirror, the same on both legs
 * @leg_uuid: this leg
 * @leg_index: 0 or 1
 * @flags: VMIRROR_F_*
 * @data_sectors: size of the volume
 * @data_offset: first sector of the data
 * @bitmap_offset: first sector of the bitmap
 * @bitmap_blocks: blocks of the bitmap
 * @region_sectors: sectors per bit, a power of two
 * @term: role term of the writer, 0 without a cluster
 * @current_id: copy id of the data; equal on both legs when they are in sync
 * @bitmap_id: copy id of the leg that the set bits are relative to, or 0; they
 *	cover the ids that follow it in the history too
 * @history: older copy ids, newest first
 * @reserved: zero
 */
struct vmirror_disk_super {
	__u8	magic[VMIRROR_MAGIC_SIZE];
	__le32	version;
	__le32	crc;
	__le64	seq;
	__le64	compat;
	__le64	ro_compat;
	__le64	incompat;
	__u8	set_uuid[16];
	__u8	leg_uuid[16];
	__le32	leg_index;
	__le32	flags;
	__le64	data_sectors;
	__le64	data_offset;
	__le64	bitmap_offset;
	__le32	bitmap_blocks;
	__le32	region_sectors;
	__le64	term;
	__le64	current_id;
	__le64	bitmap_id;
	__le64	history[VMIRROR_HISTORY];
	__u8	reserved[VMIRROR_BLOCK_SIZE - 144 - 8 * VMIRROR_HISTORY];
};

#define VMIRROR_BITMAP_BYTES		(VMIRROR_BLOCK_SIZE - 16)
#define VMIRROR_BITMAP_BITS		(VMIRROR_BITMAP_BYTES * 8)

/**
 * struct vmirror_disk_bitmap - one block of the bitmap
 * @crc: CRC32C (seed ~0, inverted) of the block with this field zero
 * @index: number of this block in the bitmap
 * @set_tag: the first 8 bytes of the set's uuid
 * @bits: bit n of byte b is region @index * VMIRROR_BITMAP_BITS + b * 8 + n
 *
 * A block that fails any check counts as all bits set.
 */
struct vmirror_disk_bitmap {
	__le32	crc;
	__le32	index;
	__u8	set_tag[8];
	__u8	bits[VMIRROR_BITMAP_BYTES];
};

/* Regions: at most this many, so that all metadata fits before the data. */
#define VMIRROR_MAX_REGIONS		(1U << 22)
#define VMIRROR_MIN_REGION		128U		/* sectors: 64 KiB */
#define VMIRROR_DEFAULT_REGION		512U		/* sectors: 256 KiB */
#define VMIRROR_MAX_REGION		131072U		/* sectors: 64 MiB */
#define VMIRROR_MAX_SECTORS		((__u64)VMIRROR_MAX_REGIONS * VMIRROR_MAX_REGION)
#define VMIRROR_MIN_SECTORS		2048U

/* Size of the volume that a leg of @leg_sectors can hold; 0: too small. */
static inline __u64 vmirror_data_sectors(__u64 leg_sectors)
{
	__u64 n;

	if (leg_sectors < VMIRROR_DATA_OFFSET + VMIRROR_MIN_SECTORS)
		return 0;
	n = (leg_sectors - VMIRROR_DATA_OFFSET) & ~(__u64)(VMIRROR_BLOCK_SECTORS - 1);
	return n < VMIRROR_MAX_SECTORS ? n : VMIRROR_MAX_SECTORS;
}

/* The region size used when none is asked for. */
static inline __u32 vmirror_default_region(__u64 data_sectors)
{
	__u32 region = VMIRROR_DEFAULT_REGION;

	while (region < VMIRROR_MAX_REGION &&
	       (__u64)region * VMIRROR_MAX_REGIONS < data_sectors)
		region *= 2;
	return region;
}

#endif /* _UAPI_LINUX_DM_VMIRROR_H */
