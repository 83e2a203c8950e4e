// SPDX-License-Identifier: GPL-2.0
/*
 * An end of a link, and its device: the side blocks, the pulse, interrupts.
 *
 * The device may be taken away at any time. Who uses it is the link's work, from
 * shm_end_claim() to shm_end_release(), and what is stopped by shm_end_unbind().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>

#include "shm.h"

#define SHM_REG_POSITION	8
#define SHM_REG_DOORBELL	12

/**
 * shm_say() - a line about a link, for the administrator
 * @end: end of it
 * @fmt: what is to be said
 *
 * Context: Any.
 */
void shm_say(struct shm_end *end, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	if (!__ratelimit(&end->log))
		return;
	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	pr_notice("adapter %s at %s: %pV\n", end->link->adapter[end->side].name, end->name, &vaf);
	va_end(args);
}

/**
 * shm_bell() - interrupt the other side
 * @end: end
 * @position: the other side's device
 * @vector: which of its interrupts
 *
 * Context: Any.
 */
void shm_bell(struct shm_end *end, u32 position, u32 vector)
{
	/* writel() orders what was written to memory before it. */
	writel((position & 0xffff) << 16 | (vector & 0xffff), end->regs + SHM_REG_DOORBELL);
}

/**
 * shm_end_state() - say that our state is another
 * @end: end
 * @state: enum shm_state
 * @session: session it is in, or 0
 *
 * Context: Process context.
 */
void shm_end_state(struct shm_end *end, u32 state, u32 session)
{
	/* After bye and error, which belong to the session that was left. */
	virt_store_release(&end->us->session, cpu_to_le32(session));
	/* What was written before counts from here on. */
	virt_store_release(&end->us->state, cpu_to_le32(state));
	if (READ_ONCE(end->peer.there))
		shm_bell(end, READ_ONCE(end->peer.position), 0);
}

/* ---- the other side ---- */

/* Why a side block makes no sense, or NULL. */
static const char *shm_peer_check(struct shm_end *end, const struct shm_wire_side *w)
{
	if (le32_to_cpu(w->magic) != SHM_LAYOUT_MAGIC)
		return "is something else than a vpart";
	if (le16_to_cpu(w->version) != SHM_LAYOUT_VERSION)
		return "has another version of the layout";
	if (w->side == end->side)
		return end->side == VPART_SIDE_CLIENT ? "is a client too" : "is a server too";
	if (le64_to_cpu(w->size) != end->size)
		return "sees a segment of another size";
	if (!w->vectors)
		return "takes no interrupts";
	return NULL;
}

/* Somebody has come to the other side: another instance, or the first. */
static void shm_peer_came(struct shm_end *end, const struct shm_wire_side *w)
{
	struct shm_peer *p = &end->peer;

	memcpy(p->instance, w->instance, sizeof(p->instance));
	WRITE_ONCE(p->position, le32_to_cpu(w->position));
	p->vectors = le32_to_cpu(w->vectors);
	p->problem = shm_peer_check(end, w);
	WRITE_ONCE(p->alive, jiffies);
	WRITE_ONCE(p->changes, p->changes + 1);
	WRITE_ONCE(p->there, !p->problem);
	if (p->problem) {
		shm_say(end, "the other side %s", p->problem);
		vpart_link_problem(end->link, "%s: the other side %s", end->name, p->problem);
	/* A login may be worth a try. A server waits to be called. */
	} else if (end->side == VPART_SIDE_CLIENT) {
		vpart_link_retry(end->link);
	}
}

/*
 * A block that is read while it is written has parts of two: only what looks the
 * same twice is somebody's. A side that has done with it rings.
 */
static bool shm_peer_whole(struct shm_end *end, const struct shm_wire_side *w)
{
	struct shm_wire_side again;

	/* Not the same look: pairs with the barriers in shm_end_introduce(). */
	virt_rmb();
	shm_copy_in(&again, end->them, sizeof(again));
	again.beat = w->beat;
	return !memcmp(&again, w, sizeof(again));
}

