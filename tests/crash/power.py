"""What a loss of power may leave of a database, opened by the real program.

interpose.c has recorded every write, sync and send of a run. Power is lost after any of them. What was written before the last sync that had ended is on
the disk, as is what was written through a descriptor that syncs by itself; of everything after, each sector of 512 bytes is there in any of the
versions that were written, or not at all, in every combination: all of them where there are few, drawn ones where there are many.

The file itself is a name in a directory: until the directory is synced, it may be gone, and so may the directory.

`gainsay db export` opens each image as the node would (a walk through all tables) and prints it; what it prints must be the state of the last commit that
had ended, or of the one under way, and must hold every transaction that was sent before."""
import collections
import concurrent.futures
import itertools
import os
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import threading

SECTOR = 512
EACH = 8        # images of one moment, at least
EXHAUSTIVE = 6  # sectors of which all combinations are tried, at most
RAW = re.compile(rb'eth_sendRawTransaction"[^]]*?0x([0-9a-f]+)')


def read_log(path):
    data, at = path.read_bytes(), 0
    while at < len(data):
        kind = chr(data[at])
        offset, length = struct.unpack_from("=QQ", data, at + 1)
        yield kind, offset, data[at + 17:at + 17 + length]
        at += 17 + length


class Disk:
    """What is surely there, and per sector what may be."""

    def __init__(self):
        self.sure, self.pending, self.under_way = bytearray(), collections.OrderedDict(), []
        self.length = 0

    def write(self, offset, content):
        self.length = max(self.length, offset + len(content))
        for sector in range(offset // SECTOR, -(-(offset + len(content)) // SECTOR)):
            versions = self.pending.setdefault(sector, [])
            before = bytearray(versions[-1] if versions else bytes(self.sure[sector * SECTOR:(sector + 1) * SECTOR]).ljust(SECTOR, b"\0"))
            first, last = max(offset, sector * SECTOR), min(offset + len(content), (sector + 1) * SECTOR)
            before[first - sector * SECTOR:last - sector * SECTOR] = content[first - offset:last - offset]
            versions.append(bytes(before))

    def truncate(self, length):
        self.length = max(self.length, length)

    def sync(self, sectors=None):
        """All that was written, or these sectors, are there now."""
        for sector in list(self.pending) if sectors is None else sectors:
            versions = self.pending.pop(sector, None)
            if versions:
                if len(self.sure) < (sector + 1) * SECTOR:
                    self.sure.extend(bytes((sector + 1) * SECTOR - len(self.sure)))
                self.sure[sector * SECTOR:(sector + 1) * SECTOR] = versions[-1]
        if sectors is None and len(self.sure) < self.length:
            self.sure.extend(bytes(self.length - len(self.sure)))

    def image(self, choice, long):
        """choice: {sector: version}"""
        out = bytearray(self.sure)
        for sector, version in choice.items():
            if len(out) < (sector + 1) * SECTOR:
                out.extend(bytes((sector + 1) * SECTOR - len(out)))
            out[sector * SECTOR:(sector + 1) * SECTOR] = version
        if long and len(out) < self.length:
            out.extend(bytes(self.length - len(out)))
        return bytes(out)

    def images(self, rng, most):
        """At most so many of those that are possible now: all pending sectors, none, and others."""
        sectors = list(self.pending)
        free = [[None, *self.pending[s]] for s in sectors]
        count = 1
        for versions in free:
            count *= len(versions)
        if len(sectors) <= EXHAUSTIVE and count <= most:
            draws = itertools.product(*free)
        else:
            draws = [[v[-1] for v in free], [None for _ in free]]
            while len(draws) < most:
                kind, keep = rng.randrange(4), rng.random()
                cut = rng.randrange(len(free) + 1)
                if kind == 0:    # everything up to somewhere
                    draws.append([v[-1] if i < cut else None for i, v in enumerate(free)])
                elif kind == 1:  # and the other way round
                    draws.append([v[-1] if i >= cut else None for i, v in enumerate(free)])
                elif kind == 2:  # one is missing
                    draws.append([v[-1] if i != cut else None for i, v in enumerate(free)])
                else:
                    draws.append([rng.choice(v) if rng.random() < keep else None for v in free])
            draws = draws[:most]
        for draw in draws:
            yield self.image({s: v for s, v in zip(sectors, draw) if v is not None}, rng.random() < 0.5)


class Commit:
    """Where in the log it ended, and the file then; what that file stores is asked when it is needed."""

    def __init__(self, place, image):
        self.place, self.image, self.lock, self.state = place, image, threading.Lock(), None

    def stored(self, images):
        with self.lock:
            if self.state is None:
                self.state, why = images.open(self.image)
                if self.state is None:
                    raise RuntimeError(f"after a commit: {why}")
            return self.state


class Images:
    def __init__(self, gainsay, folder, rng, forgets=False):
        self.gainsay, self.folder, self.rng, self.forgets = gainsay, folder, rng, forgets
        self.moves = None  # an export of no moves: adding it to a database is the least that opens one for writing
        self.wrong, self.counts = [], collections.Counter(images=0, commits=0, cuts=0)

    def open(self, image, young=False):
        """What the program says of an image: its records, or None and its error. young: of a file that has not got its name yet; opened for
        writing first, as a node does when it starts, since nothing else is there."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="image-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else self.folder))
        try:
            (folder / "db" / "new").mkdir(parents=True)
            (folder / "db" / ("new" if young else ".") / "data.mdb").write_bytes(image)
            for words in (("import", folder / "db", self.moves, "--moves"),) * young + (("export", folder / "db", folder / "out"),):
                done = subprocess.run([str(self.gainsay), "db", *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                      timeout=600)
                if done.returncode:
                    return None, f"db {words[0]}: {done.stderr.decode(errors='replace').strip()}"
            return (folder / "out").read_bytes(), ""
        finally:
            shutil.rmtree(folder)

    def object(self, recorded):
        """Whether the oracles object; for a planted fault."""
        self.examine("validator", recorded / "validator.disk", recorded / "validator" / "data.mdb", 40, 2)
        return bool(self.wrong)

    # --- one log ---

    def examine(self, name, log, final, most, jobs):
        records = list(read_log(log))
        if any(kind == "M" for kind, _, _ in records):
            self.wrong.append(f"{name}: the database is mapped for writing, which no log can follow")
            return
        if not self.names(name, records, final.parent):
            return
        commits = self.replay(name, records, final)
        if not commits:
            return
        self.moves = self.no_moves(commits[0].image)
        cuts = [i for i, (kind, _, _) in enumerate(records) if kind in "WDTEF"]
        each = max(EACH, most // len(cuts))
        if len(cuts) * each > most:  # the beginning, and some of the others
            early = [i for i in cuts if i <= commits[0].place]
            late = cuts[len(early):]
            cuts = early + sorted(self.rng.sample(late, min(len(late), max(1, most // each - len(early)))))
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            waiting = collections.deque()
            for work in self.possible(name, records, commits, cuts, each):
                waiting.append(pool.submit(self.judge, *work))
                while len(waiting) > 4 * jobs:
                    self.take(waiting.popleft())
            while waiting:
                self.take(waiting.popleft())
        self.counts["commits"] += len(commits)
        self.counts["cuts"] += len(cuts)

    def take(self, done):
        why = done.result()
        self.counts["images"] += 1
        if why:
            self.wrong.append(why)

    def names(self, name, records, directory):
        """The file's name and its directory's are safe before anything is sent after the first commit."""
        named = next((i for i, r in enumerate(records) if r[0] == "R"), None)
        if named is None or records[0][0] != "N":
            self.wrong.append(f"{name}: the log does not begin with a new file that gets its name when it is whole")
            return False
        commit = next((i for i, r in enumerate(records) if r[0] == "E"), len(records))
        send = next((i for i, r in enumerate(records) if r[0] == "S" and i > commit), len(records))
        safe = {r[2].decode().rstrip("/") for r in records[named:send] if r[0] == "P"}
        for path, what in ((directory, "data.mdb"), (directory.parent, "the database's directory")):
            if str(path.resolve()) not in safe:
                self.wrong.append(f"{name}: something is sent after the first commit before {path.name} is synced: a loss of power may take {what} away")
        return True

    def replay(self, name, records, final):
        """Every commit. The last is what the run left."""
        disk, out = Disk(), []
        for i, (kind, offset, content) in enumerate(records):
            self.step(disk, kind, offset, content)
            if kind == "E":
                disk.sync()
                out.append(Commit(i, bytes(disk.sure)))
        if not out or out[-1].image != final.read_bytes()[:len(out[-1].image)]:
            self.wrong.append(f"{name}: the log does not make the file that the run left: writes are missing from it")
        return out

    def no_moves(self, image):
        folder, out = pathlib.Path(tempfile.mkdtemp(prefix="moves-", dir=self.folder)), self.folder / "moves"
        (folder / "data.mdb").write_bytes(image)
        out.unlink(missing_ok=True)
        subprocess.run([str(self.gainsay), "db", "export", str(folder), str(out), "--moves"], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)
        return out

    @staticmethod
    def step(disk, kind, offset, content):
        if kind in "WD":
            disk.write(offset, content)
        elif kind == "T":
            disk.truncate(offset)
        elif kind == "F":
            disk.sync()

    def possible(self, name, records, commits, cuts, each):
        """(where, image, commits that it may have come from, transactions that it must hold)"""
        disk, sent, last, cut_at = Disk(), [], [], set(cuts)
        ended = [c.place for c in commits]
        named = next(i for i, r in enumerate(records) if r[0] == "R")
        for i, (kind, offset, content) in enumerate(records):
            self.step(disk, "-" if kind == "F" and self.forgets and i > ended[0] else kind, offset, content)
            if kind == "D":
                last = range(offset // SECTOR, -(-(offset + len(content)) // SECTOR))
            elif kind == "E":
                disk.sync(last)
            elif kind == "S":
                sent += RAW.findall(content)
            if i not in cut_at:
                continue
            done = sum(e <= i for e in ended)
            may = commits[max(0, done - 1):done + 1]
            for image in disk.images(self.rng, each):
                yield f"{name}: power lost after operation {i} ({kind}), commit {done}", image, may, tuple(sent), i < named

    def judge(self, where, image, may, sent, young):
        state, why = self.open(image, young)
        if state is None:
            return f"{where}: {why}"
        if not any(state == commit.stored(self) for commit in reversed(may)):
            return f"{where}: a state that is neither of the last commit nor of the one under way"
        missing = [raw[:40] for raw in sent if raw not in state]
        return f"{where}: a transaction that was sent is not there: {missing}" if missing else None
