// SPDX-License-Identifier: GPL-2.0
/*
 * The parts of a diagnostic dump. Each prints to stdout in a process of its
 * own, so it may print what a verb prints, and may get stuck.
 *
 * Left out on purpose, as they may be or hold secrets: CHAP user names and
 * passwords and all of LIO's "auth" and "discovery_auth", tables of
 * device-mapper targets other than ours (a dm-crypt table has its key),
 * command lines and environments of processes, the kernel's command line, and
 * the data of disks.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "cmd.h"
#include "diag.h"

#define TREE_DEPTH	10
#define LOG_LINES	4000

/* What a verb shows, as JSON. */
static void show(const struct noun *noun)
{
	struct cmd c = { .v = vpart_open(), .noun = noun, .verb = noun->verbs, .json = true };

	if (c.v)
		c.verb->run(&c);
	vpart_close(c.v);
}

static void nodes(void)
{
	show(&node_noun);
}

static void partitions(void)
{
	show(&partition_noun);
}

static void adapters(void)
{
	show(&adapter_noun);
}

static void vports(void)
{
	show(&vport_noun);
}

static void links(void)
{
	show(&link_noun);
}

static void lus(void)
{
	show(&lu_noun);
}

static void mirrors(void)
{
	show(&mirror_noun);
}

static void events(void)
{
	show(&events_noun);
}

static void versions(void)
{
	show(&version_noun);
}

/* A small file as "path: text", line by line. */
static void print_file(const char *path)
{
	char buf[8192], *line, *at = buf;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got;

	if (fd < 0) {
		if (errno != EACCES)
			printf("%s: [%s]\n", path, strerror(errno));
		return;
	}
	got = read(fd, buf, sizeof(buf) - 1);
	if (got < 0)
		printf("%s: [%s]\n", path, strerror(errno));
	close(fd);
	if (got < 0)
		return;
	buf[got] = 0;
	/* Binary pages of VPD are no text. */
	if (memchr(buf, 0, (size_t)got)) {
		printf("%s: [%zd bytes]\n", path, got);
		return;
	}
	if (!got)
		printf("%s:\n", path);
	while ((line = strsep(&at, "\n")))
		if (*line || at)
			printf("%s: %s\n", path, line);
}

static bool is_secret(const char *name)
{
	static const char *const secrets[] = {
		"auth", "password", "userid", "secret", "chap", "key",
	};
	char low[256];
	size_t i;

	for (i = 0; name[i] && i < sizeof(low) - 1; i++)
		low[i] = (char)tolower((unsigned char)name[i]);
	low[i] = 0;
	for (i = 0; i < ARRAY_SIZE(secrets); i++)
		if (strstr(low, secrets[i]))
			return true;
	return false;
}

static void tree(const char *path, int depth);

static void entry(const char *path, const char *name, int depth)
{
	char full[4096], to[4096];
	struct stat st;
	ssize_t len;

	if (name[0] == '.' ||
	    (size_t)snprintf(full, sizeof(full), "%s/%s", path, name) >= sizeof(full))
		return;
	if (is_secret(name)) {
		printf("%s: [left out]\n", full);
		return;
	}
	if (lstat(full, &st))
		return;
	if (S_ISLNK(st.st_mode)) {
		len = readlink(full, to, sizeof(to) - 1);
		to[len > 0 ? len : 0] = 0;
		printf("%s -> %s\n", full, to);
	} else if (S_ISDIR(st.st_mode)) {
		printf("%s/\n", full);
		tree(full, depth - 1);
	} else if (S_ISREG(st.st_mode) && st.st_mode & 0444) {
		print_file(full);
	}
	/* What follows may get stuck: what there is shall be in the dump. */
	fflush(stdout);
}

/* All below a folder, each link as where it leads to. */
static void tree(const char *path, int depth)
{
	struct dirent **list;
	int i, n;

	if (depth <= 0)
		return;
	n = scandir(path, &list, NULL, alphasort);
	if (n < 0) {
		printf("%s: [%s]\n", path, strerror(errno));
		return;
	}
	for (i = 0; i < n; i++) {
		entry(path, list[i]->d_name, depth);
		free(list[i]);
	}
	free(list);
}

static void kernel(void)
{
	static const char *const files[] = {
		"/proc/version", "/proc/uptime", "/proc/loadavg", "/proc/sys/kernel/tainted",
		"/proc/meminfo", "/proc/modules", "/proc/devices", "/proc/partitions",
		"/proc/scsi/scsi", "/proc/pressure/io", "/proc/pressure/memory",
	};
	struct utsname u;
	size_t i;

	if (!uname(&u))
		printf("%s %s %s %s\n", u.sysname, u.release, u.version, u.machine);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		print_file(files[i]);
}

static void modules(void)
{
	static const char *const names[] = {
		"vpart", "vpart_stream", "vpart_shm", "vscsi_host", "vscsi_target", "dm_vmirror",
		"target_core_mod", "dm_mod", "scsi_mod",
	};
	static const char *const files[] = {
		"version", "srcversion", "refcnt", "initstate", "taint", "coresize",
	};
	char path[256];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		for (j = 0; j < ARRAY_SIZE(files); j++) {
			snprintf(path, sizeof(path), "/sys/module/%s/%s", names[i], files[j]);
			if (!access(path, R_OK))
				print_file(path);
		}
		snprintf(path, sizeof(path), "/sys/module/%s/parameters", names[i]);
		if (!access(path, R_OK))
			tree(path, 1);
	}
}

