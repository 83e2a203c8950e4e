// SPDX-License-Identifier: GPL-2.0
/*
 * Verdicts are given to the kernel by a thread: it stores each, which waits until the
 * lockspace has recovered, and no lease may wait for that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "clusterd.h"

static int jobs[2] = { -1, -1 }, results[2] = { -1, -1 };

static void judge(struct judged *j)
{
	const struct vpart_cluster_at at = { j->verdict.cluster, j->verdict.by };
	struct vpart *v = vpart_open();
	const struct vpart_error *e;

	j->err = ENOMEM;
	j->over = false;
	snprintf(j->text, sizeof(j->text), "out of memory");
	if (!v)
		return;
	j->err = -vpart_cluster_fenced(v, &at, j->verdict.node, j->verdict.boot,
				       j->verdict.method);
	e = vpart_last_error(v);
	snprintf(j->text, sizeof(j->text), "%.255s", j->err ? e->text : "");
	/* A module that is not loaded (ENOENT, too) knows of no node at all. */
	j->over = (j->err == ESRCH || j->err == ENOENT) && e->code == VPART_CODE_NOT_FOUND;
	vpart_close(v);
}

static void run(void)
{
	struct judged j;

	memset(&j, 0, sizeof(j));
	while (read(jobs[0], &j.verdict, sizeof(j.verdict)) == sizeof(j.verdict)) {
		judge(&j);
		if (write(results[1], &j, sizeof(j)) != sizeof(j))
			say("an answer of the kernel is lost: %s", strerror(errno));
	}
}

/**
 * judge_start - begin
 *
 * Return: a file that judge_hear() can be called for when it is readable, or -errno.
 */
int judge_start(void)
{
	int err;

	if (pipe2(jobs, O_CLOEXEC) || pipe2(results, O_CLOEXEC))
		return -errno;
	err = thread_start(run);
	return err ? -err : results[0];
}

/**
 * judge_give - tell the kernel of a verdict
 * @v: that; what comes of it is told by judge_hear()
 */
void judge_give(const struct verdict *v)
{
	if (write(jobs[1], v, sizeof(*v)) != sizeof(*v))
		say("the verdict about node %s waits: %s", v->node, strerror(errno));
}

/**
 * judge_hear - what came of a verdict
 * @j: where it goes
 *
 * Return: 0, or -1: nothing yet.
 */
int judge_hear(struct judged *j)
{
	return read(results[0], j, sizeof(*j)) == sizeof(*j) ? 0 : -1;
}