/* Read the other side's block. */
static void shm_peer_look(struct shm_end *end)
{
	struct shm_peer *p = &end->peer;
	struct shm_wire_side w;
	u32 beat;

	lockdep_assert_held(&end->mutex);
	/* Pairs with the release in shm_end_state(): the rest belongs to it. */
	WRITE_ONCE(p->state, le32_to_cpu(virt_load_acquire(&end->them->state)));
	shm_copy_in(&w, end->them, sizeof(w));
	WRITE_ONCE(p->session, p->state == SHM_STATE_RUN ? le32_to_cpu(w.session) : 0);
	beat = le32_to_cpu(w.beat);
	if (beat != p->beat) {
		p->beat = beat;
		WRITE_ONCE(p->alive, jiffies);
	}
	if (p->state == SHM_STATE_ABSENT) {
		WRITE_ONCE(p->there, false);
		p->problem = NULL;
	} else if ((!p->there && !p->problem) || memcmp(p->instance, w.instance, 16)) {
		if (shm_peer_whole(end, &w))
			shm_peer_came(end, &w);
	}
	WRITE_ONCE(p->turn, le32_to_cpu(READ_ONCE(end->in->turn)));
}

/* ---- looking ---- */

static void shm_end_look(struct work_struct *work)
{
	struct shm_end *end = container_of(to_delayed_work(work), struct shm_end, look);
	struct shm_wire_side *us = end->us;

	mutex_lock(&end->mutex);
	if (time_after_eq(jiffies, end->hurried_at + SHM_TICK)) {
		end->hurried_at = jiffies;
		WRITE_ONCE(end->hurried, 0);
	}
	WRITE_ONCE(us->beat, cpu_to_le32(le32_to_cpu(us->beat) + 1));
	WRITE_ONCE(end->peer.alive,
		   vpart_link_heard(end->peer.alive, end->looked, jiffies, SHM_TICK));
	end->looked = jiffies;
	shm_peer_look(end);
	if (end->running)
		shm_session_look(end->running);
	if (end->side == VPART_SIDE_SERVER)
		shm_hs_look(end);
	else if (end->running)
		shm_close_look(end);
	mutex_unlock(&end->mutex);
	/* A client's login may be waiting for what has come. */
	wake_up_all(&end->link->wait);
	queue_delayed_work(shm_wq, &end->look, SHM_TICK);
}

/*
 * May an interrupt have us look at once? Only so often: who makes changes without
 * end keeps nobody busy, but waits for the pulse. One interrupt asks at a time.
 */
static bool shm_end_may_hurry(struct shm_end *end)
{
	unsigned int n = READ_ONCE(end->hurried);

	if (n >= SHM_HURRY_MAX)
		return false;
	WRITE_ONCE(end->hurried, n + 1);
	return true;
}

/* Has something changed that is not a queue's? A look without a lock. */
static bool shm_end_changed(const struct shm_end *end)
{
	const struct shm_peer *p = &end->peer;
	u32 state = le32_to_cpu(READ_ONCE(end->them->state));
	u32 session = state == SHM_STATE_RUN ? le32_to_cpu(READ_ONCE(end->them->session)) : 0;

	return state != READ_ONCE(p->state) || session != READ_ONCE(p->session) ||
	       le32_to_cpu(READ_ONCE(end->in->turn)) != READ_ONCE(p->turn);
}

static irqreturn_t shm_end_irq(int irq, void *arg)
{
	struct shm_vector *v = arg;
	struct shm_end *end = v->end;
	/* Pairs with the release in shm_session_begin(). */
	struct shm_session *sess = smp_load_acquire(&end->running);
	u32 i;

	if (sess)
		for (i = v->index; i < sess->told; i += end->vectors)
			if (shm_cons_more(&sess->queue[i].rx))
				tasklet_schedule(&sess->queue[i].tasklet);
	if (!v->index && shm_end_changed(end) && shm_end_may_hurry(end))
		mod_delayed_work(shm_wq, &end->look, 0);
	return IRQ_HANDLED;
}

