/* Blocks of OpenGradient's chain into the store: ranges of final blocks, then block after block. */
#include <inttypes.h>
#include <string.h>

#include "validator/daemon/catchup.h"
#include "validator/daemon/watch_parts.h"
#include "validator/node/range.h"

enum { TOPICS = GS_REGISTRY_KINDS + 2, CONTRACTS = 3 };

struct asked { /* the filter, with what it points to */
	struct gs_hash topic[TOPICS];
	struct gs_address contract[CONTRACTS];
	struct gs_eth_filter filter;
};

static void ask_for(const struct gs_watch *w, uint64_t first, uint64_t last, struct asked *out)
{
	const struct gs_address *all[CONTRACTS] = {&w->facts.registry, &w->facts.batch, &w->facts.individual};
	const struct gs_address none = {{0}};
	size_t contracts = 0;

	for (int i = 0; i < GS_REGISTRY_KINDS; i++)
		gs_registry_topic((enum gs_registry_kind)i, &out->topic[i]);
	out->topic[GS_REGISTRY_KINDS] = gs_topic_batch_settlement;
	out->topic[GS_REGISTRY_KINDS + 1] = gs_topic_individual_settlement;
	for (size_t i = 0; i < CONTRACTS; i++) {
		bool again = gs_address_equal(all[i], &none);
		for (size_t k = 0; k < contracts; k++)
			again = again || gs_address_equal(all[i], &out->contract[k]);
		if (!again)
			out->contract[contracts++] = *all[i];
	}
	out->filter = (struct gs_eth_filter){.from_block = first,
	                                     .to_block = last,
	                                     .addresses = out->contract,
	                                     .address_count = contracts,
	                                     .topics = out->topic,
	                                     .topic_count = TOPICS,
	                                     .logs_max = GS_CATCHUP_LOGS_MAX,
	                                     .data_max = GS_CATCHUP_DATA_MAX};
}

/* --- logs --- */

static enum gs_err take_event(struct gs_watch *w, struct gs_journal *j, const struct gs_log_entry *e,
                              struct gs_error *error)
{
	const struct gs_registry_place at = {e->block_number, e->index};
	struct gs_registry_event event;
	enum gs_err err = gs_registry_event_read(e->topics, e->topic_count, e->data, &event);

	if (err == GS_ENOTFOUND)
		return GS_OK;
	if (err) {
		w->facts.unread++;
		gs_log_line(w->o.log, GS_LOG_WARN, "registry.unread", "block=%" PRIu64 " log=%" PRIu32, e->block_number,
		            e->index);
		return gs_watch_put_meta(w, j);
	}
	err = gs_settled_put_event(j, at, e->time, &e->tx_hash, &event);
	if (!err)
		err = gs_registry_history_add(w->history, at, e->time, &event);
	return err == GS_ECONFLICT || err == GS_ELIMIT || err == GS_ENOMEM
	               ? gs_fail(error, err, "the registry's event at block %" PRIu64 " does not fit behind the others",
	                         e->block_number)
	               : err;
}

static void keep_blob_id(struct gs_settled *s, struct gs_bytes id)
{
	s->blob_len = id.len < sizeof(s->blob) ? id.len : sizeof(s->blob);
	if (s->blob_len)
		memcpy(s->blob, id.ptr, s->blob_len);
}

static enum gs_err take_batch(struct gs_journal *j, const struct gs_log_entry *e, struct gs_settled *s)
{
	struct gs_batch_settlement batch;

	s->kind = GS_SETTLED_BATCH;
	if (gs_batch_settlement_read(e->topics, e->topic_count, e->data, &batch)) {
		s->looked = true;
		s->finding = GS_FINDING_EVENT;
	} else {
		s->root = batch.root;
		s->size = batch.size;
		keep_blob_id(s, batch.blob);
	}
	return gs_settled_put(j, s);
}

