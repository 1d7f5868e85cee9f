#include "chain/eth/deposit.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/rlp.h"

enum {
	LEAST_GAS = 21000,
	LEAST_GAS_A_BYTE = 40,
	DEPOSIT_TYPE = 0x7e,
	FIXED_BYTES = 32 + 32 + 8 + 1, /* of the packed event: mint, value, gas, whether it creates */
	ENVELOPE_MAX = GS_DEPOSIT_DATA_MAX + 1024,
	EVENT_TOPICS = 4,
};

static const uint32_t selector = 0xe9e05c42; /* depositTransaction(address,uint256,uint64,bool,bytes) */
/* keccak256("TransactionDeposited(address,address,uint256,bytes)") */
static const uint8_t event_topic[32] = {0xb3, 0x81, 0x35, 0x68, 0xd9, 0x99, 0x1f, 0xc9, 0x51, 0x96, 0x1f,
                                        0xcb, 0x4c, 0x78, 0x48, 0x93, 0x57, 0x42, 0x40, 0xa2, 0x89, 0x25,
                                        0x60, 0x4d, 0x09, 0xfc, 0x57, 0x7c, 0x55, 0xbb, 0x7c, 0x32};

uint64_t gs_deposit_least_gas(size_t bytes)
{
	return LEAST_GAS + (uint64_t)bytes * LEAST_GAS_A_BYTE;
}

enum gs_err gs_deposit_call(const struct gs_deposit *deposit, struct gs_buf *out, struct gs_error *error)
{
	struct gs_abi_writer w;

	if (deposit->data.len > GS_DEPOSIT_DATA_MAX)
		return gs_fail(error, GS_ELIMIT, "deposit of %zu bytes of data; the portal takes at most %d",
		               deposit->data.len, GS_DEPOSIT_DATA_MAX);
	gs_abi_call(&w, out, selector, 5);
	gs_abi_put_address(&w, &deposit->to);
	gs_abi_put_wei(&w, deposit->value);
	gs_abi_put_u64(&w, deposit->gas);
	gs_abi_put_bool(&w, deposit->create);
	gs_abi_put_bytes(&w, deposit->data);
	gs_abi_end(&w);
	return out->err ? gs_fail(error, out->err, "deposit: %s while encoding", gs_err_name(out->err)) : GS_OK;
}

bool gs_deposit_is_event(const struct gs_log_entry *log)
{
	return log->topic_count == EVENT_TOPICS && memcmp(log->topics[0].b, event_topic, sizeof(event_topic)) == 0;
}

/* Version 0 packs the fields without padding. */
static enum gs_err unpack(struct gs_bytes packed, struct gs_deposit *out)
{
	if (packed.len < FIXED_BYTES || packed.ptr[FIXED_BYTES - 1] > 1)
		return GS_EPARSE;
	out->mint.v = gs_u256_from_be(packed.ptr);
	out->value.v = gs_u256_from_be(packed.ptr + 32);
	for (size_t i = 0; i < 8; i++)
		out->gas = out->gas << 8 | packed.ptr[64 + i];
	out->create = packed.ptr[FIXED_BYTES - 1] == 1;
	out->data = (struct gs_bytes){packed.ptr + FIXED_BYTES, packed.len - FIXED_BYTES};
	return GS_OK;
}

enum gs_err gs_deposit_decode(const struct gs_log_entry *log, struct gs_deposit *out)
{
	struct gs_abi_reader topics, r;
	struct gs_u256 version;
	struct gs_bytes packed;

	memset(out, 0, sizeof(*out));
	if (!gs_deposit_is_event(log))
		return GS_EPARSE;
	topics = gs_abi_read_topics(log->topics, log->topic_count);
	out->from = gs_abi_get_address(&topics);
	out->to = gs_abi_get_address(&topics);
	version = gs_abi_get_u256(&topics);
	if (topics.err)
		return GS_EPARSE;
	if (!gs_u256_is_zero(&version))
		return GS_EUNSUPPORTED;
	r = gs_abi_read(log->data);
	packed = gs_abi_get_bytes(&r);
	return r.err ? GS_EPARSE : unpack(packed, out);
}

void gs_deposit_source(const struct gs_hash *block, uint32_t log_index, struct gs_hash *out)
{
	uint8_t words[64] = {0}, outer[64] = {0}; /* the outer one's first word is the domain: 0, of users */
	struct gs_hash inner;

	memcpy(words, block->b, 32);
	gs_be32_write(words + 60, log_index);
	gs_keccak256(words, sizeof(words), &inner);
	memcpy(outer + 32, inner.b, 32);
	gs_keccak256(outer, sizeof(outer), out);
}

enum gs_err gs_deposit_hash(const struct gs_deposit *deposit, const struct gs_hash *source, struct gs_hash *out)
{
	struct gs_buf items, envelope;
	enum gs_err err;

	gs_buf_init(&items, ENVELOPE_MAX);
	gs_buf_init(&envelope, ENVELOPE_MAX);
	gs_rlp_put_bytes(&items, (struct gs_bytes){source->b, sizeof(source->b)});
	gs_rlp_put_bytes(&items, (struct gs_bytes){deposit->from.b, sizeof(deposit->from.b)});
	gs_rlp_put_bytes(&items, (struct gs_bytes){deposit->to.b, deposit->create ? 0 : sizeof(deposit->to.b)});
	gs_rlp_put_u256(&items, &deposit->mint.v);
	gs_rlp_put_u256(&items, &deposit->value.v);
	gs_rlp_put_u64(&items, deposit->gas);
	gs_rlp_put_u64(&items, 0); /* no system transaction: there are none since Regolith */
	gs_rlp_put_bytes(&items, deposit->data);
	gs_buf_append_u8(&envelope, DEPOSIT_TYPE);
	gs_rlp_put_list(&envelope, gs_buf_view(&items));
	err = items.err ? items.err : envelope.err;
	if (!err)
		gs_keccak256(envelope.ptr, envelope.len, out);
	gs_buf_free(&envelope);
	gs_buf_free(&items);
	return err;
}
