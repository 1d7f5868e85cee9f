#include "tests/unit/node_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"

static struct gs_hash claim_id[NODE_CLAIMS_MAX];

static const struct gs_prover *no_prover(void *self, const struct gs_hash *claim)
{
	(void)self;
	(void)claim;
	return NULL;
}

struct gs_address node_address(uint8_t n)
{
	struct gs_address a;

	memset(a.b, n, sizeof(a.b));
	return a;
}

struct gs_hash node_hash(uint8_t n)
{
	struct gs_hash h;

	memset(h.b, n, sizeof(h.b));
	return h;
}

struct gs_hash node_word_of(uint8_t account)
{
	struct gs_hash h = {{0}};

	memset(h.b + 12, account, 20);
	return h;
}

void node_feed(struct node_fixture *f, struct gs_node_input *in)
{
	struct gs_error error = {0};

	in->now.unix_s = f->now_s;
	if (gs_node_step(f->node, in, &f->effects, &error) != GS_OK)
		fail_msg("%s", error.text);
}

void node_tick(struct node_fixture *f)
{
	struct gs_node_input timer = {.kind = GS_INPUT_TIMER};

	node_feed(f, &timer);
}

const struct gs_node_effect *node_effect(const struct node_fixture *f, enum gs_node_effect_kind kind)
{
	for (size_t i = 0; i < f->effects.count; i++)
		if (f->effects.effect[i].kind == kind)
			return &f->effects.effect[i];
	return NULL;
}

const struct gs_node_effect *node_prepare(const struct node_fixture *f, const struct gs_address *to, uint32_t selector)
{
	const struct gs_node_effect *e = node_effect(f, GS_EFFECT_PREPARE);

	if (!e || !gs_address_equal(&e->to, to) || gs_be32_read(gs_node_effect_data(&f->effects, e).ptr) != selector)
		return NULL;
	return e;
}

void node_sign(struct node_fixture *f, uint8_t tx)
{
	const struct gs_node_effect *e = node_effect(f, GS_EFFECT_PREPARE);
	struct gs_node_input in = {.kind = GS_INPUT_PREPARED};

	assert_non_null(e);
	in.as.prepared.intent = e->hash;
	in.as.prepared.nonce = e->nonce;
	in.as.prepared.tx = node_hash(tx);
	in.as.prepared.raw = (struct gs_bytes){(const uint8_t *)"signed", 6};
	node_feed(f, &in);
}

void node_open(struct node_fixture *f)
{
	struct gs_node_input in = {.kind = GS_INPUT_START, .as.start.nonce = 5};

	assert_int_equal(gs_node_open(&f->options, &f->store, &f->surroundings, NULL, &f->node, NULL), GS_OK);
	node_feed(f, &in);
}

void node_next_head(struct node_fixture *f, uint8_t branch)
{
	f->head.parent = f->head.hash;
	f->head.number++;
	f->head.time.unix_s++;
	memset(f->head.hash.b, branch, 32);
	gs_be64_write(f->head.hash.b, f->head.number);
}

void node_block(struct node_fixture *f, uint8_t branch, const struct gs_log_entry *entries, size_t count)
{
	struct gs_node_input header = {.kind = GS_INPUT_HEADER}, logs = {.kind = GS_INPUT_LOGS};
	const struct gs_node_effect *wanted;

	node_next_head(f, branch);
	header.as.header = f->head;
	node_feed(f, &header);
	wanted = node_effect(f, GS_EFFECT_FETCH_LOGS);
	assert_non_null(wanted);
	assert_true(gs_hash_equal(&wanted->hash, &f->head.hash));
	logs.as.logs.block = f->head.hash;
	logs.as.logs.entries = entries;
	logs.as.logs.count = count;
	node_feed(f, &logs);
	assert_null(
		node_effect(f, GS_EFFECT_EXECUTE)); /* nothing is decided on blocks that others may follow at once */
	node_tick(f);
}

void node_log(struct node_fixture *f, const struct gs_address *contract, const struct gs_hash *topics,
              size_t topic_count, const struct gs_u256 *words, size_t count)
{
	struct gs_log_entry log = {.address = *contract, .topic_count = topic_count};
	uint8_t data[8 * GS_ABI_WORD];

	assert_true(count <= 8 && topic_count <= 4);
	memcpy(log.topics, topics, topic_count * sizeof(*topics));
	for (size_t i = 0; i < count; i++)
		gs_u256_to_be(&words[i], data + i * GS_ABI_WORD);
	log.data = (struct gs_bytes){data, count * GS_ABI_WORD};
	node_block(f, 0x11, &log, 1);
}

