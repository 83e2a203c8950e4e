// SPDX-License-Identifier: GPL-2.0
/* What nodes that have a repository mounted on this host know of it: their file "config". */
#include <mntent.h>
#include "backup.h"

struct config {
	struct known	known;
	char		uuid[40];
	char		node[CFS_NAME_SIZE];
	unsigned int	fields;
};

static void take_line(struct config *c, const char *line)
{
	unsigned long long n;

	c->fields += sscanf(line, "uuid: %39s", c->uuid) == 1;
	c->fields += sscanf(line, "node: %63s", c->node) == 1;
	if (sscanf(line, "generation: %llu", &n) == 1) {
		c->known.generation = n;
		c->fields++;
	} else if (sscanf(line, "term: %llu", &n) == 1) {
		c->known.term = n;
		c->fields++;
	} else if (sscanf(line, "commit: %llu", &n) == 1) {
		c->known.gen = n;
		c->fields++;
	}
}

static int read_config(const char *dir, struct config *c)
{
	char *path, line[512];
	FILE *f;

	memset(c, 0, sizeof(*c));
	if (asprintf(&path, "%s/config", dir) < 0)
		return -ENOMEM;
	f = fopen(path, "r");
	free(path);
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		take_line(c, line);
	fclose(f);
	return c->fields == 5 ? 0 : -EIO;
}

/*
 * Raise @known by every mount in the file @mounts (/proc/self/mounts) of the repository
 * @uuid. @node: set to the name of one of them. How many there are, or a negative errno:
 * one does not tell, then @node is where it is mounted.
 */
int known_of_mounts(const char *mounts, const uuid_t *uuid, struct known *known, char *node,
		    size_t size)
{
	char want[40], *at = want;
	struct mntent *entry;
	struct config c;
	int found = 0, ret;
	FILE *f;
	int i;

	for (i = 0; i < UUID_SIZE; i++)
		at += sprintf(at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			      uuid->b[i]);
	f = setmntent(mounts, "r");
	if (!f) {
		snprintf(node, size, "%s", mounts);
		return -errno;
	}
	while ((entry = getmntent(f))) {
		if (strcmp(entry->mnt_type, "clusterfs"))
			continue;
		ret = read_config(entry->mnt_dir, &c);
		if (ret) {
			snprintf(node, size, "%s", entry->mnt_dir);
			found = ret;
			break;
		}
		if (strcmp(c.uuid, want))
			continue;
		known_raise(known, &c.known);
		snprintf(node, size, "%s", c.node);
		found++;
	}
	endmntent(f);
	return found;
}
