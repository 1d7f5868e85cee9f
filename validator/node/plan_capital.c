/* What the node has to pay with, what of it is spoken for, and whether one more game can be paid to its end (capital.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenge/game/batch.h"
#include "validator/node/facts_record.h"
#include "validator/node/node_state.h"

enum { STATUS_EVERY_S = 3600, ALARM_EVERY_S = 600, DAY_S = 86400 };
/* An endpoint whose prices are above what such an amount of gas and bytes can be priced with is not believed. */
static const uint64_t gas_most = UINT64_C(1) << 48, bytes_most = UINT64_C(1) << 40;

/* --- what a game may cost --- */

/* The worst that a game about a claim of the model can come to. */
static enum gs_err worst_of(struct gs_node_turn *t, const struct gs_claim_body *body, uint32_t open_games,
                            struct gs_worst_case *out)
{
	const struct gs_node_options *o = &t->node->options;
	const struct gs_gas_model gas = gs_gas_model_default();
	struct gs_model_record model;
	struct gs_header header;
	struct gs_game_shape shape;
	struct gs_game_rules rules = {.header = &header,
	                              .body = *body,
	                              .claimant_budget_s = o->claimant_budget_s,
	                              .challenger_budget_s = o->challenger_budget_s,
	                              .minimum_time_s = o->minimum_time_s};
	enum gs_err err = gs_facts_model(t->j, &body->model_id, &model);

	if (!err)
		err = gs_header_decode(model.header, &header, t->j->error);
	if (err)
		return err;
	gs_bond_shape_of_header(&header, &shape);
	return gs_bond_worst_case(&shape, &rules, &o->bonds, &gas, open_games, t->node->now.unix_s, out);
}

/* --- what is spoken for --- */

struct spoken { /* so far */
	struct gs_node_turn *turn;
	const struct gs_hash *except; /* an intent that does not count; NULL: all do */
	bool gas;                     /* what it costs can be told */
	struct gs_wei stake;
	struct gs_capital *out;
	struct gs_hash model; /* whose claims are counted... */
	uint32_t of_model;    /* ...so many, so far */
};

static enum gs_err add_gas(struct gs_wei *sum, const struct gs_funds *funds, uint64_t gas, uint64_t bytes)
{
	struct gs_wei cost;
	enum gs_err err = gs_capital_price(funds, gas, bytes, &cost);

	return err ? err : gs_wei_add(*sum, cost, sum);
}

/* Of a call whose first argument is a claim's body. */
static enum gs_err read_body(const struct gs_intent *intent, struct gs_claim_body *out)
{
	uint8_t body[GS_CLAIM_BODY_WORDS * 32];

	if (intent->data.len < 4 + sizeof(body))
		return GS_ECORRUPT;
	memcpy(body, intent->data.ptr + 4, sizeof(body));
	return gs_claim_body_decode(body, out);
}

/* One game besides, if it is not there yet. A leaf's opening is counted with its challenge. */
static enum gs_err add_challenge(struct spoken *s, const struct gs_intent *intent)
{
	const struct gs_node *node = s->turn->node;
	const struct gs_gas_model gas = gs_gas_model_default();
	const bool leaf = intent->kind == GS_INTENT_OPEN_LEAF;
	struct gs_worst_case worst;
	struct gs_claim claim;
	struct gs_wei bond;
	bool runs = false;
	enum gs_err err = gs_facts_claim(s->turn->j, &intent->subject, &claim);

	if (!err && leaf)
		return GS_OK;              /* it is a claim, and its challenge is what counts */
	if (err == GS_ENOTFOUND && leaf) { /* what it would be as a claim stands in the call, behind the selector */
		memset(&claim, 0, sizeof(claim));
		err = read_body(intent, &claim.body);
	}
	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err; /* of a branch that is gone */
	err = gs_plan_challenged(s->turn, &claim, &runs);
	if (err || runs)
		return err;
	err = gs_bond_of_game(&node->options.bonds, (uint16_t)(1 + claim.open_games), &bond);
	if (!err)
		err = gs_wei_add(s->stake, bond, &s->stake);
	if (err || !s->gas)
		return err;
	err = worst_of(s->turn, &claim.body, claim.open_games, &worst);
	if (!err && leaf)
		gs_bond_add_opening(&gas, GS_BATCH_LEVELS_MAX, &worst);
	return err ? err : add_gas(&s->out->planned, &node->funds, worst.challenger.gas, worst.challenger.bytes);
}

