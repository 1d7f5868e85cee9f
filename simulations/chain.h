/* simulations/chain.h: a claim and its games on a chain: the rules of docs/protocol.md, sections 2, 4 and 5, in C.
 *
 * Moves are judged by the production state machine (challenge/game) and amounts computed by the production bonds; what is
 * the chain's own is who may pay whom when: locks, slashing, burning, the order of winners. A call that the contracts would
 * revert returns GS_EINVAL with the name of the contract's error and changes nothing.
 * Money alone is in chain/stakes.h, duties (section 6) in chain/duties.h, batches (4.5) in chain/batches.h. */
#ifndef GS_SIMULATIONS_CHAIN_H
#define GS_SIMULATIONS_CHAIN_H

#include "challenge/game/agreed.h"
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
	struct gs_wei unbonding;
	uint64_t ready_at;       /* when what is unbonding can leave */
	struct gs_wei withdrawn; /* what has left, in all */
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

struct gs_sim_pot {       /* what is left of a lost claim's bond, while other games of it are open */
	unsigned winner;  /* 1 + the ordinal that gets it; 0: no pot. Behind the last game: a duty that was not done */
	unsigned account; /* who that is */
	struct gs_wei amount;
};

enum { GS_SIM_POOL = GS_SIM_ACCOUNTS_MAX /* in reports, the account of Duties */ };

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
	GS_SIM_REPORT_AGREED,
	GS_SIM_REPORT_OVER,
	GS_SIM_REPORT_SETTLED,
	GS_SIM_REPORT_WITHDRAW_REQUESTED,
	GS_SIM_REPORT_WITHDRAWN,
	GS_SIM_REPORT_EXTENDED,
	GS_SIM_REPORT_DEMANDED,
	GS_SIM_REPORT_ANSWERED,
	GS_SIM_REPORT_UNANSWERED,
	GS_SIM_REPORT_RECORDED,
	GS_SIM_REPORT_DRAWN,
	GS_SIM_REPORT_PUBLISHED,
	GS_SIM_REPORT_ATTESTED,
	GS_SIM_REPORT_REPORTED,
	GS_SIM_REPORT_COLLECTED,
	GS_SIM_REPORT_BATCH_FINALIZED,
	GS_SIM_REPORT_BATCH_LOST,
};
struct gs_sim_report {
	enum gs_sim_report_kind kind;
	unsigned account;     /* whose money, the payer's, the loser's */
	unsigned other;       /* who is paid; the winner */
	struct gs_wei amount; /* SLASHED: the loss */
	struct gs_wei burned, gain, released;
	unsigned game;                         /* OPENED, MOVED, AGREED, OVER */
	const struct gs_move *move;            /* MOVED */
	const struct gs_game_effects *effects; /* MOVED, OVER: NULL where no judge was asked */
	uint64_t time;                         /* a deadline, the end of a window, when money can leave */
	uint8_t demand_kind;                   /* DEMANDED, ANSWERED */
	uint32_t demand_block;
	struct gs_bytes bytes;          /* ANSWERED: the chunks */
	uint64_t epoch, previous;       /* RECORDED */
	struct gs_hash hash;            /* RECORDED: the beacon; PUBLISHED: the trace root */
	struct gs_trace_tag commitment; /* ATTESTED */
	const struct gs_sim_batch *batch;
};
struct gs_sim_chain;
/* chain: NULL where the report is about no claim. */
typedef void gs_sim_listener(void *self, const struct gs_sim_chain *chain, const struct gs_sim_report *report);

struct gs_sim_bank { /* Stakes: everybody's money, whichever claim it is locked for */
	unsigned accounts;
	struct gs_sim_account account[GS_SIM_ACCOUNTS_MAX];
	struct gs_wei burned;
	struct gs_wei pool;        /* of fees: what is locked of the account of Duties */
	gs_sim_listener *listener; /* of everything that the contracts tell; NULL: nobody listens */
	void *listener_self;
};

struct gs_sim_demand {
	bool pending;
	unsigned by; /* account */
	uint64_t deadline;
	uint8_t kind;
	uint32_t block;
};
struct gs_sim_attestation {
	struct gs_trace_tag commitment;
	struct gs_wei stake; /* zero: none */
	bool reported;       /* to fit the published root */
};
struct gs_sim_duties;
struct gs_sim_batch;

/* One claim and its games. Several may share a bank. */
struct gs_sim_chain {
	struct gs_sim_rules rules;
	struct gs_game_rules game_rules; /* of the claim; its tag is bound by the first commit */
	uint64_t now;
	struct gs_sim_bank *bank;     /* borrowed */
	struct gs_sim_duties *duties; /* borrowed; NULL: nothing is ever drawn for an audit */
	struct gs_sim_batch *batch;   /* borrowed; of a leaf on its batch's bond; NULL: the bond is its own */
	/* the claim */
	struct gs_hash claim; /* its id */
	unsigned claimant;
	enum gs_sim_claim_status status;
	struct gs_wei claim_bond;
	struct gs_wei claim_fee;
	uint64_t window_end; /* of a final claim, when it became so */
	unsigned games, open_games, ended_games;
	struct gs_sim_game game[GS_SIM_GAMES_MAX]; /* in order of opening */
	struct gs_sim_pot pot;
	/* duties */
	uint64_t first_window_end; /* 0: it was never extended */
	struct gs_sim_demand demand;
	uint32_t given[2];                       /* blocks of input and output */
	struct gs_wei paid[GS_SIM_ACCOUNTS_MAX]; /* for them, by account */
	bool drawn, audited;
	uint64_t audit_deadline;
	struct gs_sim_attestation attestation[GS_SIM_ACCOUNTS_MAX]; /* by account */
	struct {
		bool known;
		struct gs_wei total, stake; /* left for those who reported and have not collected */
	} reward;
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
/* The same with signatures, as the contracts are called. terms: where the contracts are; the rest is not looked at. */
GS_MUST enum gs_err gs_sim_agree_signed(struct gs_sim_chain *chain, unsigned game, const struct gs_agreed_terms *terms,
                                        const struct gs_agreed *agreed, struct gs_error *error);
/* Whether the game ends without a loser, whatever happens in it: the claim is void, or lost to a game opened before it. */
bool gs_sim_overtaken(const struct gs_sim_chain *chain, unsigned game);
GS_MUST enum gs_err gs_sim_close(struct gs_sim_chain *chain, unsigned game, struct gs_error *error);
/* epoch: the first recorded one after the posting; looked at where claims are drawn for audits. */
GS_MUST enum gs_err gs_sim_finalize(struct gs_sim_chain *chain, uint64_t epoch, struct gs_error *error);
/* Without a verdict: model_void, or a leaf whose batch is over; bond and fee are unlocked. */
GS_MUST enum gs_err gs_sim_release(struct gs_sim_chain *chain, bool model_void, struct gs_error *error);
/* A duty was not done, which counts as a game that `winner` has won. The claim is open. */
void gs_sim_forfeit(struct gs_sim_chain *chain, unsigned winner);
/* The window lasts a whole one from now on, at least. */
void gs_sim_extend(struct gs_sim_chain *chain);

#endif
