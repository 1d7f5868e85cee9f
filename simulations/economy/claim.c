/* One claim: who does what about it, and how its games run. Clocks: docs/protocol.md, 5.4. */
#include <stdlib.h>
#include <string.h>

#include "simulations/economy/economy.h"

/* ---- what agents can do ---- */

bool gs_economy_chance(struct gs_rng *rng, double chance)
{
	return (double)(gs_rng_u64(rng) >> 11) * 0x1p-53 < chance;
}

bool gs_economy_samples(struct gs_economy_world *world, unsigned agent)
{
	struct gs_sample sample;
	if (!gs_economy_chance(&world->rng, world->rules.uptime))
		return false;
	world->agent[agent].up = true;
	gs_sample_decide_drawn(&world->rules.sampling, gs_rng_u64(&world->rng), world->rules.value, &sample);
	return sample.execute;
}

void gs_economy_execute(struct gs_economy_world *world, unsigned agent)
{
	world->agent[agent].outside -= world->rules.cost;
	world->agent[agent].knows = true;
	world->claim.looked = true;
}

void gs_economy_attest(struct gs_economy_world *world, unsigned agent, bool proves)
{
	world->agent[agent].attested = true;
	world->agent[agent].proves = proves;
	world->agent[agent].outside -= world->rules.attest_gas;
}

struct gs_economy_game *gs_economy_challenge(struct gs_economy_world *world, unsigned agent, uint32_t at, bool right,
                                             enum gs_economy_pace pace)
{
	struct gs_economy_claim *c = &world->claim;
	if (c->games == GS_ECONOMY_GAMES_MAX)
		return NULL;
	struct gs_economy_game *g = &c->game[c->games++];
	memset(g, 0, sizeof(*g));
	g->challenger = agent;
	g->opened_at = at;
	g->order = (uint64_t)at << 20 | gs_rng_below(&world->rng, 1 << 20);
	g->right = right;
	g->pace = pace;
	return g;
}

struct gs_economy_game *gs_economy_challenge_before(struct gs_economy_world *world, unsigned agent,
                                                    const struct gs_economy_game *game)
{
	uint64_t order = game->order;
	struct gs_economy_game *mine = gs_economy_challenge(world, agent, game->opened_at, true, GS_ECONOMY_PROMPT);
	if (mine != NULL)
		mine->order = order > 0 ? order - 1 : 0;
	return mine;
}

const struct gs_economy_game *gs_economy_first(const struct gs_economy_world *world, bool right)
{
	const struct gs_economy_claim *c = &world->claim;
	const struct gs_economy_game *first = NULL;
	for (unsigned i = 0; i < c->games; i++) {
		const struct gs_economy_game *g = &c->game[i];
		bool counts = !right || (g->right && g->opened_at <= c->window_end);
		if (counts && (first == NULL || g->order < first->order))
			first = g;
	}
	return first;
}

void gs_economy_judge(struct gs_economy_world *world, unsigned agent)
{
	if (!world->claim.wrong) {
		gs_economy_attest(world, agent, true);
		return;
	}
	uint32_t at = (uint32_t)gs_rng_below(&world->rng, 2 * (uint64_t)world->rules.reaction_s + 1);
	struct gs_economy_game *g = gs_economy_challenge(world, agent, at, true, GS_ECONOMY_PROMPT);
	if (g != NULL)
		g->honest = true;
}

/* ---- how a game runs by itself ---- */

struct clock {
	uint64_t now, deadline;
	uint32_t left[2]; /* claimant's, challenger's */
};

/* Who falls silent makes no move as claimant, and none behind its challenge as challenger. */
static enum gs_economy_pace pace_of(const struct gs_economy_world *world, const struct gs_economy_game *g,
                                    bool claimant)
{
	if (!claimant)
		return g->pace;
	if (world->claim.wrong)
		return world->rules.defence;
	return world->claim.bankrupt ? GS_ECONOMY_SILENT : GS_ECONOMY_PROMPT;
}

static bool move(struct gs_economy_world *world, struct clock *clock, struct gs_economy_game *g, bool claimant,
                 enum gs_economy_pace pace)
{
	uint64_t prompt = clock->now + gs_rng_below(&world->rng, 2 * (uint64_t)world->rules.reply_s + 1);
	uint64_t at = pace == GS_ECONOMY_STALLS || prompt > clock->deadline ? clock->deadline : prompt;
	if (pace == GS_ECONOMY_SILENT) {
		g->ends_at = (uint32_t)clock->deadline + 1;
		g->reason = GS_REASON_TIMEOUT;
		g->wins = claimant;
		return false;
	}
	g->move_at[g->times++] = (uint32_t)at;
	if (pace == GS_ECONOMY_CONCEDES) {
		g->ends_at = (uint32_t)at;
		g->reason = GS_REASON_CONCESSION;
		g->wins = claimant;
		return false;
	}
	clock->left[claimant ? 0 : 1] = (uint32_t)(clock->deadline - at);
	uint32_t next = clock->left[claimant ? 1 : 0], least = world->rules.minimum_s;
	clock->now = at;
	clock->deadline = at + (next > least ? next : least);
	return true;
}

