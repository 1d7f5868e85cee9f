/* Matrix products of every form, by every table of kernels, against the reference interpreter to the bit. */
#include "tests/support/endian.h"
#include "tests/support/exec_case.h"
#include "tests/support/share.h"

#include "validator/exec/contract.h"
#include "validator/exec/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint64_t pick(struct gs_rng *rng, const uint32_t *from, size_t n)
{
	return from[gs_rng_below(rng, n)];
}

static uint8_t pick_dtype(struct gs_rng *rng)
{
	static const uint8_t dtype[] = {GS_F32, GS_F32, GS_F32, GS_F32, GS_F16, GS_BF16};
	return dtype[gs_rng_below(rng, GS_ARRAY_LEN(dtype))];
}

/* A tensor over the given axes (those of extent 0 it does not have), its elements in a random order of them. */
static struct gs_operand tensor(struct gs_exec_case *c, uint8_t dtype, const bool *has, unsigned axes)
{
	unsigned order[GS_AXES_MAX], n = 0;
	uint64_t count = 1,
		 gap = 1 + gs_rng_below(&c->rng, 8) / 7 * gs_rng_below(&c->rng, 3); /* rarely: elements apart */
	int64_t stride[GS_AXES_MAX] = {0}, offset = 0;
	for (unsigned a = 0; a < axes; a++)
		if (has[a])
			order[n++] = a;
	for (unsigned i = n; i > 1; i--) {
		unsigned k = (unsigned)gs_rng_below(&c->rng, i), swap = order[i - 1];
		order[i - 1] = order[k];
		order[k] = swap;
	}
	count = gap;
	for (unsigned i = n; i-- > 0;) {
		stride[order[i]] = (int64_t)count;
		count *= c->in.extent[order[i]];
		if (gs_rng_below(&c->rng, 10) == 0) { /* backwards */
			offset += stride[order[i]] * ((int64_t)c->in.extent[order[i]] - 1);
			stride[order[i]] = -stride[order[i]];
		}
	}
	struct gs_operand op = gs_exec_case_tensor(c, (uint8_t)(1 + gs_rng_below(&c->rng, 2)), dtype, count);
	struct gs_row *row = gs_exec_case_row(&op, count, 1, offset);
	memcpy(row->at.coef, stride, sizeof(stride));
	return op;
}

/* out[batch...][m][n] (m and n in either order) over one or two axes of k; a factor may lack batch axes. */
static void product_case(uint64_t seed, bool *contraction)
{
	static const uint32_t some[] = {1,  1,  2,  3,  4,  5,  6,  7,  8,  13, 14,  15,
	                                16, 17, 28, 29, 31, 32, 33, 48, 64, 65, 100, 129};
	static const uint32_t terms[] = {1, 2, 3, 7, 8, 9, 16, 27, 31, 64, 100, 255, 256, 257, 300, 520};
	struct gs_exec_case c;
	gs_exec_case_begin(&c, seed);
	unsigned batches = (unsigned)gs_rng_below(&c.rng, 3), split = (unsigned)gs_rng_below(&c.rng, 4) == 0;
	unsigned m = batches + (unsigned)gs_rng_below(&c.rng, 2), n = 2 * batches + 1 - m, k = batches + 2;
	bool first[GS_AXES_MAX] = {false}, second[GS_AXES_MAX] = {false}, start[GS_AXES_MAX] = {false};
	c.in.out_axes = (uint8_t)k;
	c.in.red_axes = (uint8_t)(1 + split);
	for (unsigned a = 0; a < batches; a++) {
		c.in.extent[a] = 1 + (uint32_t)gs_rng_below(&c.rng, 3);
		first[a] = gs_rng_below(&c.rng, 4) != 0;
		second[a] = gs_rng_below(&c.rng, 4) != 0;
		start[a] = gs_rng_below(&c.rng, 2) != 0;
	}
	c.in.extent[m] = (uint32_t)pick(&c.rng, some, GS_ARRAY_LEN(some));
	c.in.extent[n] = (uint32_t)pick(&c.rng, some, GS_ARRAY_LEN(some));
	c.in.extent[k] = (uint32_t)pick(&c.rng, terms, GS_ARRAY_LEN(terms));
	first[m] = second[n] = first[k] = second[k] = true;
	if (split) {
		c.in.extent[k] = 1 + c.in.extent[k] / 3;
		c.in.extent[k + 1] = 3;
		first[k + 1] = second[k + 1] = gs_rng_below(&c.rng, 8) != 0;
	}
	unsigned kind = (unsigned)gs_rng_below(&c.rng, 5);
	start[m] = kind == 1 || kind == 3;
	start[n] = kind == 2 || kind == 3;
	c.in.operand[0] = kind == 0 ? (struct gs_operand){.constant = gs_rng_below(&c.rng, 2) ? 0 : 0x80000000}
	                            : tensor(&c, pick_dtype(&c.rng), start, k);
	c.in.operand[1] = tensor(&c, pick_dtype(&c.rng), first, k + 2);
	c.in.operand[2] = tensor(&c, pick_dtype(&c.rng), second, k + 2);
	gs_exec_case_finish(&c);
	struct gs_error error = {0};
	(void)error;
	gs_exec_case_compare(&c, seed, contraction);
	gs_exec_case_free(&c);
}

