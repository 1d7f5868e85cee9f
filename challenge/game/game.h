/* challenge/game/game.h: one dispute as a pure state machine.
 *
 * The claimant has committed to a flat array of chunks, the trace. Round by round it shows the nodes some levels below
 * the current one and the challenger names the first that differs from its own, down to one element of one chunk. If
 * that element is a fold, the claimant shows evenly spaced states of its accumulator and the challenger names the first
 * wrong stretch, until one scalar step is left, which a judge recomputes.
 *
 * struct gs_game is plain data: copy it, hash it (gs_game_hash is the contract's state hash), store it, replay it. It is fed
 * either by moves, which gs_game_step checks as the contract does, or by the contract's events (gs_game_observe). Nothing
 * here does I/O, reads a clock, allocates, or keeps anything between calls: any number of games go side by side.
 * Source: docs/protocol.md, "Games". */
#ifndef GS_CHALLENGE_GAME_GAME_H
#define GS_CHALLENGE_GAME_GAME_H

#include "challenge/game/claim.h"
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
	             GS_PHASE_OUTPUT = 9,  /* claimant; odd, as all of its phases: there is no 8 */
};
enum gs_game_outcome { GS_GAME_OPEN = 1, GS_GAME_CLAIMANT_WON = 2, GS_GAME_CHALLENGER_WON = 3, GS_GAME_CLOSED = 4 };
enum gs_game_reason {
	GS_REASON_NONE = 0,
	GS_REASON_STEP = 1,
	GS_REASON_TIMEOUT = 2,
	GS_REASON_CONCESSION = 3,
	GS_REASON_CLOSED = 4,
	GS_REASON_OUTPUT = 5
};
enum { GS_REASONS = GS_REASON_OUTPUT + 1 };

enum {
	GS_GAME_FIRST_LEVELS = 5,  /* of descent with the commitment, at most; later rounds have at most 5 too */
	GS_GAME_ROUNDS_MAX = 5,    /* of descent by hashes */
	GS_GAME_CHILDREN_MAX = 32, /* nodes shown in one round: 2^5 */
	GS_GAME_CHUNK_LEVELS = 2,  /* the last levels are shown as raw chunks */
	GS_GAME_STATES_MAX = 64,   /* accumulator states shown at once */
	GS_GAME_STATE_WORDS = 6,
	GS_GAME_ORDINALS = 1 << 16,                    /* games of one claim */
	GS_GAME_AGREED_MOVE = 128,                     /* set in the move of a state that was agreed off chain */
	GS_GAME_SHOWN_MAX = GS_GAME_CHILDREN_MAX * 32, /* bytes of one reveal; 4 chunks and 64 states are less */
	GS_GAME_OPENINGS_BYTES_MAX = GS_OPENINGS_MAX * (GS_CHUNK_BYTES + GS_MERKLE_DEPTH_MAX * 32),
	GS_GAME_PROGRAM_DEPTH_MAX = 20,
};

/* The contract's State, unpacked. The trace root is not part of it: the claim is bound to its tag. */
struct gs_game_state {
	struct gs_hash claim;
	struct gs_address claimant;
	struct gs_address challenger;
	uint16_t ordinal;       /* games opened on the claim before this one */
	uint16_t units;         /* of the challenger's bond: 1 + games open when this one was opened */
	uint8_t phase;          /* enum gs_game_phase */
	uint8_t move;           /* moves made */
	uint64_t deadline;      /* unix seconds, 40 bits: the running clock's side may move while now <= deadline */
	uint32_t claimant_left; /* seconds, 24 bits, as of its last move */
	uint32_t challenger_left;
	uint8_t depth;       /* of the trace */
	uint8_t round;       /* rounds of descent done */
	uint32_t position;   /* of the current node in its level; after element: of its chunk */
	struct gs_hash node; /* n: the current node; from element on the leaf hash of the element's descriptor */
	uint64_t element;    /* 40 bits */
	uint32_t low;        /* 24 bits; s_(low-1) is agreed; 0: none is */
	uint32_t high;       /* 24 bits; s_high is in question; K + 1 is the stored output */
	gs_reg low_value;
	gs_reg high_value;
	struct gs_hash values; /* v: keccak of the states shown, in phase Segment */
};

