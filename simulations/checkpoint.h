/* simulations/checkpoint.h: how far a sweep has come, in a file that it can go on from.
 *
 * A line of text for a head, then lines "POINT BATCHES RESULT CHECK": the first BATCHES batches of a point, joined in the order of
 * their seeds, in hexadecimal, and the beginning of the hash of what stands before. A later line of a point replaces an earlier one.
 * A last line that is not whole, as a process that is killed leaves it, is as if it were not there. */
#ifndef GS_SIMULATIONS_CHECKPOINT_H
#define GS_SIMULATIONS_CHECKPOINT_H

#include <stdio.h>

#include "simulations/sweep.h"

/* A point's first batches. */
struct gs_sim_prefix {
	uint64_t batches;
	bool stored; /* as it is */
	struct gs_sim_result result;
};

struct gs_sim_checkpoint {
	FILE *file; /* NULL: none open */
	const struct gs_sim_scenario *scenario;
	const char *version; /* both borrowed */
	char path[1024];
};

/* Opens the file, alone: GS_ECONFLICT if another process has it. With resume it must be there (GS_ENOTFOUND) and of this scenario and
 * version (GS_ECONFLICT), and prefix (one a point) gets what it says; GS_ECORRUPT: damaged. Without, it begins anew. */
GS_MUST enum gs_err gs_sim_checkpoint_open(const char *path, const struct gs_sim_scenario *scenario,
                                           const char *version, bool resume, struct gs_sim_prefix *prefix,
                                           struct gs_sim_checkpoint *out, struct gs_error *error);
/* Appends what is not stored yet, to the disk. */
GS_MUST enum gs_err gs_sim_checkpoint_store(struct gs_sim_checkpoint *checkpoint, struct gs_sim_prefix *prefix,
                                            struct gs_error *error);
/* keep: the file stays. */
void gs_sim_checkpoint_close(struct gs_sim_checkpoint *checkpoint, bool keep);

#endif
