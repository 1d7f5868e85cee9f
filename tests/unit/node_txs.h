/* tests/unit/node_txs.h: a node whose transactions are signed, refused, mined and counted by hand (test_node_txs.c, test_node_nonces.c). */
#ifndef GS_TESTS_UNIT_NODE_TXS_H
#define GS_TESTS_UNIT_NODE_TXS_H

#include "tests/unit/node_fixture.h"

enum { NODE_FIRST_NONCE = 5, NODE_BUMP = 12, NODE_DUE_BUMP = 4 /* a third */, NODE_GAS = 50000 };

int node_txs_set_up(void **state);
void node_txs_reopen(struct node_fixture *f);
/* Answers a PREPARE. */
void node_sign_this(struct node_fixture *f, const struct gs_node_effect *e, uint8_t tx, uint64_t max_fee, uint64_t tip);
/* The one that is there. */
void node_sign_at(struct node_fixture *f, uint8_t tx, uint64_t max_fee, uint64_t tip);
void node_refuse(struct node_fixture *f, enum gs_tx_refusal kind);
void node_receipt_of(struct node_fixture *f, uint8_t tx, bool success, uint64_t cost);
void node_blocks(struct node_fixture *f, unsigned count);
unsigned node_count(const struct node_fixture *f, enum gs_node_effect_kind kind, uint8_t tx);
struct gs_node_summary node_summary_of(struct node_fixture *f);
void node_wrong_claim(struct node_fixture *f, uint64_t claim);
void node_of_claim(struct node_fixture *f, const struct gs_hash *event, uint64_t claim);
void node_assert_transfer_to_self(const struct node_fixture *f, uint64_t nonce);
size_t node_place_of(const struct node_fixture *f, enum gs_node_effect_kind kind, uint8_t tx);
void node_nonce_is(struct node_fixture *f, uint64_t pending);

#endif
