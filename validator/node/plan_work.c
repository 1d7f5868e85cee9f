/* Executions of sampled claims and leaves: which of those that wait are begun, and which are given up because there is no time for them (schedule.h).
 * What a game or a duty needs is no sample: it is begun at once (gs_node_execute). */
#include <stdlib.h>
#include <string.h>

#include "validator/node/history.h"
#include "validator/node/node_state.h"
#include "validator/node/record.h"
#include "validator/node/schedule.h"

enum {
	AHEAD_S = 2, /* of work each server is given so much ahead, and two executions at least */
	EACH_AHEAD = 2,
	LOOK_S = 5, /* what waits is looked at so often although nothing can be begun: some may be late */
	SHED_VERSION = 1,
};
/* An execution of a model that was never measured here, in seconds. */
static const double unknown_s = 1;
static const struct gs_bytes shed_key = {(const uint8_t *)"work_shed", 9};

/* --- what waits, in the agenda: by the window's end, with all that it is ranked by --- */

enum { WAITING_VERSION = 2, WAITING_BYTES = 1 + 8 + 32 + 32 + 32 };

struct waiting {
	uint8_t key[GS_AGENDA_KEY_MAX];
	size_t key_len;
	uint64_t due_s; /* the verdict matters until then */
	struct gs_wei value;
	struct gs_hash model;
	struct gs_hash batch; /* of a leaf that is no claim yet; else zero */
};

static void encode(const struct waiting *w, uint8_t out[WAITING_BYTES])
{
	out[0] = WAITING_VERSION;
	gs_be64_write(out + 1, w->due_s);
	gs_u256_to_be(&w->value.v, out + 9);
	memcpy(out + 41, w->model.b, 32);
	memcpy(out + 73, w->batch.b, 32);
}

static enum gs_err decode(struct gs_bytes key, struct gs_bytes value, struct waiting *out)
{
	if (key.len > sizeof(out->key) || value.len != WAITING_BYTES || value.ptr[0] != WAITING_VERSION)
		return GS_ECORRUPT;
	memcpy(out->key, key.ptr, key.len);
	out->key_len = key.len;
	out->due_s = gs_be64_read(value.ptr + 1);
	out->value.v = gs_u256_from_be(value.ptr + 9);
	memcpy(out->model.b, value.ptr + 41, 32);
	memcpy(out->batch.b, value.ptr + 73, 32);
	return GS_OK;
}

static struct gs_hash id_of(const struct waiting *w)
{
	struct gs_hash id;

	memcpy(id.b, w->key + w->key_len - sizeof(id.b), sizeof(id.b));
	return id;
}

static enum gs_err work_of(struct gs_node_turn *t, const struct gs_hash *model, double *out)
{
	uint64_t us;
	enum gs_err err = gs_history_cost(t->j, model, &us);

	*out = us ? (double)us / 1e6 : unknown_s;
	return err;
}

/* A wrong claim must still be challenged then: a quarter of the window at most is left for that. */
static enum gs_err due_of(const struct gs_node_turn *t, const struct gs_claim *claim, uint64_t *out)
{
	const uint64_t margin_s = t->node->options.work.margin_s, end_s = claim->window_end.unix_s;
	struct gs_terms terms;
	enum gs_err err = gs_terms_decode(&claim->terms_word, &terms);
	const uint64_t part_s = err ? 0 : terms.window_s / 4, left_s = margin_s < part_s ? margin_s : part_s;

	*out = end_s > left_s ? end_s - left_s : 0;
	return err;
}

static enum gs_err put_waiting(struct gs_node_turn *t, const struct gs_claim *claim, const struct gs_hash *batch)
{
	struct waiting w = {.value = gs_claim_lot_value(&claim->body.lot), .model = claim->body.model_id};
	const struct gs_bytes key = gs_agenda_waiting(w.key, GS_AGENDA_SLOT, claim->window_end.unix_s, &claim->id);
	uint8_t value[WAITING_BYTES];
	struct gs_bytes there;
	enum gs_err err = due_of(t, claim, &w.due_s);

	if (err)
		return err;
	if (batch)
		w.batch = *batch;
	encode(&w, value);
	err = gs_journal_view(t->j, GS_TABLE_AGENDA, key, &there);
	if (!err && gs_bytes_equal(there, (struct gs_bytes){value, sizeof(value)}))
		return GS_OK;
	return err && err != GS_ENOTFOUND
	               ? err
	               : gs_journal_put(t->j, GS_TABLE_AGENDA, key, (struct gs_bytes){value, sizeof(value)});
}

/* --- giving up --- */

