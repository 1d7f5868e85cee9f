#include "validator/cli/transact.h"

#include <string.h>

enum gs_err gs_transact(const struct gs_session *session, enum gs_contract to, struct gs_buf *calldata,
                        struct gs_receipt *receipt, struct gs_error *error)
{
	const struct gs_sender sender = gs_session_sender(session);
	struct gs_send_request request = {.to = session->deployment.contract[to], .data = gs_buf_view(calldata)};
	struct gs_receipt got;
	enum gs_err err;

	memset(&got, 0, sizeof(got));
	err = calldata->err ? gs_fail(error, calldata->err, "calldata is too large") : GS_OK;
	if (!err)
		err = gs_sender_next_nonce(&sender, &request.nonce, error);
	if (!err)
		err = gs_sender_run(&sender, &request, GS_TRANSACT_TIMEOUT_MS, &got, error);
	gs_buf_free(calldata);
	if (err || !receipt)
		gs_receipt_free(&got);
	else
		*receipt = got;
	return err;
}

enum gs_err gs_view_call(const struct gs_session *session, enum gs_contract to, struct gs_buf *calldata,
                         struct gs_buf *out, struct gs_error *error)
{
	const struct gs_eth_call call = {.to = &session->deployment.contract[to], .data = gs_buf_view(calldata)};
	enum gs_err err = calldata->err ? gs_fail(error, calldata->err, "calldata is too large") : GS_OK;

	if (!err)
		err = gs_eth_do_call(session->rpc, &call, gs_block_latest(), out, error);
	gs_buf_free(calldata);
	return err;
}
