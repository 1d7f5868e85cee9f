#!/usr/bin/python3
"""Plants one defect at a time into a copy of the production code, builds the simulator from it and looks for the first seed that
shows it: a test of the simulator's oracles.

    mutants.py BUILD [NAME...]     BUILD has the objects of an unchanged tree, which save most of the compiling

Prints a line a defect: where it was planted, what was found, with which command. Exit status 1 when one was not found within
RUNS runs, or no longer fits the code."""
import json, os, re, shutil, subprocess, sys

RUNS = 100_000
STEP = {"games": 2_000, "nodes": 200}

# name, file, what is there, what is planted, kind of runs, fault (nodes)
MUTANTS = [
    ("a move is refused in the last second", "challenge/game/step.c",
     "	if (m->in->now > m->game->state.deadline)\n		REFUSE(m, \"TooLate\");",
     "	if (m->in->now >= m->game->state.deadline)\n		REFUSE(m, \"TooLate\");", "games", None),
    ("a timeout is possible a second early", "challenge/game/step.c",
     "	if (m->in->now <= m->game->state.deadline)\n		REFUSE(m, \"NotOver\");",
     "	if (m->in->now < m->game->state.deadline)\n		REFUSE(m, \"NotOver\");", "games", None),
    ("no least time for an answer", "challenge/game/step.c",
     "m->in->now + (next > m->rules->minimum_time_s ? next : m->rules->minimum_time_s)", "m->in->now + next", "games", None),
    ("the burn share is ignored", "challenge/game/bonds.c",
     "err = gs_bond_share(out->slashed, rules->burn_bps, &out->burned);",
     "err = gs_bond_share(out->slashed, 0, &out->burned);", "games", None),
    ("a refund may exceed the pot", "challenge/game/bonds.c",
     "if (err == GS_OK && gs_wei_cmp(*out, pot_left) > 0)", "if (err == GS_OK && gs_wei_cmp(*out, pot_left) > 1)", "games", None),
    ("the wrong segment is selected", "challenge/game/strategy.c",
     "	*out = segment;\n	return GS_OK;", "	*out = segment > 0 ? segment - 1 : 0;\n	return GS_OK;", "games", None),
    ("a reorganisation does not rewind", "validator/node/blocks.c",
     "	GS_ASSERT(node->block == orphan->number);\n	err = gs_journal_rewind(t->j);",
     "	GS_ASSERT(node->block == orphan->number);\n	t->j->block--;", "nodes", "reorg"),
    ("an intent under way is planned again", "validator/node/intent.c",
     "	return intent->status == GS_INTENT_FAILED &&\n	       (gs_intent_is_obligation(intent->kind)",
     "	return intent->status != GS_INTENT_PLANNED &&\n	       (gs_intent_is_obligation(intent->kind)", "nodes", "none"),
    ("what has no receipt is not sent again", "validator/node/tending.c",
     "if (send_all || now_s >= list.tx[end - 1].last_sent.unix_s + t->node->options.resend_s) {",
     "if (send_all || now_s == 0) {", "nodes", "silence"),
    ("a signed transaction is not stored", "validator/node/intent.c",
     "	err = put_intent(j, &intent, false);\n	if (!err)\n		err = gs_tx_record_put(j, tx, false);",
     "	err = put_intent(j, &intent, false);", "nodes", "silence"),
    ("what is mined is not taken back with its block", "validator/node/intent.c",
     "		intent.status = GS_INTENT_DONE;\n		intent.tx = tx->hash;\n		err = put_intent(j, &intent, true);",
     "		intent.status = GS_INTENT_DONE;\n		intent.tx = tx->hash;\n		err = put_intent(j, &intent, false);", "nodes", "reorg"),
    ("what cannot be computed counts as wrong", "validator/node/node.c",
     "	out->verdict = GS_VERDICT_UNAVAILABLE;\n	if (!in->as.executed.computed) {",
     "	out->verdict = GS_VERDICT_INVALID;\n	if (!in->as.executed.computed) {", "nodes", "execution"),
    ("one back end alone decides", "validator/node/node.c",
     "	if (!agree) {", "	if (!agree && out->time.unix_s == 0) {", "nodes", "execution"),
    ("nobody ends a game by its clock", "validator/node/plan_game.c",
     "	if (over && !our_turn)\n		return plan_end(t, GS_INTENT_TIMEOUT, GS_MOVE_TIMEOUT, game, state, claim);",
     "	if (over && !our_turn)\n		return GS_OK;", "nodes", "none"),
    ("two states answer one off chain", "validator/node/plan_talk.c",
     "	err = gs_talk_store(d->turn->j, &d->talk);\n	return err ? err : hand_over(d);",
     "	err = GS_OK;\n	return err ? err : hand_over(d);", "nodes", "letters"),
    ("patience off chain never ends", "validator/node/plan_talk.c",
     "	if (!ours_here && now_s > d->talk.heard.unix_s + o->talk_patience_s)",
     "	if (!ours_here && now_s > d->talk.heard.unix_s + 100 * o->talk_patience_s)", "nodes", "letters"),
    ("what was shown off chain is forgotten", "validator/node/facts.c",
     "		err = gs_talk_recall(j, &game);", "		err = GS_OK;", "nodes", "letters"),
    ("nobody is the first to challenge", "validator/node/plan.c",
     "	*affordable = gs_wei_cmp(free, worst.locked) >= 0;", "	*affordable = gs_wei_cmp(free, worst.locked) >= 0 && claim->open_games > 0;", "nodes", "none"),
]


