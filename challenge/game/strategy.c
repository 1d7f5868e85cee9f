/* challenge/game/strategy.c: the answers of both sides. */
#include "challenge/game/strategy.h"

#include <string.h>

enum { WANDERER_ASKS = 5 }; /* one in so many wanderers asks for the output */

static struct gs_instr covering(const struct gs_program *program, uint32_t chunk)
{
	return gs_program_instr(program, gs_program_covering(program, chunk));
}

/* Whether the state speaks of this program at all: it came from an endpoint, or from a disk. */
static enum gs_err check_state(const struct gs_game *game, const struct gs_prover *prover)
{
	const struct gs_game_state *s = &game->state;
	if (!gs_game_invariant(game))
		return GS_ECORRUPT;
	if (s->depth != prover->program->header.trace_depth)
		return GS_ECORRUPT;
	if (s->phase != GS_PHASE_STATES && s->phase != GS_PHASE_SEGMENT && s->phase != GS_PHASE_STEP)
		return GS_OK;
	const struct gs_instr instr = covering(prover->program, s->position), *in = &instr;
	unsigned per_chunk = gs_dtype_per_chunk((enum gs_dtype)in->store_dtype);
	if (s->element / per_chunk != s->position - in->first_chunk)
		return GS_ECORRUPT;
	bool fold = in->form == GS_FOLD && s->element < gs_instr_count(in);
	uint64_t last = fold ? gs_instr_terms(in) + 1 : 0;
	return s->high <= last && (fold || s->phase == GS_PHASE_STEP) ? GS_OK : GS_ECORRUPT;
}

/* ---- what both sides do ---- */

static void begin(struct gs_move *out, enum gs_move_kind kind)
{
	memset(out, 0, sizeof(*out));
	out->kind = kind;
}

static void put_descriptor(const struct gs_prover *prover, uint32_t instruction, struct gs_move *out)
{
	struct gs_bytes descriptor = gs_program_descriptor(prover->program, instruction);
	out->descriptor_len = (uint32_t)descriptor.len;
	memcpy(out->descriptor, descriptor.ptr, descriptor.len);
}

/* The chunks a step reads, as the prover has them; the first failure sticks. */
struct reading {
	const struct gs_prover *prover;
	uint8_t chunk[GS_CHUNK_BYTES];
	enum gs_err err;
};

static const uint8_t *read_own(void *self, uint8_t space, uint32_t chunk)
{
	struct reading *r = self;
	enum gs_err err = r->prover->read(r->prover->self, (enum gs_space)space, chunk, r->chunk);
	if (err != GS_OK) {
		memset(r->chunk, 0, sizeof(r->chunk));
		r->err = err;
	}
	return r->chunk;
}

enum gs_err gs_strategy_judge(const struct gs_game *game, const struct gs_prover *prover, struct gs_step_record *out)
{
	const struct gs_game_state *s = &game->state;
	GS_ASSERT(s->phase == GS_PHASE_STEP);
	if (check_state(game, prover) != GS_OK)
		return GS_ECORRUPT;
	const struct gs_instr instr = covering(prover->program, s->position), *in = &instr;
	struct reading reading = {.prover = prover, .err = GS_OK};
	gs_judge_step(in, s->element, s->high, s->low_value, read_own, &reading, out);
	return reading.err;
}

/* Siblings of a chunk of the claimant's trace, told by a challenger: left of the position in question both traces agree,
 * on the way down to it and right of that way the claimant has shown them. */
static enum gs_err claimed_path(const struct gs_game *game, const struct gs_prover *prover, uint32_t chunk,
                                struct gs_hash *out)
{
	const struct gs_game_state *s = &game->state;
	for (unsigned level = 0; level < s->depth; level++) {
		uint64_t sibling = (uint64_t)(chunk >> level) ^ 1;
		enum gs_err err = sibling < (uint64_t)(s->position >> level)
		                          ? prover->node(prover->self, level, sibling, &out[level])
		                          : gs_game_shown_node(game, level, sibling, &out[level]);
		if (err != GS_OK)
			return err;
	}
	return GS_OK;
}

