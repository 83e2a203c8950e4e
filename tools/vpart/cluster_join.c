// SPDX-License-Identifier: GPL-2.0
/*
 * vpart cluster create, join, leave: one command makes a node a member, one ends that.
 *
 *  1. All is looked at. Until then nothing is written.
 *  2. The first node makes the repository and the key.
 *  3. The files of the node are written, the same on each.
 *  4. Corosync starts, and is waited for: for quorum, and for all nodes if DLM runs nowhere
 *     yet. It has those fenced that it does not find, and one that is not set up is no dead one.
 *  5. DLM's daemon and ours start.
 *  6. The repository is mounted, which makes the node a member.
 *
 * What has been begun is gone on with by "vpart cluster join", and undone by leave.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "cluster_setup.h"

#define WAIT_SECONDS	600	/* for the other nodes */
#define STATE_SECONDS	30	/* for the first lease of quorum */
#define LEAVE_SECONDS	60	/* for DLM, after the unmount */
#define LOCK_FILE	"/run/vpart-cluster.lock"

/* A node that is on its way to be a member. */
struct joining {
	struct setup		s;
	unsigned int		me;
	char			device[CFS_REPLICAS_MAX][SETUP_DEVICE];
	struct setup_file	files[SETUP_FILES];
	uint32_t		seconds;
	bool			incomplete;	/* not all nodes are waited for */
	bool			unasked;	/* so is the fence agent */
};

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static uint64_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec;
}

static int lock_fd = -1;

/* One that waits for other nodes is not at work: another may be, and end what it waits for. */
static void let_others(void)
{
	if (lock_fd >= 0)
		close(lock_fd);
	lock_fd = -1;
}

