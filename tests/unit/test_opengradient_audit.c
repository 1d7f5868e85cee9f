/* Batches with every kind of defect planted among good leaves: all are found, each by its name, and nothing else is reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pss_cases.h"
#include "validator/opengradient/audit.h"

enum { BATCHES = 20, LEAVES = 20, TEES = 3, TEXT_MAX = 1 << 22 };
enum { UNKNOWN = TEES, UNREACHED, REFUSED, SWAPPED, IDS }; /* ids of TEEs whose keys cannot be had */

struct stage {
	EVP_PKEY *secret[TEES];
	struct gs_tee_key *key[TEES];
	struct gs_hash id[IDS];
	struct gs_rng rng;
	struct gs_settlement s[LEAVES];
	uint8_t signature[LEAVES][PSS_SIGNATURE_MAX];
	enum gs_finding planted[LEAVES];
	bool spoiled[LEAVES]; /* its timestamp becomes no number in the text */
};

static enum gs_err key_of(void *self, const struct gs_hash *tee, struct gs_tee_key **key)
{
	struct stage *g = self;

	for (size_t i = 0; i < TEES; i++)
		if (gs_hash_equal(tee, &g->id[i])) {
			*key = g->key[i];
			return GS_OK;
		}
	if (gs_hash_equal(tee, &g->id[UNREACHED]))
		return GS_EIO;
	if (gs_hash_equal(tee, &g->id[REFUSED]))
		return GS_EUNSUPPORTED;
	if (gs_hash_equal(tee, &g->id[SWAPPED])) {
		*key = g->key[0];
		return GS_OK;
	}
	return GS_ENOTFOUND;
}

static void draw_hash(struct stage *g, struct gs_hash *out)
{
	for (int w = 0; w < 4; w++)
		gs_be64_write(out->b + 8 * w, gs_rng_u64(&g->rng));
}

static int setup(void **state)
{
	struct stage *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	gs_rng_seed(&g->rng, 5);
	for (size_t i = 0; i < TEES; i++) {
		struct gs_buf spki;
		g->secret[i] = pss_key("RSA", GS_TEE_KEY_BITS, GS_TEE_EXPONENT);
		pss_spki(g->secret[i], &spki);
		assert_int_equal(gs_tee_key_open(gs_buf_view(&spki), &g->key[i], NULL), GS_OK);
		g->id[i] = *gs_tee_key_id(g->key[i]);
		gs_buf_free(&spki);
	}
	for (size_t i = TEES; i < IDS; i++)
		draw_hash(g, &g->id[i]);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	struct stage *g = *state;

	for (size_t i = 0; i < TEES; i++) {
		gs_tee_key_free(g->key[i]);
		EVP_PKEY_free(g->secret[i]);
	}
	free(g);
	return 0;
}

static const enum gs_finding kinds[] = {
	GS_FINDING_SIGNATURE,    GS_FINDING_NO_SIGNATURE,  GS_FINDING_SIGNATURE_LENGTH,
	GS_FINDING_FALLBACK_TEE, GS_FINDING_FALLBACK_HASH, GS_FINDING_ENCODING,
	GS_FINDING_NO_KEY,       GS_FINDING_KEY_REFUSED,   GS_FINDING_REGISTRY,
};

static void sign(struct stage *g, size_t i, size_t tee)
{
	struct gs_hash message;

	g->s[i].tee = g->id[tee];
	gs_settlement_message(&g->s[i], &message);
	g->s[i].signature.len = pss_sign(g->secret[tee], &message, "SHA256", "SHA256", GS_TEE_SALT, g->signature[i]);
	g->s[i].signature.ptr = g->signature[i];
}

