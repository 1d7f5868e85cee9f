#!/usr/bin/python3
"""Random schedules of faults and reorganisations over live disputes, with oracles over what came of them.

    schedules.py BUILD [--seeds FIRST:COUNT | --seed N...] [--failures FILE] [--jobs N] [--reorgs N] [--keep]

A seed stands for claims, disputes, faults at the endpoints of both honest nodes, reorganisations, and nodes that are killed. A
validator and a claimant behind proxies (proxy.py) play against a liar and an attacker on anvil, whose clock is driven: a dispute takes
a second or two. At the end:

  * the honest have lost nothing of their stake but the fees of their claims, the validator has a prize, and nothing is locked;
  * every wrong claim is invalid and every right one final, by games that were played to the step: no clock was lost;
  * every transaction of an honest node in the final chain succeeded, but for `finalize`, which is everybody's, and after a
    reorganisation, when a move may come before what it answers; and no move was made twice (transfers of nothing to oneself, by which
    transactions are cancelled and gaps of nonces filled, are no moves);
  * no node ended by itself, but at its start, which is tried again as a supervisor would;
  * what both nodes have stored of the chain is what a node finds that sees only the final chain.

--reorgs N: reorganisations alone, N in each schedule. --failures FILE: also the seeds in there, "N" or "N reorgs" a line.
"""
import argparse
import asyncio
import json
import os
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
import devnet  # noqa: E402
import faults  # noqa: E402
import proxy  # noqa: E402

CLAIMANT, VALIDATOR, LIAR, ATTACKER, ONLOOKER = 1, 2, 3, 4, 5
HONEST = {CLAIMANT: "claimant", VALIDATOR: "validator"}
PACE_S = 0.04            # between two blocks, each a second of the chain's time
SLOW_BLOCKS_MAX = 400    # of the slow ones, until everything must be settled: a patience that is longer where the machine is slower
CATCH_UP_S = 90          # and both honest nodes be at the last block
STARTS_MAX = 100         # of one node
HASTE_S, SLOW_PACE_S = 15, 0.5  # then blocks come slower, so that a node which has learnt to ask little can follow
REORG_MAX = 30           # blocks
ENVIRONMENT = {"GAINSAY_INTERVALS_RPC_TIMEOUT_MS": "700", "GAINSAY_INTERVALS_RESEND_S": "20"}
# Under reorganisations alone nothing gets lost otherwise: what they drop must be sent again because of them.
REORGS_ONLY = {"GAINSAY_INTERVALS_RESEND_S": "3600"}
CLAIMANT_WON, CHALLENGER_WON, CLOSED = 2, 3, 4
TIMEOUT, CONCESSION = 2, 3


class Wrong(Exception):
    """An oracle objects."""


class Plan:
    """What a seed stands for."""

    def __init__(self, seed, tools, reorgs_only=0, endpoints=0, planted=False):
        self.rng = rng = random.Random(f"{seed} {reorgs_only} {endpoints}")
        self.endpoints = endpoints = endpoints or rng.choice((1, 3))
        self.seed, self.reorgs_only = seed, reorgs_only
        images = rng.sample(tools.images, 3)
        self.wrong = rng.choice(("outputs", "weight", None)) if not reorgs_only else rng.choice(("outputs", "weight"))
        self.attacked = self.wrong is None or rng.random() < 0.4
        self.image, self.wrong_image, self.other_image = images
        self.transport = {p: rng.choice((faults.HTTP, faults.WS)) for p in HONEST}
        # Lies only where the others outvote them.
        self.liar = {p: rng.randrange(endpoints) if endpoints > 2 else None for p in HONEST}
        self.faults = {} if reorgs_only else {p: faults.draw(rng, endpoints, self.transport[p], rng.randint(2, 16),
                                                             rng.choice((60, 150, 400)), self.liar[p]) for p in HONEST}
        count = reorgs_only or rng.choice((0, 0, 0, 1, 2))
        # (blocks after the start, depth, what becomes of the transactions)
        self.reorgs = sorted((rng.randint(3, 90), rng.randint(1, REORG_MAX), rng.choice(("drop", "keep", "order")))
                             for _ in range(count))
        # (seconds of ours after the start, who)
        self.kills = sorted((rng.uniform(0.3, 4), rng.choice(tuple(HONEST))) for _ in range(rng.choice((0, 0, 0, 1, 2))))
        if reorgs_only:
            self.kills = []
        if planted:  # what no node can withstand: its only endpoint adds to the logs
            self.kills, self.reorgs, self.wrong = [], [], "outputs"
            self.faults = {VALIDATOR: [faults.Fault("log_add", 0, 10000, lasts=True)]}

    def lines(self):
        yield json.dumps({"seed": self.seed, "wrong": self.wrong, "attacked": self.attacked,
                          "transport": self.transport, "liar": self.liar, "reorgs": self.reorgs, "kills": self.kills})
        for party, schedule in self.faults.items():
            for fault in schedule:
                yield f"{HONEST[party]} {fault.line()}"