static enum gs_err add_planned(void *context, const struct gs_intent *intent)
{
	struct spoken *s = context;
	struct gs_wei stake;
	enum gs_err err;

	if (s->except && gs_hash_equal(s->except, &intent->id))
		return GS_OK;
	if (intent->kind != GS_INTENT_ATTEST)
		return add_challenge(s, intent);
	err = gs_plan_attesting(s->turn->j, intent, &s->turn->node->options.self, &stake);
	if (err || gs_u256_is_zero(&stake.v))
		return err;
	err = gs_wei_add(s->stake, stake, &s->stake);
	if (err || !s->gas)
		return err;
	return add_gas(&s->out->planned, &s->turn->node->funds,
	               GS_ATTEST_GAS + GS_ATTEST_REPORT_GAS + GS_ATTEST_COLLECT_GAS, 0);
}

/* What is left of a game that we play. */
static enum gs_err add_running(struct spoken *s, const struct gs_hash *id, struct gs_game_record *game)
{
	const struct gs_node *node = s->turn->node;
	struct gs_worst_case worst;
	struct gs_claim claim;
	struct gs_wei rest;
	bool challenger;
	unsigned moves;
	enum gs_err err = gs_facts_game(s->turn->j, id, game);

	if (!err)
		err = gs_facts_claim(s->turn->j, &game->claim, &claim);
	if (err || game->game.outcome != GS_GAME_OPEN)
		return err == GS_ENOTFOUND ? GS_OK : err;
	challenger = gs_address_equal(&game->challenger, &node->options.self);
	if (!challenger && !(node->options.defend && gs_address_equal(&claim.body.claimant, &node->options.self)))
		return GS_OK;
	s->out->games++;
	err = worst_of(s->turn, &claim.body, 0, &worst);
	if (err)
		return err;
	/* Moves alternate, and the claimant makes the first; the challenge was the challenger's first transaction. */
	moves = game->game.state.move & (GS_GAME_AGREED_MOVE - 1U);
	moves = challenger ? 1 + moves / 2 : (moves + 1) / 2;
	err = gs_capital_rest(&node->funds, challenger ? &worst.challenger : &worst.claimant, moves, &rest);
	return err ? err : gs_wei_add(s->out->running, rest, &s->out->running);
}

static enum gs_err add_all_running(struct spoken *s)
{
	static const uint8_t prefix[9] = {GS_AGENDA_GAMES}; /* those that we play are looked at always: time 0 */
	struct gs_agenda_keys keys;
	struct gs_game_record *game = NULL;
	enum gs_err err = gs_agenda_collect(s->turn->j, (struct gs_bytes){prefix, sizeof(prefix)}, SIZE_MAX, 0, &keys);

	if (!err && keys.count && !(game = malloc(sizeof(*game))))
		err = gs_fail(s->turn->j->error, GS_ENOMEM, "node: no memory");
	for (size_t i = 0; game && i < keys.count && !err; i++) {
		const struct gs_hash id = gs_agenda_key_id(&keys, i);
		err = add_running(s, &id, game);
	}
	free(game);
	gs_agenda_keys_free(&keys);
	return err;
}

/* One that may be challenged and is not: at most so many of a model count. */
static enum gs_err add_defence(struct spoken *s, const struct gs_claim_body *body)
{
	struct gs_worst_case worst;
	enum gs_err err = worst_of(s->turn, body, 0, &worst);

	s->of_model++;
	return err ? err : add_gas(&s->out->defences, &s->turn->node->funds, worst.claimant.gas, worst.claimant.bytes);
}

/* Which subject the key of an agenda is for, and whether its model has had its share. */
static enum gs_err read_key(struct spoken *s, struct gs_bytes key, struct gs_hash *id, bool *has_share)
{
	if (key.len != 1 + 2 * sizeof(id->b))
		return GS_ECORRUPT;
	if (memcmp(s->model.b, key.ptr + 1, sizeof(s->model.b)) != 0) {
		memcpy(s->model.b, key.ptr + 1, sizeof(s->model.b));
		s->of_model = 0;
	}
	memcpy(id->b, key.ptr + 1 + sizeof(s->model.b), sizeof(id->b));
	*has_share = s->of_model >= s->turn->node->options.capital.defences;
	return GS_OK;
}

