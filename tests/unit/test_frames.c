/* Frames of a server against a reading of RFC 6455 that has all bytes at once, cut at every place and at random ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/rng.h"
#include "chain/rpc/frames.h"

enum { MESSAGE_MAX = 70 * 1000, PIECES_MAX = 6, ROUNDS = 400, STREAM_MAX = 400 * 1000 };

/* Every event with what it says, as text. */
static void tell(char *out, size_t max, const struct gs_frames *f, enum gs_frames_event event, struct gs_bytes text)
{
	const size_t at = strlen(out);
	uint32_t sum = 0;

	for (size_t i = 0; i < text.len; i++)
		sum = sum * 31 + text.ptr[i];
	for (size_t i = 0; event == GS_FRAMES_PING && i < f->control_len; i++)
		sum = sum * 31 + f->control[i];
	snprintf(out + at, max - at, "%d:%zu:%08x:%u ", (int)event, text.len, sum,
	         event == GS_FRAMES_CLOSE ? f->code : 0);
}

static bool goes_on(enum gs_frames_event event)
{
	return event == GS_FRAMES_TEXT || event == GS_FRAMES_PING || event == GS_FRAMES_PONG;
}

/* Reads all of it in pieces that `cut` gives; early: takes text before its message is whole, now and then. */
static void read_cut(struct gs_bytes stream, struct gs_rng *rng, size_t most, bool early, char *out, size_t max)
{
	enum gs_frames_event event = GS_FRAMES_NOTHING;
	struct gs_buf taken;
	struct gs_frames f;

	out[0] = '\0';
	gs_frames_init(&f, MESSAGE_MAX, PIECES_MAX);
	gs_buf_init(&taken, MESSAGE_MAX);
	for (size_t at = 0; at < stream.len && (goes_on(event) || event == GS_FRAMES_NOTHING);) {
		const size_t left = stream.len - at, n = most ? 1 + (size_t)gs_rng_below(rng, most) : left;
		struct gs_bytes piece = {stream.ptr + at, n < left ? n : left};
		at += piece.len;
		do {
			event = gs_frames_read(&f, &piece);
			if (event == GS_FRAMES_TEXT) {
				gs_buf_append(&taken, f.text.ptr, f.text.len);
				tell(out, max, &f, event, gs_buf_view(&taken));
				taken.len = 0;
				gs_frames_took(&f);
			} else if (event != GS_FRAMES_NOTHING) {
				tell(out, max, &f, event, (struct gs_bytes){NULL, 0});
			}
		} while (goes_on(event));
		if (early && event == GS_FRAMES_NOTHING && f.in_message && gs_rng_below(rng, 2)) {
			gs_buf_append(&taken, f.text.ptr, f.text.len);
			gs_frames_took(&f);
		}
		assert_int_equal(taken.err, GS_OK);
	}
	gs_buf_free(&taken);
	gs_buf_free(&f.text);
}

static void put(struct gs_buf *b, uint8_t first, const void *payload, size_t len)
{
	uint8_t head[10] = {first};
	size_t n = 2;

	head[1] = (uint8_t)(len < 126 ? len : len <= UINT16_MAX ? 126 : 127);
	if (head[1] == 126) {
		head[2] = (uint8_t)(len >> 8);
		head[3] = (uint8_t)len;
		n = 4;
	} else if (head[1] == 127) {
		gs_be64_write(head + 2, len);
		n = 10;
	}
	gs_buf_append(b, head, n);
	gs_buf_append(b, payload, len);
}

#define RAW(...) {__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

