/* chain/eth/tx.h: EIP-1559 transactions: build, sign, hash. */
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
/* Appends what is signed: 0x02 || rlp([chain_id, ..., data, []]). GS_ELIMIT. */
GS_MUST enum gs_err gs_tx_encode_unsigned(const struct gs_tx *tx, struct gs_buf *out, struct gs_error *error);
/* Hash of raw transaction bytes. */
void gs_tx_hash(struct gs_bytes raw, struct gs_hash *out);
/* Where a CREATE by sender with this nonce puts the contract: keccak256(rlp([sender, nonce])), last 20 bytes. */
void gs_tx_contract_address(const struct gs_address *sender, uint64_t nonce, struct gs_address *out);

#endif
