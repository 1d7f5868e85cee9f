/* tests/tools/worker_tool.c: who asks workers for executions, for tests/integration/worker.sh and the measurements of docs/scale.md.
 *
 *     worker_tool [OPTION VALUE]... COMMAND MODEL FIRST COUNT
 *
 *     post      jobs FIRST...: inputs of the model (.onnx or .gsp) drawn from the number
 *     collect   so many results: each signed, each once, each what the reference interpreter computes; or put aside
 *     ask       jobs FIRST..., as a node does that waits a second: how many were told, were answered, and are left in the queue
 *     spoil     jobs that are none: bytes that nobody can read
 *
 * Options: --url, --name, --ca-file; --patience MS; --trace 1 (the trace's root, too); --key ADDRESS (who must have signed; several),
 * --liars 1: wrong answers are counted, and do not fail. Prints how many results a second came, from the first to the last. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "chain/core/hash.h"
#include "queue/wait.h"
#include "challenge/machine/interpreter.h"
#include "challenge/machine/trace.h"
#include "tests/generator/generator.h"
#include "tests/support/flood.h"
#include "validator/daemon/models.h"
#include "validator/daemon/remote.h"

/* Different inputs; jobs with the same one differ in what an exact model does not look at, so that each is a job of its own. */
enum { INPUTS = 50, WAIT_MS = 120000, KEYS_MAX = 8, INPUT_BYTES_MAX = 1 << 28, LOOK_MS = 100, SAME_MAX = 100 };

struct job {
	struct gs_hash id, output_root, trace_root;
	bool there;
};

struct tool {
	struct gs_queue_options options;
	uint32_t trace, liars, patience;
	struct gs_address key[KEYS_MAX];
	size_t keys;
	struct gs_program program;
	struct gs_hash model;
	uint64_t first, count;
	struct gs_error error;
};

static int failed(const struct tool *tool)
{
	fprintf(stderr, "worker_tool: %s\n", tool->error.text);
	return 1;
}

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Job `number`: its bytes in *out, its input in *input. */
static enum gs_err make_job(struct tool *tool, uint64_t number, struct gs_buf *input, struct gs_buf *out,
                            struct gs_hash *id)
{
	const struct gs_program *p = &tool->program;
	struct gs_remote_job job = {.wanted = tool->trace ? GS_REMOTE_TRACE : GS_REMOTE_OUTPUTS, .model = tool->model};
	input->len = out->len = 0;
	enum gs_err err = gs_generate_inputs(number % INPUTS, p, input);
	if (err != GS_OK)
		return gs_fail(&tool->error, err, "no input could be made");
	gs_merkle_array_root(input->ptr, p->header.inputs_chunks, gs_merkle_depth(p->header.inputs_chunks),
	                     &job.input_root);
	job.input = gs_buf_view(input);
	gs_be64_write(job.claimed_root.b, number);
	return gs_remote_job_encode(&job, out, id, &tool->error);
}

/* ---- post ---- */

struct posting {
	struct tool *tool;
	bool spoil;
};

static enum gs_err make_posted(void *self, uint64_t number, char id[GS_QUEUE_ID_MAX + 1], struct gs_buf *out,
                               struct gs_error *error)
{
	const struct posting *posting = self;
	struct gs_buf input;
	struct gs_hash hash;
	gs_buf_init(&input, INPUT_BYTES_MAX);
	enum gs_err err = make_job(posting->tool, posting->tool->first + number, &input, out, &hash);
	gs_buf_free(&input);
	if (err != GS_OK) {
		*error = posting->tool->error;
		return err;
	}
	if (posting->spoil)
		out->ptr[(posting->tool->first + number) % 8] ^=
			0x20; /* the magic word; the id stays, and is not its hash any more */
	gs_remote_id_text(&hash, id);
	return GS_OK;
}

static int post(struct tool *tool, bool spoil)
{
	struct posting posting = {tool, spoil};
	const struct flood_jobs jobs = {.count = tool->count, .make = make_posted, .self = &posting};
	struct flood_told told;
	if (flood(&tool->options, &jobs, &told, &tool->error) != GS_OK)
		return failed(tool);
	printf("new %" PRIu64 " known %" PRIu64 "\n", told.fresh, told.known);
	return 0;
}

/* ---- collect ---- */

static int by_id(const void *a, const void *b)
{
	return memcmp(((const struct job *)a)->id.b, ((const struct job *)b)->id.b, 32);
}

