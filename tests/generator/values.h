/* tests/generator/values.h: random stored elements, special ones as often as plain ones. */
#ifndef GS_TESTS_GENERATOR_VALUES_H
#define GS_TESTS_GENERATOR_VALUES_H

#include "chain/core/rng.h"
#include "challenge/machine/number.h"

/* What an array is full of: one array of plain numbers keeps a long sum away from NaN. */
enum gs_flavour { GS_FLAVOUR_PLAIN, GS_FLAVOUR_MIXED, GS_FLAVOUR_SPECIAL, GS_FLAVOUR_INDEX };
enum { GS_FLAVOURS = 4 };

/* Stored bits of one element; NaNs come with any payload, bools with any byte. */
uint64_t gs_random_element(struct gs_rng *rng, enum gs_dtype dtype, enum gs_flavour flavour);
void gs_random_tensor(struct gs_rng *rng, enum gs_dtype dtype, enum gs_flavour flavour, uint8_t *base, uint64_t count);
/* A canonical register, as a constant or a pad value needs. */
gs_reg gs_random_register(struct gs_rng *rng, enum gs_class cls, enum gs_flavour flavour);

#endif
