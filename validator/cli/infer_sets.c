#include "validator/cli/infer_sets.h"

#include "chain/core/pages.h"
#include "validator/exec/batch.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* ---- what is given ---- */

/* One more; NULL: error says why. */
static struct gs_infer_set *add_set(struct gs_infer_sets *sets, const char *name, struct gs_error *error)
{
	struct gs_infer_set **grown = NULL, *set = NULL;
	if (sets->count == GS_INFER_SETS_MAX) {
		(void)gs_fail(error, GS_ELIMIT, "more than %d sets of inputs", GS_INFER_SETS_MAX);
		return NULL;
	}
	grown = realloc(sets->set, (sets->count + 1) * sizeof(struct gs_infer_set *));
	if (grown != NULL) {
		sets->set = grown;
		set = calloc(1, sizeof(*set));
	}
	if (set == NULL) {
		(void)gs_fail(error, GS_ENOMEM, "no memory for %u sets of inputs", sets->count + 1);
		return NULL;
	}
	gs_tensor_set_init(&set->tensors);
	snprintf(set->name, sizeof(set->name), "%s", name);
	return sets->set[sets->count++] = set;
}

enum gs_err gs_infer_sets_one(const struct gs_cli_list *tensors, struct gs_infer_sets *out, struct gs_error *error)
{
	struct gs_infer_set *set = add_set(out, "", error);
	enum gs_err err = GS_OK;
	if (set == NULL)
		return error->code;
	for (size_t i = 0; err == GS_OK && i < tensors->count; i++)
		err = gs_tensor_set_add(&set->tensors, tensors->item[i], error);
	return err;
}

/* FOLDER/input_I.pb or .npy; false when neither is there. */
static bool input_path(const char *folder, unsigned i, char out[GS_INFER_PATH_MAX])
{
	static const char *const kind[] = {"pb", "npy"};
	for (unsigned k = 0; k < GS_ARRAY_LEN(kind); k++) {
		int n = snprintf(out, GS_INFER_PATH_MAX, "%s/input_%u.%s", folder, i, kind[k]);
		if (n > 0 && n < GS_INFER_PATH_MAX && access(out, F_OK) == 0)
			return true;
	}
	return false;
}

