/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * clusterfs: what is stored on a repository, described in
 * Documentation/filesystems/clusterfs-format.rst.
 *
 * All integers are little endian. A block is 4096 bytes; what is read and
 * checked for itself is a sector of 512, so that a block that tears between its
 * sectors leaves whole records. No block is written by two nodes.
 *
 *	block 0			zero
 *	block 1, 255		two copies of the superblock
 *	slot_block...		two claim blocks for each node
 *	beat_block...		a heartbeat block for each node
 *	area_block...		for each node: its log, and two snapshot areas
 */
#ifndef _UAPI_LINUX_CLUSTERFS_H
#define _UAPI_LINUX_CLUSTERFS_H

#include <linux/types.h>

#define CFS_BLOCK_SIZE		4096
#define CFS_SECTOR_SIZE		512
#define CFS_BLOCK_SECTORS	8

#define CFS_MAGIC		"CLUSFS1\n"	/* 8 bytes */
#define CFS_MAGIC_SIZE		8
#define CFS_VERSION		1
#define CFS_SUPER_BLOCK		1
#define CFS_SUPER_BLOCK_2	255
#define CFS_SLOT_BLOCK		256
#define CFS_AREA_BLOCK		512

/* Feature words: see struct cfs_disk_super. */
#define CFS_COMPAT_KNOWN	0ULL
#define CFS_RO_COMPAT_KNOWN	0ULL
#define CFS_INCOMPAT_KNOWN	0ULL

#define CFS_NODES_MAX		32
#define CFS_REPLICAS_MAX	3
#define CFS_NAME_SIZE		64		/* with its end */
#define CFS_LOG_BLOCKS_MIN	16U
#define CFS_LOG_BLOCKS_MAX	4096U
#define CFS_OBJECTS_MIN		64U
#define CFS_OBJECTS_MAX		65536U
#define CFS_EVENTS_MIN		8U
#define CFS_EVENTS_MAX		8192U

/**
 * struct cfs_disk_super - superblock, twice on each replica, written by mkfs alone
 * @magic: CFS_MAGIC
 * @version: CFS_VERSION; a greater one is refused
 * @crc: CRC32C (seed ~0, inverted) of the block with this field zero
 * @compat: features that an older program may ignore
 * @ro_compat: features that an older program may ignore when it only reads
 * @incompat: features without which the repository must not be touched
 * @uuid: the repository; the same on all replicas
 * @generation: of the repository; grows when it is replaced or restored
 * @tag: a random number of this format run, in each record
 * @cluster: name of the cluster, ended and filled with zeroes
 * @block_size: CFS_BLOCK_SIZE
 * @nodes: how many have a place here, at most CFS_NODES_MAX
 * @replicas: 1 or 3
 * @replica: number of this one, from 0
 * @replica_uuid: this replica
 * @log_blocks: blocks of each log
 * @snap_blocks: blocks of each snapshot area
 * @objects: at most so many, with tombstones
 * @events: so many of the last are kept
 * @slot_block: first block of the claim slots
 * @beat_block: first block of the heartbeats
 * @area_block: first block of node 0's log
 * @total_blocks: behind the last block
 * @first_term: claims are above it
 * @first_gen: generations are above it
 * @made: seconds since 1970
 * @reserved: zero
 */
struct cfs_disk_super {
	__u8	magic[CFS_MAGIC_SIZE];
	__le32	version;
	__le32	crc;
	__le64	compat;
	__le64	ro_compat;
	__le64	incompat;
	__u8	uuid[16];
	__le64	generation;
	__le64	tag;
	__u8	cluster[CFS_NAME_SIZE];
	__le32	block_size;
	__le32	nodes;
	__le32	replicas;
	__le32	replica;
	__u8	replica_uuid[16];
	__le32	log_blocks;
	__le32	snap_blocks;
	__le32	objects;
	__le32	events;
	__le64	slot_block;
	__le64	beat_block;
	__le64	area_block;
	__le64	total_blocks;
	__le64	first_term;
	__le64	first_gen;
	__le64	made;
	__u8	reserved[CFS_BLOCK_SIZE - 240];
};

/* Types of a record. */
#define CFS_CLAIM		1
#define CFS_CONFIRM		2
#define CFS_NODE		3
#define CFS_CLIENT		4
#define CFS_ADAPTER		5
#define CFS_LU			6
#define CFS_MAP			7
#define CFS_VOLUME		8
#define CFS_PR			9
#define CFS_PRIMARY		10
#define CFS_EVENT		11
#define CFS_TOMBSTONE		12
#define CFS_TYPES		13

#define CFS_RECORD_MAGIC	0x31524643U	/* "CFR1" */
#define CFS_RECORD_HEADER	128
#define CFS_PAYLOAD_SIZE	(CFS_SECTOR_SIZE - CFS_RECORD_HEADER)

/* Flags of a record. */
#define CFS_F_FORGET		(1U << 0)	/* a tombstone goes: its id is free again */
#define CFS_F_KNOWN		1U

/* Records of one commit. */
#define CFS_TXN_MAX		64

