#!/usr/bin/env python3
"""Where the wall time of a sweep went, from its events.

usage: tools/sweep_overhead.py RESULTS_DIR

Loads, prefill and decode are what a sweep is for; the rest is the harness: making models, starting agents, reading
memory, resting between trials, writing files. Warm-ups count as measuring, since they run the model.
"""
import datetime
import json
import pathlib
import sys


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    records = [json.loads(line) for line in (pathlib.Path(sys.argv[1]) / "events.jsonl").read_text().splitlines()]
    wall = load = prefill = decode = other = 0.0
    tokens = trials = 0
    started = None
    for record in records:
        event = record["event"]
        kind = event["type"]
        if kind == "started":
            started = when(record["at"])
        elif kind == "ended":
            wall += when(record["at"]) - started
        elif kind == "model-ready":
            load += event["ready"]["load"]["ready_ns"] / 1e9
        elif kind == "trial-finished":
            times = event["report"]["times"]
            if not times["tokens_ns"]:
                continue
            trials += 1
            tokens += len(times["tokens_ns"])
            prefill += (times["prefill_end_ns"] - times["prefill_start_ns"]) / 1e9
            decode += (times["tokens_ns"][-1] - times["tokens_ns"][0]) / 1e9
            runtime = (times["tokens_ns"][-1] - times["request_ns"]) / 1e9
            other += runtime - prefill_of(times) - (times["tokens_ns"][-1] - times["tokens_ns"][0]) / 1e9
    if not wall:
        sys.exit("the sweep has not ended; finish it with --resume")
    rest = wall - load - prefill - decode - other
    print(f"wall {wall:.2f} s, {trials} trials, {tokens} tokens, {tokens / wall:.0f} tokens/s of wall time")
    for name, seconds in [
        ("load", load),
        ("prefill", prefill),
        ("decode", decode),
        ("tokenise and first sample", other),
        ("harness", rest),
    ]:
        print(f"  {name:26} {seconds:9.2f} s  {100 * seconds / wall:5.1f} %")
    print(f"  harness per trial          {1e3 * rest / max(trials, 1):9.2f} ms")


def prefill_of(times):
    return (times["prefill_end_ns"] - times["prefill_start_ns"]) / 1e9


main()
