// SPDX-License-Identifier: GPL-2.0
/* This machine as a node of a cluster: its addresses, programs, quorum and mounts. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <mntent.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "cluster_setup.h"

#define PIPE_SIZE	65536
#define PATHS	"/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

/* --- other programs --- */

/* Where a program is; in @list, which may be NULL, or one of the paths above. */
static bool program_find(const char *name, char *path, size_t size, const char *list)
{
	const char *at;
	size_t i, len;

	if (name[0] == '/') {
		snprintf(path, size, "%s", name);
		return !access(path, X_OK);
	}
	for (i = 0; i < 2; i++, list = PATHS) {
		for (at = list; at && *at; at += len + (at[len] == ':')) {
			len = strcspn(at, ":");
			if (at[0] == '/' &&
			    snprintf(path, size, "%.*s/%s", (int)len, at, name) < (int)size &&
			    !access(path, X_OK))
				return true;
		}
	}
	return false;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* What there is to read now, as far as there is room; no more than a pipe holds. */
static void drain(int fd, char *out, size_t size, size_t *len)
{
	char rest[4096];
	unsigned int n = 0;
	size_t room;
	ssize_t got;

	do {
		got = read(fd, rest, sizeof(rest));
		room = size - 1 - *len;
		if (got > 0 && room) {
			room = (size_t)got < room ? (size_t)got : room;
			memcpy(out + *len, rest, room);
			*len += room;
		}
	} while (got > 0 && ++n < PIPE_SIZE / sizeof(rest));
}

/* In the child; with @in it is as of a daemon, with no part in what its parent is told. */
static void child(const char *path, const char *const *argv, int in, int out, pid_t parent)
{
	static char *const clean[] = { "PATH=" PATHS, "LANG=C", NULL };
	int from = in >= 0 ? in : open("/dev/null", O_RDONLY);
	sigset_t none;

	if (in >= 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || chdir("/"))
			_exit(127);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
	}
	if (from >= 0)
		dup2(from, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execve(path, (char *const *)argv, in >= 0 ? clean : environ);
	_exit(127);
}

static pid_t start(const char *path, const char *const *argv, int in, int out)
{
	const pid_t self = getpid();
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		child(path, argv, in, out, self);
	/* Whoever comes first: it is killed with all that it has started. */
	if (pid > 0 && in >= 0)
		setpgid(pid, pid);
	return pid < 0 ? -errno : pid;
}

/* Until it has ended, or the time is over; its exit code, 128 and the signal, or an errno. */
static int run(const char *path, const char *const *argv, int in, char *out, size_t size,
	       int seconds)
{
	uint64_t end = now_ms() + (uint64_t)seconds * 1000, now;
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int fds[2], status, ret = 0;
	size_t len = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	pid = start(path, argv, in, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return pid;
	}
	p[0].fd = fds[0];
	p[1].fd = (int)syscall(SYS_pidfd_open, pid, 0);
	while (!(p[1].revents & POLLIN)) {
		now = now_ms();
		if (now >= end) {
			kill(pid, SIGKILL);
			ret = -ETIMEDOUT;
			break;
		}
		if (poll(p, 2, (int)(end - now)) < 0 && errno != EINTR)
			break;
		drain(fds[0], out, size, &len);
		/* All of its ends are closed: only its own end is waited for. */
		if (p[0].revents & POLLHUP)
			p[0].fd = -1;
	}
	/* Its number is nobody else's before it is waited for. */
	if (in >= 0)
		kill(-pid, SIGKILL);
	/* One that the kernel keeps is left to it. */
	if (ret && p[1].fd >= 0 && poll(&p[1], 1, 5000) <= 0) {
		close(p[1].fd);
		close(fds[0]);
		return ret;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	drain(fds[0], out, size, &len);
	while (len && out[len - 1] == '\n')
		len--;
	out[len] = 0;
	close(fds[0]);
	if (p[1].fd >= 0)
		close(p[1].fd);
	if (ret)
		return ret;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/**
 * host_run - run a program to its end
 * @argv: its name and arguments, and NULL
 * @out: what it says, on either output, as far as there is room; ends with a NUL
 * @size: of that
 * @seconds: how long it may take; then it is killed
 *
 * What it leaves running has no part in it.
 *
 * Return: its exit code; 128 and the signal; or a negative errno.
 */
int host_run(const char *const *argv, char *out, size_t size, int seconds)
{
	char path[SETUP_DEVICE];

	out[0] = 0;
	if (!program_find(argv[0], path, sizeof(path), getenv("PATH")))
		return -ENOENT;
	return run(path, argv, -1, out, size, seconds);
}

/**
 * host_ask - run a program as a daemon would, which tells it what to do on its input: without
 * the environment of who asks
 * @program: its name, found where daemons look
 * @in: what it reads, less than a pipe holds
 * @out: as of host_run()
 * @size: as well
 * @seconds: as well
 *
 * What it leaves running is killed with it.
 *
 * Return: as host_run().
 */
int host_ask(const char *program, const char *in, char *out, size_t size, int seconds)
{
	const char *const argv[] = { program, NULL };
	const size_t len = strlen(in);
	char path[SETUP_DEVICE];
	int fds[2], ret;

	out[0] = 0;
	if (!program_find(program, path, sizeof(path), NULL))
		return -ENOENT;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	ret = write(fds[1], in, len) == (ssize_t)len ? 0 : -EIO;
	close(fds[1]);
	if (!ret)
		ret = run(path, argv, fds[0], out, size, seconds);
	close(fds[0]);
	return ret;
}

/* Is all installed that a node needs? 0, or EXIT_FAILURE after saying what is not. */
int host_programs(const struct setup *s)
{
	static const char *const needs[][2] = {
		{ "corosync", "corosync" }, { "corosync-quorumtool", "corosync" },
		{ "dlm_controld", "dlm-controld" },
	};
	static const char *const ours[] = {
		"vpart-clusterd", "fence_vpart", "mkfs.clusterfs", "clusterfs-dump",
	};
	char path[SETUP_DEVICE], agent[SETUP_FENCE];
	const char *at = s->fence;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needs); i++)
		if (!program_find(needs[i][0], path, sizeof(path), getenv("PATH")))
			return refused("%s is not installed: apt install %s", needs[i][0],
				       needs[i][1]);
	for (i = 0; i < ARRAY_SIZE(ours); i++)
		if (!program_find(ours[i], path, sizeof(path), getenv("PATH")))
			return refused("%s is not installed, which comes with vpart", ours[i]);
	/* DLM's daemon does not have the PATH of who sets it up. */
	if (setup_fence_word(&at, agent, sizeof(agent)) &&
	    !program_find(agent, path, sizeof(path), NULL))
		return refused("the fence agent %s is not installed: apt install fence-agents, or its whole path",
			       agent);
	return 0;
}

/* --- who this is --- */

static bool same_address(const struct sockaddr *sa, const char *text)
{
	char own[INET6_ADDRSTRLEN] = "";

	if (sa && sa->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)sa)->sin_addr, own, sizeof(own));
	else if (sa && sa->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)sa)->sin6_addr, own,
			  sizeof(own));
	return own[0] && !strcmp(own, text);
}

