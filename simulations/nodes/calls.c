/* One table of calls, read and written field by field, so that both directions have the same form. */
#include "simulations/nodes/calls.h"

#include <string.h>

#include "chain/eth/abi.h"
#include "chain/eth/bindings.h"
#include "simulations/nodes/call_moves.h"

/* The fields of a call in their order; a body, a batch and a path are what their names say. */
enum field {
	END,
	BODY,       /* six words */
	BATCH,      /* six words */
	MODEL,      /* body.model_id */
	INPUT_ROOT, /* body.input_root */
	OUTPUT_ROOT,
	LOT,
	INPUT,
	OUTPUT,
	AMOUNT,
	STAKE, /* amount, 96 bits */
	EPOCH,
	DEMAND_KIND,
	CHUNKS,
	ROOT,
	CLAIM,
	COMMITMENT,
	VALIDATOR,
	BATCH_ROOT,
	SALT,
	COUNT,
	HINT, /* batch.model */
	LEAVES,
	PATH,
};
enum { FIELDS_MAX = 7, STAKE_BYTES = 12 };

struct form {
	enum gs_sim_call_kind kind;
	const char *name;
	uint32_t selector;
	size_t contract; /* offset in struct gs_contracts */
	uint8_t field[FIELDS_MAX];
};

#define OF(contract) offsetof(struct gs_contracts, contract)
static const struct form forms[] = {
	{GS_SIM_CALL_POST, "post", GS_CLAIMS_FN_POST, OF(claims), {MODEL, INPUT_ROOT, OUTPUT_ROOT, LOT, INPUT, OUTPUT}},
	{GS_SIM_CALL_FINALIZE, "finalize", GS_CLAIMS_FN_FINALIZE, OF(claims), {BODY, EPOCH}},
	{GS_SIM_CALL_RELEASE, "release", GS_CLAIMS_FN_RELEASE, OF(claims), {BODY}},
	{GS_SIM_CALL_CHALLENGE, "challenge", GS_DISPUTES_FN_CHALLENGE, OF(disputes), {BODY}},
	{GS_SIM_CALL_REQUEST_WITHDRAW, "requestWithdraw", GS_STAKES_FN_REQUEST_WITHDRAW, OF(stakes), {AMOUNT}},
	{GS_SIM_CALL_WITHDRAW, "withdraw", GS_STAKES_FN_WITHDRAW, OF(stakes), {END}},
	{GS_SIM_CALL_DEMAND, "demand", GS_DUTIES_FN_DEMAND, OF(duties), {BODY, DEMAND_KIND}},
	{GS_SIM_CALL_ANSWER, "answer", GS_DUTIES_FN_ANSWER, OF(duties), {BODY, CHUNKS, PATH}},
	{GS_SIM_CALL_UNANSWERED, "unanswered", GS_DUTIES_FN_UNANSWERED, OF(duties), {BODY}},
	{GS_SIM_CALL_DROP_DEMAND, "dropDemand", GS_DUTIES_FN_DROP_DEMAND, OF(duties), {BODY}},
	{GS_SIM_CALL_RECORD, "record", GS_DUTIES_FN_RECORD, OF(duties), {END}},
	{GS_SIM_CALL_DRAW, "draw", GS_DUTIES_FN_DRAW, OF(duties), {BODY, EPOCH}},
	{GS_SIM_CALL_PUBLISH, "publish", GS_DUTIES_FN_PUBLISH, OF(duties), {BODY, ROOT, PATH}},
	{GS_SIM_CALL_UNPUBLISHED, "unpublished", GS_DUTIES_FN_UNPUBLISHED, OF(duties), {BODY}},
	{GS_SIM_CALL_ATTEST, "attest", GS_DUTIES_FN_ATTEST, OF(duties), {CLAIM, COMMITMENT, STAKE}},
	{GS_SIM_CALL_REPORT, "report", GS_DUTIES_FN_REPORT, OF(duties), {BODY, ROOT}},
	{GS_SIM_CALL_COLLECT, "collect", GS_DUTIES_FN_COLLECT, OF(duties), {BODY, VALIDATOR}},
	{GS_SIM_CALL_POST_ROOT, "postRoot", GS_BATCHES_FN_POST_ROOT, OF(batches), {BATCH_ROOT, COUNT, SALT, HINT}},
	{GS_SIM_CALL_POST_LEAVES, "postLeaves", GS_BATCHES_FN_POST_LEAVES, OF(batches), {SALT, MODEL, LEAVES}},
	{GS_SIM_CALL_OPEN_LEAF, "openLeaf", GS_BATCHES_FN_OPEN_LEAF, OF(batches), {BODY, SALT, COUNT, PATH}},
	{GS_SIM_CALL_POST_LEAF,
         "openLeaf",
         GS_BATCHES_FN_OPEN_LEAF_2,
         OF(batches),
         {BODY, SALT, COUNT, PATH, INPUT, OUTPUT}},
	{GS_SIM_CALL_FINALIZE_BATCH, "finalizeBatch", GS_BATCHES_FN_FINALIZE_BATCH, OF(batches), {BATCH}},
	{GS_SIM_CALL_RELEASE_BATCH, "releaseBatch", GS_BATCHES_FN_RELEASE_BATCH, OF(batches), {BATCH}},
};

