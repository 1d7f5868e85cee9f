#include "validator/daemon/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "validator/daemon/deploy_check.h"
#include "validator/daemon/deployed.h"
#include "validator/daemon/session.h"

enum {
	HEAD_OLD_S = 120,
	CLOCK_AHEAD_S = 15,        /* a block from the future: our clock is slow */
	LOGS_SPAN = 10000,         /* blocks asked at once, at first */
	GAMES_COUNTED = 1000,      /* beyond so many it does not matter how many */
	DISPUTE_GAS = 1000 * 1000, /* a whole dispute of one side, its opening counted, comes to less (docs/gas.md) */
};

void gs_doctor_say(struct gs_doctor *d, enum gs_judgement judgement, const char *what, const char *advice,
                   const char *fmt, ...)
{
	struct gs_finding *f;
	va_list args;

	if (d->count == GS_DOCTOR_LINES_MAX) {
		f = &d->finding[GS_DOCTOR_LINES_MAX - 1];
		f->judgement = judgement > f->judgement ? judgement : f->judgement;
		snprintf(f->found, sizeof(f->found), "there is more than these %d lines can say", GS_DOCTOR_LINES_MAX);
		return;
	}
	f = &d->finding[d->count++];
	f->judgement = judgement;
	f->advice = judgement == GS_WELL ? "" : advice;
	snprintf(f->what, sizeof(f->what), "%s", what);
	va_start(args, fmt);
	vsnprintf(f->found, sizeof(f->found), fmt, args);
	va_end(args);
}

bool gs_doctor_is_ill(const struct gs_doctor *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->finding[i].judgement == GS_ILL)
			return true;
	return false;
}

struct checkup {
	struct gs_doctor *d;
	const struct gs_config *config;
	bool has_deployment;
	struct gs_deployment deployment;
	uint64_t chain_id;  /* of the first endpoint that answered */
	struct gs_rpc *rpc; /* that one, or NULL */
	/* A block that the first endpoint calls final, and what it says of it. */
	uint64_t settled;
	struct gs_hash settled_hash, settled_logs;
};

/* --- endpoints --- */

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The contracts' logs of some blocks, as one digest. */
static enum gs_err logs_of(const struct checkup *c, struct gs_rpc *rpc, uint64_t from, uint64_t to, struct gs_hash *out,
                           struct gs_error *why)
{
	const struct gs_eth_filter filter = {.from_block = from,
	                                     .to_block = to,
	                                     .addresses = c->deployment.contract,
	                                     .address_count = c->has_deployment ? GS_CONTRACT_COUNT : 0};
	struct gs_log_list logs = {0};
	struct gs_keccak keccak;
	enum gs_err err = gs_eth_get_logs(rpc, &filter, &logs, why);

	gs_keccak_init(&keccak);
	for (size_t i = 0; i < logs.count && !err; i++) {
		const struct gs_log_entry *e = &logs.entries[i];
		gs_keccak_update(&keccak, e->block_hash.b, 32);
		gs_keccak_update(&keccak, e->address.b, 20);
		gs_keccak_update(&keccak, &e->index, sizeof(e->index));
		gs_keccak_update(&keccak, e->topics, e->topic_count * sizeof(e->topics[0]));
		gs_keccak_update(&keccak, e->data.ptr, e->data.len);
	}
	gs_keccak_final(&keccak, out);
	gs_log_list_free(&logs);
	return err;
}

/* How many blocks of old logs it gives at once, from the deployment's first on. */
static void look_at_logs(struct checkup *c, struct gs_rpc *rpc, const char *what, uint64_t newest)
{
	struct gs_error why = {0};
	struct gs_hash ignored;
	uint64_t span = LOGS_SPAN;

	if (!c->has_deployment || c->deployment.block > newest)
		return;
	for (; span; span /= 4) {
		const uint64_t from = c->deployment.block, to = from + span - 1 < newest ? from + span - 1 : newest;
		if (logs_of(c, rpc, from, to, &ignored, &why) == GS_OK) {
			gs_doctor_say(c->d, span < 100 ? GS_DOUBTFUL : GS_WELL, what,
			              "catching up will be slow: take another endpoint",
			              "logs from block %llu on, %llu blocks at once", (unsigned long long)from,
			              (unsigned long long)(to - from + 1));
			return;
		}
	}
	gs_doctor_say(c->d, GS_ILL, what, "take one that keeps logs since the deployment", "no logs of block %llu: %s",
	              (unsigned long long)c->deployment.block, why.text);
}

