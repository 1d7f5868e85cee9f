#include "validator/daemon/deployment.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/eth/key.h"
#include "storage/textfile.h"

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

static enum gs_err read_json(const char *path, json_t **out, struct gs_error *error)
{
	struct gs_buf text;
	json_error_t problem;
	enum gs_err err;

	*out = NULL;
	gs_buf_init(&text, GS_DEPLOYMENT_FILE_MAX);
	err = gs_textfile_read(path, &text, error);
	if (err == GS_ENOTFOUND)
		err = gs_fail(error, GS_EIO,
		              "%s: there is no such file; name the one that 'gainsay deploy' wrote with --deployment",
		              path);
	if (!err && !(*out = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &problem)))
		err = gs_fail(error, GS_EPARSE, "%s:%d:%d: not JSON: %s", path, problem.line, problem.column,
		              problem.text);
	gs_buf_free(&text);
	return err;
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

static enum gs_err read_address(const json_t *object, const char *path, const char *group, const char *name,
                                struct gs_address *out, struct gs_error *error)
{
	const char *text = json_string_value(json_object_get(object, name));
	struct gs_error why = {0};
	enum gs_err err;

	if (!text)
		return gs_fail(error, GS_EPARSE, "%s: %s%s: an address is expected", path, group, name);
	err = gs_address_parse(text, out, &why);
	return err ? gs_fail(error, err, "%s: %s%s: %s", path, group, name, why.text) : GS_OK;
}

enum gs_err gs_deployment_load(const char *path, struct gs_deployment *out, struct gs_error *error)
{
	json_t *root;
	const json_t *contracts;
	enum gs_err err = read_json(path, &root, error);

	if (err)
		return err;
	memset(out, 0, sizeof(*out));
	err = read_number(root, path, "chain_id", &out->chain_id, error);
	if (!err)
		err = read_number(root, path, "block", &out->block, error);
	contracts = json_object_get(root, "contracts");
	for (int i = 0; i < GS_CONTRACT_COUNT && !err; i++)
		err = read_address(contracts, path, "contracts.", gs_contract_label((enum gs_contract)i),
		                   &out->contract[i], error);
	json_decref(root);
	return err;
}

static enum gs_err read_parameters(const json_t *groups, const char *path, struct gs_deploy_parameters *out,
                                   struct gs_error *error)
{
	char text[GS_BINDER_VALUE_MAX];
	const char *name;

	gs_deploy_defaults(out);
	for (size_t i = 0; gs_deploy_parameters_at(out, i, &name, text); i++) {
		size_t group = strcspn(name, ".");
		char key[GS_BINDER_VALUE_MAX];
		const char *value;
		enum gs_err err;
		snprintf(key, sizeof(key), "%.*s", (int)group, name);
		value = json_string_value(json_object_get(json_object_get(groups, key), name + group + 1));
		if (!value)
			return gs_fail(error, GS_EPARSE, "%s: parameters.%s: a text is expected", path, name);
		if ((err = gs_deploy_parameters_set(name, value, out, error)))
			return gs_fail_within(error, err, "%s", path);
	}
	return GS_OK;
}

enum gs_err gs_deployment_load_origin(const char *path, struct gs_deployment_origin *out, struct gs_error *error)
{
	json_t *root;
	const json_t *groups;
	enum gs_err err = read_json(path, &root, error);

	if (err)
		return err;
	groups = json_object_get(root, "parameters");
	if (!groups)
		err = gs_fail(error, GS_ENOTFOUND, "%s: says nothing of the parameters that it was deployed with",
		              path);
	if (!err)
		err = read_address(root, path, "", "deployer", &out->deployer, error);
	if (!err)
		err = read_number(root, path, "first_nonce", &out->first_nonce, error);
	if (!err)
		err = read_parameters(groups, path, &out->parameters, error);
	json_decref(root);
	return err;
}

static json_t *contracts_json(const struct gs_deployment *deployment)
{
	json_t *out = json_object();

	for (int i = 0; i < GS_CONTRACT_COUNT; i++) {
		char address[GS_ADDRESS_TEXT_MAX];
		gs_address_format(&deployment->contract[i], address);
		json_object_set_new(out, gs_contract_label((enum gs_contract)i), json_string(address));
	}
	return out;
}

static json_t *parameters_json(const struct gs_deploy_parameters *parameters)
{
	json_t *out = json_object();
	char text[GS_BINDER_VALUE_MAX];
	const char *name;

	for (size_t i = 0; gs_deploy_parameters_at(parameters, i, &name, text); i++) {
		size_t group = strcspn(name, ".");
		char key[GS_BINDER_VALUE_MAX];
		snprintf(key, sizeof(key), "%.*s", (int)group, name);
		if (!json_object_get(out, key))
			json_object_set_new(out, key, json_object());
		json_object_set_new(json_object_get(out, key), name + group + 1, json_string(text));
	}
	return out;
}

enum gs_err gs_deployment_save(const char *path, const struct gs_deployment *deployment,
                               const struct gs_deployment_origin *origin, struct gs_error *error)
{
	char deployer[GS_ADDRESS_TEXT_MAX];
	json_t *root;
	char *text;
	enum gs_err err = GS_ENOMEM;

	gs_address_format(&origin->deployer, deployer);
	root = json_pack("{s:I,s:I,s:o,s:s,s:I,s:o}", "chain_id", (json_int_t)deployment->chain_id, "block",
	                 (json_int_t)deployment->block, "contracts", contracts_json(deployment), "deployer", deployer,
	                 "first_nonce", (json_int_t)origin->first_nonce, "parameters",
	                 parameters_json(&origin->parameters));
	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	err = text ? gs_textfile_replace(path, text, error) : gs_fail(error, GS_ENOMEM, "%s: no memory", path);
	free(text);
	json_decref(root);
	return err;
}