class Node:
    """A process that is started again when it does not get past its start, and when the schedule kills it."""

    def __init__(self, name, command, folder, environment=()):
        self.name, self.command, self.log = name, command, folder / f"{name}.log"
        self.variables = {**os.environ, **ENVIRONMENT, **dict(environment)}
        self.process, self.starts, self.killed, self.problem, self.task, self.before = None, 0, 0, None, None, 0

    def start(self):
        self.task = asyncio.create_task(self.supervise())

    async def supervise(self):
        while True:
            self.before = self.log.stat().st_size if self.log.exists() else 0
            with open(self.log, "ab") as log:
                self.process = await asyncio.create_subprocess_exec(*self.command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                                                                    env=self.variables)
            self.starts += 1
            killed = self.killed
            code = await self.process.wait()
            said = self.log.read_bytes()[self.before:]
            if self.killed > killed:
                continue
            if code != 1 or b"node.started" in said or self.starts > STARTS_MAX:
                self.problem = f"{self.name} ended with status {code}"
                return
            await asyncio.sleep(0.1)

    def is_up(self):
        """Whether it is past its start: it has said so since its process began."""
        return self.log.exists() and b"node.started" in self.log.read_bytes()[self.before:]

    def kill(self):
        if self.process and self.process.returncode is None:
            self.killed += 1
            self.before = self.log.stat().st_size if self.log.exists() else 0
            devnet.kill(self.process)

    async def stop(self, orderly=True):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        if self.process and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM if orderly else signal.SIGKILL)
            code = await asyncio.wait_for(self.process.wait(), 20)
            if orderly and code:
                raise Wrong(f"{self.name} ends with status {code} when it is asked to end")


