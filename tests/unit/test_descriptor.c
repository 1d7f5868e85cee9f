/* Descriptors and headers: one spelling for every value, and every rule that one descriptor shows alone. */
#include "challenge/machine/io.h"
#include "challenge/machine/merkle.h"
#include "challenge/machine/program.h"
#include "challenge/machine/wire.h"

#include "chain/core/rng.h"
#include "tests/generator/generator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void integers_have_one_spelling(void **state)
{
	(void)state;
	static const uint64_t value[] = {
		0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, (uint64_t)UINT32_MAX + 1, UINT64_MAX};
	for (unsigned n = 0; n < GS_ARRAY_LEN(value); n++) {
		struct gs_buf buf;
		gs_buf_init(&buf, 64);
		gs_wire_put_uint(&buf, value[n]);
		gs_wire_put_sint(&buf, (int64_t)value[n]);
		gs_wire_put_sint(&buf, -(int64_t)(value[n] >> 1));
		struct gs_wire w = gs_wire_open(gs_buf_view(&buf));
		assert_true(gs_wire_uint(&w) == value[n]);
		assert_true(gs_wire_sint(&w) == (int64_t)value[n]);
		assert_true(gs_wire_sint(&w) == -(int64_t)(value[n] >> 1));
		assert_true(gs_wire_done(&w));
		gs_buf_free(&buf);
	}
	static const uint8_t wrong[][4] = {{0x81, 0x05}, {0x82, 0x00, 0x80}, {0x80}, {0x89, 1, 1, 1}, {0x82, 0x01}};
	static const uint8_t len[] = {2, 3, 1, 4, 2};
	for (unsigned n = 0; n < GS_ARRAY_LEN(wrong); n++) {
		struct gs_wire w = gs_wire_open((struct gs_bytes){wrong[n], len[n]});
		(void)gs_wire_uint(&w);
		assert_true(w.bad);
	}
}

/* Whatever bytes decode, encode to the same bytes: so no two spellings of one instruction are both accepted. */
static void accepted_bytes_are_canonical(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	struct gs_rng rng;
	unsigned accepted = 0, refused = 0;
	gs_rng_seed(&rng, 11);
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct gs_program p;
		struct gs_error error = {0};
		assert_int_equal(gs_generate_program(seed, &options, &p, &error), GS_OK);
		for (uint32_t i = 0; i < p.count; i++) {
			struct gs_bytes d = gs_program_descriptor(&p, i);
			for (unsigned n = 0; n < 150; n++) {
				uint8_t bytes[GS_DESCRIPTOR_BYTES_MAX + 1], again[GS_DESCRIPTOR_BYTES_MAX];
				size_t len = d.len, again_len;
				struct gs_instr in;
				memcpy(bytes, d.ptr, len);
				unsigned kind = n == 0 ? 3 : (unsigned)gs_rng_below(&rng, 3);
				if (kind == 0)
					bytes[gs_rng_below(&rng, len)] ^= (uint8_t)(1u << gs_rng_below(&rng, 8));
				else if (kind == 1)
					len = gs_rng_below(&rng, len);
				else if (kind == 2)
					bytes[len++] = (uint8_t)gs_rng_u64(&rng);
				enum gs_err err = gs_instr_decode((struct gs_bytes){bytes, len}, &in, &error);
				accepted += err == GS_OK;
				refused += err != GS_OK;
				if (kind == 1 || kind == 2)
					assert_int_equal(err, GS_EPARSE);
				if (err)
					continue;
				assert_int_equal(gs_instr_encode(&in, again, &again_len), GS_OK);
				assert_int_equal(again_len, len);
				assert_memory_equal(again, bytes, len);
			}
		}
		gs_program_free(&p);
	}
	assert_true(accepted > 1000 && refused > 1000); /* both happen, or this test says nothing */
}

static struct gs_instr plain_map(void)
{
	struct gs_instr in = {.form = GS_MAP,
	                      .fn = GS_FN_F32_ADD,
	                      .store_dtype = GS_F32,
	                      .first_chunk = 4,
	                      .span = 1,
	                      .cost = 8,
	                      .out_axes = 1,
	                      .extent = {8}};
	for (unsigned i = 0; i < 2; i++) {
		in.operand[i].kind = GS_OPERAND_TENSOR;
		in.operand[i].view = (struct gs_view){
			.space = GS_SPACE_TRACE, .dtype = GS_F32, .count = 8, .rows = 1, .chunk = i};
		in.operand[i].view.row[0] = (struct gs_row){.extent = 8, .stride = 1, .at.coef = {1}};
	}
	return in;
}

