"""A scripted run that a test of sudden death plays again and again: two disputes, or more, that always begin with the same state of the chain.

The claimant has posted right claims, which the attacker challenges; the liar has posted wrong ones, which the validator challenges. The two honest
nodes are the real program behind tests/crash/interpose.c, which kills them where their fates say. Nobody repairs anything: they are
started again with the same command, and must then start. At the end the oracles of tests/hostile/schedules.py look at money, games, transactions and
what is stored, `gainsay db check` at both databases, and the honest parties' moves must be those of a run without a kill."""
import asyncio
import collections
import gzip
import os
import pathlib
import shutil
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "hostile"))
import devnet  # noqa: E402
import schedules  # noqa: E402
from schedules import ATTACKER, CLAIMANT, HONEST, LIAR, VALIDATOR, Wrong  # noqa: E402

PACE_S = 0.04           # between two blocks, each a second of the chain's time, when a transaction waits for one
QUIET_PACE_S = 0.16     # when none does
FORGETFUL_PACE_S = 2.0  # with nodes that forget: what was signed before must still wait when it is signed again, or the chain tells of it
PATIENT_PACE_S = 0.4    # while an honest node is not past its start: the chain's clock runs faster than ours, a start does not
SETTLE_S = 900          # of ours
ENVIRONMENT = {"GAINSAY_INTERVALS_RPC_TIMEOUT_MS": "20000", "GAINSAY_INTERVALS_RESEND_S": "5"}
POINTS = {"w": "before a write of pages", "s": "before a sync", "c": "after a commit", "b": "before a send", "a": "after a send"}
KINDS = {"instant": "at an instant", "sent": "beside a transaction's send", "end": "when all was settled"}
ANYBODY = ("finalize", "record", "draw")  # calls that several may make and one is first with


HONEST_AT = {devnet.ADDRESSES[p]: name for p, name in HONEST.items()}


class Script(devnet.Origin):
    """The chain at the moment when both nodes start, with `pairs` of a right claim and a wrong one."""

    def __init__(self, tools, folder, pairs):
        super().__init__(tools, folder)
        self.pairs, self.right, self.bad, self.clock, self.base, self.before = pairs, [], [], 0, 0, {}

    async def build(self):
        await super().build()
        async with self.anvil() as anvil:
            world = devnet.World(self, anvil)
            self.before = {p: world.stake(p) for p in HONEST}
            world.start_mining(devnet.SETUP_PACE_S)
            images = self.tools.images
            for i in range(self.pairs):
                self.right.append(await world.post(CLAIMANT, images[2 * i % len(images)]))
                wrong = images[(2 * i + 1) % len(images)]
                self.bad.append(await world.post(LIAR, wrong, self.tools.output(wrong, wrong=True)))
            await world.stop_mining()
            self.clock, self.base = await world.time(), await world.number()
            packed = await world.call("anvil_dumpState")
            self.state.write_bytes(gzip.decompress(bytes.fromhex(packed[2:])))

    def anvil(self):
        # Its clock stands where the state was made, however long ago that is.
        more = ("--timestamp", str(self.clock)) if self.clock else ()
        return devnet.Anvil(self.tools.anvil, "--load-state", str(self.state), *more)


class Plan:
    """What tests/hostile/schedules.py wants to know: no faults, no reorganisations."""
    wrong, attacked, reorgs, kills, faults, endpoints, transport, liar = "weight", True, [], [], {}, 0, {}, {}


class Mortal(schedules.Node):
    """A node with fates: of each start ("point", N), ("sent", N), ("instant", SECONDS), or nothing once they have come to an end.
    One that forgets finds no database when it starts again: a planted fault."""

    def __init__(self, name, command, folder, fates, interpose, log=False, forgets=False):
        super().__init__(name, command, folder)
        self.fates, self.interpose, self.folder = list(fates), interpose, folder
        self.tally, self.disk_log = folder / f"{name}.tally", folder / f"{name}.disk" if log else None
        self.met, self.fate, self.forgets = collections.Counter(), None, forgets

    def spare(self):
        """A last kill for a process whose fate did not come; none for those that follow."""
        self.fates.clear()
        if self.fate and self.process.returncode is None:
            self.before = self.log.stat().st_size
            self.fate = ("end",)
            devnet.kill(self.process)

    def environment(self, fate):
        out = {**os.environ, **ENVIRONMENT, "LD_PRELOAD": str(self.interpose), "CRASH_DATA": str(self.folder / self.name / "data.mdb"),
               "CRASH_TALLY": str(self.tally)}
        if self.disk_log:
            out["CRASH_LOG"] = str(self.disk_log)
        if fate and fate[0] in ("point", "sent"):
            out["CRASH_" + fate[0].upper()] = str(fate[1])
        return out

    async def supervise(self):
        while True:
            self.fate = fate = self.fates.pop(0) if self.fates else None
            self.before = self.log.stat().st_size if self.log.exists() else 0
            with open(self.log, "ab") as log:
                self.process = await asyncio.create_subprocess_exec(*self.command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                                                                    env=self.environment(fate))
            self.starts += 1
            if fate and fate[0] == "instant":
                try:
                    code = await asyncio.wait_for(self.process.wait(), fate[1])
                except asyncio.TimeoutError:
                    devnet.kill(self.process)
                    code = await self.process.wait()
            else:
                code = await self.process.wait()
            if code != -9 or not fate:
                self.problem = f"{self.name} ended with status {code} at start {self.starts}, nobody having killed it"
                return
            self.killed += 1
            if self.forgets:
                shutil.rmtree(self.folder / self.name)
            kind = self.fate[0]
            self.met[KINDS.get(kind) or POINTS[self.tally.read_bytes()[-1:].decode()]] += 1


