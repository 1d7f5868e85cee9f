#!/usr/bin/python3
"""Plants one defect at a time into a copy of the production code, builds the simulator from it and looks for the first seed that
shows it: a test of the simulator's oracles.

    mutants.py BUILD [--runs N] [NAME...]   BUILD has the objects of an unchanged tree, which save most of the compiling, and its
                                            gainsay-sim; names are parts of those below
    mutants.py BUILD --table                what is recorded in BUILD/mutants.json, as a table
    mutants.py BUILD --fits                 only whether each fits the code (make lint-house)

A hunt ends with the first run that shows something which the unchanged simulator does not show with the same seed. Prints a line a
defect: where it was planted, what was found, with which command; keeps it in BUILD/mutants.json. Exit status 1 when one was not found
within N runs (100,000), or no longer fits the code. A run that takes more than CPU_S seconds of processor time never ends."""
import argparse, datetime, json, os, re, resource, shutil, subprocess, sys

RUNS = 100_000
PORTION = {"games": 2_000, "nodes": 200}
CPU_S = 600
NODES = "--nodes --fault "
TALK = " --set talk.chance=1 --set validators.griefer=1 --set validators.two_faced=1"
DUTIES = " --duties --set cast=drawn"
OVERLOAD = (" --set claims=16 --set claims.within=10 --set validators.honest=1 --set validators.servers=1 --set execution=10 --set window=120"
            " --set budget.claimant=600 --set budget.challenger=600")
SHORT = (" --set claims=8 --set claims.wrong=4 --set validators.honest=1 --set validators.funds=1.5 --set window=600 --set budget.claimant=600"
         " --set budget.challenger=600")
CENSORED = (" --set l1=yes --set l1.escalate_at=0.1 --set l1.delay=30 --set claims=5 --set claims.wrong=2 --set window=1200 --set validators.honest=1"
            " --set validators.griefer=1 --set budget.claimant=300 --set budget.challenger=300 --set budget.least=30 --set faults.censor=1200")
TAKEN = (" --set faults.stale=60 --set faults.reorg.chance=0.2 --set faults.reorg.depth=8 --set faults.drop.chance=0.3"
         " --set validators.griefer=2")
LIAR = " --set endpoints.count=3 --set endpoints.liars=1 --set endpoints.dead=0 --set endpoints.lie=1"

