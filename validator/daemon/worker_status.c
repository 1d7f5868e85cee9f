#include "validator/daemon/worker_status.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"

enum { SIGNATURE_BYTES = 65, HASH_TEXT_MAX = 67 };

static void digest_of(const char *name, struct gs_bytes text, struct gs_hash *out)
{
	static const char domain[] = "gainsay worker status";
	struct gs_keccak k;

	gs_keccak_init(&k);
	gs_keccak_update(&k, domain, sizeof(domain) - 1);
	gs_keccak_update(&k, name, strlen(name) + 1);
	gs_keccak_update(&k, text.ptr, text.len);
	gs_keccak_final(&k, out);
}

static json_t *to_json(const struct gs_worker_status *s)
{
	char key[GS_ADDRESS_TEXT_MAX];
	json_t *models = json_array();

	gs_address_format(&s->key, key);
	for (size_t i = 0; i < s->models; i++) {
		char id[HASH_TEXT_MAX];
		gs_hex_encode(s->model[i].b, 32, true, id);
		json_array_append_new(models, json_string(id));
	}
	return json_pack("{s:s,s:I,s:s,s:I,s:s,s:I,s:I,s:I,s:f,s:I,s:o}", "version", s->version, "law",
	                 (json_int_t)s->law, "key", key, "threads", (json_int_t)s->threads, "isa", s->isa, "done",
	                 (json_int_t)s->done, "late", (json_int_t)s->late, "failed", (json_int_t)s->failed, "per_s",
	                 s->per_s, "ready", (json_int_t)s->ready, "models", models);
}

enum gs_err gs_worker_status_encode(const struct gs_worker_status *status, const char *name, const struct gs_key *key,
                                    struct gs_buf *out, struct gs_error *error)
{
	struct gs_worker_status signed_by = *status;
	struct gs_signature signature;
	struct gs_hash digest;
	json_t *json;
	enum gs_err err;

	signed_by.key = key->address;
	json = to_json(&signed_by);
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	json_decref(json);
	if (!text)
		return gs_fail(error, GS_ENOMEM, "no memory for what the worker says of itself");
	digest_of(name, (struct gs_bytes){(const uint8_t *)text, strlen(text)}, &digest);
	err = gs_key_sign(key, &digest, &signature, error);
	if (!err) {
		gs_buf_append(out, signature.r, sizeof(signature.r));
		gs_buf_append(out, signature.s, sizeof(signature.s));
		gs_buf_append(out, &signature.y_parity, 1);
		gs_buf_append(out, text, strlen(text));
		err = out->err ? gs_fail(error, out->err, "what the worker says of itself is too long") : GS_OK;
	}
	free(text);
	return err;
}

/* --- reading: nothing of it is trusted --- */

static bool get_text(const json_t *json, const char *name, char out[GS_WORKER_STATUS_TEXT_MAX])
{
	const char *text = json_string_value(json_object_get(json, name));

	if (!text || strlen(text) >= GS_WORKER_STATUS_TEXT_MAX)
		return false;
	for (const char *at = text; *at; at++)
		if (*at < ' ' || *at > '~') /* it will be printed */
			return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool get_count(const json_t *json, const char *name, uint64_t max, uint64_t *out)
{
	const json_t *value = json_object_get(json, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > max)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

static bool get_models(const json_t *json, struct gs_worker_status *out)
{
	const json_t *models = json_object_get(json, "models");

	if (!json_is_array(models) || json_array_size(models) > GS_WORKER_MODELS_MAX)
		return false;
	out->models = json_array_size(models);
	for (size_t i = 0; i < out->models; i++) {
		const char *text = json_string_value(json_array_get(models, i));
		if (!text || strlen(text) != HASH_TEXT_MAX - 1 || memcmp(text, "0x", 2) != 0 ||
		    gs_hex_decode(text + 2, HASH_TEXT_MAX - 3, out->model[i].b, 32))
			return false;
	}
	return true;
}

static bool read_json(const json_t *json, struct gs_worker_status *out)
{
	const char *key = json_string_value(json_object_get(json, "key"));
	uint64_t law, threads;

	if (!key || gs_address_parse(key, &out->key, NULL) || !get_count(json, "law", UINT32_MAX, &law) ||
	    !get_count(json, "threads", UINT32_MAX, &threads) || !get_count(json, "done", INT64_MAX, &out->done) ||
	    !get_count(json, "late", INT64_MAX, &out->late) || !get_count(json, "failed", INT64_MAX, &out->failed) ||
	    !get_count(json, "ready", INT64_MAX, &out->ready) || !json_is_number(json_object_get(json, "per_s")))
		return false;
	out->law = (unsigned)law;
	out->threads = (unsigned)threads;
	out->per_s = json_number_value(json_object_get(json, "per_s"));
	return get_text(json, "version", out->version) && get_text(json, "isa", out->isa) && get_models(json, out);
}

enum gs_err gs_worker_status_decode(struct gs_bytes bytes, const char *name, struct gs_worker_status *out,
                                    struct gs_error *error)
{
	struct gs_signature signature;
	struct gs_address signer;
	struct gs_hash digest;
	json_t *json = NULL;

	memset(out, 0, sizeof(*out));
	if (bytes.len > SIGNATURE_BYTES && bytes.len <= GS_WORKER_STATUS_BYTES_MAX)
		json = json_loadb((const char *)bytes.ptr + SIGNATURE_BYTES, bytes.len - SIGNATURE_BYTES, 0, NULL);
	const bool good = json && read_json(json, out);
	json_decref(json);
	if (!good)
		return gs_fail(error, GS_EPARSE, "what it says of itself does not have its form");
	memcpy(signature.r, bytes.ptr, 32);
	memcpy(signature.s, bytes.ptr + 32, 32);
	signature.y_parity = bytes.ptr[64];
	digest_of(name, (struct gs_bytes){bytes.ptr + SIGNATURE_BYTES, bytes.len - SIGNATURE_BYTES}, &digest);
	if (signature.y_parity > 1 || gs_key_recover(&signature, &digest, &signer) ||
	    !gs_address_equal(&signer, &out->key))
		return gs_fail(error, GS_EPARSE, "what it says of itself is not signed by the key that it names");
	return GS_OK;
}
