/* chain/eth/deposit.h: transactions that reach an OP chain through L1, past its sequencer: the call of OptimismPortal, the event that it
 * emits, and the transaction that follows from the event on L2 (OP Stack specification, "Deposits").
 *
 *     L1:  depositTransaction(to, value, gasLimit, isCreation, data)  by the account whose transaction it is to be
 *     L1:  TransactionDeposited(from, to, version 0, mint ‖ value ‖ gas ‖ isCreation ‖ data)
 *     L2:  0x7e ‖ rlp([source hash, from, to, mint, value, gas, isSystemTx, data]), without signature and nonce
 *
 * The sequencer has no choice: an L2 block whose L1 origin has the event holds the transaction, or is not derived. Its gas was bought on L1
 * (the portal burns L1 gas for it) and what is left of it is not given back. It takes the sender's next nonce on L2, also when it reverts. */
#ifndef GS_CHAIN_ETH_DEPOSIT_H
#define GS_CHAIN_ETH_DEPOSIT_H

#include "chain/core/buf.h"
#include "chain/core/u256.h"
#include "chain/eth/receipt.h"

enum {
	GS_DEPOSIT_DATA_MAX = 120 * 1000,      /* the portal takes no more */
	GS_DEPOSIT_GAS_MAX = 20 * 1000 * 1000, /* of all deposits of one L1 block, where the chain did not change it */
};

struct gs_deposit {
	struct gs_address from;
	struct gs_address to; /* zero when it creates a contract */
	struct gs_wei mint;
	struct gs_wei value;
	uint64_t gas; /* on L2 */
	bool create;
	struct gs_bytes data; /* borrowed */
};

/* The least gas on L2 that portals of all versions so far take for so many bytes of data: 21000 + 40 a byte (older ones: 16). */
uint64_t gs_deposit_least_gas(size_t bytes);
/* Appends the portal's calldata. GS_ELIMIT past GS_DEPOSIT_DATA_MAX. Mint is what the call sends along, and not part of it. */
GS_MUST enum gs_err gs_deposit_call(const struct gs_deposit *deposit, struct gs_buf *out, struct gs_error *error);
/* Whether the log is a TransactionDeposited of any version. */
bool gs_deposit_is_event(const struct gs_log_entry *log);
/* Reads that event; out->data is borrowed from the log. GS_EPARSE: not its form; GS_EUNSUPPORTED: of another version than 0. */
GS_MUST enum gs_err gs_deposit_decode(const struct gs_log_entry *log, struct gs_deposit *out);
/* keccak256(0 ‖ keccak256(L1 block hash ‖ index of the log in that block)), each a word. */
void gs_deposit_source(const struct gs_hash *block, uint32_t log_index, struct gs_hash *out);
/* The hash of the transaction on L2. GS_ELIMIT. */
GS_MUST enum gs_err gs_deposit_hash(const struct gs_deposit *deposit, const struct gs_hash *source,
                                    struct gs_hash *out);

#endif
