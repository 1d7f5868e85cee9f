#include "validator/node/event.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"

struct reading {
	struct gs_abi_reader topics;
	struct gs_abi_reader data;
	struct gs_event *out;
};

struct form {
	enum gs_event_kind kind;
	const char *name;
	const struct gs_hash *topic;
	size_t contract; /* offset in struct gs_contracts */
	size_t topics;   /* the signature counted */
	void (*read)(struct reading *r);
};

static void read_account_amount(struct reading *r)
{
	r->out->account = gs_abi_get_address(&r->topics);
	r->out->amount = gs_abi_get_wei(&r->data);
}

static void read_withdraw_requested(struct reading *r)
{
	read_account_amount(r);
	(void)gs_abi_get_u64(&r->data); /* readyAt */
}

static void read_paid(struct reading *r)
{
	r->out->account = gs_abi_get_address(&r->topics);
	r->out->other = gs_abi_get_address(&r->topics);
	r->out->amount = gs_abi_get_wei(&r->data);
}

static void read_slashed(struct reading *r)
{
	read_paid(r);
	r->out->burned = gs_abi_get_wei(&r->data);
	r->out->gain = gs_abi_get_wei(&r->data);
	r->out->released = gs_abi_get_wei(&r->data);
}

static void read_model(struct reading *r)
{
	r->out->model = gs_abi_get_hash(&r->topics);
}

static void read_voided(struct reading *r)
{
	read_model(r);
	r->out->account = gs_abi_get_address(&r->topics);
	(void)gs_abi_get_u256(&r->data); /* the rule */
}

static void read_registered(struct reading *r)
{
	uint8_t word[32];

	r->out->model = gs_abi_get_hash(&r->topics);
	r->out->account = gs_abi_get_address(&r->topics);
	if (r->data.data.len >= GS_EVENT_HEADER_BYTES)
		r->out->header = (struct gs_bytes){r->data.data.ptr, GS_EVENT_HEADER_BYTES};
	for (int i = 0; i < GS_EVENT_HEADER_BYTES / 32; i++)
		gs_abi_get_word(&r->data, word);
	r->out->uri = gs_abi_get_bytes(&r->data);
}

static void read_attested(struct reading *r)
{
	r->out->model = gs_abi_get_hash(&r->topics);
	r->out->account = gs_abi_get_address(&r->topics);
	(void)gs_abi_get_wei(&r->data);
	r->out->amount = gs_abi_get_wei(&r->data);
}

static void read_posted(struct reading *r)
{
	struct gs_claim_body *body = &r->out->body;

	r->out->claim = gs_abi_get_hash(&r->topics);
	body->claimant = gs_abi_get_address(&r->topics);
	body->model_id = gs_abi_get_hash(&r->topics);
	body->input_root = gs_abi_get_hash(&r->data);
	body->output_root = gs_abi_get_hash(&r->data);
	body->lot = gs_abi_get_u256(&r->data);
	body->batch = gs_abi_get_hash(&r->data);
	r->out->terms_word = gs_abi_get_u256(&r->data);
	r->out->window_end.unix_s = gs_abi_get_u64(&r->data);
	r->out->input = gs_abi_get_bytes(&r->data);
	r->out->output = gs_abi_get_bytes(&r->data);
}

static void read_claim(struct reading *r)
{
	r->out->claim = gs_abi_get_hash(&r->topics);
}

static void read_extended(struct reading *r)
{
	read_claim(r);
	r->out->window_end.unix_s = gs_abi_get_u64(&r->data);
}

static void read_retired(struct reading *r)
{
	r->out->window_end.unix_s = gs_abi_get_u64(&r->data);
}

static void read_batch(struct reading *r)
{
	r->out->batch = gs_abi_get_hash(&r->topics);
}

static void read_root_posted(struct reading *r)
{
	read_batch(r);
	r->out->account = gs_abi_get_address(&r->topics);
	r->out->model = gs_abi_get_hash(&r->topics);
	r->out->batch_root = gs_abi_get_hash(&r->data);
	r->out->leaves = gs_abi_get_u32(&r->data);
	r->out->salt = gs_abi_get_u64(&r->data);
	r->out->batch_kind = GS_BATCH_ROOT_ONLY;
}

