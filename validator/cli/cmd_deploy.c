/* gainsay deploy: puts the contracts on a chain and writes where they are; tells before what it would do, and after whether it is so. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "validator/cli/commands.h"
#include "validator/cli/deploy_print.h"
#include "validator/cli/options.h"
#include "validator/daemon/deploy_run.h"

enum { PATH_BYTES_MAX = 4096 };

struct request {
	const char *out, *parameters, *artifacts, *from, *verify;
	bool dry_run;
	struct gs_cli_list set;
	struct gs_options options;
	struct gs_config config;
	struct gs_deployment_origin origin;
};

/* The file, then --set, over a devnet's values; token and owner have to be said. */
static enum gs_err read_parameters(const struct request *r, struct gs_deploy_parameters *out, struct gs_error *error)
{
	enum gs_err err = GS_OK;

	gs_deploy_defaults(out);
	out->stakes.token.choice = GS_ADDRESS_UNSAID;
	out->claims.owner.choice = GS_ADDRESS_UNSAID;
	if (r->parameters)
		err = gs_deploy_parameters_load(r->parameters, out, error);
	for (size_t i = 0; i < r->set.count && !err; i++) {
		const char *item = r->set.item[i], *equals = strchr(item, '=');
		char name[64];
		if (!equals || (size_t)(equals - item) >= sizeof(name))
			return gs_fail(error, GS_EINVAL, "--set %.80s: NAME=VALUE is expected", item);
		snprintf(name, sizeof(name), "%.*s", (int)(equals - item), item);
		err = gs_deploy_parameters_set(name, equals + 1, out, error);
	}
	return err ? err : gs_deploy_parameters_said(out, error);
}

/* Said before anything is sent, and in a dry run too. */
static enum gs_err warn(struct gs_rpc *rpc, const struct gs_deploy_parameters *p, struct gs_error *error)
{
	char text[GS_ADDRESS_TEXT_MAX];
	struct gs_buf code;
	enum gs_err err;

	if (p->stakes.token.choice == GS_ADDRESS_WORD)
		fprintf(stderr,
		        "WARNING: stakes.token is 'dev': DevToken is deployed, which ANYBODY CAN MINT. Never use this "
		        "deployment where anything is worth something.\n");
	if (p->claims.owner.choice == GS_ADDRESS_WORD) {
		fprintf(stderr,
		        "WARNING: claims.owner is 'sender': the deploying key alone may change terms and retire the "
		        "deployment. Hand it over with 'gainsay owner handover ADDRESS'.\n");
		return GS_OK;
	}
	gs_buf_init(&code, GS_DEPLOY_CODE_MAX);
	err = gs_eth_get_code(rpc, &p->claims.owner.at, gs_block_latest(), &code, error);
	gs_address_format(&p->claims.owner.at, text);
	if (!err && code.len == 0)
		fprintf(stderr, "WARNING: claims.owner %s has no code: a single key, or a contract of another chain.\n",
		        text);
	gs_buf_free(&code);
	return err;
}

static bool own_token(const struct request *r)
{
	return r->origin.parameters.stakes.token.choice == GS_ADDRESS_WORD;
}

/* --- gainsay deploy --dry-run --- */

static enum gs_err dry_run(struct request *r, struct gs_error *error)
{
	struct gs_session session;
	struct gs_deploy_plan plan = {.count = 0};
	struct gs_deploy_quote quote;
	enum gs_err err = gs_address_parse(r->from, &r->origin.deployer, error);

	if (err)
		return gs_fail_within(error, err, "--from");
	if ((err = gs_options_session(&r->options, 0, &r->config, &session, error)))
		return err;
	err = gs_eth_get_nonce(session.rpc, &r->origin.deployer, gs_block_latest(), &r->origin.first_nonce, error);
	if (!err)
		err = gs_deploy_plan(&r->origin, session.chain_id, r->artifacts, &plan, error);
	if (!err)
		err = warn(session.rpc, &r->origin.parameters, error);
	if (!err)
		err = gs_deploy_simulate(session.rpc, &plan, own_token(r), error);
	if (!err)
		err = gs_deploy_check_fresh(session.rpc, &plan, error);
	if (!err)
		err = gs_deploy_quote(session.rpc, &plan, &quote, error);
	if (!err)
		gs_deploy_print_quote(&plan, &r->origin.parameters, &quote, r->options.json);
	if (!err)
		err = gs_deploy_check_balance(&plan, &quote, error);
	gs_deploy_plan_free(&plan);
	gs_session_close(&session);
	return err;
}

