// SPDX-License-Identifier: GPL-2.0
/*
 * A client logs in, in the link's work, which waits: within SHM_LOGIN_TIME, and
 * only while the link is wanted and the other side is there.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "shm.h"

/* A login under way */
struct shm_login {
	struct shm_end		*end;
	struct shm_session	*sess;
	struct shm_mail		mail;
	unsigned long		deadline;
	unsigned int		changes;	/* of the other side, when it began */
	struct vpart_limits	want;
	struct vpart_init	init;
	struct vpart_init_ack	ack;
	u8			init_pdu[VPART_HS_INIT];
	u8			ack_pdu[VPART_HS_INIT];
	u8			auth_pdu[VPART_HS_AUTH];
};

/* Why it is of no use to wait, or 0. Called where nothing may sleep. */
static int shm_login_stop(struct shm_login *l)
{
	struct shm_end *end = l->end;

	if (vpart_link_unwanted(end->link) || READ_ONCE(end->gone))
		return -ECANCELED;
	if (!READ_ONCE(end->peer.there) || READ_ONCE(end->peer.changes) != l->changes)
		return -ECONNRESET;
	if (time_after(jiffies, READ_ONCE(end->peer.alive) + SHM_DEAD_TIME))
		return -ETIMEDOUT;
	return 0;
}

/* Has something come, or is it of no use to wait? */
static bool shm_login_ready(struct shm_login *l, int *err)
{
	*err = shm_mail_get(l->end, &l->mail);
	if (*err == -EAGAIN)
		*err = shm_login_stop(l) ?: -EAGAIN;
	return *err != -EAGAIN;
}

/* Why a server says no, as an errno. */
static int shm_login_rejected(struct shm_login *l)
{
	u32 reason = l->mail.hdr.arg;
	int err = vpart_reject_get(&l->mail.hdr, l->mail.rx + VPART_HDR_SIZE);
	struct shm_end *end = l->end;
	char who[sizeof(end->name) + 16];

	spin_lock_irq(&end->lock);
	end->total.refused++;
	if (reason == VPART_REJECT_AUTH)
		end->total.auth_failures++;
	spin_unlock_irq(&end->lock);
	snprintf(who, sizeof(who), "%s: the server", end->name);
	return vpart_link_rejected(end->link, who, reason, err);
}

/* The server breaks the protocol. */
static int shm_login_wrong(struct shm_login *l, int error)
{
	struct shm_end *end = l->end;

	vpart_link_problem(end->link, "%s: %s", end->name, vpart_wire_error_text(error));
	spin_lock_irq(&end->lock);
	end->total.protocol_errors++;
	spin_unlock_irq(&end->lock);
	return -EPROTO;
}

/*
 * Wait for a PDU of this type. What else came, or did not, becomes an errno,
 * and the link's problem.
 */
static int shm_login_expect(struct shm_login *l, u8 type)
{
	struct vpart_link *link = l->end->link;
	long left = l->deadline - jiffies;
	int err = -EAGAIN;

	if (left > 0)
		wait_event_timeout(link->wait, shm_login_ready(l, &err), left);
	if (err > 0)
		return shm_login_wrong(l, err);
	if (err == -EAGAIN)
		err = -ETIMEDOUT;
	if (err == -ETIMEDOUT)
		vpart_link_problem(link, "%s: the other side does not answer", l->end->name);
	else if (err == -ECONNRESET)
		vpart_link_problem(link, "%s: the other side has gone, or begun anew",
				   l->end->name);
	if (err)
		return err;
	if (l->mail.hdr.type == type)
		return 0;
	if (l->mail.hdr.type == VPART_PDU_REJECT)
		return shm_login_rejected(l);
	vpart_link_problem(link, "%s: the other side leaves", l->end->name);
	return -ECONNABORTED;
}

static void shm_login_send(struct shm_login *l, u8 type, const void *iu, u16 len)
{
	shm_mail_send(l->end, &l->mail, type, 0, iu, len, 0);
}

