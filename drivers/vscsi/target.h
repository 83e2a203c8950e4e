/* SPDX-License-Identifier: GPL-2.0 */
/* vscsi_target: what its files share. */
#ifndef _VSCSI_TARGET_H
#define _VSCSI_TARGET_H

#include <linux/hash.h>
#include <linux/kref.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#include "name.h"

#define VSCSI_ALIGNMENT		511	/* the least that any link offers */
#define VSCSI_MAX_TMR		16	/* task management functions of one session inside LIO */
#define VSCSI_LANES		8	/* workers of a queue; a power of 2 */
#define VSCSI_END_NOTICE	(30 * HZ)	/* between remarks on a session that does not end */

/**
 * struct vscsi_tport - target/vscsi/NAME: the server's end of a pair, configured
 * @wwn: LIO's
 * @entry: in vscsi_tports
 * @tpg: its portal group, or NULL; guarded by vscsi_mutex
 * @name: name of the adapter pair
 */
struct vscsi_tport {
	struct se_wwn		wwn;
	struct list_head	entry;
	struct vscsi_tpg	*tpg;
	char			name[VPART_NAME_SIZE];
};

/**
 * struct vscsi_tpg - target/vscsi/NAME/tpgt_1
 * @se_tpg: LIO's
 * @tport: its parent
 * @enabled: logins are admitted; guarded by vscsi_mutex
 * @nr_sess: sessions alive; changed under vscsi_mutex
 * @idle: woken when @nr_sess becomes 0
 * @alignments: of the backing devices, by LUN, as xa_mk_value()
 * @alignment: the largest of them, at least VSCSI_ALIGNMENT
 * @caws: what carries out COMPARE AND WRITE, by LUN
 * @direct: LUNs whose READ and WRITE go to LIO in their client's context
 * @group: number of the target port group of its server
 * @generate_node_acls: admit clients that have no ACL ("demo mode")
 * @cache_dynamic_acls: keep what was made for such a client after its logout
 * @demo_mode_write_protect: such clients may only read
 * @prod_mode_write_protect: clients with an ACL may only read
 */
struct vscsi_tpg {
	struct se_portal_group	se_tpg;
	struct vscsi_tport	*tport;
	bool			enabled;
	unsigned int		nr_sess;
	wait_queue_head_t	idle;
	struct xarray		alignments;
	u32			alignment;
	struct xarray		caws;
	struct xarray		direct;
	u16			group;
	u32			generate_node_acls;
	u32			cache_dynamic_acls;
	u32			demo_mode_write_protect;
	u32			prod_mode_write_protect;
};

/**
 * struct vscsi_port - a server adapter on the bus
 * @a: the adapter
 * @entry: in vscsi_ports
 * @sess: from login to logout
 */
struct vscsi_port {
	struct vpart_adapter	*a;
	struct list_head	entry;
	struct vscsi_session	*sess;
};

/**
 * struct vscsi_client - a partition that has logged in
 * @uuid: of the partition
 * @entry: in vscsi_clients; guarded by vscsi_mutex, as the next two
 * @users: its sessions, until they are freed
 * @sessions: those that were admitted
 * @lock: guards what follows; irq-safe, no other lock is taken inside
 * @barred: commands that it gave up and that LIO has not ended: see gate.c
 * @nr_barred: how many; read without the lock by those who find it 0
 * @parked: commands that wait for these, or for memory
 * @limit: ends their waiting
 * @room: counts when there was memory again
 */
struct vscsi_client {
	uuid_t			uuid;
	struct list_head	entry;
	unsigned int		users;
	struct list_head	sessions;
	spinlock_t		lock ____cacheline_aligned;
	struct list_head	barred;
	unsigned int		nr_barred;
	struct list_head	parked;
	struct delayed_work	limit;
	unsigned int		room;
};

/**
 * struct vscsi_tq - commands on their way to LIO: of one queue, to every
 *	VSCSI_LANES-th LUN, so that a device whose submission sleeps holds up few others
 * @list: newest first
 * @work: takes them
 * @direct: those for which their client lends its context; newest first
 */