static enum gs_err visit_claim(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct spoken *s = context;
	const struct gs_node *node = s->turn->node;
	struct gs_claim claim;
	struct gs_hash id;
	bool has_share = false;
	enum gs_err err = read_key(s, key, &id, &has_share);

	(void)value;
	if (err || has_share)
		return err;
	err = gs_facts_claim(s->turn->j, &id, &claim);
	if (err || claim.status != GS_CLAIM_OPEN || claim.open_games ||
	    !gs_address_equal(&claim.body.claimant, &node->options.self) || node->now.unix_s > claim.window_end.unix_s)
		return err == GS_ENOTFOUND ? GS_OK : err;
	return add_defence(s, &claim.body);
}

static enum gs_err visit_batch(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct spoken *s = context;
	struct gs_claim_body body = {0};
	struct gs_batch batch;
	struct gs_hash id;
	bool has_share = false;
	enum gs_err err = read_key(s, key, &id, &has_share);

	(void)value;
	if (err || has_share)
		return err;
	err = gs_facts_batch(s->turn->j, &id, &batch);
	if (err || batch.status != GS_BATCH_OPEN || s->turn->node->now.unix_s > batch.window_end.unix_s)
		return err == GS_ENOTFOUND ? GS_OK : err;
	body.model_id = batch.model;
	return add_defence(s, &body);
}

static enum gs_err add_defences(struct spoken *s)
{
	static const struct {
		uint8_t part;
		gs_store_visit visit;
	} of[] = {{GS_AGENDA_MONEY, visit_claim}, {GS_AGENDA_OWN_BATCHES, visit_batch}};
	const struct gs_node_turn *t = s->turn;
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < GS_ARRAY_LEN(of) && !err && t->node->options.defend; i++) {
		memset(&s->model, 0, sizeof(s->model));
		s->of_model = 0;
		err = t->j->store->scan(t->j->txn, GS_TABLE_AGENDA, (struct gs_bytes){&of[i].part, 1},
		                        GS_STORE_ASCENDING, of[i].visit, s, t->j->error);
	}
	return err;
}

/* What is signed and waits, and is counted nowhere else. */
static enum gs_err add_waiting(struct spoken *s)
{
	struct gs_tx_list list;
	enum gs_err err = gs_tx_record_pending(s->turn->j, GS_LANE_CHAIN, &list);

	for (size_t i = 0; i < list.count && !err; i++) {
		const struct gs_tx_record *tx = &list.tx[i];
		struct gs_intent intent = {0};
		struct gs_buf data;
		if (i + 1 < list.count && list.tx[i + 1].nonce == tx->nonce)
			continue; /* the newest of a line is the dearest */
		gs_buf_init(&data, GS_STORE_VALUE_MAX);
		if (!gs_hash_is_zero(&tx->intent) && !tx->cancels)
			err = gs_intent_load(s->turn->j, &tx->intent, &intent, &data);
		gs_buf_free(&data);
		if (!err && !gs_intent_is_obligation(intent.kind) && intent.kind != GS_INTENT_CHALLENGE &&
		    intent.kind != GS_INTENT_OPEN_LEAF && intent.kind != GS_INTENT_ATTEST)
			err = gs_fees_cost(tx->gas_limit, tx->max_fee, s->out->waiting, &s->out->waiting);
	}
	gs_tx_list_free(&list);
	return err;
}

static bool funds_known(const struct gs_node *node)
{
	return node->funds_at.unix_s && node->now.unix_s <= node->funds_at.unix_s + GS_CAPITAL_STALE_S;
}

static void settle(struct gs_capital *c)
{
	const struct gs_wei parts[] = {c->running, c->planned, c->defences, c->waiting};

	c->gas = c->balance;
	c->short_of_running = gs_wei_cmp(c->balance, c->running) < 0;
	for (size_t i = 0; i < GS_ARRAY_LEN(parts); i++)
		if (gs_wei_sub(c->gas, parts[i], &c->gas) != GS_OK)
			memset(&c->gas, 0, sizeof(c->gas));
}

static enum gs_err look(struct gs_node_turn *t, const struct gs_hash *except, bool gas, struct gs_capital *out)
{
	const struct gs_node *node = t->node;
	struct spoken s = {.turn = t, .except = except, .out = out};
	struct gs_account account;
	enum gs_err err = gs_facts_account(t->j, &node->options.self, &account);

	memset(out, 0, sizeof(*out));
	out->known = !gas || funds_known(node);
	s.gas = gas && out->known;
	if (!err)
		err = gs_intent_each_reserving(t->j, add_planned, &s);
	if (!err && gs_wei_sub(account.free, s.stake, &out->stake) != GS_OK)
		memset(&out->stake, 0, sizeof(out->stake));
	if (err || !s.gas)
		return err;
	out->balance = node->funds.balance;
	err = add_all_running(&s);
	if (!err)
		err = add_defences(&s);
	if (!err)
		err = add_waiting(&s);
	settle(out);
	return err;
}

