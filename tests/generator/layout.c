/* tests/generator/layout.c: gaps between instructions. Sealing packs the trace; the law allows any span that is long
 * enough, and a judge has to know that what lies in a gap is zero. */
#include "tests/generator/internal.h"

#include <stdlib.h>
#include <string.h>

#include "challenge/machine/merkle.h"

static uint64_t chunks_of(const struct gs_instr *in)
{
	return gs_dtype_chunks((enum gs_dtype)in->store_dtype, gs_instr_count(in));
}

static void move_view(const struct gs_instr *instr, const uint32_t *old_first, uint32_t before, struct gs_view *view)
{
	if (view->space != GS_SPACE_TRACE)
		return;
	for (uint32_t i = 0; i < before; i++) {
		if (old_first[i] == view->chunk) {
			view->chunk = instr[i].first_chunk;
			return;
		}
	}
	GS_ASSERT(!"a view of the trace has a producer");
}

static enum gs_err encode_again(struct generator *g, struct gs_error *error)
{
	struct gs_program *p = g->program;
	struct gs_merkle tree;
	struct gs_hash *leaf = calloc(p->count, sizeof(*leaf));
	uint8_t *bytes = malloc((size_t)p->count * GS_DESCRIPTOR_BYTES_MAX);
	enum gs_err err = leaf != NULL && bytes != NULL ? GS_OK : GS_ENOMEM;
	for (uint32_t i = 0; i < p->count && err == GS_OK; i++) {
		size_t len = 0;
		uint8_t *at = bytes + p->descriptor_at[i];
		err = gs_instr_encode(&g->instr[i], at, &len);
		if (err != GS_OK)
			break;
		p->descriptor_at[i + 1] = p->descriptor_at[i] + (uint32_t)len;
		gs_merkle_descriptor((struct gs_bytes){at, len}, &leaf[i]);
	}
	if (err == GS_OK)
		err = gs_merkle_build_hashes(leaf, p->count, gs_merkle_depth(p->count), &tree);
	if (err == GS_OK) {
		gs_merkle_root(&tree, &p->header.program_root);
		gs_merkle_free(&tree);
		free(p->descriptors);
		p->descriptors = bytes;
		bytes = NULL;
	}
	free(bytes);
	free(leaf);
	return err == GS_OK ? GS_OK : gs_fail(error, err, "generator: encoding the stretched program failed");
}

enum gs_err generator_stretch(struct generator *g, struct gs_error *error)
{
	struct gs_program *p = g->program;
	struct gs_header *h = &p->header;
	uint32_t first_output = p->count - h->outputs;
	uint64_t block = UINT64_C(1) << h->output_depth;
	unsigned depth = g->options.trace_depth_max;
	if (!g->options.deep)
		depth = h->trace_depth + (unsigned)below(g, depth - h->trace_depth + 1);
	uint64_t room = UINT64_C(1) << depth;
	uint64_t spare = room - (h->output_chunk + block);
	if (first_output == 0 || spare == 0)
		return GS_OK;
	if (generator_instructions(g) != GS_OK)
		return gs_fail(error, GS_ENOMEM, "generator: no memory");
	uint32_t *old_first = calloc(p->count, sizeof(*old_first));
	if (old_first == NULL)
		return gs_fail(error, GS_ENOMEM, "generator: no memory");
	for (uint32_t i = 0; i < p->count; i++)
		old_first[i] = g->instr[i].first_chunk;
	uint64_t next = 0;
	for (uint32_t i = 0; i < p->count; i++) {
		struct gs_instr *in = &g->instr[i];
		if (i == first_output) {
			uint64_t aligned = (next + block - 1) / block * block;
			g->instr[i - 1].span += (uint32_t)(aligned - next);
			next = aligned;
			h->output_chunk = (uint32_t)next;
		}
		in->first_chunk = (uint32_t)next;
		in->span = (uint32_t)chunks_of(in);
		if (i < first_output && (g->options.deep || one_in(g, 2))) {
			/* The last gap of a deep trace takes what is left but for the block's alignment. */
			uint64_t gap = g->options.deep && i + 1 == first_output ? spare - spare / 4
			                                                        : below(g, spare / 2 + 1);
			in->span += (uint32_t)gap;
			spare -= gap;
		}
		next += in->span;
		for (unsigned k = 0; k < gs_instr_operands(in); k++) {
			struct gs_operand *op = &in->operand[k];
			if (op->kind != GS_OPERAND_TENSOR)
				continue;
			move_view(g->instr, old_first, i, &op->view);
			if (op->indirect_row)
				move_view(g->instr, old_first, i, &op->indirect);
		}
	}
	free(old_first);
	h->trace_depth = gs_merkle_depth(h->output_chunk + block);
	g->instr[p->count - 1].span += (uint32_t)((UINT64_C(1) << h->trace_depth) - next);
	return encode_again(g, error);
}
