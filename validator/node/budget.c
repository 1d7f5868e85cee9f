/* What gas may cost a day. It is counted from receipts, as the chain tells them: a reorganisation takes it back. */
#include <string.h>

#include "validator/node/node_state.h"
#include "validator/node/record.h"

enum { SPENT_VERSION = 1, RATE_VERSION = 1, DAY_S = 86400, HOUR_S = 3600, HOURS = 24, FORGOTTEN_H = 4096 };
static const struct gs_bytes rate_key = {(const uint8_t *)"spent_rate", 10};
static const struct gs_bytes spent_key[GS_LANES] = {{(const uint8_t *)"spent", 5}, {(const uint8_t *)"spent_l1", 8}};

static enum gs_err load_spent(struct gs_journal *j, enum gs_lane lane, struct gs_time now, struct gs_spent *out)
{
	struct gs_record_reader r;
	struct gs_buf value;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	gs_buf_init(&value, 256);
	err = gs_journal_get(j, GS_TABLE_META, spent_key[lane], &value);
	if (!err) {
		gs_record_open(&r, gs_buf_view(&value), SPENT_VERSION, 3);
		out->day = gs_record_get_u64(&r);
		out->today = gs_record_get_wei(&r);
		out->total = gs_record_get_wei(&r);
		err = gs_record_close(&r);
	}
	gs_buf_free(&value);
	if (out->day != now.unix_s / DAY_S)
		out->today = gs_wei_from_u64(0);
	out->day = now.unix_s / DAY_S;
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_budget_spent(struct gs_journal *j, struct gs_time now, struct gs_spent *out)
{
	struct gs_spent l1;
	enum gs_err err = load_spent(j, GS_LANE_CHAIN, now, out);

	if (!err)
		err = load_spent(j, GS_LANE_L1, now, &l1);
	if (!err)
		err = gs_wei_add(out->today, l1.today, &out->today);
	return err ? err : gs_wei_add(out->total, l1.total, &out->total);
}

/* --- at the present rate --- */

/* An hour counts 23/24 of the next: of c an hour the sum comes to 24 c, which is what a day costs. */
enum gs_err gs_budget_a_day(struct gs_journal *j, struct gs_time now, struct gs_wei *out)
{
	const uint64_t hour = now.unix_s / HOUR_S;
	struct gs_record_reader r;
	struct gs_buf value;
	uint64_t then = hour;
	enum gs_err err;

