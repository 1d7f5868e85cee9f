/* tests/support/sanitized.h: GS_SANITIZED is 1 in a program whose every read and write a sanitizer checks, else 0. It maps
 * terabytes, and vector kernels take a hundred times as long. */
#ifndef GS_TESTS_SUPPORT_SANITIZED_H
#define GS_TESTS_SUPPORT_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GS_SANITIZED 1
#endif
#endif
#ifndef GS_SANITIZED
#define GS_SANITIZED 0
#endif

#endif
