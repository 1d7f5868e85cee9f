#include "validator/daemon/executions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "chain/core/hash.h"
#include "validator/daemon/queue_address.h"
#include "validator/daemon/remote.h"

enum { PPM = 1000 * 1000, SECRET_BYTES = 32 };

struct entry { /* an execution that a worker was asked for */
	struct entry *next;
	struct gs_execution_job job;
	struct gs_hash id;       /* as a job of the queue */
	bool checked;            /* it was answered, and is executed here now, too: */
	struct gs_address by;    /* by this worker... */
	struct gs_hash answered; /* ...with these outputs */
	uint8_t bytes[];         /* the job's input, then its output */
};

struct gs_executions {
	const struct gs_log *log;
	struct gs_work *work;
	struct gs_remote *remote; /* NULL: everything is executed here */
	bool traces;              /* every execution is to be committed to, which is of use here alone */
	uint32_t check_ppm;
	uint8_t secret[SECRET_BYTES]; /* of the draws */
	struct entry *entries;
	size_t keys, liars;
	struct gs_address key[GS_WORKER_KEYS_MAX], liar[GS_WORKER_KEYS_MAX];
};

static bool among(const struct gs_address *list, size_t count, const struct gs_address *who)
{
	for (size_t i = 0; i < count; i++)
		if (gs_address_equal(&list[i], who))
			return true;
	return false;
}

void gs_executions_input(const struct gs_execution_result *result, struct gs_node_input *out)
{
	*out = (struct gs_node_input){.kind = GS_INPUT_EXECUTED};
	out->as.executed.claim = result->work.claim;
	out->as.executed.computed = result->work.computed;
	out->as.executed.output_root = result->work.output_root;
	out->as.executed.reference_root = result->work.reference_root;
	out->as.executed.trace_root = result->work.trace_root;
	out->as.executed.took_us = result->work.took_us;
	out->as.executed.by = result->by;
	out->as.executed.reason = result->work.reason;
}

/* --- settings --- */

enum gs_err gs_worker_keys_read(const char *path, struct gs_address out[GS_WORKER_KEYS_MAX], size_t *count,
                                struct gs_error *error)
{
	FILE *file = fopen(path, "re");
	char line[256];
	enum gs_err err = GS_OK;

	*count = 0;
	if (!file)
		return gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(errno));
	for (unsigned number = 1; !err && fgets(line, sizeof(line), file); number++) {
		char *text = line + strspn(line, " \t");
		text[strcspn(text, "# \t\r\n")] = '\0';
		if (!*text)
			continue;
		if (*count == GS_WORKER_KEYS_MAX)
			err = gs_fail(error, GS_ELIMIT, "%s: more than %d keys", path, GS_WORKER_KEYS_MAX);
		else if ((err = gs_address_parse(text, &out[*count], error)))
			err = gs_fail_within(error, err, "%s:%u", path, number);
		else
			(*count)++;
	}
	if (!err && ferror(file))
		err = gs_fail(error, GS_EIO, "%s: cannot be read", path);
	fclose(file);
	if (!err && *count == 0)
		err = gs_fail(error, GS_EINVAL, "%s: names no key; write the workers' addresses there, one a line",
		              path);
	return err;
}

static enum gs_err open_remote(struct gs_executions *e, const struct gs_config *config, int event_fd,
                               struct gs_error *error)
{
	char address[GS_REDIS_URL_MAX + 1];
	const struct gs_remote_options options = {.queue = address,
	                                          .ca_file = config->workers.ca_file,
	                                          .name = config->workers.name,
	                                          .wait_s = config->workers.wait_s,
	                                          .event_fd = event_fd,
	                                          .log = e->log};
	enum gs_err err = GS_OK;

	if (!config->workers.keys_file[0])
		return gs_fail(error, GS_EINVAL,
		               "workers.keys_file: not named; it says whose answers count, an address a line");
	err = gs_worker_keys_read(config->workers.keys_file, e->key, &e->keys, error);
	if (!err && getrandom(e->secret, sizeof(e->secret), 0) != (ssize_t)sizeof(e->secret))
		err = gs_fail(error, GS_EIO, "the system gave no random bytes");
	if (!err)
		err = gs_queue_address(config->workers.queue, config->workers.password_file, address, error);
	if (!err)
		err = gs_remote_open(&options, &e->remote, error);
	explicit_bzero(address, sizeof(address));
	return err;
}

