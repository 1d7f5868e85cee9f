/* gainsay batch: many claims in one transaction: posted, opened leaf by leaf, listed. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/eth/bindings.h"
#include "validator/cli/answer.h"
#include "validator/cli/batch_list.h"
#include "validator/cli/commands.h"
#include "validator/cli/lookup.h"
#include "validator/cli/posting.h"
#include "validator/cli/stored.h"
#include "validator/daemon/batches.h"

/* A transaction of 128 KiB is what endpoints take: so many leaves of 80 bytes. */
enum { LEAVES_SENT_MAX = 1600 };

struct batch {
	const char *value_text;
	bool root_only;
	uint64_t threads;
	struct gs_wei value; /* of a leaf that does not say */
	struct gs_program program;
	struct gs_batch_list list;
	struct gs_buf leaves; /* as they go into calldata */
	struct gs_buf arrays; /* their data, as the file has them */
	struct gs_wei sum;
	struct gs_batch_file file; /* id and name */
	struct gs_wei bond, fee;
	struct gs_time window_end;
	struct gs_hash tx;
};

/* --- posting --- */

static enum gs_err add_leaf(struct batch *b, size_t index, struct gs_error *error)
{
	struct gs_batch_leaf leaf = {.value = b->value};
	struct gs_tensor_set inputs, outputs;
	struct gs_answer answer = {0};
	uint8_t bytes[GS_BATCH_LEAF_BYTES];
	enum gs_err err;

	gs_tensor_set_init(&inputs);
	gs_tensor_set_init(&outputs);
	err = gs_batch_list_leaf(&b->list, index, &inputs, &outputs, &leaf.value, error);
	if (!err && (leaf.value.v.limb[2] || leaf.value.v.limb[3] || gs_wei_add(b->sum, leaf.value, &b->sum)))
		err = gs_fail(error, GS_ELIMIT, "more than claims can be worth");
	if (!err)
		err = gs_answer_make(&b->program, &inputs, &outputs, false, (unsigned)b->threads, &answer, error);
	if (!err) {
		leaf.input_root = answer.input_root;
		leaf.output_root = answer.output_root;
		gs_batch_leaf_write(&leaf, bytes);
		gs_buf_append(&b->leaves, bytes, sizeof(bytes));
		gs_batch_file_add(&b->arrays, answer.input_view, answer.output_view);
		err = b->arrays.err ? gs_fail(error, b->arrays.err,
		                              "the leaves' data are longer than %d bytes; post several batches",
		                              GS_BATCH_FILE_MAX)
		                    : GS_OK;
	}
	gs_answer_free(&answer);
	gs_tensor_set_free(&inputs);
	gs_tensor_set_free(&outputs);
	return err ? gs_fail_within(error, err, "leaf %zu", index) : GS_OK;
}

/* The file first: a batch that is on chain and whose data are lost cannot be defended. */
static enum gs_err keep(struct batch *b, const struct gs_transact *t, struct gs_error *error)
{
	struct gs_batch_name name = {.claimant = t->session.account,
	                             .count = (uint32_t)b->list.count,
	                             .kind = b->root_only ? GS_BATCH_ROOT_ONLY : GS_BATCH_CALLDATA};
	struct gs_contracts contracts;
	struct gs_hash model;
	struct gs_buf bytes;
	enum gs_err err = gs_posting_salt(&name.salt, error);

	if (err)
		return err;
	gs_deployment_contracts(&t->session.deployment, &contracts);
	gs_header_model_id(&b->program.header, &model);
	if (!b->root_only)
		name.model = model;
	gs_buf_init(&bytes, GS_BATCH_FILE_MAX);
	err = gs_batch_file_begin(contracts.chain_id, &contracts.batches, &name, &model, gs_buf_view(&b->leaves),
	                          &b->file, &bytes);
	gs_buf_append(&bytes, b->arrays.ptr, b->arrays.len);
	if (!err)
		err = bytes.err;
	if (err)
		err = gs_fail(error, err, "the batch does not fit a file");
	else
		err = gs_batch_file_write(t->config.batches, &b->file.id, gs_buf_view(&bytes), error);
	gs_buf_free(&bytes);
	return err;
}

static enum gs_err read_posted(struct batch *b, const struct gs_transact *t, const struct gs_receipt *receipt,
                               struct gs_error *error)
{
	struct gs_contracts contracts;
	struct gs_terms terms;
	struct gs_wei share;

