/* simulations/players.h: who takes part in a run, how each one plays and when. */
#ifndef GS_SIMULATIONS_PLAYERS_H
#define GS_SIMULATIONS_PLAYERS_H

#include "challenge/game/strategy.h"
#include "simulations/chain.h"
#include "simulations/liar.h"

#define GS_SIM_NEVER UINT64_MAX

enum gs_sim_manner {
	GS_SIM_HONEST,   /* the production strategy over the canonical execution */
	GS_SIM_LIAR,     /* the production strategy over a wrong execution */
	GS_SIM_WANDERER, /* a challenger without a case that points at random */
};
enum gs_sim_timing { GS_SIM_PROMPT, GS_SIM_LAST_SECOND };

struct gs_sim_player {
	unsigned account;
	enum gs_side side;
	enum gs_sim_manner manner;
	enum gs_sim_timing timing;
	bool accomplice;       /* of the claimant: opens at once, to hold the first place */
	uint32_t silent_after; /* moves; UINT32_MAX: never silent */
	uint32_t concede_after;
	bool spoils; /* sends a damaged move now and then */
	uint32_t moves;
	struct gs_sim_execution own; /* a liar's */
	struct gs_prover prover;
	struct gs_sim_execution other; /* a two-faced claimant's, for every other game */
	struct gs_prover other_prover;
	bool two_faced;
	bool again;       /* challenges twice */
	uint64_t open_at; /* challengers: GS_SIM_NEVER when it does not challenge */
};

/* Plays by the production strategy, on time, to the end: what is promised to the honest holds for it. */
bool gs_sim_is_honest(const struct gs_sim_player *player);
/* When it would answer a state that it sees at `now`. */
uint64_t gs_sim_when(const struct gs_sim_player *player, const struct gs_game *view, uint64_t now, struct gs_rng *rng);
/* Its next move in a game of the claim that says `body`. GS_ENOTFOUND: none, neither a wait. *spoilt: damaged on purpose. */
GS_MUST enum gs_err gs_sim_answer(struct gs_sim_player *player, unsigned game, const struct gs_game *view,
                                  const struct gs_claim_body *body, struct gs_rng *rng, struct gs_move *out,
                                  bool *waiting, bool *spoilt);

#endif
