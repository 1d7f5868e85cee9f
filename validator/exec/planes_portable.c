/* validator/exec/planes_portable.c: the loops of planes.h in plain C, for any processor. */
#include "validator/exec/planes.h"

#include <math.h>
#include <string.h>

enum { V_LANES = 4 };
struct vector {
	float lane[V_LANES];
};

static inline struct vector load(const float *p)
{
	struct vector v;
	memcpy(v.lane, p, sizeof(v.lane));
	return v;
}

static inline struct vector splat(float x)
{
	return (struct vector){{x, x, x, x}};
}

static inline struct vector fma_lanes(struct vector w, struct vector x, struct vector acc)
{
	for (unsigned i = 0; i < V_LANES; i++)
		acc.lane[i] = fmaf(w.lane[i], x.lane[i], acc.lane[i]);
	return acc;
}

static inline struct vector clamp(struct vector v, struct vector low, struct vector high)
{
	for (unsigned i = 0; i < V_LANES; i++) {
		float x = v.lane[i] > low.lane[i] ? v.lane[i] : low.lane[i];
		v.lane[i] = x < high.lane[i] ? x : high.lane[i];
	}
	return v;
}

static inline struct vector canonical(struct vector v, struct vector otherwise)
{
	const union {
		uint32_t u;
		float f;
	} nan = {0x7fc00000};
	for (unsigned i = 0; i < V_LANES; i++)
		otherwise.lane[i] = v.lane[i] != v.lane[i] ? nan.f : otherwise.lane[i];
	return otherwise;
}

static inline bool has_nans(struct vector a, struct vector b)
{
	bool found = false;
	for (unsigned i = 0; i < V_LANES; i++)
		found |= a.lane[i] != a.lane[i] || b.lane[i] != b.lane[i];
	return found;
}

#define ROWS_SQUARE3 4
#define ROWS_SQUARE5 2
#define ROWS_ANY 4
#define WIDE 4

#define NAME(x) wide_##x
#define V struct vector
#define V_LOAD(p) load(p)
#define V_STORE(p, v) memcpy(p, (v).lane, sizeof((v).lane))
#define V_STORE_SOME(p, v, n) memcpy(p, (v).lane, (n) * sizeof(float))
#define V_KEEP(v) (void)0
#define V_SPLAT(x) splat(x)
#define V_FMA(w, x, acc) fma_lanes(w, x, acc)
#define V_CLAMP(v, low, high) clamp(v, low, high)
#define V_CANONICAL(v, otherwise) canonical(v, otherwise)
#define V_NANS bool
#define V_NO_NANS false
#define V_FIND_NANS(found, a, b) (found | has_nans(a, b))
#define V_ANY_NANS(found) (found)
#include "validator/exec/planes_body.h"

#include "validator/exec/planes_run.h"

static void copy(float *to, size_t to_line, const float *from, ptrdiff_t from_line, size_t n, size_t lines)
{
	for (size_t y = 0; y < lines; y++, to += to_line, from += from_line)
		memcpy(to, from, n * sizeof(float));
}

const struct gs_plane_kernels gs_planes_portable = {.run = run, .copy = copy, .split = split};
