#include "validator/daemon/prepared.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "chain/core/pages.h"

struct seat {                      /* of one worker; touched by no other */
	struct gs_exec_plan *plan; /* owned; NULL until the worker first needs it */
	uint8_t *room;             /* owned; mapped; as long as a whole trace, of which runs touch room_bytes */
	uint64_t room_bytes, bytes;
};

struct entry {
	struct entry *next;
	const struct gs_program *program;
	struct gs_hash model;
	enum gs_prepared_kind kind;
	bool preparing;             /* somebody makes `first`; wait */
	struct gs_exec_plan *first; /* of one of the seats: owns what is packed */
	bool too_large;             /* the room of one run */
	unsigned users;
	uint64_t runs, used, bytes; /* used: the turn in which it was taken last */
	struct seat seat[GS_EXEC_THREADS_MAX];
};

struct gs_prepared {
	struct gs_prepared_options options;
	pthread_mutex_t lock; /* guards all below, and all of entries but a seat that its worker has taken */
	pthread_cond_t ready;
	struct entry *entries;
	unsigned count;
	uint64_t turn, bytes;
};

enum gs_err gs_prepared_open(const struct gs_prepared_options *options, struct gs_prepared **out,
                             struct gs_error *error)
{
	struct gs_prepared *p = calloc(1, sizeof(*p));

	GS_ASSERT(options->workers >= 1 && options->workers <= GS_EXEC_THREADS_MAX);
	*out = NULL;
	if (!p)
		return gs_fail(error, GS_ENOMEM, "no memory for prepared models");
	p->options = *options;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->ready, NULL);
	*out = p;
	return GS_OK;
}

static void seat_free(struct seat *seat, const struct gs_program *program)
{
	gs_exec_plan_free(seat->plan);
	if (seat->room)
		munmap(seat->room, gs_program_trace_bytes(program));
	*seat = (struct seat){0};
}

static void entry_free(struct gs_prepared *p, struct entry *entry)
{
	for (unsigned i = 0; i < GS_EXEC_THREADS_MAX; i++)
		if (entry->seat[i].plan != entry->first)
			seat_free(&entry->seat[i], entry->program);
	for (unsigned i = 0; i < GS_EXEC_THREADS_MAX; i++) /* what the others read goes last */
		seat_free(&entry->seat[i], entry->program);
	if (p->options.release)
		p->options.release(p->options.self, entry->program);
	free(entry);
}

void gs_prepared_close(struct gs_prepared *p)
{
	if (!p)
		return;
	while (p->entries) {
		struct entry *entry = p->entries;
		GS_ASSERT(entry->users == 0);
		p->entries = entry->next;
		entry_free(p, entry);
	}
	pthread_cond_destroy(&p->ready);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* --- what is kept; under the lock --- */

static const char *kind_name(enum gs_prepared_kind kind)
{
	switch (kind) {
	case GS_PREPARED_OUTPUTS: return "outputs";
	case GS_PREPARED_TRACE: return "trace";
	}
	return "?";
}

static struct entry *find(struct gs_prepared *p, const struct gs_program *program, enum gs_prepared_kind kind)
{
	for (struct entry *entry = p->entries; entry; entry = entry->next)
		if (entry->program == program && entry->kind == kind)
			return entry;
	return NULL;
}

/* Takes out the one that nobody uses and that was used longest ago; NULL: all that hold memory (any: or nothing but their program) are used. */
static struct entry *evict(struct gs_prepared *p, bool any)
{
	struct entry **oldest = NULL;
	struct entry *entry;

	for (struct entry **at = &p->entries; *at; at = &(*at)->next)
		if ((*at)->users == 0 && (any || (*at)->bytes > 0 || p->count > GS_PREPARED_MODELS_MAX) &&
		    (!oldest || (*at)->used < (*oldest)->used))
			oldest = at;
	if (!oldest)
		return NULL;
	entry = *oldest;
	*oldest = entry->next;
	p->count--;
	p->bytes -= entry->bytes;
	return entry;
}

static void tell(const struct gs_prepared *p, const char *event, const struct entry *entry)
{
	char id[67];

	gs_hex_encode(entry->model.b, sizeof(entry->model.b), true, id);
	gs_log_line(p->options.log, GS_LOG_INFO, event, "model=%s for=%s bytes=%llu runs=%llu", id,
	            kind_name(entry->kind), (unsigned long long)entry->bytes, (unsigned long long)entry->runs);
}

static bool drop(struct gs_prepared *p, bool any)
{
	struct entry *entry = evict(p, any);

	if (!entry)
		return false;
	if (entry->first)
		tell(p, "model.dropped", entry);
	entry_free(p, entry);
	return true;
}

static void drop_some(struct gs_prepared *p)
{
	while ((p->bytes > p->options.bytes_max || p->count > GS_PREPARED_MODELS_MAX) && drop(p, false))
		;
}

bool gs_prepared_drop(struct gs_prepared *p)
{
	pthread_mutex_lock(&p->lock);
	const bool dropped = drop(p, true);
	pthread_mutex_unlock(&p->lock);
	return dropped;
}

/* The model's entry, with one user more; made if it is not there. NULL: no memory. */
static struct entry *enter(struct gs_prepared *p, const struct gs_program *program, const struct gs_hash *model,
                           enum gs_prepared_kind kind)
{
	struct entry *entry = find(p, program, kind);

	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return NULL;
		*entry = (struct entry){.next = p->entries, .program = program, .model = *model, .kind = kind};
		p->entries = entry;
		p->count++;
		if (p->options.hold)
			p->options.hold(p->options.self, program);
	}
	entry->users++;
	entry->used = ++p->turn;
	return entry;
}

