/* challenge/game/step.c: one move, checked in the order in which the contract checks it. */
#include <string.h>

#include "chain/core/hash.h"
#include "challenge/game/game.h"

struct mover {
	struct gs_game *game; /* a copy that becomes the game when the move is good */
	const struct gs_game_rules *rules;
	const struct gs_game_input *in;
	const struct gs_move *move;
	bool foreign; /* the sender is not the side whose move it is: its address makes another state */
	struct gs_game_effects *effects;
	struct gs_error *error;
};

#define REFUSE(m, name) return gs_fail((m)->error, GS_EINVAL, name)

static void show(struct gs_game_shown *into, const struct gs_move *move)
{
	into->len = (uint16_t)move->data_len;
	memcpy(into->bytes, move->data, move->data_len);
}

/* What a round shows of a trace of the given depth. */
struct showing {
	bool chunks;
	unsigned height; /* levels */
};

static struct showing showing_of(unsigned depth, unsigned round)
{
	bool chunks = round == gs_schedule_rounds(depth);
	return (struct showing){.chunks = chunks,
	                        .height = chunks ? gs_schedule_chunk_levels(depth) : gs_schedule_levels(depth, round)};
}

static bool has_length(const struct showing *showing, const struct gs_move *move)
{
	return move->data_len == (showing->chunks ? GS_CHUNK_BYTES : 32u) << showing->height;
}

/* What the nodes or chunks hash to. */
static void join(const struct showing *showing, const struct gs_move *move, struct gs_hash *out)
{
	gs_merkle_subtree(move->data, showing->chunks, showing->height, out);
}

/* Nodes, or at the end chunks, below the current node. */
static enum gs_err reveal(struct mover *m)
{
	struct gs_game_state *s = &m->game->state;
	struct showing showing = showing_of(s->depth, s->round);
	struct gs_hash root;
	if (!has_length(&showing, m->move))
		REFUSE(m, "WrongLength");
	join(&showing, m->move, &root);
	if (m->foreign || !gs_hash_equal(&root, &s->node))
		REFUSE(m, "StaleState");
	show(&m->game->descent[s->round], m->move);
	s->phase = showing.chunks ? GS_PHASE_ELEMENT : GS_PHASE_SELECT;
	m->effects->revealed = true;
	return GS_OK;
}

/* Nodes, or all chunks, of a trace that binds the claim. */
static enum gs_err commit_trace(struct mover *m)
{
	struct gs_game_state *s = &m->game->state;
	struct showing showing = showing_of(s->depth, 0);
	struct gs_hash root;
	if (!has_length(&showing, m->move))
		REFUSE(m, "WrongLength");
	if (m->foreign)
		REFUSE(m, "StaleState");
	join(&showing, m->move, &root);
	struct gs_trace_tag tag = gs_trace_tag_of(&root);
	m->effects->bound = gs_trace_tag_is_zero(&m->rules->tag);
	if (!m->effects->bound && !gs_trace_tag_equal(&m->rules->tag, &tag))
		REFUSE(m, "WrongTraceRoot");
	show(&m->game->descent[0], m->move);
	m->game->trace_root = root;
	s->node = root;
	s->phase = showing.chunks ? GS_PHASE_ELEMENT : GS_PHASE_SELECT;
	m->effects->revealed = true;
	return GS_OK;
}

/* ---- the output ---- */

static enum gs_err challenge_output(struct mover *m)
{
	if (m->foreign)
		REFUSE(m, "StaleState");
	m->game->state.phase = GS_PHASE_OUTPUT;
	return GS_OK;
}

/* The game is over, unless it is about a model that is void: then nobody has lost it. */
static void conclude(struct mover *m, enum gs_game_outcome outcome, enum gs_game_reason reason)
{
	bool closed = m->rules->model_void;
	m->game->outcome = closed ? GS_GAME_CLOSED : outcome;
	m->game->reason = closed ? GS_REASON_CLOSED : reason;
}

/* "path leads from the claim's expected output root to the trace root, at the output block's place" */
static enum gs_err prove_output(struct mover *m)
{
	const struct gs_game_state *s = &m->game->state;
	const struct gs_header *h = m->rules->header;
	struct gs_hash root;
	if (m->move->siblings + h->output_depth != s->depth)
		REFUSE(m, "WrongLength");
	gs_claim_expected_root(h, &m->rules->body, &root);
	gs_merkle_climb(root, h->output_chunk >> h->output_depth, m->move->sibling, m->move->siblings, &root);
	if (m->foreign || !gs_hash_equal(&root, &s->node))
		REFUSE(m, "StaleState");
	conclude(m, GS_GAME_CLAIMANT_WON, GS_REASON_OUTPUT);
	return GS_OK;
}

