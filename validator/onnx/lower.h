/* validator/onnx/lower.h: what the lowering of each operator works with. Internal to validator/onnx.
 *
 * A value is a strided window on a constant, an input or an instruction's output, so that reshape, transpose, slice,
 * squeeze and broadcast cost no instruction: the strides go into the consumer's rows. */
#ifndef GS_VALIDATOR_ONNX_LOWER_H
#define GS_VALIDATOR_ONNX_LOWER_H

#include "challenge/machine/interpreter.h"
#include "challenge/machine/listing.h"
#include "validator/onnx/onnx.h"
#include "validator/onnx/reader.h"

enum {
	GS_LOWER_INSTRS_MAX = 1 << 16,
	GS_LOWER_VISITS_MAX = 1 << 18, /* nodes lowered, each time that a loop or a function repeats one counted */
	GS_LOWER_CALLS_MAX = 32,       /* functions within functions */
	GS_LOWER_INTS_MAX = 1 << 12,   /* elements of a shape, axes or indices tensor that lowering itself reads */
	GS_LOWER_SPLIT_TERMS = 64,     /* a sum of more terms is split */
	GS_LOWER_SPLIT_LANES = 16,
	GS_LOWER_FOLD_CHUNK_STEPS = 8, /* what a chunk of constants read by a folded instruction counts for */
};
#define GS_LOWER_MEMORY_MAX (UINT64_C(4) << 30) /* tables and folded constants */
#define GS_LOWER_FOLD_STEPS_MAX \
	(UINT64_C(1) << 25) /* scalar steps spent on constant folding; past it, instructions run at run time */

enum gs_val_kind {
	GS_VAL_NONE = 0,
	GS_VAL_CONST,
	GS_VAL_INPUT,
	GS_VAL_INSTR,
	GS_VAL_ABSENT /* only in scopes: an input of a function that the call leaves out; operators see NONE */
};

struct gs_val {
	uint8_t kind;
	uint8_t dtype;
	uint8_t rank;
	uint32_t source; /* index of the constant, input or instruction */
	uint32_t dim[GS_RANK_MAX];
	int64_t stride[GS_RANK_MAX]; /* in elements; 0 where broadcast */
	int64_t offset;
};

struct gs_lower_const {
	uint8_t dtype;
	uint64_t count;
	const uint8_t *data; /* borrowed from the model or the arena */
	uint32_t chunk;      /* in the weights; UINT32_MAX until used */
};

struct gs_lower_input {
	const struct gs_onnx_value *value;
	uint32_t graph_index;
	uint8_t dtype;
	uint8_t rank;
	uint32_t dim[GS_RANK_MAX];
	uint64_t count;
	uint32_t chunk;
};

/* What is known of a graph before it is lowered, the same each time it is (lower_scope.c). */
struct gs_lower_graph {
	const struct gs_onnx_graph *graph;
	uint32_t names;
	const struct gs_bytes *name; /* sorted, unique: of its nodes, inputs, outputs, initializers and inner graphs */
	uint32_t *uses;              /* by name: reads by live nodes, by their inner graphs, and by the outputs */
	uint8_t *defined;            /* by name: whether the graph itself says what it is */
	uint8_t *live;               /* by node: whether an output needs it */
	struct gs_val *initializer;  /* a loop's body has them once, not once a trip */
	struct gs_val *made_once;    /* by node: what a node without inputs made of itself; NONE when it was not seen */
};

/* One time that a graph is lowered: the values of its names. */
struct gs_lower_scope {
	const struct gs_lower_scope
		*parent; /* whose names can be seen from here; NULL for the main graph and functions */
	const struct gs_lower_graph *of;
	struct gs_val *value; /* by name */
	uint32_t serial;      /* from 1 on */
};

/* A function being expanded, and those that called it. */
struct gs_lower_call {
	const struct gs_lower_call *caller;
	const struct gs_onnx_function *function;
	const struct gs_onnx_node *node; /* whose attributes the body refers to */
};

/* The value that an instruction defines: a name of the scope with that serial, 0 when there is none. */
struct gs_lower_def {
	uint32_t scope, name;
};

/* Whose function and whose epilogue an instruction has; NULL: of no node. */
struct gs_lower_maker {
	const struct gs_onnx_node *node, *epilogue;
};

struct gs_lower;
typedef enum gs_err (*gs_lower_fn)(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *in,
                                   struct gs_val *out);
