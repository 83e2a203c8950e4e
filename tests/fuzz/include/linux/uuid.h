/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FUZZ_UUID_H
#define _FUZZ_UUID_H

#include <linux/kernel.h>

#define UUID_SIZE	16

struct uuid {
	u8 b[UUID_SIZE];
};

#define uuid_t	struct uuid

static inline void import_uuid(uuid_t *dst, const u8 *src)
{
	memcpy(dst->b, src, UUID_SIZE);
}

static inline void export_uuid(u8 *dst, const uuid_t *src)
{
	memcpy(dst, src->b, UUID_SIZE);
}

static inline bool uuid_equal(const uuid_t *a, const uuid_t *b)
{
	return !memcmp(a->b, b->b, UUID_SIZE);
}

#endif /* _FUZZ_UUID_H */
