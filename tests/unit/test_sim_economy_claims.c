/* The engine `economy`: single claims beside amounts worked out by hand from docs/protocol.md; what it refuses, and that
 * whatever it does not refuse violates nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "simulations/economy/economy.h"
#include "simulations/engines.h"
#include "tests/support/economy.h"

/* ---- single claims, by hand ---- */

static struct gs_economy_world *world_of(const struct setting *with)
{
	static struct gs_economy_world world;
	double value[GS_SIM_PARAMETERS_MAX];
	gs_test_economy_values(with, value);
	memset(&world, 0, sizeof(world));
	gs_economy_rules_read(value, &world.rules);
	gs_rng_seed(&world.rng, 1);
	world.focal = -1;
	world.agents = 5; /* 0 to 2 challengers, 3 accomplice, 4 claimant */
	world.agent[3].manner = GS_ECONOMY_ACCOMPLICE;
	world.agent[4].manner = GS_ECONOMY_CLAIMANT;
	world.accomplice = 3;
	world.claimant = 4;
	world.claim.wrong = true;
	world.claim.window_end = world.rules.terms.window_s;
	return &world;
}

#define TOKENS(x) ((gs_sim_units)((x)*GS_ECONOMY_UNITS))

/* Bond 1100, fee 1.1; burn 0.5, units 1, 2, 3: of three right challengers the first has the prize, less refunds of the others' moves. */
static void the_earliest_right_game_has_the_prize(void **state)
{
	(void)state;
	const struct setting with[] = {{"gas.price", 0}, {"games.reply", 0}, {NULL, 0}};
	struct gs_economy_world *w = world_of(with);
	for (unsigned i = 0; i < 3; i++)
		assert_non_null(gs_economy_challenge(w, 2 - i, 100 + i, true, GS_ECONOMY_PROMPT));
	w->claim.game[0].pace = GS_ECONOMY_STALLS; /* agent 2: first, and slowest */
	gs_economy_games(w);
	gs_economy_settle(w);
	assert_true(w->claim.invalid);
	assert_int_equal(w->claim.settled_at, 101); /* agent 1's game is over at once */
	/* Agent 1 wins first, with 14 moves; agent 2, who was before it, plays on and takes its place; agent 1's challenge and its
	 * seven moves are refunded. Agent 0 came when the claim was invalid already. */
	assert_false(w->claim.game[2].opened);
	assert_int_equal(w->agent[1].books, TOKENS(8 * 0.05));
	assert_int_equal(w->agent[2].books, TOKENS(550 - 8 * 0.05));
	assert_int_equal(w->agent[0].books, 0);
	assert_int_equal(w->agent[4].books, -TOKENS(1101.1));
	assert_int_equal(w->claim.burned, TOKENS(550 + 1.1));
	assert_null(w->violation);
}

/* A wrong challenger before the winner plays on, and loses its bond to the claimant. */
static void who_is_wrong_loses(void **state)
{
	(void)state;
	const struct setting with[] = {{"gas.price", 0}, {"games.reply", 0}, {NULL, 0}};
	struct gs_economy_world *w = world_of(with);
	w->agent[0].manner = w->agent[2].manner = GS_ECONOMY_GRIEFER;
	assert_non_null(gs_economy_challenge(w, 0, 10, false, GS_ECONOMY_STALLS));
	assert_non_null(gs_economy_challenge(w, 1, 20, true, GS_ECONOMY_PROMPT));
	assert_non_null(gs_economy_challenge(w, 2, 20, false, GS_ECONOMY_PROMPT));
	w->claim.game[1].order = (uint64_t)20 << 20;
	w->claim.game[2].order = (uint64_t)20 << 20 | 1;
	gs_economy_games(w);
	gs_economy_settle(w);
	assert_int_equal(w->claim.game[0].units, 1);
	assert_int_equal(w->claim.game[1].units, 2);
	assert_int_equal(w->agent[0].books, -TOKENS(50));
	/* Agent 2 is second within the second in which agent 1 has won. */
	assert_false(w->claim.game[2].opened);
	assert_int_equal(w->agent[1].books, TOKENS(550));
	assert_int_equal(w->agent[4].books, -TOKENS(1101.1) + TOKENS(25));
	/* The stalling challenger: seven moves of its own, the first with its whole budget, the others with the least time. */
	assert_int_equal(w->claim.game[0].over_at, 10 + 172800 + 6 * 50400);
	assert_null(w->violation);
}

