// SPDX-License-Identifier: GPL-2.0
/*
 * A client logs in: queue 0 first, then the others, then the driver's request.
 * All in the link's work, which waits, within STREAM_LOGIN_TIME and only while
 * the link is wanted.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/sched/mm.h>

#include "stream.h"

/* A login under way */
struct stream_login {
	struct stream_end	*end;
	struct stream_session	*sess;
	unsigned long		deadline;
	struct vpart_limits	want;
	struct vpart_init	init;		/* of the queue that is connected now */
	u8			init_pdu[VPART_HS_INIT];
	u8			ack_pdu[VPART_HS_INIT];
	u8			auth_pdu[VPART_HS_AUTH];
};

static bool stream_login_stop(void *arg)
{
	struct stream_login *l = arg;

	return vpart_link_unwanted(l->end->link);
}

/* Why a server says no, as an errno. */
static int stream_login_rejected(struct stream_login *l, struct stream_conn *conn)
{
	struct stream_end *end = l->end;
	u32 reason = conn->rx.hdr.arg;
	int err = vpart_reject_get(&conn->rx.hdr, conn->rx.iu);

	spin_lock_irq(&end->lock);
	end->total.refused++;
	if (reason == VPART_REJECT_AUTH)
		end->total.auth_failures++;
	spin_unlock_irq(&end->lock);
	return vpart_link_rejected(end->link, conn->peer, reason, err);
}

/*
 * Wait for a PDU of this type. What else came, or did not, becomes an errno,
 * and the link's problem.
 */
static int stream_login_expect(struct stream_login *l, struct stream_conn *conn, u8 type)
{
	struct vpart_link *link = l->end->link;
	int err = stream_hs_recv(conn, l->deadline, stream_login_stop, l);

	if (err > 0) {
		conn->error = err;	/* the peer is told */
		vpart_link_problem(link, "%.50s: %s", conn->peer, vpart_wire_error_text(err));
		spin_lock_irq(&l->end->lock);
		l->end->total.protocol_errors++;
		spin_unlock_irq(&l->end->lock);
		return -EPROTO;
	}
	if (err == -ETIMEDOUT) {
		conn->error = VPART_ERR_TIMEOUT;
		vpart_link_problem(link, "%.50s does not answer", conn->peer);
	} else if (err && err != -ECANCELED) {
		vpart_link_problem(link, "%.50s hung up: error %d", conn->peer, -err);
	}
	if (err)
		return err;
	if (conn->rx.hdr.type == type)
		return 0;
	if (conn->rx.hdr.type == VPART_PDU_REJECT)
		return stream_login_rejected(l, conn);
	if (conn->rx.hdr.type == VPART_PDU_ERROR)
		vpart_link_problem(link, "%.50s complains: %s", conn->peer,
				   vpart_wire_error_text(conn->rx.hdr.arg));
	else
		vpart_link_problem(link, "%.50s leaves", conn->peer);
	return -ECONNABORTED;
}

static int stream_login_socket(struct stream_login *l, struct stream_conn *conn)
{
	struct stream_end *end = l->end;
	struct socket *sock;
	int err;

	err = stream_sock_connect(end->net, &end->addr, stream_conn_prepare, conn, &sock);
	if (err && err != -EINPROGRESS)
		goto say;
	conn->sock = sock;
	if (err)
		err = stream_hs_connected(conn, l->deadline, stream_login_stop, l);
	if (!err)
		return stream_conn_attach(conn, sock);
	if (err == -ECANCELED)
		return err;
say:
	if (err == -ETIMEDOUT)
		vpart_link_problem(end->link, "%.60s does not answer", end->link->address);
	else if (err == -ECONNREFUSED)
		vpart_link_problem(end->link, "nobody listens at %.60s", end->link->address);
	else
		vpart_link_problem(end->link, "connect to %.60s: error %d", end->link->address,
				   -err);
	return err;
}

