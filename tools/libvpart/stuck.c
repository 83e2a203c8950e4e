// SPDX-License-Identifier: LGPL-2.1-or-later
/* Commands that a server holds, and LUs that cannot go because of them */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "internal.h"

/* A command that is open for so long is not about to end. */
#define STUCK_MS	5000
/* Of a command that is still arriving: only its link has it, no LU. */
#define NO_LUN		UINT64_MAX
#define EXTENDED_COPY	0x83

/* Where a CDB has its first block, and how many */
enum form {
	FORM_NONE,
	FORM_6,
	FORM_10,
	FORM_12,
	FORM_16,
	FORM_CAW,
	FORM_32,
};

static const struct timespec nap = { .tv_nsec = 50000000 };

struct op {
	uint8_t		code;
	enum form	form;
	const char	*name;
};

static const struct op ops[] = {
	{ 0x00, FORM_NONE, "TEST UNIT READY" },
	{ 0x03, FORM_NONE, "REQUEST SENSE" },
	{ 0x08, FORM_6, "READ(6)" },
	{ 0x0a, FORM_6, "WRITE(6)" },
	{ 0x12, FORM_NONE, "INQUIRY" },
	{ 0x15, FORM_NONE, "MODE SELECT(6)" },
	{ 0x16, FORM_NONE, "RESERVE(6)" },
	{ 0x17, FORM_NONE, "RELEASE(6)" },
	{ 0x1a, FORM_NONE, "MODE SENSE(6)" },
	{ 0x1b, FORM_NONE, "START STOP UNIT" },
	{ 0x25, FORM_NONE, "READ CAPACITY(10)" },
	{ 0x28, FORM_10, "READ(10)" },
	{ 0x2a, FORM_10, "WRITE(10)" },
	{ 0x2e, FORM_10, "WRITE AND VERIFY(10)" },
	{ 0x2f, FORM_10, "VERIFY(10)" },
	{ 0x35, FORM_10, "SYNCHRONIZE CACHE(10)" },
	{ 0x41, FORM_10, "WRITE SAME(10)" },
	{ 0x42, FORM_NONE, "UNMAP" },
	{ 0x55, FORM_NONE, "MODE SELECT(10)" },
	{ 0x5a, FORM_NONE, "MODE SENSE(10)" },
	{ 0x5e, FORM_NONE, "PERSISTENT RESERVE IN" },
	{ 0x5f, FORM_NONE, "PERSISTENT RESERVE OUT" },
	{ EXTENDED_COPY, FORM_NONE, "EXTENDED COPY" },
	{ 0x84, FORM_NONE, "RECEIVE COPY RESULTS" },
	{ 0x88, FORM_16, "READ(16)" },
	{ 0x89, FORM_CAW, "COMPARE AND WRITE" },
	{ 0x8a, FORM_16, "WRITE(16)" },
	{ 0x8e, FORM_16, "WRITE AND VERIFY(16)" },
	{ 0x8f, FORM_16, "VERIFY(16)" },
	{ 0x91, FORM_16, "SYNCHRONIZE CACHE(16)" },
	{ 0x93, FORM_16, "WRITE SAME(16)" },
	{ 0x9e, FORM_NONE, "SERVICE ACTION IN(16)" },
	{ 0xa0, FORM_NONE, "REPORT LUNS" },
	{ 0xa3, FORM_NONE, "MAINTENANCE IN" },
	{ 0xa4, FORM_NONE, "MAINTENANCE OUT" },
	{ 0xa8, FORM_12, "READ(12)" },
	{ 0xaa, FORM_12, "WRITE(12)" },
	{ 0xae, FORM_12, "WRITE AND VERIFY(12)" },
	{ 0xaf, FORM_12, "VERIFY(12)" },
};

/* Of opcode 0x7f it is the service action that says what is asked. */
static const struct op long_ops[] = {
	{ 0x09, FORM_32, "READ(32)" },
	{ 0x0a, FORM_32, "VERIFY(32)" },
	{ 0x0b, FORM_32, "WRITE(32)" },
	{ 0x0d, FORM_32, "WRITE SAME(32)" },
};

/* SRP's numbers */
static const struct op functions[] = {
	{ 0x01, FORM_NONE, "ABORT TASK" },
	{ 0x02, FORM_NONE, "ABORT TASK SET" },
	{ 0x04, FORM_NONE, "CLEAR TASK SET" },
	{ 0x08, FORM_NONE, "LOGICAL UNIT RESET" },
	{ 0x40, FORM_NONE, "CLEAR ACA" },
};

static const struct op *find_op(const struct op *list, size_t n, unsigned int code)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].code == code)
			return &list[i];
	return NULL;
}

static uint64_t number_at(const uint8_t *cdb, unsigned int at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | cdb[at++];
	return value;
}

