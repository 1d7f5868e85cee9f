#include "validator/daemon/options.h"

struct gs_node_options gs_options_of(const struct gs_config *config)
{
	/* How many executions the workers of a queue do at once nobody here knows but the operator. */
	const uint64_t own = config->workers.queue[0] ? 0 : config->execution.threads;
	const uint64_t servers = config->work.servers ? config->work.servers : own;
	struct gs_node_options options = {
		.attest = {.on = config->attest.mode == GS_ATTEST_MODE_ON,
	                   .stake = config->attest.stake,
	                   .locked_ppm = (uint32_t)config->attest.locked_ppm,
	                   .million_gas = config->attest.million_gas},
		.confirm_blocks = config->chain.confirm_blocks,
		.audit_keep_s = config->audit.keep_days * 86400,
		.settle_blocks = config->chain.settle_blocks,
		.resend_s = config->intervals.resend_s,
		.fees = {.max = config->chain.fee_max,
	                 .max_urgent = config->chain.fee_max_urgent,
	                 .close_s = config->chain.close_s,
	                 .bump_blocks = config->chain.bump_blocks},
		.budget = {.gas_per_day = config->budget.gas_per_day,
	                   .obligations = config->budget.obligations == GS_BUDGET_OBLIGATIONS_YES},
		.work = {.servers = (uint32_t)servers, .margin_s = config->work.margin_s},
		.capital = {.gas = true,
	                    .defences = (uint32_t)config->capital.defences,
	                    .price_percent = (uint32_t)config->capital.price_percent,
	                    .warn_games = (uint32_t)config->capital.warn_games,
	                    .warn_s = config->capital.warn_days * 86400},
		.l1 = {.escalate_ppm = (uint32_t)config->l1.escalate_ppm,
	               .fee_max = config->l1.fee_max,
	               .cost_max = config->l1.cost_max},
		.talk = config->talk.folder[0] != '\0',
		.talk_patience_s = config->talk.patience_s,
	};

	gs_config_policy(config, &options.sampling);
	return options;
}
