/* chain/rpc/frames.h: what a server sends over a WebSocket once it is open (RFC 6455, section 5), read as it comes and cut anywhere. No I/O.
 *
 * Text is looked at for UTF-8 eight bytes at a time where it is ASCII, as JSON is, and may be taken before its message is whole: a large answer
 * is neither kept twice nor waited for. */
#ifndef GS_CHAIN_RPC_FRAMES_H
#define GS_CHAIN_RPC_FRAMES_H

#include "chain/core/buf.h"

enum { GS_FRAMES_CONTROL_MAX = 125, GS_FRAMES_HEAD_MAX = 10 };

enum gs_frames_event {
	GS_FRAMES_NOTHING, /* all bytes are read, and no more came of them */
	GS_FRAMES_TEXT,    /* a message is whole: in `text`, but for what was taken of it before */
	GS_FRAMES_PING,    /* its bytes: in `control` */
	GS_FRAMES_PONG,
	GS_FRAMES_CLOSE,     /* the server's last word; `code` */
	GS_FRAMES_BROKEN,    /* no server may send this */
	GS_FRAMES_NOT_UTF8,  /* nor this */
	GS_FRAMES_BINARY,    /* a message that is not text */
	GS_FRAMES_TOO_LARGE, /* a message of more than message_max bytes */
	GS_FRAMES_PIECES,    /* a message of more than pieces_max frames */
	GS_FRAMES_NO_MEMORY,
};

struct gs_frames { /* zeros and the limits to begin with; gs_buf_free(&text) at the end */
	size_t message_max, pieces_max;
	struct gs_buf text; /* of the message under way, or of the one that has just become whole */
	uint8_t control[GS_FRAMES_CONTROL_MAX];
	size_t control_len;
	unsigned code; /* why the server closes; 1005: it does not say */
	/* The reader's own. */
	uint8_t head[GS_FRAMES_HEAD_MAX];
	size_t head_len;     /* bytes of the frame's header that are here */
	uint64_t left;       /* of its payload: still to come... */
	bool in_frame;       /* ...once the header is whole */
	bool in_message;     /* a message has begun and is not whole */
	size_t pieces;       /* its frames... */
	uint64_t total;      /* ...and bytes, with those that will come of this frame */
	uint8_t follow;      /* bytes that are missing of a character of several... */
	uint8_t least, most; /* ...and the next of them */
};

void gs_frames_init(struct gs_frames *f, size_t message_max, size_t pieces_max);
/* Reads from *bytes, which it moves on, up to the next event. After one of the last seven nothing more may be read. */
GS_MUST enum gs_frames_event gs_frames_read(struct gs_frames *f, struct gs_bytes *bytes);
/* What the last event left in `text` is done with, or what came so far of the message under way: forgets it. */
void gs_frames_took(struct gs_frames *f);

#endif
