#include "validator/cli/model.h"

#include "chain/core/pages.h"
#include "challenge/machine/merkle.h"
#include "challenge/machine/tolerance.h"
#include "validator/models/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	TENSOR_SET_BYTES_MAX = 1 << 30,
	LARGE_BLOCK_BYTES = 1 << 17, /* what glibc begins with */
	KEPT_BYTES = 1 << 20,        /* of freed memory at the heap's end: what lowering had, the plan takes next */
};

void gs_return_freed_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
	mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
}

enum gs_err gs_map_file(const char *path, uint64_t max, struct gs_mapped *out, struct gs_error *error)
{
	struct stat st;
	*out = (struct gs_mapped){0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gs_fail(error, errno == ENOENT ? GS_ENOTFOUND : GS_EIO, "%s: %s", path, strerror(errno));
	enum gs_err err = GS_OK;
	if (fstat(fd, &st) != 0) {
		err = gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		err = gs_fail(error, GS_EINVAL, "%s: not a regular file", path);
	} else if ((uint64_t)st.st_size > max) {
		err = gs_fail(error, GS_ELIMIT, "%s: the file is over %llu bytes", path, (unsigned long long)max);
	} else if (st.st_size > 0) {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED)
			err = gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
		else
			out->bytes = (struct gs_bytes){p, (size_t)st.st_size};
	}
	close(fd);
	return err;
}

void gs_unmap_file(struct gs_mapped *file)
{
	if (file->bytes.ptr != NULL)
		munmap((void *)(uintptr_t)file->bytes.ptr, file->bytes.len);
	*file = (struct gs_mapped){0};
}

enum gs_err gs_write_file(const char *path, struct gs_bytes bytes, struct gs_error *error)
{
	FILE *f = fopen(path, "wb");
	if (f == NULL)
		return gs_fail(error, GS_EIO, "%s: %s", path, strerror(errno));
	bool ok = bytes.len == 0 || fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len;
	int code = errno;
	if (fclose(f) != 0 && ok) {
		ok = false;
		code = errno;
	}
	if (!ok) {
		remove(path);
		return gs_fail(error, GS_EIO, "%s: %s", path, strerror(code));
	}
	return GS_OK;
}

/* ---- tensors ---- */

void gs_tensor_set_init(struct gs_tensor_set *s)
{
	memset(s, 0, sizeof(*s));
	gs_arena_init(&s->arena, TENSOR_SET_BYTES_MAX);
}

void gs_tensor_set_free(struct gs_tensor_set *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		gs_unmap_file(&s->file[i]);
	gs_arena_free(&s->arena);
	s->count = 0;
}

enum gs_err gs_tensor_set_add(struct gs_tensor_set *s, const char *spec, struct gs_error *error)
{
	const char *equals = strchr(spec, '='), *path = spec;
	if (s->count == GS_IO_MAX)
		return gs_fail(error, GS_ELIMIT, "more than %d tensors", GS_IO_MAX);
	uint32_t i = s->count;
	s->label[i][0] = 0;
	if (equals != NULL && access(spec, F_OK) != 0 && equals - spec <= GS_NAME_MAX) {
		memcpy(s->label[i], spec, (size_t)(equals - spec));
		s->label[i][equals - spec] = 0;
		path = equals + 1;
	}
	enum gs_err err = gs_map_file(path, GS_TENSOR_FILE_MAX, &s->file[i], error);
	if (err != GS_OK)
		return err;
	err = gs_tensor_from_file(s->file[i].bytes, &s->arena, &s->tensor[i], error);
	if (err != GS_OK) {
		gs_unmap_file(&s->file[i]);
		return gs_fail_within(error, err, "%s", path);
	}
	s->count++;
	return GS_OK;
}

static bool is_name(struct gs_bytes text, const char *name)
{
	return text.len == strlen(name) && memcmp(text.ptr, name, text.len) == 0;
}

