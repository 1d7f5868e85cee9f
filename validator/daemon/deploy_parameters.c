#include "validator/daemon/deploy_parameters.h"

#include <string.h>

#include "challenge/game/bonds.h"

enum { PPM_PER_BPS = 100, BUDGET_S_MAX = (1 << 24) - 1 };

static const char *const dev[] = {"dev", NULL};
static const char *const sender[] = {"sender", NULL};
static const char *const clocks[] = {"own", "l1", NULL}; /* in the order of enum gs_deploy_clock */

#define AT(member) offsetof(struct gs_deploy_parameters, member)
static const struct gs_setting table[] = {
	{"stakes.token", GS_SETTING_ADDRESS, AT(stakes.token), 0, 0, dev},
	{"stakes.unbonding_s", GS_SETTING_U64, AT(stakes.unbonding_s), 1, UINT32_MAX, NULL},
	{"models.registrant_bond", GS_SETTING_ETHER, AT(models.registrant_bond), 0, 0, NULL},
	{"models.attest_threshold", GS_SETTING_ETHER, AT(models.attest_threshold), 0, 0, NULL},
	{"models.release_s", GS_SETTING_U64, AT(models.release_s), 1, UINT32_MAX, NULL},
	{"models.burn", GS_SETTING_SHARE, AT(models.burn_ppm), 0, 0, NULL},
	{"claims.owner", GS_SETTING_ADDRESS, AT(claims.owner), 0, 0, sender},
	{"claims.terms_delay_s", GS_SETTING_U64, AT(claims.terms_delay_s), 0, UINT32_MAX, NULL},
	{"claims.retire_grace_s", GS_SETTING_U64, AT(claims.retire_grace_s), 1, UINT32_MAX, NULL},
	{"claims.bytes_max", GS_SETTING_U64, AT(claims.bytes_max), 0, 128 * 1024, NULL},
	{"claims.minimum_bond", GS_SETTING_ETHER, AT(claims.minimum_bond), 0, 0, NULL},
	{"claims.minimum_fee", GS_SETTING_ETHER, AT(claims.minimum_fee), 0, 0, NULL},
	{"claims.bond", GS_SETTING_SHARE, AT(claims.bond_ppm), 0, 0, NULL},
	{"claims.fee", GS_SETTING_SHARE, AT(claims.fee_ppm), 0, 0, NULL},
	{"claims.window_s", GS_SETTING_U64, AT(claims.window_s), 1, UINT32_C(1) << 31, NULL},
	{"disputes.claimant_budget_s", GS_SETTING_U64, AT(disputes.claimant_budget_s), 1, BUDGET_S_MAX, NULL},
	{"disputes.challenger_budget_s", GS_SETTING_U64, AT(disputes.challenger_budget_s), 1, BUDGET_S_MAX, NULL},
	{"disputes.minimum_time_s", GS_SETTING_U64, AT(disputes.minimum_time_s), 1, BUDGET_S_MAX, NULL},
	{"disputes.challenger_bond", GS_SETTING_ETHER, AT(disputes.challenger_bond), 0, 0, NULL},
	{"disputes.refund_per_move", GS_SETTING_ETHER, AT(disputes.refund_per_move), 0, 0, NULL},
	{"disputes.concede", GS_SETTING_SHARE, AT(disputes.concede_ppm), 0, 0, NULL},
	{"disputes.burn", GS_SETTING_SHARE, AT(disputes.burn_ppm), 0, 0, NULL},
	{"duties.demand_s", GS_SETTING_U64, AT(duties.demand_s), 1, UINT32_MAX, NULL},
	{"duties.audit_s", GS_SETTING_U64, AT(duties.audit_s), 1, UINT32_MAX, NULL},
	{"duties.report_s", GS_SETTING_U64, AT(duties.report_s), 1, UINT32_MAX, NULL},
	{"duties.epoch_s", GS_SETTING_U64, AT(duties.epoch_s), 1, UINT32_MAX, NULL},
	{"duties.audit", GS_SETTING_SHARE, AT(duties.audit_ppm), 0, 0, NULL},
	{"duties.demand_base", GS_SETTING_ETHER, AT(duties.demand_base), 0, 0, NULL},
	{"duties.demand_per_chunk", GS_SETTING_ETHER, AT(duties.demand_per_chunk), 0, 0, NULL},
	{"duties.attest_stake", GS_SETTING_ETHER, AT(duties.attest_stake), 0, 0, NULL},
	{"duties.clock", GS_SETTING_WORD, AT(duties.clock), 0, 0, clocks},
};
static const struct gs_settings settings = {table, GS_ARRAY_LEN(table)};