static void read_batch_posted(struct reading *r)
{
	read_root_posted(r);
	r->out->batch_kind = GS_BATCH_CALLDATA;
	r->out->terms_word = gs_abi_get_u256(&r->data);
	r->out->window_end.unix_s = gs_abi_get_u64(&r->data);
	r->out->leaf_bytes = gs_abi_get_bytes(&r->data);
}

static void read_demanded(struct reading *r)
{
	read_claim(r);
	r->out->account = gs_abi_get_address(&r->topics);
	r->out->demand_kind = gs_abi_get_u8(&r->data);
	r->out->demand_block = gs_abi_get_u32(&r->data);
	r->out->deadline.unix_s = gs_abi_get_u64(&r->data);
}

static void read_answered(struct reading *r)
{
	read_claim(r);
	r->out->demand_kind = gs_abi_get_u8(&r->data);
	r->out->demand_block = gs_abi_get_u32(&r->data);
	r->out->chunks = gs_abi_get_bytes(&r->data);
}

static void read_unanswered(struct reading *r)
{
	read_claim(r);
	r->out->account = gs_abi_get_address(&r->topics);
}

static void read_drawn(struct reading *r)
{
	read_claim(r);
	r->out->deadline.unix_s = gs_abi_get_u64(&r->data);
}

static void read_published(struct reading *r)
{
	read_claim(r);
	r->out->trace_root = gs_abi_get_hash(&r->data);
}

static void read_recorded(struct reading *r)
{
	r->out->epoch = gs_abi_get_u64(&r->topics);
	r->out->previous_epoch = gs_abi_get_u64(&r->data);
	r->out->beacon = gs_abi_get_hash(&r->data);
}

static void read_validator(struct reading *r)
{
	read_claim(r);
	r->out->account = gs_abi_get_address(&r->topics);
}

static void read_attested_claim(struct reading *r)
{
	struct gs_address low;

	read_validator(r);
	low = gs_abi_get_address(&r->data); /* a uint160 */
	memcpy(r->out->commitment.b, low.b, sizeof(low.b));
	r->out->amount = gs_abi_get_wei(&r->data);
}

static void read_reported(struct reading *r)
{
	read_validator(r);
	r->out->amount = gs_abi_get_wei(&r->data);
	(void)gs_abi_get_wei(&r->data); /* the stake of all who reported */
}

static void read_collected(struct reading *r)
{
	read_validator(r);
	r->out->amount = gs_abi_get_wei(&r->data);
	r->out->gain = gs_abi_get_wei(&r->data);
}

