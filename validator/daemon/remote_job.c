#include "validator/daemon/remote_job.h"

#include <string.h>

#include "chain/core/hash.h"
#include "challenge/machine/program.h"

enum { MAGIC_BYTES = 8, SIGNED_BYTES = GS_REMOTE_ANSWER_BYTES - 65 };
static const char job_magic[] = "GSJOB001", answer_magic[] = "GSANS001", domain[] = "gainsay worker answer";

static struct gs_bytes trimmed(struct gs_bytes bytes)
{
	while (bytes.len > 0 && bytes.ptr[bytes.len - 1] == 0)
		bytes.len--;
	return bytes;
}

static void put_u32(struct gs_buf *out, uint32_t v)
{
	uint8_t b[4];

	gs_be32_write(b, v);
	gs_buf_append(out, b, sizeof(b));
}

enum gs_err gs_remote_job_encode(const struct gs_remote_job *job, struct gs_buf *out, struct gs_hash *id,
                                 struct gs_error *error)
{
	const struct gs_bytes input = trimmed(job->input), claimed = trimmed(job->claimed);
	const size_t start = out->len;

	if (input.len > GS_REMOTE_JOB_BYTES_MAX || claimed.len > GS_REMOTE_JOB_BYTES_MAX ||
	    GS_REMOTE_JOB_HEAD_BYTES + input.len + claimed.len > GS_REMOTE_JOB_BYTES_MAX)
		return gs_fail(error, GS_ELIMIT, "a job has at most %d bytes, its inputs included",
		               GS_REMOTE_JOB_BYTES_MAX);
	gs_buf_append(out, job_magic, MAGIC_BYTES);
	put_u32(out, GS_LAW_VERSION);
	gs_buf_append_u8(out, job->wanted);
	gs_buf_append(out, job->model.b, 32);
	gs_buf_append(out, job->input_root.b, 32);
	gs_buf_append(out, job->claimed_root.b, 32);
	put_u32(out, (uint32_t)input.len);
	put_u32(out, (uint32_t)claimed.len);
	gs_buf_append(out, input.ptr, input.len);
	gs_buf_append(out, claimed.ptr, claimed.len);
	if (out->err)
		return gs_fail(error, out->err, "no memory for a job");
	gs_keccak256(out->ptr + start, out->len - start, id);
	return GS_OK;
}

static enum gs_err malformed(struct gs_error *error)
{
	return gs_fail(error, GS_EPARSE, "this is no job of an execution: does something else use this queue?");
}

enum gs_err gs_remote_job_decode(struct gs_bytes bytes, struct gs_remote_job *out, struct gs_error *error)
{
	const uint8_t *at = bytes.ptr;
	uint64_t input, claimed;

	if (bytes.len < GS_REMOTE_JOB_HEAD_BYTES || memcmp(at, job_magic, MAGIC_BYTES) != 0)
		return malformed(error);
	if (gs_be32_read(at + 8) != GS_LAW_VERSION)
		return gs_fail(error, GS_EUNSUPPORTED,
		               "a job of version %u of the law, this worker's is %d: update the older one",
		               gs_be32_read(at + 8), GS_LAW_VERSION);
	memset(out, 0, sizeof(*out));
	out->wanted = at[12];
	memcpy(out->model.b, at + 13, 32);
	memcpy(out->input_root.b, at + 45, 32);
	memcpy(out->claimed_root.b, at + 77, 32);
	input = gs_be32_read(at + 109);
	claimed = gs_be32_read(at + 113);
	if ((out->wanted != GS_REMOTE_OUTPUTS && out->wanted != GS_REMOTE_TRACE) ||
	    GS_REMOTE_JOB_HEAD_BYTES + input + claimed != bytes.len)
		return malformed(error);
	out->input = (struct gs_bytes){at + GS_REMOTE_JOB_HEAD_BYTES, (size_t)input};
	out->claimed = (struct gs_bytes){at + GS_REMOTE_JOB_HEAD_BYTES + input, (size_t)claimed};
	return GS_OK;
}

void gs_remote_id_text(const struct gs_hash *id, char out[GS_REMOTE_ID_TEXT_MAX])
{
	gs_hex_encode(id->b, sizeof(id->b), false, out);
}

/* --- answers --- */

static void answer_digest(const uint8_t bytes[GS_REMOTE_ANSWER_BYTES], struct gs_hash *out)
{
	struct gs_keccak k;

	gs_keccak_init(&k);
	gs_keccak_update(&k, domain, sizeof(domain) - 1);
	gs_keccak_update(&k, bytes, SIGNED_BYTES);
	gs_keccak_final(&k, out);
}

enum gs_err gs_remote_answer_encode(struct gs_remote_answer *answer, const struct gs_key *key,
                                    uint8_t out[GS_REMOTE_ANSWER_BYTES], struct gs_error *error)
{
	struct gs_signature signature;
	struct gs_hash digest;
	enum gs_err err;

	answer->worker = key->address;
	memcpy(out, answer_magic, MAGIC_BYTES);
	memcpy(out + 8, answer->job.b, 32);
	memcpy(out + 40, answer->worker.b, 20);
	memcpy(out + 60, answer->output_root.b, 32);
	memcpy(out + 92, answer->trace_root.b, 32);
	gs_be64_write(out + 124, answer->output_bytes);
	gs_be64_write(out + 132, answer->cost);
	gs_be64_write(out + 140, answer->micros);
	answer_digest(out, &digest);
	err = gs_key_sign(key, &digest, &signature, error);
	if (err)
		return err;
	memcpy(out + SIGNED_BYTES, signature.r, 32);
	memcpy(out + SIGNED_BYTES + 32, signature.s, 32);
	out[SIGNED_BYTES + 64] = signature.y_parity;
	return GS_OK;
}

enum gs_err gs_remote_answer_decode(struct gs_bytes bytes, const struct gs_hash *job, struct gs_remote_answer *out,
                                    struct gs_error *error)
{
	struct gs_signature signature;
	struct gs_address signer;
	struct gs_hash digest;

	if (bytes.len != GS_REMOTE_ANSWER_BYTES || memcmp(bytes.ptr, answer_magic, MAGIC_BYTES) != 0)
		return gs_fail(error, GS_EPARSE, "a worker's answer does not have its form");
	memcpy(out->job.b, bytes.ptr + 8, 32);
	memcpy(out->worker.b, bytes.ptr + 40, 20);
	memcpy(out->output_root.b, bytes.ptr + 60, 32);
	memcpy(out->trace_root.b, bytes.ptr + 92, 32);
	out->output_bytes = gs_be64_read(bytes.ptr + 124);
	out->cost = gs_be64_read(bytes.ptr + 132);
	out->micros = gs_be64_read(bytes.ptr + 140);
	memcpy(signature.r, bytes.ptr + SIGNED_BYTES, 32);
	memcpy(signature.s, bytes.ptr + SIGNED_BYTES + 32, 32);
	signature.y_parity = bytes.ptr[SIGNED_BYTES + 64];
	if (!gs_hash_equal(&out->job, job))
		return gs_fail(error, GS_EPARSE, "a worker's answer is one to another job");
	answer_digest(bytes.ptr, &digest);
	if (signature.y_parity > 1 || gs_key_recover(&signature, &digest, &signer) ||
	    !gs_address_equal(&signer, &out->worker))
		return gs_fail(error, GS_EPARSE, "a worker's answer is not signed by the worker that it names");
	return GS_OK;
}
