#include "validator/node/schedule.h"

#include <math.h>
#include <stdlib.h>

enum { CANDIDATES = 64 }; /* that are tried before the earliest deadline is taken */

double gs_schedule_worth(double value, double work_s)
{
	return value / work_s;
}

/* --- time that is left, by deadline --- */

/* A tree over positions in the order of deadlines: the least time left below each node. Of a position that is not accepted: infinite. */
struct slack {
	size_t leaves; /* a power of two */
	double *least; /* of the node's positions, without what is added above it */
	double *added; /* to all of them */
};

static double least_of(const struct slack *s, size_t node)
{
	return s->least[node] + s->added[node];
}

static void pull(struct slack *s, size_t node)
{
	s->least[node] = fmin(least_of(s, 2 * node), least_of(s, 2 * node + 1));
}

/* Adds to positions [from, to) below the node that covers [low, low + size). */
static void add(struct slack *s, size_t node, size_t low, size_t size, size_t from, size_t to, double v)
{
	if (to <= low || low + size <= from)
		return;
	if (from <= low && low + size <= to) {
		s->added[node] += v;
		return;
	}
	add(s, 2 * node, low, size / 2, from, to, v);
	add(s, 2 * node + 1, low + size / 2, size / 2, from, to, v);
	pull(s, node);
}

static double least(const struct slack *s, size_t node, size_t low, size_t size, size_t from, size_t to)
{
	if (to <= low || low + size <= from)
		return INFINITY;
	if (from <= low && low + size <= to)
		return least_of(s, node);
	return s->added[node] + fmin(least(s, 2 * node, low, size / 2, from, to),
	                             least(s, 2 * node + 1, low + size / 2, size / 2, from, to));
}

/* Sets one position, whatever was added there. */
static void set(struct slack *s, size_t at, double v)
{
	size_t node = s->leaves + at;
	double above = 0;

	for (size_t up = node / 2; up; up /= 2)
		above += s->added[up];
	s->least[node] = v - above;
	s->added[node] = 0;
	for (node /= 2; node; node /= 2)
		pull(s, node);
}

/* --- accepting --- */

struct key { /* of a job, to sort by */
	double first, second;
	size_t job;
};

static int by_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->second != y->second)
		return x->second < y->second ? -1 : 1;
	return x->job < y->job ? -1 : x->job > y->job;
}

struct plan {
	struct gs_schedule_job *job;
	size_t count;
	double servers, busy_s;
	struct key *deadline, *worth; /* jobs in these orders */
	size_t *place;                /* of a job, by deadline */
	double *work;                 /* a Fenwick tree over places: what is accepted, in seconds */
	struct slack slack;
};

static void add_work(struct plan *p, size_t place, double s)
{
	for (size_t i = place + 1; i <= p->count; i += i & -i)
		p->work[i - 1] += s;
}

static double work_before(const struct plan *p, size_t place)
{
	double sum = 0;

	for (size_t i = place; i; i -= i & -i)
		sum += p->work[i - 1];
	return sum;
}

static enum gs_err make(struct plan *p)
{
	size_t leaves = 1;

	while (leaves < p->count)
		leaves *= 2;
	p->slack.leaves = leaves;
	p->deadline = calloc(p->count, sizeof(*p->deadline));
	p->worth = calloc(p->count, sizeof(*p->worth));
	p->place = calloc(p->count, sizeof(*p->place));
	p->work = calloc(p->count, sizeof(*p->work));
	p->slack.least = calloc(2 * leaves, sizeof(double));
	p->slack.added = calloc(2 * leaves, sizeof(double));
	if (!p->deadline || !p->worth || !p->place || !p->work || !p->slack.least || !p->slack.added)
		return GS_ENOMEM;
	for (size_t i = 0; i < p->count; i++) {
		const struct gs_schedule_job *job = &p->job[i];
		GS_ASSERT(job->work_s > 0);
		p->deadline[i] = (struct key){job->deadline_s, 0, i};
		p->worth[i] = (struct key){-gs_schedule_worth(job->value, job->work_s), job->deadline_s, i};
	}
	qsort(p->deadline, p->count, sizeof(*p->deadline), by_key);
	qsort(p->worth, p->count, sizeof(*p->worth), by_key);
	for (size_t i = 0; i < p->count; i++)
		p->place[p->deadline[i].job] = i;
	for (size_t i = 0; i < 2 * leaves; i++)
		p->slack.least[i] = INFINITY;
	return GS_OK;
}

