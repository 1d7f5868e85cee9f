/* Transactions that wait: looked for, sent again, offered a higher price or taken back, and the gaps between their nonces. */
#include <string.h>

#include "challenge/game/moves.h"
#include "validator/node/node_state.h"
#include "validator/node/record.h"

enum {
	FLOOR_VERSION = 1,
	GAP_VERSION = 1,
	SETTLED_PATIENCE = 2,
	FORGOTTEN_PATIENCE = 6,
	POOLED_PATIENCE = 4,
	NEXT_HURRY = 4,
	L1_BLOCK_S = 12,
	L1_KEPT_S = 7 * 86400, /* longer than any deposit waits for its place on the chain */
};
static const struct gs_bytes floor_key[GS_LANES] = {{(const uint8_t *)"nonce_floor", 11},
                                                    {(const uint8_t *)"nonce_floor_l1", 14}};

static const struct gs_bytes gap_key[GS_LANES] = {{(const uint8_t *)"nonce_gap", 9},
                                                  {(const uint8_t *)"nonce_gap_l1", 12}};

uint64_t gs_tending_clock(const struct gs_node_turn *t)
{
	return t->lane == GS_LANE_L1 ? t->node->now.unix_s : t->node->block;
}

/* --- what is over --- */

/* Nonces below it were settled, and what was kept of them is gone. Derived, as what it follows from. */
static enum gs_err load_floor(const struct gs_node_turn *t, uint64_t *out)
{
	struct gs_record_reader r;
	struct gs_buf value;
	enum gs_err err;

	*out = 0;
	gs_buf_init(&value, 64);
	err = gs_journal_get(t->j, GS_TABLE_META, floor_key[t->lane], &value);
	if (!err) {
		gs_record_open(&r, gs_buf_view(&value), FLOOR_VERSION, 1);
		*out = gs_record_get_u64(&r);
		err = gs_record_close(&r);
	}
	gs_buf_free(&value);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err store_floor(const struct gs_node_turn *t, uint64_t floor)
{
	struct gs_record_writer w;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, 64);
	gs_record_begin(&w, &value, FLOOR_VERSION, 1);
	gs_record_put_u64(&w, floor);
	gs_record_end(&w);
	err = value.err ? value.err : gs_journal_derive(t->j, GS_TABLE_META, floor_key[t->lane], gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

static enum gs_err forget_deep(struct gs_node_turn *t)
{
	const uint64_t clock = gs_tending_clock(t),
		       kept = t->lane == GS_LANE_L1 ? L1_KEPT_S : t->node->options.settle_blocks;
	uint64_t floor, before;
	enum gs_err err;

	if (clock <= kept)
		return GS_OK;
	err = load_floor(t, &before);
	floor = before;
	if (!err)
		err = gs_tx_record_prune(t->j, t->lane, clock - kept, &floor);
	return err || floor == before ? err : store_floor(t, floor);
}

/* --- looking for it, and sending it again --- */

static bool is_newest(const struct gs_tx_list *list, size_t i)
{
	return i + 1 == list->count || list->tx[i + 1].nonce != list->tx[i].nonce;
}

static enum gs_err send_again(struct gs_node_turn *t, struct gs_tx_record *tx)
{
	enum gs_err err;

	tx->last_sent = t->node->now;
	err = gs_tx_record_put(t->j, tx, false);
	return err ? err : gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_SEND, .hash = tx->hash}, tx->raw);
}

/* Of L1 what is mined is looked for until it is deep: its lines do not wait for each other. */
static size_t lines_at_once(const struct gs_node_turn *t)
{
	return t->lane == GS_LANE_L1 ? SIZE_MAX : (size_t)GS_NODE_LINES_AT_ONCE << gs_node_lane_of(t)->doublings;
}

/* How many requests an endpoint answers between two looks shows by what it has of the look before: of one that takes all, twice as much is asked at
 * the next one; of one that does not, as little as at first. So fifty lines that a reorganisation dropped are there again after three looks. */
