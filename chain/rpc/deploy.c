#include "chain/rpc/deploy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/rpc/hexjson.h"

static enum gs_err read_artifact(const char *path, struct gs_buf *text, struct gs_error *error)
{
	uint8_t chunk[64 * 1024];
	size_t n;
	FILE *file = fopen(path, "rbe");
	if (!file)
		return gs_fail(error, GS_EIO, "%s: %s; compile the contracts first", path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0 && text->err == GS_OK)
		gs_buf_append(text, chunk, n);
	bool broken = ferror(file);
	fclose(file);
	if (broken)
		return gs_fail(error, GS_EIO, "%s: cannot be read", path);
	return text->err == GS_OK ? GS_OK
	                          : gs_fail(error, text->err, "%s: larger than %d bytes", path, GS_ARTIFACT_TEXT_MAX);
}

enum gs_err gs_deploy_find(char out[GS_BESIDE_PATH_MAX], struct gs_error *error)
{
	static const char file[] = "/Judge.json"; /* one that every folder of compiled contracts has */
	const char *given = getenv("GAINSAY_CONTRACTS");
	if (given && *given) {
		int n = snprintf(out, GS_BESIDE_PATH_MAX, "%s%s", given, file);
		if (n < 0 || n >= GS_BESIDE_PATH_MAX || !gs_beside_usable(out, false))
			return gs_fail(error, GS_ENOTFOUND, "GAINSAY_CONTRACTS: %.300s holds no compiled contracts",
			               given);
	} else if (!gs_beside_find("contracts/Judge.json", false, out)) {
		return gs_fail(error, GS_ENOTFOUND,
		               "the compiled contracts are not found; run 'make contracts', or set GAINSAY_CONTRACTS");
	}
	*strrchr(out, '/') = '\0';
	return GS_OK;
}

enum gs_err gs_deploy_load(const char *dir, const char *contract, struct gs_buf *out, struct gs_error *error)
{
	char path[GS_BESIDE_PATH_MAX];
	struct gs_buf text;
	json_t *root = NULL;
	json_error_t json_error;
	enum gs_err err;

	int n = snprintf(path, sizeof(path), "%s/%s.json", dir, contract);
	if (n < 0 || (size_t)n >= sizeof(path))
		return gs_fail(error, GS_ELIMIT, "path of contract %.60s is too long", contract);
	gs_buf_init(&text, GS_ARTIFACT_TEXT_MAX);
	if ((err = read_artifact(path, &text, error)) != GS_OK)
		goto out;
	root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &json_error);
	if (!root) {
		err = gs_fail(error, GS_EPARSE, "%s: not JSON: line %d: %.120s", path, json_error.line,
		              json_error.text);
		goto out;
	}
	const json_t *code = json_object_get(root, "bytecode");
	size_t before = out->len;
	if (json_is_string(code) && strstr(json_string_value(code), "__$"))
		err = gs_fail(error, GS_EUNSUPPORTED, "%s: needs libraries to be linked", path);
	else if ((err = gs_json_append(code, out)) != GS_OK || out->len == before)
		err = gs_fail(error, err == GS_OK ? GS_EPARSE : err, "%s: holds no creation bytecode", path);
out:
	json_decref(root);
	gs_buf_free(&text);
	return err;
}
