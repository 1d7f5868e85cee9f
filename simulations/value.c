#include "simulations/value.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX 9007199254740992.0 /* 2^53 */
enum { DIGITS_MAX = 40 };

struct scale {
	const char *name;
	int exponent;  /* of ten */
	double factor; /* beside it */
};

static const struct scale thousands[] = {{"k", 3, 1}, {"M", 6, 1}, {"G", 9, 1}, {NULL, 0, 1}};
static const struct scale percent[] = {{"%", -2, 1}, {NULL, 0, 1}};
static const struct scale times[] = {{"s", 0, 1}, {"min", 0, 60}, {"h", 0, 3600}, {"d", 0, 86400}, {NULL, 0, 1}};

static const struct scale *scales_of(enum gs_sim_kind kind)
{
	switch (kind) {
	case GS_SIM_KIND_COUNT:
	case GS_SIM_KIND_REAL:
	case GS_SIM_KIND_MONEY: return thousands;
	case GS_SIM_KIND_SHARE: return percent;
	case GS_SIM_KIND_SECONDS: return times;
	case GS_SIM_KIND_FLAG:
	case GS_SIM_KIND_CHOICE: break;
	}
	return NULL;
}

static const char *name_of(enum gs_sim_kind kind)
{
	switch (kind) {
	case GS_SIM_KIND_COUNT: return "a whole number such as 12 or 1.5 M";
	case GS_SIM_KIND_REAL: return "a number such as 0.5 or 2e-3";
	case GS_SIM_KIND_SHARE: return "a share such as 0.3 or 30 %";
	case GS_SIM_KIND_MONEY: return "an amount in whole token units such as 1000 or 1.5 M";
	case GS_SIM_KIND_SECONDS: return "a time such as 90 s, 5 min, 6 h or 2 d";
	case GS_SIM_KIND_FLAG: return "yes or no";
	case GS_SIM_KIND_CHOICE: return "one of the names";
	}
	return "";
}

/* The length of the number at the text's start; 0: none. */
static size_t number_length(const char *text, bool *has_exponent)
{
	size_t i = text[0] == '-', digits = 0;
	*has_exponent = false;
	for (; isdigit((unsigned char)text[i]); i++)
		digits++;
	if (text[i] == '.' && digits > 0) {
		size_t before = ++i;
		while (isdigit((unsigned char)text[i]))
			i++;
		if (i == before)
			return 0;
	}
	if (digits == 0 || i > DIGITS_MAX)
		return 0;
	if (text[i] == 'e' || text[i] == 'E') {
		size_t e = i + 1 + (text[i + 1] == '+' || text[i + 1] == '-'), from = e;
		while (isdigit((unsigned char)text[e]) && e - from < 4)
			e++;
		if (e > from) {
			*has_exponent = true;
			return e;
		}
	}
	return i;
}

/* The exponent goes into the text, so that "30 %" is the number nearest to 0.3. */
static bool parse_number(const struct scale *scales, const char *text, double *out)
{
	char plain[DIGITS_MAX + 16];
	bool has_exponent;
	size_t len = number_length(text, &has_exponent);
	const char *unit = text + len;
	const struct scale none = {"", 0, 1};
	const struct scale *scale = &none;
	if (len == 0 || len > DIGITS_MAX || (text[0] == '0' && isdigit((unsigned char)text[1])))
		return false; /* 010 is a riddle, not a number */
	while (*unit == ' ')
		unit++;
	if (*unit != '\0') {
		for (scale = scales; scale->name != NULL && strcmp(scale->name, unit) != 0; scale++)
			continue;
		if (scale->name == NULL || (has_exponent && scale->exponent != 0))
			return false;
	} else if (text[len] != '\0')
		return false; /* a number and spaces */
	snprintf(plain, sizeof(plain), "%.*s%s%.0d", (int)len, text, scale->exponent != 0 ? "e" : "", scale->exponent);
	*out = strtod(plain, NULL) * scale->factor;
	return isfinite(*out);
}

static bool parse_flag(const char *text, double *out)
{
	static const char *const names[] = {"no", "yes", "false", "true", "0", "1"};
	for (unsigned i = 0; i < GS_ARRAY_LEN(names); i++)
		if (strcmp(names[i], text) == 0) {
			*out = i % 2;
			return true;
		}
	return false;
}

static bool parse_choice(const char *const *choices, const char *text, double *out)
{
	for (unsigned i = 0; choices[i] != NULL; i++)
		if (strcmp(choices[i], text) == 0) {
			*out = i;
			return true;
		}
	return false;
}

static bool parse(const struct gs_sim_parameter *p, const char *text, double *out)
{
	if (p->kind == GS_SIM_KIND_FLAG)
		return parse_flag(text, out);
	if (p->kind == GS_SIM_KIND_CHOICE)
		return parse_choice(p->choices, text, out);
	return parse_number(scales_of(p->kind), text, out);
}