struct gs_catalogue_row;
/* What the name of a node's operator was found to be. */
struct gs_lower_known {
	struct gs_bytes domain, op;         /* of the model; op.ptr NULL: nothing yet */
	gs_lower_fn lower;                  /* NULL: none */
	const struct gs_catalogue_row *row; /* NULL: none; with the operator's first version */
	unsigned since;
};
enum { GS_LOWER_KNOWN = 64 };

struct gs_lower {
	struct gs_arena arena;
	struct gs_onnx_model model;
	const struct gs_onnx_options *options;
	struct gs_lower_graph **graph;      /* by the graph's id; NULL until it is lowered */
	const struct gs_lower_scope *scope; /* of the graph being lowered */
	const struct gs_lower_call *call;   /* the function being expanded, or NULL */
	const struct gs_onnx_opsets *opsets;
	uint32_t scopes;
	uint64_t visits;
	struct gs_listing listing; /* views of the trace name the producing instruction, of the weights the constant */
	struct gs_lower_def *instr_def;     /* one an instruction of the listing */
	struct gs_lower_maker *instr_maker; /* likewise */
	const struct gs_onnx_node *node;    /* being lowered, the innermost; NULL outside of nodes */
	uint32_t instr_cap;
	struct gs_lower_known known[GS_LOWER_KNOWN]; /* by a hash of the name: a model names few operators often */
	struct gs_lower_const *constant;
	uint32_t constants, constant_cap;
	struct gs_lower_input input[GS_IO_MAX];
	uint32_t inputs;
	uint64_t fold_steps;
	struct gs_onnx_report report;
	struct gs_error *error;
};

struct gs_lower_op {
	const char *name;
	gs_lower_fn lower;
};
/* in[] has at least 8 entries past the node's inputs, all GS_VAL_NONE; out[] one per output and at least 8. NULL when the
 * domain ("" and "ai.onnx" are one) has no such operator here. */
gs_lower_fn gs_lower_op_find(struct gs_bytes domain, struct gs_bytes op);
/* Every operator that is lowered; false past the end. */
bool gs_lower_op_nth(unsigned n, const char **domain, const char **name);
/* The version of a domain that the model, or the function being expanded, imports; 0: none. "" is ai.onnx, whose
 * version lo->model.opset is too. */
int64_t gs_lower_opset(const struct gs_lower *lo, const char *domain);

/* ---- graphs and scopes (lower_scope.c, lower_node.c) ---- */

/* The tables of a graph, built the first time. */
enum gs_err gs_lower_graph_of(struct gs_lower *lo, const struct gs_onnx_graph *graph,
                              const struct gs_lower_graph **out);
/* Opens a scope for the graph, with its initializers; gs_lower_scope_end frees it. */
enum gs_err gs_lower_scope_begin(struct gs_lower *lo, const struct gs_onnx_graph *graph,
                                 const struct gs_lower_scope *parent, struct gs_lower_scope *scope);
void gs_lower_scope_end(struct gs_lower_scope *scope);
/* Counts n more nodes against the limit on what one lowering visits. */
enum gs_err gs_lower_visit(struct gs_lower *lo, uint64_t n);
/* The index of a name in the scope's own table, UINT32_MAX when it is not there. */
uint32_t gs_lower_name(const struct gs_lower_scope *scope, struct gs_bytes name);
/* The value of a name in the scope or those around it; NULL when there is none (yet). */
const struct gs_val *gs_lower_lookup(const struct gs_lower_scope *scope, struct gs_bytes name);
/* Gives a name of the scope its value; refuses a second one. */
enum gs_err gs_lower_define(struct gs_lower *lo, const struct gs_lower_scope *scope, struct gs_bytes name,
                            const struct gs_val *v);
/* Whether only this node, of the graph being lowered, reads its input 0, and the instruction in v is what defines it. */
bool gs_lower_sole_reader(const struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *v);
/* Lowers the nodes of the scope's graph. */
enum gs_err gs_lower_nodes(struct gs_lower *lo, const struct gs_lower_scope *scope);
/* Lowers a graph in an attribute of the node being lowered: arg[] are its inputs (exactly as many as it has), result[]
 * gets its outputs. `what` names it in messages. Every call counts against the limit on visited nodes. */
enum gs_err gs_lower_inner(struct gs_lower *lo, const struct gs_onnx_graph *graph, const char *what,
                           const struct gs_val *arg, uint32_t args, struct gs_val *result);

/* A node of opset 1 to 6 in the later form (lower_old.c); attr is the caller's to free. */
struct gs_lower_old {
	struct gs_onnx_node node;
	struct gs_onnx_attr *attr;
	uint32_t scale[4];
};
/* Points *node at the later form when there is one to rewrite it to; refuses forms that have none here. */
enum gs_err gs_lower_old_form(struct gs_lower *lo, const struct gs_onnx_node **node, struct gs_lower_old *old);

