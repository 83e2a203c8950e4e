// SPDX-License-Identifier: GPL-2.0
/*
 * A cluster as all its nodes are told of it, and the file that brings it from the first node
 * to the others. The file comes from elsewhere: it holds names, addresses, paths and a key, of
 * which each node makes its configuration itself, and is taken only if it is, to the byte, what
 * would be written for what was read.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../vpart-clusterd/agents.h"
#include "cluster_setup.h"
#include "crc32c.h"

#define HEADLINE	"vpart cluster setup 1"

/* One sentence; EXIT_FAILURE. */
int refused(const char *fmt, ...)
{
	va_list ap;

	fputs("vpart: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_FAILURE;
}

/* Its place, or -1. */
int setup_node_of(const struct setup *s, const char *name)
{
	unsigned int i;

	for (i = 0; i < s->nodes; i++)
		if (!strcmp(s->node[i].name, name))
			return (int)i;
	return -1;
}

/* --- what the words say --- */

static int take_name(const char *what, const char *text, size_t len, char *dst)
{
	char name[VPART_NAME_SIZE];

	if (len < sizeof(name)) {
		memcpy(name, text, len);
		name[len] = 0;
	}
	if (len >= sizeof(name) || !vpart_name_valid(name))
		return refused("'%.*s' is no name of a %s: 1 to %d letters, digits, '.', '_', '-' are",
			       (int)(len < 64 ? len : 64), text, what, VPART_NAME_MAX);
	strcpy(dst, name);
	return 0;
}

/* An address that another node reaches, as inet_ntop() writes it. */
static int take_address(const char *text, size_t len, char dst[INET6_ADDRSTRLEN])
{
	char word[INET6_ADDRSTRLEN] = "";
	struct in6_addr six;
	struct in_addr four;

	if (len < sizeof(word)) {
		memcpy(word, text, len);
		word[len] = 0;
	}
	if (inet_pton(AF_INET, word, &four) == 1) {
		uint32_t a = ntohl(four.s_addr);

		if (a >> 24 && a >> 24 != 127 && a >> 24 < 224 && a >> 16 != 0xa9fe) {
			inet_ntop(AF_INET, &four, dst, INET6_ADDRSTRLEN);
			return 0;
		}
	} else if (inet_pton(AF_INET6, word, &six) == 1) {
		if (!IN6_IS_ADDR_UNSPECIFIED(&six) && !IN6_IS_ADDR_LOOPBACK(&six) &&
		    !IN6_IS_ADDR_MULTICAST(&six) && !IN6_IS_ADDR_LINKLOCAL(&six) &&
		    !IN6_IS_ADDR_V4MAPPED(&six)) {
			inet_ntop(AF_INET6, &six, dst, INET6_ADDRSTRLEN);
			return 0;
		}
	}
	return refused("'%.*s' is no address of a node: an IPv4 or IPv6 address that others reach is",
		       (int)(len < 64 ? len : 64), text);
}

static int add_addresses(struct setup *s, struct setup_node *n, const char *text, char separator)
{
	unsigned int links = 0;
	size_t len;

	for (;; text += len + 1) {
		len = strchrnul(text, separator) - text;
		if (links == SETUP_LINKS)
			return refused("node %s has more than %d addresses", n->name, SETUP_LINKS);
		if (take_address(text, len, n->address[links++]))
			return EXIT_FAILURE;
		if (!text[len])
			break;
	}
	if (s->nodes && links != s->links)
		return refused("node %s has not as many addresses as %s", n->name,
			       s->node[0].name);
	s->links = links;
	s->nodes++;
	return 0;
}

/* NAME=ADDRESS[,ADDRESS]; 0, or EXIT_FAILURE after saying why. */
int setup_add_node(struct setup *s, const char *text)
{
	struct setup_node *n = &s->node[s->nodes];
	const char *eq = strchr(text, '=');

	if (!eq)
		return refused("'%s' is no node: NAME=ADDRESS is", text);
	if (s->nodes == CFS_NODES_MAX)
		return refused("a cluster has at most %d nodes", CFS_NODES_MAX);
	if (take_name("node", text, (size_t)(eq - text), n->name))
		return EXIT_FAILURE;
	return add_addresses(s, n, eq + 1, ',');
}

/* Printable, and nothing that would end an option of mount or a line. */
static bool path_fits(const char *path)
{
	const char *p;

	for (p = path; *p > ' ' && *p < 0x7f && *p != ',' && *p != '\\'; p++)
		;
	return path[0] == '/' && !*p && p - path < SETUP_DEVICE;
}

static int add_device(struct setup *s, const char *path)
{
	if (!path_fits(path))
		return refused("'%s' is no path of a device", path);
	if (s->replicas == CFS_REPLICAS_MAX)
		return refused("a repository has 1 device, or %d as replicas", CFS_REPLICAS_MAX);
	strcpy(s->device[s->replicas++], path);
	return 0;
}

/* DEVICE[,DEVICE,DEVICE] */
int setup_add_devices(struct setup *s, const char *text)
{
	char *copy = strdup(text), *word, *save;
	int ret = copy ? 0 : refused("out of memory");

	for (word = ret ? NULL : strtok_r(copy, ",", &save); word && !ret;
	     word = strtok_r(NULL, ",", &save))
		ret = add_device(s, word);
	free(copy);
	return ret;
}

/* --- what has to be true of it --- */

/* The next word of fence; false: that was all. */
bool setup_fence_word(const char **at, char *word, size_t size)
{
	size_t len;

	*at += strspn(*at, " ");
	len = strcspn(*at, " ");
	if (!len || len >= size)
		return false;
	memcpy(word, *at, len);
	word[len] = 0;
	*at += len;
	return true;
}

static bool is_key(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '_' && text[i] != '-')
			return false;
	return len > 0;
}

