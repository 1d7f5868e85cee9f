/* Keys and proofs of the verifiable random function: any bytes are taken or refused, what is taken has one form, and a proof of one's own is
 * taken while no other bytes for the same key and input are. */
#include <stdlib.h>
#include <string.h>

#include "chain/eth/vrf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void own_proof(struct gs_vrf *vrf, struct gs_bytes alpha, const struct gs_vrf_proof *drawn)
{
	const uint8_t secret[32] = {1, 2, 3};
	struct gs_vrf_key key;
	struct gs_vrf_proof proof;
	struct gs_hash output, again;

	if (gs_vrf_key_from_secret(vrf, secret, &key, NULL) || gs_vrf_prove(vrf, &key, alpha, &proof, &output) ||
	    gs_vrf_verify(vrf, &key.public_key, alpha, &proof, &again) || !gs_hash_equal(&output, &again))
		abort();
	if (memcmp(drawn->b, proof.b, sizeof(proof.b)) != 0 &&
	    gs_vrf_verify(vrf, &key.public_key, alpha, drawn, &again) == GS_OK)
		abort();
	for (size_t i = 0; i < sizeof(proof.b); i++) /* a proof that is wrong in some bytes only */
		proof.b[i] ^= drawn->b[i] & 1;
	if (memcmp(&again, &output, sizeof(output)) == 0 &&
	    gs_vrf_verify(vrf, &key.public_key, alpha, &proof, &again) == GS_OK && !gs_hash_equal(&output, &again))
		abort(); /* another output for the same input */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gs_vrf_public key;
	struct gs_vrf_proof proof;
	struct gs_hash output, again;
	struct gs_vrf *vrf;

	if (size < sizeof(key.b) + sizeof(proof.b))
		return 0;
	vrf = gs_vrf_new();
	if (!vrf)
		return 0;
	memcpy(key.b, data, sizeof(key.b));
	memcpy(proof.b, data + sizeof(key.b), sizeof(proof.b));
	const struct gs_bytes alpha = {data + sizeof(key.b) + sizeof(proof.b), size - sizeof(key.b) - sizeof(proof.b)};
	const enum gs_err form = gs_vrf_output(vrf, &proof, &output);
	const enum gs_err err = gs_vrf_verify(vrf, &key, alpha, &proof, &again);
	if ((err == GS_OK && (form != GS_OK || !gs_hash_equal(&output, &again))) ||
	    (err == GS_ECONFLICT && form != GS_OK))
		abort();
	own_proof(vrf, alpha, &proof);
	gs_vrf_free(vrf);
	return 0;
}
