/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvpart: partitions, adapter pairs, LUs and mirrors of this kernel. Clusters are in
 * libvpart_cluster.h.
 *
 * Every call that can fail returns 0 or a negative errno; the sentence for
 * people and the code for programs are then in vpart_last_error(). Lists are
 * one allocation, to be given to free(). A handle belongs to one thread.
 */
#ifndef LIBVPART_H
#define LIBVPART_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/vpart.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VPART_UUID_TEXT		37	/* of a UUID as text, with the closing NUL */
#define VPART_DISK_SIZE		32	/* of a block device's kernel name, with the NUL */
#define VPART_MIRROR_LEGS	2

/* Of a mirror's leg: as short as allowed, its partner answers meanwhile */
#define VPART_PATH_LOSS_MIRROR	VPART_PATH_LOSS_MIN

/**
 * enum vpart_code - what kind of failure
 * @VPART_CODE_OK: none
 * @VPART_CODE_FAILED: the system refused or failed
 * @VPART_CODE_INVALID: the request itself makes no sense
 * @VPART_CODE_NOT_FOUND: a named object does not exist
 *
 * The numbers are the exit codes of the command vpart.
 */
enum vpart_code {
	VPART_CODE_OK,
	VPART_CODE_FAILED,
	VPART_CODE_INVALID,
	VPART_CODE_NOT_FOUND,
};

/**
 * struct vpart_error - the last failure on a handle
 * @code: kind
 * @err: errno, positive
 * @text: one sentence without a final period
 */
struct vpart_error {
	enum vpart_code	code;
	int		err;
	char		text[512];
};

struct vpart;

struct vpart *vpart_open(void);
void vpart_close(struct vpart *v);
const struct vpart_error *vpart_last_error(const struct vpart *v);
bool vpart_name_valid(const char *name);
int vpart_uuid_parse(const char *text, uint8_t uuid[VPART_UUID_SIZE]);
void vpart_uuid_format(const uint8_t uuid[VPART_UUID_SIZE], char text[VPART_UUID_TEXT]);
bool vpart_uuid_is_null(const uint8_t uuid[VPART_UUID_SIZE]);

const char *vpart_role_name(enum vpart_role role);
const char *vpart_state_name(enum vpart_state state);
const char *vpart_link_state_name(enum vpart_link_state state);
const char *vpart_why_name(enum vpart_why why);

/**
 * struct vpart_node - a physical machine, or one that this kernel plays
 * @id: number, unique
 * @name: name, unique
 * @uuid: identity
 */
struct vpart_node {
	uint32_t	id;
	char		name[VPART_NAME_SIZE];
	uint8_t		uuid[VPART_UUID_SIZE];
};

int vpart_nodes(struct vpart *v, struct vpart_node **list, size_t *n);
int vpart_node_find(struct vpart *v, const char *name, struct vpart_node *node);
int vpart_node_add(struct vpart *v, struct vpart_node *node);
int vpart_node_del(struct vpart *v, const char *name);

/**
 * struct vpart_partition - a client or an I/O server
 * @id: number, unique
 * @name: name, unique
 * @uuid: identity
 * @node: name of its node
 * @role: client or I/O server
 * @state: running or failed
 * @pool: pool number; equal numbers on different nodes make partners; 0: none
 * @partner: name of its partner, "" without one
 * @since_ms: how long it has been in this state
 */
struct vpart_partition {
	uint32_t		id;
	char			name[VPART_NAME_SIZE];
	uint8_t			uuid[VPART_UUID_SIZE];
	char			node[VPART_NAME_SIZE];
	enum vpart_role		role;
	enum vpart_state	state;
	uint32_t		pool;
	char			partner[VPART_NAME_SIZE];
	uint64_t		since_ms;
};

