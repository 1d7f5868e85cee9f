/* challenge/game/worst.c: the most that a game can cost each side, told from the model's sizes before anybody enters it.
 *
 * The schedule fixes how many moves there are and what each carries, so the worst case is a sum, not a guess: both sides play
 * to the last step (or to the proof of the output, where that were more), the claimant proves it too, every word of calldata is as dear as a word can be. */
#include <string.h>

#include "challenge/game/bonds.h"

enum {
	SELECTOR_BYTES = 4,
	WORD_BYTES = 32,
	SMALL_BYTES = 4,      /* of an offset, a length or an index, at most; the other 28 bytes are zero */
	OPEN_WORD_BYTES = 12, /* of a packed word whose address the contract fills in */
	STATE_DATA_BYTES = 8,
};

void gs_bond_shape_of_header(const struct gs_header *header, struct gs_game_shape *out)
{
	/* Claimed outputs count as the inputs do: what a step opens of either is a path of that length. */
	const uint32_t given = header->claimed_chunks > header->inputs_chunks ? header->claimed_chunks
	                                                                      : header->inputs_chunks;
	*out = (struct gs_game_shape){
		.trace_depth = header->trace_depth,
		.output_depth = header->output_depth,
		.program_depth = gs_merkle_depth(header->instructions),
		.inputs_depth = gs_merkle_depth(given),
		.weights_depth = gs_merkle_depth(header->weights_chunks),
		.most_states = GS_FOLD_MAX + 1,
		.longest_descriptor = GS_DESCRIPTOR_BYTES_MAX,
		.most_reads = GS_OPENINGS_MAX,
	};
}

static unsigned reads_of(const struct gs_instr *in)
{
	unsigned reads = 0;
	for (unsigned i = 0; i < gs_instr_operands(in); i++) {
		if (in->operand[i].kind != GS_OPERAND_TENSOR)
			continue;
		reads += in->operand[i].indirect_row != 0 ? 2 : 1;
	}
	return reads;
}

void gs_bond_shape(const struct gs_program *program, struct gs_game_shape *out)
{
	gs_bond_shape_of_header(&program->header, out);
	out->most_states = 0;
	out->longest_descriptor = 0;
	out->most_reads = 0;
	for (uint32_t i = 0; i < program->count; i++) {
		const struct gs_instr instr = gs_program_instr(program, i), *in = &instr;
		size_t bytes = gs_program_descriptor(program, i).len;
		uint64_t states = in->form == GS_FOLD ? gs_instr_terms(in) + 1 : 0;
		unsigned reads = reads_of(in);
		if (states > out->most_states)
			out->most_states = (uint32_t)states;
		if (bytes > out->longest_descriptor)
			out->longest_descriptor = (uint32_t)bytes;
		if (reads > out->most_reads)
			out->most_reads = reads;
	}
}

struct gs_gas_model gs_gas_model_default(void)
{
	return (struct gs_gas_model){
		.transaction = 21000,
		.byte = 16,
		.zero_byte = 4,
		.byte_floor = 40,
		.zero_byte_floor = 10,
		.move = 12000,
		.commit = 10000,
		.challenge = 65000,
		.open_leaf = 60000,
		.end = 60000,
		.data_byte = 9,
		.node = 280,
		.descriptor_byte = 120,
		.judge = 80000,
	};
}

/* One transaction as it is put together. */
struct transaction {
	uint64_t full;  /* bytes of calldata that may all be other than zero */
	uint64_t zeros; /* and that are zero for sure */
	uint64_t gas;   /* of execution */
};

static void words(struct transaction *t, unsigned full, unsigned small)
{
	t->full += (uint64_t)full * WORD_BYTES + (uint64_t)small * SMALL_BYTES;
	t->zeros += (uint64_t)small * (WORD_BYTES - SMALL_BYTES);
}

/* Terms or the claim's id, and the two packed words of the state, one of them without its address. */
static struct transaction begin(const struct gs_gas_model *gas, bool terms, bool both)
{
	struct transaction t = {.full = SELECTOR_BYTES, .gas = gas->move};
	words(&t, (terms ? GS_CLAIM_TERMS_WORDS : 1) + 1, 0);
	t.full += both ? WORD_BYTES : OPEN_WORD_BYTES;
	t.zeros += both ? 0 : WORD_BYTES - OPEN_WORD_BYTES;
	return t;
}

