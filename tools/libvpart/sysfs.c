// SPDX-License-Identifier: LGPL-2.1-or-later
/* Small files and folders of sysfs and configfs */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "internal.h"

int vpart_path(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

/* The text without its last newline; its length or a negative errno. */
int vpart_file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;
	int err;

	if (fd < 0)
		return -errno;
	got = read(fd, buf, size - 1);
	err = errno;
	close(fd);
	if (got < 0)
		return -err;
	if (got && buf[got - 1] == '\n')
		got--;
	buf[got] = 0;
	return (int)got;
}

/* The number of a device, in a file named "dev". */
bool vpart_file_device(const char *path, unsigned int *major, unsigned int *minor)
{
	char text[32];

	return vpart_file_read(path, text, sizeof(text)) > 0 &&
	       sscanf(text, "%u:%u", major, minor) == 2;
}

int vpart_file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);
	ssize_t put;
	int err;

	if (fd < 0)
		return -errno;
	put = write(fd, text, len);
	err = errno;
	close(fd);
	if (put < 0)
		return -err;
	return (size_t)put == len ? 0 : -EIO;
}

bool vpart_exists(const char *path)
{
	return !access(path, F_OK);
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Names in a folder that @want accepts, in natural order. */
int vpart_dir_list(const char *path, bool (*want)(const char *name), char ***names, size_t *n)
{
	struct vpart_list l = { .size = sizeof(char *) };
	DIR *dir = opendir(path);
	struct dirent *d;
	char **slot;

	*names = NULL;
	*n = 0;
	if (!dir)
		return -errno;
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.' || (want && !want(d->d_name)))
			continue;
		slot = vpart_list_add(&l);
		if (!slot)
			break;
		*slot = strdup(d->d_name);
		if (!*slot) {
			l.oom = true;
			break;
		}
	}
	closedir(dir);
	if (l.oom) {
		vpart_dir_free(l.data, l.n);
		return -ENOMEM;
	}
	if (l.n)
		qsort(l.data, l.n, sizeof(char *), by_name);
	*names = l.data;
	*n = l.n;
	return 0;
}

void vpart_dir_free(char **names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/* What the first link of a folder leads to; @want is asked about its name there. */
bool vpart_dir_link(const char *dir, bool (*want)(const char *name), char *to, size_t size)
{
	char path[PATH_MAX], **names, *base;
	bool found = false;
	size_t i, n;
	ssize_t len;

	if (vpart_dir_list(dir, NULL, &names, &n))
		return false;
	for (i = 0; i < n && !found; i++) {
		if (vpart_path(path, sizeof(path), "%s/%s", dir, names[i]))
			continue;
		len = readlink(path, to, size - 1);
		if (len <= 0)
			continue;
		to[len] = 0;
		base = strrchr(to, '/');
		found = base && (!want || want(base + 1));
	}
	vpart_dir_free(names, n);
	return found;
}

/* Remove a folder of configfs with the links in it, whoever named them. */
int vpart_dir_drop(const char *dir)
{
	char path[PATH_MAX], **names;
	struct stat st;
	size_t i, n;
	int ret;

	ret = vpart_dir_list(dir, NULL, &names, &n);
	if (ret)
		return ret;
	for (i = 0; i < n && !ret; i++)
		if (!vpart_path(path, sizeof(path), "%s/%s", dir, names[i]) &&
		    !lstat(path, &st) && S_ISLNK(st.st_mode) && unlink(path) && errno != ENOENT)
			ret = -errno;
	vpart_dir_free(names, n);
	if (!ret && rmdir(dir))
		ret = -errno;
	return ret;
}
