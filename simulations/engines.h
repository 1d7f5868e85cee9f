/* simulations/engines.h: each engine is defined in a file of its own; engines.c lists them. */
#ifndef GS_SIMULATIONS_ENGINES_H
#define GS_SIMULATIONS_ENGINES_H

#include "simulations/engine.h"

extern const struct gs_sim_engine gs_sim_engine_games;   /* games.c: world.h's runs */
extern const struct gs_sim_engine gs_sim_engine_nodes;   /* nodes/engine_nodes.c: nodes.h's runs */
extern const struct gs_sim_engine gs_sim_engine_economy; /* economy/economy.c */

#endif
