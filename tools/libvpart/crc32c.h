/* SPDX-License-Identifier: GPL-2.0 */
/* CRC32C, by bytes: it is of a block, or of a file of a few megabytes. */
#ifndef VPART_CRC32C_H
#define VPART_CRC32C_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t crc32c(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t table[256], crc, i;
	int bit;

	for (i = 0; i < 256; i++) {
		for (crc = i, bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
		table[i] = crc;
	}
	for (crc = ~0U; len; len--)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
	return ~crc;
}

#endif /* VPART_CRC32C_H */
