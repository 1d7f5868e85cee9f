# make soak: random programs and ONNX graphs for an hour, executed, judged and recomputed by MPFR (tests/soak/soak.c), with batches of
# their steps judged by the contract in between. SOAK_SECONDS and SOAK_SEED say how long and from where.
SOAK_SECONDS ?= 3600
SOAK_SEED ?= 1
SOAK := $(BUILD)/tests/soak/soak
unit: $(SOAK)
$(SOAK): $(BUILD)/%: $(BUILD)/obj/%.o $(SUPPORT_OBJECTS) $(SIM_OBJECTS) $(BUILD)/libgainsay.a
	@mkdir -p $(@D)
	$(call say,LD $@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(TEST_LIBS)

.PHONY: soak
soak: $(SOAK) $(BUILD)/tests/vectors/gen_judge contracts
	@tests/soak/soak.sh $(BUILD) $(SOAK_SECONDS) $(SOAK_SEED)
