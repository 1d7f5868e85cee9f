#include "chain/rpc/frames.h"

#include <string.h>

enum {
	FINAL = 0x80,
	RESERVED = 0x70,
	OPCODE = 0x0f,
	MASKED = 0x80,
	LENGTH = 0x7f,
	TWO_BYTES = 126, /* lengths that stand for others... */
	EIGHT_BYTES = 127,
	CONTINUES = 0x0,
	TEXT = 0x1,
	BINARY = 0x2,
	CLOSE = 0x8,
	PING = 0x9,
	PONG = 0xa,
	NO_CODE = 1005,
};

void gs_frames_init(struct gs_frames *f, size_t message_max, size_t pieces_max)
{
	memset(f, 0, sizeof(*f));
	f->message_max = message_max;
	f->pieces_max = pieces_max;
	gs_buf_init(&f->text, message_max);
}

void gs_frames_took(struct gs_frames *f)
{
	f->text.len = 0;
}

/* --- headers --- */

static uint8_t opcode_of(const struct gs_frames *f)
{
	return f->head[0] & OPCODE;
}

static bool is_control(const struct gs_frames *f)
{
	return (opcode_of(f) & 0x8) != 0;
}

static size_t head_bytes(const struct gs_frames *f)
{
	const uint8_t length = f->head_len < 2 ? 0 : f->head[1] & LENGTH;

	return length == EIGHT_BYTES ? 10 : length == TWO_BYTES ? 4 : 2;
}

/* The payload's length; false: it is said in more bytes than it takes. */
static bool length_of(const struct gs_frames *f, uint64_t *out)
{
	const uint8_t length = f->head[1] & LENGTH;

	*out = length;
	if (length < TWO_BYTES)
		return true;
	if (length == TWO_BYTES) {
		*out = (uint64_t)f->head[2] << 8 | f->head[3];
		return *out >= TWO_BYTES;
	}
	*out = gs_be64_read(f->head + 2);
	return *out > UINT16_MAX && *out <= INT64_MAX;
}

static enum gs_frames_event begin_control(struct gs_frames *f)
{
	const uint8_t opcode = opcode_of(f);

	f->control_len = 0;
	return (opcode != CLOSE && opcode != PING && opcode != PONG) || !(f->head[0] & FINAL) ||
	                       f->left > GS_FRAMES_CONTROL_MAX || (opcode == CLOSE && f->left == 1)
	               ? GS_FRAMES_BROKEN
	               : GS_FRAMES_NOTHING;
}

static enum gs_frames_event begin_data(struct gs_frames *f)
{
	const uint8_t opcode = opcode_of(f);

	if (opcode > BINARY || (opcode == CONTINUES) != f->in_message)
		return GS_FRAMES_BROKEN;
	if (opcode == BINARY)
		return GS_FRAMES_BINARY;
	if (!f->in_message) {
		f->in_message = true;
		f->pieces = f->total = 0;
		f->follow = 0;
		gs_frames_took(f);
	}
	if (++f->pieces > f->pieces_max)
		return GS_FRAMES_PIECES;
	if (f->left > f->message_max - f->total)
		return GS_FRAMES_TOO_LARGE;
	f->total += f->left;
	return GS_FRAMES_NOTHING;
}

/* Takes the header's bytes. */
static enum gs_frames_event read_head(struct gs_frames *f, struct gs_bytes *bytes)
{
	while (bytes->len && f->head_len < head_bytes(f)) {
		f->head[f->head_len++] = *bytes->ptr;
		bytes->ptr++, bytes->len--;
	}
	if (f->head_len < 2 || f->head_len < head_bytes(f))
		return GS_FRAMES_NOTHING;
	if ((f->head[0] & RESERVED) || (f->head[1] & MASKED) || !length_of(f, &f->left))
		return GS_FRAMES_BROKEN;
	f->in_frame = true;
	return is_control(f) ? begin_control(f) : begin_data(f);
}

/* --- payloads --- */

