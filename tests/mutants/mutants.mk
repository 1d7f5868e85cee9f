# Defects planted one at a time into a copy of the production code, and found by the simulator (docs/simulations.md). Some minutes.
.PHONY: sim-mutants
sim-mutants: $(BUILD)/gainsay-sim
	@$(PYTHON) tests/mutants/mutants.py $(BUILD)
