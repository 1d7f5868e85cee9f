#include "simulations/many.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

void gs_sim_digest_add(struct gs_sim_digest *to, const struct gs_hash *run)
{
	for (unsigned i = 0; i < 4; i++)
		to->sum[i] += gs_be64_read(run->b + (size_t)8 * i);
}

void gs_sim_digest_join(struct gs_sim_digest *to, const struct gs_sim_digest *from)
{
	for (unsigned i = 0; i < 4; i++)
		to->sum[i] += from->sum[i];
}

void gs_sim_digest_text(const struct gs_sim_digest *digest, char out[67])
{
	struct gs_hash h;
	for (unsigned i = 0; i < 4; i++)
		gs_be64_write(h.b + (size_t)8 * i, digest->sum[i]);
	gs_hex_encode(h.b, sizeof(h.b), true, out);
}

bool gs_sim_is_first(uint64_t violations, uint64_t seed, uint64_t others, uint64_t others_seed)
{
	return violations > 0 && (others == 0 || seed < others_seed);
}

/* What a process hands over. */
struct outcome {
	enum gs_err err;
	struct gs_error error;
};

/* next: how many runs are taken, by this process or another. */
static void run_some(const struct gs_sim_work *work, uint64_t first, uint64_t runs, atomic_uint_fast64_t *next,
                     void *tally, struct outcome *out)
{
	*out = (struct outcome){.err = GS_OK};
	while (out->err == GS_OK) {
		const uint64_t i = atomic_fetch_add(next, 1);
		if (i >= runs)
			return;
		out->err = work->run(work->self, first + i, tally, &out->error);
		if (out->err != GS_OK)
			(void)gs_fail_within(&out->error, out->err, "seed %llu", (unsigned long long)(first + i));
	}
}

static bool put_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len > 0) {
		ssize_t n = write(fd, at, len);
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static bool get_all(int fd, void *bytes, size_t len)
{
	char *at = bytes;
	while (len > 0) {
		ssize_t n = read(fd, at, len);
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static pid_t start(const struct gs_sim_work *work, uint64_t first, uint64_t runs, atomic_uint_fast64_t *next,
                   void *tally, int *from)
{
	int ends[2];
	if (pipe(ends) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		struct outcome outcome;
		close(ends[0]);
		run_some(work, first, runs, next, tally, &outcome);
		bool done = put_all(ends[1], &outcome, sizeof(outcome)) && put_all(ends[1], tally, work->tally_bytes);
		_exit(done ? 0 : 1);
	}
	close(ends[1]);
	if (child < 0)
		close(ends[0]);
	*from = ends[0];
	return child;
}

enum gs_err gs_sim_many(const struct gs_sim_work *work, uint64_t first, uint64_t runs, unsigned processes, void *tally,
                        struct gs_error *error)
{
	pid_t child[GS_SIM_PROCESSES_MAX];
	int from[GS_SIM_PROCESSES_MAX];
	struct outcome outcome;
	unsigned started = 0;
	GS_ASSERT(processes >= 1 && processes <= GS_SIM_PROCESSES_MAX);
	if (processes == 1) {
		atomic_uint_fast64_t next = 0;
		run_some(work, first, runs, &next, tally, &outcome);
		return outcome.err == GS_OK ? GS_OK : gs_fail(error, outcome.err, "%s", outcome.error.text);
	}
	/* Some runs take a hundred times as long as others: whoever is done takes the next one. */
	atomic_uint_fast64_t *next = mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	                                  0);
	if (next == MAP_FAILED)
		return gs_fail(error, GS_ENOMEM, "no memory");
	void *part = calloc(1, work->tally_bytes);
	enum gs_err err = GS_OK;
	if (part == NULL) {
		(void)munmap(next, sizeof(*next));
		return gs_fail(error, GS_ENOMEM, "no memory");
	}
	for (; err == GS_OK && started < processes && started < runs; started++) {
		memset(part, 0, work->tally_bytes);
		child[started] = start(work, first, runs, next, part, &from[started]);
		if (child[started] < 0) {
			err = gs_fail(error, GS_EIO, "no other process can be started");
			break;
		}
	}
	for (unsigned i = 0; i < started; i++) {
		int status;
		bool done = get_all(from[i], &outcome, sizeof(outcome)) && get_all(from[i], part, work->tally_bytes);
		close(from[i]);
		(void)waitpid(child[i], &status, 0);
		if (done && outcome.err == GS_OK)
			work->join(tally, part);
		else if (err == GS_OK)
			err = done ? gs_fail(error, outcome.err, "%s", outcome.error.text)
			           : gs_fail(error, GS_EIO, "a process ended before its runs were done");
	}
	free(part);
	(void)munmap(next, sizeof(*next));
	return err;
}
