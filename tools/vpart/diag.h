/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of vpart diag share */
#ifndef VPART_DIAG_H
#define VPART_DIAG_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct sink - where a dump goes
 * @tar: an archive, else a folder
 * @fd: of it
 * @top: folder in the archive
 */
struct sink {
	bool	tar;
	int	fd;
	char	top[64];
};

/* tar.c */
int sink_open(struct sink *s, const char *path);
int sink_put(struct sink *s, const char *name, const char *data, size_t len);
int sink_close(struct sink *s);

/**
 * struct section - one file of a dump
 * @name: of the file
 * @run: prints it on stdout, in a process of its own
 */
struct section {
	const char	*name;
	void		(*run)(void);
};

extern const struct section sections[];

#endif /* VPART_DIAG_H */
