#include "simulations/nodes/endpoints.h"

#include <string.h>

static bool befalls(struct gs_sim_endpoints *e, uint32_t of_a_thousand)
{
	return of_a_thousand > 0 && gs_rng_below(&e->rng, 1000) < of_a_thousand;
}

/* ---- which rule ---- */

static enum gs_trust trust_of(enum gs_sim_question question)
{
	switch (question) {
	case GS_SIM_ASK_NEWEST: return GS_TRUST_NEWEST;
	case GS_SIM_ASK_PENDING: return GS_TRUST_LEAST;
	case GS_SIM_ASK_PRICE: return GS_TRUST_MEDIAN;
	case GS_SIM_ASK_SEND: return GS_TRUST_ALL;
	case GS_SIM_ASK_NUMBER:
	case GS_SIM_ASK_BLOCK:
	case GS_SIM_ASK_LOGS:
	case GS_SIM_ASK_RECEIPT:
	case GS_SIM_ASK_CALL:
	case GS_SIM_ASK_MINED:
	case GS_SIM_ASK_BALANCE: break;
	}
	return GS_TRUST_QUORUM;
}

/* Asked at the head's hash: an endpoint that does not have that block is silent. */
static bool is_pinned(enum gs_sim_question question)
{
	return question == GS_SIM_ASK_CALL || question == GS_SIM_ASK_MINED || question == GS_SIM_ASK_BALANCE;
}

/* ---- lies ---- */

/* The same for all that lie, and for the same question at the same look; 0: the truth. */
static uint64_t lie_about(const struct gs_sim_endpoints *e, const struct gs_sim_asked *asked)
{
	struct gs_rng rng;
	gs_rng_seed(&rng, e->key ^ (e->look << 8) ^ (asked->subject << 16) ^ (uint64_t)asked->question);
	if (gs_rng_below(&rng, 1000) >= e->lies)
		return 0;
	return 1 + gs_rng_below(&rng, UINT32_MAX);
}

static uint64_t wrong_nonce(uint64_t right, uint64_t lie)
{
	switch (lie % 4) {
	case 0: return 0;
	case 1: return right + 1;
	case 2: return right + 1000;
	default: return right > 0 ? right - 1 : right + 2;
	}
}

/* What is not passed on is taken all the same, or refused, or now this and now that. */
static bool refuses(const struct gs_sim_endpoints *e, uint64_t lie)
{
	switch (e->key % 3) {
	case 0: return false;
	case 1: return true;
	default: return lie % 2;
	}
}

/* In the place of what an honest endpoint would say. */
static void twist(const struct gs_sim_endpoints *e, const struct gs_sim_asked *asked, uint64_t lie,
                  struct gs_sim_said *said)
{
	switch (asked->question) {
	case GS_SIM_ASK_NEWEST: /* ahead, behind, or another branch at the same height */
		said->number += lie % 3 == 0 ? 1 + lie / 3 % GS_SIM_FORGED_SPAN : 0;
		said->number -= lie % 3 == 1 && said->number > GS_SIM_FORGED_SPAN ? lie / 3 % GS_SIM_FORGED_SPAN : 0;
		break;
	case GS_SIM_ASK_BLOCK:
		if (asked->forged != 0) { /* there is such a block, they say */
			said->lie = asked->forged;
			said->vote = GS_VOTE_ANSWER;
			return;
		}
		said->vote = lie % 2 ? GS_VOTE_ABSENT : GS_VOTE_ANSWER;
		break;
	case GS_SIM_ASK_PENDING:
	case GS_SIM_ASK_MINED: said->number = wrong_nonce(said->number, lie); break;
	case GS_SIM_ASK_PRICE: said->number = lie % 2 ? 1 : said->number * 1000; break;
	case GS_SIM_ASK_CALL: said->refused = !said->refused; break;
	case GS_SIM_ASK_SEND: said->refused = refuses(e, lie); break;
	case GS_SIM_ASK_RECEIPT: /* none of what is mined; one of what is not, or with another end */
		if (said->vote == GS_VOTE_ANSWER && lie % 2) {
			said->vote = GS_VOTE_ABSENT;
			return;
		}
		break;
	case GS_SIM_ASK_NUMBER:
	case GS_SIM_ASK_LOGS:
	case GS_SIM_ASK_BALANCE: break;
	}
	if (said->vote != GS_VOTE_ABSENT || asked->question == GS_SIM_ASK_RECEIPT)
		said->vote = GS_VOTE_ANSWER;
	said->lie = lie;
}

/* ---- one endpoint ---- */

