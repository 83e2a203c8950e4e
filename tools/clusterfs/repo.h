/* SPDX-License-Identifier: GPL-2.0 */
/* What mkfs.clusterfs, fsck.clusterfs, clusterfs-dump and clusterfs-repo share. */
#ifndef _REPO_H
#define _REPO_H

#include "clusterfs.h"
#include <json-c/json.h>

extern const char *program;

/* The devices of a repository, in the order of their replica numbers. */
struct repo {
	struct cfs_db	db;
	struct cfs_io	io;
	const char	*path[CFS_REPLICAS_MAX];
	int		fd[CFS_REPLICAS_MAX];
	u64		size[CFS_REPLICAS_MAX];
	bool		writes;
	bool		fresh;		/* others write: read nothing from the cache */
	bool		open;
};

/* repo.c */
void __printf(1, 2) complain(const char *fmt, ...);
int __printf(1, 2) wrong_use(const char *fmt, ...);
int device_open(const char *path, bool writes, u64 *size);
int device_read(int fd, u64 offset, void *buf, size_t n);
int device_write(int fd, u64 offset, const void *buf, size_t n);
void repo_init(struct repo *repo, bool writes);
int repo_open(struct repo *repo, char **paths, int count, bool writes);
void repo_close(struct repo *repo);
void uuid_text(char *text, const void *uuid);
bool take_number(const char *text, u64 low, u64 high, u64 *value);

/* format.c */
bool device_fits(int fd, const char *path, u64 size, const struct cfs_super *sb, bool force,
		 const char *hint);
bool devices_differ(const int *fd, char **path, unsigned int count);
int device_wipe_end(int fd, u64 size, const struct cfs_super *sb);
void random_uuid(uuid_t *uuid);

/* signature.c */
const char *signature_of(int fd, u64 size);

/* show.c */
json_object *show_super(const struct cfs_super *sb);
json_object *show_repo(struct repo *repo);
json_object *show_logs(struct repo *repo);
void show_tree(json_object *tree, bool json);

#endif /* _REPO_H */