	gs_deployment_contracts(&t->session.deployment, &contracts);
	b->tx = receipt->tx_hash;
	for (size_t i = 0; i < receipt->logs.count; i++) {
		struct gs_event e;
		enum gs_err err = gs_event_decode(&contracts, &receipt->logs.entries[i], &e, error);
		if (err)
			return err;
		if (e.kind != GS_EVENT_BATCH_POSTED || !gs_hash_equal(&e.batch, &b->file.id))
			continue;
		if (b->root_only)
			return GS_OK; /* nothing is locked yet */
		b->window_end = e.window_end;
		if (gs_terms_decode(&e.terms_word, &terms) ||
		    gs_wei_mul_u64(terms.minimum_bond, b->list.count, &b->bond) ||
		    gs_bond_share(b->sum, terms.bond_bps, &share) || gs_wei_add(b->bond, share, &b->bond) ||
		    gs_wei_mul_u64(terms.minimum_fee, b->list.count, &b->fee) ||
		    gs_bond_share(b->sum, terms.fee_bps, &share) || gs_wei_add(b->fee, share, &b->fee))
			return gs_fail(error, GS_EPARSE, "batch: terms that this version does not know");
		return GS_OK;
	}
	return gs_fail(error, GS_EPARSE, "batch: the receipt does not show it posted");
}

static enum gs_err send(struct batch *b, const struct gs_transact *t, struct gs_error *error)
{
	struct gs_receipt receipt = {0};
	struct gs_abi_writer w;
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, GS_TRANSACT_DATA_MAX);
	if (b->root_only) {
		gs_abi_call(&w, &data, GS_BATCHES_FN_POST_ROOT, 4);
		gs_abi_put_hash(&w, &b->file.name.root);
		gs_abi_put_u64(&w, b->file.name.count);
		gs_abi_put_u64(&w, b->file.name.salt);
		gs_abi_put_hash(&w, &b->file.model);
	} else {
		gs_abi_call(&w, &data, GS_BATCHES_FN_POST_LEAVES, 3);
		gs_abi_put_u64(&w, b->file.name.salt);
		gs_abi_put_hash(&w, &b->file.model);
		gs_abi_put_bytes(&w, gs_buf_view(&b->leaves));
	}
	gs_abi_end(&w);
	err = gs_transact_send(t, GS_CONTRACT_BATCHES, &data, &receipt, error);
	if (!err)
		err = read_posted(b, t, &receipt, error);
	gs_receipt_free(&receipt);
	return err;
}

static enum gs_err post(struct batch *b, const struct gs_options *options, const char *model, const char *list,
                        struct gs_error *error)
{
	struct gs_transact t;
	enum gs_err err = gs_transact_amount("--value", b->value_text, &b->value, error);

	if (!err)
		err = gs_batch_list_read(list, &b->list, error);
	if (!err && !b->root_only && b->list.count > LEAVES_SENT_MAX)
		err = gs_fail(error, GS_ELIMIT,
		              "%zu leaves do not fit one transaction: post at most %d in a batch, or --root-only",
		              b->list.count, LEAVES_SENT_MAX);
	if (!err)
		err = gs_model_load(model, &b->program, error);
	if (!err)
		err = gs_transact_open(options, &t, error);
	if (err)
		return err;
	if (!t.config.batches[0])
		err = gs_fail(error, GS_EINVAL,
		              "batches: not named; give --batches DIR, the folder that keeps the data of the leaves");
	for (size_t i = 0; i < b->list.count && !err; i++)
		err = add_leaf(b, i, error);
	if (!err)
		err = keep(b, &t, error);
	if (!err)
		err = send(b, &t, error);
	gs_transact_close(&t);
	return err;
}

static void put(json_t *json, const char *name, const char *value, bool as_json)
{
	json_object_set_new(json, name, json_string(value));
	if (!as_json)
		printf("%-12s %s\n", name, value);
}

static void put_hash(json_t *json, const char *name, const struct gs_hash *hash, bool as_json)
{
	char hex[67];

	gs_hex_encode(hash->b, sizeof(hash->b), true, hex);
	put(json, name, hex, as_json);
}

static void finish_json(json_t *json, bool as_json)
{
	if (as_json) {
		json_dumpf(json, stdout, JSON_INDENT(2));
		printf("\n");
	}
	json_decref(json);
}

static void print_batch(const struct batch *b, bool as_json)
{
	const struct {
		const char *name;
		struct gs_wei amount;
	} amounts[] = {{"value", b->sum}, {"bond", b->bond}, {"fee", b->fee}};
	json_t *json = json_object();
	char text[GS_U256_DECIMAL_MAX];

	put_hash(json, "batch_id", &b->file.id, as_json);
	put(json, "kind", b->root_only ? "root_only" : "calldata", as_json);
	put_hash(json, "model_id", &b->file.model, as_json);
	put_hash(json, "root", &b->file.name.root, as_json);
	json_object_set_new(json, "leaves", json_integer((json_int_t)b->list.count));
	if (!as_json)
		printf("%-12s %zu\n", "leaves", b->list.count);
	for (size_t i = 0; i < GS_ARRAY_LEN(amounts); i++) {
		gs_wei_format_ether(amounts[i].amount, text);
		put(json, amounts[i].name, text, as_json);
	}
	put_hash(json, "tx", &b->tx, as_json);
	if (!b->root_only)
		json_object_set_new(json, "window_end", json_integer((json_int_t)b->window_end.unix_s));
	finish_json(json, as_json);
}

