/* challenge/machine/descriptor.h: descriptors as programs and listings keep them. Internal to challenge/machine.
 *
 * Putting and taking do not judge: gs_instr_check does. Source: docs/machine.md, "Descriptor bytes". */
#ifndef GS_CHALLENGE_MACHINE_DESCRIPTOR_H
#define GS_CHALLENGE_MACHINE_DESCRIPTOR_H

#include "challenge/machine/program.h"
#include "challenge/machine/wire.h"

struct gs_listing_ref;
/* Appends the canonical bytes. Functions and dtypes must be in their tables, and counts of axes and rows within their limits.
 * ref, unless NULL, gets its views in their order, an operand's own before its index (room for GS_LISTING_REFS_MAX); how
 * many. */
unsigned gs_instr_put(struct gs_buf *buf, const struct gs_instr *in, struct gs_listing_ref *ref);
/* What sealing adds to a descriptor. */
struct gs_descriptor_place {
	uint32_t first_chunk, span;
	uint64_t cost;
};
/* Appends the descriptor with which `from` begins (len bytes, whose views gs_instr_put told) with chunk[r] as that of view
 * r, and at another place. */
void gs_descriptor_put(struct gs_buf *buf, const uint8_t *from, size_t len, const struct gs_listing_ref *ref,
                       unsigned refs, const uint32_t *chunk, const struct gs_descriptor_place *place);
/* Reads one descriptor's bytes and leaves what follows. Whatever the form does not use is zero. GS_EPARSE. */
GS_MUST enum gs_err gs_instr_take(struct gs_wire *w, struct gs_instr *out, struct gs_error *error);
/* The same, but rows that a view does not have stay what they were: they are most of the 6 KiB, and clearing them takes
 * longer than reading the bytes. */
GS_MUST enum gs_err gs_instr_take_used(struct gs_wire *w, struct gs_instr *out, struct gs_error *error);
/* gs_instr_check of what the form uses. GS_EPARSE. */
GS_MUST enum gs_err gs_instr_check_used(const struct gs_instr *in, struct gs_error *error);
/* Parts of a descriptor that decodes, without the rest. */
uint32_t gs_descriptor_first_chunk(const uint8_t *descriptor);
bool gs_descriptor_uses(const uint8_t *descriptor, unsigned fn); /* as its function or its epilogue */
struct gs_descriptor_tensor {                                    /* what it writes */
	uint8_t dtype;
	uint64_t count; /* elements */
};
struct gs_descriptor_tensor gs_descriptor_tensor(struct gs_bytes descriptor);

#endif