/* Its one leaf is in the log. */
static enum gs_err take_individual(struct gs_journal *j, const struct gs_log_entry *e, struct gs_settled *s)
{
	struct gs_individual_settlement one;
	struct gs_settled_leaf leaf = {0};
	enum gs_err err;

	s->kind = GS_SETTLED_INDIVIDUAL;
	s->size = gs_u256_from_u64(1);
	if (gs_individual_settlement_read(e->topics, e->topic_count, e->data, &one)) {
		s->looked = true;
		s->finding = GS_FINDING_EVENT;
		return gs_settled_put(j, s);
	}
	keep_blob_id(s, one.blob);
	s->signature_len = one.settlement.signature.len < sizeof(s->signature) ? one.settlement.signature.len
	                                                                       : sizeof(s->signature);
	if (s->signature_len)
		memcpy(s->signature, one.settlement.signature.ptr, s->signature_len);
	gs_settlement_leaf(&one.settlement, &leaf.hash);
	leaf.tee = one.settlement.tee;
	leaf.input = one.settlement.input;
	leaf.output = one.settlement.output;
	leaf.timestamp_s = one.settlement.timestamp_s;
	s->root = leaf.hash;
	err = gs_settled_put_leaf(j, s->at, &leaf);
	return err ? err : gs_settled_put(j, s);
}

static enum gs_err take_log(struct gs_watch *w, struct gs_journal *j, const struct gs_log_entry *e,
                            struct gs_error *error)
{
	struct gs_settled s = {
		.at = {e->block_number, e->index}, .block_hash = e->block_hash, .tx = e->tx_hash, .time = e->time};

	if (e->topic_count == 0)
		return GS_OK;
	if (gs_address_equal(&e->address, &w->facts.registry) &&
	    !gs_hash_equal(&e->topics[0], &gs_topic_batch_settlement) &&
	    !gs_hash_equal(&e->topics[0], &gs_topic_individual_settlement))
		return take_event(w, j, e, error);
	if (e->block_number < w->facts.from)
		return GS_OK;
	if (gs_address_equal(&e->address, &w->facts.batch) && gs_hash_equal(&e->topics[0], &gs_topic_batch_settlement))
		return take_batch(j, e, &s);
	if (gs_address_equal(&e->address, &w->facts.individual) &&
	    gs_hash_equal(&e->topics[0], &gs_topic_individual_settlement))
		return take_individual(j, e, &s);
	return GS_OK;
}

/* --- blocks --- */

static enum gs_err take_logs(struct gs_watch *w, struct gs_journal *j, const struct gs_head *first,
                             const struct gs_head *last, const struct gs_log_list *logs, struct gs_error *error)
{
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < logs->count && !err; i++) {
		const char *fault = gs_range_fault(first, last, i ? &logs->entries[i - 1] : NULL, &logs->entries[i]);
		if (fault)
			return gs_fail(error, GS_EPARSE, "%s: logs of blocks %" PRIu64 " to %" PRIu64 ": %s",
			               gs_rpc_name(w->session.rpc), first->number, last->number, fault);
		err = take_log(w, j, &logs->entries[i], error);
	}
	return err;
}

static const struct gs_head *newest(const struct gs_watch *w)
{
	return gs_head_newest(&w->heads);
}

/* What was added to the history and not stored is cut off again. */
static void drop_events(struct gs_watch *w)
{
	gs_registry_history_rewind(w->history, newest(w) ? newest(w)->number : 0);
}

static enum gs_err store_range(struct gs_watch *w, const struct gs_head *first, const struct gs_head *last,
                               const struct gs_log_list *logs, struct gs_error *error)
{
	struct gs_journal j;
	enum gs_err err = gs_watch_begin(w, &j, error);

	if (err)
		return err;
	j.stays = true;
	err = take_logs(w, &j, first, last, logs, error);
	if (!err)
		err = gs_journal_jump(&j, last);
	if (!err)
		err = gs_journal_commit(&j);
	else
		gs_journal_abort(&j);
	if (err)
		drop_events(w);
	else
		gs_head_reset(&w->heads, last);
	return err;
}

