/* gainsay plan: which share of claims to sample, what that brings and costs, how late verdicts come, what it ties up. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "challenge/game/bonds.h"
#include "validator/cli/commands.h"
#include "validator/cli/options.h"
#include "validator/cli/plan.h"
#include "validator/daemon/deployed.h"
#include "validator/daemon/models.h"

struct planning {
	struct gs_options options;
	const char *parameters_file;
	uint64_t cores, peers;
	double stake, value, gain, claims, peer_rate, uptime, target, deadline_s, reaction_s;
	double core_hour, gwei, ether, token, seconds;
	struct gs_config config;
	struct gs_deploy_parameters parameters;
	struct gs_plan plan;
	char **found; /* owned: models of the folder */
	size_t found_count;
};

static double tokens(struct gs_wei v)
{
	char text[GS_U256_DECIMAL_MAX];

	gs_wei_format_ether(v, text);
	return strtod(text, NULL);
}

static double of_ppm(uint64_t ppm)
{
	return (double)ppm / 1e6;
}

/* --- what was typed --- */

struct bound {
	const char *flag;
	const double *value;
	double least, most;
};

static enum gs_err check_numbers(const struct planning *p, struct gs_error *error)
{
	const struct bound bounds[] = {
		{"stake", &p->stake, 0, 1e15},
		{"value", &p->value, 0, 1e15},
		{"gain", &p->gain, 0, 1e15},
		{"claims", &p->claims, 1e-6, 1e9},
		{"uptime", &p->uptime, 1e-6, 1},
		{"target", &p->target, 0, 1},
		{"deadline-s", &p->deadline_s, 0, 1e9},
		{"reaction-s", &p->reaction_s, 0, 1e9},
		{"core-hour", &p->core_hour, 0, 1e9},
		{"gas-price", &p->gwei, 0, 1e9},
		{"ether", &p->ether, 0, 1e12},
		{"token", &p->token, 1e-9, 1e12},
		{"seconds", &p->seconds, 0, 3600},
	};

	for (size_t i = 0; i < GS_ARRAY_LEN(bounds); i++)
		if (!(*bounds[i].value >= bounds[i].least && *bounds[i].value <= bounds[i].most))
			return gs_fail(error, GS_EINVAL, "--%s: %g: must be from %g to %g", bounds[i].flag,
			               *bounds[i].value, bounds[i].least, bounds[i].most);
	if (p->peer_rate != -1 && !(p->peer_rate >= 0 && p->peer_rate <= 1))
		return gs_fail(error, GS_EINVAL, "--peer-rate: %g: must be from 0 to 1", p->peer_rate);
	if (p->cores < 1 || p->cores > GS_PLANNER_CORES_MAX)
		return gs_fail(error, GS_EINVAL, "--cores: must be from 1 to %d", GS_PLANNER_CORES_MAX);
	if (p->peers > GS_PLANNER_PEERS_MAX)
		return gs_fail(error, GS_EINVAL, "--peers: must be at most %d", GS_PLANNER_PEERS_MAX);
	return GS_OK;
}

/* --- the terms --- */

static enum gs_err read_chain(struct planning *p, struct gs_planner_terms *out, struct gs_error *error)
{
	struct gs_session session;
	struct gs_deployed now;
	enum gs_err err = gs_session_open(&p->config, GS_SESSION_CONTRACTS, &session, error);

	if (err)
		return err;
	err = gs_deployed_read(session.rpc, &session.deployment, &now, error);
	gs_session_close(&session);
	if (err)
		return err;
	out->minimum_bond = tokens(now.terms.minimum_bond);
	out->minimum_fee = tokens(now.terms.minimum_fee);
	out->bond = (double)now.terms.bond_bps / GS_BPS;
	out->fee = (double)now.terms.fee_bps / GS_BPS;
	out->window_s = now.terms.window_s;
	return GS_OK;
}

static enum gs_err read_terms(struct planning *p, struct gs_error *error)
{
	struct gs_deploy_parameters *d = &p->parameters;
	struct gs_planner_terms *t = &p->plan.terms;
	enum gs_err err;

