// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: nodes and locks that a test drives from user space, so that the same steps are
 * tried with each engine: on lock_local several nodes here, on DLM one, and others elsewhere.
 * It is a module of its own, which only tests build: make modules TESTS=1.
 *
 * Who opens /sys/kernel/debug/clusterfs_drive has nodes and locks of its own, by names; they
 * go when it is closed. One write is one order, done or refused when it returns:
 *
 *	join NODE ENGINE CLUSTER LOCKSPACE MS		leave NODE MS
 *	hold NODE: its recover_prep() does not return	go NODE: but now
 *	open NODE LOCK RESOURCE cache|role|untold	close LOCK
 *	request|convert LOCK MODE FLAGS			release LOCK FLAGS
 *	cancel LOCK					sync LOCK MODE FLAGS MS
 *	fill LOCK BYTE: its value block			turns LOCK COUNT MS: see below
 *	look NODE|LOCK
 *
 * MODE and FLAGS are numbers of lock.h. -ESRCH: no such node or lock here; -EALREADY: it is
 * there, or another order waits for it. One read is one line, in the order in which it was said:
 *
 *	NODE why SENTENCE: it did not join
 *	NODE prep		NODE gone NUMBER SLOT
 *	NODE members GENERATION OWN-NUMBER OWN-SLOT NUMBER:SLOT...
 *	LOCK done STATUS	LOCK blocked MODE	LOCK free
 *	LOCK turns COUNT: it was granted so often
 *	NODE is STATE MEMBERS GENERATION
 *	LOCK is STATE MODE WANTED KEPT HELD VALID FIRST LAST: two bytes of the value block
 */
#define pr_fmt(fmt) "clusterfs_drive: " fmt

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <uapi/linux/clusterfs.h>

#include "lock.h"

#define DRIVE_ORDER_MAX		256
#define DRIVE_LINE_MAX		512
/* Whoever holds a node has forgotten it. */
#define DRIVE_HOLD_MS		60000

/* An open file. */
struct drive {
	struct kref		ref;		/* the file's, and that of each lock */
	struct mutex		mutex;		/* both lists, and what @busy counts */
	struct list_head	nodes, locks;
	spinlock_t		lock;		/* all below */
	struct list_head	said;
	bool			lost;		/* out of memory: some was not kept */
	wait_queue_head_t	wait;
};

struct drive_line {
	struct list_head	entry;
	char			text[DRIVE_LINE_MAX];
};

struct drive_node {
	struct list_head	entry;
	struct drive		*drive;
	char			name[CLUSTERFS_LS_MAX + 1];
	struct clusterfs_ls	*ls;
	unsigned int		busy;		/* orders that wait for it */
	bool			hold;
};

struct drive_lock {
	struct list_head	entry;
	struct drive		*drive;
	char			name[CLUSTERFS_RES_MAX + 1];
	struct clusterfs_lock	lock;
	unsigned int		busy;
};

static struct dentry *drive_file;

static void drive_free(struct kref *ref)
{
	struct drive *d = container_of(ref, struct drive, ref);
	struct drive_line *line, *next;

	list_for_each_entry_safe(line, next, &d->said, entry)
		kfree(line);
	kfree(d);
}

static __printf(2, 3) void drive_say(struct drive *d, const char *fmt, ...)
{
	struct drive_line *line = kmalloc(sizeof(*line), GFP_KERNEL);
	va_list args;

	if (line) {
		va_start(args, fmt);
		vscnprintf(line->text, sizeof(line->text), fmt, args);
		va_end(args);
	}
	spin_lock(&d->lock);
	if (line)
		list_add_tail(&line->entry, &d->said);
	else
		d->lost = true;
	spin_unlock(&d->lock);
	wake_up_all(&d->wait);
}

/* --- what is told --- */

static void drive_prep(void *private)
{
	struct drive_node *n = private;

	drive_say(n->drive, "%s prep", n->name);
	if (!wait_event_timeout(n->drive->wait, !READ_ONCE(n->hold),
				msecs_to_jiffies(DRIVE_HOLD_MS)))
		pr_warn("%s: held for %u ms\n", n->name, DRIVE_HOLD_MS);
}

static void drive_gone(void *private, const struct clusterfs_member *gone)
{
	struct drive_node *n = private;

	drive_say(n->drive, "%s gone %u %u", n->name, gone->node, gone->slot);
}

