// SPDX-License-Identifier: GPL-2.0
/*
 * races: several nodes write without any lock, in every order of their steps.
 *
 * A node's program is a word: C claims, S claims with a snapshot, W commits one LU.
 * Between any two reads or
 * writes another node may go on, for as long as it likes: so a node stands still at every
 * point, and its write lands late. After each step the medium is read: every commit that
 * was acknowledged so far is there, with its number and its id, and all that its writer
 * saw before it (V6, P1, P2); no id has two owners. And what a follower was shown, once,
 * stays, although its writer never learnt that it does.
 *
 * Tried are all orders with at most so many switches from node to node: each scenario
 * says how many, and "races N" adds N to that.
 */
#include "lab.h"

#define NODES_MAX	3
#define LUS		60

struct scenario {
	const char	*name;
	const char	*before[NODES_MAX];	/* done one after the other, first */
	const char	*word[NODES_MAX];
	unsigned int	switches;		/* from node to node, while the first could go on */
};

static const struct scenario scenarios[] = {
	{ "two claim an empty repository", { }, { "CW", "CW" }, 4 },
	{ "a writer is outbid", { "CW", "CW" }, { "CWW", "CW" }, 4 },
	{ "a writer goes on", { "CWW" }, { "WWW", "CWW" }, 4 },
	{ "a writer frees space", { "CWW" }, { "WSW", "CW" }, 4 },
	{ "two free space", { "CSW", "CSW" }, { "SW", "SW" }, 4 },
	{ "the same one claims again", { "CW" }, { "WCWCW", "CWW" }, 3 },
	{ "space is freed twice under a reader", { "CWSW", "CW" }, { "SWSW", "CW" }, 3 },
	{ "three claim", { "CW", "CW", "CW" }, { "CW", "CW", "CW" }, 2 },
	{ "three, and space is freed", { "CW", "CSW", "CW" }, { "SW", "CW", "SW" }, 2 },
};

struct node {
	struct cfs_db	db;
	struct cfs_txn	*txn;
	const char	*word;
	u64		id, tag;
	bool		busy;
};

/* What was acknowledged, or seen by one that acknowledged: by id. */
static struct known {
	u64	gen, term;
	u8	uuid[16];
	bool	is;
} known[LUS];

static struct cfs_super repo;
static struct disks empty, disks;
static struct node node[NODES_MAX];
static unsigned int nodes;
static u64 tags;
static unsigned int more;	/* switches than are usual */
static unsigned long runs, acked, lost, shown, unsettled, onwards;

static void learn(struct cfs_db *db)
{
	struct cfs_obj *o;

	for (o = cfs_first(&db->index, CFS_LU); o; o = cfs_next(o)) {
		u64 id = le64_to_cpu(o->d.id);
		struct known *k = &known[id];

		must(id < LUS, "id %llu", (unsigned long long)id);
		if (k->is)
			must(k->gen == le64_to_cpu(o->d.since_gen) &&
			     k->term == le64_to_cpu(o->d.since_term) &&
			     !memcmp(k->uuid, o->d.uuid, 16), "LU %llu has two owners",
			     (unsigned long long)id);
		k->is = true;
		k->gen = le64_to_cpu(o->d.since_gen);
		k->term = le64_to_cpu(o->d.since_term);
		memcpy(k->uuid, o->d.uuid, 16);
	}
}

/* What a follower finds, if it may show it, is what one finds who reads all. */
static int follow(struct cfs_db *follower, struct cfs_db *reader)
{
	int ret = cfs_follow(follower);

	must(!ret || ret == -EAGAIN, "%s", follower->why);
	must(ret || (follower->gen == reader->gen && follower->term == reader->term &&
		     index_digest(&follower->index) == index_digest(&reader->index)),
	     "a follower has read something else than one who reads all");
	return ret;
}

/* Is all of it on the medium? */
static void look(struct cfs_db *reader, struct cfs_db *follower)
{
	struct cfs_obj *o;
	unsigned int i;
	int ret;

	must(!cfs_load(reader), "%s", reader->why);
	for (i = 0; i < LUS; i++) {
		struct known *k = &known[i];

		if (!k->is)
			continue;
		o = cfs_get(&reader->index, CFS_LU, i);
		must(o, "the acknowledged LU %u is not there", i);
		must(k->gen == le64_to_cpu(o->d.since_gen) && !memcmp(k->uuid, o->d.uuid, 16),
		     "LU %u belongs to another", i);
	}
	ret = follow(follower, reader);
	if (!ret)
		learn(follower);
	shown += !ret;
	unsettled += ret < 0;
}

