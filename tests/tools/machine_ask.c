/* tests/tools/machine_ask.c: answers questions about the law as this tree's C implements it, one line each.
 *
 *     machine_ask < questions > answers        (tests/evaluator/compare.py asks)
 *
 *     program FILE.gsp [INPUTS.bin [CLAIMED.bin]]    "ok", model id, roots of program, weights, inputs, trace and outputs,
 *                                      and of the claimed outputs where it is tolerant; runs it. "-": no inputs
 *     trace FILE                       writes the chunks of the trace up to the end of the last tensor: "ok"
 *     element CHUNK SLOT               the element's stored bits, by the interpreter
 *     state CHUNK SLOT T               s_T of a fold's element, by the interpreter
 *     step CHUNK SLOT T PREV           kind, value, operands a b c, skipped, "space:chunk" of every read, by the judge
 *     fn CODE A B C                    a scalar function of registers
 *     load DTYPE BITS, store DTYPE REG
 *     file HEX, descriptor HEX         "ok", or "refused: why"
 *
 * Numbers are hexadecimal without a prefix. The interpreter's trace is compared with the executor's before "program" is
 * answered. A question that cannot be read ends the program with status 2. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenge/machine/judge.h"
#include "challenge/machine/trace.h"
#include "validator/exec/exec.h"

enum { FILE_BYTES_MAX = 1 << 28, WORDS_MAX = 6 };

struct loaded {
	bool is_there;
	struct gs_program program;
	struct gs_trace trace;
	struct gs_buf inputs, claimed;
	uint8_t chunk[GS_CHUNK_BYTES];
};

struct question {
	char *word[WORDS_MAX];
	unsigned words;
};

static void stop(const char *what, const char *which)
{
	fprintf(stderr, "machine_ask: %s: %s\n", what, which);
	exit(2);
}

static uint64_t number(const struct question *q, unsigned i)
{
	char *end = NULL;
	if (i >= q->words)
		stop("a number is missing after", q->word[0]);
	uint64_t value = strtoull(q->word[i], &end, 16);
	if (*end != 0)
		stop("not a number", q->word[i]);
	return value;
}

static void read_file(const char *path, struct gs_buf *out)
{
	uint8_t part[4096];
	size_t len;
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		stop("cannot be opened", path);
	gs_buf_init(out, FILE_BYTES_MAX);
	while ((len = fread(part, 1, sizeof(part), f)) > 0)
		gs_buf_append(out, part, len);
	fclose(f);
	if (out->err != GS_OK)
		stop("too large", path);
}

static void unload(struct loaded *at)
{
	if (!at->is_there)
		return;
	gs_trace_free(&at->trace);
	gs_buf_free(&at->inputs);
	gs_buf_free(&at->claimed);
	gs_program_free(&at->program);
	at->is_there = false;
}

static struct gs_memory memory_of(const struct loaded *at, const struct gs_trace *trace)
{
	return (struct gs_memory){.trace = trace->chunks,
	                          .weights = at->program.weights,
	                          .inputs = at->inputs.ptr,
	                          .claimed = at->claimed.ptr};
}

static void print_hash(const struct gs_hash *hash)
{
	char text[65];
	gs_hex_encode(hash->b, 32, false, text);
	printf(" %s", text);
}

/* Both executions, and their agreement. */
static bool run(struct loaded *at)
{
	struct gs_trace fast = {0};
	bool ok = gs_trace_init_for(&at->trace, &at->program) == GS_OK &&
	          gs_trace_init_for(&fast, &at->program) == GS_OK;
	if (ok) {
		struct gs_memory memory = memory_of(at, &at->trace), fast_memory = memory_of(at, &fast);
		gs_interpret(&at->program, &memory);
		ok = gs_exec_run(&at->program, &fast_memory, 1, NULL) == GS_OK &&
		     gs_trace_commit(&at->trace) == GS_OK &&
		     memcmp(at->trace.chunks, fast.chunks, at->trace.present * GS_CHUNK_BYTES) == 0;
	}
	gs_trace_free(&fast);
	return ok;
}

