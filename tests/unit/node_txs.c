/* tests/unit/node_txs.c: see node_txs.h */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/node_txs.h"
#include "validator/node/node_state.h"

int node_txs_set_up(void **state)
{
	int failed = node_set_up(state);
	struct node_fixture *f = *state;

	f->options.fees.bump_blocks = NODE_BUMP;
	f->options.fees.close_s = 60;
	f->options.settle_blocks = 200;
	gs_node_close(f->node);
	node_open(f);
	return failed;
}

void node_txs_reopen(struct node_fixture *f)
{
	gs_node_close(f->node);
	node_open(f);
}

void node_sign_this(struct node_fixture *f, const struct gs_node_effect *e, uint8_t tx, uint64_t max_fee, uint64_t tip)
{
	struct gs_node_input in = {.kind = GS_INPUT_PREPARED};
	uint8_t raw[] = {'t', 'x', tx};

	assert_non_null(e);
	in.as.prepared.intent = e->hash;
	in.as.prepared.nonce = e->nonce;
	in.as.prepared.tx = node_hash(tx);
	in.as.prepared.raw = (struct gs_bytes){raw, sizeof(raw)};
	in.as.prepared.max_fee = gs_wei_from_u64(max_fee);
	in.as.prepared.tip = gs_wei_from_u64(tip);
	in.as.prepared.gas_limit = e->gas ? e->gas : NODE_GAS;
	node_feed(f, &in);
	const struct gs_node_effect *sent = node_effect(f, GS_EFFECT_SEND);
	assert_non_null(sent);
	assert_memory_equal(gs_node_effect_data(&f->effects, sent).ptr, raw, sizeof(raw));
}

void node_sign_at(struct node_fixture *f, uint8_t tx, uint64_t max_fee, uint64_t tip)
{
	node_sign_this(f, node_effect(f, GS_EFFECT_PREPARE), tx, max_fee, tip);
}

void node_refuse(struct node_fixture *f, enum gs_tx_refusal kind)
{
	struct gs_node_input in = {.kind = GS_INPUT_REFUSED};

	in.as.refused.intent = node_effect(f, GS_EFFECT_PREPARE)->hash;
	in.as.refused.kind = kind;
	in.as.refused.reason = "said so";
	node_feed(f, &in);
}

void node_receipt_of(struct node_fixture *f, uint8_t tx, bool success, uint64_t cost)
{
	struct gs_node_input in = {.kind = GS_INPUT_RECEIPT};

	in.as.receipt.tx = node_hash(tx);
	in.as.receipt.success = success;
	in.as.receipt.block_number = f->head.number;
	in.as.receipt.block_hash = f->head.hash;
	in.as.receipt.cost = gs_wei_from_u64(cost);
	node_feed(f, &in);
}

void node_blocks(struct node_fixture *f, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		node_block(f, 0x11, NULL, 0);
}

unsigned node_count(const struct node_fixture *f, enum gs_node_effect_kind kind, uint8_t tx)
{
	const struct gs_hash hash = node_hash(tx);
	unsigned n = 0;

	for (size_t i = 0; i < f->effects.count; i++)
		n += f->effects.effect[i].kind == kind && gs_hash_equal(&f->effects.effect[i].hash, &hash);
	return n;
}

struct gs_node_summary node_summary_of(struct node_fixture *f)
{
	struct gs_node_summary s;

	assert_int_equal(gs_node_summarise(f->node, &s, NULL), GS_OK);
	return s;
}

void node_wrong_claim(struct node_fixture *f, uint64_t claim)
{
	node_post(f, claim, NODE_CLAIMANT, 3);
	node_executed(f, claim, true, node_hash(0x33), node_hash(0x33));
}

void node_of_claim(struct node_fixture *f, const struct gs_hash *event, uint64_t claim)
{
	const struct gs_hash topics[] = {*event, node_claim(claim)};

	node_log(f, &f->options.contracts.claims, topics, 2, NULL, 0);
}

void node_assert_transfer_to_self(const struct node_fixture *f, uint64_t nonce)
{
	const struct gs_node_effect *e = node_effect(f, GS_EFFECT_PREPARE);

	assert_non_null(e);
	assert_int_equal(e->nonce, nonce);
	assert_int_equal(e->gas, 21000);
	assert_int_equal(e->data_len, 0);
	assert_true(gs_address_equal(&e->to, &f->options.self));
}

size_t node_place_of(const struct node_fixture *f, enum gs_node_effect_kind kind, uint8_t tx)
{
	const struct gs_hash hash = node_hash(tx);
	size_t i = 0;

	while (i < f->effects.count &&
	       !(f->effects.effect[i].kind == kind && gs_hash_equal(&f->effects.effect[i].hash, &hash)))
		i++;
	assert_true(i < f->effects.count);
	return i;
}

void node_nonce_is(struct node_fixture *f, uint64_t pending)
{
	struct gs_node_input in = {.kind = GS_INPUT_NONCE};

	in.as.nonce.pending = pending;
	node_feed(f, &in);
}
