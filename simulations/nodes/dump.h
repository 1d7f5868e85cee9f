/* simulations/nodes/dump.h: a run's last branch as JSON, so that it can be played again on a real EVM.
 *
 *     {"chain_id", "rules": {...}, "accounts": [{"address", "deposit"}],
 *      "end": [{"free", "locked", "unbonding", "ready_at"}], of each account, and of Duties behind them,
 *      "blocks": [{"time", "randao", "txs": [{"from", "to", "data", "success", "why", "logs": [{"address", "topics", "data"}]}]}]}
 *
 * Amounts are decimal numbers of the smallest unit, in strings; bytes are hexadecimal. */
#ifndef GS_SIMULATIONS_NODES_DUMP_H
#define GS_SIMULATIONS_NODES_DUMP_H

#include "challenge/machine/program.h"
#include "simulations/nodes/network.h"

/* GS_EIO, GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_dump(const struct gs_sim_network *network, const char *path, struct gs_error *error);
/* The program, as a file that can be registered. GS_EIO, GS_ENOMEM. */
GS_MUST enum gs_err gs_sim_dump_program(const struct gs_program *program, const char *path, struct gs_error *error);

#endif