static void set_range(struct vpart_command *c, enum form form, const uint8_t *cdb)
{
	c->range = form != FORM_NONE;
	switch (form) {
	case FORM_NONE:
		break;
	case FORM_6:
		c->lba = number_at(cdb, 1, 3) & 0x1fffff;
		c->blocks = cdb[4] ? cdb[4] : 256;
		break;
	case FORM_10:
		c->lba = number_at(cdb, 2, 4);
		c->blocks = (uint32_t)number_at(cdb, 7, 2);
		break;
	case FORM_12:
		c->lba = number_at(cdb, 2, 4);
		c->blocks = (uint32_t)number_at(cdb, 6, 4);
		break;
	case FORM_16:
		c->lba = number_at(cdb, 2, 8);
		c->blocks = (uint32_t)number_at(cdb, 10, 4);
		break;
	case FORM_CAW:
		c->lba = number_at(cdb, 2, 8);
		c->blocks = cdb[13];
		break;
	case FORM_32:
		c->lba = number_at(cdb, 12, 8);
		c->blocks = (uint32_t)number_at(cdb, 28, 4);
		break;
	}
}

/* @cdb: as long as any that is looked at, zeroes behind what came */
static void set_name(struct vpart_command *c, unsigned int function, const uint8_t *cdb)
{
	const struct op *op;

	if (function) {
		op = find_op(functions, ARRAY_SIZE(functions), function);
		if (!op)
			snprintf(c->name, sizeof(c->name), "task management 0x%02x", function);
	} else if (cdb[0] == 0x7f) {
		op = find_op(long_ops, ARRAY_SIZE(long_ops), (unsigned int)number_at(cdb, 8, 2));
		if (!op)
			snprintf(c->name, sizeof(c->name), "opcode 0x7f/0x%04x",
				 (unsigned int)number_at(cdb, 8, 2));
	} else {
		op = find_op(ops, ARRAY_SIZE(ops), cdb[0]);
		if (!op)
			snprintf(c->name, sizeof(c->name), "opcode 0x%02x", cdb[0]);
	}
	if (!op)
		return;
	vpart_copy(c->name, sizeof(c->name), op->name);
	set_range(c, op->form, cdb);
}

static int each_command(const struct nlmsghdr *nlh, void *arg)
{
	struct vpart_command *c = vpart_list_add(arg);
	unsigned int function = 0;
	const struct nlattr *a;
	uint8_t cdb[32] = { 0 };
	size_t len;

	if (!c)
		return 0;
	c->lun = NO_LUN;
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(a)) {
		case VPART_A_CALL_NAME:
			vpart_attr_text(a, c->pair, sizeof(c->pair));
			break;
		case VPART_A_CALL_QUEUE:
			c->queue = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_CALL_TAG:
			c->tag = (uint32_t)vpart_attr_u64(a);
			break;
		case VPART_A_CALL_AGE_MS:
			c->age_ms = vpart_attr_u64(a);
			break;
		case VPART_A_CALL_LUN:
			c->lun = vpart_attr_u64(a);
			break;
		case VPART_A_CALL_FUNCTION:
			function = (unsigned int)vpart_attr_u64(a);
			break;
		case VPART_A_CALL_CDB:
			len = mnl_attr_get_payload_len(a);
			if (len > sizeof(cdb))
				len = sizeof(cdb);
			memcpy(cdb, mnl_attr_get_payload(a), len);
			break;
		}
	}
	set_name(c, function, cdb);
	c->others = !function && cdb[0] == EXTENDED_COPY;
	return 0;
}

