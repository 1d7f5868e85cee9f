/* validator/onnx/catalogue_rows.h: where the rows are; each list ends with a row without a section. */
#ifndef GS_VALIDATOR_ONNX_CATALOGUE_ROWS_H
#define GS_VALIDATOR_ONNX_CATALOGUE_ROWS_H

#include "validator/onnx/catalogue.h"

extern const struct gs_catalogue_row gs_catalogue_compute[];  /* products, pooling, softmax, attention, recurrent */
extern const struct gs_catalogue_row gs_catalogue_elements[]; /* element by element */
extern const struct gs_catalogue_row gs_catalogue_move[];     /* order, moving elements */
extern const struct gs_catalogue_row gs_catalogue_other[];    /* the rest, and other domains */

#endif
