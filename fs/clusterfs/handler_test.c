// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the place of a handler, at the very ms of its time-out; what a node tells of itself;
 * handlers and listeners of this kernel, of nodes with a repository in memory.
 */
#include <linux/completion.h>
#include "role_test.h"

/* What a handler or listener has seen of each event, and does. */
#define HT_MAX	64

struct ht_seen {
	u64	seq, lost, delivery;
	char	node[8];
	char	text[40];
};

struct ht {
	struct cfs_handler	h;
	struct cfs_listener	l;
	struct ht_seen		seen[HT_MAX];
	unsigned int		n;
	int			result;		/* what event() returns */
	struct ht		*drops;		/* whom event() unregisters, once */
	struct ht		*ousts;		/* a handler that a listener would, once */
	int			dropped;	/* what came of it */
	bool			again;		/* a listener registers itself again */
	bool			listens;
	struct completion	*waits;		/* event() does, after it has seen it */
	unsigned int		gone;
};

/* As rt_until(), of what wakes nobody. */
#define ht_until(test, condition)						\
do {										\
	const unsigned long ht_end = jiffies + RT_LONG;				\
	bool ht_met;								\
										\
	while (!(ht_met = (condition)) && time_before(jiffies, ht_end))		\
		schedule_timeout_uninterruptible(1);				\
	KUNIT_EXPECT_TRUE_MSG(test, ht_met, "never: " #condition);		\
} while (0)

static struct ht ht[3];
static char ht_why[CFS_EVENT_WHY];

static void ht_see(struct ht *t, const struct cfs_event *ev)
{
	const unsigned int n = t->n;

	if (n < HT_MAX) {
		t->seen[n].seq = ev->seq;
		t->seen[n].lost = ev->lost;
		t->seen[n].delivery = ev->delivery;
		strscpy(t->seen[n].node, ev->node, sizeof(t->seen[n].node));
		strscpy(t->seen[n].text, ev->text, sizeof(t->seen[n].text));
	}
	/* Whoever sees the number sees the event: ht_n(). */
	smp_store_release(&t->n, n + 1);
	wake_up_all(&rt_m[0]->changed);
}

/* How many it has seen. */
static unsigned int ht_n(unsigned int i)
{
	/* Pairs with ht_see(). */
	return smp_load_acquire(&ht[i].n);
}

static int ht_event(struct cfs_handler *h, const struct cfs_event *ev)
{
	struct ht *t = container_of(h, struct ht, h), *drops = t->drops;
	struct completion *waits = t->waits;
	const int result = READ_ONCE(t->result);

	t->drops = NULL;
	if (drops)
		t->dropped = cfs_handler_unregister(&drops->h);
	ht_see(t, ev);
	if (waits)
		wait_for_completion(waits);
	return result;
}

static void ht_gone(struct cfs_handler *h)
{
	struct ht *t = container_of(h, struct ht, h);

	t->gone++;
	t->dropped = cfs_handler_unregister(h);
}

static void ht_deaf(struct ht *t)
{
	t->listens = false;
	cfs_listener_unregister(&t->l);
}

static void ht_hear(struct ht *t);

static void ht_listen(struct cfs_listener *l, const struct cfs_event *ev)
{
	struct ht *t = container_of(l, struct ht, l), *drops = t->drops, *ousts = t->ousts;

	t->drops = NULL;
	t->ousts = NULL;
	if (drops)
		ht_deaf(drops);
	if (ousts)
		t->dropped = cfs_handler_unregister(&ousts->h);
	if (t->again) {
		ht_deaf(t);
		ht_hear(t);
	}
	ht_see(t, ev);
}

static void ht_hear(struct ht *t)
{
	t->l.event = ht_listen;
	cfs_listener_register(&t->l);
	t->listens = true;
}

static int ht_add(unsigned int node, struct ht *t, u8 class, unsigned int ms, u64 from)
{
	t->h.name = t == ht ? "first" : "second";
	t->h.class = class;
	t->h.ms = ms;
	t->h.event = ht_event;
	t->h.gone = ht_gone;
	return cfs_handler_add(rt_m[node], &t->h, from, ht_why);
}

static bool ht_primary(void)
{
	struct cfs_role_status s;

	cfs_role_status(rt_m[0]->primary, &s);
	return s.state == CFS_ROLE_ACTIVE;
}

/* With nothing on its way that would be an event, too. */
static int ht_init(struct kunit *test)
{
	int ret;

	memset(ht, 0, sizeof(ht));
	ret = rt_init(test);
	if (!ret)
		rt_until(test, rt_m[0], ht_primary());
	return ret;
}

static void ht_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ht); i++)
		if (ht[i].listens)
			ht_deaf(&ht[i]);
	rt_exit(test);
}

