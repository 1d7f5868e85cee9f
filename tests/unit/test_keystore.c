/* Key files of three other programs, our own, and broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain/eth/keystore.h"
#include "chain/rpc/keyfile.h"

/* The two examples of the Web3 Secret Storage Definition; their password is "testpassword". */
static const char wiki_secret[] = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
static const char wiki_pbkdf2[] =
	"{\"crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":\"6087dab2f9fdbbfaddc31a909735c1e6\"},"
	"\"ciphertext\":\"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46\",\"kdf\":\"pbkdf2\",\"kdfparams\":"
	"{\"c\":262144,\"dklen\":32,\"prf\":\"hmac-sha256\",\"salt\":"
	"\"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd\"},\"mac\":"
	"\"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2\"},"
	"\"id\":\"3198bc9c-6672-5ab3-d995-4942343ae5b6\",\"version\":3}";
static const char wiki_scrypt[] =
	"{\"crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":\"83dbcc02d8ccb40e466191a123791e0e\"},"
	"\"ciphertext\":\"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c\",\"kdf\":\"scrypt\",\"kdfparams\":"
	"{\"dklen\":32,\"n\":262144,\"r\":1,\"p\":8,\"salt\":"
	"\"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19\"},\"mac\":"
	"\"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097\"},"
	"\"id\":\"3198bc9c-6672-5ab3-d995-4942343ae5b6\",\"version\":3}";
/* cast wallet import, 1.7.1; password "pass wörd" */
static const char cast_secret[] = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
static const char cast_file[] =
	"{\"crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":\"5ad23914f15caf06d90653b552e0b3f8\"},"
	"\"ciphertext\":\"cc718d6364317e71713a890a5d0b93dfb977265025a92537f7b8b93b20b39d45\",\"kdf\":\"scrypt\",\"kdfparams\":"
	"{\"dklen\":32,\"n\":8192,\"p\":1,\"r\":8,\"salt\":\"77b4300d0d693d1b028f5bfec2281c8b6d25ab171fa12a28d529594b68124fe0\"},"
	"\"mac\":\"68f20e00b280ff8508ab0471c8256a8073a227da8cf40d0b945c837415ac6bbb\"},"
	"\"id\":\"24a6f165-58a7-482b-97bc-a09739cdb80c\",\"version\":3}";
/* ethers 6.17 encryptKeystoreJson, which spells it Crypto; password "testpassword" */
static const char ethers_secret[] = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
static const char ethers_file[] =
	"{\"address\":\"70997970c51812dc3a010c7d01b50e0d17dc79c8\",\"id\":\"b4c7fe60-6477-4f68-b188-0efbaa78a498\",\"version\":3,"
	"\"Crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":\"c334b9678003c6924390c9b65214d45a\"},"
	"\"ciphertext\":\"733506ed291c892a9780d8d8e09b2c2b7a20af784e3fc7906ce5d4f53a47ff52\",\"kdf\":\"scrypt\",\"kdfparams\":"
	"{\"salt\":\"d1dd68892919e6cf224b1f88b21c5cf7a8f2b5aa7fed3f6070c766275c9f3f7f\",\"n\":4096,\"dklen\":32,\"p\":1,\"r\":8},"
	"\"mac\":\"89fb16d5a5dc4908f01f67e32f136e8d21e8e9717d09e6b6ad59358cc87fa815\"}}";

static struct gs_bytes text(const char *s)
{
	return (struct gs_bytes){(const uint8_t *)s, strlen(s)};
}

static void assert_opens(const char *file, const char *password, const char *secret)
{
	struct gs_key got, expected;
	struct gs_error error = {0};
	assert_int_equal(gs_key_from_hex(secret, &expected, NULL), GS_OK);
	if (gs_keystore_decrypt(text(file), text(password), &got, &error) != GS_OK)
		fail_msg("%s", error.text);
	assert_memory_equal(got.secret, expected.secret, 32);
	assert_true(gs_address_equal(&got.address, &expected.address));
	assert_int_equal(gs_keystore_decrypt(text(file), text("wrong"), &got, &error), GS_EINVAL);
	assert_non_null(strstr(error.text, "wrong password"));
}

