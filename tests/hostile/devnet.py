"""A chain of one's own for the hostile tests: anvil that mines when it is told to, with a clock that is driven."""
import asyncio
import contextlib
import copy
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "configs" / "demo"
sys.path[:0] = [str(HERE), str(DEMO)]
import proxy  # noqa: E402
from chain import Chain  # noqa: E402

START_S = 20
EPOCH_BLOCKS = 32  # of them two make a block final
SETUP_PACE_S = 0.01
IMAGES = 6
# Anvil's accounts: public test keys, good for nothing else.
KEYS = ("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
        "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
        "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
        "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba")
ADDRESSES = ("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
             "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc", "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
             "0x15d34aaf54267db7d7c367839aaf71a00a2c6a65", "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc")
WINDOW_S, BUDGET_S = 2000, 2000  # of the chain's time, which runs about twenty times as fast as ours
PARAMETERS = f"""stakes:
  token: dev
claims:
  owner: sender
  window_s: {WINDOW_S}
disputes:
  claimant_budget_s: {BUDGET_S}
  challenger_budget_s: {BUDGET_S}
  minimum_time_s: 60
"""


def kill(process):
    """As process.kill(), which looks first whether the process has ended, and if it just has takes its exit status away from whoever waits for it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)


class Anvil:
    """async with Anvil(binary) as chain: chain.url. Mines nothing by itself. It calls final what two epochs lie above, deeper than any
    reorganisation of ours: a chain that takes back what it called final stops a node, and rightly."""

    def __init__(self, binary, *options):
        self.command = [binary, "--host", "127.0.0.1", "--port", "0", "--no-mining", "--slots-in-an-epoch", str(EPOCH_BLOCKS), *options]
        self.process, self.url = None, None

    async def __aenter__(self):
        # Into a file: a pipe that nobody empties while we wait for an answer would stop it.
        with tempfile.TemporaryFile() as output:
            self.process = await asyncio.create_subprocess_exec(*self.command, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output)
            found, deadline = None, asyncio.get_running_loop().time() + START_S
            while not found:
                output.seek(0)
                said = output.read().decode()
                found = re.search(r"^Listening on (127\.0\.0\.1:\d+)\n", said, re.MULTILINE)
                if not found and (self.process.returncode is not None or asyncio.get_running_loop().time() > deadline):
                    raise RuntimeError(f"anvil did not start: {said[-300:]}")
                await asyncio.sleep(0.02)
        self.url = "http://" + found[1]
        await proxy.Upstream(self.url).call("anvil_setLoggingEnabled", False)
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


class Origin:
    """What all chains begin with: the contracts, parties with stake and a registered model. Made once and kept in a file, because
    a chain that goes back and reorganises again and again loses its state in the end.

    Parties: 0 deploys; 1 claimant and 2 validator, honest; 3 liar, who posts wrong claims and defends them; 4 attacker, who
    challenges right ones; 5 looks on, without a stake."""

    def __init__(self, tools, folder):
        self.tools, self.folder = tools, folder
        self.deployment, self.state, self.chain = folder / "deployment.json", folder / "state.json", None

    async def build(self):
        self.folder.mkdir(parents=True)
        for i, key in enumerate(KEYS):
            path = self.folder / f"key{i}"
            path.touch(0o600)
            path.write_text(key + "\n", encoding="utf-8")
        (self.folder / "parameters.yaml").write_text(PARAMETERS, encoding="utf-8")
        async with Anvil(self.tools.anvil) as anvil:
            world = World(self, anvil)
            world.start_mining(SETUP_PACE_S)
            await world.gainsay(0, "deploy", "--parameters", self.folder / "parameters.yaml", "--out", self.deployment)
            self.chain = Chain(anvil.url, self.deployment)
            await asyncio.gather(*(world.gainsay(i, "stake", "deposit", "1000", "--mint") for i in (1, 2, 3, 4)))
            await world.gainsay(1, "model", "register", self.tools.model)
            await world.stop_mining()
            packed = await world.call("anvil_dumpState")
            self.state.write_bytes(gzip.decompress(bytes.fromhex(packed[2:])))

    def anvil(self):
        return Anvil(self.tools.anvil, "--load-state", str(self.state))


class World:
    """One chain that began there."""

    def __init__(self, origin, anvil):
        self.origin, self.tools, self.folder, self.deployment = origin, origin.tools, origin.folder, origin.deployment
        self.anvil, self.call = anvil, proxy.Upstream(anvil.url).call
        self.clock, self.mining, self.chain, self.fork = 0, None, copy.copy(origin.chain), None
        if self.chain:
            self.chain.url = anvil.url

    # --- time ---

    async def time(self):
        return int((await self.call("eth_getBlockByNumber", "latest", False))["timestamp"], 16)

    async def number(self):
        return int(await self.call("eth_blockNumber"), 16)

    async def mine(self, seconds=1):
        if not self.clock:  # anvil wants no time before its own start either
            self.clock = max(await self.time(), int(time.time()))
        self.clock += seconds
        await self.call("evm_mine", {"timestamp": self.clock})

    def start_mining(self, pace_s):
        async def forever():
            while True:
                await self.mine()
                await asyncio.sleep(pace_s)
        self.mining = asyncio.create_task(forever())

    async def stop_mining(self):
        if self.mining:
            self.mining.cancel()
            await asyncio.gather(self.mining, return_exceptions=True)
        self.mining = None

    # --- parties ---

    def command(self, party, *words, rpc=None):
        # Other worlds have the same accounts, on chains of their own.
        out = ["/usr/bin/env", f"GAINSAY_KEY_LOCK_FOLDER={self.folder}/locks-{self.anvil.url.rpartition(':')[2]}", str(self.tools.gainsay), *map(str, words), "--rpc", rpc or self.anvil.url, "--key-file", str(self.folder / f"key{party}")]
        out += [] if words[0] in ("run", "defend") else ["--share-key"]
        return out + ([] if words[0] == "deploy" else ["--deployment", str(self.deployment)])

    async def gainsay(self, party, *words):
        """A command that must succeed; its JSON, if it gave any."""
        process = await asyncio.create_subprocess_exec(*self.command(party, *words, "--json"), stdin=asyncio.subprocess.DEVNULL,
                                                       stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        talk = asyncio.ensure_future(process.communicate())
        await asyncio.wait([talk, *([self.mining] if self.mining else [])], return_when=asyncio.FIRST_COMPLETED)
        if not talk.done():
            kill(process)
            self.mining.result()  # blocks have come to an end: says why
        out, err = await talk
        if process.returncode:
            raise RuntimeError(f"gainsay {words[0]}: {err.decode().strip()}")
        return json.loads(out) if out.strip() else None

    async def post(self, party, image, output=None):
        """Posts a claim, with that file as its output; the claim's id."""
        words = ["--output", output] if output else []
        return (await self.gainsay(party, "claim", self.tools.model, "--input", self.tools.input(image), "--value", "5", *words))["claim_id"]

    def stake(self, party):
        """(all that the party has with the contracts, what is locked of it)"""
        free, locked, unbonding, _ = self.chain.view("Stakes", "accounts", ADDRESSES[party])
        return free + locked + unbonding, locked