#define OF(contract) offsetof(struct gs_contracts, contract)
static const struct form forms[] = {
	{GS_EVENT_DEPOSITED, "Deposited", &gs_stakes_event_deposited, OF(stakes), 2, read_account_amount},
	{GS_EVENT_WITHDRAW_REQUESTED, "WithdrawRequested", &gs_stakes_event_withdraw_requested, OF(stakes), 2,
         read_withdraw_requested},
	{GS_EVENT_WITHDRAWN, "Withdrawn", &gs_stakes_event_withdrawn, OF(stakes), 2, read_account_amount},
	{GS_EVENT_LOCKED, "Locked", &gs_stakes_event_locked, OF(stakes), 2, read_account_amount},
	{GS_EVENT_UNLOCKED, "Unlocked", &gs_stakes_event_unlocked, OF(stakes), 2, read_account_amount},
	{GS_EVENT_PAID, "Paid", &gs_stakes_event_paid, OF(stakes), 3, read_paid},
	{GS_EVENT_SLASHED, "Slashed", &gs_stakes_event_slashed, OF(stakes), 3, read_slashed},
	{GS_EVENT_REGISTERED, "Registered", &gs_models_event_registered, OF(models), 3, read_registered},
	{GS_EVENT_ATTESTED, "Attested", &gs_models_event_attested, OF(models), 3, read_attested},
	{GS_EVENT_RETRACTED, "Retracted", &gs_models_event_retracted, OF(models), 3, read_attested},
	{GS_EVENT_VOIDED, "Voided", &gs_models_event_voided, OF(models), 3, read_voided},
	{GS_EVENT_RETIRED, "Retired", &gs_models_event_retired, OF(models), 2, read_model},
	{GS_EVENT_POSTED, "Posted", &gs_claims_event_posted, OF(claims), 4, read_posted},
	{GS_EVENT_FINALIZED, "Finalized", &gs_claims_event_finalized, OF(claims), 2, read_claim},
	{GS_EVENT_INVALIDATED, "Invalidated", &gs_claims_event_invalidated, OF(claims), 2, read_claim},
	{GS_EVENT_RELEASED, "Released", &gs_claims_event_released, OF(claims), 2, read_claim},
	{GS_EVENT_EXTENDED, "Extended", &gs_claims_event_extended, OF(claims), 2, read_extended},
	{GS_EVENT_DEPLOYMENT_RETIRED, "DeploymentRetired", &gs_claims_event_deployment_retired, OF(claims), 1,
         read_retired},
	{GS_EVENT_BATCH_POSTED, "BatchPosted", &gs_batches_event_batch_posted, OF(batches), 4, read_batch_posted},
	{GS_EVENT_BATCH_POSTED, "RootPosted", &gs_batches_event_root_posted, OF(batches), 4, read_root_posted},
	{GS_EVENT_BATCH_FINALIZED, "BatchFinalized", &gs_batches_event_batch_finalized, OF(batches), 2, read_batch},
	{GS_EVENT_BATCH_LOST, "BatchLost", &gs_batches_event_batch_lost, OF(batches), 2, read_batch},
	{GS_EVENT_BATCH_RELEASED, "BatchReleased", &gs_batches_event_batch_released, OF(batches), 2, read_batch},
	{GS_EVENT_DEMANDED, "Demanded", &gs_duties_event_demanded, OF(duties), 3, read_demanded},
	{GS_EVENT_ANSWERED, "Answered", &gs_duties_event_answered, OF(duties), 2, read_answered},
	{GS_EVENT_UNANSWERED, "Unanswered", &gs_duties_event_unanswered, OF(duties), 3, read_unanswered},
	{GS_EVENT_DRAWN, "Drawn", &gs_duties_event_drawn, OF(duties), 2, read_drawn},
	{GS_EVENT_PUBLISHED, "Published", &gs_duties_event_published, OF(duties), 2, read_published},
	{GS_EVENT_RECORDED, "Recorded", &gs_duties_event_recorded, OF(duties), 2, read_recorded},
	{GS_EVENT_ATTESTED_CLAIM, "AttestedClaim", &gs_duties_event_attested_claim, OF(duties), 3, read_attested_claim},
	{GS_EVENT_REPORTED, "Reported", &gs_duties_event_reported, OF(duties), 3, read_reported},
	{GS_EVENT_COLLECTED, "Collected", &gs_duties_event_collected, OF(duties), 3, read_collected},
};

const char *gs_event_name(enum gs_event_kind kind)
{
	for (size_t i = 0; i < GS_ARRAY_LEN(forms); i++)
		if (forms[i].kind == kind)
			return forms[i].name;
	return kind == GS_EVENT_GAME ? "of a game" : "other";
}

static const struct form *form_of(const struct gs_contracts *contracts, const struct gs_log_entry *log)
{
	for (size_t i = 0; i < GS_ARRAY_LEN(forms) && log->topic_count > 0; i++) {
		const void *address = (const char *)contracts + forms[i].contract;
		if (forms[i].topic->b[0] == log->topics[0].b[0] && gs_hash_equal(forms[i].topic, &log->topics[0]) &&
		    gs_address_equal(address, &log->address))
			return &forms[i];
	}
	return NULL;
}

/* A real claim's id beside another output would make an honest node challenge an honest claim. */
static enum gs_err check_claim_id(const struct gs_contracts *contracts, const struct gs_log_entry *log,
                                  const struct gs_event *posted, struct gs_error *error)
{
	struct gs_hash id;

	gs_claim_id(contracts->chain_id, &contracts->claims, &posted->body, &id);
	if (gs_hash_equal(&id, &posted->claim))
		return GS_OK;
	return gs_fail(
		error, GS_ECORRUPT,
		"log %u of block %llu: the claim's id is not the hash of what was posted; do not trust this endpoint",
		log->index, (unsigned long long)log->block_number);
}

