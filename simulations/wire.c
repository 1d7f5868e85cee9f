#include "simulations/wire.h"

#include <math.h>
#include <string.h>

#include "chain/core/hash.h"
#include "simulations/engines.h"

static const char job_mark[] = "gainsay-sim-job-1";

/* ---- numbers ---- */

static void put_count(struct gs_buf *out, uint64_t v)
{
	while (v >= 0x80) {
		gs_buf_append_u8(out, (uint8_t)(v | 0x80));
		v >>= 7;
	}
	gs_buf_append_u8(out, (uint8_t)v);
}

static void put_u64(struct gs_buf *out, uint64_t v)
{
	uint8_t b[8];
	gs_be64_write(b, v);
	gs_buf_append(out, b, sizeof(b));
}

static void put_real(struct gs_buf *out, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	put_u64(out, bits);
}

static void put_text(struct gs_buf *out, const char *text)
{
	size_t len = strlen(text);
	put_count(out, len);
	gs_buf_append(out, text, len);
}

struct input {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static uint64_t get_count(struct input *in)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (in->left == 0)
			break;
		uint8_t b = *in->at++;
		in->left--;
		if ((shift == 63 && b > 1) || (b == 0 && shift > 0)) /* past 64 bits; longer than it must be */
			break;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return v;
	}
	in->bad = true;
	return 0;
}

static uint64_t get_u64(struct input *in)
{
	if (in->left < 8) {
		in->bad = true;
		return 0;
	}
	uint64_t v = gs_be64_read(in->at);
	in->at += 8;
	in->left -= 8;
	return v;
}

static double get_real(struct input *in)
{
	uint64_t bits = get_u64(in);
	double v;
	memcpy(&v, &bits, sizeof(v));
	if (!isfinite(v))
		in->bad = true;
	return in->bad ? 0 : v;
}

/* At most size - 1 bytes, none of them zero. */
static void get_text(struct input *in, char *out, size_t size)
{
	uint64_t len = get_count(in);
	out[0] = '\0';
	if (in->bad || len >= size || len > in->left || memchr(in->at, 0, len) != NULL) {
		in->bad = true;
		return;
	}
	memcpy(out, in->at, len);
	out[len] = '\0';
	in->at += len;
	in->left -= len;
}

/* ---- results ---- */

static unsigned histograms(const struct gs_sim_engine *engine)
{
	unsigned n = 0;
	for (unsigned i = 0; i < engine->metrics; i++)
		n += engine->metric[i].has_histogram;
	GS_ASSERT(n <= GS_SIM_HISTOGRAMS_MAX);
	return n;
}

void gs_sim_result_encode(const struct gs_sim_engine *engine, const struct gs_sim_result *result, struct gs_buf *out)
{
	put_count(out, result->runs);
	put_count(out, result->violations);
	if (result->violations > 0) {
		put_u64(out, result->first_seed);
		put_text(out, result->first);
	}
	for (unsigned i = 0; i < 4; i++)
		put_u64(out, result->digest.sum[i]);
	put_count(out, engine->metrics);
	for (unsigned i = 0; i < engine->metrics; i++) {
		const struct gs_sim_moments *m = &result->metric[i];
		put_count(out, m->n);
		if (m->n == 0)
			continue;
		put_real(out, m->sum);
		put_real(out, m->squares);
		put_real(out, m->least);
		put_real(out, m->most);
	}
	for (unsigned h = 0; h < histograms(engine); h++)
		for (unsigned b = 0; b < GS_SIM_BINS; b++)
			put_count(out, result->bin[h][b]);
}

