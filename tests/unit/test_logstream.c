/* The streaming reader of eth_getLogs: answers written here from known logs come back as those logs, wherever they are cut; whatever is
 * not such an answer is refused with words that say why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chain/rpc/logstream.h"

enum { ADDRESSES = 2, LOGS = 7, FROM = 10, TO = 14 };

static const struct gs_address address[ADDRESSES] = {{{0xaa, 1}}, {{0xbb, 2}}};
static const struct gs_eth_filter filter = {
	.from_block = FROM, .to_block = TO, .addresses = address, .address_count = ADDRESSES};

/* --- answers, written without the reader's help --- */

static void put_hex(struct gs_buf *out, const uint8_t *bytes, size_t len)
{
	gs_buf_append_text(out, "\"0x");
	for (size_t i = 0; i < len; i++)
		gs_buf_append_text(out, "%02x", bytes[i]);
	gs_buf_append_text(out, "\"");
}

static void put_log(struct gs_buf *out, const struct gs_log_entry *e)
{
	gs_buf_append_text(out, "{\"address\":");
	put_hex(out, e->address.b, 20);
	gs_buf_append_text(out, ", \"topics\" : [");
	for (size_t i = 0; i < e->topic_count; i++) {
		gs_buf_append_text(out, "%s", i ? "," : "");
		put_hex(out, e->topics[i].b, 32);
	}
	gs_buf_append_text(out, "],\"data\":");
	put_hex(out, e->data.ptr, e->data.len);
	gs_buf_append_text(out,
	                   ",\"blockNumber\":\"0x%llx\",\"transactionHash\":", (unsigned long long)e->block_number);
	put_hex(out, e->tx_hash.b, 32);
	gs_buf_append_text(out, ",\"transactionIndex\":\"0x0\",\"blockHash\":");
	put_hex(out, e->block_hash.b, 32);
	if (e->time.unix_s)
		gs_buf_append_text(out, ",\"blockTimestamp\":\"0x%llx\"", (unsigned long long)e->time.unix_s);
	gs_buf_append_text(out, ",\"logIndex\":\"0x%x\",\"removed\":false,\"more\":[{\"a\":[1,null]},2]}", e->index);
}

static struct gs_hash hash_of(uint8_t first, uint8_t second)
{
	return (struct gs_hash){{first, second, 0xfe}};
}

struct sample {
	struct gs_log_entry log[LOGS];
	uint8_t data[LOGS][LOGS * 40];
	struct gs_buf text;
};

/* Logs 0 and 1 are of block 10, 2 to 4 of block 12, the others of block 14. */
static int set_up(void **state)
{
	static const uint64_t block[LOGS] = {10, 10, 12, 12, 12, 14, 14};
	struct sample *s = calloc(1, sizeof(*s));

	gs_buf_init(&s->text, 1 << 20);
	gs_buf_append_text(&s->text, "{\"jsonrpc\":\"2.0\",\"id\":7,\n\"result\":[");
	for (int i = 0; i < LOGS; i++) {
		struct gs_log_entry *e = &s->log[i];
		e->address = address[i % ADDRESSES];
		e->topic_count = (size_t)i % 5;
		for (size_t k = 0; k < e->topic_count; k++)
			e->topics[k] = hash_of((uint8_t)i, (uint8_t)k);
		for (size_t k = 0; k < sizeof(s->data[i]); k++)
			s->data[i][k] = (uint8_t)(i * 31 + k);
		e->data = (struct gs_bytes){s->data[i], (size_t)i * 40};
		e->block_number = block[i];
		e->block_hash = hash_of(0xb0, (uint8_t)block[i]);
		e->tx_hash = hash_of(0xee, (uint8_t)i);
		e->index = (uint32_t)i;
		e->time.unix_s = block[i] == 12 ? 0 : 1000 + block[i];
		gs_buf_append_text(&s->text, "%s", i ? "," : "");
		put_log(&s->text, e);
	}
	gs_buf_append_text(&s->text, "]}");
	assert_int_equal(s->text.err, GS_OK);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct sample *s = *state;

	gs_buf_free(&s->text);
	free(s);
	return 0;
}

