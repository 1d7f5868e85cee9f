/* chain/rpc/logstream.h: reads the answer to eth_getLogs as it comes, piece by piece.
 *
 * A range of blocks may have hundreds of megabytes of logs; as a tree of JSON values they would be ten times that. Here every piece of the
 * answer is parsed once (yajl), hex goes straight into entries and one flat run of bytes, and whole blocks of logs are handed on as
 * soon as the next block begins. Nothing is believed: every log must have all its fields once, be one that was asked for, not be
 * "removed", and come after the one before it (block, then index); the logs of a block must name one hash.
 * Source of the form: Ethereum JSON-RPC (execution-apis), eth_getLogs; `blockTimestamp` is optional there. */
#ifndef GS_CHAIN_RPC_LOGSTREAM_H
#define GS_CHAIN_RPC_LOGSTREAM_H

#include "chain/rpc/eth.h"

enum {
	GS_LOGSTREAM_DEPTH_MAX = 16, /* of maps and lists within each other */
};
#define GS_LOGSTREAM_BYTES_DEFAULT (UINT64_C(1) << 30)

/* Logs of whole blocks, in order; the entries and their data are borrowed for the call. An error ends the reading with it. */
typedef enum gs_err (*gs_logstream_take)(void *self, const struct gs_log_entry *entries, size_t count);

struct gs_logstream_options {
	const struct gs_eth_filter *filter; /* that was asked with; borrowed */
	gs_logstream_take take;             /* NULL: all logs are kept for gs_logstream_list */
	void *self;
	size_t logs_a_take; /* hands on no less than so many, but at the end; 0: every block alone */
	size_t logs_max;    /* kept at a time; 0: GS_ETH_LOGS_MAX */
	size_t data_max;    /* bytes of data kept at a time; 0: any, within bytes_max */
	uint64_t bytes_max; /* of the answer; 0: GS_LOGSTREAM_BYTES_DEFAULT */
	bool digest;        /* of all logs, for gs_logstream_digest */
};

struct gs_logstream;

/* GS_ENOMEM. */
GS_MUST enum gs_err gs_logstream_open(const struct gs_logstream_options *options, struct gs_logstream **out,
                                      struct gs_error *error);
void gs_logstream_close(struct gs_logstream *s); /* NULL is fine */
/* The answer must name this call's id. */
void gs_logstream_expect(struct gs_logstream *s, uint64_t id);
/* The next bytes of the answer. GS_EPARSE: not what eth_getLogs answers, in words. GS_ELIMIT: a named limit: ask for fewer blocks.
 * GS_ENOMEM. After an error every further call fails alike. */
GS_MUST enum gs_err gs_logstream_feed(struct gs_logstream *s, struct gs_bytes piece, struct gs_error *error);
/* The answer is over. GS_EPARSE: it was cut short. GS_EINVAL: the node answered with an error, see gs_logstream_failure. */
GS_MUST enum gs_err gs_logstream_end(struct gs_logstream *s, struct gs_error *error);

/* Counted so far. */
uint64_t gs_logstream_count(const struct gs_logstream *s);
/* After gs_logstream_end without `take`: all logs; theirs to free (gs_log_list_free), the stream has none any more. */
void gs_logstream_list(struct gs_logstream *s, struct gs_log_list *out);
/* After gs_logstream_end with options.digest: a hash of every field of every log that is part of the chain. Two endpoints that give the same
 * one tell the same; it is compared, never stored. */
void gs_logstream_digest(struct gs_logstream *s, struct gs_hash *out);
/* Likewise: a hash of the times of all logs, which are no part of the other. False: a log came without its time. */
bool gs_logstream_times_digest(struct gs_logstream *s, struct gs_hash *out);
/* What the node said instead of logs; kind is GS_RPC_NO_FAILURE when it said nothing. Borrowed. */
const struct gs_rpc_failure *gs_logstream_failure(const struct gs_logstream *s);

#endif
