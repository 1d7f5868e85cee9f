#include "validator/exec/pack.h"

#include <string.h>

void gs_walk(const struct gs_axis_list *list, const uint32_t *extent, uint64_t first, size_t n, const int64_t *step,
             int64_t *out)
{
	uint64_t point[GS_OUT_AXES_MAX];
	int64_t at = 0;
	if (list->count == 0) {
		for (size_t i = 0; i < n; i++)
			out[i] = 0;
		return;
	}
	for (unsigned a = list->count; a-- > 0; first /= extent[list->axis[a]]) {
		point[a] = first % extent[list->axis[a]];
		at += (int64_t)point[a] * step[list->axis[a]];
	}
	unsigned last = list->count - 1, inner = list->axis[last];
	for (size_t i = 0; i < n;) {
		size_t run = (size_t)(extent[inner] - point[last]);
		run = run < n - i ? run : n - i;
		for (size_t k = 0; k < run; k++)
			out[i + k] = at + (int64_t)k * step[inner];
		i += run;
		at -= (int64_t)point[last] * step[inner];
		point[last] = 0;
		for (unsigned a = last; a-- > 0;) {
			at += step[list->axis[a]];
			if (++point[a] < extent[list->axis[a]])
				break;
			at -= (int64_t)point[a] * step[list->axis[a]];
			point[a] = 0;
		}
	}
}

/* ---- panels ---- */

/* Whether the n places lie evenly; *step is their distance (1 for a single one). */
static bool even(const int64_t *at, size_t n, int64_t *step)
{
	*step = n > 1 ? at[1] - at[0] : 1;
	for (size_t i = 2; i < n; i++)
		if (at[i] - at[i - 1] != *step)
			return false;
	return true;
}

static inline __attribute__((always_inline)) void copy_rows(const struct gs_packing *p, int64_t at, const size_t n,
                                                            uint64_t first, size_t terms, float *out, size_t step)
{
	for (size_t t = 0; t < terms; t++)
		memcpy(out + t * step, p->array + at + p->term[first + t], n * sizeof(float));
}

/* From 8 to 16 elements, or from 4 to 8: the halves overlap. */
static inline __attribute__((always_inline)) void copy_short(const struct gs_packing *p, int64_t at, size_t n,
                                                             const size_t half, uint64_t first, size_t terms,
                                                             float *out, size_t step)
{
	for (size_t t = 0; t < terms; t++) {
		const float *from = p->array + at + p->term[first + t];
		memcpy(out + t * step, from, half * sizeof(float));
		memcpy(out + t * step + n - half, from + n - half, half * sizeof(float));
	}
}

/* Places that are neighbours: whole rows are copied. */
static void pack_neighbours(const struct gs_packing *p, int64_t at, size_t n, uint64_t first, size_t terms, float *out,
                            size_t step)
{
	switch (n) { /* constant lengths become a few vector moves */
	case 8: copy_rows(p, at, 8, first, terms, out, step); return;
	case 16: copy_rows(p, at, 16, first, terms, out, step); return;
	case 32: copy_rows(p, at, 32, first, terms, out, step); return;
	case 64: copy_rows(p, at, 64, first, terms, out, step); return;
	default: break;
	}
	if (n > 8 && n < 16)
		copy_short(p, at, n, 8, first, terms, out, step);
	else if (n >= 4 && n < 8)
		copy_short(p, at, n, 4, first, terms, out, step);
	else
		copy_rows(p, at, n, first, terms, out, step);
}

static void pack_even(const struct gs_packing *p, int64_t at, int64_t apart, size_t n, uint64_t first, size_t terms,
                      float *out, size_t step)
{
	if (apart == 1) {
		pack_neighbours(p, at, n, first, terms, out, step);
		return;
	}
	for (size_t t = 0; t < terms; t++) {
		const float *from = p->array + at + p->term[first + t];
		for (size_t i = 0; i < n; i++)
			out[t * step + i] = from[(int64_t)i * apart];
	}
}

void gs_pack(const struct gs_packing *p, const struct gs_kernels *kernels, const int64_t *at, size_t n, uint64_t first,
             size_t terms, float *out, size_t step)
{
	int64_t apart;
	bool whole = even(at, n, &apart);
	if (whole && p->unit_terms && apart != 1) {
		kernels->transpose(out, step, p->array + at[0] + p->term[first], (ptrdiff_t)apart, n, terms);
		return;
	}
	if (n == 1 && p->unit_terms && step == 1) {
		memcpy(out, p->array + at[0] + p->term[first], terms * sizeof(float));
		return;
	}
	for (size_t i = 0; i < n;) {
		size_t run = 1;
		int64_t gap = i + 1 < n ? at[i + 1] - at[i] : 1;
		while (i + run < n && at[i + run] - at[i + run - 1] == gap)
			run++;
		pack_even(p, at[i], gap, run, first, terms, out + i, step);
		i += run;
	}
}

/* ---- stages ---- */

struct stage_job {
	const struct gs_factor *f;
	const struct gs_kernels *kernels;
	const uint8_t *base;
	float *stage;
};