	*out = gs_wei_from_u64(0);
	gs_buf_init(&value, 256);
	err = gs_journal_get(j, GS_TABLE_META, rate_key, &value);
	if (!err) {
		gs_record_open(&r, gs_buf_view(&value), RATE_VERSION, 2);
		then = gs_record_get_u64(&r);
		*out = gs_record_get_wei(&r);
		err = gs_record_close(&r);
	}
	gs_buf_free(&value);
	if (hour > then && hour - then > FORGOTTEN_H)
		*out = gs_wei_from_u64(0);
	for (; then < hour && !gs_u256_is_zero(&out->v); then++) {
		(void)gs_u256_div_u64(&out->v, HOURS, &out->v);
		if (!err)
			err = gs_wei_mul_u64(*out, HOURS - 1, out);
	}
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err add_to_rate(struct gs_journal *j, struct gs_time now, struct gs_wei cost)
{
	struct gs_record_writer w;
	struct gs_wei sum;
	struct gs_buf value;
	enum gs_err err = gs_budget_a_day(j, now, &sum);

	if (!err)
		err = gs_wei_add(sum, cost, &sum);
	if (err)
		return err;
	gs_buf_init(&value, 256);
	gs_record_begin(&w, &value, RATE_VERSION, 2);
	gs_record_put_u64(&w, now.unix_s / HOUR_S);
	gs_record_put_wei(&w, sum);
	gs_record_end(&w);
	err = value.err ? value.err : gs_journal_derive(j, GS_TABLE_META, rate_key, gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_budget_spend(struct gs_journal *j, enum gs_lane lane, struct gs_time now, struct gs_wei cost)
{
	struct gs_record_writer w;
	struct gs_spent spent;
	struct gs_buf value;
	enum gs_err err = load_spent(j, lane, now, &spent);

	if (!err)
		err = gs_wei_add(spent.today, cost, &spent.today);
	if (!err)
		err = gs_wei_add(spent.total, cost, &spent.total);
	if (err)
		return err;
	gs_buf_init(&value, 256);
	gs_record_begin(&w, &value, SPENT_VERSION, 3);
	gs_record_put_u64(&w, spent.day);
	gs_record_put_wei(&w, spent.today);
	gs_record_put_wei(&w, spent.total);
	gs_record_end(&w);
	err = value.err;
	if (!err) /* no reorganisation of the chain takes back what was paid on L1 */
		err = lane == GS_LANE_CHAIN ? gs_journal_derive(j, GS_TABLE_META, spent_key[lane], gs_buf_view(&value))
		                            : gs_journal_put(j, GS_TABLE_META, spent_key[lane], gs_buf_view(&value));
	gs_buf_free(&value);
	return err || lane != GS_LANE_CHAIN ? err : add_to_rate(j, now, cost);
}

/* The most that may still come of what waits: one of each line. */
static enum gs_err add_waiting(struct gs_journal *j, enum gs_lane lane, struct gs_wei *out)
{
	struct gs_tx_list list;
	enum gs_err err = gs_tx_record_pending(j, lane, &list);

	for (size_t i = 0; i < list.count && !err; i++) {
		if (i + 1 < list.count && list.tx[i + 1].nonce == list.tx[i].nonce)
			continue;
		err = gs_fees_cost(list.tx[i].gas_limit, list.tx[i].max_fee, *out, out);
	}
	gs_tx_list_free(&list);
	return err;
}

static enum gs_err on_its_way(struct gs_journal *j, struct gs_wei *out)
{
	enum gs_err err;

	*out = gs_wei_from_u64(0);
	err = add_waiting(j, GS_LANE_CHAIN, out);
	return err ? err : add_waiting(j, GS_LANE_L1, out);
}

static void tell(struct gs_node *node, const struct gs_intent *intent, const char *event, const char *why)
{
	char subject[67];

	if (node->now.unix_s < node->budget_told.unix_s + GS_NODE_RETELL_S)
		return;
	node->budget_told = node->now;
	gs_hex_encode(intent->subject.b, 32, true, subject);
	gs_log_line(node->log, GS_LOG_WARN, event, "what=%s subject=%s why=\"%s\"",
	            gs_intent_kind_name((enum gs_intent_kind)intent->kind), subject, why);
}

enum gs_err gs_budget_allows(struct gs_node_turn *t, const struct gs_intent *intent, struct gs_wei *left, bool *allowed)
{
	struct gs_node *node = t->node;
	const bool owed = node->options.budget.obligations && gs_intent_is_obligation(intent->kind);
	struct gs_spent spent;
	struct gs_wei waiting, rest;
	enum gs_err err;

	*left = gs_wei_from_u64(0);
	*allowed = true;
	if (gs_u256_is_zero(&node->options.budget.gas_per_day.v))
		return GS_OK;
	err = gs_budget_spent(t->j, node->now, &spent);
	if (!err)
		err = on_its_way(t->j, &waiting);
	if (err)
		return err;
	if (gs_wei_sub(node->options.budget.gas_per_day, spent.today, &rest) == GS_OK &&
	    gs_wei_sub(rest, waiting, &rest) == GS_OK && !gs_u256_is_zero(&rest.v)) {
		if (!owed)
			*left = rest;
		return GS_OK;
	}
	*allowed = owed;
	if (owed)
		tell(node, intent, "budget.exceeded", "the day's budget is spent, and a running game goes on");
	else
		tell(node, intent, "budget.waits", "the day's budget is spent; raise budget.gas_per_day or wait");
	return GS_OK;
}
