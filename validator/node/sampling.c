#include "validator/node/sampling.h"

#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/record.h"

enum { SAMPLE_VERSION = 2, SAMPLE_FIELDS = 15, FIRST_VERSION = 1, FIRST_FIELDS = 7 };
static const char label[24] = "gainsay sampling source"; /* with its final zero */

const char *gs_sample_reason_name(enum gs_sample_reason reason)
{
	switch (reason) {
	case GS_SAMPLE_BY_VALUE: return "value";
	case GS_SAMPLE_BY_DRAW: return "drawn";
	case GS_SAMPLE_NOT_DRAWN: return "not_drawn";
	case GS_SAMPLE_KEPT: return "kept";
	case GS_SAMPLE_SHED: return "shed";
	case GS_SAMPLE_UNBOUND: return "no_block";
	case GS_SAMPLE_DOWN: return "down";
	case GS_SAMPLE_BEHIND: return "behind";
	}
	return "?";
}

bool gs_sample_follows(const struct gs_sample *sample, const struct gs_sample *wanted)
{
	switch ((enum gs_sample_reason)sample->reason) {
	case GS_SAMPLE_BY_VALUE:
	case GS_SAMPLE_BY_DRAW:
	case GS_SAMPLE_NOT_DRAWN: return sample->execute == wanted->execute && sample->reason == wanted->reason;
	case GS_SAMPLE_KEPT: return sample->execute && !wanted->execute;
	case GS_SAMPLE_SHED: return !sample->execute && wanted->execute;
	case GS_SAMPLE_DOWN:
	case GS_SAMPLE_BEHIND: return !sample->execute;
	case GS_SAMPLE_UNBOUND: break;
	}
	return false;
}

bool gs_sample_is_late(const struct gs_sample *sample)
{
	return sample->reason == GS_SAMPLE_DOWN || sample->reason == GS_SAMPLE_BEHIND;
}

bool gs_sample_source_equal(const struct gs_sample_source *a, const struct gs_sample_source *b)
{
	return a->kind == b->kind && gs_hash_equal(&a->of, &b->of);
}

void gs_sample_alpha(uint64_t chain_id, const struct gs_address *claims, const struct gs_sample_source *source,
                     uint8_t out[GS_SAMPLE_ALPHA_BYTES])
{
	memcpy(out, label, sizeof(label));
	gs_be64_write(out + 24, chain_id);
	memcpy(out + 32, claims->b, sizeof(claims->b));
	out[52] = source->kind;
	memcpy(out + 53, source->of.b, sizeof(source->of.b));
}

uint64_t gs_sample_draw(const struct gs_hash *output, const struct gs_hash *claim)
{
	uint8_t bytes[64];
	struct gs_hash hash;

	memcpy(bytes, output->b, 32);
	memcpy(bytes + 32, claim->b, 32);
	gs_keccak256(bytes, sizeof(bytes), &hash);
	return gs_be64_read(hash.b);
}

void gs_sample_decide(const struct gs_sampling_policy *policy, uint64_t draw, const struct gs_sampling_case *of,
                      struct gs_sample *out)
{
	unsigned __int128 scaled = (unsigned __int128)draw * GS_POLICY_PPM; /* draw / 2^64 < rate / PPM, exactly */

	memset(out, 0, sizeof(*out));
	out->draw = draw;
	out->rate_ppm = gs_policy_rate(policy, of);
	out->of = *of;
	out->certain_above = policy->certain_above;
	if (gs_wei_cmp(of->value, policy->certain_above) >= 0)
		out->reason = GS_SAMPLE_BY_VALUE;
	else
		out->reason = scaled < (unsigned __int128)out->rate_ppm << 64 ? GS_SAMPLE_BY_DRAW : GS_SAMPLE_NOT_DRAWN;
	out->execute = out->reason != GS_SAMPLE_NOT_DRAWN;
}

void gs_sample_decide_drawn(const struct gs_sampling_policy *policy, uint64_t draw, struct gs_wei value,
                            struct gs_sample *out)
{
	const struct gs_sampling_case of = {.value = value, .known_s = UINT64_MAX};

	gs_sample_decide(policy, draw, &of, out);
}

void gs_sample_encode(const struct gs_sample *s, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, SAMPLE_VERSION, SAMPLE_FIELDS);
	gs_record_put_bool(&w, s->execute);
	gs_record_put_u64(&w, s->reason);
	gs_record_put_u64(&w, s->draw);
	gs_record_put_u64(&w, s->rate_ppm);
	gs_record_put_wei(&w, s->of.value);
	gs_record_put_wei(&w, s->certain_above);
	gs_record_put_bytes(&w, (struct gs_bytes){s->proven ? s->proof.b : NULL, s->proven ? sizeof(s->proof.b) : 0});
	gs_record_put_hash(&w, &s->policy);
	gs_record_put_u64(&w, s->source.kind);
	gs_record_put_hash(&w, &s->source.of);
	gs_record_put_u64(&w, s->block);
	gs_record_put_u64(&w, s->of.wrong);
	gs_record_put_u64(&w, s->of.known_s);
	gs_record_put_u64(&w, s->of.cost_us);
	gs_record_put_u64(&w, s->of.load_ppm);
	gs_record_end(&w);
}

/* What both versions begin with. */
static void get_front(struct gs_record_reader *r, struct gs_sample *out)
{
	struct gs_bytes proof;

	out->execute = gs_record_get_bool(r);
	out->reason = (uint8_t)gs_record_get_u32(r);
	out->draw = gs_record_get_u64(r);
	out->rate_ppm = gs_record_get_u32(r);
	out->of.value = gs_record_get_wei(r);
	out->certain_above = gs_record_get_wei(r);
	proof = gs_record_get_bytes(r);
	if (!r->err && proof.len == sizeof(out->proof.b)) {
		out->proven = true;
		memcpy(out->proof.b, proof.ptr, proof.len);
	} else if (!r->err && proof.len) {
		r->err = GS_ECORRUPT;
	}
}

enum gs_err gs_sample_decode(struct gs_bytes bytes, struct gs_sample *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	gs_record_open(&r, bytes, SAMPLE_VERSION, SAMPLE_FIELDS);
	if (r.err == GS_EUNSUPPORTED) {
		gs_record_open(&r, bytes, FIRST_VERSION, FIRST_FIELDS);
		get_front(&r, out);
		return gs_record_close(&r);
	}
	get_front(&r, out);
	out->policy = gs_record_get_hash(&r);
	out->source.kind = (uint8_t)gs_record_get_u32(&r);
	out->source.of = gs_record_get_hash(&r);
	out->block = gs_record_get_u64(&r);
	out->of.wrong = gs_record_get_u32(&r);
	out->of.known_s = gs_record_get_u64(&r);
	out->of.cost_us = gs_record_get_u64(&r);
	out->of.load_ppm = gs_record_get_u32(&r);
	return gs_record_close(&r);
}
