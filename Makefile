# Gainsay. Two commands matter: `make check` (lint, two compilers, every test) and `make demo` (the whole story).
#
#   make               the library and the program          make unit         the unit tests' binaries
#   make setup         install what is missing              make check-quick  unit tests and the lint's fast half
#   make lint          style, layers, headers, analysis     make format       bring C into the house's format
#   make sanitize      unit tests under ASan and UBSan      make coverage     lines that the unit tests reach
#   make sanitize-threads  those with threads under TSan
#   make contracts     compile the contracts                make bindings     their selectors, for C
#   make docs          are the pages' links alive?          make install      to $(DESTDIR)$(PREFIX)
#   make clean         remove $(BUILD)
#
# and, where their sources are there: fuzz, bench, sim, gas, gas-report, vectors, prove-math. V=1 shows the commands; CC=clang, BUILD=dir
# and OPT=-O0 do what they say. Everything that is built lies under $(BUILD); sources are found by wildcard.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules
JOBS ?= $(shell nproc)

ifeq ($(origin CC),default)
CC := gcc
endif
BUILD ?= build
PREFIX ?= /usr/local
PYTHON := /usr/bin/python3
MACHINE := $(shell uname -m)
FORGE := $(CURDIR)/build/tools/forge

# --- flags; none may change the bits of a floating-point result between compilers, levels or machines ---
OPT ?= -O2
OPT_HOT ?= -O3
SANITIZE ?=
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
FLOAT_FLAGS := -ffp-contract=off -fno-math-errno
# gcc evaluates float expressions as double on s390x unless told otherwise (challenge/machine/number.h asserts that nobody does).
FLOAT_FLAGS += $(if $(filter s390x,$(MACHINE)),-fexcess-precision=fast)
PACKAGES := libevent libevent_openssl libevent_pthreads libsecp256k1 lmdb openssl msgpack jansson libcurl yaml-0.1 nettle
# Of queue/ alone, with its own flags, so that nothing else is built anew for them.
QUEUE_PACKAGES := hiredis
# of chain/rpc alone; their headers need no flags
RPC_PACKAGES := yajl
# of validator/tee alone, likewise
TEE_PACKAGES := libcbor
# and a library that pkg-config does not know
RPC_LIBS := -lwslay
TEST_PACKAGES := cmocka mpfr gmp
CPPFLAGS_ALL = -D_GNU_SOURCE -I. $(CPPFLAGS)
CFLAGS_ALL = -std=c17 -g $(WARNINGS) $(FLOAT_FLAGS) -fno-strict-aliasing -pthread $(PACKAGE_CFLAGS) $(SANITIZE) $(CFLAGS)
LDFLAGS_ALL = -pthread $(SANITIZE) $(LDFLAGS)
LIBS = $(PACKAGE_LIBS) -lm
TEST_LIBS = $(TEST_PACKAGE_LIBS) $(LIBS)

# --- sources ---
LIB_DIRS := chain/core chain/eth chain/rpc challenge/machine challenge/game storage queue \
	validator/onnx validator/exec validator/opengradient validator/tee validator/node validator/models validator/daemon validator/cli
