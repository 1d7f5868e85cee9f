/* tests/support/endian.h: the processor's order of bytes. The executor's forms that read and write whole vectors of elements where they
 * lie want a little-endian one; on another nothing is run by them, and everything by lines. */
#ifndef GS_TESTS_SUPPORT_ENDIAN_H
#define GS_TESTS_SUPPORT_ENDIAN_H

#include <stdbool.h>
#include <stdint.h>

static inline bool gs_little_endian(void)
{
	const uint16_t one = 1;
	return *(const uint8_t *)&one == 1;
}

/* So many cases were run by such a form: from least to most of them; none on a big-endian processor. */
#define assert_forms(seen, least, most) \
	assert_in_range((seen), gs_little_endian() ? (least) : 0, gs_little_endian() ? (most) : 0)

#endif
