/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of vpart-clusterd, and of its fence agent fence_vpart, share */
#ifndef VPART_CLUSTERD_H
#define VPART_CLUSTERD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <libvpart.h>
#include <libvpart_cluster.h>

#define EXIT_USAGE	2
#ifndef RUN_FOLDER
#define RUN_FOLDER	"/run/vpart-clusterd"
#endif
#ifndef MOUNT_TABLE
#define MOUNT_TABLE	"/proc/self/mountinfo"
#endif
#define VERDICT_FOLDER	RUN_FOLDER "/verdicts"
#define METHOD_SIZE	32
#define PLACE_DEVICE	24

#ifndef __printf
#define __printf(f, a)	\
	__attribute__((\
		format(printf, f, a)))
#endif

extern const char *program;

/* say.c: sentences on stderr, the clock, threads */
__printf(1, 2)
void say(const char *fmt, ...);
__printf(1, 2)
int failed(const char *fmt, ...);
__printf(1, 2)
int usage(const char *fmt, ...);
int thread_start(void (*run)(void));
uint64_t now_ms(void);

/* names.c: what corosync calls the nodes, and the cluster; waits for corosync */
int corosync_name(uint32_t id, char name[VPART_CLUSTER_NAME_SIZE], char *why, size_t size);
int corosync_cluster(char name[VPART_CLUSTER_NAME_SIZE], char *why, size_t size);

/**
 * struct place - a node that is mounted here and needs a lease of quorum
 * @cluster: its cluster
 * @node: its name
 * @dlm: its locks are those of DLM: corosync has to know it by that name
 * @leaving: it is not mounted any more, but the kernel takes its lease yet
 * @device: of this mount: another one under the same names has another
 * @number: of this mount, from 1
 * @since: it was seen first then, by now_ms()
 * @compared: its local copy was, with what is mounted; by the kernel, or by copy.c
 * @refused: what is mounted is older than that, or foreign: it gets no lease
 * @why: that, in a sentence
 * @said: what was said of it last; that is not said again
 */
struct place {
	char	cluster[VPART_CLUSTER_NAME_SIZE];
	char	node[VPART_CLUSTER_NAME_SIZE];
	bool	dlm;
	bool	leaving;
	char	device[PLACE_DEVICE];
	uint32_t number;
	uint64_t since;
	bool	compared;
	bool	refused;
	char	why[256];
	char	said[256];
};

/* places.c */
int places_read(struct place **list, size_t *n);
struct place *place_find(struct place *list, size_t n, const char *cluster, const char *node);

/**
 * struct answer - what corosync says of quorum
 * @asked: when it was asked, by now_ms(): it was true then or later
 * @up: it has answered
 * @quorate: this node is part of a quorate partition
 * @name: of this node
 * @why: if it has not answered: a sentence
 */
struct answer {
	uint64_t	asked;
	bool		up;
	bool		quorate;
	char		name[VPART_CLUSTER_NAME_SIZE];
	char		why[160];
};

/* quorum.c */
int quorum_start(void);
void quorum_ask(void);
int quorum_hear(struct answer *a);
uint64_t quorum_away(uint32_t id);

/**
 * struct compared - what the local copy of a node says of what is mounted
 * @number: of the mount
 * @refused: it is older, or foreign
 * @why: that, in a sentence
 */
struct compared {
	uint32_t	number;
	bool		refused;
	char		why[256];
};

/* copy.c: the local copy of what concerns a node (P23) */
int copy_start(void);
void copy_watch(const struct place *list, size_t n);
int copy_hear(struct compared *c);

/**
 * struct verdict - a node was fenced, and the kernel is to be told
 * @cluster: its cluster
 * @by: name of this node in that cluster, unless @numbered
 * @node: its name
 * @boot: the life of it that has ended
 * @method: the agent that has confirmed that
 * @id: its number in corosync
 * @numbered: by that alone: which life that was is not known
 * @since: it was off at some moment after that, by now_ms()
 * @file: in VERDICT_FOLDER
 * @said: the errno of the refusal that was said of it last
 */
struct verdict {
	char	cluster[VPART_CLUSTER_NAME_SIZE];
	char	by[VPART_CLUSTER_NAME_SIZE];
	char	node[VPART_CLUSTER_NAME_SIZE];
	uint8_t	boot[VPART_UUID_SIZE];
	char	method[METHOD_SIZE];
	uint32_t id;
	bool	numbered;
	uint64_t since;
	char	file[VPART_UUID_TEXT];
	int	said;
};

/* verdict.c: they are files until the kernel has them */
int run_folder(void);
void run_folder_clean(int dir);
int verdict_store(const struct verdict *v);
int verdict_read(int dir, const char *file, struct verdict *v);
int verdicts_list(int dir, struct verdict **list, size_t *n);

/**
 * struct judged - what the kernel says of a verdict
 * @verdict: that
 * @err: 0: it is stored; or errno
 * @over: no later try would end differently: what is registered now is another life
 * @text: the kernel's sentence
 */
struct judged {
	struct verdict	verdict;
	int		err;
	bool		over;
	char		text[256];
};

/* judge.c */
int judge_start(void);
void judge_give(const struct verdict *v);
int judge_hear(struct judged *j);

#endif /* VPART_CLUSTERD_H */