# name, file, what is there, what is planted, how the runs are made
MUTANTS = [
    ("a move is refused in the last second", "challenge/game/step.c",
     "	if (m->in->now > m->game->state.deadline)\n		REFUSE(m, \"TooLate\");",
     "	if (m->in->now >= m->game->state.deadline)\n		REFUSE(m, \"TooLate\");", ""),
    ("a timeout is possible a second early", "challenge/game/step.c",
     "	if (m->in->now <= m->game->state.deadline)\n		REFUSE(m, \"NotOver\");",
     "	if (m->in->now < m->game->state.deadline)\n		REFUSE(m, \"NotOver\");", ""),
    ("no least time for an answer", "challenge/game/step.c",
     "m->in->now + (next > m->rules->minimum_time_s ? next : m->rules->minimum_time_s)", "m->in->now + next", ""),
    ("the burn share is ignored", "challenge/game/bonds.c",
     "err = gs_bond_share(out->slashed, rules->burn_bps, &out->burned);",
     "err = gs_bond_share(out->slashed, 0, &out->burned);", ""),
    ("a refund may exceed the pot", "challenge/game/bonds.c",
     "if (err == GS_OK && gs_wei_cmp(*out, pot_left) > 0)", "if (err == GS_OK && gs_wei_cmp(*out, pot_left) > 1)", ""),
    ("the wrong segment is selected", "challenge/game/strategy.c",
     "	*out = segment;\n	return GS_OK;", "	*out = segment > 0 ? segment - 1 : 0;\n	return GS_OK;", ""),
    ("a reorganisation does not rewind", "validator/node/blocks.c",
     "	GS_ASSERT(node->block == orphan->number);\n	err = gs_journal_rewind(t->j);",
     "	GS_ASSERT(node->block == orphan->number);\n	t->j->block--;", NODES + "reorg"),
    ("an intent under way is planned again", "validator/node/intent.c",
     "	return intent->status == GS_INTENT_FAILED && (gs_intent_is_obligation(intent->kind)",
     "	return intent->status != GS_INTENT_PLANNED && (gs_intent_is_obligation(intent->kind)", NODES + "none"),
    ("what has no receipt is not sent again", "validator/node/tending.c",
     "	return err ? err : gs_node_emit(t, (struct gs_node_effect){.kind = GS_EFFECT_SEND, .hash = tx->hash}, tx->raw);",
     "	return err;", NODES + "silence"),
    ("a signed transaction is not stored", "validator/node/intent.c",
     "	err = put_intent(j, &intent, false);\n	if (!err)\n		err = gs_tx_record_put(j, tx, false);",
     "	err = put_intent(j, &intent, false);", NODES + "silence"),
    ("what is mined is not taken back with its block", "validator/node/intent.c",
     "		intent.status = GS_INTENT_DONE;\n		intent.tx = tx->hash;\n		err = put_intent(j, &intent, true);",
     "		intent.status = GS_INTENT_DONE;\n		intent.tx = tx->hash;\n		err = put_intent(j, &intent, false);", NODES + "reorg"),
    ("what cannot be computed counts as wrong", "validator/node/node.c",
     "	out->verdict = GS_VERDICT_UNAVAILABLE;\n	if (!in->as.executed.computed) {",
     "	out->verdict = GS_VERDICT_INVALID;\n	if (!in->as.executed.computed) {", NODES + "execution"),
    ("one back end alone decides", "validator/node/node.c",
     "	if (!agree) {", "	if (!agree && out->time.unix_s == 0) {", NODES + "execution"),
    ("nobody ends a game by its clock", "validator/node/plan_game.c",
     "	if (over && !our_turn)\n		return plan_end(t, GS_INTENT_TIMEOUT, GS_MOVE_TIMEOUT, game, state, claim);",
     "	if (over && !our_turn)\n		return GS_OK;", NODES + "none"),
    ("two states answer one off chain", "validator/node/plan_talk.c",
     "	err = gs_talk_store(d->turn->j, &d->talk);\n	return err ? err : hand_over(d);",
     "	err = GS_OK;\n	return err ? err : hand_over(d);", NODES + "letters" + TALK),
    ("patience off chain never ends", "validator/node/plan_talk.c",
     "	if (!ours_here && now_s > d->talk.heard.unix_s + o->talk_patience_s)",
     "	if (!ours_here && now_s > d->talk.heard.unix_s + 100 * o->talk_patience_s)", NODES + "letters" + TALK),
    ("what was shown off chain is forgotten", "validator/node/facts.c",
     "		err = gs_talk_recall(j, &game);", "		err = GS_OK;", NODES + "letters" + TALK),
    ("nobody is the first to challenge", "validator/node/plan_capital.c",
     "	*affordable = !why;", "	*affordable = !why && claim->open_games > 0;", NODES + "none"),
    ("what a look finds to be due later is forgotten", "validator/node/plan_due.c",
     "	if (note->always || note->at_s) {", "	if (note->always) {", NODES + "none"),
    ("randomness that has come wakes nobody", "validator/node/agenda_enter.c",
     "	case GS_TABLE_BEACONS: return wake(t, GS_AGENDA_BEACON);", "	case GS_TABLE_BEACONS: return GS_OK;",
     NODES + "none --set duties.audit=0.5"),
    ("a claim's newest game is not entered with it", "validator/node/agenda_enter.c",
     "	for (uint32_t i = 0; i < claim->games && !err; i++) {", "	for (uint32_t i = 0; i + 1 < claim->games && !err; i++) {",
     NODES + "none --set cast=drawn"),
    ("after a reorganisation nothing is looked at again", "validator/node/blocks.c",
     "	node->sweep.wanted = true;", "	node->sweep.wanted = false;", NODES + "reorg" + DUTIES),
    ("what a sequencer keeps out stays out", "validator/node/forced.c",
     "	span_s = due_s - since_s;", "	span_s = 10 * (due_s - since_s);", NODES + "none" + CENSORED),
    ("a deposit that is on its way is made again", "validator/node/forced.c",
     "		if (!tx->settled || (!gs_hash_is_zero(&tx->deposit) && !tx->hopeless))", "		if (!tx->settled)", NODES + "none" + CENSORED),
    ("the draw of one block serves all", "validator/node/plan_sample.c",
     "	if (!gs_sample_source_equal(&node->lot_source, source)) {", "	if (!node->lot_source.kind) {", NODES + "none"),
    ("a claim in another block keeps its draw", "validator/node/plan_sample.c",
     "	if (!err && (before.source.kind == 0 || gs_sample_source_equal(&before.source, &source)))", "	if (!err)", NODES + "reorg"),
    ("leaves are drawn by their block", "validator/node/plan_sample.c",
     "	if (!err && batch.kind == GS_BATCH_CALLDATA)", "	if (!err && batch.kind == GS_BATCH_ROOT_ONLY)", NODES + "none" + DUTIES),
    ("half of what is drawn is left out", "validator/node/sampling.c",
     "(unsigned __int128)out->rate_ppm << 64", "(unsigned __int128)out->rate_ppm << 63", NODES + "none --set sampling.rate=0.5"),
    ("a range's logs are all of its last block", "validator/node/range.c",
     "		t->j->block = e->block_number;\n", "		t->j->block = last->number;\n",
     NODES + "none --set final.blocks=32 --set validators.start=600"),
    ("a range that begins on another branch is taken", "validator/node/range.c",
     "	if (!gs_hash_equal(&first->parent, &newest->hash))\n		return gs_node_on_header(t, first);",
     "	if (first->number == 0)\n		return gs_node_on_header(t, first);",
     NODES + "none --set final.blocks=32 --set faults.reorg.chance=0.2 --set faults.offline=600 --set window=1800 --set budget.claimant=1800"
     " --set budget.challenger=1800 --set budget.least=900"),
    ("a gap between nonces is not filled", "validator/node/tending.c",
     "	lane->gap.known = behind;", "	lane->gap.known = false;",
     NODES + "all" + DUTIES),
    ("a nonce that is lost is waited for", "validator/node/intent.c",
     "	enum gs_err err = settle_line(j, tx, now);\n\n	return err ? err : fail_with(j, tx, true, now);",
     "	return fail_with(j, tx, true, now);", NODES + "replace"),
    ("what a taken nonce displaces is not planned again", "validator/node/intent.c",
     "		if (list.tx[i].nonce == tx->nonce && !gs_hash_equal(&list.tx[i].intent, &tx->intent))",
     "		if (list.tx[i].nonce == tx->nonce && list.tx[i].nonce > UINT64_MAX / 2)", NODES + "none" + TAKEN),
    ("one of three endpoints is believed", "chain/eth/quorum.c",
     "	if (most >= q->need)", "	if (most > 0)", NODES + "none" + LIAR),
    ("one that says it took a transaction hides that others refuse it", "chain/eth/quorum.c",
     "	if (state == GS_QUORUM_AGREED || count == 0)", "	if (count == 0)", NODES + "replace" + LIAR),
    ("a settled transaction is not taken back with its block", "validator/node/tx_record.c",
     "		err = gs_tx_record_put(j, &list.tx[i], lane == GS_LANE_CHAIN);", "		err = gs_tx_record_put(j, &list.tx[i], false);", NODES + "reorg"),
    ("an attestation's stake is left where it is", "validator/node/plan_attest.c",
     "	if (!reporting)\n		return want_call(", "	if (!reporting && attestation->reported)\n		return want_call(",
     NODES + "none --set duties.attest=1 --set duties.audit=0.3"),
    ("the root of a drawn claim is not published", "validator/node/plan_duties.c",
     "	return want(t, GS_INTENT_PUBLISH, claim, NULL, &w, &calldata);", "	gs_buf_free(&calldata);\n	return GS_OK;",
     NODES + "none --set duties.audit=0.5"),
    ("a wrong leaf is not opened", "validator/node/plan_batch.c",
     "	return look.wrong && !look.wrong_is_open ?", "	return look.wrong && look.wrong_is_open ?", NODES + "none --set duties.batches=3"),
    ("talk goes on while the clock on chain runs out", "validator/node/plan_talk.c",
     "	if (ours_on_chain && now_s + MARGIN_S >= d->game.game.state.deadline)",
     "	if (ours_on_chain && now_s >= d->game.game.state.deadline + MARGIN_S)", NODES + "letters" + TALK + " --set talk.patience=3600"),
    ("what is worth least is executed first", "validator/node/schedule.c",
     "(struct key){-gs_schedule_worth(job->value, job->work_s), job->deadline_s, i};",
     "(struct key){gs_schedule_worth(job->value, job->work_s), job->deadline_s, i};", NODES + "none" + OVERLOAD),
    ("what is given up is not said", "validator/node/plan_work.c",
     "	if (!err)\n		err = count_shed(t->j, value);", "	if (!err && gs_u256_is_zero(&value.v))\n		err = count_shed(t->j, value);",
     NODES + "none" + OVERLOAD),
    ("nothing is kept for games that run", "validator/node/plan_capital.c",
     "parts[] = {c->running, c->planned,", "parts[] = {c->planned, c->planned,", NODES + "none" + SHORT),
]


