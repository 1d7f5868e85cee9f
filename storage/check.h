/* storage/check.h: looks at a database's pages before the program trusts it.
 *
 * LMDB follows the page numbers and offsets in its file without doubt: a damaged file can end the program by SIGSEGV, SIGBUS or
 * its own assertion. So a child process walks all tables first; whatever kills it or displeases it is damage, and the parent can
 * say so in one line. Opening a database looks at a bounded part of it, so that it does not take longer the more there is: LMDB's own pages, the length of the file, the
 * tables' names, of every table up to GS_STORE_CHECK_RECORDS records, half of them from either end. The rest is `gainsay db check`'s, and
 * a backup's, which look at all keys; the values' contents are not read. */
#ifndef GS_STORAGE_CHECK_H
#define GS_STORAGE_CHECK_H

#include "chain/core/core.h"

enum { GS_STORE_CHECK_RECORDS = 2048 }; /* of a table, at an opening */
enum gs_store_depth { GS_STORE_CHECK_ENDS, GS_STORE_CHECK_ALL };

/* GS_OK for an absent or empty database too. alone: no other process can be writing (LOCK is held), so that the child needs no
 * reader's slot. GS_ECORRUPT when damaged. */
GS_MUST enum gs_err gs_store_check(const char *dir, bool alone, enum gs_store_depth depth, struct gs_error *error);

#endif
