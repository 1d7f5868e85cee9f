#include "validator/daemon/samples_form.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chain/eth/key.h"

static const char label[24] = "gainsay sampling export"; /* with its final zero */

/* --- writing --- */

static void print(char out[GS_SAMPLES_LINE_MAX], const char *fmt, ...) GS_PRINTF(2, 3);
static void print(char out[GS_SAMPLES_LINE_MAX], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	const int len = vsnprintf(out, GS_SAMPLES_LINE_MAX, fmt, args);
	va_end(args);
	GS_ASSERT(len > 0 && len < GS_SAMPLES_LINE_MAX);
}

void gs_samples_head_line(const struct gs_lots_domain *domain, const struct gs_vrf_public *key,
                          char out[GS_SAMPLES_LINE_MAX])
{
	char claims[43], validator[43], hex[2 * GS_VRF_PUBLIC_BYTES + 1];

	gs_hex_encode(domain->claims.b, 20, true, claims);
	gs_hex_encode(domain->validator.b, 20, true, validator);
	gs_hex_encode(key->b, sizeof(key->b), false, hex);
	print(out,
	      "{\"gainsay\":\"samples 1\",\"chain\":\"%" PRIu64
	      "\",\"claims\":\"%s\",\"validator\":\"%s\",\"key\":\"%s\"}",
	      domain->chain_id, claims, validator, hex);
}

void gs_samples_policy_line(const struct gs_sampling_policy *policy, char out[GS_SAMPLES_LINE_MAX])
{
	uint8_t bytes[GS_POLICY_BYTES];
	char hex[2 * GS_POLICY_BYTES + 1], name[67];
	struct gs_hash hash;

	gs_policy_encode(policy, bytes);
	gs_policy_hash(policy, &hash);
	gs_hex_encode(bytes, sizeof(bytes), false, hex);
	gs_hex_encode(hash.b, 32, true, name);
	print(out, "{\"policy\":\"%s\",\"bytes\":\"%s\"}", name, hex);
}

void gs_samples_line(const struct gs_hash *claim, const struct gs_sample *s, char out[GS_SAMPLES_LINE_MAX])
{
	char id[67], value[GS_U256_DECIMAL_MAX], policy[67], of[67], proof[2 * GS_VRF_PROOF_BYTES + 1];

	gs_hex_encode(claim->b, 32, true, id);
	gs_u256_to_decimal(&s->of.value.v, value);
	gs_hex_encode(s->policy.b, 32, true, policy);
	gs_hex_encode(s->source.of.b, 32, true, of);
	gs_hex_encode(s->proof.b, sizeof(s->proof.b), false, proof);
	print(out,
	      "{\"claim\":\"%s\",\"execute\":%s,\"reason\":\"%s\",\"draw\":\"%" PRIu64 "\",\"rate_ppm\":\"%" PRIu32
	      "\",\"value\":\"%s\",\"wrong\":\"%" PRIu32 "\",\"known_s\":\"%" PRIu64 "\",\"cost_us\":\"%" PRIu64
	      "\",\"load_ppm\":\"%" PRIu32 "\",\"policy\":\"%s\",\"source\":\"%s\",\"of\":\"%s\",\"block\":\"%" PRIu64
	      "\",\"proof\":\"%s\"}",
	      id, s->execute ? "true" : "false", gs_sample_reason_name((enum gs_sample_reason)s->reason), s->draw,
	      s->rate_ppm, value, s->of.wrong, s->of.known_s, s->of.cost_us, s->of.load_ppm, policy,
	      s->source.kind == GS_SAMPLE_OF_BATCH ? "batch" : "block", of, s->block, proof);
}

void gs_samples_end_alpha(uint64_t lines, const struct gs_hash *digest, uint8_t out[GS_SAMPLES_END_ALPHA])
{
	memcpy(out, label, sizeof(label));
	gs_be64_write(out + 24, lines);
	memcpy(out + 32, digest->b, 32);
}

static void end_line(uint64_t lines, const struct gs_hash *digest, const struct gs_vrf_proof *proof,
                     char out[GS_SAMPLES_LINE_MAX])
{
	char name[67], hex[2 * GS_VRF_PROOF_BYTES + 1];

	gs_hex_encode(digest->b, 32, true, name);
	gs_hex_encode(proof->b, sizeof(proof->b), false, hex);
	print(out, "{\"lines\":\"%" PRIu64 "\",\"digest\":\"%s\",\"proof\":\"%s\"}", lines, name, hex);
}

enum gs_err gs_samples_end_line(struct gs_vrf *vrf, const struct gs_vrf_key *key, uint64_t lines,
                                const struct gs_hash *digest, char out[GS_SAMPLES_LINE_MAX])
{
	uint8_t alpha[GS_SAMPLES_END_ALPHA];
	struct gs_vrf_proof proof;
	struct gs_hash output;
	enum gs_err err;

	gs_samples_end_alpha(lines, digest, alpha);
	err = gs_vrf_prove(vrf, key, (struct gs_bytes){alpha, sizeof(alpha)}, &proof, &output);
	if (!err)
		end_line(lines, digest, &proof, out);
	return err;
}

