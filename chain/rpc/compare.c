#include "chain/rpc/compare.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/buf.h"
#include "chain/core/hash.h"
#include "chain/rpc/hexjson.h"

enum form {
	WHOLE,       /* all of it */
	NUMBER,      /* a quantity */
	DATA,        /* bytes */
	BLOCK,       /* or null */
	LOGS,        /* a list, in any order */
	RECEIPT,     /* or null */
	TRANSACTION, /* or null */
};

static const struct rule {
	const char *method;
	enum gs_trust trust;
	enum form form;
	int block_param; /* -1: none */
} rules[] = {
	{"eth_chainId", GS_TRUST_QUORUM, NUMBER, -1},
	{"eth_blockNumber", GS_TRUST_LEAST, NUMBER, -1},
	{"eth_getBlockByHash", GS_TRUST_QUORUM, BLOCK, -1},
	{"eth_getBlockByNumber", GS_TRUST_QUORUM, BLOCK, -1}, /* by a tag: GS_TRUST_NEWEST */
	{"eth_getLogs", GS_TRUST_QUORUM, LOGS, -1},
	{"eth_getTransactionReceipt", GS_TRUST_QUORUM, RECEIPT, -1},
	{"eth_getTransactionByHash", GS_TRUST_QUORUM, TRANSACTION, -1},
	{"eth_call", GS_TRUST_QUORUM, DATA, 1},
	{"eth_getCode", GS_TRUST_QUORUM, DATA, 1},
	{"eth_getBalance", GS_TRUST_QUORUM, NUMBER, 1},
	{"eth_getTransactionCount", GS_TRUST_QUORUM, NUMBER, 1}, /* pending: GS_TRUST_LEAST */
	{"eth_getStorageAt", GS_TRUST_QUORUM, DATA, 2},
	{"eth_estimateGas", GS_TRUST_MEDIAN, NUMBER, 1},
	{"eth_gasPrice", GS_TRUST_MEDIAN, NUMBER, -1},
	{"eth_maxPriorityFeePerGas", GS_TRUST_MEDIAN, NUMBER, -1},
	{"eth_feeHistory", GS_TRUST_MEDIAN, WHOLE, -1},
	{"eth_sendRawTransaction", GS_TRUST_ALL, DATA, -1},
	{"eth_syncing", GS_TRUST_ANY, WHOLE, -1},
	{"web3_clientVersion", GS_TRUST_ANY, WHOLE, -1},
};

static const struct rule *rule_of(const char *method)
{
	static const struct rule other = {NULL, GS_TRUST_QUORUM, WHOLE, -1};

	for (size_t i = 0; i < GS_ARRAY_LEN(rules); i++)
		if (strcmp(rules[i].method, method) == 0)
			return &rules[i];
	return &other;
}

static bool is_tag(const json_t *param)
{
	static const char *const tags[] = {"latest", "safe", "finalized", "pending", "earliest"};
	const char *text = json_string_value(param);

	for (size_t i = 0; text && i < GS_ARRAY_LEN(tags); i++)
		if (strcmp(text, tags[i]) == 0)
			return true;
	return false;
}

enum gs_trust gs_trust_of(const char *method, const json_t *params)
{
	const struct rule *rule = rule_of(method);
	const char *block = rule->block_param < 0
	                            ? NULL
	                            : json_string_value(json_array_get(params, (size_t)rule->block_param));

	if (rule->form == BLOCK && is_tag(json_array_get(params, 0)))
		return GS_TRUST_NEWEST;
	if (strcmp(method, "eth_getTransactionCount") == 0 && block && strcmp(block, "pending") == 0)
		return GS_TRUST_LEAST;
	return rule->trust;
}

int gs_compare_block_param(const char *method, const json_t *params)
{
	const struct rule *rule = rule_of(method);
	const char *block;

	if (rule->block_param < 0)
		return -1;
	block = json_string_value(json_array_get(params, (size_t)rule->block_param));
	return block && strcmp(block, "latest") == 0 ? rule->block_param : -1;
}

