#include "validator/node/sampling.h"

#include <string.h>

#include "chain/core/hash.h"
#include "validator/node/record.h"

enum { SAMPLE_VERSION = 1, SAMPLE_FIELDS = 7, PPM = 1000 * 1000 };

const char *gs_sample_reason_name(enum gs_sample_reason reason)
{
	switch (reason) {
	case GS_SAMPLE_BY_VALUE: return "value";
	case GS_SAMPLE_BY_DRAW: return "drawn";
	case GS_SAMPLE_NOT_DRAWN: return "not_drawn";
	}
	return "?";
}

void gs_sample_decide_drawn(const struct gs_sampling_policy *policy, uint64_t draw, struct gs_wei value,
                            struct gs_sample *out)
{
	unsigned __int128 scaled = (unsigned __int128)draw * PPM; /* draw / 2^64 < rate / PPM, exactly */
	bool drawn = scaled < (unsigned __int128)policy->rate_ppm << 64;

	memset(out, 0, sizeof(*out));
	out->draw = draw;
	out->rate_ppm = policy->rate_ppm;
	out->value = value;
	out->certain_above = policy->certain_above;
	if (gs_wei_cmp(value, policy->certain_above) >= 0)
		out->reason = GS_SAMPLE_BY_VALUE;
	else
		out->reason = drawn ? GS_SAMPLE_BY_DRAW : GS_SAMPLE_NOT_DRAWN;
	out->execute = out->reason != GS_SAMPLE_NOT_DRAWN;
}

void gs_sample_decide(const struct gs_sampling_policy *policy, const struct gs_hash *claim, struct gs_wei value,
                      struct gs_sample *out)
{
	uint8_t bytes[64];
	struct gs_hash hash;

	memcpy(bytes, policy->key, 32);
	memcpy(bytes + 32, claim->b, 32);
	gs_keccak256(bytes, sizeof(bytes), &hash);
	explicit_bzero(bytes, sizeof(bytes));
	gs_sample_decide_drawn(policy, gs_be64_read(hash.b), value, out);
}

void gs_sample_encode(const struct gs_sample *sample, struct gs_buf *out)
{
	struct gs_record_writer w;

	gs_record_begin(&w, out, SAMPLE_VERSION, SAMPLE_FIELDS);
	gs_record_put_bool(&w, sample->execute);
	gs_record_put_u64(&w, sample->reason);
	gs_record_put_u64(&w, sample->draw);
	gs_record_put_u64(&w, sample->rate_ppm);
	gs_record_put_wei(&w, sample->value);
	gs_record_put_wei(&w, sample->certain_above);
	gs_record_put_bytes(&w, (struct gs_bytes){NULL, 0}); /* proof */
	gs_record_end(&w);
}

enum gs_err gs_sample_decode(struct gs_bytes bytes, struct gs_sample *out)
{
	struct gs_record_reader r;

	memset(out, 0, sizeof(*out));
	gs_record_open(&r, bytes, SAMPLE_VERSION, SAMPLE_FIELDS);
	out->execute = gs_record_get_bool(&r);
	out->reason = (uint8_t)gs_record_get_u32(&r);
	out->draw = gs_record_get_u64(&r);
	out->rate_ppm = gs_record_get_u32(&r);
	out->value = gs_record_get_wei(&r);
	out->certain_above = gs_record_get_wei(&r);
	(void)gs_record_get_bytes(&r);
	return gs_record_close(&r);
}