static enum gs_err check_batch_id(const struct gs_contracts *contracts, const struct gs_log_entry *log,
                                  const struct gs_event *posted, struct gs_error *error)
{
	const bool calldata = posted->batch_kind == GS_BATCH_CALLDATA;
	const struct gs_batch_name name = {.claimant = posted->account,
	                                   .salt = posted->salt,
	                                   .root = posted->batch_root,
	                                   .count = posted->leaves,
	                                   .kind = posted->batch_kind,
	                                   .model = calldata ? posted->model : (struct gs_hash){{0}}};
	struct gs_hash id, root = posted->batch_root;
	enum gs_err err = calldata ? gs_batch_tree(&posted->model, posted->leaf_bytes, 0, &root, NULL, NULL) : GS_OK;

	if (err == GS_ENOMEM)
		return gs_fail(error, err, "no memory for the leaves of a batch");
	gs_batch_id(contracts->chain_id, &contracts->batches, &name, &id);
	if (!err && gs_hash_equal(&id, &posted->batch) && gs_hash_equal(&root, &posted->batch_root) &&
	    (!calldata || posted->leaf_bytes.len == (size_t)posted->leaves * GS_BATCH_LEAF_BYTES))
		return GS_OK;
	return gs_fail(
		error, GS_ECORRUPT,
		"log %u of block %llu: the batch's id is not the hash of what was posted; do not trust this endpoint",
		log->index, (unsigned long long)log->block_number);
}

static enum gs_err check_ids(const struct gs_contracts *contracts, const struct gs_log_entry *log,
                             const struct gs_event *event, struct gs_error *error)
{
	if (event->kind == GS_EVENT_POSTED)
		return check_claim_id(contracts, log, event, error);
	return event->kind == GS_EVENT_BATCH_POSTED ? check_batch_id(contracts, log, event, error) : GS_OK;
}

enum gs_err gs_event_decode_again(const struct gs_contracts *contracts, const struct gs_log_entry *log,
                                  struct gs_event *out, struct gs_error *error)
{
	const struct form *form = form_of(contracts, log);
	struct reading r = {.out = out};

	memset(out, 0, sizeof(*out));
	if (gs_address_equal(&contracts->disputes, &log->address)) {
		enum gs_err err = gs_game_event_decode(log, &out->dispute);
		if (err && err != GS_ENOTFOUND)
			return gs_fail(error, err,
			               "log %u of block %llu: not an event of Disputes as this version knows it",
			               log->index, (unsigned long long)log->block_number);
		out->kind = err ? GS_EVENT_OTHER : GS_EVENT_GAME;
		out->claim = out->dispute.claim;
		return GS_OK;
	}
	if (!form)
		return GS_OK;
	out->kind = form->kind;
	if (log->topic_count == form->topics) {
		r.topics = gs_abi_read_topics(log->topics, log->topic_count);
		r.data = gs_abi_read(log->data);
		form->read(&r);
		if (!r.topics.err && !r.data.err)
			return GS_OK;
	}
	return gs_fail(error, GS_EPARSE, "log %u of block %llu: not an event %s as this version knows it", log->index,
	               (unsigned long long)log->block_number, form->name);
}

enum gs_err gs_event_decode(const struct gs_contracts *contracts, const struct gs_log_entry *log, struct gs_event *out,
                            struct gs_error *error)
{
	const enum gs_err err = gs_event_decode_again(contracts, log, out, error);

	return err ? err : check_ids(contracts, log, out, error);
}

enum { IDS_AT_ONCE = 8 };

struct posted { /* claims whose ids are still to be compared */
	struct gs_claim_body body[IDS_AT_ONCE];
	struct gs_hash id[IDS_AT_ONCE];
	size_t count;
};

static bool ids_right(const struct gs_contracts *contracts, struct posted *p)
{
	const size_t count = p->count;
	struct gs_hash id[IDS_AT_ONCE];

	p->count = 0;
	gs_claim_ids(contracts->chain_id, &contracts->claims, p->body, count, id);
	return memcmp(id, p->id, count * sizeof(id[0])) == 0;
}

bool gs_events_right(const struct gs_contracts *contracts, const struct gs_log_entry *logs, size_t count)
{
	struct posted posted = {.count = 0};
	struct gs_event event;

	for (size_t i = 0; i < count; i++) {
		if (gs_event_decode_again(contracts, &logs[i], &event, NULL) != GS_OK)
			return false;
		if (event.kind != GS_EVENT_POSTED && check_ids(contracts, &logs[i], &event, NULL) != GS_OK)
			return false;
		if (event.kind != GS_EVENT_POSTED)
			continue;
		posted.body[posted.count] = event.body;
		posted.id[posted.count++] = event.claim;
		if (posted.count == IDS_AT_ONCE && !ids_right(contracts, &posted))
			return false;
	}
	return ids_right(contracts, &posted);
}
