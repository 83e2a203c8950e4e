/* SPDX-License-Identifier: GPL-2.0 */
/* What is known of fence agents, for fence_vpart and for vpart cluster. */
#ifndef AGENTS_H
#define AGENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* They end with 0, and the node still runs: it has lost its disk, its network, or nothing. */
static inline bool agent_leaves_running(const char *name)
{
	static const char * const names[] = {
		"fence_brocade", "fence_cisco_mds", "fence_dummy", "fence_heuristics_ping",
		"fence_heuristics_resource", "fence_ifmib", "fence_mpath", "fence_sanbox2",
		"fence_scsi",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

#endif /* AGENTS_H */
