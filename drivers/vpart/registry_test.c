// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: rules of nodes, partitions and adapter pairs, and the ring of events.
 */
#include <kunit/test.h>
#include <linux/netlink.h>

#include "vpart.h"

/*
 * Kernels before 6.8 run the cases of a module before its init function, later
 * ones after it: what is not set up yet is, and is undone.
 */
static bool vpart_test_owns;

int vpart_test_begin(struct kunit_suite *suite)
{
	int err;

	if (vpart_wq)
		return 0;
	err = vpart_setup();
	vpart_test_owns = !err;
	return err;
}

void vpart_test_end(struct kunit_suite *suite)
{
	if (vpart_test_owns)
		vpart_teardown();
	vpart_test_owns = false;
}

static int node(const char *name, u32 id, u32 *out)
{
	struct vpart_node_args args = { .name = name, .id = id };
	u32 dummy;

	return vpart_node_new(&args, out ?: &dummy, NULL);
}

static int part(const char *name, const char *on, enum vpart_role role, u32 pool)
{
	struct vpart_partition_args args = {
		.name = name, .node = on, .role = role, .pool = pool,
	};
	u32 id;

	return vpart_partition_new(&args, &id, NULL);
}

static int pair(const char *name, const char *client, const char *server,
		u32 cslot, u32 sslot)
{
	struct vpart_adapter_args args = {
		.name = name, .client = client, .server = server,
		.slot = { cslot, sslot },
	};
	u32 id;

	return vpart_adapter_new(&args, &id, NULL);
}

static const char *partner_of(const char *name)
{
	struct vpart_partition *p, *o = NULL;
	unsigned int noio = vpart_config_lock();

	p = vpart_partition_find(0, name, NULL);
	if (!IS_ERR(p))
		o = vpart_partner(p);
	vpart_config_unlock(noio);
	return o ? o->name : "";
}

static u32 pool_of(const char *name)
{
	unsigned int noio = vpart_config_lock();
	struct vpart_partition *p = vpart_partition_find(0, name, NULL);
	u32 pool = IS_ERR(p) ? 0 : p->pool;

	vpart_config_unlock(noio);
	return pool;
}

