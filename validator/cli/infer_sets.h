/* validator/cli/infer_sets.h: the input sets of `gainsay infer`: one, or many that are run as a batch. */
#ifndef GS_VALIDATOR_CLI_INFER_SETS_H
#define GS_VALIDATOR_CLI_INFER_SETS_H

#include "validator/cli/cli.h"
#include "validator/cli/model.h"

enum { GS_INFER_SETS_MAX = 4096, GS_INFER_PATH_MAX = 4096 };

struct gs_infer_set {
	char name[GS_INFER_PATH_MAX]; /* its folder; "" when the tensors were named one by one */
	struct gs_tensor_set tensors;
	const struct gs_tensor *feed[GS_IO_MAX]; /* the program's inputs, in order; of `tensors` */
	uint32_t feeds;
	struct gs_run run;
	struct gs_hash output_root;
};

struct gs_infer_sets {
	uint32_t count;
	struct gs_infer_set **set; /* owned, each */
};

/* One set, of these tensors (gs_tensor_set_add). */
GS_MUST enum gs_err gs_infer_sets_one(const struct gs_cli_list *tensors, struct gs_infer_sets *out,
                                      struct gs_error *error);
/* A set from every folder that holds input_0.pb (or .npy) and so on; of a folder that holds test_data_set_0, test_data_set_1
 * and so on, one from each of these, by number. GS_ENOTFOUND: a folder holds neither. GS_ELIMIT. */
GS_MUST enum gs_err gs_infer_sets_read(const struct gs_cli_list *folders, struct gs_infer_sets *out,
                                       struct gs_error *error);
void gs_infer_sets_free(struct gs_infer_sets *sets);

/* Finds for every set which tensor is for which of the model's inputs, and leaves the others than `bound` in feed. What is
 * bound must be the same in all of them. */
GS_MUST enum gs_err gs_infer_sets_feed(struct gs_infer_sets *sets, const char *const *name, const bool *bound,
                                       uint32_t names, struct gs_error *error);

/* Packs the inputs of all sets. */
GS_MUST enum gs_err gs_infer_sets_init(struct gs_infer_sets *sets, const struct gs_program *program,
                                       struct gs_error *error);
/* Runs all sets, `repeat` times, each of them whole by one of the threads; seconds[i]: of round i, all sets together. Each
 * set's run then has its outputs, as after gs_run_execute. */
GS_MUST enum gs_err gs_infer_sets_run(struct gs_infer_sets *sets, unsigned threads, const char *isa, uint64_t repeat,
                                      double *seconds, struct gs_error *error);

#endif
