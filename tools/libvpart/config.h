/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration as it is in a file: what config_*.c share */
#ifndef LIBVPART_CONFIG_H
#define LIBVPART_CONFIG_H

#include "internal.h"

/* Of the file's format; a newer one is refused */
#define CONFIG_VERSION		1

/* Of an identity that was said to be none: "none", or "none:" and what the device says */
#define IDENTITY_NONE		"none"
#define IDENTITY_KIND_SIZE	12

/**
 * enum identity_written - an id that is written on a device
 * @IDENTITY_PARTUUID: of a partition, in its disk's table
 * @IDENTITY_PTUUID: of a partition table
 * @IDENTITY_PVUUID: of a physical volume of LVM
 * @IDENTITY_FSUUID: of a file system
 */
enum identity_written {
	IDENTITY_PARTUUID,
	IDENTITY_PTUUID,
	IDENTITY_PVUUID,
	IDENTITY_FSUUID,
};

/**
 * struct identity_index - devices by their identities
 * @devices: those found so far, see identity_find.c
 * @kinds: kinds of identity that were looked at
 * @nkinds: how many
 */
struct identity_index {
	struct vpart_list	devices;
	char			kinds[16][IDENTITY_KIND_SIZE];
	size_t			nkinds;
};

/**
 * struct config_device - a device or file, and how it is known again
 * @path: where it was when it was saved
 * @id: what the device says that it is, see identity.c; "" if it says nothing;
 *	"none" if that was known when it was served
 * @file: a file, not a block device
 * @bytes: its size
 * @major: of the device, if it was looked at
 * @minor: the same
 */
struct config_device {
	char		path[PATH_MAX];
	char		id[VPART_IDENTITY_SIZE];
	bool		file;
	uint64_t	bytes;
	unsigned int	major;
	unsigned int	minor;
};

/**
 * struct config_attrib - a backstore's attribute that a client can see
 * @lu: index of the LU
 * @name: as in LIO's folder attrib
 * @value: its value
 */
struct config_attrib {
	size_t		lu;
	char		name[32];
	uint32_t	value;
};

/**
 * struct config_map - a LU at an adapter pair
 * @lu: index of the LU
 * @pair: name of the adapter pair
 * @lun: number there
 * @port: number of the pair's target port, 0 if the file does not say
 * @access: how clients should use the paths of the pair's server
 * @direct: READ and WRITE are carried out in the client's context
 */
struct config_map {
	size_t			lu;
	char			pair[VPART_NAME_SIZE];
	uint32_t		lun;
	uint16_t		port;
	enum vpart_access	access;
	bool			direct;
};

/**
 * struct config_lu - a logical unit
 * @name: name
 * @uuid: identity
 * @device: what is behind it
 * @recorded: its identity was chosen when it was made
 * @ready: while restoring: it is served
 */
struct config_lu {
	char			name[VPART_NAME_SIZE];
	uint8_t			uuid[VPART_UUID_SIZE];
	struct config_device	device;
	bool			recorded;
	bool			ready;
};

/**
 * struct config_acl - that a target admits only who is named, or one who is
 * @pair: name of the adapter pair
 * @initiator: name of a port; "": the target admits only such
 */
struct config_acl {
	char	pair[VPART_NAME_SIZE];
	char	initiator[64];
};

/**
 * struct config_acl_lun - what one who is named sees
 * @acl: index of who
 * @seen: LUN that he sees
 * @lun: LUN of the target
 * @read_only: he may not write
 */
struct config_acl_lun {
	size_t		acl;
	uint32_t	seen;
	uint32_t	lun;
	bool		read_only;
};

/**
 * struct config_target - an attribute of a target that is on
 * @pair: name of the adapter pair
 * @attrib: index in config_target_attribs
 */
struct config_target {
	char	pair[VPART_NAME_SIZE];
	size_t	attrib;
};

#define CONFIG_TARGET_ATTRIBS	2
extern const char *const config_target_attribs[CONFIG_TARGET_ATTRIBS];

/**
 * struct config_leg - one leg of a mirror
 * @missing: the mirror runs without it, and nobody knows which it was
 * @lu: LU that it is, or "": @device
 * @device: block device, without @lu
 */
struct config_leg {
	bool			missing;
	char			lu[VPART_NAME_SIZE];
	struct config_device	device;
};

/**
 * struct config_mirror - a mirrored volume
 * @name: name
 * @uuid: of the set
 * @legs: in the order of their numbers
 * @manual_attach: its feature manual_attach is on
 */
