#!/usr/bin/python3
"""Runs of every ready scenario of the engine `nodes` with every fault, a million or any other number, in portions that can be
interrupted at any time and gone on with later (docs/simulations.md).

    million.py GAINSAY FILE [--runs N] [--portion N] [--processes N] [--seed S] [SCENARIO...]
    million.py GAINSAY FILE --table         what FILE holds so far

FILE gets one line of JSON a portion: what ran, its first seed, runs, violations, digest, commit, seconds. A portion that is there, whatever
commit it ran on, is not done again; one that failed is (its line stays). The same arguments make the same portions, so that whoever
interrupts this with Ctrl-C, or any other signal, goes on by the same command. GAINSAY is copied first: a build meanwhile changes nothing.

Scenarios that are built to violate run as they are, and what they violate is expected. All others run with MORE: every fault, and windows
and clocks that leave time for it. Exit status 1: one of these was violated, or a portion failed."""
import argparse, concurrent.futures, datetime, json, os, re, shutil, signal, subprocess, sys, tempfile, threading, time, zlib

MORE = {"fault": "all", "window": "drawn", "budget.claimant": "drawn", "budget.challenger": "drawn", "talk.chance": "drawn", "l1": "drawn"}
SEEDS = 10**9  # of one scenario, from its name's on