enum gs_err gs_sim_result_decode(const struct gs_sim_engine *engine, struct gs_bytes bytes, struct gs_sim_result *out,
                                 struct gs_error *error)
{
	struct input in = {bytes.ptr, bytes.len, false};
	*out = (struct gs_sim_result){.runs = get_count(&in)};
	out->violations = get_count(&in);
	if (out->violations > 0) {
		out->first_seed = get_u64(&in);
		get_text(&in, out->first, sizeof(out->first));
	}
	for (unsigned i = 0; i < 4; i++)
		out->digest.sum[i] = get_u64(&in);
	if (get_count(&in) != engine->metrics)
		in.bad = true;
	for (unsigned i = 0; !in.bad && i < engine->metrics; i++) {
		struct gs_sim_moments *m = &out->metric[i];
		m->n = get_count(&in);
		if (m->n == 0)
			continue;
		m->sum = get_real(&in);
		m->squares = get_real(&in);
		m->least = get_real(&in);
		m->most = get_real(&in);
	}
	for (unsigned h = 0; !in.bad && h < histograms(engine); h++)
		for (unsigned b = 0; b < GS_SIM_BINS; b++)
			out->bin[h][b] = get_count(&in);
	if (in.bad || in.left > 0)
		return gs_fail(error, GS_EPARSE, "these bytes are not a result of the engine %s", engine->name);
	return GS_OK;
}

/* ---- jobs ---- */

void gs_sim_job_encode(const struct gs_sim_job *job, const char *version, struct gs_buf *out)
{
	put_text(out, job_mark);
	put_text(out, version);
	put_text(out, job->engine->name);
	put_count(out, job->engine->metrics);
	put_count(out, job->engine->parameters);
	for (unsigned i = 0; i < job->engine->parameters; i++) {
		put_text(out, job->engine->parameter[i].name);
		put_real(out, job->value[i]);
	}
	put_u64(out, job->first);
	put_count(out, job->runs);
}

static bool in_range(const struct gs_sim_parameter *p, double v)
{
	bool whole = p->kind != GS_SIM_KIND_REAL && p->kind != GS_SIM_KIND_SHARE && p->kind != GS_SIM_KIND_SECONDS;
	if (p->drawn && v == GS_SIM_DRAWN)
		return true;
	return v >= p->least && v <= p->most && (!whole || floor(v) == v);
}

enum gs_err gs_sim_job_decode(struct gs_bytes bytes, const char *version, struct gs_sim_job *out,
                              struct gs_error *error)
{
	struct input in = {bytes.ptr, bytes.len, false};
	char text[2 * GS_SIM_NAME_MAX];
	unsigned at;
	get_text(&in, text, sizeof(text));
	if (in.bad || strcmp(text, job_mark) != 0)
		return gs_fail(error, GS_EPARSE, "these bytes are not a batch of a simulation");
	get_text(&in, text, sizeof(text));
	if (!in.bad && strcmp(text, version) != 0)
		return gs_fail(error, GS_EUNSUPPORTED, "a batch of version %s, and this is %s: run the same everywhere",
		               text, version);
	get_text(&in, text, sizeof(text));
	*out = (struct gs_sim_job){.engine = gs_sim_engine_find(text)};
	uint64_t metrics = get_count(&in), parameters = get_count(&in);
	if (!in.bad &&
	    (out->engine == NULL || out->engine->metrics != metrics || out->engine->parameters != parameters))
		return gs_fail(error, GS_EUNSUPPORTED, "the engine %s is another one here: run the same everywhere",
		               text);
	for (unsigned i = 0; !in.bad && i < parameters; i++) {
		get_text(&in, text, sizeof(text));
		out->value[i] = get_real(&in);
		if (!in.bad && strcmp(text, out->engine->parameter[i].name) != 0)
			return gs_fail(error, GS_EUNSUPPORTED,
			               "the engine %s is another one here: run the same everywhere", out->engine->name);
		in.bad = in.bad || !in_range(&out->engine->parameter[i], out->value[i]);
	}
	out->first = get_u64(&in);
	uint64_t runs = get_count(&in);
	if (in.bad || in.left > 0 || runs == 0 || runs > GS_SIM_BATCH_RUNS)
		return gs_fail(error, GS_EPARSE, "these bytes are not a batch of a simulation");
	out->runs = (unsigned)runs;
	return out->engine->check(out->value, &at, error);
}