enum gs_err gs_tensor_set_match(const struct gs_tensor_set *s, const char *const *name, uint32_t names, uint32_t *index,
                                struct gs_error *error)
{
	bool used[GS_IO_MAX] = {false};
	if (s->count != names)
		return gs_fail(error, GS_EINVAL, "the model takes %u inputs, given are %u", names, s->count);
	for (uint32_t i = 0; i < names; i++)
		index[i] = UINT32_MAX;
	for (uint32_t t = 0; t < s->count; t++) {
		bool found = false;
		for (uint32_t i = 0; i < names && !found; i++) {
			bool fits = s->label[t][0] != 0 ? strcmp(s->label[t], name[i]) == 0
			                                : is_name(s->tensor[t].name, name[i]);
			if (!fits || index[i] != UINT32_MAX)
				continue;
			index[i] = t;
			used[t] = found = true;
		}
		if (!found && s->label[t][0] != 0)
			return gs_fail(error, GS_EINVAL, "the model has no input '%s', or it was given twice",
			               s->label[t]);
	}
	for (uint32_t i = 0, t = 0; i < names; i++) {
		if (index[i] != UINT32_MAX)
			continue;
		while (used[t])
			t++;
		index[i] = t;
		used[t] = true;
	}
	return GS_OK;
}

enum gs_err gs_parse_shape(const char *text, char name[GS_NAME_MAX + 1], struct gs_onnx_shape *out,
                           struct gs_error *error)
{
	const char *equals = strrchr(text, '=');
	*out = (struct gs_onnx_shape){.name = name};
	if (equals == NULL || equals == text || equals - text > GS_NAME_MAX)
		return gs_fail(error, GS_EINVAL, "--shape %s: write NAME=D0,D1,...", text);
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = 0;
	for (const char *p = equals + 1; *p != 0;) {
		uint64_t v = 0;
		if (*p < '0' || *p > '9' || out->rank == GS_RANK_MAX)
			return gs_fail(error, GS_EINVAL, "--shape %s: write NAME=D0,D1,... with at most %d dimensions",
			               text, GS_RANK_MAX);
		for (; *p >= '0' && *p <= '9'; p++)
			if ((v = v * 10 + (uint64_t)(*p - '0')) > INT32_MAX)
				return gs_fail(error, GS_EINVAL, "--shape %s: a dimension is over 2^31-1", text);
		out->dim[out->rank++] = (uint32_t)v;
		if (*p == ',' && p[1] != 0)
			p++;
		else if (*p != 0)
			return gs_fail(error, GS_EINVAL, "--shape %s: write NAME=D0,D1,...", text);
	}
	return GS_OK;
}

bool gs_is_program_file(struct gs_bytes bytes)
{
	return bytes.len >= 8 && memcmp(bytes.ptr, "GSPROG1\n", 8) == 0;
}

/* ---- execution ---- */

