// SPDX-License-Identifier: GPL-2.0
/* vpart-ivshmem: finds the verb, gives help. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ivshmem.h"

static const char help_all[] =
	"usage: vpart-ivshmem serve --socket PATH [OPTION...] [--socket PATH [OPTION...]]...\n"
	"       vpart-ivshmem status [--json] PATH...\n"
	"\n"
	"Shared memory and doorbells between two virtual machines of QEMU.\n"
	"\n"
	"  serve      serve one or more segments, in the foreground\n"
	"  status     who is connected to a segment that is served\n"
	"\n"
	"More, with an example: vpart-ivshmem VERB -h, man vpart-ivshmem.\n"
	"Exit code: 0 done, 1 failed, 2 wrong use, 3 not found.\n";

static const char help_serve[] =
	"usage: vpart-ivshmem serve --socket PATH [OPTION...] [--socket PATH [OPTION...]]...\n"
	"\n"
	"Serve segments of shared memory in the foreground until SIGTERM or SIGINT. Each\n"
	"has a socket and takes two peers. Options before the first --socket are for all.\n"
	"\n"
	"  --socket PATH     a segment, by the path of its socket\n"
	"  --size SIZE       of its memory, a power of two: 64K, 16M, 1G (16M)\n"
	"  --vectors N       interrupts of each peer, 1 to 128 (4)\n"
	"  --mode MODE       of the socket, octal (0600)\n"
	"  --group GROUP     of the socket, a name or number\n"
	"  --allow-uid USER  only this user, a name or number; may be given 8 times\n"
	"\n"
	"Example:\n"
	"  vpart-ivshmem serve --socket /run/vpart/pair1 --size 16M --vectors 4\n"
	"  qemu-system-x86_64 ... -chardev socket,id=c1,path=/run/vpart/pair1 \\\n"
	"      -device ivshmem-doorbell,chardev=c1,vectors=4\n";

static const char help_status[] =
	"usage: vpart-ivshmem status [--json] PATH...\n"
	"\n"
	"Tell who is connected to segments that are served, by the paths of their sockets.\n"
	"\n"
	"Example:\n"
	"  vpart-ivshmem status /run/vpart/pair1\n";

/* Say why on stderr, in one sentence. Returns EXIT_FAILURE. */
int failed(const char *fmt, ...)
{
	va_list ap;

	fputs("vpart-ivshmem: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\n", stderr);
	return EXIT_FAILURE;
}

/* The same for words that cannot be understood. Returns EXIT_USAGE. */
int usage(const char *verb, const char *fmt, ...)
{
	va_list ap;

	fputs("vpart-ivshmem: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "; see vpart-ivshmem%s%s -h\n", verb[0] ? " " : "", verb);
	return EXIT_USAGE;
}

static int help(const char *text)
{
	fputs(text, stdout);
	return EXIT_SUCCESS;
}

static bool has_help(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return true;
	return false;
}

static int run_serve(int argc, char **argv)
{
	struct segment *segments;
	unsigned int n;
	int ret;

	if (has_help(argc, argv))
		return help(help_serve);
	ret = parse_segments(argc, argv, &segments, &n);
	if (ret)
		return ret;
	ret = serve(segments, n);
	free(segments);
	return ret;
}

static int run_status(int argc, char **argv)
{
	bool json = false;
	int i, n = 0;

	if (has_help(argc, argv))
		return help(help_status);
	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			json = true;
			continue;
		}
		if (argv[i][0] == '-')
			return usage("status", "unknown option '%s'", argv[i]);
		argv[n++] = argv[i];
	}
	if (!n)
		return usage("status", "the path of a socket is missing");
	return status_ask(n, argv, json);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs(help_all, stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "serve"))
		return run_serve(argc - 2, argv + 2);
	if (!strcmp(argv[1], "status"))
		return run_status(argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version")) {
		puts("vpart-ivshmem " VPART_VERSION);
		return EXIT_SUCCESS;
	}
	if (!strcmp(argv[1], "help") || has_help(1, argv + 1))
		return help(help_all);
	return usage("", "unknown verb '%s'", argv[1]);
}
