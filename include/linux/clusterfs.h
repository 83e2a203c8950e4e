/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clusterfs: events, for other modules of this kernel (R20). What they may rely on, in one
 * table with user space's: Documentation/admin-guide/clusterfs.rst, Events.
 */
#ifndef _LINUX_CLUSTERFS_H
#define _LINUX_CLUSTERFS_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <uapi/linux/clusterfs.h>

struct cfs_mount;
struct module;

/* Bytes of a sentence of a refusal. */
#define CFS_EVENT_WHY	200

/**
 * struct cfs_event - something happened, or what did is lost
 * @cluster: name of the cluster
 * @node: name of the mounted node that tells it
 * @history: what @seq counts in: the repository, or with @local this life of the node
 * @local: it is not stored: this node tells it of itself
 * @seq: its number, from 1; of what is lost: number of the first that is not
 * @lost: not 0: this is no event, but so many before @seq can no longer be read
 * @delivery: of a handler: the number to answer by; never given twice at a mount
 * @term: registry term, and
 * @commit: number of the commit that it came with; 0 with @local
 * @time: seconds since 1970
 * @object: id of what it is about, or 0
 * @code: CFS_CODE_* of its class
 * @type: type of what it is about, or 0
 * @class: CFS_EVENT_*; of what is lost: that of the handler, else CFS_EVENT_KINDS
 * @severity: CFS_INFORMATION...
 * @text: a sentence
 *
 * All of it belongs to the caller, and is gone when the call is over.
 */
struct cfs_event {
	const char	*cluster;
	const char	*node;
	uuid_t		history;
	bool		local;
	u64		seq;
	u64		lost;
	u64		delivery;
	u64		term;
	u64		commit;
	u64		time;
	u64		object;
	u32		code;
	u8		type;
	u8		class;
	u8		severity;
	const char	*text;
};

/**
 * struct cfs_handler - the one at a mounted node who handles events of a class
 * @owner: module, kept while it is called
 * @name: for people, who asks who it is; they are shown 31 characters of it
 * @class: CFS_EVENT_*
 * @ms: an answer may take so long, at least 1
 * @event: an event, or that some are lost. Context: process, with no lock held; it may sleep,
 *	change the database, register anything, and unregister itself and any listener, but no
 *	other handler. Registered again in its call, it gets the same event. 0: done; -EINPROGRESS:
 *	cfs_handler_answer() says later what came of it; -EAGAIN: it cannot take it now, and
 *	gets it again; another -errno: it could not be done, which is recorded
 * @gone: the node is being unmounted: no event comes any more; the handler must still be
 *	unregistered, here or later. NULL: it need not know
 * @mount: private
 */
struct cfs_handler {
	struct module		*owner;
	const char		*name;
	u8			class;
	unsigned int		ms;
	int			(*event)(struct cfs_handler *h, const struct cfs_event *ev);
	void			(*gone)(struct cfs_handler *h);
	struct cfs_mount	*mount;
};

/**
 * struct cfs_listener - who is told of all events, of all mounted nodes
 * @owner: module, kept while it is called
 * @event: an event, or that some are lost. Context: process; one call at a time of all
 *	listeners, so that it should not take long: the unmounting of any node waits for it. It
 *	may sleep, register anything, and unregister any listener, but no handler. One that is
 *	registered in a call is told from the next event on
 * @entry: private
 */
struct cfs_listener {
	struct module		*owner;
	void			(*event)(struct cfs_listener *l, const struct cfs_event *ev);
	struct list_head	entry;
};

int __must_check cfs_handler_register(struct cfs_handler *h, const char *cluster,
				      const char *node, char *why);
int cfs_handler_answer(struct cfs_handler *h, u64 delivery, int result);
int __must_check cfs_handler_unregister(struct cfs_handler *h);
void cfs_listener_register(struct cfs_listener *l);
void cfs_listener_unregister(struct cfs_listener *l);
int __printf(8, 9) cfs_event_say(const char *cluster, const char *node, u8 class, u8 severity,
				 u32 code, u8 type, u64 object, const char *fmt, ...);

#endif /* _LINUX_CLUSTERFS_H */
