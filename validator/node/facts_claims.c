/* Claims as they lie in the database: numbered in the order of posting, so that a history of them is appended and not scattered, with an
 * index from ids to numbers.
 *
 *     CLAIMS     number                                     -> the record        (or under its id: as earlier versions stored it)
 *     ARRAYS     number                                     -> input and output, as they were posted (facts_blobs.c)
 *     CLAIM_IDS  number / 2^16, the first bytes of the id   -> the low 16 bits of the numbers of all such claims, 2 bytes each
 *
 * Ids are hashes: an index in their order alone would touch a page of its own for each new claim once there are many. Here what is
 * posted goes to the run of the newest 2^16 numbers, a few hundred pages; looking one up asks run after run, the newest first,
 * because nearly all that is said is said about claims that are not old. */
#include <string.h>

#include "validator/node/facts_record.h"

enum {
	RUN_BITS = 16,
	ID_BYTES = 6,
	IDS_KEY = 4 + ID_BYTES,
	IDS_MAX = 2 << RUN_BITS,
};
#define NUMBER_MAX ((UINT64_C(1) << 40) - 1) /* three zero bytes before it tell numbers from ids in a scan */

static struct gs_bytes hash_key(const struct gs_hash *hash)
{
	return (struct gs_bytes){hash->b, sizeof(hash->b)};
}

static struct gs_bytes number_key(uint64_t number, uint8_t out[GS_CLAIM_KEY])
{
	gs_be64_write(out, number);
	return (struct gs_bytes){out, GS_CLAIM_KEY};
}

static struct gs_bytes ids_key(uint64_t number, const struct gs_hash *id, uint8_t out[IDS_KEY])
{
	gs_be32_write(out, (uint32_t)(number >> RUN_BITS));
	memcpy(out + 4, id->b, ID_BYTES);
	return (struct gs_bytes){out, IDS_KEY};
}

/* --- looking up --- */

static enum gs_err see_newest(void *context, struct gs_bytes key, struct gs_bytes value)
{
	uint64_t *newest = context;

	(void)value;
	if (key.len != GS_CLAIM_KEY)
		return GS_OK; /* an id that begins so */
	*newest = gs_be64_read(key.ptr);
	return GS_ENOTFOUND; /* enough */
}

static enum gs_err newest_number(struct gs_journal *j, uint64_t *out)
{
	static const uint8_t zeros[3];
	enum gs_err err;

	if (!j->claims_known) {
		j->newest_claim = 0;
		err = j->store->scan(j->txn, GS_TABLE_CLAIMS, (struct gs_bytes){zeros, sizeof(zeros)},
		                     GS_STORE_DESCENDING, see_newest, &j->newest_claim, j->error);
		if (err)
			return err;
		j->claims_known = true;
	}
	*out = j->newest_claim;
	return GS_OK;
}

/* The claim among those of one run whose ids begin like its. */
static enum gs_err find_in_run(struct gs_journal *j, const struct gs_hash *id, uint64_t run, uint64_t *number,
                               struct gs_bytes *record)
{
	uint8_t key[IDS_KEY], at[GS_CLAIM_KEY];
	struct gs_bytes lows;
	enum gs_err err = gs_journal_view(j, GS_TABLE_CLAIM_IDS, ids_key(run << RUN_BITS, id, key), &lows);

	if (err)
		return err;
	for (size_t i = 0; i + 2 <= lows.len; i += 2) {
		struct gs_hash found;
		bool needs;
		*number = run << RUN_BITS | (uint64_t)lows.ptr[i] << 8 | lows.ptr[i + 1];
		err = gs_journal_view(j, GS_TABLE_CLAIMS, number_key(*number, at), record);
		if (!err)
			err = gs_claim_peek((struct gs_bytes){at, sizeof(at)}, *record, &found, &needs);
		if (err)
			return GS_ECORRUPT;
		if (gs_hash_equal(&found, id))
			return GS_OK;
	}
	return GS_ENOTFOUND;
}

/* *number: 0 where the record lies under its id. */
static enum gs_err find(struct gs_journal *j, const struct gs_hash *id, uint64_t *number, struct gs_bytes *record)
{
	uint64_t newest;
	enum gs_err err = newest_number(j, &newest);

	if (err)
		return err;
	for (uint64_t runs = newest ? (newest >> RUN_BITS) + 1 : 0; runs > 0; runs--) {
		err = find_in_run(j, id, runs - 1, number, record);
		if (err != GS_ENOTFOUND)
			return err;
	}
	*number = 0;
	return gs_journal_view(j, GS_TABLE_CLAIMS, hash_key(id), record);
}

enum gs_err gs_facts_claim(struct gs_journal *j, const struct gs_hash *id, struct gs_claim *out)
{
	uint8_t key[GS_CLAIM_KEY];
	struct gs_bytes record;
	uint64_t number;
	enum gs_err err = find(j, id, &number, &record);

