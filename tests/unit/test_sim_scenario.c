/* Scenarios: every kind of value, every kind of mistake with its exact place, hostile files, and what a command line changes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include <limits.h>

#include "chain/core/rng.h"
#include "simulations/builtin.h"
#include "simulations/document.h"
#include "simulations/scenario.h"
#include "simulations/value.h"

/* ---- an engine with a parameter of every kind ---- */

enum { LAZY, HONEST, RATE, BURN, BOND, WINDOW, DEPTH, LOUD, FAULT };
static const char *const faults[] = {"none", "crash", "reorg", NULL};
static const struct gs_sim_parameter parameters[] = {
	[LAZY] = {"validators.lazy", "lazy ones", GS_SIM_KIND_COUNT, 0, 0, 1000, NULL, false},
	[HONEST] = {"validators.honest", "honest ones", GS_SIM_KIND_COUNT, 1, 0, 1000, NULL, false},
	[RATE] = {"rate", "a factor", GS_SIM_KIND_REAL, 1, 1e-9, 1e9, NULL, false},
	[BURN] = {"burn", "burned", GS_SIM_KIND_SHARE, 0.5, 0, 1, NULL, false},
	[BOND] = {"money.bond", "bond", GS_SIM_KIND_MONEY, 1000, 0, 9e15, NULL, false},
	[WINDOW] = {"window", "window", GS_SIM_KIND_SECONDS, 60, 0, 864000, NULL, false},
	[DEPTH] = {"reorg.depth", "blocks", GS_SIM_KIND_COUNT, GS_SIM_DRAWN, 0, 30, NULL, true},
	[LOUD] = {"loud", "a flag", GS_SIM_KIND_FLAG, 0, 0, 1, NULL, false},
	[FAULT] = {"fault", "which", GS_SIM_KIND_CHOICE, 0, 0, 2, faults, false},
};
static const struct gs_sim_metric metrics[] = {
	{"detection", "found", GS_SIM_UNIT_SHARE, false, 0, 0},
	{"profit.honest", "money", GS_SIM_UNIT_MONEY, false, 0, 0},
	{"profit.liar", "money", GS_SIM_UNIT_MONEY, true, -100, 100},
};

/* A bond is not below the burned share of nothing: bond 7 and burn 1 do not go together. */
static enum gs_err check(const double *value, unsigned *at, struct gs_error *error)
{
	if (value[BOND] == 7 && value[BURN] == 1) {
		*at = BOND;
		return gs_fail(error, GS_EINVAL, "7 and a burned share of all do not go together");
	}
	return GS_OK;
}

static enum gs_err run(const double *value, uint64_t seed, const struct gs_sim_watch *watch,
                       struct gs_sim_result *result, struct gs_error *error)
{
	(void)value;
	(void)seed;
	(void)watch;
	(void)result;
	return gs_fail(error, GS_EUNSUPPORTED, "not run here");
}

static const struct gs_sim_engine toy = {
	.name = "toy",
	.about = "of this test",
	.parameter = parameters,
	.parameters = GS_ARRAY_LEN(parameters),
	.metric = metrics,
	.metrics = GS_ARRAY_LEN(metrics),
	.check = check,
	.run = run,
};

static const struct gs_sim_engine *toys(unsigned number)
{
	return number == 0 ? &toy : NULL;
}

static enum gs_err read_bytes(const char *text, size_t len, struct gs_sim_scenario *out, struct gs_error *error)
{
	return gs_sim_scenario_read("dir/x.yaml", (struct gs_bytes){(const uint8_t *)text, len}, toys, out, error);
}

static enum gs_err read_text(const char *text, struct gs_sim_scenario *out, struct gs_error *error)
{
	return read_bytes(text, strlen(text), out, error);
}

#define HEAD "question: Why?\nengine: toy\n"

/* ---- what is right ---- */

