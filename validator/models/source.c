#include "validator/models/source.h"

#include <stdio.h>
#include <string.h>

#include "chain/core/buf.h"

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_web(const char *text)
{
	const char *host = begins(text, "https://") ? text + 8 : begins(text, "http://") ? text + 7 : NULL;

	return host && *host && *host != '/' && strcspn(text, " \t\r\n\"<>\\") == strlen(text);
}

static bool has_place(const char *url)
{
	return strstr(url, "{model}") || strstr(url, "{sha256}");
}

enum gs_err gs_model_source_parse(const char *text, struct gs_model_source *out, struct gs_error *error)
{
	static const struct {
		const char *prefix;
		enum gs_model_source_kind kind;
	} gateways[] = {{"ipfs:", GS_MODEL_SOURCE_IPFS}, {"walrus:", GS_MODEL_SOURCE_WALRUS}};
	const char *at = text;

	memset(out, 0, sizeof(*out));
	out->kind = GS_MODEL_SOURCE_WEB;
	if (strcmp(text, "index") == 0) {
		out->kind = GS_MODEL_SOURCE_INDEX;
		return GS_OK;
	}
	if (strlen(text) >= sizeof(out->at))
		return gs_fail(error, GS_ELIMIT, "%.60s..: longer than %d characters", text, GS_MODEL_SOURCE_MAX - 1);
	if (begins(text, "folder:")) {
		out->kind = GS_MODEL_SOURCE_FOLDER;
		at = text + strlen("folder:");
		if (*at != '/')
			return gs_fail(error, GS_EINVAL, "%s: the folder's path must begin with /", text);
	}
	for (size_t i = 0; i < GS_ARRAY_LEN(gateways); i++)
		if (begins(text, gateways[i].prefix)) {
			out->kind = gateways[i].kind;
			at = text + strlen(gateways[i].prefix);
		}
	if (out->kind != GS_MODEL_SOURCE_FOLDER && !is_web(at))
		return gs_fail(error, GS_EINVAL,
		               "%s: not a source of models; write folder:/PATH, https://HOST/{model}.gsp, "
		               "ipfs:https://HOST, walrus:https://HOST or index",
		               text);
	if (out->kind == GS_MODEL_SOURCE_WEB && !has_place(at))
		return gs_fail(error, GS_EINVAL,
		               "%s: the address must say where the model's id or its file's hash stands: "
		               "{model} or {sha256}",
		               text);
	snprintf(out->at, sizeof(out->at), "%s", at);
	if (out->kind != GS_MODEL_SOURCE_WEB)
		for (size_t len = strlen(out->at); len > 1 && out->at[len - 1] == '/'; len--)
			out->at[len - 1] = '\0';
	return GS_OK;
}

/* The file's SHA-256 if anybody told: the index, or the model's header. */
static const struct gs_hash *hash_of(const struct gs_model_want *want)
{
	if (!gs_hash_is_zero(&want->known.sha256))
		return &want->known.sha256;
	return gs_hash_is_zero(&want->onnx) ? NULL : &want->onnx;
}

static enum gs_err fill_in(const char *form, const struct gs_model_want *want, struct gs_buf *out,
                           struct gs_error *error)
{
	static const char model[] = "{model}", sha256[] = "{sha256}";
	const struct gs_hash *file = hash_of(want);
	char text[65];

	while (*form) {
		if (begins(form, model)) {
			if (gs_hash_is_zero(&want->id))
				return gs_fail(error, GS_ENOTFOUND, "the model's id is not known");
			gs_hex_encode(want->id.b, 32, false, text);
			gs_buf_append(out, text, 64);
			form += sizeof(model) - 1;
		} else if (begins(form, sha256)) {
			if (!file)
				return gs_fail(error, GS_ENOTFOUND, "the file's SHA-256 is not known");
			gs_hex_encode(file->b, 32, false, text);
			gs_buf_append(out, text, 64);
			form += sizeof(sha256) - 1;
		} else {
			gs_buf_append_u8(out, (uint8_t)*form++);
		}
	}
	return GS_OK;
}

static enum gs_err build(const struct gs_model_source *source, const struct gs_model_want *want, struct gs_buf *url,
                         struct gs_error *error)
{
	char cid[GS_CID_TEXT_MAX];

	switch (source->kind) {
	case GS_MODEL_SOURCE_FOLDER: return gs_fail(error, GS_EINVAL, "a folder has no addresses");
	case GS_MODEL_SOURCE_WEB: return fill_in(source->at, want, url, error);
	case GS_MODEL_SOURCE_IPFS:
		snprintf(cid, sizeof(cid), "%s", want->known.cid);
		if (!cid[0] && !hash_of(want))
			return gs_fail(error, GS_ENOTFOUND, "the index has no cid for it");
		if (!cid[0])
			gs_cid_of_file(hash_of(want), cid);
		gs_buf_append_text(url, "%s/ipfs/%s", source->at, cid);
		return GS_OK;
	case GS_MODEL_SOURCE_WALRUS:
		if (!want->known.blob[0])
			return gs_fail(error, GS_ENOTFOUND, "the index has no blob for it");
		gs_buf_append_text(url, "%s/v1/blobs/%s", source->at, want->known.blob);
		return GS_OK;
	case GS_MODEL_SOURCE_INDEX:
		if (!want->known.url[0])
			return gs_fail(error, GS_ENOTFOUND, "the index has no url for it");
		gs_buf_append_text(url, "%s", want->known.url);
		return GS_OK;
	}
	return GS_EINVAL;
}

enum gs_err gs_model_source_url(const struct gs_model_source *source, const struct gs_model_want *want,
                                char out[GS_MODEL_SOURCE_MAX], struct gs_error *error)
{
	struct gs_buf url;
	enum gs_err err;

	gs_buf_init(&url, GS_MODEL_SOURCE_MAX - 1);
	err = build(source, want, &url, error);
	if (!err && url.err)
		err = gs_fail(error, url.err, "the address would be longer than %d characters",
		              GS_MODEL_SOURCE_MAX - 1);
	if (!err) {
		memcpy(out, url.ptr, url.len);
		out[url.len] = '\0';
	}
	gs_buf_free(&url);
	return err;
}
