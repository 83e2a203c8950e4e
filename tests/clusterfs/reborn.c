// SPDX-License-Identifier: GPL-2.0
/*
 * reborn [SEED]: a backup, a repository made of it, a replica made of two others (P21).
 *
 * Three nodes write at random; a backup is taken on the way. Whatever is changed in the
 * file is refused, or can be restored. A restore onto the old disks, and the replacement of
 * a replica, are cut at every write, with any part of it done and any part of what was in
 * the caches lost; and each write fails. What opens then is whole: the old repository, or
 * the new one.
 */
#include <sys/stat.h>
#include <unistd.h>
#include "../../tools/clusterfs/backup.h"
#include "lab.h"

#define NODES	3
#define U(x)	((unsigned long long)(x))

static struct cfs_super repo;
static struct cfs_txn *t;
static u64 seed;
static unsigned long states, olds, news, nothings;

static void open_db(struct cfs_db *db, const struct cfs_io *io, unsigned int replicas,
		    unsigned int me)
{
	must(!cfs_open(db, io, replicas, me, NULL), "%s", db->why);
}

/* Nodes take turns until commit @gen. */
static void write_some(struct disks *d, struct model *m, u64 gen)
{
	struct cfs_db db[NODES];
	unsigned int n, writer = draw(&seed, NODES);

	for (n = 0; n < NODES; n++)
		open_db(&db[n], &d->io, d->replicas, n);
	must(!cfs_claim(&db[writer], false), "%s", db[writer].why);
	while (m->gen < gen) {
		if (draw(&seed, 9) == 0) {
			writer = draw(&seed, NODES);
			must(!cfs_claim(&db[writer], draw(&seed, 6) == 0), "%s", db[writer].why);
		}
		random_txn(&db[writer], m, t, &seed, draw(&seed, 4) ? 3 : 24);
		if (!t->count)
			continue;
		if (cfs_commit(&db[writer], t)) {
			must(!cfs_claim(&db[writer], true), "%s", db[writer].why);
			cfs_txn_end(t);
			continue;
		}
		model_apply(m, t);
		cfs_txn_end(t);
	}
	for (n = 0; n < NODES; n++)
		cfs_close(&db[n]);
}

/* What has to be restored: all, but no node is a member. */
static u64 left_digest(struct cfs_db *db)
{
	struct cfs_obj *o;

	for (o = cfs_first(&db->index, CFS_NODE); o; o = cfs_next(o))
		((struct cfs_disk_node *)o->d.payload)->state = CFS_NODE_LEFT;
	return index_digest(&db->index);
}

/* A backup as it is in a file, and what it has to become. */
static void *take(struct disks *d, size_t *size, u64 *digest)
{
	struct backup b;
	struct cfs_db db;
	void *file;

	open_db(&db, &d->io, d->replicas, CFS_NODES_MAX);
	must(!cfs_follow(&db) && !backup_take(&db, &b), "%s", db.why);
	file = backup_file(&b, size);
	must(file, "memory");
	backup_free(&b);
	*digest = left_digest(&db);
	cfs_close(&db);
	return file;
}

static void read_file(const void *file, size_t size, struct backup *b)
{
	const char *wrong = backup_read(file, size, b);

	must(!wrong, "%s", wrong);
}

static struct cfs_super next_super(const struct backup *b, unsigned int replicas)
{
	struct cfs_super sb = b->sb;

	sb.replicas = replicas;
	sb.tag = draw(&seed, U64_MAX);
	memset(&sb.replica_uuid, 0xb0, sizeof(sb.replica_uuid));
	return sb;
}

/* --- damage --- */

/* What is accepted can be restored, whatever it says. */
static void accepted(struct backup *b, struct disks *blank)
{
	struct known known = { .gen = draw(&seed, 2) * draw(&seed, 1000) };
	struct cfs_super sb;
	struct cfs_db db;

	if (!backup_renew(b, &known)) {
		sb = next_super(b, 1);
		must(sb.total_blocks > blank->blocks || !restore(&blank->io, &sb, b, &db), "%s",
		     db.why);
	}
	backup_free(b);
}

static void reseal(u8 *file, const struct cfs_super *sb, unsigned int sector)
{
	struct backup_disk_head *h = (void *)file;

	if (sector)
		cfs_seal((void *)(file + (size_t)sector * CFS_SECTOR_SIZE), sb, sector);
	else
		h->crc = cpu_to_le32(cfs_crc(h, sizeof(*h),
					     offsetof(struct backup_disk_head, crc)));
}