/* For who waits; what is printed in the end is on the standard output. */
__printf(1, 2)
static void note(const char *fmt, ...)
{
	va_list ap;

	fputs("vpart: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/*
 * One of create, join and leave at a time. Not flock(2): a child that is stuck would keep that.
 * The file is open to the end, or until let_others().
 */
static int only_one(bool waits)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	lock_fd = fd;
	if (fd < 0)
		return refused("cannot open " LOCK_FILE ": %s", strerror(errno));
	/* Each is at work for a bounded time. */
	if (!fcntl(fd, waits ? F_SETLKW : F_SETLK, &l))
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return refused("cannot lock " LOCK_FILE ": %s", strerror(errno));
	if (fcntl(fd, F_GETLK, &l))
		l.l_pid = 0;
	let_others();
	return refused("another vpart cluster create, join or leave (process %d) is at work on this node: wait for its end, or end it; the one of boot by systemctl stop vpart-cluster.service",
		       (int)l.l_pid);
}

/* --- the daemons --- */

static const char *const corosync[] = { "corosync.service", NULL };
static const char *const locks[] = { "dlm.service", "vpart-clusterd.service", NULL };
static const char *const all[] = {
	"vpart-cluster.service", "vpart-clusterd.service", "dlm.service", "corosync.service", NULL
};

/* At boot the last one makes the node a member: it starts DLM when there are enough nodes. */
static const char *const boot[] = {
	"corosync.service", "vpart-clusterd.service", "vpart-cluster.service", NULL
};

static const char *const not_boot[] = { "dlm.service", NULL };

static int units(const char *verb, const char *const *unit)
{
	const char *argv[8] = { "systemctl", verb };
	char out[4096];
	int i, ret;

	for (i = 0; unit[i]; i++)
		argv[2 + i] = unit[i];
	ret = host_run(argv, out, sizeof(out), 180);
	if (!ret)
		return 0;
	out[strcspn(out, "\n")] = 0;
	return refused("systemctl %s: %s", verb, ret < 0 ? strerror(-ret) : out);
}

static const char by_hand[] =
	"corosync, when all nodes are there dlm_controld and vpart-clusterd; vpart cluster join";

/* Who is there is enough. */
static bool enough(const struct joining *j, unsigned int nodes, bool quorate)
{
	return quorate && (nodes >= j->s.nodes || !j->s.fence[0] || j->incomplete ||
			   host_controlled());
}

/* Until there are enough nodes; 0, or EXIT_FAILURE after saying how far it has come. */
static int wait_nodes(struct joining *j)
{
	const uint64_t end = now_s() + j->seconds;
	unsigned int nodes = 0, told = 0;
	bool quorate = false;
	int ret;

	for (;;) {
		ret = host_quorum(&nodes, &quorate);
		if (!ret && enough(j, nodes, quorate))
			return 0;
		if (!ret && nodes != told) {
			note("%u of %u nodes are there, %s", nodes, j->s.nodes, quorate ?
			     "and DLM would have the others fenced" : "which is no quorum yet");
			told = nodes;
		}
		if (now_s() >= end)
			break;
		pause_ms(250);
	}
	if (ret)
		return refused("corosync does not answer: see its log; vpart cluster join goes on");
	if (quorate)
		return refused("%u of %u nodes are there; when all are, vpart cluster join goes on, and with --incomplete it has the others fenced",
			       nodes, j->s.nodes);
	return refused("there is no quorum: %u of %u nodes are there; when they are, vpart cluster join goes on",
		       nodes, j->s.nodes);
}

/*
 * Corosync with this configuration. The package's runs with its example, and DLM with it, which
 * would look for the others at once: all of them end before.
 */
static int start_corosync(const struct joining *j)
{
	char name[SETUP_DEVICE];

	if (units("enable", boot) || units("disable", not_boot))
		return EXIT_FAILURE;
	if (host_runs(&j->s))
		return 0;
	if (!host_lockspace("", false, name, sizeof(name)))
		return refused("DLM is in lockspace %s, and corosync does not run as this node is set up: to end them would get it fenced; unmount first",
			       name);
	return units("stop", all + 1) ? EXIT_FAILURE : units("start", corosync);
}

/* Has nobody left while this one has waited? */
static int still_set_up(const struct joining *j)
{
	bool begun;

	if (setup_files_begun(j->files, &begun))
		return EXIT_FAILURE;
	return begun ? 0 : refused("this node has left cluster %s meanwhile", j->s.cluster);
}

/* All daemons, as soon as there are enough nodes. */
static int start(struct joining *j)
{
	const bool systemd = host_systemd();

	if (systemd && start_corosync(j))
		return EXIT_FAILURE;
	let_others();
	if (wait_nodes(j) || only_one(true) || still_set_up(j))
		return EXIT_FAILURE;
	return systemd ? units("start", locks) : 0;
}

/* --- a member --- */

static struct json_object *result(struct joining *j, const char *at, const char *state)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	unsigned int i;

	put_text(o, "cluster", j->s.cluster);
	put_text(o, "node", j->s.node[j->me].name);
	put_number(o, "nodes", j->s.nodes);
	put_bool(o, "fencing", j->s.fence[0]);
	put_text(o, "file", SETUP_FILE);
	put_uuid(o, j->s.repository);
	for (i = 0; i < CFS_REPLICAS_MAX && j->device[i][0]; i++)
		json_object_array_add(list, json_object_new_string(j->device[i]));
	json_object_object_add(o, "devices", list);
	put_text(o, "mounted", at);
	put_text(o, "state", state);
	return o;
}

/* The first lease of quorum comes from vpart-clusterd, which sees the mount. */
static void wait_state(struct cmd *c, struct joining *j, struct vpart_cluster_mount *m)
{
	const struct vpart_cluster_at at = { j->s.cluster, j->s.node[j->me].name };
	const uint64_t end = now_s() + STATE_SECONDS;

	do {
		memset(m, 0, sizeof(*m));
		if (!vpart_cluster_find(c->v, &at, m) && !strcmp(m->state, "OK"))
			return;
		pause_ms(250);
	} while (now_s() < end);
}

