// SPDX-License-Identifier: LGPL-2.1-or-later
/* Network namespaces by the names that ip-netns(8) gives them */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "internal.h"

#define NAMES	"/run/netns"
#define OWN	"/proc/self/ns/net"

/* Inode of the caller's; 0: this kernel has no others. */
uint64_t vpart_netns_own(void)
{
	struct stat st;

	return stat(OWN, &st) ? 0 : st.st_ino;
}

static bool no_dot(const char *name)
{
	return name[0] != '.';
}

/**
 * vpart_netns_name - name of a network namespace
 * @inode: its inode, as in struct vpart_link; 0: none, the link is of no network
 * @name: gets its name, "" if it is the caller's own
 *
 * Return: 0, also if this kernel has only one; -ENOENT if it has none in
 * /run/netns.
 */
int vpart_netns_name(uint64_t inode, char name[VPART_NETNS_SIZE])
{
	uint64_t own = vpart_netns_own();
	char path[PATH_MAX], **names;
	int ret = -ENOENT;
	struct stat st;
	size_t i, n;

	name[0] = 0;
	if (!inode || !own || inode == own)
		return 0;
	if (vpart_dir_list(NAMES, no_dot, &names, &n))
		return ret;
	for (i = 0; i < n && ret; i++) {
		if (vpart_path(path, sizeof(path), NAMES "/%s", names[i]) || stat(path, &st) ||
		    st.st_ino != inode || strlen(names[i]) >= VPART_NETNS_SIZE)
			continue;
		vpart_copy(name, VPART_NETNS_SIZE, names[i]);
		ret = 0;
	}
	vpart_dir_free(names, n);
	return ret;
}

/* Go there; @back is for vpart_netns_leave(). */
int vpart_netns_enter(struct vpart *v, const char *name, int *back)
{
	char path[PATH_MAX];
	int fd, ret = 0;

	if (strchr(name, '/') || name[0] == '.' ||
	    vpart_path(path, sizeof(path), NAMES "/%s", name))
		return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				  "'%.64s' is no name of a network namespace", name);
	*back = open(OWN, O_RDONLY | O_CLOEXEC);
	if (*back < 0)
		return vpart_fail(v, errno, VPART_CODE_FAILED, OWN ": %s", strerror(errno));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		ret = vpart_fail(v, errno, VPART_CODE_NOT_FOUND,
				 "there is no network namespace %s: ip netns add %s", name, name);
	else if (setns(fd, CLONE_NEWNET))
		ret = vpart_fail(v, errno, VPART_CODE_FAILED, "network namespace %s: %s", name,
				 strerror(errno));
	if (fd >= 0)
		close(fd);
	if (ret)
		close(*back);
	return ret;
}

int vpart_netns_leave(struct vpart *v, int back)
{
	int ret = 0;

	if (setns(back, CLONE_NEWNET))
		ret = vpart_fail(v, errno, VPART_CODE_FAILED,
				 "back from a network namespace: %s", strerror(errno));
	close(back);
	return ret;
}
