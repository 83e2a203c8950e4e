// SPDX-License-Identifier: GPL-2.0
/*
 * CLOSE_SESSION: a session that was lost is ended over this one, see fence.c. It
 * goes through the mailboxes, which nobody else uses while a session runs: one at
 * a time, each answering the last PDU of the other side.
 *
 * PDUs come and go under end->mutex, and only while end->running is the session
 * that they belong to. The server's wait is in a work of the end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/rcupdate.h>

#include "shm.h"

#define SHM_CLOSE_TIME	(3 * HZ)	/* more than the server takes */

/* ---- client ---- */

/* The end of a link that is up; it stays until shm_close_leave(). */
static struct shm_end *shm_close_enter(struct vpart_link *link)
{
	struct shm_end *end = NULL;

	rcu_read_lock();
	/* Pairs with the release in vpart_link_publish(). */
	if (smp_load_acquire(&link->state) == VPART_LINK_STATE_UP) {
		end = link->priv;
		spin_lock_irq(&end->lock);
		end->close.askers++;
		spin_unlock_irq(&end->lock);
	}
	rcu_read_unlock();
	return end;
}

static void shm_close_leave(struct shm_end *end)
{
	spin_lock_irq(&end->lock);
	end->close.askers--;
	/* Inside the lock: the end may go when it is seen. */
	wake_up_all(&end->idle);
	spin_unlock_irq(&end->lock);
}

static int shm_close_send(struct shm_end *end, const struct vpart_close_session *what,
			  uuid_t *by)
{
	struct shm_mail *m = &end->hs.mail;
	u8 iu[sizeof(struct vpart_wire_close)];
	int err = -ENOTCONN;

	mutex_lock(&end->mutex);
	if (!end->running)
		goto unlock;
	err = -EOPNOTSUPP;
	if (!(end->running->ack.features & VPART_FEATURE_CLOSE_SESSION))
		goto unlock;
	*by = end->running->ack.boot;
	set_bit(SHM_CLOSE_OPEN, &end->close.flags);
	shm_mail_send(end, m, VPART_PDU_CLOSE_SESSION, 0, iu, vpart_close_put(iu, what),
		      m->rules.epoch);
	err = 0;
unlock:
	mutex_unlock(&end->mutex);
	return err;
}

/* Wait for a bit to be clear; false: not until then. */
static bool shm_close_wait(struct shm_end *end, unsigned int bit, unsigned long until)
{
	return wait_event_timeout(end->link->wait, !test_bit_acquire(bit, &end->close.flags),
				  max_t(long, until - jiffies, 0));
}

static int shm_close_do(struct shm_end *end, const struct vpart_close_session *what,
			uuid_t *by, unsigned long until)
{
	int err;

	/* One that was given up may still get its answer. */
	if (!shm_close_wait(end, SHM_CLOSE_OPEN, until))
		return -ETIMEDOUT;
	err = shm_close_send(end, what, by);
	if (err)
		return err;
	return shm_close_wait(end, SHM_CLOSE_OPEN, until) ? end->close.result : -ETIMEDOUT;
}

/**
 * shm_close_ask() - vpart_fabric_ops.close_session
 * @link: client's end
 * @what: the session that shall be closed
 * @by: gets the instance of the server that answered
 *
 * Context: Process context; waits SHM_CLOSE_TIME at most. The link is referenced.
 * Return: enum vpart_close, -EOPNOTSUPP, -ENOTCONN or -ETIMEDOUT.
 */
int shm_close_ask(struct vpart_link *link, const struct vpart_close_session *what, uuid_t *by)
{
	struct shm_end *end = shm_close_enter(link);
	unsigned long until = jiffies + SHM_CLOSE_TIME;
	bool mine = false;
	int ret = -ETIMEDOUT;

	if (!end)
		return -ENOTCONN;
	wait_event_timeout(link->wait,
			   (mine = !test_and_set_bit_lock(SHM_CLOSE_BUSY, &end->close.flags)),
			   SHM_CLOSE_TIME);
	if (mine) {
		ret = shm_close_do(end, what, by, until);
		clear_bit_unlock(SHM_CLOSE_BUSY, &end->close.flags);
		wake_up_all(&link->wait);
	}
	shm_close_leave(end);
	return ret;
}

