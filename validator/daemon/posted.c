#include "validator/daemon/posted.h"

#include <stdlib.h>
#include <string.h>

#include "challenge/machine/program.h"
#include "challenge/machine/merkle.h"

enum gs_err gs_posted_array(struct gs_bytes posted, uint32_t chunks, const struct gs_hash *want, const char *what,
                            uint8_t **out, struct gs_error *why)
{
	const size_t bytes = (size_t)chunks * GS_CHUNK_BYTES;
	struct gs_hash root;

	while (posted.len > bytes && posted.ptr[posted.len - 1] == 0)
		posted.len--;
	if (posted.len > bytes)
		return gs_fail(why, GS_EPARSE, "the posted %s has %zu bytes, the model's has %zu", what, posted.len,
		               bytes);
	*out = aligned_alloc(64, (bytes + 64) / 64 * 64);
	if (!*out)
		return gs_fail(why, GS_ENOMEM, "no memory for the %s", what);
	memset(*out, 0, (bytes + 64) / 64 * 64);
	if (posted.len)
		memcpy(*out, posted.ptr, posted.len);
	gs_merkle_array_root(*out, chunks, gs_merkle_depth(chunks), &root);
	if (!gs_hash_equal(&root, want))
		return gs_fail(why, GS_EPARSE, "the posted %s does not hash to %sRoot", what, what);
	return GS_OK;
}
