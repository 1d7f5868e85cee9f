#!/usr/bin/python3
"""What so many claims an hour take, from measured unit costs: threads of workers, the node, the queue, the disk, gas.

    capacity.py [--claims-per-hour N] [--execution-ms MS] [--sampled SHARE] [--check SHARE] [BUILD/bench]

The unit costs are read from BUILD/bench/chain.json (bench_chain) and BUILD/bench/node.json (bench_node, workers.sh) where they are there; else, and for what no
benchmark writes, the ones below are taken, and the table says so."""
import argparse
import json
import os

# Measured on 22 November 2026 on two cores of an AMD EPYC; docs/scale.md says how.
KNOWN = {
    "new_block_p50_ms": (17.7, "bench_chain 1000000: a new block of 1,000 claims, a million stored"),
    "queue_jobs_per_s": (3473.6, "workers.sh configs/demo/digits.onnx 3000 2: two workers, the server and all else on two cores"),
    "database_bytes": (940, "bench_node: 1,000,000 claims with 128 bytes of arrays, decided, nine of ten final"),
    "batch_leaf_gas": (3200, "docs/gas.md"),
    "batch_gas": (74000, "docs/gas.md"),
    "leaves_a_batch": (1600, "docs/operation.md"),
}


def load(folder, name):
    path = os.path.join(folder, name)
    return json.load(open(path, encoding="utf-8")) if os.path.exists(path) else {}


def rows(o, have):
    def cost(key):
        return (have[key], "this build") if key in have else KNOWN[key]

    per_s = o.claims_per_hour / 3600
    executed = per_s * o.sampled
    block_ms, whence = cost("new_block_p50_ms")
    yield "claims a second", per_s, "1/s", ""
    yield "executions a second", executed, "1/s", f"{o.sampled:g} of the claims"
    yield "worker threads, all executions", executed * o.execution_ms / 1000, "", f"{o.execution_ms:g} ms each"
    yield "threads of the node, checks of workers", executed * o.check * o.execution_ms / 1000, "", f"{o.check:g} of the answers"
    yield "the node's loop: claims taken in", 100 * per_s * block_ms / 1000 / 1000, "% of a core", whence
    jobs, whence = cost("queue_jobs_per_s")
    yield "the queue", 100 * executed / jobs, "% of what it does", whence
    size, whence = cost("database_bytes")
    yield "database an hour", size * o.claims_per_hour / 1e9, "GB", whence
    leaves = cost("leaves_a_batch")[0]
    gas = per_s * (cost("batch_leaf_gas")[0] + cost("batch_gas")[0] / leaves)
    yield "gas, claims as leaves of batches", gas / 1e6, "million a second", KNOWN["batch_leaf_gas"][1]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--claims-per-hour", type=float, default=1e6)
    p.add_argument("--execution-ms", type=float, default=30)
    p.add_argument("--sampled", type=float, default=1)
    p.add_argument("--check", type=float, default=0.05)
    p.add_argument("folder", nargs="?", default="build/bench")
    o = p.parse_args()
    if o.claims_per_hour <= 0 or o.execution_ms <= 0 or not 0 < o.sampled <= 1 or not 0 <= o.check <= 1:
        p.error("rates and times are above 0, shares between 0 and 1")
    have = load(o.folder, "chain.json")
    have.update(load(o.folder, "node.json"))
    for label, value, unit, note in rows(o, have):
        print(f"{label:42} {value:10.2f} {unit:18} {note}")


if __name__ == "__main__":
    main()
