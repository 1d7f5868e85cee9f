/* tests/generator/generator.c: random programs, instruction by instruction. */
#include "tests/generator/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenge/machine/listing.h"

static const enum gs_dtype dtypes[] = {GS_F32, GS_F16, GS_BF16, GS_I8,  GS_U8,  GS_I16,
                                       GS_U16, GS_I32, GS_BOOL, GS_I64, GS_U32, GS_U64};

struct gs_generator_options gs_generator_small(void)
{
	return (struct gs_generator_options){.instructions_max = 10,
	                                     .elements_max = 200,
	                                     .terms_max = 300,
	                                     .steps_max = 4000,
	                                     .trace_depth_max = 12};
}

static enum gs_dtype random_dtype(struct generator *g, enum gs_class cls)
{
	if (one_in(g, 2))
		return gs_class_dtype(cls);
	for (;;) {
		enum gs_dtype d = dtypes[below(g, GS_ARRAY_LEN(dtypes))];
		if (gs_dtype_class(d) == cls)
			return d;
	}
}

/* Extents whose product stays at or below max; a fold's may hold a zero. */
static unsigned random_box(struct generator *g, unsigned axes_max, uint64_t max, uint32_t *extent)
{
	unsigned axes = (unsigned)below(g, axes_max + 1);
	uint64_t left = max;
	for (unsigned a = 0; a < axes; a++) {
		uint64_t most = left < 3 || a + 1 == axes ? left : left / 2;
		extent[a] = (uint32_t)(1 + below(g, one_in(g, 3) ? most : most < 6 ? most : 6));
		left /= extent[a];
	}
	return axes;
}

/* Of the functions that any program may have: `within`, the last of the table, is for tolerant ones. */
static unsigned table_length(void)
{
	unsigned n = 0, code = 0;
	while (gs_fn_nth(n, &code) && code != GS_FN_WITHIN)
		n++;
	GS_ASSERT(code == GS_FN_WITHIN);
	GS_ASSERT(n > 0);
	return n;
}

static bool can_fold(unsigned code)
{
	const struct gs_fn_info *fn = gs_fn_info(code);
	return !gs_fn_is_first(code) && fn->arity >= 2 && fn->result == fn->operand[0];
}

static void within_epilogue(struct generator *g, struct gs_instr *in)
{
	in->epilogue = GS_FN_WITHIN;
	in->epilogue_pos = (uint8_t)below(g, 2);
	in->epilogue_const[0] = gs_random_register(&g->rng, GS_CLASS_F32, GS_FLAVOUR_MIXED);
	in->epilogue_const[1] = g->tolerance;
}

static void random_epilogue(struct generator *g, struct gs_instr *in, enum gs_class *cls)
{
	if (g->tolerant && *cls == GS_CLASS_F32 && one_in(g, 3)) {
		within_epilogue(g, in);
		*cls = GS_CLASS_I32;
		return;
	}
	for (unsigned tries = 0; tries < 40; tries++) {
		unsigned code, pos;
		GS_ASSERT(gs_fn_nth((unsigned)below(g, table_length()), &code));
		const struct gs_fn_info *fn = gs_fn_info(code);
		pos = (unsigned)below(g, fn->arity);
		if (gs_fn_is_first(code) || fn->operand[pos] != *cls)
			continue;
		in->epilogue = (uint8_t)code;
		in->epilogue_pos = (uint8_t)pos;
		for (unsigned i = 0, k = 0; i < fn->arity; i++)
			if (i != pos)
				in->epilogue_const[k++] = gs_random_register(&g->rng, fn->operand[i], GS_FLAVOUR_MIXED);
		*cls = fn->result;
		return;
	}
}

