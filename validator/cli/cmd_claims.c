/* gainsay claims, gainsay games, gainsay show: what a node's database holds. */
#include <stdio.h>
#include <string.h>

#include "validator/cli/commands.h"
#include "validator/cli/stored.h"

static const char *text_of(const json_t *item, const char *name)
{
	const char *text = json_string_value(json_object_get(item, name));

	return text ? text : "-";
}

static void print_claims(const json_t *list)
{
	size_t i;
	const json_t *item;

	printf("%5s  %-18s %-8s %-8s %-10s %-12s %5s\n", "no", "claim", "status", "sampled", "reason", "verdict",
	       "games");
	json_array_foreach(list, i, item)
		printf("%5lld  %.18s %-8s %-8s %-10s %-12s %5lld\n", (long long)i + 1, text_of(item, "claim_id"),
	               text_of(item, "status"), json_is_true(json_object_get(item, "sampled")) ? "yes" : "no",
	               text_of(item, "reason"), text_of(item, "verdict"),
	               (long long)json_integer_value(json_object_get(item, "games")));
}

static void print_games(const json_t *list)
{
	size_t i;
	const json_t *item;

	printf("%-18s %-18s %-14s %-10s %-8s %5s\n", "game", "claim", "outcome", "reason", "phase", "moves");
	json_array_foreach(list, i, item)
		printf("%.18s %.18s %-14s %-10s %-8s %5lld\n", text_of(item, "game_id"), text_of(item, "claim_id"),
	               text_of(item, "outcome"), text_of(item, "reason"), text_of(item, "phase"),
	               (long long)json_integer_value(json_object_get(item, "moves")));
}

static void print_json(const json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2));
	printf("\n");
}

/* The items whose field begins with the id; a new reference. */
static json_t *with_id(const json_t *all, const char *field, const char *id)
{
	json_t *found = json_array();
	size_t i;
	json_t *item;

	json_array_foreach(all, i, item) if (strncmp(text_of(item, field), id, strlen(id)) == 0)
		json_array_append(found, item);
	return found;
}

static enum gs_err find(struct gs_stored *stored, const char *id, json_t **out, struct gs_error *error)
{
	json_t *claims = NULL, *games = NULL, *intents = NULL, *matches;
	size_t i;
	json_t *item;
	enum gs_err err = gs_stored_claims(stored, &claims, error);

	if (!err)
		err = gs_stored_games(stored, &games, error);
	if (!err)
		err = gs_stored_intents(stored, &intents, error);
	if (err)
		goto out;
	matches = with_id(claims, "claim_id", id);
	json_array_foreach(matches, i, item)
	{
		json_object_set_new(item, "disputes", with_id(games, "claim_id", text_of(item, "claim_id")));
		json_object_set_new(item, "transactions", with_id(intents, "subject", text_of(item, "claim_id")));
	}
	if (json_array_size(matches) == 0) {
		json_decref(matches);
		matches = with_id(games, "game_id", id);
		json_array_foreach(matches, i, item) json_object_set_new(
			item, "transactions", with_id(intents, "subject", text_of(item, "game_id")));
	}
	if (json_array_size(matches) == 0)
		err = gs_fail(error, GS_ENOTFOUND,
		              "%.70s: this node knows no claim or game with that id; 'gainsay claims' lists them", id);
	else if (json_array_size(matches) > 1)
		err = gs_fail(error, GS_EINVAL, "%.70s: more than one claim or game begins with that; give more digits",
		              id);
	else
		*out = json_incref(json_array_get(matches, 0));
	json_decref(matches);
out:
	json_decref(claims);
	json_decref(games);
	json_decref(intents);
	return err;
}

typedef enum gs_err read_stored(struct gs_stored *stored, json_t **out, struct gs_error *error);

/* Reads from the configured database, and prints: by `print`, or as JSON when that is asked for. id: one record; NULL: all that `read` finds. */
static int view(const struct gs_options *options, const char *id, read_stored *read, void (*print)(const json_t *))
{
	struct gs_stored stored;
	struct gs_error error = {0};
	json_t *json = NULL;
	enum gs_err err;

	if (gs_stored_open(options, &stored, &error))
		return gs_cli_fail(&error);
	err = id ? find(&stored, id, &json, &error) : read(&stored, &json, &error);
	gs_stored_close(&stored);
	if (err)
		return gs_cli_fail(&error);
	if (options->json)
		print_json(json);
	else
		print(json);
	json_decref(json);
	return GS_EXIT_OK;
}

static int list(int argc, char **argv, const char *usage, const char *about, read_stored *read,
                void (*print)(const json_t *))
{
	struct gs_options options;
	struct gs_cli cli = {.usage = usage, .about = about};
	int code = gs_options_parse(&options, &cli, argc, argv);

	return code == GS_CLI_GO_ON ? view(&options, NULL, read, print) : code;
}

int gs_cmd_claims(int argc, char **argv)
{
	return list(argc, argv, "gainsay claims --db DIR",
	            "Lists the claims that a node has seen, what it decided about them, and what became of them.",
	            gs_stored_claims, print_claims);
}

int gs_cmd_games(int argc, char **argv)
{
	return list(argc, argv, "gainsay games --db DIR", "Lists the disputes that a node has seen.", gs_stored_games,
	            print_games);
}

int gs_cmd_show(int argc, char **argv)
{
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay show ID --db DIR",
		.about =
			"Shows one claim or one game, by its id or the first digits of it, with what this node did about it.",
		.args_min = 1,
		.args_max = 1};
	int code = gs_options_parse(&options, &cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (strncmp(cli.arg[0], "0x", 2) != 0 || strlen(cli.arg[0]) < 4)
		return gs_cli_misused("show: %s: not an id; it begins with 0x", cli.arg[0]);
	return view(&options, cli.arg[0], NULL, print_json);
}
