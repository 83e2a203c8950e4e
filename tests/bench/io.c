// SPDX-License-Identifier: GPL-2.0
/*
 * io DEVICE [JOBS]: what a 4 KiB I/O costs, in ns of the guest's clock; in a VM that
 * counts instructions (-icount shift=0) that is guest instructions.
 *
 * With JOBS, as many processes do as many I/Os each at once, one on each processor from
 * the first on; none of them flushes. What is printed is the time by the I/Os of all.
 *
 * Prints one line per operation and queue depth: "OP QD MEDIAN LOWEST HIGHEST".
 * Depth 1 is pread and pwrite; above it, that many are submitted at once and
 * awaited together. "write+flush" is fdatasync after each such round; its cost
 * is shared by the writes of the round.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BS		4096
#define BLOCKS		2048	/* the hot region: 8 MiB, written before it is measured */
#define MAX_QD		32
#define OPS		1024	/* per repeat */
#define REPEATS		5

enum op { READ, WRITE, WRITE_FLUSH };
static const char *const op_name[] = { "read", "write", "write+flush" };

static aio_context_t aio;
static char *buffer;
static uint64_t random_state = 1;
static int jobs;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static off_t random_offset(void)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (off_t)(random_state >> 33) % BLOCKS * BS;
}

static void single(int fd, enum op op)
{
	off_t offset = random_offset();
	ssize_t n = op == READ ? pread(fd, buffer, BS, offset) : pwrite(fd, buffer, BS, offset);

	if (n != BS)
		die(op_name[op]);
}

static void batch(int fd, enum op op, int qd)
{
	struct iocb cb[MAX_QD], *cbs[MAX_QD];
	struct io_event events[MAX_QD];

	memset(cb, 0, sizeof(cb));
	for (int i = 0; i < qd; i++) {
		cbs[i] = &cb[i];
		cb[i].aio_fildes = fd;
		cb[i].aio_lio_opcode = op == READ ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
		cb[i].aio_buf = (uintptr_t)(buffer + i * BS);
		cb[i].aio_nbytes = BS;
		cb[i].aio_offset = random_offset();
	}
	if (syscall(SYS_io_submit, aio, (long)qd, cbs) != qd)
		die("io_submit");
	if (syscall(SYS_io_getevents, aio, (long)qd, (long)qd, events, NULL) != qd)
		die("io_getevents");
	for (int i = 0; i < qd; i++)
		if (events[i].res != BS)
			die(op_name[op]);
}

static void run(int fd, enum op op, int qd, int ops)
{
	for (int done = 0; done < ops; done += qd) {
		if (qd == 1)
			single(fd, op);
		else
			batch(fd, op, qd);
		if (op == WRITE_FLUSH && fdatasync(fd))
			die("fdatasync");
	}
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* One job, in a process of its own: says that it is ready, begins when @go is closed. */
static void job(const char *device, int number, enum op op, int qd, int ready, int go)
{
	cpu_set_t cpu;
	char c = 0;
	int fd;

	CPU_ZERO(&cpu);
	CPU_SET(number, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		die("processor");
	fd = open(device, O_RDWR | O_DIRECT);
	aio = 0;
	if (fd < 0 || syscall(SYS_io_setup, MAX_QD, &aio))
		die(device);
	random_state = (uint64_t)number + 1;
	run(fd, op, qd, MAX_QD);
	if (write(ready, &c, 1) != 1 || read(go, &c, 1))
		die("pipe");
	run(fd, op, qd, OPS);
	_exit(0);
}

/* The time that all jobs take. */
static uint64_t run_jobs(const char *device, enum op op, int qd)
{
	int ready[2], go[2], status;
	uint64_t start;
	char c;

	if (pipe(ready) || pipe(go))
		die("pipe");
	for (int i = 0; i < jobs; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid) {
			close(go[1]);
			job(device, i, op, qd, ready[1], go[0]);
		}
	}
	for (int i = 0; i < jobs; i++)
		if (read(ready[0], &c, 1) != 1)
			die("pipe");
	start = now();
	close(go[1]);
	for (int i = 0; i < jobs; i++) {
		if (wait(&status) < 0 || status) {
			fprintf(stderr, "a job failed\n");
			exit(1);
		}
	}
	start = now() - start;
	close(go[0]);
	close(ready[0]);
	close(ready[1]);
	return start;
}

static uint64_t run_once(const char *device, int fd, enum op op, int qd)
{
	uint64_t start = now();

	if (jobs)
		return run_jobs(device, op, qd) / OPS / (uint64_t)jobs;
	run(fd, op, qd, OPS);
	return (now() - start) / OPS;
}

static void measure(const char *device, int fd, enum op op, int qd)
{
	uint64_t cost[REPEATS];

	run(fd, op, qd, OPS);		/* warm caches and pools */
	for (int i = 0; i < REPEATS; i++)
		cost[i] = run_once(device, fd, op, qd);
	qsort(cost, REPEATS, sizeof(cost[0]), compare);
	printf("%s %d %llu %llu %llu\n", op_name[op], qd,
	       (unsigned long long)cost[REPEATS / 2], (unsigned long long)cost[0],
	       (unsigned long long)cost[REPEATS - 1]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc == 3)
		jobs = atoi(argv[2]);
	if (argc < 2 || argc > 3 || jobs < argc - 2) {
		fprintf(stderr, "usage: io DEVICE [JOBS]\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_DIRECT);
	if (fd < 0)
		die(argv[1]);
	if (posix_memalign((void **)&buffer, BS, MAX_QD * BS))
		die("memory");
	memset(buffer, 0xa5, MAX_QD * BS);
	if (syscall(SYS_io_setup, MAX_QD, &aio))
		die("io_setup");
	for (off_t i = 0; i < BLOCKS; i++)
		if (pwrite(fd, buffer, BS, i * BS) != BS)
			die("first write");
	for (enum op op = READ; op <= (jobs ? WRITE : WRITE_FLUSH); op++) {
		measure(argv[1], fd, op, 1);
		measure(argv[1], fd, op, MAX_QD);
	}
	return 0;
}
