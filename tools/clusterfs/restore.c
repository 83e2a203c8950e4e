// SPDX-License-Identifier: GPL-2.0
/*
 * A repository from a backup, and one replica from two others (P21, P3). Both first take
 * away what stood on the devices, then write all, and their superblocks last: whatever is
 * cut, what opens is whole.
 */
#include "backup.h"

#define CHUNK_BLOCKS	64U

/* The devices of a repository whose superblocks nobody else sees yet. */
struct unborn {
	const struct cfs_io	*io;
	unsigned int		first;		/* its number for @io */
	struct cfs_disk_super	super[CFS_REPLICAS_MAX];
};

static int unborn_read(void *ctx, unsigned int r, u64 block, void *buf, unsigned int blocks)
{
	struct unborn *u = ctx;

	if (block != CFS_SUPER_BLOCK && block != CFS_SUPER_BLOCK_2)
		return u->io->read(u->io->ctx, u->first + r, block, buf, blocks);
	memcpy(buf, &u->super[r], CFS_BLOCK_SIZE);
	return 0;
}

static int unborn_write(void *ctx, unsigned int r, u64 block, const void *buf,
			unsigned int blocks, unsigned int flags)
{
	struct unborn *u = ctx;

	return u->io->write(u->io->ctx, u->first + r, block, buf, blocks, flags);
}

void known_raise(struct known *known, const struct known *by)
{
	known->generation = max(known->generation, by->generation);
	known->term = max(known->term, by->term);
	known->gen = max(known->gen, by->gen);
}

/* Every whole record of the logs counts, whether it is on the chain or not. */
static void known_of_logs(struct cfs_db *db, struct known *known)
{
	unsigned int n;
	u32 i;

	/* If both of a slot are damaged, the others have been read all the same. */
	cfs_slots_read(db);
	known->term = max(known->term, db->highest);
	for (n = 0; n < db->sb.nodes; n++) {
		cfs_logs_free(&db->logs);
		if (cfs_logs_add(db, n))
			continue;
		for (i = 0; i < db->logs.entries; i++) {
			known->term = max(known->term, db->logs.entry[i].term);
			known->gen = max(known->gen, db->logs.entry[i].gen);
		}
	}
	cfs_logs_free(&db->logs);
}

/*
 * How far repository @uuid had come, if device @r has it, or one replica of it, or the
 * ruins. What cannot be read is not known.
 */
void known_of_device(const struct cfs_io *io, unsigned int r, const uuid_t *uuid,
		     struct known *known)
{
	struct unborn u = { .io = io, .first = r };
	const struct cfs_io over = { unborn_read, unborn_write, &u };
	struct cfs_disk_super block[2];
	enum cfs_found found;
	struct cfs_super sb;
	struct cfs_db db;

	if (io->read(io->ctx, r, CFS_SUPER_BLOCK, &block[0], 1))
		memset(&block[0], 0, CFS_BLOCK_SIZE);
	if (io->read(io->ctx, r, CFS_SUPER_BLOCK_2, &block[1], 1))
		memset(&block[1], 0, CFS_BLOCK_SIZE);
	found = cfs_super_choose(&block[0], &block[1], &sb);
	if ((found != CFS_VALID && found != CFS_RO_ONLY) || !uuid_equal(&sb.uuid, uuid))
		return;
	known_raise(known, &(struct known) { sb.generation, sb.first_term, sb.first_gen });
	/* Alone it is asked: what a minority knows is known. */
	sb.replicas = 1;
	sb.replica = 0;
	cfs_super_encode(&sb, &u.super[0]);
	if (cfs_open(&db, &over, 1, CFS_NODES_MAX, NULL))
		return;
	known_of_logs(&db, known);
	cfs_close(&db);
}

/*
 * What stood here is none from now on, and claim slots are zero: these after the last
 * superblock that they could be read with, or an old repository would look like an empty one.
 */