MAIN_SOURCES := $(wildcard validator/cli/main.c validator/daemon/main.c)
LIB_SOURCES := $(filter-out $(MAIN_SOURCES),$(foreach dir,$(LIB_DIRS),$(wildcard $(dir)/*.c $(dir)/*/*.c)))
SIM_MAIN := $(wildcard simulations/main.c)
SIM_SOURCES := $(filter-out $(SIM_MAIN),$(wildcard simulations/*.c simulations/*/*.c))
UNIT_SOURCES := $(wildcard tests/unit/test_*.c)
SUPPORT_SOURCES := $(filter-out $(UNIT_SOURCES),$(wildcard tests/unit/*.c tests/support/*.c tests/generator/*.c tests/oracle/*.c tests/mirror/*.c))
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_SOURCES := $(wildcard tests/bench/bench_*.c)
PROVE_SOURCES := $(wildcard tests/prove/prove_*.c)
PROVE_TOOLS := $(wildcard tests/prove/gen_*.c)
PROVE_SUPPORT := $(filter-out $(PROVE_SOURCES) $(PROVE_TOOLS),$(wildcard tests/prove/*.c))
C_FILES := $(LIB_SOURCES) $(MAIN_SOURCES) $(SIM_SOURCES) $(SIM_MAIN) $(wildcard tests/*/*.c)
H_FILES := $(foreach dir,$(LIB_DIRS),$(wildcard $(dir)/*.h $(dir)/*/*.h)) $(wildcard simulations/*.h simulations/*/*.h tests/*/*.h)
CONTRACTS := $(wildcard chain/contracts/foundry.toml)
CONTRACT_SOURCES := $(CONTRACTS) $(wildcard $(addprefix chain/contracts/src/,*.sol */*.sol */*/*.sol))
# Written by programs and committed; their form is the program's.
GENERATED := chain/eth/bindings.c chain/eth/bindings.h
FORMATTED = $(filter-out $(GENERATED),$(C_FILES) $(H_FILES))
VECTOR_TOOLS := $(wildcard tests/vectors/gen_*.c)
VECTOR_RECORDS ?= 20000

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
binaries = $(patsubst %.c,$(BUILD)/%,$(1))
LIB_OBJECTS := $(call objects,$(LIB_SOURCES))
MAIN_OBJECTS := $(call objects,$(MAIN_SOURCES))
SUPPORT_OBJECTS := $(call objects,$(SUPPORT_SOURCES))
SIM_OBJECTS := $(call objects,$(SIM_SOURCES)) $(BUILD)/obj/gen/scenarios.o
UNIT_BINARIES := $(call binaries,$(UNIT_SOURCES))
BENCH_BINARIES := $(call binaries,$(BENCH_SOURCES))
FUZZ_BINARIES := $(call binaries,$(FUZZ_SOURCES))
PROVE_BINARIES := $(call binaries,$(PROVE_SOURCES) $(PROVE_TOOLS))
VECTOR_BINARIES := $(call binaries,$(VECTOR_TOOLS))

# --- goals that must work before anything is installed, and so read nothing of the system ---
.PHONY: all unit everything setup check check-now check-quick lint lint-quick lint-house lint-format lint-headers \
	lint-tidy lint-deep lint-bindings lint-contracts format sanitize sanitize-threads coverage docs demo install clean
OUTER_GOALS := setup check check-arch demo clean
ifneq ($(filter-out $(OUTER_GOALS),$(or $(MAKECMDGOALS),all)),)

# pkg-config is asked once: it would be most of the time of a build that has nothing to do.
include $(BUILD)/packages.mk
# A change of compiler or flags rebuilds everything that they touch.
FLAGS_NOW = $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(OPT) $(OPT_HOT)
$(shell mkdir -p $(BUILD); [ "$$(cat $(BUILD)/flags 2>/dev/null)" = "$(FLAGS_NOW)" ] || echo "$(FLAGS_NOW)" >$(BUILD)/flags)
-include $(patsubst %.c,$(BUILD)/obj/%.d,$(C_FILES))
endif

$(BUILD)/packages.mk: Makefile
	@mkdir -p $(@D)
	@pkg-config --exists --print-errors $(PACKAGES) $(QUEUE_PACKAGES) $(RPC_PACKAGES) $(TEE_PACKAGES) $(TEST_PACKAGES) || \
		{ echo "libraries are missing: run 'make setup' first" >&2; exit 1; }
	@{ echo "PACKAGE_CFLAGS := $$(pkg-config --cflags $(PACKAGES))"; \
	   echo "QUEUE_CFLAGS := $$(pkg-config --cflags $(QUEUE_PACKAGES))"; \
	   echo "PACKAGE_LIBS := $$(pkg-config --libs $(PACKAGES) $(QUEUE_PACKAGES) $(RPC_PACKAGES) $(TEE_PACKAGES)) $(RPC_LIBS)"; \
	   echo "TEST_PACKAGE_LIBS := $$(pkg-config --libs $(TEST_PACKAGES))"; } >$@.new && mv $@.new $@

setup:
	@configs/setup/setup.sh apt
	@configs/setup/setup.sh npm chain/contracts
	@configs/setup/setup.sh npm tests
	@configs/setup/setup.sh tools $(CURDIR)/build/tools

check: setup
	+@$(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS)) check-now

demo: setup
	+@$(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS)) all contracts
	@configs/demo/run.sh

clean:
	rm -rf $(BUILD)

# --- build ---
all: $(BUILD)/libgainsay.a $(if $(MAIN_SOURCES),$(BUILD)/gainsay) $(if $(wildcard $(FORGE)),contracts)
unit: $(UNIT_BINARIES)
everything: all unit $(call objects,$(C_FILES)) $(if $(SIM_MAIN),$(BUILD)/gainsay-sim)

say = $(if $(V),,@echo '  $(1)';)

$(BUILD)/libgainsay.a: $(LIB_OBJECTS)
	@rm -f $@
	$(call say,AR $@)$(AR) rcs $@ $^

$(BUILD)/gainsay: $(MAIN_OBJECTS) $(SIM_OBJECTS) $(BUILD)/libgainsay.a
	$(call say,LD $@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(UNIT_BINARIES) $(BENCH_BINARIES) $(PROVE_BINARIES) $(VECTOR_BINARIES): $(BUILD)/%: $(BUILD)/obj/%.o $(SUPPORT_OBJECTS) $(SIM_OBJECTS) $(BUILD)/libgainsay.a
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS)

$(PROVE_BINARIES): $(call objects,$(PROVE_SUPPORT))

# The interpreter, the executors and hashing are where the time goes.
OPT_LEVEL = $(OPT)
$(BUILD)/obj/challenge/machine/%.o $(BUILD)/obj/validator/exec/%.o $(BUILD)/obj/chain/core/keccak_lanes_%.o: OPT_LEVEL = $(OPT_HOT)

# A kernel's file name says which instructions it may use; whoever calls it has asked the processor first.
ifeq ($(MACHINE),x86_64)
$(BUILD)/obj/%_bmi2.o $(BUILD)/lint/%_bmi2.c.ok: ARCH_FLAGS = -mbmi -mbmi2
$(BUILD)/obj/%_avx2.o $(BUILD)/lint/%_avx2.c.ok: ARCH_FLAGS = -mavx2 -mfma -mf16c
$(BUILD)/obj/%_avx512.o $(BUILD)/lint/%_avx512.c.ok: ARCH_FLAGS = -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mf16c
$(BUILD)/obj/%_vnni_avx512.o $(BUILD)/lint/%_vnni_avx512.c.ok: ARCH_FLAGS = -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mavx2 -mfma -mf16c
endif
ifeq ($(MACHINE),aarch64)
$(BUILD)/obj/%_dot_neon.o $(BUILD)/lint/%_dot_neon.c.ok: ARCH_FLAGS = -march=armv8.2-a+dotprod
endif

# Unrolled tiles: with checks of each pointer a compiler was not done after minutes to half an hour; with calls that check addresses,
# and all checks of arithmetic, it takes seconds.
TILES_SANITIZED := -fno-sanitize=alignment,null,object-size,pointer-overflow -mllvm -asan-instrumentation-with-call-threshold=0
UNROLLED := validator/exec/kernels validator/exec/ints validator/exec/planes validator/exec/sweep validator/exec/window \
	validator/exec/vmath chain/core/keccak_lanes
$(foreach u,$(UNROLLED),$(BUILD)/obj/$(u)_%.o): TILE_FLAGS = $(SANITIZE_TILES)

$(BUILD)/obj/queue/%.o $(BUILD)/lint/queue/%.ok: ARCH_FLAGS = $(QUEUE_CFLAGS)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(OPT_LEVEL) $(ARCH_FLAGS) $(TILE_FLAGS) -MMD -MP -c $< -o $@

# The ready scenarios are part of the program.
SCENARIOS := $(wildcard simulations/scenarios/*.yaml)
$(BUILD)/gen/scenarios.c: $(SCENARIOS) simulations/scenarios/embed.py simulations/scenarios
	@mkdir -p $(@D)
	@$(PYTHON) simulations/scenarios/embed.py $(SCENARIOS) >$@.new && mv $@.new $@
$(BUILD)/obj/gen/scenarios.o: $(BUILD)/gen/scenarios.c simulations/builtin.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC $<)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(OPT) -c $< -o $@

# --- tests ---
# Everything is compiled by both compilers; the unit tests run from both, since both must give the same bits.
check-now: lint
	+@$(MAKE) --no-print-directory CC=gcc everything $(if $(CONTRACTS),vectors)
	+@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/clang everything
	@GAINSAY_TEST_CLANG=1 OTHER_BUILD=$(BUILD)/clang tests/run.sh $(BUILD) all

check-quick: lint-quick all unit
	@tests/run.sh $(BUILD) unit

sanitize:
	+@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/sanitize OPT=-O1 OPT_HOT=-O1 \
		SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" \
		SANITIZE_TILES="$(TILES_SANITIZED)" all unit
	@GAINSAY_TEST_TIMEOUT_S=$(or $(GAINSAY_TEST_TIMEOUT_S),2400) tests/run.sh $(BUILD)/sanitize unit

# The tests whose code has threads, under ThreadSanitizer; it wants its addresses where they are without randomisation. A share of the
# executor's drawn cases: what threads do to each other does not depend on the shapes.
THREADED := bar batch catchup commands endpoint endpoint_ws exec exec_batch exec_chain exec_commit exec_conv exec_elements exec_gemm \
	exec_int8 exec_shared exec_sweep exec_window merkle_tree model_source models outbox pool queue_link rpc signer sim_sweep \
	spill store store_check threads work
sanitize-threads:
	+@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/sanitize-threads OPT=-O1 OPT_HOT=-O1 \
		SANITIZE="-fsanitize=thread -fno-omit-frame-pointer" all $(foreach t,$(THREADED),$(BUILD)/sanitize-threads/tests/unit/test_$(t))
	@GAINSAY_TEST_UNDER="setarch -R" GAINSAY_TEST_SHARE=8 GAINSAY_TEST_TIMEOUT_S=$(or $(GAINSAY_TEST_TIMEOUT_S),2400) \
		TSAN_OPTIONS="halt_on_error=1 $(TSAN_OPTIONS)" tests/run.sh $(BUILD)/sanitize-threads unit

coverage:
	+@$(MAKE) --no-print-directory CC=gcc BUILD=$(BUILD)/coverage OPT=-O0 OPT_HOT=-O0 SANITIZE=--coverage all unit
	@tests/run.sh $(BUILD)/coverage unit
	@tests/coverage.sh $(BUILD)/coverage

ifneq ($(FUZZ_SOURCES),)
FUZZ_SECONDS ?= 60
# Some of them: make fuzz FUZZ_TARGETS="fuzz_rlp fuzz_abi"
FUZZ_TARGETS ?= $(notdir $(FUZZ_BINARIES))
FUZZ_CHOSEN = $(addprefix $(BUILD)/tests/fuzz/,$(FUZZ_TARGETS))
.PHONY: fuzz
fuzz:
	+@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/fuzz OPT=-O1 OPT_HOT=-O1 \
		SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" \
		SANITIZE_TILES="$(TILES_SANITIZED)" fuzz-now
.PHONY: fuzz-now
fuzz-now: $(FUZZ_CHOSEN)
	@for f in $(FUZZ_CHOSEN); do \
		corpus=$(BUILD)/corpus/$${f##*/}; mkdir -p $$corpus; echo "$$f"; words=; \
		case $$f in *jsonrpc|*logstream|*keystore|*models|*blob) words=-dict=tests/fuzz/json.dict ;; esac; \
		$$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 $$words $$corpus $$(ls -d tests/fuzz/corpus/$${f##*/} 2>/dev/null) || exit 1; \
	done
$(FUZZ_BINARIES): $(BUILD)/%: $(BUILD)/obj/%.o $(SUPPORT_OBJECTS) $(SIM_OBJECTS) $(BUILD)/libgainsay.a
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) -fsanitize=fuzzer $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS)
endif