static void reads_the_definition(void **state)
{
	(void)state;
	assert_opens(wiki_pbkdf2, "testpassword", wiki_secret);
	/* Its n is too large for its r by RFC 7914, which OpenSSL enforces; no program writes such files. */
	struct gs_key key;
	assert_int_equal(gs_keystore_decrypt(text(wiki_scrypt), text("testpassword"), &key, NULL), GS_EUNSUPPORTED);
}

static void reads_other_programs(void **state)
{
	(void)state;
	assert_opens(cast_file, "pass w\xc3\xb6rd", cast_secret);
	assert_opens(ethers_file, "testpassword", ethers_secret);
}

static void reads_its_own(void **state)
{
	(void)state;
	uint8_t random[GS_KEYSTORE_RANDOM];
	struct gs_key key;
	struct gs_buf out;
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)(i * 37 + 1);
	assert_int_equal(gs_key_from_hex(cast_secret, &key, NULL), GS_OK);
	gs_buf_init(&out, GS_KEYSTORE_TEXT_MAX);
	for (int pbkdf2 = 0; pbkdf2 < 2; pbkdf2++) {
		const struct gs_keystore_kdf kdf = {.pbkdf2 = pbkdf2,
		                                    .cost = pbkdf2 ? GS_KEYSTORE_PBKDF2_ROUNDS_LIGHT
		                                                   : GS_KEYSTORE_SCRYPT_N_LIGHT};
		assert_int_equal(gs_keystore_encrypt(&key, text(""), &kdf, random, &out, NULL), GS_OK);
		gs_buf_append_u8(&out, 0);
		assert_int_equal(out.err, GS_OK);
		assert_opens((const char *)out.ptr, "", cast_secret);
		assert_null(strstr((const char *)out.ptr, cast_secret));
		assert_non_null(strstr((const char *)out.ptr, pbkdf2 ? "hmac-sha256" : "\"scrypt\""));
		gs_buf_free(&out);
	}
	const struct gs_keystore_kdf odd = {.cost = 1000}, none = {.pbkdf2 = true};
	assert_int_equal(gs_keystore_encrypt(&key, text(""), &odd, random, &out, NULL), GS_EPARSE);
	assert_int_equal(gs_keystore_encrypt(&key, text(""), &none, random, &out, NULL), GS_ELIMIT);
	gs_buf_free(&out);
}

/* Replaces one piece of a good file; the result must be refused with that code. */
static void assert_refused(const char *from, const char *to, enum gs_err expected)
{
	char changed[2048];
	struct gs_key key;
	struct gs_error error = {0};
	const char *at = strstr(ethers_file, from);
	assert_non_null(at);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - ethers_file), ethers_file, to, at + strlen(from));
	assert_int_equal(gs_keystore_decrypt(text(changed), text("testpassword"), &key, &error), expected);
	assert_true(strlen(error.text) > 10);
}

static void refuses(void **state)
{
	(void)state;
	assert_refused("\"version\":3", "\"version\":1", GS_EUNSUPPORTED);
	assert_refused("\"version\":3,", "", GS_EPARSE);
	assert_refused("\"version\":3,", "\"version\":3,\"version\":3,", GS_EPARSE);
	assert_refused("Crypto", "secret", GS_EPARSE);
	assert_refused("aes-128-ctr", "aes-128-cbc", GS_EUNSUPPORTED);
	assert_refused("\"scrypt\"", "\"argon2\"", GS_EUNSUPPORTED);
	assert_refused("c334b9", "c334b", GS_EPARSE);
	assert_refused("733506", "733507", GS_EINVAL);
	assert_refused("89fb16", "89fb17", GS_EINVAL);
	assert_refused("d1dd68", "d1dd6x", GS_EPARSE);
	assert_refused("\"n\":4096", "\"n\":4095", GS_EPARSE);
	assert_refused("\"n\":4096", "\"n\":-4096", GS_EPARSE);
	assert_refused("\"n\":4096", "\"n\":0", GS_EPARSE);
	assert_refused("\"n\":4096", "\"n\":1073741824", GS_ELIMIT);
	assert_refused("\"r\":8", "\"r\":100000", GS_ELIMIT);
	assert_refused("\"p\":1", "\"p\":1000000000000", GS_ELIMIT);
	assert_refused("\"dklen\":32", "\"dklen\":16", GS_EPARSE);
	struct gs_key key;
	assert_int_equal(gs_keystore_decrypt(text("nonsense"), text(""), &key, NULL), GS_EPARSE);
	assert_int_equal(gs_keystore_decrypt(text(""), text(""), &key, NULL), GS_EPARSE);
	assert_int_equal(gs_keystore_decrypt(text("[]"), text(""), &key, NULL), GS_EPARSE);
	for (size_t len = 0; len < sizeof(cast_file) - 1; len++)
		assert_int_equal(
			gs_keystore_decrypt((struct gs_bytes){(const uint8_t *)cast_file, len}, text(""), &key, NULL),
			GS_EPARSE);
}