static struct cfs_post ht_post(unsigned int node, u8 class)
{
	struct cfs_events *es = rt_m[node]->events;
	struct cfs_post post;

	spin_lock(&es->lock);
	post = es->desk[class].post;
	spin_unlock(&es->lock);
	return post;
}

/* An alert, which all nodes read. Return: its number. */
static u64 ht_alert(struct kunit *test, unsigned int node)
{
	KUNIT_ASSERT_EQ(test, cfs_change(rt_m[node], rt_fill_event, NULL, NULL), 0);
	return cfs_events_end_of(rt_m[node], false) - 1;
}

static bool ht_read(unsigned int node, u64 seq)
{
	return cfs_events_end_of(rt_m[node], false) > seq;
}

/* --- the place --- */

static void post_steps(struct kunit *test)
{
	struct cfs_handler one = { .name = "one", .ms = 100, .class = CFS_EVENT_PATH };
	struct cfs_handler two = { .name = "two", .ms = 100, .class = CFS_EVENT_PATH };
	struct cfs_post p = {};

	KUNIT_EXPECT_EQ(test, cfs_post_answer(&p, 1, 0), -ENOENT);
	KUNIT_ASSERT_EQ(test, cfs_post_take(&p, &one, 5, ht_why), 0);
	KUNIT_EXPECT_EQ(test, cfs_post_take(&p, &two, 0, ht_why), -EBUSY);
	KUNIT_EXPECT_STREQ(test, ht_why, "one has the path events");
	KUNIT_EXPECT_EQ(test, p.next, 5ULL);
	KUNIT_EXPECT_FALSE(test, cfs_post_expire(&p, U64_MAX));
	KUNIT_EXPECT_EQ(test, cfs_post_begin(&p, 5, 6, 1000), 1ULL);
	/* To the ms, and once. */
	KUNIT_EXPECT_FALSE(test, cfs_post_expire(&p, 1099));
	KUNIT_EXPECT_EQ(test, p.next, 5ULL);
	KUNIT_EXPECT_TRUE(test, cfs_post_expire(&p, 1100));
	KUNIT_EXPECT_FALSE(test, cfs_post_expire(&p, 1101));
	KUNIT_EXPECT_EQ(test, p.next, 6ULL);
	KUNIT_EXPECT_EQ(test, p.late, 1ULL);
	/* A late answer is not the next one's. */
	KUNIT_EXPECT_EQ(test, cfs_post_answer(&p, 1, 0), -ETIME);
	KUNIT_EXPECT_EQ(test, cfs_post_begin(&p, 8, 9, 2000), 2ULL);
	KUNIT_EXPECT_EQ(test, cfs_post_answer(&p, 1, 0), -ETIME);
	KUNIT_EXPECT_EQ(test, cfs_post_answer(&p, 0, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, cfs_post_answer(&p, 3, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, cfs_post_answer(&p, 2, -EIO), 0);
	KUNIT_EXPECT_EQ(test, cfs_post_answer(&p, 2, 0), -ETIME);
	KUNIT_EXPECT_EQ(test, p.failed, 1ULL);
	KUNIT_EXPECT_EQ(test, p.handled, 0ULL);
	KUNIT_EXPECT_EQ(test, p.next, 9ULL);
	/* What was not answered is the next one's. */
	KUNIT_EXPECT_EQ(test, cfs_post_begin(&p, 9, 10, 3000), 3ULL);
	KUNIT_EXPECT_FALSE(test, cfs_post_leave(&p, &two));
	KUNIT_EXPECT_TRUE(test, cfs_post_leave(&p, &one));
	KUNIT_EXPECT_FALSE(test, cfs_post_leave(&p, &one));
	KUNIT_EXPECT_FALSE(test, cfs_post_expire(&p, U64_MAX));
	KUNIT_EXPECT_EQ(test, cfs_post_take(&p, &two, 0, ht_why), 0);
	KUNIT_EXPECT_EQ(test, p.next, 9ULL);
	KUNIT_EXPECT_EQ(test, cfs_post_begin(&p, 9, 10, 4000), 4ULL);
	KUNIT_EXPECT_EQ(test, cfs_post_answer(&p, 3, 0), -ETIME);
	KUNIT_EXPECT_EQ(test, cfs_post_answer(&p, 4, 0), 0);
	KUNIT_EXPECT_EQ(test, p.next, 10ULL);
}

static void fill_levels(struct kunit *test)
{
	static const struct {
		unsigned int was;
		u32 used;
		unsigned int is;
	} c[] = {
		{ 0, 0, 0 }, { 0, 79, 0 }, { 0, 80, 1 }, { 0, 94, 1 }, { 0, 95, 2 },
		{ 1, 79, 1 }, { 1, 75, 1 }, { 1, 74, 0 }, { 1, 94, 1 }, { 1, 95, 2 },
		{ 2, 94, 2 }, { 2, 90, 2 }, { 2, 89, 1 }, { 2, 74, 0 }, { 2, 100, 2 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c); i++)
		KUNIT_EXPECT_EQ_MSG(test, cfs_fill_level(c[i].was, c[i].used, 100), c[i].is,
				    "%u at %u", c[i].used, c[i].was);
	KUNIT_EXPECT_EQ(test, cfs_fill_level(0, U32_MAX, U32_MAX), 2U);
}

/* --- what a node tells of itself --- */

static void ring_wraps(struct kunit *test)
{
	struct cfs_mount *m = rt_m[0];
	struct cfs_heard *heard = kunit_kzalloc(test, sizeof(*heard), GFP_KERNEL);
	const u64 begin = cfs_events_end_of(m, true);
	u64 from = begin, i, end;

	KUNIT_ASSERT_NOT_NULL(test, heard);
	for (i = 0; i < CFS_RING_SIZE + 9; i++)
		cfs_ring_say(m, i & 1 ? CFS_EVENT_CAPACITY : CFS_EVENT_PATH, CFS_WARNING, 7,
			     CFS_LU, i, "number %llu", i);
	end = begin + CFS_RING_SIZE + 9;
	KUNIT_EXPECT_EQ(test, cfs_events_end_of(m, true), end);
	KUNIT_ASSERT_TRUE(test, cfs_event_next(m, &from, true, CFS_EVENT_KINDS, heard));
	KUNIT_EXPECT_EQ(test, heard->ev.lost, 9ULL);
	KUNIT_EXPECT_EQ(test, heard->ev.seq, begin + 9);
	KUNIT_EXPECT_EQ(test, from, begin + 9);
	for (i = 9; i < CFS_RING_SIZE + 9; i++, from++) {
		KUNIT_ASSERT_TRUE(test, cfs_event_next(m, &from, true, CFS_EVENT_KINDS, heard));
		KUNIT_EXPECT_EQ(test, heard->ev.lost, 0ULL);
		KUNIT_EXPECT_EQ(test, heard->ev.seq, begin + i);
		KUNIT_EXPECT_EQ(test, heard->ev.object, i);
	}
	KUNIT_EXPECT_FALSE(test, cfs_event_next(m, &from, true, CFS_EVENT_KINDS, heard));
	/* Of one class. */
	from = begin + 9;
	KUNIT_ASSERT_TRUE(test, cfs_event_next(m, &from, true, CFS_EVENT_PATH, heard));
	KUNIT_EXPECT_EQ(test, heard->ev.seq, begin + 10);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&heard->ev.history, &m->boot));
	from = end - 1;
	KUNIT_EXPECT_FALSE(test, cfs_event_next(m, &from, true, CFS_EVENT_CAPACITY, heard));
	KUNIT_EXPECT_EQ(test, from, end);
	KUNIT_EXPECT_EQ(test, cfs_event_say("lab", "n0", CFS_EVENT_ALERT, 0, 1, 0, 0, "no"),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, cfs_event_say("nowhere", "n0", CFS_EVENT_PATH, 0, 1, 0, 0, "no"),
			-ENODEV);
}

