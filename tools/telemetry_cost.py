#!/usr/bin/env python3
"""What reading sensors within trials costs the trials.

usage: tools/telemetry_cost.py [--agent FILE] [--before FILE] [--model FILE.gguf] [--rounds N] [--interval MS] [--zones N]

Runs the agent itself, without a host, on the null engine and, with --model, on llama.cpp, once with sensors read
every --interval milliseconds and once without, in turn, each round in the other order; prints medians of rounds. A
trial of the null engine takes milliseconds, so that its sensors are read every 5 ms: 200 times as often as usual.
--before is an agent of protocol 1.0, which has neither heartbeat nor sampling: what both of them cost together.
With --zones, the agent sees a planted machine with so many thermal zones, eight cores in three clusters and a battery,
since most servers have none of them: its files are plain ones, and cost less than those of a phone's drivers.
A difference below the spread of the rounds is none. Keep the machine quiet; the script says how busy it was.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile


def plant(root, zones):
    def put(path, text):
        path = pathlib.Path(root) / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    for zone in range(zones):
        put(f"sys/class/thermal/thermal_zone{zone}/type", f"cpu-{zone // 8}-{zone % 8}-usr")
        put(f"sys/class/thermal/thermal_zone{zone}/temp", 34000 + 100 * zone)
    for cpu in range(8):
        related, top = ("0 1 2 3", 1950000) if cpu < 4 else ("4 5 6", 2600000) if cpu < 7 else ("7", 3200000)
        folder = f"sys/devices/system/cpu/cpu{cpu}/cpufreq"
        put(f"{folder}/related_cpus", related)
        put(f"{folder}/cpuinfo_max_freq", top)
        put(f"{folder}/scaling_cur_freq", top)
        put(f"{folder}/stats/time_in_state", "\n".join(f"{300000 + 100000 * i} {1000 * i}" for i in range(24)))
    for name, text in {"type": "Battery", "status": "Discharging", "current_now": -812000, "voltage_now": 3912000,
                       "temp": 305, "capacity": 80}.items():
        put(f"sys/class/power_supply/battery/{name}", text)
    for name in ("stat", "loadavg", "cpuinfo", "meminfo"):
        put(f"proc/{name}", pathlib.Path(f"/proc/{name}").read_text().rstrip("\n"))


def job(engine, model, tokens, trials, interval):
    return json.dumps({
        "protocol": "1.0", "engine": engine, "model": {"name": "model", "path": model},
        "options": {"threads": None, "flash_attention": "auto", "n_ctx": None, "n_ubatch": None, "load": "mmap",
                    "calibrate_threads": False, "repack": True},
        "generation": {"max_new_tokens": tokens, "stop": "fixed-length", "chat_template": False},
        "prompts": [{"id": "p", "content": {"kind": "exact", "source": "All tenants pay their rent. ", "tokens": 64}}],
        "trials": [{"trial_id": f"t{n}", "prompt": 0, "warmup": n == 0} for n in range(trials + 1)],
        "trial_timeout_ms": 600000, "load_timeout_ms": 0, "gap_ms": 20, "telemetry_ms": interval})


def run(agent, env, text):
    """Median nanoseconds per output token, and the number of readings."""
    done = subprocess.run([agent, "run"], input=text, capture_output=True, text=True, check=True, env=env)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    per_token, samples = [], 0
    for envelope in events:
        event = envelope["event"]
        samples += event["type"] == "telemetry"
        if event["type"] == "trial-finished" and event["trial_id"] != "t0":
            tokens = event["times"]["tokens_ns"]
            per_token.append((tokens[-1] - tokens[0]) / (len(tokens) - 1))
    return statistics.median(per_token), samples


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("--agent", default=here / "target/release/slm-agent")
    parser.add_argument("--before")
    parser.add_argument("--model")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--interval", type=int, default=1000)
    parser.add_argument("--zones", type=int, default=0)
    args = parser.parse_args()
    cases = [("null", "", 200_000, 6, min(args.interval, 5))]
    if args.model:
        cases.append(("llama.cpp", str(pathlib.Path(args.model).resolve()), 768, 3, args.interval))
    env = dict(os.environ)
    with tempfile.TemporaryDirectory() as root:
        if args.zones:
            plant(root, args.zones)
            env["SLM_AGENT_ROOT"] = root
        print(f"load average at the start {os.getloadavg()[0]:.2f}")
        print("engine     what                      ns/token     spread   ratio to the first, median and range of rounds")
        for engine, model, tokens, trials, interval in cases:
            kinds = [("no readings within", args.agent, 0), (f"readings every {interval} ms", args.agent, interval)]
            if args.before:
                kinds.insert(0, ("agent of protocol 1.0", args.before, 0))
            figures = {name: [] for name, _, _ in kinds}
            for number in range(args.rounds):
                for name, agent, every in kinds if number % 2 == 0 else reversed(kinds):
                    figures[name].append(run(agent, env, job(engine, model, tokens, trials, every)))
            first = [per_token for per_token, _ in figures[kinds[0][0]]]
            for name, _, _ in kinds:
                own = [per_token for per_token, _ in figures[name]]
                ratios = [mine / base for mine, base in zip(own, first)]
                spread = 100 * (max(own) - min(own)) / statistics.median(own)
                print(f"{engine:10} {name:22} {statistics.median(own):11.1f} {spread:8.1f} %   "
                      f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}), "
                      f"{figures[name][0][1]} readings")
        print(f"load average at the end {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    sys.exit(main())