int vpart_partitions(struct vpart *v, struct vpart_partition **list, size_t *n);
int vpart_partition_find(struct vpart *v, const char *name, struct vpart_partition *p);
int vpart_partition_add(struct vpart *v, struct vpart_partition *p);
int vpart_partition_set_state(struct vpart *v, const char *name, enum vpart_state state);
int vpart_partition_del(struct vpart *v, const char *name);

/* Ends of an adapter pair, bits; an end is an enum vpart_side */
#define VPART_END(side)		(1u << (side))
#define VPART_END_CLIENT	VPART_END(VPART_SIDE_CLIENT)
#define VPART_END_SERVER	VPART_END(VPART_SIDE_SERVER)
#define VPART_END_BOTH		(VPART_END_CLIENT | VPART_END_SERVER)

/* Name of a network namespace, with the closing NUL */
#define VPART_NETNS_SIZE	64

const char *vpart_side_name(enum vpart_side side);
const char *vpart_digest_name(unsigned int digest);
int vpart_digest_parse(const char *text, unsigned int *digest);
const char *vpart_address_fabric(const char *address);

/**
 * struct vpart_pair - a client and a server adapter, and the link between them
 * @id: number, unique
 * @name: name, unique
 * @client: name of the client partition
 * @server: name of the I/O server partition
 * @client_slot: slot in the client; 0: not known, the client is elsewhere
 * @server_slot: slot in the server; 0: not known, the server is elsewhere
 * @ends: VPART_END_* that are in this kernel
 * @fabric: name of the fabric
 * @address: of a link to another kernel: where its end that is here connects
 *	(the client's) or listens; "" if both ends are here
 * @key: name of the key with which such a link's ends prove who they are, or ""
 * @digest: bits of enum vpart_digest: what such a link shall protect
 * @poll: queues that its client's end polls, beside the others
 * @netns: network namespace to make such a link in, by its name in /run/netns;
 *	"": the caller's. Not filled by vpart_pairs() and the like
 * @problem: what the last login of such a link failed of, or ""
 * @copy: of the local fabric: data are copied, the link has pages of its own
 * @path_loss: seconds that the client's I/O waits for a lost link
 * @link: state of the link
 * @why: why the link is or was down
 * @epoch: number of the present or last login
 * @queues: queues of this login
 * @depth: tags per queue of this login
 * @inflight: requests in flight
 * @free: credits that are free, of @queues times @depth
 * @oldest_ms: age of the oldest request in flight
 * @oldest_queue: its queue
 * @oldest_tag: its tag there; with @oldest_queue the client's blk-mq numbers
 * @last_error: errno of the last refused login, positive, or 0
 * @since_ms: how long the link has been in this state
 * @parent: of a virtual port: the adapter pair that it hangs on; "": it is none
 * @port_name: of a virtual port, or 0
 */
struct vpart_pair {
	uint32_t		id;
	char			name[VPART_NAME_SIZE];
	char			client[VPART_NAME_SIZE];
	char			server[VPART_NAME_SIZE];
	uint32_t		client_slot;
	uint32_t		server_slot;
	unsigned int		ends;
	char			fabric[VPART_NAME_SIZE];
	char			address[VPART_ADDRESS_SIZE];
	char			key[VPART_KEY_SIZE];
	unsigned int		digest;
	uint32_t		poll;
	char			netns[VPART_NETNS_SIZE];
	char			problem[VPART_PROBLEM_SIZE];
	bool			copy;
	uint32_t		path_loss;
	enum vpart_link_state	link;
	enum vpart_why		why;
	uint32_t		epoch;
	uint32_t		queues;
	uint32_t		depth;
	uint32_t		inflight;
	uint32_t		free;
	uint64_t		oldest_ms;
	uint32_t		oldest_queue;
	uint32_t		oldest_tag;
	uint32_t		last_error;
	uint64_t		since_ms;
	char			parent[VPART_NAME_SIZE];
	uint64_t		port_name;
};