/* A first sector that is whole and says what cannot be. */
static void impossible(const void *file, size_t size)
{
	struct backup_disk_head *h = malloc(size);
	unsigned int i;
	struct backup b;

	must(h, "memory");
	for (i = 0; i < 9; i++) {
		memcpy(h, file, size);
		if (i == 1)
			h->next[CFS_CLAIM] = cpu_to_le64(2);
		else if (i == 2)
			h->next[CFS_ADAPTER] = cpu_to_le64(U32_MAX + 5ULL);
		else if (i == 3)
			h->next[CFS_EVENT] = cpu_to_le64(le64_to_cpu(h->next[CFS_EVENT]) + 1);
		else if (i == 4)
			h->claimed = cpu_to_le64(le64_to_cpu(h->term) - 1);
		else if (i == 5)
			h->nodes = cpu_to_le32(CFS_NODES_MAX + 1);
		else if (i == 6)
			h->generation = cpu_to_le64(U32_MAX);
		else if (i == 7)
			h->next[CFS_LU] = 0;
		else if (i == 8)
			h->event_first = cpu_to_le64(le64_to_cpu(h->event_first) + 1);
		/* With room for one more. */
		if (i == 3)
			h->events = cpu_to_le32(le32_to_cpu(h->events) + 8);
		reseal((u8 *)h, NULL, 0);
		must(!backup_read(h, size, &b) == !i, "case %u", i);
		backup_free(&b);
	}
	free(h);
}

static void damage(const void *file, size_t size)
{
	unsigned long refused = 0, taken = 0;
	u8 *copy = malloc(size + CFS_SECTOR_SIZE), was[CFS_SECTOR_SIZE];
	struct cfs_super sb;
	struct disks blank;
	struct backup b;
	unsigned int i, sector;
	size_t at, n;

	must(copy, "memory");
	disks_init(&blank, &repo);
	read_file(file, size, &b);
	sb = b.sb;
	backup_free(&b);
	memcpy(copy, file, size);
	memset(copy + size, 0, CFS_SECTOR_SIZE);
	for (at = 0; at < size; at++) {
		copy[at] ^= 1 << draw(&seed, 8);
		must(backup_read(copy, size, &b), "byte %zu is changed, and nobody minds", at);
		copy[at] = ((const u8 *)file)[at];
	}
	for (n = 0; n <= size + CFS_SECTOR_SIZE; n += draw(&seed, 2) ? 1 + draw(&seed, 300) :
	     CFS_SECTOR_SIZE - n % CFS_SECTOR_SIZE)
		must(n == size || backup_read(copy, n, &b), "%zu of %zu bytes are enough", n, size);
	/* Two records in each other's place; one twice. */
	memcpy(was, copy + CFS_SECTOR_SIZE, CFS_SECTOR_SIZE);
	memcpy(copy + CFS_SECTOR_SIZE, copy + 2 * CFS_SECTOR_SIZE, CFS_SECTOR_SIZE);
	must(backup_read(copy, size, &b), "a record in another's place");
	reseal(copy, &sb, 1);
	must(backup_read(copy, size, &b), "a record twice");
	memcpy(copy + CFS_SECTOR_SIZE, was, CFS_SECTOR_SIZE);
	/* Somebody who knows how to seal. */
	for (i = 0; i < 60000; i++) {
		sector = draw(&seed, 3) ? draw(&seed, size / CFS_SECTOR_SIZE) : 0;
		memcpy(was, copy + sector * CFS_SECTOR_SIZE, CFS_SECTOR_SIZE);
		for (n = 1 + draw(&seed, 3); n; n--) {
			at = sector * CFS_SECTOR_SIZE +
			     draw(&seed, draw(&seed, 2) ? CFS_SECTOR_SIZE : 280);
			copy[at] = draw(&seed, 3) ? draw(&seed, 256) : draw(&seed, 2) ? 0xff : 0;
		}
		reseal(copy, &sb, sector);
		if (backup_read(copy, size, &b)) {
			refused++;
		} else {
			taken++;
			accepted(&b, &blank);
		}
		memcpy(copy + sector * CFS_SECTOR_SIZE, was, CFS_SECTOR_SIZE);
	}
	must(refused && taken, "%lu refused, %lu taken", refused, taken);
	printf("a backup of %zu bytes: every byte, every length; sealed anew %lu refused, %lu restored\n",
	       size, refused, taken);
	disks_free(&blank);
	free(copy);
}

