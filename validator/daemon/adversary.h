/* validator/daemon/adversary.h: a player who stands by a wrong execution; for demonstrations and tests.
 *
 * It knows two ways to be wrong. It may run the claimed program with the weights of another one of the same layout (a
 * truncated model, the wrong model, a weight with a flipped bit), and it may replace the output by what was claimed and
 * keep the rest (of a tolerant model: say that every claimed value is within its tolerance). Either way it commits to one whole trace and plays by it honestly: every node, chunk and accumulator
 * that it shows is what its trace has, so that only the game can tell where it went wrong. */
#ifndef GS_VALIDATOR_DAEMON_ADVERSARY_H
#define GS_VALIDATOR_DAEMON_ADVERSARY_H

#include "validator/exec/prover_trace.h"

struct gs_adversary {
	struct gs_prover_trace base;
	struct gs_trace trace; /* owned */
	const struct gs_program *
		with; /* borrowed: whose weights made the trace; the claimed program itself when the output was replaced */
};

/* Runs the program of `common` with the weights of `with` (NULL: its own). GS_EINVAL when the two are not laid out alike.
 * *out must stay where it is while a prover over it is used; common and with must outlive it. Free with gs_adversary_free. */
GS_MUST enum gs_err gs_adversary_run(const struct gs_commitments *common, const struct gs_program *with,
                                     unsigned threads, struct gs_adversary *out, struct gs_error *error);
/* A trace that ends in the claimed output, or of a tolerant model in a 1: by the first of `with` whose weights give it, else by
 * replacing the output. The claimed outputs are those of `common`. output: the output block's bytes, without trailing zeros at the poster's choice. GS_EINVAL when it is no preimage of
 * output_root: then there is no trace to play. */
GS_MUST enum gs_err gs_adversary_claim(const struct gs_commitments *common, const struct gs_program *const *with,
                                       size_t with_count, struct gs_bytes output, const struct gs_hash *output_root,
                                       unsigned threads, struct gs_adversary *out, struct gs_error *error);
void gs_adversary_free(struct gs_adversary *adversary); /* twice is fine */

struct gs_prover gs_prover_over_adversary(struct gs_adversary *self);

#endif
