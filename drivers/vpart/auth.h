/* SPDX-License-Identifier: GPL-2.0 */
/* Keys of links between machines, and what proves to have one: vpart_auth.ko. */
#ifndef _VPART_AUTH_H
#define _VPART_AUTH_H

#include <linux/types.h>
#include <linux/uio.h>

#include "proto_login.h"

struct key;

#define VPART_KEY_MIN		16	/* bytes of a key */
#define VPART_KEY_MAX		1024

/* Bytes of INIT and INIT_ACK, and of AUTH, as they are on the wire */
#define VPART_HS_INIT		(VPART_HDR_SIZE + VPART_INIT_SIZE)
#define VPART_HS_AUTH		(VPART_HDR_SIZE + VPART_MAC_SIZE)

int vpart_keys_init(void);
void vpart_keys_exit(void);
struct key *vpart_keys_ring(void);
int vpart_key_check(const char *name);
int vpart_mac(const char *name, const char *label, size_t label_len,
	      const struct kvec *parts, unsigned int nr, u8 mac[VPART_MAC_SIZE]);
int vpart_handshake_mac(const char *name, const void *init, const void *ack,
			const void *auth, u8 mac[VPART_MAC_SIZE]);
bool vpart_mac_equal(const u8 *a, const u8 *b);

#endif /* _VPART_AUTH_H */
