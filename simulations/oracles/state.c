#include "simulations/oracles/oracles.h"

#include <stdlib.h>
#include <string.h>

#include "simulations/nodes/run.h"
#include "validator/node/facts_record.h"

enum { LOOKS = 4 };

/* Somebody else may have done something in the last block, which this node has not looked at. */
static enum gs_err catch_up(struct gs_sim_run *r, unsigned actor, struct gs_error *error)
{
	enum gs_err err = GS_OK;
	for (unsigned i = 0; i < LOOKS && err == GS_OK; i++) {
		const struct gs_head *newest = r->actor[actor].node != NULL ? gs_node_newest(r->actor[actor].node)
		                                                            : NULL;
		if (newest != NULL && newest->number + 1 == r->network.blocks)
			return GS_OK;
		err = gs_sim_actor_tick(&r->actor[actor], r->now_s, error);
	}
	return err;
}

static bool decode_both(struct gs_bytes key, struct gs_bytes ours, struct gs_bytes theirs, struct gs_game_record *game)
{
	return gs_game_decode(key, ours, &game[0]) == GS_OK && gs_game_decode(key, theirs, &game[1]) == GS_OK;
}

/* Of a game that came on chain by agreement a node of its own knows, besides, what was shown off chain. */
static bool knows_more(struct gs_bytes key, struct gs_bytes ours, struct gs_bytes theirs)
{
	struct gs_game_record *game = calloc(2, sizeof(*game));
	struct gs_buf plain;
	if (game == NULL)
		return false;
	bool alike = decode_both(key, ours, theirs, game) && game[0].game.state.move >= GS_GAME_AGREED_MOVE;
	for (size_t i = 0; i < GS_ARRAY_LEN(game[0].game.descent); i++)
		if (game[1].game.descent[i].len == 0)
			game[0].game.descent[i].len = 0;
	if (game[1].game.states.len == 0)
		game[0].game.states.len = 0;
	gs_buf_init(&plain, 1 << 16);
	gs_game_encode(&game[0], &plain);
	alike = alike && plain.err == GS_OK && plain.len == theirs.len && memcmp(plain.ptr, theirs.ptr, plain.len) == 0;
	gs_buf_free(&plain);
	free(game);
	return alike;
}

/* Everything that follows from the chain alone, beside what a node finds that has just come. */
static enum gs_err check(struct gs_sim_run *r, struct gs_error *error)
{
	static const enum gs_table derived[] = {GS_TABLE_CLAIMS,    GS_TABLE_MODELS,       GS_TABLE_GAMES,
	                                        GS_TABLE_STAKES,    GS_TABLE_SLASHES,      GS_TABLE_BATCHES,
	                                        GS_TABLE_BEACONS,   GS_TABLE_ATTESTATIONS, GS_TABLE_BLOBS,
	                                        GS_TABLE_CLAIM_IDS, GS_TABLE_ARRAYS};
	struct gs_sim_actor fresh = {.account = r->actors,
	                             .network = &r->network,
	                             .luck = {.offline_from_s = GS_SIM_NEVER_S},
	                             .compute = gs_sim_run_compute,
	                             .self = r,
	                             .handed = r->errands.handed,
	                             .handed_count = r->errands.handed_leaves,
	                             .options = r->actor[0].options};
	fresh.options.self = gs_sim_address(GS_SIM_ACCOUNTS_MAX - 1);
	fresh.options.validate = fresh.options.defend = fresh.options.finalise = false;
	fresh.account = GS_SIM_ACCOUNTS_MAX - 1;
	enum gs_err err = gs_sim_actor_open(&fresh, 1, error);
	for (size_t i = 0; err == GS_OK && i < r->network.blocks; i++) {
		err = gs_sim_actor_tick(&fresh, r->now_s, error);
		const struct gs_head *head = err == GS_OK ? gs_node_newest(fresh.node) : NULL;
		if (head != NULL && head->number + 1 == r->network.blocks)
			break;
	}
	for (unsigned a = 0; a < r->actors && err == GS_OK; a++) {
		if (gs_sim_run_honest(r, a))
			err = catch_up(r, a, error);
		for (unsigned t = 0; gs_sim_run_honest(r, a) && err == GS_OK && t < GS_ARRAY_LEN(derived); t++) {
			bool same;
			err = gs_sim_alike_records(&r->actor[a].inner, &fresh.inner, derived[t],
			                           derived[t] == GS_TABLE_GAMES ? knows_more : NULL, &same, error);
			if (err == GS_OK && !same)
				gs_sim_run_object(r, GS_SIM_WRONG_STATE);
		}
	}
	gs_sim_actor_close(&fresh);
	return err;
}

const struct gs_sim_oracle_kind gs_sim_oracle_state = {
	.name = "stored state differs from the chain's",
	.about = "what an honest node has stored of the chain is not what a new node finds there",
	.at_end = check,
};
