/* challenge/game/talk.h: one move of a game that is played off chain (docs/protocol.md, 5.7), as the bytes that one side hands the other.
 *
 *     "GSTALK\0\1" | side 1 | game 32 | from 32 | now 8 | signature r 32, s 32, y 1 | kind 1 | child, slot, instruction, segment 4 each |
 *     hash 32 | chunk 128 | siblings 1 + 32 each | path 1 + 32 each | data 2 + bytes | descriptor 2 + bytes
 *
 * `from` is the hash of the state that the move answers, `now` the time that it was made at; whoever gets it makes the same
 * move by gs_game_step, and the signature must be the mover's over the state that this leads to. So no state is sent,
 * and nothing in a message is believed. A message is bytes until it is decoded; a decoded one is not checked yet. */
#ifndef GS_CHALLENGE_GAME_TALK_H
#define GS_CHALLENGE_GAME_TALK_H

#include "challenge/game/agreed.h"

enum { GS_TALK_BYTES_MAX = 8 * 1024 };

struct gs_talk {
	uint8_t side;        /* enum gs_side: the mover's */
	struct gs_hash game; /* gs_game_id */
	struct gs_hash from;
	uint64_t now;
	struct gs_signature signature;
	struct gs_move move; /* none that proves, and none that ends a game: those belong on chain */
};

/* Errors stick to out. */
void gs_talk_encode(const struct gs_talk *talk, struct gs_buf *out);
/* GS_EPARSE: not such a message, cut short, longer than it says, a move that is not made off chain, or one with
 * fields that its kind does not use. */
GS_MUST enum gs_err gs_talk_decode(struct gs_bytes bytes, struct gs_talk *out);
/* Whether a move of this kind is made off chain. */
bool gs_talk_may(enum gs_move_kind kind);

#endif
