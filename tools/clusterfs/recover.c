// SPDX-License-Identifier: GPL-2.0
/* clusterfs-repo: a repository is backed up, restored, or gets back a lost replica. */
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "backup.h"
#include "repo.h"

const char *program = "clusterfs-repo";

#define SETTLE_MS	5000
#define SETTLE_TRIES	20	/* at least: a machine may be busy */
#define SETTLE_PAUSE_MS	10
#define BACKUP_SIZE_MAX	((1 + CFS_OBJECTS_MAX + CFS_EVENTS_MAX) * CFS_SECTOR_SIZE)

static const char usage_text[] =
"Usage: clusterfs-repo backup [--json] FILE DEVICE [DEVICE DEVICE]\n"
"       clusterfs-repo restore [OPTION]... FILE DEVICE [DEVICE DEVICE]\n"
"       clusterfs-repo replace [--force] [--json] NEW DEVICE DEVICE\n"
"Keep the database of a cluster in a file, make a repository of it again, or make NEW\n"
"the missing one of three replicas. Nodes may have it mounted during a backup alone.\n"
"\n"
"  --above TERM:COMMIT  restore: the lost repository had come so far at least; what a\n"
"                       node knows that is mounted on this host is taken by itself\n"
"  --generation N       restore: and it was of this generation at least\n"
"  --ended              restore: every node that has the lost repository mounted will\n"
"                       have unmounted it, or been reset, before one mounts the new one\n"
"  --force              overwrite what is on a device\n"
"  --json               tell what was done as JSON\n"
"  --help               this text\n"
"\n"
"Examples:\n"
"  clusterfs-repo backup /var/backups/prod.cfs /dev/sdb\n"
"  clusterfs-repo restore --ended --above 12:3456 /var/backups/prod.cfs /dev/sdc\n"
"  clusterfs-repo replace /dev/sde /dev/sdb /dev/sdc\n";

struct options {
	struct known	above;
	bool		force;
	bool		json;
	bool		ended;
	bool		restores;	/* an option was given that only restore has */
};

static bool take_above(const char *text, struct known *above)
{
	const char *colon = strchr(text, ':');
	char term[24];

	if (!colon || colon - text >= (ptrdiff_t)sizeof(term))
		return false;
	memcpy(term, text, colon - text);
	term[colon - text] = 0;
	return take_number(term, 0, U64_MAX / 8 - 1, &above->term) &&
	       take_number(colon + 1, 0, U64_MAX / 8 - 1, &above->gen);
}

static int take_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "above", required_argument, NULL, 'a' },
		{ "generation", required_argument, NULL, 'g' },
		{ "ended", no_argument, NULL, 'e' },
		{ "force", no_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 'a':
			if (!take_above(optarg, &o->above))
				return wrong_use("'%s' is no TERM:COMMIT: two numbers are, as 12:3456",
						 optarg);
			o->restores = true;
			break;
		case 'g':
			if (!take_number(optarg, 1, U32_MAX - 2, &o->above.generation))
				return wrong_use("'%s' is no generation: 1 to %u are", optarg,
						 U32_MAX - 2);
			o->restores = true;
			break;
		case 'e':
			o->ended = true;
			o->restores = true;
			break;
		case 'f':
			o->force = true;
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
	return 0;
}

static void say_number(json_object *o, const char *key, u64 n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

static void say_word(json_object *o, const char *key, const char *word)
{
	json_object_object_add(o, key, json_object_new_string(word));
}

/* --- backup --- */

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/*
 * What is told to others, as a node would be told; nodes that work settle it soon. Where
 * they claim again and again, a look has to fall between two claims: hence many of them.
 */
static int settled(struct cfs_db *db)
{
	const struct timespec pause = { .tv_nsec = SETTLE_PAUSE_MS * 1000000L };
	const u64 end = now_ms() + SETTLE_MS;
	int tries, ret;

	for (tries = 1; ; tries++) {
		ret = cfs_follow(db);
		if (ret != -EAGAIN || (tries >= SETTLE_TRIES && now_ms() >= end))
			return ret;
		nanosleep(&pause, NULL);
	}
}

/* Only a backup is replaced by one, not what was named by mistake. */
static bool may_be_replaced(const char *path)
{
	char magic[BACKUP_MAGIC_SIZE];
	struct stat st;
	bool may;
	int fd;

	if (lstat(path, &st))
		return true;
	fd = S_ISREG(st.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	may = fd >= 0 && !device_read(fd, 0, magic, sizeof(magic)) &&
	      !memcmp(magic, BACKUP_MAGIC, sizeof(magic));
	if (fd >= 0)
		close(fd);
	if (!may)
		complain("%s is there and is no backup: it is not replaced", path);
	return may;
}

/* The folder knows the new name. */
static int sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd, ret = 0;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

/* All of it under its name, or nothing. */
static int write_file(const char *path, const void *data, size_t size)
{
	char *temp;
	int fd, ret;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		goto free;
	}
	ret = device_write(fd, 0, (void *)data, size);
	if (!ret && fsync(fd))
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(temp, path))
		ret = -errno;
	if (ret)
		unlink(temp);
	else
		ret = sync_folder(path);
free:
	free(temp);
	return ret;
}

