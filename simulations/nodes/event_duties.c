#include "simulations/nodes/event_duties.h"

#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "simulations/chain/batches.h"

/* A log whose first topic is the claim, whose second, where there is an account, is that. */
static struct gs_log_entry *of_claim(struct gs_sim_logs *logs, const struct gs_address *contract,
                                     const struct gs_hash *event, const struct gs_sim_chain *claim)
{
	struct gs_log_entry *e = gs_sim_log_begin(logs, contract, event);
	gs_sim_log_topic(e, &claim->claim);
	return e;
}

static void log_demanded(struct gs_sim_logs *logs, const struct gs_contracts *c, const struct gs_sim_chain *claim,
                         const struct gs_sim_report *r)
{
	struct gs_abi_writer w;
	gs_sim_log_topic_account(of_claim(logs, &c->duties, &gs_duties_event_demanded, claim), c, r->account);
	gs_abi_begin(&w, &logs->data, 3);
	gs_abi_put_u64(&w, r->demand_kind);
	gs_abi_put_u64(&w, r->demand_block);
	gs_abi_put_u64(&w, r->time);
	gs_abi_end(&w);
}

static void log_answered(struct gs_sim_logs *logs, const struct gs_contracts *c, const struct gs_sim_chain *claim,
                         const struct gs_sim_report *r)
{
	struct gs_abi_writer w;
	(void)of_claim(logs, &c->duties, &gs_duties_event_answered, claim);
	gs_abi_begin(&w, &logs->data, 3);
	gs_abi_put_u64(&w, r->demand_kind);
	gs_abi_put_u64(&w, r->demand_block);
	gs_abi_put_bytes(&w, r->bytes);
	gs_abi_end(&w);
}

static void log_recorded(struct gs_sim_logs *logs, const struct gs_contracts *c, const struct gs_sim_report *r)
{
	const struct gs_u256 epoch = gs_u256_from_u64(r->epoch);
	struct gs_log_entry *e = gs_sim_log_begin(logs, &c->duties, &gs_duties_event_recorded);
	struct gs_abi_writer w;
	struct gs_hash word;
	gs_u256_to_be(&epoch, word.b);
	gs_sim_log_topic(e, &word);
	gs_abi_begin(&w, &logs->data, 2);
	gs_abi_put_u64(&w, r->previous);
	gs_abi_put_hash(&w, &r->hash);
	gs_abi_end(&w);
}

static void log_time(struct gs_sim_logs *logs, const struct gs_address *contract, const struct gs_hash *event,
                     const struct gs_sim_chain *claim, uint64_t time)
{
	struct gs_abi_writer w;
	(void)of_claim(logs, contract, event, claim);
	gs_abi_begin(&w, &logs->data, 1);
	gs_abi_put_u64(&w, time);
	gs_abi_end(&w);
}

static void log_published(struct gs_sim_logs *logs, const struct gs_contracts *c, const struct gs_sim_chain *claim,
                          const struct gs_sim_report *r)
{
	struct gs_abi_writer w;
	(void)of_claim(logs, &c->duties, &gs_duties_event_published, claim);
	gs_abi_begin(&w, &logs->data, 1);
	gs_abi_put_hash(&w, &r->hash);
	gs_abi_end(&w);
}

static void log_attested(struct gs_sim_logs *logs, const struct gs_contracts *c, const struct gs_sim_chain *claim,
                         const struct gs_sim_report *r)
{
	struct gs_abi_writer w;
	struct gs_address commitment; /* a uint160 is a word as an address is */
	memcpy(commitment.b, r->commitment.b, sizeof(commitment.b));
	gs_sim_log_topic_account(of_claim(logs, &c->duties, &gs_duties_event_attested_claim, claim), c, r->account);
	gs_abi_begin(&w, &logs->data, 2);
	gs_abi_put_address(&w, &commitment);
	gs_abi_put_wei(&w, r->amount);
	gs_abi_end(&w);
}

/* A validator with its stake and another amount. */
static void log_validator(struct gs_sim_logs *logs, const struct gs_contracts *c, const struct gs_hash *event,
                          const struct gs_sim_chain *claim, const struct gs_sim_report *r)
{
	struct gs_abi_writer w;
	gs_sim_log_topic_account(of_claim(logs, &c->duties, event, claim), c, r->account);
	gs_abi_begin(&w, &logs->data, 2);
	gs_abi_put_wei(&w, r->amount);
	gs_abi_put_wei(&w, r->gain);
	gs_abi_end(&w);
}

