/* chain/rpc/deploy.h: finds and reads the compiled contracts. */
#ifndef GS_CHAIN_RPC_DEPLOY_H
#define GS_CHAIN_RPC_DEPLOY_H

#include "chain/core/buf.h"
#include "chain/rpc/beside.h"

enum { GS_ARTIFACT_TEXT_MAX = 16 * 1024 * 1024 };

/* The folder of the compiled contracts: $GAINSAY_CONTRACTS, or `contracts` beside the executable or above it. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_deploy_find(char out[GS_BESIDE_PATH_MAX], struct gs_error *error);
/* Appends the creation bytecode in DIR/<contract>.json ({"bytecode": "0x.."}) to out. GS_EIO when it can't be read, GS_EPARSE when
 * it is not such a file, GS_EUNSUPPORTED when libraries are still to be linked. */
GS_MUST enum gs_err gs_deploy_load(const char *dir, const char *contract, struct gs_buf *out, struct gs_error *error);

#endif
