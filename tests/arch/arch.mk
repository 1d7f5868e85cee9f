# make check-arch: aarch64 and s390x (which is big-endian) give the recorded ids and roots, and pass the unit tests of all that computes,
# encodes, hashes or stores, under qemu's user-mode emulation. Its packages are installed by itself.
ARCHES := aarch64 s390x
ARCH_DEBIAN_aarch64 := arm64
ARCH_DEBIAN_s390x := s390x
ARCH_LIBRARIES := nettle-dev libnettle8 libssl-dev libssl3 libcmocka-dev libcmocka0 libmpfr-dev libmpfr6 libgmp-dev libgmp10 \
	libsecp256k1-dev libsecp256k1-1 libjansson-dev libjansson4 libmsgpack-dev libmsgpackc2 liblmdb-dev liblmdb0 libyaml-dev libyaml-0-2 \
	libcbor-dev libcbor0.8 libyajl-dev libyajl2 libwslay-dev libwslay1 libhiredis-dev libhiredis0.14 \
	libevent-dev libevent-2.1-7 libevent-core-2.1-7 libevent-extra-2.1-7 libevent-openssl-2.1-7 libevent-pthreads-2.1-7 \
	libcurl4-openssl-dev libcurl4
# and what libcurl asks for
ARCH_LIBRARIES += libnghttp2-14 libidn2-0 librtmp1 libssh2-1 libpsl5 libgssapi-krb5-2 libldap-2.5-0 libzstd1 libbrotli1 zlib1g libunistring2 \
	libgnutls30 libhogweed6 libkrb5-3 libk5crypto3 libcom-err2 libkrb5support0 libsasl2-2 libp11-kit0 libtasn1-6 libkeyutils1 libffi8
# Not under an emulator: test_onnx_hostile limits its children's memory, which the emulator needs for itself.
ARCH_NOT := onnx_hostile
ARCH_LINK = -levent -levent_openssl -levent_pthreads -lsecp256k1 -llmdb -lssl -lcrypto -lmsgpackc -ljansson -lcurl -lyaml -lnettle -lhiredis \
	-lyajl -lcbor -lwslay -Wl,-rpath-link,$(ARCH_ROOT)/lib/$(ARCH)-linux-gnu
ARCH_UNIT := $(foreach t,$(filter-out $(ARCH_NOT),$(patsubst tests/unit/test_%.c,%,$(UNIT_SOURCES))),$(BUILD)/tests/unit/test_$(t))

.PHONY: check-arch arch-now
check-arch:
	@configs/setup/setup.sh apt arch
	+@for arch in $(ARCHES); do $(MAKE) --no-print-directory ARCH=$$arch check-one-arch || exit 1; done

.PHONY: check-one-arch
check-one-arch: ARCH_ROOT = $(CURDIR)/build/arch/$(ARCH)/sysroot
check-one-arch: ARCH_LIB = $(ARCH_ROOT)/usr/lib/$(ARCH)-linux-gnu
check-one-arch:
	@tests/arch/sysroot.sh $(ARCH_DEBIAN_$(ARCH)) $(ARCH_ROOT) $(ARCH_LIBRARIES)
	+@$(MAKE) --no-print-directory MACHINE=$(ARCH) CC=$(ARCH)-linux-gnu-gcc BUILD=build/arch/$(ARCH) \
		RUN="qemu-$(ARCH) -L /usr/$(ARCH)-linux-gnu -E LD_LIBRARY_PATH=$(ARCH_LIB):$(ARCH_ROOT)/lib/$(ARCH)-linux-gnu" \
		CPPFLAGS="-isystem $(ARCH_ROOT)/usr/include -isystem $(ARCH_ROOT)/usr/include/$(ARCH)-linux-gnu" \
		LDFLAGS="-L$(ARCH_LIB) -Wl,-rpath-link,$(ARCH_LIB)" \
		PACKAGE_CFLAGS= QUEUE_CFLAGS="-isystem $(ARCH_ROOT)/usr/include/hiredis" \
		PACKAGE_LIBS="$(ARCH_LINK)" TEST_PACKAGE_LIBS="-lcmocka -lmpfr -lgmp" $(or $(ARCH_GOAL),arch-now)

# make ARCH=s390x ARCH_GOAL=arch-built check-one-arch builds and runs nothing.
.PHONY: arch-built
arch-built: $(BUILD)/tests/vectors/gen_machine $(ARCH_UNIT)

# An emulated test takes up to a hundred times as long: of the executor's drawn cases it runs one of ARCH_SHARE, and all that are written down.
# Programs of this machine that tests compare with or play against are those of its own build.
ARCH_SHARE ?= 8
ARCH_BESIDE = PATH=$(CURDIR)/build/tools:$$PATH $(addprefix GAINSAY_ANVIL=,$(wildcard $(CURDIR)/build/tools/anvil)) \
	$(addprefix GAINSAY_CONTRACTS=,$(wildcard $(CURDIR)/build/contracts))
arch-now: machine-vectors $(ARCH_UNIT)
	@echo "$(MACHINE): programs, roots and outputs as recorded"
	@GAINSAY_TEST_UNDER="nice $(RUN)" GAINSAY_TEST_SHARE=$(ARCH_SHARE) $(ARCH_BESIDE) LANES=$(or $(LANES),$(JOBS)) \
		GAINSAY_TEST_TIMEOUT_S=$(or $(GAINSAY_TEST_TIMEOUT_S),3600) tests/run.sh $(BUILD) unit
	@$(if $(filter aarch64,$(MACHINE)),t=$(BUILD)/tests/unit/test_exec_int8; echo "$(MACHINE) test_exec_int8 on a processor without dot products"; \
		GAINSAY_TEST_SHARE=$(ARCH_SHARE) nice $(RUN) -cpu cortex-a57 $$t >$$t.log 2>&1 && grep -q 'without dot products' $$t.log || { cat $$t.log; exit 1; })
