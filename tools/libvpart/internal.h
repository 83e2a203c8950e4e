/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libvpart share */
#ifndef LIBVPART_INTERNAL_H
#define LIBVPART_INTERNAL_H

#include <libmnl/libmnl.h>
#include "libvpart.h"
#include "libvpart_cluster.h"

#define VPART_NL_BUF		16384
/* The longest that a refused or draining kernel may keep a command waiting */
#define VPART_NL_TIMEOUT_S	60

/* A family of generic netlink; id 0: not looked for yet */
struct vpart_family {
	uint16_t	id;
	uint32_t	group;	/* its events */
};

struct vpart {
	struct vpart_error	error;
	struct vpart_command	*stuck;	/* what was in the way, if that was it */
	size_t			nstuck;
	struct mnl_socket	*nl;
	unsigned int		seq;
	struct vpart_family	vpart;
	struct vpart_family	cluster;
	bool			no_family;	/* the kernel knows none of the last request's id */
	void			(*unasked)(const struct nlmsghdr *nlh, void *arg);
	void			*unasked_arg;	/* of who hears what is sent to this socket */
	char			buf[VPART_NL_BUF];
};

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#ifndef __printf
#define __printf(f, a)	\
	__attribute__((\
		format(printf, f, a)))
#endif

/* handle.c */
__printf(4, 5)
int vpart_fail(struct vpart *v, int err, enum vpart_code code, const char *fmt, ...);
uint64_t vpart_now_ms(void);
int vpart_no_memory(struct vpart *v);
int vpart_check_name(struct vpart *v, const char *what, const char *name);
int vpart_uuid_random(struct vpart *v, uint8_t uuid[VPART_UUID_SIZE]);
void vpart_copy(char *dst, size_t size, const char *src);

/* adapter.c */
int vpart_pair_answer(const struct nlmsghdr *nlh, void *arg);
struct nlmsghdr *vpart_pair_about(struct vpart *v, uint8_t cmd, const char *name);
struct nlmsghdr *vpart_pair_request(struct vpart *v, const struct vpart_pair *pair);

/* cluster.c, cluster_event.c: between the files about clusters */
struct nlmsghdr *vpart_cluster_ask(struct vpart *v, const struct vpart_cluster_at *at, uint8_t cmd,
				   uint16_t flags);
void vpart_cluster_parse_event(const struct nlattr *a, struct vpart_cluster_event *ev);

/* netns.c: network namespaces by their names */
int vpart_netns_enter(struct vpart *v, const char *name, int *back);
int vpart_netns_leave(struct vpart *v, int back);
uint64_t vpart_netns_own(void);

/* nl.c */
typedef int (*vpart_nl_cb)(const struct nlmsghdr *nlh, void *arg);

int vpart_nl_open(struct vpart *v);
void vpart_nl_close(struct vpart *v);
struct nlmsghdr *vpart_nl_start(struct vpart *v, uint8_t cmd, uint16_t flags);
struct nlmsghdr *vpart_nl_start_cluster(struct vpart *v, uint8_t cmd, uint16_t flags);
int vpart_nl_run(struct vpart *v, struct nlmsghdr *nlh, const char *what,
		 vpart_nl_cb cb, void *arg);
int vpart_cluster_change(struct vpart *v, struct nlmsghdr *nlh, const char *what, vpart_nl_cb cb,
			 void *arg);
struct mnl_socket *vpart_nl_subscribe(struct vpart *v);
struct mnl_socket *vpart_nl_subscribe_cluster(struct vpart *v);
struct mnl_socket *vpart_nl_socket(struct vpart *v);
uint64_t vpart_attr_u64(const struct nlattr *a);
void vpart_attr_text(const struct nlattr *a, char *dst, size_t size);
void vpart_attr_uuid(const struct nlattr *a, uint8_t uuid[VPART_UUID_SIZE]);

/*
 * A list that grows while a dump is read
 */
struct vpart_list {
	void	*data;
	size_t	n;
	size_t	room;
	size_t	size;	/* of one element */
	bool	oom;
};

void *vpart_list_add(struct vpart_list *l);
int vpart_list_done(struct vpart *v, int ret, struct vpart_list *l, void *list, size_t *n);

