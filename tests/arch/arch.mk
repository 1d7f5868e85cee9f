# make check-arch: aarch64 and s390x (which is big-endian) give the recorded ids and roots, and pass the unit tests of
# all that computes, under qemu's user-mode emulation; some minutes. Its packages are installed by itself.
ARCHES := aarch64 s390x
ARCH_DEBIAN_aarch64 := arm64
ARCH_DEBIAN_s390x := s390x
ARCH_LIBRARIES := nettle-dev libnettle8 libssl-dev libssl3 libcmocka-dev libcmocka0 libmpfr-dev libmpfr6 libgmp-dev libgmp10
# test_onnx_hostile limits its children's memory, which the emulator needs for itself; test_exec_commit and test_exec_places need the files of other layers.
ARCH_TESTS := core_buf core_core core_hash core_keccak_lanes core_u256 descriptor elementary judge merkle merkle_tree number pow scalar catalogue \
	vmath $(filter-out onnx_hostile exec_commit exec_places,$(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_onnx_*.c tests/unit/test_exec*.c)))
ARCH_UNIT := $(foreach t,$(ARCH_TESTS),$(BUILD)/tests/unit/test_$(t))

.PHONY: check-arch arch-now
check-arch:
	@configs/setup/setup.sh apt arch
	+@for arch in $(ARCHES); do $(MAKE) --no-print-directory ARCH=$$arch check-one-arch || exit 1; done

.PHONY: check-one-arch
check-one-arch: ARCH_ROOT = $(CURDIR)/build/arch/$(ARCH)/sysroot
check-one-arch:
	@tests/arch/sysroot.sh $(ARCH_DEBIAN_$(ARCH)) $(ARCH_ROOT) $(ARCH_LIBRARIES)
	+@$(MAKE) --no-print-directory MACHINE=$(ARCH) CC=$(ARCH)-linux-gnu-gcc BUILD=build/arch/$(ARCH) \
		RUN="qemu-$(ARCH) -L /usr/$(ARCH)-linux-gnu -E LD_LIBRARY_PATH=$(ARCH_ROOT)/usr/lib/$(ARCH)-linux-gnu" \
		CPPFLAGS="-isystem $(ARCH_ROOT)/usr/include -isystem $(ARCH_ROOT)/usr/include/$(ARCH)-linux-gnu" \
		LDFLAGS="-L$(ARCH_ROOT)/usr/lib/$(ARCH)-linux-gnu" \
		PACKAGE_CFLAGS= PACKAGE_LIBS="-lnettle -lcrypto" TEST_PACKAGE_LIBS="-lcmocka -lmpfr -lgmp" \
		LIB_DIRS="chain/core challenge/machine validator/onnx validator/exec" SIM_SOURCES= SIM_MAIN= \
		SUPPORT_SOURCES="$(filter tests/generator/% tests/oracle/%,$(SUPPORT_SOURCES)) tests/support/exec_case.c tests/support/mpfr_f32.c tests/support/pow_cases.c $(wildcard tests/support/onnx_*.c)" \
		arch-now

arch-now: machine-vectors $(ARCH_UNIT)
	@echo "$(MACHINE): programs, roots and outputs as recorded"
	@for t in $(ARCH_UNIT); do echo "$(MACHINE) $${t##*/}"; $(RUN) $$t >$$t.log 2>&1 || { cat $$t.log; exit 1; }; done
	@$(if $(filter aarch64,$(MACHINE)),t=$(BUILD)/tests/unit/test_exec_int8; echo "$(MACHINE) test_exec_int8 on a processor without dot products"; \
		$(RUN) -cpu cortex-a57 $$t >$$t.log 2>&1 && grep -q 'without dot products' $$t.log || { cat $$t.log; exit 1; })
