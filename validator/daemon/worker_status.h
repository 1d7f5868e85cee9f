/* validator/daemon/worker_status.h: what a worker says of itself on the queue, signed by the key that signs its answers, for `gainsay worker list`.
 *
 *     r:32 s:32 y:1 {"version":"..","law":1,"key":"0x..","threads":2,"isa":"avx2","done":7,"late":0,"failed":0,"per_s":3.5,"ready":1,"models":["0x..",..]}
 *
 * The signature is over keccak256 of "gainsay worker status", the worker's name on the queue, a zero, and the text. Nothing rests on it: nodes believe
 * answers, which they check. */
#ifndef GS_VALIDATOR_DAEMON_WORKER_STATUS_H
#define GS_VALIDATOR_DAEMON_WORKER_STATUS_H

#include "chain/core/buf.h"
#include "chain/eth/key.h"

enum { GS_WORKER_MODELS_MAX = 256, GS_WORKER_STATUS_TEXT_MAX = 16, GS_WORKER_STATUS_BYTES_MAX = 32 * 1024 };

struct gs_worker_status {
	char version[GS_WORKER_STATUS_TEXT_MAX]; /* the program's */
	char isa[GS_WORKER_STATUS_TEXT_MAX];
	struct gs_address key;
	unsigned law, threads;
	uint64_t done, late, failed; /* jobs since it was started */
	double per_s;                /* done in the last seconds */
	uint64_t ready;              /* models that it can execute now */
	size_t models;               /* the first of them: */
	struct gs_hash model[GS_WORKER_MODELS_MAX];
};

/* Appends the bytes. name: the worker's on the queue. */
GS_MUST enum gs_err gs_worker_status_encode(const struct gs_worker_status *status, const char *name,
                                            const struct gs_key *key, struct gs_buf *out, struct gs_error *error);
/* GS_EPARSE: not this form, or not signed by the key that it names for this worker. */
GS_MUST enum gs_err gs_worker_status_decode(struct gs_bytes bytes, const char *name, struct gs_worker_status *out,
                                            struct gs_error *error);

#endif
