// SPDX-License-Identifier: GPL-2.0
/* mkfs.clusterfs: make a repository on one device or on three. */
#include <getopt.h>
#include <time.h>
#include <unistd.h>
#include "repo.h"

const char *program = "mkfs.clusterfs";

static const char usage_text[] =
"Usage: mkfs.clusterfs --cluster NAME [OPTION]... DEVICE [DEVICE DEVICE]\n"
"Make the repository of a cluster on one device, or on three replicas.\n"
"\n"
"  --cluster NAME  of the cluster that may mount it: up to 63 printable characters\n"
"  --nodes N       how many nodes have a place: 1 to 32 (32)\n"
"  --objects N     at most so many nodes, clients, adapters, LUs, maps, volumes,\n"
"                  registrations and tombstones together: 64 to 65536 (12288)\n"
"  --events N      so many of the last events are kept: 8 to 8192 (1024)\n"
"  --log BLOCKS    of 4096 bytes for each node's log: 16 to 4096 (256)\n"
"  --force         overwrite what is there\n"
"  --dry-run       say what would be made, or why it would not, and write nothing\n"
"  --json          tell what was made as JSON\n"
"  --help          this text\n"
"\n"
"Example:\n"
"  mkfs.clusterfs --cluster prod --nodes 4 /dev/sdb\n";

struct options {
	struct cfs_super	sb;
	bool			force;
	bool			dry;
	bool			json;
};

static int take_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "cluster", required_argument, NULL, 'c' },
		{ "nodes", required_argument, NULL, 'n' },
		{ "objects", required_argument, NULL, 'o' },
		{ "events", required_argument, NULL, 'e' },
		{ "log", required_argument, NULL, 'l' },
		{ "force", no_argument, NULL, 'f' },
		{ "dry-run", no_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char *p;
	u64 n;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			for (p = optarg; *p > ' ' && *p < 0x7f; p++)
				;
			if (*p || p == optarg || p - optarg >= CFS_NAME_SIZE)
				return wrong_use("the name '%s' is not 1 to %d printable characters without a space",
						 optarg, CFS_NAME_SIZE - 1);
			strcpy(o->sb.cluster, optarg);
			break;
		case 'n':
			if (!take_number(optarg, 1, CFS_NODES_MAX, &n))
				return wrong_use("'%s' is no number of nodes: 1 to %d are",
						 optarg, CFS_NODES_MAX);
			o->sb.nodes = n;
			break;
		case 'o':
			if (!take_number(optarg, CFS_OBJECTS_MIN, CFS_OBJECTS_MAX, &n))
				return wrong_use("'%s' is no number of objects: %u to %u are",
						 optarg, CFS_OBJECTS_MIN, CFS_OBJECTS_MAX);
			o->sb.objects = n;
			break;
		case 'e':
			if (!take_number(optarg, CFS_EVENTS_MIN, CFS_EVENTS_MAX, &n))
				return wrong_use("'%s' is no number of events: %u to %u are",
						 optarg, CFS_EVENTS_MIN, CFS_EVENTS_MAX);
			o->sb.events = n;
			break;
		case 'l':
			if (!take_number(optarg, CFS_LOG_BLOCKS_MIN, CFS_LOG_BLOCKS_MAX, &n))
				return wrong_use("'%s' is no size of a log: %u to %u blocks are",
						 optarg, CFS_LOG_BLOCKS_MIN, CFS_LOG_BLOCKS_MAX);
			o->sb.log_blocks = n;
			break;
		case 'f':
			o->force = true;
			break;
		case 'd':
			o->dry = true;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(0);
		default:
			return wrong_use("'%s' is no option, or lacks its value", argv[optind - 1]);
		}
	}
	if (!o->sb.cluster[0])
		return wrong_use("the name of the cluster is missing");
	o->sb.replicas = argc - optind;
	if (o->sb.replicas != 1 && o->sb.replicas != CFS_REPLICAS_MAX)
		return wrong_use("a repository has 1 device, or %d as replicas, not %u",
				 CFS_REPLICAS_MAX, o->sb.replicas);
	return 0;
}

/*
 * The old superblocks go first and the new ones come last, so that at no time one
 * stands before what it does not describe. Logs and snapshots need not be cleared:
 * nothing there has the new tag.
 */
static int format(int fd, const struct cfs_super *sb, u64 size)
{
	static u8 head[CFS_AREA_BLOCK * CFS_BLOCK_SIZE];
	u8 block[CFS_BLOCK_SIZE];
	int ret;

	cfs_super_encode(sb, block);
	ret = device_write(fd, 0, head, CFS_SLOT_BLOCK * CFS_BLOCK_SIZE);
	if (!ret && fsync(fd))
		ret = -errno;
	/* Without its claims an old repository would look like an empty one. */
	if (!ret)
		ret = device_write(fd, 0, head, sizeof(head));
	if (!ret)
		ret = device_wipe_end(fd, size, sb);
	if (!ret && fsync(fd))
		ret = -errno;
	if (!ret)
		ret = device_write(fd, CFS_SUPER_BLOCK_2 * CFS_BLOCK_SIZE, block, sizeof(block));
	if (!ret)
		ret = device_write(fd, CFS_SUPER_BLOCK * CFS_BLOCK_SIZE, block, sizeof(block));
	if (!ret && fsync(fd))
		ret = -errno;
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = { .sb = { .generation = 1, .nodes = CFS_NODES_MAX, .objects = 12288,
				     .events = 1024, .log_blocks = 256 } };
	const char *hint = ": give it more, or ask for fewer --nodes or --objects";
	int fd[CFS_REPLICAS_MAX] = { -1, -1, -1 }, ret;
	u64 size[CFS_REPLICAS_MAX];
	unsigned int r;
	char **path;

	ret = take_options(&o, argc, argv);
	if (ret)
		return ret;
	path = argv + optind;
	cfs_geometry(&o.sb);
	for (r = 0; r < o.sb.replicas; r++) {
		fd[r] = device_open(path[r], true, &size[r]);
		if (fd[r] < 0 || !device_fits(fd[r], path[r], size[r], &o.sb, o.force, hint))
			return 1;
	}
	if (!devices_differ(fd, path, o.sb.replicas))
		return 1;
	random_uuid(&o.sb.uuid);
	o.sb.tag = get_random_u64();
	o.sb.made = time(NULL);
	for (r = 0; r < o.sb.replicas && !o.dry; r++) {
		o.sb.replica = r;
		random_uuid(&o.sb.replica_uuid);
		ret = format(fd[r], &o.sb, size[r]);
		if (!ret && close(fd[r]))
			ret = -errno;
		if (ret) {
			complain("cannot write %s: %s", path[r], strerror(-ret));
			return 1;
		}
	}
	show_tree(show_super(&o.sb), o.json);
	return 0;
}
