#include "validator/cli/dispute_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "validator/cli/model_json.h"

static const char *side_name(unsigned side)
{
	return side == GS_SIDE_CLAIMANT ? "claimant" : "challenger";
}

static const char *winner_name(const struct gs_game *game)
{
	return game->outcome == GS_GAME_CLAIMANT_WON     ? "claimant"
	       : game->outcome == GS_GAME_CHALLENGER_WON ? "challenger"
	                                                 : "nobody";
}

static const char *reason_name(unsigned reason)
{
	switch ((enum gs_game_reason)reason) {
	case GS_REASON_NONE: return "none";
	case GS_REASON_STEP: return "step";
	case GS_REASON_TIMEOUT: return "timeout";
	case GS_REASON_CONCESSION: return "concession";
	case GS_REASON_CLOSED: return "closed";
	case GS_REASON_OUTPUT: return "output";
	}
	return "unknown";
}

static const char *manner_name(enum gs_dispute_manner manner)
{
	switch (manner) {
	case GS_DISPUTE_CLAIMANT_LIES: return "claimant lies";
	case GS_DISPUTE_CHALLENGER_ERRS: return "challenger errs";
	case GS_DISPUTE_CHALLENGER_LIES: return "challenger lies";
	}
	return "unknown";
}

static const char *phase_name(unsigned phase)
{
	static const char *const name[] = {"open",   "commit",  "select", "reveal",  "element",
	                                   "states", "segment", "step",   "unknown", "output"};
	return phase < GS_ARRAY_LEN(name) ? name[phase] : "unknown";
}

static const char *step_name(unsigned kind)
{
	static const char *const name[] = {"none", "padding", "map", "init", "body", "final"};
	return kind < GS_ARRAY_LEN(name) ? name[kind] : "unknown";
}

static json_t *bits(uint64_t v)
{
	char text[24];
	snprintf(text, sizeof(text), "0x%" PRIx64, v);
	return json_string(text);
}

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static const char *fn_name(unsigned code)
{
	const struct gs_fn_info *info = code != 0 ? gs_fn_info(code) : NULL;
	return info != NULL ? info->name : "none";
}

static json_t *fault_json(const struct gs_dispute_result *r)
{
	const struct gs_fault *f = &r->fault;
	json_t *out = json_object();
	json_object_set_new(out, "kind", json_string(gs_fault_kind_name(f->kind)));
	json_object_set_new(out, "instr", number(f->instruction));
	json_object_set_new(out, "elem", number(f->element));
	json_object_set_new(out, "term", f->at_state ? number(f->state) : json_null());
	json_object_set_new(out, "right", bits(f->right));
	json_object_set_new(out, "wrong", bits(f->wrong));
	json_object_set_new(out, "redrawn", number(r->redrawn));
	return out;
}

static json_t *moves_json(const struct gs_dispute_result *r)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < r->moves; i++) {
		const struct gs_dispute_move *m = &r->move[i];
		json_t *out = json_object();
		json_object_set_new(out, "side", json_string(side_name(m->side)));
		json_object_set_new(out, "phase", json_string(phase_name(m->phase)));
		json_object_set_new(out, "move", json_string(m->name));
		json_object_set_new(out, "gas", number(m->gas));
		json_object_set_new(out, "calldata_bytes", number(m->calldata));
		json_object_set_new(out, "seconds", json_real(m->seconds));
		json_array_append_new(list, out);
	}
	return list;
}

/* The dtype of the value in question: of the accumulator for a state, of the tensor for an element. */
static unsigned dtype_of(const struct gs_instr *in, unsigned kind)
{
	return kind == GS_STEP_INIT || kind == GS_STEP_BODY ? in->acc_dtype : in->store_dtype;
}