/* A bytes argument: offset, length, the bytes, padding up to the next word. */
static void bytes(struct transaction *t, const struct gs_gas_model *gas, uint64_t count)
{
	words(t, 0, 2);
	t->full += count;
	t->zeros += (WORD_BYTES - count % WORD_BYTES) % WORD_BYTES;
	t->gas += count * gas->data_byte;
}

/* A path: as many nodes as siblings. */
static void path(struct transaction *t, const struct gs_gas_model *gas, unsigned siblings)
{
	words(t, siblings, 2);
	t->gas += (uint64_t)siblings * gas->node;
}

static void add_up(struct gs_worst_side *side, const struct gs_gas_model *gas, const struct transaction *t)
{
	uint64_t standard = t->full * gas->byte + t->zeros * gas->zero_byte + t->gas;
	uint64_t floor = t->full * gas->byte_floor + t->zeros * gas->zero_byte_floor;
	uint64_t total = gas->transaction + (standard > floor ? standard : floor);
	side->transactions++;
	side->bytes += t->full + t->zeros;
	side->gas += total;
	if (total > side->dearest)
		side->dearest = total;
}

/* 2^height nodes or chunks. */
static void shown(struct transaction *t, const struct gs_gas_model *gas, bool chunks, unsigned height)
{
	uint64_t count = UINT64_C(1) << height;
	bytes(t, gas, (chunks ? GS_CHUNK_BYTES : WORD_BYTES) * count);
	t->gas += 2 * count * gas->node;
}

static void proof(struct transaction *t, const struct gs_game_shape *s, const struct gs_gas_model *gas)
{
	/* The deepest of the arrays, as often as the step reads. */
	unsigned depth = s->trace_depth;
	depth = s->inputs_depth > depth ? s->inputs_depth : depth;
	depth = s->weights_depth > depth ? s->weights_depth : depth;
	words(t, 1, 0); /* trace root */
	bytes(t, gas, (uint64_t)s->most_reads * (GS_CHUNK_BYTES + WORD_BYTES * depth));
	t->gas += (uint64_t)s->most_reads * (depth + 1) * gas->node + gas->judge + gas->end +
	          s->longest_descriptor * gas->descriptor_byte;
}

/* How often states are shown of a fold, and how many the most. */
static unsigned showings(uint32_t states, uint32_t count[8])
{
	unsigned n = 0;
	for (uint32_t stretch = states; stretch > 0 && n < 8; n++) {
		uint32_t stride = gs_states_stride(0, stretch);
		count[n] = gs_states_count(0, stretch);
		uint32_t inner = stride - 1, last = stretch - stride * count[n];
		stretch = inner > last ? inner : last;
	}
	return n;
}

/* The claimed output is asked for and proven, and that is the game. */
static void output(const struct gs_game_shape *s, const struct gs_gas_model *gas, struct gs_worst_case *out)
{
	struct transaction t = begin(gas, false, false);
	words(&t, 1, 0);
	add_up(&out->challenger, gas, &t);
	t = begin(gas, true, false);
	path(&t, gas, s->trace_depth - s->output_depth);
	t.gas += gas->end;
	add_up(&out->claimant, gas, &t);
}

static void take_more(struct gs_worst_side *side, const struct gs_worst_side *other)
{
	if (other->transactions > side->transactions)
		side->transactions = other->transactions;
	if (other->bytes > side->bytes)
		side->bytes = other->bytes;
	if (other->gas > side->gas)
		side->gas = other->gas;
	if (other->dearest > side->dearest)
		side->dearest = other->dearest;
}

/* The commitment, which every game begins with. */
static void commitment(const struct gs_game_shape *s, const struct gs_gas_model *gas, struct gs_worst_case *out)
{
	unsigned depth = s->trace_depth, rounds = gs_schedule_rounds(depth);
	struct transaction t = begin(gas, false, false);
	t.gas += gas->commit;
	shown(&t, gas, rounds == 0, rounds == 0 ? depth : gs_schedule_levels(depth, 0));
	add_up(&out->claimant, gas, &t);
}

static void descent(const struct gs_game_shape *s, const struct gs_gas_model *gas, struct gs_worst_case *out)
{
	unsigned depth = s->trace_depth, rounds = gs_schedule_rounds(depth);
	for (unsigned round = 0; round < rounds; round++) {
		struct transaction t = begin(gas, false, false);
		words(&t, 1, 1);
		path(&t, gas, gs_schedule_levels(depth, round));
		add_up(&out->challenger, gas, &t);
		bool chunks = round + 1 == rounds;
		t = begin(gas, false, false);
		shown(&t, gas, chunks, chunks ? gs_schedule_chunk_levels(depth) : gs_schedule_levels(depth, round + 1));
		add_up(&out->claimant, gas, &t);
	}
}

