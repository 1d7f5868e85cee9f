#!/usr/bin/python3
"""How far a development chain's clock may be moved on without taking anybody's time: by what a node's database says.

    clock.py GAINSAY DB NOW_S COUNT [CLAIM...]     prints seconds, or nothing as long as something is still to be done

The clock is moved to the next time at which something ends, once COUNT claims are known and each is at rest: settled, or found right, or not
looked at, with no game, no demand and no audit that is open. Of the CLAIMs named nobody defends: they are at rest, too, when their claimant
is to move, to answer a demand, or an audit. So the windows of a test may be as long as the slowest machine needs, and no test waits for them.

report_s=SECONDS in the environment: the node attests; a claim is at rest once it has, and when the claim is final and that is reported, the time
for reports is over so much later."""
import json
import os
import subprocess
import sys

CLAIMANTS = {"commit", "reveal", "states"}  # phases in which the claimant is to move
REPORT_S = int(os.environ.get("report_s", 0))
MARGIN_S = 2                                # behind a deadline, by which a window is over on every reading of the rules


def told(gainsay, what, db):
    run = subprocess.run([gainsay, what, "--db", db, "--json"], capture_output=True, text=True, check=False)
    return json.loads(run.stdout) if run.returncode == 0 else []


def ends(claim, games, silent, now):
    """When what is open about a claim ends without anybody's doing; None: it does not."""
    mine = [a for a in claim["attestations"] if float(a["stake"])]
    if claim["status"] == "final" and mine and REPORT_S:
        return [now + REPORT_S] if all(a["reported"] for a in mine) else None
    if claim["status"] != "open":
        return []
    if REPORT_S and not mine:
        return None
    if claim["open_games"]:
        return [g["deadline"] for g in games] if silent and games and all(g["phase"] in CLAIMANTS for g in games) else None
    if "demand_deadline" in claim:
        return [claim["demand_deadline"]] if silent else None
    if "audit_deadline" in claim and not claim["audited"]:
        return [claim["audit_deadline"]] if silent else None
    verdict = claim.get("verdict", "")
    if verdict == "invalid" or (claim["sampled"] and not verdict):
        return None
    return [claim["window_end"]]


def main():
    gainsay, db, now, count, silent = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:]
    claims, games = told(gainsay, "claims", db), told(gainsay, "games", db)
    if len(claims) < count:
        return
    times = []
    for claim in claims:
        on = [g for g in games if g["claim_id"] == claim["claim_id"] and g["outcome"] == "open"]
        found = ends(claim, on, claim["claim_id"] in silent, now)
        if found is None:
            return
        times += found
    later = [t for t in times if t >= now]
    if later:
        print(min(later) + MARGIN_S - now)


if __name__ == "__main__":
    main()
