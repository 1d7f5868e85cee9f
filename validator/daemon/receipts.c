#include "validator/daemon/receipts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct slot { /* the answer about one transaction */
	bool used;
	bool fresh; /* nobody has had it yet */
	struct gs_hash tx;
	struct gs_hash block; /* that was the newest */
	uint64_t at_ms;
	enum gs_err err; /* GS_OK, GS_ENOTFOUND, or why there is no answer */
	struct gs_receipt receipt;
	struct gs_error why;
};

struct gs_receipts {
	struct gs_hash newest; /* zero: not known */
	struct slot slot[GS_RECEIPTS_MAX];
	size_t next; /* that is given away when all are used */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

enum gs_err gs_receipts_new(struct gs_receipts **out, struct gs_error *error)
{
	*out = calloc(1, sizeof(**out));
	return *out ? GS_OK : gs_fail(error, GS_ENOMEM, "receipts: no memory");
}

static void clear(struct slot *s)
{
	gs_receipt_free(&s->receipt);
	memset(s, 0, sizeof(*s));
}

void gs_receipts_free(struct gs_receipts *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < GS_RECEIPTS_MAX; i++)
		clear(&r->slot[i]);
	free(r);
}

void gs_receipts_newest(struct gs_receipts *r, const struct gs_hash *block)
{
	r->newest = *block;
}

static struct slot *find(struct gs_receipts *r, const struct gs_hash *tx)
{
	for (size_t i = 0; i < GS_RECEIPTS_MAX; i++)
		if (r->slot[i].used && gs_hash_equal(&r->slot[i].tx, tx))
			return &r->slot[i];
	return NULL;
}

/* One that holds nothing of worth, or the one that was filled longest ago. */
static struct slot *room(struct gs_receipts *r, const struct gs_hash *tx)
{
	struct slot *s = find(r, tx);

	for (size_t i = 0; i < GS_RECEIPTS_MAX && !s; i++)
		if (!r->slot[i].used)
			s = &r->slot[i];
	if (!s) {
		s = &r->slot[r->next];
		r->next = (r->next + 1) % GS_RECEIPTS_MAX;
	}
	clear(s);
	s->used = true;
	s->fresh = true;
	s->tx = *tx;
	s->block = r->newest;
	s->at_ms = now_ms();
	return s;
}

/* What is still true: a look that has not been given yet, or an absence as of the newest block. */
static struct slot *known(struct gs_receipts *r, const struct gs_hash *tx)
{
	struct slot *s = find(r, tx);

	if (!s || s->fresh)
		return s;
	if (s->err == GS_ENOTFOUND && !gs_hash_is_zero(&r->newest) && gs_hash_equal(&s->block, &r->newest) &&
	    now_ms() - s->at_ms < GS_RECEIPTS_AGAIN_MS)
		return s;
	return NULL;
}

/* Takes those out that the account's nonce says are not mined. What it cannot say is asked. */
static size_t leave_out(struct gs_receipts *r, struct gs_rpc *rpc, const struct gs_address *account,
                        struct gs_receipt_look *look, size_t count)
{
	struct gs_error ignored;
	uint64_t mined;
	size_t left = 0, numbered = 0;

	for (size_t i = 0; i < count; i++)
		numbered += look[i].numbered;
	if (numbered < 2 || gs_eth_get_nonce(rpc, account, gs_block_latest(), &mined, &ignored))
		return count;
	for (size_t i = 0; i < count; i++)
		if (look[i].numbered && look[i].nonce >= mined)
			room(r, &look[i].tx)->err = GS_ENOTFOUND;
		else
			look[left++] = look[i];
	return left;
}

void gs_receipts_look(struct gs_receipts *r, struct gs_rpc *rpc, const struct gs_address *account,
                      const struct gs_receipt_look *look, size_t count)
{
	struct gs_receipt_look wanted[GS_RECEIPTS_MAX];
	struct gs_hash tx[GS_RECEIPTS_MAX];
	struct gs_receipt_answer *answer;
	struct gs_error ignored;
	size_t n = 0;

	for (size_t i = 0; i < count && n < GS_RECEIPTS_MAX; i++)
		if (!known(r, &look[i].tx))
			wanted[n++] = look[i];
	n = leave_out(r, rpc, account, wanted, n);
	answer = n ? calloc(n, sizeof(*answer)) : NULL;
	if (!answer)
		return; /* each is asked by itself then */
	for (size_t i = 0; i < n; i++)
		tx[i] = wanted[i].tx;
	if (gs_eth_get_receipts(rpc, tx, n, answer, &ignored) == GS_OK)
		for (size_t i = 0; i < n; i++) {
			struct slot *s = room(r, &tx[i]);
			s->err = answer[i].err;
			s->receipt = answer[i].receipt;
			s->why = answer[i].why;
		}
	free(answer);
}

enum gs_err gs_receipts_take(struct gs_receipts *r, struct gs_rpc *rpc, const struct gs_hash *tx,
                             struct gs_receipt *out, struct gs_error *error)
{
	struct slot *s = known(r, tx);
	enum gs_err err;

	if (!s) {
		err = gs_eth_get_receipt(rpc, tx, out, error);
		if (err != GS_ENOTFOUND)
			return err;
		s = room(r, tx);
		s->err = err;
		s->fresh = false;
		return err;
	}
	err = s->err;
	*out = s->receipt;
	if (err && error)
		*error = s->why;
	s->receipt = (struct gs_receipt){0};
	s->fresh = false;
	if (err != GS_ENOTFOUND)
		clear(s);
	return err;
}

void gs_receipts_forget(struct gs_receipts *r, const struct gs_hash *tx)
{
	struct slot *s = find(r, tx);

	if (s)
		clear(s);
}
