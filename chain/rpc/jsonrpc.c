#include "chain/rpc/jsonrpc.h"

#include <stdio.h>
#include <string.h>

enum { CODE_METHOD_NOT_FOUND = -32601, CODE_LIMIT_EXCEEDED = -32005, CODE_REVERT = 3 };
enum { ID_DIGITS_MAX = 18 };

/* --- failures --- */

void gs_rpc_failure_clear(struct gs_rpc_failure *failure)
{
	failure->kind = GS_RPC_NO_FAILURE;
	failure->code = 0;
	failure->message[0] = '\0';
	failure->revert_len = 0;
	failure->retry_after_s = 0;
}

enum gs_err gs_rpc_failure_vset(struct gs_rpc_failure *failure, enum gs_rpc_failure_kind kind, int64_t code,
                                enum gs_err err, const char *fmt, va_list args)
{
	failure->kind = kind;
	failure->code = code;
	vsnprintf(failure->message, sizeof(failure->message), fmt, args);
	return err;
}

enum gs_err gs_rpc_failure_set(struct gs_rpc_failure *failure, enum gs_rpc_failure_kind kind, int64_t code,
                               enum gs_err err, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	gs_rpc_failure_vset(failure, kind, code, err, fmt, args);
	va_end(args);
	return err;
}

/* --- reading --- */

json_t *gs_jsonrpc_request(uint64_t id, const char *method, json_t *params)
{
	return json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", (json_int_t)id, "method", method, "params",
	                 params);
}

/* What the text would cost, found without parsing it: brackets and commas outside strings bound both. */
static enum gs_err weigh(struct gs_bytes text, const char *method, struct gs_rpc_failure *failure)
{
	size_t depth = 0, values = 1;
	bool in_string = false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			continue;
		}
		if (c == '"')
			in_string = true;
		else if (c == '[' || c == '{')
			depth++, values++;
		else if (c == ',')
			values++;
		else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		if (depth > GS_JSON_DEPTH_MAX)
			return gs_rpc_failure_set(failure, GS_RPC_OVERSIZE, 0, GS_ELIMIT,
			                          "%s: the answer is nested deeper than %d levels", method,
			                          GS_JSON_DEPTH_MAX);
	}
	if (values > GS_JSON_VALUES_MAX)
		return gs_rpc_failure_set(failure, GS_RPC_OVERSIZE, 0, GS_ELIMIT,
		                          "%s: the answer has more than %d values", method, GS_JSON_VALUES_MAX);
	return GS_OK;
}

/* Whether a string has a zero byte, which ends it for whoever reads it as C does. What an endpoint says of an error may: nodes quote there what a
 * contract returned, byte by byte. */
static bool has_zero(const json_t *json)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_string(json))
		return strlen(json_string_value(json)) != json_string_length(json);
	json_array_foreach(json, i, value)
	{
		if (has_zero(value))
			return true;
	}
	json_object_foreach((json_t *)json, key, value)
	{
		if (strcmp(key, "error") != 0 && has_zero(value))
			return true;
	}
	return false;
}

enum gs_err gs_jsonrpc_parse(struct gs_bytes text, const char *method, json_t **root, struct gs_rpc_failure *failure)
{
	json_error_t json_error;
	*root = NULL;
	enum gs_err err = weigh(text, method, failure);
	if (err != GS_OK)
		return err;
	*root = json_loadb(text.len ? (const char *)text.ptr : "", text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
	                   &json_error);
	if (*root && memmem(text.ptr, text.len, "\\u0000", 6) && has_zero(*root)) {
		json_decref(*root);
		*root = NULL;
		return gs_rpc_failure_set(failure, GS_RPC_MALFORMED, 0, GS_EPARSE,
		                          "%s: the answer has a string with a zero byte", method);
	}
	if (!*root)
		return gs_rpc_failure_set(failure, GS_RPC_MALFORMED, 0, GS_EPARSE,
		                          "%s: the answer is not JSON (%.80s); is this a JSON-RPC endpoint?", method,
		                          json_error.text);
	return GS_OK;
}

