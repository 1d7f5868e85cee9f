/* Where models are had from: sources as text, addresses at them, identifiers of content elsewhere, the operator's index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "validator/models/source.h"

static void reads_content_identifiers(void **state)
{
	/* "hello world" as a raw block; the same of version 1 in base58 and base16; an empty folder's, of version 0; a file's as dag-pb */
	static const char raw[] = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
	static const char hex[] = "f01551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
	static const char old[] = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn";
	static const char pb[] = "bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
	static const char *const bad[] = {"",
	                                  "b",
	                                  "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5",
	                                  "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5ea",
	                                  "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5f",
	                                  "Bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
	                                  "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3N",
	                                  "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3N0",
	                                  "f01551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcd",
	                                  "../../../etc/passwd",
	                                  "f015512"};
	struct gs_cid cid;
	struct gs_hash hello;
	char text[GS_CID_TEXT_MAX];

	(void)state;
	assert_int_equal(gs_hex_decode(hex + 9, 64, hello.b, 32), GS_OK);
	assert_int_equal(gs_cid_parse(raw, &cid, NULL), GS_OK);
	assert_true(cid.version == 1 && cid.codec == GS_CID_RAW && cid.is_file_hash);
	assert_true(gs_hash_equal(&cid.sha256, &hello));
	gs_cid_of_file(&hello, text);
	assert_string_equal(text, raw);
	assert_int_equal(gs_cid_parse(hex, &cid, NULL), GS_OK);
	assert_true(cid.is_file_hash && gs_hash_equal(&cid.sha256, &hello));
	assert_int_equal(gs_cid_parse(old, &cid, NULL), GS_OK);
	assert_true(cid.version == 0 && cid.codec == GS_CID_DAG_PB && !cid.is_file_hash);
	assert_int_equal(gs_cid_parse(pb, &cid, NULL), GS_OK);
	assert_true(cid.version == 1 && cid.codec == GS_CID_DAG_PB && !cid.is_file_hash);
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++)
		if (gs_cid_parse(bad[i], &cid, NULL) != GS_EPARSE)
			fail_msg("%s is taken", bad[i]);
	assert_int_equal(gs_blob_id_check("M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk", NULL), GS_OK);
	assert_int_equal(gs_blob_id_check("M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUl", NULL), GS_EPARSE);
	assert_int_equal(gs_blob_id_check("M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK/W7_4BUk", NULL), GS_EPARSE);
	assert_int_equal(gs_blob_id_check("", NULL), GS_EPARSE);
}

static void makes_addresses(void **state)
{
	static const struct {
		const char *source, *url; /* NULL: none */
	} cases[] = {
		{"https://m.example/{model}.gsp",
	         "https://m.example/0000000000000000000000000000000000000000000000000000000000000007.gsp"},
		{"http://127.0.0.1:81/a?h={sha256}&m={model}",
	         "http://127.0.0.1:81/a?h=b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
	         "&m=0000000000000000000000000000000000000000000000000000000000000007"},
		{"ipfs:https://gateway.example/",
	         "https://gateway.example/ipfs/bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"},
		{"walrus:https://w.example/x/", NULL},
		{"index", NULL},
	};
	static const char *const bad[] = {"",
	                                  "models",
	                                  "folder:models",
	                                  "https://m.example/",
	                                  "https:///{model}",
	                                  "ftp://m.example/{model}",
	                                  "ipfs:gateway.example",
	                                  "walrus:",
	                                  "https://m.example/{model} x"};
	struct gs_model_want want = {.id = {{[31] = 7}}};
	struct gs_model_source source;
	char url[GS_MODEL_SOURCE_MAX];
	struct gs_error error;

	(void)state;
	assert_int_equal(
		gs_hex_decode("b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", 64, want.onnx.b, 32),
		GS_OK);
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		assert_int_equal(gs_model_source_parse(cases[i].source, &source, &error), GS_OK);
		assert_int_equal(gs_model_source_url(&source, &want, url, &error), cases[i].url ? GS_OK : GS_ENOTFOUND);
		if (cases[i].url)
			assert_string_equal(url, cases[i].url);
	}
	snprintf(want.known.blob, sizeof(want.known.blob), "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk");
	assert_int_equal(gs_model_source_parse("walrus:https://w.example/x/", &source, &error), GS_OK);
	assert_int_equal(gs_model_source_url(&source, &want, url, &error), GS_OK);
	assert_string_equal(url, "https://w.example/x/v1/blobs/M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk");
	memset(&want, 0, sizeof(want));
	want.id.b[0] = 1;
	assert_int_equal(gs_model_source_parse("https://m.example/{sha256}", &source, &error), GS_OK);
	assert_int_equal(gs_model_source_url(&source, &want, url, &error), GS_ENOTFOUND);
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++)
		if (gs_model_source_parse(bad[i], &source, &error) == GS_OK)
			fail_msg("%s is taken", bad[i]);
}

static enum gs_err index_of(const char *text, struct gs_model_index *out, struct gs_error *error)
{
	char path[] = "/tmp/gainsay-test-index-XXXXXX";
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
	const enum gs_err err = gs_model_index_read(path, out, error);
	assert_int_equal(unlink(path), 0);
	return err;
}

#define ID_A "0x00000000000000000000000000000000000000000000000000000000000000aa"
#define ID_B "0x00000000000000000000000000000000000000000000000000000000000000bb"

static void reads_an_index(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{\"models\": 3}",
		"{\"models\": [{}]}",
		"{\"models\": [{\"model\": \"0x12\"}]}",
		"{\"models\": [{\"model\": \"" ID_A "\"}, {\"model\": \"" ID_A "\"}]}",
		"{\"models\": [{\"model\": \"" ID_A "\", \"bytes\": -1}]}",
		"{\"models\": [{\"model\": \"" ID_A "\", \"cid\": \"Qm\"}]}",
		"{\"models\": [{\"model\": \"" ID_A "\", \"blob\": \"x\"}]}",
		"{\"models\": [{\"model\": \"" ID_A "\", \"url\": \"file:///etc/passwd\"}]}",
		"{\"models\": [{\"model\": \"" ID_A "\", \"ulr\": \"https://a/\"}]}",
	};
	struct gs_model_index index;
	struct gs_error error;
	struct gs_hash id = {{0}};

	(void)state;
	assert_int_equal(index_of("{\"models\": [{\"model\": \"" ID_B "\", \"bytes\": 5}, {\"model\": \"" ID_A
	                          "\", \"url\": \"https://a.example/m\"}]}",
	                          &index, &error),
	                 GS_OK);
	assert_null(gs_model_index_find(&index, &id));
	id.b[31] = 0xaa;
	assert_string_equal(gs_model_index_find(&index, &id)->url, "https://a.example/m");
	id.b[31] = 0xbb;
	assert_int_equal(gs_model_index_find(&index, &id)->bytes, 5);
	gs_model_index_free(&index);
	for (size_t i = 0; i < GS_ARRAY_LEN(bad); i++) {
		if (index_of(bad[i], &index, &error) != GS_EPARSE)
			fail_msg("%s is taken", bad[i]);
		assert_null(index.entry);
	}
	assert_int_equal(gs_model_index_read("/nowhere/index.json", &index, &error), GS_ENOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_content_identifiers),
		cmocka_unit_test(makes_addresses),
		cmocka_unit_test(reads_an_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