struct gs_shed_record {
	uint64_t count;
	struct gs_wei value;
};

static enum gs_err load_shed(struct gs_journal *j, struct gs_shed_record *out)
{
	struct gs_record_reader r;
	struct gs_buf value;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	gs_buf_init(&value, 256);
	err = gs_journal_get(j, GS_TABLE_META, shed_key, &value);
	if (!err) {
		gs_record_open(&r, gs_buf_view(&value), SHED_VERSION, 2);
		out->count = gs_record_get_u64(&r);
		out->value = gs_record_get_wei(&r);
		err = gs_record_close(&r);
	}
	gs_buf_free(&value);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

enum gs_err gs_work_shed(struct gs_journal *j, uint64_t *count, struct gs_wei *value)
{
	struct gs_shed_record shed;
	enum gs_err err = load_shed(j, &shed);

	*count = shed.count;
	*value = shed.value;
	return err;
}

static enum gs_err count_shed(struct gs_journal *j, struct gs_wei value)
{
	struct gs_record_writer w;
	struct gs_shed_record shed;
	struct gs_buf bytes;
	enum gs_err err = load_shed(j, &shed);

	if (!err)
		err = gs_wei_add(shed.value, value, &shed.value);
	if (err)
		return err;
	gs_buf_init(&bytes, 256);
	gs_record_begin(&w, &bytes, SHED_VERSION, 2);
	gs_record_put_u64(&w, shed.count + 1);
	gs_record_put_wei(&w, shed.value);
	gs_record_end(&w);
	err = bytes.err ? bytes.err : gs_journal_put(j, GS_TABLE_META, shed_key, gs_buf_view(&bytes));
	gs_buf_free(&bytes);
	return err;
}

/* The decision is stored anew, and so entered in the audit log, with why nothing came of it. */
static enum gs_err shed(struct gs_node_turn *t, const struct gs_claim *claim)
{
	const struct gs_wei value = gs_claim_lot_value(&claim->body.lot);
	struct gs_bytes known;
	struct gs_sample sample;
	char id[67], at_stake[GS_U256_DECIMAL_MAX];
	enum gs_err err = gs_journal_view(t->j, GS_TABLE_SAMPLES, (struct gs_bytes){claim->id.b, sizeof(claim->id.b)},
	                                  &known);

	if (!err)
		err = gs_sample_decode(known, &sample);
	if (err)
		return err;
	sample.execute = false;
	sample.reason = GS_SAMPLE_SHED;
	err = gs_plan_put_sample(t, &claim->id, &sample);
	if (!err)
		err = count_shed(t->j, value);
	gs_hex_encode(claim->id.b, 32, true, id);
	gs_wei_format_ether(value, at_stake);
	gs_log_line(t->node->log, GS_LOG_WARN, "claim.shed",
	            "claim=%s value=%s why=\"there was no time for it beside what is worth more\"", id, at_stake);
	return err;
}

/* --- offering --- */

enum gs_err gs_work_offer(struct gs_node_turn *t, const struct gs_claim *claim, const struct gs_hash *batch)
{
	bool ready;
	enum gs_err err = gs_node_may_execute(t, claim, &ready);

	if (err || !ready)
		return err;
	if (t->handing && gs_hash_equal(t->handing, &claim->id))
		return t->shedding ? shed(t, claim) : gs_node_execute(t, claim);
	if (!batch)
		gs_agenda_wait(t, claim, GS_AGENDA_SLOT);
	return put_waiting(t, claim, batch);
}

/* --- handing out --- */

struct queue {
	struct waiting *item; /* owned */
	size_t count, cap;
};

static enum gs_err keep(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct queue *q = context;

	if (q->count == GS_AGENDA_LOOKS_MAX)
		return GS_ENOTFOUND;
	if (q->count == q->cap) {
		const size_t cap = q->cap ? 2 * q->cap : 64;
		struct waiting *grown = realloc(q->item, cap * sizeof(*grown));
		if (!grown)
			return GS_ENOMEM;
		q->item = grown;
		q->cap = cap;
	}
	return decode(key, value, &q->item[q->count++]);
}

struct load { /* what was given to the servers */
	size_t running;
	double work_s;
};

static enum gs_err load_of(struct gs_node_turn *t, struct load *out)
{
	const struct gs_node *node = t->node;
	enum gs_err err = GS_OK;