static int do_backup(const struct options *o, int count, char **path)
{
	struct repo repo;
	struct backup b = {};
	void *file = NULL;
	json_object *tree;
	size_t size = 0;
	int ret;

	if (!may_be_replaced(path[0]) || repo_open(&repo, path + 1, count - 1, false))
		return 1;
	repo.fresh = true;
	ret = settled(&repo.db);
	if (!ret)
		ret = backup_take(&repo.db, &b);
	if (ret) {
		complain("%s: %s", path[1], repo.db.why);
		goto close;
	}
	file = backup_file(&b, &size);
	ret = file ? write_file(path[0], file, size) : -ENOMEM;
	if (ret) {
		complain("cannot write %s: %s", path[0], strerror(-ret));
		goto close;
	}
	tree = show_super(&b.sb);
	say_number(tree, "term", b.term);
	say_number(tree, "gen", b.gen);
	say_number(tree, "records", b.records);
	say_word(tree, "file", path[0]);
	show_tree(tree, o->json);
close:
	free(file);
	backup_free(&b);
	repo_close(&repo);
	return ret ? 1 : 0;
}

/* --- restore --- */

static int load_file(const char *path, struct backup *b)
{
	const char *wrong = NULL;
	void *data = NULL;
	struct stat st;
	int fd, ret = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		ret = -errno;
	} else if (!S_ISREG(st.st_mode) || st.st_size > BACKUP_SIZE_MAX) {
		wrong = "it is no backup of a clusterfs repository";
	} else {
		data = malloc(st.st_size + 1);
		ret = data ? device_read(fd, 0, data, st.st_size) : -ENOMEM;
		if (!ret)
			wrong = backup_read(data, st.st_size, b);
	}
	free(data);
	if (fd >= 0)
		close(fd);
	if (ret)
		complain("cannot read %s: %s", path, strerror(-ret));
	else if (wrong)
		complain("%s: %s", path, wrong);
	return ret || wrong ? -EINVAL : 0;
}

/*
 * What is known of the lost repository, besides the backup: what a mounted node, the
 * devices and the operator say. Never behind any of them (P21).
 */
static int find_known(const struct options *o, const struct backup *b, struct repo *repo,
		      int count, struct known *known)
{
	char node[256] = "";
	int mounts, r;

	*known = o->above;
	mounts = known_of_mounts("/proc/self/mounts", &b->sb.uuid, known, node, sizeof(node));
	if (mounts < 0) {
		complain("%s does not tell what a node knows: %s", node, strerror(-mounts));
		return -EIO;
	}
	for (r = 0; r < count; r++)
		known_of_device(&repo->io, r, &b->sb.uuid, known);
	if (o->ended || (!mounts && !backup_has_members(b) && known->gen <= b->gen))
		return 0;
	if (mounts)
		complain("node %s has the repository mounted: before a node mounts the new one, all have to unmount this one or be reset; --ended says that you see to it",
			 node);
	else
		complain("nodes had the repository mounted at the time of the backup, or later: before a node mounts the new one, all have to have ended; --ended says that you see to it");
	return -EBUSY;
}

