// SPDX-License-Identifier: GPL-2.0
/*
 * stuck_lab: may a LU go (tools/libvpart/stuck.c)? The server's list of commands is what is
 * written here, a look after the other; in the kernel's place, by the linker (--wrap).
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <string.h>
#include "stuck_lab.h"

#define LUN		1
#define LOOKS		3
#define COMMANDS	2
#define ARRIVING	UINT32_MAX

struct command {
	uint8_t		opcode;		/* 0: there is none */
	uint32_t	lun;
	uint32_t	tag;
	uint64_t	age_ms;
};

struct scene {
	const char	*name;
	struct command	look[LOOKS][COMMANDS];
	bool		older;		/* a module that does not know what is asked */
	uint32_t	inflight;	/* of the pair, for that one */
	uint64_t	oldest_ms;
	size_t		stuck;		/* commands that are told */
	const char	*text;		/* of the refusal; NULL: it may go */
};

static const struct scene scenes[] = {
	{ .name = "nothing is open" },
	{
		.name = "a command of its own",
		.look = { { { 0x28, LUN, 3, 7000 } }, { { 0x28, LUN, 3, 7050 } },
			  { { 0x28, LUN, 3, 7100 } } },
		.stuck = 1,
		.text = "its device /dev/sdq does not answer, adapter pair p1 has 1 open commands",
	}, {
		.name = "one of another LU",
		.look = { { { 0x28, 0, 3, 7000 } }, { { 0x28, 0, 3, 7050 } } },
	}, {
		.name = "a copy of another LU",
		.look = { { { 0x83, 0, 3, 7000 }, { 0x28, 0, 4, 9000 } },
			  { { 0x83, 0, 3, 7050 }, { 0x28, 0, 4, 9050 } } },
		.stuck = 1,
		.text = "adapter pair p1 has 1 open copies that may hold it, the oldest for 7050 ms",
	}, {
		.name = "a copy of another LU that ends",
		.look = { { { 0x83, 0, 3, 4000 } } },
	}, {
		.name = "one that is still arriving",
		.look = { { { 0x28, ARRIVING, 3, 7000 } }, { { 0x28, ARRIVING, 3, 7050 } } },
	}, {
		.name = "one that had the time of another for a moment",
		.look = { { { 0x28, LUN, 3, 3600000 } }, { { 0x28, LUN, 3, 1 } } },
	}, {
		.name = "... beside one that is stuck",
		.look = { { { 0x28, LUN, 3, 3600000 }, { 0x2a, LUN, 5, 7000 } },
			  { { 0x28, LUN, 3, 1 }, { 0x2a, LUN, 5, 7050 } },
			  { { 0x2a, LUN, 5, 7100 } } },
		.stuck = 1,
		.text = "the oldest for 7100 ms",
	}, {
		.name = "a module of before: its pair has commands",
		.older = true, .inflight = 2, .oldest_ms = 7000,
		.text = "adapter pair p1 has 2 open commands, the oldest for 7000 ms",
	}, {
		.name = "a module of before: its pair has none",
		.older = true,
	},
};

static const struct scene *scene;
static unsigned int look;

struct nlmsghdr *__wrap_vpart_nl_start(struct vpart *v, uint8_t cmd, uint16_t flags)
{
	static char buf[4096];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));

	(void)v;
	nlh->nlmsg_flags = flags;
	g->cmd = cmd;
	return nlh;
}

static int answer_call(const struct command *c, vpart_nl_cb cb, void *arg)
{
	const uint8_t cdb[10] = { c->opcode };
	char buf[512];
	struct nlmsghdr *nlh = __wrap_vpart_nl_start(NULL, VPART_CMD_CALL_GET, 0);

	mnl_attr_put_strz(nlh, VPART_A_CALL_NAME, "p1");
	mnl_attr_put_u32(nlh, VPART_A_CALL_QUEUE, 0);
	mnl_attr_put_u32(nlh, VPART_A_CALL_TAG, c->tag);
	mnl_attr_put_u64(nlh, VPART_A_CALL_AGE_MS, c->age_ms);
	if (c->lun != ARRIVING) {
		mnl_attr_put_u64(nlh, VPART_A_CALL_LUN, c->lun);
		mnl_attr_put(nlh, VPART_A_CALL_CDB, sizeof(cdb), cdb);
	}
	memcpy(buf, nlh, nlh->nlmsg_len);
	return cb((struct nlmsghdr *)buf, arg);
}

static int answer_calls(vpart_nl_cb cb, void *arg)
{
	const struct command *c = scene->look[look];
	int ret = 0;

	for (; !ret && c < scene->look[look] + COMMANDS && c->opcode; c++)
		ret = answer_call(c, cb, arg);
	if (look + 1 < LOOKS)
		look++;
	return ret;
}

static int answer_pair(vpart_nl_cb cb, void *arg)
{
	struct nlmsghdr *nlh = __wrap_vpart_nl_start(NULL, VPART_CMD_ADAPTER_GET, 0);

	mnl_attr_put_strz(nlh, VPART_A_ADAPTER_NAME, "p1");
	mnl_attr_put_u32(nlh, VPART_A_ADAPTER_INFLIGHT, scene->inflight);
	mnl_attr_put_u64(nlh, VPART_A_ADAPTER_OLDEST_MS, scene->oldest_ms);
	return cb(nlh, arg);
}

int __wrap_vpart_nl_run(struct vpart *v, struct nlmsghdr *nlh, const char *what, vpart_nl_cb cb,
			void *arg)
{
	const struct genlmsghdr *g = mnl_nlmsg_get_payload(nlh);

	if (g->cmd == VPART_CMD_ADAPTER_GET)
		return answer_pair(cb, arg);
	if (!scene->older)
		return answer_calls(cb, arg);
	return vpart_fail(v, EOPNOTSUPP, VPART_CODE_FAILED, "%s: it is not known", what);
}

/* Prints what is not as it should be; 1 then. */
static int check(const struct scene *s)
{
	const struct vpart_lu lu = {
		.name = "d2", .backstore = "iblock_0", .device = "/dev/sdq", .pair = "p1",
		.client = "client1", .lun = LUN,
	};
	struct vpart *v = vpart_open();
	const char *text;
	size_t stuck;
	int ret;

	scene = s;
	look = 0;
	ret = vpart_lu_check_answers(v, &lu);
	text = ret ? vpart_last_error(v)->text : "";
	vpart_stuck_commands(v, &stuck);
	ret = ret != (s->text ? -EBUSY : 0) || (s->text && !strstr(text, s->text)) ||
	      (s->text && stuck != s->stuck);
	if (ret)
		printf("%s: %zu commands, '%s'\n", s->name, stuck, text);
	vpart_close(v);
	return ret;
}

int main(void)
{
	int bad = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(scenes); i++)
		bad |= check(&scenes[i]);
	return bad;
}
