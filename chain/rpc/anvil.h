/* chain/rpc/anvil.h: a local development chain as a child process: foundry's anvil, for the demo, for `dispute` and for tests. */
#ifndef GS_CHAIN_RPC_ANVIL_H
#define GS_CHAIN_RPC_ANVIL_H

#include <sys/types.h>

#include "chain/eth/key.h"

enum { GS_ANVIL_KEYS = 10, GS_ANVIL_START_MS_MAX = 15000 };

struct gs_anvil_options {
	const char *binary;      /* NULL: $GAINSAY_ANVIL, tools/anvil beside the executable or above it, then PATH */
	uint64_t chain_id;       /* 0: 8453 */
	uint32_t block_time_s;   /* 0: a block for each transaction */
	uint32_t slots_in_epoch; /* 0: anvil's own; the safe tag is so many blocks behind, finalized twice */
	uint16_t port;           /* 0: any free one */
	uint64_t gas_limit;      /* of a block; 0: anvil's own */
	bool optimism;           /* rules of an OP-stack chain */
	const char *state_file;  /* NULL, or a file from which state is loaded and to which it is dumped at the end */
};

struct gs_anvil {
	pid_t pid;
	uint16_t port;
	char url[64];
	struct gs_key keys[GS_ANVIL_KEYS]; /* funded accounts; public test keys, good for nothing else */
};

/* Returns when it answers. The child dies with this thread's process. options may be NULL. GS_ENOTFOUND without a binary. */
GS_MUST enum gs_err gs_anvil_start(const struct gs_anvil_options *options, struct gs_anvil *out,
                                   struct gs_error *error);
/* Ends the child and waits for it; nothing for one that never started (pid 0). */
void gs_anvil_stop(struct gs_anvil *anvil);

#endif
