/* Answers of nodes: whatever is read is a response to the call that was made, and every refusal says why. */
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/jsonrpc.h"

enum { ID = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_failure(enum gs_err err, const struct gs_rpc_failure *failure)
{
	must(failure->message[0] && memchr(failure->message, '\0', sizeof(failure->message)));
	must(failure->revert_len <= GS_RPC_REVERT_MAX);
	switch (failure->kind) {
	case GS_RPC_MALFORMED: must(err == GS_EPARSE); break;
	case GS_RPC_OVERSIZE: must(err == GS_ELIMIT); break;
	case GS_RPC_REMOTE: must(err == GS_EINVAL || err == GS_EUNSUPPORTED || err == GS_EAGAIN); break;
	case GS_RPC_REVERT: must(err == GS_ECONFLICT); break;
	case GS_RPC_NO_FAILURE:
	case GS_RPC_TRANSPORT:
	case GS_RPC_HTTP: abort();
	}
}

static size_t depth(const json_t *value)
{
	size_t deepest = 0, i;
	const char *key;
	json_t *item;
	if (json_is_array(value)) {
		json_array_foreach(value, i, item)
		{
			size_t d = depth(item);
			deepest = d > deepest ? d : deepest;
		}
	} else if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, item)
		{
			size_t d = depth(item);
			deepest = d > deepest ? d : deepest;
		}
	} else {
		return 0;
	}
	return deepest + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gs_rpc_failure failure = {0};
	json_t *root, *result;
	uint64_t id;
	enum gs_err err = gs_jsonrpc_parse((struct gs_bytes){data, size}, "eth_call", &root, &failure);
	if (err != GS_OK) {
		must(!root);
		check_failure(err, &failure);
		return 0;
	}
	must(depth(root) <= GS_JSON_DEPTH_MAX);
	err = gs_jsonrpc_result(root, "eth_call", ID, &result, &failure);
	if (err == GS_OK) {
		must(gs_jsonrpc_id(root, &id) && id == ID);
		must(result && result == json_object_get(root, "result") && !json_object_get(root, "error"));
	} else {
		must(!result);
		check_failure(err, &failure);
	}
	json_decref(root);
	return 0;
}