	if (p->parameters_file) {
		p->plan.parameters = p->parameters_file;
		gs_deploy_defaults(d);
		err = gs_deploy_parameters_load(p->parameters_file, d, error);
	} else if (p->config.deployment[0]) {
		struct gs_deployment_origin *origin = calloc(1, sizeof(*origin));
		p->plan.parameters = p->config.deployment;
		err = origin ? gs_deployment_load_origin(p->config.deployment, origin, error)
		             : gs_fail(error, GS_ENOMEM, "no memory");
		if (!err && origin)
			*d = origin->parameters;
		free(origin);
	} else {
		err = gs_fail(error, GS_EINVAL,
		              "whose terms? say --parameters FILE (configs/deployments has some) or --deployment FILE");
	}
	if (err)
		return err;
	*t = (struct gs_planner_terms){
		.minimum_bond = tokens(d->claims.minimum_bond),
		.bond = of_ppm(d->claims.bond_ppm),
		.minimum_fee = tokens(d->claims.minimum_fee),
		.fee = of_ppm(d->claims.fee_ppm),
		.burn = of_ppm(d->disputes.burn_ppm),
		.concede = of_ppm(d->disputes.concede_ppm),
		.audit = of_ppm(d->duties.audit_ppm),
		.window_s = (double)d->claims.window_s,
	};
	/* What is posted now goes by the chain's terms, which the owner may have changed. */
	return !p->parameters_file && p->config.rpc.count ? read_chain(p, t, error) : GS_OK;
}

/* --- the models --- */

static int is_model(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && end && (strcmp(end, ".onnx") == 0 || strcmp(end, ".gsp") == 0);
}

static enum gs_err find_models(struct planning *p, struct gs_error *error)
{
	struct dirent **entry;
	const char *folder = p->config.models;
	const int n = folder[0] ? scandir(folder, &entry, is_model, alphasort) : 0;

	if (n <= 0)
		return folder[0] ? gs_fail(error, GS_ENOTFOUND, "%s: no .onnx or .gsp file in there", folder)
		                 : gs_fail(error, GS_EINVAL, "which models? name files, or say --models FOLDER");
	p->found = calloc((size_t)n, sizeof(*p->found));
	for (int i = 0; i < n; i++) {
		char path[GS_MODEL_PATH_MAX];
		const int len = snprintf(path, sizeof(path), "%s/%s", folder, entry[i]->d_name);
		if (p->found && len > 0 && (size_t)len < sizeof(path) && (p->found[p->found_count] = strdup(path)))
			p->found_count++;
		free(entry[i]);
	}
	free(entry);
	return p->found_count > 0 ? GS_OK : gs_fail(error, GS_ENOMEM, "%s: no memory for the names", folder);
}

static enum gs_err worst_game(const struct planning *p, const struct gs_program *program, struct gs_plan_item *item,
                              struct gs_planner_model *m, struct gs_error *error)
{
	const struct gs_deploy_parameters *d = &p->parameters;
	const struct gs_game_rules rules = {
		.header = &program->header,
		.claimant_budget_s = (uint32_t)d->disputes.claimant_budget_s,
		.challenger_budget_s = (uint32_t)d->disputes.challenger_budget_s,
		.minimum_time_s = (uint32_t)d->disputes.minimum_time_s,
	};
	const struct gs_gas_model gas = gs_gas_model_default();
	struct gs_bond_rules bonds = {.challenger_bond = d->disputes.challenger_bond,
	                              .refund_per_move = d->disputes.refund_per_move};
	struct gs_game_shape shape;
	struct gs_worst_case worst;
	enum gs_err err = gs_deploy_bps("disputes.concede", d->disputes.concede_ppm, &bonds.concede_bps, error);

	if (!err)
		err = gs_deploy_bps("disputes.burn", d->disputes.burn_ppm, &bonds.burn_bps, error);
	if (err)
		return err;
	gs_bond_shape(program, &shape);
	if (gs_bond_worst_case(&shape, &rules, &bonds, &gas, 0, 0, &worst))
		return gs_fail(error, GS_ELIMIT, "%s: the amounts are too large", p->plan.parameters);
	m->game_locked = tokens(worst.locked);
	m->game_gas = (double)worst.challenger.gas;
	m->game_s = (double)worst.ends_by;
	item->transactions = worst.challenger.transactions;
	return GS_OK;
}