/* A wrong challenger behind the winner whose game is still open when the winner's ends: closed, and its moves are refunded. */
static void who_is_wrong_may_be_closed_in_time(void **state)
{
	(void)state;
	const struct setting with[] = {{"gas.price", 0}, {"games.reply", 0}, {NULL, 0}};
	struct gs_economy_world *w = world_of(with);
	w->agent[0].manner = GS_ECONOMY_GRIEFER;
	assert_non_null(gs_economy_challenge(w, 1, 10, true, GS_ECONOMY_STALLS));
	assert_non_null(gs_economy_challenge(w, 0, 20, false, GS_ECONOMY_STALLS));
	gs_economy_games(w);
	gs_economy_settle(w);
	const struct gs_economy_game *late = &w->claim.game[1];
	assert_true(late->closed && late->units == 2 && late->moves == 13); /* all but its last */
	assert_int_equal(w->agent[0].books, TOKENS(7 * 0.05));
	assert_int_equal(w->agent[1].books, TOKENS(550 - 7 * 0.05));
	assert_null(w->violation);
}

/* One execution for all accounts of a swarm; each attests. */
static void a_swarm_executes_once(void **state)
{
	(void)state;
	const struct setting with[] = {
		{"gas.price", 0}, {"capital.rate", 0}, {"validators.rate", 1}, {"validators.uptime", 1}, {NULL, 0}};
	struct gs_economy_world *w = world_of(with);
	w->claim.wrong = false;
	for (unsigned i = 0; i < 3; i++) {
		w->agent[i].manner = GS_ECONOMY_SYBIL;
		gs_economy_act_sybil(w, i);
		assert_true(w->agent[i].attested && w->agent[i].proves);
		assert_int_equal(w->agent[i].outside, i == 0 ? -TOKENS(0.01) : 0);
	}
}

/* In front of the honest challenge, and conceded to at once: 0.5 * 0.8 of the bond are gone, and the honest one has nothing. */
static void an_exit_costs_burn_times_concede(void **state)
{
	(void)state;
	const struct setting with[] = {{"gas.price", 0}, {"cheats.accomplice", 3}, {NULL, 0}};
	struct gs_economy_world *w = world_of(with);
	struct gs_economy_game *g = gs_economy_challenge(w, 0, 1000, true, GS_ECONOMY_PROMPT);
	assert_non_null(g);
	g->honest = true;
	gs_economy_act_accomplice(w, 3);
	gs_economy_games(w);
	gs_economy_settle(w);
	assert_true(w->claim.invalid);
	assert_int_equal(w->claim.settled_at, 1000);
	assert_int_equal(w->agent[0].books, 0);
	assert_int_equal(w->agent[3].books + w->agent[4].books, -TOKENS(440 + 1.1));
	assert_null(w->violation);
}

/* Silence costs the whole bond once the budget is over; a concession in the only game 0.8 of it. */
static void silence_and_concession(void **state)
{
	(void)state;
	for (unsigned concedes = 0; concedes < 2; concedes++) {
		const struct setting with[] = {
			{"gas.price", 0}, {"games.reply", 0}, {"cheats.defence", concedes ? 1 : 2}, {NULL, 0}};
		struct gs_economy_world *w = world_of(with);
		assert_non_null(gs_economy_challenge(w, 0, 7, true, GS_ECONOMY_PROMPT));
		gs_economy_games(w);
		gs_economy_settle(w);
		assert_int_equal(w->claim.settled_at, concedes ? 7 : 7 + 172800 + 1);
		assert_int_equal(w->agent[0].books, TOKENS(concedes ? 440 : 550));
		assert_int_equal(w->agent[4].books, -TOKENS(concedes ? 881.1 : 1101.1));
	}
}

