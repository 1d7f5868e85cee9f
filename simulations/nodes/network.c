#include "simulations/nodes/network.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"

enum { TX_HEAD = 1 + 8 + 20, FIRST_BLOCKS = 2, LOST_ONE_IN = 4 /* of a dropped block's transactions */ };
#define LOST_S UINT64_MAX /* not in the pool, until somebody sends it again */

/* ---- the contracts ---- */

static void listen(void *self, const struct gs_sim_chain *claim, const struct gs_sim_report *report)
{
	struct gs_sim_network *n = self;
	if (n->logs != NULL)
		gs_sim_log_report(n->logs, &n->rules.contracts, claim, report);
}

struct gs_sim_chain *gs_sim_network_claim(struct gs_sim_network *n, const struct gs_hash *id)
{
	for (unsigned i = 0; i < n->claims; i++)
		if (gs_hash_equal(&n->claim[i].claim, id))
			return &n->claim[i];
	return NULL;
}

static enum gs_err claim_of(struct gs_sim_network *n, const struct gs_claim_body *body, uint64_t now_s,
                            struct gs_sim_chain **out, struct gs_error *error)
{
	struct gs_hash id;
	gs_claim_id(n->rules.contracts.chain_id, &n->rules.contracts.claims, body, &id);
	*out = gs_sim_network_claim(n, &id);
	if (*out == NULL)
		return gs_fail(error, GS_EINVAL, "UnknownClaim");
	(*out)->now = now_s;
	return GS_OK;
}

static enum gs_err post(struct gs_sim_network *n, unsigned sender, const struct gs_sim_call *call, uint64_t now_s,
                        struct gs_error *error)
{
	struct gs_hash model;
	if (n->claims == GS_SIM_CLAIMS_MAX)
		return gs_fail(error, GS_EINVAL, "TooManyClaims");
	gs_header_model_id(n->rules.header, &model);
	if (!gs_hash_equal(&model, &call->body.model_id))
		return gs_fail(error, GS_EINVAL, "ModelInactive");
	struct gs_sim_chain *c = &n->claim[n->claims];
	*c = (struct gs_sim_chain){.rules = n->rules.rules,
	                           .game_rules = {.header = n->rules.header,
	                                          .body = call->body,
	                                          .claimant_budget_s = n->rules.claimant_budget_s,
	                                          .challenger_budget_s = n->rules.challenger_budget_s,
	                                          .minimum_time_s = n->rules.minimum_time_s},
	                           .now = now_s,
	                           .bank = &n->bank,
	                           .listener = listen,
	                           .listener_self = n};
	c->game_rules.body.claimant = gs_sim_address(sender);
	gs_claim_id(n->rules.contracts.chain_id, &n->rules.contracts.claims, &c->game_rules.body, &c->claim);
	if (gs_sim_network_claim(n, &c->claim) != NULL)
		return gs_fail(error, GS_EINVAL, "ClaimExists");
	enum gs_err err = gs_sim_post(c, sender, gs_claim_lot_value(&call->body.lot), error);
	if (err != GS_OK)
		return err;
	n->claims++;
	if (n->logs != NULL)
		gs_sim_log_posted(n->logs, &n->rules.contracts, c, call->input, call->output);
	return GS_OK;
}

/* The words of the state that the call gives must be the game's; the mover's address is the sender's. */
static bool state_fits(const struct gs_sim_call *call, const struct gs_game_state *state, unsigned sender)
{
	uint8_t words[GS_GAME_STATE_WORDS * 32];
	struct gs_address self = gs_sim_address(sender);
	unsigned mover = gs_move_side(call->move.kind);
	gs_game_state_encode(state, words);
	for (unsigned i = 0; i < GS_GAME_STATE_WORDS; i++) {
		uint8_t given[32];
		if (!(call->given >> i & 1))
			continue;
		memcpy(given, call->word[i], sizeof(given));
		if ((i == 1 && mover == GS_SIDE_CLAIMANT) || (i == 2 && mover == GS_SIDE_CHALLENGER))
			memcpy(given, self.b, sizeof(self.b));
		if (memcmp(given, words + (size_t)i * sizeof(given), sizeof(given)) != 0)
			return false;
	}
	return true;
}

