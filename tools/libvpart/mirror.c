// SPDX-License-Identifier: LGPL-2.1-or-later
/* Mirrors: make, start and stop them, tell how they are */
#include <errno.h>
#include <linux/dm-vmirror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "config.h"

#define DM_UUID_PREFIX	"VMIRROR-"
/* How often progress is told while nothing else happens. */
#define TICK_MS		1000
/* A leg is out of service within one metadata write. */
#define FAIL_MS		30000

/**
 * struct leg - one leg as the user named it
 * @arg: the user's word
 * @missing: there is none, or its link is down so that it cannot be read
 * @path: of the block device, "-" without one
 * @block: the device, if @path is one
 * @lu: the LU that it is, @lu.name is "" if it is none of this kernel
 * @pair: the adapter pair that leads to it, @pair.name is "" if none does
 */
struct leg {
	const char		*arg;
	bool			missing;
	char			path[PATH_MAX];
	struct vpart_block	block;
	struct vpart_lu		lu;
	struct vpart_pair	pair;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/**
 * vpart_mirror_state_name - a mirror's health as a word
 * @state: the state
 *
 * Return: the word, as in the kernel's status line.
 */
const char *vpart_mirror_state_name(enum vpart_mirror_state state)
{
	static const char *const names[] = {
		[VPART_MIRROR_NORMAL] = "normal",
		[VPART_MIRROR_RESYNC] = "resync",
		[VPART_MIRROR_DEGRADED] = "degraded",
		[VPART_MIRROR_WAITING] = "waiting",
		[VPART_MIRROR_DIVERGED] = "diverged",
		[VPART_MIRROR_FAILED] = "failed",
		[VPART_MIRROR_UNKNOWN] = "unknown",
	};

	return (unsigned int)state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

static enum vpart_mirror_state state_of(const char *word)
{
	int i;

	for (i = 0; i < VPART_MIRROR_UNKNOWN; i++)
		if (!strcmp(word, vpart_mirror_state_name(i)))
			break;
	return (enum vpart_mirror_state)i;
}

/* Take the next word of *@at; "" at the end. */
static void word(char **at, char *dst, size_t size)
{
	char *w = strsep(at, " ");

	vpart_copy(dst, size, w ? w : "");
}

static int parse(struct vpart *v, struct vpart_dm_info *info, struct vpart_mirror *m)
{
	char state[16], count[8], flag[8], ratio[48], term[24], held[24];
	char *at = info->params;
	unsigned long long clean, total;
	unsigned int major, minor;
	int i;

	memset(m, 0, sizeof(*m));
	vpart_copy(m->name, sizeof(m->name), info->name);
	if (!strncmp(info->uuid, DM_UUID_PREFIX, strlen(DM_UUID_PREFIX)))
		vpart_copy(m->uuid, sizeof(m->uuid), info->uuid + strlen(DM_UUID_PREFIX));
	snprintf(m->node, sizeof(m->node), "dm-%u", info->minor);
	m->bytes = info->sectors * 512;
	m->open = info->open;

	word(&at, state, sizeof(state));
	m->state = state_of(state);
	if (!at)
		return 0;	/* not resumed yet: there is no more */
	word(&at, count, sizeof(count));
	if (strcmp(count, "2"))
		return vpart_fail(v, EPROTO, VPART_CODE_FAILED,
				  "mirror %s: its status line is not understood: %s", m->name,
				  state);
	for (i = 0; i < VPART_MIRROR_LEGS; i++) {
		struct vpart_leg *leg = &m->legs[i];

		word(&at, leg->device, sizeof(leg->device));
		word(&at, flag, sizeof(flag));
		leg->flag = flag[0] ? flag[0] : '?';
		if (sscanf(leg->device, "%u:%u", &major, &minor) == 2 &&
		    vpart_disk_name(major, minor, leg->disk, sizeof(leg->disk)))
			leg->disk[0] = 0;
	}
	word(&at, ratio, sizeof(ratio));
	if (sscanf(ratio, "%llu/%llu", &clean, &total) != 2)
		return vpart_fail(v, EPROTO, VPART_CODE_FAILED,
				  "mirror %s: its status line is not understood: '%s'", m->name,
				  ratio);
	m->clean = clean;
	m->total = total;
	word(&at, m->sync, sizeof(m->sync));
	word(&at, term, sizeof(term));
	word(&at, m->copy, sizeof(m->copy));
	word(&at, m->bitmap, sizeof(m->bitmap));
	word(&at, held, sizeof(held));
	m->held = strtoull(held, NULL, 10);
	word(&at, m->mode, sizeof(m->mode));
	vpart_copy(m->tail, sizeof(m->tail), at ? at : "");
	return 0;
}

/* The pair with a client's end in this kernel that has the disk; NULL: none. */
static const struct vpart_pair *pair_of_disk(const char *disk, const struct vpart_pair *pairs,
					     size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((pairs[i].ends & VPART_END_CLIENT) && vpart_disk_of_pair(disk, pairs[i].name))
			return &pairs[i];
	return NULL;
}

static void name_leg(struct vpart_leg *leg, const struct vpart_lu *lus, size_t nlus,
		     const struct vpart_pair *pairs, size_t npairs)
{
	const struct vpart_pair *pair = pair_of_disk(leg->disk, pairs, npairs);
	size_t i;

	if (pair)
		vpart_copy(leg->server, sizeof(leg->server), pair->server);
	for (i = 0; i < nlus; i++)
		if (!strcmp(lus[i].disk, leg->disk))
			vpart_copy(leg->lu, sizeof(leg->lu), lus[i].name);
}

/* Which LU and server each leg is; without vpart there are none. */
static void name_legs_of(struct vpart_mirror *m, size_t n)
{
	struct vpart *quiet = vpart_open();
	struct vpart_pair *pairs = NULL;
	size_t nlus, npairs, i;
	struct vpart_lu *lus;
	int k;

	if (quiet && n && !vpart_lus(quiet, &lus, &nlus)) {
		vpart_pairs(quiet, &pairs, &npairs);
		for (i = 0; i < n; i++)
			for (k = 0; k < VPART_MIRROR_LEGS; k++)
				if (m[i].legs[k].disk[0])
					name_leg(&m[i].legs[k], lus, nlus, pairs, npairs);
		free(pairs);
		free(lus);
	}
	vpart_close(quiet);
}

/**
 * vpart_mirrors - all mirrors
 * @v: the handle
 * @list: where the list goes; free() it
 * @n: its length
 *
 * Return: 0 or a negative errno.
 */
int vpart_mirrors(struct vpart *v, struct vpart_mirror **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_mirror) };
	struct vpart_dm_info info;
	struct vpart_mirror *m;
	char **names = NULL;
	size_t i, count = 0;
	int ret;

