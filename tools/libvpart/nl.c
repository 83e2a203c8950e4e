// SPDX-License-Identifier: LGPL-2.1-or-later
/* Generic netlink: one request, its answers, and the kernel's own sentence */
#include <errno.h>
#include <linux/clusterfs_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "internal.h"

/* A dump that changed while it was read is read again this often. */
#define DUMP_RETRIES	5

static const struct nlattr *find_attr(const void *from, size_t len, uint16_t type)
{
	const struct nlattr *a = from;

	while (mnl_attr_ok(a, (int)len)) {
		size_t step = MNL_ALIGN(mnl_attr_get_len(a));

		if (mnl_attr_get_type(a) == type)
			return a;
		if (step >= len)
			break;
		len -= step;
		a = (const struct nlattr *)((const char *)a + step);
	}
	return NULL;
}

/* The kernel's sentence for a refusal, which ends an error or a dump. */
static const char *extack(const struct nlmsghdr *nlh, char *buf, size_t size)
{
	const struct nlattr *a;
	size_t skip, len = mnl_nlmsg_get_payload_len(nlh);

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		skip = sizeof(*e);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			skip += MNL_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	} else {
		skip = MNL_ALIGN(sizeof(int));
	}
	if (skip >= len)
		return NULL;
	a = find_attr((const char *)mnl_nlmsg_get_payload(nlh) + skip, len - skip,
		      NLMSGERR_ATTR_MSG);
	if (!a)
		return NULL;
	vpart_attr_text(a, buf, size);
	return buf;
}

static enum vpart_code code_of(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case ESRCH:
		return VPART_CODE_NOT_FOUND;
	default:
		return VPART_CODE_FAILED;
	}
}

static int refused(struct vpart *v, const struct nlmsghdr *nlh, int err, const char *what)
{
	char text[384];
	const char *why = extack(nlh, text, sizeof(text));

	if (why && *why)
		return vpart_fail(v, err, code_of(err), "%s: %s", what, why);
	v->no_family = err == ENOENT;
	if (err == EPERM)
		return vpart_fail(v, err, VPART_CODE_FAILED,
				  "%s: only root may do this (CAP_NET_ADMIN)", what);
	return vpart_fail(v, err, code_of(err), "%s: %s", what, strerror(err));
}

static int receive(struct vpart *v, unsigned int seq, const char *what,
		   vpart_nl_cb cb, void *arg)
{
	bool interrupted = false;

	for (;;) {
		ssize_t got = mnl_socket_recvfrom(v->nl, v->buf, sizeof(v->buf));
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)v->buf;
		int len = (int)got, ret;

		if (got < 0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN)
				return vpart_fail(v, ETIMEDOUT, VPART_CODE_FAILED,
						  "%s: no answer from the kernel in %d seconds",
						  what, VPART_NL_TIMEOUT_S);
			return vpart_fail(v, errno, VPART_CODE_FAILED, "%s: %s", what,
					  strerror(errno));
		}
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != seq) {
				if (v->unasked && !nlh->nlmsg_seq)
					v->unasked(nlh, v->unasked_arg);
				continue;
			}
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				interrupted = true;
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

				return e->error ? refused(v, nlh, -e->error, what) : 0;
			}
			if (nlh->nlmsg_type == NLMSG_DONE) {
				int err = 0;

				if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(err))
					memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
				if (err < 0)
					return refused(v, nlh, -err, what);
				return interrupted ? -EAGAIN : 0;
			}
			if (nlh->nlmsg_type != v->vpart.id && nlh->nlmsg_type != v->cluster.id &&
			    nlh->nlmsg_type != GENL_ID_CTRL)
				continue;
			ret = cb ? cb(nlh, arg) : 0;
			if (ret)
				return ret;
		}
	}
}

