#include "tests/support/chain_server.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <jansson.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "challenge/game/bonds.h"
#include "challenge/machine/program.h"

enum {
	INPUT_BYTES = 96,
	OUTPUT_BYTES = 32,
	REQUEST_MAX = 64 * 1024,
	IDS_AT_ONCE = 64,
	EMPTY_BLOCKS = 256, /* at the end: the shortest history is long enough to be caught up by ranges */
};

struct server {
	struct gs_chain_server_options options;
	struct gs_contracts contracts;
	struct gs_hash model;
	char posted[GS_CHAIN_SERVER_LOG_ROOM]; /* a claim's log, with places to be written over */
	size_t posted_len, at_id, at_lot, at_block, at_hash, at_tx, at_time, at_index;
	struct gs_hash *id; /* of every claim */
	struct event_base *base;
};

struct gs_contracts gs_chain_server_contracts(void)
{
	struct gs_contracts c = {.chain_id = 31337};
	struct gs_address *address[] = {&c.token, &c.stakes, &c.models, &c.claims, &c.batches, &c.disputes, &c.duties};

	for (size_t i = 0; i < GS_ARRAY_LEN(address); i++)
		memset(address[i]->b, (int)(0xc0 + i), sizeof(address[i]->b));
	return c;
}

uint64_t gs_chain_server_newest(const struct gs_chain_server_options *o)
{
	return 1 + (o->claims + o->claims_a_block - 1) / o->claims_a_block + EMPTY_BLOCKS;
}

struct gs_hash gs_chain_server_hash(char kind, uint64_t number)
{
	struct gs_hash hash;

	memset(hash.b, kind, sizeof(hash.b));
	gs_be64_write(hash.b + 24, number);
	return hash;
}

struct gs_claim_body gs_chain_server_claim(uint64_t claim)
{
	const struct gs_u256 salt = gs_u256_from_u64(claim);

	return (struct gs_claim_body){.lot = gs_claim_lot(&salt, gs_wei_from_u64(1000)),
	                              .claimant = {{0xab, 0xcd}},
	                              .model_id = gs_chain_server_hash('m', 1),
	                              .input_root = gs_chain_server_hash('i', 1),
	                              .output_root = gs_chain_server_hash('o', 1)};
}

/* --- templates --- */

static void put_hex(char *at, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		at[2 * i] = digits[bytes[i] >> 4];
		at[2 * i + 1] = digits[bytes[i] & 15];
	}
}

static void put_text_hex(struct gs_buf *out, const uint8_t *bytes, size_t len)
{
	uint8_t *at = gs_buf_extend(out, 2 * len);

	GS_ASSERT(at);
	put_hex((char *)at, bytes, len);
}

/* A log up to and with its topics and data; block and the rest follow. */
static void put_head(struct gs_buf *out, const struct gs_address *address, const struct gs_hash *topics, size_t count,
                     struct gs_bytes data)
{
	gs_buf_append_text(out, "{\"address\":\"0x");
	put_text_hex(out, address->b, sizeof(address->b));
	gs_buf_append_text(out, "\",\"topics\":[");
	for (size_t i = 0; i < count; i++) {
		gs_buf_append_text(out, "%s\"0x", i ? "," : "");
		put_text_hex(out, topics[i].b, sizeof(topics[i].b));
		gs_buf_append_text(out, "\"");
	}
	gs_buf_append_text(out, "],\"data\":\"0x");
	put_text_hex(out, data.ptr, data.len);
	gs_buf_append_text(out, "\"");
}

/* Numbers are as long as they may become, with leading zeros: nobody who reads them here minds. */
static void put_tail(struct gs_buf *out, struct server *s)
{
	const struct gs_hash none = {{0}};

	gs_buf_append_text(out, ",\"blockHash\":\"0x");
	s->at_hash = out->len;
	put_text_hex(out, none.b, 32);
	gs_buf_append_text(out, "\",\"blockNumber\":\"0x");
	s->at_block = out->len;
	gs_buf_append_text(out, "00000000\",\"blockTimestamp\":\"0x");
	s->at_time = out->len;
	gs_buf_append_text(out, "00000000\",\"transactionHash\":\"0x");
	s->at_tx = out->len;
	put_text_hex(out, none.b, 32);
	gs_buf_append_text(out, "\",\"transactionIndex\":\"0x0\",\"logIndex\":\"0x");
	s->at_index = out->len;
	gs_buf_append_text(out, "00000000\",\"removed\":false}");
}

