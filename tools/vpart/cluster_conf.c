// SPDX-License-Identifier: GPL-2.0
/*
 * The files that make a node one of a cluster: corosync's and DLM's configuration, their key,
 * and what they were made from. All nodes have the same ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cluster_setup.h"

#define COROSYNC_CONF	"/etc/corosync/corosync.conf"
#define COROSYNC_KEY	"/etc/corosync/authkey"
#define DLM_CONF	"/etc/dlm/dlm.conf"
#define LINE_MAX_DLM	250
#define HEADLINE	"# Made by vpart cluster, which removes it as long as it is like this.\n"

/* --- what is in them --- */

/*
 * A pair is quorate for the first time when both have been there: one that starts alone would
 * go on while the other one does. More go by majority, whoever has been there.
 */
static void put_corosync(FILE *f, const struct setup *s)
{
	const struct setup_node *n;
	unsigned int i, l;

	fprintf(f, HEADLINE
		"totem {\n\tversion: 2\n\tcluster_name: %s\n\ttransport: knet\n"
		"\tcrypto_cipher: aes256\n\tcrypto_hash: sha256\n}\n"
		"\nnodelist {\n", s->cluster);
	for (i = 0; i < s->nodes; i++) {
		n = &s->node[i];
		fputs("\tnode {\n", f);
		for (l = 0; l < s->links; l++)
			fprintf(f, "\t\tring%u_addr: %s\n", l, n->address[l]);
		fprintf(f, "\t\tname: %s\n\t\tnodeid: %u\n", n->name, i + 1);
		/* P24: of three votes it has the majority, alone. */
		if (!strcmp(n->name, s->preferred))
			fputs("\t\tquorum_votes: 2\n", f);
		fputs("\t}\n", f);
	}
	fprintf(f, "}\n\nquorum {\n\tprovider: corosync_votequorum\n%s%s}\n",
		s->nodes == 2 && !s->preferred[0] ? "\ttwo_node: 1\n" : "",
		s->nodes == 2 ? "\twait_for_all: 1\n" : "");
	fputs("\nlogging {\n\tto_stderr: no\n\tto_syslog: yes\n\tto_logfile: yes\n"
	      "\tlogfile: /var/log/corosync/corosync.log\n\ttimestamp: on\n}\n", f);
}

/* The words for node @name alone, or with NULL those for all, each behind @before. */
unsigned int setup_fence_words(FILE *f, const struct setup *s, const char *name, char before)
{
	char word[SETUP_FENCE], *colon, *eq;
	const char *at = s->fence;
	unsigned int n = 0;

	setup_fence_word(&at, word, sizeof(word));
	while (setup_fence_word(&at, word, sizeof(word))) {
		eq = strchr(word, '=');
		colon = eq ? memchr(word, ':', (size_t)(eq - word)) : NULL;
		if (colon)
			*colon = 0;
		if (colon ? name && !strcmp(word, name) : !name) {
			if (f)
				fprintf(f, "%c%s", before, colon ? colon + 1 : word);
			n++;
		}
	}
	return n;
}

static void put_fence(FILE *f, const struct setup *s)
{
	const bool each = setup_fence_words(NULL, s, s->node[0].name, ' ');
	const char *at = s->fence;
	char agent[SETUP_FENCE];
	unsigned int i;

	setup_fence_word(&at, agent, sizeof(agent));
	fprintf(f, "%s fence_vpart agent=%s", each ? "device power" : "fence_all", agent);
	setup_fence_words(f, s, NULL, ' ');
	fputc('\n', f);
	for (i = 0; i < s->nodes && each; i++) {
		fprintf(f, "connect power node=%u", i + 1);
		setup_fence_words(f, s, s->node[i].name, ' ');
		fputc('\n', f);
	}
}

/*
 * DLM over TCP has one address for each node. Without a fence agent a lock of a node that died
 * is granted when it is gone from corosync: no proof, and nothing takes it for one (P2, P5).
 */
static void put_dlm(FILE *f, const struct setup *s)
{
	fprintf(f, HEADLINE "protocol=%s\nenable_fencing=%d\n", s->links > 1 ? "sctp" : "tcp",
		s->fence[0] != 0);
	if (s->fence[0])
		put_fence(f, s);
}

/* dlm_controld looks for its options in pieces of 255 bytes: no word of fence begins one. */
static int check_lines(const struct setup_file *file)
{
	const char *at = file->data;
	size_t len;

	for (; *at; at += len + (at[len] == '\n')) {
		len = strcspn(at, "\n");
		if (len > LINE_MAX_DLM)
			return refused("fence: a line of dlm.conf would have %zu characters, %d are read: say less",
				       len, LINE_MAX_DLM);
	}
	return 0;
}

