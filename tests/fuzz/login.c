// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake of the wire protocol: what a server makes of an INIT, and a
 * client of the answers, against any that it could have asked.
 */
#include "fuzz.h"
#include "../../drivers/vpart/proto_login.h"

static void take_own(struct input *in, struct vpart_wire_own *own)
{
	own->ver_min = take_range(in, 1, 3);
	own->ver_max = take_range(in, own->ver_min, 4);
	own->features = take(in, 2) & VPART_FEATURES_KNOWN;
	own->keepalive = take_range(in, VPART_KEEPALIVE_MIN, VPART_KEEPALIVE_MAX);
	own->max_pdu_data = take_range(in, 8, 2048) * VPART_PDU_DATA_UNIT;
	own->imm_max = min(take_range(in, 0, VPART_IMM_MAX), own->max_pdu_data);
	own->queues = take_range(in, 1, VPART_WIRE_QUEUES_MAX);
	own->depth = take_range(in, VPART_WIRE_DEPTH_MIN, VPART_WIRE_DEPTH_MAX);
}

static void sane(u16 queue, u16 queues, u16 depth, u32 keepalive, u32 pdu_data, u32 imm)
{
	must(queue < queues && queues <= 64 && depth >= 3 && depth <= 1024);
	must(keepalive >= 500 && keepalive <= 60000);
	must(pdu_data >= 4096 && pdu_data <= 1048576 && pdu_data % 512 == 0);
	must(imm <= 65536 && imm <= pdu_data);
}

/* What the client asked for may be all that it gets. */
static void granted(const struct vpart_init_ack *ack, const struct vpart_init *init)
{
	sane(ack->queue, ack->queues, ack->depth, ack->keepalive, ack->max_pdu_data,
	     ack->imm_max);
	must(ack->version >= init->ver_min && ack->version <= init->ver_max);
	must(ack->queue == init->queue && ack->queues <= init->queues);
	must(!(ack->features & ~init->features) && ack->session);
	must(ack->keepalive <= init->keepalive && ack->depth <= init->depth);
	must(ack->max_pdu_data <= init->max_pdu_data && ack->imm_max <= init->imm_max);
	must(uuid_equal(&ack->server, &init->server) && ack->adapter == init->adapter);
}

/* A server's own answer satisfies the client, and so do the further queues. */
static void answer(const struct vpart_init *init, const struct vpart_wire_own *own)
{
	struct vpart_init_ack ack = { .session = 1, .auth = VPART_AUTH_HMAC_SHA256 }, got;
	struct vpart_init next = *init;
	u8 iu[VPART_INIT_SIZE];

	vpart_init_answer(&ack, init, own);
	vpart_init_ack_put(iu, &ack);
	must(!vpart_init_ack_get(&got, iu, sizeof(iu), init));
	granted(&got, init);
	must(ack.version >= own->ver_min && ack.version <= own->ver_max);
	must(!(ack.features & ~own->features) && ack.queues <= own->queues);
	must(ack.max_pdu_data <= own->max_pdu_data && ack.imm_max <= own->imm_max);
	if (ack.queues < 2)
		return;
	vpart_init_next(&next, &ack, ack.queues - 1);
	vpart_init_put(iu, &next);
	must(!vpart_init_get(&next, iu, sizeof(iu), own));
	must(vpart_init_joins(&next, init, &ack));
	ack.queue = next.queue;
	vpart_init_ack_put(iu, &ack);
	must(!vpart_init_ack_get(&got, iu, sizeof(iu), &next));
	granted(&got, &next);
}

