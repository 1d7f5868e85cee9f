/* Which ranges are asked for, against simulated endpoints that take only so much: every block is covered once, whatever they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chain/core/rng.h"
#include "validator/daemon/catchup.h"

struct endpoint {
	uint64_t blocks_max; /* of a range; more is refused */
	uint64_t logs_max;   /* of an answer */
	uint64_t logs_a_block;
	uint64_t broken; /* a block that it never gives in a range; 0: none */
};

struct asked {
	uint64_t first, last;
};

/* Up to `final` from 0; answers come in order, as from the chain's thread. Returns how many ranges were asked for. */
static size_t catch_up(const struct endpoint *e, uint64_t final, struct gs_rng *rng, uint64_t *alone)
{
	struct gs_catchup c = {.final = final};
	struct asked queue[GS_CATCHUP_AHEAD];
	uint64_t own = 0;
	size_t waiting = 0, count = 0;

	*alone = 0;
	while (own < final) {
		struct asked now;
		while (gs_catchup_next(&c, own, &now.first, &now.last)) {
			assert_true(now.first > own && now.last >= now.first && now.last <= final);
			assert_true(now.last - now.first < GS_CATCHUP_BLOCKS_MAX);
			assert_true(waiting < GS_CATCHUP_AHEAD);
			queue[waiting++] = now;
			count++;
		}
		if (!waiting) { /* by its header, as any block */
			own++;
			++*alone;
			continue;
		}
		now = queue[0];
		queue[0] = queue[1];
		waiting--;
		const uint64_t blocks = now.last - now.first + 1, logs = blocks * e->logs_a_block;
		if (now.first != own + 1)
			gs_catchup_stale(&c);
		else if (blocks > e->blocks_max || logs > e->logs_max)
			gs_catchup_failed(&c, now.first, now.last);
		else if (e->broken >= now.first && e->broken <= now.last)
			gs_catchup_refused(&c, now.last);
		else if (gs_rng_below(rng, 50) == 0)
			gs_catchup_failed(&c, now.first, now.last); /* cut, for once */
		else {
			gs_catchup_took(&c, now.first, now.last, logs);
			own = now.last;
		}
		assert_true(count < 1000 + 3 * final);
	}
	assert_int_equal(own, final);
	return count;
}

static void covers_everything(void **state)
{
	static const struct endpoint endpoints[] = {
		{UINT64_MAX, UINT64_MAX, 0, 0}, {UINT64_MAX, UINT64_MAX, 1, 0}, {10000, 100000, 3, 0},
		{2000, 10000, 20, 0},           {500, 20000, 1000, 0},          {100, 100000, 5000, 0},
		{1, UINT64_MAX, 0, 0},          {10000, 100000, 1, 7777},       {10000, 500, 1000, 0},
	};
	struct gs_rng rng;
	uint64_t alone;

	(void)state;
	gs_rng_seed(&rng, 3);
	for (size_t i = 0; i < GS_ARRAY_LEN(endpoints); i++)
		for (uint64_t final = 1; final < 200000; final = final * 7 + 3)
			(void)catch_up(&endpoints[i], endpoints[i].blocks_max == 1 && final > 3000 ? 3000 : final, &rng,
			               &alone);
}

/* What is asked for is about what is wanted: few large answers, not many small ones. */
static void adapts(void **state)
{
	const struct endpoint generous = {UINT64_MAX, UINT64_MAX, 1, 0}, busy = {10000, 100000, 1000, 0},
			      strict = {2000, 10000, 0, 0};
	struct gs_rng rng;
	uint64_t alone;

	(void)state;
	gs_rng_seed(&rng, 4);
	assert_true(catch_up(&generous, 1000 * 1000, &rng, &alone) < 800);
	assert_int_equal(alone, 0);
	assert_true(catch_up(&busy, 10 * 1000, &rng, &alone) < 5000);
	assert_true(alone < GS_CATCHUP_LEAST);
	assert_true(catch_up(&strict, 1000 * 1000, &rng, &alone) < 1200);
	assert_true(alone < GS_CATCHUP_LEAST);
}

static void near_the_final_block_nothing_is_asked(void **state)
{
	struct gs_catchup c = {0};
	uint64_t first, last;

	(void)state;
	assert_false(gs_catchup_next(&c, 10, &first, &last)); /* nothing is known to be final */
	c.final = 10 + GS_CATCHUP_LEAST - 1;
	assert_false(gs_catchup_next(&c, 10, &first, &last));
	c.final++;
	c.size = GS_CATCHUP_LEAST;
	assert_true(gs_catchup_next(&c, 10, &first, &last));
	assert_int_equal(first, 11);
	assert_int_equal(last, c.final);
	assert_false(gs_catchup_next(&c, 10, &first, &last)); /* all is asked for */
}

static void tells_progress(void **state)
{
	struct gs_catchup c = {.final = 1100, .under_way = 3};
	struct gs_catchup_progress p;

	(void)state;
	assert_false(gs_catchup_tell(&c, 100, 50, &p)); /* it begins */
	gs_catchup_took(&c, 101, 200, 30);
	assert_false(gs_catchup_tell(&c, 200, 51, &p));
	gs_catchup_took(&c, 201, 350, 20);
	assert_true(gs_catchup_tell(&c, 350, 60, &p));
	assert_int_equal(p.blocks, 250);
	assert_int_equal(p.of, 1000);
	assert_int_equal(p.logs, 50);
	assert_int_equal(p.eta_s, 30);
	gs_catchup_took(&c, 351, 1100, 0);
	assert_true(gs_catchup_tell(&c, 1100, 60, &p)); /* the end is always told */
	assert_int_equal(p.blocks, 1000);
	assert_int_equal(p.of, 1000);
	assert_int_equal(p.eta_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(covers_everything),
		cmocka_unit_test(adapts),
		cmocka_unit_test(near_the_final_block_nothing_is_asked),
		cmocka_unit_test(tells_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
