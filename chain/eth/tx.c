#include "chain/eth/tx.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/rlp.h"

enum { EIP1559_TYPE = 2 };

static void put_address(struct gs_buf *out, const struct gs_address *address)
{
	gs_rlp_put_bytes(out, (struct gs_bytes){address->b, sizeof(address->b)});
}

/* Appends type || rlp(items). */
static void put_envelope(struct gs_buf *out, const struct gs_buf *items)
{
	gs_buf_append_u8(out, EIP1559_TYPE);
	gs_rlp_put_list(out, gs_buf_view(items));
}

/* All but the signature. */
static void put_items(const struct gs_tx *tx, struct gs_buf *items)
{
	gs_rlp_put_u64(items, tx->chain_id);
	gs_rlp_put_u64(items, tx->nonce);
	gs_rlp_put_u256(items, &tx->priority_fee.v);
	gs_rlp_put_u256(items, &tx->max_fee.v);
	gs_rlp_put_u64(items, tx->gas_limit);
	if (tx->create)
		gs_rlp_put_bytes(items, (struct gs_bytes){0});
	else
		put_address(items, &tx->to);
	gs_rlp_put_u256(items, &tx->value.v);
	gs_rlp_put_bytes(items, tx->data);
	gs_rlp_put_list(items, (struct gs_bytes){0}); /* no access list */
}

enum gs_err gs_tx_encode_unsigned(const struct gs_tx *tx, struct gs_buf *out, struct gs_error *error)
{
	struct gs_buf items;
	enum gs_err err;

	if (tx->data.len > GS_TX_DATA_MAX)
		return gs_fail(error, GS_ELIMIT, "transaction of %zu bytes of data; nodes take at most %d",
		               tx->data.len, GS_TX_DATA_MAX);
	gs_buf_init(&items, GS_TX_RAW_MAX);
	put_items(tx, &items);
	put_envelope(out, &items);
	err = items.err ? items.err : out->err;
	gs_buf_free(&items);
	return err ? gs_fail(error, err, "transaction: %s while encoding", gs_err_name(err)) : GS_OK;
}

enum gs_err gs_tx_sign(const struct gs_tx *tx, const struct gs_key *key, struct gs_buf *raw, struct gs_hash *hash,
                       struct gs_error *error)
{
	struct gs_buf items, unsigned_raw;
	struct gs_signature signature;
	struct gs_hash digest;
	enum gs_err err;
	size_t start = raw->len;

	if (tx->data.len > GS_TX_DATA_MAX)
		return gs_fail(error, GS_ELIMIT, "transaction of %zu bytes of data; nodes take at most %d",
		               tx->data.len, GS_TX_DATA_MAX);
	gs_buf_init(&items, GS_TX_RAW_MAX);
	gs_buf_init(&unsigned_raw, GS_TX_RAW_MAX);
	put_items(tx, &items);
	put_envelope(&unsigned_raw, &items);
	if ((err = unsigned_raw.err) != GS_OK || (err = items.err) != GS_OK)
		goto out;

	gs_keccak256(unsigned_raw.ptr, unsigned_raw.len, &digest);
	if ((err = gs_key_sign(key, &digest, &signature, error)) != GS_OK)
		goto out;
	struct gs_u256 r = gs_u256_from_be(signature.r), s = gs_u256_from_be(signature.s);
	gs_rlp_put_u64(&items, signature.y_parity);
	gs_rlp_put_u256(&items, &r);
	gs_rlp_put_u256(&items, &s);
	put_envelope(raw, &items);
	if ((err = items.err) != GS_OK || (err = raw->err) != GS_OK)
		goto out;
	gs_tx_hash((struct gs_bytes){raw->ptr + start, raw->len - start}, hash);
out:
	if (err != GS_OK && (items.err != GS_OK || unsigned_raw.err != GS_OK || raw->err != GS_OK))
		gs_fail(error, err, "transaction: %s while encoding", gs_err_name(err));
	gs_buf_free(&unsigned_raw);
	gs_buf_free(&items);
	return err;
}

void gs_tx_hash(struct gs_bytes raw, struct gs_hash *out)
{
	gs_keccak256(raw.ptr, raw.len, out);
}

void gs_tx_contract_address(const struct gs_address *sender, uint64_t nonce, struct gs_address *out)
{
	/* At most 21 bytes of address and 9 of nonce, and one of list prefix. */
	struct gs_buf items, list;
	struct gs_hash hash;
	gs_buf_init(&items, 64);
	gs_buf_init(&list, 64);
	put_address(&items, sender);
	gs_rlp_put_u64(&items, nonce);
	gs_rlp_put_list(&list, gs_buf_view(&items));
	GS_ASSERT(items.err == GS_OK && list.err == GS_OK);
	gs_keccak256(list.ptr, list.len, &hash);
	memcpy(out->b, hash.b + 12, sizeof(out->b));
	gs_buf_free(&list);
	gs_buf_free(&items);
}
