#include "simulations/nodes/call_moves.h"

#include <stdlib.h>
#include <string.h>

#include "challenge/game/calldata.h"

bool gs_sim_call_read_move(uint32_t selector, struct gs_abi_reader *r, struct gs_sim_call *out)
{
	struct gs_move_call *call = calloc(1, sizeof(*call));
	bool found;

	if (!call) {
		r->err = GS_ENOMEM;
		return true;
	}
	found = gs_move_call_read(selector, r, call);
	if (found) {
		out->kind = call->agrees ? GS_SIM_CALL_AGREE : GS_SIM_CALL_MOVE;
		out->by_claim = call->by_claim;
		out->claim = call->claim;
		out->body = call->body;
		memcpy(out->word, call->word, sizeof(out->word));
		out->given = call->given;
		out->move = call->move;
		out->agreed = call->agreed;
	}
	free(call);
	return found;
}

void gs_sim_call_write_agree(const struct gs_sim_call *call, struct gs_buf *out)
{
	uint8_t words[sizeof(call->word)];
	struct gs_game_state from;
	memcpy(words, call->word, sizeof(words));
	if (gs_game_state_decode((struct gs_bytes){words, sizeof(words)}, &from) != GS_OK) {
		out->err = out->err != GS_OK ? out->err : GS_EPARSE;
		return;
	}
	gs_agree_calldata(&from, &call->agreed, out);
}
