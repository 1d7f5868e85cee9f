/* validator/cli/model.h: what commands on models share: mapped files, tensors for inputs, one execution. */
#ifndef GS_VALIDATOR_CLI_MODEL_H
#define GS_VALIDATOR_CLI_MODEL_H

#include "challenge/machine/program.h"
#include "validator/daemon/models.h"
#include "validator/exec/plan.h"
#include "validator/onnx/onnx.h"

/* For main: large blocks go back to the system as soon as they are freed. glibc otherwise raises the size from which it does
 * that to the largest block freed so far, and what lowering has freed stays with the process. */
void gs_return_freed_memory(void);

struct gs_mapped { /* a file, read only */
	struct gs_bytes bytes;
};
/* GS_EIO or GS_ENOTFOUND with the path in the text; GS_ELIMIT over max bytes. An empty file maps to zero bytes. */
GS_MUST enum gs_err gs_map_file(const char *path, uint64_t max, struct gs_mapped *out, struct gs_error *error);
void gs_unmap_file(struct gs_mapped *file);
/* Writes a whole file. */
GS_MUST enum gs_err gs_write_file(const char *path, struct gs_bytes bytes, struct gs_error *error);

/* Tensors read from files, and which input each one is for. */
struct gs_tensor_set {
	struct gs_arena arena;
	uint32_t count;
	struct gs_mapped file[GS_IO_MAX];
	struct gs_tensor tensor[GS_IO_MAX];
	char label[GS_IO_MAX][GS_NAME_MAX + 1]; /* the input it was given for, or empty */
};
void gs_tensor_set_init(struct gs_tensor_set *s);
void gs_tensor_set_free(struct gs_tensor_set *s);
/* Adds FILE or NAME=FILE (.pb or .npy). */
GS_MUST enum gs_err gs_tensor_set_add(struct gs_tensor_set *s, const char *spec, struct gs_error *error);
/* By label, then by the name inside a .pb, then by position: index[i] becomes the tensor for name i.
 * GS_EINVAL when the counts differ or a name fits nothing. */
GS_MUST enum gs_err gs_tensor_set_match(const struct gs_tensor_set *s, const char *const *name, uint32_t names,
                                        uint32_t *index, struct gs_error *error);

/* "name=1,3,224,224" */
GS_MUST enum gs_err gs_parse_shape(const char *text, char name[GS_NAME_MAX + 1], struct gs_onnx_shape *out,
                                   struct gs_error *error);

bool gs_is_program_file(struct gs_bytes bytes); /* starts with the magic of .gsp */

/* A program with everything one execution needs. */
struct gs_run {
	const struct gs_program *program;
	uint8_t *inputs; /* owned */
	uint8_t *
		claimed; /* owned; of a tolerant program: the claimed outputs, zero until somebody writes them. Set before executing */
	uint32_t output_at[GS_IO_MAX]; /* the chunk of `trace` where canonical output i lies */
	uint8_t *trace; /* owned; mapped: of a whole trace's length, of which an execution writes a part */
	uint64_t trace_bytes;
	struct gs_exec_plan *plan; /* owned; made by gs_run_prepare, or else by the first execution */
	const char *isa; /* borrowed; of validator/exec/exec.h, or NULL for the best one; set before executing */
	bool touched;    /* the arena's pages are there */
	bool again;      /* set before executing: there will be many, so what can be prepared once is */
};
/* Packs tensor i into program input i; types and shapes must fit. GS_EUNSUPPORTED for a tolerant program of another's making, which
 * does not say where its canonical outputs lie. */
GS_MUST enum gs_err gs_run_init(struct gs_run *run, const struct gs_program *program,
                                const struct gs_tensor *const *tensor, uint32_t tensors, struct gs_error *error);
void gs_run_free(struct gs_run *run);
/* Makes the plan, once. For who wants to know what that takes. */
GS_MUST enum gs_err gs_run_prepare(struct gs_run *run, unsigned threads, struct gs_error *error);
/* One execution; *seconds (may be NULL) is its wall-clock time, without that of preparing the plan. threads may not change
 * from one to the next. It leaves the outputs, and of the rest nothing that can be relied on (outputs_only in plan.h). */
GS_MUST enum gs_err gs_run_execute(struct gs_run *run, unsigned threads, double *seconds, struct gs_error *error);
void gs_run_output(const struct gs_run *run, uint32_t i, struct gs_tensor *out); /* canonical; borrowed */
void gs_run_input_root(const struct gs_run *run, struct gs_hash *out);
/* The outputs as a claim states them: the output block, or of a tolerant program the claimed array; gs_run_output_bytes of them. */
uint64_t gs_run_output_bytes(const struct gs_program *program);
void gs_run_pack_outputs(const struct gs_run *run, uint8_t *out);
/* The outputRoot of such an array. */
void gs_output_array_root(const struct gs_program *program, const uint8_t *array, struct gs_hash *out);
/* Of the canonical outputs. GS_ENOMEM. */
GS_MUST enum gs_err gs_run_output_root(const struct gs_run *run, struct gs_hash *out, struct gs_error *error);
/* "ABS,REL": decimal numbers to binary32 bits, each within what a header may say. GS_EINVAL. */
GS_MUST enum gs_err gs_parse_tolerance(const char *text, uint32_t *absolute, uint32_t *relative,
                                       struct gs_error *error);

/* Lowers the ONNX model at path, mapped as onnx, for the given input tensors (in the order of the signature): their shapes, and the bound ones.
 * unnamed: the program will only be run (struct gs_onnx_options). */
GS_MUST enum gs_err gs_model_lower(const char *path, struct gs_bytes onnx, const struct gs_onnx_signature *signature,
                                   const struct gs_tensor *const *tensor, const bool *bound, bool unnamed,
                                   struct gs_program *out, struct gs_onnx_report *report, struct gs_error *error);

#endif
