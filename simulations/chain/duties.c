#include "simulations/chain/duties.h"

#include <string.h>

#include "challenge/machine/merkle.h"
#include "chain/core/hash.h"
#include "simulations/chain/stakes.h"
#include "validator/node/attest.h"

enum { BLOCK_LEVELS = 5 /* of what one demand asks for */ };

/* ---- demands (6.1) ---- */

struct array {
	unsigned depth, height; /* height: of one block */
	uint64_t chunks;
	struct gs_hash root;
};

static struct array array_of(const struct gs_sim_chain *chain, uint8_t kind)
{
	const struct gs_header *h = chain->game_rules.header;
	const struct gs_claim_body *body = &chain->game_rules.body;
	struct array a = {.root = kind == 0 ? body->input_root : body->output_root};
	if (kind == 1 && !gs_header_tolerant(h)) {
		a.depth = h->output_depth;
		a.chunks = UINT64_C(1) << a.depth;
	} else {
		a.chunks = kind == 0 ? h->inputs_chunks : h->claimed_chunks;
		a.depth = gs_merkle_depth(a.chunks);
	}
	a.height = a.depth < BLOCK_LEVELS ? a.depth : BLOCK_LEVELS;
	return a;
}

struct gs_wei gs_sim_duty_price(const struct gs_sim_chain *chain, uint8_t kind)
{
	const struct gs_sim_duty_rules *rules = &chain->duties->rules;
	struct gs_wei price;
	GS_ASSERT(gs_wei_mul_u64(rules->demand_per_chunk, UINT64_C(1) << array_of(chain, kind).height, &price) ==
	          GS_OK);
	gs_sim_wei_add(&price, rules->demand_base);
	return price;
}

enum gs_err gs_sim_duty_demand(struct gs_sim_chain *chain, unsigned sender, uint8_t kind, struct gs_error *error)
{
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (chain->now > chain->window_end)
		return gs_fail(error, GS_EINVAL, "WindowOver");
	if (chain->demand.pending)
		return gs_fail(error, GS_EINVAL, "DemandPending");
	if (kind > 1)
		return gs_fail(error, GS_EINVAL, "InvalidParameter");
	const struct array a = array_of(chain, kind);
	if ((uint64_t)chain->given[kind] << a.height >= a.chunks)
		return gs_fail(error, GS_EINVAL, "AllGiven");
	enum gs_err err = gs_sim_lock(chain->bank, sender, gs_sim_duty_price(chain, kind), error);
	if (err != GS_OK)
		return err;
	chain->demand = (struct gs_sim_demand){.pending = true,
	                                       .by = sender,
	                                       .deadline = chain->now + chain->duties->rules.demand_s,
	                                       .kind = kind,
	                                       .block = chain->given[kind]};
	gs_sim_tell(chain->bank, chain,
	            (struct gs_sim_report){.kind = GS_SIM_REPORT_DEMANDED,
	                                   .account = sender,
	                                   .demand_kind = kind,
	                                   .demand_block = chain->demand.block,
	                                   .time = chain->demand.deadline});
	return GS_OK;
}

/* "what lies behind the array's last chunk is zero, in the block and in the siblings that cover nothing else" */
static bool nothing_behind(const struct array *a, uint32_t block, struct gs_bytes chunks, const struct gs_hash *path)
{
	const uint64_t first = (uint64_t)block << a->height;
	for (size_t at = (size_t)(a->chunks - first) * GS_CHUNK_BYTES; at < chunks.len; at++)
		if (chunks.ptr[at] != 0)
			return false;
	for (unsigned level = a->height; level < a->depth; level++) {
		uint64_t beside = first >> level ^ 1;
		if (beside << level >= a->chunks && !gs_hash_equal(&path[level - a->height], gs_merkle_zero(level)))
			return false;
	}
	return true;
}

enum gs_err gs_sim_duty_answer(struct gs_sim_chain *chain, struct gs_bytes chunks, const struct gs_hash *path,
                               size_t levels, struct gs_error *error)
{
	const struct gs_sim_demand d = chain->demand;
	struct gs_hash node, root;
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (!d.pending)
		return gs_fail(error, GS_EINVAL, "NoDemand");
	if (chain->now > d.deadline)
		return gs_fail(error, GS_EINVAL, "TooLate");
	const struct array a = array_of(chain, d.kind);
	if (chunks.len != (size_t)GS_CHUNK_BYTES << a.height || levels != a.depth - a.height)
		return gs_fail(error, GS_EINVAL, "WrongLength");
	gs_merkle_subtree(chunks.ptr, true, a.height, &node);
	gs_merkle_climb(node, d.block, path, a.depth - a.height, &root);
	if (!gs_hash_equal(&root, &a.root) || !nothing_behind(&a, d.block, chunks, path))
		return gs_fail(error, GS_EINVAL, "WrongPath");
	const struct gs_wei price = gs_sim_duty_price(chain, d.kind);
	chain->demand = (struct gs_sim_demand){.pending = false};
	chain->given[d.kind] = d.block + 1;
	gs_sim_extend(chain);
	gs_sim_pay(chain->bank, d.by, price, chain->claimant);
	gs_sim_wei_add(&chain->paid[d.by], price);
	gs_sim_tell(chain->bank, chain,
	            (struct gs_sim_report){.kind = GS_SIM_REPORT_ANSWERED,
	                                   .demand_kind = d.kind,
	                                   .demand_block = d.block,
	                                   .bytes = chunks});
	return GS_OK;
}

