# SPDX-License-Identifier: GPL-2.0
#
# make                      the module for the running kernel, and lbctl
# make install              lbctl, its manual pages, the systemd unit (DESTDIR, PREFIX)
# make modules_install      the module
# make demo                 watch it work, in a virtual machine
# make check                all tests      (KERNELS="6.1 6.12" TESTS="a.sh b.sh" JOBS=2 FUZZ_SECONDS=60)
# make check-debug          the tests in debug kernels, which are built first: half an hour each, once
#                           (KERNELS="debug-A debug-B" TESTS="a.sh b.sh" JOBS=1)
# make check-races          those that have much at a time in debug kernel C, for data races (TESTS="a.sh b.sh")
# make check-fire           stress, floods and teardown at full size: an hour or two
#                           (SECONDS_EACH=60 CONNS=100000 TIMES=100 RELOADS=100 LIMIT=20000 RATE_MAX=4000
#                           KERNELS="6.1 6.12" TESTS="a.sh b.sh")
# make coverage             which of the module's lines the tests run, in debug kernel A (TESTS="a.sh b.sh")
# make survive              the fraction of 10,000 connections that each change breaks, beside ip_vs (CLIENTS=10000 KERNEL=6.1)
# make bench                what a packet costs, beside ip_vs (CASES="lbvs/dr/* ..." KERNEL=6.1 ICOUNT=yes)
# make bench-profile        in which functions (CASE=lbvs/dr/udp KERNEL=6.1 FUNCTION=)
# make bench-rates          64 KB packets and new connections a second
# make bench-scale          memory, listing a million connections, making 10,000 services
# make bench-docs           the figures of the last runs into Documentation/benchmark.md
# make bench-native         the same in nanoseconds, in user-mode Linux, which is built first: some minutes, once
#                           (CASES="lbvs/dr/* ipvs/dr/* receive/*" ROUNDS=5)
# make vm                   a shell in the virtual machine (KERNEL=6.1)
#
# The module's own makefile is Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
KERNEL ?= 6.1
KERNELS ?= 6.1 6.12
INSTALL_MOD_PATH ?= $(DESTDIR)

vm := selftests/vm
bench-module := --source $(CURDIR)/selftests/bench/module
kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR)

# One thing after the other: deps comes before what needs them.
.NOTPARALLEL:

all: modules lbctl

modules: kdir
	$(kbuild) modules

modules_install: kdir
	$(kbuild) INSTALL_MOD_PATH="$(INSTALL_MOD_PATH)" modules_install
	PATH="$$PATH:/usr/sbin:/sbin" depmod -b "$(INSTALL_MOD_PATH)/" \
		"$$(sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' $(KDIR)/include/generated/utsrelease.h)"

kdir:
	@[ -e "$(KDIR)/Makefile" ] || { \
		echo "No kernel headers at $(KDIR): apt-get install linux-headers-$$(uname -r), or set KDIR" >&2; exit 1; }

lbctl:
	$(MAKE) -C tools/lbctl

install:
	$(MAKE) -C tools/lbctl install DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)"

# The tests' own programs.
programs:
	$(MAKE) -C selftests

module-6.1 module-6.12: module-%:
	@$(vm)/fetch-kernel $*
	@$(vm)/build-module $*

kernel-debug-A kernel-debug-B kernel-debug-C: kernel-debug-%:
	@$(vm)/build-debug $*

module-debug-A module-debug-B module-debug-C: module-debug-%: kernel-debug-%
	@$(vm)/build-module debug-$*

kernel-native:
	@selftests/bench/native/build-kernel

module-native: kernel-native
	@$(vm)/build-module native

sparse:
	@$(vm)/fetch-kernel 6.1
	@$(vm)/build-module --sparse 6.1
	@$(vm)/build-module --sparse $(bench-module) --output $(CURDIR)/build/sparse/bench 6.1

checkpatch:
	@$(vm)/fetch-kernel checkpatch
	@$(vm)/checkpatch

shellcheck:
	@$(vm)/shellcheck

deps:
	@$(vm)/deps

vm: deps module-$(KERNEL) lbctl programs
	@$(vm)/run --kernel $(KERNEL) --shell

demo: deps module-$(KERNEL) lbctl programs
	@$(vm)/run --kernel $(KERNEL) --log build/logs/demo -- ./demo.sh

check: deps
	@KERNELS="$(KERNELS)" TESTS="$(TESTS)" JOBS="$(or $(JOBS),2)" $(vm)/check

# Slow kernels: fewer bytes and connections, more patience.
debug-env := MB=4 COUNT=20000 CONNS=2000 TIMES=2 RELOADS=2 LIMIT=1500 RATE_MAX=150 TELL_TIMEOUT=300 AT_ONCE=9000 PATIENCE_MS=20000 RATE_OTHER=200 TEST_TIMEOUT=3600
# One VM at a time, unless there are cores for both: while the one that holds a lock isn't
# running, all others spin, and in debug-A each allocation takes kmemleak's.
check-debug: KERNELS = debug-A debug-B
check-debug: deps
	@for kernel in $(KERNELS); do $(vm)/build-debug "$${kernel#debug-}" || exit 1; done
	@KERNELS="$(KERNELS)" TESTS="$(TESTS)" JOBS="$(or $(JOBS),1)" IN_TURN= ONLY_VM=1 LOGS=logs-debug VM_TIMEOUT=14400 \
		GUEST_ENV="$(debug-env)" $(vm)/check

