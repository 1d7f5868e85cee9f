/* Settings: every kind of value, every kind of mistake, and who overrides whom. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/suggest.h"
#include "challenge/game/bonds.h"
#include "validator/daemon/config.h"
#include "validator/daemon/deploy_parameters.h"

static enum gs_err load(const char *text, struct gs_config *config, struct gs_error *error)
{
	char path[] = "/tmp/gs_config_XXXXXX";
	int fd = mkstemp(path);
	enum gs_err err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	gs_config_defaults(config);
	err = gs_config_load(path, config, error);
	unlink(path);
	return err;
}

static void everything_can_be_set(void **state)
{
	struct gs_config c;
	struct gs_error error = {0};
	struct gs_wei want;

	(void)state;
	if (load("rpc: [http://a, 'https://b']\nchain_id: 8453\ndeployment: d.json\ndb: /var/node.db\n"
	         "key:\n  keystore: k.json\n  password_file: pw\npolicy: {rate: 0.025, certain_above: 1.5}\n"
	         "intervals:\n  poll_ms: 250\nlog:\n  format: json\n  level: debug\nchain:\n  fee_max_gwei: 30\n",
	         &c, &error))
		fail_msg("%s", error.text);
	assert_int_equal(c.rpc.count, 2);
	assert_string_equal(c.rpc.item[1], "https://b");
	assert_int_equal(c.chain_id, 8453);
	assert_string_equal(c.deployment, "/tmp/d.json"); /* beside the file */
	assert_string_equal(c.db, "/var/node.db");
	assert_string_equal(c.key.password_file, "/tmp/pw");
	assert_int_equal(c.policy.rate_ppm, 25000);
	assert_int_equal(gs_wei_parse_ether("1.5", &want), GS_OK);
	assert_int_equal(gs_wei_cmp(c.policy.certain_above, want), 0);
	assert_int_equal(c.intervals.poll_ms, 250);
	assert_int_equal(c.log.format, GS_LOG_FORMAT_JSON);
	assert_int_equal(c.log.level, GS_LOG_DEBUG);
	want = gs_wei_from_u64(UINT64_C(30000000000));
	assert_int_equal(gs_wei_cmp(c.chain.fee_max, want), 0);
	if (load("l1:\n  rpc: [http://a, http://b]\n  chain_id: 1\n  portal: 0x01\n  escalate_at: 0.25\n  fee_max_gwei: 3\n"
	         "  cost_max: 0.5\n  settle_blocks: 7\n",
	         &c, &error))
		fail_msg("%s", error.text);
	assert_int_equal(c.l1.rpc.count, 2);
	assert_int_equal(c.l1.chain_id, 1);
	assert_string_equal(c.l1.portal, "0x01");
	assert_int_equal(c.l1.escalate_ppm, 250000);
	assert_int_equal(c.l1.settle_blocks, 7);
	assert_int_equal(gs_wei_parse_ether("0.5", &want), GS_OK);
	assert_int_equal(gs_wei_cmp(c.l1.cost_max, want), 0);
	assert_int_equal(load("", &c, NULL), GS_OK);
	assert_int_equal(c.l1.escalate_ppm, 500000); /* of half the time */
	assert_int_equal(load("# nothing but a comment\n", &c, NULL), GS_OK);
}

static void mistakes_are_told_with_their_place(void **state)
{
	static const struct {
		const char *text;
		const char *place;
		const char *says;
	} cases[] = {
		{"chain_id: 1\nchaim_id: 2\n", ":2:1", "did you mean chain_id"},
		{"chain_id: 1\nchain_id: 2\n", ":2:1", "given twice"},
		{"policy:\n  rates: 1\n", ":2:3", "did you mean policy.rate"},
		{"policy: 3\n", ":1:9", "group of settings"},
		{"policy:\n  rate: 1.5\n", ":2:9", "not a share"},
		{"policy:\n  rate: 0.0000001\n", ":2:9", "not a share"},
		{"policy:\n  rate: -1\n", ":2:9", "not a share"},
		{"intervals:\n  poll_ms: 30s\n", ":2:12", "not a whole number"},
		{"intervals:\n  poll_ms: 010\n", ":2:12", "not a whole number"},
		{"intervals:\n  poll_ms: 1\n", ":2:12", "from 10 to"},
		{"chain_id: 99999999999999999999\n", ":1:11", "not a whole number"},
		{"chain_id: [1]\n", ":1:11", "single value"},
		{"rpc: [[a]]\n", ":1:7", "not text"},
		{"rpc: [a,b,c,d,e,f,g,h,i]\n", ":1:", "more than 8"},
		{"log:\n  level: loud\n", ":2:10", "debug, info, warn, error"},
		{"db: ''\n", ":1:5", "empty path"},
		{"- a\n", ":1:1", "settings are expected"},
		{"db: 'x\n", ":", "not YAML"},
		{"a: 1\n", ":1:1", "a: no such setting"},
		{"chain_id: 1\n---\nchain_id: 2\n", ":2:1", "second document"},
		{"? {a: b}\n: c\n", ":1:", "name is expected"},
	};
	struct gs_config c;

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		struct gs_error error = {0};
		assert_int_not_equal(load(cases[i].text, &c, &error), GS_OK);
		if (!strstr(error.text, cases[i].place) || !strstr(error.text, cases[i].says))
			fail_msg("%s gives: %s", cases[i].text, error.text);
	}
}

