/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvpart: the database of a cluster, as a node sees it that is mounted here
 * (clusterfs). What libvpart.h says of calls, lists and handles is true of these.
 */
#ifndef LIBVPART_CLUSTER_H
#define LIBVPART_CLUSTER_H

#include <libvpart.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VPART_CLUSTER_NAME_SIZE	128
#define VPART_CLUSTER_NOBODY	UINT32_MAX

/**
 * enum vpart_cluster_type - a type of objects, with the number of the database
 */
enum vpart_cluster_type {
	VPART_CLUSTER_NODE = 3,
	VPART_CLUSTER_CLIENT,
	VPART_CLUSTER_ADAPTER,
	VPART_CLUSTER_LU,
	VPART_CLUSTER_MAP,
	VPART_CLUSTER_VOLUME,
	VPART_CLUSTER_RESERVATION,
	VPART_CLUSTER_PRIMARY,
};

/**
 * struct vpart_cluster_at - which mounted node is asked
 * @cluster: name of its cluster, or NULL: of any
 * @node: its name, or NULL: any; if there are several, that is refused
 */
struct vpart_cluster_at {
	const char	*cluster;
	const char	*node;
};

/**
 * struct vpart_cluster_mount - a mounted node
 * @cluster: name of the cluster
 * @node: name of the node
 * @id: of the node
 * @repository: uuid of the database
 * @generation: of the repository
 * @lockspace: its name
 * @locks: state of the lockspace
 * @members: of the lockspace
 * @state: OK, RESTRICTED, SUSPECT, FROZEN or LOST
 * @since: seconds since 1970
 * @reason: for the state, "" if it is OK
 * @term: registry term
 * @commit: last commit that it has read
 * @nodes: nodes that are known
 * @nodes_max: that can be
 * @objects: objects, with what is left of those that are gone
 * @objects_max: that can be
 * @replicas: of the repository
 * @missing: of them, bits
 * @failed: ones that a write failed on, bits
 * @unread: ones that a read failed on, bits
 * @first_event: the oldest kept, 0: none
 * @last_event: the newest, 0: none
 * @changes: stored through this node since it was mounted
 * @refused: changes that were not
 * @tries: commits that were tried
 * @claims: of the right to write
 * @refreshes: times that it has read the database
 * @change_us: all stored changes took so long
 * @change_max_us: the longest
 */
struct vpart_cluster_mount {
	char		cluster[VPART_CLUSTER_NAME_SIZE];
	char		node[VPART_CLUSTER_NAME_SIZE];
	uint32_t	id;
	uint8_t		repository[VPART_UUID_SIZE];
	uint64_t	generation;
	char		lockspace[VPART_CLUSTER_NAME_SIZE];
	char		locks[32];
	uint32_t	members;
	char		state[32];
	uint64_t	since;
	char		reason[256];
	uint64_t	term;
	uint64_t	commit;
	uint32_t	nodes;
	uint32_t	nodes_max;
	uint32_t	objects;
	uint32_t	objects_max;
	uint32_t	replicas;
	uint32_t	missing;
	uint32_t	failed;
	uint32_t	unread;
	uint64_t	first_event;
	uint64_t	last_event;
	uint64_t	changes;
	uint64_t	refused;
	uint64_t	tries;
	uint64_t	claims;
	uint64_t	refreshes;
	uint64_t	change_us;
	uint64_t	change_max_us;
};

/**
 * struct vpart_cluster_leg - a leg of a volume
 * @node: id of the node that has the disk, VPART_CLUSTER_NOBODY: no leg
 * @uuid: of its superblock
 * @state: 0: none, 1: up to date, 2: outdated
 */
struct vpart_cluster_leg {
	uint32_t	node;
	uint8_t		uuid[VPART_UUID_SIZE];
	uint32_t	state;
};

