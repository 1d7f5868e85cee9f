#include "validator/daemon/chain_io.h"

#include <string.h>

#include "chain/core/hash.h"
#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "chain/rpc/fees.h"
#include "validator/daemon/catchup.h"
#include "validator/daemon/chain_tx.h"

void gs_chain_io_init(struct gs_chain_io *io, struct gs_session *session, const struct gs_config *config,
                      const struct gs_log *log)
{
	memset(io, 0, sizeof(*io));
	io->session = session;
	gs_deployment_contracts(&session->deployment, &io->contracts);
	io->final_blocks = config->chain.final_blocks;
	io->log = log;
}

void gs_chain_answer_init(struct gs_chain_answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	gs_buf_init(&answer->raw, GS_TX_RAW_MAX);
}

void gs_chain_answer_free(struct gs_chain_answer *answer)
{
	gs_log_list_free(&answer->logs);
	gs_buf_free(&answer->raw);
}

enum gs_err gs_chain_io_header(struct gs_chain_io *io, struct gs_block_id id, struct gs_head *out,
                               struct gs_error *error)
{
	struct gs_eth_block block;
	enum gs_err err = gs_eth_get_block(io->session->rpc, id, &block, error);

	*out = block.head;
	return err;
}

/* A view that takes nothing and answers with one word. */
static enum gs_err read_word(struct gs_chain_io *io, const struct gs_address *contract, uint32_t selector,
                             struct gs_u256 *out, struct gs_error *error)
{
	uint8_t data[4];
	const struct gs_eth_call call = {.to = contract, .data = {data, sizeof(data)}};
	struct gs_abi_reader r;
	struct gs_buf answer;
	enum gs_err err;

	gs_be32_write(data, selector);
	gs_buf_init(&answer, GS_ETH_RETURN_MAX);
	err = gs_eth_do_call(io->session->rpc, &call, gs_block_latest(), &answer, error);
	if (!err) {
		r = gs_abi_read(gs_buf_view(&answer));
		*out = gs_abi_get_u256(&r);
		if (r.err)
			err = gs_fail(error, GS_EPARSE, "a contract's answer has not the expected form");
	}
	gs_buf_free(&answer);
	return err;
}

enum gs_err gs_chain_io_rules(struct gs_chain_io *io, struct gs_node_options *out, struct gs_error *error)
{
	const struct gs_address *disputes = &io->contracts.disputes, *duties = &io->contracts.duties;
	const struct {
		const struct gs_address *contract;
		uint32_t selector;
		uint64_t max; /* 0: any amount */
	} view[] = {
		{disputes, GS_DISPUTES_FN_CHALLENGER_BOND, 0},
		{disputes, GS_DISPUTES_FN_REFUND_PER_MOVE, 0},
		{disputes, GS_DISPUTES_FN_CONCEDE_BPS, GS_BPS},
		{disputes, GS_DISPUTES_FN_BURN_BPS, GS_BPS},
		{disputes, GS_DISPUTES_FN_CLAIMANT_BUDGET, UINT32_MAX},
		{disputes, GS_DISPUTES_FN_CHALLENGER_BUDGET, UINT32_MAX},
		{disputes, GS_DISPUTES_FN_MINIMUM_TIME, UINT32_MAX},
		{duties, GS_DUTIES_FN_AUDIT_BPS, GS_BPS},
		{duties, GS_DUTIES_FN_EPOCH_SECONDS, UINT32_MAX},
		{duties, GS_DUTIES_FN_REPORT_SECONDS, UINT32_MAX},
		{duties, GS_DUTIES_FN_ATTEST_STAKE, 0},
	};
	struct gs_u256 word[GS_ARRAY_LEN(view)];

	for (size_t i = 0; i < GS_ARRAY_LEN(view); i++) {
		enum gs_err err = read_word(io, view[i].contract, view[i].selector, &word[i], error);
		if (err)
			return err;
		if (view[i].max && (!gs_u256_fits_u64(&word[i]) || word[i].limb[0] > view[i].max))
			return gs_fail(error, GS_EPARSE, "a parameter of the contracts is out of its bounds");
	}
	out->bonds = (struct gs_bond_rules){.challenger_bond = {word[0]},
	                                    .refund_per_move = {word[1]},
	                                    .concede_bps = (uint16_t)word[2].limb[0],
	                                    .burn_bps = (uint16_t)word[3].limb[0]};
	out->claimant_budget_s = (uint32_t)word[4].limb[0];
	out->challenger_budget_s = (uint32_t)word[5].limb[0];
	out->minimum_time_s = (uint32_t)word[6].limb[0];
	out->audit_bps = (uint32_t)word[7].limb[0];
	out->epoch_s = word[8].limb[0];
	out->attest.audit_bps = out->audit_bps;
	out->attest.report_s = word[9].limb[0];
	out->attest.least = (struct gs_wei){word[10]};
	return GS_OK;
}