/* --- gainsay deploy --verify FILE --- */

static enum gs_err verify(struct request *r, struct gs_error *error)
{
	struct gs_session session;
	struct gs_deploy_plan plan = {.count = 0};
	struct gs_deployed now;
	enum gs_err err = gs_deployment_load_origin(r->verify, &r->origin, error);

	r->options.deployment = r->verify;
	if (err)
		return err;
	if ((err = gs_options_session(&r->options, GS_SESSION_CONTRACTS, &r->config, &session, error)))
		return err;
	err = gs_deploy_plan(&r->origin, session.chain_id, r->artifacts, &plan, error);
	for (int i = 0; i < GS_CONTRACT_COUNT && !err; i++)
		if (!gs_address_equal(&plan.deployment.contract[i], &session.deployment.contract[i]))
			err = gs_fail(error, GS_ECONFLICT,
			              "%s: %s is at another address than its deployer, nonce and parameters give",
			              r->verify, gs_contract_label((enum gs_contract)i));
	if (!err)
		err = gs_deploy_simulate(session.rpc, &plan, own_token(r), error);
	if (!err)
		err = gs_deploy_verify(session.rpc, &plan, error);
	if (!err)
		err = gs_deployed_read(session.rpc, &session.deployment, &now, error);
	if (!err)
		gs_deploy_print_verified(&plan, &r->origin.parameters, &now, r->options.json);
	gs_deploy_plan_free(&plan);
	gs_session_close(&session);
	return err;
}

/* --- gainsay deploy --out FILE --- */

static enum gs_err begin(struct gs_session *session, const char *journal_path, struct gs_deploy_plan *plan,
                         struct gs_deploy_journal *journal, struct gs_error *error)
{
	struct gs_deploy_quote quote;
	uint64_t block = 0;
	enum gs_err err = gs_deploy_check_fresh(session->rpc, plan, error);

	if (!err)
		err = gs_deploy_quote(session->rpc, plan, &quote, error);
	if (!err)
		err = gs_deploy_check_balance(plan, &quote, error);
	if (!err)
		err = gs_eth_block_number(session->rpc, &block, error);
	if (!err)
		err = gs_deploy_journal_begin(journal_path, plan, block, journal, error);
	return err;
}

/* The plan of an unfinished deployment, or of a new one. */
static enum gs_err make_plan(struct request *r, struct gs_session *session, const char *journal_path,
                             struct gs_deploy_plan *plan, struct gs_deploy_journal *journal, struct gs_error *error)
{
	struct gs_error why = {0};
	enum gs_err err = gs_deploy_journal_load(journal_path, journal, &why);
	bool unfinished = err == GS_OK;

	if (err && err != GS_ENOTFOUND)
		return gs_fail(error, err, "%s", why.text);
	if (!unfinished && access(r->out, F_OK) == 0)
		return gs_fail(
			error, GS_ECONFLICT,
			"%s: is there already; 'gainsay deploy --verify %.200s' says whether it holds; remove it to "
			"deploy anew",
			r->out, r->out);
	r->origin.deployer = session->account;
	r->origin.first_nonce = journal->first_nonce;
	err = GS_OK;
	if (!unfinished)
		err = gs_eth_get_nonce(session->rpc, &session->account, gs_block_latest(), &r->origin.first_nonce,
		                       error);
	if (!err)
		err = gs_deploy_plan(&r->origin, session->chain_id, r->artifacts, plan, error);
	if (!err && unfinished)
		err = gs_deploy_journal_fits(journal, plan, error);
	if (!err)
		err = warn(session->rpc, &r->origin.parameters, error);
	if (!err)
		err = gs_deploy_simulate(session->rpc, plan, own_token(r), error);
	if (!err && !unfinished)
		err = begin(session, journal_path, plan, journal, error);
	return err;
}

static enum gs_err deploy(struct request *r, struct gs_error *error)
{
	char journal_path[PATH_BYTES_MAX];
	struct gs_session session;
	struct gs_deploy_plan plan = {.count = 0};
	struct gs_deploy_journal journal = {.path = NULL};
	struct gs_key_lock lock = {-1};
	uint64_t gas = 0;
	enum gs_err err;

