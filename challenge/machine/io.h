/* challenge/machine/io.h: the io bytes of a header: names, types and places of inputs and outputs (docs/machine.md 3.3). */
#ifndef GS_CHALLENGE_MACHINE_IO_H
#define GS_CHALLENGE_MACHINE_IO_H

#include "challenge/machine/program.h"

enum { GS_IO_BYTES_MAX = 3 * GS_IO_MAX * 400 };

void gs_io_encode(const struct gs_io *io, struct gs_buf *out); /* errors stick in *out */
/* On success the arrays in *out are owned by it (gs_io_free); on error *out is empty. */
GS_MUST enum gs_err gs_io_decode(struct gs_bytes bytes, struct gs_io *out, struct gs_error *error);
GS_MUST enum gs_err gs_io_hash(const struct gs_io *io, struct gs_hash *out);
void gs_io_free(struct gs_io *io); /* leaves *io empty */

#endif
