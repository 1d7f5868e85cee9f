#include "chain/rpc/quorum.h"

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
