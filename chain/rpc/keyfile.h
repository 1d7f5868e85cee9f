/* chain/rpc/keyfile.h: keystore files on disk. */
#ifndef GS_CHAIN_RPC_KEYFILE_H
#define GS_CHAIN_RPC_KEYFILE_H

#include "chain/eth/key.h"

/* Reads a keystore v3 file and decrypts it with the password in password_file (one trailing newline is cut off). */
GS_MUST enum gs_err gs_keyfile_load(const char *path, const char *password_file, struct gs_key *out,
                                    struct gs_error *error);
/* Writes a new file (mode 0600) that must not exist yet. */
GS_MUST enum gs_err gs_keyfile_save(const char *path, const char *password_file, const struct gs_key *key,
                                    struct gs_error *error);

#endif
