# make crash: the node dies at every commit and every send of a run with two disputes, at a thousand random instants of longer ones, and loses
# power after every write (tests/crash/kills.py, tests/crash/power.py); $(BUILD)/crash.json is what was seen.
CRASH_SEED ?= 1
CRASH_JOBS ?= 2
CRASH_STEP ?= 1
CRASH_RANDOM ?= 1000
CRASH_IMAGES ?= 20000
CRASH_INTERPOSE := $(BUILD)/tests/crash/interpose.so
CRASH_NEEDS := $(BUILD)/gainsay $(BUILD)/tests/tools/store_dump $(CRASH_INTERPOSE)

unit: $(CRASH_INTERPOSE)
$(CRASH_INTERPOSE): tests/crash/interpose.c
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) $(CPPFLAGS_ALL) -std=c17 -g $(WARNINGS) -O2 -fPIC -shared -o $@ $< -ldl

.PHONY: crash
crash: $(CRASH_NEEDS) contracts
	@$(PYTHON) tests/crash/crash.py $(BUILD) --seed $(CRASH_SEED) --step $(CRASH_STEP) --jobs $(CRASH_JOBS) --random $(CRASH_RANDOM) --images $(CRASH_IMAGES)
