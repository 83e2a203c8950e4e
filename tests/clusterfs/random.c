// SPDX-License-Identifier: GPL-2.0
/*
 * random OPERATIONS SEED: commits of all kinds by several nodes, beside a model.
 *
 * An operation is a record that is committed, refused for a reason, or a claim. The
 * index is compared with the model after each claim, where it was read anew, and now and
 * then in between; a node that lost its claim must not be able to commit. A follower reads
 * what is new, now and then, and is as the model too.
 */
#include "lab.h"

#define NODES	4

static struct cfs_super repo;
static unsigned long operations, commits, claims, refused, snapshots, stopped, follows, onwards;

/* What must be refused, with nothing written. */
static void refuse(struct cfs_db *db, struct model *m, struct cfs_txn *t, struct disks *d,
		   u64 *seed)
{
	struct model_obj *o = model_pick(m, seed, false);
	struct model_obj *dead = model_pick(m, seed, true);
	u64 writes = d->writes, id = 0, next;
	struct cfs_disk_record *r;
	int ret;

	lu_txn(db, t, 1 + draw(seed, U64_MAX - 1), &id);
	r = &t->rec[0];
	next = m->next[CFS_LU];
	switch (draw(seed, 7)) {
	case 0:			/* an id that is not the next one */
		r->id = cpu_to_le64(next + 1 + draw(seed, 3));
		break;
	case 1:			/* another's id */
		if (!o || o->type != CFS_LU)
			return;
		r->id = cpu_to_le64(o->id);
		break;
	case 2:			/* another's uuid */
		if (!o || o->type != CFS_LU)
			return;
		memcpy(r->uuid, o->uuid, 16);
		break;
	case 3:			/* a lower role term */
		if (!o || o->type != CFS_LU || !o->role_term)
			return;
		r->id = cpu_to_le64(o->id);
		memcpy(r->uuid, o->uuid, 16);
		r->role_term = cpu_to_le64(o->role_term - 1);
		break;
	case 4:			/* an id that a tombstone holds */
		if (!dead || dead->type != CFS_LU)
			return;
		r->id = cpu_to_le64(dead->id);
		memcpy(r->uuid, dead->uuid, 16);
		break;
	case 5:			/* nonsense in the payload */
		r->payload[0] = 0;
		break;
	case 6:			/* twice in one commit */
		t->rec[1] = t->rec[0];
		t->count = 2;
		break;
	}
	ret = cfs_commit(db, t);
	must(ret == -EINVAL || (ret == -ENOSPC && m->used == m->room), "%d: %s", ret, db->why);
	must(db->why[0] && db->state == CFS_WRITER && d->writes == writes, "refused");
	refused++;
	operations++;
}

static void follow(struct cfs_db *db, struct model *m)
{
	follows++;
	onwards += db->known;
	must(!cfs_follow(db), "%s", db->why);
	must(db->gen == m->gen && index_digest(&db->index) == model_digest(m),
	     "a follower is not as the model");
}

int main(int argc, char **argv)
{
	unsigned long want = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) | 1 : 1, stale;
	struct cfs_txn *t = malloc(sizeof(*t));
	struct cfs_db db[NODES], follower;
	unsigned int n, w = 0;
	struct disks d;
	struct model m;
	int ret;

	must(t, "memory");
	cfs_txn_begin(t);
	repo = small_repo(NODES, 1);
	repo.log_blocks = 64;
	repo.objects = 256;
	repo.events = 64;
	cfs_geometry(&repo);
	disks_init(&d, &repo);
	model_init(&m, &repo);
	for (n = 0; n < NODES; n++)
		must(!cfs_open(&db[n], &d.io, 1, n, NULL), "%s", db[n].why);
	must(!cfs_open(&follower, &d.io, 1, CFS_NODES_MAX, NULL), "%s", follower.why);
	must(!cfs_claim(&db[0], false), "%s", db[0].why);
	while (operations < want) {
		switch (draw(&seed, 60)) {
		case 0:			/* another writes, or the same one claims again */
			stale = w;
			w = draw(&seed, NODES);
			must(!cfs_claim(&db[w], draw(&seed, 8) == 0), "%s", db[w].why);
			claims++;
			operations++;
			must(index_digest(&db[w].index) == model_digest(&m), "after a claim");
			must(db[w].gen == m.gen, "generation");
			if (stale != w && db[stale].state == CFS_WRITER) {
				/* It woke up: its commit must not be acknowledged (P2). */
				u64 id;

				ret = cfs_id_new(&db[stale], NULL, CFS_LU, &id);
				must(!ret, "%s", db[stale].why);
				ret = commit_lu(&db[stale], t, 7, &id);
				must(ret, "a stale commit was acknowledged");
				stopped += ret == -ESTALE;
				cfs_txn_end(t);
				db[stale].state = CFS_LOST;
			}
			continue;
		case 1:
			refuse(&db[w], &m, t, &d, &seed);
			cfs_txn_end(t);
			continue;
		case 3:
		case 4:
			/* One that has been lost, or was the writer, follows as well as one who reads. */
			n = draw(&seed, NODES);
			follow(n == w ? &follower : &db[n], &m);
			continue;
		case 2:
			if (draw(&seed, 20) == 0)
				must(index_digest(&db[w].index) == model_digest(&m), "index");
			continue;
		}
		random_txn(&db[w], &m, t, &seed, draw(&seed, 5) ? 4 : 40);
		if (!t->count)
			continue;
		if (cfs_wants_compaction(&db[w]) && draw(&seed, 2)) {
			must(!cfs_claim(&db[w], true), "%s", db[w].why);
			snapshots++;
		}
		ret = cfs_commit(&db[w], t);
		if (ret == -EAGAIN) {
			cfs_txn_end(t);
			must(!cfs_claim(&db[w], true), "%s", db[w].why);
			snapshots++;
			continue;
		}
		must(!ret, "%s", db[w].why);
		model_apply(&m, t);
		operations += t->count;
		commits++;
		cfs_txn_end(t);
	}
	follow(&follower, &m);
	cfs_close(&follower);
	for (n = 0; n < NODES; n++) {
		must(!cfs_load(&db[n]), "%s", db[n].why);
		must(index_digest(&db[n].index) == model_digest(&m), "at the end, node %u", n);
		cfs_close(&db[n]);
	}
	printf("%lu operations in %lu commits, %lu claims, %lu snapshots, %lu refusals, %lu stale commits, followed %lu times, from what was known %lu times: as the model\n",
	       operations, commits, claims, snapshots, refused, stopped, follows, onwards);
	must(refused && stopped, "both are seen");
	model_free(&m);
	disks_free(&d);
	free(t);
	return 0;
}