ifneq ($(BENCH_SOURCES),)
.PHONY: bench
bench: all tools $(BENCH_BINARIES)
	@configs/setup/setup.sh apt bench
	@configs/setup/setup.sh npm tests/bench
	@for b in $(BENCH_BINARIES); do $$b || exit 1; done
	@tests/bench/workers.sh
	@$(PYTHON) tests/bench/assemble.py $(BUILD)/bench

# Models that PyTorch exports (25 in 700 MB, made once): beside ONNX Runtime.
.PHONY: bench-exports
bench-exports: $(BUILD)/tests/bench/bench_models $(BUILD)/gainsay
	@configs/setup/setup.sh apt exports
	@configs/setup/setup.sh npm tests/bench
	@$(PYTHON) tests/bench/exports.py $(BUILD)/exports
	@$(BUILD)/tests/bench/bench_models --exports
	@$(PYTHON) tests/bench/assemble.py $(BUILD)/bench
endif

-include tests/arch/arch.mk
-include tests/hostile/hostile.mk
-include tests/crash/crash.mk
-include tests/soak/soak.mk
-include tests/tools/tools.mk
-include tests/evaluator/evaluator.mk
-include tests/dispute/dispute.mk
-include tests/prove/prove.mk
-include tests/mutants/mutants.mk