/* --- what counts, as text --- */

/* The parts are told apart by their first byte and end with a zero byte, so that no two lists of parts make one text. */
static void put_text(struct gs_buf *out, char kind, const char *text, size_t len)
{
	gs_buf_append(out, &kind, 1);
	for (size_t i = 0; i < len; i++) {
		const char c = (char)tolower((unsigned char)text[i]);
		gs_buf_append(out, &c, 1);
	}
	gs_buf_append(out, "", 1);
}

/* Hex digits, as many as there are. */
static bool put_data(struct gs_buf *out, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len;

	if (!gs_json_data_len(value, &len))
		return false;
	put_text(out, 'd', text + 2, len * 2);
	return true;
}

/* Hex digits without the zeros in front. */
static bool put_number(struct gs_buf *out, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || text[0] != '0' || (text[1] != 'x' && text[1] != 'X') || !text[2] ||
	    text[2 + strspn(text + 2, "0123456789abcdefABCDEF")])
		return false;
	text += 2;
	text += strspn(text, "0");
	put_text(out, 'n', text, strlen(text));
	return true;
}

static bool put_optional(struct gs_buf *out, const json_t *value, bool (*put)(struct gs_buf *out, const json_t *value))
{
	if (value && !json_is_null(value))
		return put(out, value);
	put_text(out, 'x', "", 0);
	return true;
}

static bool put_block(struct gs_buf *out, const json_t *o)
{
	return put_data(out, json_object_get(o, "hash")) && put_data(out, json_object_get(o, "parentHash")) &&
	       put_number(out, json_object_get(o, "number")) && put_number(out, json_object_get(o, "timestamp")) &&
	       put_number(out, json_object_get(o, "gasLimit")) &&
	       put_optional(out, json_object_get(o, "baseFeePerGas"), put_number) &&
	       put_optional(out, json_object_get(o, "mixHash"), put_data);
}

static bool put_log(struct gs_buf *out, const json_t *o)
{
	const json_t *topics = json_object_get(o, "topics");
	bool good = json_is_array(topics) && put_number(out, json_object_get(o, "blockNumber")) &&
	            put_number(out, json_object_get(o, "logIndex")) && put_data(out, json_object_get(o, "blockHash")) &&
	            put_data(out, json_object_get(o, "transactionHash")) &&
	            put_data(out, json_object_get(o, "address")) && put_data(out, json_object_get(o, "data"));

	for (size_t i = 0; good && i < json_array_size(topics); i++)
		good = put_data(out, json_array_get(topics, i));
	put_text(out, json_is_true(json_object_get(o, "removed")) ? 'r' : 'l', "", 0);
	return good;
}

struct placed {
	uint64_t block, index;
	const json_t *log;
};

