/* validator/daemon/remote_job.h: an execution as it goes over a queue (docs/scale.md): the job, and a worker's signed answer.
 *
 * A job names the model by its id, which commits to program, weights and law, the input by its root, and says what is wanted; the
 * input's bytes travel with it, without the zeros at their end. What somebody claimed to come out is not in it: a worker cannot answer
 * with what it was not told. Only a tolerant model compares with the claimed outputs, so there they are an input as well. The job's id is
 * the hash of these bytes: the same execution is the same job, and has one answer, whoever asks.
 *
 *     job     "GSJOB001" law:4 wanted:1 model:32 input_root:32 claimed_root:32 lengths:4+4 input claimed       (big-endian)
 *     answer  "GSANS001" job:32 worker:20 output_root:32 trace_root:32 output_bytes:8 cost:8 micros:8 r:32 s:32 y:1
 *
 * The signature is over keccak256 of "gainsay worker answer" and all before it. */
#ifndef GS_VALIDATOR_DAEMON_REMOTE_JOB_H
#define GS_VALIDATOR_DAEMON_REMOTE_JOB_H

#include "chain/core/buf.h"
#include "chain/eth/key.h"

enum {
	GS_REMOTE_JOB_HEAD_BYTES = 8 + 4 + 1 + 3 * 32 + 8,
	GS_REMOTE_JOB_BYTES_MAX = 4 * 1024 * 1024, /* of a whole job: what the queue takes */
	GS_REMOTE_ANSWER_BYTES = 8 + 32 + 20 + 64 + 24 + 65,
	GS_REMOTE_ID_TEXT_MAX = 65, /* of a job's id in hex, without 0x */
};

enum gs_remote_wanted {
	GS_REMOTE_OUTPUTS = 1, /* the outputs' root */
	GS_REMOTE_TRACE = 2,   /* the root of the whole trace, too */
};

struct gs_remote_job {
	uint8_t wanted; /* enum gs_remote_wanted */
	struct gs_hash model;
	struct gs_hash input_root;
	struct gs_hash claimed_root; /* of a tolerant model; else zero */
	struct gs_bytes input;       /* views: borrowed */
	struct gs_bytes claimed;
};

/* Appends the bytes; *id is their hash. GS_ELIMIT: more than GS_REMOTE_JOB_BYTES_MAX; GS_ENOMEM. */
GS_MUST enum gs_err gs_remote_job_encode(const struct gs_remote_job *job, struct gs_buf *out, struct gs_hash *id,
                                         struct gs_error *error);
/* Views point into bytes. GS_EPARSE: not the form; GS_EUNSUPPORTED: of another version of the law. */
GS_MUST enum gs_err gs_remote_job_decode(struct gs_bytes bytes, struct gs_remote_job *out, struct gs_error *error);
/* What the queue calls it. */
void gs_remote_id_text(const struct gs_hash *id, char out[GS_REMOTE_ID_TEXT_MAX]);

struct gs_remote_answer {
	struct gs_hash job;
	struct gs_address worker; /* whose key has signed */
	struct gs_hash output_root;
	struct gs_hash trace_root; /* zero when it was not wanted */
	uint64_t output_bytes;
	uint64_t cost;   /* the law's, of the program */
	uint64_t micros; /* that the worker took for it, by its own account */
};

/* Signs: answer->worker is the key's address afterwards. */
GS_MUST enum gs_err gs_remote_answer_encode(struct gs_remote_answer *answer, const struct gs_key *key,
                                            uint8_t out[GS_REMOTE_ANSWER_BYTES], struct gs_error *error);
/* GS_EPARSE: not the form, not of this job, or the signature is not the named worker's. Who is believed is not looked at here. */
GS_MUST enum gs_err gs_remote_answer_decode(struct gs_bytes bytes, const struct gs_hash *job,
                                            struct gs_remote_answer *out, struct gs_error *error);

#endif
