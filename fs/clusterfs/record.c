// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: records. Their seal (place, owner, CRC), and what each type may say.
 * Nothing of a disk is used before it has passed here.
 */
#include "clusterfs.h"

static_assert(sizeof(struct cfs_disk_super) == CFS_BLOCK_SIZE);
static_assert(offsetof(struct cfs_disk_super, reserved) == 240);
static_assert(sizeof(struct cfs_disk_record) == CFS_SECTOR_SIZE);
static_assert(offsetof(struct cfs_disk_record, payload) == CFS_RECORD_HEADER);
static_assert(sizeof(struct cfs_disk_claim) == 16);
static_assert(sizeof(struct cfs_disk_confirm) == 136);
static_assert(sizeof(struct cfs_disk_node) == 160);
static_assert(sizeof(struct cfs_disk_client) == 80);
static_assert(sizeof(struct cfs_disk_adapter) == 32);
static_assert(sizeof(struct cfs_disk_lu) == 288);
static_assert(sizeof(struct cfs_disk_map) == 32);
static_assert(sizeof(struct cfs_disk_leg) == 24);
static_assert(sizeof(struct cfs_disk_volume) == 192);
static_assert(sizeof(struct cfs_disk_pr) == 272);
static_assert(sizeof(struct cfs_disk_primary) == 8);
static_assert(sizeof(struct cfs_disk_event) == 280);
static_assert(sizeof(struct cfs_disk_tombstone) == 8);
static_assert(CFS_BLOCK_SECTORS * CFS_SECTOR_SIZE == CFS_BLOCK_SIZE);

/* A type: its name, the size of its payload, its greatest id, and what it holds. */
struct cfs_type {
	const char	*name;
	size_t		size;
	u64		id_max;
	bool		has_uuid;
	const char	*(*wrong)(const void *payload, const struct cfs_super *sb);
};

/* A text that is ended, filled with zeroes and has no control characters. */
static bool cfs_text_ok(const u8 *text, size_t size, bool may_be_empty)
{
	size_t n;

	for (n = 0; n < size && text[n]; n++)
		if (text[n] < ' ' || text[n] == 0x7f)
			return false;
	return n < size && (n || may_be_empty) && !memchr_inv(text + n, 0, size - n);
}

/* A node's slot, or nobody. */
static bool cfs_slot_ok(__le32 slot, const struct cfs_super *sb)
{
	u32 n = le32_to_cpu(slot);

	return n < sb->nodes || n == CFS_NOBODY;
}

static const char *cfs_confirm_wrong(const void *payload, const struct cfs_super *sb)
{
	const struct cfs_disk_confirm *c = payload;

	if (memchr_inv(c->reserved, 0, sizeof(c->reserved)) || c->reserved2)
		return "a reserved field is not zero";
	if (c->carries != CFS_PARENT && c->carries != CFS_SNAPSHOT)
		return "it carries neither a parent nor a snapshot";
	if (c->carries == CFS_SNAPSHOT && c->area > 1)
		return "there are only two snapshot areas";
	if (le32_to_cpu(c->records) > sb->objects + sb->events)
		return "its snapshot has more records than there may be";
	if (c->carries == CFS_PARENT &&
	    (c->area || c->records || memchr_inv(c->next, 0, sizeof(c->next))))
		return "it has a parent, and what belongs to a snapshot";
	return NULL;
}

static const char *cfs_node_wrong(const void *payload, const struct cfs_super *sb)
{
	const struct cfs_disk_node *n = payload;

	if (!cfs_text_ok(n->name, sizeof(n->name), false))
		return "its name is no text";
	if (!cfs_text_ok(n->address, sizeof(n->address), true))
		return "its address is no text";
	if (n->state >= CFS_NODE_STATES)
		return "its state is unknown";
	if (memchr_inv(n->reserved, 0, sizeof(n->reserved)))
		return "a reserved field is not zero";
	return NULL;
}

static const char *cfs_client_wrong(const void *payload, const struct cfs_super *sb)
{
	const struct cfs_disk_client *c = payload;

	return cfs_text_ok(c->name, sizeof(c->name), false) ? NULL : "its name is no text";
}

static const char *cfs_adapter_wrong(const void *payload, const struct cfs_super *sb)
{
	const struct cfs_disk_adapter *a = payload;

	if (le64_to_cpu(a->node) >= sb->nodes)
		return "its node has no slot here";
	if (a->reserved)
		return "a reserved field is not zero";
	return NULL;
}

static const char *cfs_lu_wrong(const void *payload, const struct cfs_super *sb)
{
	const struct cfs_disk_lu *l = payload;
	u32 block = le32_to_cpu(l->block);

	if (!cfs_text_ok(l->name, sizeof(l->name), false))
		return "its name is no text";
	if (!cfs_text_ok(l->backing, sizeof(l->backing), true))
		return "its backing is no text";
	if (!cfs_slot_ok(l->owner, sb))
		return "its owner has no slot here";
	if (block != 512 && block != 4096)
		return "its block is neither 512 nor 4096 bytes";
	if (le32_to_cpu(l->flags) & ~CFS_LU_SHARED)
		return "it has unknown flags";
	if (l->reserved)
		return "a reserved field is not zero";
	return NULL;
}

