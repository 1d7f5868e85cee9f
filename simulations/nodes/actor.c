#include "simulations/nodes/actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulations/keys.h"
#include "simulations/nodes/l1.h"

enum { BLOCKS_A_TICK = 64 };

struct pending { /* an effect that is to be done, with its bytes */
	struct pending *next;
	struct gs_node_effect effect;
	size_t data_len;
	uint8_t data[];
};

static bool befalls(struct gs_sim_actor *a, uint32_t of_a_thousand)
{
	return of_a_thousand > 0 && gs_rng_below(&a->rng, 1000) < of_a_thousand;
}

static uint64_t up_to(struct gs_sim_actor *a, uint64_t most)
{
	return most == 0 ? 0 : gs_rng_below(&a->rng, most + 1);
}

/* ---- surroundings ---- */

static const struct gs_prover *prover_of(void *self, const struct gs_hash *claim)
{
	struct gs_sim_actor *a = self;
	struct gs_sim_computed computed;
	for (unsigned i = 0; i < a->executions; i++)
		if (gs_hash_equal(&a->executed[i], claim))
			return a->compute(a->self, a->account, claim, &computed) ? computed.prover : NULL;
	return NULL;
}

static enum gs_err draw(void *self, const struct gs_sample_source *source, struct gs_sample_lot *out)
{
	const struct gs_sim_actor *a = self;
	gs_sim_draw(&a->lot, source, out);
	return GS_OK;
}

static void keep_execution(struct gs_sim_actor *a, const struct gs_hash *claim)
{
	for (unsigned i = 0; i < a->executions; i++)
		if (gs_hash_equal(&a->executed[i], claim))
			return;
	if (a->executions < GS_SIM_CLAIMS_ROOM)
		a->executed[a->executions++] = *claim;
}

static void forget_execution(struct gs_sim_actor *a, const struct gs_hash *claim)
{
	for (unsigned i = 0; i < a->executions; i++)
		if (gs_hash_equal(&a->executed[i], claim))
			a->executed[i--] = a->executed[--a->executions];
}

/* ---- steps ---- */

static void drop_effects(struct gs_sim_actor *a)
{
	while (a->first != NULL) {
		struct pending *p = a->first;
		a->first = p->next;
		free(p);
	}
	a->last = NULL;
}

static void close_store(struct gs_sim_actor *a)
{
	if (a->db != NULL)
		gs_store_close(a->db);
	a->db = NULL;
}

static enum gs_err open_store(struct gs_sim_actor *a, struct gs_error *error)
{
	char path[512];
	enum gs_err err = GS_OK;
	if (a->folder != NULL) {
		int n = snprintf(path, sizeof(path), "%s/%u", a->folder, a->account);
		if (n < 0 || (size_t)n >= sizeof(path))
			return gs_fail(error, GS_ELIMIT, "%s: too long a path", a->folder);
		err = gs_store_open(path, NULL, &a->db, error);
	} else if (a->memory == NULL) {
		err = gs_sim_store_new(&a->memory);
	}
	if (err != GS_OK)
		return err;
	a->inner = a->folder != NULL ? gs_store_port(a->db) : gs_sim_store_port(a->memory);
	a->store = gs_sim_faulty_port(&a->faulty, &a->inner);
	return GS_OK;
}

static void die(struct gs_sim_actor *a, uint64_t now_s)
{
	gs_node_close(a->node);
	a->node = NULL;
	close_store(a);
	drop_effects(a);
	a->jobs = 0;
	a->executions = 0;
	gs_sim_means_restart(&a->means);
	a->lives++;
	a->up_at_s = now_s + up_to(a, a->luck.down_s);
}

static enum gs_err enqueue(struct gs_sim_actor *a, const struct gs_node_effect *effect, struct gs_error *error)
{
	const struct gs_bytes data = gs_node_effect_data(&a->effects, effect);
	struct pending *p = malloc(sizeof(*p) + data.len);
	if (p == NULL)
		return gs_fail(error, GS_ENOMEM, "simulation: no memory");
	p->next = NULL;
	p->effect = *effect;
	p->data_len = data.len;
	if (data.len > 0)
		memcpy(p->data, data.ptr, data.len);
	if (a->last != NULL)
		a->last->next = p;
	else
		a->first = p;
	a->last = p;
	return GS_OK;
}

