#include "chain/eth/quorum.h"

#include <string.h>

size_t gs_quorum_need(size_t endpoints, uint64_t configured)
{
	size_t need = configured < endpoints ? (size_t)configured : endpoints;

	if (configured == 0)
		need = endpoints < 3 ? endpoints : endpoints / 2 + 1;
	return need ? need : 1;
}

void gs_quorum_init(struct gs_quorum *q, size_t endpoints, size_t need)
{
	memset(q, 0, sizeof(*q));
	q->endpoints = endpoints;
	q->need = need;
}

bool gs_quorum_same(const struct gs_quorum *q, size_t i, size_t j)
{
	if (q->vote[i] != q->vote[j])
		return false;
	return q->vote[i] == GS_VOTE_ABSENT ||
	       (q->vote[i] == GS_VOTE_ANSWER && gs_hash_equal(&q->digest[i], &q->digest[j]));
}

bool gs_quorum_contrary(const struct gs_quorum *q, size_t i, size_t *out)
{
	for (size_t j = 0; j < q->endpoints; j++) {
		if (q->vote[i] != GS_VOTE_ANSWER || q->vote[j] != GS_VOTE_ANSWER || gs_quorum_same(q, i, j))
			continue;
		*out = j;
		return true;
	}
	return false;
}

enum gs_quorum_state gs_quorum_state(const struct gs_quorum *q, size_t *which)
{
	size_t waiting = 0, unasked = 0, most = 0, other;
	bool contrary = false;

	*which = 0;
	for (size_t i = 0; i < q->endpoints; i++) {
		size_t same = 0;
		waiting += q->vote[i] == GS_VOTE_WAITING;
		unasked += q->vote[i] == GS_VOTE_UNASKED;
		for (size_t j = 0; j < q->endpoints; j++)
			same += gs_quorum_same(q, i, j);
		if (same > most) {
			most = same;
			*which = i;
		}
		contrary = contrary || gs_quorum_contrary(q, i, &other);
	}
	if (most >= q->need)
		return GS_QUORUM_AGREED;
	if (most + waiting >= q->need)
		return GS_QUORUM_WAIT;
	if (most + waiting + unasked >= q->need)
		return GS_QUORUM_MORE;
	return contrary ? GS_QUORUM_DISAGREE : GS_QUORUM_SILENCE;
}

bool gs_quorum_asks_all(enum gs_trust trust)
{
	return trust == GS_TRUST_NEWEST || trust == GS_TRUST_LEAST || trust == GS_TRUST_MEDIAN || trust == GS_TRUST_ALL;
}

size_t gs_quorum_good(const struct gs_quorum *q, size_t out[GS_QUORUM_ENDPOINTS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < q->endpoints; i++)
		if (q->vote[i] == GS_VOTE_ANSWER && !q->refused[i])
			out[count++] = i;
	return count;
}

/* Numbers need not be the same. Where too few gave one, refusals are left to agree on. */
static enum gs_quorum_state conclude_numbers(const struct gs_quorum *q, size_t *which)
{
	struct gs_quorum refusals = *q;
	size_t good[GS_QUORUM_ENDPOINTS_MAX];
	const size_t count = gs_quorum_good(q, good);

	*which = SIZE_MAX;
	if (count >= q->need)
		return GS_QUORUM_AGREED;
	for (size_t i = 0; i < count; i++)
		refusals.vote[good[i]] = GS_VOTE_SILENT;
	return gs_quorum_state(&refusals, which);
}

/* One that takes it suffices, unless so many refuse it alike as must agree: else one that says that it has taken what cannot be mined any
 * more, since its nonce is used, would hide that for ever. */
static enum gs_quorum_state conclude_taking(const struct gs_quorum *q, size_t *which)
{
	struct gs_quorum refusals = *q;
	size_t good[GS_QUORUM_ENDPOINTS_MAX];
	const size_t count = gs_quorum_good(q, good);

	for (size_t i = 0; i < count; i++)
		refusals.vote[good[i]] = GS_VOTE_SILENT;
	const enum gs_quorum_state state = gs_quorum_state(&refusals, which);
	if (state == GS_QUORUM_AGREED || count == 0)
		return state;
	*which = good[0];
	return GS_QUORUM_AGREED;
}

enum gs_quorum_state gs_quorum_conclude(const struct gs_quorum *q, enum gs_trust trust, size_t *which)
{
	switch (trust) {
	case GS_TRUST_ANY:
	case GS_TRUST_QUORUM:
	case GS_TRUST_NEWEST: break;
	case GS_TRUST_LEAST:
	case GS_TRUST_MEDIAN: return conclude_numbers(q, which);
	case GS_TRUST_ALL: return conclude_taking(q, which);
	}
	return gs_quorum_state(q, which);
}

size_t gs_quorum_place(enum gs_trust trust, size_t count, size_t need)
{
	GS_ASSERT(need > 0 && count >= need);
	return trust == GS_TRUST_LEAST ? count - need : count / 2;
}

/* Those who answered, newest block first. */
static size_t by_newest(const struct gs_quorum *q, const uint64_t number[GS_QUORUM_ENDPOINTS_MAX],
                        size_t order[GS_QUORUM_ENDPOINTS_MAX])
{
	size_t good[GS_QUORUM_ENDPOINTS_MAX];
	const size_t count = gs_quorum_good(q, good);

	for (size_t k = 0; k < count; k++) {
		size_t at = k;
		for (; at && number[order[at - 1]] < number[good[k]]; at--)
			order[at] = order[at - 1];
		order[at] = good[k];
	}
	return count;
}

/* So many have told of exactly this block. */
static size_t told_of(const struct gs_quorum *q, size_t i)
{
	size_t n = 0;

	for (size_t j = 0; j < q->endpoints; j++)
		n += gs_quorum_same(q, i, j);
	return n;
}

size_t gs_quorum_newest(const struct gs_quorum *q, const uint64_t number[GS_QUORUM_ENDPOINTS_MAX],
                        size_t out[GS_QUORUM_CANDIDATES_MAX], bool *told)
{
	size_t order[GS_QUORUM_ENDPOINTS_MAX], n = 0;
	const size_t count = by_newest(q, number, order);

	*told = false;
	for (size_t k = 0; k < count; k++)
		if (told_of(q, order[k]) >= q->need) {
			*told = true;
			out[0] = order[k];
			return 1;
		}
	for (size_t k = q->need - 1; k < count && n < GS_QUORUM_CANDIDATES_MAX; k++)
		out[n++] = order[k];
	return n;
}