static int go_on(struct cmd *c, struct joining *j)
{
	struct vpart_cluster_mount m;
	char at[SETUP_DEVICE];
	int ret;

	if (word(c, "--no-start"))
		return done(c, result(j, "", ""), "node %s of cluster %s is set up; vpart cluster join starts it",
			    j->s.node[j->me].name, j->s.cluster);
	if (!host_systemd() && !host_runs(&j->s)) {
		done(c, result(j, "", ""), "node %s of cluster %s is set up; there is no systemd here: start %s",
		     j->s.node[j->me].name, j->s.cluster, by_hand);
		return EXIT_DEGRADED;
	}
	if (start(j))
		return EXIT_FAILURE;
	if (host_mounted(&j->s, at, sizeof(at))) {
		ret = host_mount(&j->s, j->me, j->device);
		if (ret)
			return ret;
		snprintf(at, sizeof(at), "%s", SETUP_MOUNT);
	}
	wait_state(c, j, &m);
	if (!m.state[0])
		return failed(c);
	done(c, result(j, at, m.state), "node %s is a member of cluster %s, which is mounted at %s: %s%s%s",
	     j->s.node[j->me].name, j->s.cluster, at, m.state, m.reason[0] ? ", " : "", m.reason);
	return strcmp(m.state, "OK") ? EXIT_DEGRADED : EXIT_SUCCESS;
}

/* What would be written; the key and passwords stay where they are. */
static int show_files(struct cmd *c, struct joining *j)
{
	struct json_object *o, *list, *one;
	size_t bytes[SETUP_FILES];
	char mode[8];
	unsigned int i;

	for (i = 0; i < SETUP_FILES; i++)
		bytes[i] = j->files[i].len;
	setup_files_free(j->files);
	fence_hide(&j->s);
	if (setup_files(&j->s, j->files))
		return EXIT_FAILURE;
	o = result(j, "", "");
	list = json_object_new_array();
	for (i = 0; i < SETUP_FILES; i++) {
		const struct setup_file *f = &j->files[i];
		const bool secret = i < 2;

		snprintf(mode, sizeof(mode), "%04o", (unsigned int)f->mode);
		one = json_object_new_object();
		put_text(one, "path", f->path);
		put_text(one, "mode", mode);
		put_number(one, "bytes", bytes[i]);
		put_text(one, "text", secret ? "" : f->data);
		json_object_array_add(list, one);
		if (!c->json)
			printf("# %s, mode %s, %zu bytes\n%s\n", f->path, mode, bytes[i],
			       secret ? "" : f->data);
	}
	json_object_object_add(o, "files", list);
	return done(c, o, "nothing was written: node %s of cluster %s would be set up so",
		    j->s.node[j->me].name, j->s.cluster);
}

static void finish(struct joining *j)
{
	setup_files_free(j->files);
	explicit_bzero(j, sizeof(*j));
	free(j);
}

static struct joining *begin(void)
{
	struct joining *j = calloc(1, sizeof(*j));

	if (!j)
		refused("out of memory");
	return j;
}

static int take_wait(struct cmd *c, struct joining *j)
{
	j->seconds = WAIT_SECONDS;
	j->incomplete = word(c, "--incomplete");
	j->unasked = word(c, "--fence-unasked");
	return word(c, "--timeout") ? to_number(c, word(c, "--timeout"), "time in seconds", 1,
						86400, &j->seconds) : 0;
}

static void warn_unfenced(const struct joining *j)
{
	if (!j->s.fence[0])
		fence_none(stderr, "vpart: ");
}

/* --- create --- */

static int take_words(struct cmd *c, struct joining *j)
{
	struct setup *s = &j->s;
	const char *fence = word(c, "fence"), *preferred = word(c, "preferred");
	int i, ret;

	ret = copy_name(c, "cluster", c->pos[0], s->cluster);
	if (!ret)
		ret = take_wait(c, j);
	if (!ret && preferred)
		ret = copy_name(c, "node", preferred, s->preferred);
	if (ret)
		return ret;
	if (!word(c, "repo"))
		return usage(c, "which device is the repository (repo)?");
	if (!fence)
		return usage(c, "which agent fences a node that died? \"fence none\" says that there is none");
	if (strlen(fence) >= sizeof(s->fence))
		return usage(c, "fence has at most %zu characters", sizeof(s->fence) - 1);
	strcpy(s->fence, strcmp(fence, "none") ? fence : "");
	s->shared = word(c, "--shared-storage");
	for (i = 1; i < c->npos; i++)
		if (setup_add_node(s, c->pos[i]))
			return EXIT_USAGE;
	if (setup_add_devices(s, word(c, "repo")) || setup_check(s))
		return EXIT_USAGE;
	return 0;
}