static enum gs_err move(struct gs_sim_network *n, unsigned sender, struct gs_sim_call *call, uint64_t now_s,
                        struct gs_error *error)
{
	struct gs_sim_chain *c = gs_sim_network_claim(n, &call->claim);
	struct gs_game_effects effects;
	unsigned game = (unsigned)gs_be32_read(call->word[1] + 20) >> 16; /* a: claimant 160 | ordinal 16 | ... */
	if (!call->by_claim) { /* the claimant is the state's, or the sender */
		memcpy(call->body.claimant.b, call->word[1], sizeof(call->body.claimant.b));
		if (gs_move_side(call->move.kind) == GS_SIDE_CLAIMANT)
			call->body.claimant = gs_sim_address(sender);
		enum gs_err err = claim_of(n, &call->body, now_s, &c, error);
		if (err != GS_OK)
			return gs_fail(error, GS_EINVAL, "StaleState");
	}
	if (c == NULL || game >= c->games || c->game[game].game.outcome != GS_GAME_OPEN ||
	    !state_fits(call, &c->game[game].game.state, sender))
		return gs_fail(error, GS_EINVAL, "StaleState");
	c->now = now_s;
	return gs_sim_move(c, game, sender, &call->move, &effects, error);
}

static enum gs_err run_call(struct gs_sim_network *n, unsigned sender, struct gs_sim_call *call, uint64_t now_s,
                            struct gs_error *error)
{
	struct gs_sim_chain *c;
	enum gs_err err = GS_OK;
	switch (call->kind) {
	case GS_SIM_CALL_POST: return post(n, sender, call, now_s, error);
	case GS_SIM_CALL_MOVE: return move(n, sender, call, now_s, error);
	case GS_SIM_CALL_FINALIZE:
		err = claim_of(n, &call->body, now_s, &c, error);
		return err == GS_OK ? gs_sim_finalize(c, error) : err;
	case GS_SIM_CALL_RELEASE: /* no model of the simulation is void, and nothing retires */
		err = claim_of(n, &call->body, now_s, &c, error);
		return err == GS_OK ? gs_fail(error, GS_EINVAL, "NotReleasable") : err;
	case GS_SIM_CALL_CHALLENGE:
		err = claim_of(n, &call->body, now_s, &c, error);
		return err == GS_OK ? gs_sim_challenge(c, sender, error) : err;
	}
	return GS_EINVAL;
}

