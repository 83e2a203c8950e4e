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

/* A host with one LU that is stopped, one command that is held for it, and its server. */
struct ht_stopped {
	struct vscsi_host	h;
	struct vscsi_hq		hq;
	struct vpart_link	link;
	struct vpart_queue	q;
	struct scsi_device	sdev;
	struct vscsi_lu		lu;
	struct request		rq;
	struct scsi_cmnd	sc;
	struct vscsi_pdu	p;
	bool			mute;
	struct workqueue_struct	*wq;
	struct workqueue_struct	*scan_wq;
};
static_assert(offsetof(struct ht_stopped, sc) ==
	      offsetof(struct ht_stopped, rq) + sizeof(struct request));
static_assert(offsetof(struct ht_stopped, p) ==
	      offsetof(struct ht_stopped, sc) + sizeof(struct scsi_cmnd));

/* It has no mark, and its LU no name. */
static int ht_submit(struct vpart_queue *q, struct vpart_req *req)
{
	struct ht_stopped *s = container_of(q, struct ht_stopped, q);

	if (s->mute)
		return -ENOTCONN;
	req->rsp_len = 0;
	req->missing = 0;
	req->status = 0;
	req->done(req);
	return 0;
}

static const struct vpart_fabric_ops ht_fabric = {
	.name	= "test",
	.submit	= ht_submit,
};

static struct ht_stopped *ht_stopped(struct kunit *test)
{
	struct ht_stopped *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct vscsi_host *h;

	if (!s)
		return NULL;
	s->link.fabric = &ht_fabric;
	s->link.state = VPART_LINK_STATE_UP;
	s->link.path_loss = 1000;
	s->link.lim.nr_queues = 1;
	s->link.lim.depth = VSCSI_DEPTH;
	s->link.lim.max_segs = 1;
	s->link.lim.max_data = VSCSI_MAX_DATA;
	s->link.adapter[VPART_SIDE_CLIENT].link = &s->link;
	s->q.link = &s->link;
	s->hq.vq = &s->q;

	/* The module's are not there yet. */
	s->wq = vscsi_wq;
	s->scan_wq = vscsi_scan_wq;
	vscsi_wq = system_wq;
	vscsi_scan_wq = system_wq;

	h = &s->h;
	h->a = &s->link.adapter[VPART_SIDE_CLIENT];
	h->hq = &s->hq;
	h->state = VSCSI_UP;
	h->epoch = 1;
	spin_lock_init(&h->lock);
	INIT_LIST_HEAD(&h->held);
	INIT_WORK(&h->resume, vscsi_resume);
	vscsi_inq_init(h);
	vscsi_scan_init(h);
	vscsi_notice_init(h);
	vscsi_rport_init(h);
	/* Of all that is asked for, none is done here. */
	h->scan_pace.at = jiffies + 1000 * HZ;
	h->attend_pace.at = jiffies + 1000 * HZ;

	device_initialize(&s->sdev.sdev_gendev);
	s->sdev.sdev_gendev.release = ht_release;
	dev_set_name(&s->sdev.sdev_gendev, "ht.lu");
	s->sdev.hostdata = &s->lu;
	s->sdev.lun = 3;
	s->sdev.sdev_state = SDEV_RUNNING;
	s->lu.known = true;
	s->lu.passes = h->epoch;
	s->lu.mark = 7;
	xa_store_irq(&h->lus, 3, &s->sdev, GFP_KERNEL);
	vscsi_lu_stop(h, &s->sdev, 8);

	s->sc.device = &s->sdev;
	/* Nobody hears of its end. */
	s->sc.submitter = SUBMITTED_BY_SCSI_RESET_IOCTL;
	s->p.held = true;
	list_add(&s->p.node, &h->held);
	h->nr_held = 1;
	return s;
}

static void ht_stopped_exit(struct ht_stopped *s)
{
	struct vscsi_host *h = &s->h;

	h->state = VSCSI_GONE;
	cancel_work_sync(&h->resume);
	vscsi_scan_exit(h);
	vscsi_notice_exit(h);
	vscsi_rport_del(h);
	xa_destroy(&h->lus);
	put_device(&s->sdev.sdev_gendev);
	vscsi_wq = s->wq;
	vscsi_scan_wq = s->scan_wq;
}

