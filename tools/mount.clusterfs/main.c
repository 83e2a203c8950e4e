// SPDX-License-Identifier: GPL-2.0
/*
 * mount.clusterfs: what mount(8) runs for the type "clusterfs". The kernel compares a repository
 * with what its node knew of it, before it writes to it, if it is told that (R18, P23): this
 * tells it, from the local copy that vpart-clusterd keeps. The mount itself is mount(8)'s again,
 * with -i.
 *
 * It never tells less than it could: a copy that there is and that cannot be read, or of which
 * nobody says that it is meant, is a refusal. "expect=none" mounts all the same, and looks at
 * nothing. The devices are not looked at: they are what is to be proven, and may not answer.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libvpart_cluster.h>

#ifndef COPY_FOLDER
#define COPY_FOLDER	VPART_CLUSTER_COPY_FOLDER
#endif

/* mount(8)'s exit codes */
#define EXIT_USAGE	1
#define EXIT_SYSTEM	2
#define EXIT_REFUSED	32

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct request - what is to be mounted
 * @spec: device
 * @dir: where
 * @type: "clusterfs"
 * @mntns: mount namespace, or NULL
 * @options: for mount(8), without those that are for this program; "": none
 * @node: its node, or NULL; freed with the process, as all of this
 * @cluster: its cluster, if that is said
 * @plain: nothing is to be told: that was said, or it is no new mount
 * @flag: -s, -f, -n, -v as they came
 * @flags: how many
 * @verbose: -v is one of them
 */
struct request {
	const char	*spec;
	const char	*dir;
	const char	*type;
	const char	*mntns;
	char		*options;
	char		*node;
	char		*cluster;
	bool		plain;
	const char	*flag[8];
	unsigned int	flags;
	bool		verbose;
};

static void __attribute__((format(printf, 2, 3), noreturn)) die(int code, const char *fmt, ...)
{
	va_list ap;

	fputs("mount.clusterfs: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	exit(code);
}

static void __attribute__((noreturn)) no_memory(void)
{
	die(EXIT_SYSTEM, "out of memory");
}

static void help(FILE *f)
{
	fputs("usage: mount.clusterfs DEVICE DIRECTORY [-fnsv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]\n\n"
	      "Run by mount(8). Tells the kernel what the node knew of the repository when it had it\n"
	      "mounted last, so that an older or foreign one is refused.\n\n"
	      "  -o expect=none   do not: mount whatever is there\n\n"
	      "Exit code: mount(8)'s; 1 wrong use, 2 system error, 32 refused. See mount.clusterfs(8).\n",
	      f);
}

/* --- options --- */

/* Where an option ends: a comma in quotes is its own. */
static size_t option_len(const char *at)
{
	bool quoted = false;
	size_t n;

	for (n = 0; at[n] && (quoted || at[n] != ','); n++)
		quoted ^= at[n] == '"';
	return n;
}

/* Versions of mount(8) differ in what is quoted, and so in where an option ends. */
static void check_options(const char *at)
{
	bool quoted = false;

	for (; *at; at++) {
		if (*at == '\\' && (at[1] == ',' || at[1] == '"'))
			die(EXIT_USAGE,
			    "a backslash before a comma or a quote: versions of mount(8) differ in where that option ends");
		quoted ^= *at == '"';
	}
	if (quoted)
		die(EXIT_USAGE, "a quote of the options has no end");
}

/*
 * The value of an option if it is that one, else NULL. Some versions of mount(8) give the kernel
 * what is in the quotes, some the quotes, too: so nobody knows which name is meant.
 */
static char *value_of(const char *at, size_t len, const char *key)
{
	const size_t n = strlen(key);
	char *value;

	if (len < n || strncmp(at, key, n))
		return NULL;
	value = strndup(at + n, len - n);
	if (!value)
		no_memory();
	if (strpbrk(value, "\"\\"))
		die(EXIT_USAGE, "%s%s: it has a quote or a backslash, which it cannot have", key,
		    value);
	return value;
}

/* What concerns us of an option; true: it is ours alone. */
static bool take_option(struct request *r, const char *at, size_t len)
{
	char *value;

	if (len == strlen("remount") && !strncmp(at, "remount", len)) {
		r->plain = true;
		return false;
	}
	value = value_of(at, len, "expect=");
	if (value) {
		r->plain = true;
		return !strcmp(value, "none");
	}
	value = value_of(at, len, "node=");
	if (value) {
		r->node = value;
		return false;
	}
	value = value_of(at, len, "cluster=");
	if (value)
		r->cluster = value;
	return false;
}

static void add_option(struct request *r, const char *at, size_t len)
{
	char *all;

	if (asprintf(&all, "%s%s%.*s", r->options, r->options[0] ? "," : "", (int)len, at) < 0)
		no_memory();
	free(r->options);
	r->options = all;
}

static void take_options(struct request *r, const char *at)
{
	size_t len;

	check_options(at);
	while (*at) {
		len = option_len(at);
		if (len && !take_option(r, at, len))
			add_option(r, at, len);
		at += len + (at[len] == ',');
	}
}

static void take_word(struct request *r, const char *word)
{
	if (!r->spec)
		r->spec = word;
	else if (!r->dir)
		r->dir = word;
	else
		die(EXIT_USAGE, "'%s' is too much: a device and a directory are wanted", word);
}

static void take_flag(struct request *r, int c)
{
	static const char *const flags[] = { "-f", "-n", "-s", "-v" };
	size_t i;

	r->verbose |= c == 'v';
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i][1] == c && r->flags < ARRAY_SIZE(r->flag))
			r->flag[r->flags++] = flags[i];
}