class Run:
    def __init__(self, world, plan, folder):
        self.world, self.plan, self.folder = world, plan, folder
        self.nodes, self.endpoints, self.side = {}, {}, []
        self.right, self.bad, self.base, self.window_end = [], [], 0, 0
        self.before, self.reorged, self.late, self.proxy_log = {}, 0, 0, None

    # --- the beginning ---

    async def prepare(self):
        plan, world, tools = self.plan, self.world, self.world.tools
        self.before = {p: world.stake(p) for p in HONEST}
        world.start_mining(devnet.SETUP_PACE_S)
        self.right.append(await world.post(CLAIMANT, plan.image))
        if plan.wrong == "outputs":
            self.bad.append(await world.post(LIAR, plan.wrong_image, tools.output(plan.other_image)))
        elif plan.wrong == "weight":
            self.bad.append(await world.post(LIAR, plan.wrong_image, tools.output(plan.wrong_image, wrong=True)))
        await world.stop_mining()
        self.base, self.window_end = await world.number(), world.clock + devnet.WINDOW_S

    async def start(self):
        plan, world, tools = self.plan, self.world, self.world.tools
        self.proxy_log = open(self.folder / "proxy.log", "a", encoding="utf-8")
        for party, name in HONEST.items():
            self.endpoints[party] = [proxy.Endpoint(world.anvil.url, [f for f in plan.faults.get(party, []) if f.endpoint == i],
                                                    world.fork and world.fork.anvil.url, f"{name} {i}", self.proxy_log)
                                     for i in range(plan.endpoints)]
            for endpoint in self.endpoints[party]:
                await endpoint.listen()
        common = ("--models", tools.models, "--poll-ms", "25")

        def node(party, name, *words):
            rpc = ",".join(e.url(self.plan.transport[party]) for e in self.endpoints[party]) if party in self.endpoints else None
            self.nodes[name] = Node(name, world.command(party, words[0], "--db", self.folder / name, *common, *words[1:], rpc=rpc), self.folder,
                                    REORGS_ONLY if self.plan.reorgs_only else {})
            self.nodes[name].start()

        node(CLAIMANT, "claimant", "defend")
        node(VALIDATOR, "validator", "run", "--rate", "1")
        if plan.wrong:
            node(LIAR, "liar", "defend", "--adversary", "outputs" if plan.wrong == "outputs" else tools.wrong)
        if plan.attacked:
            node(ATTACKER, "attacker", "run", "--rate", "1", "--adversary", tools.attack)
        self.side.append(asyncio.create_task(self.kill_some()))

    async def kill_some(self):
        start = time.monotonic()
        for when, party in self.plan.kills:
            await asyncio.sleep(max(0, start + when - time.monotonic()))
            self.nodes[HONEST[party]].kill()

    # --- the middle: blocks, reorganisations ---

    async def settle(self):
        """Mines until everything is settled on chain, and jumps over the window once nothing is left to be played."""
        world, start, due = self.world, time.monotonic(), list(self.plan.reorgs)
        mined, slow, jumped = 0, 0, False
        while slow < SLOW_BLOCKS_MAX:
            await world.mine()
            mined += 1
            if due and mined >= due[0][0]:
                await self.reorganise(*due.pop(0)[1:])
            self.objections()
            haste = time.monotonic() - start < HASTE_S
            slow += not haste
            if (mined % 5 == 0 or not haste) and not due:
                events = self.events()
                if not jumped and self.all_played(events):
                    await world.mine(max(1, self.window_end + 1 - world.clock))
                    jumped = True
                elif jumped and self.all_settled(events):
                    return
            await asyncio.sleep(PACE_S if haste else SLOW_PACE_S)
        raise Wrong(f"not settled after {mined} blocks and {time.monotonic() - start:.0f} s")

    def objections(self):
        for node in self.nodes.values():
            if node.problem:
                raise Wrong(node.problem)
            if node.task.done():
                node.task.result()

    def events(self):
        return self.world.chain.logs(["Claims", "Disputes"])

    def all_played(self, events):
        over = {e["claimId"] for e in events if e["event"] == "GameOver"}
        invalid = {e["claimId"] for e in events if e["event"] == "Invalidated"}
        return set(self.bad) <= invalid and (not self.plan.attacked or set(self.right) <= over)

    def all_settled(self, events):
        final = {e["claimId"] for e in events if e["event"] == "Finalized"}
        opened = sum(e["event"] == "Opened" for e in events)
        over = sum(e["event"] == "GameOver" for e in events)
        return set(self.right) <= final and opened == over and all(self.world.stake(p)[1] == self.before[p][1] for p in HONEST)

    async def reorganise(self, depth, manner):
        world = self.world
        top = await world.number()
        depth = min(depth, top - self.base)  # the claims stay
        raws = []
        for number in range(top - depth + 1, top + 1):
            block = await world.call("eth_getBlockByNumber", hex(number), False)
            raws += [(await world.call("eth_getRawTransactionByHash", h), number - (top - depth + 1)) for h in block["transactions"]]
        if manner == "drop":
            again = []
        elif manner == "keep":  # the same transactions in the same blocks, which have other hashes
            again = [[raw, at] for raw, at in raws]
        else:  # a sender's own order stays, because of nonces; the last of them vanish now and then
            raws = raws[:self.plan.rng.randint(0, len(raws))]
            places = sorted(self.plan.rng.randrange(depth) for _ in raws)
            again = [[raw, at] for (raw, _), at in zip(raws, places)]
        try:
            await world.call("anvil_reorg", depth, again)
        except RuntimeError:  # one that cannot stand there: none of them
            await world.call("anvil_reorg", depth, [])
        self.reorged += 1

    # --- the end ---

    async def catch_up(self):
        """Both honest nodes have the last block; then they are asked to end."""
        await self.end_of_side()
        for endpoint in sum(self.endpoints.values(), []):
            endpoint.faults.clear()
        newest = await self.world.call("eth_getBlockByNumber", "latest", False)
        want = f"head {int(newest['number'], 16)} {newest['hash'][2:]}"
        deadline = time.monotonic() + CATCH_UP_S
        left = set(HONEST.values())
        while left:
            self.objections()
            left = {name for name in left if not self.nodes[name].is_up() or (await self.dump(name))[:1] != [want]}
            if left and time.monotonic() > deadline:
                raise Wrong(f"{' and '.join(sorted(left))} did not reach {want}")
            await asyncio.sleep(PACE_S)
        for name in HONEST.values():
            await self.nodes[name].stop()

    async def dump(self, name):
        process = await asyncio.create_subprocess_exec(str(self.world.tools.dump), str(self.folder / name), stdout=asyncio.subprocess.PIPE,
                                                       stderr=asyncio.subprocess.PIPE)
        out, err = await process.communicate()
        if process.returncode:
            raise Wrong(f"the database of {name}: {err.decode().strip()}")
        return out.decode().splitlines()

    async def compare(self):
        """The onlooker sees the final chain alone."""
        claims = len(self.right) + len(self.bad)
        command = self.world.command(ONLOOKER, "run", "--db", self.folder / "onlooker", "--models", self.world.tools.models, "--rate", "0",
                                     "--poll-ms", "20", "--until-claims", claims, "--until-seconds", "60")
        with open(self.folder / "onlooker.log", "ab") as log:
            process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log)
            if await process.wait():
                raise Wrong("a fresh node does not find everything settled")
        fresh = await self.dump("onlooker")
        for name in HONEST.values():
            found = await self.dump(name)
            if found != fresh:
                more, less = sorted(set(found) - set(fresh)), sorted(set(fresh) - set(found))
                raise Wrong(f"{name} has stored another state than a fresh node: {more[:3]} instead of {less[:3]}")

    def judge(self):
        world = self.world
        events = self.events()
        money = world.chain.logs(["Stakes"])
        fees = sum(e["amount"] for e in money if e["event"] == "Paid" and e["from"] == devnet.ADDRESSES[CLAIMANT]
                   and e["to"] == world.chain.address["Duties"])
        if any(e["event"] == "Slashed" and e["loser"] in [devnet.ADDRESSES[p] for p in HONEST] for e in money):
            raise Wrong("an honest party was slashed")
        least = {CLAIMANT: self.before[CLAIMANT][0] - fees, VALIDATOR: self.before[VALIDATOR][0] + bool(self.bad)}
        for party, name in HONEST.items():
            stake, _ = world.stake(party)
            if stake < least[party]:
                raise Wrong(f"{name} has {stake} with the contracts, {self.before[party][0]} before")
        opener = {(e["claimId"], i): e for i, e in enumerate(events) if e["event"] == "Opened"}
        for e in (e for e in events if e["event"] == "GameOver"):
            honest = e["challenger"] == devnet.ADDRESSES[VALIDATOR] and e["claimId"] in self.bad
            want = CHALLENGER_WON if honest else CLAIMANT_WON
            if e["outcome"] not in (want, CLOSED) or (e["reason"] == CONCESSION and not honest):
                raise Wrong(f"a game ended otherwise: {e}")
            if e["claimId"] in self.bad and e["reason"] == TIMEOUT and e["outcome"] == CLAIMANT_WON:
                raise Wrong(f"a clock was lost: {e}")
        if not opener and (self.bad or self.plan.attacked):
            raise Wrong("nobody played")
        self.judge_transactions()

    def judge_transactions(self):
        seen = set()
        for tx in self.world.chain.transactions():
            if tx["block"] <= self.base or tx["from"] not in [devnet.ADDRESSES[p] for p in HONEST]:
                continue
            if tx["contract"] is None:  # takes the place of one that is not wanted any more, or fills a gap of nonces
                if tx["to"] != tx["from"]:
                    raise Wrong(f"{tx['from']} sent something to {tx['to']}")
                continue
            call = (tx["from"], tx["contract"], tx["function"], repr(tx["arguments"]))
            # Both may finalise, and one is second. After a reorganisation a move that was signed may come before what it answers.
            if not tx["ok"] and (tx["function"] == "finalize" or self.reorged):
                self.late += 1
                continue
            if not tx["ok"]:
                raise Wrong(f"{tx['contract']}.{tx['function']} of {tx['from']} reverted in block {tx['block']}")
            if call in seen:
                raise Wrong(f"{tx['contract']}.{tx['function']} of {tx['from']} was made twice")
            seen.add(call)

    async def end_of_side(self):
        for task in self.side:
            task.cancel()
        await asyncio.gather(*self.side, return_exceptions=True)

    async def close(self):
        await self.end_of_side()
        for node in self.nodes.values():
            await node.stop(orderly=False)
        for endpoint in sum(self.endpoints.values(), []):
            await endpoint.close()
        if self.proxy_log:
            self.proxy_log.close()

    async def play(self):
        try:
            await self.prepare()
            await self.start()
            await self.settle()
            await self.catch_up()
            self.judge()
            await self.compare()
        finally:
            await self.close()

    def counts(self):
        fired = sum((e.fired for l in self.endpoints.values() for e in l), proxy.collections.Counter())
        return {"faults": sum(fired.values()), "kinds": fired, "reorgs": self.reorged, "kills": sum(n.killed for n in self.nodes.values()),
                "reverted": self.late, "requests": sum(e.requests for l in self.endpoints.values() for e in l)}


