#include "simulations/nodes/means.h"

#include <string.h>

#include "challenge/game/bonds.h"
#include "simulations/nodes/run.h"

/* ---- the machine ---- */

void gs_sim_means_restart(struct gs_sim_means *m)
{
	memset(m->free_s, 0, sizeof(m->free_s));
}

static void note_begun(struct gs_sim_means *m, const struct gs_hash *claim, uint64_t now_s, uint64_t done_s)
{
	for (unsigned i = 0; i < m->begun_count; i++)
		if (gs_hash_equal(&m->begun[i].claim, claim))
			return;
	if (m->begun_count < GS_SIM_CLAIMS_ROOM)
		m->begun[m->begun_count++] = (struct gs_sim_begun){*claim, now_s, done_s};
}

uint64_t gs_sim_means_execute(struct gs_sim_means *m, const struct gs_hash *claim, uint64_t now_s)
{
	unsigned first = 0;
	GS_ASSERT(m->servers > 0 && m->servers <= GS_SIM_SERVERS_MAX);
	for (unsigned i = 1; i < m->servers; i++)
		if (m->free_s[i] < m->free_s[first])
			first = i;
	m->free_s[first] = (m->free_s[first] > now_s ? m->free_s[first] : now_s) + m->each_s;
	note_begun(m, claim, now_s, m->free_s[first]);
	return m->free_s[first];
}

/* ---- the account ---- */

uint64_t gs_sim_means_gas(const struct gs_sim_means *m, size_t data_len)
{
	return data_len == 0 ? GS_SIM_TRANSFER_GAS : m->funds > 0 ? m->call_gas : GS_SIM_CALL_GAS;
}

uint64_t gs_sim_means_left(const struct gs_sim_means *m, const struct gs_sim_network *n, unsigned account)
{
	uint64_t left = m->funds;
	for (unsigned i = 0; i < n->txs; i++) {
		const struct gs_sim_tx *tx = n->tx[i];
		if (!tx->mined || tx->sender != account)
			continue;
		const uint64_t cost = tx->price * gs_sim_means_gas(m, tx->data.len);
		GS_ASSERT(left >= cost); /* else it would not have been mined */
		left -= cost;
	}
	return left;
}

static uint64_t price_of(const struct gs_sim_network *n)
{
	return n->base_fee + 1; /* tips are 1 */
}

bool gs_sim_means_cover(const struct gs_sim_means *m, const struct gs_sim_network *n, unsigned account, size_t data_len)
{
	return m->funds == 0 || gs_sim_means_left(m, n, account) >= price_of(n) * gs_sim_means_gas(m, data_len);
}

void gs_sim_means_tell(const struct gs_sim_means *m, const struct gs_sim_network *n, unsigned account,
                       struct gs_node_input *out)
{
	*out = (struct gs_node_input){.kind = GS_INPUT_FUNDS};
	out->as.funds.balance = gs_wei_from_u64(gs_sim_means_left(m, n, account));
	out->as.funds.per_gas = gs_wei_from_u64(price_of(n));
}

/* ---- as stated ---- */

/* A game at worst costs the account what the node's own bound of it says, spread evenly over its transactions. */
static enum gs_err shape_funds(const struct gs_sim_run *r, double games, struct gs_sim_means *out)
{
	const struct gs_sim_network_rules *rules = &r->network.rules;
	const struct gs_gas_model gas = gs_gas_model_default();
	const struct gs_game_rules game = {.header = &r->program.header,
	                                   .claimant_budget_s = rules->claimant_budget_s,
	                                   .challenger_budget_s = rules->challenger_budget_s,
	                                   .minimum_time_s = rules->minimum_time_s};
	struct gs_game_shape shape;
	struct gs_worst_case worst;
	gs_bond_shape_of_header(&r->program.header, &shape);
	enum gs_err err = gs_bond_worst_case(&shape, &game, &rules->rules.bonds, &gas, 0, r->now_s, &worst);
	if (err != GS_OK)
		return err;
	out->call_gas = worst.challenger.gas / worst.challenger.transactions;
	out->funds = (uint64_t)(games * (double)worst.challenger.gas * (GS_SIM_BASE_FEE + 1)) + 1;
	return GS_OK;
}

enum gs_err gs_sim_means_shape(const struct gs_sim_run *r, unsigned actor, struct gs_node_options *options,
                               struct gs_sim_means *out)
{
	memset(out, 0, sizeof(*out));
	if (!gs_sim_run_honest(r, actor) || r->kind[actor]->claims)
		return GS_OK;
	out->servers = (unsigned)r->value[GS_SIM_P_SERVERS];
	out->each_s = (uint64_t)r->value[GS_SIM_P_EXECUTION];
	options->work.servers = out->servers;
	options->work.margin_s = (uint64_t)r->value[GS_SIM_P_MARGIN];
	if (r->value[GS_SIM_P_FUNDS] <= 0)
		return GS_OK;
	options->capital.gas = true;
	options->capital.price_percent = 100;
	return shape_funds(r, r->value[GS_SIM_P_FUNDS], out);
}
