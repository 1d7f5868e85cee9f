/* gainsay dispute: plays whole disputes on a chain, both sides, and tells move by move what they cost. */
#include "validator/cli/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validator/cli/dispute_claimed.h"
#include "validator/cli/dispute_report.h"
#include "validator/cli/model_json.h"
#include "validator/exec/exec.h"

enum { GAMES_MAX = 100000 };

struct dispute {
	const char *model;
	const char *fault;            /* of the claimant */
	const char *challenger_fault; /* of the challenger */
	const char *rpc;
	struct gs_cli_list inputs, outputs;
	uint64_t seed;
	uint64_t games;
	uint64_t threads;
	bool json;
	struct gs_dispute_plan plan;
	struct gs_dispute_setup setup;
	struct gs_dispute_chain chain;
	struct gs_dispute_result result;
};

static bool read_number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	if (len == 0 || len > 19)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	*out = v;
	return v <= max;
}

/* SEED[,kind=KIND] */
static enum gs_err read_random(const char *text, struct gs_dispute_plan *plan, struct gs_error *error)
{
	size_t len = strcspn(text, ",");
	if (!read_number(text, len, UINT64_MAX, &plan->seed))
		return gs_fail(error, GS_EINVAL, "--fault random:%s: the seed after random: is a whole number", text);
	if (text[len] == '\0')
		return GS_OK;
	for (unsigned k = 0; k < GS_FAULT_KINDS; k++) {
		if (strncmp(text + len, ",kind=", 6) != 0 ||
		    strcmp(text + len + 6, gs_fault_kind_name((enum gs_fault_kind)k)) != 0)
			continue;
		plan->one_kind = true;
		plan->fault.kind = (enum gs_fault_kind)k;
		return GS_OK;
	}
	return gs_fail(error, GS_EINVAL,
	               "--fault random:%s: kind= takes map, init, body, last-term, final, padding, gap, first-chunk, "
	               "last-chunk, longest-fold, skip, indirect or nan",
	               text);
}

/* random:SEED[,kind=KIND], or instr=I,elem=E[,term=K] */
static enum gs_err read_fault(const char *text, struct gs_dispute_plan *plan, struct gs_error *error)
{
	uint64_t instr = 0, elem = 0, term = 0;
	unsigned seen = 0;
	if (strncmp(text, "random:", 7) == 0)
		return read_random(text + 7, plan, error);
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, ",");
		bool good = false;
		if (len > 6 && strncmp(at, "instr=", 6) == 0 && !(seen & 1)) {
			good = read_number(at + 6, len - 6, UINT32_MAX, &instr);
			seen |= 1;
		} else if (len > 5 && strncmp(at, "elem=", 5) == 0 && !(seen & 2)) {
			good = read_number(at + 5, len - 5, UINT64_MAX / 2, &elem);
			seen |= 2;
		} else if (len > 5 && strncmp(at, "term=", 5) == 0 && !(seen & 4)) {
			good = read_number(at + 5, len - 5, UINT32_MAX, &term);
			seen |= 4;
		}
		if (!good) {
			seen = 0;
			break;
		}
		at += len + (at[len] == ',');
	}
	if ((seen & 3) != 3)
		return gs_fail(error, GS_EINVAL, "--fault %s: write random:SEED, or instr=I,elem=E[,term=K]", text);
	plan->given = true;
	plan->fault.instruction = (uint32_t)instr;
	plan->fault.element = elem;
	plan->fault.at_state = (seen & 4) != 0;
	plan->fault.state = (uint32_t)term;
	return GS_OK;
}

static enum gs_err read_plan(struct dispute *d, struct gs_error *error)
{
	if (d->fault != NULL && d->challenger_fault != NULL)
		return gs_fail(error, GS_EINVAL, "--fault and --challenger-fault: one side lies, not both");
	d->plan.seed = d->seed;
	d->plan.manner = d->fault != NULL              ? GS_DISPUTE_CLAIMANT_LIES
	                 : d->challenger_fault != NULL ? GS_DISPUTE_CHALLENGER_ERRS
	                                               : GS_DISPUTE_CHALLENGER_LIES;
	const char *fault = d->fault != NULL ? d->fault : d->challenger_fault;
	return fault != NULL ? read_fault(fault, &d->plan, error) : GS_OK;
}

/* Plays the games; seeds count up from the first. *lost: how many the honest side lost. */
static enum gs_err play_all(struct dispute *d, json_t *list, uint64_t *lost, struct gs_error *error)
{
	enum gs_err err = gs_dispute_register(&d->chain, &d->setup.program.header, error);
	for (uint64_t i = 0; i < d->games && err == GS_OK; i++) {
		struct gs_dispute_plan plan = d->plan;
		plan.seed += i;
		err = gs_dispute_play(&d->chain, &d->setup, &plan, &d->result, error);
		if (err != GS_OK)
			return d->games > 1 ? gs_fail_within(error, err, "seed %llu", (unsigned long long)plan.seed)
			                    : err;
		*lost += !d->result.honest_won;
		if (d->json)
			json_array_append_new(list, gs_dispute_json(&d->setup, &d->result));
		else if (d->games > 1)
			gs_dispute_print_line(&d->setup, &d->result);
		else
			gs_dispute_print(&d->setup, &d->result);
	}
	return err;
}

