// SPDX-License-Identifier: GPL-2.0
/*
 * The mailboxes: PDUs of the handshake, and of CLOSE_SESSION, one at a time each way.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "shm.h"

#define SHM_MAIL_TRIES	3	/* reads of a mailbox that is being written to */

/**
 * shm_mail_begin() - begin a handshake
 * @m: our half of it; what was read last stays known
 * @side: ours
 */
void shm_mail_begin(struct shm_mail *m, enum vpart_side side)
{
	vpart_rules_begin(&m->rules, side, 0);
	m->seq = 0;
	m->sent = 0;
}

/**
 * shm_mail_run() - LOGIN_RSP was sent, or taken
 * @m: our half of the handshake
 * @epoch: of the session
 *
 * All else than closing another session goes through the rings.
 */
void shm_mail_run(struct shm_mail *m, u32 epoch)
{
	struct vpart_wire_rules *r = &m->rules;

	r->epoch = epoch;
	r->hdgst = true;
	r->types = 0;
	if (r->features & VPART_FEATURE_CLOSE_SESSION)
		r->types = r->side == VPART_SIDE_SERVER ? VPART_PDU_BIT(CLOSE_SESSION) :
							  VPART_PDU_BIT(CLOSE_RSP);
}

/**
 * shm_mail_send() - send a PDU
 * @end: end
 * @m: our half of the handshake; the PDU stays in @m->tx
 * @type: its type
 * @arg: its arg
 * @iu: its IU
 * @len: bytes there, at most VPART_WIRE_IU_MAX
 * @epoch: of the session
 *
 * It answers what was read last, unless it is an INIT. Nobody else sends.
 *
 * Context: Process context.
 */
void shm_mail_send(struct shm_end *end, struct shm_mail *m, u8 type, u32 arg, const void *iu,
		   u16 len, u32 epoch)
{
	struct vpart_hdr h = {
		.type	= type,
		.iu_len	= len,
		.arg	= arg,
		.epoch	= epoch,
		.seq	= m->seq++,
	};
	struct shm_wire_mail *out = end->out;
	u32 turn = le32_to_cpu(READ_ONCE(out->turn)) & ~1U;
	u32 pad = vpart_wire_pad(len);

	if (len)
		memcpy(m->tx + VPART_HDR_SIZE, iu, len);
	memset(m->tx + VPART_HDR_SIZE + len, 0, pad);
	vpart_hdr_put(m->tx, &h);
	vpart_hdr_seal(m->tx, m->tx + VPART_HDR_SIZE, len);

	WRITE_ONCE(out->turn, cpu_to_le32(turn + 1));
	/* Odd before the rest changes: pairs with the second barrier of the reader. */
	virt_wmb();
	WRITE_ONCE(out->answers, type == VPART_PDU_INIT ? 0 : cpu_to_le32(m->seen));
	WRITE_ONCE(out->len, cpu_to_le32(VPART_HDR_SIZE + len + pad));
	memcpy(out->pdu, m->tx, VPART_HDR_SIZE + len + pad);
	m->sent = turn + 2 ?: 2;
	/* Pairs with the acquire of the reader. */
	virt_store_release(&out->turn, cpu_to_le32(m->sent));
	if (READ_ONCE(end->peer.there))
		shm_bell(end, READ_ONCE(end->peer.position), 0);
}

/*
 * A copy of what is in the other side's mailbox, if it is new. 1, 0: nothing, or
 * it is being written, so that another look follows.
 */
static int shm_mail_read(struct shm_end *end, struct shm_mail *m, u32 *answers, u32 *len)
{
	const struct shm_wire_mail *in = end->in;
	unsigned int tries;
	u32 turn;

	for (tries = 0; tries < SHM_MAIL_TRIES; tries++) {
		/* Pairs with the release in shm_mail_send(). */
		turn = le32_to_cpu(virt_load_acquire(&in->turn));
		if (turn == m->seen || turn & 1)
			return 0;
		*answers = le32_to_cpu(READ_ONCE(in->answers));
		*len = le32_to_cpu(READ_ONCE(in->len));
		shm_copy_in(m->rx, in->pdu, sizeof(m->rx));
		/* All was read before turn is read again. */
		virt_rmb();
		if (le32_to_cpu(READ_ONCE(in->turn)) == turn) {
			m->seen = turn;
			return 1;
		}
	}
	return 0;
}

/**
 * shm_mail_get() - look for a PDU
 * @end: end
 * @m: our half of the handshake; the PDU is in @m->rx, its header in @m->hdr
 *
 * A server's handshake begins anew with what answers nothing, an INIT. What
 * answers something else than our last PDU is not for us.
 *
 * Context: Process context.
 * Return: 0 if there is one, -EAGAIN if there is none, or enum
 * vpart_wire_error.
 */
int shm_mail_get(struct shm_end *end, struct shm_mail *m)
{
	bool server = end->side == VPART_SIDE_SERVER;
	u32 answers, len, padded;
	int err;

	if (!shm_mail_read(end, m, &answers, &len))
		return -EAGAIN;
	if (server && !answers)
		shm_mail_begin(m, VPART_SIDE_SERVER);
	if (answers != m->sent)
		return -EAGAIN;
	if (len < VPART_HDR_SIZE || len > SHM_PDU_MAX)
		return VPART_ERR_LENGTH;
	err = vpart_hdr_get(&m->hdr, m->rx, &m->rules);
	if (err)
		return err;
	m->rules.seq++;
	padded = ALIGN(m->hdr.iu_len, 4);
	if (len != VPART_HDR_SIZE + padded)
		return VPART_ERR_LENGTH;
	if (!vpart_pad_is_zero(m->rx + VPART_HDR_SIZE + m->hdr.iu_len, padded - m->hdr.iu_len))
		return VPART_ERR_MALFORMED;
	return vpart_hdr_sealed(&m->hdr, vpart_wire_crc(vpart_hdr_crc(m->rx),
							m->rx + VPART_HDR_SIZE, padded));
}
