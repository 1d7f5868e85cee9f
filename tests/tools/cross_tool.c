/* Our keys, transactions, typed data and keystores, for a script that compares them with other programs': a JSON request a line on
 * standard input, a JSON answer a line on standard output. tests/integration/crosscheck.mjs says what is asked. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "chain/core/hash.h"
#include "chain/eth/deposit.h"
#include "chain/eth/keystore.h"
#include "chain/rpc/hexjson.h"
#include "chain/rpc/signer.h"

enum { STRUCTS_MAX = 16, MEMBERS_MAX = 16, VALUES_MAX = 4096, BYTES_MAX = 64 * 1024 };

static json_t *refused(enum gs_err err, const char *why)
{
	return json_pack("{s:s, s:s}", "error", gs_err_name(err), "why", why);
}

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? value : "";
}

static struct gs_key key_of(const json_t *request)
{
	struct gs_key key;

	if (gs_key_from_hex(text(request, "key"), &key, NULL) != GS_OK)
		abort();
	return key;
}

static json_t *hex(const uint8_t *bytes, size_t len)
{
	return gs_json_from_bytes((struct gs_bytes){bytes, len});
}

static json_t *address_json(const struct gs_address *address)
{
	char out[GS_ADDRESS_TEXT_MAX];

	gs_address_format(address, out);
	return json_string(out);
}

/* --- transactions --- */

static json_t *sign(const json_t *request)
{
	const json_t *json = json_object_get(request, "tx");
	const char *to = text(json, "to");
	struct gs_key key = key_of(request);
	struct gs_tx tx = {.create = !to[0]};
	struct gs_buf raw, data;
	struct gs_hash hash;
	struct gs_error error = {0};
	json_t *out;

	gs_buf_init(&raw, GS_TX_RAW_MAX);
	gs_buf_init(&data, GS_TX_DATA_MAX);
	if (!gs_json_u64(json_object_get(json, "chainId"), &tx.chain_id) ||
	    !gs_json_u64(json_object_get(json, "nonce"), &tx.nonce) ||
	    !gs_json_u64(json_object_get(json, "gas"), &tx.gas_limit) ||
	    !gs_json_wei(json_object_get(json, "fee"), &tx.max_fee) ||
	    !gs_json_wei(json_object_get(json, "tip"), &tx.priority_fee) ||
	    !gs_json_wei(json_object_get(json, "value"), &tx.value) ||
	    gs_json_append(json_object_get(json, "data"), &data) ||
	    (to[0] && gs_address_parse(to, &tx.to, &error) != GS_OK))
		abort();
	tx.data = gs_buf_view(&data);
	if (gs_tx_sign(&tx, &key, &raw, &hash, &error) == GS_OK)
		out = json_pack("{s:o, s:o, s:o}", "raw", hex(raw.ptr, raw.len), "hash", gs_json_from_hash(&hash),
		                "from", address_json(&key.address));
	else
		out = refused(error.code, error.text);
	gs_buf_free(&raw);
	gs_buf_free(&data);
	return out;
}

static json_t *read_tx(const json_t *request)
{
	struct gs_buf raw;
	struct gs_tx tx;
	struct gs_address sender;
	struct gs_error error = {0};
	json_t *out;

	gs_buf_init(&raw, GS_TX_RAW_MAX);
	if (gs_json_append(json_object_get(request, "raw"), &raw) != GS_OK)
		abort();
	if (gs_tx_decode(gs_buf_view(&raw), &tx, &sender, &error) == GS_OK) {
		out = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "from", address_json(&sender), "chainId",
		                gs_json_from_u64(tx.chain_id), "nonce", gs_json_from_u64(tx.nonce), "gas",
		                gs_json_from_u64(tx.gas_limit), "fee", gs_json_from_u256(&tx.max_fee.v), "tip",
		                gs_json_from_u256(&tx.priority_fee.v), "value", gs_json_from_u256(&tx.value.v), "data",
		                gs_json_from_bytes(tx.data));
		json_object_set_new(out, "to", tx.create ? json_string("") : address_json(&tx.to));
	} else {
		out = refused(error.code, error.text);
	}
	gs_buf_free(&raw);
	return out;
}

/* --- deposits through L1 --- */

