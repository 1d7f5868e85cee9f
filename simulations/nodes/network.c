#include "simulations/nodes/network.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "simulations/nodes/contracts.h"

enum {
	TX_HEAD = 1 + 8 + 20 + 8,
	FIRST_BLOCKS = 2,
	LOST_ONE_IN = 4,       /* of a dropped block's transactions */
	CHECKPOINT_DEPTH = 32, /* blocks above it: more than most reorganisations take back */
};
#define LOST_S UINT64_MAX /* not in the pool, until somebody sends it again */

/* ---- transactions ---- */

void gs_sim_tx_build(unsigned sender, uint64_t nonce, const struct gs_address *to, uint64_t fee, struct gs_bytes data,
                     struct gs_buf *out, struct gs_hash *hash)
{
	uint8_t head[TX_HEAD];
	size_t from = out->len;
	head[0] = (uint8_t)sender;
	gs_be64_write(head + 1, nonce);
	memcpy(head + 9, to->b, sizeof(to->b));
	gs_be64_write(head + 29, fee);
	gs_buf_append(out, head, sizeof(head));
	gs_buf_append(out, data.ptr, data.len);
	if (out->err == GS_OK && hash != NULL)
		gs_keccak256(out->ptr + from, out->len - from, hash);
}

uint64_t gs_sim_tx_nonce(struct gs_bytes raw)
{
	GS_ASSERT(raw.len >= TX_HEAD);
	return gs_be64_read(raw.ptr + 1);
}

uint64_t gs_sim_tx_fee(struct gs_bytes raw)
{
	GS_ASSERT(raw.len >= TX_HEAD);
	return gs_be64_read(raw.ptr + 29);
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
	                         .fee = gs_be64_read(copy + 29),
	                         .data = {copy + TX_HEAD, raw.len - TX_HEAD},
	                         .raw = {copy, raw.len},
	                         .ready_s = ready_s};
	memcpy(tx->to.b, copy + 9, sizeof(tx->to.b));
	n->tx[n->txs++] = tx;
	return GS_OK;
}

/* One with this sender and nonce that waits in the pool. */
static struct gs_sim_tx *find_rival(const struct gs_sim_network *n, struct gs_bytes raw, const struct gs_hash *hash)
{
	for (unsigned i = n->txs; i-- > 0;) {
		struct gs_sim_tx *tx = n->tx[i];
		if (!tx->mined && tx->ready_s != LOST_S && tx->sender == raw.ptr[0] &&
		    tx->nonce == gs_sim_tx_nonce(raw) && !gs_hash_equal(&tx->hash, hash))
			return tx;
	}
	return NULL;
}

enum gs_err gs_sim_network_send(struct gs_sim_network *n, struct gs_bytes raw, uint64_t ready_s)
{
	struct gs_hash hash;
	GS_ASSERT(raw.len >= TX_HEAD && raw.ptr[0] < n->rules.accounts);
	gs_keccak256(raw.ptr, raw.len, &hash);
	struct gs_sim_tx *known = find_tx(n, &hash);
	if (gs_be64_read(raw.ptr + 1) < n->nonce[raw.ptr[0]])
		return GS_ECONFLICT;
	struct gs_sim_tx *rival = find_rival(n, raw, &hash);
	if (rival != NULL && gs_sim_tx_fee(raw) < rival->fee + (rival->fee + 9) / 10)
		return GS_EAGAIN;
	if (rival != NULL)
		rival->ready_s = LOST_S;
	if (known != NULL && known->ready_s == LOST_S)
		known->ready_s = ready_s;
	return known != NULL ? GS_OK : add_tx(n, raw, &hash, ready_s);
}

