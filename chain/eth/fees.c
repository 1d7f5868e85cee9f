#include "chain/eth/fees.h"

const char *gs_urgency_name(enum gs_urgency urgency)
{
	switch (urgency) {
	case GS_URGENCY_NONE: return "none";
	case GS_URGENCY_DUE: return "due";
	case GS_URGENCY_CLOSE: return "close";
	}
	return "?";
}

unsigned gs_fees_percentile(enum gs_urgency urgency)
{
	switch (urgency) {
	case GS_URGENCY_NONE: return 25;
	case GS_URGENCY_DUE: return 50;
	case GS_URGENCY_CLOSE: return 90;
	}
	return 50;
}

/* Full blocks in a row that the offer survives. */
static unsigned blocks_ahead(enum gs_urgency urgency)
{
	switch (urgency) {
	case GS_URGENCY_NONE: return 6;
	case GS_URGENCY_DUE: return 6;
	case GS_URGENCY_CLOSE: return 10;
	}
	return 6;
}

struct gs_wei gs_fees_median(struct gs_wei *values, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct gs_wei v = values[i];
		size_t at = i;
		for (; at > 0 && gs_wei_cmp(values[at - 1], v) > 0; at--)
			values[at] = values[at - 1];
		values[at] = v;
	}
	return count ? values[count / 2] : gs_wei_from_u64(0);
}

enum gs_err gs_fees_raise(struct gs_wei fee, struct gs_wei *out)
{
	struct gs_wei sum;
	struct gs_u256 eighth;
	uint64_t rest;
	enum gs_err err;

	rest = gs_u256_div_u64(&fee.v, 8, &eighth);
	err = gs_wei_add(fee, (struct gs_wei){eighth}, &sum);
	if (!err && (rest || gs_u256_is_zero(&eighth)))
		err = gs_wei_add(sum, gs_wei_from_u64(1), &sum);
	if (!err)
		*out = sum;
	return err;
}

static struct gs_wei larger(struct gs_wei a, struct gs_wei b)
{
	return gs_wei_cmp(a, b) < 0 ? b : a;
}

enum gs_err gs_fees_choose(const struct gs_fee_market *market, enum gs_urgency urgency,
                           const struct gs_fee_bounds *bounds, struct gs_fees *out)
{
	const bool has_cap = !gs_u256_is_zero(&bounds->cap.v);
	struct gs_wei ahead = market->base_fee;
	enum gs_err err = GS_OK;

	*out = (struct gs_fees){.tip = larger(market->tip[urgency], bounds->least_tip)};
	for (unsigned i = 0; i < blocks_ahead(urgency) && !err && !gs_u256_is_zero(&ahead.v); i++)
		err = gs_fees_raise(ahead, &ahead);
	if (!err)
		err = gs_wei_add(ahead, out->tip, &out->max_fee);
	if (err)
		return err;
	out->max_fee = larger(out->max_fee, bounds->least_max);
	if (!has_cap || gs_wei_cmp(out->max_fee, bounds->cap) <= 0)
		return GS_OK;
	out->max_fee = bounds->cap;
	out->capped = true;
	if (gs_wei_cmp(bounds->cap, market->base_fee) <= 0 || gs_wei_cmp(bounds->cap, bounds->least_max) < 0 ||
	    gs_wei_cmp(bounds->cap, bounds->least_tip) < 0)
		return GS_ELIMIT;
	if (gs_wei_cmp(out->tip, out->max_fee) > 0)
		out->tip = out->max_fee;
	return GS_OK;
}

bool gs_fees_suffice(const struct gs_fee_market *market, enum gs_urgency urgency, const struct gs_fee_bounds *bounds,
                     struct gs_fees *enough)
{
	const struct gs_fee_bounds first = {.cap = bounds->cap};
	struct gs_wei fee, tip;
	struct gs_fees fees;

	if (gs_fees_choose(market, urgency, &first, &fees) != GS_OK || gs_fees_raise(fees.max_fee, &fee) != GS_OK ||
	    gs_fees_raise(fees.tip, &tip) != GS_OK)
		return false;
	if (gs_wei_cmp(fee, bounds->least_max) > 0 || gs_wei_cmp(tip, bounds->least_tip) > 0)
		return false;
	if (enough)
		*enough = fees;
	return true;
}

enum gs_err gs_fees_cost(uint64_t gas, struct gs_wei max_fee, struct gs_wei l1_fee, struct gs_wei *out)
{
	struct gs_wei sum;
	enum gs_err err = gs_wei_mul_u64(max_fee, gas, &sum);

	return err ? err : gs_wei_add(sum, l1_fee, out);
}
