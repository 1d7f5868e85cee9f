#include "simulations/nodes/told.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"

bool gs_sim_befalls(struct gs_sim_actor *a, uint32_t of_a_thousand)
{
	return of_a_thousand > 0 && gs_rng_below(&a->rng, 1000) < of_a_thousand;
}

uint64_t gs_sim_up_to(struct gs_sim_actor *a, uint64_t most)
{
	return most == 0 ? 0 : gs_rng_below(&a->rng, most + 1);
}

/* ---- the only endpoint ---- */

static bool has_requests_left(struct gs_sim_actor *a)
{
	return a->luck.requests == 0 || a->requests++ < a->luck.requests;
}

static bool is_offline(const struct gs_sim_actor *a, uint64_t now_s)
{
	return now_s >= a->luck.offline_from_s && now_s < a->luck.offline_to_s;
}

static bool answers(struct gs_sim_actor *a, uint64_t now_s)
{
	return has_requests_left(a) && !is_offline(a, now_s) && !gs_sim_befalls(a, a->luck.call_fails);
}

/* ---- several ---- */

static bool are_several(const struct gs_sim_actor *a)
{
	return a->endpoints.count > 0;
}

/* What an honest endpoint is asked about. */
struct about {
	struct gs_sim_actor *a;
	const struct gs_hash *hash;
	uint64_t number;
	const struct gs_sim_pending *pending; /* a call, a transaction */
	const struct gs_sim_treatment *treatment;
	uint64_t now_s;
	enum gs_err err; /* of the call, of sending: as an honest endpoint found it */
	bool told;       /* an honest one was asked */
	struct gs_error *why;
};

/* What they agree on. False: nothing, or the party itself is away. */
static bool ask(struct about *about, enum gs_sim_question question, gs_sim_honest *honest, struct gs_sim_said *out)
{
	struct gs_sim_asked asked = {.question = question, .subject = about->number, .honest = honest, .self = about};
	if (about->hash != NULL)
		asked.subject = gs_be64_read(about->hash->b);
	return !is_offline(about->a, about->now_s) &&
	       gs_sim_endpoints_ask(&about->a->endpoints, &asked, about->now_s, out);
}

static const struct gs_sim_block *block_about(const struct about *about)
{
	return about->hash != NULL ? gs_sim_network_block_of(about->a->network, about->hash)
	                           : gs_sim_network_block(about->a->network, about->number);
}

static void say_block(void *self, uint64_t top, struct gs_sim_said *out)
{
	const struct gs_sim_block *b = block_about(self);
	out->vote = b != NULL && b->head.number <= top ? GS_VOTE_ANSWER : GS_VOTE_ABSENT;
}

/* Of a block that it does not have it has no list that would be empty. */
static void say_logs(void *self, uint64_t top, struct gs_sim_said *out)
{
	const struct gs_sim_block *b = block_about(self);
	out->vote = b != NULL && b->head.number <= top ? GS_VOTE_ANSWER : GS_VOTE_SILENT;
}

static void say_receipt(void *self, uint64_t top, struct gs_sim_said *out)
{
	const struct about *about = self;
	const struct gs_sim_tx *tx = gs_sim_network_tx(about->a->network, about->hash);
	out->vote = tx != NULL && tx->mined && tx->block <= top ? GS_VOTE_ANSWER : GS_VOTE_ABSENT;
	out->number = out->vote == GS_VOTE_ANSWER ? tx->block : 0;
}

static void say_pending(void *self, uint64_t top, struct gs_sim_said *out)
{
	const struct about *about = self;
	(void)top;
	out->vote = GS_VOTE_ANSWER;
	out->number = gs_sim_network_pending_nonce(about->a->network, about->a->account);
}

/* At an older block it was less; no less than nothing. */
static void say_mined(void *self, uint64_t top, struct gs_sim_said *out)
{
	const struct about *about = self;
	const struct gs_sim_network *n = about->a->network;
	(void)top;
	out->vote = GS_VOTE_ANSWER;
	out->number = about->a->endpoints.head.number == gs_sim_network_newest(n)->head.number
	                      ? n->nonce[about->a->account]
	                      : 0;
}