static void random_instruction(struct generator *g, unsigned code, enum gs_form form, struct gs_instr *in)
{
	memset(in, 0, sizeof(*in));
	enum gs_class cls = gs_fn_info(code)->result;
	in->fn = (uint8_t)code;
	in->form = (uint8_t)form;
	uint64_t elements = g->options.elements_max;
	if (in->form == GS_FOLD) {
		in->acc_dtype = (uint8_t)gs_class_dtype(cls);
		uint64_t terms = one_in(g, 3) ? 1 + below(g, 3) : g->options.terms_max;
		uint32_t reduction[GS_RED_AXES_MAX] = {0};
		in->red_axes = (uint8_t)random_box(g, 3, terms, reduction);
		if (one_in(g, 8) && in->red_axes > 0)
			reduction[below(g, in->red_axes)] = 0;
		uint64_t k = 1;
		for (unsigned a = 0; a < in->red_axes; a++)
			k *= reduction[a];
		uint64_t affordable = g->options.steps_max / (1 + k);
		elements = affordable < 1 ? 1 : affordable < elements ? affordable : elements;
		in->out_axes = (uint8_t)random_box(g, 4, elements, in->extent);
		memcpy(in->extent + in->out_axes, reduction, in->red_axes * sizeof(*reduction));
	} else {
		in->out_axes = (uint8_t)random_box(g, 4, elements, in->extent);
	}
	if (one_in(g, 3))
		random_epilogue(g, in, &cls);
	in->store_dtype = (uint8_t)random_dtype(g, cls);
	unsigned budget = GS_OPENINGS_MAX;
	for (unsigned i = 0; i < gs_instr_operands(in); i++) {
		generator_operand(g, in, i, &budget);
		if (in->form == GS_FOLD && i == 0)
			budget = GS_OPENINGS_MAX; /* init is a step of its own */
	}
	if (code == GS_FN_WITHIN)
		in->operand[2] = (struct gs_operand){.kind = GS_OPERAND_CONST, .constant = g->tolerance};
}

/* A tensor of io, whose array has `chunks` so far. */
static void random_type(struct generator *g, enum gs_space space, enum gs_dtype dtype, struct gs_tensor_type *t,
                        uint32_t number, uint32_t *chunks)
{
	snprintf(t->name, sizeof(t->name), space == GS_SPACE_INPUTS ? "x%u" : "y%u", number);
	t->dtype = (uint8_t)dtype;
	t->rank = 1;
	t->dim[0] = (uint32_t)(1 + below(g, 120));
	struct source s = {(uint8_t)space, (uint8_t)dtype, *chunks, t->dim[0]};
	*chunks += (uint32_t)gs_dtype_chunks(dtype, s.count);
	g->fixed[g->fixed_count++] = s;
}

/* A tolerance, and the outputs that a claim states: some are f32. */
static enum gs_err random_claim(struct generator *g)
{
	struct gs_program *p = g->program;
	uint32_t chunks = 0;
	uint64_t turn = below(g, GS_ARRAY_LEN(dtypes));
	p->io.outputs = (uint32_t)(1 + below(g, 4));
	p->io.output = calloc(p->io.outputs, sizeof(*p->io.output));
	if (p->io.output == NULL)
		return GS_ENOMEM;
	for (uint32_t k = 0; k < p->io.outputs; k++)
		random_type(g, GS_SPACE_CLAIMED, one_in(g, 2) ? GS_F32 : dtypes[turn++ % GS_ARRAY_LEN(dtypes)],
		            &p->io.output[k], k, &chunks);
	p->header.outputs = 1;
	return GS_OK;
}

static void random_tolerance(struct generator *g)
{
	struct gs_header *h = &g->program->header;
	uint64_t kind = below(g, 6);
	h->tolerance_abs = kind == 0   ? 0
	                   : kind == 1 ? GS_TOLERANCE_ABS_MAX
	                               : 1 + (uint32_t)below(g, GS_TOLERANCE_ABS_MAX);
	h->tolerance_rel = kind == 2   ? 0
	                   : kind == 3 ? GS_TOLERANCE_REL_MAX
	                               : 1 + (uint32_t)below(g, GS_TOLERANCE_REL_MAX);
	g->tolerance = (uint64_t)h->tolerance_abs << 32 | h->tolerance_rel;
	g->tolerant = true;
}

