/* validator/onnx/onnx.h: an ONNX model and concrete input shapes in, a program of the canonical machine out.
 *
 * Lowering walks the graph once, in its own order, and writes instructions (docs/operators.md has the formula of every
 * operator). Instructions whose operands are all constants are run on the spot by the reference interpreter, so
 * constant folding is the same arithmetic. Same bytes and options in, same program bytes out. No I/O. */
#ifndef GS_VALIDATOR_ONNX_ONNX_H
#define GS_VALIDATOR_ONNX_ONNX_H

#include "validator/onnx/tensor.h"

enum {
	GS_LOWERING_VERSION = 1,
	GS_ONNX_OPTIONS_MAX = 256, /* shapes, or bounds */
};

struct gs_onnx_shape { /* the concrete shape of a graph input */
	const char *name;
	uint8_t rank;
	uint32_t dim[GS_RANK_MAX];
};

struct gs_onnx_bound { /* a graph input bound as a constant */
	const char *name;
	struct gs_tensor tensor;
};

struct gs_onnx_options {
	const struct gs_onnx_shape *shape;
	uint32_t shapes;
	const struct gs_onnx_bound *bound;
	uint32_t bounds;
	const struct gs_onnx_external *external; /* the files beside the model; NULL when there are none to open */
	/* Binary32 bits, of a header's words 14 and 15. Not both 0: the program ends in the comparison of a tolerant model. */
	uint32_t tolerance_abs;
	uint32_t tolerance_rel;
	/* For who will only run the program: no hashes of the file, the weights and the instructions (struct gs_program, unnamed).
	 * They take most of the time of lowering a large model. */
	bool unnamed;
};

/* Why a model was refused: the fixed list that reports use. */
enum gs_onnx_reason {
	GS_ONNX_LOWERED = 0,
	GS_ONNX_MALFORMED,  /* not a well-formed model */
	GS_ONNX_OPERATOR,   /* an operator, or a domain, that this lowering does not know */
	GS_ONNX_FORM,       /* a known operator in a form (attribute, input, opset) that is not supported */
	GS_ONNX_DATA_TYPE,  /* a data type outside the law, or that the operator cannot take */
	GS_ONNX_NOT_STATIC, /* a shape, axis or count that depends on an input */
	GS_ONNX_TOO_BIG,    /* a named limit */
	GS_ONNX_NO_MEMORY,
	/* what the law leaves out on purpose */
	GS_ONNX_STRING,       /* strings */
	GS_ONNX_SEQUENCE,     /* sequences, optionals, maps */
	GS_ONNX_DATA_SHAPE,   /* a result whose shape depends on the data */
	GS_ONNX_RANDOM,       /* random numbers */
	GS_ONNX_TRAINING,     /* training */
	GS_ONNX_CONTROL_FLOW, /* a loop or a branch that depends on an input */
	GS_ONNX_IMAGE,        /* decoding of images */
};
enum { GS_ONNX_REASONS = GS_ONNX_IMAGE + 1 };
const char *gs_onnx_reason_name(enum gs_onnx_reason reason); /* "operator", "data_type", ... */

/* What happened besides the error text. */
struct gs_onnx_report {
	enum gs_onnx_reason reason;
	/* With GS_ONNX_NOT_STATIC and GS_ONNX_CONTROL_FLOW: the graph inputs (indices into the model's list, see gs_onnx_inputs) that would have to
	 * be bound for the value to be known. */
	uint32_t needs;
	uint32_t need[GS_IO_MAX];
};

/* Lowers the model in bytes. On success *out is owned by the caller (gs_program_free) and keeps nothing of bytes.
 * Errors: GS_EPARSE for a malformed model, GS_EUNSUPPORTED for one that is refused (the text names node, operator and
 * reason), GS_EINVAL for options that do not fit the model, GS_ELIMIT, GS_ENOMEM. report may be NULL. */
GS_MUST enum gs_err gs_onnx_lower(struct gs_bytes bytes, const struct gs_onnx_options *options, struct gs_program *out,
                                  struct gs_onnx_report *report, struct gs_error *error);

/* The graph inputs that are not initializers, in order: what a caller must give data for. names are copied. */
struct gs_onnx_input {
	uint32_t graph_index; /* as in gs_onnx_report.need */
	char name[GS_NAME_MAX + 1];
	uint64_t elem_type;
	uint8_t rank;             /* 255 when the model does not say */
	int64_t dim[GS_RANK_MAX]; /* -1 when symbolic */
};
struct gs_onnx_signature {
	uint32_t inputs;
	struct gs_onnx_input *input; /* owned: gs_onnx_signature_free */
	bool half;                   /* f16 or bf16 weights, inputs or outputs */
	bool tensors_only;           /* no sequence, map or optional among inputs and outputs */
	bool strings;                /* a tensor of strings among inputs and outputs */
};
GS_MUST enum gs_err gs_onnx_signature_read(struct gs_bytes bytes, struct gs_onnx_signature *out,
                                           struct gs_error *error);
void gs_onnx_signature_free(struct gs_onnx_signature *s);

#endif
