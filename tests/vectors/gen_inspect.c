/* Vectors of descriptors, well formed and not: what the reader of programs says of each by itself, for the Inspector contract
 * to agree with (chain/contracts/test/Inspector.t.sol).
 *
 *   gen_inspect FILE PROGRAMS CHANGES [FIRST_SEED]      every descriptor of PROGRAMS random programs, and CHANGES damaged ones of each
 *
 * Every third program is tolerant. A record, numbers big-endian: 2 descriptor length, descriptor; of the header that it is read
 * under, which now and then is another one: 4 claimed_chunks, 8 tolerances (absolute 4, relative 4; all 0: an exact model);
 * 1 well formed, and if it is: 4 first_chunk, 4 span, 8 cost, 8 its own cost, 1 dtype, 8 elements. */
#include "challenge/machine/program.h"
#include "challenge/machine/tolerance.h"
#include "challenge/machine/wire.h"
#include "tests/generator/generator.h"
#include "tests/generator/mixture.h"

#include "chain/core/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool within_claimed(const struct gs_view *v, const struct gs_header *h)
{
	return v->space != GS_SPACE_CLAIMED ||
	       v->chunk + gs_dtype_chunks((enum gs_dtype)v->dtype, v->count) <= h->claimed_chunks;
}

/* What the reader asks of the instruction under this header: the claimed outputs that it reads are there, and a comparison is
 * the header's. The other arrays are as long as the law allows. */
static bool fits_header(const struct gs_instr *in, struct gs_bytes descriptor, const struct gs_header *h)
{
	uint32_t at[2] = {0, (uint32_t)descriptor.len};
	const struct gs_program alone = {
		.header = *h, .descriptors = (uint8_t *)(uintptr_t)descriptor.ptr, .descriptor_at = at, .count = 1};
	for (unsigned k = 0; k < gs_instr_operands(in); k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		if (!within_claimed(&op->view, h) || (op->indirect_row != 0 && !within_claimed(&op->indirect, h)))
			return false;
	}
	return gs_tolerance_check(&alone, NULL) == GS_OK;
}

static void put_record(struct gs_buf *out, struct gs_bytes descriptor, const struct gs_header *h, uint64_t tally[4])
{
	static struct gs_instr in; /* large */
	struct gs_error error = {0};
	bool good = gs_instr_decode(descriptor, &in, &error) == GS_OK && fits_header(&in, descriptor, h);
	tally[good + 2 * gs_header_tolerant(h)]++;
	gs_wire_put_be(out, descriptor.len, 2);
	gs_buf_append(out, descriptor.ptr, descriptor.len);
	gs_wire_put_be(out, h->claimed_chunks, 4);
	gs_wire_put_be(out, h->tolerance_abs, 4);
	gs_wire_put_be(out, h->tolerance_rel, 4);
	gs_buf_append_u8(out, good);
	if (!good)
		return;
	gs_wire_put_be(out, in.first_chunk, 4);
	gs_wire_put_be(out, in.span, 4);
	gs_wire_put_be(out, in.cost, 8);
	gs_wire_put_be(out, gs_instr_cost(&in), 8);
	gs_wire_put_be(out, in.store_dtype, 1);
	gs_wire_put_be(out, gs_instr_count(&in), 8);
}

/* Numbers at and beside the law's limits, and a few plain ones. */
static uint64_t interesting(struct gs_rng *rng)
{
	static const unsigned power[] = {0, 3, 7, 8, 18, 26, 31, 32, 40, 41, 63};
	uint64_t v = UINT64_C(1) << power[gs_rng_below(rng, sizeof(power) / sizeof(power[0]))];
	switch (gs_rng_below(rng, 5)) {
	case 0: return v - 1;
	case 1: return v + 1;
	case 2: return 2 * v; /* as a signed number: v */
	case 3: return 2 * v + 1;
	default: return v;
	}
}