/* --- cuts --- */

/* What may be there: the old one, whole, or the new one. */
struct outcome {
	u64	generation[2];
	u64	digest[2];
};

static void examine(struct disks *d, const struct outcome *may)
{
	struct cfs_db db;
	unsigned int k;
	u64 digest;

	states++;
	if (cfs_open(&db, &d->io, CFS_REPLICAS_MAX, CFS_NODES_MAX, NULL)) {
		nothings++;
		return;
	}
	k = db.sb.generation == may->generation[1];
	must(k || db.sb.generation == may->generation[0], "generation %llu",
	     U(db.sb.generation));
	must(!cfs_load(&db), "of generation %llu: %s", U(db.sb.generation), db.why);
	digest = index_digest(&db.index);
	must(digest == may->digest[k], "generation %llu is not what it was", U(db.sb.generation));
	if (k)
		news++;
	else
		olds++;
	cfs_close(&db);
}

/* A part of a write, of whatever size, by sectors. */
static void put_part(struct disks *d, const struct write *w, unsigned int first, bool any)
{
	unsigned int sectors = w->blocks * CFS_BLOCK_SECTORS, s;
	u8 *at = d->medium[w->replica] + w->block * CFS_BLOCK_SIZE;

	memset(d->dirty + w->block, 1, w->blocks);
	d->version++;
	for (s = 0; s < sectors; s++)
		if (any ? draw(&seed, 2) : s < first)
			memcpy(at + s * CFS_SECTOR_SIZE, w->data + s * CFS_SECTOR_SIZE,
			       CFS_SECTOR_SIZE);
}

/* @begin is what was there, @run has the trace of what was done to it. */
static void cuts(const struct disks *begin, const struct disks *run, const struct outcome *may)
{
	struct disks at, work;
	struct cfs_super sb = repo;
	unsigned int i, c, k, durable = 0, sectors;

	sb.replicas = begin->replicas;
	disks_init(&at, &sb);
	disks_init(&work, &sb);
	disks_copy(&at, begin);
	for (i = 0; i < run->traced; i++) {
		const struct write *w = &run->trace[i];

		/* A flush is one of that replica. */
		if (w->flags & CFS_PREFLUSH)
			for (c = durable; c < i; c++)
				if (run->trace[c].replica == w->replica)
					put_write(&at, &run->trace[c]);
		sectors = w->blocks * CFS_BLOCK_SECTORS;
		for (k = 0; k < 24; k++) {
			disks_copy(&work, &at);
			for (c = 0; c < i; c++)
				if (draw(&seed, 2) && !(run->trace[c].flags & CFS_FUA))
					put_part(&work, &run->trace[c], 0, true);
			put_part(&work, w, sectors <= 8 ? k % 9 : draw(&seed, sectors + 1), k > 16);
			examine(&work, may);
		}
		if (w->flags & CFS_FUA)
			put_write(&at, w);
	}
	disks_copy(&work, run);
	examine(&work, may);
	disks_free(&at);
	disks_free(&work);
}

/* --- restore --- */

static u64 digest_of(struct disks *d, struct cfs_super *sb)
{
	struct cfs_db db;
	u64 digest;

	open_db(&db, &d->io, CFS_REPLICAS_MAX, CFS_NODES_MAX);
	must(!cfs_follow(&db), "%s", db.why);
	digest = index_digest(&db.index);
	*sb = db.sb;
	cfs_close(&db);
	return digest;
}

/* Room for another object, if there is none. */
static void make_room(struct cfs_db *db)
{
	struct cfs_obj *o = cfs_first(&db->index, CFS_TOMBSTONE);
	unsigned int type = CFS_NODE;

	if (db->index.objects < db->index.max_objects)
		return;
	for (; !o; type++) {
		o = cfs_first(&db->index, type);
		if (!o)
			continue;
		must(!cfs_txn_del(db, t, type, le64_to_cpu(o->d.id), 1) && !cfs_commit(db, t),
		     "%s", db->why);
		cfs_txn_end(t);
		o = cfs_first(&db->index, CFS_TOMBSTONE);
	}
	must(!cfs_txn_forget(db, t, o->d.otype, le64_to_cpu(o->d.id)) && !cfs_commit(db, t), "%s",
	     db->why);
	cfs_txn_end(t);
}

