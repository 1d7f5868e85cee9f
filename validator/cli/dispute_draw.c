/* validator/cli/dispute_draw.c: where a random fault goes, and what wrong bits it puts there. */
#include "validator/cli/dispute_fault.h"

#include <string.h>

const char *gs_fault_kind_name(enum gs_fault_kind kind)
{
	switch (kind) {
	case GS_FAULT_MAP: return "map";
	case GS_FAULT_INIT: return "init";
	case GS_FAULT_BODY: return "body";
	case GS_FAULT_LAST_TERM: return "last-term";
	case GS_FAULT_FINAL: return "final";
	case GS_FAULT_PADDING: return "padding";
	case GS_FAULT_GAP: return "gap";
	case GS_FAULT_FIRST_CHUNK: return "first-chunk";
	case GS_FAULT_LAST_CHUNK: return "last-chunk";
	case GS_FAULT_LONGEST_FOLD: return "longest-fold";
	case GS_FAULT_SKIP: return "skip";
	case GS_FAULT_INDIRECT: return "indirect";
	case GS_FAULT_NAN: return "nan";
	case GS_FAULT_GIVEN: return "given";
	}
	return "unknown";
}

static uint64_t chunks_of(const struct gs_instr *in)
{
	return gs_dtype_chunks((enum gs_dtype)in->store_dtype, gs_instr_count(in));
}

static bool is_float(enum gs_dtype dtype)
{
	return gs_dtype_class(dtype) == GS_CLASS_F32;
}

static bool skips(const struct gs_instr *in)
{
	for (unsigned i = 1; in->form == GS_FOLD && i < gs_instr_operands(in); i++)
		if (in->operand[i].kind == GS_OPERAND_TENSOR && in->operand[i].view.pad == GS_PAD_SKIP)
			return true;
	return false;
}

static bool reads_indirectly(const struct gs_instr *in)
{
	for (unsigned i = 0; i < gs_instr_operands(in); i++)
		if (in->operand[i].kind == GS_OPERAND_TENSOR && in->operand[i].indirect_row != 0)
			return true;
	return false;
}

/* Whether an instruction has a place for a fault of the kind; the longest fold is found otherwise. */
static bool suits(const struct gs_instr *in, enum gs_fault_kind kind)
{
	unsigned per_chunk = gs_dtype_per_chunk((enum gs_dtype)in->store_dtype);
	switch (kind) {
	case GS_FAULT_MAP: return in->form == GS_MAP;
	case GS_FAULT_INIT:
	case GS_FAULT_FINAL:
	case GS_FAULT_LONGEST_FOLD: return in->form == GS_FOLD;
	case GS_FAULT_BODY:
	case GS_FAULT_LAST_TERM: return in->form == GS_FOLD && gs_instr_terms(in) > 0;
	case GS_FAULT_PADDING: return gs_instr_count(in) % per_chunk != 0;
	case GS_FAULT_GAP: return in->span > chunks_of(in);
	case GS_FAULT_SKIP: return skips(in) && gs_instr_terms(in) > 0;
	case GS_FAULT_INDIRECT: return reads_indirectly(in);
	case GS_FAULT_NAN: return is_float((enum gs_dtype)in->store_dtype);
	case GS_FAULT_FIRST_CHUNK:
	case GS_FAULT_LAST_CHUNK:
	case GS_FAULT_GIVEN: return false;
	}
	return false;
}

static bool pick_instruction(struct gs_rng *rng, enum gs_fault_kind kind, const struct gs_program *p, uint32_t *out)
{
	uint64_t seen = 0, longest = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_instr in = gs_program_instr(p, i);
		if (!suits(&in, kind))
			continue;
		uint64_t terms = gs_instr_terms(&in);
		if (kind == GS_FAULT_LONGEST_FOLD && terms < longest)
			continue;
		if (kind == GS_FAULT_LONGEST_FOLD && terms > longest)
			seen = 0;
		longest = terms;
		if (gs_rng_below(rng, ++seen) == 0)
			*out = i;
	}
	return seen > 0;
}

static void place_in_chunk(struct gs_rng *rng, const struct gs_program *p, uint32_t chunk, struct gs_fault *out)
{
	out->instruction = gs_program_covering(p, chunk);
	const struct gs_instr instr = gs_program_instr(p, out->instruction), *in = &instr;
	unsigned per_chunk = gs_dtype_per_chunk((enum gs_dtype)in->store_dtype);
	out->element = (uint64_t)(chunk - in->first_chunk) * per_chunk + gs_rng_below(rng, per_chunk);
}

