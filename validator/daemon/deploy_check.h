/* validator/daemon/deploy_check.h: what is looked at before anything is sent, what it will cost, and whether a deployment that is there
 * is what its parameters and the compiled contracts make, to the byte. Nothing here sends anything or needs a key. */
#ifndef GS_VALIDATOR_DAEMON_DEPLOY_CHECK_H
#define GS_VALIDATOR_DAEMON_DEPLOY_CHECK_H

#include "chain/rpc/eth.h"
#include "validator/daemon/deployer.h"

struct gs_deploy_quote {
	uint64_t gas;
	struct gs_wei price;  /* of one gas now */
	struct gs_wei cost;   /* of all steps at that price, with l1_fee */
	struct gs_wei l1_fee; /* OP-stack chains: for the bytes of all steps; zero elsewhere */
	struct gs_wei
		most; /* what the sender must have: the price may double, and limits are a fifth above estimates */
	struct gs_wei balance; /* what it has */
};

/* The chain has the instructions that the contracts use; the token is one; every constructor, run by the node, takes its arguments:
 * keeps the code that each will leave. GS_EUNSUPPORTED, GS_EINVAL, GS_ECONFLICT. */
GS_MUST enum gs_err gs_deploy_simulate(struct gs_rpc *rpc, struct gs_deploy_plan *plan, bool own_token,
                                       struct gs_error *error);
/* Before the first step: the sender's next nonce is the plan's and nothing of it is pending, no address is taken. GS_ECONFLICT. */
GS_MUST enum gs_err gs_deploy_check_fresh(struct gs_rpc *rpc, const struct gs_deploy_plan *plan,
                                          struct gs_error *error);
/* Estimates each step's gas. */
GS_MUST enum gs_err gs_deploy_quote(struct gs_rpc *rpc, struct gs_deploy_plan *plan, struct gs_deploy_quote *out,
                                    struct gs_error *error);
/* GS_ECONFLICT: the balance is below `most`. */
GS_MUST enum gs_err gs_deploy_check_balance(const struct gs_deploy_plan *plan, const struct gs_deploy_quote *quote,
                                            struct gs_error *error);

/* Whether a step of a plan that was simulated is done. False when its address is empty; GS_ECONFLICT when something else is there. */
GS_MUST enum gs_err gs_deploy_step_done(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, size_t step, bool *done,
                                        struct gs_error *error);
/* All of them. */
GS_MUST enum gs_err gs_deploy_verify(struct gs_rpc *rpc, const struct gs_deploy_plan *plan, struct gs_error *error);

#endif
