/* simulations/keys.h: the keys behind the simulated accounts. Everybody knows them: nothing real is ever theirs.
 *
 * The secret of account i is 0x51, thirty zero bytes, and i + 1; the addresses (gs_sim_address, chain.h) are a table, since a run asks for
 * them all the time. tests/unit/test_sim_talk.c derives them anew. */
#ifndef GS_SIMULATIONS_KEYS_H
#define GS_SIMULATIONS_KEYS_H

#include "chain/eth/key.h"
#include "simulations/chain.h"

void gs_sim_key(unsigned account, struct gs_key *out);

#endif