static bool is_here(const struct ifaddrs *list, const char *text)
{
	for (; list; list = list->ifa_next)
		if (same_address(list->ifa_addr, text))
			return true;
	return false;
}

/**
 * host_self - which of the nodes is this machine?
 * @s: the nodes
 * @me: its place
 *
 * It is the one whose addresses this machine has, all of them. Corosync looks for the
 * machine's name first, so that must not be another one's.
 *
 * Return: 0, or EXIT_FAILURE after saying why it is none.
 */
int host_self(const struct setup *s, unsigned int *me)
{
	unsigned int i, l, have, found = 0;
	char name[HOST_NAME_MAX + 1] = "";
	const char *lacks = NULL;
	struct ifaddrs *list;
	int named;

	if (getifaddrs(&list))
		return refused("the addresses of this machine cannot be read: %s", strerror(errno));
	for (i = 0; i < s->nodes; i++) {
		have = 0;
		for (l = 0; l < s->links; l++) {
			if (is_here(list, s->node[i].address[l]))
				have++;
			else
				lacks = s->node[i].address[l];
		}
		if (have && have < s->links) {
			freeifaddrs(list);
			return refused("this machine has one address of node %s, but not %s",
				       s->node[i].name, lacks);
		}
		if (have) {
			*me = i;
			found++;
		}
	}
	freeifaddrs(list);
	if (!found)
		return refused("this machine is none of the nodes: it has no address of theirs");
	if (found > 1)
		return refused("this machine has the addresses of several nodes");
	gethostname(name, sizeof(name) - 1);
	named = setup_node_of(s, name);
	if (named < 0) {
		name[strcspn(name, ".")] = 0;
		named = setup_node_of(s, name);
	}
	if (named >= 0 && named != (int)*me)
		return refused("this machine is called %s, and has the address of node %s: corosync would take it for %s",
			       name, s->node[*me].name, name);
	return 0;
}

/* --- P24: the way to the fence device --- */

