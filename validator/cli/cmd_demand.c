/* gainsay demand: obliges a claimant to put what it committed to on chain. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "validator/cli/commands.h"
#include "validator/cli/lookup.h"

static const char *const kinds[] = {[GS_DEMAND_INPUT] = "input", [GS_DEMAND_OUTPUT] = "output"};

/* What the receipt says of the demand. */
static enum gs_err read_demanded(const struct gs_transact *t, const struct gs_receipt *receipt, struct gs_event *out,
                                 struct gs_error *error)
{
	struct gs_contracts contracts;

	gs_deployment_contracts(&t->session.deployment, &contracts);
	for (size_t i = 0; i < receipt->logs.count; i++) {
		enum gs_err err = gs_event_decode(&contracts, &receipt->logs.entries[i], out, error);
		if (err || out->kind == GS_EVENT_DEMANDED)
			return err;
	}
	return gs_fail(error, GS_EPARSE, "demand: the receipt shows no demand");
}

static enum gs_err demand(const struct gs_transact *t, const char *id, enum gs_demand_kind kind, struct gs_event *out,
                          struct gs_error *error)
{
	uint8_t words[GS_CLAIM_BODY_WORDS * GS_ABI_WORD];
	struct gs_receipt receipt = {0};
	struct gs_claim_body body;
	struct gs_hash claim;
	struct gs_abi_writer w;
	struct gs_buf data;
	enum gs_err err = gs_lookup_claim(&t->session, id, &claim, &body, error);

	if (err)
		return err;
	gs_claim_body_encode(&body, words);
	gs_buf_init(&data, GS_TRANSACT_DATA_MAX);
	gs_abi_call(&w, &data, GS_DUTIES_FN_DEMAND, GS_CLAIM_BODY_WORDS + 1);
	for (size_t i = 0; i < sizeof(words); i += GS_ABI_WORD)
		gs_abi_put_word(&w, words + i);
	gs_abi_put_u64(&w, (uint64_t)kind);
	gs_abi_end(&w);
	err = gs_transact_send(t, GS_CONTRACT_DUTIES, &data, &receipt, error);
	if (!err)
		err = read_demanded(t, &receipt, out, error);
	gs_receipt_free(&receipt);
	return err;
}

static void print_demand(const char *id, const struct gs_event *e, bool as_json)
{
	json_t *json;

	if (!as_json) {
		printf("claim     %s\nowes      block %u of its %s\ndeadline  %llu\n", id, e->demand_block,
		       kinds[e->demand_kind], (unsigned long long)e->deadline.unix_s);
		return;
	}
	json = json_pack("{s:s,s:s,s:I,s:I}", "claim_id", id, "kind", kinds[e->demand_kind], "block",
	                 (json_int_t)e->demand_block, "deadline", (json_int_t)e->deadline.unix_s);
	json_dumpf(json, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(json);
}

int gs_cmd_demand(int argc, char **argv)
{
	const char *kind_text = "input";
	const struct gs_flag flags[] = {
		{.name = "kind",
	         .kind = GS_FLAG_TEXT,
	         .value = "KIND",
	         .help = "input (default) or output",
	         .out = &kind_text},
	};
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay demand CLAIM_ID [--kind input|output]",
		.about =
			"Obliges the claimant to put the next 4 KiB of its claim's input or output on chain, or to lose the claim. The price comes from "
			"the signing key's free stake; the claimant gets it with its answer.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 1,
	};
	struct gs_transact t;
	struct gs_event demanded;
	struct gs_error error = {0};
	enum gs_err err;
	int code = gs_transact_begin(&options, &cli, argc, argv, NULL, NULL, &t);
	size_t kind = 0;

	if (code != GS_CLI_GO_ON)
		return code;
	while (kind < GS_ARRAY_LEN(kinds) && strcmp(kinds[kind], kind_text) != 0)
		kind++;
	if (kind == GS_ARRAY_LEN(kinds)) {
		gs_transact_close(&t);
		return gs_cli_misused("--kind %.40s: say input or output", kind_text);
	}
	err = demand(&t, cli.arg[0], (enum gs_demand_kind)kind, &demanded, &error);
	gs_transact_close(&t);
	if (err)
		return gs_cli_fail(&error);
	print_demand(cli.arg[0], &demanded, options.json);
	return GS_EXIT_OK;
}
