"""How fast trace files are read, beside node's JSON.parse: bench.py [MEGABYTES] [FORMAT...]; FORMAT is trueline, otlp, har, redux or chrome.

Generates each file, builds TraceBenchmark, then runs both in turn, a process a time, and prints every figure, the medians and their
ratios. Wall time counts two threads of ours against the one on which node parses (its collector has more).
"""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
root = here.parent.parent
size = sys.argv[1] if len(sys.argv) > 1 else "210"
formats = sys.argv[2:] or ["trueline", "otlp", "har", "redux", "chrome"]
rounds = 5
build = ["swift", "build", "-c", "release", "--package-path", str(root / "Benchmarks"), "--scratch-path", str(root / ".build-bench")]
figure = re.compile(r"^(.*): (\d+) MB/s of processor time, (\d+) MB/s of wall time")


def run(command, speeds):
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        found = figure.match(line)
        if not found:
            continue
        name = found[1]
        speeds.setdefault(name, []).append((int(found[2]), int(found[3])))
        print("  " + line)


def median(speeds, name, index):
    return statistics.median(pair[index] for pair in speeds[name])


subprocess.run([*build, "--product", "TraceBenchmark"], check=True)
with tempfile.TemporaryDirectory() as folder:
    for kind in formats:
        path = os.path.join(folder, kind + (".jsonl" if kind in ("trueline", "otlp") else ".json"))
        subprocess.run([sys.executable, str(here / "generate.py"), kind, size, path], check=True)
        print(f"{kind}, {os.path.getsize(path) / 1e6:.0f} MB, load {os.getloadavg()[0]:.1f}")
        speeds = {}
        for _ in range(rounds):
            run([str(root / ".build-bench/release/TraceBenchmark"), path, "1"], speeds)
            run(["node", "--max-old-space-size=8192", str(here / "json_parse.mjs"), path, "1"], speeds)
        for against in ("JSON.parse alone", "JSON.parse with reading"):
            one = median(speeds, f"{kind} 1 threads", 0) / median(speeds, against, 0)
            two = median(speeds, f"{kind} 2 threads", 1) / median(speeds, against, 1)
            print(f"  against {against}: {one:.2f} times on one thread (processor time), {two:.2f} times on two (wall time)")
        os.remove(path)
