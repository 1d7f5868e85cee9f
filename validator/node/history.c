#include "validator/node/history.h"

#include <string.h>

#include "validator/node/record.h"

enum {
	SINCE_VERSION = 1,
	SINCE_BYTES_MAX = 16,
	CLAIMANT_VERSION = 1,
	CLAIMANT_FIELDS = 2,
	COST_VERSION = 1,
	COST_FIELDS = 1,
	KEY_MAX = 48,
	BYTES_MAX = 256
};

static struct gs_bytes named(const char *name, const uint8_t *id, size_t len, uint8_t out[KEY_MAX])
{
	size_t front = 0;

	for (; name[front]; front++)
		out[front] = (uint8_t)name[front];
	GS_ASSERT(front + len <= KEY_MAX);
	memcpy(out + front, id, len);
	return (struct gs_bytes){out, front + len};
}

/* --- claimants --- */

static enum gs_err load(struct gs_journal *j, const struct gs_address *claimant, struct gs_claimant_record *out)
{
	struct gs_record_reader r;
	struct gs_bytes value;
	uint8_t key[KEY_MAX];
	enum gs_err err = gs_journal_view(j, GS_TABLE_META, named("claimant:", claimant->b, sizeof(claimant->b), key),
	                                  &value);

	if (err)
		return err;
	gs_record_open(&r, value, CLAIMANT_VERSION, CLAIMANT_FIELDS);
	out->since.unix_s = gs_record_get_u64(&r);
	out->wrong = gs_record_get_u32(&r);
	return gs_record_close(&r);
}

