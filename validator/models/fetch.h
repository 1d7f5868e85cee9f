/* validator/models/fetch.h: a model's file from the sources that are configured, in their order, checked and taken into a store.
 *
 * A file is this model's when its program's header, computed from the file, hashes to the model's id. Before that is known it has to be what
 * else is known of it: the header in a program file's first bytes, the SHA-256 that the model's header or the index states, the hash that a raw
 * CID is. What fails is thrown away and never becomes a file of the store; what is only unfinished stays, and a later call goes on. */
#ifndef GS_VALIDATOR_MODELS_FETCH_H
#define GS_VALIDATOR_MODELS_FETCH_H

#include "validator/models/store.h"

struct gs_model_fetch_options {
	struct gs_model_store *store;
	const struct gs_model_source *source; /* in the order in which they are asked */
	size_t sources;
	uint64_t file_bytes_max; /* of one file; 0: GS_MODEL_FILE_MAX */
	const char *ca_file;     /* as in download.h; NULL or "": the system's */
	const char *proxy;       /* NULL or "": none */
	unsigned stall_s;
	const struct gs_log *log; /* borrowed; may be NULL */
	/* How far it is; total 0: not known. False: give up. NULL: nobody. */
	bool (*progress)(void *self, const char *address, uint64_t bytes, uint64_t total);
	void *self;
};

/* Takes the file in from the first source that has it. want->known: what the index says of it. GS_ENOTFOUND: no source has it; GS_ECORRUPT, GS_EUNSUPPORTED, GS_ELIMIT:
 * what was found is another file, makes no such model with this program, is too large; GS_EIO: a source that may have it does not
 * answer; GS_EAGAIN: given up. The text says of every source why not. GS_OK when the store has it already. */
GS_MUST enum gs_err gs_model_fetch(const struct gs_model_fetch_options *options, const struct gs_model_want *want,
                                   struct gs_model_entry *out, struct gs_error *error);
/* The same of one file on this machine, which is copied. */
GS_MUST enum gs_err gs_model_fetch_file(const struct gs_model_fetch_options *options, const char *path,
                                        const struct gs_model_want *want, struct gs_model_entry *out,
                                        struct gs_error *error);
/* What such an error means for whoever wants the model. */
enum gs_model_lack gs_model_lack_of(enum gs_err err);

#endif