static void make_posted(struct server *s)
{
	const struct gs_terms terms = {.minimum_bond = gs_wei_from_u64(70),
	                               .minimum_fee = gs_wei_from_u64(5),
	                               .bond_bps = 5000,
	                               .fee_bps = 100,
	                               .window_s = 60,
	                               .version = 3};
	const struct gs_claim_body body = gs_chain_server_claim(0);
	struct gs_hash topics[4] = {gs_claims_event_posted, {{0}}, {{0}}, s->model};
	uint8_t input[INPUT_BYTES], output[OUTPUT_BYTES];
	struct gs_abi_writer w;
	struct gs_u256 word;
	struct gs_buf data, text;

	memset(input, 0x5a, sizeof(input));
	memset(output, 0xa5, sizeof(output));
	memcpy(topics[2].b + 12, body.claimant.b, sizeof(body.claimant.b));
	gs_terms_encode(&terms, &word);
	gs_buf_init(&data, GS_CHAIN_SERVER_LOG_ROOM);
	gs_abi_begin(&w, &data, 8);
	gs_abi_put_hash(&w, &body.input_root);
	gs_abi_put_hash(&w, &body.output_root);
	gs_abi_put_u256(&w, &body.lot);
	gs_abi_put_hash(&w, &body.batch);
	gs_abi_put_u256(&w, &word);
	gs_abi_put_u64(&w, GS_CHAIN_SERVER_START_S + 60);
	gs_abi_put_bytes(&w, (struct gs_bytes){input, sizeof(input)});
	gs_abi_put_bytes(&w, (struct gs_bytes){output, sizeof(output)});
	gs_abi_end(&w);
	gs_buf_init(&text, sizeof(s->posted));
	put_head(&text, &s->contracts.claims, topics, 4, gs_buf_view(&data));
	put_tail(&text, s);
	GS_ASSERT(!data.err && !text.err);
	memcpy(s->posted, text.ptr, text.len);
	s->posted_len = text.len;
	s->at_id = strlen("{\"address\":\"0x") + 40 + strlen("\",\"topics\":[\"0x") + 64 + strlen("\",\"0x");
	s->at_lot = s->at_id + 3 * 64 + 2 * strlen("\",\"0x") + strlen("\"],\"data\":\"0x") + (size_t)(2 * 64);
	gs_buf_free(&data);
	gs_buf_free(&text);
}

static void set_number(char *at, uint64_t number)
{
	uint8_t bytes[4];

	gs_be32_write(bytes, (uint32_t)number);
	put_hex(at, bytes, sizeof(bytes));
}

static uint64_t time_of(uint64_t block)
{
	return GS_CHAIN_SERVER_START_S + block * GS_CHAIN_SERVER_BLOCK_S;
}

static void set_tail(char *log, const struct server *s, size_t shift, uint64_t block, uint64_t index)
{
	const struct gs_hash hash = gs_chain_server_hash('b', block),
			     tx = gs_chain_server_hash('t', block << 20 | index);

	put_hex(log + s->at_hash - shift, hash.b, 32);
	set_number(log + s->at_block - shift, block);
	set_number(log + s->at_time - shift, time_of(block));
	put_hex(log + s->at_tx - shift, tx.b, 32);
	set_number(log + s->at_index - shift, index);
}

