/* simulations/engine.h: what scenarios, sweeps and reports know of an engine: the parameters of a run, and what it measures.
 *
 * An engine plays one run from its parameters and a 64-bit seed, and adds what it saw to a result. Nothing but these decides
 * what comes out, so a run may be done by any process of any machine. Sums of floating-point numbers depend on their order:
 * runs are therefore done in batches of GS_SIM_BATCH_RUNS seeds in a row, each batch into a result of its own, and the
 * batches' results are joined in the order of their seeds. */
#ifndef GS_SIMULATIONS_ENGINE_H
#define GS_SIMULATIONS_ENGINE_H

#include <stdio.h>

#include "chain/core/core.h"
#include "simulations/many.h"

enum {
	GS_SIM_PARAMETERS_MAX = 96, /* of an engine */
	GS_SIM_METRICS_MAX = 64,
	GS_SIM_HISTOGRAMS_MAX = 8, /* metrics of an engine that have one */
	GS_SIM_BINS = 64,
	GS_SIM_BATCH_RUNS = 16,
	GS_SIM_NAME_MAX = 48, /* bytes of a name, with its zero */
};

/* ---- parameters ---- */

enum gs_sim_kind {
	GS_SIM_KIND_COUNT, /* whole, below 2^53 */
	GS_SIM_KIND_REAL,
	GS_SIM_KIND_SHARE,   /* 0 to 1; may be written as "30 %" */
	GS_SIM_KIND_MONEY,   /* token units, whole, below 2^53 */
	GS_SIM_KIND_SECONDS, /* may be written as "90 s", "5 min", "6 h", "2 d" */
	GS_SIM_KIND_FLAG,    /* 0 or 1; no, yes, false, true */
	GS_SIM_KIND_CHOICE,  /* number of one of the names */
};

struct gs_sim_parameter {
	const char *name;  /* as in a scenario, parts joined by points: "validators.lazy" */
	const char *about; /* one line */
	enum gs_sim_kind kind;
	double standard, least, most; /* most is allowed, too */
	const char *const *choices;   /* of a choice: names, then NULL */
	bool drawn; /* GS_SIM_DRAWN is allowed, too, in a scenario the word "drawn": each run's seed decides */
};
/* Below everything that a parameter with `drawn` can be: its `least` is not negative. */
#define GS_SIM_DRAWN (-1.0)

/* ---- what is measured ---- */

enum gs_sim_unit {
	GS_SIM_UNIT_NUMBER,
	GS_SIM_UNIT_SHARE, /* every observation is 0 or 1; the mean is a share, its interval Wilson's */
	GS_SIM_UNIT_MONEY, /* token units */
	GS_SIM_UNIT_SECONDS,
};

struct gs_sim_metric {
	const char *name;  /* "detection", "profit.honest": what has the same first part is shown in one picture */
	const char *about; /* one line */
	enum gs_sim_unit unit;
	bool has_histogram;
	double low,
		high; /* of the histogram: GS_SIM_BINS equal parts; what lies outside is counted in the outermost ones */
};

/* Of observations that are taken as independent: whoever observes adds what depends on each other up first. */
struct gs_sim_moments {
	uint64_t n;
	double sum, squares, least, most; /* n = 0: least and most mean nothing */
};

/* Plain data without pointers, all zero at first. */
struct gs_sim_result {
	uint64_t runs, violations;
	uint64_t first_seed; /* violations > 0: the least seed that shows one... */
	char first[64];      /* ...and which */
	struct gs_sim_digest digest;
	struct gs_sim_moments metric[GS_SIM_METRICS_MAX];
	uint64_t bin[GS_SIM_HISTOGRAMS_MAX][GS_SIM_BINS]; /* of the metrics that have one, in their order */
};

/* ---- an engine ---- */

struct gs_sim_watch {
	FILE *log;      /* NULL: none; a line an event */
	bool node_logs; /* with the log: what nodes log, too */
};

struct gs_sim_engine {
	const char *name, *about;
	const struct gs_sim_parameter *parameter;
	unsigned parameters;
	const struct gs_sim_metric *metric;
	unsigned metrics;
	/* Whether these values, each of which is in its own range, go together. GS_EINVAL: *at is the number of the parameter to
	 * complain about. */
	GS_MUST enum gs_err (*check)(const double *value, unsigned *at, struct gs_error *error);
	/* Adds one run. A violation of an oracle is data; an error is one of memory or disk, or a bug. */
	GS_MUST enum gs_err (*run)(const double *value, uint64_t seed, const struct gs_sim_watch *watch,
	                           struct gs_sim_result *result, struct gs_error *error);
	/* The mean of a metric by the closed form, NAN where there is none. May be NULL. */
	double (*expected)(const double *value, unsigned metric);
	bool tells_times; /* lines of its log begin with the second of the run: "      36  claim 1 is open" */
};

/* NULL: no such engine. */
const struct gs_sim_engine *gs_sim_engine_find(const char *name);
/* The engine with this number; NULL behind the last. */
const struct gs_sim_engine *gs_sim_engine_at(unsigned number);

/* ---- results ---- */

void gs_sim_observe(struct gs_sim_result *result, const struct gs_sim_engine *engine, unsigned metric, double observed);
void gs_sim_violate(struct gs_sim_result *result, uint64_t seed, const char *what);
/* from follows to: the order matters in the last bits. */
void gs_sim_result_join(struct gs_sim_result *to, const struct gs_sim_result *from);

/* A mean with its 95 % confidence interval: Wilson's for a share, the normal one for anything else. n = 0: all NAN. */
struct gs_sim_estimate {
	double mean, low, high;
};
struct gs_sim_estimate gs_sim_estimate(const struct gs_sim_moments *m, enum gs_sim_unit unit);

/* One batch: seeds first, ..., first + runs - 1, runs at most GS_SIM_BATCH_RUNS, into a zeroed result. */
GS_MUST enum gs_err gs_sim_batch(const struct gs_sim_engine *engine, const double *value, uint64_t first, unsigned runs,
                                 struct gs_sim_result *out, struct gs_error *error);

#endif
