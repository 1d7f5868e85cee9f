#include "chain/rpc/signer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/hexjson.h"

/* --- a key in this process --- */

static enum gs_err key_sign_tx(void *self, const struct gs_tx *tx, struct gs_buf *raw, struct gs_hash *hash,
                               struct gs_error *error)
{
	return gs_tx_sign(tx, self, raw, hash, error);
}

static enum gs_err key_sign_typed(void *self, const struct gs_typed *what, struct gs_signature *out,
                                  struct gs_error *error)
{
	struct gs_hash digest;
	enum gs_err err = gs_typed_digest(what, &digest, error);

	return err ? err : gs_key_sign(self, &digest, out, error);
}

struct gs_signer gs_signer_of_key(const struct gs_key *key)
{
	return (struct gs_signer){
		.self = (void *)key, .address = key->address, .sign_tx = key_sign_tx, .sign_typed = key_sign_typed};
}

/* --- a signer elsewhere --- */

enum spelling { SPELLING_UNKNOWN, SPELLING_ETH, SPELLING_ETH_OLD, SPELLING_CLEF };

struct gs_remote_signer {
	pthread_mutex_t one_at_a_time; /* what is below */
	struct gs_rpc *rpc;
	struct gs_address address;
	enum spelling tx, typed; /* that it took last */
};

enum gs_err gs_remote_signer_open(const char *url, const struct gs_rpc_options *options,
                                  const struct gs_address *address, struct gs_remote_signer **out,
                                  struct gs_error *error)
{
	struct gs_rpc_options own = options ? *options : (struct gs_rpc_options){0};
	struct gs_remote_signer *remote = calloc(1, sizeof(*remote));
	enum gs_err err;

	*out = NULL;
	if (!remote)
		return gs_fail(error, GS_ENOMEM, "signer: out of memory");
	remote->address = *address;
	pthread_mutex_init(&remote->one_at_a_time, NULL);
	if (!own.timeout_ms)
		own.timeout_ms = GS_SIGNER_TIMEOUT_MS_DEFAULT;
	err = gs_rpc_open(url, &own, &remote->rpc, error);
	if (err) {
		gs_remote_signer_close(remote);
		return gs_fail_within(error, err, "signer");
	}
	*out = remote;
	return GS_OK;
}

void gs_remote_signer_close(struct gs_remote_signer *remote)
{
	if (!remote)
		return;
	gs_rpc_close(remote->rpc);
	pthread_mutex_destroy(&remote->one_at_a_time);
	free(remote);
}

void gs_remote_signer_stop_on(struct gs_remote_signer *remote, int fd)
{
	if (!remote)
		return;
	pthread_mutex_lock(&remote->one_at_a_time);
	gs_rpc_stop_on(remote->rpc, fd);
	pthread_mutex_unlock(&remote->one_at_a_time);
}

/* All spellings at once: geth and Clef know `input`, Web3Signer `data` (both must be equal where both are known), and whoever does not know a
 * member passes over it. */
static json_t *tx_to_json(const struct gs_tx *tx, const struct gs_address *from)
{
	json_t *json = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "from",
	                         gs_json_from_address(from), "chainId", gs_json_from_u64(tx->chain_id), "nonce",
	                         gs_json_from_u64(tx->nonce), "gas", gs_json_from_u64(tx->gas_limit), "maxFeePerGas",
	                         gs_json_from_u256(&tx->max_fee.v), "maxPriorityFeePerGas",
	                         gs_json_from_u256(&tx->priority_fee.v), "value", gs_json_from_u256(&tx->value.v),
	                         "data", gs_json_from_bytes(tx->data), "input", gs_json_from_bytes(tx->data), "type",
	                         "0x2");

	if (json && !tx->create && json_object_set_new(json, "to", gs_json_from_address(&tx->to)) != 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}

enum gs_err gs_signer_check_tx(const json_t *answer, const struct gs_tx *asked, const struct gs_address *account,
                               struct gs_buf *raw, struct gs_hash *hash, struct gs_error *error)
{
	const json_t *text = json_is_object(answer) ? json_object_get(answer, "raw") : answer;
	struct gs_buf bytes;
	struct gs_tx got;
	struct gs_address sender;
	const char *differs;
	enum gs_err err;

