#include "tests/support/share.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

unsigned gs_share_parts(void)
{
	const char *text = getenv("GAINSAY_TEST_SHARE");
	if (text == NULL)
		return 1;
	char *end;
	errno = 0;
	unsigned long parts = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || parts < 1 || parts > GS_SHARE_MAX) {
		fprintf(stderr, "GAINSAY_TEST_SHARE='%s': a number from 1 to %u is wanted\n", text, GS_SHARE_MAX);
		exit(2);
	}
	return (unsigned)parts;
}

unsigned gs_share_least(unsigned cases, unsigned least)
{
	unsigned parts = gs_share_parts(), share = cases / parts;
	if (share < least)
		share = least < cases ? least : cases;
	if (share < cases) {
		printf("[  INFO    ] 1 of %u of the drawn cases: %u of %u\n", parts, share, cases);
		fflush(stdout);
	}
	return share;
}

unsigned gs_share(unsigned cases)
{
	return gs_share_least(cases, GS_SHARE_LEAST);
}
