#include "validator/daemon/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "chain/rpc/keyfile.h"

enum gs_err gs_session_read_secret(const char *path, uint8_t out[32], struct gs_error *error)
{
	char text[128];
	size_t len;
	enum gs_err err;
	FILE *file = fopen(path, "rb");

	if (!file)
		return gs_fail(error, GS_EIO, "%s: cannot be read: %s", path, strerror(errno));
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
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
	if (!config->key.hex_file[0])
		return gs_fail(error, GS_EINVAL, "key: none is named; give --key KEYSTORE and --password-file FILE");
	gs_key_guard(out);
	err = gs_session_read_secret(config->key.hex_file, secret, error);
	if (!err)
		err = gs_key_from_secret(secret, out, error);
	explicit_bzero(secret, sizeof(secret));
	return err;
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
static enum gs_err open_rpc(const struct gs_config *config, struct gs_rpc **out, struct gs_error *error)
{
	struct gs_rpc_many_options options = {.each.timeout_ms = (uint32_t)config->intervals.rpc_timeout_ms,
	                                      .each.ca_file = config->ca_file,
	                                      .each.header_file = config->rpc_header_file,
	                                      .each.client_cert_file = config->rpc_client_cert_file,
	                                      .each.client_key_file = config->rpc_client_key_file,
	                                      .each.proxy = config->rpc_proxy,
	                                      .each.http2 = config->rpc_http2,
	                                      .quorum = config->chain.quorum};
	const char *urls[GS_BINDER_LIST_MAX];

	for (size_t i = 0; i < config->rpc.count; i++)
		urls[i] = config->rpc.item[i];
	if (getrandom(&options.seed, sizeof(options.seed), 0) != (ssize_t)sizeof(options.seed))
		return gs_fail(error, GS_EIO, "rpc: no randomness");
	return gs_rpc_open_many(urls, config->rpc.count, &options, out, error);
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
	if ((needs & GS_SESSION_KEY) && (err = gs_session_load_key(config, &out->key, error)))
		return err;
	err = open_rpc(config, &out->rpc, error);
	if (!err)
		err = check_chain(out, config, needs, error);
	if (err)
		gs_session_close(out);
	return err;
}

void gs_session_close(struct gs_session *session)
{
	if (session->rpc)
		gs_rpc_close(session->rpc);
	gs_key_wipe(&session->key);
	session->rpc = NULL;
}

struct gs_sender gs_session_sender(const struct gs_session *session)
{
	return (struct gs_sender){.rpc = session->rpc, .key = &session->key, .chain_id = session->chain_id};
}
