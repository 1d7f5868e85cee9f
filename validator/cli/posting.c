#include "validator/cli/posting.h"

#include <sys/random.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "challenge/game/bonds.h"

enum gs_err gs_posting_salt(uint64_t *out, struct gs_error *error)
{
	if (getrandom(out, sizeof(*out), 0) != (ssize_t)sizeof(*out))
		return gs_fail(error, GS_EIO, "the system gave no random bytes");
	return GS_OK;
}

/* Zeros at the end need not be posted. */
static struct gs_bytes trimmed(struct gs_bytes bytes)
{
	while (bytes.len && bytes.ptr[bytes.len - 1] == 0)
		bytes.len--;
	return bytes;
}

uint64_t gs_posting_bytes(const struct gs_posting *posting)
{
	return (uint64_t)trimmed(posting->input).len + trimmed(posting->output).len;
}

void gs_posting_calldata(const struct gs_posting *posting, struct gs_buf *out)
{
	const struct gs_claim_body *body = &posting->body;
	struct gs_abi_writer w;

	gs_abi_call(&w, out, GS_CLAIMS_FN_POST, 6);
	gs_abi_put_hash(&w, &body->model_id);
	gs_abi_put_hash(&w, &body->input_root);
	gs_abi_put_hash(&w, &body->output_root);
	gs_abi_put_u256(&w, &body->lot);
	gs_abi_put_bytes(&w, trimmed(posting->input));
	gs_abi_put_bytes(&w, trimmed(posting->output));
	gs_abi_end(&w);
}

enum gs_err gs_posting_read(struct gs_posting *posting, const struct gs_contracts *contracts,
                            const struct gs_receipt *receipt, struct gs_error *error)
{
	const struct gs_wei value = gs_claim_lot_value(&posting->body.lot);

	gs_claim_id(contracts->chain_id, &contracts->claims, &posting->body, &posting->id);
	posting->tx = receipt->tx_hash;
	posting->block = receipt->block_number;
	for (size_t i = 0; i < receipt->logs.count; i++) {
		struct gs_event event;
		struct gs_terms terms;
		enum gs_err err = gs_event_decode(contracts, &receipt->logs.entries[i], &event, error);
		if (err)
			return err;
		if (event.kind != GS_EVENT_POSTED || !gs_hash_equal(&event.claim, &posting->id))
			continue;
		posting->window_end = event.window_end;
		if (gs_terms_decode(&event.terms_word, &terms) || gs_bond_of_claim(&terms, value, &posting->bond) ||
		    gs_fee_of_claim(&terms, value, &posting->fee))
			return gs_fail(error, GS_EPARSE, "claim: terms that this version does not know");
		return GS_OK;
	}
	return gs_fail(error, GS_EPARSE, "claim: the receipt does not show it posted");
}