/* INIT and its answer: what is granted, and so the layout. */
static int shm_login_init(struct shm_login *l)
{
	u8 iu[VPART_INIT_SIZE];
	struct shm_layout layout;
	int err;

	shm_login_send(l, VPART_PDU_INIT, iu, vpart_init_put(iu, &l->init));
	memcpy(l->init_pdu, l->mail.tx, sizeof(l->init_pdu));
	err = shm_login_expect(l, VPART_PDU_INIT_ACK);
	if (err)
		return err;
	memcpy(l->ack_pdu, l->mail.rx, sizeof(l->ack_pdu));
	err = vpart_init_ack_get(&l->ack, l->mail.rx + VPART_HDR_SIZE, l->mail.hdr.iu_len,
				 &l->init);
	if (err)
		return shm_login_wrong(l, err);
	if (!lower_32_bits(l->ack.session) ||
	    !shm_layout_set(&layout, l->end->size, l->ack.queues, l->ack.depth))
		return shm_login_wrong(l, VPART_ERR_MALFORMED);
	vpart_rules_negotiated(&l->mail.rules, &l->ack);
	/* The last session is over: its counters may be forgotten. */
	l->sess = shm_session_new(l->end, &l->ack, &layout);
	return l->sess ? 0 : -ENOMEM;
}

/* Prove that we have the key, and have the server prove it. */
static int shm_login_auth(struct shm_login *l)
{
	bool wants = l->ack.auth != VPART_AUTH_NONE;
	struct shm_end *end = l->end;
	u8 mac[VPART_MAC_SIZE];
	int err;

	if (wants != !!end->key) {
		vpart_link_problem(end->link, "%s: the server %s key, this link has %s", end->name,
				   wants ? "wants a" : "has no", wants ? "none" : "one");
		err = -EKEYREJECTED;
		goto refused;
	}
	if (!wants) {
		shm_login_send(l, VPART_PDU_AUTH, NULL, 0);
		return shm_login_expect(l, VPART_PDU_AUTH_ACK);
	}
	err = vpart_handshake_mac(end->key, l->init_pdu, l->ack_pdu, NULL, mac);
	if (err) {
		vpart_link_problem(end->link, "key %.40s: error %d", end->key, -err);
		goto refused;
	}
	shm_login_send(l, VPART_PDU_AUTH, mac, sizeof(mac));
	memcpy(l->auth_pdu, l->mail.tx, sizeof(l->auth_pdu));
	err = shm_login_expect(l, VPART_PDU_AUTH_ACK);
	if (err)
		return err;
	err = vpart_handshake_mac(end->key, l->init_pdu, l->ack_pdu, l->auth_pdu, mac);
	if (err) {
		vpart_link_problem(end->link, "key %.40s: error %d", end->key, -err);
		goto refused;
	}
	if (vpart_mac_equal(mac, l->mail.rx + VPART_HDR_SIZE))
		return 0;
	vpart_link_problem(end->link, "%s: the server does not have the key", end->name);
	err = -EKEYREJECTED;
refused:
	spin_lock_irq(&end->lock);
	end->total.refused++;
	end->total.auth_failures++;
	spin_unlock_irq(&end->lock);
	return err;
}

/* The driver's request and its answer: the limits of the epoch. */
static int shm_login_driver(struct shm_login *l)
{
	struct vpart_link *link = l->end->link;
	struct vpart_adapter *client = &link->adapter[VPART_SIDE_CLIENT];
	const u8 *iu = l->mail.rx + VPART_HDR_SIZE;
	struct vpart_limits lim = l->want;
	struct vpart_login_limits got;
	int len, err;

	len = link->client->login(client, link->scratch.iu, VPART_MAX_IU);
	if (len < 0)
		return len;
	vpart_rules_phase(&l->mail.rules, VPART_PHASE_LOGIN);
	shm_login_send(l, VPART_PDU_LOGIN, link->scratch.iu, len);
	err = shm_login_expect(l, VPART_PDU_LOGIN_RSP);
	if (err)
		return err;
	err = vpart_login_rsp_get(&got, iu, l->mail.hdr.iu_len, &l->ack);
	if (!err && got.max_data > l->sess->layout.max_data)
		err = VPART_ERR_LENGTH;
	if (err)
		return shm_login_wrong(l, err);
	lim.nr_queues = min(lim.nr_queues, got.queues);
	lim.depth = min(lim.depth, got.depth);
	lim.max_segs = min(lim.max_segs, got.max_segs);
	lim.max_data = min(lim.max_data, got.max_data);
	/* By number they are what the driver takes them for, or are not there. */
	lim.nr_poll = max_t(int, 0, l->want.nr_poll - (l->want.nr_queues - lim.nr_queues));
	lim.caps = VPART_CAP_POLL;
	err = vpart_link_tables(link, &lim, 0);
	if (err)
		return err;
	link->login_rsp_len = l->mail.hdr.iu_len - sizeof(struct vpart_wire_login_rsp);
	memcpy(link->login_rsp, iu + sizeof(struct vpart_wire_login_rsp), link->login_rsp_len);
	return 0;
}