static void products(void **state)
{
	(void)state;
	unsigned recognised = 0, cases = gs_share(400);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		bool contraction;
		product_case(seed, &contraction);
		recognised += contraction;
	}
	assert_in_range(recognised, cases * 3 / 4, cases); /* the rest: innermost axes that both or neither follow */
}

/* One vector times a constant matrix, stored either way round, with any start and epilogue. */
static void one_vector(void **state)
{
	(void)state;
	unsigned vectors = 0, cases = gs_share(150);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		bool contraction;
		gs_exec_case_begin(&c, 20000 + seed);
		uint32_t lanes = 1 + (uint32_t)gs_rng_below(&c.rng, 300),
			 terms = 1 + (uint32_t)gs_rng_below(&c.rng, 200);
		bool outer = gs_rng_below(&c.rng, 2), turned = gs_rng_below(&c.rng, 2);
		unsigned lane = outer ? 1 : 0, term = lane + 1;
		c.in.out_axes = (uint8_t)(lane + 1);
		c.in.red_axes = 1;
		c.in.extent[0] = 1;
		c.in.extent[lane] = lanes;
		c.in.extent[term] = terms;
		struct gs_operand matrix = gs_exec_case_tensor(&c, GS_SPACE_WEIGHTS, GS_F32, (uint64_t)lanes * terms);
		struct gs_operand vector = gs_exec_case_tensor(&c, GS_SPACE_INPUTS, GS_F32, terms + 5);
		struct gs_row *row = gs_exec_case_row(&matrix, (uint64_t)lanes * terms, 1, 0);
		row->at.coef[lane] = turned ? 1 : terms;
		row->at.coef[term] = turned ? lanes : 1;
		gs_exec_case_row(&vector, terms + 5, 1, 3)->at.coef[term] = 1;
		if (gs_rng_below(&c.rng, 3)) {
			bool moves = gs_rng_below(&c.rng, 3) != 0;
			c.in.operand[0] = gs_exec_case_tensor(&c, GS_SPACE_INPUTS, GS_F32, lanes + 7);
			gs_exec_case_row(&c.in.operand[0], lanes + 7, 1, 7)->at.coef[lane] = moves;
		}
		c.in.operand[1 + gs_rng_below(&c.rng, 2)] = vector;
		c.in.operand[c.in.operand[1].kind == GS_OPERAND_TENSOR ? 2 : 1] = matrix;
		gs_exec_case_finish(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		vectors += c.vectors != 0;
		gs_exec_case_free(&c);
	}
	assert_forms(vectors, cases / 10, cases); /* the rest: other epilogues and types, single outputs */
}

/* More rows than an item, more lanes than an item, more terms than a block. */
static void large_products(void **state)
{
	(void)state;
	static const uint32_t shape[][3] = {{1400, 33, 20},  {17, 700, 300}, {1, 1300, 77},  {2, 300, 600},
	                                    {350, 280, 270}, {33, 2500, 5},  {40, 1024, 65}, {9, 4500, 2}};
	for (unsigned i = 0; i < GS_ARRAY_LEN(shape); i++) {
		struct gs_exec_case c;
		bool contraction, first[] = {true, false, true}, second[] = {false, true, true};
		gs_exec_case_begin(&c, 9000 + i);
		c.in.out_axes = 2;
		c.in.red_axes = 1;
		memcpy(c.in.extent, shape[i], sizeof(shape[i]));
		c.in.operand[1] = tensor(&c, GS_F32, first, 3);
		c.in.operand[2] = tensor(&c, GS_F32, second, 3);
		gs_exec_case_compare(&c, i, &contraction);
		assert_true(contraction);
		gs_exec_case_free(&c);
	}
}

