#include "validator/node/policy.h"

#include <string.h>

#include "chain/core/hash.h"

static const char label[24] = "gainsay sampling policy"; /* with its final zero */
static const uint64_t factor_max = UINT64_C(1000) * GS_POLICY_PPM * GS_POLICY_PPM;

/* value / unit in millionths, at most factor_max. Where unit has more than 64 bits both lose their low bits. */
static uint64_t times(struct gs_wei value, struct gs_wei unit)
{
	struct gs_u256 v = value.v, u = unit.v, scaled;

	while (!gs_u256_fits_u64(&u)) {
		(void)gs_u256_div_u64(&u, UINT64_C(1) << 32, &u);
		(void)gs_u256_div_u64(&v, UINT64_C(1) << 32, &v);
	}
	if (gs_u256_mul_u64_overflow(&v, GS_POLICY_PPM, &scaled))
		return factor_max;
	(void)gs_u256_div_u64(&scaled, u.limb[0], &scaled);
	return gs_u256_fits_u64(&scaled) && scaled.limb[0] < factor_max ? scaled.limb[0] : factor_max;
}

static uint64_t raised(const struct gs_sampling_policy *p, const struct gs_sampling_case *of)
{
	unsigned __int128 factor = GS_POLICY_PPM, up;

	if (!gs_u256_is_zero(&p->value_unit.v))
		factor += times(of->value, p->value_unit);
	factor += (unsigned __int128)of->wrong * p->wrong_percent * (GS_POLICY_PPM / 100);
	if (of->known_s < p->young_s)
		factor += (uint64_t)p->young_percent * (GS_POLICY_PPM / 100);
	up = factor * p->rate_ppm / GS_POLICY_PPM;
	return up < GS_POLICY_PPM ? (uint64_t)up : GS_POLICY_PPM;
}

uint32_t gs_policy_rate(const struct gs_sampling_policy *p, const struct gs_sampling_case *of)
{
	uint64_t up, rate, least;

	if (gs_wei_cmp(of->value, p->certain_above) >= 0)
		return GS_POLICY_PPM;
	up = rate = raised(p, of);
	if (p->cost_us && of->cost_us > p->cost_us)
		rate = (uint64_t)((unsigned __int128)rate * p->cost_us / of->cost_us);
	if (p->busy_ppm && p->busy_ppm < GS_POLICY_PPM && of->load_ppm > p->busy_ppm) {
		const uint64_t left = of->load_ppm < GS_POLICY_PPM ? GS_POLICY_PPM - of->load_ppm : 0;
		rate = rate * left / (GS_POLICY_PPM - p->busy_ppm);
	}
	least = p->least_ppm < up ? p->least_ppm : up;
	return (uint32_t)(rate > least ? rate : least);
}

void gs_policy_encode(const struct gs_sampling_policy *p, uint8_t out[GS_POLICY_BYTES])
{
	memcpy(out, label, sizeof(label));
	gs_be32_write(out + 24, p->rate_ppm);
	gs_be32_write(out + 28, p->least_ppm);
	gs_u256_to_be(&p->certain_above.v, out + 32);
	gs_u256_to_be(&p->value_unit.v, out + 64);
	gs_be32_write(out + 96, p->wrong_percent);
	gs_be32_write(out + 100, p->young_percent);
	gs_be64_write(out + 104, p->young_s);
	gs_be64_write(out + 112, p->cost_us);
	gs_be32_write(out + 120, p->busy_ppm);
}

enum gs_err gs_policy_decode(struct gs_bytes bytes, struct gs_sampling_policy *out)
{
	if (bytes.len != GS_POLICY_BYTES || memcmp(bytes.ptr, label, sizeof(label)) != 0)
		return GS_ECORRUPT;
	out->rate_ppm = gs_be32_read(bytes.ptr + 24);
	out->least_ppm = gs_be32_read(bytes.ptr + 28);
	out->certain_above.v = gs_u256_from_be(bytes.ptr + 32);
	out->value_unit.v = gs_u256_from_be(bytes.ptr + 64);
	out->wrong_percent = gs_be32_read(bytes.ptr + 96);
	out->young_percent = gs_be32_read(bytes.ptr + 100);
	out->young_s = gs_be64_read(bytes.ptr + 104);
	out->cost_us = gs_be64_read(bytes.ptr + 112);
	out->busy_ppm = gs_be32_read(bytes.ptr + 120);
	return GS_OK;
}

void gs_policy_hash(const struct gs_sampling_policy *policy, struct gs_hash *out)
{
	uint8_t bytes[GS_POLICY_BYTES];

	gs_policy_encode(policy, bytes);
	gs_keccak256(bytes, sizeof(bytes), out);
}
