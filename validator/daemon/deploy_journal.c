#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain/rpc/hexjson.h"
#include "validator/daemon/deploy_run.h"
#include "storage/textfile.h"

enum { JOURNAL_TEXT_MAX = 2 * GS_TX_RAW_MAX + 4096 };

static enum gs_err damaged(const char *path, struct gs_error *error)
{
	return gs_fail(
		error, GS_ECORRUPT,
		"%s: not the journal of an unfinished deployment; look at what the sender did on the chain, then "
		"remove the file",
		path);
}

static bool read_members(const json_t *root, struct gs_deploy_journal *out)
{
	const json_t *sent = json_object_get(root, "sent");

	if (!gs_json_u64(json_object_get(root, "chain_id"), &out->chain_id) ||
	    !gs_json_address(json_object_get(root, "deployer"), &out->deployer) ||
	    !gs_json_u64(json_object_get(root, "first_nonce"), &out->first_nonce) ||
	    !gs_json_u64(json_object_get(root, "block"), &out->block) ||
	    !gs_json_hash(json_object_get(root, "digest"), &out->digest))
		return false;
	return !sent || (gs_json_u64(json_object_get(root, "sent_nonce"), &out->sent_nonce) &&
	                 gs_json_append(sent, &out->sent) == GS_OK);
}

enum gs_err gs_deploy_journal_load(const char *path, struct gs_deploy_journal *out, struct gs_error *error)
{
	struct gs_buf text;
	json_t *root = NULL;
	enum gs_err err;

	*out = (struct gs_deploy_journal){.path = path};
	gs_buf_init(&out->sent, GS_TX_RAW_MAX);
	gs_buf_init(&text, JOURNAL_TEXT_MAX);
	err = gs_textfile_read(path, &text, error);
	if (!err) {
		root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
		if (!root || !read_members(root, out))
			err = damaged(path, error);
	}
	json_decref(root);
	gs_buf_free(&text);
	return err;
}

static enum gs_err save(const struct gs_deploy_journal *journal, struct gs_error *error)
{
	json_t *root;
	char *text;
	enum gs_err err;

	if (!journal->path)
		return GS_OK;
	root = json_pack("{s:o,s:o,s:o,s:o,s:o}", "chain_id", gs_json_from_u64(journal->chain_id), "deployer",
	                 gs_json_from_address(&journal->deployer), "first_nonce",
	                 gs_json_from_u64(journal->first_nonce), "block", gs_json_from_u64(journal->block), "digest",
	                 gs_json_from_hash(&journal->digest));
	if (root && journal->sent.len) {
		json_object_set_new(root, "sent_nonce", gs_json_from_u64(journal->sent_nonce));
		json_object_set_new(root, "sent", gs_json_from_bytes(gs_buf_view(&journal->sent)));
	}
	text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
	err = text ? gs_textfile_replace(journal->path, text, error)
	           : gs_fail(error, GS_ENOMEM, "%s: no memory", journal->path);
	free(text);
	json_decref(root);
	return err;
}

enum gs_err gs_deploy_journal_begin(const char *path, const struct gs_deploy_plan *plan, uint64_t block,
                                    struct gs_deploy_journal *out, struct gs_error *error)
{
	*out = (struct gs_deploy_journal){.path = path,
	                                  .chain_id = plan->deployment.chain_id,
	                                  .deployer = plan->sender,
	                                  .first_nonce = plan->first,
	                                  .block = block,
	                                  .digest = plan->digest};
	gs_buf_init(&out->sent, GS_TX_RAW_MAX);
	return save(out, error);
}

enum gs_err gs_deploy_journal_fits(const struct gs_deploy_journal *journal, const struct gs_deploy_plan *plan,
                                   struct gs_error *error)
{
	const char *what = NULL;

	if (journal->chain_id != plan->deployment.chain_id)
		what = "another chain";
	else if (!gs_address_equal(&journal->deployer, &plan->sender))
		what = "another sender";
	else if (!gs_hash_equal(&journal->digest, &plan->digest))
		what = "other parameters or other compiled contracts";
	if (!what)
		return GS_OK;
	return gs_fail(
		error, GS_ECONFLICT,
		"%s: an unfinished deployment with %s; finish that one as it was begun, or remove the file to give "
		"it up",
		journal->path, what);
}

enum gs_err gs_deploy_journal_end(struct gs_deploy_journal *journal, struct gs_error *error)
{
	if (journal->path && unlink(journal->path) != 0)
		return gs_fail(error, GS_EIO, "%s: cannot be removed: %s; the deployment is complete", journal->path,
		               strerror(errno));
	return GS_OK;
}

void gs_deploy_journal_free(struct gs_deploy_journal *journal)
{
	gs_buf_free(&journal->sent);
}

enum gs_err gs_deploy_journal_note(struct gs_deploy_journal *journal, uint64_t nonce, struct gs_error *error)
{
	journal->sent_nonce = nonce;
	return save(journal, error);
}
