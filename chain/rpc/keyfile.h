/* chain/rpc/keyfile.h: keystore files on disk. */
#ifndef GS_CHAIN_RPC_KEYFILE_H
#define GS_CHAIN_RPC_KEYFILE_H

#include "chain/eth/key.h"
#include "chain/eth/keystore.h"

/* Asks the system to keep the pages that a key lies on out of swap and core files. What the system refuses (a limit on locked
 * memory) is let be: the key is as safe as any program's memory then. */
void gs_key_guard(const struct gs_key *key);
/* Reads a keystore v3 file and decrypts it; `passphrase` is a source of gs_passphrase_read. The key's page is kept from swap
 * and cores (gs_key_guard). */
GS_MUST enum gs_err gs_keyfile_load(const char *path, const char *passphrase, struct gs_key *out,
                                    struct gs_error *error);
/* The account that the file says it is of, without decrypting it. GS_ENOTFOUND also when it does not say. */
GS_MUST enum gs_err gs_keyfile_address(const char *path, struct gs_address *out, struct gs_error *error);
/* Writes a new file (mode 0600) that must not exist yet, and makes sure that it is on the disk with its name. */
GS_MUST enum gs_err gs_keyfile_save(const char *path, const char *passphrase, const struct gs_key *key,
                                    const struct gs_keystore_kdf *kdf, struct gs_error *error);
/* Whether people other than the file's owner may read or change it, told as GS_EINVAL. Pipes and devices are their opener's affair. */
GS_MUST enum gs_err gs_keyfile_private(int fd, const char *path, struct gs_error *error);

#endif