static json_t *step_json(const struct gs_dispute_setup *setup, const struct gs_dispute_result *r)
{
	const struct gs_step_record *s = &r->judge;
	const struct gs_instr instr = gs_program_instr(&setup->program, r->instruction), *in = &instr;
	json_t *out = json_object(), *constants = json_array(), *reads = json_array();
	json_object_set_new(out, "kind", json_string(step_name(s->kind)));
	json_object_set_new(out, "instr", number(r->instruction));
	json_object_set_new(out, "elem", number(r->game.state.element));
	json_object_set_new(out, "state", number(r->game.state.high));
	json_object_set_new(out, "chunk", number(r->game.state.position));
	json_object_set_new(out, "dtype", json_string(gs_dtype_name((enum gs_dtype)dtype_of(in, s->kind))));
	json_object_set_new(out, "dtype_code", number(dtype_of(in, s->kind)));
	json_object_set_new(out, "fn", json_string(fn_name(s->fn)));
	json_object_set_new(out, "fn_code", number(s->fn));
	json_object_set_new(out, "a", bits(s->a));
	json_object_set_new(out, "b", bits(s->b));
	json_object_set_new(out, "c", bits(s->c));
	json_object_set_new(out, "skipped", json_boolean(s->skipped));
	/* A final step has no function: its value is the last agreed state. */
	json_object_set_new(out, "fn_result", bits(s->kind == GS_STEP_FINAL ? r->game.state.low_value : s->fn_result));
	json_object_set_new(out, "epilogue", json_string(fn_name(s->epilogue)));
	json_object_set_new(out, "epilogue_code", number(s->epilogue));
	json_object_set_new(out, "epilogue_pos", number(in->epilogue_pos));
	for (unsigned k = 0; s->epilogue != 0 && k + 1 < gs_fn_info(s->epilogue)->arity; k++)
		json_array_append_new(constants, bits(in->epilogue_const[k]));
	json_object_set_new(out, "epilogue_const", constants);
	for (unsigned k = 0; k < s->reads; k++) {
		static const char *const space[] = {"trace", "weights", "inputs", "claimed"};
		json_t *read = json_object();
		json_object_set_new(read, "array", json_string(space[s->read[k].space]));
		json_object_set_new(read, "chunk", number(s->read[k].chunk));
		json_array_append_new(reads, read);
	}
	json_object_set_new(out, "reads", reads);
	json_object_set_new(out, "claimed", bits(r->game.state.high_value));
	json_object_set_new(out, "contract", bits(r->contract));
	json_object_set_new(out, "judge", bits(s->result));
	return out;
}

static uint64_t gas_of(const struct gs_dispute_result *r, enum gs_side side)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < r->moves; i++)
		sum += r->move[i].side == side ? r->move[i].gas : 0;
	return sum;
}

json_t *gs_dispute_json(const struct gs_dispute_setup *setup, const struct gs_dispute_result *r)
{
	struct gs_hash model;
	json_t *out = json_object(), *gas = json_object();
	gs_header_model_id(&setup->program.header, &model);
	json_object_set_new(out, "winner", json_string(winner_name(&r->game)));
	json_object_set_new(out, "honest_side_won", json_boolean(r->honest_won));
	json_object_set_new(out, "reason", json_string(reason_name(r->game.reason)));
	json_object_set_new(out, "manner", json_string(manner_name(r->plan.manner)));
	json_object_set_new(out, "seed", number(r->plan.seed));
	json_object_set_new(out, "fault", r->plan.manner == GS_DISPUTE_CHALLENGER_LIES ? json_null() : fault_json(r));
	json_object_set_new(out, "modelId", gs_model_json_hash(&model));
	json_object_set_new(out, "claimId", gs_model_json_hash(&r->claim));
	json_object_set_new(out, "gameId", gs_model_json_hash(&r->game_id));
	json_object_set_new(out, "instructions", number(setup->program.count));
	json_object_set_new(out, "trace_depth", number(setup->program.header.trace_depth));
	json_object_set_new(out, "moves", moves_json(r));
	json_object_set_new(out, "signed_moves", number(r->signed_moves));
	json_object_set_new(gas, "total", number(r->gas_total));
	json_object_set_new(gas, "claimant", number(gas_of(r, GS_SIDE_CLAIMANT)));
	json_object_set_new(gas, "challenger", number(gas_of(r, GS_SIDE_CHALLENGER)));
	json_object_set_new(gas, "step", number(r->moves > 0 ? r->move[r->moves - 1].gas : 0));
	json_object_set_new(gas, "post", number(r->post_gas));
	json_object_set_new(out, "gas", gas);
	json_object_set_new(out, "seconds", json_real(r->seconds));
	json_object_set_new(out, "step", r->judged ? step_json(setup, r) : json_null());
	return out;
}

