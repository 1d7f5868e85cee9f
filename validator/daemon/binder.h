/* validator/daemon/binder.h: a table of settings over a plain struct, filled from YAML, from variables or from flags.
 *
 * A setting `policy.rate` is the key `rate` of the map `policy`. Unknown keys (with a suggestion), keys given twice and values that do not
 * parse are errors with line and column; `30s` is no number, nor is `010`. */
#ifndef GS_VALIDATOR_DAEMON_BINDER_H
#define GS_VALIDATOR_DAEMON_BINDER_H

#include "chain/core/core.h"

enum {
	GS_BINDER_FILE_MAX = 64 * 1024, /* libyaml is quadratic on some inputs */
	GS_BINDER_PATH_MAX = 1024,
	GS_BINDER_LIST_MAX = 8,
	GS_BINDER_ITEM_MAX = 1024,
	GS_BINDER_SETTINGS_MAX = 128,
};

enum gs_setting_kind {
	GS_SETTING_LIST,    /* struct gs_setting_list */
	GS_SETTING_U64,     /* uint64_t from min to max */
	GS_SETTING_PATH,    /* char[GS_BINDER_PATH_MAX]; a relative one in a file is taken from the file's folder */
	GS_SETTING_TEXT,    /* char[GS_BINDER_PATH_MAX] */
	GS_SETTING_SHARE,   /* uint64_t, millionths: "0.25" is 250000 */
	GS_SETTING_ETHER,   /* struct gs_wei: "1.5" is 1.5 * 10^18 */
	GS_SETTING_GWEI,    /* struct gs_wei: whole numbers of 10^9 */
	GS_SETTING_WORD,    /* int: the index of the value in words */
	GS_SETTING_ADDRESS, /* struct gs_setting_address: 0x and 40 hex digits, or the one word in words */
};

enum gs_address_choice { GS_ADDRESS_UNSAID, GS_ADDRESS_WORD, GS_ADDRESS_GIVEN };
struct gs_setting_address {
	enum gs_address_choice choice;
	struct gs_address at; /* GS_ADDRESS_GIVEN: never zero */
};

struct gs_setting_list {
	char item[GS_BINDER_LIST_MAX][GS_BINDER_ITEM_MAX];
	size_t count;
};

struct gs_setting {
	const char *name;
	enum gs_setting_kind kind;
	size_t at; /* offset of the value in the struct */
	uint64_t min, max;
	const char *const *words; /* GS_SETTING_WORD, GS_SETTING_ADDRESS: ended by NULL */
};

struct gs_settings {
	const struct gs_setting *setting;
	size_t count; /* at most GS_BINDER_SETTINGS_MAX */
};

/* Reads a YAML file over what *target holds. */
GS_MUST enum gs_err gs_bind_file(const struct gs_settings *settings, const char *path, void *target,
                                 struct gs_error *error);
/* Sets one setting from text; a list is replaced, its items parted by commas. where names the origin in errors. */
GS_MUST enum gs_err gs_bind_text(const struct gs_settings *settings, const char *name, const char *value,
                                 const char *where, void *target, struct gs_error *error);

enum { GS_BINDER_VALUE_MAX = 96 };
/* Writes one setting's value so that gs_bind_text reads the same again. Not for lists, paths and texts (asserted); "" for an address that
 * nobody said. */
void gs_bind_format(const struct gs_setting *setting, const void *target, char out[GS_BINDER_VALUE_MAX]);

#endif