struct config_mirror {
	char			name[VPART_NAME_SIZE];
	uint8_t			uuid[VPART_UUID_SIZE];
	struct config_leg	legs[VPART_MIRROR_LEGS];
	bool			manual_attach;
};

/**
 * struct config - everything
 * @nodes: struct vpart_node
 * @partitions: struct vpart_partition: id, name, uuid, node, role, pool
 * @pairs: struct vpart_pair: id, name, both partitions and slots, fabric, path loss;
 *	of a link also its end, address, key, digest and netns; of a virtual port
 *	its parent and port name, and the rest as the parent has it
 * @lus: struct config_lu
 * @maps: struct config_map
 * @attribs: struct config_attrib
 * @targets: struct config_target
 * @acls: struct config_acl
 * @acl_luns: struct config_acl_lun
 * @mirrors: struct config_mirror
 */
struct config {
	struct vpart_list	nodes;
	struct vpart_list	partitions;
	struct vpart_list	pairs;
	struct vpart_list	lus;
	struct vpart_list	maps;
	struct vpart_list	attribs;
	struct vpart_list	targets;
	struct vpart_list	acls;
	struct vpart_list	acl_luns;
	struct vpart_list	mirrors;
};

/* The entries of a list, one after the other. */
#define config_each(e, list)	\
	for ((e) = (list)->data; (e) && (e) < (typeof(e))(list)->data + (list)->n; (e)++)

/* config_valid.c: a LU's first attribute; those of one LU are neighbours, LU by LU */
const struct config_attrib *config_attribs_of(const struct config *c, size_t lu);
#define config_each_attrib(a, c, index)							\
	for ((a) = config_attribs_of(c, index);						\
	     (a) && (a) < (const struct config_attrib *)(c)->attribs.data + (c)->attribs.n && \
	     (a)->lu == (index); (a)++)

/* config_file.c: the file */
void config_init(struct config *c);
void config_free(struct config *c);
int config_read(struct vpart *v, const char *file, struct config *c);
int config_write(struct vpart *v, const char *file, const struct config *c);

/* vport.c: what virtual ports have of their parents */
const struct vpart_pair *config_parent(const struct config *c, const struct vpart_pair *vport);
int config_inherit(struct vpart *v, struct config *c);

/* config_valid.c: does a configuration make sense in itself? */
int config_valid(struct vpart *v, const struct config *c);

/* config_look.c: what exists */
int config_look(struct vpart *v, struct config *c);

bool config_same_pair(const struct vpart_pair *a, const struct vpart_pair *b);

/* config_check.c: does it contradict what exists? */
int config_check(struct vpart *v, const struct config *want, const struct config *have,
		 const struct vpart_lu *lus, size_t n);

/* identity.c: what a device says that it is */
int vpart_identity(unsigned int major, unsigned int minor, char *id, size_t size);
int identity_best(unsigned int major, unsigned int minor, char *id, size_t size);
int identity_of(unsigned int major, unsigned int minor, const char *kind, char *id, size_t size);
int identity_kind(const char *id, char kind[IDENTITY_KIND_SIZE]);
bool identity_is_written(const char *id);
bool identity_none(const char *id);

/* identity_disk.c: what is written on it */
int identity_written(const uint8_t *buf, size_t len, unsigned int lbs, enum identity_written kind,
		     unsigned int part, char *value, size_t size);

/* identity_find.c: devices that keep their identity when their names change */
int config_device_look(struct vpart *v, const char *path, struct config_device *d);
int config_device_find(struct vpart *v, const char *what, const struct config_device *d,
		       const struct config_mirror *set, unsigned int leg,
		       struct identity_index *index, char *path, size_t size);
bool config_device_same(const struct config_device *a, const struct config_device *b);
int identity_find(struct vpart *v, const char *what, const char *id, struct identity_index *index,
		  char *path, size_t size);
int identity_choose(struct vpart *v, const char *path, const char *wanted, char *id, size_t size);
void identity_index_free(struct identity_index *index);

/* lio_acl.c: what LIO keeps besides backstores and LUNs */
int vpart_lio_attribs_read(const char *backstore, const char *name, size_t lu,
			   struct vpart_list *attribs);
int vpart_lio_attrib_write(struct vpart *v, const char *backstore, const char *name,
			   const struct config_attrib *a);
void vpart_lio_acls_read(const char *pair, struct config *c);
void vpart_lio_target_read(const char *pair, struct config *c);
int vpart_lio_target_make(struct vpart *v, const struct config *c, const char *pair);
int vpart_lio_acl_write(struct vpart *v, const struct config *c, size_t acl, bool *changed);

#endif /* LIBVPART_CONFIG_H */