int vpart_pairs(struct vpart *v, struct vpart_pair **list, size_t *n);
int vpart_pair_find(struct vpart *v, const char *name, struct vpart_pair *pair);
int vpart_pair_find_end(struct vpart *v, const char *name, enum vpart_side side,
			struct vpart_pair *pair);
int vpart_pair_between(struct vpart *v, const char *client, const char *server,
		       struct vpart_pair *pair);
int vpart_pair_add(struct vpart *v, struct vpart_pair *pair);
int vpart_pair_set_path_loss(struct vpart *v, const char *name, uint32_t seconds);
int vpart_pair_del(struct vpart *v, const char *name, bool force);
uint32_t vpart_pair_unproven(const struct vpart_pair *pair);
int vpart_pair_fenced(struct vpart *v, const char *name, int timeout_ms);

/**
 * struct vpart_command - a client's command that a server holds
 * @client: name of the client partition
 * @pair: name of the adapter pair
 * @lun: number of the LU, as the client has it
 * @queue: the command's queue
 * @tag: its tag there; with @queue the client's blk-mq numbers
 * @age_ms: since it came
 * @others: it may hold other LUs of the pair, too: a copy from one to another
 * @name: what it is, of a command for a person: "WRITE(10)", "ABORT TASK"
 * @range: it is about blocks of the LU
 * @lba: the first of them
 * @blocks: how many; 0: what that means depends on the command
 */
struct vpart_command {
	char		client[VPART_NAME_SIZE];
	char		pair[VPART_NAME_SIZE];
	uint64_t	lun;
	uint32_t	queue;
	uint32_t	tag;
	uint64_t	age_ms;
	bool		others;
	char		name[32];
	bool		range;
	uint64_t	lba;
	uint32_t	blocks;
};

const struct vpart_command *vpart_stuck_commands(const struct vpart *v, size_t *n);

/* Virtual ports are pairs with a parent: found, shown and deleted as pairs are. */
#define VPART_PORT_NAME_TEXT	17	/* 16 digits and the NUL */

void vpart_port_name_format(uint64_t port_name, char text[VPART_PORT_NAME_TEXT]);
int vpart_port_name_parse(const char *text, uint64_t *port_name);
int vpart_vport_add(struct vpart *v, struct vpart_pair *vport);
int vpart_vport_disks(const struct vpart_pair *vport, char (**disks)[VPART_DISK_SIZE], size_t *n);

/**
 * struct vpart_link - what joins an adapter pair to its end in another kernel
 * @id: of the adapter pair
 * @name: of the adapter pair
 * @side: the end that is in this kernel
 * @fabric: name of the fabric
 * @state: state
 * @why: why it is down, or went down last
 * @problem: what the last login failed of, or ""
 * @since_ms: how long it has been in this state
 * @address: where it connects, or listens
 * @peer: address of the other end, "" while there is none
 * @key: name of its key, or ""
 * @digest: bits of enum vpart_digest, as agreed while it is up
 * @netns: inode of the network namespace that it belongs to; 0: to none
 * @connections: open ones, one per queue
 * @tx_bytes: sent since it was made, as for all that follow
 * @rx_bytes: received
 * @commands: requests
 * @logins: those that succeeded
 * @refused: logins that either end refused
 * @auth_failures: of these, for want of the right key
 * @lost: connections that ended unasked
 * @digest_errors: digests that did not fit
 * @protocol_errors: what else the other end did wrong
 * @rtt: round trips by length, number n from 2^n us on; the first has the
 *	shorter, the last the longer ones too
 * @rtt_valid: there was a round trip: the next three are known
 * @rtt_min_us: shortest
 * @rtt_max_us: longest
 * @rtt_last_us: last
 */
