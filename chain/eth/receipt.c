#include "chain/eth/receipt.h"

#include <stdlib.h>

#include "chain/eth/rlp.h"

void gs_log_encode(const struct gs_log_entry *log, struct gs_buf *out)
{
	struct gs_buf items, topics;

	gs_buf_init(&items, log->data.len + 1024);
	gs_buf_init(&topics, 256);
	for (size_t i = 0; i < log->topic_count; i++)
		gs_rlp_put_bytes(&topics, (struct gs_bytes){log->topics[i].b, sizeof(log->topics[i].b)});
	gs_rlp_put_bytes(&items, (struct gs_bytes){log->address.b, sizeof(log->address.b)});
	gs_rlp_put_list(&items, gs_buf_view(&topics));
	gs_rlp_put_bytes(&items, log->data);
	if (items.err && !out->err)
		out->err = items.err;
	gs_rlp_put_list(out, gs_buf_view(&items));
	gs_buf_free(&topics);
	gs_buf_free(&items);
}

void gs_log_list_free(struct gs_log_list *list)
{
	free(list->entries);
	free(list->bytes);
	*list = (struct gs_log_list){0};
}

void gs_receipt_free(struct gs_receipt *receipt)
{
	gs_log_list_free(&receipt->logs);
}