static void say_balance(void *self, uint64_t top, struct gs_sim_said *out)
{
	(void)self;
	(void)top;
	out->vote = GS_VOTE_ANSWER;
}

static void say_price(void *self, uint64_t top, struct gs_sim_said *out)
{
	const struct about *about = self;
	(void)top;
	out->vote = GS_VOTE_ANSWER;
	out->number = about->a->network->base_fee;
}

static void say_call(void *self, uint64_t top, struct gs_sim_said *out)
{
	struct about *about = self;
	const struct gs_bytes data = {about->pending->data, about->pending->data_len};
	(void)top;
	about->err = gs_sim_network_try(about->a->network, about->a->account, &about->pending->effect.to, data,
	                                about->now_s, about->why);
	about->told = true;
	out->vote = GS_VOTE_ANSWER;
	out->refused = about->err != GS_OK;
}

static void say_send(void *self, uint64_t top, struct gs_sim_said *out)
{
	struct about *about = self;
	const struct gs_bytes raw = {about->pending->data, about->pending->data_len};
	(void)top;
	about->err = gs_sim_network_send(about->a->network, raw, about->treatment->ready_s);
	about->told = true;
	out->vote = GS_VOTE_ANSWER;
	out->refused = about->err != GS_OK;
}

/* ---- what is invented ---- */

static void invented_hash(uint64_t number, uint64_t lie, struct gs_hash *out)
{
	uint8_t both[16];
	gs_be64_write(both, number);
	gs_be64_write(both + 8, lie);
	gs_keccak256(both, sizeof(both), out);
}

/* The block as they tell of it. A lie: another branch, from the block before on. */
static void head_of(const struct gs_sim_actor *a, uint64_t number, uint64_t lie, struct gs_head *out)
{
	const struct gs_sim_block *b = gs_sim_network_block(a->network, number);
	if (b != NULL)
		*out = b->head;
	if (b != NULL && lie == 0)
		return;
	const struct gs_sim_block *before = number > 0 ? gs_sim_network_block(a->network, number - 1) : NULL;
	out->number = number;
	out->time = before != NULL ? before->head.time : gs_sim_network_newest(a->network)->head.time;
	invented_hash(number, lie, &out->hash);
	if (before != NULL)
		out->parent = before->head.hash;
	else
		invented_hash(number - 1, lie, &out->parent);
}

/* The newest one before a block, told as if it were that block's. NULL: there is none. */
static const struct gs_log_entry *log_before(const struct gs_sim_network *n, uint64_t number)
{
	while (number-- > 0) {
		const struct gs_sim_block *b = gs_sim_network_block(n, number);
		if (b != NULL && b->logs.count > 0)
			return &b->logs.entry[0];
	}
	return NULL;
}

enum { LIES_ABOUT_LOGS = 3 };

/* Of the real logs one is left out, or all are, or one is changed; where there is none one is invented. *made: owned by the caller. */
static enum gs_err invent_logs(const struct gs_sim_actor *a, const struct gs_sim_block *block,
                               const struct gs_log_entry *real, size_t count, uint64_t lie, struct gs_log_entry **made,
                               size_t *made_count)
{
	const size_t which = count > 0 ? (size_t)(lie / LIES_ABOUT_LOGS % count) : 0;
	const struct gs_log_entry *other = count == 0 ? log_before(a->network, block->head.number) : &real[which];
	const size_t data = other != NULL ? other->data.len : 0;
	GS_ASSERT(count == 0 || real != NULL);
	*made_count = 0;
	*made = malloc((count + 1) * sizeof(**made) + data + 1);
	if (*made == NULL)
		return GS_ENOMEM;
	for (size_t i = 0; i < count && lie % LIES_ABOUT_LOGS != 1; i++)
		if (lie % LIES_ABOUT_LOGS != 0 || i != which)
			(*made)[(*made_count)++] = real[i];
	if (other == NULL || (count > 0 && lie % LIES_ABOUT_LOGS != 2))
		return GS_OK;
	uint8_t *bytes = (uint8_t *)(*made + count + 1);
	struct gs_log_entry *e = &(*made)[count > 0 ? which : (*made_count)++];
	*e = *other;
	if (data > 0)
		memcpy(bytes, other->data.ptr, data);
	bytes[data / 2] ^= 1;
	e->data = (struct gs_bytes){bytes, data};
	if (data == 0)
		e->topics[1].b[0] ^= 1;
	e->block_number = block->head.number;
	e->block_hash = block->head.hash;
	return GS_OK;
}