def output(command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def commit(folder):
    name = output(["git", "-C", folder, "rev-parse", "HEAD"]).strip()
    return name + ("-changed" if output(["git", "-C", folder, "status", "--porcelain", "-uno"]) else "")


def options_of(gainsay, name):
    """Whatever the scenario sweeps stays as it is: setting it would leave one of its points."""
    swept = re.findall(r"^  ([a-z0-9_.]+):", output([gainsay, "sim", "--text", name]).partition("\nsweep:\n")[2], re.M)
    return [o for key, value in MORE.items() if key not in swept for o in ("--set", f"{key}={value}")]


def scenarios(gainsay, names):
    ready = [s for s in json.loads(output([gainsay, "sim", "--list", "--json"])) if s["engine"] == "nodes"]
    unknown = set(names) - {s["name"] for s in ready}
    if unknown:
        sys.exit(f"million.py: {sorted(unknown)[0]}: no ready scenario of the engine nodes; gainsay sim --list names them")
    return [s | {"options": [] if s["may_violate"] else options_of(gainsay, s["name"])} for s in ready if not names or s["name"] in names]


def portions(ready, runs, size, seed):
    """In turns, so that what is done when it is interrupted covers all of them. Every scenario gets as many runs as the others, and a
    portion all of its points the same number."""
    todo = []
    for s in ready:
        of_a_point = max(1, size // s["points"])
        count = -(-runs // (len(ready) * of_a_point * s["points"]))
        first = zlib.crc32(s["name"].encode()) * SEEDS + seed
        for i in range(count):
            portion = {"scenario": s["name"], "options": s["options"], "first_seed": str(first + i * of_a_point * s["points"]),
                       "points": s["points"], "runs": of_a_point * s["points"], "may_violate": s["may_violate"]}
            todo.append((i / count, portion))
    return [p for _, p in sorted(todo, key=lambda t: t[0])]


def key(portion):
    return portion["scenario"], tuple(portion["options"]), portion["first_seed"], portion["runs"]


def read(path):
    """Lines of whole portions; the last one may be torn."""
    lines = []
    if os.path.exists(path):
        for number, line in enumerate(open(path, "rb").read().split(b"\n"), 1):
            try:
                lines += [json.loads(line)] if line.strip() else []
            except ValueError:
                print(f"million.py: {path}:{number}: not a whole line; its portion is done again", file=sys.stderr)
    return lines


class Runner:
    def __init__(self, gainsay, path, where):
        self.gainsay, self.path, self.where, self.lock, self.running, self.stop = gainsay, path, where, threading.Lock(), set(), False

    def write(self, line):
        with self.lock, open(self.path, "ab+") as f:
            f.seek(0, os.SEEK_END)
            end = f.tell()
            if end > 0:
                f.seek(end - 1)
                torn = f.read(1) != b"\n"
                f.write(b"\n" if torn else b"")
            f.write(json.dumps(line).encode() + b"\n")
            f.flush()
            os.fsync(f.fileno())

    def run(self, portion):
        if self.stop:
            return None
        with tempfile.TemporaryDirectory() as folder:
            command = [self.gainsay, "sim", portion["scenario"], *portion["options"], "--seed", portion["first_seed"],
                       "--runs", str(portion["runs"] // portion["points"]), "--threads", "1", "--json", "--checkpoint", f"{folder}/progress"]
            began = time.monotonic()
            process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
            self.running.add(process)
            out, err = process.communicate()
            self.running.discard(process)
        if self.stop:
            return None
        line = portion | {"commit": self.where, "seconds": round(time.monotonic() - began, 1),
                          "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}
        try:
            result = json.loads(out) if process.returncode in (0, 1) else None
        except ValueError:
            result = None
        if result is None or result["runs"] != portion["runs"]:
            line["failed"] = (err.strip().splitlines() or [f"status {process.returncode}"])[-1][-300:].replace(self.gainsay, "gainsay")
        else:
            line |= {"violations": result["violations"], "digest": result["digest"]}
            first = [p["first_violation"] for p in result["points"] if p.get("first_violation")]
            line |= {"first_violation": first[0]} if first else {}
        self.write(line)
        return line

    def end(self):
        self.stop = True
        for process in list(self.running):
            process.kill()


def table(lines):
    """Of every scenario what its whole portions came to. How many violations nobody expects."""
    rows, unexpected = {}, 0
    for p in {key(p): p for p in lines if "failed" not in p}.values():
        row = rows.setdefault(p["scenario"], {"runs": 0, "violations": 0, "seconds": 0, "commits": set(), "may": p["may_violate"], "first": None})
        row["runs"] += p["runs"]
        row["violations"] += p["violations"]
        row["seconds"] += p["seconds"]
        row["commits"].add(p["commit"][:12] + ("-changed" if p["commit"].endswith("-changed") else ""))
        row["first"] = row["first"] or (p.get("first_violation") and p)
        unexpected += 0 if p["may_violate"] else p["violations"]
    print("| scenario | runs | violations | hours of one process | commits |\n| --- | --- | --- | --- | --- |")
    for name, r in sorted(rows.items()):
        print(f"| {name} | {r['runs']:,} | {r['violations']:,}{' (built to violate)' if r['may'] else ''} | {r['seconds'] / 3600:.2f} | {', '.join(sorted(r['commits']))} |")
    print(f"| all | {sum(r['runs'] for r in rows.values()):,} | {unexpected:,} unexpected | {sum(r['seconds'] for r in rows.values()) / 3600:.2f} | |")
    for name, r in sorted(rows.items()):
        if r["first"] and not r["may"]:
            p, first = r["first"], r["first"]["first_violation"]
            again = ["gainsay sim replay", first["seed"], name, *p["options"], "--seed", p["first_seed"], "--runs", str(p["runs"] // p["points"])]
            print(f"\n{name}: {first['what']}\n  {' '.join(again)}")
    failed = {key(p) for p in lines if "failed" in p} - {key(p) for p in lines if "failed" not in p}
    for p in lines:
        if "failed" in p and key(p) in failed:
            print(f"\nfailed: {p['scenario']} --seed {p['first_seed']} --runs {p['runs'] // p['points']}: {p['failed']}")
    return unexpected + len(failed)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("gainsay")
    arguments.add_argument("file")
    arguments.add_argument("--runs", type=int, default=1_000_000)
    arguments.add_argument("--portion", type=int, default=400)
    arguments.add_argument("--processes", type=int, default=1)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--table", action="store_true")
    arguments.add_argument("scenarios", nargs="*")
    a = arguments.parse_intermixed_args()
    for name in ("runs", "portion", "processes"):
        if getattr(a, name) < 1:
            sys.exit(f"million.py: --{name} {getattr(a, name)}: give 1 or more")
    if a.table:
        return table(read(a.file)) > 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as folder:
        gainsay = shutil.copy2(a.gainsay, f"{folder}/gainsay")
        runner = Runner(gainsay, os.path.abspath(a.file), commit(os.path.dirname(os.path.abspath(__file__))))
        done = {key(p) for p in read(a.file) if "failed" not in p}
        todo = portions(scenarios(gainsay, a.scenarios), a.runs, a.portion, a.seed)
        left = [p for p in todo if key(p) not in done]
        print(f"{sum(p['runs'] for p in todo):,} runs in {len(todo):,} portions; {len(todo) - len(left):,} of these are done", flush=True)
        with concurrent.futures.ThreadPoolExecutor(a.processes) as pool:
            try:
                for line in pool.map(runner.run, left):
                    if line and (line.get("violations") and not line["may_violate"] or "failed" in line):
                        print(f"{line['scenario']} --seed {line['first_seed']}: {line.get('failed') or str(line['violations']) + ' violations'}", flush=True)
            except KeyboardInterrupt:
                runner.end()
                pool.shutdown(cancel_futures=True)
                print("interrupted: the same command goes on", file=sys.stderr)
                return 130
    return table(read(a.file)) > 0


sys.exit(main())