/* A replica that nobody has read since it failed is not there again. */
static void replica_back(struct kunit *test)
{
	struct cfs_mount *m = rt_m[0];
	u64 end;

	mutex_lock(&m->lock);
	end = cfs_events_end_of(m, true);
	m->db.unread = BIT(0);
	cfs_replicas_say(m);
	KUNIT_EXPECT_EQ(test, cfs_events_end_of(m, true), end + 1);
	/* As the probe begins. */
	cfs_replicas_doubt(&m->db);
	cfs_replicas_say(m);
	KUNIT_EXPECT_EQ(test, cfs_events_end_of(m, true), end + 1);
	KUNIT_EXPECT_EQ(test, cfs_slots_read(&m->db), 0);
	cfs_replicas_say(m);
	KUNIT_EXPECT_EQ(test, cfs_events_end_of(m, true), end + 2);
	mutex_unlock(&m->lock);
}

/* --- handlers --- */

/* One after the other, in order, of its class alone; each mount has its own. */
static void handler_order(struct kunit *test)
{
	unsigned int i;
	u64 seq[4];

	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[0], CFS_EVENT_ALERT, 10000, 0), 0);
	KUNIT_EXPECT_EQ(test, ht_add(0, &ht[1], CFS_EVENT_ALERT, 10000, 0), -EBUSY);
	KUNIT_EXPECT_STREQ(test, ht_why, "first has the alert events");
	KUNIT_EXPECT_EQ(test, ht_add(1, &ht[1], CFS_EVENT_ALERT, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, ht_add(1, &ht[1], CFS_EVENT_ALERT, 10000, 1000), -ERANGE);
	KUNIT_ASSERT_EQ(test, ht_add(1, &ht[1], CFS_EVENT_ALERT, 10000, 0), 0);
	ht[1].result = -EIO;
	rt_begin_lu(test);	/* is no alert */
	for (i = 0; i < ARRAY_SIZE(seq); i++)
		seq[i] = ht_alert(test, i & 1);
	rt_until(test, rt_m[0], ht_n(0) >= 4 && ht_n(1) >= 4);
	for (i = 0; i < ARRAY_SIZE(seq); i++) {
		KUNIT_EXPECT_EQ(test, ht[0].seen[i].seq, seq[i]);
		KUNIT_EXPECT_EQ(test, ht[1].seen[i].seq, seq[i]);
		KUNIT_EXPECT_STREQ(test, ht[0].seen[i].text, i & 1 ? "by node n1" : "by node n0");
		KUNIT_EXPECT_STREQ(test, ht[1].seen[i].node, "n1");
	}
	/* An answer of one that has left is none. */
	ht_until(test, ht_post(0, CFS_EVENT_ALERT).handled == 4 &&
		 ht_post(1, CFS_EVENT_ALERT).failed == 4);
	KUNIT_EXPECT_EQ(test, cfs_handler_unregister(&ht[0].h), 0);
	KUNIT_EXPECT_EQ(test, cfs_handler_unregister(&ht[1].h), 0);
	KUNIT_EXPECT_EQ(test, ht[0].n, 4U);
	KUNIT_EXPECT_EQ(test, ht_post(0, CFS_EVENT_ALERT).handled, 4ULL);
	KUNIT_EXPECT_EQ(test, ht_post(1, CFS_EVENT_ALERT).failed, 4ULL);
}