/* ---- blocks ---- */

/* Some blocks are not shown yet, and so is what follows from them. */
static bool is_stale(const struct gs_sim_actor *a)
{
	return a->stale_top < gs_sim_network_newest(a->network)->head.number;
}

void gs_sim_told_look(struct gs_sim_actor *a, uint64_t now_s)
{
	const uint64_t newest = gs_sim_network_newest(a->network)->head.number;
	if (are_several(a)) {
		gs_sim_endpoints_look(&a->endpoints, newest, now_s);
		if (!is_offline(a, now_s) && gs_sim_endpoints_head(&a->endpoints, now_s))
			a->stale_top = a->endpoints.head.number < newest ? a->endpoints.head.number : newest;
		return;
	}
	if (now_s < a->luck.stale_from_s || now_s >= a->luck.stale_to_s)
		a->stale_top = newest;
	a->requests = 0;
}

bool gs_sim_told_newest(struct gs_sim_actor *a, uint64_t now_s, struct gs_head *out)
{
	uint64_t top = gs_sim_network_newest(a->network)->head.number;
	if (are_several(a)) {
		const struct gs_sim_said *head = &a->endpoints.head;
		if (head->vote == GS_VOTE_ANSWER)
			head_of(a, head->number, head->lie, out);
		return head->vote == GS_VOTE_ANSWER;
	}
	if (!answers(a, now_s))
		return false;
	if (gs_sim_befalls(a, a->luck.lag))
		top -= gs_rng_below(&a->rng, top + 1 < 4 ? top + 1 : 4);
	*out = gs_sim_network_block(a->network, top < a->stale_top ? top : a->stale_top)->head;
	return true;
}

bool gs_sim_told_number(struct gs_sim_actor *a, uint64_t number, uint64_t now_s, struct gs_head *out)
{
	struct about about = {.a = a, .number = number, .now_s = now_s};
	struct gs_sim_said said = {.lie = 0};
	if (are_several(a) ? !ask(&about, GS_SIM_ASK_NUMBER, say_block, &said) || said.vote != GS_VOTE_ANSWER
	                   : !has_requests_left(a))
		return false;
	head_of(a, number, said.lie, out);
	return true;
}

bool gs_sim_told_header(struct gs_sim_actor *a, const struct gs_hash *hash, uint64_t now_s, struct gs_head *out)
{
	struct about about = {.a = a, .hash = hash, .now_s = now_s};
	struct gs_sim_said said = {.lie = 0};
	if (are_several(a) ? !ask(&about, GS_SIM_ASK_BLOCK, say_block, &said) || said.vote != GS_VOTE_ANSWER
	                   : !answers(a, now_s))
		return false;
	const struct gs_sim_block *b = gs_sim_network_block_of(a->network, hash);
	if (b == NULL)
		return false;
	*out = b->head;
	if (said.lie != 0) /* with another parent */
		invented_hash(b->head.number, said.lie, &out->parent);
	return true;
}

/* With one endpoint one log may be left out. */
static enum gs_err leave_out(struct gs_sim_actor *a, const struct gs_sim_block *b, struct gs_node_input *answer,
                             struct gs_log_entry **made)
{
	if (b->logs.count == 0 || !gs_sim_befalls(a, a->luck.lies))
		return GS_OK;
	size_t left_out = (size_t)gs_rng_below(&a->rng, b->logs.count), after = b->logs.count - 1 - left_out;
	*made = calloc(b->logs.count, sizeof(**made));
	if (*made == NULL)
		return GS_ENOMEM;
	memcpy(*made, b->logs.entry, left_out * sizeof(**made));
	memcpy(*made + left_out, b->logs.entry + left_out + 1, after * sizeof(**made));
	answer->as.logs.entries = *made;
	answer->as.logs.count--;
	return GS_OK;
}

