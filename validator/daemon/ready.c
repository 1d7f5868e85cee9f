#include "validator/daemon/ready.h"

#include <time.h>

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void gs_ready_begin(struct gs_ready *ready)
{
	*ready = (struct gs_ready){.began_ms = now_ms()};
}

enum gs_err gs_ready_say(struct gs_ready *ready, struct gs_node *node, const struct gs_log *log, struct gs_error *error)
{
	const struct gs_head *newest = gs_node_newest(node);
	struct gs_node_summary s;
	enum gs_err err;

	if (ready->said || !newest)
		return GS_OK;
	err = gs_node_summarise(node, &s, error);
	if (err)
		return err;
	ready->said = true;
	gs_log_line(log, GS_LOG_INFO, "node.ready", "block=%llu claims=%llu open=%llu open_games=%llu took_ms=%llu",
	            (unsigned long long)newest->number, (unsigned long long)s.claims, (unsigned long long)s.open,
	            (unsigned long long)s.open_games, (unsigned long long)(now_ms() - ready->began_ms));
	return GS_OK;
}