static void look_at_age(struct checkup *c, const char *what, const struct gs_head *head, double ms)
{
	const int64_t age = (int64_t)time(NULL) - (int64_t)head->time.unix_s;
	const char *advice = "";
	enum gs_judgement judgement = GS_WELL;

	if (age < -CLOCK_AHEAD_S) {
		judgement = GS_DOUBTFUL;
		advice = "this machine's clock is slow, or the chain's runs ahead";
	} else if (age > HEAD_OLD_S) {
		judgement = GS_DOUBTFUL;
		advice = "the endpoint is behind, the chain makes no blocks, or this machine's clock is fast";
	}
	gs_doctor_say(c->d, judgement, what, advice, "chain %llu, block %llu of %lld s ago, answers in %.0f ms",
	              (unsigned long long)c->chain_id, (unsigned long long)head->number, (long long)age, ms);
}

/* The first endpoint says which block is settled; the others must say the same of it, and of its logs. */
static void compare(struct checkup *c, struct gs_rpc *rpc, const char *what, bool first)
{
	struct gs_eth_block block;
	struct gs_hash logs;
	struct gs_error why = {0};
	const struct gs_block_id id = first ? (struct gs_block_id){.kind = GS_BLOCK_FINALIZED}
	                                    : gs_block_at(c->settled);

	if (gs_eth_get_block(rpc, id, &block, &why) != GS_OK ||
	    logs_of(c, rpc, block.head.number, block.head.number, &logs, &why) != GS_OK) {
		gs_doctor_say(c->d, GS_DOUBTFUL, what, "it cannot be compared with the others: take another",
		              "no settled block: %s", why.text);
		return;
	}
	if (first) {
		c->settled = block.head.number;
		c->settled_hash = block.head.hash;
		c->settled_logs = logs;
		return;
	}
	const bool same = gs_hash_equal(&block.head.hash, &c->settled_hash) && gs_hash_equal(&logs, &c->settled_logs);
	gs_doctor_say(c->d, same ? GS_WELL : GS_ILL, what,
	              "one of the two lies, or is of another chain with the same id: find out which before you run",
	              same ? "says the same as the first of block %llu and its logs"
	                   : "says something else than the first of block %llu or its logs",
	              (unsigned long long)c->settled);
}

static void look_at_endpoint(struct checkup *c, const char *url)
{
	const struct gs_rpc_options options = {.timeout_ms = (uint32_t)c->config->intervals.rpc_timeout_ms,
	                                       .ca_file = c->config->ca_file};
	struct gs_rpc *rpc = NULL;
	struct gs_eth_block head;
	struct gs_error why = {0};
	char what[64] = "endpoint";
	uint64_t chain_id = 0;
	const double start = now_ms();

	if (gs_rpc_open(url, &options, &rpc, &why) == GS_OK)
		snprintf(what, sizeof(what), "endpoint %.50s", gs_rpc_name(rpc));
	if (!rpc || gs_eth_chain_id(rpc, &chain_id, &why) != GS_OK ||
	    gs_eth_get_block(rpc, gs_block_latest(), &head, &why) != GS_OK) {
		gs_doctor_say(c->d, GS_ILL, what, "start it, correct its address, or take it out of rpc", "%s",
		              why.text);
		gs_rpc_close(rpc);
		return;
	}
	const double ms = (now_ms() - start) / 2;
	const uint64_t wanted = c->config->chain_id ? c->config->chain_id
	                        : c->has_deployment ? c->deployment.chain_id
	                        : c->rpc            ? c->chain_id
	                                            : chain_id;
	if (chain_id != wanted) {
		gs_doctor_say(c->d, GS_ILL, what, "correct rpc, chain_id or deployment",
		              "chain id is %llu, and %llu is meant", (unsigned long long)chain_id,
		              (unsigned long long)wanted);
		gs_rpc_close(rpc);
		return;
	}
	const bool first = !c->rpc;
	c->chain_id = chain_id;
	look_at_age(c, what, &head.head, ms);
	look_at_logs(c, rpc, what, head.head.number);
	compare(c, rpc, what, first);
	if (first)
		c->rpc = rpc;
	else
		gs_rpc_close(rpc);
}

/* --- contracts --- */

