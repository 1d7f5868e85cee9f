/* validator/exec/shared.h: constants that several contractions multiply are packed once: a recurrent layer's steps read the
 * same weights. */
#ifndef GS_VALIDATOR_EXEC_SHARED_H
#define GS_VALIDATOR_EXEC_SHARED_H

#include "validator/exec/contract.h"

#define GS_SHARED_NONE UINT32_MAX

/* The chunk of a constant that the instruction multiplies, without asking whether it is a contraction; or GS_SHARED_NONE. */
uint32_t gs_shared_factor(const struct gs_instr *in);

/* Leaves the chunks that were there more than once (GS_SHARED_NONE does not count), in order, each once; how many. */
uint32_t gs_shared_repeated(uint32_t *chunk, uint32_t count);
bool gs_shared_is(const uint32_t *chunk, uint32_t count, uint32_t which);

struct gs_shared { /* contractions that have packed something of their own; begun with zeros */
	struct gs_contract *c;
	uint32_t count, room;
};
/* Gives *c what one of those has packed that would pack the same. */
void gs_shared_take_over(const struct gs_shared *s, struct gs_contract *c);
GS_MUST enum gs_err gs_shared_keep(struct gs_shared *s, const struct gs_contract *c); /* GS_ENOMEM */
void gs_shared_free(struct gs_shared *s);                                             /* not what they packed */

#endif