/* KEY=VALUE, or NODE:KEY=VALUE, which is for this node alone. */
static int check_fence_word(const struct setup *s, char *word, bool of[CFS_NODES_MAX])
{
	static const char *const ours[] = {
		"agent", "action", "option", "method", "missing_as_off",
	};
	char *eq = strchr(word, '='), *key = word, *colon, *p;
	size_t i;
	int n;

	colon = eq ? memchr(word, ':', (size_t)(eq - word)) : NULL;
	if (colon) {
		*colon = 0;
		n = setup_node_of(s, word);
		if (n < 0)
			return refused("fence: there is no node %s", word);
		of[n] = true;
		key = colon + 1;
	}
	if (!eq || !is_key(key, (size_t)(eq - key)))
		return refused("fence: '%.*s' is no argument: KEY=VALUE is, or NODE:KEY=VALUE",
			       (int)(eq ? eq - key : (ptrdiff_t)strlen(key)), key);
	*eq = 0;
	for (p = key; *p; p++)
		if (*p == '-')
			*p = '_';
	for (i = 0; i < ARRAY_SIZE(ours); i++)
		if (!strcmp(key, ours[i]))
			return refused("fence: %s= is not for you to say: see fence_vpart(8)", key);
	/* dlm_controld looks for this word, wherever it stands. */
	if ((eq - key >= 4 && !strcmp(eq - 4, "node")) || strstr(eq + 1, "node="))
		return refused("fence: dlm_controld adds node= itself, and would take '%s' for it",
			       key);
	return 0;
}

static int check_fence(const struct setup *s)
{
	const char *at = s->fence, *base;
	bool of[CFS_NODES_MAX] = { false }, any = false;
	char word[SETUP_FENCE];
	unsigned int i;

	for (i = 0; s->fence[i]; i++)
		if (s->fence[i] < ' ' || s->fence[i] > '~')
			return refused("fence: only printable characters");
	if (!s->fence[0])
		return 0;
	if (!setup_fence_word(&at, word, sizeof(word)) || strchr(word, '=') ||
	    (strchr(word, '/') && word[0] != '/') || strlen(word) > 200)
		return refused("fence: which agent? Its name or whole path comes first");
	base = strrchr(word, '/') ? strrchr(word, '/') + 1 : word;
	if (!strcmp(base, "fence_vpart") || agent_leaves_running(base))
		return refused("fence: %s does not cut the power: the node would go on", base);
	while (setup_fence_word(&at, word, sizeof(word)))
		if (check_fence_word(s, word, of))
			return EXIT_FAILURE;
	for (i = 0; i < s->nodes; i++)
		any |= of[i];
	for (i = 0; i < s->nodes && any; i++)
		if (!of[i])
			return refused("fence: node %s could not be fenced: it has no %s:KEY=VALUE",
				       s->node[i].name, s->node[i].name);
	return 0;
}

static int check_nodes(const struct setup *s)
{
	unsigned int i, j, l, m;
	bool six, first;

	for (i = 0; i < s->nodes; i++) {
		for (j = 0; j < i; j++)
			if (!strcasecmp(s->node[i].name, s->node[j].name))
				return refused("two nodes are called %s", s->node[i].name);
		for (l = 0; l < s->links; l++) {
			six = strchr(s->node[i].address[l], ':');
			first = strchr(s->node[0].address[l], ':');
			if (six != first)
				return refused("%s of node %s is not of the same kind as %s of node %s",
					       s->node[i].address[l], s->node[i].name,
					       s->node[0].address[l], s->node[0].name);
			for (j = 0; j <= i; j++)
				for (m = 0; m < (j == i ? l : s->links); m++)
					if (!strcmp(s->node[i].address[l], s->node[j].address[m]))
						return refused("%s is the address of %s and of %s",
							       s->node[i].address[l],
							       s->node[j].name, s->node[i].name);
		}
	}
	return 0;
}

/* 0, or EXIT_FAILURE after saying what is wrong. */
int setup_check(const struct setup *s)
{
	unsigned int i, j;

	if (s->nodes < 2)
		return refused("a cluster has at least 2 nodes");
	if (check_nodes(s))
		return EXIT_FAILURE;
	if (s->replicas != 1 && s->replicas != CFS_REPLICAS_MAX)
		return refused("a repository has 1 device, or %d as replicas, not %u",
			       CFS_REPLICAS_MAX, s->replicas);
	for (i = 0; i < s->replicas; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(s->device[i], s->device[j]))
				return refused("%s cannot be two replicas", s->device[i]);
	if (s->preferred[0] && s->nodes != 2)
		return refused("only one of two nodes can be preferred: %u go by majority",
			       s->nodes);
	if (s->preferred[0] && setup_node_of(s, s->preferred) < 0)
		return refused("there is no node %s to prefer", s->preferred);
	return check_fence(s);
}