enum gs_err gs_sim_told_logs(struct gs_sim_actor *a, const struct gs_hash *hash, uint64_t now_s,
                             struct gs_node_input *answer, struct gs_log_entry **made, bool *answered)
{
	struct about about = {.a = a, .hash = hash, .now_s = now_s};
	struct gs_sim_said said = {.lie = 0};
	*made = NULL;
	answer->kind = GS_INPUT_LOGS;
	answer->as.logs.block = *hash;
	*answered = are_several(a) ? ask(&about, GS_SIM_ASK_LOGS, say_logs, &said) : answers(a, now_s);
	const struct gs_sim_block *b = *answered ? gs_sim_network_block_of(a->network, hash) : NULL;
	*answered = b != NULL;
	if (b == NULL)
		return GS_OK;
	answer->as.logs.entries = b->logs.entry;
	answer->as.logs.count = b->logs.count;
	if (!are_several(a))
		return leave_out(a, b, answer, made);
	if (said.lie == 0)
		return GS_OK;
	const enum gs_err err = invent_logs(a, b, b->logs.entry, b->logs.count, said.lie, made, &answer->as.logs.count);
	answer->as.logs.entries = *made;
	return err;
}

bool gs_sim_told_final(struct gs_sim_actor *a, uint64_t now_s, struct gs_node_input *out, uint64_t *final)
{
	struct gs_head head;
	*final = gs_sim_final_of(&a->final, a->stale_top);
	if (*final == 0)
		return false;
	if (!are_several(a)) {
		if (!answers(a, now_s))
			return false;
		gs_sim_final_tell(a->network, *final, out);
		return true;
	}
	if (!gs_sim_told_number(a, *final, now_s, &head))
		return false;
	gs_sim_final_tell(a->network, *final, out);
	out->as.final.hash = head.hash;
	return true;
}

enum gs_err gs_sim_told_range(struct gs_sim_actor *a, uint64_t first, uint64_t final, uint64_t now_s,
                              struct gs_node_input *out, struct gs_log_entry **made, bool *answered)
{
	struct about about = {.a = a, .number = first, .now_s = now_s};
	struct gs_sim_said said = {.lie = 0};
	struct gs_log_entry *entries;
	struct gs_head head;
	*made = NULL;
	*answered = are_several(a) ? gs_sim_told_number(a, first, now_s, &head) &&
	                                     ask(&about, GS_SIM_ASK_LOGS, say_logs, &said)
	                           : answers(a, now_s);
	if (!*answered)
		return GS_OK;
	enum gs_err err = gs_sim_final_range(&a->final, a->network, first, final, out, made);
	if (err != GS_OK || !are_several(a))
		return err;
	out->as.range.first = head;
	if (said.lie == 0)
		return GS_OK;
	entries = *made;
	err = invent_logs(a, gs_sim_network_block(a->network, first), entries, out->as.range.count, said.lie, made,
	                  &out->as.range.count);
	out->as.range.entries = *made;
	free(entries);
	return err;
}

/* ---- transactions on their way ---- */

static void tell_receipt(struct gs_sim_actor *a, const struct gs_sim_tx *tx, struct gs_node_input *answer)
{
	answer->kind = GS_INPUT_RECEIPT;
	answer->as.receipt.tx = tx->hash;
	answer->as.receipt.success = tx->success;
	answer->as.receipt.block_number = tx->block;
	answer->as.receipt.cost = gs_wei_from_u64(tx->price * gs_sim_means_gas(&a->means, tx->data.len));
}

/* Of the only endpoint. */
static bool watch(struct gs_sim_actor *a, const struct gs_hash *hash, struct gs_node_input *answer)
{
	const struct gs_sim_tx *tx = gs_sim_network_tx(a->network, hash);
	if (tx == NULL || !tx->mined || tx->block > a->stale_top)
		return false;
	tell_receipt(a, tx, answer);
	answer->as.receipt.success = tx->success != gs_sim_befalls(a, a->luck.lies);
	answer->as.receipt.block_hash = gs_sim_network_block(a->network, tx->block)->head.hash;
	return true;
}

