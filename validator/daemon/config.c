#include "validator/daemon/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "validator/daemon/suggest.h"

enum kind { KIND_URLS, KIND_U64, KIND_PATH, KIND_SHARE, KIND_ETHER, KIND_GWEI, KIND_FORMAT, KIND_LEVEL };

struct setting {
	const char *name;
	enum kind kind;
	size_t at;         /* offset in struct gs_config */
	uint64_t min, max; /* KIND_U64 */
};

#define AT(member) offsetof(struct gs_config, member)
static const struct setting settings[] = {
	{"rpc", KIND_URLS, AT(rpc), 0, 0},
	{"chain_id", KIND_U64, AT(chain_id), 1, UINT32_MAX},
	{"deployment", KIND_PATH, AT(deployment), 0, 0},
	{"db", KIND_PATH, AT(db), 0, 0},
	{"models", KIND_PATH, AT(models), 0, 0},
	{"key.keystore", KIND_PATH, AT(key.keystore), 0, 0},
	{"key.password_file", KIND_PATH, AT(key.password_file), 0, 0},
	{"key.hex_file", KIND_PATH, AT(key.hex_file), 0, 0},
	{"policy.rate", KIND_SHARE, AT(policy.rate_ppm), 0, 0},
	{"policy.certain_above", KIND_ETHER, AT(policy.certain_above), 0, 0},
	{"policy.sampling_key_file", KIND_PATH, AT(policy.sampling_key_file), 0, 0},
	{"intervals.poll_ms", KIND_U64, AT(intervals.poll_ms), 10, 60 * 1000},
	{"intervals.resend_s", KIND_U64, AT(intervals.resend_s), 1, 3600},
	{"intervals.rpc_timeout_ms", KIND_U64, AT(intervals.rpc_timeout_ms), 100, 600 * 1000},
	{"chain.fee_max_gwei", KIND_GWEI, AT(chain.fee_max), 0, 0},
	{"chain.confirm_blocks", KIND_U64, AT(chain.confirm_blocks), 0, 200},
	{"log.format", KIND_FORMAT, AT(log.format), 0, 0},
	{"log.level", KIND_LEVEL, AT(log.level), 0, 0},
};

void gs_config_defaults(struct gs_config *config)
{
	memset(config, 0, sizeof(*config));
	config->policy.rate_ppm = 100 * 1000;
	config->policy.certain_above.v = (struct gs_u256){{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
	config->intervals.poll_ms = 1000;
	config->intervals.resend_s = 10;
	config->intervals.rpc_timeout_ms = 10 * 1000;
	config->log.level = GS_LOG_INFO;
}

static const struct setting *setting_find(const char *name)
{
	for (size_t i = 0; i < GS_ARRAY_LEN(settings); i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

static const char *setting_nearest(const char *name)
{
	const char *best = NULL;
	unsigned best_distance = GS_SUGGEST_DISTANCE_MAX + 1;

	for (size_t i = 0; i < GS_ARRAY_LEN(settings); i++) {
		unsigned distance = gs_suggest_distance(name, settings[i].name);
		if (distance < best_distance) {
			best_distance = distance;
			best = settings[i].name;
		}
	}
	return best;
}

static enum gs_err set_urls(struct gs_config *config, const char *value, const char *where, struct gs_error *error)
{
	config->rpc_count = 0;
	for (const char *at = value; *at;) {
		size_t len = strcspn(at, ",");
		if (config->rpc_count == GS_CONFIG_RPC_MAX)
			return gs_fail(error, GS_ELIMIT, "%s: rpc: more than %d endpoints", where, GS_CONFIG_RPC_MAX);
		if (len == 0 || len >= GS_CONFIG_URL_MAX)
			return gs_fail(error, GS_EINVAL, "%s: rpc: an address is empty or longer than %d", where,
			               GS_CONFIG_URL_MAX - 1);
		memcpy(config->rpc[config->rpc_count], at, len);
		config->rpc[config->rpc_count++][len] = '\0';
		at += len + (at[len] == ',');
	}
	return GS_OK;
}

/* A decimal share of one, such as 0.25, exactly, in millionths. */
static bool parse_ppm(const char *text, uint64_t *out)
{
	uint64_t value = 0;
	unsigned decimals = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text) && value < 10; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text) && decimals < 6; text++, decimals++)
			value = value * 10 + (uint64_t)(*text - '0');
	for (; decimals < 6; decimals++)
		value *= 10;
	*out = value;
	return *text == '\0' && value <= 1000 * 1000;
}

static bool parse_u64(const char *text, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)*text) || (text[0] == '0' && text[1])) /* 010 is a riddle, not a number */
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0;
}