static void same_log(const struct gs_log_entry *a, const struct gs_log_entry *b)
{
	assert_memory_equal(a->address.b, b->address.b, 20);
	assert_int_equal(a->topic_count, b->topic_count);
	assert_memory_equal(a->topics, b->topics, a->topic_count * 32);
	assert_true(gs_bytes_equal(a->data, b->data));
	assert_int_equal(a->block_number, b->block_number);
	assert_memory_equal(a->block_hash.b, b->block_hash.b, 32);
	assert_memory_equal(a->tx_hash.b, b->tx_hash.b, 32);
	assert_int_equal(a->index, b->index);
	assert_int_equal(a->time.unix_s, b->time.unix_s);
	assert_false(b->removed);
}

/* --- what is taken --- */

struct taker {
	const struct sample *sample;
	size_t taken, calls;
	size_t count[LOGS];
	enum gs_err answer;
};

static enum gs_err take(void *self, const struct gs_log_entry *entries, size_t count)
{
	struct taker *t = self;

	assert_true(count > 0 && t->taken + count <= LOGS);
	for (size_t i = 0; i < count; i++)
		same_log(&t->sample->log[t->taken + i], &entries[i]);
	t->taken += count;
	t->count[t->calls++] = count;
	return t->answer;
}

static struct gs_bytes part(const struct gs_buf *text, size_t from, size_t to)
{
	return (struct gs_bytes){text->ptr + from, to - from};
}

static void whole_list(void **state)
{
	const struct sample *s = *state;
	const struct gs_logstream_options options = {.filter = &filter};
	struct gs_logstream *stream;
	struct gs_log_list list;

	assert_int_equal(gs_logstream_open(&options, &stream, NULL), GS_OK);
	assert_int_equal(gs_logstream_feed(stream, gs_buf_view(&s->text), NULL), GS_OK);
	assert_int_equal(gs_logstream_end(stream, NULL), GS_OK);
	assert_int_equal(gs_logstream_count(stream), LOGS);
	gs_logstream_list(stream, &list);
	gs_logstream_close(stream);
	assert_int_equal(list.count, LOGS);
	for (size_t i = 0; i < LOGS; i++)
		same_log(&s->log[i], &list.entries[i]);
	gs_log_list_free(&list);
}

/* In two pieces, cut at every byte, and in pieces of every small size. */
static void cut_anywhere(void **state)
{
	const struct sample *s = *state;

	for (size_t cut = 0; cut <= s->text.len; cut++) {
		struct taker t = {.sample = s};
		const struct gs_logstream_options options = {.filter = &filter, .take = take, .self = &t};
		struct gs_logstream *stream;

		assert_int_equal(gs_logstream_open(&options, &stream, NULL), GS_OK);
		assert_int_equal(gs_logstream_feed(stream, part(&s->text, 0, cut), NULL), GS_OK);
		assert_int_equal(gs_logstream_feed(stream, part(&s->text, cut, s->text.len), NULL), GS_OK);
		assert_int_equal(gs_logstream_end(stream, NULL), GS_OK);
		gs_logstream_close(stream);
		assert_int_equal(t.taken, LOGS);
		assert_int_equal(t.calls, 3);
		assert_int_equal(t.count[0], 2);
		assert_int_equal(t.count[1], 3);
		assert_int_equal(t.count[2], 2);
	}
	for (size_t size = 1; size < 70; size++) {
		struct taker t = {.sample = s};
		const struct gs_logstream_options options = {
			.filter = &filter, .take = take, .self = &t, .logs_a_take = 3};
		struct gs_logstream *stream;

		assert_int_equal(gs_logstream_open(&options, &stream, NULL), GS_OK);
		for (size_t at = 0; at < s->text.len; at += size)
			assert_int_equal(
				gs_logstream_feed(stream,
			                          part(&s->text, at, at + size < s->text.len ? at + size : s->text.len),
			                          NULL),
				GS_OK);
		assert_int_equal(gs_logstream_end(stream, NULL), GS_OK);
		gs_logstream_close(stream);
		assert_int_equal(t.taken, LOGS);
		assert_int_equal(t.calls, 2);
		assert_int_equal(t.count[0], 5); /* whole blocks, at least three logs */
	}
}

