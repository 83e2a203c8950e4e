/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the harnesses share. Each parser gets its bytes in memory of exactly
 * their length, so that the sanitizer sees a read behind them; what it says of
 * them is asserted, not only that it does not crash.
 */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <linux/kernel.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* What is left of the input. */
struct input {
	const u8	*data;
	size_t		left;
};

#define must(cond) do {								\
	if (!(cond)) {								\
		fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond);	\
		abort();							\
	}									\
} while (0)

/* The next @n bytes as a number, zeroes where the input has ended. */
static inline u64 take(struct input *in, unsigned int n)
{
	u64 v = 0;

	while (n--) {
		v <<= 8;
		if (in->left) {
			v |= *in->data++;
			in->left--;
		}
	}
	return v;
}

/* A number of a range, both ends included. */
static inline u32 take_range(struct input *in, u32 low, u32 high)
{
	return low + (u32)take(in, 4) % (high - low + 1);
}

/* The next bytes, @n of them or fewer, in memory of their own; free() it. */
static inline void *take_copy(struct input *in, size_t n, size_t *got)
{
	u8 *p;

	n = min(n, in->left);
	p = malloc(n);
	must(p || !n);
	if (n)
		memcpy(p, in->data, n);
	in->data += n;
	in->left -= n;
	*got = n;
	return p;
}

/* Does [@p, @p + @n) lie inside [@base, @base + @size)? */
static inline bool inside(const void *p, size_t n, const void *base, size_t size)
{
	uintptr_t at = (uintptr_t)p, from = (uintptr_t)base;

	return at >= from && at - from <= size && n <= size - (at - from);
}

#endif /* _FUZZ_H */
