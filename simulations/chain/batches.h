/* simulations/chain/batches.h: many claims under one root (docs/protocol.md, 4.5). A leaf that is opened is a claim
 * (simulations/chain.h): of a root alone with a bond of its own, of leaves in calldata on the batch's. */
#ifndef GS_SIMULATIONS_CHAIN_BATCHES_H
#define GS_SIMULATIONS_CHAIN_BATCHES_H

#include "challenge/game/batch.h"
#include "simulations/chain.h"

enum { GS_SIM_PATH_MAX = 32 /* siblings of one leaf */ };

enum gs_sim_batch_status { GS_SIM_BATCH_OPEN = 1, GS_SIM_BATCH_LOST = 2, GS_SIM_BATCH_FINAL = 3 };

struct gs_sim_batch {
	struct gs_hash id;
	struct gs_batch_name name;
	unsigned claimant; /* account */
	struct gs_terms terms;
	uint64_t window_end;
	uint8_t status;       /* enum gs_sim_batch_status */
	uint32_t open_leaves; /* opened, and not final */
	struct gs_wei bond, fee;
};

/* What is locked for `count` claims with values of this sum. GS_ELIMIT. */
GS_MUST enum gs_err gs_sim_batch_sums(const struct gs_terms *terms, uint32_t count, struct gs_wei value,
                                      struct gs_wei *bond, struct gs_wei *fee);
/* Whether the body is leaf number (its lot's index) of a batch of so many leaves, by its siblings, lowest first: name is then that
 * batch's, whether it exists or not. "WrongPath" */
GS_MUST enum gs_err gs_sim_batch_leaf(const struct gs_claim_body *body, uint64_t salt, uint32_t count, uint8_t kind,
                                      const struct gs_hash *path, size_t levels, struct gs_batch_name *name,
                                      struct gs_error *error);
/* "BatchNotOpen", "WindowOpen", "LeavesOpen" */
GS_MUST enum gs_err gs_sim_batch_finalize(struct gs_sim_batch *batch, struct gs_sim_bank *bank, uint64_t now,
                                          struct gs_error *error);
/* A leaf lost: what is locked for the batch, once. */
void gs_sim_batch_lose(struct gs_sim_batch *batch, const struct gs_sim_bank *bank, struct gs_wei *bond,
                       struct gs_wei *fee);

#endif
