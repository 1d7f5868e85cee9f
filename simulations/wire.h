/* simulations/wire.h: units of work and their results as bytes, for other processes, other machines and files.
 *
 * Numbers are big-endian or LEB128 in its shortest form, real numbers their 64 bits: equal values have equal bytes, on every machine. */
#ifndef GS_SIMULATIONS_WIRE_H
#define GS_SIMULATIONS_WIRE_H

#include "chain/core/buf.h"
#include "simulations/sweep.h"

enum {
	GS_SIM_RESULT_BYTES_MAX = 16 * 1024,
	GS_SIM_JOB_BYTES_MAX = 8 * 1024,
};

/* Appends a result of this engine. */
void gs_sim_result_encode(const struct gs_sim_engine *engine, const struct gs_sim_result *result, struct gs_buf *out);
/* GS_EPARSE: not exactly a result of this engine. */
GS_MUST enum gs_err gs_sim_result_decode(const struct gs_sim_engine *engine, struct gs_bytes bytes,
                                         struct gs_sim_result *out, struct gs_error *error);

/* A batch that anybody who runs the same version can do. */
struct gs_sim_job {
	const struct gs_sim_engine *engine;
	double value[GS_SIM_PARAMETERS_MAX];
	uint64_t first; /* seed */
	unsigned runs;  /* 1 to GS_SIM_BATCH_RUNS */
};

/* Appends it; version is this program's. */
void gs_sim_job_encode(const struct gs_sim_job *job, const char *version, struct gs_buf *out);
/* GS_EPARSE; GS_EUNSUPPORTED: of another version, or of an engine that is another one here. */
GS_MUST enum gs_err gs_sim_job_decode(struct gs_bytes bytes, const char *version, struct gs_sim_job *out,
                                      struct gs_error *error);

#endif
