#include "validator/node/counts.h"

#include <string.h>

#include "validator/node/facts_record.h"

enum { VERSION = 1, RECORD_BYTES_MAX = 256 };
#define COUNT_MAX (UINT64_MAX / 2) /* above: less than none */

static struct gs_bytes counts_key(void)
{
	static const char name[] = "counts";

	return (struct gs_bytes){(const uint8_t *)name, sizeof(name) - 1};
}

/* --- one record --- */

static enum gs_err count_claim(struct gs_counts *counts, struct gs_bytes key, struct gs_bytes value, uint64_t times)
{
	enum gs_claim_status status;
	uint32_t open_games;
	enum gs_err err = gs_claim_peek_status(key, value, &status, &open_games);

	if (err)
		return err;
	counts->of[GS_COUNT_CLAIMS] += times;
	counts->of[GS_COUNT_OPEN] += status == GS_CLAIM_OPEN ? times : 0;
	counts->of[GS_COUNT_INVALID] += status == GS_CLAIM_INVALID ? times : 0;
	counts->of[GS_COUNT_FINAL] += status == GS_CLAIM_FINAL ? times : 0;
	counts->of[GS_COUNT_OPEN_GAMES] += open_games * times;
	return GS_OK;
}

static enum gs_err count_batch(struct gs_counts *counts, struct gs_bytes key, struct gs_bytes value, uint64_t times)
{
	struct gs_batch batch;
	enum gs_err err = gs_batch_decode(key, value, &batch);

	if (!err && batch.kind == GS_BATCH_CALLDATA && batch.status == GS_BATCH_OPEN)
		counts->of[GS_COUNT_OPEN_BATCHES] += times;
	return err;
}

static enum gs_err count_record(struct gs_counts *counts, enum gs_table table, struct gs_bytes key,
                                struct gs_bytes value, uint64_t times)
{
	if (value.len == 0)
		return GS_OK;
	return table == GS_TABLE_CLAIMS ? count_claim(counts, key, value, times)
	                                : count_batch(counts, key, value, times);
}

bool gs_counts_has(enum gs_table table)
{
	return table == GS_TABLE_CLAIMS || table == GS_TABLE_BATCHES;
}

enum gs_err gs_counts_change(struct gs_counts *counts, enum gs_table table, struct gs_bytes key, struct gs_bytes before,
                             struct gs_bytes after)
{
	GS_ASSERT(gs_counts_has(table));
	enum gs_err err = count_record(counts, table, key, before, UINT64_MAX); /* minus one */

	return err ? err : count_record(counts, table, key, after, 1);
}

/* --- the stored ones --- */

enum gs_err gs_counts_load(struct gs_journal *j, struct gs_counts *out)
{
	struct gs_record_reader r;
	struct gs_bytes value;
	enum gs_err err = gs_journal_view(j, GS_TABLE_META, counts_key(), &value);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	gs_record_open(&r, value, VERSION, GS_COUNTS);
	for (int i = 0; i < GS_COUNTS; i++)
		out->of[i] = gs_record_get_u64(&r);
	return gs_record_close(&r);
}

static enum gs_err put(struct gs_journal *j, const struct gs_counts *counts)
{
	struct gs_record_writer w;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, RECORD_BYTES_MAX);
	gs_record_begin(&w, &value, VERSION, GS_COUNTS);
	for (int i = 0; i < GS_COUNTS; i++)
		gs_record_put_u64(&w, counts->of[i]);
	gs_record_end(&w);
	err = value.err ? value.err : j->store->put(j->txn, GS_TABLE_META, counts_key(), gs_buf_view(&value), j->error);
	gs_buf_free(&value);
	return err;
}

static void add(struct gs_counts *sum, const struct gs_counts *change)
{
	for (int i = 0; i < GS_COUNTS; i++)
		sum->of[i] += change->of[i];
}

enum gs_err gs_counts_store(struct gs_journal *j)
{
	static const struct gs_counts nothing;
	struct gs_counts counts;
	enum gs_err err;

	if (memcmp(&j->counted, &nothing, sizeof(nothing)) == 0)
		return GS_OK;
	err = gs_counts_load(j, &counts);
	if (err)
		return gs_fail(j->error, GS_ECORRUPT, "database: the counts cannot be read; restore a backup");
	add(&counts, &j->counted);
	for (int i = 0; i < GS_COUNTS; i++)
		if (counts.of[i] > COUNT_MAX)
			return gs_fail(j->error, GS_ECORRUPT,
			               "database: less was stored than is taken back; restore a backup");
	return put(j, &counts);
}

/* --- counting again --- */

struct recount {
	struct gs_counts counts;
	enum gs_table table;
};

static enum gs_err see(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct recount *r = context;

	return count_record(&r->counts, r->table, key, value, 1);
}

static enum gs_err count_all(struct gs_journal *j, struct gs_counts *out)
{
	struct recount r = {.table = GS_TABLE_CLAIMS};
	enum gs_err err = j->store->scan(j->txn, r.table, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, see, &r,
	                                 j->error);

	r.table = GS_TABLE_BATCHES;
	if (!err)
		err = j->store->scan(j->txn, r.table, (struct gs_bytes){NULL, 0}, GS_STORE_ASCENDING, see, &r,
		                     j->error);
	*out = r.counts;
	return err;
}

enum gs_err gs_counts_open(struct gs_journal *j)
{
	struct gs_counts counts;
	enum gs_err err = gs_counts_load(j, &counts);

	if (err != GS_ENOTFOUND)
		return err;
	err = count_all(j, &counts);
	return err ? err : put(j, &counts);
}

enum gs_err gs_counts_check(struct gs_journal *j)
{
	static const char *const names[GS_COUNTS] = {
		[GS_COUNT_CLAIMS] = "claims",         [GS_COUNT_OPEN] = "open claims",
		[GS_COUNT_INVALID] = "wrong claims",  [GS_COUNT_FINAL] = "final claims",
		[GS_COUNT_OPEN_GAMES] = "open games", [GS_COUNT_OPEN_BATCHES] = "open batches",
	};
	struct gs_counts kept, there;
	enum gs_err err = gs_counts_load(j, &kept);

	if (err)
		return err == GS_ENOTFOUND ? GS_OK : err;
	add(&kept, &j->counted);
	err = count_all(j, &there);
	for (int i = 0; i < GS_COUNTS && !err; i++)
		if (kept.of[i] != there.of[i])
			err = gs_fail(j->error, GS_ECORRUPT, "database: %llu %s are stored and %llu were counted",
			              (unsigned long long)there.of[i], names[i], (unsigned long long)kept.of[i]);
	return err;
}
