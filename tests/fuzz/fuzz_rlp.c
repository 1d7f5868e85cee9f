/* RLP and transactions: what is read as a tree of items, or as a signed transaction, is the one encoding of it: written again it is the
 * same bytes. */
#include <stdlib.h>
#include <string.h>

#include "chain/eth/rlp.h"
#include "chain/eth/tx.h"

enum { DEPTH_MAX = 32, OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copies items; false where they are malformed or deeper than the walk goes. */
static bool copy(struct gs_rlp_reader *in, struct gs_buf *out, unsigned depth)
{
	while (in->rest.len && !in->err) {
		if (!gs_rlp_is_list(in)) {
			const struct gs_bytes bytes = gs_rlp_get_bytes(in);
			if (in->err)
				return false;
			gs_rlp_put_bytes(out, bytes);
			continue;
		}
		struct gs_rlp_reader list = gs_rlp_get_list(in);
		struct gs_buf items;
		gs_buf_init(&items, OUT_MAX);
		const bool whole = depth < DEPTH_MAX && copy(&list, &items, depth + 1);
		if (whole)
			gs_rlp_put_list(out, gs_buf_view(&items));
		gs_buf_free(&items);
		if (!whole)
			return false;
	}
	return in->err == GS_OK;
}

static void numbers(struct gs_bytes bytes)
{
	struct gs_rlp_reader r = gs_rlp_read(bytes);
	struct gs_buf out;
	const struct gs_u256 v = gs_rlp_get_u256(&r);

	if (r.err)
		return;
	gs_buf_init(&out, 64);
	gs_rlp_put_u256(&out, &v);
	if (out.err || out.len != bytes.len - r.rest.len || memcmp(out.ptr, bytes.ptr, out.len) != 0)
		abort();
	gs_buf_free(&out);
}

/* The fields that were read, signed anew with another key, differ from the bytes in nothing but the signature. */
static void transactions(struct gs_bytes bytes)
{
	struct gs_tx tx, again;
	struct gs_address sender, other;
	struct gs_hash a, b;
	struct gs_key key;
	struct gs_buf raw;
	uint8_t secret[32] = {[31] = 1};

	if (gs_tx_decode(bytes, &tx, &sender, NULL) != GS_OK)
		return;
	gs_buf_init(&raw, GS_TX_RAW_MAX);
	if (gs_key_from_secret(secret, &key, NULL) != GS_OK || gs_tx_sign(&tx, &key, &raw, &a, NULL) != GS_OK ||
	    gs_tx_decode(gs_buf_view(&raw), &again, &other, NULL) != GS_OK || gs_tx_differs(&tx, &again) ||
	    !gs_address_equal(&other, &key.address) || gs_tx_digest(&tx, &a, NULL) != GS_OK ||
	    gs_tx_digest(&again, &b, NULL) != GS_OK || !gs_hash_equal(&a, &b))
		abort();
	gs_buf_free(&raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gs_bytes bytes = {data, size};
	struct gs_rlp_reader in = gs_rlp_read(bytes);
	struct gs_buf out;

	gs_buf_init(&out, OUT_MAX);
	if (copy(&in, &out, 0) && (out.err || out.len != size || (size && memcmp(out.ptr, data, size) != 0)))
		abort();
	gs_buf_free(&out);
	numbers(bytes);
	transactions(bytes);
	return 0;
}
