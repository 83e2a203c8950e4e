/* SPDX-License-Identifier: GPL-2.0 */
/* Between the files of vpart cluster create, join and leave */
#ifndef VPART_CLUSTER_SETUP_H
#define VPART_CLUSTER_SETUP_H

#include <linux/clusterfs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/types.h>
#include "cluster.h"

#define SETUP_FILE	"/etc/vpart/cluster.setup"
#define SETUP_DEVICES	"/etc/vpart/cluster.devices"
#define SETUP_MOUNT	"/run/clusterfs"
#define SETUP_LINKS	2		/* ways between the nodes */
#define SETUP_FENCE	2048		/* an agent and its arguments, with the NUL */
#define SETUP_KEY	256		/* bytes of corosync's key, as corosync-keygen makes it */
#define SETUP_DEVICE	256		/* a device's path, with the NUL */
#define SETUP_TEXT	32768		/* the file, at most */
#define SETUP_FILES	4

/**
 * struct setup_node - a node as corosync is told of it; its number is its place + 1
 * @name: in corosync and in the database
 * @address: one for each link
 */
struct setup_node {
	char	name[VPART_NAME_SIZE];
	char	address[SETUP_LINKS][INET6_ADDRSTRLEN];
};

/**
 * struct setup - a cluster as all its nodes are told of it
 * @cluster: its name
 * @node: nodes
 * @nodes: how many
 * @links: addresses of each
 * @device: of the repository, as the first node calls them
 * @replicas: how many
 * @repository: its UUID
 * @preferred: which of two may go on alone, ""
 * @shared: the repository's storage is in neither of two
 * @fence: agent and arguments, "": none
 * @key: corosync's
 */
struct setup {
	char			cluster[VPART_NAME_SIZE];
	struct setup_node	node[CFS_NODES_MAX];
	unsigned int		nodes;
	unsigned int		links;
	char			device[CFS_REPLICAS_MAX][SETUP_DEVICE];
	unsigned int		replicas;
	uint8_t			repository[VPART_UUID_SIZE];
	char			preferred[VPART_NAME_SIZE];
	bool			shared;
	char			fence[SETUP_FENCE];
	uint8_t			key[SETUP_KEY];
};

/**
 * struct setup_file - a file that a node of the cluster has
 * @path: path
 * @mode: its mode
 * @data: what is in it
 * @len: of that
 */
struct setup_file {
	const char	*path;
	mode_t		mode;
	char		*data;
	size_t		len;
};

/* cluster_setup.c */
__printf(1, 2)
int refused(const char *fmt, ...);
int setup_node_of(const struct setup *s, const char *name);
int setup_add_node(struct setup *s, const char *text);
int setup_add_devices(struct setup *s, const char *text);
int setup_check(const struct setup *s);
char *setup_format(const struct setup *s);
int setup_parse(struct setup *s, const char *text, size_t len, const char *path);

/* cluster_conf.c */
int setup_files(const struct setup *s, struct setup_file files[SETUP_FILES]);
void setup_files_free(struct setup_file files[SETUP_FILES]);
int setup_files_none(void);
int setup_files_same(const struct setup_file files[SETUP_FILES]);
int setup_files_begun(const struct setup_file files[SETUP_FILES], bool *begun);
int setup_files_write(const struct setup_file files[SETUP_FILES]);
int setup_files_remove(const struct setup_file files[SETUP_FILES]);
const char *setup_devices(char text[CFS_REPLICAS_MAX * SETUP_DEVICE]);
int setup_devices_keep(const char *text);
ssize_t setup_read(const char *path, char *buf, size_t size);
int setup_arbiter(const struct setup *s);
bool setup_fence_word(const char **at, char *word, size_t size);
unsigned int setup_fence_words(FILE *f, const struct setup *s, const char *name, char before);

/* cluster_fence.c */
void fence_none(FILE *f, const char *who);
void fence_hide(struct setup *s);
int fence_ask(const struct setup *s, unsigned int me);
int fence_runs(bool *fences);

/* cluster_host.c */
int host_run(const char *const *argv, char *out, size_t size, int seconds);
int host_ask(const char *program, const char *in, char *out, size_t size, int seconds);
int host_self(const struct setup *s, unsigned int *me);
int host_programs(const struct setup *s);
int host_arbiter(const struct setup *s, unsigned int me);
bool host_systemd(void);
bool host_controlled(void);
bool host_runs(const struct setup *s);
int host_quorum(unsigned int *nodes, bool *quorate);
int host_mount(const struct setup *s, unsigned int me,
	       char device[CFS_REPLICAS_MAX][SETUP_DEVICE]);
int host_mounted(const struct setup *s, char *at, size_t size);
int host_lockspace(const char *prefix, bool whole, char *name, size_t size);

/* cluster_repo.c */
int repo_look(struct setup *s, bool *made);
int repo_make(struct setup *s, bool dry);
int repo_find(const struct setup *s, const char *given,
	      char device[CFS_REPLICAS_MAX][SETUP_DEVICE]);

#endif /* VPART_CLUSTER_SETUP_H */
