/* Arrays and leaves as they lie in the database: short ones in their records, longer ones once, by their hash (contents.h).
 *
 *     ARRAYS  number of a claim        -> version 1: input, output;  version 2: which of the two are names, input or its name, output or its name
 *     BLOBS   id, kind                 -> the bytes themselves
 *     BLOBS   id, kind with its bit 7  -> their name, which goes before bytes under the kind itself
 *
 * Earlier versions named nothing: what they stored is read as it is. */
#include <string.h>

#include "validator/node/contents.h"
#include "validator/node/facts_record.h"

enum { PLAIN_VERSION = 1, PLAIN_FIELDS = 2, NAMED_VERSION = 2, NAMED_FIELDS = 3 };
enum { INPUT_NAMED = 1, OUTPUT_NAMED = 2, IS_NAME = 0x80 };

/* --- arrays as they were posted --- */

/* *named: the bytes are kept as a content, *name says which. */
static enum gs_err keep_if_long(struct gs_journal *j, struct gs_bytes bytes, bool *named, struct gs_hash *name)
{
	*named = bytes.len >= GS_CONTENT_LEAST;
	return *named ? gs_contents_keep(j, bytes, name) : GS_OK;
}

enum gs_err gs_posted_arrays_encode(struct gs_journal *j, struct gs_bytes input, struct gs_bytes output,
                                    struct gs_buf *out)
{
	struct gs_hash input_name, output_name;
	struct gs_record_writer w;
	bool input_named, output_named = false;
	enum gs_err err = keep_if_long(j, input, &input_named, &input_name);

	if (!err)
		err = keep_if_long(j, output, &output_named, &output_name);
	if (err)
		return err;
	if (input_named || output_named) {
		gs_record_begin(&w, out, NAMED_VERSION, NAMED_FIELDS);
		gs_record_put_u64(&w, (input_named ? INPUT_NAMED : 0) | (output_named ? OUTPUT_NAMED : 0));
	} else {
		gs_record_begin(&w, out, PLAIN_VERSION, PLAIN_FIELDS);
	}
	gs_record_put_bytes(&w, input_named ? (struct gs_bytes){input_name.b, sizeof(input_name.b)} : input);
	gs_record_put_bytes(&w, output_named ? (struct gs_bytes){output_name.b, sizeof(output_name.b)} : output);
	gs_record_end(&w);
	return out->err;
}

enum gs_err gs_posted_arrays_decode(struct gs_bytes value, struct gs_posted_arrays *out)
{
	struct gs_record_reader r;
	uint64_t named = 0;

	gs_record_open(&r, value, PLAIN_VERSION, PLAIN_FIELDS);
	if (r.err == GS_EUNSUPPORTED) {
		gs_record_open(&r, value, NAMED_VERSION, NAMED_FIELDS);
		named = gs_record_get_u64(&r);
	}
	out->input = gs_record_get_bytes(&r);
	out->output = gs_record_get_bytes(&r);
	out->input_named = named & INPUT_NAMED;
	out->output_named = named & OUTPUT_NAMED;
	if (!r.err &&
	    (named > (INPUT_NAMED | OUTPUT_NAMED) || (out->input_named && out->input.len != sizeof(struct gs_hash)) ||
	     (out->output_named && out->output.len != sizeof(struct gs_hash))))
		r.err = GS_ECORRUPT;
	return gs_record_close(&r);
}

static enum gs_err append_content(struct gs_journal *j, struct gs_bytes name, struct gs_buf *out)
{
	struct gs_hash hash;
	struct gs_bytes bytes;

	if (name.len != sizeof(hash.b))
		return GS_ECORRUPT;
	memcpy(hash.b, name.ptr, sizeof(hash.b));
	const enum gs_err err = gs_contents_view(j, &hash, &bytes);
	if (err)
		return err;
	gs_buf_append(out, bytes.ptr, bytes.len);
	return out->err;
}

