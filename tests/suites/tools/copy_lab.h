/* SPDX-License-Identifier: GPL-2.0 */
/* The C library's, and what stands for them (--wrap) */
#ifndef COPY_LAB_H
#define COPY_LAB_H

#include <dirent.h>
#include <sys/types.h>

int __real_openat(int dir, const char *path, int flags, unsigned int mode);
int __wrap_openat(int dir, const char *path, int flags, unsigned int mode);
ssize_t __real_write(int fd, const void *data, size_t n);
ssize_t __wrap_write(int fd, const void *data, size_t n);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int from, const char *old, int to, const char *new);
int __wrap_renameat(int from, const char *old, int to, const char *new);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __real_close(int fd);
int __wrap_close(int fd);
struct dirent *__real_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);

#endif /* COPY_LAB_H */
