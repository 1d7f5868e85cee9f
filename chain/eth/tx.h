/* chain/eth/tx.h: EIP-1559 transactions: build, sign, hash, and read back. */
#ifndef GS_CHAIN_ETH_TX_H
#define GS_CHAIN_ETH_TX_H

#include "chain/core/buf.h"
#include "chain/core/u256.h"
#include "chain/eth/key.h"

enum { GS_TX_DATA_MAX = 128 * 1024, GS_TX_RAW_MAX = GS_TX_DATA_MAX + 1024 }; /* what public nodes accept */

struct gs_tx {
	uint64_t chain_id;
	uint64_t nonce;
	struct gs_wei priority_fee; /* per gas */
	struct gs_wei max_fee;      /* per gas, priority fee included */
	uint64_t gas_limit;
	bool create; /* deploys data as init code; to is ignored */
	struct gs_address to;
	struct gs_wei value;
	struct gs_bytes data; /* borrowed */
};

/* Appends 0x02 || rlp([chain_id, nonce, priority_fee, max_fee, gas_limit, to, value, data, [], y_parity, r, s]) (EIP-1559)
 * to raw; *hash is the transaction's hash. GS_ELIMIT past GS_TX_DATA_MAX. */
GS_MUST enum gs_err gs_tx_sign(const struct gs_tx *tx, const struct gs_key *key, struct gs_buf *raw,
                               struct gs_hash *hash, struct gs_error *error);
/* What is signed of it: keccak256(0x02 || rlp([chain_id .. access list])). GS_ELIMIT as above. */
GS_MUST enum gs_err gs_tx_digest(const struct gs_tx *tx, struct gs_hash *out, struct gs_error *error);
/* Reads the bytes of a signed EIP-1559 transaction without an access list, in their one form; *sender is who signed them. tx->data is
 * borrowed from raw. GS_EUNSUPPORTED: of another type, or with an access list; GS_EPARSE: malformed, in a form that is not the
 * shortest, with a signature of nobody or with the high s that EIP-2 forbids; GS_ELIMIT past GS_TX_DATA_MAX. */
GS_MUST enum gs_err gs_tx_decode(struct gs_bytes raw, struct gs_tx *tx, struct gs_address *sender,
                                 struct gs_error *error);
/* The name of the first field in which b is not a, as in "nonce"; NULL when they are the same transaction. */
const char *gs_tx_differs(const struct gs_tx *a, const struct gs_tx *b);
/* Hash of raw transaction bytes. */
void gs_tx_hash(struct gs_bytes raw, struct gs_hash *out);
/* Where a CREATE by sender with this nonce puts the contract: keccak256(rlp([sender, nonce])), last 20 bytes. */
void gs_tx_contract_address(const struct gs_address *sender, uint64_t nonce, struct gs_address *out);

#endif