static bool is_away(const struct gs_sim_endpoint *p, uint64_t now_s)
{
	return now_s >= p->dies_s || (now_s >= p->offline_from_s && now_s < p->offline_to_s);
}

static bool answers(struct gs_sim_endpoints *e, struct gs_sim_endpoint *p, uint64_t now_s)
{
	if (is_away(p, now_s) || (p->requests > 0 && p->asked >= p->requests))
		return false;
	p->asked++;
	return !befalls(e, p->silent);
}

static void put_to(struct gs_sim_endpoints *e, size_t i, const struct gs_sim_asked *asked, uint64_t now_s,
                   struct gs_sim_said *said)
{
	struct gs_sim_endpoint *p = &e->endpoint[i];
	const uint64_t lie = p->lies ? lie_about(e, asked) : 0;
	*said = (struct gs_sim_said){.vote = GS_VOTE_SILENT};
	if (!answers(e, p, now_s) || (lie == 0 && is_pinned(asked->question) && p->top < e->head.number))
		return;
	/* What one that keeps a transaction back, or refuses it, has not passed on. */
	if (asked->question == GS_SIM_ASK_SEND && (lie != 0 || befalls(e, p->send_lost)))
		said->vote = GS_VOTE_ANSWER;
	else if (asked->question == GS_SIM_ASK_NEWEST)
		*said = (struct gs_sim_said){.vote = GS_VOTE_ANSWER, .number = p->top};
	else
		asked->honest(asked->self, p->top, said);
	if (lie != 0)
		twist(e, asked, lie, said);
}

/* ---- a question ---- */

/* What is compared. All that is told of a transaction that is not taken is that it is not. */
static struct gs_hash digest_of(enum gs_sim_question question, const struct gs_sim_said *said)
{
	struct gs_hash h = {{0}};
	h.b[0] = said->refused;
	if (question == GS_SIM_ASK_SEND || question == GS_SIM_ASK_CALL)
		return h;
	gs_be64_write(h.b + 8, said->number);
	gs_be64_write(h.b + 16, said->lie);
	return h;
}

static void count_votes(struct gs_sim_endpoints *e, const struct gs_quorum *votes, bool decided, size_t which)
{
	size_t other;
	bool contrary = false;
	for (size_t i = 0; i < e->count; i++) {
		if (decided)
			e->outvoted += votes->vote[i] == GS_VOTE_ANSWER && votes->vote[which] == GS_VOTE_ANSWER &&
			               !gs_quorum_same(votes, i, which);
		contrary = contrary || gs_quorum_contrary(votes, i, &other);
	}
	e->undecided += !decided && contrary;
}

/* The number that counts, of those that gave one. */
static void take_number(const struct gs_quorum *votes, enum gs_trust trust,
                        const struct gs_sim_said said[GS_QUORUM_ENDPOINTS_MAX], struct gs_sim_said *out)
{
	size_t order[GS_QUORUM_ENDPOINTS_MAX];
	const size_t count = gs_quorum_good(votes, order);
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && said[order[j - 1]].number > said[order[j]].number; j--) {
			const size_t higher = order[j - 1];
			order[j - 1] = order[j];
			order[j] = higher;
		}
	*out = said[order[gs_quorum_place(trust, count, votes->need)]];
}

/* Puts it to one more, in the order that is drawn. */
static void ask_next(struct gs_sim_endpoints *e, const struct gs_sim_asked *asked, uint64_t now_s,
                     struct gs_quorum *votes, struct gs_sim_said said[GS_QUORUM_ENDPOINTS_MAX])
{
	size_t left[GS_QUORUM_ENDPOINTS_MAX], count = 0;
	for (size_t i = 0; i < e->count; i++)
		if (votes->vote[i] == GS_VOTE_UNASKED)
			left[count++] = i;
	const size_t i = left[gs_rng_below(&e->rng, count)];
	put_to(e, i, asked, now_s, &said[i]);
	votes->vote[i] = said[i].vote;
	votes->refused[i] = said[i].vote == GS_VOTE_ANSWER && said[i].refused;
	votes->digest[i] = digest_of(asked->question, &said[i]);
}

/* The pool's course: all at once, or one more while those that were asked cannot decide it. */
static void ask_them(struct gs_sim_endpoints *e, const struct gs_sim_asked *asked, uint64_t now_s,
                     struct gs_quorum *votes, struct gs_sim_said said[GS_QUORUM_ENDPOINTS_MAX])
{
	const bool all = gs_quorum_asks_all(trust_of(asked->question));
	size_t which;
	gs_quorum_init(votes, e->count, e->need);
	for (size_t asked_of = 0; asked_of < e->count; asked_of++) {
		if (!all && gs_quorum_state(votes, &which) != GS_QUORUM_MORE)
			break;
		ask_next(e, asked, now_s, votes, said);
	}
}

