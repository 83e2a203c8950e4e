/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fs/clusterfs/ needs of the kernel, in user space: types, byte order,
 * lists, memory, and a few helpers. fs/clusterfs/clusterfs.h includes it in place
 * of the kernel's headers.
 */
#ifndef _CLUSTERFS_KERNEL_H
#define _CLUSTERFS_KERNEL_H

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define __printf(a, b)		__attribute__((__format__(printf, a, b)))
#define __must_check		__attribute__((__warn_unused_result__))
#ifndef static_assert
#define static_assert(expr)	_Static_assert(expr, #expr)
#endif
#ifndef EUCLEAN
#define EUCLEAN			117
#endif

#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define U64_MAX			UINT64_MAX
#define U32_MAX			UINT32_MAX
#define U16_MAX			UINT16_MAX
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

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
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define swap(a, b) do { typeof(a) _t = (a); (a) = (b); (b) = _t; } while (0)

#define le16_to_cpu(v)		le16toh(v)
#define le32_to_cpu(v)		le32toh(v)
#define le64_to_cpu(v)		le64toh(v)
#define cpu_to_le16(v)		htole16(v)
#define cpu_to_le32(v)		htole32(v)
#define cpu_to_le64(v)		htole64(v)

#define vscnprintf		vsnprintf

/* Memory. */
#define GFP_KERNEL		0
#define kmalloc(n, gfp)		malloc(n)
#define kvmalloc(n, gfp)	malloc(n)
#define kvcalloc(n, size, gfp)	calloc(n, size)
#define kvmalloc_array(n, size, gfp)	reallocarray(NULL, n, size)
#define kfree(p)		free(p)
#define kvfree(p)		free(p)

/* Bits. */
#define BITS_PER_LONG		(8 * sizeof(long))
#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)

static inline void __set_bit(unsigned long n, unsigned long *map)
{
	map[n / BITS_PER_LONG] |= 1UL << n % BITS_PER_LONG;
}

static inline bool test_bit(unsigned long n, const unsigned long *map)
{
	return map[n / BITS_PER_LONG] >> n % BITS_PER_LONG & 1;
}

static inline unsigned int hweight32(u32 v)
{
	return __builtin_popcount(v);
}

static inline unsigned long __ffs(unsigned long v)
{
	return __builtin_ctzl(v);
}

static inline int ilog2(u64 v)
{
	return 63 - __builtin_clzll(v);
}

/* Lists. */
struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	n->next = h->first;
	if (n->next)
		n->next->pprev = &n->next;
	h->first = n;
	n->pprev = &h->first;
}

static inline void hlist_del_init(struct hlist_node *n)
{
	if (!n->pprev)
		return;
	*n->pprev = n->next;
	if (n->next)
		n->next->pprev = n->pprev;
	n->next = NULL;
	n->pprev = NULL;
}

#define INIT_HLIST_NODE(n)	((n)->next = NULL, (n)->pprev = NULL)
#define hlist_entry(ptr, type, member)	container_of(ptr, type, member)
#define hlist_entry_safe(ptr, type, member) ({			\
	typeof(ptr) _p = (ptr);					\
								\
	_p ? hlist_entry(_p, type, member) : NULL; })
#define hlist_for_each_entry(pos, head, member)					\
	for (pos = hlist_entry_safe((head)->first, typeof(*(pos)), member); pos;	\
	     pos = hlist_entry_safe((pos)->member.next, typeof(*(pos)), member))

/* UUIDs. */
#define UUID_SIZE		16

struct uuid {
	u8 b[UUID_SIZE];
};

#define uuid_t			struct uuid

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

/* The first byte that is not @c, or NULL. */
static inline void *memchr_inv(const void *p, int c, size_t n)
{
	const u8 *s = p;

	/* Bytes that all equal the first: compared with themselves, one further. */
	if (n > 1 && *s == (u8)c && !memcmp(s, s + 1, n - 1))
		return NULL;
	while (n && *s == (u8)c) {
		s++;
		n--;
	}
	return n ? (void *)s : NULL;
}

static inline void sort(void *base, size_t n, size_t size,
			int (*cmp)(const void *a, const void *b),
			void (*swap_func)(void *a, void *b, int size))
{
	(void)swap_func;
	if (n)
		qsort(base, n, size, cmp);
}

static inline u64 get_random_u64(void)
{
	u64 v;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		abort();
	return v;
}

/* Eight bytes at a time: most of the time of a long test is spent here. */
static inline u32 crc32c(u32 crc, const void *p, size_t n)
{
	static u32 table[8][256];
	const u8 *s = p;
	u32 i, k, v;

	if (!table[0][1]) {
		for (i = 0; i < 256; i++) {
			for (v = i, k = 0; k < 8; k++)
				v = v >> 1 ^ (v & 1 ? 0x82f63b78 : 0);
			table[0][i] = v;
		}
		for (k = 1; k < 8; k++)
			for (i = 0; i < 256; i++)
				table[k][i] = table[k - 1][i] >> 8 ^ table[0][(u8)table[k - 1][i]];
	}
	for (; n >= 8; n -= 8, s += 8) {
		crc ^= s[0] | s[1] << 8 | s[2] << 16 | (u32)s[3] << 24;
		crc = table[7][(u8)crc] ^ table[6][(u8)(crc >> 8)] ^
		      table[5][(u8)(crc >> 16)] ^ table[4][crc >> 24] ^
		      table[3][s[4]] ^ table[2][s[5]] ^ table[1][s[6]] ^ table[0][s[7]];
	}
	while (n--)
		crc = crc >> 8 ^ table[0][(u8)crc ^ *s++];
	return crc;
}

#endif /* _CLUSTERFS_KERNEL_H */