static void discard(struct plan *p)
{
	free(p->deadline);
	free(p->worth);
	free(p->place);
	free(p->work);
	free(p->slack.least);
	free(p->slack.added);
}

/* If everything accepted and this ends in time. */
static void try_job(struct plan *p, size_t i)
{
	struct gs_schedule_job *job = &p->job[i];
	const size_t at = p->place[i], end = p->slack.leaves;
	const double share = job->work_s / p->servers;
	const double before = (p->busy_s + work_before(p, at)) / p->servers;
	const double left = job->deadline_s - before - job->work_s;

	if (left < 0 || least(&p->slack, 1, 0, end, at + 1, p->count) < share)
		return;
	job->accepted = true;
	set(&p->slack, at, left);
	add(&p->slack, 1, 0, end, at + 1, p->count, -share);
	add_work(p, at, job->work_s);
}

/* --- picking --- */

/* It is begun: those with earlier deadlines wait for it now, too; for the others nothing changes. */
static void begin(struct plan *p, size_t i)
{
	const size_t at = p->place[i];

	set(&p->slack, at, INFINITY);
	add(&p->slack, 1, 0, p->slack.leaves, 0, at, -p->job[i].work_s / p->servers);
}

static bool may_go_first(const struct plan *p, size_t i)
{
	return least(&p->slack, 1, 0, p->slack.leaves, 0, p->place[i]) >= p->job[i].work_s / p->servers;
}

/* Of those that are accepted and not begun. begun: by job. */
static size_t next(const struct plan *p, const bool *begun, size_t *worth_from, size_t *deadline_from)
{
	size_t tried = 0, i;

	while (*worth_from < p->count &&
	       (begun[p->worth[*worth_from].job] || !p->job[p->worth[*worth_from].job].accepted))
		++*worth_from;
	for (size_t w = *worth_from; w < p->count && tried < CANDIDATES; w++) {
		i = p->worth[w].job;
		if (begun[i] || !p->job[i].accepted)
			continue;
		if (may_go_first(p, i))
			return i;
		tried++;
	}
	for (; *deadline_from < p->count; ++*deadline_from) {
		i = p->deadline[*deadline_from].job;
		if (!begun[i] && p->job[i].accepted)
			return i;
	}
	return p->count;
}

static enum gs_err pick(struct plan *p, size_t *order, size_t max, size_t *picked)
{
	bool *begun = calloc(p->count, sizeof(*begun));
	size_t worth_from = 0, deadline_from = 0;

	if (!begun)
		return GS_ENOMEM;
	while (*picked < max) {
		const size_t i = next(p, begun, &worth_from, &deadline_from);
		if (i == p->count)
			break;
		begun[i] = true;
		if (p->servers > 0)
			begin(p, i);
		order[(*picked)++] = i;
	}
	free(begun);
	return GS_OK;
}

enum gs_err gs_schedule(struct gs_schedule_job *job, size_t count, const struct gs_schedule_servers *servers,
                        size_t *order, size_t max, size_t *picked)
{
	struct plan p = {.job = job, .count = count, .servers = servers->count, .busy_s = servers->busy_s};
	enum gs_err err;

	*picked = 0;
	if (count == 0)
		return GS_OK;
	err = make(&p);
	for (size_t w = 0; w < count && !err; w++) {
		const size_t i = p.worth[w].job;
		job[i].late = job[i].work_s > job[i].deadline_s;
		job[i].accepted = false;
		if (job[i].late)
			continue;
		if (servers->count)
			try_job(&p, i);
		else
			job[i].accepted = true;
	}
	if (!err)
		err = pick(&p, order, max, picked);
	discard(&p);
	return err;
}
