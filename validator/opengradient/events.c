#include "validator/opengradient/events.h"

#include <string.h>

#include "chain/eth/abi.h"

/* c2aff8d8.. and 74e71a19.. */
const struct gs_hash gs_topic_batch_settlement = {{0xc2, 0xaf, 0xf8, 0xd8, 0xa1, 0x0a, 0x45, 0x43, 0xba, 0xab, 0xf3,
                                                   0x9b, 0xd9, 0xff, 0x45, 0xe7, 0xfc, 0x38, 0x81, 0xd1, 0x90, 0x98,
                                                   0xdf, 0x35, 0x0a, 0x3b, 0x7f, 0x33, 0x9e, 0x91, 0x11, 0x27}};
const struct gs_hash gs_topic_individual_settlement = {
	{0x74, 0xe7, 0x1a, 0x19, 0x81, 0xc0, 0x3b, 0xd0, 0xc3, 0x6f, 0x3b, 0x12, 0x27, 0xf3, 0xee, 0x2a,
         0x34, 0xdc, 0xa5, 0xd6, 0xfe, 0xf2, 0x5c, 0x4b, 0x27, 0x87, 0xe0, 0x33, 0xab, 0x60, 0xb7, 0x82}};

enum { GET_TEE_SELECTOR = 0x418b207d };

enum gs_err gs_batch_settlement_read(const struct gs_hash *topics, size_t count, struct gs_bytes data,
                                     struct gs_batch_settlement *out)
{
	struct gs_abi_reader r = gs_abi_read(data);

	memset(out, 0, sizeof(*out));
	if (count != 2 || !gs_hash_equal(&topics[0], &gs_topic_batch_settlement))
		return GS_EPARSE;
	out->root = topics[1];
	out->size = gs_abi_get_u256(&r);
	out->blob = gs_abi_get_bytes(&r);
	return r.err ? GS_EPARSE : GS_OK;
}

enum gs_err gs_individual_settlement_read(const struct gs_hash *topics, size_t count, struct gs_bytes data,
                                          struct gs_individual_settlement *out)
{
	struct gs_abi_reader r = gs_abi_read(data), indexed;

	memset(out, 0, sizeof(*out));
	if (count != 3 || !gs_hash_equal(&topics[0], &gs_topic_individual_settlement))
		return GS_EPARSE;
	indexed = gs_abi_read_topics(topics, count);
	out->settlement.tee = gs_abi_get_hash(&indexed);
	out->account = gs_abi_get_address(&indexed);
	out->settlement.input = gs_abi_get_hash(&r);
	out->settlement.output = gs_abi_get_hash(&r);
	out->settlement.timestamp_s = gs_abi_get_u256(&r);
	out->blob = gs_abi_get_bytes(&r);
	out->settlement.signature = gs_abi_get_bytes(&r);
	return r.err || indexed.err ? GS_EPARSE : GS_OK;
}

static int sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

enum gs_err gs_walrus_id(struct gs_bytes text, struct gs_hash *out)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t at = 0;

	memset(out, 0, sizeof(*out));
	if (text.len != GS_WALRUS_TEXT)
		return GS_EPARSE;
	for (size_t i = 0; i < text.len; i++) {
		const int six = sextet(text.ptr[i]);
		if (six < 0)
			return GS_EPARSE;
		bits = bits << 6 | (uint32_t)six;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out->b[at++] = (uint8_t)(bits >> held);
			bits &= (1u << held) - 1;
		}
	}
	return bits == 0 ? GS_OK : GS_EPARSE;
}

void gs_tee_record_call(const struct gs_hash *tee, struct gs_buf *out)
{
	struct gs_abi_writer w;

	gs_abi_call(&w, out, GET_TEE_SELECTOR, 1);
	gs_abi_put_hash(&w, tee);
	gs_abi_end(&w);
}

enum gs_err gs_tee_record_read(struct gs_bytes data, struct gs_tee_record *out)
{
	struct gs_abi_reader r = gs_abi_read(data), tuple = gs_abi_get_tuple(&r);

	/* Offsets count from the start of the tuple, so what one shape has behind the other's last member changes nothing before it. */
	memset(out, 0, sizeof(*out));
	out->owner = gs_abi_get_address(&tuple);
	out->payment = gs_abi_get_address(&tuple);
	out->endpoint = gs_abi_get_bytes(&tuple);
	out->key = gs_abi_get_bytes(&tuple);
	out->certificate = gs_abi_get_bytes(&tuple);
	out->pcr = gs_abi_get_hash(&tuple);
	out->type = gs_abi_get_u8(&tuple);
	out->enabled = gs_abi_get_bool(&tuple);
	out->registered_at_s = gs_abi_get_u64(&tuple);
	out->heartbeat_at_s = gs_abi_get_u64(&tuple);
	return r.err || tuple.err ? GS_EPARSE : GS_OK;
}