/* An INIT: refused, or what it says is what was there. */
static bool init_iu(struct input *in, struct vpart_init *init, const struct vpart_wire_own *own)
{
	u8 out[VPART_INIT_SIZE], *iu;
	size_t len;
	bool newer;
	int err;

	iu = take_copy(in, VPART_INIT_SIZE, &len);
	err = vpart_init_get(init, iu, len, own);
	must(!err || err == VPART_REJECT_VERSION || err == VPART_REJECT_MALFORMED);
	if (!err) {
		sane(init->queue, init->queues, init->depth, init->keepalive,
		     init->max_pdu_data, init->imm_max);
		must(!init->queue == !init->session);
		must(init->ver_min <= own->ver_max && init->ver_max >= own->ver_min);
		newer = init->ver_max > own->ver_max || init->features & ~VPART_FEATURES_KNOWN;
		if (newer) {
			iu[3] = 0;
			memset(iu + 122, 0, 38);
		}
		must(vpart_init_put(out, init) == len && !memcmp(out, iu, len));
	}
	free(iu);
	return !err;
}

static bool ack_iu(struct input *in, struct vpart_init_ack *ack, const struct vpart_init *init)
{
	u8 out[VPART_INIT_SIZE], *iu;
	size_t len;
	int err;

	iu = take_copy(in, VPART_INIT_SIZE, &len);
	err = vpart_init_ack_get(ack, iu, len, init);
	must(err >= 0 && err <= VPART_ERR_TIMEOUT);
	if (!err) {
		granted(ack, init);
		if (init->queue)
			must(ack->session == init->session && ack->depth == init->depth);
		must(vpart_init_ack_put(out, ack) == len && !memcmp(out, iu, len));
	}
	free(iu);
	return !err;
}

/* What a client always understands, whatever else the input is. */
static void some_init(struct vpart_init *init, struct vpart_init_ack *ack,
		      const struct vpart_wire_own *own)
{
	*init = (struct vpart_init) {
		.features = VPART_FEATURES_KNOWN, .adapter = 7, .keepalive = 2000,
		.max_pdu_data = 0x40000, .imm_max = 8192, .queues = 4, .depth = 128,
		.ver_min = 1, .ver_max = 4,
	};
	*ack = (struct vpart_init_ack) { .session = 1 };
	vpart_init_answer(ack, init, own);
}

static void login_rsp(struct input *in, const struct vpart_init_ack *ack)
{
	struct vpart_login_limits lim;
	struct vpart_wire_rules r;
	u8 out[16], *iu;
	size_t len;
	int err;

	iu = take_copy(in, VPART_WIRE_IU_MAX + 1, &len);
	err = vpart_login_rsp_get(&lim, iu, len, ack);
	must(err >= 0 && err <= VPART_ERR_TIMEOUT);
	if (!err) {
		must(lim.queues && lim.queues <= ack->queues);
		must(lim.depth > VPART_PRIO_TAGS && lim.depth <= ack->depth);
		must(lim.max_data >= 512 && lim.max_data <= BIT(30) && lim.max_segs);
		must(vpart_login_rsp_put(out, &lim) <= len);
		must(!memcmp(out, iu, 12));	/* up to caps, of which some are cleared */
		must(!(lim.caps & ~get_unaligned_be32(iu + 12)));
		vpart_rules_begin(&r, VPART_SIDE_CLIENT, 0);
		vpart_rules_negotiated(&r, ack);
		vpart_rules_login(&r, 1, &lim);
		must(!(r.types & 0x7f) && r.depth == lim.depth);
	}
	free(iu);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	struct input in = { bytes, size };
	u8 what = take(&in, 1);
	struct vpart_wire_own own;
	struct vpart_init_ack ack;
	struct vpart_init init, other;

	take_own(&in, &own);
	some_init(&init, &ack, &own);
	/* Any of: an INIT, its answer, a further queue's INIT, a LOGIN_RSP. */
	if (what & BIT(0) && init_iu(&in, &other, &own)) {
		if (!other.queue)
			answer(&other, &own);
		init = other;
	}
	if (what & BIT(1) && !ack_iu(&in, &ack, &init))
		return 0;
	if (what & BIT(2) && init_iu(&in, &other, &own) && other.queue &&
	    vpart_init_joins(&other, &init, &ack)) {
		must(other.session == ack.session && other.ver_max == ack.version);
		must(other.queues == ack.queues && other.queue < ack.queues);
	}
	login_rsp(&in, &ack);
	return 0;
}
