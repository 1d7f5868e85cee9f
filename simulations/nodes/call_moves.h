/* simulations/nodes/call_moves.h: the calls of Disputes that are moves, for calls.c. */
#ifndef GS_SIMULATIONS_NODES_CALL_MOVES_H
#define GS_SIMULATIONS_NODES_CALL_MOVES_H

#include "chain/eth/abi.h"
#include "simulations/nodes/calls.h"

/* Moves, and `agree`, whose state is in the call's words, and what is agreed behind it. false: no move has this selector. That the calldata has not its form sticks to the reader. */
bool gs_sim_call_read_move(uint32_t selector, struct gs_abi_reader *r, struct gs_sim_call *out);

/* Errors stick to out; GS_EPARSE: the words are no state. */
void gs_sim_call_write_agree(const struct gs_sim_call *call, struct gs_buf *out);

#endif
