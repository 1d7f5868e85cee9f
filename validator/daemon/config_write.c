#include "validator/daemon/config_write.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "validator/daemon/config_text.h"

enum { ABOUT_COLUMN = 40, LINE_MAX_BYTES = GS_BINDER_LIST_MAX * (2 * GS_BINDER_ITEM_MAX + 8) };

static const struct gs_config_choice devnet[] = {
	{"chain_id", "31337"}, {"deployment", "deployment.json"}, {"db", "node.db"},
	{"models", "models"},  {"key.hex_file", "key.hex"},
};
static const struct gs_config_choice sepolia[] = {
	{"chain_id", "84532"}, {"deployment", "deployment.json"}, {"db", "node.db"},
	{"models", "models"},  {"key.keystore", "key.json"},      {"key.password_file", "password"},
};
static const struct gs_config_choice mainnet[] = {
	{"chain_id", "8453"}, {"deployment", "deployment.json"}, {"db", "node.db"},
	{"models", "models"}, {"key.keystore", "key.json"},      {"key.password_file", "password"},
};
static const struct gs_config_network networks[] = {
	{"devnet", "a local development chain (anvil)", "http://127.0.0.1:8545", devnet, GS_ARRAY_LEN(devnet)},
	{"sepolia", "Base Sepolia, where tokens have no value", NULL, sepolia, GS_ARRAY_LEN(sepolia)},
	{"mainnet", "Base, where stake can be lost", NULL, mainnet, GS_ARRAY_LEN(mainnet)},
};

const struct gs_config_network *gs_config_network_at(size_t i)
{
	return i < GS_ARRAY_LEN(networks) ? &networks[i] : NULL;
}

/* --- values --- */

/* Whether YAML takes it for one word as it stands, in a list between brackets, too. */
static bool is_plain(const char *text)
{
	if (!isalnum((unsigned char)text[0]) && text[0] != '/')
		return false;
	for (size_t i = 0; text[i]; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("_./-@", text[i]) &&
		    (text[i] != ':' || text[i + 1] != '/'))
			return false;
	return true;
}

static void put_value(struct gs_buf *out, const char *text)
{
	if (is_plain(text)) {
		gs_buf_append_text(out, "%s", text);
		return;
	}
	gs_buf_append_text(out, "'");
	for (; *text; text++)
		gs_buf_append(out, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1);
	gs_buf_append_text(out, "'");
}

static bool is_text(const struct gs_setting *s)
{
	return s->kind == GS_SETTING_PATH || s->kind == GS_SETTING_TEXT || s->kind == GS_SETTING_LIST;
}

/* Without the zeros behind a decimal point. */
static void trim(char *number)
{
	size_t len = strlen(number);

	if (!strchr(number, '.'))
		return;
	while (number[len - 1] == '0')
		number[--len] = '\0';
	if (number[len - 1] == '.')
		number[len - 1] = '\0';
}

static void put_list(struct gs_buf *out, const struct gs_setting_list *list)
{
	gs_buf_append_text(out, "[");
	for (size_t i = 0; i < list->count; i++) {
		gs_buf_append_text(out, "%s", i ? ", " : "");
		put_value(out, list->item[i]);
	}
	gs_buf_append_text(out, "]");
}

/* What stands behind the colon. */
static void put_setting(struct gs_buf *out, const struct gs_setting *s, const struct gs_config *config, bool chosen)
{
	const struct gs_config_text *text = gs_config_text_of(s->name);
	const void *value = (const char *)config + s->at;
	char number[GS_BINDER_VALUE_MAX];

	if (!chosen && text && text->example) {
		gs_buf_append_text(out, "%s", s->kind == GS_SETTING_LIST ? "[" : "");
		put_value(out, text->example);
		gs_buf_append_text(out, "%s", s->kind == GS_SETTING_LIST ? "]" : "");
	} else if (s->kind == GS_SETTING_LIST) {
		put_list(out, value);
	} else if (is_text(s)) {
		put_value(out, value);
	} else {
		gs_bind_format(s, config, number);
		trim(number);
		gs_buf_append_text(out, "%s", number);
	}
}

/* --- lines --- */

static void put_line(struct gs_buf *out, const struct gs_buf *setting, const char *about)
{
	gs_buf_append(out, setting->ptr, setting->len);
	if (about)
		gs_buf_append_text(out, "%*s# %s", setting->len < ABOUT_COLUMN ? (int)(ABOUT_COLUMN - setting->len) : 1,
		                   "", about);
	gs_buf_append_text(out, "\n");
}

struct file {
	const struct gs_settings *settings;
	struct gs_config config;
	bool chosen[GS_BINDER_SETTINGS_MAX];
	struct gs_buf *out;
};