/* A node goes on where the repository was. */
static void goes_on(struct disks *d, const struct backup *b)
{
	struct cfs_db db;
	u64 id;

	open_db(&db, &d->io, d->replicas, 1);
	must(!cfs_claim(&db, false), "%s", db.why);
	must(db.term > b->sb.first_term && db.gen == b->sb.first_gen, "claim %llu, commit %llu",
	     U(db.term), U(db.gen));
	make_room(&db);
	must(!commit_lu(&db, t, draw(&seed, U64_MAX), &id), "%s", db.why);
	must(id == b->next[CFS_LU], "LU %llu after a counter of %llu", U(id), U(b->next[CFS_LU]));
	cfs_txn_end(t);
	cfs_close(&db);
}

static void restores(const struct disks *old, unsigned int replicas, const void *file, size_t size,
		     u64 digest)
{
	struct outcome may = {};
	struct known known = {};
	struct disks run, first;
	struct cfs_super sb, was;
	struct backup b;
	struct cfs_db db;
	unsigned int r;
	int fails = 0;

	read_file(file, size, &b);
	sb = repo;
	sb.replicas = replicas;
	disks_init(&run, &sb);
	disks_init(&first, &sb);
	disks_copy(&first, old);
	disks_copy(&run, &first);
	may.digest[0] = digest_of(&run, &was);
	may.generation[0] = was.generation;
	for (r = 0; r < replicas; r++)
		known_of_device(&run.io, r, &was.uuid, &known);
	must(known.gen == b.gen && known.generation == 1, "commit %llu of %llu", U(known.gen),
	     U(b.gen));
	must(!backup_renew(&b, &known), "renew");
	sb = next_super(&b, replicas);
	may.digest[1] = digest;
	may.generation[1] = sb.generation;
	must(sb.generation == 2 && sb.first_gen == b.gen + 1 && sb.first_term > b.claimed,
	     "generation %llu", U(sb.generation));
	disks_trace(&run);
	run.caches = true;
	must(!restore(&run.io, &sb, &b, &db), "%s", db.why);
	must(digest_of(&run, &was) == digest, "something else was restored");
	must(was.generation == 2 && was.replicas == replicas && uuid_equal(&was.uuid, &repo.uuid),
	     "another repository");
	cuts(&first, &run, &may);
	trace_free(&run);
	goes_on(&run, &b);

	/* An old replica beside the new ones does not count; nor does it come back. */
	if (replicas == CFS_REPLICAS_MAX) {
		memcpy(run.medium[1], first.medium[1], run.blocks * CFS_BLOCK_SIZE);
		open_db(&db, &run.io, replicas, 0);
		must(db.failed == BIT(1) && db.sb.generation == 2, "an old replica counts");
		must(!cfs_claim(&db, false) && cfs_resync_begin(&db, 1) == -EINVAL, "%s", db.why);
		cfs_close(&db);
	}
	/* Each write fails once. */
	do {
		disks_copy(&run, &first);
		run.fail_write = fails++;
		r = !!restore(&run.io, &sb, &b, &db);
		must(!r == (run.fail_write >= 0), "write %d failed, and nobody minds", fails);
		run.fail_write = -1;
		examine(&run, &may);
	} while (r);
	must(fails > 5, "%d writes", fails);
	backup_free(&b);
	disks_free(&run);
	disks_free(&first);
}

/* --- behind --- */

/* A backup that is older than what a live member knows: nothing of it is given again. */
static void behind(struct disks *now, const void *file, size_t size)
{
	struct known known = {};
	struct cfs_db db, lost;
	struct cfs_super sb;
	struct disks blank;
	struct cfs_obj *o, *was;
	struct backup b;
	unsigned int type;

	disks_init(&blank, &repo);
	read_file(file, size, &b);
	open_db(&lost, &now->io, now->replicas, CFS_NODES_MAX);
	must(!cfs_follow(&lost), "%s", lost.why);
	known = (struct known) { 7, lost.term, lost.gen };
	must(known.gen > b.gen, "the backup is not older");
	must(!backup_renew(&b, &known), "renew");
	sb = next_super(&b, 1);
	must(!restore(&blank.io, &sb, &b, &db), "%s", db.why);
	open_db(&db, &blank.io, 1, CFS_NODES_MAX);
	must(!cfs_follow(&db), "%s", db.why);
	must(db.term > known.term && db.gen > known.gen && db.sb.generation == 8,
	     "term %llu, commit %llu, generation %llu", U(db.term), U(db.gen),
	     U(db.sb.generation));
	for (type = CFS_CLIENT; type <= CFS_EVENT; type++)
		must(type == CFS_PRIMARY || db.index.next[type] >= lost.index.next[type],
		     "a %s can get an id again", cfs_type_name(type));
	for (type = CFS_LU; type <= CFS_PRIMARY; type++)
		for (o = cfs_first(&db.index, type); o; o = cfs_next(o)) {
			was = cfs_get(&lost.index, type, le64_to_cpu(o->d.id));
			must(!was || type == CFS_MAP || type == CFS_PR ||
			     le64_to_cpu(o->d.role_term) >= le64_to_cpu(was->d.role_term),
			     "%s %llu has an old role term", cfs_type_name(type),
			     U(le64_to_cpu(o->d.id)));
		}
	cfs_close(&db);
	cfs_close(&lost);
	goes_on(&blank, &b);
	backup_free(&b);
	disks_free(&blank);
}