	ret = vpart_dm_check(v);
	if (!ret)
		ret = vpart_dm_list(v, &names, &count);
	for (i = 0; !ret && i < count; i++) {
		if (vpart_dm_info(v, names[i], false, &info))
			continue;	/* stopped meanwhile */
		m = vpart_list_add(&l);
		if (m)
			ret = parse(v, &info, m);
	}
	vpart_dir_free(names, count);
	if (!ret)
		name_legs_of(l.data, l.n);
	return vpart_list_done(v, ret, &l, list, n);
}

/**
 * vpart_mirror_find - a mirror by its name
 * @v: the handle
 * @name: its name
 * @m: where it goes
 *
 * Return: 0 or a negative errno.
 */
int vpart_mirror_find(struct vpart *v, const char *name, struct vpart_mirror *m)
{
	struct vpart_dm_info info;
	int ret;

	ret = vpart_check_name(v, "mirror", name);
	if (!ret)
		ret = vpart_dm_check(v);
	if (!ret)
		ret = vpart_dm_info(v, name, false, &info);
	if (!ret)
		ret = parse(v, &info, m);
	if (!ret)
		name_legs_of(m, 1);
	return ret;
}

/**
 * vpart_mirror_raw - status line and table of all mirrors, for experts
 * @v: the handle
 * @text: where the lines go; free() it
 *
 * Return: 0 or a negative errno.
 */