bool gs_sim_endpoints_ask(struct gs_sim_endpoints *e, const struct gs_sim_asked *asked, uint64_t now_s,
                          struct gs_sim_said *out)
{
	const enum gs_trust trust = trust_of(asked->question);
	struct gs_sim_said said[GS_QUORUM_ENDPOINTS_MAX];
	struct gs_quorum votes;
	size_t which;
	GS_ASSERT(trust != GS_TRUST_NEWEST && e->count > 0);
	*out = (struct gs_sim_said){.vote = GS_VOTE_SILENT};
	if (is_pinned(asked->question) && e->head.vote != GS_VOTE_ANSWER)
		return false;
	ask_them(e, asked, now_s, &votes, said);
	const bool decided = gs_quorum_conclude(&votes, trust, &which) == GS_QUORUM_AGREED;
	if (trust == GS_TRUST_QUORUM)
		count_votes(e, &votes, decided, which);
	if (decided && which == SIZE_MAX)
		take_number(&votes, trust, said, out);
	else if (decided)
		*out = said[which];
	return decided;
}

/* ---- the newest block ---- */

/* A block as it was told of: whoever has heard of its number has it, unless it is invented. */
static void has_block(void *self, uint64_t top, struct gs_sim_said *out)
{
	const struct gs_sim_said *told = self;
	out->vote = told->lie == 0 && told->number <= top ? GS_VOTE_ANSWER : GS_VOTE_ABSENT;
	out->number = told->number;
}

bool gs_sim_endpoints_head(struct gs_sim_endpoints *e, uint64_t now_s)
{
	const struct gs_sim_asked newest = {.question = GS_SIM_ASK_NEWEST};
	struct gs_sim_said said[GS_QUORUM_ENDPOINTS_MAX] = {{.number = 0}}, agreed;
	uint64_t number[GS_QUORUM_ENDPOINTS_MAX];
	size_t candidate[GS_QUORUM_CANDIDATES_MAX];
	struct gs_quorum votes;
	bool told;
	e->head.vote = GS_VOTE_SILENT;
	ask_them(e, &newest, now_s, &votes, said);
	for (size_t i = 0; i < e->count; i++)
		number[i] = said[i].number;
	const size_t count = gs_quorum_newest(&votes, number, candidate, &told);
	if (told)
		e->head = said[candidate[0]];
	for (size_t k = 0; k < count && e->head.vote != GS_VOTE_ANSWER; k++) {
		struct gs_sim_said *of = &said[candidate[k]];
		const struct gs_sim_asked block = {.question = GS_SIM_ASK_BLOCK,
		                                   .subject = of->number ^ of->lie << 24,
		                                   .forged = of->lie,
		                                   .honest = has_block,
		                                   .self = of};
		if (gs_sim_endpoints_ask(e, &block, now_s, &agreed) && agreed.vote == GS_VOTE_ANSWER)
			e->head = (struct gs_sim_said){.vote = GS_VOTE_ANSWER, .number = of->number, .lie = agreed.lie};
	}
	return e->head.vote == GS_VOTE_ANSWER;
}

/* ---- a look ---- */

void gs_sim_endpoints_look(struct gs_sim_endpoints *e, uint64_t newest, uint64_t now_s)
{
	e->look++;
	e->head.vote = GS_VOTE_SILENT;
	for (size_t i = 0; i < e->count; i++) {
		struct gs_sim_endpoint *p = &e->endpoint[i];
		if (now_s < p->stale_from_s || now_s >= p->stale_to_s || p->stale_top > newest)
			p->stale_top = newest;
		p->asked = 0;
		p->top = p->stale_top;
		if (befalls(e, p->lag))
			p->top -= gs_rng_below(&e->rng, p->top + 1 < 4 ? p->top + 1 : 4);
	}
}

void gs_sim_endpoints_calm(struct gs_sim_endpoints *e)
{
	for (size_t i = 0; i < e->count; i++) {
		struct gs_sim_endpoint *p = &e->endpoint[i];
		*p = (struct gs_sim_endpoint){.lies = p->lies,
		                              .dies_s = p->dies_s,
		                              .offline_from_s = UINT64_MAX,
		                              .top = p->top,
		                              .stale_top = p->stale_top};
	}
}