enum gs_err gs_posted_arrays_append(struct gs_journal *j, struct gs_bytes value, bool output, struct gs_buf *out)
{
	struct gs_posted_arrays arrays;
	const enum gs_err err = gs_posted_arrays_decode(value, &arrays);
	const struct gs_bytes wanted = output ? arrays.output : arrays.input;

	if (err)
		return err;
	if (output ? arrays.output_named : arrays.input_named)
		return append_content(j, wanted, out);
	gs_buf_append(out, wanted.ptr, wanted.len);
	return out->err;
}

/* --- blobs --- */

struct gs_bytes gs_facts_blob_key(const struct gs_hash *of, char kind, uint8_t out[GS_BLOB_KEY])
{
	memcpy(out, of->b, sizeof(of->b));
	out[sizeof(of->b)] = (uint8_t)kind;
	return (struct gs_bytes){out, GS_BLOB_KEY};
}

static struct gs_bytes name_key(const struct gs_hash *of, char kind, uint8_t out[GS_BLOB_KEY])
{
	const struct gs_bytes key = gs_facts_blob_key(of, kind, out);

	out[GS_BLOB_KEY - 1] |= IS_NAME;
	return key;
}

bool gs_blob_is_name(struct gs_bytes key)
{
	return key.len == GS_BLOB_KEY && key.ptr[GS_BLOB_KEY - 1] & IS_NAME;
}

char gs_blob_kind(struct gs_bytes key)
{
	return key.len == GS_BLOB_KEY ? (char)(key.ptr[GS_BLOB_KEY - 1] & ~IS_NAME) : 0;
}

enum gs_err gs_facts_blob(struct gs_journal *j, const struct gs_hash *of, char kind, struct gs_buf *out)
{
	uint8_t key[GS_BLOB_KEY];
	struct gs_bytes name;
	const enum gs_err err = gs_journal_view(j, GS_TABLE_BLOBS, name_key(of, kind, key), &name);

	if (err == GS_ENOTFOUND)
		return gs_journal_get(j, GS_TABLE_BLOBS, gs_facts_blob_key(of, kind, key), out);
	return err ? err : append_content(j, name, out);
}

enum gs_err gs_facts_has_blob(struct gs_journal *j, const struct gs_hash *of, char kind, bool *out)
{
	uint8_t key[GS_BLOB_KEY];
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, GS_TABLE_BLOBS, name_key(of, kind, key), &value);

	if (err == GS_ENOTFOUND)
		err = gs_journal_view(j, GS_TABLE_BLOBS, gs_facts_blob_key(of, kind, key), &value);
	*out = err == GS_OK;
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_facts_derive_blob(struct gs_journal *j, const struct gs_hash *of, char kind, struct gs_bytes bytes)
{
	uint8_t key[GS_BLOB_KEY];
	struct gs_hash name;
	bool named;
	const enum gs_err err = keep_if_long(j, bytes, &named, &name);

	if (err)
		return err;
	return named ? gs_journal_derive(j, GS_TABLE_BLOBS, name_key(of, kind, key),
	                                 (struct gs_bytes){name.b, sizeof(name.b)})
	             : gs_journal_derive(j, GS_TABLE_BLOBS, gs_facts_blob_key(of, kind, key), bytes);
}

/* What is our own stays: nobody takes it back. */
enum gs_err gs_facts_keep_blob(struct gs_journal *j, const struct gs_hash *of, char kind, struct gs_bytes bytes)
{
	uint8_t key[GS_BLOB_KEY];
	struct gs_contents_named naming = {.count = 1};
	bool there, named;
	enum gs_err err = gs_facts_has_blob(j, of, kind, &there);

	if (err || there)
		return err;
	err = keep_if_long(j, bytes, &named, &naming.hash[0]);
	if (err || !named)
		return err ? err : gs_journal_put(j, GS_TABLE_BLOBS, gs_facts_blob_key(of, kind, key), bytes);
	err = gs_contents_change(j, NULL, &naming);
	return err ? err
	           : gs_journal_put(j, GS_TABLE_BLOBS, name_key(of, kind, key),
	                            (struct gs_bytes){naming.hash[0].b, sizeof(naming.hash[0].b)});
}