static int print_series(json_t *list, uint64_t lost)
{
	json_t *out = json_object();
	json_object_set_new(out, "games", json_integer((json_int_t)json_array_size(list)));
	json_object_set_new(out, "lost_by_honest_side", json_integer((json_int_t)lost));
	json_object_set(out, "disputes", list);
	return gs_json_print(out);
}

static int run(struct dispute *d)
{
	struct gs_error error = {0};
	json_t *list = json_array();
	uint64_t lost = 0;
	enum gs_err err = read_plan(d, &error);
	if (err == GS_OK)
		err = gs_dispute_setup_load(d->model, d->inputs.item, d->inputs.count, (unsigned)d->threads, &d->setup,
		                            &error);
	if (err == GS_OK && d->outputs.count != 0)
		err = gs_dispute_claim_given(&d->setup, d->outputs.item, d->outputs.count, &error);
	if (err == GS_OK)
		err = gs_dispute_chain_open(d->rpc, &d->chain, &error);
	if (err == GS_OK)
		err = play_all(d, list, &lost, &error);
	int code = GS_EXIT_OK;
	if (err == GS_OK && d->json)
		code = d->games == 1 ? gs_json_print(json_incref(json_array_get(list, 0))) : print_series(list, lost);
	if (err == GS_OK && !d->json && d->games > 1)
		printf("%" PRIu64 " disputes, %" PRIu64 " lost by the honest side\n", d->games, lost);
	if (err != GS_OK)
		code = gs_cli_fail(&error);
	else if (lost > 0)
		code = GS_EXIT_FAILED;
	json_decref(list);
	gs_dispute_chain_close(&d->chain);
	gs_dispute_setup_free(&d->setup);
	return code;
}

int gs_cmd_dispute(int argc, char **argv)
{
	struct dispute *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return gs_cli_fail(&(struct gs_error){.code = GS_ENOMEM, .text = "no memory"});
	d->seed = 1;
	d->games = 1;
	d->threads = 1;
	const struct gs_flag flags[] = {
		{.name = "input",
	         .kind = GS_FLAG_LIST,
	         .value = "[NAME=]FILE",
	         .help = "a .pb or .npy tensor for the next input (several); for a .gsp also one .bin with the whole inputs array",
	         .out = &d->inputs},
		{.name = "output",
	         .kind = GS_FLAG_LIST,
	         .value = "[NAME=]FILE",
	         .help = "of a tolerant model: the outputs that the claim states, of any runtime (several; the canonical ones)",
	         .out = &d->outputs},
		{.name = "fault",
	         .kind = GS_FLAG_TEXT,
	         .value = "random:SEED[,kind=KIND]|instr=I,elem=E[,term=K]",
	         .help = "what is wrong in the claimant's execution",
	         .out = &d->fault},
		{.name = "challenger-fault",
	         .kind = GS_FLAG_TEXT,
	         .value = "FAULT",
	         .help = "the same for the challenger's; the claim is right then",
	         .out = &d->challenger_fault},
		{.name = "seed",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "what a challenger without a case points at, and the bits of a given fault (1)",
	         .out = &d->seed},
		{.name = "games",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "play N disputes, seeds counting up (1)",
	         .out = &d->games},
		{.name = "threads",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "worker threads of the execution (1)",
	         .out = &d->threads},
		{.name = "rpc",
	         .kind = GS_FLAG_TEXT,
	         .value = "URL",
	         .help = "a running development chain; else one is started",
	         .out = &d->rpc},
		{.name = "off-chain",
	         .kind = GS_FLAG_BOOL,
	         .help = "both sides sign states; the chain sees the challenge and the last step alone",
	         .out = &d->plan.off_chain},
		{.name = "json", .kind = GS_FLAG_BOOL, .help = "print JSON", .out = &d->json},
	};
	struct gs_cli cli = {
		.usage = "gainsay dispute MODEL.onnx|PROGRAM.gsp --input FILE ... [--fault random:SEED] [--json]",
		.about =
			"Plays a whole dispute on a development chain, both sides, down to the one scalar operation that the "
			"contract recomputes. Without a fault the claim is right and the challenger has no case. "
			"Exit code 0 when the honest side won.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 1};
	int code = gs_cli_parse(&cli, argc, argv);
	if (code == GS_CLI_GO_ON &&
	    (d->threads < 1 || d->threads > GS_EXEC_THREADS_MAX || d->games < 1 || d->games > GAMES_MAX))
		code = gs_cli_misused("--threads takes 1 to %d, --games 1 to %d", GS_EXEC_THREADS_MAX, GAMES_MAX);
	if (code == GS_CLI_GO_ON) {
		d->model = cli.arg[0];
		code = run(d);
	}
	free(d);
	return code;
}
