// SPDX-License-Identifier: GPL-2.0
/*
 * What the wire protocol's numbers mean, in words for the administrator. The
 * same for all fabrics.
 */
#include <linux/export.h>
#include <linux/kernel.h>

#include "proto.h"
#include "vpart.h"

static const char * const vpart_wire_errors[] = {
	[VPART_ERR_MALFORMED]	= "malformed PDU",
	[VPART_ERR_HDR_DIGEST]	= "header digest does not fit",
	[VPART_ERR_DATA_DIGEST]	= "data digest does not fit",
	[VPART_ERR_SEQ]		= "PDU lost or repeated",
	[VPART_ERR_EPOCH]	= "PDU of another epoch",
	[VPART_ERR_TAG]		= "tag that it may not use",
	[VPART_ERR_LENGTH]	= "length beyond what was agreed",
	[VPART_ERR_OFFSET]	= "offset out of order",
	[VPART_ERR_STATE]	= "PDU that may not come now",
	[VPART_ERR_UNSUPPORTED]	= "PDU of an unknown type",
	[VPART_ERR_TIMEOUT]	= "silent for too long",
};

/**
 * vpart_wire_error_text() - an error of the protocol in words
 * @error: enum vpart_wire_error, perhaps from a peer
 */
const char *vpart_wire_error_text(int error)
{
	if (error > 0 && error < ARRAY_SIZE(vpart_wire_errors) && vpart_wire_errors[error])
		return vpart_wire_errors[error];
	return "unknown error";
}
EXPORT_SYMBOL_GPL(vpart_wire_error_text);

/**
 * vpart_reject_text() - why a server refuses, in words
 * @reason: enum vpart_reject, perhaps from a peer that knows others
 *
 * Return: what follows the server's name in a sentence.
 */
const char *vpart_reject_text(u32 reason)
{
	switch (reason) {
	case VPART_REJECT_NO_ADAPTER:
		return "has no such adapter, or with other partitions";
	case VPART_REJECT_AUTH:
		return "wants the right key";
	case VPART_REJECT_VERSION:
		return "speaks no version that we know";
	case VPART_REJECT_DRAIN:
		return "still holds commands of the last session";
	case VPART_REJECT_NOT_READY:
		return "is not ready: no target is enabled";
	case VPART_REJECT_DRIVER:
		return "refuses: its driver's error";
	case VPART_REJECT_TOO_MANY:
		return "has too many clients";
	case VPART_REJECT_BUSY:
		return "is busy";
	case VPART_REJECT_MALFORMED:
		return "does not understand us";
	default:
		return "refuses, nobody knows why";
	}
}
EXPORT_SYMBOL_GPL(vpart_reject_text);