static void hostile_files_end_quickly(void **state)
{
	char *text = malloc(GS_BINDER_FILE_MAX + 100);
	struct gs_config c;
	struct gs_error error = {0};

	(void)state;
	memset(text, '[', GS_BINDER_FILE_MAX + 99);
	text[GS_BINDER_FILE_MAX + 99] = '\0';
	assert_int_equal(load(text, &c, &error), GS_ELIMIT);
	text[4000] = '\0';
	assert_int_not_equal(load(text, &c, &error), GS_OK);
	free(text);
	assert_int_not_equal(gs_config_load("/nowhere/at/all.yaml", &c, &error), GS_OK);
	assert_non_null(strstr(error.text, "/nowhere/at/all.yaml"));
}

static void the_environment_overrides_and_is_checked(void **state)
{
	char *good[] = {"GAINSAY_POLICY_RATE=0.5", "GAINSAY_RPC=http://x,http://y", "GAINSAY_DATA=/d", "PATH=/bin",
	                NULL};
	char *bad[] = {"GAINSAY_POLICY_RAET=0.5", NULL};
	char *value[] = {"GAINSAY_CHAIN_ID=zero", NULL};
	struct gs_config c;
	struct gs_error error = {0};

	(void)state;
	gs_config_defaults(&c);
	assert_int_equal(gs_config_environment(good, &c, &error), GS_OK);
	assert_int_equal(c.policy.rate_ppm, 500000);
	assert_int_equal(c.rpc.count, 2);
	assert_int_equal(gs_config_set(&c, "rpc", "http://z", "command line", &error), GS_OK);
	assert_int_equal(c.rpc.count, 1);
	assert_int_equal(gs_config_environment(bad, &c, &error), GS_EINVAL);
	assert_non_null(strstr(error.text, "GAINSAY_POLICY_RAET"));
	assert_int_equal(gs_config_environment(value, &c, &error), GS_EINVAL);
	assert_int_equal(gs_config_set(&c, "no.such", "1", "command line", &error), GS_EINVAL);
}

static void the_commented_example_loads(void **state)
{
	struct gs_config c;
	struct gs_error error = {0};

	(void)state;
	gs_config_defaults(&c);
	if (gs_config_load("configs/devnet.yaml", &c, &error))
		fail_msg("%s", error.text);
	assert_int_equal(c.policy.rate_ppm, 100000);
	assert_string_equal(c.models, "configs/models");
}

static void distances(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned want;
	} cases[] = {{"", "", 0},         {"a", "", 1},
	             {"rpc", "rcp", 1},   {"claims", "clams", 1},
	             {"run", "games", 5}, {"chain_id", "chainid", 1}};

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		assert_int_equal(gs_suggest_distance(cases[i].a, cases[i].b), cases[i].want);
		assert_int_equal(gs_suggest_distance(cases[i].b, cases[i].a), cases[i].want);
	}
}

static enum gs_err load_parameters(const char *text, struct gs_deploy_parameters *out, struct gs_error *error)
{
	char path[] = "/tmp/gs_parameters_XXXXXX";
	int fd = mkstemp(path);
	enum gs_err err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	gs_deploy_defaults(out);
	err = gs_deploy_parameters_load(path, out, error);
	unlink(path);
	return err;
}