/**
 * struct cfs_disk_record - one sector of a slot, a log or a snapshot
 * @magic: CFS_RECORD_MAGIC
 * @crc: CRC32C (seed ~0, inverted) of the sector with this field zero
 * @tag: the superblock's
 * @sector: where it is, in sectors of 512 from the start of the replica
 * @term: registry term under which it was written
 * @gen: commit that it belongs to; a CONFIRM's is the last of its parent
 * @node: who wrote it
 * @type: CFS_CLAIM...
 * @otype: of a tombstone: what the object was
 * @flags: CFS_F_*
 * @index: its number in the commit or snapshot, from 0
 * @count: records of that commit or snapshot
 * @len: bytes of the payload
 * @reserved: zero
 * @since_term: term and
 * @since_gen: commit that made the object what it is; kept by snapshots
 * @role_term: of an object that has an owner: only grows
 * @id: number of the object among those of its type
 * @uuid: the object's, or zero
 * @reserved2: zero
 * @payload: @len bytes, the rest is zero
 */
struct cfs_disk_record {
	__le32	magic;
	__le32	crc;
	__le64	tag;
	__le64	sector;
	__le64	term;
	__le64	gen;
	__le16	node;
	__u8	type;
	__u8	otype;
	__le32	flags;
	__le32	index;
	__le32	count;
	__le32	len;
	__le32	reserved;
	__le64	since_term;
	__le64	since_gen;
	__le64	role_term;
	__le64	id;
	__u8	uuid[16];
	__u8	reserved2[16];
	__u8	payload[CFS_PAYLOAD_SIZE];
};

/**
 * struct cfs_disk_claim - payload of a CLAIM
 * @boot: boot id of the node that claims
 */
struct cfs_disk_claim {
	__u8	boot[16];
};

/* What a CONFIRM carries. */
#define CFS_PARENT		1
#define CFS_SNAPSHOT		2

/**
 * struct cfs_disk_confirm - payload of a CONFIRM
 * @carries: CFS_PARENT or CFS_SNAPSHOT
 * @area: of the snapshot: 0 or 1
 * @reserved: zero
 * @parent: highest confirmed term found, 0: none; a snapshot has it for the record
 * @parent_gen: last commit of it that counts; equal to the record's generation
 * @records: of the snapshot
 * @reserved2: zero
 * @next: of a snapshot: first id never given, for each type
 */
struct cfs_disk_confirm {
	__u8	carries;
	__u8	area;
	__u8	reserved[6];
	__le64	parent;
	__le64	parent_gen;
	__le32	records;
	__le32	reserved2;
	__le64	next[CFS_TYPES];
};

/**
 * struct cfs_disk_node - payload of a NODE; its id is its slot
 * @name: host name
 * @address: how the others reach it
 * @boot: boot id of this registration
 * @version: of the software
 * @state: CFS_NODE_*
 * @reserved: zero
 * @time: of this registration, seconds since 1970
 */
struct cfs_disk_node {
	__u8	name[CFS_NAME_SIZE];
	__u8	address[CFS_NAME_SIZE];
	__u8	boot[16];
	__le32	version;
	__u8	state;
	__u8	reserved[3];
	__le64	time;
};

#define CFS_NODE_LEFT		0
#define CFS_NODE_MEMBER		1
#define CFS_NODE_FENCED		2
#define CFS_NODE_STATES		3

/**
 * struct cfs_disk_client - payload of a CLIENT
 * @name: of the partition
 * @instance: its boot id, which a login binds
 */
struct cfs_disk_client {
	__u8	name[CFS_NAME_SIZE];
	__u8	instance[16];
};

/**
 * struct cfs_disk_adapter - payload of an ADAPTER
 * @node: slot of the server that has it
 * @client: id of the client that it is for
 * @peer: id of the adapter at the other end, or 0
 * @slot: number in its partition
 * @reserved: zero
 */
struct cfs_disk_adapter {
	__le64	node;
	__le64	client;
	__le64	peer;
	__le32	slot;
	__le32	reserved;
};

/**
 * struct cfs_disk_lu - payload of a LU
 * @name: unique among LUs by custom, not by format
 * @backing: path or volume behind it
 * @sectors: its size, in sectors of 512
 * @volume: id of the volume behind it, or 0
 * @owner: slot of the node that executes its commands, CFS_NOBODY: none
 * @block: size of its logical block
 * @flags: CFS_LU_SHARED
 * @reserved: zero
 */
struct cfs_disk_lu {
	__u8	name[128];
	__u8	backing[128];
	__le64	sectors;
	__le64	volume;
	__le32	owner;
	__le32	block;
	__le32	flags;
	__le32	reserved;
};

#define CFS_NOBODY		0xffffffffU
#define CFS_LU_SHARED		(1U << 0)

/**
 * struct cfs_disk_map - payload of a MAP: a client sees a LU
 * @lu: its id
 * @client: id of the client
 * @adapter: id of the adapter, or 0: any of that client's
 * @lun: number that the client sees
 * @flags: CFS_MAP_READ_ONLY
 */
