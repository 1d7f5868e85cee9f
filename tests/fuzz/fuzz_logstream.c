/* Hostile answers to eth_getLogs: read in one piece and in small ones they give the same logs or the same refusal, in one line. */
#include "chain/rpc/logstream.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum gs_err read_in_pieces(struct gs_bytes text, size_t piece, uint64_t *count, struct gs_hash *digest)
{
	static const struct gs_address address = {{0xaa, 1}};
	const struct gs_eth_filter filter = {
		.from_block = 1, .to_block = 1 << 20, .addresses = &address, .address_count = 1};
	const struct gs_logstream_options options = {.filter = &filter, .digest = true};
	struct gs_error error = {0};
	struct gs_logstream *stream;
	enum gs_err err = gs_logstream_open(&options, &stream, &error);

	GS_ASSERT(!err);
	for (size_t at = 0; at < text.len && !err; at += piece)
		err = gs_logstream_feed(stream,
		                        (struct gs_bytes){text.ptr + at, text.len - at < piece ? text.len - at : piece},
		                        &error);
	if (!err)
		err = gs_logstream_end(stream, &error);
	*count = gs_logstream_count(stream);
	if (!err)
		gs_logstream_digest(stream, digest);
	else
		GS_ASSERT(error.text[0] && strchr(error.text, '\n') == NULL);
	gs_logstream_close(stream);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gs_bytes text = {data, size};
	struct gs_hash whole = {{0}}, cut = {{0}};
	uint64_t logs, logs_cut;
	const enum gs_err err = read_in_pieces(text, size + 1, &logs, &whole);

	for (size_t piece = 1; piece < 9; piece += 3)
		GS_ASSERT(read_in_pieces(text, piece, &logs_cut, &cut) == err && logs_cut == logs &&
		          gs_hash_equal(&whole, &cut));
	return 0;
}