static void answer_program(struct loaded *at, const struct question *q)
{
	struct gs_buf bytes;
	struct gs_error error = {0};
	struct gs_hash hash;
	unload(at);
	read_file(q->word[1], &bytes);
	enum gs_err err = gs_program_read(gs_buf_view(&bytes), &at->program, &error);
	gs_buf_free(&bytes);
	if (err != GS_OK) {
		printf("refused: %s\n", error.text);
		return;
	}
	at->is_there = true;
	const struct gs_header *header = &at->program.header;
	gs_buf_init(&at->inputs, FILE_BYTES_MAX);
	gs_buf_init(&at->claimed, FILE_BYTES_MAX);
	if (q->words > 2 && strcmp(q->word[2], "-") != 0)
		read_file(q->word[2], &at->inputs);
	if (q->words > 3)
		read_file(q->word[3], &at->claimed);
	if (at->inputs.len != (size_t)header->inputs_chunks * GS_CHUNK_BYTES)
		stop("not the size of the inputs", q->word[1]);
	if (at->claimed.len != (size_t)header->claimed_chunks * GS_CHUNK_BYTES)
		stop("not the size of the claimed outputs", q->word[1]);
	if (!run(at))
		stop("the executor and the interpreter differ", q->word[1]);
	printf("ok");
	gs_header_model_id(header, &hash);
	print_hash(&hash);
	print_hash(&header->program_root);
	print_hash(&header->weights_root);
	gs_merkle_array_root(at->inputs.ptr, header->inputs_chunks, gs_merkle_depth(header->inputs_chunks), &hash);
	print_hash(&hash);
	gs_trace_root(&at->trace, &hash);
	print_hash(&hash);
	gs_trace_output_root(&at->trace, header, &hash);
	print_hash(&hash);
	gs_merkle_array_root(at->claimed.ptr, header->claimed_chunks, gs_merkle_depth(header->claimed_chunks), &hash);
	if (gs_header_tolerant(header))
		print_hash(&hash);
	printf("\n");
}

static void answer_trace(const struct loaded *at, const struct question *q)
{
	FILE *f = fopen(q->word[1], "wb");
	bool ok = f != NULL && fwrite(at->trace.chunks, GS_CHUNK_BYTES, at->trace.present, f) == at->trace.present;
	if (f == NULL || fclose(f) != 0 || !ok)
		stop("cannot be written", q->word[1]);
	printf("ok\n");
}

static const uint8_t *read_chunk(void *self, uint8_t space, uint32_t chunk)
{
	struct loaded *at = self;
	switch ((enum gs_space)space) {
	case GS_SPACE_TRACE: gs_trace_chunk(&at->trace, chunk, at->chunk); return at->chunk;
	case GS_SPACE_WEIGHTS: return at->program.weights + (size_t)chunk * GS_CHUNK_BYTES;
	case GS_SPACE_INPUTS: return at->inputs.ptr + (size_t)chunk * GS_CHUNK_BYTES;
	case GS_SPACE_CLAIMED: return at->claimed.ptr + (size_t)chunk * GS_CHUNK_BYTES;
	}
	return NULL;
}

static struct gs_instr element_at(const struct loaded *at, const struct question *q, uint64_t *element)
{
	uint64_t chunk = number(q, 1), slot = number(q, 2);
	if (!at->is_there || chunk >> at->program.header.trace_depth != 0)
		stop("no program, or no such chunk", q->word[1]);
	struct gs_instr in = gs_program_instr(&at->program, gs_program_covering(&at->program, (uint32_t)chunk));
	*element = (chunk - in.first_chunk) * gs_dtype_per_chunk((enum gs_dtype)in.store_dtype) + slot;
	return in;
}

static void answer_element(struct loaded *at, const struct question *q)
{
	uint64_t element;
	const struct gs_instr instr = element_at(at, q, &element), *in = &instr;
	struct gs_memory memory = memory_of(at, &at->trace);
	printf("%" PRIx64 "\n", element < gs_instr_count(in) ? gs_interpret_element(in, &memory, element) : 0);
}

static void answer_state(struct loaded *at, const struct question *q)
{
	uint64_t element, t = number(q, 3);
	gs_reg state = 0;
	const struct gs_instr instr = element_at(at, q, &element), *in = &instr;
	struct gs_memory memory = memory_of(at, &at->trace);
	if (in->form != GS_FOLD || element >= gs_instr_count(in) || t > gs_instr_terms(in))
		stop("no such state", q->word[3]);
	gs_interpret_accumulators(in, &memory, element, (uint32_t)t, 1, 1, &state);
	printf("%" PRIx64 "\n", state);
}

