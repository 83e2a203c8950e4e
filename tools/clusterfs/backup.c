// SPDX-License-Identifier: GPL-2.0
/* The database of a repository as one file: taken, read, and made fit to begin anew. */
#include <time.h>
#include "backup.h"

static_assert(sizeof(struct backup_disk_head) == CFS_SECTOR_SIZE);
static_assert(offsetof(struct backup_disk_head, next) == 176);

/* It is counted up: none may come near the end. */
#define ROLE_TERM_MAX	(U64_MAX / 4)

/* A type of which each object has a term of its owner. */
static bool has_role(unsigned int type)
{
	return type == CFS_LU || type == CFS_VOLUME || type == CFS_PRIMARY;
}

/*
 * All that @db shows, which has followed its repository: 0 or -ENOMEM. Records as a
 * snapshot has them; node 0 stands for nobody.
 */
int backup_take(struct cfs_db *db, struct backup *b)
{
	struct cfs_index *ix = &db->index;
	const u64 events = ix->next[CFS_EVENT] - ix->event_first;
	unsigned int type;
	struct cfs_obj *o;
	u64 e;
	u32 i;

	memset(b, 0, sizeof(*b));
	b->sb = db->sb;
	b->term = db->term;
	b->gen = db->gen;
	b->claimed = max(db->highest, db->term);
	b->made = time(NULL);
	b->event_first = ix->event_first;
	memcpy(b->next, ix->next, sizeof(b->next));
	b->rec = calloc(ix->objects + events + 1, sizeof(*b->rec));
	if (!b->rec)
		return cfs_fail(db, -ENOMEM, "there is no memory for a backup");
	for (type = 0; type < CFS_TYPES; type++)
		for (o = cfs_first(ix, type); o; o = cfs_next(o))
			b->rec[b->records++] = o->d;
	for (e = ix->event_first; e < ix->next[CFS_EVENT]; e++)
		b->rec[b->records++] = *cfs_get_event(ix, e);
	for (i = 0; i < b->records; i++) {
		struct cfs_disk_record *r = &b->rec[i];

		r->term = cpu_to_le64(b->term);
		r->gen = cpu_to_le64(b->gen);
		r->node = 0;
		r->index = cpu_to_le32(i);
		r->count = cpu_to_le32(b->records);
		cfs_seal(r, &b->sb, 1 + i);
	}
	return 0;
}

/* The bytes of the file, to be freed; NULL: no memory. */
void *backup_file(const struct backup *b, size_t *size)
{
	struct backup_disk_head *h;
	unsigned int type;
	void *file;

	*size = (1 + (size_t)b->records) * CFS_SECTOR_SIZE;
	file = calloc(1, *size);
	if (!file)
		return NULL;
	h = file;
	memcpy(h->magic, BACKUP_MAGIC, BACKUP_MAGIC_SIZE);
	h->version = cpu_to_le32(BACKUP_VERSION);
	export_uuid(h->uuid, &b->sb.uuid);
	h->generation = cpu_to_le64(b->sb.generation);
	h->tag = cpu_to_le64(b->sb.tag);
	memcpy(h->cluster, b->sb.cluster, sizeof(h->cluster));
	h->term = cpu_to_le64(b->term);
	h->gen = cpu_to_le64(b->gen);
	h->claimed = cpu_to_le64(b->claimed);
	h->made = cpu_to_le64(b->made);
	h->nodes = cpu_to_le32(b->sb.nodes);
	h->replicas = cpu_to_le32(b->sb.replicas);
	h->log_blocks = cpu_to_le32(b->sb.log_blocks);
	h->objects = cpu_to_le32(b->sb.objects);
	h->events = cpu_to_le32(b->sb.events);
	h->records = cpu_to_le32(b->records);
	h->event_first = cpu_to_le64(b->event_first);
	for (type = 0; type < CFS_TYPES; type++)
		h->next[type] = cpu_to_le64(b->next[type]);
	h->crc = cpu_to_le32(cfs_crc(h, sizeof(*h), offsetof(struct backup_disk_head, crc)));
	memcpy(h + 1, b->rec, (size_t)b->records * CFS_SECTOR_SIZE);
	return file;
}

/* The ids that a type can ever have given. */
static u64 next_max(unsigned int type, const struct cfs_super *sb)
{
	return cfs_is_object(type) || type == CFS_EVENT ? cfs_id_max(type, sb) + 1 : 1;
}