static int by_age(const void *a, const void *b)
{
	uint64_t x = ((const struct vpart_command *)a)->age_ms;
	uint64_t y = ((const struct vpart_command *)b)->age_ms;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* What the server of a pair holds, of whichever LU. */
static int list_commands(struct vpart *v, const char *pair, struct vpart_command **list, size_t *n)
{
	struct vpart_list l = { .size = sizeof(struct vpart_command) };
	struct nlmsghdr *nlh = vpart_nl_start(v, VPART_CMD_CALL_GET, NLM_F_DUMP);
	char what[64];
	int ret;

	*list = NULL;
	*n = 0;
	if (!nlh)
		return -v->error.err;
	mnl_attr_put_strz(nlh, VPART_A_CALL_NAME, pair);
	snprintf(what, sizeof(what), "commands of adapter pair %.32s", pair);
	ret = vpart_nl_run(v, nlh, what, each_command, &l);
	return vpart_list_done(v, ret, &l, list, n);
}

/* Which number the client has for a LU: an ACL may give it another one. false: not known. */
static bool client_lun(const struct vpart_lu *lu, uint64_t *lun)
{
	char path[96], to[PATH_MAX];
	const char *at;

	*lun = lu->lun;
	if (!vpart_lio_acls_any(lu->pair))
		return true;
	snprintf(path, sizeof(path), "/sys/class/block/%.31s/device", lu->disk);
	if (!lu->disk[0] || !realpath(path, to))
		return false;
	at = strrchr(to, ':');
	if (!at)
		return false;
	*lun = strtoull(at + 1, NULL, 10);
	return true;
}

/*
 * Those that hold one LU, the oldest first; all, if nobody knows which are its own. A copy holds
 * both LUs that it is about, and its CDB does not say which the other one is.
 */
static int list_of_lu(struct vpart *v, const struct vpart_lu *lu, struct vpart_command **list,
		      size_t *n)
{
	struct vpart_command *c;
	uint64_t lun;
	bool known = client_lun(lu, &lun);
	size_t i, all;
	int ret;

	ret = list_commands(v, lu->pair, list, &all);
	if (ret)
		return ret;
	for (i = 0, *n = 0; i < all; i++) {
		c = &(*list)[i];
		if (c->lun == NO_LUN || (known && c->lun != lun && !c->others))
			continue;
		vpart_copy(c->client, sizeof(c->client), lu->client);
		(*list)[(*n)++] = *c;
	}
	if (*n)
		qsort(*list, *n, sizeof(**list), by_age);
	return 0;
}

/* Commands of the client that its disk waits for; those of the pair without one. */
static unsigned int open_commands(const struct vpart_lu *lu, const struct vpart_pair *pair)
{
	unsigned int reads, writes;
	char path[64], text[64];

	snprintf(path, sizeof(path), "/sys/class/block/%.31s/inflight", lu->disk);
	if (!pair->inflight || !lu->disk[0] || vpart_file_read(path, text, sizeof(text)) <= 0 ||
	    sscanf(text, "%u %u", &reads, &writes) != 2)
		return pair->inflight;
	return reads + writes;
}

/* The same of a module of before, which lists no commands: how many there are, and since when. */
static int check_pair(struct vpart *v, const struct vpart_lu *lu)
{
	uint64_t start = vpart_now_ms();
	struct vpart_pair pair;
	unsigned int n;
	int ret;

	for (;;) {
		ret = vpart_pair_find_end(v, lu->pair, VPART_SIDE_SERVER, &pair);
		if (ret)
			return ret;
		n = open_commands(lu, &pair);
		if (!n || pair.oldest_ms < vpart_now_ms() - start)
			return 0;
		if (pair.oldest_ms >= STUCK_MS)
			return vpart_fail(v, EBUSY, VPART_CODE_FAILED,
					  "LU %s is in use: its device %s does not answer, adapter pair %s has %u open commands, the oldest for %llu ms",
					  lu->name, lu->device, lu->pair, n,
					  (unsigned long long)pair.oldest_ms);
		nanosleep(&nap, NULL);
	}
}

/* Is that command still there, and not about to end? */
static bool is_stuck(const struct vpart_command *list, size_t n, const struct vpart_command *c)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].queue == c->queue && list[i].tag == c->tag)
			return list[i].age_ms >= STUCK_MS && list[i].age_ms >= c->age_ms;
	return false;
}

static int fail_stuck(struct vpart *v, const struct vpart_lu *lu, struct vpart_command *list,
		      size_t n)
{
	unsigned long long ms = list[0].age_ms;
	size_t i, copies = 0;
	int ret;

	for (i = 0; i < n; i++)
		copies += list[i].others;
	if (copies < n)
		ret = vpart_fail(v, EBUSY, VPART_CODE_FAILED,
				 "LU %s is in use: its device %s does not answer, adapter pair %s has %zu open commands that hold it, the oldest for %llu ms",
				 lu->name, lu->device, lu->pair, n, ms);
	else
		ret = vpart_fail(v, EBUSY, VPART_CODE_FAILED,
				 "LU %s is in use: adapter pair %s has %zu open copies that may hold it, the oldest for %llu ms",
				 lu->name, lu->pair, n, ms);
	v->stuck = list;
	v->nstuck = n;
	return ret;
}

/*
 * LIO takes a LU away only when its device has answered every command, and
 * nothing ends that wait: so it is not begun while the device does not answer.
 * It does when all that was open at the start has ended. What counts is what the server
 * holds: the client may have given a command up that the device has still.
 */
int vpart_lu_check_answers(struct vpart *v, const struct vpart_lu *lu)
{
	struct vpart_command *list, oldest = { .age_ms = 0 };
	uint64_t start = vpart_now_ms();
	size_t n;
	int ret;

	for (;;) {
		ret = list_of_lu(v, lu, &list, &n);
		if (ret == -EOPNOTSUPP)
			return check_pair(v, lu);
		if (ret)
			return ret;
		/* Twice: what has just begun has for a moment the time of what was before. */
		if (oldest.age_ms >= STUCK_MS && is_stuck(list, n, &oldest))
			return fail_stuck(v, lu, list, n);
		if (!n || list[0].age_ms < vpart_now_ms() - start) {
			free(list);
			return 0;
		}
		oldest = list[0];
		free(list);
		nanosleep(&nap, NULL);
	}
}

/**
 * vpart_stuck_commands - the commands that were in the way of the last failed call
 * @v: the handle
 * @n: how many there are; 0: it failed of something else
 *
 * Return: the list, the oldest first; it stays as it is until the next failure.
 */
const struct vpart_command *vpart_stuck_commands(const struct vpart *v, size_t *n)
{
	*n = v->nstuck;
	return v->stuck;
}