class Tools:
    """Programs, the model, and what it gives on each image: made once for all worlds."""

    def __init__(self, build, folder):
        self.gainsay, self.dump = build / "gainsay", build / "tests" / "tools" / "store_dump"
        self.anvil = shutil.which("anvil") or str(build / "tools" / "anvil")
        self.models, self.folder = folder / "models", folder
        self.model = self.models / "digits.onnx"
        self.wrong, self.attack = folder / "wrong.onnx", folder / "attack.onnx"
        self.images = sorted(p.stem for p in (DEMO / "inputs").glob("*.npy"))[:IMAGES]

    def input(self, image):
        return DEMO / "inputs" / f"{image}.npy"

    def output(self, image, wrong=False):
        return self.folder / ("wrong" if wrong else "right") / image / "output_0.npy"

    def prepare(self):
        def run(*command):
            subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL)
        self.models.mkdir(parents=True)
        shutil.copy(DEMO / "digits.onnx", self.model)
        run(sys.executable, DEMO / "wrong.py", "weight", self.model, self.wrong, "head.1.weight", 4900, 22)
        run(sys.executable, DEMO / "wrong.py", "weight", self.model, self.attack, "features.2.weight", 700, 22)
        for image in self.images:
            for model, wrong in ((self.model, False), (self.wrong, True)):
                folder = self.output(image, wrong).parent
                folder.mkdir(parents=True)
                run(self.gainsay, "infer", model, "--input", self.input(image), "--output-dir", folder)