/* What the RFC says of single frames, its sections in the comments. */
static void single_frames(void **state)
{
	static const struct {
		uint8_t bytes[16];
		size_t len;
		enum gs_frames_event want;
		unsigned code;
	} cases[] = {
		{RAW(0x81, 2, '{', '}'), GS_FRAMES_TEXT, 0},
		{RAW(0x81, 0), GS_FRAMES_TEXT, 0},
		{RAW(0x89, 1, 'x'), GS_FRAMES_PING, 0},
		{RAW(0x8a, 0), GS_FRAMES_PONG, 0},
		{RAW(0x88, 0), GS_FRAMES_CLOSE, 1005}, /* 7.1.5 */
		{RAW(0x88, 2, 0x03, 0xe8), GS_FRAMES_CLOSE, 1000},
		{RAW(0x88, 4, 0x0f, 0xa0, 'o', 'k'), GS_FRAMES_CLOSE, 4000},
		{RAW(0x88, 1, 0x03), GS_FRAMES_BROKEN, 0},                     /* 5.5.1 */
		{RAW(0x88, 2, 0x03, 0xed), GS_FRAMES_BROKEN, 0},               /* 7.4.1: 1005 is never sent */
		{RAW(0x88, 2, 0x03, 0xe7), GS_FRAMES_BROKEN, 0},               /* 7.4.2: 999 */
		{RAW(0x88, 2, 0x13, 0x88), GS_FRAMES_BROKEN, 0},               /* 5000 */
		{RAW(0x88, 3, 0x03, 0xe8, 0xff), GS_FRAMES_NOT_UTF8, 0},       /* 5.5.1 */
		{RAW(0x88, 4, 0x03, 0xe8, 0xe2, 0x82), GS_FRAMES_NOT_UTF8, 0}, /* half a character */
		{RAW(0x81, 0x82, 1, 2, 3, 4, 'x', 'y'), GS_FRAMES_BROKEN, 0},  /* 5.1: masked */
		{RAW(0xc1, 0), GS_FRAMES_BROKEN, 0},                           /* 5.2: reserved bits */
		{RAW(0xa1, 0), GS_FRAMES_BROKEN, 0},
		{RAW(0x91, 0), GS_FRAMES_BROKEN, 0},
		{RAW(0x83, 0), GS_FRAMES_BROKEN, 0}, /* 5.2: reserved opcodes */
		{RAW(0x87, 0), GS_FRAMES_BROKEN, 0},
		{RAW(0x8b, 0), GS_FRAMES_BROKEN, 0},
		{RAW(0x8f, 0), GS_FRAMES_BROKEN, 0},
		{RAW(0x80, 0), GS_FRAMES_BROKEN, 0},           /* 5.4: continues nothing */
		{RAW(0x09, 0), GS_FRAMES_BROKEN, 0},           /* 5.5: a control frame in pieces */
		{RAW(0x89, 126, 0, 126), GS_FRAMES_BROKEN, 0}, /* 5.5: or longer than 125 */
		{RAW(0x81, 126, 0, 125), GS_FRAMES_BROKEN, 0}, /* 5.2: a length in more bytes than it takes */
		{RAW(0x81, 127, 0, 0, 0, 0, 0, 0, 255, 255), GS_FRAMES_BROKEN, 0},
		{RAW(0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0), GS_FRAMES_BROKEN, 0}, /* 5.2: the most significant bit */
		{RAW(0x82, 0), GS_FRAMES_BINARY, 0},
		{RAW(0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x71), GS_FRAMES_TOO_LARGE, 0}, /* 70,001 */
		{RAW(0x81, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255), GS_FRAMES_TOO_LARGE, 0},
		{RAW(0x01, 0, 0x81, 0), GS_FRAMES_BROKEN, 0}, /* 5.4: another message before the end of one */
		{RAW(0x01, 1, 'a', 0x88, 0), GS_FRAMES_CLOSE, 1005},
		{RAW(0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), GS_FRAMES_PIECES, 0},
		{RAW(0x81, 126, 1), GS_FRAMES_NOTHING, 0}, /* half a header */
		{RAW(0x81, 3, '{'), GS_FRAMES_NOTHING, 0}, /* half a payload */
	};

	(void)state;
	for (size_t i = 0; i < GS_ARRAY_LEN(cases); i++) {
		struct gs_bytes bytes = {cases[i].bytes, cases[i].len};
		struct gs_frames f;
		gs_frames_init(&f, MESSAGE_MAX, PIECES_MAX);
		const enum gs_frames_event event = gs_frames_read(&f, &bytes);
		if (event != cases[i].want)
			fail_msg("case %zu: event %d", i, (int)event);
		assert_int_equal(event == GS_FRAMES_CLOSE ? f.code : 0, cases[i].code);
		gs_buf_free(&f.text);
	}
}

/* RFC 3629 by its table: every lead byte with every second byte, and every length. */
static bool utf8_by_value(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len;) {
		const unsigned c = p[i];
		const size_t more = c < 0x80 ? 0 : c >> 5 == 6 ? 1 : c >> 4 == 14 ? 2 : c >> 3 == 30 ? 3 : 9;
		static const uint32_t first[] = {0, 0x80, 0x800, 0x10000};
		uint32_t v = more == 9 ? 0 : more == 0 ? c : c & (0x3fU >> more);
		if (more == 9 || i + more >= len)
			return false;
		for (size_t k = 1; k <= more; k++) {
			if ((p[i + k] & 0xc0) != 0x80)
				return false;
			v = v << 6 | (p[i + k] & 0x3f);
		}
		if (v < first[more] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
			return false;
		i += more + 1;
	}
	return true;
}

