// SPDX-License-Identifier: LGPL-2.1-or-later
/* Backstores and mappings in LIO's part of configfs, laid out as targetcli does */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "config.h"

#define CONFIGFS	"/sys/kernel/config"
#define CORE		CONFIGFS "/target/core"
#define FABRIC		CONFIGFS "/target/vscsi"
/* A backstore's alias, which nothing else uses, keeps what its device is known by. */
#define IDENTITY_ALIAS	"vpart identity "
#define MAX_HBA		4096

static int lio_fail(struct vpart *v, int ret, const char *doing, const char *thing)
{
	return vpart_fail(v, -ret, VPART_CODE_FAILED, "%s %s: %s", doing, thing, strerror(-ret));
}

/* Are LIO and the fabric there? */
int vpart_lio_check(struct vpart *v)
{
	if (!vpart_exists(CORE)) {
		struct stat here, up;

		if (!stat(CONFIGFS, &here) && !stat(CONFIGFS "/..", &up) &&
		    here.st_dev == up.st_dev)
			return vpart_fail(v, ENOENT, VPART_CODE_FAILED,
					  "configfs is not mounted: mount -t configfs none %s",
					  CONFIGFS);
		return vpart_fail(v, ENOENT, VPART_CODE_FAILED,
				  "LIO is not loaded: modprobe target_core_mod");
	}
	if (vpart_exists(FABRIC) || !mkdir(FABRIC, 0755) || errno == EEXIST)
		return 0;
	return vpart_fail(v, ENOENT, VPART_CODE_FAILED,
			  "the kernel module vscsi_target is not loaded: modprobe vscsi_target");
}

/*
 * LIO writes DBROOT/pr/aptpl_SERIAL at each registration of a key, whether it shall
 * outlive the LU or not, and makes neither folder: without them the command fails, though
 * the key is registered.
 */
static int make_pr_folder(struct vpart *v)
{
	char root[PATH_MAX], dir[PATH_MAX];
	struct stat st;
	int ret;

	ret = vpart_file_read(CONFIGFS "/target/dbroot", root, sizeof(root));
	if (ret < 0)
		return lio_fail(v, ret, "read", CONFIGFS "/target/dbroot");
	ret = vpart_path(dir, sizeof(dir), "%s/pr", root);
	if (!ret && ((mkdir(root, 0755) && errno != EEXIST) ||
		     (mkdir(dir, 0700) && errno != EEXIST) || stat(dir, &st)))
		ret = -errno;
	else if (!ret && !S_ISDIR(st.st_mode))
		ret = -ENOTDIR;
	return ret ? vpart_fail(v, -ret, VPART_CODE_FAILED,
				"LIO keeps persistent reservations in %s, which cannot be made: %s",
				dir, strerror(-ret)) : 0;
}

static bool is_backstore(const char *name)
{
	return !strncmp(name, "iblock_", 7) || !strncmp(name, "fileio_", 7);
}

static bool is_lun(const char *name)
{
	return !strncmp(name, "lun_", 4);
}

static bool no_dot_dir(const char *name)
{
	return strcmp(name, "discovery_auth") && strcmp(name, "version");
}

/* Name of the kernel module that makes such a backstore. */
static const char *backstore_module(bool block)
{
	return block ? "target_core_iblock" : "target_core_file";
}

/* The device by an identity that outlives a reboot, if udev made one. */
static void stable_path(const struct vpart_block *b, char *path, size_t size)
{
	static const char by_id[] = "/dev/disk/by-id", links[] = "/dev/disk/by-";
	char full[PATH_MAX], **names;
	struct stat want, st;
	size_t i, n;

	vpart_copy(path, size, b->path);
	if (!strncmp(path, links, strlen(links)) || stat(b->path, &want) ||
	    vpart_dir_list(by_id, NULL, &names, &n))
		return;
	for (i = 0; i < n; i++) {
		if (vpart_path(full, sizeof(full), "%s/%s", by_id, names[i]) ||
		    stat(full, &st) || st.st_rdev != want.st_rdev)
			continue;
		vpart_copy(path, size, full);
		break;
	}
	vpart_dir_free(names, n);
}

