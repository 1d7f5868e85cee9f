/* OpenGradient's forms as we read and write them, for scripts that compare us with other programs.
 *
 *     opengradient_tool lines          a JSON object a line in, one out; {"error": text} where ours refuses
 *         {"do": "dump", "values": [[teeId, inputHash, outputHash, signature, timestamp], ..]} -> {"root", "dump", "proofs"}
 *         {"do": "load", "dump": TEXT, "root": HEX, "count": TEXT} -> {"finding", "root", "leaves"}
 *     opengradient_tool pss SEED CASES FOLDER   draws keys and signatures, good and bad: key-K.pem, N.msg, N.sig, and `verdicts`, a line
 *                                      "N K 0|1" each, with what gs_tee_key_verify says */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pss_cases.h"
#include "validator/opengradient/blob.h"

enum { OUT_MAX = 64 * 1024 * 1024, SIGNATURES_MAX = 16 * 1024 * 1024 };

static json_t *refused(const char *text)
{
	return json_pack("{s:s}", "error", text);
}

static json_t *hex_json(const void *bytes, size_t len)
{
	char *text = malloc(2 * len + 3);
	json_t *out;

	if (!text)
		abort();
	gs_hex_encode(bytes, len, true, text);
	out = json_string(text);
	free(text);
	return out;
}

static bool unhex(const json_t *json, struct gs_buf *out)
{
	const char *text = json_string_value(json);
	const size_t chars = json_string_length(json);
	uint8_t *to;

	if (!text || chars < 2 || chars % 2 || strncmp(text, "0x", 2) != 0)
		return false;
	to = gs_buf_extend(out, chars / 2 - 1);
	return chars == 2 || (to && gs_hex_decode(text, chars, to, chars / 2 - 1) == GS_OK);
}

static bool unhex_hash(const json_t *json, struct gs_hash *out)
{
	const char *text = json_string_value(json);

	return text && gs_hex_decode(text, strlen(text), out->b, sizeof(out->b)) == GS_OK;
}

static bool take(const json_t *value, struct gs_settlement *s, struct gs_buf *signature)
{
	const char *timestamp = json_string_value(json_array_get(value, 4));

	if (!unhex_hash(json_array_get(value, 0), &s->tee) || !unhex_hash(json_array_get(value, 1), &s->input) ||
	    !unhex_hash(json_array_get(value, 2), &s->output) || !unhex(json_array_get(value, 3), signature) ||
	    !timestamp || gs_u256_parse(timestamp, strlen(timestamp), &s->timestamp_s) != GS_OK)
		return false;
	s->signature = gs_buf_view(signature);
	return true;
}

static json_t *dump_of(const struct gs_settlement *s, const struct gs_hash *leaf, size_t count)
{
	struct gs_standard_tree tree;
	struct gs_hash proof[GS_STANDARD_PROOF_MAX], root;
	struct gs_buf text;
	json_t *proofs = json_array(), *out;

	if (gs_standard_tree_build(leaf, count, &tree) != GS_OK)
		return refused("tree");
	for (size_t i = 0; i < count; i++) {
		const size_t length = gs_standard_proof(&tree, i, proof);
		json_t *list = json_array();
		gs_standard_proof_root(&leaf[i], proof, length, &root);
		if (!gs_hash_equal(&root, &tree.node[0]))
			abort();
		for (size_t k = 0; k < length; k++)
			json_array_append_new(list, hex_json(proof[k].b, sizeof(proof[k].b)));
		json_array_append_new(proofs, list);
	}
	gs_buf_init(&text, OUT_MAX);
	gs_blob_write(s, &tree, &text);
	out = json_pack("{s:o, s:s%, s:o}", "root", hex_json(tree.node[0].b, 32), "dump", (const char *)text.ptr,
	                text.len, "proofs", proofs);
	gs_buf_free(&text);
	gs_standard_tree_free(&tree);
	return out;
}

static json_t *dump(const json_t *request)
{
	const json_t *values = json_object_get(request, "values");
	const size_t count = json_array_size(values);
	struct gs_settlement *s = calloc(count + 1, sizeof(*s));
	struct gs_buf *signature = calloc(count + 1, sizeof(*signature));
	struct gs_hash *leaf = calloc(count + 1, sizeof(*leaf));
	json_t *out = NULL;

	if (!s || !signature || !leaf)
		abort();
	for (size_t i = 0; i < count; i++) {
		gs_buf_init(&signature[i], SIGNATURES_MAX);
		if (!take(json_array_get(values, i), &s[i], &signature[i]))
			out = refused("value");
		gs_settlement_leaf(&s[i], &leaf[i]);
	}
	if (!out)
		out = dump_of(s, leaf, count);
	for (size_t i = 0; i < count; i++)
		gs_buf_free(&signature[i]);
	free(s);
	free(signature);
	free(leaf);
	return out;
}

static json_t *load(const json_t *request)
{
	const json_t *text = json_object_get(request, "dump");
	const char *size = json_string_value(json_object_get(request, "count"));
	struct gs_hash on_chain, root = {{0}};
	struct gs_u256 count;
	struct gs_blob blob;
	enum gs_finding finding;
	struct gs_error error = {.code = GS_OK};
	size_t leaves;

	if (!json_is_string(text) || !size || gs_u256_parse(size, strlen(size), &count) != GS_OK ||
	    !unhex_hash(json_object_get(request, "root"), &on_chain))
		return refused("request");
	if (gs_blob_read((struct gs_bytes){(const uint8_t *)json_string_value(text), json_string_length(text)}, &blob,
	                 &finding, &error) != GS_OK)
		return json_pack("{s:s, s:s}", "finding", gs_finding_code(finding), "why", error.text);
	leaves = blob.leaves;
	if (gs_blob_check(&blob, &on_chain, &count, &finding, &root) != GS_OK)
		abort();
	gs_blob_free(&blob);
	return json_pack("{s:s, s:o, s:I}", "finding", gs_finding_code(finding), "root", hex_json(root.b, 32), "leaves",
	                 (json_int_t)leaves);
}

static json_t *answer(const json_t *request)
{
	const char *what = json_string_value(json_object_get(request, "do"));

	if (what && strcmp(what, "dump") == 0)
		return dump(request);
	if (what && strcmp(what, "load") == 0)
		return load(request);
	return refused("request");
}

static int lines(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, stdin)) > 0) {
		json_t *request = json_loadb(line, (size_t)len, 0, NULL), *out = answer(request);
		json_dumpf(out, stdout, JSON_COMPACT);
		printf("\n");
		fflush(stdout);
		json_decref(out);
		json_decref(request);
	}
	free(line);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "lines") == 0)
		return lines();
	if (argc == 5 && strcmp(argv[1], "pss") == 0)
		return pss_cases_write(strtoull(argv[2], NULL, 10), (unsigned)strtoul(argv[3], NULL, 10), argv[4]);
	fprintf(stderr, "usage: opengradient_tool lines | pss SEED CASES FOLDER\n");
	return 2;
}
