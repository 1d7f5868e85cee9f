/* How far a sweep has come: sim.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "validator/cli/sim.h"
#include "validator/daemon/bar.h"

#define LINE_EVERY_S 10.0

struct gs_sim_bar gs_sim_bar(void)
{
	return (struct gs_sim_bar){.terminal = isatty(STDERR_FILENO) == 1, .next = LINE_EVERY_S};
}

void gs_sim_bar_tell(void *self, const struct gs_sim_progress *p)
{
	struct gs_sim_bar *bar = self;
	char bar_text[GS_BAR_MAX], left[GS_BAR_TIME_MAX];
	if (!bar->terminal && p->seconds < bar->next)
		return;
	bar->next = p->seconds + LINE_EVERY_S;
	double share = p->all > 0 ? (double)p->done / (double)p->all : 1;
	double rate = p->seconds > 0 ? (double)(p->done - p->before) / p->seconds : 0;
	gs_bar_format_time(rate > 0 ? (double)(p->all - p->done) / rate : -1, left);
	gs_bar_format(share, bar_text);
	fprintf(stderr, "%s%s  %" PRIu64 " of %" PRIu64 " runs, %.0f a second, %s", bar->terminal ? GS_BAR_CLEAR : "",
	        bar->terminal ? bar_text : strchr(bar_text, ']') + 2, p->done, p->all, rate,
	        p->stopping ? "ending what has begun" : "ETA ");
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
		fputs(GS_BAR_CLEAR, stderr);
	bar->drawn = false;
}