struct vpart_link {
	uint32_t		id;
	char			name[VPART_NAME_SIZE];
	enum vpart_side		side;
	char			fabric[VPART_NAME_SIZE];
	enum vpart_link_state	state;
	enum vpart_why		why;
	char			problem[VPART_PROBLEM_SIZE];
	uint64_t		since_ms;
	char			address[VPART_ADDRESS_SIZE];
	char			peer[VPART_ADDRESS_SIZE];
	char			key[VPART_KEY_SIZE];
	unsigned int		digest;
	uint64_t		netns;
	uint32_t		connections;
	uint64_t		tx_bytes;
	uint64_t		rx_bytes;
	uint64_t		commands;
	uint64_t		logins;
	uint64_t		refused;
	uint64_t		auth_failures;
	uint64_t		lost;
	uint64_t		digest_errors;
	uint64_t		protocol_errors;
	uint64_t		rtt[VPART_RTT_BUCKETS];
	bool			rtt_valid;
	uint32_t		rtt_min_us;
	uint32_t		rtt_max_us;
	uint32_t		rtt_last_us;
};

int vpart_links(struct vpart *v, struct vpart_link **list, size_t *n);
int vpart_link_find(struct vpart *v, const char *name, struct vpart_link *link);
int vpart_link_find_end(struct vpart *v, const char *name, enum vpart_side side,
			struct vpart_link *link);
int vpart_link_disks(const struct vpart_link *link, char (**disks)[VPART_DISK_SIZE], size_t *n);
int vpart_link_add(struct vpart *v, struct vpart_pair *pair);
int vpart_link_del(struct vpart *v, const char *name, unsigned int ends, bool force);
int vpart_netns_name(uint64_t inode, char name[VPART_NETNS_SIZE]);

/**
 * enum vpart_access - how a client should use the paths of a server to a LU
 * @VPART_ACCESS_OPTIMIZED: before all others
 * @VPART_ACCESS_NON_OPTIMIZED: when no optimized one is left
 * @VPART_ACCESS_STANDBY: not, until told otherwise
 * @VPART_ACCESS_UNAVAILABLE: not
 * @VPART_ACCESS_UNKNOWN: LIO says something else
 * @VPART_ACCESS_ANY: of a path to be added: the first is optimized, those of other
 *	servers are not
 *
 * Asymmetric logical unit access (ALUA) of SPC, whose numbers these are.
 */
enum vpart_access {
	VPART_ACCESS_OPTIMIZED,
	VPART_ACCESS_NON_OPTIMIZED,
	VPART_ACCESS_STANDBY,
	VPART_ACCESS_UNAVAILABLE,
	VPART_ACCESS_UNKNOWN,
	VPART_ACCESS_ANY,
};

const char *vpart_access_name(enum vpart_access access);
int vpart_access_parse(const char *text, enum vpart_access *access);

/* Of what a device is known by: kind and value, such as "serial:disk1" */
#define VPART_IDENTITY_SIZE	256

const char *vpart_identity_type(const char *id);

/**
 * struct vpart_lu - a logical unit: backing device, mapping, and the client's disk
 * @name: name, unique
 * @uuid: identity; the client sees it as the disk's serial number
 * @uuid_valid: false for a LU that another tool made without a UUID
 * @device: device or file behind it, "" if unknown
 * @identity: what that is known by at the next boot, "none" if by its path alone,
 *	"" if unknown
 * @recorded: that was said when the LU was made; otherwise the device says so now
 * @backstore: LIO's name of the backstore, such as iblock_0
 * @pair: adapter pair, "" while not mapped
 * @client: client partition, "" while not mapped
 * @server: I/O server partition, "" while not mapped
 * @lun: number at the adapter pair
 * @port: number of the adapter pair's target port, by which SCSI tells it apart
 * @group: LIO's name of the target port group; vpart names it as the server
 * @group_id: its number
 * @access: how the client should use the paths of this group
 * @preferred: the group is the preferred one
 * @direct: READ and WRITE are carried out in the client's context
 * @disk: kernel name of the client's disk, "" while there is none
 * @bytes: size, 0 if unknown
 * @remote: the client is in another kernel, and so is its disk
 * @active: the link is up, so the disk answers
 * @why: why the link is down if it is
 */