/* The calldata of a deposit. */
static json_t *deposit(const json_t *request)
{
	const json_t *json = json_object_get(request, "deposit");
	struct gs_deposit d = {.create = json_is_true(json_object_get(json, "isCreation"))};
	struct gs_error error = {0};
	struct gs_buf data, call;
	json_t *out;

	gs_buf_init(&data, GS_TX_DATA_MAX);
	gs_buf_init(&call, GS_TX_DATA_MAX);
	if (!gs_json_address(json_object_get(json, "to"), &d.to) ||
	    !gs_json_wei(json_object_get(json, "value"), &d.value) ||
	    !gs_json_u64(json_object_get(json, "gas"), &d.gas) || gs_json_append(json_object_get(json, "data"), &data))
		abort();
	d.data = gs_buf_view(&data);
	out = gs_deposit_call(&d, &call, &error) == GS_OK ? json_pack("{s:o}", "call", hex(call.ptr, call.len))
	                                                  : refused(error.code, error.text);
	gs_buf_free(&call);
	gs_buf_free(&data);
	return out;
}

/* What an event of the portal says, and the hash of its transaction on L2. */
static json_t *deposited(const json_t *request)
{
	const json_t *json = json_object_get(request, "log"), *topics = json_object_get(json, "topics");
	struct gs_log_entry log = {.topic_count = json_array_size(topics)};
	struct gs_deposit d;
	struct gs_hash source, hash;
	struct gs_buf data;
	uint64_t index;
	json_t *out;
	enum gs_err err;

	gs_buf_init(&data, GS_TX_DATA_MAX);
	if (log.topic_count > GS_ARRAY_LEN(log.topics) ||
	    !gs_json_hash(json_object_get(json, "blockHash"), &log.block_hash) ||
	    !gs_json_u64(json_object_get(json, "logIndex"), &index) ||
	    gs_json_append(json_object_get(json, "data"), &data))
		abort();
	for (size_t i = 0; i < log.topic_count; i++)
		if (!gs_json_hash(json_array_get(topics, i), &log.topics[i]))
			abort();
	log.data = gs_buf_view(&data);
	gs_deposit_source(&log.block_hash, (uint32_t)index, &source);
	err = gs_deposit_decode(&log, &d);
	if (!err)
		err = gs_deposit_hash(&d, &source, &hash);
	out = err ? refused(err, "no deposit")
	          : json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "source", gs_json_from_hash(&source),
	                      "hash", gs_json_from_hash(&hash), "from", address_json(&d.from), "to",
	                      address_json(&d.to), "mint", gs_json_from_u256(&d.mint.v), "value",
	                      gs_json_from_u256(&d.value.v), "gas", gs_json_from_u64(d.gas), "isCreation", d.create,
	                      "data", gs_json_from_bytes(d.data));
	gs_buf_free(&data);
	return out;
}

/* --- addresses --- */

static json_t *address(const json_t *request)
{
	struct gs_address a;
	struct gs_error error = {0};

	return gs_address_parse(text(request, "text"), &a, &error) == GS_OK
	               ? json_pack("{s:o}", "address", address_json(&a))
	               : refused(error.code, error.text);
}

static json_t *account(const json_t *request)
{
	const struct gs_key key = key_of(request);

	return json_pack("{s:o}", "address", address_json(&key.address));
}

/* --- typed data: JSON into the tables that the library takes --- */

struct reading {
	struct gs_typed typed;
	struct gs_typed_struct structs[STRUCTS_MAX];
	struct gs_typed_member members[STRUCTS_MAX][MEMBERS_MAX];
	struct gs_typed_value values[VALUES_MAX];
	size_t used;
	uint8_t bytes[BYTES_MAX];
	size_t bytes_used;
	struct gs_u256 chain_id;
	struct gs_address contract;
	struct gs_hash salt;
};