static void everything_can_be_said(void **state)
{
	struct gs_sim_scenario s;
	struct gs_error error = {0};
	double value[GS_SIM_PARAMETERS_MAX];
	(void)state;
	if (read_text("question: How many?\nabout: |\n  Read it\n  so.\nengine: toy\nruns: 2 k\nseed: 77\n"
	              "validators: {lazy: 3}\nvalidators.honest: 2\nrate: 2.5e-3\nburn: 30 %\nmoney:\n  bond: 1.5 M\n"
	              "window: 6 h\nreorg: {depth: 4}\nloud: yes\nfault: reorg\nmay violate: yes\n"
	              "show: [profit, detection]\n"
	              "sweep:\n  burn: {from: 0, to: 100 %, steps: 5}\n  validators.lazy: [1, 2, 4]\n",
	              &s, &error))
		fail_msg("%s", error.text);
	assert_string_equal(s.name, "x");
	assert_string_equal(s.question, "How many?");
	assert_string_equal(s.about, "Read it\nso.");
	assert_ptr_equal(s.engine, &toy);
	assert_int_equal(s.runs, 2000);
	assert_int_equal(s.seed, 77);
	assert_true(s.may_violate);
	assert_int_equal(s.shows, 3);
	assert_int_equal(s.shown[0], 1);
	assert_int_equal(s.shown[1], 2);
	assert_int_equal(s.shown[2], 0);
	assert_true(s.value[LAZY] == 3 && s.value[HONEST] == 2 && s.value[RATE] == 2.5e-3 && s.value[BURN] == 0.3);
	assert_true(s.value[BOND] == 1500000 && s.value[WINDOW] == 21600 && s.value[DEPTH] == 4);
	assert_true(s.value[LOUD] == 1 && s.value[FAULT] == 2);
	assert_int_equal(s.axes, 2);
	assert_int_equal(gs_sim_points(&s), 15);
	gs_sim_point_values(&s, 0, value);
	assert_true(value[BURN] == 0 && value[LAZY] == 1 && value[BOND] == 1500000);
	gs_sim_point_values(&s, 4, value);
	assert_true(value[BURN] == 0.25 && value[LAZY] == 2);
	gs_sim_point_values(&s, 14, value);
	assert_true(value[BURN] == 1 && value[LAZY] == 4);
}

static void what_is_not_said_is_standard(void **state)
{
	struct gs_sim_scenario s;
	struct gs_error error = {0};
	(void)state;
	if (read_text(HEAD, &s, &error))
		fail_msg("%s", error.text);
	for (unsigned i = 0; i < GS_ARRAY_LEN(parameters); i++)
		assert_true(s.value[i] == parameters[i].standard);
	assert_int_equal(s.axes, 0);
	assert_int_equal(gs_sim_points(&s), 1);
	assert_false(s.may_violate);
	if (read_text(HEAD "reorg.depth: drawn\nsweep: {reorg.depth: [drawn, 3]}\n", &s, &error))
		fail_msg("%s", error.text);
	assert_true(s.value[DEPTH] == GS_SIM_DRAWN && s.axis[0].value[0] == GS_SIM_DRAWN && s.axis[0].value[1] == 3);
}

static void ranges_have_both_ends_and_readable_steps(void **state)
{
	static const double tenths[] = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
	static const double ratios[] = {1, 10, 100, 1000, 10000};
	struct gs_sim_scenario s;
	struct gs_error error = {0};
	(void)state;
	if (read_text(HEAD "sweep:\n  burn: {from: 0, to: 1, steps: 11}\n"
	                   "  money.bond: {from: 1, to: 10 k, steps: 5, scale: log}\n"
	                   "  validators.lazy: {from: 10, to: 0, steps: 3, scale: linear}\n",
	              &s, &error))
		fail_msg("%s", error.text);
	assert_int_equal(s.axis[0].values, 11);
	for (unsigned i = 0; i < 11; i++)
		assert_true(s.axis[0].value[i] == tenths[i]);
	for (unsigned i = 0; i < 5; i++)
		assert_true(s.axis[1].value[i] == ratios[i]);
	assert_true(s.axis[2].value[0] == 10 && s.axis[2].value[1] == 5 && s.axis[2].value[2] == 0);
}

/* ---- what is wrong: the place to the column, and words that help ---- */