static const char *head_read(const struct backup_disk_head *h, struct backup *b)
{
	struct cfs_disk_super block;
	struct cfs_super sane;
	unsigned int type;

	if (memcmp(h->magic, BACKUP_MAGIC, BACKUP_MAGIC_SIZE))
		return "it is no backup of a clusterfs repository";
	if (le32_to_cpu(h->crc) != cfs_crc(h, sizeof(*h), offsetof(struct backup_disk_head, crc)))
		return "its first sector is damaged (bad CRC)";
	if (le32_to_cpu(h->version) != BACKUP_VERSION)
		return "it is of another version";
	if (memchr_inv(h->reserved, 0, sizeof(h->reserved)))
		return "a reserved field is not zero";
	import_uuid(&b->sb.uuid, h->uuid);
	b->sb.generation = le64_to_cpu(h->generation);
	b->sb.tag = le64_to_cpu(h->tag);
	memcpy(b->sb.cluster, h->cluster, sizeof(b->sb.cluster));
	b->term = le64_to_cpu(h->term);
	b->gen = le64_to_cpu(h->gen);
	b->claimed = le64_to_cpu(h->claimed);
	b->made = le64_to_cpu(h->made);
	b->sb.nodes = le32_to_cpu(h->nodes);
	b->sb.replicas = le32_to_cpu(h->replicas);
	b->sb.log_blocks = le32_to_cpu(h->log_blocks);
	b->sb.objects = le32_to_cpu(h->objects);
	b->sb.events = le32_to_cpu(h->events);
	b->records = le32_to_cpu(h->records);
	b->event_first = le64_to_cpu(h->event_first);
	cfs_geometry(&b->sb);
	/* Bounds and name are those of a superblock, and so is who judges them. */
	b->sb.first_term = b->claimed;
	b->sb.first_gen = b->gen;
	cfs_super_encode(&b->sb, &block);
	if (b->sb.generation >= U32_MAX || b->claimed < b->term ||
	    cfs_super_decode(&block, &sane) != CFS_VALID)
		return "its sizes or its numbers are impossible";
	for (type = 0; type < CFS_TYPES; type++) {
		b->next[type] = le64_to_cpu(h->next[type]);
		if (!b->next[type] || b->next[type] > next_max(type, &b->sb))
			return "a counter of ids is out of range";
	}
	if (!b->event_first || b->event_first > b->next[CFS_EVENT] ||
	    b->next[CFS_EVENT] - b->event_first > b->sb.events ||
	    b->records > b->sb.objects + b->sb.events)
		return "it has more records than objects and events may be";
	return NULL;
}

/* What is wrong with a record by itself, and by its place. */
static const char *record_wrong(const struct backup *b, u32 i)
{
	const struct cfs_disk_record *r = &b->rec[i];

	if (!cfs_sealed(r, &b->sb, 1 + i) || le64_to_cpu(r->term) != b->term ||
	    le64_to_cpu(r->gen) != b->gen || r->node || le32_to_cpu(r->index) != i ||
	    le32_to_cpu(r->count) != b->records)
		return "it is damaged, or of another backup";
	if (le64_to_cpu(r->since_term) > b->term || le64_to_cpu(r->since_gen) > b->gen)
		return "it is newer than its backup";
	if (le64_to_cpu(r->role_term) > ROLE_TERM_MAX)
		return "its role term is out of range";
	return cfs_record_wrong(r, &b->sb);
}

static const char *fill_index(struct cfs_index *ix, const struct backup *b, u32 *at)
{
	struct cfs_obj *fresh;
	const char *wrong;
	unsigned int was;

	cfs_index_clear(ix);
	ix->event_first = b->event_first;
	ix->next[CFS_EVENT] = b->event_first;
	for (*at = 0; *at < b->records; ++*at) {
		const struct cfs_disk_record *r = &b->rec[*at];

		wrong = record_wrong(b, *at);
		was = r->type == CFS_TOMBSTONE ? r->otype : r->type;
		if (!wrong)
			wrong = cfs_apply_wrong(ix, r, was == CFS_EVENT ? ix->next[was] :
						b->next[was], true);
		if (wrong)
			return wrong;
		fresh = NULL;
		if (cfs_is_new(ix, r)) {
			fresh = malloc(sizeof(*fresh));
			if (!fresh)
				return "there is no memory for it";
		}
		cfs_apply(ix, r, fresh);
	}
	*at = U32_MAX;
	if (ix->next[CFS_EVENT] != b->next[CFS_EVENT])
		return "its last events are missing";
	memcpy(ix->next, b->next, sizeof(ix->next));
	return NULL;
}

/* The index of @db becomes what the backup says. 0 or -EUCLEAN and a sentence. */
int backup_fill(struct cfs_db *db, const struct backup *b)
{
	const char *wrong;
	u32 at;

	wrong = fill_index(&db->index, b, &at);
	if (!wrong)
		return 0;
	if (at == U32_MAX)
		return cfs_fail(db, -EUCLEAN, "the backup does not fit: %s", wrong);
	return cfs_fail(db, -EUCLEAN, "record %u of the backup does not fit: %s", at, wrong);
}

