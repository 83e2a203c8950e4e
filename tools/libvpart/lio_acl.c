// SPDX-License-Identifier: LGPL-2.1-or-later
/* What LIO keeps besides backstores and LUNs: attributes, and who may see what */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"

#define CORE	"/sys/kernel/config/target/core"
#define FABRIC	"/sys/kernel/config/target/vscsi"

/*
 * What a client can see of a backstore, as far as it can be chosen. The rest
 * is LIO's default, or set anew by who set it before.
 */
static const char *const attribs_kept[] = {
	"block_size", "emulate_model_alias", "emulate_tpu", "emulate_tpws",
	"emulate_write_cache", "is_nonrot", "unmap_zeroes_data",
};

/* Of a target; off unless someone has switched them on. */
const char *const config_target_attribs[CONFIG_TARGET_ATTRIBS] = {
	"demo_mode_write_protect", "prod_mode_write_protect",
};

static int read_number(const char *path, uint32_t *value)
{
	char text[32], *end;

	if (vpart_file_read(path, text, sizeof(text)) <= 0)
		return -ENOENT;
	*value = (uint32_t)strtoul(text, &end, 0);
	return *end ? -EINVAL : 0;
}

int vpart_lio_attribs_read(const char *backstore, const char *name, size_t lu,
			   struct vpart_list *attribs)
{
	struct config_attrib *a;
	char path[PATH_MAX];
	uint32_t value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attribs_kept); i++) {
		if (vpart_path(path, sizeof(path), CORE "/%s/%s/attrib/%s", backstore, name,
			       attribs_kept[i]) || read_number(path, &value))
			continue;
		a = vpart_list_add(attribs);
		if (!a)
			return -ENOMEM;
		a->lu = lu;
		a->value = value;
		vpart_copy(a->name, sizeof(a->name), attribs_kept[i]);
	}
	return 0;
}

/* Only what differs is written: many attributes cannot be set at all. */
int vpart_lio_attrib_write(struct vpart *v, const char *backstore, const char *name,
			   const struct config_attrib *a)
{
	char path[PATH_MAX], text[16];
	uint32_t value;
	int ret;

	if (vpart_path(path, sizeof(path), CORE "/%s/%s/attrib/%s", backstore, name, a->name) ||
	    read_number(path, &value))
		return vpart_fail(v, ENOENT, VPART_CODE_FAILED,
				  "LU %s: there is no attribute '%s'", name, a->name);
	if (value == a->value)
		return 0;
	snprintf(text, sizeof(text), "%u", a->value);
	ret = vpart_file_write(path, text);
	return ret ? vpart_fail(v, -ret, VPART_CODE_FAILED,
				"LU %s: its attribute %s was %u and is %u: %s", name, a->name,
				a->value, value, strerror(-ret)) : 0;
}

static bool is_acl_lun(const char *name)
{
	return !strncmp(name, "lun_", 4);
}

/* The LUN of the target that a LUN of an ACL links to; false without. */
static bool linked_lun(const char *dir, uint32_t *lun)
{
	char to[PATH_MAX];

	if (!vpart_dir_link(dir, is_acl_lun, to, sizeof(to)))
		return false;
	*lun = (uint32_t)strtoul(strrchr(to, '/') + strlen("/lun_"), NULL, 10);
	return true;
}

/* Each LUN of one ACL that leads to @lun of the target; @all: whichever. */
static void drop_acl_luns(const char *acl, uint32_t lun, bool all)
{
	char dir[PATH_MAX], **names;
	uint32_t to;
	size_t i, n;

	if (vpart_dir_list(acl, is_acl_lun, &names, &n))
		return;
	for (i = 0; i < n; i++)
		if (!vpart_path(dir, sizeof(dir), "%s/%s", acl, names[i]) &&
		    (all || (linked_lun(dir, &to) && to == lun)))
			vpart_dir_drop(dir);
	vpart_dir_free(names, n);
}