static const struct {
	const char *text, *place, *says;
} mistakes[] = {
	/* keys */
	{HEAD "validators:\n  lasy: 3\n", ":4:3", "did you mean validators.lazy?"},
	{HEAD "validators:\n  idle: 3\n", ":4:3", "gainsay sim --parameters toy"},
	{HEAD "rum: 3\n", ":3:1", "did you mean"},
	{HEAD "nothing: 3\n", ":3:1", "no such parameter"},
	{HEAD "runs: 5\nruns: 6\n", ":4:1", "given twice (first in line 3)"},
	{HEAD "burn: 1\nburn: 1\n", ":4:1", "given twice (first in line 3)"},
	{HEAD "validators: {lazy: 1}\nvalidators.lazy: 2\n", ":4:1", "given twice (first in line 3)"},
	{HEAD "validators: {lazy: 1, lazy: 2}\n", ":3:23", "given twice"},
	{HEAD "validators: 3\n", ":3:13", "a group of parameters"},
	{HEAD "burn: {a: 1}\n", ":3:7", "a map is given"},
	{HEAD "burn: [1, 2]\n", ":3:7", "several go under 'sweep'"},
	{HEAD "burn:\n", ":3:6", "has no value"},
	{HEAD "? {a: b}\n: 3\n", ":3:3", "a key is expected"},
	{HEAD "'': 3\n", ":3:1", "no parameter has such a name"},
	{HEAD "Burn: 1\n", ":3:1", "did you mean burn?"},
	{"engine: toy\n", ":1:1", "no question"},
	{"question: Why?\n", ":1:1", "no engine"},
	{"question: Why?\nengine: toys\n", ":2:9", "say one of toy"},
	{"question: Why?\nengine: [toy]\n", ":2:9", "a list is given"},
	{"question: ''\nengine: toy\n", ":1:11", "has no value"},
	{"question: |\n  a\n  b\nengine: toy\n", ":1:11", "several lines"},
	/* values */
	{HEAD "validators:\n  lazy: 1.5\n", ":4:9", "not a whole number"},
	{HEAD "validators:\n  lazy: -1\n", ":4:9", "is negative; give 0 to 1000"},
	{HEAD "validators:\n  lazy: 1001\n", ":4:9", "out of range; give 0 to 1000"},
	{HEAD "validators:\n  lazy: many\n", ":4:9", "not a whole number such as 12"},
	{HEAD "validators:\n  lazy: 010\n", ":4:9", "not a whole number such as 12"},
	{HEAD "validators:\n  lazy: 0x10\n", ":4:9", "not a whole number such as 12"},
	{HEAD "validators:\n  lazy: 5 h\n", ":4:9", "not a whole number such as 12"},
	{HEAD "burn: 30\n", ":3:7", "out of range; give 0 % to 100 %"},
	{HEAD "burn: 101 %\n", ":3:7", "out of range"},
	{HEAD "burn: nan\n", ":3:7", "not a share"},
	{HEAD "burn: inf\n", ":3:7", "not a share"},
	{HEAD "rate: 1e999\n", ":3:7", "not a number"},
	{HEAD "rate: 1e-300\n", ":3:7", "out of range"},
	{HEAD "rate: 1e3 k\n", ":3:7", "not a number"},
	{HEAD "rate: .5\n", ":3:7", "not a number"},
	{HEAD "rate: '5 '\n", ":3:7", "not a number"},
	{HEAD "window: -5 s\n", ":3:9", "-5 s: is negative; give 0 s to 10 d"},
	{HEAD "window: 11 d\n", ":3:9", "out of range"},
	{HEAD "window: 5 years\n", ":3:9", "not a time such as"},
	{HEAD "window: drawn\n", ":3:9", "not a time"},
	{HEAD "reorg: {depth: drwn}\n", ":3:16", "or drawn"},
	{HEAD "money:\n  bond: 1e16\n", ":4:9", "not a whole number below 2^53"},
	{HEAD "money: {bond: 0.5}\n", ":3:15", "not a whole number below 2^53"},
	{HEAD "loud: maybe\n", ":3:7", "give yes or no"},
	{HEAD "fault: flood\n", ":3:8", "one of none, crash, reorg"},
	{HEAD "runs: 0\n", ":3:7", "out of range"},
	{HEAD "runs: -3\n", ":3:7", "is negative"},
	{HEAD "runs: 2000 M\n", ":3:7", "from 1 to 1000000000 of all points"},
	{HEAD "seed: -1\n", ":3:7", "is negative"},
	{HEAD "seed: 1e99\n", ":3:7", "not a whole number"},
	{HEAD "may violate: perhaps\n", ":3:14", "give yes or no"},
	{HEAD "may violate: [yes]\n", ":3:14", "a list is given"},
	/* what does not go together */
	{HEAD "money:\n  bond: 7\nburn: 1\n", ":4:9", "money.bond: 7 and a burned share"},
	{HEAD "burn: 1\nsweep:\n  money.bond: [6, 7]\n", ":5:3", "money.bond: 7 and a burned share"},
	/* sweeps */
	{HEAD "sweep: 3\n", ":3:8", "write a map of parameters"},
	{HEAD "sweep:\n  burns: [1]\n", ":4:3", "did you mean burn?"},
	{HEAD "sweep:\n  validators: {lazy: [1]}\n", ":4:3", "no such parameter"},
	{HEAD "sweep:\n  burn: 1\n", ":4:9", "write a list, or {from"},
	{HEAD "sweep:\n  burn: []\n", ":4:9", "an empty list"},
	{HEAD "sweep:\n  burn: [0, 2]\n", ":4:13", "out of range"},
	{HEAD "sweep:\n  burn: [0, [1]]\n", ":4:13", "one value is expected"},
	{HEAD "sweep:\n  burn: [0.5, 50 %]\n", ":4:15", "given twice"},
	{HEAD "sweep:\n  burn: [0]\n  burn: [1]\n", ":5:3", "swept twice (first in line 4)"},
	{HEAD "sweep: {burn: [0], rate: [1], window: [1], loud: [yes]}\n", ":3:44", "more than 3 sweeps"},
	{HEAD "sweep:\n  burn: {from: 0, to: 1}\n", ":4:9", "no steps"},
	{HEAD "sweep:\n  burn: {from: 0, to: 1, steps: 1}\n", ":4:33", "give 2 to 64"},
	{HEAD "sweep:\n  burn: {from: 0, to: 1, steps: 65}\n", ":4:33", "give 2 to 64"},
	{HEAD "sweep:\n  burn: {from: 0, to: 2, steps: 3}\n", ":4:23", "to: 2: is out of range"},
	{HEAD "sweep:\n  burn: {from: 0, to: 1, steps: 3, scale: log}\n", ":4:9", "begins above zero"},
	{HEAD "sweep:\n  burn: {from: 0, to: 1, steps: 3, scale: cubic}\n", ":4:43", "say linear or log"},
	{HEAD "sweep:\n  burn: {from: 0, to: 1, step: 3}\n", ":4:26", "a range has from, to, steps and scale"},
	{HEAD "sweep:\n  burn: {from: 0, to: 0, steps: 3}\n", ":4:9", "the steps are too small"},
	{HEAD "sweep:\n  validators.lazy: {from: 0, to: 3, steps: 9}\n", ":4:20", "the steps are too small"},
	{HEAD "sweep:\n  fault: {from: none, to: reorg, steps: 2}\n", ":4:10", "write a list"},
	{HEAD "sweep:\n  reorg.depth: {from: drawn, to: 3, steps: 2}\n", ":4:16", "not 'drawn'"},
	{HEAD "sweep:\n  burn: {from: 0, to: 1, steps: 64}\n  rate: {from: 1, to: 9, steps: 64}\n  loud: [yes, no]\n",
         ":4:3", "8192 points: at most 4096"},
	/* what is shown */
	{HEAD "show: [detektion]\n", ":3:8", "did you mean detection?"},
	{HEAD "show: [loss]\n", ":3:8", "does not measure this"},
	{HEAD "show: {a: b}\n", ":3:7", "write a list of metrics"},
	{HEAD "show: [[detection]]\n", ":3:8", "a metric's name is expected"},
	/* what is no scenario */
	{"", ":1:1", "a scenario is expected"},
	{"# nothing\n", ":2:1", "a scenario is expected"},
	{"- a\n", ":1:1", "a scenario is expected"},
	{"toy\n", ":1:1", "a scenario is expected"},
	{HEAD "---\nengine: toy\n", ":3:1", "a second document"},
	{HEAD "a: &x 1\nb: *x\n", ":3:4", "an anchor"},
	{HEAD "a: 1\nb: *x\n", ":4:4", "an alias"},
	{HEAD "burn: !!int 1\n", ":3:7", "a tag"},
	{HEAD "validators: &v {lazy: 1}\n", ":3:13", "an anchor"},
	{HEAD "<<: *v\n", ":3:5", "an alias"},
	{HEAD "a: [[[[[[[1]]]]]]]\n", ":3:9", "nested more than 6 deep"},
	{HEAD "burn: 'x\n", ":4:1", "not YAML"},
	{HEAD "burn: 1\n  rate: 1\n", ":4:7", "not YAML"},
	{HEAD "\tburn: 1\n", ":3:1", "not YAML"},
	{HEAD "burn: \"\\0\"\n", ":3:7", "control character"},
	{HEAD "burn: \xff\n", ":3:7", "not YAML"},
	{"\xff\xfe\x41\x00", ":1:1", "not YAML"},
};

