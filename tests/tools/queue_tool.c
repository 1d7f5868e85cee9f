/* tests/tools/queue_tool.c: producers, workers and collectors of a queue, for tests/integration/queue.sh.
 *
 *     queue_tool [OPTION VALUE]... COMMAND [ARGUMENT]...
 *
 *     submit FIRST COUNT [BYTES]   jobs job-FIRST...: bytes drawn from the number, one after another
 *     flood FIRST COUNT [BYTES]    the same, many calls under way
 *     put ID TEXT                  a job with these bytes
 *     work                         the blocking worker: the result is the Keccak-256 of the payload. "crash" ends the process, "fail" and
 *                                  "bad" fail, "large" makes a result that is too large
 *     hold N                       the worker on the loop, N jobs at once, each done after --sleep
 *     collect COUNT                so many results, each once and right, or put aside; forgets them unless --keep 1
 *     count, aside, forget ID, revive ID, drop ID
 *
 * Options: --url, --name, --ca-file, --worker, --patience, --visibility, --deliveries, --backlog, --kept; --sleep MS (of a job), --idle MS, --jobs N, --keep. */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain/core/hash.h"
#include "chain/core/rng.h"
#include "queue/wait.h"
#include "tests/support/flood.h"

enum { WAIT_MS = 60000, BYTES_STANDARD = 100 };

struct tool {
	struct gs_queue_options options;
	uint32_t sleep_ms, idle_ms, keep;
	uint64_t jobs;
	struct gs_error error;
};

static volatile bool ending;

static void on_signal(int number)
{
	(void)number;
	ending = true;
}

static int failed(const struct tool *tool)
{
	fprintf(stderr, "queue_tool: %s\n", tool->error.text);
	return 1;
}

/* ---- payloads that can be told from their ids ---- */

static void make_payload(uint64_t number, size_t bytes, uint8_t *out)
{
	struct gs_rng rng;
	gs_rng_seed(&rng, number);
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)gs_rng_u64(&rng);
	if (bytes > 0)
		out[0] |= 0x80; /* none of the words below */
}

static void make_id(uint64_t number, char id[GS_QUEUE_ID_MAX + 1])
{
	(void)snprintf(id, GS_QUEUE_ID_MAX + 1, "job-%06" PRIu64, number);
}

static struct gs_hash right_result(const char *id, size_t bytes)
{
	uint8_t *payload = malloc(bytes + 1);
	struct gs_hash hash = {{0}};
	if (payload != NULL && strncmp(id, "job-", 4) == 0) {
		make_payload(strtoull(id + 4, NULL, 10), bytes, payload);
		gs_keccak256(payload, bytes, &hash);
	}
	free(payload);
	return hash;
}

/* ---- producers ---- */

static int submit(struct tool *tool, struct gs_queue_client *client, uint64_t first, uint64_t count, size_t bytes)
{
	uint8_t *payload = malloc(bytes + 1);
	uint64_t known = 0;
	enum gs_err err = payload != NULL ? GS_OK : GS_ENOMEM;
	for (uint64_t i = first; err == GS_OK && i < first + count; i++) {
		char id[GS_QUEUE_ID_MAX + 1];
		enum gs_queue_outcome outcome;
		make_id(i, id);
		make_payload(i, bytes, payload);
		err = gs_queue_client_submit(client, id, (struct gs_bytes){payload, bytes}, &outcome, &tool->error);
		known += err == GS_OK && outcome == GS_QUEUE_KNOWN;
	}
	free(payload);
	if (err != GS_OK)
		return failed(tool);
	printf("new %" PRIu64 " known %" PRIu64 "\n", count - known, known);
	return 0;
}

/* Jobs from `first` on, as flood() asks for them. */
struct drawn {
	uint64_t first;
	size_t bytes;
};

static enum gs_err draw(void *self, uint64_t number, char id[GS_QUEUE_ID_MAX + 1], struct gs_buf *out,
                        struct gs_error *error)
{
	const struct drawn *drawn = self;
	uint8_t *payload = gs_buf_extend(out, drawn->bytes);
	if (out->err != GS_OK)
		return gs_fail(error, out->err, "a payload of %zu bytes", drawn->bytes);
	make_id(drawn->first + number, id);
	make_payload(drawn->first + number, drawn->bytes, payload);
	return GS_OK;
}

