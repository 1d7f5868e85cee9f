/* chain/rpc/fees.h: what gas costs now, as an endpoint tells: eth_feeHistory, and on OP chains the oracle of what data costs on L1.
 * What is offered for it is chosen in chain/eth/fees.h. */
#ifndef GS_CHAIN_RPC_FEES_H
#define GS_CHAIN_RPC_FEES_H

#include "chain/eth/fees.h"
#include "chain/rpc/eth.h"

/* The next block's base fee, and tips at gs_fees_percentile: medians over recent blocks that were not empty; where all of them
 * were, what eth_maxPriorityFeePerGas says. */
GS_MUST enum gs_err gs_fees_market(struct gs_rpc *rpc, struct gs_fee_market *out, struct gs_error *error);
/* What this unsigned transaction pays for its data on L1: GasPriceOracle.getL1Fee(bytes) at 0x42…0F (OP stack, Ecotone and later).
 * Zero on a chain without that contract. */
GS_MUST enum gs_err gs_fees_l1(struct gs_rpc *rpc, struct gs_bytes unsigned_tx, struct gs_wei *out,
                               struct gs_error *error);

#endif