static void mistakes_have_their_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(mistakes); i++) {
		struct gs_sim_scenario s;
		struct gs_error error = {0};
		char place[48];
		snprintf(place, sizeof(place), "dir/x.yaml%s: ", mistakes[i].place);
		if (read_text(mistakes[i].text, &s, &error) == GS_OK)
			fail_msg("is taken: %s", mistakes[i].text);
		if (strncmp(error.text, place, strlen(place)) != 0 || strstr(error.text, mistakes[i].says) == NULL)
			fail_msg("%s\ngives     %s\nexpected  %s ... %s", mistakes[i].text, error.text, place,
			         mistakes[i].says);
		assert_null(strchr(error.text, '\n'));
	}
}

/* ---- hostile files ---- */

static void large_files_are_refused(void **state)
{
	char *text = malloc(GS_SIM_FILE_MAX + 100);
	struct gs_sim_scenario s;
	struct gs_error error = {0};
	(void)state;
	assert_non_null(text);
	memset(text, '[', GS_SIM_FILE_MAX + 100);
	assert_int_equal(read_bytes(text, GS_SIM_FILE_MAX + 1, &s, &error), GS_ELIMIT);
	assert_int_equal(read_bytes(text, GS_SIM_FILE_MAX, &s, &error), GS_EPARSE);
	memset(text, 'a', GS_SIM_FILE_MAX);
	assert_int_not_equal(read_bytes(text, GS_SIM_FILE_MAX, &s, &error), GS_OK);
	size_t len = 0;
	len += (size_t)sprintf(text, HEAD "a: [");
	while (len < GS_SIM_FILE_MAX - 4) {
		text[len++] = '1';
		text[len++] = ',';
	}
	text[len++] = ']';
	assert_int_equal(read_bytes(text, len, &s, &error), GS_ELIMIT);
	assert_non_null(strstr(error.text, "more than 2048 values"));
	free(text);
	assert_int_equal(gs_sim_scenario_load("/nowhere/at/all.yaml", &s, &error), GS_EIO);
	assert_non_null(strstr(error.text, "/nowhere/at/all.yaml"));
	assert_int_not_equal(gs_sim_scenario_load("/", &s, &error), GS_OK);
}

