/* Instructions of a program under construction come back as they were put in, whatever else was listed or replaced. */
#include "challenge/machine/descriptor.h"
#include "challenge/machine/listing.h"

#include "tests/generator/generator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void assert_same(const struct gs_listing *l, uint32_t i, const struct gs_instr *want)
{
	struct gs_instr got = gs_listing_get(l, i);
	uint8_t a[GS_DESCRIPTOR_BYTES_MAX], b[GS_DESCRIPTOR_BYTES_MAX];
	size_t a_len = 0, b_len = 0;
	assert_int_equal(gs_instr_encode(&got, a, &a_len), GS_OK);
	assert_int_equal(gs_instr_encode(want, b, &b_len), GS_OK);
	assert_int_equal(a_len, b_len);
	assert_memory_equal(a, b, a_len);
	/* read over something else: what its form uses is there all the same, and judged the same */
	struct gs_error error;
	memset(&got, 0xa5, sizeof(got));
	gs_listing_read(l, i, &got);
	assert_int_equal(gs_instr_check_used(&got, &error), gs_instr_check(want, &error));
	assert_int_equal(gs_instr_encode(&got, a, &a_len), GS_OK);
	assert_int_equal(a_len, b_len);
	assert_memory_equal(a, b, a_len);
	/* and its parts, from the bytes alone */
	struct gs_bytes bytes = gs_listing_bytes(l, i);
	struct gs_descriptor_tensor written = gs_descriptor_tensor(bytes);
	assert_memory_equal(bytes.ptr, b, b_len);
	assert_int_equal(written.dtype, want->store_dtype);
	assert_int_equal(written.count, gs_instr_count(want));
	assert_int_equal(gs_listing_elements(l, i), gs_instr_count(want));
	assert_int_equal(gs_descriptor_first_chunk(bytes.ptr), want->first_chunk);
	for (unsigned fn = 1; fn < 256; fn++)
		assert_int_equal(gs_descriptor_uses(bytes.ptr, fn), want->fn == fn || want->epilogue == fn);
}

static void what_is_listed_comes_back(void **state)
{
	(void)state;
	struct gs_generator_options options = gs_generator_small();
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct gs_program p;
		struct gs_error error;
		struct gs_listing l;
		gs_listing_init(&l);
		assert_int_equal(gs_generate_program(seed, &options, &p, &error), GS_OK);
		for (uint32_t i = 0; i < p.count; i++) {
			struct gs_instr in = gs_program_instr(&p, i);
			assert_int_equal(gs_listing_append(&l, &in), GS_OK);
		}
		assert_int_equal(l.count, p.count);
		/* another one in its place, longer or shorter, then itself again */
		uint32_t at = p.count > 1 ? (uint32_t)seed % p.count : 0;
		struct gs_instr in = gs_program_instr(&p, at), other = gs_program_instr(&p, p.count - 1 - at);
		assert_int_equal(gs_listing_replace(&l, at, &other), GS_OK);
		assert_same(&l, at, &other);
		assert_int_equal(gs_listing_replace(&l, at, &in), GS_OK);
		for (uint32_t i = 0; i < p.count; i++) {
			struct gs_instr want = gs_program_instr(&p, i);
			assert_same(&l, i, &want);
		}
		gs_listing_free(&l);
		gs_listing_free(&l);
		gs_program_free(&p);
	}
}

/* The views of an instruction, in the order that listings have. */
static unsigned views_of(struct gs_instr *in, struct gs_view **view)
{
	unsigned n = 0;
	for (unsigned k = 0; k < gs_instr_operands(in); k++) {
		struct gs_operand *op = &in->operand[k];
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		view[n++] = &op->view;
		if (op->indirect_row)
			view[n++] = &op->indirect;
	}
	return n;
}

static void assert_refs(const struct gs_listing *l, uint32_t i, struct gs_instr *in)
{
	struct gs_view *view[GS_LISTING_REFS_MAX];
	unsigned refs, n = views_of(in, view);
	const struct gs_listing_ref *ref = gs_listing_refs(l, i, &refs);
	assert_int_equal(refs, n);
	for (unsigned r = 0; r < n; r++) {
		assert_int_equal(ref[r].space, view[r]->space);
		assert_int_equal(ref[r].chunk, view[r]->chunk);
	}
	assert_int_equal(gs_listing_chunks(l, i), gs_dtype_chunks(in->store_dtype, gs_instr_count(in)));
}

