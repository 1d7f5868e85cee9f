#include "simulations/nodes/actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulations/keys.h"
#include "simulations/nodes/l1.h"
#include "simulations/nodes/told.h"

enum { BLOCKS_A_TICK = 64 };

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
		struct gs_sim_pending *p = a->first;
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
	a->up_at_s = now_s + gs_sim_up_to(a, a->luck.down_s);
}

static enum gs_err enqueue(struct gs_sim_actor *a, const struct gs_node_effect *effect, struct gs_error *error)
{
	const struct gs_bytes data = gs_node_effect_data(&a->effects, effect);
	struct gs_sim_pending *p = malloc(sizeof(*p) + data.len);
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
	if (may_die && (full || gs_sim_befalls(a, a->luck.commit_fails) || gs_sim_befalls(a, a->luck.torn)))
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
	if (err == GS_OK && may_die && (was_last || gs_sim_befalls(a, a->luck.crash)))
		die(a, now_s);
	return err;
}

/* What the actor makes of a wish of its node. */
static enum gs_err treat(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s,
                         struct gs_sim_treatment *out)
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

static enum gs_err prepare_treated(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s,
                                   struct gs_node_input *answer, struct gs_buf *raw, struct gs_error *why)
{
	struct gs_sim_treatment treatment;
	enum gs_err err = treat(a, p, now_s, &treatment);
	if (err != GS_OK)
		return err;
	if (!treatment.refused) {
		gs_sim_told_prepare(a, p, now_s, answer, raw, why);
		return GS_OK;
	}
	gs_sim_told_refuse(p, GS_REFUSED_REVERTS, "it does not want to", answer);
	return GS_OK;
}

static enum gs_err transmit_treated(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s,
                                    struct gs_node_input *answer, bool *answered)
{
	struct gs_sim_treatment treatment;
	enum gs_err err = treat(a, p, now_s, &treatment);
	if (err != GS_OK || treatment.refused)
		return err;
	uint64_t ready_s = now_s + gs_sim_up_to(a, a->luck.send_delay_s);
	if (treatment.ready_s < ready_s)
		treatment.ready_s = ready_s;
	return gs_sim_told_send(a, p, &treatment, now_s, answer, answered);
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

static enum gs_err speak(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s)
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
static bool hear(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s, struct gs_node_input *answer)
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
		                                                        : now_s + gs_sim_up_to(a, a->luck.execution_s)};
}

static enum gs_err do_effect(struct gs_sim_actor *a, const struct gs_sim_pending *p, uint64_t now_s,
                             struct gs_error *error)
{
	struct gs_node_input answer = {.kind = GS_INPUT_TIMER};
	struct gs_error why = {0};
	struct gs_buf raw;
	struct gs_log_entry *made = NULL;
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
		answered = gs_sim_told_header(a, &p->effect.hash, now_s, &answer.as.header);
		answer.kind = GS_INPUT_HEADER;
		break;
	case GS_EFFECT_FETCH_LOGS:
		err = gs_sim_told_logs(a, &p->effect.hash, now_s, &answer, &made, &answered);
		answer.as.logs.newest = gs_node_newest(a->node)->number >= a->top;
		break;
	case GS_EFFECT_EXECUTE: start_job(a, &p->effect.hash, now_s); break;
	case GS_EFFECT_PREPARE:
		err = prepare_treated(a, p, now_s, &answer, &raw, &why);
		answered = err == GS_OK;
		break;
	case GS_EFFECT_SEND:
		if (gs_sim_told_reachable(a, now_s))
			err = transmit_treated(a, p, now_s, &answer, &answered);
		break;
	case GS_EFFECT_WATCH: answered = gs_sim_told_receipt(a, &p->effect.hash, now_s, &answer); break;
	case GS_EFFECT_NONCE: answered = gs_sim_told_nonce(a, p->effect.mined, now_s, &answer); break;
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
	free(made);
	gs_buf_free(&raw);
	return err;
}

static enum gs_err feed_and_do(struct gs_sim_actor *a, struct gs_node_input *input, uint64_t now_s,
                               struct gs_error *error)
{
	enum gs_err err = feed(a, input, now_s, error);
	while (err == GS_OK && a->first != NULL) {
		struct gs_sim_pending *p = a->first;
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
	if (i == GS_SIM_CLAIMS_ROOM || a->tried[i].count == GS_SIM_TRIES_MAX || !gs_sim_befalls(a, chance))
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
	struct gs_node_input input;
	uint64_t final;
	if (gs_node_newest(a->node) == NULL || !gs_sim_told_final(a, now_s, &input, &final))
		return GS_OK;
	enum gs_err err = feed_and_do(a, &input, now_s, error);
	while (err == GS_OK && a->node != NULL && gs_node_newest(a->node)->number + a->final.least <= final) {
		const uint64_t before = gs_node_newest(a->node)->number;
		struct gs_log_entry *entries;
		bool answered;
		err = gs_sim_told_range(a, before + 1, final, now_s, &input, &entries, &answered);
		if (err == GS_OK && answered)
			err = feed_and_do(a, &input, now_s, error);
		free(entries);
		if (err != GS_OK || !answered || a->node == NULL || gs_node_newest(a->node)->number <= before)
			return err; /* it is of another branch; or waits for logs */
		a->ranges++;
	}
	return err;
}

/* Blocks up to the newest that is told of. *reached: the node has it. */
static enum gs_err follow(struct gs_sim_actor *a, uint64_t now_s, bool *reached, struct gs_error *error)
{
	struct gs_node_input input = {.kind = GS_INPUT_HEADER};
	const struct gs_head *newest = gs_node_newest(a->node);
	struct gs_head top;
	enum gs_err err = GS_OK;
	*reached = false;
	if (!gs_sim_told_newest(a, now_s, &top))
		return GS_OK;
	a->top = top.number;
	uint64_t next = newest == NULL ? 0 : newest->number + 1;
	if (top.number < next) {
		input.as.header = top;
		err = feed_and_do(a, &input, now_s, error);
	}
	for (int i = 0; i < BLOCKS_A_TICK && err == GS_OK && a->node != NULL && next <= top.number; i++) {
		const uint64_t wanted = next;
		if (!gs_sim_told_number(a, wanted, now_s, &input.as.header))
			return GS_OK;
		err = feed_and_do(a, &input, now_s, error);
		if (err != GS_OK || a->node == NULL)
			return err;
		newest = gs_node_newest(a->node);
		next = newest == NULL ? 0 : newest->number + 1;
		if (next <= wanted)
			return GS_OK;
	}
	*reached = err == GS_OK && a->node != NULL && next > top.number;
	return err;
}

enum gs_err gs_sim_actor_tick(struct gs_sim_actor *a, uint64_t now_s, struct gs_error *error)
{
	struct gs_node_input timer = {.kind = GS_INPUT_TIMER};
	bool reached = false;
	enum gs_err err = GS_OK;
	gs_sim_told_look(a, now_s);
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
	struct gs_node_input funds;
	if (err == GS_OK && a->node != NULL && reached && a->means.funds > 0 && gs_sim_told_funds(a, now_s, &funds))
		err = feed_and_do(a, &funds, now_s, error);
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
