/* Program files: read, or refused with a line of text; what is read can be written back to the same bytes.
 *
 * The header commits to everything behind it, so that hardly any changed file would get past its hashes: each input is
 * read as it is, and once more with a header whose hashes are made right. What is then accepted, however odd, is executed by
 * interpreter and executor, which must agree to the bit. */
#include "challenge/machine/io.h"
#include "challenge/machine/merkle.h"
#include "challenge/machine/trace.h"
#include "challenge/machine/wire.h"
#include "validator/exec/exec.h"

#include "chain/core/hash.h"

#include <stdlib.h>
#include <string.h>

enum {
	MAGIC_BYTES = 8,
	PROGRAM_ROOT_AT = MAGIC_BYTES + 4 * 32,
	WEIGHTS_ROOT_AT = MAGIC_BYTES + 6 * 32,
	IO_HASH_AT = MAGIC_BYTES + 16 * 32,
	INSTRUCTIONS_MAX = 64,
	COST_MAX = 1 << 14,
	TRACE_BYTES_MAX = 1 << 22,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void execute(const struct gs_program *p)
{
	uint64_t bytes = gs_program_trace_bytes(p);
	if (p->header.cost > COST_MAX || bytes > TRACE_BYTES_MAX ||
	    p->header.inputs_chunks > TRACE_BYTES_MAX / GS_CHUNK_BYTES ||
	    p->header.claimed_chunks > TRACE_BYTES_MAX / GS_CHUNK_BYTES)
		return;
	uint8_t *inputs = calloc((size_t)p->header.inputs_chunks + 1, GS_CHUNK_BYTES);
	uint8_t *claimed = calloc((size_t)p->header.claimed_chunks + 1, GS_CHUNK_BYTES);
	uint8_t *slow = calloc(1, bytes), *fast = calloc(1, bytes);
	struct gs_error error;
	if (inputs == NULL || claimed == NULL || slow == NULL || fast == NULL)
		abort();
	struct gs_memory memory = {.trace = slow, .weights = p->weights, .inputs = inputs, .claimed = claimed};
	gs_interpret(p, &memory);
	memory.trace = fast;
	if (gs_exec_run(p, &memory, 1, &error) != GS_OK || memcmp(slow, fast, bytes) != 0)
		abort();
	free(claimed);
	free(inputs);
	free(slow);
	free(fast);
}

static void try_program(const uint8_t *data, size_t size)
{
	struct gs_program p;
	struct gs_error error = {0};
	struct gs_buf again;
	if (gs_program_read((struct gs_bytes){data, size}, &p, &error) != GS_OK) {
		if (error.text[0] == 0)
			abort();
		return;
	}
	gs_buf_init(&again, size + 1);
	if (gs_program_write(&p, &again) != GS_OK || again.len != size || memcmp(again.ptr, data, size) != 0)
		abort();
	gs_buf_free(&again);
	execute(&p);
	gs_program_free(&p);
}

/* Writes into the header what lies behind it hashes to; false when the file does not hold together at all. */
static bool mend(uint8_t *data, size_t size)
{
	struct gs_wire w = gs_wire_open((struct gs_bytes){data, size});
	struct gs_hash leaf[INSTRUCTIONS_MAX], root;
	struct gs_merkle tree;
	if (gs_wire_take(&w, MAGIC_BYTES + GS_HEADER_BYTES) == NULL)
		return false;
	uint32_t count = gs_be32_read(data + MAGIC_BYTES + 5 * 32 + 28),
		 chunks = gs_be32_read(data + MAGIC_BYTES + 7 * 32 + 28);
	uint64_t len = gs_wire_uint(&w);
	const uint8_t *io = len <= size ? gs_wire_take(&w, len) : NULL;
	if (io == NULL || count == 0 || count > INSTRUCTIONS_MAX)
		return false;
	gs_keccak256(io, len, &root);
	memcpy(data + IO_HASH_AT, root.b, 32);
	for (uint32_t i = 0; i < count; i++) {
		len = gs_wire_uint(&w);
		const uint8_t *d = len <= GS_DESCRIPTOR_BYTES_MAX ? gs_wire_take(&w, len) : NULL;
		if (d == NULL)
			return false;
		gs_merkle_descriptor((struct gs_bytes){d, len}, &leaf[i]);
	}
	if ((size_t)(w.end - w.at) != (size_t)chunks * GS_CHUNK_BYTES)
		return false;
	if (gs_merkle_build_hashes(leaf, count, gs_merkle_depth(count), &tree) != GS_OK)
		return false;
	gs_merkle_root(&tree, &root);
	gs_merkle_free(&tree);
	memcpy(data + PROGRAM_ROOT_AT, root.b, 32);
	gs_merkle_array_root(w.at, chunks, gs_merkle_depth(chunks), &root);
	memcpy(data + WEIGHTS_ROOT_AT, root.b, 32);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_program(data, size);
	uint8_t *copy = malloc(size + 1);
	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	if (mend(copy, size))
		try_program(copy, size);
	free(copy);
	return 0;
}
