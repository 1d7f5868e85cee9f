#include "simulations/chain/batches.h"

#include <string.h>

#include "challenge/machine/merkle.h"
#include "chain/core/hash.h"
#include "simulations/chain/stakes.h"

enum { LEAF_TAG = 3, VALUE_BYTES = 16 };

enum gs_err gs_sim_batch_sums(const struct gs_terms *terms, uint32_t count, struct gs_wei value, struct gs_wei *bond,
                              struct gs_wei *fee)
{
	struct gs_terms all = *terms;
	enum gs_err err = gs_wei_mul_u64(terms->minimum_bond, count, &all.minimum_bond);
	if (err == GS_OK)
		err = gs_wei_mul_u64(terms->minimum_fee, count, &all.minimum_fee);
	if (err == GS_OK)
		err = gs_bond_of_claim(&all, value, bond);
	return err == GS_OK ? gs_fee_of_claim(&all, value, fee) : err;
}

/* keccak(0x03 || value 16 || modelId 32 || inputRoot 32 || outputRoot 32) */
static struct gs_hash leaf_of(const struct gs_claim_body *body)
{
	uint8_t bytes[1 + VALUE_BYTES + 3 * 32] = {LEAF_TAG}, lot[32];
	struct gs_hash leaf;
	gs_u256_to_be(&body->lot, lot);
	memcpy(bytes + 1, lot + sizeof(lot) - VALUE_BYTES, VALUE_BYTES);
	memcpy(bytes + 1 + VALUE_BYTES, body->model_id.b, 32);
	memcpy(bytes + 1 + VALUE_BYTES + 32, body->input_root.b, 32);
	memcpy(bytes + 1 + VALUE_BYTES + 64, body->output_root.b, 32);
	gs_keccak256(bytes, sizeof(bytes), &leaf);
	return leaf;
}

enum gs_err gs_sim_batch_leaf(const struct gs_claim_body *body, uint64_t salt, uint32_t count, uint8_t kind,
                              const struct gs_hash *path, size_t levels, struct gs_batch_name *name,
                              struct gs_error *error)
{
	const struct gs_u256 index = gs_claim_lot_index(&body->lot), leaves = gs_u256_from_u64(count);
	struct gs_hash node = leaf_of(body);
	if (gs_u256_cmp(&index, &leaves) >= 0)
		return gs_fail(error, GS_EINVAL, "WrongPath");
	if (levels > GS_SIM_PATH_MAX || UINT64_C(1) << levels < count ||
	    (levels != 0 && UINT64_C(1) << (levels - 1) >= count))
		return gs_fail(error, GS_EINVAL, "WrongPath");
	for (size_t i = 0; i < levels; i++) {
		const struct gs_hash below = node;
		bool right = index.limb[0] >> i & 1;
		gs_merkle_node(right ? &path[i] : &below, right ? &below : &path[i], &node);
	}
	*name = (struct gs_batch_name){
		.claimant = body->claimant, .salt = salt, .root = node, .count = count, .kind = kind};
	if (kind == GS_BATCH_CALLDATA)
		name->model = body->model_id;
	return GS_OK;
}

enum gs_err gs_sim_batch_finalize(struct gs_sim_batch *batch, struct gs_sim_bank *bank, uint64_t now,
                                  struct gs_error *error)
{
	if (batch->name.kind != GS_BATCH_CALLDATA || batch->status != GS_SIM_BATCH_OPEN)
		return gs_fail(error, GS_EINVAL, "BatchNotOpen");
	if (now <= batch->window_end)
		return gs_fail(error, GS_EINVAL, "WindowOpen");
	if (batch->open_leaves != 0)
		return gs_fail(error, GS_EINVAL, "LeavesOpen");
	batch->status = GS_SIM_BATCH_FINAL;
	gs_sim_tell(bank, NULL, (struct gs_sim_report){.kind = GS_SIM_REPORT_BATCH_FINALIZED, .batch = batch});
	gs_sim_unlock(bank, batch->claimant, batch->bond);
	gs_sim_pay_fee(bank, batch->claimant, batch->fee);
	return GS_OK;
}

void gs_sim_batch_lose(struct gs_sim_batch *batch, const struct gs_sim_bank *bank, struct gs_wei *bond,
                       struct gs_wei *fee)
{
	*bond = *fee = (struct gs_wei){.v = {{0}}};
	if (batch->status != GS_SIM_BATCH_OPEN)
		return;
	batch->status = GS_SIM_BATCH_LOST;
	gs_sim_tell(bank, NULL, (struct gs_sim_report){.kind = GS_SIM_REPORT_BATCH_LOST, .batch = batch});
	*bond = batch->bond;
	*fee = batch->fee;
}
