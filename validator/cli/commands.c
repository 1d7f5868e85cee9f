/* The table of commands. A command is declared and listed here once it exists, in the order of a first encounter. */
#include "validator/cli/commands.h"

const struct gs_command gs_commands[] = {
	{"infer", "Runs a model the canonical way", "gainsay infer model.onnx --input input_0.pb", gs_cmd_infer},
	{"program", "Lowers a model and prints what it commits to", "gainsay program model.onnx --json",
         gs_cmd_program},
	{"operators", "Lists what a model may use, with formulas and limits", "gainsay operators Softmax",
         gs_cmd_operators},
	{"conformance", "Compares models with their reference outputs", "gainsay conformance models/",
         gs_cmd_conformance},
	{"keys", "Makes a key, or shows its account", "gainsay keys new --key key.json --password-file password",
         gs_cmd_keys},
	{"deploy", "Puts the contracts on a chain",
         "gainsay deploy --rpc http://127.0.0.1:8545 --key-file key.hex --out deployment.json", gs_cmd_deploy},
	{"stake", "Deposits, withdraws and shows stake", "gainsay stake deposit 100", gs_cmd_stake},
	{"model", "Registers a model, or attests for one", "gainsay model register model.onnx", gs_cmd_model},
	{"claim", "Executes a model and posts a claim", "gainsay claim model.onnx --input x.npy --value 50",
         gs_cmd_claim},
	{"run", "Runs a validator node", "gainsay run --config devnet.yaml", gs_cmd_run},
	{"defend", "Answers challenges of one's own claims", "gainsay defend --config node.yaml", gs_cmd_defend},
	{"claims", "Lists claims, verdicts and outcomes", "gainsay claims --db node.db", gs_cmd_claims},
	{"games", "Lists disputes", "gainsay games --db node.db", gs_cmd_games},
	{"show", "Shows one claim or game", "gainsay show 0x27f6d4 --db node.db", gs_cmd_show},
	{"dispute", "Plays a whole dispute on a chain, both sides",
         "gainsay dispute model.onnx --input input_0.pb --fault random:7", gs_cmd_dispute},
	{NULL, NULL, NULL, NULL},
};