	*out = (struct load){0};
	for (size_t i = 0; i < node->execution_count && !err; i++) {
		double work_s;
		if (!node->execution[i].running)
			continue;
		err = work_of(t, &node->execution[i].body.model_id, &work_s);
		out->running++;
		out->work_s += work_s;
	}
	return err;
}

static bool has_room(const struct gs_node *node, const struct load *load)
{
	const unsigned servers = node->options.work.servers;

	if (load->running >= GS_NODE_EXECUTIONS_MAX)
		return false;
	return !servers || load->running < (size_t)EACH_AHEAD * servers || load->work_s < (double)AHEAD_S * servers;
}

static enum gs_err hand(struct gs_node_turn *t, const struct waiting *w, bool shedding)
{
	const struct gs_hash id = id_of(w);
	enum gs_err err;

	t->handing = &id;
	t->shedding = shedding;
	err = gs_hash_is_zero(&w->batch) ? gs_plan_look_at_waiting(t, &id, (struct gs_bytes){w->key, w->key_len})
	                                 : gs_plan_look_at_leaf(t, &w->batch);
	t->handing = NULL;
	if (!err && !gs_hash_is_zero(&w->batch))
		err = gs_agenda_del(t->j, (struct gs_bytes){w->key, w->key_len});
	return err;
}

static void tell_overload(struct gs_node *node, size_t waiting, size_t deferred)
{
	if (!deferred || node->now.unix_s < node->overload_told.unix_s + GS_NODE_RETELL_S)
		return;
	node->overload_told = node->now;
	gs_log_line(
		node->log, GS_LOG_WARN, "work.overload",
		"waiting=%zu deferred=%zu why=\"more is drawn than can be executed in time; what is worth least goes first: "
		"lower policy.rate, or add execution.threads\"",
		waiting, deferred);
}

static enum gs_err fill_jobs(struct gs_node_turn *t, const struct queue *q, struct gs_schedule_job *job)
{
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < q->count && !err; i++) {
		job[i] = (struct gs_schedule_job){
			.value = gs_u256_to_double(&q->item[i].value.v),
			.deadline_s = (double)((int64_t)q->item[i].due_s - (int64_t)t->node->now.unix_s)};
		err = i && gs_hash_equal(&q->item[i].model, &q->item[i - 1].model)
		              ? (job[i].work_s = job[i - 1].work_s, GS_OK)
		              : work_of(t, &q->item[i].model, &job[i].work_s);
	}
	return err;
}

/* Late ones are given up, then the best are begun while there is room. */
static enum gs_err hand_out(struct gs_node_turn *t, const struct queue *q, struct gs_schedule_job *job, size_t *order,
                            struct load *load)
{
	const struct gs_schedule_servers servers = {.count = t->node->options.work.servers, .busy_s = load->work_s};
	size_t picked, deferred = 0, gone = 0;
	enum gs_err err = fill_jobs(t, q, job);

	if (!err)
		err = gs_schedule(job, q->count, &servers, order, GS_NODE_EXECUTIONS_MAX, &picked);
	if (err)
		return err;
	for (size_t i = 0; i < q->count && !err; i++) {
		if (job[i].late && servers.count) {
			err = hand(t, &q->item[i], true);
			gone++;
		} else {
			deferred += !job[i].accepted;
		}
	}
	for (size_t i = 0; i < picked && !err && has_room(t->node, load); i++) {
		err = hand(t, &q->item[order[i]], false);
		gone++;
		if (!err)
			err = load_of(t, load);
	}
	t->node->deferred = deferred;
	t->node->waiting = q->count - gone;
	tell_overload(t->node, t->node->waiting, deferred);
	return err;
}

enum gs_err gs_work_look(struct gs_node_turn *t)
{
	struct gs_node *node = t->node;
	uint8_t prefix[GS_AGENDA_KEY_MAX];
	struct gs_schedule_job *job = NULL;
	struct queue q = {0};
	size_t *order = NULL;
	struct load load;
	enum gs_err err = load_of(t, &load);

	if (err || (!has_room(node, &load) && node->now.unix_s < node->work_looked.unix_s + LOOK_S))
		return err;
	node->work_looked = node->now;
	err = t->j->store->scan(t->j->txn, GS_TABLE_AGENDA, gs_agenda_waiting(prefix, GS_AGENDA_SLOT, 0, NULL),
	                        GS_STORE_ASCENDING, keep, &q, t->j->error);
	node->waiting = node->deferred = 0;
	if (!err && q.count) {
		job = calloc(q.count, sizeof(*job));
		order = calloc(GS_NODE_EXECUTIONS_MAX, sizeof(*order));
		err = job && order ? hand_out(t, &q, job, order, &load)
		                   : gs_fail(t->j->error, GS_ENOMEM, "node: no memory for what waits to be executed");
	}
	free(job);
	free(order);
	free(q.item);
	return err;
}