/**
 * struct vpart_cluster_object - an object of any type; what its type has not is 0
 * @type: type
 * @id: number, unique among its type
 * @name: of a node, client, LU, volume; of the primary node
 * @uuid: identity
 * @state: of a node: 0: left, 1: member, 2: fenced
 * @address: of a node
 * @boot: of a node: of its registration
 * @version: of a node: of its software
 * @time: of a node: of its registration
 * @instance: of a client: its life that has logged in
 * @node: of an adapter; of the primary: VPART_CLUSTER_NOBODY: there is none
 * @client: of an adapter, map, registration
 * @client_name: its name
 * @lu: of a map, registration
 * @lu_name: its name
 * @adapter: of a map, 0: any of the client's
 * @peer: of an adapter
 * @slot: of an adapter
 * @backing: of a LU
 * @sectors: of a LU, volume
 * @block: of a LU
 * @volume: of a LU
 * @flags: of a LU: 1: shared; of a map: 1: read-only; of a registration
 * @owner: of a LU, volume: id of a node, VPART_CLUSTER_NOBODY: none
 * @term: of the owner, or of the primary
 * @lun: of a map
 * @key: of a registration
 * @generation: of a registration
 * @port: of a registration
 * @reserves: of a registration: type of the reservation that it holds, 0: none
 * @leg: of a volume
 */
struct vpart_cluster_object {
	enum vpart_cluster_type	type;
	uint64_t		id;
	char			name[VPART_CLUSTER_NAME_SIZE];
	uint8_t			uuid[VPART_UUID_SIZE];
	uint32_t		state;
	char			address[VPART_CLUSTER_NAME_SIZE];
	uint8_t			boot[VPART_UUID_SIZE];
	uint32_t		version;
	uint64_t		time;
	uint8_t			instance[VPART_UUID_SIZE];
	uint32_t		node;
	uint64_t		client;
	char			client_name[VPART_CLUSTER_NAME_SIZE];
	uint64_t		lu;
	char			lu_name[VPART_CLUSTER_NAME_SIZE];
	uint64_t		adapter;
	uint64_t		peer;
	uint32_t		slot;
	char			backing[VPART_CLUSTER_NAME_SIZE];
	uint64_t		sectors;
	uint32_t		block;
	uint64_t		volume;
	uint32_t		flags;
	uint32_t		owner;
	uint64_t		term;
	uint32_t		lun;
	uint64_t		key;
	uint32_t		generation;
	uint32_t		port;
	uint32_t		reserves;
	struct vpart_cluster_leg leg[2];
};

const char *vpart_cluster_type_name(enum vpart_cluster_type type);
int vpart_cluster_mounts(struct vpart *v, struct vpart_cluster_mount **list, size_t *n);
int vpart_cluster_find(struct vpart *v, const struct vpart_cluster_at *at,
		       struct vpart_cluster_mount *mount);
int vpart_cluster_objects(struct vpart *v, const struct vpart_cluster_at *at,
			  enum vpart_cluster_type type, struct vpart_cluster_object **list,
			  size_t *n);
int vpart_cluster_primary(struct vpart *v, const struct vpart_cluster_at *at,
			  struct vpart_cluster_object *o);
int vpart_cluster_yield(struct vpart *v, const struct vpart_cluster_at *at);
int vpart_cluster_quorum(struct vpart *v, const struct vpart_cluster_at *at, bool quorate,
			 uint32_t lease_ms);
int vpart_cluster_quorum_until(struct vpart *v, const struct vpart_cluster_at *at, bool quorate,
			       uint32_t lease_ms, uint64_t end);
int vpart_cluster_fenced(struct vpart *v, const struct vpart_cluster_at *at, const char *name,
			 const uint8_t boot[VPART_UUID_SIZE], const char *method);
int vpart_cluster_usage(struct vpart *v, const struct vpart_cluster_at *at,
			enum vpart_cluster_type type, uint64_t id,
			struct vpart_cluster_object **list, size_t *n);
int vpart_cluster_add(struct vpart *v, const struct vpart_cluster_at *at,
		      struct vpart_cluster_object *o);
int vpart_cluster_del(struct vpart *v, const struct vpart_cluster_at *at,
		      enum vpart_cluster_type type, uint64_t id);

/**
 * struct vpart_cluster_event - something happened in a cluster
 * @seq: number, without a gap
 * @lost: not 0: this is no event but says that so many before @seq can no
 *	longer be read; VPART_EVENT_LOST_UNKNOWN: nobody knows how many
 * @term: registry term and
 * @commit: number of the commit that it came with
 * @time: seconds since 1970
 * @class: 0: lifecycle, 1: alert, 2: topology, 3: reservation; of a node itself, not
 *	stored: 4: path, 5: capacity, 6: health
 * @severity: 0: information, 1: warning, 2: error
 * @code: what happened, a number of its class
 * @type: of the object, 0: none
 * @object: its id
 * @text: a sentence
 * @delivery: to a handler: its number, for the answer
 */
