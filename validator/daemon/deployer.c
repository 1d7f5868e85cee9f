#include "validator/daemon/deployer.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "chain/rpc/deploy.h"
#include "validator/daemon/binder.h"

enum { PPM_PER_BPS = 100, WIRE_TIMEOUT_MS = 60 * 1000 };

#define AT(member) offsetof(struct gs_deploy_parameters, member)
static const struct gs_setting table[] = {
	{"stakes.burn", GS_SETTING_SHARE, AT(burn_ppm), 0, 0, NULL},
	{"stakes.unbonding_s", GS_SETTING_U64, AT(unbonding_s), 1, UINT32_MAX, NULL},
	{"models.registrant_bond", GS_SETTING_ETHER, AT(registrant_bond), 0, 0, NULL},
	{"models.attest_threshold", GS_SETTING_ETHER, AT(attest_threshold), 0, 0, NULL},
	{"claims.window_s", GS_SETTING_U64, AT(window_s), 1, UINT32_MAX, NULL},
	{"claims.minimum_bond", GS_SETTING_ETHER, AT(minimum_bond), 0, 0, NULL},
	{"claims.bond", GS_SETTING_SHARE, AT(bond_ppm), 0, 0, NULL},
	{"claims.bytes_max", GS_SETTING_U64, AT(bytes_max), 0, 128 * 1024, NULL},
	{"disputes.claimant_budget_s", GS_SETTING_U64, AT(claimant_budget_s), 1, 1 << 24, NULL},
	{"disputes.challenger_budget_s", GS_SETTING_U64, AT(challenger_budget_s), 1, 1 << 24, NULL},
	{"disputes.minimum_time_s", GS_SETTING_U64, AT(minimum_time_s), 1, 1 << 24, NULL},
	{"disputes.challenger_bond", GS_SETTING_ETHER, AT(challenger_bond), 0, 0, NULL},
	{"disputes.concede", GS_SETTING_SHARE, AT(concede_ppm), 0, 0, NULL},
};
static const struct gs_settings settings = {table, GS_ARRAY_LEN(table)};

static struct gs_wei tokens(const char *text)
{
	struct gs_wei out;
	enum gs_err err = gs_wei_parse_ether(text, &out);

	GS_ASSERT(err == GS_OK);
	return out;
}

void gs_deploy_defaults(struct gs_deploy_parameters *out)
{
	*out = (struct gs_deploy_parameters){
		.burn_ppm = 500 * 1000,
		.unbonding_s = 60,
		.registrant_bond = tokens("10"),
		.attest_threshold = tokens("0"),
		.window_s = 60,
		.minimum_bond = tokens("10"),
		.bond_ppm = 100 * 1000,
		.bytes_max = 96 * 1024,
		.claimant_budget_s = 120,
		.challenger_budget_s = 120,
		.minimum_time_s = 20,
		.challenger_bond = tokens("10"),
		.concede_ppm = 500 * 1000,
	};
}

enum gs_err gs_deploy_parameters_load(const char *path, struct gs_deploy_parameters *out, struct gs_error *error)
{
	return gs_bind_file(&settings, path, out, error);
}

enum gs_err gs_deploy_artifacts(char *out, size_t size, struct gs_error *error)
{
	char folder[2048];
	ssize_t len = readlink("/proc/self/exe", folder, sizeof(folder) - 1);

	if (len <= 0)
		return gs_fail(error, GS_EIO, "/proc/self/exe: cannot be read: %s", strerror(errno));
	folder[len] = '\0';
	for (;;) { /* a build for another compiler lies deeper than the contracts do */
		char *slash = strrchr(folder, '/');
		char probe[2200];
		if (!slash || slash == folder)
			return gs_fail(
				error, GS_ENOTFOUND,
				"contracts: not found beside this program; run 'make contracts' or name them with --artifacts");
		*slash = '\0';
		snprintf(probe, sizeof(probe), "%s/contracts/Claims.json", folder);
		if (access(probe, R_OK) == 0) {
			if ((size_t)snprintf(out, size, "%s/contracts", folder) >= size)
				return gs_fail(error, GS_ELIMIT, "contracts: path too long");
			return GS_OK;
		}
	}
}