struct vpart_lu {
	char		name[VPART_NAME_SIZE];
	uint8_t		uuid[VPART_UUID_SIZE];
	bool		uuid_valid;
	char		device[PATH_MAX];
	char		identity[VPART_IDENTITY_SIZE];
	bool		recorded;
	char		backstore[64];
	char		pair[VPART_NAME_SIZE];
	char		client[VPART_NAME_SIZE];
	char		server[VPART_NAME_SIZE];
	uint32_t	lun;
	uint16_t	port;
	char		group[64];
	uint16_t	group_id;
	enum vpart_access	access;
	bool		preferred;
	bool		direct;
	char		disk[VPART_DISK_SIZE];
	uint64_t	bytes;
	bool		remote;
	bool		active;
	enum vpart_why	why;
};

/* struct vpart_lu_spec.lun: the lowest free one */
#define VPART_LUN_ANY	UINT32_MAX
#define VPART_LUN_MAX	16383

/**
 * struct vpart_lu_spec - a LU to be made, or a path to be added to one
 * @name: name
 * @device: block device or file; NULL: the LU is there, and gets one more path,
 *	unless @identity is that of a device
 * @identity: what the device is known by: KIND, KIND:VALUE or "none"; NULL: the
 *	best that it has
 * @pair: adapter pair, or NULL: the one between @client and @server
 * @client: client partition, with @pair NULL
 * @server: I/O server partition, with @pair NULL; the pair is made if missing
 * @lun: number, or VPART_LUN_ANY
 * @uuid: identity, or NULL for a new one
 * @access: how the client should use the paths of this server
 * @direct: carry out READ and WRITE in the client's context
 * @wait_ms: how long to wait for the client's disk
 */
struct vpart_lu_spec {
	const char	*name;
	const char	*device;
	const char	*identity;
	const char	*pair;
	const char	*client;
	const char	*server;
	uint32_t	lun;
	const uint8_t	*uuid;
	enum vpart_access	access;
	bool		direct;
	unsigned int	wait_ms;
};

int vpart_lus(struct vpart *v, struct vpart_lu **list, size_t *n);
int vpart_lus_on(struct vpart *v, const char *device, uint64_t *bytes, struct vpart_lu **list,
		 size_t *n);
int vpart_lu_find(struct vpart *v, const char *name, struct vpart_lu *lu);
int vpart_lu_paths(struct vpart *v, const char *name, struct vpart_lu **list, size_t *n);
int vpart_lu_path_find(struct vpart *v, const char *name, const char *pair, struct vpart_lu *lu);
int vpart_lu_add(struct vpart *v, const struct vpart_lu_spec *spec, struct vpart_lu *lu);
int vpart_lu_del(struct vpart *v, const char *name, const char *pair, bool force);
int vpart_lu_set_access(struct vpart *v, const char *name, const char *pair,
			enum vpart_access access, struct vpart_lu *lu);
int vpart_lu_set_identity(struct vpart *v, const char *name, const char *identity,
			  struct vpart_lu *lu);
int vpart_lu_set_direct(struct vpart *v, const char *name, const char *pair, bool on,
			struct vpart_lu *lu);
int vpart_lu_rescan(struct vpart *v, const char *name, unsigned int wait_ms, struct vpart_lu *lu);

/**
 * struct vpart_path - a client's disk as a path to its LU
 * @disk: kernel name
 * @naa: identity of the LU in VPD page 0x83, hex digits, "" if unknown
 * @pair: adapter pair
 * @client: client partition
 * @server: I/O server partition
 * @remote: the server is in another kernel
 * @port: number of the target port, as the disk says; 0 if unknown
 * @group: number of the target port group
 * @access: state of the group, as the kernel knows it, "" if it does not
 * @problem: what is wrong with the numbers, or ""
 */
