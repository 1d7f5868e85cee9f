#include "validator/daemon/librarian.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain/core/hash.h"
#include "storage/textfile.h"
#include "validator/node/facts.h"

struct want {
	struct gs_hash id;
	bool fetching;
	uint64_t asked_s, next_s; /* by the monotonic clock */
	unsigned failures;
	uint64_t bytes, total; /* that came, while it is fetched */
	char why[GS_MODEL_WHY_MAX];
};

struct gs_librarian {
	struct gs_library *models;
	const struct gs_store *db;
	char readiness[GS_BINDER_PATH_MAX];
	struct gs_readiness_terms terms;
	const struct gs_log *log;
	pthread_t thread[GS_DOWNLOADS_MAX + 1]; /* the last one keeps the readiness */
	unsigned threads;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t wake;
	bool stopping, changed;
	struct gs_work *work;
	struct want want[GS_LIBRARIAN_WANTS_MAX];
	size_t wants;
	bool written; /* the readiness, with this hash */
	struct gs_hash content;
	struct gs_hash *ready; /* owned: models that claims can be looked at with, by rising id */
	size_t readies;
};

static uint64_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

static struct want *find(struct gs_librarian *l, const struct gs_hash *id)
{
	for (size_t i = 0; i < l->wants; i++)
		if (gs_hash_equal(&l->want[i].id, id))
			return &l->want[i];
	return NULL;
}

/* With the lock. */
static void wait_s(struct gs_librarian *l, unsigned seconds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	(void)pthread_cond_timedwait(&l->wake, &l->lock, &until);
}

/* --- the executions' side --- */

static enum gs_err load(void *self, const struct gs_hash *id, struct gs_program *out, struct gs_error *error)
{
	struct gs_librarian *l = self;

	memset(out, 0, sizeof(*out));
	return l->models ? gs_model_store_load(gs_library_store(l->models), id, out, error)
	                 : gs_fail(error, GS_ENOTFOUND, "there is no store of models");
}

/* With the lock: the wants that nobody asks for any more go. */
static void forget_old(struct gs_librarian *l, uint64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->wants; i++)
		if (l->want[i].fetching || now - l->want[i].asked_s <= GS_LIBRARIAN_KEPT_S)
			l->want[kept++] = l->want[i];
	l->wants = kept;
}

static void describe(const struct want *w, uint64_t now, char *out, size_t size)
{
	if (w->fetching && w->total)
		snprintf(out, size, "it is being fetched: %.1f of %.1f MiB", (double)w->bytes / (1 << 20),
		         (double)w->total / (1 << 20));
	else if (w->fetching)
		snprintf(out, size, "it is being fetched");
	else if (w->failures)
		snprintf(out, size, "%.200s; fetched again in %llu s", w->why,
		         (unsigned long long)(w->next_s > now ? w->next_s - now : 0));
	else
		snprintf(out, size, "it is going to be fetched");
}

static bool ask(void *self, const struct gs_hash *id, char *out, size_t size)
{
	struct gs_librarian *l = self;
	const uint64_t now = now_s();
	bool coming = false;
	struct want *w;

	if (!l->models || !l->terms.fetches) {
		snprintf(out, size, "no source of models is configured");
		return false;
	}
	pthread_mutex_lock(&l->lock);
	w = find(l, id);
	if (!w) {
		forget_old(l, now);
		if (l->wants < GS_LIBRARIAN_WANTS_MAX) {
			w = &l->want[l->wants++];
			*w = (struct want){.id = *id, .next_s = now};
			pthread_cond_broadcast(&l->wake);
		}
	}
	if (w) {
		w->asked_s = now;
		describe(w, now, out, size);
		coming = w->failures == 0;
	} else {
		snprintf(out, size, "%d other models wait to be fetched", GS_LIBRARIAN_WANTS_MAX);
	}
	pthread_mutex_unlock(&l->lock);
	return coming;
}

bool gs_librarian_awaits(struct gs_librarian *librarian, const struct gs_hash *id)
{
	pthread_mutex_lock(&librarian->lock);
	const struct want *w = find(librarian, id);
	const bool awaits = w && w->failures == 0;
	pthread_mutex_unlock(&librarian->lock);
	return awaits;
}