static const char *cfs_map_wrong(const void *payload, const struct cfs_super *sb)
{
	const struct cfs_disk_map *m = payload;

	if (!m->lu || !m->client)
		return "it names no LU, or no client";
	if (le32_to_cpu(m->flags) & ~CFS_MAP_READ_ONLY)
		return "it has unknown flags";
	return NULL;
}

static const char *cfs_volume_wrong(const void *payload, const struct cfs_super *sb)
{
	const struct cfs_disk_volume *v = payload;
	int i;

	if (!cfs_text_ok(v->name, sizeof(v->name), false))
		return "its name is no text";
	if (!cfs_slot_ok(v->owner, sb))
		return "its owner has no slot here";
	if (v->reserved)
		return "a reserved field is not zero";
	for (i = 0; i < 2; i++)
		if (!cfs_slot_ok(v->leg[i].node, sb) ||
		    le32_to_cpu(v->leg[i].state) >= CFS_LEG_STATES)
			return "a leg's node has no slot here, or its state is unknown";
	return NULL;
}

static const char *cfs_pr_wrong(const void *payload, const struct cfs_super *sb)
{
	const struct cfs_disk_pr *p = payload;
	u32 len = le16_to_cpu(p->tid_len);

	if (!p->lu || !p->key)
		return "it names no LU, or its key is zero";
	if (p->type == 2 || p->type == 4 || p->type > 8)
		return "its reservation type is unknown";
	if (p->flags & ~(CFS_PR_APTPL | CFS_PR_ALL_PORTS))
		return "it has unknown flags";
	if (len > CFS_TID_SIZE)
		return "its transport id is too long";
	if (memchr_inv(p->tid + len, 0, CFS_TID_SIZE - len) ||
	    memchr_inv(p->reserved, 0, sizeof(p->reserved)) ||
	    memchr_inv(p->reserved2, 0, sizeof(p->reserved2)))
		return "a reserved field is not zero";
	return NULL;
}

static const char *cfs_primary_wrong(const void *payload, const struct cfs_super *sb)
{
	const struct cfs_disk_primary *p = payload;

	if (!cfs_slot_ok(p->node, sb))
		return "its node has no slot here";
	return p->reserved ? "a reserved field is not zero" : NULL;
}

static const char *cfs_event_wrong(const void *payload, const struct cfs_super *sb)
{
	const struct cfs_disk_event *e = payload;

	if (e->otype >= CFS_TYPES || e->class >= CFS_EVENT_CLASSES || e->severity > 2)
		return "its class, severity or object is unknown";
	if (!cfs_text_ok(e->text, sizeof(e->text), true))
		return "its text is no text";
	return e->reserved ? "a reserved field is not zero" : NULL;
}

static const struct cfs_type cfs_types[CFS_TYPES] = {
	[CFS_CLAIM]	= { "claim", sizeof(struct cfs_disk_claim) },
	[CFS_CONFIRM]	= { "confirm", sizeof(struct cfs_disk_confirm), 0, false,
			    cfs_confirm_wrong },
	[CFS_NODE]	= { "node", sizeof(struct cfs_disk_node), CFS_NODES_MAX - 1, true,
			    cfs_node_wrong },
	[CFS_CLIENT]	= { "client", sizeof(struct cfs_disk_client), U16_MAX, true,
			    cfs_client_wrong },
	[CFS_ADAPTER]	= { "adapter", sizeof(struct cfs_disk_adapter), U32_MAX, true,
			    cfs_adapter_wrong },
	[CFS_LU]	= { "lu", sizeof(struct cfs_disk_lu), U64_MAX - 1, true, cfs_lu_wrong },
	[CFS_MAP]	= { "map", sizeof(struct cfs_disk_map), U64_MAX - 1, false,
			    cfs_map_wrong },
	[CFS_VOLUME]	= { "volume", sizeof(struct cfs_disk_volume), U64_MAX - 1, true,
			    cfs_volume_wrong },
	[CFS_PR]	= { "pr", sizeof(struct cfs_disk_pr), U64_MAX - 1, false, cfs_pr_wrong },
	[CFS_PRIMARY]	= { "primary", sizeof(struct cfs_disk_primary), 1, false,
			    cfs_primary_wrong },
	[CFS_EVENT]	= { "event", sizeof(struct cfs_disk_event), U64_MAX - 1, false,
			    cfs_event_wrong },
	[CFS_TOMBSTONE]	= { "tombstone", sizeof(struct cfs_disk_tombstone) },
};

/**
 * cfs_type_name() - a type in a word
 * @type: CFS_CLAIM...
 *
 * Return: its name.
 */
const char *cfs_type_name(unsigned int type)
{
	return type && type < CFS_TYPES ? cfs_types[type].name : "unknown";
}

