/* challenge/game/game.h: one dispute as a pure state machine.
 *
 * The claimant has committed to a flat array of chunks, the trace. Round by round it shows the nodes some levels below
 * the current one and the challenger names the first that differs from its own, down to one element of one chunk. If
 * that element is a fold, the claimant shows evenly spaced states of its accumulator and the challenger names the first
 * wrong stretch, until one scalar step is left, which a judge recomputes.
 *
 * struct gs_game is plain data: copy it, hash it (gs_game_hash is the contract's state hash), store it, replay it. It is fed
 * either by moves, which gs_game_step checks as the contract does, or by the contract's events (gs_game_observe).
 * Source: docs/protocol.md, "Games". */
#ifndef GS_CHALLENGE_GAME_GAME_H
#define GS_CHALLENGE_GAME_GAME_H

#include "challenge/machine/judge.h"

enum gs_side { GS_SIDE_CLAIMANT = 1, GS_SIDE_CHALLENGER = 2 };

enum gs_game_phase {                       /* whose clock runs: */
	             GS_PHASE_COMMIT = 1,  /* claimant */
	             GS_PHASE_SELECT = 2,  /* challenger */
	             GS_PHASE_REVEAL = 3,  /* claimant */
	             GS_PHASE_ELEMENT = 4, /* challenger */
	             GS_PHASE_STATES = 5,  /* claimant */
	             GS_PHASE_SEGMENT = 6, /* challenger */
	             GS_PHASE_STEP = 7,    /* claimant; either side may prove */
};
enum gs_game_outcome { GS_GAME_OPEN = 1, GS_GAME_CLAIMANT_WON = 2, GS_GAME_CHALLENGER_WON = 3, GS_GAME_CLOSED = 4 };
enum gs_game_reason {
	GS_REASON_NONE = 0,
	GS_REASON_STEP = 1,
	GS_REASON_TIMEOUT = 2,
	GS_REASON_CONCESSION = 3,
	GS_REASON_SETTLED = 4
};

enum {
	GS_GAME_ROUNDS_MAX = 5,    /* of descent by hashes */
	GS_GAME_CHILDREN_MAX = 32, /* nodes shown in one round: 2^5 */
	GS_GAME_CHUNK_LEVELS = 2,  /* the last levels are shown as raw chunks */
	GS_GAME_STATES_MAX = 64,   /* accumulator states shown at once */
	GS_GAME_STATE_WORDS = 22,
	GS_GAME_SHOWN_MAX = GS_GAME_CHILDREN_MAX * 32, /* bytes of one reveal; 4 chunks and 64 states are less */
	GS_GAME_OPENINGS_BYTES_MAX = GS_OPENINGS_MAX * (GS_CHUNK_BYTES + GS_MERKLE_DEPTH_MAX * 32),
	GS_GAME_PROGRAM_DEPTH_MAX = 20,
};

/* The contract's State, field by field and in its order. */
struct gs_game_state {
	struct gs_hash claim;
	struct gs_hash model;
	struct gs_address claimant;
	struct gs_address challenger;
	uint8_t phase; /* enum gs_game_phase */
	uint32_t move;
	uint64_t deadline;      /* unix seconds: the running clock's side may move while now <= deadline */
	uint32_t claimant_left; /* seconds, as of its last move */
	uint32_t challenger_left;
	uint8_t trace_depth;
	uint8_t round;
	uint8_t level;     /* of the current node; 0 is the leaves */
	uint32_t position; /* of the current node in its level */
	struct gs_hash node;
	struct gs_hash trace_root;
	struct gs_hash descriptor; /* leaf hash */
	uint64_t element;
	uint32_t low;  /* s_(low-1) is agreed; 0: none is */
	uint32_t high; /* s_high is in question; K + 1 is the stored output */
	gs_reg low_value;
	gs_reg high_value;
	struct gs_hash values; /* keccak of the states shown, in phase Segment */
};

/* What the claimant showed in one move. */
struct gs_game_shown {
	uint16_t len; /* bytes; 0: nothing yet */
	uint8_t bytes[GS_GAME_SHOWN_MAX];
};

struct gs_game {
	struct gs_hash id;
	struct gs_game_state state;
	uint8_t outcome;                                      /* enum gs_game_outcome */
	uint8_t reason;                                       /* enum gs_game_reason */
	struct gs_game_shown descent[GS_GAME_ROUNDS_MAX + 1]; /* by round; behind the last round, the chunks */
	struct gs_game_shown states;                          /* in phase Segment */
};

/* What a game is played under: the model, the claim, the contract's parameters. */
struct gs_game_rules {
	const struct gs_header *header; /* borrowed */
	struct gs_hash input_root;
	struct gs_hash output_root;
	struct gs_hash trace_root; /* bound by another game of the claim; zero when none is */
	uint32_t claimant_budget_s;
	uint32_t challenger_budget_s;
	uint32_t minimum_time_s;
};

