/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Generic netlink family "clusterfs": Documentation/netlink/specs/clusterfs.yaml.
 * Numbers of types, states, classes, severities, codes and flags are those of
 * linux/clusterfs.h.
 */
#ifndef _UAPI_LINUX_CLUSTERFS_NETLINK_H
#define _UAPI_LINUX_CLUSTERFS_NETLINK_H

#define CLUSTERFS_FAMILY_NAME		"clusterfs"
#define CLUSTERFS_FAMILY_VERSION	1
#define CLUSTERFS_MCGRP_EVENTS		"events"

/* LOST, of a history that is not this repository's */
#define CLUSTERFS_LOST_UNKNOWN		0xffffffffffffffffULL

enum {
	CLUSTERFS_A_CLUSTER = 1,	/* string: name of the cluster */
	CLUSTERFS_A_MOUNT,		/* string: name of the mounted node */
	CLUSTERFS_A_ID,			/* u64 */
	CLUSTERFS_A_NAME,		/* string */
	CLUSTERFS_A_UUID,		/* binary, 16 bytes */
	CLUSTERFS_A_STATE,		/* u32, CFS_NODE_* */
	CLUSTERFS_A_ADDRESS,		/* string */
	CLUSTERFS_A_BOOT,		/* binary, 16 bytes: a life of a node */
	CLUSTERFS_A_VERSION,		/* u32 */
	CLUSTERFS_A_TIME,		/* u64, seconds since 1970 */
	CLUSTERFS_A_INSTANCE,		/* binary, 16 bytes: a life of a client */
	CLUSTERFS_A_NODE,		/* u32, id of a node */
	CLUSTERFS_A_CLIENT,		/* u64, its id */
	CLUSTERFS_A_CLIENT_NAME,	/* string */
	CLUSTERFS_A_LU,			/* u64, its id */
	CLUSTERFS_A_LU_NAME,		/* string */
	CLUSTERFS_A_ADAPTER,		/* u64, its id, 0: any of the client's */
	CLUSTERFS_A_PEER,		/* u64, id of the adapter at the other end */
	CLUSTERFS_A_SLOT,		/* u32, number in its partition */
	CLUSTERFS_A_BACKING,		/* string: path or volume behind it */
	CLUSTERFS_A_SECTORS,		/* u64, of 512 bytes */
	CLUSTERFS_A_BLOCK,		/* u32, bytes of a logical block */
	CLUSTERFS_A_VOLUME,		/* u64, its id */
	CLUSTERFS_A_FLAGS,		/* u32, CFS_LU_*, CFS_MAP_*, CFS_PR_* */
	CLUSTERFS_A_OWNER,		/* u32, id of a node; absent: nobody */
	CLUSTERFS_A_ROLE_TERM,		/* u64, of the owner */
	CLUSTERFS_A_LUN,		/* u32, number that the client sees */
	CLUSTERFS_A_LEG,		/* nest of CLUSTERFS_A_LEG_*, at most two */
	CLUSTERFS_A_KEY,		/* u64, reservation key */
	CLUSTERFS_A_GENERATION,		/* u32, PRGENERATION */
	CLUSTERFS_A_RTPI,		/* u32, relative target port */
	CLUSTERFS_A_TYPE,		/* u32, of the reservation that it holds, 0: none */
	CLUSTERFS_A_TID,		/* binary, transport id */
	CLUSTERFS_A_OBJECT_TYPE,	/* u32, CFS_NODE... */
	CLUSTERFS_A_OBJECT,		/* u64, its id */
	CLUSTERFS_A_SEQ,		/* u64, number of an event, from 1 */
	CLUSTERFS_A_LOST,		/* u64: so many events before SEQ are lost */
	CLUSTERFS_A_CLASS,		/* u32, CFS_EVENT_* */
	CLUSTERFS_A_SEVERITY,		/* u32, CFS_INFORMATION... */
	CLUSTERFS_A_CODE,		/* u32, CFS_CODE_* of its class */
	CLUSTERFS_A_TEXT,		/* string: a sentence */
	CLUSTERFS_A_TERM,		/* u64, registry term */
	CLUSTERFS_A_COMMIT,		/* u64, number of a commit */
	CLUSTERFS_A_REPOSITORY,		/* binary, 16 bytes: the repository's uuid */
	CLUSTERFS_A_REPO_GENERATION,	/* u64, of the repository */
	CLUSTERFS_A_LOCKSPACE,		/* string */
	CLUSTERFS_A_LOCKS,		/* string: state of the lockspace, as in the file config */
	CLUSTERFS_A_MEMBERS,		/* u32, of the lockspace */
	CLUSTERFS_A_HEALTH,		/* string: state of the mount, as in the file config */
	CLUSTERFS_A_SINCE,		/* u64, seconds since 1970 */
	CLUSTERFS_A_REASON,		/* string, empty: none */
	CLUSTERFS_A_NODES,		/* u32, nodes that are known */
	CLUSTERFS_A_NODES_MAX,		/* u32 */
	CLUSTERFS_A_OBJECTS,		/* u32, with tombstones */
	CLUSTERFS_A_OBJECTS_MAX,	/* u32 */
	CLUSTERFS_A_REPLICAS,		/* u32, configured */
	CLUSTERFS_A_REPLICAS_MISSING,	/* u32, bits */
	CLUSTERFS_A_REPLICAS_FAILED,	/* u32, bits: a write failed */
	CLUSTERFS_A_REPLICAS_UNREAD,	/* u32, bits: a read failed */
	CLUSTERFS_A_FIRST_EVENT,	/* u64, the oldest kept, 0: none */
	CLUSTERFS_A_LAST_EVENT,		/* u64, 0: none */
	CLUSTERFS_A_CHANGES,		/* u64, changes that were stored */
	CLUSTERFS_A_REFUSED,		/* u64, changes that were not */
	CLUSTERFS_A_TRIES,		/* u64, commits that were tried */
	CLUSTERFS_A_CLAIMS,		/* u64 */
	CLUSTERFS_A_REFRESHES,		/* u64 */
	CLUSTERFS_A_CHANGE_US,		/* u64, all changes took so long */
	CLUSTERFS_A_CHANGE_MAX_US,	/* u64, the longest */
	CLUSTERFS_A_QUORATE,		/* u32, 0 or 1 */
	CLUSTERFS_A_LEASE_MS,		/* u32, 0: the default */
	CLUSTERFS_A_METHOD,		/* string */
	CLUSTERFS_A_CONFIRMED,		/* u32, 0 or 1 */
	CLUSTERFS_A_UNANSWERED,		/* u32, changes that are asked for and not answered */
	CLUSTERFS_A_LEASE_END,		/* u64, ms of CLOCK_BOOTTIME: no later */
	CLUSTERFS_A_TIMEOUT_MS,		/* u32, for an answer of a handler */
	CLUSTERFS_A_DELIVERY,		/* u64, number of what was given to a handler */
	CLUSTERFS_A_RESULT,		/* u32, of a handler: 0: done, or an errno */
	CLUSTERFS_A_HOLDER,		/* string: who is the handler, empty: nobody */
	CLUSTERFS_A_HANDLED,		/* u64, answered with 0 */
	CLUSTERFS_A_FAILED,		/* u64, answered with another result */
	CLUSTERFS_A_LATE,		/* u64, not answered in time */
	CLUSTERFS_A_ROLE,		/* string: state of a node's part in an ownership */
	CLUSTERFS_A_WAITS,		/* u32, id of the node whose end is waited for */
	CLUSTERFS_A_ENDS,		/* string: the command that ends the wait, empty: none */