struct deploying {
	const struct gs_sender *sender;
	const char *artifacts;
	uint64_t nonce;
	uint64_t gas;
	struct gs_deployment *out;
	struct gs_error *error;
};

static enum gs_err read_bytecode(const char *path, struct gs_buf *out, struct gs_error *error)
{
	json_error_t problem;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
	const char *hex = json_string_value(json_object_get(root, "bytecode"));
	size_t len = hex ? strlen(hex) : 0;
	uint8_t *bytes;
	enum gs_err err = GS_OK;

	if (!root)
		return gs_fail(error, GS_EPARSE, "%s: %s; run 'make contracts'", path, problem.text);
	if (len < 4 || len % 2 || strncmp(hex, "0x", 2) != 0) {
		err = gs_fail(error, GS_EPARSE, "%s: bytecode: hexadecimal text is expected", path);
		goto out;
	}
	bytes = gs_buf_extend(out, len / 2 - 1);
	if (!bytes)
		err = gs_fail(error, out->err, "%s: bytecode is too long", path);
	else if (gs_hex_decode(hex, len, bytes, len / 2 - 1) != GS_OK)
		err = gs_fail(error, GS_EPARSE, "%s: bytecode: not hexadecimal", path);
out:
	json_decref(root);
	return err;
}

/* Deploys with the given constructor arguments and frees them. */
static enum gs_err deploy_one(struct deploying *d, enum gs_contract contract, const char *name, struct gs_buf *args)
{
	char path[4096];
	struct gs_buf code;
	uint64_t gas = 0;
	enum gs_err err;

	gs_buf_init(&code, GS_TX_DATA_MAX);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s.json", d->artifacts, name) >= sizeof(path))
		err = gs_fail(d->error, GS_ELIMIT, "%s: path too long", d->artifacts);
	else
		err = read_bytecode(path, &code, d->error);
	if (!err && args->err)
		err = gs_fail(d->error, args->err, "%s: no memory", name);
	if (!err)
		err = gs_deploy(d->sender, gs_buf_view(&code), gs_buf_view(args), d->nonce++,
		                &d->out->contract[contract], &gas, d->error);
	if (err)
		gs_fail_within(d->error, err, "deploying %s", name);
	d->gas += gas;
	gs_buf_free(&code);
	gs_buf_free(args);
	return err;
}

static struct gs_abi_writer begin(struct gs_buf *args, size_t words)
{
	struct gs_abi_writer w;

	gs_buf_init(args, 4096);
	gs_abi_begin(&w, args, words);
	return w;
}

static enum gs_err deploy_base(struct deploying *d, const struct gs_deploy_parameters *p)
{
	const struct gs_address *at = d->out->contract;
	struct gs_buf args;
	struct gs_abi_writer w = begin(&args, 0);
	enum gs_err err = deploy_one(d, GS_CONTRACT_TOKEN, "DevToken", &args);

	if (err)
		return err;
	w = begin(&args, 0);
	if ((err = deploy_one(d, GS_CONTRACT_ELEMENTARY, "Elementary", &args)))
		return err;
	w = begin(&args, 1);
	gs_abi_put_address(&w, &at[GS_CONTRACT_ELEMENTARY]);
	if ((err = deploy_one(d, GS_CONTRACT_JUDGE, "Judge", &args)))
		return err;
	w = begin(&args, 3);
	gs_abi_put_address(&w, &at[GS_CONTRACT_TOKEN]);
	gs_abi_put_u64(&w, p->unbonding_s);
	gs_abi_put_u64(&w, p->burn_ppm / PPM_PER_BPS);
	return deploy_one(d, GS_CONTRACT_STAKES, "Stakes", &args);
}