struct vpart_cluster_event {
	uint64_t	seq;
	uint64_t	lost;
	uint64_t	term;
	uint64_t	commit;
	uint64_t	time;
	uint32_t	class;
	uint32_t	severity;
	uint32_t	code;
	uint32_t	type;
	uint64_t	object;
	char		text[256];
	uint64_t	delivery;
};

struct vpart_cluster_events;

struct vpart_cluster_events *vpart_cluster_events_open(struct vpart *v,
						       const struct vpart_cluster_at *at,
						       uint64_t from, bool follow);
struct vpart_cluster_events *vpart_cluster_events_open_node(struct vpart *v,
							    const struct vpart_cluster_at *at,
							    uint64_t from, bool follow);
int vpart_cluster_events_next(struct vpart_cluster_events *e, struct vpart_cluster_event *ev,
			      int timeout_ms);
int vpart_cluster_events_fd(const struct vpart_cluster_events *e);
void vpart_cluster_events_close(struct vpart_cluster_events *e);
int vpart_cluster_say(struct vpart *v, const struct vpart_cluster_at *at,
		      const struct vpart_cluster_event *ev);
const char *vpart_cluster_class_name(uint32_t class_number);

#define VPART_CLUSTER_CLASSES	7

/**
 * struct vpart_cluster_post - who handles a class of events at a mounted node
 * @class: of the events
 * @holder: program and pid, "": nobody any more
 * @timeout_ms: an answer may take so long
 * @next: the first event that is not handled
 * @delivery: waits for an answer, 0: none does
 * @handled: answered with 0
 * @failed: answered with another result
 * @late: not answered in time
 */
struct vpart_cluster_post {
	uint32_t	class;
	char		holder[64];
	uint32_t	timeout_ms;
	uint64_t	next;
	uint64_t	delivery;
	uint64_t	handled;
	uint64_t	failed;
	uint64_t	late;
};

/**
 * struct vpart_cluster_owner - who owns a LU or volume, and a node's part in that
 * @type: VPART_CLUSTER_LU or VPART_CLUSTER_VOLUME
 * @id: of it
 * @name: of it
 * @uuid: of it
 * @owner: id of a node, VPART_CLUSTER_NOBODY: none; while another takes it over, the last one
 * @term: the owner's, or that of the take-over
 * @role: of the node that is asked: none, off, queued, taking, proof, active, draining
 * @since: seconds since 1970, 0: it has no part in it
 * @waits: id of the node whose end is waited for, or VPART_CLUSTER_NOBODY
 * @reason: for the role, "": none
 * @ends: the command that ends the wait, "": none
 */
struct vpart_cluster_owner {
	enum vpart_cluster_type	type;
	uint64_t		id;
	char			name[VPART_CLUSTER_NAME_SIZE];
	uint8_t			uuid[VPART_UUID_SIZE];
	uint32_t		owner;
	uint64_t		term;
	char			role[16];
	uint64_t		since;
	uint32_t		waits;
	char			reason[256];
	char			ends[320];
};

int vpart_cluster_owners(struct vpart *v, const struct vpart_cluster_at *at,
			 struct vpart_cluster_owner **list, size_t *n);
int vpart_cluster_move(struct vpart *v, const struct vpart_cluster_at *at,
		       enum vpart_cluster_type type, uint64_t id, uint32_t to);

struct vpart_cluster_handler;

int vpart_cluster_posts(struct vpart *v, const struct vpart_cluster_at *at,
			struct vpart_cluster_post **list, size_t *n);
struct vpart_cluster_handler *vpart_cluster_handler_open(struct vpart *v,
							 const struct vpart_cluster_at *at);
int vpart_cluster_handler_add(struct vpart_cluster_handler *h, uint32_t class_number,
			      uint32_t timeout_ms, uint64_t from);
int vpart_cluster_handler_next(struct vpart_cluster_handler *h, struct vpart_cluster_event *ev,
			       int timeout_ms);
int vpart_cluster_handler_answer(struct vpart_cluster_handler *h,
				 const struct vpart_cluster_event *ev, uint32_t result);
const struct vpart_error *vpart_cluster_handler_error(const struct vpart_cluster_handler *h);
int vpart_cluster_handler_fd(const struct vpart_cluster_handler *h);
void vpart_cluster_handler_close(struct vpart_cluster_handler *h);

