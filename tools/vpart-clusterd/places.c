// SPDX-License-Identifier: GPL-2.0
/* The nodes that are mounted here, by /proc/self/mountinfo. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clusterd.h"

/* The kernel writes what would end an option as \ooo. */
static int unescape(char *dst, size_t size, const char *text)
{
	size_t n = 0;

	while (*text) {
		char c = *text++;

		if (c == '\\' && text[0] >= '0' && text[0] <= '3' && text[1] >= '0' &&
		    text[1] <= '7' && text[2] >= '0' && text[2] <= '7') {
			c = (char)((text[0] - '0') * 64 + (text[1] - '0') * 8 + text[2] - '0');
			text += 3;
		}
		if (n + 1 >= size)
			return -EINVAL;
		dst[n++] = c;
	}
	dst[n] = 0;
	return n ? 0 : -EINVAL;
}

/* What a mount's options say; false: it needs no lease. */
static bool place_parse(char *options, struct place *p)
{
	bool needs = false, without = false;
	char *word, *save;

	memset(p, 0, sizeof(*p));
	for (word = strtok_r(options, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (!strncmp(word, "node=", 5)) {
			if (unescape(p->node, sizeof(p->node), word + 5))
				return false;
		} else if (!strncmp(word, "cluster=", 8)) {
			if (unescape(p->cluster, sizeof(p->cluster), word + 8))
				return false;
		} else if (!strcmp(word, "lock=dlm")) {
			p->dlm = true;
		} else if (!strcmp(word, "quorum=lease")) {
			needs = true;
		} else if (!strcmp(word, "quorum=none")) {
			without = true;
		} else if (!strcmp(word, "expected")) {
			/* The kernel has compared it with the local copy, before it wrote. */
			p->compared = true;
		}
	}
	return p->node[0] && p->cluster[0] && !without && (needs || p->dlm);
}

/**
 * place_find - one of several
 * @list: those
 * @n: how many
 * @cluster: its cluster
 * @node: its name
 *
 * Return: it, or NULL.
 */
struct place *place_find(struct place *list, size_t n, const char *cluster, const char *node)
{
	while (n--)
		if (!strcmp(list[n].cluster, cluster) && !strcmp(list[n].node, node))
			return &list[n];
	return NULL;
}

/* A line: ID PARENT DEVICE ... - TYPE SOURCE OPTIONS; the device is this mount's alone. */
static char *line_options(char *line, char device[PLACE_DEVICE])
{
	char *type = strstr(line, " - "), *options;

	device[0] = 0;
	if (sscanf(line, "%*s %*s %23s", device) != 1)
		return NULL;

	if (!type || strncmp(type + 3, "clusterfs ", 10))
		return NULL;
	line[strcspn(line, "\n")] = 0;
	options = strchr(type + 13, ' ');
	return options ? options + 1 : NULL;
}

/**
 * places_read - the nodes that are mounted here and need a lease
 * @list: where they go; free() it
 * @n: how many
 *
 * Return: 0 or a negative errno.
 */
int places_read(struct place **list, size_t *n)
{
	FILE *f = fopen(MOUNT_TABLE, "re");
	char *line = NULL, *options, device[PLACE_DEVICE];
	size_t size = 0;
	struct place p;
	void *more;
	int ret = 0;

	*list = NULL;
	*n = 0;
	if (!f)
		return -errno;
	while (!ret && getline(&line, &size, f) > 0) {
		options = line_options(line, device);
		/* A file system may be seen at several places. */
		if (!options || !place_parse(options, &p) ||
		    place_find(*list, *n, p.cluster, p.node))
			continue;
		more = reallocarray(*list, *n + 1, sizeof(p));
		if (more) {
			strcpy(p.device, device);
			*list = more;
			(*list)[(*n)++] = p;
		} else {
			ret = -ENOMEM;
		}
	}
	if (!ret && ferror(f))
		ret = -EIO;
	free(line);
	fclose(f);
	if (ret) {
		free(*list);
		*list = NULL;
		*n = 0;
	}
	return ret;
}
