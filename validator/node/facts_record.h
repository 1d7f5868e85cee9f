/* validator/node/facts_record.h: the stored forms of facts.h's records. Only facts.c writes them. */
#ifndef GS_VALIDATOR_NODE_FACTS_RECORD_H
#define GS_VALIDATOR_NODE_FACTS_RECORD_H

#include "validator/node/facts.h"
#include "validator/node/record.h"

enum {
	GS_CLAIM_KEY = 8,
	GS_SLASH_KEY = 12,
	GS_BEACON_KEY = 8,
	GS_ATTESTATION_KEY = 52
}; /* number; block number, log index; epoch; claim, validator */

void gs_claim_encode(const struct gs_claim *claim, struct gs_buf *out);
void gs_game_encode(const struct gs_game_record *game, struct gs_buf *out);
void gs_model_encode(const struct gs_model_record *model, struct gs_buf *out);
void gs_batch_encode(const struct gs_batch *batch, struct gs_buf *out);
void gs_beacon_encode(const struct gs_beacon *beacon, struct gs_buf *out);
void gs_attestation_encode(const struct gs_attestation *attestation, struct gs_buf *out);
void gs_account_encode(const struct gs_account *account, struct gs_buf *out);
void gs_slash_encode(const struct gs_slash *slash, struct gs_buf *out);

/* --- shared by the parts of facts --- */

enum { GS_BLOB_KEY = 33 };
/* Kinds of blobs: of a claim its arrays, as the chain has them and as a party handed them over; of a batch its leaves. */
enum {
	GS_BLOB_INPUT = 'i',
	GS_BLOB_OUTPUT = 'o',
	GS_BLOB_INPUT_GIVEN = 'I',
	GS_BLOB_OUTPUT_GIVEN = 'O',
	GS_BLOB_LEAVES = 'l'
};
struct gs_bytes gs_facts_blob_key(const struct gs_hash *of, char kind, uint8_t out[GS_BLOB_KEY]);
/* Whether the record of table BLOBS with this key names a content (contents.h) instead of holding the bytes; and its kind, 0: none. */
bool gs_blob_is_name(struct gs_bytes key);
char gs_blob_kind(struct gs_bytes key);
/* Appends the bytes. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_facts_blob(struct gs_journal *j, const struct gs_hash *of, char kind, struct gs_buf *out);
GS_MUST enum gs_err gs_facts_has_blob(struct gs_journal *j, const struct gs_hash *of, char kind, bool *out);
/* Of the chain: inserts or replaces; a blob that is replaced never becomes shorter. */
GS_MUST enum gs_err gs_facts_derive_blob(struct gs_journal *j, const struct gs_hash *of, char kind,
                                         struct gs_bytes bytes);
/* Our own: inserts, unless there is one. */
GS_MUST enum gs_err gs_facts_keep_blob(struct gs_journal *j, const struct gs_hash *of, char kind,
                                       struct gs_bytes bytes);

/* A record of table ARRAYS. */
struct gs_posted_arrays {
	struct gs_bytes input, output;  /* borrowed from the record: the bytes... */
	bool input_named, output_named; /* ...or the name of a content that has them */
};
/* Keeps what is long as contents. */
GS_MUST enum gs_err gs_posted_arrays_encode(struct gs_journal *j, struct gs_bytes input, struct gs_bytes output,
                                            struct gs_buf *out);
GS_MUST enum gs_err gs_posted_arrays_decode(struct gs_bytes value, struct gs_posted_arrays *out);
/* Appends one of the two arrays. */
GS_MUST enum gs_err gs_posted_arrays_append(struct gs_journal *j, struct gs_bytes value, bool output,
                                            struct gs_buf *out);

/* A claim that gs_facts_claim has found. */
GS_MUST enum gs_err gs_facts_put_claim(struct gs_journal *j, const struct gs_claim *claim);
/* A new one, with its arrays as they were posted; it gets its number. GS_ECORRUPT: it is there already. */
GS_MUST enum gs_err gs_facts_post_claim(struct gs_journal *j, struct gs_claim *claim, struct gs_bytes input,
                                        struct gs_bytes output);
/* Appends an array as it was posted (kind: GS_BLOB_INPUT, GS_BLOB_OUTPUT) or completed since. GS_ENOTFOUND. */
GS_MUST enum gs_err gs_facts_on_chain(struct gs_journal *j, const struct gs_hash *claim, char kind, struct gs_buf *out);
/* An event of Duties. */
GS_MUST enum gs_err gs_facts_apply_duty(struct gs_journal *j, const struct gs_event *event);
GS_MUST enum gs_err gs_facts_apply_attestation(struct gs_journal *j, const struct gs_event *event);
GS_MUST enum gs_err gs_facts_apply_batch(struct gs_journal *j, const struct gs_event *event);

#endif