struct vpart_path {
	char		disk[VPART_DISK_SIZE];
	char		naa[33];
	char		pair[VPART_NAME_SIZE];
	char		client[VPART_NAME_SIZE];
	char		server[VPART_NAME_SIZE];
	bool		remote;
	uint16_t	port;
	uint16_t	group;
	char		access[32];
	char		problem[128];
};

int vpart_paths(struct vpart *v, struct vpart_path **list, size_t *n);

/**
 * enum vpart_mirror_state - health of a mirror
 * @VPART_MIRROR_NORMAL: both legs hold everything
 * @VPART_MIRROR_RESYNC: one leg is being brought up to date
 * @VPART_MIRROR_DEGRADED: one leg is gone
 * @VPART_MIRROR_WAITING: not started: the only leg may not serve alone
 * @VPART_MIRROR_DIVERGED: both legs were written alone
 * @VPART_MIRROR_FAILED: no leg
 * @VPART_MIRROR_UNKNOWN: the kernel says something this library does not know
 */
enum vpart_mirror_state {
	VPART_MIRROR_NORMAL,
	VPART_MIRROR_RESYNC,
	VPART_MIRROR_DEGRADED,
	VPART_MIRROR_WAITING,
	VPART_MIRROR_DIVERGED,
	VPART_MIRROR_FAILED,
	VPART_MIRROR_UNKNOWN,
};

/**
 * struct vpart_leg - one copy of a mirror
 * @device: major:minor, "-" if missing
 * @disk: kernel name of the device, "" if missing
 * @lu: LU it is, "" if none of this machine
 * @server: I/O server that serves it, "" if no adapter pair leads to it
 * @flag: A active, R resync target, F failed, M missing, O outdated
 */
struct vpart_leg {
	char	device[16];
	char	disk[VPART_DISK_SIZE];
	char	lu[VPART_NAME_SIZE];
	char	server[VPART_NAME_SIZE];
	char	flag;
};

/**
 * struct vpart_mirror - a mirrored volume, as the kernel reports it
 * @name: name; the volume is /dev/mapper/<name>
 * @uuid: of the set
 * @node: kernel name of its device
 * @bytes: size of the volume
 * @state: health
 * @legs: the two copies
 * @clean: chunks that are equal on both legs
 * @total: chunks
 * @sync: idle, resync or paused
 * @mode: rw, ro or fail
 * @open: someone has it open
 * @copy: current copy id
 * @bitmap: copy id that the bitmap counts from
 * @held: writes that wait for a decision
 * @tail: the key=value pairs at the end of the status line
 */
struct vpart_mirror {
	char			name[VPART_NAME_SIZE];
	char			uuid[VPART_UUID_TEXT];
	char			node[VPART_DISK_SIZE];
	uint64_t		bytes;
	enum vpart_mirror_state	state;
	struct vpart_leg	legs[VPART_MIRROR_LEGS];
	uint64_t		clean;
	uint64_t		total;
	char			sync[16];
	char			mode[8];
	bool			open;
	char			copy[24];
	char			bitmap[24];
	uint64_t		held;
	char			tail[256];
};

/**
 * struct vpart_mirror_spec - a mirror to be made or started
 * @name: name
 * @legs: each "/dev/...", "link:NAME" whose only disk it is, "lu:NAME" or a LU's NAME;
 *	"-" for a missing one (only when started)
 * @assume_clean: the legs are known to be equal: no first copy
 * @force_alone: start from one leg although the other may be newer
 * @manual_attach: a leg that returns is taken back only when told
 * @uuid: only start the set with this UUID; NULL: whichever the legs say
 */
struct vpart_mirror_spec {
	const char	*name;
	const char	*legs[VPART_MIRROR_LEGS];
	bool		assume_clean;
	bool		force_alone;
	bool		manual_attach;
	const uint8_t	*uuid;
};