static void add_claims(struct evbuffer *out, const struct server *s, uint64_t block, bool *comma)
{
	const uint64_t each = s->options.claims_a_block, from = (block - 2) * each;
	const uint64_t count = from >= s->options.claims         ? 0
	                       : s->options.claims - from < each ? s->options.claims - from
	                                                         : each;
	char *room = malloc(count * (s->posted_len + 1) + 1), *at = room;

	GS_ASSERT(room);
	for (uint64_t i = 0; i < count; i++) {
		const struct gs_claim_body body = gs_chain_server_claim(from + i);
		uint8_t lot[32];
		if (*comma || i)
			*at++ = ',';
		memcpy(at, s->posted, s->posted_len);
		gs_u256_to_be(&body.lot, lot);
		put_hex(at + s->at_id, s->id[from + i].b, 32);
		put_hex(at + s->at_lot, lot, 32);
		set_tail(at, s, 0, block, i);
		at += s->posted_len;
	}
	*comma = *comma || count;
	evbuffer_add(out, room, (size_t)(at - room));
	free(room);
}

static void add_model(struct evbuffer *out, struct server *s, bool *comma)
{
	const struct gs_header header = {.law = 1,
	                                 .lowering = 1,
	                                 .instructions = 3,
	                                 .inputs_chunks = 1,
	                                 .trace_depth = 7,
	                                 .outputs = 1,
	                                 .cost = 3};
	const struct gs_hash topics[3] = {gs_models_event_registered, s->model, gs_chain_server_hash('\0', 7)};
	struct server tail = {.options = s->options};
	uint8_t words[GS_HEADER_BYTES];
	struct gs_abi_writer w;
	struct gs_buf data, text;

	gs_header_encode(&header, words);
	gs_buf_init(&data, 4096);
	gs_abi_begin(&w, &data, 18);
	for (size_t i = 0; i < GS_HEADER_BYTES; i += GS_ABI_WORD)
		gs_abi_put_word(&w, words + i);
	gs_abi_put_bytes(&w, (struct gs_bytes){NULL, 0});
	gs_abi_end(&w);
	gs_buf_init(&text, 8192);
	put_head(&text, &s->contracts.models, topics, 3, gs_buf_view(&data));
	put_tail(&text, &tail);
	GS_ASSERT(!data.err && !text.err);
	set_tail((char *)text.ptr, &tail, 0, 1, 0);
	evbuffer_add_printf(out, "%s", *comma ? "," : "");
	evbuffer_add(out, text.ptr, text.len);
	*comma = true;
	gs_buf_free(&data);
	gs_buf_free(&text);
}

/* --- answers --- */

static bool number_of(const json_t *value, const struct server *s, uint64_t *out)
{
	const uint64_t newest = gs_chain_server_newest(&s->options);
	const char *text = json_string_value(value);

	if (!text)
		return false;
	if (strncmp(text, "0x", 2) == 0) {
		*out = strtoull(text + 2, NULL, 16);
		return *out <= newest;
	}
	*out = newest;
	return strcmp(text, "latest") == 0 || strcmp(text, "finalized") == 0;
}

static bool answer_block(struct server *s, const json_t *params, struct evbuffer *out)
{
	struct gs_hash hash, parent;
	char hashes[2][67];
	uint64_t number;

	if (!number_of(json_array_get(params, 0), s, &number))
		return false;
	hash = gs_chain_server_hash('b', number);
	parent = gs_chain_server_hash('b', number - 1);
	gs_hex_encode(hash.b, 32, true, hashes[0]);
	gs_hex_encode(parent.b, 32, true, hashes[1]);
	evbuffer_add_printf(out,
	                    "{\"number\":\"0x%llx\",\"hash\":\"%s\",\"parentHash\":\"%s\",\"timestamp\":\"0x%llx\","
	                    "\"gasLimit\":\"0x1c9c380\",\"baseFeePerGas\":\"0x7\"}",
	                    (unsigned long long)number, hashes[0], hashes[1], (unsigned long long)time_of(number));
	return true;
}

