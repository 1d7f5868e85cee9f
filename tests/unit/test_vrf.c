/* The verifiable random function: the vectors of RFC 9381, appendix B.1, every bit that may be wrong, and what has not the form of a key or a
 * proof. tests/integration/vrf.sh compares random cases with another implementation. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "chain/core/rng.h"
#include "chain/eth/vrf.h"

static const struct vector {
	const char *secret, *public_key, *alpha, *proof, *output;
} vectors[] = {
	{"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
         "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6", "sample",
         "035b5c726e8c0e2c488a107c600578ee75cb702343c153cb1eb8dec77f4b5071b4a53f0a46f018bc2c56e58d383f2305e0975972c26feea0eb122fe7893c15"
         "af376b33edf7de17c6ea056d4d82de6bc02f",
         "a3ad7b0ef73d8fc6655053ea22f9bede8c743f08bbed3d38821f0e16474b505e"},
	{"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
         "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6", "test",
         "034dac60aba508ba0c01aa9be80377ebd7562c4a52d74722e0abae7dc3080ddb56c19e067b15a8a8174905b13617804534214f935b94c2287f797e393eb081"
         "6969d864f37625b443f30f1a5a33f2b3c854",
         "a284f94ceec2ff4b3794629da7cbafa49121972671b466cab4ce170aa365f26d"},
	{"2ca1411a41b17b24cc8c3b089cfd033f1920202a6c0de8abb97df1498d50d2c8",
         "03596375e6ce57e0f20294fc46bdfcfd19a39f8161b58695b3ec5b3d16427c274d",
         "Example using ECDSA key from Appendix L.4.2 of ANSI.X9-62-2005",
         "03d03398bf53aa23831d7d1b2937e005fb0062cbefa06796579f2a1fc7e7b8c667d091c00b0f5c3619d10ecea44363b5a599cadc5b2957e223fec62e81f7b4"
         "825fc799a771a3d7334b9186bdbee87316b1",
         "90871e06da5caa39a3c61578ebb844de8635e27ac0b13e829997d0d95dd98c19"},
};

/* The group's order, and the field's prime. */
static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
static const char prime[] = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

static int set_up(void **state)
{
	*state = gs_vrf_new();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	gs_vrf_free(*state);
	return 0;
}

static void unhex(const char *text, uint8_t *out, size_t len)
{
	assert_int_equal(gs_hex_decode(text, strlen(text), out, len), GS_OK);
}

static struct gs_bytes text_bytes(const char *text)
{
	return (struct gs_bytes){(const uint8_t *)text, strlen(text)};
}

static void gives_the_vectors_of_the_rfc(void **state)
{
	for (size_t i = 0; i < GS_ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct gs_vrf_public public_key;
		struct gs_vrf_proof proof, wanted;
		struct gs_hash output, again, wanted_output;
		struct gs_vrf_key key;
		uint8_t secret[32];

		unhex(v->secret, secret, 32);
		unhex(v->public_key, public_key.b, sizeof(public_key.b));
		unhex(v->proof, wanted.b, sizeof(wanted.b));
		unhex(v->output, wanted_output.b, 32);
		assert_int_equal(gs_vrf_key_from_secret(*state, secret, &key, NULL), GS_OK);
		assert_memory_equal(key.public_key.b, public_key.b, sizeof(public_key.b));
		assert_int_equal(gs_vrf_prove(*state, &key, text_bytes(v->alpha), &proof, &output), GS_OK);
		assert_memory_equal(proof.b, wanted.b, sizeof(wanted.b));
		assert_memory_equal(output.b, wanted_output.b, 32);
		assert_int_equal(gs_vrf_verify(*state, &public_key, text_bytes(v->alpha), &wanted, &again), GS_OK);
		assert_memory_equal(again.b, wanted_output.b, 32);
		memset(&again, 0, sizeof(again));
		assert_int_equal(gs_vrf_output(*state, &wanted, &again), GS_OK);
		assert_memory_equal(again.b, wanted_output.b, 32);
		gs_vrf_key_wipe(&key);
	}
}

static void is_wrong(struct gs_vrf *vrf, const struct gs_vrf_public *key, struct gs_bytes alpha,
                     const struct gs_vrf_proof *proof)
{
	struct gs_hash output = {{0}};
	const enum gs_err err = gs_vrf_verify(vrf, key, alpha, proof, &output);

	assert_true(err == GS_EPARSE || err == GS_ECONFLICT);
	assert_true(gs_hash_is_zero(&output));
}

