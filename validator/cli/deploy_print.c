#include "validator/cli/deploy_print.h"

#include <jansson.h>
#include <stdio.h>

#include "chain/eth/key.h"

static void print_json(json_t *root)
{
	json_dumpf(root, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(root);
}

static json_t *address_json(const struct gs_address *address)
{
	char text[GS_ADDRESS_TEXT_MAX];

	gs_address_format(address, text);
	return json_string(text);
}

static json_t *coin_json(struct gs_wei amount)
{
	char text[GS_U256_DECIMAL_MAX];

	gs_wei_format_ether(amount, text);
	return json_string(text);
}

static json_t *contracts_json(const struct gs_deployment *deployment)
{
	json_t *out = json_object();

	for (int i = 0; i < GS_CONTRACT_COUNT; i++)
		json_object_set_new(out, gs_contract_label((enum gs_contract)i),
		                    address_json(&deployment->contract[i]));
	return out;
}

void gs_deploy_print(const struct gs_deployment *deployment, uint64_t gas, const char *file, bool json)
{
	if (json) {
		print_json(json_pack("{s:I,s:I,s:s,s:o}", "chain_id", (json_int_t)deployment->chain_id, "gas_used",
		                     (json_int_t)gas, "file", file, "contracts", contracts_json(deployment)));
		return;
	}
	for (int i = 0; i < GS_CONTRACT_COUNT; i++) {
		char address[GS_ADDRESS_TEXT_MAX];
		gs_address_format(&deployment->contract[i], address);
		printf("%-12s %s\n", gs_contract_label((enum gs_contract)i), address);
	}
	printf("gas          %llu\nwritten to   %s\n", (unsigned long long)gas, file);
}

/* --- before --- */

static json_t *step_json(const struct gs_deploy_plan *plan, const struct gs_deploy_step *step)
{
	return json_pack("{s:I,s:s,s:o,s:I,s:I,s:o}", "nonce", (json_int_t)step->nonce, "what",
	                 gs_deploy_step_name(step), "address", address_json(&plan->deployment.contract[step->contract]),
	                 "bytes", (json_int_t)step->data.len, "gas", (json_int_t)step->gas, "l1_fee",
	                 coin_json(step->l1_fee));
}

static void quote_json(const struct gs_deploy_plan *plan, const struct gs_deploy_parameters *p,
                       const struct gs_deploy_quote *q)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < plan->count; i++)
		json_array_append_new(steps, step_json(plan, &plan->step[i]));
	print_json(json_pack("{s:I,s:o,s:b,s:o,s:I,s:o,s:o,s:o,s:o,s:o,s:o}", "chain_id",
	                     (json_int_t)plan->deployment.chain_id, "sender", address_json(&plan->sender), "dev_token",
	                     p->stakes.token.choice == GS_ADDRESS_WORD, "transactions", steps, "gas",
	                     (json_int_t)q->gas, "gas_price", coin_json(q->price), "l1_fee", coin_json(q->l1_fee),
	                     "cost", coin_json(q->cost), "at_most", coin_json(q->most), "balance",
	                     coin_json(q->balance), "contracts", contracts_json(&plan->deployment)));
}

static void line(const char *name, struct gs_wei amount, const char *remark)
{
	char text[GS_U256_DECIMAL_MAX];

	gs_wei_format_ether(amount, text);
	printf("%-11s %s%s\n", name, text, remark);
}

void gs_deploy_print_quote(const struct gs_deploy_plan *plan, const struct gs_deploy_parameters *parameters,
                           const struct gs_deploy_quote *quote, bool json)
{
	const struct gs_setting_address *owner = &parameters->claims.owner;
	char text[GS_ADDRESS_TEXT_MAX];

	if (json) {
		quote_json(plan, parameters, quote);
		return;
	}
	gs_address_format(&plan->sender, text);
	printf("chain       %llu\nsender      %s\n", (unsigned long long)plan->deployment.chain_id, text);
	gs_address_format(&plan->deployment.contract[GS_CONTRACT_TOKEN], text);
	printf("token       %s%s\n", text,
	       parameters->stakes.token.choice == GS_ADDRESS_WORD ? " (DevToken, new: anybody can mint it)" : "");
	gs_address_format(owner->choice == GS_ADDRESS_GIVEN ? &owner->at : &plan->sender, text);
	printf("owner       %s%s\n\n", text, owner->choice == GS_ADDRESS_GIVEN ? "" : " (the sender)");
	printf("%5s  %-12s %-42s %7s %9s\n", "nonce", "transaction", "address", "bytes", "gas");
	for (size_t i = 0; i < plan->count; i++) {
		const struct gs_deploy_step *step = &plan->step[i];
		gs_address_format(&plan->deployment.contract[step->contract], text);
		printf("%5llu  %-12s %-42s %7zu %9llu%s\n", (unsigned long long)step->nonce, gs_deploy_step_name(step),
		       text, step->data.len, (unsigned long long)step->gas, step->wire ? " at most" : "");
	}
	printf("\ngas         %llu\n", (unsigned long long)quote->gas);
	line("price now", quote->price, " a gas");
	if (!gs_u256_is_zero(&quote->l1_fee.v))
		line("L1 fee", quote->l1_fee, " for the bytes");
	line("cost now", quote->cost, "");
	line("at most", quote->most, " (the price doubles, limits a fifth above the estimates)");
	line("balance", quote->balance, "");
	printf("Nothing was sent.\n");
}

/* --- after --- */

void gs_deploy_print_verified(const struct gs_deploy_plan *plan, const struct gs_deploy_parameters *parameters,
                              const struct gs_deployed *now, bool json)
{
	struct gs_u256 deployed;
	char owner[GS_ADDRESS_TEXT_MAX];
	bool same = gs_deploy_terms(parameters, &deployed, NULL) == GS_OK && gs_u256_cmp(&deployed, &now->word) == 0;

	gs_address_format(&now->owner, owner);
	if (json) {
		print_json(json_pack("{s:b,s:s,s:b,s:I,s:b,s:o}", "verified", true, "owner", owner, "terms_as_deployed",
		                     same, "terms_version", (json_int_t)now->terms.version, "retired",
		                     now->retired_at != 0, "contracts", contracts_json(&plan->deployment)));
		return;
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct gs_deploy_step *step = &plan->step[i];
		char address[GS_ADDRESS_TEXT_MAX];
		if (step->wire)
			continue;
		gs_address_format(&plan->deployment.contract[step->contract], address);
		printf("%-12s %s  %5zu bytes as compiled\n", gs_deploy_step_name(step), address, step->code.len);
	}
	printf("Stakes knows these contracts and the token.\n");
	printf("owner        %s\nterms        version %u%s\n", owner, now->terms.version,
	       same ? ", as deployed" : ", other than deployed");
	if (now->retired_at)
		printf("The deployment is retired.\n");
}