static const uint8_t *chunk_in_memory(void *self, uint8_t space, uint32_t chunk)
{
	const struct gs_memory *memory = self;
	return gs_memory_array(memory, (enum gs_space)space) + (size_t)chunk * GS_CHUNK_BYTES;
}

/* A term that is skipped, by trying some. */
static bool place_at_skip(struct gs_rng *rng, const struct gs_instr *in, const struct gs_prover_trace *honest,
                          struct gs_fault *out)
{
	struct gs_memory memory = gs_prover_trace_memory(honest);
	for (unsigned tries = 0; tries < 400; tries++) {
		struct gs_step_record record;
		uint64_t element = gs_rng_below(rng, gs_instr_count(in));
		uint32_t t = 1 + (uint32_t)gs_rng_below(rng, gs_instr_terms(in));
		gs_judge_step(in, element, t, 0, chunk_in_memory, &memory, &record);
		if (!record.skipped)
			continue;
		out->element = element;
		out->state = t;
		out->at_state = true;
		return true;
	}
	return false;
}

static void place_at_state(struct gs_rng *rng, const struct gs_instr *in, uint32_t state, struct gs_fault *out)
{
	out->element = gs_rng_below(rng, gs_instr_count(in));
	out->at_state = true;
	out->state = state;
}

/* A state (any) or the stored bits, of a fold; the stored bits of a map. */
static void place_anywhere(struct gs_rng *rng, const struct gs_instr *in, struct gs_fault *out)
{
	out->element = gs_rng_below(rng, gs_instr_count(in));
	out->at_state = in->form == GS_FOLD && gs_rng_below(rng, 2) == 0;
	out->state = out->at_state ? (uint32_t)gs_rng_below(rng, gs_instr_terms(in) + 1) : 0;
}

static uint64_t right_bits(const struct gs_prover_trace *honest, const struct gs_fault *fault)
{
	const struct gs_instr instr = gs_program_instr(honest->common->program, fault->instruction), *in = &instr;
	enum gs_dtype dtype = (enum gs_dtype)in->store_dtype;
	unsigned per_chunk = gs_dtype_per_chunk(dtype);
	uint8_t chunk[GS_CHUNK_BYTES];
	if (fault->at_state) {
		gs_reg state;
		struct gs_memory memory = gs_prover_trace_memory(honest);
		gs_interpret_accumulators(in, &memory, fault->element, fault->state, 1, 1, &state);
		return state;
	}
	gs_trace_chunk(honest->trace, in->first_chunk + fault->element / per_chunk, chunk);
	return gs_element_bits(chunk, dtype, fault->element % per_chunk);
}

static uint64_t odd_nan(struct gs_rng *rng, enum gs_dtype dtype)
{
	uint64_t sign = gs_rng_below(rng, 2);
	if (dtype == GS_F16)
		return 0x7c00 | sign << 15 | (1 + gs_rng_below(rng, 0x3ff));
	if (dtype == GS_BF16)
		return 0x7f80 | sign << 15 | (1 + gs_rng_below(rng, 0x7f));
	return 0x7f800000 | sign << 31 | (1 + gs_rng_below(rng, 0x7fffff));
}

/* Bits other than the right ones: a flipped bit (the last one half of the time), zero, one, random bits, or an odd NaN. */
static uint64_t wrong_bits(struct gs_rng *rng, enum gs_dtype dtype, uint64_t right, bool nan)
{
	unsigned width = 8 * gs_dtype_bytes(dtype);
	uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
	for (;;) {
		uint64_t wrong = 0;
		switch (nan ? 7 : gs_rng_below(rng, 8)) {
		case 0:
		case 1: wrong = right ^ 1; break;
		case 2:
		case 3: wrong = right ^ UINT64_C(1) << gs_rng_below(rng, width); break;
		case 4: wrong = 0; break;
		case 5: wrong = is_float(dtype) ? gs_store(dtype, 0x3f800000) : 1; break;
		case 6: wrong = gs_rng_u64(rng); break;
		case 7: wrong = is_float(dtype) ? odd_nan(rng, dtype) : right + 1; break;
		}
		wrong &= mask;
		if (wrong != right)
			return wrong;
	}
}