const char *gs_sim_call_name(enum gs_sim_call_kind kind)
{
	for (size_t i = 0; i < GS_ARRAY_LEN(forms); i++)
		if (forms[i].kind == kind)
			return forms[i].name;
	return kind == GS_SIM_CALL_AGREE ? "agree" : "move";
}

/* ---- reading ---- */

static void read_body(struct gs_abi_reader *r, struct gs_claim_body *out)
{
	out->batch = gs_abi_get_hash(r);
	out->lot = gs_abi_get_u256(r);
	out->claimant = gs_abi_get_address(r);
	out->model_id = gs_abi_get_hash(r);
	out->input_root = gs_abi_get_hash(r);
	out->output_root = gs_abi_get_hash(r);
}

static void read_batch(struct gs_abi_reader *r, struct gs_batch_name *out)
{
	out->claimant = gs_abi_get_address(r);
	out->salt = gs_abi_get_u64(r);
	out->root = gs_abi_get_hash(r);
	out->count = gs_abi_get_u32(r);
	out->kind = gs_abi_get_u8(r);
	out->model = gs_abi_get_hash(r);
}

static void read_path(struct gs_abi_reader *r, struct gs_sim_call *out)
{
	struct gs_bytes words = gs_abi_get_words(r, &out->levels);
	if (r->err == GS_OK && out->levels > GS_ARRAY_LEN(out->path))
		r->err = GS_ELIMIT; /* longer than any tree is deep */
	for (size_t i = 0; r->err == GS_OK && i < out->levels; i++)
		memcpy(out->path[i].b, words.ptr + i * GS_ABI_WORD, GS_ABI_WORD);
}

static void read_stake(struct gs_abi_reader *r, struct gs_wei *out)
{
	uint8_t word[GS_ABI_WORD];
	*out = gs_abi_get_wei(r);
	gs_u256_to_be(&out->v, word);
	for (size_t i = 0; r->err == GS_OK && i < GS_ABI_WORD - STAKE_BYTES; i++)
		if (word[i] != 0)
			r->err = GS_EPARSE;
}

static void read_commitment(struct gs_abi_reader *r, struct gs_trace_tag *out)
{
	const struct gs_address low = gs_abi_get_address(r); /* a uint160 is a word as an address is */
	memcpy(out->b, low.b, sizeof(out->b));
}

static void read_field(struct gs_abi_reader *r, enum field field, struct gs_sim_call *out)
{
	switch (field) {
	case END: return;
	case BODY: read_body(r, &out->body); return;
	case BATCH: read_batch(r, &out->batch); return;
	case MODEL: out->body.model_id = gs_abi_get_hash(r); return;
	case INPUT_ROOT: out->body.input_root = gs_abi_get_hash(r); return;
	case OUTPUT_ROOT: out->body.output_root = gs_abi_get_hash(r); return;
	case LOT: out->body.lot = gs_abi_get_u256(r); return;
	case INPUT: out->input = gs_abi_get_bytes(r); return;
	case OUTPUT: out->output = gs_abi_get_bytes(r); return;
	case AMOUNT: out->amount = gs_abi_get_wei(r); return;
	case STAKE: read_stake(r, &out->amount); return;
	case EPOCH: out->epoch = gs_abi_get_u64(r); return;
	case DEMAND_KIND: out->demand_kind = gs_abi_get_u8(r); return;
	case CHUNKS: out->chunks = gs_abi_get_bytes(r); return;
	case ROOT: out->root = gs_abi_get_hash(r); return;
	case CLAIM: out->claim = gs_abi_get_hash(r); return;
	case COMMITMENT: read_commitment(r, &out->commitment); return;
	case VALIDATOR: out->validator = gs_abi_get_address(r); return;
	case BATCH_ROOT: out->batch.root = gs_abi_get_hash(r); return;
	case SALT: out->batch.salt = gs_abi_get_u64(r); return;
	case COUNT: out->batch.count = gs_abi_get_u32(r); return;
	case HINT: out->batch.model = gs_abi_get_hash(r); return;
	case LEAVES: out->leaves = gs_abi_get_bytes(r); return;
	case PATH: read_path(r, out); return;
	}
}

enum gs_err gs_sim_call_decode(const struct gs_contracts *contracts, const struct gs_address *to, struct gs_bytes data,
                               struct gs_sim_call *out)
{
	memset(out, 0, sizeof(*out));
	if (data.len < 4)
		return GS_EPARSE;
	const uint32_t selector = gs_be32_read(data.ptr);
	struct gs_abi_reader r = gs_abi_read((struct gs_bytes){data.ptr + 4, data.len - 4});
	for (size_t i = 0; i < GS_ARRAY_LEN(forms); i++) {
		const struct form *form = &forms[i];
		const void *contract = (const char *)contracts + form->contract;
		if (form->selector != selector || !gs_address_equal(to, contract))
			continue;
		out->kind = form->kind;
		for (size_t f = 0; f < FIELDS_MAX; f++)
			read_field(&r, (enum field)form->field[f], out);
		return r.err == GS_OK ? GS_OK : GS_EPARSE;
	}
	if (!gs_address_equal(to, &contracts->disputes) || !gs_sim_call_read_move(selector, &r, out))
		return GS_EPARSE;
	return r.err == GS_OK ? GS_OK : GS_EPARSE;
}