void node_register_as(struct node_fixture *f, uint8_t registrant, const struct gs_header *header)
{
	struct gs_log_entry log = {.address = f->options.contracts.models, .topic_count = 3};
	uint8_t words[GS_HEADER_BYTES];
	struct gs_abi_writer w;
	struct gs_buf data;

	gs_header_encode(header, words);
	log.topics[0] = gs_models_event_registered;
	log.topics[1] = node_hash(NODE_MODEL);
	log.topics[2] = node_word_of(registrant);
	gs_buf_init(&data, 4096);
	gs_abi_begin(&w, &data, 18);
	for (size_t i = 0; i < GS_HEADER_BYTES; i += GS_ABI_WORD)
		gs_abi_put_word(&w, words + i);
	gs_abi_put_bytes(&w, (struct gs_bytes){NULL, 0});
	gs_abi_end(&w);
	log.data = gs_buf_view(&data);
	node_block(f, 0x11, &log, 1);
	gs_buf_free(&data);
}

void node_register(struct node_fixture *f, uint8_t registrant)
{
	const struct gs_header header = {.law = 1,
	                                 .lowering = 1,
	                                 .instructions = 3,
	                                 .inputs_chunks = 1,
	                                 .trace_depth = 7,
	                                 .outputs = 1,
	                                 .cost = 3};

	node_register_as(f, registrant, &header);
}

void node_deposit(struct node_fixture *f, uint64_t amount)
{
	const struct gs_hash topics[] = {gs_stakes_event_deposited, node_word_of(NODE_SELF)};
	const struct gs_u256 word = gs_u256_from_u64(amount);

	node_log(f, &f->options.contracts.stakes, topics, 2, &word, 1);
}