ifneq ($(SIM_MAIN),)
.PHONY: sim sim-long sim-million
$(BUILD)/gainsay-sim: $(call objects,$(SIM_MAIN)) $(SIM_OBJECTS) $(BUILD)/libgainsay.a
	$(call say,LD $@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)
# Past failures, then every ready scenario with fresh seeds: a minute; or SIM_TIMES as many runs as each asks for.
SIM_TIMES ?= 10
sim: $(BUILD)/gainsay
	@simulations/all.sh $(BUILD)/gainsay
sim-long: $(BUILD)/gainsay
	@simulations/all.sh $(BUILD)/gainsay $(SIM_TIMES)
# SIM_RUNS runs of whole nodes with every fault, by SIM_PROCESSES; goes on where it was interrupted, as SIM_FILE says.
SIM_RUNS ?= 1000000
SIM_PROCESSES ?= 1
SIM_FILE ?= $(BUILD)/sim-million.jsonl
sim-million: $(BUILD)/gainsay
	@$(PYTHON) simulations/million.py $(BUILD)/gainsay $(SIM_FILE) --runs $(SIM_RUNS) --processes $(SIM_PROCESSES)
endif

# The contracts lie beside all builds of C: their bytes do not depend on its compiler.
.PHONY: contracts check-contracts bindings gas gas-report invariants-long vectors
ifneq ($(CONTRACTS),)
contracts: build/contracts/stamp
build/contracts/stamp: $(CONTRACT_SOURCES) chain/contracts/script/artifacts.py
	@mkdir -p $(@D)
	$(call say,SOLC chain/contracts)cd chain/contracts && $(FORGE) build --offline --quiet src
	@$(PYTHON) chain/contracts/script/artifacts.py build/contracts/out $(@D)
	@touch $@