/* ---- writing ---- */

static void put_body(struct gs_abi_writer *w, const struct gs_claim_body *body)
{
	uint8_t words[GS_CLAIM_BODY_WORDS * GS_ABI_WORD];
	gs_claim_body_encode(body, words);
	for (unsigned i = 0; i < GS_CLAIM_BODY_WORDS; i++)
		gs_abi_put_word(w, words + i * GS_ABI_WORD);
}

static void put_batch(struct gs_abi_writer *w, const struct gs_batch_name *name)
{
	gs_abi_put_address(w, &name->claimant);
	gs_abi_put_u64(w, name->salt);
	gs_abi_put_hash(w, &name->root);
	gs_abi_put_u64(w, name->count);
	gs_abi_put_u64(w, name->kind);
	gs_abi_put_hash(w, &name->model);
}

static void put_commitment(struct gs_abi_writer *w, const struct gs_trace_tag *tag)
{
	struct gs_address word;
	memcpy(word.b, tag->b, sizeof(word.b));
	gs_abi_put_address(w, &word);
}

static void put_field(struct gs_abi_writer *w, enum field field, const struct gs_sim_call *call)
{
	switch (field) {
	case END: return;
	case BODY: put_body(w, &call->body); return;
	case BATCH: put_batch(w, &call->batch); return;
	case MODEL: gs_abi_put_hash(w, &call->body.model_id); return;
	case INPUT_ROOT: gs_abi_put_hash(w, &call->body.input_root); return;
	case OUTPUT_ROOT: gs_abi_put_hash(w, &call->body.output_root); return;
	case LOT: gs_abi_put_u256(w, &call->body.lot); return;
	case INPUT: gs_abi_put_bytes(w, call->input); return;
	case OUTPUT: gs_abi_put_bytes(w, call->output); return;
	case AMOUNT:
	case STAKE: gs_abi_put_wei(w, call->amount); return;
	case EPOCH: gs_abi_put_u64(w, call->epoch); return;
	case DEMAND_KIND: gs_abi_put_u64(w, call->demand_kind); return;
	case CHUNKS: gs_abi_put_bytes(w, call->chunks); return;
	case ROOT: gs_abi_put_hash(w, &call->root); return;
	case CLAIM: gs_abi_put_hash(w, &call->claim); return;
	case COMMITMENT: put_commitment(w, &call->commitment); return;
	case VALIDATOR: gs_abi_put_address(w, &call->validator); return;
	case BATCH_ROOT: gs_abi_put_hash(w, &call->batch.root); return;
	case SALT: gs_abi_put_u64(w, call->batch.salt); return;
	case COUNT: gs_abi_put_u64(w, call->batch.count); return;
	case HINT: gs_abi_put_hash(w, &call->batch.model); return;
	case LEAVES: gs_abi_put_bytes(w, call->leaves); return;
	case PATH: gs_abi_put_hashes(w, call->path, call->levels); return;
	}
}

static const struct form *form_of(enum gs_sim_call_kind kind)
{
	for (size_t i = 0; i < GS_ARRAY_LEN(forms); i++)
		if (forms[i].kind == kind)
			return &forms[i];
	GS_ASSERT(!"a call that is no move");
	return NULL;
}

static void write_call(const struct form *form, const struct gs_sim_call *call, struct gs_buf *out)
{
	struct gs_abi_writer w;
	size_t words = 0;
	for (size_t f = 0; f < FIELDS_MAX && form->field[f] != END; f++)
		words += form->field[f] == BODY || form->field[f] == BATCH ? GS_CLAIM_BODY_WORDS : 1;
	gs_abi_call(&w, out, form->selector, words);
	for (size_t f = 0; f < FIELDS_MAX; f++)
		put_field(&w, (enum field)form->field[f], call);
	gs_abi_end(&w);
}

void gs_sim_call_encode(const struct gs_contracts *contracts, const struct gs_sim_call *call, struct gs_buf *out,
                        struct gs_address *to)
{
	if (call->kind == GS_SIM_CALL_AGREE) {
		*to = contracts->disputes;
		gs_sim_call_write_agree(call, out);
		return;
	}
	const struct form *form = form_of(call->kind);
	memcpy(to->b, (const char *)contracts + form->contract, sizeof(to->b));
	write_call(form, call, out);
}

void gs_sim_call_post(const struct gs_claim_body *body, struct gs_bytes input, struct gs_bytes output,
                      struct gs_buf *out)
{
	const struct gs_sim_call call = {.kind = GS_SIM_CALL_POST, .body = *body, .input = input, .output = output};
	write_call(form_of(call.kind), &call, out);
}