/*
 * mkdir core/<kind>_<lowest free number>, as rtslib: one backstore in each. @number:
 * those below it are taken; gets the one that it is.
 */
static int make_hba(struct vpart *v, bool block, unsigned int *number, char *hba, size_t size)
{
	char path[PATH_MAX];
	unsigned int i;

	for (i = *number; i < MAX_HBA; i++) {
		snprintf(hba, size, "%s_%u", block ? "iblock" : "fileio", i);
		vpart_path(path, sizeof(path), CORE "/%s", hba);
		if (!mkdir(path, 0755)) {
			*number = i;
			return 0;
		}
		if (errno == EEXIST)
			continue;
		if (errno == EINVAL || errno == ENOENT)
			return vpart_fail(v, ENOENT, VPART_CODE_FAILED,
					  "LIO cannot make the backstore: modprobe %s",
					  backstore_module(block));
		return lio_fail(v, -errno, "make the backstore", hba);
	}
	return vpart_fail(v, ENOSPC, VPART_CODE_FAILED, "too many backstores");
}

static int set_text(struct vpart *v, const char *dir, const char *file, const char *text)
{
	char path[PATH_MAX];
	int ret = vpart_path(path, sizeof(path), "%s/%s", dir, file);

	if (!ret)
		ret = vpart_file_write(path, text);
	return ret ? lio_fail(v, ret, "set", path) : 0;
}

/* Keep what the device of a backstore is known by. */
int vpart_lio_identity_set(struct vpart *v, const char *backstore, const char *name,
			   const char *identity)
{
	char dir[PATH_MAX], text[VPART_IDENTITY_SIZE + sizeof(IDENTITY_ALIAS)];

	snprintf(text, sizeof(text), IDENTITY_ALIAS "%s", identity);
	vpart_path(dir, sizeof(dir), CORE "/%.64s/%.64s", backstore, name);
	return set_text(v, dir, "alias", text);
}

/*
 * @spec->identity: as identity_choose() has it, or NULL: nobody has chosen one. @taken:
 * zeroed at first; who makes many keeps it, and each begins to look for a number where
 * the last one has found its.
 */
int vpart_lio_backstore_add(struct vpart *v, const struct vpart_lu_spec *spec,
			    const uint8_t uuid[VPART_UUID_SIZE], struct lio_numbers *taken,
			    char *backstore, size_t size)
{
	char dir[PATH_MAX], hba_dir[PATH_MAX], dev[PATH_MAX], by[1100], text[PATH_MAX + 64];
	char serial[VPART_UUID_TEXT];
	struct vpart_block b;
	unsigned int number;
	struct stat st;
	bool block;
	int ret;

	if (stat(spec->device, &st))
		return vpart_fail(v, errno,
				  errno == ENOENT ? VPART_CODE_NOT_FOUND : VPART_CODE_FAILED,
				  "%s: %s", spec->device, strerror(errno));
	block = S_ISBLK(st.st_mode);
	if (!block && !S_ISREG(st.st_mode))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "%s is neither a block device nor a file", spec->device);
	if (block) {
		ret = vpart_block_find(v, spec->device, &b);
		if (ret)
			return ret;
		if (vpart_block_busy(&b, by, sizeof(by)))
			return vpart_fail(v, EBUSY, VPART_CODE_FAILED, "%s is in use: %s",
					  spec->device, by);
		stable_path(&b, dev, sizeof(dev));
		snprintf(text, sizeof(text), "udev_path=%s", dev);
	} else {
		if (!realpath(spec->device, dev))
			return lio_fail(v, -errno, "resolve", spec->device);
		if (!st.st_size || st.st_size % 512)
			return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
					  "%s: its size is no multiple of 512 bytes", spec->device);
		snprintf(text, sizeof(text), "fd_dev_name=%s,fd_dev_size=%lld", dev,
			 (long long)st.st_size);
	}
	if (strpbrk(dev, ",\n"))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "%s: a path with a comma or a newline cannot be served", dev);

	number = block ? taken->iblock : taken->fileio;
	ret = make_hba(v, block, &number, backstore, size);
	if (ret)
		return ret;
	vpart_path(hba_dir, sizeof(hba_dir), CORE "/%s", backstore);
	if (vpart_path(dir, sizeof(dir), "%.64s/%.64s", hba_dir, spec->name) || mkdir(dir, 0755)) {
		ret = lio_fail(v, -errno, "make the backstore", dir);
		goto drop_hba;
	}
	ret = set_text(v, dir, "control", text);
	if (ret)
		goto drop_device;
	vpart_uuid_format(uuid, serial);
	ret = set_text(v, dir, "wwn/vpd_unit_serial", serial);
	if (ret)
		goto drop_device;
	/* targetcli shows this path and saves it with its configuration. */
	ret = set_text(v, dir, "udev_path", dev);
	if (!ret && spec->identity && spec->identity[0])
		ret = vpart_lio_identity_set(v, backstore, spec->name, spec->identity);
	if (ret)
		goto drop_device;
	ret = set_text(v, dir, "enable", "1");
	if (ret)
		goto drop_device;
	*(block ? &taken->iblock : &taken->fileio) = number + 1;
	return 0;