static enum gs_err select_child(struct mover *m)
{
	struct gs_game_state *s = &m->game->state;
	unsigned levels = gs_schedule_levels(s->depth, s->round);
	struct gs_hash root;
	if (m->move->siblings != levels)
		REFUSE(m, "WrongLength");
	if (m->move->child >> levels != 0)
		REFUSE(m, "OutOfRange");
	gs_merkle_climb(m->move->hash, m->move->child, m->move->sibling, levels, &root);
	if (m->foreign || !gs_hash_equal(&root, &s->node))
		REFUSE(m, "StaleState");
	s->node = m->move->hash;
	s->position = (s->position << levels) + m->move->child;
	s->round++;
	s->phase = GS_PHASE_REVEAL;
	return GS_OK;
}

static struct gs_bytes descriptor_of(const struct gs_move *move)
{
	return (struct gs_bytes){move->descriptor, move->descriptor_len};
}

/* The chunk is below the current node; then the descriptor is the program's and covers the chunk. */
static enum gs_err take_chunk(struct mover *m)
{
	struct gs_game_state *s = &m->game->state;
	const struct gs_move *move = m->move;
	unsigned levels = gs_schedule_chunk_levels(s->depth);
	struct gs_hash leaf, root;
	if (move->siblings != levels)
		REFUSE(m, "WrongLength");
	if (move->child >> levels != 0)
		REFUSE(m, "OutOfRange");
	gs_merkle_leaf(move->chunk, &leaf);
	gs_merkle_climb(leaf, move->child, move->sibling, levels, &root);
	if (m->foreign || !gs_hash_equal(&root, &s->node))
		REFUSE(m, "StaleState");
	s->position = (s->position << levels) + move->child;
	return GS_OK;
}

static enum gs_err take_descriptor(struct mover *m, struct gs_instr *in)
{
	struct gs_game_state *s = &m->game->state;
	const struct gs_move *move = m->move;
	const struct gs_header *h = m->rules->header;
	unsigned program_depth = gs_merkle_depth(h->instructions);
	struct gs_hash leaf, root;
	if (move->instruction >= h->instructions)
		REFUSE(m, "OutOfRange");
	if (move->path_len != program_depth)
		REFUSE(m, "WrongLength");
	gs_merkle_descriptor(descriptor_of(move), &leaf);
	gs_merkle_climb(leaf, move->instruction, move->path, program_depth, &root);
	if (!gs_hash_equal(&root, &h->program_root))
		REFUSE(m, "WrongDescriptor");
	if (gs_instr_decode(descriptor_of(move), in, NULL) != GS_OK)
		REFUSE(m, "MalformedDescriptor");
	s->node = leaf;
	return GS_OK;
}

static enum gs_err select_element(struct mover *m)
{
	struct gs_instr decoded = {0}, *in = &decoded;
	struct gs_game_state *s = &m->game->state;
	const struct gs_move *move = m->move;
	enum gs_err err = take_chunk(m);
	if (err == GS_OK)
		err = take_descriptor(m, in);
	if (err != GS_OK)
		return err;
	enum gs_dtype dtype = (enum gs_dtype)in->store_dtype;
	unsigned per_chunk = gs_dtype_per_chunk(dtype);
	if (s->position < in->first_chunk || s->position - in->first_chunk >= in->span || move->slot >= per_chunk)
		REFUSE(m, "OutOfRange");
	s->element = (uint64_t)(s->position - in->first_chunk) * per_chunk + move->slot;
	s->high_value = gs_element_bits(move->chunk, dtype, move->slot);
	bool fold = in->form == GS_FOLD && s->element < gs_instr_count(in);
	s->high = fold ? (uint32_t)gs_instr_terms(in) + 1 : 0;
	s->phase = fold ? GS_PHASE_STATES : GS_PHASE_STEP;
	return GS_OK;
}

