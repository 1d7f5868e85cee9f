#include <string.h>

#include "challenge/game/agreed.h"
#include "simulations/keys.h"
#include "simulations/nodes/run.h"
#include "validator/node/journal.h"
#include "validator/node/talk_record.h"

enum manner { SILENT, LEAVES, REPEATS, TWO_STATES, MANNERS };

static bool compute(struct gs_sim_run *r, unsigned actor, const struct gs_sim_planned *claim,
                    struct gs_sim_computed *out)
{
	if (claim->wrong || !r->lie[actor][claim->input].shows)
		return gs_sim_actor_agrees(r, actor, claim, out);
	gs_sim_run_tell(r, &r->lie[actor][claim->input], out);
	return true;
}

static void shape(struct gs_sim_run *r, unsigned actor, struct gs_node_options *options)
{
	options->talk = true;
	r->manner[actor].kind = (unsigned)gs_rng_below(&r->letters.rng, MANNERS);
	r->manner[actor].after = (unsigned)gs_rng_below(&r->letters.rng, 8);
}

/* The game as it was before the move that the message makes: as both have signed it last, or as it was opened. */
static bool game_before(struct gs_sim_run *r, unsigned actor, const struct gs_talk *talk, struct gs_game *out,
                        struct gs_game_rules *rules)
{
	struct gs_talk_record record;
	struct gs_journal j;
	struct gs_hash id;
	bool found = false;
	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < r->network.claims; i++)
		for (unsigned g = 0; g < r->network.claim[i].games; g++) {
			gs_game_id(&r->network.claim[i].claim, (uint16_t)g, &id);
			if (!gs_hash_equal(&id, &talk->game))
				continue;
			*rules = r->network.claim[i].game_rules;
			found = true;
		}
	if (!found || gs_journal_begin(&r->actor[actor].inner, 0, &j, NULL) != GS_OK)
		return false;
	found = gs_talk_load(&j, &talk->game, &record) == GS_OK && record.agreed;
	gs_journal_abort(&j);
	out->state = record.newest.state;
	out->trace_root = record.newest.trace_root;
	gs_game_hash(out, &id);
	return found && gs_hash_equal(&id, &talk->from);
}

/* The same move a second later: another state that answers the same one, and signed as well. */
static bool write_second(struct gs_sim_run *r, unsigned actor, struct gs_bytes message, struct gs_buf *out)
{
	static const uint64_t later_s = 1;
	const struct gs_contracts *c = &r->network.rules.contracts;
	struct gs_game_effects effects;
	struct gs_game_rules rules;
	struct gs_game game;
	struct gs_talk talk;
	struct gs_key key;
	if (gs_talk_decode(message, &talk) != GS_OK || !game_before(r, actor, &talk, &game, &rules))
		return false;
	talk.now += later_s;
	const struct gs_game_input in = {.sender = talk.side, .now = talk.now, .move = &talk.move};
	if (gs_game_step(&game, &rules, &in, &effects, NULL) != GS_OK)
		return false;
	gs_sim_key(actor, &key);
	if (gs_agreed_sign(c->chain_id, &c->disputes, &key, &game.state, &game.trace_root, &talk.signature, NULL) !=
	    GS_OK)
		return false;
	gs_talk_encode(&talk, out);
	return out->err == GS_OK;
}

/* Says the first thing, and when it is asked again the second. */
static void say_both(struct gs_sim_run *r, unsigned actor, const struct gs_talk *talk, struct gs_bytes message,
                     struct gs_buf *instead)
{
	const struct gs_sim_letter *said = gs_sim_letters_of(&r->letters, actor, &talk->game, &talk->from, 1);
	if (said != NULL) {
		gs_buf_append(instead, said->bytes.ptr, said->bytes.len);
		return;
	}
	said = gs_sim_letters_of(&r->letters, actor, &talk->game, &talk->from, 0);
	const bool second = said != NULL ? memcmp(said->bytes.ptr, message.ptr, message.len) == 0
	                                 : gs_rng_below(&r->letters.rng, 2) == 0;
	if (!second || !write_second(r, actor, message, instead))
		gs_buf_append(instead, message.ptr, message.len);
}

static void say(struct gs_sim_run *r, unsigned actor, struct gs_bytes message, struct gs_buf *instead)
{
	const struct gs_sim_letter *first;
	struct gs_talk talk;
	if (gs_talk_decode(message, &talk) != GS_OK)
		return;
	const bool turns = gs_sim_letters_of(&r->letters, actor, &talk.game, NULL, r->manner[actor].after) != NULL ||
	                   r->manner[actor].after == 0;
	switch ((enum manner)r->manner[actor].kind) {
	case SILENT: return;
	case LEAVES:
		if (!turns)
			gs_buf_append(instead, message.ptr, message.len);
		return;
	case REPEATS:
		first = gs_sim_letters_of(&r->letters, actor, &talk.game, NULL, 0);
		if (turns && first != NULL)
			message = first->bytes;
		gs_buf_append(instead, message.ptr, message.len);
		return;
	case TWO_STATES:
	case MANNERS: say_both(r, actor, &talk, message, instead); return;
	}
}

const struct gs_sim_actor_kind gs_sim_actor_two_faced = {
	.name = "two_faced",
	.about =
		"challenges right claims and plays off chain, where it is silent, leaves, repeats itself, or signs two states that answer one",
	.parameter = GS_SIM_P_TWO_FACED,
	.prepare = gs_sim_actor_all_inputs,
	.shape = shape,
	.compute = compute,
	.say = say,
};
