/* Settled inferences a second and core: a whole leaf (its share of the blob's JSON, its hash, its signature), and beside it, in the same run, how many RSA-2048
 * signatures `openssl speed` verifies. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/bench.h"
#include "tests/support/pss_cases.h"
#include "tests/support/tool.h"
#include "validator/opengradient/blob.h"
#include "validator/opengradient/tee_key.h"

enum { LEAVES = 2000, TEXT_MAX = 64 * 1024 * 1024 };
static const double BUDGET_S = 4;

struct work {
	struct gs_buf text;
	struct gs_tee_key *key;
	struct gs_hash root;
	bool signatures;
};

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_tee: %s\n", what);
	exit(1);
}

static void whole(void *context)
{
	struct work *w = context;
	const struct gs_u256 count = gs_u256_from_u64(LEAVES);
	struct gs_blob blob;
	enum gs_finding finding;

	check(gs_blob_read(gs_buf_view(&w->text), &blob, &finding, NULL) == GS_OK, "the blob is not read");
	check(gs_blob_check(&blob, &w->root, &count, &finding, NULL) == GS_OK && finding == GS_FINDING_VALID,
	      "the blob is not what it is");
	for (size_t i = 0; i < blob.leaves && w->signatures; i++) {
		struct gs_hash message;
		bool valid;
		gs_settlement_message(&blob.leaf[i].settlement, &message);
		check(gs_tee_key_verify(w->key, &message, blob.leaf[i].settlement.signature, &valid) == GS_OK && valid,
		      "a signature does not verify");
	}
	gs_blob_free(&blob);
}

static void prepare(struct work *w)
{
	static uint8_t signature[LEAVES][PSS_SIGNATURE_MAX];
	static struct gs_settlement s[LEAVES];
	static struct gs_hash leaf[LEAVES];
	EVP_PKEY *key = pss_key("RSA", GS_TEE_KEY_BITS, GS_TEE_EXPONENT);
	struct gs_standard_tree tree;
	struct gs_buf spki;

	pss_spki(key, &spki);
	check(gs_tee_key_open(gs_buf_view(&spki), &w->key, NULL) == GS_OK, "the key is refused");
	for (size_t i = 0; i < LEAVES; i++) {
		struct gs_hash message;
		s[i].tee = *gs_tee_key_id(w->key);
		gs_be64_write(s[i].input.b, i);
		gs_be64_write(s[i].output.b, i + 1);
		s[i].timestamp_s = gs_u256_from_u64(1741809483 + i);
		gs_settlement_message(&s[i], &message);
		s[i].signature = (struct gs_bytes){
			signature[i], pss_sign(key, &message, "SHA256", "SHA256", GS_TEE_SALT, signature[i])};
		gs_settlement_leaf(&s[i], &leaf[i]);
	}
	check(gs_standard_tree_build(leaf, LEAVES, &tree) == GS_OK, "no tree");
	w->root = tree.node[0];
	gs_buf_init(&w->text, TEXT_MAX);
	gs_blob_write(s, &tree, &w->text);
	check(!w->text.err, "no dump");
	gs_standard_tree_free(&tree);
	gs_buf_free(&spki);
	EVP_PKEY_free(key);
}

/* Verifications a second, as the program says in machine-readable form: "+F2:0:2048:<s a signature>:<s a verification>". */
static double openssl_speed(void)
{
	char path[512], *out;
	const char *line;
	double sign, verify = 0;

	check(tool_find("openssl", path, sizeof(path)), "there is no openssl program");
	out = tool_output("%s speed -mr -seconds 3 rsa2048 2>/dev/null", path);
	line = out ? strstr(out, "+F2:") : NULL;
	check(line && sscanf(line, "+F2:%*d:%*d:%lf:%lf", &sign, &verify) == 2 && verify > 0,
	      "openssl speed says nothing that can be read");
	free(out);
	return verify;
}

int main(int argc, char **argv)
{
	struct gs_bench *b = gs_bench_begin(argc ? argv[0] : "", "tee", "settled inferences, one core");
	struct work w = {.signatures = true}, bare;
	double speed, leaves, decoded;

	check(b != NULL, "no memory");
	prepare(&w);
	bare = w;
	bare.signatures = false;
	speed = openssl_speed();
	struct gs_bench_task task[] = {{.work = whole, .context = &w}, {.work = whole, .context = &bare}};
	gs_bench_in_turns(task, 2, GS_BENCH_PROCESSOR, BUDGET_S);
	leaves = LEAVES / task[0].median_s;
	decoded = LEAVES / task[1].median_s;
	gs_bench_row(b, "leaves_per_s", leaves, "/s", leaves / speed, "openssl speed rsa2048, verify");
	gs_bench_row(b, "decoded_per_s", decoded, "/s", decoded / speed, "openssl speed rsa2048, verify");
	gs_bench_row(b, "openssl_verify_per_s", speed, "/s", 1, "itself");
	const struct gs_bench_key keys[] = {{"leaves_per_s", leaves}, {"openssl_verify_per_s", speed}};
	gs_bench_part_of(b, "tee-leaves", keys, GS_ARRAY_LEN(keys));
	gs_buf_free(&w.text);
	gs_tee_key_free(w.key);
	return gs_bench_end(b);
}
