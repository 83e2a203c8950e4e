# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by image and kernels: what a machine starts a Debian kernel with.

# Modules no test has a use for; leaving them out makes the rest a third.
pruned=(gpu media net/wireless net/ethernet staging iio hwmon usb input hid
	infiniband isdn video mtd i2c power leds)
# What the initrd needs before it can reach the root image.
early=(virtio_pci virtio_blk erofs overlay 9pnet_virtio 9p)

# copy_modules FOLDER TO: the modules in FOLDER but the pruned ones.
copy_modules() {
	mkdir -p "$2"
	tar -C "$1" "${pruned[@]/#/--exclude=kernel/drivers/}" \
		--exclude=kernel/sound --exclude=build --exclude=source -cf - . | tar -C "$2" -xf -
}

# make_initrd FILE RELEASE [ROOT]: finds the root image. The modules in
# ROOT/lib/modules/RELEASE must not be compressed.
make_initrd() {
	local out=$1 release=$2 work m f
	work=$(mktemp -d "$VPART_CACHE/initrd.XXXXXX")
	mkdir -p "$work"/{bin,dev,proc,sys,base,rw,root} "$work/mod/$release"
	cp "$(command -v busybox)" "$work/bin/busybox"
	for m in sh mount insmod mkdir sleep switch_root uname; do ln -s busybox "$work/bin/$m"; done
	for m in "${early[@]}"; do
		modprobe -d "${3:-/}" -S "$release" --show-depends "$m"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r f; do
		cp "$f" "$work/mod/$release/"
		basename "$f" >>"$work/mod/$release/order"
	done
	install -m 755 "${BASH_SOURCE[0]%/*}/initrd-init" "$work/init"
	(cd "$work" && find . | cpio -o -H newc --quiet) | zstd -q -9 -f -o "$out"
	rm -rf "$work"
}

# unpack_vmlinux VMLINUZ VMLINUX: QEMU starts the unpacked kernel by PVH, which
# saves the unpacking under emulation. The boot protocol keeps the payload's
# place in the header (0x248 offset, 0x24c length, from the end of the setup
# sectors); the compressed data is followed by its length unpacked.
unpack_vmlinux() {
	python3 - "$1" "$2" <<'PY'
import lzma, struct, subprocess, sys
image = open(sys.argv[1], "rb").read()
start = ((image[0x1f1] or 4) + 1) * 512
offset, length = struct.unpack_from("<II", image, 0x248)
payload = image[start + offset:start + offset + length]
if payload[:4] == b"\x28\xb5\x2f\xfd":
    elf = subprocess.run(["zstd", "-dc"], input=payload[:-4], stdout=subprocess.PIPE,
                         check=True).stdout
else:
    elf = lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(payload)
assert elf[:4] == b"\x7fELF", "the kernel's payload is no ELF file"
open(sys.argv[2], "wb").write(elf)
PY
}
