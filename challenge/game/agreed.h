/* challenge/game/agreed.h: games played by signed states instead of transactions (docs/protocol.md, 5.7).
 *
 * Both sides make moves with gs_game_step as if they were transactions, sign the state that each leads to, and hand it
 * over. The newest state that both have signed can be put on chain by either. */
#ifndef GS_CHALLENGE_GAME_AGREED_H
#define GS_CHALLENGE_GAME_AGREED_H

#include "chain/eth/eip712.h"
#include "chain/eth/key.h"
#include "challenge/game/moves.h"

/* What both sign, as typed data (EIP-712): State under {name "Gainsay", version "1", chainId, verifyingContract: disputes}. It points
 * into itself and is not to be copied. */
enum { GS_AGREED_MEMBERS = GS_GAME_STATE_WORDS + 1 };
struct gs_agreed_typed {
	struct gs_typed typed;
	struct gs_typed_value member[GS_AGREED_MEMBERS];
	struct gs_u256 chain_id;
	struct gs_address disputes;
};
void gs_agreed_typed(uint64_t chain_id, const struct gs_address *disputes, const struct gs_game_state *state,
                     const struct gs_hash *trace_root, struct gs_agreed_typed *out);
/* Its digest. */
void gs_agreed_digest(uint64_t chain_id, const struct gs_address *disputes, const struct gs_game_state *state,
                      const struct gs_hash *trace_root, struct gs_hash *out);

enum { GS_AGREED_MOVES_END = 192 }; /* further moves on chain find room above */

struct gs_agreed {
	struct gs_game_state state;
	struct gs_hash trace_root;
	struct gs_signature claimant;
	struct gs_signature challenger;
};
GS_MUST enum gs_err gs_agreed_sign(uint64_t chain_id, const struct gs_address *disputes, const struct gs_key *key,
                                   const struct gs_game_state *state, const struct gs_hash *trace_root,
                                   struct gs_signature *out, struct gs_error *error);
/* Marks a state as made off chain: the bit GS_GAME_AGREED_MOVE of its move. Do it before the first signed move. */
void gs_agreed_begin(struct gs_game_state *state);

/* Whether the contract would put `to` in the place of `from` at `now`, while the claim is open, and the game could go on from
 * there: GS_EINVAL and the name of the contract's error if not. tag: what binds the claim; zero when nothing does. Look at it
 * before signing, too: with is_signed false, when the signatures are not there yet. */
struct gs_agreed_terms {
	uint64_t chain_id;
	struct gs_address disputes;
	struct gs_trace_tag tag;
	uint64_t budgets_s; /* both sides' together */
	uint64_t now;
};
GS_MUST enum gs_err gs_agreed_check(const struct gs_agreed_terms *terms, const struct gs_game_state *from,
                                    const struct gs_agreed *to, bool is_signed, struct gs_error *error);

/* Disputes.agree(from, to, traceRoot, claimantSignature, challengerSignature). Errors stick to out. */
void gs_agree_calldata(const struct gs_game_state *from, const struct gs_agreed *to, struct gs_buf *out);
/* Disputes.agreeAndProve(...): `prove` is the proveStep move in answer to the agreed state. */
void gs_agree_and_prove_calldata(const struct gs_claim_body *body, const struct gs_game_state *from,
                                 const struct gs_agreed *to, const struct gs_move *prove, struct gs_buf *out);

#endif