struct vscsi_tq {
	struct llist_head	list;
	struct work_struct	work;
	struct llist_head	direct;
} ____cacheline_aligned;

/**
 * struct vscsi_session - one login
 * @ref: the login's, and one per task management function inside LIO
 * @se_sess: LIO's
 * @tpg: portal group
 * @a: adapter, referenced
 * @client: whose it is
 * @entry: in client.sessions
 * @boot: instance of the client
 * @epoch: of the bus
 * @draining: no command goes to LIO any more; those that it has are barred
 * @lock: guards the calls of @nr_tmr functions; irq-safe, innermost
 * @nr_tmr: task management functions inside LIO
 * @told: unit attentions that the client was told of, by its LUN: see attention.c
 * @shown: marks of the LUs that it has asked for, or used, by its LUN: see mark.c
 * @free: ends the session
 * @nr_tq: VSCSI_LANES times as many as queues
 * @tq: by queue and LUN
 */
struct vscsi_session {
	struct kref		ref;
	struct se_session	*se_sess;
	struct vscsi_tpg	*tpg;
	struct vpart_adapter	*a;
	struct vscsi_client	*client;
	struct list_head	entry;
	uuid_t			boot;
	u32			epoch;
	bool			draining;
	spinlock_t		lock;
	unsigned int		nr_tmr;
	struct xarray		told;
	struct xarray		shown;
	struct work_struct	free;
	unsigned int		nr_tq;
	struct vscsi_tq		tq[];
};

enum vscsi_kind {
	VSCSI_KIND_CMD,
	VSCSI_KIND_TMF,
	VSCSI_KIND_BAD,		/* malformed: put unanswered */
};

/* What a command's answer says, beside what LIO does */
enum vscsi_say {
	VSCSI_SAY_NOTHING,
	VSCSI_SAY_MARK,		/* the LU's mark */
	VSCSI_SAY_OTHER,	/* that it is another LU: only that */
};

/* Bits of struct vscsi_tcmd.state */
#define VSCSI_CANCELLED		0

/**
 * struct vscsi_tcmd - a call, as this driver sees it: in the call table of the
 *	session, so it outlives the client's request
 * @node: on vscsi_tq.list or .direct, then on vscsi_caw_lun.list
 * @sess: session
 * @state: VSCSI_*
 * @tag: the client's
 * @lun: logical unit
 * @mark: of the LU that it is meant for; in the answer, of the one that is there
 * @told: epoch and mark of the last answer of this slot that said VSCSI_SAY_OTHER
 *	to a client without marks
 * @task: VSCSI_KIND_TMF: tag to abort
 * @tmr: VSCSI_KIND_TMF: inside LIO; guarded by session.lock
 * @data: the client's pages
 * @cpu: of the submitter
 * @kind: enum vscsi_kind
 * @attr: task attribute
 * @func: VSCSI_KIND_TMF: SRP_TSK_*
 * @answered: LIO gave a status
 * @say: enum vscsi_say
 * @over: it cannot change the medium any more; false from request() on
 * @barred: on client.barred; written under client.lock, as the next four
 * @parked: on client.parked
 * @gate: on one of these
 * @parked_at: jiffies
 * @gate_dev: @barred: its device, only to be compared
 * @bounce: LIO works on pages of its own, which we copy
 * @dir: of the data
 * @caw: COMPARE AND WRITE: its LUN's
 * @caw_execute: COMPARE AND WRITE: LIO's own
 * @caw_complete: COMPARE AND WRITE: LIO's own
 * @se_cmd: LIO's
 * @sense: sense data
 * @cdb: CDB
 */
