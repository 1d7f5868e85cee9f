/* OpenGradient's forms as we read and write them, for scripts that compare us with other programs.
 *
 *     opengradient_tool lines          a JSON object a line in, one out; {"error": text} where ours refuses
 *         {"do": "dump", "values": [[teeId, inputHash, outputHash, signature, timestamp], ..]} -> {"root", "dump", "proofs"}
 *         {"do": "load", "dump": TEXT, "root": HEX, "count": TEXT} -> {"finding", "root", "leaves"}
 *         {"do": "inference", "data": HEX, "call": BOOL} -> {"inference": as inference_json.h has it}
 *         {"do": "encode", "inference": the same, "call": BOOL} -> {"data"}
 *         {"do": "settlement", "topics": [HEX, ..], "data": HEX} -> its values, and "walrus": HEX where its blob id is one
 *         {"do": "tee", "data": HEX} -> what getTEE returned
 *     opengradient_tool pss SEED CASES FOLDER   draws keys and signatures, good and bad: key-K.pem, N.msg, N.sig, and `verdicts`, a line
 *                                      "N K 0|1" each, with what gs_tee_key_verify says */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/inference_json.h"
#include "tests/support/pss_cases.h"
#include "validator/opengradient/blob.h"
#include "validator/opengradient/events.h"

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

static json_t *inference(const json_t *request)
{
	struct gs_error error = {.code = GS_OK};
	struct gs_inference value;
	struct gs_buf data;
	json_t *out;
	enum gs_err err;

	gs_buf_init(&data, OUT_MAX);
	if (!unhex(json_object_get(request, "data"), &data)) {
		out = refused("request");
	} else {
		err = json_is_true(json_object_get(request, "call"))
		              ? gs_inference_read_call(gs_buf_view(&data), &value, &error)
		              : gs_inference_read_event(gs_buf_view(&data), &value, &error);
		out = err ? refused(error.text) : json_pack("{s:o}", "inference", inference_to_json(&value));
		if (!err)
			gs_inference_free(&value);
	}
	gs_buf_free(&data);
	return out;
}

static json_t *encode(const json_t *request)
{
	struct gs_buf data;
	json_t *out;

	gs_buf_init(&data, OUT_MAX);
	out = inference_encode(json_object_get(request, "inference"), json_is_true(json_object_get(request, "call")),
	                       &data)
	              ? json_pack("{s:o}", "data", hex_json(data.ptr, data.len))
	              : refused("encode");
	gs_buf_free(&data);
	return out;
}

static json_t *number_json(const struct gs_u256 *v)
{
	char text[GS_U256_DECIMAL_MAX];

	gs_u256_to_decimal(v, text);
	return json_string(text);
}

static json_t *settlement_json(const struct gs_hash *topics, size_t count, struct gs_bytes data)
{
	struct gs_batch_settlement batch;
	struct gs_individual_settlement one;
	const struct gs_settlement *s = &one.settlement;

	if (gs_batch_settlement_read(topics, count, data, &batch) == GS_OK)
		return json_pack("{s:o, s:o, s:o}", "root", hex_json(batch.root.b, 32), "size",
		                 number_json(&batch.size), "blob", hex_json(batch.blob.ptr, batch.blob.len));
	if (gs_individual_settlement_read(topics, count, data, &one) != GS_OK)
		return refused("neither event");
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "tee", hex_json(s->tee.b, 32), "account",
	                 hex_json(one.account.b, 20), "input", hex_json(s->input.b, 32), "output",
	                 hex_json(s->output.b, 32), "timestamp", number_json(&s->timestamp_s), "blob",
	                 hex_json(one.blob.ptr, one.blob.len), "signature",
	                 hex_json(s->signature.ptr, s->signature.len));
}

static json_t *settlement(const json_t *request)
{
	enum { TOPICS_MAX = 4 };
	const json_t *topics = json_object_get(request, "topics");
	struct gs_hash topic[TOPICS_MAX], id;
	struct gs_buf data, blob;
	json_t *out = NULL;

	gs_buf_init(&data, OUT_MAX);
	gs_buf_init(&blob, OUT_MAX);
	if (json_array_size(topics) > TOPICS_MAX || !unhex(json_object_get(request, "data"), &data))
		out = refused("request");
	for (size_t i = 0; i < json_array_size(topics) && !out; i++)
		if (!unhex_hash(json_array_get(topics, i), &topic[i]))
			out = refused("topic");
	if (!out)
		out = settlement_json(topic, json_array_size(topics), gs_buf_view(&data));
	if (unhex(json_object_get(out, "blob"), &blob) && gs_walrus_id(gs_buf_view(&blob), &id) == GS_OK)
		json_object_set_new(out, "walrus", hex_json(id.b, 32));
	gs_buf_free(&data);
	gs_buf_free(&blob);
	return out;
}

static json_t *tee(const json_t *request)
{
	struct gs_tee_record r;
	struct gs_buf data;
	json_t *out;

	gs_buf_init(&data, OUT_MAX);
	if (!unhex(json_object_get(request, "data"), &data) || gs_tee_record_read(gs_buf_view(&data), &r) != GS_OK)
		out = refused("not what getTEE returns");
	else
		out = json_pack("[o,o,o,o,o,o,i,b,I,I]", hex_json(r.owner.b, 20), hex_json(r.payment.b, 20),
		                hex_json(r.endpoint.ptr, r.endpoint.len), hex_json(r.key.ptr, r.key.len),
		                hex_json(r.certificate.ptr, r.certificate.len), hex_json(r.pcr.b, 32), r.type,
		                r.enabled, (json_int_t)r.registered_at_s, (json_int_t)r.heartbeat_at_s);
	gs_buf_free(&data);
	return out;
}

static json_t *answer(const json_t *request)
{
	const char *what = json_string_value(json_object_get(request, "do"));

	if (what && strcmp(what, "dump") == 0)
		return dump(request);
	if (what && strcmp(what, "load") == 0)
		return load(request);
	if (what && strcmp(what, "inference") == 0)
		return inference(request);
	if (what && strcmp(what, "encode") == 0)
		return encode(request);
	if (what && strcmp(what, "settlement") == 0)
		return settlement(request);
	if (what && strcmp(what, "tee") == 0)
		return tee(request);
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
