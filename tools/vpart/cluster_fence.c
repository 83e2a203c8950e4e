// SPDX-License-Identifier: GPL-2.0
/*
 * The fence agent of a cluster: whether it reaches its device, what is shown of its arguments,
 * and what it means that there is none.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cluster_setup.h"

#define ASK_SECONDS	30	/* for an agent to answer */
#define TELL_SECONDS	2	/* for dlm_controld */
#define AGENT_OFF	2	/* exit code of "status": the node is off, and the device says so */
#define SHOWN		201	/* characters of what an agent said, with their end */

/* What has to be known by who has none. */
void fence_none(FILE *f, const char *who)
{
	fprintf(f, "%s%s\n", who,
		"without a fence agent DLM grants what a dead node held with no proof that it is dead: clusterfs is made for that, other users of DLM (gfs2, lvmlockd) are not safe here, and what that node owned waits until it comes back, or until \"vpart cluster fenced\" is said");
}

/* --- what is shown --- */

/* These hold no secret, whatever the agent is; of any other nobody knows. */
static bool is_open(const char *key, size_t len)
{
	static const char *const keys[] = {
		"cipher", "delay", "host", "identity_file", "ip", "ipaddr", "ipport", "lanplus",
		"login", "login_timeout", "machine", "passwd_script", "password_script", "plug",
		"port", "power_timeout", "power_wait", "shell_timeout", "ssh", "ssl",
		"ssl_insecure", "ssl_secure", "user", "username", "uuid",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i]) == len && !strncmp(keys[i], key, len))
			return true;
	return false;
}

/* What may be a password in a word, or NULL. */
static char *hidden(char *word)
{
	char *eq = strchr(word, '=');
	char *key = eq ? memchr(word, ':', (size_t)(eq - word)) : NULL;

	key = key ? key + 1 : word;
	return eq && eq[1] && !is_open(key, (size_t)(eq - key)) ? eq + 1 : NULL;
}

/* What may be a password is not for a screen: "*" stands for it. */
void fence_hide(struct setup *s)
{
	char text[SETUP_FENCE] = "", word[SETUP_FENCE], *value;
	const char *at = s->fence;
	size_t len = 0;

	while (setup_fence_word(&at, word, sizeof(word))) {
		value = hidden(word);
		if (value)
			strcpy(value, "*");
		/* No word has become longer. */
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? " " : "",
					word);
	}
	strcpy(s->fence, text);
}

/* --- whether it answers --- */

/* Is that one of the actions in what an agent tells of itself? */
static bool has_action(const char *meta, const char *name)
{
	const char *at = meta, *end;
	char want[2][32];

	snprintf(want[0], sizeof(want[0]), "name=\"%s\"", name);
	snprintf(want[1], sizeof(want[1]), "name='%s'", name);
	while ((at = strstr(at, "<action "))) {
		end = strchrnul(at, '>');
		if (memmem(at, (size_t)(end - at), want[0], strlen(want[0])) ||
		    memmem(at, (size_t)(end - at), want[1], strlen(want[1])))
			return true;
		at = end;
	}
	return false;
}

/* How long what may be a password is at the beginning of a text; 0: none is there. */
static size_t secret_at(const struct setup *s, const char *text)
{
	char word[SETUP_FENCE], *value;
	const char *at = s->fence;
	size_t len, most = 0;

	while (setup_fence_word(&at, word, sizeof(word))) {
		value = hidden(word);
		len = value ? strlen(value) : 0;
		if (len > most && !strncmp(text, value, len))
			most = len;
	}
	return most;
}

/* Why it failed is said last, or as an error. What agents do not know they warn of before. */
static char *last_line(char *out)
{
	char *line, *last = out + strlen(out), *next;

	for (line = out; line; line = next) {
		line += strspn(line, " \t\r\n");
		next = strpbrk(line, "\r\n");
		if (next)
			*next++ = 0;
		if (!*line || strcasestr(line, "ignoring unknown option"))
			continue;
		last = line;
		if (strcasestr(line, "failed") || strcasestr(line, "error"))
			break;
	}
	return last;
}

