/* validator/daemon/readiness.h: which models this machine can serve right now, on which path, and why not the others.
 *
 * Known is every model that the chain registered, the store has heard of, the index names or the models folder holds. There are two paths: to look at a
 * claim by executing it (`reexecution`), and to stand by what came out in a game (`dispute`), which takes the whole trace. What was not measured is no
 * reason against a path. Nothing is computed here: costs are those of `gainsay models warm` on this machine, and of the node's own executions. */
#ifndef GS_VALIDATOR_DAEMON_READINESS_H
#define GS_VALIDATOR_DAEMON_READINESS_H

#include "chain/core/store_port.h"
#include "validator/daemon/library.h"

enum gs_readiness_path { GS_PATH_REEXECUTION, GS_PATH_DISPUTE };
enum {
	GS_PATHS = GS_PATH_DISPUTE + 1,
	GS_READINESS_WHY_MAX = GS_MODEL_WHY_MAX,
	GS_READINESS_BYTES_MAX = 64 * 1024 * 1024
};

enum gs_unready {
	GS_READY,
	GS_UNREADY_MISSING,
	GS_UNREADY_DIFFERS,
	GS_UNREADY_UNSUPPORTED,
	GS_UNREADY_TOO_LARGE,
	GS_UNREADY_TOO_SLOW,
	GS_UNREADY_CLOSED, /* void or retired: it takes no claims */
};
const char *gs_readiness_path_name(enum gs_readiness_path path); /* "reexecution" */
const char *gs_unready_name(enum gs_unready state);              /* "too_slow" */

struct gs_readiness {
	struct gs_hash id;
	/* in */
	bool registered, voided, retired; /* as the chain says */
	bool in_place;                    /* the models folder has it, loaded */
	bool fetching;
	bool stored;                 /* the store has heard of it: */
	struct gs_model_entry entry; /* zero otherwise */
	uint64_t steps, trace_bytes; /* 0: not known */
	uint64_t look_us;            /* own executions' moving average; 0: none */
	/* out */
	enum gs_unready state[GS_PATHS];
	char why[GS_PATHS][GS_READINESS_WHY_MAX]; /* "" when ready */
};

struct gs_readiness_terms {
	bool fetches;             /* what is missing is fetched when a claim needs it */
	double window_s;          /* for a verdict; 0: not known, nothing is too slow */
	uint64_t trace_bytes_max; /* room for a trace; 0: any */
	char machine[GS_MODEL_MACHINE_MAX];
};

/* The host's name: costs that were measured elsewhere do not count. */
void gs_readiness_machine(char out[GS_MODEL_MACHINE_MAX]);
/* Sets state and why. */
void gs_readiness_judge(struct gs_readiness *model, const struct gs_readiness_terms *terms);

struct gs_readiness_world {
	struct gs_library *models;      /* NULL: none */
	const struct gs_store *db;      /* the node's database; NULL: none */
	const struct gs_hash *in_place; /* models that are loaded */
	size_t in_place_count;
	const struct gs_hash *fetching;
	size_t fetching_count;
};
/* Every known model, by rising id, judged; *out is the caller's to free. */
GS_MUST enum gs_err gs_readiness_collect(const struct gs_readiness_world *world, const struct gs_readiness_terms *terms,
                                         struct gs_readiness **out, size_t *count, struct gs_error *error);
/* {"version": 1, "machine": "..", "window_s": N, "models": [{"model": "0x..", "steps": N, "look_ms": N, "reexecution": {"ready": true}, "dispute": {"ready": false, "reason":
 * "too_slow", "why": ".."}}, ..]}: the same bytes for the same state. */
GS_MUST enum gs_err gs_readiness_json(const struct gs_readiness *model, size_t count,
                                      const struct gs_readiness_terms *terms, struct gs_buf *out);

#endif