void gs_tending_heard(struct gs_node_turn *t, uint64_t pending)
{
	struct gs_node_lane *lane = gs_node_lane_of(t);

	if (!lane->sent_below)
		return;
	if (pending < lane->sent_below)
		lane->doublings = 0;
	else if (lane->sent_full && lane->doublings < GS_NODE_LINES_DOUBLINGS_MAX)
		lane->doublings++;
	lane->sent_below = 0;
}

/* What waits at the endpoint already is sent to it again only after a while; one that replaces another may have got lost on its way all the same,
 * and one that is mined may have lost its nonce to another, which sending it tells. The one that the endpoint names as the next is what all others
 * wait for. */
static bool is_due(const struct gs_node_turn *t, const struct gs_tx_record *newest, size_t in_line)
{
	const struct gs_node_lane *lane = gs_node_lane_of(t);
	const bool there = newest->nonce < lane->pooled && newest->nonce >= lane->mined && in_line == 1;
	const bool next = lane->pooled && newest->nonce == lane->pooled;
	const uint64_t resend_s = t->node->options.resend_s, patience_s = there  ? POOLED_PATIENCE * resend_s
	                                                                  : next ? resend_s / NEXT_HURRY
	                                                                         : resend_s;

	return newest->last_sent.unix_s == 0 || t->node->now.unix_s >= newest->last_sent.unix_s + patience_s;
}

/* What may be in nobody's pool counts as never sent. */
static enum gs_err forget_sending(struct gs_node_turn *t, struct gs_tx_list *list)
{
	struct gs_node_lane *lane = gs_node_lane_of(t);
	enum gs_err err = GS_OK;

	lane->pooled = lane->mined = 0;

	for (size_t i = 0; i < list->count && !err; i++) {
		list->tx[i].last_sent.unix_s = 0;
		err = gs_tx_record_put(t->j, &list->tx[i], false);
	}
	return err;
}

/* Of the newest of its line, and of those that it replaced. */
static enum gs_err watch_line(struct gs_node_turn *t, const struct gs_tx_list *list, size_t i)
{
	enum gs_err err = GS_OK;

	for (const uint64_t nonce = list->tx[i].nonce; i < list->count && list->tx[i].nonce == nonce && !err; i++)
		err = gs_node_emit(
			t,
			(struct gs_node_effect){
				.kind = GS_EFFECT_WATCH, .hash = list->tx[i].hash, .numbered = true, .nonce = nonce},
			(struct gs_bytes){NULL, 0});
	return err;
}

/* The endpoint does not have the line: it is in no block, either. */
static bool is_absent(const struct gs_node_turn *t, const struct gs_tx_record *tx)
{
	return gs_node_lane_of(t)->pooled && tx->nonce >= gs_node_lane_of(t)->pooled;
}

/* Of L1 all; of the chain those that are mined, and one more, unless it is sent again since the endpoint does not have it. */
static bool is_looked_for(const struct gs_node_turn *t, const struct gs_tx_record *tx, size_t lines, bool due)
{
	if (t->lane == GS_LANE_L1)
		return true;
	if (due)
		return !is_absent(t, tx);
	return lines == 0 || (lines < lines_at_once(t) && tx->nonce < gs_node_lane_of(t)->mined);
}

/* Of each line the receipts come first: an endpoint that refuses to take the newest again, since its nonce is used, may mean that an older one
 * was mined. */
static enum gs_err tend_lines(struct gs_node_turn *t, const struct gs_tx_list *list, bool all)
{
	const size_t most = lines_at_once(t);
	struct gs_node_lane *lane = gs_node_lane_of(t);
	enum gs_err err = GS_OK;

