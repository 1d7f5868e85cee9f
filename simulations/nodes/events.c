#include "simulations/nodes/events.h"

#include <stdlib.h>
#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "simulations/nodes/event_duties.h"

void gs_sim_logs_init(struct gs_sim_logs *logs)
{
	memset(logs, 0, sizeof(*logs));
	gs_buf_init(&logs->data, GS_SIM_LOG_BYTES_MAX);
}

void gs_sim_logs_free(struct gs_sim_logs *logs)
{
	free(logs->entry);
	free(logs->at);
	gs_buf_free(&logs->data);
	memset(logs, 0, sizeof(*logs));
}

void gs_sim_logs_seal(struct gs_sim_logs *logs, uint64_t block, const struct gs_hash *hash)
{
	if (logs->err == GS_OK)
		logs->err = logs->data.err;
	for (size_t i = 0; i < logs->count; i++) {
		struct gs_log_entry *e = &logs->entry[i];
		size_t end = i + 1 < logs->count ? logs->at[i + 1] : logs->data.len;
		e->data = (struct gs_bytes){NULL, end - logs->at[i]};
		if (logs->data.ptr != NULL) /* of logs without any data there is no memory */
			e->data.ptr = logs->data.ptr + logs->at[i];
		e->block_number = block;
		e->block_hash = *hash;
		e->index = (uint32_t)i;
	}
}

/* A new log of the contract; its topics follow, then its data. */
struct gs_log_entry *gs_sim_log_begin(struct gs_sim_logs *logs, const struct gs_address *contract,
                                      const struct gs_hash *event)
{
	if (logs->err == GS_OK && logs->count == logs->room) {
		size_t room = logs->room ? 2 * logs->room : 16;
		struct gs_log_entry *entry = realloc(logs->entry, room * sizeof(*entry));
		logs->entry = entry != NULL ? entry : logs->entry;
		size_t *at = entry != NULL ? realloc(logs->at, room * sizeof(*at)) : NULL;
		logs->at = at != NULL ? at : logs->at;
		logs->room = at != NULL ? room : logs->room;
		logs->err = at != NULL ? GS_OK : GS_ENOMEM;
	}
	if (logs->err != GS_OK)
		return &logs->lost;
	logs->at[logs->count] = logs->data.len;
	struct gs_log_entry *e = &logs->entry[logs->count++];
	*e = (struct gs_log_entry){.address = *contract, .topic_count = 1};
	e->topics[0] = *event;
	return e;
}

void gs_sim_log_topic(struct gs_log_entry *e, const struct gs_hash *value)
{
	if (e->topic_count < GS_ARRAY_LEN(e->topics))
		e->topics[e->topic_count++] = *value;
}

static struct gs_address address_of(const struct gs_contracts *contracts, unsigned account)
{
	return account != GS_SIM_POOL ? gs_sim_address(account) : contracts->duties;
}

void gs_sim_log_topic_account(struct gs_log_entry *e, const struct gs_contracts *contracts, unsigned account)
{
	struct gs_address a = address_of(contracts, account);
	struct gs_hash word = {{0}};
	memcpy(word.b + sizeof(word.b) - sizeof(a.b), a.b, sizeof(a.b));
	gs_sim_log_topic(e, &word);
}

static void amounts(struct gs_sim_logs *logs, const struct gs_wei *amount, size_t count)
{
	struct gs_abi_writer w;
	gs_abi_begin(&w, &logs->data, count);
	for (size_t i = 0; i < count; i++)
		gs_abi_put_wei(&w, amount[i]);
	gs_abi_end(&w);
}

void gs_sim_log_deposited(struct gs_sim_logs *logs, const struct gs_contracts *contracts, unsigned account,
                          struct gs_wei amount)
{
	gs_sim_log_topic_account(gs_sim_log_begin(logs, &contracts->stakes, &gs_stakes_event_deposited), contracts,
	                         account);
	amounts(logs, &amount, 1);
}

