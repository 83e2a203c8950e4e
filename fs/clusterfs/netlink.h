/* SPDX-License-Identifier: GPL-2.0 */
/* clusterfs: between the files of the netlink family. */
#ifndef _CLUSTERFS_NETLINK_H
#define _CLUSTERFS_NETLINK_H

#include <net/genetlink.h>
#include <uapi/linux/clusterfs_netlink.h>
#include "mount.h"
#include "object.h"

extern struct genl_family cfs_family;

/* Room for a sentence, as cfs_change() wants it. */
#define CFS_NL_WHY	200

static_assert(sizeof_field(struct cfs_db, why) == CFS_NL_WHY);

/**
 * struct cfs_nl_out - where a message goes
 * @skb: buffer
 * @portid: of the asker
 * @seq: of the request
 * @flags: NLM_F_*
 * @cmd: CLUSTERFS_CMD_*
 */
struct cfs_nl_out {
	struct sk_buff	*skb;
	u32		portid;
	u32		seq;
	int		flags;
	u8		cmd;
};

/**
 * struct cfs_nl_from - which mount an event is told by
 * @cluster: name
 * @mount: name of the node
 * @uuid: of the repository
 */
struct cfs_nl_from {
	char	cluster[CFS_NAME_SIZE];
	char	mount[CFS_NAME_SIZE];
	uuid_t	uuid;
};

/* A change that was asked for: netlink_work.c. */
struct cfs_nl_work;

/* A LU or volume, and the node that is to own it, CFS_NOBODY: whichever. */
struct cfs_nl_moved {
	u8	type;
	u32	to;
	u64	id;
};

typedef int (*cfs_nl_change_t)(struct cfs_nl_work *w, struct netlink_ext_ack *extack);

/* netlink.c */
int cfs_nl_say(struct netlink_ext_ack *extack, int err, const char *why);
int cfs_nl_wrong(struct genl_info *info, int attr, int err, const char *why);
int cfs_nl_need(struct genl_info *info, int attr, const char *what);
int cfs_nl_copy(struct genl_info *info, int attr, u8 *field, size_t size, const char *what);
struct cfs_mount *cfs_nl_mount(struct nlattr **attrs, struct netlink_ext_ack *extack);
struct cfs_mount *cfs_nl_mount_look(struct nlattr **attrs, struct netlink_ext_ack *extack);

static inline u64 cfs_nl_u64(const struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u64(info->attrs[attr]) : 0;
}

static inline u32 cfs_nl_u32(const struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : 0;
}

/* netlink_work.c */
int cfs_nl_add(struct cfs_nl_work *w, struct netlink_ext_ack *extack);
int cfs_nl_del(struct cfs_nl_work *w, struct netlink_ext_ack *extack);
int cfs_nl_fenced(struct cfs_nl_work *w, struct netlink_ext_ack *extack);
int cfs_nl_yield(struct cfs_nl_work *w, struct netlink_ext_ack *extack);
int cfs_nl_move(struct cfs_nl_work *w, struct netlink_ext_ack *extack);
int cfs_nl_later(struct sk_buff *skb, struct genl_info *info, cfs_nl_change_t change,
		 const void *arg, size_t size);

/* netlink_msg.c */
u8 cfs_nl_type(u8 cmd);
int cfs_nl_put_mount(const struct cfs_nl_out *out, struct cfs_mount *m);
int cfs_nl_put_stats(const struct cfs_nl_out *out, struct cfs_mount *m);
int cfs_nl_put_object(const struct cfs_nl_out *out, const struct cfs_view *view,
		      const struct cfs_disk_record *r);
int cfs_nl_put_owner(const struct cfs_nl_out *out, struct cfs_mount *m,
		     const struct cfs_view *view, const struct cfs_disk_record *r);
int cfs_nl_put_usage(const struct cfs_nl_out *out, const struct cfs_view *view,
		     const struct cfs_disk_record *r);
int cfs_nl_put_event(const struct cfs_nl_out *out, const struct cfs_nl_from *from,
		     const struct cfs_disk_record *r, u64 lost, u64 seq);
int cfs_nl_put_told(const struct cfs_nl_out *out, const struct cfs_event *ev);
int cfs_nl_put_handler(const struct cfs_nl_out *out, const struct cfs_mount *m, unsigned int class,
		       const struct cfs_post *p);
int cfs_nl_put_gone(const struct cfs_nl_out *out, const struct cfs_mount *m, unsigned int class);
void cfs_nl_from(struct cfs_nl_from *from, const struct cfs_mount *m);

/* netlink_dump.c */
int cfs_nl_mount_dump(struct sk_buff *skb, struct netlink_callback *cb);
int cfs_nl_object_dump(struct sk_buff *skb, struct netlink_callback *cb);
int cfs_nl_usage_dump(struct sk_buff *skb, struct netlink_callback *cb);
int cfs_nl_event_dump(struct sk_buff *skb, struct netlink_callback *cb);
int cfs_nl_local_dump(struct sk_buff *skb, struct netlink_callback *cb);
int cfs_nl_local_done(struct netlink_callback *cb);
void cfs_nl_dump_out(struct cfs_nl_out *out, struct sk_buff *skb, struct netlink_callback *cb,
		     u8 cmd);
int cfs_nl_dump_done(struct netlink_callback *cb);

/* netlink_handler.c */
int cfs_nl_say_doit(struct sk_buff *skb, struct genl_info *info);
int cfs_nl_handler_new(struct sk_buff *skb, struct genl_info *info);
int cfs_nl_handler_del(struct sk_buff *skb, struct genl_info *info);
int cfs_nl_handler_answer(struct sk_buff *skb, struct genl_info *info);
int cfs_nl_handler_dump(struct sk_buff *skb, struct netlink_callback *cb);
int cfs_nl_handlers_init(void);
void cfs_nl_handlers_exit(void);

/* netlink_owner.c */
int cfs_nl_owner_dump(struct sk_buff *skb, struct netlink_callback *cb);
int cfs_nl_owner_done(struct netlink_callback *cb);
int cfs_nl_owner_move(struct sk_buff *skb, struct genl_info *info);

#endif /* _CLUSTERFS_NETLINK_H */
