#!/usr/bin/python3
"""What disputes, claims and batches cost on a real chain: plays, measures, compares with ceilings, writes the tables of docs/gas.md.

    gas.py [--build DIR] [--only games|calls]

Plays four disputes on anvil with the program that users have (`gainsay dispute`): an ordinary model (2^20 chunks of trace, folds of
4096 terms) and the largest that the law allows (2^26, 2^18), each move by move and with states signed off chain. The second game of a
chain is the one that counts: the first pays for slots that are written once in the life of a deployment. What a transaction clears it
is refunded for; a chain may change that, so the refund is added again. Posting and batching are measured by forge (ClaimsGas), the
dearest last steps by forge too (WorstStep).

Writes DIR/gas.json and, between their marks, the tables of docs/gas.md. Exit code 1 when a number is above its ceiling.
"""
import argparse
import json
import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
DOC = os.path.join(ROOT, "docs/gas.md")
TERM = {"ordinary": 1365, "largest": 87381}  # where the fault is: a third of the fold
FIXTURE = {"ordinary": "fixture:20:4096", "largest": "fixture:26:262144"}
CLEARED = 4800  # EIP-3529: what is refunded for a slot that becomes 0; the move that ends a game clears the game's state
EVENT = re.compile(r'emit (?:Gas|Used)\((?:name|what): "([^"]*)", (.*)\)')
NUMBER = re.compile(r"(\w+): (\d+)")

# No number may be above: a little more than what was measured, and never more than what was wanted (800,000 and 1,020,000 for the
# games, 80,000 a move, 150,000 and 180,000 for the last step, 235,000 with signed states, 70,000 a claim, 50,000 a batch).
CEILINGS = {
    "ordinary_total": 797_000,
    "ordinary_txs": 15,
    "largest_total": 1_004_000,
    "largest_txs": 19,
    "max_move": 71_500,
    "step": 146_700,
    "step3": 162_000,
    "signed_path": 221_500,
    "signed_path_largest": 229_700,
    "post_claim": 70_000,
    "post_batch_root": 49_000,
    "per_leaf_in_calldata": 3_500,
}


def fail(text):
    sys.exit(f"gas: {text}")