check-contracts: contracts vectors
	@cd chain/contracts && FOUNDRY_DISABLE_NIGHTLY_WARNING=1 $(FORGE) test --offline

# Selectors and topics for C, from the ABIs; committed, and `make check` sees that they are current.
bindings: contracts
	@$(PYTHON) chain/contracts/script/bindings.py --out build/contracts/out

# Whole disputes on anvil, both sides, and posting: against ceilings, into docs/gas.md and $(BUILD)/gas.json.
gas: all tools
	@$(PYTHON) tests/gas/gas.py --build $(BUILD)
# Forge draws a million calls at the whole system while games are played (test/GamesInvariant.t.sol): a quarter of an hour or more.
INVARIANT_RUNS ?= 100
INVARIANT_DEPTH ?= 10000
invariants-long: vectors
	@cd chain/contracts && FOUNDRY_DISABLE_NIGHTLY_WARNING=1 FOUNDRY_INVARIANT_RUNS=$(INVARIANT_RUNS) \
		FOUNDRY_INVARIANT_DEPTH=$(INVARIANT_DEPTH) $(FORGE) test --offline --match-path test/GamesInvariant.t.sol --match-test invariant_
gas-report: vectors
	@cd chain/contracts && $(FORGE) test --offline --gas-report
else
contracts:
endif

# What the scalar table must answer, by MPFR; read by the contracts' tests.
vectors: build/vectors/scalar/stamp
build/vectors/scalar/stamp: $(BUILD)/tests/vectors/gen_softfloat
	@mkdir -p $(@D)
	@$< $(@D) $(VECTOR_RECORDS) && touch $@

-include tests/vectors/vectors.mk