enum gs_err gs_plan_capital(struct gs_node_turn *t, const struct gs_hash *except, struct gs_capital *out)
{
	return look(t, except, t->node->options.capital.gas, out);
}

enum gs_err gs_plan_free_stake(struct gs_node_turn *t, struct gs_wei *out)
{
	struct gs_capital capital;
	enum gs_err err = look(t, NULL, false, &capital);

	*out = capital.stake;
	return err;
}

/* --- one more --- */

/* NULL: it can be paid for. */
static const char *why_not(const struct gs_node *node, const struct gs_capital *c, struct gs_wei locked,
                           struct gs_wei gas)
{
	if (gs_wei_cmp(c->stake, locked) < 0)
		return "free stake does not cover the bond; deposit more with 'gainsay stake deposit'";
	if (!node->options.capital.gas)
		return NULL;
	if (!c->known)
		return "what the account has is not known: no endpoint has told for a while";
	if (gs_wei_cmp(c->gas, gas) < 0)
		return "what the account has for gas, less what running and promised games may take, does not cover this "
		       "one to its end; send it more, or lower capital.defences";
	return NULL;
}

enum gs_err gs_plan_weigh_challenge(struct gs_node_turn *t, const struct gs_claim *claim, const unsigned *levels,
                                    bool *affordable)
{
	const struct gs_gas_model prices = gs_gas_model_default();
	struct gs_node *node = t->node;
	struct gs_worst_case worst;
	struct gs_capital capital = {0};
	struct gs_wei gas = {0};
	const char *why;
	char id[67], bond[GS_U256_DECIMAL_MAX], has[GS_U256_DECIMAL_MAX], cost[GS_U256_DECIMAL_MAX],
		left[GS_U256_DECIMAL_MAX];
	enum gs_err err = worst_of(t, &claim->body, claim->open_games, &worst);

	if (!err && levels)
		gs_bond_add_opening(&prices, *levels, &worst);
	if (!err)
		err = gs_plan_capital(t, NULL, &capital);
	if (!err && node->options.capital.gas && capital.known)
		err = gs_capital_price(&node->funds, worst.challenger.gas, worst.challenger.bytes, &gas);
	if (err)
		return err;
	why = why_not(node, &capital, worst.locked, gas);
	*affordable = !why;
	if (why && node->now.unix_s < node->poor_told.unix_s + GS_NODE_RETELL_S)
		return GS_OK;
	gs_hex_encode(claim->id.b, 32, true, id);
	gs_wei_format_ether(worst.locked, bond);
	gs_wei_format_ether(capital.stake, has);
	gs_wei_format_ether(gas, cost);
	gs_wei_format_ether(capital.gas, left);
	gs_log_line(
		node->log, GS_LOG_INFO, "challenge.cost",
		"claim=%s units=%u bond=%s free=%s transactions_max=%u gas_max=%llu cost_max=%s left=%s ends_by=%llu",
		id, 1 + claim->open_games, bond, has, worst.challenger.transactions,
		(unsigned long long)worst.challenger.gas, cost, left, (unsigned long long)worst.ends_by);
	if (!why)
		return GS_OK;
	node->poor_told = node->now;
	gs_log_line(node->log, GS_LOG_ERROR, "challenge.unaffordable", "claim=%s why=\"%s\"", id, why);
	return GS_OK;
}

enum gs_err gs_plan_can_attest(struct gs_node_turn *t, bool *out)
{
	const struct gs_node *node = t->node;
	struct gs_capital capital;
	struct gs_wei cost;
	enum gs_err err;

	*out = true;
	if (!node->options.capital.gas)
		return GS_OK;
	err = gs_plan_capital(t, NULL, &capital);
	if (!err && capital.known)
		err = gs_capital_price(&node->funds, GS_ATTEST_GAS + GS_ATTEST_REPORT_GAS + GS_ATTEST_COLLECT_GAS, 0,
		                       &cost);
	*out = !err && capital.known && gs_wei_cmp(capital.gas, cost) >= 0;
	return err;
}

/* The operator's order to bring stake, or to fetch it: what is short is mended by it. */
static bool is_about_stake(const struct gs_node *node, const struct gs_intent *intent)
{
	const struct gs_contracts *c = &node->options.contracts;

	return intent->kind == GS_INTENT_COMMAND &&
	       (gs_address_equal(&intent->to, &c->stakes) || gs_address_equal(&intent->to, &c->token));
}

