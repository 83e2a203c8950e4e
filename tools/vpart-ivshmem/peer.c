// SPDX-License-Identifier: GPL-2.0
/*
 * What a peer is told, by QEMU's protocol for ivshmem servers, version 0. Each
 * message is a little-endian 64-bit number, some with a file:
 *
 *	the version, the peer's ID, -1 with the memory;
 *	the other peer's ID with each of its eventfds, if there is another;
 *	its own ID with each of its eventfds;
 *	later the other's ID with each eventfd when it joins, without when it leaves.
 *
 * A peer says nothing. What it is sent waits in its socket and nowhere else: when
 * there is no more room, the peer does not read and is dropped.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "ivshmem.h"

#define PROTOCOL	0
#define NO_PROTOCOL	(-1)
#define MEMORY		(-1)
/* Room for the setup of a second peer with MAX_VECTORS. */
#define SEND_BUFFER	(256 << 10)

/* Since Linux 6.3: memory that is never run as a program. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U
#endif

/* One message; fd is -1 when there is no file. 0, or -errno */
static int send_number(const struct peer *p, int64_t number, int fd)
{
	uint64_t wire = htole64((uint64_t)number);
	struct iovec iov = { .iov_base = &wire, .iov_len = sizeof(wire) };
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int))];
	} control = { };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t sent;

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do {
		sent = sendmsg(p->sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	return sent == sizeof(wire) ? 0 : -EAGAIN;
}

/* An ID with each of a peer's eventfds. */
static int send_vectors(const struct peer *to, const struct peer *of)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < of->nvectors && !ret; i++)
		ret = send_number(to, of->id, of->vector[i]);
	return ret;
}

static int setup(const struct segment *s, unsigned int i)
{
	const struct peer *p = &s->peer[i], *other = &s->peer[!i];
	int ret;

	ret = send_number(p, PROTOCOL, -1);
	if (!ret)
		ret = send_number(p, p->id, -1);
	if (!ret)
		ret = send_number(p, MEMORY, s->memory);
	if (!ret && other->sock >= 0)
		ret = send_vectors(p, other);
	if (!ret)
		ret = send_vectors(p, p);
	return ret;
}

/* Memory of a fixed size for the next pair, all zero. 0, or -errno */
static int make_memory(struct segment *s)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd, err;

	fd = memfd_create("vpart-ivshmem", flags | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("vpart-ivshmem", flags);
	if (fd < 0)
		return -errno;
	/* The peers share the file: neither may change what the other has mapped. */
	if (ftruncate(fd, (off_t)s->size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		err = -errno;
		close(fd);
		return err;
	}
	s->memory = fd;
	return 0;
}

static int make_vectors(const struct segment *s, struct peer *p)
{
	int fd;

	for (p->nvectors = 0; p->nvectors < s->vectors; p->nvectors++) {
		fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fd < 0)
			return -errno;
		p->vector[p->nvectors] = fd;
	}
	return 0;
}

/* Close what is a peer's; who has its place next finds nothing of it. */
static void forget(struct segment *s, unsigned int i)
{
	struct peer *p = &s->peer[i];

	close(p->sock);
	p->sock = -1;
	p->announced = false;
	while (p->nvectors)
		close(p->vector[--p->nvectors]);
	if (s->peer[!i].sock >= 0)
		return;
	s->next_id = 0;
	if (s->memory >= 0)
		close(s->memory);
	s->memory = -1;
}

/* A peer could not be told: throw it out if it does not read. */
static void undelivered(struct segment *s, unsigned int i, int err)
{
	/* It has gone, which its end of file will say. */
	if (err == -EPIPE || err == -ECONNRESET)
		return;
	s->dropped++;
	note(s, "peer %u (pid %d) is dropped: %s", s->peer[i].id, (int)s->peer[i].pid,
	     err == -EAGAIN ? "it does not read" : strerror(-err));
	peer_leave(s, i);
}

