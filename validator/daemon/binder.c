#include "validator/daemon/binder.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "chain/core/suggest.h"
#include "chain/core/u256.h"
#include "chain/eth/key.h"

static const struct gs_setting *find(const struct gs_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->count; i++)
		if (strcmp(settings->setting[i].name, name) == 0)
			return &settings->setting[i];
	return NULL;
}

static const char *nearest(const struct gs_settings *settings, const char *name)
{
	const char *best = NULL;
	unsigned best_distance = GS_SUGGEST_DISTANCE_MAX + 1;

	for (size_t i = 0; i < settings->count; i++) {
		unsigned distance = gs_suggest_distance(name, settings->setting[i].name);
		if (distance < best_distance && distance < strlen(name)) {
			best_distance = distance;
			best = settings->setting[i].name;
		}
	}
	return best;
}

/* --- values --- */

static enum gs_err take_list(struct gs_setting_list *list, const char *value, const char *name, const char *where,
                             struct gs_error *error)
{
	list->count = 0;
	for (const char *at = value; *at;) {
		size_t len = strcspn(at, ",");
		if (list->count == GS_BINDER_LIST_MAX)
			return gs_fail(error, GS_ELIMIT, "%s: %s: more than %d items", where, name, GS_BINDER_LIST_MAX);
		if (len == 0 || len >= GS_BINDER_ITEM_MAX)
			return gs_fail(error, GS_EINVAL, "%s: %s: an item is empty or longer than %d", where, name,
			               GS_BINDER_ITEM_MAX - 1);
		memcpy(list->item[list->count], at, len);
		list->item[list->count++][len] = '\0';
		at += len + (at[len] == ',');
	}
	return GS_OK;
}

/* A decimal share of one, such as 0.25, exactly, in millionths. */
static bool parse_share(const char *text, uint64_t *out)
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

static enum gs_err take_path(char *out, const char *value, const char *folder, const char *name, const char *where,
                             struct gs_error *error)
{
	bool relative = folder && folder[0] && value[0] != '/';
	int len = snprintf(out, GS_BINDER_PATH_MAX, "%s%s%s", relative ? folder : "", relative ? "/" : "", value);

	if (!value[0])
		return gs_fail(error, GS_EINVAL, "%s: %s: empty path; name a file or leave the setting out", where,
		               name);
	if (len >= GS_BINDER_PATH_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: %s: path longer than %d", where, name, GS_BINDER_PATH_MAX - 1);
	return GS_OK;
}

static enum gs_err take_word(const struct gs_setting *setting, const char *value, int *out, const char *where,
                             struct gs_error *error)
{
	char all[256] = "";
	size_t len = 0;

