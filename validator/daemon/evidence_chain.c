/* What an endpoint knows of one claim: where something was said about it, and the headers, receipts and transactions that show it. */
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/bindings.h"
#include "chain/eth/block.h"
#include "chain/eth/rlp.h"
#include "chain/eth/trie.h"
#include "chain/eth/tx.h"
#include "chain/rpc/eth.h"
#include "chain/rpc/hexjson.h"
#include "validator/daemon/evidence.h"

enum { ITEM_BYTES_MAX = 16 * 1024 * 1024, DEPOSIT_TYPE = 0x7e, TYPE_MAX = 0x7f };

struct place { /* of a transaction that a log about the claim is of */
	uint64_t number;
	struct gs_hash block;
	uint32_t index;
};

struct asking {
	struct gs_rpc *rpc;
	struct gs_evidence_room *room;
	struct gs_evidence *e;
	struct place *place; /* rising; owned */
	size_t count, cap;
	uint32_t blocks;
	struct gs_error *error;
};

/* --- where --- */

static enum gs_err keep_place(struct asking *a, const json_t *log)
{
	struct place p = {0};
	uint64_t index;

	if (!gs_json_u64(json_object_get(log, "blockNumber"), &p.number) ||
	    !gs_json_hash(json_object_get(log, "blockHash"), &p.block) ||
	    !gs_json_u64(json_object_get(log, "transactionIndex"), &index) || index >= GS_TRIE_ITEMS_MAX)
		return gs_rpc_malformed(a->rpc, GS_EPARSE, a->error, "eth_getLogs: a log does not have its form");
	p.index = (uint32_t)index;
	for (size_t i = 0; i < a->count; i++)
		if (a->place[i].number == p.number && a->place[i].index == p.index)
			return GS_OK;
	if (a->count == GS_EVIDENCE_RECEIPTS_MAX)
		return gs_fail(a->error, GS_ELIMIT, "more than %d transactions are about the claim",
		               GS_EVIDENCE_RECEIPTS_MAX);
	if (a->count == a->cap) {
		const size_t cap = a->cap ? 2 * a->cap : 64;
		struct place *grown = realloc(a->place, cap * sizeof(*grown));
		if (!grown)
			return gs_fail(a->error, GS_ENOMEM, "evidence: no memory");
		a->place = grown;
		a->cap = cap;
	}
	a->place[a->count++] = p;
	return GS_OK;
}

