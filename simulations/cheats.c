#include "simulations/cheats.h"

#include <stdlib.h>
#include <string.h>

#include "validator/exec/exec.h"

static void change_weights(uint8_t *weights, size_t bytes, enum gs_sim_cheat cheat, struct gs_rng *rng)
{
	for (size_t i = 0; i + 4 <= bytes; i += 4) {
		if (cheat == GS_SIM_CHEAT_SHORT_WEIGHTS)
			memset(weights + i, 0, 2);
		else
			weights[i + 2] ^= (uint8_t)gs_rng_u64(rng); /* the mantissa's upper bits */
	}
}

static enum gs_err with_other_weights(const struct gs_sim_execution *honest, enum gs_sim_cheat cheat,
                                      struct gs_rng *rng, struct gs_sim_execution *out)
{
	const struct gs_program *program = honest->base.common->program;
	size_t bytes = (size_t)program->header.weights_chunks * GS_CHUNK_BYTES;
	uint8_t *weights = malloc(bytes + 1);
	if (weights == NULL)
		return GS_ENOMEM;
	if (bytes > 0)
		memcpy(weights, program->weights, bytes);
	change_weights(weights, bytes, cheat, rng);
	struct gs_program other = *program;
	struct gs_commitments common = *honest->base.common;
	other.weights = weights;
	common.program = &other;
	enum gs_err err = gs_sim_execute(&common, out);
	out->base.common = honest->base.common;
	free(weights);
	return err;
}

static enum gs_err truncated(const struct gs_sim_execution *honest, struct gs_sim_execution *out)
{
	const struct gs_program *program = honest->base.common->program;
	const struct gs_instr last = gs_program_instr(program, program->count - 1);
	const enum gs_dtype dtype = (enum gs_dtype)last.store_dtype;
	enum gs_err err = gs_sim_execute(honest->base.common, out);
	if (err != GS_OK)
		return err;
	uint8_t *tensor = out->trace.chunks + (size_t)last.first_chunk * GS_CHUNK_BYTES;
	uint64_t count = gs_instr_count(&last);
	for (uint64_t i = count / 2; i < count; i++)
		gs_element_write(tensor, dtype, i, 0);
	return gs_trace_commit(&out->trace);
}

enum gs_err gs_sim_execute_cheaply(const struct gs_sim_execution *honest, enum gs_sim_cheat cheat, struct gs_rng *rng,
                                   struct gs_sim_execution *out)
{
	gs_sim_execution_free(out);
	enum gs_err err = cheat == GS_SIM_CHEAT_TRUNCATED ? truncated(honest, out)
	                                                  : with_other_weights(honest, cheat, rng, out);
	if (err != GS_OK)
		gs_sim_execution_free(out);
	return err;
}