/* *known: they agree on whether there is one. */
static bool agreed_receipt(struct gs_sim_actor *a, const struct gs_hash *hash, uint64_t now_s,
                           struct gs_node_input *answer, bool *known)
{
	struct about about = {.a = a, .hash = hash, .now_s = now_s};
	const struct gs_sim_tx *tx = gs_sim_network_tx(a->network, hash);
	struct gs_sim_said said;
	*known = ask(&about, GS_SIM_ASK_RECEIPT, say_receipt, &said);
	if (!*known || said.vote != GS_VOTE_ANSWER || tx == NULL)
		return false;
	tell_receipt(a, tx, answer);
	if (said.lie != 0) { /* with another end, or of what is in no block */
		answer->as.receipt.success = !tx->mined || !tx->success;
		answer->as.receipt.block_number = tx->mined ? tx->block
		                                            : gs_sim_network_newest(a->network)->head.number;
	}
	answer->as.receipt.block_hash = gs_sim_network_block(a->network, answer->as.receipt.block_number)->head.hash;
	return true;
}

bool gs_sim_told_receipt(struct gs_sim_actor *a, const struct gs_hash *hash, uint64_t now_s,
                         struct gs_node_input *answer)
{
	bool known;
	return are_several(a) ? agreed_receipt(a, hash, now_s, answer, &known)
	                      : answers(a, now_s) && watch(a, hash, answer);
}

static bool ask_nonce(struct gs_sim_actor *a, bool mined, uint64_t now_s, uint64_t *out)
{
	struct about about = {.a = a, .number = a->account, .now_s = now_s};
	struct gs_sim_said said;
	const bool there = mined ? ask(&about, GS_SIM_ASK_MINED, say_mined, &said)
	                         : ask(&about, GS_SIM_ASK_PENDING, say_pending, &said);
	*out = there ? said.number : 0;
	return there;
}

bool gs_sim_told_nonce(struct gs_sim_actor *a, bool mined, uint64_t now_s, struct gs_node_input *answer)
{
	answer->kind = GS_INPUT_NONCE;
	if (are_several(a))
		return ask_nonce(a, false, now_s, &answer->as.nonce.pending) &&
		       (!mined || ask_nonce(a, true, now_s, &answer->as.nonce.mined));
	answer->as.nonce.pending = gs_sim_network_pending_nonce(a->network, a->account);
	answer->as.nonce.mined = mined && !is_stale(a) ? a->network->nonce[a->account] : 0;
	return answers(a, now_s) && (!mined || answers(a, now_s)); /* two questions */
}

bool gs_sim_told_funds(struct gs_sim_actor *a, uint64_t now_s, struct gs_node_input *out)
{
	struct about about = {.a = a, .number = a->account, .now_s = now_s};
	struct gs_sim_said said = {.lie = 0};
	if (are_several(a) ? !ask(&about, GS_SIM_ASK_BALANCE, say_balance, &said) : !answers(a, now_s))
		return false;
	gs_sim_means_tell(&a->means, a->network, a->account, out);
	if (said.lie != 0)
		out->as.funds.balance = gs_wei_from_u64(0);
	return true;
}

/* ---- transactions that are wanted ---- */

void gs_sim_told_refuse(const struct gs_sim_pending *p, enum gs_tx_refusal kind, const char *why,
                        struct gs_node_input *answer)
{
	answer->kind = GS_INPUT_REFUSED;
	answer->as.refused.intent = p->effect.hash;
	answer->as.refused.kind = kind;
	answer->as.refused.reason = why;
}

/* What gas costs: tips are 1. */
static struct gs_fee_market market_of(uint64_t base_fee)
{
	struct gs_fee_market market = {.base_fee = gs_wei_from_u64(base_fee)};
	for (unsigned u = 0; u < GS_URGENCIES; u++)
		market.tip[u] = gs_wei_from_u64(1);
	return market;
}