static enum gs_err save(struct gs_journal *j, const struct gs_address *claimant,
                        const struct gs_claimant_record *record)
{
	struct gs_record_writer w;
	struct gs_buf value;
	uint8_t key[KEY_MAX];
	enum gs_err err;

	gs_buf_init(&value, BYTES_MAX);
	gs_record_begin(&w, &value, CLAIMANT_VERSION, CLAIMANT_FIELDS);
	gs_record_put_u64(&w, record->since.unix_s);
	gs_record_put_u64(&w, record->wrong);
	gs_record_end(&w);
	err = value.err ? value.err
	                : gs_journal_derive(j, GS_TABLE_META, named("claimant:", claimant->b, sizeof(claimant->b), key),
	                                    gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_history_claimant(struct gs_journal *j, const struct gs_address *claimant, struct gs_claimant_record *out)
{
	enum gs_err err = load(j, claimant, out);

	if (err == GS_ENOTFOUND)
		*out = (struct gs_claimant_record){.since = {UINT64_MAX}};
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err seen(struct gs_journal *j, const struct gs_address *claimant)
{
	struct gs_claimant_record record;
	const enum gs_err err = load(j, claimant, &record);

	if (err != GS_ENOTFOUND)
		return err;
	record = (struct gs_claimant_record){.since = j->time};
	return save(j, claimant, &record);
}

static enum gs_err was_wrong(struct gs_journal *j, const struct gs_hash *id)
{
	struct gs_claimant_record record;
	struct gs_claim claim;
	enum gs_err err = gs_facts_claim(j, id, &claim);

	if (!err)
		err = gs_history_claimant(j, &claim.body.claimant, &record);
	if (err)
		return err;
	if (record.since.unix_s == UINT64_MAX)
		record.since = j->time;
	record.wrong += record.wrong < UINT32_MAX;
	return save(j, &claim.body.claimant, &record);
}

enum gs_err gs_history_apply(struct gs_journal *j, const struct gs_event *event)
{
	if (event->kind == GS_EVENT_POSTED)
		return seen(j, &event->body.claimant);
	if (event->kind == GS_EVENT_BATCH_POSTED)
		return seen(j, &event->account);
	return event->kind == GS_EVENT_INVALIDATED ? was_wrong(j, &event->claim) : GS_OK;
}

/* --- models --- */

enum gs_err gs_history_cost(struct gs_journal *j, const struct gs_hash *model, uint64_t *cost_us)
{
	struct gs_record_reader r;
	struct gs_bytes value;
	uint8_t key[KEY_MAX];
	enum gs_err err = gs_journal_view(j, GS_TABLE_META, named("cost:", model->b, sizeof(model->b), key), &value);

	*cost_us = 0;
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	gs_record_open(&r, value, COST_VERSION, COST_FIELDS);
	*cost_us = gs_record_get_u64(&r);
	return gs_record_close(&r);
}

enum gs_err gs_history_took(struct gs_journal *j, const struct gs_hash *model, uint64_t us)
{
	struct gs_record_writer w;
	struct gs_buf value;
	uint8_t key[KEY_MAX];
	uint64_t before;
	enum gs_err err = gs_history_cost(j, model, &before);

	if (err || us == 0)
		return err;
	gs_buf_init(&value, BYTES_MAX);
	gs_record_begin(&w, &value, COST_VERSION, COST_FIELDS);
	gs_record_put_u64(&w, before ? before - before / 8 + us / 8 : us);
	gs_record_end(&w);
	err = value.err ? value.err
	                : gs_journal_put(j, GS_TABLE_META, named("cost:", model->b, sizeof(model->b), key),
	                                 gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

/* --- policies --- */

enum gs_err gs_history_keep_policy(struct gs_journal *j, const struct gs_sampling_policy *policy)
{
	uint8_t bytes[GS_POLICY_BYTES], key[KEY_MAX];
	struct gs_bytes before;
	struct gs_hash hash;
	enum gs_err err;

	gs_policy_encode(policy, bytes);
	gs_policy_hash(policy, &hash);
	err = gs_journal_view(j, GS_TABLE_META, named("policy:", hash.b, sizeof(hash.b), key), &before);
	if (err != GS_ENOTFOUND)
		return err;
	return gs_journal_put(j, GS_TABLE_META, named("policy:", hash.b, sizeof(hash.b), key),
	                      (struct gs_bytes){bytes, sizeof(bytes)});
}

enum gs_err gs_history_policy(struct gs_journal *j, const struct gs_hash *hash, struct gs_sampling_policy *out)
{
	struct gs_bytes value;
	uint8_t key[KEY_MAX];
	enum gs_err err = gs_journal_view(j, GS_TABLE_META, named("policy:", hash->b, sizeof(hash->b), key), &value);

	return err ? err : gs_policy_decode(value, out);
}

/* --- since when it validates --- */

static struct gs_bytes validates_key(void)
{
	static const char name[] = "validates";

	return (struct gs_bytes){(const uint8_t *)name, sizeof(name) - 1};
}

enum gs_err gs_history_validates_since(struct gs_journal *j, struct gs_time *out)
{
	struct gs_record_reader r;
	struct gs_bytes value;
	const enum gs_err err = gs_journal_view(j, GS_TABLE_META, validates_key(), &value);

	if (err)
		return err;
	gs_record_open(&r, value, SINCE_VERSION, 1);
	out->unix_s = gs_record_get_u64(&r);
	return gs_record_close(&r);
}

enum gs_err gs_history_note_validates(struct gs_journal *j, bool validates, struct gs_time now)
{
	struct gs_record_writer w;
	struct gs_time since;
	struct gs_buf value;
	enum gs_err err = gs_history_validates_since(j, &since);

	if (err && err != GS_ENOTFOUND)
		return err;
	if (!validates || !err)
		return validates || err ? GS_OK : gs_journal_del(j, GS_TABLE_META, validates_key());
	gs_buf_init(&value, SINCE_BYTES_MAX);
	gs_record_begin(&w, &value, SINCE_VERSION, 1);
	gs_record_put_u64(&w, now.unix_s);
	gs_record_end(&w);
	err = value.err ? value.err : gs_journal_put(j, GS_TABLE_META, validates_key(), gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}