static void drive_members(void *private, const struct clusterfs_member *members,
			  unsigned int count, const struct clusterfs_member *self, u32 generation)
{
	struct drive_node *n = private;
	char list[CFS_NODES_MAX * 12];
	unsigned int i;
	int len = 0;

	list[0] = '\0';
	for (i = 0; i < count; i++)
		len += scnprintf(list + len, sizeof(list) - len, " %u:%u", members[i].node,
				 members[i].slot);
	drive_say(n->drive, "%s members %u %u %u%s", n->name, generation, self->node, self->slot,
		  list);
}

static const struct clusterfs_member_user drive_member_user = {
	.recover_prep	= drive_prep,
	.recover_slot	= drive_gone,
	.recover_done	= drive_members,
};

static void drive_done(struct clusterfs_lock *lock, int status)
{
	struct drive_lock *l = lock->private;

	drive_say(l->drive, "%s done %d", l->name, status);
}

static void drive_blocked(struct clusterfs_lock *lock, enum clusterfs_mode mode)
{
	struct drive_lock *l = lock->private;

	drive_say(l->drive, "%s blocked %d", l->name, mode);
}

static void drive_freed(struct clusterfs_lock *lock)
{
	struct drive_lock *l = lock->private;
	struct drive *d = l->drive;

	drive_say(d, "%s free", l->name);
	kfree(l);
	kref_put(&d->ref, drive_free);
}

/* By the names that "open" has for them. */
static const struct {
	const char *name;
	struct clusterfs_lock_user user;
} drive_users[] = {
	{ "cache",  { .done = drive_done, .blocked = drive_blocked, .free = drive_freed } },
	{ "role",   { .done = drive_done, .free = drive_freed } },
	{ "untold", { .free = drive_freed } },
};

/* --- orders; all with the mutex --- */

static struct drive_node *drive_node(struct drive *d, const char *name)
{
	struct drive_node *n;

	lockdep_assert_held(&d->mutex);
	list_for_each_entry(n, &d->nodes, entry)
		if (!strcmp(n->name, name))
			return n;
	return NULL;
}

static struct drive_lock *drive_lock(struct drive *d, const char *name)
{
	struct drive_lock *l;

	lockdep_assert_held(&d->mutex);
	list_for_each_entry(l, &d->locks, entry)
		if (!strcmp(l->name, name))
			return l;
	return NULL;
}

/* The lockspace as the mount of a node would join it. */
static int drive_do_join(struct drive_node *n, char **word, unsigned int ms)
{
	struct clusterfs_ls_config config = {
		.cluster	= word[2],
		.name		= word[3],
		.node		= n->name,
		.ms		= ms,
		.user		= &drive_member_user,
		.private	= n,
	};
	char why[CLUSTERFS_LOCK_WHY] = "there is no such engine";
	int ret = -ENOPKG;

	config.ops = clusterfs_engine_get(word[1]);
	if (config.ops) {
		ret = clusterfs_ls_join(&config, &n->ls, why);
		clusterfs_engine_put(config.ops);
	}
	if (ret)
		drive_say(n->drive, "%s why %s", n->name, why);
	return ret;
}

static int drive_join(struct drive *d, char **word)
{
	struct drive_node *n;
	unsigned int ms;
	int ret;

	if (kstrtouint(word[4], 0, &ms) || strlen(word[0]) >= sizeof(n->name))
		return -EINVAL;
	if (drive_node(d, word[0]))
		return -EALREADY;
	n = kzalloc(sizeof(*n), GFP_KERNEL);
	if (!n)
		return -ENOMEM;
	n->drive = d;
	strscpy(n->name, word[0], sizeof(n->name));
	n->busy = 1;
	list_add_tail(&n->entry, &d->nodes);
	mutex_unlock(&d->mutex);
	ret = drive_do_join(n, word, ms);
	mutex_lock(&d->mutex);
	n->busy = 0;
	if (ret) {
		list_del(&n->entry);
		kfree(n);
	}
	return ret;
}