const char *vpart_mirror_state_name(enum vpart_mirror_state state);
int vpart_mirrors(struct vpart *v, struct vpart_mirror **list, size_t *n);
int vpart_mirror_find(struct vpart *v, const char *name, struct vpart_mirror *m);
int vpart_mirror_raw(struct vpart *v, char **text);
int vpart_mirror_create(struct vpart *v, const struct vpart_mirror_spec *spec);
int vpart_mirror_start(struct vpart *v, const struct vpart_mirror_spec *spec);
int vpart_mirror_stop(struct vpart *v, const char *name);
int vpart_mirror_attach(struct vpart *v, const char *name, int leg, const char *device);
int vpart_mirror_fail(struct vpart *v, const char *name, int leg);
int vpart_mirror_resync(struct vpart *v, const char *name, bool run);
int vpart_mirror_wait(struct vpart *v, const char *name, unsigned int timeout_ms,
		      void (*progress)(const struct vpart_mirror *m, void *arg), void *arg);

/* Where the configuration is kept unless told otherwise */
#define VPART_CONFIG_FILE	"/etc/vpart/config.json"

/**
 * enum vpart_config_result - what became of an object of a configuration
 * @VPART_CONFIG_KEPT: it was there and the same
 * @VPART_CONFIG_ADDED: it was made, or would be
 * @VPART_CONFIG_CHANGED: it was there and has been, or would be, completed
 * @VPART_CONFIG_FAILED: it could not be made
 */
enum vpart_config_result {
	VPART_CONFIG_KEPT,
	VPART_CONFIG_ADDED,
	VPART_CONFIG_CHANGED,
	VPART_CONFIG_FAILED,
	VPART_CONFIG_RESULTS,
};

/**
 * struct vpart_config_step - one object of a configuration
 * @object: its kind, a word
 * @name: its name
 * @result: what became of it
 * @text: why it failed or what is to be known, "" if nothing
 */
struct vpart_config_step {
	const char			*object;
	const char			*name;
	enum vpart_config_result	result;
	const char			*text;
};

/**
 * struct vpart_config_opts - how a configuration is restored
 * @dry_run: only find out what would be done
 * @wait_ms: how long to wait for the clients' disks
 * @step: called for each object, or NULL
 * @arg: for @step
 */
struct vpart_config_opts {
	bool		dry_run;
	unsigned int	wait_ms;
	void		(*step)(const struct vpart_config_step *step, void *arg);
	void		*arg;
};

const char *vpart_config_result_name(enum vpart_config_result result);
int vpart_config_save(struct vpart *v, const char *file, size_t *n);
int vpart_config_restore(struct vpart *v, const char *file, const struct vpart_config_opts *opts);

/**
 * struct vpart_event - something happened to an object
 * @seq: number, one more than the one before
 * @lost: not 0: this is no event but says that so many before @seq can no
 *	longer be read; VPART_EVENT_LOST_UNKNOWN: nobody knows how many
 * @time_ns: time since the Unix epoch
 * @type: create, delete or change
 * @object: kind of object
 * @id: its number
 * @name: its name
 * @detail: what happened
 */
struct vpart_event {
	uint64_t		seq;
	uint64_t		lost;
	uint64_t		time_ns;
	enum vpart_event_type	type;
	enum vpart_object	object;
	uint32_t		id;
	char			name[VPART_NAME_SIZE];
	char			detail[VPART_EVENT_DETAIL_SIZE];
};

struct vpart_events;

const char *vpart_event_type_name(enum vpart_event_type type);
const char *vpart_object_name(enum vpart_object object);
struct vpart_events *vpart_events_open(struct vpart *v, uint64_t from, bool follow);
int vpart_events_next(struct vpart_events *e, struct vpart_event *ev, int timeout_ms);
int vpart_events_fd(const struct vpart_events *e);
void vpart_events_close(struct vpart_events *e);

#ifdef __cplusplus
}
#endif

#endif /* LIBVPART_H */
