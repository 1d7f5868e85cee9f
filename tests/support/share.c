#include "tests/support/share.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

unsigned gs_share(unsigned cases)
{
	const char *text = getenv("GAINSAY_TEST_SHARE");
	if (text == NULL)
		return cases;
	char *end;
	errno = 0;
	unsigned long parts = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || parts < 1 || parts > GS_SHARE_MAX) {
		fprintf(stderr, "GAINSAY_TEST_SHARE='%s': a number from 1 to %u is wanted\n", text, GS_SHARE_MAX);
		exit(2);
	}
	unsigned share = cases / (unsigned)parts;
	unsigned least = cases < GS_SHARE_LEAST ? cases : GS_SHARE_LEAST;
	if (share < least)
		share = least;
	if (share < cases) {
		printf("[  INFO    ] 1 of %lu of the drawn cases: %u of %u\n", parts, share, cases);
		fflush(stdout);
	}
	return share;
}
