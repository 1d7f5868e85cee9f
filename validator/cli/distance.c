#include "validator/cli/distance.h"

#include "challenge/machine/within.h"
#include "validator/cli/compare.h"
#include "validator/cli/model_json.h"

#include <math.h>
#include <string.h>

/* What the canonical value y allows. */
static double allowance(const struct gs_header *h, double y)
{
	return gs_float_value(GS_F32, h->tolerance_abs) + gs_float_value(GS_F32, h->tolerance_rel) * fabs(y);
}

/* |c - y| in tolerances. */
static double measure(const struct gs_header *h, double c, double y)
{
	double off = fabs(c - y);
	if (c == y || (isnan(c) && isnan(y)))
		return 0;
	return isfinite(off) && allowance(h, y) > 0 ? off / allowance(h, y) : INFINITY;
}

struct gs_distance gs_distance_of(const struct gs_run *run, uint32_t output, const uint8_t *claimed)
{
	const struct gs_header *h = &run->program->header;
	const uint8_t *mine = claimed + (size_t)run->program->io.output[output].chunk * GS_CHUNK_BYTES;
	struct gs_distance d = {0};
	struct gs_tensor t;
	gs_run_output(run, output, &t);
	for (uint64_t i = 0; i < t.count; i++) {
		uint64_t c = gs_element_bits(mine, t.dtype, i), y = gs_element_bits(t.data, t.dtype, i);
		gs_reg a = gs_load(t.dtype, c), b = gs_load(t.dtype, y);
		bool is_float = gs_dtype_class(t.dtype) == GS_CLASS_F32;
		bool good = is_float ? gs_within((uint32_t)a, (uint32_t)b,
		                                 gs_within_tolerance(h->tolerance_abs, h->tolerance_rel)) != 0
		                     : a == b;
		double off = is_float ? measure(h, gs_float_value(t.dtype, c), gs_float_value(t.dtype, y))
		                      : (good ? 0 : INFINITY);
		d.outside += !good;
		if (off > d.worst) {
			d.worst = off;
			d.at = i;
		}
	}
	return d;
}

enum gs_err gs_distance_check(const struct gs_run *run, const uint8_t *claimed, struct gs_error *error)
{
	for (uint32_t k = 0; k < run->program->io.outputs; k++) {
		const struct gs_tensor_type *type = &run->program->io.output[k];
		struct gs_distance d = gs_distance_of(run, k, claimed);
		char mine[GS_ELEMENT_TEXT_MAX], right[GS_ELEMENT_TEXT_MAX];
		struct gs_tensor t;
		if (d.outside == 0)
			continue;
		gs_run_output(run, k, &t);
		gs_element_text(t.dtype, gs_element_bits(claimed + (size_t)type->chunk * GS_CHUNK_BYTES, t.dtype, d.at),
		                mine);
		gs_element_text(t.dtype, gs_element_bits(t.data, t.dtype, d.at), right);
		return gs_fail(
			error, GS_EINVAL,
			"output '%s': %llu of %llu values are outside the tolerance; element %llu is %s, canonical is "
			"%s, %.3g tolerances away: such a claim would be lost",
			type->name, (unsigned long long)d.outside, (unsigned long long)t.count,
			(unsigned long long)d.at, mine, right, d.worst);
	}
	return GS_OK;
}

enum gs_err gs_pack_given_outputs(const struct gs_program *program, const struct gs_tensor_set *given, uint8_t *out,
                                  struct gs_error *error)
{
	const struct gs_io *io = &program->io;
	const char *name[GS_IO_MAX] = {0};
	uint32_t index[GS_IO_MAX];
	enum gs_err err = GS_OK;
	for (uint32_t i = 0; i < io->outputs; i++)
		name[i] = io->output[i].name;
	if (given->count != io->outputs)
		return gs_fail(error, GS_EINVAL, "the model has %u outputs, given are %u", io->outputs, given->count);
	err = gs_tensor_set_match(given, name, io->outputs, index, error);
	memset(out, 0, (size_t)gs_run_output_bytes(program));
	for (uint32_t i = 0; i < io->outputs && err == GS_OK; i++) {
		const struct gs_tensor_type *type = &io->output[i];
		const struct gs_tensor *t = &given->tensor[index[i]];
		if (t->dtype != type->dtype || t->count != gs_tensor_type_elements(type))
			err = gs_fail(error, GS_EINVAL, "output '%s': the given tensor has another type or size",
			              type->name);
		else if (t->count != 0)
			memcpy(out + (size_t)type->chunk * GS_CHUNK_BYTES, t->data, (size_t)gs_tensor_bytes(t));
	}
	return err;
}