struct gs_model_supply gs_librarian_supply(struct gs_librarian *librarian)
{
	return (struct gs_model_supply){.self = librarian, .load = load, .ask = ask};
}

/* --- fetching --- */

/* What the chain says of the model. */
static bool read_header(const struct gs_librarian *l, const struct gs_hash *id, struct gs_header *out)
{
	struct gs_journal j = {.store = l->db};
	struct gs_model_record record;
	bool good = false;

	if (!l->db || l->db->begin(l->db->self, GS_STORE_READ, &j.txn, NULL))
		return false;
	if (gs_facts_model(&j, id, &record) == GS_OK)
		good = gs_header_decode(record.header, out, NULL) == GS_OK;
	l->db->abort(j.txn);
	return good;
}

struct fetching {
	struct gs_librarian *librarian;
	struct gs_hash id;
};

static bool progress(void *self, const char *address, uint64_t bytes, uint64_t total)
{
	const struct fetching *f = self;
	struct gs_librarian *l = f->librarian;
	struct want *w;
	bool go_on;

	(void)address;
	pthread_mutex_lock(&l->lock);
	go_on = !l->stopping;
	w = find(l, &f->id);
	if (w) {
		w->bytes = bytes;
		w->total = total;
	}
	pthread_mutex_unlock(&l->lock);
	return go_on;
}

/* Without the lock. */
static enum gs_err fetch(struct gs_librarian *l, const struct gs_hash *id, struct gs_error *why)
{
	struct fetching f = {.librarian = l, .id = *id};
	struct gs_model_fetch_options options = gs_library_options(l->models);
	struct gs_model_want want;
	struct gs_model_entry entry;
	struct gs_header header;
	const bool registered = read_header(l, id, &header);
	enum gs_err err, noted;
	struct gs_error unsaid = {0};

	gs_library_want(l->models, id, registered ? &header : NULL, &want);
	options.progress = progress;
	options.self = &f;
	err = gs_model_fetch(&options, &want, &entry, why);
	if (err == GS_OK || err == GS_EAGAIN || err == GS_ENOMEM || err == GS_ECONFLICT)
		return err;
	noted = gs_model_store_note(options.store, id, gs_model_lack_of(err), why->text, &unsaid);
	if (noted)
		gs_log_line(l->log, GS_LOG_WARN, "model.record", "why=\"%s\"", unsaid.text);
	return err;
}

/* With the lock: who is due, the one that waits longest first. */
static struct want *next(struct gs_librarian *l, uint64_t now)
{
	struct want *best = NULL;

	for (size_t i = 0; i < l->wants; i++) {
		struct want *w = &l->want[i];
		if (!w->fetching && w->next_s <= now && (!best || w->next_s < best->next_s))
			best = w;
	}
	return best;
}

static void failed(struct gs_librarian *l, struct want *w, enum gs_err err, const struct gs_error *why)
{
	uint64_t pause = GS_LIBRARIAN_PAUSE_S;
	char id[67];

	for (unsigned i = 0; i < w->failures && pause < GS_LIBRARIAN_PAUSE_MAX_S; i++)
		pause *= 2;
	pause = pause < GS_LIBRARIAN_PAUSE_MAX_S ? pause : GS_LIBRARIAN_PAUSE_MAX_S;
	w->failures++;
	w->next_s = now_s() + pause;
	snprintf(w->why, sizeof(w->why), "%.*s", GS_MODEL_WHY_MAX - 1, why->text);
	gs_hex_encode(w->id.b, 32, true, id);
	gs_log_line(l->log, GS_LOG_WARN, "model.unfetched", "model=%s reason=%s again_s=%llu why=\"%s\"", id,
	            gs_model_lack_name(gs_model_lack_of(err)), (unsigned long long)pause, why->text);
}

