// SPDX-License-Identifier: GPL-2.0
/*
 * A server is called: the handshake, PDU by PDU, in the end's work "look", which
 * never waits. A LOGIN makes it ready: the link is asked to end the epoch that
 * it may have, and takes the handshake when it logs in. What is not taken in
 * SHM_DRAIN_TIME is told to come again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/random.h>

#include "shm.h"

static void shm_hs_send(struct shm_end *end, u8 type, const void *iu, u16 len)
{
	shm_mail_send(end, &end->hs.mail, type, 0, iu, len, 0);
}

/**
 * shm_hs_reject() - the client is told why not; it may begin anew
 * @end: server's end
 * @reason: enum vpart_reject
 * @err: negative errno that goes with it, or 0
 *
 * Context: Process context, end->mutex held.
 */
void shm_hs_reject(struct shm_end *end, u32 reason, int err)
{
	u8 iu[4];

	spin_lock_irq(&end->lock);
	end->total.refused++;
	if (reason == VPART_REJECT_AUTH)
		end->total.auth_failures++;
	spin_unlock_irq(&end->lock);
	shm_mail_send(end, &end->hs.mail, VPART_PDU_REJECT, reason, iu,
		      vpart_reject_put(iu, reason, -err), 0);
	end->hs.phase = SHM_HS_NONE;
}

static void shm_hs_init(struct shm_end *end)
{
	struct vpart_link *link = end->link;
	struct shm_hs *hs = &end->hs;
	struct shm_mail *m = &hs->mail;
	u8 iu[VPART_INIT_SIZE];
	struct shm_layout layout;
	int err;

	memcpy(hs->init_pdu, m->rx, sizeof(hs->init_pdu));
	err = vpart_init_get(&hs->init, m->rx + VPART_HDR_SIZE, m->hdr.iu_len, &end->own);
	if (err) {
		shm_say(end, err == VPART_REJECT_VERSION ?
			"the client speaks no version that we know" : "the client sends nonsense");
		shm_hs_reject(end, err, 0);
		return;
	}
	if (hs->init.role != VPART_INIT_CLIENT || hs->init.queue ||
	    link->adapter[VPART_SIDE_SERVER].id != hs->init.adapter ||
	    !uuid_equal(&link->part[VPART_SIDE_CLIENT]->uuid, &hs->init.client) ||
	    !uuid_equal(&link->part[VPART_SIDE_SERVER]->uuid, &hs->init.server)) {
		shm_say(end, "the client asks for adapter %u of partition %pUb, which is not here",
			hs->init.adapter, &hs->init.client);
		shm_hs_reject(end, VPART_REJECT_NO_ADAPTER, 0);
		return;
	}
	vpart_init_answer(&hs->ack, &hs->init, &end->own);
	shm_layout_grant(&layout, end->size, hs->ack.queues, hs->ack.depth);
	hs->ack.queues = layout.nr_queues;
	hs->ack.depth = layout.depth;
	hs->ack.max_pdu_data = min(hs->ack.max_pdu_data, layout.max_data);
	hs->ack.imm_max = 0;
	hs->ack.auth = end->key ? VPART_AUTH_HMAC_SHA256 : VPART_AUTH_NONE;
	hs->ack.boot = vpart_partition_boot(link->part[VPART_SIDE_SERVER], NULL);
	do {
		get_random_bytes(&hs->ack.session, sizeof(hs->ack.session));
	} while (!lower_32_bits(hs->ack.session));
	get_random_bytes(hs->ack.nonce, sizeof(hs->ack.nonce));
	shm_hs_send(end, VPART_PDU_INIT_ACK, iu, vpart_init_ack_put(iu, &hs->ack));
	memcpy(hs->ack_pdu, m->tx, sizeof(hs->ack_pdu));
	vpart_rules_negotiated(&m->rules, &hs->ack);
	hs->phase = SHM_HS_AUTH;
}