/* Whatever is cut off at the end is no answer. */
static void cut_short(void **state)
{
	const struct sample *s = *state;
	const struct gs_logstream_options options = {.filter = &filter};

	for (size_t len = 0; len < s->text.len; len++) {
		struct gs_logstream *stream;
		struct gs_error error;

		assert_int_equal(gs_logstream_open(&options, &stream, NULL), GS_OK);
		assert_int_equal(gs_logstream_feed(stream, part(&s->text, 0, len), NULL), GS_OK);
		assert_int_equal(gs_logstream_end(stream, &error), GS_EPARSE);
		assert_non_null(strstr(error.text, "ends too early"));
		gs_logstream_close(stream);
	}
}

static void refusing_taker(void **state)
{
	const struct sample *s = *state;
	struct taker t = {.sample = s, .answer = GS_EIO};
	const struct gs_logstream_options options = {.filter = &filter, .take = take, .self = &t};
	struct gs_logstream *stream;

	assert_int_equal(gs_logstream_open(&options, &stream, NULL), GS_OK);
	assert_int_equal(gs_logstream_feed(stream, gs_buf_view(&s->text), NULL), GS_EIO);
	assert_int_equal(gs_logstream_feed(stream, gs_buf_view(&s->text), NULL), GS_EIO);
	assert_int_equal(gs_logstream_end(stream, NULL), GS_EIO);
	gs_logstream_close(stream);
	assert_int_equal(t.calls, 1);
}

static void digest_of(const struct gs_buf *text, struct gs_hash *out)
{
	const struct gs_logstream_options options = {.filter = &filter, .digest = true};
	struct gs_logstream *stream;

	assert_int_equal(gs_logstream_open(&options, &stream, NULL), GS_OK);
	assert_int_equal(gs_logstream_feed(stream, gs_buf_view(text), NULL), GS_OK);
	assert_int_equal(gs_logstream_end(stream, NULL), GS_OK);
	gs_logstream_digest(stream, out);
	gs_logstream_close(stream);
}

/* The same for the same logs in other words; another for another byte of any field. */
static void digests(void **state)
{
	struct sample *s = *state;
	struct gs_buf other;
	struct gs_hash first, second;
	size_t differ = 0;

	digest_of(&s->text, &first);
	for (size_t i = 0; i <= LOGS; i++) { /* in the last round nothing is changed */
		gs_buf_init(&other, 1 << 20);
		gs_buf_append_text(&other, "{\"id\":null,\"result\":[");
		for (size_t k = 0; k < LOGS; k++) {
			struct gs_log_entry e = s->log[k];
			e.time.unix_s = 0; /* not every endpoint says it */
			if (k == i && (i % 3 == 0 || (i % 3 == 2 && e.topic_count == 0)))
				e.tx_hash.b[31] ^= 1;
			if (k == i && i % 3 == 1)
				e.data.len--;
			if (k == i && i % 3 == 2)
				e.topics[0].b[5] ^= 1;
			gs_buf_append_text(&other, "%s", k ? "," : "");
			put_log(&other, &e);
		}
		gs_buf_append_text(&other, "],\"jsonrpc\":\"2.0\",\"error\":null}");
		digest_of(&other, &second);
		differ += !gs_hash_equal(&first, &second);
		gs_buf_free(&other);
	}
	assert_int_equal(differ, LOGS);
	assert_true(gs_hash_equal(&first, &second));
}

/* --- what is refused --- */

#define ADDRESS "\"0xaa01000000000000000000000000000000000000\""
#define HASH "\"0x00000000000000000000000000000000000000000000000000000000000000b0\""
#define OTHER "\"0x00000000000000000000000000000000000000000000000000000000000000b1\""
#define REST "\"blockHash\":" HASH ",\"transactionHash\":" HASH ",\"data\":\"0x\",\"topics\":[]"
#define GOOD "{\"address\":" ADDRESS ",\"blockNumber\":\"0xa\",\"logIndex\":\"0x1\"," REST "}"
#define ANSWER(logs) "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[" logs "]}"

static enum gs_err read_all(const struct gs_logstream_options *options, const char *text, struct gs_error *error,
                            struct gs_rpc_failure *failure)
{
	struct gs_logstream *stream;
	enum gs_err err;

	assert_int_equal(gs_logstream_open(options, &stream, NULL), GS_OK);
	err = gs_logstream_feed(stream, (struct gs_bytes){(const uint8_t *)text, strlen(text)}, error);
	if (!err)
		err = gs_logstream_end(stream, error);
	*failure = *gs_logstream_failure(stream);
	gs_logstream_close(stream);
	return err;
}