drop_device:
	rmdir(dir);
drop_hba:
	rmdir(hba_dir);
	return ret;
}

int vpart_lio_backstore_del(struct vpart *v, const char *backstore, const char *name)
{
	char dir[PATH_MAX];

	vpart_lio_groups_tidy(backstore, name);
	if (vpart_path(dir, sizeof(dir), CORE "/%s/%s", backstore, name) || rmdir(dir))
		return lio_fail(v, -errno, "remove the backstore", dir);
	vpart_path(dir, sizeof(dir), CORE "/%s", backstore);
	/* Another tool may keep more devices in it. */
	if (rmdir(dir) && errno != ENOTEMPTY && errno != EBUSY)
		return lio_fail(v, -errno, "remove the backstore", dir);
	return 0;
}

bool vpart_lio_pair_used(const char *pair)
{
	char path[PATH_MAX], **names;
	size_t n;

	if (vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/lun", pair) ||
	    vpart_dir_list(path, is_lun, &names, &n))
		return false;
	vpart_dir_free(names, n);
	return n;
}

/* The fabric's folder goes with its last target: the module can be unloaded. */
void vpart_lio_tidy(void)
{
	rmdir(FABRIC);
}

/* Take the target of a pair away; it stays while it has LUNs, or ACLs made by hand. */
void vpart_lio_pair_drop(const char *pair)
{
	char path[PATH_MAX];

	if (vpart_lio_pair_used(pair) || vpart_lio_acls_any(pair) ||
	    vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/enable", pair))
		return;
	vpart_file_write(path, "0");
	vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1", pair);
	rmdir(path);
	vpart_path(path, sizeof(path), FABRIC "/%s", pair);
	rmdir(path);
	vpart_lio_tidy();
}

/* Target and portal group of a pair, made if missing; @tpg: its folder. */
static int make_tpg(struct vpart *v, const char *pair, char *tpg, size_t size)
{
	int ret = vpart_path(tpg, size, FABRIC "/%s", pair);

	if (!ret && mkdir(tpg, 0755) && errno != EEXIST)
		ret = -errno;
	if (!ret)
		ret = vpart_path(tpg, size, FABRIC "/%s/tpgt_1", pair);
	if (!ret && mkdir(tpg, 0755) && errno != EEXIST)
		ret = -errno;
	return ret ? lio_fail(v, ret, "make the target of adapter pair", pair) : 0;
}

static int make_lun(struct vpart *v, const char *tpg, uint32_t *lun, char *dir, size_t size)
{
	uint32_t i = *lun == VPART_LUN_ANY ? 0 : *lun;

	for (; i <= VPART_LUN_MAX; i++) {
		vpart_path(dir, size, "%s/lun/lun_%u", tpg, i);
		if (!mkdir(dir, 0755)) {
			*lun = i;
			return 0;
		}
		if (errno != EEXIST)
			return lio_fail(v, -errno, "make", dir);
		if (*lun != VPART_LUN_ANY)
			return vpart_fail(v, EEXIST, VPART_CODE_FAILED,
					  "LUN %u is taken at this adapter pair", i);
	}
	return vpart_fail(v, ENOSPC, VPART_CODE_FAILED, "no LUN up to %d is free", VPART_LUN_MAX);
}

/* The number of the target port, while it may still be chosen. */
static int set_port(struct vpart *v, const char *tpg, const char *pair, uint16_t port)
{
	char path[PATH_MAX], text[16];

	vpart_path(path, sizeof(path), "%.512s/rtpi", tpg);
	if (vpart_file_read(path, text, sizeof(text)) > 0 && strtoul(text, NULL, 0) == port)
		return 0;
	snprintf(text, sizeof(text), "%u", port);
	if (vpart_file_write(path, text))
		return vpart_fail(v, EBUSY, VPART_CODE_FAILED,
				  "the target port of adapter pair %s cannot become number %u",
				  pair, port);
	return 0;
}

static bool is_enabled(const char *tpg)
{
	char path[PATH_MAX], text[16];

	return !vpart_path(path, sizeof(path), "%.512s/enable", tpg) &&
	       vpart_file_read(path, text, sizeof(text)) > 0 && !strcmp(text, "1");
}

/* May READ and WRITE of a LUN be carried out in the client's context? */
int vpart_lio_direct_set(struct vpart *v, const char *pair, uint32_t lun, bool on)
{
	char path[PATH_MAX], text[32];
	int ret;

	snprintf(text, sizeof(text), "%u %d", lun, on);
	ret = vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/direct", pair);
	if (!ret)
		ret = vpart_file_write(path, text);
	if (ret == -EOPNOTSUPP)
		return vpart_fail(v, EOPNOTSUPP, VPART_CODE_FAILED,
				  "direct submission needs Linux 6.4 or later");
	return ret ? lio_fail(v, ret, "set", path) : 0;
}

/* Is it so? */
static bool is_direct(const char *pair, uint32_t lun)
{
	char path[PATH_MAX], text[4096], *line, *rest = text;

	if (vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/direct", pair) ||
	    vpart_file_read(path, text, sizeof(text)) <= 0)
		return false;
	while ((line = strsep(&rest, "\n")))
		if (*line && strtoul(line, NULL, 10) == lun)
			return true;
	return false;
}

int vpart_lio_map(struct vpart *v, const char *backstore, const char *name,
		  struct vpart_lio_path *path)
{
	char tpg[PATH_MAX], dir[PATH_MAX], link[PATH_MAX], target[PATH_MAX];
	int ret;

	ret = make_pr_folder(v);
	if (!ret)
		ret = make_tpg(v, path->pair, tpg, sizeof(tpg));
	if (!ret && path->port && !is_enabled(tpg))
		ret = set_port(v, tpg, path->pair, path->port);
	if (ret)
		goto drop_pair;
	ret = make_lun(v, tpg, &path->lun, dir, sizeof(dir));
	if (ret)
		goto drop_pair;
	vpart_path(target, sizeof(target), CORE "/%s/%s", backstore, name);
	if (vpart_path(link, sizeof(link), "%s/%s", dir, name) || symlink(target, link)) {
		ret = lio_fail(v, -errno, "map the LU at", dir);
		goto drop_lun;
	}
	ret = vpart_lio_group_join(v, backstore, name, path);
	if (ret)
		goto unlink_lun;
	if (!is_enabled(tpg)) {
		ret = set_text(v, tpg, "enable", "1");
		if (ret)
			goto unlink_lun;
	}
	if (path->direct) {
		ret = vpart_lio_direct_set(v, path->pair, path->lun, true);
		if (ret)
			goto unlink_lun;
	}
	return 0;

unlink_lun:
	unlink(link);
	vpart_lio_groups_tidy(backstore, name);
drop_lun:
	rmdir(dir);
drop_pair:
	vpart_lio_pair_drop(path->pair);
	return ret;
}

/* Tell the client to look at a LUN again: its size, or who may see it, changed. */
int vpart_lio_rescan(struct vpart *v, const char *pair, uint32_t lun)
{
	char tpg[PATH_MAX], text[16];

	snprintf(text, sizeof(text), "%u", lun);
	vpart_path(tpg, sizeof(tpg), FABRIC "/%s/tpgt_1", pair);
	return set_text(v, tpg, "rescan", text);
}

int vpart_lio_unmap(struct vpart *v, const struct vpart_lu *lu)
{
	char dir[PATH_MAX];
	int ret;

	vpart_path(dir, sizeof(dir), FABRIC "/%s/tpgt_1/lun/lun_%u", lu->pair, lu->lun);
	vpart_lio_acl_unmap(lu->pair, lu->lun);
	ret = vpart_dir_drop(dir);
	if (ret)
		return lio_fail(v, ret, "unmap", dir);
	vpart_lio_groups_tidy(lu->backstore, lu->name);
	vpart_lio_pair_drop(lu->pair);
	return 0;
}

/* Does LIO open it as a file? That may be a block device, too. */
bool vpart_lio_is_file(const struct vpart_lu *lu)
{
	return !strncmp(lu->backstore, "fileio_", 7) && lu->device[0];
}

static void read_identity(struct vpart_lu *lu)
{
	char path[PATH_MAX], text[1024];
	struct stat st;

	vpart_path(path, sizeof(path), CORE "/%s/%s/alias", lu->backstore, lu->name);
	if (vpart_file_read(path, text, sizeof(text)) > 0 &&
	    !strncmp(text, IDENTITY_ALIAS, strlen(IDENTITY_ALIAS))) {
		vpart_copy(lu->identity, sizeof(lu->identity), text + strlen(IDENTITY_ALIAS));
		lu->recorded = true;
	} else if (lu->device[0] && !stat(lu->device, &st)) {
		if (S_ISBLK(st.st_mode))
			vpart_identity(major(st.st_rdev), minor(st.st_rdev), lu->identity,
				       sizeof(lu->identity));
		else if (vpart_path(lu->identity, sizeof(lu->identity), "file:%s", lu->device))
			lu->identity[0] = 0;
	}
}

static void read_backstore(struct vpart_lu *lu)
{
	static const char prefix[] = "T10 VPD Unit Serial Number: ";
	char path[PATH_MAX], text[1024];
	struct stat st;

	vpart_path(path, sizeof(path), CORE "/%s/%s/wwn/vpd_unit_serial", lu->backstore, lu->name);
	if (vpart_file_read(path, text, sizeof(text)) > 0 && !strncmp(text, prefix, strlen(prefix)))
		lu->uuid_valid = !vpart_uuid_parse(text + strlen(prefix), lu->uuid);
	vpart_path(path, sizeof(path), CORE "/%s/%s/udev_path", lu->backstore, lu->name);
	if (vpart_file_read(path, lu->device, sizeof(lu->device)) < 0)
		lu->device[0] = 0;
	if (vpart_lio_is_file(lu) && !stat(lu->device, &st) && S_ISREG(st.st_mode))
		lu->bytes = (uint64_t)st.st_size;
	read_identity(lu);
}

/* One of its paths; @group: its port group, or NULL: it is asked. */
static void read_path(struct vpart_lu *lu, const char *pair, uint32_t lun, const char *group)
{
	vpart_copy(lu->pair, sizeof(lu->pair), pair);
	lu->lun = lun;
	vpart_lio_path_read(lu, group);
	lu->direct = is_direct(pair, lun);
}

/* The name of the LU that a LUN's folder links to. */
static bool lun_target(const char *dir, char *backstore, size_t bsize, char *name, size_t nsize)
{
	char to[PATH_MAX], *base;

	if (!vpart_dir_link(dir, NULL, to, sizeof(to)))
		return false;
	base = strrchr(to, '/');
	vpart_copy(name, nsize, base + 1);
	*base = 0;
	base = strrchr(to, '/');
	vpart_copy(backstore, bsize, base ? base + 1 : to);
	return true;
}

/* A backstore, to be found among many: where it is in their list. */
struct place {
	char	backstore[64];
	char	name[VPART_NAME_SIZE];
	size_t	at;
};

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = strcmp(x->backstore, y->backstore);

	return order ? order : strcmp(x->name, y->name);
}

