#include "validator/daemon/deployment.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain/eth/key.h"

const char *gs_contract_label(enum gs_contract contract)
{
	switch (contract) {
	case GS_CONTRACT_TOKEN: return "Token";
	case GS_CONTRACT_STAKES: return "Stakes";
	case GS_CONTRACT_MODELS: return "Models";
	case GS_CONTRACT_CLAIMS: return "Claims";
	case GS_CONTRACT_BATCHES: return "Batches";
	case GS_CONTRACT_DISPUTES: return "Disputes";
	case GS_CONTRACT_DUTIES: return "Duties";
	case GS_CONTRACT_INSPECTOR: return "Inspector";
	case GS_CONTRACT_ELEMENTARY: return "Elementary";
	case GS_CONTRACT_JUDGE: return "Judge";
	}
	return "?";
}

void gs_deployment_contracts(const struct gs_deployment *deployment, struct gs_contracts *out)
{
	const struct gs_address *at = deployment->contract;

	*out = (struct gs_contracts){
		.chain_id = deployment->chain_id,
		.token = at[GS_CONTRACT_TOKEN],
		.stakes = at[GS_CONTRACT_STAKES],
		.models = at[GS_CONTRACT_MODELS],
		.claims = at[GS_CONTRACT_CLAIMS],
		.batches = at[GS_CONTRACT_BATCHES],
		.disputes = at[GS_CONTRACT_DISPUTES],
		.duties = at[GS_CONTRACT_DUTIES],
	};
}

static enum gs_err read_text(const char *path, char *out, size_t size, size_t *len, struct gs_error *error)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return gs_fail(error, GS_EIO,
		               "%s: cannot be read: %s; name the file that 'gainsay deploy' wrote with --deployment",
		               path, strerror(errno));
	*len = fread(out, 1, size, file);
	bool failed = ferror(file) != 0;
	fclose(file);
	if (failed)
		return gs_fail(error, GS_EIO, "%s: cannot be read", path);
	if (*len == size)
		return gs_fail(error, GS_ELIMIT, "%s: larger than %d bytes", path, GS_DEPLOYMENT_FILE_MAX);
	return GS_OK;
}

static enum gs_err read_number(const json_t *root, const char *path, const char *name, uint64_t *out,
                               struct gs_error *error)
{
	const json_t *value = json_object_get(root, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return gs_fail(error, GS_EPARSE, "%s: %s: a whole number is expected", path, name);
	*out = (uint64_t)json_integer_value(value);
	return GS_OK;
}

enum gs_err gs_deployment_load(const char *path, struct gs_deployment *out, struct gs_error *error)
{
	char text[GS_DEPLOYMENT_FILE_MAX];
	size_t len = 0;
	json_error_t problem;
	json_t *root = NULL;
	const json_t *contracts;
	enum gs_err err = read_text(path, text, sizeof(text), &len, error);

	if (err)
		return err;
	memset(out, 0, sizeof(*out));
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
	if (!root)
		return gs_fail(error, GS_EPARSE, "%s:%d:%d: not JSON: %s", path, problem.line, problem.column,
		               problem.text);
	if ((err = read_number(root, path, "chain_id", &out->chain_id, error)) ||
	    (err = read_number(root, path, "block", &out->block, error)))
		goto out;
	contracts = json_object_get(root, "contracts");
	for (int i = 0; i < GS_CONTRACT_COUNT; i++) {
		const char *label = gs_contract_label((enum gs_contract)i);
		const char *address = json_string_value(json_object_get(contracts, label));
		struct gs_error why = {0};
		if (!address) {
			err = gs_fail(error, GS_EPARSE, "%s: contracts.%s: an address is expected", path, label);
			goto out;
		}
		if ((err = gs_address_parse(address, &out->contract[i], &why))) {
			err = gs_fail(error, err, "%s: contracts.%s: %s", path, label, why.text);
			goto out;
		}
	}
out:
	json_decref(root);
	return err;
}

static enum gs_err write_replacing(const char *path, const char *text, struct gs_error *error)
{
	char temporary[4096];
	FILE *file;
	bool bad;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		return gs_fail(error, GS_ELIMIT, "%s: path too long", path);
	file = fopen(temporary, "wb");
	if (!file)
		return gs_fail(error, GS_EIO, "%s: cannot be written: %s", temporary, strerror(errno));
	bad = fputs(text, file) < 0 || fputc('\n', file) < 0 || fflush(file) != 0 || fsync(fileno(file)) != 0;
	bad = fclose(file) != 0 || bad;
	if (bad || rename(temporary, path) != 0) {
		enum gs_err err = gs_fail(error, GS_EIO, "%s: cannot be written: %s", path, strerror(errno));
		(void)unlink(temporary);
		return err;
	}
	return GS_OK;
}

enum gs_err gs_deployment_save(const char *path, const struct gs_deployment *deployment, struct gs_error *error)
{
	json_t *contracts = json_object();
	json_t *root = json_pack("{s:I,s:I,s:o}", "chain_id", (json_int_t)deployment->chain_id, "block",
	                         (json_int_t)deployment->block, "contracts", contracts);
	char *text = NULL;
	enum gs_err err = GS_ENOMEM;

	if (!root)
		return gs_fail(error, GS_ENOMEM, "%s: no memory", path);
	for (int i = 0; i < GS_CONTRACT_COUNT; i++) {
		char address[GS_ADDRESS_TEXT_MAX];
		gs_address_format(&deployment->contract[i], address);
		if (json_object_set_new(contracts, gs_contract_label((enum gs_contract)i), json_string(address)) != 0)
			goto out;
	}
	text = json_dumps(root, JSON_INDENT(2));
	if (text)
		err = write_replacing(path, text, error);
out:
	free(text);
	json_decref(root);
	return err;
}
