/* Random transactions, calls and key files against cast (alloy) and ethers. Skipped where they are not installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain/core/rng.h"
#include "chain/eth/abi.h"
#include "chain/eth/keystore.h"
#include "chain/eth/tx.h"
#include "tests/support/tool.h"

enum { TRANSACTIONS = 24, PATH_LEN_MAX = 4096 };

static char cast[PATH_LEN_MAX];

static void random_bytes(struct gs_rng *rng, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)gs_rng_u64(rng);
}

/* A number of random length, so that small ones and leading zeros come up. */
static uint64_t random_u64(struct gs_rng *rng)
{
	return gs_rng_u64(rng) >> gs_rng_below(rng, 64);
}

static struct gs_key random_key(struct gs_rng *rng)
{
	uint8_t secret[32];
	struct gs_key key;
	random_bytes(rng, secret, sizeof(secret));
	assert_int_equal(gs_key_from_secret(secret, &key, NULL), GS_OK);
	return key;
}

static char *hex(const uint8_t *p, size_t len)
{
	char *text = malloc(2 * len + 3);
	assert_non_null(text);
	gs_hex_encode(p, len, true, text);
	return text;
}

static void signs_like_cast(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 1559);
	for (int i = 0; i < TRANSACTIONS; i++) {
		uint8_t data[300];
		struct gs_key key = random_key(&rng);
		uint64_t max_fee = random_u64(&rng), value = random_u64(&rng);
		struct gs_tx tx = {
			.chain_id = 1 + (random_u64(&rng) >> 1),
			.nonce = random_u64(&rng) >> 1,
			.gas_limit = 1 + (random_u64(&rng) >> 1),
			.max_fee = gs_wei_from_u64(max_fee),
			.priority_fee = gs_wei_from_u64(max_fee / 3),
			.value = gs_wei_from_u64(value),
			.create = gs_rng_below(&rng, 4) == 0,
		};
		random_bytes(&rng, tx.to.b, sizeof(tx.to.b));
		size_t len = 1 + gs_rng_below(&rng, sizeof(data));
		random_bytes(&rng, data, len);
		tx.data = (struct gs_bytes){data, len};
		struct gs_buf raw;
		struct gs_hash hash;
		gs_buf_init(&raw, GS_TX_RAW_MAX);
		assert_int_equal(gs_tx_sign(&tx, &key, &raw, &hash, NULL), GS_OK);
		char *ours = hex(raw.ptr, raw.len), *secret = hex(key.secret, 32), *payload = hex(data, len),
		     *to = hex(tx.to.b, 20);
		char *theirs = tool_output(
			"%s mktx --private-key %s --chain %llu --nonce %llu --gas-limit %llu --gas-price %llu"
			" --priority-gas-price %llu --value %llu %s %s 2>&1",
			cast, secret, (unsigned long long)tx.chain_id, (unsigned long long)tx.nonce,
			(unsigned long long)tx.gas_limit, (unsigned long long)max_fee, (unsigned long long)max_fee / 3,
			(unsigned long long)value, tx.create ? "--create" : to, payload);
		assert_non_null(theirs);
		assert_string_equal(ours, theirs);
		free(ours);
		free(secret);
		free(payload);
		free(to);
		free(theirs);
		gs_buf_free(&raw);
	}
}

static void encodes_like_cast(void **state)
{
	(void)state;
	struct gs_rng rng;
	gs_rng_seed(&rng, 20);
	for (int i = 0; i < 12; i++) {
		struct gs_hash hashes[5];
		uint8_t blob[200];
		size_t count = gs_rng_below(&rng, 6), len = gs_rng_below(&rng, sizeof(blob) + 1);
		uint64_t n = random_u64(&rng);
		char list[5 * 67 + 3] = "[";
		random_bytes(&rng, hashes[0].b, sizeof(hashes));
		random_bytes(&rng, blob, len);
		for (size_t j = 0; j < count; j++) {
			char *one = hex(hashes[j].b, 32);
			sprintf(list + strlen(list), "%s%s", j ? "," : "", one);
			free(one);
		}
		strcat(list, "]");
		struct gs_buf out;
		struct gs_abi_writer w, child;
		gs_buf_init(&out, 4096);
		gs_abi_call(&w, &out, 0x78e9a5c7, 3);
		gs_abi_put_hashes(&w, hashes, count);
		gs_abi_put_tuple(&w, &child, 2);
		gs_abi_put_bytes(&child, (struct gs_bytes){blob, len});
		gs_abi_put_u64(&child, n);
		gs_abi_end(&child);
		gs_abi_put_u64(&w, n / 2);
		gs_abi_end(&w);
		char *ours = hex(out.ptr, out.len), *blob_hex = hex(blob, len);
		char *theirs = tool_output(
			"%s calldata 'f(bytes32[],(bytes,uint256),uint64)' '%s' '(%s,%llu)' %llu 2>&1", cast, list,
			blob_hex, (unsigned long long)n, (unsigned long long)n / 2);
		assert_non_null(theirs);
		assert_string_equal(ours + 10, theirs + 10); /* after 0x and the selector */
		free(ours);
		free(theirs);
		free(blob_hex);
		gs_buf_free(&out);
	}
}