struct cfs_disk_map {
	__le64	lu;
	__le64	client;
	__le64	adapter;
	__le32	lun;
	__le32	flags;
};

#define CFS_MAP_READ_ONLY	(1U << 0)

/**
 * struct cfs_disk_leg - a leg of a volume
 * @uuid: of its superblock
 * @node: slot of the node that has the disk
 * @state: CFS_LEG_*
 */
struct cfs_disk_leg {
	__u8	uuid[16];
	__le32	node;
	__le32	state;
};

#define CFS_LEG_NONE		0
#define CFS_LEG_UPTODATE	1
#define CFS_LEG_OUTDATED	2
#define CFS_LEG_STATES		3

/**
 * struct cfs_disk_volume - payload of a VOLUME
 * @name: of the mirror
 * @sectors: its size
 * @owner: slot of the node that it runs on, CFS_NOBODY: none
 * @reserved: zero
 * @leg: the two legs
 */
struct cfs_disk_volume {
	__u8	name[128];
	__le64	sectors;
	__le32	owner;
	__le32	reserved;
	struct cfs_disk_leg leg[2];
};

#define CFS_TID_SIZE		228

/**
 * struct cfs_disk_pr - payload of a PR: one registration
 * @lu: id of the LU
 * @client: id of the client
 * @key: reservation key
 * @generation: PRGENERATION when it changed
 * @rtpi: relative target port
 * @type: of the reservation that it holds, 0: none
 * @flags: CFS_PR_*
 * @tid_len: bytes of the transport id
 * @reserved: zero
 * @tid: transport id
 * @reserved2: zero
 */
struct cfs_disk_pr {
	__le64	lu;
	__le64	client;
	__le64	key;
	__le32	generation;
	__le16	rtpi;
	__u8	type;
	__u8	flags;
	__le16	tid_len;
	__u8	reserved[6];
	__u8	tid[CFS_TID_SIZE];
	__u8	reserved2[4];
};

#define CFS_PR_APTPL		(1U << 0)
#define CFS_PR_ALL_PORTS	(1U << 1)

/**
 * struct cfs_disk_primary - payload of the one PRIMARY, id 1; the term is @role_term
 * @node: slot of the primary node, CFS_NOBODY: none
 * @reserved: zero
 */
struct cfs_disk_primary {
	__le32	node;
	__le32	reserved;
};

/**
 * struct cfs_disk_event - payload of an EVENT; its id orders them
 * @time: seconds since 1970, for people
 * @object: id of the object that it is about, or 0
 * @code: what happened
 * @otype: type of the object
 * @class: CFS_EVENT_*
 * @severity: CFS_INFORMATION...
 * @reserved: zero
 * @text: a sentence
 */
struct cfs_disk_event {
	__le64	time;
	__le64	object;
	__le32	code;
	__u8	otype;
	__u8	class;
	__u8	severity;
	__u8	reserved;
	__u8	text[256];
};

#define CFS_EVENT_LIFECYCLE	0
#define CFS_EVENT_ALERT		1
#define CFS_EVENT_TOPOLOGY	2
#define CFS_EVENT_RESERVATION	3
#define CFS_EVENT_CLASSES	4

/* Classes of what a node tells of itself: never stored, and numbered in this life of it. */
#define CFS_EVENT_PATH		4
#define CFS_EVENT_CAPACITY	5
#define CFS_EVENT_HEALTH	6
#define CFS_EVENT_KINDS		7

/* Their severity. */
#define CFS_INFORMATION		0
#define CFS_WARNING		1
#define CFS_ERROR		2

/* Codes of events, among those of their class: lifecycle. */
#define CFS_CODE_REGISTERED	1	/* a node was mounted, or a client is new */
#define CFS_CODE_LEFT		2	/* a node was unmounted, or a client is gone */
#define CFS_CODE_FORGOTTEN	3	/* ids of removed objects may be given again */

/* ...alert. */
#define CFS_CODE_FENCED		1	/* a confirmed verdict about a node was stored */

/* ...topology. */
#define CFS_CODE_ADDED		1	/* an adapter, LU, map or volume is new */
#define CFS_CODE_REMOVED	2	/* it is gone */
#define CFS_CODE_ROLE		3	/* who has a role, or is about to */

/* ...path: of a replica of the repository, by its number, or of another object. */
#define CFS_CODE_REPLICA_LOST	1
#define CFS_CODE_REPLICA_BACK	2
#define CFS_CODE_PATH_LOST	3
#define CFS_CODE_PATH_BACK	4

/* ...capacity: there is little left, or enough again. */
#define CFS_CODE_CAPACITY_LOW	1
#define CFS_CODE_CAPACITY_BACK	2

/* ...health: the state of the node has changed; its agent tells of its local copy. */
#define CFS_CODE_STATE		1
#define CFS_CODE_COPY		2

/**
 * struct cfs_disk_tombstone - payload of a TOMBSTONE: an id that is not given again yet
 * @time: seconds since 1970 when the object went
 */
struct cfs_disk_tombstone {
	__le64	time;
};

#endif /* _UAPI_LINUX_CLUSTERFS_H */