static unsigned depth_of(const struct gs_header *h, enum gs_space space)
{
	switch (space) {
	case GS_SPACE_TRACE: return h->trace_depth;
	case GS_SPACE_WEIGHTS: return gs_merkle_depth(h->weights_chunks);
	case GS_SPACE_INPUTS: return gs_merkle_depth(h->inputs_chunks);
	case GS_SPACE_CLAIMED: return gs_merkle_depth(h->claimed_chunks);
	}
	return 0;
}

/* Adds the proof of the game's step to a move: descriptor, trace root, openings. *result: what the judge will say. */
static enum gs_err put_proof(const struct gs_game *game, const struct gs_prover *prover, enum gs_side side,
                             struct gs_move *out, uint64_t *result)
{
	struct gs_step_record record = {0};
	enum gs_err err = gs_strategy_judge(game, prover, &record);
	put_descriptor(prover, gs_program_covering(prover->program, game->state.position), out);
	out->trace_root = game->trace_root;
	*result = record.result;
	for (unsigned i = 0; i < record.reads && err == GS_OK; i++) {
		enum gs_space space = (enum gs_space)record.read[i].space;
		uint32_t chunk = record.read[i].chunk;
		struct gs_hash path[GS_MERKLE_DEPTH_MAX];
		unsigned depth = depth_of(&prover->program->header, space);
		err = prover->read(prover->self, space, chunk, out->openings + out->openings_len);
		if (err == GS_OK && space == GS_SPACE_TRACE && side == GS_SIDE_CHALLENGER)
			err = claimed_path(game, prover, chunk, path);
		else if (err == GS_OK)
			err = prover->path(prover->self, space, chunk, path);
		if (err != GS_OK)
			break;
		out->openings_len += GS_CHUNK_BYTES;
		memcpy(out->openings + out->openings_len, path, 32 * (size_t)depth);
		out->openings_len += 32 * depth;
	}
	return err;
}

bool gs_strategy_timeout(const struct gs_game *game, uint64_t now, struct gs_move *out)
{
	if (game->outcome != GS_GAME_OPEN || now <= game->state.deadline)
		return false;
	begin(out, GS_MOVE_TIMEOUT);
	return true;
}

/* ---- the claimant ---- */

/* The nodes (or, behind the last round, the chunks) below a node of the prover's trace. */
static enum gs_err put_nodes(const struct gs_prover *prover, unsigned depth, unsigned round, uint64_t position,
                             struct gs_move *out)
{
	enum gs_err err = GS_OK;
	if (round == gs_schedule_rounds(depth)) {
		unsigned levels = gs_schedule_chunk_levels(depth);
		for (uint32_t i = 0; i < 1u << levels && err == GS_OK; i++) {
			err = prover->read(prover->self, GS_SPACE_TRACE, (uint32_t)(position << levels) + i,
			                   out->data + out->data_len);
			out->data_len += GS_CHUNK_BYTES;
		}
		return err;
	}
	unsigned levels = gs_schedule_levels(depth, round), below = gs_schedule_top(depth, round + 1);
	for (uint32_t i = 0; i < 1u << levels && err == GS_OK; i++) {
		struct gs_hash node;
		err = prover->node(prover->self, below, (position << levels) + i, &node);
		memcpy(out->data + out->data_len, node.b, 32);
		out->data_len += 32;
	}
	return err;
}

/* From the output block up to the trace root. */
static enum gs_err prove_output(const struct gs_prover *prover, struct gs_move *out)
{
	const struct gs_header *h = &prover->program->header;
	enum gs_err err = GS_OK;
	begin(out, GS_MOVE_PROVE_OUTPUT);
	for (unsigned level = h->output_depth; level < h->trace_depth && err == GS_OK; level++)
		err = prover->node(prover->self, level, (h->output_chunk >> level) ^ 1, &out->sibling[out->siblings++]);
	return err;
}

