/* tests/support/bench_batch.h: models whose batch is free, with data of a greater batch. */
#ifndef GS_TESTS_SUPPORT_BENCH_BATCH_H
#define GS_TESTS_SUPPORT_BENCH_BATCH_H

#include "chain/core/core.h"

/* From the model in FOLDER and its test_data_set_0, of batch 1, data of `batch` into OUT/test_data_set_0, which is made. The
 * batch is each input's first dimension that the model leaves open and the data has as 1; *can is false, and nothing is
 * written, unless the first input's first dimension is one. Each member of the batch has the values of the first, turned by
 * other places, so that indices stay valid and no two members are alike. */
GS_MUST enum gs_err gs_bench_model_batch(const char *folder, uint32_t batch, const char *out, bool *can,
                                         struct gs_error *error);

#endif
