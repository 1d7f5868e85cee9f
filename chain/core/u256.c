/* chain/core/u256.c: 256-bit arithmetic and amounts of money. */
#include "chain/core/u256.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum { ETHER_DIGITS = 18 };
static const uint64_t WEI_PER_ETHER = 1000000000000000000u;
/* The largest power of ten in 64 bits: 19 decimal digits leave the number at a time. */
static const uint64_t DECIMAL_CHUNK = 10000000000000000000u;
enum { DECIMAL_CHUNK_DIGITS = 19 };

struct gs_u256 gs_u256_from_u64(uint64_t v)
{
	return (struct gs_u256){.limb = {v, 0, 0, 0}};
}

void gs_u256_to_be(const struct gs_u256 *v, uint8_t out[32])
{
	for (size_t i = 0; i < 4; i++)
		gs_be64_write(out + 8 * i, v->limb[3 - i]);
}

struct gs_u256 gs_u256_from_be(const uint8_t in[32])
{
	struct gs_u256 v;
	for (size_t i = 0; i < 4; i++) {
		const uint8_t *p = in + 8 * i; /* one load and a swap to compilers that see it all */
		v.limb[3 - i] = (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
		                (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
		                (uint64_t)p[6] << 8 | (uint64_t)p[7];
	}
	return v;
}

int gs_u256_cmp(const struct gs_u256 *a, const struct gs_u256 *b)
{
	for (size_t i = 4; i-- > 0;) {
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	}
	return 0;
}

bool gs_u256_is_zero(const struct gs_u256 *a)
{
	return (a->limb[0] | a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

bool gs_u256_fits_u64(const struct gs_u256 *a)
{
	return (a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

bool gs_u256_add_overflow(const struct gs_u256 *a, const struct gs_u256 *b, struct gs_u256 *out)
{
	wide carry = 0;
	for (size_t i = 0; i < 4; i++) {
		carry += (wide)a->limb[i] + b->limb[i];
		out->limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	return carry != 0;
}

bool gs_u256_sub_overflow(const struct gs_u256 *a, const struct gs_u256 *b, struct gs_u256 *out)
{
	uint64_t borrow = 0;
	for (size_t i = 0; i < 4; i++) {
		wide d = (wide)a->limb[i] - b->limb[i] - borrow;
		out->limb[i] = (uint64_t)d;
		borrow = (uint64_t)(d >> 64) != 0;
	}
	return borrow != 0;
}

bool gs_u256_mul_u64_overflow(const struct gs_u256 *a, uint64_t b, struct gs_u256 *out)
{
	wide carry = 0;
	for (size_t i = 0; i < 4; i++) {
		carry += (wide)a->limb[i] * b;
		out->limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	return carry != 0;
}

uint64_t gs_u256_div_u64(const struct gs_u256 *a, uint64_t b, struct gs_u256 *quotient)
{
	GS_ASSERT(b != 0);
	uint64_t rest = 0;
	for (size_t i = 4; i-- > 0;) {
		wide part = (wide)rest << 64 | a->limb[i];
		quotient->limb[i] = (uint64_t)(part / b);
		rest = (uint64_t)(part % b);
	}
	return rest;
}

struct gs_wei gs_wei_from_u64(uint64_t v)
{
	return (struct gs_wei){.v = gs_u256_from_u64(v)};
}

int gs_wei_cmp(struct gs_wei a, struct gs_wei b)
{
	return gs_u256_cmp(&a.v, &b.v);
}

enum gs_err gs_wei_add(struct gs_wei a, struct gs_wei b, struct gs_wei *out)
{
	struct gs_wei sum;
	if (gs_u256_add_overflow(&a.v, &b.v, &sum.v))
		return GS_ELIMIT;
	*out = sum;
	return GS_OK;
}

enum gs_err gs_wei_sub(struct gs_wei a, struct gs_wei b, struct gs_wei *out)
{
	struct gs_wei rest;
	if (gs_u256_sub_overflow(&a.v, &b.v, &rest.v))
		return GS_ELIMIT;
	*out = rest;
	return GS_OK;
}

enum gs_err gs_wei_mul_u64(struct gs_wei a, uint64_t b, struct gs_wei *out)
{
	struct gs_wei product;
	if (gs_u256_mul_u64_overflow(&a.v, b, &product.v))
		return GS_ELIMIT;
	*out = product;
	return GS_OK;
}

double gs_u256_to_double(const struct gs_u256 *v)
{
	double sum = 0;

	for (int i = 3; i >= 0; i--)
		sum = sum * 18446744073709551616.0 + (double)v->limb[i];
	return sum;
}

void gs_u256_to_decimal(const struct gs_u256 *v, char out[GS_U256_DECIMAL_MAX])
{
	char reversed[GS_U256_DECIMAL_MAX];
	size_t n = 0;
	struct gs_u256 left = *v;
	do {
		uint64_t chunk = gs_u256_div_u64(&left, DECIMAL_CHUNK, &left);
		bool last = gs_u256_is_zero(&left);
		for (size_t i = 0; i < DECIMAL_CHUNK_DIGITS && (!last || chunk != 0 || n == 0); i++) {
			reversed[n++] = (char)('0' + chunk % 10);
			chunk /= 10;
		}
	} while (!gs_u256_is_zero(&left));
	for (size_t i = 0; i < n; i++)
		out[i] = reversed[n - 1 - i];
	out[n] = '\0';
}

/* *v = *v * base + digit; false past 2^256-1. */
static bool push_digit(struct gs_u256 *v, uint64_t base, uint64_t digit)
{
	struct gs_u256 d = gs_u256_from_u64(digit);
	return !gs_u256_mul_u64_overflow(v, base, v) && !gs_u256_add_overflow(v, &d, v);
}

static bool parse_digit(char c, uint64_t base, uint64_t *digit)
{
	if (c >= '0' && c <= '9')
		*digit = (uint64_t)(c - '0');
	else if (base == 16 && c >= 'a' && c <= 'f')
		*digit = (uint64_t)(c - 'a' + 10);
	else if (base == 16 && c >= 'A' && c <= 'F')
		*digit = (uint64_t)(c - 'A' + 10);
	else
		return false;
	return true;
}

enum gs_err gs_u256_parse(const char *text, size_t len, struct gs_u256 *out)
{
	uint64_t base = 10;
	if (len >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
		len -= 2;
	}
	if (len == 0)
		return GS_EPARSE;
	struct gs_u256 v = gs_u256_from_u64(0);
	bool fits = true;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = 0;
		if (!parse_digit(text[i], base, &digit))
			return GS_EPARSE;
		fits = fits && push_digit(&v, base, digit);
	}
	if (!fits)
		return GS_ELIMIT;
	*out = v;
	return GS_OK;
}

enum gs_err gs_wei_parse_ether(const char *text, struct gs_wei *out)
{
	struct gs_u256 v = gs_u256_from_u64(0);
	size_t whole = 0;
	size_t fraction = 0;
	bool point = false;
	bool fits = true;
	for (; *text != '\0'; text++) {
		uint64_t digit = 0;
		if (*text == '.' && !point && whole > 0) {
			point = true;
			continue;
		}
		if (!parse_digit(*text, 10, &digit))
			return GS_EPARSE;
		if (point && ++fraction > ETHER_DIGITS)
			return GS_EPARSE;
		if (!point)
			whole++;
		fits = fits && push_digit(&v, 10, digit);
	}
	if (whole == 0 || (point && fraction == 0))
		return GS_EPARSE;
	for (; fraction < ETHER_DIGITS; fraction++)
		fits = fits && push_digit(&v, 10, 0);
	if (!fits)
		return GS_ELIMIT;
	out->v = v;
	return GS_OK;
}

void gs_wei_format_ether(struct gs_wei v, char out[GS_U256_DECIMAL_MAX])
{
	struct gs_u256 whole;
	uint64_t fraction = gs_u256_div_u64(&v.v, WEI_PER_ETHER, &whole);
	gs_u256_to_decimal(&whole, out);
	if (fraction == 0)
		return;
	size_t n = strlen(out);
	out[n++] = '.';
	uint64_t unit = WEI_PER_ETHER / 10;
	for (; fraction != 0; unit /= 10) {
		out[n++] = (char)('0' + fraction / unit);
		fraction %= unit;
	}
	out[n] = '\0';
}
