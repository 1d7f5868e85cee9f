/* validator/cli/dispute_play.h: one whole dispute on a chain, both sides played from here.
 *
 * Every move is made three times: a strategy finds it, the game in C checks it, the contract decides. After each, the state
 * that the contract announced must be the one that the game in C arrived at. */
#ifndef GS_VALIDATOR_CLI_DISPUTE_PLAY_H
#define GS_VALIDATOR_CLI_DISPUTE_PLAY_H

#include "challenge/game/strategy.h"
#include "validator/cli/dispute_chain.h"
#include "validator/cli/dispute_fault.h"
#include "validator/cli/dispute_setup.h"

enum { GS_DISPUTE_MOVES_MAX = 24, GS_DISPUTE_REDRAWS_MAX = 1000 };

enum gs_dispute_manner {
	GS_DISPUTE_CLAIMANT_LIES,   /* a fault in the claimant's execution, an honest challenger */
	GS_DISPUTE_CHALLENGER_ERRS, /* a fault in the challenger's execution, an honest claimant */
	GS_DISPUTE_CHALLENGER_LIES, /* no case at all: the challenger wanders at random */
};

/* Called before a move is sent, with the state and rules that it answers under. */
typedef void (*gs_dispute_witness)(void *context, struct gs_dispute_chain *chain, const struct gs_game *game,
                                   const struct gs_game_rules *rules, enum gs_side side, const struct gs_move *move);

struct gs_dispute_plan {
	enum gs_dispute_manner manner;
	bool given;    /* `fault` says where; else it is drawn from the seed */
	bool one_kind; /* drawn faults are of fault.kind only */
	struct gs_fault fault;
	bool off_chain; /* both sign states, and the chain sees the challenge and the last step alone */
	uint64_t seed;
	gs_dispute_witness witness; /* NULL: nobody looks on */
	void *witness_context;
};

struct gs_dispute_move {
	uint8_t side;  /* enum gs_side */
	uint8_t phase; /* that it answered; 0 for challenge() */
	const char *name;
	uint64_t gas;
	uint32_t calldata; /* bytes */
	double seconds;    /* to find and to send it */
};

struct gs_dispute_result {
	struct gs_dispute_plan plan;
	struct gs_fault fault; /* as drawn, unless the challenger wandered */
	unsigned redrawn;      /* faults that changed nothing */
	struct gs_hash claim;
	struct gs_hash game_id;
	struct gs_game game; /* as it ended */
	bool honest_won;
	struct gs_dispute_move move[GS_DISPUTE_MOVES_MAX];
	unsigned moves;
	unsigned signed_moves; /* off chain */
	uint64_t post_gas;
	uint64_t gas_total; /* of the game, challenge to end */
	double seconds;
	bool judged;
	uint32_t instruction;
	uint64_t contract;           /* what the contract computed */
	struct gs_step_record judge; /* what the judge in C computed */
};

/* Plays one dispute. A lost one is a result, not an error. GS_ECORRUPT: the contract and the game in C disagree. */
GS_MUST enum gs_err gs_dispute_play(struct gs_dispute_chain *chain, const struct gs_dispute_setup *setup,
                                    const struct gs_dispute_plan *plan, struct gs_dispute_result *out,
                                    struct gs_error *error);

#endif
