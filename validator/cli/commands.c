/* The table of commands. A command is declared and listed here once it exists, in the order of a first encounter. */
#include "validator/cli/commands.h"

const struct gs_command gs_commands[] = {
	{"infer", "Runs a model the canonical way", "gainsay infer model.onnx --input input_0.pb", gs_cmd_infer},
	{"program", "Lowers a model and prints what it commits to", "gainsay program model.onnx --json",
         gs_cmd_program},
	{"conformance", "Compares models with their reference outputs", "gainsay conformance models/",
         gs_cmd_conformance},
	{"deploy", "Puts the contracts on a chain",
         "gainsay deploy --rpc http://127.0.0.1:8545 --key-file key.hex --out deployment.json", gs_cmd_deploy},
	{"dispute", "Plays a whole dispute on a chain, both sides",
         "gainsay dispute model.onnx --input input_0.pb --fault random:7", gs_cmd_dispute},
	{NULL, NULL, NULL, NULL},
};
