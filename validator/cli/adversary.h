/* validator/cli/adversary.h: dishonest parties, for demonstrations and tests on development chains.
 *
 * A claimant (`defend`) stands by whatever it posted: if one of its wrong models computes the posted output, by that model's whole
 * execution; otherwise by the honest execution with the posted output in its place. A challenger (`run`) stands by what its
 * first wrong model computes, and so attacks honest claims. */
#ifndef GS_VALIDATOR_CLI_ADVERSARY_H
#define GS_VALIDATOR_CLI_ADVERSARY_H

#include "validator/cli/cli.h"
#include "validator/daemon/work.h"

enum { GS_ADVERSARY_MODELS_MAX = 16 };

struct gs_adversary {
	struct gs_program model[GS_ADVERSARY_MODELS_MAX];
	size_t count;
};

/* specs: paths of wrong models, or the word `outputs` for none. *out must stay where it is while the adversary is used. */
GS_MUST enum gs_err gs_adversary_open(const struct gs_cli_list *specs, struct gs_adversary *out,
                                      struct gs_error *error);
void gs_adversary_close(struct gs_adversary *adversary);
struct gs_work_adversary gs_adversary_at_work(struct gs_adversary *adversary);

#endif
