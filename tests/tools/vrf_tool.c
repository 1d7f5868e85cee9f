/* Our verifiable random function, for a script that compares it with another program's. A line in, a line out:
 *
 *     prove SECRET ALPHA        -> PUBLIC PROOF OUTPUT
 *     verify PUBLIC ALPHA PROOF -> OUTPUT, or refused
 *
 * all in hex; an empty ALPHA is a dash. */
#include <stdio.h>
#include <string.h>

#include "chain/eth/vrf.h"

enum { ALPHA_MAX = 4096, LINE_MAX_BYTES = 2 * ALPHA_MAX + 1024 };

static bool unhex(const char *text, uint8_t *out, size_t len)
{
	return text && gs_hex_decode(text, strlen(text), out, len) == GS_OK;
}

static void print(const uint8_t *bytes, size_t len, char end)
{
	char hex[2 * GS_VRF_PROOF_BYTES + 1];

	gs_hex_encode(bytes, len, false, hex);
	printf("%s%c", hex, end);
}

static bool read_alpha(const char *text, uint8_t out[ALPHA_MAX], struct gs_bytes *alpha)
{
	*alpha = (struct gs_bytes){out, text ? strlen(text) / 2 : 0};
	if (text && strcmp(text, "-") == 0)
		return true;
	return alpha->len <= ALPHA_MAX && unhex(text, out, alpha->len);
}

static bool answer(struct gs_vrf *vrf, char *line)
{
	const char *word[4] = {0};
	uint8_t secret[32], alpha_bytes[ALPHA_MAX];
	struct gs_vrf_key key;
	struct gs_vrf_proof proof;
	struct gs_hash output;
	struct gs_bytes alpha;
	char *rest = line;

	for (size_t i = 0; i < GS_ARRAY_LEN(word); i++)
		word[i] = strtok_r(rest, " \n", &rest);
	if (!word[0] || !read_alpha(word[2], alpha_bytes, &alpha))
		return false;
	if (strcmp(word[0], "prove") == 0) {
		if (!unhex(word[1], secret, 32) || gs_vrf_key_from_secret(vrf, secret, &key, NULL) ||
		    gs_vrf_prove(vrf, &key, alpha, &proof, &output))
			return false;
		print(key.public_key.b, sizeof(key.public_key.b), ' ');
		print(proof.b, sizeof(proof.b), ' ');
		print(output.b, sizeof(output.b), '\n');
		return true;
	}
	if (strcmp(word[0], "verify") != 0 || !unhex(word[1], key.public_key.b, sizeof(key.public_key.b)) ||
	    !unhex(word[3], proof.b, sizeof(proof.b)))
		return false;
	if (gs_vrf_verify(vrf, &key.public_key, alpha, &proof, &output))
		printf("refused\n");
	else
		print(output.b, sizeof(output.b), '\n');
	return true;
}

int main(void)
{
	struct gs_vrf *vrf = gs_vrf_new();
	char line[LINE_MAX_BYTES];
	bool good = vrf != NULL;

	while (good && fgets(line, sizeof(line), stdin))
		good = answer(vrf, line);
	if (!good)
		fprintf(stderr, "vrf_tool: not a request, or no memory\n");
	gs_vrf_free(vrf);
	return good ? 0 : 1;
}