static enum gs_err reveal_states(struct mover *m)
{
	struct gs_game_state *s = &m->game->state;
	uint32_t count = gs_states_count(s->low, s->high);
	if (m->foreign)
		REFUSE(m, "StaleState");
	/* The width is what the bytes say: whether it is the register's, only the judge's step must like. */
	if (m->move->data_len != 4 * count && m->move->data_len != 8 * count)
		REFUSE(m, "WrongLength");
	gs_keccak256(m->move->data, m->move->data_len, &s->values);
	show(&m->game->states, m->move);
	s->phase = GS_PHASE_SEGMENT;
	m->effects->revealed = true;
	return GS_OK;
}

static enum gs_err select_segment(struct mover *m)
{
	struct gs_game_state *s = &m->game->state;
	uint32_t stride = gs_states_stride(s->low, s->high), count = gs_states_count(s->low, s->high);
	uint32_t segment = m->move->segment, low = s->low;
	unsigned width = m->move->data_len / count;
	struct gs_hash values;
	gs_keccak256(m->move->data, m->move->data_len, &values);
	if (m->foreign || !gs_hash_equal(&values, &s->values))
		REFUSE(m, "StaleState");
	if (segment > count)
		REFUSE(m, "OutOfRange");
	if (segment > 0) {
		s->low_value = gs_states_value(m->move->data, width, segment - 1);
		s->low = low + stride * segment;
	}
	if (segment < count) {
		s->high_value = gs_states_value(m->move->data, width, segment);
		s->high = low - 1 + stride * (segment + 1);
	}
	memset(&s->values, 0, sizeof(s->values));
	m->game->states.len = 0;
	s->phase = s->low == s->high ? GS_PHASE_STEP : GS_PHASE_STATES;
	return GS_OK;
}

/* ---- the last step ---- */

/* Openings as the judge consumes them; the first bad one sticks. */
struct openings {
	const struct gs_game_rules *rules;
	const struct gs_hash *trace_root;
	const uint8_t *at;
	size_t left;
	const char *wrong; /* the contract's error */
};

static const uint8_t *consume(void *self, uint8_t space, uint32_t chunk)
{
	static const uint8_t zeros[GS_CHUNK_BYTES];
	static const struct gs_hash none;
	struct openings *o = self;
	const struct gs_header *h = o->rules->header;
	const struct gs_hash *want = NULL;
	unsigned depth = 0;
	switch ((enum gs_space)space) {
	case GS_SPACE_TRACE:
		want = o->trace_root;
		depth = h->trace_depth;
		break;
	case GS_SPACE_WEIGHTS:
		want = &h->weights_root;
		depth = gs_merkle_depth(h->weights_chunks);
		break;
	case GS_SPACE_INPUTS:
		want = &o->rules->body.input_root;
		depth = gs_merkle_depth(h->inputs_chunks);
		break;
	case GS_SPACE_CLAIMED: /* an exact model has none: no chunk hashes to zero */
		want = gs_header_tolerant(h) ? &o->rules->body.output_root : &none;
		depth = gs_merkle_depth(h->claimed_chunks);
		break;
	}
	size_t need = GS_CHUNK_BYTES + 32 * (size_t)depth;
	if (o->wrong == NULL && o->left < need)
		o->wrong = "WrongOpeningsLength";
	if (o->wrong != NULL)
		return zeros;
	const uint8_t *bytes = o->at;
	struct gs_hash path[GS_MERKLE_DEPTH_MAX], leaf, root;
	memcpy(path, bytes + GS_CHUNK_BYTES, 32 * (size_t)depth);
	gs_merkle_leaf(bytes, &leaf);
	gs_merkle_climb(leaf, chunk, path, depth, &root);
	o->at += need;
	o->left -= need;
	if (chunk >> depth == 0 && gs_hash_equal(&root, want))
		return bytes;
	o->wrong = "WrongOpening";
	return zeros;
}

