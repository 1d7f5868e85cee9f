#include "validator/cli/lookup.h"

#include <string.h>

#include "chain/eth/bindings.h"

static enum gs_err search(const struct gs_contracts *contracts, const struct gs_log_list *logs,
                          const struct gs_hash *claim, struct gs_claim_body *out, struct gs_error *error)
{
	for (size_t i = 0; i < logs->count; i++) {
		struct gs_event event;
		enum gs_err err;
		if (logs->entries[i].topic_count < 2 || !gs_hash_equal(&logs->entries[i].topics[1], claim))
			continue;
		err = gs_event_decode(contracts, &logs->entries[i], &event, error);
		if (err)
			return err;
		*out = event.body;
		return GS_OK;
	}
	return GS_ENOTFOUND;
}

enum gs_err gs_lookup_claim(const struct gs_session *session, const char *id, struct gs_hash *claim,
                            struct gs_claim_body *out, struct gs_error *error)
{
	const struct gs_hash posted = gs_claims_event_posted;
	struct gs_contracts contracts;
	struct gs_eth_filter filter = {.address_count = 1, .topics = &posted, .topic_count = 1};
	uint64_t newest;
	enum gs_err err;

	if (gs_hex_decode(id, strlen(id), claim->b, sizeof(claim->b)))
		return gs_fail(error, GS_EINVAL, "%.80s: not a claim id of 64 hex digits", id);
	gs_deployment_contracts(&session->deployment, &contracts);
	filter.addresses = &contracts.claims;
	err = gs_eth_block_number(session->rpc, &newest, error);
	if (err)
		return err;
	/* The newest first: who asks about a claim mostly asks soon. */
	for (uint64_t end = newest + 1; end > session->deployment.block;) {
		struct gs_log_list logs = {0};
		const uint64_t span = end - session->deployment.block;
		filter.to_block = end - 1;
		filter.from_block = end - (span < GS_LOOKUP_BLOCKS ? span : GS_LOOKUP_BLOCKS);
		err = gs_eth_get_logs(session->rpc, &filter, &logs, error);
		if (!err)
			err = search(&contracts, &logs, claim, out, error);
		gs_log_list_free(&logs);
		if (err != GS_ENOTFOUND)
			return err;
		end = filter.from_block;
	}
	return gs_fail(error, GS_ENOTFOUND, "%.80s: no such claim was posted to this deployment", id);
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