/* Rewards of an audited claim: the fee divided by the share of audits, by stake; copies and guesses prove nothing. */
static void only_who_has_the_trace_is_paid(void **state)
{
	(void)state;
	const struct setting with[] = {{"gas.price", 0}, {"audits.pool", 1000}, {"audits.share", 0.01}, {NULL, 0}};
	struct gs_economy_world *w = world_of(with);
	w->claim.wrong = false;
	w->claim.audited = true;
	w->pool = w->rules.pool;
	gs_economy_attest(w, 0, true);
	gs_economy_attest(w, 1, false);
	gs_economy_attest(w, 2, true);
	gs_economy_games(w);
	gs_economy_settle(w);
	assert_int_equal(w->agent[0].books, TOKENS(55));
	assert_int_equal(w->agent[1].books, 0);
	assert_int_equal(w->agent[2].books, TOKENS(55));
	assert_int_equal(w->pool, TOKENS(1000 + 1.1 - 110));
	assert_null(w->violation);
}

/* A challenge that a bankrupt claimant cannot answer takes its bond; and the books must always balance. */
static void oracles_see_what_they_should(void **state)
{
	(void)state;
	const struct setting with[] = {{"gas.price", 0}, {NULL, 0}};
	struct gs_economy_world *w = world_of(with);
	w->claim.wrong = false;
	w->claim.bankrupt = true;
	w->agent[0].manner = GS_ECONOMY_GRIEFER;
	assert_non_null(gs_economy_challenge(w, 0, 0, false, GS_ECONOMY_PROMPT));
	gs_economy_games(w);
	gs_economy_settle(w);
	assert_true(w->claim.invalid && w->agent[0].books == TOKENS(550));
	assert_null(w->violation); /* it was told: this claimant cannot pay */

	w = world_of(with);
	w->agent[1].books = 1;
	gs_economy_games(w);
	gs_economy_settle(w);
	assert_string_equal(w->violation, "funds lost");

	w = world_of(with); /* an honest validator that challenges a right claim */
	w->claim.wrong = false;
	w->agent[0].manner = GS_ECONOMY_HONEST;
	assert_non_null(gs_economy_challenge(w, 0, 0, false, GS_ECONOMY_PROMPT));
	gs_economy_games(w);
	gs_economy_settle(w);
	assert_string_equal(w->violation, "honest loss");
}

/* ---- the engine ---- */

static void refuses_what_does_not_go_together(void **state)
{
	(void)state;
	static const struct {
		const char *at;
		struct setting with[3];
	} bad[] = {
		{"claims", {{"claims", 1e6}, {"epochs", 11}}},
		{"epochs", {{"dynamics.kind", 1}, {"epochs", 9}}},
		{"dynamics.trials", {{"dynamics.kind", 1}, {"epochs", 10000}}},
		{"validators.honest", {{"validators.honest", 200}, {"validators.lazy", 100}}},
		{"griefers.games", {{"griefers.number", 50}, {"griefers.games", 50}}},
		{"games.challenger_budget", {{"games.claimant_budget", 8e6}, {"games.minimum_time", 8e6}}},
		{"terms.fee", {{"terms.fee", 1}, {"claim.value", 1e9}, {"claims", 1e4}}},
		{"gas.price", {{"gas.price", 1e4}, {"gas.ether", 1e6}, {"gas.token", 1e-3}}},
	};
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		double value[GS_SIM_PARAMETERS_MAX];
		unsigned at = UINT32_MAX;
		struct gs_error error;
		for (unsigned p = 0; p < GS_ECONOMY_PARAMETERS; p++)
			value[p] = gs_economy_parameter[p].standard;
		if (strcmp(bad[i].at, "games.challenger_budget") == 0)
			value[gs_economy_parameter_number("games.challenger_budget")] = 8e6 + 777216;
		for (unsigned s = 0; s < 3 && bad[i].with[s].name != NULL; s++)
			value[gs_economy_parameter_number(bad[i].with[s].name)] = bad[i].with[s].value;
		assert_int_equal(gs_sim_engine_economy.check(value, &at, &error), GS_EINVAL);
		assert_string_equal(gs_economy_parameter[at].name, bad[i].at);
	}
}

