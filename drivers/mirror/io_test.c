// SPDX-License-Identifier: GPL-2.0
/* KUnit: what a failed I/O leads to, and which writes wait for the worker. */
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/workqueue.h>

#include "mirror.h"

#define REGIONS		8

/* A write as dm hands it over: what dm keeps with it lies before the bio. */
struct held_write {
	u8 dm[1024];
	struct bio bio;
	unsigned int ended;
	blk_status_t status;
};

static void no_work(struct work_struct *work)
{
}

static void write_end(struct bio *bio)
{
	struct held_write *w = container_of(bio, struct held_write, bio);

	w->ended++;
	w->status = bio->bi_status;
}

static int io_init(struct kunit *test)
{
	struct vmirror *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	if (!m)
		return -ENOMEM;
	spin_lock_init(&m->lock);
	init_waitqueue_head(&m->copy_wait);
	INIT_WORK(&m->work, no_work);
	m->nr_regions = REGIONS;
	m->wq = alloc_ordered_workqueue("vmirror-test", 0);
	if (!m->wq)
		return -ENOMEM;
	test->priv = m;
	return vmirror_bitmap_alloc(m);
}

static void io_exit(struct kunit *test)
{
	struct vmirror *m = test->priv;

	if (!m)
		return;
	destroy_workqueue(m->wq);
	vmirror_bitmap_free(m);
}

/* A write to both legs that has ended there with these results. */
static struct held_write *half_write(struct kunit *test, blk_status_t on_0, blk_status_t on_1)
{
	struct held_write *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct vmirror *m = test->priv;
	struct vmirror_io *io;

	KUNIT_ASSERT_NOT_NULL(test, w);
	bio_init(&w->bio, NULL, NULL, 0, REQ_OP_WRITE);
	w->bio.bi_end_io = write_end;
	io = vmirror_io(&w->bio);
	KUNIT_ASSERT_TRUE(test, (u8 *)io >= w->dm && (u8 *)(io + 1) <= (u8 *)&w->bio);
	io->m = m;
	io->region = 3;
	io->mask = VMIRROR_MODE_LEGS;
	io->status[0] = on_0;
	io->status[1] = on_1;
	atomic_inc(&m->held);
	atomic_inc(&m->inflight[io->region]);
	bio_list_add(&m->half, &w->bio);
	return w;
}

static void a_leg_of_two_is_given_up(struct kunit *test)
{
	struct vmirror *m = test->priv;

	vmirror_switch(m, VMIRROR_NORMAL, 0);
	KUNIT_EXPECT_EQ(test, m->mode & VMIRROR_MODE_LEGS, VMIRROR_MODE_LEGS);
	vmirror_leg_failed(m, 1, BLK_STS_MEDIUM);
	KUNIT_EXPECT_EQ(test, m->bad, (unsigned int)BIT(1));
	KUNIT_EXPECT_EQ(test, m->mode & VMIRROR_MODE_LEGS, 0U);
	KUNIT_EXPECT_TRUE(test, vmirror_unsettled(m));
	vmirror_leg_failed(m, 0, BLK_STS_IOERR);
	KUNIT_EXPECT_EQ(test, m->bad, VMIRROR_MODE_LEGS);
}

/* V9: the source of a resync stays, but may have lost what the target has. */
static void the_source_is_suspect(struct kunit *test)
{
	struct vmirror *m = test->priv;

	vmirror_switch(m, VMIRROR_RESYNC, 1);
	vmirror_leg_failed(m, 1, BLK_STS_MEDIUM);
	KUNIT_EXPECT_FALSE_MSG(test, vmirror_unsettled(m), "a bad sector says nothing of the rest");
	vmirror_leg_failed(m, 1, BLK_STS_TRANSPORT);
	KUNIT_EXPECT_TRUE(test, m->source_suspect);
	KUNIT_EXPECT_TRUE(test, vmirror_unsettled(m));
	KUNIT_EXPECT_EQ(test, m->bad, 0U);
	KUNIT_EXPECT_EQ_MSG(test, m->mode & VMIRROR_MODE_LEGS, VMIRROR_MODE_LEGS, "it stays");
	vmirror_leg_failed(m, 0, BLK_STS_IOERR);
	KUNIT_EXPECT_EQ(test, m->bad, (unsigned int)BIT(0));
	/* Degraded to it, all is copied anyway. */
	vmirror_switch(m, VMIRROR_DEGRADED, 1);
	KUNIT_EXPECT_FALSE(test, vmirror_unsettled(m));
}