/* A key file of ours in a new directory, whose name goes to dir. */
static void write_key_file(char dir[64], const struct gs_key *key, const char *password)
{
	uint8_t random[GS_KEYSTORE_RANDOM];
	struct gs_rng rng;
	struct gs_buf text;
	char path[96];
	gs_rng_seed(&rng, 3);
	random_bytes(&rng, random, sizeof(random));
	gs_buf_init(&text, GS_KEYSTORE_TEXT_MAX);
	assert_int_equal(gs_keystore_encrypt(key, (struct gs_bytes){(const uint8_t *)password, strlen(password)},
	                                     &(struct gs_keystore_kdf){.cost = GS_KEYSTORE_SCRYPT_N_LIGHT}, random,
	                                     &text, NULL),
	                 GS_OK);
	strcpy(dir, "/tmp/gainsay-oracle-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
	assert_int_equal(fclose(file), 0);
	gs_buf_free(&text);
}

static void remove_key_file(const char *dir)
{
	char path[96];
	snprintf(path, sizeof(path), "%s/key", dir);
	unlink(path);
	rmdir(dir);
}

static void cast_reads_our_key_file(void **state)
{
	(void)state;
	struct gs_rng rng;
	char dir[64];
	gs_rng_seed(&rng, 4);
	struct gs_key key = random_key(&rng);
	write_key_file(dir, &key, "correct horse");
	char *theirs = tool_output("%s wallet decrypt-keystore --keystore-dir %s --unsafe-password 'correct horse' key",
	                           cast, dir);
	char *ours = hex(key.secret, 32);
	assert_non_null(theirs);
	assert_non_null(strstr(theirs, ours));
	free(theirs);
	free(ours);
	remove_key_file(dir);
}

static void cast_key_file_is_read(void **state)
{
	(void)state;
	struct gs_rng rng;
	char dir[] = "/tmp/gainsay-oracle-XXXXXX";
	struct gs_key got;
	gs_rng_seed(&rng, 5);
	struct gs_key key = random_key(&rng);
	char *secret = hex(key.secret, 32);
	assert_non_null(mkdtemp(dir));
	char *said = tool_output("%s wallet import --keystore-dir %s --private-key %s --unsafe-password p4ss key", cast,
	                         dir, secret);
	char *text = tool_output("cat %s/key", dir);
	assert_non_null(said);
	assert_non_null(text);
	assert_int_equal(gs_keystore_decrypt((struct gs_bytes){(const uint8_t *)text, strlen(text)},
	                                     (struct gs_bytes){(const uint8_t *)"p4ss", 4}, &got, NULL),
	                 GS_OK);
	assert_memory_equal(got.secret, key.secret, 32);
	free(said);
	free(text);
	free(secret);
	remove_key_file(dir);
}

static void ethers_reads_our_key_file(void **state)
{
	(void)state;
	struct gs_rng rng;
	char dir[64];
	if (access("tests/node_modules/ethers/package.json", R_OK) != 0) {
		fprintf(stderr, "skipped: ethers is not installed; run 'make setup'\n");
		skip();
	}
	gs_rng_seed(&rng, 6);
	struct gs_key key = random_key(&rng);
	write_key_file(dir, &key, "caf\xc3\xa9");
	char *theirs = tool_output(
		"node -e \"require('./tests/node_modules/ethers').Wallet.fromEncryptedJson("
		"require('fs').readFileSync('%s/key','utf8'),'caf\xc3\xa9',()=>{}).then(w=>console.log(w.privateKey))\"",
		dir);
	char *ours = hex(key.secret, 32);
	assert_non_null(theirs);
	assert_string_equal(theirs, ours);
	free(theirs);
	free(ours);
	remove_key_file(dir);
}

int main(void)
{
	const struct CMUnitTest with_cast[] = {
		cmocka_unit_test(signs_like_cast),           cmocka_unit_test(encodes_like_cast),
		cmocka_unit_test(cast_reads_our_key_file),   cmocka_unit_test(cast_key_file_is_read),
		cmocka_unit_test(ethers_reads_our_key_file),
	};
	const struct CMUnitTest without_cast[] = {cmocka_unit_test(ethers_reads_our_key_file)};
	if (tool_find("cast", cast, sizeof(cast)))
		return !!cmocka_run_group_tests(with_cast, NULL, NULL);
	fprintf(stderr, "skipped: cast is not installed; run 'make setup'\n");
	return !!cmocka_run_group_tests(without_cast, NULL, NULL);
}