/* Weights (in the program) and inputs (in its io), of every dtype between them. */
static enum gs_err random_sources(struct generator *g)
{
	struct gs_program *p = g->program;
	uint32_t chunks = 0;
	unsigned weights = (unsigned)below(g, 8);
	p->io.inputs = (uint32_t)below(g, 6) + (weights == 0);
	p->io.input = calloc(p->io.inputs + 1, sizeof(*p->io.input));
	p->weights_owned = calloc(8 * 8, GS_CHUNK_BYTES * 8);
	if (p->io.input == NULL || p->weights_owned == NULL)
		return GS_ENOMEM;
	p->weights = p->weights_owned;
	uint64_t turn = below(g, GS_ARRAY_LEN(dtypes));
	for (unsigned w = 0; w < weights; w++) {
		enum gs_dtype dtype = dtypes[turn++ % GS_ARRAY_LEN(dtypes)];
		struct source s = {GS_SPACE_WEIGHTS, (uint8_t)dtype, chunks, 1 + below(g, 120)};
		gs_random_tensor(&g->rng, dtype, (enum gs_flavour)below(g, GS_FLAVOURS),
		                 p->weights_owned + (size_t)chunks * GS_CHUNK_BYTES, s.count);
		chunks += (uint32_t)gs_dtype_chunks(dtype, s.count);
		g->fixed[g->fixed_count++] = s;
	}
	p->header.weights_chunks = chunks;
	chunks = 0;
	for (uint32_t i = 0; i < p->io.inputs; i++) {
		struct gs_tensor_type *t = &p->io.input[i];
		enum gs_dtype dtype = dtypes[turn++ % GS_ARRAY_LEN(dtypes)];
		random_type(g, GS_SPACE_INPUTS, dtype, t, i, &chunks);
	}
	return g->tolerant ? random_claim(g) : GS_OK;
}

enum gs_err generator_instructions(struct generator *g)
{
	const struct gs_program *p = g->program;
	free(g->instr);
	g->instr = calloc(p->count, sizeof(*g->instr));
	for (uint32_t i = 0; g->instr != NULL && p->descriptors != NULL && i < p->count; i++)
		g->instr[i] = gs_program_instr(p, i);
	return g->instr != NULL ? GS_OK : GS_ENOMEM;
}

enum gs_err generator_seal(struct generator *g, struct gs_error *error)
{
	struct gs_listing listing;
	gs_listing_init(&listing);
	enum gs_err err = GS_OK;
	for (uint32_t i = 0; err == GS_OK && i < g->program->count; i++)
		err = gs_listing_append(&listing, &g->instr[i]);
	err = err == GS_OK ? gs_program_seal(g->program, &listing, error)
	                   : gs_fail(error, err, "generator: instructions that cannot be listed");
	gs_listing_free(&listing);
	return err;
}

enum gs_err generator_outputs(struct generator *g)
{
	struct gs_program *p = g->program;
	if (g->tolerant)
		return GS_OK; /* they are the claimed ones */
	p->io.outputs = p->header.outputs;
	p->io.output = calloc(p->io.outputs, sizeof(*p->io.output));
	if (p->io.output == NULL)
		return GS_ENOMEM;
	for (uint32_t k = 0; k < p->io.outputs; k++) {
		const struct gs_instr *in = &g->instr[p->count - p->io.outputs + k];
		struct gs_tensor_type *t = &p->io.output[k];
		snprintf(t->name, sizeof(t->name), "y%u", k);
		t->dtype = in->store_dtype;
		t->rank = in->out_axes;
		memcpy(t->dim, in->extent, t->rank * sizeof(*t->dim));
	}
	return GS_OK;
}

/* An instruction that fits a descriptor: a draw may be too long. */
static void fitting_instruction(struct generator *g, unsigned code, enum gs_form form, struct gs_instr *in)
{
	uint8_t bytes[GS_DESCRIPTOR_BYTES_MAX];
	size_t len;
	do
		random_instruction(g, code, form, in);
	while (gs_instr_encode(in, bytes, &len) != GS_OK || len > GS_DESCRIPTOR_BYTES_MAX - 64);
}

/* The last instruction of a tolerant program: one i32. */
static void final_instruction(struct generator *g, struct gs_instr *in)
{
	static const uint8_t fn[] = {GS_FN_I32_AND, GS_FN_I32_OR, GS_FN_I32_EQ,
	                             GS_FN_I32_LE,  GS_FN_I64_EQ, GS_FN_I32_MIN};
	uint32_t elements = g->options.elements_max;
	unsigned code = fn[below(g, GS_ARRAY_LEN(fn))];
	g->options.elements_max = 1;
	fitting_instruction(g, code, can_fold(code) ? GS_FOLD : GS_MAP, in);
	in->epilogue = in->epilogue_pos = 0;
	in->epilogue_const[0] = in->epilogue_const[1] = 0;
	in->store_dtype = GS_I32;
	g->options.elements_max = elements;
}