static void choose_bits(struct gs_rng *rng, const struct gs_prover_trace *honest, struct gs_fault *fault)
{
	const struct gs_instr instr = gs_program_instr(honest->common->program, fault->instruction), *in = &instr;
	enum gs_dtype dtype = (enum gs_dtype)(fault->at_state ? in->acc_dtype : in->store_dtype);
	fault->right = right_bits(honest, fault);
	fault->wrong = wrong_bits(rng, dtype, fault->right, fault->kind == GS_FAULT_NAN);
}

enum gs_err gs_fault_draw(struct gs_rng *rng, enum gs_fault_kind kind, const struct gs_prover_trace *honest,
                          struct gs_fault *out)
{
	const struct gs_program *p = honest->common->program;
	*out = (struct gs_fault){.kind = kind};
	if (kind == GS_FAULT_FIRST_CHUNK || kind == GS_FAULT_LAST_CHUNK) {
		uint32_t last = (uint32_t)((UINT64_C(1) << p->header.trace_depth) - 1);
		place_in_chunk(rng, p, kind == GS_FAULT_FIRST_CHUNK ? 0 : last, out);
		choose_bits(rng, honest, out);
		return GS_OK;
	}
	if (!pick_instruction(rng, kind, p, &out->instruction))
		return GS_ENOTFOUND;
	const struct gs_instr instr = gs_program_instr(p, out->instruction), *in = &instr;
	uint32_t terms = (uint32_t)gs_instr_terms(in);
	unsigned per_chunk = gs_dtype_per_chunk((enum gs_dtype)in->store_dtype);
	uint64_t count = gs_instr_count(in), chunks = chunks_of(in);
	switch (kind) {
	case GS_FAULT_MAP:
	case GS_FAULT_FINAL: out->element = gs_rng_below(rng, count); break;
	case GS_FAULT_INIT: place_at_state(rng, in, 0, out); break;
	case GS_FAULT_BODY: place_at_state(rng, in, 1 + (uint32_t)gs_rng_below(rng, terms), out); break;
	case GS_FAULT_LAST_TERM: place_at_state(rng, in, terms, out); break;
	case GS_FAULT_PADDING: out->element = count + gs_rng_below(rng, chunks * per_chunk - count); break;
	case GS_FAULT_GAP:
		out->element = (chunks + gs_rng_below(rng, in->span - chunks)) * per_chunk +
		               gs_rng_below(rng, per_chunk);
		break;
	case GS_FAULT_SKIP:
		if (!place_at_skip(rng, in, honest, out))
			return GS_ENOTFOUND;
		break;
	case GS_FAULT_LONGEST_FOLD:
	case GS_FAULT_INDIRECT:
	case GS_FAULT_NAN: place_anywhere(rng, in, out); break;
	case GS_FAULT_FIRST_CHUNK:
	case GS_FAULT_LAST_CHUNK:
	case GS_FAULT_GIVEN: return GS_ENOTFOUND;
	}
	choose_bits(rng, honest, out);
	return GS_OK;
}

enum gs_err gs_fault_complete(struct gs_rng *rng, const struct gs_prover_trace *honest, struct gs_fault *fault,
                              struct gs_error *error)
{
	const struct gs_program *p = honest->common->program;
	if (fault->instruction >= p->count)
		return gs_fail(error, GS_EINVAL, "--fault: instr=%u, but the program has instructions 0 to %u",
		               fault->instruction, p->count - 1);
	const struct gs_instr instr = gs_program_instr(p, fault->instruction), *in = &instr;
	uint64_t elements = (uint64_t)in->span * gs_dtype_per_chunk((enum gs_dtype)in->store_dtype);
	if (fault->element >= elements)
		return gs_fail(error, GS_EINVAL,
		               "--fault: elem=%llu, but instruction %u has elements 0 to %llu, padding included",
		               (unsigned long long)fault->element, fault->instruction,
		               (unsigned long long)(elements - 1));
	if (fault->at_state && (in->form != GS_FOLD || fault->element >= gs_instr_count(in)))
		return gs_fail(error, GS_EINVAL,
		               "--fault: term= needs an element of a fold; instr=%u,elem=%llu is none",
		               fault->instruction, (unsigned long long)fault->element);
	if (fault->at_state && fault->state > gs_instr_terms(in))
		return gs_fail(error, GS_EINVAL, "--fault: term=%u, but the fold has states 0 (init) to %llu",
		               fault->state, (unsigned long long)gs_instr_terms(in));
	fault->kind = GS_FAULT_GIVEN;
	choose_bits(rng, honest, fault);
	return GS_OK;
}