/* ---- failing ---- */
enum gs_err gs_lower_refuse(struct gs_lower *lo, enum gs_onnx_reason reason, const char *fmt, ...) GS_PRINTF(3, 4);
/* The value must be known now; notes which inputs it hangs on. */
enum gs_err gs_lower_not_static(struct gs_lower *lo, const struct gs_val *v, const char *what);

/* ---- attributes ---- */
int64_t gs_lower_attr_int(const struct gs_onnx_node *node, const char *name, int64_t otherwise);
uint32_t gs_lower_attr_float(const struct gs_onnx_node *node, const char *name, uint32_t otherwise); /* binary32 bits */
bool gs_lower_attr_is(const struct gs_onnx_node *node, const char *name, const char *text);
/* *count is untouched when the attribute is absent. */
enum gs_err gs_lower_attr_ints(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name, int64_t *out,
                               unsigned max, unsigned *count);
/* Integers from a constant value; GS_ONNX_NOT_STATIC otherwise. */
enum gs_err gs_lower_ints(struct gs_lower *lo, const struct gs_val *v, const char *what, int64_t *out, unsigned max,
                          unsigned *count);
/* The attribute when present, else the input when present; *count stays 0 and *given false when neither is. */
enum gs_err gs_lower_ints_either(struct gs_lower *lo, const struct gs_onnx_node *node, const char *name,
                                 const struct gs_val *v, int64_t *out, unsigned max, unsigned *count, bool *given);
enum gs_err gs_lower_axis(struct gs_lower *lo, int64_t axis, unsigned rank, unsigned *out);

/* ---- values ---- */
uint64_t gs_val_count(const struct gs_val *v);
enum gs_class gs_val_class(const struct gs_val *v);
bool gs_val_contiguous(const struct gs_val *v);
uint64_t gs_lower_base_count(const struct gs_lower *lo, const struct gs_val *v);
/* The one element that a uniform constant holds, as a register. */
bool gs_lower_uniform(const struct gs_lower *lo, const struct gs_val *v, gs_reg *out);
uint64_t gs_lower_const_bits(const struct gs_lower *lo, const struct gs_val *v, uint64_t index); /* row-major index */
enum gs_err gs_lower_constant(struct gs_lower *lo, enum gs_dtype dtype, unsigned rank, const uint32_t *dim,
                              const uint8_t *data, struct gs_val *out); /* borrows data */
enum gs_err gs_lower_constant_ints(struct gs_lower *lo, const int64_t *v, unsigned count,
                                   struct gs_val *out); /* i64[count] */
/* Fresh row-major strides for a value that covers its source from the start. */
void gs_val_strides(struct gs_val *v);
enum gs_err gs_lower_contiguous(struct gs_lower *lo, const struct gs_val *v, struct gs_val *out);
enum gs_err gs_lower_reshape(struct gs_lower *lo, const struct gs_val *v, unsigned rank, const uint32_t *dim,
                             struct gs_val *out);
enum gs_err gs_lower_expand(struct gs_lower *lo, const struct gs_val *v, unsigned rank, const uint32_t *dim,
                            struct gs_val *out);
void gs_val_transpose(const struct gs_val *v, const unsigned *perm, struct gs_val *out);
enum gs_err gs_lower_broadcast(struct gs_lower *lo, const struct gs_val *v, unsigned count, uint8_t *rank,
                               uint32_t *dim);

/* ---- instructions ---- */

struct gs_step { /* a function with its store rule */
	uint8_t fn;
	uint8_t dtype; /* stored */
	uint8_t epilogue;
	uint8_t epilogue_pos;
	gs_reg epilogue_const[2];
};
struct gs_arg { /* a value, or a constant register when v is NULL */
	const struct gs_val *v;
	gs_reg reg;
};

