/* chain/core/u256.h: unsigned 256-bit integers, for the EVM's words and for money.
 *
 * Money is gs_wei and has checked arithmetic only: a sum that overflows or a difference below zero is an error that
 * the caller must handle, never a wrap. */
#ifndef GS_CHAIN_CORE_U256_H
#define GS_CHAIN_CORE_U256_H

#include "chain/core/core.h"

struct gs_u256 {
	uint64_t limb[4]; /* least significant first */
};
struct gs_wei { /* an amount of a token's or the chain's smallest unit */
	struct gs_u256 v;
};

struct gs_u256 gs_u256_from_u64(uint64_t v);
void gs_u256_to_be(const struct gs_u256 *v, uint8_t out[32]);
struct gs_u256 gs_u256_from_be(const uint8_t in[32]);
int gs_u256_cmp(const struct gs_u256 *a, const struct gs_u256 *b);
bool gs_u256_is_zero(const struct gs_u256 *a);
bool gs_u256_fits_u64(const struct gs_u256 *a);
/* Return true on overflow (or borrow); *out then holds the result modulo 2^256. */
bool gs_u256_add_overflow(const struct gs_u256 *a, const struct gs_u256 *b, struct gs_u256 *out);
bool gs_u256_sub_overflow(const struct gs_u256 *a, const struct gs_u256 *b, struct gs_u256 *out);
bool gs_u256_mul_u64_overflow(const struct gs_u256 *a, uint64_t b, struct gs_u256 *out);
/* Divides by a non-zero 64-bit number; returns the remainder. */
uint64_t gs_u256_div_u64(const struct gs_u256 *a, uint64_t b, struct gs_u256 *quotient);

struct gs_wei gs_wei_from_u64(uint64_t v);
int gs_wei_cmp(struct gs_wei a, struct gs_wei b);
GS_MUST enum gs_err gs_wei_add(struct gs_wei a, struct gs_wei b, struct gs_wei *out); /* GS_ELIMIT on overflow */
GS_MUST enum gs_err gs_wei_sub(struct gs_wei a, struct gs_wei b, struct gs_wei *out); /* GS_ELIMIT below zero */
GS_MUST enum gs_err gs_wei_mul_u64(struct gs_wei a, uint64_t b, struct gs_wei *out);

enum { GS_U256_DECIMAL_MAX = 80 };
/* Correct to some units in the last place. */
double gs_u256_to_double(const struct gs_u256 *v);
void gs_u256_to_decimal(const struct gs_u256 *v, char out[GS_U256_DECIMAL_MAX]);
/* Decimal or 0x-hex digits only, at least one; GS_EPARSE otherwise, GS_ELIMIT past 2^256-1. */
GS_MUST enum gs_err gs_u256_parse(const char *text, size_t len, struct gs_u256 *out);
/* A token amount with 18 decimals such as "1.5"; at most 18 digits after the point. */
GS_MUST enum gs_err gs_wei_parse_ether(const char *text, struct gs_wei *out);
/* Writes "1.5" for 1500000000000000000, trailing zeros cut. */
void gs_wei_format_ether(struct gs_wei v, char out[GS_U256_DECIMAL_MAX]);

#endif
