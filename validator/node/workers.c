/* Executions that workers did (docs/scale.md). What a worker found right is believed as long as the worker is; its verdicts say whose word they
 * are, so that they can be taken back, after a restart too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validator/node/audit.h"
#include "validator/node/node_state.h"

enum { TAKEN_BACK_MAX = 1 << 20 };

/* Table META: this, then the address. The value is the time, big-endian. */
static const char distrusted_prefix[] = "distrusted worker ";
enum { PREFIX_BYTES = sizeof(distrusted_prefix) - 1, KEY_BYTES = PREFIX_BYTES + 20 };

static struct gs_bytes prefix(void)
{
	return (struct gs_bytes){(const uint8_t *)distrusted_prefix, PREFIX_BYTES};
}

void gs_verdict_by_worker(const struct gs_address *worker, char out[GS_NODE_REASON_MAX])
{
	char text[GS_ADDRESS_TEXT_MAX];

	gs_address_format(worker, text);
	snprintf(out, GS_NODE_REASON_MAX, "executed by worker %s", text);
}

struct search {
	char reason[GS_NODE_REASON_MAX];
	struct gs_hash *claim; /* owned */
	size_t count, cap;
};

static enum gs_err keep_word(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct search *search = context;
	struct gs_verdict_record verdict;
	enum gs_err err = gs_verdict_decode(value, &verdict);

	if (err || verdict.verdict != GS_VERDICT_VALID || strcmp(verdict.reason, search->reason) != 0)
		return err;
	if (key.len != sizeof(search->claim->b))
		return GS_ECORRUPT;
	if (search->count == search->cap) {
		const size_t cap = search->cap ? 2 * search->cap : 64;
		struct gs_hash *grown = cap <= TAKEN_BACK_MAX ? realloc(search->claim, cap * sizeof(*grown)) : NULL;
		if (!grown)
			return cap <= TAKEN_BACK_MAX ? GS_ENOMEM : GS_ELIMIT;
		search->claim = grown;
		search->cap = cap;
	}
	memcpy(search->claim[search->count++].b, key.ptr, key.len);
	return GS_OK;
}

/* Of a claim that is over the word stays as it is: nothing can be done about it. */
static enum gs_err take_back(struct gs_node_turn *t, const struct gs_hash *id, size_t *taken)
{
	struct gs_verdict_record verdict = {.verdict = GS_VERDICT_UNAVAILABLE}; /* of no time: executed again at once */
	struct gs_claim claim;
	const enum gs_err err = gs_facts_claim(t->j, id, &claim);

	if (err && err != GS_ENOTFOUND) /* not found: a leaf that nobody has opened */
		return err;
	if (!err && claim.status != GS_CLAIM_OPEN)
		return GS_OK;
	(*taken)++;
	snprintf(verdict.reason, sizeof(verdict.reason), "the worker that executed it has lied elsewhere");
	return gs_node_store_verdict(t->j, id, &verdict);
}

enum gs_err gs_node_on_distrusted(struct gs_node_turn *t, const struct gs_address *worker)
{
	struct search search = {.claim = NULL};
	struct gs_hash digest;
	char text[GS_ADDRESS_TEXT_MAX];
	uint8_t key[KEY_BYTES], time[8];
	size_t taken = 0;
	enum gs_err err;

	memcpy(key, distrusted_prefix, PREFIX_BYTES);
	memcpy(key + PREFIX_BYTES, worker->b, sizeof(worker->b));
	gs_be64_write(time, t->node->now.unix_s);
	err = gs_journal_put(t->j, GS_TABLE_META, (struct gs_bytes){key, sizeof(key)},
	                     (struct gs_bytes){time, sizeof(time)});
	gs_verdict_by_worker(worker, search.reason);
	if (!err)
		err = t->j->store->scan(t->j->txn, GS_TABLE_VERDICTS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING,
		                        keep_word, &search, t->j->error);
	for (size_t i = 0; i < search.count && !err; i++)
		err = take_back(t, &search.claim[i], &taken);
	free(search.claim);
	if (err)
		return err;
	gs_address_format(worker, text);
	memset(&digest, 0, sizeof(digest));
	memcpy(digest.b + 12, worker->b, sizeof(worker->b));
	err = gs_audit_append(t->j, GS_AUDIT_DISTRUSTED, NULL, &digest, text);
	if (err)
		return err;
	gs_log_line(t->node->log, GS_LOG_ERROR, "worker.distrusted",
	            "worker=%s verdicts=%zu why=\"it has lied; what it found right is executed again\"", text, taken);
	return gs_node_newest(t->node) ? gs_node_plan(t) : GS_OK;
}

struct list {
	struct gs_address *out;
	size_t max, count;
};

static enum gs_err keep_address(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct list *list = context;

	(void)value;
	if (key.len != KEY_BYTES)
		return GS_ECORRUPT;
	if (list->count == list->max)
		return GS_ELIMIT;
	memcpy(list->out[list->count++].b, key.ptr + PREFIX_BYTES, sizeof(list->out->b));
	return GS_OK;
}

enum gs_err gs_node_distrusted(const struct gs_store *store, struct gs_address *out, size_t max, size_t *count,
                               struct gs_error *error)
{
	struct list list = {.out = out, .max = max};
	struct gs_store_txn *txn;
	enum gs_err err = store->begin(store->self, GS_STORE_READ, &txn, error);

	*count = 0;
	if (err)
		return err;
	err = store->scan(txn, GS_TABLE_META, prefix(), GS_STORE_ASCENDING, keep_address, &list, error);
	store->abort(txn);
	*count = list.count;
	return err == GS_ELIMIT ? gs_fail(error, err, "database: more than %zu workers were found lying", max) : err;
}
