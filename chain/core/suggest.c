#include "chain/core/suggest.h"

#include <string.h>

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned gs_suggest_distance(const char *a, const char *b)
{
	unsigned row[3][GS_SUGGEST_TEXT_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len >= GS_SUGGEST_TEXT_MAX || b_len >= GS_SUGGEST_TEXT_MAX)
		return GS_SUGGEST_TEXT_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *now = row[i % 3], *before = row[(i - 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = before[j - 1] + (a[i - 1] != b[j - 1]);
			now[j] = least(change, least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], row[(i - 2) % 3][j - 2] + 1);
		}
	}
	return row[a_len % 3][b_len];
}