/* *logs: how many there were. */
static enum gs_err take_range(struct gs_watch *w, uint64_t from, uint64_t to, size_t *count, struct gs_error *error)
{
	struct gs_head first = {0}, last = {0};
	struct gs_log_list logs = {0};
	struct asked asked;
	enum gs_err err;

	ask_for(w, from, to, &asked);
	err = gs_chain_io_logs(&w->io, &asked.filter, &first, &last, &logs, error);
	if (!err && !gs_hash_equal(&first.parent, &newest(w)->hash))
		err = gs_fail(error, GS_EAGAIN,
		              "%s: block %" PRIu64 " does not follow the one that is stored; run this again",
		              gs_rpc_name(w->session.rpc), first.number);
	if (!err)
		err = store_range(w, &first, &last, &logs, error);
	*count = logs.count;
	gs_log_list_free(&logs);
	return err;
}

/* Errors that a smaller range, or another try, may not have. */
static bool may_pass(enum gs_err err)
{
	return err == GS_ELIMIT || err == GS_EIO || err == GS_EAGAIN || err == GS_EPARSE || err == GS_EINVAL;
}

/* Up to a block that is final: ranges that grow and shrink; the last blocks, too few for that, in one. */
static enum gs_err take_final(struct gs_watch *w, uint64_t limit, struct gs_error *error)
{
	struct gs_catchup c = {.final = limit};
	uint64_t tail = GS_CATCHUP_LEAST, first, last;
	const uint64_t began = newest(w)->number;
	size_t logs;

	while (newest(w)->number < limit) {
		const uint64_t own = newest(w)->number;
		const bool ranged = gs_catchup_next(&c, own, &first, &last);
		if (!ranged) {
			first = own + 1;
			last = limit - own < tail ? limit : own + tail;
		}
		enum gs_err err = take_range(w, first, last, &logs, error);
		if (err && (first == last || !may_pass(err)))
			return err;
		if (ranged && err)
			gs_catchup_failed(&c, first, last);
		else if (ranged)
			gs_catchup_took(&c, first, last, logs);
		else if (err)
			tail = (last - first + 1) / 2;
		gs_watch_tell(w, "blocks", newest(w)->number - began, limit - began);
	}
	return GS_OK;
}

/* --- above the final block --- */

static enum gs_err rewind_one(struct gs_watch *w, struct gs_error *error)
{
	struct gs_journal j;
	enum gs_err err = gs_watch_begin(w, &j, error);

	if (err)
		return err;
	err = gs_journal_rewind(&j);
	if (!err)
		err = gs_journal_load_heads(&j, &w->heads);
	if (err) {
		gs_journal_abort(&j);
		return err;
	}
	err = gs_journal_commit(&j);
	if (!err && !newest(w))
		err = gs_fail(error, GS_ECORRUPT, "database: no block is left below the one that was taken back");
	if (!err) {
		gs_registry_history_rewind(w->history, newest(w)->number);
		gs_watch_tees_free(w); /* one may be registered anew, with another image */
	}
	return err;
}

/* Takes back what the chain does not have any more. */
static enum gs_err back_to_the_chain(struct gs_watch *w, struct gs_error *error)
{
	struct gs_head head;

	for (;;) {
		const struct gs_head *own = newest(w);
		enum gs_err err = gs_chain_io_header(&w->io, gs_block_at(own->number), &head, error);
		if (!err && gs_hash_equal(&head.hash, &own->hash))
			return GS_OK;
		if (err && err != GS_ENOTFOUND)
			return err;
		if (w->heads.kept_count < 2)
			return gs_fail(error, GS_ECONFLICT,
			               "the archive's block %" PRIu64
			               " is not on this chain: the archive is of another one; name another archive",
			               own->number);
		gs_log_line(w->o.log, GS_LOG_INFO, "chain.rewound", "block=%" PRIu64, own->number);
		if ((err = rewind_one(w, error)) != GS_OK)
			return err;
	}
}

