# Vector files of the scalar table, which the forge tests read. Included by the Makefile.
#
#   make vectors        some 20,000 random records a function beside the grids of special values (the tests' default)
#   make vectors-long   ten times 100,000 a function, each from another seed, run through the contracts (minutes)

VECTORS := $(BUILD)/vectors/scalar
VECTORS_COUNT ?= 20000
GEN_SOFTFLOAT := $(BUILD)/tests/vectors/gen_softfloat

.PHONY: vectors vectors-long
vectors: $(VECTORS)/made

$(GEN_SOFTFLOAT): $(BUILD)/obj/tests/vectors/gen_softfloat.o
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS)

$(VECTORS)/made: $(GEN_SOFTFLOAT)
	@mkdir -p $(@D)
	$(call say,GEN $(@D))$< $(@D) $(VECTORS_COUNT)
	@touch $@

vectors-long: $(GEN_SOFTFLOAT)
	@mkdir -p $(BUILD)/vectors/long
	@for seed in 2 3 4 5 6 7 8 9 10 11; do \
		$< $(BUILD)/vectors/long 100000 $$seed && \
		GAINSAY_VECTORS=../../build/vectors/long $(CURDIR)/build/tools/forge test --root chain/contracts --offline \
			--match-contract '^(Scalar|SoftFloat|Elementary)Test$$' || exit 1; \
	done
