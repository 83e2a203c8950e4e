/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit: a session over plain memory, whose other side is the test.
 */
#ifndef _VPART_SHM_SESSION_TEST_H
#define _VPART_SHM_SESSION_TEST_H

#include <kunit/test.h>

#include "shm.h"

#define TEST_DEPTH	8
#define TEST_ID		0x1234567

/**
 * struct session_test - a session, and the other side of it
 * @fabric: what the link is over
 * @server: driver of a server's end
 * @link: with nobody's work
 * @queues: its
 * @end: our end
 * @sess: its session, of one queue
 * @sq: that queue
 * @q: the same, of the bus
 * @regs: where doorbells go
 * @prod: the other side's ring
 * @cons: and ours, which it takes from
 * @call: given to the driver last
 * @calls: how many were
 * @cancels: calls that it was to give up
 * @iu: of @call
 */
struct session_test {
	struct vpart_fabric_ops	fabric;
	struct vpart_server_ops	server;
	struct vpart_link	link;
	struct vpart_queue	*queues;
	struct shm_end		end;
	struct shm_session	*sess;
	struct shm_queue	*sq;
	struct vpart_queue	*q;
	u32			regs[64];
	struct shm_prod		prod;
	struct shm_cons		cons;
	struct vpart_call	*call;
	unsigned int		calls;
	unsigned int		cancels;
	u8			iu[VPART_WIRE_IU_MAX];
};

struct test_req {
	struct vpart_req	req;
	struct scatterlist	sg[4];
	struct page		*page;
	u8			rsp[64];
	unsigned int		done;
	bool			in_task;
};

struct session_test *st_new(struct kunit *test, enum vpart_side side, u32 blocks);
void st_exit(struct kunit *test);
void st_begin(struct kunit *test, struct session_test *t, u32 blocks);
void st_end(struct session_test *t);
void st_anew(struct kunit *test, struct session_test *t);
void st_put(struct kunit *test, struct session_test *t, u8 type, u8 flags, u16 iu_len, u32 tag,
	    u32 arg);
void st_gets(struct kunit *test, struct session_test *t, u8 type, struct shm_wire_entry *e);
void st_runs(struct kunit *test, struct session_test *t, int error);
void st_look(struct session_test *t);
struct test_req *st_req_new(struct kunit *test, u32 tag, bool write, u32 len, u8 fill);
int st_submit(struct session_test *t, struct test_req *r);

#endif /* _VPART_SHM_SESSION_TEST_H */
