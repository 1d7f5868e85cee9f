/* simulations/remote.h: a sweep's batches through a queue on Redis (queue/queue.h), for workers on other machines.
 *
 * A batch is a job of the queue "gainsay-sim", its id the hash of its bytes (wire.h): whoever submits it again, after an
 * interruption say, gets the result that is there already. Several sweeps and any number of workers may use one queue. */
#ifndef GS_SIMULATIONS_REMOTE_H
#define GS_SIMULATIONS_REMOTE_H

#include "simulations/pool.h"

#define GS_SIM_QUEUE_NAME "gainsay-sim"
enum {
	GS_SIM_VISIBILITY_MS = 10000,  /* a worker that is silent for so long is taken for dead */
	GS_SIM_REMOTE_CAPACITY = 256,  /* batches under way */
	GS_SIM_REMOTE_KEPT_MAX = 4096, /* results in memory that nobody has asked for (yet) */
};

struct gs_sim_remote_options {
	const char *url;     /* queue/url.h */
	const char *ca_file; /* of rediss://; NULL: the system's authorities */
	const char *version;
};

/* Who submits and collects. scenario is borrowed. */
struct gs_sim_remote;
GS_MUST enum gs_err gs_sim_remote_open(const struct gs_sim_scenario *scenario,
                                       const struct gs_sim_remote_options *options, struct gs_sim_remote **out,
                                       struct gs_error *error);
struct gs_sim_hands gs_sim_remote_hands(struct gs_sim_remote *remote);
/* NULL is fine. */
void gs_sim_remote_close(struct gs_sim_remote *remote);

/* Does batches in so many processes until SIGINT or SIGTERM, or until none has come for idle_ms (0: for ever); what is under way is done
 * first. GS_EIO: a process ended otherwise. *done: batches. */
GS_MUST enum gs_err gs_sim_remote_serve(const struct gs_sim_remote_options *options, unsigned processes,
                                        uint32_t idle_ms, uint64_t *done, struct gs_error *error);

#endif
