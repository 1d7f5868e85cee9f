/* tests/tools/store_dump.c: what a node has stored of the chain, to be compared with what another has.
 *
 *     store_dump DIR
 *
 * Prints "head NUMBER HASH" of the newest block, then one line "TABLE KEY VALUE" (hexadecimal) for each record that follows from the
 * chain alone: claims, models, games, stakes, slashes, batches, beacons, attestations, and the arrays that the chain carries. Blocks
 * and undo records are left out, because how far back they reach depends on when a node began, and so is what is the node's own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "chain/eth/head.h"
#include "storage/store.h"
#include "validator/node/facts_record.h"
#include "validator/node/journal.h"

struct table {
	enum gs_table table;
	const char *name;
};

static void print_hex(struct gs_bytes bytes)
{
	putchar(' ');
	for (size_t i = 0; i < bytes.len; i++)
		printf("%02x", bytes.ptr[i]);
}

static enum gs_err print_record(void *context, struct gs_bytes key, struct gs_bytes value)
{
	const struct table *t = context;
	if (t->table == GS_TABLE_BLOBS &&
	    (gs_blob_kind(key) == GS_BLOB_INPUT_GIVEN || gs_blob_kind(key) == GS_BLOB_OUTPUT_GIVEN))
		return GS_OK; /* handed over in files, not by the chain */
	fputs(t->name, stdout);
	print_hex(key);
	print_hex(value);
	putchar('\n');
	return GS_OK;
}

static enum gs_err print_head(const struct gs_store *store, struct gs_store_txn *txn, struct gs_error *error)
{
	struct gs_journal journal = {.store = store, .txn = txn, .error = error};
	struct gs_head_tracker *tracker = calloc(1, sizeof(*tracker));
	if (!tracker)
		return gs_fail(error, GS_ENOMEM, "no memory");
	enum gs_err err = gs_journal_load_heads(&journal, tracker);
	const struct gs_head *newest = err ? NULL : gs_head_newest(tracker);
	if (newest) {
		printf("head %" PRIu64, newest->number);
		print_hex((struct gs_bytes){newest->hash.b, sizeof(newest->hash.b)});
		putchar('\n');
	}
	free(tracker);
	return err;
}

int main(int argc, char **argv)
{
	static const struct table derived[] = {
		{GS_TABLE_CLAIMS, "claim"},   {GS_TABLE_MODELS, "model"},  {GS_TABLE_GAMES, "game"},
		{GS_TABLE_STAKES, "stake"},   {GS_TABLE_SLASHES, "slash"}, {GS_TABLE_BATCHES, "batch"},
		{GS_TABLE_BEACONS, "beacon"}, {GS_TABLE_BLOBS, "array"},   {GS_TABLE_ATTESTATIONS, "attestation"},
		{GS_TABLE_ARRAYS, "posted"},
	};
	const struct gs_store_options options = {.read_only = true};
	const struct gs_bytes all = {NULL, 0};
	struct gs_store_db *db = NULL;
	struct gs_store_txn *txn = NULL;
	struct gs_error error = {0};
	if (argc != 2) {
		fprintf(stderr, "usage: store_dump DIR\n");
		return 2;
	}
	enum gs_err err = gs_store_open(argv[1], &options, &db, &error);
	if (err == GS_OK) {
		const struct gs_store store = gs_store_port(db);
		err = store.begin(store.self, GS_STORE_READ, &txn, &error);
		if (err == GS_OK)
			err = print_head(&store, txn, &error);
		for (size_t i = 0; i < GS_ARRAY_LEN(derived) && err == GS_OK; i++)
			err = store.scan(txn, derived[i].table, all, GS_STORE_ASCENDING, print_record,
			                 (void *)(uintptr_t)&derived[i], &error);
		store.abort(txn);
		gs_store_close(db);
	}
	if (err != GS_OK)
		fprintf(stderr, "store_dump: %s\n", error.text);
	return err != GS_OK;
}
