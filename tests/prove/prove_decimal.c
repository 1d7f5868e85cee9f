/* Decimals of OpenGradient's chain to binary32 and back beside GMP's rationals: the hard places of every exponent, and drawn cases, since no run can
 * exhaust them.
 *
 *     prove_decimal [CASES [SEED]] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/decimal_cases.h"

enum { SHOWN_MAX = 20, DECIMALS_SWEPT = 400, POWERS_OF_TEN = 39 };
__extension__ typedef unsigned __int128 u128;
static const gs_int128 most = (gs_int128)(((u128)1 << 127) - 1);

struct tally {
	uint64_t read, written, wrong, infinite, subnormal;
};

static void mismatch(struct tally *t, uint32_t bits, const char *what)
{
	if (++t->wrong <= SHOWN_MAX)
		printf("mismatch: after %" PRIu64 " read and %" PRIu64 " written: %08" PRIx32 " is not %s\n", t->read,
		       t->written, bits, what);
}

static void try_read(struct tally *t, const struct gs_decimal *d)
{
	const uint32_t bits = gs_decimal_to_binary32(d);

	if (!decimal_is_nearest(d, bits))
		mismatch(t, bits, "the nearest");
	t->read++;
	t->infinite += (bits & 0x7fffffff) == 0x7f800000;
	t->subnormal += (bits & 0x7f800000) == 0 && (bits & 0x7fffffff) != 0;
}

static void try_write(struct tally *t, uint32_t bits)
{
	struct gs_decimal written;

	if (gs_decimal_of_binary32(bits, &written) != GS_OK || !decimal_is_shortest(&written, bits))
		mismatch(t, bits, "written as its shortest");
	t->written++;
}

static void both_signs(struct tally *t, gs_int128 value, gs_int128 decimals)
{
	const struct gs_decimal positive = {value, decimals}, negative = {-value, decimals};

	try_read(t, &positive);
	try_read(t, &negative);
}

/* An int128's limits and the powers of ten, each with its neighbours, with every number of decimals that does not end in zero or infinity; and the limits of decimals. */
static void sweep_decimals(struct tally *t)
{
	for (gs_int128 decimals = -DECIMALS_SWEPT; decimals <= DECIMALS_SWEPT; decimals++) {
		const struct gs_decimal least = {-most - 1, decimals};
		gs_int128 power = 1;
		try_read(t, &least);
		both_signs(t, most, decimals);
		both_signs(t, most - 1, decimals);
		for (int k = 0; k < POWERS_OF_TEN; k++) {
			for (gs_int128 near = -1; near <= 1; near++)
				both_signs(t, power + near, decimals);
			power = k + 1 < POWERS_OF_TEN ? power * 10 : power;
		}
	}
	for (gs_int128 near = 0; near < 3; near++)
		for (gs_int128 value = 0; value < 3; value++) {
			both_signs(t, value, most - near);
			both_signs(t, value, -most + near - 1);
			both_signs(t, most - value, most - near);
			both_signs(t, most - value, -most + near - 1);
		}
}

/* Fractions at both ends and in the middle of every exponent, and the midpoints above them, to the digits that an int128 holds. */
static void sweep_exponents(struct tally *t)
{
	static const uint32_t fractions[] = {0, 1, 2, 3, 0x3fffff, 0x400000, 0x400001, 0x7ffffd, 0x7ffffe, 0x7fffff};

	for (uint32_t exponent = 0; exponent < 255; exponent++)
		for (size_t i = 0; i < GS_ARRAY_LEN(fractions); i++) {
			const uint32_t bits = exponent << 23 | fractions[i];
			try_write(t, bits);
			try_write(t, bits | UINT32_C(1) << 31);
			for (int digits = 36; digits <= 38; digits++) {
				struct gs_decimal d = decimal_above(bits, digits);
				d.value -= 2;
				for (int near = 0; near < 4; near++, d.value++)
					both_signs(t, d.value, d.decimals);
			}
		}
}

static void drawn(struct tally *t, uint64_t cases, uint64_t seed)
{
	struct gs_rng rng;

	gs_rng_seed(&rng, seed);
	for (uint64_t i = 0; i < cases; i++) {
		const struct gs_decimal d = decimal_case(&rng);
		try_read(t, &d);
		try_write(t, binary32_case(&rng));
	}
}

int main(int argc, char **argv)
{
	const uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
	const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	struct tally t = {0};

	sweep_decimals(&t);
	sweep_exponents(&t);
	printf("decimal: swept: %" PRIu64 " read, %" PRIu64 " written\n", t.read, t.written);
	fflush(stdout);
	drawn(&t, cases, seed);
	printf("decimal: seed %" PRIu64 ", %" PRIu64 " read (%" PRIu64 " infinite, %" PRIu64 " subnormal), %" PRIu64
	       " written, %" PRIu64 " mismatches\n",
	       seed, t.read, t.infinite, t.subnormal, t.written, t.wrong);
	return t.wrong != 0 || cases == 0;
}