enum gs_err gs_sim_network_displace(struct gs_sim_network *n, unsigned account, struct gs_bytes raw, uint64_t ready_s)
{
	struct gs_hash hash;
	struct gs_buf other;
	gs_buf_init(&other, GS_SIM_TX_BYTES_MAX);
	gs_sim_tx_build(account, gs_sim_tx_nonce(raw), &n->rules.contracts.token, 2 * gs_sim_tx_fee(raw),
	                (struct gs_bytes){NULL, 0}, &other, &hash);
	enum gs_err err = other.err == GS_OK ? gs_sim_network_send(n, gs_buf_view(&other), ready_s) : other.err;
	gs_buf_free(&other);
	return err;
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

struct gs_contracts gs_sim_contracts_somewhere(void)
{
	struct gs_contracts c = {.chain_id = 8453};
	struct gs_address *const all[] = {&c.token,   &c.stakes,   &c.models, &c.claims,
	                                  &c.batches, &c.disputes, &c.duties};
	for (unsigned i = 0; i < GS_ARRAY_LEN(all); i++)
		memset(all[i]->b, 0xc0 + (int)i, sizeof(all[i]->b));
	return c;
}

/* ---- blocks ---- */

static void genesis_state(struct gs_sim_network *n)
{
	gs_sim_contracts_reset(n);
	memset(n->nonce, 0, sizeof(n->nonce));
}

/* Whether it sends nothing to its sender. */
static bool is_nothing(const struct gs_sim_tx *tx)
{
	const struct gs_address sender = gs_sim_address(tx->sender);
	return tx->data.len == 0 && gs_address_equal(&tx->to, &sender);
}

static bool is_deposit(const struct gs_sim_tx *tx)
{
	return tx->nonce >= GS_SIM_DEPOSIT_NONCE;
}

static void execute(struct gs_sim_network *n, struct gs_sim_tx *tx, uint64_t block, uint64_t now_s)
{
	struct gs_error error = {0};
	size_t logs = n->logs != NULL ? n->logs->count : 0;
	tx->mined = true;
	tx->block = block;
	tx->success = is_nothing(tx) || gs_sim_contracts_call(n, tx->sender, &tx->to, tx->data, now_s, &error) == GS_OK;
	memcpy(tx->why, error.text, sizeof(tx->why) - 1);
	n->nonce[tx->sender]++;
	for (size_t i = logs; n->logs != NULL && i < n->logs->count; i++)
		n->logs->entry[i].tx_hash = tx->hash;
}

/* What nobody knows before the block is made. Only 160 bits of it: an EVM for tests can be told those of another word. */
static struct gs_hash draw_randao(const struct gs_sim_network *n, uint64_t now_s)
{
	const struct gs_sim_block *parent = n->blocks > 0 ? &n->block[n->blocks - 1] : NULL;
	uint8_t bytes[32 + 16] = {0};
	struct gs_hash hash;
	if (parent != NULL)
		memcpy(bytes, parent->head.hash.b, 32);
	gs_be64_write(bytes + 32, now_s);
	gs_be64_write(bytes + 40, n->branch);
	gs_keccak256(bytes, sizeof(bytes), &hash);
	memset(hash.b, 0, 12);
	return hash;
}

static enum gs_err new_block(struct gs_sim_network *n, uint64_t now_s, struct gs_sim_block **out)
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
	*b = (struct gs_sim_block){.tx = calloc(n->txs + 1, sizeof(unsigned)), .randao = draw_randao(n, now_s)};
	if (b->tx == NULL)
		return GS_ENOMEM;
	gs_sim_logs_init(&b->logs);
	n->randao = b->randao;
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
	enum gs_err err = new_block(n, GS_SIM_GENESIS_S - n->rules.block_s, &b);
	if (err != GS_OK)
		return err;
	name_block(n, b, GS_SIM_GENESIS_S - n->rules.block_s);
	n->blocks++;
	genesis_state(n);
	if ((err = new_block(n, GS_SIM_GENESIS_S, &b)) != GS_OK)
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
	gs_header_model_id(rules->header, &out->model);
	out->base_fee = GS_SIM_BASE_FEE;
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
	free(n->checkpoint.claim);
	memset(n, 0, sizeof(*n));
}

