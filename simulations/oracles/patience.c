#include "simulations/oracles/oracles.h"

#include <stdlib.h>

#include "simulations/nodes/run.h"
#include "validator/node/journal.h"
#include "validator/node/talk_record.h"

enum { LOOKS_S = 90 /* for a node that faults keep from looking */ };

/* Whether a talk about this game goes on though nothing was heard for longer than the node wants to wait. */
static enum gs_err waits(const struct gs_sim_run *r, unsigned actor, const struct gs_hash *game, enum gs_side side,
                         struct gs_talk_record *talk, bool *out, struct gs_error *error)
{
	const struct gs_sim_actor *a = &r->actor[actor];
	struct gs_journal j;
	*out = false;
	enum gs_err err = gs_journal_begin(&a->inner, 0, &j, error);
	if (err != GS_OK)
		return err;
	err = gs_talk_load(&j, game, talk);
	gs_journal_abort(&j);
	if (err == GS_OK)
		*out = !talk->over && gs_game_turn(&talk->mirror.game) != side &&
		       r->now_s > talk->heard.unix_s + a->options.talk_patience_s + LOOKS_S + r->trouble.allowed_s;
	return err == GS_ENOTFOUND ? GS_OK : err;
}

static enum gs_err look_at(struct gs_sim_run *r, const struct gs_sim_chain *c, unsigned game,
                           struct gs_talk_record *talk, struct gs_error *error)
{
	const unsigned party[] = {c->claimant, c->game[game].challenger};
	struct gs_hash id;
	enum gs_err err = GS_OK;
	gs_game_id(&c->claim, (uint16_t)game, &id);
	for (unsigned i = 0; i < GS_ARRAY_LEN(party) && err == GS_OK; i++) {
		const struct gs_sim_actor *a = &r->actor[party[i]];
		const bool away = r->now_s >= a->luck.offline_from_s && r->now_s < a->luck.offline_to_s;
		bool too_long = false;
		if (!gs_sim_run_honest(r, party[i]) || !a->options.talk || a->node == NULL || away)
			continue;
		err = waits(r, party[i], &id, i == 0 ? GS_SIDE_CLAIMANT : GS_SIDE_CHALLENGER, talk, &too_long, error);
		if (too_long)
			gs_sim_run_object(r, GS_SIM_WRONG_PATIENCE);
	}
	return err;
}

static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	if (r->letters.count == 0)
		return GS_OK;
	struct gs_talk_record *talk = malloc(sizeof(*talk));
	if (talk == NULL)
		return gs_fail(error, GS_ENOMEM, "simulation: no memory for an oracle");
	for (unsigned i = 0; i < r->network.claims && err == GS_OK; i++) {
		const struct gs_sim_chain *c = &r->network.claim[i];
		for (unsigned g = 0; g < c->games && err == GS_OK; g++)
			if (c->status == GS_SIM_CLAIM_OPEN && c->game[g].game.outcome == GS_GAME_OPEN)
				err = look_at(r, c, g, talk, error);
	}
	free(talk);
	return err;
}

const struct gs_sim_oracle_kind gs_sim_oracle_patience = {
	.name = "waiting for ever off chain",
	.about = "an honest node waits for the other side of a game off chain for longer than its patience",
	.after_block = check,
};