/* JSON and YAML say the same, a flag overrides both, and the terms are the word that the contract takes. */
static void a_deployment_has_parameters(void **state)
{
	struct gs_deploy_parameters yaml = {0}, json = {0};
	struct gs_error error = {0};
	struct gs_u256 word;
	struct gs_terms terms;
	struct gs_wei two;

	(void)state;
	if (load_parameters(
		    "claims:\n  window_s: 3600\n  minimum_bond: 2\n  bond: 0.25\nduties: {audit: 0.01, clock: l1}\n",
		    &yaml, &error) ||
	    load_parameters("{\"claims\": {\"window_s\": 3600, \"minimum_bond\": \"2\", \"bond\": 0.25},\n"
	                    " \"duties\": {\"audit\": 0.01, \"clock\": \"l1\"}}\n",
	                    &json, &error))
		fail_msg("%s", error.text);
	assert_memory_equal(&yaml, &json, offsetof(struct gs_deploy_parameters, duties.clock)); /* padding behind it */
	assert_int_equal(yaml.duties.clock, GS_DEPLOY_CLOCK_L1);
	assert_int_equal(json.duties.clock, GS_DEPLOY_CLOCK_L1);
	assert_int_equal(gs_deploy_parameters_set("claims.window_s", "60", &yaml, &error), GS_OK);
	assert_int_equal(gs_deploy_terms(&yaml, &word, &error), GS_OK);
	assert_int_equal(gs_terms_decode(&word, &terms), GS_OK);
	assert_int_equal(terms.window_s, 60);
	assert_int_equal(terms.bond_bps, 2500);
	assert_int_equal(gs_wei_parse_ether("2", &two), GS_OK);
	assert_int_equal(gs_wei_cmp(terms.minimum_bond, two), 0);
	assert_int_equal(gs_deploy_parameters_set("claims.window", "60", &yaml, &error), GS_EINVAL);
	assert_int_equal(gs_deploy_parameters_set("claims.bond", "0.00005", &yaml, &error), GS_OK);
	assert_int_equal(gs_deploy_terms(&yaml, &word, &error), GS_EINVAL); /* half a basis point */
	assert_int_equal(gs_deploy_parameters_set("claims.bond", "0", &yaml, &error), GS_OK);
	assert_int_equal(gs_deploy_parameters_set("claims.minimum_fee", "5000", &yaml, &error), GS_OK);
	assert_int_equal(gs_deploy_terms(&yaml, &word, &error), GS_ELIMIT); /* 72 bits hold 4722 tokens */
}

/* Token and owner are a word or an address, and never by default; what is written reads as the same again. */
static void parameters_are_said_and_written(void **state)
{
	static const char token[] = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
	static const char *const wrong[] = {"", "sender", "0x7099", "0x0000000000000000000000000000000000000000",
	                                    "0x70997970c51812dc3A010C7d01b50e0d17dc79C8"};
	struct gs_deploy_parameters p, again = {0};
	struct gs_error error = {0};
	char text[GS_BINDER_VALUE_MAX], second[GS_BINDER_VALUE_MAX];
	const char *name;
	size_t count = 0;

	(void)state;
	gs_deploy_defaults(&p);
	assert_int_equal(gs_deploy_parameters_said(&p, &error), GS_OK);
	p.stakes.token.choice = GS_ADDRESS_UNSAID;
	assert_int_equal(gs_deploy_parameters_said(&p, &error), GS_EINVAL);
	for (size_t i = 0; i < GS_ARRAY_LEN(wrong); i++)
		assert_int_equal(gs_deploy_parameters_set("stakes.token", wrong[i], &p, &error), GS_EINVAL);
	assert_int_equal(gs_deploy_parameters_set("stakes.token", token, &p, &error), GS_OK);
	assert_int_equal(gs_deploy_parameters_said(&p, &error), GS_OK);
	p.claims.owner.choice = GS_ADDRESS_UNSAID;
	assert_int_equal(gs_deploy_parameters_said(&p, &error), GS_EINVAL);
	assert_int_equal(gs_deploy_parameters_set("claims.owner", "sender", &p, &error), GS_OK);
	assert_int_equal(gs_deploy_parameters_set("claims.minimum_bond", "12.000000000000000001", &p, &error), GS_OK);
	assert_int_equal(gs_deploy_parameters_set("duties.audit", "0.0123", &p, &error), GS_OK);
	assert_int_equal(gs_deploy_parameters_set("duties.clock", "l1", &p, &error), GS_OK);
	for (; gs_deploy_parameters_at(&p, count, &name, text); count++)
		assert_int_equal(gs_deploy_parameters_set(name, text, &again, &error), GS_OK);
	assert_true(count > 20);
	for (size_t i = 0; i < count; i++) {
		assert_true(gs_deploy_parameters_at(&p, i, &name, text));
		assert_true(gs_deploy_parameters_at(&again, i, &name, second));
		assert_string_equal(text, second);
	}
	assert_memory_equal(&p, &again, offsetof(struct gs_deploy_parameters, duties.clock)); /* padding behind it */
}

/* The files that people deploy with. */
static void the_deployments_load(void **state)
{
	static const char *const names[] = {"devnet", "testnet", "mainnet"};

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(names); i++) {
		struct gs_deploy_parameters p;
		struct gs_error error = {0};
		struct gs_u256 word;
		char path[128];
		snprintf(path, sizeof(path), "configs/deployments/%s.yaml", names[i]);
		gs_deploy_defaults(&p);
		if (gs_deploy_parameters_load(path, &p, &error) || gs_deploy_terms(&p, &word, &error))
			fail_msg("%s", error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deployment_has_parameters),
		cmocka_unit_test(parameters_are_said_and_written),
		cmocka_unit_test(the_deployments_load),
		cmocka_unit_test(everything_can_be_set),
		cmocka_unit_test(mistakes_are_told_with_their_place),
		cmocka_unit_test(hostile_files_end_quickly),
		cmocka_unit_test(the_environment_overrides_and_is_checked),
		cmocka_unit_test(the_commented_example_loads),
		cmocka_unit_test(distances),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