static void each_acl(const char *pair, uint32_t lun, bool all)
{
	char acls[PATH_MAX], acl[PATH_MAX], **names;
	size_t i, n;

	if (vpart_path(acls, sizeof(acls), FABRIC "/%s/tpgt_1/acls", pair) ||
	    vpart_dir_list(acls, NULL, &names, &n))
		return;
	for (i = 0; i < n; i++) {
		if (vpart_path(acl, sizeof(acl), "%s/%s", acls, names[i]))
			continue;
		drop_acl_luns(acl, lun, all);
		if (all)
			rmdir(acl);
	}
	vpart_dir_free(names, n);
}

/* A LUN that goes is nobody's any more. */
void vpart_lio_acl_unmap(const char *pair, uint32_t lun)
{
	each_acl(pair, lun, false);
}

void vpart_lio_acls_drop(const char *pair)
{
	each_acl(pair, 0, true);
}

bool vpart_lio_acls_any(const char *pair)
{
	char acls[PATH_MAX], **names;
	size_t n;

	if (vpart_path(acls, sizeof(acls), FABRIC "/%s/tpgt_1/acls", pair) ||
	    vpart_dir_list(acls, NULL, &names, &n))
		return false;
	vpart_dir_free(names, n);
	return n;
}

static void read_acl_luns(const char *acls, const char *initiator, struct config *c, size_t acl)
{
	char dir[PATH_MAX], lun_dir[PATH_MAX], path[PATH_MAX], **names;
	struct config_acl_lun *l;
	uint32_t lun, protect;
	size_t i, n;

	if (vpart_path(dir, sizeof(dir), "%.512s/%.128s", acls, initiator) ||
	    vpart_dir_list(dir, is_acl_lun, &names, &n))
		return;
	for (i = 0; i < n; i++) {
		if (vpart_path(lun_dir, sizeof(lun_dir), "%.700s/%.64s", dir, names[i]) ||
		    !linked_lun(lun_dir, &lun))
			continue;
		l = vpart_list_add(&c->acl_luns);
		if (!l)
			break;
		l->acl = acl;
		l->seen = (uint32_t)strtoul(names[i] + 4, NULL, 10);
		l->lun = lun;
		if (!vpart_path(path, sizeof(path), "%.800s/write_protect", lun_dir) &&
		    !read_number(path, &protect))
			l->read_only = protect;
	}
	vpart_dir_free(names, n);
}

/* What is on of a pair's target. */
void vpart_lio_target_read(const char *pair, struct config *c)
{
	struct config_target *t;
	char path[PATH_MAX];
	uint32_t on;
	size_t i;

	for (i = 0; i < CONFIG_TARGET_ATTRIBS; i++) {
		if (vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/attrib/%s", pair,
			       config_target_attribs[i]) || read_number(path, &on) || !on)
			continue;
		t = vpart_list_add(&c->targets);
		if (!t)
			break;
		vpart_copy(t->pair, sizeof(t->pair), pair);
		t->attrib = i;
	}
}

/* Who may see what at a pair's target; an ACL that LIO makes by itself is none. */
void vpart_lio_acls_read(const char *pair, struct config *c)
{
	char path[PATH_MAX], **names;
	struct config_acl *a;
	uint32_t open = 1;
	size_t i, n;

	if (vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/attrib/generate_node_acls", pair) ||
	    read_number(path, &open))
		return;
	if (!open) {
		a = vpart_list_add(&c->acls);
		if (a)
			vpart_copy(a->pair, sizeof(a->pair), pair);
	}
	if (vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/acls", pair) ||
	    vpart_dir_list(path, NULL, &names, &n))
		return;
	for (i = 0; i < n; i++) {
		a = vpart_list_add(&c->acls);
		if (!a)
			break;
		vpart_copy(a->pair, sizeof(a->pair), pair);
		vpart_copy(a->initiator, sizeof(a->initiator), names[i]);
		read_acl_luns(path, names[i], c, c->acls.n - 1);
	}
	vpart_dir_free(names, n);
}

