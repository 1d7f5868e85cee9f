#include "validator/daemon/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "chain/rpc/keyfile.h"
#include "chain/rpc/pool.h"

enum gs_err gs_session_read_secret(const char *path, uint8_t out[32], struct gs_error *error)
{
	char text[128];
	size_t len;
	enum gs_err err;
	FILE *file = fopen(path, "rb");

	if (!file)
		return gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(errno));
	err = gs_keyfile_private(fileno(file), path, error);
	len = err ? 0 : fread(text, 1, sizeof(text), file);
	fclose(file);
	if (err)
		return err;
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	err = gs_hex_decode(text, len, out, 32);
	explicit_bzero(text, sizeof(text));
	if (err)
		return gs_fail(error, GS_EPARSE, "%s: not 64 hex digits", path);
	return GS_OK;
}

enum gs_err gs_session_load_key(const struct gs_config *config, struct gs_key *out, struct gs_error *error)
{
	uint8_t secret[32];
	enum gs_err err;

	if (config->key.keystore[0] && config->key.hex_file[0])
		return gs_fail(error, GS_EINVAL, "key: both a keystore and a hex file are named; keep one of them");
	if (config->key.keystore[0])
		return gs_keyfile_load(config->key.keystore, config->key.password_file, out, error);
	if (config->key.remote[0] && !config->key.hex_file[0])
		return gs_fail(error, GS_EINVAL, "key: it is with the remote signer, and no file of it is named");
	if (!config->key.hex_file[0])
		return gs_fail(error, GS_EINVAL, "key: none is named; give --key KEYSTORE and --password-file FILE");
	gs_key_guard(out);
	err = gs_session_read_secret(config->key.hex_file, secret, error);
	if (!err)
		err = gs_key_from_secret(secret, out, error);
	explicit_bzero(secret, sizeof(secret));
	return err;
}

/* A signer elsewhere, or the key. What a signer says is asked only when something is to be signed: a node may start before it. */
static enum gs_err open_signer(struct gs_session *s, const struct gs_config *config, struct gs_error *error)
{
	const struct gs_rpc_options options = {.timeout_ms = (uint32_t)config->key.timeout_ms,
	                                       .ca_file = config->key.ca_file,
	                                       .client_cert_file = config->key.client_cert_file,
	                                       .client_key_file = config->key.client_key_file};
	enum gs_err err;

	if (!config->key.remote[0]) {
		err = gs_session_load_key(config, &s->key, error);
		s->account = s->key.address;
		return err;
	}
	if (config->key.keystore[0] || config->key.hex_file[0])
		return gs_fail(error, GS_EINVAL, "key: both a file and a remote signer are named; keep one of them");
	if (!config->key.address[0])
		return gs_fail(error, GS_EINVAL,
		               "key.address: not named; a remote signer signs for an account: say which");
	err = gs_address_parse(config->key.address, &s->account, error);
	if (err)
		return gs_fail_within(error, err, "key.address");
	return gs_remote_signer_open(config->key.remote, &options, &s->account, &s->remote, error);
}

static enum gs_err check_code(struct gs_session *s, enum gs_contract contract, const char *path, struct gs_error *error)
{
	struct gs_buf code;
	char address[GS_ADDRESS_TEXT_MAX];
	enum gs_err err;

	gs_buf_init(&code, GS_ETH_RETURN_MAX);
	err = gs_eth_get_code(s->rpc, &s->deployment.contract[contract], gs_block_latest(), &code, error);
	if (!err && code.len == 0) {
		gs_address_format(&s->deployment.contract[contract], address);
		err = gs_fail(
			error, GS_ENOTFOUND,
			"%s: no contract at %s (%s of %s); deploy with 'gainsay deploy' or name another deployment",
			gs_rpc_name(s->rpc), address, gs_contract_label(contract), path);
	}
	gs_buf_free(&code);
	return err;
}

static enum gs_err check_chain(struct gs_session *s, const struct gs_config *config, unsigned needs,
                               struct gs_error *error)
{
	enum gs_err err = gs_eth_chain_id(s->rpc, &s->chain_id, error);

	if (err)
		return err;
	if (config->chain_id && s->chain_id != config->chain_id)
		return gs_fail(
			error, GS_EINVAL, "%s: chain id is %llu, but %llu is configured; correct --rpc or --chain-id",
			gs_rpc_name(s->rpc), (unsigned long long)s->chain_id, (unsigned long long)config->chain_id);
	if (!(needs & GS_SESSION_CONTRACTS))
		return GS_OK;
	if (s->deployment.chain_id != s->chain_id)
		return gs_fail(error, GS_EINVAL,
		               "%s: chain id is %llu, but %s was deployed on %llu; correct --rpc or --deployment",
		               gs_rpc_name(s->rpc), (unsigned long long)s->chain_id, config->deployment,
		               (unsigned long long)s->deployment.chain_id);
	for (int i = 0; i < GS_CONTRACT_COUNT && !err; i++)
		err = check_code(s, (enum gs_contract)i, config->deployment, error);
	return err;
}

