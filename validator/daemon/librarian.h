/* validator/daemon/librarian.h: has models fetched that executions miss, in the background, and says what can be served.
 *
 * Whoever misses a model says so and goes on: threads of the librarian fetch it, a few at once, again and again with growing pauses, for as long as somebody asks
 * for it, or it is pinned. Another thread writes the readiness of all known models to a file whenever it changes. */
#ifndef GS_VALIDATOR_DAEMON_LIBRARIAN_H
#define GS_VALIDATOR_DAEMON_LIBRARIAN_H

#include "validator/daemon/models.h"
#include "validator/daemon/readiness.h"
#include "validator/daemon/work.h"

enum {
	GS_LIBRARIAN_WANTS_MAX = 256, /* models that wait or are being fetched */
	GS_LIBRARIAN_KEPT_S = 120,    /* a model that nobody asked for since is wanted no more */
	GS_LIBRARIAN_PAUSE_S = 5,     /* after the first failure; then twice as long each time... */
	GS_LIBRARIAN_PAUSE_MAX_S = 300,
	GS_LIBRARIAN_LOOK_S = 10, /* between looks at what can be served */
};

struct gs_librarian_options {      /* what is borrowed lives longer than the librarian */
	struct gs_library *models; /* borrowed; NULL: nothing is fetched */
	const struct gs_store *db; /* the node's database, for the headers of registered models; borrowed; NULL: none */
	const char *readiness;     /* path of the file, copied; NULL: none is written */
	struct gs_readiness_terms terms;
	unsigned downloads;       /* at once: 1 to GS_DOWNLOADS_MAX */
	const struct gs_log *log; /* borrowed; may be NULL */
};

struct gs_librarian;

GS_MUST enum gs_err gs_librarian_open(const struct gs_librarian_options *options, struct gs_librarian **out,
                                      struct gs_error *error);
/* Where executions have models from that are in no folder. For any thread, until close. */
struct gs_model_supply gs_librarian_supply(struct gs_librarian *librarian);
/* Whose models folder counts as served; borrowed until stop. */
void gs_librarian_watch(struct gs_librarian *librarian, struct gs_work *work);
/* Whether the model is on its way, and nothing has failed so far. For any thread. */
bool gs_librarian_awaits(struct gs_librarian *librarian, const struct gs_hash *id);
/* How many models claims can be looked at with, as of the last look; the first `max` of them, by rising id, in *out. For any thread. */
size_t gs_librarian_ready(struct gs_librarian *librarian, struct gs_hash *out, size_t max);
/* Breaks fetches off and waits for the threads; what is asked for afterwards is not fetched. Twice is fine, NULL too. */
void gs_librarian_stop(struct gs_librarian *librarian);
void gs_librarian_close(struct gs_librarian *librarian); /* NULL is fine */

#endif
