// SPDX-License-Identifier: GPL-2.0
/*
 * vpart-clusterd: the agent of a node of a cluster (P19). It renews the lease of quorum of
 * each node that is mounted here, as long as corosync says so, and gives the kernel the
 * verdicts of fence_vpart.
 *
 * One loop, which waits for nobody: who has to is a thread (quorum.c, judge.c, copy.c). Safety is
 * the kernel's: a lease that is not renewed runs out. So whatever goes wrong here, the rule
 * is to do nothing; and a lease is never longer than what corosync said is young.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>
#include "clusterd.h"

#define LEASE_MS	2000U
#define LEASE_MIN_MS	400U
#define LEASE_MAX_MS	60000U
/* A verdict that the kernel has refused for now is given again so much later. */
#define AGAIN_MS	1000U
/* Corosync is looked for so often while nothing is mounted. */
#define LOOK_MS		1000U
/* A local copy that is not compared after so long is worth a word. */
#define COMPARE_MS	1000U
#define NODE_MEMBER	1
#define LIVES_MAX	64

const char *program = "vpart-clusterd";

static const char help[] =
	"usage: vpart-clusterd [--lease MS]\n"
	"\n"
	"Runs in the foreground until SIGTERM. Renews the lease of quorum of each clusterfs\n"
	"that is mounted here, as long as corosync says that there is quorum, and tells the\n"
	"kernel which nodes fence_vpart has fenced.\n"
	"\n"
	"  --lease MS   how long quorum counts, 400 to 60000 (2000); renewed 4 times in it\n"
	"  --version    what this is\n"
	"\n"
	"Example:\n"
	"  corosync && dlm_controld && vpart-clusterd --lease 2000 &\n"
	"  mount -t clusterfs -o _netdev,node=vios1,lock=dlm /dev/sdb /run/clusterfs\n"
	"\n"
	"More: man vpart-clusterd. Exit code: 0 asked to end, 1 failed, 2 wrong use.\n";

/* What is waited for. */
enum { SIGNALS, TICK, MOUNTS, QUORUM, FOLDER, JUDGE, COPY, FILES };

/**
 * struct daemon - all that the loop knows
 * @v: talks to the kernel
 * @lease_ms: of quorum
 * @fds: what is waited for
 * @dir: of the verdicts
 * @place: the nodes that need a lease
 * @places: how many
 * @number: of the last one
 * @asked: when corosync was asked what it has not answered, 0: nothing
 * @up: it has answered then
 * @verdict: all that are not stored
 * @verdicts: how many
 * @unread: there may be more, errno says why
 * @judging: the kernel has one of them
 * @tried: file of that, or of the last
 * @again: when those are given again that were refused, 0: at once
 * @life: which lives those had that were fenced when that was not known, perhaps
 * @lives: how many
 * @lives_at: when that was read
 */
struct daemon {
	struct vpart	*v;
	uint32_t	lease_ms;
	struct pollfd	fds[FILES];
	int		dir;
	struct place	*place;
	size_t		places;
	uint32_t	number;
	uint64_t	asked;
	bool		up;
	struct verdict	*verdict;
	size_t		verdicts;
	int		unread;
	bool		judging;
	char		tried[VPART_UUID_TEXT];
	uint64_t	again;
	struct verdict	life[LIVES_MAX];
	size_t		lives;
	uint64_t	lives_at;
};

/* Of a mounted node, unless it was said last. */
__printf(2, 3)
static void place_say(struct place *p, const char *fmt, ...)
{
	char text[sizeof(p->said)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!strcmp(text, p->said))
		return;
	strcpy(p->said, text);
	say("node %s of cluster %s: %s", p->node, p->cluster, text);
}

/* --- the lease --- */

/*
 * The kernel is told; @left: for how long that is true; @end: until when, as this may be late.
 * False: it knows of no such node.
 */
static bool place_tell(struct daemon *d, struct place *p, bool quorate, uint32_t left,
		       uint64_t end)
{
	const struct vpart_cluster_at at = { p->cluster, p->node };

	switch (-vpart_cluster_quorum_until(d->v, &at, quorate, left, end)) {
	case 0:
		if (quorate)
			place_say(p, "there is quorum, its lease of %u ms is renewed",
				  d->lease_ms);
		else
			place_say(p, "there is no quorum");
		return true;
	case ENODEV:	/* being mounted, which is told; or it has left */
		return false;
	default:
		place_say(p, "%s", vpart_last_error(d->v)->text);
		return true;
	}
}

