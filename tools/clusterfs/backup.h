/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The database of a repository in one file, and back: Documentation/filesystems/
 * clusterfs-format.rst, "A backup". No device is opened here: repositories are reached by
 * struct cfs_io alone, so that the tests cut every write.
 */
#ifndef _BACKUP_H
#define _BACKUP_H

#include "clusterfs.h"

#define BACKUP_MAGIC		"CLUSBAK\n"	/* 8 bytes */
#define BACKUP_MAGIC_SIZE	8
#define BACKUP_VERSION		1

/* The first sector of a backup; behind it @records records, sealed as those of a snapshot. */
struct backup_disk_head {
	u8	magic[BACKUP_MAGIC_SIZE];
	__le32	version;
	__le32	crc;		/* of the sector with this field zero */
	u8	uuid[UUID_SIZE];
	__le64	generation;	/* of the repository */
	__le64	tag;		/* of the repository, in each record */
	u8	cluster[CFS_NAME_SIZE];
	__le64	term;		/* the commit that it shows... */
	__le64	gen;
	__le64	claimed;	/* ...and the highest claim that was found */
	__le64	made;		/* seconds since 1970 */
	__le32	nodes;		/* as in the superblock */
	__le32	replicas;
	__le32	log_blocks;
	__le32	objects;
	__le32	events;
	__le32	records;
	__le64	event_first;	/* the oldest event that is kept, or the next one */
	__le64	next[CFS_TYPES];	/* first id never given, for each type */
	u8	reserved[CFS_SECTOR_SIZE - 280];
};

/* A backup in memory. */
struct backup {
	struct cfs_super	sb;		/* of the repository, without replicas */
	u64			term;
	u64			gen;
	u64			claimed;
	u64			made;
	u64			event_first;
	u64			next[CFS_TYPES];
	u32			records;
	struct cfs_disk_record	*rec;
};

/* What is known of how far a repository has come. */
struct known {
	u64	generation;
	u64	term;
	u64	gen;
};

/* backup.c */
int backup_take(struct cfs_db *db, struct backup *b);
void *backup_file(const struct backup *b, size_t *size);
const char *backup_read(const void *file, size_t size, struct backup *b);
void backup_free(struct backup *b);
int backup_fill(struct cfs_db *db, const struct backup *b);
bool backup_has_members(const struct backup *b);
const char *backup_renew(struct backup *b, const struct known *known);

/* restore.c */
void known_raise(struct known *known, const struct known *by);
void known_of_device(const struct cfs_io *io, unsigned int r, const uuid_t *uuid,
		     struct known *known);
int restore(const struct cfs_io *io, const struct cfs_super *sb, const struct backup *b,
	    struct cfs_db *db);
int replace(struct cfs_db *db, unsigned int r, const struct cfs_super *sb);

/* live.c */
int known_of_mounts(const char *mounts, const uuid_t *uuid, struct known *known, char *node,
		    size_t size);

#endif /* _BACKUP_H */
