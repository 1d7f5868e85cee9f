# make evaluator-long N=5000: the evaluator in Python against the C code, over N random programs and N damaged files from
# the seed SEED (1). Included by the Makefile.
N ?= 5000
SEED ?= 1
.PHONY: evaluator-long vectors-law
evaluator-long: $(TOOL_BINARIES)
	@$(PYTHON) tests/evaluator/selftest.py
	@$(PYTHON) tests/evaluator/compare.py $(BUILD) $(N) $(SEED)
	@$(PYTHON) tests/evaluator/verdicts.py $(BUILD) $(N) $(SEED)

# tests/vectors/law: programs are added for what the committed ones do not cover (a new scalar function), values written anew.
vectors-law: $(TOOL_BINARIES)
	@$(PYTHON) tests/evaluator/vectors.py write $(BUILD)
