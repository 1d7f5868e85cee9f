/* Files of settings that `gainsay init` writes: they are read as they say, every setting is in them and nothing else, and each one behind "# " is one when that is taken away. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

#include "validator/daemon/config_text.h"
#include "validator/daemon/config_write.h"

static char *text_of(const struct gs_config_network *network, const struct gs_config_choice *choice, size_t count)
{
	struct gs_error error = {0};
	struct gs_buf out;
	char *text;

	gs_buf_init(&out, GS_BINDER_FILE_MAX);
	if (gs_config_write(network, choice, count, &out, &error))
		fail_msg("%s: %s", network->name, error.text);
	text = strndup((const char *)out.ptr, out.len);
	assert_non_null(text);
	assert_int_equal(strlen(text), out.len);
	gs_buf_free(&out);
	return text;
}

static void load(const char *text, struct gs_config *config)
{
	char path[] = "/tmp/gs_config_write_XXXXXX";
	const int fd = mkstemp(path);
	struct gs_error error = {0};
	enum gs_err err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	gs_config_defaults(config);
	err = gs_config_load(path, config, &error);
	unlink(path);
	if (err)
		fail_msg("%s\n%s", error.text, text);
}

/* Without the "# " before settings. */
static char *uncommented(const char *text)
{
	char *out = strdup(text), *to = out;

	assert_non_null(out);
	while (*text) {
		const size_t len = strcspn(text, "\n") + 1;
		const size_t skip = strncmp(text, "# ", 2) == 0 ? 2 : 0;
		memcpy(to, text + skip, len - skip);
		to += len - skip;
		text += len;
	}
	*to = '\0';
	return out;
}

/* How often a setting stands in a text without comments, below its map's name. */
static size_t times(const char *text, const char *name)
{
	const char *dot = strchr(name, '.');
	char group[64] = "", line[128];
	size_t found = 0;

	for (; *text; text += strcspn(text, "\n") + 1) {
		if (text[0] != ' ' && text[0] != '\n' && text[0] != '#')
			snprintf(group, sizeof(group), "%.*s", (int)strcspn(text, ":"), text);
		snprintf(line, sizeof(line), "%s%s:", dot ? "  " : "", dot ? dot + 1 : name);
		if (strncmp(text, line, strlen(line)) == 0 &&
		    (!dot || (strlen(group) == (size_t)(dot - name) && strncmp(group, name, strlen(group)) == 0)))
			found++;
	}
	return found;
}

static bool is_scalar(const struct gs_setting *s)
{
	return s->kind != GS_SETTING_LIST && s->kind != GS_SETTING_PATH && s->kind != GS_SETTING_TEXT;
}

/* Of settings without a value to choose: what the file shows is the default. */
static void same_where_shown(const struct gs_config *a, const struct gs_config *b)
{
	const struct gs_settings *all = gs_config_settings();

	for (size_t i = 0; i < all->count; i++) {
		const struct gs_setting *s = &all->setting[i];
		char one[GS_BINDER_VALUE_MAX], other[GS_BINDER_VALUE_MAX];
		if (!is_scalar(s) || strcmp(s->name, "chain_id") == 0 || gs_config_text_of(s->name)->example)
			continue;
		gs_bind_format(s, a, one);
		gs_bind_format(s, b, other);
		if (strcmp(one, other) != 0)
			fail_msg("%s: %s, and %s", s->name, one, other);
	}
}

static void every_setting_is_there_and_nothing_else(void **state)
{
	const struct gs_settings *all = gs_config_settings();
	const struct gs_config_choice rpc = {"rpc", "https://a.example,wss://b.example"};
	const struct gs_config_network *network;
	static struct gs_config c, defaults;
	size_t n = 0;

	(void)state;
	gs_config_defaults(&defaults);
	for (; (network = gs_config_network_at(n)); n++) {
		char *text = text_of(network, &rpc, 1), *open = uncommented(text);
		load(open, &c); /* an unknown name would be refused */
		same_where_shown(&c, &defaults);
		load(text, &c);
		same_where_shown(&c, &defaults);
		assert_int_equal(c.rpc.count, 2);
		assert_true(c.chain_id != 0 && c.deployment[0] && c.db[0] && c.models[0]);
		assert_true(!c.key.hex_file[0] != !c.key.keystore[0]);
		for (size_t i = 0; i < all->count; i++)
			if (times(open, all->setting[i].name) != 1)
				fail_msg("%s: %s is there %zu times", network->name, all->setting[i].name,
				         times(open, all->setting[i].name));
		free(text);
		free(open);
	}
	assert_int_equal(n, 3);
}

static void every_setting_has_a_text_and_every_text_a_setting(void **state)
{
	const struct gs_settings *all = gs_config_settings();
	const struct gs_config_text *text;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < all->count; i++) {
		const char *name = all->setting[i].name, *dot = strchr(name, '.');
		text = gs_config_text_of(name);
		if (!text || !text->about[0])
			fail_msg("%s: nothing says what it is for: validator/daemon/config_text.c", name);
		if (dot && !gs_config_text_of_group(name, (size_t)(dot - name)))
			fail_msg("%s: nothing says what its map is for: validator/daemon/config_text.c", name);
		if (!is_scalar(&all->setting[i]) && !text->example && strcmp(name, "workers.name") != 0)
			fail_msg("%s: no example, and no default to show", name);
	}
	for (; (text = gs_config_text_at(count)); count++) {
		bool known = false;
		for (size_t i = 0; i < all->count; i++)
			known = known || strcmp(all->setting[i].name, text->name) == 0;
		if (!known)
			fail_msg("%s: a text of no setting", text->name);
	}
	assert_int_equal(count, all->count);
}

