/* validator/daemon/bar.h: how far something long has come, for people at a terminal. */
#ifndef GS_VALIDATOR_DAEMON_BAR_H
#define GS_VALIDATOR_DAEMON_BAR_H

#include "chain/core/core.h"

enum { GS_BAR_WIDTH = 30, GS_BAR_MAX = GS_BAR_WIDTH + 16, GS_BAR_TIME_MAX = 24 };
#define GS_BAR_CLEAR "\r\033[K" /* back to the beginning of the terminal's line, which becomes empty */

/* "[#########.....................]  31 %"; share: 0 to 1, what is beyond is taken as the end. Never 100 % before it. */
void gs_bar_format(double share, char out[GS_BAR_MAX]);
/* "1:02:03", "0:07"; "?" when it is not known (negative, not a number, or absurdly long). */
void gs_bar_format_time(double seconds, char out[GS_BAR_TIME_MAX]);

#endif