	for (size_t i = 0, first = 0, lines = 0, sent = 0; i < list->count && sent < most && !err; i++) {
		if (!is_newest(list, i))
			continue;
		const bool due = all || is_due(t, &list->tx[i], i + 1 - first);
		if (is_looked_for(t, &list->tx[i], lines++, due))
			err = watch_line(t, list, first);
		if (!err && due)
			err = send_again(t, &list->tx[i]);
		sent += due;
		if (due)
			lane->sent_below = list->tx[i].nonce + 1;
		lane->sent_full = sent == most; /* fewer do not say that it would take more */
		first = i + 1;
	}
	return err;
}

enum gs_err gs_tending_next(struct gs_node_turn *t)
{
	struct gs_tx_list list;
	enum gs_err err = gs_tx_record_pending(t->j, t->lane, &list);

	if (!err && list.count)
		err = watch_line(t, &list, 0);
	gs_tx_list_free(&list);
	return err;
}

/* Whether what the endpoint has is mined, or only waits there, is asked once it has some of it. */
static enum gs_err ask_nonces(struct gs_node_turn *t, const struct gs_tx_list *list)
{
	const bool there = list->count && gs_node_lane_of(t)->pooled > list->tx[0].nonce;

	return gs_node_emit(
		t,
		(struct gs_node_effect){.kind = GS_EFFECT_NONCE,
	                                .mined = t->lane == GS_LANE_CHAIN && (there || t->node->options.l1.on)},
		(struct gs_bytes){NULL, 0});
}

/* An endpoint may take only so many requests. So the account's nonces are asked first: the more waits behind a gap, the more there is to be looked
 * for, and what they say is mined or waits there need not be looked for, or sent. Then the lowest lines are looked for and sent, since the others
 * wait for them; the next ones are sent again at the next look, and looked for as soon as a lower one is mined. */
enum gs_err gs_tending_look(struct gs_node_turn *t, bool send_all)
{
	struct gs_tx_list list;
	enum gs_err err = gs_tx_record_pending(t->j, t->lane, &list);
	struct gs_node_lane *lane = gs_node_lane_of(t);
	bool ask = lane->ask_nonce ||
	           (list.count && t->node->now.unix_s >= lane->told.unix_s + t->node->options.resend_s);
	size_t first = 0;

	if (!err && lane->send_again)
		err = forget_sending(t, &list);
	for (size_t i = 0; i < list.count && !ask; i++) {
		if (!is_newest(&list, i))
			continue;
		ask = send_all || is_due(t, &list.tx[i], i + 1 - first);
		first = i + 1;
	}
	if (!err && ask)
		err = ask_nonces(t, &list);
	if (!err)
		err = tend_lines(t, &list, send_all);
	lane->tend_prices = list.count > 0;
	lane->enough.known = false;
	lane->send_again = lane->send_again && err;
	gs_tx_list_free(&list);
	return err ? err : forget_deep(t);
}

/* --- whether it is still wanted --- */

static enum gs_err wanted_of_game(struct gs_node_turn *t, const struct gs_intent *intent, bool *out)
{
	struct gs_game_record game;
	struct gs_hash state;
	enum gs_err err = gs_facts_game(t->j, &intent->subject, &game);

	if (err)
		return err;
	gs_game_hash(&game.game, &state);
	*out = game.game.outcome == GS_GAME_OPEN &&
	       (intent->kind == GS_INTENT_AGREE || gs_hash_equal(&state, &intent->state));
	return GS_OK;
}

static enum gs_err wanted_of_claim(struct gs_node_turn *t, const struct gs_intent *intent, bool *out)
{
	const bool timely = intent->kind == GS_INTENT_CHALLENGE || intent->kind == GS_INTENT_ATTEST;
	struct gs_claim claim;
	struct gs_batch batch;
	bool challenged = false;
	enum gs_err err = gs_facts_claim(t->j, &intent->subject, &claim);

	if (!err)
		*out = claim.status == GS_CLAIM_OPEN && (!timely || t->node->now.unix_s <= claim.window_end.unix_s);
	if (!err && *out && intent->kind == GS_INTENT_CHALLENGE) {
		err = gs_plan_challenged(t, &claim, &challenged);
		*out = !challenged;
	}
	if (err != GS_ENOTFOUND)
		return err;
	err = gs_facts_batch(t->j, &intent->subject, &batch);
	if (!err)
		*out = batch.status == GS_BATCH_OPEN;
	return err;
}