	if (err)
		return err;
	return gs_claim_decode(number ? number_key(number, key) : hash_key(id), record, out);
}

/* --- writing --- */

/* Empty, with the room that it has had before. */
static struct gs_buf *scratch(struct gs_journal *j)
{
	j->scratch.len = 0;
	j->scratch.err = GS_OK;
	return &j->scratch;
}

static enum gs_err derive(struct gs_journal *j, enum gs_table table, struct gs_bytes key, const struct gs_buf *value,
                          bool is_new)
{
	if (value->err)
		return gs_fail(j->error, value->err, "database: a record is too large");
	return is_new ? gs_journal_derive_new(j, table, key, gs_buf_view(value))
	              : gs_journal_derive(j, table, key, gs_buf_view(value));
}

static enum gs_err put_claim(struct gs_journal *j, const struct gs_claim *claim, bool is_new)
{
	uint8_t key[GS_CLAIM_KEY];
	struct gs_buf *value = scratch(j);

	gs_claim_encode(claim, value);
	return derive(j, GS_TABLE_CLAIMS, claim->number ? number_key(claim->number, key) : hash_key(&claim->id), value,
	              is_new);
}

enum gs_err gs_facts_put_claim(struct gs_journal *j, const struct gs_claim *claim)
{
	return put_claim(j, claim, false);
}

/* Enters it into the index. */
static enum gs_err put_id(struct gs_journal *j, const struct gs_claim *claim)
{
	const uint8_t low[2] = {(uint8_t)(claim->number >> 8), (uint8_t)claim->number};
	uint8_t key[IDS_KEY];
	const struct gs_bytes at = ids_key(claim->number, &claim->id, key);
	struct gs_bytes before;
	struct gs_buf value;
	uint64_t number;
	enum gs_err err = gs_journal_view(j, GS_TABLE_CLAIM_IDS, at, &before);

	if (err == GS_ENOTFOUND) /* as it nearly always is */
		return gs_journal_derive_new(j, GS_TABLE_CLAIM_IDS, at, (struct gs_bytes){low, sizeof(low)});
	if (err)
		return err;
	gs_buf_init(&value, IDS_MAX);
	gs_buf_append(&value, before.ptr, before.len);
	gs_buf_append(&value, low, sizeof(low));
	err = find_in_run(j, &claim->id, claim->number >> RUN_BITS, &number, &before);
	if (!err)
		err = GS_ECORRUPT; /* posted twice */
	else if (err == GS_ENOTFOUND)
		err = value.err ? value.err : gs_journal_derive(j, GS_TABLE_CLAIM_IDS, at, gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

static enum gs_err put_arrays(struct gs_journal *j, uint64_t number, struct gs_bytes input, struct gs_bytes output)
{
	uint8_t key[GS_CLAIM_KEY];
	struct gs_buf *value = scratch(j);
	const enum gs_err err = gs_posted_arrays_encode(j, input, output, value);

	return err && !value->err ? err : derive(j, GS_TABLE_ARRAYS, number_key(number, key), value, true);
}

enum gs_err gs_facts_post_claim(struct gs_journal *j, struct gs_claim *claim, struct gs_bytes input,
                                struct gs_bytes output)
{
	uint64_t newest;
	enum gs_err err = newest_number(j, &newest);

	if (err)
		return err;
	if (newest == NUMBER_MAX)
		return gs_fail(j->error, GS_ELIMIT, "database: more than %llu claims", (unsigned long long)NUMBER_MAX);
	claim->number = newest + 1;
	err = put_id(j, claim);
	if (!err)
		err = put_claim(j, claim, true);
	if (!err)
		err = put_arrays(j, claim->number, input, output);
	if (!err)
		j->newest_claim = claim->number;
	return err;
}

/* --- arrays --- */

static enum gs_err get_posted(struct gs_journal *j, const struct gs_hash *claim, char kind, struct gs_buf *out)
{
	uint8_t key[GS_CLAIM_KEY];
	struct gs_bytes record;
	uint64_t number;
	enum gs_err err = find(j, claim, &number, &record);

	if (!err)
		err = number ? gs_journal_view(j, GS_TABLE_ARRAYS, number_key(number, key), &record) : GS_ENOTFOUND;
	return err ? err : gs_posted_arrays_append(j, record, kind == GS_BLOB_OUTPUT, out);
}

/* What was completed by answers to demands, or was posted under an earlier version, lies under the claim's id. */
enum gs_err gs_facts_on_chain(struct gs_journal *j, const struct gs_hash *claim, char kind, struct gs_buf *out)
{
	const enum gs_err err = gs_facts_blob(j, claim, kind, out);

	return err == GS_ENOTFOUND ? get_posted(j, claim, kind, out) : err;
}
