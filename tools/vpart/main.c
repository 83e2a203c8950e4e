// SPDX-License-Identifier: GPL-2.0
/* vpart: the command. Finds noun and verb, sorts their words, gives help. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

static const struct noun *const nouns[] = {
	&node_noun, &partition_noun, &adapter_noun, &link_noun, &vport_noun, &lu_noun,
	&mirror_noun, &events_noun, &config_noun, &cluster_noun, &diag_noun, &version_noun,
};

#define NOUNS	ARRAY_SIZE(nouns)

static void help_all(FILE *f)
{
	size_t i;

	fputs("usage: vpart [--json] NOUN [VERB] [ARGUMENT...]\n\n"
	      "Virtual I/O server partitions, the virtual SCSI disks they serve, and mirrors of them.\n\n",
	      f);
	for (i = 0; i < NOUNS; i++) {
		const struct verb *v;

		fprintf(f, "  %-10s %s\n  %-10s ", nouns[i]->name, nouns[i]->what, "");
		for (v = nouns[i]->verbs; v->name; v++)
			fprintf(f, "%s%s", v == nouns[i]->verbs ? "" : "|", v->name);
		fputs("\n", f);
	}
	fputs("\nA mirrored disk, when partitions vios1, vios2 and client1 exist:\n"
	      "  vpart lu add d1 server vios1 client client1 device /dev/vdb\n"
	      "  vpart lu add d2 server vios2 client client1 device /dev/vdc\n"
	      "  vpart mirror create vol d1 d2\n\n"
	      "A noun alone shows its objects. Help: vpart NOUN -h, vpart NOUN VERB -h, man vpart.\n"
	      "Exit code: 0 done, 1 failed, 2 wrong use, 3 not found, 4 not fully healthy.\n", f);
}

static void help_noun(FILE *f, const struct noun *n)
{
	const struct verb *v;

	fprintf(f, "vpart %s: %s\n\n", n->name, n->what);
	for (v = n->verbs; v->name; v++)
		fprintf(f, "  vpart %s %s%s%s\n      %s\n", n->name, v->name, v->args[0] ? " " : "",
			v->args, v->what);
	fprintf(f, "\nMore, with an example: vpart %s VERB -h\n", n->name);
}

static void help_verb(FILE *f, const struct noun *n, const struct verb *v)
{
	fprintf(f, "usage: vpart [--json] %s %s%s%s\n\n%s\n", n->name, v->name,
		v->args[0] ? " " : "", v->args, v->what);
	if (v->more)
		fprintf(f, "\n%s\n", v->more);
	fprintf(f, "\nExample:\n  %s\n", v->example);
}

/* Value of a keyword, "" for an option that was given, NULL if it was not. */
const char *word(const struct cmd *c, const char *name)
{
	size_t len = strlen(name);
	int i;

	for (i = 0; i < MAX_WORDS && c->verb->words[i]; i++)
		if (!strncmp(c->verb->words[i], name, len) &&
		    (!c->verb->words[i][len] || c->verb->words[i][len] == '='))
			return c->given[i];
	return NULL;
}

int usage(const struct cmd *c, const char *fmt, ...)
{
	va_list ap;

	fputs("vpart: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (c && c->verb)
		fprintf(stderr, "; see vpart %s %s -h\n", c->noun->name, c->verb->name);
	else if (c && c->noun)
		fprintf(stderr, "; see vpart %s -h\n", c->noun->name);
	else
		fputs("; see vpart -h\n", stderr);
	return EXIT_USAGE;
}

/* The library's last failure as a sentence and an exit code. */
int failed(const struct cmd *c)
{
	const struct vpart_error *e = vpart_last_error(c->v);

	fprintf(stderr, "vpart: %s\n", e->text);
	print_stuck(c);
	return e->code;
}

/* 0, or EXIT_USAGE after saying why. */
int to_number(const struct cmd *c, const char *text, const char *what, uint32_t min, uint32_t max,
	      uint32_t *value)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || n < min || n > max)
		return usage(c, "'%s' is no %s: a number from %u to %u is", text, what, min, max);
	*value = (uint32_t)n;
	return 0;
}

int uuid(const struct cmd *c, const char *text, uint8_t out[VPART_UUID_SIZE])
{
	if (vpart_uuid_parse(text, out) || vpart_uuid_is_null(out))
		return usage(c, "'%s' is no UUID", text);
	return 0;
}

/* A name where it belongs, @dst of VPART_NAME_SIZE; 0, or EXIT_USAGE after saying why. */
int copy_name(const struct cmd *c, const char *what, const char *name, char *dst)
{
	if (!name)
		return usage(c, "which %s?", what);
	if (!vpart_name_valid(name))
		return usage(c, "'%s' is no name: 1 to %d letters, digits, '.', '_', '-'", name,
			     VPART_NAME_MAX);
	strcpy(dst, name);
	return 0;
}

