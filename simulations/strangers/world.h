/* simulations/strangers/world.h: what one run of strangers consists of; for the files of this folder. */
#ifndef GS_SIMULATIONS_STRANGERS_WORLD_H
#define GS_SIMULATIONS_STRANGERS_WORLD_H

#include "simulations/liar.h"
#include "simulations/programs.h"
#include "simulations/strangers/strangers.h"

enum {
	GS_STRANGERS = 5,
	GS_STRANGE_INPUTS = 2,
	GS_STRANGE_BATCHES = 4, /* in a run; each may be posted again on another branch */
	GS_STRANGE_LEAVES_MAX = 6,
};

struct gs_strange_batch { /* that was sent, whatever became of it */
	unsigned account;
	struct gs_batch_name name;
	uint8_t leaves[GS_STRANGE_LEAVES_MAX * GS_BATCH_LEAF_BYTES];
};

struct gs_strange_world {
	const struct gs_sim_strangers_options *options;
	struct gs_rng rng;
	struct gs_program program;
	uint8_t *inputs[GS_STRANGE_INPUTS]; /* owned */
	struct gs_commitments common[GS_STRANGE_INPUTS];
	struct gs_sim_execution honest[GS_STRANGE_INPUTS], lie; /* of the first input */
	struct gs_hash input_root[GS_STRANGE_INPUTS], output_root[GS_STRANGE_INPUTS], lie_root;
	struct gs_sim_network network;
	struct gs_strange_batch batch[GS_STRANGE_BATCHES];
	unsigned batches, claims; /* that were sent */
	unsigned challenges[GS_SIM_CLAIMS_ROOM];
	uint64_t salt, now_s;
};

/* Sends one call, drawn at random, into the pool; now and then nothing. GS_ENOMEM. */
GS_MUST enum gs_err gs_strange_call(struct gs_strange_world *w);

/* What must hold after every block. */
enum gs_sim_strange gs_strange_check(const struct gs_sim_network *n);
/* What the whole branch has told, beside the balances. */
GS_MUST enum gs_err gs_strange_check_told(const struct gs_sim_network *n, enum gs_sim_strange *out,
                                          struct gs_error *error);

#endif
