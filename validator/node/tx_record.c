#include "validator/node/tx_record.h"

#include <stdlib.h>
#include <string.h>

#include "validator/node/record.h"

enum {
	TX_VERSION = 2,
	TX_FIELDS = 13,
	L1_VERSION = 3, /* of L1 */
	L1_FIELDS = TX_FIELDS + 2,
	OLD_VERSION = 1, /* without prices */
	OLD_FIELDS = 5,
	TX_BYTES_MAX = 132 * 1024,
	PENDING_MAX = 4096,
	PENDING_BYTES_MAX = 256 * 1024 * 1024,
	PRUNED_AT_ONCE = 256,
};

static struct gs_bytes hash_key(const struct gs_hash *hash)
{
	return (struct gs_bytes){hash->b, sizeof(hash->b)};
}

/* --- records --- */

static void encode(const struct gs_tx_record *in, struct gs_buf *out)
{
	struct gs_record_writer w;

	if (in->lane == GS_LANE_L1)
		gs_record_begin(&w, out, L1_VERSION, L1_FIELDS);
	else
		gs_record_begin(&w, out, TX_VERSION, TX_FIELDS);
	gs_record_put_hash(&w, &in->intent);
	gs_record_put_u64(&w, in->nonce);
	gs_record_put_bool(&w, in->settled);
	gs_record_put_u64(&w, in->last_sent.unix_s);
	gs_record_put_bytes(&w, in->raw);
	gs_record_put_wei(&w, in->max_fee);
	gs_record_put_wei(&w, in->tip);
	gs_record_put_u64(&w, in->gas_limit);
	gs_record_put_bool(&w, in->cancels);
	gs_record_put_bool(&w, in->hopeless);
	gs_record_put_u64(&w, in->tended_block);
	gs_record_put_u64(&w, in->settled_block);
	gs_record_put_u64(&w, in->lost_since.unix_s);
	if (in->lane == GS_LANE_L1) {
		gs_record_put_u64(&w, in->deposit_gas);
		gs_record_put_hash(&w, &in->deposit);
	}
	gs_record_end(&w);
}

/* Opens a record of any version. */
static void open_record(struct gs_record_reader *r, struct gs_bytes value, struct gs_tx_record *out, bool *old)
{
	gs_record_open(r, value, TX_VERSION, TX_FIELDS);
	if (r->err != GS_EUNSUPPORTED)
		return;
	gs_record_open(r, value, L1_VERSION, L1_FIELDS);
	if (r->err != GS_EUNSUPPORTED) {
		out->lane = GS_LANE_L1;
		return;
	}
	gs_record_open(r, value, OLD_VERSION, OLD_FIELDS);
	*old = true;
}

static enum gs_err decode(struct gs_bytes key, struct gs_bytes value, struct gs_tx_record *out)
{
	struct gs_record_reader r;
	bool old = false;

	memset(out, 0, sizeof(*out));
	if (key.len != sizeof(out->hash.b))
		return GS_ECORRUPT;
	memcpy(out->hash.b, key.ptr, key.len);
	open_record(&r, value, out, &old);
	out->intent = gs_record_get_hash(&r);
	out->nonce = gs_record_get_u64(&r);
	out->settled = gs_record_get_bool(&r);
	out->last_sent.unix_s = gs_record_get_u64(&r);
	out->raw = gs_record_get_bytes(&r);
	if (!old) {
		out->max_fee = gs_record_get_wei(&r);
		out->tip = gs_record_get_wei(&r);
		out->gas_limit = gs_record_get_u64(&r);
		out->cancels = gs_record_get_bool(&r);
		out->hopeless = gs_record_get_bool(&r);
		out->tended_block = gs_record_get_u64(&r);
		out->settled_block = gs_record_get_u64(&r);
		out->lost_since.unix_s = gs_record_get_u64(&r);
	}
	if (out->lane == GS_LANE_L1) {
		out->deposit_gas = gs_record_get_u64(&r);
		out->deposit = gs_record_get_hash(&r);
	}
	return gs_record_close(&r);
}

