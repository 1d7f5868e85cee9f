/* Doctor's look at L1: is it there, the one that is meant, does the portal take deposits, and can the account pay for some. */
#include "validator/daemon/chain_tx.h"
#include "validator/daemon/doctor.h"
#include "validator/daemon/l1.h"

enum {
	DEPOSITS = 10, /* of a game, or so */
	DEPOSIT_GAS = 2 * 1000 *
	              1000, /* on L1: what is bought on L2 is burned there at about the same number (docs/node.md) */
};

/* What the deposits of a game may cost now, twice over. */
static void look_at_balance(struct gs_doctor *d, struct gs_session *s)
{
	char has[GS_U256_DECIMAL_MAX], needs[GS_U256_DECIMAL_MAX];
	struct gs_eth_block head;
	struct gs_wei balance, tip, price, cost;
	struct gs_error why = {0};

	if (gs_eth_get_balance(s->rpc, &s->account, gs_block_latest(), &balance, &why) != GS_OK ||
	    gs_eth_get_block(s->rpc, gs_block_latest(), &head, &why) != GS_OK ||
	    gs_eth_priority_fee(s->rpc, &tip, &why) != GS_OK) {
		gs_doctor_say(d, GS_ILL, "l1: balance", "look after the endpoint", "%s", why.text);
		return;
	}
	if (gs_wei_mul_u64(head.base_fee, 2, &price) || gs_wei_add(price, tip, &price) ||
	    gs_wei_mul_u64(price, (uint64_t)DEPOSITS * DEPOSIT_GAS, &cost)) {
		gs_doctor_say(d, GS_ILL, "l1: balance", "take another endpoint", "its fees make no sense");
		return;
	}
	gs_wei_format_ether(balance, has);
	gs_wei_format_ether(cost, needs);
	gs_doctor_say(d,
	              gs_u256_is_zero(&balance.v)     ? GS_ILL
	              : gs_wei_cmp(balance, cost) < 0 ? GS_DOUBTFUL
	                                              : GS_WELL,
	              "l1: balance", "send the same account ether on L1",
	              "%s; %d deposits of a game may cost %s at twice today's base fee", has, DEPOSITS, needs);
}

void gs_doctor_l1(struct gs_doctor *d, const struct gs_config *config, uint64_t chain_id,
                  const struct gs_address *account)
{
	struct gs_session chain = {0}, l1;
	struct gs_chain_portal portal = {.settle_blocks = config->l1.settle_blocks};
	struct gs_chain_io io;
	struct gs_error why = {0};
	enum gs_err err = gs_l1_check_settings(config, chain_id, &portal.address, &why);

	if (err) {
		gs_doctor_say(d, GS_ILL, "l1", "correct the settings under l1", "%s", why.text);
		return;
	}
	if (config->l1.rpc.count == 0) {
		gs_doctor_say(d, GS_WELL, "l1", "", "not configured: what the sequencer keeps out stays out");
		return;
	}
	if (account)
		chain.account = *account;
	if (gs_session_open_l1(config, &chain, &l1, &why) != GS_OK) {
		gs_doctor_say(d, GS_ILL, "l1", "correct l1.rpc", "%s", why.text);
		return;
	}
	gs_chain_io_init(&io, &l1, config, NULL);
	io.portal = &portal;
	err = gs_chain_tx_check_portal(&io, &why);
	gs_doctor_say(d, err ? GS_ILL : GS_WELL, "l1: portal",
	              "correct what is named, or wait until the portal is at work again", "%s",
	              err ? why.text : "it takes deposits");
	if (!err && account)
		look_at_balance(d, &l1);
	gs_session_close(&l1);
}
