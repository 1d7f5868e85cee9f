#include "simulations/sweep_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "simulations/checkpoint.h"
#include "simulations/scenario.h"

enum { WAIT_MS = 200 };
#define STORE_EVERY_S 1.0
#define TELL_EVERY_S 0.2

struct sweep {
	const struct gs_sim_scenario *scenario;
	const struct gs_sim_sweep_options *options;
	struct gs_sim_hands hands;
	unsigned points;
	uint64_t batches;             /* of a point */
	struct gs_sim_prefix *prefix; /* one a point */
	struct gs_sim_done *waiting;  /* done, but not yet those before them; room for hands.capacity */
	unsigned waits;
	unsigned under_way;
	struct gs_sim_part next; /* to submit; point == points: none */
	struct gs_sim_checkpoint checkpoint;
	struct gs_sim_progress progress;
	int signals; /* a signalfd */
	double started, told, stored;
};

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- parts ---- */

static void set_part(const struct sweep *s, unsigned point, uint64_t batch, struct gs_sim_part *out)
{
	uint64_t runs = s->scenario->runs, from = batch * GS_SIM_BATCH_RUNS;
	uint64_t left = from < runs ? runs - from : 0;
	*out = (struct gs_sim_part){
		.point = point,
		.batch = batch,
		.first = s->scenario->seed + point * runs + from,
		.runs = (unsigned)(left < GS_SIM_BATCH_RUNS ? left : GS_SIM_BATCH_RUNS),
	};
}

/* next, if its point has no such batch, becomes the first one missing of a later point. */
static void skip_done(struct sweep *s)
{
	while (s->next.point < s->points && s->next.batch >= s->batches) {
		unsigned point = s->next.point + 1;
		set_part(s, point, point < s->points ? s->prefix[point].batches : 0, &s->next);
	}
}

static enum gs_err submit(struct sweep *s, struct gs_error *error)
{
	enum gs_err err = s->hands.submit(s->hands.self, &s->next, error);
	if (err != GS_OK)
		return err;
	s->under_way++;
	set_part(s, s->next.point, s->next.batch + 1, &s->next);
	skip_done(s);
	return GS_OK;
}

static void join(struct sweep *s, const struct gs_sim_done *done)
{
	struct gs_sim_prefix *p = &s->prefix[done->part.point];
	gs_sim_result_join(&p->result, &done->result);
	p->batches++;
	p->stored = false;
}

static bool is_next(const struct sweep *s, const struct gs_sim_done *done)
{
	return s->prefix[done->part.point].batches == done->part.batch;
}

/* Joins it, and what waited for it; or lets it wait. */
static void collect(struct sweep *s, const struct gs_sim_done *done)
{
	s->under_way--;
	s->progress.done += done->part.runs;
	s->progress.violations += done->result.violations;
	if (!is_next(s, done)) {
		s->waiting[s->waits++] = *done;
		return;
	}
	join(s, done);
	for (unsigned i = 0; i < s->waits;) {
		if (!is_next(s, &s->waiting[i])) {
			i++;
			continue;
		}
		join(s, &s->waiting[i]);
		s->waiting[i] = s->waiting[--s->waits];
		i = 0;
	}
}

/* ---- the loop ---- */

/* Signals since the last look. */
static unsigned interruptions(const struct sweep *s)
{
	struct signalfd_siginfo info;
	unsigned n = 0;
	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		n++;
	return n;
}

static enum gs_err open_checkpoint(struct sweep *s, struct gs_error *error)
{
	return gs_sim_checkpoint_open(s->options->checkpoint, s->scenario, s->options->version, s->options->resume,
	                              s->prefix, &s->checkpoint, error);
}

/* A sweep that is over within a second leaves no trace. */
static enum gs_err keep_up(struct sweep *s, bool last, struct gs_error *error)
{
	double now = now_s();
	s->progress.seconds = now - s->started;
	if (s->options->tell != NULL && (last || now - s->told >= TELL_EVERY_S)) {
		s->options->tell(s->options->self, &s->progress);
		s->told = now;
	}
	bool complete = s->progress.done == s->progress.all;
	if (s->options->checkpoint == NULL || (last ? complete : now - s->stored < STORE_EVERY_S))
		return GS_OK;
	s->stored = now;
	enum gs_err err = s->checkpoint.file == NULL ? open_checkpoint(s, error) : GS_OK;
	return err == GS_OK ? gs_sim_checkpoint_store(&s->checkpoint, s->prefix, error) : err;
}

