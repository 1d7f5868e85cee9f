/* Scan, unrolled, and the stacking of what every trip of a loop gives. */
#include "validator/onnx/ops_control.h"

#include <stdlib.h>
#include <string.h>

/* ---- stacking what every trip gives ---- */

/* v without dimension d, whose extent is 1. */
static struct gs_val without(const struct gs_val *v, unsigned d)
{
	struct gs_val r = *v;
	for (unsigned k = d; k + 1 < v->rank; k++) {
		r.dim[k] = v->dim[k + 1];
		r.stride[k] = v->stride[k + 1];
	}
	r.rank--;
	return r;
}

/* v with a new dimension of extent 1 before dimension d. */
static struct gs_val with(const struct gs_val *v, unsigned d)
{
	struct gs_val r = *v;
	for (unsigned k = v->rank; k > d; k--) {
		r.dim[k] = v->dim[k - 1];
		r.stride[k] = v->stride[k - 1];
	}
	r.dim[d] = 1;
	r.stride[d] = 0;
	r.rank++;
	return r;
}

enum gs_err gs_control_stack(struct gs_lower *lo, struct gs_val *part, uint64_t n, int64_t axis, bool backwards,
                             struct gs_val *out)
{
	unsigned d;
	if (part[0].kind == GS_VAL_NONE || part[0].rank == GS_RANK_MAX || n > UINT32_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "a scan output of rank %u", part[0].rank + 1U);
	GS_TRY(gs_lower_axis(lo, axis, part[0].rank + 1U, &d));
	for (uint64_t i = 0; i < n; i++)
		if (part[i].kind == GS_VAL_NONE || part[i].dtype != part[0].dtype || part[i].rank != part[0].rank ||
		    memcmp(part[i].dim, part[0].dim, part[0].rank * sizeof(part[0].dim[0])) != 0)
			return gs_lower_refuse(lo, GS_ONNX_FORM,
			                       "a scan output changes its shape or type from trip to trip");
	for (uint64_t i = 0; backwards && i < n / 2; i++) {
		struct gs_val last = part[n - 1 - i];
		part[n - 1 - i] = part[i];
		part[i] = last;
	}
	for (uint64_t i = 0; i < n; i++)
		part[i] = with(&part[i], d);
	if (gs_val_count(&part[0]) != 0)
		return gs_ops_concat(lo, part, (unsigned)n, d, out);
	part[0].dim[d] = (uint32_t)n;
	return gs_lower_constant(lo, (enum gs_dtype)part[0].dtype, part[0].rank, part[0].dim, NULL, out);
}

enum gs_err gs_control_stack_none(struct gs_lower *lo, const struct gs_onnx_value *declared, int64_t axis,
                                  struct gs_val *out)
{
	uint32_t dim[GS_RANK_MAX] = {0};
	unsigned at;
	bool known = declared->has_shape && declared->rank < GS_RANK_MAX && declared->elem_type < 256 &&
	             gs_dtype_known((unsigned)declared->elem_type);
	for (unsigned d = 0; known && d < declared->rank; d++)
		known = declared->dim[d].value >= 0;
	if (!known)
		return gs_lower_refuse(lo, GS_ONNX_FORM,
		                       "no trip at all, and the body does not state its output's shape and type");
	GS_TRY(gs_lower_axis(lo, axis, declared->rank + 1U, &at));
	for (unsigned d = 0, from = 0; d < declared->rank + 1U; d++)
		dim[d] = d == at ? 0 : (uint32_t)declared->dim[from++].value;
	return gs_lower_constant(lo, (enum gs_dtype)declared->elem_type, declared->rank + 1U, dim, NULL, out);
}

/* ---- Scan ---- */

struct scan {
	const struct gs_onnx_graph *body;
	uint32_t states, ins, outs;
	int64_t *in_axis, *in_backwards, *out_axis, *out_backwards; /* by scan input, by scan output */
	struct gs_val *arg;                                         /* states, elements of the scan inputs */
	struct gs_val *result;                                      /* states, elements of the scan outputs */
	struct gs_val *part;                                        /* of one scan output, by trip */
	struct gs_val *kept;                                        /* kept[trip * outs + output] */
};

static void scan_free(struct scan *s)
{
	free(s->in_axis);
	free(s->in_backwards);
	free(s->out_axis);
	free(s->out_backwards);
	free(s->arg);
	free(s->result);
	free(s->part);
	free(s->kept);
}