/* V10: when the clocks of the loss are over for another LU, no command of it waits for ever. */
static void stopped_silent(struct kunit *test)
{
	struct ht_stopped *s = ht_stopped(test);
	struct srp_rport *any = (struct srp_rport *)s;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->mute = true;
	s->h.rport = any;	/* in another kernel */
	s->h.silent = true;
	s->h.overdue = true;
	s->h.anew.func(&s->h.anew);
	KUNIT_EXPECT_EQ(test, vscsi_lu_state(&s->h, &s->sdev), VSCSI_LU_SILENT);
	KUNIT_EXPECT_FALSE(test, s->p.held);
	KUNIT_EXPECT_EQ(test, host_byte(s->sc.result), DID_TRANSPORT_FAILFAST);
	s->h.rport = NULL;
	ht_stopped_exit(s);
}

/* R8: one in this kernel does not go because it is slow to say who it is; a clock runs for it. */
static void stopped_local(struct kunit *test)
{
	struct ht_stopped *s = ht_stopped(test);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->mute = true;
	s->h.anew.func(&s->h.anew);
	KUNIT_EXPECT_EQ(test, vscsi_lu_state(&s->h, &s->sdev), VSCSI_LU_SILENT);
	KUNIT_EXPECT_TRUE(test, s->p.held);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&s->h.loss));
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&s->h.again));
	ht_stopped_exit(s);
}

/* R11: of the same one under another mark, all is read again, and said what was not yet. */
static void stopped_same(struct kunit *test)
{
	struct ht_stopped *s = ht_stopped(test);

	KUNIT_ASSERT_NOT_NULL(test, s);
	vscsi_notice(&s->h, 3, VSCSI_RESERVATIONS_RELEASED, false);
	cancel_delayed_work_sync(&s->h.attend);
	/* Its command is nobody's here. */
	list_del_init(&s->p.node);
	s->h.nr_held = 0;
	s->h.anew.func(&s->h.anew);
	KUNIT_EXPECT_EQ(test, vscsi_lu_state(&s->h, &s->sdev), VSCSI_LU_SAME);
	KUNIT_EXPECT_TRUE(test, test_bit(3, s->h.todo_lun[VSCSI_TODO_CAPACITY]));
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&s->h.scan));
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&s->h.attend));
	ht_stopped_exit(s);
}

/* V3 P14: what a lost server may still carry out is failed by no clock, if that is the policy. */
static void open_held(struct kunit *test)
{
	struct ht_stopped *s = ht_stopped(test);
	struct vscsi_host *h;

	KUNIT_ASSERT_NOT_NULL(test, s);
	h = &s->h;
	h->state = VSCSI_LOST;
	h->overdue = true;
	h->fast = true;
	h->hold = true;
	s->lu.state = VSCSI_LU_GONE;
	s->sc.cmnd[0] = WRITE_10;
	s->p.unknown = true;
	s->p.epoch = h->epoch;
	vscsi_fail_held(h, NULL, DID_TRANSPORT_FAILFAST);
	vscsi_fail_held(h, NULL, DID_NO_CONNECT);
	vscsi_fail_held(h, NULL, DID_OK);
	KUNIT_EXPECT_TRUE(test, s->p.held);
	/* Nor is it when the bus has ended the session, and has not said so yet. */
	h->state = VSCSI_UP;
	h->resume.func(&h->resume);
	KUNIT_EXPECT_TRUE(test, s->p.held);
	h->state = VSCSI_LOST;

	spin_lock_irq(&h->lock);
	KUNIT_EXPECT_EQ(test, vscsi_unproven(h), 1U);
	/* A session that has begun since is proof, */
	h->epoch++;
	KUNIT_EXPECT_EQ(test, vscsi_unproven(h), 0U);
	h->epoch--;
	/* so is somebody's word; */
	h->fenced = true;
	KUNIT_EXPECT_EQ(test, vscsi_unproven(h), 0U);
	KUNIT_EXPECT_FALSE(test, vscsi_once_only(h, &s->p));
	h->fenced = false;
	/* that nobody can tell is none, but by the other policy; */
	h->untold = true;
	KUNIT_EXPECT_EQ(test, vscsi_unproven(h), 1U);
	KUNIT_EXPECT_TRUE(test, vscsi_open(h, &s->p));
	h->hold = false;
	KUNIT_EXPECT_FALSE(test, vscsi_open(h, &s->p));
	h->hold = true;
	/* and there is none to give of what was not sent, or changes nothing. */
	s->p.unknown = false;
	KUNIT_EXPECT_EQ(test, vscsi_unproven(h), 0U);
	s->p.unknown = true;
	s->sc.cmnd[0] = READ_10;
	KUNIT_EXPECT_EQ(test, vscsi_unproven(h), 0U);
	s->sc.cmnd[0] = COMPARE_AND_WRITE;
	KUNIT_EXPECT_EQ(test, vscsi_unproven(h), 1U);
	KUNIT_EXPECT_FALSE(test, vscsi_once_only(h, &s->p));
	h->fenced = true;
	KUNIT_EXPECT_TRUE(test, vscsi_once_only(h, &s->p));
	spin_unlock_irq(&h->lock);

	vscsi_fail_held(h, NULL, DID_OK);
	KUNIT_EXPECT_FALSE(test, s->p.held);
	ht_stopped_exit(s);
}

