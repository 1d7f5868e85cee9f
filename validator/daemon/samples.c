#include "validator/daemon/samples.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "validator/daemon/samples_form.h"
#include "validator/node/history.h"
#include "validator/node/node_state.h"

enum { SOURCES_MAX = 1 << 24 };

/* --- which sources may be shown --- */

struct held {
	struct gs_journal *j;
	struct gs_hash *source; /* sorted once all are known; owned */
	size_t count, cap;
	uint64_t final;
	uint64_t final_s; /* time of the final block */
};

static enum gs_err hold(struct held *h, const struct gs_hash *source)
{
	if (h->count && gs_hash_equal(&h->source[h->count - 1], source))
		return GS_OK;
	if (h->count == SOURCES_MAX)
		return GS_ELIMIT;
	if (h->count == h->cap) {
		const size_t cap = h->cap ? 2 * h->cap : 256;
		struct gs_hash *grown = realloc(h->source, cap * sizeof(*grown));
		if (!grown)
			return GS_ENOMEM;
		h->source = grown;
		h->cap = cap;
	}
	h->source[h->count++] = *source;
	return GS_OK;
}

/* Settled in a block that stays. A leaf that nobody opened is settled with its batch, which has no time of its own: by its window. */
static enum gs_err is_settled(struct held *h, const struct gs_hash *id, const struct gs_sample *sample, bool *out)
{
	struct gs_claim claim;
	struct gs_batch batch;
	enum gs_err err = gs_facts_claim(h->j, id, &claim);

	*out = false;
	if (sample->block > h->final)
		return err == GS_ENOTFOUND ? GS_OK : err;
	if (!err)
		*out = claim.status != GS_CLAIM_OPEN && claim.settled.unix_s <= h->final_s;
	if (err != GS_ENOTFOUND || sample->source.kind != GS_SAMPLE_OF_BATCH)
		return err == GS_ENOTFOUND ? GS_OK : err; /* of a branch that is gone: never shown */
	err = gs_facts_batch(h->j, &sample->source.of, &batch);
	if (!err)
		*out = batch.status != GS_BATCH_OPEN && batch.window_end.unix_s <= h->final_s;
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static bool is_line(struct gs_bytes key, const struct gs_sample *sample)
{
	const bool marks_batch = sample->source.kind == GS_SAMPLE_OF_BATCH && key.len == sizeof(sample->source.of.b) &&
	                         memcmp(key.ptr, sample->source.of.b, key.len) == 0;

	return !marks_batch;
}

static enum gs_err look_for_held(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct held *h = context;
	struct gs_sample sample;
	struct gs_hash id;
	bool settled;
	enum gs_err err = gs_sample_decode(value, &sample);

	if (err || !sample.proven || !is_line(key, &sample))
		return err;
	if (key.len != sizeof(id.b))
		return GS_ECORRUPT;
	memcpy(id.b, key.ptr, sizeof(id.b));
	err = is_settled(h, &id, &sample, &settled);
	return err || settled ? err : hold(h, &sample.source.of);
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct gs_hash));
}

/* --- writing --- */

struct writing {
	struct held held;
	FILE *out;
	struct gs_keccak digest;
	uint64_t all; /* lines of any kind */
	uint64_t since;
	struct gs_hash policy[GS_SAMPLES_POLICIES_MAX];
	size_t policies;
	struct gs_samples_written *written;
	struct gs_error *error;
};

static enum gs_err put_line(struct writing *w, const char *line)
{
	const size_t len = strlen(line);

	gs_keccak_update(&w->digest, line, len);
	gs_keccak_update(&w->digest, "\n", 1);
	w->all++;
	return fprintf(w->out, "%s\n", line) == (int)len + 1 ? GS_OK
	                                                     : gs_fail(w->error, GS_EIO, "the file cannot be written");
}

static enum gs_err put_policy(struct writing *w, const struct gs_hash *hash)
{
	struct gs_sampling_policy policy;
	char line[GS_SAMPLES_LINE_MAX];
	enum gs_err err;

