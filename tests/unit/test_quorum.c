/* What several endpoints' answers come to, and how an endpoint's health goes up and down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these before it */
#include <cmocka.h>

#include "chain/core/rng.h"
#include "chain/rpc/health.h"
#include "chain/eth/quorum.h"

static struct gs_quorum votes(const char *text, size_t need)
{
	struct gs_quorum q;
	size_t count = 0;

	while (text[count])
		count++;
	gs_quorum_init(&q, count, need);
	for (size_t i = 0; i < count; i++) {
		switch (text[i]) {
		case '.': q.vote[i] = GS_VOTE_UNASKED; break;
		case '?': q.vote[i] = GS_VOTE_WAITING; break;
		case '0': q.vote[i] = GS_VOTE_ABSENT; break;
		case '-': q.vote[i] = GS_VOTE_SILENT; break;
		default: q.vote[i] = GS_VOTE_ANSWER; q.digest[i].b[7] = (uint8_t)text[i];
		}
	}
	return q;
}

static void decides(void **state)
{
	(void)state;
	static const struct {
		const char *votes;
		size_t need;
		enum gs_quorum_state state;
		size_t which;
	} cases[] = {
		{"...", 2, GS_QUORUM_MORE, 0},      {"?..", 2, GS_QUORUM_MORE, 0},
		{"??.", 2, GS_QUORUM_WAIT, 0},      {"a?.", 2, GS_QUORUM_WAIT, 0},
		{"aa.", 2, GS_QUORUM_AGREED, 0},    {"ab.", 2, GS_QUORUM_MORE, 0},
		{"ab?", 2, GS_QUORUM_WAIT, 0},      {"abb", 2, GS_QUORUM_AGREED, 1},
		{"abc", 2, GS_QUORUM_DISAGREE, 0},  {"a-.", 2, GS_QUORUM_MORE, 0},
		{"a--", 2, GS_QUORUM_SILENCE, 0},   {"---", 2, GS_QUORUM_SILENCE, 0},
		{"ab-", 2, GS_QUORUM_DISAGREE, 0},  {"a0.", 2, GS_QUORUM_MORE, 0},
		{"a0-", 2, GS_QUORUM_SILENCE, 0},   {"00a", 2, GS_QUORUM_AGREED, 0},
		{"a0a", 2, GS_QUORUM_AGREED, 0},    {"-a?", 2, GS_QUORUM_WAIT, 1},
		{"a", 1, GS_QUORUM_AGREED, 0},      {"-", 1, GS_QUORUM_SILENCE, 0},
		{"ab", 2, GS_QUORUM_DISAGREE, 0},   {"a?", 2, GS_QUORUM_WAIT, 0},
		{"-.", 2, GS_QUORUM_SILENCE, 0},    {"-..", 1, GS_QUORUM_MORE, 0},
		{"abcde...", 4, GS_QUORUM_MORE, 0}, {"abcdef..", 4, GS_QUORUM_DISAGREE, 0},
	};

	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		const struct gs_quorum q = votes(cases[i].votes, cases[i].need);
		size_t which;
		const enum gs_quorum_state got = gs_quorum_state(&q, &which);
		if (got != cases[i].state)
			fail_msg("%s of %zu: %d, not %d", cases[i].votes, cases[i].need, (int)got, (int)cases[i].state);
		if (got == GS_QUORUM_AGREED)
			assert_int_equal(which, cases[i].which);
	}
}

/* Fewer liars than are needed never make an answer, whatever they and the network do; and where enough honest ones answer, theirs
 * is what is agreed on. */
static void holds_against_liars(void **state)
{
	(void)state;
	struct gs_rng rng;

	gs_rng_seed(&rng, 7);
	for (int round = 0; round < 100000; round++) {
		const size_t n = 1 + (size_t)gs_rng_below(&rng, GS_QUORUM_ENDPOINTS_MAX), need = gs_quorum_need(n, 0);
		const size_t liars = (size_t)gs_rng_below(&rng, need);
		struct gs_quorum q;
		size_t which, honest = 0;
		gs_quorum_init(&q, n, need);
		for (size_t i = 0; i < n; i++) {
			const bool lies = i < liars;
			q.vote[i] = (enum gs_quorum_vote)gs_rng_below(&rng, 5);
			if (!lies && q.vote[i] == GS_VOTE_ABSENT)
				q.vote[i] = GS_VOTE_ANSWER;
			q.digest[i].b[0] = lies ? (uint8_t)(1 + gs_rng_below(&rng, 2)) : 0;
			honest += !lies && q.vote[i] == GS_VOTE_ANSWER;
		}
		const enum gs_quorum_state got = gs_quorum_state(&q, &which);
		if (got == GS_QUORUM_AGREED)
			assert_true(which >= liars);
		if (honest >= need)
			assert_int_equal(got, GS_QUORUM_AGREED);
	}
}