def build(source, target):
    done = subprocess.run(["make", "-C", source, f"BUILD={target}", f"{target}/gainsay-sim"], capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 10))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def play(sim, options, seed, runs):
    """The first seed of these that shows something, and what; None: nothing."""
    run = subprocess.run([sim, *options, "--first", "--seed", str(seed), "--runs", str(runs)], capture_output=True, text=True, preexec_fn=limit)
    if run.returncode == 0:
        return None
    if run.returncode == 1:
        first = re.search(r"first violation (.*): .*--seed (\d+)", run.stdout)
        return int(first.group(2)), first.group(1)
    if run.returncode == 2:
        sys.exit(f"mutants.py: {' '.join(options)}: {run.stderr.strip()}")
    if runs > 1:  # which of them
        for one in range(seed, seed + runs):
            found = play(sim, options, one, 1)
            if found:
                return found
        return seed, "ends with a signal, and does not when alone"
    if run.returncode == -24:
        return seed, "it never ends"
    text = (run.stderr.strip().splitlines() or ["aborted"])[-1]
    return seed, "an assertion stops it: " + re.sub(r"^.*(assertion failed|Assertion): ", "", text)[:80] if run.returncode == -6 else f"ends with signal {-run.returncode}"


def hunt(sim, unchanged, options, most):
    """The first seed that shows the defect, and what is found there."""
    portion = PORTION["nodes" if "--nodes" in options else "games"]
    seed = 1
    while seed <= most:
        found = play(sim, options, seed, min(portion, most + 1 - seed))
        if found and play(unchanged, options, found[0], 1) == found:  # not the defect's
            seed = found[0] + 1
        elif found:
            return found
        else:
            seed += portion
    return None


