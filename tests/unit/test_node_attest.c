/* Attestations: what one is worth, when the node makes one, and how its stake comes back whatever becomes of the claim. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "tests/unit/node_fixture.h"
#include "validator/node/attest.h"

enum { OTHER = 7, REPORT_S = 50, STAKE = 4, TRACE = 0x33 };

static struct gs_u256 number(uint64_t v)
{
	return gs_u256_from_u64(v);
}

static struct gs_wei wei(uint64_t v)
{
	return gs_wei_from_u64(v);
}

/* --- what it is worth --- */

static struct gs_attest_policy some_policy(void)
{
	return (struct gs_attest_policy){.on = true,
	                                 .stake = wei(100),
	                                 .least = wei(50),
	                                 .locked_ppm = 500 * 1000,
	                                 .audit_bps = 2500,
	                                 .report_s = REPORT_S};
}

static struct gs_attest_case some_case(void)
{
	return (struct gs_attest_case){
		.fee = wei(1000), .pool = wei(1000 * 1000), .free = wei(900), .all = wei(1000), .keep = wei(10)};
}

static enum gs_attest_reason weigh(const struct gs_attest_policy *p, const struct gs_attest_case *c,
                                   struct gs_attest_decision *out)
{
	gs_attest_weigh(p, c, out);
	return out->reason;
}

/* A quarter of the claims pays four fees: alone one earns a fee on average, with as much of another's stake half of one. */
static void income_is_the_fee_by_stake(void **state)
{
	struct gs_attest_policy p = some_policy();
	struct gs_attest_case c = some_case();
	struct gs_attest_decision d;

	(void)state;
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_YES);
	assert_int_equal(d.income.v.limb[0], 1000);
	c.others = wei(300);
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_YES);
	assert_int_equal(d.income.v.limb[0], 250);
	c.pool = wei(0); /* its own fee is all that there is: (1000 / 4) * 100 / 400, rounded down at each step */
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_YES);
	assert_int_equal(d.income.v.limb[0], 62);
	p.audit_bps = 0;
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_WORTHLESS);
	/* amounts as large as the contracts' */
	p.audit_bps = 1;
	c.fee.v = c.pool.v = c.others.v = p.stake.v = (struct gs_u256){{UINT64_MAX, UINT64_MAX >> 1, 0, 0}};
	c.free.v = c.all.v = (struct gs_u256){{UINT64_MAX, UINT64_MAX, 0, 0}};
	p.locked_ppm = 1000 * 1000;
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_YES);
}

static void gas_must_be_worth_it(void **state)
{
	struct gs_attest_policy p = some_policy();
	struct gs_attest_case c = some_case();
	struct gs_attest_decision d;
	const uint64_t gas = GS_ATTEST_GAS + GS_ATTEST_COLLECT_GAS + GS_ATTEST_REPORT_GAS / 4;

	(void)state;
	p.million_gas = wei(1000 * 1000);
	c.fee = wei(gas);
	c.pool = wei(10 * gas);
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_WORTHLESS); /* as much is not more */
	assert_int_equal(d.cost.v.limb[0], gas);
	c.fee = wei(gas + 1);
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_YES);
}

static void stake_has_its_bounds(void **state)
{
	struct gs_attest_policy p = some_policy();
	struct gs_attest_case c = some_case();
	struct gs_attest_decision d;

	(void)state;
	c.attested = wei(400);
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_YES);
	assert_int_equal(d.stake.v.limb[0], 100);
	c.attested = wei(401);
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_LOCKED);
	c.attested = wei(0);
	c.free = wei(110);
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_YES);
	c.free = wei(109); /* a challenge could not be paid */
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_UNAFFORDABLE);
	p.stake = wei(1);
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_YES);
	assert_int_equal(d.stake.v.limb[0], 50); /* the least that the contract takes */
	p.on = false;
	assert_int_equal(weigh(&p, &c, &d), GS_ATTEST_OFF);
}

/* --- the node --- */

static bool duty(const struct node_fixture *f, uint32_t selector)
{
	return node_prepare(f, &f->options.contracts.duties, selector) != NULL;
}

static void attest_all(struct node_fixture *f)
{
	f->options.audit_bps = 2500;
	f->options.epoch_s = 100;
	f->options.attest = (struct gs_attest_policy){.on = true,
	                                              .stake = wei(STAKE),
	                                              .least = wei(1),
	                                              .locked_ppm = 100 * 1000, /* 10 of 100 */
	                                              .audit_bps = 2500,
	                                              .report_s = REPORT_S};
	gs_node_close(f->node);
	node_open(f);
}