static enum gs_err call_contracts(struct gs_sim_network *n, unsigned sender, const struct gs_address *to,
                                  struct gs_bytes data, uint64_t now_s, struct gs_error *error)
{
	struct gs_sim_call *call = malloc(sizeof(*call));
	if (call == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	enum gs_err err = gs_sim_call_decode(&n->rules.contracts, to, data, call);
	err = err == GS_OK ? run_call(n, sender, call, now_s, error) : gs_fail(error, GS_EINVAL, "not a call");
	free(call);
	return err;
}

enum gs_err gs_sim_network_try(struct gs_sim_network *n, unsigned sender, const struct gs_address *to,
                               struct gs_bytes data, uint64_t now_s, struct gs_error *error)
{
	struct gs_sim_bank bank = n->bank;
	struct gs_sim_logs *logs = n->logs;
	unsigned claims = n->claims;
	struct gs_sim_chain *before = malloc((claims + 1) * sizeof(*before));
	if (before == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	memcpy(before, n->claim, claims * sizeof(*before));
	n->logs = NULL;
	enum gs_err err = call_contracts(n, sender, to, data, now_s, error);
	memcpy(n->claim, before, claims * sizeof(*before));
	n->logs = logs;
	n->claims = claims;
	n->bank = bank;
	free(before);
	return err;
}

/* ---- transactions ---- */

void gs_sim_tx_build(unsigned sender, uint64_t nonce, const struct gs_address *to, struct gs_bytes data,
                     struct gs_buf *out, struct gs_hash *hash)
{
	uint8_t head[TX_HEAD];
	size_t from = out->len;
	head[0] = (uint8_t)sender;
	gs_be64_write(head + 1, nonce);
	memcpy(head + 9, to->b, sizeof(to->b));
	gs_buf_append(out, head, sizeof(head));
	gs_buf_append(out, data.ptr, data.len);
	if (out->err == GS_OK)
		gs_keccak256(out->ptr + from, out->len - from, hash);
}

uint64_t gs_sim_tx_nonce(struct gs_bytes raw)
{
	GS_ASSERT(raw.len >= TX_HEAD);
	return gs_be64_read(raw.ptr + 1);
}

struct gs_bytes gs_sim_tx_call(struct gs_bytes raw, struct gs_address *to)
{
	GS_ASSERT(raw.len >= TX_HEAD);
	memcpy(to->b, raw.ptr + 9, sizeof(to->b));
	return (struct gs_bytes){raw.ptr + TX_HEAD, raw.len - TX_HEAD};
}

static struct gs_sim_tx *find_tx(const struct gs_sim_network *n, const struct gs_hash *hash)
{
	for (unsigned i = n->txs; i-- > 0;)
		if (gs_hash_equal(&n->tx[i]->hash, hash))
			return n->tx[i];
	return NULL;
}

const struct gs_sim_tx *gs_sim_network_tx(const struct gs_sim_network *n, const struct gs_hash *hash)
{
	return find_tx(n, hash);
}

void gs_sim_network_hurry(struct gs_sim_network *n, const struct gs_hash *hash)
{
	struct gs_sim_tx *tx = find_tx(n, hash);
	if (tx != NULL)
		tx->ahead = true;
}

static enum gs_err add_tx(struct gs_sim_network *n, struct gs_bytes raw, const struct gs_hash *hash, uint64_t ready_s)
{
	if (n->txs == n->tx_room) {
		unsigned room = n->tx_room ? 2 * n->tx_room : 64;
		struct gs_sim_tx **grown = realloc(n->tx, room * sizeof(struct gs_sim_tx *));
		if (grown == NULL)
			return GS_ENOMEM;
		n->tx = grown;
		n->tx_room = room;
	}
	struct gs_sim_tx *tx = calloc(1, sizeof(*tx));
	uint8_t *copy = malloc(raw.len);
	if (tx == NULL || copy == NULL) {
		free(tx);
		free(copy);
		return GS_ENOMEM;
	}
	memcpy(copy, raw.ptr, raw.len);
	*tx = (struct gs_sim_tx){.hash = *hash,
	                         .sender = copy[0],
	                         .nonce = gs_be64_read(copy + 1),
	                         .data = {copy + TX_HEAD, raw.len - TX_HEAD},
	                         .raw = {copy, raw.len},
	                         .ready_s = ready_s};
	memcpy(tx->to.b, copy + 9, sizeof(tx->to.b));
	n->tx[n->txs++] = tx;
	return GS_OK;
}

enum gs_err gs_sim_network_send(struct gs_sim_network *n, struct gs_bytes raw, uint64_t ready_s)
{
	struct gs_hash hash;
	GS_ASSERT(raw.len >= TX_HEAD && raw.ptr[0] < n->rules.accounts);
	gs_keccak256(raw.ptr, raw.len, &hash);
	struct gs_sim_tx *known = find_tx(n, &hash);
	if (gs_be64_read(raw.ptr + 1) < n->nonce[raw.ptr[0]])
		return GS_ECONFLICT;
	if (known != NULL && known->ready_s == LOST_S)
		known->ready_s = ready_s;
	return known != NULL ? GS_OK : add_tx(n, raw, &hash, ready_s);
}

uint64_t gs_sim_network_pending_nonce(const struct gs_sim_network *n, unsigned account)
{
	uint64_t nonce = n->nonce[account];
	for (bool more = true; more;) {
		more = false;
		for (unsigned i = 0; i < n->txs && !more; i++)
			more = !n->tx[i]->mined && n->tx[i]->ready_s != LOST_S && n->tx[i]->sender == account &&
			       n->tx[i]->nonce == nonce;
		nonce += more;
	}
	return nonce;
}

/* ---- blocks ---- */

static void genesis_state(struct gs_sim_network *n)
{
	n->claims = 0;
	n->bank = (struct gs_sim_bank){.accounts = 0};
	memset(n->nonce, 0, sizeof(n->nonce));
	for (unsigned a = 0; a < n->rules.accounts; a++)
		(void)gs_sim_account_new(&n->bank, n->rules.deposit[a]);
}

static void execute(struct gs_sim_network *n, struct gs_sim_tx *tx, uint64_t block, uint64_t now_s)
{
	struct gs_error error = {0};
	size_t logs = n->logs != NULL ? n->logs->count : 0;
	tx->mined = true;
	tx->block = block;
	tx->success = call_contracts(n, tx->sender, &tx->to, tx->data, now_s, &error) == GS_OK;
	memcpy(tx->why, error.text, sizeof(tx->why) - 1);
	n->nonce[tx->sender]++;
	for (size_t i = logs; n->logs != NULL && i < n->logs->count; i++)
		n->logs->entry[i].tx_hash = tx->hash;
}

static enum gs_err new_block(struct gs_sim_network *n, struct gs_sim_block **out)
{
	if (n->blocks == n->block_room) {
		size_t room = n->block_room ? 2 * n->block_room : 64;
		struct gs_sim_block *grown = realloc(n->block, room * sizeof(*grown));
		if (grown == NULL)
			return GS_ENOMEM;
		n->block = grown;
		n->block_room = room;
	}
	struct gs_sim_block *b = &n->block[n->blocks];
	*b = (struct gs_sim_block){.tx = calloc(n->txs + 1, sizeof(unsigned))};
	if (b->tx == NULL)
		return GS_ENOMEM;
	gs_sim_logs_init(&b->logs);
	*out = b;
	return GS_OK;
}

static void name_block(struct gs_sim_network *n, struct gs_sim_block *b, uint64_t now_s)
{
	struct gs_keccak k;
	uint8_t words[24];
	b->head.number = n->blocks;
	b->head.time.unix_s = now_s;
	if (n->blocks > 0)
		b->head.parent = n->block[n->blocks - 1].head.hash;
	gs_be64_write(words, b->head.number);
	gs_be64_write(words + 8, now_s);
	gs_be64_write(words + 16, n->branch);
	gs_keccak_init(&k);
	gs_keccak_update(&k, b->head.parent.b, sizeof(b->head.parent.b));
	gs_keccak_update(&k, words, sizeof(words));
	for (unsigned i = 0; i < b->txs; i++)
		gs_keccak_update(&k, n->tx[b->tx[i]]->hash.b, sizeof(n->tx[b->tx[i]]->hash.b));
	gs_keccak_final(&k, &b->head.hash);
	gs_sim_logs_seal(&b->logs, b->head.number, &b->head.hash);
}

/* Block 0 is empty, since a node takes nothing out of the first block that it sees. */
static enum gs_err first_blocks(struct gs_sim_network *n)
{
	struct gs_sim_block *b;
	enum gs_err err = new_block(n, &b);
	if (err != GS_OK)
		return err;
	name_block(n, b, GS_SIM_GENESIS_S - n->rules.block_s);
	n->blocks++;
	genesis_state(n);
	if ((err = new_block(n, &b)) != GS_OK)
		return err;
	for (unsigned a = 0; a < n->rules.accounts; a++)
		gs_sim_log_deposited(&b->logs, &n->rules.contracts, a, n->rules.deposit[a]);
	gs_sim_log_registered(&b->logs, &n->rules.contracts, n->rules.registrant, n->rules.header);
	name_block(n, b, GS_SIM_GENESIS_S);
	n->blocks++;
	return b->logs.err;
}

enum gs_err gs_sim_network_open(const struct gs_sim_network_rules *rules, uint64_t seed, struct gs_sim_network *out)
{
	memset(out, 0, sizeof(*out));
	out->rules = *rules;
	gs_rng_seed(&out->rng, seed);
	return first_blocks(out);
}

void gs_sim_network_close(struct gs_sim_network *n)
{
	for (size_t i = 0; i < n->blocks; i++) {
		free(n->block[i].tx);
		gs_sim_logs_free(&n->block[i].logs);
	}
	for (unsigned i = 0; i < n->txs; i++) {
		free((void *)(uintptr_t)n->tx[i]->raw.ptr);
		free(n->tx[i]);
	}
	free(n->block);
	free(n->tx);
	memset(n, 0, sizeof(*n));
}

/* Those that are ready, in the order in which they came. Whether there were any. */
static bool take_ready(struct gs_sim_network *n, struct gs_sim_block *b, bool ahead, uint64_t now_s)
{
	bool any = false;
	for (unsigned i = 0; i < n->txs; i++) {
		struct gs_sim_tx *tx = n->tx[i];
		if (tx->mined || tx->ahead != ahead || tx->ready_s > now_s || tx->nonce != n->nonce[tx->sender] ||
		    (n->admit != NULL && !n->admit(n->admit_self, tx)))
			continue;
		execute(n, tx, n->blocks, now_s);
		b->tx[b->txs++] = i;
		any = true;
	}
	return any;
}

enum gs_err gs_sim_network_mine(struct gs_sim_network *n, uint64_t now_s)
{
	struct gs_sim_block *b;
	enum gs_err err = new_block(n, &b);
	if (err != GS_OK)
		return err;
	n->logs = &b->logs;
	for (bool more = true; more;) /* a nonce may make the next one's turn come */
		more = take_ready(n, b, true, now_s) || take_ready(n, b, false, now_s);
	n->logs = NULL;
	name_block(n, b, now_s);
	n->blocks++;
	return b->logs.err;
}

enum gs_err gs_sim_network_drop(struct gs_sim_network *n, uint64_t depth, uint64_t delay_s, uint64_t now_s)
{
	n->branch++;
	for (; depth > 0 && n->blocks > FIRST_BLOCKS; depth--) {
		struct gs_sim_block *b = &n->block[--n->blocks];
		for (unsigned i = 0; i < b->txs; i++) {
			struct gs_sim_tx *tx = n->tx[b->tx[i]];
			tx->mined = false;
			tx->ready_s = now_s + (delay_s > 0 ? gs_rng_below(&n->rng, delay_s + 1) : 0);
			if (gs_rng_below(&n->rng, LOST_ONE_IN) == 0)
				tx->ready_s = LOST_S;
		}
		free(b->tx);
		gs_sim_logs_free(&b->logs);
	}
	genesis_state(n);
	for (size_t i = FIRST_BLOCKS; i < n->blocks; i++)
		for (unsigned t = 0; t < n->block[i].txs; t++)
			execute(n, n->tx[n->block[i].tx[t]], i, n->block[i].head.time.unix_s);
	return GS_OK;
}

const struct gs_sim_block *gs_sim_network_newest(const struct gs_sim_network *n)
{
	return &n->block[n->blocks - 1];
}

const struct gs_sim_block *gs_sim_network_block(const struct gs_sim_network *n, uint64_t number)
{
	return number < n->blocks ? &n->block[number] : NULL;
}

const struct gs_sim_block *gs_sim_network_block_of(const struct gs_sim_network *n, const struct gs_hash *hash)
{
	for (size_t i = n->blocks; i-- > 0;)
		if (gs_hash_equal(&n->block[i].head.hash, hash))
			return &n->block[i];
	return NULL;
}