static int run_post(struct batch *b, const struct gs_options *options, const struct gs_cli *cli)
{
	struct gs_error error = {0};
	enum gs_err err;

	gs_buf_init(&b->leaves, GS_BATCH_LEAVES_MAX * GS_BATCH_LEAF_BYTES);
	gs_buf_init(&b->arrays, GS_BATCH_FILE_MAX);
	err = post(b, options, cli->arg[1], cli->arg[2], &error);
	if (!err)
		print_batch(b, options->json);
	gs_buf_free(&b->leaves);
	gs_buf_free(&b->arrays);
	gs_batch_list_free(&b->list);
	gs_program_free(&b->program);
	return err ? gs_cli_fail(&error) : GS_EXIT_OK;
}

/* --- opening --- */

/* A leaf on its way to be opened, from a file or from the chain. */
struct opening {
	struct gs_batch_file file;
	struct gs_buf from_chain; /* leaves of a batch in calldata whose file is not here */
	struct gs_claim_body body;
	struct gs_leaf_data data;
};

static enum gs_err find(struct opening *o, const struct gs_transact *t, const struct gs_contracts *contracts,
                        const char *id, struct gs_error *error)
{
	char path[GS_BATCH_PATH_MAX];
	enum gs_err err = GS_ENOTFOUND;

	if (t->config.batches[0])
		err = gs_batches_find(t->config.batches, id, path, error);
	if (!err)
		return gs_batch_file_read(path, contracts->chain_id, &contracts->batches, &o->file, error);
	if (err != GS_ENOTFOUND)
		return err;
	err = gs_lookup_batch(&t->session, id, &o->file.id, &o->file.name, &o->from_chain, error);
	o->file.model = o->file.name.model;
	o->file.leaves = gs_buf_view(&o->from_chain);
	if (!err && o->file.name.kind == GS_BATCH_ROOT_ONLY)
		err = gs_fail(error, GS_ENOTFOUND,
		              "%.80s: only its root is on chain; give --batches DIR, the folder with its file", id);
	return err;
}

static enum gs_err open_leaf(struct opening *o, const struct gs_transact *t, const char *id, uint32_t index,
                             struct gs_error *error)
{
	uint8_t words[GS_CLAIM_BODY_WORDS * GS_ABI_WORD];
	struct gs_hash root, path[GS_BATCH_LEVELS_MAX];
	struct gs_contracts contracts;
	struct gs_abi_writer w;
	struct gs_buf data;
	unsigned levels;
	bool root_only;
	enum gs_err err;

	gs_deployment_contracts(&t->session.deployment, &contracts);
	err = find(o, t, &contracts, id, error);
	if (err)
		return err;
	if (index >= o->file.name.count)
		return gs_fail(error, GS_EINVAL, "leaf %u: the batch has %u", index, o->file.name.count);
	root_only = o->file.name.kind == GS_BATCH_ROOT_ONLY;
	if (o->file.array) {
		gs_batch_file_claim(&o->file, contracts.chain_id, &contracts.claims, index, &o->body, &o->data);
	} else {
		const struct gs_batch_leaf leaf = gs_batch_leaf_read(o->file.leaves.ptr +
		                                                     (size_t)index * GS_BATCH_LEAF_BYTES);
		gs_batch_body(&o->file.id, &o->file.name.claimant, &o->file.model, index, &leaf, &o->body);
		gs_claim_id(contracts.chain_id, &contracts.claims, &o->body, &o->data.claim);
	}
	err = gs_batch_tree(&o->file.model, o->file.leaves, index, &root, path, &levels);
	if (err)
		return gs_fail(error, err, "%.80s: no memory for its tree", id);
	gs_buf_init(&data, GS_TRANSACT_DATA_MAX);
	gs_abi_call(&w, &data, root_only ? GS_BATCHES_FN_OPEN_LEAF_2 : GS_BATCHES_FN_OPEN_LEAF,
	            GS_CLAIM_BODY_WORDS + (root_only ? 5 : 3));
	gs_claim_body_encode(&o->body, words);
	for (size_t i = 0; i < sizeof(words); i += GS_ABI_WORD)
		gs_abi_put_word(&w, words + i);
	gs_abi_put_u64(&w, o->file.name.salt);
	gs_abi_put_u64(&w, o->file.name.count);
	gs_abi_put_hashes(&w, path, levels);
	if (root_only) {
		gs_abi_put_bytes(&w, o->data.input);
		gs_abi_put_bytes(&w, o->data.output);
	}
	gs_abi_end(&w);
	return gs_transact_send(t, GS_CONTRACT_BATCHES, &data, NULL, error);
}