/* What the claimant showed in one move. */
struct gs_game_shown {
	uint16_t len; /* bytes; 0: nothing yet */
	uint8_t bytes[GS_GAME_SHOWN_MAX];
};

struct gs_game {
	struct gs_game_state state;
	struct gs_hash trace_root;                            /* zero before the commitment was seen */
	uint8_t outcome;                                      /* enum gs_game_outcome */
	uint8_t reason;                                       /* enum gs_game_reason */
	struct gs_game_shown descent[GS_GAME_ROUNDS_MAX + 1]; /* by round; behind the last round, the chunks */
	struct gs_game_shown states;                          /* in phase Segment */
};

/* What a game is played under: the model, the claim, the contract's parameters. */
struct gs_game_rules {
	const struct gs_header *header; /* borrowed */
	struct gs_claim_body body;
	struct gs_trace_tag tag; /* bound by a game of the claim; zero when none is */
	uint32_t claimant_budget_s;
	uint32_t challenger_budget_s;
	uint32_t minimum_time_s;
	bool model_void; /* its program is malformed: whatever would end the game closes it */
};

enum gs_move_kind {
	GS_MOVE_COMMIT_TRACE,
	GS_MOVE_REVEAL,
	GS_MOVE_SELECT,
	GS_MOVE_CHALLENGE_OUTPUT,
	GS_MOVE_PROVE_OUTPUT,
	GS_MOVE_SELECT_ELEMENT,
	GS_MOVE_REVEAL_STATES,
	GS_MOVE_SELECT_SEGMENT,
	GS_MOVE_PROVE_STEP,
	GS_MOVE_SELECT_ELEMENT_AND_PROVE,
	GS_MOVE_SELECT_SEGMENT_AND_PROVE,
	GS_MOVE_TIMEOUT,
	GS_MOVE_CONCEDE,
	GS_MOVE_CLOSE, /* whether it may be closed is the claim's matter: the step only ends the game */
};
enum { GS_MOVE_KINDS = GS_MOVE_CLOSE + 1 };
const char *gs_move_name(enum gs_move_kind kind); /* the contract function's name */
/* Whose address the call leaves zero, for the contract to put the sender there; 0: both are given. */
unsigned gs_move_side(enum gs_move_kind kind);
bool gs_move_proves(enum gs_move_kind kind); /* proveStep and the two that select and prove */

/* A move as data. Fields that its kind does not use are zero. The ...AndProve kinds use those of both their halves. */
struct gs_move {
	enum gs_move_kind kind;
	uint32_t child;                /* select, selectElement */
	uint32_t slot;                 /* selectElement */
	uint32_t instruction;          /* selectElement */
	uint32_t segment;              /* selectSegment */
	struct gs_hash hash;           /* select */
	uint8_t chunk[GS_CHUNK_BYTES]; /* selectElement */
	uint32_t siblings; /* proveOutput: the output block's path; select, selectElement: up to the current node */
	struct gs_hash sibling[GS_MERKLE_DEPTH_MAX];
	uint32_t path_len; /* selectElement: the descriptor's path in the program */
	struct gs_hash path[GS_GAME_PROGRAM_DEPTH_MAX];
	uint32_t data_len; /* nodes, chunks or states shown; states repeated */
	uint8_t data[GS_GAME_SHOWN_MAX];
	struct gs_hash trace_root; /* proveStep */
	uint32_t descriptor_len;   /* selectElement, proveStep */
	uint8_t descriptor[GS_DESCRIPTOR_BYTES_MAX];
	uint32_t openings_len; /* proveStep: for each read the chunk and its siblings */
	uint8_t openings[GS_GAME_OPENINGS_BYTES_MAX];
};

struct gs_game_input {
	uint8_t sender; /* enum gs_side; timeout, close: anyone, 0 allowed */
	uint64_t now;   /* unix seconds of the block */
	const struct gs_move *move;
};

