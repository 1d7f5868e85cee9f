#include "validator/opengradient/registry.h"

#include <string.h>

#include "chain/core/hash.h"

/* Words of the heads of TEEInfo, without and with ohttpConfig. */
enum { TEE_WORDS = 10, TEE_WORDS_OHTTP = 11, ENDPOINT_WORD = 2 };

static const struct {
	const char *signature;
	size_t topics;
} events[GS_REGISTRY_KINDS] = {
	[GS_REGISTRY_REGISTERED] = {"TEERegistered(bytes32,address,uint8)", 3},
	[GS_REGISTRY_ENABLED] = {"TEEEnabled(bytes32)", 2},
	[GS_REGISTRY_DISABLED] = {"TEEDisabled(bytes32)", 2},
	[GS_REGISTRY_HEARTBEAT] = {"HeartbeatReceived(bytes32,uint256)", 2},
	[GS_REGISTRY_APPROVED] = {"PCRApproved(bytes32,uint8,string)", 3},
	[GS_REGISTRY_REVOKED] = {"PCRRevoked(bytes32,uint8)", 3},
	[GS_REGISTRY_REVOKED_ANY] = {"PCRRevoked(bytes32)", 2},
	[GS_REGISTRY_ROOT] = {"AWSCertificateUpdated(bytes32)", 2},
};

void gs_registry_topic(enum gs_registry_kind kind, struct gs_hash *out)
{
	GS_ASSERT((unsigned)kind < GS_REGISTRY_KINDS);
	gs_keccak256(events[kind].signature, strlen(events[kind].signature), out);
}

static bool find_kind(const struct gs_hash *topic, enum gs_registry_kind *out)
{
	struct gs_hash known;

	for (unsigned i = 0; i < GS_REGISTRY_KINDS; i++) {
		gs_registry_topic((enum gs_registry_kind)i, &known);
		if (gs_hash_equal(topic, &known)) {
			*out = (enum gs_registry_kind)i;
			return true;
		}
	}
	return false;
}

enum gs_err gs_registry_event_read(const struct gs_hash *topic, size_t topics, struct gs_bytes data,
                                   struct gs_registry_event *out)
{
	memset(out, 0, sizeof(*out));
	if (topics == 0 || !find_kind(&topic[0], &out->kind))
		return GS_ENOTFOUND;
	if (topics != events[out->kind].topics)
		return GS_EPARSE;
	struct gs_abi_reader indexed = gs_abi_read_topics(topic, topics), rest = gs_abi_read(data);
	out->subject = gs_abi_get_hash(&indexed);
	switch (out->kind) {
	case GS_REGISTRY_REGISTERED:
		out->owner = gs_abi_get_address(&indexed);
		out->type = gs_abi_get_u8(&rest);
		break;
	case GS_REGISTRY_HEARTBEAT: out->heartbeat_s = gs_abi_get_u64(&rest); break;
	case GS_REGISTRY_APPROVED:
		out->type = gs_abi_get_u8(&indexed);
		out->version = gs_abi_get_bytes(&rest);
		break;
	case GS_REGISTRY_REVOKED: out->type = gs_abi_get_u8(&indexed); break;
	case GS_REGISTRY_ENABLED:
	case GS_REGISTRY_DISABLED:
	case GS_REGISTRY_REVOKED_ANY:
	case GS_REGISTRY_ROOT: break;
	}
	return indexed.err || rest.err ? GS_EPARSE : GS_OK;
}

enum gs_err gs_registration_read(struct gs_bytes calldata, struct gs_registration *out)
{
	memset(out, 0, sizeof(*out));
	if (calldata.len < 4 || gs_be32_read(calldata.ptr) != GS_REGISTRY_FN_REGISTER)
		return GS_ENOTFOUND;
	struct gs_abi_reader r = gs_abi_read((struct gs_bytes){calldata.ptr + 4, calldata.len - 4});
	out->attestation = gs_abi_get_bytes(&r);
	out->signing_key = gs_abi_get_bytes(&r);
	out->tls_certificate = gs_abi_get_bytes(&r);
	out->payment = gs_abi_get_address(&r);
	out->endpoint = gs_abi_get_bytes(&r);
	out->type = gs_abi_get_u8(&r);
	if (r.err)
		return GS_EPARSE;
	gs_keccak256(out->signing_key.ptr, out->signing_key.len, &out->tee);
	return GS_OK;
}

static uint16_t get_u16(struct gs_abi_reader *r)
{
	const uint32_t v = gs_abi_get_u32(r);

	if (!r->err && v > UINT16_MAX)
		r->err = GS_EPARSE;
	return (uint16_t)v;
}

/* The two shapes differ in where the first body lies: right behind the head. */
static bool has_ohttp(const struct gs_abi_reader *tuple, bool *out)
{
	struct gs_abi_reader ahead = *tuple;
	uint64_t offset = 0;

	for (unsigned i = 0; i <= ENDPOINT_WORD; i++) {
		uint8_t word[GS_ABI_WORD];
		gs_abi_get_word(&ahead, word);
		offset = gs_be64_read(word + GS_ABI_WORD - 8);
	}
	*out = offset == (uint64_t)TEE_WORDS_OHTTP * GS_ABI_WORD;
	return !ahead.err && (*out || offset == (uint64_t)TEE_WORDS * GS_ABI_WORD);
}

enum gs_err gs_registry_tee_read(struct gs_bytes answer, const struct gs_hash *tee, struct gs_registry_tee *out)
{
	struct gs_abi_reader outer = gs_abi_read(answer), r = gs_abi_get_tuple(&outer);
	struct gs_hash found;

	memset(out, 0, sizeof(*out));
	if (r.err || !has_ohttp(&r, &out->has_ohttp))
		return GS_EPARSE;
	out->owner = gs_abi_get_address(&r);
	out->payment = gs_abi_get_address(&r);
	out->endpoint = gs_abi_get_bytes(&r);
	out->signing_key = gs_abi_get_bytes(&r);
	out->tls_certificate = gs_abi_get_bytes(&r);
	out->pcr_hash = gs_abi_get_hash(&r);
	out->type = gs_abi_get_u8(&r);
	out->enabled = gs_abi_get_bool(&r);
	out->registered_s = gs_abi_get_u64(&r);
	out->heartbeat_s = gs_abi_get_u64(&r);
	if (out->has_ohttp) {
		struct gs_abi_reader o = gs_abi_get_tuple(&r);
		out->ohttp.key = gs_abi_get_u8(&o);
		out->ohttp.kem = get_u16(&o);
		out->ohttp.kdf = get_u16(&o);
		out->ohttp.aead = get_u16(&o);
		out->ohttp.public_key = gs_abi_get_bytes(&o);
		out->ohttp.configuration = gs_abi_get_bytes(&o);
		out->ohttp.registered_s = gs_abi_get_u64(&o);
		if (o.err)
			return GS_EPARSE;
	}
	if (r.err)
		return GS_EPARSE;
	gs_keccak256(out->signing_key.ptr, out->signing_key.len, &found);
	return gs_hash_equal(&found, tee) ? GS_OK : GS_ECONFLICT;
}