static enum gs_err set_path(char *out, const char *value, const char *folder, const struct setting *setting,
                            const char *where, struct gs_error *error)
{
	bool relative = folder && folder[0] && value[0] != '/';
	int len = snprintf(out, GS_CONFIG_PATH_MAX, "%s%s%s", relative ? folder : "", relative ? "/" : "", value);

	if (!value[0])
		return gs_fail(error, GS_EINVAL, "%s: %s: empty path; name a file or leave the setting out", where,
		               setting->name);
	if (len >= GS_CONFIG_PATH_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: %s: path longer than %d", where, setting->name,
		               GS_CONFIG_PATH_MAX - 1);
	return GS_OK;
}

static enum gs_err set_value(struct gs_config *config, const struct setting *setting, const char *value,
                             const char *folder, const char *where, struct gs_error *error)
{
	void *out = (char *)config + setting->at;
	uint64_t number;

	switch (setting->kind) {
	case KIND_URLS: return set_urls(config, value, where, error);
	case KIND_PATH: return set_path(out, value, folder, setting, where, error);
	case KIND_U64:
		if (!parse_u64(value, &number) || number < setting->min || number > setting->max)
			return gs_fail(error, GS_EINVAL, "%s: %s: %s: not a whole number from %llu to %llu", where,
			               setting->name, value, (unsigned long long)setting->min,
			               (unsigned long long)setting->max);
		*(uint64_t *)out = number;
		return GS_OK;
	case KIND_SHARE:
		if (!parse_ppm(value, out))
			return gs_fail(error, GS_EINVAL,
			               "%s: %s: %s: not a share from 0 to 1 with at most six decimals", where,
			               setting->name, value);
		return GS_OK;
	case KIND_ETHER:
		if (gs_wei_parse_ether(value, out) != GS_OK)
			return gs_fail(error, GS_EINVAL, "%s: %s: %s: not an amount of tokens such as 1.5", where,
			               setting->name, value);
		return GS_OK;
	case KIND_GWEI:
		if (!parse_u64(value, &number) || number > 1000 * 1000)
			return gs_fail(error, GS_EINVAL, "%s: %s: %s: not a whole number of gwei up to 1000000", where,
			               setting->name, value);
		*(struct gs_wei *)out = gs_wei_from_u64(number * 1000 * 1000 * 1000);
		return GS_OK;
	case KIND_FORMAT:
		if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
			return gs_fail(error, GS_EINVAL, "%s: %s: %s: say text or json", where, setting->name, value);
		*(enum gs_log_format *)out = value[0] == 'j' ? GS_LOG_FORMAT_JSON : GS_LOG_FORMAT_TEXT;
		return GS_OK;
	case KIND_LEVEL:
		for (int level = GS_LOG_DEBUG; level <= GS_LOG_ERROR; level++) {
			if (strcmp(value, gs_log_level_name((enum gs_log_level)level)) == 0) {
				*(enum gs_log_level *)out = (enum gs_log_level)level;
				return GS_OK;
			}
		}
		return gs_fail(error, GS_EINVAL, "%s: %s: %s: say debug, info, warn or error", where, setting->name,
		               value);
	}
	return GS_EINVAL;
}

enum gs_err gs_config_set(struct gs_config *config, const char *name, const char *value, const char *where,
                          struct gs_error *error)
{
	const struct setting *setting = setting_find(name);

	if (!setting)
		return gs_fail(error, GS_EINVAL, "%s: %s: no such setting", where, name);
	return set_value(config, setting, value, NULL, where, error);
}

/* --- the environment --- */

