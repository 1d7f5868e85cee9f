/* simulations/nodes/network.h: a chain of blocks with the contracts in it, a pool of transactions in front of it, and what an
 * endpoint tells about both.
 *
 * The state of the contracts is a function of the blocks: a reorganisation drops the newest ones and computes the rest anew, from a
 * checkpoint on where one is deep enough.
 * Transactions of dropped blocks go back into the pool. A transaction's bytes are its sender, nonce, target, what it offers per gas,
 * and calldata; nothing is signed here, and its hash is the hash of those bytes. It is in no block whose base fee is more than it
 * offers, and one with the same nonce takes its place when it offers a tenth more. */
#ifndef GS_SIMULATIONS_NODES_NETWORK_H
#define GS_SIMULATIONS_NODES_NETWORK_H

#include "chain/core/rng.h"
#include "chain/eth/head.h"
#include "simulations/chain/batches.h"
#include "simulations/chain/duties.h"
#include "simulations/nodes/calls.h"
#include "simulations/nodes/events.h"

enum {
	GS_SIM_CLAIMS_MAX = 16,  /* that parties of a run post alone */
	GS_SIM_CLAIMS_ROOM = 32, /* opened leaves among them */
	GS_SIM_BATCHES_MAX = 8,
	GS_SIM_TX_BYTES_MAX = 1 << 18,
};
#define GS_SIM_GENESIS_S UINT64_C(1700000000)
enum {
	GS_SIM_BASE_FEE = 100,       /* per gas, when nothing is wrong */
	GS_SIM_TOOL_FEE = 1000000,   /* what tools offer */
	GS_SIM_CALL_GAS = 100000,    /* of every call */
	GS_SIM_TRANSFER_GAS = 21000, /* of one of nothing to oneself */
};

struct gs_sim_tx {
	struct gs_hash hash;
	unsigned sender; /* account */
	uint64_t nonce;
	struct gs_address to;
	uint64_t fee;         /* that it offers, per gas */
	uint64_t price;       /* mined: that it paid, per gas */
	struct gs_bytes data; /* into raw */
	struct gs_bytes raw;  /* owned */
	uint64_t ready_s;     /* not in a block before */
	bool mined, success;
	bool ahead;     /* pays for a place before others in its block */
	uint64_t block; /* mined: its number */
	char why[32];   /* it failed: the contract's error */
};

struct gs_sim_block {
	struct gs_head head;
	struct gs_hash randao; /* 160 bits: what a replay on a real EVM can be given */
	unsigned *tx;          /* owned: numbers of transactions */
	unsigned txs;
	struct gs_sim_logs logs;
};

struct gs_sim_network_rules {
	struct gs_contracts contracts;
	struct gs_sim_rules rules;
	struct gs_sim_duty_rules duties;
	uint64_t unbonding_s;
	uint32_t claimant_budget_s, challenger_budget_s, minimum_time_s;
	const struct gs_header *header; /* of the one model; borrowed */
	unsigned registrant;
	struct gs_wei deposit[GS_SIM_ACCOUNTS_MAX];
	unsigned accounts;
	uint64_t block_s;
};

/* Whether a transaction that is ready may be in the block that is being made. */
typedef bool gs_sim_admit(void *self, const struct gs_sim_tx *tx);

struct gs_sim_checkpoint { /* the contracts' state behind so many blocks */
	size_t blocks;     /* 0: none */
	struct gs_sim_bank bank;
	struct gs_sim_chain *claim; /* owned; room for all */
	unsigned claims;
	struct gs_sim_batch batch[GS_SIM_BATCHES_MAX];
	unsigned batches;
	struct gs_sim_duties duties;
	uint64_t nonce[GS_SIM_ACCOUNTS_MAX];
};