static void found_right(struct node_fixture *f, uint64_t claim)
{
	struct gs_node_input in = {.kind = GS_INPUT_EXECUTED};

	in.as.executed.claim = node_claim(claim);
	in.as.executed.computed = true;
	in.as.executed.output_root = in.as.executed.reference_root = (struct gs_hash){{2}};
	in.as.executed.trace_root = node_hash(TRACE);
	node_feed(f, &in);
}

static void attested(struct node_fixture *f, uint64_t claim, uint8_t by, uint64_t stake)
{
	const struct gs_address validator = node_address(by);
	const struct gs_hash id = node_claim(claim), root = node_hash(TRACE);
	const struct gs_hash topics[] = {gs_duties_event_attested_claim, id, node_word_of(by)};
	const struct gs_trace_tag tag = gs_attest_commitment(&id, &validator, &root);
	uint8_t word[32] = {0};

	memcpy(word + 12, tag.b, sizeof(tag.b));
	const struct gs_u256 words[] = {gs_u256_from_be(word), number(stake)};
	node_log(f, &f->options.contracts.duties, topics, 3, words, 2);
}

/* The stake as Stakes tells of it. */
static void locked(struct node_fixture *f, uint64_t amount)
{
	const struct gs_hash topics[] = {gs_stakes_event_locked, node_word_of(NODE_SELF)};
	const struct gs_u256 word = number(amount);

	node_log(f, &f->options.contracts.stakes, topics, 2, &word, 1);
}

static void of_claim(struct node_fixture *f, const struct gs_address *contract, const struct gs_hash *topic,
                     uint64_t claim, const struct gs_u256 *words, size_t count)
{
	const struct gs_hash topics[] = {*topic, node_claim(claim)};

	node_log(f, contract, topics, 2, words, count);
}

static void published(struct node_fixture *f, uint64_t claim, uint8_t root)
{
	const struct gs_hash hash = node_hash(root);
	const struct gs_u256 word = gs_u256_from_be(hash.b);

	of_claim(f, &f->options.contracts.duties, &gs_duties_event_published, claim, &word, 1);
}

static void finalized(struct node_fixture *f, uint64_t claim)
{
	of_claim(f, &f->options.contracts.claims, &gs_claims_event_finalized, claim, NULL, 0);
}