void gs_sim_log_registered(struct gs_sim_logs *logs, const struct gs_contracts *contracts, unsigned account,
                           const struct gs_header *header)
{
	struct gs_log_entry *e = gs_sim_log_begin(logs, &contracts->models, &gs_models_event_registered);
	uint8_t words[GS_HEADER_BYTES];
	struct gs_abi_writer w;
	struct gs_hash model;
	gs_header_model_id(header, &model);
	gs_header_encode(header, words);
	gs_sim_log_topic(e, &model);
	gs_sim_log_topic_account(e, contracts, account);
	gs_abi_begin(&w, &logs->data, GS_HEADER_BYTES / GS_ABI_WORD + 1);
	for (size_t i = 0; i < GS_HEADER_BYTES; i += GS_ABI_WORD)
		gs_abi_put_word(&w, words + i);
	gs_abi_put_bytes(&w, (struct gs_bytes){NULL, 0});
	gs_abi_end(&w);
}

void gs_sim_log_posted(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_chain *claim,
                       struct gs_bytes input, struct gs_bytes output)
{
	const struct gs_claim_body *body = &claim->game_rules.body;
	struct gs_log_entry *e = gs_sim_log_begin(logs, &contracts->claims, &gs_claims_event_posted);
	struct gs_abi_writer w;
	struct gs_u256 terms;
	gs_terms_encode(&claim->rules.terms, &terms);
	gs_sim_log_topic(e, &claim->claim);
	gs_sim_log_topic_account(e, contracts, claim->claimant);
	gs_sim_log_topic(e, &body->model_id);
	gs_abi_begin(&w, &logs->data, 8);
	gs_abi_put_hash(&w, &body->input_root);
	gs_abi_put_hash(&w, &body->output_root);
	gs_abi_put_u256(&w, &body->lot);
	gs_abi_put_hash(&w, &body->batch);
	gs_abi_put_u256(&w, &terms);
	gs_abi_put_u64(&w, claim->window_end);
	gs_abi_put_bytes(&w, input);
	gs_abi_put_bytes(&w, output);
	gs_abi_end(&w);
}

/* ---- games ---- */

/* The state's words behind the claim: a, b, and as many more as the event has. */
static void put_state(struct gs_abi_writer *w, const struct gs_game *game, unsigned words)
{
	uint8_t state[GS_GAME_STATE_WORDS * GS_ABI_WORD];
	gs_game_state_encode(&game->state, state);
	for (unsigned i = 1; i <= words; i++)
		gs_abi_put_word(w, state + i * GS_ABI_WORD);
}

static void log_state(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_chain *claim,
                      const struct gs_hash *event, const struct gs_game *game, unsigned words,
                      const struct gs_bytes *shown)
{
	struct gs_log_entry *e = gs_sim_log_begin(logs, &contracts->disputes, event);
	struct gs_abi_writer w;
	gs_sim_log_topic(e, &claim->claim);
	if (event == &gs_disputes_event_opened)
		gs_sim_log_topic_account(e, contracts, claim->game[game->state.ordinal].challenger);
	gs_abi_begin(&w, &logs->data, words + (shown != NULL));
	put_state(&w, game, words);
	if (shown != NULL)
		gs_abi_put_bytes(&w, *shown);
	gs_abi_end(&w);
}

