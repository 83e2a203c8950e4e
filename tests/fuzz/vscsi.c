// SPDX-License-Identifier: GPL-2.0
/* The IUs of the vSCSI drivers, and the page that a client looks for names in. */
#include "fuzz.h"
#include "../../drivers/vscsi/name.h"

/* As scsi_common.c of the kernel has them, which is not linked here. */
u64 scsilun_to_int(struct scsi_lun *lun)
{
	u64 v = 0;
	int i;

	for (i = 0; i < 8; i += 2)
		v |= (u64)get_unaligned_be16(lun->scsi_lun + i) << i * 8;
	return v;
}

void int_to_scsilun(u64 v, struct scsi_lun *lun)
{
	int i;

	for (i = 0; i < 8; i += 2, v >>= 16) {
		lun->scsi_lun[i] = v >> 8;
		lun->scsi_lun[i + 1] = v;
	}
}

static void login(const void *iu, u16 len, struct input *in)
{
	u32 adapter = take(in, 4);
	/* Of the input itself, or it would be met by chance alone. */
	u64 port = len >= sizeof(struct srp_login_req) ? vscsi_login_port_name(iu) : 0;
	u8 out[VPART_MAX_IU];

	if (!vscsi_get_login(iu, len, adapter, port)) {
		must(vscsi_get_login(iu, len, adapter + 1, port) == -EACCES);
		must(vscsi_get_login(iu, len, adapter, port + 1) == -EPERM);
		must(vscsi_login_port_name(iu) == port);
	}
	must(!vscsi_get_login(out, vscsi_put_login(out, sizeof(out), adapter, port), adapter,
			      port));
	if (!vscsi_get_login_rsp(iu, len))
		must(len >= sizeof(struct srp_login_rsp));
	must(!vscsi_get_login_rsp(out, vscsi_put_login_rsp(out, sizeof(out), adapter)));
}

static void command(const void *iu, u16 len)
{
	u8 cdb[VSCSI_MAX_CDB] = {}, out[VSCSI_CMD_IU_SIZE];
	struct vscsi_command cmd, again;
	struct scsi_lun lun;
	u16 n, size;

	if (vscsi_get_cmd(iu, len, &cmd))
		return;
	must(inside(cmd.cdb, VSCSI_CDB_SIZE, iu, len));
	must(inside(cmd.add_cdb, cmd.add_len, iu, len));
	must(cmd.add_len % 4 == 0 && cmd.add_len <= VSCSI_MAX_CDB - VSCSI_CDB_SIZE);
	must(vscsi_cdb_len(cmd.cdb) <= VSCSI_CDB_SIZE + cmd.add_len);
	must(cmd.attr <= 2);
	vscsi_may_redrive(cmd.cdb);
	must(vscsi_make_tag(cmd.tag >> 32, vscsi_tag_queue(cmd.tag), vscsi_tag_index(cmd.tag)) ==
	     cmd.tag);

	/* What it means survives being written anew. */
	n = VSCSI_CDB_SIZE + cmd.add_len;
	memcpy(cdb, cmd.cdb, VSCSI_CDB_SIZE);
	memcpy(cdb + VSCSI_CDB_SIZE, cmd.add_cdb, cmd.add_len);
	int_to_scsilun(cmd.lun, &lun);
	size = vscsi_put_cmd(out, cmd.tag, &lun, cdb, n);
	vscsi_cmd_mark(out, cmd.mark);
	must(size <= sizeof(out) && !vscsi_get_cmd(out, size, &again));
	must(again.tag == cmd.tag && again.lun == cmd.lun && again.add_len == cmd.add_len);
	must(again.mark == cmd.mark);
	must(!memcmp(again.cdb, cmd.cdb, VSCSI_CDB_SIZE));
	must(!memcmp(again.add_cdb, cmd.add_cdb, cmd.add_len));
}

static void response(const void *iu, u16 len, struct input *in)
{
	u32 out_len = take(in, 4), in_len = take(in, 4);
	struct vscsi_response rsp, again;
	u8 out[VSCSI_RSP_IU_SIZE];
	u16 size;

	if (vscsi_get_rsp(iu, len, out_len, in_len, &rsp))
		return;
	must(rsp.sense_len <= VSCSI_MAX_SENSE && (rsp.sense || !rsp.sense_len));
	must(!rsp.sense || inside(rsp.sense, rsp.sense_len, iu, len));
	must(rsp.residual <= max(out_len, in_len));
	must(rsp.tmf >= -1 && rsp.tmf <= 255);
	size = vscsi_put_rsp(out, rsp.tag, rsp.status, 0, 0, rsp.sense, rsp.sense_len);
	vscsi_rsp_mark(out, rsp.mark);
	must(size <= sizeof(out) && !vscsi_get_rsp(out, size, out_len, in_len, &again));
	must(again.tag == rsp.tag && again.status == rsp.status && again.mark == rsp.mark);
	must(again.sense_len == rsp.sense_len);
	must(!rsp.sense || !memcmp(again.sense, rsp.sense, rsp.sense_len));
}

static void task_management(const void *iu, u16 len)
{
	u64 tag, lun, task, tag2, lun2, task2;
	struct srp_tsk_mgmt out;
	struct scsi_lun wire;
	u8 func, func2;

	if (vscsi_get_tmf(iu, len, &tag, &lun, &func, &task))
		return;
	int_to_scsilun(lun, &wire);
	vscsi_put_tmf(&out, tag, &wire, func, task);
	must(!vscsi_get_tmf(&out, sizeof(out), &tag2, &lun2, &func2, &task2));
	must(tag2 == tag && lun2 == lun && func2 == func && task2 == task);
}

static void event(const void *iu, u16 len)
{
	u8 out[VSCSI_AER_IU_SIZE];
	u64 lun, lun2;
	u16 asc, asc2;

	if (vscsi_get_aer(iu, len, &lun, &asc))
		return;
	vscsi_put_aer(out, lun, asc >> 8, asc);
	must(!vscsi_get_aer(out, sizeof(out), &lun2, &asc2) && lun2 == lun && asc2 == asc);
	must(vscsi_attention(asc) < VSCSI_ATTENTIONS);
}

static void page83(const void *page, size_t len)
{
	const u8 *naa;
	u8 n = 0;

	naa = vscsi_page83_naa(page, len, &n);
	must(!naa || inside(naa, n, page, len));
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	struct input in = { bytes, size };
	u8 what = take(&in, 1);
	u16 max = take(&in, 2) % (2 * VPART_MAX_IU);
	size_t len;
	void *iu;

	iu = take_copy(&in, max, &len);
	switch (what % 6) {
	case 0:
		login(iu, len, &in);
		break;
	case 1:
		command(iu, len);
		break;
	case 2:
		response(iu, len, &in);
		break;
	case 3:
		task_management(iu, len);
		break;
	case 4:
		event(iu, len);
		break;
	case 5:
		page83(iu, len);
		break;
	}
	free(iu);
	return 0;
}
