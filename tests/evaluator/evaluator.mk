# make evaluator-long N=5000: the evaluator in Python against the C code, over N random programs and N damaged files from
# the seed SEED (1). Included by the Makefile.
N ?= 5000
SEED ?= 1
.PHONY: evaluator-long
evaluator-long: $(TOOL_BINARIES)
	@$(PYTHON) tests/evaluator/selftest.py
	@$(PYTHON) tests/evaluator/compare.py $(BUILD) $(N) $(SEED)
	@$(PYTHON) tests/evaluator/verdicts.py $(BUILD) $(N) $(SEED)
