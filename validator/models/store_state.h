/* validator/models/store_state.h: what the parts of the store share: the state in memory and on disk (store.c), reading and loading (store_read.c), files on
 * their way (store_parts.c). */
#ifndef GS_VALIDATOR_MODELS_STORE_STATE_H
#define GS_VALIDATOR_MODELS_STORE_STATE_H

#include <pthread.h>

#include "validator/models/store.h"

struct gs_model_store {
	char folder[GS_MODEL_STORE_PATH_MAX - 128];
	uint64_t bytes_max;
	const struct gs_log *log;
	int lock_fd;
	pthread_mutex_t lock;         /* guards all below, and our turn at lock_fd */
	uint64_t generation;          /* of the changes in the folder, as we know it */
	bool loaded;                  /* `entry` is what is on the disk in that generation */
	struct gs_model_entry *entry; /* owned; by rising id */
	size_t count, room;
};

/* The folder is ours alone between these; what is known is as new as the disk. Not for long. */
GS_MUST enum gs_err gs_model_store_enter(struct gs_model_store *store, struct gs_error *error);
void gs_model_store_leave(struct gs_model_store *store);
/* Within: said before anything in the folder changes, so that others read it again. */
GS_MUST enum gs_err gs_model_store_changes(struct gs_model_store *store, struct gs_error *error);
/* Within: the entry, or NULL; valid until the next one is put. */
struct gs_model_entry *gs_model_store_find(struct gs_model_store *store, const struct gs_hash *id);
/* Within, after changes: the record on the disk, then in memory. */
GS_MUST enum gs_err gs_model_store_put(struct gs_model_store *store, const struct gs_model_entry *entry,
                                       struct gs_error *error);
/* Within: removes what was used longest ago until `more` bytes fit into `bytes_max`. Models with the file `keep` stay. */
GS_MUST enum gs_err gs_model_store_make_room(struct gs_model_store *store, uint64_t more, uint64_t bytes_max,
                                             const struct gs_hash *keep, size_t *evicted, struct gs_error *error);
/* Within: what of the folder parts/ is of no use any more. */
void gs_model_store_sweep(struct gs_model_store *store);
GS_MUST enum gs_err gs_model_store_sync_folder(const char *path, struct gs_error *error);
/* Sets present and used_ns by what is on the disk. */
void gs_model_store_look(const struct gs_model_store *store, struct gs_model_entry *entry);

#endif
