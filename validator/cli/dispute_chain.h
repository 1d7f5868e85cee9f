/* validator/cli/dispute_chain.h: a development chain with the contracts on it and two parties that can play.
 *
 * Without a URL an anvil of its own is started. With one, the chain must be a development chain too: the parties are its
 * well-known accounts, whose keys everybody has. */
#ifndef GS_VALIDATOR_CLI_DISPUTE_CHAIN_H
#define GS_VALIDATOR_CLI_DISPUTE_CHAIN_H

#include "chain/rpc/anvil.h"
#include "challenge/game/claim.h"
#include "validator/daemon/deploy_run.h"

enum gs_dispute_party { GS_PARTY_DEPLOYER, GS_PARTY_CLAIMANT, GS_PARTY_CHALLENGER };
enum { GS_DISPUTE_PARTIES = GS_PARTY_CHALLENGER + 1 };

struct gs_dispute_chain {
	struct gs_anvil anvil; /* pid 0 with a URL */
	struct gs_rpc *rpc;
	uint64_t chain_id;
	struct gs_deployment deployment;
	struct gs_deploy_parameters parameters;
	uint64_t deploy_gas;
	struct gs_key key[GS_DISPUTE_PARTIES];
	uint64_t nonce[GS_DISPUTE_PARTIES];
	uint64_t posted; /* claims, so far: the next one's salt */
};

/* url may be NULL. Deploys the contracts and gives claimant and challenger free stake. */
GS_MUST enum gs_err gs_dispute_chain_open(const char *url, struct gs_dispute_chain *out, struct gs_error *error);
void gs_dispute_chain_close(struct gs_dispute_chain *chain); /* also after a failed open */

/* Sends one call and waits for it; reverts are GS_ECONFLICT. Free the receipt. */
GS_MUST enum gs_err gs_dispute_send(struct gs_dispute_chain *chain, enum gs_dispute_party party,
                                    enum gs_contract contract, struct gs_bytes data, struct gs_receipt *out,
                                    struct gs_error *error);
/* Registers the model, unless the contract knows it already. */
GS_MUST enum gs_err gs_dispute_register(struct gs_dispute_chain *chain, const struct gs_header *header,
                                        struct gs_error *error);
/* Posts a claim by the claimant; input and output are shown where they fit. */
GS_MUST enum gs_err gs_dispute_post(struct gs_dispute_chain *chain, const struct gs_claim_body *body,
                                    struct gs_bytes input, struct gs_bytes output, struct gs_hash *claim, uint64_t *gas,
                                    struct gs_error *error);
/* What the contract has stored of a game: its state's hash, zero when it is over. */
GS_MUST enum gs_err gs_dispute_stored(struct gs_dispute_chain *chain, const struct gs_hash *game, struct gs_hash *out,
                                      struct gs_error *error);
/* The time of a block, for the game's clocks. */
GS_MUST enum gs_err gs_dispute_block_time(struct gs_dispute_chain *chain, uint64_t block, uint64_t *unix_s,
                                          struct gs_error *error);

#endif
