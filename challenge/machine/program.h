/* challenge/machine/program.h: what a model *is*: a header, a list of instruction descriptors, an array of weights.
 *
 * Every instruction writes one tensor into one flat array of 128-byte chunks, the trace, and reads from such arrays: the
 * trace before it, the weights, the inputs, and in a tolerant model the claimed outputs. It has one of two forms:
 *
 *   MAP   out[p] = store(e(f(x0[p], x1[p], x2[p])))                              for every p in the output box
 *   FOLD  acc = init[p];  for j in the reduction box, row-major:  acc = g(acc, x0[p,j], x1[p,j]);  out[p] = store(e(acc))
 *
 * A descriptor says everything a judge needs to recompute one scalar step, in at most 512 bytes, and whether it is
 * well formed can be checked one descriptor (or one pair) at a time. Source: docs/machine.md, "Programs". */
#ifndef GS_CHALLENGE_MACHINE_PROGRAM_H
#define GS_CHALLENGE_MACHINE_PROGRAM_H

#include "chain/core/buf.h"
#include "challenge/machine/scalar.h"

enum {
	GS_LAW_VERSION = 1,
	GS_DESCRIPTOR_BYTES_MAX = 512,
	GS_OUT_AXES_MAX = 8,
	GS_RED_AXES_MAX = 8,
	GS_AXES_MAX = 12, /* output and reduction axes together */
	GS_ROWS_MAX = 8,
	GS_OPENINGS_MAX = 3,     /* tensor reads in any one step, indirect ones counted */
	GS_FOLD_MAX = 1 << 18,   /* terms of one fold */
	GS_TRACE_DEPTH_MAX = 26, /* 2^26 chunks in the trace, the weights or the inputs */
	GS_INSTRUCTIONS_MAX = 1 << 20,
	GS_IO_MAX = 256, /* inputs, or outputs, of one model */
	GS_CLAIMED_CHUNKS_MAX = 1 << 22,
	GS_NAME_MAX = 255,
	GS_RANK_MAX = 8,
};
#define GS_CHUNKS_MAX (UINT64_C(1) << GS_TRACE_DEPTH_MAX)
#define GS_EXTENT_MAX (UINT64_C(1) << 31) /* of an axis or a row; also elements of a tensor, and a row's stride */
#define GS_COEF_MAX (INT64_C(1) << 32)    /* |coefficient| */
#define GS_OFFSET_MAX (INT64_C(1) << 40)  /* |offset| */
#define GS_TOLERANCE_ABS_MAX UINT32_C(0x49800000) /* binary32 bits: 2^20 */
#define GS_TOLERANCE_REL_MAX UINT32_C(0x3f800000) /* 1 */

enum gs_form { GS_MAP = 1, GS_FOLD = 2 };
/* CLAIMED: the outputs that a claim states, read by the comparison that ends a tolerant model's program. */
enum gs_space { GS_SPACE_TRACE = 0, GS_SPACE_WEIGHTS = 1, GS_SPACE_INPUTS = 2, GS_SPACE_CLAIMED = 3 };
enum gs_operand_kind { GS_OPERAND_CONST = 0, GS_OPERAND_IOTA = 1, GS_OPERAND_TENSOR = 2 };
enum gs_pad { GS_PAD_ZERO = 0, GS_PAD_SKIP = 1, GS_PAD_VALUE = 2 };

/* offset + sum of coef[a] * axis[a]; axes are the output axes, then the reduction axes. */
struct gs_affine {
	int64_t offset;
	int64_t coef[GS_AXES_MAX];
};

struct gs_row { /* one coordinate of a read: 0 <= affine (+ indirect value) < extent, weighted by stride */
	uint64_t extent;
	uint64_t stride;
	struct gs_affine at;
};

struct gs_view {          /* which element of which tensor an iteration point reads */
	uint8_t space;    /* enum gs_space */
	uint8_t dtype;    /* enum gs_dtype */
	uint8_t pad;      /* enum gs_pad: what an out-of-range read means */
	uint8_t rows;     /* 0: always element 0 */
	uint32_t chunk;   /* where the tensor starts in its array */
	uint64_t count;   /* its elements */
	gs_reg pad_value; /* GS_PAD_VALUE only, else 0 */
	struct gs_row row[GS_ROWS_MAX];
};

