/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Generic netlink family "vpart": Documentation/netlink/specs/vpart.yaml */
#ifndef _UAPI_LINUX_VPART_H
#define _UAPI_LINUX_VPART_H

#define VPART_FAMILY_NAME	"vpart"
#define VPART_FAMILY_VERSION	1

#define VPART_NAME_SIZE		32	/* with the closing NUL */
#define VPART_NAME_MAX		31
#define VPART_UUID_SIZE		16
#define VPART_PATH_LOSS_MIN	5	/* seconds */
#define VPART_PATH_LOSS_MAX	300
#define VPART_PATH_LOSS_DEFAULT	30
#define VPART_POLL_MAX		32	/* queues */

#define VPART_ADDRESS_SIZE	128	/* of a fabric, with the closing NUL */
#define VPART_KEY_SIZE		64	/* name of a key, with the closing NUL */
#define VPART_PROBLEM_SIZE	96	/* with the closing NUL */
#define VPART_RTT_BUCKETS	24	/* round trips: bucket n is from 2^n us on */

#define VPART_EVENT_DETAIL_SIZE	96	/* with the closing NUL */
#define VPART_EVENT_LOST_UNKNOWN	(~0ULL)	/* EVENT_LOST: nobody knows how many */

#define VPART_MCGRP_EVENTS	"events"

enum vpart_role {
	VPART_ROLE_CLIENT,
	VPART_ROLE_VIOS,
};

enum vpart_state {
	VPART_STATE_RUNNING,
	VPART_STATE_FAILED,
};

enum vpart_side {
	VPART_SIDE_CLIENT,
	VPART_SIDE_SERVER,
};

enum vpart_link_state {
	VPART_LINK_STATE_DOWN,
	VPART_LINK_STATE_LOGIN,
	VPART_LINK_STATE_UP,
	VPART_LINK_STATE_DRAINING,
};

/* Why a link is down, or went down last */
enum vpart_why {
	VPART_WHY_NONE,
	VPART_WHY_CLIENT_FAILED,	/* the client's partition is failed */
	VPART_WHY_SERVER_FAILED,	/* the server's partition is failed */
	VPART_WHY_NO_CLIENT,		/* no driver at the client's end has started */
	VPART_WHY_NO_SERVER,		/* no driver at the server's end has started */
	VPART_WHY_REFUSED,		/* the server refused the login */
	VPART_WHY_RESET,		/* a driver asked for a new epoch */
	VPART_WHY_REMOVED,		/* the adapter pair is being deleted */
	VPART_WHY_NO_PEER,		/* the end in another kernel is not connected */
	VPART_WHY_LOST,			/* the connection was lost */
	VPART_WHY_RELOGIN,		/* the client logged in anew */
	VPART_WHY_CLOSED,		/* the client closed it over another path */
};

/* What is protected by a CRC32C on a link to another kernel; bits */
enum vpart_digest {
	VPART_DIGEST_HEADER = 1,
	VPART_DIGEST_DATA = 2,
};

enum vpart_event_type {
	VPART_EVENT_TYPE_CREATE,
	VPART_EVENT_TYPE_DELETE,
	VPART_EVENT_TYPE_CHANGE,
};

enum vpart_object {
	VPART_OBJECT_NODE,
	VPART_OBJECT_PARTITION,
	VPART_OBJECT_ADAPTER,
	VPART_OBJECT_LU,
};

enum {
	VPART_A_NODE_ID = 1,	/* u32, from 1 */
	VPART_A_NODE_NAME,	/* string */
	VPART_A_NODE_UUID,	/* binary, VPART_UUID_SIZE */

	__VPART_A_NODE_MAX,
	VPART_A_NODE_MAX = (__VPART_A_NODE_MAX - 1)
};

enum {
	VPART_A_PARTITION_ID = 1,	/* u32, from 1 */
	VPART_A_PARTITION_NAME,	/* string, unique on all nodes */
	VPART_A_PARTITION_UUID,	/* binary, VPART_UUID_SIZE */
	VPART_A_PARTITION_NODE,	/* string: name of the node */
	VPART_A_PARTITION_ROLE,	/* u32, enum vpart_role */
	VPART_A_PARTITION_STATE,	/* u32, enum vpart_state */
	VPART_A_PARTITION_POOL,	/* u32, from 1 */
	VPART_A_PARTITION_PARTNER,	/* string: name of a partition; absent if unpaired */
	VPART_A_PARTITION_BOOT,	/* binary, VPART_UUID_SIZE */
	VPART_A_PARTITION_SINCE_MS,	/* u64, age of this state */

