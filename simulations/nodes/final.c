#include "simulations/nodes/final.h"

#include <stdlib.h>
#include <string.h>

uint64_t gs_sim_final_of(const struct gs_sim_final *f, uint64_t top)
{
	return f->blocks > 0 && top > f->blocks ? top - f->blocks : 0;
}

void gs_sim_final_tell(const struct gs_sim_network *n, uint64_t final, struct gs_node_input *input)
{
	*input = (struct gs_node_input){.kind = GS_INPUT_FINAL};
	input->as.final.number = final;
	input->as.final.hash = gs_sim_network_block(n, final)->head.hash;
}

static size_t count_logs(const struct gs_sim_network *n, uint64_t first, uint64_t last)
{
	size_t count = 0;
	for (uint64_t b = first; b <= last; b++)
		count += gs_sim_network_block(n, b)->logs.count;
	return count;
}

enum gs_err gs_sim_final_range(const struct gs_sim_final *f, const struct gs_sim_network *n, uint64_t first,
                               uint64_t final, struct gs_node_input *input, struct gs_log_entry **entries)
{
	const uint64_t last = final - first < f->most ? final : first + f->most - 1;
	const size_t count = count_logs(n, first, last);
	size_t at = 0;
	*entries = calloc(count + 1, sizeof(**entries));
	if (*entries == NULL)
		return GS_ENOMEM;
	for (uint64_t b = first; b <= last; b++) {
		const struct gs_sim_block *block = gs_sim_network_block(n, b);
		for (size_t i = 0; i < block->logs.count; i++) {
			(*entries)[at] = block->logs.entry[i];
			(*entries)[at++].time = block->head.time; /* as endpoints say it */
		}
	}
	*input = (struct gs_node_input){.kind = GS_INPUT_RANGE};
	input->as.range.first = gs_sim_network_block(n, first)->head;
	input->as.range.last = gs_sim_network_block(n, last)->head;
	input->as.range.entries = *entries;
	input->as.range.count = count;
	return GS_OK;
}
