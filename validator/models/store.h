/* validator/models/store.h: models' files on this machine's disk, by the hash of their content, with what is known of each model.
 *
 *     STORE/FORMAT                 the form of all this: "gainsay model store 1"
 *     STORE/LOCK                   held (flock) while something changes; counts the changes
 *     STORE/objects/ab/abcd..      a file, named by its SHA-256; never written again
 *     STORE/records/<model id>     what is known of a model (record.h)
 *     STORE/parts/                 files that are being fetched, each locked by who fetches it
 *
 * A file is written elsewhere, synced, checked and then renamed to its place, its record before it, so after a crash at any instant the
 * store is as it was before or after: at worst a record whose file is not there, which is a model that is known and has to be fetched. Any number of
 * processes and threads use a store at once. Nothing that is read here is believed: gs_model_store_load computes the model's id from the file again.
 *
 * Files take at most `bytes_max` together: whatever was used longest ago makes room, pinned models never do. Evicting leaves the record. */
#ifndef GS_VALIDATOR_MODELS_STORE_H
#define GS_VALIDATOR_MODELS_STORE_H

#include "chain/core/log.h"
#include "validator/models/record.h"

enum { GS_MODEL_STORE_RECORDS_MAX = 65536, GS_MODEL_STORE_PATH_MAX = 1024 };
/* What a fetch left unfinished is thrown away after so long. */
enum { GS_MODEL_PART_KEPT_S = 24 * 3600 };

struct gs_model_store_options {
	const char *folder;       /* its last component is made */
	uint64_t bytes_max;       /* of all files together; 0: any number */
	const struct gs_log *log; /* borrowed; may be NULL */
};

struct gs_model_store;

/* GS_EIO: the folder cannot be made or read. GS_EUNSUPPORTED: of another version. GS_ECORRUPT: not empty, and no store. */
GS_MUST enum gs_err gs_model_store_open(const struct gs_model_store_options *options, struct gs_model_store **out,
                                        struct gs_error *error);
void gs_model_store_close(struct gs_model_store *store); /* NULL is fine; parts must be closed */

/* --- what is known --- */

/* As it is on the disk now. GS_ENOTFOUND: nothing is known of the model. GS_ECORRUPT: the record cannot be read. */
GS_MUST enum gs_err gs_model_store_get(struct gs_model_store *store, const struct gs_hash *id,
                                       struct gs_model_entry *out, struct gs_error *error);
/* All, by rising id; *out is the caller's to free. Records that cannot be read are logged and left out. */
GS_MUST enum gs_err gs_model_store_list(struct gs_model_store *store, struct gs_model_entry **out, size_t *count,
                                        struct gs_error *error);
struct gs_model_store_totals {
	uint64_t bytes, bytes_max; /* of files, each counted once */
	size_t models, present, pinned;
};
GS_MUST enum gs_err gs_model_store_totals(struct gs_model_store *store, struct gs_model_store_totals *out,
                                          struct gs_error *error);
/* The path of a present model's file. */
void gs_model_store_path(const struct gs_model_store *store, const struct gs_model_entry *entry,
                         char out[GS_MODEL_STORE_PATH_MAX]);

/* The model's program, from its file, and the file counts as used now. GS_ENOTFOUND: no file; the text says why. A file that is not what its name says is
 * removed (GS_ECORRUPT), one that this program does not make this model of is noted as unsupported (GS_EUNSUPPORTED). *out is the caller's. */
GS_MUST enum gs_err gs_model_store_load(struct gs_model_store *store, const struct gs_hash *id, struct gs_program *out,
                                        struct gs_error *error);
/* The same without a word in the store: whether the file is whole. */
GS_MUST enum gs_err gs_model_store_verify(struct gs_model_store *store, const struct gs_model_entry *entry,
                                          struct gs_error *error);

/* --- changes --- */

/* A model that nothing is known of may be pinned: it is wanted then. */
GS_MUST enum gs_err gs_model_store_pin(struct gs_model_store *store, const struct gs_hash *id, bool pinned,
                                       struct gs_error *error);
/* Why no file of the model could be had; GS_MODEL_LACK_NONE takes it back. */
GS_MUST enum gs_err gs_model_store_note(struct gs_model_store *store, const struct gs_hash *id, enum gs_model_lack lack,
                                        const char *why, struct gs_error *error);
/* What executing it takes here. GS_ENOTFOUND: nothing is known of the model. */
GS_MUST enum gs_err gs_model_store_cost(struct gs_model_store *store, const struct gs_hash *id,
                                        const struct gs_model_cost *cost, struct gs_error *error);
/* Removes the file, pinned or not; the record stays. */
GS_MUST enum gs_err gs_model_store_remove(struct gs_model_store *store, const struct gs_hash *id,
                                          struct gs_error *error);
/* Removes files until they take `bytes` at most; *evicted may be NULL. GS_ELIMIT: what is pinned takes more. */
GS_MUST enum gs_err gs_model_store_evict(struct gs_model_store *store, uint64_t bytes, size_t *evicted,
                                         struct gs_error *error);

/* --- fetching --- */

struct gs_model_part { /* a file on its way; locked */
	char path[GS_MODEL_STORE_PATH_MAX];
	char mark[GS_MODEL_STORE_PATH_MAX]; /* a file beside it that says which version of the original it is part of */
	int fd;
};
/* The part of this model from this address, as an earlier fetch left it, or empty. GS_ECONFLICT: somebody else fetches it just now. */
GS_MUST enum gs_err gs_model_store_part(struct gs_model_store *store, const struct gs_hash *id, const char *address,
                                        struct gs_model_part *out, struct gs_error *error);
/* drop: its bytes are of no use. Else a later fetch goes on. */
void gs_model_part_close(struct gs_model_part *part, bool drop);
/* Takes a part in that is whole and checked: entry has id, hash, length, form, source, steps and trace_bytes. Makes room first. The part is closed. *out: what is stored
 * now. GS_ELIMIT: there is no room that may be made. */
GS_MUST enum gs_err gs_model_store_keep(struct gs_model_store *store, struct gs_model_part *part,
                                        const struct gs_model_entry *entry, struct gs_error *error);
/* Whether room for so many bytes could be made. GS_ELIMIT. */
GS_MUST enum gs_err gs_model_store_room(struct gs_model_store *store, uint64_t bytes, struct gs_error *error);

#endif