enum gs_move_kind {
	GS_MOVE_COMMIT_TRACE,
	GS_MOVE_REVEAL,
	GS_MOVE_SELECT,
	GS_MOVE_SELECT_ELEMENT,
	GS_MOVE_REVEAL_STATES,
	GS_MOVE_SELECT_SEGMENT,
	GS_MOVE_PROVE_STEP,
	GS_MOVE_TIMEOUT,
	GS_MOVE_CONCEDE,
};
const char *gs_move_name(enum gs_move_kind kind); /* the contract function's name */

/* A move as data. Fields that its kind does not use are zero. */
struct gs_move {
	enum gs_move_kind kind;
	struct gs_hash trace_root;     /* commitTrace */
	uint32_t child;                /* select, selectElement */
	uint32_t slot;                 /* selectElement */
	uint32_t instruction;          /* selectElement */
	uint32_t segment;              /* selectSegment */
	struct gs_hash hash;           /* select */
	uint8_t chunk[GS_CHUNK_BYTES]; /* selectElement */
	uint32_t siblings;             /* commitTrace's path; select, selectElement: up to the current node */
	struct gs_hash sibling[GS_MERKLE_DEPTH_MAX];
	uint32_t path_len; /* selectElement: the descriptor's path in the program */
	struct gs_hash path[GS_GAME_PROGRAM_DEPTH_MAX];
	uint32_t data_len; /* nodes, chunks or states shown; states repeated; openings */
	uint8_t data[GS_GAME_OPENINGS_BYTES_MAX];
	uint32_t descriptor_len; /* selectElement, proveStep */
	uint8_t descriptor[GS_DESCRIPTOR_BYTES_MAX];
};

struct gs_game_input {
	uint8_t sender; /* enum gs_side; timeout: anyone, 0 allowed */
	uint64_t now;   /* unix seconds of the block */
	const struct gs_move *move;
};

struct gs_game_effects {
	bool revealed; /* move->data was shown */
	bool bound;    /* the claim is bound to state.trace_root from now on */
	bool judged;
	uint64_t computed;          /* what the judge computed */
	struct gs_step_record step; /* judged */
};

/* ---- the schedule of levels ---- */
unsigned gs_schedule_chunk_levels(unsigned depth);           /* q */
unsigned gs_schedule_rounds(unsigned depth);                 /* n */
unsigned gs_schedule_levels(unsigned depth, unsigned round); /* b_round, round < n */
/* The level of the current node when `round` begins (round = n: when the chunks are shown). */
unsigned gs_schedule_top(unsigned depth, unsigned round);

/* ---- states shown of a fold whose open stretch is low .. high ---- */
uint32_t gs_states_stride(uint32_t low, uint32_t high);
uint32_t gs_states_count(uint32_t low, uint32_t high);

enum gs_side gs_game_turn(const struct gs_game *game); /* whose clock runs */

/* The state after challenge(). */
void gs_game_open(struct gs_game *game, const struct gs_game_rules *rules, const struct gs_hash *id,
                  const struct gs_hash *claim, const struct gs_address *claimant, const struct gs_address *challenger,
                  uint64_t now);

/* Advances *game by one move, checked as the contract checks it; on error *game is unchanged and error's text is the name
 * of the contract's error (GS_EINVAL). That a claim is false is an outcome, never an error. */
GS_MUST enum gs_err gs_game_step(struct gs_game *game, const struct gs_game_rules *rules,
                                 const struct gs_game_input *in, struct gs_game_effects *out, struct gs_error *error);
/* Takes over a state that the contract announced; shown: the bytes of the Revealed event before it, or NULL.
 * The states of a game must be observed in order; a first one may be any state without reveals before it.
 * GS_EPARSE when shown is longer than any reveal. */
GS_MUST enum gs_err gs_game_observe(struct gs_game *game, const struct gs_game_state *state,
                                    const struct gs_bytes *shown);

/* keccak(abi.encode(STATE_DOMAIN, id, state)): what the contract stores. */
void gs_game_hash(const struct gs_game *game, struct gs_hash *out);
/* The 22 words of the state, as abi.encode writes them. */
void gs_game_state_encode(const struct gs_game_state *state, uint8_t out[GS_GAME_STATE_WORDS * 32]);
/* GS_EPARSE when a word does not fit its field or the phase is unknown. */
GS_MUST enum gs_err gs_game_state_decode(struct gs_bytes words, struct gs_game_state *out);

/* What must always hold of a game in play; for assertions and tests. */
bool gs_game_invariant(const struct gs_game *game);

/* A node of the claimant's trace that follows from what it showed: on or beside the way down to the current position.
 * GS_ENOTFOUND for a node that was never shown. */
GS_MUST enum gs_err gs_game_shown_node(const struct gs_game *game, unsigned level, uint64_t index, struct gs_hash *out);

#endif