/* "traceRoot must fit the rootTag": of the claim, which is that of the game's own commitment. */
static enum gs_err judge(struct mover *m)
{
	struct gs_game_state *s = &m->game->state;
	const struct gs_move *move = m->move;
	struct gs_instr in;
	struct gs_trace_tag given = gs_trace_tag_of(&move->trace_root), bound = gs_trace_tag_of(&m->game->trace_root);
	if (gs_instr_decode(descriptor_of(move), &in, NULL) != GS_OK)
		REFUSE(m, "MalformedDescriptor");
	struct openings openings = {.rules = m->rules,
	                            .trace_root = &move->trace_root,
	                            .at = move->openings,
	                            .left = move->openings_len,
	                            .wrong = NULL};
	gs_judge_step(&in, s->element, s->high, s->low_value, consume, &openings, &m->effects->step);
	if (openings.wrong == NULL && openings.left > 0)
		openings.wrong = "WrongOpeningsLength";
	if (openings.wrong != NULL)
		return gs_fail(m->error, GS_EINVAL, "%s", openings.wrong);
	/* The contract reads the claim's slot last, as the game ends. */
	if (gs_hash_is_zero(&m->game->trace_root))
		bound = m->rules->tag;
	if (!gs_trace_tag_equal(&given, &bound))
		REFUSE(m, "WrongTraceRoot");
	uint64_t computed = m->effects->step.result;
	conclude(m, computed == s->high_value ? GS_GAME_CLAIMANT_WON : GS_GAME_CHALLENGER_WON, GS_REASON_STEP);
	m->effects->judged = m->game->outcome != GS_GAME_CLOSED;
	m->effects->computed = m->effects->judged ? computed : 0;
	return GS_OK;
}

/* The selection of a call that selects and proves is a move like any other; the proof ends the game and is none. */
static enum gs_err judge_selected(struct mover *m)
{
	if (m->game->state.phase != GS_PHASE_STEP)
		REFUSE(m, "WrongPhase");
	m->game->state.move++;
	return judge(m);
}

static bool is_descriptor(const struct mover *m)
{
	struct gs_hash leaf;
	gs_merkle_descriptor(descriptor_of(m->move), &leaf);
	return gs_hash_equal(&leaf, &m->game->state.node);
}

static enum gs_err prove_step(struct mover *m)
{
	if (!is_descriptor(m))
		REFUSE(m, "StaleState");
	return judge(m);
}

static enum gs_err select_element_and_prove(struct mover *m)
{
	enum gs_err err = select_element(m);
	return err == GS_OK ? judge_selected(m) : err;
}

static enum gs_err select_segment_and_prove(struct mover *m)
{
	if (!is_descriptor(m))
		REFUSE(m, "StaleState");
	enum gs_err err = select_segment(m);
	return err == GS_OK ? judge_selected(m) : err;
}

static enum gs_err end_by_time(struct mover *m)
{
	if (m->in->now <= m->game->state.deadline)
		REFUSE(m, "NotOver");
	bool claimant_late = gs_game_turn(m->game) == GS_SIDE_CLAIMANT;
	conclude(m, claimant_late ? GS_GAME_CHALLENGER_WON : GS_GAME_CLAIMANT_WON, GS_REASON_TIMEOUT);
	return GS_OK;
}

/* The phase that a move answers; 0: any. The output is asked for in either phase that follows a commitment. */
static unsigned phase_of(enum gs_move_kind kind, unsigned phase)
{
	switch (kind) {
	case GS_MOVE_COMMIT_TRACE: return GS_PHASE_COMMIT;
	case GS_MOVE_REVEAL: return GS_PHASE_REVEAL;
	case GS_MOVE_SELECT: return GS_PHASE_SELECT;
	case GS_MOVE_CHALLENGE_OUTPUT: return phase == GS_PHASE_ELEMENT ? GS_PHASE_ELEMENT : GS_PHASE_SELECT;
	case GS_MOVE_PROVE_OUTPUT: return GS_PHASE_OUTPUT;
	case GS_MOVE_SELECT_ELEMENT:
	case GS_MOVE_SELECT_ELEMENT_AND_PROVE: return GS_PHASE_ELEMENT;
	case GS_MOVE_REVEAL_STATES: return GS_PHASE_STATES;
	case GS_MOVE_SELECT_SEGMENT:
	case GS_MOVE_SELECT_SEGMENT_AND_PROVE: return GS_PHASE_SEGMENT;
	case GS_MOVE_PROVE_STEP: return GS_PHASE_STEP;
	case GS_MOVE_TIMEOUT:
	case GS_MOVE_CONCEDE:
	case GS_MOVE_CLOSE: return 0;
	}
	return 0;
}

/* "When a side moves at now, its left time becomes deadline - now; the deadline becomes now + max(left of the side whose
 * clock runs next, minimumTime)." */
static void set_clocks(struct mover *m, enum gs_side mover)
{
	struct gs_game_state *s = &m->game->state;
	uint32_t left = (uint32_t)(s->deadline - m->in->now);
	if (mover == GS_SIDE_CLAIMANT)
		s->claimant_left = left;
	else
		s->challenger_left = left;
	uint32_t next = gs_game_turn(m->game) == GS_SIDE_CLAIMANT ? s->claimant_left : s->challenger_left;
	s->deadline = m->in->now + (next > m->rules->minimum_time_s ? next : m->rules->minimum_time_s);
	s->move++;
}

