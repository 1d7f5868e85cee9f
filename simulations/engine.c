#include "simulations/engine.h"

#include <math.h>
#include <string.h>

void gs_sim_observe(struct gs_sim_result *result, const struct gs_sim_engine *engine, unsigned metric, double observed)
{
	GS_ASSERT(metric < engine->metrics && engine->metrics <= GS_SIM_METRICS_MAX && isfinite(observed));
	const struct gs_sim_metric *about = &engine->metric[metric];
	struct gs_sim_moments *m = &result->metric[metric];
	m->least = m->n == 0 || observed < m->least ? observed : m->least;
	m->most = m->n == 0 || observed > m->most ? observed : m->most;
	m->n++;
	m->sum += observed;
	m->squares += observed * observed;
	if (!about->has_histogram)
		return;
	unsigned histogram = 0;
	for (unsigned i = 0; i < metric; i++)
		histogram += engine->metric[i].has_histogram;
	GS_ASSERT(histogram < GS_SIM_HISTOGRAMS_MAX && about->high > about->low);
	double part = (observed - about->low) / (about->high - about->low) * GS_SIM_BINS;
	unsigned bin = part < 0 ? 0 : part >= GS_SIM_BINS ? GS_SIM_BINS - 1 : (unsigned)part;
	result->bin[histogram][bin]++;
}

void gs_sim_violate(struct gs_sim_result *result, uint64_t seed, const char *what)
{
	if (result->violations++ > 0 && result->first_seed <= seed)
		return;
	result->first_seed = seed;
	snprintf(result->first, sizeof(result->first), "%s", what);
}

static void join_moments(struct gs_sim_moments *to, const struct gs_sim_moments *from)
{
	if (from->n == 0)
		return;
	to->least = to->n == 0 || from->least < to->least ? from->least : to->least;
	to->most = to->n == 0 || from->most > to->most ? from->most : to->most;
	to->n += from->n;
	to->sum += from->sum;
	to->squares += from->squares;
}

void gs_sim_result_join(struct gs_sim_result *to, const struct gs_sim_result *from)
{
	if (from->violations > 0 && (to->violations == 0 || from->first_seed < to->first_seed)) {
		to->first_seed = from->first_seed;
		memcpy(to->first, from->first, sizeof(to->first));
	}
	to->violations += from->violations;
	to->runs += from->runs;
	gs_sim_digest_join(&to->digest, &from->digest);
	for (unsigned i = 0; i < GS_SIM_METRICS_MAX; i++)
		join_moments(&to->metric[i], &from->metric[i]);
	for (unsigned h = 0; h < GS_SIM_HISTOGRAMS_MAX; h++)
		for (unsigned b = 0; b < GS_SIM_BINS; b++)
			to->bin[h][b] += from->bin[h][b];
}

/* The 97.5 % point of the normal distribution. */
#define Z 1.959963984540054

struct gs_sim_estimate gs_sim_estimate(const struct gs_sim_moments *m, enum gs_sim_unit unit)
{
	struct gs_sim_estimate e = {NAN, NAN, NAN};
	if (m->n == 0)
		return e;
	const double n = (double)m->n, mean = m->sum / n;
	e.mean = mean;
	if (unit == GS_SIM_UNIT_SHARE) {
		double middle = (mean + Z * Z / (2 * n)) / (1 + Z * Z / n);
		double half = Z / (1 + Z * Z / n) * sqrt(mean * (1 - mean) / n + Z * Z / (4 * n * n));
		e.low = middle - half < mean ? middle - half : mean; /* but for rounding they are always around it */
		e.high = middle + half > mean ? middle + half : mean;
		return e;
	}
	double variance = m->n < 2 ? 0 : (m->squares - n * mean * mean) / (n - 1);
	double half = Z * sqrt((variance > 0 ? variance : 0) / n);
	e.low = mean - half;
	e.high = mean + half;
	return e;
}

enum gs_err gs_sim_batch(const struct gs_sim_engine *engine, const double *value, uint64_t first, unsigned runs,
                         struct gs_sim_result *out, struct gs_error *error)
{
	const struct gs_sim_watch nothing = {.log = NULL};
	GS_ASSERT(runs <= GS_SIM_BATCH_RUNS);
	for (unsigned i = 0; i < runs; i++) {
		enum gs_err err = engine->run(value, first + i, &nothing, out, error);
		if (err != GS_OK)
			return gs_fail_within(error, err, "seed %llu", (unsigned long long)(first + i));
		out->runs++;
	}
	return GS_OK;
}