static struct place *all_places(const struct vpart_list *l)
{
	struct place *places = calloc(l->n + 1, sizeof(*places));
	const struct vpart_lu *lus = l->data;
	size_t i;

	for (i = 0; places && i < l->n; i++) {
		vpart_copy(places[i].backstore, sizeof(places[i].backstore), lus[i].backstore);
		vpart_copy(places[i].name, sizeof(places[i].name), lus[i].name);
		places[i].at = i;
	}
	if (places)
		qsort(places, l->n, sizeof(*places), by_place);
	return places;
}

/* @l: backstores, then their other mappings. */
static void add_mapping(struct vpart_list *l, size_t at, const char *pair, uint32_t lun,
			const char *group)
{
	struct vpart_lu *lu = (struct vpart_lu *)l->data + at, first;

	if (lu->pair[0]) {
		/* A second way to the same LU is a row of its own. */
		first = *lu;
		lu = vpart_list_add(l);
		if (!lu)
			return;
		*lu = first;
		lu->group[0] = 0;
	}
	read_path(lu, pair, lun, group);
}

/* The same, of a pair, as the folders of its LUNs have it; @places: the backstores. */
static void find_mappings(struct vpart_list *l, const struct place *places, size_t nplaces,
			  const char *pair)
{
	char dir[PATH_MAX], lun_dir[PATH_MAX], **luns;
	const struct place *place;
	struct place key;
	size_t i, n;

	if (vpart_path(dir, sizeof(dir), FABRIC "/%s/tpgt_1/lun", pair) ||
	    vpart_dir_list(dir, is_lun, &luns, &n))
		return;
	for (i = 0; i < n; i++) {
		vpart_path(lun_dir, sizeof(lun_dir), "%.512s/%.64s", dir, luns[i]);
		if (!lun_target(lun_dir, key.backstore, sizeof(key.backstore), key.name,
				sizeof(key.name)))
			continue;
		place = bsearch(&key, places, nplaces, sizeof(*places), by_place);
		if (place)
			add_mapping(l, place->at, pair, (uint32_t)strtoul(luns[i] + 4, NULL, 10),
				    NULL);
	}
	vpart_dir_free(luns, n);
}