/* --- replace --- */

static struct disks *busy;
static unsigned int busy_at;
static u64 busy_digest;

static void commit_meanwhile(struct disks *d)
{
	struct cfs_db db;

	if (busy_at--)
		return;
	d->before = NULL;
	open_db(&db, &busy->io, CFS_REPLICAS_MAX, 2);
	must(!cfs_claim(&db, false) && !commit_event(&db, t), "%s", db.why);
	cfs_txn_end(t);
	busy_digest = index_digest(&db.index);
	cfs_close(&db);
}

static int replaced(struct disks *d, unsigned int r, struct cfs_db *db)
{
	struct cfs_super sb;
	int ret;

	d->dead[r] = true;
	open_db(db, &d->io, CFS_REPLICAS_MAX, CFS_NODES_MAX);
	d->dead[r] = false;
	must(db->failed == BIT(r), "%u", db->failed);
	sb = db->sb;
	sb.replica = r;
	memset(&sb.replica_uuid, 0xc0, sizeof(sb.replica_uuid));
	ret = replace(db, r, &sb);
	cfs_close(db);
	return ret;
}

static void replaces(const struct disks *old, unsigned int r)
{
	struct outcome may = {};
	struct disks first, run;
	struct cfs_super sb = repo;
	struct cfs_db db;
	unsigned int k, writes;
	int fails = 0, ret;

	sb.replicas = CFS_REPLICAS_MAX;
	disks_init(&first, &sb);
	disks_init(&run, &sb);
	disks_copy(&first, old);
	/* It is blank, or has what looks like records. */
	memset(first.medium[r], 0, first.blocks * CFS_BLOCK_SIZE);
	if (r)
		memcpy(first.medium[r] + CFS_SLOT_BLOCK * CFS_BLOCK_SIZE,
		       old->medium[r] + (CFS_SLOT_BLOCK + 2) * CFS_BLOCK_SIZE,
		       (first.blocks - CFS_SLOT_BLOCK - 2) * CFS_BLOCK_SIZE);
	first.version++;
	disks_copy(&run, &first);
	may.digest[0] = digest_of(&run, &sb);
	may.digest[1] = may.digest[0];
	may.generation[0] = sb.generation;
	disks_trace(&run);
	run.caches = true;
	must(!replaced(&run, r, &db), "%s", db.why);
	cuts(&first, &run, &may);
	writes = run.traced;
	trace_free(&run);
	/* Beside either of the others, it says the same; by itself, it cannot. */
	for (k = 0; k < CFS_REPLICAS_MAX; k++) {
		memset(run.dead, 0, sizeof(run.dead));
		run.dead[k] = true;
		must(digest_of(&run, &sb) == may.digest[0], "without replica %u", k);
	}
	memset(run.dead, 1, sizeof(run.dead));
	run.dead[r] = false;
	must(cfs_open(&db, &run.io, CFS_REPLICAS_MAX, CFS_NODES_MAX, NULL), "one of three");
	memset(run.dead, 0, sizeof(run.dead));
	/* Each write fails once. */
	do {
		disks_copy(&run, &first);
		run.fail_write = fails++;
		k = !!replaced(&run, r, &db);
		must(!k == (run.fail_write >= 0), "write %d failed, and nobody minds", fails);
		run.fail_write = -1;
		examine(&run, &may);
	} while (k);
	/* A node commits meanwhile: before what it changes is copied, after that, too late. */
	for (k = 0; k < writes; k++) {
		disks_copy(&run, &first);
		busy = &run;
		busy_at = k;
		run.before = commit_meanwhile;
		ret = replaced(&run, r, &db);
		must(!run.before && ret == (k < 2 || k + 2 >= writes ? 0 : -EBUSY),
		     "a commit before write %u: %d", k, ret);
		if (ret)
			continue;
		run.dead[(r + 1) % CFS_REPLICAS_MAX] = true;
		open_db(&db, &run.io, CFS_REPLICAS_MAX, CFS_NODES_MAX);
		must(!cfs_load(&db), "%s", db.why);
		must(index_digest(&db.index) == busy_digest, "the commit before write %u", k);
		cfs_close(&db);
	}
	disks_free(&first);
	disks_free(&run);
}

