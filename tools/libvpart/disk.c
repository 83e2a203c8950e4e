// SPDX-License-Identifier: LGPL-2.1-or-later
/* Block devices, and the disks that clients see among them */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "internal.h"

#define UEVENT_GROUP_KERNEL	1

int vpart_disk_name(unsigned int major, unsigned int minor, char *name, size_t size)
{
	char path[64], link[PATH_MAX], *base;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major, minor);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return -errno;
	link[len] = 0;
	base = strrchr(link, '/');
	vpart_copy(name, size, base ? base + 1 : link);
	return 0;
}

/* Its size by sysfs, which waits for nobody; 0 if there is none. */
uint64_t vpart_disk_bytes(unsigned int major, unsigned int minor)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/size", major, minor);
	return vpart_file_read(path, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) * 512 : 0;
}

/* Resolve @path to a block device with its size by sysfs: to open it may take its time. */
int vpart_block_look(struct vpart *v, const char *path, struct vpart_block *b)
{
	struct stat st;

	memset(b, 0, sizeof(*b));
	if (stat(path, &st))
		return vpart_fail(v, errno,
				  errno == ENOENT ? VPART_CODE_NOT_FOUND : VPART_CODE_FAILED,
				  "%s: %s", path, strerror(errno));
	if (!S_ISBLK(st.st_mode))
		return vpart_fail(v, ENOTBLK, VPART_CODE_INVALID, "%s is not a block device", path);
	vpart_copy(b->path, sizeof(b->path), path);
	b->major = major(st.st_rdev);
	b->minor = minor(st.st_rdev);
	if (vpart_disk_name(b->major, b->minor, b->name, sizeof(b->name)))
		return vpart_fail(v, ENXIO, VPART_CODE_NOT_FOUND,
				  "%s: no such device in this kernel", path);
	b->bytes = vpart_disk_bytes(b->major, b->minor);
	return 0;
}

/* Resolve @path to a block device with its size; it is not left open. */
int vpart_block_find(struct vpart *v, const char *path, struct vpart_block *b)
{
	int fd, err;

	err = vpart_block_look(v, path, b);
	if (err)
		return err;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return vpart_fail(v, errno, VPART_CODE_FAILED, "%s: %s", path, strerror(errno));
	err = ioctl(fd, BLKGETSIZE64, &b->bytes) ? errno : 0;
	close(fd);
	if (err)
		return vpart_fail(v, err, VPART_CODE_FAILED, "%s: no size: %s", path,
				  strerror(err));
	return 0;
}

/* Where the device is mounted, if it is. */
static bool mounted_at(const struct vpart_block *b, char *at, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	unsigned int major, minor;
	char *line = NULL, where[1024];
	bool found = false;
	size_t room = 0;

	if (!f)
		return false;
	while (!found && getline(&line, &room, f) > 0) {
		if (sscanf(line, "%*d %*d %u:%u %*s %1023s", &major, &minor, where) != 3)
			continue;
		found = major == b->major && minor == b->minor;
	}
	if (found)
		vpart_copy(at, size, where);
	free(line);
	fclose(f);
	return found;
}

/*
 * Does someone hold the device for himself: a file system, the device-mapper,
 * a backstore? @by says who, as far as the system tells.
 */
bool vpart_block_busy(const struct vpart_block *b, char *by, size_t size)
{
	char path[128], where[1024], dm[128], **names;
	int fd = open(b->path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);
	size_t n;

	if (fd >= 0) {
		close(fd);
		return false;
	}
	if (errno != EBUSY)
		return false;
	vpart_copy(by, size, "someone else");
	if (mounted_at(b, where, sizeof(where))) {
		snprintf(by, size, "mounted at %s", where);
		return true;
	}
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders", b->major, b->minor);
	if (vpart_dir_list(path, NULL, &names, &n) || !n) {
		if (vpart_lio_serves(b, dm, sizeof(dm)))
			snprintf(by, size, "served as LU %s", dm);
		return true;
	}
	snprintf(path, sizeof(path), "/sys/class/block/%.31s/dm/name", names[0]);
	if (vpart_file_read(path, dm, sizeof(dm)) > 0)
		snprintf(by, size, "held by /dev/mapper/%s", dm);
	else
		snprintf(by, size, "held by %s", names[0]);
	vpart_dir_free(names, n);
	return true;
}