	gs_buf_init(&bytes, GS_TX_RAW_MAX);
	err = gs_json_append(text, &bytes);
	if (err) {
		err = gs_fail(error, err, "the answer is not a transaction's bytes");
		goto out;
	}
	err = gs_tx_decode(gs_buf_view(&bytes), &got, &sender, error);
	if (err) {
		err = gs_fail_within(error, err == GS_ENOMEM ? err : GS_EPARSE, "the answer");
		goto out;
	}
	differs = gs_tx_differs(asked, &got);
	if (!differs && !gs_address_equal(&sender, account))
		differs = "signer's account";
	if (differs) {
		err = gs_fail(error, GS_ECORRUPT,
		              "it signed something else than it was asked: the %s differs; nothing was sent; do not "
		              "trust this signer",
		              differs);
		goto out;
	}
	gs_buf_append(raw, bytes.ptr, bytes.len);
	gs_tx_hash(gs_buf_view(&bytes), hash);
	if ((err = raw->err) != GS_OK)
		gs_fail(error, err, "transaction: %s while encoding", gs_err_name(err));
out:
	gs_buf_free(&bytes);
	return err;
}

static enum gs_err within(const struct gs_remote_signer *remote, enum gs_err err, struct gs_error *error)
{
	return gs_fail_within(error, err, "signer %s", gs_rpc_name(remote->rpc));
}

/* Whether the signer has no such method, as far as its words say. */
static bool unknown_method(const struct gs_remote_signer *remote, enum gs_err err)
{
	const struct gs_rpc_failure *failure = gs_rpc_last_failure(remote->rpc);

	return err == GS_EUNSUPPORTED ||
	       (err != GS_OK && failure->kind == GS_RPC_REMOTE && strcasestr(failure->message, "method") &&
	        (strcasestr(failure->message, "does not exist") || strcasestr(failure->message, "not supported") ||
	         strcasestr(failure->message, "not found") || strcasestr(failure->message, "unsupported")));
}

static enum gs_err remote_sign_tx(void *self, const struct gs_tx *tx, struct gs_buf *raw, struct gs_hash *hash,
                                  struct gs_error *error)
{
	struct gs_remote_signer *remote = self;
	json_t *answer = NULL;
	pthread_mutex_lock(&remote->one_at_a_time);
	const bool clef = remote->tx == SPELLING_CLEF;
	enum spelling took = clef ? SPELLING_CLEF : SPELLING_ETH;
	enum gs_err err = gs_rpc_call(remote->rpc, clef ? "account_signTransaction" : "eth_signTransaction",
	                              json_pack("[o]", tx_to_json(tx, &remote->address)), &answer, error);

	if (remote->tx == SPELLING_UNKNOWN && unknown_method(remote, err)) {
		took = SPELLING_CLEF;
		err = gs_rpc_call(remote->rpc, "account_signTransaction",
		                  json_pack("[o]", tx_to_json(tx, &remote->address)), &answer, error);
	}
	if (!err) {
		remote->tx = took;
		err = gs_signer_check_tx(answer, tx, &remote->address, raw, hash, error);
		if (err)
			within(remote, err, error);
	}
	pthread_mutex_unlock(&remote->one_at_a_time);
	json_decref(answer);
	return err ? gs_fail_within(error, err, "key.remote") : GS_OK;
}

/* 65 bytes r, s, v; v is 27 or 28, or 0 or 1 from some. */
static bool read_signature(const json_t *answer, struct gs_signature *out)
{
	uint8_t bytes[65];

	if (!gs_json_data(answer, bytes, sizeof(bytes)))
		return false;
	memcpy(out->r, bytes, 32);
	memcpy(out->s, bytes + 32, 32);
	out->y_parity = (uint8_t)(bytes[64] >= 27 ? bytes[64] - 27 : bytes[64]);
	return out->y_parity <= 1;
}