/* Finds the bytes that a contract reverted with: nodes write data as "0x..", "Reverted 0x.." or {"data": "0x.."}. */
static void keep_revert_data(struct gs_rpc_failure *failure, const json_t *data)
{
	if (json_is_object(data))
		data = json_object_get(data, "data");
	const char *text = json_string_value(data);
	const char *hex = text ? strstr(text, "0x") : NULL;
	if (!hex)
		return;
	size_t len = strlen(hex + 2) / 2;
	if (len > GS_RPC_REVERT_MAX)
		len = GS_RPC_REVERT_MAX;
	if (gs_hex_decode(hex + 2, len * 2, failure->revert, len) == GS_OK)
		failure->revert_len = len;
}

static enum gs_err remote_failed(const char *method, const json_t *object, struct gs_rpc_failure *failure)
{
	const char *message = json_string_value(json_object_get(object, "message"));
	int64_t code = json_integer_value(json_object_get(object, "code"));
	if (!message)
		message = "error without a message";
	if (code == CODE_REVERT || strcasestr(message, "revert")) {
		keep_revert_data(failure, json_object_get(object, "data"));
		return gs_rpc_failure_set(failure, GS_RPC_REVERT, code, GS_ECONFLICT, "%s: %.180s", method, message);
	}
	enum gs_err err = GS_EINVAL;
	if (code == CODE_METHOD_NOT_FOUND)
		err = GS_EUNSUPPORTED;
	else if (code == CODE_LIMIT_EXCEEDED || strcasestr(message, "rate limit") ||
	         strcasestr(message, "too many requests"))
		err = GS_EAGAIN;
	return gs_rpc_failure_set(failure, GS_RPC_REMOTE, code, err, "%s: the node says: %.160s (%lld)", method,
	                          message, (long long)code);
}

bool gs_jsonrpc_id(const json_t *object, uint64_t *id)
{
	const json_t *value = json_object_get(object, "id");
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*id = (uint64_t)json_integer_value(value);
	return true;
}

static enum gs_err not_a_response(const char *method, const char *what, struct gs_rpc_failure *failure)
{
	return gs_rpc_failure_set(failure, GS_RPC_MALFORMED, 0, GS_EPARSE,
	                          "%s: the answer is not a JSON-RPC response to the request: %s", method, what);
}

enum gs_err gs_jsonrpc_result(json_t *response, const char *method, uint64_t id, json_t **result,
                              struct gs_rpc_failure *failure)
{
	*result = NULL;
	if (!json_is_object(response))
		return not_a_response(method, "it is not an object", failure);
	json_t *found = json_object_get(response, "result"), *error = json_object_get(response, "error");
	const json_t *version = json_object_get(response, "jsonrpc");
	uint64_t its;
	bool same = gs_jsonrpc_id(response, &its) && its == id;
	if (version && (!json_is_string(version) || strcmp(json_string_value(version), "2.0") != 0))
		return not_a_response(method, "its version is not 2.0", failure);
	if (!same && !(error && json_is_null(json_object_get(response, "id"))))
		return not_a_response(method, "its id is another", failure);
	if (!found == !error)
		return not_a_response(method, found ? "it has a result and an error" : "it has no result and no error",
		                      failure);
	if (found) {
		*result = found;
		return GS_OK;
	}
	if (!json_is_object(error))
		return not_a_response(method, "its error is not an object", failure);
	return remote_failed(method, error, failure);
}

bool gs_jsonrpc_id_in_front(struct gs_bytes text, uint64_t *id)
{
	static const char front[] = "{\"jsonrpc\":\"2.0\",\"id\":";
	const size_t before = sizeof(front) - 1;
	size_t at = before;
	*id = 0;
	if (text.len <= before || memcmp(text.ptr, front, before) != 0)
		return false;
	for (; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9' && at < before + ID_DIGITS_MAX; at++)
		*id = *id * 10 + (uint64_t)(text.ptr[at] - '0');
	return at > before && at < text.len && text.ptr[at] == ',';
}
