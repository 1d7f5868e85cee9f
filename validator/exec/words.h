/* validator/exec/words.h: factors of integers as words of several terms (ints.h). */
#ifndef GS_VALIDATOR_EXEC_WORDS_H
#define GS_VALIDATOR_EXEC_WORDS_H

#include "validator/exec/ints.h"
#include "validator/exec/pattern.h"
#include "validator/exec/threads.h"

/* How a factor's numbers stand in words: as number - from. */
struct gs_words {
	enum gs_words_kind kind;
	int32_t from;
};

/* Terms that a word of a kind has room for. */
unsigned gs_words_terms(enum gs_words_kind kind);

/* The words of the fewest bits, of `least` or a later kind, that hold every number of the factor's tensor, and its padding:
 * with from = 0 if that will do. is_x: it is x, whose bytes are unsigned where the table's are (ints.h). */
struct gs_words gs_words_for(const struct gs_factor *f, const uint8_t *base, const struct gs_ints *ints, bool is_x,
                             enum gs_words_kind least);

/* The same of numbers from low to high. */
struct gs_words gs_words_between(int32_t low, int32_t high, const struct gs_ints *ints, bool is_x,
                                 enum gs_words_kind least);

/* Lines of words of i32 along the word axis, evenly apart in the tensor, nothing of which is padding: how far. */
bool gs_words_even_lines(const struct gs_contraction *c, const struct gs_factor *f, int64_t *apart);

/* Fills the stage of a factor of *c. */
void gs_words_fill(const struct gs_contraction *c, const struct gs_factor *f, const uint8_t *base,
                   struct gs_words words, const struct gs_ints *ints, struct gs_pool *pool, uint32_t *stage);

#endif