/* What is about something that is not there (a reorganisation took it back, for a while perhaps) is left as it is. */
enum gs_err gs_tending_wanted(struct gs_node_turn *t, const struct gs_intent *intent, bool *out)
{
	enum gs_err err = GS_OK;

	*out = intent->status != GS_INTENT_DONE; /* by a deposit, that is */
	if (!*out)
		return GS_OK;
	switch ((enum gs_intent_kind)intent->kind) {
	case GS_INTENT_MOVE:
	case GS_INTENT_TIMEOUT:
	case GS_INTENT_COLLECT:
	case GS_INTENT_AGREE: err = wanted_of_game(t, intent, out); break;
	case GS_INTENT_CHALLENGE:
	case GS_INTENT_FINALISE:
	case GS_INTENT_RELEASE:
	case GS_INTENT_ANSWER:
	case GS_INTENT_PUBLISH:
	case GS_INTENT_ATTEST:
	case GS_INTENT_UNPUBLISHED: err = wanted_of_claim(t, intent, out); break;
	case GS_INTENT_UNANSWERED:
	case GS_INTENT_RECORD:
	case GS_INTENT_DRAW:
	case GS_INTENT_REPORT:
	case GS_INTENT_REWARD:
	case GS_INTENT_OPEN_LEAF:
	case GS_INTENT_COMMAND: break;
	}
	return err == GS_ENOTFOUND ? GS_OK : err;
}

/* --- a higher price --- */

static uint64_t patience(const struct gs_node_turn *t, enum gs_urgency urgency)
{
	const uint64_t blocks = t->node->options.fees.bump_blocks * (t->lane == GS_LANE_L1 ? L1_BLOCK_S : 1);

	switch (urgency) {
	case GS_URGENCY_NONE: return blocks;
	case GS_URGENCY_DUE: return (blocks + 2) / 3;
	case GS_URGENCY_CLOSE: return (blocks + 5) / 6;
	}
	return blocks;
}

/* Of one line, whose newest is tx. urgency: of what waits behind it; raised to its own. */
static enum gs_err look_at_line(struct gs_node_turn *t, const struct gs_tx_record *tx, enum gs_urgency *urgency,
                                struct gs_replacement *out, bool *due)
{
	const struct gs_node *node = t->node;
	const bool fills = gs_hash_is_zero(&tx->intent);
	struct gs_intent intent = {0};
	struct gs_buf data;
	bool wanted = !fills;
	uint64_t wait;
	enum gs_urgency own = GS_URGENCY_NONE;
	enum gs_err err = GS_OK;

	*due = false;
	gs_buf_init(&data, GS_STORE_VALUE_MAX);
	if (!fills)
		err = gs_intent_load(t->j, &tx->intent, &intent, &data);
	gs_buf_free(&data);
	if (!err && !fills) {
		own = gs_intent_urgency(&intent, node->now, node->options.fees.close_s);
		err = gs_tending_wanted(t, &intent, &wanted);
	}
	if (err)
		return err;
	if (wanted && own > *urgency)
		*urgency = own;
	if (gs_u256_is_zero(&tx->max_fee.v) || tx->lost_since.unix_s || !gs_hash_is_zero(&tx->deposit))
		return GS_OK;
	wait = patience(t, *urgency);
	if (wanted && !tx->hopeless && tx->cancels) /* a reorganisation made it what is wanted again */
		wait = 1;
	*due = gs_tending_clock(t) >= tx->tended_block + wait;
	out->cancels = !wanted || tx->hopeless;
	out->urgency = *urgency;
	return GS_OK;
}

