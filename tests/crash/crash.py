#!/usr/bin/python3
"""The node that is killed at any moment: kills at points and instants (play.py), losses of power (power.py), and what came of them.

    crash.py BUILD [--step N] [--random N] [--images N] [--seed N] [--jobs N] [--seconds S] [--json FILE] [--keep]

A run without a kill comes first: it counts the points at which each honest node can die, before and after every write, sync and commit of its
database and every send, tells which moves there are, and is recorded for the losses of power. Then, for every N-th point (--step), a run in which both nodes die there, and
once more a little after they were started again. Then longer runs with more disputes whose nodes are killed at random instants, until there were --random such kills.
At last --images files that a loss of power may leave are opened (power.py). What is seen goes into the JSON file."""
import argparse
import asyncio
import collections
import itertools
import json
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import play  # noqa: E402
import power  # noqa: E402
from play import HONEST, Wrong, devnet  # noqa: E402

AGAIN_POINTS = 150       # the second kill is at most that many points after a start
LONG_PAIRS = 3           # of claims, in runs that are killed at random instants
INSTANTS = 12            # kills of a node in one of them
FAILURES_MAX = 20        # then it is no use to go on
TRANSACTIONS = 5         # of a node in the short run, at least
FORGETFUL_TRIES = 20
INSTANT_S = (0.02, 1.2)  # after a start
# What an oracle says, and as what it counts.
KINDS = (("was made twice", "duplicated"), ("reverted", "late"), ("a clock was lost", "late"), ("ended otherwise", "honest_losses"),
         ("was slashed", "honest_losses"), ("with the contracts", "honest_losses"), ("moves are missing", "lost"), ("moves that", "duplicated"))