/* All of them, where a page was too small to say that in short. */
static void find_all_mappings(struct vpart_list *l)
{
	struct place *places = all_places(l);
	size_t i, npairs, nplaces = l->n;
	char **pairs;

	if (!places) {
		l->oom = true;
	} else if (!vpart_dir_list(FABRIC, no_dot_dir, &pairs, &npairs)) {
		for (i = 0; i < npairs; i++)
			find_mappings(l, places, nplaces, pairs[i]);
		vpart_dir_free(pairs, npairs);
	}
	free(places);
}

static int by_pair(const void *a, const void *b)
{
	const struct vpart_lio_member *x = a, *y = b;
	int order = strverscmp(x->pair, y->pair);

	return order ? order : (x->lun > y->lun) - (x->lun < y->lun);
}

/* The mappings of the backstores in @l, pair by pair. */
static void add_mappings(struct vpart_list *l)
{
	struct vpart_list members = { .size = sizeof(struct vpart_lio_member) };
	const struct vpart_lio_member *m;
	size_t i, n = l->n;
	bool all = true;

	for (i = 0; i < n && all; i++) {
		const struct vpart_lu *lu = (struct vpart_lu *)l->data + i;

		all = vpart_lio_members(lu->backstore, lu->name, i, &members);
	}
	l->oom |= members.oom;
	if (!all) {
		find_all_mappings(l);
	} else if (members.n) {
		qsort(members.data, members.n, sizeof(*m), by_pair);
		for (m = members.data, i = 0; i < members.n; i++)
			if (!i || by_pair(&m[i - 1], &m[i]))
				add_mapping(l, m[i].at, m[i].pair, m[i].lun, m[i].group);
	}
	free(members.data);
}

