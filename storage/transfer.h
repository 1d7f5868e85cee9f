/* storage/transfer.h: a database as one text file, to be carried to another machine, read by other programs, and put back.
 *
 *     gainsay-db-export 1 schema 3 kind all
 *     claims 27f6d4.. 9501..                 table, key and value in hex; tables in the order of enum gs_table, keys rising
 *     end 12 8e3b..                          how many records, keccak256 of all bytes above this line
 *
 * A program reads the exports of all schemas from which it can bring a database up to date (storage/migrate.h).
 *
 * Kind `moves` holds the table of signed moves alone: what this key has answered to which state of which game, for ever. A key that
 * moves to another machine takes it along, so that the other one cannot sign a second, different answer. */
#ifndef GS_STORAGE_TRANSFER_H
#define GS_STORAGE_TRANSFER_H

#include <stdio.h>

#include "storage/store.h"

enum gs_transfer_kind { GS_TRANSFER_ALL, GS_TRANSFER_MOVES };

struct gs_transfer_result {
	enum gs_transfer_kind kind;
	uint64_t records;
	uint64_t fresh; /* import: records that were not there before */
};

/* One reading transaction: what another process commits meanwhile is not in it. name: of the file, for errors. */
GS_MUST enum gs_err gs_transfer_export(const struct gs_store *store, enum gs_transfer_kind kind, FILE *file,
                                       const char *name, struct gs_transfer_result *out, struct gs_error *error);
/* Reads all of the file, whose kind must be this one, and then commits: GS_ECORRUPT for one that was changed or cut, GS_EUNSUPPORTED for
 * a schema that it cannot read; after one of an earlier schema the store is to be opened again. GS_TRANSFER_ALL wants a store without records but its own format; it is committed in several transactions, so
 * that the caller throws the store away on failure. GS_TRANSFER_MOVES goes into one transaction, and GS_ECONFLICT (two answers to one state)
 * leaves the store as it was. */
GS_MUST enum gs_err gs_transfer_import(const struct gs_store *store, enum gs_transfer_kind kind, FILE *file,
                                       const char *name, struct gs_transfer_result *out, struct gs_error *error);
/* GS_TRANSFER_ALL into a new database in a directory that does not exist yet; it has its name only when all is in it. */
GS_MUST enum gs_err gs_transfer_create(const char *dir, FILE *file, const char *name, struct gs_transfer_result *out,
                                       struct gs_error *error);

#endif