/* Those that are ready, in the order in which they came. Whether there were any. */
static bool take_ready(struct gs_sim_network *n, struct gs_sim_block *b, bool ahead, uint64_t now_s)
{
	bool any = false;
	for (unsigned i = 0; i < n->txs; i++) {
		struct gs_sim_tx *tx = n->tx[i];
		if (tx->mined || tx->ahead != ahead || tx->ready_s > now_s)
			continue;
		if (!is_deposit(tx) && (tx->nonce != n->nonce[tx->sender] || tx->fee <= n->base_fee ||
		                        (n->admit != NULL && !n->admit(n->admit_self, tx))))
			continue;
		tx->price = is_deposit(tx) ? 0 : n->base_fee + 1;
		execute(n, tx, n->blocks, now_s);
		b->tx[b->txs++] = i;
		any = true;
	}
	return any;
}

enum gs_err gs_sim_network_mine(struct gs_sim_network *n, uint64_t now_s)
{
	struct gs_sim_block *b;
	enum gs_err err = new_block(n, now_s, &b);
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

static void copy_nonces(uint64_t to[GS_SIM_ACCOUNTS_MAX], const uint64_t from[GS_SIM_ACCOUNTS_MAX])
{
	memcpy(to, from, GS_SIM_ACCOUNTS_MAX * sizeof(*to));
}

/* Without memory there is none, and what comes takes longer. */
static void keep_checkpoint(struct gs_sim_network *n, size_t blocks)
{
	struct gs_sim_checkpoint *c = &n->checkpoint;
	if (c->claim == NULL && (c->claim = malloc(sizeof(n->claim))) == NULL)
		return;
	c->blocks = blocks;
	c->bank = n->bank;
	c->claims = n->claims;
	memcpy(c->claim, n->claim, n->claims * sizeof(*n->claim));
	c->batches = n->batches;
	memcpy(c->batch, n->batch, sizeof(n->batch));
	c->duties = n->duties;
	copy_nonces(c->nonce, n->nonce);
}

/* Where to go on from. Claims point to their batches, the bank and the duties, which stay where they are. */
static size_t restore(struct gs_sim_network *n)
{
	struct gs_sim_checkpoint *c = &n->checkpoint;
	if (c->blocks == 0 || c->blocks > n->blocks) {
		c->blocks = 0;
		genesis_state(n);
		return FIRST_BLOCKS;
	}
	n->bank = c->bank;
	n->claims = c->claims;
	memcpy(n->claim, c->claim, c->claims * sizeof(*n->claim));
	n->batches = c->batches;
	memcpy(n->batch, c->batch, sizeof(n->batch));
	n->duties = c->duties;
	copy_nonces(n->nonce, c->nonce);
	return c->blocks;
}

enum gs_err gs_sim_network_drop(struct gs_sim_network *n, uint64_t depth, uint64_t delay_s, uint64_t now_s)
{
	n->branch++;
	for (; depth > 0 && n->blocks > FIRST_BLOCKS; depth--) {
		struct gs_sim_block *b = &n->block[--n->blocks];
		for (unsigned i = 0; i < b->txs; i++) {
			struct gs_sim_tx *tx = n->tx[b->tx[i]];
			tx->mined = false;
			if (is_deposit(tx)) /* L1 has it still */
				continue;
			tx->ready_s = now_s + (delay_s > 0 ? gs_rng_below(&n->rng, delay_s + 1) : 0);
			if (gs_rng_below(&n->rng, LOST_ONE_IN) == 0)
				tx->ready_s = LOST_S;
		}
		free(b->tx);
		gs_sim_logs_free(&b->logs);
	}
	const size_t from = restore(n);
	for (size_t i = from; i < n->blocks; i++) {
		if (i == n->blocks - CHECKPOINT_DEPTH && i >= from + CHECKPOINT_DEPTH)
			keep_checkpoint(n, i);
		n->randao = n->block[i].randao;
		for (unsigned t = 0; t < n->block[i].txs; t++)
			execute(n, n->tx[n->block[i].tx[t]], i, n->block[i].head.time.unix_s);
	}
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