def run(command, cwd=ROOT):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        fail(f"{' '.join(command)} exits {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def play(build, name, off_chain):
    """The moves of the second of two games as (move, side, gas with refunds added, bytes of calldata)."""
    program = os.path.join(build, "gas", name + ".gsp")
    run([os.path.join(build, "tests/tools/program_gen"), FIXTURE[name], program])
    command = [os.path.join(build, "gainsay"), "dispute", program, "--fault", f"instr=2,elem=17,term={TERM[name]}", "--games", "2", "--json"]
    report = json.loads(run(command + (["--off-chain"] if off_chain else [])))
    game = report["disputes"][1]
    if game["winner"] != "challenger" or game["reason"] != "step" or report["lost_by_honest_side"] != 0:
        fail(f"the {name} game ended otherwise: {game['winner']} by {game['reason']}")
    moves = [(m["move"], m["side"], m["gas"], m["calldata_bytes"]) for m in game["moves"] if m["gas"]]
    move, side, gas, size = moves[-1]
    return moves[:-1] + [(move, side, gas + CLEARED, size)]


def events(contracts):
    """What the forge tests of those contracts tell: name -> what a transaction costs, and its floor."""
    forge = os.path.join(ROOT, "build/tools/forge")
    out = run([forge, "test", "--offline", "--match-path", f"test/{contracts}.t.sol", "-vvvv"], os.path.join(ROOT, "chain/contracts"))
    found = {}
    for what, rest in EVENT.findall(out):
        numbers = dict(NUMBER.findall(rest))
        gas = int(numbers.get("standard") or numbers["gas"])
        found[what] = (max(gas, int(numbers["floor"])), int(numbers["floor"]))
    if not found:
        fail(f"no measurement in the output of forge test --match-path test/{contracts}.t.sol")
    return found


def rounded(gas):
    return f"{(gas + 50) // 100 * 100:,}"


def moves_table(games):
    lines = ["| move | by | ordinary | calldata | largest | calldata |", "| --- | --- | --- | --- | --- | --- |"]
    kinds = []
    for moves in games.values():
        for move in moves:
            if move[0] not in kinds:
                kinds.append(move[0])
    for kind in kinds:
        sides, cells = "", []
        for name in ("ordinary", "largest"):
            mine = [m for m in games[name] if m[0] == kind]
            sides = mine[0][1] if mine else sides
            cells.append(", ".join(rounded(m[2]) for m in mine))
            cells.append(", ".join(f"{m[3]:,}" for m in mine))
        lines.append(f"| `{kind}` | {sides} | " + " | ".join(cells) + " |")
    total = [sum(m[2] for m in games[name]) for name in ("ordinary", "largest")]
    count = [len(games[name]) for name in ("ordinary", "largest")]
    lines.append(f"| all | both | {rounded(total[0])} | {count[0]} transactions | {rounded(total[1])} | {count[1]} transactions |")
    return lines


def calls_table(found):
    lines = ["| call | gas | floor |", "| --- | --- | --- |"]
    return lines + [f"| {name} | {rounded(gas)} | {rounded(floor)} |" for name, (gas, floor) in found.items()]


def write_tables(tables):
    with open(DOC, encoding="utf-8") as file:
        text = file.read()
    for name, lines in tables.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            fail(f"{DOC} has no place for the table {name}: it needs the lines {begin.strip()} and {end}")
        head, rest = text.split(begin)
        text = head + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1]
    with open(DOC, "w", encoding="utf-8") as file:
        file.write(text)


def measure_games(build, result, tables):
    games = {name: play(build, name, False) for name in FIXTURE}
    signed = {name: play(build, name, True) for name in FIXTURE}
    for name, moves in games.items():
        result[name + "_total"] = sum(m[2] for m in moves)
        result[name + "_txs"] = len(moves)
    result["max_move"] = max(m[2] for moves in games.values() for m in moves[:-1])
    result["step"] = max(moves[-1][2] for moves in games.values())
    result["signed_path"] = sum(m[2] for m in signed["ordinary"])
    result["signed_path_largest"] = sum(m[2] for m in signed["largest"])
    tables["games"] = moves_table(games)
    tables["signed games"] = moves_table(signed)


def measure_calls(result, tables):
    claims = events("ClaimsGas")
    steps = events("WorstStep")
    # The names are the tests' own; one that is missing here fails as a key.
    result["post_claim"] = claims["post, 32 bytes of input and of output"][0]
    result["post_batch_root"] = claims["postRoot"][0]
    result["per_leaf_in_calldata"] = -(-claims[LEAVES][0] // 256)
    result["step3"] = steps[STEP3][0]
    tables["claims and batches"] = calls_table(claims)
    tables["last steps"] = calls_table(steps)


LEAVES = "postLeaves of 256"
STEP3 = "step3"


def main():
    parser = argparse.ArgumentParser(description="measures gas", allow_abbrev=False)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--only", choices=["games", "calls"], help="measures one half, and writes no gas.json")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    os.makedirs(os.path.join(build, "gas"), exist_ok=True)
    result, tables = {}, {}
    if options.only != "calls":
        measure_games(build, result, tables)
    if options.only != "games":
        measure_calls(result, tables)
    write_tables(tables)
    if not options.only:
        with open(os.path.join(build, "gas.json"), "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
    above = []
    for key, value in result.items():
        print(f"{key:22} {value:>9,}  at most {CEILINGS[key]:>9,}")
        if value > CEILINGS[key]:
            above.append(key)
    if above:
        fail(f"above the ceiling: {', '.join(above)}")


if __name__ == "__main__":
    main()
