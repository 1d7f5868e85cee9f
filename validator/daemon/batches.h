/* validator/daemon/batches.h: the folder of batch files: what is new in it goes to the node, which keeps the leaves' data. */
#ifndef GS_VALIDATOR_DAEMON_BATCHES_H
#define GS_VALIDATOR_DAEMON_BATCHES_H

#include "chain/core/log.h"
#include "validator/daemon/batch_file.h"
#include "validator/node/event.h"

enum {
	GS_BATCHES_FILES_MAX = 16384,               /* looked at in the life of a process */
	GS_BATCHES_LEAVES_AT_ONCE = 256,            /* handed over in one go, */
	GS_BATCHES_BYTES_AT_ONCE = 8 * 1024 * 1024, /* as long as they are no longer than this; one leaf always goes */
	GS_BATCHES_LOOK_S = 2,                      /* between looks at the folder */
};

/* Takes leaves of one batch; what it returns ends the look. The arrays are borrowed for the call. */
typedef enum gs_err (*gs_batches_take)(void *context, const struct gs_leaf_data *leaf, size_t count);

struct gs_batches;
/* folder: "" for none; borrowed, as contracts and log are. GS_ENOMEM. */
GS_MUST enum gs_err gs_batches_open(const char *folder, const struct gs_contracts *contracts, const struct gs_log *log,
                                    struct gs_batches **out);
void gs_batches_close(struct gs_batches *batches); /* NULL is fine */
/* At most once in GS_BATCHES_LOOK_S: reads files that are new or were changed. One that cannot be read is named in the log and
 * skipped. */
GS_MUST enum gs_err gs_batches_look(struct gs_batches *batches, uint64_t now_s, gs_batches_take take, void *context);

/* The file of a batch in a folder, by its whole id or a part that begins it. GS_ENOTFOUND; GS_ECONFLICT: several begin so. */
GS_MUST enum gs_err gs_batches_find(const char *folder, const char *id, char path[GS_BATCH_PATH_MAX],
                                    struct gs_error *error);

#endif