/* The node is gone but for -EBUSY: a lock of it is open. */
static int drive_do_leave(struct drive *d, struct drive_node *n, unsigned int ms)
{
	int ret;

	n->busy = 1;
	mutex_unlock(&d->mutex);
	ret = clusterfs_ls_leave(n->ls, ms);
	mutex_lock(&d->mutex);
	n->busy = 0;
	if (ret == -EBUSY)
		return ret;
	/* The last calls for its locks come whenever it has left: this module stays for them. */
	if (ret)
		__module_get(THIS_MODULE);
	list_del(&n->entry);
	kfree(n);
	return ret;
}

static int drive_leave(struct drive *d, char **word)
{
	struct drive_node *n = drive_node(d, word[0]);
	unsigned int ms;

	if (!n)
		return -ESRCH;
	if (n->busy)
		return -EALREADY;
	return kstrtouint(word[1], 0, &ms) ? : drive_do_leave(d, n, ms);
}

static void drive_set_hold(struct drive_node *n, bool hold)
{
	WRITE_ONCE(n->hold, hold);
	wake_up_all(&n->drive->wait);
}

static int drive_hold(struct drive *d, char **word)
{
	struct drive_node *n = drive_node(d, word[0]);

	if (!n)
		return -ESRCH;
	drive_set_hold(n, true);
	return 0;
}

static int drive_go(struct drive *d, char **word)
{
	struct drive_node *n = drive_node(d, word[0]);

	if (!n)
		return -ESRCH;
	drive_set_hold(n, false);
	return 0;
}

static const struct clusterfs_lock_user *drive_user(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(drive_users); i++)
		if (!strcmp(drive_users[i].name, name))
			return &drive_users[i].user;
	return NULL;
}

static int drive_open_lock(struct drive *d, char **word)
{
	const struct clusterfs_lock_user *user = drive_user(word[3]);
	struct drive_node *n = drive_node(d, word[0]);
	struct drive_lock *l;
	int ret;

	if (!n)
		return -ESRCH;
	if (!user || strlen(word[1]) >= sizeof(l->name))
		return -EINVAL;
	if (n->busy || drive_lock(d, word[1]))
		return -EALREADY;
	l = kzalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return -ENOMEM;
	l->drive = d;
	strscpy(l->name, word[1], sizeof(l->name));
	ret = clusterfs_lock_open(n->ls, &l->lock, word[2], user, l);
	if (ret) {
		kfree(l);
		return ret;
	}
	kref_get(&d->ref);
	list_add_tail(&l->entry, &d->locks);
	return 0;
}

static int drive_close_lock(struct drive *d, char **word)
{
	struct drive_lock *l = drive_lock(d, word[0]);

	if (!l)
		return -ESRCH;
	if (l->busy)
		return -EALREADY;
	list_del(&l->entry);
	clusterfs_lock_close(&l->lock);
	return 0;
}

static int drive_begin(struct drive *d, char **word,
		       int (*begin)(struct clusterfs_lock *lock, enum clusterfs_mode mode,
				    unsigned int flags))
{
	struct drive_lock *l = drive_lock(d, word[0]);
	unsigned int flags;
	int mode;

	if (!l)
		return -ESRCH;
	if (kstrtoint(word[1], 0, &mode) || kstrtouint(word[2], 0, &flags))
		return -EDOM;
	return begin(&l->lock, mode, flags);
}

static int drive_request(struct drive *d, char **word)
{
	return drive_begin(d, word, clusterfs_lock_request);
}

static int drive_convert(struct drive *d, char **word)
{
	return drive_begin(d, word, clusterfs_lock_convert);
}

static int drive_release(struct drive *d, char **word)
{
	struct drive_lock *l = drive_lock(d, word[0]);
	unsigned int flags;

	if (!l)
		return -ESRCH;
	if (kstrtouint(word[1], 0, &flags))
		return -EDOM;
	return clusterfs_lock_release(&l->lock, flags);
}

static int drive_cancel(struct drive *d, char **word)
{
	struct drive_lock *l = drive_lock(d, word[0]);

	return l ? clusterfs_lock_cancel(&l->lock) : -ESRCH;
}

static int drive_sync(struct drive *d, char **word)
{
	struct drive_lock *l = drive_lock(d, word[0]);
	unsigned int flags, ms;
	int mode, ret;

	if (!l)
		return -ESRCH;
	if (kstrtoint(word[1], 0, &mode) || kstrtouint(word[2], 0, &flags) ||
	    kstrtouint(word[3], 0, &ms))
		return -EDOM;
	l->busy++;
	mutex_unlock(&d->mutex);
	ret = clusterfs_lock_sync(&l->lock, mode, flags, ms);
	mutex_lock(&d->mutex);
	l->busy--;
	return ret;
}

