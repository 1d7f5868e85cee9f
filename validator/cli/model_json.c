#include "validator/cli/model_json.h"

#include "validator/cli/cli.h"
#include "validator/cli/compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

json_t *gs_model_json_hash(const struct gs_hash *hash)
{
	char text[67];
	gs_hex_encode(hash->b, sizeof(hash->b), true, text);
	return json_string(text);
}

json_t *gs_json_types(const struct gs_tensor_type *t, uint32_t count)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < count; i++) {
		json_t *shape = json_array(), *one = json_object();
		for (unsigned d = 0; d < t[i].rank; d++)
			json_array_append_new(shape, json_integer(t[i].dim[d]));
		json_t *name = json_string(t[i].name);
		json_object_set_new(one, "name", name != NULL ? name : json_string("(not UTF-8)"));
		json_object_set_new(one, "type", json_string(gs_dtype_name((enum gs_dtype)t[i].dtype)));
		json_object_set_new(one, "shape", shape);
		if (!gs_hash_is_zero(&t[i].bound))
			json_object_set_new(one, "bound", gs_model_json_hash(&t[i].bound));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *gs_json_tolerance(const struct gs_header *header)
{
	json_t *json = json_object();
	if (!gs_header_tolerant(header)) {
		json_decref(json);
		return json_null();
	}
	json_object_set_new(json, "absolute", gs_json_element(GS_F32, header->tolerance_abs));
	json_object_set_new(json, "relative", gs_json_element(GS_F32, header->tolerance_rel));
	json_object_set_new(json, "claimedChunks", json_integer(header->claimed_chunks));
	return json;
}

void gs_element_text(enum gs_dtype dtype, uint64_t bits, char out[GS_ELEMENT_TEXT_MAX])
{
	gs_reg reg = gs_load(dtype, bits);
	switch (gs_dtype_class(dtype)) {
	case GS_CLASS_F32: snprintf(out, GS_ELEMENT_TEXT_MAX, "%.9g", gs_float_value(dtype, bits)); return;
	case GS_CLASS_I32: snprintf(out, GS_ELEMENT_TEXT_MAX, "%" PRId32, (int32_t)(uint32_t)reg); return;
	case GS_CLASS_I64:
		if (dtype == GS_U64)
			snprintf(out, GS_ELEMENT_TEXT_MAX, "%" PRIu64, reg);
		else
			snprintf(out, GS_ELEMENT_TEXT_MAX, "%" PRId64, (int64_t)reg);
		return;
	}
}

json_t *gs_json_element(enum gs_dtype dtype, uint64_t bits)
{
	gs_reg reg = gs_load(dtype, bits);
	switch (gs_dtype_class(dtype)) {
	case GS_CLASS_F32: {
		double v = gs_float_value(dtype, bits);
		return isfinite(v) ? json_real(v) : json_string(isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
	}
	case GS_CLASS_I32: return json_integer((int32_t)(uint32_t)reg);
	case GS_CLASS_I64: return json_integer((json_int_t)reg);
	}
	return NULL;
}

int gs_json_print(json_t *json)
{
	int failed = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	json_decref(json);
	if (failed != 0 || printf("\n") < 0 || fflush(stdout) != 0)
		return gs_cli_fail(&(struct gs_error){.code = GS_EIO, .text = "stdout: cannot write the result"});
	return GS_EXIT_OK;
}