/* By the reference interpreter, which shares no addressing code with what workers run. */
static enum gs_err interpret(struct tool *tool, const struct gs_buf *input, struct job *out)
{
	struct gs_trace trace;
	struct gs_memory memory = {.weights = tool->program.weights, .inputs = input->ptr};
	enum gs_err err = gs_trace_init_for(&trace, &tool->program);
	if (err != GS_OK)
		return gs_fail(&tool->error, err, "no memory for a trace");
	memory.trace = trace.chunks;
	gs_interpret(&tool->program, &memory);
	err = gs_trace_commit(&trace);
	gs_trace_output_root(&trace, &tool->program.header, &out->output_root);
	if (tool->trace)
		gs_trace_root(&trace, &out->trace_root);
	gs_trace_free(&trace);
	return err;
}

static enum gs_err expect(struct tool *tool, struct job *jobs, uint64_t i)
{
	struct gs_buf input, bytes;
	gs_buf_init(&input, INPUT_BYTES_MAX);
	gs_buf_init(&bytes, GS_REMOTE_JOB_BYTES_MAX);
	enum gs_err err = make_job(tool, tool->first + i, &input, &bytes, &jobs[i].id);
	if (err == GS_OK && i >= INPUTS) {
		jobs[i].output_root = jobs[i - INPUTS].output_root;
		jobs[i].trace_root = jobs[i - INPUTS].trace_root;
	} else if (err == GS_OK) {
		err = interpret(tool, &input, &jobs[i]);
	}
	gs_buf_free(&input);
	gs_buf_free(&bytes);
	return err;
}

static bool trusted(const struct tool *tool, const struct gs_address *worker)
{
	bool found = tool->keys == 0;
	for (size_t i = 0; i < tool->keys; i++)
		found = found || gs_address_equal(worker, &tool->key[i]);
	return found;
}

struct tally {
	uint64_t results, wrong, aside, twice, unsigned_ones, strange;
	double first_s, last_s;
};

static void count(const struct tool *tool, struct job *jobs, const struct gs_queue_entry *entry, struct tally *tally)
{
	struct job key = {.there = false};
	struct gs_remote_answer answer;
	tally->last_s = now_s();
	tally->first_s = tally->results++ == 0 ? tally->last_s : tally->first_s;
	struct job *job = NULL;
	if (gs_hex_decode(entry->id, strlen(entry->id), key.id.b, 32) == GS_OK)
		job = bsearch(&key, jobs, tool->count, sizeof(*jobs), by_id);
	tally->strange += job == NULL;
	if (job == NULL)
		return;
	tally->twice += job->there;
	job->there = true;
	tally->aside += entry->aside;
	if (entry->aside)
		return;
	if (gs_remote_answer_decode(entry->bytes, &job->id, &answer, NULL) != GS_OK || !trusted(tool, &answer.worker))
		tally->unsigned_ones++;
	else
		tally->wrong += !gs_hash_equal(&answer.output_root, &job->output_root) ||
		                !gs_hash_equal(&answer.trace_root, &job->trace_root) ||
		                answer.cost != tool->program.header.cost;
}

static int collect(struct tool *tool)
{
	struct job *jobs = calloc(tool->count + 1, sizeof(*jobs));
	struct gs_queue_client *client = NULL;
	struct gs_queue_entry entry;
	struct tally t = {0};
	enum gs_err err = jobs != NULL ? GS_OK : GS_ENOMEM;
	for (uint64_t i = 0; err == GS_OK && i < tool->count; i++)
		err = expect(tool, jobs, i);
	if (err == GS_OK)
		qsort(jobs, tool->count, sizeof(*jobs), by_id);
	if (err == GS_OK)
		err = gs_queue_client_open(&tool->options, &client, &tool->error);
	while (err == GS_OK && t.results < tool->count &&
	       (err = gs_queue_client_result(client, WAIT_MS, &entry, &tool->error)) == GS_OK)
		count(tool, jobs, &entry, &t);
	if (client != NULL)
		gs_queue_client_close(client);
	free(jobs);
	if (err != GS_OK)
		(void)failed(tool);
	printf("results %" PRIu64 " wrong %" PRIu64 " aside %" PRIu64 " twice %" PRIu64 " unsigned %" PRIu64
	       " strange %" PRIu64 "\n",
	       t.results, t.wrong, t.aside, t.twice, t.unsigned_ones, t.strange);
	if (t.results > 1)
		fprintf(stderr, "%.1f results a second\n", (double)(t.results - 1) / (t.last_s - t.first_s));
	return err != GS_OK || (!tool->liars && t.wrong != 0);
}

/* ---- ask ---- */