static void log_move(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_chain *claim,
                     const struct gs_sim_report *report)
{
	const struct gs_game *game = &claim->game[report->game].game;
	const struct gs_move *move = report->move;
	const struct gs_bytes shown = {move->data, move->data_len};
	switch (move->kind) {
	case GS_MOVE_COMMIT_TRACE:
	case GS_MOVE_REVEAL: log_state(logs, contracts, claim, &gs_disputes_event_revealed, game, 3, &shown); return;
	case GS_MOVE_SELECT:
	case GS_MOVE_CHALLENGE_OUTPUT:
		log_state(logs, contracts, claim, &gs_disputes_event_selected, game, 3, NULL);
		return;
	case GS_MOVE_SELECT_ELEMENT:
	case GS_MOVE_SELECT_SEGMENT:
		log_state(logs, contracts, claim, &gs_disputes_event_narrowed, game, 4, NULL);
		return;
	case GS_MOVE_REVEAL_STATES:
		log_state(logs, contracts, claim, &gs_disputes_event_states_revealed, game, 4, &shown);
		return;
	case GS_MOVE_PROVE_OUTPUT:
	case GS_MOVE_PROVE_STEP:
	case GS_MOVE_SELECT_ELEMENT_AND_PROVE:
	case GS_MOVE_SELECT_SEGMENT_AND_PROVE:
	case GS_MOVE_TIMEOUT:
	case GS_MOVE_CONCEDE:
	case GS_MOVE_CLOSE: GS_ASSERT(!"these end a game");
	}
}

static void log_agreed(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_chain *claim,
                       const struct gs_game *game)
{
	struct gs_abi_writer w;
	gs_sim_log_topic(gs_sim_log_begin(logs, &contracts->disputes, &gs_disputes_event_agreed), &claim->claim);
	gs_abi_begin(&w, &logs->data, GS_GAME_STATE_WORDS);
	put_state(&w, game, GS_GAME_STATE_WORDS - 1);
	gs_abi_put_hash(&w, &game->trace_root);
	gs_abi_end(&w);
}

static void log_over(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_chain *claim,
                     const struct gs_sim_report *report)
{
	const struct gs_sim_game *g = &claim->game[report->game];
	struct gs_log_entry *e = gs_sim_log_begin(logs, &contracts->disputes, &gs_disputes_event_game_over);
	struct gs_abi_writer w;
	gs_sim_log_topic(e, &claim->claim);
	gs_sim_log_topic_account(e, contracts, g->challenger);
	gs_abi_begin(&w, &logs->data, 4);
	gs_abi_put_u64(&w, g->game.state.ordinal);
	gs_abi_put_u64(&w, g->game.outcome);
	gs_abi_put_u64(&w, g->game.reason);
	gs_abi_put_u64(&w, report->effects != NULL ? report->effects->computed : 0);
	gs_abi_end(&w);
}

static void log_money(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_hash *event,
                      unsigned account, struct gs_wei amount)
{
	gs_sim_log_topic_account(gs_sim_log_begin(logs, &contracts->stakes, event), contracts, account);
	amounts(logs, &amount, 1);
}

static void log_paid(struct gs_sim_logs *logs, const struct gs_contracts *contracts, unsigned from, unsigned to,
                     struct gs_wei amount)
{
	struct gs_log_entry *e = gs_sim_log_begin(logs, &contracts->stakes, &gs_stakes_event_paid);
	gs_sim_log_topic_account(e, contracts, from);
	gs_sim_log_topic_account(e, contracts, to);
	amounts(logs, &amount, 1);
}

static void log_withdraw_requested(struct gs_sim_logs *logs, const struct gs_contracts *contracts,
                                   const struct gs_sim_report *r)
{
	struct gs_log_entry *e = gs_sim_log_begin(logs, &contracts->stakes, &gs_stakes_event_withdraw_requested);
	struct gs_abi_writer w;
	gs_sim_log_topic_account(e, contracts, r->account);
	gs_abi_begin(&w, &logs->data, 2);
	gs_abi_put_wei(&w, r->amount);
	gs_abi_put_u64(&w, r->time);
	gs_abi_end(&w);
}

static void log_slashed(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_report *r)
{
	const struct gs_wei amount[] = {r->amount, r->burned, r->gain, r->released};
	struct gs_log_entry *e = gs_sim_log_begin(logs, &contracts->stakes, &gs_stakes_event_slashed);
	gs_sim_log_topic_account(e, contracts, r->account);
	gs_sim_log_topic_account(e, contracts, r->other);
	amounts(logs, amount, GS_ARRAY_LEN(amount));
}