class Play(schedules.Run):
    def __init__(self, world, script, folder, fates, build, log=False, forgets=False):
        super().__init__(world, Plan, folder)
        self.script, self.fates, self.interpose, self.log = script, fates, build / "tests" / "crash" / "interpose.so", log
        self.forgets = forgets
        self.right, self.bad, self.base = list(script.right), list(script.bad), script.base
        self.moves, self.tallies = None, {}

    async def prepare(self):
        self.world.clock = self.script.clock
        self.before = self.script.before
        self.window_end = self.script.clock + devnet.WINDOW_S

    async def start(self):
        world, tools = self.world, self.world.tools
        common = ("--models", tools.models, "--poll-ms", "40")

        def node(party, name, *words):
            command = world.command(party, words[0], "--db", self.folder / name, *common, *words[1:])
            self.nodes[name] = Mortal(name, command, self.folder, self.fates.get(name, ()), self.interpose, self.log, self.forgets) if party in HONEST \
                else schedules.Node(name, command, self.folder)
            self.nodes[name].start()

        node(CLAIMANT, "claimant", "defend")
        node(VALIDATOR, "validator", "run", "--rate", "1")
        node(LIAR, "liar", "defend", "--adversary", tools.wrong)
        # It computes as the liar does: only the right claims are wrong to it, and each claim has one game.
        node(ATTACKER, "attacker", "run", "--rate", "1", "--adversary", tools.wrong)

    async def settle(self):
        world, start = self.world, time.monotonic()
        mined, jumped = 0, False
        while time.monotonic() - start < SETTLE_S:
            await world.mine()
            mined += 1
            self.objections()
            if mined % 5 == 0:
                events = self.events()
                if not jumped and self.all_played(events):
                    await world.mine(max(1, self.window_end + 1 - world.clock))
                    jumped = True
                elif jumped and self.all_settled(events):
                    return
            await self.pause()
        raise Wrong(f"not settled after {SETTLE_S} s")

    async def pause(self):
        """Until the next block: soon when a transaction waits for one, or else after a while."""
        start = time.monotonic()
        while True:
            await asyncio.sleep(PACE_S)
            up = all(self.nodes[name].is_up() for name in HONEST.values())
            waiting = up and int((await self.world.call("txpool_status"))["pending"], 16) > 0
            if waiting and self.forgets and time.monotonic() - start < FORGETFUL_PACE_S:
                continue
            if waiting or time.monotonic() - start >= (QUIET_PACE_S if up else PATIENT_PACE_S):
                return

    async def catch_up(self):
        for name in HONEST.values():
            self.nodes[name].spare()
        await super().catch_up()

    async def check_databases(self):
        for name in HONEST.values():
            process = await asyncio.create_subprocess_exec(str(self.world.tools.gainsay), "db", "check", str(self.folder / name),
                                                           stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
            said, _ = await process.communicate()
            if process.returncode or b"sound" not in said:
                raise Wrong(f"gainsay db check of {name}: {said.decode().strip()}")

    def honest_moves(self):
        """What the honest made happen in this run, but for what anybody may do."""
        out = collections.Counter()
        for tx in self.world.chain.transactions():
            if tx["block"] > self.base and tx["from"] in HONEST_AT and tx["ok"] and tx["contract"] \
                    and tx["function"] not in ANYBODY:
                # `b` packs the clocks, which are those of this run.
                arguments = {k: v for k, v in tx["arguments"].items() if k != "b"}
                out[f"{HONEST_AT[tx['from']]} {tx['contract']}.{tx['function']} {arguments!r}"] += 1
        return out

    async def play(self):
        try:
            await self.prepare()
            await self.start()
            await self.settle()
            await self.catch_up()
            self.tallies = {name: self.nodes[name].tally.stat().st_size for name in HONEST.values()}
            self.judge()
            self.moves = self.honest_moves()
            await self.check_databases()
            await self.compare()
        finally:
            await self.close()

    def kills(self):
        return sum((self.nodes[n].met for n in HONEST.values() if n in self.nodes), collections.Counter())


schedules.PACE_S = PACE_S
