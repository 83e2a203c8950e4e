/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs that stand for others share */
#ifndef DATABASE_LAB_H
#define DATABASE_LAB_H

#include <stdbool.h>
#include <libvpart_cluster.h>

const char *lab(const char *name);
void wait_ms(long ms);
long number(const char *name, long none);
bool registered(const struct vpart_cluster_at *at);

#endif /* DATABASE_LAB_H */