/* The file and the folder that it is in: many are called model.onnx. */
static const char *name_of(const char *path)
{
	unsigned slashes = 0;

	for (const char *at = path + strlen(path); at > path; at--)
		if (at[-1] == '/' && ++slashes == 2)
			return at;
	return path;
}

static enum gs_err add_model(struct planning *p, const char *path, struct gs_error *error)
{
	struct gs_plan_item *item = &p->plan.item[p->plan.count];
	struct gs_planner_model *m = &p->plan.model[p->plan.count];
	struct gs_program program;
	enum gs_err err = gs_model_load(path, &program, error);

	if (err)
		return err;
	*m = (struct gs_planner_model){.per_hour = p->claims, .value = p->value, .gain = p->gain};
	snprintf(item->name, sizeof(item->name), "%s", name_of(path));
	gs_header_model_id(&program.header, &item->id);
	item->steps = program.header.cost;
	err = worst_game(p, &program, item, m, error);
	if (!err)
		err = gs_plan_measure(&program, p->seconds, &m->look_s, &m->commit_s, &item->runs, error);
	p->plan.count += !err;
	gs_program_free(&program);
	return err;
}

/* Those that were named must all be there; of a folder's, what cannot be read is told and left out, as the node does. */
static enum gs_err add_models(struct planning *p, const struct gs_cli *cli, struct gs_error *error)
{
	enum gs_err err = cli->arg_count ? GS_OK : find_models(p, error);
	const size_t count = cli->arg_count ? cli->arg_count : p->found_count;

