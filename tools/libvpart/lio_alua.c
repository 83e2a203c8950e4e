// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The paths to a LU as its clients tell them apart: each server's paths are a
 * target port group, which says whether they should be used (ALUA).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "internal.h"

#define CORE		"/sys/kernel/config/target/core"
#define FABRIC		"/sys/kernel/config/target/vscsi"
#define DEFAULT_GROUP	"default_tg_pt_gp"
#define MAX_STACK	16
/* LIO's limit for a line of a group's members. */
#define MAX_MEMBER	256

/* The numbers are those of SPC, which LIO takes, too. */
static const char *const access_names[] = {
	[VPART_ACCESS_OPTIMIZED] = "optimized",
	[VPART_ACCESS_NON_OPTIMIZED] = "non-optimized",
	[VPART_ACCESS_STANDBY] = "standby",
	[VPART_ACCESS_UNAVAILABLE] = "unavailable",
};

/**
 * vpart_access_name - how a path is to be used, as a word
 * @access: how
 *
 * Return: the word.
 */
const char *vpart_access_name(enum vpart_access access)
{
	return (unsigned int)access < ARRAY_SIZE(access_names) ? access_names[access] : "unknown";
}

/**
 * vpart_access_parse - how a path is to be used
 * @text: a word
 * @access: gets it
 *
 * Return: 0 or -EINVAL.
 */
