/* validator/daemon/samples.h: a validator's sampling decisions as a file that everybody can check with its public sampling key.
 *
 * A JSON object a line, in this order, each in one form only (no space, members in order, lower-case hex, decimal amounts), so that a file is its bytes:
 *
 *     {"gainsay":"samples 1","chain":..,"claims":"0x..","validator":"0x..","key":".."}
 *     {"policy":"0x..","bytes":".."}                    each policy that a decision names: gs_policy_encode
 *     {"claim":"0x..","execute":..,"reason":"..","draw":"..","rate_ppm":..,"value":"..","wrong":..,"known_s":"..","cost_us":"..",
 *      "load_ppm":..,"policy":"0x..","source":"block","of":"0x..","block":"..","proof":".."}
 *     {"lines":..,"digest":"0x..","proof":".."}         over all before: what the key's holder puts under the file
 *
 * A line holds when its proof is the key's for its source, the draw follows from that, and rate, reason and decision follow from draw and policy. What the
 * policy was applied to (value, wrong, known_s: facts of the chain; cost_us, load_ppm: the validator's own) stands under the last line's proof. */
#ifndef GS_VALIDATOR_DAEMON_SAMPLES_H
#define GS_VALIDATOR_DAEMON_SAMPLES_H

#include <stdio.h>

#include "validator/daemon/lots.h"
#include "validator/node/journal.h"

enum { GS_SAMPLES_LINE_MAX = 2048, GS_SAMPLES_POLICIES_MAX = 4096 };

struct gs_samples_written {
	uint64_t lines;
	uint64_t held;     /* decided, but a claim of the same source is not settled in a final block yet */
	uint64_t unproven; /* of a version without proofs, or without a draw */
};

/* Writes what may be shown: decisions whose source has only claims that are settled, in blocks up to the final one, from block `since` on. */
GS_MUST enum gs_err gs_samples_export(struct gs_journal *j, struct gs_vrf *vrf, const struct gs_vrf_key *key,
                                      const struct gs_lots_domain *domain, uint64_t since, FILE *out,
                                      struct gs_samples_written *written, struct gs_error *error);

/* Whether the decision about a claim may be shown now, its draw and proof with it: all decisions of its source are about settled claims in blocks up
 * to the final one. False, too, while no block is known to be final. */
GS_MUST enum gs_err gs_samples_may_show(struct gs_journal *j, const struct gs_hash *claim,
                                        const struct gs_sample *sample, bool *out, struct gs_error *error);

struct gs_samples_checked {
	uint64_t lines; /* decisions */
	uint64_t wrong; /* lines of any kind that do not hold */
	uint64_t executed;
	uint64_t shed;                /* drawn, and not executed for want of time */
	uint64_t late;                /* not decided in time: the validator was not running, or behind the chain... */
	uint64_t late_drawn;          /* ...of them, that it would have executed */
	struct gs_lots_domain domain; /* as the file says */
};
/* Called for every line that does not hold, numbered from 1. */
typedef void (*gs_samples_tell)(void *context, uint64_t line, const char *why);

/* GS_OK: everything was looked at; whether it holds says checked->wrong. An error: the file could not be read, or memory was short. */
GS_MUST enum gs_err gs_samples_verify(FILE *in, struct gs_vrf *vrf, const struct gs_vrf_public *key,
                                      gs_samples_tell tell, void *context, struct gs_samples_checked *checked,
                                      struct gs_error *error);

#endif
