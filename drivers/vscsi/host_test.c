// SPDX-License-Identifier: GPL-2.0
/* KUnit: a client's end that goes while its driver probes it; LUs, and how often to look. */
#include <kunit/test.h>

#include "../vpart/vpart.h"
#include "host.h"

static void ht_release(struct device *dev)
{
}

static int ht_child(struct device *dev, void *unused)
{
	return 1;
}

static int ht_no_probe(struct vpart_adapter *a)
{
	return -ENODEV;
}

static struct vpart_driver ht_driver = {
	.driver.name	= "ht-client",
	.side		= VPART_SIDE_CLIENT,
	.probe		= ht_no_probe,
};

static void ht_pair_goes(struct kunit *test, u8 ends)
{
	struct vpart_partition *server = kunit_kzalloc(test, sizeof(*server), GFP_KERNEL);
	struct vpart_link *link = kunit_kzalloc(test, sizeof(*link), GFP_KERNEL);
	struct vpart_adapter *a;

	KUNIT_ASSERT_NOT_NULL(test, link);
	KUNIT_ASSERT_NOT_NULL(test, server);
	link->ends = ends;
	link->part[VPART_SIDE_SERVER] = server;
	a = &link->adapter[VPART_SIDE_CLIENT];
	spin_lock_init(&link->lock);
	a->link = link;
	a->side = VPART_SIDE_CLIENT;
	strscpy(a->name, "ht", sizeof(a->name));
	device_initialize(&a->dev);
	a->dev.release = ht_release;
	KUNIT_ASSERT_EQ(test, dev_set_name(&a->dev, "ht.client"), 0);
	KUNIT_ASSERT_EQ(test, device_add(&a->dev), 0);
	a->dev.driver = &ht_driver.driver;	/* as during a probe */

	link->removing = true;
	KUNIT_EXPECT_EQ(test, vscsi_probe(a), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, device_for_each_child(&a->dev, NULL, ht_child), 0);
	KUNIT_EXPECT_FALSE(test, link->end[VPART_SIDE_CLIENT].started);
	KUNIT_EXPECT_FALSE(test, link->end[VPART_SIDE_CLIENT].pinned);

	a->dev.driver = NULL;
	device_del(&a->dev);
	KUNIT_EXPECT_EQ(test, kref_read(&a->dev.kobj.kref), 1U);
	put_device(&a->dev);
}

/* R10: of a pair that is being deleted no host stays, and nothing holds the adapter. */
static void pair_goes(struct kunit *test)
{
	ht_pair_goes(test, BIT(VPART_SIDE_CLIENT) | BIT(VPART_SIDE_SERVER));
}

/* R10: no remote port either, of one whose server is in another kernel. */
static void remote_pair_goes(struct kunit *test)
{
	ht_pair_goes(test, BIT(VPART_SIDE_CLIENT));
}