/* eth_...: the data is a text that holds JSON (Web3Signer and MetaMask insist); Clef: it is JSON. */
static json_t *typed_params(const struct gs_remote_signer *remote, const struct gs_typed *what, enum spelling spelling)
{
	json_t *data = gs_typed_to_json(what);
	char *text = data && spelling != SPELLING_CLEF ? json_dumps(data, JSON_COMPACT) : NULL;

	if (spelling != SPELLING_CLEF) {
		json_decref(data);
		data = text ? json_string(text) : NULL;
	}
	free(text);
	return json_pack("[o, o]", gs_json_from_address(&remote->address), data);
}

static enum gs_err ask_typed(struct gs_remote_signer *remote, const struct gs_typed *what, json_t **answer,
                             struct gs_error *error)
{
	static const struct {
		enum spelling spelling;
		const char *method;
	} way[] = {{SPELLING_ETH, "eth_signTypedData_v4"},
	           {SPELLING_ETH_OLD, "eth_signTypedData"},
	           {SPELLING_CLEF, "account_signTypedData"}};
	enum gs_err err = GS_EUNSUPPORTED;

	for (size_t i = 0; i < GS_ARRAY_LEN(way); i++) {
		if (remote->typed != SPELLING_UNKNOWN && remote->typed != way[i].spelling)
			continue;
		err = gs_rpc_call(remote->rpc, way[i].method, typed_params(remote, what, way[i].spelling), answer,
		                  error);
		if (!err)
			remote->typed = way[i].spelling;
		if (!unknown_method(remote, err))
			break;
	}
	return err;
}

static enum gs_err remote_sign_typed(void *self, const struct gs_typed *what, struct gs_signature *out,
                                     struct gs_error *error)
{
	struct gs_remote_signer *remote = self;
	struct gs_address signer;
	struct gs_hash digest;
	json_t *answer = NULL;
	enum gs_err err = gs_typed_digest(what, &digest, error);

	pthread_mutex_lock(&remote->one_at_a_time);
	if (!err)
		err = ask_typed(remote, what, &answer, error);
	pthread_mutex_unlock(&remote->one_at_a_time);
	if (!err && !read_signature(answer, out))
		err = within(remote, gs_fail(error, GS_EPARSE, "the answer is not a signature of 65 bytes"), error);
	else if (!err &&
	         (gs_key_recover(out, &digest, &signer) != GS_OK || !gs_address_equal(&signer, &remote->address)))
		err = within(remote,
		             gs_fail(error, GS_ECORRUPT,
		                     "it signed something else than it was asked, or with another key; do not trust "
		                     "this signer"),
		             error);
	json_decref(answer);
	return err ? gs_fail_within(error, err, "key.remote") : GS_OK;
}

struct gs_signer gs_signer_of_remote(struct gs_remote_signer *remote)
{
	return (struct gs_signer){
		.self = remote, .address = remote->address, .sign_tx = remote_sign_tx, .sign_typed = remote_sign_typed};
}

enum gs_err gs_remote_signer_check(struct gs_remote_signer *remote, struct gs_error *error)
{
	json_t *answer = NULL;
	char account[GS_ADDRESS_TEXT_MAX];
	bool there = false;
	enum gs_err err = gs_rpc_call(remote->rpc, "eth_accounts", json_array(), &answer, error);

	if (unknown_method(remote, err))
		err = gs_rpc_call(remote->rpc, "account_list", json_array(), &answer, error);
	for (size_t i = 0; !err && i < json_array_size(answer); i++) {
		struct gs_address one;
		there |= gs_json_address(json_array_get(answer, i), &one) && gs_address_equal(&one, &remote->address);
	}
	if (!err && !there) {
		gs_address_format(&remote->address, account);
		err = within(remote,
		             gs_fail(error, GS_ENOTFOUND,
		                     "it does not sign for %s; give it that key, or correct key.address", account),
		             error);
	}
	json_decref(answer);
	return err ? gs_fail_within(error, err, "key.remote") : GS_OK;
}
