/* Keys of TEEs and their signatures: which are taken, and that nothing but RSA-PSS as TEEs do it verifies. The openssl program is asked in tests/integration/tee_signatures.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <string.h>

#include "tests/support/pss_cases.h"
#include "validator/opengradient/tee_key.h"

static enum gs_err open_key(EVP_PKEY *key, struct gs_tee_key **out, struct gs_error *error)
{
	struct gs_buf spki;
	enum gs_err err;

	pss_spki(key, &spki);
	err = gs_tee_key_open(gs_buf_view(&spki), out, error);
	gs_buf_free(&spki);
	return err;
}

static void refused(EVP_PKEY *key, const char *why)
{
	struct gs_tee_key *out;
	struct gs_error error = {.code = GS_OK};

	assert_int_equal(open_key(key, &out, &error), GS_EUNSUPPORTED);
	assert_null(out);
	assert_non_null(strstr(error.text, why));
	EVP_PKEY_free(key);
}

static void refuses_other_keys(void **state)
{
	(void)state;
	refused(pss_key("RSA", 1024, 65537), "1024 bits");
	refused(pss_key("RSA", 2056, 65537), "2056 bits");
	refused(pss_key("RSA", 2048, 3), "exponent");
	refused(pss_key("RSA-PSS", 2048, 65537), "not of RSA");
	refused(EVP_EC_gen("P-256"), "not of RSA");
	refused(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "not of RSA");
}

static void refuses_other_bytes(void **state)
{
	EVP_PKEY *key = pss_key("RSA", 2048, 65537);
	struct gs_tee_key *out;
	struct gs_buf spki;

	(void)state;
	pss_spki(key, &spki);
	for (size_t len = 0; len < spki.len; len++)
		assert_int_equal(gs_tee_key_open((struct gs_bytes){spki.ptr, len}, &out, NULL), GS_EPARSE);
	gs_buf_append_u8(&spki, 0);
	assert_int_equal(gs_tee_key_open(gs_buf_view(&spki), &out, NULL), GS_EPARSE);
	gs_buf_append_zeros(&spki, GS_TEE_SPKI_MAX);
	assert_int_equal(gs_tee_key_open(gs_buf_view(&spki), &out, NULL), GS_ELIMIT);
	gs_buf_free(&spki);
	EVP_PKEY_free(key);
}

static bool verifies(struct gs_tee_key *key, const struct gs_hash *message, const uint8_t *signature, size_t len)
{
	bool valid = false;

	assert_int_equal(gs_tee_key_verify(key, message, (struct gs_bytes){signature, len}, &valid), GS_OK);
	return valid;
}

static void verifies_what_a_tee_signs(void **state)
{
	EVP_PKEY *key = pss_key("RSA", 2048, 65537), *other = pss_key("RSA", 2048, 65537);
	struct gs_settlement s = {.timestamp_s = gs_u256_from_u64(1741809483)};
	struct gs_hash message, id;
	struct gs_tee_key *k, *o;
	struct gs_buf spki;
	uint8_t signature[PSS_SIGNATURE_MAX];
	size_t len;

	(void)state;
	memset(s.input.b, 0x22, 32);
	memset(s.output.b, 0x33, 32);
	assert_int_equal(open_key(key, &k, NULL), GS_OK);
	assert_int_equal(open_key(other, &o, NULL), GS_OK);
	pss_spki(key, &spki);
	gs_tee_id(gs_buf_view(&spki), &id);
	assert_true(gs_hash_equal(&id, gs_tee_key_id(k)));
	gs_settlement_message(&s, &message);
	len = pss_sign(key, &message, "SHA256", "SHA256", 32, signature);
	for (int i = 0; i < 3; i++) { /* prepared once */
		assert_true(verifies(k, &message, signature, len));
		assert_false(verifies(o, &message, signature, len));
		assert_false(verifies(k, &id, signature, len));
		assert_false(verifies(k, &message, signature, len - 1));
		assert_false(verifies(k, &message, signature, 0));
		signature[100] ^= 1;
		assert_false(verifies(k, &message, signature, len));
		signature[100] ^= 1;
	}
	len = pss_sign(key, &message, "SHA256", "SHA256", 20, signature);
	assert_false(verifies(k, &message, signature, len));
	len = pss_sign(key, &message, "SHA256", "SHA1", 32, signature);
	assert_false(verifies(k, &message, signature, len));
	len = pss_sign(key, &message, "SHA256", NULL, 0, signature);
	assert_false(verifies(k, &message, signature, len));
	gs_heartbeat_message(&id, &s.timestamp_s, &message);
	len = pss_sign(key, &message, "SHA256", "SHA256", 32, signature);
	assert_true(verifies(k, &message, signature, len));
	gs_tee_key_free(k);
	gs_tee_key_free(o);
	gs_buf_free(&spki);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_other_keys),
		cmocka_unit_test(refuses_other_bytes),
		cmocka_unit_test(verifies_what_a_tee_signs),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
