#!/usr/bin/python3
"""Plays disputes with `gainsay dispute` and has every last step recomputed by MPFR and GMP.

usage: disputes.py BUILD quick|long|functions [CODE...]

quick: a dozen disputes. long: every scalar function as a map and (where it can be) as a fold's step, every kind of fault
over generated programs, traces of up to 2^20 chunks, the longest fold, three real models, challengers who are wrong and
challengers who make things up; and it insists that all of that was reached. functions: three disputes about each form of
the functions of these codes (hex; without any: of all functions), two of them with a wrong claim. Each dispute must be won by the honest side,
and the contract, the judge in C and the oracle must agree on what its last step computes.

Writes BUILD/dispute-<mode>.json; ends with "N passed, N failed".
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

KINDS = ["map", "init", "body", "last-term", "final", "padding", "gap", "first-chunk", "last-chunk", "longest-fold",
         "skip", "indirect", "nan"]
MODELS = ["rand_mlp_risk", "onnxmlir_mnist", "wonnx_opt-mnist"]
# A function that copies into the class, for each dtype.
COPIES = {"f32": "01", "f16": "01", "bf16": "01", "i8": "41", "u8": "41", "i16": "41", "u16": "41", "i32": "41", "bool": "41",
          "i64": "81", "u32": "81", "u64": "81"}
NO_PLACE = "found a place"
SEEDS_TRIED = 60
FAULTS_MIN = 200
DISPUTE_TIMEOUT_S = 120


class Run:
    def __init__(self, build, mode, folder):
        self.build = build
        self.mode = mode
        self.folder = pathlib.Path(folder)
        self.disputes = []
        self.failed = []
        self.programs = {}

    def program(self, spec):
        """Generates the program once; returns its path and that of its inputs."""
        if spec not in self.programs:
            stem = self.folder / spec.replace(":", "-")
            tool = self.build / "tests" / "tools" / "program_gen"
            subprocess.run([tool, spec, f"{stem}.gsp", f"{stem}.bin"], check=True, stdout=subprocess.DEVNULL)
            self.programs[spec] = (f"{stem}.gsp", [f"{stem}.bin"])
        return self.programs[spec]

    def tolerant(self):
        """The demo's model with a tolerance: drawn programs that read the claim do not all compare it."""
        if "tolerant" not in self.programs:
            path = str(self.folder / "tolerant.gsp")
            subprocess.run([str(self.build / "gainsay"), "program", "configs/demo/digits.onnx", "--tolerance", "1e-6,1e-5",
                            "--output", path], check=True, stdout=subprocess.DEVNULL)
            self.programs["tolerant"] = (path, ["configs/demo/inputs/00.npy"])
        return self.programs["tolerant"]

    def within(self, seed):
        """Wrong claims until one ends at the comparison, and a challenger that compares wrongly."""
        for s in range(seed, seed + SEEDS_TRIED):
            self.dispute(f"within {s}", self.tolerant(), "--fault", f"random:{s},kind=map")
            if any(d["step"] and d["step"]["fn"] == "within" for d in self.disputes):
                break
        self.dispute(f"within {seed}, wrong challenger", self.tolerant(), "--challenger-fault", f"random:{seed}")

    def model(self, name):
        data = pathlib.Path(os.environ.get("GAINSAY_DATA", "../shared/data"))
        folder = data / "models" / name
        if not (folder / "model.onnx").exists():
            return None
        return str(folder / "model.onnx"), sorted(str(f) for f in (folder / "test_data_set_0").glob("input_*.pb"))

    def dispute(self, what, source, *options):
        """One call of `gainsay dispute`; False when the program has no place for the fault."""
        model, inputs = source
        command = [str(self.build / "gainsay"), "dispute", model, "--json", *options]
        for file in inputs:
            command += ["--input", file]
        result = subprocess.run(command, capture_output=True, text=True, timeout=DISPUTE_TIMEOUT_S)
        if NO_PLACE in result.stderr:
            return False
        try:
            answer = json.loads(result.stdout)
        except ValueError:
            answer = None
        played = (answer.get("disputes", [answer]) if answer else [])
        for dispute in played:
            dispute["what"] = what
            self.disputes.append(dispute)
        if result.returncode != 0 or not played:
            self.failed.append(what)
            lost = [d["seed"] for d in played if not d["honest_side_won"]]
            print(f"FAIL {what}: exit {result.returncode}, lost with seeds {lost}: {' '.join(command)}\n{result.stderr}")
        return True

    def first_place(self, what, specs, fault):
        """The first of some generated programs that has a place for the fault."""
        for spec in specs:
            if self.dispute(f"{what} {spec}", self.program(spec), *fault):
                return
        self.failed.append(what)
        print(f"FAIL {what}: no program had a place for it")