/* A line of what a program said, with no password; what a device put in is only shown. */
static void shown(const struct setup *s, char *out, char line[SHOWN])
{
	const char *at = last_line(out);
	size_t len, n = 0;

	for (; *at && n < SHOWN - 1; at += len) {
		len = secret_at(s, at);
		line[n++] = len ? '*' : isprint((unsigned char)*at) ? *at : '?';
		len = len ? : 1;
	}
	line[n] = 0;
	if (*at)
		strcpy(line + n - 3, "...");
}

/* Do they say so, as agents do: "Status: OFF"? Exit code 2 is also that of a wrong argument. */
static bool says_off(const char *out)
{
	static const char off[] = "status: off";
	const char *at = strcasestr(out, off);

	return at && !isalnum((unsigned char)at[sizeof(off) - 1]);
}

static const char *how(const struct setup *s, int ret, char *out, char *text, size_t size)
{
	char line[SHOWN];

	shown(s, out, line);

	if (ret == -ETIMEDOUT)
		snprintf(text, size, "no answer in %d s, it was killed", ASK_SECONDS);
	else if (ret < 0)
		snprintf(text, size, "%s", strerror(-ret));
	else
		snprintf(text, size, "exit code %d%s%s", ret, line[0] ? ": " : "", line);
	return text;
}

static int ask_of(const struct setup *s, const char *agent, unsigned int node, const char *action,
		  char *out, size_t size)
{
	char why[320], *in = NULL;
	size_t len;
	FILE *f = open_memstream(&in, &len);
	int ret;

	if (!f)
		return refused("out of memory");
	fprintf(f, "action=%s", action);
	setup_fence_words(f, s, NULL, '\n');
	setup_fence_words(f, s, s->node[node].name, '\n');
	fprintf(f, "\nnode=%u\n", node + 1);
	if (fclose(f)) {
		free(in);
		return refused("out of memory");
	}
	ret = host_ask(agent, in, out, size, ASK_SECONDS);
	explicit_bzero(in, len);
	free(in);
	if (!ret || (ret == AGENT_OFF && !strcmp(action, "status") && says_off(out)))
		return 0;
	return refused("the fence agent %s does not reach the device of node %s: %s; nothing was written; --fence-unasked goes on without its answer",
		       agent, s->node[node].name, how(s, ret, out, why, sizeof(why)));
}

/**
 * fence_ask - P24: does the agent reach the devices of the other nodes?
 * @s: the cluster
 * @me: this node's place
 *
 * Whether they are on it is asked, which changes nothing. An agent that does not heed what
 * it is asked for would switch them off: so it has to tell first what it can be asked for, and
 * is not told of any node then.
 *
 * Return: 0, or EXIT_FAILURE after saying what it has said.
 */
int fence_ask(const struct setup *s, unsigned int me)
{
	static char out[65536];
	char agent[SETUP_FENCE], why[320];
	const char *at = s->fence, *action;
	unsigned int i;
	int ret;

	if (!setup_fence_word(&at, agent, sizeof(agent)))
		return 0;
	ret = host_ask(agent, "action=metadata\n", out, sizeof(out), ASK_SECONDS);
	action = has_action(out, "status") ? "status" : "monitor";
	if (ret || !has_action(out, action))
		return refused("the fence agent %s does not tell by action=metadata that it knows status or monitor (%s), and cannot be asked whether it reaches its device: nothing was written; --fence-unasked goes on without its answer",
			       agent, how(s, ret, out, why, sizeof(why)));
	for (i = 0; i < s->nodes; i++)
		if (i != me && ask_of(s, agent, i, action, out, sizeof(out)))
			return EXIT_FAILURE;
	return 0;
}

/* --- what runs --- */

/* Does DLM here have those fenced that died? -ENOENT: it has no daemon that says so. */
int fence_runs(bool *fences)
{
	static const char *const argv[] = { "dlm_tool", "dump_config", NULL };
	static int ret = 1;	/* it is asked once, however many mounts there are */
	static bool are;
	char out[16384], *at;

	if (ret > 0) {
		at = host_run(argv, out, sizeof(out), TELL_SECONDS) ? NULL :
		     strstr(out, "enable_fencing=");
		ret = at ? 0 : -ENOENT;
		are = at && at[15] != '0';
	}
	*fences = are;
	return ret;
}