class Campaign:
    def __init__(self, options, folder):
        self.options, self.folder, self.build = options, folder, options.build.resolve()
        self.tools = devnet.Tools(self.build, folder / "tools")
        self.short, self.long = play.Script(self.tools, folder / "short", 1), play.Script(self.tools, folder / "long", LONG_PAIRS)
        self.reference = {}
        self.out = collections.Counter(runs=0, kills=0, lost=0, duplicated=0, late=0, honest_losses=0, other=0)
        self.kinds, self.failures = collections.Counter(), []
        self.end, self.whole = time.monotonic() + options.seconds, False

    # --- one run ---

    async def run(self, script, fates, told, keep=None):
        folder = keep or pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=self.folder))
        why, run = None, None
        try:
            async with script.anvil() as anvil:
                run = play.Play(devnet.World(script, anvil), script, folder, fates, self.build, log=keep is not None)
                await run.play()
            self.compare(script, run.moves)
        except Wrong as error:
            why = str(error)
        except Exception:  # what breaks the test itself is a failure, too
            why = traceback.format_exc()
        met = run.kills() if run else collections.Counter()
        self.out["runs"] += 1
        self.out["kills"] += sum(met.values())
        self.kinds.update(met)
        if self.out["runs"] % 50 == 0:
            self.say("so far", True)
        if why:
            self.out[next((kind for words, kind in KINDS if words in why), "other")] += 1
            self.failures.append(f"{told}: {why}")
            print(f"FAIL {told}: {why}\n     {folder}", flush=True)
        elif not keep and not self.options.keep:
            shutil.rmtree(folder)
        return run

    def compare(self, script, moves):
        want = self.reference.setdefault(script, moves)
        missing, more = want - moves, moves - want
        if missing:
            raise Wrong(f"moves are missing: {[m[:120] for m in missing]}")
        if more:
            raise Wrong(f"moves that no run without a kill has: {[m[:120] for m in more]}")

    # --- all of them ---

    async def all(self, jobs):
        """Runs them side by side; False when time was up before the last had begun."""
        left = []

        async def worker():
            for job in jobs:
                if time.monotonic() >= self.end:
                    left.append(job)
                    return
                await self.run(*job)
        await asyncio.gather(*(worker() for _ in range(self.options.jobs)))
        return not left

    def at_points(self, counts):
        """For each point a run; both nodes die at it, and again soon."""
        rng = random.Random(f"points {self.options.seed}")
        for n in range(1 + rng.randrange(self.options.step), max(counts.values()) + 1, self.options.step):
            fates = {name: [("point", n), ("point", 1 + rng.randrange(AGAIN_POINTS))] for name, count in counts.items() if n <= count}
            yield self.short, fates, f"point {n}"

    def at_transactions(self):
        for n in range(1, TRANSACTIONS + 1):
            for sign in (1, -1):
                yield self.short, {name: [("sent", sign * n), ("sent", sign)] for name in HONEST.values()}, f"transaction {sign * n}"

    async def forgetful(self):
        """Nodes that lose their databases when they are killed with a transaction under way: an oracle must object, soon or late."""
        for i in range(FORGETFUL_TRIES):
            fates = {name: [("sent", 1 + i % 2), ("sent", 1), ("sent", 1)] for name in HONEST.values()}
            folder = pathlib.Path(tempfile.mkdtemp(prefix="forgetful-", dir=self.folder))
            async with self.short.anvil() as anvil:
                run = play.Play(devnet.World(self.short, anvil), self.short, folder, fates, self.build, forgets=True)
                try:
                    await run.play()
                    self.compare(self.short, run.moves)
                except Wrong as error:
                    print(f"planted, found at try {i + 1}: {error}", flush=True)
                    return
                finally:
                    shutil.rmtree(folder)
        self.failures.append("nodes that forget what they signed were not found out")

    def at_instants(self):
        for i in itertools.count():
            if self.kinds["at an instant"] >= self.options.random or len(self.failures) > FAILURES_MAX:
                return
            rng = random.Random(f"instants {self.options.seed} {i}")
            fates = {name: [("instant", rng.uniform(*INSTANT_S)) for _ in range(INSTANTS)] for name in HONEST.values()}
            yield self.long, fates, f"instants {i}"

    async def go(self):
        for number in (signal.SIGTERM, signal.SIGINT):  # leaves no process behind
            asyncio.get_running_loop().add_signal_handler(number, asyncio.current_task().cancel)
        self.tools.prepare()
        await self.short.build()
        recorded = self.folder / "recorded"
        recorded.mkdir()
        first = await self.run(self.short, {}, "without a kill", recorded)
        if self.failures:
            return
        counts = first.tallies
        print(f"points: {', '.join(f'{n} of the {name}' for name, n in counts.items())}; {sum(first.moves.values())} moves", flush=True)
        await self.forgetful()
        whole = await self.all(itertools.chain(self.at_transactions(), self.at_points(counts)))
        self.say("at points", whole)
        if self.options.random:
            await self.long.build()
            await self.run(self.long, {}, "long, without a kill")
            whole = await self.all(self.at_instants()) and whole
            self.say("and at instants", whole)
        self.whole = whole
        if self.options.images:
            images = power.Images(self.tools.gainsay, self.folder, random.Random(f"power {self.options.seed}"))
            if not power.Images(self.tools.gainsay, self.folder, random.Random("planted"), forgets=True).object(recorded):
                self.failures.append("a disk that forgets what was synced was not found out")
            for name in HONEST.values():
                images.examine(name, recorded / f"{name}.disk", recorded / name / "data.mdb", self.options.images // len(HONEST), self.options.jobs)
            self.failures += images.wrong
            self.out.update(images.counts)
            print(f"power: {dict(images.counts)}", flush=True)

    def say(self, what, whole):
        print(f"{what}: {self.out['kills']} kills in {self.out['runs']} runs, {len(self.failures)} failures"
              f"{'' if whole else ', and time was up'}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--random", type=int, default=1000)
    parser.add_argument("--images", type=int, default=20000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begins no run after so long")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    base = options.build.resolve() / "crash"  # on a real disk
    base.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="campaign-", dir=base))
    campaign, start = Campaign(options, folder), time.monotonic()
    try:
        asyncio.run(campaign.go())
    except asyncio.CancelledError:
        sys.exit(130)
    finally:
        if not campaign.failures and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    told = {**campaign.out, "points": dict(sorted(campaign.kinds.items())), "failures": campaign.failures, "whole": campaign.whole, "seed": options.seed,
            "step": options.step, "seconds": round(time.monotonic() - start)}
    path = options.json or options.build / "crash.json"
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    for line in campaign.failures:
        print(f"FAIL {line}")
    passed = campaign.out["runs"] + campaign.out["images"] - len(campaign.failures)
    print(f"{json.dumps(campaign.out)}; {path}")
    print(f"{passed} passed, {len(campaign.failures)} failed")
    sys.exit(bool(campaign.failures) or passed <= 0)


if __name__ == "__main__":
    main()
