/* Attestations: a stake on having the trace of a claim that was found right, what it earns when the claim is audited, and
 * its way back whatever becomes of the claim (docs/protocol.md, 6.2 to 6.4). */
#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "validator/node/node_state.h"

/* attest(claimId, commitment, stake): where the stake lies in the calldata. */
enum { STAKE_AT = 4 + 2 * GS_ABI_WORD, ATTEST_BYTES = 4 + 3 * GS_ABI_WORD };

/* --- what is locked, or about to be --- */

struct sum {
	struct gs_node_turn *turn;
	struct gs_wei locked;
};

static enum gs_err add_own(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct sum *sum = context;
	struct gs_attestation a;
	struct gs_hash claim;
	enum gs_err err;

	(void)value;
	if (key.len != 1 + sizeof(claim.b))
		return GS_ECORRUPT;
	memcpy(claim.b, key.ptr + 1, sizeof(claim.b));
	err = gs_facts_attestation(sum->turn->j, &claim, &sum->turn->node->options.self, &a);
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	return gs_wei_add(sum->locked, a.stake, &sum->locked);
}

enum gs_err gs_plan_attesting(struct gs_journal *j, const struct gs_intent *intent, const struct gs_address *self,
                              struct gs_wei *out)
{
	struct gs_attestation known;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	if (intent->kind != GS_INTENT_ATTEST || intent->data.len != ATTEST_BYTES ||
	    (intent->status != GS_INTENT_PLANNED && intent->status != GS_INTENT_SIGNED))
		return GS_OK;
	err = gs_facts_attestation(j, &intent->subject, self, &known);
	if (err == GS_ENOTFOUND) /* else it is mined, and locked already */
		*out = (struct gs_wei){gs_u256_from_be(intent->data.ptr + STAKE_AT)};
	return err == GS_ENOTFOUND ? GS_OK : err;
}

struct planned {
	struct gs_node_turn *turn;
	struct gs_wei sum;
};

static enum gs_err add_planned(void *context, const struct gs_intent *intent)
{
	struct planned *planned = context;
	struct gs_wei stake;
	enum gs_err err = gs_plan_attesting(planned->turn->j, intent, &planned->turn->node->options.self, &stake);

	return err ? err : gs_wei_add(planned->sum, stake, &planned->sum);
}

static enum gs_err attested_by_us(struct gs_node_turn *t, struct gs_wei *out)
{
	const uint8_t own = GS_AGENDA_OWN_ATTESTED;
	struct sum sum = {.turn = t};
	struct planned planned = {.turn = t};
	enum gs_err err = t->j->store->scan(t->j->txn, GS_TABLE_AGENDA, (struct gs_bytes){&own, 1}, GS_STORE_ASCENDING,
	                                    add_own, &sum, t->j->error);

	if (!err)
		err = gs_intent_each_reserving(t->j, add_planned, &planned);
	return err ? err : gs_wei_add(sum.locked, planned.sum, out);
}

/* --- attesting --- */

static enum gs_err gather(struct gs_node_turn *t, const struct gs_claim *claim, struct gs_attest_case *out)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_account account, pool;
	enum gs_err err = gs_facts_account(t->j, &o->self, &account);

	memset(out, 0, sizeof(*out));
	out->fee = claim->fee;
	out->keep = o->bonds.challenger_bond;
	if (!err)
		err = gs_wei_add(account.free, account.locked, &out->all);
	if (!err)
		err = gs_facts_account(t->j, &o->contracts.duties, &pool);
	if (!err)
		err = gs_wei_add(pool.free, pool.locked, &out->pool);
	if (!err)
		err = gs_facts_attested(t->j, &claim->id, &out->others);
	if (!err)
		err = gs_plan_free_stake(t, &out->free);
	return err ? err : attested_by_us(t, &out->attested);
}

static void tell(const struct gs_node *node, const struct gs_claim *claim, const struct gs_attest_decision *d)
{
	char id[67], stake[GS_U256_DECIMAL_MAX], income[GS_U256_DECIMAL_MAX], cost[GS_U256_DECIMAL_MAX];

	gs_hex_encode(claim->id.b, 32, true, id);
	gs_wei_format_ether(d->stake, stake);
	gs_wei_format_ether(d->income, income);
	gs_wei_format_ether(d->cost, cost);
	gs_log_line(node->log, GS_LOG_INFO, "claim.attest", "claim=%s attest=%s stake=%s income=%s cost=%s", id,
	            gs_attest_reason_name(d->reason), stake, income, cost);
}

