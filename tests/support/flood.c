#include "tests/support/flood.h"

#include <event2/event.h>

struct flood {
	const struct flood_jobs *jobs;
	struct gs_queue *queue;
	struct gs_buf bytes; /* of the job that comes next, once it is made */
	char id[GS_QUEUE_ID_MAX + 1];
	bool made, full; /* full: nothing more is taken before an answer comes */
	uint64_t next;
	unsigned flying;
	struct flood_told told;
	enum gs_err err;
	struct gs_error error;
};

static void on_submitted(void *self, enum gs_err err, enum gs_queue_outcome outcome, const struct gs_error *error)
{
	struct flood *f = self;

	f->flying--;
	f->full = false;
	if (err != GS_OK) {
		f->err = err;
		f->error = *error;
	} else if (outcome == GS_QUEUE_KNOWN) {
		f->told.known++;
	} else {
		f->told.fresh++;
	}
}

static enum gs_err submit_next(struct flood *f)
{
	enum gs_err err = GS_OK;

	if (!f->made) {
		f->bytes.len = 0;
		err = f->jobs->make(f->jobs->self, f->next, f->id, &f->bytes, &f->error);
		f->made = err == GS_OK;
	}
	if (err == GS_OK)
		err = gs_queue_submit(f->queue, f->id, gs_buf_view(&f->bytes), on_submitted, f, &f->error);
	if (err == GS_EAGAIN && f->flying > 0) {
		f->full = true;
		return GS_OK;
	}
	if (err == GS_OK) {
		f->flying++;
		f->next++;
		f->made = false;
	}
	return err;
}

enum gs_err flood(const struct gs_queue_options *options, const struct flood_jobs *jobs, struct flood_told *out,
                  struct gs_error *error)
{
	struct event_base *base = event_base_new();
	struct flood f = {.jobs = jobs};

	gs_buf_init(&f.bytes, GS_QUEUE_BYTES_MAX);
	f.err = base != NULL ? gs_queue_open(base, options, &f.queue, &f.error) : GS_ENOMEM;
	while (f.err == GS_OK && (f.next < jobs->count || f.flying > 0)) {
		while (f.err == GS_OK && !f.full && f.next < jobs->count && f.flying < FLOOD_FLIGHT_MAX)
			f.err = submit_next(&f);
		if (f.err == GS_OK)
			(void)event_base_loop(base, EVLOOP_ONCE);
	}
	gs_queue_close(f.queue);
	if (base != NULL)
		event_base_free(base);
	gs_buf_free(&f.bytes);
	*out = f.told;
	if (f.err != GS_OK)
		*error = f.error;
	return f.err;
}