static void refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "ends too early"},
		{"[]", "not a list of logs"},
		{"\"text\"", "not a list of logs"},
		{"{}", "not one of JSON-RPC"},
		{"{\"jsonrpc\":\"2.0\",\"id\":1}", "not one of JSON-RPC"},
		{"{\"id\":1,\"result\":[]}", "not one of JSON-RPC"},
		{"{\"jsonrpc\":\"1.0\",\"result\":[]}", "not a list of logs"},
		{"{\"jsonrpc\":\"2.0\",\"result\":null}", "not a list of logs"},
		{"{\"jsonrpc\":\"2.0\",\"result\":{}}", "not a list of logs"},
		{"{\"jsonrpc\":\"2.0\",\"result\":\"0x\"}", "not a list of logs"},
		{"{\"jsonrpc\":\"2.0\",\"result\":[],\"result\":[]}", "twice"},
		{"{\"jsonrpc\":\"2.0\",\"result\":[],\"error\":{\"code\":1}}", "not one of JSON-RPC"},
		{ANSWER("") "x", "not JSON"},
		{ANSWER("") "{}", "not JSON"},
		{ANSWER("null"), "not a list of logs"},
		{ANSWER("1"), "not a list of logs"},
		{ANSWER("true"), "not a list of logs"},
		{ANSWER("\"0x\""), "not a list of logs"},
		{ANSWER("[]"), "not a list of logs"},
		{ANSWER("{}"), "missing"},
		{ANSWER("{\"address\":" ADDRESS ",\"logIndex\":\"0x1\"," REST "}"), "missing"},
		{ANSWER("{\"address\":" ADDRESS ",\"blockNumber\":\"0xa\"," REST "}"), "missing"},
		{ANSWER("{\"address\":" ADDRESS ",\"address\":" ADDRESS "}"), "twice"},
		{ANSWER("{\"address\":\"0xaa\"}"), "wrong type or form"},
		{ANSWER("{\"address\":1}"), "wrong type or form"},
		{ANSWER("{\"address\":null}"), "wrong type or form"},
		{ANSWER("{\"address\":{}}"), "wrong type or form"},
		{ANSWER("{\"data\":[]}"), "wrong type or form"},
		{ANSWER("{\"data\":\"0x0\"}"), "wrong type or form"},
		{ANSWER("{\"data\":\"00\"}"), "wrong type or form"},
		{ANSWER("{\"data\":\"0xg0\"}"), "wrong type or form"},
		{ANSWER("{\"data\":\"\"}"), "wrong type or form"},
		{ANSWER("{\"topics\":\"0x\"}"), "wrong type or form"},
		{ANSWER("{\"topics\":[null]}"), "wrong type or form"},
		{ANSWER("{\"topics\":[[]]}"), "wrong type or form"},
		{ANSWER("{\"topics\":[\"0x00\"]}"), "wrong type or form"},
		{ANSWER("{\"topics\":[" HASH "," HASH "," HASH "," HASH "," HASH "]}"), "more than 4 topics"},
		{ANSWER("{\"logIndex\":\"0x100000000\"}"), "wrong type or form"},
		{ANSWER("{\"logIndex\":1}"), "wrong type or form"},
		{ANSWER("{\"blockNumber\":\"0x\"}"), "wrong type or form"},
		{ANSWER("{\"blockNumber\":\"0x10000000000000000\"}"), "wrong type or form"},
		{ANSWER("{\"removed\":\"yes\"}"), "wrong type or form"},
		{ANSWER("{\"removed\":true,\"address\":" ADDRESS ",\"blockNumber\":\"0xa\",\"logIndex\":\"0x1\"," REST
	                "}"),
	         "removed"},
		{ANSWER("{\"address\":\"0xcc01000000000000000000000000000000000000\",\"blockNumber\":\"0xa\","
	                "\"logIndex\":\"0x1\"," REST "}"),
	         "not asked for"},
		{ANSWER("{\"address\":" ADDRESS ",\"blockNumber\":\"0xf\",\"logIndex\":\"0x1\"," REST "}"),
	         "not asked for"},
		{ANSWER("{\"address\":" ADDRESS ",\"blockNumber\":\"0x9\",\"logIndex\":\"0x1\"," REST "}"),
	         "not asked for"},
		{ANSWER(GOOD "," GOOD), "not come after"},
		{ANSWER(GOOD ",{\"address\":" ADDRESS ",\"blockNumber\":\"0xa\",\"logIndex\":\"0x0\"," REST "}"),
	         "not come after"},
		{ANSWER(GOOD ",{\"address\":" ADDRESS
	                     ",\"blockNumber\":\"0xa\",\"logIndex\":\"0x2\",\"blockHash\":" OTHER
	                     ",\"transactionHash\":" HASH ",\"data\":\"0x\",\"topics\":[]}"),
	         "another hash"},
		{ANSWER("{\"more\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}"), "too deep"},
	};
	const struct gs_logstream_options options = {.filter = &filter};
	struct gs_rpc_failure failure;
	struct gs_error error;

	(void)state;
	assert_int_equal(read_all(&options, ANSWER(GOOD), &error, &failure), GS_OK);
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		error.text[0] = '\0';
		if (read_all(&options, bad[i].text, &error, &failure) == GS_OK || !strstr(error.text, bad[i].why))
			fail_msg("%s\n  gives: %s\n  wanted: %s", bad[i].text, error.text, bad[i].why);
		assert_null(strchr(error.text, '\n'));
		assert_int_equal(failure.kind, strstr(bad[i].text, "\"error\":{") ? GS_RPC_REMOTE : GS_RPC_NO_FAILURE);
	}
}

