#include "validator/exec/words.h"

#include "validator/exec/pack.h"

#include <string.h>

enum { PIECE = 512 }; /* numbers on their way: they stay in the first-level cache */

unsigned gs_words_terms(enum gs_words_kind kind)
{
	return kind == GS_WORDS_8 ? 4 : kind == GS_WORDS_16 ? 2 : 1;
}

/* ---- how many bits ---- */

static void range_of(const struct gs_factor *f, const uint8_t *base, const struct gs_ints *ints, int32_t *low,
                     int32_t *high)
{
	switch ((enum gs_dtype)f->dtype) {
	case GS_I32: ints->range((const int32_t *)(const void *)base, (size_t)f->count, low, high); break;
	case GS_I8: *low = INT8_MIN, *high = INT8_MAX; break;
	case GS_U8: *low = 0, *high = UINT8_MAX; break;
	case GS_BOOL: *low = 0, *high = 1; break;
	case GS_I16: *low = INT16_MIN, *high = INT16_MAX; break;
	case GS_U16: *low = 0, *high = UINT16_MAX; break;
	case GS_F32:
	case GS_F16:
	case GS_BF16:
	case GS_I64:
	case GS_U32:
	case GS_U64: GS_ASSERT(false); /* of other classes */
	}
	if (f->padded) {
		*low = f->pad_integer < *low ? f->pad_integer : *low;
		*high = f->pad_integer > *high ? f->pad_integer : *high;
	}
}

struct gs_words gs_words_between(int32_t low, int32_t high, const struct gs_ints *ints, bool is_x,
                                 enum gs_words_kind least)
{
	bool unsigned_bytes = is_x && !ints->signed_bytes;
	int32_t first = unsigned_bytes ? 0 : INT8_MIN, last = unsigned_bytes ? UINT8_MAX : INT8_MAX;
	if (least == GS_WORDS_8 && low >= first && high <= last)
		return (struct gs_words){GS_WORDS_8, 0};
	if (least == GS_WORDS_8 && (int64_t)high - low <= UINT8_MAX && low <= INT32_MAX + INT8_MIN)
		return (struct gs_words){GS_WORDS_8, low - first};
	return (struct gs_words){low >= INT16_MIN && high <= INT16_MAX ? GS_WORDS_16 : GS_WORDS_32, 0};
}

struct gs_words gs_words_for(const struct gs_factor *f, const uint8_t *base, const struct gs_ints *ints, bool is_x,
                             enum gs_words_kind least)
{
	int32_t low = 0, high = 0;
	if (least == GS_WORDS_32)
		return (struct gs_words){GS_WORDS_32, 0};
	range_of(f, base, ints, &low, &high);
	return gs_words_between(low, high, ints, is_x, least);
}

/* ---- words ---- */

struct words_job {
	const struct gs_contraction *c;
	const struct gs_factor *f;
	const uint8_t *base;
	struct gs_words words;
	const struct gs_ints *ints;
	uint32_t *stage;
};

/* n numbers from flat index `from` on, step apart: where they lie, or in scratch, which holds n. */
static const int32_t *numbers(const struct words_job *job, int64_t from, int64_t step, size_t n, int32_t *scratch)
{
	enum gs_dtype dtype = (enum gs_dtype)job->f->dtype;
	if (dtype == GS_I32) {
		const int32_t *array = (const int32_t *)(const void *)job->base + from;
		for (size_t i = 0; i < n && step != 1; i++)
			scratch[i] = array[(int64_t)i * step];
		return step == 1 ? array : scratch;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = gs_element_bits(job->base, dtype, (uint64_t)(from + (int64_t)i * step));
		scratch[i] = (int32_t)(uint32_t)gs_load(dtype, bits);
	}
	return scratch;
}

