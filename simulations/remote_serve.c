/* The workers of remote.h. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/wait.h"
#include "simulations/remote.h"
#include "simulations/wire.h"

/* What a worker's process tells its parent. */
struct outcome {
	enum gs_err err;
	uint64_t done;
	struct gs_error error;
};

static enum gs_err run_job(void *self, const char *id, struct gs_bytes payload, struct gs_buf *result,
                           struct gs_error *error)
{
	const struct gs_sim_remote_options *options = self;
	struct gs_sim_job job;
	struct gs_sim_result sums = {.runs = 0};
	(void)id;
	enum gs_err err = gs_sim_job_decode(payload, options->version, &job, error);
	if (err == GS_OK)
		err = gs_sim_batch(job.engine, job.value, job.first, job.runs, &sums, error);
	if (err == GS_OK)
		gs_sim_result_encode(job.engine, &sums, result);
	return err == GS_OK ? result->err : err;
}

/* ---- one process ---- */

static void our_signals(sigset_t *out)
{
	sigemptyset(out);
	sigaddset(out, SIGINT);
	sigaddset(out, SIGTERM);
	sigaddset(out, SIGUSR1); /* our own: nothing more to watch for */
}

static void *wait_for_signal(void *ending)
{
	sigset_t ours;
	int number;
	our_signals(&ours);
	(void)sigwait(&ours, &number);
	*(volatile bool *)ending = true;
	return NULL;
}

static void serve(const struct gs_sim_remote_options *options, uint32_t idle_ms, struct outcome *out)
{
	const struct gs_queue_options queue = {.url = options->url,
	                                       .ca_file = options->ca_file,
	                                       .name = GS_SIM_QUEUE_NAME,
	                                       .visibility_ms = GS_SIM_VISIBILITY_MS};
	struct gs_sim_remote_options copy = *options;
	static const struct gs_queue_served nothing;
	struct gs_queue_served served = nothing;
	struct gs_queue_client *client = NULL;
	volatile bool ending = false;
	pthread_t watcher;
	const struct gs_queue_service service = {.self = &copy, .run = run_job, .idle_ms = idle_ms, .ending = &ending};
	if (pthread_create(&watcher, NULL, wait_for_signal, (void *)&ending) != 0) {
		out->err = gs_fail(&out->error, GS_EIO, "no thread can be started");
		return;
	}
	out->err = gs_queue_client_open(&queue, &client, &out->error);
	if (out->err == GS_OK)
		out->err = gs_queue_serve(client, &service, &served, &out->error);
	out->done = served.done;
	if (client != NULL)
		gs_queue_client_close(client);
	if (!ending)
		(void)pthread_kill(watcher, SIGUSR1);
	(void)pthread_join(watcher, NULL);
}

struct child {
	pid_t pid;
	int from;
};

static bool start(const struct gs_sim_remote_options *options, uint32_t idle_ms, struct child *child)
{
	int ends[2];
	pid_t parent = getpid();
	if (pipe(ends) != 0)
		return false;
	child->pid = fork();
	if (child->pid == 0) {
		struct outcome outcome = {.err = GS_OK};
		close(ends[0]);
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(1);
		serve(options, idle_ms, &outcome);
		_exit(write(ends[1], &outcome, sizeof(outcome)) == (ssize_t)sizeof(outcome) ? 0 : 1);
	}
	close(ends[1]);
	if (child->pid < 0)
		close(ends[0]);
	child->from = ends[0];
	return child->pid > 0;
}

/* ---- all of them ---- */

/* Until the child has ended; signals go on to all. */
static void wait_for(const struct child *child, unsigned children, unsigned which)
{
	const struct timespec tick = {.tv_nsec = 100 * 1000 * 1000};
	sigset_t ours;
	our_signals(&ours);
	while (waitpid(child[which].pid, NULL, WNOHANG) == 0)
		if (sigtimedwait(&ours, NULL, &tick) > 0)
			for (unsigned i = which; i < children; i++)
				(void)kill(child[i].pid, SIGTERM);
}

static enum gs_err join(const struct child *child, uint64_t *done, struct gs_error *error)
{
	struct outcome outcome;
	ssize_t n = read(child->from, &outcome, sizeof(outcome));
	close(child->from);
	if (n != (ssize_t)sizeof(outcome))
		return gs_fail(error, GS_EIO,
		               "a worker's process ended in the middle of a run; others will try that batch");
	*done += outcome.done;
	return outcome.err == GS_OK ? GS_OK : gs_fail(error, outcome.err, "%s", outcome.error.text);
}

enum gs_err gs_sim_remote_serve(const struct gs_sim_remote_options *options, unsigned processes, uint32_t idle_ms,
                                uint64_t *done, struct gs_error *error)
{
	struct child child[GS_SIM_PROCESSES_MAX];
	sigset_t ours, before;
	unsigned children = 0;
	enum gs_err err = GS_OK;
	GS_ASSERT(processes >= 1 && processes <= GS_SIM_PROCESSES_MAX);
	*done = 0;
	our_signals(&ours);
	(void)sigprocmask(SIG_BLOCK, &ours, &before);
	while (err == GS_OK && children < processes) {
		if (start(options, idle_ms, &child[children]))
			children++;
		else
			err = gs_fail(error, GS_EIO, "no process can be started: %s", strerror(errno));
	}
	for (unsigned i = 0; err != GS_OK && i < children; i++)
		(void)kill(child[i].pid, SIGTERM);
	for (unsigned i = 0; i < children; i++) {
		wait_for(child, children, i);
		struct gs_error why;
		enum gs_err ended = join(&child[i], done, &why);
		if (err == GS_OK && ended != GS_OK)
			err = gs_fail(error, ended, "%s", why.text);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}
