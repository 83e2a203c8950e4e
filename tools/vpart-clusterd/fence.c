// SPDX-License-Identifier: GPL-2.0
/*
 * fence_vpart: a fence agent that runs another one, and keeps what that has confirmed for
 * vpart-clusterd (P19). dlm_controld runs it with lines KEY=VALUE on stdin, as any other:
 *
 *  1. Which life of the node the cluster knows is read before the node is fenced. It may
 *     come back while the other agent ends, and that life is not over.
 *  2. The other agent runs. Only its exit code 0 is a confirmation. Of two supplies of a node,
 *     which are two devices of dlm.conf (p:1, p:2), the first one's verdict comes too early:
 *     the kernel stores it when DLM has recovered, which is after the last.
 *  3. The verdict is kept, then this ends: DLM goes on, and what waits for the verdict
 *     itself goes on when the kernel has stored it, which needs DLM.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agents.h"
#include "clusterd.h"

#define ARGS_MAX	8192
#define NODE_MEMBER	1

const char *program = "fence_vpart";

static const char help[] =
	"usage: fence_vpart <ARGUMENTS\n"
	"\n"
	"A fence agent for dlm_controld: runs another agent, and if that confirms that the node\n"
	"is off, tells vpart-clusterd, so that the cluster knows which life of it has ended.\n"
	"It reads lines KEY=VALUE; all but agent are passed on.\n"
	"\n"
	"  agent=AGENT    the other agent\n"
	"  node=ID        number of the node in corosync.conf; dlm_controld adds that\n"
	"  action=ACTION  off or reboot: fence it; on: the other agent is run, that is all\n"
	"\n"
	"Example, in /etc/dlm/dlm.conf:\n"
	"  device power fence_vpart agent=fence_ipmilan lanplus=1 username=u password=p\n"
	"  connect power node=1 ip=192.0.2.1\n"
	"  connect power node=2 ip=192.0.2.2\n"
	"\n"
	"More: man fence_vpart. Exit code: 0 it is fenced, 1 it is not, 2 wrong use.\n";

/* Agents that could do otherwise look then whether the power was off. */
#define METHOD_LOOKS	"method=onoff"

/**
 * struct order - what dlm_controld asks for
 * @args: for the other agent
 * @len: of that
 * @agent: the other agent
 * @id: of the node
 * @on: it is to come back, not to be fenced
 * @method: it was said how
 */
struct order {
	char		args[ARGS_MAX + sizeof(METHOD_LOOKS)];
	size_t		len;
	char		agent[256];
	uint32_t	id;
	bool		on;
	bool		method;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int take_agent(struct order *o, const char *value)
{
	if (agent_leaves_running(base_name(value)))
		return usage("agent=%s does not cut the power: the node would go on", value);
	if (!value[0] || strlen(value) >= sizeof(o->agent) ||
	    (strchr(value, '/') && value[0] != '/'))
		return usage("'%s' is no agent: a name or a whole path is", value);
	strcpy(o->agent, value);
	return 0;
}

static int take_node(struct order *o, const char *value)
{
	unsigned long id;
	char *end;

	errno = 0;
	id = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)value[0]) || *end || errno || !id || id > UINT32_MAX)
		return usage("'%s' is no number of a node", value);
	o->id = (uint32_t)id;
	return 0;
}

static int take_action(struct order *o, const char *value)
{
	o->on = !strcmp(value, "on");
	if (o->on || !strcmp(value, "off") || !strcmp(value, "reboot"))
		return 0;
	return usage("action=%s fences nobody: off and reboot do", value);
}

/* With any other one, as "cycle", an agent does not look whether the power was off. */
static int take_method(struct order *o, const char *value)
{
	o->method = true;
	return strcmp(value, "onoff") ?
	       usage("method=%s confirms nothing: method=onoff does", value) : 0;
}

/* A device that does not know the node, or does not answer, has not switched it off. */
static int take_missing(struct order *o, const char *value)
{
	(void)o;
	(void)value;
	return usage("missing_as_off confirms without a look");
}

static void args_add(struct order *o, const char *line)
{
	const size_t len = strlen(line);

	memcpy(o->args + o->len, line, len);
	o->len += len;
	o->args[o->len++] = '\n';
}

