/* validator/daemon/samples_form.h: the lines of samples.h as text, each in the one form that it has. Only samples*.c use it. */
#ifndef GS_VALIDATOR_DAEMON_SAMPLES_FORM_H
#define GS_VALIDATOR_DAEMON_SAMPLES_FORM_H

#include "validator/daemon/samples.h"

/* Without the newline; a line is always shorter than the room. */
void gs_samples_head_line(const struct gs_lots_domain *domain, const struct gs_vrf_public *key,
                          char out[GS_SAMPLES_LINE_MAX]);
void gs_samples_policy_line(const struct gs_sampling_policy *policy, char out[GS_SAMPLES_LINE_MAX]);
void gs_samples_line(const struct gs_hash *claim, const struct gs_sample *sample, char out[GS_SAMPLES_LINE_MAX]);
/* Under all lines before, whose number and digest (keccak256 of their bytes) it proves to be what the key's holder wrote. GS_ENOMEM. */
GS_MUST enum gs_err gs_samples_end_line(struct gs_vrf *vrf, const struct gs_vrf_key *key, uint64_t lines,
                                        const struct gs_hash *digest, char out[GS_SAMPLES_LINE_MAX]);

enum gs_samples_kind { GS_SAMPLES_HEAD, GS_SAMPLES_POLICY, GS_SAMPLES_SAMPLE, GS_SAMPLES_END };
struct gs_samples_read {
	enum gs_samples_kind kind;
	struct gs_lots_domain domain; /* HEAD */
	struct gs_vrf_public key;     /* HEAD */
	struct gs_sampling_policy policy;
	struct gs_hash claim; /* SAMPLE */
	struct gs_sample sample;
	uint64_t lines; /* END */
	struct gs_hash digest;
	struct gs_vrf_proof proof;
};
/* The opposite of all four. GS_EPARSE: it is not exactly one of these lines. */
GS_MUST enum gs_err gs_samples_read_line(const char *line, struct gs_samples_read *out);

/* The input of the last line's proof. */
enum { GS_SAMPLES_END_ALPHA = 24 + 8 + 32 };
void gs_samples_end_alpha(uint64_t lines, const struct gs_hash *digest, uint8_t out[GS_SAMPLES_END_ALPHA]);

#endif