enum gs_err gs_sim_value_parse(const struct gs_sim_parameter *p, const char *text, double *out, struct gs_error *error)
{
	char range[GS_ERROR_TEXT_MAX / 2];
	double value = 0;
	if (p->drawn && strcmp(text, "drawn") == 0) {
		*out = GS_SIM_DRAWN;
		return GS_OK;
	}
	gs_sim_range_format(p, range, sizeof(range));
	if (!parse(p, text, &value))
		return gs_fail(error, GS_EINVAL, "%.60s: not %s; give %s", text, name_of(p->kind), range);
	bool whole = p->kind == GS_SIM_KIND_COUNT || p->kind == GS_SIM_KIND_MONEY;
	if (whole && (floor(value) != value || value >= WHOLE_MAX))
		return gs_fail(error, GS_EINVAL, "%.60s: not a whole number below 2^53; give one, %s", text, range);
	if (value < p->least || value > p->most)
		return gs_fail(error, GS_EINVAL, "%.60s: %s; give %s", text,
		               value < 0 && p->least >= 0 ? "is negative" : "is out of range", range);
	*out = value == 0 ? 0 : value; /* no negative zero */
	return GS_OK;
}

/* The shortest text that is read as this number. */
static void shortest(double value, char out[GS_SIM_VALUE_TEXT_MAX])
{
	if (floor(value) == value && fabs(value) < 1e15) {
		snprintf(out, GS_SIM_VALUE_TEXT_MAX, "%.0f", value);
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(out, GS_SIM_VALUE_TEXT_MAX, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			return;
	}
}

static void format_seconds(double value, char out[GS_SIM_VALUE_TEXT_MAX])
{
	char number[GS_SIM_VALUE_TEXT_MAX];
	const struct scale *scale = &times[0];
	for (unsigned i = 1; times[i].name != NULL; i++)
		if (value != 0 && floor(value / times[i].factor) * times[i].factor == value)
			scale = &times[i];
	shortest(value / scale->factor, number);
	snprintf(out, GS_SIM_VALUE_TEXT_MAX, "%.40s %s", number, scale->name);
}

static void format_share(double value, char out[GS_SIM_VALUE_TEXT_MAX])
{
	char number[GS_SIM_VALUE_TEXT_MAX];
	double again;
	for (int digits = 3; digits <= 17; digits++) { /* three: not 1e+02 */
		snprintf(number, sizeof(number), "%.*g", digits, value * 100);
		snprintf(out, GS_SIM_VALUE_TEXT_MAX, "%.40s %%", number);
		if (parse_number(percent, out, &again) && again == value)
			return;
	}
	shortest(value, out);
}

void gs_sim_value_format(const struct gs_sim_parameter *p, double value, char out[GS_SIM_VALUE_TEXT_MAX])
{
	if (p->drawn && value == GS_SIM_DRAWN) {
		snprintf(out, GS_SIM_VALUE_TEXT_MAX, "drawn");
		return;
	}
	switch (p->kind) {
	case GS_SIM_KIND_COUNT:
	case GS_SIM_KIND_MONEY: snprintf(out, GS_SIM_VALUE_TEXT_MAX, "%.0f", value); return;
	case GS_SIM_KIND_REAL: shortest(value, out); return;
	case GS_SIM_KIND_SHARE: format_share(value, out); return;
	case GS_SIM_KIND_SECONDS: format_seconds(value, out); return;
	case GS_SIM_KIND_FLAG: snprintf(out, GS_SIM_VALUE_TEXT_MAX, "%s", value != 0 ? "yes" : "no"); return;
	case GS_SIM_KIND_CHOICE: snprintf(out, GS_SIM_VALUE_TEXT_MAX, "%.60s", p->choices[(unsigned)value]); return;
	}
}

void gs_sim_range_format(const struct gs_sim_parameter *p, char *out, size_t size)
{
	char least[GS_SIM_VALUE_TEXT_MAX], most[GS_SIM_VALUE_TEXT_MAX];
	int len = 0;
	if (p->kind == GS_SIM_KIND_FLAG)
		len = snprintf(out, size, "yes or no");
	else if (p->kind == GS_SIM_KIND_CHOICE) {
		len = snprintf(out, size, "one of");
		for (unsigned i = 0; p->choices[i] != NULL && len > 0 && (size_t)len < size; i++)
			len += snprintf(out + len, size - (size_t)len, "%s %s", i > 0 ? "," : "", p->choices[i]);
	} else {
		gs_sim_value_format(p, p->least, least);
		gs_sim_value_format(p, p->most, most);
		len = snprintf(out, size, "%s to %s", least, most);
	}
	if (p->drawn && len > 0 && (size_t)len < size)
		snprintf(out + len, size - (size_t)len, ", or drawn");
}

void gs_sim_measure_format(enum gs_sim_unit unit, double value, char out[GS_SIM_VALUE_TEXT_MAX])
{
	const struct scale *scale = &times[0];
	if (!isfinite(value)) {
		snprintf(out, GS_SIM_VALUE_TEXT_MAX, "-");
		return;
	}
	switch (unit) {
	case GS_SIM_UNIT_NUMBER:
	case GS_SIM_UNIT_MONEY: snprintf(out, GS_SIM_VALUE_TEXT_MAX, "%.4g", value); return;
	case GS_SIM_UNIT_SHARE: snprintf(out, GS_SIM_VALUE_TEXT_MAX, "%.4g %%", value * 100); return;
	case GS_SIM_UNIT_SECONDS:
		for (unsigned i = 1; times[i].name != NULL; i++)
			if (fabs(value) >= 2 * times[i].factor)
				scale = &times[i];
		snprintf(out, GS_SIM_VALUE_TEXT_MAX, "%.4g %s", value / scale->factor, scale->name);
		return;
	}
}
