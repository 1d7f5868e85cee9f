# make check-arch: aarch64 and s390x (which is big-endian) give the recorded ids and roots, and pass the unit tests of all that computes,
# encodes, hashes or stores, under qemu's user-mode emulation. Its packages are installed by itself.
ARCHES := aarch64 s390x
ARCH_DEBIAN_aarch64 := arm64
ARCH_DEBIAN_s390x := s390x
ARCH_LIBRARIES := nettle-dev libnettle8 libssl-dev libssl3 libcmocka-dev libcmocka0 libmpfr-dev libmpfr6 libgmp-dev libgmp10 \
	libsecp256k1-dev libsecp256k1-1 libjansson-dev libjansson4 libmsgpack-dev libmsgpackc2 liblmdb-dev liblmdb0 libyaml-dev libyaml-0-2
# Folders whose libraries are above, and files of others that need nothing else.
ARCH_DIRS := chain/core chain/eth challenge/machine challenge/game storage validator/onnx validator/exec validator/node
ARCH_SIM := $(filter-out simulations/remote.c simulations/remote_serve.c simulations/main.c,$(wildcard simulations/*.c simulations/*/*.c))
ARCH_SOURCES := $(foreach dir,$(ARCH_DIRS),$(wildcard $(dir)/*.c $(dir)/*/*.c)) $(ARCH_SIM) $(addprefix validator/cli/,dispute_draw.c dispute_fault.c) \
	$(addprefix chain/rpc/,hexjson.c keyfile.c passphrase.c)
ARCH_SUPPORT := $(filter tests/generator/% tests/oracle/% tests/mirror/%,$(SUPPORT_SOURCES)) tests/unit/node_fixture.c tests/unit/node_txs.c \
	$(addprefix tests/support/,exec_case.c mpfr_f32.c pow_cases.c within_cases.c within_mpfr.c) $(wildcard tests/support/onnx_*.c)
# test_onnx_hostile limits its children's memory, which the emulator needs for itself; test_exec_places reads models as the commands do.
ARCH_TESTS := abi attacks_limits bonds catalogue contract core_buf core_core core_hash core_keccak_lanes core_u256 deposit descriptor elementary \
	fault fees game game_rules head judge keystore listing live merkle merkle_tree migrate mirror moves number policy pow rlp scalar \
	sim_talk spill states step_oracle store threads tolerance tolerance_graphs transfer tx vmath vrf within \
	$(filter-out onnx_hostile exec_places,$(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_onnx_*.c tests/unit/test_exec*.c tests/unit/test_node*.c)))
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
		PACKAGE_CFLAGS= PACKAGE_LIBS="-lnettle -lcrypto -lsecp256k1 -ljansson -lmsgpackc -llmdb -lyaml" TEST_PACKAGE_LIBS="-lcmocka -lmpfr -lgmp" \
		LIB_SOURCES="$(ARCH_SOURCES)" MAIN_SOURCES= SIM_MAIN= SIM_SOURCES= SIM_OBJECTS= SUPPORT_SOURCES="$(ARCH_SUPPORT)" $(or $(ARCH_GOAL),arch-now)

# make ARCH=s390x ARCH_GOAL=arch-built check-one-arch builds and runs nothing.
.PHONY: arch-built
arch-built: $(BUILD)/tests/vectors/gen_machine $(ARCH_UNIT)

# An emulated test takes up to thirty times as long.
arch-now: machine-vectors $(ARCH_UNIT)
	@echo "$(MACHINE): programs, roots and outputs as recorded"
	@GAINSAY_TEST_UNDER="$(RUN)" GAINSAY_TEST_TIMEOUT_S=$(or $(GAINSAY_TEST_TIMEOUT_S),3600) tests/run.sh $(BUILD) unit
	@$(if $(filter aarch64,$(MACHINE)),t=$(BUILD)/tests/unit/test_exec_int8; echo "$(MACHINE) test_exec_int8 on a processor without dot products"; \
		$(RUN) -cpu cortex-a57 $$t >$$t.log 2>&1 && grep -q 'without dot products' $$t.log || { cat $$t.log; exit 1; })
