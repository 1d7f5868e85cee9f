#include "simulations/oracles/oracles.h"

#include "simulations/nodes/run.h"
#include "validator/node/journal.h"

enum gs_err gs_sim_oracle_load_sample(const struct gs_sim_actor *a, const struct gs_hash *claim, struct gs_sample *out,
                                      struct gs_error *error)
{
	struct gs_journal j;
	struct gs_bytes value;
	enum gs_err err = gs_journal_begin(&a->inner, 0, &j, error);
	if (err != GS_OK)
		return err;
	err = gs_journal_view(&j, GS_TABLE_SAMPLES, (struct gs_bytes){claim->b, sizeof(claim->b)}, &value);
	if (err == GS_OK)
		err = gs_sample_decode(value, out);
	gs_journal_abort(&j);
	return err;
}

/* Bound to what the claim is bound to on the last branch, drawn by that, and executed if that says so. */
static enum gs_err look_at(struct gs_sim_run *r, const struct gs_sim_actor *a, const struct gs_sim_planned *c,
                           struct gs_error *error)
{
	struct gs_sample_source source;
	struct gs_sample_lot lot;
	struct gs_sample sample;
	enum gs_err err = gs_sim_oracle_load_sample(a, &c->id, &sample, error);
	if (err != GS_OK || sample.reason == GS_SAMPLE_UNBOUND || !gs_sim_run_source(r, c, &source))
		return err == GS_ENOTFOUND ? GS_OK : err; /* not there: it was over before the node saw it */
	gs_sim_draw(&a->lot, &source, &lot);
	const uint64_t draw = gs_sample_draw(&lot.output, &c->id);
	if (!gs_sample_source_equal(&sample.source, &source) || sample.draw != draw ||
	    (gs_sim_run_drawn(r, draw, c) && !sample.execute &&
	     !(sample.reason == GS_SAMPLE_SHED && a->means.servers > 0) && !gs_sample_is_late(&sample))) {
		gs_sim_run_note(r, "account %u: a claim's draw is not what it is bound to", a->account);
		gs_sim_run_object(r, GS_SIM_WRONG_SAMPLE);
	}
	return GS_OK;
}

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (unsigned a = 0; a < r->actors; a++) {
		if (!gs_sim_run_honest(r, a) || !r->actor[a].options.validate || r->actor[a].luck.lies > 0)
			continue;
		for (unsigned i = 0; i < r->claims && err == GS_OK; i++)
			err = look_at(r, &r->actor[a], &r->claim[i], error);
		for (unsigned i = 0; i < r->errands.leaves && err == GS_OK; i++)
			err = look_at(r, &r->actor[a], &r->leaf[i], error);
	}
	return err;
}

const struct gs_sim_oracle_kind gs_sim_oracle_sample = {
	.name = "drawn by something else",
	.about =
		"an honest node has drawn a claim by something else than the block or batch that it is bound to, or not as its rate says",
	.at_end = check,
};
