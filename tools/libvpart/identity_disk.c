// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is written on a device that tells it from others: partition tables,
 * physical volumes of LVM, file systems. The first bytes of the device are
 * whatever someone has put there, and are believed nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "config.h"

#define GPT_HEADER_MIN	92
#define GPT_ENTRY_MIN	128
#define MBR_ENTRIES	446
#define LVM_UUID	32

/**
 * struct magic - a file system's UUID
 * @at: where its magic is
 * @magic: that
 * @len: of it
 * @uuid: where its UUID is
 */
struct magic {
	size_t		at;
	const char	*magic;
	size_t		len;
	size_t		uuid;
};

static const struct magic magics[] = {
	{ 1024 + 56, "\x53\xef", 2, 1024 + 104 },		/* ext2 to ext4 */
	{ 0, "XFSB", 4, 32 },
	{ 65536 + 64, "_BHRfS_M", 8, 65536 + 32 },		/* btrfs */
	{ 4096 - 10, "SWAPSPACE2", 10, 1024 + 12 },
};

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t le64(const uint8_t *p)
{
	return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* CRC-32 as GPT has it; @skip: four bytes that count as zero, or NULL. */
static uint32_t crc32(const uint8_t *p, size_t len, const uint8_t *skip)
{
	uint32_t crc = UINT32_MAX;
	size_t i;
	int bit;

	for (i = 0; i < len; i++) {
		crc ^= skip && p + i >= skip && p + i < skip + 4 ? 0 : p[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* A UUID in the order of its bytes; a GUID has the first three parts turned round. */
static int put_uuid(const uint8_t *p, bool guid, char *value, size_t size)
{
	static const uint8_t turned[] = { 3, 2, 1, 0, 5, 4, 7, 6 };
	uint8_t uuid[VPART_UUID_SIZE];
	char text[VPART_UUID_TEXT];
	size_t i;

	for (i = 0; i < sizeof(uuid); i++)
		uuid[i] = p[guid && i < sizeof(turned) ? turned[i] : i];
	if (vpart_uuid_is_null(uuid))
		return -ENODATA;
	vpart_uuid_format(uuid, text);
	vpart_copy(value, size, text);
	return 0;
}

/* The header of a GPT that is whole, or NULL. */
static const uint8_t *gpt_header(const uint8_t *buf, size_t len, unsigned int lbs)
{
	const uint8_t *h = buf + lbs;
	uint32_t bytes;

	if (len < 2 * (size_t)lbs || memcmp(h, "EFI PART", 8))
		return NULL;
	bytes = le32(h + 12);
	if (bytes < GPT_HEADER_MIN || bytes > lbs || crc32(h, bytes, h + 16) != le32(h + 16))
		return NULL;
	return h;
}

/* The GUID of a GPT, or of its partition @part. */
static int gpt(const uint8_t *buf, size_t len, unsigned int lbs, unsigned int part, char *value,
	       size_t size)
{
	const uint8_t *h = gpt_header(buf, len, lbs);
	uint64_t start;
	uint32_t n, bytes;

	if (!h)
		return -ENODATA;
	if (!part)
		return put_uuid(h + 56, true, value, size);
	start = le64(h + 72);
	n = le32(h + 80);
	bytes = le32(h + 84);
	if (part > n || bytes < GPT_ENTRY_MIN || bytes > len || n > len / bytes ||
	    start > len / lbs || start * lbs + (uint64_t)n * bytes > len ||
	    crc32(buf + start * lbs, (size_t)n * bytes, NULL) != le32(h + 88))
		return -ENODATA;
	return put_uuid(buf + start * lbs + (size_t)(part - 1) * bytes + 16, true, value, size);
}

/* The number of a DOS partition table; its primary and logical partitions add theirs. */
static int dos(const uint8_t *buf, size_t len, unsigned int part, char *value, size_t size)
{
	const uint8_t *e = buf + MBR_ENTRIES;
	bool any = false;
	int i;

	/* A boot sector of FAT ends like one, and so does the one that guards a GPT. */
	if (len < 512 || buf[510] != 0x55 || buf[511] != 0xaa || !le32(buf + 440) ||
	    !memcmp(buf + 54, "FAT", 3) || !memcmp(buf + 82, "FAT", 3))
		return -ENODATA;
	for (i = 0; i < 4; i++, e += 16) {
		if ((e[0] & 0x7f) || e[4] == 0xee)
			return -ENODATA;
		any |= e[4];
	}
	if (!any)
		return -ENODATA;
	if (part)
		return vpart_path(value, size, "%08x-%02x", le32(buf + 440), part);
	return vpart_path(value, size, "%08x", le32(buf + 440));
}

/* The UUID of a physical volume of LVM, as its tools write it. */
static int lvm(const uint8_t *buf, size_t len, char *value, size_t size)
{
	static const uint8_t parts[] = { 6, 4, 4, 4, 4, 4, 6 };
	char text[LVM_UUID + sizeof(parts)], *to = text;
	const uint8_t *label, *from;
	uint32_t at;
	size_t i;

	for (label = buf; label < buf + 4 * 512 && label + 512 <= buf + len; label += 512) {
		if (memcmp(label, "LABELONE", 8) || memcmp(label + 24, "LVM2 001", 8))
			continue;
		at = le32(label + 20);
		if (at > 512 - LVM_UUID)
			return -ENODATA;
		from = label + at;
		for (i = 0; i < LVM_UUID; i++)
			if (from[i] <= ' ' || from[i] > '~' || from[i] == '/')
				return -ENODATA;
		for (i = 0; i < sizeof(parts); from += parts[i++]) {
			if (i)
				*to++ = '-';
			memcpy(to, from, parts[i]);
			to += parts[i];
		}
		*to = 0;
		vpart_copy(value, size, text);
		return 0;
	}
	return -ENODATA;
}

static int filesystem(const uint8_t *buf, size_t len, char *value, size_t size)
{
	const struct magic *m;

	for (m = magics; m < magics + ARRAY_SIZE(magics); m++)
		if (len >= m->at + m->len && len >= m->uuid + VPART_UUID_SIZE &&
		    !memcmp(buf + m->at, m->magic, m->len))
			return put_uuid(buf + m->uuid, false, value, size);
	return -ENODATA;
}

/**
 * identity_written - an id that is written on a device
 * @buf: its first bytes; for %IDENTITY_PARTUUID those of the disk
 * @len: how many
 * @lbs: its logical block size
 * @kind: which id
 * @part: number of the partition, for %IDENTITY_PARTUUID
 * @value: gets it
 * @size: room there
 *
 * Return: 0, or -ENODATA if there is none.
 */
int identity_written(const uint8_t *buf, size_t len, unsigned int lbs, enum identity_written kind,
		     unsigned int part, char *value, size_t size)
{
	int ret = -ENODATA;

	if (lbs < 512)
		return ret;
	switch (kind) {
	case IDENTITY_PTUUID:
	case IDENTITY_PARTUUID:
		ret = gpt(buf, len, lbs, kind == IDENTITY_PARTUUID ? part : 0, value, size);
		if (ret)
			ret = dos(buf, len, kind == IDENTITY_PARTUUID ? part : 0, value, size);
		break;
	case IDENTITY_PVUUID:
		ret = lvm(buf, len, value, size);
		break;
	case IDENTITY_FSUUID:
		ret = filesystem(buf, len, value, size);
		break;
	}
	return ret;
}