static int look(struct joining *j, bool *made)
{
	char name[SETUP_DEVICE];

	if (host_self(&j->s, &j->me) || setup_arbiter(&j->s) || host_arbiter(&j->s, j->me) ||
	    host_programs(&j->s) || setup_files_none())
		return EXIT_FAILURE;
	if (!host_lockspace("", false, name, sizeof(name)))
		return refused("DLM is in lockspace %s: this node leaves that first", name);
	if (made && repo_look(&j->s, made))
		return EXIT_FAILURE;
	return j->unasked ? 0 : fence_ask(&j->s, j->me);
}

static int make_key(struct setup *s)
{
	size_t have = 0;
	ssize_t got;

	while (have < SETUP_KEY) {
		got = getrandom(s->key + have, SETUP_KEY - have, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return refused("no key could be made: %s", strerror(errno));
		have += (size_t)got;
	}
	return 0;
}

int cluster_create(struct cmd *c)
{
	struct joining *j = begin();
	const bool dry = word(c, "--dry-run");
	bool made = false;
	int ret;

	ret = j ? take_words(c, j) : EXIT_FAILURE;
	if (!ret && !dry)
		ret = only_one(false);
	if (!ret)
		ret = look(j, &made);
	if (!ret && !made)
		ret = repo_make(&j->s, true);
	if (!ret && made)
		note("the repository of cluster %s on %s is used: if another node has made it, this one joins that",
		     j->s.cluster, j->s.device[0]);
	if (!ret)
		ret = make_key(&j->s);
	if (!ret)
		ret = setup_files(&j->s, j->files);
	if (!ret && !made && !dry) {
		setup_files_free(j->files);
		ret = repo_make(&j->s, false);
		/* What was known of another one of that name is no more. */
		if (!ret)
			local_leave(c->v, j->s.cluster);
		if (!ret)
			ret = setup_files(&j->s, j->files);
	}
	if (ret)
		goto out;
	memcpy(j->device, j->s.device, sizeof(j->device));
	warn_unfenced(j);
	if (dry) {
		ret = show_files(c, j);
		goto out;
	}
	ret = setup_files_write(j->files);
	if (ret)
		goto out;
	note("bring " SETUP_FILE " to each other node by a way that nobody listens to: it has the key; and there: vpart cluster join FILE");
	ret = go_on(c, j);
out:
	if (j)
		finish(j);
	return ret;
}

/* --- join --- */

/* What a file says; 0, or EXIT_FAILURE after saying what is wrong. */
static int read_setup(const char *path, struct setup *s)
{
	char *text = malloc(SETUP_TEXT);
	ssize_t len;
	int ret;

	if (!text)
		return refused("out of memory");
	len = setup_read(path, text, SETUP_TEXT);
	if (len >= 0) {
		text[len] = 0;
		ret = setup_parse(s, text, (size_t)len, path);
		explicit_bzero(text, SETUP_TEXT);
	} else if (len == -ENOENT && !strcmp(path, SETUP_FILE)) {
		ret = refused("this node is in no cluster that vpart has set up");
	} else {
		ret = refused("%s: %s", path, len == -EFBIG ?
			      "no file that vpart cluster create has written" :
			      strerror((int)-len));
	}
	free(text);
	return ret;
}

int cluster_join(struct cmd *c)
{
	const char *path = c->npos ? c->pos[0] : SETUP_FILE, *repo = word(c, "repo");
	char kept[CFS_REPLICAS_MAX * SETUP_DEVICE];
	struct joining *j = begin();
	bool begun = false;
	int ret;

	ret = j ? take_wait(c, j) : EXIT_FAILURE;
	if (!ret && !word(c, "--dry-run"))
		ret = only_one(false);
	if (!ret)
		ret = read_setup(path, &j->s);
	if (!ret)
		ret = setup_files(&j->s, j->files);
	if (ret)
		goto out;
	ret = setup_files_begun(j->files, &begun);
	/* A file that is only looked at has nothing run. */
	if (word(c, "--dry-run"))
		j->unasked = true;
	if (!ret)
		ret = begun ? host_self(&j->s, &j->me) : look(j, NULL);
	if (!ret)
		ret = repo_find(&j->s, repo ? repo : setup_devices(kept), j->device);
	if (ret)
		goto out;
	warn_unfenced(j);
	if (word(c, "--dry-run")) {
		ret = show_files(c, j);
		goto out;
	}
	ret = setup_files_write(j->files);
	if (!ret && repo)
		ret = setup_devices_keep(repo);
	if (ret)
		goto out;
	ret = go_on(c, j);
out:
	if (j)
		finish(j);
	return ret;
}

/* --- leave --- */

static int unmount(const struct setup *s)
{
	char at[SETUP_DEVICE];

	while (!host_mounted(s, at, sizeof(at)))
		if (umount2(at, UMOUNT_NOFOLLOW))
			return refused("%s cannot be unmounted: %s", at, errno == EBUSY ?
				       "something there is in use" : strerror(errno));
	return 0;
}

/* What it owns is moved away before; or EXIT_FAILURE. */
static int serves(struct cmd *c, const struct setup *s)
{
	static const enum vpart_cluster_type types[] = { VPART_CLUSTER_LU, VPART_CLUSTER_VOLUME };
	const struct vpart_cluster_at at = { s->cluster, NULL };
	struct vpart_cluster_object *list;
	struct vpart_cluster_mount m;
	size_t t, i, n;
	int ret = 0;

	if (vpart_cluster_find(c->v, &at, &m))
		return 0;
	for (t = 0; t < ARRAY_SIZE(types) && !ret; t++) {
		if (vpart_cluster_objects(c->v, &at, types[t], &list, &n))
			return failed(c);
		for (i = 0; i < n && !ret; i++)
			if (list[i].owner == m.id)
				ret = refused("this node owns %s %s: move it away, or say --force",
					      vpart_cluster_type_name(types[t]), list[i].name);
		free(list);
	}
	return ret;
}

/* A daemon that ends while the kernel is in a lockspace gets its node fenced. */
static int wait_lockspaces(void)
{
	const uint64_t end = now_s() + LEAVE_SECONDS;
	char name[SETUP_DEVICE];

	while (!host_lockspace("", false, name, sizeof(name))) {
		/* Not ours: nobody else leaves it meanwhile. */
		if (strncmp(name, "cfs-", 4) || now_s() >= end)
			return refused("DLM is in lockspace %s still: to end its daemon would get this node fenced",
				       name);
		pause_ms(100);
	}
	return 0;
}

int cluster_leave(struct cmd *c)
{
	struct joining *j = begin();
	struct json_object *o;
	unsigned int nodes;
	bool quorate;
	int ret;

	ret = j ? only_one(false) : EXIT_FAILURE;
	if (!ret)
		ret = read_setup(SETUP_FILE, &j->s);
	if (!ret)
		ret = setup_files(&j->s, j->files);
	if (!ret && !word(c, "--force"))
		ret = setup_files_same(j->files) ? EXIT_FAILURE : serves(c, &j->s);
	/* One whose address has gone can leave, too. */
	if (!ret)
		ret = unmount(&j->s);
	if (!ret)
		ret = wait_lockspaces();
	if (!ret && host_systemd()) {
		ret = units("stop", all);
		/* One that was removed with its package is disabled, too. */
		if (!ret)
			units("disable", all);
	} else if (!ret && !host_quorum(&nodes, &quorate)) {
		ret = refused("the node has unmounted; there is no systemd here: end vpart-clusterd, then dlm_controld, then corosync, and say it again");
	}
	if (!ret)
		local_leave(c->v, j->s.cluster);
	if (!ret)
		ret = setup_files_remove(j->files);
	if (!ret) {
		o = json_object_new_object();
		put_text(o, "cluster", j->s.cluster);
		put_uuid(o, j->s.repository);
		ret = done(c, o, "this node has left cluster %s; the repository stays as it is, and the others still count its vote: for good, take it out of their corosync.conf",
			   j->s.cluster);
	}
	if (j)
		finish(j);
	return ret;
}
