/* validator/cli/commands.h: the commands' entry points, one file cmd_<name>.c each. */
#ifndef GS_VALIDATOR_CLI_COMMANDS_H
#define GS_VALIDATOR_CLI_COMMANDS_H

#include "validator/cli/cli.h"

int gs_cmd_infer(int argc, char **argv);
int gs_cmd_program(int argc, char **argv);
int gs_cmd_operators(int argc, char **argv);
int gs_cmd_conformance(int argc, char **argv);
int gs_cmd_init(int argc, char **argv);
int gs_cmd_keys(int argc, char **argv);
int gs_cmd_doctor(int argc, char **argv);
int gs_cmd_deploy(int argc, char **argv);
int gs_cmd_owner(int argc, char **argv);
int gs_cmd_release(int argc, char **argv);
int gs_cmd_close(int argc, char **argv);
int gs_cmd_stake(int argc, char **argv);
int gs_cmd_model(int argc, char **argv);
int gs_cmd_models(int argc, char **argv);
int gs_cmd_claim(int argc, char **argv);
int gs_cmd_batch(int argc, char **argv);
int gs_cmd_demand(int argc, char **argv);
int gs_cmd_claims(int argc, char **argv);
int gs_cmd_games(int argc, char **argv);
int gs_cmd_show(int argc, char **argv);
int gs_cmd_run(int argc, char **argv);
int gs_cmd_worker(int argc, char **argv);
int gs_cmd_defend(int argc, char **argv);
int gs_cmd_dispute(int argc, char **argv);
int gs_cmd_policy(int argc, char **argv);
int gs_cmd_samples(int argc, char **argv);
int gs_cmd_evidence(int argc, char **argv);
int gs_cmd_verify(int argc, char **argv);
int gs_cmd_tee(int argc, char **argv);
int gs_cmd_watch(int argc, char **argv);
int gs_cmd_db(int argc, char **argv);
int gs_cmd_sim(int argc, char **argv);
int gs_cmd_plan(int argc, char **argv);
int gs_cmd_completion(int argc, char **argv);

#endif
