/* validator/cli/stored.h: what a node's database says, as JSON values, read beside a running node. */
#ifndef GS_VALIDATOR_CLI_STORED_H
#define GS_VALIDATOR_CLI_STORED_H

#include <jansson.h>

#include "storage/store.h"
#include "validator/cli/options.h"
#include "validator/node/node.h"

struct gs_stored {
	struct gs_store_db *db;
	struct gs_store store;
	struct gs_journal j; /* a reading transaction */
};

/* Opens the configured database for reading. */
GS_MUST enum gs_err gs_stored_open(const struct gs_options *options, struct gs_stored *out, struct gs_error *error);
void gs_stored_close(struct gs_stored *stored);

/* New references. A claim with its sample and verdict; with its games too when games is set. */
GS_MUST enum gs_err gs_stored_claims(struct gs_stored *stored, json_t **out, struct gs_error *error);
GS_MUST enum gs_err gs_stored_games(struct gs_stored *stored, json_t **out, struct gs_error *error);
/* Batches, with how many of their leaves the node executes. */
GS_MUST enum gs_err gs_stored_batches(struct gs_stored *stored, json_t **out, struct gs_error *error);
/* The transactions that this node signed, as JSON. */
GS_MUST enum gs_err gs_stored_intents(struct gs_stored *stored, json_t **out, struct gs_error *error);

#endif