/* What sealing makes of it: its own bytes, with other chunks and another place. */
static void assert_spelled(const struct gs_listing *l, uint32_t i, struct gs_instr *want)
{
	const struct gs_listing_entry *e = &l->entry[i];
	uint32_t chunk[GS_LISTING_REFS_MAX];
	struct gs_buf a, b;
	gs_buf_init(&a, 1 << 16);
	gs_buf_init(&b, 1 << 16);
	for (unsigned r = 0; r < e->refs; r++)
		chunk[r] = l->ref[e->ref + r].chunk;
	gs_descriptor_put(&a, l->bytes.ptr + e->at, e->len, l->ref + e->ref, e->refs, chunk,
	                  &(struct gs_descriptor_place){want->first_chunk, want->span, want->cost});
	gs_instr_put(&b, want, NULL);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.ptr, b.ptr, a.len);
	gs_buf_free(&a);
	gs_buf_free(&b);
}

/* Arranged anew, and told that their views lie elsewhere: at places that take more bytes to spell, or fewer. */
static void arranged_and_elsewhere(void **state)
{
	(void)state;
	static const uint32_t place[] = {0, 127, 128, 255, 256, 65535, 65536, 1 << 24, 1 << 26, 5};
	struct gs_generator_options options = gs_generator_small();
	unsigned views = 0;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct gs_program p;
		struct gs_error error;
		struct gs_listing l;
		uint32_t order[256], count = 0;
		gs_listing_init(&l);
		assert_int_equal(gs_generate_program(seed, &options, &p, &error), GS_OK);
		assert_true(p.count <= GS_ARRAY_LEN(order));
		for (uint32_t i = 0; i < p.count; i++) {
			struct gs_instr in = gs_program_instr(&p, i);
			assert_int_equal(gs_listing_append(&l, &in), GS_OK);
			assert_refs(&l, i, &in);
		}
		for (uint32_t i = p.count; i-- > 0;) /* backwards, every third left out */
			if (i % 3 != seed % 3 || p.count < 3)
				order[count++] = i;
		assert_int_equal(gs_listing_arrange(&l, order, count), GS_OK);
		assert_int_equal(l.count, count);
		for (unsigned k = 0; k < 2; k++)
			for (uint32_t i = 0; i < count; i++) {
				struct gs_instr in = gs_program_instr(&p, order[i]), got;
				struct gs_view *view[GS_LISTING_REFS_MAX];
				unsigned n = views_of(&in, view), refs;
				struct gs_listing_ref *ref = gs_listing_refs_of(&l, i, &refs);
				for (unsigned r = 0; r < n; r++)
					view[r]->chunk = ref[r].chunk = place[(views++ + k) % GS_ARRAY_LEN(place)];
				assert_refs(&l, i, &in);
				assert_spelled(&l, i, &in);
				got = gs_listing_get(&l, i);
				assert_memory_equal(&got, &in, sizeof(in));
			}
		struct gs_instr more = gs_program_instr(&p, 0);
		assert_int_equal(gs_listing_append(&l, &more), GS_OK);
		assert_same(&l, count, &more);
		gs_listing_free(&l);
		gs_program_free(&p);
	}
	assert_true(views > 500);
}

static struct gs_instr copy_of_input(void)
{
	struct gs_instr in = {
		.form = GS_MAP, .fn = GS_FN_F32_COPY, .store_dtype = GS_F32, .out_axes = 1, .extent = {7}};
	in.operand[0].kind = GS_OPERAND_TENSOR;
	in.operand[0].view = (struct gs_view){.space = GS_SPACE_INPUTS, .dtype = GS_F32, .count = 7, .rows = 1};
	in.operand[0].view.row[0] = (struct gs_row){.extent = 7, .stride = 1, .at.coef = {1}};
	return in;
}

