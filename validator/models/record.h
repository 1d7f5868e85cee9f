/* validator/models/record.h: what a store knows of one model, as a JSON text of its own: readable, replaced whole. */
#ifndef GS_VALIDATOR_MODELS_RECORD_H
#define GS_VALIDATOR_MODELS_RECORD_H

#include "chain/core/buf.h"
#include "validator/models/load.h"
#include "validator/models/source.h"

enum {
	GS_MODEL_RECORD_VERSION = 1,
	GS_MODEL_RECORD_BYTES_MAX = 8 * 1024,
	GS_MODEL_WHY_MAX = 384,
	GS_MODEL_MACHINE_MAX = 64,
};

enum gs_model_lack { /* why there is no file to execute, as far as is known */
	             GS_MODEL_LACK_NONE,
	             GS_MODEL_LACK_MISSING,     /* nobody has it, or nobody answers */
	             GS_MODEL_LACK_DIFFERS,     /* what was found is another file */
	             GS_MODEL_LACK_UNSUPPORTED, /* the file is right, and this program makes no such model of it */
	             GS_MODEL_LACK_TOO_LARGE,
};
const char *gs_model_lack_name(enum gs_model_lack lack); /* "missing" */

struct gs_model_cost {         /* of one execution on one core of `machine`, on inputs of zeros */
	uint64_t look_us;      /* for the outputs; 0: not measured */
	uint64_t commit_us;    /* with commitments to the whole trace */
	uint64_t reference_us; /* by the reference interpreter, with all tensors; 0: not measured */
	uint32_t runs;         /* that each is the median of */
	uint64_t measured_s;
	char machine[GS_MODEL_MACHINE_MAX];
};

struct gs_model_entry {
	struct gs_hash id;
	struct gs_hash sha256; /* of the file; zero: there never was one */
	uint64_t bytes;
	enum gs_model_form form;
	char source[GS_MODEL_SOURCE_MAX]; /* where the file is from */
	uint64_t added_s;                 /* Unix time */
	bool pinned;
	uint64_t steps, trace_bytes; /* of the program */
	struct gs_model_cost cost;
	enum gs_model_lack lack;
	char why[GS_MODEL_WHY_MAX];
	uint64_t tried_s; /* when that was noted */
	bool present;     /* not in the record: the file is there... */
	uint64_t used_ns; /* ...and was last used then */
};

/* Appends the text. */
GS_MUST enum gs_err gs_model_record_encode(const struct gs_model_entry *entry, struct gs_buf *out);
/* GS_ECORRUPT: another form. GS_EUNSUPPORTED: of a newer version. present and used_ns become 0. */
GS_MUST enum gs_err gs_model_record_decode(struct gs_bytes text, struct gs_model_entry *out, struct gs_error *error);

#endif
