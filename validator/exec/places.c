#include "validator/exec/places.h"

#include "challenge/machine/tolerance.h"

#include <stdlib.h>
#include <string.h>

enum { COPIED_CHUNKS_MIN = 512 }; /* of a tensor that it is worth asking about */

/* ---- the arena ---- */

struct hole {
	uint32_t at, chunks;
};

struct arena {
	struct hole hole[GS_PLACES_HOLES_MAX]; /* by place, none touching another or the end */
	unsigned holes;
	uint32_t end, most; /* chunks in use, and the most so far */
};

static void drop_hole(struct arena *a, unsigned h)
{
	memmove(&a->hole[h], &a->hole[h + 1], (--a->holes - h) * sizeof(a->hole[0]));
}

static uint32_t take(struct arena *a, uint32_t chunks)
{
	unsigned best = a->holes;
	for (unsigned h = 0; h < a->holes; h++)
		if (a->hole[h].chunks >= chunks && (best == a->holes || a->hole[h].chunks < a->hole[best].chunks))
			best = h;
	if (best == a->holes) {
		uint32_t at = a->end;
		a->end += chunks;
		a->most = a->most > a->end ? a->most : a->end;
		return at;
	}
	uint32_t at = a->hole[best].at;
	a->hole[best].at += chunks;
	a->hole[best].chunks -= chunks;
	if (a->hole[best].chunks == 0)
		drop_hole(a, best);
	return at;
}

static void forget_smallest(struct arena *a)
{
	unsigned least = 0;
	for (unsigned h = 1; h < a->holes; h++)
		least = a->hole[h].chunks < a->hole[least].chunks ? h : least;
	drop_hole(a, least);
}

static void give(struct arena *a, uint32_t at, uint32_t chunks)
{
	if (a->holes == GS_PLACES_HOLES_MAX)
		forget_smallest(a);
	unsigned h = a->holes;
	while (h > 0 && a->hole[h - 1].at > at)
		h--;
	memmove(&a->hole[h + 1], &a->hole[h], (a->holes++ - h) * sizeof(a->hole[0]));
	a->hole[h] = (struct hole){at, chunks};
	if (h + 1 < a->holes && at + chunks == a->hole[h + 1].at) {
		a->hole[h].chunks += a->hole[h + 1].chunks;
		drop_hole(a, h + 1);
	}
	if (h > 0 && a->hole[h - 1].at + a->hole[h - 1].chunks == at) {
		a->hole[h - 1].chunks += a->hole[h].chunks;
		drop_hole(a, h--);
	}
	if (a->hole[h].at + a->hole[h].chunks == a->end) {
		a->end = a->hole[h].at;
		drop_hole(a, h);
	}
}

/* ---- which instruction may write where ---- */

/* Whether everything that the instruction reads of instruction from's tensor, it reads at the place that it writes. */
static bool reads_alike(const struct gs_live_reads *reads, uint32_t from)
{
	for (unsigned r = 0; r < reads->count; r++)
		if (reads->from[r] == from && !(reads->alike >> r & 1))
			return false;
	return true;
}

struct layout {
	const struct gs_program *p;
	struct gs_places *places;
	const uint32_t *together; /* of gs_blocks_find */
	struct gs_live live;
	struct arena arena;
	gs_places_copies copies;
	void *self;
};

static void release(struct layout *l, uint32_t i)
{
	give(&l->arena, l->places->chunk[i], gs_program_tensor_chunks(l->p, i));
	l->live.last[i] = GS_LIVE_ALWAYS; /* once */
}

/* The first instruction that is run together with i. */
static uint32_t first_of(const struct layout *l, uint32_t i)
{
	uint32_t first = i;
	while (first > 0 && l->together[first - 1] == l->together[i])
		first--;
	return first;
}

/* Whether instruction i, and those before it that are run together with it, read the tensor as reads_alike says: a block
 * must not be overwritten for another block's sake. */
static bool all_read_alike(const struct layout *l, uint32_t i, uint32_t from)
{
	bool alike = reads_alike(&l->live.reads[i], from);
	for (uint32_t k = alike ? first_of(l, i) : i; k < i && alike; k++)
		alike = reads_alike(&l->live.reads[k], from);
	return alike;
}

/* The tensor, of those that instruction i is the last to read, that it writes over; false when there is none. */
static bool writes_over(const struct layout *l, uint32_t i, uint32_t *out)
{
	const struct gs_live_reads *reads = &l->live.reads[i];
	for (unsigned r = 0; r < reads->count; r++)
		if (reads->fits >> r & 1 && l->live.last[reads->from[r]] == i && all_read_alike(l, i, reads->from[r])) {
			*out = reads->from[r];
			return true;
		}
	return false;
}

