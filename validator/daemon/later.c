#include "validator/daemon/later.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

struct waiting {
	struct waiting *next;
	struct gs_later *later;
	struct event *timer;
	struct gs_node_effect effect;
	size_t data_len;
	uint8_t data[];
};

struct gs_later {
	struct event_base *base;
	gs_later_do *go;
	void *self;
	struct waiting *first;
	size_t count;
};

enum gs_err gs_later_open(struct event_base *base, gs_later_do *go, void *self, struct gs_later **out)
{
	struct gs_later *later = calloc(1, sizeof(*later));

	*out = later;
	if (!later)
		return GS_ENOMEM;
	later->base = base;
	later->go = go;
	later->self = self;
	return GS_OK;
}

static void waiting_free(struct waiting *w)
{
	if (w->timer)
		event_free(w->timer);
	free(w);
}

void gs_later_close(struct gs_later *later)
{
	if (!later)
		return;
	while (later->first) {
		struct waiting *w = later->first;
		later->first = w->next;
		waiting_free(w);
	}
	free(later);
}

static void on_time(evutil_socket_t fd, short what, void *self)
{
	struct waiting *w = self;
	struct gs_later *later = w->later;
	struct waiting **at = &later->first;

	(void)fd;
	(void)what;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	later->count--;
	later->go(later->self, &w->effect, (struct gs_bytes){w->data, w->data_len});
	waiting_free(w);
}

enum gs_err gs_later_add(struct gs_later *later, const struct gs_node_effect *effect, struct gs_bytes data,
                         uint32_t wait_ms)
{
	const struct timeval wait = {(time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000 * 1000)};
	struct waiting *w = calloc(1, sizeof(*w) + data.len);

	if (!w)
		return GS_ENOMEM;
	w->later = later;
	w->effect = *effect;
	w->data_len = data.len;
	if (data.len)
		memcpy(w->data, data.ptr, data.len);
	w->timer = event_new(later->base, -1, 0, on_time, w);
	if (!w->timer || event_add(w->timer, &wait)) {
		waiting_free(w);
		return GS_ENOMEM;
	}
	w->next = later->first;
	later->first = w;
	later->count++;
	return GS_OK;
}

size_t gs_later_count(const struct gs_later *later)
{
	return later->count;
}
