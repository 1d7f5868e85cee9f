/* tests/support/chain_server.h: a fast local endpoint with a long history of claims, for benchmarks: what eth_getLogs and headers answer
 * is written from templates, so that the server costs little beside those who ask it.
 *
 * Block 1 registers one model; every block from 2 on has `claims_a_block` claims, until there are `claims`; the last ones are followed
 * by empty blocks. Ids of claims are the right ones; hashes of blocks and transactions are made up. */
#ifndef GS_TESTS_SUPPORT_CHAIN_SERVER_H
#define GS_TESTS_SUPPORT_CHAIN_SERVER_H

#include <sys/types.h>

#include "validator/node/event.h"

enum { GS_CHAIN_SERVER_START_S = 1700000000, GS_CHAIN_SERVER_BLOCK_S = 2, GS_CHAIN_SERVER_LOG_ROOM = 2048 };

struct gs_chain_server_options {
	uint64_t claims, claims_a_block;
};

/* The deployment that the claims are of. */
struct gs_contracts gs_chain_server_contracts(void);
/* The hash that stands for a thing: 'b' a block, 't' a transaction, 'm' a model, 'i' and 'o' roots. */
struct gs_hash gs_chain_server_hash(char kind, uint64_t number);
/* The claim with this number: all of one claimant about model 1, worth 1000. */
struct gs_claim_body gs_chain_server_claim(uint64_t claim);
uint64_t gs_chain_server_newest(const struct gs_chain_server_options *options);
/* Starts it in a process of its own, which ends with the thread that started it at the latest; its port. Negative: it could not be started. */
int gs_chain_server_start(const struct gs_chain_server_options *options, pid_t *process);
void gs_chain_server_stop(pid_t process);

#endif
