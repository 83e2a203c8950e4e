/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which logical unit it is: its name, which stays, and its mark, by which client and
 * server mean the same one within a session. Pure functions, as wire.h's.
 */
#ifndef _VSCSI_NAME_H
#define _VSCSI_NAME_H

#include "wire.h"

/**
 * vscsi_page83_naa() - find the logical unit's NAA name in VPD page 0x83
 * @page: the page
 * @len: bytes there
 * @naa_len: length of the name
 *
 * Return: the name inside @page, or NULL.
 */
static inline const u8 *vscsi_page83_naa(const u8 *page, size_t len, u8 *naa_len)
{
	size_t end, i;

	if (len < 4 || page[1] != 0x83)
		return NULL;
	end = min_t(size_t, len, get_unaligned_be16(page + 2) + 4);
	for (i = 4; i + 4 <= end; i += page[i + 3] + 4) {
		if (i + 4 + page[i + 3] > end)
			return NULL;
		/* association 0: the logical unit; type 3: NAA */
		if ((page[i + 1] & 0x3f) == 0x03) {
			*naa_len = page[i + 3];
			return page + i + 4;
		}
	}
	return NULL;
}

/**
 * struct vscsi_name - which logical unit it is
 * @len: bytes of @naa, or 0: it has no NAA name
 * @naa: the name
 */
struct vscsi_name {
	u8	len;
	u8	naa[16];
};

/**
 * vscsi_get_name() - copy the logical unit's NAA name from VPD page 0x83
 * @page: the page
 * @len: bytes there
 * @name: gets it; a name that is longer than the standard's longest is none
 */
static inline void vscsi_get_name(const u8 *page, size_t len, struct vscsi_name *name)
{
	u8 naa_len = 0;
	const u8 *naa = vscsi_page83_naa(page, len, &naa_len);

	memset(name, 0, sizeof(*name));
	if (!naa || naa_len > sizeof(name->naa))
		return;
	name->len = naa_len;
	memcpy(name->naa, naa, naa_len);
}

/**
 * vscsi_same_name() - do two names stand for one logical unit?
 * @a: name
 * @b: name
 *
 * Return: true if so, or if both are none.
 */
static inline bool vscsi_same_name(const struct vscsi_name *a, const struct vscsi_name *b)
{
	return a->len == b->len && !memcmp(a->naa, b->naa, a->len);
}

/**
 * vscsi_cmd_mark() - say which LU a command is meant for
 * @iu: of vscsi_put_cmd()
 * @mark: that the server gave the LU, or 0
 *
 * In SRP these bytes are reserved: a server that knows no marks does not look at them.
 */
static inline void vscsi_cmd_mark(void *iu, u32 mark)
{
	struct srp_cmd *cmd = iu;

	put_unaligned_be32(mark, cmd->reserved2);
}

/**
 * vscsi_rsp_mark() - say which LU has answered an INQUIRY
 * @iu: of vscsi_put_rsp()
 * @mark: of the LU
 *
 * Where SRP counts credits, which are the bus's here: a client that knows no marks does
 * not look at it.
 */
static inline void vscsi_rsp_mark(void *iu, u32 mark)
{
	struct srp_rsp *rsp = iu;

	rsp->req_lim_delta = cpu_to_be32(mark);
}

#endif /* _VSCSI_NAME_H */
