/* Hostile answers to eth_getLogs: kept as a whole, handed on in small pieces, and under tight limits they give the same logs or the same refusal,
 * in one line. */
#include "chain/rpc/logstream.h"

#include <string.h>

enum { LOGS_MAX = 2, DATA_MAX = 64, BYTES_MAX = 1024, ID = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct gs_address address = {{0xaa, 1}};
static const struct gs_eth_filter filter = {
	.from_block = 1, .to_block = 1 << 20, .addresses = &address, .address_count = 1};

/* What came of a reading: comparable, whichever way the logs went. */
struct told {
	enum gs_err err;
	uint64_t count;
	struct gs_hash digest;
};

/* Logs that were handed on. */
struct taken {
	uint64_t count, bytes;
	struct gs_log_entry last;
};

static enum gs_err take(void *self, const struct gs_log_entry *entries, size_t count)
{
	struct taken *t = self;

	GS_ASSERT(count > 0);
	for (size_t i = 0; i < count; i++) {
		const struct gs_log_entry *e = &entries[i], *last = &t->last;
		GS_ASSERT(gs_eth_filter_admits(&filter, e) && !e->removed);
		GS_ASSERT(t->count == 0 || e->block_number > last->block_number ||
		          (e->block_number == last->block_number && e->index > last->index));
		for (size_t b = 0; b < e->data.len; b++) /* every byte is there to be read */
			t->bytes += e->data.ptr[b] | 1U;
		t->last = *e;
		t->count++;
	}
	return GS_OK;
}

static enum gs_err read_in_pieces(struct gs_logstream *stream, struct gs_bytes text, size_t piece)
{
	struct gs_error error = {0};
	enum gs_err err = GS_OK;

	for (size_t at = 0; at < text.len && !err; at += piece)
		err = gs_logstream_feed(stream,
		                        (struct gs_bytes){text.ptr + at, text.len - at < piece ? text.len - at : piece},
		                        &error);
	if (!err)
		err = gs_logstream_end(stream, &error);
	GS_ASSERT(!err || (error.text[0] && strchr(error.text, '\n') == NULL));
	GS_ASSERT(!err || gs_logstream_feed(stream, (struct gs_bytes){(const uint8_t *)" ", 1}, &error) == err);
	return err;
}

static struct told tell(const struct gs_logstream_options *options, struct gs_bytes text, size_t piece, bool expect)
{
	struct told told = {0};
	struct gs_error error = {0};
	struct gs_logstream *stream;
	struct gs_log_list list;
	struct taken listed = {0};

	GS_ASSERT(gs_logstream_open(options, &stream, &error) == GS_OK);
	if (expect)
		gs_logstream_expect(stream, ID);
	told.err = read_in_pieces(stream, text, piece);
	told.count = gs_logstream_count(stream);
	if (told.err == GS_EINVAL)
		GS_ASSERT(gs_logstream_failure(stream)->kind == GS_RPC_REMOTE);
	if (!told.err)
		gs_logstream_digest(stream, &told.digest);
	if (!told.err && !options->take) {
		gs_logstream_list(stream, &list);
		GS_ASSERT(list.count == told.count &&
		          (list.count == 0 || take(&listed, list.entries, list.count) == GS_OK));
		gs_log_list_free(&list);
	}
	gs_logstream_close(stream);
	return told;
}

static bool same(const struct told *a, const struct told *b)
{
	return a->err == b->err && a->count == b->count && gs_hash_equal(&a->digest, &b->digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gs_bytes text = {data, size};
	const struct gs_logstream_options all = {.filter = &filter, .digest = true};
	const struct told whole = tell(&all, text, size + 1, false), cut = tell(&all, text, 4, false),
			  called = tell(&all, text, 64, true);

	GS_ASSERT(same(&cut, &whole));
	GS_ASSERT(same(&called, &whole) || called.err == GS_EPARSE);
	for (size_t piece = 1; piece < 9; piece += 6) {
		struct taken taken = {0};
		const struct gs_logstream_options some = {
			.filter = &filter, .digest = true, .take = take, .self = &taken, .logs_a_take = piece - 1};
		const struct told streamed = tell(&some, text, piece, false);
		GS_ASSERT(same(&streamed, &whole) && (streamed.err || taken.count == streamed.count));
	}
	const struct gs_logstream_options tight = {
		.filter = &filter, .digest = true, .logs_max = LOGS_MAX, .data_max = DATA_MAX, .bytes_max = BYTES_MAX};
	const struct told little = tell(&tight, text, 16, false);
	GS_ASSERT(same(&little, &whole) || little.err == GS_ELIMIT);
	GS_ASSERT(little.err || (size <= BYTES_MAX && little.count <= LOGS_MAX));
	return 0;
}
