/* validator/node/range.h: whether the logs of a range of blocks can be what the chain has there. */
#ifndef GS_VALIDATOR_NODE_RANGE_H
#define GS_VALIDATOR_NODE_RANGE_H

#include "chain/eth/head.h"
#include "chain/eth/receipt.h"

/* Whether a log can be the next one of the range: its block within it and not before the last log's (NULL: it is the first), with the hash and the time that
 * the other logs of the block and the heads at both ends say. NULL, or why not. */
const char *gs_range_fault(const struct gs_head *first, const struct gs_head *last, const struct gs_log_entry *before,
                           const struct gs_log_entry *e);

#endif
