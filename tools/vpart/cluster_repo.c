// SPDX-License-Identifier: GPL-2.0
/* The repository of a cluster that is set up: made on the first node, found on the others. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cluster_setup.h"

#define PLACES		8U	/* for nodes, where there are fewer */
#define TOOL_SECONDS	120
#define DISK_MS		5000	/* for a disk to answer */

/* A member of what a tool has printed, as text; "" if it is not there. */
static const char *word_of(struct json_object *o, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(o, key, &value) && value ?
	       json_object_get_string(value) : "";
}

/* The object in what a tool has said; before it there may be a warning. */
static struct json_object *object_in(const char *out)
{
	const char *at = strchr(out, '{');

	return at ? json_tokener_parse(at) : NULL;
}

/* What clusterfs-dump says of the devices; NULL: it is no repository, or not a whole one. */
static struct json_object *dump(const char *const *device, unsigned int n)
{
	const char *argv[3 + CFS_REPLICAS_MAX] = { "clusterfs-dump", "--json" };
	const size_t size = 64 << 20;
	struct json_object *o = NULL;
	char *out = malloc(size);
	unsigned int i;

	for (i = 0; i < n; i++)
		argv[2 + i] = device[i];
	if (out && !host_run(argv, out, size, TOOL_SECONDS))
		o = object_in(out);
	free(out);
	if (o && !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		o = NULL;
	}
	return o;
}

/* One that has not left may have it mounted, or died and still owns something. */
static const char *member_of(struct json_object *o)
{
	struct json_object *nodes, *one;
	size_t i;

	if (!json_object_object_get_ex(o, "nodes", &nodes) ||
	    !json_object_is_type(nodes, json_type_array))
		return NULL;
	for (i = 0; i < json_object_array_length(nodes); i++) {
		one = json_object_array_get_idx(nodes, i);
		if (strcmp(word_of(one, "state"), "left"))
			return word_of(one, "name");
	}
	return NULL;
}

/* What is there is a repository of this name, which nobody has: it is used as it is. */
static int check_made(struct setup *s, struct json_object *o)
{
	const char *member = member_of(o);

	if (member)
		return refused("%s has a repository of cluster %s with node %s, which has not left: join that cluster, let the node leave, or make another one with mkfs.clusterfs --force",
			       s->device[0], s->cluster, member);
	if ((unsigned int)strtoul(word_of(o, "nodes_max"), NULL, 10) < s->nodes)
		return refused("the repository on %s has no place for %u nodes", s->device[0],
			       s->nodes);
	if (vpart_uuid_parse(word_of(o, "uuid"), s->repository))
		return refused("clusterfs-dump does not tell the UUID of %s", s->device[0]);
	return 0;
}

/**
 * repo_look - is there a repository of this cluster?
 * @s: the cluster; its repository's UUID is set
 * @made: set if there is
 *
 * Return: 0, or EXIT_FAILURE after saying why it cannot be used.
 */
int repo_look(struct setup *s, bool *made)
{
	const char *device[CFS_REPLICAS_MAX];
	struct json_object *o;
	struct stat st;
	unsigned int i;
	int ret = 0;

	*made = false;
	for (i = 0; i < s->replicas; i++) {
		device[i] = s->device[i];
		if (stat(device[i], &st))
			return refused("%s: %s", device[i], strerror(errno));
		if (!S_ISBLK(st.st_mode))
			return refused("%s is no block device", device[i]);
	}
	o = dump(device, s->replicas);
	if (o && !strcmp(word_of(o, "cluster"), s->cluster) &&
	    strtoul(word_of(o, "replicas"), NULL, 10) == s->replicas) {
		*made = true;
		ret = check_made(s, o);
	}
	json_object_put(o);
	return ret;
}

/* Make it, or with @dry see whether that can be done. */
int repo_make(struct setup *s, bool dry)
{
	const char *argv[10 + CFS_REPLICAS_MAX] = { "mkfs.clusterfs", "--json", "--cluster",
						    s->cluster, "--nodes" };
	unsigned int i, n = 5;
	struct json_object *o;
	char out[8192], places[16];
	int ret;

	snprintf(places, sizeof(places), "%u", s->nodes <= PLACES ? PLACES : CFS_NODES_MAX);
	argv[n++] = places;
	if (dry)
		argv[n++] = "--dry-run";
	for (i = 0; i < s->replicas; i++)
		argv[n++] = s->device[i];
	ret = host_run(argv, out, sizeof(out), TOOL_SECONDS);
	if (ret < 0)
		return refused("mkfs.clusterfs: %s", strerror(-ret));
	if (ret)
		return refused("%s", out[0] ? out : "mkfs.clusterfs failed");
	o = object_in(out);
	ret = vpart_uuid_parse(word_of(o, "uuid"), s->repository);
	json_object_put(o);
	return ret ? refused("mkfs.clusterfs does not tell what it has made") : 0;
}

/* --- on another node --- */