static enum gs_err generate(struct generator *g, uint64_t seed, struct gs_error *error)
{
	struct gs_program *p = g->program;
	p->count = (uint32_t)(1 + below(g, g->options.instructions_max));
	if (g->options.deep && p->count < 4)
		p->count = 4; /* a gap needs an instruction before the outputs */
	if (generator_instructions(g) != GS_OK || random_sources(g) != GS_OK)
		return gs_fail(error, GS_ENOMEM, "generator: no memory");
	for (g->at = 0; g->at < p->count; g->at++) {
		unsigned code;
		if (g->tolerant && g->at + 1 == p->count) {
			final_instruction(g, &g->instr[g->at]);
			break;
		}
		GS_ASSERT(gs_fn_nth((unsigned)((seed * 8 + g->at) % table_length()), &code));
		if (g->tolerant && one_in(g, 3))
			code = GS_FN_WITHIN;
		fitting_instruction(g, code, can_fold(code) && !one_in(g, 3) ? GS_FOLD : GS_MAP, &g->instr[g->at]);
	}
	uint32_t most = p->count < 3 ? p->count : 3;
	p->header.outputs = g->tolerant ? 1 : (uint32_t)(1 + below(g, most));
	enum gs_err err = generator_outputs(g) == GS_OK ? generator_seal(g, error)
	                                                : gs_fail(error, GS_ENOMEM, "generator: no memory");
	if (err == GS_OK && p->header.trace_depth < g->options.trace_depth_max && (g->options.deep || !one_in(g, 3)))
		err = generator_stretch(g, error);
	return err != GS_OK ? err : gs_program_check(p, error);
}

enum gs_err gs_generate_program(uint64_t seed, const struct gs_generator_options *options, struct gs_program *out,
                                struct gs_error *error)
{
	GS_ASSERT(options->instructions_max >= 1 && options->instructions_max <= 64);
	struct generator g = {.options = *options, .program = out};
	gs_rng_seed(&g.rng, seed);
	memset(out, 0, sizeof(*out));
	enum gs_err err = generate(&g, seed, error);
	free(g.instr);
	if (err != GS_OK)
		gs_program_free(out);
	return err;
}

enum gs_err gs_generate_tolerant(uint64_t seed, const struct gs_generator_options *options, struct gs_program *out,
                                 struct gs_error *error)
{
	GS_ASSERT(options->instructions_max >= 1 && options->instructions_max <= 64);
	struct generator g = {.options = *options, .program = out};
	gs_rng_seed(&g.rng, seed ^ UINT64_C(0x746f6c6572616e74));
	memset(out, 0, sizeof(*out));
	random_tolerance(&g);
	enum gs_err err = generate(&g, seed, error);
	free(g.instr);
	if (err != GS_OK)
		gs_program_free(out);
	return err;
}

enum gs_err gs_generate_function(uint64_t seed, unsigned code, enum gs_form form, struct gs_program *out,
                                 struct gs_error *error)
{
	struct generator g = {.options = gs_generator_small(), .program = out};
	memset(out, 0, sizeof(*out));
	if (gs_fn_info(code) == NULL || (form == GS_FOLD && !can_fold(code)))
		return gs_fail(error, GS_EINVAL, "generator: function %#x cannot be had in this form", code);
	gs_rng_seed(&g.rng, seed);
	out->count = 1;
	out->header.outputs = 1;
	if (code == GS_FN_WITHIN) {
		random_tolerance(&g);
		out->count = 2;
	}
	enum gs_err err = generator_instructions(&g);
	if (err == GS_OK)
		err = random_sources(&g);
	if (err == GS_OK) {
		fitting_instruction(&g, code, form, &g.instr[0]);
		g.at = 1;
		if (g.tolerant)
			final_instruction(&g, &g.instr[1]);
		err = generator_outputs(&g);
	}
	err = err == GS_OK ? generator_seal(&g, error) : gs_fail(error, err, "generator: no memory");
	free(g.instr);
	if (err != GS_OK)
		gs_program_free(out);
	return err;
}

