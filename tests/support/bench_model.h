/* tests/support/bench_model.h: models with their data for the benchmarks: lowered as a user would have them lowered, and the
 * memory of the process that does it. */
#ifndef GS_TESTS_SUPPORT_BENCH_MODEL_H
#define GS_TESTS_SUPPORT_BENCH_MODEL_H

#include "validator/cli/model.h"

/* Adds FOLDER/test_data_set_0/input_0.pb and so on, as long as there are any. */
GS_MUST enum gs_err gs_bench_model_inputs(const char *folder, struct gs_tensor_set *set, struct gs_error *error);

/* Lowers the model at path, mapped as onnx, binding the inputs whose values it asks for; the *used others are left to feed,
 * in order. */
GS_MUST enum gs_err gs_bench_model_lower(const char *path, struct gs_bytes onnx, const struct gs_tensor_set *set,
                                         struct gs_program *program, const struct gs_tensor **feed, uint32_t *used,
                                         struct gs_error *error);

/* A whole ONNX model: y = Relu(x), x one float. */
extern const struct gs_bytes gs_bench_model_smallest;

double gs_bench_peak_mib(void); /* of this process's resident memory */
/* The same when it has done everything once for next to nothing, lowered and run the smallest model and read all of its own
 * code; negative, after a message, when that failed. */
double gs_bench_process_mib(void);

#endif
