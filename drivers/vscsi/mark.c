// SPDX-License-Identifier: GPL-2.0
/*
 * Which LU a command is meant for. A LUN is a number that the administrator may give to
 * another LU at any time, of an ACL without LIO telling us; a command that the client sent
 * before it knew may be under way for as long as it likes: on another queue, parked (gate.c),
 * in a worker's list. It must not write to the LU that is there now, and LIO would let it:
 * it establishes a unit attention for all LUNs but the one that is new.
 *
 * So each LU has a mark, of its backing device as long as that is configured:
 *
 *	the client		the server
 *	----------		----------
 *	INQUIRY			GOOD, and the mark of who answers
 *	compares the name
 *	any command, with
 *	that mark		LIO looks the LU up, and holds it: is it the mark's?
 *				no: unit attention 3f/0e, nothing else has happened
 *	holds the LU's
 *	commands, compares
 *
 * There is no state of ours between the two, and no order of events: a late command is as
 * late as it is. The unit attention is a command's own, and says the mark that is there
 * now in its INFORMATION: that tells it from LIO's, which are about other LUNs.
 *
 * A client that says no mark is older, or plain. It gets the unit attention too, until it
 * has sent an INQUIRY to the LUN, or uses a tag again that one was answered with: then
 * it has read it. It is as safe as it wants to be.
 *
 * As for all unit attentions, INQUIRY, REPORT LUNS and REQUEST SENSE are carried out (SAM).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "target.h"

/* Carried out whatever the LU is, as with any unit attention (SAM). */
static bool vscsi_mark_exempt(u8 opcode)
{
	return opcode == INQUIRY || opcode == REPORT_LUNS || opcode == REQUEST_SENSE;
}

/* @cmd says no mark: does the client know the LU with this one all the same? */
static bool vscsi_mark_known(struct vscsi_tcmd *cmd, u32 mark)
{
	struct xarray *shown = &cmd->sess->shown;
	u64 told = (u64)cmd->sess->epoch << 32 | mark;
	u32 was;

	if (cmd->lun >= VSCSI_MAX_LUN)
		return true;
	was = xa_to_value(xa_load(shown, cmd->lun));
	if (was == mark)
		return true;
	if (was && cmd->cdb[0] != INQUIRY && cmd->told != told) {
		cmd->told = told;
		return false;
	}
	/* Without memory it is its first command another time. */
	xa_store(shown, cmd->lun, xa_mk_value(mark), GFP_NOIO);
	return true;
}

/**
 * __vscsi_mark_fits() - may a command go on that does not say the mark of its LU?
 * @cmd: prepared by LIO, which holds the LU
 * @mark: of the LU
 *
 * Context: process.
 * Return: true if so.
 */
bool __vscsi_mark_fits(struct vscsi_tcmd *cmd, u32 mark)
{
	u32 said = cmd->mark;

	if (cmd->cdb[0] == INQUIRY) {
		cmd->mark = mark;
		cmd->say = VSCSI_SAY_MARK;
	} else if (vscsi_mark_exempt(cmd->cdb[0])) {
		return true;
	}
	if (!said && vscsi_mark_known(cmd, mark))
		return true;
	return cmd->cdb[0] == INQUIRY;
}

/**
 * vscsi_mark_refuse() - end a command that is meant for another LU
 * @cmd: prepared by LIO, not yet submitted; not the caller's any more
 * @mark: of the LU that is there
 *
 * Context: process.
 */
void vscsi_mark_refuse(struct vscsi_tcmd *cmd, u32 mark)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;

	cmd->mark = mark;
	cmd->say = VSCSI_SAY_OTHER;
	/* It would be called, for a command that was not carried out: see caw.c. */
	se_cmd->transport_complete_callback = NULL;
	/* Without sense data: what is said is ours. */
	transport_generic_request_failure(se_cmd, TCM_LUN_BUSY);
}

/**
 * vscsi_mark_status() - LIO gives a command a status that is not GOOD
 * @cmd: command that says a mark
 *
 * LIO looks at the CDB first, with the limits and the opcodes of the LU that is there: what it
 * refuses never comes to vscsi_mark_fits(). It holds the LU, unless it has found none.
 *
 * Context: any.
 */
void vscsi_mark_status(struct vscsi_tcmd *cmd)
{
	const struct se_cmd *se_cmd = &cmd->se_cmd;
	u32 mark;

	if (!se_cmd->lun_ref_active || !se_cmd->se_dev || vscsi_mark_exempt(cmd->cdb[0]))
		return;
	mark = vscsi_mark(se_cmd->se_dev);
	if (cmd->mark == mark)
		return;
	cmd->mark = mark;
	cmd->say = VSCSI_SAY_OTHER;
}

/**
 * vscsi_mark_answer() - the unit attention of a command that was refused
 * @iu: room for it
 * @cmd: the command
 *
 * Context: any.
 * Return: length of the IU.
 */
u16 vscsi_mark_answer(u8 iu[VSCSI_RSP_IU_SIZE], const struct vscsi_tcmd *cmd)
{
	u8 sense[18] = {};	/* fixed format */

	/* Reported LUNs data has changed */
	scsi_build_sense_buffer(0, sense, UNIT_ATTENTION, 0x3f, 0x0e);
	scsi_set_sense_information(sense, sizeof(sense), cmd->mark);
	return vscsi_put_rsp(iu, cmd->tag, SAM_STAT_CHECK_CONDITION, 0, 0, sense, sizeof(sense));
}