/* A list attribute with one entry for every scan input or output; zeros without it. */
static enum gs_err scan_list(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name, uint32_t want,
                             int64_t **out)
{
	unsigned n = want;
	*out = calloc(want + 1U, sizeof(**out));
	if (*out == NULL)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for %u axes", want);
	GS_TRY(gs_lower_attr_ints(lo, node, name, *out, want, &n));
	return n == want ? GS_OK
	                 : gs_lower_refuse(lo, GS_ONNX_MALFORMED, "%s has %u entries for %u inputs or outputs", name, n,
	                                   want);
}

/* given: the node's inputs without sequence_lens. */
static enum gs_err scan_read(struct gs_lower *lo, const struct gs_onnx_node *node, uint32_t given, struct scan *s)
{
	int64_t ins = gs_lower_attr_int(node, "num_scan_inputs", 0);
	s->body = gs_control_graph(node, "body");
	if (s->body == NULL || ins < 1 || ins > (int64_t)given || s->body->inputs != given ||
	    s->body->outputs < given - (uint32_t)ins || node->outputs > s->body->outputs)
		return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
		                       "the body is missing, or has the wrong number of inputs or outputs");
	s->ins = (uint32_t)ins;
	s->states = given - s->ins;
	s->outs = s->body->outputs - s->states;
	bool old = lo->model.opset < 9;
	GS_TRY(scan_list(lo, node, old ? "directions" : "scan_input_directions", s->ins, &s->in_backwards));
	GS_TRY(scan_list(lo, node, "scan_input_axes", s->ins, &s->in_axis));
	GS_TRY(scan_list(lo, node, "scan_output_directions", s->outs, &s->out_backwards));
	GS_TRY(scan_list(lo, node, "scan_output_axes", s->outs, &s->out_axis));
	s->arg = calloc(given + 1U, sizeof(*s->arg));
	s->result = calloc(s->body->outputs + 1U, sizeof(*s->result));
	return s->arg == NULL || s->result == NULL
	               ? gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for the scan's values")
	               : GS_OK;
}

/* The number of trips, the same for all scan inputs x[]. */
static enum gs_err scan_length(struct gs_lower *lo, const struct scan *s, const struct gs_val *x, uint32_t *out)
{
	unsigned axis;
	for (uint32_t i = 0; i < s->ins; i++) {
		GS_TRY(gs_ops_present(lo, &x[i]));
		GS_TRY(gs_lower_axis(lo, s->in_axis[i], x[i].rank, &axis));
		if (i > 0 && x[i].dim[axis] != *out)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "scan inputs of lengths %u and %u", *out,
			                       x[i].dim[axis]);
		*out = x[i].dim[axis];
	}
	return GS_OK;
}

static enum gs_err scan_trips(struct gs_lower *lo, struct scan *s, const struct gs_val *x, uint32_t length)
{
	for (uint32_t t = 0; t < length; t++) {
		for (uint32_t i = 0; i < s->ins; i++) {
			unsigned axis;
			GS_TRY(gs_lower_axis(lo, s->in_axis[i], x[i].rank, &axis));
			struct gs_val one = gs_ops_part(&x[i], axis, s->in_backwards[i] != 0 ? length - 1 - t : t, 1);
			s->arg[s->states + i] = without(&one, axis);
		}
		GS_TRY(gs_lower_inner(lo, s->body, "body", s->arg, s->states + s->ins, s->result));
		for (uint32_t i = 0; i < s->states; i++) {
			if (s->result[i].kind == GS_VAL_NONE || s->result[i].dtype != s->arg[i].dtype)
				return gs_lower_refuse(lo, GS_ONNX_MALFORMED, "state %u changes its type", i);
			s->arg[i] = s->result[i];
		}
		if (s->outs != 0)
			memcpy(s->kept + (uint64_t)t * s->outs, s->result + s->states, s->outs * sizeof(*s->kept));
	}
	return GS_OK;
}

/* From the states state[] over the scan inputs x[] to the states and scan outputs out[]. */
static enum gs_err scan_run(struct gs_lower *lo, struct scan *s, const struct gs_val *state, const struct gs_val *x,
                            struct gs_val *out)
{
	uint32_t length = 0;
	GS_TRY(scan_length(lo, s, x, &length));
	if ((uint64_t)length * (s->outs + 1U) > GS_LOWER_VISITS_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u trips with %u outputs each; the limit is %d together",
		                       length, s->outs, GS_LOWER_VISITS_MAX);
	free(s->part);
	free(s->kept);
	s->part = calloc(length + 1U, sizeof(*s->part));
	s->kept = calloc((size_t)length * s->outs + 1, sizeof(*s->kept));
	if (s->part == NULL || s->kept == NULL)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for the scan's outputs");
	for (uint32_t i = 0; i < s->states; i++) {
		GS_TRY(gs_ops_present(lo, &state[i]));
		s->arg[i] = state[i];
	}
	GS_TRY(scan_trips(lo, s, x, length));
	for (uint32_t i = 0; i < s->states; i++)
		out[i] = s->arg[i];
	for (uint32_t k = 0; k < s->outs; k++) {
		for (uint32_t t = 0; t < length; t++)
			s->part[t] = s->kept[(uint64_t)t * s->outs + k];
		GS_TRY(length == 0 ? gs_control_stack_none(lo, &s->body->output[s->states + k], s->out_axis[k],
		                                           &out[s->states + k])
		                   : gs_control_stack(lo, s->part, length, s->out_axis[k], s->out_backwards[k] != 0,
		                                      &out[s->states + k]));
	}
	return GS_OK;
}

