#include "simulations/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AHEAD = 2 }; /* parts a process has at most: it never waits for the next one */

struct worker {
	pid_t pid;
	int fd;
	unsigned busy; /* parts it has */
	struct gs_sim_part part[AHEAD];
};

struct gs_sim_pool {
	const struct gs_sim_scenario *scenario;
	unsigned workers;
	struct worker worker[GS_SIM_PROCESSES_MAX];
};

struct answer {
	enum gs_err err;
	struct gs_error error;
	struct gs_sim_done done;
};

static bool put_all(int fd, const void *bytes, size_t len)
{
	for (const char *at = bytes; len > 0;) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool get_all(int fd, void *bytes, size_t len)
{
	for (char *at = bytes; len > 0;) {
		ssize_t n = read(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* Until the other end closes. */
static void work(const struct gs_sim_scenario *scenario, int fd)
{
	struct gs_sim_part part;
	double value[GS_SIM_PARAMETERS_MAX];
	static const struct answer nothing;
	while (get_all(fd, &part, sizeof(part))) {
		struct answer answer = nothing;
		answer.done.part = part;
		gs_sim_point_values(scenario, part.point, value);
		answer.err = gs_sim_batch(scenario->engine, value, part.first, part.runs, &answer.done.result,
		                          &answer.error);
		if (!put_all(fd, &answer, sizeof(answer)))
			return;
	}
}

/* A worker outlives neither its parent nor its socket, and leaves interruptions to the parent. */
static void become_worker(struct gs_sim_pool *pool, int fd, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_DFL);
	for (unsigned i = 0; i < pool->workers; i++)
		close(pool->worker[i].fd);
	work(pool->scenario, fd);
	_exit(0);
}

static bool start_worker(struct gs_sim_pool *pool)
{
	int ends[2];
	pid_t parent = getpid();
	struct worker *w = &pool->worker[pool->workers];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		become_worker(pool, ends[1], parent);
	}
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return false;
	}
	*w = (struct worker){.pid = child, .fd = ends[0]};
	pool->workers++;
	return true;
}

enum gs_err gs_sim_pool_start(const struct gs_sim_scenario *scenario, unsigned processes, struct gs_sim_pool **out,
                              struct gs_error *error)
{
	GS_ASSERT(processes >= 1 && processes <= GS_SIM_PROCESSES_MAX);
	struct gs_sim_pool *pool = calloc(1, sizeof(*pool));
	*out = pool;
	if (pool == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for processes");
	pool->scenario = scenario;
	while (pool->workers < processes)
		if (!start_worker(pool)) {
			enum gs_err err = gs_fail(error, GS_EIO, "no other process can be started: %s",
			                          strerror(errno));
			gs_sim_pool_stop(pool);
			*out = NULL;
			return err;
		}
	return GS_OK;
}

static enum gs_err ended_early(const struct gs_sim_part *part, struct gs_error *error)
{
	return gs_fail(error, GS_EIO,
	               "a process ended in one of the runs with the seeds %llu to %llu: replay them one by one to see "
	               "why",
	               (unsigned long long)part->first, (unsigned long long)(part->first + part->runs - 1));
}

static enum gs_err submit(void *self, const struct gs_sim_part *part, struct gs_error *error)
{
	struct gs_sim_pool *pool = self;
	struct worker *least = &pool->worker[0];
	for (unsigned i = 1; i < pool->workers; i++)
		if (pool->worker[i].busy < least->busy)
			least = &pool->worker[i];
	GS_ASSERT(least->busy < AHEAD);
	if (!put_all(least->fd, part, sizeof(*part)))
		return ended_early(least->busy > 0 ? &least->part[0] : part, error);
	least->part[least->busy++] = *part;
	return GS_OK;
}

static enum gs_err take(struct worker *w, struct gs_sim_done *out, struct gs_error *error)
{
	struct answer answer;
	if (w->busy == 0 || !get_all(w->fd, &answer, sizeof(answer)))
		return ended_early(&w->part[0], error);
	w->busy--;
	memmove(&w->part[0], &w->part[1], (AHEAD - 1) * sizeof(w->part[0]));
	if (answer.err != GS_OK)
		return gs_fail(error, answer.err, "%s", answer.error.text);
	*out = answer.done;
	return GS_OK;
}

static enum gs_err next(void *self, int timeout_ms, struct gs_sim_done *out, bool *got, struct gs_error *error)
{
	struct gs_sim_pool *pool = self;
	struct pollfd fds[GS_SIM_PROCESSES_MAX];
	*got = false;
	for (unsigned i = 0; i < pool->workers; i++)
		fds[i] = (struct pollfd){.fd = pool->worker[i].fd, .events = POLLIN};
	int n = poll(fds, pool->workers, timeout_ms);
	if (n < 0 && errno != EINTR)
		return gs_fail(error, GS_EIO, "waiting for processes: %s", strerror(errno));
	for (unsigned i = 0; n > 0 && i < pool->workers; i++)
		if (fds[i].revents != 0) {
			*got = true;
			return take(&pool->worker[i], out, error);
		}
	return GS_OK;
}

struct gs_sim_hands gs_sim_pool_hands(struct gs_sim_pool *pool)
{
	return (struct gs_sim_hands){pool, pool->workers * AHEAD, submit, next};
}

void gs_sim_pool_stop(struct gs_sim_pool *pool)
{
	if (pool == NULL)
		return;
	for (unsigned i = 0; i < pool->workers; i++) {
		struct worker *w = &pool->worker[i];
		if (w->busy > 0)
			(void)kill(w->pid, SIGKILL);
		close(w->fd);
	}
	for (unsigned i = 0; i < pool->workers; i++)
		(void)waitpid(pool->worker[i].pid, NULL, 0);
	free(pool);
}
