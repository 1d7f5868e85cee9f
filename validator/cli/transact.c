#include "validator/cli/transact.h"

enum { NONCE_TRIES_MAX = 8 };

enum gs_err gs_transact_open(const struct gs_options *options, struct gs_transact *out, struct gs_error *error)
{
	return gs_options_session(options, GS_SESSION_CONTRACTS | GS_SESSION_KEY, &out->config, &out->session, error);
}

void gs_transact_close(struct gs_transact *t)
{
	gs_session_close(&t->session);
}

enum gs_err gs_transact_send(const struct gs_transact *t, enum gs_contract contract, struct gs_buf *calldata,
                             struct gs_receipt *receipt, struct gs_error *error)
{
	struct gs_sender sender = gs_session_sender(&t->session);
	struct gs_send_request request = {.to = t->session.deployment.contract[contract],
	                                  .data = gs_buf_view(calldata),
	                                  .fee_max = t->config.chain.fee_max};
	struct gs_receipt local = {0};
	enum gs_err err = calldata->err ? gs_fail(error, calldata->err, "the transaction is too large") : GS_OK;

	if (!err)
		err = gs_sender_next_nonce(&sender, &request.nonce, error);
	for (int tries = 1; !err; tries++) {
		uint64_t next = request.nonce;
		err = gs_sender_run(&sender, &request, GS_TRANSACT_TIMEOUT_MS, receipt ? receipt : &local, error);
		/* A daemon with the same key was faster: nothing of ours was sent, so the next nonce will do. */
		if (!err)
			break;
		if (err != GS_ECONFLICT || tries == NONCE_TRIES_MAX ||
		    gs_sender_next_nonce(&sender, &next, NULL) != GS_OK || next == request.nonce ||
		    (receipt ? receipt : &local)->gas_used != 0)
			break;
		request.nonce = next;
		err = GS_OK;
	}
	if (!receipt)
		gs_receipt_free(&local);
	gs_buf_free(calldata);
	return err;
}

enum gs_err gs_transact_amount(const char *what, const char *text, struct gs_wei *out, struct gs_error *error)
{
	enum gs_err err = gs_wei_parse_ether(text, out);

	return err ? gs_fail(error, err, "%s: '%s' is not an amount such as 12.5", what, text) : GS_OK;
}
