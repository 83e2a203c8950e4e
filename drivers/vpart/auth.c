// SPDX-License-Identifier: GPL-2.0
/*
 * vpart_auth: keys of links between machines, and the MAC that proves to have
 * one. A module of its own: all fabrics use the one keyring.
 *
 * The keys are in a keyring of ours, ".vpart", which root fills: each of type
 * "logon", which no program reads back, with the description "vpart:NAME".
 * A key is looked up for each handshake and not kept, so that one that was
 * revoked, has expired or was taken away is refused at the next.
 *
 * A handshake may be what a disk waits for that memory waits for. So nothing
 * here allocates after init, and no lock is taken that is held by someone who
 * allocates: key payloads are read under RCU, not key->sem.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <keys/user-type.h>
#include <linux/cred.h>
#include <linux/export.h>
#include <linux/key.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/vpart.h>

#include "auth.h"

#define KEY_PREFIX	"vpart:"

/*
 * Guards @hmac, whose state is one key at a time, and @secret. Held for the
 * time of one MAC.
 */
static DEFINE_MUTEX(mac_lock);
static struct crypto_shash *hmac;
static u8 secret[VPART_KEY_MAX];
static struct key *ring;

/**
 * vpart_keys_init() - make the keyring, empty
 *
 * Root sees it, fills it and takes from it; nobody else. No program can make
 * another of this name: names with a dot first are the kernel's.
 *
 * Context: Process context; may load modules.
 * Return: 0 or an errno.
 */
int vpart_keys_init(void)
{
	int err;

	hmac = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(hmac))
		return PTR_ERR(hmac);
	ring = keyring_alloc(".vpart", GLOBAL_ROOT_UID, GLOBAL_ROOT_GID, current_cred(),
			     (KEY_POS_ALL & ~KEY_POS_SETATTR) |
			     (KEY_USR_ALL & ~KEY_USR_SETATTR),
			     KEY_ALLOC_NOT_IN_QUOTA, NULL, NULL);
	if (IS_ERR(ring)) {
		err = PTR_ERR(ring);
		ring = NULL;
		goto free_hmac;
	}
	return 0;

free_hmac:
	crypto_free_shash(hmac);
	return err;
}

/**
 * vpart_keys_exit() - give the keyring up
 *
 * Keys that are in no other keyring go with it.
 *
 * Context: Process context; no other function of this file runs or will.
 */
void vpart_keys_exit(void)
{
	key_revoke(ring);
	key_put(ring);
	ring = NULL;
	crypto_free_shash(hmac);
}

/**
 * vpart_keys_ring() - the keyring
 *
 * Return: borrowed from the module, valid until vpart_keys_exit(); NULL before
 * vpart_keys_init().
 */
struct key *vpart_keys_ring(void)
{
	return ring;
}

/* Copies the key into @copy, if that is not NULL; returns its length or an errno. */
static int read_key(const char *name, u8 *copy)
{
	char desc[sizeof(KEY_PREFIX) + VPART_NAME_MAX];
	const struct user_key_payload *payload;
	key_ref_t ref;
	int len;

	if (snprintf(desc, sizeof(desc), KEY_PREFIX "%s", name) >= sizeof(desc))
		return -ENOKEY;
	ref = keyring_search(make_key_ref(ring, true), &key_type_logon, desc, false);
	if (IS_ERR(ref))	/* some kernels say it by the first of these */
		return PTR_ERR(ref) == -EAGAIN ? -ENOKEY : PTR_ERR(ref);

	rcu_read_lock();
	payload = user_key_payload_rcu(key_ref_to_ptr(ref));
	if (!payload) {		/* revoked since it was found */
		len = -EKEYREVOKED;
	} else if (payload->datalen < VPART_KEY_MIN || payload->datalen > VPART_KEY_MAX) {
		len = -EKEYREJECTED;
	} else {
		len = payload->datalen;
		if (copy)
			memcpy(copy, payload->data, len);
	}
	rcu_read_unlock();
	key_ref_put(ref);
	return len;
}

/**
 * vpart_key_check() - is there such a key now
 * @name: without its prefix
 *
 * Context: Process context. Allocates nothing.
 * Return: 0, -ENOKEY, -EKEYREVOKED, -EKEYEXPIRED, or -EKEYREJECTED for one that
 * is shorter than VPART_KEY_MIN or longer than VPART_KEY_MAX.
 */