/* ---- the device ---- */

/**
 * shm_end_claim() - begin to use the device
 * @end: end
 *
 * Context: Process context, the link's work.
 * Return: 0, or -ENODEV if it is gone; the link's problem says so.
 */
int shm_end_claim(struct shm_end *end)
{
	bool gone;

	spin_lock_irq(&end->lock);
	gone = end->gone;
	end->busy = !gone;
	spin_unlock_irq(&end->lock);
	if (gone)
		vpart_link_problem(end->link, "the device %s was removed", end->name);
	return gone ? -ENODEV : 0;
}

/**
 * shm_end_release() - the device is used no more
 * @end: end
 *
 * Context: Process context, the link's work.
 */
void shm_end_release(struct shm_end *end)
{
	spin_lock_irq(&end->lock);
	end->busy = false;
	/* Inside the lock: the end may go when it is seen. */
	wake_up_all(&end->idle);
	spin_unlock_irq(&end->lock);
}

static bool shm_end_unused(struct shm_end *end)
{
	bool ret;

	spin_lock_irq(&end->lock);
	ret = !end->busy;
	spin_unlock_irq(&end->lock);
	return ret;
}

static void shm_end_free_irqs(struct shm_end *end, unsigned int n)
{
	while (n--)
		pci_free_irq(end->dev->pdev, n, &end->vec[n]);
}

/* Write what belongs to this instance. */
static void shm_end_introduce(struct shm_end *end)
{
	struct shm_wire_side w = {
		.magic		= cpu_to_le32(SHM_LAYOUT_MAGIC),
		.version	= cpu_to_le16(SHM_LAYOUT_VERSION),
		.side		= end->side,
		.vectors	= cpu_to_le32(end->vectors),
		.position	= cpu_to_le32(readl(end->regs + SHM_REG_POSITION)),
		.size		= cpu_to_le64(end->size),
		.state		= cpu_to_le32(SHM_STATE_ABSENT),
	};

	get_random_bytes(w.instance, sizeof(w.instance));
	WRITE_ONCE(end->us->state, cpu_to_le32(SHM_STATE_ABSENT));
	/* Nobody takes the old instance's state for the new one's. */
	virt_wmb();
	memcpy(end->us, &w, sizeof(w));
	mutex_lock(&end->mutex);
	end->looked = jiffies;
	shm_peer_look(end);
	mutex_unlock(&end->mutex);
	shm_end_state(end, SHM_STATE_IDLE, 0);
}

/**
 * shm_end_bind() - give an end its device
 * @end: end
 * @address: of the device
 * @extack: gets a sentence on failure
 *
 * Context: Process context; takes shm_mutex.
 * Return: 0 or an errno.
 */
int shm_end_bind(struct shm_end *end, const char *address, struct netlink_ext_ack *extack)
{
	struct shm_dev *dev;
	unsigned int i;
	int err = 0;

	mutex_lock(&shm_mutex);
	dev = shm_dev_find(address, extack);
	if (IS_ERR(dev)) {
		err = PTR_ERR(dev);
		goto unlock;
	}
	end->dev = dev;
	end->regs = dev->regs;
	end->mem = dev->mem;
	end->size = dev->size;
	end->vectors = dev->vectors;
	strscpy(end->name, pci_name(dev->pdev), sizeof(end->name));
	end->us = end->mem + shm_at_side(end->side);
	end->them = end->mem + shm_at_side(!end->side);
	end->out = end->mem + shm_at_mail(end->side);
	end->in = end->mem + shm_at_mail(!end->side);
	/* What a client left there is not for us. */
	end->hs.mail.seen = le32_to_cpu(READ_ONCE(end->in->turn));
	for (i = 0; i < end->vectors; i++) {
		end->vec[i].end = end;
		end->vec[i].index = i;
		err = pci_request_irq(dev->pdev, i, shm_end_irq, NULL, &end->vec[i],
				      KBUILD_MODNAME ":%s", end->link->adapter[end->side].name);
		if (err) {
			NL_SET_ERR_MSG_FMT(extack, "%s: interrupt %u: error %d", end->name, i,
					   -err);
			goto free_irqs;
		}
	}
	shm_end_introduce(end);
	dev->end = end;
	queue_delayed_work(shm_wq, &end->look, 0);
	mutex_unlock(&shm_mutex);
	return 0;

free_irqs:
	shm_end_free_irqs(end, i);
	/* One may have come. */
	cancel_delayed_work_sync(&end->look);
	end->dev = NULL;
unlock:
	mutex_unlock(&shm_mutex);
	return err;
}

