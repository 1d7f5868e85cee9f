#!/usr/bin/python3
"""What bench_models measured, as tables and as a picture.

    models_chart.py BUILD/bench/parts/exec-models.json [PICTURE.svg]     the table, in Markdown, on standard output; then that
                                                                         of batches of 8, if there were any
    models_chart.py BUILD/bench/parts/exec-exports.json                  the same of the models that PyTorch exports"""
import json
import math
import sys

COLOURS = {1: "#1f5f8b", 2: "#8fb8d4"}
LEFT, WIDTH, ROW, TOP = 210, 520, 30, 64


def rows_of(measured):
    return sorted(measured["models"].items(), key=lambda item: -item[1]["ratio"])


def table(measured):
    print("| model | ours, ms | ONNX Runtime, ms | ratio | two threads: ours | ONNX Runtime | ratio | load: ours | ONNX Runtime | "
          "first run: ours | ONNX Runtime | both: ours | ONNX Runtime | peak, MiB: ours | ONNX Runtime | committing |")
    print("| --- |" + " --- |" * 15)
    for name, one in rows_of(measured):
        two = one["two_threads"]
        print(f"| {name} | {one['ours_ms']:.3g} | {one['ort_ms']:.3g} | {one['ratio']:.2f} | {two['ours_ms']:.3g} | {two['ort_ms']:.3g} | "
              f"{two['ratio']:.2f} | {one['load_ms']:.3g} | {one['ort_load_ms']:.3g} | {one['first_run_ms']:.3g} | "
              f"{one['ort_first_run_ms']:.3g} | {one['first_ms']:.3g} | {one['ort_first_ms']:.3g} | {one['peak_mib']:.1f} | {one['ort_peak_mib']:.1f} | "
              f"{one['trace_vs_model']:.2f} |")
    print(f"| geometric mean | | | {measured['geomean_1t']:.2f} | | | {measured['geomean_2t']:.2f} |" + " |" * 9)


def picture(measured):
    rows = rows_of(measured)
    ratios = [r for _, one in rows for r in (one["ratio"], one["two_threads"]["ratio"])]
    low, high = min(0.25, *ratios), max(4, *ratios)
    low, high = 2 ** math.floor(math.log2(low)), 2 ** math.ceil(math.log2(high))

    def x(ratio):
        return LEFT + WIDTH * math.log2(ratio / low) / math.log2(high / low)

    height = TOP + ROW * len(rows) + 20
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 70} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{LEFT + WIDTH + 70}" height="{height}" fill="#ffffff"/>',
           '<text x="12" y="22" font-size="14" fill="#222222">Time of a run : ONNX Runtime\'s (shorter is faster; below 1 is faster than ONNX Runtime)</text>']
    for n in (1, 2):
        at = LEFT + 170 * (n - 1)
        out.append(f'<rect x="{at}" y="32" width="12" height="12" fill="{COLOURS[n]}"/>')
        out.append(f'<text x="{at + 18}" y="43" fill="#444444">{("one thread", "two threads")[n - 1]}</text>')
    tick = low
    while tick <= high:
        strong = tick == 1
        out.append(f'<line x1="{x(tick):.1f}" y1="{TOP - 4}" x2="{x(tick):.1f}" y2="{height - 18}" stroke="{"#222222" if strong else "#dddddd"}"/>')
        out.append(f'<text x="{x(tick):.1f}" y="{height - 5}" text-anchor="middle" fill="#444444">{tick:g}</text>')
        tick *= 2
    for i, (name, one) in enumerate(rows):
        y = TOP + ROW * i
        out.append(f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end" fill="#222222">{name}</text>')
        for n, ratio in ((1, one["ratio"]), (2, one["two_threads"]["ratio"])):
            top = y + 2 + 11 * (n - 1)
            out.append(f'<rect x="{LEFT}" y="{top}" width="{max(x(ratio) - LEFT, 1):.1f}" height="10" fill="{COLOURS[n]}"/>')
            out.append(f'<text x="{x(ratio) + 4:.1f}" y="{top + 9}" font-size="9" fill="#444444">{ratio:.2f}</text>')
    return "\n".join(out + ["</svg>", ""])


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        results = json.load(file)
    results = results.get("exports", results)
    table(results)
    if "batch8" in results:
        print("\nThe same in batches of 8:\n")
        table(results["batch8"])
    if len(sys.argv) == 3:
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            file.write(picture(results))
