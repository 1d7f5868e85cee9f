/* Play off chain among simulated nodes: keys, letters, and what a run of it comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "simulations/engines.h"
#include "simulations/keys.h"
#include "simulations/nodes/letters.h"
#include "simulations/nodes/nodes.h"
#include "simulations/nodes/setting.h"

static void keys_have_their_addresses(void **state)
{
	(void)state;
	for (unsigned a = 0; a < GS_SIM_ACCOUNTS_MAX; a++) {
		struct gs_key told, derived;
		gs_sim_key(a, &told);
		assert_int_equal(gs_key_from_secret(told.secret, &derived, NULL), GS_OK);
		assert_true(gs_address_equal(&told.address, &derived.address));
	}
}

/* ---- letters ---- */

static enum gs_err write_to(struct gs_sim_letters *l, uint8_t from, uint64_t now_s)
{
	struct gs_talk talk = {.side = GS_SIDE_CLAIMANT, .now = now_s, .move = {.kind = GS_MOVE_CHALLENGE_OUTPUT}};
	struct gs_buf bytes;
	talk.from.b[0] = from;
	gs_buf_init(&bytes, GS_TALK_BYTES_MAX);
	gs_talk_encode(&talk, &bytes);
	assert_int_equal(bytes.err, GS_OK);
	enum gs_err err = gs_sim_letters_send(l, 3, gs_buf_view(&bytes), now_s);
	gs_buf_free(&bytes);
	return err;
}

static int heard(struct gs_sim_letters *l, uint64_t now_s)
{
	const struct gs_hash game = {{0}};
	const struct gs_bytes bytes = gs_sim_letters_hear(l, &game, GS_SIDE_CLAIMANT, now_s);
	struct gs_talk talk;
	if (bytes.len == 0)
		return -1;
	assert_int_equal(gs_talk_decode(bytes, &talk), GS_OK);
	return talk.from.b[0];
}

static void letters_arrive(void **state)
{
	struct gs_sim_letters l = {.loss = 0};
	const struct gs_hash game = {{0}}, other = {{9}};
	const uint8_t nonsense[] = {1, 2, 3};
	(void)state;
	gs_rng_seed(&l.rng, 1);
	assert_int_equal(heard(&l, 100), -1);
	assert_int_equal(gs_sim_letters_send(&l, 3, (struct gs_bytes){nonsense, 3}, 100), GS_EPARSE);
	assert_int_equal(write_to(&l, 1, 100), GS_OK);
	assert_int_equal(write_to(&l, 1, 100), GS_OK); /* once more: nothing new */
	assert_int_equal(l.count, 1);
	assert_int_equal(heard(&l, 100), 1);
	assert_int_equal(gs_sim_letters_hear(&l, &other, GS_SIDE_CLAIMANT, 100).len, 0);
	assert_int_equal(gs_sim_letters_hear(&l, &game, GS_SIDE_CHALLENGER, 100).len, 0);
	l.loss = 1000;
	assert_int_equal(write_to(&l, 2, 100), GS_OK);
	assert_int_equal(heard(&l, 100), 1); /* lost */
	l.loss = 0;
	l.delay_s = 5;
	assert_int_equal(write_to(&l, 2, 100), GS_OK);
	assert_int_equal(heard(&l, 105), 2);
	l.old = 1000;
	assert_int_equal(heard(&l, 105), 1);
	assert_non_null(gs_sim_letters_of(&l, 3, &game, NULL, 1));
	assert_null(gs_sim_letters_of(&l, 3, &game, NULL, 2));
	assert_null(gs_sim_letters_of(&l, 4, &game, NULL, 0));
	gs_sim_letters_free(&l);
}

/* What a scenario calls a fault is that fault. */
static void faults_have_their_names(void **state)
{
	const struct gs_sim_parameter *p = &gs_sim_nodes_parameters[GS_SIM_P_FAULT];
	(void)state;
	for (unsigned f = 0; f < GS_SIM_FAULTS; f++) {
		assert_non_null(p->choices[f]);
		assert_string_equal(p->choices[f], gs_sim_fault_name((enum gs_sim_fault)f));
	}
	assert_null(p->choices[GS_SIM_FAULTS]);
	assert_true(p->most == GS_SIM_FAULTS - 1);
}

/* ---- runs ---- */

static double mean(const struct gs_sim_result *result, const char *name)
{
	const struct gs_sim_engine *e = gs_sim_engine_find("nodes");
	for (unsigned m = 0; m < e->metrics; m++)
		if (strcmp(e->metric[m].name, name) == 0)
			return result->metric[m].sum / (double)result->metric[m].n;
	fail_msg("no metric %s", name);
	return 0;
}

/* Challengers that cheat off chain, too, pay for it; whoever is honest loses nothing, and is never silent for ever. */
static void the_honest_lose_nothing(void **state)
{
	static struct gs_sim_result result;
	struct gs_error error = {0};
	double value[GS_SIM_NODES_PARAMETERS];
	(void)state;
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_CLAIMS] = 5;
	value[GS_SIM_P_FAULT] = GS_SIM_FAULT_LETTERS;
	value[GS_SIM_P_TALK] = 1;
	value[GS_SIM_P_TWO_FACED] = 2;
	assert_int_equal(gs_sim_batch(gs_sim_engine_find("nodes"), value, 700, 16, &result, &error), GS_OK);
	assert_int_equal(result.violations, 0);
	assert_true(mean(&result, "loss.honest") == 0 && mean(&result, "profit.two_faced") < 0);
	assert_true(mean(&result, "detection") == 1);
	assert_true(mean(&result, "talk.letters") > 4 && mean(&result, "talk.agreed") > 0.5);
}

/* Without cheats there are fewer transactions than on chain, and the same verdicts. */
static void it_saves_transactions(void **state)
{
	static struct gs_sim_result result[2];
	struct gs_error error = {0};
	double value[GS_SIM_NODES_PARAMETERS];
	(void)state;
	gs_sim_nodes_standard(value);
	value[GS_SIM_P_CLAIMS] = 4;
	value[GS_SIM_P_FAULT] = GS_SIM_FAULT_NONE;
	value[GS_SIM_P_GRIEFER] = 1;
	for (unsigned i = 0; i < 2; i++) {
		value[GS_SIM_P_TALK] = i;
		assert_int_equal(gs_sim_batch(gs_sim_engine_find("nodes"), value, 900, 12, &result[i], &error), GS_OK);
		assert_int_equal(result[i].violations, 0);
		assert_true(mean(&result[i], "detection") == 1);
	}
	assert_true(mean(&result[1], "txs.claimant") < mean(&result[0], "txs.claimant"));
	assert_true(mean(&result[0], "talk.letters") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_have_their_addresses), cmocka_unit_test(letters_arrive),
		cmocka_unit_test(faults_have_their_names),   cmocka_unit_test(the_honest_lose_nothing),
		cmocka_unit_test(it_saves_transactions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
