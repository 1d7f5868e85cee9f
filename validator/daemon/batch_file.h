/* validator/daemon/batch_file.h: a batch with the data of its leaves, as a file: what its claimant keeps to defend it, and what it
 * hands to whoever wants to check it.
 *
 *     "GSBATCH\1" | claimant 20 | salt 8 | kind 1 | model 32 | count 4 | count leaves of 80 bytes |
 *     for each leaf: input length 4, output length 4, input, output          numbers big-endian; zeros at arrays' ends left out
 *
 * A file counts for what it holds: root and id are computed from its leaves, so one that was changed is another batch, which
 * nobody posted. The arrays are compared with the leaves' roots by whoever uses them. */
#ifndef GS_VALIDATOR_DAEMON_BATCH_FILE_H
#define GS_VALIDATOR_DAEMON_BATCH_FILE_H

#include "chain/core/buf.h"
#include "challenge/game/batch.h"
#include "validator/node/facts.h"

enum { GS_BATCH_FILE_MAX = 512 * 1024 * 1024, GS_BATCH_PATH_MAX = 1280 };

struct gs_batch_file {
	struct gs_hash id;
	struct gs_batch_name name; /* its model is zero where only the root is on chain */
	struct gs_hash model;      /* of all leaves */
	uint8_t *bytes;            /* owned: the whole file */
	struct gs_bytes leaves;    /* in it: GS_BATCH_LEAF_BYTES each */
	struct gs_bytes *array;    /* owned: input and output of each leaf, in turn */
};

/* Starts a file: everything but the arrays, which follow leaf by leaf. Root and id are set in *out, whose other fields but name and
 * model stay empty. GS_EINVAL, GS_ENOMEM as gs_batch_tree. */
GS_MUST enum gs_err gs_batch_file_begin(uint64_t chain_id, const struct gs_address *batches,
                                        const struct gs_batch_name *name, const struct gs_hash *model,
                                        struct gs_bytes leaves, struct gs_batch_file *out, struct gs_buf *bytes);
void gs_batch_file_add(struct gs_buf *bytes, struct gs_bytes input, struct gs_bytes output);
/* Writes FOLDER/<id>.batch, whole or not at all. */
GS_MUST enum gs_err gs_batch_file_write(const char *folder, const struct gs_hash *id, struct gs_bytes bytes,
                                        struct gs_error *error);

/* GS_EPARSE: not such a file, or cut short. GS_ELIMIT: too long. GS_ENOTFOUND, GS_EIO. *out: gs_batch_file_free. */
GS_MUST enum gs_err gs_batch_file_read(const char *path, uint64_t chain_id, const struct gs_address *batches,
                                       struct gs_batch_file *out, struct gs_error *error);
void gs_batch_file_free(struct gs_batch_file *file); /* twice is fine */

/* Leaf number `index` as a claim, and its arrays (borrowed from the file). */
void gs_batch_file_claim(const struct gs_batch_file *file, uint64_t chain_id, const struct gs_address *claims,
                         uint32_t index, struct gs_claim_body *body, struct gs_leaf_data *out);

#endif