/* keccak(abi.encode(claimId, validator, traceRoot)), word by word and independent of gs_attest_commitment. */
static void a_valid_claim_is_attested(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_node_effect *e;
	struct gs_hash words[3], hash;
	struct gs_bytes data;

	attest_all(f);
	node_post(f, 1, NODE_CLAIMANT, 3);
	assert_false(duty(f, GS_DUTIES_FN_ATTEST)); /* not executed yet */
	found_right(f, 1);
	e = node_prepare(f, &f->options.contracts.duties, GS_DUTIES_FN_ATTEST);
	assert_non_null(e);
	data = gs_node_effect_data(&f->effects, e);
	words[0] = node_claim(1);
	words[1] = node_word_of(NODE_SELF);
	words[2] = node_hash(TRACE);
	gs_keccak256(words, sizeof(words), &hash);
	assert_int_equal(data.len, 4 + 96);
	assert_memory_equal(data.ptr + 4, words[0].b, 32);
	for (int i = 0; i < 12; i++)
		assert_int_equal(data.ptr[36 + i], 0);
	assert_memory_equal(data.ptr + 48, hash.b + 12, 20);
	assert_int_equal(data.ptr[99], STAKE);
	node_sign(f, 0x77);
	attested(f, 1, NODE_SELF, STAKE);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* Killed between the plan and the signature, or between the signature and the block: one attestation, and no other. */
static void a_crash_attests_once(void **state)
{
	struct node_fixture *f = *state;

	attest_all(f);
	node_post(f, 1, NODE_CLAIMANT, 3);
	found_right(f, 1);
	assert_true(duty(f, GS_DUTIES_FN_ATTEST));
	gs_node_close(f->node);
	node_open(f);
	assert_true(duty(f, GS_DUTIES_FN_ATTEST)); /* it was planned, and nothing was signed */
	node_sign(f, 0x77);
	gs_node_close(f->node);
	node_open(f);
	assert_non_null(node_effect(f, GS_EFFECT_SEND)); /* the same bytes again */
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void what_is_public_is_not_attested(void **state)
{
	struct node_fixture *f = *state;

	attest_all(f);
	node_post(f, 1, NODE_CLAIMANT, 3);
	published(f, 1, TRACE);
	found_right(f, 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	/* nor one found wrong, nor one of our own, nor one whose window is over */
	node_post(f, 2, NODE_SELF, 3);
	node_post(f, 3, NODE_CLAIMANT, 3);
	f->now_s = NODE_WINDOW_END_S + 1;
	found_right(f, 3);
	assert_false(duty(f, GS_DUTIES_FN_ATTEST));
}

/* 10 of 100 may be locked: two attestations of 4 fit, a third does not, signed or planned. */
static void the_locked_share_holds(void **state)
{
	struct node_fixture *f = *state;

	attest_all(f);
	for (uint64_t claim = 1; claim <= 4; claim++)
		node_post(f, claim, NODE_CLAIMANT, 3);
	found_right(f, 1);
	assert_true(duty(f, GS_DUTIES_FN_ATTEST));
	node_sign(f, 0x77);
	attested(f, 1, NODE_SELF, STAKE);
	locked(f, STAKE);
	attested(f, 4, OTHER, 1000); /* another's do not count */
	found_right(f, 2);
	found_right(f, 3); /* while the second is only planned */
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	node_tick(f);
	gs_node_close(f->node); /* what was planned is prepared again */
	node_open(f);
	assert_true(duty(f, GS_DUTIES_FN_ATTEST));
	node_sign(f, 0x78);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

static void an_audited_claim_is_reported_then_collected(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_hash reported[] = {gs_duties_event_reported, {{0}}, node_word_of(NODE_SELF)};
	const struct gs_u256 stakes[] = {number(STAKE), number(STAKE)};
	struct gs_hash topics[3];
	const struct gs_node_effect *e;
	struct gs_bytes data;
	uint64_t end_s;

	attest_all(f);
	node_post(f, 1, NODE_CLAIMANT, 3);
	found_right(f, 1);
	node_sign(f, 0x77);
	attested(f, 1, NODE_SELF, STAKE);
	published(f, 1, TRACE);
	finalized(f, 1);
	end_s = f->head.time.unix_s;
	e = node_prepare(f, &f->options.contracts.duties, GS_DUTIES_FN_REPORT);
	assert_non_null(e);
	data = gs_node_effect_data(&f->effects, e);
	assert_int_equal(data.len, 4 + 7 * 32);
	assert_int_equal(data.ptr[4 + 6 * 32], TRACE);
	node_sign(f, 0x78);
	memcpy(topics, reported, sizeof(topics));
	topics[1] = node_claim(1);
	node_log(f, &f->options.contracts.duties, topics, 3, stakes, 2);
	f->now_s = end_s + REPORT_S;
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* others may still report in this second */
	f->now_s++;
	node_tick(f);
	e = node_prepare(f, &f->options.contracts.duties, GS_DUTIES_FN_COLLECT);
	assert_non_null(e);
	data = gs_node_effect_data(&f->effects, e);
	assert_int_equal(data.ptr[4 + 7 * 32 - 1], NODE_SELF);
	node_sign(f, 0x79);
	topics[0] = gs_duties_event_collected;
	node_log(f, &f->options.contracts.duties, topics, 3, stakes, 2);
	f->now_s += 1000;
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
}

/* A published root that is not ours cannot be reported: the contract would refuse it. The stake comes back when it can. */
static void another_root_is_not_reported(void **state)
{
	struct node_fixture *f = *state;

	attest_all(f);
	node_post(f, 1, NODE_CLAIMANT, 3);
	found_right(f, 1);
	node_sign(f, 0x77);
	attested(f, 1, NODE_SELF, STAKE);
	published(f, 1, TRACE + 1);
	finalized(f, 1);
	assert_null(node_effect(f, GS_EFFECT_PREPARE));
	f->now_s = f->head.time.unix_s + REPORT_S + 1;
	node_tick(f);
	assert_true(duty(f, GS_DUTIES_FN_COLLECT));
}

static void every_other_end_gives_the_stake_back(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_hash *const ends[] = {&gs_claims_event_finalized, &gs_claims_event_invalidated,
	                                      &gs_claims_event_released};

	attest_all(f);
	for (uint64_t claim = 1; claim <= GS_ARRAY_LEN(ends); claim++) {
		node_post(f, claim, NODE_CLAIMANT, 3);
		attested(f, claim, NODE_SELF, 1);
		assert_null(node_effect(f, GS_EFFECT_PREPARE));
		of_claim(f, &f->options.contracts.claims, ends[claim - 1], claim, NULL, 0);
		assert_true(duty(f, GS_DUTIES_FN_COLLECT));
		node_sign(f, (uint8_t)(0x70 + claim));
	}
}

/* The transaction that the others wait for comes first: an endpoint that answers only some requests must not starve it. */
static void transactions_are_tended_by_nonce(void **state)
{
	struct node_fixture *f = *state;
	static const uint8_t hashes[] = {0x90, 0x10, 0x50};
	struct gs_node_input nonce = {.kind = GS_INPUT_NONCE};
	uint64_t watched = 0;

	attest_all(f);
	for (uint64_t claim = 1; claim <= GS_ARRAY_LEN(hashes); claim++) {
		node_post(f, claim, NODE_CLAIMANT, 3);
		attested(f, claim, NODE_SELF, 1);
		of_claim(f, &f->options.contracts.claims, &gs_claims_event_invalidated, claim, NULL, 0);
		nonce.as.nonce.pending = nonce.as.nonce.mined = node_effect(f, GS_EFFECT_PREPARE)->nonce + 1;
		node_sign(f, hashes[claim - 1]);
	}
	node_tick(f);
	node_feed(f, &nonce); /* all are mined */
	node_tick(f);
	for (size_t i = 0; i < f->effects.count; i++) {
		const struct gs_hash expected = node_hash(hashes[watched % GS_ARRAY_LEN(hashes)]);
		if (f->effects.effect[i].kind != GS_EFFECT_WATCH)
			continue;
		assert_true(gs_hash_equal(&f->effects.effect[i].hash, &expected));
		watched++;
	}
	assert_int_equal(watched, GS_ARRAY_LEN(hashes));
}

/* Where there is never going to be a verdict, a claimant that is gone must not keep our stake locked: anybody may release the claim. */
static void a_claim_without_a_verdict_is_released(void **state)
{
	struct node_fixture *f = *state;
	const struct gs_hash voided[] = {gs_models_event_voided, node_hash(NODE_MODEL), node_word_of(NODE_CLAIMANT)};
	const struct gs_u256 rule = gs_u256_from_u64(3);

	attest_all(f);
	node_post(f, 1, NODE_CLAIMANT, 3);
	node_post(f, 2, NODE_CLAIMANT, 3);
	attested(f, 2, NODE_SELF, STAKE);
	node_log(f, &f->options.contracts.models, voided, 3, &rule, 1);
	assert_non_null(node_prepare(f, &f->options.contracts.claims, GS_CLAIMS_FN_RELEASE));
	node_sign(f, 0x77);
	node_tick(f);
	assert_null(node_effect(f, GS_EFFECT_PREPARE)); /* the other claim holds nothing of ours */
	of_claim(f, &f->options.contracts.claims, &gs_claims_event_released, 2, NULL, 0);
	assert_true(duty(f, GS_DUTIES_FN_COLLECT));
}

/* A reorg that takes the attestation away brings the intent back to be mined again; one that takes finality away, the wait. */
static void a_reorg_takes_it_back(void **state)
{
	struct node_fixture *f = *state;
	struct gs_node_input header = {.kind = GS_INPUT_HEADER}, logs = {.kind = GS_INPUT_LOGS};

	attest_all(f);
	node_post(f, 1, NODE_CLAIMANT, 3);
	attested(f, 1, NODE_SELF, STAKE);
	finalized(f, 1);
	assert_true(duty(f, GS_DUTIES_FN_COLLECT));
	node_sign(f, 0x77);
	/* another block in the place of the one with the finality, and one on top */
	const struct gs_head parent = {.number = f->head.number - 1, .hash = f->head.parent, .time = f->head.time};
	header.as.header = (struct gs_head){
		.number = parent.number + 1, .hash = node_hash(0x99), .parent = parent.hash, .time = f->head.time};
	node_feed(f, &header);
	logs.as.logs.block = header.as.header.hash;
	node_feed(f, &logs);
	f->head = header.as.header;
	node_tick(f);
	struct gs_node_summary s;
	assert_int_equal(gs_node_summarise(f->node, &s, NULL), GS_OK);
	assert_int_equal(s.open, 1);
	assert_int_equal(s.attested, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(income_is_the_fee_by_stake),
		cmocka_unit_test(gas_must_be_worth_it),
		cmocka_unit_test(stake_has_its_bounds),
		cmocka_unit_test_setup_teardown(a_valid_claim_is_attested, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_crash_attests_once, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(what_is_public_is_not_attested, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(the_locked_share_holds, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(an_audited_claim_is_reported_then_collected, node_set_up,
	                                        node_tear_down),
		cmocka_unit_test_setup_teardown(another_root_is_not_reported, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_claim_without_a_verdict_is_released, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(transactions_are_tended_by_nonce, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(every_other_end_gives_the_stake_back, node_set_up, node_tear_down),
		cmocka_unit_test_setup_teardown(a_reorg_takes_it_back, node_set_up, node_tear_down),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