/*
 * What is mounted is older than what the node knows, or foreign (P23): the kernel is told that
 * there is no quorum, so that it admits nothing. False: it knows of no such node.
 */
static bool place_refuse(struct daemon *d, struct place *p)
{
	const struct vpart_cluster_at at = { p->cluster, p->node };

	if (vpart_cluster_quorum_until(d->v, &at, false, 0, 0) == -ENODEV)
		return false;
	place_say(p, "its lease is not renewed: %s", p->why);
	return true;
}

/* False: it needs no more, if it is leaving. */
static bool place_answer(struct daemon *d, struct place *p, const struct answer *a)
{
	uint64_t age;

	if (p->refused)
		return place_refuse(d, p);
	if (!a->up) {
		place_say(p, "its lease is not renewed: %s", a->why);
		return true;
	}
	/* A verdict about the name that corosync has for a node would hit another one. */
	if (p->dlm && strcmp(a->name, p->node)) {
		place_say(p, "its lease is not renewed: this node is %s in corosync.conf", a->name);
		return false;
	}
	if (!a->quorate)
		return place_tell(d, p, false, 0, 0);
	/* Soon: the kernel gives a new mount as much time. */
	if (!p->compared) {
		if (now_ms() - p->since > COMPARE_MS)
			place_say(p, "its lease is not renewed: its local copy is not compared yet");
		return false;
	}
	age = now_ms() - a->asked;
	return age >= d->lease_ms ||
	       place_tell(d, p, true, d->lease_ms - (uint32_t)age, a->asked + d->lease_ms);
}

static void ask(struct daemon *d)
{
	size_t i;

	if (!d->asked) {
		d->asked = now_ms();
		quorum_ask();
	} else if (now_ms() - d->asked > d->lease_ms / 2) {
		for (i = 0; i < d->places; i++)
			place_say(&d->place[i], "its lease is not renewed: corosync stands still");
	}
}

/* --- verdicts --- */

static bool place_here(const struct daemon *d, const struct verdict *v)
{
	const struct place *p = place_find(d->place, d->places, v->cluster, v->by);

	return p && !p->leaving && p->compared && !p->refused;
}

/* The next behind @file whose cluster is mounted; the others wait for that. */
static const struct verdict *verdict_behind(const struct daemon *d, const char *file)
{
	const struct verdict *v, *next = NULL;

	for (v = d->verdict; v < d->verdict + d->verdicts; v++)
		if (!v->numbered && place_here(d, v) && strcmp(v->file, file) > 0 &&
		    (!next || strcmp(v->file, next->file) < 0))
			next = v;
	return next;
}

/* Round by round, so that one which the kernel refuses for now holds up no other. */
static void judge_next(struct daemon *d)
{
	const struct verdict *v;

	if (d->judging)
		return;
	v = verdict_behind(d, d->tried);
	if (!v && now_ms() >= d->again)
		v = verdict_behind(d, "");
	if (!v)
		return;
	strcpy(d->tried, v->file);
	d->judging = true;
	judge_give(v);
}

/* What was said of those that were there before counts. */
static void verdicts_merge(const struct verdict *old, size_t n, struct daemon *d)
{
	size_t i, j;

	for (i = 0; i < d->verdicts; i++)
		for (j = 0; j < n; j++)
			if (!strcmp(d->verdict[i].file, old[j].file))
				d->verdict[i].said = old[j].said;
}

static void verdicts_read(struct daemon *d)
{
	struct verdict *old = d->verdict;
	const size_t n = d->verdicts;
	int ret;

	ret = -verdicts_list(d->dir, &d->verdict, &d->verdicts);
	if (ret && ret != d->unread)
		say("cannot read all of " VERDICT_FOLDER ", which is tried again: %s",
		    strerror(ret));
	d->unread = ret;
	verdicts_merge(old, n, d);
	free(old);
	judge_next(d);
}

/* The kernel's answer about one; a refusal is said once. */
static void judged_say(struct daemon *d, const struct judged *j)
{
	const struct verdict *v = &j->verdict;
	size_t i;

	if (!j->err) {
		say("node %s of cluster %s was fenced by %s: the cluster knows that", v->node,
		    v->cluster, v->method);
		return;
	}
	for (i = 0; i < d->verdicts; i++) {
		if (strcmp(d->verdict[i].file, v->file))
			continue;
		if (d->verdict[i].said == j->err && !j->over)
			return;
		d->verdict[i].said = j->err;
	}
	say("node %s of cluster %s was fenced by %s, which is %s: %s", v->node, v->cluster,
	    v->method, j->over ? "of no use" : "not stored yet", j->text);
}

