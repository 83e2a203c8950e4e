// SPDX-License-Identifier: GPL-2.0
/* vpart cluster: what a node tells of itself, and a command as the handler of events */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cluster.h"

#define TIMEOUT_S	10
#define TIMEOUT_MAX_S	595
/* An answer may come so much later than the last command is killed. */
#define MARGIN_S	5

/* A word of a list; 0, or EXIT_USAGE. */
static int to_class(const struct cmd *c, const char *text, size_t len, uint32_t *class)
{
	for (*class = 0; *class < VPART_CLUSTER_CLASSES; ++*class) {
		const char *name = vpart_cluster_class_name(*class);

		if (strlen(name) == len && !memcmp(name, text, len))
			return 0;
	}
	return usage(c, "'%.*s' is no class of events", (int)len, text);
}

int cluster_say(struct cmd *c)
{
	static const char *const severities[] = { "information", "warning", "error" };
	const char *severity = word(c, "severity");
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_event ev = { .seq = 0 };
	int ret;

	ret = to_class(c, c->pos[0], strlen(c->pos[0]), &ev.class);
	if (ret)
		return ret;
	if (strlen(c->pos[1]) >= sizeof(ev.text))
		return usage(c, "a text has at most %zu characters", sizeof(ev.text) - 1);
	strcpy(ev.text, c->pos[1]);
	while (severity && ev.severity < ARRAY_SIZE(severities) &&
	       strcmp(severity, severities[ev.severity]))
		ev.severity++;
	if (ev.severity == ARRAY_SIZE(severities))
		return usage(c, "'%s' is no severity: information, warning and error are",
			     severity);
	if (word(c, "lu") && word(c, "volume"))
		return usage(c, "it is about one object");
	if (word(c, "code"))
		ret = to_number(c, word(c, "code"), "code", 0, UINT32_MAX, &ev.code);
	if (!ret && word(c, "lu")) {
		ev.type = VPART_CLUSTER_LU;
		ret = cluster_id(c, VPART_CLUSTER_LU, word(c, "lu"), &ev.object);
	} else if (!ret && word(c, "volume")) {
		ev.type = VPART_CLUSTER_VOLUME;
		ret = cluster_id(c, VPART_CLUSTER_VOLUME, word(c, "volume"), &ev.object);
	}
	if (ret)
		return ret;
	if (vpart_cluster_say(c->v, &at, &ev))
		return failed(c);
	return EXIT_SUCCESS;
}

int cluster_handlers(struct cmd *c)
{
	static const struct column columns[] = {
		{ "class", "CLASS" }, { "handler", "HANDLER" }, { "timeout_ms", "TIMEOUT MS" },
		{ "next", "NEXT" }, { "waiting", "WAITING" }, { "handled", "HANDLED" },
		{ "failed", "FAILED" }, { "late", "LATE" }, { NULL, NULL },
	};
	struct vpart_cluster_at at = where(c);
	struct json_object *rows, *o;
	struct vpart_cluster_post *list;
	size_t i, n;

	if (vpart_cluster_posts(c->v, &at, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++) {
		o = json_object_new_object();
		put_text(o, "class", vpart_cluster_class_name(list[i].class));
		put_text(o, "handler", list[i].holder);
		put_number(o, "timeout_ms", list[i].timeout_ms);
		put_number(o, "next", list[i].next);
		put_bool(o, "waiting", list[i].delivery);
		put_number(o, "handled", list[i].handled);
		put_number(o, "failed", list[i].failed);
		put_number(o, "late", list[i].late);
		json_object_array_add(rows, o);
	}
	free(list);
	return print_rows(c, rows, columns);
}

/* --- a command for each event --- */

static void put_env(const char *name, const char *value)
{
	if (value && *value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void put_env_of(struct json_object *o, const char *name, const char *key)
{
	put_env(name, json_object_get_string(json_object_object_get(o, key)));
}

/* In the child: the event as its words and its standard input. */
static void run_command(const struct cmd *c, const struct vpart_cluster_mount *m,
			struct json_object *o, int in)
{
	put_env("VPART_CLUSTER", m->cluster);
	put_env("VPART_NODE", m->node);
	put_env_of(o, "VPART_SEQ", "seq");
	put_env_of(o, "VPART_LOST", "lost");
	put_env_of(o, "VPART_CLASS", "class");
	put_env_of(o, "VPART_SEVERITY", "severity");
	put_env_of(o, "VPART_CODE", "code");
	put_env_of(o, "VPART_OBJECT", "object");
	put_env_of(o, "VPART_ID", "id");
	put_env_of(o, "VPART_TEXT", "text");
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) < 0)
		_exit(126);
	execvp(c->command[0], c->command);
	fprintf(stderr, "vpart: %s: %s\n", c->command[0], strerror(errno));
	_exit(127);
}

/* What ends this program ends the command first, and what wakes who waits for it. */
static void signals_of(sigset_t *set)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction is;
	size_t i;

	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	/* One that is ignored, as by nohup, stays so. */
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (!sigaction(ends[i], NULL, &is) && is.sa_handler != SIG_IGN)
			sigaddset(set, ends[i]);
}