static void fabric(void)
{
	tree("/sys/kernel/config/target/vscsi", TREE_DEPTH);
}

static void backstores(void)
{
	tree("/sys/kernel/config/target/core", TREE_DEPTH);
}

static void bus(void)
{
	struct dirent **list;
	char path[512];
	int i, n;

	n = scandir("/sys/bus/vpart/devices", &list, NULL, alphasort);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/sys/bus/vpart/devices/%s", list[i]->d_name);
		if (list[i]->d_name[0] != '.')
			tree(path, 1);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	tree("/sys/class/vpart", 1);
}

/* A host of ours has the attribute adapter; its disks are below its device. */
static void hosts(void)
{
	struct dirent **list;
	char path[512];
	int i, n;

	n = scandir("/sys/class/scsi_host", &list, NULL, versionsort);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/sys/class/scsi_host/%s/adapter", list[i]->d_name);
		if (list[i]->d_name[0] != '.' && !access(path, R_OK)) {
			*strrchr(path, '/') = 0;
			tree(path, 1);
			strcat(path, "/device");
			tree(path, 4);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void block(void)
{
	static const char *const files[] = {
		"dev", "size", "ro", "inflight", "stat", "dm/name", "dm/uuid", "dm/suspended",
		"device/state", "device/timeout", "queue/nr_requests", "queue/scheduler",
	};
	struct dirent **list;
	char path[512];
	size_t j;
	int i, n;

	n = scandir("/sys/block", &list, NULL, versionsort);
	for (i = 0; i < n; i++) {
		for (j = 0; j < ARRAY_SIZE(files) && list[i]->d_name[0] != '.'; j++) {
			snprintf(path, sizeof(path), "/sys/block/%s/%s", list[i]->d_name, files[j]);
			if (!access(path, R_OK))
				print_file(path);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* Status and table of each mirror, as dmsetup shows them. */
static void mirror_tables(void)
{
	struct vpart *v = vpart_open();
	char *text;

	if (!v)
		return;
	if (vpart_mirror_raw(v, &text)) {
		printf("[%s]\n", vpart_last_error(v)->text);
	} else {
		fputs(text, stdout);
		free(text);
	}
	vpart_close(v);
}

/* Who waits for something that does not come, and where. */
static void tasks(void)
{
	char path[300], stat[512], *state;
	struct dirent *d;
	DIR *dir = opendir("/proc");
	ssize_t got;
	int fd;

	while (dir && (d = readdir(dir))) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", d->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		got = read(fd, stat, sizeof(stat) - 1);
		close(fd);
		stat[got > 0 ? got : 0] = 0;
		state = strrchr(stat, ')');
		if (!state || state[1] != ' ' || state[2] != 'D')
			continue;
		state[1] = 0;
		printf("%s\n", stat);
		snprintf(path, sizeof(path), "/proc/%s/stack", d->d_name);
		print_file(path);
	}
	if (dir)
		closedir(dir);
}

/* The last lines of the kernel's log: a ring of lines, printed at the end. */
static void kernel_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	static char *lines[LOG_LINES];
	char line[8192], *text;
	size_t n = 0, i;
	ssize_t got;

	if (fd < 0) {
		printf("[/dev/kmsg: %s]\n", strerror(errno));
		return;
	}
	for (;;) {
		got = read(fd, line, sizeof(line) - 1);
		if (got < 0 && errno == EPIPE)
			continue;
		if (got <= 0)
			break;
		line[got] = 0;
		free(lines[n % LOG_LINES]);
		lines[n++ % LOG_LINES] = strdup(line);
	}
	for (i = n > LOG_LINES ? n - LOG_LINES : 0; i < n; i++) {
		unsigned long long us = 0;

		text = lines[i % LOG_LINES];
		if (!text)
			continue;
		if (sscanf(text, "%*u,%*u,%llu", &us) != 1)
			continue;
		text = strchr(text, ';');
		printf("[%5llu.%06llu] %s", us / 1000000, us % 1000000, text ? text + 1 : "\n");
	}
	close(fd);
}

/* What cannot get stuck comes first. */
const struct section sections[] = {
	{ "versions.json", versions },
	{ "kernel.txt", kernel },
	{ "log.txt", kernel_log },
	{ "modules.txt", modules },
	{ "tasks.txt", tasks },
	{ "nodes.json", nodes },
	{ "partitions.json", partitions },
	{ "adapters.json", adapters },
	{ "vports.json", vports },
	{ "links.json", links },
	{ "events.json", events },
	{ "bus.txt", bus },
	{ "hosts.txt", hosts },
	{ "block.txt", block },
	{ "mirrors.txt", mirror_tables },
	{ "mirrors.json", mirrors },
	{ "lus.json", lus },
	{ "lio-fabric.txt", fabric },
	{ "lio-backstores.txt", backstores },
	{ NULL, NULL },
};
