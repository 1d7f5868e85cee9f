#include "chain/rpc/health.h"

static const double latency_share = 1.0 / 8, deviation_share = 1.0 / 4, failing_share = 1.0 / 8, lying_fade = 1.0 / 256;
/* Of a cost: what an endpoint that always fails, that lies, and that is a block behind weighs beside slow answers. */
static const double failing_ms = 4000, lying_ms = 60000, behind_ms = 200, unknown_ms = 100;
enum { BEHIND_MAX = 50, DOUBLINGS_MAX = 16 };

static double apart(double a, double b)
{
	return a > b ? a - b : b - a;
}

void gs_health_answered(struct gs_health *h, double ms)
{
	if (h->answers == 0) {
		h->latency_ms = ms;
		h->deviation_ms = ms / 2;
	} else {
		h->deviation_ms += deviation_share * (apart(ms, h->latency_ms) - h->deviation_ms);
		h->latency_ms += latency_share * (ms - h->latency_ms);
	}
	h->answers++;
	h->in_a_row = 0;
	h->rests_until_ms = 0;
	h->failing -= failing_share * h->failing;
	h->lying -= lying_fade * h->lying;
}

void gs_health_outrun(struct gs_health *h, double ms)
{
	if (ms > h->latency_ms)
		h->latency_ms += latency_share * (ms - h->latency_ms);
}

void gs_health_failed(struct gs_health *h, uint64_t now_ms, uint64_t random)
{
	uint64_t rest = GS_HEALTH_REST_MS_MIN;

	for (uint32_t i = 0; i < h->in_a_row && i < DOUBLINGS_MAX && rest < GS_HEALTH_REST_MS_MAX; i++)
		rest *= 2;
	if (rest > GS_HEALTH_REST_MS_MAX)
		rest = GS_HEALTH_REST_MS_MAX;
	h->rests_until_ms = now_ms + rest / 2 + random % (rest / 2 + 1);
	h->in_a_row++;
	h->failures++;
	h->failing += failing_share * (1 - h->failing);
}

void gs_health_disagreed(struct gs_health *h)
{
	h->disagreements++;
	h->lying = 1;
}

void gs_health_head(struct gs_health *h, uint64_t number)
{
	h->head = number; /* not the highest ever: after a reorganisation, or a lie, it may be lower */
}

bool gs_health_rests(const struct gs_health *h, uint64_t now_ms)
{
	return now_ms < h->rests_until_ms;
}

double gs_health_cost(const struct gs_health *h, uint64_t newest)
{
	uint64_t behind = h->head && newest > h->head ? newest - h->head : 0;

	if (behind > BEHIND_MAX)
		behind = BEHIND_MAX;
	return (h->answers ? h->latency_ms : unknown_ms) + failing_ms * h->failing + lying_ms * h->lying +
	       behind_ms * (double)behind;
}

uint32_t gs_health_hedge_ms(const struct gs_health *h, uint32_t longest_ms)
{
	const double late = h->answers ? h->latency_ms + 4 * h->deviation_ms : longest_ms;

	if (late >= longest_ms)
		return longest_ms;
	return late > GS_HEALTH_HEDGE_MS_MIN ? (uint32_t)late : GS_HEALTH_HEDGE_MS_MIN;
}