/* What every call looks at first: the phase, the time and, where both addresses are given, the sender. */
static enum gs_err admit(struct mover *m)
{
	enum gs_move_kind kind = m->move->kind;
	unsigned phase = phase_of(kind, m->game->state.phase), side = gs_move_side(kind);
	bool player = m->in->sender == GS_SIDE_CLAIMANT || m->in->sender == GS_SIDE_CHALLENGER;
	if (phase != 0 && phase != m->game->state.phase)
		REFUSE(m, "WrongPhase");
	if (kind == GS_MOVE_CHALLENGE_OUTPUT && m->game->state.round != 0)
		REFUSE(m, "WrongPhase");
	m->foreign = side != 0 && m->in->sender != side;
	if (kind == GS_MOVE_TIMEOUT || kind == GS_MOVE_CLOSE)
		return GS_OK;
	if (m->in->now > m->game->state.deadline)
		REFUSE(m, "TooLate");
	if (side == 0 && !player)
		REFUSE(m, "NotYourMove");
	return GS_OK;
}

static enum gs_err make_move(struct mover *m)
{
	enum gs_side turn = gs_game_turn(m->game);
	enum gs_err err = admit(m);
	if (err != GS_OK)
		return err;
	switch (m->move->kind) {
	case GS_MOVE_COMMIT_TRACE: err = commit_trace(m); break;
	case GS_MOVE_REVEAL: err = reveal(m); break;
	case GS_MOVE_SELECT: err = select_child(m); break;
	case GS_MOVE_CHALLENGE_OUTPUT: err = challenge_output(m); break;
	case GS_MOVE_PROVE_OUTPUT: err = prove_output(m); break;
	case GS_MOVE_SELECT_ELEMENT: err = select_element(m); break;
	case GS_MOVE_REVEAL_STATES: err = reveal_states(m); break;
	case GS_MOVE_SELECT_SEGMENT: err = select_segment(m); break;
	case GS_MOVE_PROVE_STEP: err = prove_step(m); break;
	case GS_MOVE_SELECT_ELEMENT_AND_PROVE: err = select_element_and_prove(m); break;
	case GS_MOVE_SELECT_SEGMENT_AND_PROVE: err = select_segment_and_prove(m); break;
	case GS_MOVE_TIMEOUT: err = end_by_time(m); break;
	case GS_MOVE_CONCEDE:
		conclude(m, m->in->sender == GS_SIDE_CLAIMANT ? GS_GAME_CHALLENGER_WON : GS_GAME_CLAIMANT_WON,
		         GS_REASON_CONCESSION);
		break;
	case GS_MOVE_CLOSE:
		m->game->outcome = GS_GAME_CLOSED;
		m->game->reason = GS_REASON_CLOSED;
		break;
	}
	if (err == GS_OK && m->game->outcome == GS_GAME_OPEN)
		set_clocks(m, turn);
	return err;
}

enum gs_err gs_game_step(struct gs_game *game, const struct gs_game_rules *rules, const struct gs_game_input *in,
                         struct gs_game_effects *out, struct gs_error *error)
{
	struct gs_game next = *game;
	struct mover m = {.game = &next, .rules = rules, .in = in, .move = in->move, .effects = out, .error = error};
	memset(out, 0, sizeof(*out));
	if (game->outcome != GS_GAME_OPEN)
		return gs_fail(error, GS_EINVAL, "StaleState");
	GS_ASSERT(gs_game_invariant(game));
	GS_ASSERT(in->move->data_len <= sizeof(in->move->data) && in->move->siblings <= GS_MERKLE_DEPTH_MAX);
	GS_ASSERT(in->move->openings_len <= sizeof(in->move->openings));
	GS_ASSERT(in->move->descriptor_len <= GS_DESCRIPTOR_BYTES_MAX &&
	          in->move->path_len <= GS_GAME_PROGRAM_DEPTH_MAX);
	enum gs_err err = make_move(&m);
	if (err != GS_OK) {
		memset(out, 0, sizeof(*out));
		return err;
	}
	GS_ASSERT(gs_game_invariant(&next));
	*game = next;
	return GS_OK;
}