enum gs_err gs_executions_open(const struct gs_executions_options *options, struct gs_executions **out, int *event_fd,
                               struct gs_error *error)
{
	const struct gs_config *config = options->config;
	const struct gs_work_options work = {.models = config->models,
	                                     .supply = options->supply,
	                                     .threads = (unsigned)config->execution.threads,
	                                     .trace_roots = config->attest.mode == GS_ATTEST_MODE_ON,
	                                     .prepared_bytes = config->execution.prepared_mib << 20,
	                                     .program_bytes = config->execution.programs_mib << 20,
	                                     .isa = options->isa,
	                                     .log = options->log,
	                                     .adversary = options->adversary,
	                                     .traces = options->traces};
	struct gs_executions *e = calloc(1, sizeof(*e));
	enum gs_err err;

	*out = NULL;
	if (!e)
		return gs_fail(error, GS_ENOMEM, "executions: no memory");
	e->log = options->log;
	e->traces = work.trace_roots;
	e->check_ppm = (uint32_t)config->workers.check_ppm;
	err = gs_work_open(&work, &e->work, event_fd, error);
	if (!err && config->workers.queue[0] && !options->adversary) {
		err = gs_node_distrusted(options->store, e->liar, GS_WORKER_KEYS_MAX, &e->liars, error);
		if (!err)
			err = open_remote(e, config, *event_fd, error);
	}
	if (err) {
		gs_executions_close(e);
		return err;
	}
	*out = e;
	return GS_OK;
}

void gs_executions_close(struct gs_executions *e)
{
	if (!e)
		return;
	gs_remote_close(e->remote); /* first: it raises the other's event */
	gs_work_close(e->work);
	while (e->entries) {
		struct entry *entry = e->entries;
		e->entries = entry->next;
		free(entry);
	}
	explicit_bzero(e->secret, sizeof(e->secret));
	free(e);
}

struct gs_work *gs_executions_work(struct gs_executions *e)
{
	return e->work;
}

/* --- out --- */

static struct entry *entry_new(const struct gs_execution_job *job, const struct gs_hash *id)
{
	const struct gs_bytes in = job->work.input, out = job->work.output;
	struct entry *entry = malloc(sizeof(*entry) + in.len + out.len);

	if (!entry)
		return NULL;
	*entry = (struct entry){.job = *job, .id = *id};
	if (in.len)
		memcpy(entry->bytes, in.ptr, in.len);
	if (out.len)
		memcpy(entry->bytes + in.len, out.ptr, out.len);
	entry->job.work.input.ptr = entry->bytes;
	entry->job.work.output.ptr = entry->bytes + in.len;
	return entry;
}

static enum gs_err submit_remote(struct gs_executions *e, const struct gs_execution_job *job)
{
	struct gs_remote_job remote = {.wanted = GS_REMOTE_OUTPUTS,
	                               .model = job->work.model,
	                               .input_root = job->work.input_root,
	                               .input = job->work.input};
	struct entry *entry = NULL;
	struct gs_buf bytes;
	struct gs_hash id;
	enum gs_err err;

	if (job->tolerant) {
		remote.claimed_root = job->work.output_root;
		remote.claimed = job->work.output;
	}
	gs_buf_init(&bytes, GS_REMOTE_JOB_BYTES_MAX);
	err = gs_remote_job_encode(&remote, &bytes, &id, NULL);
	if (!err) {
		entry = entry_new(job, &id);
		err = entry ? gs_remote_submit(e->remote, &id, gs_buf_view(&bytes)) : GS_ENOMEM;
	}
	gs_buf_free(&bytes);
	if (err) {
		free(entry);
		return err;
	}
	entry->next = e->entries;
	e->entries = entry;
	return GS_OK;
}

enum gs_err gs_executions_submit(struct gs_executions *e, const struct gs_execution_job *job)
{
	const bool here = !e->remote || job->work.own || e->traces || gs_hash_is_zero(&job->right_root) ||
	                  e->liars >= GS_WORKER_KEYS_MAX;

	/* Too long for a job, no server, too much under way: all the same. */
	if (!here && submit_remote(e, job) == GS_OK)
		return GS_OK;
	return gs_work_submit(e->work, &job->work);
}

/* --- back --- */

static struct entry *unlink_entry(struct gs_executions *e, struct entry *entry)
{
	struct entry **at = &e->entries;

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	return entry;
}

/* Drawn after the answer is there, by what no worker knows. */
static bool drawn(const struct gs_executions *e, const struct entry *entry)
{
	struct gs_keccak k;
	struct gs_hash hash;

	gs_keccak_init(&k);
	gs_keccak_update(&k, e->secret, sizeof(e->secret));
	gs_keccak_update(&k, entry->job.work.claim.b, 32);
	gs_keccak_update(&k, entry->id.b, 32);
	gs_keccak_final(&k, &hash);
	return (unsigned __int128)gs_be64_read(hash.b) * PPM < (unsigned __int128)e->check_ppm << 64;
}

