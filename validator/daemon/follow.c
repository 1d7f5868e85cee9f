#include "validator/daemon/follow.h"

void gs_follow_begin(struct gs_follow *f)
{
	f->asked = false;
	f->over = false;
	f->more = false;
	f->left = GS_FOLLOW_BLOCKS_A_WALK;
}

bool gs_follow_newest(struct gs_follow *f, const struct gs_head *head, const struct gs_head *own, uint64_t clock_s)
{
	const bool watching = f->caught_up;

	f->caught_up = false;
	if (!head) {
		f->failures++;
		f->over = true;
		return false;
	}
	f->failures = 0;
	f->top = head->number;
	if (own && watching && head->number > own->number)
		f->skew_s = (int64_t)clock_s - (int64_t)head->time.unix_s;
	/* The next height, as a rule the next block; the same height: the same block, or another branch. */
	return own && head->number <= own->number + 1;
}

bool gs_follow_next(struct gs_follow *f, const struct gs_head *own, uint64_t anchor, uint64_t *number)
{
	if (f->over)
		return false;
	if (own)
		*number = own->number + 1;
	else
		*number = anchor < f->top ? anchor : f->top;
	/* What was asked for and did not bring the node forward would not the second time. */
	const bool stuck = f->asked && *number <= f->last;
	f->caught_up = own && *number > f->top;
	f->more = !stuck && !f->caught_up && !f->left;
	f->over = stuck || f->caught_up || !f->left;
	if (f->over)
		return false;
	f->left--;
	f->asked = true;
	f->last = *number;
	return true;
}

void gs_follow_missing(struct gs_follow *f)
{
	f->over = true;
}

uint64_t gs_follow_wait_ms(const struct gs_follow *f, uint64_t poll_ms)
{
	uint64_t ms = poll_ms;

	if (!f->failures && f->more)
		return 0;
	for (uint64_t i = 0; i < f->failures && ms < GS_FOLLOW_BACKOFF_MS_MAX; i++)
		ms *= 2;
	return f->failures && ms > GS_FOLLOW_BACKOFF_MS_MAX ? GS_FOLLOW_BACKOFF_MS_MAX : ms;
}