/* A good scenario with bytes changed, left out and doubled: it is read, or refused in one line with a place. */
static void damaged_files_are_read_or_refused(void **state)
{
	static const char good[] =
		"question: Why?\nabout: |\n  Two\n  lines.\nengine: toy\nruns: 2000\nvalidators: {lazy: 3}\n"
		"sweep:\n  burn: {from: 0, to: 100 %, steps: 5}\n  validators.honest: [1, 2, 4]\nshow: [profit]\n";
	static const char spice[] = "\n\t :-?,[]{}#&*!|>'\"%@`\\.0123456789e\xc3\xa4\x00\x7f\xff";
	struct gs_rng rng;
	unsigned read = 0, refused = 0;
	(void)state;
	gs_rng_seed(&rng, 20261122);
	for (unsigned i = 0; i < 20000; i++) {
		char text[2 * sizeof(good)];
		size_t len = sizeof(good) - 1;
		memcpy(text, good, len);
		for (uint64_t n = 1 + gs_rng_below(&rng, 4); n > 0; n--) {
			size_t at = gs_rng_below(&rng, len);
			uint64_t what = gs_rng_below(&rng, 3);
			if (what == 0)
				text[at] = spice[gs_rng_below(&rng, sizeof(spice) - 1)];
			else if (what == 1) {
				memmove(text + at, text + at + 1, len - at - 1);
				len--;
			} else if (len < sizeof(text) - 1) {
				memmove(text + at + 1, text + at, len - at);
				text[at] = spice[gs_rng_below(&rng, sizeof(spice) - 1)];
				len++;
			}
		}
		struct gs_sim_scenario s;
		struct gs_error error = {0};
		if (read_bytes(text, len, &s, &error) == GS_OK) {
			read++;
			assert_true(s.runs > 0 && gs_sim_points(&s) <= GS_SIM_POINTS_MAX && s.question[0] != '\0');
		} else {
			refused++;
			assert_true(strncmp(error.text, "dir/x.yaml:", 11) == 0 && strchr(error.text, '\n') == NULL);
		}
	}
	assert_true(read > 300 && refused > 10000);
}