static int run_open(const struct gs_options *options, const struct gs_cli *cli)
{
	struct opening o = {.data = {.claim = {{0}}}};
	struct gs_transact t;
	struct gs_error error = {0};
	struct gs_u256 index;
	json_t *json;
	enum gs_err err;

	if (gs_u256_parse(cli->arg[2], strlen(cli->arg[2]), &index) || !gs_u256_fits_u64(&index) ||
	    index.limb[0] > UINT32_MAX)
		return gs_cli_misused("batch open: %.40s: not a leaf's number", cli->arg[2]);
	if (gs_transact_open(options, &t, &error))
		return gs_cli_fail(&error);
	gs_buf_init(&o.from_chain, GS_BATCH_LEAVES_MAX * GS_BATCH_LEAF_BYTES);
	err = open_leaf(&o, &t, cli->arg[1], (uint32_t)index.limb[0], &error);
	gs_transact_close(&t);
	if (!err) {
		json = json_object();
		put_hash(json, "claim_id", &o.data.claim, options->json);
		put_hash(json, "batch_id", &o.file.id, options->json);
		finish_json(json, options->json);
	}
	gs_batch_file_free(&o.file);
	gs_buf_free(&o.from_chain);
	return err ? gs_cli_fail(&error) : GS_EXIT_OK;
}

/* --- listing --- */

static void print_list(const json_t *list)
{
	size_t i;
	const json_t *item;

	printf("%-18s %-9s %-6s %6s %8s\n", "batch", "kind", "status", "leaves", "executed");
	json_array_foreach(list, i, item) printf(
		"%.18s %-9s %-6s %6lld %8lld\n", json_string_value(json_object_get(item, "batch_id")),
		json_string_value(json_object_get(item, "kind")), json_string_value(json_object_get(item, "status")),
		(long long)json_integer_value(json_object_get(item, "leaves")),
		(long long)json_integer_value(json_object_get(item, "sampled")));
}

static int run_list(const struct gs_options *options)
{
	struct gs_stored stored;
	struct gs_error error = {0};
	json_t *json = NULL;
	enum gs_err err;

	if (gs_stored_open(options, &stored, &error))
		return gs_cli_fail(&error);
	err = gs_stored_batches(&stored, &json, &error);
	gs_stored_close(&stored);
	if (err)
		return gs_cli_fail(&error);
	if (options->json) {
		json_dumpf(json, stdout, JSON_INDENT(2));
		printf("\n");
	} else {
		print_list(json);
	}
	json_decref(json);
	return GS_EXIT_OK;
}

int gs_cmd_batch(int argc, char **argv)
{
	struct batch *b = calloc(1, sizeof(*b));
	struct gs_options options;
	int code;

	if (!b)
		return gs_cli_fail(&(struct gs_error){.code = GS_ENOMEM, .text = "no memory"});
	b->value_text = "0";
	b->threads = 1;
	const struct gs_flag flags[] = {
		{.name = "value",
	         .kind = GS_FLAG_TEXT,
	         .value = "AMOUNT",
	         .help = "post: at stake in each leaf that does not say (0)",
	         .out = &b->value_text},
		{.name = "root-only",
	         .kind = GS_FLAG_BOOL,
	         .help = "post: only the root; a leaf is nothing until it is opened",
	         .out = &b->root_only},
		{.name = "threads",
	         .kind = GS_FLAG_U64,
	         .value = "N",
	         .help = "worker threads (1)",
	         .out = &b->threads},
	};
	struct gs_cli cli = {
		.usage = "gainsay batch post MODEL LIST | open BATCH_ID LEAF | list",
		.about =
			"post: executes a registered model on each input of LIST (a folder of tensors, or a file with a line a leaf) and claims all "
			"results at once;\n      what it claims is kept in a file of the folder --batches, which 'gainsay defend' needs.\n"
			"open: makes a leaf a claim of its own, to challenge it, to demand its data, or to have it final for itself.\n"
			"list: the batches that a node has seen.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 1,
		.args_max = 3,
	};
	code = gs_options_parse(&options, &cli, argc, argv);
	if (code == GS_CLI_GO_ON) {
		if (cli.arg_count == 3 && strcmp(cli.arg[0], "post") == 0)
			code = run_post(b, &options, &cli);
		else if (cli.arg_count == 3 && strcmp(cli.arg[0], "open") == 0)
			code = run_open(&options, &cli);
		else if (cli.arg_count == 1 && strcmp(cli.arg[0], "list") == 0)
			code = run_list(&options);
		else
			code = gs_cli_misused("batch: post MODEL LIST, open BATCH_ID LEAF, or list is expected");
	}
	free(b);
	return code;
}
