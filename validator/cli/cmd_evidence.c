/* gainsay evidence export: all that a node knows of one claim, as a file that 'gainsay verify' checks anywhere. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "validator/cli/commands.h"
#include "validator/cli/model.h"
#include "validator/cli/stored.h"
#include "validator/daemon/evidence.h"

/* With an endpoint what the chain tells is added; without one the deployment's file is enough. */
static enum gs_err contracts_of(const struct gs_config *config, struct gs_session *session, bool *open,
                                struct gs_contracts *out, struct gs_error *error)
{
	struct gs_deployment deployment;
	enum gs_err err;

	*out = (struct gs_contracts){0};
	*open = config->rpc.count > 0;
	if (*open) {
		err = gs_session_open(config, GS_SESSION_CONTRACTS, session, error);
		*open = !err;
		if (!err)
			gs_deployment_contracts(&session->deployment, out);
		return err;
	}
	if (!config->deployment[0])
		return gs_fail(error, GS_EINVAL, "deployment: not named; give --deployment FILE");
	err = gs_deployment_load(config->deployment, &deployment, error);
	if (!err)
		gs_deployment_contracts(&deployment, out);
	return err;
}

static enum gs_err sampling_key(struct gs_stored *stored, const struct gs_config *config, struct gs_vrf_public *out,
                                bool *known, struct gs_error *error)
{
	struct gs_error why = {0};
	struct gs_vrf_key key;
	struct gs_vrf *vrf = gs_vrf_new();
	enum gs_err err = vrf ? gs_lots_key(&stored->store, stored->j.txn, config, vrf, &key, &why)
	                      : gs_fail(&why, GS_ENOMEM, "evidence: no memory");

	*known = !err;
	if (!err) {
		*out = key.public_key;
		gs_vrf_key_wipe(&key);
	}
	gs_vrf_free(vrf);
	return !err || err == GS_ENOTFOUND ? GS_OK : gs_fail(error, err, "%s", why.text);
}

static enum gs_err write_out(const char *path, struct gs_bytes bytes, struct gs_error *error)
{
	if (path)
		return gs_write_file(path, bytes, error);
	if (isatty(STDOUT_FILENO))
		return gs_fail(
			error, GS_EINVAL,
			"evidence: a file of bytes is not for a terminal: give --out FILE, or direct it somewhere");
	return fwrite(bytes.ptr, 1, bytes.len, stdout) == bytes.len && fflush(stdout) == 0
	               ? GS_OK
	               : gs_fail(error, GS_EIO, "evidence: cannot be written");
}

static enum gs_err make(struct gs_stored *stored, const struct gs_config *config, const struct gs_hash *claim,
                        struct gs_evidence_room *room, struct gs_buf *out, struct gs_error *error)
{
	struct gs_session session;
	struct gs_contracts contracts;
	struct gs_lots_domain domain;
	struct gs_vrf_public key;
	struct gs_evidence e;
	bool open, known = false;
	enum gs_err err = contracts_of(config, &session, &open, &contracts, error);

	if (err)
		return err;
	err = gs_lots_domain(&stored->store, stored->j.txn, &domain, error);
	if (!err && (domain.chain_id != contracts.chain_id || !gs_address_equal(&domain.claims, &contracts.claims)))
		err = gs_fail(error, GS_ECONFLICT, "the database belongs to another chain or deployment than %s",
		              config->deployment);
	if (!err)
		err = sampling_key(stored, config, &key, &known, error);
	if (!err)
		err = gs_evidence_collect(&stored->j, &contracts, &domain, known ? &key : NULL, claim,
		                          (struct gs_time){(uint64_t)time(NULL)}, room, &e, error);
	if (!err && open)
		err = gs_evidence_add_chain(session.rpc, room, &e, error);
	if (open)
		gs_session_close(&session);
	if (err)
		return err;
	gs_evidence_encode(&e, out);
	if (out->err)
		return gs_fail(error, out->err, "evidence: %s",
		               out->err == GS_ELIMIT ? "more than a file may hold" : "no memory");
	fwrite(e.notes.ptr, 1, e.notes.len, stderr); /* what is left out, and why */
	return GS_OK;
}

int gs_cmd_evidence(int argc, char **argv)
{
	const char *path = NULL;
	const struct gs_flag flags[] = {{.name = "out",
	                                 .kind = GS_FLAG_TEXT,
	                                 .value = "FILE",
	                                 .help = "where to; standard output otherwise",
	                                 .out = &path}};
	struct gs_options options;
	struct gs_cli cli = {
		.usage = "gainsay evidence export CLAIM --db DIR --deployment FILE [--rpc URL] [--out FILE]",
		.about =
			"Writes all that a node knows of one claim as one file: the claim, inputs and outputs, verdict, the decision to\n"
			"execute it with its proof, and the audit log's entries with the links to its head. With --rpc also headers,\n"
			"receipts and transactions with their proofs, so that the games can be played again. 'gainsay verify' checks it\n"
			"without node, database or chain. What is left out, and why, goes to standard error and into the file.",
		.flags = flags,
		.flag_count = GS_ARRAY_LEN(flags),
		.args_min = 2,
		.args_max = 2};
	struct gs_evidence_room room;
	struct gs_stored stored;
	struct gs_config config;
	struct gs_error error = {0};
	struct gs_hash claim;
	struct gs_buf out;
	int code = gs_options_parse(&options, &cli, argc, argv);

	if (code != GS_CLI_GO_ON)
		return code;
	if (strcmp(cli.arg[0], "export") != 0)
		return gs_cli_misused("evidence: %s: say 'evidence export CLAIM'", cli.arg[0]);
	const char *id = cli.arg[1];
	if (strlen(id) != 66 || memcmp(id, "0x", 2) != 0 || gs_hex_decode(id + 2, 64, claim.b, sizeof(claim.b)))
		return gs_cli_misused(
			"evidence: %s: not a claim's id, 0x and 64 hex digits; see 'gainsay claims --json'", id);
	if (gs_options_config(&options, &config, &error) || gs_stored_open(&options, &stored, &error))
		return gs_cli_fail(&error);
	gs_evidence_room_init(&room);
	gs_buf_init(&out, GS_EVIDENCE_BYTES_MAX);
	enum gs_err err = make(&stored, &config, &claim, &room, &out, &error);
	gs_stored_close(&stored);
	if (!err)
		err = write_out(path, gs_buf_view(&out), &error);
	gs_evidence_room_free(&room);
	gs_buf_free(&out);
	return err ? gs_cli_fail(&error) : GS_EXIT_OK;
}