/* n elements from flat index `from` on, stride apart. */
static void widen(const struct stage_job *job, int64_t from, int64_t stride, size_t n, float *out)
{
	enum gs_dtype dtype = (enum gs_dtype)job->f->dtype;
	if (dtype == GS_F32) {
		const float *array = (const float *)(const void *)job->base + from;
		if (stride == 1) {
			memcpy(out, array, n * sizeof(float));
			return;
		}
		if (stride == 2) { /* a constant distance becomes vector shuffles */
			for (size_t i = 0; i < n; i++)
				out[i] = array[2 * i];
			return;
		}
		for (size_t i = 0; i < n; i++)
			out[i] = array[(int64_t)i * stride];
		return;
	}
	if (stride == 1) {
		const uint16_t *array = (const uint16_t *)(const void *)job->base + from;
		(dtype == GS_F16 ? job->kernels->widen_f16 : job->kernels->widen_bf16)(out, array, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = gs_element_bits(job->base, dtype, (uint64_t)(from + (int64_t)i * stride));
		out[i] = gs_f32_from_bits((uint32_t)gs_load(dtype, bits));
	}
}

static void fill(float *out, size_t n, float value)
{
	for (size_t i = 0; i < n; i++)
		out[i] = value;
}

void gs_stage_line_at(const struct gs_factor *f, uint64_t index, struct gs_stage_line *at)
{
	unsigned last = f->stage_dims - 1;
	at->place[last] = 0;
	for (unsigned d = last; d-- > 0; index /= f->stage[d].length)
		at->place[d] = index % f->stage[d].length;
	for (unsigned d = last + 1; d-- > 0; index /= f->stage[d].phases)
		at->phase[d] = (uint32_t)(index % f->stage[d].phases);
}

void gs_stage_line_next(const struct gs_factor *f, struct gs_stage_line *at)
{
	for (unsigned d = f->stage_dims - 1; d-- > 0; at->place[d] = 0)
		if (++at->place[d] < f->stage[d].length)
			return;
	for (unsigned d = f->stage_dims; d-- > 0; at->phase[d] = 0)
		if (++at->phase[d] < f->stage[d].phases)
			return;
}

struct gs_stage_span gs_stage_span_of(const struct gs_factor *f, const struct gs_stage_line *at)
{
	unsigned last = f->stage_dims - 1;
	const struct gs_stage_dim *inner = &f->stage[last];
	int64_t from = f->stage_from;
	bool inside = true;
	for (unsigned d = 0; d < last; d++) {
		const struct gs_stage_dim *dim = &f->stage[d];
		int64_t c = dim->low + (int64_t)(at->phase[d] + at->place[d] * dim->phases);
		inside &= c >= 0 && c < dim->extent;
		from += c * dim->stride;
	}
	/* coordinates first + apart*i, of which those from low to high - 1 are in the tensor */
	int64_t first = inner->low + (int64_t)at->phase[last], apart = (int64_t)inner->phases;
	int64_t n = (int64_t)inner->length, low = 0, high = n;
	if (first < 0)
		low = apart == 1 ? -first : (-first + apart - 1) / apart;
	if (first + (n - 1) * apart >= inner->extent)
		high = inner->extent <= first ? 0
		       : apart == 1           ? inner->extent - first
		                              : (inner->extent - first + apart - 1) / apart;
	if (!inside || high <= low)
		return (struct gs_stage_span){0, 0, 0, 0};
	return (struct gs_stage_span){(size_t)low, (size_t)high, from + (first + low * apart) * inner->stride,
	                              inner->stride * apart};
}

static void fill_line(const struct stage_job *job, const struct gs_stage_line *at, float *out)
{
	size_t n = (size_t)job->f->stage[job->f->stage_dims - 1].length;
	struct gs_stage_span span = gs_stage_span_of(job->f, at);
	fill(out, span.low, job->f->pad);
	if (span.low < span.high)
		widen(job, span.from, span.step, span.high - span.low, out + span.low);
	fill(out + span.high, n - span.high, job->f->pad);
}

static void stage_some(void *self, unsigned thread, uint64_t first, uint64_t last)
{
	const struct stage_job *job = self;
	struct gs_stage_line at;
	(void)thread;
	gs_stage_line_at(job->f, first, &at);
	for (uint64_t i = first; i < last; i++, gs_stage_line_next(job->f, &at))
		fill_line(job, &at, job->stage + i * job->f->stage[job->f->stage_dims - 1].length);
}

void gs_stage_fill(const struct gs_factor *f, const uint8_t *base, const struct gs_kernels *kernels,
                   struct gs_pool *pool, float *stage)
{
	struct stage_job job = {f, kernels, base, stage};
	uint64_t inner = f->stage[f->stage_dims - 1].length;
	if (pool == NULL)
		stage_some(&job, 0, 0, f->stage_elements / inner);
	else
		gs_pool_run(pool, f->stage_elements / inner, (1 << 14) / inner + 1, stage_some, &job);
}