enum gs_err gs_chain_io_nonce(struct gs_chain_io *io, uint64_t *out, struct gs_error *error)
{
	return gs_eth_get_nonce(io->session->rpc, &io->session->account, gs_block_latest(), out, error);
}

static enum gs_err fetch_header(struct gs_chain_io *io, const struct gs_node_effect *effect,
                                struct gs_chain_answer *answer)
{
	enum gs_err err = gs_chain_io_header(io, gs_block_of(&effect->hash), &answer->input.as.header, &answer->why);

	answer->input.kind = GS_INPUT_HEADER;
	answer->answered = !err;
	return err;
}

/* Whether ids are the hashes of what was posted, looked at here, many at once, before the core has them. What is wrong is the core's to
 * say, which finds it again. */
static bool decodes(const struct gs_chain_io *io, const struct gs_log_list *logs)
{
	return gs_events_right(&io->contracts, logs->entries, logs->count);
}

static enum gs_err fetch_logs(struct gs_chain_io *io, const struct gs_node_effect *effect,
                              struct gs_chain_answer *answer)
{
	const struct gs_address addresses[] = {io->contracts.stakes,  io->contracts.models,   io->contracts.claims,
	                                       io->contracts.batches, io->contracts.disputes, io->contracts.duties};
	const struct gs_eth_filter filter = {
		.block_hash = &effect->hash, .addresses = addresses, .address_count = GS_ARRAY_LEN(addresses)};
	enum gs_err err = gs_eth_stream_logs(io->session->rpc, &filter, &answer->logs, &answer->why);

	answer->input.kind = GS_INPUT_LOGS;
	answer->input.as.logs.block = effect->hash;
	answer->input.as.logs.entries = answer->logs.entries;
	answer->input.as.logs.count = answer->logs.count;
	answer->input.as.logs.decoded = !err && decodes(io, &answer->logs);
	answer->answered = !err;
	return err;
}

/* Not every endpoint says when a log's block was; its header does. */
static enum gs_err complete_times(struct gs_chain_io *io, struct gs_log_list *logs, struct gs_error *why)
{
	struct gs_head head = {0};
	enum gs_err err = GS_OK;

	for (size_t i = 0; i < logs->count && !err; i++) {
		struct gs_log_entry *e = &logs->entries[i];
		if (e->time.unix_s)
			continue;
		if (head.number != e->block_number || i == 0)
			err = gs_chain_io_header(io, gs_block_at(e->block_number), &head, why);
		if (!err && !gs_hash_equal(&head.hash, &e->block_hash))
			err = gs_fail(why, GS_EAGAIN, "%s: block %llu has another hash than in its logs",
			              gs_rpc_name(io->session->rpc), (unsigned long long)e->block_number);
		e->time = head.time;
	}
	return err;
}

enum gs_err gs_chain_io_logs(struct gs_chain_io *io, const struct gs_eth_filter *filter, struct gs_head *first,
                             struct gs_head *last, struct gs_log_list *out, struct gs_error *error)
{
	enum gs_err err = gs_chain_io_header(io, gs_block_at(filter->from_block), first, error);

	if (!err)
		err = gs_chain_io_header(io, gs_block_at(filter->to_block), last, error);
	if (!err)
		err = gs_eth_stream_logs(io->session->rpc, filter, out, error);
	return err ? err : complete_times(io, out, error);
}

enum gs_err gs_chain_io_range(struct gs_chain_io *io, uint64_t first, uint64_t last, struct gs_chain_answer *answer)
{
	const struct gs_address addresses[] = {io->contracts.stakes,  io->contracts.models,   io->contracts.claims,
	                                       io->contracts.batches, io->contracts.disputes, io->contracts.duties};
	const struct gs_eth_filter filter = {.from_block = first,
	                                     .to_block = last,
	                                     .addresses = addresses,
	                                     .address_count = GS_ARRAY_LEN(addresses),
	                                     .logs_max = GS_CATCHUP_LOGS_MAX,
	                                     .data_max = GS_CATCHUP_DATA_MAX};
	struct gs_node_input *in = &answer->input;
	enum gs_err err = gs_chain_io_logs(io, &filter, &in->as.range.first, &in->as.range.last, &answer->logs,
	                                   &answer->why);

	in->kind = GS_INPUT_RANGE;
	in->as.range.entries = answer->logs.entries;
	in->as.range.count = answer->logs.count;
	in->as.range.decoded = !err && decodes(io, &answer->logs);
	answer->answered = !err;
	return err;
}