/* One byte replaced, dropped or doubled; or a number written where a byte was. */
static void damage(struct gs_rng *rng, struct gs_bytes from, struct gs_buf *to)
{
	size_t at = (size_t)gs_rng_below(rng, from.len);
	to->len = 0;
	gs_buf_append(to, from.ptr, at);
	switch (gs_rng_below(rng, 6)) {
	case 0: gs_buf_append_u8(to, (uint8_t)gs_rng_below(rng, 256)); break;
	case 1: gs_buf_append_u8(to, (uint8_t)(from.ptr[at] ^ 1u << gs_rng_below(rng, 8))); break;
	case 2: gs_buf_append_u8(to, (uint8_t)gs_rng_below(rng, 17)); break;
	case 3: break;
	case 4: gs_wire_put_uint(to, interesting(rng)); break;
	default: gs_buf_append_u8(to, from.ptr[at]); gs_buf_append_u8(to, from.ptr[at]);
	}
	gs_buf_append(to, from.ptr + at + 1, from.len - at - 1);
}

static enum gs_err generate(uint64_t seed, struct gs_program *out, struct gs_error *error)
{
	struct gs_generator_options options = gs_generator_small();
	return seed % 3 == 0 ? gs_generate_tolerant(seed, &options, out, error)
	                     : gs_generate_mixture(seed, out, NULL, error);
}

/* The program's own header, or one that is exact, has a chunk less to compare, or another tolerance. */
static struct gs_header some_header(struct gs_rng *rng, const struct gs_header *own)
{
	struct gs_header h = *own;
	if (!gs_header_tolerant(own) || gs_rng_below(rng, 4) != 0)
		return h;
	switch (gs_rng_below(rng, 3)) {
	case 0: h.tolerance_abs = h.tolerance_rel = h.claimed_chunks = 0; break;
	case 1: h.tolerance_abs ^= 1; break;
	default: h.claimed_chunks -= h.claimed_chunks > 1; break;
	}
	return h;
}

static int run(uint64_t seed, unsigned changes, struct gs_buf *out, uint64_t tally[4])
{
	struct gs_program p;
	struct gs_error error = {0};
	struct gs_rng rng;
	struct gs_buf damaged;
	if (generate(seed, &p, &error) != GS_OK) {
		fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, error.text);
		return 1;
	}
	gs_rng_seed(&rng, seed);
	gs_buf_init(&damaged, 1 << 16);
	uint32_t shown = p.count < 24 ? p.count : 24;
	for (uint32_t i = 0; i < shown; i++) {
		struct gs_bytes whole = gs_program_descriptor(&p, i);
		put_record(out, whole, &p.header, tally);
		for (unsigned n = 0; n < changes; n++) {
			damage(&rng, whole, &damaged);
			struct gs_header h = some_header(&rng, &p.header);
			put_record(out, (struct gs_bytes){damaged.ptr, damaged.len}, &h, tally);
			put_record(out, whole, &h, tally);
		}
	}
	int failed = damaged.err != GS_OK || out->err != GS_OK;
	gs_buf_free(&damaged);
	gs_program_free(&p);
	return failed;
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: gen_inspect FILE PROGRAMS CHANGES [FIRST_SEED]\n");
		return 2;
	}
	uint64_t programs = strtoull(argv[2], NULL, 10), first = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
	uint64_t tally[4] = {0}; /* not and well formed; the same under tolerant headers */
	struct gs_buf out;
	int failed = 0;
	gs_buf_init(&out, (size_t)1 << 30);
	for (uint64_t n = 0; n < programs && !failed; n++)
		failed = run(first + n, (unsigned)strtoul(argv[3], NULL, 10), &out, tally);
	FILE *f = failed ? NULL : fopen(argv[1], "wb");
	bool ok = f && fwrite(out.ptr, 1, out.len, f) == out.len;
	if (f)
		ok &= fclose(f) == 0;
	if (!ok)
		fprintf(stderr, "%s: cannot be written\n", argv[1]);
	else
		printf("%llu well formed, %llu not; under tolerant headers %llu and %llu\n",
		       (unsigned long long)tally[1], (unsigned long long)tally[0], (unsigned long long)tally[3],
		       (unsigned long long)tally[2]);
	gs_buf_free(&out);
	return !ok;
}
