# make hostile: random schedules of faults at the nodes' endpoints, over live disputes on anvil (tests/hostile/schedules.py).
# make reorgs: a hundred reorganisations and more, of depth 1 to 30. HOSTILE_SEED and HOSTILE_JOBS say from where and how many at once.
HOSTILE_RUNS ?= 1000
HOSTILE_SEED ?= fresh
HOSTILE_JOBS ?= 4
REORG_RUNS ?= 13
REORGS_A_RUN ?= 8
HOSTILE_NEEDS := $(BUILD)/gainsay $(BUILD)/tests/tools/store_dump contracts

.PHONY: hostile reorgs
hostile: $(HOSTILE_NEEDS)
	@$(PYTHON) tests/hostile/schedules.py $(BUILD) --failures tests/hostile/failures.txt --seeds $(HOSTILE_SEED):$(HOSTILE_RUNS) --jobs $(HOSTILE_JOBS)
reorgs: $(HOSTILE_NEEDS)
	@$(PYTHON) tests/hostile/schedules.py $(BUILD) --seeds $(HOSTILE_SEED):$(REORG_RUNS) --reorgs $(REORGS_A_RUN) --jobs $(HOSTILE_JOBS)
