/* chain/rpc/signer.h: who signs: a key in this process, or a program elsewhere that keeps it (Web3Signer, Clef, geth, an HSM's front).
 *
 * Whoever sends transactions has a gs_signer and does not know which. What a remote signer gives back is read byte by byte: it must be the
 * very transaction that was asked for, every field, signed by the account that was named, or it is refused (GS_ECORRUPT) and goes nowhere.
 * A signer that is slow, gone or declines is an error like an endpoint's (GS_EIO, GS_EAGAIN, GS_EINVAL): the caller asks again later.
 *
 * Of spellings, the signer's own is found by asking: eth_signTransaction (Web3Signer, geth), account_signTransaction (Clef); the answer is
 * the raw bytes, or an object with a member `raw`. Typed data: eth_signTypedData_v4, eth_signTypedData (Web3Signer), account_signTypedData. */
#ifndef GS_CHAIN_RPC_SIGNER_H
#define GS_CHAIN_RPC_SIGNER_H

#include "chain/eth/eip712.h"
#include "chain/eth/key.h"
#include "chain/eth/tx.h"
#include "chain/rpc/rpc.h"

enum { GS_SIGNER_TIMEOUT_MS_DEFAULT = 5000 };

struct gs_signer { /* a value: copy it; what self points to outlives it */
	void *self;
	struct gs_address address;
	/* Appends the signed bytes to raw and hashes them. */
	GS_MUST enum gs_err (*sign_tx)(void *self, const struct gs_tx *tx, struct gs_buf *raw, struct gs_hash *hash,
	                               struct gs_error *error);
	/* Over the digest of typed data (gs_typed_digest). */
	GS_MUST enum gs_err (*sign_typed)(void *self, const struct gs_typed *what, struct gs_signature *out,
	                                  struct gs_error *error);
};

/* The key is borrowed. */
struct gs_signer gs_signer_of_key(const struct gs_key *key);

struct gs_remote_signer;
/* Nothing is asked yet. options: of the connection (authorities, client certificate, time); any thread may ask, one is
 * served at a time. */
GS_MUST enum gs_err gs_remote_signer_open(const char *url, const struct gs_rpc_options *options,
                                          const struct gs_address *address, struct gs_remote_signer **out,
                                          struct gs_error *error);
void gs_remote_signer_close(struct gs_remote_signer *remote); /* NULL is fine */
/* As gs_rpc_stop_on, for what is asked of the signer. NULL is fine. */
void gs_remote_signer_stop_on(struct gs_remote_signer *remote, int fd);
struct gs_signer gs_signer_of_remote(struct gs_remote_signer *remote);
/* Whether it answers and says that it signs for the account: eth_accounts, or Clef's account_list. GS_ENOTFOUND: not for this one. */
GS_MUST enum gs_err gs_remote_signer_check(struct gs_remote_signer *remote, struct gs_error *error);

/* --- the parts that can be tested alone --- */

/* The typed data as wallets take it: {types, primaryType, domain, message}. A new reference; NULL: without memory, or not well formed. */
json_t *gs_typed_to_json(const struct gs_typed *typed);
/* Takes a signer's answer apart and compares it with what was asked: appends its bytes to raw. GS_ECORRUPT: it is another transaction,
 * or another account's; GS_EPARSE: it is none. */
GS_MUST enum gs_err gs_signer_check_tx(const json_t *answer, const struct gs_tx *asked,
                                       const struct gs_address *account, struct gs_buf *raw, struct gs_hash *hash,
                                       struct gs_error *error);

#endif