static int by_place(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static enum gs_err ask_logs(struct asking *a, uint64_t from, uint64_t to)
{
	const struct gs_contracts *c = &a->e->contracts;
	json_t *filter = json_pack("{s:o, s:o, s:[o,o,o], s:[n,o]}", "fromBlock", gs_json_from_u64(from), "toBlock",
	                           gs_json_from_u64(to), "address", gs_json_from_address(&c->claims),
	                           gs_json_from_address(&c->disputes), gs_json_from_address(&c->duties), "topics",
	                           gs_json_from_hash(&a->e->claim));
	json_t *logs = NULL, *log;
	size_t i;
	enum gs_err err = gs_rpc_call(a->rpc, "eth_getLogs", json_pack("[o]", filter), &logs, a->error);

	if (!err && !json_is_array(logs))
		err = gs_rpc_malformed(a->rpc, GS_EPARSE, a->error, "eth_getLogs: no list of logs");
	if (!err)
		json_array_foreach(logs, i, log) if (!err) err = keep_place(a, log);
	json_decref(logs);
	return err;
}

static enum gs_err find_places(struct asking *a)
{
	uint64_t newest, at = a->e->posted_block;
	enum gs_err err = gs_eth_block_number(a->rpc, &newest, a->error);

	if (!err && newest < at)
		return gs_fail(
			a->error, GS_ECONFLICT,
			"the endpoint is at block %llu, the claim was posted in block %llu: another chain, or behind",
			(unsigned long long)newest, (unsigned long long)at);
	for (; !err && at <= newest; at += GS_EVIDENCE_RANGE)
		err = ask_logs(a, at, newest - at < GS_EVIDENCE_RANGE ? newest : at + GS_EVIDENCE_RANGE - 1);
	if (!err && a->count)
		qsort(a->place, a->count, sizeof(*a->place), by_place);
	return err;
}

/* --- bytes from JSON --- */

static void put_data(const json_t *object, const char *name, struct gs_buf *out)
{
	struct gs_buf bytes;

	gs_buf_init(&bytes, ITEM_BYTES_MAX);
	if (gs_json_append(json_object_get(object, name), &bytes) && !out->err)
		out->err = GS_EPARSE;
	gs_rlp_put_bytes(out, gs_buf_view(&bytes));
	gs_buf_free(&bytes);
}

static void put_number(const json_t *object, const char *name, struct gs_buf *out)
{
	struct gs_u256 v = {{0}};

	if (!gs_json_u256(json_object_get(object, name), &v) && !out->err)
		out->err = GS_EPARSE;
	gs_rlp_put_u256(out, &v);
}

/* In the order of the header's fields; those after the nonce as far as the block has them. */
static void encode_header(const json_t *block, struct gs_buf *out)
{
	static const struct {
		const char *name;
		bool number, later;
	} field[] = {
		{"parentHash", false, false},
		{"sha3Uncles", false, false},
		{"miner", false, false},
		{"stateRoot", false, false},
		{"transactionsRoot", false, false},
		{"receiptsRoot", false, false},
		{"logsBloom", false, false},
		{"difficulty", true, false},
		{"number", true, false},
		{"gasLimit", true, false},
		{"gasUsed", true, false},
		{"timestamp", true, false},
		{"extraData", false, false},
		{"mixHash", false, false},
		{"nonce", false, false},
		{"baseFeePerGas", true, true},
		{"withdrawalsRoot", false, true},
		{"blobGasUsed", true, true},
		{"excessBlobGas", true, true},
		{"parentBeaconBlockRoot", false, true},
		{"requestsHash", false, true},
	};
	struct gs_buf items;

	gs_buf_init(&items, GS_BLOCK_HEADER_MAX);
	for (size_t i = 0; i < GS_ARRAY_LEN(field); i++) {
		const json_t *value = json_object_get(block, field[i].name);
		if (field[i].later && (!value || json_is_null(value)))
			break;
		if (field[i].number)
			put_number(block, field[i].name, &items);
		else
			put_data(block, field[i].name, &items);
	}
	if (items.err && !out->err)
		out->err = items.err;
	gs_rlp_put_list(out, gs_buf_view(&items));
	gs_buf_free(&items);
}

static void put_log(const json_t *log, struct gs_buf *out)
{
	struct gs_buf items, topics, data;
	json_t *topic;
	size_t i;

	gs_buf_init(&items, ITEM_BYTES_MAX);
	gs_buf_init(&topics, 1024);
	gs_buf_init(&data, 64);
	put_data(log, "address", &items);
	json_array_foreach(json_object_get(log, "topics"), i, topic)
	{
		data.len = 0;
		if (gs_json_append(topic, &data) && !items.err)
			items.err = GS_EPARSE;
		gs_rlp_put_bytes(&topics, gs_buf_view(&data));
	}
	gs_rlp_put_list(&items, gs_buf_view(&topics));
	put_data(log, "data", &items);
	if ((items.err || topics.err) && !out->err)
		out->err = items.err ? items.err : topics.err;
	gs_rlp_put_list(out, gs_buf_view(&items));
	gs_buf_free(&data);
	gs_buf_free(&topics);
	gs_buf_free(&items);
}

/* As the trie of receipts holds it. */
static void encode_receipt(const json_t *receipt, struct gs_buf *out)
{
	const json_t *kind = json_object_get(receipt, "type");
	struct gs_buf items, logs;
	uint64_t type = 0;
	json_t *log;
	size_t i;

	gs_buf_init(&items, ITEM_BYTES_MAX);
	gs_buf_init(&logs, ITEM_BYTES_MAX);
	if (kind && (!gs_json_u64(kind, &type) || type > TYPE_MAX))
		items.err = GS_EPARSE;
	put_number(receipt, "status", &items);
	put_number(receipt, "cumulativeGasUsed", &items);
	put_data(receipt, "logsBloom", &items);
	json_array_foreach(json_object_get(receipt, "logs"), i, log) put_log(log, &logs);
	gs_rlp_put_list(&items, gs_buf_view(&logs));
	if (type == DEPOSIT_TYPE && json_object_get(receipt, "depositNonce"))
		put_number(receipt, "depositNonce", &items);
	if (type == DEPOSIT_TYPE && json_object_get(receipt, "depositReceiptVersion"))
		put_number(receipt, "depositReceiptVersion", &items);
	if (type)
		gs_buf_append_u8(out, (uint8_t)type);
	if ((items.err || logs.err) && !out->err)
		out->err = items.err ? items.err : logs.err;
	gs_rlp_put_list(out, gs_buf_view(&items));
	gs_buf_free(&logs);
	gs_buf_free(&items);
}

/* --- lists of a block --- */

struct items {
	struct gs_buf bytes;
	struct gs_bytes *item; /* views of it, once all are there; owned */
	size_t *start;         /* owned */
	size_t count;
};

static void items_free(struct items *s)
{
	gs_buf_free(&s->bytes);
	free(s->item);
	free(s->start);
}

static enum gs_err items_init(struct items *s, size_t count)
{
	gs_buf_init(&s->bytes, GS_EVIDENCE_BYTES_MAX);
	s->count = count;
	s->item = calloc(count + 1, sizeof(*s->item));
	s->start = calloc(count + 1, sizeof(*s->start));
	return s->item && s->start ? GS_OK : GS_ENOMEM;
}

static void items_done(struct items *s)
{
	s->start[s->count] = s->bytes.len;
	for (size_t i = 0; i < s->count; i++)
		s->item[i] = (struct gs_bytes){s->bytes.ptr + s->start[i], s->start[i + 1] - s->start[i]};
}

static enum gs_err ask_receipts(struct asking *a, const struct place *p, size_t count, struct items *out)
{
	json_t *receipts = NULL, *receipt;
	size_t i;
	enum gs_err err = gs_rpc_call(a->rpc, "eth_getBlockReceipts", json_pack("[o]", gs_json_from_hash(&p->block)),
	                              &receipts, a->error);

	if (err)
		return err;
	if (!json_is_array(receipts) || json_array_size(receipts) != count) {
		json_decref(receipts);
		return GS_ENOTFOUND;
	}
	json_array_foreach(receipts, i, receipt)
	{
		out->start[i] = out->bytes.len;
		encode_receipt(receipt, &out->bytes);
	}
	json_decref(receipts);
	if (out->bytes.err)
		return out->bytes.err;
	items_done(out);
	return GS_OK;
}

static enum gs_err ask_transaction(struct asking *a, const struct gs_hash *hash, struct gs_buf *out)
{
	json_t *raw = NULL;
	struct gs_hash is;
	const size_t at = out->len;
	enum gs_err err = gs_rpc_call(a->rpc, "eth_getRawTransactionByHash", json_pack("[o]", gs_json_from_hash(hash)),
	                              &raw, a->error);

	if (!err && gs_json_append(raw, out))
		err = GS_ENOTFOUND;
	json_decref(raw);
	if (err)
		return err;
	gs_tx_hash((struct gs_bytes){out->ptr + at, out->len - at}, &is);
	return gs_hash_equal(&is, hash) ? GS_OK : GS_ECONFLICT;
}

/* All of a block's, if it is no large one, so that the trie can be made. */
static enum gs_err ask_transactions(struct asking *a, const json_t *hashes, struct items *out)
{
	enum gs_err err = GS_OK;
	struct gs_hash hash;

	for (size_t i = 0; i < out->count && !err; i++) {
		out->start[i] = out->bytes.len;
		err = gs_json_hash(json_array_get(hashes, i), &hash) ? ask_transaction(a, &hash, &out->bytes)
		                                                     : GS_EPARSE;
	}
	if (!err)
		items_done(out);
	return err;
}

/* Those of the places in this block, with their proofs; only if the list has the header's root. */
static enum gs_err put_proven(struct asking *a, const struct place *p, size_t places, const struct items *items,
                              const struct gs_hash *root, struct gs_buf *out)
{
	struct gs_hash is;
	struct gs_buf proof;
	enum gs_err err = gs_trie_list(items->item, items->count, 0, &is, NULL);

	if (!err && !gs_hash_equal(&is, root))
		return GS_ECONFLICT;
	for (size_t i = 0; i < places && !err; i++) {
		if (p[i].index >= items->count)
			return GS_ECONFLICT;
		gs_buf_init(&proof, GS_EVIDENCE_BYTES_MAX);
		err = gs_trie_list(items->item, items->count, p[i].index, &is, &proof);
		const struct gs_evidence_item item = {
			.block = a->blocks, .index = p[i].index, .proof = gs_buf_view(&proof)};
		if (!err)
			gs_evidence_put_item(&item, out);
		gs_buf_free(&proof);
	}
	return err ? err : out->err;
}

/* Without a proof: the few that are needed. */
static enum gs_err put_unproven(struct asking *a, const struct place *p, size_t places, const json_t *hashes,
                                struct gs_buf *out)
{
	struct gs_hash hash;
	struct gs_buf raw;
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < places && !err; i++) {
		gs_buf_init(&raw, ITEM_BYTES_MAX);
		err = gs_json_hash(json_array_get(hashes, p[i].index), &hash) ? ask_transaction(a, &hash, &raw)
		                                                              : GS_EPARSE;
		const struct gs_evidence_item item = {
			.block = a->blocks, .index = p[i].index, .bytes = gs_buf_view(&raw)};
		if (!err)
			gs_evidence_put_item(&item, out);
		gs_buf_free(&raw);
	}
	return err ? err : out->err;
}

