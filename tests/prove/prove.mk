# The proof of the elementary functions over all 2^32 inputs, and their vectors. Included by the Makefile.
#
#   make prove-math            the library's own object, one function after the other (about an hour)
#   make prove-math-native     the same source compiled for this machine's fma and vectors (some minutes)
#   make prove-vmath           the executor's vector kernels of every instruction set that this processor has, against the
#                              scalar functions: every input; VMATH_FUNCTIONS="exp log" chooses
#   make prove-mirror          the mirror of the contract's arithmetic (tests/mirror): one thread, an hour and a half;
#                              PROVE_MIRROR="exp log" chooses
#   make prove-math-selftest   one coefficient's last bit changed: passes when the proof notices it in every such function
#   make prove-math-two        pow, div and fma on 10^9 cases each (half an hour)
#   make prove-decimal         decimals of OpenGradient's chain, read and written, on 10^7 cases each (a quarter of an hour)
#   make vectors-math          writes tests/vectors/elementary/*.txt again
#
# build/tests/prove/prove_math FUNCTION [FIRST LAST] runs one function, or a part of it.

PROVE := $(BUILD)/prove
PROVE_FUNCTIONS := exp log tanh erf floor ceil trunc round sin cos expm1 log1p
PROVE_FUNCTIONS += sinh cosh asinh acosh atanh tan asin acos atan
# Those that have coefficients: a rounding to an integer has none to spoil.
PROVE_PLANTED := exp log tanh erf sin cos expm1 log1p
PROVE_PLANTED += sinh cosh asinh acosh atanh tan asin acos atan
# The array form is a loop of single steps, which a compiler may put into vectors: same operations, same results.
# No flag of an exception is ever read: that leave changes no result, and lets gcc make vectors of choices.
PROVE_NATIVE := -O3 -march=native -fno-trapping-math
prove_all = @mkdir -p $(2); for f in $(PROVE_FUNCTIONS); do PROVE_DIR=$(2) nice $(1) $$f || exit 1; done

# Functions of two and three operands: drawn cases, since no run can exhaust them.
PROVE_TWO_CASES ?= 1000000000
# Numbers of OpenGradient's chain beside GMP's rationals, both ways.
PROVE_DECIMAL_CASES ?= 10000000
.PHONY: prove-decimal
prove-decimal: $(BUILD)/tests/prove/prove_decimal
	@nice $< $(PROVE_DECIMAL_CASES)

.PHONY: prove-math-two
prove-math-two: $(BUILD)/tests/prove/prove_two
	@$(PYTHON) tests/prove/pow_tables.py | clang-format | cmp - challenge/machine/pow_tables.h
	@mkdir -p $(PROVE); for f in div fma pow; do PROVE_DIR=$(PROVE) nice $< $$f $(PROVE_TWO_CASES) || exit 1; done

PROVE_MIRROR ?= exp log tanh erf sin cos expm1 log1p atan tan asin acos sinh cosh asinh acosh atanh

VMATH_FUNCTIONS ?= $(PROVE_FUNCTIONS) sqrt sigmoid
.PHONY: prove-vmath
prove-vmath: $(PROVE)/native/prove_vmath
	@for f in $(VMATH_FUNCTIONS); do nice $< $$f || exit 1; done

.PHONY: prove-math prove-math-native prove-mirror prove-math-selftest vectors-math
prove-math: $(BUILD)/tests/prove/prove_math
	$(call prove_all,$<,$(PROVE))

prove-math-native: $(PROVE)/native/prove_math
	$(call prove_all,$<,$(PROVE)/native)

prove-mirror: $(PROVE)/mirror/prove_math
	@$(PYTHON) -B tests/mirror/constants.py --check
	@for f in $(PROVE_MIRROR); do PROVE_DIR=$(<D) nice -n 19 $< $$f || exit 1; done