int node_set_up(void **state)
{
	struct node_fixture *f = calloc(1, sizeof(*f));
	struct gs_node_input in = {.kind = GS_INPUT_HEADER};

	strcpy(f->dir, "/tmp/gs_node_XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(gs_store_open(f->dir, NULL, &f->db, NULL), GS_OK);
	f->store = gs_store_port(f->db);
	f->now_s = NODE_START_S;
	f->options = (struct gs_node_options){
		.check_agenda = true,
		.contracts = {.stakes = node_address(1),
	                      .models = node_address(2),
	                      .claims = node_address(3),
	                      .disputes = node_address(4),
	                      .batches = node_address(5),
	                      .duties = node_address(6)},
		.self = node_address(NODE_SELF),
		.validate = true,
		.finalise = true,
		.resend_s = 10,
		.bonds = {.challenger_bond = gs_wei_from_u64(NODE_BOND), .concede_bps = 5000, .burn_bps = 5000},
		.claimant_budget_s = 100,
		.challenger_budget_s = 100,
		.minimum_time_s = 10,
	};
	f->surroundings = (struct gs_node_surroundings){.prover = no_prover, .draw = node_draw};
	f->options.sampling.rate_ppm = 1000 * 1000;
	f->options.sampling.certain_above = gs_wei_from_u64(1000);
	assert_int_equal(gs_node_effects_init(&f->effects), GS_OK);
	node_open(f);
	f->head = (struct gs_head){.number = 100, .hash = node_hash(0xaa), .time = {NODE_START_S}};
	in.as.header = f->head;
	node_feed(f, &in);
	node_register(f, NODE_REGISTRANT);
	node_deposit(f, NODE_STAKE);
	*state = f;
	return 0;
}

int node_tear_down(void **state)
{
	struct node_fixture *f = *state;
	char command[128];

	gs_node_close(f->node);
	gs_node_effects_free(&f->effects);
	gs_store_close(f->db);
	snprintf(command, sizeof(command), "rm -r %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* A lot for each source, without a proof. */
enum gs_err node_draw(void *self, const struct gs_sample_source *source, struct gs_sample_lot *out)
{
	(void)self;
	*out = (struct gs_sample_lot){.output = source->of};
	out->output.b[31] ^= source->kind;
	return GS_OK;
}

/* --- claims --- */

void node_body(uint64_t claim, uint8_t claimant, uint64_t value, struct gs_claim_body *out)
{
	const struct gs_u256 salt = gs_u256_from_u64(claim);

	*out = (struct gs_claim_body){.lot = gs_claim_lot(&salt, gs_wei_from_u64(value)),
	                              .claimant = node_address(claimant),
	                              .model_id = node_hash(NODE_MODEL),
	                              .input_root = {{1}},
	                              .output_root = {{2}}};
}

struct gs_hash node_claim(uint64_t claim)
{
	assert_true(claim < NODE_CLAIMS_MAX);
	return claim_id[claim];
}

void node_rename(uint64_t claim, const struct gs_hash *id)
{
	assert_true(claim < NODE_CLAIMS_MAX);
	claim_id[claim] = *id;
}

struct gs_log_entry node_posted(const struct node_fixture *f, struct gs_buf *data, uint64_t claim, uint8_t claimant,
                                uint64_t value)
{
	const struct gs_terms terms = {.minimum_bond = gs_wei_from_u64(70),
	                               .minimum_fee = gs_wei_from_u64(5),
	                               .bond_bps = 5000,
	                               .fee_bps = 100,
	                               .window_s = 60,
	                               .version = 3};
	struct gs_log_entry log = {.address = f->options.contracts.claims, .topic_count = 4};
	struct gs_claim_body body;
	struct gs_abi_writer w;
	struct gs_u256 word;

	assert_true(claim < NODE_CLAIMS_MAX);
	node_body(claim, claimant, value, &body);
	gs_claim_id(f->options.contracts.chain_id, &f->options.contracts.claims, &body, &claim_id[claim]);
	gs_terms_encode(&terms, &word);
	log.topics[0] = gs_claims_event_posted;
	log.topics[1] = claim_id[claim];
	log.topics[2] = node_word_of(claimant);
	log.topics[3] = body.model_id;
	gs_buf_init(data, 65536);
	gs_abi_begin(&w, data, 8);
	gs_abi_put_hash(&w, &body.input_root);
	gs_abi_put_hash(&w, &body.output_root);
	gs_abi_put_u256(&w, &body.lot);
	gs_abi_put_hash(&w, &body.batch);
	gs_abi_put_u256(&w, &word);
	gs_abi_put_u64(&w, NODE_WINDOW_END_S);
	gs_abi_put_bytes(&w, (struct gs_bytes){(const uint8_t *)"input", 5});
	gs_abi_put_bytes(&w, (struct gs_bytes){(const uint8_t *)"output!", 7});
	gs_abi_end(&w);
	log.data = gs_buf_view(data);
	return log;
}

void node_post(struct node_fixture *f, uint64_t claim, uint8_t claimant, uint64_t value)
{
	struct gs_buf data;
	struct gs_log_entry log = node_posted(f, &data, claim, claimant, value);

	node_block(f, 0x11, &log, 1);
	gs_buf_free(&data);
}

void node_executed(struct node_fixture *f, uint64_t claim, bool computed, struct gs_hash root, struct gs_hash reference)
{
	struct gs_node_input in = {.kind = GS_INPUT_EXECUTED};

	in.as.executed.claim = node_claim(claim);
	in.as.executed.computed = computed;
	in.as.executed.output_root = root;
	in.as.executed.reference_root = reference;
	in.as.executed.reason = computed ? "" : "no such model";
	node_feed(f, &in);
}

struct gs_verdict_record node_verdict(struct node_fixture *f, uint64_t claim)
{
	const struct gs_hash id = node_claim(claim);
	struct gs_verdict_record verdict = {0};
	struct gs_store_txn *txn;
	struct gs_bytes value;

	assert_int_equal(f->store.begin(f->store.self, GS_STORE_READ, &txn, NULL), GS_OK);
	assert_int_equal(f->store.get(txn, GS_TABLE_VERDICTS, (struct gs_bytes){id.b, 32}, &value, NULL), GS_OK);
	assert_int_equal(gs_verdict_decode(value, &verdict), GS_OK);
	f->store.abort(txn);
	return verdict;
}

/* --- batches --- */

void node_batch_leaves(uint32_t count, struct gs_buf *out)
{
	gs_buf_init(out, GS_BATCH_LEAVES_MAX * GS_BATCH_LEAF_BYTES);
	for (uint32_t i = 0; i < count; i++) {
		const struct gs_batch_leaf leaf = {
			.value = gs_wei_from_u64(3), .input_root = {{1}}, .output_root = {{(uint8_t)(2 + i)}}};
		uint8_t bytes[GS_BATCH_LEAF_BYTES];
		gs_batch_leaf_write(&leaf, bytes);
		gs_buf_append(out, bytes, sizeof(bytes));
	}
}

struct gs_log_entry node_batch_posted(const struct node_fixture *f, uint64_t salt, uint8_t claimant, uint32_t count,
                                      struct gs_buf *data, struct gs_hash *id)
{
	const struct gs_terms terms = {.minimum_bond = gs_wei_from_u64(70), .window_s = 60, .version = 3};
	struct gs_log_entry log = {.address = f->options.contracts.batches, .topic_count = 4};
	struct gs_batch_name name = {.claimant = node_address(claimant),
	                             .salt = salt,
	                             .count = count,
	                             .kind = GS_BATCH_CALLDATA,
	                             .model = node_hash(NODE_MODEL)};
	struct gs_abi_writer w;
	struct gs_buf leaves;
	struct gs_u256 word;

	node_batch_leaves(count, &leaves);
	assert_int_equal(gs_batch_tree(&name.model, gs_buf_view(&leaves), 0, &name.root, NULL, NULL), GS_OK);
	gs_batch_id(f->options.contracts.chain_id, &f->options.contracts.batches, &name, id);
	gs_terms_encode(&terms, &word);
	log.topics[0] = gs_batches_event_batch_posted;
	log.topics[1] = *id;
	log.topics[2] = node_word_of(claimant);
	log.topics[3] = name.model;
	gs_buf_init(data, 65536);
	gs_abi_begin(&w, data, 6);
	gs_abi_put_hash(&w, &name.root);
	gs_abi_put_u64(&w, count);
	gs_abi_put_u64(&w, salt);
	gs_abi_put_u256(&w, &word);
	gs_abi_put_u64(&w, NODE_WINDOW_END_S);
	gs_abi_put_bytes(&w, gs_buf_view(&leaves));
	gs_abi_end(&w);
	gs_buf_free(&leaves);
	log.data = gs_buf_view(data);
	return log;
}

void node_post_batch(struct node_fixture *f, uint64_t salt, uint8_t claimant, uint32_t count, struct gs_hash *id)
{
	struct gs_buf data;
	struct gs_log_entry log = node_batch_posted(f, salt, claimant, count, &data, id);

	node_block(f, 0x11, &log, 1);
	gs_buf_free(&data);
}

void node_leaf(const struct node_fixture *f, const struct gs_hash *batch, uint8_t claimant, uint32_t index,
               struct gs_claim_body *body, struct gs_hash *claim)
{
	const struct gs_address address = node_address(claimant);
	const struct gs_hash model = node_hash(NODE_MODEL);
	struct gs_batch_leaf leaf;
	struct gs_buf leaves;

	node_batch_leaves(index + 1, &leaves);
	leaf = gs_batch_leaf_read(leaves.ptr + (size_t)index * GS_BATCH_LEAF_BYTES);
	gs_batch_body(batch, &address, &model, index, &leaf, body);
	gs_claim_id(f->options.contracts.chain_id, &f->options.contracts.claims, body, claim);
	gs_buf_free(&leaves);
}

void node_game_opens(struct node_fixture *f, uint64_t claim, uint64_t claimant, uint64_t challenger,
                     uint64_t deadline_s)
{
	const struct gs_hash topics[] = {gs_disputes_event_opened, node_claim(claim), node_word_of(challenger)};
	const struct gs_game_state state = {.claim = node_claim(claim),
	                                    .claimant = node_address(claimant),
	                                    .challenger = node_address(challenger),
	                                    .units = 1,
	                                    .phase = GS_PHASE_COMMIT,
	                                    .deadline = deadline_s,
	                                    .claimant_left = 100,
	                                    .challenger_left = 100};
	uint8_t bytes[GS_GAME_STATE_WORDS * 32];
	struct gs_u256 words[2];

	gs_game_state_encode(&state, bytes);
	for (size_t i = 0; i < GS_ARRAY_LEN(words); i++)
		words[i] = gs_u256_from_be(bytes + 32 * (i + 1));
	node_log(f, &f->options.contracts.disputes, topics, 3, words, GS_ARRAY_LEN(words));
}