/* As the agents of fence-agents read it: what they take for a key is seen as that here. */
static int key_read(const char *line, size_t len, char *key, size_t size)
{
	size_t i;

	if (!len || len >= size)
		return usage("'%.64s' is no argument: KEY=VALUE is", line);
	for (i = 0; i < len; i++) {
		if (!isgraph((unsigned char)line[i]))
			return usage("'%.64s' is no argument: a key has no blanks", line);
		key[i] = line[i] == '-' ? '_' : line[i];
	}
	key[len] = 0;
	return 0;
}

static int take_line(struct order *o, char *line)
{
	static const struct {
		const char	*key;
		int		(*take)(struct order *o, const char *value);
	} keys[] = {
		{ "node", take_node },
		{ "action", take_action },
		{ "option", take_action },	/* its name of old */
		{ "method", take_method },
		{ "missing_as_off", take_missing },
	};
	const size_t skip = strcspn(line, "=");
	const char *value = line[skip] ? line + skip + 1 : "";
	char key[64];
	size_t i;
	int ret;

	ret = key_read(line, skip, key, sizeof(key));
	if (!ret && !strcmp(key, "agent"))
		return take_agent(o, value);
	for (i = 0; !ret && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(keys[i].key, key))
			ret = keys[i].take(o, value);
	args_add(o, line);
	return ret;
}

/* 0, or an exit code after saying why. */
static int order_read(struct order *o)
{
	char text[ARGS_MAX], *line, *save;
	size_t len = 0;
	ssize_t got;
	int ret = 0;

	while ((got = read(0, text + len, sizeof(text) - 1 - len)) > 0) {
		len += (size_t)got;
		if (len == sizeof(text) - 1)
			return usage("more than %zu characters of arguments", len);
	}
	if (got < 0)
		return failed("cannot read the arguments: %s", strerror(errno));
	text[len] = 0;
	/* What ends a line for agents ends it here. */
	if (strlen(text) < len || strchr(text, '\r'))
		return usage("the arguments are no lines of text");
	for (line = strtok_r(text, "\n", &save); line && !ret; line = strtok_r(NULL, "\n", &save))
		ret = take_line(o, line);
	if (!ret && !o->agent[0])
		ret = usage("agent= is missing: which one fences?");
	if (!ret && !o->id && !o->on)
		ret = usage("node= is missing: who is to be fenced?");
	/* Without it some only cycle the power. */
	if (!ret && !o->on && !o->method)
		args_add(o, METHOD_LOOKS);
	return ret;
}

/* --- who that is --- */

/* Is it a member? Its life goes to @v. */
static int life_find(struct vpart *vp, const struct place *p, const char *name, struct verdict *v,
		     bool *found)
{
	const struct vpart_cluster_at at = { p->cluster, p->node };
	struct vpart_cluster_object *list;
	size_t n, i;

	*found = false;
	if (vpart_cluster_objects(vp, &at, VPART_CLUSTER_NODE, &list, &n))
		return failed("which life of node %s is fenced cannot be read: %s", name,
			      vpart_last_error(vp)->text);
	for (i = 0; i < n; i++) {
		if (strcmp(list[i].name, name) || list[i].state != NODE_MEMBER)
			continue;
		*found = true;
		memset(v, 0, sizeof(*v));
		strcpy(v->cluster, p->cluster);
		strcpy(v->by, p->node);
		strcpy(v->node, name);
		memcpy(v->boot, list[i].boot, sizeof(v->boot));
	}
	free(list);
	return 0;
}

/* Those of a cluster come first; how many. A node of another one may have any name. */
static size_t places_of(struct place *place, size_t n, const char *cluster)
{
	size_t i, ours = 0;

	for (i = 0; i < n; i++)
		if (!strcmp(place[i].cluster, cluster))
			place[ours++] = place[i];
	return ours;
}

/*
 * Its lives in corosync's cluster, where that is mounted here; 0, or an exit code after saying
 * why. If it has none that is known here, because no database is at hand or what was read of
 * it is behind, it is kept by number: vpart-clusterd looks later, if the node stays away.
 */
