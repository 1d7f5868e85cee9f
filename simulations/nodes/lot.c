#include <string.h>

#include "chain/core/hash.h"
#include "simulations/nodes/actor.h"

void gs_sim_draw(const struct gs_hash *lot, const struct gs_sample_source *source, struct gs_sample_lot *out)
{
	uint8_t bytes[65];
	memcpy(bytes, lot->b, 32);
	bytes[32] = source->kind;
	memcpy(bytes + 33, source->of.b, 32);
	*out = (struct gs_sample_lot){.proven = false};
	gs_keccak256(bytes, sizeof(bytes), &out->output);
}
