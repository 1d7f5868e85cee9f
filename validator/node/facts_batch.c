/* What Batches says, and what is known of leaves: their lines in calldata, their data as a party handed it over, which of them are executed. */
#include <string.h>

#include "validator/node/facts_record.h"

enum { BATCH_BYTES_MAX = 1024, LEAF_VERSION = 1, LEAF_BYTES_MAX = 64, LEAF_KEY = 36 };

static struct gs_bytes hash_key(const struct gs_hash *hash)
{
	return (struct gs_bytes){hash->b, sizeof(hash->b)};
}

enum gs_err gs_facts_batch(struct gs_journal *j, const struct gs_hash *id, struct gs_batch *out)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, BATCH_BYTES_MAX);
	err = gs_journal_get(j, GS_TABLE_BATCHES, hash_key(id), &value);
	if (!err)
		err = gs_batch_decode(hash_key(id), gs_buf_view(&value), out);
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_facts_leaves(struct gs_journal *j, const struct gs_hash *batch, struct gs_buf *out)
{
	return gs_facts_blob(j, batch, GS_BLOB_LEAVES, out);
}

static enum gs_err put_batch(struct gs_journal *j, const struct gs_batch *batch)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, BATCH_BYTES_MAX);
	gs_batch_encode(batch, &value);
	err = value.err ? value.err : gs_journal_derive(j, GS_TABLE_BATCHES, hash_key(&batch->id), gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

static enum gs_err apply_posted(struct gs_journal *j, const struct gs_event *e)
{
	const struct gs_batch batch = {.id = e->batch,
	                               .claimant = e->account,
	                               .salt = e->salt,
	                               .root = e->batch_root,
	                               .count = e->leaves,
	                               .kind = e->batch_kind,
	                               .model = e->model,
	                               .terms_word = e->terms_word,
	                               .window_end = e->window_end,
	                               .block = j->block,
	                               .status = GS_BATCH_OPEN};
	enum gs_err err = put_batch(j, &batch);

	if (err || e->batch_kind != GS_BATCH_CALLDATA)
		return err;
	return gs_facts_derive_blob(j, &e->batch, GS_BLOB_LEAVES, e->leaf_bytes);
}

static enum gs_err apply_status(struct gs_journal *j, const struct gs_event *e, enum gs_batch_status status)
{
	struct gs_batch batch;

	if (gs_facts_batch(j, &e->batch, &batch) != GS_OK)
		return GS_ECORRUPT;
	batch.status = (uint8_t)status;
	return put_batch(j, &batch);
}

enum gs_err gs_facts_apply_batch(struct gs_journal *j, const struct gs_event *e)
{
	if (e->kind == GS_EVENT_BATCH_POSTED)
		return apply_posted(j, e);
	if (e->kind == GS_EVENT_BATCH_FINALIZED)
		return apply_status(j, e, GS_BATCH_FINAL);
	return apply_status(j, e, e->kind == GS_EVENT_BATCH_LOST ? GS_BATCH_LOST : GS_BATCH_VOID);
}

/* --- data that a party handed over --- */

enum gs_err gs_facts_give(struct gs_journal *j, const struct gs_leaf_data *leaf)
{
	enum gs_err err = gs_facts_keep_blob(j, &leaf->claim, GS_BLOB_INPUT_GIVEN, leaf->input);

	return err ? err : gs_facts_keep_blob(j, &leaf->claim, GS_BLOB_OUTPUT_GIVEN, leaf->output);
}

enum gs_err gs_facts_is_given(struct gs_journal *j, const struct gs_hash *claim, bool *out)
{
	return gs_facts_has_blob(j, claim, GS_BLOB_INPUT_GIVEN, out);
}

/* --- leaves that are executed --- */

static struct gs_bytes leaf_key(const struct gs_hash *batch, uint32_t index, uint8_t out[LEAF_KEY])
{
	memcpy(out, batch->b, sizeof(batch->b));
	gs_be32_write(out + sizeof(batch->b), index);
	return (struct gs_bytes){out, LEAF_KEY};
}

enum gs_err gs_facts_put_leaf(struct gs_journal *j, const struct gs_leaf_record *leaf)
{
	uint8_t key[LEAF_KEY];
	struct gs_record_writer w;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, LEAF_BYTES_MAX);
	gs_record_begin(&w, &value, LEAF_VERSION, 1);
	gs_record_put_hash(&w, &leaf->claim);
	gs_record_end(&w);
	err = value.err ? value.err
	                : gs_journal_put(j, GS_TABLE_LEAVES, leaf_key(&leaf->batch, leaf->index, key),
	                                 gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_leaf_decode(struct gs_bytes key, struct gs_bytes value, struct gs_leaf_record *out)
{
	struct gs_record_reader r;

	if (key.len != LEAF_KEY)
		return GS_ECORRUPT;
	memcpy(out->batch.b, key.ptr, sizeof(out->batch.b));
	out->index = gs_be32_read(key.ptr + sizeof(out->batch.b));
	gs_record_open(&r, value, LEAF_VERSION, 1);
	out->claim = gs_record_get_hash(&r);
	return gs_record_close(&r);
}