static int flood_drawn(struct tool *tool, uint64_t first, uint64_t count, size_t bytes)
{
	struct drawn drawn = {first, bytes};
	const struct flood_jobs jobs = {.count = count, .make = draw, .self = &drawn};
	struct flood_told told;
	if (flood(&tool->options, &jobs, &told, &tool->error) != GS_OK)
		return failed(tool);
	printf("new %" PRIu64 " known %" PRIu64 "\n", told.fresh, told.known);
	return 0;
}

/* ---- workers ---- */

static bool says(struct gs_bytes payload, const char *word)
{
	return payload.len == strlen(word) && memcmp(payload.ptr, word, payload.len) == 0;
}

static enum gs_err run_job(void *self, const char *id, struct gs_bytes payload, struct gs_buf *result,
                           struct gs_error *error)
{
	const struct tool *tool = self;
	struct gs_hash hash;
	if (says(payload, "crash"))
		_exit(9);
	if (says(payload, "fail"))
		return gs_fail(error, GS_EIO, "%s: could not be done this time", id);
	if (says(payload, "bad"))
		return gs_fail(error, GS_EPARSE, "%s: this is no job", id);
	if (says(payload, "large"))
		(void)gs_buf_extend(result, (size_t)GS_QUEUE_BYTES_MAX + 1);
	if (tool->sleep_ms > 0)
		(void)usleep(tool->sleep_ms * 1000);
	gs_keccak256(payload.ptr, payload.len, &hash);
	gs_buf_append(result, hash.b, sizeof(hash.b));
	return GS_OK;
}

static int work(struct tool *tool, struct gs_queue_client *client)
{
	const struct gs_queue_service service = {
		.self = tool, .run = run_job, .jobs_max = tool->jobs, .idle_ms = tool->idle_ms, .ending = &ending};
	struct gs_queue_served served;
	(void)signal(SIGTERM, on_signal);
	enum gs_err err = gs_queue_serve(client, &service, &served, &tool->error);
	printf("done %" PRIu64 " late %" PRIu64 " failed %" PRIu64 "\n", served.done, served.late, served.failed);
	return err == GS_OK ? 0 : failed(tool);
}

struct holding {
	struct tool *tool;
	struct event_base *base;
	struct gs_queue *queue;
	unsigned now, most, answers;
	uint64_t done, late, lost;
	uint64_t last_ms; /* ticks of the timer since the last job */
	bool stopped;
	enum gs_err err;
};

struct held {
	struct holding *holding;
	struct gs_queue_job *job;
	struct event *timer;
};

static void on_finished(void *self, enum gs_err err, enum gs_queue_outcome outcome, const struct gs_error *error)
{
	struct holding *h = self;
	h->answers--;
	if (err != GS_OK) {
		h->err = err;
		h->tool->error = *error;
	}
	h->done += err == GS_OK && outcome == GS_QUEUE_DONE;
	h->late += err == GS_OK && outcome == GS_QUEUE_LATE;
}

static void on_ripe(evutil_socket_t fd, short what, void *self)
{
	struct held *held = self;
	struct holding *h = held->holding;
	struct gs_hash hash;
	(void)fd;
	(void)what;
	gs_keccak256(held->job->payload.ptr, held->job->payload.len, &hash);
	h->now--;
	h->answers++;
	h->last_ms = 0;
	h->err = gs_queue_finish(h->queue, held->job, (struct gs_bytes){hash.b, sizeof(hash.b)}, on_finished, h,
	                         &h->tool->error);
	event_free(held->timer);
	free(held);
}

static void on_job(void *self, struct gs_queue_job *job)
{
	struct holding *h = self;
	struct held *held = calloc(1, sizeof(*held));
	struct timeval ripe = {h->tool->sleep_ms / 1000, (suseconds_t)(h->tool->sleep_ms % 1000) * 1000};
	GS_ASSERT(held != NULL);
	*held = (struct held){h, job, event_new(h->base, -1, 0, on_ripe, held)};
	(void)event_add(held->timer, &ripe);
	h->now++;
	h->last_ms = 0;
	h->most = h->now > h->most ? h->now : h->most;
}