static void answer_step(struct loaded *at, const struct question *q)
{
	static const char *const names[] = {"", "padding", "map", "init", "body", "final"};
	uint64_t element, t = number(q, 3);
	struct gs_step_record record;
	const struct gs_instr instr = element_at(at, q, &element), *in = &instr;
	if (t > 0 && (in->form != GS_FOLD || element >= gs_instr_count(in) || t > gs_instr_terms(in) + 1))
		stop("no such step", q->word[3]);
	gs_judge_step(in, element, (uint32_t)t, number(q, 4), read_chunk, at, &record);
	printf("%s %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %d", names[record.kind], record.result, record.a,
	       record.b, record.c, record.skipped);
	for (unsigned i = 0; i < record.reads; i++)
		printf(" %" PRIx8 ":%" PRIx32, record.read[i].space, record.read[i].chunk);
	printf("\n");
}

static void answer_fn(const struct question *q)
{
	unsigned code = (unsigned)number(q, 1);
	if (gs_fn_info(code) == NULL || gs_fn_is_first(code))
		stop("no function that can be called", q->word[1]);
	printf("%" PRIx64 "\n", gs_fn_apply(code, number(q, 2), number(q, 3), number(q, 4)));
}

static void answer_dtype(const struct question *q, bool is_load)
{
	unsigned code = (unsigned)number(q, 1);
	if (!gs_dtype_known(code))
		stop("no dtype", q->word[1]);
	uint64_t in = number(q, 2),
		 out = is_load ? gs_load((enum gs_dtype)code, in) : gs_store((enum gs_dtype)code, in);
	printf("%" PRIx64 "\n", out);
}

static void answer_bytes(const struct question *q, bool is_file)
{
	struct gs_program program;
	struct gs_instr instr;
	struct gs_error error = {0};
	const char *hex = q->words > 1 ? q->word[1] : "";
	size_t len = strlen(hex) / 2;
	uint8_t *bytes = malloc(len + 1);
	if (bytes == NULL || gs_hex_decode(hex, strlen(hex), bytes, len) != GS_OK)
		stop("not hex", q->word[0]);
	enum gs_err err = is_file ? gs_program_read((struct gs_bytes){bytes, len}, &program, &error)
	                          : gs_instr_decode((struct gs_bytes){bytes, len}, &instr, &error);
	if (is_file && err == GS_OK)
		gs_program_free(&program);
	printf(err == GS_OK ? "ok\n" : "refused: %s\n", error.text);
	free(bytes);
}

static void answer(struct loaded *at, const struct question *q)
{
	const char *what = q->word[0];
	if (strcmp(what, "program") == 0 && q->words > 1)
		answer_program(at, q);
	else if (strcmp(what, "trace") == 0 && q->words > 1 && at->is_there)
		answer_trace(at, q);
	else if (strcmp(what, "element") == 0)
		answer_element(at, q);
	else if (strcmp(what, "state") == 0)
		answer_state(at, q);
	else if (strcmp(what, "step") == 0)
		answer_step(at, q);
	else if (strcmp(what, "fn") == 0)
		answer_fn(q);
	else if (strcmp(what, "load") == 0 || strcmp(what, "store") == 0)
		answer_dtype(q, what[0] == 'l');
	else if (strcmp(what, "file") == 0 || strcmp(what, "descriptor") == 0)
		answer_bytes(q, what[0] == 'f');
	else
		stop("no such question", what);
}

int main(void)
{
	static struct loaded at;
	char *line = NULL, *rest = NULL;
	size_t size = 0;
	while (getline(&line, &size, stdin) > 0) {
		struct question q = {0};
		for (char *word = strtok_r(line, " \n", &rest); word != NULL && q.words < WORDS_MAX;
		     word = strtok_r(NULL, " \n", &rest))
			q.word[q.words++] = word;
		if (q.words > 0) {
			answer(&at, &q);
			fflush(stdout);
		}
	}
	unload(&at);
	free(line);
	return 0;
}