static enum gs_err reveal_states(const struct gs_game_state *s, const struct gs_prover *prover, struct gs_move *out)
{
	uint32_t stride = gs_states_stride(s->low, s->high), count = gs_states_count(s->low, s->high);
	uint32_t instruction = gs_program_covering(prover->program, s->position);
	const struct gs_instr instr = gs_program_instr(prover->program, instruction), *in = &instr;
	unsigned width = gs_dtype_class((enum gs_dtype)in->acc_dtype) == GS_CLASS_I64 ? 8 : 4;
	gs_reg state[GS_GAME_STATES_MAX];
	begin(out, GS_MOVE_REVEAL_STATES);
	/* "s_t for t = low - 1 + stride * i, i = 1 .. count" */
	enum gs_err err = prover->accumulators(prover->self, instruction, s->element, s->low - 1 + stride, stride,
	                                       count, state);
	for (uint32_t i = 0; i < count && err == GS_OK; i++) {
		if (width == 4)
			gs_be32_write(out->data + 4 * i, (uint32_t)state[i]);
		else
			gs_be64_write(out->data + 8 * i, state[i]);
	}
	out->data_len = width * count;
	return err;
}

enum gs_err gs_strategy_claimant(const struct gs_game *game, const struct gs_prover *prover, struct gs_move *out,
                                 bool *waiting)
{
	const struct gs_game_state *s = &game->state;
	uint64_t said; /* a claimant proves itself right, or shows at its own cost that it is not */
	*waiting = game->outcome != GS_GAME_OPEN || gs_game_turn(game) != GS_SIDE_CLAIMANT;
	if (*waiting)
		return GS_OK;
	if (check_state(game, prover) != GS_OK)
		return GS_ECORRUPT;
	switch ((enum gs_game_phase)s->phase) {
	case GS_PHASE_COMMIT: begin(out, GS_MOVE_COMMIT_TRACE); return put_nodes(prover, s->depth, 0, 0, out);
	case GS_PHASE_OUTPUT: return prove_output(prover, out);
	case GS_PHASE_REVEAL:
		begin(out, GS_MOVE_REVEAL);
		return put_nodes(prover, s->depth, s->round, s->position, out);
	case GS_PHASE_STATES: return reveal_states(s, prover, out);
	case GS_PHASE_STEP:
		begin(out, GS_MOVE_PROVE_STEP);
		return put_proof(game, prover, GS_SIDE_CLAIMANT, out, &said);
	case GS_PHASE_SELECT:
	case GS_PHASE_ELEMENT:
	case GS_PHASE_SEGMENT: break;
	}
	return GS_OK;
}

/* ---- the challenger ---- */

static enum gs_err select_child(const struct gs_game *game, uint32_t child, struct gs_move *out)
{
	const struct gs_game_state *s = &game->state;
	unsigned top = gs_schedule_top(s->depth, s->round), below = gs_schedule_top(s->depth, s->round + 1u);
	uint64_t index = ((uint64_t)s->position << (top - below)) + child;
	begin(out, GS_MOVE_SELECT);
	out->child = child;
	enum gs_err err = gs_game_shown_node(game, below, index, &out->hash);
	for (unsigned level = below; level < top && err == GS_OK; level++, index >>= 1)
		err = gs_game_shown_node(game, level, index ^ 1, &out->sibling[out->siblings++]);
	return err;
}

static enum gs_err first_child(const struct gs_game *game, const struct gs_prover *prover, uint32_t *out)
{
	const struct gs_game_state *s = &game->state;
	unsigned below = gs_schedule_top(s->depth, s->round + 1u);
	unsigned levels = gs_schedule_levels(s->depth, s->round);
	for (uint32_t child = 0; child < 1u << levels; child++) {
		uint64_t index = ((uint64_t)s->position << levels) + child;
		struct gs_hash theirs, mine;
		enum gs_err err = gs_game_shown_node(game, below, index, &theirs);
		if (err == GS_OK)
			err = prover->node(prover->self, below, index, &mine);
		if (err != GS_OK)
			return err;
		if (!gs_hash_equal(&theirs, &mine)) {
			*out = child;
			return GS_OK;
		}
	}
	return GS_ENOTFOUND;
}

