/* gainsay owner: what the owner of a deployment may do, all of it: terms of later claims, retirement, handing over. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "chain/eth/bindings.h"
#include "validator/cli/commands.h"
#include "validator/cli/proposal.h"
#include "validator/daemon/deployed.h"

static const struct gs_address nobody;

struct owning {
	struct gs_options options;
	bool dry_run, yes;
	struct gs_cli_list set;
	struct gs_transact t;
	struct gs_deployed now;
	struct gs_error error;
};

/* --- showing --- */

enum { TIME_TEXT_MAX = 32, TERMS_FIELDS = 5, FIELD_TEXT_MAX = GS_U256_DECIMAL_MAX };
static const char *const fields[TERMS_FIELDS] = {"minimum_bond", "bond", "minimum_fee", "fee", "window_s"};

static void time_text(uint64_t unix_s, char out[TIME_TEXT_MAX])
{
	time_t t = (time_t)unix_s;
	struct tm parts;

	if (!gmtime_r(&t, &parts) || !strftime(out, TIME_TEXT_MAX, "%Y-%m-%d %H:%M:%S UTC", &parts))
		snprintf(out, TIME_TEXT_MAX, "%llu", (unsigned long long)unix_s);
}

static void field_text(const struct gs_terms *terms, size_t field, char out[FIELD_TEXT_MAX])
{
	switch (field) {
	case 0: gs_wei_format_ether(terms->minimum_bond, out); return;
	case 1: snprintf(out, FIELD_TEXT_MAX, "%u.%04u", terms->bond_bps / GS_BPS, terms->bond_bps % GS_BPS); return;
	case 2: gs_wei_format_ether(terms->minimum_fee, out); return;
	case 3: snprintf(out, FIELD_TEXT_MAX, "%u.%04u", terms->fee_bps / GS_BPS, terms->fee_bps % GS_BPS); return;
	default: snprintf(out, FIELD_TEXT_MAX, "%u", terms->window_s); return;
	}
}

static void print_terms(const struct gs_terms *now, const struct gs_terms *next, const char *title)
{
	char version[FIELD_TEXT_MAX];

	snprintf(version, sizeof(version), "version %u", now->version);
	printf("%-14s  %-22s%s\n", "terms", version, next ? title : "");
	for (size_t i = 0; i < TERMS_FIELDS; i++) {
		char a[FIELD_TEXT_MAX], b[FIELD_TEXT_MAX];
		field_text(now, i, a);
		if (next)
			field_text(next, i, b);
		printf("  %-12s  %-22s%s%s\n", fields[i], a, next ? b : "", next && strcmp(a, b) != 0 ? "  *" : "");
	}
}

static json_t *terms_json(const struct gs_terms *terms)
{
	json_t *out = json_object();

	for (size_t i = 0; i < TERMS_FIELDS; i++) {
		char text[FIELD_TEXT_MAX];
		field_text(terms, i, text);
		json_object_set_new(out, fields[i], json_string(text));
	}
	return out;
}

