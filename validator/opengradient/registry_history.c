#include "validator/opengradient/registry_history.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 64, FIRST_SLOTS = 128, TYPES = 256 };
#define NONE UINT32_MAX

struct fact {
	struct gs_registry_place at;
	struct gs_time time;
	struct gs_registry_event event;
	uint32_t before; /* the fact of the same subject before it, or NONE */
	uint32_t after;  /* and behind it */
};

/* A subject that there has been; a rewind leaves its slot. */
struct slot {
	bool used;
	uint8_t group; /* one hash may be of several */
	struct gs_hash subject;
	uint32_t first, last; /* facts, or NONE */
};

struct gs_registry_history {
	struct fact *fact; /* owned, in the order of the chain */
	size_t count, cap;
	struct slot *slot; /* owned; a power of two, at most half full */
	size_t slots, used;
};

enum group { GROUP_TEE, GROUP_HEARTBEAT, GROUP_IMAGE, GROUP_ROOT };

static enum group group_of(enum gs_registry_kind kind)
{
	switch (kind) {
	case GS_REGISTRY_REGISTERED:
	case GS_REGISTRY_ENABLED:
	case GS_REGISTRY_DISABLED: return GROUP_TEE;
	case GS_REGISTRY_HEARTBEAT: return GROUP_HEARTBEAT;
	case GS_REGISTRY_APPROVED:
	case GS_REGISTRY_REVOKED:
	case GS_REGISTRY_REVOKED_ANY: return GROUP_IMAGE;
	case GS_REGISTRY_ROOT: return GROUP_ROOT;
	}
	GS_ASSERT(!"a kind of event");
	return GROUP_ROOT;
}

/* The roots are one line, whatever the certificate. */
static struct gs_hash subject_of(const struct gs_registry_event *event)
{
	return event->kind == GS_REGISTRY_ROOT ? (struct gs_hash){{0}} : event->subject;
}

static bool is_behind(struct gs_registry_place a, struct gs_registry_place b)
{
	return a.block != b.block ? a.block > b.block : a.log > b.log;
}

/* The subject's slot, or the free one where it would be. */
static struct slot *find(struct slot *slot, size_t slots, enum group group, const struct gs_hash *subject)
{
	size_t i = (size_t)gs_le64_read(subject->b) + (size_t)group;

	for (;; i++) {
		struct slot *s = &slot[i & (slots - 1)];
		if (!s->used || (s->group == group && gs_hash_equal(&s->subject, subject)))
			return s;
	}
}

static bool grow_slots(struct gs_registry_history *h)
{
	const size_t slots = 2 * h->slots;
	struct slot *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return false;
	for (size_t i = 0; i < h->slots; i++)
		if (h->slot[i].used)
			*find(slot, slots, h->slot[i].group, &h->slot[i].subject) = h->slot[i];
	free(h->slot);
	h->slot = slot;
	h->slots = slots;
	return true;
}

static bool grow_facts(struct gs_registry_history *h)
{
	const size_t cap = h->cap ? 2 * h->cap : FIRST_CAP;
	struct fact *fact = realloc(h->fact, cap * sizeof(*fact));

	if (!fact)
		return false;
	h->fact = fact;
	h->cap = cap;
	return true;
}

struct gs_registry_history *gs_registry_history_new(void)
{
	struct gs_registry_history *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->cap = FIRST_CAP;
	h->slots = FIRST_SLOTS;
	h->fact = calloc(h->cap, sizeof(*h->fact));
	h->slot = calloc(h->slots, sizeof(*h->slot));
	if (h->fact && h->slot)
		return h;
	gs_registry_history_free(h);
	return NULL;
}

void gs_registry_history_free(struct gs_registry_history *h)
{
	if (!h)
		return;
	free(h->fact);
	free(h->slot);
	free(h);
}

size_t gs_registry_history_count(const struct gs_registry_history *h)
{
	return h->count;
}

enum gs_err gs_registry_history_add(struct gs_registry_history *h, struct gs_registry_place at,
                                    struct gs_time block_time, const struct gs_registry_event *event)
{
	const struct gs_hash subject = subject_of(event);

	if (h->count > 0 && !is_behind(at, h->fact[h->count - 1].at))
		return GS_ECONFLICT;
	if (h->count == GS_REGISTRY_EVENTS_MAX)
		return GS_ELIMIT;
	if ((h->count == h->cap && !grow_facts(h)) || (2 * (h->used + 1) > h->slots && !grow_slots(h)))
		return GS_ENOMEM;
	struct slot *s = find(h->slot, h->slots, group_of(event->kind), &subject);
	if (!s->used) {
		*s = (struct slot){true, (uint8_t)group_of(event->kind), subject, NONE, NONE};
		h->used++;
	}
	const uint32_t index = (uint32_t)h->count++;
	struct fact *f = &h->fact[index];
	*f = (struct fact){at, block_time, *event, s->last, NONE};
	f->event.version = (struct gs_bytes){NULL, 0};
	if (s->last == NONE)
		s->first = index;
	else
		h->fact[s->last].after = index;
	s->last = index;
	return GS_OK;
}