/* V9: a leg that failed while the resync ended is still to be dealt with. */
static void the_end_of_a_resync_keeps_a_failure(struct kunit *test)
{
	struct vmirror *m = test->priv;

	vmirror_switch(m, VMIRROR_RESYNC, 1);
	vmirror_leg_failed(m, 0, BLK_STS_IOERR);
	vmirror_switch(m, VMIRROR_NORMAL, 1);
	KUNIT_EXPECT_EQ(test, m->bad, (unsigned int)BIT(0));
	KUNIT_EXPECT_EQ_MSG(test, m->mode & VMIRROR_MODE_LEGS, 0U, "all I/O is held");
	KUNIT_EXPECT_TRUE(test, test_bit(VMIRROR_WATCH_DRAIN, &m->watch));

	vmirror_switch(m, VMIRROR_RESYNC, 1);
	KUNIT_EXPECT_EQ(test, m->bad, 0U);
	vmirror_leg_failed(m, 1, BLK_STS_IOERR);
	vmirror_switch(m, VMIRROR_NORMAL, 1);
	KUNIT_EXPECT_EQ_MSG(test, m->bad, (unsigned int)BIT(1), "the source is a leg as any now");
	KUNIT_EXPECT_EQ(test, m->mode & VMIRROR_MODE_LEGS, 0U);
}

/* V8: a leg failed since the worker looked: no answer before the record. */
static void half_writes_wait_for_the_record(struct kunit *test)
{
	struct vmirror *m = test->priv;
	struct held_write *w = half_write(test, BLK_STS_OK, BLK_STS_IOERR);

	vmirror_switch(m, VMIRROR_NORMAL, 0);
	vmirror_leg_failed(m, 1, BLK_STS_IOERR);
	vmirror_finish_half(m);
	KUNIT_EXPECT_EQ(test, w->ended, 0U);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->inflight[3]), 1);
	vmirror_switch(m, VMIRROR_DEGRADED, 0);
	vmirror_finish_half(m);
	KUNIT_EXPECT_EQ(test, w->ended, 1U);
	KUNIT_EXPECT_EQ(test, w->status, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->inflight[3]), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&m->held), 0);
}

/* V9: a write that the source failed in a resync that has ended since. */
static void half_write_of_an_ended_resync(struct kunit *test)
{
	struct vmirror *m = test->priv;
	struct held_write *w = half_write(test, BLK_STS_MEDIUM, BLK_STS_OK);

	vmirror_switch(m, VMIRROR_NORMAL, 0);
	vmirror_finish_half(m);
	KUNIT_EXPECT_EQ(test, w->ended, 0U);
	KUNIT_EXPECT_EQ(test, m->bad, (unsigned int)BIT(0));
	KUNIT_EXPECT_FALSE(test, bio_list_empty(&m->half));
	vmirror_switch(m, VMIRROR_DEGRADED, 1);
	vmirror_finish_half(m);
	KUNIT_EXPECT_EQ(test, w->ended, 1U);
	KUNIT_EXPECT_EQ(test, w->status, BLK_STS_OK);
}

static void half_write_in_a_resync_is_dirty(struct kunit *test)
{
	struct vmirror *m = test->priv;
	struct held_write *w = half_write(test, BLK_STS_MEDIUM, BLK_STS_OK);

	vmirror_switch(m, VMIRROR_RESYNC, 0);
	vmirror_finish_half(m);
	KUNIT_EXPECT_EQ(test, w->ended, 1U);
	KUNIT_EXPECT_EQ(test, w->status, BLK_STS_MEDIUM);
	KUNIT_EXPECT_TRUE(test, test_bit(3, m->dirty));
	KUNIT_EXPECT_EQ(test, m->bad, 0U);
}

static struct kunit_case io_cases[] = {
	KUNIT_CASE(a_leg_of_two_is_given_up),
	KUNIT_CASE(the_source_is_suspect),
	KUNIT_CASE(the_end_of_a_resync_keeps_a_failure),
	KUNIT_CASE(half_writes_wait_for_the_record),
	KUNIT_CASE(half_write_of_an_ended_resync),
	KUNIT_CASE(half_write_in_a_resync_is_dirty),
	{}
};

static struct kunit_suite io_suite = {
	.name = "vmirror_io",
	.init = io_init,
	.exit = io_exit,
	.test_cases = io_cases,
};

kunit_test_suite(io_suite);
