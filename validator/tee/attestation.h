/* validator/tee/attestation.h: whether an attestation document of AWS Nitro Enclaves holds at a given time, and for whom.
 *
 * In this order: its form (document.h), its chain to the pinned root and its signature (chain.h), what the asker wants (an approved image,
 * bound keys, a nonce), time. Time comes last: a document that fails for time alone is whole in all else, and holds at another time.
 * There is no clock here; a leaf certificate lives for hours, so the time to ask for is that of the act that the document was shown for:
 * of a registration, the timestamp of its block. */
#ifndef GS_VALIDATOR_TEE_ATTESTATION_H
#define GS_VALIDATOR_TEE_ATTESTATION_H

#include "validator/tee/chain.h"

/* A document's clock may be ahead of the asker's, a block's above all, by so much. */
enum { GS_TEE_SKEW_S_DEFAULT = 300 };

struct gs_tee_options {
	struct gs_hash root_sha256;
	struct gs_time at;
	uint64_t skew_s;                /* by which the document's time may be after `at` */
	uint64_t age_s_max;             /* how old it may be; 0: as old as its certificates allow */
	const struct gs_hash *approved; /* pcrHashes; NULL: any image */
	size_t approved_count;          /* with approved: 0 approves none */
	bool debug_allowed;
	struct gs_bytes signing_key;     /* SPKI in DER that it must bind; ptr NULL: not asked */
	struct gs_bytes tls_certificate; /* DER, likewise */
	struct gs_bytes nonce;           /* likewise */
};

struct gs_tee_attestation {
	struct gs_tee_finding finding;
	bool readable;                   /* the form holds: document is filled in */
	struct gs_tee_document document; /* views of the input */
	struct gs_tee_chain chain;       /* as far as it could be read */
	bool has_pcr_hash;
	struct gs_hash pcr_hash;
	bool is_bound;
	struct gs_tee_binding binding;
};

/* The defaults: AWS's root, the default skew, nothing else asked for. */
void gs_tee_options_init(struct gs_tee_options *options, struct gs_time at);
/* GS_OK: out->finding says whether it holds. GS_ENOMEM: nothing is known of the document. *out is written in any case. */
GS_MUST enum gs_err gs_tee_verify(struct gs_bytes in, const struct gs_tee_options *options,
                                  struct gs_tee_attestation *out, struct gs_error *error);

#endif
