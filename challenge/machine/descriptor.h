/* challenge/machine/descriptor.h: descriptors as programs and listings keep them. Internal to challenge/machine.
 *
 * Neither function judges: gs_instr_check does. Source: docs/machine.md, "Descriptor bytes". */
#ifndef GS_CHALLENGE_MACHINE_DESCRIPTOR_H
#define GS_CHALLENGE_MACHINE_DESCRIPTOR_H

#include "challenge/machine/program.h"
#include "challenge/machine/wire.h"

/* Appends the canonical bytes. Functions and dtypes must be in their tables, and counts of axes and rows within their limits. */
void gs_instr_put(struct gs_buf *buf, const struct gs_instr *in);
/* Reads one descriptor's bytes and leaves what follows. Whatever the form does not use is zero. GS_EPARSE. */
GS_MUST enum gs_err gs_instr_take(struct gs_wire *w, struct gs_instr *out, struct gs_error *error);
/* Its first chunk alone, from a descriptor that decodes. */
uint32_t gs_descriptor_first_chunk(const uint8_t *descriptor);

#endif
