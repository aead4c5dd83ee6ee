#!/usr/bin/env python3
"""Times `bench report` on a million trials beside polars and DuckDB, on the same file in one run.

usage: tools/bench_readers.py [--trials 1000000] [--runs 3] [--keep DIR]

`bench report` does its whole work: reads manifest, summary and trials, writes Markdown, page and plots. polars and
DuckDB (from PyPI, in a temporary virtual environment) only read trials.csv and take count, means and medians of four
metrics by cell. Each runs in a process of its own; wall time and peak RSS are those of the process, the best of the
runs; the file is in the page cache. Needs the release binaries: cargo build --release -p slm-bench --bins --examples
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent

POLARS = """
import sys, polars as pl
metrics = ["itps", "otps", "ttft_s", "runtime_s"]
lazy = pl.scan_csv(sys.argv[1], infer_schema_length=10_000, schema_overrides={"verdict_reason": pl.Utf8, "failure": pl.Utf8})
lazy = lazy.filter(~pl.col("warmup") & (pl.col("status") == "completed"))
figures = [pl.len()] + [f(m).name.suffix(s) for m in metrics for f, s in ((pl.mean, "_mean"), (pl.median, "_median"))]
print(len(lazy.group_by("model", "chunks").agg(figures).collect()), "cells")
"""

DUCKDB = """
import sys, duckdb
metrics = ["itps", "otps", "ttft_s", "runtime_s"]
figures = ", ".join(f"avg({m}), median({m})" for m in metrics)
rows = duckdb.execute(
    f"select model, chunks, count(*), {figures} from read_csv(?, sample_size=10000, "
    "types={'verdict_reason': 'VARCHAR', 'failure': 'VARCHAR'}) "
    "where not warmup and status = 'completed' group by model, chunks", [sys.argv[1]]).fetchall()
print(len(rows), "cells")
"""


def measured(command):
    """Wall seconds and peak RSS in MB of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"failed with status {status}: {' '.join(map(str, command))}")
    return seconds, usage.ru_maxrss / 1024


def environment(folder):
    """A Python with polars and DuckDB."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "polars", "duckdb"], check=True)
    return python


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the made-up results, kept for the next run")
    args = parser.parse_args()
    release = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        folder = (args.keep or temporary) / "million"
        if not (folder / "trials.csv").exists():
            subprocess.run([release / "examples" / "make_results", folder, "12", str(args.trials)], check=True)
        trials = folder / "trials.csv"
        python = environment(temporary / "venv")
        tools = {
            "bench report (all of it)": [release / "bench", "report", folder, "--out", temporary / "report"],
            "polars (trials.csv, grouped)": [python, "-c", POLARS, trials],
            "DuckDB (trials.csv, grouped)": [python, "-c", DUCKDB, trials],
        }
        best = {name: (float("inf"), float("inf")) for name in tools}
        for _ in range(args.runs):
            for name, command in tools.items():
                best[name] = min(best[name], measured(command))
        with open(trials, "rb") as file:
            rows = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1
        print(f"{rows:,} trials, trials.csv {trials.stat().st_size / 1e6:.0f} MB, {os.cpu_count()} cores, "
              f"best of {args.runs}\n")
        print("| tool | seconds | peak RSS (MB) |\n|---|---:|---:|")
        for name, (seconds, memory) in best.items():
            print(f"| {name} | {seconds:.2f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