static struct gs_wei tokens(const char *text)
{
	struct gs_wei out;
	enum gs_err err = gs_wei_parse_ether(text, &out);

	GS_ASSERT(err == GS_OK);
	return out;
}

void gs_deploy_defaults(struct gs_deploy_parameters *out)
{
	*out = (struct gs_deploy_parameters){
		.stakes = {.token = {.choice = GS_ADDRESS_WORD}, .unbonding_s = 60},
		.models = {.registrant_bond = tokens("10"),
	                   .attest_threshold = tokens("0"),
	                   .release_s = 600,
	                   .burn_ppm = 500 * 1000},
		.claims = {.owner = {.choice = GS_ADDRESS_WORD},
	                   .terms_delay_s = 60,
	                   .retire_grace_s = 600,
	                   .bytes_max = 96 * 1024,
	                   .minimum_bond = tokens("10"),
	                   .minimum_fee = tokens("0.01"),
	                   .bond_ppm = 100 * 1000,
	                   .fee_ppm = 1000,
	                   .window_s = 60},
		.disputes = {.claimant_budget_s = 120,
	                     .challenger_budget_s = 120,
	                     .minimum_time_s = 20,
	                     .challenger_bond = tokens("10"),
	                     .refund_per_move = tokens("0.05"),
	                     .concede_ppm = 500 * 1000,
	                     .burn_ppm = 500 * 1000},
		.duties = {.demand_s = 120,
	                   .audit_s = 120,
	                   .report_s = 600,
	                   .epoch_s = 60,
	                   .demand_base = tokens("0.01"),
	                   .demand_per_chunk = tokens("0.001"),
	                   .attest_stake = tokens("1")},
	};
}

enum gs_err gs_deploy_parameters_load(const char *path, struct gs_deploy_parameters *out, struct gs_error *error)
{
	return gs_bind_file(&settings, path, out, error);
}

enum gs_err gs_deploy_parameters_set(const char *name, const char *value, struct gs_deploy_parameters *out,
                                     struct gs_error *error)
{
	return gs_bind_text(&settings, name, value, "command line", out, error);
}

enum gs_err gs_deploy_parameters_said(const struct gs_deploy_parameters *p, struct gs_error *error)
{
	if (p->stakes.token.choice == GS_ADDRESS_UNSAID)
		return gs_fail(
			error, GS_EINVAL,
			"stakes.token: not said; name the ERC-20 that stakes are paid in, or 'dev' on a development "
			"chain for one that anybody mints");
	if (p->claims.owner.choice == GS_ADDRESS_UNSAID)
		return gs_fail(
			error, GS_EINVAL,
			"claims.owner: not said; name the timelock or multisig that may change terms and retire the "
			"deployment, or 'sender' for the account that deploys");
	return GS_OK;
}

bool gs_deploy_parameters_at(const struct gs_deploy_parameters *p, size_t i, const char **name,
                             char text[GS_BINDER_VALUE_MAX])
{
	if (i >= settings.count)
		return false;
	*name = settings.setting[i].name;
	gs_bind_format(&settings.setting[i], p, text);
	return true;
}

enum gs_err gs_deploy_bps(const char *name, uint64_t ppm, uint16_t *out, struct gs_error *error)
{
	if (ppm % PPM_PER_BPS)
		return gs_fail(error, GS_EINVAL, "%s: the contracts know shares of 0.0001 only", name);
	*out = (uint16_t)(ppm / PPM_PER_BPS);
	return GS_OK;
}

static bool fits(struct gs_wei amount, unsigned bits)
{
	const struct gs_u256 *v = &amount.v;

	return !v->limb[2] && !v->limb[3] && v->limb[1] >> (bits - 64) == 0;
}

enum gs_err gs_deploy_terms(const struct gs_deploy_parameters *p, struct gs_u256 *out, struct gs_error *error)
{
	struct gs_terms terms = {.minimum_bond = p->claims.minimum_bond,
	                         .minimum_fee = p->claims.minimum_fee,
	                         .window_s = (uint32_t)p->claims.window_s};
	enum gs_err err = gs_deploy_bps("claims.bond", p->claims.bond_ppm, &terms.bond_bps, error);

	if (!err)
		err = gs_deploy_bps("claims.fee", p->claims.fee_ppm, &terms.fee_bps, error);
	if (err)
		return err;
	if (!fits(terms.minimum_bond, 96))
		return gs_fail(error, GS_ELIMIT, "claims.minimum_bond: more than 96 bits hold");
	if (!fits(terms.minimum_fee, 72))
		return gs_fail(error, GS_ELIMIT, "claims.minimum_fee: more than 72 bits hold");
	gs_terms_encode(&terms, out);
	return GS_OK;
}