/* Whether this nonce, the account's next one, leaves nothing to be signed; the answer then. */
static bool is_too_late(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t nonce,
                        struct gs_node_input *answer)
{
	if (nonce <= p->effect.nonce || is_stale(a))
		return false;
	answer->kind = p->effect.replaces ? GS_INPUT_KEPT : GS_INPUT_NONCE_BEHIND;
	if (!p->effect.replaces)
		answer->as.nonce_behind.nonce = nonce;
	return true;
}

/* Signed at a price; or why not. */
static void price(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t base_fee,
                  struct gs_node_input *answer, struct gs_buf *raw)
{
	const struct gs_fee_market market = market_of(base_fee);
	const struct gs_fee_bounds bounds = {p->effect.fee_max, p->effect.least_fee, p->effect.least_tip};
	const uint64_t gas = p->effect.gas ? p->effect.gas : GS_SIM_CALL_GAS;
	struct gs_fees fees;
	struct gs_wei cost;
	if (p->effect.keeps && gs_fees_suffice(&market, p->effect.urgency, &bounds, &fees)) {
		answer->kind = GS_INPUT_KEPT;
		answer->as.kept.enough = !fees.capped;
		answer->as.kept.max_fee = fees.max_fee;
		answer->as.kept.tip = fees.tip;
		return;
	}
	if (gs_fees_choose(&market, p->effect.urgency, &bounds, &fees) != GS_OK ||
	    gs_fees_cost(gas, fees.max_fee, gs_wei_from_u64(0), &cost) != GS_OK) {
		gs_sim_told_refuse(p, GS_REFUSED_CAP, "gas costs more than the cap", answer);
		return;
	}
	if (!gs_u256_is_zero(&p->effect.cost_max.v) && gs_wei_cmp(cost, p->effect.cost_max) > 0) {
		gs_sim_told_refuse(p, GS_REFUSED_BUDGET, "it costs more than the budget", answer);
		return;
	}
	if (!gs_sim_means_cover(&a->means, a->network, a->account, p->data_len)) {
		gs_sim_told_refuse(p, GS_REFUSED_BALANCE, "the account's balance does not cover it", answer);
		return;
	}
	answer->kind = GS_INPUT_PREPARED;
	answer->as.prepared.intent = p->effect.hash;
	answer->as.prepared.nonce = p->effect.nonce;
	answer->as.prepared.max_fee = fees.max_fee;
	answer->as.prepared.tip = fees.tip;
	answer->as.prepared.gas_limit = gas;
	gs_sim_tx_build(a->account, p->effect.nonce, &p->effect.to, fees.max_fee.v.limb[0],
	                (struct gs_bytes){p->data, p->data_len}, raw, &answer->as.prepared.tx);
	answer->as.prepared.raw = gs_buf_view(raw);
}

static bool is_tried(const struct gs_sim_pending *p)
{
	return p->effect.gas == 0 || p->effect.tried;
}

static void prepare_by_one(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s,
                           struct gs_node_input *answer, struct gs_buf *raw, struct gs_error *why)
{
	const struct gs_bytes data = {p->data, p->data_len};
	enum gs_err err = GS_OK;
	if (!answers(a, now_s)) {
		gs_sim_told_refuse(p, GS_REFUSED_ENDPOINT, "no answer", answer);
		return;
	}
	if (is_too_late(a, p,
	                p->effect.replaces ? a->network->nonce[a->account]
	                                   : gs_sim_network_pending_nonce(a->network, a->account),
	                answer))
		return;
	if (is_tried(p))
		err = gs_sim_network_try(a->network, a->account, &p->effect.to, data, now_s, why);
	if (err == GS_OK && gs_sim_befalls(a, a->luck.lies))
		err = gs_fail(why, GS_EINVAL, "StaleState");
	if (err != GS_OK)
		gs_sim_told_refuse(p, GS_REFUSED_REVERTS, why->text, answer);
	else
		price(a, p, a->network->base_fee, answer, raw);
}

