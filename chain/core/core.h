/* chain/core/core.h: the words every module shares. No I/O, no globals.
 *
 * Three kinds of failure never mix here. A bug is an assertion (GS_ASSERT, kept in release builds). An operation
 * that failed is a gs_err code, with its context in a gs_error where a person will have to read it. "The claim is
 * wrong" is neither: it is data, returned like any other result. */
#ifndef GS_CHAIN_CORE_CORE_H
#define GS_CHAIN_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gs_err {
	GS_OK = 0,
	GS_ENOMEM = -1,       /* the allocator said no */
	GS_ELIMIT = -2,       /* a named limit was exceeded */
	GS_EPARSE = -3,       /* bytes from outside do not have the form they must have */
	GS_EUNSUPPORTED = -4, /* well formed, but this build does not do it */
	GS_ENOTFOUND = -5,
	GS_EIO = -6,        /* disk, socket or peer failed */
	GS_ECORRUPT = -7,   /* stored or committed bytes contradict themselves */
	GS_EAGAIN = -8,     /* not now; try again later */
	GS_EINVAL = -9,     /* a value from the user or a config does not make sense */
	GS_ECONFLICT = -10, /* somebody else holds it, or it is already different */
};

#define GS_MUST __attribute__((warn_unused_result))
#define GS_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define GS_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Context of a failed operation: one line that says what, where and what to do. Callers own it and pass it last;
 * NULL is allowed everywhere and means "the code is enough". */
enum { GS_ERROR_TEXT_MAX = 512 };
struct gs_error {
	enum gs_err code;
	char text[GS_ERROR_TEXT_MAX];
};

/* Sets *error (when not NULL) and returns code, so that a failing line reads
 * `return gs_fail(error, GS_EPARSE, "%s: ...", path)`. Control bytes in the text become '?'. */
enum gs_err gs_fail(struct gs_error *error, enum gs_err code, const char *fmt, ...) GS_PRINTF(3, 4);
/* Puts "where: " before the text already in *error; returns error's code (GS_OK when error is NULL). */
enum gs_err gs_fail_within(struct gs_error *error, enum gs_err code, const char *fmt, ...) GS_PRINTF(3, 4);
/* A short name such as "limit"; never NULL. */
const char *gs_err_name(enum gs_err code);

/* An assertion that stays in release builds: a bug must stop the program before it can cost money. */
#define GS_ASSERT(cond) ((cond) ? (void)0 : gs_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void gs_assert_failed(const char *cond, const char *file, int line);

struct gs_bytes { /* a borrowed view */
	const uint8_t *ptr;
	size_t len;
};
struct gs_hash {
	uint8_t b[32];
};
struct gs_address {
	uint8_t b[20];
};
struct gs_time { /* the contracts' clock */
	uint64_t unix_s;
};

bool gs_bytes_equal(struct gs_bytes a, struct gs_bytes b);
bool gs_hash_equal(const struct gs_hash *a, const struct gs_hash *b);
bool gs_hash_is_zero(const struct gs_hash *a);
bool gs_address_equal(const struct gs_address *a, const struct gs_address *b);

/* Lower-case hex. out holds 2*len+1 chars ("0x" and 2 more with prefix); always terminated. */
void gs_hex_encode(const uint8_t *in, size_t len, bool prefix, char *out);
/* Reads exactly out_len bytes of hex, with or without 0x. GS_EPARSE on any other length or character. */
GS_MUST enum gs_err gs_hex_decode(const char *text, size_t text_len, uint8_t *out, size_t out_len);

/* Little-endian and big-endian access to unaligned bytes; the host's own order never shows. */
uint16_t gs_le16_read(const uint8_t *p);
uint32_t gs_le32_read(const uint8_t *p);
uint64_t gs_le64_read(const uint8_t *p);
void gs_le16_write(uint8_t *p, uint16_t v);
void gs_le32_write(uint8_t *p, uint32_t v);
void gs_le64_write(uint8_t *p, uint64_t v);
uint32_t gs_be32_read(const uint8_t *p);
uint64_t gs_be64_read(const uint8_t *p);
void gs_be32_write(uint8_t *p, uint32_t v);
void gs_be64_write(uint8_t *p, uint64_t v);

#endif
