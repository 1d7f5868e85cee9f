/* Settings: every kind of value, every kind of mistake, and who overrides whom. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include "validator/daemon/config.h"
#include "validator/daemon/suggest.h"

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
	assert_int_equal(load("", &c, NULL), GS_OK);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_can_be_set),
		cmocka_unit_test(mistakes_are_told_with_their_place),
		cmocka_unit_test(hostile_files_end_quickly),
		cmocka_unit_test(the_environment_overrides_and_is_checked),
		cmocka_unit_test(the_commented_example_loads),
		cmocka_unit_test(distances),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