	__VPART_A_PARTITION_MAX,
	VPART_A_PARTITION_MAX = (__VPART_A_PARTITION_MAX - 1)
};

enum {
	VPART_A_ADAPTER_ID = 1,	/* u32, from 1 */
	VPART_A_ADAPTER_NAME,	/* string */
	VPART_A_ADAPTER_CLIENT,	/* string: name of the partition */
	VPART_A_ADAPTER_SERVER,	/* string: name of the partition */
	VPART_A_ADAPTER_CLIENT_SLOT,	/* u32, from 1 */
	VPART_A_ADAPTER_SERVER_SLOT,	/* u32, from 1 */
	VPART_A_ADAPTER_FABRIC,	/* string: "local", "stream" */
	VPART_A_ADAPTER_PATH_LOSS,	/* u32, seconds */
	VPART_A_ADAPTER_LINK_STATE,	/* u32, enum vpart_link_state */
	VPART_A_ADAPTER_WHY,	/* u32, enum vpart_why */
	VPART_A_ADAPTER_EPOCH,	/* u32, 0: never up */
	VPART_A_ADAPTER_QUEUES,	/* u32 */
	VPART_A_ADAPTER_DEPTH,	/* u32 */
	VPART_A_ADAPTER_INFLIGHT,	/* u32, calls the server holds */
	VPART_A_ADAPTER_OLDEST_MS,	/* u64, age of the oldest of them */
	VPART_A_ADAPTER_LAST_ERROR,	/* u32, errno of the last failed login, 0: none */
	VPART_A_ADAPTER_SINCE_MS,	/* u64, age of this link state */
	VPART_A_ADAPTER_OLDEST_QUEUE,	/* u32, of the oldest call; absent without */
	VPART_A_ADAPTER_OLDEST_TAG,	/* u32, its tag there; absent without */
	VPART_A_ADAPTER_FREE,	/* u32, credits that are free, of QUEUES * DEPTH */
	VPART_A_ADAPTER_SIDE,	/* u32, enum vpart_side: the end that is here; absent: both */
	VPART_A_ADAPTER_ADDRESS,	/* string: where the end connects, or listens */
	VPART_A_ADAPTER_KEY,	/* string: name of the key; absent: none */
	VPART_A_ADAPTER_DIGEST,	/* u32, bits of enum vpart_digest */
	VPART_A_ADAPTER_PROBLEM,	/* string: what the last login failed of; absent: nothing */
	VPART_A_ADAPTER_COPY,	/* u32, 1: a local link with pages of its own; absent: not local */
	VPART_A_ADAPTER_PARENT,	/* string: of a virtual port: name of its adapter pair */
	VPART_A_ADAPTER_PORT_NAME,	/* u64, of a virtual port: NAA name */
	VPART_A_ADAPTER_POLL,	/* u32, queues that the client polls; absent: both ends are here */

	__VPART_A_ADAPTER_MAX,
	VPART_A_ADAPTER_MAX = (__VPART_A_ADAPTER_MAX - 1)
};

enum {
	VPART_A_LINK_ID = 1,	/* u32, of the adapter pair */
	VPART_A_LINK_NAME,	/* string, of the adapter pair */
	VPART_A_LINK_SIDE,	/* u32, enum vpart_side: the end that is here */
	VPART_A_LINK_FABRIC,	/* string */
	VPART_A_LINK_STATE,	/* u32, enum vpart_link_state */
	VPART_A_LINK_WHY,	/* u32, enum vpart_why */
	VPART_A_LINK_PROBLEM,	/* string: what the last login failed of; absent: nothing */
	VPART_A_LINK_SINCE_MS,	/* u64, age of this state */
	VPART_A_LINK_ADDRESS,	/* string: where it connects, or listens */
	VPART_A_LINK_PEER,	/* string: address of the other end; absent while down */
	VPART_A_LINK_KEY,	/* string: name of the key; absent: none */
	VPART_A_LINK_DIGEST,	/* u32, bits of enum vpart_digest, as agreed while up */
	VPART_A_LINK_NETNS,	/* u64, inode of the network namespace */
	VPART_A_LINK_CONNECTIONS,	/* u32, one per queue while up */
	VPART_A_LINK_TX_BYTES,	/* u64, since the link was made, as all that follow */
	VPART_A_LINK_RX_BYTES,	/* u64 */
	VPART_A_LINK_COMMANDS,	/* u64 */
	VPART_A_LINK_LOGINS,	/* u64, those that succeeded */
	VPART_A_LINK_REFUSED,	/* u64, of the other end, at or before login */
	VPART_A_LINK_AUTH_FAILURES,	/* u64, of these: for want of the right key */
	VPART_A_LINK_LOST,	/* u64, connections that ended unasked */
	VPART_A_LINK_DIGEST_ERRORS,	/* u64 */
	VPART_A_LINK_PROTOCOL_ERRORS,	/* u64 */
	VPART_A_LINK_RTT,	/* binary: VPART_RTT_BUCKETS u64, round trips by length */
	VPART_A_LINK_RTT_MIN_US,	/* u32, absent without a round trip */
	VPART_A_LINK_RTT_MAX_US,	/* u32 */
	VPART_A_LINK_RTT_LAST_US,	/* u32 */

