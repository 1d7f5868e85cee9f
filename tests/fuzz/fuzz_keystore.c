/* Key files: any text is read to its end or refused, and what opens with a passphrase opens, written anew, to the same key. Costly derivations
 * that the limits allow are left out here, or no run would end; those above the limits must be refused before they cost anything. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "chain/eth/keystore.h"

enum { CHEAP_COST = 4096, CHEAP_FACTOR = 8, FACTOR_MAX = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cheap, or more than the limits allow. */
static bool cheap(const json_t *crypto)
{
	static const struct {
		const char *kdf, *name;
		json_int_t cheap, limit;
	} costs[] = {{"scrypt", "n", CHEAP_COST, GS_KEYSTORE_MEMORY_MAX},
	             {"scrypt", "r", CHEAP_FACTOR, FACTOR_MAX},
	             {"scrypt", "p", CHEAP_FACTOR, FACTOR_MAX},
	             {"pbkdf2", "c", CHEAP_COST, GS_KEYSTORE_ROUNDS_MAX}};
	const json_t *params = json_object_get(crypto, "kdfparams");
	const char *kdf = json_string_value(json_object_get(crypto, "kdf"));
	bool all_cheap = true;

	for (size_t i = 0; kdf && i < GS_ARRAY_LEN(costs); i++) {
		const json_int_t v = json_integer_value(json_object_get(params, costs[i].name));
		if (strcmp(kdf, costs[i].kdf) != 0)
			continue;
		if (v > costs[i].limit)
			return true;
		all_cheap = all_cheap && v <= costs[i].cheap;
	}
	return all_cheap;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char password[] = "pw";
	const struct gs_bytes text = {data, size}, pass = {(const uint8_t *)password, 2};
	const struct gs_keystore_kdf kdf = {.cost = 2};
	const uint8_t random[GS_KEYSTORE_RANDOM] = {7};
	struct gs_address address;
	struct gs_key key, again;
	struct gs_buf out;

	(void)!gs_keystore_address(text, &address, NULL);
	json_t *root = json_loadb((const char *)data, size, 0, NULL);
	const bool go_on = cheap(json_object_get(root, "crypto")) && cheap(json_object_get(root, "Crypto"));
	json_decref(root);
	if (!go_on || gs_keystore_decrypt(text, pass, &key, NULL) != GS_OK)
		return 0;
	if (gs_keystore_address(text, &address, NULL) == GS_OK && !gs_address_equal(&address, &key.address))
		abort();
	gs_buf_init(&out, GS_KEYSTORE_TEXT_MAX);
	if (gs_keystore_encrypt(&key, pass, &kdf, random, &out, NULL) != GS_OK ||
	    gs_keystore_decrypt(gs_buf_view(&out), pass, &again, NULL) != GS_OK ||
	    memcmp(key.secret, again.secret, 32) != 0)
		abort();
	gs_buf_free(&out);
	return 0;
}
