/* Attention's windows: the same bits as with a mask that a plain loop makes of the operator's text. */
#include "tests/support/onnx_model.h"

enum { BATCH = 2, HEADS = 2, QUERIES = 4, KEYS = 6, SIZE = 3, OUT = BATCH * HEADS * QUERIES * SIZE };

struct form {
	int64_t left, right, causal;
	uint32_t past; /* keys that come by past_key */
	bool lengths;  /* nonpad_kv_seqlen is given */
	int64_t length[BATCH];
};

/* One attention, by the window's attributes or by the mask. */
static void attend(const struct form *f, const bool *mask, const float *x, float *out)
{
	uint32_t fresh = KEYS - f->past;
	struct ob o;
	ob_init(&o, 25);
	ob_input(&o, "q", GS_F32, 4, (int64_t[]){BATCH, HEADS, QUERIES, SIZE});
	ob_initializer(&o, "k", GS_F32, 4, (uint32_t[]){BATCH, HEADS, fresh, SIZE}, x + OUT);
	ob_initializer(&o, "v", GS_F32, 4, (uint32_t[]){BATCH, HEADS, fresh, SIZE}, x + OUT + 100);
	if (mask != NULL)
		ob_initializer(&o, "m", GS_BOOL, 4, (uint32_t[]){BATCH, 1, QUERIES, KEYS}, mask);
	if (f->past > 0) {
		ob_initializer(&o, "pk", GS_F32, 4, (uint32_t[]){BATCH, HEADS, f->past, SIZE}, x + OUT + 200);
		ob_initializer(&o, "pv", GS_F32, 4, (uint32_t[]){BATCH, HEADS, f->past, SIZE}, x + OUT + 300);
	}
	if (f->lengths)
		ob_initializer(&o, "n", GS_I64, 1, (uint32_t[]){BATCH}, f->length);
	char inputs[64] = "q,k,v,";
	strcat(inputs, mask != NULL ? "m" : "");
	strcat(inputs, f->past > 0 ? ",pk,pv" : ",,");
	strcat(inputs, f->lengths ? ",n" : "");
	ob_node(&o, "Attention", inputs, "y");
	if (mask == NULL) {
		ob_attr_int(&o, "left_window_size", f->left);
		ob_attr_int(&o, "right_window_size", f->right);
		ob_attr_int(&o, "is_causal", f->causal);
	}
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	struct gs_tensor_type type;
	float *y = onnx_run(&o, (const void *const[ONNX_INPUTS_MAX]){x}, 0, &type);
	assert_int_equal(gs_tensor_type_count(&type), OUT);
	memcpy(out, y, OUT * sizeof(*out));
	free(y);
}

static void windows_are_masks(void **state)
{
	(void)state;
	static const struct form forms[] = {
		{-1, -1, 0, 0, false, {0}}, {2, 1, 0, 0, false, {0}},     {0, 0, 0, 0, false, {0}},
		{1, -1, 1, 0, false, {0}},  {-1, 2, 1, 2, false, {0}},    {1, 1, 0, 2, false, {0}},
		{2, 0, 0, 0, true, {6, 4}}, {-1, 1, 0, 0, true, {5, 1}},  {0, 3, 1, 0, true, {3, 6}},
		{1, 0, 0, 2, true, {6, 5}}, {-1, -1, 1, 2, true, {6, 4}},
	};
	struct gs_rng rng;
	float x[OUT + 400], have[OUT], want[OUT];
	gs_rng_seed(&rng, 5);
	for (unsigned i = 0; i < GS_ARRAY_LEN(x); i++)
		x[i] = (float)gs_rng_below(&rng, 2000) / 500.0F - 2.0F;
	for (unsigned n = 0; n < GS_ARRAY_LEN(forms); n++) {
		const struct form *f = &forms[n];
		bool mask[BATCH * QUERIES * KEYS];
		for (int64_t b = 0; b < BATCH; b++)
			for (int64_t i = 0; i < QUERIES; i++)
				for (int64_t j = 0; j < KEYS; j++) {
					int64_t offset = f->past > 0  ? f->past
					                 : f->lengths ? f->length[b] - QUERIES
					                              : 0;
					int64_t p = offset + i;
					mask[(b * QUERIES + i) * KEYS + j] = (f->left < 0 || j >= p - f->left) &&
					                                     (f->right < 0 || j <= p + f->right) &&
					                                     (f->causal == 0 || j <= p) &&
					                                     (!f->lengths || j < f->length[b]);
				}
		attend(f, NULL, x, have);
		attend(f, mask, x, want);
		for (unsigned i = 0; i < OUT; i++)
			if (gs_f32_to_bits(have[i]) != gs_f32_to_bits(want[i]))
				fail_msg("form %u: element %u is %a, with a mask %a", n, i, (double)have[i],
				         (double)want[i]);
	}
}

/* Angles without a dimension: refused, and nothing is read before the first one. */
static void angles_without_dimensions(void **state)
{
	(void)state;
	struct ob o;
	struct gs_program p;
	struct gs_error error = {0};
	ob_init(&o, 23);
	ob_input(&o, "x", GS_F32, 4, (int64_t[]){1, 1, 2, 4});
	ob_initializer(&o, "a", GS_F32, 0, NULL, &(float){0.5F});
	ob_node(&o, "RotaryEmbedding", "x,a,a", "y");
	ob_end(&o);
	ob_output(&o, "y", GS_F32);
	struct gs_buf b = ob_finish(&o);
	assert_int_equal(gs_onnx_lower(gs_buf_view(&b), NULL, &p, NULL, &error), GS_EPARSE);
	assert_non_null(strstr(error.text, "angles for another"));
	gs_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(windows_are_masks),
	                                   cmocka_unit_test(angles_without_dimensions)};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