static enum gs_err take_block(struct gs_watch *w, const struct gs_head *head, struct gs_error *error)
{
	struct gs_log_list logs = {0};
	struct gs_journal j;
	struct asked asked;
	enum gs_err err;

	ask_for(w, head->number, head->number, &asked);
	asked.filter.block_hash = &head->hash;
	err = gs_eth_stream_logs(w->session.rpc, &asked.filter, &logs, error);
	for (size_t i = 0; i < logs.count; i++)
		logs.entries[i].time = head->time;
	if (!err)
		err = gs_watch_begin(w, &j, error);
	if (err) {
		gs_log_list_free(&logs);
		return err;
	}
	j.block = head->number; /* what is derived belongs to this block */
	j.sequence = 0;
	j.stays = false;
	err = take_logs(w, &j, head, head, &logs, error);
	if (!err)
		err = gs_journal_advance(&j, head);
	if (!err)
		err = gs_journal_commit(&j);
	else
		gs_journal_abort(&j);
	if (err)
		drop_events(w);
	else if (gs_head_restore(&w->heads, head))
		err = gs_fail(error, GS_ECORRUPT, "block %" PRIu64 " does not follow the stored ones", head->number);
	gs_log_list_free(&logs);
	return err;
}

static enum gs_err take_rest(struct gs_watch *w, struct gs_error *error)
{
	const uint64_t began = newest(w)->number;
	struct gs_head head;

	while (newest(w)->number < w->facts.to) {
		enum gs_err err = gs_chain_io_header(&w->io, gs_block_at(newest(w)->number + 1), &head, error);
		if (!err && !gs_hash_equal(&head.parent, &newest(w)->hash)) {
			err = back_to_the_chain(w, error);
			if (err)
				return err;
			continue;
		}
		if (!err)
			err = take_block(w, &head, error);
		if (err)
			return err;
		gs_watch_tell(w, "blocks", newest(w)->number > began ? newest(w)->number - began : 0,
		              w->facts.to - began);
	}
	return GS_OK;
}

/* --- all of it --- */

/* The block before the first one that is taken: the others' parent. */
static enum gs_err begin_at(struct gs_watch *w, uint64_t block, struct gs_error *error)
{
	const struct gs_log_list none = {0};
	struct gs_head head;
	const enum gs_err err = gs_chain_io_header(&w->io, gs_block_at(block), &head, error);

	return err ? err : store_range(w, &head, &head, &none, error);
}

enum gs_err gs_watch_take(struct gs_watch *w, struct gs_error *error)
{
	struct gs_head final, last;
	enum gs_err err = gs_chain_io_final(&w->io, &final, error);

	if (err)
		return err;
	w->facts.final = final.number;
	if (w->facts.to == GS_WATCH_NEWEST)
		w->facts.to = final.number;
	if (w->facts.from > w->facts.to)
		return gs_fail(error, GS_EINVAL, "--from %" PRIu64 ": behind the last block, %" PRIu64 ": correct it",
		               w->facts.from, w->facts.to);
	if (w->facts.to > final.number && (err = gs_chain_io_header(&w->io, gs_block_at(w->facts.to), &last, error)))
		return err == GS_ENOTFOUND
		               ? gs_fail(error, GS_EINVAL,
		                         "--to %" PRIu64 ": %s has no such block yet; the newest final one is %" PRIu64,
		                         w->facts.to, gs_rpc_name(w->session.rpc), final.number)
		               : err;
	if (!newest(w)) {
		const uint64_t first = w->facts.registry_from;
		err = begin_at(w, first ? first - 1 : 0, error);
	} else {
		err = back_to_the_chain(w, error);
	}
	if (!err && newest(w)->number < w->facts.to)
		err = take_final(w, final.number < w->facts.to ? final.number : w->facts.to, error);
	return err ? err : take_rest(w, error);
}