	for (size_t i = 0; i < w->policies; i++)
		if (gs_hash_equal(&w->policy[i], hash))
			return GS_OK;
	if (w->policies == GS_SAMPLES_POLICIES_MAX)
		return gs_fail(w->error, GS_ELIMIT, "more than %d policies; export fewer blocks with --since",
		               GS_SAMPLES_POLICIES_MAX);
	err = gs_history_policy(w->held.j, hash, &policy);
	if (err)
		return gs_fail(w->error, GS_ECORRUPT,
		               "database: a policy that decisions name is missing; restore a backup");
	w->policy[w->policies++] = *hash;
	gs_samples_policy_line(&policy, line);
	return put_line(w, line);
}

static enum gs_err write_sample(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct writing *w = context;
	struct gs_sample sample;
	struct gs_hash id;
	char line[GS_SAMPLES_LINE_MAX];
	enum gs_err err = gs_sample_decode(value, &sample);

	if (err || !is_line(key, &sample) || sample.block < w->since)
		return err;
	if (!sample.proven) {
		w->written->unproven++;
		return GS_OK;
	}
	if (w->held.count &&
	    bsearch(&sample.source.of, w->held.source, w->held.count, sizeof(sample.source.of), by_bytes)) {
		w->written->held++;
		return GS_OK;
	}
	memcpy(id.b, key.ptr, sizeof(id.b));
	err = put_policy(w, &sample.policy);
	if (err)
		return err;
	gs_samples_line(&id, &sample, line);
	w->written->lines++;
	return put_line(w, line);
}

static enum gs_err find_held(struct held *h, struct gs_error *error)
{
	struct gs_head head;
	enum gs_err err = gs_node_load_final(h->j, &h->final);

	if (!err)
		err = gs_journal_head(h->j, h->final, &head);
	if (err == GS_ENOTFOUND) /* nothing is final yet, as far as the node knows */
		return gs_fail(error, err, "no block is known to be final: nothing can be shown yet");
	if (err)
		return err;
	h->final_s = head.time.unix_s;
	err = h->j->store->scan(h->j->txn, GS_TABLE_SAMPLES, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
	                        look_for_held, h, error);
	if (!err && h->count)
		qsort(h->source, h->count, sizeof(*h->source), by_bytes);
	return err;
}

enum gs_err gs_samples_may_show(struct gs_journal *j, const struct gs_hash *claim, const struct gs_sample *sample,
                                bool *out, struct gs_error *error)
{
	struct held h = {.j = j};
	struct gs_error why = {0};
	bool settled = false;
	enum gs_err err = find_held(&h, &why);

	*out = false;
	if (!err)
		err = is_settled(&h, claim, sample, &settled);
	if (!err)
		*out = settled && sample->proven &&
		       !(h.count &&
		         bsearch(&sample->source.of, h.source, h.count, sizeof(sample->source.of), by_bytes));
	free(h.source);
	if (err && err != GS_ENOTFOUND) /* nothing is final yet */
		return gs_fail(error, err, "%s",
		               why.text[0] ? why.text : "database: a stored decision does not have its form");
	return GS_OK;
}

enum gs_err gs_samples_export(struct gs_journal *j, struct gs_vrf *vrf, const struct gs_vrf_key *key,
                              const struct gs_lots_domain *domain, uint64_t since, FILE *out,
                              struct gs_samples_written *written, struct gs_error *error)
{
	struct writing *w = calloc(1, sizeof(*w));
	char line[GS_SAMPLES_LINE_MAX];
	struct gs_hash digest;
	enum gs_err err;

	memset(written, 0, sizeof(*written));
	if (!w)
		return gs_fail(error, GS_ENOMEM, "samples: no memory");
	*w = (struct writing){.held = {.j = j}, .out = out, .since = since, .written = written, .error = error};
	gs_keccak_init(&w->digest);
	err = find_held(&w->held, error);
	if (!err) {
		gs_samples_head_line(domain, &key->public_key, line);
		err = put_line(w, line);
	}
	if (!err)
		err = j->store->scan(j->txn, GS_TABLE_SAMPLES, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
		                     write_sample, w, error);
	if (!err) {
		const uint64_t all = w->all;
		gs_keccak_final(&w->digest, &digest);
		err = gs_samples_end_line(vrf, key, all, &digest, line);
		if (!err)
			err = fprintf(out, "%s\n", line) > 0 && fflush(out) == 0
			              ? GS_OK
			              : gs_fail(error, GS_EIO, "the file cannot be written");
	}
	free(w->held.source);
	free(w);
	return err;
}