/* How many jobs the queue has, once that is none, or does not change any more. */
static uint64_t until_empty(struct tool *tool)
{
	struct gs_queue_client *client = NULL;
	struct gs_queue_counts counts = {.unfinished = UINT64_MAX};
	uint64_t before = UINT64_MAX;
	unsigned same = 0;
	if (gs_queue_client_open(&tool->options, &client, &tool->error) != GS_OK)
		return UINT64_MAX;
	while (same < SAME_MAX && counts.unfinished > 0 &&
	       gs_queue_client_count(client, &counts, &tool->error) == GS_OK) {
		same = counts.unfinished == before ? same + 1 : 0;
		before = counts.unfinished;
		(void)poll(NULL, 0, LOOK_MS);
	}
	gs_queue_client_close(client);
	return counts.unfinished;
}

/* As a node does that waits a second for an answer, all at once; what became of the jobs. */
static int ask(struct tool *tool)
{
	const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	const struct gs_remote_options options = {
		.queue = tool->options.url, .ca_file = "", .name = tool->options.name, .wait_s = 1, .event_fd = fd};
	struct gs_remote *remote;
	struct gs_remote_result result;
	struct gs_buf input, bytes;
	uint64_t taken = 0, told = 0, answered = 0;
	enum gs_err err = gs_remote_open(&options, &remote, &tool->error);
	if (err != GS_OK)
		return failed(tool);
	gs_buf_init(&input, INPUT_BYTES_MAX);
	gs_buf_init(&bytes, GS_REMOTE_JOB_BYTES_MAX);
	for (uint64_t i = 0; err == GS_OK && i < tool->count; i++) {
		struct gs_hash id;
		err = make_job(tool, tool->first + i, &input, &bytes, &id);
		if (err == GS_OK && (err = gs_remote_submit(remote, &id, gs_buf_view(&bytes))) != GS_OK)
			err = gs_fail(&tool->error, err, "job %" PRIu64 " is not taken", i);
		taken += err == GS_OK;
	}
	while (told < taken) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		uint64_t raised;
		(void)poll(&wait, 1, WAIT_MS);
		if (read(fd, &raised, sizeof(raised)) < 0)
			continue;
		while (gs_remote_take(remote, &result)) {
			told++;
			answered += result.answered;
		}
	}
	const uint64_t left = until_empty(tool); /* what was not answered is taken off while the connection stands */
	gs_remote_close(remote);
	gs_buf_free(&input);
	gs_buf_free(&bytes);
	close(fd);
	if (err != GS_OK)
		(void)failed(tool);
	printf("told %" PRIu64 " answered %" PRIu64 " left %" PRIu64 "\n", told, answered, left);
	return err != GS_OK;
}

/* ---- the command line ---- */

static enum gs_err option(struct tool *tool, const char *name, const char *value)
{
	const uint32_t number = (uint32_t)strtoul(value, NULL, 10);
	if (strcmp(name, "--url") == 0)
		tool->options.url = value;
	else if (strcmp(name, "--name") == 0)
		tool->options.name = value;
	else if (strcmp(name, "--ca-file") == 0)
		tool->options.ca_file = value;
	else if (strcmp(name, "--patience") == 0)
		tool->options.patience_ms = number;
	else if (strcmp(name, "--trace") == 0)
		tool->trace = number;
	else if (strcmp(name, "--liars") == 0)
		tool->liars = number;
	else if (strcmp(name, "--key") == 0 && tool->keys < KEYS_MAX)
		return gs_address_parse(value, &tool->key[tool->keys++], &tool->error);
	else
		return gs_fail(&tool->error, GS_EINVAL, "what is %s?", name);
	return GS_OK;
}

int main(int argc, char **argv)
{
	struct tool tool = {.options = {.url = "redis://127.0.0.1", .name = "executions"}};
	enum gs_err err = GS_OK;
	int at = 1, status = 2;
	for (; err == GS_OK && at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2)
		err = option(&tool, argv[at], argv[at + 1]);
	if (err == GS_OK && argc - at != 4)
		err = gs_fail(&tool.error, GS_EINVAL, "post, collect, ask or spoil, then MODEL FIRST COUNT");
	if (err == GS_OK)
		err = gs_model_load(argv[at + 1], &tool.program, &tool.error);
	if (err != GS_OK)
		return failed(&tool);
	gs_header_model_id(&tool.program.header, &tool.model);
	tool.first = strtoull(argv[at + 2], NULL, 10);
	tool.count = strtoull(argv[at + 3], NULL, 10);
	if (strcmp(argv[at], "post") == 0 || strcmp(argv[at], "spoil") == 0)
		status = post(&tool, argv[at][0] == 's');
	else if (strcmp(argv[at], "collect") == 0)
		status = collect(&tool);
	else if (strcmp(argv[at], "ask") == 0)
		status = ask(&tool);
	gs_program_free(&tool.program);
	return status;
}
