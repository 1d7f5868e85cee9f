/* simulations/nodes/letters.h: what parties hand each other while they play off chain: letters that take their time, get lost, and come again.
 *
 * As in the daemon's folder (validator/daemon/talk_folder.h) whoever listens sees the newest letter of the other side of a game that has
 * arrived, at every look; at times an older one. All letters of a run are kept, so that oracles can ask who signed what. */
#ifndef GS_SIMULATIONS_NODES_LETTERS_H
#define GS_SIMULATIONS_NODES_LETTERS_H

#include "challenge/game/talk.h"
#include "chain/core/rng.h"

struct gs_sim_letter {
	unsigned account;          /* who sent it */
	struct gs_hash game, from; /* the state that it answers */
	uint8_t side;
	uint64_t ready_s;      /* nobody hears it before */
	struct gs_bytes bytes; /* owned */
};

struct gs_sim_letters {
	struct gs_sim_letter *letter; /* owned, in the order in which they were sent */
	size_t count, room;
	uint64_t delay_s;   /* one is on its way for, at most */
	uint32_t loss, old; /* of 1000: one is lost; an older one is heard */
	struct gs_rng rng;
};

void gs_sim_letters_free(struct gs_sim_letters *l);
/* Sends a letter; the side's newest one once more changes nothing, unless that was lost. What is no letter is none: GS_EPARSE. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_letters_send(struct gs_sim_letters *l, unsigned account, struct gs_bytes bytes,
                                        uint64_t now_s);
/* What that side of the game is heard to say now; empty: nothing. */
struct gs_bytes gs_sim_letters_hear(struct gs_sim_letters *l, const struct gs_hash *game, uint8_t side, uint64_t now_s);
/* The number-th letter (from 0) of the account about the game, and about that state unless from is NULL. NULL: there are not so many. */
const struct gs_sim_letter *gs_sim_letters_of(const struct gs_sim_letters *l, unsigned account,
                                              const struct gs_hash *game, const struct gs_hash *from, unsigned number);

#endif