static void end_demand(struct gs_sim_chain *chain)
{
	const struct gs_sim_demand d = chain->demand;
	chain->demand = (struct gs_sim_demand){.pending = false};
	gs_sim_unlock(chain->bank, d.by, gs_sim_duty_price(chain, d.kind));
	gs_sim_tell(chain->bank, chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_UNANSWERED, .account = d.by});
}

enum gs_err gs_sim_duty_unanswered(struct gs_sim_chain *chain, struct gs_error *error)
{
	const struct gs_sim_demand d = chain->demand;
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (!d.pending)
		return gs_fail(error, GS_EINVAL, "NoDemand");
	if (chain->now <= d.deadline)
		return gs_fail(error, GS_EINVAL, "TooEarly");
	end_demand(chain);
	gs_sim_forfeit(chain, d.by);
	return GS_OK;
}

enum gs_err gs_sim_duty_drop_demand(struct gs_sim_chain *chain, struct gs_error *error)
{
	if (chain->status == GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimOpen");
	if (!chain->demand.pending)
		return gs_fail(error, GS_EINVAL, "NoDemand");
	end_demand(chain);
	return GS_OK;
}

/* ---- audits (6.3) ---- */

enum gs_err gs_sim_duty_record(struct gs_sim_duties *duties, const struct gs_sim_bank *bank, uint64_t now,
                               const struct gs_hash *randao, struct gs_error *error)
{
	struct gs_sim_beacon beacon = {.epoch = now / duties->rules.epoch_s};
	uint8_t words[64] = {0};
	if (duties->beacons > 0)
		beacon.previous = duties->beacon[duties->beacons - 1].epoch;
	if (beacon.epoch <= beacon.previous)
		return gs_fail(error, GS_EINVAL, "AlreadyRecorded");
	GS_ASSERT(duties->beacons < GS_SIM_EPOCHS_MAX);
	gs_be64_write(words + 24, beacon.epoch);
	memcpy(words + 32, randao->b, sizeof(randao->b));
	gs_keccak256(words, sizeof(words), &beacon.value);
	duties->beacon[duties->beacons++] = beacon;
	gs_sim_tell(bank, NULL,
	            (struct gs_sim_report){.kind = GS_SIM_REPORT_RECORDED,
	                                   .epoch = beacon.epoch,
	                                   .previous = beacon.previous,
	                                   .hash = beacon.value});
	return GS_OK;
}

static const struct gs_sim_beacon *beacon_of(const struct gs_sim_duties *duties, uint64_t epoch)
{
	for (unsigned i = 0; i < duties->beacons; i++)
		if (duties->beacon[i].epoch == epoch)
			return &duties->beacon[i];
	return NULL;
}

/* "drawn when (keccak(beacon, claimId) mod 2^16) * 10000 < auditBps * 2^16", by the first recorded epoch after its posting */
static enum gs_err is_drawn(const struct gs_sim_chain *chain, uint64_t epoch, bool *drawn, struct gs_error *error)
{
	const struct gs_sim_duties *duties = chain->duties;
	const uint64_t end = chain->first_window_end != 0 ? chain->first_window_end : chain->window_end;
	const uint64_t posted = (end - chain->rules.terms.window_s) / duties->rules.epoch_s;
	uint8_t words[64];
	struct gs_hash lot;
	*drawn = false;
	if (duties->rules.audit_bps == 0)
		return GS_OK;
	const struct gs_sim_beacon *beacon = beacon_of(duties, epoch);
	if (beacon == NULL || epoch <= posted || beacon->previous > posted)
		return gs_fail(error, GS_EINVAL, "WrongEpoch");
	memcpy(words, beacon->value.b, 32);
	memcpy(words + 32, chain->claim.b, 32);
	gs_keccak256(words, sizeof(words), &lot);
	*drawn = ((uint32_t)lot.b[30] << 8 | lot.b[31]) * GS_BPS < (uint32_t)duties->rules.audit_bps << 16;
	return GS_OK;
}

enum gs_err gs_sim_duty_draw(struct gs_sim_chain *chain, uint64_t epoch, struct gs_error *error)
{
	bool drawn;
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (chain->drawn || chain->audited)
		return gs_fail(error, GS_EINVAL, "AlreadyDrawn");
	enum gs_err err = is_drawn(chain, epoch, &drawn, error);
	if (err != GS_OK)
		return err;
	if (!drawn)
		return gs_fail(error, GS_EINVAL, "NotDrawn");
	chain->drawn = true;
	chain->audit_deadline = chain->now + chain->duties->rules.audit_s;
	gs_sim_tell(chain->bank, chain,
	            (struct gs_sim_report){.kind = GS_SIM_REPORT_DRAWN, .time = chain->audit_deadline});
	return GS_OK;
}

enum gs_err gs_sim_duty_publish(struct gs_sim_chain *chain, unsigned sender, const struct gs_hash *trace_root,
                                const struct gs_hash *path, size_t levels, struct gs_error *error)
{
	const struct gs_header *h = chain->game_rules.header;
	const struct gs_trace_tag tag = gs_trace_tag_of(trace_root);
	struct gs_hash block, root;
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (sender != chain->claimant)
		return gs_fail(error, GS_EINVAL, "NotClaimant");
	if (!chain->drawn)
		return gs_fail(error, GS_EINVAL, "NotDrawn");
	if (chain->now > chain->audit_deadline)
		return gs_fail(error, GS_EINVAL, "TooLate");
	if (levels != h->trace_depth - h->output_depth)
		return gs_fail(error, GS_EINVAL, "WrongLength");
	gs_claim_expected_root(h, &chain->game_rules.body, &block);
	gs_merkle_climb(block, h->output_chunk >> h->output_depth, path, (unsigned)levels, &root);
	if (!gs_hash_equal(&root, trace_root))
		return gs_fail(error, GS_EINVAL, "WrongPath");
	if (!gs_trace_tag_is_zero(&chain->game_rules.tag) && !gs_trace_tag_equal(&chain->game_rules.tag, &tag))
		return gs_fail(error, GS_EINVAL, "WrongTraceRoot");
	chain->game_rules.tag = tag;
	chain->drawn = false;
	chain->audited = true;
	gs_sim_extend(chain);
	gs_sim_tell(chain->bank, chain, (struct gs_sim_report){.kind = GS_SIM_REPORT_PUBLISHED, .hash = *trace_root});
	return GS_OK;
}

enum gs_err gs_sim_duty_unpublished(struct gs_sim_chain *chain, unsigned sender, struct gs_error *error)
{
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (!chain->drawn)
		return gs_fail(error, GS_EINVAL, "NotDrawn");
	if (chain->now <= chain->audit_deadline)
		return gs_fail(error, GS_EINVAL, "TooEarly");
	gs_sim_forfeit(chain, sender);
	return GS_OK;
}

enum gs_err gs_sim_duty_cleared(const struct gs_sim_chain *chain, uint64_t epoch, struct gs_error *error)
{
	bool drawn = chain->drawn;
	enum gs_err err = GS_OK;
	if (chain->duties->rules.audit_bps == 0 || chain->audited)
		return GS_OK;
	if (!drawn)
		err = is_drawn(chain, epoch, &drawn, error);
	return err == GS_OK && drawn ? gs_fail(error, GS_EINVAL, "NotCleared") : err;
}

/* ---- attestations and fees (6.2, 6.4) ---- */

/* 0 or 1: no commitment, and what stands for one that was reported. */
static bool is_small(const struct gs_trace_tag *tag)
{
	for (size_t i = 0; i + 1 < sizeof(tag->b); i++)
		if (tag->b[i] != 0)
			return false;
	return tag->b[sizeof(tag->b) - 1] <= 1;
}

enum gs_err gs_sim_duty_attest(struct gs_sim_chain *chain, unsigned sender, const struct gs_trace_tag *commitment,
                               struct gs_wei stake, struct gs_error *error)
{
	if (chain->status != GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimNotOpen");
	if (chain->now > chain->window_end)
		return gs_fail(error, GS_EINVAL, "WindowOver");
	if (!gs_trace_tag_is_zero(&chain->game_rules.tag))
		return gs_fail(error, GS_EINVAL, "AlreadyBound");
	if (gs_wei_cmp(stake, chain->duties->rules.attest_stake) < 0)
		return gs_fail(error, GS_EINVAL, "TooLittle");
	if (is_small(commitment))
		return gs_fail(error, GS_EINVAL, "InvalidParameter");
	if (!gs_u256_is_zero(&chain->attestation[sender].stake.v))
		return gs_fail(error, GS_EINVAL, "AlreadyAttested");
	enum gs_err err = gs_sim_lock(chain->bank, sender, stake, error);
	if (err != GS_OK)
		return err;
	chain->attestation[sender] = (struct gs_sim_attestation){.commitment = *commitment, .stake = stake};
	gs_sim_tell(
		chain->bank, chain,
		(struct gs_sim_report){
			.kind = GS_SIM_REPORT_ATTESTED, .account = sender, .commitment = *commitment, .amount = stake});
	return GS_OK;
}

enum gs_err gs_sim_duty_report(struct gs_sim_chain *chain, unsigned sender, const struct gs_hash *trace_root,
                               struct gs_error *error)
{
	struct gs_sim_attestation *a = &chain->attestation[sender];
	const struct gs_trace_tag tag = gs_trace_tag_of(trace_root);
	const struct gs_address self = gs_sim_address(sender);
	if (chain->status != GS_SIM_CLAIM_FINAL || !chain->audited)
		return gs_fail(error, GS_EINVAL, "NotAudited");
	if (chain->now > chain->window_end + chain->duties->rules.report_s)
		return gs_fail(error, GS_EINVAL, "TooLate");
	if (!gs_trace_tag_equal(&tag, &chain->game_rules.tag))
		return gs_fail(error, GS_EINVAL, "WrongTraceRoot");
	if (gs_u256_is_zero(&a->stake.v) || a->reported)
		return gs_fail(error, GS_EINVAL, "NoAttestation");
	const struct gs_trace_tag fits = gs_attest_commitment(&chain->claim, &self, trace_root);
	if (!gs_trace_tag_equal(&a->commitment, &fits))
		return gs_fail(error, GS_EINVAL, "WrongTraceRoot");
	a->reported = true;
	gs_sim_wei_add(&chain->reward.stake, a->stake);
	gs_sim_tell(chain->bank, chain,
	            (struct gs_sim_report){.kind = GS_SIM_REPORT_REPORTED,
	                                   .account = sender,
	                                   .amount = a->stake,
	                                   .gain = chain->reward.stake});
	return GS_OK;
}

static uint64_t small(struct gs_wei v)
{
	GS_ASSERT(gs_u256_fits_u64(&v.v)); /* deposits are far below 2^64 */
	return v.v.limb[0];
}

/* The first collection fixes what the claim's validators get together: min(pool, fee * 10000 / auditBps); each takes its part of what
 * is left. */
static struct gs_wei share_of(struct gs_sim_chain *chain, struct gs_wei stake)
{
	struct gs_sim_duties *duties = chain->duties;
	unsigned __int128 product;
	if (!chain->reward.known) {
		struct gs_wei left = chain->bank->pool, fee, total;
		GS_ASSERT(gs_fee_of_claim(&chain->rules.terms, gs_claim_lot_value(&chain->game_rules.body.lot), &fee) ==
		          GS_OK);
		gs_sim_wei_take(&left, duties->promised);
		product = (unsigned __int128)small(fee) * GS_BPS / duties->rules.audit_bps;
		total = product < small(left) ? gs_wei_from_u64((uint64_t)product) : left;
		chain->reward.known = true;
		chain->reward.total = total;
		gs_sim_wei_add(&duties->promised, total);
	}
	product = (unsigned __int128)small(chain->reward.total) * small(stake) / small(chain->reward.stake);
	const struct gs_wei share = gs_wei_from_u64((uint64_t)product); /* at most the total */
	gs_sim_wei_take(&chain->reward.total, share);
	gs_sim_wei_take(&chain->reward.stake, stake);
	return share;
}

enum gs_err gs_sim_duty_collect(struct gs_sim_chain *chain, unsigned validator, struct gs_error *error)
{
	struct gs_wei reward = {.v = {{0}}};
	if (chain->status == GS_SIM_CLAIM_OPEN)
		return gs_fail(error, GS_EINVAL, "ClaimOpen");
	if (validator >= chain->bank->accounts || gs_u256_is_zero(&chain->attestation[validator].stake.v))
		return gs_fail(error, GS_EINVAL, "NoAttestation");
	const struct gs_sim_attestation a = chain->attestation[validator];
	if (chain->status == GS_SIM_CLAIM_FINAL && chain->audited) {
		if (chain->now <= chain->window_end + chain->duties->rules.report_s)
			return gs_fail(error, GS_EINVAL, "TooEarly");
		if (a.reported)
			reward = share_of(chain, a.stake);
	}
	chain->attestation[validator] = (struct gs_sim_attestation){.reported = false};
	gs_sim_unlock(chain->bank, validator, a.stake);
	if (!gs_u256_is_zero(&reward.v)) {
		gs_sim_wei_take(&chain->duties->promised, reward);
		gs_sim_pay(chain->bank, GS_SIM_POOL, reward, validator);
	}
	gs_sim_tell(chain->bank, chain,
	            (struct gs_sim_report){
			    .kind = GS_SIM_REPORT_COLLECTED, .account = validator, .amount = a.stake, .gain = reward});
	return GS_OK;
}