/* What makes a good, signed leaf one of this finding. */
static void spoil(struct stage *g, size_t i, enum gs_finding finding)
{
	static const uint8_t sha256_of_nothing[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
	                                              0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
	                                              0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
	struct gs_settlement *s = &g->s[i];

	g->planted[i] = finding;
	if (finding == GS_FINDING_SIGNATURE) {
		switch (gs_rng_below(&g->rng, 4)) {
		case 0: g->signature[i][gs_rng_below(&g->rng, 256)] ^= 1; break;
		case 1: s->input.b[31] ^= 1; break;
		case 2: s->timestamp_s.limb[0] ^= 1; break;
		default: s->tee = gs_hash_equal(&s->tee, &g->id[0]) ? g->id[1] : g->id[0]; break;
		}
	}
	if (finding == GS_FINDING_NO_SIGNATURE)
		s->signature.len = 0;
	if (finding == GS_FINDING_SIGNATURE_LENGTH)
		s->signature.len -= 1 + gs_rng_below(&g->rng, 200);
	if (finding == GS_FINDING_FALLBACK_TEE)
		s->tee = gs_fallback_tee;
	if (finding == GS_FINDING_FALLBACK_HASH)
		memcpy(gs_rng_below(&g->rng, 2) ? s->input.b : s->output.b, sha256_of_nothing, 32);
	if (finding == GS_FINDING_NO_KEY)
		s->tee = g->id[UNKNOWN];
	if (finding == GS_FINDING_KEY_REFUSED)
		s->tee = gs_rng_below(&g->rng, 2) ? g->id[REFUSED] : g->id[SWAPPED];
	if (finding == GS_FINDING_REGISTRY)
		s->tee = g->id[UNREACHED];
	g->spoiled[i] = finding == GS_FINDING_ENCODING;
}

static void draw_leaf(struct stage *g, size_t i)
{
	draw_hash(g, &g->s[i].input);
	draw_hash(g, &g->s[i].output);
	g->s[i].timestamp_s = gs_u256_from_u64(1000000000 + gs_rng_below(&g->rng, 1000000000));
	g->planted[i] = GS_FINDING_VALID;
	g->spoiled[i] = false;
	sign(g, i, gs_rng_below(&g->rng, TEES));
	if (gs_rng_below(&g->rng, 2))
		spoil(g, i, kinds[gs_rng_below(&g->rng, GS_ARRAY_LEN(kinds))]);
}

/* The dump, with the timestamps of spoiled leaves, "1234567890", made "x234567890". */
static struct gs_buf dump(struct stage *g, struct gs_hash *root)
{
	struct gs_hash leaf[LEAVES];
	struct gs_standard_tree tree;
	struct gs_buf text;
	char stamp[GS_U256_DECIMAL_MAX], wanted[GS_U256_DECIMAL_MAX + 8];

	for (size_t i = 0; i < LEAVES; i++)
		gs_settlement_leaf(&g->s[i], &leaf[i]);
	assert_int_equal(gs_standard_tree_build(leaf, LEAVES, &tree), GS_OK);
	*root = tree.node[0];
	gs_buf_init(&text, TEXT_MAX);
	gs_blob_write(g->s, &tree, &text);
	assert_int_equal(text.err, GS_OK);
	for (size_t i = 0; i < LEAVES; i++) {
		char *at;
		if (!g->spoiled[i])
			continue;
		gs_u256_to_decimal(&g->s[i].timestamp_s, stamp);
		snprintf(wanted, sizeof(wanted), "\"%s\"]", stamp);
		at = memmem(text.ptr, text.len, wanted, strlen(wanted));
		assert_non_null(at);
		at[1] = 'x';
	}
	gs_standard_tree_free(&tree);
	return text;
}

static void told(void *self, size_t index, const struct gs_blob_leaf *leaf, enum gs_finding finding)
{
	struct stage *g = self;

	if (finding != g->planted[index])
		fail_msg("leaf %zu: %s, but %s was planted", index, gs_finding_code(finding),
		         gs_finding_code(g->planted[index]));
	assert_true((leaf->what != NULL) == (finding == GS_FINDING_ENCODING));
}

static void finds_what_is_planted(void **state)
{
	struct stage *g = *state;
	const struct gs_audit_keys keys = {.self = g, .key = key_of};
	size_t seen[GS_FINDINGS] = {0};

	for (size_t b = 0; b < BATCHES; b++) {
		const struct gs_u256 size = gs_u256_from_u64(LEAVES - (b % 4 == 1));
		const enum gs_finding wanted = b % 4 == 1   ? GS_FINDING_COUNT
		                               : b % 4 == 2 ? GS_FINDING_ROOT
		                                            : GS_FINDING_VALID;
		struct gs_audit_batch result;
		enum gs_finding finding;
		struct gs_blob blob;
		struct gs_hash root;
		struct gs_buf text;
		size_t classes = 0;

		for (size_t i = 0; i < LEAVES; i++)
			draw_leaf(g, i);
		text = dump(g, &root);
		root.b[3] ^= wanted == GS_FINDING_ROOT;
		assert_int_equal(gs_blob_read(gs_buf_view(&text), &blob, &finding, NULL), GS_OK);
		assert_int_equal(gs_audit_blob(&blob, &root, &size, &keys, told, g, &result), GS_OK);
		assert_int_equal(result.finding, wanted);
		assert_int_equal(result.leaves, LEAVES);
		for (size_t i = 0; i < LEAVES; i++)
			result.count[g->planted[i]]--, seen[g->planted[i]]++;
		for (size_t f = 0; f < GS_FINDINGS; f++)
			assert_int_equal(result.count[f], 0);
		for (size_t c = 0; c < GS_FINDING_CLASSES; c++)
			classes += result.of_class[c];
		assert_int_equal(classes, LEAVES);
		gs_blob_free(&blob);
		gs_buf_free(&text);
	}
	for (size_t k = 0; k < GS_ARRAY_LEN(kinds); k++)
		assert_true(seen[kinds[k]] > 0);
	assert_true(seen[GS_FINDING_VALID] > 0);
}

static enum gs_err no_memory(void *self, const struct gs_hash *tee, struct gs_tee_key **key)
{
	(void)self;
	(void)tee;
	(void)key;
	return GS_ENOMEM;
}

/* What could not be computed is no finding. */
static void hands_errors_on(void **state)
{
	struct stage *g = *state;
	const struct gs_audit_keys keys = {.key = no_memory};
	enum gs_finding finding;

	do
		draw_leaf(g, 0);
	while (g->planted[0] != GS_FINDING_VALID);
	assert_int_equal(gs_audit_settlement(&g->s[0], &keys, &finding), GS_ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_is_planted),
		cmocka_unit_test(hands_errors_on),
	};
	return !!cmocka_run_group_tests(tests, setup, teardown);
}