static void run_alone(struct gs_economy_world *world, struct gs_economy_game *g)
{
	const struct gs_economy_rules *r = &world->rules;
	struct clock clock = {.now = g->opened_at, .left = {r->claimant_budget_s, r->challenger_budget_s}};
	uint32_t first = r->claimant_budget_s > r->minimum_s ? r->claimant_budget_s : r->minimum_s;
	clock.deadline = clock.now + first;
	for (unsigned i = 0; i < GS_ECONOMY_MOVES; i++) {
		bool claimant = i % 2 == 0;
		if (!move(world, &clock, g, claimant, pace_of(world, g, claimant)))
			return;
	}
	g->ends_at = (uint32_t)clock.now;
	g->reason = GS_REASON_STEP;
	g->wins = world->claim.wrong && g->right;
}

static int by_order(const void *a, const void *b)
{
	const struct gs_economy_game *x = a, *y = b;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->challenger > y->challenger ? -1 : x->challenger < y->challenger; /* who reacts was asked last */
}

/* The moves that were made when it was over. */
static void cut_short(struct gs_economy_game *g)
{
	g->moves = 0;
	while (g->moves < g->times && g->move_at[g->moves] <= g->over_at)
		g->moves++;
}

/* Opens the games in their order, refuses what comes too late, and finds which of them is closed by an earlier one's win.
 * A game wins in the end when it wins by itself and none before it does: those before the first winner play on. */
void gs_economy_games(struct gs_economy_world *world)
{
	struct gs_economy_claim *c = &world->claim;
	uint32_t lost_at = UINT32_MAX, before = UINT32_MAX; /* before: the earliest win of a smaller ordinal */
	qsort(c->game, c->games, sizeof(c->game[0]), by_order);
	for (unsigned i = 0; i < c->games; i++) {
		struct gs_economy_game *g = &c->game[i];
		if (g->opened_at > c->window_end || g->opened_at >= lost_at)
			continue;
		g->opened = true;
		g->units = 1;
		for (unsigned k = 0; k < i; k++)
			g->units += c->game[k].opened && c->game[k].over_at > g->opened_at;
		if (g->accomplice)
			g->wins = g->right;
		else
			run_alone(world, g);
		if (g->wins && g->ends_at < lost_at)
			lost_at = g->ends_at;
		/* Somebody's own win behind a smaller ordinal's is none in the end. */
		g->closed = g->wins ? before != UINT32_MAX : before < g->ends_at;
		g->over_at = before < g->ends_at ? before : g->ends_at;
		cut_short(g);
		if (g->wins && g->ends_at < before)
			before = g->ends_at;
	}
}

/* ---- a claim ---- */

static void begin(struct gs_economy_world *world, bool wrong)
{
	const struct gs_economy_rules *r = &world->rules;
	struct gs_economy_claim *c = &world->claim;
	for (unsigned i = 0; i < world->agents; i++) {
		enum gs_economy_manner manner = world->agent[i].manner;
		world->agent[i] = (struct gs_economy_account){.manner = manner};
	}
	c->wrong = wrong;
	c->bankrupt = !wrong && gs_economy_chance(&world->rng, r->bankrupt);
	/* (draw mod 2^16) * 10000 < auditBps * 2^16: docs/protocol.md, 6.3 */
	c->audited = gs_rng_below(&world->rng, 1 << 16) * GS_BPS < (uint64_t)r->audit_bps << 16;
	c->window_end = r->terms.window_s;
	if (c->audited) { /* published at the first epoch behind the claim: the window starts again */
		uint32_t shown = 1 + (uint32_t)gs_rng_below(&world->rng, r->epoch_s) +
		                 (uint32_t)gs_rng_below(&world->rng, 2 * (uint64_t)r->reply_s + 1);
		c->window_end = shown + r->terms.window_s;
	}
	c->looked = c->swarm_knows = c->invalid = false;
	c->games = 0;
	c->settled_at = c->over_at = 0;
	c->burned = c->victim = c->attacker = c->attacked = 0;
	c->locked_claimant = c->locked_challengers = 0;
}

void gs_economy_play(struct gs_economy_world *world, bool wrong)
{
	begin(world, wrong);
	for (unsigned i = 0; i < world->agents; i++) {
		const struct gs_economy_agent_kind *kind = gs_economy_agent_kind(world->agent[i].manner);
		if (kind->act != NULL)
			kind->act(world, i);
	}
	gs_economy_games(world);
	gs_economy_settle(world);
}
