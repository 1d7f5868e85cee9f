/* Typed data: the example of EIP-712, its parts, what is refused, and that what games sign is what wallets would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "chain/eth/eip712.h"
#include "chain/eth/key.h"
#include "chain/rpc/signer.h"

static const struct gs_typed_member mail[] = {{"Person", "from"}, {"Person", "to"}, {"string", "contents"}};
static const struct gs_typed_member person[] = {{"string", "name"}, {"address", "wallet"}};
static const struct gs_typed_struct mail_structs[] = {{"Person", person, 2}, {"Mail", mail, 3}};

static struct gs_bytes bytes(const char *text)
{
	return (struct gs_bytes){(const uint8_t *)text, strlen(text)};
}

static void assert_hash(const struct gs_hash *got, const char *expected)
{
	char text[67];

	gs_hex_encode(got->b, 32, true, text);
	assert_string_equal(text, expected);
}

struct letter {
	struct gs_typed typed;
	struct gs_typed_value from[2], to[2], message[3];
	struct gs_u256 chain_id;
	struct gs_address contract;
};

/* The example of the EIP, whose values its page gives. */
static void write_letter(struct letter *l)
{
	memset(l, 0, sizeof(*l));
	l->from[0].bytes = bytes("Cow");
	l->to[0].bytes = bytes("Bob");
	assert_int_equal(gs_hex_decode("CD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826", 40, l->from[1].word + 12, 20), 0);
	memset(l->to[1].word + 12, 0xbb, 20);
	l->message[0] = (struct gs_typed_value){.items = l->from, .count = 2};
	l->message[1] = (struct gs_typed_value){.items = l->to, .count = 2};
	l->message[2].bytes = bytes("Hello, Bob!");
	l->chain_id = gs_u256_from_u64(1);
	memset(l->contract.b, 0xcc, 20);
	l->typed = (struct gs_typed){
		.domain = {.name = "Ether Mail", .version = "1", .chain_id = &l->chain_id, .contract = &l->contract},
		.structs = mail_structs,
		.struct_count = 2,
		.primary = "Mail",
		.message = {.items = l->message, .count = 3},
	};
}

static void hashes_the_example(void **state)
{
	(void)state;
	struct letter l;
	struct gs_hash hash;
	char type[GS_TYPED_TYPE_TEXT_MAX];

	write_letter(&l);
	assert_int_equal(gs_typed_encode_type(&l.typed, "Mail", type, NULL), GS_OK);
	assert_string_equal(type, "Mail(Person from,Person to,string contents)Person(string name,address wallet)");
	assert_int_equal(gs_typed_domain_separator(&l.typed.domain, &hash, NULL), GS_OK);
	assert_hash(&hash, "0xf2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f");
	assert_int_equal(gs_typed_hash_struct(&l.typed, &hash, NULL), GS_OK);
	assert_hash(&hash, "0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e");
	assert_int_equal(gs_typed_digest(&l.typed, &hash, NULL), GS_OK);
	assert_hash(&hash, "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
}

/* The key of the EIP's example is keccak256("cow"), and its page gives the signature. */
static void signs_the_example(void **state)
{
	(void)state;
	struct letter l;
	struct gs_key key;
	struct gs_signature signature;
	char r[65];

	write_letter(&l);
	assert_int_equal(
		gs_key_from_hex("c85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4", &key, NULL), GS_OK);
	const struct gs_signer signer = gs_signer_of_key(&key);
	assert_int_equal(signer.sign_typed(signer.self, &l.typed, &signature, NULL), GS_OK);
	gs_hex_encode(signature.r, 32, false, r);
	assert_string_equal(r, "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d");
	assert_int_equal(signature.y_parity, 1);
}

static void speaks_json(void **state)
{
	(void)state;
	struct letter l;

	write_letter(&l);
	json_t *json = gs_typed_to_json(&l.typed);
	assert_non_null(json);
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(
		text,
		"{\"domain\":{\"chainId\":1,\"name\":\"Ether Mail\",\"verifyingContract\":"
		"\"0xcccccccccccccccccccccccccccccccccccccccc\",\"version\":\"1\"},\"message\":{\"contents\":\"Hello, Bob!\","
		"\"from\":{\"name\":\"Cow\",\"wallet\":\"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\"},\"to\":{\"name\":"
		"\"Bob\",\"wallet\":\"0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"}},\"primaryType\":\"Mail\",\"types\":{"
		"\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"version\",\"type\":\"string\"},{"
		"\"name\":\"chainId\",\"type\":\"uint256\"},{\"name\":\"verifyingContract\",\"type\":\"address\"}],"
		"\"Mail\":[{\"name\":\"from\",\"type\":\"Person\"},{\"name\":\"to\",\"type\":\"Person\"},{\"name\":"
		"\"contents\",\"type\":\"string\"}],\"Person\":[{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"wallet\","
		"\"type\":\"address\"}]}}");
	free(text);
	json_decref(json);
}

