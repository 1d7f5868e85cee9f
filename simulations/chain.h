/* simulations/chain.h: a claim and its games on a chain: the rules of docs/protocol.md, sections 2, 4 and 5, in C.
 *
 * Moves are judged by the production state machine (challenge/game) and amounts computed by the production bonds; what is
 * the chain's own is who may pay whom when: locks, slashing, burning, the order of winners. A call that the contracts would
 * revert returns GS_EINVAL with the name of the contract's error and changes nothing. */
#ifndef GS_SIMULATIONS_CHAIN_H
#define GS_SIMULATIONS_CHAIN_H

#include "challenge/game/bonds.h"

enum {
	GS_SIM_ACCOUNTS_MAX = 16,
	GS_SIM_GAMES_MAX = 6,
};

/* Defects that can be planted, to see that the oracles find them. */
enum gs_sim_plant {
	GS_SIM_PLANT_NONE,
	GS_SIM_PLANT_BURN,    /* what should be burned goes to the winner */
	GS_SIM_PLANT_PRIZE,   /* the prize goes to the game opened last */
	GS_SIM_PLANT_TIMEOUT, /* the side that was in time loses */
	GS_SIM_PLANT_PLACE,   /* a game opened earlier that wins later does not take the winner's place */
	GS_SIM_PLANT_REFUND,  /* a closed game gets no refund */
	GS_SIM_PLANT_UNITS,   /* the second game's bond is no larger than the first's */
};

struct gs_sim_account {
	struct gs_wei free;
	struct gs_wei locked;
};

enum gs_sim_claim_status {
	GS_SIM_CLAIM_NONE = 0,
	GS_SIM_CLAIM_OPEN = 1,
	GS_SIM_CLAIM_INVALID = 2,
	GS_SIM_CLAIM_FINAL = 3,
	GS_SIM_CLAIM_VOID = 4
};

struct gs_sim_rules {
	struct gs_terms terms;
	struct gs_bond_rules bonds;
	enum gs_sim_plant plant;
};

struct gs_sim_game {
	struct gs_game game;
	unsigned challenger; /* account */
	uint64_t opened_at;
	unsigned ended_before; /* games that had ended when it was opened */
	unsigned ended;        /* 1 + the games that had ended before it; 0: open */
};

struct gs_sim_pot {      /* what is left of a lost claim's bond, while other games of it are open */
	unsigned winner; /* 1 + the game whose challenger gets it; 0: no pot */
	struct gs_wei amount;
};

struct gs_sim_bank { /* Stakes: everybody's money, whichever claim it is locked for */
	unsigned accounts;
	struct gs_sim_account account[GS_SIM_ACCOUNTS_MAX];
	struct gs_wei burned;
	struct gs_wei pool; /* of fees */
};

/* What the contracts' events tell. */
enum gs_sim_report_kind {
	GS_SIM_REPORT_LOCKED,
	GS_SIM_REPORT_UNLOCKED,
	GS_SIM_REPORT_PAID,
	GS_SIM_REPORT_FEE, /* a final claim's fee to the pool, where it stays locked */
	GS_SIM_REPORT_SLASHED,
	GS_SIM_REPORT_FINALIZED,
	GS_SIM_REPORT_INVALIDATED,
	GS_SIM_REPORT_RELEASED,
	GS_SIM_REPORT_OPENED,
	GS_SIM_REPORT_MOVED,
	GS_SIM_REPORT_OVER,
	GS_SIM_REPORT_SETTLED,
};
struct gs_sim_report {
	enum gs_sim_report_kind kind;
	unsigned account;     /* whose money, the payer's, the loser's */
	unsigned other;       /* who is paid; the winner */
	struct gs_wei amount; /* SLASHED: the loss */
	struct gs_wei burned, gain, released;
	unsigned game;                         /* OPENED, MOVED, OVER */
	const struct gs_move *move;            /* MOVED */
	const struct gs_game_effects *effects; /* MOVED, OVER: NULL where no judge was asked */
};
struct gs_sim_chain;
typedef void gs_sim_listener(void *self, const struct gs_sim_chain *chain, const struct gs_sim_report *report);

/* One claim and its games. Several may share a bank. */
struct gs_sim_chain {
	struct gs_sim_rules rules;
	struct gs_game_rules game_rules; /* of the claim; its tag is bound by the first commit */
	uint64_t now;
	struct gs_sim_bank *bank;  /* borrowed */
	gs_sim_listener *listener; /* NULL: nobody listens */
	void *listener_self;
	/* the claim */
	struct gs_hash claim; /* its id */
	unsigned claimant;
	enum gs_sim_claim_status status;
	struct gs_wei claim_bond;
	struct gs_wei claim_fee;
	uint64_t window_end;
	unsigned games, open_games, ended_games;
	struct gs_sim_game game[GS_SIM_GAMES_MAX]; /* in order of opening */
	struct gs_sim_pot pot;
};

/* An account with `amount` free; returns its number. */
unsigned gs_sim_account_new(struct gs_sim_bank *bank, struct gs_wei amount);
struct gs_address gs_sim_address(unsigned account);

GS_MUST enum gs_err gs_sim_post(struct gs_sim_chain *chain, unsigned claimant, struct gs_wei value,
                                struct gs_error *error);
GS_MUST enum gs_err gs_sim_challenge(struct gs_sim_chain *chain, unsigned challenger, struct gs_error *error);
/* Any move of a game, by any account. */
GS_MUST enum gs_err gs_sim_move(struct gs_sim_chain *chain, unsigned game, unsigned sender, const struct gs_move *move,
                                struct gs_game_effects *effects, struct gs_error *error);
/* Puts a state that both sides agreed on off chain in the place of the game's (5.7); signatures are taken for granted. */
GS_MUST enum gs_err gs_sim_agree(struct gs_sim_chain *chain, unsigned game, const struct gs_game *agreed,
                                 struct gs_error *error);
/* Whether the game ends without a loser, whatever happens in it: the claim is void, or lost to a game opened before it. */
bool gs_sim_overtaken(const struct gs_sim_chain *chain, unsigned game);
GS_MUST enum gs_err gs_sim_close(struct gs_sim_chain *chain, unsigned game, struct gs_error *error);
GS_MUST enum gs_err gs_sim_finalize(struct gs_sim_chain *chain, struct gs_error *error);
/* The claim's model turned out void: bond and fee are unlocked. */
GS_MUST enum gs_err gs_sim_release(struct gs_sim_chain *chain, struct gs_error *error);

#endif