/* --- the file --- */

/* Its text; free() it. NULL: there is no memory. */
char *setup_format(const struct setup *s)
{
	char uuid_text[VPART_UUID_TEXT], *text = NULL;
	unsigned int i, l;
	size_t len;
	FILE *f;

	f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	vpart_uuid_format(s->repository, uuid_text);
	fprintf(f, HEADLINE "\ncluster %s\nrepository %s\n", s->cluster, uuid_text);
	for (i = 0; i < s->replicas; i++)
		fprintf(f, "device %s\n", s->device[i]);
	for (i = 0; i < s->nodes; i++) {
		fprintf(f, "node %s", s->node[i].name);
		for (l = 0; l < s->links; l++)
			fprintf(f, " %s", s->node[i].address[l]);
		fputc('\n', f);
	}
	if (s->preferred[0])
		fprintf(f, "preferred %s\n", s->preferred);
	if (s->shared)
		fputs("shared-storage\n", f);
	if (s->fence[0])
		fprintf(f, "fence %s\n", s->fence);
	fputs("key ", f);
	for (i = 0; i < SETUP_KEY; i++)
		fprintf(f, "%02x", s->key[i]);
	fputc('\n', f);
	if (fflush(f)) {
		fclose(f);
		free(text);
		return NULL;
	}
	fprintf(f, "crc %08x\n", crc32c(text, len));
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static int parse_node(struct setup *s, char *value)
{
	char *blank = strchr(value, ' ');

	if (!blank || s->nodes == CFS_NODES_MAX)
		return refused("the nodes are not as they were written");
	if (take_name("node", value, (size_t)(blank - value), s->node[s->nodes].name))
		return EXIT_FAILURE;
	return add_addresses(s, &s->node[s->nodes], blank + 1, ' ');
}

static int parse_key(struct setup *s, const char *value)
{
	char byte[3] = "";
	unsigned int i;

	if (strlen(value) != 2 * SETUP_KEY || strspn(value, "0123456789abcdef") != 2 * SETUP_KEY)
		return refused("the key is not whole");
	for (i = 0; i < SETUP_KEY; i++) {
		memcpy(byte, value + 2 * i, 2);
		s->key[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return 0;
}

static int parse_line(struct setup *s, char *line)
{
	char *value = strchrnul(line, ' ');

	if (*value)
		*value++ = 0;
	if (!strcmp(line, "cluster"))
		return take_name("cluster", value, strlen(value), s->cluster);
	if (!strcmp(line, "repository"))
		return vpart_uuid_parse(value, s->repository) ? refused("the UUID is none") : 0;
	if (!strcmp(line, "device"))
		return add_device(s, value);
	if (!strcmp(line, "node"))
		return parse_node(s, value);
	if (!strcmp(line, "preferred"))
		return take_name("node", value, strlen(value), s->preferred);
	if (!strcmp(line, "fence") && strlen(value) < sizeof(s->fence))
		strcpy(s->fence, value);
	if (!strcmp(line, "shared-storage"))
		s->shared = true;
	return strcmp(line, "key") ? 0 : parse_key(s, value);
}

/**
 * setup_parse - what a file says
 * @s: where it goes
 * @text: what is in the file, @len bytes and a NUL
 * @len: of that
 * @path: its name, for people
 *
 * Whatever is unknown, twice, in another order or otherwise not as setup_format() writes it
 * shows when it is written again.
 *
 * Return: 0, or EXIT_FAILURE after saying what is wrong.
 */
int setup_parse(struct setup *s, const char *text, size_t len, const char *path)
{
	char *copy, *again = NULL, *line, *save;
	int ret = 0;

	memset(s, 0, sizeof(*s));
	if (len < strlen(HEADLINE) || strncmp(text, "vpart cluster setup ", 20))
		return refused("%s is no file that vpart cluster create has written", path);
	if (strncmp(text, HEADLINE "\n", strlen(HEADLINE) + 1))
		return refused("%s was written by a newer vpart", path);
	copy = strdup(text);
	if (!copy)
		return refused("out of memory");
	for (line = strtok_r(copy, "\n", &save); line && !ret; line = strtok_r(NULL, "\n", &save))
		ret = parse_line(s, line);
	free(copy);
	if (!ret) {
		again = setup_format(s);
		if (!again)
			ret = refused("out of memory");
		else if (strlen(again) != len || memcmp(again, text, len))
			ret = refused("%s is damaged, or was changed: copy it again", path);
	}
	free(again);
	if (!ret && (!s->cluster[0] || vpart_uuid_is_null(s->repository)))
		ret = refused("%s names no cluster", path);
	return ret ? ret : setup_check(s);
}
