/* tests/support/ort_peer.h: ONNX Runtime in a process of its own (ort.mjs), asked for one thing after another. */
#ifndef GS_TESTS_SUPPORT_ORT_PEER_H
#define GS_TESTS_SUPPORT_ORT_PEER_H

#include "validator/cli/model.h"

#include <stdio.h>
#include <sys/types.h>

struct gs_ort_peer {
	pid_t pid;
	FILE *to, *from;
};

struct gs_ort_times { /* seconds */
	double processor, wall;
};

/* Starts build/tools/node20 (build: the folder that tests/bench/bench_models lies in) on tests/bench/ort.mjs. False, after
 * a message, when it cannot be started. */
bool gs_ort_start(const char *build, struct gs_ort_peer *out);
/* Ends the process, also after a failure of what follows. */
void gs_ort_stop(struct gs_ort_peer *peer);

struct gs_ort_loaded {
	struct gs_ort_times load, first; /* creating the session; its first run */
	double peak_mib;                 /* of the process's resident memory, so far */
};

/* Each is false, after a message that begins with `what`, when the other side says no. folder: where both may write. */
bool gs_ort_load(struct gs_ort_peer *peer, const char *what, const char *model, unsigned threads, const char *folder,
                 const char *const *name, const struct gs_tensor *const *tensor, uint32_t tensors,
                 struct gs_ort_loaded *out);
bool gs_ort_run(struct gs_ort_peer *peer, const char *what, unsigned count, struct gs_ort_times *out);
/* The durations of `count` runs by its own profile, seconds; of a session of its own. */
bool gs_ort_profile(struct gs_ort_peer *peer, const char *what, unsigned threads, const char *folder, unsigned count,
                    double *out);

struct gs_ort_outputs {
	uint32_t count;
	struct gs_mapped file[GS_IO_MAX];
	struct gs_tensor tensor[GS_IO_MAX];
};
/* What one run gives, in the order of the model's outputs. */
bool gs_ort_outputs(struct gs_ort_peer *peer, const char *what, const char *folder, struct gs_ort_outputs *out);
void gs_ort_outputs_free(struct gs_ort_outputs *outputs);

#endif