enum gs_err gs_capital_allows(struct gs_node_turn *t, const struct gs_intent *intent, struct gs_wei *left,
                              bool *allowed)
{
	struct gs_node *node = t->node;
	struct gs_capital c;
	char subject[67];
	enum gs_err err;

	if (!node->options.capital.gas || t->lane == GS_LANE_L1 || gs_intent_is_obligation(intent->kind) ||
	    is_about_stake(node, intent))
		return GS_OK;
	err = gs_plan_capital(t, &intent->id, &c);
	if (err)
		return err;
	if (c.known && !gs_u256_is_zero(&c.gas.v)) {
		if (gs_u256_is_zero(&left->v) || gs_wei_cmp(c.gas, *left) < 0)
			*left = c.gas;
		return GS_OK;
	}
	*allowed = false;
	if (node->now.unix_s < node->capital_told.unix_s + GS_NODE_RETELL_S)
		return GS_OK;
	node->capital_told = node->now;
	gs_hex_encode(intent->subject.b, 32, true, subject);
	gs_log_line(node->log, GS_LOG_WARN, "capital.waits", "what=%s subject=%s why=\"%s\"",
	            gs_intent_kind_name((enum gs_intent_kind)intent->kind), subject,
	            c.known ? "what the account has is reserved for games that run or are promised; send it more"
	                    : "what the account has is not known yet");
	return GS_OK;
}

/* --- what the operator is told --- */

struct dearest {
	struct gs_node_turn *turn;
	struct gs_wei gas;
};

static enum gs_err visit_model(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct dearest *d = context;
	struct gs_claim_body body = {0};
	struct gs_model_record model;
	struct gs_worst_case worst;
	struct gs_wei cost;
	enum gs_err err = gs_model_decode(key, value, &model);

	if (err || model.voided || model.retired)
		return err;
	body.model_id = model.id;
	err = worst_of(d->turn, &body, 0, &worst);
	if (!err)
		err = gs_capital_price(&d->turn->node->funds, worst.challenger.gas, worst.challenger.bytes, &cost);
	if (!err && gs_wei_cmp(cost, d->gas) > 0)
		d->gas = cost;
	return err;
}

/* How often `each` is in `has`, at most UINT64_MAX; each is not 0. One of more than 64 bits loses its low ones, rounded up. */
static uint64_t times(struct gs_wei has, struct gs_wei each)
{
	struct gs_u256 a = has.v, b = each.v;
	bool cut = false;

	while (!gs_u256_fits_u64(&b)) {
		(void)gs_u256_div_u64(&a, UINT64_C(1) << 32, &a);
		(void)gs_u256_div_u64(&b, UINT64_C(1) << 32, &b);
		cut = true;
	}
	(void)gs_u256_div_u64(&a, b.limb[0] + (cut && b.limb[0] != UINT64_MAX), &a);
	return gs_u256_fits_u64(&a) ? a.limb[0] : UINT64_MAX;
}

enum gs_err gs_plan_outlook(struct gs_node_turn *t, struct gs_capital_outlook *out)
{
	const struct gs_node *node = t->node;
	struct dearest dearest = {.turn = t};
	uint64_t by_gas = UINT64_MAX;
	struct gs_wei seconds;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	out->more_games = out->lasts_s = UINT64_MAX;
	err = gs_plan_capital(t, NULL, &out->now);
	if (!err)
		err = gs_bond_of_game(&node->options.bonds, 1, &out->bond);
	if (!err && !gs_u256_is_zero(&out->bond.v))
		out->more_games = times(out->now.stake, out->bond);
	if (err || !node->options.capital.gas || !out->now.known)
		return err;
	err = t->j->store->scan(t->j->txn, GS_TABLE_MODELS, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, visit_model,
	                        &dearest, t->j->error);
	if (!err)
		err = gs_budget_a_day(t->j, node->now, &out->a_day);
	if (err)
		return err;
	out->a_game = dearest.gas;
	if (!gs_u256_is_zero(&dearest.gas.v))
		by_gas = times(out->now.gas, dearest.gas);
	if (by_gas < out->more_games) {
		out->more_games = by_gas;
		out->by_gas = true;
	}
	if (!gs_u256_is_zero(&out->a_day.v) && gs_wei_mul_u64(out->now.balance, DAY_S, &seconds) == GS_OK)
		out->lasts_s = times(seconds, out->a_day);
	return GS_OK;
}