/* What one has not answered is given to the next, with another number; late is over. */
static void handler_again(struct kunit *test)
{
	u64 one, two;

	ht[0].result = -EINPROGRESS;
	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[0], CFS_EVENT_ALERT, 10000, 0), 0);
	one = ht_alert(test, 0);
	rt_until(test, rt_m[0], ht_n(0) == 1);
	KUNIT_EXPECT_EQ(test, cfs_handler_unregister(&ht[0].h), 0);
	two = ht_alert(test, 0);
	ht[1].result = -EINPROGRESS;
	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[1], CFS_EVENT_ALERT, 50, 0), 0);
	/* It never answers: its time is over, twice. */
	rt_until(test, rt_m[0], ht_n(1) == 2);
	KUNIT_EXPECT_EQ(test, ht[1].seen[0].seq, one);
	KUNIT_EXPECT_EQ(test, ht[1].seen[1].seq, two);
	KUNIT_EXPECT_GT(test, ht[1].seen[0].delivery, ht[0].seen[0].delivery);
	KUNIT_EXPECT_EQ(test, cfs_handler_answer(&ht[1].h, ht[1].seen[0].delivery, 0), -ETIME);
	flush_delayed_work(&rt_m[0]->events->desk[CFS_EVENT_ALERT].expire);
	KUNIT_EXPECT_EQ(test, cfs_handler_unregister(&ht[1].h), 0);
	KUNIT_EXPECT_GE(test, ht_post(0, CFS_EVENT_ALERT).late, 1ULL);
	KUNIT_EXPECT_EQ(test, ht_post(0, CFS_EVENT_ALERT).handled, 0ULL);
	/* From where it says. */
	ht[2].result = -EINPROGRESS;
	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[2], CFS_EVENT_ALERT, 10000, one), 0);
	rt_until(test, rt_m[0], ht_n(2) == 1);
	KUNIT_EXPECT_EQ(test, cfs_handler_answer(&ht[2].h, ht[2].seen[0].delivery, 0), 0);
	KUNIT_EXPECT_EQ(test, cfs_handler_answer(&ht[2].h, ht[2].seen[0].delivery, 0), -ETIME);
	rt_until(test, rt_m[0], ht_n(2) == 2);
	KUNIT_EXPECT_EQ(test, ht[2].seen[0].seq, one);
	KUNIT_EXPECT_EQ(test, ht[2].seen[1].seq, two);
	KUNIT_EXPECT_EQ(test, cfs_handler_unregister(&ht[2].h), 0);
}

