/* validator/daemon/statement.h: that a sampling key is an account's: typed data (EIP-712) under that account's signature.
 *
 *     SamplingKey(address validator,bytes publicKey)   domain: name "Gainsay", version "1", chainId, verifyingContract: Claims
 *
 * No contract has a place for the key, so this is what binds it: whoever has the statement needs to trust nobody for the key. */
#ifndef GS_VALIDATOR_DAEMON_STATEMENT_H
#define GS_VALIDATOR_DAEMON_STATEMENT_H

#include "chain/eth/key.h"
#include "validator/daemon/lots.h"

/* What is signed, of domain->validator. */
GS_MUST enum gs_err gs_statement_digest(const struct gs_lots_domain *domain, const struct gs_vrf_public *key,
                                        struct gs_hash *out, struct gs_error *error);
/* One JSON object without a newline: {"chain":"..","claims":"0x..","validator":"0x..","key":"..","signature":"0x.."}. */
enum { GS_STATEMENT_MAX = 1024 };
void gs_statement_format(const struct gs_lots_domain *domain, const struct gs_vrf_public *key,
                         const struct gs_signature *signature, char out[GS_STATEMENT_MAX]);
/* GS_EPARSE: no statement. GS_ECONFLICT: its signature is not the validator's. */
GS_MUST enum gs_err gs_statement_read(const char *text, struct gs_lots_domain *domain, struct gs_vrf_public *key,
                                      struct gs_error *error);

#endif
