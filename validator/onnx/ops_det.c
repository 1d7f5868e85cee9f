/* Determinants of small matrices, by the first row. Formula: docs/operators.md. */
#include "validator/onnx/ops_common.h"

enum { ROWS_MAX = 5 }; /* terms grow with the factorial */

struct matrix {
	struct gs_val x; /* [..., n, n] */
	unsigned n;
};

static struct gs_val element(const struct matrix *m, unsigned row, unsigned column)
{
	struct gs_val line = gs_ops_part(&m->x, m->x.rank - 2U, row, 1);
	struct gs_val one = gs_ops_part(&line, m->x.rank - 1U, column, 1);
	one.rank = (uint8_t)(one.rank - 2U);
	return one;
}

/* The determinant of the last rows, from `row` on, and of the columns in the mask. */
static enum gs_err expand(struct gs_lower *lo, const struct matrix *m, unsigned row, unsigned columns, unsigned dtype,
                          struct gs_val *out)
{
	bool first = true, negative = false;
	for (unsigned c = 0; c < m->n; c++) {
		if ((columns >> c & 1) == 0)
			continue;
		struct gs_val x = element(m, row, c), minor;
		unsigned rest = columns & ~(1U << c);
		unsigned type = rest >> (c + 1) == 0 ? dtype : GS_F32; /* the last one is the result */
		if (rest == 0)
			return gs_op1(lo, GS_FN_F32_COPY, dtype, GS_V(&x), out);
		GS_TRY(expand(lo, m, row + 1, rest, GS_F32, &minor));
		if (negative)
			GS_TRY(gs_op1(lo, GS_FN_F32_NEG, GS_F32, GS_V(&x), &x));
		if (first)
			GS_TRY(gs_op2(lo, GS_FN_F32_MUL, GS_F32, GS_V(&x), GS_V(&minor), out));
		else
			GS_TRY(gs_op3(lo, GS_FN_F32_FMA, type, GS_V(out), GS_V(&x), GS_V(&minor), out));
		first = false;
		negative = !negative;
	}
	return GS_OK;
}

static enum gs_err op_det(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                          struct gs_val *out)
{
	(void)node;
	GS_TRY(gs_ops_want_float(lo, &in[0]));
	if (in[0].rank < 2 || in[0].dim[in[0].rank - 1U] != in[0].dim[in[0].rank - 2U])
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "the last two dimensions are not those of a square matrix");
	struct matrix m = {.x = in[0], .n = in[0].dim[in[0].rank - 1U]};
	if (m.n < 1 || m.n > ROWS_MAX)
		return gs_lower_refuse(lo, GS_ONNX_FORM, "a determinant of %u rows; at most %d are supported", m.n,
		                       ROWS_MAX);
	return expand(lo, &m, 0, (1U << m.n) - 1, in[0].dtype, out);
}

const struct gs_lower_op gs_ops_det[] = {
	{"Det", op_det},
	{NULL, NULL},
};
