/* SPDX-License-Identifier: GPL-2.0 */
/* CRC32C, one bit at a time: what it is for is a block or a file at a time. */
#ifndef VPART_CRC32C_H
#define VPART_CRC32C_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t crc32c(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t crc = ~0U;
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
	}
	return ~crc;
}

#endif /* VPART_CRC32C_H */