/* Whether what was found of another at this look holds for it, too: an endpoint is not asked about each of a hundred lines what gas costs. */
static bool offers_enough(const struct gs_node_turn *t, const struct gs_tx_record *tx, const struct gs_replacement *r)
{
	const struct gs_node_lane *lane = gs_node_lane_of(t);

	return lane->enough.known && r->cancels == tx->cancels && r->urgency <= lane->enough.urgency &&
	       (r->urgency != GS_URGENCY_CLOSE || !r->first) && gs_wei_cmp(tx->max_fee, lane->enough.max_fee) >= 0 &&
	       gs_wei_cmp(tx->tip, lane->enough.tip) >= 0;
}

/* found: SIZE_MAX: none. GS_ENOTFOUND: none, or there is no room for another transaction. */
static enum gs_err copy_found(const struct gs_tx_list *list, size_t found, struct gs_replacement *out)
{
	if (found == SIZE_MAX || list->count >= GS_NODE_UNMINED_MAX + GS_NODE_REPLACED_MAX)
		return GS_ENOTFOUND;
	out->old = list->tx[found];
	gs_buf_init(&out->bytes, GS_STORE_VALUE_MAX);
	gs_buf_append(&out->bytes, list->tx[found].raw.ptr, list->tx[found].raw.len);
	out->old.raw = gs_buf_view(&out->bytes);
	return out->bytes.err;
}

/* The line with the lowest nonce is looked at last and wins: the others wait for it. */
enum gs_err gs_tending_find(struct gs_node_turn *t, struct gs_replacement *out)
{
	enum gs_urgency urgency = GS_URGENCY_NONE;
	struct gs_tx_list list;
	size_t found = SIZE_MAX;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	if (t->node->options.fees.bump_blocks == 0)
		return GS_ENOTFOUND;
	err = gs_tx_record_pending(t->j, t->lane, &list);
	for (size_t i = list.count; i-- > 0 && !err;) {
		struct gs_replacement candidate = {0};
		bool due;
		if (!is_newest(&list, i))
			continue;
		candidate.first = list.tx[i].nonce == list.tx[0].nonce;
		err = look_at_line(t, &list.tx[i], &urgency, &candidate, &due);
		if (err || !due)
			continue;
		if (offers_enough(t, &list.tx[i], &candidate)) {
			list.tx[i].tended_block = gs_tending_clock(t);
			err = gs_tx_record_put(t->j, &list.tx[i], false);
			continue;
		}
		found = i;
		*out = candidate;
	}
	err = err ? err : copy_found(&list, found, out);
	gs_tx_list_free(&list);
	return err;
}

enum gs_err gs_tending_find_dead(struct gs_node_turn *t, enum gs_urgency urgency, const struct gs_hash *except,
                                 struct gs_replacement *out)
{
	struct gs_tx_list list;
	size_t found = SIZE_MAX;
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	if (t->node->options.fees.bump_blocks == 0)
		return GS_ENOTFOUND;
	err = gs_tx_record_pending(t->j, t->lane, &list);
	for (size_t i = 0; i < list.count && found == SIZE_MAX && !err; i++) {
		struct gs_replacement candidate = {.first = list.tx[i].nonce == list.tx[0].nonce};
		enum gs_urgency as = urgency;
		bool due;
		if (!is_newest(&list, i) || list.tx[i].nonce < gs_node_lane_of(t)->left_below ||
		    gs_tending_clock(t) <= list.tx[i].tended_block || gs_hash_equal(&list.tx[i].intent, except))
			continue;
		err = look_at_line(t, &list.tx[i], &as, &candidate, &due);
		if (err || !candidate.cancels)
			continue;
		candidate.urgency = urgency;
		*out = candidate;
		found = i;
	}
	err = err ? err : copy_found(&list, found, out);
	gs_tx_list_free(&list);
	return err;
}

/* --- gaps --- */