static enum gs_err read_set(struct gs_infer_sets *sets, const char *folder, struct gs_error *error)
{
	char path[GS_INFER_PATH_MAX];
	struct gs_infer_set *set = add_set(sets, folder, error);
	enum gs_err err = GS_OK;
	if (set == NULL)
		return error->code;
	for (unsigned i = 0; err == GS_OK && input_path(folder, i, path); i++)
		err = gs_tensor_set_add(&set->tensors, path, error);
	return err;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* The numbers of the folder's test_data_set_N, in order; at most GS_INFER_SETS_MAX of them. */
static enum gs_err data_sets(const char *folder, uint32_t *number, uint32_t *count, struct gs_error *error)
{
	DIR *dir = opendir(folder);
	struct dirent *item;
	*count = 0;
	if (dir == NULL)
		return gs_fail(error, errno == ENOENT ? GS_ENOTFOUND : GS_EIO, "%s: %s", folder, strerror(errno));
	while ((item = readdir(dir)) != NULL && *count < GS_INFER_SETS_MAX) {
		unsigned n;
		int end = 0;
		if (sscanf(item->d_name, "test_data_set_%9u%n", &n, &end) == 1 && item->d_name[end] == 0)
			number[(*count)++] = n;
	}
	closedir(dir);
	qsort(number, *count, sizeof(*number), by_number);
	return GS_OK;
}

static enum gs_err read_folder(struct gs_infer_sets *sets, const char *folder, uint32_t *number, struct gs_error *error)
{
	char path[GS_INFER_PATH_MAX];
	uint32_t count;
	enum gs_err err = data_sets(folder, number, &count, error);
	if (err == GS_OK && input_path(folder, 0, path))
		return read_set(sets, folder, error);
	if (err == GS_OK && count == 0)
		return gs_fail(error, GS_ENOTFOUND, "%s: holds neither input_0.pb or input_0.npy nor test_data_set_0",
		               folder);
	for (uint32_t i = 0; err == GS_OK && i < count; i++) {
		int n = snprintf(path, sizeof(path), "%s/test_data_set_%u", folder, number[i]);
		if (n < 0 || (size_t)n >= sizeof(path))
			return gs_fail(error, GS_EINVAL, "--inputs: the path is too long");
		err = read_set(sets, path, error);
	}
	return err;
}

enum gs_err gs_infer_sets_read(const struct gs_cli_list *folders, struct gs_infer_sets *out, struct gs_error *error)
{
	uint32_t *number = malloc(GS_INFER_SETS_MAX * sizeof(*number));
	enum gs_err err = GS_OK;
	if (number == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	for (size_t i = 0; err == GS_OK && i < folders->count; i++)
		err = read_folder(out, folders->item[i], number, error);
	free(number);
	return err;
}

void gs_infer_sets_free(struct gs_infer_sets *sets)
{
	for (uint32_t i = 0; i < sets->count; i++) {
		gs_run_free(&sets->set[i]->run);
		gs_tensor_set_free(&sets->set[i]->tensors);
		free(sets->set[i]);
	}
	free(sets->set);
	*sets = (struct gs_infer_sets){0};
}

/* ---- which tensor is which input ---- */

static bool same_tensor(const struct gs_tensor *a, const struct gs_tensor *b)
{
	return a->dtype == b->dtype && a->rank == b->rank && memcmp(a->dim, b->dim, a->rank * sizeof(a->dim[0])) == 0 &&
	       memcmp(a->data, b->data, (size_t)gs_tensor_bytes(a)) == 0;
}

static enum gs_err within(const struct gs_infer_set *set, enum gs_err err, struct gs_error *error)
{
	return err != GS_OK && set->name[0] != 0 ? gs_fail_within(error, err, "%s", set->name) : err;
}

enum gs_err gs_infer_sets_feed(struct gs_infer_sets *sets, const char *const *name, const bool *bound, uint32_t names,
                               struct gs_error *error)
{
	const struct gs_tensor *first[GS_IO_MAX];
	for (uint32_t s = 0; s < sets->count; s++) {
		struct gs_infer_set *set = sets->set[s];
		uint32_t index[GS_IO_MAX];
		enum gs_err err = gs_tensor_set_match(&set->tensors, name, names, index, error);
		if (err != GS_OK)
			return within(set, err, error);
		set->feeds = 0;
		for (uint32_t i = 0; i < names; i++) {
			const struct gs_tensor *tensor = &set->tensors.tensor[index[i]];
			first[i] = s == 0 ? tensor : first[i];
			if (!bound[i])
				set->feed[set->feeds++] = tensor;
			else if (!same_tensor(first[i], tensor))
				return gs_fail(
					error, GS_EINVAL,
					"%s: input '%s' is bound and not that of the first set; run it by itself",
					set->name, name[i]);
		}
	}
	return GS_OK;
}

/* ---- running ---- */

enum gs_err gs_infer_sets_init(struct gs_infer_sets *sets, const struct gs_program *program, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (uint32_t s = 0; err == GS_OK && s < sets->count; s++) {
		struct gs_infer_set *set = sets->set[s];
		err = within(set, gs_run_init(&set->run, program, set->feed, set->feeds, error), error);
	}
	return err;
}

struct batch {
	struct gs_infer_sets *sets;
	const struct gs_exec_batch *batch;
};

/* A set's outputs, from where its thread has run it to its own memory. */
static void keep_outputs(void *self, uint32_t input, const uint8_t *trace)
{
	const struct batch *b = self;
	struct gs_run *run = &b->sets->set[input]->run;
	for (uint32_t i = 0; i < run->program->io.outputs; i++) {
		uint32_t at = run->output_at[i], place = gs_exec_batch_place(b->batch, at);
		size_t bytes = (size_t)gs_tensor_type_elements(&run->program->io.output[i]) *
		               gs_dtype_bytes((enum gs_dtype)run->program->io.output[i].dtype);
		if (bytes != 0)
			memcpy(run->trace + (size_t)at * GS_CHUNK_BYTES, trace + (size_t)place * GS_CHUNK_BYTES, bytes);
	}
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static enum gs_err run_rounds(struct batch *b, struct gs_exec_batch *runs, uint8_t *const *room, uint64_t repeat,
                              double *seconds, struct gs_error *error)
{
	struct gs_infer_sets *sets = b->sets;
	struct gs_memory *memory = calloc(sets->count, sizeof(*memory));
	enum gs_err err = GS_OK;
	if (memory == NULL)
		return gs_fail(error, GS_ENOMEM, "no memory");
	for (uint32_t s = 0; s < sets->count; s++) {
		const struct gs_run *run = &sets->set[s]->run;
		memory[s] = (struct gs_memory){
			.weights = run->program->weights, .inputs = run->inputs, .claimed = run->claimed};
	}
	b->batch = runs;
	for (uint64_t i = 0; err == GS_OK && i < repeat; i++) {
		double start = now_s();
		err = gs_exec_batch_run_in(runs, memory, sets->count, room, keep_outputs, b, error);
		seconds[i] = now_s() - start;
	}
	free(memory);
	return err;
}

enum gs_err gs_infer_sets_run(struct gs_infer_sets *sets, unsigned threads, const char *isa, uint64_t repeat,
                              double *seconds, struct gs_error *error)
{
	const struct gs_program *program = sets->set[0]->run.program;
	const size_t whole = (size_t)gs_program_trace_bytes(program);
	const struct gs_exec_options options = {
		.threads = threads, .isa = isa, .packed_bytes = GS_EXEC_PACKED_BYTES_MAX, .outputs_only = true};
	struct batch batch = {.sets = sets};
	struct gs_exec_batch *runs;
	uint8_t *room[GS_EXEC_THREADS_MAX] = {NULL};
	enum gs_err err = gs_exec_batch_new(program, &options, &runs, error);
	if (err != GS_OK)
		return err;
	for (unsigned t = 0; err == GS_OK && t < threads; t++) {
		void *p = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			err = gs_fail(error, GS_ENOMEM, "no memory for %u traces of %zu bytes", threads, whole);
		else
			gs_large_pages(room[t] = p, (size_t)gs_exec_batch_chunks(runs) * GS_CHUNK_BYTES);
	}
	if (err == GS_OK)
		err = run_rounds(&batch, runs, room, repeat, seconds, error);
	for (unsigned t = 0; t < threads; t++)
		if (room[t] != NULL)
			munmap(room[t], whole);
	gs_exec_batch_free(runs);
	return err;
}