/* The address that this machine would send from. */
static bool source_of(const char *text, char own[INET6_ADDRSTRLEN])
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_storage from;
	const struct sockaddr *to;
	socklen_t len;
	int fd, ret;

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		to = (const struct sockaddr *)&four;
		len = sizeof(four);
	} else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1) {
		to = (const struct sockaddr *)&six;
		len = sizeof(six);
	} else {
		return false;
	}
	/* To connect a datagram's socket asks for the way, and sends nothing. */
	fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	ret = connect(fd, to, len);
	len = sizeof(from);
	if (!ret)
		ret = getsockname(fd, (struct sockaddr *)&from, &len);
	close(fd);
	if (ret)
		return false;
	if (from.ss_family == AF_INET)
		return inet_ntop(AF_INET, &((struct sockaddr_in *)&from)->sin_addr, own,
				 INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&from)->sin6_addr, own,
			 INET6_ADDRSTRLEN);
}

/* The interface that has an address of this machine, or "". */
static void interface_of(const char *address, char name[IF_NAMESIZE])
{
	struct ifaddrs *list, *i;

	name[0] = 0;
	if (getifaddrs(&list))
		return;
	for (i = list; i; i = i->ifa_next)
		if (same_address(i->ifa_addr, address))
			snprintf(name, IF_NAMESIZE, "%.*s", IF_NAMESIZE - 1, i->ifa_name);
	freeifaddrs(list);
}

/* All links of this node go by this interface. */
static bool only_link(const struct setup *s, unsigned int me, const char *name)
{
	char of[IF_NAMESIZE];
	unsigned int l;

	for (l = 0; l < s->links; l++) {
		interface_of(s->node[me].address[l], of);
		if (strcmp(of, name))
			return false;
	}
	return true;
}

static int check_device(const struct setup *s, unsigned int me, const char *address, bool arbiter)
{
	char own[INET6_ADDRSTRLEN], name[IF_NAMESIZE];
	unsigned int i, l;

	for (i = 0; i < s->nodes; i++)
		for (l = 0; l < s->links; l++)
			if (!strcmp(s->node[i].address[l], address))
				return refused("the fence device %s is node %s itself", address,
					       s->node[i].name);
	if (!arbiter || !source_of(address, own))
		return 0;
	interface_of(own, name);
	if (!only_link(s, me, name))
		return 0;
	return refused("the fence device %s is reached over the nodes' only link (%s), and both are lost together: give each node a second link or the device a way of its own, or name another arbiter: \"preferred NODE\", a third replica, --shared-storage",
		       address, name);
}

/*
 * A fence device that two nodes reach over the link whose loss it is to decide about is no
 * arbiter. What an argument means only its agent knows: those that are addresses are looked at.
 */
int host_arbiter(const struct setup *s, unsigned int me)
{
	bool arbiter = s->nodes == 2 && s->replicas == 1 && !s->preferred[0] && !s->shared;
	struct in6_addr any;
	const char *at = s->fence;
	char word[SETUP_FENCE], *eq;

	while (setup_fence_word(&at, word, sizeof(word))) {
		eq = strchr(word, '=');
		if (eq && (inet_pton(AF_INET, eq + 1, &any) == 1 ||
			   inet_pton(AF_INET6, eq + 1, &any) == 1) &&
		    check_device(s, me, eq + 1, arbiter))
			return EXIT_FAILURE;
	}
	return 0;
}

/* --- what runs --- */

bool host_systemd(void)
{
	struct stat st;

	return !lstat("/run/systemd/system", &st) && S_ISDIR(st.st_mode);
}

/* What corosync says; 0, or a negative errno: it does not answer. */
int host_quorum(unsigned int *nodes, bool *quorate)
{
	static const char *const argv[] = { "corosync-quorumtool", "-s", NULL };
	char out[16384], *at;
	int ret = host_run(argv, out, sizeof(out), 10);

	/* Its exit code is that of quorum. */
	if (ret < 0)
		return ret;
	*nodes = 0;
	at = strstr(out, "\nNodes:");
	if (!at || sscanf(at + 7, "%u", nodes) != 1)
		return -EAGAIN;
	at = strstr(out, "\nQuorate:");
	*quorate = at && !strncmp(at + 9 + strspn(at + 9, " \t"), "Yes", 3);
	return 0;
}

/* Does a daemon of DLM run, here or on another node that is there? */
bool host_controlled(void)
{
	static const char *const argv[] = { "corosync-cpgtool", NULL };
	char out[16384];

	return !host_run(argv, out, sizeof(out), 10) && strstr(out, "dlm:controld");
}

static bool cmap_is(const char *key, const char *want)
{
	const char *const argv[] = { "corosync-cmapctl", "-g", key, NULL };
	char out[512], *at;

	if (host_run(argv, out, sizeof(out), 10))
		return false;
	at = strstr(out, " = ");
	return at && !strcmp(at + 3, want);
}

