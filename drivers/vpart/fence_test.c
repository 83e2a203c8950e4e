// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what the answers of several paths prove of a lost session.
 */
#include <kunit/test.h>

#include "proto_iu.h"
#include "vpart.h"

#define FT_PATHS	3
#define FT_SESSION	0x1234

/* A lost link, and others between the same partitions, that answer as they are told. */
static struct {
	struct vpart_link	*lost, *path[FT_PATHS];
	int			answer[FT_PATHS];
	unsigned int		asked;
	uuid_t			server;
} ft;

static int ft_close(struct vpart_link *path, const struct vpart_close_session *what, uuid_t *by)
{
	unsigned int i;

	ft.asked++;
	*by = ft.server;
	for (i = 0; i < FT_PATHS; i++)
		if (ft.path[i] == path)
			return what->session == FT_SESSION ? ft.answer[i] : -EINVAL;
	return -EINVAL;
}

static const struct vpart_fabric_ops ft_fabric = {
	.name		= "ft",
	.close_session	= ft_close,
};

static struct vpart_partition ft_parts[2], ft_other;

static struct vpart_link *ft_link(struct kunit *test, u32 id, enum vpart_link_state state)
{
	struct vpart_link *link = kunit_kzalloc(test, sizeof(*link), GFP_KERNEL);
	unsigned int side;

	KUNIT_ASSERT_NOT_NULL(test, link);
	spin_lock_init(&link->lock);
	init_waitqueue_head(&link->wait);
	kref_init(&link->ref);
	link->fabric = &ft_fabric;
	link->ends = BIT(VPART_SIDE_CLIENT);
	link->state = state;
	link->session = FT_SESSION;
	for (side = 0; side < 2; side++) {
		link->part[side] = &ft_parts[side];
		link->adapter[side].link = link;
		link->adapter[side].id = id;
		link->adapter[side].side = side;
	}
	spin_lock(&vpart_links_lock);
	list_add_tail(&link->entry, &vpart_links);
	spin_unlock(&vpart_links_lock);
	return link;
}

static int ft_init(struct kunit *test)
{
	unsigned int i;

	memset(&ft, 0, sizeof(ft));
	ft.lost = ft_link(test, 1, VPART_LINK_STATE_DOWN);
	for (i = 0; i < FT_PATHS; i++)
		ft.path[i] = ft_link(test, 2 + i, VPART_LINK_STATE_UP);
	return 0;
}

static void ft_exit(struct kunit *test)
{
	unsigned int i;

	spin_lock(&vpart_links_lock);
	for (i = 0; i < FT_PATHS; i++)
		if (ft.path[i])
			list_del(&ft.path[i]->entry);
	if (ft.lost)
		list_del(&ft.lost->entry);
	spin_unlock(&vpart_links_lock);
}