int vpart_key_check(const char *name)
{
	int len = read_key(name, NULL);

	return len < 0 ? len : 0;
}

static int mac_of(const char *label, size_t label_len, const struct kvec *parts,
		  unsigned int nr, u8 *mac)
{
	SHASH_DESC_ON_STACK(desc, hmac);
	unsigned int i;
	int err;

	desc->tfm = hmac;
	err = crypto_shash_init(desc);
	if (!err)
		err = crypto_shash_update(desc, label, label_len);
	for (i = 0; !err && i < nr; i++)
		err = crypto_shash_update(desc, parts[i].iov_base, parts[i].iov_len);
	if (!err)
		err = crypto_shash_final(desc, mac);
	shash_desc_zero(desc);
	return err;
}

/**
 * vpart_mac() - HMAC-SHA-256 over a label and some parts, with a key
 * @name: the key's, without its prefix
 * @label: what comes first, so that no MAC can stand for another
 * @label_len: its length, with the final zero where that is to be counted
 * @parts: what follows, end to end
 * @nr: how many
 * @mac: the result; undefined on error
 *
 * No trace of the key is left behind.
 *
 * Context: Process context; takes a mutex. Allocates nothing.
 * Return: 0, an errno of vpart_key_check(), or of the crypto layer.
 */
int vpart_mac(const char *name, const char *label, size_t label_len,
	      const struct kvec *parts, unsigned int nr, u8 mac[VPART_MAC_SIZE])
{
	int err, len;

	mutex_lock(&mac_lock);
	len = read_key(name, secret);
	if (len < 0) {
		err = len;
		goto unlock;
	}
	err = crypto_shash_setkey(hmac, secret, len);
	memzero_explicit(secret, len);
	if (!err)
		err = mac_of(label, label_len, parts, nr, mac);
	/* What the hash derived from the key: overwritten by what no key is. */
	crypto_shash_setkey(hmac, secret, VPART_KEY_MIN);
unlock:
	mutex_unlock(&mac_lock);
	return err;
}
EXPORT_SYMBOL_GPL(vpart_mac);

/**
 * vpart_handshake_mac() - what proves that an end has the key
 * @name: the key's, without its prefix
 * @init: INIT as it was on the wire, VPART_HS_INIT bytes
 * @ack: INIT_ACK, the same
 * @auth: AUTH, VPART_HS_AUTH bytes: the server's proof; NULL: the client's
 * @mac: result
 *
 * Context: Process context.
 * Return: 0, or what vpart_mac() says.
 */
int vpart_handshake_mac(const char *name, const void *init, const void *ack,
			const void *auth, u8 mac[VPART_MAC_SIZE])
{
	const char *label = auth ? VPART_AUTH_ACK_LABEL : VPART_AUTH_LABEL;
	struct kvec part[3] = {
		{ .iov_base = (void *)init, .iov_len = VPART_HS_INIT },
		{ .iov_base = (void *)ack, .iov_len = VPART_HS_INIT },
		{ .iov_base = (void *)auth, .iov_len = VPART_HS_AUTH },
	};

	static_assert(sizeof(VPART_AUTH_LABEL) == sizeof(VPART_AUTH_ACK_LABEL));
	return vpart_mac(name, label, sizeof(VPART_AUTH_LABEL), part, auth ? 3 : 2, mac);
}
EXPORT_SYMBOL_GPL(vpart_handshake_mac);

/**
 * vpart_mac_equal() - compare two MACs
 * @a: one
 * @b: another
 *
 * Context: Any.
 * Return: whether they are equal, after a time that does not tell where not.
 */
bool vpart_mac_equal(const u8 *a, const u8 *b)
{
	return !crypto_memneq(a, b, VPART_MAC_SIZE);
}
EXPORT_SYMBOL_GPL(vpart_mac_equal);

module_init(vpart_keys_init);
module_exit(vpart_keys_exit);

MODULE_DESCRIPTION("Keys of the vpart bus's links between machines");
MODULE_AUTHOR("The vpart project");
MODULE_LICENSE("GPL");