def functions(run):
    out = subprocess.run([run.build / "tests" / "tools" / "program_gen", "functions"], check=True, capture_output=True,
                         text=True)
    for line in out.stdout.splitlines():
        code, name, *folds = line.split()
        yield code, name, bool(folds)


def play_quick(run):
    run.dispute("generated, wrong claims", run.program("11"), "--fault", "random:1", "--games", "4")
    run.dispute("generated, wrong challengers", run.program("12"), "--challenger-fault", "random:1", "--games", "2")
    run.dispute("generated, made-up challenges", run.program("13"), "--seed", "1", "--games", "2")
    run.dispute("longest fold", run.program("longest:1"), "--fault", "random:5,kind=longest-fold")
    run.first_place("body of fma", [f"fold:06:{s}" for s in range(SEEDS_TRIED)], ("--fault", "random:3,kind=body"))
    run.first_place("map of tanh", [f"map:13:{s}" for s in range(SEEDS_TRIED)], ("--fault", "random:3,kind=map"))
    run.first_place("skip", [str(s) for s in range(SEEDS_TRIED)], ("--fault", "random:3,kind=skip"))


def play_functions(run, codes):
    for code, name, folds in functions(run):
        if codes and code not in codes:
            continue
        if name == "within":
            run.within(1)
            continue
        for form, kind in (("map", "map"), ("fold", "body"))[:2 if folds else 1]:
            first = int(code, 16) * 100
            for seed in (first, first + 1):
                run.first_place(f"{kind} of {name} {seed}", [f"{form}:{code}:{s}" for s in range(seed, seed + SEEDS_TRIED)],
                                ("--fault", f"random:{seed},kind={kind}"))
            run.dispute(f"{kind} of {name}, wrong challenger", run.program(f"{form}:{code}:{first}"),
                        "--challenger-fault", f"random:{first}")
        if name not in {d["step"]["fn"] for d in run.disputes if d["step"] and not d["step"]["skipped"]}:
            print(f"FAIL not reached: {name}")
            run.failed.append(f"reaching {name}")


def play_long(run):
    for code, name, folds in functions(run):
        seeds = range(100, 100 + SEEDS_TRIED)
        if name == "within":
            run.within(1)
            continue
        run.first_place(f"map of {name}", [f"map:{code}:{s}" for s in seeds],
                        ("--fault", f"random:{int(code, 16)},kind=map"))
        if folds:
            run.first_place(f"body of {name}", [f"fold:{code}:{s}" for s in seeds],
                            ("--fault", f"random:{int(code, 16)},kind=body"))
    for dtype, code in COPIES.items():
        for seed in range(200, 200 + SEEDS_TRIED):
            if any(d["step"] and d["step"]["kind"] == "map" and d["step"]["dtype"] == dtype for d in run.disputes):
                break
            run.dispute(f"copy into {dtype}", run.program(f"map:{code}:{seed}"), "--fault", f"random:{seed},kind=map")
    for k, kind in enumerate(KINDS):
        for n in range(6):
            first = 1000 + 100 * k + 10 * n
            run.first_place(f"{kind} {n}", [str(s) for s in range(first, first + SEEDS_TRIED)],
                            ("--fault", f"random:{n},kind={kind}"))
    for n in range(8):
        kind = ["longest-fold", "init", "body", "last-term", "final", "longest-fold", "body", "nan"][n]
        run.dispute(f"longest fold, {kind}", run.program(f"longest:{n}"), "--fault", f"random:{n},kind={kind}")
    for n in range(6):
        run.dispute(f"deep trace {n}", run.program(f"deep:{3000 + n}"), "--fault", f"random:{n}", "--games", "2")
    for name in MODELS:
        model = run.model(name)
        if model is None:
            print(f"{name} is not there (GAINSAY_DATA): its disputes are left out")
            continue
        run.dispute(f"{name}, wrong claims", model, "--fault", "random:1", "--games", "22")
        run.dispute(f"{name}, wrong challengers", model, "--challenger-fault", "random:100", "--games", "4")
        run.dispute(f"{name}, made-up challenges", model, "--seed", "200", "--games", "4")
    for n in range(10):
        run.dispute(f"wrong challengers {n}", run.program(str(5000 + n)), "--challenger-fault", f"random:{n}", "--games", "3")
        run.dispute(f"made-up challenges {n}", run.program(str(5000 + n)), "--seed", str(n), "--games", "3")