struct ht_drop {
	struct work_struct	work;
	struct ht		*t;
	bool			done;
};

static void ht_drop_work(struct work_struct *work)
{
	struct ht_drop *drop = container_of(work, struct ht_drop, work);

	WRITE_ONCE(drop->done, !cfs_handler_unregister(&drop->t->h));
}

/* Whoever unregisters waits for the call that runs, but not for the one he is in. */
static void handler_within(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(goes_on);
	struct ht_drop drop = { .t = &ht[1] };

	ht[0].drops = &ht[0];
	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[0], CFS_EVENT_ALERT, 10000, 0), 0);
	ht_alert(test, 0);
	rt_until(test, rt_m[0], ht_n(0) == 1);
	KUNIT_EXPECT_PTR_EQ(test, ht[0].h.mount, NULL);
	KUNIT_EXPECT_EQ(test, ht[0].dropped, 0);

	/* Not another one, who might wait for this one. */
	ht[0].drops = &ht[2];
	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[2], CFS_EVENT_PATH, 10000, 0), 0);
	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[0], CFS_EVENT_ALERT, 10000, 0), 0);
	ht_until(test, ht_post(0, CFS_EVENT_ALERT).handled == 1);
	KUNIT_EXPECT_EQ(test, ht[0].dropped, -EDEADLK);
	KUNIT_EXPECT_PTR_EQ(test, ht_post(0, CFS_EVENT_PATH).handler, &ht[2].h);
	KUNIT_EXPECT_EQ(test, cfs_handler_unregister(&ht[2].h), 0);
	KUNIT_EXPECT_EQ(test, cfs_handler_unregister(&ht[0].h), 0);
	ht_alert(test, 0);

	ht[1].waits = &goes_on;
	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[1], CFS_EVENT_ALERT, 50, 0), 0);
	rt_until(test, rt_m[0], ht_n(1) == 1);
	/* Its time is over, and it is not called again meanwhile. */
	ht_until(test, ht_post(0, CFS_EVENT_ALERT).late == 1);
	ht_alert(test, 0);
	INIT_WORK_ONSTACK(&drop.work, ht_drop_work);
	schedule_work(&drop.work);
	ht_until(test, !ht_post(0, CFS_EVENT_ALERT).handler);
	KUNIT_EXPECT_EQ(test, ht[1].n, 1U);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(drop.done));
	complete_all(&goes_on);
	flush_work(&drop.work);
	destroy_work_on_stack(&drop.work);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(drop.done));
	KUNIT_EXPECT_EQ(test, ht[1].n, 1U);
	/* What it returned counts no more. */
	KUNIT_EXPECT_EQ(test, ht_post(0, CFS_EVENT_ALERT).handled, 1ULL);
}