/* Everybody at once, every manner: no oracle is violated, and compilers and machines give the same digest. */
static void everybody_at_once(void **state)
{
	(void)state;
	static struct gs_sim_result result;
	double value[GS_SIM_PARAMETERS_MAX];
	char digest[67];
	const struct setting with[] = {{"cheats.share", 0.2},
	                               {"validators.rational", 3},
	                               {"validators.lazy", 2},
	                               {"validators.copycat", 2},
	                               {"validators.offline", 1},
	                               {"validators.bribed", 2},
	                               {"validators.cartel", 2},
	                               {"validators.sybil", 4},
	                               {"griefers.number", 2},
	                               {"griefers.games", 3},
	                               {"griefers.pace", 3},
	                               {"front_runners.number", 2},
	                               {"claimants.bankrupt", 0.1},
	                               {"cheats.bribe", 30},
	                               {"cheats.accomplice", 2},
	                               {"cheats.in_front", 0.5},
	                               {NULL, 0}};
	gs_test_economy_values(with, value);
	gs_test_economy_play(value, 32, &result);
	gs_sim_digest_text(&result.digest, digest);
	assert_string_equal(digest, "0x4284fce53b901d636072938c0afdd3ec8d0cf1ee6aa56a05ed4b39f5c80fbe22");
}

/* A value of a parameter: usual, at an end, anywhere, or small. */
static double any_value(struct gs_rng *rng, const struct gs_sim_parameter *p)
{
	double u = (double)(gs_rng_u64(rng) >> 11) * 0x1p-53, x;
	switch (gs_rng_below(rng, 6)) {
	case 0: x = p->least; break;
	case 1: x = p->most; break;
	case 2: x = p->least + u * (p->most - p->least); break;
	case 3: x = p->least + u * u * u * u * u * u * (p->most - p->least); break;
	default: x = p->standard;
	}
	return p->kind == GS_SIM_KIND_REAL || p->kind == GS_SIM_KIND_SHARE ? x : floor(x);
}

/* Whatever is not refused can be played, and violates nothing. */
static void any_values(void **state)
{
	(void)state;
	unsigned played = 0;
	for (uint64_t i = 0; i < 600; i++) {
		static struct gs_sim_result result;
		const struct gs_sim_watch nothing = {.log = NULL};
		double value[GS_SIM_PARAMETERS_MAX];
		struct gs_rng rng;
		struct gs_error error;
		unsigned at = UINT32_MAX;
		gs_rng_seed(&rng, i);
		for (unsigned p = 0; p < GS_ECONOMY_PARAMETERS; p++)
			value[p] = any_value(&rng, &gs_economy_parameter[p]);
		for (unsigned m = 0; m < 8; m++)
			value[gs_economy_parameter_number("validators.honest") + m] = (double)gs_rng_below(&rng, 20);
		value[gs_economy_parameter_number("claims")] = 1 + (double)gs_rng_below(&rng, 20);
		value[gs_economy_parameter_number("epochs")] = 10;
		value[gs_economy_parameter_number("dynamics.trials")] = 1 + (double)gs_rng_below(&rng, 3);
		memset(&result, 0, sizeof(result));
		if (gs_sim_engine_economy.check(value, &at, &error) != GS_OK) {
			assert_true(at < GS_ECONOMY_PARAMETERS);
			continue;
		}
		assert_int_equal(gs_sim_engine_economy.run(value, i, &nothing, &result, &error), GS_OK);
		if (result.violations > 0)
			fail_msg("draw %llu: %s", (unsigned long long)i, result.first);
		for (unsigned m = 0; m < gs_sim_engine_economy.metrics; m++)
			(void)gs_sim_engine_economy.expected(value, m);
		played++;
	}
	assert_true(played > 200);
}

static void every_agent_says_what_it_is(void **state)
{
	(void)state;
	for (unsigned m = 0; m < GS_ECONOMY_MANNERS; m++) {
		const struct gs_economy_agent_kind *kind = gs_economy_agent_kind((enum gs_economy_manner)m);
		assert_true(strlen(kind->name) > 0 && strlen(kind->about) > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_earliest_right_game_has_the_prize),
		cmocka_unit_test(who_is_wrong_loses),
		cmocka_unit_test(who_is_wrong_may_be_closed_in_time),
		cmocka_unit_test(a_swarm_executes_once),
		cmocka_unit_test(an_exit_costs_burn_times_concede),
		cmocka_unit_test(silence_and_concession),
		cmocka_unit_test(only_who_has_the_trace_is_paid),
		cmocka_unit_test(oracles_see_what_they_should),
		cmocka_unit_test(refuses_what_does_not_go_together),
		cmocka_unit_test(everybody_at_once),
		cmocka_unit_test(any_values),
		cmocka_unit_test(every_agent_says_what_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