def check_coverage(run):
    """What the long run promises to reach."""
    steps = [d["step"] for d in run.disputes if d["step"]]
    faults = [d["fault"] for d in run.disputes if d["fault"]]
    fn = {s["fn"] for s in steps if not s["skipped"]}
    missing = [name for _, name, _ in functions(run) if name not in fn]
    missing += [f"{kind} steps" for kind in ("padding", "map", "init", "body", "final")
                if kind not in {s["kind"] for s in steps}]
    missing += [f"faults of kind {kind}" for kind in KINDS if kind not in {f["kind"] for f in faults}]
    dtypes = {s["dtype"] for s in steps if s["kind"] == "map"}
    missing += [f"values of dtype {d}" for d in COPIES if d not in dtypes]
    missing += [] if any(s["skipped"] for s in steps) else ["a skipped term"]
    missing += [] if any(s["epilogue_code"] for s in steps) else ["an epilogue"]
    missing += [] if any(len(s["reads"]) == 3 for s in steps) else ["a step of three openings"]
    missing += [] if any(d["trace_depth"] == 20 for d in run.disputes) else ["a trace of 2^20 chunks"]
    missing += [] if len(faults) >= FAULTS_MIN else [f"{FAULTS_MIN} faults"]
    for what in missing:
        print(f"FAIL not reached: {what}")
        run.failed.append(f"reaching {what}")


def main():
    modes = {"quick": play_quick, "long": play_long, "functions": lambda run: play_functions(run, sys.argv[3:])}
    if len(sys.argv) < 3 or sys.argv[2] not in modes or (len(sys.argv) > 3 and sys.argv[2] != "functions"):
        sys.exit(__doc__.strip())
    with tempfile.TemporaryDirectory() as folder:
        run = Run(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], folder)
        modes[run.mode](run)
    if run.mode == "long":
        check_coverage(run)
    gas = [d["gas"]["total"] for d in run.disputes]
    report = {
        "disputes": run.disputes,
        "played": len(run.disputes),
        "lost_by_honest_side": sum(not d["honest_side_won"] for d in run.disputes),
        "faults": collections.Counter(d["fault"]["kind"] for d in run.disputes if d["fault"]),
        "steps": collections.Counter(d["step"]["kind"] for d in run.disputes if d["step"]),
        "gas_max": max(gas, default=0),
        "gas_mean": sum(gas) // max(len(gas), 1),
    }
    path = run.build / f"dispute-{run.mode}.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    oracle = subprocess.run([run.build / "tests" / "tools" / "step_oracle", path])
    if oracle.returncode != 0:
        run.failed.append("oracle")
    print(f"{report['played']} disputes, {report['lost_by_honest_side']} lost by the honest side, "
          f"{report['gas_mean']} gas on average, {report['gas_max']} at most; {path}")
    print(f"{report['played']} passed, {len(run.failed)} failed")
    sys.exit(1 if run.failed else 0)


if __name__ == "__main__":
    main()
