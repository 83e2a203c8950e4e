// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: what a node knew of the repository when it had it mounted last, which it keeps
 * (R18) and tells mount. A repository that is another one, or has not come so far, is refused
 * before anything is written to it (P23); whatever else is told, nothing is admitted by it.
 *
 * A later history has all terms, commits and events of an earlier one. So it is refused if
 * one of their numbers is lower; and if the last event that is known came with another commit
 * here, as long as that event is kept.
 */
#define pr_fmt(fmt) "clusterfs: " fmt

#include <linux/ctype.h>
#include "mount.h"

#define U(x)			((unsigned long long)(x))
#define CFS_EXPECT_HINT		"; to use it all the same: vpart cluster local forget"

/**
 * cfs_expect_parse() - the option of mount
 * @e: filled
 * @text: UUID:GENERATION:TERM:COMMIT:EVENT:TERM:COMMIT:TIME, the last three of that event;
 *	event 0: none is known. It is cut to pieces
 *
 * Return: 0 or -EINVAL.
 */
int cfs_expect_parse(struct cfs_expect *e, char *text)
{
	u64 *const number[] = {
		&e->generation, &e->term, &e->gen,
		&e->event, &e->event_term, &e->event_gen, &e->event_time,
	};
	unsigned int i;
	char *word;

	word = strsep(&text, ":");
	if (strlen(word) != UUID_STRING_LEN || uuid_parse(word, &e->uuid))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(number); i++) {
		word = strsep(&text, ":");
		if (!word || !isdigit(*word) || kstrtou64(word, 10, number[i]))
			return -EINVAL;
	}
	if (text || !e->generation)
		return -EINVAL;
	e->known = true;
	return 0;
}

/*
 * Who waits for the command is told by @fc, and who watches the machine by its log, where
 * mount(2) has it alone and fsopen(2) not at all.
 */
static int cfs_expect_wrong(struct cfs_mount *m, struct fs_context *fc)
{
	if (fc->log.log)
		pr_alert("node %s is not registered: %s\n", m->opt.node, m->db.why);
	return -EUCLEAN;
}

/**
 * cfs_expect_super() - is it the repository that the node knew?
 * @m: mount, its devices are open and nothing else is done
 * @fc: for the sentences
 *
 * Return: 0, or -EUCLEAN with a sentence.
 */
int cfs_expect_super(struct cfs_mount *m, struct fs_context *fc)
{
	const struct cfs_expect *e = &m->opt.expect;

	if (!e->known)
		return 0;
	if (!uuid_equal(&e->uuid, &m->sb.uuid))
		cfs_fail(&m->db, -EUCLEAN,
			 "this is repository %pUb, the node knew %pUb" CFS_EXPECT_HINT,
			 &m->sb.uuid, &e->uuid);
	else if (m->sb.generation < e->generation)
		cfs_fail(&m->db, -EUCLEAN,
			 "this repository is older than what the node knew: generation %llu, not %llu"
			 CFS_EXPECT_HINT, U(m->sb.generation), U(e->generation));
	else
		return 0;
	errorfc(fc, "node %s is not registered: %s", m->opt.node, m->db.why);
	return cfs_expect_wrong(m, fc);
}

/* Two histories may have the same numbers: the event has its time, too. */
static bool cfs_expect_event(const struct cfs_expect *e, const struct cfs_disk_record *r)
{
	const struct cfs_disk_event *event = (const void *)r->payload;

	return le64_to_cpu(r->since_term) == e->event_term &&
	       le64_to_cpu(r->since_gen) == e->event_gen &&
	       le64_to_cpu(event->time) == e->event_time;
}

/**
 * cfs_expect_history() - has it all that the node knew?
 * @m: mount, locked, with the lock on the database, which was read
 * @fc: for the log
 *
 * Return: 0, or -EUCLEAN and a sentence in m->db.why.
 */
int cfs_expect_history(struct cfs_mount *m, struct fs_context *fc)
{
	const struct cfs_expect *e = &m->opt.expect;
	const struct cfs_disk_record *r;
	struct cfs_db *db = &m->db;

	lockdep_assert_held(&m->lock);
	/* One that was replaced or restored since is followed: its history is its own (P21). */
	if (!e->known || m->sb.generation > e->generation)
		return 0;
	r = e->event ? cfs_get_event(&db->index, e->event) : NULL;
	if (db->term < e->term || db->gen < e->gen)
		cfs_fail(db, -EUCLEAN,
			 "this repository is older than what the node knew: commit %llu of term %llu, not %llu of %llu"
			 CFS_EXPECT_HINT, U(db->gen), U(db->term), U(e->gen), U(e->term));
	else if (e->event && e->event >= db->index.next[CFS_EVENT])
		cfs_fail(db, -EUCLEAN,
			 "this repository has another history than the node knew: no event %llu"
			 CFS_EXPECT_HINT, U(e->event));
	else if (r && !cfs_expect_event(e, r))
		cfs_fail(db, -EUCLEAN,
			 "this repository has another history than the node knew: event %llu is of another commit"
			 CFS_EXPECT_HINT, U(e->event));
	else
		return 0;
	return cfs_expect_wrong(m, fc);
}
