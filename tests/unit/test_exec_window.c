/* Pooling: windows of one or two dimensions over tensors of every type that has a form for it, in the trace (whose NaNs are canonical)
 * and in the inputs (whose NaNs are any), by every table of kernels with one, two and three threads, against the reference
 * interpreter to the bit. */
#include "chain/core/rng.h"
#include "tests/support/endian.h"
#include "tests/support/share.h"
#include "validator/exec/fast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct pool {
	struct gs_rng rng;
	struct gs_instr in;
	uint64_t count, in_chunks, out_chunks;
	uint8_t *data; /* the tensor */
};

static uint32_t below(struct pool *p, uint64_t n)
{
	return (uint32_t)gs_rng_below(&p->rng, n);
}

/* A tensor of any bits where they may be any; in the trace, of elements as instructions store them. */
static void fill(struct pool *p, uint8_t dtype, bool stored)
{
	static const uint32_t special[] = {0,          0x80000000, 1,          0x80000001, 0x7f800000, 0xff800000,
	                                   0x7fc00000, 0xffc00000, 0x7f800001, 0xff812345, 0x7f7fffff, 0x33000000};
	uint32_t rare = 2 + below(p, 3000);
	p->in_chunks = gs_dtype_chunks(dtype, p->count);
	p->data = calloc(p->in_chunks, GS_CHUNK_BYTES);
	assert_non_null(p->data);
	for (uint64_t i = 0; i < p->count; i++) {
		uint32_t bits = gs_f32_to_bits((float)below(p, 4000) / 16 - 125);
		if (below(p, rare) == 0)
			bits = special[below(p, GS_ARRAY_LEN(special))];
		if (gs_dtype_class(dtype) != GS_CLASS_F32)
			gs_element_write(p->data, dtype, i, gs_rng_u64(&p->rng));
		else if (stored)
			gs_element_write(p->data, dtype, i, gs_store(dtype, gs_load(GS_F32, bits)));
		else if (dtype == GS_F32)
			gs_element_write(p->data, dtype, i, bits);
		else /* any 16 bits, also a NaN of any sign and payload */
			gs_element_write(p->data, dtype, i,
			                 below(p, rare) ? gs_store(dtype, gs_load(GS_F32, bits)) : below(p, 1 << 16));
	}
}

static struct gs_row *add_row(struct gs_view *view, uint64_t extent, uint64_t stride, int64_t offset)
{
	struct gs_row *row = &view->row[view->rows++];
	*row = (struct gs_row){.extent = extent, .stride = stride, .at.offset = offset};
	return row;
}

/* Axes: planes, (y,) x; (rows of a window,) places of a row. Dimensions that stay in the tensor may be one coordinate. */
static void draw_windows(struct pool *p, struct gs_view *view)
{
	static const uint32_t kernels[] = {1, 2, 2, 3, 3, 3, 4, 5, 7},
			      widths[] = {1, 2, 4, 5, 13, 16, 17, 27, 33, 60, 70};
	struct gs_instr *in = &p->in;
	unsigned dims = 1 + (below(p, 4) != 0);
	uint64_t extent[2], stride[2], plane = 1;
	int64_t offset[2], step[2], dilation[2];
	in->out_axes = (uint8_t)(1 + dims);
	in->red_axes = (uint8_t)dims;
	in->extent[0] = 1 + below(p, 9);
	for (unsigned d = dims; d-- > 0;) {
		uint32_t out = widths[below(p, GS_ARRAY_LEN(widths))],
			 kernel = kernels[below(p, GS_ARRAY_LEN(kernels))];
		step[d] = below(p, 6) ? 1 + below(p, 2) : 3 + below(p, 4);
		dilation[d] = below(p, 6) ? 1 : 2 + below(p, 3);
		offset[d] = below(p, 2) ? 0 : -(int64_t)below(p, kernel + 1);
		in->extent[1 + d] = out;
		in->extent[1 + dims + d] = kernel;
		int64_t reach = step[d] * (out - 1) + dilation[d] * (kernel - 1) + offset[d] + 1;
		reach += below(p, 3) ? below(p, 3) : -(int64_t)below(p, 6);
		extent[d] = reach > 0 ? (uint64_t)reach : 1;
		stride[d] = plane;
		plane *= extent[d];
	}
	p->count = plane * in->extent[0];
	view->count = p->count;
	bool apart = below(p, 3) != 0;
	struct gs_row *planes = add_row(view, p->count, 1, 0);
	planes->at.coef[0] = (int64_t)plane;
	for (unsigned d = 0; d < dims; d++) {
		int64_t last = offset[d] + step[d] * (in->extent[1 + d] - 1) +
		               dilation[d] * (in->extent[1 + dims + d] - 1);
		bool inside = offset[d] >= 0 && last < (int64_t)extent[d];
		struct gs_row *row = inside && !apart ? planes : add_row(view, extent[d], stride[d], offset[d]);
		int64_t unit = row == planes ? (int64_t)stride[d] : 1;
		row->at.coef[1 + d] = step[d] * unit;
		row->at.coef[1 + dims + d] = dilation[d] * unit;
	}
}