/**
 * struct vpart_reader - reads events in their order: what is kept, then what is heard
 * @queue: read and not yet handed out; the first, as a dump fills a list
 * @v: handle, for errors and reading again
 * @nl: subscribed socket, or NULL: only what is kept
 * @family: that tells them
 * @what: they are, in the sentence of an error
 * @ask: begins a dump of what is kept from a number on, 0: all; NULL: the error is recorded
 * @each: a message into the queue
 * @pos: the next of the queue
 * @last: number handed out last, 0: none yet
 * @buf: for messages of @nl
 */
struct vpart_reader {
	struct vpart_list		queue;
	struct vpart			*v;
	struct mnl_socket		*nl;
	const struct vpart_family	*family;
	const char			*what;
	struct nlmsghdr			*(*ask)(struct vpart_reader *r, uint64_t from);
	vpart_nl_cb			each;
	size_t				pos;
	uint64_t			last;
	bool				behind;	/* some was missed, and not read again yet */
	char				buf[VPART_NL_BUF];
};

/* reader.c: events */
int vpart_reader_begin(struct vpart_reader *r, uint64_t from);
int vpart_reader_next(struct vpart_reader *r, void *ev, int timeout_ms);
void vpart_reader_end(struct vpart_reader *r);

/* sysfs.c: small files of sysfs and configfs */
int vpart_file_read(const char *path, char *buf, size_t size);
bool vpart_file_device(const char *path, unsigned int *major, unsigned int *minor);
int vpart_file_write(const char *path, const char *text);
int vpart_dir_list(const char *path, bool (*want)(const char *name), char ***names, size_t *n);
void vpart_dir_free(char **names, size_t n);
bool vpart_dir_link(const char *dir, bool (*want)(const char *name), char *to, size_t size);
int vpart_dir_drop(const char *dir);
bool vpart_exists(const char *path);
__printf(3, 4)
int vpart_path(char *buf, size_t size, const char *fmt, ...);

/* disk.c: block devices, and the client's disks among them */
struct vpart_block {
	char		path[PATH_MAX];		/* as given, resolved */
	char		name[VPART_DISK_SIZE];	/* kernel name */
	unsigned int	major;
	unsigned int	minor;
	uint64_t	bytes;
};

int vpart_block_look(struct vpart *v, const char *path, struct vpart_block *b);
int vpart_block_find(struct vpart *v, const char *path, struct vpart_block *b);
bool vpart_block_busy(const struct vpart_block *b, char *by, size_t size);
int vpart_disk_serial(const char *disk, char *serial, size_t size);
int vpart_disks(char ***names, size_t *n);
bool vpart_disk_of_pair(const char *disk, const char *pair);
int vpart_host_of(const char *pair, char *host, size_t size);
int vpart_disk_at(const char *pair, uint32_t lun, char *disk, size_t size);
uint64_t vpart_disk_bytes(unsigned int major, unsigned int minor);
int vpart_disk_name(unsigned int major, unsigned int minor, char *name, size_t size);
int vpart_uevent_open(void);
int vpart_uevent_wait(int fd, unsigned int timeout_ms);

/**
 * struct vpart_lio_path - a path to a LU, to be made
 * @pair: adapter pair
 * @server: its server
 * @lun: number there, or VPART_LUN_ANY; gets what it has become
 * @port: number of the pair's target port; 0: whichever
 * @access: how the server's paths are to be used, if this is its first
 * @direct: its READ and WRITE are carried out in the client's context
 */
struct vpart_lio_path {
	const char		*pair;
	const char		*server;
	uint32_t		lun;
	uint16_t		port;
	enum vpart_access	access;
	bool			direct;
};

/* lio.c: backstores and mappings in configfs */

/* Of each kind, the backstores with numbers below this are taken. */
struct lio_numbers {
	unsigned int	iblock;
	unsigned int	fileio;
};

int vpart_lio_check(struct vpart *v);
int vpart_lio_direct_set(struct vpart *v, const char *pair, uint32_t lun, bool on);
int vpart_lio_backstore_add(struct vpart *v, const struct vpart_lu_spec *spec,
			    const uint8_t uuid[VPART_UUID_SIZE], struct lio_numbers *taken,
			    char *backstore, size_t size);