static int print_file(struct setup_file *file, const char *path, mode_t mode,
		      void (*put)(FILE *f, const struct setup *s), const struct setup *s)
{
	FILE *f = open_memstream(&file->data, &file->len);

	file->path = path;
	file->mode = mode;
	if (!f)
		return -1;
	put(f, s);
	return fclose(f);
}

static void put_key(FILE *f, const struct setup *s)
{
	fwrite(s->key, 1, SETUP_KEY, f);
}

static void put_setup(FILE *f, const struct setup *s)
{
	char *text = setup_format(s);

	if (text)
		fputs(text, f);
	free(text);
}

/**
 * setup_files - the files of a node
 * @s: its cluster
 * @files: where they go, in the order in which they are written; setup_files_free() them
 *
 * Return: 0, or EXIT_FAILURE after saying why.
 */
int setup_files(const struct setup *s, struct setup_file files[SETUP_FILES])
{
	memset(files, 0, SETUP_FILES * sizeof(*files));
	if (print_file(&files[0], SETUP_FILE, 0600, put_setup, s) ||
	    print_file(&files[1], COROSYNC_KEY, 0400, put_key, s) ||
	    print_file(&files[2], DLM_CONF, 0600, put_dlm, s) ||
	    print_file(&files[3], COROSYNC_CONF, 0644, put_corosync, s)) {
		setup_files_free(files);
		return refused("out of memory");
	}
	if (check_lines(&files[2])) {
		setup_files_free(files);
		return EXIT_FAILURE;
	}
	return 0;
}

void setup_files_free(struct setup_file files[SETUP_FILES])
{
	unsigned int i;

	for (i = 0; i < SETUP_FILES; i++) {
		if (files[i].data)
			explicit_bzero(files[i].data, files[i].len);
		free(files[i].data);
		files[i].data = NULL;
	}
}

/* --- what is there --- */

/* At most @size bytes of a regular file; the errno, negative. One that is longer: -EFBIG. */
ssize_t setup_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	struct stat st;
	ssize_t got = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	while (len < size && (got = read(fd, buf + len, size - len)) > 0)
		len += (size_t)got;
	if (got < 0)
		got = -errno;
	else
		got = len == size ? -EFBIG : (ssize_t)len;
	close(fd);
	return got;
}

/* The package's example has one node, which is nobody's address. */
static bool is_example(char *text)
{
	unsigned int nodes = 0, loops = 0;
	char *line, *save;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " \t");
		if (line[0] == '#' || strncmp(line, "ring", 4) || !strstr(line, "_addr:"))
			continue;
		nodes++;
		loops += !strcmp(line, "ring0_addr: 127.0.0.1");
	}
	return nodes == 1 && loops == 1;
}

