/* The engines that exist. A new one: a declaration in engines.h, a line here. */
#include "simulations/engines.h"

#include <string.h>

static const struct gs_sim_engine *const engines[] = {&gs_sim_engine_games};

const struct gs_sim_engine *gs_sim_engine_at(unsigned number)
{
	return number < GS_ARRAY_LEN(engines) ? engines[number] : NULL;
}

const struct gs_sim_engine *gs_sim_engine_find(const char *name)
{
	for (size_t i = 0; i < GS_ARRAY_LEN(engines); i++)
		if (strcmp(engines[i]->name, name) == 0)
			return engines[i];
	return NULL;
}
