/* TfIdfVectorizer over integers: every n-gram of the pool against every place of the input. Formulas:
 * docs/operators.md. */
#include "validator/onnx/ops_common.h"

#include <string.h>

enum { GRAM_MAX = 16 };

struct vectorizer {
	int64_t least, most, skips; /* n-gram lengths, elements left out between two */
	const struct gs_onnx_attr *pool, *starts, *places, *weights;
	uint32_t width; /* of the output */
};

static enum gs_err read_vectorizer(struct gs_lower *lo, const struct gs_onnx_node *node, struct vectorizer *v)
{
	*v = (struct vectorizer){.least = gs_lower_attr_int(node, "min_gram_length", 1),
	                         .most = gs_lower_attr_int(node, "max_gram_length", 1),
	                         .skips = gs_lower_attr_int(node, "max_skip_count", 0),
	                         .pool = gs_onnx_attr_find(node, "pool_int64s"),
	                         .starts = gs_onnx_attr_find(node, "ngram_counts"),
	                         .places = gs_onnx_attr_find(node, "ngram_indexes"),
	                         .weights = gs_onnx_attr_find(node, "weights")};
	if (gs_onnx_attr_find(node, "pool_strings") != NULL)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "strings");
	bool fits = v->pool != NULL && v->starts != NULL && v->places != NULL && v->pool->type == GS_ONNX_ATTR_INTS &&
	            v->starts->type == GS_ONNX_ATTR_INTS && v->places->type == GS_ONNX_ATTR_INTS &&
	            v->places->count != 0 && (v->weights == NULL || v->weights->type == GS_ONNX_ATTR_FLOATS);
	fits = fits && v->least >= 1 && v->least <= v->most && v->most <= GRAM_MAX &&
	       v->most <= (int64_t)v->starts->count && v->skips >= 0 && v->skips <= GS_FOLD_MAX;
	for (uint32_t i = 0; fits && i < v->starts->count; i++)
		fits = v->starts->ints[i] >= (i == 0 ? 0 : v->starts->ints[i - 1]) &&
		       v->starts->ints[i] <= (int64_t)v->pool->count;
	for (uint32_t i = 0; fits && i < v->places->count; i++) {
		fits = v->places->ints[i] >= 0 && v->places->ints[i] < 1 << 24;
		if (fits && v->places->ints[i] >= v->width)
			v->width = (uint32_t)v->places->ints[i] + 1;
	}
	fits = fits && (v->weights == NULL || v->weights->count == v->places->count);
	return fits ? GS_OK
	            : gs_lower_refuse(lo, GS_ONNX_MALFORMED,
	                              "a pool, its lengths (at most %d), indexes or weights that do not fit", GRAM_MAX);
}

/* How many n-grams of length n the pool has, and where they start. */
static uint32_t grams(const struct vectorizer *v, uint32_t n, const int64_t **from)
{
	int64_t start = v->starts->ints[n - 1], end = n < v->starts->count ? v->starts->ints[n] : v->pool->count;
	*from = v->pool->ints + start;
	return (uint32_t)((end - start) / n);
}

/* f32 [N, grams]: FOLD add over skips and places of whether all elements agree. x is i64 [N, C]. */
static enum gs_err count_grams(struct gs_lower *lo, const struct vectorizer *v, const struct gs_val *x, uint32_t n,
                               struct gs_val *out)
{
	const int64_t *pool;
	uint32_t many = grams(v, n, &pool), dim[4] = {x->dim[0], many, n == 1 ? 1 : (uint32_t)v->skips + 1, x->dim[1]};
	struct gs_val gram, same, all = {0};
	uint8_t *data = gs_lower_spend(lo, (uint64_t)many * n) ? gs_arena_alloc(&lo->arena, (uint64_t)many * n, 8)
	                                                       : NULL;
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u n-grams", many);
	for (uint64_t i = 0; i < (uint64_t)many * n; i++)
		gs_le64_write(data + 8 * i, (uint64_t)pool[i]);
	GS_TRY(gs_lower_constant(lo, GS_I64, 2, (uint32_t[]){many, n}, data, &gram));
	for (uint32_t j = 0; j < n; j++) { /* axes: text, n-gram, skip, place */
		struct gs_instr eq = {.form = GS_MAP, .fn = GS_FN_I64_EQ, .store_dtype = GS_BOOL, .out_axes = 4};
		memcpy(eq.extent, dim, sizeof(dim));
		eq.operand[0] = gs_lower_view(lo, x);
		gs_operand_axis(&eq.operand[0], 0, x->stride[0]);
		unsigned row = gs_operand_row(&eq.operand[0], x->dim[1], (uint64_t)x->stride[1], j);
		eq.operand[0].view.row[row].at.coef[2] = j;
		eq.operand[0].view.row[row].at.coef[3] = 1;
		eq.operand[1] = gs_lower_view(lo, &gram);
		eq.operand[1].view.row[0].at.offset += j;
		gs_operand_axis(&eq.operand[1], 1, n);
		GS_TRY(gs_lower_emit(lo, &eq, 4, dim, &same));
		if (j == 0)
			all = same;
		else
			GS_TRY(gs_op2(lo, GS_FN_I32_AND, GS_BOOL, GS_V(&all), GS_V(&same), &all));
	}
	struct gs_instr sum = {.form = GS_FOLD,
	                       .fn = GS_FN_I32_ADD,
	                       .store_dtype = GS_F32,
	                       .acc_dtype = GS_I32,
	                       .epilogue = GS_FN_I32_TO_F32,
	                       .out_axes = 2,
	                       .red_axes = 2};
	memcpy(sum.extent, dim, sizeof(dim));
	sum.operand[0] = gs_operand_const(0);
	sum.operand[1] = gs_lower_view(lo, &all);
	for (unsigned d = 0; d < 4; d++)
		gs_operand_axis(&sum.operand[1], d, all.stride[d]);
	if (n > 1) { /* the last element must be inside the text */
		unsigned row = gs_operand_row(&sum.operand[1], x->dim[1], 0, n - 1);
		sum.operand[1].view.row[row].at.coef[2] = n - 1;
		sum.operand[1].view.row[row].at.coef[3] = 1;
		sum.operand[1].view.pad = GS_PAD_SKIP;
	}
	return gs_lower_emit(lo, &sum, 2, dim, out);
}