/* The view of a value with one row and no axis yet; gs_operand_axis adds an axis to it. */
struct gs_operand gs_lower_view(const struct gs_lower *lo, const struct gs_val *v);
/* The same to *op, which gs_instr_clear left: 2 KiB are not copied about. */
void gs_lower_view_to(const struct gs_lower *lo, const struct gs_val *v, struct gs_operand *op);
void gs_operand_axis(struct gs_operand *op, unsigned axis, int64_t coef);
/* A row of its own: coordinate offset (+ what gs_operand_row_axis adds) checked against extent. Returns its index. */
unsigned gs_operand_row(struct gs_operand *op, uint64_t extent, uint64_t stride, int64_t offset);
struct gs_operand gs_operand_const(gs_reg reg);
/* Reads v, broadcast to dim (right-aligned), axis d of the box being dimension d. Uniform constants become constants. */
struct gs_operand gs_lower_elementwise(const struct gs_lower *lo, const struct gs_val *v, unsigned rank);
/* Appends (or folds) an instruction; its output has the given shape, whose product is the box's. */
enum gs_err gs_lower_emit(struct gs_lower *lo, struct gs_instr *in, unsigned rank, const uint32_t *dim,
                          struct gs_val *out);
/* Takes steps from the budget of work done while lowering; false when it is spent. */
bool gs_lower_spend(struct gs_lower *lo, uint64_t steps);
enum gs_err gs_lower_map(struct gs_lower *lo, struct gs_step step, unsigned args, const struct gs_arg *arg,
                         struct gs_val *out); /* broadcasts */
enum gs_err gs_lower_copy(struct gs_lower *lo, const struct gs_val *v, struct gs_val *out);
/* Folds fn over the dimensions in mask; out keeps them as 1. init is a register of the accumulator's class. */
enum gs_err gs_lower_fold(struct gs_lower *lo, struct gs_step step, gs_reg init, const struct gs_val *x, unsigned mask,
                          struct gs_val *out);
/* f32 sum (init +0) over the dimensions in mask, split when long (docs/operators.md, "Long sums"); keeps them as 1. */
enum gs_err gs_lower_sum(struct gs_lower *lo, struct gs_step step, const struct gs_val *x, unsigned mask,
                         struct gs_val *out);

/* The function of an operation for a class: GS_FN_F32_ADD gives i32.add for I32. */
unsigned gs_fn_for(unsigned f32_fn, enum gs_class cls);
/* The same for a dtype: div, min, max, lt and le of u64 read the I64 register as a number without a sign. */
unsigned gs_fn_for_type(unsigned f32_fn, unsigned dtype);
#define GS_ONE UINT32_C(0x3f800000)
#define GS_NEG_INF UINT32_C(0xff800000)
gs_reg gs_reg_of_int(enum gs_class cls, int64_t v); /* as f32 (exact up to 2^24), i32 or i64 */

/* ---- windows of convolution and pooling (window.c) ---- */

struct gs_window {
	unsigned spatial;
	uint32_t in[3], kernel[3], out[3];
	int64_t stride[3], dilation[3], before[3], after[3]; /* before and after: padding, may be negative (cropping) */
};
/* Reads strides, dilations, pads, auto_pad and ceil_mode for x[N,C,spatial...] and computes the output extents. */
enum gs_err gs_window_read(struct gs_lower *lo, const struct gs_onnx_node *node, const struct gs_val *x,
                           const uint32_t *kernel, struct gs_window *w);
/* Whether some tap of dimension d falls outside the input. */
bool gs_window_guarded(const struct gs_window *w, unsigned d);
/* Adds dimension 2 + d of x to the operand: output axis and kernel axis, with a row of its own when guarded (then the
 * stride of x there must not be negative). */
void gs_window_axis(const struct gs_window *w, unsigned d, const struct gs_val *x, struct gs_operand *op,
                    unsigned out_axis, unsigned kernel_axis);

/* ---- operators, by file ---- */
extern const struct gs_lower_op gs_ops_qlinear[], gs_ops_einsum[], gs_ops_signal[], gs_ops_range[], gs_ops_legacy[],
	gs_ops_unpool[], gs_ops_sample[], gs_ops_deform[], gs_ops_patch[], gs_ops_region[], gs_ops_text[],
	gs_ops_known[];
extern const struct gs_lower_op gs_ops_math[], gs_ops_logic[], gs_ops_linear[], gs_ops_pool[], gs_ops_shape[],
	gs_ops_norm[], gs_ops_index[], gs_ops_loss[], gs_ops_order[], gs_ops_moments[], gs_ops_select[],
	gs_ops_resize[], gs_ops_recurrent[], gs_ops_attention[], gs_ops_transposed[], gs_ops_scatter[],
	gs_ops_quantize[], gs_ops_control[], gs_ops_scan[], gs_ops_state[], gs_ops_optional[], gs_ops_preview[],
	gs_ops_ml_trees[], gs_ops_ml_linear[], gs_ops_ml_svm[], gs_ops_ml_prepare[], gs_ops_power[], gs_ops_det[];

#endif