def copy(folder, source, target):
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
    shutil.copy2(f"{folder}/gainsay-sim", f"{folder}/mutants/unchanged")


def commit():
    name = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    changed = subprocess.run(["git", "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True).stdout
    return name + ("-changed" if changed else "")


def misfits(wanted):
    failed = 0
    for name, file, old, _, _ in wanted:
        times = open(file).read().count(old)
        if times != 1:
            print(f"FAIL {name}: {file} has that text {times} times, not once: write in tests/mutants/mutants.py what is there now", flush=True)
            failed += 1
    return failed


def load(path):
    return {r["planted"]: r for r in json.load(open(path))} if os.path.exists(path) else {}


def table(path):
    order = {m[0]: i for i, m in enumerate(MUTANTS)}
    print("| planted | found as | runs | with |\n| --- | --- | --- | --- |")
    for r in sorted(load(path).values(), key=lambda r: order.get(r["planted"], len(order))):
        if r["planted"] in order:
            print(f"| {r['planted']} | {r['found']} | {r['seed']:,} | `{' '.join(['gainsay-sim', *r['options'], '--seed', str(r['seed'])])}` |")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build")
    arguments.add_argument("--runs", type=int, default=RUNS)
    arguments.add_argument("--table", action="store_true")
    arguments.add_argument("--fits", action="store_true")
    arguments.add_argument("names", nargs="*")
    a = arguments.parse_intermixed_args()
    folder = os.path.abspath(a.build)
    if a.table:
        return table(f"{folder}/mutants.json")
    source, target = f"{folder}/mutants/source", f"{folder}/mutants/build"
    passed = 0
    wanted = [m for m in MUTANTS if not a.names or any(n in m[0] for n in a.names)]
    failed = misfits(wanted)
    if a.fits:
        return failed > 0
    copy(folder, source, target)
    where = commit()
    record = load(f"{folder}/mutants.json")
    for name, file, old, new, how in wanted:
        path = f"{source}/{file}"
        text = open(path).read()
        if text.count(old) != 1:
            continue
        options = how.split()
        open(path, "w").write(text.replace(old, new))
        good, why = build(source, target)
        found = hunt(f"{target}/gainsay-sim", f"{folder}/mutants/unchanged", options, a.runs) if good else None
        command = " ".join(["gainsay-sim", *options, "--seed", str(found[0] if found else "?"), "--runs", "1"])
        if found:
            passed += 1
            print(f"ok   {name}: {found[1]} ({command})", flush=True)
            record[name] = {"planted": name, "file": file, "found": found[1], "seed": found[0], "options": options,
                            "commit": where, "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}
            json.dump(list(record.values()), open(f"{folder}/mutants.json", "w"), indent=1)
        else:
            failed += 1
            print(f"FAIL {name}: " + (f"not found in {a.runs} runs" if good else "does not compile: " + (why.strip().splitlines() or ["?"])[0]), flush=True)
        open(path, "w").write(text)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