static bool answer_logs(struct server *s, const json_t *params, struct evbuffer *out)
{
	const json_t *filter = json_array_get(params, 0);
	const json_t *hash = json_object_get(filter, "blockHash");
	uint64_t first, last;
	bool comma = false;

	if (json_is_string(hash) && json_string_length(hash) == 66) {
		first = last = strtoull(json_string_value(hash) + 50, NULL, 16);
	} else if (!number_of(json_object_get(filter, "fromBlock"), s, &first) ||
	           !number_of(json_object_get(filter, "toBlock"), s, &last) || first > last) {
		return false;
	}
	evbuffer_add_printf(out, "[");
	for (uint64_t block = first; block <= last; block++)
		if (block == 1)
			add_model(out, s, &comma);
		else if (block > 1)
			add_claims(out, s, block, &comma);
	evbuffer_add_printf(out, "]");
	return true;
}

static bool answer(struct server *s, const json_t *call, struct evbuffer *out)
{
	const char *method = json_string_value(json_object_get(call, "method"));
	const json_t *params = json_object_get(call, "params");

	if (!method)
		return false;
	if (strcmp(method, "eth_getLogs") == 0)
		return answer_logs(s, params, out);
	if (strcmp(method, "eth_getBlockByNumber") == 0)
		return answer_block(s, params, out);
	if (strcmp(method, "eth_chainId") != 0)
		return false;
	evbuffer_add_printf(out, "\"0x7a69\"");
	return true;
}

static void on_request(struct evhttp_request *request, void *self)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(request), *out = evbuffer_new();
	const size_t len = evbuffer_get_length(in);
	json_t *call = len < REQUEST_MAX ? json_loadb((const char *)evbuffer_pullup(in, -1), len, 0, NULL) : NULL;

	GS_ASSERT(out);
	evbuffer_add_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"result\":",
	                    (long long)json_integer_value(json_object_get(call, "id")));
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "application/json");
	if (call && answer(self, call, out)) {
		evbuffer_add_printf(out, "}");
		evhttp_send_reply(request, 200, "OK", out);
	} else {
		evhttp_send_error(request, 400, "not known here");
	}
	json_decref(call);
	evbuffer_free(out);
}

static _Noreturn void serve(const struct gs_chain_server_options *options, int report)
{
	struct server s = {
		.options = *options, .contracts = gs_chain_server_contracts(), .model = gs_chain_server_hash('m', 1)};
	struct evhttp_bound_socket *bound;
	struct evhttp *http;
	struct sockaddr_in where;
	socklen_t len = sizeof(where);
	int port;

	/* What an answer was written into serves for the next: pages of the kernel's would cost as much as the rest. */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	s.id = malloc(options->claims * sizeof(*s.id));
	s.base = event_base_new();
	http = s.base ? evhttp_new(s.base) : NULL;
	bound = http ? evhttp_bind_socket_with_handle(http, "127.0.0.1", 0) : NULL;
	if (!s.id || !bound || getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&where, &len))
		_exit(1);
	for (uint64_t i = 0; i < options->claims; i += IDS_AT_ONCE) {
		const uint64_t n = options->claims - i < IDS_AT_ONCE ? options->claims - i : IDS_AT_ONCE;
		struct gs_claim_body body[IDS_AT_ONCE];
		for (uint64_t k = 0; k < n; k++)
			body[k] = gs_chain_server_claim(i + k);
		gs_claim_ids(s.contracts.chain_id, &s.contracts.claims, body, n, &s.id[i]);
	}
	make_posted(&s);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_POST);
	evhttp_set_gencb(http, on_request, &s);
	port = ntohs(where.sin_port);
	if (write(report, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	event_base_dispatch(s.base);
	_exit(0);
}

int gs_chain_server_start(const struct gs_chain_server_options *options, pid_t *process)
{
	const pid_t parent = getpid();
	int report[2], port = -1;

	if (pipe(report))
		return -1;
	*process = fork();
	if (*process == 0) {
		/* Whoever gives up takes it along. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
			_exit(1);
		close(report[0]);
		serve(options, report[1]);
	}
	close(report[1]);
	if (*process > 0 && read(report[0], &port, sizeof(port)) != sizeof(port))
		port = -1;
	close(report[0]);
	return port;
}

void gs_chain_server_stop(pid_t process)
{
	kill(process, SIGTERM);
	waitpid(process, NULL, 0);
}