#define VPART_CLUSTER_COPY_FOLDER	"/var/lib/vpart/cluster"
#define VPART_CLUSTER_COPY_OBJECTS	65536U
#define VPART_CLUSTER_COPY_OPTION	256

/**
 * struct vpart_cluster_point - a point in the history of a repository
 * @repository: its uuid
 * @generation: of the repository
 * @term: registry term
 * @commit: last commit
 * @event: last event of that moment, 0: none
 * @event_term: term and
 * @event_commit: commit that it came with
 * @event_time: and when, seconds since 1970: two histories may have the same numbers
 */
struct vpart_cluster_point {
	uint8_t		repository[VPART_UUID_SIZE];
	uint64_t	generation;
	uint64_t	term;
	uint64_t	commit;
	uint64_t	event;
	uint64_t	event_term;
	uint64_t	event_commit;
	uint64_t	event_time;
};

/**
 * enum vpart_cluster_order - how a repository stands to a point that is known of one
 * @VPART_CLUSTER_SAME: it is that point
 * @VPART_CLUSTER_NEWER: that is a part of its history
 * @VPART_CLUSTER_RESTORED: it was replaced or restored since, and has a higher generation
 * @VPART_CLUSTER_FOREIGN: it is another repository; this and what follows is refused (P23)
 * @VPART_CLUSTER_OLD_GENERATION: it is of before it was replaced or restored
 * @VPART_CLUSTER_OLDER: it has not come so far
 * @VPART_CLUSTER_OTHER_HISTORY: it has, but by other commits
 */
enum vpart_cluster_order {
	VPART_CLUSTER_SAME,
	VPART_CLUSTER_NEWER,
	VPART_CLUSTER_RESTORED,
	VPART_CLUSTER_FOREIGN,
	VPART_CLUSTER_OLD_GENERATION,
	VPART_CLUSTER_OLDER,
	VPART_CLUSTER_OTHER_HISTORY,
};

/**
 * struct vpart_cluster_copied - an object of a local copy
 * @o: it
 * @lu: of a map: uuid of its LU
 * @client: of a map: uuid of its client
 */
struct vpart_cluster_copied {
	struct vpart_cluster_object	o;
	uint8_t				lu[VPART_UUID_SIZE];
	uint8_t				client[VPART_UUID_SIZE];
};

/**
 * struct vpart_cluster_copy - what a node keeps of what concerns it (R18)
 * @cluster: name of the cluster
 * @node: name of the node
 * @id: of the node
 * @at: as of then
 * @time: when it was written, seconds since 1970
 * @list: the node itself, and clients, adapters, LUs, maps and volumes that concern it
 * @n: how many
 */
struct vpart_cluster_copy {
	char				cluster[VPART_CLUSTER_NAME_SIZE];
	char				node[VPART_CLUSTER_NAME_SIZE];
	uint32_t			id;
	struct vpart_cluster_point	at;
	uint64_t			time;
	struct vpart_cluster_copied	*list;
	size_t				n;
};

int vpart_cluster_copy_read(struct vpart *v, const char *cluster, const char *node,
			    struct vpart_cluster_copy *copy);
int vpart_cluster_copy_write(struct vpart *v, const struct vpart_cluster_copy *copy);
int vpart_cluster_copy_remove(struct vpart *v, const char *cluster, const char *node);
int vpart_cluster_copy_names(struct vpart *v, struct vpart_cluster_copy **list, size_t *n);
void vpart_cluster_copy_free(struct vpart_cluster_copy *copy);
bool vpart_cluster_copy_same(const struct vpart_cluster_copy *a,
			     const struct vpart_cluster_copy *b);
void vpart_cluster_copy_option(const struct vpart_cluster_point *known,
			       char text[VPART_CLUSTER_COPY_OPTION]);
enum vpart_cluster_order vpart_cluster_copy_compare(const struct vpart_cluster_point *known,
						    const struct vpart_cluster_point *is);
int vpart_cluster_copy_point(struct vpart *v, const struct vpart_cluster_at *at,
			     const struct vpart_cluster_point *known,
			     struct vpart_cluster_point *now, struct vpart_cluster_point *is);
int vpart_cluster_copy_take(struct vpart *v, const struct vpart_cluster_at *at,
			    const struct vpart_cluster_copy *known,
			    const struct vpart_cluster_point *now,
			    struct vpart_cluster_copy *copy, bool *gone);

#ifdef __cplusplus
}
#endif

#endif /* LIBVPART_CLUSTER_H */
