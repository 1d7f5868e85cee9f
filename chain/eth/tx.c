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

/* The nine fields that are signed. */
static void put_fields(struct gs_buf *items, const struct gs_tx *tx)
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

enum gs_err gs_tx_digest(const struct gs_tx *tx, struct gs_hash *out, struct gs_error *error)
{
	struct gs_buf items, envelope;
	enum gs_err err;

	if (tx->data.len > GS_TX_DATA_MAX)
		return gs_fail(error, GS_ELIMIT, "transaction of %zu bytes of data; nodes take at most %d",
		               tx->data.len, GS_TX_DATA_MAX);
	gs_buf_init(&items, GS_TX_RAW_MAX);
	gs_buf_init(&envelope, GS_TX_RAW_MAX);
	put_fields(&items, tx);
	put_envelope(&envelope, &items);
	err = items.err ? items.err : envelope.err;
	if (err)
		gs_fail(error, err, "transaction: %s while encoding", gs_err_name(err));
	else
		gs_keccak256(envelope.ptr, envelope.len, out);
	gs_buf_free(&envelope);
	gs_buf_free(&items);
	return err;
}

enum gs_err gs_tx_sign(const struct gs_tx *tx, const struct gs_key *key, struct gs_buf *raw, struct gs_hash *hash,
                       struct gs_error *error)
{
	struct gs_buf items;
	struct gs_signature signature;
	struct gs_hash digest;
	size_t start = raw->len;
	enum gs_err err = gs_tx_digest(tx, &digest, error);

	if (err || (err = gs_key_sign(key, &digest, &signature, error)) != GS_OK)
		return err;
	struct gs_u256 r = gs_u256_from_be(signature.r), s = gs_u256_from_be(signature.s);
	gs_buf_init(&items, GS_TX_RAW_MAX);
	put_fields(&items, tx);
	gs_rlp_put_u64(&items, signature.y_parity);
	gs_rlp_put_u256(&items, &r);
	gs_rlp_put_u256(&items, &s);
	put_envelope(raw, &items);
	err = items.err ? items.err : raw->err;
	if (err)
		gs_fail(error, err, "transaction: %s while encoding", gs_err_name(err));
	else
		gs_tx_hash((struct gs_bytes){raw->ptr + start, raw->len - start}, hash);
	gs_buf_free(&items);
	return err;
}

/* --- reading --- */

/* Half the order of secp256k1, rounded down: no s above it counts (EIP-2). */
static const uint8_t s_max[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                                  0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

static void get_to(struct gs_rlp_reader *r, struct gs_tx *tx)
{
	const struct gs_bytes to = gs_rlp_get_bytes(r);

	tx->create = to.len == 0;
	if (to.len == sizeof(tx->to.b))
		memcpy(tx->to.b, to.ptr, to.len);
	else if (to.len)
		r->err = GS_EPARSE;
}

static void get_signature(struct gs_rlp_reader *r, struct gs_signature *out)
{
	const uint64_t parity = gs_rlp_get_u64(r);
	const struct gs_u256 rr = gs_rlp_get_u256(r), s = gs_rlp_get_u256(r);

	out->y_parity = (uint8_t)(parity & 1);
	gs_u256_to_be(&rr, out->r);
	gs_u256_to_be(&s, out->s);
	if (parity > 1 || memcmp(out->s, s_max, sizeof(s_max)) > 0)
		r->err = GS_EPARSE;
}

enum gs_err gs_tx_decode(struct gs_bytes raw, struct gs_tx *tx, struct gs_address *sender, struct gs_error *error)
{
	struct gs_rlp_reader outer, r, list;
	struct gs_signature signature;
	struct gs_hash digest;
	enum gs_err err;

	memset(tx, 0, sizeof(*tx));
	if (raw.len == 0 || raw.ptr[0] != EIP1559_TYPE)
		return gs_fail(error, raw.len ? GS_EUNSUPPORTED : GS_EPARSE,
		               "transaction: not of type 2 (EIP-1559), as all of ours are");
	outer = gs_rlp_read((struct gs_bytes){raw.ptr + 1, raw.len - 1});
	r = gs_rlp_get_list(&outer);
	tx->chain_id = gs_rlp_get_u64(&r);
	tx->nonce = gs_rlp_get_u64(&r);
	tx->priority_fee.v = gs_rlp_get_u256(&r);
	tx->max_fee.v = gs_rlp_get_u256(&r);
	tx->gas_limit = gs_rlp_get_u64(&r);
	get_to(&r, tx);
	tx->value.v = gs_rlp_get_u256(&r);
	tx->data = gs_rlp_get_bytes(&r);
	list = gs_rlp_get_list(&r);
	get_signature(&r, &signature);
	if (gs_rlp_end(&r) || gs_rlp_end(&outer))
		return gs_fail(error, GS_EPARSE, "transaction: malformed (RLP of EIP-1559)");
	if (list.rest.len)
		return gs_fail(error, GS_EUNSUPPORTED, "transaction: it has an access list, and none of ours has");
	if ((err = gs_tx_digest(tx, &digest, error)) != GS_OK)
		return err;
	if (gs_key_recover(&signature, &digest, sender) != GS_OK)
		return gs_fail(error, GS_EPARSE, "transaction: its signature is nobody's");
	return GS_OK;
}

const char *gs_tx_differs(const struct gs_tx *a, const struct gs_tx *b)
{
	if (a->chain_id != b->chain_id)
		return "chain id";
	if (a->nonce != b->nonce)
		return "nonce";
	if (gs_wei_cmp(a->priority_fee, b->priority_fee) != 0)
		return "priority fee";
	if (gs_wei_cmp(a->max_fee, b->max_fee) != 0)
		return "maximum fee";
	if (a->gas_limit != b->gas_limit)
		return "gas limit";
	if (a->create != b->create || (!a->create && !gs_address_equal(&a->to, &b->to)))
		return "recipient";
	if (gs_wei_cmp(a->value, b->value) != 0)
		return "value";
	if (!gs_bytes_equal(a->data, b->data))
		return "data";
	return NULL;
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