int vpart_mirror_raw(struct vpart *v, char **text)
{
	struct vpart_dm_info info;
	char **names = NULL;
	size_t i, n = 0, size;
	FILE *f;
	int ret;

	ret = vpart_dm_check(v);
	if (!ret)
		ret = vpart_dm_list(v, &names, &n);
	if (ret)
		return ret;
	f = open_memstream(text, &size);
	for (i = 0; f && i < n; i++) {
		if (!vpart_dm_info(v, names[i], false, &info))
			fprintf(f, "%s status: 0 %llu vmirror %s\n", names[i],
				(unsigned long long)info.sectors, info.params);
		if (!vpart_dm_info(v, names[i], true, &info))
			fprintf(f, "%s table: 0 %llu vmirror %s\n", names[i],
				(unsigned long long)info.sectors, info.params);
	}
	vpart_dir_free(names, n);
	return f && !fclose(f) ? 0 : vpart_no_memory(v);
}

/* The LU that @leg names or whose disk it is, without regard to failures. */
static int find_lu(struct vpart *v, struct leg *leg, const char *name)
{
	struct vpart *quiet;
	struct vpart_lu *lus;
	const char *base;
	size_t i, n;

	if (name)
		return vpart_lu_find(v, name, &leg->lu);
	quiet = vpart_open();
	base = leg->block.name;
	if (quiet && !vpart_lus(quiet, &lus, &n)) {
		for (i = 0; i < n; i++)
			if (lus[i].disk[0] && !strcmp(lus[i].disk, base))
				leg->lu = lus[i];
		free(lus);
	}
	vpart_close(quiet);
	return 0;
}

/* The pair that leads to the leg, without regard to failures. */
static void find_pair(struct leg *leg)
{
	struct vpart *quiet = vpart_open();
	const struct vpart_pair *pair;
	struct vpart_pair *pairs;
	size_t n;

	if (quiet && !vpart_pairs(quiet, &pairs, &n)) {
		pair = pair_of_disk(leg->block.name, pairs, n);
		if (pair)
			leg->pair = *pair;
		free(pairs);
	}
	vpart_close(quiet);
}

/* The disk that link @name has brought to this client, which has to be one. */
static int find_link_disk(struct vpart *v, const char *name, bool may_miss, struct leg *leg)
{
	char (*disks)[VPART_DISK_SIZE];
	struct vpart_link link;
	size_t n;
	int ret;

	ret = vpart_link_find_end(v, name, VPART_SIDE_CLIENT, &link);
	if (ret)
		return ret;
	if (vpart_link_disks(&link, &disks, &n))
		return vpart_no_memory(v);
	if (n == 1)
		snprintf(leg->path, sizeof(leg->path), "/dev/%s", disks[0]);
	free(disks);
	if (n > 1)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "link %s has brought %zu disks: name one by its device, see vpart link show",
				  name, n);
	if (!n && !may_miss)
		return vpart_fail(v, ENXIO, VPART_CODE_FAILED,
				  "link %s has brought no disk yet: see vpart link show", name);
	return 0;
}

