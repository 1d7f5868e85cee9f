/* TensorProto and .npy, there and back, and what is refused. */
#include "tests/support/onnx_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const enum gs_dtype dtypes[] = {GS_F32, GS_U8,   GS_I8,  GS_U16, GS_I16, GS_I32,
                                       GS_I64, GS_BOOL, GS_F16, GS_U32, GS_U64};

static struct gs_tensor sample(enum gs_dtype dtype, uint8_t data[6 * 8])
{
	struct gs_tensor t = {.dtype = dtype, .rank = 2, .dim = {2, 3}, .count = 6, .data = data};
	for (unsigned i = 0; i < 6 * gs_dtype_bytes(dtype); i++)
		data[i] = dtype == GS_BOOL ? i % 2 : (uint8_t)(37 * i + 1);
	return t;
}

static void assert_same(const struct gs_tensor *a, const struct gs_tensor *b)
{
	assert_int_equal(a->dtype, b->dtype);
	assert_int_equal(a->rank, b->rank);
	assert_memory_equal(a->dim, b->dim, a->rank * sizeof(a->dim[0]));
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->data, b->data, gs_tensor_bytes(a));
}

static void round_trips(void **state)
{
	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(dtypes); i++) {
		uint8_t data[48];
		struct gs_tensor t = sample(dtypes[i], data), back;
		struct gs_arena arena;
		gs_arena_init(&arena, 1 << 20);
		for (int npy = 0; npy < 2; npy++) {
			struct gs_buf b;
			gs_buf_init(&b, 1 << 16);
			assert_int_equal(npy ? gs_tensor_to_npy(&t, &b) : gs_tensor_to_proto(&t, &b), GS_OK);
			assert_int_equal(gs_tensor_from_file(gs_buf_view(&b), &arena, &back, NULL), GS_OK);
			assert_same(&t, &back);
			if (npy) /* numpy.lib.format: the data starts at a multiple of 64 */
				assert_int_equal((back.data - b.ptr) % 64, 0);
			for (size_t len = 0; len < b.len; len++) /* no prefix passes for the whole */
				assert_int_not_equal(
					gs_tensor_from_file((struct gs_bytes){b.ptr, len}, &arena, &back, NULL), GS_OK);
			gs_buf_free(&b);
		}
		gs_arena_free(&arena);
	}
}

static void reads_scalars_and_empty(void **state)
{
	(void)state;
	uint8_t one[4] = {0, 0, 0x80, 0x3f};
	for (int empty = 0; empty < 2; empty++) {
		struct gs_tensor t = {.dtype = GS_F32, .rank = (uint8_t)empty, .count = !empty, .data = one}, back;
		struct gs_buf b;
		gs_buf_init(&b, 1 << 16);
		assert_int_equal(gs_tensor_to_npy(&t, &b), GS_OK);
		assert_int_equal(gs_tensor_from_npy(gs_buf_view(&b), &back, NULL), GS_OK);
		assert_int_equal(back.rank, empty);
		assert_int_equal(back.count, !empty);
		gs_buf_free(&b);
	}
}

/* The message stays in the arena: floats in one piece are borrowed from it. */
static enum gs_err typed(unsigned field, bool packed, int data_type, const uint64_t *v, unsigned n,
                         struct gs_tensor *out, struct gs_arena *arena)
{
	struct gs_buf b, list;
	gs_buf_init(&b, 1 << 16);
	gs_buf_init(&list, 1 << 16);
	ob_int(&b, 1, 3);
	ob_int(&b, 2, (uint64_t)data_type);
	for (unsigned i = 0; i < n; i++) {
		uint8_t bits[4];
		gs_le32_write(bits, (uint32_t)v[i]);
		if (!packed)
			ob_varint(&b, field == 4 ? field << 3 | 5 : field << 3);
		if (field == 4)
			gs_buf_append(packed ? &list : &b, bits, 4);
		else
			ob_varint(packed ? &list : &b, v[i]);
	}
	if (packed)
		ob_bytes(&b, field, list.ptr, list.len);
	uint8_t *message = gs_arena_alloc(arena, b.len, 1);
	assert_non_null(message);
	memcpy(message, b.ptr, b.len);
	struct gs_bytes bytes = {message, b.len};
	gs_buf_free(&b);
	gs_buf_free(&list);
	uint64_t used = arena->used;
	enum gs_err err = gs_tensor_from_proto(bytes, arena, out, NULL);
	if (err == GS_OK && field == 4 && packed)
		assert_int_equal(arena->used, used); /* nothing is copied */
	return err;
}

static void reads_typed_fields(void **state)
{
	(void)state;
	static const struct {
		unsigned field;
		int data_type;
		uint64_t v[3];
	} spelling[] = {
		{4, GS_F32, {0x3f800000, 0x80000000, 0x7fc00000}},
		{5, GS_I32, {1, UINT64_MAX, 0x7fffffff}},
		{5, GS_I8, {1, UINT64_MAX, 0x7f}},
		{5, GS_F16, {0x3c00, 0x8000, 0x7e00}},
		{5, GS_BOOL, {0, 1, 1}},
		{7, GS_I64, {1, UINT64_MAX, UINT64_C(1) << 63}},
		{11, GS_U64, {1, UINT64_MAX, 0}},
		{11, GS_U32, {1, 0xffffffff, 0}},
	};
	struct gs_arena arena;
	gs_arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < GS_ARRAY_LEN(spelling); i++)
		for (int packed = 0; packed < 2; packed++) {
			struct gs_tensor t;
			enum gs_dtype dtype = (enum gs_dtype)spelling[i].data_type;
			assert_int_equal(
				typed(spelling[i].field, packed, spelling[i].data_type, spelling[i].v, 3, &t, &arena),
				GS_OK);
			for (unsigned k = 0; k < 3; k++) {
				uint64_t mask = UINT64_MAX >> (64 - 8 * gs_dtype_bytes(dtype));
				assert_int_equal(gs_element_bits(t.data, dtype, k), spelling[i].v[k] & mask);
			}
			/* one too few, one too many */
			assert_int_equal(
				typed(spelling[i].field, packed, spelling[i].data_type, spelling[i].v, 2, &t, &arena),
				GS_EPARSE);
			assert_int_equal(typed(spelling[i].field, packed, spelling[i].data_type,
			                       (uint64_t[]){0, 0, 0, 0}, 4, &t, &arena),
			                 GS_EPARSE);
		}
	gs_arena_free(&arena);
}

static void refuses_bad_npy(void **state)
{
	(void)state;
	static const struct {
		const char *dict;
		enum gs_err code;
	} bad[] = {
		{"{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", GS_EUNSUPPORTED},
		{"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", GS_EUNSUPPORTED},
		{"{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", GS_EUNSUPPORTED},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", GS_EPARSE},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", GS_EPARSE},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (1,", GS_EPARSE},
		{"{'descr': '<f4', 'fortran_order': False, }", GS_EPARSE},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }", GS_ELIMIT},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", GS_ELIMIT},
		{"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", GS_OK},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		uint8_t file[256] = "\x93NUMPY\x01";
		struct gs_tensor t;
		size_t len = strlen(bad[i].dict);
		gs_le16_write(file + 8, (uint16_t)len);
		memcpy(file + 10, bad[i].dict, len);
		assert_int_equal(gs_tensor_from_npy((struct gs_bytes){file, 10 + len + 4}, &t, NULL), bad[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),
		cmocka_unit_test(reads_scalars_and_empty),
		cmocka_unit_test(reads_typed_fields),
		cmocka_unit_test(refuses_bad_npy),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