static void on_lost(void *self, struct gs_queue_job *job)
{
	struct holding *h = self;
	(void)job;
	h->lost++;
}

static void on_stopped(void *self, enum gs_err err, const struct gs_error *error)
{
	struct holding *h = self;
	h->err = err;
	h->tool->error = *error;
}

static void on_idle_tick(evutil_socket_t fd, short what, void *self)
{
	struct holding *h = self;
	(void)fd;
	(void)what;
	h->last_ms += 10;
	h->stopped = h->now == 0 && h->answers == 0 && h->last_ms >= h->tool->idle_ms;
}

static int hold(struct tool *tool, unsigned most)
{
	struct holding h = {.tool = tool, .base = event_base_new()};
	const struct timeval tick = {0, 10000};
	h.err = gs_queue_open(h.base, &tool->options, &h.queue, &tool->error);
	if (h.err != GS_OK)
		return failed(tool);
	const struct gs_queue_worker worker = {&h, most, on_job, on_lost, on_stopped};
	struct event *idle = event_new(h.base, -1, EV_PERSIST, on_idle_tick, &h);
	(void)event_add(idle, &tick);
	h.err = gs_queue_work(h.queue, &worker, &tool->error);
	while (h.err == GS_OK && !h.stopped)
		(void)event_base_loop(h.base, EVLOOP_ONCE);
	event_free(idle);
	gs_queue_close(h.queue);
	event_base_free(h.base);
	printf("done %" PRIu64 " late %" PRIu64 " lost %" PRIu64 " most %u\n", h.done, h.late, h.lost, h.most);
	return h.err == GS_OK ? 0 : failed(tool);
}

/* ---- collectors ---- */

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int collect(struct tool *tool, struct gs_queue_client *client, uint64_t count, size_t bytes)
{
	char(*ids)[GS_QUEUE_ID_MAX + 1] = calloc(count + 1, sizeof(*ids));
	uint64_t n = 0, wrong = 0, aside = 0, twice = 0;
	enum gs_err err = ids != NULL ? GS_OK : GS_ENOMEM;
	while (err == GS_OK && n < count) {
		struct gs_queue_entry entry;
		enum gs_queue_outcome outcome;
		err = gs_queue_client_result(client, WAIT_MS, &entry, &tool->error);
		if (err != GS_OK)
			break;
		struct gs_hash right = right_result(entry.id, bytes);
		aside += entry.aside;
		wrong += !entry.aside && (entry.bytes.len != 32 || memcmp(entry.bytes.ptr, right.b, 32) != 0);
		memcpy(ids[n++], entry.id, sizeof(ids[0]));
		if (tool->keep == 0)
			err = gs_queue_client_about(client, GS_QUEUE_FORGET, entry.id, &outcome, &tool->error);
	}
	if (ids != NULL)
		qsort(ids, n, sizeof(*ids), compare_ids);
	for (uint64_t i = 1; i < n; i++)
		twice += strcmp(ids[i - 1], ids[i]) == 0;
	free(ids);
	printf("results %" PRIu64 " wrong %" PRIu64 " aside %" PRIu64 " twice %" PRIu64 "\n", n, wrong, aside, twice);
	return err == GS_OK ? 0 : failed(tool);
}

static int list_aside(struct tool *tool, struct gs_queue_client *client)
{
	struct gs_queue_entry entry;
	enum gs_err err;
	while ((err = gs_queue_client_aside(client, &entry, &tool->error)) == GS_OK)
		printf("%s %.*s deliveries %" PRIu64 ": %.*s\n", entry.id, (int)entry.payload.len,
		       (const char *)entry.payload.ptr, entry.deliveries, (int)entry.bytes.len,
		       (const char *)entry.bytes.ptr);
	return err == GS_EAGAIN ? 0 : failed(tool);
}

static int about(struct tool *tool, struct gs_queue_client *client, const char *command, const char *id)
{
	enum gs_queue_about what = strcmp(command, "forget") == 0   ? GS_QUEUE_FORGET
	                           : strcmp(command, "revive") == 0 ? GS_QUEUE_REVIVE
	                                                            : GS_QUEUE_DROP;
	enum gs_queue_outcome outcome;
	if (gs_queue_client_about(client, what, id, &outcome, &tool->error) != GS_OK)
		return failed(tool);
	puts(outcome == GS_QUEUE_DONE ? "done" : "absent");
	return 0;
}