static struct transaction element(const struct gs_game_shape *s, const struct gs_gas_model *gas)
{
	struct transaction t = begin(gas, true, false);
	words(&t, 0, 1);
	t.full += 2 * SMALL_BYTES; /* pick holds three numbers */
	bytes(&t, gas, GS_CHUNK_BYTES);
	path(&t, gas, gs_schedule_chunk_levels(s->trace_depth));
	bytes(&t, gas, s->longest_descriptor);
	path(&t, gas, s->program_depth);
	t.gas += s->longest_descriptor * gas->descriptor_byte;
	return t;
}

static void narrowing(const struct gs_game_shape *s, const struct gs_gas_model *gas, struct gs_worst_case *out)
{
	uint32_t count[8];
	unsigned rounds = s->most_states == 0 ? 0 : showings(s->most_states, count);
	struct transaction t = element(s, gas);
	if (rounds == 0)
		proof(&t, s, gas);
	add_up(&out->challenger, gas, &t);
	for (unsigned i = 0; i < rounds; i++) {
		bool last = i + 1 == rounds;
		t = begin(gas, false, false);
		words(&t, 2, 0);
		bytes(&t, gas, STATE_DATA_BYTES * (uint64_t)count[i]);
		add_up(&out->claimant, gas, &t);
		t = begin(gas, last, false);
		words(&t, 2, 1);
		bytes(&t, gas, STATE_DATA_BYTES * (uint64_t)count[i]);
		if (last) {
			bytes(&t, gas, s->longest_descriptor);
			proof(&t, s, gas);
		}
		add_up(&out->challenger, gas, &t);
	}
	/* A challenger that only selects leaves the proof to the claimant. */
	t = begin(gas, true, true);
	words(&t, 1, 0);
	bytes(&t, gas, s->longest_descriptor);
	proof(&t, s, gas);
	add_up(&out->claimant, gas, &t);
}

/* "Its left time becomes deadline - now; the deadline becomes now + max(left, minimumTime)": what a side takes for all its
 * moves is its budget, and minimumTime a move at most. */
static uint64_t seconds(uint32_t budget, uint32_t minimum, unsigned moves)
{
	return budget + (uint64_t)minimum * moves;
}

enum gs_err gs_bond_worst_case(const struct gs_game_shape *shape, const struct gs_game_rules *rules,
                               const struct gs_bond_rules *bonds, const struct gs_gas_model *gas, uint32_t open_games,
                               uint64_t now, struct gs_worst_case *out)
{
	struct transaction t = {.full = SELECTOR_BYTES, .gas = gas->challenge};
	memset(out, 0, sizeof(*out));
	if (open_games + 1 >= GS_GAME_ORDINALS)
		return GS_ELIMIT;
	words(&t, GS_CLAIM_BODY_WORDS, 0);
	add_up(&out->challenger, gas, &t);
	commitment(shape, gas, out);
	struct gs_worst_case asked = *out;
	descent(shape, gas, out);
	narrowing(shape, gas, out);
	output(shape, gas, &asked);
	take_more(&out->claimant, &asked.claimant);
	take_more(&out->challenger, &asked.challenger);
	out->claimant.seconds = seconds(rules->claimant_budget_s, rules->minimum_time_s, out->claimant.transactions);
	out->challenger.seconds = seconds(rules->challenger_budget_s, rules->minimum_time_s,
	                                  out->challenger.transactions);
	out->ends_by = now + out->claimant.seconds + out->challenger.seconds;
	enum gs_err err = gs_bond_of_game(bonds, (uint16_t)(open_games + 1), &out->locked);
	return err == GS_OK ? gs_bond_share(out->locked, bonds->concede_bps, &out->concession) : err;
}

void gs_bond_add_opening(const struct gs_gas_model *gas, unsigned levels, struct gs_worst_case *out)
{
	struct transaction t = {.full = SELECTOR_BYTES, .gas = gas->open_leaf};
	words(&t, GS_CLAIM_BODY_WORDS + 1, 1); /* salt, count */
	path(&t, gas, levels);
	add_up(&out->challenger, gas, &t);
}
