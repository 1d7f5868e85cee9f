#include "validator/daemon/identity.h"

#include <string.h>

#include "chain/core/hash.h"

enum { IDENTITY_BYTES = 8 + 20 * GS_CONTRACT_COUNT + 20 };

static struct gs_bytes text_key(const char *text)
{
	return (struct gs_bytes){(const uint8_t *)text, strlen(text)};
}

enum gs_err gs_identity_keep(const struct gs_store *store, const char *name, const uint8_t fresh[32], uint8_t out[32],
                             struct gs_error *error)
{
	struct gs_store_txn *txn;
	struct gs_bytes value;
	enum gs_err err = store->begin(store->self, GS_STORE_WRITE, &txn, error);

	if (err)
		return err;
	err = store->get(txn, GS_TABLE_META, text_key(name), &value, error);
	if (!err && value.len != 32)
		err = gs_fail(error, GS_ECORRUPT, "database: %s does not have its form; restore a backup", name);
	if (!err)
		memcpy(out, value.ptr, 32);
	if (err != GS_ENOTFOUND) {
		store->abort(txn);
		return err;
	}
	memcpy(out, fresh, 32);
	err = store->put(txn, GS_TABLE_META, text_key(name), (struct gs_bytes){fresh, 32}, error);
	if (err) {
		store->abort(txn);
		return err;
	}
	return store->commit(txn, error);
}

enum gs_err gs_identity_check(const struct gs_store *store, const struct gs_session *session, const char *db,
                              struct gs_error *error)
{
	uint8_t bytes[IDENTITY_BYTES], stored[32];
	struct gs_hash hash;
	enum gs_err err;

	gs_be64_write(bytes, session->chain_id);
	for (int i = 0; i < GS_CONTRACT_COUNT; i++)
		memcpy(bytes + 8 + 20 * i, session->deployment.contract[i].b, 20);
	memcpy(bytes + IDENTITY_BYTES - 20, session->account.b, 20);
	gs_keccak256(bytes, sizeof(bytes), &hash);
	err = gs_identity_keep(store, "identity", hash.b, stored, error);
	if (!err && memcmp(stored, hash.b, 32) != 0)
		err = gs_fail(error, GS_ECONFLICT,
		              "%s: belongs to another chain, deployment or account; name another database with --db",
		              db);
	return err;
}
