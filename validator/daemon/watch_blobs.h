/* validator/daemon/watch_blobs.h: blobs of Walrus, fetched once and kept by the SHA-256 of their bytes.
 *
 *     DIR/SHA256.json   the bytes
 *     DIR/ID            64 hex digits: which bytes an aggregator gave for this id
 *
 * A blob's id is a commitment in Walrus' own encoding, which is not computed here: what an aggregator gives is a proposal, which the root on chain proves or not. So each
 * aggregator can be asked for its own. What is here is checked against its name whenever it is read. */
#ifndef GS_VALIDATOR_DAEMON_WATCH_BLOBS_H
#define GS_VALIDATOR_DAEMON_WATCH_BLOBS_H

#include "validator/daemon/config.h"
#include "validator/opengradient/blob.h"
#include "validator/opengradient/events.h"

struct gs_blobs;

/* Makes the folder if it is not there. offline: no aggregator is asked. GS_EINVAL: an aggregator's address has not its form. */
GS_MUST enum gs_err gs_blobs_open(const char *dir, const struct gs_config *config, bool offline, struct gs_blobs **out,
                                  struct gs_error *error);
void gs_blobs_close(struct gs_blobs *b); /* NULL is fine */
size_t gs_blobs_aggregators(const struct gs_blobs *b);

struct gs_blob_wanted {
	char id[GS_WALRUS_TEXT + 1];
	enum gs_finding
		finding; /* out: GS_FINDING_VALID: it is kept now; or _BLOB_MISSING, _BLOB_UNREACHED, _BLOB_LIMIT */
	char why[256];   /* out: in words */
};
/* Has each of these kept, from the archive or the first aggregator that gives it, several at once. Errors are this machine's own. */
GS_MUST enum gs_err gs_blobs_fetch(struct gs_blobs *b, struct gs_blob_wanted *wanted, size_t count,
                                   struct gs_error *error);
/* The kept bytes, appended to out. GS_ENOTFOUND: none; GS_ECORRUPT: they are not those of their name any more. */
GS_MUST enum gs_err gs_blobs_read(struct gs_blobs *b, const char *id, struct gs_buf *out, struct gs_hash *sha256,
                                  struct gs_error *error);
/* What aggregator `which` gives for the id, kept under its SHA-256 beside the others and appended; the id leads to it only after gs_blobs_choose. *finding as above. */
GS_MUST enum gs_err gs_blobs_ask(struct gs_blobs *b, const char *id, size_t which, struct gs_buf *out,
                                 struct gs_hash *sha256, enum gs_finding *finding, struct gs_error *error);
GS_MUST enum gs_err gs_blobs_choose(struct gs_blobs *b, const char *id, const struct gs_hash *sha256,
                                    struct gs_error *error);

#endif