static void on_judged(struct daemon *d)
{
	struct judged j;

	if (judge_hear(&j))
		return;
	d->judging = false;
	d->again = j.err ? now_ms() + AGAIN_MS : 0;
	judged_say(d, &j);
	/*
	 * Another life is registered: perhaps a later one, which was fenced when its record was
	 * not read here yet. If the node has been away since then, that is the one (lives_find()).
	 */
	if (j.over && j.err == ESRCH) {
		j.verdict.numbered = true;
		if (verdict_store(&j.verdict))
			j.over = false;
	}
	if (!j.err || j.over)
		unlinkat(d->dir, j.verdict.file, 0);
	verdicts_read(d);
}

static bool life_kept(const struct daemon *d, const uint8_t boot[VPART_UUID_SIZE])
{
	size_t i;

	for (i = 0; i < d->verdicts; i++)
		if (!d->verdict[i].numbered &&
		    !memcmp(d->verdict[i].boot, boot, sizeof(d->verdict[i].boot)))
			return true;
	return false;
}

static void lives_read(struct daemon *d, const struct place *p, const struct verdict *v)
{
	const struct vpart_cluster_at at = { p->cluster, p->node };
	struct vpart_cluster_object *list;
	struct verdict *life;
	size_t n, i;

	if (vpart_cluster_objects(d->v, &at, VPART_CLUSTER_NODE, &list, &n))
		return;
	for (i = 0; i < n && d->lives < LIVES_MAX; i++) {
		if (strcmp(list[i].name, v->node) || list[i].state != NODE_MEMBER ||
		    life_kept(d, list[i].boot))
			continue;
		life = &d->life[d->lives++];
		*life = *v;
		strcpy(life->cluster, p->cluster);
		strcpy(life->by, p->node);
		memcpy(life->boot, list[i].boot, sizeof(life->boot));
	}
	free(list);
}

static bool away(const struct verdict *v)
{
	const uint64_t since = quorum_away(v->id);

	return since && since < v->since;
}

/*
 * Nodes that were fenced when no database was at hand (fence.c). What is read of them now
 * is of before that, if the node has been away until after it was read: who is in no
 * quorate partition registers nowhere. So it is read after one answer of corosync, and is
 * a verdict after one that was asked for later; what is no answer tells nothing.
 */
static void lives_find(struct daemon *d, const struct answer *a)
{
	bool changed = false;
	size_t i, j;

	if (!a->up || a->asked <= d->lives_at)
		return;
	for (i = 0; i < d->lives; i++) {
		if (!away(&d->life[i]))
			continue;
		d->life[i].numbered = false;
		changed |= !verdict_store(&d->life[i]);
	}
	d->lives = 0;
	for (i = 0; i < d->verdicts; i++) {
		const struct verdict *v = &d->verdict[i];

		if (!v->numbered)
			continue;
		for (j = 0; j < d->places && away(v); j++)
			if (d->place[j].dlm && !d->place[j].leaving &&
			    d->place[j].compared && !d->place[j].refused &&
			    !strcmp(d->place[j].cluster, v->cluster) &&
			    strcmp(d->place[j].node, v->node))
				lives_read(d, &d->place[j], v);
		if (away(v))
			continue;
		say("that node %s was fenced by %s is of no use any more: it may have come back",
		    v->node, v->method);
		unlinkat(d->dir, v->file, 0);
		changed = true;
	}
	if (d->lives)
		d->lives_at = now_ms();
	if (changed)
		verdicts_read(d);
}

/* The folder, and a watch on it; 0, or an exit code after saying why. */
static int folder_open(struct daemon *d)
{
	const int dir = run_folder(), fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (dir >= 0 && (fd < 0 ||
			 inotify_add_watch(fd, VERDICT_FOLDER, IN_MOVED_TO | IN_ONLYDIR) < 0 ||
			 inotify_add_watch(fd, RUN_FOLDER,
					   IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR) < 0))
		failed("cannot watch " VERDICT_FOLDER ": %s", strerror(errno));
	else if (dir >= 0) {
		d->dir = dir;
		d->fds[FOLDER].fd = fd;
		return 0;
	}
	if (dir >= 0)
		close(dir);
	if (fd >= 0)
		close(fd);
	return EXIT_FAILURE;
}

