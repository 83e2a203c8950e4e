/* SPDX-License-Identifier: GPL-2.0 */
/* netlink.h: between the files of the netlink family. */
#ifndef _VPART_NETLINK_H
#define _VPART_NETLINK_H

#include <net/genetlink.h>

#include "vpart.h"

extern struct genl_family vpart_family;

/**
 * struct vpart_nl_out - where a message goes
 * @skb: buffer
 * @portid: of the asker
 * @seq: of the request
 * @flags: NLM_F_*
 * @cb: of the dump, for its consistency; NULL if it is an answer
 */
struct vpart_nl_out {
	struct sk_buff		*skb;
	u32			portid;
	u32			seq;
	int			flags;
	struct netlink_callback	*cb;
};

int vpart_nl_node(const struct vpart_nl_out *out, const struct vpart_node *n);
int vpart_nl_partition(const struct vpart_nl_out *out,
		       struct vpart_partition *p);
int vpart_nl_adapter(const struct vpart_nl_out *out, struct vpart_link *link);
int vpart_nl_link(const struct vpart_nl_out *out, struct vpart_link *link);
int vpart_nl_call(const struct vpart_nl_out *out, struct vpart_link *link,
		  const struct vpart_held *held);
int vpart_nl_event(const struct vpart_nl_out *out, u8 cmd,
		   const struct vpart_event *ev, u64 lost, u64 seq);

int vpart_nl_node_dump(struct sk_buff *skb, struct netlink_callback *cb);
int vpart_nl_partition_dump(struct sk_buff *skb, struct netlink_callback *cb);
int vpart_nl_adapter_dump(struct sk_buff *skb, struct netlink_callback *cb);
int vpart_nl_link_dump(struct sk_buff *skb, struct netlink_callback *cb);
int vpart_nl_call_dump(struct sk_buff *skb, struct netlink_callback *cb);
int vpart_nl_event_start(struct netlink_callback *cb);
int vpart_nl_event_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _VPART_NETLINK_H */