static void note(struct asking *a, uint64_t block, const char *what)
{
	gs_buf_append_text(&a->room->notes, "chain: block %llu: %s\n", (unsigned long long)block, what);
}

/* What is wrong with one list of one block is noted; what ends all is memory, room, and an endpoint that does not answer any more. */
static bool is_fatal(const struct asking *a, enum gs_err err)
{
	return err == GS_ENOMEM || err == GS_ELIMIT ||
	       (err == GS_EIO && gs_rpc_last_failure(a->rpc)->kind == GS_RPC_TRANSPORT);
}

static enum gs_err add_lists(struct asking *a, const struct place *p, size_t places, const json_t *hashes,
                             const struct gs_block_header *header)
{
	const size_t count = json_array_size(hashes);
	struct items receipts = {.count = 0}, txs = {.count = 0};
	enum gs_err err = items_init(&receipts, count);

	if (!err)
		err = ask_receipts(a, p, count, &receipts);
	if (!err)
		err = put_proven(a, p, places, &receipts, &header->receipts_root, &a->room->receipts);
	if (err && !is_fatal(a, err)) {
		note(a, header->head.number,
		     "its receipts do not have the root of its header, or eth_getBlockReceipts is not there");
		err = GS_OK;
	}
	if (!err)
		err = items_init(&txs, count);
	if (!err && count <= GS_EVIDENCE_BLOCK_ITEMS_MAX) {
		err = ask_transactions(a, hashes, &txs);
		if (!err)
			err = put_proven(a, p, places, &txs, &header->transactions_root, &a->room->transactions);
	}
	if ((err || count > GS_EVIDENCE_BLOCK_ITEMS_MAX) && !is_fatal(a, err)) {
		err = put_unproven(a, p, places, hashes, &a->room->transactions);
		note(a, header->head.number,
		     err ? "its transactions cannot be had (eth_getRawTransactionByHash)"
		         : "transactions without proof: not all of the block's could be had");
		err = is_fatal(a, err) ? err : GS_OK;
	}
	items_free(&receipts);
	items_free(&txs);
	return err;
}

