/* tests/tools/step_oracle.c: recomputes the last step of disputes by MPFR and GMP.
 *
 *     step_oracle FILE.json...     each the output of `gainsay dispute --json`, or an array of such
 *
 * A step's record says which function was applied to which registers and what came out. The contract, the judge in C and
 * this program must agree on what came out. Prints one line for every disagreement, then how many agree and disagree, and how many
 * disputes had no last step, because the output was asked for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tests/oracle/scalar_oracle.h"

struct tally {
	unsigned agree;
	unsigned disagree;
	unsigned output;
};

static uint64_t hex(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? strtoull(text, NULL, 16) : UINT64_MAX;
}

static bool flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* The value after the function: a state, or what the epilogue gets. */
static bool function_result(const json_t *step, uint64_t *out)
{
	unsigned code = (unsigned)json_integer_value(json_object_get(step, "fn_code"));
	if (code == 0) { /* init loads a register, final takes the last state: nothing to compute */
		*out = hex(step, "fn_result");
		return true;
	}
	if (flag(step, "skipped")) {
		*out = hex(step, "a");
		return true;
	}
	return oracle_apply(code, hex(step, "a"), hex(step, "b"), hex(step, "c"), out);
}

static bool epilogue_result(const json_t *step, uint64_t value, uint64_t *out)
{
	unsigned code = (unsigned)json_integer_value(json_object_get(step, "epilogue_code"));
	json_int_t pos = json_integer_value(json_object_get(step, "epilogue_pos"));
	const json_t *constants = json_object_get(step, "epilogue_const");
	uint64_t x[3] = {0, 0, 0};
	*out = value;
	if (code == 0)
		return true;
	for (size_t i = 0, k = 0; i < 3; i++) {
		const char *constant = json_string_value(json_array_get(constants, k));
		if ((json_int_t)i == pos) {
			x[i] = value;
		} else if (constant != NULL) {
			x[i] = strtoull(constant, NULL, 16);
			k++;
		}
	}
	return oracle_apply(code, x[0], x[1], x[2], out);
}

static bool recompute(const json_t *step, uint64_t *out)
{
	const char *kind = json_string_value(json_object_get(step, "kind"));
	unsigned dtype = (unsigned)json_integer_value(json_object_get(step, "dtype_code"));
	uint64_t value;
	if (kind == NULL)
		return false;
	if (strcmp(kind, "padding") == 0) {
		*out = 0;
		return true;
	}
	if (!function_result(step, &value))
		return false;
	if (strcmp(kind, "init") == 0 || strcmp(kind, "body") == 0)
		return oracle_store(dtype, value, out);
	return epilogue_result(step, value, &value) && oracle_store(dtype, value, out);
}

static void check(const json_t *dispute, const char *where, struct tally *tally)
{
	const json_t *step = json_object_get(dispute, "step");
	uint64_t want = 0;
	const char *reason = json_string_value(json_object_get(dispute, "reason"));
	if (reason != NULL && strcmp(reason, "output") == 0) {
		/* Nothing was computed: an honest claimant was asked for the output, and showed it. */
		bool honest = json_is_null(json_object_get(dispute, "fault")) && json_is_null(step);
		tally->output += honest;
		tally->disagree += !honest;
		return;
	}
	if (!json_is_object(step)) {
		fprintf(stderr, "%s: no step\n", where);
		tally->disagree++;
		return;
	}
	bool known = recompute(step, &want);
	bool lie = hex(step, "claimed") != want;
	const char *winner = json_string_value(json_object_get(dispute, "winner"));
	bool right_winner = winner != NULL && strcmp(winner, lie ? "challenger" : "claimant") == 0;
	if (known && hex(step, "judge") == want && hex(step, "contract") == want && right_winner) {
		tally->agree++;
		return;
	}
	char *text = json_dumps(step, JSON_COMPACT);
	printf("%s: MPFR and GMP say 0x%" PRIx64 ", winner %s: %s\n", where, want, winner ? winner : "?", text);
	free(text);
	tally->disagree++;
}

int main(int argc, char **argv)
{
	struct tally tally = {0};
	for (int i = 1; i < argc; i++) {
		json_error_t error;
		json_t *root = json_load_file(argv[i], 0, &error);
		if (root == NULL) {
			fprintf(stderr, "step_oracle: %s: %s\n", argv[i], error.text);
			return 1;
		}
		json_t *list = json_is_array(root) ? root : json_object_get(root, "disputes");
		size_t index;
		json_t *dispute;
		if (list == NULL) {
			check(root, argv[i], &tally);
		} else {
			json_array_foreach(list, index, dispute)
			{
				char where[256];
				snprintf(where, sizeof(where), "%s[%zu]", argv[i], index);
				check(dispute, where, &tally);
			}
		}
		json_decref(root);
	}
	oracle_finish();
	printf("%u steps agree, %u disagree; %u disputes ended by the output\n", tally.agree, tally.disagree,
	       tally.output);
	return tally.disagree > 0 || tally.agree == 0;
}
