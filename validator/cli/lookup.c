#include "validator/cli/lookup.h"

#include <string.h>

#include "chain/eth/bindings.h"

/* Takes the event that was looked for; its views are borrowed for the call. */
typedef enum gs_err (*take_event)(void *context, const struct gs_event *event);

/* The event with one of these signatures whose first indexed value is `subject`. */
struct search {
	const struct gs_hash *subject;
	const struct gs_hash *topic[2];
	size_t topics;
	take_event take;
	void *context;
};

static bool fits(const struct search *search, const struct gs_log_entry *log)
{
	if (log->topic_count < 2 || !gs_hash_equal(&log->topics[1], search->subject))
		return false;
	for (size_t i = 0; i < search->topics; i++)
		if (gs_hash_equal(&log->topics[0], search->topic[i]))
			return true;
	return false;
}

static enum gs_err look(const struct gs_contracts *contracts, const struct gs_log_list *logs,
                        const struct search *search, struct gs_error *error)
{
	for (size_t i = 0; i < logs->count; i++) {
		struct gs_event event;
		enum gs_err err;
		if (!fits(search, &logs->entries[i]))
			continue;
		err = gs_event_decode(contracts, &logs->entries[i], &event, error);
		return err ? err : search->take(search->context, &event);
	}
	return GS_ENOTFOUND;
}

/* The newest blocks first: who asks about a claim mostly asks soon. GS_ENOTFOUND without a text. */
static enum gs_err find(const struct gs_session *session, const struct gs_address *contract,
                        const struct search *search, struct gs_error *error)
{
	struct gs_contracts contracts;
	struct gs_eth_filter filter = {.addresses = contract, .address_count = 1};
	uint64_t newest;
	enum gs_err err = gs_eth_block_number(session->rpc, &newest, error);

	if (err)
		return err;
	gs_deployment_contracts(&session->deployment, &contracts);
	if (search->topics == 1) {
		filter.topics = search->topic[0];
		filter.topic_count = 1;
	}
	for (uint64_t end = newest + 1; end > session->deployment.block;) {
		struct gs_log_list logs = {0};
		const uint64_t span = end - session->deployment.block;
		filter.to_block = end - 1;
		filter.from_block = end - (span < GS_LOOKUP_BLOCKS ? span : GS_LOOKUP_BLOCKS);
		err = gs_eth_get_logs(session->rpc, &filter, &logs, error);
		if (!err)
			err = look(&contracts, &logs, search, error);
		gs_log_list_free(&logs);
		if (err != GS_ENOTFOUND)
			return err;
		end = filter.from_block;
	}
	return GS_ENOTFOUND;
}

static enum gs_err take_body(void *context, const struct gs_event *event)
{
	*(struct gs_claim_body *)context = event->body;
	return GS_OK;
}

enum gs_err gs_lookup_claim(const struct gs_session *session, const char *id, struct gs_hash *claim,
                            struct gs_claim_body *out, struct gs_error *error)
{
	const struct search search = {
		.subject = claim, .topic = {&gs_claims_event_posted}, .topics = 1, .take = take_body, .context = out};
	struct gs_contracts contracts;
	enum gs_err err;

	if (gs_hex_decode(id, strlen(id), claim->b, sizeof(claim->b)))
		return gs_fail(error, GS_EINVAL, "%.80s: not a claim id of 64 hex digits", id);
	gs_deployment_contracts(&session->deployment, &contracts);
	err = find(session, &contracts.claims, &search, error);
	return err == GS_ENOTFOUND ? gs_fail(error, err, "%.80s: no such claim was posted to this deployment", id)
	                           : err;
}

struct found_batch {
	struct gs_batch_name *name;
	struct gs_buf *leaves;
};

static enum gs_err take_batch(void *context, const struct gs_event *e)
{
	struct found_batch *found = context;

	*found->name = (struct gs_batch_name){.claimant = e->account,
	                                      .salt = e->salt,
	                                      .root = e->batch_root,
	                                      .count = e->leaves,
	                                      .kind = e->batch_kind};
	if (e->batch_kind == GS_BATCH_CALLDATA)
		found->name->model = e->model;
	if (e->leaf_bytes.len)
		gs_buf_append(found->leaves, e->leaf_bytes.ptr, e->leaf_bytes.len);
	return found->leaves->err;
}

enum gs_err gs_lookup_batch(const struct gs_session *session, const char *id, struct gs_hash *batch,
                            struct gs_batch_name *out, struct gs_buf *leaves, struct gs_error *error)
{
	struct found_batch found = {.name = out, .leaves = leaves};
	const struct search search = {.subject = batch,
	                              .topic = {&gs_batches_event_batch_posted, &gs_batches_event_root_posted},
	                              .topics = 2,
	                              .take = take_batch,
	                              .context = &found};
	struct gs_contracts contracts;
	enum gs_err err;

	if (gs_hex_decode(id, strlen(id), batch->b, sizeof(batch->b)))
		return gs_fail(error, GS_EINVAL, "%.80s: not a batch's id of 64 hex digits", id);
	gs_deployment_contracts(&session->deployment, &contracts);
	err = find(session, &contracts.batches, &search, error);
	return err == GS_ENOTFOUND ? gs_fail(error, err, "%.80s: no such batch was posted to this deployment", id)
	                           : err;
}

enum gs_err gs_lookup_events(const struct gs_session *session, const struct gs_lookup_scan *scan,
                             struct gs_error *error)
{
	struct gs_address addresses[GS_CONTRACT_COUNT];
	struct gs_contracts contracts;
	struct gs_eth_filter filter = {.addresses = addresses,
	                               .address_count = scan->contract_count,
	                               .topics = scan->topics,
	                               .topic_count = scan->topic_count};
	uint64_t newest = 0;
	enum gs_err err = gs_eth_block_number(session->rpc, &newest, error);

	gs_deployment_contracts(&session->deployment, &contracts);
	for (size_t i = 0; i < scan->contract_count; i++)
		addresses[i] = session->deployment.contract[scan->contracts[i]];
	for (uint64_t from = session->deployment.block; from <= newest && !err; from += GS_LOOKUP_BLOCKS) {
		struct gs_log_list logs = {0};
		filter.from_block = from;
		filter.to_block = newest - from < GS_LOOKUP_BLOCKS ? newest : from + GS_LOOKUP_BLOCKS - 1;
		err = gs_eth_get_logs(session->rpc, &filter, &logs, error);
		for (size_t i = 0; i < logs.count && !err; i++) {
			struct gs_event event;
			err = gs_event_decode(&contracts, &logs.entries[i], &event, error);
			if (!err && event.kind != GS_EVENT_OTHER)
				err = scan->visit(scan->context, &event);
		}
		gs_log_list_free(&logs);
	}
	return err;
}
