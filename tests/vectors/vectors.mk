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