static bool begins_character(struct gs_frames *f, uint8_t c)
{
	f->least = 0x80;
	f->most = 0xbf;
	if (c >= 0xc2 && c <= 0xdf) {
		f->follow = 1;
	} else if (c >= 0xe0 && c <= 0xef) {
		f->follow = 2;
		f->least = c == 0xe0 ? 0xa0 : 0x80; /* not what fewer bytes can say... */
		f->most = c == 0xed ? 0x9f : 0xbf;  /* ...nor half of a pair */
	} else if (c >= 0xf0 && c <= 0xf4) {
		f->follow = 3;
		f->least = c == 0xf0 ? 0x90 : 0x80;
		f->most = c == 0xf4 ? 0x8f : 0xbf; /* nor beyond U+10FFFF */
	} else {
		return false;
	}
	return true;
}

static size_t ascii_words(const uint8_t *p, size_t len)
{
	size_t at = 0;
	uint64_t word;

	for (; at + sizeof(word) <= len; at += sizeof(word)) {
		memcpy(&word, p + at, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	return at;
}

/* RFC 3629; goes on where the bytes before ended. */
static bool is_utf8(struct gs_frames *f, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (f->follow) {
			if (p[i] < f->least || p[i] > f->most)
				return false;
			f->follow--;
			f->least = 0x80;
			f->most = 0xbf;
			continue;
		}
		i += ascii_words(p + i, len - i);
		if (i < len && p[i] >= 0x80 && !begins_character(f, p[i]))
			return false;
	}
	return true;
}

static bool is_code(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
	       (code >= 3000 && code <= 4999);
}

static enum gs_frames_event end_close(struct gs_frames *f)
{
	f->code = NO_CODE;
	if (f->control_len == 0)
		return GS_FRAMES_CLOSE;
	f->code = (unsigned)f->control[0] << 8 | f->control[1];
	f->follow = 0; /* the message under way will not end */
	return !is_code(f->code)                                              ? GS_FRAMES_BROKEN
	       : !is_utf8(f, f->control + 2, f->control_len - 2) || f->follow ? GS_FRAMES_NOT_UTF8
	                                                                      : GS_FRAMES_CLOSE;
}

/* The frame is whole. */
static enum gs_frames_event end_frame(struct gs_frames *f)
{
	f->in_frame = false;
	f->head_len = 0;
	switch (opcode_of(f)) {
	case CLOSE: return end_close(f);
	case PING: return GS_FRAMES_PING;
	case PONG: return GS_FRAMES_PONG;
	default: break;
	}
	if (!(f->head[0] & FINAL))
		return GS_FRAMES_NOTHING;
	f->in_message = false;
	return f->follow ? GS_FRAMES_NOT_UTF8 : GS_FRAMES_TEXT;
}

static enum gs_frames_event read_payload(struct gs_frames *f, struct gs_bytes *bytes)
{
	const size_t n = bytes->len < f->left ? bytes->len : (size_t)f->left;
	const uint8_t *p = bytes->ptr;

	bytes->ptr += n;
	bytes->len -= n;
	f->left -= n;
	if (is_control(f)) {
		memcpy(f->control + f->control_len, p, n);
		f->control_len += n;
		return GS_FRAMES_NOTHING;
	}
	if (!is_utf8(f, p, n))
		return GS_FRAMES_NOT_UTF8;
	gs_buf_append(&f->text, p, n);
	return f->text.err ? GS_FRAMES_NO_MEMORY : GS_FRAMES_NOTHING;
}

enum gs_frames_event gs_frames_read(struct gs_frames *f, struct gs_bytes *bytes)
{
	enum gs_frames_event event = GS_FRAMES_NOTHING;

	while (event == GS_FRAMES_NOTHING) {
		if (!f->in_frame) {
			event = read_head(f, bytes);
			if (event == GS_FRAMES_NOTHING && !f->in_frame)
				return event; /* half a header */
			continue;
		}
		if (f->left && !bytes->len)
			return event;
		if (f->left)
			event = read_payload(f, bytes);
		if (event == GS_FRAMES_NOTHING && !f->left)
			event = end_frame(f);
	}
	return event;
}
