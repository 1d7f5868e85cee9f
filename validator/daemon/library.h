/* validator/daemon/library.h: the store of models and their sources, as the settings under `model_store` describe them (docs/models.md). */
#ifndef GS_VALIDATOR_DAEMON_LIBRARY_H
#define GS_VALIDATOR_DAEMON_LIBRARY_H

#include "validator/daemon/config.h"
#include "validator/models/download.h"
#include "validator/models/fetch.h"

enum { GS_DOWNLOADS_MAX = 8 };

struct gs_library;

/* GS_EINVAL: model_store.folder is not named, or a source is none. The index is read once now, so that a mistake in it is found. log is borrowed
 * and may be NULL. */
GS_MUST enum gs_err gs_library_open(const struct gs_config *config, const struct gs_log *log, struct gs_library **out,
                                    struct gs_error *error);
void gs_library_close(struct gs_library *library); /* NULL is fine; nobody may use it any more */
struct gs_model_store *gs_library_store(struct gs_library *library);
/* Options of a fetch, without progress; valid until close. */
struct gs_model_fetch_options gs_library_options(const struct gs_library *library);
/* What is known of a model's file. header: of a registered model, or NULL. The index is read again when it has changed; one that cannot be read then is
 * logged, and the one before goes on to be used. For any thread. */
void gs_library_want(struct gs_library *library, const struct gs_hash *id, const struct gs_header *header,
                     struct gs_model_want *out);
/* The ids that the index names; *out is the caller's to free. */
GS_MUST enum gs_err gs_library_indexed(struct gs_library *library, struct gs_hash **out, size_t *count,
                                       struct gs_error *error);

#endif