/* One step of a node, up to and with its next I/O; false: it has nothing left to do. */
static bool step(struct node *n)
{
	u64 io = disks.reads + disks.writes;
	int ret;

	while (*n->word && disks.reads + disks.writes == io) {
		if (!n->busy && *n->word == 'W') {
			if (n->db.state != CFS_WRITER) {
				n->word++;		/* lost: it does not believe it may */
				continue;
			}
			n->tag = ++tags;
			lu_txn(&n->db, n->txn, n->tag, &n->id);
			ret = cfs_commit_begin(&n->db, n->txn);
			must(!ret, "%s", n->db.why);
			n->busy = true;
		} else if (!n->busy) {
			must(!cfs_claim_begin(&n->db, *n->word == 'S'), "%s", n->db.why);
			n->busy = true;
		}
		if (*n->word == 'W') {
			ret = cfs_commit_step(&n->db);
			if (!ret) {
				acked++;
				learn(&n->db);
			}
			must(ret >= 0 || ret == -ESTALE, "%s", n->db.why);
			lost += ret < 0;
		} else {
			ret = cfs_claim_step(&n->db);
			must(ret >= 0 || ret == -EBUSY || ret == -ESTALE, "%s", n->db.why);
		}
		if (ret == CFS_MORE)
			continue;
		if (*n->word == 'W')
			cfs_txn_end(n->txn);
		n->busy = false;
		n->word++;
	}
	return *n->word;
}

static void start(const struct scenario *s, const struct disks *from)
{
	unsigned int i;

	disks_copy(&disks, from);
	memset(known, 0, sizeof(known));
	tags = 0;
	for (i = 0; i < nodes; i++) {
		struct node *n = &node[i];

		must(!cfs_open(&n->db, &disks.io, 1, i, NULL), "%s", n->db.why);
		n->busy = false;
		n->word = s->before[i] ? s->before[i] : "";
		while (step(n))
			;
	}
	for (i = 0; i < nodes; i++)
		node[i].word = s->word[i];
}

/*
 * One run: at each step the choice of @path, or the first that is left; those that
 * there were are noted in @wide. The number of choices made.
 */
static unsigned int run(const struct scenario *s, u8 *path, u8 *wide, unsigned int given)
{
	unsigned int at = 0, current = 0, switches = 0, i, alive, nth;
	struct cfs_db reader, follower, late;
	u64 writes;

	start(s, &empty);
	must(!cfs_open(&reader, &disks.io, 1, CFS_NODES_MAX, NULL), "%s", reader.why);
	must(!cfs_open(&follower, &disks.io, 1, CFS_NODES_MAX, NULL), "%s", follower.why);
	/* One that knows the beginning follows to the end at once, and sees nothing between. */
	must(!cfs_open(&late, &disks.io, 1, CFS_NODES_MAX, NULL), "%s", late.why);
	must(!cfs_follow(&late), "%s", late.why);
	for (;;) {
		u8 may[NODES_MAX];

		alive = 0;
		/* Going on comes first: a change of node is what is counted. */
		if (*node[current].word)
			may[alive++] = current;
		if (switches < s->switches + more || !alive)
			for (i = 0; i < nodes; i++)
				if (i != current && *node[i].word)
					may[alive++] = i;
		if (!alive)
			break;
		nth = at < given ? path[at] : 0;
		path[at] = nth;
		wide[at++] = alive;
		must(at < 250, "no end");
		if (may[nth] != current && *node[current].word)
			switches++;
		current = may[nth];
		writes = disks.writes;
		step(&node[current]);
		if (disks.writes != writes)
			look(&reader, &follower);
	}
	must(!cfs_load(&reader), "%s", reader.why);
	onwards += late.known;
	follow(&late, &reader);
	cfs_close(&late);
	cfs_close(&reader);
	cfs_close(&follower);
	for (i = 0; i < nodes; i++)
		cfs_close(&node[i].db);
	runs++;
	return at;
}

static void explore(const struct scenario *s)
{
	u8 path[256] = { 0 }, wide[256];
	unsigned int given = 0, len;

	for (nodes = 0; nodes < NODES_MAX && s->word[nodes]; nodes++)
		;
	runs = 0;
	acked = 0;
	lost = 0;
	shown = 0;
	unsettled = 0;
	do {
		len = run(s, path, wide, given);
		while (len && path[len - 1] + 1 == wide[len - 1])
			len--;
		if (len)
			path[len - 1]++;
		given = len;
	} while (len);
	printf("%s: %lu orders, %lu commits acknowledged, %lu of unknown outcome; %lu times it was shown, %lu times not settled\n",
	       s->name, runs, acked, lost, shown, unsettled);
	fflush(stdout);
	must(acked && lost && shown && unsettled, "all outcomes are seen");
}

int main(int argc, char **argv)
{
	unsigned int i;

	repo = small_repo(NODES_MAX, 1);
	disks_init(&empty, &repo);
	disks_init(&disks, &repo);
	for (i = 0; i < NODES_MAX; i++) {
		node[i].txn = malloc(sizeof(*node[i].txn));
		must(node[i].txn, "memory");
		cfs_txn_begin(node[i].txn);
	}
	more = argc > 1 ? atoi(argv[1]) : 0;
	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		explore(&scenarios[i]);
	must(onwards, "followed from what was known");
	for (i = 0; i < NODES_MAX; i++)
		free(node[i].txn);
	disks_free(&empty);
	disks_free(&disks);
	return 0;
}
