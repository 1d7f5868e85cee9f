# Small programs that tests run: each tests/tools/NAME.c becomes $(BUILD)/tests/tools/NAME.
TOOL_BINARIES := $(call binaries,$(wildcard tests/tools/*.c))
.PHONY: tools
tools: $(TOOL_BINARIES)
unit: $(TOOL_BINARIES)
$(TOOL_BINARIES): $(BUILD)/%: $(BUILD)/obj/%.o $(SUPPORT_OBJECTS) $(SIM_OBJECTS) $(BUILD)/libgainsay.a
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS)

# Keys, addresses, transactions, typed data and keystores beside ethers, viem and cast: a thousand drawn cases of each, in ten runs of a hundred.
.PHONY: crosscheck-long
CROSSCHECK_SEED ?= 1
crosscheck-long: $(BUILD)/tests/tools/cross_tool
	@GAINSAY_BUILD=$(abspath $(BUILD)) CROSSCHECK_JOBS=$(JOBS) tests/tools/crosscheck_long.sh $(CROSSCHECK_SEED)

# The audit of OpenGradient's settlements over 10,000 leaves in 501 batches, with every kind of defect planted; some minutes.
.PHONY: opengradient-stage
opengradient-stage: $(BUILD)/gainsay
	@GAINSAY_BUILD=$(abspath $(BUILD)) BATCHES=475 LEAVES=21 tests/integration/opengradient_stage.sh
