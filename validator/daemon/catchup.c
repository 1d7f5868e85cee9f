#include "validator/daemon/catchup.h"

static uint64_t size_of(const struct gs_catchup *c)
{
	return c->size ? c->size : GS_CATCHUP_BLOCKS_FIRST;
}

bool gs_catchup_next(struct gs_catchup *c, uint64_t own, uint64_t *first, uint64_t *last)
{
	const uint64_t from = c->under_way ? c->next : own + 1;

	if (c->gap && c->under_way)
		return false;
	c->gap = false;
	if (c->under_way == GS_CATCHUP_AHEAD || from <= c->avoid || from > c->final)
		return false;
	if (!c->under_way && c->final - own < GS_CATCHUP_LEAST)
		return false;
	*first = from;
	*last = c->final - from < size_of(c) ? c->final : from + size_of(c) - 1;
	c->next = *last + 1;
	c->under_way++;
	return true;
}

void gs_catchup_took(struct gs_catchup *c, uint64_t first, uint64_t last, size_t logs)
{
	const uint64_t blocks = last - first + 1;
	uint64_t size = size_of(c);

	c->under_way--;
	c->logs += logs;
	if (logs > GS_CATCHUP_LOGS_WANTED)
		size = blocks * GS_CATCHUP_LOGS_WANTED / logs;
	else if (blocks >= size && logs < GS_CATCHUP_LOGS_WANTED / 2)
		size *= 2;
	if (c->most && size > c->most) {
		size = c->most;
		if (++c->good == GS_CATCHUP_GOOD) {
			c->most *= 2;
			c->good = 0;
		}
	}
	c->size = size < 1 ? 1 : size > GS_CATCHUP_BLOCKS_MAX ? GS_CATCHUP_BLOCKS_MAX : size;
}

void gs_catchup_stale(struct gs_catchup *c)
{
	c->under_way--;
	c->gap = true;
}

void gs_catchup_failed(struct gs_catchup *c, uint64_t first, uint64_t last)
{
	const uint64_t blocks = last - first + 1;

	c->under_way--;
	c->gap = true;
	if (blocks == 1) {
		c->avoid = last > c->avoid ? last : c->avoid;
		return;
	}
	c->most = blocks - 1;
	c->good = 0;
	if (size_of(c) > blocks / 2)
		c->size = blocks / 2;
}

void gs_catchup_refused(struct gs_catchup *c, uint64_t last)
{
	c->under_way--;
	c->gap = true;
	if (last > c->avoid)
		c->avoid = last;
}

bool gs_catchup_tell(struct gs_catchup *c, uint64_t own, uint64_t now_s, struct gs_catchup_progress *out)
{
	const bool over = c->final < own + GS_CATCHUP_LEAST; /* what is left is taken block by block */

	if (!c->began_s) {
		c->began_at = own;
		c->began_s = c->told_s = now_s;
		c->logs = 0;
		return false;
	}
	if (!over && now_s < c->told_s + GS_CATCHUP_TELL_S)
		return false;
	*out = (struct gs_catchup_progress){.blocks = own - c->began_at, .logs = c->logs};
	out->of = over ? out->blocks : c->final - c->began_at;
	if (out->blocks)
		out->eta_s = (out->of - out->blocks) * (now_s - c->began_s) / out->blocks;
	c->told_s = now_s;
	if (over)
		c->began_s = 0;
	return true;
}
