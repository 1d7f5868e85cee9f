/* Vectors for f32.pow by MPFR alone: what gen_softfloat is to the rest of the table, in the same form of record.
 *
 *     gen_pow FILE COUNT [SEED]
 *
 * All pairs of special values, the pairs of tests/prove/hard/pow.txt, then COUNT pairs of the kinds of
 * tests/support/pow_cases.h in turn. A record is 32 bytes: a, b, 0 and the result, big-endian 64-bit words. */
#include "tests/support/mpfr_f32.h"
#include "tests/support/pow_cases.h"

#include <stdio.h>
#include <stdlib.h>

#define HARD "tests/prove/hard/pow.txt"

static void put(FILE *file, uint32_t a, uint32_t b)
{
	uint32_t r;
	if (!mpfr_f32_apply(0x28, a, b, 0, &r))
		abort();
	const uint64_t word[4] = {a, b, 0, r};
	unsigned char record[32];
	for (int i = 0; i < 32; i++)
		record[i] = (unsigned char)(word[i / 8] >> (56 - i % 8 * 8));
	if (fwrite(record, sizeof record, 1, file) != 1) {
		perror("gen_pow: write");
		exit(1);
	}
}

static void put_hard(FILE *file)
{
	FILE *hard = fopen(HARD, "r");
	char line[80];
	if (!hard) {
		perror("gen_pow: " HARD);
		exit(1);
	}
	while (fgets(line, sizeof line, hard)) {
		uint32_t a, b;
		if (sscanf(line, "%8x %8x", &a, &b) == 2)
			put(file, a, b);
	}
	fclose(hard);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "gen_pow: usage: gen_pow FILE COUNT [SEED]\n");
		return 2;
	}
	FILE *file = fopen(argv[1], "wb");
	unsigned long count = strtoul(argv[2], NULL, 10);
	uint64_t state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	if (!file) {
		perror(argv[1]);
		return 1;
	}
	for (size_t i = 0; i < pow_specials(); i++)
		for (size_t j = 0; j < pow_specials(); j++)
			put(file, pow_special(i), pow_special(j));
	put_hard(file);
	for (unsigned long i = 0; i < count; i++) {
		uint32_t a, b;
		pow_case(&state, (unsigned)(i % POW_CASE_KINDS), &a, &b);
		put(file, a, b);
	}
	if (fclose(file) != 0) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
