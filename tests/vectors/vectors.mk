# make vectors-long: ten times 100,000 records a function, each time from another seed, through the contracts. Some four
# minutes of one core; `make check` runs the 20,000 of `make vectors`. Included by the Makefile.
.PHONY: vectors-long
vectors-long: $(BUILD)/tests/vectors/gen_softfloat
	@mkdir -p build/vectors/long
	@for seed in 2 3 4 5 6 7 8 9 10 11; do \
		$< build/vectors/long 100000 $$seed && (cd chain/contracts && GAINSAY_VECTORS=../../build/vectors/long \
			$(FORGE) test --offline --match-contract '^(Scalar|SoftFloat|Elementary)Test$$') || exit 1; \
	done

# Judged steps of random programs, for the Judge contract to agree with: 400 programs, 40 steps each.
JUDGE_PROGRAMS ?= 400
JUDGE_STEPS ?= 40
vectors: build/vectors/judge/stamp
build/vectors/judge/stamp: $(BUILD)/tests/vectors/gen_judge
	@mkdir -p $(@D)
	@$< $(@D) $(JUDGE_PROGRAMS) $(JUDGE_STEPS) && touch $@

# Moves of random games, right and wrong ones, for the Disputes contract to agree with the C game about.
GAME_VECTORS ?= 100
vectors: build/vectors/game/stamp
build/vectors/game/stamp: $(BUILD)/tests/vectors/gen_game
	@mkdir -p $(@D)
	@$< $(@D) $(GAME_VECTORS) && touch $@

# Descriptors, well formed and damaged, for the Inspector contract to agree with the C reader about.
INSPECT_PROGRAMS ?= 120
INSPECT_CHANGES ?= 12
vectors: build/vectors/inspect/stamp
build/vectors/inspect/stamp: $(BUILD)/tests/vectors/gen_inspect
	@mkdir -p $(@D)
	@$< $(@D)/descriptors.bin $(INSPECT_PROGRAMS) $(INSPECT_CHANGES) >$(@D)/tally && touch $@

# The same lines from every compiler and optimisation level: ids and roots of random programs, of the demo's model, and
# of real models where the data folder is there. `make vectors-machine` writes the files again after a change that is
# meant (a new lowering version).
MACHINE_DATA := $(or $(GAINSAY_DATA),../shared/data)/models
MACHINE_MODELS := $(strip $(foreach m,onnxmlir_mnist rand_mlp_risk wonnx_opt-mnist,$(wildcard $(MACHINE_DATA)/$(m)/model.onnx)))
MACHINE_PROGRAMS := 200
MACHINE_LEVELS := -O0 -O2 -O3
.PHONY: check-compilers machine-vectors vectors-machine
check-compilers:
	+@for cc in gcc clang; do for level in $(MACHINE_LEVELS); do \
		$(MAKE) --no-print-directory CC=$$cc OPT=$$level OPT_HOT=$$level BUILD=build/compilers/$$cc$$level \
			LIB_DIRS="chain/core challenge/machine validator/onnx validator/exec" \
			SIM_SOURCES= SUPPORT_SOURCES="$(filter tests/generator/% tests/support/onnx_builder.c,$(SUPPORT_SOURCES))" \
			machine-vectors || exit 1; \
		echo "$$cc $$level: programs, roots and outputs as recorded"; \
	done; done

machine-vectors: $(BUILD)/tests/vectors/gen_machine
	@$(RUN) $< $(MACHINE_PROGRAMS) configs/demo/digits.onnx | diff -q tests/vectors/machine.txt - >/dev/null || \
		{ echo "$<: differs from tests/vectors/machine.txt" >&2; exit 1; }
	@[ -z "$(MACHINE_MODELS)" ] || $(RUN) $< 0 $(MACHINE_MODELS) | diff -q tests/vectors/machine-models.txt - >/dev/null || \
		{ echo "$<: differs from tests/vectors/machine-models.txt" >&2; exit 1; }
	@[ -n "$(MACHINE_MODELS)" ] || echo "skipped: no models under $(MACHINE_DATA)"

vectors-machine: $(BUILD)/tests/vectors/gen_machine
	@$< $(MACHINE_PROGRAMS) configs/demo/digits.onnx >tests/vectors/machine.txt
	@$< 0 $(MACHINE_MODELS) >tests/vectors/machine-models.txt

# Pairs for f32.pow, those included that a search found nearest to a tie.
POW_RECORDS ?= 110000
vectors: build/vectors/scalar/pow-stamp
build/vectors/scalar/pow-stamp: $(BUILD)/tests/vectors/gen_pow tests/prove/hard/pow.txt
	@mkdir -p $(@D)
	@$< $(@D)/scalar-28.bin $(POW_RECORDS) && touch $@