static void node_says_no(void **state)
{
	const struct gs_logstream_options options = {.filter = &filter};
	struct gs_rpc_failure failure;
	struct gs_error error;

	(void)state;
	assert_int_equal(read_all(&options,
	                          "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32005,\"message\":\"query "
	                          "returned more than 10000 results\",\"data\":{\"from\":\"0x1\"}}}",
	                          &error, &failure),
	                 GS_EINVAL);
	assert_int_equal(failure.kind, GS_RPC_REMOTE);
	assert_int_equal(failure.code, -32005);
	assert_string_equal(failure.message, "query returned more than 10000 results");
	assert_non_null(strstr(error.text, "more than 10000"));
}

static void limits(void **state)
{
	const struct sample *s = *state;
	struct gs_logstream_options options = {.filter = &filter, .logs_max = LOGS - 1};
	struct gs_logstream *stream;
	struct gs_error error;
	char *blank;

	assert_int_equal(gs_logstream_open(&options, &stream, NULL), GS_OK);
	assert_int_equal(gs_logstream_feed(stream, gs_buf_view(&s->text), &error), GS_ELIMIT);
	assert_non_null(strstr(error.text, "fewer blocks"));
	gs_logstream_close(stream);

	options = (struct gs_logstream_options){.filter = &filter, .bytes_max = s->text.len - 1};
	assert_int_equal(gs_logstream_open(&options, &stream, NULL), GS_OK);
	assert_int_equal(gs_logstream_feed(stream, gs_buf_view(&s->text), &error), GS_ELIMIT);
	gs_logstream_close(stream);

	/* A text that never ends is not collected for ever. */
	options.bytes_max = 0;
	blank = malloc(1 << 16);
	memset(blank, '0', 1 << 16);
	assert_int_equal(gs_logstream_open(&options, &stream, NULL), GS_OK);
	assert_int_equal(gs_logstream_feed(stream, (struct gs_bytes){(const uint8_t *)"{\"x\":\"", 6}, NULL), GS_OK);
	enum gs_err err = GS_OK;
	size_t pieces = 0;
	for (; !err && pieces < 1000; pieces++)
		err = gs_logstream_feed(stream, (struct gs_bytes){(const uint8_t *)blank, 1 << 16}, &error);
	assert_int_equal(err, GS_ELIMIT);
	assert_true(pieces < 40);
	gs_logstream_close(stream);
	free(blank);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut_anywhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut_short, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refusing_taker, set_up, tear_down),
		cmocka_unit_test_setup_teardown(digests, set_up, tear_down),
		cmocka_unit_test(refused),
		cmocka_unit_test(node_says_no),
		cmocka_unit_test_setup_teardown(limits, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