static void parse(struct request *r, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	/* "-": words where they stand, whatever POSIXLY_CORRECT says. */
	while ((c = getopt_long(argc, argv, "-fnsvN:o:t:hV", longs, NULL)) != -1) {
		switch (c) {
		case 1:
			take_word(r, optarg);
			break;
		case 'f':
		case 'n':
		case 's':
		case 'v':
			take_flag(r, c);
			break;
		case 'N':
			r->mntns = optarg;
			break;
		case 'o':
			take_options(r, optarg);
			break;
		case 't':
			r->type = optarg;
			break;
		case 'h':
			help(stdout);
			exit(EXIT_SUCCESS);
		case 'V':
			puts("mount.clusterfs " VPART_VERSION);
			exit(EXIT_SUCCESS);
		default:
			help(stderr);
			exit(EXIT_USAGE);
		}
	}
	while (optind < argc)
		take_word(r, argv[optind++]);
	if (!r->dir)
		die(EXIT_USAGE, "a device and a directory are wanted; see mount.clusterfs -h");
	if (strcmp(r->type, "clusterfs"))
		die(EXIT_USAGE, "the type is clusterfs, which has no subtypes, not %s", r->type);
}

/* --- what is known --- */

/*
 * Of which cluster, if it was not said: that of the only copy of this node, which the kernel is
 * told then, so that it refuses another one. false: there is no copy.
 */
static bool find_cluster(struct request *r, struct vpart *v)
{
	struct vpart_cluster_copy *list, *found = NULL;
	char option[80];
	size_t i, n;
	int ret;

	if (r->cluster)
		return true;
	ret = vpart_cluster_copy_names(v, &list, &n);
	if (ret)
		die(ret == -ENOMEM ? EXIT_SYSTEM : EXIT_REFUSED,
		    "%s: nobody knows what node %s knew; without that: expect=none",
		    vpart_last_error(v)->text, r->node);
	for (i = 0; i < n; i++) {
		if (strcmp(list[i].node, r->node))
			continue;
		if (found)
			die(EXIT_REFUSED,
			    "there are local copies of node %s of the clusters %s and %s: say which one, cluster=NAME, or expect=none",
			    r->node, found->cluster, list[i].cluster);
		found = &list[i];
	}
	if (found) {
		if (strpbrk(found->cluster, ",\"\\"))
			die(EXIT_REFUSED,
			    "there is a local copy of node %s of cluster %s, a name that mount(8) cannot hand on; without that: expect=none",
			    r->node, found->cluster);
		r->cluster = strdup(found->cluster);
		if (!r->cluster)
			no_memory();
		snprintf(option, sizeof(option), "cluster=%s", r->cluster);
		add_option(r, option, strlen(option));
	}
	free(list);
	return found;
}

static void add_expect(struct request *r)
{
	char text[VPART_CLUSTER_COPY_OPTION], option[VPART_CLUSTER_COPY_OPTION + 16];
	struct vpart *v = vpart_open();
	struct vpart_cluster_copy copy;
	int ret;

	if (!v)
		no_memory();
	ret = find_cluster(r, v) ? vpart_cluster_copy_read(v, r->cluster, r->node, &copy) : -ENOENT;
	if (ret == -ENOENT && access(COPY_FOLDER, F_OK) && errno == ENOENT)
		fprintf(stderr, "mount.clusterfs: there is no %s, so nothing is compared with what node %s knew; is /var mounted?\n",
			COPY_FOLDER, r->node);
	/* A name that is none is for the kernel to refuse. */
	if (ret == -ENOENT || ret == -EINVAL)
		goto close;
	if (ret && ret != -EBADMSG)
		die(EXIT_SYSTEM, "%s", vpart_last_error(v)->text);
	if (ret)
		die(EXIT_REFUSED,
		    "%s: the repository cannot be compared with what node %s knew; without that: expect=none, or vpart cluster local forget at %s cluster %s",
		    vpart_last_error(v)->text, r->node, r->node, r->cluster);
	vpart_cluster_copy_option(&copy.at, text);
	vpart_cluster_copy_free(&copy);
	snprintf(option, sizeof(option), "expect=%s", text);
	add_option(r, option, strlen(option));
	if (r->verbose)
		printf("mount.clusterfs: node %s of cluster %s: %s\n", r->node, r->cluster, option);
close:
	vpart_close(v);
}

int main(int argc, char **argv)
{
	struct request r = { .type = "clusterfs", .options = strdup("") };
	const char *args[ARRAY_SIZE(r.flag) + 12] = { "mount", "-i", "-t" };
	unsigned int n = 3, i;

	if (!r.options)
		no_memory();
	parse(&r, argc, argv);
	if (!r.plain && r.node)
		add_expect(&r);
	args[n++] = r.type;
	for (i = 0; i < r.flags; i++)
		args[n++] = r.flag[i];
	if (r.mntns) {
		args[n++] = "-N";
		args[n++] = r.mntns;
	}
	if (r.options[0]) {
		args[n++] = "-o";
		args[n++] = r.options;
	}
	args[n++] = "--";
	args[n++] = r.spec;
	args[n++] = r.dir;
	args[n] = NULL;
	fflush(stdout);
	execvp(args[0], (char *const *)args);
	die(EXIT_SYSTEM, "mount: %s", strerror(errno));
}
