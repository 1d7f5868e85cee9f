#include "simulations/apart.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512 };

/* What the process hands over when it gets to its end. */
struct answer {
	enum gs_err err;
	struct gs_error error;
	struct gs_sim_result result;
};

static bool put(int fd, const struct answer *answer)
{
	const char *at = (const char *)answer;
	for (size_t left = sizeof(*answer); left > 0;) {
		const ssize_t n = write(fd, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		left -= (size_t)n;
	}
	return true;
}

static bool get(int fd, struct answer *answer)
{
	char *at = (char *)answer;
	for (size_t left = sizeof(*answer); left > 0;) {
		const ssize_t n = read(fd, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		left -= (size_t)n;
	}
	return true;
}

/* The last line that it wrote, as far as there is room for it; its signal where there is none. */
static void name_death(FILE *said, int status, char *out, size_t size)
{
	char line[LINE_MAX_BYTES], last[LINE_MAX_BYTES] = "";
	rewind(said);
	while (fgets(line, sizeof(line), said) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '\0')
			memcpy(last, line, sizeof(last));
	}
	if (last[0] != '\0')
		snprintf(out, size, "%.*s", (int)size - 1, last);
	else if (WIFSIGNALED(status))
		snprintf(out, size, "ended by signal %d", WTERMSIG(status));
	else
		snprintf(out, size, "ended with status %d", WEXITSTATUS(status));
}

static _Noreturn void run_and_end(const struct gs_sim_engine *engine, const double *value, uint64_t seed, int to,
                                  FILE *said)
{
	const struct gs_sim_watch nothing = {.log = NULL};
	struct answer answer = {.err = GS_OK};
	if (dup2(fileno(said), STDERR_FILENO) < 0)
		_exit(1);
	answer.err = engine->run(value, seed, &nothing, &answer.result, &answer.error);
	_exit(put(to, &answer) ? 0 : 1);
}

enum gs_err gs_sim_run_apart(const struct gs_sim_engine *engine, const double *value, uint64_t seed,
                             struct gs_sim_result *result, struct gs_error *error)
{
	struct answer answer = {.err = GS_OK};
	char death[sizeof(answer.result.first)];
	int ends[2], status = 0;
	FILE *said = tmpfile();
	if (said == NULL || pipe(ends) != 0) {
		if (said != NULL)
			fclose(said);
		return gs_fail(error, GS_EIO, "a run cannot have a process of its own: %s", strerror(errno));
	}
	const pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		run_and_end(engine, value, seed, ends[1], said);
	}
	close(ends[1]);
	const bool done = child > 0 && get(ends[0], &answer);
	close(ends[0]);
	if (child > 0)
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	if (child > 0 && !done)
		name_death(said, status, death, sizeof(death));
	fclose(said);
	if (child < 0)
		return gs_fail(error, GS_EIO, "no other process can be started");
	if (done && answer.err != GS_OK)
		return gs_fail(error, answer.err, "%s", answer.error.text);
	if (done)
		gs_sim_result_join(result, &answer.result);
	else
		gs_sim_violate(result, seed, death);
	return GS_OK;
}