static void tell_outlook(struct gs_node *node, const struct gs_capital_outlook *o)
{
	const struct gs_capital_policy *policy = &node->options.capital;
	const bool few = o->more_games < policy->warn_games, soon = o->lasts_s < policy->warn_s;
	const bool alarm = few || soon || o->now.short_of_running;
	const uint64_t every_s = alarm ? ALARM_EVERY_S : STATUS_EVERY_S;
	char stake[GS_U256_DECIMAL_MAX], balance[GS_U256_DECIMAL_MAX], left[GS_U256_DECIMAL_MAX],
		a_day[GS_U256_DECIMAL_MAX], lasts[32] = "-", more[32] = "any";

	if (node->outlook_told.unix_s && alarm == node->capital_alarm &&
	    node->now.unix_s < node->outlook_told.unix_s + every_s)
		return;
	node->outlook_told = node->now;
	node->capital_alarm = alarm;
	gs_wei_format_ether(o->now.stake, stake);
	gs_wei_format_ether(o->now.balance, balance);
	gs_wei_format_ether(o->now.gas, left);
	gs_wei_format_ether(o->a_day, a_day);
	if (o->lasts_s != UINT64_MAX)
		snprintf(lasts, sizeof(lasts), "%llu", (unsigned long long)o->lasts_s);
	if (o->more_games != UINT64_MAX)
		snprintf(more, sizeof(more), "%llu", (unsigned long long)o->more_games);
	gs_log_line(
		node->log,
		!alarm                    ? GS_LOG_INFO
		: o->now.short_of_running ? GS_LOG_ERROR
					  : GS_LOG_WARN,
		alarm ? "capital.short" : "capital",
		"games=%u more_games=%s bound_by=%s stake_free=%s balance=%s unreserved=%s gas_a_day=%s lasts_s=%s%s%s%s",
		o->now.games, more, o->by_gas ? "gas" : "stake", stake, balance, left, a_day, lasts,
		alarm ? " why=\"" : "",
		!alarm                    ? ""
		: o->now.short_of_running ? "the account cannot pay for the games that run; send it more at once"
		: few && o->by_gas        ? "few more games can be paid for: send the account more for gas"
		: few                     ? "few more games can be paid for: 'gainsay stake deposit'"
					  : "at the present rate the account's funds are soon spent",
		alarm ? "\"" : "");
}

static bool sensible(const struct gs_funds *funds)
{
	struct gs_wei most;

	return gs_capital_price(funds, gas_most, bytes_most, &most) == GS_OK;
}

/* What gas is reckoned at: no transaction ever offers more than the caps. */
static void reckon(const struct gs_node_options *o, struct gs_funds *funds)
{
	const struct gs_wei cap = gs_wei_cmp(o->fees.max_urgent, o->fees.max) > 0 ? o->fees.max_urgent : o->fees.max;
	struct gs_wei raised;

	if (gs_wei_mul_u64(funds->per_gas, o->capital.price_percent, &raised) == GS_OK)
		(void)gs_u256_div_u64(&raised.v, 100, &funds->per_gas.v);
	if (!gs_u256_is_zero(&o->fees.max.v) && gs_wei_cmp(cap, funds->per_gas) < 0)
		funds->per_gas = cap;
}

enum gs_err gs_node_on_funds(struct gs_node_turn *t, const struct gs_funds *told)
{
	static const uint8_t woken[] = {GS_AGENDA_WOKEN, GS_AGENDA_STAKE};
	struct gs_node *node = t->node;
	const bool first = !funds_known(node), more = gs_wei_cmp(told->balance, node->funds.balance) > 0;
	enum gs_err err = GS_OK;

	if (!node->options.capital.gas)
		return GS_OK;
	if (!sensible(told)) {
		gs_log_line(node->log, GS_LOG_WARN, "capital.unknown", "why=\"the endpoint's prices make no sense\"");
		return GS_OK;
	}
	node->funds = *told;
	reckon(&node->options, &node->funds);
	node->funds_at = node->now;
	if (first || more)
		err = gs_agenda_put(t->j, (struct gs_bytes){woken, sizeof(woken)});
	node->outlook_due = true;
	return err;
}

enum gs_err gs_capital_tell(struct gs_node_turn *t)
{
	struct gs_capital_outlook outlook;
	enum gs_err err = GS_OK;

	if (t->node->outlook_due && !(err = gs_plan_outlook(t, &outlook)))
		tell_outlook(t->node, &outlook);
	t->node->outlook_due = false;
	return err;
}