static void every_character(void **state)
{
	static const uint8_t tails[][2] = {{0x80, 0x80}, {0xbf, 0xbf}, {'a', 'a'}, {0x80, 'a'}, {0xc2, 0x80}};
	size_t right = 0;

	(void)state;
	for (unsigned lead = 0; lead < 256; lead++)
		for (unsigned second = 0; second < 256; second++)
			for (size_t t = 0; t < GS_ARRAY_LEN(tails); t++)
				for (size_t len = 1; len <= 4; len++) {
					uint8_t bytes[2 + 9 + 4] = {0x81, (uint8_t)(9 + len)};
					memset(bytes + 2, 'x', 9); /* a word of ASCII, and one byte, before it */
					const uint8_t text[4] = {(uint8_t)lead, (uint8_t)second, tails[t][0],
					                         tails[t][1]};
					memcpy(bytes + 11, text, len);
					struct gs_bytes b = {bytes, 11 + len};
					struct gs_frames f;
					gs_frames_init(&f, MESSAGE_MAX, PIECES_MAX);
					const bool holds = gs_frames_read(&f, &b) == GS_FRAMES_TEXT;
					if (holds != utf8_by_value(text, len))
						fail_msg("%02x %02x, %zu bytes, tail %zu", lead, second, len, t);
					right += holds;
					gs_buf_free(&f.text);
				}
	assert_true(right > 100 * 1000);
}

static void put_random(struct gs_buf *b, struct gs_rng *rng)
{
	static uint8_t text[MESSAGE_MAX + 8];
	static const size_t sizes[] = {0, 1, 125, 126, 127, 1000, 65535, 65536, 69999};
	const size_t len = sizes[gs_rng_below(rng, GS_ARRAY_LEN(sizes))];
	const uint64_t what = gs_rng_below(rng, 40);
	static const uint8_t euro[] = {0xe2, 0x82, 0xac};

	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i + 5 <= len; i += 3 + (size_t)gs_rng_below(rng, 300))
		memcpy(text + i, euro, sizeof(euro));
	if (what == 0)
		put(b, 0x88, "\x03\xe8", 2);
	else if (what == 1)
		put(b, (uint8_t)gs_rng_below(rng, 256), text, len % 126);
	else if (what < 6)
		put(b, what & 1 ? 0x89 : 0x8a, text, len % 126);
	else if (what < 20 && len > 10) { /* in pieces, cut within characters too */
		const size_t cut = (size_t)gs_rng_below(rng, len);
		put(b, 0x01, text, cut);
		if (what < 10)
			put(b, 0x89, "between", 7);
		put(b, 0x80, text + cut, len - cut);
	} else {
		put(b, 0x81, text, len);
	}
}

static void cuts_change_nothing(void **state)
{
	static char whole[4096], cut[4096];
	struct gs_rng rng;
	size_t texts = 0;

	(void)state;
	gs_rng_seed(&rng, 7);
	for (int round = 0; round < ROUNDS; round++) {
		struct gs_buf stream;
		gs_buf_init(&stream, STREAM_MAX);
		for (uint64_t n = 1 + gs_rng_below(&rng, 5); n > 0; n--)
			put_random(&stream, &rng);
		assert_int_equal(stream.err, GS_OK);
		read_cut(gs_buf_view(&stream), &rng, 0, false, whole, sizeof(whole));
		read_cut(gs_buf_view(&stream), &rng, 1 + (size_t)gs_rng_below(&rng, 3), round & 1, cut, sizeof(cut));
		assert_string_equal(cut, whole);
		read_cut(gs_buf_view(&stream), &rng, 5000, true, cut, sizeof(cut));
		assert_string_equal(cut, whole);
		texts += strstr(whole, "1:69999:") != NULL;
		gs_buf_free(&stream);
	}
	assert_true(texts > ROUNDS / 10); /* more than a tenth of the streams */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_frames),
		cmocka_unit_test(every_character),
		cmocka_unit_test(cuts_change_nothing),
	};

	return !!cmocka_run_group_tests(tests, NULL, NULL);
}
