#!/usr/bin/python3
"""Tells how the demo went.

    summary.py DIR before     writes DIR/before.json: what everybody has before the first claim
    summary.py DIR news       what happened since the last time; exit status 0 when everything is settled, else 3
    summary.py DIR tell       draws the summary and writes DIR/summary.json; exit status 0 when the demo shows what it should

DIR holds what run.sh wrote there: chain.json, parties.json, plan.jsonl (what was posted), verdicts.json (of the validator's
database), evidence.json (what evidence.py found), right/IMAGE/ (the model, executed).
"""
import json
import os
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
from chain import Chain, ChainError  # noqa: E402
from draw import draw, paint  # noqa: E402
from packed import state_of  # noqa: E402
from story import CHALLENGER_WON, CLAIMANT_WON, Story, stakes_of  # noqa: E402

CAUGHT_MIN = 4
INPUTS = pathlib.Path(__file__).resolve().parent / "inputs"


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def npy(path):
    """The values of a version 1 .npy file of little-endian f32."""
    data = path.read_bytes()
    values = data[10 + int.from_bytes(data[8:10], "little"):]
    return list(struct.unpack(f"<{len(values) // 4}f", values))


def truth_of(folder):
    """By image: what executing the model on it gives."""
    out = {}
    for path in sorted((folder / "right").iterdir()):
        answer = load(path / "infer.json")
        out[path.name] = {key: answer[key] for key in ("modelId", "inputRoot", "outputRoot")}
        out[path.name]["scores"] = npy(path / "output_0.npy")
    return out


def news(folder, chain):
    """Prints what was not told yet: disputes that began or ended. Cheap enough to ask for every second."""
    name = {p["address"].lower(): p["name"] for p in load(folder / "parties.json")}
    told_file = folder / "told"
    told = int(told_file.read_text(encoding="ascii")) if told_file.exists() else 0
    events = chain.logs(["Claims", "Disputes"])
    claim, game, count = {}, {}, {}
    for number, event in enumerate(events):
        kind = event["event"]
        count[kind] = count.get(kind, 0) + 1
        line = None
        if kind == "Posted":
            claim[event["claimId"]] = (len(claim), name[event["claimant"]])
        elif kind == "Opened":
            key = event["claimId"], state_of(event["a"], 0)["ordinal"]
            game[key] = (len(game) + 1, name[event["challenger"]])
            line = "dispute {}: {} challenges claim {} of {}".format(*game[key], *claim[event["claimId"]])
        elif kind == "GameOver":
            dispute, challenger = game[event["claimId"], event["ordinal"]]
            winner = {CHALLENGER_WON: challenger, CLAIMANT_WON: claim[event["claimId"]][1]}.get(event["outcome"], "nobody")
            line = f"dispute {dispute}: {winner} wins"
        if line and number >= told:
            print(line)
    told_file.write_text(str(len(events)), encoding="ascii")
    posted, final, invalid = (count.get(kind, 0) for kind in ("Posted", "Finalized", "Invalidated"))
    settled = posted == final + invalid and len(game) == count.get("GameOver", 0)
    if settled:
        print(f"{posted} claims are settled: {final} final, {invalid} invalid")
    return 0 if settled else 3


def tell(folder, chain):
    plan = [json.loads(line) for line in (folder / "plan.jsonl").read_text(encoding="utf-8").splitlines()]
    verdicts = {v["claim_id"]: v for v in load(folder / "verdicts.json")}
    story = Story(chain, load(folder / "parties.json"), load(folder / "before.json"), plan, truth_of(folder), verdicts)
    posted = [t["time"] for t in story.txs if t["contract"] == "Claims"]
    numbers = story.numbers()
    images = {p["image"]: npy(INPUTS / f"{p['image']}.npy") for p in plan}
    draw(story, numbers, images, story.txs[-1]["time"] - posted[0])
    (folder / "summary.json").write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    here = os.path.relpath(folder)
    evidence = load(folder / "evidence.json")
    example = next((c["id"][:12] for c in story.claims if c["games"]), "ID")
    print(f"\n  The same numbers: {here}/summary.json; what every process did: {here}/*.log"
          f"\n  What the validator stored: build/gainsay claims --db {here}/validator.db"
          f"\n                             build/gainsay show {example} --db {here}/validator.db"
          f"\n  Evidence of each claim, {evidence['holds']} of {evidence['files']} files hold without the chain: build/gainsay verify {here}/evidence/02.evidence\n", flush=True)
    failures = []
    if not numbers["caught"] == numbers["wrong_sampled"] >= CAUGHT_MIN:
        failures.append(f"{numbers['caught']} caught of {numbers['wrong_sampled']} wrong claims that were sampled; at least {CAUGHT_MIN} and all must be")
    if numbers["honest_losses"]:
        failures.append(f"honest parties lost {numbers['honest_losses']} of bond or stake; they must lose nothing")
    claims, games = story.unsettled()
    if claims or games:
        failures.append(f"{len(claims)} claims and {len(games)} disputes are not settled")
    for text in failures:
        print(paint(f"demo: {text}", "red"), file=sys.stderr)
    return 1 if failures else 0


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ("before", "news", "tell"):
        sys.exit(__doc__)
    sys.stdout.reconfigure(encoding="utf-8")
    folder, what = pathlib.Path(sys.argv[1]), sys.argv[2]
    where = load(folder / "chain.json")
    chain = Chain(where["url"], where["deployment"])
    if what == "before":
        before = stakes_of(chain, load(folder / "parties.json"))
        before["block"] = int(chain.call("eth_blockNumber"), 16)
        (folder / "before.json").write_text(json.dumps(before, indent=1) + "\n", encoding="utf-8")
        return 0
    return news(folder, chain) if what == "news" else tell(folder, chain)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ChainError, KeyError, ValueError) as error:
        sys.exit(f"demo: the summary could not be made: {type(error).__name__}: {error}")
