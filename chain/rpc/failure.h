/* chain/rpc/failure.h: what the failure of a call to a node is made of, for those who must act on it.
 *
 * A person reads one line (gs_error); a program asks what kind it was, and a contract's revert keeps its data. */
#ifndef GS_CHAIN_RPC_FAILURE_H
#define GS_CHAIN_RPC_FAILURE_H

#include <stdarg.h>

#include "chain/core/core.h"

enum {
	GS_RPC_URL_MAX = 1024,
	GS_RPC_RESPONSE_MAX = 64 * 1024 * 1024,
	GS_RPC_CONNECT_MS_DEFAULT = 5000,
	GS_RPC_TIMEOUT_MS_DEFAULT = 30000,
	GS_RPC_REVERT_MAX = 4096,
	GS_RPC_MESSAGE_MAX = 256,
};

enum gs_rpc_failure_kind {
	GS_RPC_NO_FAILURE,
	GS_RPC_TRANSPORT, /* GS_EIO: no connection, cut, timed out, TLS; GS_EAGAIN: too many calls wait already */
	GS_RPC_HTTP,      /* GS_EAGAIN for 429 and 503, else GS_EIO; code is the HTTP status */
	GS_RPC_MALFORMED, /* GS_EPARSE: not JSON-RPC, or a result that is not of the method's form */
	GS_RPC_OVERSIZE,  /* GS_ELIMIT: larger than GS_RPC_RESPONSE_MAX or another named limit */
	GS_RPC_REMOTE, /* the node answered with an error; GS_EINVAL, GS_EUNSUPPORTED (no such method), GS_EAGAIN (rate limit) */
	GS_RPC_REVERT, /* GS_ECONFLICT: the contract reverted; revert holds its data */
};

struct gs_rpc_failure {
	enum gs_rpc_failure_kind kind;
	int64_t code; /* of JSON-RPC or HTTP */
	char message[GS_RPC_MESSAGE_MAX];
	uint8_t revert[GS_RPC_REVERT_MAX]; /* cut to this size */
	size_t revert_len;
	uint32_t retry_after_s; /* of HTTP: the server asked to be left alone for so long; 0: it did not say */
};

/* Back to GS_RPC_NO_FAILURE. */
void gs_rpc_failure_clear(struct gs_rpc_failure *failure);
/* Writes kind, code and message (revert data stays as it is) and returns err. */
enum gs_err gs_rpc_failure_set(struct gs_rpc_failure *failure, enum gs_rpc_failure_kind kind, int64_t code,
                               enum gs_err err, const char *fmt, ...) GS_PRINTF(5, 6);
enum gs_err gs_rpc_failure_vset(struct gs_rpc_failure *failure, enum gs_rpc_failure_kind kind, int64_t code,
                                enum gs_err err, const char *fmt, va_list args) GS_PRINTF(5, 0);

#endif