/* --- mounts --- */

static void put_text(const char *dir, const char *name, const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	must(f && fputs(text, f) >= 0 && !fclose(f), "%s", path);
}

static void mounts(void)
{
	char dir[] = "/tmp/reborn.XXXXXX", a[64], b[64], text[600], config[400], node[256];
	static const char *uuid = "5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a";
	struct known known = { .term = 5 };

	must(mkdtemp(dir), "a folder");
	snprintf(a, sizeof(a), "%s/node a", dir);
	snprintf(b, sizeof(b), "%s/b", dir);
	must(!mkdir(a, 0700) && !mkdir(b, 0700), "folders");
	snprintf(config, sizeof(config),
		 "cluster: lab\nuuid: %s\ngeneration: 3\nnode: vios1\nterm: 9\ncommit: 70\n", uuid);
	put_text(a, "config", config);
	put_text(b, "config", "uuid: 11111111-1111-1111-1111-111111111111\ngeneration: 9\nnode: x\n"
		 "term: 99\ncommit: 99\n");
	snprintf(text, sizeof(text),
		 "proc /proc proc rw 0 0\n/dev/a %s/node\\040a clusterfs rw 0 0\n/dev/b %s clusterfs rw 0 0\n",
		 dir, b);
	put_text(dir, "mounts", text);
	snprintf(text, sizeof(text), "%s/mounts", dir);
	must(known_of_mounts(text, &repo.uuid, &known, node, sizeof(node)) == 1, "%s", node);
	must(!strcmp(node, "vios1") && known.generation == 3 && known.term == 9 && known.gen == 70,
	     "term %llu, commit %llu", U(known.term), U(known.gen));
	/* One that does not tell all may be the one that knows most. */
	put_text(b, "config", "uuid: 11111111-1111-1111-1111-111111111111\n");
	must(known_of_mounts(text, &repo.uuid, &known, node, sizeof(node)) < 0 && !strcmp(node, b),
	     "half a file is enough: %s", node);
	must(known_of_mounts("/no/such", &repo.uuid, &known, node, sizeof(node)) < 0, "no mounts");
	snprintf(text, sizeof(text), "rm -r '%s'", dir);
	must(!system(text), "%s", text);
}

int main(int argc, char **argv)
{
	struct disks one, three;
	size_t size, size3;
	void *file, *file3;
	u64 digest, digest3;
	struct model m;
	unsigned int r;

	seed = argc > 1 ? strtoull(argv[1], NULL, 0) | 1 : 1;
	t = malloc(sizeof(*t));
	must(t, "memory");
	cfs_txn_begin(t);
	repo = small_repo(NODES, CFS_REPLICAS_MAX);
	mounts();
	disks_init(&three, &repo);
	model_init(&m, &repo);
	write_some(&three, &m, 60);
	file3 = take(&three, &size3, &digest3);
	model_free(&m);
	repo = small_repo(NODES, 1);
	disks_init(&one, &repo);
	model_init(&m, &repo);
	write_some(&one, &m, 90);
	file = take(&one, &size, &digest);

	damage(file, size);
	impossible(file, size);
	restores(&one, 1, file, size, digest);
	restores(&three, CFS_REPLICAS_MAX, file3, size3, digest3);
	must(olds && news && nothings, "%lu, %lu, %lu", olds, news, nothings);
	printf("restored: %lu states after a cut or a failure: %lu the old one, %lu the new one, %lu none\n",
	       states, olds, news, nothings);
	for (r = 0; r < CFS_REPLICAS_MAX; r++)
		replaces(&three, r);
	write_some(&one, &m, 130);
	behind(&one, file, size);
	printf("%lu states in all\n", states);
	model_free(&m);
	disks_free(&one);
	disks_free(&three);
	free(file);
	free(file3);
	free(t);
	return 0;
}
