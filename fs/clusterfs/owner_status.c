// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: what is told of owners: a node's part in a LU or volume, and what ends a wait.
 */
#include <linux/ctype.h>
#include "object.h"
#include "owner.h"
#include "role_record.h"

/**
 * cfs_owner_status() - a node's part in a LU or volume
 * @m: mount
 * @type: CFS_LU or CFS_VOLUME
 * @id: of the object
 * @s: to be filled
 *
 * Context: process; waits for nobody.
 * Return: false: it has none: nobody at this node could own it.
 */
bool cfs_owner_status(struct cfs_mount *m, unsigned int type, u64 id, struct cfs_role_status *s)
{
	struct cfs_role *role;
	bool found = false;

	spin_lock(&m->roles_lock);
	list_for_each_entry(role, &m->roles, entry) {
		found = role->ops->type == type && role->id == id;
		if (found) {
			cfs_role_status(role, s);
			break;
		}
	}
	spin_unlock(&m->roles_lock);
	return found;
}

/* A name, if it is one word of a command line; or NULL. */
static const char *cfs_owner_word(const char *name)
{
	const char *p;

	for (p = name; *p; p++)
		if ((!isascii(*p) || !isalnum(*p)) && !strchr("._-", *p))
			return NULL;
	return *name && *name != '-' ? name : NULL;
}

static const struct cfs_disk_node *cfs_owner_node(const struct cfs_view *view, u32 slot)
{
	const struct cfs_disk_record *r = cfs_view_object(view, CFS_NODE, slot);

	return r ? (const void *)r->payload : NULL;
}

/* A verdict about a node is not its own to store. */
static const char *cfs_owner_other(const struct cfs_view *view, u32 slot)
{
	const struct cfs_disk_record *r;
	const char *name;
	u32 i;

	for (i = 0; (r = cfs_view_at(view, CFS_NODE, i)); i++) {
		const struct cfs_disk_node *n = (const void *)r->payload;

		name = cfs_owner_word((const char *)n->name);
		if (name && n->state == CFS_NODE_MEMBER && le64_to_cpu(r->id) != slot)
			return name;
	}
	return NULL;
}

/**
 * cfs_owner_ends() - the command that ends a wait (V10)
 * @m: mount
 * @view: what it shows
 * @r: record of the LU or volume
 * @s: this node's part in it
 * @buf: filled; empty: nothing waits, or it ends with what the reason says
 *
 * Names from the disk are part of it only where a shell takes them as they are.
 */
void cfs_owner_ends(struct cfs_mount *m, const struct cfs_view *view,
		    const struct cfs_disk_record *r, const struct cfs_role_status *s,
		    char buf[CFS_OWNER_ENDS])
{
	const bool drains = s->state == CFS_ROLE_DRAINING && s->drains;
	const u32 owner = cfs_role_owner(r->type, r);
	const u32 slot = s->state == CFS_ROLE_PROOF ? s->waits : drains ? m->slot : owner;
	const struct cfs_disk_node *n = cfs_owner_node(view, slot);
	const char *name = n ? cfs_owner_word((const char *)n->name) : NULL;
	const char *me = cfs_owner_word(m->opt.node);
	const char *other = cfs_owner_other(view, slot);
	const char *object = cfs_owner_word(cfs_object_name(r));
	char id[24];

	buf[0] = '\0';
	if (!name || !me)
		return;
	snprintf(id, sizeof(id), "%llu", le64_to_cpu(r->id));
	if (s->state == CFS_ROLE_QUEUED && slot != m->slot)
		snprintf(buf, CFS_OWNER_ENDS, "vpart cluster move %s %s to %s at %s",
			 cfs_type_name(r->type), object ? : id, me, name);
	else if (s->state == CFS_ROLE_PROOF)
		snprintf(buf, CFS_OWNER_ENDS, "vpart cluster fenced %s boot %pUb method WORD",
			 name, n->boot);
	/* Its I/O may still reach the disk: nobody may say so of a node that runs. */
	else if (drains && other)
		snprintf(buf, CFS_OWNER_ENDS,
			 "power %s off, then vpart cluster fenced %s boot %pUb method WORD at %s",
			 name, name, n->boot, other);
}