static struct gs_instr plain_fold(void)
{
	struct gs_instr in = plain_map();
	in.form = GS_FOLD;
	in.acc_dtype = GS_F32;
	in.red_axes = 1;
	in.extent[1] = 5;
	in.operand[0] = (struct gs_operand){.kind = GS_OPERAND_CONST};
	return in;
}

#define BREAK(name, make, change) \
	do { \
		struct gs_instr in = make(); \
		struct gs_error error = {0}; \
		assert_int_equal(gs_instr_check(&in, &error), GS_OK); \
		change; \
		if (gs_instr_check(&in, &error) != GS_EPARSE) \
			fail_msg("%s was accepted", name); \
		assert_true(error.text[0] != 0); \
	} while (0)

static void every_local_rule_is_enforced(void **state)
{
	(void)state;
	BREAK("unknown function", plain_map, in.fn = 0x3e);
	BREAK("unknown form", plain_map, in.form = 3);
	BREAK("accumulator in a map", plain_map, in.acc_dtype = GS_F32);
	BREAK("reduction axis in a map", plain_map, in.red_axes = 1);
	BREAK("store of another class", plain_map, in.store_dtype = GS_I32);
	BREAK("unknown store dtype", plain_map, in.store_dtype = 11);
	BREAK("view of another class", plain_map, in.operand[1].view.dtype = GS_I32);
	BREAK("unknown array", plain_map, in.operand[1].view.space = 4);
	BREAK("skip in a map", plain_map, in.operand[1].view.pad = GS_PAD_SKIP);
	BREAK("pad value zero", plain_map, in.operand[1].view.pad = GS_PAD_VALUE);
	BREAK("pad value with an odd NaN", plain_map,
	      (in.operand[1].view.pad = GS_PAD_VALUE, in.operand[1].view.pad_value = 0x7fc00001));
	BREAK("pad value without its rule", plain_map, in.operand[1].view.pad_value = 1);
	BREAK("forward reference", plain_map, in.operand[1].view.chunk = 4);
	BREAK("cyclic reference by count", plain_map, in.operand[1].view.count = 4 * 32 + 1);
	BREAK("empty view", plain_map, in.operand[1].view.count = 0);
	BREAK("too many rows", plain_map, in.operand[1].view.rows = 9);
	BREAK("row beyond the view", plain_map, in.operand[1].view.row[1].stride = 1);
	BREAK("row extent 0", plain_map, in.operand[1].view.row[0].extent = 0);
	BREAK("row extent beyond 2^31", plain_map, in.operand[1].view.row[0].extent = GS_EXTENT_MAX + 1);
	BREAK("stride beyond 2^31", plain_map, in.operand[1].view.row[0].stride = GS_EXTENT_MAX + 1);
	BREAK("offset beyond 2^40", plain_map, in.operand[1].view.row[0].at.offset = GS_OFFSET_MAX + 1);
	BREAK("offset beyond -2^40", plain_map, in.operand[1].view.row[0].at.offset = -GS_OFFSET_MAX - 1);
	BREAK("coefficient beyond 2^32", plain_map, in.operand[1].view.row[0].at.coef[0] = GS_COEF_MAX + 1);
	BREAK("axis that is not there", plain_map, in.operand[1].view.row[0].at.coef[1] = 1);
	BREAK("init on a reduction axis", plain_fold,
	      (in.operand[0] = in.operand[1], in.operand[0].view.row[0].at.coef[1] = 1));
	BREAK("span too short", plain_map, in.span = 0);
	BREAK("span beyond the trace", plain_map, in.first_chunk = (uint32_t)GS_CHUNKS_MAX);
	BREAK("empty output axis", plain_map, in.extent[0] = 0);
	BREAK("too many output axes", plain_map, in.out_axes = 9);
	BREAK("fold of a select", plain_fold, in.fn = GS_FN_F32_SELECT);
	BREAK("fold of a comparison", plain_fold, in.fn = GS_FN_F32_LT);
	BREAK("fold of a first", plain_fold, in.fn = GS_FN_F32_FIRST);
	BREAK("fold of a unary function", plain_fold, in.fn = GS_FN_F32_NEG);
	BREAK("accumulator of another dtype", plain_fold, in.acc_dtype = GS_BF16);
	BREAK("skip in an init", plain_fold, (in.operand[0] = in.operand[1], in.operand[0].view.pad = GS_PAD_SKIP));
	BREAK("reduction axis too long", plain_fold, in.extent[1] = GS_FOLD_MAX + 1);
	BREAK("fold too long", plain_fold, (in.red_axes = 2, in.extent[1] = 1 << 10, in.extent[2] = (1 << 8) + 1));
	BREAK("odd NaN constant", plain_fold, in.operand[0].constant = 0xffc00000);
	BREAK("constant wider than its class", plain_fold, in.operand[0].constant = UINT64_C(1) << 32);
	BREAK("iota where f32 is wanted", plain_fold, in.operand[0].kind = GS_OPERAND_IOTA);
	BREAK("unknown operand kind", plain_fold, in.operand[0].kind = 3);
	BREAK("epilogue of another class", plain_map, in.epilogue = GS_FN_I32_NEG);
	BREAK("epilogue position", plain_map, (in.epilogue = GS_FN_F32_NEG, in.epilogue_pos = 1));
	BREAK("epilogue first", plain_map, in.epilogue = GS_FN_F32_FIRST);
	BREAK("epilogue constant", plain_map, (in.epilogue = GS_FN_F32_MAX, in.epilogue_const[0] = 0x7fc00001));
	BREAK("indirect row that is not there", plain_map, (in.operand[1].indirect_row = 2));
	BREAK("indirect view of floats", plain_map,
	      (in.operand[1].indirect_row = 1, in.operand[1].indirect = in.operand[1].view));
	BREAK("cost beyond 2^63 - 1", plain_map, in.cost = UINT64_C(1) << 63);
}