/* A large tensor that dies in a fold which copies it first makes room for the fold's own. */
static void release_copied(struct layout *l, uint32_t i)
{
	const struct gs_live_reads *reads = &l->live.reads[i];
	struct gs_instr in;
	uint32_t chunk;
	bool large = false;
	for (unsigned k = 0; reads->folds && k < reads->count; k++)
		large |= l->live.last[reads->from[k]] == i &&
		         gs_program_tensor_chunks(l->p, reads->from[k]) >= COPIED_CHUNKS_MIN;
	if (!large)
		return;
	gs_program_decode(l->p, i, &in);
	if (!l->copies(l->self, &in, &chunk))
		return;
	uint32_t copied = gs_program_covering(l->p, chunk);
	unsigned times = 0;
	for (unsigned k = 0; k < reads->count; k++)
		times += reads->from[k] == copied;
	if (times == 1 && l->live.last[copied] == i)
		release(l, copied);
}

/* What nothing reads after instruction i. */
static void release_dead(struct layout *l, uint32_t i)
{
	const struct gs_live_reads *reads = &l->live.reads[i];
	for (unsigned k = 0; k < reads->count; k++)
		if (l->live.last[reads->from[k]] == i)
			release(l, reads->from[k]);
	if (l->live.last[i] == i)
		release(l, i);
}

static void place(struct layout *l, uint32_t i)
{
	uint32_t under = UINT32_MAX;
	if (i >= l->p->count - l->p->header.outputs) {
		l->places->chunk[i] = gs_program_first_chunk(l->p, i);
	} else if (writes_over(l, i, &under)) {
		l->places->chunk[i] = l->places->chunk[under];
		l->live.last[under] = GS_LIVE_ALWAYS; /* its chunks are another's now */
		l->places->over++;
	} else {
		release_copied(l, i);
		l->places->chunk[i] = take(&l->arena, gs_program_tensor_chunks(l->p, i));
	}
	if (l->together[i] != i)
		return;
	for (uint32_t k = first_of(l, i); k <= i; k++)
		release_dead(l, k);
}

/* What a tolerant program compares is an output for who runs it. */
static void keep_canonical(struct layout *l)
{
	struct gs_error none;
	uint32_t chunk;
	for (uint32_t k = 0; k < l->p->io.outputs; k++)
		if (gs_program_canonical_output(l->p, k, &chunk, &none) == GS_OK)
			l->live.last[gs_program_covering(l->p, chunk)] = GS_LIVE_ALWAYS;
}

enum gs_err gs_places_init(struct gs_places *out, const struct gs_program *p, struct gs_live *live,
                           const uint32_t *together, gs_places_copies copies, void *self)
{
	struct layout *l = calloc(1, sizeof(*l));
	*out = (struct gs_places){.chunk = calloc(p->count, sizeof(*out->chunk))};
	out->last = calloc(p->count, sizeof(*out->last));
	if (l == NULL || out->chunk == NULL || out->last == NULL) {
		gs_places_free(out);
		free(l);
		return GS_ENOMEM;
	}
	l->p = p;
	l->live = *live;
	*live = (struct gs_live){.last = NULL};
	l->places = out;
	l->together = together;
	l->copies = copies;
	l->self = self;
	keep_canonical(l);
	memcpy(out->last, l->live.last, p->count * sizeof(*out->last));
	for (uint32_t i = 0; i < p->count; i++)
		place(l, i);
	out->chunks = l->arena.most;
	GS_ASSERT(out->chunks <= p->header.output_chunk); /* at most every tensor beside the others */
	out->reads = l->live.reads;
	l->live.reads = NULL;
	gs_live_free(&l->live);
	free(l);
	return GS_OK;
}

void gs_places_free(struct gs_places *places)
{
	free(places->chunk);
	free(places->reads);
	free(places->last);
	*places = (struct gs_places){.chunk = NULL};
}

uint32_t gs_places_of(const struct gs_places *places, const struct gs_program *p, uint32_t chunk)
{
	return places->chunk[gs_program_covering(p, chunk)];
}

void gs_places_instr(const struct gs_places *places, const struct gs_program *p, uint32_t i, struct gs_instr *out)
{
	const uint32_t *from = places->reads[i].from;
	gs_program_decode(p, i, out);
	out->first_chunk = places->chunk[i];
	for (unsigned k = 0, operands = gs_instr_operands(out); k < operands; k++) {
		struct gs_operand *op = &out->operand[k];
		if (op->kind != GS_OPERAND_TENSOR)
			continue;
		if (op->view.space == GS_SPACE_TRACE)
			op->view.chunk = places->chunk[*from++];
		if (op->indirect_row && op->indirect.space == GS_SPACE_TRACE)
			op->indirect.chunk = places->chunk[*from++];
	}
}
