/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parsers need of the kernel, in user space: types, byte order, and a
 * few helpers. The kernel's headers that they include are here by name, and
 * each includes this one.
 */
#ifndef _FUZZ_KERNEL_H
#define _FUZZ_KERNEL_H

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include_next <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define __force
#define __must_check		__attribute__((__warn_unused_result__))
#define __maybe_unused		__attribute__((__unused__))
#define __printf(a, b)		__attribute__((__format__(printf, a, b)))
#define ____cacheline_aligned	__attribute__((__aligned__(64)))
#ifndef __packed
#define __packed		__attribute__((__packed__))
#endif
#ifndef __aligned
#define __aligned(x)		__attribute__((__aligned__(x)))
#endif

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define static_assert(expr)	_Static_assert(expr, #expr)
#define container_of_const(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define ALIGN(x, a)		(((x) + (a) - 1) & ~((typeof(x))(a) - 1))
#define round_up(x, a)		((((x) - 1) | ((typeof(x))(a) - 1)) + 1)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define MAX_ERRNO		4095
#define HZ			1000

#define min(a, b) ({			\
	typeof(a) _a = (a);		\
	typeof(b) _b = (b);		\
					\
	(void)(&_a == &_b);		\
	_a < _b ? _a : _b; })
#define max(a, b) ({			\
	typeof(a) _a = (a);		\
	typeof(b) _b = (b);		\
					\
	(void)(&_a == &_b);		\
	_a > _b ? _a : _b; })
#define min_t(type, a, b)	min((type)(a), (type)(b))
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

/* The first byte that is not @c, or NULL. */
static inline void *memchr_inv(const void *p, int c, size_t n)
{
	const u8 *s = p;

	while (n && *s == (u8)c) {
		s++;
		n--;
	}
	return n ? (void *)s : NULL;
}

/* Bit by bit for the table, byte by byte after. */
static inline u32 crc32c(u32 crc, const void *p, size_t n)
{
	static u32 table[256];
	const u8 *s = p;
	u32 i, bit, v;

	if (!table[1])
		for (i = 0; i < 256; i++) {
			for (v = i, bit = 0; bit < 8; bit++)
				v = v >> 1 ^ (v & 1 ? 0x82f63b78 : 0);
			table[i] = v;
		}
	while (n--)
		crc = crc >> 8 ^ table[(u8)crc ^ *s++];
	return crc;
}

#endif /* _FUZZ_KERNEL_H */
