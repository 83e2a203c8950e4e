/* SPDX-License-Identifier: GPL-2.0 */
/* The command's own frame: nouns, verbs, their words, and what they print */
#ifndef VPART_CMD_H
#define VPART_CMD_H

#include <json-c/json.h>
#include <libvpart.h>

/* Exit codes; the first four are enum vpart_code. */
#define EXIT_USAGE	VPART_CODE_INVALID
#define EXIT_NOT_FOUND	VPART_CODE_NOT_FOUND
#define EXIT_DEGRADED	4
#define EXIT_OLDER	5	/* what is there is older than what is known, or foreign */

#define MAX_POS		33	/* a cluster and its nodes */
#define MAX_WORDS	12

/* How long a verb waits that ends with "when both legs are equal", seconds */
#define WAIT_DEFAULT	3600

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#ifndef __printf
#define __printf(f, a)	\
	__attribute__((\
		format(printf, f, a)))
#endif

struct cmd;

/**
 * struct verb - what can be done with a noun
 * @name: the verb
 * @args: its arguments for people
 * @what: what it does, one line
 * @more: what the arguments mean, lines, or NULL
 * @example: a command that works
 * @min: this many arguments come first, whatever they are
 * @max: at most this many arguments without a keyword
 * @words: keywords and options it knows; one that takes a value ends with '='
 * @command: behind "--" comes a command to be run
 * @run: does it; returns an exit code
 */
struct verb {
	const char	*name;
	const char	*args;
	const char	*what;
	const char	*more;
	const char	*example;
	int		min;
	int		max;
	const char	*words[MAX_WORDS];
	bool		command;
	int		(*run)(struct cmd *c);
};

/**
 * struct noun - a kind of object
 * @name: the noun
 * @what: what it is, one line
 * @verbs: what can be done, ended by one without a name; a bare noun is the
 *	verb "show", or the first
 */
struct noun {
	const char		*name;
	const char		*what;
	const struct verb	*verbs;
};

/**
 * struct cmd - one invocation
 * @v: the library's handle
 * @noun: noun
 * @verb: verb
 * @json: for programs
 * @npos: number of arguments without a keyword
 * @pos: those arguments
 * @given: the keywords' values, in the order of @verb->words; "" for an option
 * @command: what comes behind "--", ended by NULL; NULL: nothing
 */
struct cmd {
	struct vpart		*v;
	const struct noun	*noun;
	const struct verb	*verb;
	bool			json;
	int			npos;
	const char		*pos[MAX_POS];
	const char		*given[MAX_WORDS];
	char			**command;
};

/**
 * struct column - one column of a table
 * @key: of the JSON object that a row is made of
 * @title: headline
 */
struct column {
	const char	*key;
	const char	*title;
};

extern const struct noun node_noun;
extern const struct noun partition_noun;
extern const struct noun adapter_noun;
extern const struct noun link_noun;
extern const struct noun vport_noun;
extern const struct noun lu_noun;
extern const struct noun mirror_noun;
extern const struct noun events_noun;
extern const struct noun config_noun;
extern const struct noun diag_noun;
extern const struct noun cluster_noun;
extern const struct noun version_noun;

/* main.c */
const char *word(const struct cmd *c, const char *name);
__printf(2, 3)
int usage(const struct cmd *c, const char *fmt, ...);
int failed(const struct cmd *c);
int to_number(const struct cmd *c, const char *text, const char *what, uint32_t min, uint32_t max,
	      uint32_t *value);
int copy_name(const struct cmd *c, const char *what, const char *name, char *dst);
int ends_of(const struct cmd *c, unsigned int *ends);
int uuid(const struct cmd *c, const char *text, uint8_t out[VPART_UUID_SIZE]);

/* out.c */
void put_text(struct json_object *o, const char *key, const char *text);
void put_number(struct json_object *o, const char *key, uint64_t value);
void put_bool(struct json_object *o, const char *key, bool value);
void put_uuid(struct json_object *o, const uint8_t uuid[VPART_UUID_SIZE]);
void put_disks(struct json_object *o, char (*disks)[VPART_DISK_SIZE], size_t n);
void join_disks(struct json_object *o);
void human_bytes(char *buf, size_t size, uint64_t bytes);
void human_us(char *buf, size_t size, uint64_t us);
int print_rows(const struct cmd *c, struct json_object *rows, const struct column *cols);
int print_one(const struct cmd *c, struct json_object *one);
void print_stuck(const struct cmd *c);
__printf(3, 4)
int done(const struct cmd *c, struct json_object *one, const char *fmt, ...);

#endif /* VPART_CMD_H */
