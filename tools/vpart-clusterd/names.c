// SPDX-License-Identifier: GPL-2.0
/*
 * What corosync calls the nodes: "name" and "nodeid" of the node list in corosync.conf. A
 * verdict names a node of the cluster by the first, DLM the same node by the second.
 */
#include <corosync/cmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clusterd.h"

#define PREFIX	"nodelist.node."

static bool place_of(cmap_handle_t h, uint32_t id, uint32_t *place)
{
	char key[CMAP_KEYNAME_MAXLEN + 1], rest[CMAP_KEYNAME_MAXLEN + 1];
	cmap_iter_handle_t iter;
	bool found = false;
	uint32_t its;

	if (cmap_iter_init(h, PREFIX, &iter) != CS_OK)
		return false;
	while (!found && cmap_iter_next(h, iter, key, NULL, NULL) == CS_OK)
		found = sscanf(key, PREFIX "%u.%255s", place, rest) == 2 &&
			!strcmp(rest, "nodeid") &&
			cmap_get_uint32(h, key, &its) == CS_OK && its == id;
	cmap_iter_finalize(h, iter);
	return found;
}

static int name_of(cmap_handle_t h, const char *key, char name[VPART_CLUSTER_NAME_SIZE])
{
	char *text;
	size_t len;

	if (cmap_get_string(h, key, &text) != CS_OK)
		return -1;
	len = strlen(text);
	if (len && len < VPART_CLUSTER_NAME_SIZE)
		memcpy(name, text, len + 1);
	free(text);
	return len && len < VPART_CLUSTER_NAME_SIZE ? 0 : -1;
}

static int name_at(cmap_handle_t h, uint32_t place, char name[VPART_CLUSTER_NAME_SIZE])
{
	char key[CMAP_KEYNAME_MAXLEN + 1];

	snprintf(key, sizeof(key), PREFIX "%u.name", place);
	return name_of(h, key, name);
}

/**
 * corosync_name - the name of a node
 * @id: its number in corosync and DLM; 0: this node
 * @name: where it goes
 * @why: a sentence, on failure
 * @size: of that
 *
 * Waits for corosync, which may stand still.
 *
 * Return: 0 or -1.
 */
int corosync_name(uint32_t id, char name[VPART_CLUSTER_NAME_SIZE], char *why, size_t size)
{
	char which[32] = "this node";
	cmap_handle_t h;
	uint32_t place;
	int ret = -1;

	if (id)
		snprintf(which, sizeof(which), "node %u", id);
	if (cmap_initialize(&h) != CS_OK) {
		snprintf(why, size, "corosync does not answer");
		return -1;
	}
	if (id ? !place_of(h, id, &place) :
	    cmap_get_uint32(h, "nodelist.local_node_pos", &place) != CS_OK)
		snprintf(why, size, "%s is not in the nodelist of corosync.conf", which);
	else if (name_at(h, place, name))
		snprintf(why, size, "%s has no name in the nodelist of corosync.conf", which);
	else
		ret = 0;
	cmap_finalize(h);
	return ret;
}

/**
 * corosync_cluster - the name of the cluster
 * @name: where it goes
 * @why: a sentence, on failure
 * @size: of that
 *
 * Waits for corosync, which may stand still.
 *
 * Return: 0 or -1.
 */
int corosync_cluster(char name[VPART_CLUSTER_NAME_SIZE], char *why, size_t size)
{
	cmap_handle_t h;
	int ret;

	if (cmap_initialize(&h) != CS_OK) {
		snprintf(why, size, "corosync does not answer");
		return -1;
	}
	ret = name_of(h, "totem.cluster_name", name);
	if (ret)
		snprintf(why, size, "corosync.conf has no cluster_name");
	cmap_finalize(h);
	return ret;
}