/* P14: one that proves it is enough, and one that may still do so is waited for. */
static void fence_answers(struct kunit *test)
{
	static const struct {
		int answer[FT_PATHS];
		int ret, asked;
	} cases[] = {
		{ { VPART_CLOSE_DONE }, 0, 1 },
		{ { VPART_CLOSE_UNKNOWN }, 0, 1 },
		{ { VPART_CLOSE_TIMEOUT }, -EBUSY, 1 },
		{ { -EOPNOTSUPP, VPART_CLOSE_DONE }, 0, 2 },
		{ { -ETIMEDOUT, -ENOTCONN, VPART_CLOSE_DONE }, 0, 3 },
		{ { -EOPNOTSUPP, -ENOTCONN, -EOPNOTSUPP }, -EOPNOTSUPP, 3 },
		{ { -EOPNOTSUPP, -ENOTCONN, -ETIMEDOUT }, -ETIMEDOUT, 3 },
		{ { -ETIMEDOUT, -EOPNOTSUPP, -ENOTCONN }, -ETIMEDOUT, 3 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memcpy(ft.answer, cases[i].answer, sizeof(ft.answer));
		ft.asked = 0;
		KUNIT_EXPECT_EQ_MSG(test, vpart_fence(&ft.lost->adapter[VPART_SIDE_CLIENT]),
				    cases[i].ret, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, ft.asked, cases[i].asked, "row %u", i);
	}
}

/* P14: another instance of the server knows nothing of what the last one held. */
static void fence_other_instance(struct kunit *test)
{
	unsigned int i;

	uuid_gen(&ft.lost->peer_boot);
	for (i = 0; i < FT_PATHS; i++)
		ft.answer[i] = VPART_CLOSE_UNKNOWN;
	KUNIT_EXPECT_EQ(test, vpart_fence(&ft.lost->adapter[VPART_SIDE_CLIENT]), -ENOLINK);
	KUNIT_EXPECT_EQ(test, ft.asked, FT_PATHS);
}

/* P14: another partition of the server's kernel is asked, one of another kernel is not. */
static void fence_other_partition(struct kunit *test)
{
	uuid_gen(&ft.server);
	ft.lost->peer_boot = ft.server;
	ft.answer[0] = VPART_CLOSE_DONE;
	ft.answer[1] = VPART_CLOSE_DONE;
	ft.answer[2] = VPART_CLOSE_DONE;
	ft.path[0]->part[VPART_SIDE_SERVER] = &ft_other;
	ft.path[1]->part[VPART_SIDE_SERVER] = &ft_other;
	ft.path[2]->part[VPART_SIDE_SERVER] = &ft_other;
	KUNIT_EXPECT_EQ(test, vpart_fence(&ft.lost->adapter[VPART_SIDE_CLIENT]), -ENOLINK);
	KUNIT_EXPECT_EQ(test, ft.asked, 0);
	ft.path[1]->peer_boot = ft.server;
	KUNIT_EXPECT_EQ(test, vpart_fence(&ft.lost->adapter[VPART_SIDE_CLIENT]), 0);
	KUNIT_EXPECT_EQ(test, ft.asked, 1);
}

/* V3 P14: a link that is up again is not ended by who asks late. */
static void fence_not_the_next(struct kunit *test)
{
	ft.lost->state = VPART_LINK_STATE_UP;
	KUNIT_EXPECT_EQ(test, vpart_fence(&ft.lost->adapter[VPART_SIDE_CLIENT]), 0);
	KUNIT_EXPECT_EQ(test, ft.asked, 0);
}

/* V3 P14: a server in this kernel proves it by letting go, if it has data of its own. */
static void fence_here(struct kunit *test)
{
	struct vpart_adapter *a = &ft.lost->adapter[VPART_SIDE_CLIENT];

	ft.lost->ends |= BIT(VPART_SIDE_SERVER);
	ft.lost->fabric = &vpart_local_copy;
	KUNIT_EXPECT_EQ(test, vpart_fence(a), 0);
	ft.lost->state = VPART_LINK_STATE_DRAINING;
	KUNIT_EXPECT_EQ(test, vpart_fence(a), -EBUSY);
	ft.lost->fabric = &vpart_local;
	KUNIT_EXPECT_EQ(test, vpart_fence(a), 0);
	KUNIT_EXPECT_EQ(test, ft.asked, 0);
}

static struct kunit_case vpart_fence_cases[] = {
	KUNIT_CASE(fence_answers),
	KUNIT_CASE(fence_other_instance),
	KUNIT_CASE(fence_other_partition),
	KUNIT_CASE(fence_not_the_next),
	KUNIT_CASE(fence_here),
	{}
};

static struct kunit_suite vpart_fence_suite = {
	.name		= "vpart-fence",
	.suite_init	= vpart_test_begin,
	.suite_exit	= vpart_test_end,
	.init		= ft_init,
	.exit		= ft_exit,
	.test_cases	= vpart_fence_cases,
};

kunit_test_suite(vpart_fence_suite);
