/* chain/core/pages.h: large pages for large memory. Advice to the system; nothing depends on whether it takes it. */
#ifndef GS_CHAIN_CORE_PAGES_H
#define GS_CHAIN_CORE_PAGES_H

#include <stddef.h>

#define GS_LARGE_PAGE ((size_t)1 << 21) /* bytes */

/* Asks for large pages (Linux: transparent huge pages) where they fill, so that no more memory is used than will be written:
 * one fault and one entry of the processor's table for five hundred. Of memory that will be written densely, before it is. */
void gs_large_pages(void *memory, size_t bytes);

/* Has the system give all pages at once, of memory that will be written as a whole: a fault for each takes nearly twice as long. After
 * gs_large_pages. */
void gs_pages_now(void *memory, size_t bytes);

#endif
