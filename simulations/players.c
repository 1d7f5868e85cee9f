#include "simulations/players.h"

#include <string.h>

bool gs_sim_is_honest(const struct gs_sim_player *p)
{
	return p->manner == GS_SIM_HONEST && !p->accomplice && p->silent_after == UINT32_MAX &&
	       p->concede_after == UINT32_MAX && !p->spoils;
}

uint64_t gs_sim_when(const struct gs_sim_player *p, const struct gs_game *view, uint64_t now, struct gs_rng *rng)
{
	uint64_t deadline = view->state.deadline, soon = now + gs_rng_below(rng, 4);
	if (p->moves >= p->silent_after || view->outcome != GS_GAME_OPEN)
		return GS_SIM_NEVER;
	if (gs_game_turn(view) != p->side && view->state.phase != GS_PHASE_STEP)
		return GS_SIM_NEVER;
	return p->timing == GS_SIM_LAST_SECOND || soon > deadline ? deadline : soon;
}

static uint64_t choose(void *rng, uint64_t bound)
{
	return gs_rng_below(rng, bound);
}

static void damage(struct gs_move *move, struct gs_rng *rng)
{
	uint64_t bit = UINT64_C(1) << gs_rng_below(rng, 8);
	switch (gs_rng_below(rng, 5)) {
	case 0:
		if (move->data_len > 0)
			move->data[gs_rng_below(rng, move->data_len)] ^= (uint8_t)bit;
		break;
	case 1:
		if (move->siblings > 0) {
			struct gs_hash *sibling = &move->sibling[gs_rng_below(rng, move->siblings)];
			sibling->b[gs_rng_below(rng, 32)] ^= (uint8_t)bit;
		}
		break;
	case 2:
		move->trace_root.b[gs_rng_below(rng, 32)] ^= (uint8_t)bit;
		if (move->openings_len > 0)
			move->openings[gs_rng_below(rng, move->openings_len)] ^= (uint8_t)bit;
		break;
	case 3:
		move->child ^= 1;
		move->segment ^= 1;
		break;
	case 4: move->kind = move->kind == GS_MOVE_REVEAL ? GS_MOVE_SELECT : GS_MOVE_REVEAL; break;
	}
}

enum gs_err gs_sim_answer(struct gs_sim_player *p, unsigned game, const struct gs_game *view,
                          const struct gs_claim_body *body, struct gs_rng *rng, struct gs_move *out, bool *waiting,
                          bool *spoilt)
{
	const struct gs_prover *prover = p->two_faced && game % 2 == 1 ? &p->other_prover : &p->prover;
	enum gs_err err;
	*waiting = false;
	*spoilt = false;
	if (p->moves >= p->concede_after) {
		memset(out, 0, sizeof(*out));
		out->kind = GS_MOVE_CONCEDE;
		return GS_OK;
	}
	if (p->side == GS_SIDE_CLAIMANT)
		err = gs_strategy_claimant(view, prover, out, waiting);
	else if (p->manner == GS_SIM_WANDERER)
		err = gs_strategy_wanderer(view, prover, choose, rng, out, waiting);
	else
		err = gs_strategy_challenger(view, prover, body, out, waiting);
	if (err == GS_OK && !*waiting && p->spoils && gs_rng_below(rng, 6) == 0) {
		damage(out, rng);
		*spoilt = true;
	}
	return err;
}
