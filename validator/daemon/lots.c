#include "validator/daemon/lots.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "chain/rpc/keyfile.h"
#include "validator/daemon/identity.h"
#include "validator/node/record.h"

enum { DOMAIN_VERSION = 1, DOMAIN_FIELDS = 3, DOMAIN_BYTES_MAX = 128 };
static const char key_name[] = "sampling_key";
static const struct gs_bytes domain_key = {(const uint8_t *)"sampling_domain", 15};

struct gs_lots {
	struct gs_vrf *vrf;
	struct gs_vrf_key key;
	struct gs_lots_domain domain;
};

/* 32 random bytes that are a key; about one draw in 2^32 is none. */
static enum gs_err fresh_secret(struct gs_vrf *vrf, uint8_t out[32], struct gs_error *error)
{
	struct gs_vrf_key key;
	enum gs_err err;

	do {
		if (getrandom(out, 32, 0) != 32)
			return gs_fail(error, GS_EIO, "the system gave no random bytes");
		err = gs_vrf_key_from_secret(vrf, out, &key, error);
	} while (err == GS_EINVAL);
	gs_vrf_key_wipe(&key);
	return err;
}

static enum gs_err load_key(const struct gs_store *store, const struct gs_config *config, struct gs_lots *lots,
                            struct gs_error *error)
{
	uint8_t fresh[32], secret[32];
	enum gs_err err;

	if (config->policy.sampling_key_file[0]) {
		err = gs_session_read_secret(config->policy.sampling_key_file, secret, error);
	} else {
		err = fresh_secret(lots->vrf, fresh, error);
		if (!err)
			err = gs_identity_keep(store, key_name, fresh, secret, error);
		explicit_bzero(fresh, sizeof(fresh));
	}
	if (!err)
		err = gs_vrf_key_from_secret(lots->vrf, secret, &lots->key, error);
	explicit_bzero(secret, sizeof(secret));
	return err;
}

static enum gs_err keep_domain(const struct gs_store *store, const struct gs_lots_domain *domain,
                               struct gs_error *error)
{
	struct gs_record_writer w;
	struct gs_store_txn *txn = NULL;
	struct gs_buf value;
	enum gs_err err;

	gs_buf_init(&value, DOMAIN_BYTES_MAX);
	gs_record_begin(&w, &value, DOMAIN_VERSION, DOMAIN_FIELDS);
	gs_record_put_u64(&w, domain->chain_id);
	gs_record_put_address(&w, &domain->claims);
	gs_record_put_address(&w, &domain->validator);
	gs_record_end(&w);
	err = value.err ? gs_fail(error, value.err, "sampling: no memory")
	                : store->begin(store->self, GS_STORE_WRITE, &txn, error);
	if (!err) {
		err = store->put(txn, GS_TABLE_META, domain_key, gs_buf_view(&value), error);
		if (err)
			store->abort(txn);
		else
			err = store->commit(txn, error);
	}
	gs_buf_free(&value);
	return err;
}

enum gs_err gs_lots_open(const struct gs_store *store, const struct gs_config *config,
                         const struct gs_contracts *contracts, const struct gs_address *self, struct gs_lots **out,
                         struct gs_error *error)
{
	struct gs_lots *lots = calloc(1, sizeof(*lots));
	enum gs_err err;

	*out = NULL;
	if (!lots || !(lots->vrf = gs_vrf_new())) {
		free(lots);
		return gs_fail(error, GS_ENOMEM, "sampling: no memory");
	}
	lots->domain = (struct gs_lots_domain){contracts->chain_id, contracts->claims, *self};
	err = load_key(store, config, lots, error);
	if (!err)
		err = keep_domain(store, &lots->domain, error);
	if (err) {
		gs_lots_close(lots);
		return err;
	}
	*out = lots;
	return GS_OK;
}

void gs_lots_close(struct gs_lots *lots)
{
	if (!lots)
		return;
	gs_vrf_key_wipe(&lots->key);
	gs_vrf_free(lots->vrf);
	free(lots);
}

enum gs_err gs_lots_draw(const struct gs_lots *lots, const struct gs_sample_source *source, struct gs_sample_lot *out)
{
	uint8_t alpha[GS_SAMPLE_ALPHA_BYTES];

	gs_sample_alpha(lots->domain.chain_id, &lots->domain.claims, source, alpha);
	out->proven = true;
	return gs_vrf_prove(lots->vrf, &lots->key, (struct gs_bytes){alpha, sizeof(alpha)}, &out->proof, &out->output);
}

/* --- for commands --- */

enum gs_err gs_lots_key(const struct gs_store *store, struct gs_store_txn *txn, const struct gs_config *config,
                        struct gs_vrf *vrf, struct gs_vrf_key *out, struct gs_error *error)
{
	struct gs_bytes value;
	uint8_t secret[32];
	enum gs_err err;

	if (config->policy.sampling_key_file[0]) {
		err = gs_session_read_secret(config->policy.sampling_key_file, secret, error);
	} else {
		err = store->get(txn, GS_TABLE_META, (struct gs_bytes){(const uint8_t *)key_name, sizeof(key_name) - 1},
		                 &value, error);
		if (err == GS_ENOTFOUND)
			return gs_fail(error, err, "sampling key: none yet; a node makes it when it first starts");
		if (!err && value.len != sizeof(secret))
			return gs_fail(error, GS_ECORRUPT,
			               "database: sampling_key does not have its form; restore a backup");
		if (!err)
			memcpy(secret, value.ptr, sizeof(secret));
	}
	if (!err)
		err = gs_vrf_key_from_secret(vrf, secret, out, error);
	explicit_bzero(secret, sizeof(secret));
	return err;
}

enum gs_err gs_lots_domain(const struct gs_store *store, struct gs_store_txn *txn, struct gs_lots_domain *out,
                           struct gs_error *error)
{
	struct gs_record_reader r;
	struct gs_bytes value;
	enum gs_err err = store->get(txn, GS_TABLE_META, domain_key, &value, error);

	if (err == GS_ENOTFOUND)
		return gs_fail(
			error, err,
			"database: it does not say whose decisions it has; start a node of this version on it once");
	if (err)
		return err;
	gs_record_open(&r, value, DOMAIN_VERSION, DOMAIN_FIELDS);
	out->chain_id = gs_record_get_u64(&r);
	out->claims = gs_record_get_address(&r);
	out->validator = gs_record_get_address(&r);
	err = gs_record_close(&r);
	return err ? gs_fail(error, err, "database: sampling_domain does not have its form; restore a backup") : GS_OK;
}