int vpart_access_parse(const char *text, enum vpart_access *access)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(access_names); i++) {
		if (!strcmp(text, access_names[i])) {
			*access = (enum vpart_access)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_number(const char *path, unsigned long *value)
{
	char text[64], *end;

	if (vpart_file_read(path, text, sizeof(text)) <= 0)
		return -ENOENT;
	*value = strtoul(text, &end, 0);
	return end == text ? -EINVAL : 0;
}

static int group_file(char *path, size_t size, const char *backstore, const char *name,
		      const char *group, const char *file)
{
	return vpart_path(path, size, CORE "/%.64s/%.64s/alua/%.64s/%s", backstore, name, group,
			  file);
}

static int group_number(const char *backstore, const char *name, const char *group,
			const char *file, unsigned long *value)
{
	char path[PATH_MAX];
	int ret = group_file(path, sizeof(path), backstore, name, group, file);

	return ret ? ret : read_number(path, value);
}

static int group_set(struct vpart *v, const char *backstore, const char *name, const char *group,
		     const char *file, unsigned long value)
{
	char path[PATH_MAX], text[16];
	int ret = group_file(path, sizeof(path), backstore, name, group, file);

	snprintf(text, sizeof(text), "%lu", value);
	if (!ret)
		ret = vpart_file_write(path, text);
	return ret ? vpart_fail(v, -ret, VPART_CODE_FAILED, "LU %s: set %s of port group %s to %s: %s",
				name, file, group, text, strerror(-ret)) : 0;
}

/* The port group of a path, of which only its LUN is known. */
static bool find_group(const struct vpart_lu *lu, char *group, size_t size)
{
	static const char alias[] = "TG Port Alias: ";
	char path[PATH_MAX], text[512], *end;

	vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/lun/lun_%u/alua_tg_pt_gp", lu->pair,
		   lu->lun);
	if (vpart_file_read(path, text, sizeof(text)) <= 0 || strncmp(text, alias, strlen(alias)))
		return false;
	end = strchr(text, '\n');
	if (end)
		*end = 0;
	vpart_copy(group, size, text + strlen(alias));
	return true;
}

/*
 * What clients are told of a path; of a LU that LIO alone has put there, too. @group: its
 * port group, or NULL.
 */
void vpart_lio_path_read(struct vpart_lu *lu, const char *group)
{
	char path[PATH_MAX];
	unsigned long value;

	lu->access = VPART_ACCESS_UNKNOWN;
	vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/rtpi", lu->pair);
	if (!read_number(path, &value))
		lu->port = (uint16_t)value;
	if (group)
		vpart_copy(lu->group, sizeof(lu->group), group);
	else if (!find_group(lu, lu->group, sizeof(lu->group)))
		return;
	if (!group_number(lu->backstore, lu->name, lu->group, "tg_pt_gp_id", &value))
		lu->group_id = (uint16_t)value;
	if (!group_number(lu->backstore, lu->name, lu->group, "alua_access_state", &value) &&
	    value < ARRAY_SIZE(access_names))
		lu->access = (enum vpart_access)value;
	if (!group_number(lu->backstore, lu->name, lu->group, "preferred", &value))
		lu->preferred = value;
}

/* One line of a group's members, FABRIC/TARGET/tpgt_N/LUN: is it a path of ours? */
static bool parse_member(char *line, struct vpart_lio_member *m)
{
	const char *fabric = strsep(&line, "/"), *pair = strsep(&line, "/");
	const char *tpg = strsep(&line, "/"), *lun = line;

	if (!lun || strcmp(fabric, "vscsi") || strcmp(tpg, "tpgt_1") || strncmp(lun, "lun_", 4))
		return false;
	vpart_copy(m->pair, sizeof(m->pair), pair);
	m->lun = (uint32_t)strtoul(lun + 4, NULL, 10);
	return true;
}

/* Add the paths in one group of a LU. A file of configfs is one page: are they all? */
static bool add_members(const char *dir, const char *group, size_t at, struct vpart_list *l,
			char *text, size_t page)
{
	struct vpart_lio_member m = { .at = at }, *slot;
	char path[PATH_MAX], *line, *next, *end;
	int got;

	if (vpart_path(path, sizeof(path), "%.512s/%.128s/members", dir, group))
		return false;
	got = vpart_file_read(path, text, page + 1);
	if (got < 0)
		return true;	/* the group has just gone */
	vpart_copy(m.group, sizeof(m.group), group);
	/* Each line has its newline and a zero. */
	for (line = text, end = text + got; line < end; line = next) {
		next = line + strlen(line) + 1;
		line[strcspn(line, "\n")] = 0;
		if (!parse_member(line, &m))
			continue;
		slot = vpart_list_add(l);
		if (slot)
			*slot = m;
	}
	return (size_t)got + MAX_MEMBER <= page;
}

/*
 * Add the paths to a LU, struct vpart_lio_member, to @l; @at: for each of them. Are they
 * all? Its port groups say that: the folder of a LUN cannot be read while somebody
 * unlinks it, which waits for its device.
 */
bool vpart_lio_members(const char *backstore, const char *name, size_t at, struct vpart_list *l)
{
	size_t i, n, page = (size_t)sysconf(_SC_PAGESIZE);
	char dir[PATH_MAX], **names, *text;
	bool all = true;

	if (vpart_path(dir, sizeof(dir), CORE "/%.64s/%.64s/alua", backstore, name) ||
	    vpart_dir_list(dir, NULL, &names, &n))
		return true;	/* the LU has just gone */
	text = malloc(page + 1);
	if (!text) {
		l->oom = true;
		goto free_names;
	}
	/* A new path begins here, and is seen twice rather than not at all. */
	all = add_members(dir, DEFAULT_GROUP, at, l, text, page);
	for (i = 0; i < n; i++)
		if (strcmp(names[i], DEFAULT_GROUP))
			all = add_members(dir, names[i], at, l, text, page) && all;
	free(text);
free_names:
	vpart_dir_free(names, n);
	return all;
}

/* A server's port group at a LU; @made: it was not there. */
static int make_group(struct vpart *v, const char *backstore, const char *name, const char *pair,
		      const char *server, bool *made)
{
	char path[PATH_MAX], text[16];
	unsigned long number, now;
	int ret;

	vpart_path(path, sizeof(path), FABRIC "/%.64s/tpgt_1/port_group", pair);
	ret = read_number(path, &number);
	if (ret)
		return vpart_fail(v, -ret, VPART_CODE_FAILED, "read %s: %s", path, strerror(-ret));
	vpart_path(path, sizeof(path), CORE "/%.64s/%.64s/alua/%.64s", backstore, name, server);
	*made = !mkdir(path, 0755);
	if (!*made && errno != EEXIST)
		return vpart_fail(v, errno, VPART_CODE_FAILED, "make %s: %s", path,
				  strerror(errno));
	if (!*made) {
		ret = group_number(backstore, name, server, "tg_pt_gp_id", &now);
		if (!ret && now != number)
			return vpart_fail(v, EEXIST, VPART_CODE_FAILED,
					  "LU %s: its port group %s has number %lu, and should have %lu",
					  name, server, now, number);
		return ret;
	}
	snprintf(text, sizeof(text), "%lu", number);
	group_file(path, sizeof(path), backstore, name, server, "tg_pt_gp_id");
	ret = vpart_file_write(path, text);
	/* LIO refuses a number that another group of the LU has. */
	if (ret)
		ret = vpart_fail(v, EEXIST, VPART_CODE_FAILED,
				 "LU %s: port group %lu of server %s is another server's, too: make one of these partitions again, with another UUID",
				 name, number, server);
	/* LIO would hold each command of such a path for 100 ms. */
	if (!ret)
		ret = group_set(v, backstore, name, server, "nonop_delay_msecs", 0);
	if (!ret)
		return 0;
	group_file(path, sizeof(path), backstore, name, server, "");
	rmdir(path);
	return ret;
}

/* Take away the port groups of a LU that no path is in. */
void vpart_lio_groups_tidy(const char *backstore, const char *name)
{
	char dir[PATH_MAX], path[PATH_MAX], text[256], **names;
	size_t i, n;

	if (vpart_path(dir, sizeof(dir), CORE "/%.64s/%.64s/alua", backstore, name) ||
	    vpart_dir_list(dir, NULL, &names, &n))
		return;
	for (i = 0; i < n; i++)
		if (strcmp(names[i], DEFAULT_GROUP) &&
		    !vpart_path(path, sizeof(path), "%.512s/%.128s/members", dir, names[i]) &&
		    !vpart_file_read(path, text, sizeof(text)) &&
		    !vpart_path(path, sizeof(path), "%.512s/%.128s", dir, names[i]))
			rmdir(path);
	vpart_dir_free(names, n);
}

/* Say how the paths of a server to a LU are to be used. */
int vpart_lio_access_set(struct vpart *v, const char *backstore, const char *name,
			 const char *group, enum vpart_access access)
{
	unsigned long now;
	int ret;

	ret = group_set(v, backstore, name, group, "preferred", access == VPART_ACCESS_OPTIMIZED);
	if (ret || (!group_number(backstore, name, group, "alua_access_state", &now) &&
		    now == (unsigned long)access))
		return ret;
	return group_set(v, backstore, name, group, "alua_access_state", access);
}

/* Put a path into its server's port group, and have the client look. */
int vpart_lio_group_join(struct vpart *v, const char *backstore, const char *name,
			 const struct vpart_lio_path *path)
{
	char file[PATH_MAX];
	bool made = false;
	int ret;

	ret = make_group(v, backstore, name, path->pair, path->server, &made);
	if (!ret && made)
		ret = vpart_lio_access_set(v, backstore, name, path->server, path->access);
	if (ret)
		goto tidy;
	vpart_path(file, sizeof(file), FABRIC "/%.64s/tpgt_1/lun/lun_%u/alua_tg_pt_gp", path->pair,
		   path->lun);
	ret = vpart_file_write(file, path->server);
	if (ret)
		ret = vpart_fail(v, -ret, VPART_CODE_FAILED,
				 "put LUN %u of adapter pair %s into port group %s: %s", path->lun,
				 path->pair, path->server, strerror(-ret));
	else
		ret = vpart_lio_rescan(v, path->pair, path->lun);
tidy:
	if (ret)
		vpart_lio_groups_tidy(backstore, name);
	return ret;
}

/* ---- does a write survive the server? ---- */

/* Is a block device, or what it stands on, this kernel's memory? @which: the part. */
static bool in_memory(unsigned int major, unsigned int minor, unsigned int depth, char *which,
		      size_t size)
{
	char path[PATH_MAX], text[8], **names;
	unsigned int ma, mi;
	bool found = false;
	size_t i, n;

	if (depth > MAX_STACK || vpart_disk_name(major, minor, which, size))
		return false;
	if (!strncmp(which, "ram", 3) || !strncmp(which, "zram", 4))
		return true;
	/* A loop device keeps its file's pages, unless told to do direct I/O. */
	vpart_path(path, sizeof(path), "/sys/dev/block/%u:%u/loop/dio", major, minor);
	if (vpart_file_read(path, text, sizeof(text)) > 0)
		return !strcmp(text, "0");
	vpart_path(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major, minor);
	if (vpart_exists(path)) {
		vpart_path(path, sizeof(path), "/sys/dev/block/%u:%u/../dev", major, minor);
		return vpart_file_device(path, &ma, &mi) &&
		       in_memory(ma, mi, depth + 1, which, size);
	}
	vpart_path(path, sizeof(path), "/sys/dev/block/%u:%u/slaves", major, minor);
	if (vpart_dir_list(path, NULL, &names, &n))
		return false;
	for (i = 0; i < n && !found; i++)
		found = !vpart_path(path, sizeof(path), "/sys/class/block/%.64s/dev", names[i]) &&
			vpart_file_device(path, &ma, &mi) &&
			in_memory(ma, mi, depth + 1, which, size);
	vpart_dir_free(names, n);
	return found;
}

/*
 * A client that loses one path goes on over another, and takes for written what
 * the first has confirmed. So it may not be in the memory of who served it.
 */
int vpart_lio_check_lasting(struct vpart *v, const char *backstore, const char *name)
{
	char path[PATH_MAX], device[PATH_MAX], text[1024], which[VPART_DISK_SIZE];
	struct stat st;

	vpart_path(path, sizeof(path), CORE "/%.64s/%.64s/info", backstore, name);
	if (!strncmp(backstore, "fileio_", 7) &&
	    (vpart_file_read(path, text, sizeof(text)) <= 0 || !strstr(text, "O_DSYNC")))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "LU %s cannot have a second path: its file is served buffered, and what was written would be lost with its server",
				  name);
	vpart_path(path, sizeof(path), CORE "/%.64s/%.64s/udev_path", backstore, name);
	if (vpart_file_read(path, device, sizeof(device)) > 0 && !stat(device, &st) &&
	    S_ISBLK(st.st_mode) &&
	    in_memory(major(st.st_rdev), minor(st.st_rdev), 0, which, sizeof(which)))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "LU %s cannot have a second path: its device %s keeps writes in memory (%s), and what was written would be lost with its server",
				  name, device, which);
	return 0;
}