/* What came of it; the release is for shm_close_wait(). */
static void shm_close_result(struct shm_end *end, int result)
{
	if (!test_bit(SHM_CLOSE_OPEN, &end->close.flags))
		return;
	end->close.result = result;
	clear_bit_unlock(SHM_CLOSE_OPEN, &end->close.flags);
	wake_up_all(&end->link->wait);
}

/**
 * shm_close_look() - has the server answered?
 * @end: client's end with a session
 *
 * Context: Process context, end->mutex held.
 */
void shm_close_look(struct shm_end *end)
{
	struct shm_mail *m = &end->hs.mail;
	int err;

	lockdep_assert_held(&end->mutex);
	err = shm_mail_get(end, m);
	if (err == -EAGAIN)
		return;
	if (!err && !test_bit(SHM_CLOSE_OPEN, &end->close.flags))
		err = VPART_ERR_STATE;
	if (!err && m->hdr.arg > VPART_CLOSE_TIMEOUT)
		err = VPART_ERR_MALFORMED;
	if (err)
		shm_session_fail(end->running, err);
	else
		shm_close_result(end, m->hdr.arg);
}

/**
 * shm_close_stop() - the session is over: nobody is asked, or answered, any more
 * @end: end
 *
 * Context: Process context, end->mutex held, end->running cleared.
 */
void shm_close_stop(struct shm_end *end)
{
	lockdep_assert_held(&end->mutex);
	if (end->side == VPART_SIDE_CLIENT)
		shm_close_result(end, -ENOTCONN);
	else
		clear_bit(SHM_CLOSE_OPEN, &end->close.flags);
	if (end->hs.phase == SHM_HS_RUN) {
		end->hs.phase = SHM_HS_NONE;
		/* What the client says before it knows is no answer to anything. */
		end->hs.mail.sent = 0;
	} else if (end->hs.phase == SHM_HS_TAKEN) {
		/* It ended before it began: the client waits for a word. */
		shm_hs_reject(end, VPART_REJECT_NOT_READY, 0);
	}
}

/* ---- server ---- */

static void shm_close_work(struct work_struct *work)
{
	struct shm_end *end = container_of(work, struct shm_end, close.work);
	struct shm_close *c = &end->close;
	struct vpart_close_session what;
	u32 session;
	int result;

	mutex_lock(&end->mutex);
	what = c->what;
	session = c->session;
	mutex_unlock(&end->mutex);

	result = vpart_session_close(end->link, &what);

	mutex_lock(&end->mutex);
	/* Else the session that has asked is over, or its client begins anew. */
	if (end->hs.phase == SHM_HS_RUN && c->session == session &&
	    test_and_clear_bit(SHM_CLOSE_OPEN, &c->flags))
		shm_mail_send(end, &end->hs.mail, VPART_PDU_CLOSE_RSP, result, NULL, 0,
			      end->hs.mail.rules.epoch);
	mutex_unlock(&end->mutex);
}

/**
 * shm_close_asked() - a CLOSE_SESSION has come
 * @end: server's end with a session
 *
 * Context: Process context, end->mutex held.
 * Return: 0 or enum vpart_wire_error.
 */
int shm_close_asked(struct shm_end *end)
{
	const struct shm_mail *m = &end->hs.mail;
	struct shm_close *c = &end->close;
	struct vpart_close_session what;
	int err;

	lockdep_assert_held(&end->mutex);
	err = vpart_close_get(&what, m->rx + VPART_HDR_SIZE, m->hdr.iu_len);
	if (err)
		return err;
	if (test_and_set_bit(SHM_CLOSE_OPEN, &c->flags))
		return VPART_ERR_STATE;
	c->what = what;
	c->session = end->running->id;
	queue_work(shm_close_wq, &c->work);
	return 0;
}

/**
 * shm_close_init() - nothing is asked yet
 * @end: new end
 */
void shm_close_init(struct shm_end *end)
{
	INIT_WORK(&end->close.work, shm_close_work);
}

/* Nobody asks over this end. */
static bool shm_close_unused(struct shm_end *end)
{
	bool ret;

	spin_lock_irq(&end->lock);
	ret = !end->close.askers;
	spin_unlock_irq(&end->lock);
	return ret;
}

/**
 * shm_close_exit() - wait until nobody asks over an end, or is answered
 * @end: end of a link that is at rest for good; "look" does not run
 *
 * Context: Process context; waits a few seconds at most.
 */
void shm_close_exit(struct shm_end *end)
{
	/* They have been told that the session is over. */
	wait_event(end->idle, shm_close_unused(end));
	cancel_work_sync(&end->close.work);
}