static int parse_family(const struct nlmsghdr *nlh, void *arg)
{
	const size_t head = sizeof(struct genlmsghdr);
	const void *attrs = mnl_nlmsg_get_payload_offset(nlh, head);
	size_t len = mnl_nlmsg_get_payload_len(nlh) - head;
	const struct nlattr *a, *grp, *x;
	struct vpart_family *f = arg;

	a = find_attr(attrs, len, CTRL_ATTR_FAMILY_ID);
	if (a)
		f->id = mnl_attr_get_u16(a);
	a = find_attr(attrs, len, CTRL_ATTR_MCAST_GROUPS);
	if (!a)
		return 0;
	mnl_attr_for_each_nested(grp, a) {
		const void *in = mnl_attr_get_payload(grp);
		size_t in_len = mnl_attr_get_payload_len(grp);

		x = find_attr(in, in_len, CTRL_ATTR_MCAST_GRP_NAME);
		if (!x || strcmp(mnl_attr_get_str(x), VPART_MCGRP_EVENTS))
			continue;
		x = find_attr(in, in_len, CTRL_ATTR_MCAST_GRP_ID);
		if (x)
			f->group = mnl_attr_get_u32(x);
	}
	return 0;
}

static struct nlmsghdr *start(struct vpart *v, uint16_t type, uint8_t cmd, uint8_t version,
			      uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(v->buf);
	struct genlmsghdr *g;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++v->seq;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->cmd = cmd;
	g->version = version;
	return nlh;
}

/* A socket in the caller's network namespace; NULL: the error is recorded. */
struct mnl_socket *vpart_nl_socket(struct vpart *v)
{
	struct timeval limit = { .tv_sec = VPART_NL_TIMEOUT_S };
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	int one = 1;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		vpart_fail(v, errno, VPART_CODE_FAILED, "no netlink socket: %s", strerror(errno));
		if (nl)
			mnl_socket_close(nl);
		return NULL;
	}
	/* Older kernels lack some of these; the answers are understood without. */
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return nl;
}