/* A node that is unmounted tells its handlers, and nothing else any more. */
static void handler_leave(struct kunit *test)
{
	ht[0].result = -EINPROGRESS;
	KUNIT_ASSERT_EQ(test, ht_add(1, &ht[0], CFS_EVENT_ALERT, 10000, 0), 0);
	KUNIT_ASSERT_EQ(test, ht_add(1, &ht[1], CFS_EVENT_PATH, 10000, 0), 0);
	ht_alert(test, 1);
	rt_until(test, rt_m[0], ht_n(0) == 1);
	rt_leave(1);
	KUNIT_EXPECT_EQ(test, ht[0].gone, 1U);
	KUNIT_EXPECT_EQ(test, ht[1].gone, 1U);
	KUNIT_EXPECT_EQ(test, ht[0].n, 1U);
	KUNIT_EXPECT_EQ(test, ht[1].n, 0U);
}

/* One that is too slow is told what is lost, and goes on behind that. */
static void handler_lost(struct kunit *test)
{
	const u64 first = cfs_events_end_of(rt_m[0], false);
	unsigned int i;
	u64 last = 0;

	/* 64 are kept; nobody handles these. */
	for (i = 0; i < 70; i++)
		last = ht_alert(test, 0);
	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[0], CFS_EVENT_ALERT, 10000, first), 0);
	rt_until(test, rt_m[0], ht_n(0) == 65);
	KUNIT_EXPECT_EQ(test, ht[0].seen[0].lost, last - 63 - first);
	KUNIT_EXPECT_EQ(test, ht[0].seen[0].seq, last - 63);
	for (i = 1; i < HT_MAX; i++) {
		KUNIT_EXPECT_EQ(test, ht[0].seen[i].lost, 0ULL);
		KUNIT_EXPECT_EQ(test, ht[0].seen[i].seq, last - 64 + i);
	}
	KUNIT_EXPECT_EQ(test, cfs_handler_unregister(&ht[0].h), 0);
}

/* One that cannot take an event now gets it again, and is not late. */
static void handler_full(struct kunit *test)
{
	unsigned int i, n;
	u64 seq;

	ht[0].result = -EAGAIN;
	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[0], CFS_EVENT_ALERT, 10000, 0), 0);
	seq = ht_alert(test, 0);
	rt_until(test, rt_m[0], ht_n(0) >= 3);
	WRITE_ONCE(ht[0].result, 0);
	ht_until(test, ht_post(0, CFS_EVENT_ALERT).handled == 1);
	KUNIT_EXPECT_EQ(test, cfs_handler_unregister(&ht[0].h), 0);
	n = min_t(unsigned int, ht[0].n, HT_MAX);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, ht[0].seen[i].seq, seq);
	for (i = 1; i < n; i++)
		KUNIT_EXPECT_GT(test, ht[0].seen[i].delivery, ht[0].seen[i - 1].delivery);
	KUNIT_EXPECT_EQ(test, ht_post(0, CFS_EVENT_ALERT).failed, 0ULL);
	KUNIT_EXPECT_EQ(test, ht_post(0, CFS_EVENT_ALERT).late, 0ULL);
}

/* --- listeners --- */