static uint32_t word_of(enum gs_words_kind kind, const uint32_t *term, unsigned count)
{
	uint32_t word = kind == GS_WORDS_32 ? term[0] : 0;
	for (unsigned j = 0; j < count && kind != GS_WORDS_32; j++)
		word |= kind == GS_WORDS_8 ? (term[j] & 0xff) << 8 * j : (term[j] & 0xffff) << 16 * j;
	return word;
}

/* n words, `step` apart in the tensor, of `count` terms each. */
static void fill_across(const struct words_job *job, int64_t from, int64_t step, unsigned count, size_t n,
                        uint32_t *out)
{
	int32_t scratch[4][PIECE];
	for (size_t i = 0; i < n; i += PIECE) {
		size_t some = n - i < PIECE ? n - i : PIECE;
		const int32_t *in[4];
		for (unsigned j = 0; j < count; j++)
			in[j] = numbers(job, from + (int64_t)i * step + (int64_t)j * job->f->term_step, step, some,
			                scratch[j]);
		if (job->words.kind == GS_WORDS_8)
			job->ints->across_8(out + i, in, count, some, job->words.from);
		else if (job->words.kind == GS_WORDS_16)
			job->ints->across_16(out + i, in, count, some, job->words.from);
		else
			memcpy(out + i, in[0], some * sizeof(*out));
	}
}

/* A line of words along the word axis: its terms follow each other. */
static void fill_along(const struct words_job *job, int64_t from, uint32_t *out)
{
	size_t terms = job->c->word_extent, words = job->c->words;
	int32_t scratch[PIECE];
	out[(terms - 1) / words] = 0; /* the places behind the last term */
	for (size_t i = 0; i < terms; i += PIECE) {
		size_t some = terms - i < PIECE ? terms - i : PIECE;
		const int32_t *in = numbers(job, from + (int64_t)i * job->f->term_step, job->f->term_step, some,
		                            scratch);
		if (job->words.kind == GS_WORDS_8)
			job->ints->narrow_8((uint8_t *)out + i, in, some, job->words.from);
		else
			job->ints->narrow_16((uint16_t *)(void *)out + i, in, some, job->words.from);
	}
}

static void fill_words(uint32_t *out, size_t n, uint32_t word)
{
	for (size_t i = 0; i < n; i++)
		out[i] = word;
}

static void fill_line(const struct words_job *job, const struct gs_stage_line *at, uint32_t *out)
{
	const struct gs_factor *f = job->f;
	unsigned last = f->stage_dims - 1, words = job->c->words, count = 1;
	struct gs_stage_span span = gs_stage_span_of(f, at);
	size_t n = (size_t)f->stage[last].length;
	bool along = words > 1 && f->word_dim == last;
	if (words > 1 && f->word_dim < last) {
		uint64_t left = job->c->word_extent - at->place[f->word_dim] * words;
		count = left < words ? (unsigned)left : words;
	}
	uint32_t pad = (uint32_t)f->pad_integer - (uint32_t)job->words.from;
	uint32_t pads[4] = {pad, pad, pad, pad}, word = word_of(job->words.kind, pads, count);
	if (along && span.low < span.high) {
		fill_along(job, span.from, out);
		return;
	}
	if (along) { /* all of it padding */
		fill_words(out, n - 1, word_of(job->words.kind, pads, words));
		out[n - 1] = word_of(job->words.kind, pads, job->c->word_extent - (uint32_t)(n - 1) * words);
		return;
	}
	fill_words(out, span.low, word);
	if (span.low < span.high)
		fill_across(job, span.from, span.step, count, span.high - span.low, out + span.low);
	fill_words(out + span.high, n - span.high, word);
}

static void fill_some(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct words_job *job = self;
	struct gs_stage_line at;
	(void)thread;
	gs_stage_line_at(job->f, first, &at);
	for (uint64_t i = first; i < last; i++, gs_stage_line_next(job->f, &at))
		fill_line(job, &at, job->stage + i * job->f->stage[job->f->stage_dims - 1].length);
}

