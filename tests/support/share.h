/* tests/support/share.h: how many of its drawn cases a test runs. All of them; where every instruction takes a hundred times as long,
 * as on an emulated processor, GAINSAY_TEST_SHARE=N asks for the first of N parts. Cases that are written down are not drawn: they are
 * always run. */
#ifndef GS_TESTS_SUPPORT_SHARE_H
#define GS_TESTS_SUPPORT_SHARE_H

/* A share is never smaller than this, unless the test draws or asks for fewer, so that what must be seen once is seen. */
#define GS_SHARE_LEAST 40U
/* The greatest N. */
#define GS_SHARE_MAX 1000U

/* How many of so many drawn cases to run, at least one; says so where these are not all. Ends the process where
 * GAINSAY_TEST_SHARE is no number from 1 to GS_SHARE_MAX. */
unsigned gs_share(unsigned cases);
/* The same of cases each of which takes long: at least so many of them. */
unsigned gs_share_least(unsigned cases, unsigned least);
/* N: 1 where all are run. */
unsigned gs_share_parts(void);

#endif