static void variable_name(const struct setting *setting, char *out, size_t size)
{
	size_t len = (size_t)snprintf(out, size, "GAINSAY_%s", setting->name);

	for (size_t i = 0; i < len; i++)
		out[i] = out[i] == '.' ? '_' : (char)toupper((unsigned char)out[i]);
}

static bool variable_of_others(const char *name, size_t len)
{
	static const char *const others[] = {"GAINSAY_CONFIG", "GAINSAY_DATA", "GAINSAY_BUILD", "GAINSAY_ANVIL"};

	for (size_t i = 0; i < GS_ARRAY_LEN(others); i++)
		if (strlen(others[i]) == len && memcmp(others[i], name, len) == 0)
			return true;
	return len > 13 && memcmp(name, "GAINSAY_TEST_", 13) == 0;
}

enum gs_err gs_config_environment(char *const *environment, struct gs_config *config, struct gs_error *error)
{
	for (; *environment; environment++) {
		const char *equals = strchr(*environment, '=');
		const struct setting *found = NULL;
		size_t len;

		if (!equals || strncmp(*environment, "GAINSAY_", 8) != 0)
			continue;
		len = (size_t)(equals - *environment);
		if (variable_of_others(*environment, len))
			continue;
		for (size_t i = 0; i < GS_ARRAY_LEN(settings) && !found; i++) {
			char name[64];
			variable_name(&settings[i], name, sizeof(name));
			if (strlen(name) == len && memcmp(name, *environment, len) == 0)
				found = &settings[i];
		}
		if (!found)
			return gs_fail(error, GS_EINVAL,
			               "environment: %.*s: no such setting; unset it or correct its name", (int)len,
			               *environment);
		enum gs_err err = set_value(config, found, equals + 1, NULL, "environment", error);
		if (err)
			return err;
	}
	return GS_OK;
}

/* --- the file --- */

struct reading {
	struct gs_config *config;
	const char *path;
	char folder[GS_CONFIG_PATH_MAX];
	bool seen[GS_ARRAY_LEN(settings)];
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	struct gs_error *error;
};

static enum gs_err next_event(struct reading *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = false;
	if (!yaml_parser_parse(&r->parser, &r->event))
		return gs_fail(r->error, GS_EPARSE, "%s:%zu:%zu: not YAML: %s", r->path,
		               r->parser.problem_mark.line + 1, r->parser.problem_mark.column + 1,
		               r->parser.problem ? r->parser.problem : "unreadable");
	r->has_event = true;
	return GS_OK;
}

static void where(const struct reading *r, char *out, size_t size)
{
	snprintf(out, size, "%s:%zu:%zu", r->path, r->event.start_mark.line + 1, r->event.start_mark.column + 1);
}

static bool scalar_fits(const struct reading *r)
{
	return strlen((const char *)r->event.data.scalar.value) == r->event.data.scalar.length;
}

/* A list of text, joined by commas. */
static enum gs_err read_list(struct reading *r, char *joined, size_t size)
{
	size_t len = 0;
	char at[GS_CONFIG_PATH_MAX];

	for (;;) {
		enum gs_err err = next_event(r);
		if (err)
			return err;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return GS_OK;
		where(r, at, sizeof(at));
		if (r->event.type != YAML_SCALAR_EVENT || !scalar_fits(r))
			return gs_fail(r->error, GS_EPARSE, "%s: an item of this list is not text", at);
		if (len + r->event.data.scalar.length + 2 > size)
			return gs_fail(r->error, GS_ELIMIT, "%s: this list is too long", at);
		len += (size_t)snprintf(joined + len, size - len, "%s%s", len ? "," : "",
		                        (const char *)r->event.data.scalar.value);
	}
}

static enum gs_err read_setting(struct reading *r, const struct setting *setting)
{
	char at[GS_CONFIG_PATH_MAX], joined[GS_CONFIG_RPC_MAX * GS_CONFIG_URL_MAX] = "";
	enum gs_err err;