/* ---- values ---- */

static void values_are_read_as_they_are_written(void **state)
{
	struct gs_rng rng;
	(void)state;
	gs_rng_seed(&rng, 7);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned p = (unsigned)gs_rng_below(&rng, GS_ARRAY_LEN(parameters));
		const struct gs_sim_parameter *parameter = &parameters[p];
		char text[GS_SIM_VALUE_TEXT_MAX];
		struct gs_error error = {0};
		double x = (double)(gs_rng_u64(&rng) >> 11) / 9007199254740992.0, again;
		double value = parameter->least + x * (parameter->most - parameter->least);
		bool whole = parameter->kind != GS_SIM_KIND_REAL && parameter->kind != GS_SIM_KIND_SHARE &&
		             parameter->kind != GS_SIM_KIND_SECONDS;
		if (whole)
			value = (double)(uint64_t)value;
		else if (gs_rng_below(&rng, 2) == 0)
			value = (double)(uint64_t)(value * 100) / 100;
		if (value < parameter->least)
			continue;
		gs_sim_value_format(parameter, value, text);
		if (gs_sim_value_parse(parameter, text, &again, &error) != GS_OK || again != value)
			fail_msg("%s: %.17g is written %s and read %.17g %s", parameter->name, value, text, again,
			         error.text);
	}
}

static void values_in_words(void **state)
{
	static const struct {
		unsigned parameter;
		double value;
		const char *text;
	} cases[] = {
		{BURN, 0.3, "30 %"},      {BURN, 1.0 / 3, "33.33333333333333 %"},
		{WINDOW, 21600, "6 h"},   {WINDOW, 90, "90 s"},
		{WINDOW, 0, "0 s"},       {WINDOW, 172800, "2 d"},
		{WINDOW, 300, "5 min"},   {LAZY, 12, "12"},
		{BOND, 1.5e6, "1500000"}, {LOUD, 1, "yes"},
		{FAULT, 1, "crash"},      {DEPTH, -1, "drawn"},
		{RATE, 0.001, "0.001"},
	};
	char text[GS_SIM_VALUE_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		gs_sim_value_format(&parameters[cases[i].parameter], cases[i].value, text);
		assert_string_equal(text, cases[i].text);
	}
	gs_sim_measure_format(GS_SIM_UNIT_SHARE, 0.98765432, text);
	assert_string_equal(text, "98.77 %");
	gs_sim_measure_format(GS_SIM_UNIT_SECONDS, 7200, text);
	assert_string_equal(text, "2 h");
}

/* ---- the command line ---- */

