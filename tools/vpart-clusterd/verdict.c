// SPDX-License-Identifier: GPL-2.0
/*
 * A verdict is a file of VERDICT_FOLDER from the moment in which a node is known to be off
 * until the kernel has stored that: whoever of us dies in between, the other one is not
 * told twice and nothing is lost. Its name is the boot id, which no two lives have; or the
 * number of the node, when no database was at hand that says which life it was.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "clusterd.h"

#define FILE_MAX	1024
#define NUMBERED	"node-"

static int folder_make(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST)
		return failed("cannot make %s: %s", path, strerror(errno));
	if (lstat(path, &st))
		return failed("cannot look at %s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 022)
		return failed("%s is not a folder that only this user can write to", path);
	return 0;
}

/**
 * run_folder - make the folders, if they are not there
 *
 * Return: the one of the verdicts, opened; or -1 after saying why.
 */
int run_folder(void)
{
	int dir;

	if (folder_make(RUN_FOLDER) || folder_make(VERDICT_FOLDER))
		return -1;
	dir = open(VERDICT_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		failed("cannot open " VERDICT_FOLDER ": %s", strerror(errno));
	return dir;
}

/**
 * run_folder_clean - remove what a fence_vpart left that was killed while it kept a verdict
 * @dir: the folder
 */
void run_folder_clean(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	char *end;
	long pid;

	while (d && (e = readdir(d))) {
		/* .NAME.PID */
		const char *dot = strrchr(e->d_name, '.');

		if (e->d_name[0] != '.' || dot == e->d_name)
			continue;
		pid = strtol(dot + 1, &end, 10);
		if (pid > 0 && !*end && kill((pid_t)pid, 0) && errno == ESRCH)
			unlinkat(dir, e->d_name, 0);
	}
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t did = write(fd, text, len);

	if (did == (ssize_t)len)
		return 0;
	if (did >= 0)
		errno = ENOSPC;
	return -1;
}

/**
 * verdict_store - keep a verdict until the kernel has it
 * @v: the verdict
 *
 * Return: 0, or an exit code after saying why.
 */
int verdict_store(const struct verdict *v)
{
	char text[FILE_MAX], name[VPART_UUID_TEXT], temp[64];
	int dir = run_folder(), fd, len, ret = 0;

	if (dir < 0)
		return EXIT_FAILURE;
	if (v->numbered) {
		snprintf(name, sizeof(name), NUMBERED "%u", v->id);
		len = snprintf(text, sizeof(text), "cluster=%s\nnode=%s\nmethod=%s\nsince=%llu\n",
			       v->cluster, v->node, v->method, (unsigned long long)v->since);
	} else {
		vpart_uuid_format(v->boot, name);
		len = snprintf(text, sizeof(text),
			       "cluster=%s\nby=%s\nnode=%s\nmethod=%s\nid=%u\nsince=%llu\n",
			       v->cluster, v->by, v->node, v->method, v->id,
			       (unsigned long long)v->since);
	}
	snprintf(temp, sizeof(temp), ".%s.%ld", name, (long)getpid());
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write_all(fd, text, (size_t)len) || renameat(dir, temp, dir, name)) {
		ret = failed("the verdict about node %s cannot be kept in " VERDICT_FOLDER ": %s",
			     v->node, strerror(errno));
		unlinkat(dir, temp, 0);
	}
	if (fd >= 0)
		close(fd);
	close(dir);
	return ret;
}

/* A line KEY=VALUE at *@text, whose key is known; -1: it is not that. */
static int line_take(char **text, const char *key, char *value, size_t size)
{
	char *line = *text, *end = strchr(line, '\n');
	size_t skip = strlen(key), len;

	if (!end || strncmp(line, key, skip) || line[skip] != '=')
		return -1;
	len = (size_t)(end - line) - skip - 1;
	if (!len || len >= size)
		return -1;
	memcpy(value, line + skip + 1, len);
	value[len] = 0;
	*text = end + 1;
	return 0;
}

