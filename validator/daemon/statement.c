#include "validator/daemon/statement.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "chain/eth/eip712.h"

enum gs_err gs_statement_digest(const struct gs_lots_domain *domain, const struct gs_vrf_public *key,
                                struct gs_hash *out, struct gs_error *error)
{
	static const struct gs_typed_member members[] = {{"address", "validator"}, {"bytes", "publicKey"}};
	static const struct gs_typed_struct type = {"SamplingKey", members, GS_ARRAY_LEN(members)};
	const struct gs_u256 chain_id = gs_u256_from_u64(domain->chain_id);
	struct gs_typed_value values[GS_ARRAY_LEN(members)] = {{.bytes = {NULL, 0}},
	                                                       {.bytes = {key->b, sizeof(key->b)}}};
	const struct gs_typed typed = {
		.domain = {.name = "Gainsay", .version = "1", .chain_id = &chain_id, .contract = &domain->claims},
		.structs = &type,
		.struct_count = 1,
		.primary = "SamplingKey",
		.message = {.items = values, .count = GS_ARRAY_LEN(values)}};

	memcpy(values[0].word + 12, domain->validator.b, 20);
	return gs_typed_digest(&typed, out, error);
}

void gs_statement_format(const struct gs_lots_domain *domain, const struct gs_vrf_public *key,
                         const struct gs_signature *signature, char out[GS_STATEMENT_MAX])
{
	char claims[43], validator[43], hex[2 * GS_VRF_PUBLIC_BYTES + 1], name[133];
	uint8_t bytes[65];

	memcpy(bytes, signature->r, 32);
	memcpy(bytes + 32, signature->s, 32);
	bytes[64] = (uint8_t)(27 + signature->y_parity);
	gs_hex_encode(domain->claims.b, 20, true, claims);
	gs_hex_encode(domain->validator.b, 20, true, validator);
	gs_hex_encode(key->b, sizeof(key->b), false, hex);
	gs_hex_encode(bytes, sizeof(bytes), true, name);
	snprintf(out, GS_STATEMENT_MAX,
	         "{\"chain\":\"%" PRIu64
	         "\",\"claims\":\"%s\",\"validator\":\"%s\",\"key\":\"%s\",\"signature\":\"%s\"}",
	         domain->chain_id, claims, validator, hex, name);
}

static bool bytes_of(const json_t *json, const char *name, uint8_t *out, size_t len)
{
	const char *value = json_string_value(json_object_get(json, name));

	return value && gs_hex_decode(value, strlen(value), out, len) == GS_OK;
}

enum gs_err gs_statement_read(const char *text, struct gs_lots_domain *domain, struct gs_vrf_public *key,
                              struct gs_error *error)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *chain = json_string_value(json_object_get(json, "chain"));
	struct gs_u256 chain_id = {{0}};
	struct gs_signature signature;
	struct gs_address signer;
	struct gs_hash digest;
	uint8_t bytes[65] = {0};
	const bool good = json && chain && gs_u256_parse(chain, strlen(chain), &chain_id) == GS_OK &&
	                  gs_u256_fits_u64(&chain_id) && bytes_of(json, "claims", domain->claims.b, 20) &&
	                  bytes_of(json, "validator", domain->validator.b, 20) &&
	                  bytes_of(json, "key", key->b, sizeof(key->b)) &&
	                  bytes_of(json, "signature", bytes, sizeof(bytes)) && (bytes[64] == 27 || bytes[64] == 28);

	json_decref(json);
	if (!good)
		return gs_fail(error, GS_EPARSE,
		               "no statement of a sampling key; 'gainsay keys sampling --statement' prints one");
	domain->chain_id = chain_id.limb[0];
	memcpy(signature.r, bytes, 32);
	memcpy(signature.s, bytes + 32, 32);
	signature.y_parity = bytes[64] - 27;
	enum gs_err err = gs_statement_digest(domain, key, &digest, error);
	if (err)
		return err;
	if (gs_key_recover(&signature, &digest, &signer) != GS_OK || !gs_address_equal(&signer, &domain->validator))
		return gs_fail(error, GS_ECONFLICT, "the statement's signature is not its validator's");
	return GS_OK;
}
