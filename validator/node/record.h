/* validator/node/record.h: the form of everything that the node stores: a msgpack array, its version first.
 *
 *     [version, field, field, ...]
 *
 * A reader knows the versions that it can read; what it does not know is GS_EUNSUPPORTED, what has not the form
 * is GS_ECORRUPT, never a guess. Amounts are 32-byte binaries, hashes and addresses binaries of their size. */
#ifndef GS_VALIDATOR_NODE_RECORD_H
#define GS_VALIDATOR_NODE_RECORD_H

#include <msgpack.h>

#include "chain/core/buf.h"
#include "chain/core/u256.h"

enum { GS_RECORD_BYTES_MAX = 64 * 1024 * 1024, GS_RECORD_FIELDS_MAX = 64 };

/* --- writing: errors stick to the buffer --- */
struct gs_record_writer {
	struct gs_buf *out;
	msgpack_packer packer;
	unsigned left; /* fields still to be written */
};
/* fields: without the version. */
void gs_record_begin(struct gs_record_writer *w, struct gs_buf *out, unsigned version, unsigned fields);
void gs_record_put_u64(struct gs_record_writer *w, uint64_t v);
void gs_record_put_bool(struct gs_record_writer *w, bool v);
void gs_record_put_bytes(struct gs_record_writer *w, struct gs_bytes v);
void gs_record_put_hash(struct gs_record_writer *w, const struct gs_hash *v);
void gs_record_put_address(struct gs_record_writer *w, const struct gs_address *v);
void gs_record_put_wei(struct gs_record_writer *w, struct gs_wei v);
/* The same, short: nothing where it is zero, an amount without the zeros in front. */
void gs_record_put_brief_hash(struct gs_record_writer *w, const struct gs_hash *v);
void gs_record_put_brief_address(struct gs_record_writer *w, const struct gs_address *v);
void gs_record_put_brief_wei(struct gs_record_writer *w, struct gs_wei v);
void gs_record_put_text(struct gs_record_writer *w, const char *v);
/* Asserts that all fields were written. */
void gs_record_end(const struct gs_record_writer *w);

/* --- reading: errors stick to the reader; values read after one are zero --- */
struct gs_record_reader {
	const uint8_t *at, *end; /* borrowed */
	uint64_t left;           /* fields that were not read yet */
	enum gs_err err;
};
/* bytes must outlive the reader and every view taken from it. Nothing is allocated; maps, extensions and arrays within are in no
 * record. Close it in every case. */
void gs_record_open(struct gs_record_reader *r, struct gs_bytes bytes, unsigned version, unsigned fields);
uint64_t gs_record_get_u64(struct gs_record_reader *r);
uint32_t gs_record_get_u32(struct gs_record_reader *r);
bool gs_record_get_bool(struct gs_record_reader *r);
struct gs_bytes gs_record_get_bytes(struct gs_record_reader *r); /* borrowed from the record */
struct gs_hash gs_record_get_hash(struct gs_record_reader *r);
struct gs_address gs_record_get_address(struct gs_record_reader *r);
struct gs_wei gs_record_get_wei(struct gs_record_reader *r);
/* What was put either way. */
struct gs_hash gs_record_get_brief_hash(struct gs_record_reader *r);
struct gs_address gs_record_get_brief_address(struct gs_record_reader *r);
struct gs_wei gs_record_get_brief_wei(struct gs_record_reader *r);
/* Copies into out; GS_ECORRUPT when it does not fit. */
void gs_record_get_text(struct gs_record_reader *r, char *out, size_t size);
/* The next fields, of whatever types. */
void gs_record_skip(struct gs_record_reader *r, unsigned fields);
/* GS_OK when every field was there, of its type, and read, and nothing is behind them. */
GS_MUST enum gs_err gs_record_close(const struct gs_record_reader *r);

#endif
