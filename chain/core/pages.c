#include "chain/core/pages.h"

#include <stdint.h>
#include <sys/mman.h>

void gs_large_pages(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
	uintptr_t at = (uintptr_t)memory;
	size_t skip = (GS_LARGE_PAGE - at % GS_LARGE_PAGE) % GS_LARGE_PAGE;
	if (bytes < skip + GS_LARGE_PAGE)
		return;
	size_t whole = (bytes - skip) / GS_LARGE_PAGE * GS_LARGE_PAGE;
	(void)madvise((uint8_t *)memory + skip, whole, MADV_HUGEPAGE);
#else
	(void)memory, (void)bytes;
#endif
}

void gs_pages_now(void *memory, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
	enum { PAGE = 1 << 12, WORTH = 1 << 16 }; /* where pages are larger the system refuses, and nothing is lost */
	uintptr_t at = (uintptr_t)memory;
	size_t skip = (PAGE - at % PAGE) % PAGE;
	if (bytes >= skip + WORTH)
		(void)madvise((uint8_t *)memory + skip, (bytes - skip) / PAGE * PAGE, MADV_POPULATE_WRITE);
#else
	(void)memory, (void)bytes;
#endif
}
