/* validator/exec/image.h: lines of an image under windows (windows.h) as a stage: a copy with the padding in it, in which
 * neighbouring outputs read neighbours. */
#ifndef GS_VALIDATOR_EXEC_IMAGE_H
#define GS_VALIDATOR_EXEC_IMAGE_H

#include "validator/exec/kernels.h"
#include "validator/exec/windows.h"

struct gs_image {
	struct gs_windows is;
	/* A line is `phases` segments of `segment` floats each: coordinate i of it lies in segment i%phases at i/phases, phases
	 * being the stride. Segments that no tap reads stay as they are. */
	size_t phases, segment, pitch;
	uint64_t used; /* a bit a segment */
};

/* Reads the windows of operand i and lays out their lines. False when it is no image, or a line would be too long. */
bool gs_image_read(const struct gs_instr *in, unsigned i, const struct gs_axis_list *lanes, struct gs_image *out);

/* Which operand the contraction calls x. */
unsigned gs_image_operand(const struct gs_instr *in, const struct gs_contraction *c);

/* The axes of a batch of images move the image alone, as lanes do: makes all lanes but the two innermost batches. */
void gs_image_lanes_to_batch(struct gs_contraction *c);

/* Whether windows of neighbouring outputs overlap, or at least lie between each other's taps. */
bool gs_image_slides(const struct gs_image *image);

/* term[t]: stage floats from an output's place to its term t. step: what each other reduction axis adds. */
void gs_image_terms(const struct gs_image *image, const struct gs_contraction *c, const int64_t *step, int64_t *term);

/* Floats of the stage of so many lines of outputs. */
static inline uint64_t gs_image_floats(const struct gs_image *image, uint64_t lines)
{
	return gs_window_span(&image->is.y, lines) * image->pitch;
}

void gs_image_fill(float *out, size_t n, float value);

/* The input lines of output lines first ... first + lines - 1 into a stage that has the padding beside the image already;
 * with `above` also the lines above and below it. tensor: its bytes; at: the element where the image begins; line: room for
 * image->pitch floats. */
void gs_image_stage(const struct gs_image *image, const struct gs_kernels *kernels, const uint8_t *tensor, int64_t at,
                    size_t first, size_t lines, float *line, float *stage, bool above);

/* One element as binary32. */
float gs_image_element(const uint8_t *tensor, uint8_t dtype, int64_t at);

#endif