/* Stored, so that a process that ends again and again does not begin to be patient anew each time. */
enum gs_err gs_tending_load_gap(struct gs_node_turn *t)
{
	struct gs_node_lane *lane = gs_node_lane_of(t);
	struct gs_record_reader r;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, 64);
	err = gs_journal_get(t->j, GS_TABLE_META, gap_key[t->lane], &value);
	if (!err) {
		gs_record_open(&r, gs_buf_view(&value), GAP_VERSION, 2);
		lane->gap.nonce = gs_record_get_u64(&r);
		lane->gap.since.unix_s = gs_record_get_u64(&r);
		err = gs_record_close(&r);
	}
	gs_buf_free(&value);
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err store_gap(const struct gs_node_turn *t, uint64_t nonce, uint64_t since_s)
{
	struct gs_record_writer w;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, 64);
	gs_record_begin(&w, &value, GAP_VERSION, 2);
	gs_record_put_u64(&w, nonce);
	gs_record_put_u64(&w, since_s);
	gs_record_end(&w);
	err = value.err ? value.err : gs_journal_put(t->j, GS_TABLE_META, gap_key[t->lane], gs_buf_view(&value));
	gs_buf_free(&value);
	return err;
}

/* Whether one of ours waits with this nonce, and whether any does with a higher one. */
static enum gs_err look_around(struct gs_node_turn *t, uint64_t nonce, bool *ours, bool *behind)
{
	struct gs_tx_list list;
	enum gs_err err = gs_tx_record_pending(t->j, t->lane, &list);

	*ours = *behind = false;
	for (size_t i = 0; i < list.count; i++) {
		*ours = *ours || list.tx[i].nonce == nonce;
		*behind = *behind || list.tx[i].nonce > nonce;
	}
	gs_tx_list_free(&list);
	return err;
}

enum gs_err gs_tending_gap(struct gs_node_turn *t, uint64_t pending, uint64_t next, bool *lower)
{
	const struct gs_node *node = t->node;
	struct gs_node_lane *lane = gs_node_lane_of(t);
	uint64_t floor;
	bool ours, behind, settled;
	enum gs_err err = load_floor(t, &floor);

	*lower = false;
	lane->ask_nonce = pending < next;
	if (!err)
		err = look_around(t, pending, &ours, &behind);
	if (!err)
		err = gs_tx_record_is_settled(t->j, t->lane, pending, &settled);
	if (err)
		return err;
	/* ours: it got lost and is sent again; otherwise whoever had it has lost it. settled: the endpoint may be behind; or the nonce went to
	 * a transaction that was ahead of our blocks and is gone with its own, which no reorganisation of ours takes back. Below the floor it
	 * was settled and is forgotten: an endpoint that is far behind, most likely, unless something waits behind it for as long as this. */
	const bool forgotten = pending < floor;
	if (pending >= next || ours || (forgotten && !behind)) {
		const bool was = lane->gap.since.unix_s != 0;
		lane->gap.since.unix_s = 0;
		lane->gap.known = false;
		return was ? store_gap(t, pending, 0) : GS_OK;
	}
	if (!lane->gap.since.unix_s || lane->gap.nonce != pending) {
		lane->gap.known = lane->gap.known && lane->gap.nonce == pending;
		lane->gap.nonce = pending;
		lane->gap.since = node->now;
		return store_gap(t, pending, node->now.unix_s);
	}
	/* Replacements of what waits behind the gap may be under way at every answer: it is found beside them all the same, and then
	 * none is begun before it is filled. */
	if ((lane->preparing.under_way && (lane->preparing.fills || !behind)) ||
	    node->now.unix_s < lane->gap.since.unix_s + node->options.resend_s * (forgotten ? FORGOTTEN_PATIENCE
	                                                                          : settled ? SETTLED_PATIENCE
	                                                                                    : 1))
		return GS_OK;
	const bool news = !lane->gap.known;
	lane->gap.since.unix_s = 0;
	lane->gap.known = behind;
	*lower = !behind;
	if (behind && news)
		gs_log_line(node->log, GS_LOG_WARN, "tx.nonce_gap",
		            "nonce=%llu why=\"a transaction of this key got lost\"", (unsigned long long)pending);
	return store_gap(t, pending, 0);
}
