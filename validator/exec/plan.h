/* validator/exec/plan.h: a program prepared for being run many times.
 *
 * A plan owns what does not depend on the inputs: the chosen inner loops, the threads, the constant factors of products
 * packed as tiles read them, and the buffers that runs share. It is where choices that concern several instructions
 * belong, such as fusing them or reusing buffers. A run gives the same bits as gs_exec_run, whatever the options. */
#ifndef GS_VALIDATOR_EXEC_PLAN_H
#define GS_VALIDATOR_EXEC_PLAN_H

#include "challenge/machine/trace.h"
#include "validator/exec/exec.h"
#include "validator/exec/live.h"

#define GS_EXEC_PACKED_BYTES_MAX (UINT64_C(1) << 31) /* of constants kept packed by one plan */

struct gs_exec_plan;

struct gs_exec_options {
	unsigned threads;      /* 1 to GS_EXEC_THREADS_MAX */
	const char *isa;       /* of gs_exec_isa; NULL: the best one */
	uint64_t packed_bytes; /* constants are packed beforehand while they fit; 0: in every run */
	bool shared_only; /* of those, only what several instructions read: for one run, which packs the rest as fast */
	bool finely; /* for tests: every thread takes part in everything (threads.h), what can be fused is, whatever its size */
	bool outputs_only; /* of a run's trace only the outputs are wanted: the others share memory (places.h) */
	const struct gs_exec_plan *packed_of; /* NULL, or a plan with the same program, isa and outputs_only that
	                                       * outlives this one: what it has packed is used by both */
};

/* The program, with its weights, is borrowed until gs_exec_plan_free. GS_EINVAL (isa), GS_ENOMEM. */
GS_MUST enum gs_err gs_exec_plan_new(const struct gs_program *p, const struct gs_exec_options *options,
                                     struct gs_exec_plan **out, struct gs_error *error);
void gs_exec_plan_free(struct gs_exec_plan *plan); /* NULL is fine */

/* As gs_exec_run; mem->weights are the program's. With outputs_only, what the run leaves in the trace besides the outputs may
 * be anything. One run at a time. GS_ENOMEM. */
GS_MUST enum gs_err gs_exec_plan_run(struct gs_exec_plan *plan, const struct gs_memory *mem, struct gs_error *error);

/* Where an output lies after a run: its chunk in mem->trace, which is the program's own unless outputs_only moved it (those of a
 * tolerant program, which only compares them; see gs_program_canonical_output). */
uint32_t gs_exec_plan_place(const struct gs_exec_plan *plan, uint32_t chunk);
/* Chunks of mem->trace that runs write besides the outputs' own. */
uint32_t gs_exec_plan_chunks(const struct gs_exec_plan *plan);

/* The same for who needs the outputs alone, of a plan without outputs_only: releases every other tensor once nothing will read
 * it (live.h). What is released may become anything. */
GS_MUST enum gs_err gs_exec_plan_run_releasing(struct gs_exec_plan *plan, const struct gs_memory *mem,
                                               gs_live_release release, void *self, struct gs_error *error);

/* The same, without outputs_only, for who has to commit to the execution: each tensor is hashed as soon as it is written, and may rest then.
 * mem->trace is trace->chunks; on success the trace is committed, otherwise not. */
GS_MUST enum gs_err gs_exec_plan_run_committing(struct gs_exec_plan *plan, const struct gs_memory *mem,
                                                struct gs_trace *trace, struct gs_error *error);
GS_MUST enum gs_err gs_exec_run_committing(const struct gs_program *p, const struct gs_memory *mem,
                                           const struct gs_exec_options *options, struct gs_trace *trace,
                                           struct gs_error *error);

/* One run with other options than gs_exec_run's. GS_EINVAL (isa), GS_ENOMEM. */
GS_MUST enum gs_err gs_exec_run_with(const struct gs_program *p, const struct gs_memory *mem,
                                     const struct gs_exec_options *options, struct gs_error *error);

/* As gs_exec_plan_run, adding what each instruction took, in seconds by the clock, to seconds[instruction]. For tools. */
GS_MUST enum gs_err gs_exec_plan_run_timed(struct gs_exec_plan *plan, const struct gs_memory *mem, double *seconds,
                                           struct gs_error *error);

/* About what the plan holds in memory now: constants packed by itself, buffers, instructions; it grows in the first runs. */
uint64_t gs_exec_plan_bytes(const struct gs_exec_plan *plan);

/* Constants that it has packed beforehand, each counted once whoever reads it. For tests. */
uint32_t gs_exec_plan_packed(const struct gs_exec_plan *plan);

/* What one instruction is run as: "contraction", a form of fast.h, "blocks" (sweeps that are run with neighbours; what they take
 * is the first one's), "lines", or, where the sweeps behind it are run on its output as it is written (fuse.h),
 * "contraction+", "plane+" or "direct+", and they are "fused". For tests and tools. */
const char *gs_exec_plan_form(const struct gs_exec_plan *plan, uint32_t instruction);

#endif