races := basic.sh states.sh changes.sh removal.sh reload.sh limit.sh clash.sh million.sh fastall.sh schedulers.sh \
	affinity.sh reading.sh netns.sh tracked.sh stress.sh teardown.sh survive.sh
check-races: deps kernel-debug-C
	@KERNELS=debug-C TESTS="$(or $(TESTS),$(races))" ONLY_VM=1 LOGS=logs-races VM_TIMEOUT=7200 CPUS=4 \
		GUEST_ENV="$(debug-env)" $(vm)/check

# In a minute the new clients of floods.sh alone make 7,000 connections that may not be put out.
fire-env = SECONDS_EACH=$(or $(SECONDS_EACH),60) CONNS=$(or $(CONNS),100000) TIMES=$(or $(TIMES),100) \
	RELOADS=$(or $(RELOADS),100) LIMIT=$(or $(LIMIT),20000) RATE_MAX=$(or $(RATE_MAX),4000) TEST_TIMEOUT=10000
check-fire: deps
	@KERNELS="$(KERNELS)" TESTS="$(or $(TESTS),stress.sh floods.sh teardown.sh)" JOBS="$(or $(JOBS),1)" ONLY_VM=1 \
		LOGS=logs-fire VM_TIMEOUT=30000 GUEST_ENV="$(fire-env)" $(vm)/check

coverage: deps kernel-debug-A
	@KERNELS=debug-A TESTS="$(TESTS)" ONLY_VM=1 LOGS=logs-coverage VM_TIMEOUT=14400 \
		GUEST_ENV="$(debug-env) COVERAGE=1" $(vm)/check; status=$$?; \
		$(vm)/coverage build/module/debug-A build/logs-coverage/vm-debug-A/output.log && exit $$status

# So many sockets of clients, of servers, and what is between them take memory and time.
survive: deps module-$(KERNEL) lbctl programs
	@$(vm)/run --kernel $(KERNEL) --log build/logs/survive --memory 4096 --timeout 3600 -- \
		env CLIENTS=$(or $(CLIENTS),10000) TELL_TIMEOUT=900 ./survive.sh

check-vm: deps
	@$(vm)/fetch-kernel $(KERNEL)
	@$(vm)/selfcheck $(KERNEL)

build_bench_module = $(vm)/build-module $(bench-module) --output $(CURDIR)/build/bench-module/$(1) $(1)

bench-module-6.1 bench-module-6.12: bench-module-%:
	@$(vm)/fetch-kernel $*
	@$(call build_bench_module,$*)

bench-module-native: kernel-native
	@$(call build_bench_module,native)

bench: deps module-$(KERNEL) lbctl bench-module-$(KERNEL)
	@KERNEL="$(KERNEL)" CASES="$(CASES)" ICOUNT="$(ICOUNT)" selftests/bench/run

bench-profile: deps module-$(KERNEL) lbctl bench-module-$(KERNEL)
	@KERNEL="$(KERNEL)" CASE="$(or $(CASE),lbvs/dr/udp)" FUNCTION="$(FUNCTION)" selftests/bench/profile

bench-docs:
	@selftests/bench/document

bench-rates bench-scale: bench-%: deps module-$(KERNEL) lbctl bench-module-$(KERNEL)
	@KERNEL="$(KERNEL)" CASES="$(CASES)" ICOUNT="$(ICOUNT)" selftests/bench/run $*

check-bench: deps module-$(KERNEL) lbctl bench-module-$(KERNEL)
	@KERNEL="$(KERNEL)" selftests/bench/selfcheck

bench-native: deps module-native lbctl bench-module-native
	@CASES="$(CASES)" ROUNDS="$(ROUNDS)" selftests/bench/native/bench

# Kbuild's own clean needs headers; there may be none.
clean:
	find Kbuild kmod \( -name '*.o' -o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' \) -delete
	rm -f lbvs.ko lbvs.o lbvs.mod lbvs.mod.c lbvs.mod.o .*.cmd .module-common.o Module.symvers modules.order
	rm -rf build/module build/bench-module build/sparse
	$(MAKE) -C tools/lbctl clean
	$(MAKE) -C selftests clean

distclean: clean
	rm -rf build .checkpatch-camelcase.*

.PHONY: all modules modules_install kdir lbctl install programs module-6.1 module-6.12 sparse checkpatch shellcheck \
	kernel-debug-A kernel-debug-B kernel-debug-C module-debug-A module-debug-B module-debug-C kernel-native module-native bench-module-6.1 bench-module-6.12 \
	bench-module-native deps vm demo bench bench-profile bench-docs bench-rates bench-scale \
	bench-native check-bench check check-debug check-races check-fire coverage survive check-vm clean distclean