/* The stage is the tensor, as it lies, all words full. */
static bool flat(const struct gs_contraction *c, const struct gs_factor *f)
{
	int64_t dense = 1;
	if (f->padded || c->words == 1 || f->word_dim + 1U != f->stage_dims || f->term_step != 1 ||
	    c->word_extent % c->words != 0)
		return false;
	for (unsigned d = f->stage_dims; d-- > 0; dense *= (int64_t)f->stage[d].length)
		if (f->stage[d].stride != dense * (int64_t)c->words || f->stage[d].phases != 1 || f->stage[d].low != 0)
			return false;
	return true;
}

/* Items: pieces of so many words. */
static void fill_pieces(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct words_job *job = self;
	const struct gs_factor *f = job->f;
	uint64_t words = job->c->words;
	(void)thread;
	for (uint64_t i = first * PIECE; i < last * PIECE && i < f->stage_elements; i += PIECE / words) {
		int32_t scratch[PIECE];
		uint64_t left = last * PIECE < f->stage_elements ? last * PIECE - i : f->stage_elements - i;
		size_t terms = (size_t)(left < PIECE / words ? left : PIECE / words) * words;
		const int32_t *in = numbers(job, f->stage_from + (int64_t)(i * words), 1, terms, scratch);
		if (job->words.kind == GS_WORDS_8)
			job->ints->narrow_8((uint8_t *)(job->stage + i), in, terms, job->words.from);
		else
			job->ints->narrow_16((uint16_t *)(void *)(job->stage + i), in, terms, job->words.from);
	}
}

bool gs_words_even_lines(const struct gs_contraction *c, const struct gs_factor *f, int64_t *apart)
{
	unsigned last = f->stage_dims - 1;
	int64_t dense = 1;
	if (f->padded || c->words == 1 || f->word_dim != last || f->term_step != 1 || f->dtype != GS_I32 ||
	    f->stage_dims < 2 || f->stage[last].phases != 1 || f->stage[last].low != 0)
		return false;
	*apart = f->stage[last - 1].stride;
	for (unsigned d = last; d-- > 0; dense *= (int64_t)f->stage[d].length)
		if (f->stage[d].stride != dense * *apart || f->stage[d].phases != 1 || f->stage[d].low != 0)
			return false;
	return true;
}

struct lines_job {
	struct words_job words;
	int64_t apart;
};

static void fill_lines(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct lines_job *lines = self;
	const struct words_job *job = &lines->words;
	const struct gs_factor *f = job->f;
	const int32_t *in = (const int32_t *)(const void *)job->base + f->stage_from + (int64_t)first * lines->apart;
	uint32_t *out = job->stage + first * f->stage[f->stage_dims - 1].length;
	(void)thread;
	(job->words.kind == GS_WORDS_8 ? job->ints->lines_8 : job->ints->lines_16)(
		out, in, (ptrdiff_t)lines->apart, job->c->word_extent, (size_t)(last - first), job->words.from);
}

void gs_words_fill(const struct gs_contraction *c, const struct gs_factor *f, const uint8_t *base,
                   struct gs_words words, const struct gs_ints *ints, struct gs_pool *pool, uint32_t *stage)
{
	struct words_job job = {c, f, base, words, ints, stage};
	if (flat(c, f) && words.kind != GS_WORDS_32) {
		gs_pool_run(pool, (f->stage_elements - 1) / PIECE + 1, 1 << 4, fill_pieces, &job);
		return;
	}
	uint64_t inner = f->stage[f->stage_dims - 1].length, lines = f->stage_elements / inner,
		 grain = (1 << 14) / inner + 1;
	struct lines_job even = {.words = job};
	if (words.kind != GS_WORDS_32 && gs_words_even_lines(c, f, &even.apart))
		gs_pool_run(pool, lines, grain, fill_lines, &even);
	else
		gs_pool_run(pool, lines, grain, fill_some, &job);
}