static void shm_hs_auth(struct shm_end *end)
{
	struct shm_hs *hs = &end->hs;
	struct shm_mail *m = &hs->mail;
	u8 mac[VPART_MAC_SIZE], auth_pdu[VPART_HS_AUTH];
	int err;

	if (!end->key) {
		shm_hs_send(end, VPART_PDU_AUTH_ACK, NULL, 0);
		goto done;
	}
	memcpy(auth_pdu, m->rx, sizeof(auth_pdu));
	err = vpart_handshake_mac(end->key, hs->init_pdu, hs->ack_pdu, NULL, mac);
	if (err || !vpart_mac_equal(mac, m->rx + VPART_HDR_SIZE)) {
		if (err)
			shm_say(end, "the client is refused: our key %s: error %d", end->key, -err);
		else
			shm_say(end, "the client does not have the key %s", end->key);
		shm_hs_reject(end, VPART_REJECT_AUTH, 0);
		return;
	}
	err = vpart_handshake_mac(end->key, hs->init_pdu, hs->ack_pdu, auth_pdu, mac);
	if (err) {
		shm_hs_reject(end, VPART_REJECT_BUSY, 0);
		return;
	}
	shm_hs_send(end, VPART_PDU_AUTH_ACK, mac, sizeof(mac));
done:
	vpart_rules_phase(&m->rules, VPART_PHASE_LOGIN);
	hs->phase = SHM_HS_LOGIN;
}

static void shm_hs_login(struct shm_end *end)
{
	struct shm_hs *hs = &end->hs;

	hs->login_len = hs->mail.hdr.iu_len;
	memcpy(hs->login, hs->mail.rx + VPART_HDR_SIZE, hs->login_len);
	vpart_rules_phase(&hs->mail.rules, VPART_PHASE_WAIT);
	hs->phase = SHM_HS_READY;
	hs->since = jiffies;
	/* Of the one before, not of a login that has yet to look: it finds this one. */
	if (hs->taking || READ_ONCE(end->sess))
		vpart_link_end(end->link, VPART_WHY_RELOGIN);
	vpart_link_retry(end->link);
}

/* The rules have let in what may come now, but know nothing of what was rejected. */
static int shm_hs_pdu(struct shm_end *end)
{
	struct shm_hs *hs = &end->hs;

	switch (hs->mail.hdr.type) {
	case VPART_PDU_INIT:
		shm_hs_init(end);
		return 0;
	case VPART_PDU_AUTH:
		if (hs->phase != SHM_HS_AUTH)
			return VPART_ERR_STATE;
		shm_hs_auth(end);
		return 0;
	case VPART_PDU_LOGIN:
		if (hs->phase != SHM_HS_LOGIN)
			return VPART_ERR_STATE;
		shm_hs_login(end);
		return 0;
	case VPART_PDU_CLOSE_SESSION:
		return hs->phase == SHM_HS_RUN ? shm_close_asked(end) : VPART_ERR_STATE;
	default:	/* BYE, ERROR */
		hs->phase = SHM_HS_NONE;
		return 0;
	}
}

static void shm_hs_wrong(struct shm_end *end, int error)
{
	if (end->hs.phase == SHM_HS_RUN) {
		shm_session_fail(end->running, error);
		return;
	}
	spin_lock_irq(&end->lock);
	end->total.protocol_errors++;
	spin_unlock_irq(&end->lock);
	shm_say(end, "the client breaks the protocol: %s", vpart_wire_error_text(error));
	shm_hs_reject(end, VPART_REJECT_MALFORMED, 0);
}

/**
 * shm_hs_look() - go on with a server's handshake, or take a CLOSE_SESSION
 * @end: server's end
 *
 * Context: Process context, end->mutex held.
 */
void shm_hs_look(struct shm_end *end)
{
	struct shm_hs *hs = &end->hs;
	struct vpart_link_status st;
	int err;

	lockdep_assert_held(&end->mutex);
	err = shm_mail_get(end, &hs->mail);
	/* The client begins anew: of the session nothing is said any more. */
	if (hs->phase == SHM_HS_RUN && !hs->mail.sent)
		hs->phase = SHM_HS_NONE;
	if (!err)
		err = shm_hs_pdu(end);
	if (err > 0)
		shm_hs_wrong(end, err);
	if (hs->phase != SHM_HS_READY || time_before(jiffies, hs->since + SHM_DRAIN_TIME))
		return;
	vpart_link_status(end->link, &st);
	shm_hs_reject(end, st.state == VPART_LINK_STATE_DRAINING ? VPART_REJECT_DRAIN :
								  VPART_REJECT_NOT_READY, 0);
}

/* ---- the link's login ---- */

/* What a client was granted, and its LOGIN; false if none is ready. */
static bool shm_hs_take(struct shm_end *end, struct vpart_init_ack *ack, uuid_t *boot,
			u8 *iu, u16 *len)
{
	struct shm_hs *hs = &end->hs;
	bool ok;

	mutex_lock(&end->mutex);
	ok = hs->phase == SHM_HS_READY;
	if (ok) {
		hs->phase = SHM_HS_TAKEN;
		hs->taking = true;
		*ack = hs->ack;
		*boot = hs->init.boot;
		*len = hs->login_len;
		memcpy(iu, hs->login, *len);
	}
	mutex_unlock(&end->mutex);
	return ok;
}

