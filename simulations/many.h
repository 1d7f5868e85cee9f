/* simulations/many.h: many runs, spread over processes, and their sum.
 *
 * A run depends on nothing but its seed, so it does not matter who does it or when: counters are added, the first violation
 * is the one with the least seed, and the digest is a sum of the runs' hashes, which no order changes. */
#ifndef GS_SIMULATIONS_MANY_H
#define GS_SIMULATIONS_MANY_H

#include "chain/core/core.h"

enum { GS_SIM_PROCESSES_MAX = 64 };

struct gs_sim_digest { /* of hashes, each taken as four 64-bit numbers */
	uint64_t sum[4];
};
void gs_sim_digest_add(struct gs_sim_digest *to, const struct gs_hash *run);
void gs_sim_digest_join(struct gs_sim_digest *to, const struct gs_sim_digest *from);
void gs_sim_digest_text(const struct gs_sim_digest *digest, char out[67]); /* "0x..." */

/* Whether of so many violations, the first by this seed, the first comes before that of others. */
bool gs_sim_is_first(uint64_t violations, uint64_t seed, uint64_t others, uint64_t others_seed);

/* One kind of runs. A tally is plain data without pointers. */
struct gs_sim_work {
	void *self;
	size_t tally_bytes;
	GS_MUST enum gs_err (*run)(void *self, uint64_t seed, void *tally, struct gs_error *error);
	void (*join)(void *to, const void *from);
};

/* Runs with the seeds first, first + 1, ..., added to *tally, in so many processes. GS_EIO: one of them ended early. Errors of a run
 * are told with its seed. */
GS_MUST enum gs_err gs_sim_many(const struct gs_sim_work *work, uint64_t first, uint64_t runs, unsigned processes,
                                void *tally, struct gs_error *error);

#endif