/* Is somebody there to log in to? */
static int shm_login_peer(struct shm_login *l)
{
	struct shm_end *end = l->end;
	bool there, alive;
	const char *problem;

	mutex_lock(&end->mutex);
	there = end->peer.there;
	alive = !time_after(jiffies, end->peer.alive + SHM_DEAD_TIME);
	problem = end->peer.problem;
	l->changes = end->peer.changes;
	mutex_unlock(&end->mutex);
	if (there && alive)
		return 0;
	if (problem) {
		vpart_link_problem(end->link, "%s: the other side %s", end->name, problem);
		return -EPROTO;
	}
	/* Nobody has refused anything: see vpart_link_unreached(). */
	if (there) {
		vpart_link_problem(end->link, "%s: the other side has no pulse", end->name);
		return -ETIMEDOUT;
	}
	vpart_link_problem(end->link, "%s: nobody is at the other side", end->name);
	return -ECONNREFUSED;
}

static void shm_login_begin(struct shm_login *l)
{
	struct shm_end *end = l->end;
	struct vpart_link *link = end->link;

	spin_lock_irq(&link->lock);
	l->want = link->end[VPART_SIDE_CLIENT].want;
	spin_unlock_irq(&link->lock);
	l->deadline = jiffies + SHM_LOGIN_TIME;
	shm_mail_begin(&l->mail, VPART_SIDE_CLIENT);
	/* What is there by now is no answer. */
	l->mail.seen = le32_to_cpu(READ_ONCE(end->in->turn));
	l->init = (struct vpart_init) {
		.ver_min	= end->own.ver_min,
		.ver_max	= end->own.ver_max,
		.role		= VPART_INIT_CLIENT,
		.queues		= l->want.nr_queues,
		.depth		= l->want.depth,
		.features	= end->own.features,
		.adapter	= link->adapter[VPART_SIDE_CLIENT].id,
		.keepalive	= end->own.keepalive,
		.client		= link->part[VPART_SIDE_CLIENT]->uuid,
		.server		= link->part[VPART_SIDE_SERVER]->uuid,
		.boot		= vpart_partition_boot(link->part[VPART_SIDE_CLIENT], NULL),
		.max_pdu_data	= end->own.max_pdu_data,
		.imm_max	= end->own.imm_max,
	};
	get_random_bytes(l->init.nonce, sizeof(l->init.nonce));
}

/**
 * shm_client_connect() - vpart_fabric_ops.connect of a client's end
 * @link: link
 * @epoch: ours; the session has the server's
 *
 * Return: 0 or an errno, with words for it.
 */
int shm_client_connect(struct vpart_link *link, u32 epoch)
{
	struct shm_end *end = link->priv;
	struct shm_login *l;
	int err;

	err = shm_end_claim(end);
	if (err)
		return err;
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	err = -ENOMEM;
	if (!l)
		goto release;
	l->end = end;
	shm_login_begin(l);
	err = shm_login_peer(l) ?: shm_login_init(l) ?: shm_login_auth(l) ?: shm_login_driver(l);
	if (err) {
		shm_session_free(l->sess);
		goto free;
	}
	vpart_link_session(link, l->ack.session, &l->init.boot, &l->ack.boot);
	shm_session_attach(l->sess, link->lim.nr_queues);
	mutex_lock(&end->mutex);
	end->hs.mail = l->mail;
	shm_mail_run(&end->hs.mail, l->mail.hdr.epoch);
	mutex_unlock(&end->mutex);
	shm_session_begin(l->sess);
free:
	kfree_sensitive(l);
	if (!err)
		return 0;
release:
	shm_end_release(end);
	return err;
}
