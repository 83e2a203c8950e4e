// SPDX-License-Identifier: GPL-2.0
/* Sentences on stderr, the clock, and threads. */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "clusterd.h"

/* All memory is locked, so that of a stack is used. Corosync's library puts 1 MiB on it. */
#define STACK_SIZE	(4U << 20)

static void sentence(const char *fmt, va_list ap, const char *end)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(stderr, "%s: %s%s\n", program, text, end);
}

/* For who reads the log. */
void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sentence(fmt, ap, "");
	va_end(ap);
}

/* Say why. Returns EXIT_FAILURE. */
int failed(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sentence(fmt, ap, "");
	va_end(ap);
	return EXIT_FAILURE;
}

/* The same for words that cannot be understood. Returns EXIT_USAGE. */
int usage(const char *fmt, ...)
{
	char end[64];
	va_list ap;

	snprintf(end, sizeof(end), "; see %s --help", program);
	va_start(ap, fmt);
	sentence(fmt, ap, end);
	va_end(ap);
	return EXIT_USAGE;
}

/**
 * now_ms - the clock that all times of these programs are of
 *
 * Suspended is time that passes: a lease runs out meanwhile.
 *
 * Return: milliseconds since this machine was started.
 */
uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void *run_thread(void *run)
{
	((void (*)(void))run)();
	return NULL;
}

/* One that takes no signals and is never waited for; 0 or an errno. */
int thread_start(void (*run)(void))
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t id;
	int err;

	err = pthread_attr_init(&attr);
	if (err)
		return err;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&id, &attr, run_thread, (void *)run);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return err;
}