/* Of all queues the last are for what is polled for, by every processor. */
static void queues(struct kunit *test)
{
	struct Scsi_Host *shost = kunit_kzalloc(test, sizeof(*shost) + sizeof(struct vscsi_host),
						GFP_KERNEL);
	struct vpart_link *link = kunit_kzalloc(test, sizeof(*link), GFP_KERNEL);
	struct blk_mq_queue_map *map = shost ? shost->tag_set.map : NULL;
	struct vpart_adapter *a = &link->adapter[VPART_SIDE_CLIENT];
	unsigned int cpu, type, cpus = num_online_cpus();
	unsigned int polled = min_t(unsigned int, cpus, VPART_POLL_MAX);
	struct vpart_limits want = {};
	struct vscsi_host *h;

	KUNIT_ASSERT_NOT_NULL(test, shost);
	KUNIT_ASSERT_NOT_NULL(test, link);
	a->link = link;
	vscsi_queues(a, &want);
	KUNIT_EXPECT_EQ(test, want.nr_queues, min_t(unsigned int, cpus, VSCSI_MAX_QUEUES));
	KUNIT_EXPECT_EQ(test, want.nr_poll, 0);
	link->poll = VPART_POLL_MAX;
	vscsi_queues(a, &want);
	KUNIT_EXPECT_EQ(test, want.nr_queues, min(cpus, VSCSI_MAX_QUEUES - polled) + polled);
	KUNIT_EXPECT_EQ(test, want.nr_poll, polled);

	h = vscsi_shost(shost);
	h->nr_hq = 3;
	h->nr_poll = 1;
	map[HCTX_TYPE_DEFAULT].mq_map = kunit_kzalloc(test, nr_cpu_ids * sizeof(cpu), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, map[HCTX_TYPE_DEFAULT].mq_map);
	/* One that saves a crash: blk-mq has set what is there. */
	shost->tag_set.nr_maps = 1;
	map[HCTX_TYPE_DEFAULT].nr_queues = 1;
	vscsi_map_queues(shost);
	KUNIT_EXPECT_EQ(test, map[HCTX_TYPE_DEFAULT].nr_queues, 1U);
	KUNIT_EXPECT_EQ(test, map[HCTX_TYPE_DEFAULT].mq_map[0], 0U);

	map[HCTX_TYPE_POLL].mq_map = kunit_kzalloc(test, nr_cpu_ids * sizeof(cpu), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, map[HCTX_TYPE_POLL].mq_map);
	shost->tag_set.nr_maps = HCTX_MAX_TYPES;
	/* So blk-mq has it before it asks. */
	for (type = 0; type < HCTX_MAX_TYPES; type++)
		map[type].nr_queues = h->nr_hq;
	vscsi_map_queues(shost);
	KUNIT_EXPECT_EQ(test, map[HCTX_TYPE_DEFAULT].nr_queues, 2U);
	KUNIT_EXPECT_EQ(test, map[HCTX_TYPE_READ].nr_queues, 0U);
	KUNIT_EXPECT_EQ(test, map[HCTX_TYPE_POLL].nr_queues, 1U);
	for_each_possible_cpu(cpu) {
		KUNIT_EXPECT_LT(test, map[HCTX_TYPE_DEFAULT].mq_map[cpu], 2U);
		KUNIT_EXPECT_EQ(test, map[HCTX_TYPE_POLL].mq_map[cpu], 2U);
	}
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
	KUNIT_CASE(stopped_silent),
	KUNIT_CASE(stopped_local),
	KUNIT_CASE(stopped_same),
	KUNIT_CASE(open_held),
	KUNIT_CASE(queues),
	KUNIT_CASE(pace),
	{}
};

static struct kunit_suite vscsi_host_suite = {
	.name		= "vscsi-host",
	.test_cases	= vscsi_host_cases,
};
kunit_test_suite(vscsi_host_suite);