/* Lanes that are neighbours in x and in the output, as in most models: tiles go from panel to panel, in items of many lanes when
 * terms are few, over x as it lies or packed; rows of x lie apart by whole lines of the caches, or not. */
static void panels_in_a_row(void **state)
{
	(void)state;
	static const uint32_t lanes[] = {96, 256, 416, 700, 1000, 2048, 2180}, terms[] = {1, 3, 16, 31, 64, 70, 300};
	unsigned cases = gs_share(60), recognised = 0;
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		bool contraction, first[] = {true, false, true}, start[] = {seed % 2 != 0, false};
		gs_exec_case_begin(&c, 31000 + seed);
		c.in.out_axes = 2;
		c.in.red_axes = 1;
		c.in.extent[1] = (uint32_t)pick(&c.rng, lanes, GS_ARRAY_LEN(lanes));
		c.in.extent[2] = (uint32_t)pick(&c.rng, terms, GS_ARRAY_LEN(terms));
		uint64_t rows = 1 + gs_rng_below(&c.rng, 50), most = 700000 / c.in.extent[1] / c.in.extent[2];
		c.in.extent[0] = (uint32_t)(rows < most ? rows : most + 1);
		uint64_t apart = c.in.extent[1] + gs_rng_below(&c.rng, 2) * (uint64_t)(c.in.extent[1] % 3 * 16 + 5);
		uint64_t count = apart * c.in.extent[2];
		c.in.operand[0] = tensor(&c, GS_F32, start, 2);
		c.in.operand[1] = tensor(&c, GS_F32, first, 3);
		c.in.operand[2] = gs_exec_case_tensor(&c, (uint8_t)(1 + gs_rng_below(&c.rng, 2)), GS_F32, count);
		struct gs_row *row = gs_exec_case_row(&c.in.operand[2], count, 1, 0);
		row->at.coef[1] = 1;
		row->at.coef[2] = (int64_t)apart;
		gs_exec_case_finish(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		recognised += contraction;
		gs_exec_case_free(&c);
	}
	assert_int_equal(recognised, cases);
}

/* Constant rows over the few lanes of a small image, which change places: every start, any epilogue and type. */
static void few_places(void **state)
{
	(void)state;
	static const uint32_t places[] = {9, 10, 13, 25, 36, 49, 50, 100}, terms[] = {32, 33, 80, 257, 300};
	unsigned cases = gs_share(80), turned = 0;
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		struct gs_contract out;
		bool contraction, weights[] = {true, false, true}, x[] = {false, true, true};
		gs_exec_case_begin(&c, 41000 + seed);
		unsigned start = (unsigned)gs_rng_below(&c.rng, 4);
		c.in.out_axes = 2;
		c.in.red_axes = 1;
		c.in.extent[0] = 16 * (1 + (uint32_t)gs_rng_below(&c.rng, 20)) +
		                 (uint32_t)gs_rng_below(&c.rng, 3) / 2 * 5;
		c.in.extent[1] = (uint32_t)pick(&c.rng, places, GS_ARRAY_LEN(places));
		c.in.extent[2] = (uint32_t)pick(&c.rng, terms, GS_ARRAY_LEN(terms));
		bool starts[] = {start % 2 != 0, start / 2 != 0};
		if (start != 0)
			c.in.operand[0] = tensor(&c, pick_dtype(&c.rng), starts, 2);
		c.in.operand[1] = tensor(&c, pick_dtype(&c.rng), weights, 3);
		c.in.operand[2] = tensor(&c, pick_dtype(&c.rng), x, 3);
		struct gs_view *constant = &c.in.operand[1].view;
		if (constant->space != GS_SPACE_WEIGHTS) { /* one of other elements there */
			struct gs_operand copy = gs_exec_case_tensor(&c, GS_SPACE_WEIGHTS, constant->dtype,
			                                             constant->count);
			constant->space = GS_SPACE_WEIGHTS;
			constant->chunk = copy.view.chunk;
		}
		gs_exec_case_finish(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		assert_true(contraction);
		for (unsigned t = 0; gs_kernels_nth(t) != NULL; t++)
			if (gs_contract_match(&c.in, gs_kernels_nth(t), &out) && out.is.rows.axis[0] == 1) {
				turned++;
				break;
			}
		gs_exec_case_free(&c);
	}
	assert_in_range(turned, cases / 8, cases); /* kernels of narrow vectors do so more seldom */
}