#define REFUSED(broken) \
	do { \
		struct gs_instr in = copy_of_input(); \
		broken; \
		assert_int_equal(gs_listing_append(&l, &in), GS_EINVAL); \
		assert_int_equal(gs_listing_replace(&l, 0, &in), GS_EINVAL); \
		assert_int_equal(l.count, 1); \
		assert_same(&l, 0, &right); \
	} while (0)

/* What no bytes can spell is refused, and leaves the listing as it was. */
static void what_cannot_be_spelled_is_refused(void **state)
{
	(void)state;
	struct gs_listing l;
	struct gs_instr right = copy_of_input();
	gs_listing_init(&l);
	assert_int_equal(gs_listing_append(&l, &right), GS_OK);
	REFUSED(in.fn = 0x3e);
	REFUSED(in.epilogue = 0x3e);
	REFUSED((in.epilogue = GS_FN_F32_MAX, in.epilogue_pos = 2));
	REFUSED(in.store_dtype = 99);
	REFUSED((in.out_axes = 8, in.red_axes = 5));
	REFUSED(in.operand[0].kind = 3);
	REFUSED(in.operand[0].view.dtype = 99);
	REFUSED(in.operand[0].view.rows = GS_ROWS_MAX + 1);
	REFUSED((in.operand[0].indirect_row = 1, in.operand[0].indirect.dtype = 99));
	gs_listing_free(&l);
}

/* Sealing judges what is listed: a read of what comes later, and a descriptor that grows too long. */
static void sealing_judges(void **state)
{
	(void)state;
	struct gs_listing l;
	struct gs_error error;
	struct gs_tensor_type x = {.name = "x", .dtype = GS_F32, .rank = 1, .dim = {7}}, y = x;
	struct gs_program p = {.header = {.outputs = 1}, .io = {.inputs = 1, .outputs = 1, .input = &x, .output = &y}};
	struct gs_instr in = copy_of_input();
	gs_listing_init(&l);
	assert_int_equal(gs_program_seal(&p, &l, &error), GS_ELIMIT); /* nothing is listed */
	assert_int_equal(gs_listing_append(&l, &in), GS_OK);
	assert_int_equal(gs_program_seal(&p, &l, &error), GS_OK);
	assert_int_equal(gs_program_instr(&p, 0).extent[0], 7);
	in.operand[0].view.space = GS_SPACE_TRACE;
	in.operand[0].view.chunk = 1; /* itself */
	assert_int_equal(gs_listing_append(&l, &in), GS_OK);
	assert_int_equal(gs_program_seal(&p, &l, &error), GS_EPARSE);
	assert_non_null(strstr(error.text, "reads instruction 1, which comes later"));
	in.operand[0].view.chunk = 0;
	assert_int_equal(gs_listing_replace(&l, 1, &in), GS_OK);
	assert_int_equal(gs_program_seal(&p, &l, &error), GS_OK);
	in = copy_of_input();
	in.out_axes = 8;
	for (unsigned a = 0; a < 8; a++)
		in.extent[a] = a == 0 ? 7 : 1;
	in.operand[0].view.rows = GS_ROWS_MAX;
	for (unsigned r = 0; r < GS_ROWS_MAX; r++) {
		struct gs_row *row = &in.operand[0].view.row[r];
		*row = (struct gs_row){.extent = GS_EXTENT_MAX, .stride = GS_EXTENT_MAX, .at.offset = GS_OFFSET_MAX};
		for (unsigned a = 0; a < 8; a++)
			row->at.coef[a] = GS_COEF_MAX;
	}
	assert_int_equal(gs_listing_replace(&l, 1, &in), GS_OK);
	assert_int_equal(gs_program_seal(&p, &l, &error), GS_ELIMIT);
	assert_non_null(strstr(error.text, "longer than 512 bytes"));
	gs_listing_free(&l);
	p.io = (struct gs_io){.inputs = 0}; /* on the stack */
	gs_program_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_listed_comes_back),
		cmocka_unit_test(arranged_and_elsewhere),
		cmocka_unit_test(what_cannot_be_spelled_is_refused),
		cmocka_unit_test(sealing_judges),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