/* The driver, or we, do not want it. It may have gone meanwhile. */
static int shm_server_refuse(struct shm_end *end, int err)
{
	u32 reason = err == -EAGAIN || err == -ENOMEM ? VPART_REJECT_NOT_READY :
							VPART_REJECT_DRIVER;

	mutex_lock(&end->mutex);
	end->hs.taking = false;
	if (end->hs.phase == SHM_HS_TAKEN)
		shm_hs_reject(end, reason, err);
	mutex_unlock(&end->mutex);
	return err;
}

/* Ask the driver, with what the segment has room for. */
static int shm_server_login(struct vpart_link *link, u32 epoch, struct shm_session *sess,
			    const u8 *iu, u16 len)
{
	struct vpart_adapter *server = &link->adapter[VPART_SIDE_SERVER];
	u16 rsp_len = VPART_MAX_IU - sizeof(struct vpart_wire_login_rsp);
	struct vpart_limits lim, want = {
		.nr_queues	= sess->ack.queues,
		.depth		= sess->ack.depth,
		.max_segs	= U16_MAX,
		.max_data	= sess->ack.max_pdu_data,
		.dma_alignment	= 3,
	};
	int err;

	lim = want;
	err = link->server->login(server, epoch, iu, len, &lim, link->login_rsp, &rsp_len);
	if (err)
		return err > 0 ? -EPROTO : err;
	err = -EPROTO;
	if (rsp_len <= VPART_MAX_IU - sizeof(struct vpart_wire_login_rsp) &&
	    lim.nr_queues == want.nr_queues && lim.depth <= want.depth &&
	    lim.depth > VPART_PRIO_TAGS && lim.max_data <= want.max_data) {
		link->login_rsp_len = rsp_len;
		lim.caps = 0;
		err = vpart_link_tables(link, &lim, link->server->call_size);
	}
	if (err)
		link->server->logout(server, epoch);
	return err;
}

/**
 * shm_server_connect() - vpart_fabric_ops.connect of a server's end
 * @link: link
 * @epoch: of the login
 *
 * Return: 0, -ENOLINK if no client is ready, or what the driver says.
 */
int shm_server_connect(struct vpart_link *link, u32 epoch)
{
	struct shm_end *end = link->priv;
	struct shm_session *sess;
	struct shm_layout layout;
	struct vpart_init_ack ack;
	u8 *iu = link->scratch.iu;
	uuid_t boot;
	u16 len;
	int err;

	err = shm_end_claim(end);
	if (err)
		return err;
	err = -ENOLINK;
	if (!shm_hs_take(end, &ack, &boot, iu, &len))
		goto release;
	vpart_link_session(link, ack.session, &boot, &boot);
	err = -ENOMEM;
	shm_layout_set(&layout, end->size, ack.queues, ack.depth);
	sess = shm_session_new(end, &ack, &layout);
	if (!sess)
		goto refuse;
	err = shm_server_login(link, epoch, sess, iu, len);
	if (err)
		goto free;
	shm_session_attach(sess, link->lim.nr_queues);
	mutex_lock(&end->mutex);
	end->hs.taking = false;
	mutex_unlock(&end->mutex);
	return 0;

free:
	shm_session_free(sess);
refuse:
	shm_server_refuse(end, err);
release:
	shm_end_release(end);
	return err;
}

/**
 * shm_server_up() - tell the client that the link is up
 * @link: link, up
 *
 * Context: Process context, the link's work.
 */
void shm_server_up(struct vpart_link *link)
{
	struct shm_end *end = link->priv;
	struct vpart_login_limits lim;
	u8 iu[VPART_MAX_IU];
	bool there;
	u16 len;

	len = vpart_link_login_rsp(link, &lim, iu);
	shm_session_begin(end->sess);
	mutex_lock(&end->mutex);
	/* Else it has given up, and begun anew. */
	there = end->hs.phase == SHM_HS_TAKEN;
	if (there) {
		shm_mail_send(end, &end->hs.mail, VPART_PDU_LOGIN_RSP, 0, iu, len, link->epoch);
		shm_mail_run(&end->hs.mail, link->epoch);
		end->hs.phase = SHM_HS_RUN;
	}
	mutex_unlock(&end->mutex);
	if (!there)
		vpart_link_end(link, VPART_WHY_LOST);
}