/*
 * The block device that a backstore has open. The path that it was given may lead elsewhere
 * since; only of a file, and of what is not enabled yet, it is what there is. false: there is none.
 */
bool vpart_lio_device(const struct vpart_lu *lu, unsigned int *major, unsigned int *minor)
{
	char path[PATH_MAX], text[4096];
	const char *at;
	struct stat st;

	vpart_path(path, sizeof(path), CORE "/%.64s/%.64s/info", lu->backstore, lu->name);
	if (!strncmp(lu->backstore, "iblock_", 7) &&
	    vpart_file_read(path, text, sizeof(text)) > 0) {
		at = strstr(text, "Major: ");
		if (at && sscanf(at, "Major: %u Minor: %u", major, minor) == 2 && *major)
			return true;
	}
	if (!lu->device[0] || stat(lu->device, &st) || !S_ISBLK(st.st_mode))
		return false;
	*major = major(st.st_rdev);
	*minor = minor(st.st_rdev);
	return true;
}

bool vpart_lio_is_device(const struct vpart_lu *lu, unsigned int major, unsigned int minor)
{
	unsigned int has_major, has_minor;

	return vpart_lio_device(lu, &has_major, &has_minor) && has_major == major &&
	       has_minor == minor;
}

/* Is there a backstore of this device? @name: of its LU. */
bool vpart_lio_serves(const struct vpart_block *b, char *name, size_t size)
{
	struct vpart *quiet = vpart_open();
	struct vpart_lu *list;
	bool found = false;
	size_t i, n;

	if (!quiet || vpart_lio_list(quiet, NULL, &list, &n)) {
		vpart_close(quiet);
		return false;
	}
	for (i = 0; i < n && !found; i++) {
		if (!vpart_lio_is_device(&list[i], b->major, b->minor))
			continue;
		vpart_copy(name, size, list[i].name);
		found = true;
	}
	free(list);
	vpart_close(quiet);
	return found;
}