static enum gs_err deploy_rules(struct deploying *d, const struct gs_deploy_parameters *p)
{
	const struct gs_address *at = d->out->contract;
	struct gs_buf args;
	struct gs_abi_writer w = begin(&args, 3);
	enum gs_err err;

	gs_abi_put_address(&w, &at[GS_CONTRACT_STAKES]);
	gs_abi_put_wei(&w, p->registrant_bond);
	gs_abi_put_wei(&w, p->attest_threshold);
	if ((err = deploy_one(d, GS_CONTRACT_MODELS, "Models", &args)))
		return err;
	w = begin(&args, 6);
	gs_abi_put_address(&w, &at[GS_CONTRACT_STAKES]);
	gs_abi_put_address(&w, &at[GS_CONTRACT_MODELS]);
	gs_abi_put_u64(&w, p->window_s);
	gs_abi_put_wei(&w, p->minimum_bond);
	gs_abi_put_u64(&w, p->bond_ppm / PPM_PER_BPS);
	gs_abi_put_u64(&w, p->bytes_max);
	if ((err = deploy_one(d, GS_CONTRACT_CLAIMS, "Claims", &args)))
		return err;
	w = begin(&args, 9);
	gs_abi_put_address(&w, &at[GS_CONTRACT_STAKES]);
	gs_abi_put_address(&w, &at[GS_CONTRACT_MODELS]);
	gs_abi_put_address(&w, &at[GS_CONTRACT_CLAIMS]);
	gs_abi_put_address(&w, &at[GS_CONTRACT_JUDGE]);
	gs_abi_put_u64(&w, p->claimant_budget_s);
	gs_abi_put_u64(&w, p->challenger_budget_s);
	gs_abi_put_u64(&w, p->minimum_time_s);
	gs_abi_put_wei(&w, p->challenger_bond);
	gs_abi_put_u64(&w, p->concede_ppm / PPM_PER_BPS);
	return deploy_one(d, GS_CONTRACT_DISPUTES, "Disputes", &args);
}

static enum gs_err wire(struct deploying *d)
{
	const struct gs_address *at = d->out->contract;
	struct gs_send_request request = {.to = at[GS_CONTRACT_STAKES], .nonce = d->nonce};
	struct gs_abi_writer w;
	struct gs_receipt receipt = {0};
	struct gs_buf data;
	enum gs_err err;

	gs_buf_init(&data, 4096);
	gs_abi_call(&w, &data, GS_STAKES_FN_WIRE, 3);
	gs_abi_put_address(&w, &at[GS_CONTRACT_MODELS]);
	gs_abi_put_address(&w, &at[GS_CONTRACT_CLAIMS]);
	gs_abi_put_address(&w, &at[GS_CONTRACT_DISPUTES]);
	gs_abi_end(&w);
	request.data = gs_buf_view(&data);
	err = gs_sender_run(d->sender, &request, WIRE_TIMEOUT_MS, &receipt, d->error);
	if (err)
		gs_fail_within(d->error, err, "wiring the contracts");
	d->gas += receipt.gas_used;
	gs_receipt_free(&receipt);
	gs_buf_free(&data);
	return err;
}

enum gs_err gs_deploy_all(const struct gs_sender *sender, const char *artifacts,
                          const struct gs_deploy_parameters *parameters, struct gs_deployment *out, uint64_t *gas_used,
                          struct gs_error *error)
{
	char folder[2048];
	struct deploying d = {.sender = sender, .artifacts = artifacts, .out = out, .error = error};
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	out->chain_id = sender->chain_id;
	if (!artifacts) {
		if ((err = gs_deploy_artifacts(folder, sizeof(folder), error)))
			return err;
		d.artifacts = folder;
	}
	err = gs_eth_block_number(sender->rpc, &out->block, error);
	if (!err)
		err = gs_sender_next_nonce(sender, &d.nonce, error);
	if (!err)
		err = deploy_base(&d, parameters);
	if (!err)
		err = deploy_rules(&d, parameters);
	if (!err)
		err = wire(&d);
	if (gas_used)
		*gas_used = d.gas;
	return err;
}