/* Wait for a signal until then, in ms at most; its number, 0: SIGCHLD or none, -1: it is then. */
static int wait_signal(const sigset_t *signals, const struct timespec *end, long ms)
{
	struct timespec now, left;
	int sig;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left.tv_sec = end->tv_sec - now.tv_sec;
	left.tv_nsec = end->tv_nsec - now.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_sec--;
		left.tv_nsec += 1000000000;
	}
	if (left.tv_sec < 0)
		return -1;
	if (ms && (left.tv_sec || left.tv_nsec > ms * 1000000))
		left = (struct timespec){ .tv_nsec = ms * 1000000 };
	sig = sigtimedwait(signals, NULL, &left);
	return sig < 0 || sig == SIGCHLD ? 0 : sig;
}

/*
 * Wait for a child until then; its status, -1: it was too slow, and is killed. @ended: the last
 * signal that was passed on to it.
 */
static int wait_until(pid_t child, const sigset_t *signals, const struct timespec *end, int *ended)
{
	int status, sig;

	while (waitpid(child, &status, WNOHANG) != child) {
		sig = wait_signal(signals, end, 0);
		if (sig > 0) {
			*ended = sig;
			kill(-child, sig);
		} else if (sig < 0) {
			kill(-child, SIGKILL);
			kill(child, SIGKILL);
			waitpid(child, &status, 0);
			return -1;
		}
	}
	return status;
}