	for (int i = 0; setting->words[i]; i++) {
		if (strcmp(setting->words[i], value) == 0) {
			*out = i;
			return GS_OK;
		}
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", len ? ", " : "", setting->words[i]);
	}
	return gs_fail(error, GS_EINVAL, "%s: %s: %.100s: say one of %s", where, setting->name, value, all);
}

static enum gs_err take_address(const struct gs_setting *setting, const char *value, struct gs_setting_address *out,
                                const char *where, struct gs_error *error)
{
	static const struct gs_address nobody;
	struct gs_error why = {0};

	*out = (struct gs_setting_address){.choice = GS_ADDRESS_WORD};
	if (strcmp(value, setting->words[0]) == 0)
		return GS_OK;
	out->choice = GS_ADDRESS_GIVEN;
	if (gs_address_parse(value, &out->at, &why))
		return gs_fail(error, GS_EINVAL, "%s: %s: %.100s: neither '%s' nor an address: %s", where,
		               setting->name, value, setting->words[0], why.text);
	if (gs_address_equal(&out->at, &nobody))
		return gs_fail(error, GS_EINVAL, "%s: %s: the address is zero", where, setting->name);
	return GS_OK;
}

static enum gs_err take(const struct gs_setting *setting, const char *value, const char *folder, const char *where,
                        void *target, struct gs_error *error)
{
	void *out = (char *)target + setting->at;
	uint64_t number;

	switch (setting->kind) {
	case GS_SETTING_LIST: return take_list(out, value, setting->name, where, error);
	case GS_SETTING_PATH: return take_path(out, value, folder, setting->name, where, error);
	case GS_SETTING_TEXT: return take_path(out, value, NULL, setting->name, where, error);
	case GS_SETTING_U64:
		if (!parse_u64(value, &number) || number < setting->min || number > setting->max)
			return gs_fail(error, GS_EINVAL, "%s: %s: %.100s: not a whole number from %llu to %llu", where,
			               setting->name, value, (unsigned long long)setting->min,
			               (unsigned long long)setting->max);
		*(uint64_t *)out = number;
		return GS_OK;
	case GS_SETTING_SHARE:
		if (!parse_share(value, out))
			return gs_fail(error, GS_EINVAL,
			               "%s: %s: %.100s: not a share from 0 to 1 with at most six decimals", where,
			               setting->name, value);
		return GS_OK;
	case GS_SETTING_ETHER:
		if (gs_wei_parse_ether(value, out) != GS_OK)
			return gs_fail(error, GS_EINVAL, "%s: %s: %.100s: not an amount such as 1.5", where,
			               setting->name, value);
		return GS_OK;
	case GS_SETTING_GWEI:
		if (!parse_u64(value, &number) || number > 1000 * 1000)
			return gs_fail(error, GS_EINVAL, "%s: %s: %.100s: not a whole number of gwei up to 1000000",
			               where, setting->name, value);
		*(struct gs_wei *)out = gs_wei_from_u64(number * 1000 * 1000 * 1000);
		return GS_OK;
	case GS_SETTING_WORD: return take_word(setting, value, out, where, error);
	case GS_SETTING_ADDRESS: return take_address(setting, value, out, where, error);
	}
	return GS_EINVAL;
}

static void format_address(const struct gs_setting *setting, const struct gs_setting_address *value, char *out)
{
	char text[GS_ADDRESS_TEXT_MAX];

	switch (value->choice) {
	case GS_ADDRESS_UNSAID: out[0] = '\0'; return;
	case GS_ADDRESS_WORD: snprintf(out, GS_BINDER_VALUE_MAX, "%s", setting->words[0]); return;
	case GS_ADDRESS_GIVEN:
		gs_address_format(&value->at, text);
		snprintf(out, GS_BINDER_VALUE_MAX, "%s", text);
		return;
	}
}

void gs_bind_format(const struct gs_setting *setting, const void *target, char out[GS_BINDER_VALUE_MAX])
{
	const void *value = (const char *)target + setting->at;
	struct gs_u256 gwei;
	char number[GS_U256_DECIMAL_MAX];
	uint64_t share;

	switch (setting->kind) {
	case GS_SETTING_LIST:
	case GS_SETTING_TEXT:
	case GS_SETTING_PATH: GS_ASSERT(false); return;
	case GS_SETTING_U64:
		snprintf(out, GS_BINDER_VALUE_MAX, "%llu", (unsigned long long)*(const uint64_t *)value);
		return;
	case GS_SETTING_SHARE:
		share = *(const uint64_t *)value;
		snprintf(out, GS_BINDER_VALUE_MAX, "%llu.%06llu", (unsigned long long)(share / 1000000),
		         (unsigned long long)(share % 1000000));
		return;
	case GS_SETTING_ETHER:
		gs_wei_format_ether(*(const struct gs_wei *)value, number);
		snprintf(out, GS_BINDER_VALUE_MAX, "%s", number);
		return;
	case GS_SETTING_GWEI:
		gs_u256_div_u64(&((const struct gs_wei *)value)->v, 1000 * 1000 * 1000, &gwei);
		gs_u256_to_decimal(&gwei, number);
		snprintf(out, GS_BINDER_VALUE_MAX, "%s", number);
		return;
	case GS_SETTING_WORD: snprintf(out, GS_BINDER_VALUE_MAX, "%s", setting->words[*(const int *)value]); return;
	case GS_SETTING_ADDRESS: format_address(setting, value, out); return;
	}
}

enum gs_err gs_bind_text(const struct gs_settings *settings, const char *name, const char *value, const char *where,
                         void *target, struct gs_error *error)
{
	const struct gs_setting *setting = find(settings, name);

	if (!setting)
		return gs_fail(error, GS_EINVAL, "%s: %s: no such setting", where, name);
	return take(setting, value, NULL, where, target, error);
}

/* --- files --- */

struct reading {
	const struct gs_settings *settings;
	void *target;
	const char *path;
	char folder[GS_BINDER_PATH_MAX];
	bool seen[GS_BINDER_SETTINGS_MAX];
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
	char at[GS_BINDER_PATH_MAX]; /* file:line:column of the event */
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
	snprintf(r->at, sizeof(r->at), "%s:%zu:%zu", r->path, r->event.start_mark.line + 1,
	         r->event.start_mark.column + 1);
	return GS_OK;
}

/* The event's text; NULL when it is not plain text. Borrowed until the next event. */
static const char *scalar(const struct reading *r)
{
	const char *text;

	if (r->event.type != YAML_SCALAR_EVENT)
		return NULL;
	text = (const char *)r->event.data.scalar.value;
	return strlen(text) == r->event.data.scalar.length ? text : NULL;
}

static enum gs_err read_list(struct reading *r, const struct gs_setting *setting)
{
	char joined[GS_BINDER_LIST_MAX * GS_BINDER_ITEM_MAX] = "";
	size_t len = 0;