/* docs/operation.md has a row for each, and none for others: `name` at the beginning of a row, or several parted by commas. */
static void the_reference_has_the_same_settings(void **state)
{
	const struct gs_settings *all = gs_config_settings();
	FILE *f = fopen("docs/operation.md", "r");
	bool inside = false, seen[GS_BINDER_SETTINGS_MAX] = {false};
	char *line = NULL;
	size_t room = 0;

	(void)state;
	assert_non_null(f);
	while (getline(&line, &room, f) > 0) {
		char *cell = line + 2, *end, *name;
		if (strncmp(line, "| setting | flag |", 18) == 0)
			inside = true;
		if (line[0] != '|')
			inside = false;
		if (!inside || strncmp(line, "| `", 3) != 0)
			continue;
		end = strstr(cell, " | ");
		assert_non_null(end);
		*end = '\0';
		for (name = strtok(cell, "`, "); name; name = strtok(NULL, "`, ")) {
			size_t i = 0;
			while (i < all->count && strcmp(all->setting[i].name, name) != 0)
				i++;
			if (i == all->count || seen[i])
				fail_msg("docs/operation.md: %s is %s", name,
				         i == all->count ? "no setting" : "there twice");
			seen[i] = true;
		}
	}
	free(line);
	fclose(f);
	for (size_t i = 0; i < all->count; i++)
		if (!seen[i])
			fail_msg("docs/operation.md: %s has no row", all->setting[i].name);
}

static void values_survive(void **state)
{
	static const struct gs_config_choice choice[] = {
		{"rpc", "https://a.example/k?x=1&y={2}#f,http://[::1]:8545"},
		{"db", "it's a 'folder' # here: really"},
		{"models", "- not a list"},
		{"key.remote", "https://signer.example:9000"},
		{"policy.rate", "0.000001"},
		{"policy.certain_above", "1.5"},
		{"chain.fee_max_gwei", "30"},
		{"log.format", "json"},
		{"policy.rate", "1"},
	};
	static struct gs_config c;
	char *text = text_of(gs_config_network_at(0), choice, GS_ARRAY_LEN(choice));
	struct gs_wei want;

	(void)state;
	load(text, &c);
	assert_int_equal(c.rpc.count, 2);
	assert_string_equal(c.rpc.item[0], "https://a.example/k?x=1&y={2}#f");
	assert_string_equal(c.rpc.item[1], "http://[::1]:8545");
	assert_string_equal(c.db, "/tmp/it's a 'folder' # here: really");
	assert_string_equal(c.models, "/tmp/- not a list");
	assert_string_equal(c.key.remote, "https://signer.example:9000");
	assert_string_equal(c.key.hex_file, ""); /* another place for the key replaced it */
	assert_int_equal(c.policy.rate_ppm, 1000000);
	assert_int_equal(gs_wei_parse_ether("1.5", &want), GS_OK);
	assert_int_equal(gs_wei_cmp(c.policy.certain_above, want), 0);
	assert_int_equal(c.log.format, GS_LOG_FORMAT_JSON);
	free(text);
}

static void mistakes_are_refused(void **state)
{
	static const struct gs_config_choice wrong[] = {
		{"policy.rates", "1"}, {"policy.rate", "2"}, {"db", "a\nb"}, {"db", ""}, {"rpc", "a,,b"}};
	struct gs_buf out;

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(wrong); i++) {
		struct gs_error error = {0};
		gs_buf_init(&out, GS_BINDER_FILE_MAX);
		if (gs_config_write(gs_config_network_at(0), &wrong[i], 1, &out, &error) == GS_OK)
			fail_msg("%s=%s is taken", wrong[i].name, wrong[i].value);
		assert_non_null(strstr(error.text, wrong[i].name));
		gs_buf_free(&out);
	}
	gs_buf_init(&out, 100);
	assert_int_not_equal(gs_config_write(gs_config_network_at(0), NULL, 0, &out, NULL), GS_OK);
	gs_buf_free(&out);
}

/* The example in the repository is what the command writes. */
static void the_example_is_current(void **state)
{
	static char kept[GS_BINDER_FILE_MAX];
	char *text = text_of(gs_config_network_at(0), NULL, 0);
	FILE *f = fopen("configs/devnet.yaml", "r");
	size_t len;

	(void)state;
	assert_non_null(f);
	len = fread(kept, 1, sizeof(kept) - 1, f);
	fclose(f);
	kept[len] = '\0';
	if (strcmp(text, kept) != 0)
		fail_msg("configs/devnet.yaml is old: gainsay init devnet --out - >configs/devnet.yaml");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_is_there_and_nothing_else),
		cmocka_unit_test(every_setting_has_a_text_and_every_text_a_setting),
		cmocka_unit_test(the_reference_has_the_same_settings),
		cmocka_unit_test(values_survive),
		cmocka_unit_test(mistakes_are_refused),
		cmocka_unit_test(the_example_is_current),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
