/* Random ONNX graphs with a tolerance. Those that may have one: what is right is accepted, the edge is met at each element.
 * And whether the line is drawn right: a runtime that rounds every arithmetic result to a neighbour must give the same
 * integers and booleans wherever a tolerance is allowed, because those are compared for equality. */
#include "tests/generator/generator.h"
#include "tests/generator/graph.h"
#include "tests/support/tolerant_model.h"

enum {
	GRAPHS = 700,
	NODES = 8,
	GRAPH_BYTES_MAX = 1 << 26,
	EDGES_MAX = 200, /* elements of graphs whose edges are tried one by one */
	ABSOLUTE = 0x3c23d70a,
	RELATIVE = 0x3a83126f,
};

/* Functions whose results are roundings of real numbers, by their codes in docs/machine.md. */
static bool is_arithmetic(unsigned fn)
{
	static const uint8_t code[] = {0x02, 0x03, 0x04, 0x05, 0x06, 0x0b, 0x11, 0x12, 0x13, 0x14, 0x19, 0x1a,
	                               0x1b, 0x1c, 0x1d, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28};
	for (unsigned i = 0; i < GS_ARRAY_LEN(code); i++)
		if (code[i] == fn)
			return true;
	return false;
}

/* Each element that arithmetic made, moved to a neighbour or left, at random. */
static void disturb(const struct gs_instr *in, uint8_t *trace, struct gs_rng *rng)
{
	enum gs_dtype dtype = (enum gs_dtype)in->store_dtype;
	if (gs_dtype_class(dtype) != GS_CLASS_F32 || !(is_arithmetic(in->fn) || is_arithmetic(in->epilogue)))
		return;
	uint8_t *base = trace + (size_t)in->first_chunk * GS_CHUNK_BYTES;
	for (uint64_t n = 0; n < gs_instr_count(in); n++) {
		uint64_t bits = gs_element_bits(base, dtype, n);
		int64_t rank = tolerant_rank(dtype, bits) + (int64_t)gs_rng_below(rng, 3) - 1;
		uint64_t moved = tolerant_of_rank(dtype, rank);
		bool finite = (gs_load(dtype, bits) & 0x7f800000) != 0x7f800000 &&
		              (gs_load(dtype, moved) & 0x7f800000) != 0x7f800000;
		if (finite)
			gs_element_write(base, dtype, n, moved);
	}
}

/* How many integers and booleans of the outputs change when arithmetic is disturbed. */
static unsigned changed_integers(const struct gs_program *p, const uint8_t *inputs, uint64_t seed)
{
	uint64_t bytes = gs_program_trace_bytes(p);
	uint8_t *right = calloc(1, bytes), *other = calloc(1, bytes);
	assert_true(right != NULL && other != NULL);
	struct gs_memory mem = {.trace = right, .weights = p->weights, .inputs = inputs};
	struct gs_rng rng;
	unsigned changed = 0;
	gs_rng_seed(&rng, seed);
	gs_interpret(p, &mem);
	mem.trace = other;
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		gs_interpret_instr(&in, &mem);
		disturb(&in, other, &rng);
	}
	for (uint32_t k = 0; k < p->io.outputs; k++) {
		const struct gs_tensor_type *t = &p->io.output[k];
		enum gs_dtype dtype = (enum gs_dtype)t->dtype;
		size_t at = (size_t)(p->header.output_chunk + t->chunk) * GS_CHUNK_BYTES;
		for (uint64_t n = 0; gs_dtype_class(dtype) != GS_CLASS_F32 && n < gs_tensor_type_count(t); n++)
			changed += gs_element_bits(right + at, dtype, n) != gs_element_bits(other + at, dtype, n);
	}
	free(right);
	free(other);
	return changed;
}

struct totals {
	unsigned allowed, refused, changed, edges;
};

static void try_allowed(struct tolerant_model *m, struct totals *totals)
{
	uint64_t elements = 0;
	bool one_type = true;
	tolerant_run(m);
	if (!tolerant_accepts(m))
		fail_msg("what is right is refused");
	for (uint32_t k = 0; k < m->p.io.outputs; k++) {
		const struct gs_tensor_type *t = &m->p.io.output[k];
		elements += gs_tensor_type_count(t);
		/* the edges of infinities and NaNs are others */
		for (uint64_t n = 0; n < gs_tensor_type_count(t); n++)
			one_type &= gs_dtype_class((enum gs_dtype)t->dtype) != GS_CLASS_F32 ||
			            (gs_load((enum gs_dtype)t->dtype,
			                     gs_element_bits(tolerant_canonical(m, k), (enum gs_dtype)t->dtype, n)) &
			             0x7f800000) != 0x7f800000;
	}
	if (one_type && elements <= EDGES_MAX)
		totals->edges += tolerant_edges(m) > 0;
}

static void one_graph(uint64_t seed, struct totals *totals)
{
	struct gs_buf model, inputs;
	struct gs_error error = {0};
	struct gs_program exact;
	struct tolerant_model m = {0};
	gs_buf_init(&model, GRAPH_BYTES_MAX);
	gs_buf_init(&inputs, GRAPH_BYTES_MAX);
	if (gs_generate_graph(seed, 1 + (unsigned)(seed % NODES), &model, NULL, &error) != GS_OK)
		goto out;
	assert_int_equal(gs_onnx_lower(gs_buf_view(&model), NULL, &exact, NULL, &error), GS_OK);
	assert_int_equal(gs_generate_inputs(seed, &exact, &inputs), GS_OK);
	unsigned changed = 0;
	for (uint64_t turn = 0; turn < 3; turn++)
		changed += changed_integers(&exact, inputs.ptr, seed * 3 + turn);
	enum gs_err err = tolerant_lower(gs_buf_view(&model), ABSOLUTE, RELATIVE, &m.p, &error);
	if (err == GS_OK) {
		gs_program_free(&m.p);
		if (changed != 0)
			fail_msg("seed %llu may have a tolerance, and %u of its integers depend on roundings",
			         (unsigned long long)seed, changed);
		tolerant_open(&m, gs_buf_view(&model), ABSOLUTE, RELATIVE);
		assert_int_equal(m.p.header.inputs_chunks, exact.header.inputs_chunks);
		if (inputs.len > 0)
			memcpy(m.inputs, inputs.ptr, inputs.len);
		try_allowed(&m, totals);
		totals->allowed++;
		tolerant_close(&m);
	} else {
		assert_int_equal(err, GS_EUNSUPPORTED);
		assert_non_null(strstr(error.text, "such models are exact"));
		totals->refused++;
		totals->changed += changed != 0;
	}
	gs_program_free(&exact);
out:
	gs_buf_free(&model);
	gs_buf_free(&inputs);
}

static void random_graphs(void **state)
{
	(void)state;
	struct totals totals = {0};
	for (uint64_t seed = 1; seed <= GRAPHS; seed++)
		one_graph(seed, &totals);
	print_message("%u allowed, the edges of %u; %u refused, of which %u change an integer\n", totals.allowed,
	              totals.edges, totals.refused, totals.changed);
	assert_true(totals.allowed > GRAPHS / 8 && totals.refused > GRAPHS / 16);
	assert_true(totals.edges > GRAPHS / 16);
	assert_true(totals.changed > 5); /* or else disturbing shows nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_graphs)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