static int resolve(struct vpart *v, const char *arg, bool may_miss, struct leg *leg)
{
	int ret;

	memset(leg, 0, sizeof(*leg));
	leg->arg = arg;
	vpart_copy(leg->path, sizeof(leg->path), "-");
	if (!strcmp(arg, "-")) {
		leg->missing = true;
		return may_miss ? 0 : vpart_fail(v, EINVAL, VPART_CODE_INVALID,
						 "a new mirror needs both legs");
	}
	if (arg[0] == '/') {
		vpart_copy(leg->path, sizeof(leg->path), arg);
	} else if (!strncmp(arg, "link:", 5)) {
		ret = find_link_disk(v, arg + 5, may_miss, leg);
		if (ret)
			return ret;
	} else {
		ret = find_lu(v, leg, strncmp(arg, "lu:", 3) ? arg : arg + 3);
		if (ret)
			return ret;
		if (leg->lu.disk[0])
			snprintf(leg->path, sizeof(leg->path), "/dev/%s", leg->lu.disk);
		else if (!may_miss)
			return vpart_fail(v, ENXIO, VPART_CODE_FAILED,
					  "LU %s has no disk at its client '%s': see vpart lu show",
					  leg->lu.name, leg->lu.client);
	}
	if (leg->path[0] == '-') {
		leg->missing = true;
		return 0;
	}
	ret = vpart_block_find(v, leg->path, &leg->block);
	if (ret)
		return ret;
	if (!leg->lu.name[0])
		find_lu(v, leg, NULL);
	find_pair(leg);
	if (leg->pair.name[0] && leg->pair.link != VPART_LINK_STATE_UP) {
		if (!may_miss)
			return vpart_fail(v, ENOTCONN, VPART_CODE_FAILED,
					  "leg %s: the link to its server %s is down", arg,
					  leg->pair.server);
		leg->missing = true;
	}
	return 0;
}

/* What both create and start want of two legs that are there. */
static int check_legs(struct vpart *v, struct leg *legs)
{
	struct leg *a = &legs[0], *b = &legs[1];
	char by[1100], id[VPART_IDENTITY_SIZE], other[VPART_IDENTITY_SIZE];
	int i;

	if (a->block.path[0] && b->block.path[0]) {
		if (a->block.major == b->block.major && a->block.minor == b->block.minor)
			return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
					  "%s and %s are the same disk", a->arg, b->arg);
		if (!vpart_identity(a->block.major, a->block.minor, id, sizeof(id)) &&
		    !vpart_identity(b->block.major, b->block.minor, other, sizeof(other)) &&
		    !strcmp(id, other))
			return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
					  "%s and %s both say that they are %s: they are one disk, or their LUs need UUIDs that differ in the first 25 digits",
					  a->arg, b->arg, id);
		if (a->lu.name[0] && !strcmp(a->lu.name, b->lu.name))
			return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
					  "%s and %s are the same LU", a->arg, b->arg);
		if (a->pair.name[0] && b->pair.name[0] && strcmp(a->pair.client, b->pair.client))
			return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
					  "%s is a disk of client %s, %s one of client %s", a->arg,
					  a->pair.client, b->arg, b->pair.client);
	}
	for (i = 0; i < VPART_MIRROR_LEGS; i++)
		if (legs[i].block.path[0] && vpart_block_busy(&legs[i].block, by, sizeof(by)))
			return vpart_fail(v, EBUSY, VPART_CODE_FAILED, "leg %s (%s) is in use: %s",
					  legs[i].arg, legs[i].path, by);
	return 0;
}

/*
 * The partner answers meanwhile, so a leg need not wait long for its server. That of
 * a virtual port is its parent's.
 */
static int set_path_loss(struct vpart *v, const struct leg *legs)
{
	const struct vpart_pair *p;
	int i, ret = 0;

	for (i = 0; i < VPART_MIRROR_LEGS && !ret; i++) {
		p = &legs[i].pair;
		if (p->name[0] && p->path_loss > VPART_PATH_LOSS_MIRROR)
			ret = vpart_pair_set_path_loss(v, p->parent[0] ? p->parent : p->name,
						       VPART_PATH_LOSS_MIRROR);
	}
	return ret;
}

static int activate(struct vpart *v, const char *name, const uint8_t *set_uuid,
		    uint64_t sectors, const struct leg *legs, const char *features)
{
	char params[3 * PATH_MAX], uuid[VPART_UUID_TEXT], dm_uuid[64];

	vpart_uuid_format(set_uuid, uuid);
	snprintf(dm_uuid, sizeof(dm_uuid), DM_UUID_PREFIX "%s", uuid);
	snprintf(params, sizeof(params), "%s %s %s%s", uuid, legs[0].path, legs[1].path, features);
	return vpart_dm_create(v, name, dm_uuid, sectors, params);
}