	__CLUSTERFS_A_MAX,
	CLUSTERFS_A_MAX = (__CLUSTERFS_A_MAX - 1)
};

enum {
	CLUSTERFS_A_LEG_NODE = 1,	/* u32, id of the node that has the disk; absent: none */
	CLUSTERFS_A_LEG_UUID,		/* binary, 16 bytes */
	CLUSTERFS_A_LEG_STATE,		/* u32, CFS_LEG_* */

	__CLUSTERFS_A_LEG_MAX,
	CLUSTERFS_A_LEG_MAX = (__CLUSTERFS_A_LEG_MAX - 1)
};

enum {
	CLUSTERFS_CMD_MOUNT_GET = 1,
	CLUSTERFS_CMD_STATS_GET,
	CLUSTERFS_CMD_NODE_GET,
	CLUSTERFS_CMD_CLIENT_GET,
	CLUSTERFS_CMD_CLIENT_NEW,
	CLUSTERFS_CMD_CLIENT_DEL,
	CLUSTERFS_CMD_ADAPTER_GET,
	CLUSTERFS_CMD_ADAPTER_NEW,
	CLUSTERFS_CMD_ADAPTER_DEL,
	CLUSTERFS_CMD_LU_GET,
	CLUSTERFS_CMD_LU_NEW,
	CLUSTERFS_CMD_LU_DEL,
	CLUSTERFS_CMD_MAP_GET,
	CLUSTERFS_CMD_MAP_NEW,
	CLUSTERFS_CMD_MAP_DEL,
	CLUSTERFS_CMD_VOLUME_GET,
	CLUSTERFS_CMD_VOLUME_NEW,
	CLUSTERFS_CMD_VOLUME_DEL,
	CLUSTERFS_CMD_PR_GET,
	CLUSTERFS_CMD_PRIMARY_GET,
	CLUSTERFS_CMD_USAGE_GET,
	CLUSTERFS_CMD_EVENT_GET,
	CLUSTERFS_CMD_EVENT_NTF,
	CLUSTERFS_CMD_QUORUM_SET,
	CLUSTERFS_CMD_FENCE_DONE,
	CLUSTERFS_CMD_PRIMARY_YIELD,
	CLUSTERFS_CMD_NODE_EVENT_GET,
	CLUSTERFS_CMD_NODE_EVENT_NTF,
	CLUSTERFS_CMD_NODE_EVENT_SAY,
	CLUSTERFS_CMD_HANDLER_GET,
	CLUSTERFS_CMD_HANDLER_NEW,
	CLUSTERFS_CMD_HANDLER_DEL,
	CLUSTERFS_CMD_HANDLER_ANSWER,
	CLUSTERFS_CMD_HANDLER_EVENT,
	CLUSTERFS_CMD_HANDLER_GONE,
	CLUSTERFS_CMD_OWNER_GET,
	CLUSTERFS_CMD_OWNER_MOVE,

	__CLUSTERFS_CMD_MAX,
	CLUSTERFS_CMD_MAX = (__CLUSTERFS_CMD_MAX - 1)
};

#endif /* _UAPI_LINUX_CLUSTERFS_NETLINK_H */
