/* chain/eth/receipt.h: what the chain says happened: logs and transaction receipts, as plain data. */
#ifndef GS_CHAIN_ETH_RECEIPT_H
#define GS_CHAIN_ETH_RECEIPT_H

#include "chain/core/buf.h"
#include "chain/core/core.h"
#include "chain/core/u256.h"

struct gs_log_entry {
	struct gs_address address;
	struct gs_hash topics[4];
	size_t topic_count;
	struct gs_bytes data; /* points into the list that holds the entry */
	uint64_t block_number;
	struct gs_hash block_hash;
	struct gs_hash tx_hash;
	uint32_t index; /* of the log in its block */
	bool removed;
	struct gs_time time; /* of its block; zero where the endpoint does not say (blockTimestamp) */
};

struct gs_log_list {
	struct gs_log_entry *entries;
	size_t count;
	uint8_t *bytes; /* all the entries' data */
};
/* Appends it as receipts hold it: rlp([address, [topic, ...], data]). Errors stick to out. */
void gs_log_encode(const struct gs_log_entry *log, struct gs_buf *out);
void gs_log_list_free(struct gs_log_list *list); /* leaves an empty list */

struct gs_receipt {
	struct gs_hash tx_hash;
	bool success; /* false: reverted, gas paid */
	uint64_t gas_used;
	struct gs_wei gas_price; /* effective, per gas */
	struct gs_wei l1_fee;    /* OP chains: what was paid for data on L1; zero elsewhere */
	uint64_t block_number;
	struct gs_hash block_hash;
	bool created; /* contract holds the address of the new contract */
	struct gs_address contract;
	struct gs_log_list logs;
};
void gs_receipt_free(struct gs_receipt *receipt);

#endif
