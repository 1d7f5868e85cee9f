/* chain/rpc/keylock.h: one process signs for an account on a chain.
 *
 * An account's transactions are counted; two processes that count alone give two of them one number, and one is lost. So whoever goes on to
 * send takes the lock of its account first: a file of the account's and the chain's name in a folder that all processes of the user share,
 * locked with flock(2), so that the system itself lets go of it when its holder ends, however it ends. It cannot see another machine. */
#ifndef GS_CHAIN_RPC_KEYLOCK_H
#define GS_CHAIN_RPC_KEYLOCK_H

#include "chain/core/core.h"

enum { GS_KEY_LOCK_FOLDER_MAX = 512 };
struct gs_key_lock {
	int fd; /* -1: not held */
};

/* Where locks lie unless a folder is named: $RUNTIME_DIRECTORY (systemd), $XDG_RUNTIME_DIR/gainsay, or /tmp/gainsay-UID. */
void gs_key_lock_folder(char out[GS_KEY_LOCK_FOLDER_MAX]);
/* folder: "" for the one above; made where it is missing (0700), and refused (GS_EINVAL) when others may write to it. who: what the next one is
 * told of the holder, as in "gainsay run". Waits up to wait_ms. GS_ECONFLICT: another process has it. */
GS_MUST enum gs_err gs_key_lock_take(const char *folder, const struct gs_address *account, uint64_t chain_id,
                                     const char *who, uint32_t wait_ms, struct gs_key_lock *out,
                                     struct gs_error *error);
void gs_key_lock_release(struct gs_key_lock *lock); /* twice is fine */

#endif