static int by_place(const void *va, const void *vb)
{
	const struct placed *a = va, *b = vb;

	if (a->block != b->block)
		return a->block < b->block ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

/* In the chain's order. */
static enum gs_err put_logs(struct gs_buf *out, const json_t *array)
{
	const size_t count = json_array_size(array);
	struct placed *placed;
	bool good = json_is_array(array);

	if (!good)
		return GS_EPARSE;
	placed = calloc(count + 1, sizeof(*placed));
	if (!placed)
		return GS_ENOMEM;
	for (size_t i = 0; i < count && good; i++) {
		const json_t *log = json_array_get(array, i);
		placed[i].log = log;
		good = gs_json_u64(json_object_get(log, "blockNumber"), &placed[i].block) &&
		       gs_json_u64(json_object_get(log, "logIndex"), &placed[i].index);
	}
	if (good && count)
		qsort(placed, count, sizeof(*placed), by_place);
	for (size_t i = 0; i < count && good; i++)
		good = put_log(out, placed[i].log);
	free(placed);
	return good ? GS_OK : GS_EPARSE;
}

static enum gs_err put_receipt(struct gs_buf *out, const json_t *o)
{
	if (!put_data(out, json_object_get(o, "transactionHash")) || !put_number(out, json_object_get(o, "status")) ||
	    !put_data(out, json_object_get(o, "blockHash")) || !put_number(out, json_object_get(o, "blockNumber")) ||
	    !put_number(out, json_object_get(o, "gasUsed")) ||
	    !put_number(out, json_object_get(o, "effectiveGasPrice")) ||
	    !put_optional(out, json_object_get(o, "contractAddress"), put_data))
		return GS_EPARSE;
	return put_logs(out, json_object_get(o, "logs"));
}

/* A transaction that is on its way has no block: the same transaction as one that is in a block. */
static bool put_transaction(struct gs_buf *out, const json_t *o)
{
	return put_data(out, json_object_get(o, "hash"));
}

static enum gs_err put_whole(struct gs_buf *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);

	if (!text)
		return GS_ENOMEM;
	put_text(out, 'w', text, strlen(text));
	free(text);
	return GS_OK;
}

static enum gs_err put_form(struct gs_buf *out, enum form form, const json_t *result)
{
	switch (form) {
	case WHOLE: return put_whole(out, result);
	case NUMBER: return put_number(out, result) ? GS_OK : GS_EPARSE;
	case DATA: return put_data(out, result) ? GS_OK : GS_EPARSE;
	case BLOCK: return put_block(out, result) ? GS_OK : GS_EPARSE;
	case LOGS: return put_logs(out, result);
	case RECEIPT: return put_receipt(out, result);
	case TRANSACTION: return put_transaction(out, result) ? GS_OK : GS_EPARSE;
	}
	return GS_EPARSE;
}

enum gs_err gs_compare_digest(const char *method, const json_t *result, bool *absent, struct gs_hash *out)
{
	const enum form form = rule_of(method)->form;
	struct gs_buf text;
	enum gs_err err;

	*absent = json_is_null(result) && (form == BLOCK || form == RECEIPT || form == TRANSACTION);
	/* Some nodes give a receipt without a block to what is not mined. */
	if (form == RECEIPT && json_is_object(result) && json_is_null(json_object_get(result, "blockHash")))
		*absent = true;
	memset(out, 0, sizeof(*out));
	if (*absent)
		return GS_OK;
	gs_buf_init(&text, 2 * (size_t)GS_RPC_RESPONSE_MAX);
	err = put_form(&text, form, result);
	if (!err)
		err = text.err;
	if (!err)
		gs_keccak256(text.ptr, text.len, out);
	gs_buf_free(&text);
	return err;
}

bool gs_compare_failure(const char *method, const struct gs_rpc_failure *failure, struct gs_hash *out)
{
	static const char reverted[] = "revert", taken[] = "nonce", refused[] = "refused";
	const char *what = refused;

	if (failure->kind == GS_RPC_REVERT)
		what = reverted; /* its reason is for people; nodes word it, and cut it, each in their own way */
	else if (strcmp(method, "eth_sendRawTransaction") != 0 || failure->kind != GS_RPC_REMOTE)
		return false;
	else if (strcasestr(failure->message, "nonce too low") || strcasestr(failure->message, "underpriced"))
		what = taken;
	gs_keccak256(what, strlen(what), out);
	return true;
}

/* --- answers that need not be the same --- */

static int by_number(const void *va, const void *vb)
{
	const char *a = json_string_value(*(json_t *const *)va) + 2, *b = json_string_value(*(json_t *const *)vb) + 2;
	size_t la, lb;

	a += strspn(a, "0");
	b += strspn(b, "0");
	la = strlen(a);
	lb = strlen(b);
	return la != lb ? (la > lb) - (la < lb) : strcasecmp(a, b);
}