static void names(struct kunit *test)
{
	static const char * const good[] = {
		"a", "9", "A.b_c-D", "abcdefghijklmnopqrstuvwxyz01234",
	};
	static const char * const bad[] = {
		"", ".a", "-a", "_a", "a/b", "a b", "a\n", "\xc3\xa4", "..",
		"abcdefghijklmnopqrstuvwxyz012345",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		KUNIT_EXPECT_EQ_MSG(test, vpart_name_check(good[i], NULL), 0,
				    "%s", good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, vpart_name_check(bad[i], NULL),
				    -EINVAL, "%s", bad[i]);
}

static void nodes(struct kunit *test)
{
	struct vpart_node_args twin = { .name = "kt-4" };
	u32 a, b;

	KUNIT_ASSERT_EQ(test, node("kt-1", 0, &a), 0);
	KUNIT_ASSERT_EQ(test, node("kt-2", 0, &b), 0);
	KUNIT_EXPECT_EQ(test, b, a + 1);
	KUNIT_EXPECT_EQ(test, node("kt-1", 0, NULL), -EEXIST);
	KUNIT_EXPECT_EQ(test, node("kt-3", a, NULL), -EEXIST);

	uuid_gen(&twin.uuid);
	KUNIT_ASSERT_EQ(test, vpart_node_new(&twin, &b, NULL), 0);
	twin.name = "kt-5";
	KUNIT_EXPECT_EQ(test, vpart_node_new(&twin, &b, NULL), -EEXIST);

	KUNIT_EXPECT_EQ(test, vpart_node_del(0, NULL, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_node_del(a, "kt-2", NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_node_del(a, "kt-1", NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_node_del(a, NULL, NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, vpart_node_del(0, "kt-2", NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_node_del(0, "kt-4", NULL), 0);
}

/* R2: numbered in sequence; same numbers of different nodes are partners */
static void partners(struct kunit *test)
{
	static const char * const all[] = { "kt-a1", "kt-a2", "kt-b1", "kt-c1",
					    "kt-c2", "kt-d1" };
	unsigned int i;

	KUNIT_ASSERT_EQ(test, node("kt-a", 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, node("kt-b", 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, node("kt-c", 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, node("kt-d", 0, NULL), 0);

	KUNIT_EXPECT_EQ(test, part("kt-x", "kt-none", VPART_ROLE_VIOS, 0), -ENOENT);
	KUNIT_ASSERT_EQ(test, part("kt-a1", "kt-a", VPART_ROLE_VIOS, 0), 0);
	KUNIT_EXPECT_EQ(test, part("kt-a1", "kt-b", VPART_ROLE_VIOS, 0), -EEXIST);
	KUNIT_EXPECT_EQ(test, part("kt-x", "kt-a", VPART_ROLE_VIOS, 1), -EEXIST);
	KUNIT_EXPECT_STREQ(test, partner_of("kt-a1"), "");

	/* One of three is odd, four are two pairs in the order of their nodes. */
	KUNIT_ASSERT_EQ(test, part("kt-c1", "kt-c", VPART_ROLE_VIOS, 0), 0);
	KUNIT_EXPECT_STREQ(test, partner_of("kt-a1"), "kt-c1");
	KUNIT_EXPECT_STREQ(test, partner_of("kt-c1"), "kt-a1");
	KUNIT_ASSERT_EQ(test, part("kt-b1", "kt-b", VPART_ROLE_VIOS, 0), 0);
	KUNIT_EXPECT_STREQ(test, partner_of("kt-a1"), "kt-b1");
	KUNIT_EXPECT_STREQ(test, partner_of("kt-b1"), "kt-a1");
	KUNIT_EXPECT_STREQ(test, partner_of("kt-c1"), "");
	KUNIT_ASSERT_EQ(test, part("kt-d1", "kt-d", VPART_ROLE_VIOS, 0), 0);
	KUNIT_EXPECT_STREQ(test, partner_of("kt-c1"), "kt-d1");
	KUNIT_EXPECT_STREQ(test, partner_of("kt-d1"), "kt-c1");

	KUNIT_ASSERT_EQ(test, part("kt-c2", "kt-c", VPART_ROLE_VIOS, 7), 0);
	KUNIT_ASSERT_EQ(test, part("kt-a2", "kt-a", VPART_ROLE_VIOS, 0), 0);
	KUNIT_EXPECT_EQ(test, pool_of("kt-a2"), 2U);
	KUNIT_EXPECT_STREQ(test, partner_of("kt-a2"), "");
	KUNIT_EXPECT_STREQ(test, partner_of("kt-c2"), "");

	KUNIT_EXPECT_EQ(test, vpart_node_del(0, "kt-a", NULL), -EBUSY);
	for (i = 0; i < ARRAY_SIZE(all); i++)
		KUNIT_EXPECT_EQ(test, vpart_partition_del(0, all[i], NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_node_del(0, "kt-a", NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_node_del(0, "kt-b", NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_node_del(0, "kt-c", NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_node_del(0, "kt-d", NULL), 0);
}

/* R10: pairs of a client's and a server's adapter, slots of their own */
static void adapters(struct kunit *test)
{
	struct vpart_adapter *a;

	KUNIT_ASSERT_EQ(test, node("kt-n", 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, part("kt-c", "kt-n", VPART_ROLE_CLIENT, 0), 0);
	KUNIT_ASSERT_EQ(test, part("kt-s", "kt-n", VPART_ROLE_VIOS, 0), 0);

	KUNIT_EXPECT_EQ(test, pair(NULL, "kt-c", "kt-none", 0, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, pair(NULL, "kt-c", "kt-c", 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, pair(NULL, "kt-s", "kt-s", 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, pair(NULL, "kt-s", "kt-c", 0, 0), -EINVAL);

	KUNIT_ASSERT_EQ(test, pair(NULL, "kt-c", "kt-s", 0, 2), 0);
	KUNIT_EXPECT_EQ(test, pair(NULL, "kt-c", "kt-s", 0, 0), -EEXIST);
	KUNIT_EXPECT_EQ(test, pair("kt-p", "kt-c", "kt-s", 1, 0), -EEXIST);
	KUNIT_EXPECT_EQ(test, pair("kt-p", "kt-c", "kt-s", 0, 2), -EEXIST);
	KUNIT_ASSERT_EQ(test, pair("kt-p", "kt-c", "kt-s", 0, 0), 0);
	KUNIT_ASSERT_EQ(test, pair("kt-q", "kt-c", "kt-s", 9, 0), 0);

	a = vpart_find_server("kt-c-kt-s");
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_EQ(test, a->slot, 2U);
	KUNIT_EXPECT_EQ(test, vpart_other(a)->slot, 1U);
	vpart_adapter_put(a);
	a = vpart_find_server("kt-p");
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_EQ(test, a->slot, 1U);
	KUNIT_EXPECT_EQ(test, vpart_other(a)->slot, 2U);
	vpart_adapter_put(a);
	a = vpart_find_server("kt-q");
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_EQ(test, a->slot, 3U);
	KUNIT_EXPECT_EQ(test, vpart_other(a)->slot, 9U);

	KUNIT_EXPECT_EQ(test, vpart_partition_del(0, "kt-c", NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpart_partition_del(0, "kt-s", NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt-c-kt-s", VPART_SIDE_ANY, NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt-p", VPART_SIDE_ANY, NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt-q", VPART_SIDE_ANY, NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt-q", VPART_SIDE_ANY, NULL), -ENOENT);
	KUNIT_EXPECT_NULL(test, vpart_find_server("kt-q"));

	/* The one still held is off the bus, but whole. */
	KUNIT_EXPECT_EQ(test, vpart_start(a, NULL), -ENODEV);
	KUNIT_EXPECT_EQ(test, vpart_stop(a), 0);
	vpart_adapter_put(a);
	KUNIT_EXPECT_EQ(test, vpart_partition_del(0, "kt-c", NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_partition_del(0, "kt-s", NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_node_del(0, "kt-n", NULL), 0);
}

static int vport(const char *name, const char *parent, u64 port_name)
{
	struct vpart_adapter_args args = { .name = name, .port_name = port_name };
	u32 id;

	return vpart_vport_new(&args, parent, VPART_SIDE_ANY, &id, NULL);
}

static void port_names(struct kunit *test)
{
	u64 kind;

	for (kind = 0; kind < 16; kind++) {
		bool good = kind == 2 || kind == 3 || kind == 5;

		KUNIT_EXPECT_EQ_MSG(test, vpart_port_name_valid(kind << 60), good,
				    "%llx", kind);
		KUNIT_EXPECT_EQ_MSG(test, vpart_port_name_valid(kind << 60 | 0x123), good,
				    "%llx", kind);
	}
}

/* R16: virtual ports hang on a pair; names are unique, the parent stays */
static void vports(struct kunit *test)
{
	u64 name = 0x3000000000000011ULL, made;
	struct vpart_adapter *a, *b;

	KUNIT_ASSERT_EQ(test, node("kt-n", 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, part("kt-c", "kt-n", VPART_ROLE_CLIENT, 0), 0);
	KUNIT_ASSERT_EQ(test, part("kt-s", "kt-n", VPART_ROLE_VIOS, 0), 0);
	KUNIT_ASSERT_EQ(test, pair("kt-p", "kt-c", "kt-s", 0, 0), 0);

	KUNIT_EXPECT_EQ(test, vport("kt-v1", "kt-none", 0), -ENOENT);
	KUNIT_ASSERT_EQ(test, vport("kt-v1", "kt-p", name), 0);
	KUNIT_EXPECT_EQ(test, vport("kt-v2", "kt-p", name), -EEXIST);
	KUNIT_EXPECT_EQ(test, vport("kt-v1", "kt-p", name + 1), -EEXIST);
	KUNIT_EXPECT_EQ(test, vport("kt-v2", "kt-v1", 0), -EINVAL);
	KUNIT_ASSERT_EQ(test, vport("kt-v2", "kt-p", 0), 0);

	a = vpart_find_server("kt-v1");
	b = vpart_find_server("kt-v2");
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_EXPECT_EQ(test, vpart_port_name(a), name);
	made = vpart_port_name(b);
	KUNIT_EXPECT_EQ(test, made >> 60, 3ULL);
	KUNIT_EXPECT_NE(test, made, name);
	KUNIT_EXPECT_PTR_EQ(test, a->link->part[VPART_SIDE_CLIENT],
			    b->link->part[VPART_SIDE_CLIENT]);

	/* Its path loss time-out is the parent's, and follows that. */
	KUNIT_EXPECT_EQ(test, vpart_path_loss(a), (unsigned int)VPART_PATH_LOSS_DEFAULT);
	KUNIT_EXPECT_EQ(test, vpart_adapter_set(0, "kt-v1", VPART_SIDE_ANY, 7, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, vpart_adapter_set(0, "kt-p", VPART_SIDE_ANY, 7, NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_path_loss(a), 7U);

	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt-p", VPART_SIDE_ANY, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt-v1", VPART_SIDE_ANY, NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt-p", VPART_SIDE_ANY, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt-v2", VPART_SIDE_ANY, NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt-p", VPART_SIDE_ANY, NULL), 0);
	/* One that is still held keeps its parent. */
	KUNIT_EXPECT_EQ(test, vpart_path_loss(b), 7U);
	vpart_adapter_put(a);
	vpart_adapter_put(b);

	/* A parent that is on its way out gets no more of them. */
	KUNIT_ASSERT_EQ(test, pair("kt-p", "kt-c", "kt-s", 0, 0), 0);
	a = vpart_find_server("kt-p");
	KUNIT_ASSERT_NOT_NULL(test, a);
	vpart_link_begin_remove(a->link);
	KUNIT_EXPECT_EQ(test, vport("kt-v3", "kt-p", 0), -EBUSY);
	vpart_link_unremove(a->link);
	vpart_adapter_put(a);
	KUNIT_EXPECT_EQ(test, vpart_adapter_del(0, "kt-p", VPART_SIDE_ANY, NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_partition_del(0, "kt-c", NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_partition_del(0, "kt-s", NULL), 0);
	KUNIT_EXPECT_EQ(test, vpart_node_del(0, "kt-n", NULL), 0);
}

/* V11: contiguous, or "lost" comes first, with the right count */
static void ring(struct kunit *test)
{
	u64 cursor = vpart_ring_last() + 1, old = cursor, lost;
	struct vpart_event ev;
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, vpart_ring_next(&cursor, &ev, &lost));
	for (i = 0; i < VPART_RING_SIZE; i++)
		vpart_notify(VPART_OBJECT_LU, i, "kt-lu",
			     VPART_EVENT_TYPE_CHANGE, "number %u", i);
	for (i = 0; i < VPART_RING_SIZE; i++) {
		if (!vpart_ring_next(&cursor, &ev, &lost) || lost ||
		    ev.id != i || ev.seq != old + i)
			break;
	}
	KUNIT_EXPECT_EQ(test, i, (unsigned int)VPART_RING_SIZE);
	KUNIT_EXPECT_STREQ(test, ev.detail, "number 1023");
	KUNIT_EXPECT_FALSE(test, vpart_ring_next(&cursor, &ev, &lost));

	/* Three more: exactly three of the first are gone. */
	for (i = 0; i < 3; i++)
		vpart_notify(VPART_OBJECT_LU, i, "kt-lu",
			     VPART_EVENT_TYPE_CHANGE, "%s",
			     "a text that is cut where the room for it ends, and not one byte later than that, whatever the caller gives");
	cursor = old;
	KUNIT_ASSERT_TRUE(test, vpart_ring_next(&cursor, &ev, &lost));
	KUNIT_EXPECT_EQ(test, lost, 3ULL);
	KUNIT_EXPECT_EQ(test, ev.seq, old + 3);
	KUNIT_EXPECT_EQ(test, cursor, old + 4);
	KUNIT_ASSERT_TRUE(test, vpart_ring_next(&cursor, &ev, &lost));
	KUNIT_EXPECT_EQ(test, lost, 0ULL);
	cursor = vpart_ring_last();
	KUNIT_ASSERT_TRUE(test, vpart_ring_next(&cursor, &ev, &lost));
	KUNIT_EXPECT_EQ(test, strlen(ev.detail),
			(size_t)VPART_EVENT_DETAIL_SIZE - 1);
}

static struct kunit_case vpart_registry_cases[] = {
	KUNIT_CASE(names),
	KUNIT_CASE(nodes),
	KUNIT_CASE(partners),
	KUNIT_CASE(adapters),
	KUNIT_CASE(port_names),
	KUNIT_CASE(vports),
	KUNIT_CASE(ring),
	{}
};

static struct kunit_suite vpart_registry_suite = {
	.name		= "vpart-registry",
	.suite_init	= vpart_test_begin,
	.suite_exit	= vpart_test_end,
	.test_cases	= vpart_registry_cases,
};

kunit_test_suite(vpart_registry_suite);