static void draw_numbers(struct pool *p, struct gs_view *view, bool floats)
{
	static const uint32_t starts[] = {0xff800000, 0xff800000, 0, 0x80000000, 0xc1000000, 0x7fc00000};
	struct gs_instr *in = &p->in;
	in->operand[0] = (struct gs_operand){.constant = floats ? starts[below(p, 6)] : 0x80000000};
	if (below(p, 4)) {
		view->pad = GS_PAD_SKIP;
	} else if (below(p, 2)) {
		view->pad = GS_PAD_VALUE;
		view->pad_value = floats ? 0xc0200000 : 3;
	}
	if (!floats || below(p, 2))
		return;
	in->epilogue = below(p, 2) ? GS_FN_F32_MAX : GS_FN_F32_DIV;
	in->epilogue_const[0] = in->epilogue == GS_FN_F32_DIV ? 0x41100000 : below(p, 2) ? 0 : 0x80000000;
}

static void compare(struct pool *p, uint64_t seed, unsigned *windows)
{
	const struct gs_view *view = &p->in.operand[1].view;
	uint64_t before = view->space == GS_SPACE_TRACE ? p->in_chunks : 0;
	size_t from = before * GS_CHUNK_BYTES;
	size_t bytes = (size_t)gs_instr_count(&p->in) * gs_dtype_bytes(p->in.store_dtype);
	size_t size = from + gs_dtype_chunks(p->in.store_dtype, gs_instr_count(&p->in)) * GS_CHUNK_BYTES;
	/* as large as they must be: a write or read behind them shows under the sanitizers */
	uint8_t *want = malloc(size), *got = malloc(size);
	struct gs_memory reference = {.trace = want, .inputs = p->data}, memory = {.trace = got, .inputs = p->data};
	assert_non_null(want);
	assert_non_null(got);
	p->in.first_chunk = (uint32_t)before;
	memcpy(want, p->data, from);
	memcpy(got, p->data, from);
	gs_interpret_instr(&p->in, &reference);
	for (unsigned n = 0; gs_kernels_nth(n) != NULL; n++) {
		const struct gs_kernels *kernels = gs_kernels_nth(n);
		struct gs_fast *fast;
		assert_int_equal(gs_fast_prepare(&p->in, kernels, &fast), GS_OK);
		for (unsigned threads = 1; fast != NULL && threads <= 3; threads++) {
			struct gs_pool *pool;
			struct gs_room room = {.stage = NULL};
			memset(got + from, 0xa5, size - from);
			assert_int_equal(gs_pool_new(threads, &pool), GS_OK);
			assert_int_equal(gs_fast_run(fast, &memory, kernels, pool, &room), GS_OK);
			gs_pool_free(pool);
			free(room.stage);
			for (size_t i = 0; i < bytes; i++)
				if (got[from + i] != want[from + i])
					fail_msg("seed %llu, %s, %s, %u threads: byte %zu", (unsigned long long)seed,
					         kernels->isa, gs_fast_name(fast), threads, i);
			for (size_t i = from + bytes; i < size; i++)
				assert_int_equal(got[i], 0xa5);
		}
		*windows += n == 0 && fast != NULL && strcmp(gs_fast_name(fast), "window") == 0;
		gs_fast_free(fast);
	}
	free(want);
	free(got);
}

static void pools(void **state)
{
	static const uint8_t dtypes[] = {GS_F32, GS_F32, GS_F16, GS_BF16, GS_I8, GS_U8, GS_I32};
	unsigned windows = 0, cases = gs_share(2500);
	(void)state;
	for (uint64_t seed = 1; seed <= cases; seed++) {
		struct pool p = {.in = {.form = GS_FOLD}};
		gs_rng_seed(&p.rng, seed);
		uint8_t dtype = dtypes[below(&p, GS_ARRAY_LEN(dtypes))];
		bool floats = gs_dtype_class(dtype) == GS_CLASS_F32, sum = floats && below(&p, 3) == 0;
		struct gs_operand *x = &p.in.operand[1];
		x->kind = GS_OPERAND_TENSOR;
		x->view = (struct gs_view){.space = below(&p, 2) ? GS_SPACE_TRACE : GS_SPACE_INPUTS, .dtype = dtype};
		p.in.fn = !floats ? GS_FN_I32_MAX : sum ? GS_FN_F32_ADD : GS_FN_F32_MAX;
		p.in.acc_dtype = floats ? GS_F32 : GS_I32;
		p.in.store_dtype = dtype;
		draw_windows(&p, &x->view);
		draw_numbers(&p, &x->view, floats);
		fill(&p, dtype, x->view.space == GS_SPACE_TRACE);
		compare(&p, seed, &windows);
		free(p.data);
	}
	assert_forms(windows, cases * 7 / 10,
	             cases); /* the rest: epilogues of 16-bit maxima, steps above two along one axis... */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
