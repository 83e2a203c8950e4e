#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: a LU appears as a SCSI disk, says who it is, and keeps data
# kernel: debug
# kernels: +6.1 +6.12 7.2
# leaks: check
# limit: 420
# disks: 64M 64M
# smp: 2
. /src/tests/lib/guest.sh
. /src/tests/suites/vscsi/lib.sh

t "partitions, a pair of adapters, a link" vscsi_up
fails "a target's name is a server adapter's" 'Invalid argument' mkdir $cfg/vscsi/nobody
fails "the portal group is tpgt_1" 'Invalid argument' mkdir $cfg/vscsi/p1/tpgt_2

backstore d1 /dev/vdb
lun_add p1 0 d1
disk=$(disk_of p1 0)
t "R7 the LU is a disk at the client, without a rescan" test -b "/dev/$disk"
is "it has the device's size" "$(cat /sys/block/$disk/size)" "$(cat /sys/block/vdb/size)"
# Else the server has pages of its own.
[ "${FABRIC:-local}" = local ] && want=511 || want=3
is "the link's alignment is the queue's" "$(cat /sys/block/$disk/queue/dma_alignment)" $want
is "no I/O scheduler by default" "$(grep -o '\[.*\]' "/sys/block/$disk/queue/scheduler")" "[none]"
is "a hardware queue per CPU" "$(ls "/sys/block/$disk/mq" | wc -l)" "$(nproc)"

t "INQUIRY" grep -q LIO-ORG <(sg_inq /dev/$disk)
t "VPD 0x80: the serial" grep -q d1-1 <(sg_vpd -p 0x80 /dev/$disk)
# INQUIRY says how long its answer is; asked for more, that much comes.
sg_raw -o /tmp/inquiry -r 255 "/dev/$(sg_of "$disk")" 12 00 00 00 ff 00 >/dev/null 2>&1
is "a short answer has its residual" "$(stat -c %s /tmp/inquiry)" \
	$(($(od -An -tu1 -j4 -N1 /tmp/inquiry) + 5))
t "VPD 0x83: an NAA name" grep -qi naa <(sg_vpd -p 0x83 /dev/$disk)
t "VPD 0xb0: limits" grep -q 'Maximum transfer length' <(sg_vpd -p 0xb0 /dev/$disk)
t "VPD 0xb1: characteristics" sg_vpd -p 0xb1 /dev/$disk
t "VPD 0xb2: provisioning" sg_vpd -p 0xb2 /dev/$disk
t "READ CAPACITY 10" grep -q 'Logical block length=512' <(sg_readcap /dev/$disk)
t "READ CAPACITY 16" sg_readcap -l /dev/$disk
t "REPORT LUNS" sg_luns /dev/$disk
t "TEST UNIT READY" sg_turs /dev/$disk
t "MODE SENSE" sg_modes /dev/$disk
t "SYNCHRONIZE CACHE" sg_sync /dev/$disk
fails "an unknown command is refused with sense" 'Illegal request' sg_raw -v /dev/$disk c1 0 0 0 0 0

t "mixed sizes are read back as written" fio --name=v --filename=/dev/$disk --rw=randwrite --bsrange=512-256k \
	--bs_unaligned=0 --blockalign=512 --size=48M --io_size=24M --direct=1 --ioengine=libaio --iodepth=16 \
	--verify=crc32c --verify_fatal=1 --do_verify=1 --output=/out/fio
cmp_dev() { sync; blockdev --flushbufs /dev/vdb; blockdev --flushbufs /dev/$disk; cmp -n 50000000 /dev/vdb /dev/$disk; }
t "the device holds the same bytes" cmp_dev

t "a file system on it" sh -c "mkfs.ext4 -q /dev/$disk && mount /dev/$disk /mnt && cp -a /usr/bin/python3* /mnt && sync && umount /mnt && e2fsck -fn /dev/$disk"
mount /dev/$disk /mnt
fails "the client's module is in use while mounted" 'in use' rmmod vscsi_host
umount /mnt
fails "the server's module is in use while configured" 'in use' rmmod vscsi_target
fails "a LUN number is given once" 'File exists' mkdir $cfg/vscsi/p1/tpgt_1/lun/lun_0

t "all of it away" vscsi_down
kmemleak_check
done_testing