static uint64_t own_clock(const struct gs_sim_actor *a, uint64_t now_s)
{
	const struct gs_head *newest = a->node != NULL ? gs_node_newest(a->node) : NULL;
	uint64_t mine = (uint64_t)((int64_t)now_s + a->luck.skew_s);
	return newest != NULL && newest->time.unix_s > mine ? newest->time.unix_s : mine;
}

/* One step; the actor may be dead after it. */
static enum gs_err feed(struct gs_sim_actor *a, struct gs_node_input *input, uint64_t now_s, struct gs_error *error)
{
	bool may_die = a->lives < GS_SIM_LIVES_MAX;
	bool full = now_s >= a->luck.full_disk_from_s && now_s < a->luck.full_disk_to_s;
	input->now.unix_s = own_clock(a, now_s);
	if (may_die && (full || befalls(a, a->luck.commit_fails) || befalls(a, a->luck.torn)))
		a->faulty.fails = true; /* torn: what is left of it is nothing, and the process is gone just the same */
	a->faulty.commits = 0;
	enum gs_err err = gs_node_step(a->node, input, &a->effects, error);
	bool was_last = a->commits < a->luck.dies_at_commit && a->commits + a->faulty.commits >= a->luck.dies_at_commit;
	a->commits += a->faulty.commits;
	if (err == GS_EIO) { /* the disk's fault: the daemon ends, and somebody starts it again */
		die(a, now_s);
		return GS_OK;
	}
	for (size_t i = 0; i < a->effects.count && err == GS_OK; i++)
		err = enqueue(a, &a->effects.effect[i], error);
	if (err == GS_OK && may_die && (was_last || befalls(a, a->luck.crash)))
		die(a, now_s);
	return err;
}

/* ---- the endpoint ---- */

static bool has_requests_left(struct gs_sim_actor *a)
{
	return a->luck.requests == 0 || a->requests++ < a->luck.requests;
}

/* The endpoint shows the chain as it was some blocks ago. */
static bool is_stale(const struct gs_sim_actor *a)
{
	return a->stale_top < gs_sim_network_newest(a->network)->head.number;
}

static bool answers(struct gs_sim_actor *a, uint64_t now_s)
{
	return has_requests_left(a) && !(now_s >= a->luck.offline_from_s && now_s < a->luck.offline_to_s) &&
	       !befalls(a, a->luck.call_fails);
}

static void refuse(const struct pending *p, enum gs_tx_refusal kind, const char *why, struct gs_node_input *answer)
{
	answer->kind = GS_INPUT_REFUSED;
	answer->as.refused.intent = p->effect.hash;
	answer->as.refused.kind = kind;
	answer->as.refused.reason = why;
}

/* What gas costs: tips are 1. */
static struct gs_fee_market market_of(const struct gs_sim_network *n)
{
	struct gs_fee_market market = {.base_fee = gs_wei_from_u64(n->base_fee)};
	for (unsigned u = 0; u < GS_URGENCIES; u++)
		market.tip[u] = gs_wei_from_u64(1);
	return market;
}

/* Whether the nonces leave nothing to be signed; the answer then. */
static bool is_too_late(struct gs_sim_actor *a, const struct pending *p, struct gs_node_input *answer)
{
	const uint64_t nonce = p->effect.replaces ? a->network->nonce[a->account]
	                                          : gs_sim_network_pending_nonce(a->network, a->account);
	if (nonce <= p->effect.nonce || is_stale(a))
		return false;
	answer->kind = p->effect.replaces ? GS_INPUT_KEPT : GS_INPUT_NONCE_BEHIND;
	if (!p->effect.replaces)
		answer->as.nonce_behind.nonce = nonce;
	return true;
}

