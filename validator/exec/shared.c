#include "validator/exec/shared.h"

#include <stdlib.h>
#include <string.h>

uint32_t gs_shared_factor(const struct gs_instr *in)
{
	for (unsigned k = 1, operands = gs_instr_operands(in); in->form == GS_FOLD && k < operands; k++) {
		const struct gs_operand *op = &in->operand[k];
		if (op->kind == GS_OPERAND_TENSOR && op->view.space == GS_SPACE_WEIGHTS)
			return op->view.chunk;
	}
	return GS_SHARED_NONE;
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

uint32_t gs_shared_repeated(uint32_t *chunk, uint32_t count)
{
	uint32_t some = 0, kept = 0;
	for (uint32_t i = 0; i < count; i++)
		if (chunk[i] != GS_SHARED_NONE)
			chunk[some++] = chunk[i];
	qsort(chunk, some, sizeof(*chunk), ascending);
	for (uint32_t i = 1; i < some; i++)
		if (chunk[i] == chunk[i - 1] && (kept == 0 || chunk[kept - 1] != chunk[i]))
			chunk[kept++] = chunk[i];
	return kept;
}

bool gs_shared_is(const uint32_t *chunk, uint32_t count, uint32_t which)
{
	return count != 0 && bsearch(&which, chunk, count, sizeof(*chunk), ascending) != NULL;
}

static bool same_factor(const struct gs_factor *a, const struct gs_factor *b)
{
	return a->space == b->space && a->chunk == b->chunk && a->dtype == b->dtype && a->count == b->count &&
	       a->at == b->at && a->stage_dims == 0 && b->stage_dims == 0 &&
	       memcmp(a->step, b->step, sizeof(a->step)) == 0;
}

static bool same_list(const struct gs_axis_list *a, const struct gs_axis_list *b)
{
	return a->count == b->count && a->points == b->points && memcmp(a->axis, b->axis, a->count) == 0;
}

static bool same_shape(const struct gs_contract *a, const struct gs_contract *b)
{
	const struct gs_contraction *p = &a->is, *q = &b->is;
	return p->words == 0 && q->words == 0 && p->out_axes == q->out_axes && p->red_axes == q->red_axes &&
	       p->pitch == q->pitch && a->width == b->width && a->tile_rows == b->tile_rows &&
	       memcmp(p->extent, q->extent, sizeof(p->extent)) == 0 && same_list(&p->batch, &q->batch) &&
	       same_list(&p->rows, &q->rows) && same_list(&p->lanes, &q->lanes);
}

void gs_shared_take_over(const struct gs_shared *s, struct gs_contract *c)
{
	for (uint32_t i = 0; i < s->count; i++) {
		const struct gs_contract *k = &s->c[i];
		bool x = c->packed_x == NULL && k->packed_x != NULL && same_factor(&c->is.x, &k->is.x);
		bool w = c->packed_w == NULL && k->packed_w != NULL && same_factor(&c->is.w, &k->is.w);
		if ((!x && !w) || !same_shape(c, k))
			continue;
		c->packed_x = x ? k->packed_x : c->packed_x;
		c->packed_w = w ? k->packed_w : c->packed_w;
	}
}

enum gs_err gs_shared_keep(struct gs_shared *s, const struct gs_contract *c)
{
	if (s->count == s->room) {
		uint32_t room = s->room ? 2 * s->room : 4;
		struct gs_contract *grown = realloc(s->c, room * sizeof(*grown));
		if (grown == NULL)
			return GS_ENOMEM;
		s->c = grown;
		s->room = room;
	}
	s->c[s->count++] = *c;
	return GS_OK;
}

void gs_shared_free(struct gs_shared *s)
{
	free(s->c);
	*s = (struct gs_shared){.c = NULL};
}