void gs_registry_history_rewind(struct gs_registry_history *h, uint64_t block)
{
	for (; h->count > 0 && h->fact[h->count - 1].at.block > block; h->count--) {
		const struct fact *f = &h->fact[h->count - 1];
		const struct gs_hash subject = subject_of(&f->event);
		struct slot *s = find(h->slot, h->slots, group_of(f->event.kind), &subject);
		GS_ASSERT(s->used && s->last == h->count - 1);
		s->last = f->before;
		if (f->before == NONE)
			s->first = NONE;
		else
			h->fact[f->before].after = NONE;
	}
}

bool gs_registry_place_of(const struct gs_registry_history *h, struct gs_time time, struct gs_registry_place *out)
{
	size_t low = 0, high = h->count; /* times never fall from one block to the next */

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (h->fact[middle].time.unix_s <= time.unix_s)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*out = h->fact[low - 1].at;
	return true;
}

/* The first fact of a subject that stands no further than `at`, or NULL. */
static const struct fact *first_of(const struct gs_registry_history *h, enum group group, const struct gs_hash *subject,
                                   struct gs_registry_place at)
{
	const struct slot *s = find(h->slot, h->slots, group, subject);

	return s->used && s->first != NONE && !is_behind(h->fact[s->first].at, at) ? &h->fact[s->first] : NULL;
}

static const struct fact *next_of(const struct gs_registry_history *h, const struct fact *f,
                                  struct gs_registry_place at)
{
	return f->after != NONE && !is_behind(h->fact[f->after].at, at) ? &h->fact[f->after] : NULL;
}

void gs_registry_registration_at(const struct gs_registry_history *h, const struct gs_hash *tee,
                                 struct gs_registry_place at, struct gs_registry_state *out)
{
	memset(out, 0, sizeof(*out));
	for (const struct fact *f = first_of(h, GROUP_TEE, tee, at); f; f = next_of(h, f, at)) {
		if (f->event.kind == GS_REGISTRY_REGISTERED)
			*out = (struct gs_registry_state){.registered = true,
			                                  .registration = f->at,
			                                  .registered_at = f->time,
			                                  .owner = f->event.owner,
			                                  .type = f->event.type,
			                                  .enabled = true,
			                                  .heartbeat_at = f->time};
		else if (out->registered) /* what is said of a TEE that is none: of a history that begins too late */
			out->enabled = f->event.kind == GS_REGISTRY_ENABLED;
	}
}

void gs_registry_tee_at(const struct gs_registry_history *h, const struct gs_hash *tee, struct gs_registry_place at,
                        struct gs_registry_state *out)
{
	const struct slot *s = find(h->slot, h->slots, GROUP_HEARTBEAT, tee);
	uint32_t i = s->used ? s->last : NONE;

	gs_registry_registration_at(h, tee, at, out);
	while (i != NONE && is_behind(h->fact[i].at, at)) /* from the newest back: what is asked for is mostly recent */
		i = h->fact[i].before;
	if (!out->registered || i == NONE || !is_behind(h->fact[i].at, out->registration))
		return;
	out->heartbeat_at = h->fact[i].time;
	out->has_signed_heartbeat = true;
	out->signed_heartbeat_s = h->fact[i].event.heartbeat_s;
}

static void revoke_any(uint8_t state[TYPES])
{
	unsigned live = 0;

	for (unsigned i = 0; i < TYPES; i++)
		live += state[i] != GS_APPROVAL_NONE;
	for (unsigned i = 0; i < TYPES; i++)
		if (state[i] != GS_APPROVAL_NONE)
			state[i] = live == 1 ? GS_APPROVAL_NONE : GS_APPROVAL_UNKNOWN;
}

enum gs_registry_approval gs_registry_approval_at(const struct gs_registry_history *h, const struct gs_hash *pcr_hash,
                                                  uint8_t type, struct gs_registry_place at)
{
	uint8_t state[TYPES] = {GS_APPROVAL_NONE};

	for (const struct fact *f = first_of(h, GROUP_IMAGE, pcr_hash, at); f; f = next_of(h, f, at)) {
		if (f->event.kind == GS_REGISTRY_APPROVED)
			state[f->event.type] = GS_APPROVAL_HELD;
		else if (f->event.kind == GS_REGISTRY_REVOKED)
			state[f->event.type] = GS_APPROVAL_NONE;
		else
			revoke_any(state);
	}
	return (enum gs_registry_approval)state[type];
}

bool gs_registry_root_at(const struct gs_registry_history *h, struct gs_registry_place at, struct gs_hash *out)
{
	const struct gs_hash roots = {{0}};
	const struct fact *f = first_of(h, GROUP_ROOT, &roots, at), *last = f;

	for (; f; f = next_of(h, f, at))
		last = f;
	if (last)
		*out = last->event.subject;
	return last != NULL;
}