static void needs_a_majority(void **state)
{
	(void)state;
	static const size_t automatic[] = {1, 1, 2, 2, 3, 3, 4, 4, 5};

	for (size_t n = 1; n <= 8; n++) {
		assert_int_equal(gs_quorum_need(n, 0), automatic[n]);
		for (uint64_t asked = 1; asked <= 8; asked++)
			assert_int_equal(gs_quorum_need(n, asked), asked < n ? asked : n);
	}
}

/* --- health --- */

static void rests_after_failures(void **state)
{
	(void)state;
	struct gs_health h = {0};
	uint64_t now = 1000, longest = GS_HEALTH_REST_MS_MIN;

	for (int i = 0; i < 12; i++) {
		for (uint64_t random = 0; random < 5000; random += 371) {
			struct gs_health copy = h;
			gs_health_failed(&copy, now, random);
			assert_true(copy.rests_until_ms - now >= longest / 2 && copy.rests_until_ms - now <= longest);
		}
		gs_health_failed(&h, now, 0);
		assert_true(gs_health_rests(&h, now));
		assert_false(gs_health_rests(&h, now + longest + 1));
		now += longest + 1;
		longest = longest * 2 < GS_HEALTH_REST_MS_MAX ? longest * 2 : GS_HEALTH_REST_MS_MAX;
	}
	gs_health_answered(&h, 10);
	assert_false(gs_health_rests(&h, now));
	gs_health_failed(&h, now, 0);
	assert_int_equal(h.rests_until_ms - now, GS_HEALTH_REST_MS_MIN / 2); /* from the beginning */
}

static void orders_by_what_they_do(void **state)
{
	(void)state;
	struct gs_health fast = {0}, slow = {0}, failing = {0}, lying = {0}, behind = {0}, new = {0};

	for (int i = 0; i < 50; i++) {
		gs_health_answered(&fast, 20 + i % 3);
		gs_health_answered(&slow, 300);
		gs_health_answered(&behind, 20);
		gs_health_answered(&lying, 5);
		if (i % 4)
			gs_health_answered(&failing, 20);
		else
			gs_health_failed(&failing, 0, 0);
	}
	gs_health_disagreed(&lying);
	gs_health_head(&fast, 100);
	gs_health_head(&behind, 90);
	assert_true(gs_health_cost(&fast, 100) < gs_health_cost(&new, 100));
	assert_true(gs_health_cost(&new, 100) < gs_health_cost(&slow, 100));
	assert_true(gs_health_cost(&fast, 100) < gs_health_cost(&behind, 100));
	assert_true(gs_health_cost(&slow, 100) < gs_health_cost(&failing, 100));
	assert_true(gs_health_cost(&failing, 100) < gs_health_cost(&lying, 100));
	for (int i = 0; i < 4000; i++) /* a lie is forgotten, late */
		gs_health_answered(&lying, 5);
	assert_true(gs_health_cost(&lying, 100) < gs_health_cost(&fast, 100));
	assert_true(gs_health_hedge_ms(&fast, 2000) >= GS_HEALTH_HEDGE_MS_MIN);
	assert_true(gs_health_hedge_ms(&fast, 2000) < 100);
	assert_int_equal(gs_health_hedge_ms(&new, 2000), 2000);
	const double before = fast.latency_ms;
	gs_health_outrun(&fast, 1);
	assert_true(fast.latency_ms == before);
	gs_health_outrun(&fast, 500);
	assert_true(fast.latency_ms > before);
}

/* A refusal is an answer: upper case here. */
static struct gs_quorum refusable(const char *text, size_t need)
{
	struct gs_quorum q = votes(text, need);

	for (size_t i = 0; text[i]; i++)
		q.refused[i] = text[i] >= 'A' && text[i] <= 'Z';
	return q;
}