/* The unit serial number that the disk reported (VPD page 0x80). */
int vpart_disk_serial(const char *disk, char *serial, size_t size)
{
	unsigned char page[256];
	size_t len, i, n = 0;
	char path[128];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/block/%s/device/vpd_pg80", disk);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, page, sizeof(page));
	close(fd);
	if (got < 4)
		return -ENODATA;
	len = (size_t)page[2] << 8 | page[3];
	if (len > (size_t)got - 4)
		len = (size_t)got - 4;
	for (i = 0; i < len && n < size - 1; i++)
		if (isgraph(page[4 + i]))
			serial[n++] = (char)page[4 + i];
	serial[n] = 0;
	return 0;
}

static bool is_scsi_disk(const char *name)
{
	return !strncmp(name, "sd", 2);
}

/* Kernel names of all SCSI disks, and of their partitions. */
int vpart_disks(char ***names, size_t *n)
{
	return vpart_dir_list("/sys/class/block", is_scsi_disk, names, n);
}

/* Is the disk below the client's end of this pair on the bus? */
bool vpart_disk_of_pair(const char *disk, const char *pair)
{
	char path[128], real[PATH_MAX], adapter[VPART_NAME_SIZE + 16];

	snprintf(path, sizeof(path), "/sys/class/block/%s", disk);
	if (!realpath(path, real))
		return false;
	snprintf(adapter, sizeof(adapter), "/%s.client/", pair);
	return strstr(real, adapter);
}

static bool is_host(const char *name)
{
	return !strncmp(name, "host", 4);
}

/* The SCSI host of the client's end of this pair: "hostN". */
int vpart_host_of(const char *pair, char *host, size_t size)
{
	char path[PATH_MAX], **hosts;
	size_t n;
	int ret;

	vpart_path(path, sizeof(path), "/sys/bus/vpart/devices/%.64s.client", pair);
	ret = vpart_dir_list(path, is_host, &hosts, &n);
	if (ret)
		return ret;
	ret = n ? 0 : -ENOENT;
	if (n)
		vpart_copy(host, size, hosts[0]);
	vpart_dir_free(hosts, n);
	return ret;
}

/* The disk of a LUN, as the client's end of this pair numbers it. */
int vpart_disk_at(const char *pair, uint32_t lun, char *disk, size_t size)
{
	char path[PATH_MAX], host[32], **names;
	size_t n;
	int ret;

	ret = vpart_host_of(pair, host, sizeof(host));
	if (ret)
		return ret;
	vpart_path(path, sizeof(path), "/sys/bus/scsi/devices/%.16s:0:0:%u/block",
		   host + strlen("host"), lun);
	if (vpart_dir_list(path, NULL, &names, &n))
		return -ENOENT;
	ret = n ? 0 : -ENOENT;
	if (n)
		vpart_copy(disk, size, names[0]);
	vpart_dir_free(names, n);
	return ret;
}

/* Hear the kernel's device events; a negative errno without that. */
int vpart_uevent_open(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = UEVENT_GROUP_KERNEL };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);
	int err;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		err = errno;
		close(fd);
		return -err;
	}
	return fd;
}

/* 1 if something happened to a device, 0 after @timeout_ms. */
int vpart_uevent_wait(int fd, unsigned int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];
	int ret;

	ret = poll(&p, 1, (int)timeout_ms);
	if (ret <= 0)
		return 0;
	/* What it says does not matter: the caller looks again. */
	while (recv(fd, buf, sizeof(buf), 0) > 0)
		;
	return 1;
}
