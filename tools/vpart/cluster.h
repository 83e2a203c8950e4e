/* SPDX-License-Identifier: GPL-2.0 */
/* Between the files of vpart cluster */
#ifndef VPART_CLUSTER_H
#define VPART_CLUSTER_H

#include <libvpart_cluster.h>
#include "cmd.h"

/* cluster.c */
struct vpart_cluster_at where(const struct cmd *c);
void put_time(struct json_object *o, const char *key, uint64_t seconds);
struct json_object *cluster_object(const struct vpart_cluster_object *x);
int cluster_type(const struct cmd *c, const char *text, enum vpart_cluster_type *type);
int cluster_id(const struct cmd *c, enum vpart_cluster_type type, const char *text, uint64_t *id);

/* cluster_set.c */
int cluster_add(struct cmd *c);
int cluster_del(struct cmd *c);
int cluster_map(struct cmd *c);
int cluster_unmap(struct cmd *c);
int cluster_quorum(struct cmd *c);
int cluster_fenced(struct cmd *c);

/* cluster_owner.c */
int cluster_owners(struct cmd *c);
int cluster_move(struct cmd *c);

/* cluster_join.c */
int cluster_create(struct cmd *c);
int cluster_join(struct cmd *c);
int cluster_leave(struct cmd *c);

/* cluster_local.c */
#define LOCAL_FORGET	"vpart cluster local forget"	/* ends the kernel's sentence */
int cluster_local(struct cmd *c);
void local_expect(const char *cluster, const char *node, char *text, size_t size);
void local_leave(struct vpart *v, const char *cluster);

/* cluster_events.c */
struct json_object *cluster_event(const struct vpart_cluster_event *ev);
int cluster_events(struct cmd *c);

/* cluster_handle.c */
int cluster_say(struct cmd *c);
int cluster_handlers(struct cmd *c);
int cluster_handle(struct cmd *c);

#endif /* VPART_CLUSTER_H */
