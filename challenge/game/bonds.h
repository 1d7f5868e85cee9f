/* challenge/game/bonds.h: who pays what when a game ends, as the contracts compute it, and what a game can cost at worst
 * before anybody enters it. Exact integers, rounded down. Source: docs/protocol.md, sections 2, 4.3, 5.4 and 5.5. */
#ifndef GS_CHALLENGE_GAME_BONDS_H
#define GS_CHALLENGE_GAME_BONDS_H

#include "chain/core/u256.h"
#include "challenge/game/game.h"

enum { GS_BPS = 10000 };

/* ---- the terms of a claim (4.3) ---- */

struct gs_terms {
	struct gs_wei minimum_bond; /* below 2^96 */
	struct gs_wei minimum_fee;  /* below 2^72 */
	uint16_t bond_bps;          /* of the claim's value */
	uint16_t fee_bps;
	uint32_t window_s;
	uint8_t version;
	bool retired; /* of the deployment: no new claims */
};
/* The packed word. GS_EPARSE when a bit is set that no field has, or a field is out of its bounds. */
GS_MUST enum gs_err gs_terms_decode(const struct gs_u256 *word, struct gs_terms *out);
void gs_terms_encode(const struct gs_terms *terms, struct gs_u256 *out);

/* floor(amount * bps / 10000); bps <= 10000. GS_ELIMIT when amount * 10000 does not fit 256 bits. */
GS_MUST enum gs_err gs_bond_share(struct gs_wei amount, uint16_t bps, struct gs_wei *out);
/* minimumBond + floor(value * bondBps / 10000), and the same of the fee. GS_ELIMIT on overflow. */
GS_MUST enum gs_err gs_bond_of_claim(const struct gs_terms *terms, struct gs_wei value, struct gs_wei *out);
GS_MUST enum gs_err gs_fee_of_claim(const struct gs_terms *terms, struct gs_wei value, struct gs_wei *out);

/* ---- what a game costs and brings (5.5) ---- */

struct gs_bond_rules {
	struct gs_wei challenger_bond; /* of a game, times its units */
	struct gs_wei refund_per_move; /* out of the pot, for games closed by another's win */
	uint16_t concede_bps;          /* what a concession costs, of a bond */
	uint16_t burn_bps;             /* of what is slashed */
};

/* challengerBond * units. GS_ELIMIT on overflow. */
GS_MUST enum gs_err gs_bond_of_game(const struct gs_bond_rules *rules, uint16_t units, struct gs_wei *out);

struct gs_payout { /* of one game */
	enum gs_side loser;
	struct gs_wei slashed; /* the loser's loss */
	struct gs_wei burned;  /* of it */
	struct gs_wei rest;    /* the claimant's gain, or the pot when the challenger won */
	struct gs_wei kept;    /* of the loser's bond: unlocked */
};
/* What an ended game costs. bond: the loser's (the claim's, or the game's). only_game: the claim never had another, so
 * that a claimant's concession is the cheap one. All zero for a game that is open or was closed. GS_ELIMIT as above. */
GS_MUST enum gs_err gs_bond_payout(const struct gs_bond_rules *rules, struct gs_wei bond, bool only_game,
                                   enum gs_game_outcome outcome, enum gs_game_reason reason, struct gs_payout *out);

/* Moves of the challenger that a closed game is refunded: its challenge and its answers; none when agreed off chain. */
unsigned gs_bond_refunded_moves(const struct gs_game_state *state);
/* min(refundPerMove * those, what is left of the pot). GS_ELIMIT on overflow. */
GS_MUST enum gs_err gs_bond_refund(const struct gs_bond_rules *rules, const struct gs_game_state *state,
                                   struct gs_wei pot_left, struct gs_wei *out);

/* ---- the worst case of a game, before entering it ---- */

/* What a game's length and transactions follow from. Of a program in memory: gs_bond_shape. */
struct gs_game_shape {
	unsigned trace_depth;
	unsigned output_depth;
	unsigned program_depth;
	unsigned inputs_depth;
	unsigned weights_depth;
	uint32_t most_states;        /* of a fold: K + 1; 0: no fold */
	uint32_t longest_descriptor; /* bytes */
	unsigned most_reads;         /* openings of one step */
};
void gs_bond_shape(const struct gs_program *program, struct gs_game_shape *out);
/* The same of a header alone: the largest that the law allows where the header does not say. */
void gs_bond_shape_of_header(const struct gs_header *header, struct gs_game_shape *out);

/* The chain's prices, and what the contracts' code takes beside them. */
struct gs_gas_model {
	uint64_t transaction; /* 21000 */
	uint64_t byte;        /* of calldata, not zero, in a transaction that computes */
	uint64_t zero_byte;
	uint64_t byte_floor; /* the same by the floor of EIP-7623 */
	uint64_t zero_byte_floor;
	uint64_t move;            /* a move's execution but for its data: state, clocks, storage, event */
	uint64_t commit;          /* beside that, of the first move: the claim's binding */
	uint64_t challenge;       /* of challenge(): locks, counters, a new slot */
	uint64_t open_leaf;       /* of openLeaf(): a new claim out of a batch, before it can be challenged */
	uint64_t end;             /* of the move that ends a game: payouts */
	uint64_t data_byte;       /* copying, hashing and logging a byte of calldata */
	uint64_t node;            /* one node of a tree */
	uint64_t descriptor_byte; /* decoding */
	uint64_t judge;           /* the dearest scalar step without its openings */
};
/* Ethereum's prices since Prague, and bounds over the measurements of docs/gas.md. */
struct gs_gas_model gs_gas_model_default(void);

struct gs_worst_side {
	unsigned transactions; /* challenge and proof counted; a timeout instead of a move is less */
	uint64_t bytes;        /* of calldata */
	uint64_t gas;
	uint64_t dearest; /* gas of its dearest transaction */
	uint64_t seconds; /* that its clock can run, all told */
};
struct gs_worst_case {
	struct gs_worst_side claimant;
	struct gs_worst_side challenger;
	struct gs_wei at_risk;    /* of a challenger that is right, and moves in time: always zero */
	struct gs_wei locked;     /* its bond, until the game is over */
	struct gs_wei concession; /* what it would lose by giving up */
	uint64_t ends_by;         /* unix seconds: both clocks run out one after the other */
};
/* Of a game opened at `now` while open_games are open. GS_ELIMIT when an amount does not fit. */
GS_MUST enum gs_err gs_bond_worst_case(const struct gs_game_shape *shape, const struct gs_game_rules *rules,
                                       const struct gs_bond_rules *bonds, const struct gs_gas_model *gas,
                                       uint32_t open_games, uint64_t now, struct gs_worst_case *out);
/* What the challenger pays besides when the claim is a leaf that must be opened first; levels: of the batch's tree. */
void gs_bond_add_opening(const struct gs_gas_model *gas, unsigned levels, struct gs_worst_case *out);

#endif