static void the_command_line_changes_scenarios(void **state)
{
	struct gs_sim_scenario s;
	struct gs_error error = {0};
	unsigned at;
	(void)state;
	assert_int_equal(read_text(HEAD "sweep: {burn: [0, 1], rate: [1, 2]}\n", &s, &error), GS_OK);
	assert_int_equal(gs_sim_scenario_set(&s, "burn=30 %", &error), GS_OK);
	assert_true(s.axes == 1 && s.axis[0].parameter == RATE && s.value[BURN] == 0.3);
	assert_int_equal(gs_sim_scenario_sweep(&s, "rate=5,6,7", &error), GS_OK);
	assert_int_equal(gs_sim_scenario_sweep(&s, "fault=none,crash", &error), GS_OK);
	assert_true(s.axes == 2 && s.axis[0].values == 3 && s.axis[1].parameter == FAULT);
	assert_int_equal(gs_sim_scenario_check(&s, &at, &error), GS_OK);
	assert_int_equal(gs_sim_points(&s), 6);
	static const struct {
		const char *text, *says;
		bool sweep;
	} bad[] = {
		{"burn", "write NAME=VALUE", false},       {"=3", "write NAME=VALUE", false},
		{"nothing=3", "no such parameter", false}, {"burn=3", "--set burn: 3: is out of range", false},
		{"burn=", "not a share", false},           {"burn=0,0", "--sweep burn: 0: a value given twice", true},
		{"burn=0,", "not a share", true},          {"burn", "write NAME=VALUE,VALUE", true},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		struct gs_sim_scenario t = s;
		enum gs_err err = bad[i].sweep ? gs_sim_scenario_sweep(&t, bad[i].text, &error)
		                               : gs_sim_scenario_set(&t, bad[i].text, &error);
		assert_int_equal(err, GS_EINVAL);
		if (strstr(error.text, bad[i].says) == NULL)
			fail_msg("%s gives: %s", bad[i].text, error.text);
	}
	assert_int_equal(gs_sim_scenario_sweep(&s, "window=1,2", &error), GS_OK);
	assert_int_equal(gs_sim_scenario_sweep(&s, "loud=yes,no", &error), GS_ELIMIT);
	s.seed = UINT64_MAX - 5;
	assert_int_equal(gs_sim_scenario_check(&s, &at, &error), GS_ELIMIT);
	s.seed = 1;
	assert_int_equal(gs_sim_scenario_set(&s, "money.bond=7", &error), GS_OK);
	assert_int_equal(gs_sim_scenario_set(&s, "burn=1", &error), GS_OK);
	assert_int_equal(gs_sim_scenario_check(&s, &at, &error), GS_EINVAL);
	assert_int_equal(at, BOND);
}

static void hashes_tell_scenarios_apart(void **state)
{
	static const char *const texts[] = {
		HEAD,
		HEAD "burn: 1\n",
		HEAD "runs: 7\n",
		HEAD "seed: 7\n",
		HEAD "sweep: {burn: [0, 1]}\n",
		HEAD "sweep: {burn: [1, 0]}\n",
	};
	struct gs_hash hash[GS_ARRAY_LEN(texts)], other;
	struct gs_sim_scenario s;
	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(texts); i++) {
		assert_int_equal(read_text(texts[i], &s, NULL), GS_OK);
		gs_sim_scenario_hash(&s, &hash[i]);
		for (size_t j = 0; j < i; j++)
			assert_false(gs_hash_equal(&hash[i], &hash[j]));
	}
	assert_int_equal(read_text("question: Other words.\nengine: toy\nabout: And more.\n", &s, NULL), GS_OK);
	gs_sim_scenario_hash(&s, &other);
	assert_true(gs_hash_equal(&hash[0], &other)); /* words decide nothing */
}

/* Ready scenarios and one with everything, written and read again. */
static void expect_written(const struct gs_sim_scenario *s, gs_sim_engine_list *engines)
{
	struct gs_sim_scenario again;
	struct gs_error error = {0};
	struct gs_hash before, after;
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);
	assert_non_null(file);
	gs_sim_scenario_write(s, file);
	assert_int_equal(fclose(file), 0);
	if (gs_sim_scenario_read(s->name, (struct gs_bytes){(const uint8_t *)text, len}, engines, &again, &error) !=
	    GS_OK)
		fail_msg("%s\n%s", error.text, text);
	gs_sim_scenario_hash(s, &before);
	gs_sim_scenario_hash(&again, &after);
	assert_true(gs_hash_equal(&before, &after));
	assert_string_equal(s->question, again.question);
	assert_string_equal(s->about, again.about);
	assert_true(s->may_violate == again.may_violate && s->shows == again.shows);
	assert_memory_equal(s->shown, again.shown, s->shows * sizeof(s->shown[0]));
	free(text);
}

