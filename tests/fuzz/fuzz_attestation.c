/* Attestation documents: whatever the bytes are, they are refused with a reason or taken apart into views of themselves; text forms and lists of images
 * likewise. What is taken apart goes through chain and signature, too, under a root that is its own first certificate, so that OpenSSL's reader
 * of certificates is reached. */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "validator/tee/attestation.h"
#include "validator/tee/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(struct gs_bytes whole, struct gs_bytes part, size_t max)
{
	if (part.len > max || (part.len > 0 && (part.ptr < whole.ptr || part.ptr + part.len > whole.ptr + whole.len)))
		abort();
}

static void look(struct gs_bytes in)
{
	struct gs_tee_options options;
	struct gs_tee_attestation a;
	struct gs_tee_finding why;
	struct gs_tee_document d;

	if (!gs_tee_document_read(in, &d, &why)) {
		if (why.reason == GS_TEE_HOLDS || why.detail[0] == 0)
			abort();
		return;
	}
	within(in, d.payload, GS_TEE_PAYLOAD_BYTES_MAX);
	within(d.payload, d.module_id, GS_TEE_MODULE_ID_MAX);
	within(d.payload, d.certificate, GS_TEE_CERTIFICATE_BYTES_MAX);
	within(d.payload, d.public_key, GS_TEE_PUBLIC_KEY_BYTES_MAX);
	within(d.payload, d.user_data, GS_TEE_USER_DATA_BYTES_MAX);
	within(d.payload, d.nonce, GS_TEE_NONCE_BYTES_MAX);
	if (why.reason != GS_TEE_HOLDS || d.signature.len != GS_TEE_SIGNATURE_BYTES || d.cabundle_count == 0 ||
	    d.cabundle_count > GS_TEE_CABUNDLE_MAX || d.pcr_set == 0)
		abort();
	for (size_t i = 0; i < d.cabundle_count; i++)
		within(d.payload, d.cabundle[i], GS_TEE_CERTIFICATE_BYTES_MAX);
	for (unsigned i = 0; i < GS_TEE_PCRS; i++)
		within(d.payload, d.pcr[i], 64);

	gs_tee_options_init(&options, (struct gs_time){d.timestamp_ms / 1000});
	SHA256(d.cabundle[0].ptr, d.cabundle[0].len, options.root_sha256.b);
	if (gs_tee_verify(in, &options, &a, NULL) != GS_OK || (unsigned)a.finding.reason >= GS_TEE_REASONS ||
	    !a.readable || a.chain.count > GS_TEE_CHAIN_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gs_hash images[4];
	struct gs_buf text;
	size_t count;

	look((struct gs_bytes){data, size});
	gs_buf_init(&text, GS_TEE_TEXT_BYTES_MAX);
	if (gs_tee_text_decode((struct gs_bytes){data, size}, &text, NULL) == GS_OK)
		look(gs_buf_view(&text));
	gs_buf_free(&text);
	if (gs_tee_images_parse((struct gs_bytes){data, size}, images, GS_ARRAY_LEN(images), &count, NULL) == GS_OK &&
	    (count == 0 || count > GS_ARRAY_LEN(images)))
		abort();
	return 0;
}