static int check_new_name(struct vpart *v, const char *name)
{
	char path[128];
	int ret = vpart_check_name(v, "mirror", name);

	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/dev/mapper/%s", name);
	if (vpart_exists(path))
		return vpart_fail(v, EEXIST, VPART_CODE_FAILED, "%s exists already", path);
	return vpart_dm_check(v);
}

/**
 * vpart_mirror_create - make a new mirror and start it
 * @v: the handle
 * @spec: what is wanted
 *
 * What the legs held is lost. Unless @spec->assume_clean the second leg is
 * copied from the first in the background.
 *
 * Return: 0 or a negative errno; after a failure nothing was changed but
 * perhaps the path loss time of the legs.
 */
int vpart_mirror_create(struct vpart *v, const struct vpart_mirror_spec *spec)
{
	struct leg legs[VPART_MIRROR_LEGS];
	uint8_t uuid[VPART_UUID_SIZE];
	char set[VPART_UUID_TEXT];
	struct vpart_super super;
	uint64_t sectors;
	int i, ret;

	ret = check_new_name(v, spec->name);
	for (i = 0; !ret && i < VPART_MIRROR_LEGS; i++)
		ret = resolve(v, spec->legs[i], false, &legs[i]);
	if (!ret)
		ret = check_legs(v, legs);
	if (ret)
		return ret;
	if (legs[0].block.bytes != legs[1].block.bytes)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "the legs differ in size: %s has %llu bytes, %s has %llu bytes",
				  legs[0].arg, (unsigned long long)legs[0].block.bytes,
				  legs[1].arg, (unsigned long long)legs[1].block.bytes);
	sectors = vmirror_data_sectors(legs[0].block.bytes / 512);
	if (!sectors)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "%s is too small for a leg: %llu bytes", legs[0].arg,
				  (unsigned long long)legs[0].block.bytes);
	for (i = 0; i < VPART_MIRROR_LEGS; i++) {
		ret = vpart_super_read(v, &legs[i].block, &super);
		if (!ret) {
			vpart_uuid_format(super.set_uuid, set);
			return vpart_fail(v, EEXIST, VPART_CODE_FAILED,
					  "%s is leg %u of mirror %s already: start that, or clear the disk's first MiB to use it anew",
					  legs[i].arg, super.leg_index, set);
		}
		if (ret != -ENOENT)
			return ret;
	}
	ret = vpart_uuid_random(v, uuid);
	if (!ret)
		ret = set_path_loss(v, legs);
	if (ret)
		return ret;
	return activate(v, spec->name, uuid, sectors, legs,
			spec->assume_clean ? " 2 create assume_clean" : " 1 create");
}

/* Put the legs where their superblocks say; @want: set or NULL, @super: of one. */
static int order_legs(struct vpart *v, struct leg *legs, const uint8_t *want,
		      struct vpart_super *super)
{
	struct vpart_super s[VPART_MIRROR_LEGS];
	bool got[VPART_MIRROR_LEGS] = { false };
	struct leg swap;
	int i, ret;

	for (i = 0; i < VPART_MIRROR_LEGS; i++) {
		if (legs[i].missing)
			continue;
		ret = vpart_super_read(v, &legs[i].block, &s[i]);
		if (ret == -ENOENT)
			return vpart_fail(v, ENOENT, VPART_CODE_FAILED,
					  "%s is no leg of a mirror: make one with vpart mirror create",
					  legs[i].arg);
		if (ret)
			return ret;
		got[i] = true;
		*super = s[i];
	}
	if (!got[0] && !got[1])
		return vpart_fail(v, ENXIO, VPART_CODE_FAILED, "neither leg can be read");
	if (got[0] && got[1]) {
		if (memcmp(s[0].set_uuid, s[1].set_uuid, VPART_UUID_SIZE))
			return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
					  "%s and %s are legs of different mirrors", legs[0].arg,
					  legs[1].arg);
		if (s[0].leg_index == s[1].leg_index)
			return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
					  "%s and %s are both leg %u: one is a copy of the other",
					  legs[0].arg, legs[1].arg, s[0].leg_index);
	}
	if (want && memcmp(super->set_uuid, want, VPART_UUID_SIZE))
		return vpart_fail(v, EMEDIUMTYPE, VPART_CODE_FAILED,
				  "%s is a leg of another mirror than the one wanted",
				  got[1] ? legs[1].arg : legs[0].arg);
	if (super->leg_index != (got[1] ? 1 : 0)) {
		swap = legs[0];
		legs[0] = legs[1];
		legs[1] = swap;
	}
	return 0;
}

