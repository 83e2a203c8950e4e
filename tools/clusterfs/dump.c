// SPDX-License-Identifier: GPL-2.0
/* clusterfs-dump: what a repository says. It writes nothing. */
#include <getopt.h>
#include "repo.h"

const char *program = "clusterfs-dump";

static const char usage_text[] =
"Usage: clusterfs-dump [--json] [--log] DEVICE [DEVICE DEVICE]\n"
"Show what the repository on one device, or on three replicas, says; write nothing.\n"
"\n"
"  --json  as one JSON object, not as tables\n"
"  --log   every whole record of the logs too, whether it counts or not\n"
"  --help  this text\n"
"\n"
"Two of three replicas are enough. Events and terms: see clusterfs-dump(8).\n"
"\n"
"Example:\n"
"  clusterfs-dump --json /dev/sdb | jq .lus\n";

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "log", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	bool json = false, log = false;
	json_object *tree;
	struct repo repo;
	int c, ret;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'l':
			log = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			return wrong_use("'%s' is no option", argv[optind - 1]);
		}
	}
	if (argc - optind < 1 || argc - optind > CFS_REPLICAS_MAX)
		return wrong_use("1 to %d devices are named", CFS_REPLICAS_MAX);
	if (repo_open(&repo, argv + optind, argc - optind, false))
		return 1;
	ret = cfs_load(&repo.db);
	if (ret) {
		complain("%s: %s", argv[optind], repo.db.why);
		tree = show_super(&repo.db.sb);
	} else {
		tree = show_repo(&repo);
	}
	if (log)
		json_object_object_add(tree, "log", show_logs(&repo));
	show_tree(tree, json);
	repo_close(&repo);
	return ret ? 1 : 0;
}
