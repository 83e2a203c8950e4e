// SPDX-License-Identifier: GPL-2.0
/*
 * The numbers by which a client tells the paths to one LU apart: of the target
 * port, one per adapter pair, and of the target port group, one per server.
 *
 * Servers of one LU may be in several kernels, which do not ask each other. So
 * the numbers are made of what differs between servers, and stays: the UUID of
 * the server's partition, and the adapter's slot in it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/crc32c.h>
#include <target/target_core_backend.h>

#include "target.h"

/* Those below are for fabrics whose numbers LIO chooses: it takes the lowest. */
#define VSCSI_FIRST_NUMBER	1024

/**
 * vscsi_number() - a number made of a server and one of its adapters
 * @server: UUID of the server's partition
 * @slot: of the adapter; 0: of the server itself
 *
 * Two differ, but for one case in about 64000.
 *
 * Return: VSCSI_FIRST_NUMBER to U16_MAX.
 */
static u16 vscsi_number(const uuid_t *server, u32 slot)
{
	__be32 id = cpu_to_be32(slot);
	u32 crc = crc32c(~0, server, sizeof(*server));

	crc = crc32c(crc, &id, sizeof(id));
	return VSCSI_FIRST_NUMBER + crc % (U16_MAX + 1 - VSCSI_FIRST_NUMBER);
}

static bool vscsi_port_taken(u16 port)
{
	struct vscsi_tport *tport;

	list_for_each_entry(tport, &vscsi_tports, entry)
		if (tport->tpg && tpg_rtpi(&tport->tpg->se_tpg) == port)
			return true;
	return false;
}

/**
 * vscsi_port_number() - give a new portal group its numbers
 * @tpg: portal group, registered, not yet in its target
 * @a: its adapter
 *
 * The port's is unique here: if it is taken, the next free one is. The
 * administrator may set another in tpgt_1/rtpi.
 *
 * Context: vscsi_mutex is held.
 * Return: 0, -ENOMEM, or -ENOSPC.
 */
int vscsi_port_number(struct vscsi_tpg *tpg, struct vpart_adapter *a)
{
	struct vpart_adapter *client = vpart_queue(a, 0)->end[VPART_SIDE_CLIENT];
	struct vpart_peer server;
	u16 first, port;

	lockdep_assert_held(&vscsi_mutex);
	/* What the client's end is told of ours. */
	vpart_peer(client, &server);
	tpg->group = vscsi_number(&server.uuid, 0);
	first = vscsi_number(&server.uuid, a->slot);
	port = first;
	while (vscsi_port_taken(port)) {
		port = port == U16_MAX ? VSCSI_FIRST_NUMBER : port + 1;
		if (port == first)
			return -ENOSPC;
	}
	return tpg_rtpi_new(&tpg->se_tpg, port);
}
