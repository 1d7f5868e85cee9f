#include <string.h>

#include "simulations/engines.h"

/* Every engine, in the order in which they are told about; NULL behind the last. */
static const struct gs_sim_engine *const engines[] = {&gs_sim_engine_games, &gs_sim_engine_nodes,
                                                      &gs_sim_engine_economy, NULL};

const struct gs_sim_engine *gs_sim_engine_at(unsigned number)
{
	return number < GS_ARRAY_LEN(engines) ? engines[number] : NULL;
}

const struct gs_sim_engine *gs_sim_engine_find(const char *name)
{
	for (const struct gs_sim_engine *const *e = engines; *e != NULL; e++)
		if (strcmp((*e)->name, name) == 0)
			return *e;
	return NULL;
}