static void show_json(const struct gs_deployed *d)
{
	char owner[GS_ADDRESS_TEXT_MAX], pending[GS_ADDRESS_TEXT_MAX];
	json_t *root;

	gs_address_format(&d->owner, owner);
	gs_address_format(&d->pending, pending);
	root = json_pack("{s:s,s:s,s:I,s:o,s:I,s:I,s:I,s:I}", "owner", owner, "pending_owner", pending, "version",
	                 (json_int_t)d->terms.version, "terms", terms_json(&d->terms), "terms_delay_s",
	                 (json_int_t)d->delay_s, "retire_grace_s", (json_int_t)d->grace_s, "retired_at",
	                 (json_int_t)d->retired_at, "now", (json_int_t)d->now);
	if (d->scheduled) {
		json_object_set_new(root, "scheduled", terms_json(&d->next));
		json_object_set_new(root, "scheduled_for", json_integer((json_int_t)d->next_at));
	}
	json_dumpf(root, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(root);
}

static void show(const struct gs_deployed *d, bool json)
{
	char text[GS_ADDRESS_TEXT_MAX], when[TIME_TEXT_MAX], title[TIME_TEXT_MAX + 32];

	if (json) {
		show_json(d);
		return;
	}
	gs_address_format(&d->owner, text);
	printf("%-14s  %s\n", "owner",
	       gs_address_equal(&d->owner, &nobody) ? "none: terms are fixed, nobody can retire the deployment" : text);
	gs_address_format(&d->pending, text);
	if (!gs_address_equal(&d->pending, &nobody))
		printf("%-14s  %s, who has not accepted yet\n", "handed over to", text);
	time_text(d->next_at, when);
	snprintf(title, sizeof(title), "%s %s", d->next_at <= d->now ? "due since" : "due", when);
	print_terms(&d->terms, d->scheduled ? &d->next : NULL, title);
	printf("%-14s  %llu s between announcing terms and applying them\n", "delay", (unsigned long long)d->delay_s);
	if (!d->retired_at) {
		printf("%-14s  no; after it, %llu s until everything unfinal can be released\n", "retired",
		       (unsigned long long)d->grace_s);
		return;
	}
	time_text(d->retired_at, when);
	printf("%-14s  since %s\n", "retired", when);
	time_text(d->retired_at + d->grace_s, when);
	printf("%-14s  everything unfinal, by anybody, after %s%s\n", "release", when,
	       d->now > d->retired_at + d->grace_s ? ": now" : "");
}

/* --- acting --- */

/* The owner's calls: told clearly who may, before the chain says it in its own words. */
static enum gs_err check_sender(struct owning *o, const struct gs_address *who, const char *is)
{
	char needed[GS_ADDRESS_TEXT_MAX], key[GS_ADDRESS_TEXT_MAX];

	if (o->dry_run || gs_address_equal(who, &o->t.session.account))
		return GS_OK;
	gs_address_format(who, needed);
	gs_address_format(&o->t.session.account, key);
	return gs_fail(&o->error, GS_EINVAL,
	               "owner: %s is %s, not this key, %s; --dry-run shows the call for whom it is", is, needed, key);
}

static enum gs_err propose(struct owning *o, const char *call, uint32_t selector, const struct gs_hash *word,
                           const struct gs_address *who)
{
	struct gs_proposal p;
	enum gs_err err;

	gs_proposal_make(GS_CONTRACT_CLAIMS, call, selector, word, word ? 1 : 0, &p);
	p.from = *who;
	err = gs_propose(&o->t, o->dry_run, &p, &o->error);
	if (err)
		gs_fail_within(&o->error, err, "%s", call);
	else
		gs_proposal_print(&o->t, &p, o->options.json);
	gs_buf_free(&p.data);
	return err;
}

/* The terms of now, with what --set changes. */
static enum gs_err next_terms(struct owning *o, struct gs_u256 *word, struct gs_terms *out)
{
	struct gs_deploy_parameters p;
	enum gs_err err = GS_OK;

	gs_deploy_defaults(&p);
	p.claims.minimum_bond = o->now.terms.minimum_bond;
	p.claims.minimum_fee = o->now.terms.minimum_fee;
	p.claims.bond_ppm = (uint64_t)o->now.terms.bond_bps * (1000 * 1000 / GS_BPS);
	p.claims.fee_ppm = (uint64_t)o->now.terms.fee_bps * (1000 * 1000 / GS_BPS);
	p.claims.window_s = o->now.terms.window_s;
	for (size_t i = 0; i < o->set.count && !err; i++) {
		const char *item = o->set.item[i], *equals = strchr(item, '=');
		char name[64];
		size_t f = 0;
		while (f < TERMS_FIELDS && (!equals || strlen(fields[f]) != (size_t)(equals - item) ||
		                            strncmp(fields[f], item, strlen(fields[f])) != 0))
			f++;
		if (f == TERMS_FIELDS)
			return gs_fail(
				&o->error, GS_EINVAL,
				"--set %.80s: minimum_bond, bond, minimum_fee, fee or window_s is expected, and =VALUE",
				item);
		snprintf(name, sizeof(name), "claims.%s", fields[f]);
		err = gs_deploy_parameters_set(name, equals + 1, &p, &o->error);
	}
	if (!err)
		err = gs_deploy_terms(&p, word, &o->error);
	if (!err && gs_terms_decode(word, out))
		err = gs_fail(&o->error, GS_EINVAL, "these are no terms");
	if (!err && gs_u256_cmp(word, &o->now.word) == 0)
		err = gs_fail(&o->error, GS_EINVAL,
		              "owner terms schedule: these are the terms of now; --set changes them");
	return err;
}

static enum gs_err schedule(struct owning *o)
{
	struct gs_u256 word = {{0}};
	struct gs_terms next = {.version = 0};
	struct gs_hash argument;
	char when[TIME_TEXT_MAX], title[TIME_TEXT_MAX + 32];
	enum gs_err err = check_sender(o, &o->now.owner, "the owner");

	if (!err)
		err = next_terms(o, &word, &next);
	if (err)
		return err;
	time_text(o->now.now + o->now.delay_s, when);
	snprintf(title, sizeof(title), "from %s", when);
	if (!o->options.json) {
		print_terms(&o->now.terms, &next, title);
		printf("%s\n", o->now.scheduled ? "They take the place of those that wait now.\n" : "");
	}
	gs_u256_to_be(&word, argument.b);
	return propose(o, "Claims.scheduleTerms(uint256)", GS_CLAIMS_FN_SCHEDULE_TERMS, &argument, &o->now.owner);
}

static enum gs_err apply(struct owning *o)
{
	char when[TIME_TEXT_MAX];

	time_text(o->now.next_at, when);
	if (!o->now.scheduled)
		return gs_fail(&o->error, GS_EINVAL, "owner terms apply: no terms wait");
	if (o->now.now < o->now.next_at)
		return gs_fail(&o->error, GS_EAGAIN, "owner terms apply: the terms that wait are due at %s, not before",
		               when);
	return propose(o, "Claims.applyTerms()", GS_CLAIMS_FN_APPLY_TERMS, NULL, &o->now.owner);
}

static enum gs_err cancel(struct owning *o)
{
	enum gs_err err = check_sender(o, &o->now.owner, "the owner");

	if (!err && !o->now.scheduled)
		err = gs_fail(&o->error, GS_EINVAL, "owner terms cancel: no terms wait");
	return err ? err : propose(o, "Claims.cancelTerms()", GS_CLAIMS_FN_CANCEL_TERMS, NULL, &o->now.owner);
}

static enum gs_err retire(struct owning *o)
{
	char when[TIME_TEXT_MAX];
	enum gs_err err = check_sender(o, &o->now.owner, "the owner");

	if (!err && o->now.retired_at) {
		time_text(o->now.retired_at, when);
		err = gs_fail(&o->error, GS_EINVAL, "owner retire: it is retired, since %s", when);
	}
	if (err)
		return err;
	if (!o->yes || !o->options.json)
		fprintf(stderr,
		        "Retiring a deployment cannot be undone:\n"
		        "  - from then on no model, claim or batch is accepted, ever again;\n"
		        "  - what is open goes on: games are played, claims become final or invalid;\n"
		        "  - %llu s later everybody can release what is still unfinal, and close its games: bonds go back;\n"
		        "  - stake that is free can be withdrawn at any time; no money moves now.\n",
		        (unsigned long long)o->now.grace_s);
	if (!o->yes && !o->dry_run)
		return gs_fail(&o->error, GS_EINVAL,
		               "owner retire: nothing was done; say --yes to retire the deployment");
	return propose(o, "Claims.retireDeployment()", GS_CLAIMS_FN_RETIRE_DEPLOYMENT, NULL, &o->now.owner);
}

static enum gs_err handover(struct owning *o, const char *to)
{
	struct gs_address next;
	struct gs_hash word;
	enum gs_err err = gs_address_parse(to, &next, &o->error);

	if (err)
		return gs_fail_within(&o->error, err, "owner handover");
	if ((err = check_sender(o, &o->now.owner, "the owner")))
		return err;
	if (gs_address_equal(&next, &o->now.owner))
		return gs_fail(&o->error, GS_EINVAL, "owner handover: %.42s is the owner already", to);
	word = gs_word_of_address(&next);
	return propose(o, "Claims.transferOwnership(address)", GS_CLAIMS_FN_TRANSFER_OWNERSHIP, &word, &o->now.owner);
}

static enum gs_err accept(struct owning *o)
{
	if (gs_address_equal(&o->now.pending, &nobody))
		return gs_fail(&o->error, GS_EINVAL, "owner accept: the deployment is handed over to nobody");
	if (check_sender(o, &o->now.pending, "whom it is handed over to"))
		return o->error.code;
	return propose(o, "Claims.acceptOwnership()", GS_CLAIMS_FN_ACCEPT_OWNERSHIP, NULL, &o->now.pending);
}

static enum gs_err act(struct owning *o, const struct gs_cli *cli)
{
	const char *what = cli->arg[0], *more = cli->arg_count > 1 ? cli->arg[1] : "";

	if (strcmp(what, "retire") == 0)
		return retire(o);
	if (strcmp(what, "handover") == 0)
		return handover(o, more);
	if (strcmp(what, "accept") == 0)
		return accept(o);
	if (strcmp(more, "schedule") == 0)
		return schedule(o);
	if (strcmp(more, "apply") == 0)
		return apply(o);
	if (strcmp(more, "cancel") == 0)
		return cancel(o);
	show(&o->now, o->options.json);
	return GS_OK;
}

static bool understood(const struct gs_cli *cli)
{
	static const char *const verbs[] = {"show", "schedule", "apply", "cancel"};
	const char *what = cli->arg[0];

	if (strcmp(what, "show") == 0 || strcmp(what, "retire") == 0 || strcmp(what, "accept") == 0)
		return cli->arg_count == 1;
	if (cli->arg_count != 2)
		return false;
	for (size_t i = 0; i < GS_ARRAY_LEN(verbs); i++)
		if (strcmp(what, "terms") == 0 && strcmp(cli->arg[1], verbs[i]) == 0)
			return true;
	return strcmp(what, "handover") == 0;
}

static bool looks_only(const struct gs_cli *cli)
{
	return strcmp(cli->arg[cli->arg_count - 1], "show") == 0;
}

int gs_cmd_owner(int argc, char **argv)
{
	struct owning o = {.dry_run = false};
	const struct gs_flag flags[] = {
		{.name = "set",
	         .kind = GS_FLAG_LIST,
	         .value = "NAME=VALUE",
	         .help = "terms schedule: minimum_bond, bond, minimum_fee, fee or window_s (several)",
	         .out = &o.set},
		{.name = "dry-run",
	         .kind = GS_FLAG_BOOL,
	         .help = "try the call from whom it is for, show its bytes, send nothing; needs no key",
	         .out = &o.dry_run},
		{.name = "yes", .kind = GS_FLAG_BOOL, .help = "retire: the consequences are known", .out = &o.yes},
	};
	struct gs_cli cli = {
		.usage =
			"gainsay owner show | terms show|schedule|apply|cancel | retire --yes | handover ADDRESS | accept",
		.about =
			"What the owner of a deployment may do: announce other terms for later claims (after the delay anybody applies them), retire the "
			"deployment, and hand it over, which the next owner completes with accept. Nothing here moves money or touches what is posted.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 2,
	};
	enum gs_err err;
	int code = gs_options_parse(&o.options, &cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (!understood(&cli))
		return gs_cli_misused(
			"owner: show, terms show|schedule|apply|cancel, retire, handover ADDRESS or accept is "
			"expected");
	err = gs_proposal_open(&o.options, o.dry_run || looks_only(&cli), &o.t, &o.error);
	if (err)
		return gs_cli_fail(&o.error);
	err = gs_deployed_read(o.t.session.rpc, &o.t.session.deployment, &o.now, &o.error);
	if (!err)
		err = act(&o, &cli);
	gs_transact_close(&o.t);
	return err ? gs_cli_fail(&o.error) : GS_EXIT_OK;
}