static enum gs_err select_element(const struct gs_game *game, const struct gs_prover *prover, uint32_t child,
                                  uint32_t slot, struct gs_move *out)
{
	const struct gs_game_state *s = &game->state;
	unsigned levels = gs_schedule_chunk_levels(s->depth);
	uint64_t index = ((uint64_t)s->position << levels) + child;
	begin(out, GS_MOVE_SELECT_ELEMENT);
	out->child = child;
	out->slot = slot;
	memcpy(out->chunk, game->descent[s->round].bytes + child * GS_CHUNK_BYTES, GS_CHUNK_BYTES);
	out->instruction = gs_program_covering(prover->program, (uint32_t)index);
	put_descriptor(prover, out->instruction, out);
	out->path_len = gs_merkle_depth(prover->program->count);
	enum gs_err err = prover->descriptor_path(prover->self, out->instruction, out->path);
	for (unsigned level = 0; level < levels && err == GS_OK; level++, index >>= 1)
		err = gs_game_shown_node(game, level, index ^ 1, &out->sibling[out->siblings++]);
	return err;
}

static unsigned slots_of(const struct gs_prover *prover, uint64_t chunk, unsigned *width)
{
	*width = gs_dtype_bytes((enum gs_dtype)covering(prover->program, (uint32_t)chunk).store_dtype);
	return GS_CHUNK_BYTES / *width;
}

static enum gs_err first_element(const struct gs_game *game, const struct gs_prover *prover, uint32_t *child_out,
                                 uint32_t *slot_out)
{
	const struct gs_game_state *s = &game->state;
	const struct gs_game_shown *shown = &game->descent[s->round];
	unsigned levels = gs_schedule_chunk_levels(s->depth);
	if (shown->len != GS_CHUNK_BYTES << levels)
		return GS_ENOTFOUND;
	for (uint32_t child = 0; child < 1u << levels; child++) {
		uint64_t index = ((uint64_t)s->position << levels) + child;
		const uint8_t *theirs = shown->bytes + child * GS_CHUNK_BYTES;
		uint8_t mine[GS_CHUNK_BYTES];
		unsigned width, slots = slots_of(prover, index, &width);
		enum gs_err err = prover->read(prover->self, GS_SPACE_TRACE, (uint32_t)index, mine);
		if (err != GS_OK)
			return err;
		for (unsigned slot = 0; slot < slots; slot++) {
			if (memcmp(theirs + slot * width, mine + slot * width, width) == 0)
				continue;
			*child_out = child;
			*slot_out = slot;
			return GS_OK;
		}
	}
	return GS_ENOTFOUND;
}

static void select_segment(const struct gs_game *game, uint32_t segment, struct gs_move *out)
{
	begin(out, GS_MOVE_SELECT_SEGMENT);
	out->segment = segment;
	out->data_len = game->states.len;
	memcpy(out->data, game->states.bytes, game->states.len);
}

/* The first stretch that ends in a state other than the prover's own; the last one ends in s_high, known to be wrong. */
static enum gs_err first_segment(const struct gs_game *game, const struct gs_prover *prover, uint32_t *out)
{
	const struct gs_game_state *s = &game->state;
	uint32_t stride = gs_states_stride(s->low, s->high), count = gs_states_count(s->low, s->high);
	uint32_t instruction = gs_program_covering(prover->program, s->position);
	gs_reg state[GS_GAME_STATES_MAX];
	unsigned width = game->states.len / count;
	if (game->states.len != 4 * count && game->states.len != 8 * count)
		return GS_ENOTFOUND;
	enum gs_err err = prover->accumulators(prover->self, instruction, s->element, s->low - 1 + stride, stride,
	                                       count, state);
	if (err != GS_OK)
		return err;
	uint32_t segment = 0;
	while (segment < count && gs_states_value(game->states.bytes, width, segment) == state[segment])
		segment++;
	*out = segment;
	return GS_OK;
}

