/* gainsay close: ends the games of a claim that nobody can win any more: the claim is void, or an earlier game of it was won. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "validator/cli/commands.h"
#include "validator/cli/lookup.h"
#include "validator/cli/proposal.h"

enum { GAMES_MAX = 1024 };

struct closing {
	struct gs_options options;
	struct gs_transact t;
	bool dry_run;
	struct gs_hash claim;
	struct gs_claim_body body;
	struct gs_game *game[GAMES_MAX]; /* by ordinal; NULL: none, or over */
	size_t count;
	size_t closed, open;
	json_t *list;
	struct gs_error *error;
};

/* Rebuilds every open game of the claim from what the contract announced. */
static enum gs_err visit(void *context, const struct gs_event *event)
{
	struct closing *c = context;
	const struct gs_game_event *e = &event->dispute;

	if (event->kind != GS_EVENT_GAME || !gs_hash_equal(&e->claim, &c->claim) || e->kind == GS_GAME_EVENT_SETTLED)
		return GS_OK;
	if (e->ordinal >= GAMES_MAX)
		return gs_fail(c->error, GS_ELIMIT, "close: the claim has had more than %d games", GAMES_MAX);
	if (e->kind == GS_GAME_EVENT_OVER) {
		free(c->game[e->ordinal]);
		c->game[e->ordinal] = NULL;
		return GS_OK;
	}
	if (!gs_game_event_has_state(e->kind))
		return GS_OK;
	if (!c->game[e->ordinal] && !(c->game[e->ordinal] = calloc(1, sizeof(struct gs_game))))
		return gs_fail(c->error, GS_ENOMEM, "close: no memory");
	if (e->ordinal >= c->count)
		c->count = e->ordinal + 1;
	if (gs_game_observe(c->game[e->ordinal], &e->state, e->shown.len ? &e->shown : NULL))
		return gs_fail(c->error, GS_EPARSE, "close: a game's event has not its form");
	return GS_OK;
}

static void tell(struct closing *c, size_t ordinal, const char *outcome, const struct gs_proposal *p)
{
	char who[GS_ADDRESS_TEXT_MAX];

	gs_address_format(&c->game[ordinal]->state.challenger, who);
	if (c->options.json)
		json_array_append_new(c->list,
		                      json_pack("{s:I,s:s,s:s,s:I}", "ordinal", (json_int_t)ordinal, "challenger", who,
		                                "outcome", outcome, "gas", (json_int_t)p->gas));
	else
		printf("game %-5zu challenger %s  %8llu gas  %s\n", ordinal, who, (unsigned long long)p->gas, outcome);
}

static enum gs_err close_one(struct closing *c, size_t ordinal)
{
	struct gs_proposal p = {.contract = GS_CONTRACT_DISPUTES, .call = "Disputes.close(...)"};
	enum gs_err err;

	gs_buf_init(&p.data, GS_TRANSACT_DATA_MAX);
	gs_close_calldata(&c->body, &c->game[ordinal]->state, &p.data);
	err = gs_propose(&c->t, c->dry_run, &p, c->error);
	if (!err) {
		c->closed++;
		tell(c, ordinal, p.sent ? "closed" : "can be closed", &p);
	} else if (err == GS_ECONFLICT && gs_rpc_last_failure(c->t.session.rpc)->kind == GS_RPC_REVERT) {
		c->open++;
		tell(c, ordinal, "goes on: it can still be won", &p);
		err = GS_OK;
	}
	gs_buf_free(&p.data);
	return err;
}

static enum gs_err close_all(struct closing *c, const char *id)
{
	static const enum gs_contract contracts[] = {GS_CONTRACT_DISPUTES};
	const struct gs_lookup_scan scan = {
		.contracts = contracts, .contract_count = GS_ARRAY_LEN(contracts), .visit = visit, .context = c};
	enum gs_err err = gs_lookup_claim(&c->t.session, id, &c->claim, &c->body, c->error);

	if (!err)
		err = gs_lookup_events(&c->t.session, &scan, c->error);
	for (size_t i = 0; i < c->count && !err; i++)
		if (c->game[i])
			err = close_one(c, i);
	if (!err && c->closed + c->open == 0)
		err = gs_fail(c->error, GS_ENOTFOUND, "close: the claim has no open game");
	return err;
}

static void print_end(struct closing *c)
{
	if (!c->options.json) {
		printf("%zu %s, %zu go on.%s\n", c->closed, c->dry_run ? "can be closed" : "closed", c->open,
		       c->dry_run ? " Nothing was sent." : "");
		return;
	}
	json_t *root = json_pack("{s:I,s:I,s:b,s:O}", "closed", (json_int_t)c->closed, "open", (json_int_t)c->open,
	                         "sent", !c->dry_run, "list", c->list);
	json_dumpf(root, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(root);
}

int gs_cmd_close(int argc, char **argv)
{
	struct gs_error error = {0};
	struct closing c = {.error = &error};
	const struct gs_flag flags[] = {
		{.name = "dry-run",
	         .kind = GS_FLAG_BOOL,
	         .help = "only try, send nothing; needs no key",
	         .out = &c.dry_run},
	};
	struct gs_cli cli = {
		.usage = "gainsay close CLAIM_ID",
		.about =
			"Ends every open game of a claim that nobody can win any more, by anybody: the claim was released, or an earlier game of it was "
			"won. Both sides have their bonds back.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 1,
	};
	enum gs_err err;
	int code = gs_options_parse(&c.options, &cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (gs_proposal_open(&c.options, c.dry_run, &c.t, &error))
		return gs_cli_fail(&error);
	c.list = json_array();
	err = close_all(&c, cli.arg[0]);
	if (!err)
		print_end(&c);
	for (size_t i = 0; i < c.count; i++)
		free(c.game[i]);
	json_decref(c.list);
	gs_transact_close(&c.t);
	return err ? gs_cli_fail(&error) : GS_EXIT_OK;
}