/* Many rows beside few lanes: tiles read the rows where they lie, evenly apart. */
static void rows_apart(void **state)
{
	(void)state;
	static const uint32_t lanes[] = {1, 5, 16, 17, 32, 33, 48, 64, 100, 128}, terms[] = {1, 2, 9, 27, 64, 100, 256};
	unsigned apart = 0, cases = gs_share(100);
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct gs_exec_case c;
		struct gs_contract out;
		bool contraction, second[] = {false, true, true};
		gs_exec_case_begin(&c, 51000 + seed);
		unsigned start = (unsigned)gs_rng_below(&c.rng, 4);
		bool starts[] = {start % 2 != 0, start / 2 != 0};
		c.in.out_axes = 2;
		c.in.red_axes = 1;
		c.in.extent[0] = 1 + (uint32_t)gs_rng_below(&c.rng, seed % 10 == 0 ? 3000 : 150);
		c.in.extent[1] = (uint32_t)pick(&c.rng, lanes, GS_ARRAY_LEN(lanes));
		c.in.extent[2] = (uint32_t)pick(&c.rng, terms, GS_ARRAY_LEN(terms));
		while ((uint64_t)c.in.extent[0] * c.in.extent[1] * c.in.extent[2] > 1000000)
			c.in.extent[0] = c.in.extent[0] / 2 + 1;
		uint64_t row = c.in.extent[2] + gs_rng_below(&c.rng, 3) / 2 * 5, count = row * c.in.extent[0];
		if (start != 0)
			c.in.operand[0] = tensor(&c, pick_dtype(&c.rng), starts, 2);
		c.in.operand[1] = gs_exec_case_tensor(&c, GS_SPACE_INPUTS, pick_dtype(&c.rng), count);
		struct gs_row *at = gs_exec_case_row(&c.in.operand[1], count, 1, 0);
		at->at.coef[0] = (int64_t)row;
		at->at.coef[2] = 1;
		c.in.operand[2] = tensor(&c, pick_dtype(&c.rng), second, 3);
		gs_exec_case_finish(&c);
		gs_exec_case_compare(&c, seed, &contraction);
		assert_true(contraction);
		for (unsigned t = 0; gs_kernels_nth(t) != NULL; t++)
			if (gs_contract_match(&c.in, gs_kernels_nth(t), &out) &&
			    gs_contract_reads_apart(&out, gs_kernels_nth(t))) {
				apart++;
				break;
			}
		gs_exec_case_free(&c);
	}
	assert_in_range(apart, cases / 3, cases); /* the rest: few rows, so that they are the lanes */
}

/* A contraction must be exactly one: whatever else looks like it stays with the lines. */
static void what_is_none(void **state)
{
	(void)state;
	struct gs_exec_case c;
	struct gs_contract out;
	const struct gs_kernels *k = gs_kernels_select();
	bool first[] = {true, false, true}, second[] = {false, true, true};
	gs_exec_case_begin(&c, 1);
	c.in.out_axes = 2;
	c.in.red_axes = 1;
	c.in.extent[0] = 6;
	c.in.extent[1] = 40;
	c.in.extent[2] = 9;
	c.in.operand[1] = tensor(&c, GS_F32, first, 3);
	c.in.operand[2] = tensor(&c, GS_F32, second, 3);
	assert_true(gs_contract_match(&c.in, k, &out));
	struct gs_instr in = c.in;
	in.fn = GS_FN_F32_ADD;
	assert_false(gs_contract_match(&in, k, &out));
	in = c.in;
	in.operand[1].indirect_row = 1;
	assert_false(gs_contract_match(&in, k, &out));
	in = c.in;
	in.operand[2] = (struct gs_operand){.constant = 0x3f800000};
	assert_false(gs_contract_match(&in, k, &out));
	in = c.in;
	in.operand[1].view.row[0].extent--;   /* now some reads are outside... */
	in.operand[1].view.pad = GS_PAD_SKIP; /* ...and skipped */
	assert_false(gs_contract_match(&in, k, &out));
	in.operand[1]
		.view.pad = GS_PAD_ZERO; /* padded, along an axis that no stage fits: k and m move one coordinate */
	assert_true(gs_contract_match(&in, k, &out));
	in = c.in;
	in.operand[1].view.count--; /* beyond the tensor, inside the row */
	assert_false(gs_contract_match(&in, k, &out));
	in = c.in;
	in.extent[2] = 0; /* no terms */
	assert_false(gs_contract_match(&in, k, &out));
	in = c.in;
	in.operand[1].view.row[0].at.coef[0] = GS_COEF_MAX; /* hostile: a stage of 2^34 elements */
	assert_false(gs_contract_match(&in, k, &out));
	gs_exec_case_free(&c);
}