static int count_all(struct tool *tool, struct gs_queue_client *client)
{
	struct gs_queue_counts c;
	if (gs_queue_client_count(client, &c, &tool->error) != GS_OK)
		return failed(tool);
	printf("unfinished %" PRIu64 " held %" PRIu64 " results %" PRIu64 " aside %" PRIu64 " ids %" PRIu64 "\n",
	       c.unfinished, c.held, c.results, c.aside, c.ids);
	return 0;
}

static int put(struct tool *tool, struct gs_queue_client *client, const char *id, const char *text)
{
	enum gs_queue_outcome outcome;
	struct gs_bytes payload = {(const uint8_t *)text, strlen(text)};
	if (gs_queue_client_submit(client, id, payload, &outcome, &tool->error) != GS_OK)
		return failed(tool);
	puts(outcome == GS_QUEUE_KNOWN ? "known" : "new");
	return 0;
}

static int command(struct tool *tool, int count, char **words)
{
	struct gs_queue_client *client = NULL;
	const char *name = count > 0 ? words[0] : "";
	uint64_t a = count > 1 ? strtoull(words[1], NULL, 10) : 0, b = count > 2 ? strtoull(words[2], NULL, 10) : 0;
	size_t bytes = count > 3 ? strtoull(words[3], NULL, 10) : BYTES_STANDARD;
	int status = 2;
	if (strcmp(name, "flood") == 0)
		return flood_drawn(tool, a, b, bytes);
	if (strcmp(name, "hold") == 0)
		return hold(tool, (unsigned)a);
	if (gs_queue_client_open(&tool->options, &client, &tool->error) != GS_OK)
		return failed(tool);
	if (strcmp(name, "submit") == 0)
		status = submit(tool, client, a, b, bytes);
	else if (strcmp(name, "put") == 0 && count == 3)
		status = put(tool, client, words[1], words[2]);
	else if (strcmp(name, "work") == 0)
		status = work(tool, client);
	else if (strcmp(name, "collect") == 0)
		status = collect(tool, client, a, count > 2 ? b : BYTES_STANDARD);
	else if (strcmp(name, "count") == 0)
		status = count_all(tool, client);
	else if (strcmp(name, "aside") == 0)
		status = list_aside(tool, client);
	else if (count == 2)
		status = about(tool, client, name, words[1]);
	gs_queue_client_close(client);
	return status;
}

int main(int argc, char **argv)
{
	struct tool tool = {.options = {.url = "redis://127.0.0.1", .name = "test"}};
	struct {
		const char *name;
		const char **text;
		uint32_t *number;
	} options[] = {
		{"--url", &tool.options.url, NULL},
		{"--name", &tool.options.name, NULL},
		{"--ca-file", &tool.options.ca_file, NULL},
		{"--worker", &tool.options.worker, NULL},
		{"--patience", NULL, &tool.options.patience_ms},
		{"--visibility", NULL, &tool.options.visibility_ms},
		{"--deliveries", NULL, &tool.options.deliveries_max},
		{"--backlog", NULL, &tool.options.backlog_max},
		{"--kept", NULL, &tool.options.kept_max},
		{"--sleep", NULL, &tool.sleep_ms},
		{"--idle", NULL, &tool.idle_ms},
		{"--keep", NULL, &tool.keep},
	};
	int at = 1;
	for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
		bool found = strcmp(argv[at], "--jobs") == 0;
		if (found)
			tool.jobs = strtoull(argv[at + 1], NULL, 10);
		for (size_t i = 0; !found && i < GS_ARRAY_LEN(options); i++) {
			if (strcmp(argv[at], options[i].name) != 0)
				continue;
			found = true;
			if (options[i].text != NULL)
				*options[i].text = argv[at + 1];
			else
				*options[i].number = (uint32_t)strtoul(argv[at + 1], NULL, 10);
		}
		if (!found) {
			fprintf(stderr, "queue_tool: %s: no such option\n", argv[at]);
			return 2;
		}
	}
	(void)signal(SIGPIPE, SIG_IGN);
	return command(&tool, argc - at, argv + at);
}