static void write_file(const char *path, const char *content)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	fputs(content, f);
	assert_int_equal(fclose(f), 0);
}

static void tells_whose_it_is(void **state)
{
	(void)state;
	struct gs_address address, expected;
	struct gs_error error;
	char changed[4096];
	struct gs_key key;

	assert_int_equal(gs_keystore_address(text(ethers_file), &address, NULL), GS_OK);
	assert_int_equal(gs_address_parse("0x70997970c51812dc3a010c7d01b50e0d17dc79c8", &expected, NULL), GS_OK);
	assert_true(gs_address_equal(&address, &expected));
	assert_int_equal(gs_keystore_address(text(cast_file), &address, &error), GS_ENOTFOUND); /* cast leaves it out */
	assert_int_equal(gs_keystore_address(text("{}"), &address, &error), GS_EPARSE);
	/* A file that names another account than its key's. */
	snprintf(changed, sizeof(changed), "%s", ethers_file);
	strstr(changed, "70997970")[7] = '1';
	assert_int_equal(gs_keystore_address(text(changed), &address, NULL), GS_OK);
	assert_int_equal(gs_keystore_decrypt(text(changed), text("testpassword"), &key, &error), GS_EINVAL);
	assert_non_null(strstr(error.text, "another account"));
	strstr(changed, "70997971")[7] = 'x';
	assert_int_equal(gs_keystore_decrypt(text(changed), text("testpassword"), &key, &error), GS_EPARSE);
}

static void keeps_files(void **state)
{
	(void)state;
	char dir[] = "/tmp/gainsay-keyfile-XXXXXX", path[64], password[64];
	struct gs_key key, got;
	struct gs_error error;
	struct stat st;
	const struct gs_keystore_kdf kdf = {.cost = GS_KEYSTORE_SCRYPT_N};
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key.json", dir);
	snprintf(password, sizeof(password), "%s/password", dir);
	assert_int_equal(gs_keyfile_load(path, password, &got, &error), GS_ENOTFOUND);
	assert_non_null(strstr(error.text, "key.json: No such file"));
	write_file(password, "secret\n");
	assert_int_equal(gs_key_from_hex(cast_secret, &key, NULL), GS_OK);
	assert_int_equal(gs_keyfile_save(path, password, &key, &kdf, &error), GS_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(gs_keyfile_save(path, password, &key, &kdf, &error), GS_ECONFLICT);
	write_file(password, "secret"); /* the newline is not part of it */
	assert_int_equal(gs_keyfile_load(path, password, &got, &error), GS_OK);
	assert_memory_equal(got.secret, key.secret, 32);
	write_file(password, "secret \n");
	assert_int_equal(gs_keyfile_load(path, password, &got, &error), GS_EINVAL);
	assert_non_null(strstr(error.text, "key.json: keystore: wrong password"));
	/* A passphrase that others may read, or write, is none. */
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(chmod(password, (mode_t[]){0640, 0604, 0620}[i]), 0);
		assert_int_equal(gs_keyfile_load(path, password, &got, &error), GS_EINVAL);
		assert_non_null(strstr(error.text, "password: others may read or change it; chmod 600"));
	}
	unlink(path);
	unlink(password);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_definition), cmocka_unit_test(reads_other_programs),
		cmocka_unit_test(reads_its_own),        cmocka_unit_test(refuses),
		cmocka_unit_test(keeps_files),          cmocka_unit_test(tells_whose_it_is),
	};
	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