static enum gs_err add_block(struct asking *a, const struct place *p, size_t places)
{
	struct gs_block_header header;
	struct gs_buf rlp;
	json_t *block = NULL;
	enum gs_err err = gs_rpc_call(a->rpc, "eth_getBlockByHash", json_pack("[o,b]", gs_json_from_hash(&p->block), 0),
	                              &block, a->error);

	gs_buf_init(&rlp, GS_BLOCK_HEADER_MAX);
	if (err)
		goto out;
	encode_header(block, &rlp);
	if (rlp.err || gs_block_header_decode(gs_buf_view(&rlp), &header) ||
	    !gs_hash_equal(&header.head.hash, &p->block)) {
		note(a, p->number,
		     "its header's fields do not have its hash: of a fork that this version does not know");
		goto out;
	}
	if (a->blocks == GS_EVIDENCE_BLOCKS_MAX) {
		err = gs_fail(a->error, GS_ELIMIT, "more than %d blocks are about the claim", GS_EVIDENCE_BLOCKS_MAX);
		goto out;
	}
	gs_framed_put(&a->room->blocks, gs_buf_view(&rlp));
	err = add_lists(a, p, places, json_object_get(block, "transactions"), &header);
	a->blocks++;
out:
	gs_buf_free(&rlp);
	json_decref(block);
	return err;
}