/* In the daemon's order: the nonce, the call, the price. */
static void prepare_by_several(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s,
                               struct gs_node_input *answer, struct gs_buf *raw, struct gs_error *why)
{
	struct about about = {.a = a, .hash = &p->effect.hash, .pending = p, .now_s = now_s, .why = why};
	struct gs_sim_said said = {.refused = false};
	uint64_t nonce;
	bool there = ask_nonce(a, p->effect.replaces, now_s, &nonce);
	if (there && is_too_late(a, p, nonce, answer))
		return;
	if (there && is_tried(p))
		there = ask(&about, GS_SIM_ASK_CALL, say_call, &said);
	if (there && said.refused) {
		if (!about.told || about.err == GS_OK)
			(void)gs_fail(why, GS_EINVAL, "StaleState");
		gs_sim_told_refuse(p, GS_REFUSED_REVERTS, why->text, answer);
		return;
	}
	if (there)
		there = ask(&about, GS_SIM_ASK_PRICE, say_price, &said);
	if (there)
		price(a, p, said.number, answer, raw);
	else
		gs_sim_told_refuse(p, GS_REFUSED_ENDPOINT, "too few endpoints answered, or agreed", answer);
}

void gs_sim_told_prepare(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s,
                         struct gs_node_input *answer, struct gs_buf *raw, struct gs_error *why)
{
	if (are_several(a))
		prepare_by_several(a, p, now_s, answer, raw, why);
	else
		prepare_by_one(a, p, now_s, answer, raw, why);
}

bool gs_sim_told_reachable(struct gs_sim_actor *a, uint64_t now_s)
{
	return are_several(a) ? !is_offline(a, now_s) : answers(a, now_s);
}

/* Its nonce is used, they say: by itself, or by another. */
static void ask_who_took_it(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s,
                            struct gs_node_input *answer, bool *answered)
{
	uint64_t mined = a->network->nonce[a->account];
	bool known = true;
	*answered = are_several(a) ? agreed_receipt(a, &p->effect.hash, now_s, answer, &known)
	                           : watch(a, &p->effect.hash, answer);
	if (*answered || !known || is_stale(a)) /* which sees no reason to refuse it */
		return;
	if (are_several(a) && !ask_nonce(a, true, now_s, &mined))
		return;
	answer->kind = GS_INPUT_NONCE_LOST;
	answer->as.nonce_lost.tx = p->effect.hash;
	answer->as.nonce_lost.nonce = mined;
	*answered = true;
}

/* Told to all of them; GS_ECONFLICT: so many as are needed say that its nonce is used. */
static enum gs_err tell_all(struct gs_sim_actor *a, const struct gs_sim_pending *p,
                            const struct gs_sim_treatment *treatment, uint64_t now_s)
{
	struct about about = {.a = a, .hash = &p->effect.hash, .pending = p, .treatment = treatment, .now_s = now_s};
	struct gs_sim_said said;
	if (!ask(&about, GS_SIM_ASK_SEND, say_send, &said))
		return about.err == GS_ENOMEM ? GS_ENOMEM : GS_OK;
	if (about.err == GS_ENOMEM || !said.refused)
		return about.err == GS_ENOMEM ? GS_ENOMEM : GS_OK;
	return about.told && about.err == GS_EAGAIN ? GS_EAGAIN : GS_ECONFLICT;
}

enum gs_err gs_sim_told_send(struct gs_sim_actor *a, const struct gs_sim_pending *p,
                             const struct gs_sim_treatment *treatment, uint64_t now_s, struct gs_node_input *answer,
                             bool *answered)
{
	const struct gs_bytes raw = {p->data, p->data_len};
	enum gs_err err = GS_OK;
	if (gs_sim_befalls(a, a->luck.send_lost))
		return GS_OK;
	if (gs_sim_befalls(a, a->luck.replaced))
		err = gs_sim_network_displace(a->network, a->account, raw, treatment->ready_s);
	else if (are_several(a))
		err = tell_all(a, p, treatment, now_s);
	else
		err = gs_sim_network_send(a->network, raw, treatment->ready_s);
	if (err == GS_OK && treatment->ahead)
		gs_sim_network_hurry(a->network, &p->effect.hash);
	if (err == GS_EAGAIN) /* another one waits that offers more: the node will, too */
		return GS_OK;
	if (err == GS_ECONFLICT)
		ask_who_took_it(a, p, now_s, answer, answered);
	return err == GS_ECONFLICT ? GS_OK : err;
}
