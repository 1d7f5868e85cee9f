/* validator/cli/batch_list.h: which inputs a batch is about: a folder of tensors, or a file with a line for each leaf.
 *
 *     # comments, and empty lines, are skipped; paths are taken from the file's folder
 *     a.npy                         the model's only input
 *     x=a.npy mask=m.pb value:12.5  several inputs; what is at stake in this leaf
 *
 * In a folder every .npy and .pb file is a leaf, in the order of their names. */
#ifndef GS_VALIDATOR_CLI_BATCH_LIST_H
#define GS_VALIDATOR_CLI_BATCH_LIST_H

#include "chain/core/u256.h"
#include "validator/cli/model.h"

enum {
	GS_BATCH_LIST_BYTES_MAX = 16 * 1024 * 1024,
	GS_BATCH_LIST_LEAVES_MAX = 4096,
	GS_BATCH_LIST_SPEC_MAX = 4096, /* of one word, folder included */
};

struct gs_batch_list {
	char folder[GS_BATCH_LIST_SPEC_MAX]; /* that paths are taken from */
	char *text;                          /* owned; lines end in zeros */
	char **line;                         /* owned: into text */
	size_t count;
};

/* GS_ENOTFOUND, GS_EIO, GS_ELIMIT; GS_EINVAL: no leaf in it. *out: gs_batch_list_free, in every case. */
GS_MUST enum gs_err gs_batch_list_read(const char *path, struct gs_batch_list *out, struct gs_error *error);
void gs_batch_list_free(struct gs_batch_list *list);

/* What one line says. value: left alone where the line does not say. Both sets are added to. */
GS_MUST enum gs_err gs_batch_list_leaf(const struct gs_batch_list *list, size_t index, struct gs_tensor_set *inputs,
                                       struct gs_tensor_set *outputs, struct gs_wei *value, struct gs_error *error);

#endif