/* R11: a LU passes commands in the epoch in which it was compared, and in no other. */
static void lu_epochs(struct kunit *test)
{
	struct vscsi_host *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	struct scsi_device *sdev = kunit_kzalloc(test, sizeof(*sdev), GFP_KERNEL);
	struct vscsi_lu *lu = kunit_kzalloc(test, sizeof(*lu), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	KUNIT_ASSERT_NOT_NULL(test, sdev);
	KUNIT_ASSERT_NOT_NULL(test, lu);
	spin_lock_init(&h->lock);
	mutex_init(&h->inq.mutex);
	h->epoch = 1;
	KUNIT_EXPECT_EQ(test, vscsi_lu_state(h, sdev), VSCSI_LU_NONE);
	sdev->hostdata = lu;
	KUNIT_EXPECT_EQ(test, vscsi_lu_state(h, sdev), VSCSI_LU_OLD);

	mutex_lock(&h->inq.mutex);
	vscsi_lu_set(h, sdev, VSCSI_LU_SAME, 1);
	KUNIT_EXPECT_TRUE(test, vscsi_lu_passes(h, lu));
	KUNIT_EXPECT_EQ(test, vscsi_lu_state(h, sdev), VSCSI_LU_SAME);
	h->epoch = 2;
	KUNIT_EXPECT_FALSE(test, vscsi_lu_passes(h, lu));
	KUNIT_EXPECT_EQ(test, vscsi_lu_state(h, sdev), VSCSI_LU_OLD);
	/* What was asked in the last one says nothing of this. */
	vscsi_lu_set(h, sdev, VSCSI_LU_SAME, 1);
	KUNIT_EXPECT_FALSE(test, vscsi_lu_passes(h, lu));
	vscsi_lu_set(h, sdev, VSCSI_LU_SAME, 2);
	KUNIT_EXPECT_TRUE(test, vscsi_lu_passes(h, lu));
	KUNIT_EXPECT_FALSE(test, h->silent);
	vscsi_lu_set(h, sdev, VSCSI_LU_SILENT, 0);
	KUNIT_EXPECT_FALSE(test, vscsi_lu_passes(h, lu));
	KUNIT_EXPECT_TRUE(test, h->silent);
	vscsi_lu_set(h, sdev, VSCSI_LU_GONE, 0);
	/* For good. */
	KUNIT_EXPECT_EQ(test, vscsi_lu_set(h, sdev, VSCSI_LU_SAME, 2), VSCSI_LU_GONE);
	KUNIT_EXPECT_FALSE(test, vscsi_lu_passes(h, lu));
	KUNIT_EXPECT_EQ(test, vscsi_lu_state(h, sdev), VSCSI_LU_GONE);
	mutex_unlock(&h->inq.mutex);
}

/* R11: a LU that the server says to be another passes no command until it was compared. */
static void lu_stops(struct kunit *test)
{
	struct vscsi_host *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	struct scsi_device *sdev = kunit_kzalloc(test, sizeof(*sdev), GFP_KERNEL);
	struct vscsi_lu *lu = kunit_kzalloc(test, sizeof(*lu), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	KUNIT_ASSERT_NOT_NULL(test, sdev);
	KUNIT_ASSERT_NOT_NULL(test, lu);
	spin_lock_init(&h->lock);
	mutex_init(&h->inq.mutex);
	h->epoch = 1;
	KUNIT_EXPECT_FALSE(test, vscsi_lu_stop(h, sdev, 7));
	sdev->hostdata = lu;
	/* It is being scanned. */
	lu->passes = 1;
	KUNIT_EXPECT_FALSE(test, vscsi_lu_stop(h, sdev, 7));
	KUNIT_EXPECT_TRUE(test, vscsi_lu_passes(h, lu));
	lu->known = true;

	mutex_lock(&h->inq.mutex);
	h->inq.mark = 7;
	vscsi_lu_set(h, sdev, VSCSI_LU_SAME, 1);
	KUNIT_EXPECT_EQ(test, lu->mark, 7U);
	/* Of what a command said before that. */
	KUNIT_EXPECT_FALSE(test, vscsi_lu_stop(h, sdev, 7));
	KUNIT_EXPECT_TRUE(test, vscsi_lu_passes(h, lu));
	KUNIT_EXPECT_TRUE(test, vscsi_lu_stop(h, sdev, 8));
	KUNIT_EXPECT_FALSE(test, vscsi_lu_passes(h, lu));
	KUNIT_EXPECT_EQ(test, vscsi_lu_state(h, sdev), VSCSI_LU_OLD);
	h->inq.mark = 8;
	vscsi_lu_set(h, sdev, VSCSI_LU_SAME, 1);
	KUNIT_EXPECT_EQ(test, lu->mark, 8U);
	KUNIT_EXPECT_TRUE(test, vscsi_lu_passes(h, lu));
	h->inq.mark = 9;
	vscsi_lu_set(h, sdev, VSCSI_LU_GONE, 0);
	KUNIT_EXPECT_EQ(test, lu->mark, 8U);
	KUNIT_EXPECT_FALSE(test, vscsi_lu_stop(h, sdev, 9));
	mutex_unlock(&h->inq.mutex);
}

/* V10: what a server says without end is done in a part of the time. */
static void pace(struct kunit *test)
{
	struct vscsi_pace p = { .at = -1000UL };	/* jiffies wrap */
	unsigned long now = -500UL, i;

	KUNIT_EXPECT_EQ(test, vscsi_pace_delay(&p, now), 0UL);
	vscsi_pace_done(&p, now, now + 2, 1, 10, 80);
	KUNIT_EXPECT_EQ(test, vscsi_pace_delay(&p, now + 2), 10UL);
	/* It took longer than that. */
	now = p.at + 100;
	vscsi_pace_done(&p, now, now + 700, 1, 10, 80);
	KUNIT_EXPECT_EQ(test, vscsi_pace_delay(&p, now + 700), 700UL);
	KUNIT_EXPECT_EQ(test, vscsi_pace_delay(&p, now + 1399), 1UL);
	KUNIT_EXPECT_EQ(test, vscsi_pace_delay(&p, now + 1400), 0UL);
	/* Of what was held up for long, no multiple. */
	now = p.at + 100;
	vscsi_pace_done(&p, now, now + VSCSI_PACE_LONGEST, 8, 10, 80);
	KUNIT_EXPECT_EQ(test, vscsi_pace_delay(&p, now + VSCSI_PACE_LONGEST), VSCSI_PACE_LONGEST);
	now = p.at + 100;
	vscsi_pace_done(&p, now, now, 8, 10, 80);
	/* One behind the other: twice as long each time, up to the most. */
	for (i = 20; i < 400; i *= 2) {
		now = p.at;
		vscsi_pace_done(&p, now, now, 8, 10, 80);
		KUNIT_EXPECT_EQ(test, vscsi_pace_delay(&p, now), min(i, 80UL));
	}
	/* Until there is quiet. */
	now = p.at + 81;
	vscsi_pace_done(&p, now, now, 8, 10, 80);
	KUNIT_EXPECT_EQ(test, vscsi_pace_delay(&p, now), 10UL);
}

static struct kunit_case vscsi_host_cases[] = {
	KUNIT_CASE(pair_goes),
	KUNIT_CASE(remote_pair_goes),
	KUNIT_CASE(lu_epochs),
	KUNIT_CASE(lu_stops),
	KUNIT_CASE(pace),
	{}
};

static struct kunit_suite vscsi_host_suite = {
	.name		= "vscsi-host",
	.test_cases	= vscsi_host_cases,
};
kunit_test_suite(vscsi_host_suite);
