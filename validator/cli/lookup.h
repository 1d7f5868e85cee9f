/* validator/cli/lookup.h: what a claim says, found on the chain by its id: calls about it need all of it. */
#ifndef GS_VALIDATOR_CLI_LOOKUP_H
#define GS_VALIDATOR_CLI_LOOKUP_H

#include "validator/cli/transact.h"

enum { GS_LOOKUP_BLOCKS = 2000 }; /* asked for at once */

/* GS_EINVAL: not an id of 64 hex digits. GS_ENOTFOUND: no such claim was posted to the session's deployment. */
GS_MUST enum gs_err gs_lookup_claim(const struct gs_session *session, const char *id, struct gs_hash *claim,
                                    struct gs_claim_body *out, struct gs_error *error);

/* The same of a batch: what names it, and its leaves when they are on chain, appended. */
GS_MUST enum gs_err gs_lookup_batch(const struct gs_session *session, const char *id, struct gs_hash *batch,
                                    struct gs_batch_name *out, struct gs_buf *leaves, struct gs_error *error);
/* Every event of the named contracts since the deployment, oldest first. topics: alternatives; none: any. An error of visit ends it;
 * its text is the visitor's to write. */
struct gs_lookup_scan {
	const enum gs_contract *contracts;
	size_t contract_count; /* at most GS_CONTRACT_COUNT */
	const struct gs_hash *topics;
	size_t topic_count;
	enum gs_err (*visit)(void *context, const struct gs_event *event);
	void *context;
};
GS_MUST enum gs_err gs_lookup_events(const struct gs_session *session, const struct gs_lookup_scan *scan,
                                     struct gs_error *error);

#endif
