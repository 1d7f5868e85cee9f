/* tests/support/flood.h: submits many jobs to a queue, many calls under way. */
#ifndef GS_TESTS_SUPPORT_FLOOD_H
#define GS_TESTS_SUPPORT_FLOOD_H

#include "chain/core/buf.h"
#include "queue/queue.h"

enum { FLOOD_FLIGHT_MAX = 200 }; /* calls without an answer */

struct flood_jobs {
	uint64_t count;
	/* Job 0 to count - 1, in order and each once: its id, and its bytes at the end of *out, which is empty. */
	enum gs_err (*make)(void *self, uint64_t number, char id[GS_QUEUE_ID_MAX + 1], struct gs_buf *out,
	                    struct gs_error *error);
	void *self;
};

struct flood_told {
	uint64_t fresh, known;
};

/* Returns when each has its answer. A queue that takes no more just now (GS_EAGAIN) is waited for. */
GS_MUST enum gs_err flood(const struct gs_queue_options *options, const struct flood_jobs *jobs, struct flood_told *out,
                          struct gs_error *error);

#endif
