#include "validator/daemon/config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "chain/rpc/signer.h"
#include "validator/daemon/library.h"
#include "validator/daemon/watch.h"
#include "validator/exec/exec.h"

static const char *const attest_modes[] = {"off", "on", NULL}; /* in the order of enum gs_attest_mode */
static const char *const no_yes[] = {"no", "yes", NULL};       /* in the order of enum gs_budget_obligations */
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const log_levels[] = {"debug", "info", "warn", "error",
                                         NULL}; /* in the order of enum gs_log_level */

#define AT(member) offsetof(struct gs_config, member)
static const struct gs_setting table[] = {
	{"rpc", GS_SETTING_LIST, AT(rpc), 0, 0, NULL},
	{"ca_file", GS_SETTING_PATH, AT(ca_file), 0, 0, NULL},
	{"rpc_header_file", GS_SETTING_PATH, AT(rpc_header_file), 0, 0, NULL},
	{"rpc_client_cert_file", GS_SETTING_PATH, AT(rpc_client_cert_file), 0, 0, NULL},
	{"rpc_client_key_file", GS_SETTING_PATH, AT(rpc_client_key_file), 0, 0, NULL},
	{"rpc_proxy", GS_SETTING_TEXT, AT(rpc_proxy), 0, 0, NULL},
	{"rpc_http2", GS_SETTING_WORD, AT(rpc_http2), 0, 0, no_yes},
	{"chain_id", GS_SETTING_U64, AT(chain_id), 1, UINT32_MAX, NULL},
	{"deployment", GS_SETTING_PATH, AT(deployment), 0, 0, NULL},
	{"db", GS_SETTING_PATH, AT(db), 0, 0, NULL},
	{"models", GS_SETTING_PATH, AT(models), 0, 0, NULL},
	{"model_store.folder", GS_SETTING_PATH, AT(model_store.folder), 0, 0, NULL},
	{"model_store.sources", GS_SETTING_LIST, AT(model_store.sources), 0, 0, NULL},
	{"model_store.index", GS_SETTING_PATH, AT(model_store.index), 0, 0, NULL},
	{"model_store.size_mib", GS_SETTING_U64, AT(model_store.size_mib), 1, 64 * 1024 * 1024, NULL},
	{"model_store.file_mib", GS_SETTING_U64, AT(model_store.file_mib), 1, GS_MODEL_FILE_MAX >> 20, NULL},
	{"model_store.ca_file", GS_SETTING_PATH, AT(model_store.ca_file), 0, 0, NULL},
	{"model_store.proxy", GS_SETTING_TEXT, AT(model_store.proxy), 0, 0, NULL},
	{"model_store.stall_s", GS_SETTING_U64, AT(model_store.stall_s), 1, 3600, NULL},
	{"model_store.downloads", GS_SETTING_U64, AT(model_store.downloads), 1, GS_DOWNLOADS_MAX, NULL},
	{"model_store.readiness", GS_SETTING_PATH, AT(model_store.readiness), 0, 0, NULL},
	{"batches", GS_SETTING_PATH, AT(batches), 0, 0, NULL},
	{"key.keystore", GS_SETTING_PATH, AT(key.keystore), 0, 0, NULL},
	{"key.password_file", GS_SETTING_PATH, AT(key.password_file), 0, 0, NULL},
	{"key.hex_file", GS_SETTING_PATH, AT(key.hex_file), 0, 0, NULL},
	{"key.remote", GS_SETTING_TEXT, AT(key.remote), 0, 0, NULL},
	{"key.address", GS_SETTING_TEXT, AT(key.address), 0, 0, NULL},
	{"key.ca_file", GS_SETTING_PATH, AT(key.ca_file), 0, 0, NULL},
	{"key.client_cert_file", GS_SETTING_PATH, AT(key.client_cert_file), 0, 0, NULL},
	{"key.client_key_file", GS_SETTING_PATH, AT(key.client_key_file), 0, 0, NULL},
	{"key.timeout_ms", GS_SETTING_U64, AT(key.timeout_ms), 100, 600 * 1000, NULL},
	{"key.lock_folder", GS_SETTING_PATH, AT(key.lock_folder), 0, 0, NULL},
	{"key.share", GS_SETTING_WORD, AT(key.share), 0, 0, no_yes},
	{"policy.rate", GS_SETTING_SHARE, AT(policy.rate_ppm), 0, 0, NULL},
	{"policy.least", GS_SETTING_SHARE, AT(policy.least_ppm), 0, 0, NULL},
	{"policy.value_unit", GS_SETTING_ETHER, AT(policy.value_unit), 0, 0, NULL},
	{"policy.wrong_percent", GS_SETTING_U64, AT(policy.wrong_percent), 0, GS_POLICY_PERCENT_MAX, NULL},
	{"policy.young_percent", GS_SETTING_U64, AT(policy.young_percent), 0, GS_POLICY_PERCENT_MAX, NULL},
	{"policy.young_s", GS_SETTING_U64, AT(policy.young_s), 0, UINT32_MAX, NULL},
	{"policy.cost_ms", GS_SETTING_U64, AT(policy.cost_ms), 0, UINT32_MAX, NULL},
	{"policy.busy", GS_SETTING_SHARE, AT(policy.busy_ppm), 0, 0, NULL},
	{"policy.certain_above", GS_SETTING_ETHER, AT(policy.certain_above), 0, 0, NULL},
	{"policy.sampling_key_file", GS_SETTING_PATH, AT(policy.sampling_key_file), 0, 0, NULL},
	{"attest.mode", GS_SETTING_WORD, AT(attest.mode), 0, 0, attest_modes},
	{"attest.stake", GS_SETTING_ETHER, AT(attest.stake), 0, 0, NULL},
	{"attest.locked_share", GS_SETTING_SHARE, AT(attest.locked_ppm), 0, 0, NULL},
	{"attest.million_gas", GS_SETTING_ETHER, AT(attest.million_gas), 0, 0, NULL},
	{"talk.folder", GS_SETTING_PATH, AT(talk.folder), 0, 0, NULL},
	{"talk.patience_s", GS_SETTING_U64, AT(talk.patience_s), 1, 86400, NULL},
	{"intervals.poll_ms", GS_SETTING_U64, AT(intervals.poll_ms), 10, 60 * 1000, NULL},
	{"intervals.resend_s", GS_SETTING_U64, AT(intervals.resend_s), 1, 3600, NULL},
	{"intervals.rpc_timeout_ms", GS_SETTING_U64, AT(intervals.rpc_timeout_ms), 100, 600 * 1000, NULL},
	{"chain.quorum", GS_SETTING_U64, AT(chain.quorum), 0, 8, NULL},
	{"chain.fee_max_gwei", GS_SETTING_GWEI, AT(chain.fee_max), 0, 0, NULL},
	{"chain.fee_max_urgent_gwei", GS_SETTING_GWEI, AT(chain.fee_max_urgent), 0, 0, NULL},
	{"chain.close_s", GS_SETTING_U64, AT(chain.close_s), 0, 7 * 86400, NULL},
	{"chain.bump_blocks", GS_SETTING_U64, AT(chain.bump_blocks), 1, 10000, NULL},
	{"audit.keep_days", GS_SETTING_U64, AT(audit.keep_days), 0, 36500, NULL},
	{"chain.settle_blocks", GS_SETTING_U64, AT(chain.settle_blocks), 1, 1000000, NULL},
	{"budget.gas_per_day", GS_SETTING_ETHER, AT(budget.gas_per_day), 0, 0, NULL},
	{"budget.obligations", GS_SETTING_WORD, AT(budget.obligations), 0, 0, no_yes},
	{"work.servers", GS_SETTING_U64, AT(work.servers), 0, 100 * 1000, NULL},
	{"work.margin_s", GS_SETTING_U64, AT(work.margin_s), 0, 7 * 86400, NULL},
	{"capital.defences", GS_SETTING_U64, AT(capital.defences), 0, 1000 * 1000, NULL},
	{"capital.price_percent", GS_SETTING_U64, AT(capital.price_percent), 1, 100 * 1000, NULL},
	{"capital.warn_games", GS_SETTING_U64, AT(capital.warn_games), 0, 1000 * 1000, NULL},
	{"capital.warn_days", GS_SETTING_U64, AT(capital.warn_days), 0, 3650, NULL},
	{"chain.confirm_blocks", GS_SETTING_U64, AT(chain.confirm_blocks), 0, 200, NULL},
	{"chain.final_blocks", GS_SETTING_U64, AT(chain.final_blocks), 1, 1000 * 1000, NULL},
	{"l1.rpc", GS_SETTING_LIST, AT(l1.rpc), 0, 0, NULL},
	{"l1.rpc_header_file", GS_SETTING_PATH, AT(l1.rpc_header_file), 0, 0, NULL},
	{"l1.chain_id", GS_SETTING_U64, AT(l1.chain_id), 1, UINT32_MAX, NULL},
	{"l1.portal", GS_SETTING_TEXT, AT(l1.portal), 0, 0, NULL},
	{"l1.escalate_at", GS_SETTING_SHARE, AT(l1.escalate_ppm), 0, 0, NULL},
	{"l1.fee_max_gwei", GS_SETTING_GWEI, AT(l1.fee_max), 0, 0, NULL},
	{"l1.cost_max", GS_SETTING_ETHER, AT(l1.cost_max), 0, 0, NULL},
	{"l1.settle_blocks", GS_SETTING_U64, AT(l1.settle_blocks), 0, 10000, NULL},
	{"execution.threads", GS_SETTING_U64, AT(execution.threads), 1, GS_EXEC_THREADS_MAX, NULL},
	{"execution.prepared_mib", GS_SETTING_U64, AT(execution.prepared_mib), 0, 1024 * 1024, NULL},
	{"execution.programs_mib", GS_SETTING_U64, AT(execution.programs_mib), 0, 1024 * 1024, NULL},
	{"workers.queue", GS_SETTING_TEXT, AT(workers.queue), 0, 0, NULL},
	{"workers.password_file", GS_SETTING_PATH, AT(workers.password_file), 0, 0, NULL},
	{"workers.ca_file", GS_SETTING_PATH, AT(workers.ca_file), 0, 0, NULL},
	{"workers.name", GS_SETTING_TEXT, AT(workers.name), 0, 0, NULL},
	{"workers.keys_file", GS_SETTING_PATH, AT(workers.keys_file), 0, 0, NULL},
	{"workers.check", GS_SETTING_SHARE, AT(workers.check_ppm), 0, 0, NULL},
	{"workers.wait_s", GS_SETTING_U64, AT(workers.wait_s), 1, 3600, NULL},
	{"opengradient.rpc", GS_SETTING_LIST, AT(opengradient.rpc), 0, 0, NULL},
	{"opengradient.chain_id", GS_SETTING_U64, AT(opengradient.chain_id), 1, UINT32_MAX, NULL},
	{"opengradient.registry", GS_SETTING_TEXT, AT(opengradient.registry), 0, 0, NULL},
	{"opengradient.batch_settlement", GS_SETTING_TEXT, AT(opengradient.batch_settlement), 0, 0, NULL},
	{"opengradient.individual_settlement", GS_SETTING_TEXT, AT(opengradient.individual_settlement), 0, 0, NULL},
	{"opengradient.registry_from", GS_SETTING_U64, AT(opengradient.registry_from), 0, UINT32_MAX, NULL},
	{"opengradient.aggregators", GS_SETTING_LIST, AT(opengradient.aggregators), 0, 0, NULL},
	{"opengradient.archive", GS_SETTING_PATH, AT(opengradient.archive), 0, 0, NULL},
	{"opengradient.downloads", GS_SETTING_U64, AT(opengradient.downloads), 1, GS_WATCH_DOWNLOADS_MAX, NULL},
	{"trace.memory_mib", GS_SETTING_U64, AT(trace.memory_mib), 0, 1024 * 1024, NULL},
	{"trace.disk_mib", GS_SETTING_U64, AT(trace.disk_mib), 0, 64 * 1024 * 1024, NULL},
	{"trace.folder", GS_SETTING_PATH, AT(trace.folder), 0, 0, NULL},
	{"log.format", GS_SETTING_WORD, AT(log.format), 0, 0, log_formats},
	{"log.level", GS_SETTING_WORD, AT(log.level), 0, 0, log_levels},
};
static const struct gs_settings settings = {table, GS_ARRAY_LEN(table)};