/* Look for a family, of a module that may have to be loaded. */
static int open_family(struct vpart *v, struct vpart_family *f, const char *name)
{
	struct nlmsghdr *nlh;
	char what[64];
	int ret;

	if (f->id)
		return 0;
	if (!v->nl)
		v->nl = vpart_nl_socket(v);
	if (!v->nl)
		return -v->error.err;
	nlh = start(v, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	snprintf(what, sizeof(what), "netlink family %s", name);
	ret = vpart_nl_run(v, nlh, what, parse_family, f);
	if (ret == -ENOENT || (!ret && !f->id))
		return vpart_fail(v, ENOENT, VPART_CODE_FAILED,
				  "the kernel module %s is not loaded: modprobe %s", name, name);
	return ret;
}

int vpart_nl_open(struct vpart *v)
{
	return open_family(v, &v->vpart, VPART_FAMILY_NAME);
}

void vpart_nl_close(struct vpart *v)
{
	if (v->nl)
		mnl_socket_close(v->nl);
	v->nl = NULL;
	memset(&v->vpart, 0, sizeof(v->vpart));
	memset(&v->cluster, 0, sizeof(v->cluster));
}

/* Begin a request in the handle's buffer; NULL: the error is recorded. */
struct nlmsghdr *vpart_nl_start(struct vpart *v, uint8_t cmd, uint16_t flags)
{
	if (vpart_nl_open(v))
		return NULL;
	return start(v, v->vpart.id, cmd, VPART_FAMILY_VERSION, flags);
}

/* The same, of the family "clusterfs". */
struct nlmsghdr *vpart_nl_start_cluster(struct vpart *v, uint8_t cmd, uint16_t flags)
{
	if (open_family(v, &v->cluster, CLUSTERFS_FAMILY_NAME))
		return NULL;
	return start(v, v->cluster.id, cmd, CLUSTERFS_FAMILY_VERSION, flags);
}

/*
 * Is a family gone, because its module was removed? Loaded anew, it has another id, which goes
 * to @req; if it is not, the error is recorded.
 */
static int family_again(struct vpart *v, struct nlmsghdr *req)
{
	const bool cluster = req->nlmsg_type == v->cluster.id;
	struct vpart_family *f = cluster ? &v->cluster : &v->vpart;
	int ret;

	memset(f, 0, sizeof(*f));
	ret = open_family(v, f, cluster ? CLUSTERFS_FAMILY_NAME : VPART_FAMILY_NAME);
	if (!ret)
		req->nlmsg_type = f->id;
	return ret;
}

/*
 * Send it and hand every answer to @cb; @what names the request in the error
 * sentence. The request lies in the buffer that answers overwrite, so a dump
 * which changed meanwhile is sent again from a copy; so is what a module got
 * that was loaded anew, once.
 */
int vpart_nl_run(struct vpart *v, struct nlmsghdr *nlh, const char *what,
		 vpart_nl_cb cb, void *arg)
{
	bool dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	size_t len = nlh->nlmsg_len;
	struct vpart_list *list = dump ? arg : NULL;
	bool again = nlh->nlmsg_type != GENL_ID_CTRL;
	char copy[1024];
	int tries, ret;

	if (len > sizeof(copy))
		return vpart_fail(v, EMSGSIZE, VPART_CODE_INVALID, "%s: request too long", what);
	memcpy(copy, nlh, len);
	for (tries = 0; tries < DUMP_RETRIES; tries++) {
		struct nlmsghdr *req = (struct nlmsghdr *)copy;

		req->nlmsg_seq = ++v->seq;
		if (list)
			list->n = 0;
		v->no_family = false;
		if (mnl_socket_sendto(v->nl, req, len) < 0)
			return vpart_fail(v, errno, VPART_CODE_FAILED, "%s: %s", what,
					  strerror(errno));
		ret = receive(v, req->nlmsg_seq, what, cb, arg);
		if (again && ret == -ENOENT && v->no_family) {
			const uint16_t id = req->nlmsg_type;

			again = false;
			if (family_again(v, req))
				return -v->error.err;
			if (req->nlmsg_type != id)
				continue;
		}
		if (!dump || ret != -EAGAIN)
			return ret;
	}
	return vpart_fail(v, EAGAIN, VPART_CODE_FAILED, "%s: changed too often while it was read",
			  what);
}

static struct mnl_socket *subscribe(struct vpart *v, const struct vpart_family *f,
				    const char *name)
{
	struct mnl_socket *nl;

	if (!f->group) {
		vpart_fail(v, ENOENT, VPART_CODE_FAILED, "this kernel's %s has no events", name);
		return NULL;
	}
	nl = vpart_nl_socket(v);
	if (!nl)
		return NULL;
	if (mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, (void *)&f->group,
				  sizeof(f->group)) < 0) {
		vpart_fail(v, errno, VPART_CODE_FAILED, "events: %s", strerror(errno));
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}

/* A second socket that hears the events; NULL: the error is recorded. */
struct mnl_socket *vpart_nl_subscribe(struct vpart *v)
{
	return vpart_nl_open(v) ? NULL : subscribe(v, &v->vpart, VPART_FAMILY_NAME);
}

/* The same, of the family "clusterfs". */
struct mnl_socket *vpart_nl_subscribe_cluster(struct vpart *v)
{
	if (open_family(v, &v->cluster, CLUSTERFS_FAMILY_NAME))
		return NULL;
	return subscribe(v, &v->cluster, CLUSTERFS_FAMILY_NAME);
}

uint64_t vpart_attr_u64(const struct nlattr *a)
{
	uint64_t v64;

	switch (mnl_attr_get_payload_len(a)) {
	case 1:
		return mnl_attr_get_u8(a);
	case 2:
		return mnl_attr_get_u16(a);
	case 4:
		return mnl_attr_get_u32(a);
	case 8:
		memcpy(&v64, mnl_attr_get_payload(a), sizeof(v64));
		return v64;
	default:
		return 0;
	}
}

void vpart_attr_text(const struct nlattr *a, char *dst, size_t size)
{
	size_t len = strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));

	if (len > size - 1)
		len = size - 1;
	memcpy(dst, mnl_attr_get_payload(a), len);
	dst[len] = 0;
}

void vpart_attr_uuid(const struct nlattr *a, uint8_t uuid[VPART_UUID_SIZE])
{
	if (mnl_attr_get_payload_len(a) == VPART_UUID_SIZE)
		memcpy(uuid, mnl_attr_get_payload(a), VPART_UUID_SIZE);
}
