#include "chain/eth/head.h"

#include <string.h>

void gs_head_none(struct gs_head_tracker *tracker)
{
	tracker->first = 0;
	tracker->kept_count = 0;
	tracker->pending_count = 0;
}

void gs_head_reset(struct gs_head_tracker *tracker, const struct gs_head *anchor)
{
	tracker->room[0] = *anchor;
	tracker->first = 0;
	tracker->kept_count = 1;
	tracker->pending_count = 0;
}

static void keep(struct gs_head_tracker *tracker, const struct gs_head *head)
{
	if (tracker->kept_count == GS_HEAD_KEPT_MAX) {
		tracker->first++;
		tracker->kept_count--;
	}
	if (tracker->first + tracker->kept_count == GS_ARRAY_LEN(tracker->room)) {
		memmove(tracker->room, tracker->room + tracker->first, tracker->kept_count * sizeof(*head));
		tracker->first = 0;
	}
	tracker->room[tracker->first + tracker->kept_count++] = *head;
}

static const struct gs_head *oldest(const struct gs_head_tracker *tracker)
{
	return &tracker->room[tracker->first];
}

const struct gs_head *gs_head_newest(const struct gs_head_tracker *tracker)
{
	return tracker->kept_count ? &tracker->room[tracker->first + tracker->kept_count - 1] : NULL;
}

const struct gs_head *gs_head_at(const struct gs_head_tracker *tracker, uint64_t number)
{
	if (!tracker->kept_count || number < oldest(tracker)->number)
		return NULL;
	uint64_t i = number - oldest(tracker)->number;
	return i < tracker->kept_count ? oldest(tracker) + i : NULL;
}

/* Whether child can follow parent: linked by hash, one higher, not earlier. */
static bool follows(const struct gs_head *child, const struct gs_head *parent)
{
	return gs_hash_equal(&child->parent, &parent->hash) && child->number == parent->number + 1 &&
	       child->time.unix_s >= parent->time.unix_s;
}

enum gs_err gs_head_restore(struct gs_head_tracker *tracker, const struct gs_head *head)
{
	const struct gs_head *newest = gs_head_newest(tracker);
	if (!newest) {
		gs_head_reset(tracker, head);
		return GS_OK;
	}
	if (!follows(head, newest))
		return GS_ECORRUPT;
	keep(tracker, head);
	return GS_OK;
}

/* The pending blocks, whose last one's parent is the kept one of this place, become the branch. */
static enum gs_head_result attach(struct gs_head_tracker *tracker, size_t parent, struct gs_head_change *change)
{
	while (tracker->kept_count > parent + 1)
		change->orphaned[change->orphaned_count++] = tracker->room[tracker->first + --tracker->kept_count];
	while (tracker->pending_count) {
		const struct gs_head *head = &tracker->pending[--tracker->pending_count];
		change->added[change->added_count++] = *head;
		keep(tracker, head);
	}
	return GS_HEAD_ADVANCED;
}

enum gs_head_result gs_head_add(struct gs_head_tracker *tracker, const struct gs_head *head,
                                struct gs_head_change *change)
{
	GS_ASSERT(tracker->kept_count > 0);
	change->orphaned_count = change->added_count = 0;

	const struct gs_head *same = gs_head_at(tracker, head->number);
	if (same && gs_hash_equal(&same->hash, &head->hash)) {
		/* An endpoint that still shows an ancestor is behind; and a wait for a parent it never gave is over. */
		tracker->pending_count = 0;
		return GS_HEAD_KNOWN;
	}
	if (gs_hash_equal(&head->hash, &head->parent))
		return GS_HEAD_BROKEN;

	/* A block that waits already: an answer to the last wish is missing, and the wish stands. */
	for (size_t i = 0; i < tracker->pending_count; i++) {
		if (!gs_hash_equal(&tracker->pending[i].hash, &head->hash) ||
		    tracker->pending[i].number != head->number)
			continue;
		change->want = tracker->pending[tracker->pending_count - 1].parent;
		return GS_HEAD_WANT_PARENT;
	}

	/* Either the parent that was asked for, or a new tip, which makes any older wait pointless. */
	if (tracker->pending_count) {
		const struct gs_head *child = &tracker->pending[tracker->pending_count - 1];
		if (!gs_hash_equal(&child->parent, &head->hash))
			tracker->pending_count = 0;
		else if (!follows(child, head))
			return GS_HEAD_BROKEN;
	}

	const uint64_t lowest = oldest(tracker)->number, newest = gs_head_newest(tracker)->number;
	if (head->number <= lowest && tracker->pending_count == 0)
		return GS_HEAD_KNOWN; /* an endpoint that lags */
	if (head->number <= lowest || (head->number > newest && head->number - newest > GS_HEAD_KEPT_MAX) ||
	    tracker->pending_count == GS_HEAD_KEPT_MAX) {
		tracker->pending_count = 0;
		return GS_HEAD_TOO_FAR;
	}

	const struct gs_head *parent = gs_head_at(tracker, head->number - 1);
	if (parent && gs_hash_equal(&parent->hash, &head->parent)) {
		if (!follows(head, parent))
			return GS_HEAD_BROKEN;
		tracker->pending[tracker->pending_count++] = *head;
		return attach(tracker, (size_t)(parent - oldest(tracker)), change);
	}
	tracker->pending[tracker->pending_count++] = *head;
	change->want = head->parent;
	return GS_HEAD_WANT_PARENT;
}