struct vscsi_tcmd {
	struct llist_node	node;
	struct vscsi_session	*sess;
	unsigned long		state;
	u64			tag;
	u64			lun;
	u64			told;
	u64			task;
	struct vscsi_tmr	*tmr;
	struct vpart_data	data;
	int			cpu;
	u32			mark;
	u8			kind;
	u8			attr;
	u8			func;
	bool			answered;
	u8			say;
	bool			bounce;
	bool			over;
	bool			barred;
	bool			parked;
	enum dma_data_direction	dir;
	struct list_head	gate;
	unsigned long		parked_at;
	const void		*gate_dev;
	struct vscsi_caw_lun	*caw;
	sense_reason_t		(*caw_execute)(struct se_cmd *se_cmd);
	sense_reason_t		(*caw_complete)(struct se_cmd *se_cmd, bool success, int *post_ret);
	struct se_cmd		se_cmd;
	u8			sense[VSCSI_MAX_SENSE];
	u8			cdb[VSCSI_MAX_CDB];
};
static_assert(VSCSI_MAX_SENSE >= TRANSPORT_SENSE_BUFFER);

/**
 * struct vscsi_tmr - a task management function inside LIO
 * @se_cmd: LIO's
 * @sess: holds a reference
 * @call: to be answered; NULL when it was, or was cancelled; guarded by
 *	session.lock. LIO may take for ever, the client does not.
 * @sense: LIO wants one
 */
struct vscsi_tmr {
	struct se_cmd		se_cmd;
	struct vscsi_session	*sess;
	struct vpart_call	*call;
	u8			sense[TRANSPORT_SENSE_BUFFER];
};

/**
 * struct vscsi_direct - what a client's task had under way
 * @bios: its list of bios, to be submitted when it is back there
 * @plug: its plug
 */
struct vscsi_direct {
	struct bio_list	*bios;
	struct blk_plug	*plug;
};

static inline struct vscsi_tcmd *to_tcmd(struct se_cmd *se_cmd)
{
	return container_of(se_cmd, struct vscsi_tcmd, se_cmd);
}

static inline struct vscsi_tpg *to_vscsi_tpg(struct se_portal_group *se_tpg)
{
	return container_of(se_tpg, struct vscsi_tpg, se_tpg);
}

static inline struct vscsi_tport *to_vscsi_tport(struct se_wwn *wwn)
{
	return container_of(wwn, struct vscsi_tport, wwn);
}

/* target.c */
extern struct mutex vscsi_mutex;	/* lists, enabled, sessions; outside all LIO locks */
extern struct workqueue_struct *vscsi_twq;	/* commands */
extern struct workqueue_struct *vscsi_caw_wq;	/* COMPARE AND WRITE, which waits */
extern struct workqueue_struct *vscsi_end_wq;	/* what nobody waits for */
struct vpart_adapter *vscsi_port_get(const char *name);
void vscsi_session_put(struct vscsi_session *sess);
void vscsi_close_session(struct se_session *se_sess);
void vscsi_tell(struct vscsi_tpg *tpg, u64 lun, u8 asc, u8 ascq);

/* configfs.c */
extern struct list_head vscsi_tports;	/* guarded by vscsi_mutex */
extern const struct target_core_fabric_ops vscsi_ops;
struct vscsi_tport *vscsi_tport_find(const char *name);

/* port.c */
int vscsi_port_number(struct vscsi_tpg *tpg, struct vpart_adapter *a);

/* io.c */
extern const size_t vscsi_call_size;
void vscsi_request(struct vpart_call *c);
void vscsi_cancel(struct vpart_call *c);
u32 vscsi_share(struct vpart_call *c);
void vscsi_room(struct vpart_adapter *a);
void vscsi_about(struct vpart_call *c, struct vpart_about *about);
void vscsi_queue(struct vscsi_tcmd *cmd);
void vscsi_tq_work(struct work_struct *work);
void vscsi_run(struct vpart_queue *q, u64 what);
int vscsi_write_pending(struct se_cmd *se_cmd);
int vscsi_queue_data_in(struct se_cmd *se_cmd);
int vscsi_queue_status(struct se_cmd *se_cmd);
void vscsi_aborted_task(struct se_cmd *se_cmd);
void vscsi_release_cmd(struct se_cmd *se_cmd);
int vscsi_check_stop_free(struct se_cmd *se_cmd);