int vpart_lio_backstore_del(struct vpart *v, const char *backstore, const char *name);
int vpart_lio_map(struct vpart *v, const char *backstore, const char *name,
		  struct vpart_lio_path *path);
int vpart_lio_unmap(struct vpart *v, const struct vpart_lu *lu);
int vpart_lio_list(struct vpart *v, const char *name, struct vpart_lu **list, size_t *n);
int vpart_lio_backstores(struct vpart *v, struct vpart_lu **list, size_t *n);
void vpart_lio_look(struct vpart_lu *lu, const char *backstore, const char *name,
		    const struct vpart_lio_path *path);
bool vpart_lio_is_file(const struct vpart_lu *lu);
bool vpart_lio_device(const struct vpart_lu *lu, unsigned int *major, unsigned int *minor);
bool vpart_lio_is_device(const struct vpart_lu *lu, unsigned int major, unsigned int minor);
bool vpart_lio_serves(const struct vpart_block *b, char *name, size_t size);
bool vpart_lio_pair_used(const char *pair);
void vpart_lio_tidy(void);
void vpart_lio_acl_unmap(const char *pair, uint32_t lun);
void vpart_lio_acls_drop(const char *pair);
bool vpart_lio_acls_any(const char *pair);
int vpart_lio_identity_set(struct vpart *v, const char *backstore, const char *name,
			   const char *identity);
int vpart_lio_rescan(struct vpart *v, const char *pair, uint32_t lun);
void vpart_lio_pair_drop(const char *pair);

/* lio_alua.c: target port groups */

/**
 * struct vpart_lio_member - one path to a LU
 * @at: which LU, for who looks for many
 * @pair: adapter pair
 * @lun: number there
 * @group: its target port group
 */
struct vpart_lio_member {
	size_t		at;
	char		pair[VPART_NAME_SIZE];
	uint32_t	lun;
	char		group[64];
};

bool vpart_lio_members(const char *backstore, const char *name, size_t at, struct vpart_list *l);
void vpart_lio_path_read(struct vpart_lu *lu, const char *group);
int vpart_lio_group_join(struct vpart *v, const char *backstore, const char *name,
			 const struct vpart_lio_path *path);
void vpart_lio_groups_tidy(const char *backstore, const char *name);
int vpart_lio_access_set(struct vpart *v, const char *backstore, const char *name,
			 const char *group, enum vpart_access access);
int vpart_lio_check_lasting(struct vpart *v, const char *backstore, const char *name);

/* vport.c */
int vpart_vport_none(struct vpart *v, const char *parent, unsigned int ends);

/* lu.c */
bool vpart_disk_may_come(const struct vpart_lu *lu);

/* stuck.c */
int vpart_lu_check_answers(struct vpart *v, const struct vpart_lu *lu);

/* lu_set.c */
int vpart_lu_check_direct(struct vpart *v, const char *name, const char *backstore,
			  const char *pair, bool here);

/* super.c: what is written on a mirror's leg */
struct vpart_super {
	uint8_t		set_uuid[VPART_UUID_SIZE];
	uint32_t	leg_index;
	uint64_t	data_sectors;
	uint64_t	data_offset;
};

int vpart_super_read(struct vpart *v, const struct vpart_block *b, struct vpart_super *super);

/* dm.c: the device-mapper */
struct dm_task;

struct vpart_dm_info {
	char		name[128];
	char		uuid[130];
	unsigned int	minor;
	unsigned int	major;
	uint64_t	sectors;
	bool		open;
	char		params[1024];
};

int vpart_dm_check(struct vpart *v);
int vpart_dm_list(struct vpart *v, char ***names, size_t *n);
int vpart_dm_create(struct vpart *v, const char *name, const char *uuid,
		    uint64_t sectors, const char *params);
int vpart_dm_reload(struct vpart *v, const char *name, uint64_t sectors, const char *params);
int vpart_dm_remove(struct vpart *v, const char *name);
int vpart_dm_message(struct vpart *v, const char *name, const char *message);
int vpart_dm_info(struct vpart *v, const char *name, bool table, struct vpart_dm_info *info);
int vpart_dm_poll_open(struct vpart *v);
void vpart_dm_poll_arm(int fd);
int vpart_dm_poll_wait(int fd, int timeout_ms);

#endif /* LIBVPART_INTERNAL_H */
