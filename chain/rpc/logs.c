/* The parts of chain/rpc/eth.h that return logs: eth_getLogs and receipts. */
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/endpoint.h"
#include "chain/rpc/eth.h"
#include "chain/rpc/hexjson.h"
#include "chain/rpc/logstream.h"
#include "chain/rpc/pool.h"

static bool read_log(const json_t *o, struct gs_log_entry *e, uint8_t *data)
{
	const json_t *topics = json_object_get(o, "topics");
	size_t len;
	uint64_t index;
	e->topic_count = json_array_size(topics);
	if (!json_is_array(topics) || e->topic_count > GS_ARRAY_LEN(e->topics))
		return false;
	for (size_t i = 0; i < e->topic_count; i++)
		if (!gs_json_hash(json_array_get(topics, i), &e->topics[i]))
			return false;
	if (!gs_json_address(json_object_get(o, "address"), &e->address) ||
	    !gs_json_u64(json_object_get(o, "blockNumber"), &e->block_number) ||
	    !gs_json_hash(json_object_get(o, "blockHash"), &e->block_hash) ||
	    !gs_json_hash(json_object_get(o, "transactionHash"), &e->tx_hash) ||
	    !gs_json_u64(json_object_get(o, "logIndex"), &index) || index > UINT32_MAX ||
	    !gs_json_data_len(json_object_get(o, "data"), &len) || !gs_json_data(json_object_get(o, "data"), data, len))
		return false;
	e->index = (uint32_t)index;
	e->data = (struct gs_bytes){data, len};
	e->removed = json_is_true(json_object_get(o, "removed"));
	(void)gs_json_u64(json_object_get(o, "blockTimestamp"), &e->time.unix_s); /* few say it */
	return true;
}

/* Reads an array of logs. GS_EPARSE, GS_ELIMIT or GS_ENOMEM leave an empty list. */
static enum gs_err read_logs(const json_t *array, struct gs_log_list *out)
{
	size_t count = json_array_size(array), total = 0, used = 0, len;
	*out = (struct gs_log_list){0};
	if (!json_is_array(array))
		return GS_EPARSE;
	if (count > GS_ETH_LOGS_MAX)
		return GS_ELIMIT;
	for (size_t i = 0; i < count; i++) {
		if (!gs_json_data_len(json_object_get(json_array_get(array, i), "data"), &len))
			return GS_EPARSE;
		if (len > GS_ETH_LOG_DATA_MAX)
			return GS_ELIMIT;
		total += len;
	}
	out->entries = calloc(count + 1, sizeof(*out->entries));
	out->bytes = malloc(total + 1);
	if (!out->entries || !out->bytes) {
		gs_log_list_free(out);
		return GS_ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		if (!read_log(json_array_get(array, i), &out->entries[i], out->bytes + used)) {
			gs_log_list_free(out);
			return GS_EPARSE;
		}
		used += out->entries[i].data.len;
	}
	out->count = count;
	return GS_OK;
}

/* --- eth_getLogs --- */

static json_t *filter_param(const struct gs_eth_filter *filter)
{
	json_t *object = json_object(), *addresses = json_array(), *topics = json_array();
	int bad = !object || !addresses || !topics;
	for (size_t i = 0; i < filter->address_count; i++)
		bad |= json_array_append_new(addresses, gs_json_from_address(&filter->addresses[i]));
	for (size_t i = 0; i < filter->topic_count; i++)
		bad |= json_array_append_new(topics, gs_json_from_hash(&filter->topics[i]));
	if (filter->block_hash) {
		bad |= json_object_set_new(object, "blockHash", gs_json_from_hash(filter->block_hash));
	} else {
		bad |= json_object_set_new(object, "fromBlock", gs_json_from_u64(filter->from_block));
		bad |= json_object_set_new(object, "toBlock", gs_json_from_u64(filter->to_block));
	}
	if (filter->address_count)
		bad |= json_object_set(object, "address", addresses);
	if (filter->topic_count)
		bad |= json_object_set_new(object, "topics", json_pack("[O]", topics));
	json_decref(addresses);
	json_decref(topics);
	if (!bad)
		return json_pack("[o]", object);
	json_decref(object);
	return NULL;
}