/**
 * cfs_is_object() - is it the type of an object
 * @type: CFS_CLAIM...
 *
 * Return: false for claims, confirmations, events and tombstones.
 */
bool cfs_is_object(unsigned int type)
{
	return type >= CFS_NODE && type <= CFS_PRIMARY;
}

/**
 * cfs_payload_size() - bytes of the payload of a type
 * @type: a known one
 *
 * Return: the size of its structure.
 */
size_t cfs_payload_size(unsigned int type)
{
	return cfs_types[type].size;
}

/**
 * cfs_id_max() - the greatest id of a type
 * @type: a known one
 * @sb: superblock: nodes have slots
 *
 * Return: the id.
 */
u64 cfs_id_max(unsigned int type, const struct cfs_super *sb)
{
	return type == CFS_NODE ? sb->nodes - 1 : cfs_types[type].id_max;
}

/**
 * cfs_crc() - CRC32C of a sector or block
 * @data: its bytes
 * @size: how many
 * @at: offset of the 4-byte CRC field, which counts as zero
 *
 * Return: the CRC to store.
 */
u32 cfs_crc(const void *data, size_t size, size_t at)
{
	static const __le32 zero;
	u32 crc;

	crc = crc32c(~0, data, at);
	crc = crc32c(crc, &zero, sizeof(zero));
	at += sizeof(zero);
	return ~crc32c(crc, data + at, size - at);
}

/**
 * cfs_seal() - make a record fit for its place
 * @r: record; all but magic, tag, sector and CRC is set
 * @sb: superblock
 * @sector: where it will be
 */
void cfs_seal(struct cfs_disk_record *r, const struct cfs_super *sb, u64 sector)
{
	r->magic = cpu_to_le32(CFS_RECORD_MAGIC);
	r->tag = cpu_to_le64(sb->tag);
	r->sector = cpu_to_le64(sector);
	r->crc = cpu_to_le32(cfs_crc(r, sizeof(*r), offsetof(struct cfs_disk_record, crc)));
}

/**
 * cfs_sealed() - is a sector a record of this repository, whole and in its place
 * @r: 512 bytes
 * @sb: superblock
 * @sector: where it was read
 *
 * Return: true if it is. What it says may still be wrong.
 */
bool cfs_sealed(const struct cfs_disk_record *r, const struct cfs_super *sb, u64 sector)
{
	return le32_to_cpu(r->magic) == CFS_RECORD_MAGIC && le64_to_cpu(r->tag) == sb->tag &&
	       le64_to_cpu(r->sector) == sector &&
	       le32_to_cpu(r->crc) == cfs_crc(r, sizeof(*r),
					      offsetof(struct cfs_disk_record, crc));
}

static const char *cfs_id_wrong(const struct cfs_disk_record *r, unsigned int type,
				const struct cfs_super *sb)
{
	u64 id = le64_to_cpu(r->id);
	bool uuid = memchr_inv(r->uuid, 0, sizeof(r->uuid));

	if (type == CFS_CLAIM || type == CFS_CONFIRM)
		return id || uuid || r->role_term ? "it is no object, and has an id" : NULL;
	if ((!id && type != CFS_NODE) || id > cfs_id_max(type, sb))
		return "its id is out of range";
	if (uuid != cfs_types[type].has_uuid)
		return uuid ? "it has a uuid" : "it has no uuid";
	return NULL;
}

/**
 * cfs_record_wrong() - what is wrong with what a record says, by itself
 * @r: record whose seal is good, or one to be written
 * @sb: superblock
 *
 * Return: a part of a sentence, or NULL if nothing is.
 */
const char *cfs_record_wrong(const struct cfs_disk_record *r, const struct cfs_super *sb)
{
	unsigned int type = r->type;
	u32 flags = le32_to_cpu(r->flags);
	u32 len = le32_to_cpu(r->len);
	const char *wrong;

	if (!type || type >= CFS_TYPES)
		return "its type is unknown";
	if (le16_to_cpu(r->node) >= sb->nodes)
		return "its writer has no slot here";
	if (!r->term || le32_to_cpu(r->index) >= le32_to_cpu(r->count))
		return "its term is zero, or its number is beyond the commit";
	if (r->reserved || memchr_inv(r->reserved2, 0, sizeof(r->reserved2)))
		return "a reserved field is not zero";
	if (len != cfs_types[type].size || memchr_inv(r->payload + len, 0, CFS_PAYLOAD_SIZE - len))
		return "its length is not that of its type";
	if (type == CFS_TOMBSTONE) {
		if (!cfs_is_object(r->otype) || flags & ~CFS_F_KNOWN)
			return "it buries no object";
		return cfs_id_wrong(r, r->otype, sb);
	}
	if (r->otype || flags)
		return "it has flags that are a tombstone's";
	wrong = cfs_id_wrong(r, type, sb);
	if (!wrong && cfs_types[type].wrong)
		wrong = cfs_types[type].wrong(r->payload, sb);
	return wrong;
}
