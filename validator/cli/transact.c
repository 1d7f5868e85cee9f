#include "validator/cli/transact.h"

#include <string.h>

#include "validator/daemon/commands.h"

enum { NONCE_TRIES_MAX = 8, RECEIPT_POLL_MS = 200, LOCK_TRIES_MAX = 10 /* of GS_SESSION_KEY_WAIT_MS */ };

enum gs_err gs_transact_open(const struct gs_options *options, struct gs_transact *out, struct gs_error *error)
{
	return gs_options_session(options, GS_SESSION_CONTRACTS | GS_SESSION_KEY, &out->config, &out->session, error);
}

int gs_transact_begin(struct gs_options *options, struct gs_cli *cli, int argc, char **argv,
                      bool (*understood)(const struct gs_cli *), const char *expected, struct gs_transact *out)
{
	struct gs_error error = {0};
	int code = gs_options_parse(options, cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (understood && !understood(cli))
		return gs_cli_misused("%s: %s is expected", argv[0], expected);
	return gs_transact_open(options, out, &error) ? gs_cli_fail(&error) : GS_CLI_GO_ON;
}

struct gs_hash gs_word_of_address(const struct gs_address *v)
{
	struct gs_hash word = {{0}};

	memcpy(word.b + sizeof(word.b) - sizeof(v->b), v->b, sizeof(v->b));
	return word;
}

struct gs_hash gs_word_of_amount(struct gs_wei v)
{
	struct gs_hash word;

	gs_u256_to_be(&v.v, word.b);
	return word;
}

enum gs_err gs_transact_call(const struct gs_transact *t, enum gs_contract contract, uint32_t selector,
                             const struct gs_hash *words, size_t count, struct gs_error *error)
{
	struct gs_abi_writer w;
	struct gs_buf data;

	gs_buf_init(&data, GS_TRANSACT_DATA_MAX);
	gs_abi_call(&w, &data, selector, count);
	for (size_t i = 0; i < count; i++)
		gs_abi_put_hash(&w, &words[i]);
	gs_abi_end(&w);
	return gs_transact_send(t, contract, &data, NULL, error);
}

void gs_transact_close(struct gs_transact *t)
{
	gs_session_close(&t->session);
}

/* To the node that has the key. What would revert is said here, where the reason is known. */
static enum gs_err hand_over(const struct gs_transact *t, const struct gs_send_request *request,
                             struct gs_receipt *receipt, struct gs_error *error)
{
	const struct gs_eth_call trial = {.from = &t->session.account, .to = &request->to, .data = request->data};
	const struct gs_commands_call call = {.account = t->session.account,
	                                      .chain_id = t->session.chain_id,
	                                      .to = request->to,
	                                      .data = request->data};
	struct gs_hash tx;
	uint64_t gas;
	enum gs_err err;

	err = gs_eth_estimate_gas(t->session.rpc, &trial, &gas, error);
	if (!err)
		err = gs_commands_send(t->config.key.lock_folder, &call, GS_TRANSACT_TIMEOUT_MS, &tx, error);
	return err ? err : gs_sender_wait(t->session.rpc, &tx, GS_TRANSACT_TIMEOUT_MS, RECEIPT_POLL_MS, receipt, error);
}

/* Finds out who sends: the node that has the key (*node), or this process, which has its lock then. A node that begins has the lock before it
 * takes calls. GS_ECONFLICT: somebody else has it, and takes none. */
static enum gs_err find_sender(const struct gs_transact *t, bool *node, struct gs_key_lock *lock,
                               struct gs_error *error)
{
	const struct gs_commands_call call = {.account = t->session.account, .chain_id = t->session.chain_id};
	enum gs_err err = GS_ECONFLICT;

	*node = false;
	for (int tries = 0; err == GS_ECONFLICT && tries < LOCK_TRIES_MAX && !*node; tries++) {
		*node = !t->config.key.share && gs_commands_reachable(t->config.key.lock_folder, &call);
		err = *node ? GS_OK : gs_session_lock_command(&t->session, &t->config, lock, error);
	}
	return err;
}

static enum gs_err send_with_key(const struct gs_transact *t, struct gs_send_request *request,
                                 struct gs_receipt *receipt, struct gs_error *error)
{
	struct gs_sender sender = gs_session_sender(&t->session);
	enum gs_err err = gs_sender_next_nonce(&sender, &request->nonce, error);

	for (int tries = 1; !err; tries++) {
		uint64_t next = request->nonce;
		err = gs_sender_run(&sender, request, GS_TRANSACT_TIMEOUT_MS, receipt, error);
		/* With --share-key, a daemon with the same key was faster: nothing of ours was sent, so the next nonce will do. */
		if (!err)
			break;
		if (err != GS_ECONFLICT || tries == NONCE_TRIES_MAX ||
		    gs_sender_next_nonce(&sender, &next, NULL) != GS_OK || next == request->nonce ||
		    receipt->gas_used != 0)
			break;
		request->nonce = next;
		err = GS_OK;
	}
	return err;
}

enum gs_err gs_transact_send(const struct gs_transact *t, enum gs_contract contract, struct gs_buf *calldata,
                             struct gs_receipt *receipt, struct gs_error *error)
{
	struct gs_send_request request = {.to = t->session.deployment.contract[contract],
	                                  .data = gs_buf_view(calldata),
	                                  .fee_max = t->config.chain.fee_max};
	struct gs_receipt local = {0};
	struct gs_receipt *const to = receipt ? receipt : &local;
	struct gs_key_lock lock = {-1};
	bool node = false;
	enum gs_err err = calldata->err ? gs_fail(error, calldata->err, "the transaction is too large") : GS_OK;

	if (!err)
		err = find_sender(t, &node, &lock, error);
	if (!err)
		err = node ? hand_over(t, &request, to, error) : send_with_key(t, &request, to, error);
	gs_key_lock_release(&lock);
	gs_receipt_free(&local);
	gs_buf_free(calldata);
	return err;
}

enum gs_err gs_transact_amount(const char *what, const char *text, struct gs_wei *out, struct gs_error *error)
{
	enum gs_err err = gs_wei_parse_ether(text, out);

	return err ? gs_fail(error, err, "%s: '%s' is not an amount such as 12.5", what, text) : GS_OK;
}
