/* chain/rpc/beside.h: finds what is installed beside the running program: tools/anvil, contracts/Judge.json. */
#ifndef GS_CHAIN_RPC_BESIDE_H
#define GS_CHAIN_RPC_BESIDE_H

#include "chain/core/core.h"

enum { GS_BESIDE_PATH_MAX = 4096 };

/* Writes DIR/name for the directory of the executable, or the nearest of three above it, where such a readable file (or, with
 * executable, a program) is. False when there is none. */
bool gs_beside_find(const char *name, bool executable, char out[GS_BESIDE_PATH_MAX]);
/* Whether path is a regular file that this process may read (or execute). */
bool gs_beside_usable(const char *path, bool executable);

#endif