struct gs_operand {
	uint8_t kind;            /* enum gs_operand_kind */
	uint8_t indirect_row;    /* 0: none; else 1 + the row whose coordinate adds `indirect`'s value */
	gs_reg constant;         /* CONST */
	struct gs_affine iota;   /* IOTA: wraps to the class */
	struct gs_view view;     /* TENSOR */
	struct gs_view indirect; /* an integer tensor; never GS_PAD_SKIP */
};

struct gs_instr {     /* decoded: 6 KiB, so programs keep descriptors, and decode what is asked for */
	uint8_t form; /* enum gs_form */
	uint8_t fn;   /* f or g */
	uint8_t store_dtype;
	uint8_t acc_dtype;        /* FOLD: f32, i32 or i64; MAP: 0 */
	uint8_t epilogue;         /* a function code, or 0 for none */
	uint8_t epilogue_pos;     /* which of its operands the value is */
	gs_reg epilogue_const[2]; /* the other operands, in order; unused ones 0 */
	uint32_t first_chunk;
	uint32_t span; /* chunks up to the next instruction's first */
	uint64_t cost; /* running total through this instruction */
	uint8_t out_axes;
	uint8_t red_axes;             /* FOLD */
	uint32_t extent[GS_AXES_MAX]; /* output axes, then reduction axes; up to 2^31 */
	struct gs_operand
		operand[3]; /* MAP: x0, x1, x2 as f's arity says; FOLD: init, x0, x1 (g's arity operands in all) */
};

/* Clears all but the rows, which are nearly all of the 6 KiB: a view that gets rows writes them. */
void gs_instr_clear(struct gs_instr *in);
unsigned gs_instr_operands(const struct gs_instr *in); /* = arity of fn, for both forms */
uint64_t gs_instr_count(const struct gs_instr *in);    /* output elements */
uint64_t gs_instr_terms(const struct gs_instr *in);    /* FOLD: K; MAP: 0 */
uint64_t gs_instr_cost(const struct gs_instr *in);     /* its own cost: count * (1 + terms) */
enum gs_class gs_instr_operand_class(const struct gs_instr *in, unsigned i);

/* Writes the canonical bytes. The instruction must satisfy gs_instr_check. GS_ELIMIT when over 512 bytes. */
GS_MUST enum gs_err gs_instr_encode(const struct gs_instr *in, uint8_t out[GS_DESCRIPTOR_BYTES_MAX], size_t *len);
/* Reads canonical bytes; anything else (another spelling, trailing bytes, an unknown code) is GS_EPARSE.
 * On success every field that the form does not use is zero, and gs_instr_check holds. */
GS_MUST enum gs_err gs_instr_decode(struct gs_bytes bytes, struct gs_instr *out, struct gs_error *error);
/* The part of well-formedness that one descriptor shows alone (W1 to W5 of docs/machine.md). */
GS_MUST enum gs_err gs_instr_check(const struct gs_instr *in, struct gs_error *error);

/* ---- the header ---- */

struct gs_header {
	uint32_t law;
	uint32_t lowering;
	struct gs_hash onnx_hash; /* SHA-256 of the ONNX file; zero for a program that came from none */
	struct gs_hash program_root;
	uint32_t instructions;
	struct gs_hash weights_root;
	uint32_t weights_chunks;
	uint32_t inputs_chunks;
	uint32_t trace_depth;
	uint32_t output_chunk; /* where the output block starts: a multiple of 2^output_depth */
	uint32_t output_depth;
	uint32_t outputs;       /* the last `outputs` instructions write the outputs */
	uint64_t cost;          /* the last instruction's running total */
	uint32_t tolerance_abs; /* binary32 bits; 0, as the two below, of an exact model */
	uint32_t tolerance_rel;
	uint32_t claimed_chunks; /* of the claimed outputs, space 3 */
	struct gs_hash io_hash;  /* keccak of the encoded struct gs_io */
};
enum { GS_HEADER_BYTES = 17 * 32 };