	if ((size_t)snprintf(journal_path, sizeof(journal_path), "%s.unfinished", r->out) >= sizeof(journal_path))
		return gs_fail(error, GS_ELIMIT, "--out: path too long");
	if ((err = gs_options_session(&r->options, GS_SESSION_KEY, &r->config, &session, error)))
		return err;
	struct gs_sender sender = gs_session_sender(&session);
	err = gs_session_lock_command(&session, &r->config, &lock, error);
	if (!err)
		err = make_plan(r, &session, journal_path, &plan, &journal, error);
	if (!err)
		err = gs_deploy_run(&sender, &plan, r->config.chain.fee_max, &journal, &gas, error);
	if (!err)
		err = gs_deploy_verify(session.rpc, &plan, error);
	plan.deployment.block = journal.block;
	if (!err)
		err = gs_deployment_save(r->out, &plan.deployment, &r->origin, error);
	if (!err)
		err = gs_deploy_journal_end(&journal, error);
	if (!err)
		gs_deploy_print(&plan.deployment, gas, r->out, r->options.json);
	gs_deploy_journal_free(&journal);
	gs_deploy_plan_free(&plan);
	gs_session_close(&session);
	gs_key_lock_release(&lock);
	return err;
}

static int parse(struct request *r, int argc, char **argv)
{
	const struct gs_flag flags[] = {
		{.name = "out",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "where to write the addresses; an interrupted deployment goes on with the same one",
	         .out = &r->out},
		{.name = "parameters",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "token, owner, bonds, windows and clocks, in JSON or YAML",
	         .out = &r->parameters},
		{.name = "set",
	         .kind = GS_FLAG_LIST,
	         .value = "NAME=VALUE",
	         .help = "one of them, such as claims.window_s=3600 (several)",
	         .out = &r->set},
		{.name = "dry-run",
	         .kind = GS_FLAG_BOOL,
	         .help = "only look and tell: transactions, addresses, gas, cost; needs --from, no key",
	         .out = &r->dry_run},
		{.name = "from",
	         .kind = GS_FLAG_TEXT,
	         .value = "ADDRESS",
	         .help = "dry run: the account that would deploy",
	         .out = &r->from},
		{.name = "verify",
	         .kind = GS_FLAG_TEXT,
	         .value = "FILE",
	         .help = "compare the deployment of FILE with the compiled contracts, byte for byte; no key",
	         .out = &r->verify},
		{.name = "artifacts",
	         .kind = GS_FLAG_TEXT,
	         .value = "DIR",
	         .help = "compiled contracts; else found beside gainsay",
	         .out = &r->artifacts},
	};
	struct gs_cli cli = {
		.usage =
			"gainsay deploy --parameters FILE --out deployment.json | --dry-run --from ADDRESS | --verify FILE",
		.about =
			"Deploys all contracts, wires them, verifies the code that is there and writes the addresses to a file. The parameters must say "
			"which token stakes are paid in (stakes.token) and who owns the terms (claims.owner).",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
	};
	int code = gs_options_parse(&r->options, &cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (r->verify && (r->dry_run || r->out || r->parameters || r->set.count))
		return gs_cli_misused("deploy: --verify takes everything from its file; leave the other options out");
	if (r->dry_run && !r->from)
		return gs_cli_misused(
			"deploy: --dry-run needs no key, but --from ADDRESS: addresses follow from the account");
	if (r->from && !r->dry_run)
		return gs_cli_misused("deploy: --from is for --dry-run; otherwise the key says who deploys");
	if (!r->out && !r->dry_run && !r->verify)
		return gs_cli_misused("deploy: --out is missing; name the file to write: --out deployment.json");
	return GS_CLI_GO_ON;
}

int gs_cmd_deploy(int argc, char **argv)
{
	struct request r = {.out = NULL};
	struct gs_error error = {0};
	enum gs_err err = GS_OK;
	int code = parse(&r, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (r.verify)
		return verify(&r, &error) ? gs_cli_fail(&error) : GS_EXIT_OK;
	err = read_parameters(&r, &r.origin.parameters, &error);
	if (!err)
		err = r.dry_run ? dry_run(&r, &error) : deploy(&r, &error);
	return err ? gs_cli_fail(&error) : GS_EXIT_OK;
}