static void write_setting(const struct file *f, size_t i)
{
	const struct gs_setting *s = &f->settings->setting[i];
	const struct gs_config_text *text = gs_config_text_of(s->name);
	const char *dot = strchr(s->name, '.');
	struct gs_buf line;

	gs_buf_init(&line, LINE_MAX_BYTES);
	gs_buf_append_text(&line, "%s%s%s: ", f->chosen[i] ? "" : "# ", dot ? "  " : "", dot ? dot + 1 : s->name);
	put_setting(&line, s, &f->config, f->chosen[i]);
	put_line(f->out, &line, text ? text->about : NULL);
	if (line.err)
		f->out->err = line.err;
	gs_buf_free(&line);
}

/* The length of the name of the map that a setting is in; 0: of none. */
static size_t group_length(const struct gs_setting *s)
{
	const char *dot = strchr(s->name, '.');

	return dot ? (size_t)(dot - s->name) : 0;
}

static bool same_group(const struct gs_setting *a, const struct gs_setting *b)
{
	return group_length(a) == group_length(b) && memcmp(a->name, b->name, group_length(a)) == 0;
}

/* All settings of one map, from its first one on, below its name. */
static void write_group(const struct file *f, size_t first)
{
	const struct gs_setting *s = &f->settings->setting[first];
	const size_t len = group_length(s);
	const struct gs_config_text *text = gs_config_text_of_group(s->name, len);
	bool chosen = false;
	struct gs_buf line;

	for (size_t i = first; i < f->settings->count; i++)
		chosen = chosen || (f->chosen[i] && same_group(s, &f->settings->setting[i]));
	gs_buf_init(&line, LINE_MAX_BYTES);
	gs_buf_append_text(&line, "%s%.*s:", chosen ? "" : "# ", (int)len, s->name);
	gs_buf_append_text(f->out, "\n");
	put_line(f->out, &line, text ? text->about : NULL);
	gs_buf_free(&line);
	for (size_t i = first; i < f->settings->count; i++)
		if (same_group(s, &f->settings->setting[i]))
			write_setting(f, i);
}

static bool is_first_of_group(const struct gs_settings *settings, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_group(&settings->setting[k], &settings->setting[i]))
			return false;
	return group_length(&settings->setting[i]) > 0;
}

/* A key in one place replaces that in any other. */
static void drop_other_keys(struct file *f, const char *name)
{
	static const char *const places[] = {"key.keystore", "key.password_file", "key.hex_file", "key.remote"};
	bool is_place = false;

	for (size_t i = 0; i < GS_ARRAY_LEN(places); i++)
		is_place = is_place || (i != 1 && strcmp(places[i], name) == 0);
	for (size_t i = 0; i < f->settings->count && is_place; i++)
		for (size_t k = 0; k < GS_ARRAY_LEN(places); k++)
			if (strcmp(f->settings->setting[i].name, places[k]) == 0)
				f->chosen[i] = false;
}

static enum gs_err choose(struct file *f, const struct gs_config_choice *c, struct gs_error *error)
{
	enum gs_err err = gs_config_set(&f->config, c->name, c->value, "settings", error);

	for (const char *at = c->value; *at && !err; at++)
		if (iscntrl((unsigned char)*at))
			err = gs_fail(error, GS_EINVAL, "settings: %s: a control character in its value", c->name);
	if (!err)
		drop_other_keys(f, c->name);
	for (size_t i = 0; i < f->settings->count && !err; i++)
		if (strcmp(f->settings->setting[i].name, c->name) == 0)
			f->chosen[i] = true;
	return err;
}

enum gs_err gs_config_write(const struct gs_config_network *network, const struct gs_config_choice *choice,
                            size_t count, struct gs_buf *out, struct gs_error *error)
{
	struct file f = {.settings = gs_config_settings(), .out = out};
	enum gs_err err = GS_OK;

	gs_config_defaults(&f.config);
	if (network->endpoint)
		err = choose(&f, &(struct gs_config_choice){"rpc", network->endpoint}, error);
	for (size_t i = 0; i < network->choices && !err; i++)
		err = choose(&f, &network->choice[i], error);
	for (size_t i = 0; i < count && !err; i++)
		err = choose(&f, &choice[i], error);
	if (err)
		return err;
	gs_buf_append_text(
		out,
		"## A node on %s, by 'gainsay init %s'. Every setting is here; what stands behind \"# \" has its default, or is an example of a\n"
		"## value where the default is none: take \"# \" away, before the name of its map, too. GAINSAY_<SETTING> in the environment (GAINSAY_POLICY_RATE)\n"
		"## overrides this file, and flags override both. Relative paths are taken from the folder of this file.\n\n",
		network->what, network->name);
	for (size_t i = 0; i < f.settings->count; i++)
		if (group_length(&f.settings->setting[i]) == 0)
			write_setting(&f, i);
	for (size_t i = 0; i < f.settings->count; i++)
		if (is_first_of_group(f.settings, i))
			write_group(&f, i);
	return out->err;
}