/* A batch that is ahead may have to wait for one that takes long: no more are begun than there is room for. */
static bool may_submit(const struct sweep *s)
{
	return s->next.point < s->points && s->under_way < s->hands.capacity &&
	       s->under_way + s->waits < 2 * s->hands.capacity;
}

static enum gs_err loop(struct sweep *s, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	unsigned signals = 0;
	struct gs_sim_done done;
	while (err == GS_OK) {
		bool got = false;
		signals += interruptions(s);
		s->progress.stopping = signals > 0;
		while (err == GS_OK && signals == 0 && may_submit(s))
			err = submit(s, error);
		if (err != GS_OK || s->under_way == 0 || signals > 1)
			break;
		err = s->hands.next(s->hands.self, WAIT_MS, &done, &got, error);
		if (err == GS_OK && got)
			collect(s, &done);
		if (err == GS_OK)
			err = keep_up(s, false, error);
	}
	struct gs_error why;
	enum gs_err last = keep_up(s, true, &why); /* also after a failure: what is done is done */
	if (err == GS_OK && last != GS_OK)
		return gs_fail(error, last, "%s", why.text);
	if (err == GS_OK && s->progress.done < s->progress.all)
		return gs_fail(error, GS_EAGAIN, "interrupted after %llu of %llu runs",
		               (unsigned long long)s->progress.done, (unsigned long long)s->progress.all);
	return err;
}

/* ---- before and after ---- */

static enum gs_err set_up(struct sweep *s, struct gs_error *error)
{
	s->prefix = calloc(s->points, sizeof(*s->prefix));
	if (s->prefix == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for %u points", s->points);
	enum gs_err err = s->options->resume ? open_checkpoint(s, error) : GS_OK;
	if (err != GS_OK)
		return err;
	s->progress.all = s->points * s->scenario->runs;
	for (unsigned p = 0; p < s->points; p++) {
		s->progress.before += s->prefix[p].result.runs;
		s->progress.violations += s->prefix[p].result.violations;
	}
	s->progress.done = s->progress.before;
	set_part(s, 0, s->prefix[0].batches, &s->next);
	skip_done(s);
	s->started = s->stored = now_s();
	return GS_OK;
}

static enum gs_err with_hands(struct sweep *s, struct gs_error *error)
{
	struct gs_sim_pool *pool = NULL;
	enum gs_err err = GS_OK;
	if (s->options->hands != NULL)
		s->hands = *s->options->hands;
	else {
		err = gs_sim_pool_start(s->scenario, s->options->processes, &pool, error);
		if (err != GS_OK)
			return err;
		s->hands = gs_sim_pool_hands(pool);
	}
	s->waiting = calloc((size_t)2 * s->hands.capacity, sizeof(*s->waiting));
	err = s->waiting == NULL ? gs_fail(error, GS_ENOMEM, "no memory for results") : loop(s, error);
	gs_sim_pool_stop(pool);
	free(s->waiting);
	return err;
}

static enum gs_err hand_over(const struct sweep *s, struct gs_sim_sweep *out, struct gs_error *error)
{
	out->result = calloc(s->points, sizeof(*out->result));
	if (out->result == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for %u points", s->points);
	out->scenario = *s->scenario;
	out->points = s->points;
	for (unsigned p = 0; p < s->points; p++)
		out->result[p] = s->prefix[p].result;
	return GS_OK;
}

enum gs_err gs_sim_sweep_run(const struct gs_sim_scenario *scenario, const struct gs_sim_sweep_options *options,
                             struct gs_sim_sweep *out, struct gs_error *error)
{
	struct sweep s = {.scenario = scenario, .options = options, .points = gs_sim_points(scenario)};
	sigset_t ours, before;
	s.batches = (scenario->runs + GS_SIM_BATCH_RUNS - 1) / GS_SIM_BATCH_RUNS;
	*out = (struct gs_sim_sweep){.points = 0};
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ours, &before);
	s.signals = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
	enum gs_err err = s.signals < 0 ? gs_fail(error, GS_EIO, "signals: %s", strerror(errno)) : set_up(&s, error);
	if (err == GS_OK)
		err = with_hands(&s, error);
	gs_sim_checkpoint_close(&s.checkpoint, err != GS_OK);
	if (err == GS_OK)
		err = hand_over(&s, out, error);
	if (s.signals >= 0) {
		(void)interruptions(&s);
		close(s.signals);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	free(s.prefix);
	return err;
}

void gs_sim_sweep_free(struct gs_sim_sweep *sweep)
{
	free(sweep->result);
	sweep->result = NULL;
}
