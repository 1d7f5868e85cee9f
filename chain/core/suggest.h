/* chain/core/suggest.h: "did you mean": the distance between what was typed and what exists. */
#ifndef GS_CHAIN_CORE_SUGGEST_H
#define GS_CHAIN_CORE_SUGGEST_H

enum { GS_SUGGEST_TEXT_MAX = 64, GS_SUGGEST_DISTANCE_MAX = 2 };

/* Single-character insertions, deletions, replacements and swaps of neighbours that turn a into b (Damerau's distance,
 * restricted). A text longer than GS_SUGGEST_TEXT_MAX is infinitely far: GS_SUGGEST_TEXT_MAX. */
unsigned gs_suggest_distance(const char *a, const char *b);

#endif