# --- lint ---
lint: lint-house lint-format lint-headers lint-tidy lint-bindings lint-contracts
lint-quick: lint-house lint-format

lint-house:
	@$(PYTHON) tests/lint/house.py
	@$(PYTHON) tests/mutants/mutants.py $(BUILD) --fits

lint-format:
	@for f in $(FORMATTED); do \
		clang-format $$f | cmp -s - $$f || { echo "$$f: not in the house's format: run 'make format'"; bad=1; }; \
	done; [ -z "$$bad" ]

format:
	@clang-format -i $(FORMATTED)

# Every header compiles alone.
HEADER_STAMPS := $(patsubst %,$(BUILD)/lint/%.ok,$(H_FILES))
lint-headers: $(HEADER_STAMPS)
$(HEADER_STAMPS): $(BUILD)/lint/%.ok: % $(BUILD)/flags
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(ARCH_FLAGS) -fsyntax-only -include $< -x c - </dev/null || { echo "$<: does not compile alone" >&2; exit 1; }
	@touch $@

# An object is newer than all that it was made of, so its analysis is repeated exactly when it must be. The analyser of paths, twenty
# times as long as all other checks together, reads what is shipped and not the tests. TIDY_NODES is its budget a function, in states: it
# goes to unseen code first, and reaches 96 of 100 blocks of code with 50000 as with its own 225000 (`make lint-deep`), in a third of the time.
TIDY_NODES ?= 50000
TIDY_STAMPS := $(patsubst %,$(BUILD)/lint/%.ok,$(C_FILES))
lint-tidy: $(TIDY_STAMPS)
$(TIDY_STAMPS): $(BUILD)/lint/%.c.ok: $(BUILD)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet $(if $(filter tests/%,$*),--checks=-clang-analyzer-*) $*.c -- $(CPPFLAGS_ALL) -std=c17 $(PACKAGE_CFLAGS) $(ARCH_FLAGS) \
		-Xclang -analyzer-config -Xclang max-nodes=$(TIDY_NODES) 2>$@.log || { cat $@.log >&2; exit 1; }
	@touch $@

lint-deep:
	+@$(MAKE) --no-print-directory BUILD=$(BUILD)/deep TIDY_NODES=225000 lint-tidy

lint-bindings: contracts
	@$(if $(and $(CONTRACTS),$(wildcard chain/eth/bindings.h)),$(PYTHON) chain/contracts/script/bindings.py --check --out build/contracts/out)

# Forge's linter and solhint; what their rules leave out stands in docs/threat-model.md.
lint-contracts:
	@$(if $(CONTRACTS),tests/lint/contracts.sh)

docs:
	@$(PYTHON) tests/lint/house.py

# The tables of docs/operators.md, from the catalogue.
.PHONY: operators
operators: $(BUILD)/gainsay
	@$(PYTHON) tests/operators/page.py $<

# The manual's pages and the shells' scripts are what the program says of itself.
INSTALL_SHARE = $(DESTDIR)$(PREFIX)/share
install: all
	@install -d $(DESTDIR)$(PREFIX)/bin $(INSTALL_SHARE)/man/man1 $(INSTALL_SHARE)/bash-completion/completions \
		$(INSTALL_SHARE)/zsh/site-functions $(INSTALL_SHARE)/fish/vendor_completions.d
	@install -m 755 $(BUILD)/gainsay $(DESTDIR)$(PREFIX)/bin/gainsay
	@$(BUILD)/gainsay --manual >$(INSTALL_SHARE)/man/man1/gainsay.1
	@for c in $$($(BUILD)/gainsay --complete '' | cut -f 1 | grep -v '^--'); do \
		$(BUILD)/gainsay $$c --manual >$(INSTALL_SHARE)/man/man1/gainsay-$$c.1 || exit 1; \
	done
	@$(BUILD)/gainsay completion bash >$(INSTALL_SHARE)/bash-completion/completions/gainsay
	@$(BUILD)/gainsay completion zsh >$(INSTALL_SHARE)/zsh/site-functions/_gainsay
	@$(BUILD)/gainsay completion fish >$(INSTALL_SHARE)/fish/vendor_completions.d/gainsay.fish
	@echo "installed in $(DESTDIR)$(PREFIX)"