	for (;;) {
		enum gs_err err = next_event(r);
		if (err)
			return err;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return take(setting, joined, r->folder, r->at, r->target, r->error);
		if (!scalar(r))
			return gs_fail(r->error, GS_EPARSE, "%s: %s: an item of this list is not text", r->at,
			               setting->name);
		if (len + strlen(scalar(r)) + 2 > sizeof(joined))
			return gs_fail(r->error, GS_ELIMIT, "%s: %s: this list is too long", r->at, setting->name);
		len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%s%s", len ? "," : "", scalar(r));
	}
}

static enum gs_err read_setting(struct reading *r, const struct gs_setting *setting)
{
	if (r->event.type == YAML_SEQUENCE_START_EVENT && setting->kind == GS_SETTING_LIST)
		return read_list(r, setting);
	if (!scalar(r))
		return gs_fail(r->error, GS_EPARSE, "%s: %s: needs a single value", r->at, setting->name);
	return take(setting, scalar(r), r->folder, r->at, r->target, r->error);
}

static bool is_group(const struct gs_settings *settings, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < settings->count; i++)
		if (strncmp(settings->setting[i].name, name, len) == 0 && settings->setting[i].name[len] == '.')
			return true;
	return false;
}

static enum gs_err read_map(struct reading *r, const char *group);

static enum gs_err read_entry(struct reading *r, const char *group)
{
	char name[128];
	const struct gs_setting *setting;
	enum gs_err err;

	if (!scalar(r) || strlen(scalar(r)) > 60)
		return gs_fail(r->error, GS_EPARSE, "%s: a setting's name is expected here", r->at);
	snprintf(name, sizeof(name), "%s%s%s", group, group[0] ? "." : "", scalar(r));
	setting = find(r->settings, name);
	if (!setting && (group[0] || !is_group(r->settings, name))) {
		const char *best = nearest(r->settings, name);
		return gs_fail(r->error, GS_EINVAL, "%s: %s: no such setting%s%s%s", r->at, name,
		               best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
	}
	if (setting && r->seen[setting - r->settings->setting])
		return gs_fail(r->error, GS_EINVAL, "%s: %s: given twice", r->at, name);
	if ((err = next_event(r)))
		return err;
	if (setting) {
		r->seen[setting - r->settings->setting] = true;
		return read_setting(r, setting);
	}
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return gs_fail(r->error, GS_EPARSE, "%s: %s: a group of settings is expected under this name", r->at,
		               name);
	return read_map(r, name);
}

static enum gs_err read_map(struct reading *r, const char *group)
{
	for (;;) {
		enum gs_err err = next_event(r);
		if (err)
			return err;
		if (r->event.type == YAML_MAPPING_END_EVENT)
			return GS_OK;
		if ((err = read_entry(r, group)))
			return err;
	}
}

static enum gs_err read_document(struct reading *r)
{
	enum gs_err err;

	do {
		if ((err = next_event(r)))
			return err;
		if (r->event.type == YAML_STREAM_END_EVENT)
			return GS_OK; /* empty */
	} while (r->event.type == YAML_STREAM_START_EVENT || r->event.type == YAML_DOCUMENT_START_EVENT);
	if (scalar(r) && !scalar(r)[0])
		return GS_OK; /* only comments */
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return gs_fail(r->error, GS_EPARSE, "%s: settings are expected, such as 'chain_id: 8453'", r->at);
	if ((err = read_map(r, "")) || (err = next_event(r)) || (err = next_event(r)))
		return err;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return gs_fail(r->error, GS_EPARSE, "%s: a second document; one file holds one configuration", r->at);
	return GS_OK;
}

enum gs_err gs_bind_file(const struct gs_settings *settings, const char *path, void *target, struct gs_error *error)
{
	struct reading r = {.settings = settings, .target = target, .path = path, .error = error};
	char text[GS_BINDER_FILE_MAX + 1];
	const char *slash = strrchr(path, '/');
	FILE *file = fopen(path, "rbe");
	size_t len;
	bool failed;
	enum gs_err err;

	GS_ASSERT(settings->count <= GS_BINDER_SETTINGS_MAX);
	if (!file)
		return gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(errno));
	len = fread(text, 1, sizeof(text), file);
	failed = ferror(file) != 0;
	fclose(file);
	if (failed)
		return gs_fail(error, GS_EIO, "%s: cannot be read", path);
	if (len > GS_BINDER_FILE_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: larger than %d bytes", path, GS_BINDER_FILE_MAX);
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