/* Opset 8: every input and output has a first dimension of batches, and sequence_lens may shorten some. */
static enum gs_err check_lengths(struct gs_lower *lo, const struct gs_val *lens, uint32_t batches, uint32_t length)
{
	int64_t v[GS_LOWER_INTS_MAX];
	unsigned n;
	if (lens->kind == GS_VAL_NONE)
		return GS_OK;
	GS_TRY(gs_lower_ints(lo, lens, "sequence_lens", v, GS_LOWER_INTS_MAX, &n));
	for (unsigned i = 0; i < n; i++)
		if (n != batches || v[i] != length)
			return gs_lower_refuse(lo, GS_ONNX_FORM, "sequences of unequal length are not supported");
	return GS_OK;
}

static enum gs_err scan_batches(struct gs_lower *lo, struct scan *s, const struct gs_val *in, struct gs_val *out,
                                uint32_t outputs)
{
	uint32_t given = s->states + s->ins, batches = in[1].rank == 0 ? 0 : in[1].dim[0], all = s->states + s->outs;
	for (uint32_t i = 0; i < given; i++) {
		GS_TRY(gs_ops_present(lo, &in[1 + i]));
		if (in[1 + i].rank < (i < s->states ? 1 : 2) || in[1 + i].dim[0] != batches || batches == 0)
			return gs_lower_refuse(lo, GS_ONNX_MALFORMED,
			                       "an input without its batch or sequence dimension");
	}
	GS_TRY(check_lengths(lo, &in[0], batches, in[1 + s->states].dim[1]));
	if ((uint64_t)batches * (all + given) > GS_LOWER_VISITS_MAX)
		return gs_lower_refuse(lo, GS_ONNX_TOO_BIG, "%u batches", batches);
	struct gs_val *x = calloc(given + 1U, sizeof(*x)), *part = calloc(batches + 1U, sizeof(*part));
	struct gs_val *result = calloc((size_t)batches * all + 1, sizeof(*result));
	enum gs_err err = GS_OK;
	if (x == NULL || part == NULL || result == NULL) {
		err = gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for %u batches", batches);
		goto out;
	}
	for (uint32_t b = 0; err == GS_OK && b < batches; b++) {
		for (uint32_t i = 0; i < given; i++) {
			x[i] = gs_ops_part(&in[1 + i], 0, b, 1);
			x[i] = without(&x[i], 0);
		}
		err = scan_run(lo, s, x, x + s->states, result + (size_t)b * all);
	}
	for (uint32_t i = 0; err == GS_OK && i < all && i < outputs; i++) {
		for (uint32_t b = 0; b < batches; b++)
			part[b] = result[(size_t)b * all + i];
		err = gs_control_stack(lo, part, batches, 0, false, &out[i]);
	}
out:
	free(x);
	free(part);
	free(result);
	return err;
}

static enum gs_err scan_one(struct gs_lower *lo, struct scan *s, const struct gs_val *in, struct gs_val *out,
                            uint32_t outputs)
{
	struct gs_val *all = calloc(s->body->outputs + 1U, sizeof(*all));
	if (all == NULL)
		return gs_lower_refuse(lo, GS_ONNX_NO_MEMORY, "no memory for the scan's outputs");
	enum gs_err err = scan_run(lo, s, in, in + s->states, all);
	for (uint32_t i = 0; err == GS_OK && i < outputs; i++)
		out[i] = all[i];
	free(all);
	return err;
}

static enum gs_err op_scan(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                           struct gs_val *out)
{
	bool old = lo->model.opset < 9;
	struct scan s = {0};
	enum gs_err err = scan_read(lo, node, node->inputs - (old && node->inputs > 0 ? 1 : 0), &s);
	if (err == GS_OK)
		err = old ? scan_batches(lo, &s, in, out, node->outputs) : scan_one(lo, &s, in, out, node->outputs);
	scan_free(&s);
	return err;
}

const struct gs_lower_op gs_ops_scan[] = {
	{"Scan", op_scan},
	{NULL, NULL},
};