/* Seventeen 32-byte words, as abi.encode writes them: the domain tag, then the fields in order. */
void gs_header_encode(const struct gs_header *h, uint8_t out[GS_HEADER_BYTES]);
GS_MUST enum gs_err gs_header_decode(const uint8_t in[GS_HEADER_BYTES], struct gs_header *out, struct gs_error *error);
void gs_header_model_id(const struct gs_header *h, struct gs_hash *out); /* keccak of the encoding */
/* Whether the model is tolerant: its one output is the i32 1 when the claimed outputs are within the tolerance. */
bool gs_header_tolerant(const struct gs_header *h);
/* What section 3.3 asks of a tolerant model's words; fine for an exact one. GS_EPARSE. */
GS_MUST enum gs_err gs_header_check_tolerance(const struct gs_header *h, struct gs_error *error);

struct gs_tensor_type {
	char name[GS_NAME_MAX + 1];
	uint8_t dtype;
	uint8_t rank;
	uint32_t dim[GS_RANK_MAX];
	uint32_t chunk; /* where it starts in the inputs array, or (outputs) in the output block or the claimed array */
	struct gs_hash bound; /* inputs bound as constants at lowering: keccak of their bytes; else zero */
};
/* Elements of the tensor: 0 when a dimension is. */
uint64_t gs_tensor_type_elements(const struct gs_tensor_type *t);
/* Elements that it takes in its array: a tensor without any is there as one element of value 0. */
uint64_t gs_tensor_type_count(const struct gs_tensor_type *t);

struct gs_io { /* names, types and places of what goes in and out; owned arrays */
	uint32_t inputs;
	uint32_t outputs;
	uint32_t bounds; /* inputs of the ONNX graph that lowering bound as constants: recorded, not read */
	struct gs_tensor_type *input;
	struct gs_tensor_type *output;
	struct gs_tensor_type *bound;
};

/* ---- a whole program in memory ---- */

struct gs_program {
	struct gs_header header;
	struct gs_io io;
	uint32_t count;          /* instructions */
	uint8_t *descriptors;    /* owned: all of them, back to back */
	uint32_t *descriptor_at; /* owned: count + 1 offsets into descriptors */
	const uint8_t *weights;  /* weights_chunks * 128 bytes; owned when weights_owned */
	uint8_t *weights_owned;  /* or NULL when the weights are mapped by somebody else */
	/* Set before sealing by who will only run it: the header's hashes stay zero. It has no model id then, and cannot be
	 * written. */
	bool unnamed;
};

void gs_program_free(struct gs_program *p); /* frees what it owns, zeroes *p; NULL is fine */
struct gs_bytes gs_program_descriptor(const struct gs_program *p, uint32_t i); /* borrowed */
/* Instruction i < count, decoded: a fraction of a microsecond. */
struct gs_instr gs_program_instr(const struct gs_program *p, uint32_t i);
/* The same to *out, where rows that a view does not have stay what they were: in a fraction of the time. */
void gs_program_decode(const struct gs_program *p, uint32_t i, struct gs_instr *out);
/* The chunks of the tensor that it writes: the first, and how many: its span without a gap behind. */
uint32_t gs_program_first_chunk(const struct gs_program *p, uint32_t i);
uint32_t gs_program_tensor_chunks(const struct gs_program *p, uint32_t i);
/* The instruction whose span covers the trace chunk; chunk < 2^trace_depth. */
uint32_t gs_program_covering(const struct gs_program *p, uint32_t chunk);

/* All of well-formedness (W1 to W8): descriptors, neighbours, producers, header. */
GS_MUST enum gs_err gs_program_check(const struct gs_program *p, struct gs_error *error);

/* Completes a program whose io, weights, header.onnx_hash, lowering, outputs and tolerances are filled in: lays out the
 * trace of the listed instructions, resolves views of the trace from the *producer's index* to its chunk, encodes,
 * computes roots (unless unnamed) and header, and checks. A tolerant one has one output, the comparison's (tolerance.h), and in io the
 * outputs that a claim states. On error *p must still be freed. */
struct gs_listing;
GS_MUST enum gs_err gs_program_seal(struct gs_program *p, const struct gs_listing *listing, struct gs_error *error);

/* The program file (.gsp): magic, header, io, descriptors, weights; see docs/machine.md, "Program file". */
GS_MUST enum gs_err gs_program_write(const struct gs_program *p, struct gs_buf *out);
/* Copies everything out of bytes; recomputes every root and checks. */
GS_MUST enum gs_err gs_program_read(struct gs_bytes bytes, struct gs_program *out, struct gs_error *error);

#endif
