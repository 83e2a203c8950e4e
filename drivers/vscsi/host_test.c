// SPDX-License-Identifier: GPL-2.0
/* KUnit: a client's end that goes while its driver probes it. */
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

static struct kunit_case vscsi_host_cases[] = {
	KUNIT_CASE(pair_goes),
	KUNIT_CASE(remote_pair_goes),
	{}
};

static struct kunit_suite vscsi_host_suite = {
	.name		= "vscsi-host",
	.test_cases	= vscsi_host_cases,
};
kunit_test_suite(vscsi_host_suite);