struct gs_sim_network {
	struct gs_sim_network_rules rules;
	struct gs_hash model; /* the one model's id */
	struct gs_sim_bank bank;
	struct gs_sim_chain claim[GS_SIM_CLAIMS_ROOM];
	unsigned claims;
	struct gs_sim_batch batch[GS_SIM_BATCHES_MAX];
	unsigned batches;
	struct gs_sim_duties duties;
	struct gs_hash randao; /* of the block that is being made */
	uint64_t nonce[GS_SIM_ACCOUNTS_MAX];
	uint64_t base_fee;          /* of the next block, per gas */
	struct gs_sim_block *block; /* owned; block[n] has number n */
	size_t blocks, block_room;
	struct gs_sim_tx **tx; /* owned, in order of arrival */
	unsigned txs, tx_room;
	struct gs_sim_logs *logs; /* where what happens now is told; NULL: nowhere */
	gs_sim_admit *admit;      /* NULL: every transaction that is ready may be in a block */
	void *admit_self;
	struct gs_sim_checkpoint checkpoint;
	uint64_t branch; /* counts reorganisations, so that the same block on two branches differs */
	struct gs_rng rng;
};

/* Block 1 has the deposits and the model. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_network_open(const struct gs_sim_network_rules *rules, uint64_t seed,
                                        struct gs_sim_network *out);
void gs_sim_network_close(struct gs_sim_network *n);

/* Addresses of contracts, on chain 8453. */
struct gs_contracts gs_sim_contracts_somewhere(void);

/* ---- time ---- */

/* A block at this time with everything in the pool that is ready and has its sender's next nonce. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_network_mine(struct gs_sim_network *n, uint64_t now_s);
/* Drops the newest `depth` blocks (never the first two); their transactions are ready again after up to delay_s seconds, or
 * lost until somebody sends them again. The caller mines
 * the other branch. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_network_drop(struct gs_sim_network *n, uint64_t depth, uint64_t delay_s, uint64_t now_s);

/* ---- what an endpoint answers ---- */

const struct gs_sim_block *gs_sim_network_newest(const struct gs_sim_network *n);
const struct gs_sim_block *gs_sim_network_block(const struct gs_sim_network *n, uint64_t number); /* NULL */
const struct gs_sim_block *gs_sim_network_block_of(const struct gs_sim_network *n,
                                                   const struct gs_hash *hash);                        /* NULL */
const struct gs_sim_tx *gs_sim_network_tx(const struct gs_sim_network *n, const struct gs_hash *hash); /* NULL */
/* With transactions in the pool that follow each other. */
uint64_t gs_sim_network_pending_nonce(const struct gs_sim_network *n, unsigned account);
/* Whether the call would succeed now. GS_EINVAL with the contract's error. */
GS_MUST enum gs_err gs_sim_network_try(struct gs_sim_network *n, unsigned sender, const struct gs_address *to,
                                       struct gs_bytes data, uint64_t now_s, struct gs_error *error);
/* Appends a transaction's bytes; its hash, unless hash is NULL. */
void gs_sim_tx_build(unsigned sender, uint64_t nonce, const struct gs_address *to, uint64_t fee, struct gs_bytes data,
                     struct gs_buf *out, struct gs_hash *hash);
uint64_t gs_sim_tx_fee(struct gs_bytes raw);
uint64_t gs_sim_tx_nonce(struct gs_bytes raw);
/* A deposit through L1 is built with a nonce from here on, its own on L1 added: it takes whatever nonce of its sender is the next, pays no fee, is
 * in the first block that may have it whoever is kept out, and no reorganisation loses it. */
#define GS_SIM_DEPOSIT_NONCE (UINT64_C(1) << 63)
/* A transaction's target and calldata. */
struct gs_bytes gs_sim_tx_call(struct gs_bytes raw, struct gs_address *to);
/* A transaction in the pool from now on comes before those of others. */
void gs_sim_network_hurry(struct gs_sim_network *n, const struct gs_hash *hash);
/* Into the pool; what is there already is fine. GS_ECONFLICT: the nonce is used. GS_EAGAIN: another one that waits has it and this one
 * does not offer a tenth more. GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_network_send(struct gs_sim_network *n, struct gs_bytes raw, uint64_t ready_s);
/* Instead of this one another transaction of the same key, without effect, that takes its nonce, since it pays more. As before. */
GS_MUST enum gs_err gs_sim_network_displace(struct gs_sim_network *n, unsigned account, struct gs_bytes raw,
                                            uint64_t ready_s);

/* The claim with this id, NULL when there is none. */
struct gs_sim_chain *gs_sim_network_claim(struct gs_sim_network *n, const struct gs_hash *id);
struct gs_sim_batch *gs_sim_network_batch(struct gs_sim_network *n, const struct gs_hash *id); /* NULL */

#endif