/* Signed at a price; or why not. */
static void price(struct gs_sim_actor *a, const struct pending *p, struct gs_node_input *answer, struct gs_buf *raw)
{
	const struct gs_fee_market market = market_of(a->network);
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
		refuse(p, GS_REFUSED_CAP, "gas costs more than the cap", answer);
		return;
	}
	if (!gs_u256_is_zero(&p->effect.cost_max.v) && gs_wei_cmp(cost, p->effect.cost_max) > 0) {
		refuse(p, GS_REFUSED_BUDGET, "it costs more than the budget", answer);
		return;
	}
	if (!gs_sim_means_cover(&a->means, a->network, a->account, p->data_len)) {
		refuse(p, GS_REFUSED_BALANCE, "the account's balance does not cover it", answer);
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

static void prepare(struct gs_sim_actor *a, const struct pending *p, uint64_t now_s, struct gs_node_input *answer,
                    struct gs_buf *raw, struct gs_error *why)
{
	const struct gs_bytes data = {p->data, p->data_len};
	enum gs_err err = GS_OK;
	if (!answers(a, now_s)) {
		refuse(p, GS_REFUSED_ENDPOINT, "no answer", answer);
		return;
	}
	if (is_too_late(a, p, answer))
		return;
	if (p->effect.gas == 0 || p->effect.tried)
		err = gs_sim_network_try(a->network, a->account, &p->effect.to, data, now_s, why);
	if (err == GS_OK && befalls(a, a->luck.lies))
		err = gs_fail(why, GS_EINVAL, "StaleState");
	if (err != GS_OK)
		refuse(p, GS_REFUSED_REVERTS, why->text, answer);
	else
		price(a, p, answer, raw);
}

static bool watch(struct gs_sim_actor *a, const struct gs_hash *hash, struct gs_node_input *answer)
{
	const struct gs_sim_tx *tx = gs_sim_network_tx(a->network, hash);
	if (tx == NULL || !tx->mined || tx->block > a->stale_top)
		return false;
	answer->kind = GS_INPUT_RECEIPT;
	answer->as.receipt.tx = *hash;
	answer->as.receipt.success = tx->success != befalls(a, a->luck.lies);
	answer->as.receipt.block_number = tx->block;
	answer->as.receipt.block_hash = gs_sim_network_block(a->network, tx->block)->head.hash;
	answer->as.receipt.cost = gs_wei_from_u64(tx->price * gs_sim_means_gas(&a->means, tx->data.len));
	return true;
}

static enum gs_err transmit(struct gs_sim_actor *a, const struct pending *p, const struct gs_sim_treatment *treatment,
                            struct gs_node_input *answer, bool *answered)
{
	const struct gs_bytes raw = {p->data, p->data_len};
	enum gs_err err = GS_OK;
	if (befalls(a, a->luck.send_lost))
		return GS_OK;
	if (befalls(a, a->luck.replaced))
		err = gs_sim_network_displace(a->network, a->account, raw, treatment->ready_s);
	else
		err = gs_sim_network_send(a->network, raw, treatment->ready_s);
	if (err == GS_OK && treatment->ahead)
		gs_sim_network_hurry(a->network, &p->effect.hash);
	if (err == GS_EAGAIN) /* another one waits that offers more: the node will, too */
		return GS_OK;
	if (err != GS_ECONFLICT)
		return err;
	*answered = watch(a, &p->effect.hash, answer);
	if (*answered || is_stale(a)) /* which sees no reason to refuse it */
		return GS_OK;
	answer->kind = GS_INPUT_NONCE_LOST;
	answer->as.nonce_lost.tx = p->effect.hash;
	answer->as.nonce_lost.nonce = a->network->nonce[a->account];
	*answered = true;
	return GS_OK;
}

/* What the actor makes of a wish of its node. */
static enum gs_err treat(struct gs_sim_actor *a, const struct pending *p, uint64_t now_s, struct gs_sim_treatment *out)
{
	const struct gs_bytes data = {p->data, p->data_len};
	const bool sends = p->effect.kind == GS_EFFECT_SEND;
	*out = (struct gs_sim_treatment){.ready_s = now_s};
	if (a->treat == NULL)
		return GS_OK;
	struct gs_sim_call *call = malloc(sizeof(*call));
	struct gs_address to = p->effect.to;
	if (call == NULL)
		return GS_ENOMEM;
	const struct gs_bytes input = sends ? gs_sim_tx_call(data, &to) : data;
	if (gs_sim_call_decode(&a->network->rules.contracts, &to, input, call) == GS_OK)
		a->treat(a->self, a->account, &(struct gs_sim_wish){call, sends}, out);
	free(call);
	return GS_OK;
}

static enum gs_err prepare_treated(struct gs_sim_actor *a, const struct pending *p, uint64_t now_s,
                                   struct gs_node_input *answer, struct gs_buf *raw, struct gs_error *why)
{
	struct gs_sim_treatment treatment;
	enum gs_err err = treat(a, p, now_s, &treatment);
	if (err != GS_OK)
		return err;
	if (!treatment.refused) {
		prepare(a, p, now_s, answer, raw, why);
		return GS_OK;
	}
	refuse(p, GS_REFUSED_REVERTS, "it does not want to", answer);
	return GS_OK;
}

static enum gs_err transmit_treated(struct gs_sim_actor *a, const struct pending *p, uint64_t now_s,
                                    struct gs_node_input *answer, bool *answered)
{
	struct gs_sim_treatment treatment;
	enum gs_err err = treat(a, p, now_s, &treatment);
	if (err != GS_OK || treatment.refused)
		return err;
	uint64_t ready_s = now_s + up_to(a, a->luck.send_delay_s);
	if (treatment.ready_s < ready_s)
		treatment.ready_s = ready_s;
	return transmit(a, p, &treatment, answer, answered);
}

/* The logs of a block; one of them may be left out. */
static enum gs_err logs_of(struct gs_sim_actor *a, const struct gs_sim_block *b, struct gs_node_input *answer,
                           struct gs_log_entry **fewer)
{
	answer->as.logs.entries = b->logs.entry;
	answer->as.logs.count = b->logs.count;
	if (b->logs.count == 0 || !befalls(a, a->luck.lies))
		return GS_OK;
	size_t left_out = (size_t)gs_rng_below(&a->rng, b->logs.count), after = b->logs.count - 1 - left_out;
	*fewer = calloc(b->logs.count, sizeof(**fewer));
	if (*fewer == NULL)
		return GS_ENOMEM;
	memcpy(*fewer, b->logs.entry, left_out * sizeof(**fewer));
	memcpy(*fewer + left_out, b->logs.entry + left_out + 1, after * sizeof(**fewer));
	answer->as.logs.entries = *fewer;
	answer->as.logs.count--;
	return GS_OK;
}

/* ---- off chain ---- */

static enum gs_err sign(void *self, const struct gs_typed *what, struct gs_signature *out)
{
	const struct gs_sim_actor *a = self;
	struct gs_hash digest;
	struct gs_key key;
	enum gs_err err = gs_typed_digest(what, &digest, NULL);
	gs_sim_key(a->account, &key);
	return err == GS_OK ? gs_key_sign(&key, &digest, out, NULL) : err;
}

static enum gs_err speak(struct gs_sim_actor *a, const struct pending *p, uint64_t now_s)
{
	const struct gs_bytes letter = {p->data, p->data_len};
	struct gs_buf said;
	if (a->letters == NULL)
		return GS_OK;
	gs_buf_init(&said, GS_TALK_BYTES_MAX);
	if (a->say != NULL)
		a->say(a->self, a->account, letter, &said);
	else
		gs_buf_append(&said, letter.ptr, letter.len);
	enum gs_err err = said.err;
	if (err == GS_OK && said.len > 0)
		err = gs_sim_letters_send(a->letters, a->account, gs_buf_view(&said), now_s);
	gs_buf_free(&said);
	return err;
}

/* The letters stay where they are: what is heard is a view. */
static bool hear(struct gs_sim_actor *a, const struct pending *p, uint64_t now_s, struct gs_node_input *answer)
{
	const uint8_t other = p->effect.own ? GS_SIDE_CHALLENGER : GS_SIDE_CLAIMANT;
	if (a->letters == NULL)
		return false;
	answer->kind = GS_INPUT_TOLD;
	answer->as.told = gs_sim_letters_hear(a->letters, &p->effect.hash, other, now_s);
	return answer->as.told.len > 0;
}

static void start_job(struct gs_sim_actor *a, const struct gs_hash *claim, uint64_t now_s)
{
	if (a->jobs < GS_SIM_JOBS_MAX)
		a->job[a->jobs++] = (struct gs_sim_job){*claim, a->means.servers > 0
		                                                        ? gs_sim_means_execute(&a->means, claim, now_s)
		                                                        : now_s + up_to(a, a->luck.execution_s)};
}

static enum gs_err do_effect(struct gs_sim_actor *a, const struct pending *p, uint64_t now_s, struct gs_error *error)
{
	struct gs_node_input answer = {.kind = GS_INPUT_TIMER};
	struct gs_error why = {0};
	struct gs_buf raw;
	struct gs_log_entry *fewer = NULL;
	const struct gs_sim_block *b;
	bool answered = false;
	enum gs_err err = GS_OK;
	gs_buf_init(&raw, GS_SIM_TX_BYTES_MAX);
	if (p->effect.lane == GS_LANE_L1) {
		const struct gs_sim_l1 l1 = {a->network, &a->options.l1.portal, a->account, &a->l1_nonce,
		                             now_s + a->l1_delay_s};
		err = gs_sim_l1_do(&l1, &p->effect, (struct gs_bytes){p->data, p->data_len}, &answer, &raw, &answered);
		goto fed;
	}
	switch (p->effect.kind) {
	case GS_EFFECT_FETCH_HEADER:
		b = answers(a, now_s) ? gs_sim_network_block_of(a->network, &p->effect.hash) : NULL;
		answered = b != NULL;
		answer.kind = GS_INPUT_HEADER;
		if (b != NULL)
			answer.as.header = b->head;
		break;
	case GS_EFFECT_FETCH_LOGS:
		b = answers(a, now_s) ? gs_sim_network_block_of(a->network, &p->effect.hash) : NULL;
		answered = b != NULL;
		answer.kind = GS_INPUT_LOGS;
		answer.as.logs.block = p->effect.hash;
		answer.as.logs.newest = gs_node_newest(a->node)->number >= a->top;
		if (b != NULL)
			err = logs_of(a, b, &answer, &fewer);
		break;
	case GS_EFFECT_EXECUTE: start_job(a, &p->effect.hash, now_s); break;
	case GS_EFFECT_PREPARE:
		err = prepare_treated(a, p, now_s, &answer, &raw, &why);
		answered = err == GS_OK;
		break;
	case GS_EFFECT_SEND:
		if (answers(a, now_s))
			err = transmit_treated(a, p, now_s, &answer, &answered);
		break;
	case GS_EFFECT_WATCH: answered = answers(a, now_s) && watch(a, &p->effect.hash, &answer); break;
	case GS_EFFECT_NONCE:
		answered = answers(a, now_s) && (!p->effect.mined || answers(a, now_s)); /* two questions */
		answer.kind = GS_INPUT_NONCE;
		answer.as.nonce.pending = gs_sim_network_pending_nonce(a->network, a->account);
		answer.as.nonce.mined = p->effect.mined && !is_stale(a) ? a->network->nonce[a->account] : 0;
		break;
	case GS_EFFECT_FORGET: forget_execution(a, &p->effect.hash); break;
	case GS_EFFECT_TELL: err = speak(a, p, now_s); break;
	case GS_EFFECT_HEAR: answered = hear(a, p, now_s, &answer); break;
	case GS_EFFECT_RESYNC: err = gs_fail(error, GS_ECONFLICT, "the chain forked below all that is kept"); break;
	}
fed:
	answer.lane = p->effect.lane;
	if (err == GS_OK && raw.err != GS_OK)
		err = gs_fail(error, raw.err, "simulation: a transaction of more than %d bytes", GS_SIM_TX_BYTES_MAX);
	if (err == GS_OK && answered)
		err = feed(a, &answer, now_s, error);
	free(fewer);
	gs_buf_free(&raw);
	return err;
}

static enum gs_err feed_and_do(struct gs_sim_actor *a, struct gs_node_input *input, uint64_t now_s,
                               struct gs_error *error)
{
	enum gs_err err = feed(a, input, now_s, error);
	while (err == GS_OK && a->first != NULL) {
		struct pending *p = a->first;
		a->first = p->next;
		if (a->first == NULL)
			a->last = NULL;
		err = do_effect(a, p, now_s, error);
		free(p);
	}
	return err;
}

/* ---- the tick ---- */

static enum gs_err start(struct gs_sim_actor *a, uint64_t now_s, struct gs_error *error)
{
	const struct gs_node_surroundings surroundings = {.self = a, .prover = prover_of, .draw = draw, .sign = sign};
	struct gs_node_input input = {.kind = GS_INPUT_START};
	a->options.start_time.unix_s = now_s;
	a->faulty.fails = false;
	enum gs_err err = a->folder != NULL && a->db == NULL ? open_store(a, error) : GS_OK;
	if (err != GS_OK)
		return err;
	err = gs_node_open(&a->options, &a->store, &surroundings, a->log, &a->node, error);
	input.as.start.nonce = a->network->nonce[a->account];
	if (err == GS_OK)
		err = feed_and_do(a, &input, now_s, error);
	if (err != GS_OK || a->node == NULL || a->handed_count == 0)
		return err;
	input = (struct gs_node_input){.kind = GS_INPUT_LEAVES, .as.leaves = {a->handed, a->handed_count}};
	return feed_and_do(a, &input, now_s, error);
}

/* The same claim fails only so often: a machine that cannot compute it at all promises nothing. */
static bool fails(struct gs_sim_actor *a, const struct gs_hash *claim, uint32_t chance)
{
	unsigned i = 0;
	while (i < GS_SIM_CLAIMS_ROOM && a->tried[i].count > 0 && !gs_hash_equal(&a->tried[i].claim, claim))
		i++;
	if (i == GS_SIM_CLAIMS_ROOM || a->tried[i].count == GS_SIM_TRIES_MAX || !befalls(a, chance))
		return false;
	a->tried[i] = (struct gs_sim_tries){*claim, a->tried[i].count + 1};
	return true;
}

static enum gs_err take_results(struct gs_sim_actor *a, uint64_t now_s, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (unsigned i = 0; i < a->jobs && err == GS_OK && a->node != NULL;) {
		struct gs_node_input input = {.kind = GS_INPUT_EXECUTED};
		struct gs_sim_computed computed;
		if (a->job[i].done_s > now_s) {
			i++;
			continue;
		}
		const struct gs_hash claim = a->job[i].claim;
		a->job[i] = a->job[--a->jobs];
		input.as.executed.claim = claim;
		input.as.executed.reason = "the machine could not";
		input.as.executed.computed = !fails(a, &claim, a->luck.unavailable) &&
		                             a->compute(a->self, a->account, &claim, &computed);
		if (input.as.executed.computed) {
			input.as.executed.output_root = input.as.executed.reference_root = computed.output_root;
			input.as.executed.trace_root = computed.trace_root;
			input.as.executed.took_us = a->means.servers > 0 ? a->means.each_s * 1000000 : 0;
			if (fails(a, &claim, a->luck.flips))
				input.as.executed.output_root.b[0] ^= 1;
			keep_execution(a, &claim);
		}
		err = feed_and_do(a, &input, now_s, error);
	}
	return err;
}

/* What is final; and ranges of that while the node is far below it, as the daemon takes them. */
static enum gs_err take_final(struct gs_sim_actor *a, uint64_t now_s, struct gs_error *error)
{
	const uint64_t final = gs_sim_final_of(&a->final, a->stale_top);
	const struct gs_head *newest = gs_node_newest(a->node);
	struct gs_node_input input;
	enum gs_err err = GS_OK;
	if (final == 0 || newest == NULL || !answers(a, now_s))
		return GS_OK;
	gs_sim_final_tell(a->network, final, &input);
	err = feed_and_do(a, &input, now_s, error);
	while (err == GS_OK && a->node != NULL && gs_node_newest(a->node)->number + a->final.least <= final &&
	       answers(a, now_s)) {
		const uint64_t before = gs_node_newest(a->node)->number;
		struct gs_log_entry *entries;
		err = gs_sim_final_range(&a->final, a->network, before + 1, final, &input, &entries);
		if (err != GS_OK)
			return err;
		err = feed_and_do(a, &input, now_s, error);
		free(entries);
		if (err != GS_OK || a->node == NULL || gs_node_newest(a->node)->number <= before)
			return err; /* it is of another branch; or waits for logs */
		a->ranges++;
	}
	return err;
}

/* Blocks up to the endpoint's newest. *reached: the node has it. */
static enum gs_err follow(struct gs_sim_actor *a, uint64_t now_s, bool *reached, struct gs_error *error)
{
	struct gs_node_input input = {.kind = GS_INPUT_HEADER};
	const struct gs_head *newest = gs_node_newest(a->node);
	uint64_t top = gs_sim_network_newest(a->network)->head.number;
	enum gs_err err = GS_OK;
	*reached = false;
	if (!answers(a, now_s))
		return GS_OK;
	if (befalls(a, a->luck.lag))
		top -= gs_rng_below(&a->rng, top + 1 < 4 ? top + 1 : 4);
	top = a->top = top < a->stale_top ? top : a->stale_top;
	uint64_t next = newest == NULL ? 0 : newest->number + 1;
	if (top < next) {
		input.as.header = gs_sim_network_block(a->network, top)->head;
		err = feed_and_do(a, &input, now_s, error);
	}
	for (int i = 0; i < BLOCKS_A_TICK && err == GS_OK && a->node != NULL && next <= top; i++) {
		if (!has_requests_left(a))
			return GS_OK;
		const uint64_t wanted = next;
		input.as.header = gs_sim_network_block(a->network, wanted)->head;
		err = feed_and_do(a, &input, now_s, error);
		if (err != GS_OK || a->node == NULL)
			return err;
		newest = gs_node_newest(a->node);
		next = newest == NULL ? 0 : newest->number + 1;
		if (next <= wanted)
			return GS_OK;
	}
	*reached = err == GS_OK && a->node != NULL && next > top;
	return err;
}

enum gs_err gs_sim_actor_tick(struct gs_sim_actor *a, uint64_t now_s, struct gs_error *error)
{
	struct gs_node_input timer = {.kind = GS_INPUT_TIMER};
	bool reached = false;
	enum gs_err err = GS_OK;
	bool stale = now_s >= a->luck.stale_from_s && now_s < a->luck.stale_to_s;
	if (!stale)
		a->stale_top = gs_sim_network_newest(a->network)->head.number;
	a->requests = 0;
	if (a->node == NULL) {
		if (now_s < a->up_at_s)
			return GS_OK;
		err = start(a, now_s, error);
	}
	if (err == GS_OK && a->node != NULL)
		err = take_results(a, now_s, error);
	if (err == GS_OK && a->node != NULL)
		err = take_final(a, now_s, error);
	if (err == GS_OK && a->node != NULL)
		err = follow(a, now_s, &reached, error);
	if (err == GS_OK && a->node != NULL && reached && a->means.funds > 0 && answers(a, now_s)) {
		struct gs_node_input funds;
		gs_sim_means_tell(&a->means, a->network, a->account, &funds);
		err = feed_and_do(a, &funds, now_s, error);
	}
	if (err == GS_OK && a->node != NULL && reached)
		err = feed_and_do(a, &timer, now_s, error);
	return err;
}

enum gs_err gs_sim_actor_summarise(struct gs_sim_actor *a, struct gs_node_summary *out, struct gs_error *error)
{
	GS_ASSERT(a->node != NULL);
	return gs_node_summarise(a->node, out, error);
}

enum gs_err gs_sim_actor_open(struct gs_sim_actor *a, uint64_t seed, struct gs_error *error)
{
	gs_rng_seed(&a->rng, seed);
	enum gs_err err = open_store(a, error);
	return err == GS_OK ? gs_node_effects_init(&a->effects) : err;
}

/* The database's files, so that the next run finds none. */
static void remove_files(const struct gs_sim_actor *a)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "LOCK"};
	char path[512];
	for (size_t i = 0; i < GS_ARRAY_LEN(names); i++) {
		int n = snprintf(path, sizeof(path), "%s/%u/%s", a->folder, a->account, names[i]);
		if (n > 0 && (size_t)n < sizeof(path))
			unlink(path);
	}
}

void gs_sim_actor_close(struct gs_sim_actor *a)
{
	gs_node_close(a->node);
	drop_effects(a);
	gs_node_effects_free(&a->effects);
	close_store(a);
	if (a->folder != NULL)
		remove_files(a);
	gs_sim_store_free(a->memory);
	memset(a, 0, sizeof(*a));
}