/* Prove that we have the key, and have the server prove it. */
static int stream_login_auth(struct stream_login *l, struct stream_conn *conn,
			     const struct vpart_init_ack *ack)
{
	struct stream_end *end = l->end;
	bool wants = ack->auth != VPART_AUTH_NONE;
	u8 mac[VPART_MAC_SIZE];
	int err;

	if (wants != !!end->key) {
		vpart_link_problem(end->link, wants ? "%.50s wants a key, this link has none" :
				   "%.50s has no key, this link has one", conn->peer);
		err = -EKEYREJECTED;
		goto refused;
	}
	if (!wants)
		return stream_hs_send(conn, VPART_PDU_AUTH, 0, NULL, 0) ?:
		       stream_login_expect(l, conn, VPART_PDU_AUTH_ACK);

	err = vpart_handshake_mac(end->key, l->init_pdu, l->ack_pdu, NULL, mac);
	if (err) {
		vpart_link_problem(end->link, "key %.40s: error %d", end->key, -err);
		goto refused;
	}
	err = stream_hs_send(conn, VPART_PDU_AUTH, 0, mac, sizeof(mac));
	if (err)
		return err;
	memcpy(l->auth_pdu, conn->tx.head, sizeof(l->auth_pdu));
	err = stream_login_expect(l, conn, VPART_PDU_AUTH_ACK) ?:
	      vpart_handshake_mac(end->key, l->init_pdu, l->ack_pdu, l->auth_pdu, mac);
	if (err)
		return err;
	if (vpart_mac_equal(mac, conn->rx.iu))
		return 0;
	vpart_link_problem(end->link, "%.50s does not have the key", conn->peer);
	err = -EKEYREJECTED;
refused:
	spin_lock_irq(&end->lock);
	end->total.refused++;
	end->total.auth_failures++;
	spin_unlock_irq(&end->lock);
	return err;
}

/* Connect one queue, up to AUTH_ACK. */
static int stream_login_queue(struct stream_login *l, unsigned int queue)
{
	struct vpart_link *link = l->end->link;
	struct stream_session *sess = l->sess;
	u8 iu[VPART_INIT_SIZE];
	struct vpart_init_ack ack;
	struct stream_conn *conn;
	int err;

	conn = stream_conn_new(&link->wait, VPART_SIDE_CLIENT, queue);
	if (!conn)
		return -ENOMEM;
	if (!stream_session_join(sess, conn)) {
		stream_conn_free(conn);
		return -ECANCELED;
	}
	err = stream_login_socket(l, conn);
	if (err)
		return err;
	if (queue)
		vpart_init_next(&l->init, &sess->ack, queue);
	get_random_bytes(l->init.nonce, sizeof(l->init.nonce));
	vpart_init_put(iu, &l->init);
	err = stream_hs_send(conn, VPART_PDU_INIT, 0, iu, sizeof(iu));
	if (err)
		return err;
	memcpy(l->init_pdu, conn->tx.head, sizeof(l->init_pdu));

	err = stream_login_expect(l, conn, VPART_PDU_INIT_ACK);
	if (err)
		return err;
	memcpy(l->ack_pdu, conn->rx.head, VPART_HDR_SIZE);
	memcpy(l->ack_pdu + VPART_HDR_SIZE, conn->rx.iu, VPART_INIT_SIZE);
	err = vpart_init_ack_get(&ack, conn->rx.iu, conn->rx.hdr.iu_len, &l->init);
	if (err) {
		conn->error = err;
		vpart_link_problem(link, "%.50s: %s in its answer", conn->peer,
				   vpart_wire_error_text(err));
		return -EPROTO;
	}
	if (queue && !uuid_equal(&ack.boot, &sess->ack.boot)) {
		vpart_link_problem(link, "%.50s has started anew", conn->peer);
		return -EAGAIN;
	}
	vpart_rules_negotiated(&conn->rules, &ack);
	err = stream_login_auth(l, conn, &ack);
	if (err)
		return err;
	vpart_rules_phase(&conn->rules, queue ? VPART_PHASE_WAIT : VPART_PHASE_LOGIN);
	if (!queue)
		sess->ack = ack;
	return 0;
}

/* Queues that the server does not want after all: what comes there is nobody's. */
static void stream_login_trim(struct stream_session *sess, unsigned int nr)
{
	struct stream_conn *conn;

	while (sess->nr > nr) {
		spin_lock_irq(&sess->end->lock);
		conn = sess->conn[--sess->nr];
		sess->conn[sess->nr] = NULL;
		spin_unlock_irq(&sess->end->lock);
		stream_conn_stop(conn, VPART_BYE_NONE);
		stream_conn_free(conn);
	}
}

