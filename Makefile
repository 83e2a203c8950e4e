# SPDX-License-Identifier: GPL-2.0
# User's targets; the modules are built by the kernel's own make (see Kbuild).
#
#	make			modules for the running kernel, and the tools
#	make KDIR=/path		modules for the kernel built or installed there
#	make KERNEL=6.12	modules for a kernel of the tests: tests/vm/versions, debug
#	make modules TESTS=1	those that only tests load, too; they are not installed
#	make help		everything else

KVER ?= $(shell [ -d /lib/modules/$$(uname -r)/build ] && uname -r || ls /lib/modules 2>/dev/null | sort -V | tail -n 1)
ifeq ($(KERNEL),debug)
KDIR = $(eval KDIR := $$(shell tests/vm/debug-kernel))$(KDIR)
else ifneq ($(filter-out stock 6.1,$(KERNEL)),)
KDIR = $(eval KDIR := $$(shell tests/vm/kernels $(KERNEL))/build)$(KDIR)
KIN = tests/vm/kernels --in $(KERNEL)
endif
KDIR ?= /lib/modules/$(KVER)/build
BUILD ?= build
# One folder per kernel: its release, or "unknown" when KDIR is no build tree.
KREL = $(or $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null),unknown)
MOUT = $(abspath $(BUILD))/$(KREL)

KBUILD = $(KIN) $(MAKE) -C $(KDIR) M=$(MOUT)

all: modules tools	## modules and tools (default)

modules: farm	## modules only, into build/<kernel>/
	+$(KBUILD) modules

# Kbuild before 6.13 writes beside the source, so each kernel gets a tree of links.
farm:
	@[ -f $(KDIR)/Makefile ] || { echo "no kernel build tree at KDIR=$(KDIR): install linux-headers, or name one" >&2; exit 1; }
	@mkdir -p $(MOUT)
	@cp -rsf $(CURDIR)/Kbuild $(CURDIR)/drivers $(CURDIR)/fs $(CURDIR)/include $(MOUT)/
	@find $(MOUT) -xtype l -delete

# Debian's kernels ask for signatures, with a key that nobody has.
UNSIGNED = $(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)

modules_install: modules	## into /lib/modules of the kernel that KDIR is for
	+$(KBUILD) modules_install $(UNSIGNED)
	[ -n "$(INSTALL_MOD_PATH)" ] || /sbin/depmod $(KREL)

tools:	## libvpart, vpart, vpart-ivshmem, vpart-clusterd and the tools of clusterfs, into build/tools/
	+@[ ! -f tools/Makefile ] || $(MAKE) -C tools BUILD=$(abspath $(BUILD))/tools

install: tools	## commands, library, manual pages, units, udev's rules, targetcli's fabric; DESTDIR=, PREFIX=
	+$(MAKE) -C tools BUILD=$(abspath $(BUILD))/tools install

guest:	## the programs that suites run in their machines, into build/tests/
	+@$(MAKE) -C tests/crash BUILD=$(abspath $(BUILD))/tests
	+@$(MAKE) -s -C tests/clusterfs BUILD=$(abspath $(BUILD))/clusterfs $(abspath $(BUILD))/clusterfs/image.fast

clean:	## remove everything that was built here
	rm -rf $(BUILD)

demo:	## eight minutes: lost servers, resets, and three machines, one of which is killed
	tests/demo/run

check:	## the suites; WHOLE=1 with what takes hours, T=NAME for one, KERNEL=NAME, V=1 for the consoles
	tests/check $(T)

soak:	## long runs with new seeds: MINUTES=10, T=NAME for one
	tests/check soak $(or $(MINUTES),10) $(T)

check-static:	## the linters
	tests/static/run

coverage:	## lines and unwinding labels the suites reach; T=NAME for one
	tests/coverage $(T)

bench:	## guest instructions per I/O, side by side
	tests/bench/run

fuzz:	## the parsers under libFuzzer, each for MINUTES=5; T=NAME for one
	tests/fuzz/run --minutes $(or $(MINUTES),5) $(T)

mutants:	## small wrong versions of the drivers, each caught by a test: T=NUMBER for one
	tests/mutants/run $(T)

help:	## this list
	@awk -F':.*## ?' '/^[a-z_-]+:.*##/ { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

.PHONY: all modules farm modules_install tools install guest clean demo check soak check-static coverage fuzz mutants bench help
