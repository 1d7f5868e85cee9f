/* tests/support/blob_cases.h: the two readers of OpenGradient's blobs, held against each other. */
#ifndef GS_TESTS_SUPPORT_BLOB_CASES_H
#define GS_TESTS_SUPPORT_BLOB_CASES_H

#include "validator/opengradient/blob_read.h"

/* NULL, or what the readers do not agree in: a text that the plain one takes is read by jansson's as the same, and gs_blob_read says what jansson's says, in every word.
 * *plain, which may be NULL: whether the plain one took it; *code: jansson's. */
const char *blob_readers_differ(struct gs_bytes text, bool *plain, enum gs_err *code);

#endif
