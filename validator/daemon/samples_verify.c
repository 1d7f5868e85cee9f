/* A file of decisions, line by line; what is wrong with one line does not keep the others from being looked at. */
#include <stdlib.h>
#include <string.h>

#include "chain/core/hash.h"
#include "validator/daemon/samples_form.h"

struct checking {
	struct gs_vrf *vrf;
	const struct gs_vrf_public *key;
	gs_samples_tell tell;
	void *context;
	struct gs_samples_checked *checked;
	struct gs_keccak digest;
	uint64_t line; /* the one looked at, from 1 */
	bool headed, ended;
	struct gs_sampling_policy policy[GS_SAMPLES_POLICIES_MAX];
	struct gs_hash policy_name[GS_SAMPLES_POLICIES_MAX];
	size_t policies;
	struct gs_sample_source source; /* the newest whose proof was checked, and what it gave */
	struct gs_vrf_proof proof;
	struct gs_hash output;
};

static enum gs_err wrong(struct checking *c, const char *why)
{
	c->checked->wrong++;
	if (c->tell)
		c->tell(c->context, c->line, why);
	return GS_OK;
}

static const struct gs_sampling_policy *find_policy(const struct checking *c, const struct gs_hash *name)
{
	for (size_t i = 0; i < c->policies; i++)
		if (gs_hash_equal(&c->policy_name[i], name))
			return &c->policy[i];
	return NULL;
}

/* Lines of one source repeat its proof, which is checked once. */
static enum gs_err output_of(struct checking *c, const struct gs_sample *s, struct gs_hash *out)
{
	uint8_t alpha[GS_SAMPLE_ALPHA_BYTES];
	enum gs_err err = GS_OK;

	if (!gs_sample_source_equal(&c->source, &s->source) ||
	    memcmp(c->proof.b, s->proof.b, sizeof(c->proof.b)) != 0) {
		gs_sample_alpha(c->checked->domain.chain_id, &c->checked->domain.claims, &s->source, alpha);
		err = gs_vrf_verify(c->vrf, c->key, (struct gs_bytes){alpha, sizeof(alpha)}, &s->proof, &c->output);
		memset(&c->source, 0, sizeof(c->source));
		if (err)
			return err;
		c->source = s->source;
		c->proof = s->proof;
	}
	*out = c->output;
	return GS_OK;
}

static enum gs_err check_sample(struct checking *c, const struct gs_samples_read *r)
{
	const struct gs_sample *s = &r->sample;
	const struct gs_sampling_policy *policy = find_policy(c, &s->policy);
	struct gs_sample wanted;
	struct gs_hash output;
	enum gs_err err;

	c->checked->lines++;
	c->checked->executed += s->execute;
	err = output_of(c, s, &output);
	if (err == GS_ENOMEM)
		return err;
	if (err)
		return wrong(c, "the proof is not this key's for this source");
	if (s->draw != gs_sample_draw(&output, &r->claim))
		return wrong(c, "the draw does not follow from the proof");
	if (!policy)
		return wrong(c, "no line before says its policy");
	gs_sample_decide(policy, s->draw, &s->of, &wanted);
	if (wanted.rate_ppm != s->rate_ppm)
		return wrong(c, "the rate does not follow from the policy");
	c->checked->shed += s->reason == GS_SAMPLE_SHED;
	c->checked->late += gs_sample_is_late(s);
	c->checked->late_drawn += gs_sample_is_late(s) && wanted.execute;
	return gs_sample_follows(s, &wanted) ? GS_OK : wrong(c, "the decision does not follow from draw and rate");
}

static enum gs_err check_end(struct checking *c, const struct gs_samples_read *r, const struct gs_hash *digest)
{
	uint8_t alpha[GS_SAMPLES_END_ALPHA];
	struct gs_hash output;
	enum gs_err err;

	c->ended = true;
	if (r->lines != c->line - 1 || !gs_hash_equal(&r->digest, digest))
		return wrong(c, "the lines before are not those that were written");
	gs_samples_end_alpha(r->lines, digest, alpha);
	err = gs_vrf_verify(c->vrf, c->key, (struct gs_bytes){alpha, sizeof(alpha)}, &r->proof, &output);
	if (err && err != GS_ENOMEM)
		return wrong(c, "the file is not this key's: its last line does not prove the lines before");
	return err;
}

static enum gs_err check_head(struct checking *c, const struct gs_samples_read *r)
{
	c->headed = true;
	c->checked->domain = r->domain;
	return memcmp(r->key.b, c->key->b, sizeof(r->key.b)) == 0 ? GS_OK : wrong(c, "it is of another key");
}

static enum gs_err check_line(struct checking *c, const char *line)
{
	struct gs_samples_read read;
	struct gs_keccak so_far = c->digest;
	struct gs_hash digest;

	gs_keccak_final(&so_far, &digest);
	if (c->ended)
		return wrong(c, "there is something behind the last line");
	if (gs_samples_read_line(line, &read) != GS_OK)
		return wrong(c, "it has not the form of a line");
	if ((read.kind == GS_SAMPLES_HEAD) == c->headed)
		return wrong(c, c->headed ? "a second head" : "the file's head is missing");
	switch (read.kind) {
	case GS_SAMPLES_HEAD: return check_head(c, &read);
	case GS_SAMPLES_POLICY:
		if (c->policies == GS_SAMPLES_POLICIES_MAX)
			return wrong(c, "too many policies");
		c->policy[c->policies] = read.policy;
		gs_policy_hash(&read.policy, &c->policy_name[c->policies++]);
		return GS_OK;
	case GS_SAMPLES_SAMPLE: return check_sample(c, &read);
	case GS_SAMPLES_END: return check_end(c, &read, &digest);
	}
	return GS_OK;
}

/* A line without its newline; false at the end. A longer one is cut, and so has not the form of any. */
static bool next_line(FILE *in, char out[GS_SAMPLES_LINE_MAX], bool *whole)
{
	size_t len = 0;
	int c;

	*whole = false;
	while ((c = fgetc(in)) != EOF && c != '\n')
		if (len < GS_SAMPLES_LINE_MAX - 1)
			out[len++] = c ? (char)c : 1; /* a zero is in no line */
	out[len] = '\0';
	*whole = c == '\n' && len < GS_SAMPLES_LINE_MAX - 1;
	return c != EOF || len > 0;
}

enum gs_err gs_samples_verify(FILE *in, struct gs_vrf *vrf, const struct gs_vrf_public *key, gs_samples_tell tell,
                              void *context, struct gs_samples_checked *checked, struct gs_error *error)
{
	struct checking *c = calloc(1, sizeof(*c));
	char line[GS_SAMPLES_LINE_MAX];
	bool whole;
	enum gs_err err = GS_OK;

	memset(checked, 0, sizeof(*checked));
	if (!c)
		return gs_fail(error, GS_ENOMEM, "verify: no memory");
	c->vrf = vrf;
	c->key = key;
	c->tell = tell;
	c->context = context;
	c->checked = checked;
	gs_keccak_init(&c->digest);
	while (!err && next_line(in, line, &whole)) {
		c->line++;
		err = whole ? check_line(c, line) : wrong(c, "it has no end, or is too long");
		gs_keccak_update(&c->digest, line, strlen(line));
		gs_keccak_update(&c->digest, "\n", 1);
	}
	if (!err && !c->ended) {
		c->line++;
		err = wrong(c, "the last line is missing: the file was cut");
	}
	free(c);
	if (!err && ferror(in))
		return gs_fail(error, GS_EIO, "verify: the file cannot be read");
	return err ? gs_fail(error, err, "verify: no memory") : GS_OK;
}
