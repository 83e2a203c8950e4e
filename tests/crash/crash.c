// SPDX-License-Identifier: GPL-2.0
/* Failures, random numbers and time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crash.h"

static char context[256];
static uint64_t state[2];

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
}

static void __attribute__((noreturn)) end(const char *kind, const char *fmt, va_list ap)
{
	printf("%s: ", kind);
	vprintf(fmt, ap);
	printf("\nin %s\n", context);
	fflush(stdout);
	exit(1);
}

/* A promise is broken. */
void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end("BROKEN", fmt, ap);
}

/* The test itself cannot go on. */
void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end("error", fmt, ap);
}

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

void seed_random(uint64_t seed)
{
	state[0] = splitmix(&seed);
	state[1] = splitmix(&seed);
}

/* xoroshiro128+ */
uint64_t random64(void)
{
	uint64_t a = state[0], b = state[1], r = a + b;

	b ^= a;
	state[0] = (a << 24 | a >> 40) ^ b ^ b << 16;
	state[1] = b << 37 | b >> 27;
	return r;
}

unsigned int below(unsigned int n)
{
	return (random64() >> 32) * n >> 32;
}

bool chance(unsigned int percent)
{
	return below(100) < percent;
}

uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

void pause_us(unsigned int us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000L };

	nanosleep(&t, NULL);
}

void *aligned(size_t size)
{
	void *p;

	if (posix_memalign(&p, BS, size))
		die("no memory for %zu bytes", size);
	memset(p, 0, size);
	return p;
}

/* One value into a file of sysfs or configfs. */
void write_file(const char *value, const char *fmt, ...)
{
	char path[256];
	va_list ap;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die("%s: %s: %s", path, value, strerror(errno));
	close(fd);
}