enum gs_err gs_generate_longest_fold(uint64_t seed, struct gs_program *out, struct gs_error *error)
{
	enum { WEIGHTS = 4096 };
	struct generator g = {.program = out};
	gs_rng_seed(&g.rng, seed);
	memset(out, 0, sizeof(*out));
	out->count = 2;
	out->weights_owned = calloc(WEIGHTS, 4);
	enum gs_err err = generator_instructions(&g);
	if (err != GS_OK || out->weights_owned == NULL) {
		err = GS_ENOMEM;
		goto out;
	}
	out->weights = out->weights_owned;
	out->header.weights_chunks = WEIGHTS * 4 / GS_CHUNK_BYTES;
	gs_random_tensor(&g.rng, GS_F32, GS_FLAVOUR_PLAIN, out->weights_owned, WEIGHTS);

	struct gs_instr *fold = &g.instr[0];
	*fold = (struct gs_instr){.form = GS_FOLD, .fn = GS_FN_F32_FMA, .store_dtype = GS_F32, .acc_dtype = GS_F32};
	fold->red_axes = 2;
	fold->extent[0] = 512;
	fold->extent[1] = 512;
	for (unsigned i = 1; i <= 2; i++) {
		struct gs_view *view = &fold->operand[i].view;
		fold->operand[i].kind = GS_OPERAND_TENSOR;
		*view = (struct gs_view){.space = GS_SPACE_WEIGHTS, .dtype = GS_F32, .count = WEIGHTS, .rows = 1};
		view->row[0].extent = WEIGHTS;
		view->row[0].stride = 1;
		view->row[0].at.coef[0] = i == 1 ? 8 : 1;
		view->row[0].at.coef[1] = i == 1 ? 0 : 7;
	}
	struct gs_instr *map = &g.instr[1];
	*map = (struct gs_instr){.form = GS_MAP, .fn = GS_FN_F32_ABS, .store_dtype = GS_F32};
	map->operand[0].kind = GS_OPERAND_TENSOR;
	map->operand[0].view = (struct gs_view){.space = GS_SPACE_TRACE, .dtype = GS_F32, .count = 1, .chunk = 0};
	out->header.outputs = 1;
	err = generator_outputs(&g);
	if (err == GS_OK)
		err = generator_seal(&g, error);
out:
	free(g.instr);
	if (err != GS_OK)
		gs_program_free(out);
	return err == GS_ENOMEM ? gs_fail(error, err, "generator: no memory") : err;
}

/* Random elements of tensors that lie in an array of their own, of so many chunks. */
static enum gs_err random_array(struct gs_rng *rng, const struct gs_tensor_type *tensor, uint32_t count,
                                uint32_t chunks, struct gs_buf *out)
{
	size_t bytes = (size_t)chunks * GS_CHUNK_BYTES;
	uint8_t *base = gs_buf_extend(out, bytes);
	if (base == NULL)
		return bytes > 0 ? out->err : GS_OK;
	memset(base, 0, bytes);
	for (uint32_t i = 0; i < count; i++) {
		const struct gs_tensor_type *t = &tensor[i];
		gs_random_tensor(rng, (enum gs_dtype)t->dtype, (enum gs_flavour)gs_rng_below(rng, GS_FLAVOURS),
		                 base + (size_t)t->chunk * GS_CHUNK_BYTES, gs_tensor_type_count(t));
	}
	return GS_OK;
}

enum gs_err gs_generate_inputs(uint64_t seed, const struct gs_program *program, struct gs_buf *out)
{
	struct gs_rng rng;
	gs_rng_seed(&rng, seed ^ UINT64_C(0x696e70757473));
	return random_array(&rng, program->io.input, program->io.inputs, program->header.inputs_chunks, out);
}

enum gs_err gs_generate_claimed(uint64_t seed, const struct gs_program *program, struct gs_buf *out)
{
	struct gs_rng rng;
	gs_rng_seed(&rng, seed ^ UINT64_C(0x636c61696d6564));
	if (!gs_header_tolerant(&program->header))
		return GS_OK;
	return random_array(&rng, program->io.output, program->io.outputs, program->header.claimed_chunks, out);
}