static void refuses_every_flipped_bit(void **state)
{
	const struct vector *v = &vectors[2];
	struct gs_vrf_public key;
	struct gs_vrf_proof proof;
	uint8_t alpha[128];
	const size_t len = strlen(v->alpha);

	unhex(v->public_key, key.b, sizeof(key.b));
	unhex(v->proof, proof.b, sizeof(proof.b));
	memcpy(alpha, v->alpha, len);
	for (unsigned bit = 0; bit < 8 * sizeof(proof.b); bit++) {
		proof.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		is_wrong(*state, &key, (struct gs_bytes){alpha, len}, &proof);
		proof.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (unsigned bit = 0; bit < 8 * sizeof(key.b); bit++) {
		key.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		is_wrong(*state, &key, (struct gs_bytes){alpha, len}, &proof);
		key.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (unsigned bit = 0; bit < 8 * len; bit++) {
		alpha[bit / 8] ^= (uint8_t)(1 << bit % 8);
		is_wrong(*state, &key, (struct gs_bytes){alpha, len}, &proof);
		alpha[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	is_wrong(*state, &key, (struct gs_bytes){alpha, len - 1}, &proof);
	is_wrong(*state, &key, (struct gs_bytes){NULL, 0}, &proof);
}

static void takes_numbers_of_the_group_alone(void **state)
{
	struct gs_vrf_key key;
	struct gs_vrf_proof proof;
	struct gs_hash output;
	uint8_t secret[32] = {0};

	assert_int_equal(gs_vrf_key_from_secret(*state, secret, &key, NULL), GS_EINVAL);
	unhex(order, secret, 32);
	assert_int_equal(gs_vrf_key_from_secret(*state, secret, &key, NULL), GS_EINVAL);
	memset(secret, 0xff, 32);
	assert_int_equal(gs_vrf_key_from_secret(*state, secret, &key, NULL), GS_EINVAL);
	unhex(order, secret, 32);
	secret[31]--;
	assert_int_equal(gs_vrf_key_from_secret(*state, secret, &key, NULL),
	                 GS_OK); /* the point is the generator's other half */
	assert_int_equal(gs_vrf_prove(*state, &key, text_bytes(""), &proof, &output), GS_OK);
	assert_int_equal(gs_vrf_verify(*state, &key.public_key, text_bytes(""), &proof, &output), GS_OK);
	/* s and s + order would be the same number; here s + order has no 256 bits to stand in but for tiny s, so the order itself is tried */
	unhex(order, proof.b + 49, 32);
	assert_int_equal(gs_vrf_verify(*state, &key.public_key, text_bytes(""), &proof, &output), GS_EPARSE);
	assert_int_equal(gs_vrf_output(*state, &proof, &output), GS_EPARSE);
}

static void takes_points_of_the_curve_alone(void **state)
{
	static const uint8_t fronts[] = {0, 1, 4, 5, 6, 7, 0xff};
	const struct vector *v = &vectors[0];
	struct gs_vrf_public key, other;
	struct gs_vrf_proof proof, wrong;
	struct gs_hash output;
	unsigned off = 0;

	unhex(v->public_key, key.b, sizeof(key.b));
	unhex(v->proof, proof.b, sizeof(proof.b));
	for (size_t i = 0; i < GS_ARRAY_LEN(fronts); i++) {
		other = key;
		other.b[0] = fronts[i];
		assert_int_equal(gs_vrf_verify(*state, &other, text_bytes(v->alpha), &proof, &output), GS_EPARSE);
		wrong = proof;
		wrong.b[0] = fronts[i];
		assert_int_equal(gs_vrf_output(*state, &wrong, &output), GS_EPARSE);
	}
	unhex(prime, other.b + 1, 32); /* x = p, which is 0 reduced: (0, sqrt b) is a point */
	other.b[0] = 2;
	assert_int_equal(gs_vrf_verify(*state, &other, text_bytes(v->alpha), &proof, &output), GS_EPARSE);
	memset(other.b + 1, 0, 32);
	assert_int_equal(gs_vrf_verify(*state, &other, text_bytes(v->alpha), &proof, &output), GS_ECONFLICT);
	for (uint8_t x = 1; x < 64; x++) { /* about half of all x are of no point */
		memset(wrong.b, 0, 33);
		wrong.b[0] = 3;
		wrong.b[32] = x;
		off += gs_vrf_output(*state, &wrong, &output) == GS_EPARSE;
	}
	assert_in_range(off, 15, 48);
}

/* A proof is of one key and one input, the same each time, and its output that of no other. */
static void proves_what_it_is_asked_for(void **state)
{
	struct gs_rng rng;
	struct gs_hash before = {{0}};

	gs_rng_seed(&rng, 9381);
	for (unsigned i = 0; i < 64; i++) {
		struct gs_vrf_key key;
		struct gs_vrf_proof proof, again;
		struct gs_hash output, checked;
		uint8_t secret[32], alpha[256];
		const struct gs_bytes bytes = {alpha, i * 4};

		for (unsigned k = 0; k < 4; k++)
			gs_be64_write(secret + 8 * k, gs_rng_u64(&rng) >> 1);
		for (unsigned k = 0; k < 32; k++)
			gs_be64_write(alpha + 8 * k, gs_rng_u64(&rng));
		assert_int_equal(gs_vrf_key_from_secret(*state, secret, &key, NULL), GS_OK);
		assert_int_equal(gs_vrf_prove(*state, &key, bytes, &proof, &output), GS_OK);
		assert_int_equal(gs_vrf_prove(*state, &key, bytes, &again, &checked), GS_OK);
		assert_memory_equal(&proof, &again, sizeof(proof));
		assert_int_equal(gs_vrf_verify(*state, &key.public_key, bytes, &proof, &checked), GS_OK);
		assert_memory_equal(&output, &checked, sizeof(output));
		assert_memory_not_equal(&output, &before, sizeof(output));
		before = output;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_vectors_of_the_rfc),     cmocka_unit_test(refuses_every_flipped_bit),
		cmocka_unit_test(takes_numbers_of_the_group_alone), cmocka_unit_test(takes_points_of_the_curve_alone),
		cmocka_unit_test(proves_what_it_is_asked_for),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
