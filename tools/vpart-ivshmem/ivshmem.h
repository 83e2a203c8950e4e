/* SPDX-License-Identifier: GPL-2.0 */
/* vpart-ivshmem: segments of shared memory, and the two peers of each */
#ifndef VPART_IVSHMEM_H
#define VPART_IVSHMEM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <json-c/json.h>

/* Exit codes, as those of vpart */
#define EXIT_USAGE	2
#define EXIT_NOT_FOUND	3

#define PEERS		2
#define MAX_ID		65535
/* Setup of a second peer is 2 * MAX_VECTORS + 3 messages, which have to fit a socket. */
#define MAX_VECTORS	128
#define MAX_ALLOWED	8
#define MAX_SEGMENTS	1024
/* Of a socket's path; what is kept beside it has a longer name. */
#define MAX_PATH	100

#ifndef __printf
#define __printf(f, a)	\
	__attribute__((\
		format(printf, f, a)))
#endif

/**
 * struct peer - a QEMU that has one end of a segment
 * @sock: its connection, or -1: nobody is here
 * @id: what doorbells call it
 * @pid: who it was when it connected
 * @uid: its user
 * @gid: its group
 * @since: when it joined, in seconds of the monotonic clock
 * @announced: the other peer knows of it, and is told when it leaves
 * @nvectors: how many of @vector are open
 * @vector: eventfds that interrupt it
 */
struct peer {
	int		sock;
	unsigned int	id;
	pid_t		pid;
	uid_t		uid;
	gid_t		gid;
	time_t		since;
	bool		announced;
	unsigned int	nvectors;
	int		vector[MAX_VECTORS];
};

/**
 * struct segment - shared memory for two peers, and the socket where they get it
 * @path: of the socket; its lock and the socket for the status are beside it
 * @size: bytes, a power of two
 * @vectors: eventfds per peer
 * @mode: of the socket
 * @gid: its group, or (gid_t)-1
 * @allowed: users that may be peers; all whom @mode lets in when there is none
 * @nallowed: how many of them
 * @lock: locked as long as this process serves the segment
 * @listener: peers come here
 * @reporter: who wants the status comes here
 * @memory: of the pair that is here, or -1: the next pair gets another one, and
 *	sees nothing of this one's even if a peer keeps it
 * @quiet_until: a second in which no more is said of refused peers
 * @retry_at: no peer is accepted until then, because the system had no room
 * @next_id: of the next peer. None is given twice while a peer is here that knew
 *	its last owner: QEMU to 7.2 at least uses what it freed of that one
 * @joined: peers so far
 * @refused: those that were turned away
 * @dropped: those that were thrown out
 * @peer: the two ends
 */
struct segment {
	const char	*path;
	uint64_t	size;
	unsigned int	vectors;
	mode_t		mode;
	gid_t		gid;
	uid_t		allowed[MAX_ALLOWED];
	unsigned int	nallowed;
	int		lock;
	int		listener;
	int		reporter;
	int		memory;
	time_t		quiet_until;
	time_t		retry_at;
	unsigned int	next_id;
	uint64_t	joined;
	uint64_t	refused;
	uint64_t	dropped;
	struct peer	peer[PEERS];
};

/* main.c */
__printf(1, 2)
int failed(const char *fmt, ...);
__printf(2, 3)
int usage(const char *verb, const char *fmt, ...);

/* options.c */
int parse_segments(int argc, char **argv, struct segment **segments, unsigned int *n);

/* segment.c */
__printf(2, 3)
void note(const struct segment *s, const char *fmt, ...);
time_t now(void);
int segment_open(struct segment *s);
void segment_close(struct segment *s);

/* peer.c */
void peer_accept(struct segment *s);
void peer_readable(struct segment *s, unsigned int i);
void peer_leave(struct segment *s, unsigned int i);

/* serve.c */
int serve(struct segment *segments, unsigned int n);

/* status.c */
void status_answer(struct segment *s);
int status_ask(int npaths, char **paths, bool json);

#endif /* VPART_IVSHMEM_H */