static int lives(const struct order *o, struct verdict **verdict, size_t *n)
{
	char name[VPART_CLUSTER_NAME_SIZE], cluster[VPART_CLUSTER_NAME_SIZE], why[160];
	bool found, unknown, numbered;
	struct vpart *vp = NULL;
	struct place *place;
	size_t places, i;
	int ret;

	*n = 0;
	*verdict = NULL;
	ret = places_read(&place, &places);
	if (ret)
		return failed("cannot read " MOUNT_TABLE ": %s", strerror(-ret));
	unknown = corosync_cluster(cluster, why, sizeof(why));
	if (!unknown) {
		places = places_of(place, places, cluster);
		unknown = corosync_name(o->id, name, why, sizeof(why));
	}
	if (unknown) {
		if (places)
			ret = failed("nobody knows who that is: %s", why);
		else
			say("nobody is told that node %u is fenced: %s", o->id, why);
		goto out;
	}
	vp = vpart_open();
	*verdict = calloc(places + 1, sizeof(**verdict));
	if (!vp || !*verdict)
		ret = failed("out of memory");
	numbered = !places;
	for (i = 0; !ret && i < places; i++) {
		/* Nobody tells of himself. */
		if (!strcmp(place[i].node, name))
			continue;
		ret = life_find(vp, &place[i], name, &(*verdict)[*n], &found);
		if (ret)
			break;
		*n += found;
		if (!found) {
			say("node %s is no member of cluster %s, as far as is known here", name,
			    cluster);
			numbered = true;
		}
	}
	if (ret)
		goto out;
	if (numbered) {
		(*verdict)[*n].numbered = true;
		strcpy((*verdict)[*n].cluster, cluster);
		strcpy((*verdict)[(*n)++].node, name);
	}
	for (i = 0; i < *n; i++) {
		(*verdict)[i].id = o->id;
		(*verdict)[i].since = now_ms();
	}
out:
	vpart_close(vp);
	free(place);
	return ret;
}

/* --- the other agent --- */

/* In the child. */
static void agent_exec(const struct order *o, int in, pid_t parent)
{
	sigset_t none;

	/* Who ends this, as DLM does when the node has come back, ends that, too. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, 0) == 0)
		execlp(o->agent, base_name(o->agent), (char *)NULL);
	failed("agent %s cannot be run: %s", o->agent, strerror(errno));
	_exit(127);
}

static void args_write(const struct order *o, int fd)
{
	size_t did = 0;
	ssize_t n;

	/* An agent that does not read all of it decides by itself. */
	while (did < o->len && (n = write(fd, o->args + did, o->len - did)) > 0)
		did += (size_t)n;
	close(fd);
}

/* 0: it has confirmed; or an exit code after saying why. */
static int agent_run(const struct order *o)
{
	const pid_t self = getpid();
	int in[2], status;
	pid_t pid;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	if (pipe2(in, O_CLOEXEC))
		return failed("no pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return failed("agent %s cannot be run: %s", o->agent, strerror(errno));
	if (!pid)
		agent_exec(o, in[0], self);
	close(in[0]);
	args_write(o, in[1]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return failed("agent %s is lost: %s", o->agent, strerror(errno));
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFEXITED(status))
		return failed("agent %s has not fenced node %u: exit code %d", o->agent, o->id,
			      WEXITSTATUS(status));
	return failed("agent %s has not fenced node %u: signal %d", o->agent, o->id,
		      WTERMSIG(status));
}

int main(int argc, char **argv)
{
	static struct order o;
	struct verdict *verdict = NULL;
	size_t n = 0, i;
	int ret;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts("fence_vpart " VPART_VERSION);
		return EXIT_SUCCESS;
	}
	if (argc > 1)
		return usage("unknown word '%s': arguments are lines KEY=VALUE on stdin", argv[1]);
	ret = order_read(&o);
	if (!ret && !o.on)
		ret = lives(&o, &verdict, &n);
	if (!ret)
		ret = agent_run(&o);
	for (i = 0; i < n && !ret; i++) {
		snprintf(verdict[i].method, sizeof(verdict[i].method), "%.31s", base_name(o.agent));
		ret = verdict_store(&verdict[i]);
	}
	free(verdict);
	return ret;
}