/**
 * vpart_mirror_start - start a mirror that exists on its legs
 * @v: the handle
 * @spec: name and legs, in any order; one may be "-"
 *
 * Return: 0 or a negative errno.
 */
int vpart_mirror_start(struct vpart *v, const struct vpart_mirror_spec *spec)
{
	struct leg legs[VPART_MIRROR_LEGS];
	struct vpart_super super;
	char features[64];
	int i, ret;

	ret = check_new_name(v, spec->name);
	for (i = 0; !ret && i < VPART_MIRROR_LEGS; i++)
		ret = resolve(v, spec->legs[i], true, &legs[i]);
	if (!ret)
		ret = check_legs(v, legs);
	if (!ret)
		ret = order_legs(v, legs, spec->uuid, &super);
	if (!ret)
		ret = set_path_loss(v, legs);
	if (ret)
		return ret;
	snprintf(features, sizeof(features), " %d%s%s", spec->force_alone + spec->manual_attach,
		 spec->force_alone ? " force_alone" : "",
		 spec->manual_attach ? " manual_attach" : "");
	return activate(v, spec->name, super.set_uuid, super.data_sectors, legs, features);
}

/**
 * vpart_mirror_stop - stop a mirror; its data stays on the legs
 * @v: the handle
 * @name: its name
 *
 * Return: 0 or a negative errno.
 */
int vpart_mirror_stop(struct vpart *v, const char *name)
{
	struct vpart_mirror m;
	int ret = vpart_mirror_find(v, name, &m);

	return ret ? ret : vpart_dm_remove(v, name);
}

/* Exchange the device of one leg in the live table. */
static int exchange(struct vpart *v, const char *name, int leg, const char *path)
{
	char uuid[64], dev[VPART_MIRROR_LEGS][PATH_MAX], params[3 * PATH_MAX], *at;
	struct vpart_dm_info info;
	int i, ret;

	ret = vpart_dm_info(v, name, true, &info);
	if (ret)
		return ret;
	at = info.params;
	word(&at, uuid, sizeof(uuid));
	for (i = 0; i < VPART_MIRROR_LEGS; i++)
		word(&at, dev[i], sizeof(dev[i]));
	vpart_copy(dev[leg], sizeof(dev[leg]), path);
	/* What was asked at its making is done; how it behaves must stay. */
	snprintf(params, sizeof(params), "%s %s %s%s", uuid, dev[0], dev[1],
		 at && strstr(at, "manual_attach") ? " 1 manual_attach" : "");
	return vpart_dm_reload(v, name, info.sectors, params);
}

/**
 * vpart_mirror_attach - take a returned leg back, or give a new device for it
 * @v: the handle
 * @name: the mirror's name
 * @leg: number of the leg, only with @device
 * @device: "/dev/...", "link:NAME", "lu:NAME" or a LU's name; NULL: the leg's own device
 *
 * Return: 0 or a negative errno.
 */
int vpart_mirror_attach(struct vpart *v, const char *name, int leg, const char *device)
{
	struct vpart_mirror m;
	char by[1100], dev[32];
	struct leg new;
	int ret;

	ret = vpart_mirror_find(v, name, &m);
	if (ret)
		return ret;
	if (!device)
		return vpart_dm_message(v, name, "attach");
	ret = resolve(v, device, false, &new);
	if (ret)
		return ret;
	snprintf(dev, sizeof(dev), "%u:%u", new.block.major, new.block.minor);
	if (!strcmp(dev, m.legs[leg].device))
		return vpart_dm_message(v, name, "attach");
	if (vpart_block_busy(&new.block, by, sizeof(by)))
		return vpart_fail(v, EBUSY, VPART_CODE_FAILED, "%s is in use: %s", device, by);
	if (vmirror_data_sectors(new.block.bytes / 512) * 512 < m.bytes)
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "%s is too small: %llu bytes, the volume has %llu and needs a MiB more",
				  device, (unsigned long long)new.block.bytes,
				  (unsigned long long)m.bytes);
	return exchange(v, name, leg, new.path);
}