/* Every f16 and bf16 widened; random binary32 narrowed, most of them near what f16 can hold. */
static void sixteen_bits(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 16);
	for (unsigned t = 0; gs_kernels_nth(t) != NULL; t++) {
		const struct gs_kernels *k = gs_kernels_nth(t);
		uint16_t half[11];
		float wide[11];
		for (uint32_t first = 0; first < 1 << 16; first += 11) {
			for (unsigned i = 0; i < 11; i++)
				half[i] = (uint16_t)(first + i);
			k->widen_f16(wide, half, 11);
			for (unsigned i = 0; i < 11; i++)
				assert_int_equal(gs_f32_to_bits(wide[i]), gs_f16_to_f32(half[i]));
			k->widen_bf16(wide, half, 11);
			for (unsigned i = 0; i < 11; i++)
				assert_int_equal(gs_f32_to_bits(wide[i]), gs_bf16_to_f32(half[i]));
		}
		for (unsigned n = 0; n < 20000; n++) {
			uint32_t bits[11];
			for (unsigned i = 0; i < 11; i++) {
				uint64_t r = gs_rng_u64(&rng);
				bits[i] = n % 3 ? (uint32_t)(0x32000000 + (r & 0x15ffffff)) | (uint32_t)(r >> 63 << 31)
				                : (uint32_t)r;
				bits[i] = n % 7 ? bits[i] : bits[i] & 0xfffff000; /* ties */
				wide[i] = gs_f32_from_bits((uint32_t)gs_load(GS_F32, bits[i]));
			}
			k->narrow_f16(half, wide, 11);
			for (unsigned i = 0; i < 11; i++)
				assert_int_equal(half[i], gs_f32_to_f16(gs_f32_to_bits(wide[i])));
			k->narrow_bf16(half, wide, 11);
			for (unsigned i = 0; i < 11; i++)
				assert_int_equal(half[i], gs_f32_to_bf16(gs_f32_to_bits(wide[i])));
		}
	}
}

static void instruction_sets_have_names(void **state)
{
	(void)state;
	struct gs_error error = {0};
	assert_int_equal(gs_exec_isa_check("portable", &error), GS_OK);
	assert_int_equal(gs_exec_isa_check(gs_exec_isa(), &error), GS_OK);
	assert_int_equal(gs_exec_isa_check(NULL, &error), GS_OK);
	assert_int_equal(gs_exec_isa_check("avx1024", &error), GS_EINVAL);
	assert_non_null(strstr(error.text, "'avx1024'"));
	assert_non_null(strstr(error.text, "portable"));
	assert_null(gs_kernels_named(""));
}

/* Tests of kernels take the tables that this processor can run. Those that it cannot are told, and counted as skipped. */
static void on_this_processor(void **state)
{
	const char *isa = *state;
	if (gs_kernels_named(isa) == NULL) {
		print_message("skipped: this processor does not run the kernels '%s': no test here has run them\n",
		              isa);
		skip();
	}
	assert_string_equal(gs_kernels_named(isa)->isa, isa);
}

#if defined(__x86_64__)
static const char *const sets[] = {"avx512", "avx512bw", "avx2", "portable"};
#elif defined(__aarch64__)
static const char *const sets[] = {"neon", "neonbase", "portable"};
#else
static const char *const sets[] = {"portable"};
#endif

static int instruction_sets_there(void)
{
	struct CMUnitTest tests[GS_ARRAY_LEN(sets)];
	for (size_t i = 0; i < GS_ARRAY_LEN(sets); i++)
		tests[i] = (struct CMUnitTest){
			.name = sets[i], .test_func = on_this_processor, .initial_state = (void *)(uintptr_t)sets[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products),
		cmocka_unit_test(large_products),
		cmocka_unit_test(panels_in_a_row),
		cmocka_unit_test(rows_apart),
		cmocka_unit_test(few_places),
		cmocka_unit_test(one_vector),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(sixteen_bits),
		cmocka_unit_test(instruction_sets_have_names),
	};
	return instruction_sets_there() != 0 || cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
