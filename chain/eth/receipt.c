#include "chain/eth/receipt.h"

#include <stdlib.h>

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