/* To the byte, when the file says where it comes from and the compiled contracts are here. */
static void look_at_code(struct checkup *c)
{
	struct gs_deployment_origin origin;
	struct gs_deploy_plan plan = {.count = 0};
	struct gs_error why = {0};

	enum gs_err err = gs_deployment_load_origin(c->config->deployment, &origin, &why);
	if (!err)
		err = gs_deploy_plan(&origin, c->chain_id, NULL, &plan, &why);
	if (err) {
		gs_doctor_say(c->d, GS_DOUBTFUL, "contracts: code",
		              "install the compiled contracts, and take the file that 'gainsay deploy' wrote",
		              "not compared: %s", why.text);
	} else {
		for (int i = 0; i < GS_CONTRACT_COUNT && !err; i++)
			if (!gs_address_equal(&plan.deployment.contract[i], &c->deployment.contract[i]))
				err = gs_fail(&why, GS_ECONFLICT,
				              "%s is at another address than deployer, nonce and parameters give",
				              gs_contract_label((enum gs_contract)i));
		if (!err)
			err = gs_deploy_simulate(c->rpc, &plan,
			                         origin.parameters.stakes.token.choice == GS_ADDRESS_WORD, &why);
		if (!err)
			err = gs_deploy_verify(c->rpc, &plan, &why);
		gs_doctor_say(c->d, err ? GS_ILL : GS_WELL, "contracts: code",
		              "these are not the contracts that this program knows: stake nothing there", "%s",
		              err ? why.text
		                  : "every contract is what its parameters and the sources make, to the byte");
	}
	gs_deploy_plan_free(&plan);
}

/* Whether all of them are there; what follows asks them. */
static bool look_at_contracts(struct checkup *c, struct gs_deployed *now)
{
	struct gs_error why = {0};

	for (int i = 0; i < GS_CONTRACT_COUNT; i++) {
		struct gs_buf code;
		char address[GS_ADDRESS_TEXT_MAX];
		gs_buf_init(&code, GS_ETH_RETURN_MAX);
		enum gs_err err = gs_eth_get_code(c->rpc, &c->deployment.contract[i], gs_block_latest(), &code, &why);
		const bool there = !err && code.len > 0;
		gs_buf_free(&code);
		gs_address_format(&c->deployment.contract[i], address);
		if (there)
			continue;
		gs_doctor_say(c->d, GS_ILL, "contracts", "deploy, or name the right file as deployment",
		              "%s: no contract at %s%s%s", gs_contract_label((enum gs_contract)i), address,
		              err ? ": " : "", err ? why.text : "");
		return false;
	}
	look_at_code(c);
	if (gs_deployed_read(c->rpc, &c->deployment, now, &why) != GS_OK) {
		gs_doctor_say(c->d, GS_ILL, "contracts", "name the right file as deployment", "%s", why.text);
		return false;
	}
	gs_doctor_say(c->d, now->retired_at ? GS_DOUBTFUL : GS_WELL, "contracts",
	              "it takes no claims any more: 'gainsay release' gives back what is left there",
	              now->retired_at ? "retired" : "at work, terms of version %llu",
	              (unsigned long long)now->terms.version);
	return true;
}

/* --- the account --- */

static enum gs_err read_stake(struct checkup *c, const struct gs_address *account, struct gs_wei *free,
                              struct gs_wei *locked, struct gs_error *why)
{
	struct gs_buf data, answer;
	struct gs_abi_writer w;
	struct gs_abi_reader r;

	gs_buf_init(&data, 64);
	gs_buf_init(&answer, 4096);
	gs_abi_call(&w, &data, GS_STAKES_FN_ACCOUNTS, 1);
	gs_abi_put_address(&w, account);
	gs_abi_end(&w);
	const struct gs_eth_call call = {.to = &c->deployment.contract[GS_CONTRACT_STAKES], .data = gs_buf_view(&data)};
	enum gs_err err = data.err ? data.err : gs_eth_do_call(c->rpc, &call, gs_block_latest(), &answer, why);
	r = gs_abi_read(gs_buf_view(&answer));
	*free = gs_abi_get_wei(&r);
	*locked = gs_abi_get_wei(&r);
	if (!err && r.err)
		err = gs_fail(why, GS_EPARSE, "stakes: the contract's answer has not the expected form");
	gs_buf_free(&data);
	gs_buf_free(&answer);
	return err;
}

