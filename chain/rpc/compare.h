/* chain/rpc/compare.h: when two endpoints' answers to one call are the same, and what is made of answers that need not be.
 *
 * Only what counts is compared: an endpoint may add fields, write numbers with zeros in front or letters large. And only methods whose
 * answer follows from the chain are compared at all; for each there is a rule (chain/eth/quorum.h) by which the answers of several endpoints become one. */
#ifndef GS_CHAIN_RPC_COMPARE_H
#define GS_CHAIN_RPC_COMPARE_H

#include "chain/eth/quorum.h"
#include "chain/rpc/rpc.h"

enum { GS_COMPARE_DEPTH_MAX = 16, GS_COMPARE_ANSWERS_MAX = 16 };

/* Of a method; what is not known needs a quorum for its whole answer. params decide for blocks by number or tag, and for what is pending. */
enum gs_trust gs_trust_of(const char *method, const json_t *params);

/* Where the method takes a block and params say "latest": which parameter; else -1. */
int gs_compare_block_param(const char *method, const json_t *params);

/* The digest of what counts in a result. *absent: it is null, and that means: not there, or not yet. GS_EPARSE: it has not the method's
 * form. GS_ENOMEM. */
GS_MUST enum gs_err gs_compare_digest(const char *method, const json_t *result, bool *absent, struct gs_hash *out);
/* Of a failure that is an answer: a revert, or a transaction that is refused. False: it is silence. */
bool gs_compare_failure(const char *method, const struct gs_rpc_failure *failure, struct gs_hash *out);

/* By GS_TRUST_LEAST: the highest number that `need` of them reach. GS_EPARSE: not numbers. The result is a new reference. */
GS_MUST enum gs_err gs_compare_least(json_t *const *result, size_t count, size_t need, json_t **out);
/* The upper median of those that have one shape, at least `need`; in lists and objects part by part, and what is no number is as in the
 * first of them. GS_EPARSE: so many of one shape there are not. */
GS_MUST enum gs_err gs_compare_median(json_t *const *result, size_t count, size_t need, json_t **out);

#endif