enum gs_err gs_tx_record_put(struct gs_journal *j, const struct gs_tx_record *tx, bool derived)
{
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, TX_BYTES_MAX);
	encode(tx, &value);
	err = value.err;
	if (!err)
		err = derived ? gs_journal_derive(j, GS_TABLE_TXS, hash_key(&tx->hash), gs_buf_view(&value))
		              : gs_journal_put(j, GS_TABLE_TXS, hash_key(&tx->hash), gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_tx_record_load(struct gs_journal *j, const struct gs_hash *hash, struct gs_tx_record *out,
                              struct gs_buf *data)
{
	const size_t start = data->len;
	enum gs_err err = gs_journal_get(j, GS_TABLE_TXS, hash_key(hash), data);

	return err ? err : decode(hash_key(hash), (struct gs_bytes){data->ptr + start, data->len - start}, out);
}

static enum gs_err scan(struct gs_journal *j, gs_store_visit visit, void *context)
{
	return j->store->scan(j->txn, GS_TABLE_TXS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, visit, context,
	                      j->error);
}

/* --- what waits --- */

struct listing {
	struct gs_tx_list *list;
	enum gs_lane lane;
	bool settled_too;
};

static enum gs_err keep_listed(void *context, struct gs_bytes key, struct gs_bytes value)
{
	const struct listing *listing = context;
	struct gs_tx_list *list = listing->list;
	struct gs_tx_record tx;
	enum gs_err err = decode(key, value, &tx);

	if (err || tx.lane != listing->lane || (tx.settled && !listing->settled_too))
		return err;
	if (list->count == PENDING_MAX)
		return GS_ELIMIT;
	if (!list->tx && !(list->tx = malloc(PENDING_MAX * sizeof(*list->tx)))) /* mostly none is pending */
		return GS_ENOMEM;
	list->tx[list->count++] = tx;
	gs_buf_append(&list->bytes, tx.raw.ptr, tx.raw.len);
	return list->bytes.err;
}

static int by_nonce_and_price(const void *x, const void *y)
{
	const struct gs_tx_record *a = x, *b = y;

	if (a->nonce != b->nonce)
		return a->nonce < b->nonce ? -1 : 1;
	return gs_wei_cmp(a->max_fee, b->max_fee);
}

static enum gs_err list_txs(struct gs_journal *j, enum gs_lane lane, bool settled_too, struct gs_tx_list *out)
{
	struct listing listing = {.list = out, .lane = lane, .settled_too = settled_too};
	size_t at = 0;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	gs_buf_init(&out->bytes, PENDING_BYTES_MAX);
	err = scan(j, keep_listed, &listing);
	if (err == GS_ENOMEM)
		return gs_fail(j->error, err, "pending transactions: no memory");
	for (size_t i = 0; i < out->count; i++) {
		out->tx[i].raw.ptr = out->bytes.ptr + at;
		at += out->tx[i].raw.len;
	}
	if (out->count)
		qsort(out->tx, out->count, sizeof(*out->tx), by_nonce_and_price);
	return err;
}

enum gs_err gs_tx_record_pending(struct gs_journal *j, enum gs_lane lane, struct gs_tx_list *out)
{
	return list_txs(j, lane, false, out);
}

enum gs_err gs_tx_record_all(struct gs_journal *j, enum gs_lane lane, struct gs_tx_list *out)
{
	return list_txs(j, lane, true, out);
}

void gs_tx_list_free(struct gs_tx_list *list)
{
	free(list->tx);
	gs_buf_free(&list->bytes);
	memset(list, 0, sizeof(*list));
}

enum gs_err gs_tx_record_settle(struct gs_journal *j, enum gs_lane lane, uint64_t nonce, uint64_t at)
{
	struct gs_tx_list list;
	enum gs_err err = gs_tx_record_pending(j, lane, &list);

	for (size_t i = 0; i < list.count && !err; i++) {
		if (list.tx[i].nonce != nonce)
			continue;
		list.tx[i].settled = true;
		list.tx[i].settled_block = at;
		err = gs_tx_record_put(j, &list.tx[i], lane == GS_LANE_CHAIN);
	}
	gs_tx_list_free(&list);
	return err;
}

/* --- what is over --- */

struct old_records {
	enum gs_lane lane;
	uint64_t before;
	uint64_t floor;
	struct gs_hash hash[PRUNED_AT_ONCE];
	size_t count;
};

static enum gs_err keep_old(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct old_records *old = context;
	struct gs_tx_record tx;
	enum gs_err err = decode(key, value, &tx);

	if (err || tx.lane != old->lane || !tx.settled || tx.settled_block > old->before ||
	    old->count == PRUNED_AT_ONCE)
		return err;
	old->hash[old->count++] = tx.hash;
	if (tx.nonce >= old->floor)
		old->floor = tx.nonce + 1;
	return GS_OK;
}

enum gs_err gs_tx_record_prune(struct gs_journal *j, enum gs_lane lane, uint64_t before, uint64_t *floor)
{
	struct old_records *old = malloc(sizeof(*old)); /* hashes are written as they are found */
	enum gs_err err;

	if (!old)
		return gs_fail(j->error, GS_ENOMEM, "settled transactions: no memory");
	old->lane = lane;
	old->before = before;
	old->floor = *floor;
	old->count = 0;
	err = scan(j, keep_old, old);
	for (size_t i = 0; i < old->count && !err; i++)
		err = gs_journal_del(j, GS_TABLE_TXS, hash_key(&old->hash[i]));
	*floor = old->floor;
	free(old);
	return err;
}

struct settled_search {
	enum gs_lane lane;
	uint64_t nonce;
	bool found;
};

static enum gs_err look_for_settled(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct settled_search *search = context;
	struct gs_tx_record tx;
	enum gs_err err = decode(key, value, &tx);

	search->found = search->found || (!err && tx.settled && tx.lane == search->lane && tx.nonce == search->nonce);
	return err;
}

enum gs_err gs_tx_record_is_settled(struct gs_journal *j, enum gs_lane lane, uint64_t nonce, bool *out)
{
	struct settled_search search = {.lane = lane, .nonce = nonce};
	enum gs_err err = scan(j, look_for_settled, &search);

	*out = search.found;
	return err;
}
