/* validator/node/talk_record.h: a game that is played off chain, as it is stored: how it stands between the two sides, and the newest state
 * that both have signed, with which either may go on chain at any time. */
#ifndef GS_VALIDATOR_NODE_TALK_RECORD_H
#define GS_VALIDATOR_NODE_TALK_RECORD_H

#include "challenge/game/talk.h"
#include "validator/node/facts.h"

struct gs_talk_record {
	bool over;                          /* nothing more is said: the game goes on on chain */
	bool proposed;                      /* the mirror's state is our own move, and not answered yet */
	bool agreed;                        /* the next two are there */
	struct gs_agreed newest;            /* of what both have signed */
	struct gs_hash base;                /* hash of the game's state on chain when the talk began */
	struct gs_time heard;               /* when it last went on */
	struct gs_game_record mirror;       /* the game with all moves that were made off chain */
	uint8_t message[GS_TALK_BYTES_MAX]; /* our newest, for as long as it is not answered */
	uint32_t message_len;
};

/* GS_ENOTFOUND. */
GS_MUST enum gs_err gs_talk_load(struct gs_journal *j, const struct gs_hash *game, struct gs_talk_record *out);
GS_MUST enum gs_err gs_talk_store(struct gs_journal *j, const struct gs_talk_record *talk);
/* What this node and the other side showed each other off chain, into a game whose state came on chain by agreement: the chain's
 * events do not tell it, and whoever plays on needs it. */
GS_MUST enum gs_err gs_talk_recall(struct gs_journal *j, struct gs_game_record *game);

#endif