/* fence_vpart would make another folder, whose verdicts nobody reads. */
static bool folder_gone(const struct daemon *d)
{
	struct stat is, was;

	return fstat(d->dir, &was) || lstat(VERDICT_FOLDER, &is) || is.st_ino != was.st_ino ||
	       is.st_dev != was.st_dev;
}

static void on_folder(struct daemon *d)
{
	char buf[4096] __attribute__((aligned(8)));

	while (read(d->fds[FOLDER].fd, buf, sizeof(buf)) > 0)
		;
	if (folder_gone(d)) {
		say(VERDICT_FOLDER " was removed: it is made anew");
		close(d->fds[FOLDER].fd);
		close(d->dir);
		/* The next one that is started does better. */
		if (folder_open(d))
			exit(EXIT_FAILURE);
	}
	verdicts_read(d);
}

/* With nothing to renew, corosync is only to be found. */
static void tick_set(struct daemon *d)
{
	const unsigned int ms = d->places ? d->lease_ms / 4 : d->up ? 0 : LOOK_MS;
	const struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };
	const struct itimerspec timer = { t, t };

	if (timerfd_settime(d->fds[TICK].fd, 0, &timer, NULL))
		say("no timer: %s", strerror(errno));
}

static void places_are(struct daemon *d, size_t n)
{
	const size_t before = d->places;

	d->places = n;
	if (!n != !before)
		tick_set(d);
	if (!n && before)
		say("no clusterfs that needs a lease is mounted any more: waits for one");
}

static void on_answer(struct daemon *d)
{
	struct answer a;
	size_t i, n = 0;

	if (quorum_hear(&a))
		return;
	d->asked = 0;
	if (d->up != a.up) {
		d->up = a.up;
		tick_set(d);
	}
	for (i = 0; i < d->places; i++)
		if (place_answer(d, &d->place[i], &a) || !d->place[i].leaving)
			d->place[n++] = d->place[i];
	places_are(d, n);
	lives_find(d, &a);
}

static void on_compared(struct daemon *d)
{
	struct compared c;
	struct place *p;

	if (copy_hear(&c))
		return;
	for (p = d->place; p < d->place + d->places; p++) {
		if (p->number != c.number)
			continue;
		p->compared = true;
		p->refused = c.refused;
		strcpy(p->why, c.why);
		if (p->refused)
			place_refuse(d, p);
	}
	ask(d);
	judge_next(d);
}

/* --- mounts --- */

static void on_tick(struct daemon *d)
{
	uint64_t n;

	if (read(d->fds[TICK].fd, &n, sizeof(n)) < 0)
		return;
	ask(d);
	if (d->unread)
		verdicts_read(d);
	judge_next(d);
}

/*
 * What was said of those that were there before counts. Those that are there no more are
 * leaving, for which they need their lease: the kernel says when they have left.
 */