/* A child in a group of its own, so that all that it starts can be ended; as fork(). */
static pid_t fork_group(const sigset_t *signals, const struct timespec *end, int *ended)
{
	const pid_t parent = getpid();
	pid_t child;

	fflush(NULL);
	/* There may be too many now, and fewer soon. */
	while ((child = fork()) < 0 && errno == EAGAIN && !*ended) {
		*ended = wait_signal(signals, end, 100);
		if (*ended < 0) {
			*ended = 0;
			errno = EAGAIN;
			break;
		}
	}
	if (child > 0) {
		/* Before a signal is passed on to it; whoever of both is first. */
		setpgid(child, child);
	} else if (!child) {
		setpgid(0, 0);
		/* Nobody is left to end it, and the next handler begins with the event. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
			_exit(126);
	}
	return child;
}

/*
 * Run it for one event. Return: 0, or a negative errno of the command; @ended: this program ends,
 * by that signal, or without one if it could not be run: -1.
 */
static int handle_one(const struct cmd *c, const struct vpart_cluster_mount *m,
		      const struct vpart_cluster_event *ev, uint32_t seconds, int *ended)
{
	struct json_object *o = cluster_event(ev);
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE);
	struct timespec end;
	sigset_t signals, old;
	int status = -1, in[2], err;
	pid_t child;

	*ended = 0;
	/* It fits into the pipe. */
	if (pipe2(in, O_CLOEXEC)) {
		err = errno;
		json_object_put(o);
		*ended = -1;
		return -err;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	signals_of(&signals);
	sigprocmask(SIG_BLOCK, &signals, &old);
	child = fork_group(&signals, &end, ended);
	err = errno;
	if (!child) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		run_command(c, m, o, in[0]);
	}
	close(in[0]);
	if (child > 0) {
		if (dprintf(in[1], "%s\n", text) < 0)
			fprintf(stderr, "vpart: event %llu: %s\n", (unsigned long long)ev->seq,
				strerror(errno));
		close(in[1]);
		status = wait_until(child, &signals, &end, ended);
	} else {
		close(in[1]);
		if (!*ended)
			*ended = -1;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	json_object_put(o);
	if (child < 0)
		return -err;
	if (status == -1)
		return -ETIME;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

static int handler_failed(const struct vpart_cluster_handler *h)
{
	const struct vpart_error *e = vpart_cluster_handler_error(h);

	fprintf(stderr, "vpart: %s\n", e->text);
	return e->code;
}

/* All classes of a list like "alert,path", or with no @h how many; 0, or an exit code. */
static int add_classes(const struct cmd *c, struct vpart_cluster_handler *h, uint32_t *classes,
		       uint32_t ms, uint64_t from)
{
	const char *p = c->pos[0];
	uint32_t class;
	size_t len;
	int ret;

	for (;; p += len + 1) {
		len = strcspn(p, ",");
		ret = to_class(c, p, len, &class);
		if (ret)
			return ret;
		if (!h)
			++*classes;
		else if (vpart_cluster_handler_add(h, class, ms, from))
			return handler_failed(h);
		if (!p[len])
			return EXIT_SUCCESS;
	}
}

static int handle_all(const struct cmd *c, struct vpart_cluster_handler *h,
		      const struct vpart_cluster_mount *m, uint32_t seconds, uint32_t count)
{
	struct vpart_cluster_event ev;
	uint32_t done = 0;
	int ret, result, ended;

	while (!count || done < count) {
		ret = vpart_cluster_handler_next(h, &ev, -1);
		if (!ret || ret == -EINTR)
			continue;
		if (ret < 0)
			return handler_failed(h);
		result = handle_one(c, m, &ev, seconds, &ended);
		done++;
		if (ended < 0) {
			fprintf(stderr, "vpart: event %llu: %s cannot be run: %s\n",
				(unsigned long long)ev.seq, c->command[0], strerror(-result));
			return EXIT_FAILURE;
		}
		/* It was interrupted: the next handler gets the event. */
		if (ended && result) {
			raise(ended);
			return EXIT_FAILURE;
		}
		if (result == -ETIME)
			fprintf(stderr, "vpart: event %llu: %s took longer than %u s, and was killed\n",
				(unsigned long long)ev.seq, c->command[0], seconds);
		else if (result)
			fprintf(stderr, "vpart: event %llu: %s failed\n",
				(unsigned long long)ev.seq, c->command[0]);
		ret = vpart_cluster_handler_answer(h, &ev, (uint32_t)-result);
		if (ret && ret != -ETIME)
			return handler_failed(h);
		/* Too late: the next one is there. */
		if (ret && result != -ETIME)
			handler_failed(h);
		if (ended)
			raise(ended);
	}
	return EXIT_SUCCESS;
}

int cluster_handle(struct cmd *c)
{
	struct vpart_cluster_at at = where(c);
	struct vpart_cluster_handler *h;
	struct vpart_cluster_mount m;
	uint32_t seconds = TIMEOUT_S, count = 0, from = 0, classes = 0;
	int ret;

	if (!c->command)
		return usage(c, "which command? it comes behind --");
	ret = add_classes(c, NULL, &classes, 0, 0);
	if (!ret && word(c, "--timeout"))
		ret = to_number(c, word(c, "--timeout"), "number of seconds", 1, TIMEOUT_MAX_S,
				&seconds);
	if (!ret && word(c, "--count"))
		ret = to_number(c, word(c, "--count"), "count", 1, UINT32_MAX, &count);
	if (!ret && word(c, "--from"))
		ret = to_number(c, word(c, "--from"), "number of an event", 1, UINT32_MAX, &from);
	if (ret)
		return ret;
	if (classes > TIMEOUT_MAX_S / seconds)
		return usage(c, "of %u classes, the commands can have %u s", classes,
			     TIMEOUT_MAX_S / classes);
	if (vpart_cluster_find(c->v, &at, &m))
		return failed(c);
	at = (struct vpart_cluster_at){ .cluster = m.cluster, .node = m.node };
	h = vpart_cluster_handler_open(c->v, &at);
	if (!h)
		return failed(c);
	/* A command that reads nothing is none that has died. */
	signal(SIGPIPE, SIG_IGN);
	/* Whoever started this may have ignored that his children end. */
	signal(SIGCHLD, SIG_DFL);
	/* An event's time runs while those of all other classes are handled before it. */
	ret = add_classes(c, h, NULL, (classes * seconds + MARGIN_S) * 1000, from);
	if (!ret)
		ret = handle_all(c, h, &m, seconds, count);
	vpart_cluster_handler_close(h);
	return ret;
}
