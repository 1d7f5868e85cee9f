#include "validator/cli/proposal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

void gs_proposal_make(enum gs_contract contract, const char *call, uint32_t selector, const struct gs_hash *words,
                      size_t count, struct gs_proposal *out)
{
	struct gs_abi_writer w;

	*out = (struct gs_proposal){.contract = contract, .call = call};
	gs_buf_init(&out->data, GS_TRANSACT_DATA_MAX);
	gs_abi_call(&w, &out->data, selector, count);
	for (size_t i = 0; i < count; i++)
		gs_abi_put_hash(&w, &words[i]);
	gs_abi_end(&w);
}

static enum gs_err try_it(const struct gs_transact *t, struct gs_proposal *p, struct gs_error *error)
{
	const struct gs_eth_call call = {
		.from = &p->from, .to = &t->session.deployment.contract[p->contract], .data = gs_buf_view(&p->data)};

	return gs_eth_estimate_gas(t->session.rpc, &call, &p->gas, error);
}

enum gs_err gs_propose(const struct gs_transact *t, bool dry_run, struct gs_proposal *proposal, struct gs_error *error)
{
	struct gs_receipt receipt = {0};
	struct gs_buf copy;
	enum gs_err err;

	if (proposal->data.err)
		return gs_fail(error, proposal->data.err, "no memory");
	if (!dry_run)
		proposal->from = t->session.account;
	if ((err = try_it(t, proposal, error)) || dry_run)
		return err;
	gs_buf_init(&copy, GS_TRANSACT_DATA_MAX); /* gs_transact_send frees what it is given */
	gs_buf_append(&copy, proposal->data.ptr, proposal->data.len);
	err = gs_transact_send(t, proposal->contract, &copy, &receipt, error);
	if (!err) {
		proposal->sent = true;
		proposal->gas = receipt.gas_used;
		proposal->hash = receipt.tx_hash;
	}
	gs_receipt_free(&receipt);
	return err;
}

static void print_human(const struct gs_proposal *p, const char *to, const char *from, const char *data)
{
	char hash[67];

	printf("call        %s\nto          %s\nfrom        %s\n", p->call, to, from);
	if (p->sent) {
		gs_hex_encode(p->hash.b, sizeof(p->hash.b), true, hash);
		printf("sent        %s\ngas         %llu\n", hash, (unsigned long long)p->gas);
	} else {
		printf("data        %s\ngas         %llu\nNothing was sent.\n", data, (unsigned long long)p->gas);
	}
}

static void print_json(const struct gs_proposal *p, const char *to, const char *from, const char *data)
{
	char hash[67];
	json_t *root = json_pack("{s:s,s:s,s:s,s:s,s:b,s:I}", "call", p->call, "to", to, "from", from, "data", data,
	                         "sent", p->sent, "gas", (json_int_t)p->gas);

	gs_hex_encode(p->hash.b, sizeof(p->hash.b), true, hash);
	if (p->sent)
		json_object_set_new(root, "transaction", json_string(hash));
	json_dumpf(root, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(root);
}

void gs_proposal_print(const struct gs_transact *t, const struct gs_proposal *proposal, bool json)
{
	char to[GS_ADDRESS_TEXT_MAX], from[GS_ADDRESS_TEXT_MAX];
	char *data = malloc(2 * proposal->data.len + 3);

	gs_address_format(&t->session.deployment.contract[proposal->contract], to);
	gs_address_format(&proposal->from, from);
	if (!data)
		return;
	gs_hex_encode(proposal->data.ptr, proposal->data.len, true, data);
	if (json)
		print_json(proposal, to, from, data);
	else
		print_human(proposal, to, from, data);
	free(data);
}

enum gs_err gs_proposal_open(const struct gs_options *options, bool dry_run, struct gs_transact *out,
                             struct gs_error *error)
{
	unsigned needs = GS_SESSION_CONTRACTS | (dry_run ? 0 : GS_SESSION_KEY);

	return gs_options_session(options, needs, &out->config, &out->session, error);
}
