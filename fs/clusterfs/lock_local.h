/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: faults of the engine lock_local, to be tried. Each returns 0, or -ENOENT: there
 * is no such lockspace, or no such node that could have that happen.
 */
#ifndef _CLUSTERFS_LOCK_LOCAL_H
#define _CLUSTERFS_LOCK_LOCAL_H

/* The node crashes: it does nothing more, the others recover. */
int __must_check clusterfs_local_kill(const char *space, const char *node);
/*
 * The node stands still: the others are told that it is gone, and granted what it held. It
 * believes what it last knew: what it gives up is answered, and changes nothing; what it
 * asks for is not. It is a member again by leaving and joining.
 */
int __must_check clusterfs_local_stale(const char *space, const char *node);
/* It wakes up, and has its recover_prep(). */
int __must_check clusterfs_local_learn(const char *space, const char *node);

/* lock_debug.c */
void clusterfs_debug_init(void);
void clusterfs_debug_exit(void);

#endif /* _CLUSTERFS_LOCK_LOCAL_H */