/* One endpoint is believed; several must agree. */
static enum gs_err open_rpc(const struct gs_config *config, const struct gs_setting_list *rpc,
                            const struct gs_rpc_many_options *these, struct gs_rpc **out, struct gs_error *error)
{
	struct gs_rpc_many_options options = *these;
	const char *urls[GS_BINDER_LIST_MAX];

	options.each.timeout_ms = (uint32_t)config->intervals.rpc_timeout_ms;
	options.each.ca_file = config->ca_file;
	options.each.proxy = config->rpc_proxy;
	options.each.http2 = config->rpc_http2;
	for (size_t i = 0; i < rpc->count; i++)
		urls[i] = rpc->item[i];
	if (getrandom(&options.seed, sizeof(options.seed), 0) != (ssize_t)sizeof(options.seed))
		return gs_fail(error, GS_EIO, "rpc: no randomness");
	return gs_rpc_open_many(urls, rpc->count, &options, out, error);
}

static enum gs_err open_chain(const struct gs_config *config, struct gs_rpc **out, struct gs_error *error)
{
	const struct gs_rpc_many_options options = {.each.header_file = config->rpc_header_file,
	                                            .each.client_cert_file = config->rpc_client_cert_file,
	                                            .each.client_key_file = config->rpc_client_key_file,
	                                            .quorum = config->chain.quorum};

	return open_rpc(config, &config->rpc, &options, out, error);
}

enum gs_err gs_session_open(const struct gs_config *config, unsigned needs, struct gs_session *out,
                            struct gs_error *error)
{
	enum gs_err err;

	memset(out, 0, sizeof(*out));
	if (config->rpc.count == 0)
		return gs_fail(error, GS_EINVAL, "rpc: no endpoint is named; give --rpc URL");
	if ((needs & GS_SESSION_CONTRACTS) && !config->deployment[0])
		return gs_fail(error, GS_EINVAL,
		               "deployment: not named; give --deployment FILE, the file that 'gainsay deploy' wrote");
	if ((needs & GS_SESSION_CONTRACTS) && (err = gs_deployment_load(config->deployment, &out->deployment, error)))
		return err;
	if ((needs & GS_SESSION_KEY) && (err = open_signer(out, config, error)))
		return err;
	err = open_chain(config, &out->rpc, error);
	if (!err)
		err = check_chain(out, config, needs, error);
	if (err)
		gs_session_close(out);
	return err;
}

enum gs_err gs_session_open_l1(const struct gs_config *config, const struct gs_session *chain, struct gs_session *out,
                               struct gs_error *error)
{
	const struct gs_rpc_many_options options = {.each.header_file = config->l1.rpc_header_file};
	enum gs_err err = GS_OK;

	memset(out, 0, sizeof(*out));
	out->chain_id = config->l1.chain_id;
	out->account = chain->account;
	if (chain->remote) { /* a connection of its own: each ends with the thread that asks */
		err = open_signer(out, config, error);
	} else {
		gs_key_guard(&out->key);
		out->key = chain->key;
	}
	if (!err)
		err = open_rpc(config, &config->l1.rpc, &options, &out->rpc, error);
	if (err)
		gs_session_close(out);
	return err;
}

void gs_session_close(struct gs_session *session)
{
	if (session->rpc)
		gs_rpc_close(session->rpc);
	gs_key_wipe(&session->key);
	gs_remote_signer_close(session->remote);
	session->remote = NULL;
	session->rpc = NULL;
}

static enum gs_err advise(struct gs_error *error, enum gs_err err, const char *advice)
{
	const struct gs_error was = error ? *error : (struct gs_error){0};

	return gs_fail(error, err, "%s; %s", was.text, advice);
}

enum gs_err gs_session_lock_node(const struct gs_session *session, const struct gs_config *config, const char *who,
                                 struct gs_key_lock *out, struct gs_error *error)
{
	enum gs_err err = gs_key_lock_take(config->key.lock_folder, &session->account, session->chain_id, who,
	                                   GS_SESSION_KEY_WAIT_MS, out, error);

	return err == GS_ECONFLICT ? advise(error, err, "stop that one first") : err;
}

enum gs_err gs_session_lock_command(const struct gs_session *session, const struct gs_config *config,
                                    struct gs_key_lock *out, struct gs_error *error)
{
	enum gs_err err;

	out->fd = -1;
	if (config->key.share)
		return GS_OK;
	err = gs_key_lock_take(config->key.lock_folder, &session->account, session->chain_id, "a gainsay command",
	                       GS_SESSION_KEY_WAIT_MS, out, error);
	return err == GS_ECONFLICT ? advise(error, err, "stop it first, use another key, or say --share-key") : err;
}

void gs_session_say_trust(struct gs_session *session, const struct gs_log *log)
{
	struct gs_pool_status status;

	gs_rpc_log_to(session->rpc, log);
	if (gs_rpc_pool_status(session->rpc, &status))
		gs_log_line(log, GS_LOG_INFO, "rpc.quorum", "endpoints=%zu must_agree=%zu", status.endpoints,
		            status.need);
	else
		gs_log_line(log, GS_LOG_INFO, "rpc.trusted",
		            "endpoint=%s why=\"the only one; name several in rpc, and they must agree\"",
		            gs_rpc_name(session->rpc));
}

struct gs_signer gs_session_signer(const struct gs_session *session)
{
	return session->remote ? gs_signer_of_remote(session->remote) : gs_signer_of_key(&session->key);
}

struct gs_sender gs_session_sender(const struct gs_session *session)
{
	return (struct gs_sender){
		.rpc = session->rpc, .signer = gs_session_signer(session), .chain_id = session->chain_id};
}