prove-math-selftest: $(PROVE)/planted/prove_math $(PROVE)/planted/prove_two $(PROVE)/mirror-planted/prove_math
	@for f in $(PROVE_MIRROR); do \
		first=3f000000 last=3f7fffff; [ $$f != acosh ] || { first=3f800000; last=3fffffff; }; \
		nice $(PROVE)/mirror-planted/prove_math $$f $$first $$last >$(PROVE)/mirror-planted/$$f.out; \
		grep -q '^mismatch:' $(PROVE)/mirror-planted/$$f.out || { echo "prove-math-selftest: $$f: an error of the mirror went unnoticed"; exit 1; }; \
		echo "noticed: $$(tail -n 1 $(PROVE)/mirror-planted/$$f.out)"; \
	done
	@PROVE_DIR=$(PROVE)/planted nice $(PROVE)/planted/prove_two pow 10000000 >$(PROVE)/planted/pow.out; \
		grep -q '^mismatch: f32.pow' $(PROVE)/planted/pow.out || { echo "prove-math-selftest: pow: a planted bit went unnoticed"; exit 1; }; \
		echo "noticed: $$(tail -n 1 $(PROVE)/planted/pow.out)"
	@for f in $(PROVE_PLANTED); do \
		PROVE_DIR=$(<D) nice $< $$f >$(<D)/$$f.out; \
		grep -q '^mismatch:' $(<D)/$$f.out || { cat $(<D)/$$f.out; echo "prove-math-selftest: $$f: a planted bit went unnoticed"; exit 1; }; \
		echo "noticed: $$(tail -n 1 $(<D)/$$f.out)"; \
	done

vectors-math: $(BUILD)/tests/prove/gen_vectors
	@for f in $(PROVE_FUNCTIONS); do $< $$f $$(ls tests/prove/hard/$$f.txt 2>/dev/null) >tests/vectors/elementary/$$f.txt || exit 1; done

PROVE_REFERENCE := $(patsubst %,$(BUILD)/obj/tests/prove/%.o,reference reference_hyperbolic reference_trig)
$(BUILD)/obj/tests/prove/reference.o: ARCH_FLAGS = $(PROVE_NATIVE)

$(PROVE)/native/%.o: ARCH_FLAGS = $(PROVE_NATIVE) -DGS_PROVE_ARRAY
$(PROVE)/planted/%.o: ARCH_FLAGS = $(PROVE_NATIVE) -DGS_PROVE_ARRAY -DGS_PROVE_PLANT
$(PROVE)/mirror/%.o: ARCH_FLAGS = $(PROVE_NATIVE) -DGS_PROVE_MIRROR
$(PROVE)/mirror-planted/%.o: ARCH_FLAGS = $(PROVE_NATIVE) -DGS_PROVE_MIRROR -DGS_PROVE_PLANT
PROVE_OBJECTS := $(PROVE)/planted/pow.o $(foreach v,native planted,$(addprefix $(PROVE)/$(v)/,prove_math.o elementary.o))
PROVE_OBJECTS += $(foreach v,mirror mirror-planted,$(addprefix $(PROVE)/$(v)/,prove_math.o mirror.o))
$(PROVE_OBJECTS): $(PROVE)/%.o: $(BUILD)/flags $(wildcard tests/prove/*.[ch] tests/mirror/*.[ch] challenge/machine/elementary* challenge/machine/pow*)
	@mkdir -p $(@D)
	$(call say,CC $@)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(OPT) $(ARCH_FLAGS) -c $(wildcard */*/$(*F).c) -o $@
$(PROVE)/native/prove_math $(PROVE)/planted/prove_math: %/prove_math: %/prove_math.o %/elementary.o $(PROVE_REFERENCE)
	$(call say,LD $@)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(TEST_LIBS)
# The first definition is taken: the functions compiled for this machine, not the library's.
$(PROVE)/native/prove_vmath: $(BUILD)/obj/tests/prove/prove_vmath.o $(PROVE)/native/elementary.o $(BUILD)/libgainsay.a
	$(call say,LD $@)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(TEST_LIBS)
$(PROVE)/mirror/prove_math $(PROVE)/mirror-planted/prove_math: %/prove_math: %/prove_math.o %/mirror.o $(PROVE_REFERENCE)
	$(call say,LD $@)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(TEST_LIBS)
$(PROVE)/planted/prove_two: $(addprefix $(BUILD)/obj/tests/prove/,prove_two.o exact_f32.o) $(PROVE)/planted/pow.o $(SUPPORT_OBJECTS) $(SIM_OBJECTS) $(BUILD)/libgainsay.a
	$(call say,LD $@)$(CC) $(LDFLAGS_ALL) $^ -o $@ $(TEST_LIBS)