/* The end that was asked for, VPART_END_*; 0: none was. 0, or EXIT_USAGE. */
int ends_of(const struct cmd *c, unsigned int *ends)
{
	const char *side = word(c, "side");

	*ends = 0;
	if (!side)
		return 0;
	if (!strcmp(side, "client"))
		*ends = VPART_END_CLIENT;
	else if (!strcmp(side, "server"))
		*ends = VPART_END_SERVER;
	else
		return usage(c, "'%s' is no side: client and server are", side);
	return 0;
}

/* Put one argument where it belongs; how many were used, or 0 after saying why. */
static int take(struct cmd *c, int argc, char **argv)
{
	const char *arg = argv[0];
	size_t len = strlen(arg);
	int i;

	if (c->npos >= c->verb->min || arg[0] == '-') {
		for (i = 0; i < MAX_WORDS && c->verb->words[i]; i++) {
			const char *w = c->verb->words[i];

			if (strncmp(w, arg, len) || (w[len] && strcmp(w + len, "=")))
				continue;
			if (c->given[i])
				return usage(c, "'%s' is given twice", arg), 0;
			if (!w[len]) {
				c->given[i] = "";
				return 1;
			}
			if (argc < 2)
				return usage(c, "a value is missing after '%s'", arg), 0;
			c->given[i] = argv[1];
			return 2;
		}
		if (arg[0] == '-' && arg[1])
			return usage(c, "unknown option '%s'", arg), 0;
	}
	if (c->npos >= c->verb->max)
		return usage(c, "unknown word '%s'", arg), 0;
	c->pos[c->npos++] = arg;
	return 1;
}

static bool is_help(const char *arg)
{
	return !strcmp(arg, "-h") || !strcmp(arg, "--help");
}

static const struct verb *find_verb(const struct noun *n, const char *name)
{
	const struct verb *v;

	for (v = n->verbs; v->name; v++)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

/* The verb; a bare noun, or one with only options, shows. */
static int choose_verb(struct cmd *c, int *argc, char ***argv)
{
	if (*argc && (*argv)[0][0] != '-') {
		c->verb = find_verb(c->noun, (*argv)[0]);
		if (!c->verb)
			return usage(c, "'%s' cannot '%s'", c->noun->name, (*argv)[0]);
		(*argc)--;
		(*argv)++;
		return 0;
	}
	c->verb = find_verb(c->noun, "show");
	if (!c->verb)
		c->verb = c->noun->verbs;
	return 0;
}

static int dispatch(struct cmd *c, int argc, char **argv)
{
	int used, ret, i;

	if (!argc)
		return help_all(stderr), EXIT_USAGE;
	if (is_help(argv[0]) || !strcmp(argv[0], "help"))
		return help_all(stdout), EXIT_SUCCESS;
	for (i = 0; i < (int)NOUNS; i++)
		if (!strcmp(nouns[i]->name, argv[0]) ||
		    (!strcmp(argv[0], "--version") && nouns[i] == &version_noun))
			c->noun = nouns[i];
	if (!c->noun)
		return usage(c, "unknown noun '%s'", argv[0]);
	argc--;
	argv++;
	if (argc && is_help(argv[0]))
		return help_noun(stdout, c->noun), EXIT_SUCCESS;
	ret = choose_verb(c, &argc, &argv);
	if (ret)
		return ret;
	for (i = 0; i < argc && strcmp(argv[i], "--"); i++)
		if (is_help(argv[i]))
			return help_verb(stdout, c->noun, c->verb), EXIT_SUCCESS;
	while (argc) {
		/* main() ends its list with NULL. */
		if (c->verb->command && !strcmp(argv[0], "--")) {
			c->command = argc > 1 ? argv + 1 : NULL;
			break;
		}
		used = take(c, argc, argv);
		if (!used)
			return EXIT_USAGE;
		argc -= used;
		argv += used;
	}
	if (c->npos < c->verb->min)
		return usage(c, "%s %s needs: %s", c->noun->name, c->verb->name, c->verb->args);
	return c->verb->run(c);
}

int main(int argc, char **argv)
{
	struct cmd c = { .json = false };
	bool behind = false;
	int i, n = 0, ret;

	/* --json may stand anywhere, -j too; what comes behind "--" is another's. */
	for (i = 1; i < argc; i++) {
		behind |= !strcmp(argv[i], "--");
		if (!behind && (!strcmp(argv[i], "--json") || !strcmp(argv[i], "-j")))
			c.json = true;
		else
			argv[n++] = argv[i];
	}
	argv[n] = NULL;
	c.v = vpart_open();
	if (!c.v) {
		fputs("vpart: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	ret = dispatch(&c, n, argv);
	vpart_close(c.v);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "vpart: cannot write: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return ret;
}