/* The counted n-grams in the order of the output's columns; a column that none has is 0. */
static enum gs_err arrange(struct gs_lower *lo, const struct vectorizer *v, const struct gs_val *counts,
                           const uint32_t *id, struct gs_val *out)
{
	uint8_t *table = gs_lower_spend(lo, v->width) ? gs_arena_alloc(&lo->arena, v->width, 4) : NULL;
	if (table == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "an output of %u columns", v->width);
	memset(table, 0xff, 4 * (size_t)v->width);
	for (uint32_t i = 0; i < counts->dim[1]; i++) {
		if (id[i] >= v->places->count)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "more n-grams than indexes");
		uint8_t *at = table + 4 * v->places->ints[id[i]];
		if (gs_le32_read(at) != UINT32_MAX)
			return gs_lower_refuse(lo, GS_ONNX_FORM, "two n-grams of one index");
		gs_le32_write(at, i);
	}
	return gs_ops_take(lo, counts, 1, table, v->width, 0, out);
}

static enum gs_err weigh(struct gs_lower *lo, const struct gs_onnx_node *node, const struct vectorizer *v,
                         struct gs_val *out)
{
	struct gs_val w, some;
	bool idf = gs_lower_attr_is(node, "mode", "IDF"), both = gs_lower_attr_is(node, "mode", "TFIDF");
	if (!idf && !both)
		return gs_lower_attr_is(node, "mode", "TF")
		               ? GS_OK
		               : gs_lower_refuse(lo, GS_ONNX_MALFORMED, "a mode other than TF, IDF and TFIDF");
	uint8_t *data = gs_arena_alloc(&lo->arena, v->width, 4);
	if (data == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "an output of %u columns", v->width);
	for (uint32_t i = 0; i < v->width; i++)
		gs_le32_write(data + 4 * (size_t)i, GS_ONE);
	for (uint32_t i = 0; v->weights != NULL && i < v->weights->count; i++)
		gs_le32_write(data + 4 * v->places->ints[i], (uint32_t)gs_load(GS_F32, v->weights->floats[i]));
	GS_TRY(gs_lower_constant(lo, GS_F32, 1, &v->width, data, &w));
	if (both)
		return gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(out), GS_V(&w), out);
	GS_TRY(gs_op2(lo, GS_FN_F32_LT, GS_BOOL, GS_R(0), GS_V(out), &some));
	return gs_op3(lo, GS_FN_F32_SELECT, GS_F32, GS_V(&some), GS_V(&w), GS_R(0), out);
}

static enum gs_err op_tfidf(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                            struct gs_val *out)
{
	struct vectorizer v;
	struct gs_val x, part[GRAM_MAX], counts;
	unsigned parts = 0;
	GS_TRY(gs_ops_present(lo, &in[0]));
	GS_TRY(read_vectorizer(lo, node, &v));
	if (in[0].dtype != GS_I64 && in[0].dtype != GS_I32)
		return gs_lower_refuse(lo, GS_ONNX_DATA_TYPE, "an input that is neither i32 nor i64");
	if (in[0].rank != 1 && in[0].rank != 2)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "an input of rank %u", in[0].rank);
	x = in[0];
	if (x.dtype == GS_I32)
		GS_TRY(gs_op1(lo, GS_FN_I32_TO_I64, GS_I64, GS_V(&in[0]), &x));
	if (x.stride[x.rank - 1] < 0)
		GS_TRY(gs_lower_copy(lo, &x, &x));
	if (x.rank == 1)
		GS_TRY(gs_lower_reshape(lo, &x, 2, (uint32_t[]){1, in[0].dim[0]}, &x));
	uint32_t *id = gs_arena_alloc(&lo->arena, v.pool->count + 1U, sizeof(*id)), counted = 0, first = 0;
	if (id == NULL)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u pool elements", v.pool->count);
	for (uint32_t n = 1; n <= (uint32_t)v.most; n++) {
		const int64_t *pool;
		uint32_t many = grams(&v, n, &pool);
		if (n >= (uint32_t)v.least && many != 0) {
			GS_TRY(count_grams(lo, &v, &x, n, &part[parts++]));
			for (uint32_t i = 0; i < many; i++)
				id[counted++] = first + i;
		}
		first += many;
	}
	if (parts == 0) {
		static const uint8_t nothing[4] = {0};
		GS_TRY(gs_lower_constant(lo, GS_F32, 0, NULL, nothing, &counts));
		GS_TRY(gs_lower_expand(lo, &counts, 2, (uint32_t[]){x.dim[0], v.width}, out));
	} else {
		GS_TRY(gs_ops_concat(lo, part, parts, 1, &counts));
		GS_TRY(arrange(lo, &v, &counts, id, out));
	}
	GS_TRY(weigh(lo, node, &v, out));
	return in[0].rank == 1 ? gs_lower_reshape(lo, out, 1, &v.width, out) : GS_OK;
}

const struct gs_lower_op gs_ops_text[] = {
	{"TfIdfVectorizer", op_tfidf},
	{NULL, NULL},
};