	if (err)
		return err;
	if (count > GS_PLANNER_MODELS_MAX)
		return gs_fail(error, GS_ELIMIT, "%zu models: at most %d", count, GS_PLANNER_MODELS_MAX);
	p->plan.item = calloc(count, sizeof(*p->plan.item));
	p->plan.model = calloc(count, sizeof(*p->plan.model));
	p->plan.choice = calloc(count, sizeof(*p->plan.choice));
	if (!p->plan.item || !p->plan.model || !p->plan.choice)
		return gs_fail(error, GS_ENOMEM, "no memory for %zu models", count);
	for (size_t i = 0; i < count; i++) {
		const char *path = cli->arg_count ? cli->arg[i] : p->found[i];
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r\033[Kmeasuring %zu of %zu: %s", i + 1, count, path);
		err = add_model(p, path, error);
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r\033[K");
		if (err && (cli->arg_count || err == GS_ENOMEM))
			return err;
		if (err)
			fprintf(stderr, "left out: %s\n", error->text);
	}
	return p->plan.count ? GS_OK
	                     : gs_fail(error, GS_ENOTFOUND, "%s: no model in there can be run", p->config.models);
}

static enum gs_err make_plan(struct planning *p, const struct gs_cli *cli, struct gs_error *error)
{
	enum gs_err err = check_numbers(p, error);

	if (!err)
		err = gs_options_config(&p->options, &p->config, error);
	if (!err)
		err = read_terms(p, error);
	if (!err)
		err = add_models(p, cli, error);
	if (err)
		return err;
	p->plan.prices = (struct gs_planner_prices){.core_hour = p->core_hour,
	                                            .million_gas = p->gwei * 1e-3 * p->ether / p->token};
	p->plan.role = (struct gs_planner_role){.cores = (unsigned)p->cores,
	                                        .peers = (unsigned)p->peers,
	                                        .peer_rate = p->peer_rate,
	                                        .uptime = p->uptime,
	                                        .stake = p->stake,
	                                        .target = p->target,
	                                        .reaction_s = p->reaction_s,
	                                        .deadline_s = p->deadline_s};
	p->plan.policy_rate = of_ppm(p->config.policy.rate_ppm);
	gs_planner_choose(&p->plan.terms, &p->plan.prices, &p->plan.role, p->plan.model, p->plan.count, p->plan.choice);
	return GS_OK;
}

static void free_plan(struct planning *p)
{
	for (size_t i = 0; i < p->found_count; i++)
		free(p->found[i]);
	free(p->found);
	free(p->plan.item);
	free(p->plan.model);
	free(p->plan.choice);
	free(p);
}

int gs_cmd_plan(int argc, char **argv)
{
	const long online = sysconf(_SC_NPROCESSORS_ONLN);
	struct gs_error error = {0};
	struct planning *p = calloc(1, sizeof(*p));
	int code;

	if (!p) {
		(void)gs_fail(&error, GS_ENOMEM, "no memory");
		return gs_cli_fail(&error);
	}
	*p = (struct planning){.cores = online > 0 ? (uint64_t)online : 1,
	                       .peers = 4,
	                       .stake = 1000,
	                       .value = 100,
	                       .gain = -1,
	                       .claims = 60,
	                       .peer_rate = -1,
	                       .uptime = 0.95,
	                       .reaction_s = 4,
	                       .core_hour = 0.04,
	                       .gwei = 0.05,
	                       .ether = 3000,
	                       .token = 1,
	                       .seconds = 1};
	const struct gs_flag flags[] = {
		{"parameters", GS_FLAG_TEXT, "FILE", "the deployment's terms; else those of --deployment, and of --rpc",
	         &p->parameters_file, false},
		{"stake", GS_FLAG_REAL, "TOKENS", "ours that can be locked (1000)", &p->stake, false},
		{"claims", GS_FLAG_REAL, "N", "claims of each model in an hour (60)", &p->claims, false},
		{"value", GS_FLAG_REAL, "TOKENS", "stated with each (100)", &p->value, false},
		{"gain", GS_FLAG_REAL, "TOKENS", "of a wrong claim that becomes final (its value)", &p->gain, false},
		{"peers", GS_FLAG_U64, "N", "other honest validators (4)", &p->peers, false},
		{"peer-rate", GS_FLAG_REAL, "SHARE", "what each of them samples (what we do)", &p->peer_rate, false},
		{"uptime", GS_FLAG_REAL, "SHARE", "of each validator (0.95)", &p->uptime, false},
		{"target", GS_FLAG_REAL, "SHARE", "find at least so many wrong claims (what deters)", &p->target,
	         false},
		{"deadline-s", GS_FLAG_REAL, "S", "when a verdict is too late for whom it is for (the window's end)",
	         &p->deadline_s, false},
		{"reaction-s", GS_FLAG_REAL, "S", "from a claim to its place in the queue (4)", &p->reaction_s, false},
		{"cores", GS_FLAG_U64, "N", "that execute (this machine's)", &p->cores, false},
		{"core-hour", GS_FLAG_REAL, "PRICE", "of a core, in the token's currency (0.04)", &p->core_hour, false},
		{"gas-price", GS_FLAG_REAL, "GWEI", "(0.05)", &p->gwei, false},
		{"ether", GS_FLAG_REAL, "PRICE", "of an ether (3000)", &p->ether, false},
		{"token", GS_FLAG_REAL, "PRICE", "of a token, in the same currency (1)", &p->token, false},
		{"seconds", GS_FLAG_REAL, "S", "to measure a model for (1)", &p->seconds, false},
	};
	struct gs_cli cli = {
		.usage =
			"gainsay plan [MODEL...] [--models FOLDER] --parameters FILE [--stake TOKENS] [--claims N] [--json]",
		.about =
			"Measures what executing each model takes on this machine, and says which share of its claims to sample so that\n"
			"cheating does not pay, what that brings and costs, how late verdicts come, what a dispute ties up, and from which\n"
			"fee on a consumer's claim is worth a look. Averages by the formulas of docs/economics.md; says so when a role earns\n"
			"less than it costs.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_max = GS_CLI_ARGS_MAX,
	};
	code = gs_options_parse(&p->options, &cli, argc, argv);
	if (code == GS_CLI_GO_ON) {
		p->gain = p->gain == -1 ? p->value : p->gain;
		p->core_hour /= p->token > 0 ? p->token : 1;
		if (make_plan(p, &cli, &error))
			code = gs_cli_fail(&error);
		else if (p->options.json)
			code = gs_plan_print_json(&p->plan);
		else
			gs_plan_print(&p->plan), code = GS_EXIT_OK;
	}
	free_plan(p);
	return code;
}