/* Take nothing that a repository could not hold. NULL, or a sentence, which stays valid. */
const char *backup_read(const void *file, size_t size, struct backup *b)
{
	static char why[200];
	struct cfs_index ix;
	const char *wrong;
	u32 at;

	memset(b, 0, sizeof(*b));
	if (size < CFS_SECTOR_SIZE)
		return "it is too short for a backup of a clusterfs repository";
	wrong = head_read(file, b);
	if (wrong)
		return wrong;
	if (size != (1 + (size_t)b->records) * CFS_SECTOR_SIZE) {
		snprintf(why, sizeof(why), "it has %zu bytes, and should have %zu", size,
			 (1 + (size_t)b->records) * CFS_SECTOR_SIZE);
		return why;
	}
	b->rec = calloc(b->records + 1, sizeof(*b->rec));
	if (!b->rec || cfs_index_init(&ix, &b->sb)) {
		backup_free(b);
		return "there is no memory for it";
	}
	memcpy(b->rec, file + CFS_SECTOR_SIZE, size - CFS_SECTOR_SIZE);
	wrong = fill_index(&ix, b, &at);
	cfs_index_free(&ix);
	if (!wrong)
		return NULL;
	backup_free(b);
	if (at == U32_MAX)
		return wrong;
	snprintf(why, sizeof(why), "record %u of it: %s", at, wrong);
	return why;
}

void backup_free(struct backup *b)
{
	free(b->rec);
	b->rec = NULL;
}

/* Did a node have it mounted, or die with it? */
bool backup_has_members(const struct backup *b)
{
	u32 i;

	for (i = 0; i < b->records; i++)
		if (b->rec[i].type == CFS_NODE &&
		    ((const struct cfs_disk_node *)b->rec[i].payload)->state != CFS_NODE_LEFT)
			return true;
	return false;
}

/* No id that a commit behind the backup may have given. */
static void raise_ids(struct backup *b, u64 commits)
{
	unsigned int type;
	u64 most, more;

	for (type = CFS_CLIENT; type <= CFS_EVENT; type++) {
		if (type == CFS_PRIMARY)
			continue;
		most = next_max(type, &b->sb);
		more = commits > most / CFS_TXN_MAX ? most : commits * CFS_TXN_MAX;
		b->next[type] = more > most - b->next[type] ? most : b->next[type] + more;
	}
}

/*
 * What a backup has to become before it is a repository again (P21): of the next
 * generation, its term and its commit above all that is known; and if there were commits
 * behind it, its ids and role terms above what those can have given. Such a commit gave 64
 * ids at most, and raised a role's term by one. Of the events no number is then the next,
 * so that they begin anew, and who followed them is told of a loss (P22).
 * No node is a member. NULL, or a sentence.
 */
const char *backup_renew(struct backup *b, const struct known *known)
{
	const u64 commits = known->gen > b->gen ? known->gen - b->gen : 0;
	struct cfs_disk_record *r;
	struct cfs_disk_node *n;
	u32 i, kept = 0;

	b->sb.generation = max(b->sb.generation, known->generation) + 1;
	b->sb.first_term = max(b->claimed, known->term) + 1;
	b->sb.first_gen = max(b->gen, known->gen) + 1;
	if (b->sb.generation >= U32_MAX || b->sb.first_term > U64_MAX / 8 ||
	    b->sb.first_gen > U64_MAX / 8)
		return "a generation, term or commit that is known is out of range";
	if (commits) {
		raise_ids(b, commits);
		b->event_first = b->next[CFS_EVENT];
	}
	for (i = 0; i < b->records; i++) {
		r = &b->rec[i];
		if (commits && r->type == CFS_EVENT)
			continue;
		if (r->type == CFS_NODE) {
			n = (void *)r->payload;
			n->state = CFS_NODE_LEFT;
		}
		if (has_role(r->type)) {
			if (le64_to_cpu(r->role_term) > ROLE_TERM_MAX - commits)
				return "a role term is out of range";
			r->role_term = cpu_to_le64(le64_to_cpu(r->role_term) + commits);
		}
		b->rec[kept++] = *r;
	}
	b->records = kept;
	for (i = 0; i < kept; i++) {
		b->rec[i].index = cpu_to_le32(i);
		b->rec[i].count = cpu_to_le32(kept);
		cfs_seal(&b->rec[i], &b->sb, 1 + i);
	}
	return NULL;
}
