#include "simulations/nodes/faulty_store.h"

#include <string.h>

static enum gs_err begin(void *self, enum gs_store_mode mode, struct gs_store_txn **out, struct gs_error *error)
{
	struct gs_sim_faulty *f = self;
	GS_ASSERT(!f->txn.open);
	f->txn = (struct gs_store_txn){.store = f};
	enum gs_err err = f->inner.begin(f->inner.self, mode, &f->txn.inner, error);
	f->txn.open = err == GS_OK;
	*out = &f->txn;
	return err;
}

static enum gs_err get(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes key, struct gs_bytes *value,
                       struct gs_error *error)
{
	return txn->store->inner.get(txn->inner, table, key, value, error);
}

static enum gs_err put(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes key, struct gs_bytes value,
                       struct gs_error *error)
{
	txn->changes = true;
	return txn->store->inner.put(txn->inner, table, key, value, error);
}

static enum gs_err del(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes key, struct gs_error *error)
{
	txn->changes = true;
	return txn->store->inner.del(txn->inner, table, key, error);
}

static enum gs_err scan(struct gs_store_txn *txn, enum gs_table table, struct gs_bytes prefix,
                        enum gs_store_order order, gs_store_visit visit, void *context, struct gs_error *error)
{
	return txn->store->inner.scan(txn->inner, table, prefix, order, visit, context, error);
}

static enum gs_err commit(struct gs_store_txn *txn, struct gs_error *error)
{
	struct gs_sim_faulty *f = txn->store;
	txn->open = false;
	if (txn->changes && !f->fails)
		f->commits++;
	if (!txn->changes || !f->fails)
		return f->inner.commit(txn->inner, error);
	f->fails = false;
	f->inner.abort(txn->inner);
	return gs_fail(error, GS_EIO, "store: no space left on the device");
}

static void abort_txn(struct gs_store_txn *txn)
{
	if (txn == NULL || !txn->open)
		return;
	txn->open = false;
	txn->store->inner.abort(txn->inner);
}

struct gs_store gs_sim_faulty_port(struct gs_sim_faulty *faulty, const struct gs_store *inner)
{
	memset(faulty, 0, sizeof(*faulty));
	faulty->inner = *inner;
	return (struct gs_store){.self = faulty,
	                         .begin = begin,
	                         .get = get,
	                         .put = put,
	                         .del = del,
	                         .scan = scan,
	                         .commit = commit,
	                         .abort = abort_txn};
}

/* ---- two stores ---- */

struct comparison {
	const struct gs_store *other;
	struct gs_store_txn *txn; /* of the other */
	enum gs_table table;
	gs_sim_alike *alike; /* NULL: only what is the same is */
	uint64_t records;
	bool same;
};

static enum gs_err compare(void *context, struct gs_bytes key, struct gs_bytes value)
{
	struct comparison *c = context;
	struct gs_bytes theirs;
	enum gs_err err = c->other->get(c->txn, c->table, key, &theirs, NULL);
	c->records++;
	const bool same = err == GS_OK && theirs.len == value.len &&
	                  (value.len == 0 || memcmp(theirs.ptr, value.ptr, value.len) == 0);
	c->same = c->same && (same || (err == GS_OK && c->alike != NULL && c->alike(key, value, theirs)));
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err count(void *context, struct gs_bytes key, struct gs_bytes value)
{
	uint64_t *records = context;
	(void)key;
	(void)value;
	++*records;
	return GS_OK;
}

enum gs_err gs_sim_same_records(const struct gs_store *a, const struct gs_store *b, enum gs_table table, bool *same,
                                struct gs_error *error)
{
	return gs_sim_alike_records(a, b, table, NULL, same, error);
}

enum gs_err gs_sim_alike_records(const struct gs_store *a, const struct gs_store *b, enum gs_table table,
                                 gs_sim_alike *alike, bool *same, struct gs_error *error)
{
	const struct gs_bytes all = {NULL, 0};
	struct comparison c = {.other = b, .table = table, .alike = alike, .same = true};
	struct gs_store_txn *txn = NULL;
	uint64_t records = 0;
	enum gs_err err = a->begin(a->self, GS_STORE_READ, &txn, error);
	if (err != GS_OK)
		return err;
	err = b->begin(b->self, GS_STORE_READ, &c.txn, error);
	if (err == GS_OK) {
		err = a->scan(txn, table, all, GS_STORE_ASCENDING, compare, &c, error);
		if (err == GS_OK)
			err = b->scan(c.txn, table, all, GS_STORE_ASCENDING, count, &records, error);
		b->abort(c.txn);
	}
	a->abort(txn);
	*same = err == GS_OK && c.same && c.records == records;
	return err;
}