static void log_batch(struct gs_sim_logs *logs, const struct gs_contracts *c, const struct gs_hash *event,
                      const struct gs_sim_batch *batch)
{
	gs_sim_log_topic(gs_sim_log_begin(logs, &c->batches, event), &batch->id);
}

void gs_sim_log_duty(struct gs_sim_logs *logs, const struct gs_contracts *c, const struct gs_sim_chain *claim,
                     const struct gs_sim_report *r)
{
	if (r->kind == GS_SIM_REPORT_EXTENDED)
		log_time(logs, &c->claims, &gs_claims_event_extended, claim, r->time);
	else if (r->kind == GS_SIM_REPORT_DEMANDED)
		log_demanded(logs, c, claim, r);
	else if (r->kind == GS_SIM_REPORT_ANSWERED)
		log_answered(logs, c, claim, r);
	else if (r->kind == GS_SIM_REPORT_UNANSWERED)
		gs_sim_log_topic_account(of_claim(logs, &c->duties, &gs_duties_event_unanswered, claim), c, r->account);
	else if (r->kind == GS_SIM_REPORT_RECORDED)
		log_recorded(logs, c, r);
	else if (r->kind == GS_SIM_REPORT_DRAWN)
		log_time(logs, &c->duties, &gs_duties_event_drawn, claim, r->time);
	else if (r->kind == GS_SIM_REPORT_PUBLISHED)
		log_published(logs, c, claim, r);
	else if (r->kind == GS_SIM_REPORT_ATTESTED)
		log_attested(logs, c, claim, r);
	else if (r->kind == GS_SIM_REPORT_REPORTED)
		log_validator(logs, c, &gs_duties_event_reported, claim, r);
	else if (r->kind == GS_SIM_REPORT_COLLECTED)
		log_validator(logs, c, &gs_duties_event_collected, claim, r);
	else
		log_batch(logs, c,
		          r->kind == GS_SIM_REPORT_BATCH_LOST ? &gs_batches_event_batch_lost
		                                              : &gs_batches_event_batch_finalized,
		          r->batch);
}

/* ---- batches that begin ---- */

static void begin_batch(struct gs_sim_logs *logs, const struct gs_contracts *c, const struct gs_hash *event,
                        const struct gs_sim_batch *batch, const struct gs_hash *model)
{
	struct gs_log_entry *e = gs_sim_log_begin(logs, &c->batches, event);
	gs_sim_log_topic(e, &batch->id);
	gs_sim_log_topic_account(e, c, batch->claimant);
	gs_sim_log_topic(e, model);
}

static void put_name(struct gs_abi_writer *w, const struct gs_batch_name *name)
{
	gs_abi_put_hash(w, &name->root);
	gs_abi_put_u64(w, name->count);
	gs_abi_put_u64(w, name->salt);
}

void gs_sim_log_root_posted(struct gs_sim_logs *logs, const struct gs_contracts *contracts,
                            const struct gs_sim_batch *batch, const struct gs_hash *hint)
{
	struct gs_abi_writer w;
	begin_batch(logs, contracts, &gs_batches_event_root_posted, batch, hint);
	gs_abi_begin(&w, &logs->data, 3);
	put_name(&w, &batch->name);
	gs_abi_end(&w);
}

void gs_sim_log_batch_posted(struct gs_sim_logs *logs, const struct gs_contracts *contracts,
                             const struct gs_sim_batch *batch, struct gs_bytes leaves)
{
	struct gs_abi_writer w;
	struct gs_u256 terms;
	gs_terms_encode(&batch->terms, &terms);
	begin_batch(logs, contracts, &gs_batches_event_batch_posted, batch, &batch->name.model);
	gs_abi_begin(&w, &logs->data, 6);
	put_name(&w, &batch->name);
	gs_abi_put_u256(&w, &terms);
	gs_abi_put_u64(&w, batch->window_end);
	gs_abi_put_bytes(&w, leaves);
	gs_abi_end(&w);
}