bool gs_eth_filter_admits(const struct gs_eth_filter *filter, const struct gs_log_entry *e)
{
	bool address = filter->address_count == 0, topic = filter->topic_count == 0;
	for (size_t i = 0; i < filter->address_count && !address; i++)
		address = gs_address_equal(&filter->addresses[i], &e->address);
	for (size_t i = 0; i < filter->topic_count && !topic; i++)
		topic = e->topic_count && gs_hash_equal(&filter->topics[i], &e->topics[0]);
	bool block = filter->block_hash ? gs_hash_equal(filter->block_hash, &e->block_hash)
	                                : e->block_number >= filter->from_block && e->block_number <= filter->to_block;
	return address && topic && block;
}

static int by_position(const void *va, const void *vb)
{
	const struct gs_log_entry *a = va, *b = vb;
	if (a->block_number != b->block_number)
		return a->block_number < b->block_number ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

/* Puts the logs in the chain's order; a log twice, or one that was not asked for, is the node's lie or fault. */
static bool check_logs(const struct gs_eth_filter *filter, struct gs_log_list *logs)
{
	qsort(logs->entries, logs->count, sizeof(*logs->entries), by_position);
	for (size_t i = 0; i < logs->count; i++)
		if (!gs_eth_filter_admits(filter, &logs->entries[i]) ||
		    (i && by_position(&logs->entries[i - 1], &logs->entries[i]) == 0))
			return false;
	return true;
}

enum gs_err gs_eth_get_logs(struct gs_rpc *rpc, const struct gs_eth_filter *filter, struct gs_log_list *out,
                            struct gs_error *error)
{
	static const char method[] = "eth_getLogs";
	json_t *result;
	*out = (struct gs_log_list){0};
	if (filter->address_count > GS_ETH_FILTER_MAX || filter->topic_count > GS_ETH_FILTER_MAX)
		return gs_fail(error, GS_ELIMIT, "%s: more than %d addresses or topics", method, GS_ETH_FILTER_MAX);
	enum gs_err err = gs_rpc_call(rpc, method, filter_param(filter), &result, error);
	if (err != GS_OK)
		return err;
	err = read_logs(result, out);
	if (err == GS_ELIMIT)
		gs_rpc_malformed(rpc, err, error,
		                 "%s: more than %d logs, or one of more than %d bytes; ask for fewer blocks", method,
		                 GS_ETH_LOGS_MAX, GS_ETH_LOG_DATA_MAX);
	else if (err != GS_OK)
		gs_rpc_malformed(rpc, err, error, "%s: the result is not a list of logs", method);
	else if (!check_logs(filter, out))
		err = gs_rpc_malformed(rpc, GS_EPARSE, error, "%s: the node returned logs that it was not asked for",
		                       method);
	if (err != GS_OK)
		gs_log_list_free(out);
	json_decref(result);
	return err;
}

static enum gs_err feed_stream(void *self, uint64_t id, struct gs_bytes bytes)
{
	gs_logstream_expect(self, id);
	return gs_logstream_feed(self, bytes, NULL);
}

/* --- a range, by several endpoints that must agree --- */

struct streams { /* one for each endpoint that was asked */
	struct gs_logstream_options options;
	struct gs_logstream *stream[GS_QUORUM_ENDPOINTS_MAX];
	struct gs_hash digest[GS_QUORUM_ENDPOINTS_MAX], times[GS_QUORUM_ENDPOINTS_MAX];
	bool timed[GS_QUORUM_ENDPOINTS_MAX]; /* it has answered, and every log has its time */
};

static enum gs_err open_stream(void *self, size_t i, struct gs_sink *out)
{
	struct streams *s = self;
	gs_logstream_close(s->stream[i]);
	*out = (struct gs_sink){.feed = feed_stream};
	enum gs_err err = gs_logstream_open(&s->options, &s->stream[i], NULL);
	out->self = s->stream[i];
	return err;
}

static enum gs_err end_stream(void *self, size_t i, struct gs_hash *digest, struct gs_error *why)
{
	struct streams *s = self;
	enum gs_err err = gs_logstream_end(s->stream[i], why);
	if (err != GS_OK)
		return err;
	gs_logstream_digest(s->stream[i], digest);
	s->digest[i] = *digest;
	s->timed[i] = gs_logstream_times_digest(s->stream[i], &s->times[i]);
	return GS_OK;
}

/* Whether a quorum tells the times, too: they need not be told, and are no reason to disagree. */
static bool times_agreed(const struct gs_rpc *rpc, const struct streams *s, size_t which)
{
	struct gs_pool_status status = {0};
	size_t same = 0;
	for (size_t i = 0; i < GS_ARRAY_LEN(s->stream); i++)
		same += s->timed[i] && s->timed[which] && gs_hash_equal(&s->digest[i], &s->digest[which]) &&
		        gs_hash_equal(&s->times[i], &s->times[which]);
	return gs_rpc_pool_status(rpc, &status) && same >= status.need;
}

static uint64_t count_of_stream(void *self, size_t i)
{
	return gs_logstream_count(((struct streams *)self)->stream[i]);
}

/* Each endpoint's logs are read as they come, and their digests compared: what is kept is as large as the logs, not as their JSON. */
static enum gs_err stream_agreed(struct gs_rpc *rpc, const struct gs_eth_filter *filter, struct gs_log_list *out,
                                 struct gs_error *error)
{
	struct streams s = {
		.options = {
			.filter = filter, .logs_max = filter->logs_max, .data_max = filter->data_max, .digest = true}};
	const struct gs_pool_reader reader = {
		.self = &s, .open = open_stream, .end = end_stream, .count = count_of_stream};
	size_t which = 0;
	enum gs_err err = gs_rpc_read_agreed(rpc, "eth_getLogs", filter_param(filter), &reader, &which, error);
	if (err == GS_OK)
		gs_logstream_list(s.stream[which], out);
	for (size_t i = 0; i < GS_ARRAY_LEN(s.stream); i++)
		gs_logstream_close(s.stream[i]);
	const bool timed = err == GS_OK && times_agreed(rpc, &s, which);
	for (size_t i = 0; i < out->count && !timed; i++)
		out->entries[i].time.unix_s = 0; /* its header says it */
	return err;
}

enum gs_err gs_eth_stream_logs(struct gs_rpc *rpc, const struct gs_eth_filter *filter, struct gs_log_list *out,
                               struct gs_error *error)
{
	const struct gs_logstream_options options = {
		.filter = filter, .logs_max = filter->logs_max, .data_max = filter->data_max};
	struct gs_logstream *stream;
	struct gs_sink sink = {.feed = feed_stream};
	enum gs_err err = gs_logstream_open(&options, &stream, error), end;

	*out = (struct gs_log_list){0};
	if (err != GS_OK)
		return err;
	sink.self = stream;
	err = gs_rpc_call_into(rpc, "eth_getLogs", filter_param(filter), &sink, error);
	if (err == GS_OK || err == GS_EPARSE || err == GS_ELIMIT) {
		end = gs_logstream_end(stream, error); /* knows better what is wrong */
		err = end ? end : err;
	}
	if (err == GS_OK)
		gs_logstream_list(stream, out);
	gs_logstream_close(stream);
	if (err == GS_EUNSUPPORTED && !filter->block_hash)
		return stream_agreed(rpc, filter, out, error);
	/* Several endpoints that must agree about a block; or one that gives logs in an order of its own, which can be put right when they are few. */
	if (err != GS_EUNSUPPORTED && (err != GS_EPARSE || !filter->block_hash))
		return err;
	err = gs_eth_get_logs(rpc, filter, out, error);
	for (size_t i = 0; i < out->count; i++)
		out->entries[i].time.unix_s = 0; /* no part of what endpoints must agree on */
	return err;
}

/* --- receipts --- */

static enum gs_err read_receipt(const json_t *o, struct gs_receipt *out)
{
	const json_t *contract = json_object_get(o, "contractAddress"), *l1_fee = json_object_get(o, "l1Fee");
	uint64_t status;
	*out = (struct gs_receipt){0};
	if (!gs_json_hash(json_object_get(o, "transactionHash"), &out->tx_hash) ||
	    !gs_json_u64(json_object_get(o, "status"), &status) || status > 1 ||
	    !gs_json_u64(json_object_get(o, "gasUsed"), &out->gas_used) ||
	    !gs_json_wei(json_object_get(o, "effectiveGasPrice"), &out->gas_price) ||
	    !gs_json_u64(json_object_get(o, "blockNumber"), &out->block_number) ||
	    !gs_json_hash(json_object_get(o, "blockHash"), &out->block_hash))
		return GS_EPARSE;
	out->success = status == 1;
	out->created = contract && !json_is_null(contract);
	if (out->created && !gs_json_address(contract, &out->contract))
		return GS_EPARSE;
	if (l1_fee && !json_is_null(l1_fee) && !gs_json_wei(l1_fee, &out->l1_fee))
		return GS_EPARSE;
	return read_logs(json_object_get(o, "logs"), &out->logs);
}

static const char receipt_method[] = "eth_getTransactionReceipt";

/* result is taken over. */
static enum gs_err take_receipt(struct gs_rpc *rpc, json_t *result, const struct gs_hash *tx_hash,
                                struct gs_receipt *out, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	if (json_is_null(result) || json_is_null(json_object_get(result, "blockHash")))
		err = gs_fail(error, GS_ENOTFOUND, "%s: the transaction is not mined", gs_rpc_name(rpc));
	else if ((err = read_receipt(result, out)) != GS_OK)
		gs_rpc_malformed(rpc, err, error, "%s: the result is not a receipt", receipt_method);
	else if (!gs_hash_equal(&out->tx_hash, tx_hash))
		err = gs_rpc_malformed(rpc, GS_EPARSE, error, "%s: the receipt is of another transaction",
		                       receipt_method);
	if (err != GS_OK)
		gs_receipt_free(out);
	json_decref(result);
	return err;
}

enum gs_err gs_eth_get_receipt(struct gs_rpc *rpc, const struct gs_hash *tx_hash, struct gs_receipt *out,
                               struct gs_error *error)
{
	json_t *result;
	*out = (struct gs_receipt){0};
	enum gs_err err = gs_rpc_call(rpc, receipt_method, json_pack("[o]", gs_json_from_hash(tx_hash)), &result,
	                              error);
	return err != GS_OK ? err : take_receipt(rpc, result, tx_hash, out, error);
}

enum gs_err gs_eth_get_receipts(struct gs_rpc *rpc, const struct gs_hash *tx, size_t count,
                                struct gs_receipt_answer *out, struct gs_error *error)
{
	struct gs_rpc_item *item = calloc(count + 1, sizeof(*item));
	if (!item)
		return gs_fail(error, GS_ENOMEM, "%s: out of memory", gs_rpc_name(rpc));
	for (size_t i = 0; i < count; i++)
		item[i] = (struct gs_rpc_item){.method = receipt_method,
		                               .params = json_pack("[o]", gs_json_from_hash(&tx[i]))};
	enum gs_err err = gs_rpc_call_many(rpc, item, count, error);
	for (size_t i = 0; i < count && err == GS_OK; i++) {
		out[i] = (struct gs_receipt_answer){.err = item[i].err, .why = item[i].why};
		if (item[i].err == GS_OK)
			out[i].err = take_receipt(rpc, item[i].result, &tx[i], &out[i].receipt, &out[i].why);
	}
	free(item);
	return err;
}
