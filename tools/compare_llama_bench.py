#!/usr/bin/env python3
"""Compares the agent's figures with those of a llama-bench that somebody else built.

    LLAMA_BENCH='llama-bench' tools/compare_llama_bench.py model.gguf
    LLAMA_BENCH='chroot /srv/peer llama-bench' tools/compare_llama_bench.py /srv/peer/m.gguf=/m.gguf

LLAMA_BENCH is the command, with anything that has to stand before it. A model is one path, or `ours=theirs` where
the two sides see the file under different names; without arguments the models are taken from MODELS, separated
by spaces. The rounds alternate (ours, theirs, ours, theirs...), so that heat and other load fall on both.

Both sides do the same: prefill of 200 and 800 tokens, then 64 decode steps behind each. What remains different:
llama-bench feeds random token ids and does not sample; the agent reads text and samples greedily, and the
sampling lies within its decode time (not within prefill).

Both must use the same instructions. A packaged llama-bench loads the best of its CPU backends at run time (on a
recent Xeon the one with AMX: twice the prefill), while the agent is built for fixed ones. `llama-bench -v` names the
backend that was loaded, `slm-agent hello` the agent's features. Nothing else may run meanwhile: on a busy
machine the spread says that the ratio means nothing.

Exit status: 0 compared, 1 a side failed, 2 wrong usage.
"""

import argparse
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LENGTHS = (200, 800)
DECODE_STEPS = 64
REPETITIONS = 3
MEASURES = [("prefill", n) for n in LENGTHS] + [("decode", n) for n in LENGTHS]
TRIAL_TIMEOUT_MS = 300_000


class SideFailed(Exception):
    """One of the two programs did not deliver its figures."""


def job(model: str, threads: int, flash_attention: str) -> dict:
    """A warm-up and the measured trials of one length, then of the next, without rest in between, as llama-bench
    does it: after a rest of 20 ms the first prefill of 200 tokens takes about a tenth longer."""
    source = "\n".join(p.read_text() for p in sorted((ROOT / "prompts/documents").glob("*.txt")))
    prompts = [
        {"id": f"n{n}", "content": {"kind": "exact", "source": source, "tokens": n}} for n in LENGTHS
    ]
    trials = [
        {"trial_id": f"{'measured' if run else 'warmup'}-{n}-{run}", "prompt": index, "warmup": run == 0}
        for index, n in enumerate(LENGTHS)
        for run in range(REPETITIONS + 1)
    ]
    return {
        "protocol": "1.0",
        "engine": "llama.cpp",
        "model": {"name": pathlib.Path(model).stem, "path": os.path.abspath(model)},
        "options": {
            "threads": threads,
            "flash_attention": flash_attention,
            "n_ctx": None,
            "n_ubatch": None,
            "load": "mmap",
            "calibrate_threads": False,
            "repack": True,
        },
        # The first token belongs to prefill; 64 decode steps follow it.
        "generation": {
            "max_new_tokens": DECODE_STEPS + 1,
            "stop": "fixed-length",
            "chat_template": False,
        },
        "prompts": prompts,
        "trials": trials,
        "trial_timeout_ms": TRIAL_TIMEOUT_MS,
        "load_timeout_ms": 0,
        "gap_ms": 0,
        "telemetry_ms": 0,
    }