/* Nobody uses the device any more but its interrupts and "look". */
static void shm_end_unbind(struct shm_end *end)
{
	lockdep_assert_held(&shm_mutex);
	shm_end_free_irqs(end, end->vectors);
	cancel_delayed_work_sync(&end->look);
	shm_end_state(end, SHM_STATE_ABSENT, 0);
	end->dev->end = NULL;
	end->dev = NULL;
}

/**
 * shm_end_gone() - the device of an end is taken away
 * @end: end
 *
 * Its link goes down and stays down.
 *
 * Context: Process context, shm_mutex held; waits for the link's work, which
 * ends its session, or its login.
 */
void shm_end_gone(struct shm_end *end)
{
	spin_lock_irq(&end->lock);
	end->gone = true;
	spin_unlock_irq(&end->lock);
	shm_say(end, "the device is removed");
	vpart_link_end(end->link, VPART_WHY_LOST);
	vpart_link_retry(end->link);
	wait_event(end->idle, shm_end_unused(end));
	shm_end_unbind(end);
}

/**
 * shm_end_new() - make an end without a device
 * @link: link
 * @args: what it was asked to be
 *
 * Context: Process context.
 * Return: the end or NULL.
 */
struct shm_end *shm_end_new(struct vpart_link *link, const struct vpart_adapter_args *args)
{
	struct shm_end *end = kzalloc(sizeof(*end), GFP_KERNEL);

	if (!end)
		return NULL;
	if (args->side == VPART_SIDE_SERVER) {
		end->stash = vpart_stash_new();
		if (!end->stash) {
			kfree(end);
			return NULL;
		}
	}
	end->link = link;
	end->side = args->side;
	end->key = link->key;
	INIT_DELAYED_WORK(&end->look, shm_end_look);
	shm_close_init(end);
	ratelimit_state_init(&end->log, 5 * HZ, 5);
	init_waitqueue_head(&end->idle);
	mutex_init(&end->mutex);
	spin_lock_init(&end->lock);
	end->own = (struct vpart_wire_own) {
		.features	= VPART_FEATURE_CLOSE_SESSION,
		.keepalive	= VPART_KEEPALIVE_DEFAULT,
		.max_pdu_data	= SHM_CMD_DATA,
		.queues		= VPART_QUEUES_MAX,
		.depth		= VPART_DEPTH_MAX,
		.ver_min	= VPART_WIRE_VERSION,
		.ver_max	= VPART_WIRE_VERSION,
	};
	return end;
}

/**
 * shm_end_free() - free an end, and let go of its device
 * @end: end of a link that is at rest for good
 *
 * Context: Process context; takes shm_mutex.
 */
void shm_end_free(struct shm_end *end)
{
	mutex_lock(&shm_mutex);
	if (end->dev)
		shm_end_unbind(end);
	mutex_unlock(&shm_mutex);
	shm_close_exit(end);
	vpart_stash_free(end->stash);
	mutex_destroy(&end->mutex);
	kfree_sensitive(end);
}