static int wipe(struct cfs_db *db, const struct cfs_io *io, unsigned int r)
{
	void *zero = calloc(CFS_SLOT_BLOCK, CFS_BLOCK_SIZE);
	int ret;

	if (!zero)
		return cfs_fail(db, -ENOMEM, "there is no memory");
	ret = io->write(io->ctx, r, 0, zero, CFS_SLOT_BLOCK, CFS_PREFLUSH | CFS_FUA);
	if (!ret)
		ret = io->write(io->ctx, r, CFS_SLOT_BLOCK, zero, CFS_AREA_BLOCK - CFS_SLOT_BLOCK,
				CFS_PREFLUSH | CFS_FUA);
	free(zero);
	return ret ? cfs_fail(db, ret, "replica %u cannot be written (error %d)", r, ret) : 0;
}

static_assert(CFS_AREA_BLOCK - CFS_SLOT_BLOCK <= CFS_SLOT_BLOCK);

/* The second copy first: the tools and the kernel look for the first one first. */
static int give_birth(struct cfs_db *db, const struct cfs_io *io, unsigned int r,
		      const void *block)
{
	int ret;

	ret = io->write(io->ctx, r, CFS_SUPER_BLOCK_2, block, 1, CFS_PREFLUSH | CFS_FUA);
	if (!ret)
		ret = io->write(io->ctx, r, CFS_SUPER_BLOCK, block, 1, CFS_PREFLUSH | CFS_FUA);
	if (ret)
		return cfs_fail(db, ret, "the superblock of replica %u cannot be written (error %d)",
				r, ret);
	return 0;
}

/* Claim as node 0 would; what the snapshot then holds is the backup. */
static int write_backup(struct cfs_db *db, const struct backup *b)
{
	int ret = cfs_claim_begin(db, true);

	while (!ret || ret == CFS_MORE) {
		/* The chain has been read, of which there is none yet. */
		if (db->step == CFS_STEP_LOOK) {
			ret = backup_fill(db, b);
			if (ret)
				break;
		}
		ret = cfs_claim_step(db);
		if (!ret)
			break;
	}
	if (!ret && db->failed)
		ret = cfs_fail(db, -EIO, "not all replicas could be written");
	return ret;
}

/* A node would find what was meant: on all replicas, and settled. */
static int read_back(struct cfs_db *db, const struct backup *b)
{
	struct cfs_index *ix = &db->index;
	u32 i, objects = 0;
	int ret;

	ret = cfs_follow(db);
	if (ret)
		return ret;
	if (db->gen != b->sb.first_gen || memcmp(ix->next, b->next, sizeof(ix->next)) ||
	    ix->event_first != b->event_first)
		return cfs_fail(db, -EIO, "what was written reads as something else");
	for (i = 0; i < b->records; i++) {
		const struct cfs_disk_record *r = &b->rec[i], *there = NULL;
		struct cfs_obj *o;

		if (r->type == CFS_EVENT) {
			there = cfs_get_event(ix, le64_to_cpu(r->id));
		} else {
			objects++;
			for (o = cfs_first(ix, r->type); o && !there; o = cfs_next(o))
				if (o->d.id == r->id && o->d.otype == r->otype)
					there = &o->d;
		}
		/* All but the place and whose snapshot it is of. */
		if (!there || memcmp(&there->since_term, &r->since_term,
				     sizeof(*r) - offsetof(struct cfs_disk_record, since_term)))
			return cfs_fail(db, -EIO, "record %u, %s %llu, reads as something else",
					i, cfs_type_name(r->type),
					(unsigned long long)le64_to_cpu(r->id));
	}
	if (objects != ix->objects)
		return cfs_fail(db, -EIO, "what was written reads as something else");
	return db->failed || db->unread ? cfs_fail(db, -EIO, "not all replicas can be read") : 0;
}

/*
 * Make a repository of what backup_renew() left in @b. @sb: its superblock; each replica's
 * number and uuid follow from it. @db: left closed, but for the sentence of an error.
 */