static int drive_fill(struct drive *d, char **word)
{
	struct drive_lock *l = drive_lock(d, word[0]);
	u8 byte;

	if (!l)
		return -ESRCH;
	if (kstrtou8(word[1], 0, &byte))
		return -EDOM;
	memset(l->lock.lvb, byte, CLUSTERFS_LVB_SIZE);
	return 0;
}

/*
 * In turns with others that do the same: EX, one more in the value block, NL. Whoever is let
 * in beside another, or finds an old block, makes the sum of all turns too small. Now and then
 * it gives up at once.
 */
static int drive_do_turns(struct clusterfs_lock *lock, unsigned int count, unsigned int ms,
			  unsigned int *granted)
{
	unsigned int i;
	u32 sum;
	int ret;

	for (i = 0; i < count; i++) {
		ret = clusterfs_lock_sync(lock, CLUSTERFS_LOCK_EX, 0, i % 8 ? ms : 1);
		if (ret == -ETIMEDOUT && i % 8 == 0)
			continue;
		if (ret)
			return ret;
		memcpy(&sum, lock->lvb, sizeof(sum));
		if (!clusterfs_lock_held(lock, CLUSTERFS_LOCK_EX) || lock->lvb_valid != !!sum)
			return -EBADE;
		sum++;
		memcpy(lock->lvb, &sum, sizeof(sum));
		ret = clusterfs_lock_sync(lock, CLUSTERFS_LOCK_NL, CLUSTERFS_LOCK_SET_LVB, ms);
		if (ret)
			return ret;
		++*granted;
	}
	return 0;
}

static int drive_turns(struct drive *d, char **word)
{
	struct drive_lock *l = drive_lock(d, word[0]);
	unsigned int count, ms, granted = 0;
	int ret;

	if (!l)
		return -ESRCH;
	if (kstrtouint(word[1], 0, &count) || kstrtouint(word[2], 0, &ms))
		return -EDOM;
	l->busy++;
	mutex_unlock(&d->mutex);
	ret = drive_do_turns(&l->lock, count, ms, &granted);
	mutex_lock(&d->mutex);
	l->busy--;
	drive_say(d, "%s turns %u", l->name, granted);
	return ret;
}

static void drive_look_lock(struct drive_lock *l)
{
	const struct clusterfs_lock *lock = &l->lock;
	struct clusterfs_lock_status s;

	clusterfs_lock_status(&l->lock, &s);
	drive_say(l->drive, "%s is %s %d %d %u %u %u %u %u", l->name,
		  clusterfs_lock_state_name(s.state), s.mode, s.wanted, s.kept,
		  s.mode != CLUSTERFS_LOCK_NONE && clusterfs_lock_held(lock, s.mode),
		  lock->lvb_valid, lock->lvb[0], lock->lvb[CLUSTERFS_LVB_SIZE - 1]);
}

static int drive_look(struct drive *d, char **word)
{
	struct drive_lock *l = drive_lock(d, word[0]);
	struct drive_node *n = drive_node(d, word[0]);
	struct clusterfs_ls_status s;

	if (l) {
		drive_look_lock(l);
	} else if (n && !n->busy) {
		clusterfs_ls_status(n->ls, &s);
		drive_say(d, "%s is %s %u %u", n->name, clusterfs_ls_state_name(s.state),
			  s.members, s.generation);
	} else {
		return -ESRCH;
	}
	return 0;
}

static const struct {
	const char *name;
	int words;
	int (*follow)(struct drive *d, char **word);
} drive_orders[] = {
	{ "join", 5, drive_join },
	{ "leave", 2, drive_leave },
	{ "hold", 1, drive_hold },
	{ "go", 1, drive_go },
	{ "open", 4, drive_open_lock },
	{ "close", 1, drive_close_lock },
	{ "request", 3, drive_request },
	{ "convert", 3, drive_convert },
	{ "release", 2, drive_release },
	{ "cancel", 1, drive_cancel },
	{ "sync", 4, drive_sync },
	{ "fill", 2, drive_fill },
	{ "turns", 3, drive_turns },
	{ "look", 1, drive_look },
};