static bool is_number(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && text[0] == '0' && text[1] == 'x' && text[2] &&
	       !text[2 + strspn(text + 2, "0123456789abcdefABCDEF")];
}

/* The one at this place of the order, smallest first. */
static enum gs_err pick(json_t *const *result, size_t count, size_t place, json_t **out)
{
	json_t *sorted[GS_COMPARE_ANSWERS_MAX];

	GS_ASSERT(count <= GS_ARRAY_LEN(sorted) && place < count);
	for (size_t i = 0; i < count; i++) {
		sorted[i] = result[i];
		if (!is_number(result[i]))
			return GS_EPARSE;
	}
	qsort(sorted, count, sizeof(json_t *), by_number);
	*out = json_incref(sorted[place]);
	return GS_OK;
}

enum gs_err gs_compare_least(json_t *const *result, size_t count, size_t need, json_t **out)
{
	*out = NULL;
	return pick(result, count, gs_quorum_place(GS_TRUST_LEAST, count, need), out);
}

/* Numbers in the same places. */
static bool same_shape(const json_t *a, const json_t *b, int depth)
{
	const char *key;
	json_t *value;
	bool same = json_typeof(a) == json_typeof(b) && is_number(a) == is_number(b) && depth < GS_COMPARE_DEPTH_MAX;

	if (same && json_is_array(a)) {
		same = json_array_size(a) == json_array_size(b);
		for (size_t i = 0; same && i < json_array_size(a); i++)
			same = same_shape(json_array_get(a, i), json_array_get(b, i), depth + 1);
	} else if (same && json_is_object(a)) {
		json_object_foreach((json_t *)a, key, value)
		{
			const json_t *other = json_object_get(b, key);
			same = same && other && same_shape(value, other, depth + 1);
		}
	}
	return same;
}

static enum gs_err median(json_t *const *result, size_t count, json_t **out);

/* The median of one part of each: the item at `index` of lists, or at `key` of objects. */
static enum gs_err median_of_part(json_t *const *result, size_t count, const char *key, size_t index, json_t **out)
{
	json_t *part[GS_COMPARE_ANSWERS_MAX];

	for (size_t i = 0; i < count; i++)
		part[i] = key ? json_object_get(result[i], key) : json_array_get(result[i], index);
	return median(part, count, out);
}

static enum gs_err median(json_t *const *result, size_t count, json_t **out)
{
	enum gs_err err = GS_OK;
	const char *key;
	json_t *value, *part;

	if (is_number(result[0]))
		return pick(result, count, gs_quorum_place(GS_TRUST_MEDIAN, count, 1), out);
	if (json_is_array(result[0])) {
		*out = json_array();
		for (size_t i = 0; i < json_array_size(result[0]) && !err; i++) {
			err = median_of_part(result, count, NULL, i, &part);
			if (!err && json_array_append_new(*out, part))
				err = GS_ENOMEM;
		}
	} else if (json_is_object(result[0])) {
		*out = json_object();
		json_object_foreach(result[0], key, value)
		{
			err = median_of_part(result, count, key, 0, &part);
			if (!err && json_object_set_new(*out, key, part))
				err = GS_ENOMEM;
			if (err)
				break;
		}
	} else {
		*out = json_incref(result[0]);
	}
	if (!err && !*out)
		err = GS_ENOMEM;
	if (err) {
		json_decref(*out);
		*out = NULL;
	}
	return err;
}

enum gs_err gs_compare_median(json_t *const *result, size_t count, size_t need, json_t **out)
{
	*out = NULL;
	for (size_t i = 0; i < count; i++) {
		json_t *alike[GS_COMPARE_ANSWERS_MAX];
		size_t n = 0;
		for (size_t j = 0; j < count; j++)
			if (same_shape(result[i], result[j], 0))
				alike[n++] = result[j];
		if (n >= need)
			return median(alike, n, out);
	}
	return GS_EPARSE;
}
