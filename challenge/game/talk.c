#include "challenge/game/talk.h"

#include <string.h>

static const uint8_t magic[7] = {'G', 'S', 'T', 'A', 'L', 'K'};
enum { VERSION = 1 };

bool gs_talk_may(enum gs_move_kind kind)
{
	switch (kind) {
	case GS_MOVE_COMMIT_TRACE:
	case GS_MOVE_REVEAL:
	case GS_MOVE_SELECT:
	case GS_MOVE_CHALLENGE_OUTPUT:
	case GS_MOVE_SELECT_ELEMENT:
	case GS_MOVE_REVEAL_STATES:
	case GS_MOVE_SELECT_SEGMENT: return true;
	case GS_MOVE_PROVE_OUTPUT:
	case GS_MOVE_PROVE_STEP:
	case GS_MOVE_SELECT_ELEMENT_AND_PROVE:
	case GS_MOVE_SELECT_SEGMENT_AND_PROVE:
	case GS_MOVE_TIMEOUT:
	case GS_MOVE_CONCEDE:
	case GS_MOVE_CLOSE: return false;
	}
	return false;
}

/* --- writing --- */

static void put_u32(struct gs_buf *out, uint32_t v)
{
	uint8_t bytes[4];

	gs_be32_write(bytes, v);
	gs_buf_append(out, bytes, sizeof(bytes));
}

static void put_hashes(struct gs_buf *out, const struct gs_hash *hash, uint32_t count)
{
	gs_buf_append_u8(out, (uint8_t)count);
	if (count)
		gs_buf_append(out, hash, count * sizeof(*hash));
}

static void put_bytes(struct gs_buf *out, const uint8_t *bytes, uint32_t len)
{
	gs_buf_append_u8(out, (uint8_t)(len >> 8));
	gs_buf_append_u8(out, (uint8_t)len);
	if (len)
		gs_buf_append(out, bytes, len);
}

void gs_talk_encode(const struct gs_talk *talk, struct gs_buf *out)
{
	const struct gs_move *m = &talk->move;
	uint8_t now[8];

	gs_buf_append(out, magic, sizeof(magic));
	gs_buf_append_u8(out, VERSION);
	gs_buf_append_u8(out, talk->side);
	gs_buf_append(out, talk->game.b, 32);
	gs_buf_append(out, talk->from.b, 32);
	gs_be64_write(now, talk->now);
	gs_buf_append(out, now, sizeof(now));
	gs_buf_append(out, talk->signature.r, 32);
	gs_buf_append(out, talk->signature.s, 32);
	gs_buf_append_u8(out, talk->signature.y_parity);
	gs_buf_append_u8(out, (uint8_t)m->kind);
	put_u32(out, m->child);
	put_u32(out, m->slot);
	put_u32(out, m->instruction);
	put_u32(out, m->segment);
	gs_buf_append(out, m->hash.b, 32);
	gs_buf_append(out, m->chunk, sizeof(m->chunk));
	put_hashes(out, m->sibling, m->siblings);
	put_hashes(out, m->path, m->path_len);
	put_bytes(out, m->data, m->data_len);
	put_bytes(out, m->descriptor, m->descriptor_len);
}

/* --- reading --- */

static bool take(struct gs_bytes *rest, void *out, size_t len)
{
	if (rest->len < len)
		return false;
	if (len)
		memcpy(out, rest->ptr, len);
	*rest = (struct gs_bytes){rest->ptr + len, rest->len - len};
	return true;
}

static bool take_u32(struct gs_bytes *rest, uint32_t *out)
{
	uint8_t bytes[4];

	if (!take(rest, bytes, sizeof(bytes)))
		return false;
	*out = gs_be32_read(bytes);
	return true;
}

static bool take_hashes(struct gs_bytes *rest, struct gs_hash *out, uint32_t max, uint32_t *count)
{
	uint8_t n;

	if (!take(rest, &n, 1) || n > max)
		return false;
	*count = n;
	return take(rest, out, n * sizeof(*out));
}

static bool take_bytes(struct gs_bytes *rest, uint8_t *out, uint32_t max, uint32_t *len)
{
	uint8_t n[2];

	if (!take(rest, n, sizeof(n)) || (uint32_t)(n[0] << 8 | n[1]) > max)
		return false;
	*len = (uint32_t)(n[0] << 8 | n[1]);
	return take(rest, out, *len);
}

static bool take_move(struct gs_bytes *rest, struct gs_move *m)
{
	uint8_t kind;

	if (!take(rest, &kind, 1) || kind >= GS_MOVE_KINDS || !gs_talk_may((enum gs_move_kind)kind))
		return false;
	m->kind = (enum gs_move_kind)kind;
	return take_u32(rest, &m->child) && take_u32(rest, &m->slot) && take_u32(rest, &m->instruction) &&
	       take_u32(rest, &m->segment) && take(rest, m->hash.b, 32) && take(rest, m->chunk, sizeof(m->chunk)) &&
	       take_hashes(rest, m->sibling, GS_ARRAY_LEN(m->sibling), &m->siblings) &&
	       take_hashes(rest, m->path, GS_ARRAY_LEN(m->path), &m->path_len) &&
	       take_bytes(rest, m->data, sizeof(m->data), &m->data_len) &&
	       take_bytes(rest, m->descriptor, sizeof(m->descriptor), &m->descriptor_len);
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* What a kind does not use is zero, so that a move has one form. */
static bool is_clean(const struct gs_move *m)
{
	const bool element = m->kind == GS_MOVE_SELECT_ELEMENT, select = m->kind == GS_MOVE_SELECT,
		   segment = m->kind == GS_MOVE_SELECT_SEGMENT, asks = m->kind == GS_MOVE_CHALLENGE_OUTPUT;

	return (select || element || m->child == 0) && (element || (m->slot == 0 && m->instruction == 0)) &&
	       (element || (m->path_len == 0 && m->descriptor_len == 0 && all_zero(m->chunk, sizeof(m->chunk)))) &&
	       (segment || m->segment == 0) && (select || gs_hash_is_zero(&m->hash)) &&
	       (select || element || m->siblings == 0) && (!(select || element || asks) || m->data_len == 0);
}

enum gs_err gs_talk_decode(struct gs_bytes bytes, struct gs_talk *out)
{
	uint8_t head[sizeof(magic) + 1], now[8];

	memset(out, 0, sizeof(*out));
	if (bytes.len > GS_TALK_BYTES_MAX || !take(&bytes, head, sizeof(head)) ||
	    memcmp(head, magic, sizeof(magic)) != 0 || head[sizeof(magic)] != VERSION || !take(&bytes, &out->side, 1) ||
	    (out->side != GS_SIDE_CLAIMANT && out->side != GS_SIDE_CHALLENGER) || !take(&bytes, out->game.b, 32) ||
	    !take(&bytes, out->from.b, 32) || !take(&bytes, now, sizeof(now)) || !take(&bytes, out->signature.r, 32) ||
	    !take(&bytes, out->signature.s, 32) || !take(&bytes, &out->signature.y_parity, 1) ||
	    out->signature.y_parity > 1 || !take_move(&bytes, &out->move) || bytes.len != 0 || !is_clean(&out->move))
		return GS_EPARSE;
	out->now = gs_be64_read(now);
	return GS_OK;
}
