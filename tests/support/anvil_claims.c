#include "tests/support/anvil_claims.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "challenge/machine/program.h"
#include "validator/cli/posting.h"

enum {
	TOGETHER = 250, /* transactions of one request */
	INPUT_BYTES = 96,
	OUTPUT_BYTES = 32,
	ANSWER_MAX = 64 * 1024 * 1024,
	REQUEST_MAX = 8 * 1024 * 1024,
	POST_GAS = 1000 * 1000, /* more than one needs */
};

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "anvil: %s\n", what);
	exit(1);
}

static void check(enum gs_err err, const struct gs_error *why)
{
	if (err)
		give_up(why->text);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* --- the plain client --- */

static void connect_plain(struct gs_anvil_claims *a)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(a->anvil.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int one = 1;

	a->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (a->fd < 0 || connect(a->fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		give_up("no connection");
}

static void write_all(int fd, const char *text, size_t len)
{
	while (len) {
		const ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n <= 0)
			give_up("the connection was cut");
		text += n;
		len -= (size_t)n;
	}
}

static void ask(const struct gs_anvil_claims *a, const char *body, size_t len)
{
	char head[160];
	const int n = snprintf(
		head, sizeof(head),
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", len);

	write_all(a->fd, head, (size_t)n);
	write_all(a->fd, body, len);
}

/* Reads one answer to its last byte; its body, terminated, until the next. */
static char *hear(const struct gs_anvil_claims *a, size_t *len)
{
	static char *room; /* kept: pages are not part of what is measured */
	size_t got = 0, whole = 0;
	char *body = NULL;

	if (!room && !(room = malloc(ANSWER_MAX)))
		give_up("no memory");
	while (!body || got < whole) {
		const ssize_t n = recv(a->fd, room + got, ANSWER_MAX - 1 - got, 0);
		if (n <= 0)
			give_up("no answer");
		got += (size_t)n;
		room[got] = '\0';
		if (body || !(body = strstr(room, "\r\n\r\n")))
			continue;
		const char *length = strcasestr(room, "\r\ncontent-length:");
		if (!length || length > body)
			give_up("an answer of another form");
		body += 4;
		whole = (size_t)(body - room) + strtoull(length + 17, NULL, 10);
	}
	*len = whole - (size_t)(body - room);
	return body;
}

static void call(const struct gs_anvil_claims *a, const char *method, const char *params)
{
	char body[256];
	size_t len;
	const int n = snprintf(body, sizeof(body), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}",
	                       method, params);

	ask(a, body, (size_t)n);
	if (strstr(hear(a, &len), "\"error\""))
		give_up(method);
}

/* --- claims --- */

static struct gs_claim_body body_of(const struct gs_anvil_claims *a, uint64_t claim, const struct gs_address *claimant)
{
	const struct gs_u256 salt = gs_u256_from_u64(claim + 1);

	return (struct gs_claim_body){.lot = gs_claim_lot(&salt, gs_wei_from_u64(1000)),
	                              .claimant = *claimant,
	                              .model_id = a->model,
	                              .input_root = {{'i', [31] = 1}},
	                              .output_root = {{'o', [31] = 1}}};
}

static void sign(struct gs_anvil_claims *a, struct gs_buf *raw)
{
	static const uint8_t input[INPUT_BYTES] = {[0 ... INPUT_BYTES - 1] = 0x5a},
			     output[OUTPUT_BYTES] = {[0 ... OUTPUT_BYTES - 1] = 0xa5};
	const size_t who = a->posted % GS_DISPUTE_PARTIES;
	const struct gs_posting posting = {.body = body_of(a, a->posted, &a->chain.key[who].address),
	                                   .input = {input, sizeof(input)},
	                                   .output = {output, sizeof(output)}};
	struct gs_error why = {0};
	struct gs_buf data;
	struct gs_hash hash;

	gs_buf_init(&data, GS_TX_DATA_MAX);
	gs_posting_calldata(&posting, &data);
	const struct gs_tx tx = {.chain_id = a->chain.chain_id,
	                         .nonce = a->chain.nonce[who]++,
	                         .priority_fee = gs_wei_from_u64(1000 * 1000 * 1000),
	                         .max_fee = gs_wei_from_u64(UINT64_C(4000) * 1000 * 1000 * 1000),
	                         .gas_limit = POST_GAS,
	                         .to = a->contracts.claims,
	                         .data = gs_buf_view(&data)};
	check(data.err, &(struct gs_error){.text = "no memory"});
	check(gs_tx_sign(&tx, &a->chain.key[who], raw, &hash, &why), &why);
	gs_buf_free(&data);
	a->posted++;
}

void gs_anvil_claims_post(struct gs_anvil_claims *a, uint64_t count)
{
	struct gs_buf raw, body;
	size_t len;

	gs_buf_init(&raw, GS_TX_RAW_MAX);
	gs_buf_init(&body, REQUEST_MAX);
	for (uint64_t i = 0; i < count; i++) {
		raw.len = 0;
		sign(a, &raw);
		gs_buf_append_text(
			&body,
			"%s{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"eth_sendRawTransaction\",\"params\":[\"",
			body.len ? "," : "[", (unsigned long long)i);
		uint8_t *hex = gs_buf_extend(&body, 2 * raw.len + 3);
		if (!hex)
			give_up("no memory");
		gs_hex_encode(raw.ptr, raw.len, true, (char *)hex);
		body.len--; /* the end of the text */
		gs_buf_append_text(&body, "\"]}");
		if ((i + 1) % TOGETHER && i + 1 < count)
			continue;
		gs_buf_append_text(&body, "]");
		ask(a, (const char *)body.ptr, body.len);
		const char *answer = hear(a, &len);
		if (strstr(answer, "\"error\""))
			give_up(strstr(answer, "\"error\""));
		body.len = 0;
	}
	gs_buf_free(&raw);
	gs_buf_free(&body);
}

void gs_anvil_claims_mine(struct gs_anvil_claims *a)
{
	static const char body[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"evm_mine\",\"params\":[]}";

	ask(a, body, sizeof(body) - 1);
}

void gs_anvil_claims_mined(struct gs_anvil_claims *a)
{
	size_t len;

	if (strstr(hear(a, &len), "\"error\""))
		give_up("evm_mine failed");
}

double gs_anvil_claims_logs_ms(struct gs_anvil_claims *a, const struct gs_hash *block, size_t *bytes)
{
	const struct gs_address *address[] = {&a->contracts.stakes,  &a->contracts.models,   &a->contracts.claims,
	                                      &a->contracts.batches, &a->contracts.disputes, &a->contracts.duties};
	char hash[67], body[1024], text[GS_ADDRESS_TEXT_MAX];
	int n;

	gs_hex_encode(block->b, 32, true, hash);
	n = snprintf(
		body, sizeof(body),
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getLogs\",\"params\":[{\"blockHash\":\"%s\",\"address\":[",
		hash);
	for (size_t i = 0; i < GS_ARRAY_LEN(address); i++) {
		gs_hex_encode(address[i]->b, 20, true, text);
		n += snprintf(body + n, sizeof(body) - (size_t)n, "%s\"%s\"", i ? "," : "", text);
	}
	n += snprintf(body + n, sizeof(body) - (size_t)n, "]}]}");
	const double begun = now_ms();
	ask(a, body, (size_t)n);
	(void)hear(a, bytes);
	return now_ms() - begun;
}

/* --- life --- */

void gs_anvil_claims_open(struct gs_anvil_claims *a)
{
	const struct gs_anvil_options options = {.gas_limit = UINT64_C(1000) * 1000 * 1000 * 1000};
	const struct gs_header header = {.law = 1,
	                                 .lowering = 1,
	                                 .instructions = 3,
	                                 .inputs_chunks = 1,
	                                 .trace_depth = 7,
	                                 .output_chunk = 127,
	                                 .outputs = 1,
	                                 .cost = 3};
	struct gs_error why = {0};

	memset(a, 0, sizeof(*a));
	check(gs_anvil_start(&options, &a->anvil, &why), &why);
	check(gs_dispute_chain_open(a->anvil.url, &a->chain, &why), &why);
	check(gs_dispute_register(&a->chain, &header, &why), &why);
	connect_plain(a);
	for (unsigned p = 0; p < GS_DISPUTE_PARTIES; p++) {
		char who[GS_ADDRESS_TEXT_MAX], params[128];
		check(gs_eth_get_nonce(a->chain.rpc, &a->chain.key[p].address, gs_block_latest(), &a->chain.nonce[p],
		                       &why),
		      &why);
		gs_hex_encode(a->chain.key[p].address.b, 20, true, who);
		snprintf(params, sizeof(params), "[\"%s\",\"0xffffffffffffffffffffffff\"]", who); /* gas is no object */
		call(a, "anvil_setBalance", params);
	}
	gs_header_model_id(&header, &a->model);
	gs_deployment_contracts(&a->chain.deployment, &a->contracts);
	call(a, "evm_setAutomine", "[false]");
}

void gs_anvil_claims_close(struct gs_anvil_claims *a)
{
	close(a->fd);
	gs_dispute_chain_close(&a->chain);
	gs_anvil_stop(&a->anvil);
}