/* --- reading: what is written again must be the same bytes, so that a line has one form; here only values are taken out --- */

static const char *text(const json_t *json, const char *name)
{
	const char *value = json_string_value(json_object_get(json, name));

	return value ? value : "";
}

static bool bytes(const json_t *json, const char *name, uint8_t *out, size_t len)
{
	const char *value = text(json, name);

	return gs_hex_decode(value, strlen(value), out, len) == GS_OK;
}

static bool amount(const json_t *json, const char *name, struct gs_u256 *out)
{
	const char *value = text(json, name);

	return gs_u256_parse(value, strlen(value), out) == GS_OK;
}

static bool number(const json_t *json, const char *name, uint64_t max, uint64_t *out)
{
	struct gs_u256 v;

	if (!amount(json, name, &v) || !gs_u256_fits_u64(&v) || v.limb[0] > max)
		return false;
	*out = v.limb[0];
	return true;
}

static bool read_head(const json_t *json, struct gs_samples_read *out)
{
	return number(json, "chain", UINT64_MAX, &out->domain.chain_id) &&
	       bytes(json, "claims", out->domain.claims.b, 20) &&
	       bytes(json, "validator", out->domain.validator.b, 20) &&
	       bytes(json, "key", out->key.b, sizeof(out->key.b));
}

static bool read_policy(const json_t *json, struct gs_samples_read *out)
{
	uint8_t form[GS_POLICY_BYTES];

	return bytes(json, "bytes", form, sizeof(form)) &&
	       gs_policy_decode((struct gs_bytes){form, sizeof(form)}, &out->policy) == GS_OK;
}

static bool read_reason(const json_t *json, struct gs_sample *out)
{
	for (unsigned r = GS_SAMPLE_BY_VALUE; r <= GS_SAMPLE_REASON_LAST; r++)
		if (strcmp(text(json, "reason"), gs_sample_reason_name((enum gs_sample_reason)r)) == 0)
			out->reason = (uint8_t)r;
	return out->reason != 0;
}

static bool read_sample(const json_t *json, struct gs_samples_read *out)
{
	struct gs_sample *s = &out->sample;
	uint64_t rate, wrong, load;

	if (!bytes(json, "claim", out->claim.b, 32) || !read_reason(json, s) ||
	    !number(json, "draw", UINT64_MAX, &s->draw) || !number(json, "rate_ppm", UINT32_MAX, &rate) ||
	    !amount(json, "value", &s->of.value.v) || !number(json, "wrong", UINT32_MAX, &wrong) ||
	    !number(json, "known_s", UINT64_MAX, &s->of.known_s) ||
	    !number(json, "cost_us", UINT64_MAX, &s->of.cost_us) || !number(json, "load_ppm", UINT32_MAX, &load) ||
	    !bytes(json, "policy", s->policy.b, 32) || !bytes(json, "of", s->source.of.b, 32) ||
	    !number(json, "block", UINT64_MAX, &s->block) || !bytes(json, "proof", s->proof.b, sizeof(s->proof.b)))
		return false;
	s->execute = json_is_true(json_object_get(json, "execute"));
	s->rate_ppm = (uint32_t)rate;
	s->of.wrong = (uint32_t)wrong;
	s->of.load_ppm = (uint32_t)load;
	s->source.kind = strcmp(text(json, "source"), "batch") == 0 ? GS_SAMPLE_OF_BATCH : GS_SAMPLE_OF_BLOCK;
	s->proven = true;
	return true;
}

static bool read_end(const json_t *json, struct gs_samples_read *out)
{
	return number(json, "lines", UINT64_MAX, &out->lines) && bytes(json, "digest", out->digest.b, 32) &&
	       bytes(json, "proof", out->proof.b, sizeof(out->proof.b));
}

static bool read_any(const json_t *json, struct gs_samples_read *out, char again[GS_SAMPLES_LINE_MAX])
{
	if (json_object_get(json, "claim")) {
		out->kind = GS_SAMPLES_SAMPLE;
		if (!read_sample(json, out))
			return false;
		gs_samples_line(&out->claim, &out->sample, again);
	} else if (json_object_get(json, "bytes")) {
		out->kind = GS_SAMPLES_POLICY;
		if (!read_policy(json, out))
			return false;
		gs_samples_policy_line(&out->policy, again);
	} else if (json_object_get(json, "gainsay")) {
		out->kind = GS_SAMPLES_HEAD;
		if (!read_head(json, out))
			return false;
		gs_samples_head_line(&out->domain, &out->key, again);
	} else {
		out->kind = GS_SAMPLES_END;
		if (!read_end(json, out))
			return false;
		end_line(out->lines, &out->digest, &out->proof, again);
	}
	return true;
}

enum gs_err gs_samples_read_line(const char *line, struct gs_samples_read *out)
{
	char again[GS_SAMPLES_LINE_MAX];
	json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

	memset(out, 0, sizeof(*out));
	const bool good = json && read_any(json, out, again) && strcmp(line, again) == 0;
	json_decref(json);
	return good ? GS_OK : GS_EPARSE;
}
