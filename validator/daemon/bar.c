#include "validator/daemon/bar.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void gs_bar_format(double share, char out[GS_BAR_MAX])
{
	const double within = share >= 0 ? (share < 1 ? share : 1) : 0;
	const unsigned full = (unsigned)(within * GS_BAR_WIDTH);

	out[0] = '[';
	memset(out + 1, '#', full);
	memset(out + 1 + full, '.', GS_BAR_WIDTH - full);
	snprintf(out + 1 + GS_BAR_WIDTH, GS_BAR_MAX - 1 - GS_BAR_WIDTH, "] %3.0f %%", floor(within * 100));
}

void gs_bar_format_time(double seconds, char out[GS_BAR_TIME_MAX])
{
	if (!(seconds >= 0 && seconds < 1e9)) {
		snprintf(out, GS_BAR_TIME_MAX, "?");
		return;
	}
	const uint64_t s = (uint64_t)ceil(seconds);
	if (s >= 3600)
		snprintf(out, GS_BAR_TIME_MAX, "%" PRIu64 ":%02u:%02u", s / 3600, (unsigned)(s / 60 % 60),
		         (unsigned)(s % 60));
	else
		snprintf(out, GS_BAR_TIME_MAX, "%u:%02u", (unsigned)(s / 60), (unsigned)(s % 60));
}
