/* storage/check.h: looks at every page of a database before the program trusts it.
 *
 * LMDB follows the page numbers and offsets in its file without doubt: a damaged file can end the program by SIGSEGV, SIGBUS or
 * its own assertion. So a child process walks all tables first; whatever kills it or displeases it is damage, and the parent can
 * say so in one line. Costs a pass over the keys at each opening; the values' contents are not read. */
#ifndef GS_STORAGE_CHECK_H
#define GS_STORAGE_CHECK_H

#include "chain/core/core.h"

/* GS_OK for an absent or empty database too. alone: no other process can be writing (LOCK is held), so that the child needs no
 * reader's slot. GS_ECORRUPT when damaged. */
GS_MUST enum gs_err gs_store_check(const char *dir, bool alone, struct gs_error *error);

#endif