int restore(const struct cfs_io *io, const struct cfs_super *sb, const struct backup *b,
	    struct cfs_db *db)
{
	struct unborn u = { .io = io };
	const struct cfs_io over = { unborn_read, unborn_write, &u };
	struct cfs_super one;
	unsigned int r;
	int ret = 0;

	for (r = 0; r < sb->replicas; r++) {
		one = *sb;
		one.replica = r;
		one.replica_uuid.b[15] ^= r;
		cfs_super_encode(&one, &u.super[r]);
	}
	memset(db, 0, sizeof(*db));
	for (r = 0; !ret && r < sb->replicas; r++)
		ret = wipe(db, io, r);
	if (ret)
		return ret;
	ret = cfs_open(db, &over, sb->replicas, 0, NULL);
	if (ret)
		return ret;
	ret = write_backup(db, b);
	cfs_close(db);
	if (!ret)
		ret = cfs_open(db, &over, sb->replicas, CFS_NODES_MAX, NULL);
	if (ret)
		return ret;
	ret = read_back(db, b);
	cfs_close(db);
	for (r = 0; !ret && r < sb->replicas; r++)
		ret = give_birth(db, io, r, &u.super[r]);
	return ret;
}

/* Blocks from @block on as the majority has them; and are they so on replica @r? */
static int same_blocks(struct cfs_db *db, unsigned int r, u64 block, u32 n, u8 *good, u8 *there)
{
	int ret = cfs_read(db, block, good, n, NULL);

	if (ret)
		return ret;
	ret = db->io.read(db->io.ctx, r, block, there, n);
	if (ret)
		return cfs_fail(db, ret, "replica %u cannot be read (error %d)", r, ret);
	if (memcmp(good, there, (size_t)n * CFS_BLOCK_SIZE))
		return cfs_fail(db, -EBUSY,
				"what the others have has changed meanwhile: unmount the repository on every node, then try again");
	return 0;
}

static int copy_blocks(struct cfs_db *db, unsigned int r, u64 block, u32 n, u8 *buf)
{
	/* What is compared later is on the medium. */
	const bool last = block + n == db->sb.total_blocks;
	int ret = cfs_read(db, block, buf, n, NULL);

	if (ret)
		return ret;
	ret = db->io.write(db->io.ctx, r, block, buf, n, last ? CFS_PREFLUSH | CFS_FUA : 0);
	return ret ? cfs_fail(db, ret, "replica %u cannot be written (error %d)", r, ret) : 0;
}

/*
 * @db is open to be read, with replica @r missing, whose device @db->io reaches by now. It
 * becomes that replica by superblock @sb.
 */
int replace(struct cfs_db *db, unsigned int r, const struct cfs_super *sb)
{
	const struct cfs_io *io = &db->io;
	struct cfs_disk_super block;
	u8 *buf;
	unsigned int pass;
	int ret;
	u64 b;
	u32 n;

	/* It may be the best copy of what the others have lost. */
	ret = cfs_load(db);
	if (ret)
		return ret;
	buf = calloc(2 * CHUNK_BLOCKS, CFS_BLOCK_SIZE);
	if (!buf)
		return cfs_fail(db, -ENOMEM, "there is no memory");
	ret = wipe(db, io, r);
	/* Written, then compared with what a node would find now. */
	for (pass = 0; !ret && pass < 2; pass++) {
		for (b = CFS_SLOT_BLOCK; !ret && b < db->sb.total_blocks; b += n) {
			n = min_t(u64, CHUNK_BLOCKS, db->sb.total_blocks - b);
			if (pass) {
				ret = same_blocks(db, r, b, n, buf, buf + n * CFS_BLOCK_SIZE);
				continue;
			}
			ret = copy_blocks(db, r, b, n, buf);
		}
	}
	free(buf);
	cfs_super_encode(sb, &block);
	return ret ? ret : give_birth(db, io, r, &block);
}