static void print_fault(const struct gs_dispute_result *r)
{
	const struct gs_fault *f = &r->fault;
	if (r->plan.manner == GS_DISPUTE_CHALLENGER_LIES) {
		printf("The claim is right; the challenger points at random (seed %" PRIu64 ").\n", r->plan.seed);
		return;
	}
	printf("The %s's execution is wrong in instruction %" PRIu32 ", element %" PRIu64,
	       r->plan.manner == GS_DISPUTE_CLAIMANT_LIES ? "claimant" : "challenger", f->instruction, f->element);
	if (f->at_state)
		printf(", accumulator state %" PRIu32, f->state);
	printf(": 0x%" PRIx64 " instead of 0x%" PRIx64 " (%s).\n", f->wrong, f->right, gs_fault_kind_name(f->kind));
	if (r->redrawn > 0)
		printf("%u faults were drawn before that changed nothing.\n", r->redrawn);
}

void gs_dispute_print(const struct gs_dispute_setup *setup, const struct gs_dispute_result *r)
{
	const struct gs_step_record *s = &r->judge;
	print_fault(r);
	printf("%-4s %-11s %-8s %-14s %9s %9s %8s\n", "", "side", "phase", "move", "gas", "bytes", "ms");
	for (unsigned i = 0; i < r->moves; i++) {
		const struct gs_dispute_move *m = &r->move[i];
		printf("%-4u %-11s %-8s %-14s %9" PRIu64 " %9" PRIu32 " %8.1f\n", i + 1, side_name(m->side),
		       phase_name(m->phase), m->name, m->gas, m->calldata, 1e3 * m->seconds);
	}
	if (r->judged)
		printf("The step: %s of instruction %" PRIu32 ", element %" PRIu64 ", state %" PRIu32 ": %s(0x%" PRIx64
		       ", 0x%" PRIx64 ", 0x%" PRIx64 "); claimed 0x%" PRIx64 ", the contract says 0x%" PRIx64
		       ", the judge in C 0x%" PRIx64 ".\n",
		       step_name(s->kind), r->instruction, r->game.state.element, r->game.state.high, fn_name(s->fn),
		       s->a, s->b, s->c, r->game.state.high_value, r->contract, s->result);
	printf("The %s won by %s: %u transactions, %" PRIu64 " gas (claimant %" PRIu64 ", challenger %" PRIu64
	       "), %.2f s; trace of 2^%" PRIu32 " chunks.\n",
	       winner_name(&r->game), reason_name(r->game.reason), r->moves, r->gas_total, gas_of(r, GS_SIDE_CLAIMANT),
	       gas_of(r, GS_SIDE_CHALLENGER), r->seconds, setup->program.header.trace_depth);
}

void gs_dispute_print_line(const struct gs_dispute_setup *setup, const struct gs_dispute_result *r)
{
	const struct gs_instr instr = gs_program_instr(&setup->program, r->instruction), *in = &instr;
	printf("%s seed %" PRIu64 ": %s, %s: ", r->honest_won ? "ok  " : "LOST", r->plan.seed,
	       manner_name(r->plan.manner),
	       r->plan.manner == GS_DISPUTE_CHALLENGER_LIES ? "no fault" : gs_fault_kind_name(r->fault.kind));
	if (r->judged)
		printf("%s of %s at instruction %" PRIu32, step_name(r->judge.kind), fn_name(in->fn), r->instruction);
	else
		printf("%s", reason_name(r->game.reason));
	printf(", %s won, %" PRIu64 " gas in %u moves, %.2f s\n", winner_name(&r->game), r->gas_total, r->moves,
	       r->seconds);
}
