/* validator/cli/distance.h: how far claimed outputs are from the canonical ones, measured in tolerances. */
#ifndef GS_VALIDATOR_CLI_DISTANCE_H
#define GS_VALIDATOR_CLI_DISTANCE_H

#include "validator/cli/model.h"

/* Of one output. What is within its tolerance is said by the machine's own `within` (integers: by equality); `worst`, the
 * largest |claimed - canonical| / (A + R*|canonical|), is in floating point, for people. */
struct gs_distance {
	uint64_t outside; /* elements that are not within the tolerance */
	double worst;     /* 0 when all are equal; infinity where nothing but equality would do */
	uint64_t at;      /* the element with it */
};

/* claimed: an array of gs_run_output_bytes, as a claim about the tolerant program of the run states it; the run is executed. */
struct gs_distance gs_distance_of(const struct gs_run *run, uint32_t output, const uint8_t *claimed);
/* GS_EINVAL, naming the worst output: some element of the claimed array is outside its tolerance. */
GS_MUST enum gs_err gs_distance_check(const struct gs_run *run, const uint8_t *claimed, struct gs_error *error);
/* Lays tensors, one for each output of the program and of its type and size, as a claim states them: out has
 * gs_run_output_bytes. GS_EINVAL: they do not fit. */
GS_MUST enum gs_err gs_pack_given_outputs(const struct gs_program *program, const struct gs_tensor_set *given,
                                          uint8_t *out, struct gs_error *error);

#endif