/* A number as decimal text, with a sign, or as JSON's own. */
static void read_number(const json_t *json, uint8_t word[32])
{
	char own[32];
	const char *digits = json_string_value(json);
	struct gs_u256 v, zero = {{0}};

	if (!digits) {
		snprintf(own, sizeof(own), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		digits = own;
	}
	if (gs_u256_parse(digits + (digits[0] == '-'), strlen(digits + (digits[0] == '-')), &v) != GS_OK)
		abort();
	if (digits[0] == '-')
		(void)gs_u256_sub_overflow(&zero, &v, &v);
	gs_u256_to_be(&v, word);
}

static struct gs_bytes keep(struct reading *r, const void *bytes, size_t len)
{
	const struct gs_bytes out = {r->bytes + r->bytes_used, len};

	if (r->bytes_used + len > BYTES_MAX)
		abort();
	if (len)
		memcpy(r->bytes + r->bytes_used, bytes, len);
	r->bytes_used += len;
	return out;
}

static void read_word(const struct gs_typed_form *form, const json_t *json, uint8_t word[32])
{
	switch (form->word) {
	case GS_TYPED_UINT:
	case GS_TYPED_INT: read_number(json, word); return;
	case GS_TYPED_BOOL: word[31] = json_is_true(json); return;
	case GS_TYPED_ADDRESS:
		if (!gs_json_data(json, word + 12, 20))
			abort();
		return;
	case GS_TYPED_FIXED:
		if (!gs_json_data(json, word, form->size))
			abort();
		return;
	}
}

static void read_value(struct reading *r, const char *type, const json_t *json, struct gs_typed_value *out)
{
	struct gs_typed_form form;
	struct gs_buf data;
	struct gs_typed_value *items;

	if (gs_typed_form_of(&r->typed, type, &form, NULL) != GS_OK)
		abort();
	switch (form.kind) {
	case GS_TYPED_WORD: read_word(&form, json, out->word); return;
	case GS_TYPED_BYTES:
		if (form.text) {
			out->bytes = keep(r, json_string_value(json), json_string_length(json));
			return;
		}
		gs_buf_init(&data, BYTES_MAX);
		if (gs_json_append(json, &data) != GS_OK)
			abort();
		out->bytes = keep(r, data.ptr, data.len);
		gs_buf_free(&data);
		return;
	case GS_TYPED_STRUCT:
	case GS_TYPED_LIST: break;
	}
	out->count = form.kind == GS_TYPED_LIST ? json_array_size(json) : form.of->count;
	items = r->values + r->used;
	r->used += out->count;
	if (r->used > VALUES_MAX)
		abort();
	out->items = items;
	for (size_t i = 0; i < out->count; i++)
		if (form.kind == GS_TYPED_LIST)
			read_value(r, form.element, json_array_get(json, i), &items[i]);
		else
			read_value(r, form.of->members[i].type, json_object_get(json, form.of->members[i].name),
			           &items[i]);
}

static void read_domain(struct reading *r, const json_t *json)
{
	struct gs_typed_domain *d = &r->typed.domain;
	uint8_t word[32];

	d->name = json_string_value(json_object_get(json, "name"));
	d->version = json_string_value(json_object_get(json, "version"));
	if (json_object_get(json, "chainId")) {
		read_number(json_object_get(json, "chainId"), word);
		r->chain_id = gs_u256_from_be(word);
		d->chain_id = &r->chain_id;
	}
	if (gs_json_address(json_object_get(json, "verifyingContract"), &r->contract))
		d->contract = &r->contract;
	if (gs_json_hash(json_object_get(json, "salt"), &r->salt))
		d->salt = &r->salt;
}

static void read_types(struct reading *r, const json_t *types)
{
	const char *name;
	json_t *list;

	json_object_foreach((json_t *)types, name, list)
	{
		const size_t at = r->typed.struct_count++;
		if (strcmp(name, "EIP712Domain") == 0) {
			r->typed.struct_count--;
			continue;
		}
		if (at >= STRUCTS_MAX || json_array_size(list) > MEMBERS_MAX)
			abort();
		for (size_t i = 0; i < json_array_size(list); i++)
			r->members[at][i] = (struct gs_typed_member){text(json_array_get(list, i), "type"),
			                                             text(json_array_get(list, i), "name")};
		r->structs[at] = (struct gs_typed_struct){name, r->members[at], json_array_size(list)};
	}
	r->typed.structs = r->structs;
}

static json_t *typed(const json_t *request)
{
	const json_t *data = json_object_get(request, "data");
	struct reading *r = calloc(1, sizeof(*r));
	struct gs_key key = key_of(request);
	const struct gs_signer signer = gs_signer_of_key(&key);
	struct gs_error error = {0};
	struct gs_signature signature;
	struct gs_hash digest;
	uint8_t bytes[65];
	json_t *out;

	if (!r)
		abort();
	read_types(r, json_object_get(data, "types"));
	r->typed.primary = text(data, "primaryType");
	read_domain(r, json_object_get(data, "domain"));
	read_value(r, r->typed.primary, json_object_get(data, "message"), &r->typed.message);
	if (gs_typed_digest(&r->typed, &digest, &error) == GS_OK &&
	    signer.sign_typed(signer.self, &r->typed, &signature, &error) == GS_OK) {
		memcpy(bytes, signature.r, 32);
		memcpy(bytes + 32, signature.s, 32);
		bytes[64] = (uint8_t)(27 + signature.y_parity);
		out = json_pack("{s:o, s:o, s:o}", "digest", gs_json_from_hash(&digest), "signature", hex(bytes, 65),
		                "data", gs_typed_to_json(&r->typed));
	} else {
		out = refused(error.code, error.text);
	}
	free(r);
	return out;
}

static json_t *recover(const json_t *request)
{
	uint8_t bytes[65];
	struct gs_signature signature;
	struct gs_hash digest;
	struct gs_address who;

	if (!gs_json_data(json_object_get(request, "signature"), bytes, sizeof(bytes)) ||
	    !gs_json_hash(json_object_get(request, "digest"), &digest))
		abort();
	memcpy(signature.r, bytes, 32);
	memcpy(signature.s, bytes + 32, 32);
	signature.y_parity = (uint8_t)(bytes[64] - 27);
	return gs_key_recover(&signature, &digest, &who) == GS_OK ? json_pack("{s:o}", "address", address_json(&who))
	                                                          : refused(GS_EPARSE, "nobody");
}

/* --- keystores --- */

static struct gs_bytes password_of(const json_t *request)
{
	const char *password = text(request, "password");

	return (struct gs_bytes){(const uint8_t *)password, strlen(password)};
}

static json_t *encrypt(const json_t *request)
{
	struct gs_key key = key_of(request);
	const uint32_t cost = (uint32_t)json_integer_value(json_object_get(request, "cost"));
	const struct gs_keystore_kdf kdf = {.pbkdf2 = json_is_true(json_object_get(request, "pbkdf2")), .cost = cost};
	uint8_t random[GS_KEYSTORE_RANDOM];
	struct gs_error error = {0};
	struct gs_buf out;
	json_t *answer;

	gs_buf_init(&out, GS_KEYSTORE_TEXT_MAX);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		abort();
	answer = gs_keystore_encrypt(&key, password_of(request), &kdf, random, &out, &error) == GS_OK
	                 ? json_pack("{s:s%}", "text", (const char *)out.ptr, out.len)
	                 : refused(error.code, error.text);
	gs_buf_free(&out);
	return answer;
}

static json_t *decrypt(const json_t *request)
{
	const json_t *file = json_object_get(request, "text");
	struct gs_error error = {0};
	struct gs_key key;

	if (gs_keystore_decrypt((struct gs_bytes){(const uint8_t *)json_string_value(file), json_string_length(file)},
	                        password_of(request), &key, &error) != GS_OK)
		return refused(error.code, error.text);
	return json_pack("{s:o, s:o}", "key", hex(key.secret, 32), "address", address_json(&key.address));
}

static json_t *answer(const json_t *request)
{
	static const struct {
		const char *name;
		json_t *(*does)(const json_t *request);
	} table[] = {
		{"sign", sign},       {"read", read_tx},        {"address", address}, {"account", account},
		{"typed", typed},     {"recover", recover},     {"encrypt", encrypt}, {"decrypt", decrypt},
		{"deposit", deposit}, {"deposited", deposited},
	};

	for (size_t i = 0; i < GS_ARRAY_LEN(table); i++)
		if (strcmp(table[i].name, text(request, "do")) == 0)
			return table[i].does(request);
	return refused(GS_EINVAL, "no such request");
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		json_t *request = json_loads(line, JSON_ALLOW_NUL, NULL);
		json_t *out = request ? answer(request) : refused(GS_EPARSE, "not JSON");
		json_dumpf(out, stdout, JSON_COMPACT);
		printf("\n");
		fflush(stdout);
		json_decref(out);
		json_decref(request);
	}
	free(line);
	return 0;
}
