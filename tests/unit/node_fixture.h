/* tests/unit/node_fixture.h: the node's core over the real store, fed by hand: blocks, logs and answers as a daemon would give them. */
#ifndef GS_TESTS_UNIT_NODE_FIXTURE_H
#define GS_TESTS_UNIT_NODE_FIXTURE_H

#include "storage/store.h"
#include "validator/node/node.h"

enum {
	NODE_START_S = 1000,
	NODE_WINDOW_END_S = 2000,
	NODE_REGISTRANT = 7, /* of the model that the set-up registers */
	NODE_SELF = 9,       /* account of the node */
	NODE_CLAIMANT = 8,   /* of others */
	NODE_MODEL = 0x70,
	NODE_STAKE = 100, /* of the node, free at the start */
	NODE_BOND = 10,   /* challengerBond */
	NODE_CLAIMS_MAX = GS_NODE_UNMINED_MAX + 256,
};

struct node_fixture {
	char dir[64];
	struct gs_store_db *db;
	struct gs_store store;
	struct gs_node_options options;
	struct gs_node_surroundings surroundings; /* without a prover and a key, unless a test gives them */
	struct gs_node *node;
	struct gs_node_effects effects;
	struct gs_head head; /* the newest */
	uint64_t now_s;
};

int node_set_up(void **state); /* a model is registered, the node has stake */
int node_tear_down(void **state);
/* Opens (or opens again) the node over the stored state, as a new process would. */
void node_open(struct node_fixture *f);
void node_feed(struct node_fixture *f, struct gs_node_input *in);
void node_tick(struct node_fixture *f);
const struct gs_node_effect *node_effect(const struct node_fixture *f, enum gs_node_effect_kind kind);
void node_next_head(struct node_fixture *f, uint8_t branch);
/* A block on top of the newest with these logs; the node must ask for them by the block's hash. */
void node_block(struct node_fixture *f, uint8_t branch, const struct gs_log_entry *entries, size_t count);

struct gs_address node_address(uint8_t n);
struct gs_hash node_hash(uint8_t n);
struct gs_hash node_word_of(uint8_t account); /* its address as a topic */

void node_deposit(struct node_fixture *f, uint64_t amount);     /* by the node */
void node_register(struct node_fixture *f, uint8_t registrant); /* the model, anew when it was retired */
void node_register_as(struct node_fixture *f, uint8_t registrant, const struct gs_header *header);

/* Claims are called by their salt here. */
void node_body(uint64_t claim, uint8_t claimant, uint64_t value, struct gs_claim_body *out);
struct gs_hash node_claim(uint64_t claim);                  /* its id, once it is posted */
void node_rename(uint64_t claim, const struct gs_hash *id); /* when its body is not node_body's */
struct gs_log_entry node_posted(const struct node_fixture *f, struct gs_buf *data, uint64_t claim, uint8_t claimant,
                                uint64_t value);
void node_post(struct node_fixture *f, uint64_t claim, uint8_t claimant, uint64_t value);
/* One block with one log whose data are these words. */
void node_log(struct node_fixture *f, const struct gs_address *contract, const struct gs_hash *topics,
              size_t topic_count, const struct gs_u256 *words, size_t count);
void node_executed(struct node_fixture *f, uint64_t claim, bool computed, struct gs_hash root,
                   struct gs_hash reference);
struct gs_verdict_record node_verdict(struct node_fixture *f, uint64_t claim);
/* A PREPARE effect for this contract and selector, NULL when there is none. */
const struct gs_node_effect *node_prepare(const struct node_fixture *f, const struct gs_address *to, uint32_t selector);
/* Answers the PREPARE effect that is there as if it were signed, so that the next one can come. */
void node_sign(struct node_fixture *f, uint8_t tx);

/* --- batches in calldata, called by their salt --- */

/* Leaf i is worth 3, its output root begins with 2 + i. */
void node_batch_leaves(uint32_t count, struct gs_buf *out);
/* The event; *data is to be freed after use. */
struct gs_log_entry node_batch_posted(const struct node_fixture *f, uint64_t salt, uint8_t claimant, uint32_t count,
                                      struct gs_buf *data, struct gs_hash *id);
void node_post_batch(struct node_fixture *f, uint64_t salt, uint8_t claimant, uint32_t count, struct gs_hash *id);
/* What leaf `index` would be as a claim. */
void node_leaf(const struct node_fixture *f, const struct gs_hash *batch, uint8_t claimant, uint32_t index,
               struct gs_claim_body *body, struct gs_hash *claim);

/* Of surroundings: the same for the same source. */
enum gs_err node_draw(void *self, const struct gs_sample_source *source, struct gs_sample_lot *out);

/* A game about the claim, which the challenger has opened: the claimant is to move until then. */
void node_game_opens(struct node_fixture *f, uint64_t claim, uint64_t claimant, uint64_t challenger,
                     uint64_t deadline_s);

#endif
