// SPDX-License-Identifier: GPL-2.0
/* vpart cluster local: what a node keeps of its cluster, and compares with it when it comes back */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cluster_setup.h"

/* --- show --- */

static void put_point(struct json_object *o, const struct vpart_cluster_copy *copy)
{
	char text[VPART_CLUSTER_COPY_OPTION];

	vpart_uuid_format(copy->at.repository, text);
	put_number(o, "id", copy->id);
	put_text(o, "repository", text);
	put_number(o, "generation", copy->at.generation);
	put_number(o, "term", copy->at.term);
	put_number(o, "commit", copy->at.commit);
	put_number(o, "event", copy->at.event);
	put_number(o, "objects", copy->n);
	put_time(o, "written", copy->time);
	vpart_cluster_copy_option(&copy->at, text);
	put_text(o, "expect", text);
}

/* By its type: { "lu": [...], ... } */
static void put_objects(struct json_object *o, const struct vpart_cluster_copy *copy)
{
	struct json_object *lists = json_object_new_object(), *list;
	const char *type;
	size_t i;

	for (i = 0; i < copy->n; i++) {
		type = vpart_cluster_type_name(copy->list[i].o.type);
		if (!json_object_object_get_ex(lists, type, &list)) {
			list = json_object_new_array();
			json_object_object_add(lists, type, list);
		}
		json_object_array_add(list, cluster_object(&copy->list[i].o));
	}
	json_object_object_add(o, "list", lists);
}

/* A row of the table; with @all, its objects, too. False: it is damaged, or cannot be read. */
static bool put_copy(struct cmd *c, const struct vpart_cluster_copy *names, bool all,
		     struct json_object **row)
{
	struct json_object *o = json_object_new_object();
	struct vpart_cluster_copy copy;
	const bool whole = !vpart_cluster_copy_read(c->v, names->cluster, names->node, &copy);

	*row = o;
	put_text(o, "cluster", names->cluster);
	put_text(o, "node", names->node);
	put_text(o, "state", whole ? "ok" : vpart_last_error(c->v)->text);
	if (!whole)
		return false;
	put_point(o, &copy);
	if (all)
		put_objects(o, &copy);
	vpart_cluster_copy_free(&copy);
	return true;
}

/* Those that are meant; 0, or an exit code after saying why. */
static int copies(struct cmd *c, struct vpart_cluster_copy **list, size_t *n)
{
	const struct vpart_cluster_at at = where(c);
	size_t i, kept = 0;

	if (vpart_cluster_copy_names(c->v, list, n))
		return failed(c);
	for (i = 0; i < *n; i++)
		if ((!at.cluster || !strcmp(at.cluster, (*list)[i].cluster)) &&
		    (!at.node || !strcmp(at.node, (*list)[i].node)))
			(*list)[kept++] = (*list)[i];
	*n = kept;
	return 0;
}

static int local_show(struct cmd *c)
{
	static const struct column columns[] = {
		{ "cluster", "CLUSTER" }, { "node", "NODE" }, { "generation", "GENERATION" },
		{ "term", "TERM" }, { "commit", "COMMIT" }, { "objects", "OBJECTS" },
		{ "written", "WRITTEN" }, { "state", "STATE" }, { NULL, NULL },
	};
	const bool one = where(c).node;
	struct vpart_cluster_copy *list;
	struct json_object *rows, *row;
	bool well = true;
	size_t i, n;
	int ret;

	ret = copies(c, &list, &n);
	if (ret)
		return ret;
	if (one && n == 1) {
		well = put_copy(c, list, true, &row);
		print_one(c, row);
	} else if (one && !n) {
		fprintf(stderr, "vpart: there is no local copy of node %s\n", where(c).node);
		ret = EXIT_NOT_FOUND;
	} else {
		rows = json_object_new_array();
		for (i = 0; i < n; i++) {
			well &= put_copy(c, &list[i], false, &row);
			json_object_array_add(rows, row);
		}
		print_rows(c, rows, columns);
	}
	free(list);
	return ret ? ret : well ? EXIT_SUCCESS : EXIT_DEGRADED;
}

/* --- forget --- */

static int local_forget(struct cmd *c)
{
	struct vpart_cluster_copy *list;
	struct json_object *o;
	size_t n;
	int ret;

	ret = copies(c, &list, &n);
	if (ret)
		return ret;
	if (n > 1) {
		ret = usage(c, "there are %zu local copies: which one (at NODE, cluster NAME)?", n);
	} else if (!n) {
		fprintf(stderr, "vpart: there is no such local copy\n");
		ret = EXIT_NOT_FOUND;
	} else if (vpart_cluster_copy_remove(c->v, list->cluster, list->node)) {
		ret = failed(c);
	} else {
		o = json_object_new_object();
		put_text(o, "cluster", list->cluster);
		put_text(o, "node", list->node);
		ret = done(c, o, "what node %s knew of cluster %s is forgotten: any repository of that name is taken next",
			   list->node, list->cluster);
	}
	free(list);
	return ret;
}

int cluster_local(struct cmd *c)
{
	if (!strcmp(c->pos[0], "show"))
		return local_show(c);
	if (!strcmp(c->pos[0], "forget"))
		return local_forget(c);
	return usage(c, "'%s' is neither show nor forget", c->pos[0]);
}

/* --- for join and leave --- */

/**
 * local_expect - what mount is told, so that an older or foreign repository is refused (P23)
 * @cluster: name of the cluster
 * @node: name of the node
 * @text: ",expect=...", or "" where nothing is known
 * @size: of that
 *
 * A copy that is damaged is no obstacle; it is said.
 */
void local_expect(const char *cluster, const char *node, char *text, size_t size)
{
	char option[VPART_CLUSTER_COPY_OPTION];
	struct vpart_cluster_copy copy;
	struct vpart *v = vpart_open();
	int ret;

	text[0] = 0;
	if (!v)
		return;
	ret = vpart_cluster_copy_read(v, cluster, node, &copy);
	if (!ret) {
		vpart_cluster_copy_option(&copy.at, option);
		snprintf(text, size, ",expect=%s", option);
		vpart_cluster_copy_free(&copy);
	} else if (ret != -ENOENT) {
		fprintf(stderr, "vpart: the repository is not compared with the local copy: %s\n",
			vpart_last_error(v)->text);
	}
	vpart_close(v);
}

/**
 * local_leave - a node that has left its cluster knows nothing of it
 * @v: the handle
 * @cluster: name of the cluster
 *
 * What cannot be removed is said: the next mount says it again.
 */
void local_leave(struct vpart *v, const char *cluster)
{
	struct vpart_cluster_copy *list;
	size_t i, n;

	if (vpart_cluster_copy_names(v, &list, &n)) {
		refused("the local copy stays: %s", vpart_last_error(v)->text);
		return;
	}
	for (i = 0; i < n; i++)
		if (!strcmp(list[i].cluster, cluster) &&
		    vpart_cluster_copy_remove(v, cluster, list[i].node))
			refused("the local copy stays: %s", vpart_last_error(v)->text);
	free(list);
}
