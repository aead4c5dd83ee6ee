#!/usr/bin/env python3
"""How often verdicts are right on this machine, with real sweeps and sessions: the tables of docs/comparisons.md and docs/ab.md.

usage: tools/aa.py sweeps DIR [--sweeps 12]      equal sweeps one after the other: pairs called different, coverage
       tools/aa.py ab DIR [--sessions 60] [--b OPTIONS]   sessions of `bench ab`: what they call, and after how long

Needs the release binaries (cargo build --release -p slm-bench -p slm-agent) and an idle machine: nothing else may run. What
DIR holds already is not measured again.
"""
import argparse
import csv
import itertools
import json
import pathlib
import statistics
import subprocess
import sys
import time

BENCH = pathlib.Path(__file__).parent.parent / "target/release/bench"
METRICS = ("itps", "otps", "ttft_s", "runtime_s")


def bench(*words):
    return subprocess.run([BENCH, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)


def share(part, of):
    return f"{part} of {of} ({100 * part / max(of, 1):.1f} %)"


def sweeps(args):
    folders = [args.dir / f"{index:02}" for index in range(args.sweeps)]
    for folder in folders:
        if not (folder / "summary.csv").is_file():
            bench("sweep", "--device", "local", "--models", args.models, "--chunks", "0-1", "--max-new-tokens", 16,
                  "--out", folder)
    pairs = list(itertools.combinations(folders, 2))
    with_call = called = figures = 0
    for one, other in pairs:
        counts = json.loads(bench("compare", one, other, "--output", "json").stdout)["counts"]
        calls = counts["improved"] + counts["regressed"]
        with_call += calls > 0
        called += calls
        figures += sum(counts.values())
    print("pairs with a call:", share(with_call, len(pairs)))
    print("figures called:", share(called, figures))
    coverage(folders)


def coverage(folders):
    """How many intervals contain the mean of all the other sweeps."""
    tables = []
    for folder in folders:
        with open(folder / "summary.csv", newline="") as file:
            tables.append({(row["model"], row["chunks"]): row for row in csv.DictReader(file)})
    covered = total = 0
    spreads = {metric: [] for metric in METRICS}
    for key, metric in itertools.product(tables[0], METRICS):
        means = [float(table[key][metric] or "nan") for table in tables]
        spreads[metric].append(statistics.stdev(means) / statistics.mean(means))
        for own, table in enumerate(tables):
            low, high = table[key][f"{metric}_ci_low"], table[key][f"{metric}_ci_high"]
            if low:
                others = statistics.mean(mean for index, mean in enumerate(means) if index != own)
                covered += float(low) <= others <= float(high)
                total += 1
    print("intervals that hold the mean of the others:", share(covered, total))
    for metric, values in spreads.items():
        print(f"standard deviation from sweep to sweep, {metric}: {100 * statistics.median(values):.1f} %")


def ab(args):
    answers, times, runs = [], [], []
    for index in range(args.sessions):
        folder = args.dir / f"{index:02}"
        if not (folder / "ab.json").is_file():
            start = time.monotonic()
            bench("ab", "--device", "local", "--models", args.models, "--max-new-tokens", 16, "--max-time", args.max_time,
                  "--a", args.a, "--b", args.b, "--seed", index + 1, "--out", folder)
            (folder / "seconds").write_text(str(time.monotonic() - start))
        looks = [look for look in json.loads((folder / "ab.json").read_text())["looks"] if look["tested"]]
        answers.append([look["answer"] for look in looks])
        runs.append(max(look["runs"] for look in looks))
        times.append(float((folder / "seconds").read_text()))
    for name, is_it in (
        ("called", lambda own: any(answer in ("improved", "regressed") for answer in own)),
        ("unchanged in both", lambda own: all(answer == "unchanged" for answer in own)),
        ("open in one or both", lambda own: any(answer == "open" for answer in own)),
    ):
        print(f"sessions {name}:", share(sum(map(is_it, answers)), len(answers)))
    for index, metric in enumerate(("otps", "ttft_s")):
        calls = sum(own[index] in ("improved", "regressed") for own in answers)
        print(f"called in {metric}:", share(calls, len(answers)))
    print(f"time: median {statistics.median(times):.0f} s, longest {max(times):.0f} s; runs of each: median "
          f"{statistics.median(runs):.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("sweeps")
    one.add_argument("dir", type=pathlib.Path)
    one.add_argument("--sweeps", type=int, default=12)
    one.add_argument("--models", default="slimlm-125m,smollm-135m-instruct")
    one.set_defaults(run=sweeps)
    two = commands.add_parser("ab")
    two.add_argument("dir", type=pathlib.Path)
    two.add_argument("--sessions", type=int, default=60)
    two.add_argument("--models", default="slimlm-125m")
    two.add_argument("--a", default="")
    two.add_argument("--b", default="")
    two.add_argument("--max-time", default="60s")
    two.set_defaults(run=ab)
    args = parser.parse_args()
    args.dir.mkdir(parents=True, exist_ok=True)
    args.run(args)


if __name__ == "__main__":
    sys.exit(main())
