#include "simulations/nodes/l1.h"

#include <string.h>

#include "chain/eth/abi.h"

enum { L1_GAS = 100000, SELECTOR = 4 };

struct gs_address gs_sim_portal(void)
{
	struct gs_address portal;

	memset(portal.b, 0xb0, sizeof(portal.b));
	return portal;
}

/* The hash of a transaction on L1: that of what it leads to, but for a bit. */
static struct gs_hash other(const struct gs_hash *hash)
{
	struct gs_hash flipped = *hash;

	flipped.b[0] ^= 0x80;
	return flipped;
}

/* Its bytes are those of the transaction on the chain; one that takes another back leads to a transfer of nothing there. */
static void prepare(const struct gs_sim_l1 *l1, const struct gs_node_effect *effect, struct gs_bytes data,
                    struct gs_node_input *answer, struct gs_buf *raw)
{
	struct gs_address to = effect->to;
	struct gs_bytes call = data;
	struct gs_hash hash;

	if (effect->nonce < *l1->nonce) {
		answer->kind = effect->replaces ? GS_INPUT_KEPT : GS_INPUT_NONCE_BEHIND;
		if (!effect->replaces)
			answer->as.nonce_behind.nonce = *l1->nonce;
		return;
	}
	if (gs_address_equal(&to, l1->portal)) {
		struct gs_abi_reader r = gs_abi_read((struct gs_bytes){data.ptr + SELECTOR, data.len - SELECTOR});
		to = gs_abi_get_address(&r);
		(void)gs_abi_get_wei(&r);
		(void)gs_abi_get_u64(&r);
		(void)gs_abi_get_bool(&r);
		call = gs_abi_get_bytes(&r);
		GS_ASSERT(r.err == GS_OK);
	}
	answer->kind = GS_INPUT_PREPARED;
	answer->as.prepared.intent = effect->hash;
	answer->as.prepared.nonce = effect->nonce;
	answer->as.prepared.max_fee = gs_wei_from_u64(1);
	answer->as.prepared.tip = gs_wei_from_u64(1);
	answer->as.prepared.gas_limit = L1_GAS;
	gs_sim_tx_build(l1->account, GS_SIM_DEPOSIT_NONCE + effect->nonce, &to, 0, call, raw, &hash);
	answer->as.prepared.tx = other(&hash);
	answer->as.prepared.raw = gs_buf_view(raw);
}

static bool watch(const struct gs_sim_l1 *l1, const struct gs_hash *tx, struct gs_node_input *answer)
{
	const struct gs_hash deposit = other(tx);

	if (gs_sim_network_tx(l1->network, &deposit) == NULL)
		return false;
	answer->kind = GS_INPUT_RECEIPT;
	answer->as.receipt.tx = *tx;
	answer->as.receipt.success = true;
	answer->as.receipt.deep = true;
	answer->as.receipt.deposit = deposit;
	answer->as.receipt.cost = gs_wei_from_u64(L1_GAS);
	return true;
}

enum gs_err gs_sim_l1_do(const struct gs_sim_l1 *l1, const struct gs_node_effect *effect, struct gs_bytes data,
                         struct gs_node_input *answer, struct gs_buf *raw, bool *answered)
{
	enum gs_err err = GS_OK;

	*answered = true;
	if (effect->kind == GS_EFFECT_PREPARE) {
		prepare(l1, effect, data, answer, raw);
	} else if (effect->kind == GS_EFFECT_SEND) {
		const uint64_t nonce = gs_sim_tx_nonce(data) - GS_SIM_DEPOSIT_NONCE;
		err = gs_sim_network_send(l1->network, data, l1->ready_s);
		if (err == GS_OK && nonce >= *l1->nonce)
			*l1->nonce = nonce + 1;
		*answered = false;
	} else if (effect->kind == GS_EFFECT_WATCH) {
		*answered = watch(l1, &effect->hash, answer);
	} else {
		GS_ASSERT(effect->kind == GS_EFFECT_NONCE);
		answer->kind = GS_INPUT_NONCE;
		answer->as.nonce.pending = *l1->nonce;
	}
	return err;
}
