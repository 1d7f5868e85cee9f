/* challenge/game/strategy.h: how a player answers: the next move, as data, from what the chain says and its own execution.
 *
 * An honest challenger names the *first* difference, so that everything the step in question reads is agreed, and the
 * judge must side with it. An honest claimant shows what it has. Neither trusts anything that the other side showed
 * beyond what the contract checked. A strategy is a function: no state, no clock, no randomness. */
#ifndef GS_CHALLENGE_GAME_STRATEGY_H
#define GS_CHALLENGE_GAME_STRATEGY_H

#include "challenge/game/game.h"
#include "challenge/machine/prover.h"

/* The claimant's next move. *waiting: it is the other side's turn, or the game is over; *out is then untouched.
 * GS_ECORRUPT: the state is not one that a game about the prover's program can be in; whoever told it lies. Other errors are
 * the prover's: nothing may be concluded from them but that the answer is not there yet. */
GS_MUST enum gs_err gs_strategy_claimant(const struct gs_game *game, const struct gs_prover *prover,
                                         struct gs_move *out, bool *waiting);
/* The challenger's: the first difference. body: what was claimed. Where the first nodes shown are all its own but the output
 * claimed is not, it asks for the output. A selection that leaves one step is made with the proof in the same call, from its
 * own trace and what was shown; in phase Step it proves the claimant wrong at once.
 * GS_ENOTFOUND: the claimant showed nothing that differs from the prover's own execution, or its step is right, so
 * there is no honest move but to concede; or a reveal of this game was never observed. */
GS_MUST enum gs_err gs_strategy_challenger(const struct gs_game *game, const struct gs_prover *prover,
                                           const struct gs_claim_body *body, struct gs_move *out, bool *waiting);

/* The move of whoever ends a game whose clock has run out; false while now <= deadline. */
bool gs_strategy_timeout(const struct gs_game *game, uint64_t now, struct gs_move *out);

/* A challenger without a case: wanders down at random, as `choose(context, bound)` says (uniform below bound). Every
 * move is one that the contract accepts. In phase Step it waits: the claimant proves itself right. */
typedef uint64_t (*gs_chooser)(void *context, uint64_t bound);
GS_MUST enum gs_err gs_strategy_wanderer(const struct gs_game *game, const struct gs_prover *prover, gs_chooser choose,
                                         void *context, struct gs_move *out, bool *waiting);

/* What the step in question is, as the prover's own arrays have it: the judge in C over the prover's chunks.
 * Phase Step only. */
GS_MUST enum gs_err gs_strategy_judge(const struct gs_game *game, const struct gs_prover *prover,
                                      struct gs_step_record *out);

#endif