class Campaign:
    """All seeds, by several worlds side by side."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.tools = devnet.Tools(options.build.resolve(), folder / "tools")
        self.origin = devnet.Origin(self.tools, folder / "origin")
        self.todo = []  # (seed, reorganisations alone)
        self.passed, self.failed, self.totals = 0, [], proxy.collections.Counter()
        self.kinds, self.end = proxy.collections.Counter(), float("inf")

    async def worker(self):
        while self.todo and time.monotonic() < self.end:
            seed, reorgs = self.todo.pop(0)
            async with self.origin.anvil() as anvil, self.origin.anvil() as other:
                world = devnet.World(self.origin, anvil)
                if not self.options.planted:
                    world.fork = devnet.World(self.origin, other)
                    world.fork.start_mining(PACE_S)
                await self.one(world, seed, reorgs)
                if world.fork:
                    await world.fork.stop_mining()

    async def one(self, world, seed, reorgs):
        plan = Plan(seed, self.tools, reorgs, self.options.endpoints, self.options.planted)
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"seed-{seed}-", dir=self.folder))
        run, start = Run(world, plan, folder), time.monotonic()
        why = None
        try:
            await run.play()
        except Wrong as error:
            why = str(error)
        except Exception:  # what breaks the test itself is a failure of this seed, told with where it was
            why = traceback.format_exc()
        counts = run.counts()
        self.kinds.update(counts.pop("kinds"))
        self.totals.update(counts)
        seconds = time.monotonic() - start
        if self.options.planted:
            why = None if why and why.startswith("validator ") else f"the planted lie was not found: {why}"
        told = f"{counts['faults']} faults, {counts['reorgs']} reorganisations, {counts['kills']} kills"
        if why is None:
            self.passed += 1
            print(f"ok   seed {seed}: {told}; {seconds:.1f} s", flush=True)
            if not self.options.keep:
                shutil.rmtree(folder)
            return
        self.failed.append(seed)
        (folder / "plan").write_text("\n".join(plan.lines()) + "\n", encoding="utf-8")
        print(f"FAIL seed {seed}: {why} ({told}; {seconds:.1f} s)", flush=True)
        for name in list(HONEST.values()) if self.options.verbose else []:
            print(f"--- {name}")
            print("\n".join((folder / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()[-25:]))
        print(f"     its plan and logs: {folder}", flush=True)

    async def run(self):
        for number in (signal.SIGTERM, signal.SIGINT):  # leaves no process behind
            asyncio.get_running_loop().add_signal_handler(number, asyncio.current_task().cancel)
        self.tools.prepare()
        await self.origin.build()
        start = time.monotonic()
        self.end = start + self.options.seconds
        await asyncio.gather(*(self.worker() for _ in range(self.options.jobs)))
        fired = ", ".join(f"{k} {n}" for k, n in sorted(self.kinds.items()))
        print(f"faults met: {fired}")
        print(f"{self.totals['requests']} requests, {self.totals['faults']} faults, {self.totals['reorgs']} reorganisations, "
              f"{self.totals['kills']} kills; {self.totals['reverted']} transactions of the honest reverted; {time.monotonic() - start:.0f} s")


def read_failures(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            yield int(words[0]), int(words[1]) if len(words) > 1 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seeds", help="FIRST:COUNT, FIRST may be 'fresh'")
    parser.add_argument("--seed", type=int, nargs="*", default=[])
    parser.add_argument("--failures", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--reorgs", type=int, default=0)
    parser.add_argument("--endpoints", type=int, default=0, help="of each node, of three or more of which one lies; 0: the seed says")
    parser.add_argument("--planted", action="store_true", help="a node with one endpoint, which lies: the oracles must object")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begins no schedule after so long")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--print", action="store_true", help="only prints what the seeds stand for")
    options = parser.parse_args()
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # databases that nobody needs after a loss of power
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gainsay-hostile.", dir=base))
    campaign = Campaign(options, folder)
    if options.failures:
        campaign.todo += read_failures(options.failures)
    campaign.todo += [(s, options.reorgs) for s in options.seed]
    if options.seeds:
        first, _, count = options.seeds.partition(":")
        first = random.SystemRandom().randrange(1 << 31) if first == "fresh" else int(first)
        campaign.todo += [(first + i, options.reorgs) for i in range(int(count or 1))]
    if options.print:
        for seed, reorgs in campaign.todo:
            print("\n".join(Plan(seed, campaign.tools, reorgs, options.endpoints).lines()))
        folder.rmdir()
        return
    try:
        asyncio.run(campaign.run())
    except asyncio.CancelledError:
        sys.exit(130)
    finally:
        if not campaign.failed and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if campaign.failed:
        print(f"failed seeds: {' '.join(map(str, campaign.failed))}; one of them again: "
              f"tests/hostile/schedules.py {options.build} --seed N{f' --reorgs {options.reorgs}' if options.reorgs else ''}")
    print(f"{campaign.passed} passed, {len(campaign.failed)} failed")
    sys.exit(bool(campaign.failed) or not campaign.passed)


if __name__ == "__main__":
    main()