static int places_merge(struct daemon *d, struct place **list, size_t *n)
{
	const size_t mounted = *n;
	struct place *all, *p, *was;

	all = reallocarray(*list, mounted + d->places + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (p = all; p < all + mounted; p++) {
		was = place_find(d->place, d->places, p->cluster, p->node);
		if (was && !was->leaving && !strcmp(was->device, p->device)) {
			strcpy(p->said, was->said);
			strcpy(p->why, was->why);
			p->number = was->number;
			p->since = was->since;
			p->compared |= was->compared;
			p->refused = was->refused;
		} else {
			p->number = ++d->number;
			p->since = now_ms();
			say("node %s of cluster %s: mounted", p->node, p->cluster);
		}
	}
	for (was = d->place; was < d->place + d->places; was++) {
		if (place_find(all, mounted, was->cluster, was->node))
			continue;
		p = &all[(*n)++];
		*p = *was;
		p->leaving = true;
	}
	*list = all;
	return 0;
}

static void on_mounts(struct daemon *d)
{
	struct place *list;
	size_t n;
	int ret;

	ret = places_read(&list, &n);
	if (!ret)
		ret = places_merge(d, &list, &n);
	if (ret) {
		say("cannot read " MOUNT_TABLE ": %s", strerror(-ret));
		free(list);
		return;
	}
	free(d->place);
	d->place = list;
	places_are(d, n);
	copy_watch(d->place, d->places);
	ask(d);
	judge_next(d);
}

/* --- the program --- */

/* systemd is told, if it has started this. */
static void ready(void)
{
	static const char text[] = "READY=1\nSTATUS=renews leases of quorum";
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, text, sizeof(text) - 1, MSG_NOSIGNAL, (struct sockaddr *)&to,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		say("systemd is not told: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* As corosync itself does: a machine that is busy or short of memory loses no lease. */
static void be_in_time(void)
{
	struct sched_param p = { .sched_priority = sched_get_priority_max(SCHED_RR) - 1 };

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		say("may be swapped out: %s", strerror(errno));
	if (sched_setscheduler(0, SCHED_RR, &p))
		say("may be late on a busy machine: %s", strerror(errno));
}

static int only_one(void)
{
	int fd = open(RUN_FOLDER "/lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return failed("cannot open " RUN_FOLDER "/lock: %s", strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB))
		return failed("another vpart-clusterd runs already");
	return 0;	/* open to the end */
}

static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Opens all that is waited for; 0, or an exit code after saying why. */
static int daemon_open(struct daemon *d)
{
	size_t i;

	d->v = vpart_open();
	if (!d->v)
		return failed("out of memory");
	if (folder_open(d) || only_one())
		return EXIT_FAILURE;
	run_folder_clean(d->dir);
	be_in_time();
	d->fds[SIGNALS].fd = signals();
	d->fds[TICK].fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	d->fds[MOUNTS].fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	d->fds[QUORUM].fd = quorum_start();
	d->fds[JUDGE].fd = judge_start();
	d->fds[COPY].fd = copy_start();
	for (i = 0; i < FILES; i++) {
		/* The table of mounts is always readable; a change is an error of it. */
		d->fds[i].events = i == MOUNTS ? POLLPRI : POLLIN;
		if (d->fds[i].fd < 0)
			return failed("cannot begin: %s", strerror(errno));
	}
	return 0;
}

static int loop(struct daemon *d)
{
	static void (* const on[FILES])(struct daemon *d) = {
		[TICK] = on_tick,
		[MOUNTS] = on_mounts,
		[QUORUM] = on_answer,
		[FOLDER] = on_folder,
		[JUDGE] = on_judged,
		[COPY] = on_compared,
	};
	size_t i;

	for (;;) {
		if (poll(d->fds, FILES, -1) < 0) {
			if (errno == EINTR)
				continue;
			return failed("cannot wait: %s", strerror(errno));
		}
		/* The lease runs out by itself, or who comes next renews it. */
		if (d->fds[SIGNALS].revents)
			return 0;
		for (i = 0; i < FILES; i++)
			if (on[i] && d->fds[i].revents)
				on[i](d);
	}
}

static int parse(int argc, char **argv, struct daemon *d)
{
	unsigned long ms;
	char *end;

	if (argc == 1)
		return 0;
	if (strcmp(argv[1], "--lease"))
		return usage("unknown %s '%s'", argv[1][0] == '-' ? "option" : "word", argv[1]);
	if (argc < 3)
		return usage("a value is missing after '--lease'");
	if (argc > 3)
		return usage("one word too many: '%s'", argv[3]);
	errno = 0;
	ms = strtoul(argv[2], &end, 10);
	if (argv[2][0] < '0' || argv[2][0] > '9' || *end || errno || ms < LEASE_MIN_MS ||
	    ms > LEASE_MAX_MS)
		return usage("'%s' is no lease: %u to %u milliseconds are", argv[2], LEASE_MIN_MS,
			     LEASE_MAX_MS);
	d->lease_ms = (uint32_t)ms;
	return 0;
}

int main(int argc, char **argv)
{
	struct daemon d = { .lease_ms = LEASE_MS };
	int ret;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts("vpart-clusterd " VPART_VERSION);
		return EXIT_SUCCESS;
	}
	setvbuf(stderr, NULL, _IOLBF, 0);
	ret = parse(argc, argv, &d);
	if (!ret)
		ret = daemon_open(&d);
	if (ret)
		return ret;
	on_mounts(&d);
	tick_set(&d);
	if (!d.places)
		say("no clusterfs that needs a lease is mounted: waits for one");
	verdicts_read(&d);
	ready();
	return loop(&d);
}