/* gate.c */
extern struct list_head vscsi_clients;	/* guarded by vscsi_mutex */
struct vscsi_client *vscsi_client_get(const struct vpart_peer *peer);
void vscsi_client_put(struct vscsi_client *client);
int vscsi_client_renew(struct vscsi_client *client, const uuid_t *boot);
void vscsi_gate_bar(struct vscsi_session *sess, struct vscsi_tcmd *cmd, u64 task);
bool vscsi_gate_cancel(struct vscsi_tcmd *cmd);
bool vscsi_gate_drop(struct vscsi_session *sess, u64 lun, const u64 *task);
void __vscsi_gate_over(struct vscsi_tcmd *cmd);
bool __vscsi_gate_park(struct vscsi_tcmd *cmd);
int vscsi_gate_starve(struct vscsi_tcmd *cmd);
void vscsi_gate_feed(struct vscsi_client *client);

/* Must a command wait for one that its client gave up? Then it is kept. */
static inline bool vscsi_gate_park(struct vscsi_tcmd *cmd)
{
	return unlikely(READ_ONCE(cmd->sess->client->nr_barred)) && __vscsi_gate_park(cmd);
}

/* caw.c */
void vscsi_caw_prepare(struct vscsi_tcmd *cmd);
void vscsi_caw_free(struct vscsi_tpg *tpg);

/* direct.c */
int vscsi_direct_set(struct vscsi_tpg *tpg, u64 lun, bool on);
void vscsi_direct_drop(struct vscsi_tpg *tpg, u64 lun);
ssize_t vscsi_direct_show(struct vscsi_tpg *tpg, char *page);
bool vscsi_direct_begin(struct vscsi_direct *saved);
void vscsi_direct_end(const struct vscsi_direct *saved);

static inline bool vscsi_is_direct(struct vscsi_tpg *tpg, u64 lun)
{
	return !xa_empty(&tpg->direct) && xa_load(&tpg->direct, lun);
}

/* attention.c */
void vscsi_attention_look(void);
void vscsi_attention_again(struct vscsi_tpg *tpg);
void vscsi_attention_forget(struct vscsi_tpg *tpg);
void __vscsi_attention_taken(struct vscsi_tcmd *cmd);

/* A command has ended that may have taken its LUN's unit attentions with it. */
static inline void vscsi_attention_taken(struct vscsi_tcmd *cmd)
{
	if (unlikely(!xa_empty(&cmd->sess->told)))
		__vscsi_attention_taken(cmd);
}

/* mark.c */
bool __vscsi_mark_fits(struct vscsi_tcmd *cmd, u32 mark);
void vscsi_mark_refuse(struct vscsi_tcmd *cmd, u32 mark);
void vscsi_mark_status(struct vscsi_tcmd *cmd);
u16 vscsi_mark_answer(u8 iu[VSCSI_RSP_IU_SIZE], const struct vscsi_tcmd *cmd);

/*
 * The mark of a LU. LIO numbers backing devices one after the other, as they are configured,
 * and begins anew behind 2^31 of them only: of no two is it the same. Not 0; no more than 31
 * bits, as xa_mk_value() may have no more.
 */
static inline u32 vscsi_mark(const struct se_device *dev)
{
	return dev->dev_index + 1U;
}

/* May a command that LIO has prepared go on? It is meant for that LU, as far as it says. */
static inline bool vscsi_mark_fits(struct vscsi_tcmd *cmd, u32 mark)
{
	return likely(cmd->mark == mark) || __vscsi_mark_fits(cmd, mark);
}

/* align.c */
u32 vscsi_dev_alignment(struct se_device *dev);

/* tmr.c */
void vscsi_tmr_submit(struct vpart_call *c);
void vscsi_detach(struct vpart_call *c);
bool vscsi_tmr_cancel(struct vpart_call *c);
void vscsi_tmr_response(struct se_cmd *se_cmd);
void vscsi_tmr_release(struct se_cmd *se_cmd);

#endif /* _VSCSI_TARGET_H */