/* ---- selecting and proving in one call ---- */

/* The game once the element is selected; false when it is a fold's, so that states come first. */
static bool after_element(const struct gs_game *game, const struct gs_prover *prover, const struct gs_move *move,
                          struct gs_game *out)
{
	const struct gs_instr instr = gs_program_instr(prover->program, move->instruction), *in = &instr;
	enum gs_dtype dtype = (enum gs_dtype)in->store_dtype;
	struct gs_game_state *s = &out->state;
	*out = *game;
	s->position = (s->position << gs_schedule_chunk_levels(s->depth)) + move->child;
	s->element = (uint64_t)(s->position - in->first_chunk) * gs_dtype_per_chunk(dtype) + move->slot;
	s->high_value = gs_element_bits(move->chunk, dtype, move->slot);
	s->phase = GS_PHASE_STEP;
	return in->form != GS_FOLD || s->element >= gs_instr_count(in);
}

/* The same of a segment; false when more than one step is left. */
static bool after_segment(const struct gs_game *game, const struct gs_move *move, struct gs_game *out)
{
	struct gs_game_state *s = &out->state;
	*out = *game;
	uint32_t stride = gs_states_stride(s->low, s->high), count = gs_states_count(s->low, s->high);
	uint32_t segment = move->segment, low = s->low;
	unsigned width = move->data_len / count;
	if (segment > 0) {
		s->low_value = gs_states_value(move->data, width, segment - 1);
		s->low = low + stride * segment;
	}
	if (segment < count) {
		s->high_value = gs_states_value(move->data, width, segment);
		s->high = low - 1 + stride * (segment + 1);
	}
	memset(&s->values, 0, sizeof(s->values));
	s->phase = GS_PHASE_STEP;
	return s->low == s->high;
}

/* Makes the selection the last move, when the judge will call the claimant wrong. Otherwise it stays a selection: nobody
 * proves itself wrong. */
static enum gs_err and_prove(const struct gs_game *after, const struct gs_prover *prover, enum gs_move_kind kind,
                             struct gs_move *out)
{
	struct gs_move alone = *out;
	uint64_t said = 0;
	out->kind = kind;
	enum gs_err err = put_proof(after, prover, GS_SIDE_CHALLENGER, out, &said);
	if (err == GS_OK && said == after->state.high_value)
		*out = alone;
	return err;
}

static enum gs_err element_move(const struct gs_game *game, const struct gs_prover *prover, struct gs_move *out)
{
	uint32_t child = 0, slot = 0;
	struct gs_game after;
	enum gs_err err = first_element(game, prover, &child, &slot);
	if (err == GS_OK)
		err = select_element(game, prover, child, slot, out);
	if (err != GS_OK || !after_element(game, prover, out, &after))
		return err;
	return and_prove(&after, prover, GS_MOVE_SELECT_ELEMENT_AND_PROVE, out);
}

static enum gs_err segment_move(const struct gs_game *game, const struct gs_prover *prover, struct gs_move *out)
{
	uint32_t segment = 0;
	struct gs_game after;
	enum gs_err err = first_segment(game, prover, &segment);
	if (err != GS_OK)
		return err;
	select_segment(game, segment, out);
	return after_segment(game, out, &after) ? and_prove(&after, prover, GS_MOVE_SELECT_SEGMENT_AND_PROVE, out)
	                                        : GS_OK;
}

static enum gs_err step_move(const struct gs_game *game, const struct gs_prover *prover, struct gs_move *out)
{
	uint64_t said = 0;
	begin(out, GS_MOVE_PROVE_STEP);
	enum gs_err err = put_proof(game, prover, GS_SIDE_CHALLENGER, out, &said);
	return err == GS_OK && said == game->state.high_value ? GS_ENOTFOUND : err;
}