static void log_about(const struct gs_executions *e, const struct entry *entry, enum gs_log_level level,
                      const char *event, const struct gs_address *by, const char *why)
{
	char claim[67], worker[GS_ADDRESS_TEXT_MAX] = "-";

	gs_hex_encode(entry->job.work.claim.b, 32, true, claim);
	if (by)
		gs_address_format(by, worker);
	gs_log_line(e->log, level, event, "claim=%s worker=%s%s%s%s", claim, worker, why ? " why=\"" : "",
	            why ? why : "", why ? "\"" : "");
}

/* Executes it here; the entry stays when a worker's answer is to be compared with what comes out. True: *out says that this cannot be. */
static bool do_here(struct gs_executions *e, struct entry *entry, struct gs_execution_result *out)
{
	const enum gs_err err = gs_work_submit(e->work, &entry->job.work);

	if (err) {
		*out = (struct gs_execution_result){.work.claim = entry->job.work.claim};
		snprintf(out->work.reason, sizeof(out->work.reason), "%s",
		         err == GS_ELIMIT ? "too many executions wait" : "no memory");
	}
	if (err || !entry->checked)
		free(unlink_entry(e, entry));
	return err != GS_OK;
}

/* Whether the answer counts, of this worker. */
static bool believed(struct gs_executions *e, const struct entry *entry, const struct gs_remote_result *result,
                     struct gs_remote_answer *answer)
{
	struct gs_error why;
	const char *text = NULL;

	if (!result->answered) {
		log_about(e, entry, GS_LOG_INFO, "worker.none", NULL, result->reason);
		return false;
	}
	if (gs_remote_answer_decode((struct gs_bytes){result->bytes, result->len}, &entry->id, answer, &why)) {
		log_about(e, entry, GS_LOG_WARN, "worker.unbelieved", NULL, why.text);
		return false;
	}
	if (!among(e->key, e->keys, &answer->worker))
		text = "its key is not in workers.keys_file";
	else if (among(e->liar, e->liars, &answer->worker))
		text = "it was found lying";
	if (text)
		log_about(e, entry, GS_LOG_WARN, "worker.unbelieved", &answer->worker, text);
	return !text;
}

/* True: *out is a result. */
static bool on_answer(struct gs_executions *e, const struct gs_remote_result *result, struct gs_execution_result *out)
{
	struct entry *entry = e->entries;
	struct gs_remote_answer answer;

	while (entry && (entry->checked || !gs_hash_equal(&entry->id, &result->id)))
		entry = entry->next;
	if (!entry)
		return false;
	if (!believed(e, entry, result, &answer))
		return do_here(e, entry, out);
	const bool right = gs_hash_equal(&answer.output_root, &entry->job.right_root);
	if (!right || drawn(e, entry)) {
		entry->checked = true;
		entry->by = answer.worker;
		entry->answered = answer.output_root;
		log_about(e, entry, GS_LOG_INFO, "worker.checked", &entry->by,
		          right ? "drawn" : "it says that the claim is wrong");
		return do_here(e, entry, out);
	}
	*out = (struct gs_execution_result){.by = answer.worker};
	out->work.claim = entry->job.work.claim;
	out->work.computed = true;
	out->work.output_root = out->work.reference_root = answer.output_root;
	free(unlink_entry(e, entry));
	return true;
}

/* What was executed here is compared with what a worker answered. One that could not be computed here convicts nobody. */
static void compare(struct gs_executions *e, struct gs_execution_result *out)
{
	struct entry *entry = e->entries;

	while (entry && !(entry->checked && gs_hash_equal(&entry->job.work.claim, &out->work.claim)))
		entry = entry->next;
	if (!entry)
		return;
	if (out->work.computed && !gs_hash_equal(&out->work.output_root, &entry->answered) &&
	    !among(e->liar, e->liars, &entry->by)) {
		log_about(e, entry, GS_LOG_ERROR, "worker.lied", &entry->by,
		          "its answer is not what is computed here: it is excluded");
		out->liar = entry->by;
		if (e->liars < GS_WORKER_KEYS_MAX)
			e->liar[e->liars++] = entry->by;
	}
	free(unlink_entry(e, entry));
}

bool gs_executions_take(struct gs_executions *e, struct gs_execution_result *out)
{
	struct gs_remote_result result;

	for (;;) {
		memset(out, 0, sizeof(*out));
		/* This lowers the event that both raise, so it comes first: what is raised later is seen by the next call. */
		if (gs_work_take(e->work, &out->work)) {
			compare(e, out);
			return true;
		}
		if (!e->remote || !gs_remote_take(e->remote, &result))
			return false;
		if (on_answer(e, &result, out))
			return true;
	}
}