/* A replica of the repository, by one of its two superblocks; its number, or -1. */
static int read_replica(const char *path, const struct setup *s)
{
	static const unsigned int blocks[] = { CFS_SUPER_BLOCK, CFS_SUPER_BLOCK_2 };
	struct cfs_disk_super sb;
	int fd, ret = -1;
	size_t i;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -1;
	/* Another machine has written it. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	for (i = 0; i < ARRAY_SIZE(blocks) && ret < 0; i++)
		if (pread(fd, &sb, sizeof(sb), (off_t)blocks[i] * CFS_BLOCK_SIZE) == sizeof(sb) &&
		    !memcmp(sb.magic, CFS_MAGIC, CFS_MAGIC_SIZE) &&
		    !memcmp(sb.uuid, s->repository, sizeof(sb.uuid)) &&
		    le32toh(sb.replica) < s->replicas)
			ret = (int)le32toh(sb.replica);
	close(fd);
	return ret;
}

/* The same, in a process that may get stuck on a disk that does not answer. */
static int replica_of(const char *path, const struct setup *s)
{
	struct pollfd p = { .events = POLLIN };
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return -1;
	if (!pid)
		_exit(read_replica(path, s) + 1);
	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0 || poll(&p, 1, DISK_MS) <= 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, WNOHANG);
		status = 0;
	} else {
		waitpid(pid, &status, 0);
	}
	if (p.fd >= 0)
		close(p.fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) - 1 : -1;
}

/* A path of a multipath map, a leg, a physical volume: what is above it is meant. */
static bool is_held(const char *name)
{
	char path[SETUP_DEVICE + 64];
	struct dirent *d;
	bool held = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/class/block/%s/holders", name);
	dir = opendir(path);
	while (dir && !held && (d = readdir(dir)))
		held = d->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return held;
}

static int take_replica(const char *path, int r,
			char device[CFS_REPLICAS_MAX][SETUP_DEVICE])
{
	if (device[r][0])
		return refused("%s and %s are both replica %d of the repository: say \"repo\" and which",
			       device[r], path, r);
	strcpy(device[r], path);
	return 0;
}

/* All block devices of the machine. */
static int search(const struct setup *s, char device[CFS_REPLICAS_MAX][SETUP_DEVICE])
{
	DIR *dir = opendir("/sys/class/block");
	struct dirent *d;
	char path[sizeof(d->d_name) + 8];
	int r, ret = 0;

	if (!dir)
		return refused("/sys/class/block: %s", strerror(errno));
	while (!ret && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || is_held(d->d_name))
			continue;
		/* The kernel writes the slash of a name as an exclamation mark. */
		if (snprintf(path, sizeof(path), "/dev/%s", d->d_name) >= SETUP_DEVICE)
			continue;
		for (char *p = strchr(path, '!'); p; p = strchr(p, '!'))
			*p = '/';
		r = replica_of(path, s);
		if (r >= 0)
			ret = take_replica(path, r, device);
	}
	closedir(dir);
	return ret;
}

/* Those that are named: all of them have to be replicas. */
static int take_named(const struct setup *s, const char *given,
		      char device[CFS_REPLICAS_MAX][SETUP_DEVICE])
{
	static struct setup named;
	unsigned int i;
	int r, ret;

	memset(&named, 0, sizeof(named));
	ret = setup_add_devices(&named, given);
	for (i = 0; i < named.replicas && !ret; i++) {
		r = replica_of(named.device[i], s);
		ret = r < 0 ? refused("%s is not the repository of cluster %s, or cannot be read",
				      named.device[i], s->cluster) :
		      take_replica(named.device[i], r, device);
	}
	return ret;
}

/* As the first node calls them, if these are the ones here too: names that stay. */
static bool take_same(const struct setup *s, char device[CFS_REPLICAS_MAX][SETUP_DEVICE])
{
	unsigned int i;
	int r;

	for (i = 0; i < s->replicas; i++) {
		r = replica_of(s->device[i], s);
		if (r < 0 || device[r][0])
			break;
		strcpy(device[r], s->device[i]);
	}
	if (i == s->replicas)
		return true;
	memset(device, 0, CFS_REPLICAS_MAX * SETUP_DEVICE);
	return false;
}

/**
 * repo_find - find the repository's devices on this node
 * @s: the cluster
 * @given: their paths, DEVICE[,DEVICE,DEVICE], or NULL: they are looked for
 * @device: the replicas that were found, without a gap
 *
 * Return: 0, or EXIT_FAILURE after saying why that is no majority of them.
 */
int repo_find(const struct setup *s, const char *given,
	      char device[CFS_REPLICAS_MAX][SETUP_DEVICE])
{
	const char *paths[CFS_REPLICAS_MAX];
	unsigned int i, n = 0;
	struct json_object *o;
	int ret = 0;

	memset(device, 0, CFS_REPLICAS_MAX * SETUP_DEVICE);
	if (given)
		ret = take_named(s, given, device);
	else if (!take_same(s, device))
		ret = search(s, device);
	if (ret)
		return ret;
	for (i = 0; i < s->replicas; i++) {
		if (!device[i][0])
			continue;
		if (n != i)
			memcpy(device[n], device[i], SETUP_DEVICE);
		paths[n] = device[n];
		n++;
	}
	for (i = n; i < CFS_REPLICAS_MAX; i++)
		device[i][0] = 0;
	if (!n)
		return refused("the repository of cluster %s is on no device of this node",
			       s->cluster);
	if (n <= s->replicas / 2)
		return refused("only %u of %u replicas of cluster %s are here", n, s->replicas,
			       s->cluster);
	o = dump(paths, n);
	if (!o || strcmp(word_of(o, "cluster"), s->cluster))
		ret = refused("%s is no whole repository of cluster %s: see fsck.clusterfs",
			      paths[0], s->cluster);
	json_object_put(o);
	return ret;
}
