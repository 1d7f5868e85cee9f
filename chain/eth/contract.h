/* chain/eth/contract.h: names for what contracts say: the errors that they revert with, in words.
 *
 * Selectors and topics of the project's own contracts are generated into chain/eth/bindings.h. */
#ifndef GS_CHAIN_ETH_CONTRACT_H
#define GS_CHAIN_ETH_CONTRACT_H

#include "chain/core/core.h"

/* One function, event or error of a contract. */
struct gs_contract_item {
	uint32_t selector;     /* first four bytes of keccak256(signature), big-endian */
	const char *contract;  /* "Disputes" */
	const char *signature; /* "NotYourTurn(bytes32,uint8)" */
};

/* By selector among all the project's contracts; NULL when unknown. The first contract in order of name that declares it. */
const struct gs_contract_item *gs_contract_error(uint32_t selector);
const struct gs_contract_item *gs_contract_function(uint32_t selector);

enum { GS_REVERT_TEXT_MAX = 256 };
/* Puts revert data in words: "NotYourTurn(bytes32 0x.., uint8 1)", Error(string)'s text, Panic's meaning, or hex. Never fails. */
void gs_contract_revert_text(struct gs_bytes data, char out[GS_REVERT_TEXT_MAX]);

#endif
