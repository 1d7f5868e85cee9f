#include "validator/daemon/ask.h"

#include <string.h>

#include "chain/eth/abi.h"

enum { CALL_MAX = 4 + GS_ASK_WORDS_MAX * GS_ABI_WORD, ANSWER_MAX = 64 * 1024 };

enum gs_err gs_ask(struct gs_rpc *rpc, const struct gs_question *question, struct gs_hash *out, size_t count,
                   struct gs_error *error)
{
	struct gs_eth_call call = {.to = question->at};
	struct gs_abi_writer w;
	struct gs_buf data, answer;
	enum gs_err err;

	GS_ASSERT(question->args <= GS_ASK_WORDS_MAX);
	gs_buf_init(&data, CALL_MAX);
	gs_buf_init(&answer, ANSWER_MAX);
	gs_abi_call(&w, &data, question->selector, question->args);
	for (size_t i = 0; i < question->args; i++)
		gs_abi_put_hash(&w, &question->arg[i]);
	gs_abi_end(&w);
	call.data = gs_buf_view(&data);
	err = data.err ? gs_fail(error, data.err, "no memory")
	               : gs_eth_do_call(rpc, &call, gs_block_latest(), &answer, error);
	if (!err && answer.len != count * sizeof(*out))
		err = gs_fail(error, GS_EPARSE, "the answer has not the expected form");
	if (err)
		gs_fail_within(error, err, "%s", question->name);
	else
		memcpy(out, answer.ptr, answer.len);
	gs_buf_free(&data);
	gs_buf_free(&answer);
	return err;
}

enum gs_err gs_ask_address(struct gs_rpc *rpc, const struct gs_question *question, struct gs_address *out,
                           struct gs_error *error)
{
	static const uint8_t zeros[12];
	struct gs_hash word;
	enum gs_err err = gs_ask(rpc, question, &word, 1, error);

	if (err)
		return err;
	if (memcmp(word.b, zeros, sizeof(zeros)) != 0)
		return gs_fail(error, GS_EPARSE, "%s: the answer is no address", question->name);
	memcpy(out->b, word.b + sizeof(zeros), sizeof(out->b));
	return GS_OK;
}

enum gs_err gs_ask_u64(struct gs_rpc *rpc, const struct gs_question *question, uint64_t *out, struct gs_error *error)
{
	static const uint8_t zeros[24];
	struct gs_hash word;
	enum gs_err err = gs_ask(rpc, question, &word, 1, error);

	if (err)
		return err;
	if (memcmp(word.b, zeros, sizeof(zeros)) != 0)
		return gs_fail(error, GS_EPARSE, "%s: the answer is larger than 64 bits", question->name);
	*out = gs_be64_read(word.b + sizeof(zeros));
	return GS_OK;
}