static int number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	return text[0] < '0' || text[0] > '9' || *end || errno || !*value || *value > max ? -1 : 0;
}

/* The lines of a file, by what its name says that it is. */
static int verdict_parse(const char *file, char *text, struct verdict *v)
{
	char since[24], its[24];
	uint64_t id;

	memset(v, 0, sizeof(*v));
	snprintf(v->file, sizeof(v->file), "%s", file);
	if (!strncmp(file, NUMBERED, strlen(NUMBERED))) {
		if (number(file + strlen(NUMBERED), UINT32_MAX, &id) ||
		    line_take(&text, "cluster", v->cluster, sizeof(v->cluster)) ||
		    line_take(&text, "node", v->node, sizeof(v->node)) ||
		    line_take(&text, "method", v->method, sizeof(v->method)) ||
		    line_take(&text, "since", since, sizeof(since)) ||
		    number(since, UINT64_MAX, &v->since))
			return -EINVAL;
		v->numbered = true;
	} else if (vpart_uuid_parse(file, v->boot) ||
		   line_take(&text, "cluster", v->cluster, sizeof(v->cluster)) ||
		   line_take(&text, "by", v->by, sizeof(v->by)) ||
		   line_take(&text, "node", v->node, sizeof(v->node)) ||
		   line_take(&text, "method", v->method, sizeof(v->method)) ||
		   line_take(&text, "id", its, sizeof(its)) || number(its, UINT32_MAX, &id) ||
		   line_take(&text, "since", since, sizeof(since)) ||
		   number(since, UINT64_MAX, &v->since)) {
		return -EINVAL;
	}
	v->id = (uint32_t)id;
	return *text ? -EINVAL : 0;
}

/**
 * verdict_read - read a verdict
 * @dir: the folder
 * @file: its name
 * @v: where it goes
 *
 * Return: 0, -ENOENT: it is gone; -EINVAL: it is none; or another errno: it cannot be read
 * now, and may be one.
 */
int verdict_read(int dir, const char *file, struct verdict *v)
{
	int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[FILE_MAX + 1];
	ssize_t len;
	int err = errno;

	/* A link, a socket */
	if (fd < 0)
		return err == ELOOP || err == ENXIO ? -EINVAL : -err;
	len = read(fd, text, FILE_MAX);
	err = errno;
	close(fd);
	if (len < 0)
		return err == EISDIR ? -EINVAL : -err;
	text[len] = 0;
	return verdict_parse(file, text, v);
}

/* What is no verdict; a folder with something in it stays, which is said once. */
static void stray_remove(int dir, const char *file)
{
	static bool said;

	if (!unlinkat(dir, file, 0) || (errno == EISDIR && !unlinkat(dir, file, AT_REMOVEDIR))) {
		say("%s in " VERDICT_FOLDER " is no verdict: removed", file);
	} else if (!said) {
		say("%s in " VERDICT_FOLDER " is no verdict, and cannot be removed: %s", file,
		    strerror(errno));
		said = true;
	}
}

/**
 * verdicts_list - all that are kept
 * @dir: the folder
 * @list: where they go; free() it
 * @n: how many
 *
 * What is no verdict is said and removed.
 *
 * Return: 0; or a negative errno: there may be more.
 */
int verdicts_list(int dir, struct verdict **list, size_t *n)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0, err;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct verdict v;
	void *more;

	*list = NULL;
	*n = 0;
	if (!d) {
		ret = -errno;
		if (fd >= 0)
			close(fd);
		return ret;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		err = verdict_read(dir, e->d_name, &v);
		if (err == -EINVAL)
			stray_remove(dir, e->d_name);
		else if (err && err != -ENOENT)
			ret = err;
		if (err)
			continue;
		more = reallocarray(*list, *n + 1, sizeof(v));
		if (!more) {
			ret = -ENOMEM;
			break;
		}
		*list = more;
		(*list)[(*n)++] = v;
	}
	closedir(d);
	return ret;
}