/* A trace that is our own is right: but the output that was claimed may not be the one that it ends in. */
static enum gs_err output_move(const struct gs_game *game, const struct gs_prover *prover,
                               const struct gs_claim_body *body, struct gs_move *out)
{
	const struct gs_header *h = &prover->program->header;
	struct gs_hash root, mine, claimed;
	if (game->state.round != 0)
		return GS_ENOTFOUND;
	enum gs_err err = prover->node(prover->self, h->trace_depth, 0, &root);
	if (err == GS_OK)
		err = prover->node(prover->self, h->output_depth, h->output_chunk >> h->output_depth, &mine);
	if (err != GS_OK)
		return err;
	if (!gs_hash_equal(&root, &game->state.node))
		return GS_ENOTFOUND;
	gs_claim_expected_root(h, body, &claimed);
	if (gs_hash_equal(&mine, &claimed))
		return GS_ENOTFOUND;
	begin(out, GS_MOVE_CHALLENGE_OUTPUT);
	return GS_OK;
}

static bool challenger_waits(const struct gs_game *game)
{
	return game->outcome != GS_GAME_OPEN ||
	       (gs_game_turn(game) != GS_SIDE_CHALLENGER && game->state.phase != GS_PHASE_STEP);
}

enum gs_err gs_strategy_challenger(const struct gs_game *game, const struct gs_prover *prover,
                                   const struct gs_claim_body *body, struct gs_move *out, bool *waiting)
{
	uint32_t child = 0;
	enum gs_err err;
	*waiting = challenger_waits(game);
	if (*waiting)
		return GS_OK;
	if (check_state(game, prover) != GS_OK)
		return GS_ECORRUPT;
	switch ((enum gs_game_phase)game->state.phase) {
	case GS_PHASE_SELECT:
		err = first_child(game, prover, &child);
		if (err == GS_ENOTFOUND)
			return output_move(game, prover, body, out);
		return err == GS_OK ? select_child(game, child, out) : err;
	case GS_PHASE_ELEMENT:
		err = element_move(game, prover, out);
		return err == GS_ENOTFOUND ? output_move(game, prover, body, out) : err;
	case GS_PHASE_SEGMENT: return segment_move(game, prover, out);
	case GS_PHASE_STEP: return step_move(game, prover, out);
	case GS_PHASE_COMMIT:
	case GS_PHASE_REVEAL:
	case GS_PHASE_STATES:
	case GS_PHASE_OUTPUT: break;
	}
	return GS_OK;
}

enum gs_err gs_strategy_wanderer(const struct gs_game *game, const struct gs_prover *prover, gs_chooser choose,
                                 void *context, struct gs_move *out, bool *waiting)
{
	const struct gs_game_state *s = &game->state;
	*waiting = challenger_waits(game) || s->phase == GS_PHASE_STEP;
	if (*waiting)
		return GS_OK;
	if (check_state(game, prover) != GS_OK)
		return GS_ECORRUPT;
	switch ((enum gs_game_phase)s->phase) {
	case GS_PHASE_SELECT:
		if (s->round == 0 && choose(context, WANDERER_ASKS) == 0) {
			begin(out, GS_MOVE_CHALLENGE_OUTPUT);
			return GS_OK;
		}
		return select_child(
			game, (uint32_t)choose(context, UINT64_C(1) << gs_schedule_levels(s->depth, s->round)), out);
	case GS_PHASE_ELEMENT: {
		unsigned levels = gs_schedule_chunk_levels(s->depth), width;
		uint32_t child = (uint32_t)choose(context, UINT64_C(1) << levels);
		unsigned slots = slots_of(prover, ((uint64_t)s->position << levels) + child, &width);
		return select_element(game, prover, child, (uint32_t)choose(context, slots), out);
	}
	case GS_PHASE_SEGMENT:
		select_segment(game, (uint32_t)choose(context, (uint64_t)gs_states_count(s->low, s->high) + 1), out);
		return GS_OK;
	case GS_PHASE_COMMIT:
	case GS_PHASE_REVEAL:
	case GS_PHASE_STATES:
	case GS_PHASE_STEP:
	case GS_PHASE_OUTPUT: break;
	}
	return GS_OK;
}
