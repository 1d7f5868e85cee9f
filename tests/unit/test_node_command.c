/* Calls that the operator orders of a node that has the key. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/node_txs.h"

static const uint8_t data[] = {1, 2, 3, 4};

static void order(struct node_fixture *f, uint8_t id)
{
	struct gs_node_input in = {
		.kind = GS_INPUT_COMMAND,
		.as.command = {.id = node_hash(id), .to = node_address(9), .data = {data, sizeof(data)}}};

	node_feed(f, &in);
}

static struct gs_node_command state_of(struct node_fixture *f, uint8_t id)
{
	const struct gs_hash hash = node_hash(id);
	struct gs_node_command out;
	struct gs_error error;

	assert_int_equal(gs_node_command(&f->store, &hash, &out, &error), GS_OK);
	return out;
}

static void it_is_signed_and_mined(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_hash none = node_hash(0x55), mined = node_hash(0x71);
	const struct gs_address to = node_address(9);
	struct gs_node_command now;
	struct gs_error error;

	assert_int_equal(gs_node_command(&f->store, &none, &now, &error), GS_ENOTFOUND);
	order(f, 0x31);
	const struct gs_node_effect *e = node_effect(f, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_true(gs_address_equal(&e->to, &to));
	assert_true(gs_bytes_equal(gs_node_effect_data(&f->effects, e), (struct gs_bytes){data, sizeof(data)}));
	assert_int_equal(e->wait_ms, 0);
	assert_int_equal(state_of(f, 0x31).status, GS_INTENT_PLANNED);
	assert_memory_equal(state_of(f, 0x31).intent.b, e->hash.b, 32);
	node_sign_at(f, 0x71, 80, 8);
	assert_int_equal(state_of(f, 0x31).status, GS_INTENT_SIGNED);
	node_blocks(f, 1);
	node_receipt_of(f, 0x71, true, 1);
	assert_int_equal(state_of(f, 0x31).status, GS_INTENT_DONE);
	assert_memory_equal(state_of(f, 0x31).tx.b, mined.b, 32);
	order(f, 0x31); /* again, by whoever did not hear the answer */
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void one_id_is_one_transaction(void **state)
{
	struct node_fixture *f = *state;

	order(f, 0x31);
	node_sign_at(f, 0x71, 80, 8);
	order(f, 0x31);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_txs_reopen(f);
	order(f, 0x31);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	order(f, 0x32); /* the same call, wanted twice */
	assert_int_equal(node_effect(f, GS_EFFECT_PREPARE)->nonce, NODE_FIRST_NONCE + 1);
}

static void what_would_revert_is_told_and_over(void **state)
{
	struct node_fixture *f = *state;

	order(f, 0x31);
	node_refuse(f, GS_REFUSED_REVERTS);
	assert_int_equal(state_of(f, 0x31).status, GS_INTENT_FAILED);
	assert_int_equal(state_of(f, 0x31).attempts, 1);
	f->now_s += 3600;
	order(f, 0x31);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void what_cannot_be_sent_waits_for_who_waits(void **state)
{
	struct node_fixture *f = *state;

	order(f, 0x31);
	node_refuse(f, GS_REFUSED_CAP);
	assert_int_equal(state_of(f, 0x31).attempts, 0);
	f->now_s += 60;
	order(f, 0x31);
	node_refuse(f, GS_REFUSED_ENDPOINT);
	assert_int_equal(state_of(f, 0x31).attempts, 0);
	f->now_s += 3600;
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* nobody waits for it any more */
	order(f, 0x31);
	assert_non_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void what_reverts_is_over(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_hash mined = node_hash(0x71);

	order(f, 0x31);
	node_sign_at(f, 0x71, 80, 8);
	node_blocks(f, 1);
	node_receipt_of(f, 0x71, false, 1);
	assert_int_equal(state_of(f, 0x31).status, GS_INTENT_FAILED);
	assert_int_equal(state_of(f, 0x31).attempts, 1);
	assert_memory_equal(state_of(f, 0x31).tx.b, mined.b, 32);
	order(f, 0x31);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void what_has_a_deadline_comes_before_it(void **state)
{
	struct node_fixture *f = *state;

	order(f, 0x31);
	const struct gs_node_effect first = *node_effect(f, GS_EFFECT_PREPARE);
	order(f, 0x32);
	node_wrong_claim(f, 1);
	node_sign_this(f, &first, 0x71, 80, 8);
	const struct gs_node_effect *e = node_effect(f, GS_EFFECT_PREPARE);
	assert_non_null(e);
	assert_true(memcmp(e->hash.b, state_of(f, 0x32).intent.b, 32) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_signed_and_mined, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(one_id_is_one_transaction, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_would_revert_is_told_and_over, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_sent_waits_for_who_waits, node_txs_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(what_reverts_is_over, node_txs_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_has_a_deadline_comes_before_it, node_txs_set_up, node_tear_down),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