enum gs_err gs_chain_io_final(struct gs_chain_io *io, struct gs_head *out, struct gs_error *error)
{
	static const struct gs_block_id finalized = {.kind = GS_BLOCK_FINALIZED};
	enum gs_err err = io->final_by_depth ? GS_EUNSUPPORTED : gs_chain_io_header(io, finalized, out, error);

	if (err != GS_EINVAL && err != GS_EUNSUPPORTED && err != GS_ENOTFOUND && err != GS_EPARSE)
		return err;
	if (!io->final_by_depth)
		gs_log_line(io->log, GS_LOG_WARN, "chain.final_by_depth",
		            "endpoint=%s blocks=%llu why=\"the endpoint does not say which block is final\"",
		            gs_rpc_name(io->session->rpc), (unsigned long long)io->final_blocks);
	io->final_by_depth = true;
	err = gs_chain_io_header(io, gs_block_latest(), out, error);
	if (err)
		return err;
	return gs_chain_io_header(io, gs_block_at(out->number > io->final_blocks ? out->number - io->final_blocks : 0),
	                          out, error);
}

void gs_chain_io_do(struct gs_chain_io *io, const struct gs_node_effect *effect, struct gs_bytes data,
                    struct gs_chain_answer *answer)
{
	enum gs_err err = GS_OK;

	answer->input.lane = effect->lane;
	switch (effect->kind) {
	case GS_EFFECT_FETCH_HEADER: err = fetch_header(io, effect, answer); break;
	case GS_EFFECT_FETCH_LOGS: err = fetch_logs(io, effect, answer); break;
	case GS_EFFECT_PREPARE: gs_chain_tx_prepare(io, effect, data, answer); break;
	case GS_EFFECT_SEND: err = gs_chain_tx_send(io, effect, data, answer); break;
	case GS_EFFECT_WATCH: err = gs_chain_tx_watch(io, effect, answer); break;
	case GS_EFFECT_NONCE: err = gs_chain_tx_nonce(io, effect, answer); break;
	case GS_EFFECT_EXECUTE:
	case GS_EFFECT_TELL:
	case GS_EFFECT_HEAR:
	case GS_EFFECT_FORGET:
	case GS_EFFECT_RESYNC: GS_ASSERT(false);
	}
	if (err)
		gs_log_line(io->log, GS_LOG_WARN, "rpc.failed", "why=\"%s\"", answer->why.text);
}

enum { DATA_SAMPLE = 1024 };

/* Bytes that do not compress, as what proofs are made of: the chain's estimate of what they take on L1 is its most. */
static enum gs_err price_of_data(struct gs_chain_io *io, struct gs_wei *per_byte, struct gs_error *error)
{
	uint8_t sample[DATA_SAMPLE];
	struct gs_hash word = {{1}};
	struct gs_wei fee;
	enum gs_err err;

	for (size_t i = 0; i < sizeof(sample); i += sizeof(word.b)) {
		gs_keccak256(word.b, sizeof(word.b), &word);
		memcpy(sample + i, word.b, sizeof(word.b));
	}
	err = gs_fees_l1(io->session->rpc, (struct gs_bytes){sample, sizeof(sample)}, &fee, error);
	if (!err && gs_wei_mul_u64(fee, 2, &fee)) /* it may double while a game runs */
		err = gs_fail(error, GS_EPARSE, "%s: the fee on L1 overflows 256 bits", gs_rpc_name(io->session->rpc));
	*per_byte = fee;
	if (!err && gs_u256_div_u64(&fee.v, DATA_SAMPLE, &per_byte->v))
		err = gs_wei_add(*per_byte, gs_wei_from_u64(1), per_byte);
	return err;
}

enum gs_err gs_chain_io_funds(struct gs_chain_io *io, struct gs_funds *out, struct gs_error *error)
{
	const struct gs_fee_bounds none = {0};
	struct gs_rpc *rpc = io->session->rpc;
	struct gs_fee_market market;
	struct gs_fees fees;
	enum gs_err err = gs_eth_get_balance(rpc, &io->session->account, gs_block_latest(), &out->balance, error);

	if (!err)
		err = gs_fees_market(rpc, &market, error);
	if (!err && gs_fees_choose(&market, GS_URGENCY_CLOSE, &none, &fees))
		err = gs_fail(error, GS_EPARSE, "%s: its fees make no sense", gs_rpc_name(rpc));
	if (!err)
		err = price_of_data(io, &out->per_byte, error);
	if (!err)
		out->per_gas = fees.max_fee;
	return err;
}