	where(r, at, sizeof(at));
	if (r->event.type == YAML_SEQUENCE_START_EVENT && setting->kind == KIND_URLS) {
		err = read_list(r, joined, sizeof(joined));
		return err ? err : set_value(r->config, setting, joined, r->folder, at, r->error);
	}
	if (r->event.type != YAML_SCALAR_EVENT || !scalar_fits(r))
		return gs_fail(r->error, GS_EPARSE, "%s: %s: needs a single value", at, setting->name);
	return set_value(r->config, setting, (const char *)r->event.data.scalar.value, r->folder, at, r->error);
}

static bool is_group(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < GS_ARRAY_LEN(settings); i++)
		if (strncmp(settings[i].name, name, len) == 0 && settings[i].name[len] == '.')
			return true;
	return false;
}

static enum gs_err read_map(struct reading *r, const char *group)
{
	char at[GS_CONFIG_PATH_MAX], name[128];
	enum gs_err err;

	for (;;) {
		const struct setting *setting;
		if ((err = next_event(r)))
			return err;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return GS_OK;
		where(r, at, sizeof(at));
		if (r->event.type != YAML_SCALAR_EVENT || !scalar_fits(r) || r->event.data.scalar.length > 60)
			return gs_fail(r->error, GS_EPARSE, "%s: a setting's name is expected here", at);
		snprintf(name, sizeof(name), "%s%s%s", group, group[0] ? "." : "",
		         (const char *)r->event.data.scalar.value);
		setting = setting_find(name);
		if (!setting && !(group[0] == '\0' && is_group(name))) {
			const char *nearest = setting_nearest(name);
			return gs_fail(r->error, GS_EINVAL, "%s: %s: no such setting%s%s%s", at, name,
			               nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
		}
		if (setting && r->seen[setting - settings])
			return gs_fail(r->error, GS_EINVAL, "%s: %s: given twice", at, name);
		if ((err = next_event(r)))
			return err;
		if (setting) {
			r->seen[setting - settings] = true;
			err = read_setting(r, setting);
		} else if (r->event.type == YAML_MAPPING_START_EVENT) {
			err = read_map(r, name);
		} else {
			err = gs_fail(r->error, GS_EPARSE, "%s: %s: a group of settings is expected under this name",
			              at, name);
		}
		if (err)
			return err;
	}
}

static enum gs_err read_document(struct reading *r)
{
	char at[GS_CONFIG_PATH_MAX];
	enum gs_err err;

	do {
		if ((err = next_event(r)))
			return err;
		if (r->event.type == YAML_STREAM_END_EVENT)
			return GS_OK; /* empty */
	} while (r->event.type == YAML_STREAM_START_EVENT || r->event.type == YAML_DOCUMENT_START_EVENT);
	where(r, at, sizeof(at));
	if (r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.length == 0)
		return GS_OK; /* only comments */
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return gs_fail(r->error, GS_EPARSE, "%s: settings are expected, such as 'chain_id: 8453'", at);
	if ((err = read_map(r, "")))
		return err;
	if ((err = next_event(r)) || (err = next_event(r)))
		return err;
	where(r, at, sizeof(at));
	if (r->event.type != YAML_STREAM_END_EVENT)
		return gs_fail(r->error, GS_EPARSE, "%s: a second document; one file holds one configuration", at);
	return GS_OK;
}

enum gs_err gs_config_load(const char *path, struct gs_config *config, struct gs_error *error)
{
	struct reading r = {.config = config, .path = path, .error = error};
	char text[GS_CONFIG_FILE_MAX + 1];
	const char *slash = strrchr(path, '/');
	FILE *file = fopen(path, "rb");
	size_t len;
	enum gs_err err;

	if (!file)
		return gs_fail(error, GS_EIO, "%s: cannot be read: %s; name the configuration with --config", path,
		               strerror(errno));
	len = fread(text, 1, sizeof(text), file);
	bool failed = ferror(file) != 0;
	fclose(file);
	if (failed)
		return gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(EIO));
	if (len > GS_CONFIG_FILE_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: larger than %d bytes", path, GS_CONFIG_FILE_MAX);
	if (slash && slash != path && (size_t)(slash - path) < sizeof(r.folder))
		memcpy(r.folder, path, (size_t)(slash - path));
	if (!yaml_parser_initialize(&r.parser))
		return gs_fail(error, GS_ENOMEM, "%s: no memory", path);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	err = read_document(&r);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return err;
}
