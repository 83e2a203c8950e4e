// SPDX-License-Identifier: GPL-2.0
/*
 * A client that sends nothing learns of no unit attention. LIO keeps those that it
 * establishes with the client's LUN, for the next command, and tells no fabric. So
 * we look, when there may be some, and send the client an event for each:
 *
 *	when				because of
 *	----				----------
 *	PERSISTENT RESERVE OUT ended	2a/03, 2a/04, 2a/05 for the registrants that
 *					SPC names, but for the one who sent it
 *	MAINTENANCE OUT ended		2a/06 (SET TARGET PORT GROUPS)
 *	"rescan" was written		2a/06: the access state was set in configfs
 *
 * What LIO does not establish nobody is told of: the RELEASE of a reservation that is
 * not for registrants, one of SCSI-2, anything for who is not registered.
 *
 * The event is a hint: the unit attention stays, and the client sends a command
 * that takes it. Until then it is not told of again:
 *
 *	we, with the LUN's ua_lock held		LIO, when a command takes them
 *	-------------------------------		------------------------------
 *	read what there is			ua_lock: they are gone
 *	write it to told			our release_cmd(): told is erased,
 *						and we look again
 *
 * What is in told and gone is therefore erased after we have written it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/rculist.h>

#include "target.h"

/* Which there are for a LUN, bits by enum vscsi_attention */
static unsigned long vscsi_pending(struct se_dev_entry *deve)
{
	unsigned long pending = 0;
	struct se_ua *ua;
	int what;

	lockdep_assert_held(&deve->ua_lock);
	list_for_each_entry(ua, &deve->ua_list, ua_nacl_list) {
		what = vscsi_attention(ua->ua_asc << 8 | ua->ua_ascq);
		if (what >= 0)
			pending |= BIT(what);
	}
	return pending;
}

/* Under RCU. Without memory for told, it is told of again. */
static void vscsi_tell_lun(struct vscsi_session *sess, struct se_dev_entry *deve)
{
	u8 iu[VSCSI_AER_IU_SIZE] __aligned(8);
	unsigned long pending, was, what;
	u64 lun = deve->mapped_lun;
	u16 asc;

	if (lun >= VSCSI_MAX_LUN ||
	    (list_empty_careful(&deve->ua_list) && !xa_load(&sess->told, lun)))
		return;
	spin_lock(&deve->ua_lock);
	pending = vscsi_pending(deve);
	was = xa_to_value(xa_load(&sess->told, lun));
	if (pending)
		xa_store_irq(&sess->told, lun, xa_mk_value(pending), GFP_ATOMIC);
	else
		xa_erase_irq(&sess->told, lun);
	spin_unlock(&deve->ua_lock);

	pending &= ~was;
	for_each_set_bit(what, &pending, VSCSI_ATTENTIONS) {
		asc = VSCSI_ASC_ATTENTION + what;
		/* Without a link there is nobody to tell, and later he looks by himself. */
		vpart_event(sess->a, iu, vscsi_put_aer(iu, lun, asc >> 8, asc & 0xff));
	}
}

static void vscsi_tell_session(struct vscsi_session *sess)
{
	struct se_node_acl *nacl = sess->se_sess->se_node_acl;
	struct se_dev_entry *deve;

	rcu_read_lock();
	hlist_for_each_entry_rcu(deve, &nacl->lun_entry_hlist, link)
		vscsi_tell_lun(sess, deve);
	rcu_read_unlock();
}

/* A session on this list is there, but LIO's is gone with the last reference. */
static void vscsi_attention_work(struct work_struct *work)
{
	struct vscsi_session *sess;
	struct vscsi_client *client;

	mutex_lock(&vscsi_mutex);
	list_for_each_entry(client, &vscsi_clients, entry) {
		list_for_each_entry(sess, &client->sessions, entry) {
			if (READ_ONCE(sess->draining) || !kref_get_unless_zero(&sess->ref))
				continue;
			vscsi_tell_session(sess);
			vscsi_session_put(sess);
		}
	}
	mutex_unlock(&vscsi_mutex);
}

static DECLARE_WORK(vscsi_attentions, vscsi_attention_work);

/**
 * vscsi_attention_look() - tell all clients of their unit attentions soon
 *
 * Context: any.
 */
void vscsi_attention_look(void)
{
	queue_work(vscsi_end_wq, &vscsi_attentions);
}

/**
 * vscsi_attention_forget() - nothing was told of a portal group's LUNs
 * @tpg: portal group
 *
 * When one has gone: of the next one at its number that is so.
 */
void vscsi_attention_forget(struct vscsi_tpg *tpg)
{
	struct vscsi_session *sess;
	struct vscsi_client *client;

	mutex_lock(&vscsi_mutex);
	list_for_each_entry(client, &vscsi_clients, entry)
		list_for_each_entry(sess, &client->sessions, entry)
			if (sess->tpg == tpg)
				xa_destroy(&sess->told);
	mutex_unlock(&vscsi_mutex);
}

/**
 * vscsi_attention_again() - tell all clients of their unit attentions soon
 * @tpg: portal group whose client is told of all, again
 */
void vscsi_attention_again(struct vscsi_tpg *tpg)
{
	vscsi_attention_forget(tpg);
	vscsi_attention_look();
}

/**
 * __vscsi_attention_taken() - a command may have taken its LUN's unit attentions
 * @cmd: it has ended
 *
 * Context: any.
 */
void __vscsi_attention_taken(struct vscsi_tcmd *cmd)
{
	const struct se_device *dev = cmd->se_cmd.se_dev;
	struct xarray *told = &cmd->sess->told;
	unsigned long flags;
	void *had;

	/* With UA_INTLCK_CTRL only REQUEST SENSE takes them: else we would never end. */
	if (cmd->cdb[0] != REQUEST_SENSE && dev &&
	    dev->dev_attrib.emulate_ua_intlck_ctrl != TARGET_UA_INTLCK_CTRL_CLEAR)
		return;
	xa_lock_irqsave(told, flags);
	had = __xa_erase(told, cmd->lun);
	xa_unlock_irqrestore(told, flags);
	if (had)
		vscsi_attention_look();
}