static int drive_follow(struct drive *d, char **word, int words)
{
	unsigned int i;
	int ret = -EINVAL;

	for (i = 0; words && i < ARRAY_SIZE(drive_orders); i++) {
		if (strcmp(word[0], drive_orders[i].name) || words != 1 + drive_orders[i].words)
			continue;
		mutex_lock(&d->mutex);
		ret = drive_orders[i].follow(d, word + 1);
		mutex_unlock(&d->mutex);
	}
	return ret;
}

/* --- the file --- */

static ssize_t drive_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	char *line, **word;
	int words, ret = -ENOMEM;

	if (size > DRIVE_ORDER_MAX)
		return -EINVAL;
	line = memdup_user_nul(buf, size);
	if (IS_ERR(line))
		return PTR_ERR(line);
	word = argv_split(GFP_KERNEL, line, &words);
	kfree(line);
	if (word) {
		ret = drive_follow(file->private_data, word, words);
		argv_free(word);
	}
	return ret ? : size;
}

static bool drive_is_said(struct drive *d)
{
	bool ret;

	spin_lock(&d->lock);
	ret = d->lost || !list_empty(&d->said);
	spin_unlock(&d->lock);
	return ret;
}

static ssize_t drive_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	struct drive *d = file->private_data;
	struct drive_line *line = NULL;
	ssize_t ret;

	ret = wait_event_interruptible(d->wait, drive_is_said(d));
	if (ret)
		return ret;
	spin_lock(&d->lock);
	if (d->lost)
		ret = -ENOBUFS;
	else
		line = list_first_entry_or_null(&d->said, struct drive_line, entry);
	if (line)
		list_del(&line->entry);
	spin_unlock(&d->lock);
	if (!line)
		return ret;
	ret = min(size, strlen(line->text));
	if (copy_to_user(buf, line->text, ret))
		ret = -EFAULT;
	kfree(line);
	return ret;
}

static __poll_t drive_poll(struct file *file, poll_table *table)
{
	struct drive *d = file->private_data;

	poll_wait(file, &d->wait, table);
	return EPOLLOUT | EPOLLWRNORM | (drive_is_said(d) ? EPOLLIN | EPOLLRDNORM : 0);
}

static int drive_open(struct inode *inode, struct file *file)
{
	struct drive *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return -ENOMEM;
	kref_init(&d->ref);
	mutex_init(&d->mutex);
	INIT_LIST_HEAD(&d->nodes);
	INIT_LIST_HEAD(&d->locks);
	spin_lock_init(&d->lock);
	INIT_LIST_HEAD(&d->said);
	init_waitqueue_head(&d->wait);
	file->private_data = d;
	/* Orders that wait do not hold up others. */
	return stream_open(inode, file);
}

static int drive_close(struct inode *inode, struct file *file)
{
	struct drive *d = file->private_data;
	struct drive_node *n, *next_node;
	struct drive_lock *l, *next;

	mutex_lock(&d->mutex);
	list_for_each_entry(n, &d->nodes, entry)
		drive_set_hold(n, false);
	list_for_each_entry_safe(l, next, &d->locks, entry) {
		list_del(&l->entry);
		clusterfs_lock_close(&l->lock);
	}
	list_for_each_entry_safe(n, next_node, &d->nodes, entry)
		(void)!drive_do_leave(d, n, CLUSTERFS_LEAVE_MS);
	mutex_unlock(&d->mutex);
	kref_put(&d->ref, drive_free);
	return 0;
}

static const struct file_operations drive_fops = {
	.owner		= THIS_MODULE,
	.open		= drive_open,
	.release	= drive_close,
	.read		= drive_read,
	.write		= drive_write,
	.poll		= drive_poll,
	.llseek		= noop_llseek,
};

static int __init drive_init(void)
{
	drive_file = debugfs_create_file("clusterfs_drive", 0600, NULL, NULL, &drive_fops);
	return PTR_ERR_OR_ZERO(drive_file);
}

static void __exit drive_exit(void)
{
	debugfs_remove(drive_file);
}

module_init(drive_init);
module_exit(drive_exit);

MODULE_DESCRIPTION("Locks of clusterfs, driven by a test");
MODULE_LICENSE("GPL");