/* What is at the end of one path, which is there. */
void vpart_lio_look(struct vpart_lu *lu, const char *backstore, const char *name,
		    const struct vpart_lio_path *path)
{
	memset(lu, 0, sizeof(*lu));
	vpart_copy(lu->name, sizeof(lu->name), name);
	vpart_copy(lu->backstore, sizeof(lu->backstore), backstore);
	read_backstore(lu);
	read_path(lu, path->pair, path->lun, NULL);
}

/* Add the LU of this name in a backstore's folder, if there is one. */
static void list_backstore(struct vpart_list *l, const char *hba, const char *name)
{
	char path[PATH_MAX];
	struct vpart_lu *lu;
	struct stat st;

	if (!vpart_name_valid(name) || vpart_path(path, sizeof(path), CORE "/%s/%s", hba, name) ||
	    stat(path, &st) || !S_ISDIR(st.st_mode))
		return;
	lu = vpart_list_add(l);
	if (!lu)
		return;
	vpart_copy(lu->name, sizeof(lu->name), name);
	vpart_copy(lu->backstore, sizeof(lu->backstore), hba);
	read_backstore(lu);
}

/* All LUs, or those of one name. */
static void list_backstores(struct vpart_list *l, const char *name)
{
	char path[PATH_MAX], **hbas, **names;
	size_t i, j, nhba, nnames;

	if (vpart_dir_list(CORE, is_backstore, &hbas, &nhba))
		return;
	for (i = 0; i < nhba; i++) {
		if (name) {
			list_backstore(l, hbas[i], name);
			continue;
		}
		if (vpart_path(path, sizeof(path), CORE "/%s", hbas[i]) ||
		    vpart_dir_list(path, NULL, &names, &nnames))
			continue;
		for (j = 0; j < nnames; j++)
			list_backstore(l, hbas[i], names[j]);
		vpart_dir_free(names, nnames);
	}
	vpart_dir_free(hbas, nhba);
}

/* All backstores of LIO that have a LU's name. */
int vpart_lio_backstores(struct vpart *v, struct vpart_lu **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_lu) };

	list_backstores(&l, NULL);
	return vpart_list_done(v, 0, &l, list, n);
}

/* The same, with their mappings; @name: only of this name, if it is not NULL. */
int vpart_lio_list(struct vpart *v, const char *name, struct vpart_lu **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_lu) };

	list_backstores(&l, name);
	add_mappings(&l);
	return vpart_list_done(v, 0, &l, list, n);
}
