#include "simulations/nodes/dump.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *hex(const void *bytes, size_t len)
{
	char *text = malloc(2 * len + 3);
	if (text == NULL)
		return NULL;
	gs_hex_encode(bytes, len, true, text);
	json_t *json = json_string(text);
	free(text);
	return json;
}

static json_t *amount(struct gs_wei v)
{
	char text[GS_U256_DECIMAL_MAX];
	gs_u256_to_decimal(&v.v, text);
	return json_string(text);
}

static json_t *rules_of(const struct gs_sim_network_rules *r)
{
	json_t *rules = json_pack("{s:o, s:i, s:o, s:i, s:i, s:o, s:o, s:i, s:i, s:i, s:i, s:i}", "minimum_bond",
	                          amount(r->rules.terms.minimum_bond), "bond_bps", (int)r->rules.terms.bond_bps,
	                          "minimum_fee", amount(r->rules.terms.minimum_fee), "fee_bps",
	                          (int)r->rules.terms.fee_bps, "window_s", (int)r->rules.terms.window_s,
	                          "challenger_bond", amount(r->rules.bonds.challenger_bond), "refund_per_move",
	                          amount(r->rules.bonds.refund_per_move), "concede_bps",
	                          (int)r->rules.bonds.concede_bps, "burn_bps", (int)r->rules.bonds.burn_bps,
	                          "claimant_budget_s", (int)r->claimant_budget_s, "challenger_budget_s",
	                          (int)r->challenger_budget_s, "minimum_time_s", (int)r->minimum_time_s);
	json_t *duties = json_pack("{s:I, s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:o}", "unbonding_s",
	                           (json_int_t)r->unbonding_s, "demand_s", (int)r->duties.demand_s, "audit_s",
	                           (int)r->duties.audit_s, "report_s", (int)r->duties.report_s, "epoch_s",
	                           (int)r->duties.epoch_s, "audit_bps", (int)r->duties.audit_bps, "demand_base",
	                           amount(r->duties.demand_base), "demand_per_chunk",
	                           amount(r->duties.demand_per_chunk), "attest_stake", amount(r->duties.attest_stake));
	json_object_update(rules, duties);
	json_decref(duties);
	return rules;
}

static json_t *logs_of(const struct gs_sim_block *b, const struct gs_hash *tx)
{
	json_t *logs = json_array();
	for (size_t i = 0; i < b->logs.count; i++) {
		const struct gs_log_entry *e = &b->logs.entry[i];
		json_t *topics = json_array();
		if (!gs_hash_equal(&e->tx_hash, tx)) {
			json_decref(topics);
			continue;
		}
		for (size_t t = 0; t < e->topic_count; t++)
			json_array_append_new(topics, hex(e->topics[t].b, sizeof(e->topics[t].b)));
		json_array_append_new(logs,
		                      json_pack("{s:o, s:o, s:o}", "address", hex(e->address.b, sizeof(e->address.b)),
		                                "topics", topics, "data", hex(e->data.ptr, e->data.len)));
	}
	return logs;
}

static json_t *block_of(const struct gs_sim_network *n, const struct gs_sim_block *b)
{
	json_t *txs = json_array();
	for (unsigned i = 0; i < b->txs; i++) {
		const struct gs_sim_tx *tx = n->tx[b->tx[i]];
		struct gs_address from = gs_sim_address(tx->sender);
		json_array_append_new(txs, json_pack("{s:o, s:o, s:o, s:b, s:s, s:o}", "from",
		                                     hex(from.b, sizeof(from.b)), "to", hex(tx->to.b, sizeof(tx->to.b)),
		                                     "data", hex(tx->data.ptr, tx->data.len), "success",
		                                     (int)tx->success, "why", tx->why, "logs", logs_of(b, &tx->hash)));
	}
	return json_pack("{s:I, s:o, s:o}", "time", (json_int_t)b->head.time.unix_s, "randao",
	                 hex(b->randao.b, sizeof(b->randao.b)), "txs", txs);
}

static json_t *balances(const struct gs_sim_network *n)
{
	const struct gs_sim_account duties = {.locked = n->bank.pool};
	json_t *all = json_array();
	for (unsigned i = 0; i <= n->bank.accounts; i++) {
		const struct gs_sim_account *a = i < n->bank.accounts ? &n->bank.account[i] : &duties;
		json_array_append_new(all, json_pack("{s:o, s:o, s:o, s:I}", "free", amount(a->free), "locked",
		                                     amount(a->locked), "unbonding", amount(a->unbonding), "ready_at",
		                                     (json_int_t)a->ready_at));
	}
	return all;
}

enum gs_err gs_sim_dump(const struct gs_sim_network *n, const char *path, struct gs_error *error)
{
	json_t *root = json_object(), *accounts = json_array(), *blocks = json_array();
	for (unsigned a = 0; a < n->rules.accounts; a++) {
		struct gs_address address = gs_sim_address(a);
		json_array_append_new(accounts, json_pack("{s:o, s:o}", "address", hex(address.b, sizeof(address.b)),
		                                          "deposit", amount(n->rules.deposit[a])));
	}
	for (size_t i = 0; i < n->blocks; i++)
		json_array_append_new(blocks, block_of(n, &n->block[i]));
	json_object_set_new(root, "chain_id", json_integer((json_int_t)n->rules.contracts.chain_id));
	json_object_set_new(root, "rules", rules_of(&n->rules));
	json_object_set_new(root, "accounts", accounts);
	json_object_set_new(root, "end", balances(n));
	json_object_set_new(root, "blocks", blocks);
	enum gs_err err = json_dump_file(root, path, JSON_INDENT(1)) == 0
	                          ? GS_OK
	                          : gs_fail(error, GS_EIO, "%s: cannot be written", path);
	json_decref(root);
	return err;
}

enum gs_err gs_sim_dump_program(const struct gs_program *program, const char *path, struct gs_error *error)
{
	struct gs_buf bytes;
	gs_buf_init(&bytes, SIZE_MAX / 2);
	enum gs_err err = gs_program_write(program, &bytes);
	FILE *f = err == GS_OK ? fopen(path, "wb") : NULL;
	bool done = f != NULL && fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len;
	done = f != NULL && fclose(f) == 0 && done;
	gs_buf_free(&bytes);
	return done ? GS_OK : gs_fail(error, GS_EIO, "%s: cannot be written", path);
}