static void scenarios_are_written_as_they_were_read(void **state)
{
	struct gs_sim_scenario s;
	(void)state;
	assert_int_equal(
		read_text(
			"question: \"A \\\"b\\\" \\\\ c: d?\"\nabout: |\n  x\n\n   y # z\nengine: toy\nruns: 7\nseed: 9\n"
			"burn: 12.5 %\nwindow: 90\nreorg.depth: 3\nloud: yes\nfault: crash\nmay violate: yes\n"
			"show: [profit]\nsweep: {reorg.depth: [drawn, 2], rate: {from: 1, to: 1e9, steps: 64}}\n",
			&s, NULL),
		GS_OK);
	expect_written(&s, toys);
	for (const struct gs_sim_builtin *b = gs_sim_builtins; b->name != NULL; b++) {
		struct gs_bytes text = {(const uint8_t *)b->text, strlen(b->text)};
		assert_int_equal(gs_sim_scenario_read(b->name, text, gs_sim_engine_at, &s, NULL), GS_OK);
		expect_written(&s, gs_sim_engine_at);
	}
}

/* ---- engines and ready scenarios ---- */

static bool is_own_key(const char *name)
{
	static const char *const own[] = {"question", "about", "engine",      "runs",
	                                  "seed",     "sweep", "may violate", "show"};
	for (size_t i = 0; i < GS_ARRAY_LEN(own); i++)
		if (strcmp(own[i], name) == 0)
			return true;
	return false;
}

static void tables_of_engines_are_sound(void **state)
{
	(void)state;
	for (unsigned n = 0; gs_sim_engine_at(n) != NULL; n++) {
		const struct gs_sim_engine *e = gs_sim_engine_at(n);
		struct gs_sim_scenario s;
		struct gs_error error = {0};
		unsigned at = 0, histograms = 0;
		gs_sim_scenario_init(e, &s);
		if (gs_sim_scenario_check(&s, &at, &error) != GS_OK)
			fail_msg("%s: its standard values do not go together: %s", e->name, error.text);
		for (unsigned i = 0; i < e->parameters; i++) {
			const struct gs_sim_parameter *p = &e->parameter[i];
			char text[GS_SIM_VALUE_TEXT_MAX];
			double again;
			assert_true(strlen(p->name) < GS_SIM_NAME_MAX && p->about[0] != '\0' && !is_own_key(p->name));
			gs_sim_value_format(p, p->standard, text);
			if (gs_sim_value_parse(p, text, &again, &error) != GS_OK || again != p->standard)
				fail_msg("%s: %s: its standard value %s: %s", e->name, p->name, text, error.text);
			assert_true(p->least <= p->most && (!p->drawn || p->least >= 0));
			assert_int_equal(gs_sim_parameter_find(e, p->name), i); /* no other of this name */
		}
		for (unsigned i = 0; i < e->metrics; i++) {
			assert_true(strlen(e->metric[i].name) < GS_SIM_NAME_MAX && e->metric[i].about[0] != '\0');
			assert_true(!e->metric[i].has_histogram || e->metric[i].low < e->metric[i].high);
			histograms += e->metric[i].has_histogram;
		}
		assert_true(histograms <= GS_SIM_HISTOGRAMS_MAX);
	}
}

static void ready_scenarios_are_good(void **state)
{
	unsigned count = 0;
	(void)state;
	for (const struct gs_sim_builtin *b = gs_sim_builtins; b->name != NULL; b++, count++) {
		struct gs_sim_scenario s;
		struct gs_error error = {0};
		struct gs_bytes text = {(const uint8_t *)b->text, strlen(b->text)};
		if (gs_sim_scenario_read(b->name, text, gs_sim_engine_at, &s, &error) != GS_OK)
			fail_msg("%s", error.text);
		assert_true(s.about[0] != '\0' && s.question[strlen(s.question) - 1] == '?');
	}
	assert_true(count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_can_be_said),
		cmocka_unit_test(what_is_not_said_is_standard),
		cmocka_unit_test(ranges_have_both_ends_and_readable_steps),
		cmocka_unit_test(mistakes_have_their_place),
		cmocka_unit_test(large_files_are_refused),
		cmocka_unit_test(damaged_files_are_read_or_refused),
		cmocka_unit_test(values_are_read_as_they_are_written),
		cmocka_unit_test(values_in_words),
		cmocka_unit_test(the_command_line_changes_scenarios),
		cmocka_unit_test(hashes_tell_scenarios_apart),
		cmocka_unit_test(scenarios_are_written_as_they_were_read),
		cmocka_unit_test(tables_of_engines_are_sound),
		cmocka_unit_test(ready_scenarios_are_good),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
