/* chain/rpc/passphrase.h: where a keystore's passphrase comes from: a file, an open descriptor, or a person at a terminal.
 * Never the command line or the environment, which other users of the machine may read. */
#ifndef GS_CHAIN_RPC_PASSPHRASE_H
#define GS_CHAIN_RPC_PASSPHRASE_H

#include "chain/core/core.h"
#include "chain/eth/keystore.h"

struct gs_passphrase {
	size_t len;
	uint8_t text[GS_KEYSTORE_PASSWORD_MAX + 2]; /* room for the newline that is cut */
};

/* source: "fd:N" reads descriptor N to its end; "" asks on the terminal, unseen (twice: both times the same, for a new
 * keystore); everything else names a file. Of files and descriptors one trailing newline is cut off; a file that others may read or change is
 * refused (GS_EINVAL). subject stands in the prompt. GS_ENOTFOUND: no such file; GS_EINVAL: there is no terminal, or the answers differ; GS_ELIMIT: too long; GS_EIO. */
GS_MUST enum gs_err gs_passphrase_read(const char *source, const char *subject, bool twice, struct gs_passphrase *out,
                                       struct gs_error *error);
void gs_passphrase_wipe(struct gs_passphrase *passphrase);
struct gs_bytes gs_passphrase_bytes(const struct gs_passphrase *passphrase);

#endif