const struct gs_settings *gs_config_settings(void)
{
	return &settings;
}

void gs_config_defaults(struct gs_config *config)
{
	memset(config, 0, sizeof(*config));
	config->policy.rate_ppm = 100 * 1000;
	config->policy.certain_above.v = (struct gs_u256){{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
	config->policy.least_ppm = UINT64_MAX;
	config->policy.wrong_percent = 300;
	config->policy.young_percent = 100;
	config->policy.young_s = 86400;
	config->policy.busy_ppm = 500 * 1000;
	config->attest.locked_ppm = 500 * 1000;
	config->key.timeout_ms = GS_SIGNER_TIMEOUT_MS_DEFAULT;
	config->model_store.size_mib = 64 * 1024;
	config->model_store.file_mib = GS_MODEL_FILE_MAX >> 20;
	config->model_store.stall_s = GS_DOWNLOAD_STALL_S;
	config->model_store.downloads = 2;
	config->talk.patience_s = 20;
	config->opengradient.downloads = 4;
	config->intervals.poll_ms = 1000;
	config->chain.final_blocks = 256;
	config->intervals.resend_s = 10;
	config->intervals.rpc_timeout_ms = 10 * 1000;
	config->chain.close_s = 300;
	config->chain.bump_blocks = 12;
	config->chain.settle_blocks = 128;
	config->l1.escalate_ppm = 500 * 1000;
	config->l1.settle_blocks = 64;
	config->budget.obligations = GS_BUDGET_OBLIGATIONS_YES;
	config->work.margin_s = 120;
	config->capital.defences = 1;
	config->capital.price_percent = 100;
	config->capital.warn_games = 2;
	config->capital.warn_days = 3;
	config->execution.threads = 1;
	config->execution.prepared_mib = 1024;
	config->execution.programs_mib = 4096;
	(void)snprintf(config->workers.name, sizeof(config->workers.name), "executions");
	config->workers.check_ppm = 50 * 1000;
	config->workers.wait_s = 60;
	config->trace.memory_mib = 2048;
	config->trace.disk_mib = 64 * 1024;
	config->log.level = GS_LOG_INFO;
}

void gs_config_policy(const struct gs_config *config, struct gs_sampling_policy *out)
{
	const uint64_t least = config->policy.least_ppm;

	*out = (struct gs_sampling_policy){
		.rate_ppm = (uint32_t)config->policy.rate_ppm,
		.least_ppm = (uint32_t)(least == UINT64_MAX ? config->policy.rate_ppm : least),
		.certain_above = config->policy.certain_above,
		.value_unit = config->policy.value_unit,
		.wrong_percent = (uint32_t)config->policy.wrong_percent,
		.young_percent = (uint32_t)config->policy.young_percent,
		.young_s = config->policy.young_s,
		.cost_us = config->policy.cost_ms * 1000,
		.busy_ppm = (uint32_t)config->policy.busy_ppm,
	};
}

enum gs_err gs_config_load(const char *path, struct gs_config *config, struct gs_error *error)
{
	return gs_bind_file(&settings, path, config, error);
}

enum gs_err gs_config_set(struct gs_config *config, const char *name, const char *value, const char *where,
                          struct gs_error *error)
{
	return gs_bind_text(&settings, name, value, where, config, error);
}

/* --- the environment --- */

static void variable_name(const struct gs_setting *setting, char *out, size_t size)
{
	size_t len = (size_t)snprintf(out, size, "GAINSAY_%s", setting->name);

	for (size_t i = 0; i < len; i++)
		out[i] = out[i] == '.' ? '_' : (char)toupper((unsigned char)out[i]);
}

static bool is_of_others(const char *name, size_t len)
{
	static const char *const others[] = {"GAINSAY_CONFIG", "GAINSAY_DATA", "GAINSAY_BUILD", "GAINSAY_ANVIL",
	                                     "GAINSAY_CONTRACTS"};

	for (size_t i = 0; i < GS_ARRAY_LEN(others); i++)
		if (strlen(others[i]) == len && memcmp(others[i], name, len) == 0)
			return true;
	return len > 13 && memcmp(name, "GAINSAY_TEST_", 13) == 0;
}

enum gs_err gs_config_environment(char *const *environment, struct gs_config *config, struct gs_error *error)
{
	for (; *environment; environment++) {
		const char *equals = strchr(*environment, '=');
		const char *found = NULL;
		size_t len;
		enum gs_err err;

		if (!equals || strncmp(*environment, "GAINSAY_", 8) != 0)
			continue;
		len = (size_t)(equals - *environment);
		if (is_of_others(*environment, len))
			continue;
		for (size_t i = 0; i < settings.count && !found; i++) {
			char name[64];
			variable_name(&table[i], name, sizeof(name));
			if (strlen(name) == len && memcmp(name, *environment, len) == 0)
				found = table[i].name;
		}
		if (!found)
			return gs_fail(error, GS_EINVAL,
			               "environment: %.*s: no such setting; unset it or correct its name", (int)len,
			               *environment);
		err = gs_bind_text(&settings, found, equals + 1, "environment", config, error);
		if (err)
			return err;
	}
	return GS_OK;
}
