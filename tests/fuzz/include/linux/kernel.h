/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parsers need of the kernel, in user space: what fs/clusterfs has there,
 * and a few helpers more. The kernel's headers that they include are here by name,
 * and each includes this one.
 */
#ifndef _FUZZ_KERNEL_H
#define _FUZZ_KERNEL_H

/* Not that of this folder, which would be this file again. */
#include_next <linux/types.h>
#include "../../../../tools/clusterfs/kernel.h"

#define __force
#define __maybe_unused		__attribute__((__unused__))
#define ____cacheline_aligned	__attribute__((__aligned__(64)))
#ifndef __packed
#define __packed		__attribute__((__packed__))
#endif
#ifndef __aligned
#define __aligned(x)		__attribute__((__aligned__(x)))
#endif

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define container_of_const(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define ALIGN(x, a)		(((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define round_up(x, a)		((((x) - 1) | ((typeof(x))(a) - 1)) + 1)
#define MAX_ERRNO		4095
#define HZ			1000
#define min3(a, b, c)		min(min(a, b), c)

static inline u16 be16_to_cpu(__be16 v) { return be16toh(v); }
static inline u32 be32_to_cpu(__be32 v) { return be32toh(v); }
static inline u64 be64_to_cpu(__be64 v) { return be64toh(v); }

/* Constants too: in the kernel these may stand in an initialiser. */
#define cpu_to_be16(v)		((__be16)htobe16(v))
#define cpu_to_be32(v)		((__be32)htobe32(v))
#define cpu_to_be64(v)		((__be64)htobe64(v))

static inline u16 get_unaligned_be16(const void *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline u32 get_unaligned_be32(const void *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline u64 get_unaligned_be64(const void *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static inline void put_unaligned_be32(u32 v, void *p)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_unaligned_be64(u64 v, void *p)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

#endif /* _FUZZ_KERNEL_H */