struct gs_game_effects {
	bool revealed; /* move->data was shown */
	bool bound;    /* the claim is bound to the game's trace root from now on: the first commitment */
	bool judged;
	uint64_t computed;          /* what the judge computed */
	struct gs_step_record step; /* judged */
};

/* ---- the schedule of levels (5.2) ---- */
unsigned gs_schedule_chunk_levels(unsigned depth);           /* q */
unsigned gs_schedule_rounds(unsigned depth);                 /* n */
unsigned gs_schedule_levels(unsigned depth, unsigned round); /* b_round, round < n */
/* The level of the current node when `round` begins (round = n: when the chunks are shown). */
unsigned gs_schedule_top(unsigned depth, unsigned round);
/* The level of a state's node or chunk: the root's in phase Commit, 0 from element on. */
unsigned gs_game_level(const struct gs_game_state *state);

/* ---- states shown of a fold whose open stretch is low .. high ---- */
uint32_t gs_states_stride(uint32_t low, uint32_t high);
uint32_t gs_states_count(uint32_t low, uint32_t high);
/* Value i of those shown, big-endian, each of width 4 or 8. */
gs_reg gs_states_value(const uint8_t *values, unsigned width, uint32_t i);

enum gs_side gs_phase_side(enum gs_game_phase phase);  /* whose clock runs */
enum gs_side gs_game_turn(const struct gs_game *game); /* the same of a game's phase */

/* The state after challenge(). claim: the id of rules->body. */
void gs_game_open(struct gs_game *game, const struct gs_game_rules *rules, const struct gs_hash *claim,
                  const struct gs_address *challenger, uint16_t ordinal, uint16_t units, uint64_t now);

/* Advances *game by one move, checked as the contract checks it and in its order; on error *game is unchanged and error's
 * text is the name of the contract's error (GS_EINVAL). The contract never sees the words that it computes itself: what
 * does not lead to the game's state, and a sender whose move it is not, is "StaleState" there and here. That a
 * claim is false is an outcome, never an error. */
GS_MUST enum gs_err gs_game_step(struct gs_game *game, const struct gs_game_rules *rules,
                                 const struct gs_game_input *in, struct gs_game_effects *out, struct gs_error *error);
/* Takes over a state that the contract announced; shown: the bytes that its event carried, or NULL.
 * The states of a game must be observed in order; a first one may be any state without reveals before it.
 * GS_EPARSE when shown is longer than any reveal. */
GS_MUST enum gs_err gs_game_observe(struct gs_game *game, const struct gs_game_state *state,
                                    const struct gs_bytes *shown);

/* keccak(abi.encode(state)), six words: what the contract stores. */
void gs_game_state_hash(const struct gs_game_state *state, struct gs_hash *out);
void gs_game_hash(const struct gs_game *game, struct gs_hash *out);
enum { GS_GAME_HASHES_MAX = 4 };
/* The same of up to GS_GAME_HASHES_MAX games at once, in little more time than of one. */
void gs_game_hash_each(const struct gs_game *const *game, size_t count, struct gs_hash *out);
/* claimId, a, b, n, c, v. Fields beyond their widths are a bug (asserted). */
void gs_game_state_encode(const struct gs_game_state *state, uint8_t out[GS_GAME_STATE_WORDS * 32]);
/* GS_EPARSE when an unused bit is set, the length is not six words, or no game can be in that state. */
GS_MUST enum gs_err gs_game_state_decode(struct gs_bytes words, struct gs_game_state *out);

/* What must always hold of a state, and of a game in play; for assertions and tests. */
bool gs_game_state_invariant(const struct gs_game_state *state);
bool gs_game_invariant(const struct gs_game *game);

/* A node of the claimant's trace that follows from what it showed: on or beside the way down to the current position.
 * GS_ENOTFOUND for a node that was never shown. */
GS_MUST enum gs_err gs_game_shown_node(const struct gs_game *game, unsigned level, uint64_t index, struct gs_hash *out);

#endif
