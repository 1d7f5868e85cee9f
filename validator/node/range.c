/* Many blocks in one step: what is final is never taken back, so nothing needs to be kept for that. */
#include <string.h>

#include "validator/node/node_state.h"
#include "validator/node/range.h"
#include "validator/node/record.h"

enum { FINAL_VERSION = 1 };
static const struct gs_bytes final_key = {(const uint8_t *)"final", 5};

enum gs_err gs_node_load_final(struct gs_journal *j, uint64_t *out)
{
	struct gs_record_reader r;
	struct gs_buf value;
	enum gs_err err;

	*out = 0;
	gs_buf_init(&value, 64);
	err = gs_journal_get(j, GS_TABLE_META, final_key, &value);
	if (!err) {
		gs_record_open(&r, gs_buf_view(&value), FINAL_VERSION, 1);
		*out = gs_record_get_u64(&r);
		err = gs_record_close(&r);
	}
	gs_buf_free(&value);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err store_final(struct gs_node_turn *t, uint64_t number)
{
	struct gs_record_writer w;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, 64);
	gs_record_begin(&w, &value, FINAL_VERSION, 1);
	gs_record_put_u64(&w, number);
	gs_record_end(&w);
	err = value.err ? value.err : gs_journal_put(t->j, GS_TABLE_META, final_key, gs_buf_view(&value));
	gs_buf_free(&value);
	if (!err)
		t->node->final = number;
	return err;
}

/* That the chain is final up to a block says nothing about a branch of ours that does not have it. */
enum gs_err gs_node_on_final(struct gs_node_turn *t, uint64_t number, const struct gs_hash *hash)
{
	struct gs_node *node = t->node;
	struct gs_head stored;
	enum gs_err err;

	if (number > node->final_seen)
		node->final_seen = number;
	if (number <= node->final || number > node->block)
		return GS_OK;
	err = gs_journal_head(t->j, number, &stored);
	if (err || !gs_hash_equal(&stored.hash, hash))
		return err == GS_ENOTFOUND ? GS_OK : err;
	return store_final(t, number);
}

static enum gs_err contradicts(struct gs_node_turn *t, const char *what)
{
	return gs_fail(t->j->error, GS_ECORRUPT, "%s", what);
}

const char *gs_range_fault(const struct gs_head *first, const struct gs_head *last, const struct gs_log_entry *before,
                           const struct gs_log_entry *e)
{
	const struct gs_head *end = e->block_number == last->number ? last : first;

	if (e->removed || e->block_number < first->number || e->block_number > last->number)
		return "a log is not of the range";
	if (before && (e->block_number < before->block_number ||
	               (e->block_number == before->block_number && e->index <= before->index)))
		return "the logs are not in order";
	if (e->time.unix_s < (before ? before->time.unix_s : first->time.unix_s) || e->time.unix_s > last->time.unix_s)
		return "a log's time is not between those of the blocks around it";
	if (before && e->block_number == before->block_number &&
	    (!gs_hash_equal(&e->block_hash, &before->block_hash) || e->time.unix_s != before->time.unix_s))
		return "a block has two hashes or two times";
	if (e->block_number == end->number &&
	    (!gs_hash_equal(&e->block_hash, &end->hash) || e->time.unix_s != end->time.unix_s))
		return "a log's block is not the one whose header was given";
	return NULL;
}

static enum gs_err apply_range(struct gs_node_turn *t, const struct gs_node_input *in)
{
	const struct gs_head *first = &in->as.range.first, *last = &in->as.range.last;
	const struct gs_log_entry *entries = in->as.range.entries;
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < in->as.range.count && !err; i++) {
		const struct gs_log_entry *e = &entries[i];
		const char *fault = gs_range_fault(first, last, i ? &entries[i - 1] : NULL, e);
		if (fault)
			return contradicts(t, fault);
		t->j->block = e->block_number;
		t->j->time = e->time;
		t->block_hash = e->block_hash;
		err = gs_node_apply_log(t, e);
	}
	return err;
}

enum gs_err gs_node_on_range(struct gs_node_turn *t, const struct gs_node_input *in)
{
	struct gs_node *node = t->node;
	const struct gs_head *first = &in->as.range.first, *last = &in->as.range.last;
	const struct gs_head *newest = gs_node_newest(node);
	enum gs_err err;

	if (!newest || node->queue_count || first->number != node->block + 1)
		return GS_OK; /* asked for before something else happened */
	if (last->number > node->final_seen)
		return contradicts(t, "it ends above the final block");
	if (last->number < first->number || last->time.unix_s < first->time.unix_s ||
	    (last->number == first->number && !gs_hash_equal(&last->hash, &first->hash)))
		return contradicts(t, "its ends are in disorder");
	if (!gs_hash_equal(&first->parent, &newest->hash))
		return gs_node_on_header(t, first); /* the newest stored block is not part of the chain any more */
	if (first->time.unix_s < newest->time.unix_s)
		return contradicts(t, "it begins before the stored block that it follows");
	t->j->stays = true;
	t->catching_up = true;
	t->decoded = in->as.range.decoded;
	err = apply_range(t, in);
	if (!err)
		err = gs_journal_jump(t->j, last);
	if (!err)
		err = store_final(t, last->number);
	if (err)
		return err;
	gs_head_reset(&node->tracker, last);
	node->block = last->number;
	node->walking = false;
	return GS_OK;
}