def build(source, target):
    done = subprocess.run(["make", "-C", source, f"BUILD={target}", f"{target}/gainsay-sim"], capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def hunt(sim, kind, fault):
    """The first seed that shows something, and what."""
    options = ["--nodes", "--fault", fault] if kind == "nodes" else []
    if fault == "letters":  # play off chain
        options += ["--set", "talk.chance=1", "--set", "validators.griefer=1", "--set", "validators.two_faced=1"]
    for seed in range(1, RUNS + 1, STEP[kind]):
        try:
            run = subprocess.run([sim, *options, "--seed", str(seed), "--runs", str(STEP[kind])], capture_output=True, text=True, timeout=900)
        except subprocess.TimeoutExpired:
            return seed, "it never ends", options
        if run.returncode == 1:
            first = re.search(r"first violation (.*): .*--seed (\d+)", run.stdout)
            return int(first.group(2)), first.group(1), options
        if run.returncode != 0:
            return seed, f"ends with {run.returncode}: {(run.stderr.strip().splitlines() or ['aborted'])[-1][:80]}", options
    return None, "", options


def main():
    folder = os.path.abspath(sys.argv[1])
    names = sys.argv[2:]
    source, target = f"{folder}/mutants/source", f"{folder}/mutants/build"
    shutil.rmtree(f"{folder}/mutants", ignore_errors=True)
    os.makedirs(target)
    for path in subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n"):
        if path and os.path.isfile(path):
            os.makedirs(os.path.dirname(f"{source}/{path}"), exist_ok=True)
            shutil.copy2(path, f"{source}/{path}")
    for part in ("obj", "flags", "packages.mk"):
        if os.path.isdir(f"{folder}/{part}"):
            shutil.copytree(f"{folder}/{part}", f"{target}/{part}", symlinks=True)
        elif os.path.exists(f"{folder}/{part}"):
            shutil.copy2(f"{folder}/{part}", f"{target}/{part}")
    failed = 0
    record = []
    for name, file, old, new, kind, fault in MUTANTS:
        if names and not any(n in name for n in names):
            continue
        path = f"{source}/{file}"
        text = open(path).read()
        if text.count(old) != 1:
            print(f"FAIL {name}: {file} has that text {text.count(old)} times, not once", flush=True)
            failed += 1
            continue
        open(path, "w").write(text.replace(old, new))
        good, why = build(source, target)
        if not good:
            print(f"FAIL {name}: does not compile: {why.strip().splitlines()[0] if why.strip() else '?'}", flush=True)
            failed += 1
        else:
            seed, what, options = hunt(f"{target}/gainsay-sim", kind, fault)
            failed += seed is None
            command = " ".join(["gainsay-sim", *options, "--seed", str(seed), "--runs", "1"])
            print(f"ok   {name}: {what} ({command})" if seed else f"FAIL {name}: not found in {RUNS} runs", flush=True)
            record.append({"planted": name, "file": file, "found": what, "seed": seed, "options": options})
        open(path, "w").write(text)
    json.dump(record, open(f"{folder}/mutants.json", "w"), indent=1)
    print(f"{len(record) - sum(r['seed'] is None for r in record)} passed, {failed} failed")
    sys.exit(failed > 0)


main()