static void log_settled(struct gs_sim_logs *logs, const struct gs_contracts *contracts,
                        const struct gs_sim_chain *claim, const struct gs_sim_report *r)
{
	struct gs_log_entry *e = gs_sim_log_begin(logs, &contracts->disputes, &gs_disputes_event_settled);
	gs_sim_log_topic(e, &claim->claim);
	gs_sim_log_topic_account(e, contracts, r->other);
	amounts(logs, &r->amount, 1);
}

static void log_claim(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_chain *claim,
                      const struct gs_hash *event)
{
	gs_sim_log_topic(gs_sim_log_begin(logs, &contracts->claims, event), &claim->claim);
}

void gs_sim_log_report(struct gs_sim_logs *logs, const struct gs_contracts *contracts, const struct gs_sim_chain *claim,
                       const struct gs_sim_report *r)
{
	switch (r->kind) {
	case GS_SIM_REPORT_LOCKED: log_money(logs, contracts, &gs_stakes_event_locked, r->account, r->amount); return;
	case GS_SIM_REPORT_UNLOCKED:
		log_money(logs, contracts, &gs_stakes_event_unlocked, r->account, r->amount);
		return;
	case GS_SIM_REPORT_PAID: log_paid(logs, contracts, r->account, r->other, r->amount); return;
	case GS_SIM_REPORT_FEE: /* Duties is paid, and its account is locked again */
		log_paid(logs, contracts, r->account, GS_SIM_POOL, r->amount);
		log_money(logs, contracts, &gs_stakes_event_locked, GS_SIM_POOL, r->amount);
		return;
	case GS_SIM_REPORT_SLASHED: log_slashed(logs, contracts, r); return;
	case GS_SIM_REPORT_FINALIZED: log_claim(logs, contracts, claim, &gs_claims_event_finalized); return;
	case GS_SIM_REPORT_INVALIDATED: log_claim(logs, contracts, claim, &gs_claims_event_invalidated); return;
	case GS_SIM_REPORT_RELEASED: log_claim(logs, contracts, claim, &gs_claims_event_released); return;
	case GS_SIM_REPORT_OPENED:
		log_state(logs, contracts, claim, &gs_disputes_event_opened, &claim->game[r->game].game, 2, NULL);
		return;
	case GS_SIM_REPORT_MOVED: log_move(logs, contracts, claim, r); return;
	case GS_SIM_REPORT_AGREED: log_agreed(logs, contracts, claim, &claim->game[r->game].game); return;
	case GS_SIM_REPORT_OVER: log_over(logs, contracts, claim, r); return;
	case GS_SIM_REPORT_SETTLED: log_settled(logs, contracts, claim, r); return;
	case GS_SIM_REPORT_WITHDRAW_REQUESTED: log_withdraw_requested(logs, contracts, r); return;
	case GS_SIM_REPORT_WITHDRAWN:
		log_money(logs, contracts, &gs_stakes_event_withdrawn, r->account, r->amount);
		return;
	case GS_SIM_REPORT_EXTENDED:
	case GS_SIM_REPORT_DEMANDED:
	case GS_SIM_REPORT_ANSWERED:
	case GS_SIM_REPORT_UNANSWERED:
	case GS_SIM_REPORT_RECORDED:
	case GS_SIM_REPORT_DRAWN:
	case GS_SIM_REPORT_PUBLISHED:
	case GS_SIM_REPORT_ATTESTED:
	case GS_SIM_REPORT_REPORTED:
	case GS_SIM_REPORT_COLLECTED:
	case GS_SIM_REPORT_BATCH_FINALIZED:
	case GS_SIM_REPORT_BATCH_LOST: gs_sim_log_duty(logs, contracts, claim, r); return;
	}
}
