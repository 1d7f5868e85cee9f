#include "chain/eth/block.h"

#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/rlp.h"

static struct gs_hash get_hash(struct gs_rlp_reader *r)
{
	const struct gs_bytes bytes = gs_rlp_get_bytes(r);
	struct gs_hash out = {{0}};

	if (!r->err && bytes.len != sizeof(out.b))
		r->err = GS_EPARSE;
	if (!r->err)
		memcpy(out.b, bytes.ptr, sizeof(out.b));
	return out;
}

static void skip_bytes(struct gs_rlp_reader *r, size_t len)
{
	const struct gs_bytes bytes = gs_rlp_get_bytes(r);

	if (!r->err && bytes.len != len)
		r->err = GS_EPARSE;
}

enum gs_err gs_block_header_decode(struct gs_bytes rlp, struct gs_block_header *out)
{
	struct gs_rlp_reader all = gs_rlp_read(rlp), r;
	unsigned fields = GS_BLOCK_HEADER_FIELDS;

	memset(out, 0, sizeof(*out));
	if (rlp.len > GS_BLOCK_HEADER_MAX)
		return GS_EPARSE;
	r = gs_rlp_get_list(&all);
	if (gs_rlp_end(&all))
		return GS_EPARSE;
	gs_keccak256(rlp.ptr, rlp.len, &out->head.hash);
	out->head.parent = get_hash(&r);
	(void)get_hash(&r); /* ommers */
	skip_bytes(&r, 20); /* beneficiary */
	(void)get_hash(&r); /* state */
	out->transactions_root = get_hash(&r);
	out->receipts_root = get_hash(&r);
	skip_bytes(&r, 256); /* logs bloom */
	(void)gs_rlp_get_u256(&r);
	out->head.number = gs_rlp_get_u64(&r);
	(void)gs_rlp_get_u64(&r); /* gas limit, gas used */
	(void)gs_rlp_get_u64(&r);
	out->head.time.unix_s = gs_rlp_get_u64(&r);
	(void)gs_rlp_get_bytes(&r); /* extra data */
	(void)get_hash(&r);         /* mix hash */
	skip_bytes(&r, 8);          /* nonce */
	for (; r.rest.len && !r.err && fields < GS_BLOCK_HEADER_FIELDS_MAX; fields++)
		(void)gs_rlp_get_bytes(&r);
	return gs_rlp_end(&r);
}

/* --- receipts --- */

static void get_log(struct gs_rlp_reader *r, struct gs_log_entry *out)
{
	struct gs_rlp_reader log = gs_rlp_get_list(r), topics;
	const struct gs_bytes address = gs_rlp_get_bytes(&log);

	memset(out, 0, sizeof(*out));
	topics = gs_rlp_get_list(&log);
	while (topics.rest.len && !topics.err && out->topic_count < GS_ARRAY_LEN(out->topics))
		out->topics[out->topic_count++] = get_hash(&topics);
	out->data = gs_rlp_get_bytes(&log);
	if (!log.err && address.len == sizeof(out->address.b))
		memcpy(out->address.b, address.ptr, sizeof(out->address.b));
	else
		log.err = GS_EPARSE;
	if (!r->err && (gs_rlp_end(&topics) || gs_rlp_end(&log)))
		r->err = GS_EPARSE;
}

/* Data of the logs, which point into the receipt, into memory of the list's own. */
static enum gs_err own_data(struct gs_log_list *list)
{
	size_t len = 0, at = 0;

	for (size_t i = 0; i < list->count; i++)
		len += list->entries[i].data.len;
	list->bytes = malloc(len ? len : 1);
	if (!list->bytes)
		return GS_ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		struct gs_bytes *data = &list->entries[i].data;
		if (data->len)
			memcpy(list->bytes + at, data->ptr, data->len);
		data->ptr = list->bytes + at;
		at += data->len;
	}
	return GS_OK;
}

enum gs_err gs_receipt_decode(struct gs_bytes bytes, bool *success, struct gs_log_list *logs)
{
	struct gs_rlp_reader all, r, list;
	size_t count = 0;
	enum gs_err err;

	memset(logs, 0, sizeof(*logs));
	if (bytes.len && bytes.ptr[0] < 0x80) /* EIP-2718: the transaction's type */
		bytes = (struct gs_bytes){bytes.ptr + 1, bytes.len - 1};
	all = gs_rlp_read(bytes);
	r = gs_rlp_get_list(&all);
	const uint64_t status = gs_rlp_get_u64(&r);
	(void)gs_rlp_get_u64(&r); /* gas used so far */
	skip_bytes(&r, 256);
	list = gs_rlp_get_list(&r);
	for (struct gs_rlp_reader c = list; c.rest.len && !c.err && count <= GS_RECEIPT_LOGS_MAX; count++)
		(void)gs_rlp_get_list(&c);
	while (r.rest.len && !r.err) /* of a deposit its nonce and version */
		(void)gs_rlp_get_u64(&r);
	if (gs_rlp_end(&all) || gs_rlp_end(&r) || status > 1 || count > GS_RECEIPT_LOGS_MAX)
		return GS_EPARSE;
	*success = status == 1;
	logs->entries = calloc(count ? count : 1, sizeof(*logs->entries));
	if (!logs->entries)
		return GS_ENOMEM;
	for (size_t i = 0; i < count && !list.err; i++, logs->count++)
		get_log(&list, &logs->entries[i]);
	err = gs_rlp_end(&list) ? GS_EPARSE : own_data(logs);
	if (err)
		gs_log_list_free(logs);
	return err;
}