	__VPART_A_LINK_MAX,
	VPART_A_LINK_MAX = (__VPART_A_LINK_MAX - 1)
};

enum {
	VPART_A_EVENT_SEQ = 1,	/* u64, from 1 after each BOOT_ID */
	VPART_A_EVENT_BOOT_ID,	/* binary, VPART_UUID_SIZE */
	VPART_A_EVENT_TIME_NS,	/* u64, CLOCK_REALTIME */
	VPART_A_EVENT_TYPE,	/* u32, enum vpart_event_type */
	VPART_A_EVENT_OBJECT,	/* u32, enum vpart_object */
	VPART_A_EVENT_ID,	/* u32 */
	VPART_A_EVENT_NAME,	/* string */
	VPART_A_EVENT_DETAIL,	/* string: a few words */
	VPART_A_EVENT_LOST,	/* u64: so many before SEQ are lost; a message without TYPE */
	VPART_A_EVENT_PAD,	/* reserved */

	__VPART_A_EVENT_MAX,
	VPART_A_EVENT_MAX = (__VPART_A_EVENT_MAX - 1)
};

enum {
	VPART_A_CALL_NAME = 1,	/* string, of the adapter pair */
	VPART_A_CALL_QUEUE,	/* u32 */
	VPART_A_CALL_TAG,	/* u32, unique on its queue */
	VPART_A_CALL_AGE_MS,	/* u64 */
	VPART_A_CALL_LUN,	/* u64, as the client numbers it; absent: it is still arriving */
	VPART_A_CALL_FUNCTION,	/* u32, of SRP's task management; absent: a command */
	VPART_A_CALL_CDB,	/* binary, a command's first 32 bytes */

	__VPART_A_CALL_MAX,
	VPART_A_CALL_MAX = (__VPART_A_CALL_MAX - 1)
};

/*
 * An object is named in a request by its ID or its NAME; the uuid is only
 * given when it is made. A NEW answers with the object as GET does. Only
 * PARTITION_STATE and ADAPTER_PATH_LOSS can be SET. EVENT_GET is a dump from
 * EVENT_SEQ on (all that is kept if absent); with EVENT_BOOT_ID of an earlier
 * boot everything is sent, behind a "lost". CALL_GET is a dump of what the server
 * of the pair CALL_NAME holds, for CAP_NET_ADMIN alone: it tells what a client does.
 */
enum {
	VPART_CMD_NODE_GET = 1,
	VPART_CMD_NODE_NEW,
	VPART_CMD_NODE_DEL,
	VPART_CMD_PARTITION_GET,
	VPART_CMD_PARTITION_NEW,
	VPART_CMD_PARTITION_SET,
	VPART_CMD_PARTITION_DEL,
	VPART_CMD_ADAPTER_GET,
	VPART_CMD_ADAPTER_NEW,
	VPART_CMD_ADAPTER_SET,
	VPART_CMD_ADAPTER_DEL,
	VPART_CMD_EVENT_GET,
	VPART_CMD_EVENT_NTF,
	VPART_CMD_LINK_GET,
	VPART_CMD_CALL_GET,

	__VPART_CMD_MAX,
	VPART_CMD_MAX = (__VPART_CMD_MAX - 1)
};

#endif /* _UAPI_LINUX_VPART_H */