/* --- clocks --- */

static enum gs_err ask_seconds(struct asking *a, uint32_t selector, uint32_t *out)
{
	uint8_t data[4];
	struct gs_buf word;
	struct gs_eth_call call = {.to = &a->e->contracts.disputes, .data = {data, sizeof(data)}};
	enum gs_err err;

	gs_be32_write(data, selector);
	gs_buf_init(&word, 1024);
	err = gs_eth_do_call(a->rpc, &call, gs_block_latest(), &word, a->error);
	if (!err && word.len != 32)
		err = gs_rpc_malformed(a->rpc, GS_EPARSE, a->error, "Disputes: a parameter is no word");
	if (!err)
		*out = gs_be32_read(word.ptr + 28);
	gs_buf_free(&word);
	return err;
}

enum gs_err gs_evidence_add_chain(struct gs_rpc *rpc, struct gs_evidence_room *room, struct gs_evidence *e,
                                  struct gs_error *error)
{
	struct asking a = {.rpc = rpc, .room = room, .e = e, .error = error};
	enum gs_err err = ask_seconds(&a, GS_DISPUTES_FN_CLAIMANT_BUDGET, &e->claimant_budget_s);

	if (!err)
		err = ask_seconds(&a, GS_DISPUTES_FN_CHALLENGER_BUDGET, &e->challenger_budget_s);
	if (!err)
		err = ask_seconds(&a, GS_DISPUTES_FN_MINIMUM_TIME, &e->minimum_time_s);
	if (!err)
		err = find_places(&a);
	for (size_t i = 0, next; i < a.count && !err; i = next) {
		for (next = i + 1; next < a.count && a.place[next].number == a.place[i].number; next++)
			;
		err = add_block(&a, &a.place[i], next - i);
	}
	free(a.place);
	gs_evidence_view_room(room, e);
	return err && error && !error->text[0] ? gs_fail(error, err, "evidence: the chain's part could not be made")
	                                       : err;
}