def run(command: list[str], stdin: str | None = None) -> str:
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SideFailed(f"{command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise SideFailed(f"{shlex.join(command)} ended with status {done.returncode}:\n{last}")
    return done.stdout


def ours(agent: str, model: str, threads: int, flash_attention: str) -> dict:
    """Rates from the raw times of the agent's events."""
    events = [
        json.loads(line)["event"]
        for line in run([agent, "run"], json.dumps(job(model, threads, flash_attention))).splitlines()
    ]
    rates = {measure: [] for measure in MEASURES}
    for event in events:
        if event["type"] == "load-failed":
            raise SideFailed(f"ours: {event['message']}")
        if event["type"] != "trial-finished" or not event["trial_id"].startswith("measured-"):
            continue
        if event["outcome"]["status"] != "completed":
            raise SideFailed(f"ours: {event['trial_id']}: {event['outcome']}")
        wanted = int(event["trial_id"].split("-")[1])
        times = event["times"]
        if event["n_in"] != wanted or len(times["tokens_ns"]) != DECODE_STEPS + 1:
            raise SideFailed(f"ours: {event['n_in']} tokens in, {len(times['tokens_ns'])} out")
        seconds = (times["prefill_end_ns"] - times["prefill_start_ns"]) / 1e9
        rates["prefill", wanted].append(wanted / seconds)
        seconds = (times["tokens_ns"][DECODE_STEPS] - times["tokens_ns"][0]) / 1e9
        rates["decode", wanted].append(DECODE_STEPS / seconds)
    return complete("ours", {measure: statistics.median(found) for measure, found in rates.items() if found})


def theirs(command: list[str], model: str, threads: int, flash_attention: str) -> dict:
    """Rates as llama-bench prints them (repetitions after its own warm-up)."""
    lengths = ",".join(map(str, LENGTHS))
    # 1 and 0: older versions do not know on and off.
    flash = "1" if flash_attention == "on" else "0"
    common = ["-m", model, "-t", str(threads), "-fa", flash, "-r", str(REPETITIONS), "-o", "json"]
    rates = {}
    for phase, arguments in (
        ("prefill", ["-p", lengths, "-n", "0"]),
        ("decode", ["-p", "0", "-n", str(DECODE_STEPS), "-d", lengths]),
    ):
        for row in json.loads(run([*command, *common, *arguments])):
            length = row["n_prompt"] if phase == "prefill" else row["n_depth"]
            rates[phase, length] = statistics.median(row["samples_ts"])
    return complete("theirs", rates)


def complete(side: str, rates: dict) -> dict:
    missing = [m for m in MEASURES if m not in rates]
    if missing:
        raise SideFailed(f"{side}: no figures for {missing}")
    return rates


def spread(values: list[float]) -> str:
    """Range of the rounds as a share of their median."""
    return f"{(max(values) - min(values)) / statistics.median(values):.1%}"


def rows(name: str, our_rounds: list[dict], their_rounds: list[dict]):
    for measure in MEASURES:
        a = [r[measure] for r in our_rounds]
        b = [r[measure] for r in their_rounds]
        phase, length = measure
        label = f"prefill {length}" if phase == "prefill" else f"decode {DECODE_STEPS} at {length}"
        ratio = statistics.median(a) / statistics.median(b)
        # Each round's own ratio, so that drift between rounds does not enter the range.
        paired = [x / y for x, y in zip(a, b)]
        yield (
            f"| {name} | {label} | {statistics.median(a):.1f} | {spread(a)} | {statistics.median(b):.1f} "
            f"| {spread(b)} | {ratio:.3f} | {min(paired):.3f} to {max(paired):.3f} |"
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", help="path, or ours=theirs")
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS", 5)))
    parser.add_argument("--threads", type=int, default=int(os.environ.get("THREADS", 0)) or None,
                        help="for both sides (default: the cores this process may use)")
    parser.add_argument("--flash-attention", choices=("on", "off"), default="on")
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    parser.add_argument("--agent", default=str(pathlib.Path(target) / "release/slm-agent"))
    args = parser.parse_args()
    args.models = args.models or os.environ.get("MODELS", "").split()
    args.command = shlex.split(os.environ.get("LLAMA_BENCH", ""))
    args.threads = args.threads or len(os.sched_getaffinity(0))
    if not args.command:
        parser.error("set LLAMA_BENCH to the llama-bench command")
    if not args.models:
        parser.error("name a model, or set MODELS")
    if args.rounds < 1:
        parser.error("at least one round is needed")
    return args


def main() -> int:
    args = arguments()
    lines = []
    try:
        for model in args.models:
            our_path, _, their_path = model.partition("=")
            our_rounds, their_rounds = [], []
            for number in range(1, args.rounds + 1):
                print(f"{our_path}: round {number} of {args.rounds}", file=sys.stderr)
                our_rounds.append(ours(args.agent, our_path, args.threads, args.flash_attention))
                their_rounds.append(
                    theirs(args.command, their_path or our_path, args.threads, args.flash_attention)
                )
            lines += rows(pathlib.Path(our_path).stem, our_rounds, their_rounds)
    except SideFailed as failure:
        print(f"compare_llama_bench: {failure}", file=sys.stderr)
        return 1
    print(
        f"Tokens per second, medians of {args.rounds} interleaved rounds, {args.threads} threads, "
        f"flash attention {args.flash_attention}. Spread: range as a share of the median.\n"
    )
    print("| Model | Measure | Ours | Spread | llama-bench | Spread | Ratio | Ratio, per round |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