/* Does corosync run as one of this cluster, and not with what its package has? */
bool host_runs(const struct setup *s)
{
	return cmap_is("totem.cluster_name", s->cluster) &&
	       cmap_is("nodelist.node.0.ring0_addr", s->node[0].address[0]);
}

/* A lockspace of the kernel that begins so, or is called so (@whole); -ENOENT: there is none. */
int host_lockspace(const char *prefix, bool whole, char *name, size_t size)
{
	DIR *dir = opendir("/sys/kernel/dlm");
	struct dirent *d;
	int ret = -ENOENT;

	if (!dir)
		return -ENOENT;
	while (ret && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || strncmp(d->d_name, prefix, strlen(prefix)) ||
		    (whole && d->d_name[strlen(prefix)]))
			continue;
		snprintf(name, size, "%s", d->d_name);
		ret = 0;
	}
	closedir(dir);
	return ret;
}

/* --- the mount --- */

/* Where the cluster is mounted; -ENOENT: nowhere. */
int host_mounted(const struct setup *s, char *at, size_t size)
{
	FILE *f = setmntent("/proc/self/mounts", "r");
	struct mntent *m;
	char want[VPART_NAME_SIZE + 16], *word;
	int ret = -ENOENT;

	if (!f)
		return -errno;
	snprintf(want, sizeof(want), "cluster=%s", s->cluster);
	while (ret && (m = getmntent(f))) {
		if (strcmp(m->mnt_type, "clusterfs"))
			continue;
		for (word = strtok(m->mnt_opts, ","); word; word = strtok(NULL, ","))
			if (!strcmp(word, want))
				ret = 0;
		snprintf(at, size, "%s", m->mnt_dir);
	}
	endmntent(f);
	return ret;
}

/* The kernel's last word of clusterfs since @fd was opened, or "". */
static void kernel_says(int fd, char *text, size_t size)
{
	char record[8192], *at;
	ssize_t got;

	for (;;) {
		got = read(fd, record, sizeof(record) - 1);
		if (got < 0 && errno == EPIPE)	/* the log went round */
			continue;
		if (got <= 0)
			return;
		record[got] = 0;
		at = strchr(record, ';');
		if (!at || strncmp(at + 1, "clusterfs: ", 11))
			continue;
		at[1 + strcspn(at + 1, "\n")] = 0;
		snprintf(text, size, "%s", at + 1);
	}
}

/**
 * host_mount - mount the repository: the node becomes a member
 * @s: its cluster
 * @me: its place
 * @device: replicas
 *
 * By mount(8), which tells systemd that it is a mount of the network. Without its helper: what
 * that would tell is told here, and a damaged copy is no obstacle to a join.
 *
 * Return: 0; EXIT_OLDER: it is not what the node knew; or EXIT_FAILURE, after saying what the
 * kernel said.
 */
int host_mount(const struct setup *s, unsigned int me,
	       char device[CFS_REPLICAS_MAX][SETUP_DEVICE])
{
	char options[2048], out[4096], said[1024] = "", expect[VPART_CLUSTER_COPY_OPTION + 16];
	const char *const argv[] = {
		"mount", "-i", "-t", "clusterfs", "-o", options, device[0], SETUP_MOUNT, NULL
	};
	unsigned int r;
	size_t len;
	int fd, ret;

	local_expect(s->cluster, s->node[me].name, expect, sizeof(expect));
	len = (size_t)snprintf(options, sizeof(options), "_netdev,node=%s,lock=dlm,cluster=%s,address=%s%s",
			       s->node[me].name, s->cluster, s->node[me].address[0], expect);
	for (r = 1; r < s->replicas && device[r][0]; r++)
		len += (size_t)snprintf(options + len, sizeof(options) - len, ",replica=%s",
					device[r]);
	if (mkdir(SETUP_MOUNT, 0755) && errno != EEXIST)
		return refused(SETUP_MOUNT ": %s", strerror(errno));
	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	/* DLM's wait has a limit in the kernel; the claim may take as long again. */
	ret = host_run(argv, out, sizeof(out), 180);
	if (ret && fd >= 0)
		kernel_says(fd, said, sizeof(said));
	if (fd >= 0)
		close(fd);
	if (!ret)
		return 0;
	if (strstr(said, LOCAL_FORGET)) {
		refused("%s", said);
		return EXIT_OLDER;
	}
	if (said[0])
		return refused("%s", said);
	out[strcspn(out, "\n")] = 0;
	return refused("cannot mount %s: %s", device[0], out[0] ? out : ret < 0 ? strerror(-ret) :
		       "mount(8) failed");
}
