/* Decimals of OpenGradient's chain to binary32 and back beside GMP's rationals: drawn cases, since no run can exhaust them.
 *
 *     prove_decimal [CASES [SEED]] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/decimal_cases.h"

enum { SHOWN_MAX = 20 };

int main(int argc, char **argv)
{
	const uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
	const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	uint64_t wrong = 0, infinite = 0, subnormal = 0;
	struct gs_rng rng;

	gs_rng_seed(&rng, seed);
	for (uint64_t i = 0; i < cases; i++) {
		const struct gs_decimal d = decimal_case(&rng);
		const uint32_t bits = gs_decimal_to_binary32(&d), other = binary32_case(&rng);
		struct gs_decimal written;
		if (!decimal_is_nearest(&d, bits) && ++wrong <= SHOWN_MAX)
			printf("mismatch: case %" PRIu64 ": %08" PRIx32 " is not the nearest\n", i, bits);
		if ((gs_decimal_of_binary32(other, &written) != GS_OK || !decimal_is_shortest(&written, other)) &&
		    ++wrong <= SHOWN_MAX)
			printf("mismatch: case %" PRIu64 ": %08" PRIx32 " is not written as its shortest\n", i, other);
		infinite += (bits & 0x7fffffff) == 0x7f800000;
		subnormal += (bits & 0x7f800000) == 0 && (bits & 0x7fffffff) != 0;
	}
	printf("decimal: seed %" PRIu64 ", %" PRIu64 " read (%" PRIu64 " infinite, %" PRIu64
	       " subnormal) and as many written, "
	       "%" PRIu64 " mismatches\n",
	       seed, cases, infinite, subnormal, wrong);
	return wrong != 0 || cases == 0;
}