enum gs_err gs_run_init(struct gs_run *run, const struct gs_program *program, const struct gs_tensor *const *tensor,
                        uint32_t tensors, struct gs_error *error)
{
	*run = (struct gs_run){.program = program};
	if (tensors != program->io.inputs)
		return gs_fail(error, GS_EINVAL, "the program takes %u inputs, given are %u", program->io.inputs,
		               tensors);
	for (uint32_t i = 0; i < program->io.outputs; i++) {
		enum gs_err err = gs_program_canonical_output(program, i, &run->output_at[i], error);
		if (err != GS_OK)
			return err;
	}
	run->inputs = calloc((size_t)program->header.inputs_chunks + 1, GS_CHUNK_BYTES);
	run->claimed = calloc((size_t)program->header.claimed_chunks + 1, GS_CHUNK_BYTES);
	run->trace_bytes = gs_program_trace_bytes(program);
	void *trace = mmap(NULL, run->trace_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	run->trace = trace == MAP_FAILED ? NULL : trace;
	if (run->inputs == NULL || run->claimed == NULL || run->trace == NULL) {
		gs_run_free(run);
		return gs_fail(error, GS_ENOMEM, "no memory for a trace of %llu bytes",
		               (unsigned long long)gs_program_trace_bytes(program));
	}
	gs_pages_now(run->inputs, (size_t)program->header.inputs_chunks * GS_CHUNK_BYTES);
	for (uint32_t i = 0; i < tensors; i++) {
		const struct gs_tensor_type *want = &program->io.input[i];
		const struct gs_tensor *t = tensor[i];
		if (t->dtype != want->dtype || t->rank != want->rank ||
		    memcmp(t->dim, want->dim, t->rank * sizeof(t->dim[0])) != 0) {
			char have[GS_TENSOR_TEXT_MAX], need[GS_TENSOR_TEXT_MAX];
			gs_tensor_describe(t->dtype, t->rank, t->dim, have);
			gs_tensor_describe((enum gs_dtype)want->dtype, want->rank, want->dim, need);
			gs_run_free(run);
			return gs_fail(error, GS_EINVAL, "input '%s' takes %s, given is %s", want->name, need, have);
		}
		if (t->count == 0)
			continue;
		memcpy(run->inputs + (size_t)want->chunk * GS_CHUNK_BYTES, t->data, (size_t)gs_tensor_bytes(t));
	}
	return GS_OK;
}

void gs_run_free(struct gs_run *run)
{
	gs_exec_plan_free(run->plan);
	free(run->inputs);
	free(run->claimed);
	if (run->trace != NULL)
		munmap(run->trace, run->trace_bytes);
	*run = (struct gs_run){0};
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

enum gs_err gs_run_prepare(struct gs_run *run, unsigned threads, struct gs_error *error)
{
	struct gs_exec_options options = {.threads = threads,
	                                  .isa = run->isa,
	                                  .packed_bytes = GS_EXEC_PACKED_BYTES_MAX,
	                                  .shared_only = !run->again,
	                                  .outputs_only = true};
	GS_ASSERT(run->plan == NULL);
	enum gs_err err = gs_exec_plan_new(run->program, &options, &run->plan, error);
	for (uint32_t i = 0; err == GS_OK && i < run->program->io.outputs; i++)
		run->output_at[i] = gs_exec_plan_place(run->plan, run->output_at[i]);
	size_t arena = err == GS_OK ? (size_t)gs_exec_plan_chunks(run->plan) * GS_CHUNK_BYTES : 0;
	gs_large_pages(run->trace, arena);
	return err;
}

enum gs_err gs_run_execute(struct gs_run *run, unsigned threads, double *seconds, struct gs_error *error)
{
	struct gs_memory mem = {
		.trace = run->trace, .weights = run->program->weights, .inputs = run->inputs, .claimed = run->claimed};
	enum gs_err err = run->plan ? GS_OK : gs_run_prepare(run, threads, error);
	if (err != GS_OK)
		return err;
	double start = now_s();
	if (!run->touched) { /* many pages at once cost less than one at a time; a run's cost, not that of being ready for one */
		size_t arena = (size_t)gs_exec_plan_chunks(run->plan) * GS_CHUNK_BYTES;
		if (arena >= GS_LARGE_PAGE / 2) /* less is not worth the call */
			gs_pages_now(run->trace, arena);
		run->touched = true;
	}
	err = gs_exec_plan_run(run->plan, &mem, error);
	if (seconds != NULL)
		*seconds = now_s() - start;
	return err;
}

void gs_run_output(const struct gs_run *run, uint32_t i, struct gs_tensor *out)
{
	const struct gs_tensor_type *t = &run->program->io.output[i];
	*out = (struct gs_tensor){
		.dtype = (enum gs_dtype)t->dtype, .rank = t->rank, .count = gs_tensor_type_elements(t)};
	memcpy(out->dim, t->dim, sizeof(out->dim));
	out->data = run->trace + (size_t)run->output_at[i] * GS_CHUNK_BYTES;
	out->name = (struct gs_bytes){(const uint8_t *)t->name, strlen(t->name)};
}

void gs_run_input_root(const struct gs_run *run, struct gs_hash *out)
{
	uint64_t chunks = run->program->header.inputs_chunks;
	gs_merkle_array_root(run->inputs, chunks, gs_merkle_depth(chunks), out);
}

static uint64_t output_chunks(const struct gs_header *h)
{
	return gs_header_tolerant(h) ? h->claimed_chunks : UINT64_C(1) << h->output_depth;
}

uint64_t gs_run_output_bytes(const struct gs_program *program)
{
	return output_chunks(&program->header) * GS_CHUNK_BYTES;
}

void gs_run_pack_outputs(const struct gs_run *run, uint8_t *out)
{
	memset(out, 0, (size_t)gs_run_output_bytes(run->program));
	for (uint32_t i = 0; i < run->program->io.outputs; i++) {
		struct gs_tensor t;
		gs_run_output(run, i, &t);
		if (t.count != 0)
			memcpy(out + (size_t)run->program->io.output[i].chunk * GS_CHUNK_BYTES, t.data,
			       (size_t)gs_tensor_bytes(&t));
	}
}

void gs_output_array_root(const struct gs_program *program, const uint8_t *array, struct gs_hash *out)
{
	uint64_t chunks = output_chunks(&program->header);
	gs_merkle_array_root(array, chunks, gs_merkle_depth(chunks), out);
}

enum gs_err gs_run_output_root(const struct gs_run *run, struct gs_hash *out, struct gs_error *error)
{
	uint8_t *array = malloc((size_t)gs_run_output_bytes(run->program));
	if (array == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory for the outputs");
	gs_run_pack_outputs(run, array);
	gs_output_array_root(run->program, array, out);
	free(array);
	return GS_OK;
}

/* A number of at most `max`, as binary32 bits; *end is what follows it. */
static bool read_tolerance(const char *text, uint32_t max, uint32_t *bits, const char **end)
{
	char *after;
	float v = strtof(text, &after);
	if (after == text || strchr("0123456789.", *text) == NULL || !isfinite(v))
		return false;
	memcpy(bits, &v, sizeof(v));
	*end = after;
	return *bits <= max;
}

enum gs_err gs_parse_tolerance(const char *text, uint32_t *absolute, uint32_t *relative, struct gs_error *error)
{
	const char *at = text;
	if (read_tolerance(at, GS_TOLERANCE_ABS_MAX, absolute, &at) && *at == ',' &&
	    read_tolerance(at + 1, GS_TOLERANCE_REL_MAX, relative, &at) && *at == 0 &&
	    (*absolute != 0 || *relative != 0))
		return GS_OK;
	return gs_fail(error, GS_EINVAL,
	               "--tolerance %.40s: write ABSOLUTE,RELATIVE, from 0 to 2^20 and from 0 to 1, and not both 0",
	               text);
}

enum gs_err gs_model_lower(const char *path, struct gs_bytes onnx, const struct gs_onnx_signature *signature,
                           const struct gs_tensor *const *tensor, const bool *bound, bool unnamed,
                           struct gs_program *out, struct gs_onnx_report *report, struct gs_error *error)
{
	uint32_t n = signature->inputs;
	struct gs_onnx_shape *shape = calloc(n + 1U, sizeof(*shape));
	struct gs_onnx_bound *fixed = calloc(n + 1U, sizeof(*fixed));
	struct gs_onnx_options options = {.shape = shape, .bound = fixed, .unnamed = unnamed};
	enum gs_err err;
	if (shape == NULL || fixed == NULL) {
		err = gs_fail(error, GS_ENOMEM, "no memory for the model's inputs");
		goto out;
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct gs_onnx_input *in = &signature->input[i];
		if (tensor[i]->dtype != in->elem_type) {
			err = gs_fail(error, GS_EINVAL, "input '%s' takes %s, given is %s", in->name,
			              gs_onnx_type_name(in->elem_type), gs_onnx_type_name((uint64_t)tensor[i]->dtype));
			*report = (struct gs_onnx_report){.reason = GS_ONNX_DATA_TYPE};
			goto out;
		}
		if (bound[i]) {
			fixed[options.bounds++] = (struct gs_onnx_bound){.name = in->name, .tensor = *tensor[i]};
			continue;
		}
		struct gs_onnx_shape *s = &shape[options.shapes++];
		s->name = in->name;
		s->rank = tensor[i]->rank;
		memcpy(s->dim, tensor[i]->dim, sizeof(s->dim));
	}
	err = gs_lower_beside(path, onnx, &options, out, report, error);
out:
	free(shape);
	free(fixed);
	return err;
}