static void count_bytes(struct gs_prepared *p, struct entry *entry, struct seat *seat)
{
	uint64_t now = (seat->plan ? gs_exec_plan_bytes(seat->plan) : 0) + seat->room_bytes;

	entry->bytes += now - seat->bytes;
	p->bytes += now - seat->bytes;
	seat->bytes = now;
}

static void leave(struct gs_prepared *p, struct entry *entry)
{
	entry->users--;
	drop_some(p);
}

/* --- making a seat; without the lock --- */

static enum gs_err make_plan(const struct gs_prepared *p, const struct entry *entry, struct gs_exec_plan **out,
                             struct gs_error *error)
{
	const struct gs_exec_options options = {.threads = 1,
	                                        .isa = p->options.isa,
	                                        .packed_bytes = p->options.bytes_max,
	                                        .outputs_only = entry->kind == GS_PREPARED_OUTPUTS,
	                                        .packed_of = entry->first};

	return gs_exec_plan_new(entry->program, &options, out, error);
}

static enum gs_err make_room(const struct gs_prepared *p, const struct gs_program *program, struct seat *seat,
                             struct gs_error *error)
{
	const uint64_t whole = gs_program_trace_bytes(program),
		       arena = (uint64_t)gs_exec_plan_chunks(seat->plan) * GS_CHUNK_BYTES;
	const uint64_t outputs = whole - (uint64_t)program->header.output_chunk * GS_CHUNK_BYTES;
	void *room;

	if (arena + outputs > p->options.bytes_max)
		return gs_fail(error, GS_ELIMIT, "an execution's room of %llu bytes is over the limit of %llu",
		               (unsigned long long)(arena + outputs), (unsigned long long)p->options.bytes_max);
	room = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return gs_fail(error, GS_ENOMEM, "no memory for a trace of %llu bytes", (unsigned long long)whole);
	seat->room = room;
	seat->room_bytes = arena + outputs;
	gs_large_pages(room, (size_t)arena);
	return GS_OK;
}

static enum gs_err make_seat(const struct gs_prepared *p, const struct entry *entry, struct seat *seat,
                             struct gs_error *error)
{
	enum gs_err err = make_plan(p, entry, &seat->plan, error);

	if (!err && entry->kind == GS_PREPARED_OUTPUTS)
		err = make_room(p, entry->program, seat, error);
	if (err)
		seat_free(seat, entry->program);
	return err;
}

enum gs_err gs_prepared_take(struct gs_prepared *p, const struct gs_program *program, const struct gs_hash *model,
                             enum gs_prepared_kind kind, unsigned worker, struct gs_prepared_use *out,
                             struct gs_error *error)
{
	enum gs_err err = GS_OK;
	struct entry *entry;
	struct seat *seat;
	bool first;

	GS_ASSERT(worker < p->options.workers);
	pthread_mutex_lock(&p->lock);
	entry = enter(p, program, model, kind);
	if (!entry) {
		pthread_mutex_unlock(&p->lock);
		return gs_fail(error, GS_ENOMEM, "no memory for a prepared model");
	}
	seat = &entry->seat[worker];
	while (entry->preparing)
		pthread_cond_wait(&p->ready, &p->lock);
	first = !entry->first;
	entry->preparing = first;
	if (!seat->plan && entry->too_large) {
		err = gs_fail(error, GS_ELIMIT, "an execution's room is over the limit");
	} else if (!seat->plan) {
		pthread_mutex_unlock(&p->lock);
		err = make_seat(p, entry, seat, error);
		pthread_mutex_lock(&p->lock);
		count_bytes(p, entry, seat);
	}
	entry->too_large |= err == GS_ELIMIT;
	if (first) {
		entry->first = seat->plan;
		entry->preparing = false;
		pthread_cond_broadcast(&p->ready);
		if (!err)
			tell(p, "model.prepared", entry);
	}
	*out = (struct gs_prepared_use){.plan = seat->plan, .room = seat->room, .worker = worker, .entry = entry};
	if (err)
		leave(p, entry); /* which may free it */
	pthread_mutex_unlock(&p->lock);
	return err;
}

void gs_prepared_give(struct gs_prepared *p, const struct gs_prepared_use *use)
{
	struct entry *entry = use->entry;

	pthread_mutex_lock(&p->lock);
	entry->runs++;
	count_bytes(p, entry, &entry->seat[use->worker]); /* buffers grow while plans run */
	leave(p, entry);
	pthread_mutex_unlock(&p->lock);
}