static void concludes_by_the_rule(void **state)
{
	(void)state;
	static const struct {
		enum gs_trust trust;
		const char *votes;
		size_t need;
		enum gs_quorum_state state;
		size_t which;
	} cases[] = {
		{GS_TRUST_QUORUM, "abb", 2, GS_QUORUM_AGREED, 1},
		{GS_TRUST_QUORUM, "aRR", 2, GS_QUORUM_AGREED, 1},
		{GS_TRUST_ANY, "-a-", 1, GS_QUORUM_AGREED, 1},
		{GS_TRUST_LEAST, "abc", 2, GS_QUORUM_AGREED, SIZE_MAX},
		{GS_TRUST_LEAST, "a-b", 2, GS_QUORUM_AGREED, SIZE_MAX},
		{GS_TRUST_LEAST, "a--", 2, GS_QUORUM_SILENCE, 0},
		{GS_TRUST_MEDIAN, "aRR", 2, GS_QUORUM_AGREED, 1},
		{GS_TRUST_MEDIAN, "aR-", 2, GS_QUORUM_SILENCE, 0},
		{GS_TRUST_MEDIAN, "abR", 2, GS_QUORUM_AGREED, SIZE_MAX},
		{GS_TRUST_MEDIAN, "a--", 2, GS_QUORUM_SILENCE, 0},
		{GS_TRUST_ALL, "-Na", 2, GS_QUORUM_AGREED, 2},
		{GS_TRUST_ALL, "NN-", 2, GS_QUORUM_AGREED, 0},
		{GS_TRUST_ALL, "N--", 2, GS_QUORUM_SILENCE, 0},
		{GS_TRUST_ALL, "aNN", 2, GS_QUORUM_AGREED, 1}, /* one that takes what cannot be mined any more */
		{GS_TRUST_ALL, "NRS", 2, GS_QUORUM_DISAGREE, 0},
	};

	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		const struct gs_quorum q = refusable(cases[i].votes, cases[i].need);
		size_t which;
		const enum gs_quorum_state got = gs_quorum_conclude(&q, cases[i].trust, &which);
		if (got != cases[i].state || (got == GS_QUORUM_AGREED && which != cases[i].which))
			fail_msg("rule %d, %s of %zu: %d by %zu, not %d by %zu", (int)cases[i].trust, cases[i].votes,
			         cases[i].need, (int)got, which, (int)cases[i].state, cases[i].which);
	}
}

/* Fewer liars than are needed move neither number beyond what an honest endpoint says, where at least as many honest ones answer; the
 * lower bound holds whenever enough answer. */
static void numbers_hold_against_liars(void **state)
{
	(void)state;
	struct gs_rng rng;

	gs_rng_seed(&rng, 8);
	for (int round = 0; round < 100000; round++) {
		const size_t n = 1 + (size_t)gs_rng_below(&rng, GS_QUORUM_ENDPOINTS_MAX), need = gs_quorum_need(n, 0);
		const size_t liars = (size_t)gs_rng_below(&rng, need),
			     count = need + (size_t)gs_rng_below(&rng, n - need + 1);
		uint64_t all[GS_QUORUM_ENDPOINTS_MAX], least = UINT64_MAX, most = 0;
		for (size_t i = 0; i < count; i++) {
			all[i] = gs_rng_below(&rng, i < liars ? 1000 : 20) + (i < liars ? 0 : 100);
			if (i >= liars) {
				least = all[i] < least ? all[i] : least;
				most = all[i] > most ? all[i] : most;
			}
		}
		for (size_t i = 1; i < count; i++) /* ascending */
			for (size_t j = i; j > 0 && all[j - 1] > all[j]; j--) {
				const uint64_t swapped = all[j];
				all[j] = all[j - 1];
				all[j - 1] = swapped;
			}
		const uint64_t reached = all[gs_quorum_place(GS_TRUST_LEAST, count, need)];
		const uint64_t middle = all[gs_quorum_place(GS_TRUST_MEDIAN, count, need)];
		assert_true(reached <= most); /* need have it, and fewer lie */
		if (count - liars >= need)
			assert_true(reached >= least);
		if (count - liars > liars) {
			assert_true(middle >= least);
			assert_true(middle <= most);
		}
	}
}

static void finds_the_newest_that_enough_have(void **state)
{
	(void)state;
	static const struct {
		const char *votes;
		uint64_t number[GS_QUORUM_ENDPOINTS_MAX];
		size_t need, count, first;
		bool told;
	} cases[] = {
		{"aba", {9, 10, 9}, 2, 1, 0, true},   /* two tell of block 9, and one of a newer one */
		{"abc", {9, 12, 10}, 2, 2, 2, false}, /* 12 is one's word; 10 may be two's, then 9 */
		{"a-c", {9, 0, 10}, 2, 1, 0, false},  /* 10 is one's word */
		{"a--", {9}, 2, 0, 0, false},
		{"abcdefgh", {1, 2, 3, 4, 5, 6, 7, 8}, 3, GS_QUORUM_CANDIDATES_MAX, 5, false},
		{"aRb", {9, 0, 12}, 2, 1, 0, false}, /* a refusal is no block */
	};

	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		const struct gs_quorum q = refusable(cases[i].votes, cases[i].need);
		size_t candidate[GS_QUORUM_CANDIDATES_MAX];
		bool told;
		const size_t count = gs_quorum_newest(&q, cases[i].number, candidate, &told);
		if (count != cases[i].count || told != cases[i].told || (count && candidate[0] != cases[i].first))
			fail_msg("case %zu: %zu candidates, told %d, first %zu", i, count, told,
			         count ? candidate[0] : 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test(holds_against_liars),
		cmocka_unit_test(concludes_by_the_rule),
		cmocka_unit_test(numbers_hold_against_liars),
		cmocka_unit_test(finds_the_newest_that_enough_have),
		cmocka_unit_test(needs_a_majority),
		cmocka_unit_test(rests_after_failures),
		cmocka_unit_test(orders_by_what_they_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