/* A peer has gone, or has to: the other one is told. */
void peer_leave(struct segment *s, unsigned int i)
{
	const struct peer left = s->peer[i];
	struct peer *other = &s->peer[!i];
	int err;

	note(s, "peer %u (pid %d) left", left.id, (int)left.pid);
	forget(s, i);
	if (other->sock < 0 || !left.announced)
		return;
	err = send_number(other, left.id, -1);
	if (err)
		undelivered(s, !i, err);
}

/*
 * Turn somebody away. A version that there is not makes QEMU give up; a connection
 * that is only closed makes it wait without end.
 */
static void refuse(struct segment *s, int sock, const struct ucred *cred, const char *why)
{
	const struct peer nobody = { .sock = sock };

	send_number(&nobody, NO_PROTOCOL, -1);
	close(sock);
	s->refused++;
	if (now() < s->quiet_until)
		return;
	s->quiet_until = now() + 1;
	note(s, "pid %d of user %u is refused: %s", (int)cred->pid, cred->uid, why);
}

static bool is_allowed(const struct segment *s, uid_t uid)
{
	unsigned int i;

	for (i = 0; i < s->nallowed; i++)
		if (s->allowed[i] == uid)
			return true;
	return !s->nallowed;
}

static void join(struct segment *s, unsigned int i, int sock, const struct ucred *cred)
{
	struct peer *p = &s->peer[i], *other = &s->peer[!i];
	int size = SEND_BUFFER, err = 0;

	p->sock = sock;
	p->id = s->next_id;
	p->pid = cred->pid;
	p->uid = cred->uid;
	p->gid = cred->gid;
	p->since = now();
	setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (s->memory < 0)
		err = make_memory(s);
	if (!err)
		err = make_vectors(s, p);
	if (err) {
		note(s, "no room for the files of a peer: %s", strerror(-err));
		send_number(p, NO_PROTOCOL, -1);
		s->refused++;
		forget(s, i);
		return;
	}
	s->next_id++;
	s->joined++;
	note(s, "peer %u joined (pid %d, user %u)", p->id, (int)cred->pid, cred->uid);
	err = setup(s, i);
	if (err) {
		undelivered(s, i, err);
		return;
	}
	p->announced = true;
	if (other->sock < 0)
		return;
	err = send_vectors(other, p);
	if (err)
		undelivered(s, !i, err);
}

/* A peer's connection has something: its end, as a peer says nothing. */
void peer_readable(struct segment *s, unsigned int i)
{
	char byte;
	ssize_t got = recv(s->peer[i].sock, &byte, sizeof(byte), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		s->dropped++;
		note(s, "peer %u (pid %d) is dropped: it speaks, which the protocol does not know",
		     s->peer[i].id, (int)s->peer[i].pid);
	}
	peer_leave(s, i);
}

/* A place that is free, or PEERS. */
static unsigned int free_place(struct segment *s)
{
	unsigned int i;

	/* One may have gone since the loop looked, and before who comes now came. */
	for (i = 0; i < PEERS; i++)
		if (s->peer[i].sock >= 0)
			peer_readable(s, i);
	for (i = 0; i < PEERS; i++)
		if (s->peer[i].sock < 0)
			break;
	return i;
}

/* Somebody connects: the first free place is theirs, a third one's is none. */
void peer_accept(struct segment *s)
{
	struct ucred cred = { .pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	socklen_t len = sizeof(cred);
	unsigned int i;
	int sock;

	sock = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			note(s, "no peer is accepted for a second: %s", strerror(errno));
			s->retry_at = now() + 1;
		}
		return;
	}
	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) || !is_allowed(s, cred.uid)) {
		refuse(s, sock, &cred, "this user is not allowed");
		return;
	}
	i = free_place(s);
	if (i == PEERS)
		refuse(s, sock, &cred, "two peers are connected");
	else if (s->next_id > MAX_ID)
		refuse(s, sock, &cred, "there is no ID left until the other peer leaves");
	else
		join(s, i, sock, &cred);
}