static void *fetch_thread(void *self)
{
	struct gs_librarian *l = self;

	pthread_mutex_lock(&l->lock);
	while (!l->stopping) {
		struct gs_error why = {0};
		struct want *w;
		forget_old(l, now_s());
		w = next(l, now_s());
		if (!w) {
			wait_s(l, 1);
			continue;
		}
		const struct gs_hash id = w->id;
		w->fetching = true;
		w->bytes = w->total = 0;
		l->changed = true;
		pthread_mutex_unlock(&l->lock);
		const enum gs_err err = fetch(l, &id, &why);
		pthread_mutex_lock(&l->lock);
		l->changed = true;
		w = find(l, &id); /* others came and went; one that is fetched never goes */
		GS_ASSERT(w);
		w->fetching = false;
		if (err == GS_OK)
			*w = l->want[--l->wants];
		else if (err != GS_EAGAIN)
			failed(l, w, err, &why);
		pthread_cond_broadcast(&l->wake);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* --- readiness --- */

static size_t list_in_place(struct gs_librarian *l, struct gs_hash *out, size_t max)
{
	struct gs_work *work;
	size_t count = 0;

	pthread_mutex_lock(&l->lock);
	work = l->work;
	pthread_mutex_unlock(&l->lock);
	if (work)
		(void)gs_work_models(work, true, out, max, &count);
	return count;
}

static size_t list_fetching(struct gs_librarian *l, struct gs_hash out[GS_LIBRARIAN_WANTS_MAX])
{
	size_t count = 0;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < l->wants; i++)
		if (l->want[i].fetching)
			out[count++] = l->want[i].id;
	pthread_mutex_unlock(&l->lock);
	return count;
}

/* What is pinned and not there is wanted without a claim. */
static void want_pinned(struct gs_librarian *l, const struct gs_readiness *model, size_t count)
{
	char text[GS_MODEL_WHY_MAX];

	for (size_t i = 0; i < count; i++)
		if (model[i].stored && model[i].entry.pinned && !model[i].entry.present && !model[i].in_place)
			(void)ask(l, &model[i].id, text, sizeof(text));
}

static enum gs_err write_readiness(struct gs_librarian *l, const struct gs_readiness *model, size_t count,
                                   struct gs_error *error)
{
	struct gs_buf text;
	struct gs_hash content;
	enum gs_err err;

	gs_buf_init(&text, GS_READINESS_BYTES_MAX);
	err = gs_readiness_json(model, count, &l->terms, &text);
	gs_buf_append_u8(&text, 0);
	if (err || text.err) {
		err = gs_fail(error, err ? err : text.err, "%s: cannot be made", l->readiness);
	} else {
		gs_keccak256(text.ptr, text.len, &content);
		if (!l->written || !gs_hash_equal(&content, &l->content))
			err = gs_textfile_replace(l->readiness, (const char *)text.ptr, error);
		l->written = !err;
		l->content = content;
	}
	gs_buf_free(&text);
	return err;
}

static enum gs_err note_ready(struct gs_librarian *l, const struct gs_readiness *model, size_t count,
                              struct gs_error *error)
{
	struct gs_hash *ready = calloc(count + 1, sizeof(*ready));
	size_t readies = 0;

	if (!ready)
		return gs_fail(error, GS_ENOMEM, "readiness: no memory");
	for (size_t i = 0; i < count; i++)
		if (model[i].state[GS_PATH_REEXECUTION] == GS_READY)
			ready[readies++] = model[i].id;
	pthread_mutex_lock(&l->lock);
	free(l->ready);
	l->ready = ready;
	l->readies = readies;
	pthread_mutex_unlock(&l->lock);
	return GS_OK;
}

size_t gs_librarian_ready(struct gs_librarian *librarian, struct gs_hash *out, size_t max)
{
	pthread_mutex_lock(&librarian->lock);
	const size_t count = librarian->readies;
	if (count && max)
		memcpy(out, librarian->ready, (count < max ? count : max) * sizeof(*out));
	pthread_mutex_unlock(&librarian->lock);
	return count;
}

static enum gs_err look(struct gs_librarian *l, struct gs_error *error)
{
	struct gs_hash *in_place = calloc(GS_MODELS_MAX, sizeof(*in_place));
	struct gs_hash fetching[GS_LIBRARIAN_WANTS_MAX];
	struct gs_readiness *model = NULL;
	size_t count = 0;
	enum gs_err err;

	if (!in_place)
		return gs_fail(error, GS_ENOMEM, "readiness: no memory");
	const struct gs_readiness_world world = {.models = l->models,
	                                         .db = l->db,
	                                         .in_place = in_place,
	                                         .in_place_count = list_in_place(l, in_place, GS_MODELS_MAX),
	                                         .fetching = fetching,
	                                         .fetching_count = list_fetching(l, fetching)};
	err = gs_readiness_collect(&world, &l->terms, &model, &count, error);
	if (!err)
		want_pinned(l, model, count);
	if (!err)
		err = note_ready(l, model, count, error);
	if (!err && l->readiness[0])
		err = write_readiness(l, model, count, error);
	free(model);
	free(in_place);
	return err;
}

static void *look_thread(void *self)
{
	struct gs_librarian *l = self;
	bool told = false;

	pthread_mutex_lock(&l->lock);
	while (!l->stopping) {
		struct gs_error why = {0};
		l->changed = false;
		pthread_mutex_unlock(&l->lock);
		const enum gs_err err = look(l, &why);
		if (err && !told)
			gs_log_line(l->log, GS_LOG_WARN, "model.readiness", "why=\"%s\"", why.text);
		told = err != GS_OK;
		pthread_mutex_lock(&l->lock);
		for (unsigned i = 0; i < GS_LIBRARIAN_LOOK_S && !l->stopping && !l->changed; i++)
			wait_s(l, 1);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* --- opening --- */

static enum gs_err start(struct gs_librarian *l, void *(*body)(void *), struct gs_error *error)
{
	if (pthread_create(&l->thread[l->threads], NULL, body, l) != 0)
		return gs_fail(error, GS_EIO, "model store: no thread could be started");
	l->threads++;
	return GS_OK;
}

enum gs_err gs_librarian_open(const struct gs_librarian_options *options, struct gs_librarian **out,
                              struct gs_error *error)
{
	struct gs_librarian *l = calloc(1, sizeof(*l));
	pthread_condattr_t monotonic;
	enum gs_err err = GS_OK;

	GS_ASSERT(options->downloads >= 1 && options->downloads <= GS_DOWNLOADS_MAX);
	*out = NULL;
	if (!l)
		return gs_fail(error, GS_ENOMEM, "model store: no memory");
	l->models = options->models;
	l->db = options->db;
	l->terms = options->terms;
	l->log = options->log;
	if (options->readiness)
		snprintf(l->readiness, sizeof(l->readiness), "%s", options->readiness);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (unsigned i = 0; !err && l->models && l->terms.fetches && i < options->downloads; i++)
		err = start(l, fetch_thread, error);
	if (!err)
		err = start(l, look_thread, error);
	if (err) {
		gs_librarian_close(l);
		return err;
	}
	*out = l;
	return GS_OK;
}

void gs_librarian_watch(struct gs_librarian *librarian, struct gs_work *work)
{
	pthread_mutex_lock(&librarian->lock);
	librarian->work = work;
	librarian->changed = true;
	pthread_cond_broadcast(&librarian->wake);
	pthread_mutex_unlock(&librarian->lock);
}

void gs_librarian_stop(struct gs_librarian *librarian)
{
	if (!librarian)
		return;
	pthread_mutex_lock(&librarian->lock);
	librarian->stopping = true;
	pthread_cond_broadcast(&librarian->wake);
	pthread_mutex_unlock(&librarian->lock);
	while (librarian->threads > 0)
		pthread_join(librarian->thread[--librarian->threads], NULL);
}

void gs_librarian_close(struct gs_librarian *librarian)
{
	if (!librarian)
		return;
	gs_librarian_stop(librarian);
	pthread_cond_destroy(&librarian->wake);
	pthread_mutex_destroy(&librarian->lock);
	free(librarian->ready);
	free(librarian);
}
