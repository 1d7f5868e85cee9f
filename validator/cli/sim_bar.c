/* How far a sweep has come: sim.h. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "validator/cli/sim.h"

enum { BAR_WIDTH = 30 };
#define LINE_EVERY_S 10.0

struct gs_sim_bar gs_sim_bar(void)
{
	return (struct gs_sim_bar){.terminal = isatty(STDERR_FILENO) == 1, .next = LINE_EVERY_S};
}

/* "1:02:03" */
static void format_time(double seconds, char out[24])
{
	if (!(seconds >= 0 && seconds < 1e9)) {
		snprintf(out, 24, "?");
		return;
	}
	uint64_t s = (uint64_t)ceil(seconds);
	if (s >= 3600)
		snprintf(out, 24, "%" PRIu64 ":%02u:%02u", s / 3600, (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	else
		snprintf(out, 24, "%u:%02u", (unsigned)(s / 60), (unsigned)(s % 60));
}

void gs_sim_bar_tell(void *self, const struct gs_sim_progress *p)
{
	struct gs_sim_bar *bar = self;
	char bar_text[BAR_WIDTH + 1], left[24];
	if (!bar->terminal && p->seconds < bar->next)
		return;
	bar->next = p->seconds + LINE_EVERY_S;
	double share = p->all > 0 ? (double)p->done / (double)p->all : 1;
	double rate = p->seconds > 0 ? (double)(p->done - p->before) / p->seconds : 0;
	format_time(rate > 0 ? (double)(p->all - p->done) / rate : -1, left);
	unsigned full = (unsigned)(share * BAR_WIDTH);
	memset(bar_text, '#', full);
	memset(bar_text + full, '.', BAR_WIDTH - full);
	bar_text[BAR_WIDTH] = '\0';
	fprintf(stderr, bar->terminal ? "\r\033[K[%s] " : "%.0s", bar_text);
	fprintf(stderr, "%3.0f %%  %" PRIu64 " of %" PRIu64 " runs, %.0f a second, %s", floor(share * 100), p->done,
	        p->all, rate, p->stopping ? "ending what has begun" : "ETA ");
	if (!p->stopping)
		fprintf(stderr, "%s", left);
	if (p->violations > 0)
		fprintf(stderr, ", %" PRIu64 " violations", p->violations);
	if (!bar->terminal)
		fputc('\n', stderr);
	bar->drawn = bar->terminal;
}

void gs_sim_bar_clear(struct gs_sim_bar *bar)
{
	if (bar->drawn)
		fprintf(stderr, "\r\033[K");
	bar->drawn = false;
}