/* One member of a type, with a word: what comes of it. */
static enum gs_err digest_of(const char *type, const uint8_t word[32])
{
	const struct gs_typed_member member = {type, "x"};
	const struct gs_typed_struct one = {"One", &member, 1};
	struct gs_typed_value value = {0};
	const struct gs_typed typed = {.domain = {.name = "n"},
	                               .structs = &one,
	                               .struct_count = 1,
	                               .primary = "One",
	                               .message = {.items = &value, .count = 1}};
	struct gs_hash hash;

	memcpy(value.word, word, 32);
	return gs_typed_digest(&typed, &hash, NULL);
}

static void refuses(void **state)
{
	(void)state;
	static const char *const no_types[] = {
		"uint",  "uint0",  "uint7", "uint264",  "uint08",     "int",      "bytes0", "bytes33",     "",
		"bool8", "adress", "[]",    "uint256]", "uint256[x]", "uint256[", "Two",    "uint256[-1]", "uint+8"};
	uint8_t word[32] = {0};

	for (size_t i = 0; i < GS_ARRAY_LEN(no_types); i++)
		if (digest_of(no_types[i], word) != GS_EINVAL)
			fail_msg("'%s' was taken", no_types[i]);
	assert_int_equal(digest_of("uint8", word), GS_OK);
	assert_int_equal(digest_of("uint256[]", word), GS_OK);
	assert_int_equal(digest_of("uint256[0][]", word), GS_OK);
	assert_int_equal(digest_of("uint256[1]", word), GS_EINVAL); /* no elements are there */
	word[30] = 1;
	assert_int_equal(digest_of("uint8", word), GS_EINVAL);
	assert_int_equal(digest_of("uint16", word), GS_OK);
	assert_int_equal(digest_of("bool", word), GS_EINVAL);
	assert_int_equal(digest_of("int8", word), GS_EINVAL);
	assert_int_equal(digest_of("bytes30", word), GS_EINVAL);
	assert_int_equal(digest_of("bytes31", word), GS_OK);
	memset(word, 0xff, 31);
	word[31] = 0x80;
	assert_int_equal(digest_of("int8", word), GS_OK);
	word[31] = 0x7f;
	assert_int_equal(digest_of("int8", word), GS_EINVAL);
	assert_int_equal(digest_of("address", word), GS_EINVAL);
}

/* A struct that holds itself has a type, but no end. */
static void ends(void **state)
{
	(void)state;
	const struct gs_typed_member member = {"One", "x"};
	const struct gs_typed_struct one = {"One", &member, 1};
	struct gs_typed_value value = {.count = 1};
	const struct gs_typed typed = {.domain = {.name = "n"},
	                               .structs = &one,
	                               .struct_count = 1,
	                               .primary = "One",
	                               .message = {.items = &value, .count = 1}};
	struct gs_hash hash;
	char text[GS_TYPED_TYPE_TEXT_MAX];

	value.items = &value;
	assert_int_equal(gs_typed_encode_type(&typed, "One", text, NULL), GS_OK);
	assert_string_equal(text, "One(One x)");
	assert_int_equal(gs_typed_digest(&typed, &hash, NULL), GS_ELIMIT);
	assert_null(gs_typed_to_json(&typed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_the_example),
		cmocka_unit_test(signs_the_example),
		cmocka_unit_test(speaks_json),
		cmocka_unit_test(refuses),
		cmocka_unit_test(ends),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
