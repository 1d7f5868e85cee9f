/* validator/cli/dispute_fault.h: an execution with one scalar wrong, and a player who stands by it.
 *
 * The fault replaces one stored element (padding and gaps included) or one accumulator state of a fold. From there on the
 * liar computes honestly: the wrong state runs through the rest of its fold, the wrong element through the rest of the
 * program. Everything follows from the seed. */
#ifndef GS_VALIDATOR_CLI_DISPUTE_FAULT_H
#define GS_VALIDATOR_CLI_DISPUTE_FAULT_H

#include "chain/core/rng.h"
#include "validator/exec/prover_trace.h"

enum gs_fault_kind {
	GS_FAULT_MAP,
	GS_FAULT_INIT,
	GS_FAULT_BODY,
	GS_FAULT_LAST_TERM,
	GS_FAULT_FINAL,
	GS_FAULT_PADDING, /* the rest of a tensor's last chunk */
	GS_FAULT_GAP,     /* a chunk that no tensor touches */
	GS_FAULT_FIRST_CHUNK,
	GS_FAULT_LAST_CHUNK, /* of the whole tree */
	GS_FAULT_LONGEST_FOLD,
	GS_FAULT_SKIP,     /* a term that must leave the accumulator as it was */
	GS_FAULT_INDIRECT, /* an instruction that reads where another tensor says */
	GS_FAULT_NAN,      /* a NaN that is not the canonical one */
	GS_FAULT_GIVEN,    /* instruction and element from the command line */
};
enum { GS_FAULT_KINDS = GS_FAULT_GIVEN };
const char *gs_fault_kind_name(enum gs_fault_kind kind);

struct gs_fault {
	enum gs_fault_kind kind;
	uint32_t instruction;
	uint64_t element; /* of its span; count or more is padding or gap */
	bool at_state;    /* replaces s_state; else the stored bits */
	uint32_t state;   /* 0 (init) to K */
	uint64_t right;
	uint64_t wrong; /* register for a state, else stored bits */
};

/* Draws a fault of the kind. GS_ENOTFOUND when the program has no place for it. */
GS_MUST enum gs_err gs_fault_draw(struct gs_rng *rng, enum gs_fault_kind kind, const struct gs_prover_trace *honest,
                                  struct gs_fault *out);
/* Fills right and wrong of a fault whose place is given. GS_EINVAL when there is no such place. */
GS_MUST enum gs_err gs_fault_complete(struct gs_rng *rng, const struct gs_prover_trace *honest, struct gs_fault *fault,
                                      struct gs_error *error);

struct gs_liar {
	struct gs_prover_trace base; /* over the liar's own trace */
	struct gs_trace trace;       /* owned */
	struct gs_fault fault;
	gs_reg *states; /* owned; s_0 .. s_K as the liar has them, when the fault is at a state */
};

/* Runs the program with the fault, threads as for gs_exec_run. *changed: whether the trace differs from the honest one;
 * when it does not, draw another fault. Free with gs_liar_free either way. */
GS_MUST enum gs_err gs_liar_run(const struct gs_prover_trace *honest, const struct gs_fault *fault, unsigned threads,
                                struct gs_liar *out, bool *changed, struct gs_error *error);
void gs_liar_free(struct gs_liar *liar);
struct gs_prover gs_prover_over_liar(struct gs_liar *self);

#endif
