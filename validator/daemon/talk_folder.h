/* validator/daemon/talk_folder.h: how two nodes hand each other moves: a folder that both can write, a file for each side of a game.
 *
 * FOLDER/<game>.claimant.talk and FOLDER/<game>.challenger.talk hold the newest message of that side, written whole or not at all. Play is in
 * turns, so the newest is all that the other side needs. Only files of games that the node plays are opened, so whoever else
 * writes there can fill the disk but not the node; and nothing in a file is believed: the node checks what it says. */
#ifndef GS_VALIDATOR_DAEMON_TALK_FOLDER_H
#define GS_VALIDATOR_DAEMON_TALK_FOLDER_H

#include "challenge/game/talk.h"

/* Leaves the side's newest message; one that lies there already is left. GS_EIO, GS_ELIMIT. */
GS_MUST enum gs_err gs_talk_folder_tell(const char *folder, const struct gs_hash *game, bool claimant,
                                        struct gs_bytes message, struct gs_error *error);
/* The side's newest message into out; its length, 0 when there is none: no file, one that is no file, or longer than any message. */
size_t gs_talk_folder_hear(const char *folder, const struct gs_hash *game, bool claimant,
                           uint8_t out[GS_TALK_BYTES_MAX]);

#endif
