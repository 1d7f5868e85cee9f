#!/usr/bin/python3
"""Writes the evidence of every claim of the demo, and checks each file as somebody who has nothing else would.

    evidence.py GAINSAY DIR   DIR/evidence/NUMBER.evidence, and DIR/evidence.json: what was found; exit status 0 when every file holds

DIR holds what run.sh wrote there: chain.json, deployment.json, plan.jsonl, validator.db, models. The chain must still run.
"""
import json
import pathlib
import subprocess
import sys

SECONDS_MAX = 60 # one command on one claim


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    gainsay, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    url = json.loads((folder / "chain.json").read_text(encoding="utf-8"))["url"]
    plan = [json.loads(line) for line in (folder / "plan.jsonl").read_text(encoding="utf-8").splitlines()]
    (folder / "evidence").mkdir()
    deployment = ("--deployment", str(folder / "deployment.json"))
    found = {"files": len(plan), "bytes": 0, "holds": 0, "parts": {"holds": 0, "unchecked": 0, "fails": 0}}
    failures = []
    for number, claim in enumerate(plan, 1):
        file = folder / "evidence" / f"{number:02}.evidence"
        made = run(gainsay, "evidence", "export", claim["claim_id"], "--db", str(folder / "validator.db"), *deployment, "--rpc", url, "--out", str(file))
        if made.returncode:
            failures.append(f"claim {number}: {made.stderr.strip()}")
            continue
        found["bytes"] += file.stat().st_size
        checked = run(gainsay, "verify", str(file), *deployment, "--models", str(folder / "models"), "--json")
        if checked.returncode:
            failures.append(f"claim {number}: {checked.stderr.strip()}")
            continue
        found["holds"] += 1
        for part in json.loads(checked.stdout)["parts"]:
            found["parts"][part["finding"]] += 1
    (folder / "evidence.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for text in failures:
        print(text, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, KeyError, ValueError, subprocess.TimeoutExpired) as error:
        sys.exit(f"demo: the evidence could not be written: {type(error).__name__}: {error}")