/**
 * vpart_mirror_fail - take a leg out of service
 * @v: the handle
 * @name: the mirror's name
 * @leg: number of the leg
 *
 * Return: 0 or a negative errno.
 */
int vpart_mirror_fail(struct vpart *v, const char *name, int leg)
{
	struct vpart_mirror m;
	uint64_t end, now;
	char text[32];
	int fd, ret;

	ret = vpart_mirror_find(v, name, &m);
	if (ret)
		return ret;
	fd = vpart_dm_poll_open(v);
	if (fd < 0)
		return fd;
	snprintf(text, sizeof(text), "fail %d", leg);
	vpart_dm_poll_arm(fd);
	ret = vpart_dm_message(v, name, text);
	end = now_ms() + FAIL_MS;
	/* It becomes so when that is on record at the other leg. */
	while (!ret) {
		ret = vpart_mirror_find(v, name, &m);
		now = now_ms();
		if (ret || (m.legs[leg].flag != 'A' && m.legs[leg].flag != 'R'))
			break;
		if (now >= end)
			ret = vpart_fail(v, ETIMEDOUT, VPART_CODE_FAILED,
					 "mirror %s: leg %d is still in service after %d seconds",
					 name, leg, FAIL_MS / 1000);
		else
			vpart_dm_poll_wait(fd, (int)(end - now));
		vpart_dm_poll_arm(fd);
	}
	close(fd);
	return ret;
}

/**
 * vpart_mirror_resync - pause the copying, or let it go on
 * @v: the handle
 * @name: the mirror's name
 * @run: go on
 *
 * Return: 0 or a negative errno.
 */
int vpart_mirror_resync(struct vpart *v, const char *name, bool run)
{
	struct vpart_mirror m;
	int ret = vpart_mirror_find(v, name, &m);

	return ret ? ret : vpart_dm_message(v, name, run ? "resync resume" : "resync pause");
}

/**
 * vpart_mirror_wait - wait until both legs hold everything
 * @v: the handle
 * @name: the mirror's name
 * @timeout_ms: how long at most
 * @progress: called about once a second and at each change, or NULL
 * @arg: for @progress
 *
 * Return: 0 when the mirror is normal; -ETIMEDOUT; -EIO when it cannot become
 * normal by itself (failed or diverged); another negative errno.
 */
int vpart_mirror_wait(struct vpart *v, const char *name, unsigned int timeout_ms,
		      void (*progress)(const struct vpart_mirror *m, void *arg), void *arg)
{
	uint64_t end = now_ms() + timeout_ms, now;
	struct vpart_mirror m;
	int fd, ret;

	fd = vpart_dm_poll_open(v);
	if (fd < 0)
		return fd;
	for (;;) {
		vpart_dm_poll_arm(fd);
		ret = vpart_mirror_find(v, name, &m);
		if (ret)
			break;
		if (progress)
			progress(&m, arg);
		if (m.state == VPART_MIRROR_NORMAL)
			break;
		if (m.state == VPART_MIRROR_FAILED || m.state == VPART_MIRROR_DIVERGED) {
			ret = vpart_fail(v, EIO, VPART_CODE_FAILED, "mirror %s is %s", name,
					 vpart_mirror_state_name(m.state));
			break;
		}
		now = now_ms();
		if (now >= end) {
			ret = vpart_fail(v, ETIMEDOUT, VPART_CODE_FAILED,
					 "mirror %s is still %s after %u seconds", name,
					 vpart_mirror_state_name(m.state), timeout_ms / 1000);
			break;
		}
		vpart_dm_poll_wait(fd, end - now < TICK_MS ? (int)(end - now) : TICK_MS);
	}
	close(fd);
	return ret;
}