/* The driver's request and its answer: the limits of the epoch. */
static int stream_login_driver(struct stream_login *l)
{
	struct vpart_adapter *client = &l->end->link->adapter[VPART_SIDE_CLIENT];
	struct stream_session *sess = l->sess;
	struct stream_conn *conn = sess->conn[0];
	struct vpart_link *link = l->end->link;
	struct vpart_limits lim = l->want;
	struct vpart_login_limits got;
	unsigned int i;
	int len, err;

	len = link->client->login(client, link->scratch.iu, VPART_MAX_IU);
	if (len < 0)
		return len;
	err = stream_hs_send(conn, VPART_PDU_LOGIN, 0, link->scratch.iu, len) ?:
	      stream_login_expect(l, conn, VPART_PDU_LOGIN_RSP);
	if (err)
		return err;
	err = vpart_login_rsp_get(&got, conn->rx.iu, conn->rx.hdr.iu_len, &sess->ack);
	if (err) {
		conn->error = err;
		vpart_link_problem(link, "%.50s: %s in its answer", conn->peer,
				   vpart_wire_error_text(err));
		return -EPROTO;
	}
	lim.nr_queues = min(lim.nr_queues, got.queues);
	lim.depth = min(lim.depth, got.depth);
	lim.max_segs = min(lim.max_segs, got.max_segs);
	lim.max_data = min(lim.max_data, got.max_data);
	/* Data are copied before their digest is made: they need not be stable. */
	lim.caps = 0;
	err = vpart_link_tables(link, &lim, 0);
	if (err)
		return err;
	link->login_rsp_len = conn->rx.hdr.iu_len - sizeof(struct vpart_wire_login_rsp);
	memcpy(link->login_rsp, conn->rx.iu + sizeof(struct vpart_wire_login_rsp),
	       link->login_rsp_len);
	stream_login_trim(sess, lim.nr_queues);
	for (i = 0; i < sess->nr; i++) {
		sess->conn[i]->q = &link->queues[i];
		vpart_rules_login(&sess->conn[i]->rules, conn->rx.hdr.epoch, &got);
	}
	return 0;
}

static int stream_login(struct stream_login *l)
{
	unsigned int queue;
	int err;

	err = stream_login_queue(l, 0);
	for (queue = 1; !err && queue < l->sess->ack.queues; queue++)
		err = stream_login_queue(l, queue);
	return err ?: stream_login_driver(l);
}

static void stream_login_begin(struct stream_login *l)
{
	struct vpart_link *link = l->end->link;

	spin_lock_irq(&link->lock);
	l->want = link->end[VPART_SIDE_CLIENT].want;
	spin_unlock_irq(&link->lock);
	l->deadline = jiffies + STREAM_LOGIN_TIME;
	l->init = (struct vpart_init) {
		.ver_min	= l->end->own.ver_min,
		.ver_max	= l->end->own.ver_max,
		.role		= VPART_INIT_CLIENT,
		.queues		= l->want.nr_queues,
		.depth		= l->want.depth,
		.features	= l->end->own.features,
		.adapter	= link->adapter[VPART_SIDE_CLIENT].id,
		.keepalive	= l->end->own.keepalive,
		.client		= link->part[VPART_SIDE_CLIENT]->uuid,
		.server		= link->part[VPART_SIDE_SERVER]->uuid,
		.boot		= vpart_partition_boot(link->part[VPART_SIDE_CLIENT], NULL),
		.max_pdu_data	= l->end->own.max_pdu_data,
		.imm_max	= l->end->own.imm_max,
	};
}

/**
 * stream_client_connect() - vpart_fabric_ops.connect of a client's end
 * @link: link
 * @epoch: ours; the session has the server's
 *
 * Return: 0 or an errno, with words for it.
 */
int stream_client_connect(struct vpart_link *link, u32 epoch)
{
	/* What is written through this link may be all that can be freed. */
	unsigned int noreclaim = memalloc_noreclaim_save();
	struct stream_end *end = link->priv;
	struct stream_login *l;
	int err = -ENOMEM;

	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		goto restore;
	l->end = end;
	l->sess = stream_session_new(end);
	err = -ENOMEM;
	if (!l->sess)
		goto free;
	stream_login_begin(l);
	err = stream_login(l);
	if (err) {
		stream_session_stop(l->sess, err == -EKEYREJECTED ? VPART_BYE_AUTH :
							    VPART_BYE_NONE);
		stream_session_put(l->sess);
		goto free;
	}
	vpart_link_session(link, l->sess->ack.session, &l->init.boot, &l->sess->ack.boot);
	spin_lock_irq(&end->lock);
	end->sess = l->sess;
	end->ev_number = 0;
	end->total.logins++;
	spin_unlock_irq(&end->lock);
free:
	kfree_sensitive(l);
restore:
	memalloc_noreclaim_restore(noreclaim);
	return err;
}