static int acl_fail(struct vpart *v, int ret, const char *path)
{
	return vpart_fail(v, -ret, VPART_CODE_FAILED, "%s: %s", path, strerror(-ret));
}

static int set_attrib(struct vpart *v, const char *pair, const char *name, bool on)
{
	char path[PATH_MAX];
	uint32_t now;
	int ret = 0;

	vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/attrib/%s", pair, name);
	if (read_number(path, &now) || now != on)
		ret = vpart_file_write(path, on ? "1" : "0");
	return ret ? acl_fail(v, ret, path) : 0;
}

/*
 * Make the target as the file has it, before it has any LUN: nobody may see what
 * only those named may see, or write where he may only read.
 */
int vpart_lio_target_make(struct vpart *v, const struct config *c, const char *pair)
{
	const struct config_target *t;
	const struct config_acl *a;
	char path[PATH_MAX];
	int ret = 0;

	vpart_path(path, sizeof(path), FABRIC "/%s", pair);
	if (mkdir(path, 0755) && errno != EEXIST)
		return acl_fail(v, -errno, path);
	vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1", pair);
	if (mkdir(path, 0755) && errno != EEXIST)
		return acl_fail(v, -errno, path);
	config_each(t, &c->targets)
		if (!ret && !strcmp(t->pair, pair))
			ret = set_attrib(v, pair, config_target_attribs[t->attrib], true);
	config_each(a, &c->acls)
		if (!ret && !a->initiator[0] && !strcmp(a->pair, pair))
			ret = set_attrib(v, pair, "generate_node_acls", false);
	return ret;
}

static int write_acl_lun(struct vpart *v, const char *pair, const char *initiator,
			 const struct config_acl_lun *l, bool *changed)
{
	char dir[PATH_MAX], target[PATH_MAX], path[PATH_MAX], text[16];
	uint32_t lun;
	int ret;

	vpart_path(dir, sizeof(dir), FABRIC "/%s/tpgt_1/acls/%s/lun_%u", pair, initiator, l->seen);
	vpart_path(target, sizeof(target), FABRIC "/%s/tpgt_1/lun/lun_%u", pair, l->lun);
	if (!mkdir(dir, 0755))
		*changed = true;
	else if (errno != EEXIST)
		return acl_fail(v, -errno, dir);
	if (linked_lun(dir, &lun))
		return lun == l->lun ? 0 :
		       vpart_fail(v, EEXIST, VPART_CODE_FAILED, "%s leads to LUN %u, not %u", dir,
				  lun, l->lun);
	if (vpart_path(path, sizeof(path), "%.800s/lun_%u", dir, l->lun) || symlink(target, path))
		return acl_fail(v, -errno, path);
	vpart_path(path, sizeof(path), "%.800s/write_protect", dir);
	ret = l->read_only ? vpart_file_write(path, "1") : 0;
	if (ret)
		return acl_fail(v, ret, path);
	/* The client is told of LUNs of the target, not of an ACL's. */
	vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/rescan", pair);
	snprintf(text, sizeof(text), "%u", l->lun);
	ret = vpart_file_write(path, text);
	return ret ? acl_fail(v, ret, path) : 0;
}

/* One who is named, with what he sees; the LUNs are there. */
int vpart_lio_acl_write(struct vpart *v, const struct config *c, size_t acl, bool *changed)
{
	const struct config_acl *a = (const struct config_acl *)c->acls.data + acl;
	const struct config_acl_lun *l;
	char path[PATH_MAX];
	int ret = 0;

	vpart_path(path, sizeof(path), FABRIC "/%s/tpgt_1/acls/%s", a->pair, a->initiator);
	if (!mkdir(path, 0755))
		*changed = true;
	else if (errno != EEXIST)
		return acl_fail(v, -errno, path);
	config_each(l, &c->acl_luns) {
		if (l->acl != acl)
			continue;
		ret = write_acl_lun(v, a->pair, a->initiator, l, changed);
		if (ret)
			break;
	}
	return ret;
}