static void listener_all(struct kunit *test)
{
	unsigned int i, k, own = 0, at[RT_NODES] = {};
	u64 seq, before[RT_NODES];

	rt_begin_lu(test);
	seq = ht_alert(test, 0);
	for (i = 0; i < RT_NODES; i++)
		rt_until(test, rt_m[i], ht_read(i, seq));
	/* Who has read an event tells it a moment later: until then there is one on its way. */
	for (i = 0; i < RT_NODES; i++) {
		ht_until(test, READ_ONCE(rt_m[i]->events->heard[0]) >=
			 cfs_events_end_of(rt_m[i], false));
		flush_work(&rt_m[i]->events->listen);
		before[i] = cfs_events_end_of(rt_m[i], false);
	}
	/* The first one registers itself again in each call: it is not called twice. */
	ht[0].again = true;
	for (i = 0; i < ARRAY_SIZE(ht); i++)
		ht_hear(&ht[i]);
	/* The first one drops the next, which is then not called; the last one itself. */
	ht[0].drops = &ht[1];
	ht[2].drops = &ht[2];
	for (i = 0; i < 4; i++)
		seq = ht_alert(test, i % RT_NODES);
	cfs_ring_say(rt_m[0], CFS_EVENT_PATH, CFS_WARNING, 1, 0, 0, "a path");
	for (i = 0; i < RT_NODES; i++) {
		rt_until(test, rt_m[i], ht_read(i, seq));
		ht_until(test, READ_ONCE(rt_m[i]->events->heard[0]) > seq);
		flush_work(&rt_m[i]->events->listen);
	}
	ht_deaf(&ht[0]);
	KUNIT_EXPECT_EQ(test, ht[1].n, 0U);
	KUNIT_EXPECT_EQ(test, ht[2].n, 1U);
	/* All of all nodes, each of them without a gap. */
	for (k = 0; k < ht[0].n; k++) {
		if (!strcmp(ht[0].seen[k].text, "a path")) {
			own++;
			continue;
		}
		for (i = 0; i < RT_NODES && strcmp(ht[0].seen[k].node, rt_m[i]->opt.node); i++)
			;
		KUNIT_ASSERT_LT(test, i, (unsigned int)RT_NODES);
		KUNIT_EXPECT_EQ(test, ht[0].seen[k].lost, 0ULL);
		KUNIT_EXPECT_EQ(test, ht[0].seen[k].seq, before[i] + at[i]++);
	}
	KUNIT_EXPECT_EQ(test, own, 1U);
	for (i = 0; i < RT_NODES; i++)
		KUNIT_EXPECT_GE(test, at[i], 4U);
}

/* A handler's call could wait for the listener: it is refused, and stays what it was. */
static void listener_handler(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, ht_add(0, &ht[1], CFS_EVENT_ALERT, 10000, 0), 0);
	ht[0].ousts = &ht[1];
	ht_hear(&ht[0]);
	ht_alert(test, 0);
	ht_until(test, ht_n(0) >= 1);
	KUNIT_EXPECT_EQ(test, ht[0].dropped, -EDEADLK);
	KUNIT_EXPECT_PTR_EQ(test, ht_post(0, CFS_EVENT_ALERT).handler, &ht[1].h);
	ht_until(test, ht_post(0, CFS_EVENT_ALERT).handled == 1);
	ht_deaf(&ht[0]);
	/* Outside of the call it is not. */
	KUNIT_EXPECT_EQ(test, cfs_handler_unregister(&ht[1].h), 0);
	KUNIT_EXPECT_PTR_EQ(test, ht_post(0, CFS_EVENT_ALERT).handler, NULL);
}

static struct kunit_case handler_cases[] = {
	KUNIT_CASE(post_steps),
	KUNIT_CASE(fill_levels),
	KUNIT_CASE(ring_wraps),
	KUNIT_CASE(replica_back),
	KUNIT_CASE(handler_order),
	KUNIT_CASE(handler_again),
	KUNIT_CASE(handler_within),
	KUNIT_CASE(handler_leave),
	KUNIT_CASE(handler_lost),
	KUNIT_CASE(handler_full),
	KUNIT_CASE(listener_all),
	KUNIT_CASE(listener_handler),
	{}
};

static struct kunit_suite handler_suite = {
	.name		= "clusterfs-handler",
	.init		= ht_init,
	.exit		= ht_exit,
	.test_cases	= handler_cases,
};

kunit_test_suite(handler_suite);