/* A claim found right, in its window, whose trace root nobody has shown: a root that is public proves nothing. */
enum gs_err gs_plan_attest(struct gs_node_turn *t, const struct gs_claim *claim,
                           const struct gs_verdict_record *verdict)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_attestation known;
	struct gs_attest_case c;
	struct gs_attest_decision d;
	struct gs_trace_tag commitment;
	struct gs_address word;
	struct gs_abi_writer w;
	struct gs_buf calldata;
	bool already;
	enum gs_err err;

	if (!o->attest.on || verdict->verdict != GS_VERDICT_VALID || gs_hash_is_zero(&verdict->trace_root) ||
	    !gs_trace_tag_is_zero(&claim->tag) || t->node->now.unix_s > claim->window_end.unix_s)
		return GS_OK;
	if (t->node->block < claim->block + o->confirm_blocks) {
		gs_agenda_always(t);
		return GS_OK;
	}
	err = gs_facts_attestation(t->j, &claim->id, &o->self, &known);
	if (err != GS_ENOTFOUND)
		return err;
	err = gs_plan_under_way(t, GS_INTENT_ATTEST, &claim->id, NULL, &already);
	if (err || already)
		return err;
	if ((err = gather(t, claim, &c)))
		return err;
	gs_attest_weigh(&o->attest, &c, &d);
	if (d.reason == GS_ATTEST_YES && (err = gs_plan_can_attest(t, &already)))
		return err;
	if (d.reason == GS_ATTEST_YES && !already)
		d.reason = GS_ATTEST_UNAFFORDABLE;
	if (d.reason == GS_ATTEST_YES || t->node->now.unix_s >= t->node->attest_told.unix_s + GS_NODE_RETELL_S) {
		t->node->attest_told = t->node->now;
		tell(t->node, claim, &d);
	}
	if (d.reason != GS_ATTEST_YES) {
		gs_agenda_wait(t, claim, GS_AGENDA_STAKE);
		return GS_OK;
	}
	commitment = gs_attest_commitment(&claim->id, &o->self, &verdict->trace_root);
	memcpy(word.b, commitment.b, sizeof(word.b)); /* a uint160 is a word as an address is */
	gs_buf_init(&calldata, GS_INTENT_DATA_MAX);
	gs_abi_call(&w, &calldata, GS_DUTIES_FN_ATTEST, 3);
	gs_abi_put_hash(&w, &claim->id);
	gs_abi_put_address(&w, &word);
	gs_abi_put_wei(&w, d.stake);
	gs_abi_end(&w);
	err = gs_plan_want(t, GS_INTENT_ATTEST, &claim->id, NULL, &o->contracts.duties, &calldata, claim->window_end);
	gs_buf_free(&calldata);
	return err;
}

/* --- afterwards --- */

static enum gs_err want_call(struct gs_node_turn *t, enum gs_intent_kind kind, const struct gs_claim *claim,
                             uint32_t selector, const struct gs_hash *root)
{
	const struct gs_node_options *o = &t->node->options;
	uint8_t body[GS_CLAIM_BODY_WORDS * GS_ABI_WORD];
	struct gs_abi_writer w;
	struct gs_buf calldata;
	bool already;
	enum gs_err err = gs_plan_under_way(t, kind, &claim->id, NULL, &already);

	if (err || already)
		return err;
	gs_buf_init(&calldata, GS_INTENT_DATA_MAX);
	gs_abi_call(&w, &calldata, selector, GS_CLAIM_BODY_WORDS + 1);
	gs_claim_body_encode(&claim->body, body);
	for (unsigned i = 0; i < GS_CLAIM_BODY_WORDS; i++)
		gs_abi_put_word(&w, body + i * GS_ABI_WORD);
	if (root)
		gs_abi_put_hash(&w, root);
	else
		gs_abi_put_address(&w, &o->self);
	gs_abi_end(&w);
	err = gs_plan_want(t, kind, &claim->id, NULL, &o->contracts.duties, &calldata, (struct gs_time){0});
	gs_buf_free(&calldata);
	return err;
}

/* Of a claim that is over: reported while that is possible, then collected; without an audit collected at once. */
enum gs_err gs_plan_attested(struct gs_node_turn *t, const struct gs_attestation *attestation)
{
	const struct gs_node_options *o = &t->node->options;
	struct gs_verdict_record verdict;
	struct gs_claim claim;
	bool reporting;
	enum gs_err err = gs_facts_claim(t->j, &attestation->claim, &claim);

	if (err || claim.status == GS_CLAIM_OPEN)
		return err == GS_ENOTFOUND ? GS_OK : err; /* of a claim older than this database */
	gs_agenda_at(t, claim.settled.unix_s + o->attest.report_s + 1);
	reporting = claim.status == GS_CLAIM_FINAL && claim.audited &&
	            t->node->now.unix_s <= claim.settled.unix_s + o->attest.report_s;
	if (!reporting)
		return want_call(t, GS_INTENT_REWARD, &claim, GS_DUTIES_FN_COLLECT, NULL);
	if (attestation->reported)
		return GS_OK; /* until the time to report is over */
	err = gs_node_load_verdict(t->j, &claim.id, &verdict);
	if (err || !gs_hash_equal(&verdict.trace_root, &claim.published))
		return err == GS_ENOTFOUND ? GS_OK : err; /* not what we computed: only the stake comes back */
	return want_call(t, GS_INTENT_REPORT, &claim, GS_DUTIES_FN_REPORT, &claim.published);
}