static void four_openings_are_too_many(void **state)
{
	(void)state;
	struct gs_instr in = plain_map();
	struct gs_error error = {0};
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(gs_instr_check(&in, &error), GS_OK);
		in.operand[i].indirect_row = 1;
		in.operand[i].indirect = in.operand[i].view;
		in.operand[i].indirect.dtype = GS_I32;
	}
	assert_int_equal(gs_instr_check(&in, &error), GS_EPARSE);
}

static void a_header_survives_and_hostile_files_are_refused(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	struct gs_rng rng;
	gs_rng_seed(&rng, 12);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct gs_program p, again;
		struct gs_error error = {0};
		struct gs_buf file;
		struct gs_hash id, id_again;
		gs_buf_init(&file, (size_t)1 << 26);
		assert_int_equal(gs_generate_program(seed, &options, &p, &error), GS_OK);
		assert_int_equal(gs_program_write(&p, &file), GS_OK);
		assert_int_equal(gs_program_read(gs_buf_view(&file), &again, &error), GS_OK);
		gs_header_model_id(&p.header, &id);
		gs_header_model_id(&again.header, &id_again);
		assert_true(gs_hash_equal(&id, &id_again));
		gs_program_free(&again);
		for (unsigned n = 0; n < 60; n++) { /* cut anywhere, or one bit changed anywhere: never accepted */
			uint8_t *copy = malloc(file.len);
			assert_non_null(copy);
			memcpy(copy, file.ptr, file.len);
			size_t len = n % 2 ? file.len : gs_rng_below(&rng, file.len);
			if (n % 2)
				copy[gs_rng_below(&rng, len)] ^= (uint8_t)(1u << gs_rng_below(&rng, 8));
			error.text[0] = 0;
			enum gs_err err = gs_program_read((struct gs_bytes){copy, len}, &again, &error);
			if (err ==
			    GS_OK) { /* fields of the header that commit to nothing in the file, such as the ONNX hash */
				gs_header_model_id(&again.header, &id_again);
				assert_false(gs_hash_equal(&id, &id_again));
				gs_program_free(&again);
			} else {
				assert_true(error.text[0] != 0);
			}
			free(copy);
		}
		gs_buf_free(&file);
		gs_program_free(&p);
	}
}

/* A file may announce more instructions than it has bytes for: refused before memory is asked for. */
static void announced_counts_are_not_believed(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	static const uint32_t count[] = {1000, GS_INSTRUCTIONS_MAX, GS_INSTRUCTIONS_MAX + 1};
	struct gs_program p, again;
	struct gs_error error = {0};
	struct gs_buf file;
	gs_buf_init(&file, (size_t)1 << 26);
	assert_int_equal(gs_generate_program(3, &options, &p, &error), GS_OK);
	assert_int_equal(gs_program_write(&p, &file), GS_OK);
	for (unsigned n = 0; n < GS_ARRAY_LEN(count); n++) {
		gs_be32_write(file.ptr + 8 + 5 * 32 + 28, count[n]);
		assert_int_equal(gs_program_read(gs_buf_view(&file), &again, &error), GS_EPARSE);
	}
	gs_buf_free(&file);
	gs_program_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_have_one_spelling),
		cmocka_unit_test(accepted_bytes_are_canonical),
		cmocka_unit_test(every_local_rule_is_enforced),
		cmocka_unit_test(four_openings_are_too_many),
		cmocka_unit_test(a_header_survives_and_hostile_files_are_refused),
		cmocka_unit_test(announced_counts_are_not_believed),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