/* corosync.conf as its package has it: a node of no cluster has that. */
static bool is_package_file(const char *path)
{
	char text[SETUP_TEXT];
	ssize_t len;

	if (strcmp(path, COROSYNC_CONF))
		return false;
	len = setup_read(path, text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = 0;
	return is_example(text);
}

/* No cluster is configured here; or EXIT_FAILURE after saying which. */
int setup_files_none(void)
{
	static const char *const others[] = { DLM_CONF, COROSYNC_KEY };
	struct stat st;
	size_t i;

	if (!lstat(SETUP_FILE, &st))
		return refused("this node is set up for a cluster already: vpart cluster leave ends that");
	if (!lstat(COROSYNC_CONF, &st) && !is_package_file(COROSYNC_CONF))
		return refused(COROSYNC_CONF " is of another cluster: this node leaves that first");
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (!lstat(others[i], &st))
			return refused("%s is there already, of another cluster: this node leaves that first",
				       others[i]);
	return 0;
}

/* 0: it is as it would be written, 1: it is not; a negative errno. */
static int differs(const struct setup_file *file)
{
	char text[SETUP_TEXT];
	ssize_t len = setup_read(file->path, text, sizeof(text));

	if (len == -EFBIG)
		return 1;
	if (len < 0)
		return (int)len;
	return (size_t)len != file->len || memcmp(text, file->data, file->len);
}

/* Those that are there are as they were written; or EXIT_FAILURE after saying which is not. */
int setup_files_same(const struct setup_file files[SETUP_FILES])
{
	unsigned int i;
	int ret;

	for (i = 0; i < SETUP_FILES; i++) {
		ret = differs(&files[i]);
		if (ret == 1 && is_package_file(files[i].path))
			continue;
		if (ret == 1)
			return refused("%s is not as vpart cluster has written it: --force removes it all the same",
				       files[i].path);
		if (ret && ret != -ENOENT)
			return refused("%s: %s", files[i].path, strerror(-ret));
	}
	return 0;
}

/**
 * setup_files_begun - has this node been set up for this cluster?
 * @files: as they would be written
 * @begun: it has, by the file that all others are made from
 *
 * Return: 0, or EXIT_FAILURE after saying that it is another cluster.
 */
int setup_files_begun(const struct setup_file files[SETUP_FILES], bool *begun)
{
	int ret = differs(&files[0]);

	if (ret == 1)
		return refused("this node is set up for another cluster, which it leaves first");
	if (ret && ret != -ENOENT)
		return refused(SETUP_FILE ": %s", strerror(-ret));
	*begun = !ret;
	return 0;
}

/* --- writing and removing --- */

static int sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

static int write_data(int fd, const char *data, size_t len)
{
	ssize_t put;

	while (len) {
		put = write(fd, data, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		data += put;
		len -= (size_t)put;
	}
	return 0;
}

/* As a whole or not at all; on the medium when it returns 0. */
static int write_file(const struct setup_file *file)
{
	char temp[128], folder[128];
	int fd, ret;

	snprintf(temp, sizeof(temp), "%s.XXXXXX", file->path);
	snprintf(folder, sizeof(folder), "%s", file->path);
	dirname(folder);
	if (mkdir(folder, 0755) && errno != EEXIST)
		return -errno;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fchmod(fd, file->mode) ? -errno : write_data(fd, file->data, file->len);
	if (!ret && fsync(fd))
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(temp, file->path))
		ret = -errno;
	if (ret) {
		unlink(temp);
		return ret;
	}
	ret = sync_folder(folder);
	if (ret)
		unlink(file->path);
	return ret;
}

/*
 * Those that are missing, or none of them: what an admin has changed stays. corosync.conf, which
 * may replace the package's, comes last.
 */
int setup_files_write(const struct setup_file files[SETUP_FILES])
{
	bool made[SETUP_FILES] = { false };
	struct stat st;
	unsigned int i;
	int ret;

	for (i = 0; i < SETUP_FILES; i++) {
		if (!lstat(files[i].path, &st) && !is_package_file(files[i].path))
			continue;
		ret = write_file(&files[i]);
		made[i] = !ret;
		if (!ret)
			continue;
		refused("cannot write %s: %s", files[i].path, strerror(-ret));
		while (i--)
			if (made[i])
				unlink(files[i].path);
		return EXIT_FAILURE;
	}
	return 0;
}

/* What was said of the repository's devices on this node; NULL: nothing. */
const char *setup_devices(char text[CFS_REPLICAS_MAX * SETUP_DEVICE])
{
	ssize_t len = setup_read(SETUP_DEVICES, text, CFS_REPLICAS_MAX * SETUP_DEVICE);

	if (len <= 0)
		return NULL;
	text[len] = 0;
	text[strcspn(text, "\n")] = 0;
	return text;
}

/* It is said once, and is true at the next boot. */
int setup_devices_keep(const char *text)
{
	struct setup_file file = { .path = SETUP_DEVICES, .mode = 0644, .data = (char *)text,
				   .len = strlen(text) };
	int ret = write_file(&file);

	return ret ? refused("cannot write %s: %s", file.path, strerror(-ret)) : 0;
}

/* What they were made from goes last: until then it can be begun again. */
int setup_files_remove(const struct setup_file files[SETUP_FILES])
{
	char folder[128];
	unsigned int i;
	int ret;

	unlink(SETUP_DEVICES);
	for (i = SETUP_FILES; i--;) {
		if (is_package_file(files[i].path))
			continue;
		ret = unlink(files[i].path) ? -errno : 0;
		snprintf(folder, sizeof(folder), "%s", files[i].path);
		if (!ret)
			ret = sync_folder(dirname(folder));
		if (ret && ret != -ENOENT)
			return refused("cannot remove %s: %s", files[i].path, strerror(-ret));
	}
	return 0;
}

/* P24: who decides when two nodes do not see each other? 0, or EXIT_FAILURE: nobody does. */
int setup_arbiter(const struct setup *s)
{
	if (s->nodes != 2 || s->fence[0] || s->replicas == CFS_REPLICAS_MAX || s->preferred[0] ||
	    s->shared)
		return 0;
	return refused("two nodes that do not see each other need an arbiter: a fence agent, a third replica of the repository elsewhere, \"preferred NODE\", or --shared-storage if the repository is in neither of them");
}