static int do_restore(const struct options *o, int count, char **path)
{
	char **device = path + 1;
	struct backup b = {};
	struct known known;
	struct cfs_super sb;
	struct repo repo;
	json_object *tree;
	const char *wrong;
	int r, ret = 1;

	count--;
	if (count != 1 && count != CFS_REPLICAS_MAX)
		return wrong_use("a repository has 1 device, or %d as replicas, not %d",
				 CFS_REPLICAS_MAX, count);
	if (load_file(path[0], &b))
		return 1;
	repo_init(&repo, true);
	repo.fresh = true;
	for (r = 0; r < count; r++) {
		repo.fd[r] = device_open(device[r], true, &repo.size[r]);
		if (repo.fd[r] < 0 ||
		    !device_fits(repo.fd[r], device[r], repo.size[r], &b.sb, o->force, ""))
			goto close;
	}
	if (!devices_differ(repo.fd, device, count) || find_known(o, &b, &repo, count, &known))
		goto close;
	wrong = backup_renew(&b, &known);
	if (wrong) {
		complain("%s: %s", path[0], wrong);
		goto close;
	}
	if (known.gen < b.gen)
		complain("note: only the backup says how far the repository had come; ids that were given after it may be given again; see --above");
	else if (known.gen > b.gen)
		complain("note: the repository had come to commit %llu of term %llu, generation %llu; should this be interrupted, say --above %llu:%llu --generation %llu the next time",
			 (unsigned long long)known.gen, (unsigned long long)known.term,
			 (unsigned long long)known.generation, (unsigned long long)known.term,
			 (unsigned long long)known.gen,
			 (unsigned long long)max_t(u64, known.generation, 1));
	b.sb.made = time(NULL);
	b.sb.replicas = count;
	/* The tag that the records of the backup are sealed with stays in it. */
	sb = b.sb;
	sb.tag = get_random_u64();
	random_uuid(&sb.replica_uuid);
	if (restore(&repo.io, &sb, &b, &repo.db)) {
		complain("the repository is not restored: %s", repo.db.why);
		goto close;
	}
	for (r = 0; r < count; r++)
		if (device_wipe_end(repo.fd[r], repo.size[r], &sb) || fsync(repo.fd[r]))
			complain("the end of %s cannot be cleared", device[r]);
	tree = show_super(&sb);
	say_number(tree, "records", b.records);
	say_number(tree, "backup_term", b.term);
	say_number(tree, "backup_gen", b.gen);
	say_number(tree, "backup_made", b.made);
	show_tree(tree, o->json);
	ret = 0;
close:
	backup_free(&b);
	repo_close(&repo);
	return ret;
}

/* --- replace --- */

static int do_replace(const struct options *o, int count, char **path)
{
	struct cfs_super sb;
	struct repo repo;
	json_object *tree;
	unsigned int r;
	int fd[CFS_REPLICAS_MAX], n = 0, ret = 1;
	u64 size;

	if (count != CFS_REPLICAS_MAX)
		return wrong_use("the new device is named, then the two that are left");
	if (repo_open(&repo, path + 1, count - 1, true))
		return 1;
	repo.fresh = true;
	sb = repo.db.sb;
	if (sb.replicas != CFS_REPLICAS_MAX) {
		complain("%s is a repository of one device, without replicas: see clusterfs-repo restore",
			 path[1]);
		goto close;
	}
	for (r = 0; repo.fd[r] >= 0; r++)
		;
	if (repo.db.failed != BIT(r)) {
		complain("%s and %s are not both of one repository as it is now", path[1], path[2]);
		goto close;
	}
	fd[n++] = device_open(path[0], true, &size);
	if (fd[0] < 0)
		goto close;
	repo.fd[r] = fd[0];
	fd[n++] = repo.fd[(r + 1) % CFS_REPLICAS_MAX];
	fd[n++] = repo.fd[(r + 2) % CFS_REPLICAS_MAX];
	if (!devices_differ(fd, (char *[]){ path[0],
			    (char *)repo.path[(r + 1) % CFS_REPLICAS_MAX],
			    (char *)repo.path[(r + 2) % CFS_REPLICAS_MAX] }, n) ||
	    !device_fits(fd[0], path[0], size, &sb, o->force, ""))
		goto close;
	sb.replica = r;
	random_uuid(&sb.replica_uuid);
	if (replace(&repo.db, r, &sb)) {
		complain("%s is no replica: %s", path[0], repo.db.why);
		goto close;
	}
	if (device_wipe_end(fd[0], size, &sb) || fsync(fd[0]))
		complain("the end of %s cannot be cleared", path[0]);
	tree = show_super(&sb);
	say_number(tree, "replica", r);
	say_word(tree, "device", path[0]);
	show_tree(tree, o->json);
	ret = 0;
close:
	repo_close(&repo);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {};
	char *verb, **path;
	int ret, count;

	ret = take_options(&o, argc, argv);
	if (ret)
		return ret;
	path = argv + optind + 1;
	count = argc - optind - 1;
	if (count < 0)
		return wrong_use("backup, restore or replace is asked for");
	verb = argv[optind];
	if (o.restores && strcmp(verb, "restore"))
		return wrong_use("--above, --generation and --ended are for restore");
	if (o.force && !strcmp(verb, "backup"))
		return wrong_use("backup overwrites backups alone: there is nothing to force");
	if (!strcmp(verb, "replace"))
		return do_replace(&o, count, path);
	if (strcmp(verb, "backup") && strcmp(verb, "restore"))
		return wrong_use("'%s' is neither backup nor restore nor replace", verb);
	if (count < 2 || count > 1 + CFS_REPLICAS_MAX)
		return wrong_use("a file is named, then 1 to %d devices", CFS_REPLICAS_MAX);
	return verb[0] == 'b' ? do_backup(&o, count, path) : do_restore(&o, count, path);
}
