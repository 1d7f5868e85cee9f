#include "validator/daemon/deployed.h"

#include "chain/eth/bindings.h"
#include "validator/daemon/ask.h"

struct gs_u256 gs_deployed_bare(struct gs_u256 word)
{
	word.limb[0] &= ~UINT64_C(0xffff); /* version 8 | retired 8 */
	return word;
}

static enum gs_err read_terms(struct gs_rpc *rpc, const struct gs_address *claims, uint32_t selector, const char *name,
                              struct gs_u256 *word, struct gs_terms *out, struct gs_error *error)
{
	const struct gs_question question = {.at = claims, .selector = selector, .name = name};
	struct gs_hash answer;
	enum gs_err err = gs_ask(rpc, &question, &answer, 1, error);

	if (err)
		return err;
	*word = gs_u256_from_be(answer.b);
	*out = (struct gs_terms){.version = 0};
	if (!gs_u256_is_zero(word) && gs_terms_decode(word, out))
		return gs_fail(error, GS_EPARSE, "%s: the answer is no word of terms", name);
	return GS_OK;
}

static enum gs_err read_times(struct gs_rpc *rpc, const struct gs_address *claims, struct gs_deployed *out,
                              struct gs_error *error)
{
	const struct {
		uint32_t selector;
		const char *name;
		uint64_t *out;
	} times[] = {
		{GS_CLAIMS_FN_TERMS_DELAY, "Claims.termsDelay", &out->delay_s},
		{GS_CLAIMS_FN_RETIRE_GRACE, "Claims.retireGrace", &out->grace_s},
		{GS_CLAIMS_FN_RETIRED_AT, "Claims.retiredAt", &out->retired_at},
		{GS_CLAIMS_FN_SCHEDULED_FOR, "Claims.scheduledFor", &out->next_at},
	};
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < GS_ARRAY_LEN(times) && !err; i++) {
		const struct gs_question question = {
			.at = claims, .selector = times[i].selector, .name = times[i].name};
		err = gs_ask_u64(rpc, &question, times[i].out, error);
	}
	return err;
}

enum gs_err gs_deployed_read(struct gs_rpc *rpc, const struct gs_deployment *deployment, struct gs_deployed *out,
                             struct gs_error *error)
{
	const struct gs_address *claims = &deployment->contract[GS_CONTRACT_CLAIMS];
	const struct gs_question owner = {.at = claims, .selector = GS_CLAIMS_FN_OWNER, .name = "Claims.owner"};
	const struct gs_question pending = {
		.at = claims, .selector = GS_CLAIMS_FN_PENDING_OWNER, .name = "Claims.pendingOwner"};
	struct gs_eth_block latest = {.gas_limit = 0};
	struct gs_u256 next;
	enum gs_err err;

	*out = (struct gs_deployed){.scheduled = false};
	err = gs_ask_address(rpc, &owner, &out->owner, error);
	if (!err)
		err = gs_ask_address(rpc, &pending, &out->pending, error);
	if (!err)
		err = read_terms(rpc, claims, GS_CLAIMS_FN_CURRENT, "Claims.current", &out->word, &out->terms, error);
	if (!err)
		err = read_terms(rpc, claims, GS_CLAIMS_FN_SCHEDULED, "Claims.scheduled", &next, &out->next, error);
	if (!err)
		err = read_times(rpc, claims, out, error);
	if (!err)
		err = gs_eth_get_block(rpc, gs_block_latest(), &latest, error);
	if (err)
		return err;
	out->word = gs_deployed_bare(out->word);
	out->scheduled = !gs_u256_is_zero(&next);
	out->now = latest.head.time.unix_s;
	return GS_OK;
}