static void look_at_stake(struct checkup *c, const struct gs_address *account, const struct gs_deployed *now)
{
	char free_text[GS_U256_DECIMAL_MAX], locked_text[GS_U256_DECIMAL_MAX];
	struct gs_wei free, locked;
	struct gs_error why = {0};

	if (read_stake(c, account, &free, &locked, &why) != GS_OK) {
		gs_doctor_say(c->d, GS_ILL, "stake", "look after the endpoint", "%s", why.text);
		return;
	}
	gs_wei_format_ether(free, free_text);
	gs_wei_format_ether(locked, locked_text);
	gs_doctor_say(c->d, gs_u256_is_zero(&free.v) ? GS_DOUBTFUL : GS_WELL, "stake",
	              "without free stake nothing is challenged or claimed: 'gainsay stake deposit AMOUNT'",
	              "%s free, %s locked", free_text, locked_text);
	const bool owner = gs_address_equal(account, &now->owner);
	gs_doctor_say(c->d, owner ? GS_DOUBTFUL : GS_WELL, "roles",
	              "give the node a key of its own: this one may change terms and retire the deployment",
	              owner ? "the node's key is the owner of the deployment" : "the node's key is not the owner's");
}

/* How many games at once the account's money for gas covers, at twice today's base fee. */
static void say_games(struct checkup *c, struct gs_wei balance, struct gs_wei a_game)
{
	const uint64_t wanted = c->config->capital.warn_games;
	struct gs_wei needed;
	uint64_t games = 0;

	while (games < GAMES_COUNTED && gs_wei_mul_u64(a_game, games + 1, &needed) == GS_OK &&
	       gs_wei_cmp(needed, balance) <= 0)
		games++;
	gs_doctor_say(c->d, games < wanted ? GS_DOUBTFUL : GS_WELL, "capital",
	              "send the account more: the node opens no game that it could not pay for to its end",
	              "gas for %llu%s games at once; capital.warn_games is %llu", (unsigned long long)games,
	              games == GAMES_COUNTED ? " and more" : "", (unsigned long long)wanted);
}

/* What one whole dispute may cost now in the chain's own money, twice over: fees may double on the way. */
static void look_at_balance(struct checkup *c, const struct gs_address *account)
{
	char has[GS_U256_DECIMAL_MAX], needs[GS_U256_DECIMAL_MAX];
	struct gs_eth_block head;
	struct gs_wei balance, tip, price, cost;
	struct gs_error why = {0};

	if (gs_eth_get_balance(c->rpc, account, gs_block_latest(), &balance, &why) != GS_OK ||
	    gs_eth_get_block(c->rpc, gs_block_latest(), &head, &why) != GS_OK ||
	    gs_eth_priority_fee(c->rpc, &tip, &why) != GS_OK) {
		gs_doctor_say(c->d, GS_ILL, "balance", "look after the endpoint", "%s", why.text);
		return;
	}
	if (gs_wei_mul_u64(head.base_fee, 2, &price) || gs_wei_add(price, tip, &price) ||
	    gs_wei_mul_u64(price, DISPUTE_GAS, &cost)) {
		gs_doctor_say(c->d, GS_ILL, "balance", "take another endpoint", "its fees make no sense");
		return;
	}
	gs_wei_format_ether(balance, has);
	gs_wei_format_ether(cost, needs);
	gs_doctor_say(c->d,
	              gs_u256_is_zero(&balance.v)     ? GS_ILL
	              : gs_wei_cmp(balance, cost) < 0 ? GS_DOUBTFUL
	                                              : GS_WELL,
	              "balance", "send the account money for gas",
	              "%s; a dispute may cost %s at twice today's base fee", has, needs);
	say_games(c, balance, cost);
}

void gs_doctor_chain(struct gs_doctor *d, const struct gs_config *config)
{
	struct checkup c = {.d = d, .config = config};
	struct gs_address account;
	struct gs_deployed now;
	struct gs_error why = {0};

	if (!config->deployment[0])
		gs_doctor_say(d, GS_DOUBTFUL, "deployment", "--deployment FILE, the file that 'gainsay deploy' wrote",
		              "not named");
	else if (gs_deployment_load(config->deployment, &c.deployment, &why) != GS_OK)
		gs_doctor_say(d, GS_ILL, "deployment", "take the file that 'gainsay deploy' wrote", "%s", why.text);
	else
		c.has_deployment = true;
	if (config->rpc.count == 0)
		gs_doctor_say(d, GS_ILL, "endpoints", "give --rpc URL", "none is named");
	for (size_t i = 0; i < config->rpc.count; i++)
		look_at_endpoint(&c, config->rpc.item[i]);
	const bool asked = c.rpc && c.has_deployment && look_at_contracts(&c, &now);
	const bool has_key = gs_doctor_key(d, config, &account);
	if (has_key && c.rpc) {
		look_at_balance(&c, &account);
		if (asked)
			look_at_stake(&c, &account, &now);
	}
	gs_doctor_l1(d, config, c.has_deployment ? c.deployment.chain_id : config->chain_id, has_key ? &account : NULL);
	gs_rpc_close(c.rpc);
}
